"""Decorators of the ports that crash the importer before or after any of their calls.

A crash is a BaseException that no handler of the product catches. From then on the process is dead:
whatever else of it still runs gets the same at its next call of a port.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from importer.model.ids import Field, Key, Kind, RunId, Verb
from importer.model.ledger import Binding, Ledger, Operation, Run
from importer.model.live import Ability, Access, Need, Rates, Scope
from importer.model.report import Report
from importer.model.writing import Outcome, Write
from importer.ports import Foreseen, Hold, Journal, Read, Team
from tests.simulation.speech import Intents

__all__ = ["Crash", "CrashingJournal", "CrashingTeam", "Points"]

_T = TypeVar("_T")


class Crash(BaseException):
    """The process was killed."""


@dataclass
class Points:
    """Counts the calls of the ports; `crashes(n, name)` says whether the process dies there.

    `name` is PORT.CALL.before or PORT.CALL.after.
    """

    crashes: Callable[[int, str], bool]
    note: Callable[[str], None]
    count: int = 0
    dead: bool = False
    reached: Counter[str] = field(default_factory=Counter)

    def __call__(self, name: str) -> None:
        if self.dead:
            raise Crash(name)
        number, self.count = self.count, self.count + 1
        if self.crashes(number, name):
            self.dead = True
            self.reached[f"crash {name}"] += 1
            self.note(f"crash {number} {name}")
            raise Crash(name)

    async def around(self, name: str, call: Callable[[], Awaitable[_T]]) -> _T:
        """Await *call* between two points."""
        self(f"{name}.before")
        result = await call()
        self(f"{name}.after")
        return result


@dataclass
class CrashingTeam:
    """A Team whose calls may be the last thing the process does."""

    team: Team
    points: Points

    async def check(self, need: Need) -> Access:
        return await self.points.around("team.check", lambda: self.team.check(need))

    def ability(self, kind: Kind, verb: Verb, field: Field | None = None) -> Ability:
        return self.team.ability(kind, verb, field)

    def keeps_history(self, kind: Kind) -> bool:
        return self.team.keeps_history(kind)

    def server_time(self) -> datetime | None:
        return self.team.server_time()

    @property
    def rates(self) -> Rates:
        return self.team.rates

    @property
    def write_within_s(self) -> float:
        return self.team.write_within_s

    async def read(self, scope: Scope) -> AsyncGenerator[Read, None]:
        self.points("team.read.before")
        async for got in self.team.read(scope):
            yield got
        self.points("team.read.after")

    async def write(self, write: Write, hold: Hold | None = None) -> Outcome:
        return await self.points.around("team.write", lambda: self.team.write(write, hold))


@dataclass
class CrashingJournal:
    """A Journal whose calls may be the last thing the process does.

    `intents` gets those that are durable; `in_commit` is told that a commit begins
    (True) and ended (False), so that the disk can tear it.
    """

    journal: Journal
    points: Points
    intents: Intents
    in_commit: Callable[[bool], None]

    async def _commit(self, name: str, call: Callable[[], Awaitable[_T]]) -> _T:
        self.points(f"journal.{name}.before")
        self.in_commit(True)
        result = await call()
        self.points(f"journal.{name}.torn")
        self.in_commit(False)
        self.points(f"journal.{name}.after")
        return result

    async def ledger(self) -> Ledger:
        return await self.points.around("journal.ledger", self.journal.ledger)

    async def texts(self, digests: Sequence[Any]) -> Any:
        return await self.journal.texts(digests)

    async def keep(self, values: Sequence[Any]) -> None:
        await self.journal.keep(values)

    async def begin(self, run: Run) -> None:
        await self._commit("begin", lambda: self.journal.begin(run))

    async def foresee(self, ahead: AsyncIterable[Foreseen]) -> None:
        await self._commit("foresee", lambda: self.journal.foresee(ahead))

    async def intend(self, operation: Operation) -> None:
        await self._commit("intend", lambda: self.journal.intend(operation))
        self.intents.add(operation)

    async def hold(self) -> None:
        await self.journal.hold()

    async def settle(self, operation: Operation, binding: Binding | None) -> None:
        await self._commit("settle", lambda: self.journal.settle(operation, binding))
        self.intents.close(operation)

    async def bind(self, bindings: Sequence[Binding]) -> None:
        await self._commit("bind", lambda: self.journal.bind(bindings))

    async def unbind(self, keys: Sequence[Key]) -> None:
        await self._commit("unbind", lambda: self.journal.unbind(keys))

    async def end(self, run: Run, report: Report) -> None:
        await self._commit("end", lambda: self.journal.end(run, report))

    async def note_told(self, runs: Sequence[RunId]) -> None:
        await self._commit("told", lambda: self.journal.note_told(runs))

    async def runs(self) -> Sequence[Run]:
        return await self.journal.runs()

    async def holder(self) -> RunId | None:
        return await self.journal.holder()

    async def history(
        self, run: RunId | None = None, key: Key | None = None
    ) -> Sequence[Operation]:
        return await self.journal.history(run, key)

    async def close(self) -> None:
        await self.journal.close()
