"""Links of a page: to other pages by their key, to nothing any more as text that says so."""

import html
import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote

from importer.model.draft import Place
from importer.sources.losses import Losses, LossKind
from importer.sources.page import Page
from importer.text.links import HOLE, Text, dig, fill
from importer.text.scanning import Destination, Form, destinations

__all__ = ["Addresses", "relinked"]

_ELSEWHERE = re.compile(r"(?!key:)[a-z][a-z0-9+.-]*:|//", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Addresses:
    """Which page a link leads to: by file and anchor, and by file alone where it is one page."""

    anchors: Mapping[tuple[str, str], str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    parts: frozenset[tuple[str, str]] = frozenset()

    @classmethod
    def of(cls, pages: Mapping[str, Sequence[Page]]) -> "Addresses":
        """Return the addresses of pages by key. The first of equal anchors counts."""
        anchors: dict[tuple[str, str], str] = {}
        files: dict[str, str] = {}
        parts: set[tuple[str, str]] = set()
        for key, page in ((key, page) for key, shared in pages.items() for page in shared):
            path = page.place.path
            parts.update((path, name.lower()) for name in page.parts)
            for name in (*page.anchors, *page.parts):
                anchors.setdefault((path, name.lower()), key)
            if page.alone:
                files[path] = key
        return cls(anchors, files, frozenset(parts))

    def find(self, base: str, destination: str) -> tuple[str | None, bool]:
        """Return the key that a link in the file *base* leads to; True if to a part of the page."""
        path, _, anchor = html.unescape(destination).partition("#")
        target = unquote(path.partition("?")[0])
        file = posixpath.normpath(posixpath.join(posixpath.dirname(base), target))
        file = target.lstrip("/") if target.startswith("/") else file if target else base
        place = (file, unquote(anchor).lower())
        known = self.anchors.get(place) if anchor else None
        if known or not target:
            return known, place in self.parts
        return self._file(file), bool(anchor)

    def _file(self, path: str) -> str | None:
        names = (path, f"{path}.md", f"{path}/index.md", f"{path}/README.md")
        return next((self.files[name] for name in names if name in self.files), None)


def relinked(markdown: str, place: Place, addresses: Addresses, losses: Losses) -> str:
    """Return *markdown* with its relative links led to keys, or taken out where they lead nowhere.

    What is taken out leaves its text and, but for anchors, its old destination to be seen. A link
    that was written `key:...` in the source is one that leads nowhere.
    """

    def target_of(destination: str) -> str | None:
        if not _is_relative(destination):
            return None
        key, is_part = addresses.find(place.path, destination)
        if key and is_part:
            why = "it led to a part of a question; it leads to the question now"
            losses.add(LossKind.LINK, place.line, destination, why)
        return f"key:{key}" if key else None

    text = dig(markdown, target_of)
    holed = text.holed
    while found := _first_relative(holed):
        destination = holed[found.start : found.end]
        instead = _instead(found.form, holed[found.text_start : found.text_end], destination)
        kind = LossKind.IMAGE if found.form is Form.IMAGE else LossKind.LINK
        losses.add(kind, place.line, destination, _why(found.form, destination))
        holed = f"{holed[: found.link_start]}{instead}{holed[found.link_end :]}"
    return fill(Text(holed, text.targets), lambda target: target)


def _is_relative(destination: str) -> bool:
    return bool(destination) and destination != HOLE and not _ELSEWHERE.match(destination)


def _first_relative(holed: str) -> Destination | None:
    if "](" not in holed and "]:" not in holed:
        return None
    for found in destinations(holed):
        footnote = found.form is Form.DEFINITION and holed.startswith("[^", found.link_start)
        if not footnote and _is_relative(holed[found.start : found.end]):
            return found
    return None


def _instead(form: Form, inner: str, destination: str) -> str:
    shown = f"`` {destination.replace('`', '')} ``" if "`" in destination else f"`{destination}`"
    match form:
        case Form.IMAGE:
            return f"{inner} (image not moved: {shown})".lstrip()
        case Form.DEFINITION:
            return f"(link not moved: {inner.partition(']')[0].lstrip('[')}, {shown})"
        case Form.LINK if destination.startswith("#"):
            return inner
        case Form.LINK:
            return f"{inner} (link not moved: {shown})"


def _why(form: Form, destination: str) -> str:
    if form is Form.IMAGE:
        return "a local image; its place is named in the text"
    if destination.startswith("#"):
        return "no question has this anchor; the link's text stays"
    return "no question is in this file; the link's text stays, and says where it led"
