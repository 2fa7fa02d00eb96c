"""Which page of a source is which, today and the next time it is read: never by its title."""

from collections.abc import Callable
from dataclasses import dataclass

from importer.sources.page import Page

__all__ = ["Known", "identity_of", "part_of"]


def _none(_: str) -> str:
    return ""


def _never(_: str) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Known:
    """What an earlier conversion of the source left behind.

    `key_of` gives the key of a page by its identity, empty for a new one. `is_taken` tells the keys
    that no new page may get, `is_dropped` the pages that a person took out since. `written` gives
    the key that was written where a person has edited it into this one since, else nothing.
    """

    key_of: Callable[[str], str] = _none
    is_taken: Callable[[str], bool] = _never
    is_dropped: Callable[[str], bool] = _never
    written: Callable[[str], str] = _none


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
