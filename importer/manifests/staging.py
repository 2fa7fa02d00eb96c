"""A place where a folder's new files are made before any of them is seen: all or nothing."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from importer.errors import JournalError, LockHeld, UsageError
from importer.manifests.loading import MANIFEST_NAME
from importer.manifests.memory import STATE_NAME, blob_in
from importer.manifests.replacing import uninterrupted

__all__ = ["files_below", "install", "require_inside", "settle", "staged"]

_STAGE = ".teams-importer-convert.tmp"
_TEMPORARY = ".teams-importer.tmp"
_MAX_NAMES = 3
# What stands in the folder last: whoever reads it finds all that it speaks of.
_LAST = (MANIFEST_NAME, STATE_NAME)


@contextmanager
def staged(folder: Path, *, apart: bool = False) -> Iterator[Path]:
    """Yield an empty place for what is to be in *folder*; it is gone in the end, whatever happened.

    It is beside a folder that isn't there, so that it can become it, and else within it; *apart*,
    it is where the system keeps what is temporary. Raises LockHeld when another command is at
    it. What a killed one left is removed.
    """
    if folder.exists() and not folder.is_dir():
        message = f"{folder} is not a folder"
        raise UsageError(message, remedy="Name a folder that is new or empty.")
    if apart:
        with tempfile.TemporaryDirectory(prefix="teams-importer-") as name:
            yield Path(name)
        return
    inside = folder.is_dir()
    place = folder / _STAGE if inside else folder.parent / f".{folder.name}{_STAGE}"
    try:
        handle = _made(place)
    except OSError as error:
        message = f"{place} can't be made: {error.strerror or error}"
        raise JournalError(message, remedy="Make room, or name a place that is yours.") from error
    try:
        yield place
    except OSError as error:
        message = f"{error.filename or folder} can't be written: {error.strerror or error}"
        raise JournalError(message, remedy="Make room; the same command begins anew.") from error
    finally:
        os.close(handle)
        with uninterrupted():
            shutil.rmtree(place, ignore_errors=True)


def _made(place: Path) -> int:
    """Return the lock on *place*, which is made anew."""
    if place.is_dir():
        os.close(_locked(place))
        shutil.rmtree(place)
    place.mkdir(parents=True)
    return _locked(place)


def _locked(place: Path) -> int:
    handle = os.open(place, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(handle)
        message = f"another command is writing to {place.parent}"
        raise LockHeld(message, remedy="Wait until it has ended.") from error
    except OSError:
        # Some file systems know no locks.
        pass
    return handle


def settle(stage: Path, folder: Path, *, spared: Collection[str] = (), dry: bool = False) -> None:
    """Let the files in *stage* be in *folder*, which holds nothing, or some of these very files.

    Raises UsageError otherwise; files named in *spared* may differ. *dry* only looks.
    """
    if not folder.exists():
        if not dry:
            stage.rename(folder)
        return
    found = sorted(it for it in _strange(stage, folder) if it not in spared)
    if found:
        more = f" and {len(found) - _MAX_NAMES} more" if len(found) > _MAX_NAMES else ""
        message = f"{folder} is not empty: {', '.join(found[:_MAX_NAMES])}{more}"
        remedy = "Name a new or empty folder; nothing that is there is written over."
        raise UsageError(message, remedy=remedy)
    for name in () if dry else tuple(_in_order(stage)):
        install(stage, folder, name)


def files_below(folder: Path) -> Iterator[str]:
    """Yield the names of all files below *folder*, and of links; in no order, and one at a time.

    `Path.rglob` would hold them all.
    """
    waiting = [""]
    while waiting:
        base = waiting.pop()
        with os.scandir(folder / base) as entries:
            for entry in entries:
                name = f"{base}{entry.name}"
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(f"{name}/")
                else:
                    yield name


def _strange(stage: Path, folder: Path) -> Iterator[str]:
    """Yield what stands in *folder* and is no staged file, nor on the way to one."""
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if path == stage or stage in path.parents:
            continue
        twin = stage / name.removesuffix(_TEMPORARY)
        if path.is_symlink():
            yield name
        elif path.is_dir():
            if not twin.is_dir():
                yield name
        elif name.endswith(_TEMPORARY) and twin.is_file():
            continue
        elif not twin.is_file() or blob_in(path) != blob_in(twin):
            yield name


def _in_order(stage: Path) -> Iterator[str]:
    yield from (name for name in files_below(stage) if name not in _LAST)
    yield from (name for name in _LAST if (stage / name).is_file())


def install(stage: Path, folder: Path, name: str, target: str = "") -> None:
    """Move a staged file to its place in *folder*, or to *target* there."""
    path = folder / (target or name)
    require_inside(folder, path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}{_TEMPORARY}")
    with suppress(FileNotFoundError):
        temporary.unlink()
    (stage / name).replace(path)


def require_inside(folder: Path, path: Path) -> None:
    """Raise UsageError when a link would lead what is written out of *folder*."""
    way = path.parent
    while way != folder and way != way.parent:
        if way.is_symlink():
            message = f"{way} is a link; what is written there would be elsewhere"
            raise UsageError(message, remedy="Make a folder of it, or convert into a new folder.")
        way = way.parent
