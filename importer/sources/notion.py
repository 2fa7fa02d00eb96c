"""Reads Notion: its Markdown & CSV exports and its HTML exports, however often they are zipped.

Observed in public exports and in the complaints of those who read them; the vendor documents no
form. A database is an article with a table; its rows are pages as far as they say more than that.
"""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

from importer.errors import UsageError
from importer.model.draft import Place
from importer.model.ids import Kind
from importer.sources.attachments import files_of
from importer.sources.extras import need
from importer.sources.lines import heading, numbered, trimmed
from importer.sources.losses import Loss, LossKind
from importer.sources.notion_markup import Ids, NotionHtml, NotionMarkdown
from importer.sources.notion_names import Entry, Names
from importer.sources.notion_properties import (
    Properties,
    properties_above,
    rows_of,
    table_of,
)
from importer.sources.page import Alias, Markup, Page, Passage
from importer.sources.parts import open_parts
from importer.sources.reader import Likeness, Options
from importer.sources.titles import plain_title
from importer.sources.tree import Tree, Unreadable, decoded, head_of, whole
from importer.text.scanning import destinations

__all__ = ["NotionReader"]

_SITE = "https://www.notion.so"
_LINK = re.compile(
    r"""<(?:a|img)\b[^>]{0,500}?\b(?:href|src)\s?=\s?["']([^"']{1,2000})""", re.IGNORECASE
)
_TABLE = 64 * 2**20


class NotionReader:
    """The reader `notion`."""

    name = "notion"
    summary = "Notion: an export as Markdown & CSV or as HTML, its zip or folder"

    def guess(self, path: Path) -> Likeness:
        """Tell an export by the ids in its files' names, a page by its HTML."""
        try:
            tree = open_parts(path)
        except UsageError:
            return Likeness.NONE
        if any(it.id for it in Names(tree.names).entries.values()):
            return Likeness.SURE
        pages = [name for name in tree.names if name.lower().endswith(".html")][:50]
        found = any(_is_page(head_of(tree, name)) for name in pages)
        return Likeness.LIKELY if found else Likeness.NONE

    def read(self, path: Path, options: Options) -> Iterator[Page | Alias | Loss]:
        """Yield each page and database as an article; a row without a text leads to its table."""
        tree = open_parts(path)
        export = _Export(tree, Names(tree.names), options)
        if not export.names.entries:
            message = f"there is no page of Notion in {path}"
            raise UsageError(message, remedy="Name the export's zip, or the folder it unpacks to.")
        if any(name.lower().endswith(".html") for name in tree.names):
            need("notion", "markdownify", "lxml")
        yield from tree.refused
        for entry in export.names.entries.values():
            yield from export.read(entry)
        yield from export.unused()


def _is_page(head: bytes) -> bool:
    return b'class="page sans"' in head or b'class="page-body"' in head


@dataclass(frozen=True, slots=True)
class _Parts:
    """What a page's file says: `body` is in its own language."""

    title: str
    body: str
    markup: Markup
    properties: Properties
    shown: tuple[str, ...]
    above: str = ""


@dataclass(slots=True)
class _Export:
    tree: Tree
    names: Names
    options: Options
    used: set[str] = field(default_factory=set)
    ids: Ids = field(init=False)

    def __post_init__(self) -> None:
        self.ids = Ids(frozenset(self.names.ids), self.options.address.rstrip("/"))

    def read(self, entry: Entry) -> Iterator[Page | Alias | Loss]:
        """Yield what becomes of a file."""
        self.used.add(entry.path)
        place = Place(entry.path, 1)
        if why := self._why_not(entry):
            yield Loss(LossKind.FILE, place, entry.path, why)
            return
        try:
            text, other = decoded(
                whole(self.tree, entry.path, _TABLE if entry.is_table else 2**24),
                self.options.encoding,
            )
            made = self._table(entry, text) if entry.is_table else self._page(entry, text)
        except (Unreadable, ValueError) as error:
            yield Loss(LossKind.SKIPPED, place, entry.path, f"it can't be read: {error}")
            return
        if other:
            why = f"not UTF-8; read as {other}"
            yield Loss(LossKind.ENCODING, place, entry.path, why)
        yield made

    def _why_not(self, entry: Entry) -> str:
        """Return why a file is nothing of its own: the same as another says it better."""
        stem, suffix = posixpath.splitext(entry.path)
        if not entry.is_table:
            return ""
        if f"{stem}_all{suffix}" in self.tree.names:
            return "one view of the database; the file with all its rows is read"
        page = self.names.ids.get(entry.id, "") if entry.id else ""
        return f"the database's table stands in {page}" if page and page != entry.path else ""

    def _table(self, entry: Entry, text: str) -> Page:
        rows = rows_of(text)
        if not rows:
            message = "a table without columns"
            raise ValueError(message)
        targets = self._targets(entry, [row[0] if row else "" for row in rows[1:]])
        return self._made(entry, entry.title, Properties(), Passage(table_of(rows, targets)))

    def _targets(self, entry: Entry, titles: list[str]) -> list[str]:
        """Return the id of each row's page; pages of one title in their files' order."""
        below: dict[str, list[str]] = {}
        for row in self.names.rows(entry):
            below.setdefault(_plain(row.title), []).append(row.id)
        found = []
        for title in titles:
            plain = _plain(title)
            same = below.get(plain) or next(
                (
                    it
                    for name, it in below.items()
                    if it and len(name) > 30 and plain.startswith(name)
                ),
                [],
            )
            found.append(same.pop(0) if same else "")
        return found

    def _page(self, entry: Entry, text: str) -> Page | Alias | Loss:
        is_html = entry.path.lower().endswith(".html")
        parts = self._html(text) if is_html else self._markdown(entry, text)
        place = Place(entry.path, 1)
        if parts is None:
            return Loss(
                LossKind.SKIPPED, place, entry.path, "no page; the export's own list of them"
            )
        passage = Passage(f"{parts.above}{parts.body}", parts.markup, parts.properties.credit)
        page = self._made(entry, parts.title or entry.title, parts.properties, passage)
        parent = self.names.parent(entry.path)
        if parent and parent.id and not parts.body.strip() and self.names.in_table(entry.path):
            return Alias(place, page.title, page.names, f"wiki:{parent.id}", page.addresses)
        folder = posixpath.dirname(entry.path)
        files = tuple(files_of(self.tree, folder, parts.shown, self.names.entries))
        self.used.update(it.path for it in files)
        return replace(page, files=files)

    def _made(self, entry: Entry, title: str, properties: Properties, body: Passage) -> Page:
        """Return a page with what its file's name and its properties say of it."""
        parent = self.names.parent(entry.path)
        site = self.options.address.rstrip("/") or _SITE
        return Page(
            place=Place(entry.path, 1),
            title=title,
            title_is_plain=True,
            body=body,
            kind=Kind.ARTICLE,
            tags=properties.tags,
            name=self.names.name(entry.path),
            alone=True,
            names=(f"wiki:{entry.id}",) if entry.id else (),
            addresses=(f"{site}/{entry.id}",) if entry.id else (),
            parent=parent.title if parent else "",
            space=parent.title if parent else "",
            identity=f"page {entry.id}" if entry.id else "",
        )

    def _markdown(self, entry: Entry, text: str) -> _Parts:
        part = trimmed(numbered(text))
        first = heading(part[0].text) if part else None
        title = first[1] if first and first[0] == 1 else ""
        rest = "\n".join(it.text for it in (part[1:] if title else part))
        properties = Properties(MappingProxyType({}))
        if columns := self._columns(entry):
            properties, rest = properties_above(rest, columns)
        shown = tuple(rest[it.start : it.end] for it in destinations(rest))
        listed = properties.listed()
        above = f"{listed}\n\n" if listed else ""
        markup = NotionMarkdown(self.ids)
        return _Parts(plain_title(title), rest, markup, properties, shown, above)

    def _columns(self, entry: Entry) -> list[str]:
        """Return the columns of the database a page is a row of; none for any other page."""
        parent = self.names.parent(entry.path)
        path = parent.path if parent else ""
        whole_path = f"{path.removesuffix('.csv')}_all.csv"
        path = whole_path if whole_path in self.tree.names else path
        if not path.endswith(".csv"):
            return []
        head = head_of(self.tree, path).decode("utf-8-sig", "replace")
        try:
            rows = rows_of(head)
        except ValueError:
            return []
        return rows[0] if rows else []

    def _html(self, text: str) -> _Parts | None:
        # Not imported with this module: the list of readers has to work without the extra.
        from importer.sources.notion_html import html_list, parts_of

        found = parts_of(text)
        if found is None:
            return None
        shown = tuple(_LINK.findall(found.body))
        markup, above = NotionHtml(self.ids), html_list(found.properties)
        return _Parts(found.title, found.body, markup, found.properties, shown, above)

    def unused(self) -> Iterator[Loss]:
        """Yield the files that are no page and no page's."""
        for name in self.tree.names:
            if name not in self.used:
                yield Loss(LossKind.FILE, Place(name, 1), name, "no page, and none shows it")


def _plain(title: str) -> str:
    return "".join(char for char in title.lower() if char.isalnum())[:50]
