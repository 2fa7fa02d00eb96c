"""Which page of a source is which, today and the next time it is read: never by its title."""

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from importer.sources.page import Page

__all__ = ["Known", "identity_of", "part_of"]


@dataclass(frozen=True, slots=True)
class Known:
    """What an earlier conversion of the source left behind.

    `keys` are those of pages by their identity. `taken` are keys that no new page may get.
    `dropped` are identities of pages that a person took out since.
    """

    keys: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    taken: Container[str] = field(default_factory=frozenset)
    dropped: Container[str] = field(default_factory=frozenset)


def identity_of(page: Page) -> str:
    """Return what tells a page from the others in its source, also under another title.

    The source's own number where there is one; else its file, and within a file its anchor or name.
    """
    if page.identity:
        return page.identity
    if page.alone:
        return page.place.path
    return f"{page.place.path}#{page.anchors[0] if page.anchors else page.name or page.title}"


def part_of(identity: str, number: int) -> str:
    """Return the identity of the *number*-th part of a page that was split."""
    return f"{identity} (part {number})"
