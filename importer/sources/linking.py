"""Links of a page: to other pages by their key, to nothing any more as text that says so."""

import html
import posixpath
import re
from dataclasses import dataclass
from urllib.parse import unquote

from importer.model.draft import Place
from importer.sources.losses import Losses, LossKind
from importer.sources.naming import key_of
from importer.sources.page import Alias, Page, Passage
from importer.text.links import HOLE, Text, dig, fill
from importer.text.scanning import Destination, Form, destinations

__all__ = ["Addresses", "answer_key", "normal", "relinked"]

_HOST = re.compile(r"(?:https?:)?//([^/?#]*)(.*)", re.IGNORECASE | re.DOTALL)
# `key:` is ours, `wiki:` is what readers make of links by title.
_ELSEWHERE = re.compile(r"(?!key:|wiki:|file:)[a-z][a-z0-9+.-]*:|//", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Found:
    target: str | None
    is_part: bool = False


_NOTHING = _Found(None)


class Addresses:
    """Which item a link leads to: by its file and anchor, or by any name a page or answer has."""

    def __init__(self) -> None:
        self.gone: set[str] = set()
        self._anchors: dict[tuple[str, str], str] = {}
        self._files: dict[str, str] = {}
        self._parts: set[tuple[str, str]] = set()
        self._names: dict[str, str] = {}

    def add(self, key: str, page: Page) -> None:
        """Learn a page's names; the first of equal names counts. A key in `gone` is not found."""
        path = page.place.path
        self._parts.update((path, name.lower()) for name in page.parts)
        for name in (*page.anchors, *page.parts):
            self._anchors.setdefault((path, name.lower()), key)
        if page.alone:
            self._files[path] = key
        for name in (*page.addresses, *page.names):
            self._names.setdefault(normal(name), key)
        for number, answer in enumerate(page.answers, 1):
            for name in answer.names:
                self._names.setdefault(normal(name), f"{key}#{answer_key(answer, number)}")

    def add_alias(self, alias: Alias) -> str:
        """Give an alias's names to the item it leads to; return its key, or "" if there is none."""
        key, _ = self.find(alias.place.path, alias.target)
        for name in (*alias.names, *alias.addresses) if key else ():
            self._names.setdefault(normal(name), key or "")
        return (key or "").partition("#")[0]

    def find(self, base: str, destination: str) -> tuple[str | None, bool]:
        """Return what a link in the file *base* leads to; True if to a part of the page."""
        found = self._find(base, html.unescape(destination))
        gone = found.target is not None and found.target.partition("#")[0] in self.gone
        return (None, False) if gone else (found.target, found.is_part)

    def _find(self, base: str, destination: str) -> _Found:
        path, _, anchor = destination.partition("#")
        if named := self._named(normal(destination)):
            return _Found(named)
        if path and (named := self._named(normal(path))):
            return _Found(named, is_part=bool(anchor))
        if _ELSEWHERE.match(destination):
            return _NOTHING
        target = unquote(path.partition("?")[0])
        file = posixpath.normpath(posixpath.join(posixpath.dirname(base), target))
        file = target.lstrip("/") if target.startswith("/") else file if target else base
        place = (file, unquote(anchor).lower())
        known = self._anchors.get(place) if anchor else None
        if known or not target:
            return _Found(known, is_part=place in self._parts)
        return _Found(self._file(file), is_part=bool(anchor))

    def _named(self, name: str) -> str | None:
        if name in self._names or not self._names:
            return self._names.get(name)
        path, sharp, anchor = name.partition("#")
        path, _, _ = path.partition("?")
        if path != name and not sharp and path in self._names:
            return self._names[path]
        while (cut := path.rfind("/")) > 0:
            path = path[:cut]
            if found := self._names.get(f"{path}/*{sharp}{anchor}"):
                return found
        return None

    def _file(self, path: str) -> str | None:
        names = (path, f"{path}.md", f"{path}/index.md", f"{path}/README.md")
        return next((self._files[name] for name in names if name in self._files), None)


def normal(address: str) -> str:
    """Return the form in which addresses are compared: decoded, and URLs without their scheme.

    The case of a URL means nothing: `http://Host/A%20b/` and `//host/a b` are the same. Hosts of
    wikis that tell pages by case alone are rarer than people who don't mind it in links.
    """
    plain = unquote(address).rstrip("/")
    match = _HOST.match(plain)
    return f"//{match[1]}{match[2]}".lower() if match else plain


def answer_key(answer: Passage, number: int) -> str:
    """Return the key of a question's *number*-th answer, local to the question."""
    if answer.name:
        return key_of(f"answer {answer.name}")
    return "answer" if number == 1 else f"answer-{number}"


def relinked(
    markdown: str,
    place: Place,
    addresses: Addresses,
    losses: Losses,
    *,
    own: str = "",
    home: str = "",
) -> str:
    """Return *markdown* with its links to pages led to keys.

    A relative link that leads nowhere is taken out: its text stays and, but for anchors, its old
    destination can be seen. A link that was written `key:...` in the source is one of these. What
    begins with `/` leads to the site at *home*, if that is known; what leads to a part of the very
    page, whose key is *own*, leads nowhere, for posts have no anchors.
    """

    def target_of(destination: str) -> str | None:
        key, is_part = addresses.find(place.path, destination)
        if key == own and destination.startswith("#"):
            return None
        if key and is_part:
            why = "it led to a part of a page; it leads to the whole now"
            losses.add(LossKind.LINK, place.line, destination, why)
        if key:
            return f"key:{key}"
        rooted = destination.startswith("/") and not destination.startswith("//")
        return f"{home}{destination}" if home and rooted else None

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
        return "posts have no anchors; the link's text stays"
    return "no page of this name is moved; the link's text stays, and says where it led"
