"""Reads pages of Confluence that are a file each: those of an HTML export, and storage format."""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from urllib.parse import quote

from importer.model.draft import Place
from importer.model.ids import Kind
from importer.sources.confluence_html import EXPORTED, PageParts, parts_of
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
            yield self._exported(name, text, place)
        else:
            yield self._stored(name, text, place)

    def _exported(self, name: str, text: str, place: Place) -> Page | Loss:
        parts = parts_of(text)
        if parts.body is None:
            return Loss(LossKind.SKIPPED, place, name, "no page of the space; a way around it")
        number = posixpath.splitext(posixpath.basename(name))[0].rpartition("_")[2]
        address = self.options.address.rstrip("/")
        old = (f"{address}/pages/viewpage.action?pageId={number}",)
        return Page(
            place=place,
            title=parts.title or posixpath.basename(name),
            title_is_plain=True,
            body=Passage(parts.body, EXPORTED, Credit(parts.author)),
            kind=Kind.ARTICLE,
            name=parts.title.replace("/", " "),
            alone=True,
            addresses=old if address and number.isdecimal() else (),
            names=(f"/pages/viewpage.action?pageId={number}",) if number.isdecimal() else (),
            parent=parts.parents[-1] if parts.parents else "",
            files=self._attached(name, number, parts),
            identity=f"page {number}" if number.isdecimal() else "",
        )

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


def _is_page(name: str) -> bool:
    return name.lower().endswith((*FILES, *HTML))
