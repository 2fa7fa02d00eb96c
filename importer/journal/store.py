"""What a journal asks of the place it is kept in: sealed rows, transactions, and a lock.

The statements are few and the same everywhere; a dialect spells them. All names in them are this
room's own constants, never data.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

from importer.journal.schema import Cell, seal, sealed
from importer.model.ids import RunId
from importer.model.ledger import Run

__all__ = ["Clash", "Dialect", "Executor", "Row", "Rows", "Store", "Wanted"]

Row = Mapping[str, Any]
Wanted = Cell | tuple[Cell, ...]
"""What a column has to be: this value, or one of these."""

_ORDER = {"runs": "number", "operations": "number", "foreseen": "number"}


class Clash(Exception):
    """A constraint of the tables refuses a row."""


class Executor(Protocol):
    """Carries out one statement."""

    async def fetch(self, sql: str, values: Sequence[Any]) -> Sequence[Row]:
        """Return the rows that a SELECT gives."""
        ...

    async def run(self, sql: str, values: Sequence[Any]) -> None:
        """Carry out a statement that gives none."""
        ...


def _as_json(values: tuple[Cell, ...]) -> Any:
    return json.dumps(values)


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a store spells values and names. `own` are cells that every row of ours has."""

    mark: str = "?"
    among: str = "IN (SELECT value FROM json_each(?))"
    pack: Callable[[tuple[Cell, ...]], Any] = _as_json
    prefix: str = ""
    own: Mapping[str, Cell] = field(default_factory=dict)

    def where(self, wanted: Mapping[str, Wanted]) -> tuple[str, list[Any]]:
        """Return the WHERE clause and its values."""
        all_wanted = {**self.own, **wanted}
        tests = [
            f"{name} {self.among if isinstance(it, tuple) else f'= {self.mark}'}"
            for name, it in all_wanted.items()
        ]
        values = [self.pack(it) if isinstance(it, tuple) else it for it in all_wanted.values()]
        return (f" WHERE {' AND '.join(tests)}" if tests else ""), values


class Rows:
    """The rows of one journal: each is sealed when it is written, and checked when it is read."""

    def __init__(self, dialect: Dialect, executor: Executor) -> None:
        self._dialect = dialect
        self._executor = executor

    async def select(self, table: str, **wanted: Wanted) -> list[Row]:
        """Return rows in the order of writing, those without a number in no order.

        Raises DamagedRow.
        """
        clause, values = self._dialect.where(wanted)
        order = f" ORDER BY {_ORDER[table]}" if table in _ORDER else ""
        sql = f"SELECT * FROM {self._dialect.prefix}{table}{clause}{order}"  # noqa: S608 - see top
        return [sealed(row) for row in await self._executor.fetch(sql, values)]

    async def insert(self, table: str, rows: Iterable[Mapping[str, Cell]], end: str = "") -> None:
        """Write new rows. Clash when one is there already."""
        for cells in rows:
            row = seal({**self._dialect.own, **cells})
            marks = ", ".join(self._dialect.mark for _ in row)
            names = ", ".join(row)
            sql = f"INSERT INTO {self._dialect.prefix}{table} ({names}) VALUES ({marks}){end}"  # noqa: S608 - see top
            await self._executor.run(sql, list(row.values()))

    async def insert_missing(self, table: str, rows: Iterable[Mapping[str, Cell]]) -> None:
        """Write those rows that aren't there yet."""
        await self.insert(table, rows, " ON CONFLICT DO NOTHING")

    async def put(self, table: str, key: str, rows: Iterable[Mapping[str, Cell]]) -> None:
        """Write rows, each in the place of the one with the same *key*, if there is one."""
        target = ", ".join([*self._dialect.own, key])
        for cells in rows:
            sets = ", ".join(f"{name} = excluded.{name}" for name in [*cells, "seal"])
            await self.insert(table, [cells], f" ON CONFLICT ({target}) DO UPDATE SET {sets}")

    async def update(self, table: str, cells: Mapping[str, Cell], **wanted: Cell) -> None:
        """Replace the content of the row that is *wanted*, sealed anew.

        A cell that is as wanted isn't written: every column named costs the indexes that it is in.
        """
        row = seal({**self._dialect.own, **cells})
        stays = {**self._dialect.own, **wanted}
        changed = {name: cell for name, cell in row.items() if stays.get(name) != cell}
        assignments = ", ".join(f"{name} = {self._dialect.mark}" for name in changed)
        clause, values = self._dialect.where(wanted)
        sql = f"UPDATE {self._dialect.prefix}{table} SET {assignments}{clause}"  # noqa: S608 - see top
        await self._executor.run(sql, [*changed.values(), *values])

    async def delete(self, table: str, **wanted: Wanted) -> None:
        """Remove rows."""
        clause, values = self._dialect.where(wanted)
        sql = f"DELETE FROM {self._dialect.prefix}{table}{clause}"  # noqa: S608 - see top
        await self._executor.run(sql, values)


class Store(Protocol):
    """Keeps the rows of one lineage. Raises JournalError, LockHeld, and nothing else but Clash."""

    @property
    def lost(self) -> bool:
        """Tell whether the lock or the journal was lost, and an error has said so."""
        ...

    async def select(self, table: str, **wanted: Wanted) -> Sequence[Row]:
        """Return rows, as `Rows.select`."""
        ...

    def writing(self) -> AbstractAsyncContextManager[Rows]:
        """Run the block in one transaction, durable at its end; any exception undoes it.

        Must raise Clash for a row that a constraint refuses. Must raise LockHeld, and undo the
        block, when the lock was held and is no longer.
        """
        ...

    async def acquire(self, run: Run | None) -> None:
        """Take the lock without waiting. LockHeld names the holder."""
        ...

    async def holder(self) -> RunId | None:
        """Return the run that holds the lock; None where none does. Takes nothing."""
        ...

    async def hold(self) -> None:
        """Make sure that the lock is still held; LockHeld when it isn't.

        JournalError when what is written would be found by nobody. `lost` is true after either.
        """
        ...

    async def release(self) -> None:
        """Let go of the lock; safe to call twice."""
        ...

    async def close(self) -> None:
        """Let go of everything; safe to call twice."""
        ...
