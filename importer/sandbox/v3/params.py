"""Reading a v3 call's query: names in any case, repeated ones as lists, page sizes of four kinds.

Whatever can't be read is refused as the vendor's framework refuses it, with the name as key.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, NoReturn
from urllib.parse import parse_qsl

from importer.sandbox.reading import Slice
from importer.sandbox.v3.problems import Problem

__all__ = ["ID_MAX", "PAGE_SIZES", "Filter", "Listing", "Query", "read_query"]

PAGE_SIZES = (15, 30, 50, 100)
"""Documented; the first is the default, as the vendor's SDK has it."""
ID_MAX = 2**31 - 1
_FIELDS_MAX = 500
_INTEGER = re.compile(r"-?[0-9]{1,10}")
_MONTH = re.compile(r"[0-9]{4}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Filter:
    """A parameter that narrows a list: its name as documented and the sort of its value."""

    name: str
    sort: Literal["flag", "id", "ids", "moment", "text", "choice"]
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Listing:
    """How a list can be asked for: `sort` value to column, the first one by default.

    Defaults are undocumented, and so inferred. `ordered` lists have a parameter `order`.
    """

    sorts: Mapping[str, str]
    filters: tuple[Filter, ...] = ()
    direction: Literal["asc", "desc"] = "desc"
    tie: str = "id"
    ordered: bool = True


@dataclass(frozen=True, slots=True)
class Query:
    """Named values, names in lower case, each as often as it was sent."""

    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def text(self, name: str) -> str | None:
        """Give a value, None when missing or empty."""
        return next(iter(self.values.get(name.lower(), ())), None) or None

    def flag(self, name: str) -> bool | None:
        """Give true or false; None when missing."""
        found = self.text(name)
        if found is None:
            return None
        if found.lower() not in ("true", "false"):
            _refuse(name, found)
        return found.lower() == "true"

    def number(self, name: str) -> int | None:
        """Give an integer; None when missing."""
        found = self.text(name)
        return None if found is None else _number(name, found)

    def numbers(self, name: str) -> list[int]:
        """Give the integers of a repeated parameter."""
        return [_number(name, text) for text in self.values.get(name.lower(), ()) if text]

    def choice(self, name: str, choices: tuple[str, ...]) -> str | None:
        """Give one of these, in any case as the framework reads them; None when missing."""
        found = self.text(name)
        if found is None:
            return None
        known = {each.lower(): each for each in choices}
        if found.lower() not in known:
            _refuse(name, found)
        return known[found.lower()]

    def moment(self, name: str) -> int | None:
        """Give a moment in Unix seconds; a month or a day stands for its beginning."""
        found = self.text(name)
        if found is None:
            return None
        try:
            text = f"{found}-01" if _MONTH.fullmatch(found) else found
            moment = datetime.fromisoformat(text)
        except ValueError:
            _refuse(name, found)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return int(aware.timestamp())

    def page(self) -> tuple[int, int]:
        """Give page and page size."""
        page, size = self.number("page"), self.number("pageSize")
        page = 1 if page is None else page
        size = PAGE_SIZES[0] if size is None else size
        if page < 1:
            _refuse("page", str(page))
        if size not in PAGE_SIZES:
            _refuse("pageSize", str(size))
        return page, size

    def sort(self, listing: Listing) -> str:
        """Give the name of the order asked for."""
        chosen = self.choice("sort", tuple(listing.sorts))
        return chosen or next(iter(listing.sorts))

    def order(self, listing: Listing) -> Literal["asc", "desc"]:
        """Give the direction asked for."""
        match self.choice("order", ("asc", "desc")) if listing.ordered else None:
            case "asc":
                return "asc"
            case "desc":
                return "desc"
            case _:
                return listing.direction

    def check(self, listing: Listing) -> None:
        """Read all that a list can be asked for; raises `Problem`."""
        self.page()
        if listing.sorts:
            self.slice(listing)
        for each in listing.filters:
            self._value(each)

    def _value(self, each: Filter) -> object:
        match each.sort:
            case "flag":
                return self.flag(each.name)
            case "id":
                return self.number(each.name)
            case "ids":
                return self.numbers(each.name)
            case "moment":
                return self.moment(each.name)
            case "choice":
                return self.choice(each.name, each.choices)
            case "text":
                return self.text(each.name)

    def slice(self, listing: Listing) -> Slice:
        """Give the part of a list asked for."""
        page, size = self.page()
        direction: Literal["ASC", "DESC"] = "ASC" if self.order(listing) == "asc" else "DESC"
        column = listing.sorts[self.sort(listing)]
        return Slice(column, listing.tie, direction, limit=size, offset=(page - 1) * size)


def read_query(query: bytes) -> Query:
    """Read a query string."""
    try:
        text = query.decode("utf-8", "replace")
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=_FIELDS_MAX)
    except ValueError as error:
        raise Problem.invalid({"": ["The query string is not valid."]}) from error
    found: dict[str, tuple[str, ...]] = {}
    for name, value in pairs:
        found[name.lower()] = (*found.get(name.lower(), ()), value)
    return Query(found)


def _number(name: str, text: str) -> int:
    if not _INTEGER.fullmatch(text) or abs(int(text)) > ID_MAX:
        _refuse(name, text)
    return int(text)


def _refuse(name: str, text: str) -> NoReturn:
    raise Problem.invalid({name: [f"The value '{text}' is not valid."]})
