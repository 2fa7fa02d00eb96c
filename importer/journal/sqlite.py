"""The journal's rows in one SQLite file, or in memory.

One connection in one process: SQLite of 3.7 to 3.51.2 can damage a WAL that two connections write
(fixed in 3.51.3). A commit takes 0.1 ms on the loop; the sync that makes it durable takes a disk
0.2 to 20 ms (measured), so it happens in a thread, and requests go on meanwhile.
"""

import contextlib
import os
import sqlite3
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from importer.errors import JournalError, LockHeld
from importer.journal.lock import FileLock, holder_of, lock_of
from importer.journal.opening import mapped, open_for_reading, open_for_writing, open_in_memory
from importer.journal.schema import DamagedRow
from importer.journal.store import Clash, Dialect, Row, Rows, Wanted
from importer.journal.syncing import Syncing
from importer.model.ids import Lineage, RunId
from importer.model.ledger import Run

__all__ = ["SqliteStore", "open_sqlite"]


def open_sqlite(path: Path | None, *, lineage: Lineage, label: str, create: bool) -> "SqliteStore":
    """Open the rows at *path*; None are rows in memory. *label* names the team in messages.

    With `create` the file is made on demand and may be written. Without it nothing is written, not
    even the file: a journal that isn't there reads as an empty one. JournalError when the file is
    damaged, of another team, of a newer format, or can't be used.
    """
    with contextlib.ExitStack() as stack:
        db, lock, log = None, None, None
        if path is not None and create:
            db = open_for_writing(path, lineage, label, stack)
            lock = FileLock(lock_of(path))
            log = _sync_by_ourselves(db, path, stack)
        elif path is not None:
            db = open_for_reading(path, lineage, label, stack)
        db = db or open_in_memory(lineage, label, stack)
        files = _files_of(path, db, log) if path is not None and lock is not None else {}
        return SqliteStore(db, path=path, lock=lock, log=log, files=files, stack=stack.pop_all())


def _sync_by_ourselves(
    db: sqlite3.Connection, path: Path, stack: contextlib.ExitStack
) -> Syncing | None:
    """Take the sync of the WAL after each commit over from SQLite; None where there is no WAL.

    That sync is all that `synchronous` FULL adds to NORMAL (https://sqlite.org/pragma.html, read on
    2026-11-26): NORMAL still syncs the WAL before a checkpoint, and the database after it.
    """
    with mapped(path):
        if db.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            return None
        # The file stays the same until the connection is closed: SQLite writes it anew in place.
        descriptor = os.open(_log_of(path), os.O_RDWR | os.O_CLOEXEC)
        stack.callback(os.close, descriptor)
        db.execute("PRAGMA synchronous = NORMAL")
        return Syncing(descriptor)


def _files_of(
    path: Path, db: sqlite3.Connection, log: Syncing | None
) -> Mapping[Path, os.stat_result]:
    """Return the files that hold what is recorded, as they are while they are open."""
    with mapped(path):
        # Until it is read, SQLite may still put others in their place.
        db.execute("SELECT count(*) FROM meta").fetchone()
        return {it: it.stat() for it in ((path, _log_of(path)) if log else (path,))}


def _log_of(path: Path) -> Path:
    """Return where SQLite keeps the log: beside the file itself, wherever links to it stand."""
    real = path.resolve()
    return real.with_name(f"{real.name}-wal")


class SqliteStore:
    """The store over one connection. Use `open_sqlite`."""

    def __init__(
        self,
        db: sqlite3.Connection,
        *,
        path: Path | None,
        lock: FileLock | None,
        log: Syncing | None,
        files: Mapping[Path, os.stat_result],
        stack: contextlib.ExitStack,
    ) -> None:
        self._db = db
        self._path = path
        self._lock = lock
        self._log = log
        self._files = files
        self._stack = stack
        self._rows = Rows(Dialect(), self)
        self._broken = ""
        self.lost = False

    async def select(self, table: str, **wanted: Wanted) -> Sequence[Row]:
        """Return rows, as `Rows.select`."""
        with mapped(self._path):
            return await self._rows.select(table, **wanted)

    @contextlib.asynccontextmanager
    async def writing(self) -> AsyncIterator[Rows]:
        """Run the block in one transaction; the block may wait for nothing but its rows.

        After a failure of the file nothing more is written: a sync that failed once can't be
        trusted to have happened the next time.
        """
        if self._broken:
            message = (
                f"the journal {self._path} failed before ({self._broken}); nothing more is written"
            )
            raise JournalError(message, remedy="Mend that and run the same command again.")
        with mapped(self._path):
            with self._transaction():
                yield self._rows
            await self._sync()

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            yield
            self._db.execute("COMMIT")
        except sqlite3.IntegrityError as error:
            self._roll_back()
            raise Clash(str(error)) from error
        except (sqlite3.Error, DamagedRow, UnicodeError) as error:
            self._broken = str(error)
            self._roll_back()
            raise
        except BaseException:
            self._roll_back()
            raise

    def _roll_back(self) -> None:
        # After some errors SQLite has rolled back by itself, and says so.
        with contextlib.suppress(sqlite3.Error):
            self._db.execute("ROLLBACK")

    async def _sync(self) -> None:
        """Return when all that was committed is on the disk. Reads may be ahead of it."""
        if self._log is None:
            return
        try:
            await self._log.sync()
        except OSError as error:
            self._broken = str(error)
            message = f"the journal {self._path}: the disk reports an error ({error})"
            remedy = "Check the disk and run the same command again."
            raise JournalError(message, remedy=remedy) from error

    async def fetch(self, sql: str, values: Sequence[Any]) -> Sequence[Row]:
        """Return the rows that a SELECT gives."""
        return [dict(row) for row in self._db.execute(sql, values)]

    async def run(self, sql: str, values: Sequence[Any]) -> None:
        """Carry out a statement that gives none."""
        self._db.execute(sql, values)

    async def acquire(self, run: Run | None) -> None:
        """Take the lock without waiting. LockHeld names the holder."""
        if self._lock is not None:
            self._lock.acquire(run)

    async def holder(self) -> RunId | None:
        """Return the run that holds the lock; None where none does. Takes nothing."""
        return None if self._path is None else holder_of(lock_of(self._path))

    async def hold(self) -> None:
        """Make sure that the lock is still held, and the journal in its place.

        An flock goes with its process alone, but somebody may have removed the file, which is
        LockHeld; or the journal itself, which is a JournalError: rows go on being written then, and
        nobody will find them.
        """
        if self._lock is None:
            return
        try:
            self._lock.require()
            self._require_in_place()
        except (LockHeld, JournalError):
            self.lost = True
            raise

    def _require_in_place(self) -> None:
        for file, opened in self._files.items():
            if _is_at(file, opened):
                continue
            message = f"the journal's file {file} was moved or deleted while the run was under way"
            remedy = (
                "Nothing more was sent. Put it back with the files beside it, or leave it: the "
                "same command goes on, and finds what was written by its markers."
            )
            raise JournalError(message, remedy=remedy)

    async def release(self) -> None:
        """Let go of the lock; safe to call twice."""
        if self._lock is not None:
            self._lock.release()

    async def close(self) -> None:
        """Let go of the file; safe to call twice."""
        try:
            if self._log is not None:
                await self._log.close()
        finally:
            with mapped(self._path):
                self._stack.close()


def _is_at(path: Path, opened: os.stat_result) -> bool:
    try:
        return os.path.samestat(path.stat(), opened)
    except OSError:
        return False
