"""Zips as sources: files by name, and no bomb.

An archive that would unpack to far more than it holds is refused whole, before a byte of it is
read; so is one whose files share their bytes, and one that is encrypted.
"""

import stat
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import IO

from importer.errors import UsageError
from importer.sources.losses import Loss
from importer.sources.unreadable import DAMAGES, Unreadable, refusal

__all__ = ["MOST_BYTES", "REMEDY", "Bounded", "Zip"]

_MOST_FILES = 500_000
MOST_BYTES = 64 * 2**30
_WORST_RATIO = 250
# Small files compress well by nature; a bomb is none of them.
_HARMLESS = 16 * 2**20
REMEDY = "Unpack it where that does no harm, and name the folder."


class Zip:
    """The files of a zip of *size* bytes; *shown* is what errors call it."""

    def __init__(self, source: Path | IO[bytes], size: int, shown: str) -> None:
        try:
            self._zip = zipfile.ZipFile(source)
        except DAMAGES as error:
            message = f"{shown} is damaged or not whole: {error}"
            raise UsageError(message, remedy="Export or copy it again.") from error
        entries = self._zip.infolist()
        _require_no_bomb(shown, size, entries)
        _require_open(shown, entries)
        refused: list[Loss] = []
        self._entries = dict(sorted(_safe(entries, refused)))
        self.names: Mapping[str, int] = {it: entry.file_size for it, entry in self._entries.items()}
        self.refused = tuple(refused)

    def open(self, name: str) -> IO[bytes]:
        """Open a file of `names`."""
        try:
            return self._zip.open(self._entries[name])
        # A zip that claims to be encrypted with what nobody knows raises a RuntimeError.
        except (RuntimeError, *DAMAGES) as error:
            raise Unreadable(str(error)) from error


class Bounded:
    """A stream that unpacks; UsageError when it gives far more than the *packed* bytes hold."""

    def __init__(self, stream: IO[bytes], packed: int, shown: str) -> None:
        self._stream = stream
        self._left = max(_HARMLESS, packed * _WORST_RATIO)
        self._shown = shown

    def read(self, most: int) -> bytes:
        """Return at most *most* bytes."""
        data = self._stream.read(most)
        self._left -= len(data)
        if self._left < 0:
            message = f"{self._shown} unpacks to more than {_WORST_RATIO} times its size: a bomb"
            raise UsageError(message, remedy=REMEDY)
        return data


def _require_no_bomb(shown: str, size: int, entries: list[zipfile.ZipInfo]) -> None:
    total = sum(it.file_size for it in entries)
    fault = ""
    if len(entries) > _MOST_FILES:
        fault = f"holds {len(entries):,} files"
    elif total > MOST_BYTES or (total > _HARMLESS and total > size * _WORST_RATIO):
        fault = f"is {size:,} bytes and would unpack to {total:,}"
    elif _overlap(entries):
        fault = "holds files that share their bytes"
    if fault:
        message = f"{shown} {fault}: a zip bomb, or as good as one"
        raise UsageError(message, remedy=REMEDY)


def _require_open(shown: str, entries: list[zipfile.ZipInfo]) -> None:
    files = [it for it in entries if not it.is_dir()]
    if files and all(it.flag_bits & 1 for it in files):
        message = f"{shown} is encrypted"
        raise UsageError(message, remedy="Unpack it with its password, and name the folder.")


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
            refused.append(refusal(name, "a path that climbs out of the archive"))
        elif stat.S_ISLNK(entry.external_attr >> 16):
            refused.append(refusal(name, "a link, not a file"))
        elif entry.flag_bits & 1:
            refused.append(refusal(name, "it is encrypted"))
        elif name in seen:
            refused.append(refusal(name, "a second file of this name"))
        elif not hidden and parts[0] != "__MACOSX":
            seen.add(name)
            yield name, entry
