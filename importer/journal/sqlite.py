"""The journal in one SQLite file, or in memory.

One connection in one process: SQLite of 3.7 to 3.51.2 can damage a WAL that two connections write
(fixed in 3.51.3). A commit takes 0.2 ms (measured), so it happens on the loop, without a thread.
"""

import contextlib
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from importer.errors import ExitCode, JournalError
from importer.journal.lock import FileLock
from importer.journal.opening import mapped, open_for_reading, open_for_writing, open_in_memory
from importer.journal.schema import (
    BINDING,
    OPERATION,
    RUN,
    Cell,
    DamagedRow,
    document,
    from_document,
    insert,
    sealed,
    update,
    value_from_json,
    value_to_json,
)
from importer.model.fields import Value
from importer.model.ids import Key, Lineage, RunId, Verb
from importer.model.ledger import Binding, Ledger, Operation, Run, State
from importer.model.report import Report
from importer.ports import Clock, Journal
from importer.text.canonical import VERSION as CANONICAL
from importer.text.digests import Digest

__all__ = ["SqliteJournal", "open_journal"]

_CHUNK = 500


def open_journal(
    path: Path | None, *, lineage: Lineage, label: str, clock: Clock, create: bool
) -> Journal:
    """Open the journal at *path*; None is one in memory. *label* names the team in messages.

    With `create` the file is made on demand and may be written. Without it nothing is written, not
    even the file: a journal that isn't there reads as an empty one. JournalError when the file is
    damaged, of another team, of a newer format, or can't be used.
    """
    with contextlib.ExitStack() as stack:
        db, lock = None, None
        if path is not None and create:
            db = open_for_writing(path, lineage, label, stack)
            lock = FileLock(path.with_name(f"{path.name}.lock"))
        elif path is not None:
            db = open_for_reading(path, lineage, label, stack)
        return SqliteJournal(
            db or open_in_memory(lineage, label, stack),
            lineage=lineage,
            path=path,
            lock=lock,
            clock=clock,
            writable=create,
            stack=stack.pop_all(),
        )


class SqliteJournal:
    """The port `Journal` over one connection. Use `open_journal`."""

    def __init__(
        self,
        db: sqlite3.Connection,
        *,
        lineage: Lineage,
        path: Path | None,
        lock: FileLock | None,
        clock: Clock,
        writable: bool,
        stack: contextlib.ExitStack,
    ) -> None:
        self._db = db
        self._lineage = lineage
        self._path = path
        self._lock = lock
        self._clock = clock
        self._writable = writable
        self._stack = stack
        self._run: RunId | None = None
        self._pending: dict[Digest, Value] = {}
        self._broken = ""

    async def ledger(self) -> Ledger:
        """Return what planning needs.

        `exists` is false for an empty journal too: it knows as little as none. `watermark` is the
        start of the last run that ended; `canonical_version` the oldest among the bases.
        """
        with mapped(self._path):
            runs = self._runs()
            bindings = [sealed(row) for row in self._db.execute(_BINDINGS)]
            ended = [run for run in runs if run.ended_at is not None]
            return Ledger(
                lineage=self._lineage,
                serial=len(ended),
                bindings={
                    Key(row["key"]): from_document(BINDING, row["document"]) for row in bindings
                },
                open=self._operations("WHERE state = 'open'"),
                rejected=self._operations(_REJECTED),
                consumed=frozenset(it.plan_digest for it in ended if it.exit_code in _COMPLETE),
                watermark=max((run.started_at for run in ended), default=None),
                canonical_version=min((row["canonical"] for row in bindings), default=None),
                exists=bool(runs or bindings),
            )

    async def texts(self, digests: Sequence[Digest]) -> Mapping[Digest, Value]:
        """Return the stored values among *digests*, those kept and not yet committed included."""
        wanted = sorted(set(digests))
        found = {digest: self._pending[digest] for digest in wanted if digest in self._pending}
        with mapped(self._path):
            for start in range(0, len(wanted), _CHUNK):
                part = wanted[start : start + _CHUNK]
                marks = ", ".join("?" for _ in part)
                sql = f"SELECT * FROM texts WHERE digest IN ({marks})"  # noqa: S608 - marks only
                rows = (sealed(row) for row in self._db.execute(sql, part))
                found |= {Digest(row["digest"]): value_from_json(row["value"]) for row in rows}
        return found

    async def keep(self, values: Sequence[tuple[Digest, Value]]) -> None:
        """Store values under their digests; they go into the next commit."""
        self._require_writable()
        self._pending |= dict(values)

    async def begin(self, run: Run) -> None:
        """Open a run and take the lock. LockHeld names the holder."""
        self._require_writable()
        if self._run is not None:
            _fail(f"the run {self._run} is still open")
        if self._lock is not None:
            self._lock.acquire(run)
        try:
            with self._commit(f"a run {run.id} is in the journal already") as db:
                insert(db, "runs", {"id": run.id, "document": document(RUN, run)}, "INSERT")
        except BaseException:
            self._release()
            raise
        self._run = run.id

    async def intend(self, operation: Operation) -> None:
        """Record an OPEN operation, durable on return. At most one may be open per key."""
        self._require_run()
        if operation.state is not State.OPEN:
            _fail(f"{operation.change} is {operation.state}, not open")
        stamped = replace(operation, opened_at=operation.opened_at or self._clock.now())
        with self._commit(f"an operation on {operation.key} is open already") as db:
            insert(db, "operations", _cells(stamped), "INSERT")

    async def hold(self) -> None:
        """Make sure that a run is open: its flock is ours as long as this process lives."""
        self._require_run()

    async def settle(self, operation: Operation, binding: Binding | None) -> None:
        """Record the end of an OPEN operation (compare-and-set on run, change and attempt)."""
        self._require_run()
        if operation.state is State.OPEN:
            _fail(f"{operation.change} can't be settled as open")
        with self._commit(f"{operation.change} can't be settled") as db:
            number, stored = self._stored_open(operation)
            ended = replace(
                stored,
                state=operation.state,
                ref=operation.ref or stored.ref,
                ended_at=operation.ended_at or self._clock.now(),
                evidence=operation.evidence or stored.evidence,
            )
            update(db, "operations", number, _cells(ended))
            if operation.verb is Verb.DELETE and operation.state is State.DONE:
                db.execute("DELETE FROM bindings WHERE key = ?", (operation.key,))
            elif binding is not None:
                _bind(db, binding)

    async def bind(self, bindings: Sequence[Binding]) -> None:
        """Remember these bindings, whole, replacing those of the same keys."""
        with self._exclusive(), self._commit("the bindings can't be written") as db:
            for binding in bindings:
                _bind(db, binding)

    async def unbind(self, keys: Sequence[Key]) -> None:
        """Forget the bindings of these keys."""
        with self._exclusive(), self._commit("the bindings can't be removed") as db:
            db.executemany("DELETE FROM bindings WHERE key = ?", [(key,) for key in keys])

    async def end(self, run: Run, report: Report) -> None:
        """Close the run and let go of the lock, also when the last commit fails."""
        if run.id != self._run:
            _fail(f"the run {run.id} is not open")
        try:
            ended = self._ended(run, report)
            with self._commit(f"the run {run.id} can't be closed") as db:
                sql = "SELECT number FROM runs WHERE id = ?"
                (number,) = db.execute(sql, (run.id,)).fetchone()
                update(db, "runs", number, {"id": run.id, "document": document(RUN, ended)})
        finally:
            self._release()

    async def runs(self) -> Sequence[Run]:
        """Return all runs, oldest first. One without an end is running or was killed."""
        with mapped(self._path):
            return self._runs()

    async def history(
        self, run: RunId | None = None, key: Key | None = None
    ) -> Sequence[Operation]:
        """Return operations, oldest first, of one run, of one key, of both, or all."""
        asked = {"run": run, "key": key}
        given = {name: value for name, value in asked.items() if value is not None}
        where = " AND ".join(f"{name} = ?" for name in given)
        with mapped(self._path):
            return self._operations(f"WHERE {where}" if where else "", *given.values())

    async def close(self) -> None:
        """Let go of the file and the lock; safe to call twice."""
        self._writable = False
        self._release()
        with mapped(self._path):
            self._stack.close()

    def _ended(self, run: Run, report: Report) -> Run:
        states = Counter(str(result.state) for result in report.results)
        return replace(
            run,
            ended_at=report.ended_at or self._clock.now(),
            outcome=report.stopped_by or ExitCode(report.exit_code).name.lower(),
            exit_code=report.exit_code,
            counts=dict(sorted(states.items())),
        )

    def _runs(self) -> tuple[Run, ...]:
        rows = self._db.execute("SELECT * FROM runs ORDER BY number")
        return tuple(from_document(RUN, sealed(row)["document"]) for row in rows)

    def _operations(self, where: str, *values: str) -> tuple[Operation, ...]:
        sql = f"SELECT * FROM operations {where} ORDER BY number"  # noqa: S608 - our own clauses
        rows = self._db.execute(sql, values)
        return tuple(from_document(OPERATION, sealed(row)["document"]) for row in rows)

    def _stored_open(self, operation: Operation) -> tuple[int, Operation]:
        name = (operation.run, operation.change, operation.attempt)
        row = self._db.execute(_OPEN, name).fetchone()
        if row is None:
            _fail(f"{operation.run}: {operation.change} #{operation.attempt} is not open")
        return row["number"], from_document(OPERATION, sealed(row)["document"])

    @contextlib.contextmanager
    def _commit(self, refused: str) -> Iterator[sqlite3.Connection]:
        """Run the block in one transaction with everything kept so far.

        *refused* says what it means when a constraint fails. After any other failure nothing more
        is written: a sync that failed once can't be trusted to have happened the next time.
        """
        self._require_writable()
        with mapped(self._path):
            try:
                self._db.execute("BEGIN IMMEDIATE")
                for digest, value in self._pending.items():
                    cells = {"digest": digest, "value": value_to_json(value)}
                    insert(self._db, "texts", cells, "INSERT OR IGNORE")
                yield self._db
                self._db.execute("COMMIT")
            except sqlite3.IntegrityError as error:
                self._roll_back()
                _fail(f"{refused} ({error})")
            except (sqlite3.Error, DamagedRow, UnicodeError) as error:
                self._broken = str(error)
                self._roll_back()
                raise
            except BaseException:
                self._roll_back()
                raise
        self._pending.clear()

    def _roll_back(self) -> None:
        # After some errors SQLite has rolled back by itself, and says so.
        with contextlib.suppress(sqlite3.Error):
            self._db.execute("ROLLBACK")

    @contextlib.contextmanager
    def _exclusive(self) -> Iterator[None]:
        """Hold the lock for the block, also outside a run."""
        self._require_writable()
        if self._lock is None or self._lock.held:
            yield
            return
        self._lock.acquire(None)
        try:
            yield
        finally:
            self._lock.release()

    def _release(self) -> None:
        self._run = None
        if self._lock is not None:
            self._lock.release()

    def _require_writable(self) -> None:
        if not self._writable:
            _fail(f"the journal {self._path} is open for reading only, or closed")
        if self._broken:
            message = (
                f"the journal {self._path} failed before ({self._broken}); nothing more is written"
            )
            raise JournalError(message, remedy="Mend that and run the same command again.")

    def _require_run(self) -> None:
        self._require_writable()
        if self._run is None:
            _fail("no run is open")


# A plan that was carried out only partly goes on with the same file; one that is through is used.
_COMPLETE = (ExitCode.DONE, ExitCode.DECISION)
_BINDINGS = "SELECT * FROM bindings ORDER BY key"
_OPEN = "SELECT * FROM operations WHERE run = ? AND change = ? AND attempt = ? AND state = 'open'"
_REJECTED = (
    "WHERE state = 'rejected' AND number IN (SELECT max(number) FROM operations GROUP BY change)"
)


def _fail(what: str) -> NoReturn:
    remedy = "This is a bug of the importer; please report it with this message."
    raise JournalError(what, remedy=remedy)


def _cells(operation: Operation) -> dict[str, Cell]:
    return {
        "run": operation.run,
        "change": operation.change,
        "attempt": operation.attempt,
        "key": operation.key,
        "state": str(operation.state),
        "document": document(OPERATION, operation),
    }


def _bind(db: sqlite3.Connection, binding: Binding) -> None:
    cells: dict[str, Cell] = {
        "key": binding.key,
        "canonical": CANONICAL,
        "document": document(BINDING, binding),
    }
    insert(db, "bindings", cells, "INSERT OR REPLACE")
