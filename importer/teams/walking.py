"""Walks through the pages of a list, so that each entry is seen although the list moves.

Pages are asked for by number in ascending order of creation. What is added comes at the end; what
is deleted moves everything behind it forward, over the edge of a page already read. `total`, asked
for with every page, tells: after a drop by n, the last n places of what was read count as unread.

Creations during the walk would hide a drop. So pages in the middle are frozen by `todate` at the
server's time when it began. The first page is not, nor is the last one: no clock, however wrong,
can make a post invisible. What remains: a deletion hidden, between two pages, by as many posts that
are restored, or born in the very second in which the walk began. A bound post that it hides is read
by its id before anybody calls it gone.

A keyset (going on from the last creation date) would need no totals, but reads every post twice
that shares its second with the edge of a page: a third more requests after a bulk import.
"""

import math
from collections.abc import AsyncGenerator, Awaitable, Callable, Hashable
from dataclasses import dataclass, field

from importer.errors import ServiceError
from importer.teams.exchange import Request
from importer.teams.objects import Raw, items_of

__all__ = ["PAGE", "Ask", "Listing", "walk"]

PAGE = 100
"""Entries of a page, the most the service gives (documented)."""

_WALKS = 3
_LOSSES = 100
_TRUSTED_BEYOND = 50 * PAGE

Ask = Callable[[Request], Awaitable[Raw]]


def _creation_date(raw: Raw) -> int | None:
    created = raw.get("creation_date")
    return created if type(created) is int else None


@dataclass(frozen=True, slots=True)
class Listing:
    """A list: how to ask for one of its pages, and what tells two entries apart.

    `page_of` takes the page's number and the moment to freeze it by (Unix seconds), if any. `born`
    reads when an entry was created.
    """

    page_of: Callable[[int, int | None], Request]
    identify: Callable[[Raw], Hashable]
    frozen_at: int | None = None
    born: Callable[[Raw], int | None] = _creation_date


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
    def start(self) -> int:
        """The place of its first entry."""
        return (self.number - 1) * PAGE

    @property
    def old(self) -> int | None:
        """How many entries there are from before the freezing, where this page tells."""
        if self.frozen:
            return self.total
        if not self.items or (self.has_more and not self.newer):
            return None
        return self.start + self.items - self.newer

    @property
    def is_edge(self) -> bool:
        """Whether a frozen page turned out to be the last: to be read without freezing."""
        return self.frozen and self.number * PAGE >= self.total

    @property
    def is_last(self) -> bool:
        """Whether the list ends here: `has_more` was seen true for ever by clients of old."""
        beyond = self.number * PAGE - self.total
        if beyond >= 0 and (not self.fresh or beyond >= _TRUSTED_BEYOND):
            return True
        return not self.has_more or not self.items


@dataclass(slots=True)
class _Coverage:
    """Which places of the list were read, as the list is now."""

    spans: list[tuple[int, int]] = field(default_factory=list)

    def add(self, start: int, end: int) -> None:
        """Take note that the places from *start* up to *end* were read."""
        apart = [it for it in self.spans if it[1] < start or it[0] > end]
        joined = [it for it in self.spans if it not in apart]
        low = min([start, *(it[0] for it in joined)])
        high = max([end, *(it[1] for it in joined)])
        self.spans = sorted([*apart, (low, high)])

    def shrink(self, lost: int) -> None:
        """Take note that *lost* entries vanished, nobody knows where: places moved by 0 to that."""
        self.spans = [(low, high - lost) for low, high in self.spans if high - lost > low]

    @property
    def gap(self) -> int:
        """The first place not read."""
        return self.spans[0][1] if self.spans and self.spans[0][0] == 0 else 0


@dataclass(slots=True)
class _Walk:
    ask: Ask
    listing: Listing
    seen: set[Hashable] = field(default_factory=set)
    covered: _Coverage = field(default_factory=_Coverage)
    before: _Page | None = None
    old: int | None = None
    losses: int = 0

    async def through(self) -> AsyncGenerator[Raw, None]:
        """Yield what wasn't seen yet, from the first page to the last."""
        self.before = self.old = None
        self.covered = covered = _Coverage()
        last = math.inf
        while (number := covered.gap // PAGE + 1) <= last:
            raws, page = await self._read(number)
            for raw in raws:
                yield raw
            lost = self._lost(page)
            self.before = page
            self.old = self.old if page.old is None else page.old
            if lost:
                self._count_loss()
                covered.shrink(lost)
                last = math.inf
            if not page.is_edge:
                covered.add((number - 1) * PAGE, number * PAGE)
                last = number if page.is_last else last

    def _count_loss(self) -> None:
        self.losses += 1
        if self.losses > _LOSSES:
            text = "the list keeps changing while it is read"
            raise ServiceError(text, remedy="Run the same command again when the team is calmer.")

    async def _read(self, number: int) -> tuple[list[Raw], _Page]:
        frozen_at = self.listing.frozen_at
        known = self._at_most(self.before) if self.before else 0
        frozen = frozen_at is not None and number * PAGE < known
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
            newer=sum(_is_newer(self.listing.born(raw), frozen_at) for raw in items),
            fresh=len(raws),
            total=_total(wrapper),
            has_more=wrapper.get("has_more") is True,
        )
        return raws, page

    def _lost(self, page: _Page) -> int:
        """Return how many entries vanished since the page before, as far as the totals tell."""
        before = self.before
        if before is None:
            return 0
        if before.frozen and not page.frozen and page.start >= page.total:
            # So much vanished that nothing can be said of what was born meanwhile: begin again.
            return before.total
        lost = 0 if page.old is None else self._at_most(before) - page.old
        if page.frozen or not before.frozen:
            lost = max(lost, before.total - page.total)
        return max(0, lost)

    def _at_most(self, before: _Page) -> int:
        """Return how many entries from before the freezing there were at most."""
        return before.total if self.old is None else self.old

    @property
    def is_complete(self) -> bool:
        """Whether every place was read and as many were seen as there are said to be."""
        total = self.before.total if self.before else math.inf
        return self.covered.gap >= total and len(self.seen) >= total


async def walk(ask: Ask, listing: Listing) -> AsyncGenerator[Raw, None]:
    """Yield every entry of *listing* once.

    Raises ServiceError when the entries seen, in up to three walks, don't account for the total:
    a list that ended early must not pass for a shorter one.
    *ask* gives `items`, `total` and `has_more`.
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
    raise ServiceError(text, remedy="Run the same command again.")


def _is_newer(created: int | None, frozen_at: int | None) -> bool:
    return frozen_at is not None and created is not None and created > frozen_at


def _total(wrapper: Raw) -> int:
    total = wrapper.get("total")
    if type(total) is not int or total < 0:
        text = "the answer lacks its total, which was asked for"
        raise ServiceError(text, remedy="Report it: the API may have changed.")
    return total
