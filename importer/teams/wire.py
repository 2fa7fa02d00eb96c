"""How a dialect is spoken, as its transport has to know it."""

from collections.abc import Callable
from dataclasses import dataclass

from importer.teams.exchange import Listener, Request
from importer.teams.limiter import Limiter

__all__ = ["Wire"]


@dataclass(frozen=True, slots=True)
class Wire:
    """How a dialect is spoken: what stands before its paths, and around its requests.

    `token_header` names the header that the token goes into, behind `token_prefix`. `listen` is the
    dialect's ear, `knock` a cheap GET that tells whether a stopped server answers again, `probes`
    the writes that Mode.PROBE lets through, `limiter` makes the mirror of its limits, which with
    `each_token` count for every token by itself.
    """

    prefix: str
    token_header: str
    token_prefix: str
    listen: Listener
    knock: Request
    probes: frozenset[Request]
    limiter: Callable[[], Limiter]
    each_token: bool = False
