"""Lets each request wait for its turn: the limiter's moments, turned into waiting and patience.

Also notices that the server shuts this address out, which it does without words: what comes then is
undefined (documented). Everything stops, and one cheap request at a time finds out when it is over.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import Random

from importer.teams.exchange import Ended, Failure, Held, Reply, Request, Said, Trouble
from importer.teams.limiter import Limiter, Slot
from importer.teams.retry import Sign, jitter_s, sign_of

__all__ = ["OnWait", "Patience", "Turns"]

OnWait = Callable[[str, float], None]

_BAN_SIGNS = 3
_BAN_PATIENCE_S = 300.0
_KNOCKS = 3
"""Most knocks in a row that may go astray before that, too, looks like a ban."""
_ASTRAY = frozenset({Trouble.TRUNCATED, Trouble.GARBLED, Trouble.TOO_LARGE})
_DAY_S = 86_400.0
_WORTH_SAYING_S = 1.0
_LONG_S = 5.0
_SAME_S = 1.0
"""Waits that end so close together are one: servers round the seconds they tell up."""
_LEAST_PAUSE_S = 0.001
"""Timers may fire a clock's tick early: who then waits for the rest must not spin."""
_STOPPED = "the server asked every request to wait"
_SILENT = "the server broke off or failed several times in a row; it may shut this address out"
_USED_UP = "the calls that the server grants are used up, and come back by and by"


@dataclass(slots=True)
class Patience:
    """How long one request has waited because the server asked for it, over all its attempts.

    `began` is the loop's time at which it was first to be sent.
    """

    began: float = 0.0
    waited_s: float = 0.0


class Turns:
    """Waiting, in the running loop's time.

    `knock` sends the cheap request; `on_wait` is told why, and for how many seconds, nothing goes.
    """

    def __init__(
        self,
        *,
        max_wait_s: float,
        limiter: Limiter,
        knock: Callable[[], Awaitable[Ended]],
        on_wait: OnWait,
        random: Random,
    ) -> None:
        self.limiter = limiter
        self._max_wait_s = max_wait_s
        self._knock = knock
        self._on_wait = on_wait
        self._random = random
        self._astray = 0
        self._gate = asyncio.Lock()
        self._silence = 0
        self._was_heard = False
        self._why = _STOPPED
        self._announced: dict[str, float] = {}

    def is_ready(self, request: Request) -> bool:
        """Tell whether *request* may go at once, but for the spacing of requests."""
        limiter = self.limiter
        ready = max(limiter.held_until(request), limiter.paced_until(request))
        return limiter.stopped_until is None and ready <= _now()

    async def space(self, request: Request, patience: Patience) -> Slot | Held:
        """Take the next slot and wait for it; Held when that takes longer than we wait."""
        now = _now()
        slot = self.limiter.take(request, now)
        wait_s = slot.at - now
        if wait_s < _LONG_S:
            await asyncio.sleep(wait_s)
            return slot
        if patience.waited_s + wait_s > self._max_wait_s:
            self.limiter.give_back(request, slot)
            return Held(_USED_UP, wait_s)
        patience.waited_s += wait_s
        await self._pause(_USED_UP, wait_s)
        return slot

    def give_back(self, request: Request, slot: Slot) -> None:
        """Give back a slot in which nothing was sent."""
        self.limiter.give_back(request, slot)

    def may_go(self, request: Request, slot: Slot) -> bool:
        """Tell whether *request* may go in *slot*, which is given back otherwise.

        What came while it waited for its slot may have closed the method, or everything.
        """
        if self.limiter.may_go(request, slot, _now()):
            return True
        self.limiter.give_back(request, slot)
        return False

    async def ready(self, request: Request, patience: Patience) -> Held | None:
        """Wait for backoffs, pauses and stops; Held when that takes longer than we wait."""
        limiter = self.limiter
        while True:
            if limiter.is_spent(request, _now()):
                why = f"the day's quota is down to its last {limiter.reserve} calls, kept for reads"
                return Held(why, _DAY_S)
            if limiter.stopped_until is not None:
                held = await self._reopen(patience)
                if held:
                    return held
            now = _now()
            wait_s = limiter.held_until(request) - now
            if wait_s > 0:
                held = await self._wait_as_asked(request, patience, wait_s)
                if held:
                    return held
                continue
            pause_s = limiter.paced_until(request) - now
            if pause_s <= 0:
                return None
            await self._pause("the service wants some time between two writes", pause_s)

    async def _wait_as_asked(
        self, request: Request, patience: Patience, wait_s: float
    ) -> Held | None:
        why = f"the server asked to wait before the next {request.verb} {request.method}"
        if patience.waited_s + wait_s > self._max_wait_s:
            return Held(why, wait_s)
        patience.waited_s += wait_s
        await self._pause(why, wait_s)
        return None

    async def _reopen(self, patience: Patience) -> Held | None:
        """Wait until a stopped server answers again; whoever holds the gate finds out."""
        began = _now()
        async with self._gate:
            while self.limiter.stopped_until is not None:
                now = _now()
                wait_s = max(0.0, self.limiter.stopped_until - now)
                waited_s = patience.waited_s + now - began
                if waited_s + wait_s > self._max_wait_s:
                    return Held(self._why, wait_s)
                if self._silence and waited_s >= _BAN_PATIENCE_S:
                    why = "the API has not answered for minutes; it may shut this address out"
                    return Held(why, wait_s)
                await self._pause(self._why, wait_s)
                # What was under way may have heard meanwhile that it takes longer.
                if self.limiter.stopped_until <= _now():
                    self._judge(await self._knock())
        patience.waited_s += _now() - began
        return None

    def _judge(self, ended: Ended) -> None:
        """Take note of what a knock met: an answer, a ban that goes on, or an accident."""
        now, until = _now(), self.limiter.stopped_until
        if until is None or until > now:
            self._astray = 0
        elif sign_of(ended) is Sign.ANSWERED:
            self._astray = 0
            self.limiter.resume()
        elif _is_astray(ended) and self._astray < _KNOCKS:
            self._astray += 1
            self.limiter.stopped_until = now + jitter_s(self._astray, self._random)
        else:
            self._astray = 0
            self.limiter.stop(now)

    def note(self, request: Request, slot: Slot, sent_at: float, ended: Reply | Failure) -> None:
        """Take note of what *ended* says about limits, in words or without."""
        now, sign = _now(), sign_of(ended)
        if isinstance(ended, Reply):
            self.limiter.ended(request, slot, sent_at=sent_at, now=now)
            self.limiter.hear(request, ended.heard, now)
            if ended.heard.wait_s is not None:
                self._why = _STOPPED
        else:
            self.limiter.broke(slot, now)
        if sign is not Sign.NOISE:
            self._silence = 0
            self._was_heard = self._was_heard or sign is Sign.ANSWERED
            return
        after_s = ended.retry_after_s if isinstance(ended, Reply) else None
        too_many = isinstance(ended, Reply) and ended.status == 429
        self._silence += too_many or _is_silence(ended)
        if too_many or (self._was_heard and self._silence >= _BAN_SIGNS):
            self._why = _STOPPED if too_many or after_s is not None else _SILENT
            self.limiter.stop(now, after_s)
        elif after_s is not None:
            self.limiter.hold(request, now + after_s)

    async def _pause(self, why: str, wait_s: float) -> None:
        until = _now() + wait_s
        if wait_s >= _WORTH_SAYING_S and until > self._announced.get(why, 0.0) + _SAME_S:
            self._announced[why] = until
            self._on_wait(why, wait_s)
        await asyncio.sleep(max(wait_s, _LEAST_PAUSE_S))


def _is_astray(ended: Ended) -> bool:
    """Tell whether a knock met an accident: somebody was there, and said nothing of a ban.

    A success that can't be read, or the API's own unexpected error. A ban is none of these, as far
    as is known: a refusal without words, a connection that breaks or hangs, a page with an error
    status.
    """
    if isinstance(ended, Failure):
        return ended.trouble in _ASTRAY
    return isinstance(ended, Reply) and (ended.status < 300 or ended.heard.said is Said.FAILURE)


def _is_silence(ended: Reply | Failure) -> bool:
    """Tell whether *ended* looks like a server that turned away: a broken connection, a 5xx."""
    if isinstance(ended, Failure):
        return ended.trouble is Trouble.BROKEN
    return ended.status >= 500


def _now() -> float:
    return asyncio.get_running_loop().time()
