"""Files that the command line writes: whole or not at all, readable by their owner alone."""

import os
import tempfile
from pathlib import Path

from importer.errors import JournalError, UsageError

__all__ = ["is_same_file", "write_private"]


def write_private(path: Path, data: bytes) -> None:
    """Write *data* to *path* (mode 0600), replacing what was there only once all is on disk.

    UsageError when its folder doesn't exist, JournalError (journal or disk) when it can't be
    written. A device or a pipe, such as /dev/stdout, is written to as it is.
    """
    if not path.parent.is_dir():
        message = f"there is no folder {path.parent}"
        raise UsageError(message, remedy="Make it, or name a file in another one.")
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(data)
        else:
            _replace(path, data)
    except OSError as error:
        message = f"{path} can't be written: {error.strerror or error}"
        raise JournalError(message, remedy="Make room, or name a place that is yours.") from error


def is_same_file(one: Path, other: Path) -> bool:
    """Tell whether both name one file, whether it is there already or not. Devices are none."""
    try:
        if one.exists() and other.exists():
            return one.is_file() and one.samefile(other)
        return one.resolve() == other.resolve()
    except OSError:
        return False


def _replace(path: Path, data: bytes) -> None:
    # mkstemp makes the file with mode 0600.
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:50]}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
