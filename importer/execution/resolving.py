"""Looks for what became of operations, in bulk and again until each is decided. Reads only."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from importer.execution.deciding import Decision, Looked, Sightings, Verdict, decide
from importer.execution.options import RunOptions
from importer.execution.window import Window
from importer.model.ids import Kind, Ref, UserId, Verb, tag_name
from importer.model.ledger import Operation
from importer.model.live import Access, LiveItem, Newest, Refs, Scope, Tags
from importer.planning.keying import keyed_item
from importer.ports import Clock, TeamReader

__all__ = ["Resolver"]

# The dates of posts and those of answers may be of clocks that disagree: posts are looked for from
# well before they were sent; from less before once posts that the server confirmed have shown how
# far apart the two are.
_OVERLAP = timedelta(hours=1)
_LEAST_OVERLAP = timedelta(seconds=120)
# As long as the server doesn't tell its time, ours may be wrong by a time zone.
_UNTOLD = timedelta(hours=26)
# When to look again, in seconds after the first look.
_LOOKS = (1.0, 5.0, 15.0, 30.0, 60.0)


class Resolver:
    """Looks until each operation is found, proved absent, or the settle window is over."""

    def __init__(
        self,
        reader: TeamReader,
        access: Access,
        clock: Clock,
        options: RunOptions,
        window: Window,
        namespace: str,
    ) -> None:
        self._reader = reader
        self._access = access
        self._clock = clock
        self._window = window
        self._on_wait = options.on_wait
        self._namespace = namespace

    async def resolve(
        self, operations: Sequence[Operation], targets: Mapping[str, str], stop: asyncio.Event
    ) -> AsyncGenerator[tuple[Operation, Decision], None]:
        """Yield each operation with its decision as soon as it is known; end early on *stop*."""
        left = list(operations)
        looks = 0
        first, began_s = self._clock.now(), _now_s()
        while left and not stop.is_set():
            # How long it was looked is nothing that a clock's jump may change.
            looked = Looked(first, first + timedelta(seconds=_now_s() - began_s))
            sightings = await self._look(left, targets)
            self._window.looked({it.ref for it in sightings.newest}, looked.last)
            settle_s = self._window.seconds
            waiting = []
            for operation in left:
                full = f"{self._namespace}:{operation.key}"
                decision = decide(operation, full, sightings, looked, settle_s)
                if decision.verdict is Verdict.WAIT:
                    waiting.append(operation)
                else:
                    yield operation, decision
            left = waiting
            if left:
                over_s = min(looked.over_in_s(it, settle_s) for it in left)
                await self._pause(len(left), over_s, _LOOKS[min(looks, len(_LOOKS) - 1)], stop)
                looks += 1

    async def _look(self, operations: Sequence[Operation], targets: Mapping[str, str]) -> Sightings:
        newest: list[LiveItem] = []
        overlap = _UNTOLD if self._reader.server_time() is None else self._overlap()
        created = [it for it in operations if it.verb is Verb.CREATE and it.kind is not Kind.IMAGE]
        kinds = frozenset(it.kind for it in created)
        for author, earliest in _searches(created, self._access.me):
            since = earliest - overlap
            found = self._reader.read(Newest(author, since, kinds))
            newest += [keyed_item(it, targets) async for it in found if isinstance(it, LiveItem)]
        refs = tuple(sorted({it.ref for it in operations if it.ref is not None}))
        by_ref: dict[Ref, LiveItem | None] = dict.fromkeys(refs)
        parents = {it.ref: it.parent for it in operations if it.ref and it.parent}
        tags = {tag_name(it.key) for it in operations if it.kind is Kind.TAG}
        posts = tuple(it for it in refs if it.kind is not Kind.TAG)
        scopes: list[Scope] = [Refs(posts, parents)] if posts else []
        scopes += [Tags(tuple(sorted(tags)))] if tags else []
        for scope in scopes:
            async for got in self._reader.read(scope):
                if isinstance(got, LiveItem):
                    by_ref[got.ref] = keyed_item(got, targets)
        return Sightings(tuple(newest), by_ref)

    def _overlap(self) -> timedelta:
        apart = self._window.apart
        return _OVERLAP if apart is None else max(_LEAST_OVERLAP, 2 * apart + _LEAST_OVERLAP)

    async def _pause(self, left: int, over_s: float, look_s: float, stop: asyncio.Event) -> None:
        pause_s = max(0.05, min(look_s, over_s))
        writes = "1 write" if left == 1 else f"{left} writes"
        self._on_wait(f"looking for {writes} whose outcome is unknown", pause_s)
        with suppress(TimeoutError):
            async with asyncio.timeout(pause_s):
                await stop.wait()


def _now_s() -> float:
    return asyncio.get_running_loop().time()


def _searches(operations: Sequence[Operation], me: UserId | None) -> list[tuple[UserId, datetime]]:
    """Return the authors of these creates, each with when the first of theirs was sent."""
    earliest: dict[UserId, datetime] = {}
    for operation in operations:
        author = operation.author if operation.author is not None else me
        if author is None or operation.opened_at is None:
            continue
        sent = operation.opened_at
        earliest[author] = min(sent, earliest.get(author, sent))
    return sorted(earliest.items())
