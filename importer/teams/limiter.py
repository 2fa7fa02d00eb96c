"""Mirrors the server's limits, so that they are never met.

Knows no waiting itself: every method takes the loop's time and returns a moment of it. Source of
the rules: API v2.3 documentation (30 requests a second and address, `backoff` per method, a daily
quota), and API v3's (50 in two seconds and token, and a bucket). Pauses between writes are
documented to exist, their lengths are not: they are learned.

The server counts arrivals, which nobody here sees. What is known: a request arrived between its
sending and its answer. So a slot is free again one second after the answer, less what the fastest
round trip takes, and there are 30 (API v3: two seconds, and 50). Then any second of the server's,
wherever it begins, holds at most 30 arrivals: of 31, the one sent last was sent when the slot of
another, `a`, was free again. With `way` the least time from sending to arrival, `rest` the least
from arrival to answer:

    arrival(a) <= answer(a) - rest     arrival(last) >= sending(last) + way
    arrival(last) - arrival(a) >= sending(last) - answer(a) + way + rest >= 1 s

No order of arrival and no evenness is assumed. It costs what it must: 30 requests take a second
and what a round trip takes, in the mean, longer than the fastest. An even spacing would have to
allow for the slowest one instead.
"""

import math
from dataclasses import dataclass, field

from importer.teams.bucket import Bucket
from importer.teams.exchange import Heard, Quota, Request, Said

__all__ = ["PER_SECOND", "Limiter", "Slot"]

PER_SECOND = 30
"""Requests that any second may hold (documented)."""

_BLUR = 1.0001
"""What clocks and sums of floats may be out by."""

_CATCHING_UP = 1.2
"""How many times faster than the mean pace requests follow each other after a pause. No bursts, and
with the sixth of a second that a process needs to start, two runs in a row are inside as well. The
first second of a limiter, which doesn't know what went before it, has no catching up at all."""

_UNANSWERED_S = 1.0
"""What has no answer by the time its slot is needed is taken to have arrived within this time."""

_DOUBT = 6.0
_DOUBT_LEAST = 0.25
"""How far below the fastest trip seen the fastest one possible is taken to be, in parts of the
spread: see `_Trips`. Measured with 200 runs of 2,000 requests for each of six shapes of latency:
no violation, but for one run whose latencies were normal, which have no fastest one. Without doubt
a third of the runs had one. It costs 1 % at 40 to 120 ms, and nothing where trips are steady."""

_ENOUGH = 16
"""Trips that show a spread; before them, an arrival is known to be before its answer, no more."""

_SAFETY_S = 1.0
"""Waited on top of what the server asks; the vendor's own scripts do the same (observed)."""

_BAN_S = 30.0
_BAN_MOST_S = 60.0
_PATIENCE = 20
_TINY_GAP_S = 0.05
_RESERVE_LEAST = 20
_RESERVE_SHARE = 0.02
_NEWS_S = 60.0


@dataclass(slots=True)
class _Gap:
    """The least time between two writes: known, or learned from a refusal and tried out again."""

    sent_at: float = -math.inf
    done_at: float = -math.inf
    learned_s: float = 0.0
    enough_s: float = 0.0
    calm: int = 0
    patience: int = _PATIENCE

    def learn(self, now: float, wait_s: float) -> None:
        """Take *wait_s* for what is left of the gap; after a shorter gap was tried, go back."""
        self.calm = 0
        if self.learned_s < self.enough_s:
            self.learned_s = self.enough_s
            self.patience *= 4
            return
        since = now - self.done_at
        self.enough_s = max(self.enough_s, wait_s + (since if since < wait_s else 0.0))
        self.learned_s = self.enough_s

    def passed(self, now: float) -> None:
        """Count a write that went through; after enough of them, try half the gap."""
        self.done_at = now
        self.calm += 1
        if self.learned_s and self.calm >= self.patience:
            self.calm, self.enough_s = 0, self.learned_s
            self.learned_s = self.learned_s / 2 if self.learned_s > _TINY_GAP_S else 0.0


@dataclass(slots=True)
class _Trips:
    """The round trips of one method, in seconds."""

    count: int = 0
    mean_s: float = 0.0
    least_s: float = math.inf

    def add(self, trip_s: float) -> None:
        self.count += 1
        self.mean_s += (trip_s - self.mean_s) / self.count
        self.least_s = min(self.least_s, trip_s)

    @property
    def sure_s(self) -> float:
        """Return what `way` and `rest` take together at least, by what was seen; 0 at first.

        The fastest of n trips need not have had both the fastest way and the fastest rest. It is
        slower than those by a part of the spread that shrinks with the root of n.
        """
        if self.count < _ENOUGH:
            return 0.0
        spread_s = self.mean_s - self.least_s
        doubt = max(_DOUBT / math.sqrt(self.count), _DOUBT_LEAST)
        return max(0.0, self.least_s - doubt * spread_s)


@dataclass(slots=True, eq=False)
class Slot:
    """One of the places in a window: taken for a request to be sent `at`, free at `frees_at`.

    `after` is when the write before it, of the same family, went.
    """

    at: float
    frees_at: float
    after: float


@dataclass(slots=True)
class Limiter:
    """The state of all limits, as far as the answers told. Times are the event loop's.

    `places` requests may arrive in any `window_s` seconds. `spaced`: they follow each other evenly,
    as nobody tells what else was asked of the server just now; API v3 does tell, with each answer.
    """

    places: int = PER_SECOND
    window_s: float = 1.0
    spaced: bool = True
    bucket: Bucket | None = None
    quota: Quota | None = None
    stopped_until: float | None = None
    _began: float = math.inf
    _last: float = -math.inf
    _slots: list[Slot] = field(default_factory=list)
    _trips: dict[str, _Trips] = field(default_factory=dict)
    _all_trips: _Trips = field(default_factory=_Trips)
    _quota_at: float = -math.inf
    _bans: int = 0
    _held: dict[str, float] = field(default_factory=dict)
    _gaps: dict[str, _Gap] = field(default_factory=dict)

    def held_until(self, request: Request) -> float:
        """Return until when the server wants nobody to call the request's method."""
        return self._held.get(request.method, -math.inf)

    def paced_until(self, request: Request) -> float:
        """Return until when *request* keeps its distance from the write before it."""
        if not request.family:
            return -math.inf
        return self._paced_after(request, self._gap(request.family).sent_at)

    def take(self, request: Request, now: float) -> Slot:
        """Reserve the next slot for *request*."""
        self._began = min(self._began, now)
        at = now
        if self.spaced:
            faster = _CATCHING_UP if now - self._began >= self._span_s else 1.0
            at = max(now, self._last + self._span_s / (faster * self.places))
        if self.bucket is not None:
            at = max(at, self.bucket.take(now))
        if len(self._slots) >= self.places:
            soonest = min(self._slots, key=lambda it: it.frees_at)
            self._slots.remove(soonest)
            at = max(at, soonest.frees_at)
        slot = Slot(at, at + _UNANSWERED_S + self._span_s, -math.inf)
        self._last = at
        self._slots.append(slot)
        if request.family:
            gap = self._gap(request.family)
            slot.after, gap.sent_at = gap.sent_at, at
        return slot

    def may_go(self, request: Request, slot: Slot, now: float) -> bool:
        """Tell whether *request*, whose slot has come, may still go by what was heard since."""
        if self.stopped_until is not None or self.held_until(request) > now:
            return False
        return not request.family or self._paced_after(request, slot.after) <= now

    def give_back(self, request: Request, slot: Slot) -> None:
        """Take back a slot in which nothing was sent."""
        if self.bucket is not None:
            self.bucket.give_back()
        if slot in self._slots:
            self._slots.remove(slot)
        if request.family and self._gap(request.family).sent_at == slot.at:
            self._gap(request.family).sent_at = slot.after

    def ended(self, request: Request, slot: Slot, *, sent_at: float, now: float) -> None:
        """Take note that *request*, sent in *slot*, was answered."""
        trips = self._trips.setdefault(request.method, _Trips())
        for known in (self._all_trips, trips):
            known.add(now - sent_at)
        slot.frees_at = now + self._span_s - max(self._all_trips.sure_s, trips.sure_s)

    def broke(self, slot: Slot, now: float) -> None:
        """Take note that what was sent in *slot* got no answer."""
        if self.bucket is not None:
            self.bucket.answered(None, now)
        slot.frees_at = now + self._span_s

    def hear(self, request: Request, heard: Heard, now: float) -> None:
        """Take note of what an answer to *request* says about limits."""
        if heard.quota:
            self.quota, self._quota_at = heard.quota, now
        if self.bucket is not None:
            self.bucket.answered(heard.left, now)
        if heard.burst_left is not None:
            self._leave_room(self.places - heard.burst_left - len(self._slots), now)
        if heard.backoff_s is not None:
            self.hold(request, now + heard.backoff_s + _SAFETY_S)
        too_soon = heard.said in {Said.THROTTLE, Said.PAUSE} and heard.backoff_s is not None
        if too_soon and request.family:
            self._gap(request.family).learn(now, heard.backoff_s or 0.0)
        elif heard.said is Said.ANSWER and request.family:
            self._gap(request.family).passed(now)
        # A refusal without a time, of a method that is to be left alone: it was under way already.
        known = heard.guessed and self.held_until(request) > now
        if heard.wait_s is not None and not known:
            self.stop(now, heard.wait_s)

    def _leave_room(self, others: int, now: float) -> None:
        """Keep places free for calls that the server counts and that are none of ours."""
        for _ in range(min(others, self.places - 1)):
            if len(self._slots) >= self.places:
                self._slots.remove(min(self._slots, key=lambda it: it.frees_at))
            self._slots.append(Slot(now, now + self._span_s, -math.inf))

    def hold(self, request: Request, until: float) -> None:
        """Let nothing call the request's method until then."""
        self._held[request.method] = max(self._held.get(request.method, until), until)

    def stop(self, now: float, wait_s: float | None = None) -> None:
        """Let nothing go at all; without *wait_s*, for a ban's time, longer each time in a row.

        Source of the time: 30 seconds to some minutes (documented).
        """
        if wait_s is None:
            wait_s = min(_BAN_S * 2.0**self._bans, _BAN_MOST_S)
            self._bans += 1
        self.stopped_until = max(self.stopped_until or now, now + wait_s + _SAFETY_S)

    def resume(self) -> None:
        """Let everything go again."""
        self.stopped_until = None
        self._bans = 0

    @property
    def reserve(self) -> int:
        """Calls kept back from writes, so that a run can always look up what it wrote."""
        if self.quota is None:
            return 0
        wanted = max(_RESERVE_LEAST, int(self.quota.highest * _RESERVE_SHARE))
        return min(wanted, self.quota.highest // 10)

    def is_spent(self, request: Request, now: float) -> bool:
        """Tell whether *request* is a write for which the day's quota is too low."""
        return not request.repeatable and self.is_low(now)

    def is_low(self, now: float) -> bool:
        """Tell whether the day's quota is too low for one more write.

        Numbers that can't be (negative ones were observed) decide nothing, nor do old ones.
        """
        if self.quota is None or now - self._quota_at > _NEWS_S:
            return False
        return 0 <= self.quota.remaining < self.reserve

    @property
    def _span_s(self) -> float:
        return self.window_s * _BLUR

    def _paced_after(self, request: Request, sent_at: float) -> float:
        gap_s = max(self._gap(request.family).learned_s, request.gap_s)
        # Without a gap, a write need not even wait for the slot of the one before it.
        return sent_at + gap_s if gap_s else -math.inf

    def _gap(self, family: str) -> _Gap:
        return self._gaps.setdefault(family, _Gap())
