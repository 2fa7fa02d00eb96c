"""Sends one request and brings back how it ended: in its turn, and repeated where that is safe.

Knows no dialect, and no HTTP. What holds here holds for every request: the mode (a dry run cannot
write), and the limiter's turn.
"""

import asyncio
import logging
from collections import Counter
from copy import copy
from random import Random

from tenacity import AsyncRetrying, retry_if_result, stop_never

from importer.ports import Hold
from importer.teams.exchange import Ended, Failure, Held, Quota, Reply, Request
from importer.teams.http import IN_FLIGHT, Http
from importer.teams.limiter import Slot
from importer.teams.mode import Mode, admit
from importer.teams.origin import Connection
from importer.teams.retry import Budget, Course, sign_of
from importer.teams.secret import Secret
from importer.teams.silence import Silence
from importer.teams.told_time import ToldTime
from importer.teams.turns import OnWait, Patience, Turns
from importer.teams.wire import Wire

__all__ = ["Transport"]

_log = logging.getLogger(__name__)


class Transport:
    """Sends requests of one dialect to one origin, each in its turn, and counts them."""

    def __init__(
        self,
        http: Http,
        *,
        wire: Wire,
        connection: Connection,
        mode: Mode,
        random: Random,
        on_wait: OnWait | None,
    ) -> None:
        self.counts: Counter[str] = Counter()
        self._http = http
        self._wire = wire
        self._connection = connection
        self._mode = mode
        self._random = random
        self._on_wait = on_wait or _say_nothing
        self._silence = Silence(self._on_wait)
        self._budget = Budget()
        self._places = asyncio.Semaphore(IN_FLIGHT)
        self._turns = self._new_turns()
        self._told_time = ToldTime()

    def _new_turns(self) -> Turns:
        return Turns(
            max_wait_s=self._connection.max_wait_s,
            limiter=self._wire.limiter(),
            knock=lambda: self._knock(self._wire.knock),
            on_wait=self._on_wait,
            random=self._random,
        )

    def acting_by(self, token: Secret) -> "Transport":
        """Return the same way with another token: limits of the address and counts are shared."""
        other = copy(self)
        other._http = self._http.acting_by(token)  # noqa: SLF001 - its own class's
        if self._wire.each_token:
            other._turns = other._new_turns()  # noqa: SLF001 - its own class's
        return other

    @property
    def quota(self) -> Quota | None:
        """Calls a day and what is left of them, as the last answer told."""
        return self._turns.limiter.quota

    @property
    def calls_left(self) -> int | None:
        """What the bucket holds, as the last answer told; None where there is none."""
        bucket = self._turns.limiter.bucket
        return bucket.left if bucket else None

    @property
    def is_spent(self) -> bool:
        """Whether the day's quota is too low for one more write."""
        return self._turns.limiter.is_low(_now())

    def server_time_s(self) -> float | None:
        """Return the server's present time (Unix), as far as its Date headers told."""
        ahead_s = self._told_time.ahead_s
        return None if ahead_s is None else _now() + ahead_s

    @property
    def write_within_s(self) -> float:
        """Seconds after the call of `send` by which a write's last byte is sent, or it never is."""
        return self._begins_within_s + self._connection.deadline_s

    @property
    def _begins_within_s(self) -> float:
        return self._connection.max_wait_s + self._connection.deadline_s

    async def send(self, request: Request, hold: Hold | None = None) -> Ended:
        """Send *request*, waiting and repeating as far as that can't do anything twice.

        Raises nothing that the server or the network did; Breach when the mode forbids it, and
        what *hold*, awaited before a write's bytes go, raises.
        """
        course = Course(request.repeatable, self._budget, self._random)
        patience = Patience(_now())
        retrying = AsyncRetrying(
            retry=retry_if_result(course.goes_on),
            wait=lambda _: course.wait_s,
            stop=stop_never,
            sleep=asyncio.sleep,
        )
        return await retrying(self._attempt, request, course, patience, hold)

    async def _attempt(
        self, request: Request, course: Course, patience: Patience, hold: Hold | None
    ) -> Ended:
        while True:
            held = await self._turns.ready(request, patience)
            if held:
                return held
            async with self._places:
                # Somebody else's answer may have changed the limits while this one queued.
                if not self._turns.is_ready(request):
                    continue
                slot = await self._turns.space(request, patience)
                if isinstance(slot, Held):
                    return slot
                if not request.repeatable:
                    # A bucket that fills up slowly may have kept it waiting for long.
                    if _now() - patience.began > self._begins_within_s:
                        self._turns.give_back(request, slot)
                        return Held("its turn did not come in time", 0.0)
                    await self._held(hold, request, slot)
                # Nothing is awaited from here on until the bytes go.
                if self._turns.may_go(request, slot):
                    return await self._noted(request, slot, course.place)

    async def _held(self, hold: Hold | None, request: Request, slot: Slot) -> None:
        """Await *hold*; where it raises, nothing is sent in *slot*."""
        if hold is None:
            return
        try:
            await hold()
        except BaseException:
            self._turns.give_back(request, slot)
            raise

    async def _knock(self, request: Request) -> Ended:
        slot = await self._turns.space(request, Patience(_now()))
        if isinstance(slot, Held):
            return slot
        return await self._noted(request, slot, "to see whether it answers again")

    async def _noted(self, request: Request, slot: Slot, place: str) -> Reply | Failure:
        sent_at = _now()
        # Path and method alone: what stands in a query or a body is told to nobody.
        with self._silence.around(f"{request} ({place})", self._connection.deadline_s):
            ended = await self._once(request)
        self._turns.note(request, slot, sent_at, ended)
        self.counts[str(sign_of(ended))] += 1
        if isinstance(ended, Reply) and ended.server_time_s is not None:
            self._told_time.add(ended.server_time_s - _now())
        return ended

    async def _once(self, request: Request) -> Reply | Failure:
        admit(request, self._mode, self._wire.probes)
        self._budget.requests += 1
        self.counts["requests"] += 1
        self.counts["reads" if request.is_read else "writes"] += 1
        began = _now()
        ended = await self._http.send(request)
        shown = ended.status if isinstance(ended, Reply) else ended.trouble
        _log.debug("%s: %s after %.3f s", request, shown, _now() - began)
        return ended


def _now() -> float:
    return asyncio.get_running_loop().time()


def _say_nothing(_: str, __: float) -> None:
    return
