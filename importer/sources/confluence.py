"""Reads Confluence: XML space exports, HTML space exports, and files in storage format.

`entities.xml` of an XML export is a dump of objects that name each other by id, in any order; so it
is read twice, once for all but the texts, then for the texts, page by page. Observed in public
descriptions of the format; the vendor documents none.
"""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from urllib.parse import quote, quote_plus, unquote
from xml.etree.ElementTree import Element

from importer.errors import UsageError
from importer.model.draft import Place
from importer.model.ids import Kind
from importer.sources.confluence_html import EXPORTED, PageParts, parts_of
from importer.sources.confluence_links import short_name, without_short_links
from importer.sources.extras import need
from importer.sources.files import Inventory, file_in
from importer.sources.losses import Loss, LossKind
from importer.sources.page import Credit, File, Page, Passage
from importer.sources.reader import Likeness, Options
from importer.sources.storage import Storage, page_name
from importer.sources.tree import (
    Tree,
    Unreadable,
    decoded,
    head_of,
    open_tree,
    required,
    whole,
)
from importer.sources.xml_stream import elements

__all__ = ["ConfluenceReader"]

_ENTITIES = "entities.xml"
_STORAGE_BODY = "2"
_FILES = (".xml", ".xhtml", ".storage")
_HTML = (".html", ".htm")
_ATTACHED = re.compile(r"(?:^|/)attachments/(\d+)/")
# A file of another page.
_ELSEWHERE = re.compile(
    r"<ri:attachment\s[^<>]{0,999}?ri:filename=\"([^\"<>]{1,999})\"[^<>]{0,999}>\s*"
    r"<ri:page\s([^<>]{1,2000})>"
)
_FILENAME = re.compile(r'ri:filename="([^"<>]{1,999})"')
_ATTRIBUTE = re.compile(r'ri:([a-z-]+)="([^"]*)"')


class ConfluenceReader:
    """The reader `confluence`."""

    name = "confluence"
    summary = "Confluence: an XML or HTML export of a space (zip or folder), or storage format"

    def guess(self, path: Path) -> Likeness:
        """Tell an export by its files, and storage format by its prefix."""
        try:
            tree = open_tree(path)
        except UsageError:
            return Likeness.NONE
        bases = {posixpath.basename(name) for name in tree.names}
        if _ENTITIES in bases:
            return Likeness.SURE
        sample = [name for name in tree.names if name.lower().endswith((*_FILES, *_HTML))][:50]
        marks = (b"<ac:", b"<ri:", b'id="main-content"')
        found = any(mark in head_of(tree, name) for name in sample for mark in marks)
        return Likeness.LIKELY if found else Likeness.NONE

    def read(self, path: Path, options: Options) -> Iterator[Page | Loss]:
        """Yield each page as an article; comments, old versions and the index as losses."""
        need("confluence", "markdownify", "lxml")
        tree = open_tree(path)
        yield from tree.refused
        entities = [it for it in tree.names if posixpath.basename(it) == _ENTITIES]
        if entities:
            for name in entities:
                yield from _Export(tree, name, options).pages()
            return
        files = _Files(tree, options)
        for name in tree.names:
            yield from files.read(name)
        if not files.count:
            message = f"there is no page of Confluence in {path}"
            raise UsageError(message, remedy="Name an exported space: its zip or its folder.")
        yield from files.unused()


@dataclass(slots=True)
class _Files:
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
        if suffix in _HTML:
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
    return name.lower().endswith((*_FILES, *_HTML))


@dataclass(slots=True)
class _Meta:
    title: str
    space: str
    parent: str
    creator: str
    edited: datetime | None
    status: str
    version: str
    is_old: bool


class _Export:
    """An XML export: everything but the texts, by id."""

    def __init__(self, tree: Tree, name: str, options: Options) -> None:
        self._tree = tree
        self._name = name
        self._options = options
        self._pages: dict[str, _Meta] = {}
        self._spaces: dict[str, str] = {}
        self._users: dict[str, str] = {}
        self._labels: dict[str, str] = {}
        self._labelled: dict[str, list[str]] = {}
        self._files: dict[str, list[File]] = {}
        self._titles: dict[str, str] = {}
        self._closed: set[str] = set()
        self._comments = 0

    def pages(self) -> Iterator[Page | Loss]:
        """Yield every page that is not an old version. Raises UsageError for a broken file."""
        for _, it in self._objects():
            self._learn(it)
        self._titles = {
            page_name(self._spaces.get(meta.space, ""), meta.title): number
            for number, meta in self._pages.items()
            if not meta.is_old
        }
        seen: set[str] = set()
        for line, it in self._objects():
            if it.get("class") == "BodyContent":
                number = _reference(it, "content")
                meta = self._pages.get(number)
                if meta and not meta.is_old and number not in seen:
                    seen.add(number)
                    yield self._page(number, meta, it, Place(self._name, line))
        for number, meta in self._pages.items():
            if number not in seen and not meta.is_old:
                why = "the export holds no text of it"
                yield Loss(LossKind.SKIPPED, Place(self._name, 1), meta.title, why)
        if self._comments:
            what = f"comments: {self._comments:,}"
            why = "no API of the team's site writes them; left out"
            yield Loss(LossKind.COMMENT, Place(self._name, 1), what, why)

    def _objects(self) -> Iterator[tuple[int, Element]]:
        with required(self._tree, self._name) as stream:
            yield from elements(stream, self._name, {"object"})

    def _learn(self, it: Element) -> None:
        number = _id(it)
        match it.get("class", ""):
            case "Space":
                self._spaces[number] = _property(it, "key")
            case "Label":
                self._labels[number] = _property(it, "name")
            case "Labelling":
                labels = self._labelled.setdefault(_reference(it, "content"), [])
                labels.append(_reference(it, "label"))
            case "Attachment":
                self._attach(it, number)
            case "Comment":
                self._comments += 1
            case "ContentPermissionSet" if _property(it, "type").lower() != "edit":
                self._closed.add(_reference(it, "owningContent"))
            case "ConfluenceUserImpl" | "User":
                self._users[number] = _property(it, "fullName") or _property(it, "name")
            case "Page" | "BlogPost":
                self._pages[number] = _Meta(
                    _property(it, "title"),
                    _reference(it, "space"),
                    _reference(it, "parent"),
                    _reference(it, "lastModifier") or _reference(it, "creator"),
                    _date(_property(it, "lastModificationDate") or _property(it, "creationDate")),
                    _property(it, "contentStatus") or "current",
                    _property(it, "version"),
                    bool(_reference(it, "originalVersion")),
                )
            case _:
                # Notifications, links, likes and the like: nothing that a post could say.
                pass

    def _attach(self, it: Element, number: str) -> None:
        page = _reference(it, "containerContent") or _reference(it, "content")
        title = _property(it, "title") or _property(it, "fileName")
        folder = posixpath.dirname(self._name)
        path = posixpath.join(folder, "attachments", page, number, _property(it, "version") or "1")
        if _reference(it, "originalVersion"):
            return
        address = self._options.address.rstrip("/")
        there = f"{address}/download/attachments/{page}/{quote(title)}"
        if path not in self._tree.names and address and title:
            names = (f"attachments/{title}",)
            file = File(path, 0, names=names, title=title, address=there)
            self._files.setdefault(page, []).append(file)
        elif path in self._tree.names:
            file = file_in(
                self._tree,
                path,
                names=(f"attachments/{title}",),
                title=title or path,
                address=there if address and title else "",
            )
            self._files.setdefault(page, []).append(file)

    def _page(self, number: str, meta: _Meta, body: Element, place: Place) -> Page | Loss:
        if (kind := _property(body, "bodyType") or _STORAGE_BODY) != _STORAGE_BODY:
            why = f"its text is of an old form (body type {kind}); open and save it in the wiki"
            return Loss(LossKind.SKIPPED, place, meta.title, why)
        space = self._spaces.get(meta.space, "")
        # An export escapes the end of a CDATA section in what it puts into one.
        text = _property(body, "body").replace("]] >", "]]>")
        text = without_short_links(text, self._options.address)
        storage = Storage(space, self._users, self._options.macros)
        credit = Credit(self._users.get(meta.creator, ""), when=meta.edited)
        address = self._options.address.rstrip("/")
        view = f"/pages/viewpage.action?pageId={number}"
        shown = f"/display/{space}/{quote_plus(meta.title)}"
        short = f"/x/{short_name(number)}"
        labels = (self._labels.get(it, "") for it in self._labelled.get(number, ()))
        return Page(
            place=place,
            title=meta.title,
            title_is_plain=True,
            body=Passage(text, storage, credit),
            kind=Kind.ARTICLE,
            tags=tuple(it for it in labels if it) or ((space,) if space else ()),
            name=f"{space}/{meta.title.replace('/', ' ')}" if len(self._spaces) > 1 else meta.title,
            addresses=tuple(f"{address}{it}" for it in (view, shown, short) if address),
            names=(
                page_name(space, meta.title), f"wiki:{number}", view, shown,
                *((f"{address}/spaces/{space}/pages/{number}",
                   f"{address}/spaces/{space}/pages/{number}/*") if address else ()),
            ),
            parent=self._pages[meta.parent].title if meta.parent in self._pages else "",
            space=space,
            revision=meta.version,
            withheld=self._withheld(number, meta),
            files=(*self._files.get(number, ()), *self._of_others(text, space)),
            identity=f"page {number}",
        )  # fmt: skip

    def _of_others(self, text: str, space: str) -> Iterator[File]:
        """Yield the files of other pages that a text shows or links to."""
        for title, attributes in _ELSEWHERE.findall(text):
            of = {name: unescape(value) for name, value in _ATTRIBUTE.findall(attributes)}
            name = page_name(of.get("space-key") or space, of.get("content-title", ""))
            known = f"{unquote(name)}/attachments/{unescape(title)}"
            number = self._titles.get(name, "")
            for file in self._files.get(number, ()) if not self._shut(number) else ():
                if file.title == unescape(title):
                    yield replace(file, names=(known,))

    def _shut(self, number: str) -> bool:
        return number not in self._pages or bool(self._withheld(number, self._pages[number]))

    def _withheld(self, number: str, meta: _Meta) -> str:
        """Return why not everybody may see a page; what is below a closed page is closed too."""
        if meta.status != "current":
            return f"a page that is {meta.status}"
        seen: set[str] = set()
        while number and number not in seen:
            if number in self._closed:
                return "a restricted page" if not seen else "it stands below a restricted page"
            seen.add(number)
            number = self._pages[number].parent if number in self._pages else ""
        return ""


def _id(it: Element) -> str:
    return (it.findtext("id") or "").strip()


def _property(it: Element, name: str) -> str:
    """Return the text of an object's property."""
    found = (part for part in it.findall("property") if part.get("name") == name)
    return next((part.text or "" for part in found), "").strip("\n")


def _reference(it: Element, name: str) -> str:
    """Return the id of the object that a property leads to."""
    found = (part for part in it.findall("property") if part.get("name") == name)
    return next(((part.findtext("id") or "").strip() for part in found), "")


def _date(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text.strip()).replace(tzinfo=UTC)
    except ValueError:
        return None
