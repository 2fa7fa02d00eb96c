"""Reads pages of Confluence that are a file each: those of an HTML export, and storage format."""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from urllib.parse import quote, quote_plus, unquote

from importer.model.draft import Place
from importer.model.ids import Kind
from importer.sources.confluence_html import EXPORTED, PageParts, parts_of, space_key
from importer.sources.files import Inventory, file_in
from importer.sources.losses import Loss, LossKind
from importer.sources.page import Credit, File, Page, Passage
from importer.sources.reader import Options
from importer.sources.storage import Storage, page_name
from importer.sources.tree import (
    Tree,
    Unreadable,
    decoded,
    whole,
)

__all__ = ["FILES", "HTML", "SinglePages"]

FILES = (".xml", ".xhtml", ".storage")
"""What files in storage format are called."""
HTML = (".html", ".htm")
_ATTACHED = re.compile(r"(?:^|/)attachments/(\d+)/")
_FILENAME = re.compile(r'ri:filename="([^"<>]{1,999})"')


@dataclass(slots=True)
class SinglePages:
    """Single pages: exported HTML or storage format, one a file."""

    tree: Tree
    options: Options
    count: int = 0
    attached: dict[str, list[str]] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)

    inventory: Inventory = field(init=False)

    def __post_init__(self) -> None:
        self.inventory = Inventory(self.tree, _is_page)
        for name in self.tree.names:
            if match := _ATTACHED.search(name):
                self.attached.setdefault(match[1], []).append(name)

    def read(self, name: str) -> Iterator[Page | Loss]:
        """Yield a file as a page, or the loss that says why it is none."""
        suffix = posixpath.splitext(name)[1].lower()
        if not _is_page(name):
            return
        self.count += 1
        place = Place(name, 1)
        try:
            text, _ = decoded(whole(self.tree, name), self.options.encoding)
        except Unreadable as error:
            yield Loss(LossKind.SKIPPED, place, name, f"it can't be read: {error}")
            return
        if suffix in HTML:
            yield from self._exported(name, text, place)
        else:
            yield self._stored(name, text, place)

    def _exported(self, name: str, text: str, place: Place) -> Iterator[Page | Loss]:
        parts = parts_of(text)
        if parts.body is None:
            yield Loss(LossKind.SKIPPED, place, name, "no page of the space; a way around it")
            return
        for kind, what, why in parts.losses:
            yield Loss(kind, place, what, why)
        for href in parts.listed:
            path = posixpath.normpath(posixpath.join(posixpath.dirname(name), unquote(href)))
            if path not in self.tree.names:
                yield Loss(LossKind.FILE, place, href, "listed on the page; the export lacks it")
        number = posixpath.splitext(posixpath.basename(name))[0].rpartition("_")[2]
        number = number if number.isdecimal() else ""
        space = self._space(posixpath.dirname(name))
        places = tuple(_addresses(number, space, parts.title))
        address = self.options.address.rstrip("/")
        below = f"{address}/spaces/{space}/pages/{number}"
        yield Page(
            place=place,
            title=parts.title or posixpath.basename(name),
            title_is_plain=True,
            body=Passage(parts.body, EXPORTED, Credit(parts.author, when=parts.edited)),
            kind=Kind.ARTICLE,
            tags=parts.labels or ((space,) if space else ()),
            name=parts.title.replace("/", " "),
            alone=True,
            addresses=tuple(f"{address}{it}" for it in places if address),
            names=(*places, *((below, f"{below}/*") if address and space and number else ())),
            parent=parts.parents[-1] if parts.parents else "",
            files=self._attached(name, number, parts),
            source=f"{parts.body}{parts.left}" if parts.left else "",
            space=space,
            identity=f"page {number}" if number else "",
        )

    def _space(self, folder: str) -> str:
        """Return the key of the space whose export lies in *folder*, as its index says it."""
        if folder not in self.keys:
            name = posixpath.join(folder, "index.html")
            try:
                there = name in self.tree.names
                text = decoded(whole(self.tree, name), self.options.encoding)[0] if there else ""
            except Unreadable:
                text = ""
            self.keys[folder] = space_key(text) if text else ""
        return self.keys[folder]

    def _attached(self, name: str, number: str, parts: PageParts) -> tuple[File, ...]:
        """Return a page's attachments, and what else of the export it shows."""
        address = self.options.address.rstrip("/")
        found: dict[str, File] = {}
        for path in self.attached.get(number, ()):
            title = parts.attached.get(posixpath.basename(path), "")
            there = f"{address}/download/attachments/{number}/{quote(title)}"
            self.inventory.used.add(path)
            address_of = there if address and title else ""
            found[path] = file_in(self.tree, path, title=title, address=address_of)
        for file in self.inventory.named(parts.body or "", posixpath.dirname(name)):
            found.setdefault(file.path, file)
        return tuple(found.values())

    def _stored(self, name: str, text: str, place: Place) -> Page:
        stem = posixpath.splitext(name)[0]
        title = posixpath.basename(stem).replace("_", " ")
        return Page(
            place=place,
            title=title,
            title_is_plain=True,
            body=Passage(text, Storage(rules=self.options.macros)),
            kind=Kind.ARTICLE,
            name=stem,
            alone=True,
            names=(page_name("", title), page_name("", posixpath.basename(stem))),
            parent=posixpath.dirname(name),
            files=tuple(self._beside(text, stem)),
        )

    def _beside(self, text: str, stem: str) -> Iterator[File]:
        """Yield the files that a page in storage format names, where they lie near it."""
        folder, stem = posixpath.split(stem)
        near = ("attachments", "", stem, f"{stem}/attachments", f"{stem}_attachments", "images")
        for title in dict.fromkeys(map(unescape, _FILENAME.findall(text))):
            paths = (posixpath.normpath(posixpath.join(folder, it, title)) for it in near)
            if name := next((name for path in paths if (name := self.inventory.find(path))), ""):
                yield self.inventory.file(name, names=(f"attachments/{title}",), title=title)

    def unused(self) -> Iterator[Loss]:
        """Yield the files that are no page and no page's."""
        for name in self.tree.names:
            if not _is_page(name) and name not in self.inventory.used:
                yield Loss(LossKind.FILE, Place(name, 1), name, "no page's; left out")


def _addresses(number: str, space: str, title: str) -> Iterator[str]:
    """Yield where a page stood below the wiki's address, as far as the export tells."""
    if number:
        yield f"/pages/viewpage.action?pageId={number}"
    if space:
        yield f"/display/{space}/{quote_plus(title)}"
    if space and number:
        yield f"/spaces/{space}/pages/{number}/{quote_plus(title)}"


def _is_page(name: str) -> bool:
    return name.lower().endswith((*FILES, *HTML))
