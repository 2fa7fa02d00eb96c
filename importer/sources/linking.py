"""Links of a page: to other pages by their key, to nothing any more as text that says so."""

import html
import posixpath
import re
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from urllib.parse import unquote

from importer.model.draft import Place
from importer.sources.losses import Losses, LossKind
from importer.sources.naming import key_of
from importer.sources.page import Alias, Page, Passage
from importer.sources.picturing import PageFiles, uses
from importer.sources.raw_images import freed
from importer.sources.references import definitions, inlined
from importer.text.links import HOLE, Text, dig_by_form, fill
from importer.text.scanning import Destination, Form, destinations

__all__ = ["Addresses", "answer_key", "normal", "relinked"]

_HOST = re.compile(r"(?:https?:)?//([^/?#]*)(.*)", re.IGNORECASE | re.DOTALL)
# What stands behind the destination of a definition: its title, and the line's end.
_REST = re.compile(r"""\A>?[ \t]*(?:"[^"\n]*"|'[^'\n]*'|\([^)\n]*\))?[ \t]*(?:\n|\Z)""")
# `key:` and `asset:` are ours, `wiki:` is what readers make of links by title.
_ELSEWHERE = re.compile(r"(?!key:|wiki:|asset:|file:)[a-z][a-z0-9+.-]*:|//", re.IGNORECASE)

_LONGEST = 2_000
_SHORT = 40
# How many links can stand in a link's text that are looked at again.
_INNER = 50


@dataclass(frozen=True, slots=True)
class _Found:
    target: str | None
    is_part: bool = False


_NOTHING = _Found(None)


class Addresses:
    """Which item a link leads to: by its file and anchor, or by any name a page or answer has."""

    def __init__(self, table: Callable[[], MutableMapping[str, str]] = dict) -> None:
        """*table* makes the mappings that grow with the source."""
        self.gone: set[str] = set()
        self._anchors = table()
        self._files = table()
        self._parts = table()
        self._names = table()

    def add(self, key: str, page: Page) -> None:
        """Learn a page's names; the first of equal names counts. A key in `gone` is not found."""
        path = page.place.path
        for name in page.parts:
            self._parts[_anchor(path, name)] = ""
        for name in (*page.anchors, *page.parts):
            self._anchors.setdefault(_anchor(path, name), key)
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
        place = _anchor(file, unquote(anchor))
        known = self._anchors.get(place) if anchor else None
        if known or not target:
            return _Found(known, is_part=place in self._parts)
        return _Found(self._file(file), is_part=bool(anchor))

    def _named(self, name: str) -> str | None:
        if name in self._names or not self._names:
            return self._names.get(name)
        path, sharp, anchor = name.partition("#")
        path, _, _ = path.partition("?")
        titled = name.startswith("wiki:")  # `Why?` is another page than `Why`.
        if path != name and not sharp and not titled and path in self._names:
            return self._names[path]
        while (cut := path.rfind("/")) > 0:
            path = path[:cut]
            if found := self._names.get(f"{path}/*{sharp}{anchor}"):
                return found
        return None

    def _file(self, path: str) -> str | None:
        names = (path, f"{path}.md", f"{path}/index.md", f"{path}/README.md")
        return next((self._files[name] for name in names if name in self._files), None)


def _anchor(path: str, name: str) -> str:
    return f"{path}\0{name.lower()}"


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
    files: PageFiles | None = None,
) -> str:
    """Return *markdown* with its links to pages led to keys, and its images to assets.

    A relative link that leads nowhere is taken out: its text stays and, but for anchors, its old
    destination can be seen. A link that was written `key:...` in the source is one of these. What
    begins with `/` leads to the site at *home*, if that is known; what leads to a part of the very
    page, whose key is *own*, leads nowhere, for posts have no anchors.
    """
    shown = files.with_links_shown(freed(markdown, files.stays)) if files else markdown
    times = uses(shown) if files else {}

    def target_of(destination: str, form: Form) -> str | None:
        if files and (form is Form.IMAGE or times.get(destination)):
            return files.target_of(destination, max(1, times.get(destination, 1)))
        key, is_part = addresses.find(place.path, destination)
        if key == own and destination.startswith("#"):
            return None
        if key and is_part:
            why = "it led to a part of a page; it leads to the whole now"
            losses.add(LossKind.LINK, place.line, destination, why)
        if key:
            return f"key:{key}"
        if files and (there := files.address_of(destination)):
            return there
        rooted = destination.startswith("/") and not destination.startswith("//")
        return f"{home}{destination}" if home and rooted else None

    text = dig_by_form(shown, target_of)
    holed = _without_dead_definitions(text.holed, place, losses, files)
    while dead := _dead(holed, files):
        parts: list[str] = []
        position = 0
        for found in dead:
            destination = holed[found.start : found.end]
            inner = holed[found.text_start : found.text_end]
            # Those of images are listed as they are counted.
            if found.form is not Form.IMAGE or files is None:
                kind = LossKind.IMAGE if found.form is Form.IMAGE else LossKind.LINK
                losses.add(kind, place.line, destination, _why(found.form, destination))
            instead = _instead(found.form, inner, destination)
            parts += [holed[position : found.link_start], instead]
            position = found.link_end
        holed = "".join([*parts, holed[position:]])
    return fill(Text(holed, text.targets), lambda target: target)


def _without_dead_definitions(
    holed: str, place: Place, losses: Losses, files: PageFiles | None
) -> str:
    """Return a text in which no definition leads nowhere: their uses say themselves where to."""
    while found := _first_dead_definition(holed, files):
        before, after = holed[: found.link_start], holed[found.link_end :]
        destination = holed[found.start : found.end]
        after = _REST.sub("", after)
        label = holed[found.link_start : found.link_end].partition("]:")[0].lstrip("[")
        if label.lower() in definitions(before):
            # Of two definitions the first counts: nobody ever saw this one.
            holed = f"{before}{after}"
            continue
        # A text in its place would take the definitions below it for its own lines.
        if (direct := inlined(f"{before}{after}", label, destination)) != f"{before}{after}":
            holed = direct
            continue
        instead = _instead(found.form, holed[found.text_start : found.text_end], destination)
        losses.add(LossKind.LINK, place.line, destination, _why(found.form, destination))
        holed = f"{before}{instead}\n\n{after}"
    return holed


def _first_dead_definition(holed: str, files: PageFiles | None) -> Destination | None:
    if "]:" not in holed:
        return None
    found = (it for it in destinations(holed) if it.form is Form.DEFINITION)
    return next((it for it in found if _is_dead(holed, it, files)), None)


def _dead(holed: str, files: PageFiles | None) -> list[Destination]:
    """Return the links that lead nowhere, but of links in links the inner ones only."""
    if "](" not in holed:
        return []
    dead: list[Destination] = []
    for found in destinations(holed):
        if not _is_dead(holed, found, files):
            continue
        # Sorted by destinations, so what is inside comes before what is around it.
        if not any(found.link_start <= it.link_start < found.link_end for it in dead[-_INNER:]):
            dead.append(found)
    return dead


def _is_dead(holed: str, found: Destination, files: PageFiles | None) -> bool:
    destination = holed[found.start : found.end]
    if files and (files.is_dead(destination, found.form) or _is_inline(destination)):
        return True
    footnote = found.form is Form.DEFINITION and holed.startswith("[^", found.link_start)
    is_relative = bool(destination) and destination != HOLE and not _ELSEWHERE.match(destination)
    return is_relative and not footnote


def _is_inline(destination: str) -> bool:
    """Tell whether a destination is a whole file by itself."""
    return destination[:5].lower() == "data:"


def _instead(form: Form, inner: str, destination: str) -> str:
    # An image that stands in its own address says nothing by more of it.
    most = _SHORT if _is_inline(destination) else _LONGEST
    bare = destination if len(destination) <= most else f"{destination[:most]}..."
    shown = f"`` {bare.replace('`', '')} ``" if "`" in bare else f"`{bare}`"
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
    if _is_inline(destination):
        return "a file inside the text; no API has a place for it, and no browser opens it"
    if destination.startswith("#"):
        return "posts have no anchors; the link's text stays"
    return "no page of this name is moved; the link's text stays, and says where it led"
