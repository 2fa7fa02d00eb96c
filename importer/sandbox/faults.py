"""Which fault meets which request: a pure function of a profile, a seed and the request's number.

For rehearsals: an importer that looks before it repeats gets through every profile. Never more than
two requests in a row meet a fault, and what was written shows within `VISIBLE_WITHIN_S`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from importer.sandbox.chance import Seed, draw

__all__ = [
    "PROFILES",
    "VISIBLE_WITHIN_S",
    "Canned",
    "Fault",
    "Profile",
    "ProfileName",
    "profile_of",
]

ProfileName = Literal["calm", "storm", "swarm"]
PROFILES: tuple[ProfileName, ...] = ("calm", "storm", "swarm")
VISIBLE_WITHIN_S = 2.5
"""A late commit and the delay of lists together are shorter than this, under every profile."""

_SPARED_EVERY = 3


@dataclass(frozen=True, slots=True)
class Canned:
    """An answer that the API didn't give: by status, as JSON of its shape or a proxy's page."""

    status: int
    error_id: int | None = None
    backoff_s: int | None = None
    retry_after_s: int | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """What becomes of a request, and what its sender gets to see of it.

    `answer` is the API's own, cut off or torn or sent slowly, another one, or none at all: `drop`.
    """

    name: str
    takes_effect: Literal["never", "once", "twice", "late"]
    answer: Canned | Literal["own", "cut", "torn", "slow", "drop"]


def _errors() -> tuple[Fault, ...]:
    """List 500 to 504, before and after the request took effect, in both forms.

    JSON says 500 (internal error) throughout: 502 and 503 are the API's word that nothing was done.
    """
    return tuple(
        Fault(f"{status}_{form}_{'after' if effect == 'once' else 'before'}", effect, canned)
        for effect in _EFFECTS
        for status in (500, 502, 503, 504)
        for form, canned in (
            ("json", Canned(status, error_id=500)),
            ("html", Canned(status, retry_after_s=1 if status == 503 else None)),
        )
    )


_EFFECTS: tuple[Literal["never", "once"], ...] = ("never", "once")
_LOGIN = Canned(200)

KINDS: Mapping[str, tuple[Fault, ...]] = {
    "error": _errors(),
    "too_many": (
        Fault("429_html_retry_after", "never", Canned(429, retry_after_s=1)),
        Fault("429_json_retry_after", "never", Canned(429, error_id=502, retry_after_s=1)),
        Fault("429_html", "never", Canned(429)),
    ),
    "throttle": (
        Fault("throttle_backoff", "never", Canned(400, error_id=502, backoff_s=1)),
        Fault("unavailable_backoff", "never", Canned(400, error_id=503, backoff_s=1)),
    ),
    "login": (
        Fault("login_page_before", "never", _LOGIN),
        Fault("login_page_after", "once", _LOGIN),
    ),
    "cut": (Fault("cut_off", "once", "cut"), Fault("torn_body", "once", "torn")),
    "slow": (Fault("slow_body", "once", "slow"),),
    "drop": (Fault("drop_before", "never", "drop"), Fault("drop_after", "once", "drop")),
    "twice": (Fault("delivered_twice", "twice", "own"),),
    "late": (
        Fault("late_commit_504", "late", Canned(504)),
        Fault("late_commit_drop", "late", "drop"),
    ),
}
_OF_WRITES = frozenset({"twice", "late"})


@dataclass(frozen=True, slots=True)
class Profile:
    """How often each kind of fault comes, and how stale the server is; seconds are upper bounds."""

    rates: Mapping[str, float]
    listing_lag_s: float = 0
    replica_lag_s: float = 0
    late_s: float = 1
    slow_s: float = 1

    def fault(self, seed: Seed, step: int, *, writes: bool) -> Fault | None:
        """Give the fault of the *step*-th request, from 1, if it meets one."""
        if step % _SPARED_EVERY == 0:
            return None
        left = draw(seed, "fault", step)
        for kind, rate in self.rates.items():
            if writes or kind not in _OF_WRITES:
                if left < rate:
                    forms = KINDS[kind]
                    return forms[int(draw(seed, "form", step) * len(forms))]
                left -= rate
        return None


_CALM = Profile({"error": 0.03, "drop": 0.02, "slow": 0.02, "throttle": 0.01})
_STORM = Profile(
    {
        "error": 0.1,
        "drop": 0.06,
        "cut": 0.05,
        "late": 0.05,
        "twice": 0.05,
        "login": 0.03,
        "throttle": 0.03,
        "slow": 0.03,
        "too_many": 0.01,
    },
    listing_lag_s=1,
    replica_lag_s=0.5,
)


def profile_of(name: ProfileName, seed: Seed) -> Profile:
    """Give a profile by name; `swarm` has the faults that the seed switches on, more often."""
    match name:
        case "calm":
            return _CALM
        case "storm":
            return _STORM
        case "swarm":
            return _swarm(seed)


def _swarm(seed: Seed) -> Profile:
    on = {
        kind: 2 * rate
        for number, (kind, rate) in enumerate(_STORM.rates.items())
        if draw(seed, "swarm", number) < 1 / 2
    }
    lists, replicas = (draw(seed, f"swarm {what}", 0) < 1 / 2 for what in ("lists", "replicas"))
    return Profile(
        on,
        listing_lag_s=_STORM.listing_lag_s if lists else 0,
        replica_lag_s=_STORM.replica_lag_s if replicas else 0,
    )
