"""Exports that were parted into zips within a zip, or beside one another in a folder."""

import re
import weakref
import zipfile
from collections.abc import Mapping
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO

from importer.errors import UsageError
from importer.sources.tree import Tree, open_tree
from importer.sources.unreadable import DAMAGES, Unreadable, refusal
from importer.sources.zips import MOST_BYTES, REMEDY, Zip

__all__ = ["open_parts"]

_MOST_ZIPS = 1_000
_DEEPEST = 3
_IN_MEMORY = 64 * 2**20
_CHUNK = 2**20
_PART = re.compile(r"(?:.*-Part-\d+|.*Export-[0-9a-f-]{36}.*)\.zip", re.IGNORECASE)
_PAGE = re.compile(r".*[ -][0-9a-f]{32}\.(?:html|md|csv)", re.IGNORECASE)


def open_parts(path: Path) -> Tree:
    """Return the files at *path*; those of the zips an export was parted into are in their place.

    Only zips that stand beside no page, are called as parts are, or hold pages or parts by their
    names, are opened: others are somebody's attachments. Raises UsageError as `open_tree` does,
    also for zips in zips in zips without end.
    """
    tree = open_tree(path)
    return _Parted(tree, 1, _Budget()) if _parts(tree) else tree


def _parts(tree: Tree) -> list[str]:
    zips = [name for name in tree.names if name.lower().endswith(".zip")]
    if len(zips) == len(tree.names):
        # One zip that was opened by its own name is no part of itself.
        return zips
    return [it for it in zips if _PART.fullmatch(it.rpartition("/")[2]) or _holds_parts(tree, it)]


def _holds_parts(tree: Tree, name: str) -> bool:
    """Tell by the names within a zip whether it is an export that somebody gave another name."""
    try:
        with tree.open(name) as stream, zipfile.ZipFile(stream) as inner:
            names = [it.filename.rpartition("/")[2] for it in inner.infolist()]
    except (Unreadable, *DAMAGES):
        return False
    return any(_PART.fullmatch(it) or _PAGE.fullmatch(it) for it in names)


class _Budget:
    """What all zips of a source may hold together."""

    def __init__(self) -> None:
        self.zips = 0
        self.bytes = 0

    def spend(self, name: str, size: int) -> None:
        self.zips += 1
        self.bytes += size
        if self.zips > _MOST_ZIPS or self.bytes > MOST_BYTES:
            message = f"{name}: more zips in zips than any export has: a zip bomb"
            raise UsageError(message, remedy=REMEDY)


class _Parted:
    """A tree whose parts are opened: their files are this tree's own."""

    def __init__(self, tree: Tree, depth: int, budget: _Budget) -> None:
        parts = _parts(tree)
        self._owners: dict[str, Tree] = {it: tree for it in tree.names if it not in parts}
        refused = list(tree.refused)
        for name in parts:
            part = self._opened(tree, name, depth, budget)
            refused += part.refused
            for it in part.names:
                if it in self._owners:
                    refused.append(refusal(f"{name}/{it}", "a second file of this name"))
                else:
                    self._owners[it] = part
        names = sorted(self._owners)
        self.names: Mapping[str, int] = {it: self._owners[it].names[it] for it in names}
        self.refused = tuple(refused)

    def _opened(self, tree: Tree, name: str, depth: int, budget: _Budget) -> Tree:
        size = tree.names[name]
        budget.spend(name, size)
        if depth > _DEEPEST:
            message = f"{name}: zips in zips in zips, without end"
            raise UsageError(message, remedy=REMEDY)
        # Reading a zip jumps to and fro, which a stream from within a zip can't well.
        copy: IO[bytes] = SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - closed with this tree
        weakref.finalize(self, copy.close)
        try:
            with tree.open(name) as stream:
                while chunk := stream.read(_CHUNK):
                    copy.write(chunk)
        except (Unreadable, *DAMAGES) as error:
            message = f"{name} is damaged or not whole: {error}"
            raise UsageError(message, remedy="Export or copy it again.") from error
        copy.seek(0)
        part = Zip(copy, size, name)
        return _Parted(part, depth + 1, budget) if _parts(part) else part

    def open(self, name: str) -> IO[bytes]:
        return self._owners[name].open(name)
