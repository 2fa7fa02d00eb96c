"""Files in place of those that were read: all on disk before the first of them is seen."""

import os
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from importer.errors import JournalError, PlanStale
from importer.manifests.paths import Folder, PathFault

__all__ = ["FileEdit", "replace_files"]


@dataclass(frozen=True, slots=True)
class FileEdit:
    """A file's bytes as they were read, and as they are to be; `path` is relative, with `/`."""

    path: str
    before: bytes
    after: bytes


def replace_files(folder: Path, edits: Sequence[FileEdit]) -> None:
    """Write each file whole, once all are on disk; who may read one stays as it was.

    Raises PlanStale, with nothing written, when a file is no longer what was read, and JournalError
    for the disk's faults.
    """
    reader = Folder(folder)
    for edit in edits:
        _require_unchanged(reader, edit)
    made: list[tuple[Path, Path]] = []
    try:
        for edit in edits:
            # A link stays one: what it leads to is written.
            target = Path(os.path.realpath(folder / edit.path))
            made.append((_beside(target, edit.after), target))
        for edit in edits:
            _require_unchanged(reader, edit)
        for temporary, target in made:
            temporary.replace(target)
    except OSError as error:
        message = f"{error.filename or folder} can't be written: {error.strerror or error}"
        remedy = "Make room, or make the folder writable for you; the same command begins anew."
        raise JournalError(message, remedy=remedy) from error
    finally:
        for temporary, _ in made:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)


def _require_unchanged(reader: Folder, edit: FileEdit) -> None:
    try:
        now = reader.read(edit.path)
    except PathFault:
        now = None
    if now != edit.before:
        message = f"{edit.path} changed while it was being worked on; nothing was written"
        raise PlanStale(message, remedy="Run the same command again.")


def _beside(target: Path, data: bytes) -> Path:
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:50]}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(target.stat().st_mode & 0o7777)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return temporary
