"""The files of a source, be it a folder, a zip or one file: names first, bytes on demand.

Nothing is ever unpacked to disk, so a name that climbs out can't write anything; it is refused all
the same, because names become keys and places. An archive that would unpack to far more than it
holds is refused whole, before a byte of it is read.
"""

import hashlib
import os
import stat
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import IO, Protocol

from importer.errors import UsageError
from importer.model.draft import Place
from importer.sources.losses import Loss, LossKind

__all__ = ["Tree", "Unreadable", "decoded", "digest_in", "open_tree", "whole"]

_MOST_FILES = 500_000
_MOST_BYTES = 64 * 2**30
_WORST_RATIO = 250
# Small files compress well by nature; a bomb is none of them.
_HARMLESS = 16 * 2**20
_PAGE = 64 * 2**20
_DAMAGES = (OSError, EOFError, ValueError, NotImplementedError, zipfile.BadZipFile, zlib.error)


class Unreadable(Exception):
    """A file of the tree that can't be read; the text says why."""


class Tree(Protocol):
    """Files by name: relative to what was opened, with `/`."""

    @property
    def names(self) -> Mapping[str, int]:
        """Return the size of each file, in the names' order."""
        ...

    @property
    def refused(self) -> tuple[Loss, ...]:
        """Return what is there and is not read, with the reasons."""
        ...

    def open(self, name: str) -> IO[bytes]:
        """Open a file of `names`; Unreadable when that fails."""
        ...


def open_tree(path: Path) -> Tree:
    """Return the files at *path*. Raises UsageError for nothing, a damaged zip or a bomb."""
    if path.is_dir():
        return _Folder(path)
    if not path.is_file():
        message = f"there is no file or folder {path}"
        raise UsageError(message, remedy="Name the export's folder, its zip, or its file.")
    # A zip's list of files stands at its end, so a cut one is not even known as a zip by that.
    if path.suffix.lower() == ".zip" or zipfile.is_zipfile(path):
        return _Zip(path)
    return _Single(path)


def whole(tree: Tree, name: str, most: int = _PAGE) -> bytes:
    """Return a file's bytes; Unreadable for one of more than *most*, or a damaged one."""
    if tree.names[name] > most:
        message = f"larger than {most // 2**20} MB"
        raise Unreadable(message)
    with tree.open(name) as stream:
        try:
            # Not `most`: room for all that is asked for is made before anything is read.
            return stream.read(tree.names[name] + 1)
        except _DAMAGES as error:
            message = f"damaged: {error}"
            raise Unreadable(message) from error


def decoded(data: bytes, encoding: str | None) -> tuple[str, str]:
    """Return bytes as text with `\\n`, and the encoding if it was not UTF-8, else "".

    Unreadable when they are neither UTF-8 nor *encoding*.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = encoding or "utf-16"
    try:
        text, other = data.decode("utf-8-sig"), ""
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        try:
            text, other = data.decode(encoding or "utf-8"), encoding or ""
        except (UnicodeError, LookupError):
            tried = f" nor {encoding}" if encoding else ""
            message = f"it is not UTF-8{tried} in line {line}"
            raise Unreadable(message) from error
    return text.replace("\r\n", "\n").replace("\r", "\n"), other


def digest_in(tree: Tree, name: str) -> str:
    """Return the SHA-256 of a file's bytes, in hex; empty when it can't be read."""
    digest = hashlib.sha256()
    try:
        with tree.open(name) as stream:
            while chunk := stream.read(2**20):
                digest.update(chunk)
    except (Unreadable, *_DAMAGES):
        return ""
    return digest.hexdigest()


class _Folder:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._root = path.resolve()
        refused: list[Loss] = []
        self.names = dict(self._walk(refused))
        self.refused = tuple(refused)

    def _walk(self, refused: list[Loss]) -> Iterator[tuple[str, int]]:
        for base, folders, files in os.walk(self._path):
            # A name with a dot before it is no page's.
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for folder in folders:
                if (path := Path(base, folder)).is_symlink():
                    name = path.relative_to(self._path).as_posix()
                    refused.append(_refusal(name, "a link to a folder, which is not followed"))
            for file in sorted(files):
                if file.startswith("."):
                    continue
                path = Path(base, file)
                name = path.relative_to(self._path).as_posix()
                if path.is_symlink() and not path.resolve().is_relative_to(self._root):
                    refused.append(_refusal(name, "a link that leads out of the folder"))
                elif path.is_file():
                    yield name, path.stat().st_size
                else:
                    refused.append(_refusal(name, "not a regular file"))

    def open(self, name: str) -> IO[bytes]:
        # Looked at once more: a link may have been put there since.
        if not (self._path / name).resolve().is_relative_to(self._root):
            message = "a link that leads out of the folder"
            raise Unreadable(message)
        return _opened(self._path / name)


class _Single:
    refused: tuple[Loss, ...] = ()

    def __init__(self, path: Path) -> None:
        self._path = path
        self.names = {path.name: path.stat().st_size}

    def open(self, name: str) -> IO[bytes]:  # noqa: ARG002 - there is one
        return _opened(self._path)


def _opened(path: Path) -> IO[bytes]:
    try:
        return path.open("rb")
    except OSError as error:
        raise Unreadable(error.strerror or str(error)) from error


class _Zip:
    def __init__(self, path: Path) -> None:
        try:
            self._zip = zipfile.ZipFile(path)
        except _DAMAGES as error:
            message = f"{path} is damaged or not whole: {error}"
            raise UsageError(message, remedy="Export or copy it again.") from error
        entries = self._zip.infolist()
        _require_no_bomb(path, entries)
        refused: list[Loss] = []
        self._entries = dict(sorted(_safe(entries, refused)))
        self.names = {name: entry.file_size for name, entry in self._entries.items()}
        self.refused = tuple(refused)

    def open(self, name: str) -> IO[bytes]:
        try:
            return self._zip.open(self._entries[name])
        except _DAMAGES as error:
            raise Unreadable(str(error)) from error


def _require_no_bomb(path: Path, entries: list[zipfile.ZipInfo]) -> None:
    size = path.stat().st_size
    total = sum(it.file_size for it in entries)
    fault = ""
    if len(entries) > _MOST_FILES:
        fault = f"holds {len(entries):,} files"
    elif total > _MOST_BYTES or (total > _HARMLESS and total > size * _WORST_RATIO):
        fault = f"is {size:,} bytes and would unpack to {total:,}"
    elif _overlap(entries):
        fault = "holds files that share their bytes"
    if fault:
        message = f"{path} {fault}: a zip bomb, or as good as one"
        raise UsageError(message, remedy="Unpack it where that does no harm, and name the folder.")


def _overlap(entries: Iterable[zipfile.ZipInfo]) -> bool:
    """Tell whether files lie in one another, as a bomb's do."""
    extents = sorted(
        ((it.header_offset, it.header_offset + it.compress_size) for it in entries),
    )
    return any(later < end for (_, end), (later, _) in pairwise(extents))


def _safe(
    entries: Iterable[zipfile.ZipInfo], refused: list[Loss]
) -> Iterator[tuple[str, zipfile.ZipInfo]]:
    seen: set[str] = set()
    for entry in entries:
        name = entry.filename.replace("\\", "/")
        if name.endswith("/"):
            continue
        parts = name.split("/")
        hidden = any(part.startswith(".") and part != ".." for part in parts)
        if name.startswith("/") or ".." in parts or (len(parts[0]) > 1 and parts[0][1] == ":"):
            refused.append(_refusal(name, "a path that climbs out of the archive"))
        elif stat.S_ISLNK(entry.external_attr >> 16):
            refused.append(_refusal(name, "a link, not a file"))
        elif entry.flag_bits & 1:
            refused.append(_refusal(name, "it is encrypted"))
        elif name in seen:
            refused.append(_refusal(name, "a second file of this name"))
        elif not hidden and parts[0] != "__MACOSX":
            seen.add(name)
            yield name, entry


def _refusal(name: str, why: str) -> Loss:
    return Loss(LossKind.FILE, Place(name, 1), name, f"{why}; left out")
