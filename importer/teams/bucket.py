"""Mirrors a bucket of calls that the server fills up by and by, from what its answers tell.

Source: API v3's answers tell how many calls are left and when the next ones come (documented:
5,000 at most, 100 more a minute).
"""

import math
from dataclasses import dataclass

from importer.teams.exchange import Left

__all__ = ["Bucket"]

_MARGIN = 8
"""Calls left alone: answers come out of order, and others use the same token."""

_SAFETY_S = 0.1


@dataclass(slots=True)
class Bucket:
    """`refill` calls come every `every_s` seconds. Times are the event loop's."""

    refill: int = 100
    every_s: float = 60.0
    _left: int | None = None
    _refill_at: float = -math.inf
    _unanswered: int = 0

    @property
    def left(self) -> int | None:
        """Calls left, as the last answer told."""
        return self._left

    def take(self, now: float) -> float:
        """Take a call out; return when it may go."""
        self._unanswered += 1
        if self._left is None:
            return now
        missing = self._unanswered + _MARGIN - self._left
        if missing <= 0:
            return now
        late = math.ceil(missing / self.refill) - 1
        return max(now, self._refill_at + late * self.every_s + _SAFETY_S)

    def give_back(self) -> None:
        """Put a call back that was not made."""
        self._unanswered = max(0, self._unanswered - 1)

    def answered(self, left: Left | None, now: float) -> None:
        """Take note of what is left after a call; None: the answer didn't tell."""
        self._unanswered = max(0, self._unanswered - 1)
        if left is not None:
            self._left = left.calls
            wait_s = self.every_s if left.refill_in_s is None else left.refill_in_s
            self._refill_at = now + wait_s
