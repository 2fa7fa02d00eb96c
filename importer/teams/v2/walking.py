"""Walks through the pages of a list, so that each entry is seen although the list moves.

Pages are asked for by number in ascending order of creation. What is added comes at the end; what
is deleted moves everything behind it forward, over the edge of a page already read. `total`, asked
for with every page, tells: after a drop by n, the ceil(n/100) pages before are read again.

Creations during the walk would hide a drop. So pages in the middle are frozen by `todate` at the
server's time when it began. The first page is not, nor is the last one: no clock, however wrong,
can make a post invisible. What remains: a deletion hidden by as many posts restored between two
pages. A bound post that it hides is read by its id before anybody calls it gone.

A keyset (going on from the last creation date) would need no totals, but reads every post twice
that shares its second with the edge of a page: a third more requests after a bulk import.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Hashable
from dataclasses import dataclass, field

from importer.errors import ServiceError
from importer.teams.exchange import Request
from importer.teams.v2.shapes import Raw, items_of

__all__ = ["PAGE", "Ask", "Listing", "walk"]

PAGE = 100
"""Entries of a page, the most the service gives (documented)."""

_WALKS = 3
_REREADS = 100

Ask = Callable[[Request], Awaitable[Raw]]


@dataclass(frozen=True, slots=True)
class Listing:
    """A list: how to ask for one of its pages, and what tells two entries apart.

    `page_of` takes the page's number and the `todate` to freeze it by, if any.
    """

    page_of: Callable[[int, int | None], Request]
    identify: Callable[[Raw], Hashable]
    frozen_at: int | None = None


@dataclass(frozen=True, slots=True)
class _Page:
    """What one page told. `newer` counts its entries created after the freezing."""

    number: int
    frozen: bool
    items: int
    newer: int
    fresh: int
    total: int
    has_more: bool

    @property
    def is_edge(self) -> bool:
        """Whether a frozen page turned out to be the last: to be read without freezing."""
        return self.frozen and self.number * PAGE >= self.total

    @property
    def is_last(self) -> bool:
        """Whether the list ends here: `has_more` was seen true for ever by clients of old."""
        beyond = not self.fresh and self.number * PAGE >= self.total
        return not self.has_more or not self.items or beyond


@dataclass(slots=True)
class _Walk:
    ask: Ask
    listing: Listing
    seen: set[Hashable] = field(default_factory=set)
    before: _Page | None = None
    rereads: int = 0

    async def through(self) -> AsyncGenerator[Raw, None]:
        """Yield what wasn't seen yet, from the first page to the last."""
        number, last = 1, None
        settled: set[int] = set()
        self.before = None
        while last is None or number <= last:
            if number in settled:
                number += 1
                continue
            raws, page = await self._read(number)
            for raw in raws:
                yield raw
            lost = _lost(self.before, page)
            self.before = page
            settled = settled if not lost else set()
            if page.is_edge:
                last = None
            else:
                settled.add(number)
                last = number if page.is_last else last
            number = self._back(number, lost) if lost else number + 1

    def _back(self, number: int, lost: int) -> int:
        """Return the page to go on with after *lost* entries vanished before *number*."""
        self.rereads += 1
        if self.rereads > _REREADS:
            text = "the list keeps changing while it is read"
            raise ServiceError(text, remedy="Run the same command again when the team is calmer.")
        return max(1, number - -(-lost // PAGE))

    async def _read(self, number: int) -> tuple[list[Raw], _Page]:
        known, frozen_at = self.before, self.listing.frozen_at
        frozen = frozen_at is not None and known is not None and number * PAGE < known.total
        wrapper = await self.ask(self.listing.page_of(number, frozen_at if frozen else None))
        items = items_of(wrapper)
        raws: list[Raw] = []
        for raw in items:
            name = self.listing.identify(raw)
            if name not in self.seen:
                self.seen.add(name)
                raws.append(raw)
        page = _Page(
            number=number,
            frozen=frozen,
            items=len(items),
            newer=sum(_is_newer(raw, frozen_at) for raw in items),
            fresh=len(raws),
            total=_total(wrapper),
            has_more=wrapper.get("has_more") is True,
        )
        return raws, page

    @property
    def is_complete(self) -> bool:
        """Whether as many were seen as there are said to be."""
        return self.before is not None and len(self.seen) >= self.before.total


async def walk(ask: Ask, listing: Listing) -> AsyncGenerator[Raw, None]:
    """Yield every entry of *listing* once.

    Raises ServiceError when the entries seen, in up to three walks, don't account for the total:
    a list that ended early must not pass for a shorter one.
    """
    walking = _Walk(ask, listing)
    for _ in range(_WALKS):
        async for raw in walking.through():
            yield raw
        if walking.is_complete:
            return
    total = walking.before.total if walking.before else 0
    text = (
        f"{listing.page_of(1, None)}: the list has {total} entries, only {len(walking.seen)} came"
    )
    raise ServiceError(text, remedy="Nothing was decided. Run the same command again.")


def _lost(before: _Page | None, page: _Page) -> int:
    """Return how many entries vanished between two readings, as far as the totals tell."""
    if before is None:
        return 0
    if before.frozen and not page.frozen:
        if page.has_more and not page.newer:
            return 0
        left = (page.number - 1) * PAGE + page.items - page.newer
        return max(0, before.total - left)
    return max(0, before.total - page.total)


def _is_newer(raw: Raw, frozen_at: int | None) -> bool:
    created = raw.get("creation_date")
    return frozen_at is not None and type(created) is int and created > frozen_at


def _total(wrapper: Raw) -> int:
    total = wrapper.get("total")
    if type(total) is not int or total < 0:
        text = "the answer lacks its total, which was asked for"
        raise ServiceError(text, remedy="Report it: the API may have changed.")
    return total
