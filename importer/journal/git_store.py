"""The journal's rows on a git ref: state for runners that keep nothing, without a service.

    acquire      the ref's commit is fetched, its rows go into memory; a lease says who writes
    checkpoint   a commit of the rows, and of the lease renewed, pushed by compare-and-set
    release      one more, without the lease

Between checkpoints rows are in memory alone; what can't wait for the next one (see `foreseeing`)
asks for one. Whoever finds the ref moved by somebody else has lost the lock.
"""

import asyncio
import logging
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any, NoReturn

from importer.errors import JournalError, LockHeld
from importer.journal.git_address import GitRef
from importer.journal.git_files import (
    ABOUT,
    LOCK,
    about,
    files_of,
    line_of,
    path_of_text,
    row_of,
    rows_in,
    table_at,
    text_in,
    version_in,
)
from importer.journal.git_lease import Lease, Since, Term
from importer.journal.git_objects import commit, contents, tree
from importer.journal.git_remote import GitRemote, Moved
from importer.journal.opening import open_in_memory
from importer.journal.schema import VERSION, DamagedRow
from importer.journal.sqlite import SqliteStore
from importer.journal.store import Clash, Row, Rows, Wanted
from importer.model.ids import Lineage, RunId
from importer.model.ledger import Run
from importer.ports import Clock

__all__ = ["GitStore"]

_LOGGER = logging.getLogger(__name__)
# Two pushes a minute at most, but for what can't wait; one a minute while nothing happens.
_EVERY_S = 30.0
_RENEW_S = 60.0
# Who waits for the lock asks so often.
_ASK_S = 5.0
_FORESEEN = (
    """CREATE TABLE foreseen (
  number INTEGER PRIMARY KEY,
  run TEXT NOT NULL REFERENCES runs (id),
  change TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  key TEXT NOT NULL,
  document TEXT NOT NULL,
  seal INTEGER NOT NULL,
  UNIQUE (run, change, attempt)
) STRICT""",
    "CREATE INDEX foreseen_by_key ON foreseen (key)",
)
_MOVED, _DELETED = "somebody else has moved it", "somebody has deleted it"
_TABLES = ("runs", "operations", "foreseen", "bindings")


@dataclass(frozen=True, slots=True)
class _Sent:
    """What a commit holds, up to which write, and the term of the lease that it renews."""

    files: dict[str, bytes]
    has_texts: bool
    written: int
    term: Term


class GitStore:
    """The store over a ref of a remote repository, which is read when it is first asked."""

    def __init__(self, place: GitRef, lineage: Lineage, label: str, clock: Clock) -> None:
        self._place = place
        self._lineage = lineage
        self._label = label
        self._clock = clock
        self._stack = ExitStack()
        self._remote = GitRemote(place, self._stack)
        self._turn, self._reading = asyncio.Lock(), asyncio.Lock()
        self._beat: asyncio.Task[None] | None = None
        self._local: SqliteStore | None = None
        self._tip: str | None = None
        # What the commit holds: its files but the texts, and where the texts are.
        self._files: dict[str, bytes] = {}
        self._texts: dict[str, str] = {}
        self._lease: Lease | None = None
        self._left: Lease | None = None
        self._term: Term | None = None
        # When this run began, and when the ref was first seen where it is.
        self._begun = self._seen = Since.of(clock.now())
        self._written = self._pushed = 0
        # Commits of which nobody knows whether they arrived, with what they hold.
        self._doubtful: dict[str, _Sent] = {}
        self._held = self._closed = False
        self._told: tuple[float, LockHeld] | None = None
        self.lost = False

    async def select(self, table: str, **wanted: Wanted) -> Sequence[Row]:
        """Return rows, as `Rows.select`."""
        local = await self._ready()
        with self._mapped():
            rows = await local.select(table, **wanted)
            if table != "texts":
                return rows
            asked = wanted["digest"]
            names = {*asked} if isinstance(asked, tuple) else {asked}
            missing = names - {row["digest"] for row in rows}
            blobs = [self._texts[str(it)] for it in sorted(missing, key=str) if it in self._texts]
            held = await contents(await self._remote.git(), blobs)
            return [*rows, *(row_of(it) for it in held.values())]

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Rows]:
        """Run the block in one transaction: in memory, until the next checkpoint."""
        if self.lost:
            raise self._lock_lost()
        local = await self._ready()
        with self._mapped():
            async with local.writing() as rows:
                yield rows
        self._written += 1

    async def acquire(self, run: Run | None) -> None:
        """Take the lock without waiting, as of what the ref says now; `checkpoint` proves it."""
        if self._told and time.monotonic() - self._told[0] < _ASK_S:
            raise self._told[1]
        self._told = None
        self.lost = False
        await self._load()
        now = self._clock.now()
        lease = self._lease
        if lease is not None and not lease.is_over(now, self._seen.age_s):
            held = lease.held(str(self._place), now)
            self._told = (time.monotonic(), held)
            raise held
        self._held = True
        self._begun = Since.of(now)
        self._term = Term.now()
        self._lease = Lease.of(run, now)
        if run is not None:
            self._beat = asyncio.create_task(self._beats())

    async def checkpoint(self) -> None:
        """Push all that was written until now; return when the ref holds it.

        LockHeld when somebody else has moved the ref, JournalError when it can't be pushed.
        """
        wanted = self._written
        async with self._turn:
            if self.lost:
                raise self._lock_lost()
            if self._pushed < wanted or self._tip is None or LOCK not in self._files:
                await self._push()

    async def holder(self) -> RunId | None:
        """Return the run that holds the lock; None where none does. Takes nothing."""
        await self._ready()
        lease = self._lease
        return None if lease is None or lease.is_over(self._clock.now()) else lease.run

    async def hold(self) -> None:
        """Make sure that the lease lasts for one more write, and renew it if it doesn't."""
        if self.lost:
            raise self._lock_lost()
        if self._term is None or self._term.is_sure:
            return
        async with self._turn:
            if self._term.is_sure:
                return
            try:
                await self._push()
            except JournalError as error:
                self.lost = True
                what = f"its lease can't be renewed ({error.message})"
                raise self._lock_lost(what) from error

    async def release(self) -> None:
        """Push what is written, and let go of the lock; safe to call twice.

        LockHeld or JournalError when that isn't in the ref: the next run looks up what was open.
        """
        beat, self._beat = self._beat, None
        if beat is not None:
            beat.cancel()
        if not self._held:
            return
        self._held = False
        lost, self.lost = self.lost, False
        try:
            async with self._turn:
                self._left, self._lease = self._lease, None
                if not lost and (self._written > self._pushed or LOCK in self._files):
                    await self._push()
        finally:
            self.lost = False
            self._term = None
            if lost or self._written > self._pushed:
                # What is in memory is in no ref: the next to ask reads it anew.
                await self._forget()

    def give_up(self) -> None:
        """Write nothing more, and let `release` push nothing."""
        self.lost = True

    async def close(self) -> None:
        """Let go of everything; safe to call twice."""
        self._closed = True
        await self._forget()
        self._stack.close()

    async def _beats(self) -> None:
        """Push from time to time. Who writes next is told of what went wrong for good."""
        while not self.lost:
            await asyncio.sleep(_EVERY_S)
            async with self._turn:
                old = self._term is not None and self._term.age_s >= _RENEW_S - _EVERY_S / 2
                if not self._held or not (old or self._written > self._pushed):
                    continue
                try:
                    await self._push()
                except LockHeld:
                    return
                except JournalError as error:
                    _LOGGER.warning("%s (it is tried again)", error.message)

    async def _push(self) -> None:
        """Make a commit of what there is, and move the ref to it from where we know it to be."""
        if self._doubtful and (found := await self._remote.tip()) in self._doubtful:
            await self._note_arrived(str(found))
        written, term = self._written, Term.now()
        # Others would take one whose clock was set back for dead.
        now = self._begun.at_least(self._clock.now())
        if self._lease is not None:
            self._lease = Lease(self._lease.note, now, self._lease.lease_s)
        with self._mapped():
            files, texts = await self._content()
        changed: dict[str, bytes | None] = {
            path: it for path, it in files.items() if self._files.get(path) != it
        }
        gone = dict.fromkeys(self._files.keys() - files.keys())
        git = await self._remote.git()
        made = await commit(
            git,
            self._remote.kept_at,
            self._tip,
            {**changed, **gone, **texts},
            message=self._message(),
            at_s=int(now.timestamp()),
        )
        self._doubtful[made] = _Sent(files, bool(texts), written, term)
        try:
            await self._remote.push(made, self._tip)
        except Moved as moved:
            if moved.found in self._doubtful:
                # One of our own, which took longer than anybody waited.
                await self._note_arrived(moved.found)
                await self._push()
                return
            self.lost = True
            raise self._lock_lost(_MOVED if moved.found else _DELETED) from None
        await self._note_arrived(made)

    async def _note_arrived(self, made: str) -> None:
        sent = self._doubtful[made]
        self._tip, self._files, self._pushed, self._term = made, sent.files, sent.written, sent.term
        self._doubtful.clear()
        if not sent.has_texts:
            return
        blobs = await tree(await self._remote.git(), made)
        self._texts = {name: it for path, it in blobs.items() if (name := text_in(path))}
        # git keeps them from here on.
        async with (await self._ready()).writing() as rows:
            await rows.delete("texts", digest=tuple(self._texts))

    def _message(self) -> str:
        """Return the commit's message: who wrote it."""
        lease = self._lease or self._left
        if lease is None or lease.run is None:
            return f"{self._label}\n"
        state = "is under way" if self._lease else "has ended"
        return f"{lease.note.get('command')}: run {lease.run} {state}\n\n{self._label}\n"

    async def _content(self) -> tuple[dict[str, bytes], dict[str, bytes]]:
        """Return all files but the texts, and the texts that the commit before doesn't hold."""
        local = await self._ready()
        tables = {it: [dict(row) for row in await local.select(it)] for it in _TABLES}
        tables["bindings"].sort(key=lambda row: str(row["key"]))
        known = {_name(row) for row in tables["operations"]}
        tables["foreseen"] = [row for row in tables["foreseen"] if _name(row) not in known]
        files = {ABOUT: about(VERSION, self._lineage, self._label), **files_of(tables)}
        if self._lease is not None:
            files[LOCK] = self._lease.content()
        texts = await local.select("texts")
        new = (row for row in texts if row["digest"] not in self._texts)
        return files, {path_of_text(row["digest"]): line_of(row) for row in new}

    async def _ready(self) -> SqliteStore:
        if self._local is None:
            async with self._reading:
                if self._local is None:
                    await self._load()
        if self._local is None:
            message = f"the journal {self._place} can't be read"
            raise JournalError(message, remedy="Please report this as a bug.")
        return self._local

    async def _load(self) -> None:
        """Read the ref, unless all that it holds is here."""
        if self._closed:
            message = f"the journal {self._place} is closed"
            raise JournalError(message, remedy="Please report this as a bug.")
        tip = await self._remote.fetch()
        if self._local is not None and tip == self._tip and self._written == self._pushed:
            return
        await self._forget()
        with self._mapped():
            git = await self._remote.git()
            blobs = await tree(git, tip) if tip else {}
            texts = {name: it for path, it in blobs.items() if (name := text_in(path))}
            if tip and ABOUT not in blobs:
                raise self._remote.no_journal()
            ours = {path: it for path, it in blobs.items() if _is_ours(path)}
            held = await contents(git, ours.values())
            files = {path: held[blob] for path, blob in ours.items()}
            if tip:
                self._require_ours(files)
            local = self._empty()
            await _fill(local, files)
            lease = Lease.in_row(row_of(files[LOCK])) if LOCK in files else None
        self._local, self._tip, self._files, self._texts = local, tip, files, texts
        self._seen = Since.of(self._clock.now())
        self._lease = lease
        self._written = self._pushed = 0

    def _empty(self) -> SqliteStore:
        with ExitStack() as stack:
            db = open_in_memory(self._lineage, self._label, stack)
            for statement in _FORESEEN:
                db.execute(statement)
            return SqliteStore(db, path=None, lock=None, log=None, files={}, stack=stack.pop_all())

    def _require_ours(self, files: dict[str, bytes]) -> None:
        version = version_in(files[ABOUT])
        if isinstance(version, int) and version > VERSION:
            message = f"the journal {self._place} was written by a newer importer ({version})"
            raise JournalError(message, remedy="Use that release, or a later one.")
        if version != VERSION:
            found = "it names no format"
            raise DamagedRow(found)
        told = row_of(files[ABOUT])
        if told.get("lineage") != self._lineage:
            whose = told.get("label")
            message = f"the journal {self._place} belongs to {whose}; this run is for {self._label}"
            raise JournalError(message, remedy="Name this team's own ref with --journal.")

    async def _forget(self) -> None:
        self._doubtful.clear()
        local = self._local
        self._local = None
        if local is not None:
            await local.close()

    @contextmanager
    def _mapped(self) -> Iterator[None]:
        try:
            yield
        except DamagedRow as error:
            self._damaged(error)

    def _damaged(self, error: DamagedRow) -> NoReturn:
        remote, ref = self._place.redact(self._place.remote), self._place.ref
        remedy = (
            f"Move it back to an earlier commit, or away: `git push {remote} :{ref}`. Then the "
            "next plan finds every post by its marker and binds it again."
        )
        message = f"the journal {self._place} is damaged: {error.found}"
        raise JournalError(message, remedy=remedy) from error

    def _lock_lost(self, what: str = _MOVED) -> LockHeld:
        return LockHeld(
            f"the journal {self._place} is no longer ours: {what}; another run may hold it now",
            remedy="Nothing more was sent. The same command goes on: it looks up what is open.",
        )


def _is_ours(path: str) -> bool:
    return path in (ABOUT, LOCK) or table_at(path) in _TABLES


def _name(row: Row) -> tuple[Any, ...]:
    return row["run"], row["change"], row["attempt"]


async def _fill(local: SqliteStore, files: dict[str, bytes]) -> None:
    """Put the rows of *files* into a store in memory. DamagedRow when they don't fit together."""
    found: dict[str, list[dict[str, Any]]] = {it: [] for it in _TABLES}
    for path, content in sorted(files.items()):
        table = table_at(path)
        if table in found:
            found[table] += rows_in(content)
    order = {row["id"]: at for at, row in enumerate(found["runs"])}
    found["operations"].sort(key=lambda row: order.get(row["run"], -1))
    try:
        async with local.writing() as rows:
            for table, held in found.items():
                bare = ({name: it for name, it in row.items() if name != "seal"} for row in held)
                await rows.insert(table, bare)
    except (Clash, sqlite3.Error, JournalError) as error:
        told = f"its rows don't fit together ({error})"
        raise DamagedRow(told) from error
