"""The service's rate contract: bursts, daily quota, backoff, pauses between writes. In memory."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from importer.sandbox.behaviour import Behaviour

_DAY_S = 24 * 3600


class Throttled(Exception):
    """A call that breaks the rate contract; the message is the service's own text."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Banned(Exception):
    """A call from an address that is being ignored for some seconds."""


class TooSoon(Exception):
    """A write too soon after the one before; `wait_s` is what is left, rounded up."""

    def __init__(self, wait_s: int) -> None:
        super().__init__(f"wait {wait_s} s")
        self.wait_s = wait_s


@dataclass(slots=True)
class _Day:
    began: float
    used: int = 0


@dataclass(slots=True)
class _Method:
    calls: int = 0
    closed_until: float = 0


@dataclass(slots=True)
class Limits:
    """What was called lately, by whom; `now` gives Unix seconds."""

    now: Callable[[], float]
    _bursts: dict[str, deque[float]] = field(default_factory=dict)
    _bans: dict[str, float] = field(default_factory=dict)
    _days: dict[str, _Day] = field(default_factory=dict)
    _methods: dict[tuple[str, str], _Method] = field(default_factory=dict)
    _writes: dict[tuple[str, str], float] = field(default_factory=dict)

    def admit(self, address: str, behaviour: Behaviour) -> None:
        """Count a request of an address; raises `Banned` after a burst, for `ban_s`."""
        if not behaviour.burst_per_s:
            return
        now = self.now()
        if now < self._bans.get(address, 0):
            raise Banned
        recent = self._bursts.setdefault(address, deque())
        while recent and recent[0] <= now - 1:
            recent.popleft()
        recent.append(now)
        if len(recent) > behaviour.burst_per_s:
            self._bans[address] = now + behaviour.ban_s
            raise Banned

    def charge(self, caller: str, behaviour: Behaviour) -> int:
        """Take one call off the caller's quota and give what remains; raises `Throttled`."""
        now = self.now()
        day = self._days.get(caller)
        if day is None or now >= day.began + _DAY_S:
            day = self._days[caller] = _Day(now)
        if day.used >= behaviour.quota_max:
            left = int(day.began + _DAY_S - now) + 1
            text = f"too many requests from this IP, more requests available in {left} seconds"
            raise Throttled(text)
        day.used += 1
        return behaviour.quota_max - day.used

    def enter(self, caller: str, method: str, behaviour: Behaviour) -> int | None:
        """Count a call of a method and give the `backoff` to answer with; raises `Throttled`."""
        state = self._methods.setdefault((caller, method), _Method())
        now = self.now()
        if now < state.closed_until:
            text = "Violation of backoff parameter"
            raise Throttled(text)
        state.calls += 1
        for rule in behaviour.backoff:
            if rule.method == method and state.calls % rule.every == 0:
                state.closed_until = now + rule.seconds
                return rule.seconds
        return None

    def check_gap(self, caller: str, kind: str, behaviour: Behaviour) -> None:
        """Raise `TooSoon` when the caller wrote something of this kind a moment ago."""
        gap = _gap(kind, behaviour)
        left = self._writes.get((caller, kind), float("-inf")) + gap - self.now()
        if gap and left > 0:
            raise TooSoon(int(-(-left // 1)))

    def wrote(self, caller: str, kind: str) -> None:
        """Note that the caller's write took effect."""
        self._writes[caller, kind] = self.now()


def _gap(kind: str, behaviour: Behaviour) -> float:
    return behaviour.article_gap_s if kind == "article" else behaviour.write_gap_s
