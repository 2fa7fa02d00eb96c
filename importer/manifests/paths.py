"""The folder of a manifest: which files it may read, and reading them once.

Everything stays inside the folder: no absolute path, no `..` beyond it, no link that leads out; and
only regular files, so that no pipe blocks and no device or process file is read.
"""

import errno
import os
import posixpath
import stat
import unicodedata
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from importer.manifests.guards import MAX_BYTES

__all__ = ["Folder", "PathFault", "fold", "join"]


class PathFault(Exception):
    """A path can't be used; `rule` and `facts` make the finding."""

    def __init__(self, *, rule: str, **facts: object) -> None:
        super().__init__(rule)
        self.rule = rule
        self.facts = facts


def join(base: str, reference: str) -> str:
    """Return *reference*, relative to the file *base*, as a path relative to the manifest's folder.

    Raises PathFault when it is absolute or leads out.
    """
    if "\0" in reference or "\\" in reference or not _is_utf8(reference):
        raise PathFault(rule="path-name", path=reference)
    joined = posixpath.normpath(posixpath.join(posixpath.dirname(base), reference))
    if joined.startswith(("/", "../")) or joined == "..":
        raise PathFault(rule="path-leaves", path=reference)
    return joined


def fold(path: str) -> str:
    """Return what file systems that ignore case and composition take for the same name."""
    return unicodedata.normalize("NFC", path.casefold())


def _is_utf8(name: str) -> bool:
    """Tell whether a name from the file system, or an author, is text."""
    return not any("\ud800" <= char <= "\udfff" for char in name)


class Folder:
    """The folder a manifest stands in; paths are relative to it, with `/`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._real = os.path.realpath(root)

    def read(self, path: str, most: int | None = None) -> bytes:
        """Return the bytes of the regular file *path*, opened once, *most* of them at most.

        Raises PathFault.
        """
        try:
            return self._read(self._resolve(path), path, most or MAX_BYTES)
        except FileNotFoundError:
            raise PathFault(rule="file-missing", path=path) from None
        except OSError as error:
            if error.errno in (errno.ENXIO, errno.EISDIR):
                raise PathFault(rule="file-special", path=path) from error
            why = os.strerror(error.errno) if error.errno else str(error)
            raise PathFault(rule="file-unreadable", path=path, why=why) from error

    def _resolve(self, path: str) -> str:
        """Return where *path* really is, links followed; PathFault when that is outside."""
        real = os.path.realpath(self.root / path)
        if os.path.commonpath([self._real, real]) != self._real:
            raise PathFault(rule="path-leaves", path=path)
        return real

    def _read(self, real: str, path: str, most: int) -> bytes:
        # O_NOFOLLOW: links were followed and judged already, a new one is a swap in between.
        # O_NONBLOCK: opening a pipe must not wait for somebody to write into it.
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
        # An opener, since `open` leaves a descriptor that it was given open when it fails.
        with open(real, "rb", opener=lambda name, _: os.open(name, flags)) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise PathFault(rule="file-special", path=path)
            data = file.read(most + 1) if status.st_size <= most else b""
        if status.st_size > most or len(data) > most:
            raise PathFault(rule="file-too-large", path=path, limit=most // 2**20)
        return data

    def glob(self, pattern: str) -> tuple[list[str], list[PathFault]]:
        """Return the files that match *pattern*, sorted, and the folders that can't be looked at.

        `*`, `?` and `[...]` match within a name, `**` any folders; a name that starts with a dot
        only a pattern that does. Two names of one folder are walked once.
        """
        parts = PurePosixPath(join("", pattern)).parts
        faults: list[PathFault] = []
        seen = {self._real}
        found = list(self._walk("", parts, frozenset({0}), seen, faults))
        return sorted(found), faults

    def _walk(
        self,
        folder: str,
        parts: tuple[str, ...],
        states: frozenset[int],
        seen: set[str],
        faults: list[PathFault],
    ) -> Iterator[str]:
        try:
            with os.scandir(self.root / folder) as entries:
                names = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            why = os.strerror(error.errno or 0)
            faults.append(PathFault(rule="file-unreadable", path=folder or ".", why=why))
            return
        for entry in names:
            path = posixpath.join(folder, entry.name)
            after = _step(parts, states, entry.name)
            if not _is_folder(entry):
                if len(parts) not in after:
                    continue
                if _is_utf8(path):
                    yield path
                else:
                    faults.append(PathFault(rule="path-name", path=path))
            elif after - {len(parts)} and self._enter(path, seen, faults):
                yield from self._walk(path, parts, after, seen, faults)

    def _enter(self, path: str, seen: set[str], faults: list[PathFault]) -> bool:
        try:
            real = self._resolve(path)
        except PathFault as fault:
            faults.append(fault)
            return False
        if real in seen:
            return False
        seen.add(real)
        return True


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Tell whether *entry* is one; a link that leads in circles isn't, and is told when read."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def _step(parts: tuple[str, ...], states: frozenset[int], name: str) -> frozenset[int]:
    """Return how far into the pattern a path has come after *name*; len(parts) is a match."""
    after = set()
    for state in states:
        for here in range(state, len(parts)):
            part = parts[here]
            hidden = name.startswith(".") and not part.startswith(".")
            if part != "**":
                if not hidden and fnmatchcase(name, part):
                    after.add(here + 1)
                break
            if not hidden:
                after.add(here)
                if here + 1 == len(parts):
                    after.add(here + 1)
    return frozenset(after)
