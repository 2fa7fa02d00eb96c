"""What the ports promise, whatever dialect is spoken. Knows no route, status or spelling."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol, TypeVar

import pytest

from importer.errors import AccessError, BudgetExhausted, ImporterError
from importer.model.fields import fields_of
from importer.model.ids import Field, Key, Kind, Ref, UserId, Verb
from importer.model.live import (
    Covered,
    Everything,
    LiveItem,
    Need,
    Newest,
    Refs,
    Same,
    Scope,
    Since,
    Synonym,
    Under,
)
from importer.model.writing import Done, NotApplied, Rejected, Unknown, Write
from importer.ports import Team, TeamReader
from importer.sandbox import World
from importer.teams import Mode
from importer.text.links import Text
from importer.text.marker import Marker, format_marker
from tests.teams.stage import ASKED, BODY, a_world, fill, new_answer, new_question, opened
from tests.virtual_time import LoopClock, run

T = TypeVar("T")


class Open(Protocol):
    def __call__(
        self, world: World, *, mode: Mode = Mode.WRITE, token: str | None = None
    ) -> AbstractAsyncContextManager[Team]: ...


@dataclass(frozen=True)
class Dialect:
    """A dialect under test: `open` leads to a sandbox's team."""

    name: str
    open: Open

    def act(self, world: World, act: Callable[[Team], Awaitable[T]], **how: Any) -> T:
        async def acting() -> T:
            async with self.open(world, **how) as team:
                return await act(team)

        return run(acting())


@pytest.fixture(params=["2.3"])
def dialect(request: pytest.FixtureRequest) -> Dialect:
    return Dialect(request.param, partial(opened, api=request.param))


async def read(team: TeamReader, scope: Scope) -> list[Any]:
    return [item async for item in team.read(scope)]


def posts(items: list[Any]) -> dict[Ref, LiveItem]:
    found = {item.ref: item for item in items if isinstance(item, LiveItem)}
    assert len(found) == sum(isinstance(item, LiveItem) for item in items), "a ref came twice"
    return found


async def created(team: Team, write: Write) -> LiveItem:
    outcome = await team.write(write)
    assert isinstance(outcome, Done)
    assert outcome.item is not None
    return outcome.item


def test_what_is_created_is_echoed_and_read_back_the_same(dialect: Dialect) -> None:
    marker = format_marker("handbook:one", {})

    async def act(team: Team) -> tuple[list[LiveItem], dict[Ref, LiveItem]]:
        question = await created(team, new_question(1, marker=marker))
        answer = await created(team, new_answer(question.ref))
        return [question, answer], posts(await read(team, Refs((question.ref, answer.ref))))

    (question, answer), found = dialect.act(a_world(), act)
    assert found[answer.ref] == answer
    assert found[question.ref].fields == question.fields
    assert question.marker == Marker(1, "handbook:one", {})
    assert answer.parent == question.ref
    assert set(question.fields) == {Field.TITLE, Field.TAGS, Field.BODY}
    assert set(answer.fields) == {Field.BODY, Field.ACCEPTED}


def test_an_update_replaces_what_it_sends(dialect: Dialect) -> None:
    async def act(team: Team) -> LiveItem:
        question = await created(team, new_question(1))
        fields = {**question.fields, Field.TITLE: "What is another title for this question?"}
        await created(team, Write("u", Verb.UPDATE, Kind.QUESTION, question.ref, fields=fields))
        return posts(await read(team, Refs((question.ref,))))[question.ref]

    found = dialect.act(a_world(), act)
    assert found.fields[Field.TITLE] == "What is another title for this question?"
    assert found.fields[Field.BODY] == new_question(1).fields[Field.BODY]


def test_what_is_deleted_is_left_out_and_what_is_not_stays(dialect: Dialect) -> None:
    async def act(team: Team) -> tuple[Any, set[Ref], LiveItem]:
        one = await created(team, new_question(1))
        two = await created(team, new_question(2))
        outcome = await team.write(Write("d", Verb.DELETE, Kind.QUESTION, one.ref))
        return outcome, set(posts(await read(team, Refs((one.ref, two.ref))))), two

    outcome, left, two = dialect.act(a_world(), act)
    assert outcome == Done(None)
    assert left == {two.ref}


def test_an_acceptance_is_set_and_taken_back(dialect: Dialect) -> None:
    async def act(team: Team) -> list[object]:
        question = await created(team, new_question(1))
        answer = await created(team, new_answer(question.ref))
        seen: list[object] = []
        for flag in (True, False):
            fields = {Field.ACCEPTED: flag}
            await created(team, Write(f"s{flag}", Verb.SET, Kind.ANSWER, answer.ref, fields=fields))
            found = posts(await read(team, Under((question.ref,))))
            seen.append(found[answer.ref].fields[Field.ACCEPTED])
        return seen

    assert dialect.act(a_world(), act) == [True, False]


def test_links_go_out_as_addresses_and_come_back_by_post(dialect: Dialect) -> None:
    async def act(team: Team) -> tuple[LiveItem, LiveItem]:
        question = await created(team, new_question(1))
        text = Text("Everything is said [over there](\0), and nothing here.\n", ("key:one",))
        links = {Key("one"): question.ref}
        write = replace(new_question(2), links=links)
        write = replace(write, fields={**write.fields, Field.BODY: text})
        return question, await created(team, write)

    question, linking = dialect.act(a_world(), act)
    body = linking.fields[Field.BODY]
    assert isinstance(body, Text)
    assert body.targets == (str(question.ref),)


def test_a_request_id_seen_before_writes_nothing_twice(dialect: Dialect) -> None:
    world = a_world()

    async def act(team: Team) -> list[Any]:
        return [await team.write(new_question(1)) for _ in range(2)]

    first, second = dialect.act(world, act)
    assert isinstance(first, Done)
    assert isinstance(second, Unknown)
    assert len(world.questions("acme")) == 1


@pytest.mark.parametrize("kinds", [(Kind.QUESTION,), (Kind.QUESTION, Kind.ANSWER, Kind.TAG), ()])
def test_coverage_is_said_last_and_of_the_kinds_asked_for(
    dialect: Dialect, kinds: tuple[Kind, ...]
) -> None:
    items = dialect.act(
        a_world(questions=5), lambda team: read(team, Everything(kinds)), mode=Mode.READ
    )
    assert {item.kind for item in items if isinstance(item, Covered)} == set(kinds)
    for kind in kinds:
        places = [n for n, it in enumerate(items) if _kind(it) is kind]
        assert isinstance(items[places[-1]], Covered)


def _kind(item: object) -> Kind | None:
    if isinstance(item, (LiveItem, Same)):
        return item.ref.kind
    return item.kind if isinstance(item, Covered) else None


@pytest.mark.parametrize("calls", range(1, 7))
def test_a_reading_cut_short_raises_and_covers_nothing_it_did_not_see(
    dialect: Dialect, calls: int
) -> None:
    """The day's calls end after so many; a control with enough of them follows."""
    world = a_world(questions=250, quota_max=calls)
    heard: list[Any] = []

    async def act(team: Team) -> None:
        async for item in team.read(Everything((Kind.QUESTION, Kind.TAG))):
            heard.append(item)  # noqa: PERF401 - what came before the error is the point

    is_whole = True
    try:
        dialect.act(world, act, mode=Mode.READ)
    except BudgetExhausted as error:
        is_whole = False
        assert error.resume_after_s  # noqa: PT017 - either way out is right
    said = {item.kind for item in heard if isinstance(item, Covered)}
    assert (Kind.QUESTION in said) is is_whole
    if is_whole:
        assert sum(it.ref.kind is Kind.QUESTION for it in heard if isinstance(it, LiveItem)) == 250


def test_with_calls_enough_the_reading_is_complete(dialect: Dialect) -> None:
    world = a_world(questions=250, quota_max=20)
    items = dialect.act(world, lambda team: read(team, Everything((Kind.QUESTION,))))
    assert len(posts(items)) == 250


def test_names_come_by_their_masters_and_synonyms_are_said(dialect: Dialect) -> None:
    world = a_world(synonyms_applied=False)
    ada, _, chidi = world.users("acme")
    world.ask(ada, title=ASKED.format(1), body=BODY.format(1), tags=["kubernetes"])
    world.add_synonym(chidi, "k8s", "kubernetes")
    world.ask(ada, title=ASKED.format(2), body=BODY.format(2), tags=["k8s", "docker"])
    items = dialect.act(world, lambda team: read(team, Everything((Kind.QUESTION, Kind.TAG))))
    assert [it for it in items if isinstance(it, Synonym)] == [Synonym("k8s", "kubernetes")]
    tags = [it.fields[Field.TAGS] for it in posts(items).values() if it.ref.kind is Kind.QUESTION]
    assert sorted(map(str, tags)) == ["('docker', 'kubernetes')", "('kubernetes',)"]


def test_what_was_just_written_is_among_the_newest_and_among_what_moved(dialect: Dialect) -> None:
    world = a_world(questions=3)
    clock = world.clock
    assert isinstance(clock, LoopClock)
    clock.advance(1_000)

    async def act(team: Team) -> tuple[LiveItem, list[Any], list[Any]]:
        since = clock.now()
        question = await created(team, new_question(7))
        newest = await read(team, Newest(UserId(1001), since))
        return question, newest, await read(team, Since(since))

    question, newest, moved = dialect.act(world, act)
    assert list(posts(newest)) == [question.ref]
    assert list(posts(moved)) == [question.ref]


@pytest.mark.parametrize(
    "scope",
    [
        pytest.param(Refs((Ref(Kind.QUESTION, 1),)), id="refs"),
        pytest.param(Under((Ref(Kind.QUESTION, 1),)), id="under"),
        pytest.param(Newest(UserId(1001), LoopClock().now()), id="newest"),
        pytest.param(Since(LoopClock().now()), id="since"),
    ],
)
def test_a_part_never_passes_for_the_whole(dialect: Dialect, scope: Scope) -> None:
    items = dialect.act(a_world(questions=3), lambda team: read(team, scope))
    assert not [item for item in items if isinstance(item, Covered)]


def test_every_field_can_be_written_or_has_a_reason(dialect: Dialect) -> None:
    async def act(team: Team) -> list[tuple[Kind, Field, bool, str]]:
        return [
            (kind, row.field, found.able, found.reason)
            for kind in Kind
            for row in fields_of(kind)
            for found in [team.ability(kind, Verb.SET if row.own_call else Verb.UPDATE, row.field)]
        ]

    for kind, field, able, reason in dialect.act(a_world(), act):
        assert able or reason, (kind, field)


def revoke(world: World, token: str) -> None:
    world.revoke_token(token)


def downgrade(world: World, _: str) -> None:
    world.set_tier("acme", "basic")


def use_up(world: World, _: str) -> None:
    world.behaviour = replace(world.behaviour, quota_max=1)


@pytest.mark.parametrize(
    ("happens", "outcome", "error"),
    [
        pytest.param(revoke, Rejected, AccessError, id="the token is revoked"),
        pytest.param(downgrade, Rejected, None, id="the plan is downgraded"),
        pytest.param(use_up, NotApplied, BudgetExhausted, id="the day's calls are used up"),
    ],
)
def test_a_write_raises_for_nothing_the_service_does_and_a_read_says_what(
    dialect: Dialect,
    happens: Callable[[World, str], None],
    outcome: type[object],
    error: type[ImporterError] | None,
) -> None:
    world = a_world()
    token = world.issue_token(world.users("acme")[0])

    async def act(team: Team) -> tuple[Any, Any]:
        await created(team, new_question(1))
        happens(world, token)
        said = await team.write(new_question(2))
        try:
            return said, await read(team, Everything((Kind.QUESTION,)))
        except ImporterError as raised:
            return said, raised

    said, then = dialect.act(world, act, token=token)
    assert isinstance(said, outcome)
    assert len(world.questions("acme")) == 1
    if isinstance(said, Rejected):
        assert said.stops_run
    assert isinstance(then, error or list)


@pytest.mark.parametrize("write", [True, False])
def test_the_check_tells_who_and_where(dialect: Dialect, write: bool) -> None:
    world = a_world()
    found = dialect.act(world, lambda team: team.check(Need(write=write)), mode=Mode.PROBE)
    assert (found.me, found.name) == (1001, "Ada Berg")
    assert found.site.base.endswith("/c/acme")
    assert found.write_proven is (True if write else None)
    fill(world, 1)
    assert len(world.questions("acme")) == 1
