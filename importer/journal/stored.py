"""The port `Journal` over a store of rows: what a journal means, whatever it is kept in."""

import logging
from collections import Counter
from collections.abc import AsyncIterable, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import NoReturn

from importer.errors import ExitCode, JournalError
from importer.journal.schema import (
    BINDING,
    OPERATION,
    RUN,
    Cell,
    document,
    from_document,
    value_from_json,
    value_to_json,
)
from importer.journal.store import Clash, Row, Rows, Store, Wanted
from importer.model.fields import Value
from importer.model.ids import ChangeId, Key, Lineage, RunId, Verb
from importer.model.ledger import Binding, Ledger, Operation, Run, State
from importer.model.report import Report
from importer.ports import Clock, Foreseen
from importer.text.canonical import VERSION as CANONICAL
from importer.text.digests import Digest

__all__ = ["Name", "StoredJournal", "fail", "name_of", "of_operation"]

_LOGGER = logging.getLogger(__name__)
# A plan that was carried out only partly goes on with the same file; one that is through is used.
_COMPLETE = (ExitCode.DONE, ExitCode.DECISION)
Name = tuple[RunId, ChangeId, int]


class StoredJournal:
    """The port `Journal` over a store. Use `open_journal`."""

    def __init__(
        self, store: Store, *, name: str, lineage: Lineage, clock: Clock, writable: bool
    ) -> None:
        self._store = store
        self._name = name
        self._lineage = lineage
        self._clock = clock
        self._writable = writable
        self._run: RunId | None = None
        self._pending: dict[Digest, Value] = {}
        # What this run intended and hasn't settled yet: reading it again would tell nothing new.
        self._intended: dict[Name, Operation] = {}

    async def ledger(self) -> Ledger:
        """Return what planning needs.

        `exists` is false for an empty journal too: it knows as little as none. `watermark` is the
        start of the last run that ended; `canonical_version` the oldest among the bases.
        """
        # Open operations before bindings: what another run settles in between is in one of them.
        opened = await self._operations(state="open")
        rejected = await self._rejected()
        rows = sorted(await self._store.select("bindings"), key=lambda row: str(row["key"]))
        runs = await self.runs()
        ended = [run for run in runs if run.ended_at is not None]
        return Ledger(
            lineage=self._lineage,
            serial=len(ended),
            bindings={Key(row["key"]): from_document(BINDING, row["document"]) for row in rows},
            open=opened,
            rejected=rejected,
            consumed=frozenset(it.plan_digest for it in ended if it.exit_code in _COMPLETE),
            watermark=max((run.started_at for run in ended), default=None),
            canonical_version=min((row["canonical"] for row in rows), default=None),
            exists=bool(runs or rows),
            authors=frozenset(
                it for run in runs for it in (run.author, *run.also_as) if it is not None
            ),
            unaudited=await self._unaudited(runs),
            under_way=None if self._run else await self._store.holder(),
        )

    async def _unaudited(self, runs: Sequence[Run]) -> tuple[Operation, ...]:
        """Return the edits that happened in runs after which nobody looked."""
        names = tuple(run.id for run in runs if not run.audited and run.id != self._run)
        found = await self._operations(run=names, state="done") if names else ()
        return tuple(it for it in found if it.verb is Verb.UPDATE and it.read_as_of is not None)

    async def texts(self, digests: Sequence[Digest]) -> Mapping[Digest, Value]:
        """Return the stored values among *digests*, those kept and not yet committed included."""
        pending = {it: self._pending[it] for it in digests if it in self._pending}
        rows = await self._store.select("texts", digest=tuple(sorted({*digests} - pending.keys())))
        return pending | {Digest(it["digest"]): value_from_json(it["value"]) for it in rows}

    async def keep(self, values: Sequence[tuple[Digest, Value]]) -> None:
        """Store values under their digests; they go into the next commit."""
        self._require_writable()
        self._pending |= dict(values)

    async def begin(self, run: Run) -> None:
        """Open a run and take the lock. LockHeld names the holder."""
        self._require_writable()
        if self._run is not None:
            fail(f"the run {self._run} is still open")
        await self._store.acquire(run)
        try:
            async with self._commit(f"a run {run.id} is in the journal already") as rows:
                await rows.insert("runs", [{"id": run.id, "document": document(RUN, run)}])
        except BaseException:
            await self._release()
            raise
        self._run = run.id

    async def foresee(self, ahead: AsyncIterable[Foreseen]) -> None:  # noqa: ARG002 - the port's
        """Draw nothing: what is intended here is where the next run looks."""
        self._require_run()

    async def intend(self, operation: Operation) -> None:
        """Record an OPEN operation, durable on return. At most one may be open per key."""
        self._require_run()
        if operation.state is not State.OPEN:
            fail(f"{operation.change} is {operation.state}, not open")
        if operation.opened_at is None:
            operation = replace(operation, opened_at=self._clock.now())
        async with self._commit(f"an operation on {operation.key} is open already") as rows:
            await rows.insert("operations", [of_operation(operation)])
        self._intended[name_of(operation)] = operation

    async def hold(self) -> None:
        """Make sure that a run is open, and that the lock is still its own; LockHeld if not.

        JournalError where the journal was moved or deleted: nobody would find what it records.
        """
        self._require_run()
        await self._store.hold()

    async def settle(self, operation: Operation, binding: Binding | None) -> None:
        """Record the end of an OPEN operation (compare-and-set on run, change and attempt)."""
        self._require_run()
        if operation.state is State.OPEN:
            fail(f"{operation.change} can't be settled as open")
        async with self._commit(f"{operation.change} can't be settled") as rows:
            intended = self._intended.pop(name_of(operation), None)
            stored = intended or await self._opened(rows, operation)
            ended = replace(
                stored,
                state=operation.state,
                ref=operation.ref or stored.ref,
                ended_at=operation.ended_at or self._clock.now(),
                evidence=operation.evidence or stored.evidence,
            )
            await self._close(rows, stored, ended)
            if operation.verb is Verb.DELETE and operation.state is State.DONE:
                await rows.delete("bindings", key=operation.key)
            elif binding is not None:
                await _bind(rows, [binding])

    async def bind(self, bindings: Sequence[Binding]) -> None:
        """Remember these bindings, whole, replacing those of the same keys."""
        async with self._exclusive(), self._commit("the bindings can't be written") as rows:
            await _bind(rows, bindings)

    async def unbind(self, keys: Sequence[Key]) -> None:
        """Forget the bindings of these keys."""
        async with self._exclusive(), self._commit("the bindings can't be removed") as rows:
            await rows.delete("bindings", key=tuple(keys))

    async def end(self, run: Run, report: Report) -> None:
        """Close the run and let go of the lock, also when the last commit fails.

        A run that was told of its lost lock has nothing more to write: it stays without an end.
        One that wasn't told yet is told now.
        """
        if run.id != self._run:
            fail(f"the run {run.id} is not open")
        try:
            if self._store.lost:
                _LOGGER.warning("the end of the run %s is not in the journal", run.id)
                return
            await self._store.hold()
            async with self._commit(f"the run {run.id} can't be closed") as rows:
                ended = {"id": run.id, "document": document(RUN, self._ended(run, report))}
                await rows.update("runs", ended, id=run.id)
                if report.audited:
                    await _mark_audited(rows)
        finally:
            await self._release()

    async def note_told(self, runs: Sequence[RunId]) -> None:
        """Note that somebody was told of the incidents of these runs."""
        async with self._exclusive(), self._commit("the runs can't be marked as told") as rows:
            for row in await rows.select("runs", id=tuple(runs)):
                told = replace(from_document(RUN, row["document"]), untold=False)
                cells: dict[str, Cell] = {"id": told.id, "document": document(RUN, told)}
                await rows.update("runs", cells, id=told.id)

    async def runs(self) -> Sequence[Run]:
        """Return all runs, oldest first. One without an end is running or was killed."""
        rows = await self._store.select("runs")
        return tuple(from_document(RUN, row["document"]) for row in rows)

    async def holder(self) -> RunId | None:
        """Return the run that holds the lock; None where none does."""
        return self._run or await self._store.holder()

    async def history(
        self, run: RunId | None = None, key: Key | None = None
    ) -> Sequence[Operation]:
        """Return operations, oldest first, of one run, of one key, of both, or all."""
        asked = {"run": run, "key": key}
        return await self._operations(**{name: it for name, it in asked.items() if it is not None})

    async def close(self) -> None:
        """Let go of the store and the lock; safe to call twice."""
        self._writable = False
        try:
            await self._release()
        finally:
            await self._store.close()

    async def _opened(self, rows: Rows, operation: Operation) -> Operation:
        """Return what is recorded of an operation that is open."""
        found = await rows.select("operations", **_open(operation))
        if not found:
            fail(f"{operation.run}: {operation.change} #{operation.attempt} is not open")
        return _operation_of(found[0])

    async def _close(self, rows: Rows, stored: Operation, ended: Operation) -> None:
        """Write down how an operation that is open has ended."""
        await rows.update("operations", of_operation(ended), **_open(stored))

    def _ended(self, run: Run, report: Report) -> Run:
        states = Counter(str(result.state) for result in report.results)
        grave = tuple(it for it in report.incidents if it.severe)
        return replace(
            run,
            ended_at=report.ended_at or self._clock.now(),
            outcome=report.stopped_by or ExitCode(report.exit_code).name.lower(),
            exit_code=report.exit_code,
            audited=report.audited,
            counts=dict(sorted(states.items())),
            incidents=grave,
            untold=bool(grave),
        )

    async def _operations(self, **wanted: Wanted) -> tuple[Operation, ...]:
        return tuple(map(_operation_of, await self._store.select("operations", **wanted)))

    async def _rejected(self) -> tuple[Operation, ...]:
        """Return the latest operations of the changes that the server refused last."""
        refused = await self._operations(state="rejected")
        changes = tuple(sorted({str(it.change) for it in refused}))
        if not changes:
            return ()
        latest = {it.change: it for it in await self._operations(change=changes)}
        return tuple(it for it in latest.values() if it.state is State.REJECTED)

    @asynccontextmanager
    async def _commit(self, refused: str) -> AsyncIterator[Rows]:
        """Run the block in one transaction with everything kept so far.

        *refused* says what it means when a constraint fails.
        """
        self._require_writable()
        kept = dict(self._pending)
        texts = [{"digest": it, "value": value_to_json(value)} for it, value in kept.items()]
        try:
            async with self._store.writing() as rows:
                await rows.insert_missing("texts", texts)
                yield rows
        except Clash as error:
            fail(f"{refused} ({error})")
        # Others may have kept more while this was on its way.
        for digest in kept:
            self._pending.pop(digest, None)

    @asynccontextmanager
    async def _exclusive(self) -> AsyncIterator[None]:
        """Hold the lock for the block, also outside a run."""
        self._require_writable()
        if self._run is not None:
            yield
            return
        await self._store.acquire(None)
        try:
            yield
        finally:
            await self._store.release()

    async def _release(self) -> None:
        self._run = None
        self._intended.clear()
        await self._store.release()

    def _require_writable(self) -> None:
        if not self._writable:
            fail(f"the journal {self._name} is open for reading only, or closed")

    def _require_run(self) -> None:
        self._require_writable()
        if self._run is None:
            fail("no run is open")


def fail(what: str) -> NoReturn:
    """Raise the error of a call that the port forbids."""
    remedy = "This is a bug of the importer; please report it with this message."
    raise JournalError(what, remedy=remedy)


def name_of(operation: Operation) -> Name:
    """Return what names an attempt at a change."""
    return operation.run, operation.change, operation.attempt


def _open(operation: Operation) -> dict[str, Cell]:
    """Return what finds its row, as long as it is open."""
    run, change, attempt = name_of(operation)
    key = str(operation.key)
    return {"run": run, "change": change, "attempt": attempt, "key": key, "state": "open"}


def of_operation(operation: Operation) -> dict[str, Cell]:
    """Return an operation's row."""
    return {
        "run": operation.run,
        "change": operation.change,
        "attempt": operation.attempt,
        "key": operation.key,
        "state": str(operation.state),
        "document": document(OPERATION, operation),
    }


def _operation_of(row: Row) -> Operation:
    return from_document(OPERATION, row["document"])


async def _mark_audited(rows: Rows) -> None:
    """Note of all runs that what they wrote was looked at: the last one looked at everything."""
    for row in await rows.select("runs"):
        run = from_document(RUN, row["document"])
        if not run.audited:
            audited = {"id": run.id, "document": document(RUN, replace(run, audited=True))}
            await rows.update("runs", audited, id=run.id)


async def _bind(rows: Rows, bindings: Sequence[Binding]) -> None:
    latest = {binding.key: binding for binding in bindings}
    cells: list[dict[str, Cell]] = [
        {"key": key, "canonical": CANONICAL, "document": document(BINDING, binding)}
        for key, binding in latest.items()
    ]
    await rows.put("bindings", "key", cells)
