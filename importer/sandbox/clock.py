"""Where the sandbox's time comes from; nothing else in this room reads a clock.

Nothing sleeps either, but for the faults of a rehearsal.
"""

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """The one source of time."""

    def now(self) -> datetime:
        """Give the present moment, aware, in UTC; must not run backwards."""


class SystemClock:
    """The machine's time."""

    def now(self) -> datetime:
        """Give the machine's present moment."""
        return datetime.now(UTC)


class SteppedClock:
    """A clock that stands still until somebody advances it."""

    def __init__(self, start: datetime = datetime(2026, 1, 5, 9, tzinfo=UTC)) -> None:
        self._now = start

    def now(self) -> datetime:
        """Give the moment it was last advanced to."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Move on by that many seconds."""
        self._now += timedelta(seconds=seconds)
