"""A journal that others see as of its last checkpoint, and can trust all the same.

Nothing is sent that the ref doesn't tell of: a run pushes what its plan may write before the first
write, and whatever it intends beside that by itself. What a killed run foresaw and no checkpoint
has settled may have happened: the next run finds it open, and looks.
"""

import asyncio
from collections.abc import AsyncIterable
from contextlib import suppress
from dataclasses import replace

from importer.errors import JournalError, LockHeld
from importer.journal.git_store import GitStore
from importer.journal.schema import OPERATION, document, from_document
from importer.journal.store import Rows, Wanted
from importer.journal.stored import Name, StoredJournal, fail, name_of, of_operation
from importer.model.ids import Lineage
from importer.model.ledger import Operation, Run
from importer.model.report import Report
from importer.ports import Clock, Foreseen

__all__ = ["ForeseeingJournal"]


class ForeseeingJournal(StoredJournal):
    """The port `Journal` over a store with checkpoints. Use `open_journal`."""

    def __init__(
        self, store: GitStore, *, name: str, lineage: Lineage, clock: Clock, writable: bool
    ) -> None:
        super().__init__(store, name=name, lineage=lineage, clock=clock, writable=writable)
        self._checkpoints = store
        self._foreseen: set[Name] = set()

    async def begin(self, run: Run) -> None:
        """Open a run and take the lock. LockHeld names the holder."""
        self._foreseen.clear()
        for is_last in (False, True):
            await super().begin(run)
            try:
                await self._checkpoints.checkpoint()
            except asyncio.CancelledError:
                # The push under way is through: nobody is to wait for a run that never began.
                with suppress(JournalError, LockHeld):
                    await self._withdraw(run)
                raise
            except BaseException as error:
                self._checkpoints.give_up()
                await self._release()
                # Somebody was faster by a push: a second look says who.
                if is_last or not isinstance(error, LockHeld):
                    raise
            else:
                return

    async def _withdraw(self, run: Run) -> None:
        """Take the opening of *run* back, and let go of the lock."""
        async with self._checkpoints.writing() as rows:
            await rows.delete("runs", id=run.id)
        await self._release()

    async def foresee(self, ahead: AsyncIterable[Foreseen]) -> None:
        """Push what this run may write, with the texts; a crash leaves it open."""
        self._require_run()
        operations: list[Operation] = []
        async for operation, values in ahead:
            await self.keep(values)
            # When it has sent the last of these, the one who has to look can't know from here.
            operations.append(replace(operation, quiet_at=None))
        async with self._commit("what is foreseen can't be written") as rows:
            await rows.insert("foreseen", map(_of_foreseen, operations))
        await self._checkpoints.checkpoint()
        self._foreseen |= {name_of(it) for it in operations}

    async def intend(self, operation: Operation) -> None:
        """Record an OPEN operation, which the ref tells of on return."""
        if await self._left(key=operation.key):
            fail(f"an operation on {operation.key} is open already, of a run that was killed")
        await super().intend(operation)
        if name_of(operation) not in self._foreseen:
            await self._checkpoints.checkpoint()

    async def end(self, run: Run, report: Report) -> None:
        """Close the run and push all of it; what it foresaw is done, or was never begun."""
        if run.id == self._run and not self._checkpoints.lost:
            async with self._checkpoints.writing() as rows:
                await rows.delete("foreseen", run=run.id)
        await super().end(run, report)

    async def _operations(self, **wanted: Wanted) -> tuple[Operation, ...]:
        recorded = await super()._operations(**wanted)
        if wanted.get("state", "open") != "open":
            return recorded
        named = {name: it for name, it in wanted.items() if name != "state"}
        return (*recorded, *await self._left(**named))

    async def _left(self, **wanted: Wanted) -> tuple[Operation, ...]:
        """Return what other runs foresaw and nobody has settled."""
        rows = await self._checkpoints.select("foreseen", **wanted)
        return tuple(
            from_document(OPERATION, row["document"]) for row in rows if row["run"] != self._run
        )

    async def _opened(self, rows: Rows, operation: Operation) -> Operation:
        left = await rows.select("foreseen", **_key(operation))
        if left and operation.run != self._run:
            return from_document(OPERATION, left[0]["document"])
        return await super()._opened(rows, operation)

    async def _close(self, rows: Rows, stored: Operation, ended: Operation) -> None:
        if ended.run == self._run or not await rows.select("foreseen", **_key(stored)):
            await super()._close(rows, stored, ended)
            return
        await rows.insert("operations", [of_operation(ended)])
        await rows.delete("foreseen", **_key(stored))


def _of_foreseen(operation: Operation) -> dict[str, str | int]:
    return {**_key(operation), "key": operation.key, "document": document(OPERATION, operation)}


def _key(operation: Operation) -> dict[str, str | int]:
    return {"run": operation.run, "change": operation.change, "attempt": operation.attempt}
