"""Two APIs, two doors: the second is asked at for what needs it, and its absence is a reason."""

from __future__ import annotations

from typing import Any

import pytest

from importer.errors import ApiMissing, TokenReadOnly
from importer.model.ids import Field, Kind, Verb
from importer.model.live import Access, Need, Source
from importer.teams import LiveTeam, Mode
from tests.teams.stage import Act, Stage, a_world, answers, opened, staged
from tests.virtual_time import run

GONE = answers(404, "<h1>Not found</h1>", content_type="text/html")
FORBIDDEN = answers(
    403, {"type": "/v3/errors/forbidden", "title": "Forbidden Action", "status": 403}
)
QUESTIONS = frozenset({Kind.QUESTION, Kind.ANSWER})


def behind(generation: str, act: Act) -> Stage:
    def at(_: int, request: Any) -> Act | None:
        return act if request.url.path.startswith(f"/{generation}/") else None

    return staged(a_world(), at)


def checked(stage: Stage, need: Need, **how: Any) -> tuple[LiveTeam, Access]:
    async def checking() -> tuple[LiveTeam, Access]:
        async with opened(a_world(), stage=stage, api="auto", **how) as team:
            return team, await team.check(need)

    return run(checking())


@pytest.mark.parametrize(
    ("kinds", "asked"),
    [
        pytest.param(frozenset(), 0, id="nothing in particular"),
        pytest.param(QUESTIONS, 0, id="questions"),
        pytest.param(frozenset({Kind.ARTICLE}), 1, id="articles"),
        pytest.param(frozenset(Kind), 1, id="all"),
    ],
)
def test_the_second_door_is_asked_at_where_something_goes_through_it(
    kinds: frozenset[Kind], asked: int
) -> None:
    stage = staged(a_world())
    checked(stage, Need(write=False, kinds=kinds), mode=Mode.READ)
    assert [it.url.path for it in stage.requests if "/v3/" in it.url.path] == [
        "/v3/teams/acme/users/me"
    ] * asked


@pytest.mark.parametrize(
    ("act", "said"),
    [pytest.param(GONE, "404", id="no such API"), pytest.param(FORBIDDEN, "may not", id="closed")],
)
def test_without_the_second_what_it_alone_can_do_is_blocked_with_the_reason(
    act: Act, said: str
) -> None:
    need = Need(write=True, kinds=frozenset({Kind.COLLECTION, Kind.QUESTION}))
    team, access = checked(behind("v3", act), need)
    assert "without API v3" in access.note
    collection = team.ability(Kind.COLLECTION, Verb.CREATE)
    assert (collection.able, collection.source) == (False, Source.PROBE)
    assert "API v3 can't be used" in collection.reason
    assert said in collection.reason
    # That the door's own remedy may be to do without it is no help to what needs it.
    assert "teams-importer doctor" in collection.remedy
    assert "--api" not in collection.remedy
    assert team.ability(Kind.QUESTION, Verb.CREATE).able
    assert "can't be used" not in team.ability(Kind.TAG, Verb.SET, Field.DESCRIPTION).reason
    rows = {(it.kind, it.verb, it.field): it for it in team.routes()}
    assert rows[Kind.ARTICLE, Verb.CREATE, None].by == "API v2.3"
    assert rows[Kind.COLLECTION, Verb.CREATE, None].by == ""
    assert [bool(it.why_not) for it in team.ways()] == [False, True]
    assert [bool(it.remedy) for it in team.ways()] == [False, True]


def test_without_the_first_all_goes_over_the_second() -> None:
    team, access = checked(behind("2.3", GONE), Need(write=True, kinds=QUESTIONS))
    assert "without API v2.3" in access.note
    assert {it.by for it in team.routes() if it.by} == {"API v3"}


def test_without_both_it_is_an_error() -> None:
    def at(_: int, __: Any) -> Act:
        return GONE

    with pytest.raises(ApiMissing):
        checked(staged(a_world(), at), Need(write=False))


def test_a_refusal_at_the_first_door_is_not_got_round() -> None:
    world = a_world()
    with pytest.raises(TokenReadOnly):
        checked(staged(world), Need(write=True), token=world.tokens("acme").read_only)
