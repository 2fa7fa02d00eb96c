"""Finds out what became of operations whose outcome is unknown, by looking.

`decide` is pure; the loop around it reads in bulk. Nothing is ever sent from here.

    operation    sighting                          then
    create       own posts with its marker, >= 1   FOUND: the lowest id (the others: an incident)
                 none, window over                 ABSENT
                 none, window open                 WAIT
    upload       nothing shows one, window over    ABSENT: sent again, an image no post shows harms
                                                   nobody
    update, set  live equals after                 FOUND
                 live equals before, window over   ABSENT
                 live equals neither               ABSENT: the next plan sees what moved
                 post gone                         ABSENT
    mark         the marker is as wanted           FOUND
                 it isn't, window over             ABSENT
    delete       post gone                         FOUND
                 post there, window over           ABSENT

The settle window begins when nothing of the write can be sent any more. It is over once it has
passed, and two looks a minute apart (or as far as the window is long) have missed the post: one
look may have met a stale copy of the team.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from importer.execution.addresses import Addresses
from importer.execution.options import RunOptions
from importer.execution.settling import binding_after
from importer.execution.window import ServerClock, Window
from importer.model.ids import (
    Field,
    Key,
    Kind,
    Mark,
    Ref,
    RunId,
    UserId,
    Verb,
    mark_of,
    tag_name,
)
from importer.model.ledger import Binding, Operation, State
from importer.model.live import Access, LiveItem, Newest, Refs, Scope, Tags
from importer.model.report import Incident, Result, ResultState
from importer.planning.compare import digest_field, keyed_item
from importer.ports import Clock, Journal, TeamReader
from importer.text.digests import agree

__all__ = [
    "Decision",
    "Looked",
    "Recovery",
    "Resolver",
    "Sightings",
    "Verdict",
    "decide",
    "incidents_of",
    "recover",
    "settle_decision",
]

# The dates of posts and those of answers may be of clocks that disagree: posts are looked for from
# well before they were sent; from less before once posts that the server confirmed have shown how
# far apart the two are.
_OVERLAP = timedelta(hours=1)
_LEAST_OVERLAP = timedelta(seconds=120)
# As long as the server doesn't tell its time, ours may be wrong by a time zone.
_UNTOLD = timedelta(hours=26)
# When to look again, in seconds after the first look.
_LOOKS = (1.0, 5.0, 15.0, 30.0, 60.0)
# Absence takes two looks this far apart: the server may answer from a cache as long (documented).
_APART_S = 60.0


class Verdict(StrEnum):
    """What looking has shown."""

    FOUND = "found"
    ABSENT = "absent"
    WAIT = "wait"


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict, the post it rests on, further posts of the same key, and what was seen."""

    verdict: Verdict
    live: LiveItem | None = None
    others: tuple[Ref, ...] = ()
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class Sightings:
    """What one look saw: own new posts, and the posts asked for by name (None: not there)."""

    newest: tuple[LiveItem, ...]
    by_ref: Mapping[Ref, LiveItem | None]


@dataclass(frozen=True, slots=True)
class Looked:
    """When the first and the last look began, in the server's time."""

    first: datetime
    last: datetime

    def over_in_s(self, operation: Operation, settle_s: float) -> float:
        """Return the seconds from the last look until the operation's window is over."""
        quiet = operation.quiet_at or operation.opened_at or self.first
        ends = max(
            quiet + timedelta(seconds=settle_s),
            self.first + timedelta(seconds=min(_APART_S, settle_s)),
        )
        return (ends - self.last).total_seconds()


@dataclass(frozen=True, slots=True)
class Recovery:
    """What the look at earlier operations gave, and the condition under which it is right.

    `results` are those of runs that were about the same; `looked_up` counts all operations whose
    outcome it found out.
    """

    results: tuple[Result, ...] = ()
    incidents: tuple[Incident, ...] = ()
    condition: str = ""
    looked_up: int = 0


def decide(
    operation: Operation, full: str, sightings: Sightings, looked: Looked, settle_s: float
) -> Decision:
    """Decide what became of *operation*, whose item's full key is *full*, by the table above."""
    over = looked.over_in_s(operation, settle_s) <= 0.0
    waiting = Decision(Verdict.WAIT)
    if operation.verb is Verb.CREATE:
        own = sorted(_own_posts(operation, full, sightings.newest), key=lambda it: it.ref)
        if own:
            others = tuple(it.ref for it in own[1:])
            return Decision(Verdict.FOUND, own[0], others, f"found as {own[0].ref}")
        evidence = "no post carries its marker"
        if operation.kind is Kind.IMAGE:
            evidence = "whether it arrived can't be seen"
        return Decision(Verdict.ABSENT, evidence=evidence) if over else waiting
    live = sightings.by_ref.get(operation.ref) if operation.ref else None
    if operation.verb is Verb.DELETE:
        if live is None:
            return Decision(Verdict.FOUND, evidence="the post is gone")
        return Decision(Verdict.ABSENT, live, evidence="the post is there") if over else waiting
    if live is None:
        return Decision(Verdict.ABSENT, evidence="its post is gone")
    mark = mark_of(operation.change)
    if mark is not None:
        wanted = full if mark is Mark.ON else None
        if (live.marker.key if live.marker else None) == wanted:
            return Decision(Verdict.FOUND, live, evidence="its marker is as wanted")
        return Decision(Verdict.ABSENT, live, evidence="its marker is not") if over else waiting
    if _equals(operation, live, "after"):
        return Decision(Verdict.FOUND, live, evidence="the post is as wanted")
    if not over:
        return waiting
    before = _equals(operation, live, "before")
    evidence = "the post is as before" if before else "the post is neither as before nor as wanted"
    return Decision(Verdict.ABSENT, live, evidence=evidence)


def _own_posts(operation: Operation, full: str, newest: Sequence[LiveItem]) -> list[LiveItem]:
    """Return the posts with the marker, the kind, the parent and the author of the operation.

    A person may have copied a marked text into a post of their own. What a killed run foresaw
    doesn't know a parent that was to be made first.
    """
    return [
        live
        for live in newest
        if live.marker is not None
        and live.marker.key == full
        and live.ref.kind is operation.kind
        and operation.parent in (None, live.parent)
        and operation.author in (None, live.facts.author)
    ]


def _equals(operation: Operation, live: LiveItem, side: str) -> bool:
    return all(
        digest is not None
        and field in live.fields
        and agree(digest, digest_field(live.ref.kind, field, live.fields[field]))
        for field, digest in ((it.field, getattr(it, side)) for it in operation.fields)
    )


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


async def recover(
    reader: TeamReader,
    journal: Journal,
    access: Access,
    clock: Clock,
    options: RunOptions,
    namespace: str,
    observe: Callable[[Operation], None],
    stop: asyncio.Event,
    *,
    undoes: RunId | None = None,
) -> Recovery:
    """Settle every open operation of earlier runs before anything is sent. Reads only.

    *undoes* is the run that this one takes back. What an apply had done is no result of an undo,
    nor the other way round.
    """
    ledger = await journal.ledger()
    if not ledger.open:
        return Recovery()
    same = {it.id for it in await journal.runs() if it.undoes == undoes}
    clock = ServerClock(reader, clock)
    window = Window(options.settle_s)
    resolver = Resolver(reader, access, clock, options, window, namespace)
    results: list[Result] = []
    incidents: list[Incident] = []
    looked_up = 0
    bindings = dict(ledger.bindings)
    for follows in (False, True):
        some = [_placed(it, bindings) for it in ledger.open if _may_follow(it) is follows]
        operations = [_quiet_by(operation, clock.now()) for operation in some]
        targets = Addresses(bindings.values()).targets
        async for operation, decision in resolver.resolve(operations, targets, stop):
            ended, binding = await settle_decision(journal, operation, decision, bindings, clock)
            if binding is not None:
                bindings[operation.key] = binding
            observe(ended)
            looked_up += 1
            incidents += incidents_of(operation, decision)
            if decision.verdict is Verdict.FOUND and operation.run in same:
                results.append(_found(ended, decision))
    return Recovery(tuple(results), tuple(incidents), window.condition, looked_up)


def _quiet_by(operation: Operation, now: datetime) -> Operation:
    """Return *operation*, whose run holds the lock no more: it has sent nothing since *now*."""
    return replace(operation, quiet_at=min(operation.quiet_at or now, now))


def _may_follow(operation: Operation) -> bool:
    """Tell whether it may have followed a create that is open as well: so it was foreseen.

    It is looked at once that is found: it may be of the same post, or its text may lead there.
    """
    return operation.quiet_at is None and operation.verb is not Verb.CREATE


def _placed(operation: Operation, bindings: Mapping[Key, Binding]) -> Operation:
    """Return *operation* with its item's post, if that is known by now."""
    bound = bindings.get(operation.key)
    if bound is None or operation.ref is not None or operation.verb is Verb.CREATE:
        return operation
    return replace(operation, ref=bound.ref, parent=operation.parent or bound.parent)


async def settle_decision(
    journal: Journal,
    operation: Operation,
    decision: Decision,
    bindings: Mapping[Key, Binding],
    clock: Clock,
    *,
    protected: bool = False,
) -> tuple[Operation, Binding | None]:
    """Record what looking has shown; return the operation as it ended, and its item's binding."""
    found = decision.verdict is Verdict.FOUND
    ended = replace(
        operation,
        state=State.DONE if found else State.ABSENT,
        ref=decision.live.ref if decision.live else operation.ref,
        ended_at=clock.now(),
        evidence=decision.evidence,
    )
    binding = None
    if found and decision.live is not None:
        old = bindings.get(operation.key)
        keep = protected or (old is not None and old.protected)
        binding = binding_after(operation, old, decision.live, protected=keep, found=True)
    await journal.settle(ended, binding)
    return ended, binding


def incidents_of(operation: Operation, decision: Decision) -> list[Incident]:
    """Return the incident of several posts with one key, or of an upload sent twice, if any."""
    if operation.kind is Kind.IMAGE and decision.verdict is Verdict.ABSENT:
        what = (
            "its upload is sent again, as nothing shows whether the first arrived; if it did, an "
            "image that no post shows stays on the site"
        )
        return [Incident(what, operation.key)]
    if not decision.others or decision.live is None:
        return []
    count = len(decision.others) + 1
    refs = (decision.live.ref, *decision.others)
    what = f"{count} posts carry this key's marker; the lowest id counts"
    return [Incident(what, operation.key, refs, severe=True)]


def _found(operation: Operation, decision: Decision) -> Result:
    return Result(
        operation.change,
        operation.key,
        operation.kind,
        operation.verb,
        ResultState.FOUND,
        title=_title_of(decision.live),
        ref=operation.ref,
        url=decision.live.url if decision.live else "",
        why="an earlier run had done it",
    )


def _title_of(live: LiveItem | None) -> str:
    title = live.fields.get(Field.TITLE) if live else None
    return title if isinstance(title, str) else ""
