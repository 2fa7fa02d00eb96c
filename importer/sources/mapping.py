"""Applies map files to pages: what people wrote in the cells goes before rules and source.

A row that says nothing new changes nothing. Conflicts of two rows, and cells that can't be obeyed,
are found by reading the source once, before anything is made of it.
"""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from importer.errors import ManifestError, Problem
from importer.model.draft import Place
from importer.model.fields import LIMITS
from importer.model.ids import Field, Kind, is_key
from importer.sources.losses import Loss, LossKind
from importer.sources.map_file import DECIDED, Cell, Row
from importer.sources.naming import tag_of
from importer.sources.page import Page
from importer.sources.titles import seen_title

__all__ = ["PageMap"]

_MOST_TAGS = LIMITS[Kind.QUESTION, Field.TAGS].high
_KINDS = {"question": Kind.QUESTION, "article": Kind.ARTICLE}
_KEYS = "Keys are segments of a-z and 0-9, with single `.`, `_`, `-`, joined by `/`."
_AGAIN = "Mend the cells named above and convert again."


class PageMap:
    """All rows of all map files, by page. Raises ManifestError for cells nobody could obey."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._rows: dict[str, list[Row]] = {}
        for row in rows:
            self._rows.setdefault(row.page, []).append(row)
        problems = [it for rows in self._rows.values() for row in rows for it in _checked(row)]
        problems += self._shared_keys()
        if problems:
            raise ManifestError(problems, of="the map has", remedy=_AGAIN)

    def keys(self, pages: Container[str]) -> frozenset[str]:
        """Return the keys that *pages* are given: that of a page that is gone is free again."""
        rows = (row for page, rows in self._rows.items() if page in pages for row in rows)
        return frozenset(row.cells["key"].text for row in rows if "key" in row.cells)

    def given(self) -> frozenset[str]:
        """Return the keys that a person wrote."""
        cells = (row.cells.get("key") for rows in self._rows.values() for row in rows)
        return frozenset(it.text for it in cells if it and not it.is_sent)

    def __bool__(self) -> bool:
        return bool(self._rows)

    def reading(self) -> "Reading":
        """Return what one reading of the source asks."""
        return Reading(self._rows)

    def _shared_keys(self) -> Iterator[Problem]:
        taken: dict[str, Cell] = {}
        pages: dict[str, str] = {}
        for page, rows in self._rows.items():
            cells = [row.cells["key"] for row in rows if "key" in row.cells]
            said = [it for it in cells if not it.is_sent] or cells
            for cell in said:
                first = taken.setdefault(cell.text, cell)
                if pages.setdefault(cell.text, page) != page:
                    why = f"the key {cell.text!r} is another page's: {first.span}"
                    yield _problem("map-key-twice", why, cell, "Give one of them another key.")


def _checked(row: Row) -> Iterator[Problem]:
    for cell in row.cells.values():
        if cell.is_sent:
            continue
        match cell.name, cell.text:
            case "keep", text if text.lower() not in ("keep", "skip"):
                yield _problem("map-keep", f"{text!r} is neither keep nor skip", cell)
            case "kind", text if text.lower() not in _KINDS:
                yield _problem("map-kind", f"{text!r} is neither question nor article", cell)
            case "key", text if not is_key(text):
                yield _problem("map-key", f"{text!r} is not a key", cell, _KEYS)
            case "tags", text:
                yield from (
                    _problem("map-tag", f"{tag!r} is not a tag", cell, _tag_remedy(tag))
                    for tag in _tags(text)
                    if tag_of(tag) != tag
                )
            case _:
                pass


def _problem(rule: str, why: str, cell: Cell, remedy: str = "") -> Problem:
    shown = f"in the column `{cell.name}`: {why}"
    return Problem(rule, shown, cell.span, remedy or "Write one of them, or leave it empty.")


def _tag_remedy(tag: str) -> str:
    best = tag_of(tag)
    return f"Write {best!r}; tags are separated by commas." if best else "Take it out."


def _tags(text: str) -> list[str]:
    names = text.replace(";", ",").replace(",", " ").split()
    return list(dict.fromkeys(name.lower() for name in names))


@dataclass(slots=True)
class Reading:
    """One reading of the source: which rows were used, and what is wrong with them."""

    rows: Mapping[str, Sequence[Row]]
    used: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)

    def pages_row(self, name: str, page: Page) -> Iterator[Page | Loss]:
        """Yield losses, and the page as the rows of *name* have it."""
        self.used.add(name)
        rows = self.rows.get(name)
        if rows is None:
            why = "the map has no row for it; moved as if there were no map"
            yield Loss(LossKind.MAP, page.place, page.title, why)
            yield page
            return
        said = self._said(rows, page)
        yield from _kept(page, said)
        yield self._changed(page, said, rows)

    def idle_keep(self, name: str, page: Page, why: str) -> Iterator[Loss]:
        """Yield a loss when a row wants to keep a page of which nothing can be moved."""
        for cell in (it for row in self.rows.get(name, ()) for it in row.cells.values()):
            if cell.name == "keep" and not cell.is_sent and _value(cell) == "keep":
                said = f"the keep of {_place(cell)} has no effect: {why}"
                yield Loss(LossKind.MAP, page.place, page.title, said)

    def other_row(self, name: str, place: Place, what: str, kept: str) -> Iterator[Loss]:
        """Yield a loss when a row asks something of what is no page; *kept* is what it may say."""
        self.used.add(name)
        for row in self.rows.get(name, ()):
            cells = [it for it in row.cells.values() if not it.is_sent and it.name != "title"]
            if any(it.name != "keep" or it.text.lower() not in (kept, "skip") for it in cells):
                why = f"what {row.span} says has no effect: nothing of it can be moved by itself"
                yield Loss(LossKind.MAP, place, what, why)

    def end(self) -> Iterator[Loss]:
        """Yield the rows whose page is gone. Raises ManifestError for what can't be obeyed."""
        if self.problems:
            raise ManifestError(self.problems, of="the map has", remedy=_AGAIN)
        for name, rows in self.rows.items():
            if name not in self.used:
                for row in rows:
                    place = Place(row.span.path, row.span.line)
                    why = "the source has no page of this name: gone, or renamed since"
                    yield Loss(LossKind.MAP, place, name, why)

    def _said(self, rows: Sequence[Row], page: Page) -> dict[str, Cell]:
        """Return the cells that ask for something else than the page has."""
        said: dict[str, Cell] = {}
        for cell in (it for row in rows for it in row.cells.values()):
            if cell.is_sent or not _differs(cell, page):
                continue
            first = said.setdefault(cell.name, cell)
            if _value(first) != _value(cell):
                why = f"{cell.text!r} here, {first.text!r} at {first.span}"
                remedy = "Ask the two what is right, and leave one of the cells empty."
                self.problems.append(_problem("map-conflict", why, cell, remedy))
        if "tags" in said and len(_tags(said["tags"].text)) > _MOST_TAGS:
            why = f"{len(_tags(said['tags'].text))} tags"
            remedy = f"A post has at most {_MOST_TAGS}."
            self.problems.append(_problem("map-tags", why, said["tags"], remedy))
        return said

    def _changed(self, page: Page, said: Mapping[str, Cell], rows: Sequence[Row]) -> Page:
        changed = page
        if "keep" in said:
            keep, skip = said["keep"], said["keep"].text.lower() == "skip"
            left = next((row.why for row in rows if row.why), "")
            changed = replace(
                changed, withheld=(left or f"left out by {_place(keep)}") if skip else ""
            )
        if "title" in said:
            changed = replace(changed, title=said["title"].text, title_is_plain=True)
        if "tags" in said:
            changed = replace(changed, tags=tuple(_tags(said["tags"].text)))
        keys = [row.cells["key"] for row in rows if "key" in row.cells]
        chosen = next((it for it in keys if not it.is_sent), keys[0] if keys else None)
        if chosen:
            changed = replace(changed, key=chosen.text)
        return replace(changed, chosen=tuple(name for name in DECIDED if name in said))

    def kind_of(self, name: str, page: Page) -> Kind | None:
        """Return the kind that the map gives a page; None when it says nothing of that."""
        cells = (row.cells.get("kind") for row in self.rows.get(name, ()))
        said = next((it for it in cells if it and not it.is_sent and _differs(it, page)), None)
        return _KINDS[said.text.lower()] if said else None


def _kept(page: Page, said: Mapping[str, Cell]) -> Iterator[Loss]:
    if page.withheld and "keep" in said:
        why = f"in the source: {page.withheld}; moved because {_place(said['keep'])} says keep"
        yield Loss(LossKind.MAP, page.place, page.title, why)


def _place(cell: Cell) -> str:
    return f"{cell.span.path}:{cell.span.line}"


def _value(cell: Cell) -> object:
    match cell.name:
        case "tags":
            return _tags(cell.text)
        case "keep" | "kind":
            return cell.text.lower()
        case _:
            return " ".join(cell.text.split())


def _differs(cell: Cell, page: Page) -> bool:
    match cell.name:
        case "keep":
            return _value(cell) != ("skip" if page.withheld else "keep")
        case "kind":
            return _value(cell) != page.kind
        case "title":
            return _value(cell) != " ".join(seen_title(page).split())
        case "tags":
            return _value(cell) != list(dict.fromkeys(it for it in map(tag_of, page.tags) if it))
        case _:
            return True
