"""Reading a call's parameters: from query and form alike, with the v2.3 rules for each sort."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qsl

from importer.sandbox.reading import Slice, Where
from importer.sandbox.v2.errors import ApiError

__all__ = [
    "Params",
    "Sorts",
    "narrowed",
    "page_of",
    "read_params",
    "slice_of",
    "text_vector",
    "vector",
]

_MOST_FIELDS = 200
_MOST_DIGITS = 10
_IDS = re.compile(r"[0-9]+(;[0-9]+)*")
_INTEGER = re.compile(r"-?[0-9]{1,15}")

VECTOR_MAX = 100
PAGE_SIZE = 30
PAGE_SIZE_MAX = 100


@dataclass(frozen=True, slots=True)
class Params:
    """Named values; names as sent, the last one of a repeated name."""

    values: Mapping[str, str]

    def text(self, name: str) -> str | None:
        """Give a value, None when missing or empty."""
        return self.values.get(name) or None

    def need(self, name: str) -> str:
        """Give a value that must be there."""
        found = self.text(name)
        if found is None:
            raise ApiError.bad(name)
        return found

    def flag(self, name: str) -> bool | None:
        """Give true or false; None when missing."""
        found = self.text(name)
        if found is None:
            return None
        if found.lower() not in ("true", "false"):
            raise ApiError.bad(name)
        return found.lower() == "true"

    def number(self, name: str) -> int | None:
        """Give an integer; None when missing."""
        found = self.text(name)
        if found is None:
            return None
        if not _INTEGER.fullmatch(found):
            raise ApiError.bad(name)
        return int(found)

    def words(self, name: str) -> list[str]:
        """Give the members of a `;` list, without empty ones."""
        return [word for word in (self.text(name) or "").split(";") if word]


def read_params(query: bytes, form: bytes) -> Params:
    """Read parameters of query and form; the form wins (which one does is inferred)."""
    found: dict[str, str] = {}
    for part in (query, form):
        try:
            text = part.decode("utf-8", "replace")
            pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS)
        except ValueError as error:
            raise ApiError.bad(parameter="parameters") from error
        found.update(pairs)
    return Params(found)


def vector(text: str) -> list[int] | None:
    """Read an `{ids}` part of a path: None when it isn't one, which is no method at all."""
    if not _IDS.fullmatch(text):
        return None
    ids = text.split(";")
    if len(ids) > VECTOR_MAX or any(len(number) > _MOST_DIGITS for number in ids):
        raise ApiError.bad(parameter="ids")
    return sorted({int(number) for number in ids})


def text_vector(text: str, *, most: int, name: str) -> list[str]:
    """Read a `;` list of names in a path."""
    found = [word for word in text.split(";") if word]
    if not found or len(found) > most:
        raise ApiError.bad(name)
    return found


@dataclass(frozen=True, slots=True)
class Sorts:
    """By what a list can be sorted: `sort` value to column, first one by default.

    `boundless` sorts refuse `min` and `max`; `names` columns hold text.
    """

    columns: Mapping[str, str]
    created: str | None = "created"
    tie: str = "id"
    boundless: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()


def page_of(params: Params) -> tuple[int, int]:
    """Read page and page size of a list call."""
    size = params.number("pagesize")
    size = PAGE_SIZE if size is None else size
    if not 1 <= size <= PAGE_SIZE_MAX:
        raise ApiError.bad(parameter="pagesize")
    page = params.number("page")
    page = 1 if page is None else page
    if not 1 <= page < 2**31:
        raise ApiError.bad(parameter="page")
    return page, size


def slice_of(params: Params, sorts: Sorts) -> Slice:
    """Read order, page and page size of a list call."""
    page, size = page_of(params)
    column = sorts.columns[_sort(params, sorts)]
    return Slice(column, sorts.tie, _direction(params), limit=size, offset=(page - 1) * size)


def _direction(params: Params) -> Literal["ASC", "DESC"]:
    match params.text("order"):
        case None | "desc":
            return "DESC"
        case "asc":
            return "ASC"
        case _:
            raise ApiError.bad(parameter="order")


def _sort(params: Params, sorts: Sorts) -> str:
    sort = params.text("sort") or next(iter(sorts.columns))
    if sort not in sorts.columns:
        raise ApiError.bad(parameter="sort")
    return sort


def narrowed(where: Where, params: Params, sorts: Sorts) -> Where:
    """Add `fromdate`, `todate`, `min` and `max`, all of them inclusive."""
    for name, sign in (("fromdate", ">="), ("todate", "<=")):
        date = params.number(name)
        if date is not None and sorts.created is not None:
            where.also(f"{sorts.created} {sign} ?", date)
    sort = _sort(params, sorts)
    for name, sign in (("min", ">="), ("max", "<=")):
        if params.text(name) is None:
            continue
        if sort in sorts.boundless:
            raise ApiError.bad(name)
        bound = params.text(name) if sort in sorts.names else params.number(name)
        where.also(f"{sorts.columns[sort]} {sign} ?", bound)
    return where
