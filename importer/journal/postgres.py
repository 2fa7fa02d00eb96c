"""The journal's rows in a PostgreSQL database: several runners, teams and namespaces share one.

The lock is a session's advisory lock, taken on the one connection that writes: a commit on it
proves that the lock was held, and a killed run's lock goes with its connection. Where the
connection is lost, so is the lock, and nothing more is written.
"""

import asyncio
import hashlib
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, NoReturn

from importer.errors import ImporterError, JournalError, LockHeld, UsageError
from importer.journal.lock import held_by, note_of, run_in
from importer.journal.place import Server
from importer.journal.schema import VERSION, DamagedRow, seal, sealed
from importer.journal.store import Clash, Dialect, Row, Rows, Wanted
from importer.model.ids import Lineage, RunId
from importer.model.ledger import Run

try:
    from psycopg import AsyncConnection, Error, IntegrityError, errors
    from psycopg.conninfo import conninfo_to_dict, make_conninfo
    from psycopg.rows import DictRow, dict_row
except ImportError as missing:
    _message = f"a journal in PostgreSQL needs psycopg, which can't be used ({missing})"
    raise UsageError(_message, remedy="pip install 'teams-importer[postgres]'") from missing

__all__ = ["PostgresStore"]

SCHEMA = "teams_importer"

# Names sort by their bytes, as in SQLite; a document is text, for jsonb holds no NUL.
_DDL = (
    """CREATE TABLE teams_importer.meta (
  name text COLLATE "C" PRIMARY KEY,
  value text NOT NULL,
  seal bigint NOT NULL
)""",
    """CREATE TABLE teams_importer.holders (
  lineage text COLLATE "C" PRIMARY KEY,
  backend integer NOT NULL,
  note text NOT NULL
)""",
    """CREATE TABLE teams_importer.runs (
  lineage text COLLATE "C" NOT NULL,
  number bigint GENERATED ALWAYS AS IDENTITY,
  id text COLLATE "C" NOT NULL,
  document text NOT NULL,
  seal bigint NOT NULL,
  PRIMARY KEY (lineage, number),
  CONSTRAINT one_run_per_id UNIQUE (lineage, id)
)""",
    """CREATE TABLE teams_importer.operations (
  lineage text COLLATE "C" NOT NULL,
  number bigint GENERATED ALWAYS AS IDENTITY,
  run text COLLATE "C" NOT NULL,
  change text COLLATE "C" NOT NULL,
  attempt integer NOT NULL,
  key text COLLATE "C" NOT NULL,
  state text NOT NULL CHECK (state IN ('open', 'done', 'rejected', 'absent')),
  document text NOT NULL,
  seal bigint NOT NULL,
  PRIMARY KEY (lineage, number),
  CONSTRAINT one_operation_per_attempt UNIQUE (lineage, run, change, attempt),
  FOREIGN KEY (lineage, run) REFERENCES teams_importer.runs (lineage, id)
)""",
    """CREATE UNIQUE INDEX one_open_operation_per_key
  ON teams_importer.operations (lineage, key) WHERE state = 'open'""",
    "CREATE INDEX operations_by_key ON teams_importer.operations (lineage, key)",
    "CREATE INDEX operations_by_change ON teams_importer.operations (lineage, change)",
    """CREATE TABLE teams_importer.bindings (
  lineage text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  canonical integer NOT NULL,
  document text NOT NULL,
  seal bigint NOT NULL,
  PRIMARY KEY (lineage, key)
)""",
    """CREATE TABLE teams_importer.texts (
  lineage text COLLATE "C" NOT NULL,
  digest text COLLATE "C" NOT NULL,
  value text NOT NULL,
  seal bigint NOT NULL,
  PRIMARY KEY (lineage, digest)
)""",
)
_RELATIONS = frozenset(
    {"meta", "holders", "runs", "operations", "bindings", "texts"}
    | {"meta_pkey", "holders_pkey", "runs_pkey", "operations_pkey", "bindings_pkey", "texts_pkey"}
    | {"runs_number_seq", "operations_number_seq", "one_run_per_id", "one_operation_per_attempt"}
    | {"one_open_operation_per_key", "operations_by_key", "operations_by_change"}
)

# What the URL says goes before these. A dead peer is noticed within a minute by either side: here
# by libpq, on the server by the settings below.
_CONNECTION = {
    "connect_timeout": "10",
    "keepalives_idle": "20",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "50000",
    "application_name": "teams-importer",
}
_SETTINGS = {
    "synchronous_commit": "on",
    "statement_timeout": "30s",
    "lock_timeout": "20s",
    "tcp_keepalives_idle": "20",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "50s",
    # An apply may wait for hours for its quota, and its lock has to wait with it.
    "idle_session_timeout": "0",
}
# The oldest release that its makers still mend, and the first with all these settings.
_OLDEST = 140_000
_ANSWER_S = 45.0

_FIND_RELATIONS = """SELECT relname FROM pg_catalog.pg_class
JOIN pg_catalog.pg_namespace ON pg_namespace.oid = relnamespace WHERE nspname = %s"""
_IS_HELD = """SELECT count(*) = 1 AS held FROM pg_catalog.pg_locks
WHERE locktype = 'advisory' AND pid = pg_catalog.pg_backend_pid() AND granted AND objsubid = 1
AND classid = %s::bigint::oid AND objid = %s::bigint::oid"""
_HOLDER = """SELECT note FROM teams_importer.holders JOIN pg_catalog.pg_locks ON pid = backend
WHERE lineage = %s AND locktype = 'advisory' AND granted AND objsubid = 1
AND classid = %s::bigint::oid AND objid = %s::bigint::oid"""
_NOTE = """INSERT INTO teams_importer.holders (lineage, backend, note)
VALUES (%s, pg_catalog.pg_backend_pid(), %s)
ON CONFLICT (lineage) DO UPDATE SET backend = excluded.backend, note = excluded.note"""


class PostgresStore:
    """The store over one connection, made when it is first needed."""

    def __init__(self, server: Server, lineage: Lineage, *, create: bool) -> None:
        self._server = server
        self._lineage = lineage
        self._create = create
        self._key = _key(f"{SCHEMA}:{lineage}")
        dialect = Dialect("%s", "= ANY(%s)", list, f"{SCHEMA}.", {"lineage": lineage})
        self._rows = Rows(dialect, self)
        self._turn = asyncio.Lock()
        self._connection: AsyncConnection[DictRow] | None = None
        self._is_ready = self._is_laid = False
        self._held = False
        self._closed = False
        self.lost = False

    async def select(self, table: str, **wanted: Wanted) -> Sequence[Row]:
        """Return rows, as `Rows.select`; none where there is no journal yet."""
        async with self._session():
            return await self._rows.select(table, **wanted) if self._is_laid else ()

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Rows]:
        """Run the block in one transaction, which ends by proving that the lock is held.

        Its statements go out together (a pipeline): a commit takes two round trips (measured), not
        one for each. psycopg's own transaction() would wait for the server at either end.
        """
        async with self._session() as connection:
            try:
                async with connection.pipeline():
                    await self.run("BEGIN", [])
                    yield self._rows
                    await self._require_lock()
                    await self.run("COMMIT", [])
            except BaseException:
                await _roll_back(connection)
                raise

    async def fetch(self, sql: str, values: Sequence[Any]) -> Sequence[Row]:
        """Return the rows that a SELECT gives."""
        cursor = await self._connected.execute(sql.encode(), values)
        return await cursor.fetchall()

    async def run(self, sql: str, values: Sequence[Any]) -> None:
        """Carry out a statement that gives none."""
        await self._connected.execute(sql.encode(), values)

    async def acquire(self, run: Run | None) -> None:
        """Take the lock without waiting. LockHeld names the holder."""
        self.lost = False
        async with self._session():
            (row,) = await self.fetch("SELECT pg_try_advisory_lock(%s) AS taken", [self._key])
            if not row["taken"]:
                notes = await self.fetch(_HOLDER, [self._lineage, *_halves(self._key)])
                raise held_by(notes[0]["note"] if notes else "", f"lock in {self._server}")
            self._held = True
        try:
            async with self._session():
                await self.run(_NOTE, [self._lineage, note_of(run)])
        except BaseException:
            await self.release()
            raise

    async def holder(self) -> RunId | None:
        """Return the run that holds the lock; None where none does. Takes nothing."""
        async with self._session():
            if not self._is_laid:
                return None
            notes = await self.fetch(_HOLDER, [self._lineage, *_halves(self._key)])
            return run_in(notes[0]["note"]) if notes else None

    async def hold(self) -> None:
        """Ask the server whether the lock is still held; LockHeld when it isn't."""
        async with self._session():
            await self._require_lock()

    async def release(self) -> None:
        """Let go of the lock; safe to call twice."""
        self.lost = False
        if not self._held:
            return
        self._held = False
        try:
            async with self._session():
                sql = "DELETE FROM teams_importer.holders WHERE lineage = %s"
                await self.run(sql, [self._lineage])
                await self.fetch("SELECT pg_advisory_unlock(%s)", [self._key])
        except ImporterError:
            await self._drop()

    async def close(self) -> None:
        """Let go of the connection, and with it of the lock; safe to call twice."""
        self._closed = True
        await self._drop()

    @property
    def _connected(self) -> AsyncConnection[DictRow]:
        if self._connection is None:
            message = f"the journal {self._server} is not connected"
            raise JournalError(message, remedy="Please report this as a bug.")
        return self._connection

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[AsyncConnection[DictRow]]:
        """Give the connection to one task at a time; what psycopg raises becomes our own."""
        async with self._turn:
            if self._closed:
                message = f"the journal {self._server} is closed"
                raise JournalError(message, remedy="Please report this as a bug.")
            if self.lost:
                raise self._lock_lost()
            try:
                async with asyncio.timeout(_ANSWER_S):
                    if not self._is_ready:
                        await self._connect()
                    yield self._connected
            except DamagedRow as error:
                raise _damaged(self._server, error.found) from error
            except IntegrityError as error:
                raise Clash(_first_line(error)) from error
            except UnicodeError as error:
                raise _damaged(self._server, str(error)) from error
            except (Error, TimeoutError) as error:
                await self._judge(error)

    async def _judge(self, error: Exception) -> NoReturn:
        said = self._server.redact(_first_line(error))
        if self._connection is not None and not self._connection.closed:
            if not isinstance(error, TimeoutError):
                raise _refused(self._server, error, said) from error
            said = f"no answer within {_ANSWER_S:g} s"
        elif isinstance(error, TimeoutError):
            said = f"no answer within {_ANSWER_S:g} s"
        was_connected, was_held = self._connection is not None, self._held
        await self._drop()
        if was_held:
            self.lost = True
            raise self._lock_lost(said) from error
        what = "was lost" if was_connected else "can't be made"
        message = f"the connection to the journal {self._server} {what}: {said}"
        remedy = "Check the address, the server and the password (PGPASSWORD, ~/.pgpass)."
        raise JournalError(message, remedy=remedy) from error

    def _lock_lost(self, said: str = "") -> LockHeld:
        why = f" ({said})" if said else ""
        message = f"the connection to the journal {self._server} was lost{why}"
        return LockHeld(
            f"{message}, and with it the lock: another run may hold it now",
            remedy="Nothing more was sent. The same command goes on: it looks up what is open.",
        )

    async def _require_lock(self) -> None:
        if not self._held:
            message = f"nothing is written to the journal {self._server} without its lock"
            raise JournalError(message, remedy="Please report this as a bug.")
        (row,) = await self.fetch(_IS_HELD, _halves(self._key))
        if not row["held"]:
            # Somebody between us and the server changes sessions, or has unlocked everything.
            self.lost = True
            self._held = False
            message = f"the session that holds the lock in {self._server} is no longer ours"
            remedy = "Name the server itself, or a pooler that keeps sessions. "
            raise LockHeld(message, remedy=f"{remedy}The same command goes on.")

    async def _drop(self) -> None:
        connection, self._connection = self._connection, None
        self._held = self._is_ready = False
        if connection is not None:
            await connection.close()

    async def _connect(self) -> None:
        if self._connection is None:
            _hush()
            given = conninfo_to_dict(self._server.url)
            ours = {name: it for name, it in _CONNECTION.items() if name not in given}
            conninfo = make_conninfo(self._server.url, client_encoding="utf8", **ours)
            self._connection = await AsyncConnection.connect(
                conninfo, autocommit=True, row_factory=dict_row
            )
        await self._set_up(self._connection)
        if self._create and "meta" not in await self._relations():
            await self._lay()
        found = await self._relations()
        self._is_laid = "meta" in found
        if self._is_laid:
            await self._require_ours(found)
        self._is_ready = True

    async def _set_up(self, connection: AsyncConnection[DictRow]) -> None:
        if connection.info.server_version < _OLDEST:
            message = f"the journal {self._server} is in a PostgreSQL older than 14"
            raise JournalError(message, remedy="Name a server of version 14 or later.")
        encoding = connection.info.parameter_status("server_encoding")
        if encoding != "UTF8":
            message = f"the database {self._server} is encoded in {encoding}; a journal needs UTF8"
            raise JournalError(message, remedy="Make one: CREATE DATABASE ... ENCODING 'UTF8'.")
        read_only = "off" if self._create else "on"
        settings = {**_SETTINGS, "default_transaction_read_only": read_only}
        calls = ", ".join("pg_catalog.set_config(%s, %s, false)" for _ in settings)
        await self.fetch(f"SELECT {calls}", [it for pair in settings.items() for it in pair])

    async def _relations(self) -> set[str]:
        # Not to_regclass, which may remember that there is none.
        return {row["relname"] for row in await self.fetch(_FIND_RELATIONS, [SCHEMA])}

    async def _lay(self) -> None:
        """Make the schema and its tables, unless another process is faster."""
        async with self._connected.transaction():
            await self.fetch("SELECT pg_advisory_xact_lock(%s)", [_key(SCHEMA)])
            if "meta" in await self._relations():
                return
            # `IF NOT EXISTS` would ask for the right to make one where there is one.
            sql = "SELECT nspname FROM pg_catalog.pg_namespace WHERE nspname = %s"
            is_there = await self.fetch(sql, [SCHEMA])
            for statement in _DDL if is_there else (f"CREATE SCHEMA {SCHEMA}", *_DDL):
                await self.run(statement, [])
            row = seal({"name": "format_version", "value": str(VERSION)})
            sql = "INSERT INTO teams_importer.meta VALUES (%s, %s, %s)"
            await self.run(sql, list(row.values()))

    async def _require_ours(self, found: set[str]) -> None:
        meta = await self.fetch("SELECT * FROM teams_importer.meta", [])
        values = {row["name"]: row["value"] for row in map(sealed, meta)}
        version = values.get("format_version", "")
        if not version.isdecimal() or int(version) < VERSION:
            raise _damaged(self._server, "it names no format")
        if int(version) > VERSION:
            message = f"the journal {self._server} was written by a newer importer ({version})"
            raise JournalError(message, remedy="Use that release, or a later one.")
        if missing := sorted(_RELATIONS - found):
            raise _damaged(self._server, f"it lacks {', '.join(missing)}")


def _key(name: str) -> int:
    """Return the number of an advisory lock: 64 bits of a hash, signed as PostgreSQL wants it."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)


def _hush() -> None:
    """Keep psycopg's warnings off standard error: what they are about is raised as well.

    Without a handler, Python prints a library's warnings as they are.
    """
    logger = logging.getLogger("psycopg")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())


def _halves(key: int) -> list[int]:
    """Return *key* as pg_locks shows it: its upper and its lower 32 bits."""
    return [key >> 32 & 0xFFFFFFFF, key & 0xFFFFFFFF]


async def _roll_back(connection: AsyncConnection[DictRow]) -> None:
    try:
        await connection.rollback()
    except Error:
        # Nobody knows what it would do next.
        await connection.close()


def _first_line(error: Exception) -> str:
    primary = error.diag.message_primary if isinstance(error, Error) else None
    return primary or str(error).partition("\n")[0] or type(error).__name__


def _damaged(server: Server, found: str) -> JournalError:
    remedy = (
        f"Restore it from a backup. Or keep it for a look (ALTER SCHEMA {SCHEMA} RENAME TO ...) "
        "and run the same command again: the next plan finds every post by its marker."
    )
    return JournalError(f"the journal {server} is damaged: {found}", remedy=remedy)


_REMEDIES: tuple[tuple[type[Error], str], ...] = (
    (
        errors.InsufficientPrivilege,
        f"A plan needs USAGE on the schema {SCHEMA} and SELECT on its tables, an apply INSERT, "
        "UPDATE and DELETE as well; the first apply makes them, with CREATE on the database.",
    ),
    (errors.ReadOnlySqlTransaction, "Name the primary server: a standby takes no writes."),
    (errors.DiskFull, "Make room on the server and run the same command again."),
    (errors.QueryCanceled, "The server took too long. Run the same command again later."),
    (errors.LockNotAvailable, "Somebody holds the journal's tables. Try again later."),
)


def _refused(server: Server, error: Exception, said: str) -> JournalError:
    if isinstance(error, (errors.UndefinedTable, errors.UndefinedColumn)):
        return _damaged(server, said)
    for kind, remedy in _REMEDIES:
        if isinstance(error, kind):
            return JournalError(f"the journal {server}: {said}", remedy=remedy)
    remedy = "Look into the server's log, mend that, and run the same command again."
    return JournalError(f"the journal {server}: {said}", remedy=remedy)
