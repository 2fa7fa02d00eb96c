"""The files of a source, be it a folder, a zip or one file: names first, bytes on demand.

Nothing is unpacked under its name, so a name that climbs out can't write anything; it is refused
all the same, because names become keys and places. `zips` reads the zips.
"""

import hashlib
import os
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Protocol

from importer.errors import UsageError
from importer.sources.losses import Loss
from importer.sources.unreadable import DAMAGES, Unreadable, refusal
from importer.sources.zips import Zip

__all__ = [
    "DAMAGES",
    "Tree",
    "Unreadable",
    "decoded",
    "digest_in",
    "head_of",
    "is_converted",
    "open_tree",
    "required",
    "whole",
]

_PAGE = 64 * 2**20


# What `convert` leaves in each folder that it makes.
_CONVERTED = ".teams-importer-convert.jsonl"


def is_converted(folder: Path) -> bool:
    """Tell whether a folder was made by a conversion; below its source, it is no part of that."""
    return (folder / _CONVERTED).is_file()


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
        return Zip(path, path.stat().st_size, str(path))
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
        except DAMAGES as error:
            message = f"damaged: {error}"
            raise Unreadable(message) from error


def head_of(tree: Tree, name: str, most: int = 2**16) -> bytes:
    """Return a file's first bytes; none when it can't be read."""
    try:
        with tree.open(name) as stream:
            return stream.read(most)
    except (Unreadable, *DAMAGES):
        return b""


@contextmanager
def required(tree: Tree, name: str) -> Iterator[IO[bytes]]:
    """Open a file that the whole source needs. Raises UsageError when it is damaged or gone."""
    try:
        with tree.open(name) as stream:
            yield stream
    except (Unreadable, OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        message = f"{name} is damaged or not whole: {error}"
        raise UsageError(message, remedy="Export or copy it again.") from error


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
    except (Unreadable, *DAMAGES):
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
                path = Path(base, folder)
                name = path.relative_to(self._path).as_posix()
                if path.is_symlink():
                    refused.append(refusal(name, "a link to a folder, which is not followed"))
                elif is_converted(path):
                    refused.append(refusal(name, "what an earlier conversion made"))
            folders[:] = [it for it in folders if not is_converted(Path(base, it))]
            for file in sorted(files):
                if file.startswith("."):
                    continue
                path = Path(base, file)
                name = path.relative_to(self._path).as_posix()
                if path.is_symlink() and not path.resolve().is_relative_to(self._root):
                    refused.append(refusal(name, "a link that leads out of the folder"))
                elif path.is_file():
                    yield name, path.stat().st_size
                else:
                    refused.append(refusal(name, "not a regular file"))

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
