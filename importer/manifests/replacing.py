"""Files in place of those that were read: all on disk before the first of them is seen.

What a killed run left beside them is taken away by the next one that writes in the same folder.
"""

import os
import re
import signal
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from errno import EACCES
from pathlib import Path

from importer.errors import JournalError, PlanStale
from importer.manifests.paths import Folder, PathFault

__all__ = ["FileEdit", "replace_files", "uninterrupted"]


_SUFFIX = ".teams-importer"
_TEMPORARY = re.compile(rf"\..{{1,50}}\.[a-z0-9_]{{8}}{re.escape(_SUFFIX)}", re.DOTALL)
# Longer than a run takes to put its files in place; one that takes longer fails, and loses nothing.
_LEFT_AFTER_S = 600.0
# Ignored, as of a job in the background, or handled by what isn't Python.
_NOT_OURS = (signal.SIG_IGN, None)


@dataclass(frozen=True, slots=True)
class FileEdit:
    """A file's bytes as they were read, and as they are to be; `path` is relative, with `/`."""

    path: str
    before: bytes
    after: bytes


def replace_files(folder: Path, edits: Sequence[FileEdit]) -> None:
    """Write each file whole, once all are on disk; who may read one stays as it was.

    Raises PlanStale when a file is no longer what was read, and JournalError for the disk's faults,
    with nothing written: what was replaced until then is put back.
    """
    reader = Folder(folder)
    for edit in edits:
        _require_unchanged(reader, edit)
    # A link stays one: what it leads to is written.
    targets = [Path(os.path.realpath(folder / edit.path)) for edit in edits]
    made: list[tuple[Path, Path]] = []
    done: list[FileEdit] = []
    with uninterrupted():
        for place in sorted({it.parent for it in targets}):
            _clear(place)
        try:
            for edit, target in zip(edits, targets, strict=True):
                made.append((_beside(target, edit.after, edit.path), target))
            for edit, (temporary, target) in zip(edits, made, strict=True):
                # As late as can be: what an editor saves in between is not to be lost.
                _require_unchanged(reader, edit)
                temporary.replace(target)
                done.append(edit)
        except (OSError, PlanStale) as error:
            _put_back(folder, reader, done)
            if isinstance(error, PlanStale):
                raise
            message = f"{error.filename} can't be written: {error.strerror or error}"
            remedy = "Make room, or make file and folder writable for you; then run it again."
            raise JournalError(message, remedy=remedy) from error
        finally:
            for temporary, _ in made:
                with suppress(OSError):
                    temporary.unlink(missing_ok=True)


def _clear(place: Path) -> None:
    """Remove what a killed run left in a folder, as far as that can be done."""
    with suppress(OSError), os.scandir(place) as entries:
        for entry in entries:
            if _TEMPORARY.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                age_s = time.time() - entry.stat(follow_symlinks=False).st_mtime
                if age_s > _LEFT_AFTER_S:
                    Path(entry.path).unlink(missing_ok=True)


def _put_back(folder: Path, reader: Folder, done: Sequence[FileEdit]) -> None:
    for edit in done:
        with suppress(OSError, PathFault):
            if reader.read(edit.path) == edit.after:
                target = Path(os.path.realpath(folder / edit.path))
                _beside(target, edit.before, edit.path).replace(target)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Let signals wait until the block is done: what it writes belongs together.

    They are taken in, not blocked: a mask holds for one thread, and any other may meet a signal.
    """
    if threading.current_thread() is not threading.main_thread():
        # Handlers run in the main thread alone.
        yield
        return
    met: list[int] = []
    before = {it: signal.getsignal(it) for it in (signal.SIGINT, signal.SIGTERM)}
    heeded = {it: handler for it, handler in before.items() if handler not in _NOT_OURS}
    try:
        for number in heeded:
            signal.signal(number, lambda number, _: met.append(number))
        yield
    finally:
        for number, handler in heeded.items():
            signal.signal(number, handler)
        for again in met[:1]:
            signal.raise_signal(again)


def _require_unchanged(reader: Folder, edit: FileEdit) -> None:
    try:
        now = reader.read(edit.path)
    except PathFault:
        now = None
    if now != edit.before:
        message = f"{edit.path} changed while it was being worked on; nothing was written"
        raise PlanStale(message, remedy="Run the same command again.")


def _beside(target: Path, data: bytes, name: str) -> Path:
    try:
        mode = target.stat().st_mode
        if not mode & 0o222 or not os.access(target, os.W_OK):
            # The folder would let it go all the same; whoever made it read-only didn't mean that.
            raise PermissionError(EACCES, os.strerror(EACCES))
        handle, made = tempfile.mkstemp(_SUFFIX, f".{target.name[:50]}.", target.parent)
        temporary = Path(made)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.chmod(mode & 0o7777)
        except OSError:
            temporary.unlink()
            raise
    except OSError as error:
        error.filename = name
        raise
    return temporary
