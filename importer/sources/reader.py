"""What a reader of one kind of source is, and what a person can tell it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from importer.sources.losses import Loss
from importer.sources.page import Alias, Page

__all__ = ["Attachments", "Likeness", "Options", "Reader"]


class Likeness(IntEnum):
    """How much something looks like a kind of source."""

    NONE = 0
    POSSIBLE = 1
    LIKELY = 2
    SURE = 3


class Attachments(StrEnum):
    """What becomes of files that no API uploads: listed with their digests, or copied as well."""

    LIST = "list"
    COPY = "copy"


@dataclass(frozen=True, slots=True)
class Options:
    """`tags` are put on pages that have none. `encoding` is tried where a file is not UTF-8.

    `address` is where the source stood, a URL: links to it lead to the new posts. `macros` says
    what becomes of a wiki's macros by name, over our own rules. With `from_html`, the rendered HTML
    is converted where a source has the author's Markdown as well. `reserved` are keys that only
    pages get for which they were chosen; `given` are those of them that a person wrote.
    """

    tags: tuple[str, ...] = ("migrated",)
    encoding: str | None = None
    address: str = ""
    macros: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    attachments: Attachments = Attachments.LIST
    from_html: bool = False
    reserved: frozenset[str] = frozenset()
    given: frozenset[str] = frozenset()


class Reader(Protocol):
    """Reads one kind of source. Never writes, never opens a connection."""

    @property
    def name(self) -> str:
        """Return the word for the command line."""
        ...

    @property
    def summary(self) -> str:
        """Return one line for the help."""
        ...

    def guess(self, path: Path) -> Likeness:
        """Tell how much *path*, which is there, looks like such a source."""
        ...

    def read(self, path: Path, options: Options) -> Iterator[Page | Alias | Loss]:
        """Yield pages and losses in the source's order; the same again when called again.

        Must account for every file and page: as a Page, an Alias, or a Loss that says why not; one
        bad page must not end it. Raises UsageError when there is nothing at *path*, or when the
        whole of it is damaged or dangerous: a cut archive, a bomb, an XML file with entities.
        """
        ...
