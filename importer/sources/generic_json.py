"""Reads the generic JSON format, for every source that has no reader of its own."""

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from importer.errors import UsageError
from importer.model.draft import Place
from importer.model.ids import Kind
from importer.sources.attachments import file_of, files_of
from importer.sources.extras import need
from importer.sources.generic_document import (
    VERSION,
    PageRecord,
    TextRecord,
    read_page,
    without_bad,
)
from importer.sources.html_markup import HTML
from importer.sources.json_items import Item, first_items, items
from importer.sources.losses import Loss, Losses, LossKind
from importer.sources.page import Alias, Credit, File, Markup, Page, Passage
from importer.sources.reader import Likeness, Options
from importer.sources.storage import Storage, page_name
from importer.sources.tree import Tree, open_tree
from importer.sources.wiki_markdown import WIKI_MARKDOWN, wiki_name
from importer.sources.wikitext import Site, Wikitext

__all__ = ["GenericJsonReader"]

_SUFFIXES = (".json", ".jsonl", ".ndjson", ".jsonlines")
_LIST = "pages"
_NEEDS = {
    "html": ("markdownify", "lxml"),
    "confluence": ("markdownify", "lxml"),
    "mediawiki": ("mwparserfromhell", "markdownify", "lxml"),
}
_REMEDY = "docs/generic-json.md tells the format; `teams-importer schema` prints its schema."


class GenericJsonReader:
    """The reader `json`."""

    name = "json"
    summary = "The generic JSON format (docs/generic-json.md): JSON or JSON lines, for all else"

    def guess(self, path: Path) -> Likeness:
        """Tell the format by what its first page holds."""
        try:
            tree = open_tree(path)
        except UsageError:
            return Likeness.NONE
        likeness = Likeness.NONE
        for name in [it for it in tree.names if it.lower().endswith(_SUFFIXES)][:20]:
            for item in first_items(tree, name, {_LIST})[:1]:
                if isinstance(read_page(item.raw), PageRecord):
                    found = Likeness.SURE if item.list else Likeness.LIKELY
                    likeness = max(likeness, found)
        return likeness

    def read(self, path: Path, options: Options) -> Iterator[Page | Alias | Loss]:
        """Yield each item; one that is no page is a loss, with its line and what is wrong.

        Raises UsageError when all of them are, for a newer version, and for what is no JSON.
        """
        tree = open_tree(path)
        yield from tree.refused
        pages = _Pages(tree, options, path)
        for name in tree.names:
            if name.lower().endswith(_SUFFIXES):
                yield from pages.read(name)
        pages.require_some(path)
        yield from pages.unused()


@dataclass(slots=True)
class _Pages:
    tree: Tree
    options: Options
    path: Path
    count: int = 0
    first_fault: str = ""
    used: set[str] = field(default_factory=set)
    beside: Tree | None = None

    def read(self, name: str) -> Iterator[Page | Alias | Loss]:
        """Yield what is in a file."""
        self.used.add(name)
        for number, item in enumerate(items(self.tree, name, {_LIST}), 1):
            if item.rest:
                self._check_version(item, name)
                continue
            raw, bad = without_bad(item.raw)
            record = item.fault or read_page(raw)
            if isinstance(record, PageRecord):
                self.count += 1
                losses = Losses(name)
                for address in bad:
                    why = "no address begins like this, but with https:// or http://; left out"
                    losses.add(LossKind.LINK, item.line, address, why)
                yield from losses.found
                yield self._made(record, name, item.line, number)
                yield from self._missing(record, Place(name, item.line))
                continue
            place = Place(name, item.line)
            self.first_fault = self.first_fault or f"{place}: {record}"
            yield Loss(LossKind.SKIPPED, place, _called(item.raw, number), record)

    def _check_version(self, item: Item, name: str) -> None:
        version = item.raw.get("version", VERSION)
        if version != VERSION:
            message = f"{name}: version {version!r} of the format; this importer knows {VERSION}"
            raise UsageError(message, remedy="Use the importer that it was written for.")
        for extra in sorted(item.raw.keys() - {"version", "$schema"}):
            message = f"{name}:{item.line}: a document has no member `{extra}`"
            raise UsageError(message, remedy=_REMEDY)

    def require_some(self, path: Path) -> None:
        """Raise UsageError when there is no page at all, with the first fault."""
        if not self.count:
            message = self.first_fault or f"there is no page in {path}"
            raise UsageError(message, remedy=_REMEDY)

    def _made(self, record: PageRecord, name: str, line: int, number: int) -> Page | Alias:
        place = Place(name, line)
        names = (
            *((f"key:{record.key}",) if record.key else ()),
            *record.aliases,
            *dict.fromkeys(
                (
                    wiki_name(record.title),
                    page_name("", record.title),
                    f"wiki:{Site().title(record.title)}",
                )
            ),
        )
        if record.redirect:
            target = record.redirect
            is_url = "://" in target
            known = target if is_url or target.startswith("/") else f"key:{target}"
            return Alias(place, record.title, names, known, record.addresses)
        answers = tuple(
            _passage(
                it, self.options, it.key, (*self._called(record.key, it.key), *it.addresses,
                *it.aliases), accepted=it.accepted,
            )
            for it in record.answers
        )  # fmt: skip
        files = tuple(self._attached(record, posixpath.dirname(name)))
        self.used.update(it.path for it in files)
        asks = record.kind == "question" or (record.kind is None and bool(answers))
        return Page(
            place=place,
            title=record.title,
            title_is_plain=True,
            body=_passage(record, self.options),
            answers=answers,
            kind=Kind.QUESTION if asks else Kind.ARTICLE,
            type=record.type,
            tags=record.tags,
            name=record.key or record.title.replace("/", " "),
            anchors=(record.key or str(number),),
            addresses=record.addresses,
            names=names,
            home="/".join(self.options.address.split("/")[:3]),
            parent=record.parent,
            space=record.space,
            identity=f"page {record.key}" if record.key else "",
            revision=record.revision,
            withheld=_withheld(record),
            files=files,
        )

    def _attached(self, record: PageRecord, folder: str) -> Iterator[File]:
        """Yield a page's files; those of a file that was named alone lie beside it."""
        if record.attachments:
            yield from files_of(self._beside(), folder, record.attachments)

    def _beside(self) -> Tree:
        if self.beside is None:
            alone = self.path.is_file() and self.path.name in self.tree.names
            self.beside = open_tree(self.path.parent) if alone else self.tree
        return self.beside

    def _missing(self, record: PageRecord, place: Place) -> Iterator[Loss]:
        """Yield the files that a page names and that are not there."""
        for name in record.attachments:
            if not file_of(self._beside(), posixpath.dirname(place.path), name):
                why = "an attachment of this page that isn't there; nothing of it is moved"
                yield Loss(LossKind.FILE, place, name, why)

    def _called(self, key: str, answer: str) -> tuple[str, ...]:
        return (f"key:{key}#{answer}",) if key and answer else ()

    def unused(self) -> Iterator[Loss]:
        """Yield the files that are no page's."""
        for name in self.tree.names:
            if name not in self.used:
                yield Loss(LossKind.FILE, Place(name, 1), name, "no page names it; left out")


def _called(raw: Any, number: int) -> str:
    title = raw.get("title") if isinstance(raw, Mapping) else None
    return title if isinstance(title, str) and title else f"item {number}"


def _withheld(record: PageRecord) -> str:
    if record.draft:
        return "a draft"
    if isinstance(record.restricted, str):
        return record.restricted
    return "a restricted page" if record.restricted else ""


def _passage(
    record: TextRecord,
    options: Options,
    name: str = "",
    names: tuple[str, ...] = (),
    *,
    accepted: bool = False,
) -> Passage:
    credit = Credit(
        record.author,
        record.author_address,
        record.addresses[0] if record.addresses else "",
        record.edited,
        record.licence,
    )
    text = record.body.replace("\r\n", "\n")
    return Passage(text, _markup(record.format, options), credit, name, names, accepted)


def _markup(language: str, options: Options) -> Markup:
    if language in _NEEDS:
        need("json", *_NEEDS[language])
    match language:
        case "html":
            return HTML
        case "confluence":
            return Storage(rules=options.macros)
        case "mediawiki":
            return Wikitext(Site(), "")
        case _:
            return WIKI_MARKDOWN
