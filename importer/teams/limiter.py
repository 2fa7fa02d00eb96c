"""Mirrors the server's limits, so that they are never met.

Knows no waiting itself: every method takes the loop's time and returns a moment of it. Source of
the rules: API v2.3 documentation (30 requests a second and address, `backoff` per method, a daily
quota). Pauses between writes are documented to exist, their lengths are not: they are learned.
"""

import math
from dataclasses import dataclass, field

from importer.teams.exchange import Heard, Quota, Request, Said

__all__ = ["PER_SECOND", "Limiter"]

PER_SECOND = 28.0
"""Requests a second, evenly spaced: below the documented 30, so that a bunching network and the
edges of the server's window stay inside."""

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
class Limiter:
    """The state of all limits, as far as the answers told. Times are the event loop's."""

    per_second: float = PER_SECOND
    quota: Quota | None = None
    stopped_until: float | None = None
    _next: float = -math.inf
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
        gap = self._gap(request.family)
        return gap.sent_at + max(gap.learned_s, request.gap_s)

    def take(self, request: Request, now: float) -> float:
        """Reserve the next slot for *request* and return its moment."""
        slot = max(now, self._next)
        self._next = slot + 1.0 / self.per_second
        if request.family:
            self._gap(request.family).sent_at = slot
        return slot

    def hear(self, request: Request, heard: Heard, now: float) -> None:
        """Take note of what an answer to *request* says about limits."""
        if heard.quota:
            self.quota, self._quota_at = heard.quota, now
        if heard.backoff_s is not None:
            self.hold(request, now + heard.backoff_s + _SAFETY_S)
        too_soon = heard.said in {Said.THROTTLE, Said.PAUSE} and heard.backoff_s is not None
        if too_soon and request.family:
            self._gap(request.family).learn(now, heard.backoff_s or 0.0)
        elif heard.said is Said.ANSWER and request.family:
            self._gap(request.family).passed(now)
        if heard.wait_s is not None:
            self.stop(now, heard.wait_s)

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
        """Tell whether the day's quota is too low for one more write.

        Numbers that can't be (negative ones were observed) decide nothing, nor do old ones.
        """
        if self.quota is None or request.repeatable or now - self._quota_at > _NEWS_S:
            return False
        return 0 <= self.quota.remaining < self.reserve

    def _gap(self, family: str) -> _Gap:
        return self._gaps.setdefault(family, _Gap())
