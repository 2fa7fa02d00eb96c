"""Links of a page: to other pages by their key, to nothing any more as text that says so."""

import html
import posixpath
import re
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from urllib.parse import unquote

from importer.model.draft import Place
from importer.sources.dead_links import is_elsewhere, without_dead_links
from importer.sources.losses import Losses, LossKind
from importer.sources.naming import key_of
from importer.sources.page import Alias, Page, Passage
from importer.sources.picturing import PageFiles, uses
from importer.sources.raw_images import freed
from importer.text.links import Text, dig_by_form, fill
from importer.text.scanning import Form

__all__ = ["Addresses", "answer_key", "normal", "relinked"]

_HOST = re.compile(r"(?:https?:)?//([^/?#]*)(.*)", re.IGNORECASE | re.DOTALL)


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
        if is_elsewhere(destination):
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
    holed = without_dead_links(text.holed, place, losses, files)
    return fill(Text(holed, text.targets), lambda target: target)
