"""Reads Confluence: XML space exports, HTML space exports, and files in storage format.

`entities.xml` of an XML export is a dump of objects that name each other by id, in any order; so it
is read twice, once for all but the texts, then for the texts, page by page. Observed in public
descriptions of the format; the vendor documents none.
"""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from xml.etree.ElementTree import Element

from importer.errors import UsageError
from importer.model.draft import Place
from importer.model.ids import Kind
from importer.sources.confluence_html import EXPORTED, parts_of
from importer.sources.extras import need
from importer.sources.losses import Loss, LossKind
from importer.sources.page import Credit, File, Page, Passage
from importer.sources.reader import Likeness, Options
from importer.sources.storage import Storage, page_name
from importer.sources.tree import Tree, Unreadable, decoded, digest_in, open_tree, whole
from importer.sources.xml_stream import elements

__all__ = ["ConfluenceReader"]

_ENTITIES = "entities.xml"
_STORAGE_BODY = "2"
_FILES = (".xml", ".xhtml", ".storage")
_HTML = (".html", ".htm")
_ATTACHED = re.compile(r"(?:^|/)attachments/(\d+)/")


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
        found = any(mark in _head(tree, name) for name in sample for mark in marks)
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


def _head(tree: Tree, name: str) -> bytes:
    try:
        with tree.open(name) as stream:
            return stream.read(2**16)
    except (Unreadable, OSError, ValueError):
        return b""


@dataclass(slots=True)
class _Files:
    """Single pages: exported HTML or storage format, one a file."""

    tree: Tree
    options: Options
    count: int = 0
    used: set[str] = field(default_factory=set)
    attached: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in self.tree.names:
            if match := _ATTACHED.search(name):
                self.attached.setdefault(match[1], []).append(name)

    def read(self, name: str) -> Iterator[Page | Loss]:
        """Yield a file as a page, or the loss that says why it is none."""
        suffix = posixpath.splitext(name)[1].lower()
        if suffix not in (*_FILES, *_HTML):
            return
        self.count += 1
        self.used.add(name)
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
            files=tuple(self._attached(number)),
            identity=f"page {number}" if number.isdecimal() else "",
        )

    def _attached(self, number: str) -> Iterator[File]:
        for name in self.attached.get(number, ()):
            self.used.add(name)
            yield File(name, self.tree.names[name], digest_in(self.tree, name))

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
        )

    def unused(self) -> Iterator[Loss]:
        """Yield the files that are no page and no page's."""
        for name in self.tree.names:
            if name not in self.used:
                yield Loss(LossKind.FILE, Place(name, 1), name, "no page's; left out")


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
        self._closed: set[str] = set()
        self._comments = 0

    def pages(self) -> Iterator[Page | Loss]:
        """Yield every page that is not an old version. Raises UsageError for a broken file."""
        for _, it in self._objects():
            self._learn(it)
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
        with self._tree.open(self._name) as stream:
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
        if path in self._tree.names and not _reference(it, "originalVersion"):
            size = self._tree.names[path]
            file = File(title or path, size, digest_in(self._tree, path))
            self._files.setdefault(page, []).append(file)

    def _page(self, number: str, meta: _Meta, body: Element, place: Place) -> Page | Loss:
        if (kind := _property(body, "bodyType") or _STORAGE_BODY) != _STORAGE_BODY:
            why = f"its text is of an old form (body type {kind}); open and save it in the wiki"
            return Loss(LossKind.SKIPPED, place, meta.title, why)
        space = self._spaces.get(meta.space, "")
        # An export escapes the end of a CDATA section in what it puts into one.
        text = _property(body, "body").replace("]] >", "]]>")
        storage = Storage(space, self._users, self._options.macros)
        credit = Credit(self._users.get(meta.creator, ""), when=meta.edited)
        address = self._options.address.rstrip("/")
        view = f"/pages/viewpage.action?pageId={number}"
        shown = f"/display/{space}/{meta.title.replace(' ', '+')}"
        labels = (self._labels.get(it, "") for it in self._labelled.get(number, ()))
        return Page(
            place=place,
            title=meta.title,
            title_is_plain=True,
            body=Passage(text, storage, credit),
            kind=Kind.ARTICLE,
            tags=tuple(it for it in labels if it) or ((space,) if space else ()),
            name=f"{space}/{meta.title.replace('/', ' ')}" if len(self._spaces) > 1 else meta.title,
            addresses=(f"{address}{view}",) if address else (),
            names=(
                page_name(space, meta.title), f"wiki:{number}", view, shown,
                *((f"{address}{shown}", f"{address}/spaces/{space}/pages/{number}",
                   f"{address}/spaces/{space}/pages/{number}/*") if address else ()),
            ),
            parent=self._pages[meta.parent].title if meta.parent in self._pages else "",
            revision=meta.version,
            withheld=self._withheld(number, meta),
            files=tuple(self._files.get(number, ())),
            identity=f"page {number}",
        )  # fmt: skip

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
