"""The rate contract of API v3: for every token a burst limit and a token bucket. In memory.

Figures are documented as defaults of the service; how a burst's window moves, and that a refused
call costs nothing, is inferred.
"""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import ceil

from importer.sandbox.behaviour import Behaviour

__all__ = ["Standing", "Throttle"]

_ALL = Behaviour()
"""What a limit that is switched off says is left: all of it, as if nobody had called."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What a caller has left; seconds are rounded up. `wait_s` is 0 for a call let through."""

    burst_left: int
    burst_full_s: int
    bucket_left: int
    bucket_full_s: int
    bucket_refill_s: int
    wait_s: int = 0

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers that every answer carries; documented."""
        return {
            "x-burst-throttle-calls-left": str(self.burst_left),
            "x-burst-throttle-seconds-until-full": str(self.burst_full_s),
            "x-token-bucket-calls-left": str(self.bucket_left),
            "x-token-bucket-seconds-until-full": str(self.bucket_full_s),
            "x-token-bucket-seconds-until-next-refill": str(self.bucket_refill_s),
        }


@dataclass(slots=True)
class _Bucket:
    left: int
    refilled: float


@dataclass(slots=True)
class Throttle:
    """What every caller did lately; `now` gives Unix seconds."""

    now: Callable[[], float]
    _bursts: dict[str, deque[float]] = field(default_factory=dict)
    _buckets: dict[str, _Bucket] = field(default_factory=dict)

    def take(self, caller: str, behaviour: Behaviour) -> Standing:
        """Count a call and tell what is left; a refused one isn't counted."""
        now = self.now()
        recent = self._recent(caller, now, behaviour)
        bucket = self._filled(caller, now, behaviour)
        wait_s = 0.0
        if behaviour.v3_burst and len(recent) >= behaviour.v3_burst:
            wait_s = recent[0] + behaviour.v3_burst_s - now
        if behaviour.v3_bucket and bucket.left <= 0:
            wait_s = max(wait_s, bucket.refilled + behaviour.v3_refill_s - now)
        if wait_s <= 0:
            recent.append(now)
            bucket.left -= 1
        return _standing(recent, bucket, now, behaviour, wait_s)

    def _recent(self, caller: str, now: float, behaviour: Behaviour) -> deque[float]:
        recent = self._bursts.setdefault(caller, deque())
        while recent and recent[0] <= now - behaviour.v3_burst_s:
            recent.popleft()
        return recent

    def _filled(self, caller: str, now: float, behaviour: Behaviour) -> _Bucket:
        bucket = self._buckets.setdefault(caller, _Bucket(behaviour.v3_bucket, now))
        refills = int((now - bucket.refilled) // behaviour.v3_refill_s)
        bucket.refilled += refills * behaviour.v3_refill_s
        bucket.left = min(behaviour.v3_bucket, bucket.left + refills * behaviour.v3_refill)
        return bucket


def _standing(
    recent: deque[float], bucket: _Bucket, now: float, behaviour: Behaviour, wait_s: float
) -> Standing:
    refill_s = bucket.refilled + behaviour.v3_refill_s - now
    missing = max(0, behaviour.v3_bucket - bucket.left)
    refills = -(-missing // behaviour.v3_refill)
    full_s = refill_s + (refills - 1) * behaviour.v3_refill_s if refills else 0
    return Standing(
        burst_left=max(0, behaviour.v3_burst - len(recent))
        if behaviour.v3_burst
        else _ALL.v3_burst,
        burst_full_s=ceil(recent[-1] + behaviour.v3_burst_s - now) if recent else 0,
        bucket_left=max(0, bucket.left) if behaviour.v3_bucket else _ALL.v3_bucket,
        bucket_full_s=ceil(full_s),
        bucket_refill_s=ceil(refill_s) if refills else 0,
        wait_s=max(1, ceil(wait_s)) if wait_s > 0 else 0,
    )
