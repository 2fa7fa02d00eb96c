"""Decorators of the ports that inject what can go wrong; the product has no fault points."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from datetime import datetime

from importer.model.ids import Field, Kind, Verb
from importer.model.live import Ability, Access, Need, Rates, Scope
from importer.model.writing import Outcome, Unknown, Write
from importer.ports import Hold, Read, Team

__all__ = ["AFTER", "BEFORE", "REAL", "Faulty", "answering"]

Fault = Callable[[Team, Write], "Outcome | None"]
BEFORE = Unknown("the connection broke before the server saw the request")
AFTER = Unknown("the connection broke after the server had done it")
REAL = None


@dataclass
class Faulty:
    """A team whose n-th write goes wrong as `faults[n]` says; without an entry it goes right."""

    team: Team
    faults: dict[int, Outcome] = field(default_factory=dict)
    writes: list[Write] = field(default_factory=list)

    async def check(self, need: Need) -> Access:
        return await self.team.check(need)

    def ability(self, kind: Kind, verb: Verb, field: Field | None = None) -> Ability:
        return self.team.ability(kind, verb, field)

    @property
    def rates(self) -> Rates:
        return self.team.rates

    def keeps_history(self, kind: Kind) -> bool:
        return self.team.keeps_history(kind)

    def server_time(self) -> datetime | None:
        return self.team.server_time()

    @property
    def write_within_s(self) -> float:
        return self.team.write_within_s

    def read(self, scope: Scope) -> AsyncGenerator[Read, None]:
        return self.team.read(scope)

    async def write(self, write: Write, hold: Hold | None = None) -> Outcome:
        number = len(self.writes)
        self.writes.append(write)
        fault = self.faults.get(number)
        if fault is not None and fault is not AFTER:
            return fault
        outcome = await self.team.write(write, hold)
        return fault or outcome


def answering(faults: dict[int, Outcome]) -> Callable[[Team], Team]:
    """Return a wrap for `Stage.apply` that injects *faults*."""
    return lambda team: Faulty(team, faults)
