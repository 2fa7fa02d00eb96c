"""The door of both APIs: who is refused up front, with which words, and that nothing is written."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from importer.errors import (
    AccessError,
    ApiMissing,
    BudgetExhausted,
    ImporterError,
    ServiceError,
    TeamForeign,
    TeamUnknown,
    TokenInvalid,
    TokenMissing,
    TokenReadOnly,
)
from importer.model.ids import Field, Kind, Verb
from importer.model.live import Access, Everything, Need
from importer.model.writing import Done, Rejected
from importer.sandbox import Tier, World, open_world
from importer.teams import Connection, Mode, Secret, open_team
from tests.teams.contract import APIS, Dialect, covered, is_write, problem, read
from tests.teams.stage import Act, Stage, a_world, always, answers, new_question, rewrites, staged
from tests.virtual_time import LoopClock, run

READ, WRITE = Need(write=False), Need(write=True)
V2_ORDERS = ["scope_first", "params_first", "existence_first"]
V3_ORDERS = ["scope_first", "body_first"]


def check(
    dialect: Dialect,
    world: World,
    need: Need = READ,
    *,
    mode: Mode = Mode.PROBE,
    stage: Stage | None = None,
    **how: Any,
) -> Access:
    return dialect.act(world, lambda team: team.check(need), mode=mode, stage=stage, **how)


def is_untouched(world: World) -> bool:
    return not (world.questions("acme") or world.answers("acme") or world.articles("acme"))


def orders(dialect: Dialect) -> list[dict[str, Any]]:
    if dialect.main == "3":
        return [{"v3_check_order": it} for it in V3_ORDERS]
    return [{"check_order": it} for it in V2_ORDERS]


Refusal = tuple[str, str, dict[str, type[AccessError]]]

# API v3 answers 401 to each of these alike; with both, v2.3 tells them apart.
REFUSED: dict[str, Refusal] = {
    "expired": ("expired", "acme", {"2.3": TokenInvalid, "3": TokenInvalid}),
    "unknown to the server": ("wrong", "acme", {"2.3": TokenInvalid, "3": TokenInvalid}),
    "of another team": ("foreign", "acme", {"2.3": TeamForeign, "3": TokenInvalid}),
    "for a team that is not": ("read_write", "nowhere", {"2.3": TeamUnknown, "3": TokenInvalid}),
}


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("need", [READ, WRITE], ids=["to read", "to write"])
def test_a_token_that_opens_nothing_is_refused_before_anything_is_probed(
    dialect: Dialect, need: Need, name: str
) -> None:
    sort, team, errors = REFUSED[name]
    for behaviour in orders(dialect):
        world = a_world(**behaviour)
        tokens = world.tokens("acme")
        token = "not-a-token-at-all" if sort == "wrong" else getattr(tokens, sort)
        stage = staged(world)
        with pytest.raises(AccessError) as caught:
            check(dialect, world, need, stage=stage, token=token, team=team)
        assert type(caught.value) is errors[dialect.main]
        assert caught.value.remedy
        assert not [it for it in stage.requests if is_write(it)]
        assert len(stage.requests) == (2 if _asks_twice(dialect, caught.value) else 1)
        assert token not in f"{caught.value} {caught.value.remedy}"
        assert is_untouched(world)


def _asks_twice(dialect: Dialect, error: ImporterError) -> bool:
    """With both, v3 is asked whether it is v2.3 alone that doesn't open."""
    return dialect.name == "auto" and isinstance(error, TeamForeign)


def test_what_v3_cannot_tell_apart_it_names_all_of() -> None:
    world = a_world()
    with pytest.raises(TokenInvalid) as caught:
        check(Dialect("3"), world, token=world.tokens("acme").expired, team="nowhere")
    told = f"{caught.value} {caught.value.remedy}"
    for cause in ("'nowhere'", "expired", "another team", "--team", "Authorization"):
        assert cause in told
    assert "Invalid access token" in told, "the server's own words"


@pytest.mark.parametrize(
    ("tier", "need", "error"),
    [
        pytest.param("free", READ, AccessError, id="free has no API"),
        pytest.param("basic", WRITE, TokenReadOnly, id="basic can't be written"),
        pytest.param("basic", READ, None, id="basic can be read"),
        pytest.param("business", WRITE, None, id="business can be written"),
    ],
)
def test_the_plan_of_the_team_decides(
    dialect: Dialect, tier: Tier, need: Need, error: type[AccessError] | None
) -> None:
    world = open_world(tier=tier, clock=LoopClock(), seed=1)
    if error is None:
        assert check(dialect, world, need).me == 1001
        return
    with pytest.raises(error) as caught:
        check(dialect, world, need)
    assert "plan" in f"{caught.value} {caught.value.remedy}"
    assert is_untouched(world)


@pytest.mark.parametrize("mode", [Mode.PROBE, Mode.WRITE])
def test_a_token_that_only_reads_is_found_out_in_every_order(dialect: Dialect, mode: Mode) -> None:
    for behaviour in orders(dialect):
        world = a_world(**behaviour)
        stage = staged(world)
        token = world.tokens("acme").read_only
        with pytest.raises(TokenReadOnly, match="may read") as caught:
            check(dialect, world, WRITE, mode=mode, stage=stage, token=token)
        assert "Basic" in caught.value.remedy
        assert len(stage.requests) <= 3
        assert is_untouched(world)


def test_a_token_that_writes_is_proven_where_the_order_of_checks_lets_it(
    dialect: Dialect,
) -> None:
    for behaviour in orders(dialect):
        world = a_world(**behaviour)
        found = check(dialect, world, WRITE)
        is_open = behaviour.get("check_order") == "existence_first"
        assert found.write_proven is (None if is_open else True)
        assert ("could not be known" in found.note) is is_open
        assert is_untouched(world)


def test_a_reading_token_is_enough_to_read(dialect: Dialect) -> None:
    world = a_world()
    token = world.tokens("acme").read_only
    stage = staged(world)
    assert check(dialect, world, token=token, mode=Mode.READ, stage=stage).name == "Ada Berg"
    assert len(stage.requests) == 1


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("https://acme.stackenterprise.co", None),
        ("https://api.stackoverflowteams.com", None),
        ("https://api.stackoverflowteams.com", Secret("an-api-key-of-some-site")),
    ],
    ids=["Enterprise", "the vendor's cloud", "a key there"],
)
def test_without_a_token_nothing_is_opened_but_by_an_enterprise_key(
    api: str, url: str, key: Secret | None
) -> None:
    async def opening() -> None:
        connection = Connection(url, "acme", None, api=api, api_key=key)
        async with open_team(connection, mode=Mode.READ, clock=LoopClock()):
            pytest.fail("there is no token")

    with pytest.raises(TokenMissing):
        run(opening())


@pytest.mark.parametrize(
    ("act", "error"),
    [
        pytest.param(answers(200, "<html>login</html>"), ServiceError, id="a login page"),
        pytest.param(answers(302, b"", location="https://evil.example"), ServiceError, id="away"),
        pytest.param(answers(403, "<html>Just a moment...</html>"), ServiceError, id="a challenge"),
        pytest.param(answers(404, "Not Found"), ApiMissing, id="no API here"),
        pytest.param(answers(410, "Gone"), ApiMissing, id="no API any more"),
        pytest.param(answers(200, "{}"), ServiceError, id="nobody"),
        pytest.param(answers(200, '{"items": [{}]}'), ServiceError, id="nobody with an id"),
        pytest.param(answers(429, b"", retry_after="9999"), BudgetExhausted, id="not now"),
    ],
)
def test_a_door_that_is_none_is_named(
    dialect: Dialect, act: Act, error: type[ImporterError]
) -> None:
    world = a_world()
    with pytest.raises(error) as caught:
        check(dialect, world, stage=staged(world, lambda _, __: act))
    assert caught.value.remedy


# When API v2.3 isn't there any more


def over_v23(act: Act) -> Any:
    return lambda _, request: act if "/2.3/" in request.url.path else None


GONE = [
    pytest.param(answers(404, "<html>Not found</html>"), id="404, a page"),
    pytest.param(answers(404, problem(404, "no such thing")), id="404, a problem of v3's"),
    pytest.param(
        answers(400, {"error_id": 404, "error_name": "no_method", "error_message": "gone"}),
        id="no such method",
    ),
    pytest.param(answers(410, "Gone"), id="410"),
    pytest.param(answers(403, "<html>API 2.3 is switched off</html>"), id="403, a page"),
    pytest.param(
        answers(403, {"error_id": 403, "error_name": "access_denied", "error_message": "off"}),
        id="403 to everybody",
    ),
]


@pytest.mark.parametrize("act", GONE)
@pytest.mark.parametrize("need", [READ, WRITE], ids=["to read", "to write"])
def test_without_v23_v3_does_it_all_and_that_is_said(act: Act, need: Need) -> None:
    world = a_world(questions=2)
    stage = staged(world, over_v23(act))

    async def acting(team: Any) -> tuple[Access, Any, Any, bool]:
        access = await team.check(need)
        items = await read(team, Everything((Kind.QUESTION, Kind.TAG)))
        outcome = await team.write(new_question(7))
        return access, items, outcome, team.keeps_history(Kind.QUESTION)

    access, items, outcome, keeps = Dialect("auto").act(world, acting, stage=stage)
    assert access.me == 1001
    assert access.write_proven is (True if need.write else None)
    assert "without API v2.3" in access.note
    assert covered(items) == {Kind.QUESTION, Kind.TAG}
    assert isinstance(outcome, Done)
    assert not keeps
    assert sum("/2.3/" in it.url.path for it in stage.requests) == 1


@pytest.mark.parametrize("act", GONE)
def test_without_v23_a_token_is_refused_all_the_same(act: Act) -> None:
    world = a_world()
    stage = staged(world, over_v23(act))
    with pytest.raises(TokenReadOnly):
        check(Dialect("auto"), world, WRITE, stage=stage, token=world.tokens("acme").read_only)
    with pytest.raises(AccessError):
        check(Dialect("auto"), world, stage=stage, token=world.tokens("acme").foreign)
    assert is_untouched(world)


def test_with_v23_asked_for_its_absence_is_told_with_the_way_out() -> None:
    for act in (answers(404, "<html>"), answers(410, "Gone"), answers(403, "<html>off</html>")):
        world = a_world()
        with pytest.raises(ApiMissing) as caught:
            check(Dialect("2.3"), world, stage=staged(world, over_v23(act)))
        assert "--api 3" in caught.value.remedy


# When API v3 isn't there


def over_v3(act: Act) -> Any:
    return lambda _, request: act if "/v3/" in request.url.path else None


def test_without_v3_what_it_alone_can_do_is_blocked_with_the_reason() -> None:
    world = a_world()
    kinds = frozenset({Kind.ARTICLE, Kind.COLLECTION, Kind.TAG})
    stage = staged(world, over_v3(answers(404, "<html>")))

    async def acting(team: Any) -> Any:
        await team.check(Need(write=True, kinds=kinds))
        return [
            team.ability(Kind.COLLECTION, Verb.CREATE),
            team.ability(Kind.TAG, Verb.SET, Field.EXPERTS),
            team.ability(Kind.ARTICLE, Verb.CREATE),
        ]

    collection, experts, article = Dialect("auto").act(world, acting, stage=stage)
    for ability in (collection, experts):
        assert not ability.able
        assert "API v3 can't be used: GET users/me: status 404" in ability.reason
    assert article.able, "over v2.3, one a minute"


@pytest.mark.parametrize(
    ("role", "told", "able"),
    [
        pytest.param("member", None, False, id="a member"),
        pytest.param("moderator", None, True, id="a moderator"),
        pytest.param("admin", None, True, id="an administrator"),
        pytest.param("member", {"role": "Curator"}, True, id="a role nobody knows"),
        pytest.param("member", {"role": None}, True, id="not told"),
    ],
)
@pytest.mark.parametrize("api", ["3", "auto"])
def test_who_may_name_experts_is_known_by_the_role(
    api: str, role: Any, told: dict[str, Any] | None, *, able: bool
) -> None:
    """Known before anything is planned: a refusal in the middle of an apply comes too late."""
    world = a_world()
    user = world.users("acme")[0]
    world.change_user(user, role=role)

    retold = rewrites(lambda body: body.update(told or {}))
    at_me = always("/users/me", retold)

    async def acting(team: Any) -> Any:
        await team.check(Need(write=False, kinds=frozenset({Kind.TAG})))
        return team.ability(Kind.TAG, Verb.SET, Field.EXPERTS), team.routes()

    stage = staged(world, at_me)
    token = world.issue_token(world.users("acme")[0])
    ability, routes = Dialect(api).act(world, acting, stage=stage, token=token)
    assert ability.able is able
    (route,) = [it for it in routes if it.field is Field.EXPERTS]
    assert bool(route.by) is able
    if not able:
        assert "only moderators and administrators may name experts" in route.why_not
        assert "token of one who may" in ability.remedy


def test_v3_is_not_asked_for_what_v23_does() -> None:
    world = a_world()
    stage = staged(world)
    need = Need(write=True, kinds=frozenset({Kind.QUESTION, Kind.ANSWER}))
    check(Dialect("auto"), world, need, stage=stage)
    assert not [it for it in stage.requests if "/v3/" in it.url.path]


# A denial in the middle of a run


def test_a_denial_about_one_post_does_not_stop_a_run(
    dialect: Dialect,
) -> None:
    world = a_world()
    token = world.issue_token(world.users("acme")[0])
    denied = {
        "2.3": answers(
            400, {"error_id": 403, "error_name": "access_denied", "error_message": "not yours"}
        ),
        "3": answers(403, problem(403, "not yours", "forbidden")),
    }[dialect.main]
    sent = 0

    def at(_: int, request: httpx.Request) -> Act | None:
        nonlocal sent
        is_create = is_write(request) and b"How is this question number" in request.content
        is_create = is_create or (is_write(request) and b"How+is+this" in request.content)
        sent += is_create
        return denied if is_create and sent == 2 else None

    async def writing(team: Any) -> list[Any]:
        return [await team.write(new_question(number)) for number in range(3)]

    first, second, third = dialect.act(world, writing, token=token, stage=staged(world, at))
    assert isinstance(first, Done)
    assert isinstance(third, Done)
    assert second == Rejected(second.code, "not yours", stops_run=False)


def test_a_token_downgraded_in_mid_run_stops_it(dialect: Dialect) -> None:
    world = a_world()
    token = world.issue_token(world.users("acme")[0])

    async def writing(team: Any) -> list[Any]:
        outcomes = [await team.write(new_question(0))]
        world.set_tier("acme", "basic")
        return [*outcomes, await team.write(new_question(1))]

    first, second = dialect.act(world, writing, token=token)
    assert isinstance(first, Done)
    assert isinstance(second, Rejected)
    assert second.stops_run
