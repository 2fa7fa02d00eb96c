"""Reads an XML export of a Confluence space: a dump of objects that name each other by id.

They come in any order, so `entities.xml` is read twice: once for all but the texts, then for the
texts, page by page. Observed in public descriptions of the format; the vendor documents none.
"""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from html import unescape
from urllib.parse import quote, quote_plus, unquote
from xml.etree.ElementTree import Element

from importer.model.draft import Place
from importer.model.ids import Kind
from importer.sources.confluence_links import short_name, without_short_links
from importer.sources.files import file_in
from importer.sources.losses import Loss, LossKind
from importer.sources.page import Credit, File, Page, Passage
from importer.sources.reader import Options
from importer.sources.storage import Storage, page_name
from importer.sources.tree import (
    Tree,
    required,
)
from importer.sources.xml_stream import elements

__all__ = ["Export"]

_STORAGE_BODY = "2"
# A file of another page.
_ELSEWHERE = re.compile(
    r"<ri:attachment\s[^<>]{0,999}?ri:filename=\"([^\"<>]{1,999})\"[^<>]{0,999}>\s*"
    r"<ri:page\s([^<>]{1,2000})>"
)
_ATTRIBUTE = re.compile(r'ri:([a-z-]+)="([^"]*)"')


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


class Export:
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
