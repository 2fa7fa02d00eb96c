"""Writing in somebody else's name: tokens that an Enterprise site lends for its service key."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import Any

import pytest

from importer.model.ids import UserId
from importer.model.live import Access, Need
from importer.model.writing import Done, NotApplied, Outcome
from importer.sandbox import Behaviour, World, open_world
from importer.teams import Mode
from tests.teams.stage import Stage, always, answers, new_question, opened, staged, titles
from tests.virtual_time import LoopClock, run

APIS = ("2.3", "3", "auto")
WRITE = Need(write=True)
ADA, BJORN, CHIDI = UserId(1001), UserId(1002), UserId(1003)
DENIED = {"error_id": 402, "error_name": "invalid_access_token", "error_message": "no longer"}


def a_site(*, on: bool = True) -> World:
    behaviour = Behaviour(impersonation=on, burst_per_s=0)
    return open_world(tier="enterprise", behaviour=behaviour, clock=LoopClock(), seed=1)


def tokens(world: World) -> int:
    number: int = world.store.value("SELECT count(*) FROM tokens")
    return number


def options(world: World, **more: Any) -> dict[str, Any]:
    from importer.teams import Secret

    key = Secret(world.keys().service)
    return {"team": "", "api_key": key, "impersonate": True, "api": "auto", **more}


def written(
    world: World, *authors: UserId | None, stage: Stage | None = None, **more: Any
) -> list[Outcome]:
    """Write a question for each of *authors*, in turn."""

    async def writing() -> list[Outcome]:
        async with opened(world, stage=stage, **options(world, **more)) as team:
            await team.check(WRITE)
            return [
                await team.write(replace(new_question(number), author=author))
                for number, author in enumerate(authors)
            ]

    return run(writing())


def checked(world: World, *, mode: Mode, stage: Stage | None = None, **more: Any) -> Access:
    async def checking() -> Access:
        async with opened(world, mode=mode, stage=stage, **options(world, **more)) as team:
            return await team.check(WRITE if mode is not Mode.READ else Need(write=False))

    return run(checking())


@pytest.mark.parametrize("api", APIS)
def test_each_writes_in_their_own_name_with_one_token_a_run(
    api: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    world = a_site()
    before, stage = tokens(world), staged(world)
    found = written(world, BJORN, None, BJORN, CHIDI, ADA, stage=stage, api=api)
    assert all(isinstance(it, Done) for it in found), found
    assert [it.owner_id for it in world.questions("acme")] == [BJORN, ADA, BJORN, CHIDI, ADA]
    assert tokens(world) == before + 2
    made = [it[0] for it in world.store.all("SELECT secret FROM tokens")]
    assert not any(secret in caplog.text + repr(found) for secret in made)
    asked = [it for it in stage.requests if it.url.path.endswith("exchange")]
    assert len(asked) == 3  # One of them asks for nobody's.
    assert not any(secret in str(it.url) for it in stage.requests for secret in made)


def test_in_a_private_team_a_user_has_another_id_and_the_same_account() -> None:
    world = a_site()
    ada, chidi = world.users("platform")
    found = written(world, UserId(chidi.id), UserId(ada.id), team="platform")
    assert all(isinstance(it, Done) for it in found), found
    assert [it.owner_id for it in world.questions("platform")] == [chidi.id, ada.id]


@pytest.mark.parametrize("mode", [Mode.PROBE, Mode.WRITE])
@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize(
    ("on", "key", "said"),
    [
        pytest.param(True, "service", "", id="it is on"),
        pytest.param(False, "service", "switched off", id="it is off"),
        pytest.param(True, "read", "service keys only", id="an ordinary key"),
    ],
)
def test_the_check_asks_the_site_and_takes_no_token(
    api: str, mode: Mode, on: bool, key: str, said: str
) -> None:
    from importer.teams import Secret

    world = a_site(on=on)
    before = tokens(world)
    secret = Secret(getattr(world.keys(), key))
    found = checked(world, mode=mode, api=api, api_key=secret)
    assert found.can_author is (not said)
    assert said in found.why_not_author
    assert tokens(world) == before


def test_a_plan_takes_it_for_granted_and_says_so() -> None:
    world = a_site(on=False)
    stage = staged(world)
    found = checked(world, mode=Mode.READ, stage=stage)
    assert found.can_author
    assert "was not asked" in found.note
    assert {it.method for it in stage.requests} == {"GET"}


@pytest.mark.parametrize(
    ("more", "said"),
    [
        pytest.param({"impersonate": False}, "unless --impersonate asks", id="not asked for"),
        pytest.param({"api_key": None, "api": "3", "team": "umbrella"}, "Enterprise", id="no site"),
    ],
)
def test_where_nobody_can_nothing_is_asked_and_nothing_sent(
    more: dict[str, Any], said: str
) -> None:
    world = a_site()
    token = world.tokens("umbrella").read_write if "team" in more else None
    found = checked(world, mode=Mode.WRITE, token=token, **more)
    assert (found.can_author, said in found.why_not_author) == (False, True)
    if not more.get("impersonate", True):
        (outcome,) = written(world, BJORN, **more)
        assert isinstance(outcome, NotApplied)
        assert "1002" in outcome.proof
    assert titles(world) == []


def test_an_author_who_is_not_there_stops_nobody_else() -> None:
    world = a_site()
    stage = staged(world)
    first, second, third = written(world, UserId(4711), BJORN, UserId(4711), stage=stage)
    assert isinstance(first, NotApplied)
    assert "user 4711" in first.proof
    assert isinstance(second, Done)
    assert isinstance(third, NotApplied)
    assert len([it for it in stage.requests if it.url.path.endswith("users/4711")]) == 1


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize("ended", ["revoked", "expired"])
def test_a_token_that_is_over_is_replaced(api: str, ended: str) -> None:
    world = a_site()

    async def writing() -> list[Outcome]:
        async with opened(world, **options(world, api=api)) as team:
            await team.check(WRITE)
            first = await team.write(replace(new_question(1), author=BJORN))
            if ended == "revoked":
                for (secret,) in world.store.all("SELECT secret FROM tokens WHERE sort IS NULL"):
                    world.revoke_token(secret)
            else:
                await asyncio.sleep(25 * 3600)
            return [first, await team.write(replace(new_question(2), author=BJORN))]

    assert all(isinstance(it, Done) for it in run(writing()))
    assert [it.owner_id for it in world.questions("acme")] == [BJORN, BJORN]


@pytest.mark.parametrize(
    ("error", "can", "said"),
    [
        pytest.param(
            {"error_id": 400, "error_name": "bad_parameter", "error_message": "account_id"},
            True,
            "user 1002 can't be acted for: bad_parameter (400): account_id",
            id="it looks for the account first",
        ),
        pytest.param(
            {"error_id": 404, "error_name": "no_method", "error_message": "no such method"},
            False,
            "no tokens for others (no_method (404)",
            id="it has no such method any more",
        ),
        pytest.param({}, False, "could not be asked", id="it answers something else"),
    ],
)
def test_what_else_a_site_may_say_keeps_items_back_and_nothing_else(
    error: dict[str, Any], can: bool, said: str
) -> None:
    world = a_site()
    refusing = always("exchange", answers(400, error))
    found = checked(world, mode=Mode.WRITE, stage=staged(world, refusing))
    assert found.can_author is can
    first, second = written(world, BJORN, None, stage=staged(world, refusing))
    assert isinstance(first, NotApplied)
    assert said in (first.proof if can else found.why_not_author)
    assert isinstance(second, Done)
    assert [it.owner_id for it in world.questions("acme")] == [ADA]


def test_whose_tokens_are_never_taken_is_given_up_alone() -> None:
    world = a_site()
    denied = answers(400, DENIED)
    left = [denied, denied]

    def at(_: int, request: Any) -> Any:
        return left.pop(0) if left and request.url.path.endswith("questions/add") else None

    async def writing() -> list[Outcome]:
        stage = staged(world, lambda number, it: at(number, it) if begun else None)
        async with opened(world, stage=stage, **options(world)) as team:
            await team.check(WRITE)
            begun.append(True)
            authors = (BJORN, BJORN, CHIDI, None)
            return [
                await team.write(replace(new_question(number), author=author))
                for number, author in enumerate(authors)
            ]

    begun: list[bool] = []
    first, second, third, fourth = run(writing())
    assert isinstance(first, NotApplied)
    assert "user 1002 may not write this" in first.proof
    assert isinstance(second, NotApplied)
    assert isinstance(third, Done)
    assert isinstance(fourth, Done)
