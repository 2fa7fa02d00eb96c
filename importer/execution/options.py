"""How a run behaves."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["OnUnknown", "RunOptions"]


class OnUnknown(StrEnum):
    """RESOLVE looks and sends again what is proved absent; PARK leaves it to the next run."""

    RESOLVE = "resolve"
    PARK = "park"


def _silent(what: str, seconds: float) -> None:
    """Say nothing of a wait."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """`settle_s`: the settle window in seconds; None: computed from what is seen (see `window`).

    `parallelism` is at most 8.
    """

    parallelism: int = 4
    fail_fast: bool = False
    settle_s: float | None = None
    on_unknown: OnUnknown = OnUnknown.RESOLVE
    on_wait: Callable[[str, float], None] = _silent
