"""The door: every refusal the server can give, in every order in which it can check."""

from __future__ import annotations

from typing import Any

import pytest

from importer.errors import (
    AccessError,
    BudgetExhausted,
    ImporterError,
    ServiceError,
    TeamForeign,
    TeamUnknown,
    TokenInvalid,
    TokenMissing,
    TokenReadOnly,
)
from importer.model.live import Access, Need
from importer.model.writing import Done, Outcome, Rejected
from importer.sandbox import Tier, World, open_world
from importer.teams import Connection, Mode, open_team
from tests.teams.stage import (
    Stage,
    a_world,
    always,
    answers,
    new_question,
    on,
    opened,
    rewrites,
    staged,
    titles,
)
from tests.virtual_time import LoopClock, run

READ, WRITE = Need(write=False), Need(write=True)
ORDERS = ["scope_first", "params_first", "existence_first"]
DATE = "Mon, 05 Jan 2026 09:00:30 GMT"


def check(
    world: World,
    need: Need = READ,
    *,
    mode: Mode = Mode.PROBE,
    stage: Stage | None = None,
    **how: Any,
) -> Access:
    async def checking() -> Access:
        async with opened(world, mode=mode, stage=stage, **how) as team:
            return await team.check(need)

    return run(checking())


def test_a_reading_check_costs_one_call_and_tells_who_and_how_much() -> None:
    world = a_world()
    stage = staged(world)
    found = check(world, mode=Mode.READ, stage=stage)
    assert stage.paths == ["GET me"]
    assert (found.me, found.name) == (1001, "Ada Berg")
    assert (found.quota_max, found.quota_remaining) == (10_000, 9_999)
    assert (found.write_proven, found.note) == (None, "")


def test_a_name_beyond_ascii_is_shown_as_it_is() -> None:
    world = a_world()
    token = world.issue_token(world.users("acme")[1])
    assert check(world, token=token).name == "Björn Öst"


def test_the_offset_of_the_servers_clock_is_measured() -> None:
    """F53."""
    world = a_world()

    def at(_: int, __: object) -> Any:
        async def act(_: object, deliver: Any) -> Any:
            response = await deliver()
            response.headers["date"] = DATE
            return response

        return act

    assert check(world, stage=staged(world, at)).clock_offset_s == 30.0


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(
    ("token", "team", "behaviour", "error"),
    [
        pytest.param("expired", "acme", {}, TokenInvalid, id="expired"),
        pytest.param("wrong", "acme", {}, TokenInvalid, id="unknown to the server"),
        pytest.param("foreign", "acme", {}, TeamForeign, id="of another team"),
        pytest.param("foreign", "acme", {"foreign_team": 402}, TokenInvalid, id="of another, 402"),
        pytest.param("read_write", "nowhere", {}, TeamUnknown, id="an unknown team"),
        pytest.param(
            "read_write", "nowhere", {"unknown_team": 403}, TeamForeign, id="an unknown team, 403"
        ),
    ],
)
@pytest.mark.parametrize("need", [READ, WRITE], ids=["to read", "to write"])
def test_each_refusal_has_its_error_a_remedy_and_no_probe(
    order: str,
    token: str,
    team: str,
    behaviour: dict[str, Any],
    error: type[AccessError],
    need: Need,
) -> None:
    world = a_world(check_order=order, **behaviour)
    secret = "not-a-token-at-all" if token == "wrong" else getattr(world.tokens("acme"), token)
    stage = staged(world)
    with pytest.raises(AccessError) as caught:
        check(world, need, stage=stage, token=secret, team=team)
    assert type(caught.value) is error
    assert caught.value.remedy
    assert stage.paths == ["GET me"]


@pytest.mark.parametrize(
    ("tier", "need", "error"),
    [
        pytest.param("free", READ, TeamForeign, id="free has no API"),
        pytest.param("basic", WRITE, TokenReadOnly, id="basic can't be written"),
        pytest.param("basic", READ, None, id="basic can be read"),
        pytest.param("business", WRITE, None, id="business can be written"),
    ],
)
def test_the_plan_of_the_team_decides(
    tier: Tier, need: Need, error: type[AccessError] | None
) -> None:
    world = open_world(tier=tier, clock=LoopClock(), seed=1)
    if error is None:
        assert check(world, need).me == 1001
        return
    with pytest.raises(error):
        check(world, need)


@pytest.mark.parametrize(
    ("order", "requests"), [("scope_first", 2), ("params_first", 3), ("existence_first", 2)]
)
@pytest.mark.parametrize("mode", [Mode.PROBE, Mode.WRITE])
def test_a_token_that_only_reads_is_found_out_in_every_order(
    order: str, requests: int, mode: Mode
) -> None:
    world = a_world(check_order=order)
    stage = staged(world)
    with pytest.raises(TokenReadOnly, match="may read") as caught:
        check(world, WRITE, mode=mode, stage=stage, token=world.tokens("acme").read_only)
    assert "Basic" in caught.value.remedy
    assert len(stage.requests) == requests
    assert titles(world) == []


@pytest.mark.parametrize("missing_post", [400, 404])
@pytest.mark.parametrize("preview", [True, False])
@pytest.mark.parametrize(
    ("order", "proven"), [("scope_first", True), ("params_first", True), ("existence_first", None)]
)
def test_a_token_that_writes_is_proven_where_the_order_of_checks_lets_it(
    order: str, proven: bool | None, preview: bool, missing_post: int
) -> None:
    world = a_world(check_order=order, honours_preview=preview, missing_post=missing_post)
    found = check(world, WRITE)
    assert found.write_proven is proven
    assert ("could not be known" in found.note) is (proven is None)
    assert titles(world) == []
    assert world.answers("acme") == ()


def test_a_reading_token_is_enough_to_read() -> None:
    world = a_world()
    assert check(world, READ, token=world.tokens("acme").read_only).me == 1001


def test_in_the_reading_mode_nothing_is_probed_and_that_is_said() -> None:
    world = a_world()
    stage = staged(world)
    found = check(world, WRITE, mode=Mode.READ, stage=stage)
    assert stage.paths == ["GET me"]
    assert found.write_proven is None
    assert "not asked" in found.note


def test_a_probe_that_seems_to_have_worked_is_said_loudly() -> None:
    world = a_world()
    worked = answers(200, {"items": [{"answer_id": 7}], "has_more": False})
    found = check(world, WRITE, stage=staged(world, on("edit", worked)))
    assert found.write_proven is True
    assert "look at the newest posts" in found.note


@pytest.mark.parametrize(
    ("act", "error"),
    [
        pytest.param(answers(200, "<html>login</html>"), ServiceError, id="a login page"),
        pytest.param(answers(302, b"", location="https://evil.example"), ServiceError, id="away"),
        pytest.param(answers(403, "<html>Just a moment...</html>"), ServiceError, id="a challenge"),
        pytest.param(answers(404, "Not Found"), ServiceError, id="no API here"),
        pytest.param(answers(200, {"items": []}), ServiceError, id="nobody"),
        pytest.param(answers(200, {"items": [{}]}), ServiceError, id="nobody with an id"),
    ],
)
def test_a_door_that_is_none_is_named(act: Any, error: type[ImporterError]) -> None:
    world = a_world()
    with pytest.raises(error) as caught:
        check(world, stage=staged(world, always("/me", act)))
    assert caught.value.remedy


def test_a_day_without_calls_left_says_when_to_come_back() -> None:
    world = a_world(quota_max=1)
    check(world)
    with pytest.raises(BudgetExhausted) as caught:
        check(world)
    assert caught.value.resume_after_s is not None
    assert 86_000 < caught.value.resume_after_s < 87_000


def test_a_missing_token_is_told_before_anything_is_opened() -> None:
    async def opening() -> None:
        connection = Connection("sandbox:", "acme", None)
        async with open_team(connection, mode=Mode.READ, clock=LoopClock()):
            pytest.fail("there is no token")

    with pytest.raises(TokenMissing):
        run(opening())


# A denial in the middle of a run


def deny(code: int = 403) -> Any:
    error = {"error_id": code, "error_name": "access_denied", "error_message": "not yours"}
    return answers(400, error)


def write_three(world: World, at: Any, token: str | None = None) -> tuple[list[Outcome], list[str]]:
    async def writing() -> tuple[list[Outcome], list[str]]:
        stage = staged(world, at)
        async with opened(world, stage=stage, token=token) as team:
            outcomes = [await team.write(new_question(number)) for number in range(3)]
        return outcomes, stage.paths

    return run(writing())


def test_a_denial_about_one_post_does_not_stop_the_run() -> None:
    outcomes, paths = write_three(a_world(), on("questions/add", None, deny()))
    assert [type(it) for it in outcomes] == [Done, Rejected, Done]
    assert outcomes[1] == Rejected("access_denied", "not yours", stops_run=False)
    assert paths.count("POST questions/add") == 4
    assert sum("edit" in path for path in paths) == 1


def test_a_denial_before_anything_was_written_stops_the_run() -> None:
    outcomes, _ = write_three(a_world(), on("questions/add", deny()))
    assert outcomes[0] == Rejected("access_denied", "not yours", stops_run=True)


def test_a_token_downgraded_in_mid_run_stops_it() -> None:
    """F51."""
    world = a_world()
    token = world.issue_token(world.users("acme")[0])

    async def writing() -> list[Outcome]:
        async with opened(world, token=token) as team:
            outcomes = [await team.write(new_question(0))]
            world.set_tier("acme", "basic")
            return [*outcomes, await team.write(new_question(1))]

    first, second = run(writing())
    assert isinstance(first, Done)
    assert isinstance(second, Rejected)
    assert second.stops_run


def test_a_token_revoked_in_mid_run_stops_it_without_a_probe() -> None:
    """F51."""
    world = a_world()
    token = world.issue_token(world.users("acme")[0])

    async def writing() -> tuple[list[Outcome], int]:
        stage = staged(world)
        async with opened(world, token=token, stage=stage) as team:
            outcomes = [await team.write(new_question(0))]
            world.revoke_token(token)
            outcomes.append(await team.write(new_question(1)))
            return outcomes, len(stage.requests)

    (first, second), requests = run(writing())
    assert isinstance(first, Done)
    assert isinstance(second, Rejected)
    assert second.stops_run
    assert requests == 3


def test_many_denials_about_posts_are_probed_once() -> None:
    _, paths = write_three(a_world(), on("questions/add", None, deny(), None, deny()))
    assert sum("edit" in path for path in paths) == 1


def test_a_wrapper_without_quota_gives_no_numbers() -> None:
    world = a_world()
    bare = rewrites(lambda body: [body.pop(f"quota_{it}") for it in ("max", "remaining")])
    found = check(world, stage=staged(world, always("/me", bare)))
    assert (found.quota_max, found.quota_remaining) == (None, None)
