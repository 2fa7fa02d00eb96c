"""The settle window: how long a write may stay invisible after the last of it was sent.

    window = max(75 s, 4 x the largest visibility delay seen in this run) + 60 s

75 s: answers may be cached for a minute (documented). 60 s: a server that commits after its gateway
gave up (inferred). The largest delay is measured by the way: a post that the server confirmed, a
look missed and a later one showed was that long invisible. One that no look has shown yet keeps the
window open as well, for five minutes: somebody may have deleted it. Beyond the window a duplicate
can't be prevented.
"""

import asyncio
from collections.abc import Collection
from datetime import datetime, timedelta

from importer.model.ids import Ref
from importer.model.writing import LATE_S, LISTING_S
from importer.ports import Clock, TeamReader

__all__ = ["ServerClock", "Window"]

_TIMES = 4.0
_HIDDEN_S = 300.0


class ServerClock:
    """The server's time, as its answers tell it; this machine's wall clock until they do.

    What is recorded and compared is all in that time: a local clock that is wrong, or jumps,
    neither hides a post from a look nor ends a window early.
    """

    def __init__(self, reader: TeamReader, fallback: Clock) -> None:
        self._reader = reader
        # Monotonic from here on, also while the server's time is unknown.
        self._began = fallback.now()
        self._began_s = asyncio.get_running_loop().time()

    def now(self) -> datetime:
        """Return the aware time in UTC."""
        told = self._reader.server_time()
        if told is not None:
            return told
        return self._began + timedelta(seconds=asyncio.get_running_loop().time() - self._began_s)


class Window:
    """One run's settle window. With *fixed_s* it is as long as a person said."""

    def __init__(self, fixed_s: float | None = None) -> None:
        self._fixed_s = fixed_s
        self._confirmed: dict[Ref, datetime] = {}
        self._missed: set[Ref] = set()
        self._hidden_s = 0.0
        self.slowest_s = 0.0
        # How far the dates of posts are from those of answers; None before a post has shown it.
        self.apart: timedelta | None = None

    @property
    def seconds(self) -> float:
        """How long it is, by what was seen so far."""
        if self._fixed_s is not None:
            return self._fixed_s
        return self._listing_s + LATE_S

    @property
    def _listing_s(self) -> float:
        return max(LISTING_S, _TIMES * self.slowest_s, min(_HIDDEN_S, self._hidden_s))

    @property
    def condition(self) -> str:
        """The condition under which looking finds out the truth: the end of a sentence."""
        if self._fixed_s is not None:
            return (
                f"right if the server shows whatever it took within {self._fixed_s:g} s (--settle)"
            )
        return (
            f"right if the server shows a post within {self._listing_s:.0f} s, and takes none "
            f"later than {LATE_S:.0f} s after the connection ended"
        )

    def confirmed(self, ref: Ref, at: datetime, created_at: datetime | None = None) -> None:
        """Take in that the server confirmed a new post, at the time of its answers."""
        self._confirmed[ref] = at
        if created_at is not None:
            self.apart = max(self.apart or timedelta(), abs(at - created_at))

    def looked(self, seen: Collection[Ref], at: datetime) -> None:
        """Take in what a listing showed: how long confirmed posts were invisible."""
        for ref, confirmed in list(self._confirmed.items()):
            age_s = (at - confirmed).total_seconds()
            if ref not in seen:
                self._missed.add(ref)
                self._hidden_s = max(self._hidden_s, age_s)
                continue
            if ref in self._missed:
                self.slowest_s = max(self.slowest_s, age_s)
            # Kept no longer: a listing that shows it has shown how long that took.
            del self._confirmed[ref]
            self._missed.discard(ref)
