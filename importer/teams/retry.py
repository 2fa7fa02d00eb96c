"""Decides, purely, what to do after one exchange: take it, repeat it, or wait and repeat it.

A write whose outcome is open is never repeated here: it may have happened. Recovery looks first.
"""

from dataclasses import dataclass
from enum import StrEnum
from random import Random

from importer.teams.exchange import Ended, Failure, Held, Reply, Said, Trouble

__all__ = ["ATTEMPTS", "Budget", "Course", "Next", "Sign", "after", "jitter_s", "sign_of"]

ATTEMPTS = 4
"""Most attempts at what fails for no stated reason."""

_THROTTLES = 50
_WRITE_PAUSES = 3
_BASE_S = 0.5
_CAP_S = 8.0
_SHARE = 0.1
_FREE = 10


class Sign(StrEnum):
    """What one exchange shows."""

    ANSWERED = "answered"
    THROTTLED = "throttled"
    PAUSED = "paused"
    """A write refused with `backoff` beside it: too soon after the last one, or refused as such."""
    UNSENT = "unsent"
    NOISE = "noise"
    """Something answered or broke that isn't the API: 5xx, 429, half a body, a web page."""
    WALL = "wall"
    """A page or status that repeating won't change: a challenge, a redirect, a wrong address."""
    HELD = "held"


class Next(StrEnum):
    """TAKE the result as it is; repeat after a JITTER; repeat when the limiter says so (TURN)."""

    TAKE = "take"
    JITTER = "jitter"
    TURN = "turn"


def sign_of(ended: Ended) -> Sign:
    """Return what *ended* shows: the body first, the status second."""
    match ended:
        case Held():
            return Sign.HELD
        case Failure(Trouble.CERTIFICATE | Trouble.EXPIRED | Trouble.OTHERS):
            return Sign.WALL
        case Failure(sent=False):
            return Sign.UNSENT
        case Failure():
            return Sign.NOISE
        case Reply(status, _, heard):
            return _sign_of_reply(status, heard.said)


def _sign_of_reply(status: int, said: Said) -> Sign:
    match said:
        case Said.THROTTLE:
            return Sign.THROTTLED
        case Said.PAUSE:
            return Sign.PAUSED
        case Said.FAILURE:
            return Sign.NOISE
        case Said.REFUSAL | Said.DENIAL | Said.REPEATED:
            return Sign.ANSWERED
        case Said.ANSWER if status < 300:
            return Sign.ANSWERED
        case Said.ANSWER | Said.NOTHING:
            passing = status < 300 or status == 429 or status >= 500
            return Sign.NOISE if passing else Sign.WALL


def after(sign: Sign, *, repeatable: bool, attempt: int, pauses: int) -> Next:
    """Decide what follows. `attempt` counts from 1; `pauses` the throttles this request met."""
    match sign:
        case Sign.ANSWERED | Sign.WALL | Sign.HELD:
            return Next.TAKE
        case Sign.THROTTLED:
            return Next.TURN if pauses < _THROTTLES else Next.TAKE
        case Sign.PAUSED:
            return Next.TURN if pauses < _WRITE_PAUSES else Next.TAKE
        case Sign.UNSENT:
            return Next.JITTER if attempt < ATTEMPTS else Next.TAKE
        case Sign.NOISE:
            # Not repeated for a write: a 502 after POST may have created the question.
            return Next.JITTER if repeatable and attempt < ATTEMPTS else Next.TAKE


def jitter_s(attempt: int, random: Random) -> float:
    """Return how long to wait before attempt + 1: full jitter."""
    return random.uniform(0.0, min(_CAP_S, _BASE_S * 2.0**attempt))


@dataclass(slots=True)
class Budget:
    """Bounds the retries of a whole run: a tenth of its requests and ten more."""

    requests: int = 0
    retries: int = 0

    def spend(self) -> bool:
        """Take one retry out of the budget; false when it is empty."""
        if self.retries >= _SHARE * self.requests + _FREE:
            return False
        self.retries += 1
        return True


@dataclass(slots=True)
class Course:
    """One request's way through its attempts. `wait_s` is to be waited before the next one."""

    repeatable: bool
    budget: Budget
    random: Random
    wait_s: float = 0.0
    _failures: int = 0
    _pauses: int = 0

    @property
    def place(self) -> str:
        """Which attempt this is, of how many, for a person."""
        if not self.repeatable:
            return "sent once; then it is looked up"
        return f"attempt {self._failures + 1} of {ATTEMPTS}"

    def goes_on(self, ended: Ended) -> bool:
        """Tell whether the request is sent again after it *ended* so."""
        sign = sign_of(ended)
        self._pauses += sign in {Sign.THROTTLED, Sign.PAUSED}
        self._failures += sign in {Sign.UNSENT, Sign.NOISE}
        then = after(sign, repeatable=self.repeatable, attempt=self._failures, pauses=self._pauses)
        self.wait_s = jitter_s(self._failures, self.random) if then is Next.JITTER else 0.0
        return then is Next.TURN or (then is Next.JITTER and self.budget.spend())
