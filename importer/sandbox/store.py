"""The team's SQLite file or memory: opening, transactions. Knows no rule of the site."""

import sqlite3
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from importer.sandbox.errors import SandboxBusyError, SandboxDiskError, SandboxError
from importer.sandbox.schema import STEPS

_MODES = slice(18, 20)
"""Where a database says whether writing and reading it needs a write-ahead log."""
_APPLICATION = 0x534F5442


class Store:
    """One SQLite connection; every statement runs on the caller's own thread.

    `before_change` is called before each outermost transaction begins.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        connection.create_function("folded", 1, _folded, deterministic=True)
        self._connection = connection
        self._depth = 0
        self.before_change: Callable[[], None] = _nothing

    def all(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Give all rows of a query."""
        return self._connection.execute(sql, parameters).fetchall()

    def one(self, sql: str, parameters: Sequence[object] = ()) -> tuple[Any, ...] | None:
        """Give the first row of a query, if any."""
        row: tuple[Any, ...] | None = self._connection.execute(sql, parameters).fetchone()
        return row

    def value(self, sql: str, parameters: Sequence[object] = ()) -> Any:
        """Give the first column of the first row; None without one."""
        row = self.one(sql, parameters)
        return row[0] if row else None

    def run(self, sql: str, parameters: Sequence[object] = ()) -> int:
        """Carry out a statement and give the id of the row it inserted, if it did."""
        return self._connection.execute(sql, parameters).lastrowid or 0

    @contextmanager
    def transaction(self, *, keep: bool = True) -> Generator[None, None, None]:
        """Commit at the end, durably; roll back on an exception, or always without `keep`.

        An inner transaction is part of the outer one.
        """
        if self._depth == 0:
            self.before_change()
            self._connection.execute("BEGIN IMMEDIATE")
        self._depth += 1
        try:
            yield
        except BaseException:
            self._end(keep=False)
            raise
        self._end(keep=keep)

    def _end(self, *, keep: bool) -> None:
        self._depth -= 1
        if self._depth:
            return
        try:
            self._connection.execute("COMMIT" if keep else "ROLLBACK")
        except sqlite3.Error:
            # A full disk, say: what can't be kept must not linger for the next one to commit.
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    def content(self) -> bytes:
        """Give all that is stored, for `opened_copy`."""
        content = bytearray(self._connection.serialize())
        # A file is in WAL mode, which a copy in memory can't be; SQLite's manual names this remedy.
        content[_MODES] = b"\1\1"
        return bytes(content)

    def close(self) -> None:
        """Let go of the file; safe to call twice."""
        self._connection.close()


def _nothing() -> None:
    pass


def _folded(text: str | None) -> str:
    """Give a text for comparisons that ignore case; SQLite's own ones know ASCII alone."""
    return (text or "").casefold()


def open_store(path: Path | None) -> Store:
    """Open or make a sandbox file, or one in memory for None; raises `SandboxError`."""
    try:
        return _open(path)
    except sqlite3.Error as error:
        if "locked" in str(error):
            text = f"{path}: another sandbox is using this file; stop it first"
            raise SandboxBusyError(text) from error
        if "not a database" in str(error):
            text = f"{path}: not a sandbox file; choose another name"
            raise SandboxError(text) from error
        text = f"{path}: can't be opened as a sandbox file: {error}"
        raise SandboxDiskError(text) from error


def opened_copy(content: bytes) -> Store:
    """Open a copy, in memory, of what another store held."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.deserialize(content)
    return Store(connection)


@cache
def _empty() -> bytes:
    """Make an empty store once: from there on a copy is five times as quick as the schema."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    store = _prepare(connection, None)
    try:
        return store.content()
    finally:
        store.close()


def _open(path: Path | None) -> Store:
    if path is None:
        return opened_copy(_empty())
    _touch(path)
    connection = sqlite3.connect(path, timeout=0, isolation_level=None)
    try:
        return _prepare(connection, path)
    except BaseException:
        connection.close()
        raise


def _touch(path: Path) -> None:
    """Make the file readable for its owner alone: it holds tokens."""
    try:
        path.touch(mode=0o600)
    except OSError as error:
        text = f"{path}: can't be written: {error.strerror}"
        raise SandboxDiskError(text) from error


def _prepare(connection: sqlite3.Connection, path: Path | None) -> Store:
    # Exclusive: a second process would answer from state it doesn't know to be old.
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    application, version, tables = (
        connection.execute(sql).fetchone()[0]
        for sql in (
            "PRAGMA application_id",
            "PRAGMA user_version",
            "SELECT count(*) FROM sqlite_master",
        )
    )
    if tables and application != _APPLICATION:
        text = f"{path}: a database, but not a sandbox's; choose another name"
        raise SandboxError(text)
    known = len(STEPS)
    if version > known:
        text = f"{path}: written by a newer version (format {version}); this one knows {known}"
        raise SandboxError(text)
    # NORMAL loses nothing when the process is killed; only a power cut could.
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    if version < known:
        steps = "".join(STEPS[version if tables else 0 :])
        connection.executescript(
            f"BEGIN EXCLUSIVE; {steps}"
            f"PRAGMA application_id = {_APPLICATION}; PRAGMA user_version = {known}; COMMIT;"
        )
    return Store(connection)
