"""Assets of one run: what files are, by their bytes, and the names they get below the manifest.

A file is read piece by piece and never held whole.
"""

import hashlib
import posixpath
import re
import unicodedata
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from importer.model.draft import Asset
from importer.model.pictures import SUFFIXES, media_type_of
from importer.sources.page import File
from importer.sources.reader import Attachments
from importer.sources.unreadable import DAMAGES

__all__ = ["Look", "Store"]

_PIECE = 2**18
_MOST_FILES = 100_000
_MOST_BYTES = 64 * 2**30
_SUFFIX = re.compile(r"\.[a-z0-9]{1,10}")
_LONGEST = 60
# Devices on systems that a repository may be checked out on.
_RESERVED = re.compile(r"con|prn|aux|nul|(?:com|lpt)\d")


@dataclass(frozen=True, slots=True)
class Look:
    """What a file is: its digest, its size, its type if it is an image that can be uploaded."""

    digest: str
    size: int
    media_type: str | None
    fault: str = ""


@dataclass(slots=True)
class Store:
    """The assets of one run: their names, each for one content. `looks` outlive the run.

    `address` is where the source stood. `named` are digests by name, `digests` names by digest:
    mappings, which may lie elsewhere than in memory.
    """

    attachments: Attachments = Attachments.LIST
    address: str = ""
    looks: MutableMapping[str, Look] = field(default_factory=dict)
    named: MutableMapping[str, str] = field(default_factory=dict)
    digests: MutableMapping[str, str] = field(default_factory=dict)
    most_files: int = _MOST_FILES
    most_bytes: int = _MOST_BYTES
    _count: int = 0
    _bytes: int = 0

    @property
    def host(self) -> str:
        """Return the host of the old wiki; empty when not known."""
        return urlsplit(self.address).netloc.lower()

    def look(self, file: File) -> Look:
        """Return what a file is, looked at once."""
        known = self.looks.get(file.path)
        if known is None:
            known = self.looks[file.path] = _looked(file)
        return known

    def asset(self, file: File, look: Look) -> Asset | None:
        """Return the asset that a file becomes; None when there are too many of them."""
        name = self.digests.get(look.digest)
        if name is None:
            if self._count >= self.most_files or self._bytes + look.size > self.most_bytes:
                return None
            name = self._name(file.title or file.path, look)
            self.named[name] = look.digest
            self.digests[look.digest] = name
            self._count += 1
            self._bytes += look.size
        return Asset(name, look.size, look.digest, file.open) if file.open else None

    def _name(self, title: str, look: Look) -> str:
        """Return a name that is safe everywhere: the same whatever else is in the source."""
        stem, suffix = posixpath.splitext(posixpath.basename(title.replace("\\", "/")))
        suffix = SUFFIXES.get(look.media_type or "", "") or suffix.lower()
        if not _SUFFIX.fullmatch(suffix):
            suffix = ""
        slug = _slug(stem)[:_LONGEST].strip("-") or "file"
        slug = f"file-{slug}" if _RESERVED.fullmatch(slug) else slug
        name = f"{slug}{suffix}"
        for length in (12, len(look.digest)):
            if name in self.named:
                name = f"{slug}-{look.digest[:length]}{suffix}"
        return name


def _slug(text: str) -> str:
    ascii_only = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")
    return re.sub(r"[^a-z0-9]+", "-", ascii_only.lower()).strip("-")


def _looked(file: File) -> Look:
    if file.open is None:
        return Look(file.digest, file.size, None, "it can't be had from here")
    digest, size, head = hashlib.sha256(), 0, b""
    try:
        with file.open() as stream:
            while piece := stream.read(_PIECE):
                head = head or piece[:32]
                size += len(piece)
                digest.update(piece)
    except DAMAGES as error:
        return Look("", file.size, None, f"it can't be read: {error}")
    return Look(digest.hexdigest(), size, media_type_of(head))
