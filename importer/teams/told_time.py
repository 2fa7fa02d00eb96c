"""What the server's Date headers tell of its time: the most of them, not any one.

A Date may be of a cached answer, and so too old, or of a proxy whose clock is wrong. So what counts
is the time on which the most of the last answers agree; among as many, the latest.
"""

from collections import deque
from dataclasses import dataclass, field

__all__ = ["ToldTime"]

_KEPT = 9
_AGREE_S = 5.0


@dataclass(slots=True)
class ToldTime:
    """How far the server's clock (Unix) is ahead of the event loop's, in seconds."""

    _told: deque[float] = field(default_factory=lambda: deque(maxlen=_KEPT))

    def add(self, ahead_s: float) -> None:
        """Take in what one answer told."""
        self._told.append(ahead_s)

    @property
    def ahead_s(self) -> float | None:
        """What most of the last answers tell; None before the first."""
        if not self._told:
            return None
        return max(self._told, key=lambda it: (self._agreeing(it), it))

    def _agreeing(self, ahead_s: float) -> int:
        return sum(abs(it - ahead_s) <= _AGREE_S for it in self._told)
