"""Asks API v3 for objects and whole lists: what was said instead of them is an error."""

import math
from collections.abc import AsyncGenerator
from datetime import UTC, datetime

from importer.model.ids import Kind
from importer.ports import Clock
from importer.teams.exchange import Ended, Reply, Request, Said
from importer.teams.objects import Raw
from importer.teams.outcome import Misshapen
from importer.teams.transport import Transport
from importer.teams.v3.errors import NOT_FOUND, demand
from importer.teams.v3.members import created_at
from importer.teams.walking import PAGE, Ask, Listing, walk

__all__ = ["SYNONYMS", "Absent", "Client", "Pairs", "iso", "paged"]

SYNONYMS = "tags/{id}/synonyms"
"""A method that some builds lack (observed)."""

_NO_METHOD = frozenset({404, 405})

Pairs = tuple[tuple[str, str], ...]


class Absent(Exception):
    """The server knows no such post, or no such method."""


class Client:
    """Asks through one transport. Raises ServiceError, BudgetExhausted or AccessError."""

    def __init__(self, transport: Transport, *, team: str, clock: Clock) -> None:
        self._transport = transport
        self._team = team
        self._clock = clock

    async def ask(self, request: Request) -> Raw:
        """Return the answer, a list's with `items`, `total` and `has_more`."""
        return self._told(request, await self._transport.send(request))

    async def seek(self, request: Request) -> Raw:
        """Return the answer about something that may not be there; raises Absent."""
        ended = await self._transport.send(request)
        if _is_absent(request, ended):
            raise Absent
        return self._told(request, ended)

    def walk(
        self,
        method: str,
        only: Pairs = (),
        *,
        until: datetime | None = None,
        sort: str = "creation",
    ) -> AsyncGenerator[Raw, None]:
        """Yield a list's entries in ascending order of *sort*; *until* freezes it."""
        order = (("sort", sort), ("order", "asc"))
        return _walk(self.ask, method, method, (*order, *only), until)

    def walk_below(
        self, method: str, path: str, *, is_ordered: bool = True
    ) -> AsyncGenerator[Raw, None]:
        """Yield the entries of a list that belongs to something; raises Absent without that."""
        order = (("sort", "creation"), ("order", "asc")) if is_ordered else ()
        return _walk(self.seek, method, path, order, None)

    def now(self) -> datetime:
        """Return the server's time where its answers tell it."""
        server_s = self._transport.server_time_s()
        return self._clock.now() if server_s is None else datetime.fromtimestamp(server_s, UTC)

    def _told(self, request: Request, ended: Ended) -> Raw:
        found = demand(request, ended, self._team)
        if "totalCount" not in found:
            return found
        page, pages = found.get("page"), found.get("totalPages")
        is_more = isinstance(page, int) and isinstance(pages, int) and page < pages
        return {**found, "total": found["totalCount"], "has_more": is_more}


def paged(number: int) -> Pairs:
    """Return the query for one page of a list."""
    return ("page", str(number)), ("pageSize", str(PAGE))


def iso(seconds: float) -> str:
    """Return a moment (Unix seconds) as the API reads it, to the second."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _walk(
    ask: Ask, method: str, path: str, query: Pairs, until: datetime | None
) -> AsyncGenerator[Raw, None]:
    def page_of(number: int, frozen_at: int | None) -> Request:
        to = () if frozen_at is None else (("to", iso(frozen_at)),)
        return Request("GET", method, path, (*paged(number), *query, *to))

    frozen_at = None if until is None else int(until.timestamp())
    return walk(ask, Listing(page_of, _identity, frozen_at, _born))


def _is_absent(request: Request, ended: Ended) -> bool:
    """Tell whether the API says so itself: a page with status 404 is none of its words.

    But for a method that some builds lack: what they answer is not in its form (observed).
    """
    if not isinstance(ended, Reply):
        return False
    if request.method == SYNONYMS and ended.status in _NO_METHOD:
        return True
    return ended.heard.said is Said.REFUSAL and ended.status == NOT_FOUND


def _identity(raw: Raw) -> int:
    value = raw.get("id")
    if type(value) is not int:
        text = "an entry's id is missing"
        raise Misshapen(text)
    return value


def _born(raw: Raw) -> int | None:
    """Return the second by which a list that ends there shows it: `to` is asked in whole ones."""
    try:
        return math.ceil(created_at(raw, Kind.QUESTION).timestamp())
    except Misshapen:
        return None
