"""Opens the journal's file: makes it, checks it, or reads it where nothing may be written."""

import logging
import os
import shutil
import sqlite3
import stat
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from importer.errors import JournalError
from importer.journal.lock import lock_of
from importer.journal.schema import (
    APPLICATION_ID,
    DDL,
    REBUILD,
    VERSION,
    DamagedRow,
    seal,
    sealed,
)
from importer.model.ids import Lineage

__all__ = [
    "damaged",
    "mapped",
    "obstacle",
    "open_for_reading",
    "open_for_writing",
    "open_in_memory",
    "owner_of",
]

_LOGGER = logging.getLogger(__name__)
_MODE = 0o600
_FOLDER_MODE = 0o700
_BUSY_S = 5.0
_MAGIC = b"SQLite format 3\0"
# Where the head of a database has these (https://sqlite.org/fileformat2.html, read 2026-11-26): the
# user's version, the application's id, and what its first page says of the tables there are.
_VERSION_AT, _APPLICATION_AT, _TABLES_AT, _HEAD = 60, 68, 100, 108
_NO_TABLES = b"\x0d\0\0\0\0"
_META = {"lineage", "label"}
_IDENTITY = ("application_id", "user_version")
# STRICT tables came with 3.37, JSON functions in every build with 3.38.
_OLDEST = (3, 38)


def open_in_memory(lineage: Lineage, label: str, stack: ExitStack) -> sqlite3.Connection:
    """Return an empty journal that lives as long as its connection."""
    db = _connect("file::memory:", stack)
    _lay(db, lineage, label)
    return db


def open_for_writing(
    path: Path, lineage: Lineage, label: str, stack: ExitStack
) -> sqlite3.Connection:
    """Open the journal at *path*, made on demand (mode 0600, its folder 0700).

    WAL with every commit synced; where WAL can't be had, a rollback journal. JournalError when the
    file is damaged, foreign, of a newer format, no journal, or can't be written.
    """
    with mapped(path):
        if (found := obstacle(path)) is not None:
            raise found
        _make(path)
        db = _connect(_uri(path, "mode=rw"), stack)
        fresh = _is_fresh(db)
        if not fresh:
            _require_ours(db, path, lineage, label)
        _close_to_others(path)
        _write_ahead(db)
        if fresh:
            _lay(db, lineage, label)
            # Another process may have been faster, for another team.
            _require_ours(db, path, lineage, label)
    return db


def open_for_reading(
    path: Path, lineage: Lineage, label: str, stack: ExitStack
) -> sqlite3.Connection | None:
    """Open the journal at *path* so that nothing can be written; None when there is none yet.

    A killed run leaves a `-wal` behind, which holds acknowledged rows. Reading it takes a `-shm`
    beside it; where the folder may not be written, the journal is read from a private copy.
    """
    with mapped(path):
        if not path.exists():
            return None
        _require_file(path)
        db = _connect_for_reading(path, stack)
        if _is_fresh(db):
            return None
        _require_ours(db, path, lineage, label)
    return db


def obstacle(path: Path) -> JournalError | None:
    """Return what stands in a journal's place at *path* or beside it, so that none can be written.

    A reader would take it for a journal that isn't there yet.
    """
    if path.is_symlink() and not path.resolve().parent.is_dir():
        message = f"the journal {path} is a link to {path.resolve()}, whose folder isn't there"
        remedy = (
            "Bring that folder back (is its disk mounted?). Or remove the link: the next plan "
            "finds every post by its marker and binds it again."
        )
        return JournalError(message, remedy=remedy)
    lock = lock_of(path)
    if lock.is_dir():
        message = f"the journal's lock {lock} is a folder; it has to be a file"
        return JournalError(message, remedy="Remove the folder: the file is made by itself.")
    return None


def owner_of(path: Path) -> tuple[Lineage, str] | None:
    """Return whose the journal at *path* is: its lineage, and its label for people.

    None when there is none, or an empty one. JournalError as `open_for_reading`.
    """
    with ExitStack() as stack, mapped(path):
        if not path.exists():
            return None
        _require_file(path)
        db = _connect_for_reading(path, stack)
        if _is_fresh(db):
            return None
        _require_format(db, path)
        meta = {row["name"]: row["value"] for row in _meta(db)}
        if meta.keys() != _META:
            raise damaged(path, "it doesn't say whose it is")
        return Lineage(meta["lineage"]), meta["label"]


def _connect_for_reading(path: Path, stack: ExitStack) -> sqlite3.Connection:
    try:
        return _connect_read_only(_uri(path, "mode=rw"), stack)
    except sqlite3.OperationalError:
        wal, shared = (path.with_name(f"{path.name}-{end}") for end in ("wal", "shm"))
        if not wal.exists() or not wal.stat().st_size:
            return _connect_read_only(_uri(path, "immutable=1"), stack)
        if shared.exists():
            return _connect_read_only(_uri(path, "mode=ro"), stack)
        # Without a -shm nobody has it open, so the two files fit each other.
        return _connect_to_copy(path, wal, stack)


def _connect_to_copy(path: Path, wal: Path, stack: ExitStack) -> sqlite3.Connection:
    copy = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "journal.db"
    shutil.copyfile(path, copy)
    shutil.copyfile(wal, copy.with_name(f"{copy.name}-wal"))
    return _connect_read_only(_uri(copy, "mode=rw"), stack)


def _connect_read_only(uri: str, stack: ExitStack) -> sqlite3.Connection:
    db = _connect(uri, stack)
    db.execute("PRAGMA query_only = ON")
    db.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    return db


def _connect(uri: str, stack: ExitStack) -> sqlite3.Connection:
    if sqlite3.sqlite_version_info < _OLDEST:
        message = f"this Python's SQLite is {sqlite3.sqlite_version}; the journal needs 3.38"
        raise JournalError(message, remedy="Use a Python that was built with a newer SQLite.")
    db = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=_BUSY_S)
    stack.callback(db.close)
    db.row_factory = sqlite3.Row
    db.execute("PRAGMA foreign_keys = ON")
    return db


def _uri(path: Path, options: str) -> str:
    # As bytes: a folder's name need not be UTF-8.
    return f"file:{quote(os.fsencode(path.absolute()))}?{options}"


def _make(path: Path) -> None:
    path.parent.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
    if not path.exists():
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _MODE))
    # Of what can't be read nobody knows what it is: that it may not be written says enough.
    if os.access(path, os.R_OK):
        _require_file(path)
    _require_writable(path)


def _close_to_others(path: Path) -> None:
    """Take the rights of others off a journal that is known to be ours, and off what is beside."""
    for file in _with_beside(path):
        mode = stat.S_IMODE(file.stat().st_mode) if file.exists() else _MODE
        if mode & ~_MODE:
            file.chmod(mode & _MODE)
            if file == path:
                text = "the journal %s was open to others (mode %04o); now it isn't"
                _LOGGER.warning(text, path, mode)


def _with_beside(path: Path) -> tuple[Path, ...]:
    return path, *(path.with_name(f"{path.name}-{end}") for end in ("wal", "shm"))


def _require_writable(path: Path) -> None:
    """Refuse before SQLite makes its files beside *path*: as unwritable as that, they stay so."""
    for file in _with_beside(path):
        if file.exists() and not os.access(file, os.W_OK):
            message = f"the journal {path}: {file.name} may not be written"
            raise JournalError(message, remedy=f"Make {file} and its folder writable for you.")


def _require_file(path: Path) -> None:
    if not path.is_file():
        message = f"the journal {path} is not a file"
        raise JournalError(message, remedy="Name another file with --journal.")
    with path.open("rb") as file:
        head = file.read(_HEAD)
    # SQLite takes a file shorter than one page for an empty one, and would write over it.
    if head and (head[: len(_MAGIC)] != _MAGIC or len(head) < _HEAD):
        raise damaged(path, "it is not a database")
    if head and not _may_be_ours(path, head):
        raise _foreign(path)


def _may_be_ours(path: Path, head: bytes) -> bool:
    """Tell whether a database is a journal, or empty, without opening it: that may change it.

    The last to close a database brings what a killed program has left in its log into it.
    """
    version, application, tables = (
        head[_VERSION_AT : _VERSION_AT + 4],
        int.from_bytes(head[_APPLICATION_AT : _APPLICATION_AT + 4], "big"),
        head[_TABLES_AT : _TABLES_AT + 5],
    )
    if application == APPLICATION_ID:
        return True
    if application or any(version) or tables != _NO_TABLES:
        return False
    wal = path.with_name(f"{path.name}-wal")
    if not wal.exists() or not wal.stat().st_size:
        return True
    # All there is is in the log: of a journal that was killed in the making, or of another program.
    with ExitStack() as stack:
        db = _connect_to_copy(path, wal, stack)
        return _is_fresh(db) or _identity(db)[0] == APPLICATION_ID


def _write_ahead(db: sqlite3.Connection) -> None:
    mode = ""
    with suppress(sqlite3.OperationalError):
        mode = db.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    if mode == "wal":
        db.execute("PRAGMA synchronous = FULL")
    else:
        db.execute("PRAGMA journal_mode = DELETE")
        # Beside a rollback journal, FULL doesn't sync the folder: a commit could come undone.
        db.execute("PRAGMA synchronous = EXTRA")


def _is_fresh(db: sqlite3.Connection) -> bool:
    return not any(_identity(db)) and not _tables(db)


def _identity(db: sqlite3.Connection) -> tuple[int, int]:
    """Return the application's id and the format's version."""
    application, version = (db.execute(f"PRAGMA {name}").fetchone()[0] for name in _IDENTITY)
    return application, version


def _tables(db: sqlite3.Connection) -> list[tuple[str, ...]]:
    sql = "SELECT type, name, sql FROM sqlite_schema ORDER BY type, name"
    return [tuple(row) for row in db.execute(sql)]


def _lay(db: sqlite3.Connection, lineage: Lineage, label: str) -> None:
    db.execute("BEGIN IMMEDIATE")
    try:
        if _is_fresh(db):
            for statement in DDL:
                db.execute(statement)
            for name, value in (("lineage", lineage), ("label", label)):
                row = seal({"name": name, "value": value})
                db.execute("INSERT INTO meta VALUES (:name, :value, :seal)", row)
            db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            db.execute(f"PRAGMA user_version = {VERSION}")
        db.execute("COMMIT")
    except BaseException:
        # After some errors SQLite has rolled back by itself; that would hide what went wrong.
        with suppress(sqlite3.Error):
            db.execute("ROLLBACK")
        raise


def _require_ours(db: sqlite3.Connection, path: Path, lineage: Lineage, label: str) -> None:
    _require_format(db, path)
    if _tables(db) != _expected_tables():
        raise damaged(path, "its tables are not the journal's")
    found = db.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if found != "ok":
        raise damaged(path, found)
    meta = {row["name"]: row["value"] for row in _meta(db)}
    if meta.keys() != _META:
        raise damaged(path, "it doesn't say whose it is")
    if meta["lineage"] != lineage:
        message = f"the journal {path} belongs to {meta['label']}; this run is for {label}"
        raise JournalError(message, remedy="Name this team's own journal with --journal.")


def _meta(db: sqlite3.Connection) -> list[Mapping[str, Any]]:
    return [sealed(dict(row)) for row in db.execute("SELECT * FROM meta")]


def _require_format(db: sqlite3.Connection, path: Path) -> None:
    application, version = _identity(db)
    if application != APPLICATION_ID:
        raise _foreign(path)
    if version > VERSION:
        message = f"the journal {path} was written by a newer importer (format {version})"
        raise JournalError(message, remedy="Use that release, or a later one.")
    if version < VERSION:
        raise damaged(path, "it names no format")


def _foreign(path: Path) -> JournalError:
    message = f"{path} is a database of another program, not a journal"
    return JournalError(message, remedy="Name another file with --journal.")


@cache
def _expected_tables() -> list[tuple[str, ...]]:
    """Return what SQLite makes of the DDL, which is the same for the life of the process."""
    with closing(sqlite3.connect(":memory:")) as db:
        for statement in DDL:
            db.execute(statement)
        return _tables(db)


def damaged(path: Path | None, found: str) -> JournalError:
    """Return the error for a journal that can't be trusted, with the way out."""
    return JournalError(f"the journal {path} is damaged: {found}", remedy=REBUILD)


@contextmanager
def mapped(path: Path | None) -> Iterator[None]:
    """Turn whatever SQLite or the file system raises into a JournalError with a way out."""
    try:
        yield
    except DamagedRow as error:
        raise damaged(path, error.found) from error
    except UnicodeError as error:
        raise damaged(path, str(error)) from error
    except sqlite3.Error as error:
        raise _journal_error(path, error) from error
    except OSError as error:
        message = f"the journal {path} can't be used: {error.strerror or error}"
        remedy = "Check that the folder exists, is yours, and has room."
        raise JournalError(message, remedy=remedy) from error


_REMEDIES = {
    "SQLITE_FULL": ("the disk is full", "Make room and run the same command again."),
    "SQLITE_READONLY": ("it may not be written", "Make the file and its folder writable for you."),
    "SQLITE_CANTOPEN": ("it can't be opened", "Check that the folder exists and is yours."),
    "SQLITE_PERM": ("it may not be opened", "Make the file and its folder yours."),
    "SQLITE_BUSY": ("another program has it open", "End that program and try again."),
    "SQLITE_LOCKED": ("another program has it open", "End that program and try again."),
    "SQLITE_IOERR": ("the disk reports an error", "Check the disk and run the same command again."),
}
_DAMAGE = ("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_FORMAT", "SQLITE_SCHEMA", "SQLITE_ERROR")


def _journal_error(path: Path | None, error: sqlite3.Error) -> JournalError:
    if isinstance(error, sqlite3.ProgrammingError):
        return JournalError(f"the journal {path}: {error}", remedy="Please report this as a bug.")
    name = str(getattr(error, "sqlite_errorname", "SQLITE_ERROR"))
    for prefix, (what, remedy) in _REMEDIES.items():
        if name.startswith(prefix):
            return JournalError(f"the journal {path}: {what} ({error})", remedy=remedy)
    if name.startswith(_DAMAGE):
        return damaged(path, str(error))
    return JournalError(f"the journal {path}: {error} ({name})", remedy=REBUILD)
