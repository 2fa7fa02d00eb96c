"""The importer with one of its safeguards taken out: the checker has to notice each of them.

Each variant names the profile of worlds in which its safeguard is needed most.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from unittest.mock import PropertyMock, patch

from importer.execution import deciding, resolving, sending
from importer.execution.deciding import Decision, Verdict
from importer.execution.sending import Sender
from importer.execution.settling import binding_after
from importer.execution.sights import Sights
from importer.execution.window import Window
from importer.model.fields import Value
from importer.model.ids import Field, Kind, Ref, Verb
from importer.model.ledger import Binding, Operation, State
from importer.model.live import LiveItem, Newest
from importer.model.plan import Change, Pair
from importer.model.report import ResultState
from importer.planning import merging
from importer.ports import Read
from importer.teams.objects import Raw, items_of
from importer.teams.v2 import reading as reading_v2
from importer.teams.v3 import client as client_v3
from importer.teams.v3.activity import Activity
from importer.teams.walking import Ask, Listing

__all__ = ["VARIANTS", "Variant"]


@dataclass(frozen=True)
class Variant:
    """What is broken, where to look for it, and how it is broken; over which APIs it shows."""

    profile: str
    apply: Callable[[], Any]
    apis: tuple[str, ...] = ("2.3", "3")


def _absent(*_: object) -> Decision:
    return Decision(Verdict.ABSENT, evidence="nobody looked")


def _own_posts(_: Operation, full: str, newest: Sequence[LiveItem]) -> list[LiveItem]:
    return [it for it in newest if it.marker is not None and it.marker.key == full]


async def _everybodys(self: reading_v2.Reader, scope: Newest) -> AsyncGenerator[Read, None]:
    least = int(scope.since.timestamp())
    listing = self._listing("questions", "question_id", sort="creation", least=least)
    async for item in self._questions(listing):
        yield item


async def _everybodys_of_v3(self: Activity, scope: Newest) -> AsyncGenerator[Read, None]:
    posts, until = self._posts, self._client.now()
    await self._tags.synonyms()
    for kind in scope.kinds - {Kind.ANSWER}:
        async for seen in posts.glimpses(kind, until=until):
            if seen.active_at >= scope.since and (post := await posts.one(seen.ref)) is not None:
                yield post
    for seen in await self._active_since(scope.since) if Kind.ANSWER in scope.kinds else ():
        for answer in await self._threads.answers_to(seen.ref):
            yield answer


async def _as_last_seen(self: Sights, ref: Ref, *, engagement: bool) -> LiveItem | None:
    del engagement
    return self.of(ref)


async def _send_then_intend(self: Sender, change: Change, live: LiveItem | None) -> None:
    operation = await self._recorder.operation(change, live)
    write = self._recorder.write(change, operation, live)
    outcome = await self._team.write(write, self._journal.hold)
    await self._journal.intend(operation)
    await self._settle(change, operation, outcome)


async def _settle_then_send(self: Sender, change: Change, live: LiveItem | None) -> None:
    operation = await self._recorder.operation(change, live)
    write = self._recorder.write(change, operation, live)
    await self._journal.intend(operation)
    if change.verb is Verb.UPDATE and live is not None:
        binding = binding_after(
            operation,
            self._addresses.bindings.get(change.key),
            live,
            protected=False,
            found=True,
        )
        done = replace(operation, state=State.DONE, ref=live.ref)
        await self._journal.settle(done, binding)
        outcome = await self._team.write(write, self._journal.hold)
        self._results.note(change, ResultState.DONE, str(outcome), live)
        return
    outcome = await self._team.write(write, self._journal.hold)
    await self._settle(change, operation, outcome)


async def _pages_by_number(ask: Ask, listing: Listing) -> AsyncGenerator[Raw, None]:
    number, more = 1, True
    while more:
        wrapper: Mapping[str, object] = await ask(listing.page_of(number, None))
        for raw in items_of(wrapper):
            yield raw
        number, more = number + 1, wrapper.get("has_more") is True


@contextmanager
def _without_author_check() -> Iterator[None]:
    with (
        patch.object(deciding, "_own_posts", _own_posts),
        patch.object(reading_v2.Reader, "_newest", _everybodys),
        patch.object(Activity, "newest", _everybodys_of_v3),
    ):
        yield


@contextmanager
def _by_number() -> Iterator[None]:
    with (
        patch.object(reading_v2, "walk", _pages_by_number),
        patch.object(client_v3, "walk", _pages_by_number),
    ):
        yield


def _only_ours(pair: Pair, field: Field, *_: object) -> Value:
    return pair.item.fields[field]


def _based_on_what_was_sent(operation: Operation, *given: Any, **more: Any) -> Binding:
    fields = tuple(replace(it, base=it.after) for it in operation.fields)
    return binding_after(replace(operation, fields=fields), *given, **more)


VARIANTS: Mapping[str, Variant] = {
    "blind resend": Variant("storm", lambda: patch.object(resolving, "decide", _absent)),
    "no settle window": Variant(
        "laggard",
        lambda: patch.object(Window, "seconds", new_callable=PropertyMock, return_value=0.0),
    ),
    "no author check": Variant("copycats", _without_author_check),
    "journal after send": Variant(
        "storm", lambda: patch.object(Sender, "attempt", _send_then_intend)
    ),
    "paging by number": Variant("deleters", _by_number),
    # Over v2.3, a history tells what a write went over.
    "no last look": Variant("rivals", lambda: patch.object(Sights, "look", _as_last_seen), ("3",)),
    "merge without the other side": Variant(
        "neighbours", lambda: patch.object(merging, "_merge", _only_ours)
    ),
    "base of what was sent": Variant(
        "neighbours", lambda: patch.object(sending, "binding_after", _based_on_what_was_sent)
    ),
    "outcome before effect": Variant(
        "storm", lambda: patch.object(Sender, "attempt", _settle_then_send)
    ),
}
