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
    """`settle_s`: how long a write may stay invisible after it was sent, in seconds.

    It must cover the server's listing lag (75 s: answers may be cached for a minute, documented)
    and its late commits (60 s: a gateway that gives up after we did, inferred). Beyond it a
    duplicate can't be prevented. `parallelism` is at most 8.
    """

    parallelism: int = 4
    fail_fast: bool = False
    settle_s: float = 135.0
    on_unknown: OnUnknown = OnUnknown.RESOLVE
    on_wait: Callable[[str, float], None] = _silent
