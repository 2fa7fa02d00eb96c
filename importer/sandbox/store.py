"""The team's SQLite file or memory: schema, opening, transactions. Knows no rule of the site."""

import sqlite3
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from importer.sandbox.errors import SandboxBusyError, SandboxDiskError, SandboxError

_MODES = slice(18, 20)
"""Where a database says whether writing and reading it needs a write-ahead log."""
_APPLICATION = 0x534F5442
_VERSION = 2

_SCHEMA = """
CREATE TABLE teams (
    id INTEGER PRIMARY KEY, slug TEXT NOT NULL UNIQUE, name TEXT NOT NULL, tier TEXT NOT NULL
);
CREATE TABLE users (
    id INTEGER PRIMARY KEY, team_id INTEGER NOT NULL, account_id INTEGER NOT NULL,
    name TEXT NOT NULL, role TEXT NOT NULL, reputation INTEGER NOT NULL, about TEXT NOT NULL,
    created INTEGER NOT NULL
);
CREATE INDEX users_of_team ON users (team_id);
CREATE TABLE tokens (
    secret TEXT PRIMARY KEY, user_id INTEGER NOT NULL, write INTEGER NOT NULL, expires INTEGER,
    sort TEXT, compromised INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE posts (
    id INTEGER PRIMARY KEY, team_id INTEGER NOT NULL, kind TEXT NOT NULL, parent_id INTEGER,
    title TEXT, body TEXT NOT NULL, tags TEXT NOT NULL DEFAULT '', owner_id INTEGER NOT NULL,
    created INTEGER NOT NULL, activity INTEGER NOT NULL, edited INTEGER, editor_id INTEGER,
    up INTEGER NOT NULL DEFAULT 0, down INTEGER NOT NULL DEFAULT 0,
    score INTEGER NOT NULL DEFAULT 0, views INTEGER NOT NULL DEFAULT 0, accepted_id INTEGER,
    closed INTEGER, closed_reason TEXT, closed_by INTEGER, locked INTEGER, article_type TEXT,
    deleted INTEGER, buried INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX posts_by_activity ON posts (team_id, kind, activity, id) WHERE deleted IS NULL;
CREATE INDEX posts_by_creation ON posts (team_id, kind, created, id) WHERE deleted IS NULL;
CREATE INDEX posts_by_score ON posts (team_id, kind, score, id) WHERE deleted IS NULL;
CREATE INDEX posts_by_title ON posts (team_id, kind, title COLLATE NOCASE) WHERE deleted IS NULL;
CREATE INDEX answers_of ON posts (parent_id) WHERE parent_id IS NOT NULL;
CREATE TABLE tags (
    id INTEGER PRIMARY KEY, team_id INTEGER NOT NULL, name TEXT NOT NULL, created INTEGER NOT NULL,
    excerpt TEXT, excerpt_edited INTEGER, excerpt_editor INTEGER,
    wiki TEXT, wiki_edited INTEGER, wiki_editor INTEGER,
    UNIQUE (team_id, name)
);
CREATE TABLE post_tags (
    tag_id INTEGER NOT NULL, post_id INTEGER NOT NULL, PRIMARY KEY (tag_id, post_id)
) WITHOUT ROWID;
CREATE INDEX tags_of_post ON post_tags (post_id);
CREATE VIEW counted_tags AS SELECT tags.*,
    (SELECT count(*) FROM post_tags JOIN posts ON posts.id = post_id
        WHERE tag_id = tags.id AND deleted IS NULL) AS count,
    (SELECT max(activity) FROM post_tags JOIN posts ON posts.id = post_id
        WHERE tag_id = tags.id AND deleted IS NULL) AS activity
    FROM tags;
CREATE TABLE synonyms (
    team_id INTEGER NOT NULL, source TEXT NOT NULL, target TEXT NOT NULL,
    created INTEGER NOT NULL, applied INTEGER NOT NULL DEFAULT 0, last_applied INTEGER,
    PRIMARY KEY (team_id, source)
) WITHOUT ROWID;
CREATE TABLE comments (
    id INTEGER PRIMARY KEY, post_id INTEGER NOT NULL, owner_id INTEGER NOT NULL,
    body TEXT NOT NULL, created INTEGER NOT NULL, edited INTEGER,
    score INTEGER NOT NULL DEFAULT 0, deleted INTEGER
);
CREATE INDEX comments_of ON comments (post_id);
CREATE TABLE votes (
    post_id INTEGER NOT NULL, user_id INTEGER NOT NULL, ballot TEXT NOT NULL,
    PRIMARY KEY (post_id, user_id, ballot)
) WITHOUT ROWID;
CREATE TABLE comment_votes (
    comment_id INTEGER NOT NULL, user_id INTEGER NOT NULL, PRIMARY KEY (comment_id, user_id)
) WITHOUT ROWID;
CREATE TABLE revisions (
    guid TEXT NOT NULL UNIQUE, post_id INTEGER NOT NULL, number INTEGER NOT NULL,
    user_id INTEGER NOT NULL, created INTEGER NOT NULL, comment TEXT NOT NULL,
    title TEXT, body TEXT NOT NULL, tags TEXT NOT NULL,
    PRIMARY KEY (post_id, number)
) WITHOUT ROWID;
CREATE TABLE request_ids (
    user_id INTEGER NOT NULL, request_id TEXT NOT NULL, at REAL NOT NULL,
    PRIMARY KEY (user_id, request_id)
) WITHOUT ROWID;
CREATE TABLE filters (id TEXT PRIMARY KEY, safe INTEGER NOT NULL, fields TEXT NOT NULL)
    WITHOUT ROWID;
"""

_FROM_1 = "ALTER TABLE tokens ADD COLUMN compromised INTEGER NOT NULL DEFAULT 0;"


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
    if version > _VERSION:
        text = f"{path}: written by a newer version (format {version}); this one knows {_VERSION}"
        raise SandboxError(text)
    # NORMAL loses nothing when the process is killed; only a power cut could.
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    if not tables:
        connection.executescript(
            f"BEGIN EXCLUSIVE; {_SCHEMA}"
            f"PRAGMA application_id = {_APPLICATION}; PRAGMA user_version = {_VERSION}; COMMIT;"
        )
    elif version == 1:
        connection.executescript(f"BEGIN EXCLUSIVE; {_FROM_1} PRAGMA user_version = 2; COMMIT;")
    return Store(connection)
