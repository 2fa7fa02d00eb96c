"""The lock of one journal: an flock, which dies with its process, and a note of who holds it."""

import contextlib
import fcntl
import json
import os
import socket
from pathlib import Path

from importer.errors import JournalError, LockHeld
from importer.model.ids import RunId
from importer.model.ledger import Run

__all__ = ["FileLock", "held_by", "holder_of", "lock_of", "note_of", "run_in"]

_MODE = 0o600


class FileLock:
    """An exclusive lock on `FILE.lock`. The file stays; what counts is the flock, not its text."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def acquire(self, run: Run | None) -> None:
        """Take the lock without waiting. LockHeld names the holder; JournalError without locks."""
        try:
            descriptor = self._open()
        except OSError as error:
            message = f"the lock {self._path} can't be taken: {error.strerror}"
            remedy = "Put the journal on a local file system where you may write."
            raise JournalError(message, remedy=remedy) from error
        self._descriptor = descriptor
        self._write(note_of(run).encode())

    def require(self) -> None:
        """Make sure that it is held; LockHeld when its file was removed or replaced meanwhile."""
        try:
            if self._descriptor is not None and self._is_in_place(self._descriptor):
                return
        except FileNotFoundError:
            pass
        message = f"the lock {self._path} was taken away: another run may hold it now"
        remedy = "Nothing more was sent. The same command goes on: it looks up what is open."
        raise LockHeld(message, remedy=remedy)

    def _is_in_place(self, descriptor: int) -> bool:
        return os.path.samestat(os.fstat(descriptor), self._path.stat())

    def release(self) -> None:
        """Let go; safe to call twice."""
        if self._descriptor is not None:
            self._write(b"")
            os.close(self._descriptor)
            self._descriptor = None

    def _write(self, note: bytes) -> None:
        # The note is for people; a full disk must not take the lock away.
        if self._descriptor is not None:
            with contextlib.suppress(OSError):
                os.truncate(self._descriptor, 0)
                os.pwrite(self._descriptor, note, 0)

    def _open(self) -> int:
        while True:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _MODE)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                # Somebody may have removed the file in between: then this lock guards nothing.
                if self._is_in_place(descriptor):
                    return descriptor
            except BlockingIOError:
                held = held_by(os.pread(descriptor, 4096, 0), f"lock {self._path}")
                os.close(descriptor)
                raise held from None
            except FileNotFoundError:
                pass
            except BaseException:
                os.close(descriptor)
                raise
            os.close(descriptor)


def lock_of(journal: Path) -> Path:
    """Return where the lock of the journal at *journal* is."""
    return journal.with_name(f"{journal.name}.lock")


def holder_of(path: Path) -> RunId | None:
    """Return the run that holds the lock at *path*; None where none does.

    Its note alone doesn't tell: a process that is killed leaves it. So the lock is tried, shared
    and for a moment, and only where there is a note: an apply that begins in that very moment
    would find it held.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    run = None
    try:
        run = run_in(os.pread(descriptor, 4096, 0))
        if run is not None:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return run
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return None


def run_in(note: str | bytes) -> RunId | None:
    """Return the run that a note names, if it does."""
    try:
        return RunId(str(json.loads(note)["run"]))
    except (ValueError, KeyError, TypeError):
        return None


def note_of(run: Run | None) -> str:
    """Return the note that lets `held_by` name *run*, or this process where there is none."""
    note = {"host": socket.gethostname(), "process": os.getpid()}
    if run is not None:
        started = run.started_at.isoformat(timespec="seconds")
        note |= {"run": run.id, "command": run.command, "started": started}
    return json.dumps(note)


def held_by(note: str | bytes, what: str) -> LockHeld:
    """Return the error that names who holds the journal's *what*."""
    try:
        known = json.loads(note)
        who = f"run {known['run']} ({known['command']}, started {known['started']})"
        where = f"process {known['process']} on {known['host']}"
        holder = f"{who}, {where}"
    except (ValueError, KeyError, TypeError):
        holder = "another process"
    return LockHeld(
        f"{holder} holds the journal's {what}",
        remedy="`--wait` waits until that run has ended. Or end it: its lock goes with it.",
    )
