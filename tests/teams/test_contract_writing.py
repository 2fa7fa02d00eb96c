"""Every write there is, through each API: done once, confirmed, or told apart from what isn't."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import httpx
import pytest

from importer.model.fields import Fields
from importer.model.ids import Field, Kind, Ref, Verb
from importer.model.live import LiveItem, Refs, Tags
from importer.model.pictures import Picture
from importer.model.writing import Done, NotApplied, Outcome, Rejected, Unknown, Write
from importer.sandbox import Post, World
from importer.sandbox.values import Permissions, Shares
from importer.teams import LiveTeam
from importer.teams.v2.calls import CALLS as V2_CALLS
from importer.teams.v3.calls import CALLS as V3_CALLS
from importer.text.digests import digest_bytes
from importer.text.links import Text
from importer.text.marker import format_marker
from tests.pictures import png
from tests.teams.contract import (
    LONG,
    Dialect,
    a_body,
    bare_problem,
    invalid,
    is_write,
    on_write,
    posts,
    problem,
    read,
    set_flag,
)
from tests.teams.stage import Act, Deliver, a_world, answers, fails, staged, unpacked

MARKER = format_marker("handbook:one", {})
TITLE = "What is the title of this very post?"
TAGS = ("alpha", "beta")


T = TypeVar("T")


@dataclass(frozen=True)
class Scene:
    """A team with a question (two answers, one of them accepted), an article, a collection."""

    world: World
    question: Post
    answer: Post
    accepted: Post
    article: Post
    collection: int

    @property
    def page(self) -> Ref:
        return Ref(Kind.QUESTION, self.question.id)

    def act(self, dialect: Dialect, act: Callable[[LiveTeam], Awaitable[T]], **how: Any) -> T:
        """Act as Chidi, whose posts they are: a moderator, who may name experts too."""
        token = self.world.issue_token(self.world.users("acme")[2])
        return dialect.act(self.world, act, token=token, **how)

    def ref(self, kind: Kind) -> Ref:
        number = {
            Kind.QUESTION: self.question.id,
            Kind.ANSWER: self.answer.id,
            Kind.ARTICLE: self.article.id,
            Kind.COLLECTION: self.collection,
        }[kind]
        return Ref(kind, number)


def a_scene(**behaviour: Any) -> Scene:
    world = a_world(**behaviour)
    _, bjorn, chidi = world.users("acme")
    question = world.ask(chidi, title="What is there to be asked?", body=LONG.format(1), tags=["a"])
    answer = world.answer(chidi, question.id, body=LONG.format(2))
    accepted = world.answer(chidi, question.id, body=LONG.format(3))
    world.accept(chidi, accepted.id)
    world.make_group(chidi, name="Editors", member_ids=[bjorn.id])
    article = world.publish(
        chidi, title="What was written about it", body=LONG.format(4), tags=["a"],
        permissions=Permissions("specificEditors", Shares((bjorn.id,), (1001,))),
    )  # fmt: skip
    kept = world.make_collection(
        chidi, title="What there is", description=LONG.format(5), content_ids=[question.id],
        editors=Shares((bjorn.id,), (1001,)),
    )  # fmt: skip
    return Scene(world, question, answer, accepted, article, kept.id)


QUESTION: Fields = {Field.TITLE: TITLE, Field.TAGS: TAGS, **a_body("a question")}
ARTICLE: Fields = {**QUESTION, Field.TYPE: "how-to-guide", Field.PERMISSIONS: ("everyone",)}


def collection_of(scene: Scene) -> Fields:
    items = (str(scene.ref(Kind.ARTICLE)), str(scene.page))
    return {Field.TITLE: TITLE, **a_body("a collection"), Field.ITEMS: items}


def without_permissions(fields: Fields) -> Fields:
    return {field: it for field, it in fields.items() if field is not Field.PERMISSIONS}


def experts(_: Scene) -> Fields:
    return {Field.EXPERTS: ("group:1001", "user:1002")}


def write_of(scene: Scene, kind: Kind, verb: Verb, field: Field | None) -> Write:
    """Return a write of that row of the tables of calls."""
    if kind is Kind.TAG:
        return Write("w", verb, kind, fields=experts(scene), name="a")
    if kind is Kind.IMAGE:
        picture = Picture("a.png", digest_bytes(png()), "image/png", len(png()))
        return Write("w", verb, kind, picture=picture, content=png())
    if field is Field.ACCEPTED:
        return set_flag(scene.ref(kind), scene.page, flag=True)
    fields: Mapping[Kind, Fields] = {
        Kind.QUESTION: QUESTION,
        Kind.ANSWER: a_body("an answer"),
        Kind.ARTICLE: ARTICLE,
        Kind.COLLECTION: collection_of(scene),
    }
    return Write(
        request_id="w",
        verb=verb,
        kind=kind,
        ref=None if verb is Verb.CREATE else scene.ref(kind),
        parent=scene.page if kind is Kind.ANSWER else None,
        fields={} if verb is Verb.DELETE else fields[kind],
        marker="" if verb is Verb.DELETE else MARKER,
    )


ROWS = sorted(V3_CALLS, key=lambda row: [str(it) for it in row])
CREATES = [row for row in ROWS if row[1] is Verb.CREATE]
NOT_DELETES = [row for row in ROWS if row[1] is not Verb.DELETE]
WITH_TEXT = [row for row in NOT_DELETES if row[0] is not Kind.IMAGE]
Row = tuple[Kind, Verb, Field | None]


def named(row: object) -> str:
    return " ".join(str(it) for it in row if it) if isinstance(row, tuple) else str(row)


rows = pytest.mark.parametrize("row", ROWS, ids=named)


def test_each_row_of_v23_is_one_of_v3_too() -> None:
    assert V2_CALLS.keys() <= V3_CALLS.keys()


def written(
    dialect: Dialect, scene: Scene, write: Write, at: Any = None
) -> tuple[Outcome, list[httpx.Request]]:
    stage = staged(scene.world, at)
    outcome = scene.act(dialect, lambda team: team.write(write), stage=stage)
    return outcome, [it for it in stage.requests if is_write(it)]


def looked_at(dialect: Dialect, scene: Scene, item: LiveItem) -> LiveItem:
    if item.ref.kind is Kind.IMAGE:
        # No call tells of an image: that its bytes are there is all that can be looked at.
        name = item.url.rpartition("/")[2].partition(".")[0]
        assert scene.world.image_content(name) == png()
        return item
    if item.ref.kind is Kind.TAG:
        found = dialect.act(scene.world, lambda team: read(team, Tags(("a",))))
    else:
        parents = {item.ref: item.parent} if item.parent else {}
        scope = Refs((item.ref,), parents)
        found = dialect.act(scene.world, lambda team: read(team, scope))
    (it,) = posts(found).values()
    return it


@rows
def test_each_write_is_sent_once_echoed_and_read_back_the_same(dialect: Dialect, row: Row) -> None:
    scene = a_scene()
    write = write_of(scene, *row)
    if dialect.name == "2.3" and row not in V2_CALLS:
        ability = dialect.act(scene.world, _ability(*row))
        assert not ability.able
        assert ability.reason.startswith("API v2.3 cannot")
        return
    outcome, sent = written(dialect, scene, write)
    assert isinstance(outcome, Done), outcome
    assert len(sent) == 1
    assert ("/v3/" in sent[0].url.path) is (dialect.over(row[0]) == "3")
    if row[1] is Verb.DELETE:
        assert outcome.item is None
        assert is_gone(scene, row[0])
        return
    assert outcome.item is not None
    live = looked_at(dialect, scene, outcome.item)
    for field, value in write.fields.items():
        if field is Field.PERMISSIONS and dialect.name == "2.3":
            continue
        assert outcome.item.fields[field] == live.fields[field] == value, field
    assert (live.marker is not None) is bool(write.marker)
    assert live.ref == (write.ref or outcome.item.ref)
    assert (live.parent, live.url) == (outcome.item.parent, outcome.item.url)
    if row[0] in {Kind.QUESTION, Kind.ANSWER} and field_is_own(row):
        # How many strangers have answered is told by the echo of a new question alone.
        assert live.stamp.partition("+")[0] == outcome.item.stamp.partition("+")[0]


def field_is_own(row: Row) -> bool:
    return row[2] is None


def _ability(kind: Kind, verb: Verb, field: Field | None) -> Callable[[Any], Any]:
    async def ask(team: Any) -> Any:
        return team.ability(kind, verb, field)

    return ask


def is_gone(scene: Scene, kind: Kind) -> bool:
    if kind is Kind.COLLECTION:
        found = scene.world.collection(scene.collection)
        return found is not None and found.deleted is not None
    post = scene.world.post(scene.ref(kind).id)
    return post is not None and post.deleted is not None


def test_a_mark_is_taken_off(dialect: Dialect) -> None:
    scene = a_scene()
    ref = Ref(Kind.ANSWER, scene.accepted.id)
    outcome, sent = written(dialect, scene, set_flag(ref, scene.page, flag=False))
    assert isinstance(outcome, Done)
    assert outcome.item is not None
    assert outcome.item.fields[Field.ACCEPTED] is False
    assert outcome.item.fields[Field.BODY] == Text(LONG.format(3) + "\n")
    assert len(sent) == 1
    assert scene.world.questions("acme")[0].accepted_id is None


# What a full replacement must not take away


@pytest.mark.parametrize("api", ["3", "auto"])
def test_an_articles_permissions_stay_where_nobody_says_otherwise(api: str) -> None:
    scene = a_scene()
    write = write_of(scene, Kind.ARTICLE, Verb.UPDATE, None)
    bare = without_permissions(write.fields)
    outcome, _ = written(Dialect(api), scene, replace(write, fields=bare))
    assert isinstance(outcome, Done)
    kept = scene.world.permissions(scene.article.id)
    assert kept == Permissions("specificEditors", Shares((1002,), (1001,)))


@pytest.mark.parametrize("absent", ["kept", "reset", "refused"])
def test_permissions_that_are_not_told_are_not_made_up(absent: str) -> None:
    """Control: a new article's are, as the contract requires them."""
    scene = a_scene(absent_permissions=absent)
    write = write_of(scene, Kind.ARTICLE, Verb.UPDATE, None)
    bare = without_permissions(write.fields)

    async def forget(_: httpx.Request, deliver: Deliver) -> httpx.Response:
        return await _changed(deliver, lambda body: body.pop("permissions"))

    tail = _tail(scene, Kind.ARTICLE)

    def at(_: int, request: httpx.Request) -> Act | None:
        return forget if not is_write(request) and request.url.path.endswith(tail) else None

    stage = staged(scene.world, at)
    outcome = scene.act(
        Dialect("3"), lambda team: team.write(replace(write, fields=bare)), stage=stage
    )
    assert not isinstance(outcome, NotApplied), outcome
    (sent,) = [it for it in stage.requests if is_write(it)]
    assert "permissions" not in json.loads(sent.content)
    new = replace(write, verb=Verb.CREATE, ref=None, fields=bare)
    _, (made,) = written(Dialect("3"), scene, new)
    assert json.loads(made.content)["permissions"]["editableBy"] == "ownerOnly"


async def _changed(deliver: Deliver, change: Callable[[Any], object]) -> httpx.Response:
    response = await deliver()
    raw = b"".join([chunk async for chunk in response.stream])  # type: ignore[union-attr]
    body = json.loads(unpacked(raw))
    change(body)
    return httpx.Response(response.status_code, stream=httpx.ByteStream(json.dumps(body).encode()))


@pytest.mark.parametrize("api", ["3", "auto"])
def test_a_collections_editors_stay(api: str) -> None:
    scene = a_scene()
    outcome, _ = written(Dialect(api), scene, write_of(scene, Kind.COLLECTION, Verb.UPDATE, None))
    assert isinstance(outcome, Done)
    kept = scene.world.collection(scene.collection)
    assert kept is not None
    assert kept.editors == Shares((1002,), (1001,))


@pytest.mark.parametrize("kind", [Kind.ARTICLE, Kind.COLLECTION])
@pytest.mark.parametrize(
    "hides",
    [
        pytest.param(answers(404, problem(404, "no such thing")), id="not there"),
        pytest.param(None, id="told without them"),
    ],
)
def test_what_cannot_be_kept_is_not_replaced(kind: Kind, hides: Act | None) -> None:
    scene = a_scene()

    async def without(_: httpx.Request, deliver: Deliver) -> httpx.Response:
        def cut(body: Any) -> None:
            told = body["permissions"] if kind is Kind.ARTICLE else body
            del told["editorUsers"]

        return await _changed(deliver, cut)

    at = lambda _, it: (hides or without) if it.url.path.endswith(_tail(scene, kind)) else None  # noqa: E731
    write = write_of(scene, kind, Verb.UPDATE, None)
    bare = without_permissions(write.fields)
    outcome, sent = written(Dialect("3"), scene, replace(write, fields=bare), at)
    assert isinstance(outcome, NotApplied)
    assert sent == []


def _tail(scene: Scene, kind: Kind) -> str:
    return f"/{kind}s/{scene.ref(kind).id}"


@pytest.mark.parametrize("shown", ["dropped", "unknown"])
@pytest.mark.parametrize("content", ["refused", "dropped"])
def test_a_collection_that_holds_what_was_deleted_can_be_read_and_sent_back(
    shown: str, content: str
) -> None:
    scene = a_scene(v3_dead_content=shown, unknown_content=content)
    world = scene.world
    world.delete(world.users("acme")[2], scene.question.id)
    (live,) = posts(
        Dialect("3").act(world, lambda team: read(team, Refs((scene.ref(Kind.COLLECTION),))))
    ).values()
    assert live.fields[Field.ITEMS] == (() if shown == "dropped" else (str(scene.page),))
    write = write_of(scene, Kind.COLLECTION, Verb.UPDATE, None)
    fields = {**write.fields, Field.ITEMS: live.fields[Field.ITEMS]}
    outcome, _ = written(Dialect("3"), scene, replace(write, fields=fields))
    is_refused = (shown, content) == ("unknown", "refused")
    assert isinstance(outcome, Rejected if is_refused else Done)


def test_a_tag_without_experts_is_not_taken_for_one_whose_experts_are_not_told() -> None:
    scene = a_scene()
    write = write_of(scene, Kind.TAG, Verb.SET, Field.EXPERTS)
    outcome, _ = written(Dialect("3"), scene, write, on_write(answers(200, "{}", after=True)))
    assert isinstance(outcome, Unknown)


_OF_TAG = "/subject-matter-experts"


@pytest.mark.parametrize(
    ("seen", "wanted", "call"),
    [
        pytest.param((), ("user:1001", "user:1002"), ("POST", f"{_OF_TAG}/users"), id="users"),
        pytest.param((), ("group:1001",), ("POST", f"{_OF_TAG}/user-groups"), id="groups"),
        pytest.param(("user:1002",), (), ("DELETE", f"{_OF_TAG}/users/1002"), id="a user off"),
        pytest.param(
            ("group:1001", "user:1002"), ("user:1002",), ("DELETE", f"{_OF_TAG}/user-groups/1001"),
            id="a group off",
        ),
        pytest.param(("user:1001", "user:1002"), (), ("PUT", _OF_TAG), id="two off"),
        pytest.param(("user:1001",), ("user:1002",), ("PUT", _OF_TAG), id="another"),
        pytest.param((), ("group:1001", "user:1002"), ("PUT", _OF_TAG), id="a group and a user"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("api", ["3", "auto"])
def test_experts_change_by_the_difference(
    api: str, seen: tuple[str, ...], wanted: tuple[str, ...], call: tuple[str, str]
) -> None:
    scene = a_scene()
    (tag,) = scene.world.tags("acme")
    by = scene.world.users("acme")[2]
    scene.world.set_experts(by, tag.id, shares_of(*seen))
    write = Write(
        "w", Verb.SET, Kind.TAG, fields={Field.EXPERTS: wanted}, name="a",
        before={Field.EXPERTS: seen},
    )  # fmt: skip
    outcome, _ = written(Dialect(api), scene, write)
    assert isinstance(outcome, Done)
    assert outcome.item is not None
    assert outcome.item.fields[Field.EXPERTS] == wanted
    assert scene.world.experts(tag.id) == shares_of(*wanted)
    sent = [(it.method, it.path.partition(f"/{tag.id}")[2]) for it in scene.world.requests]
    assert [it for it in sent if it[0] != "GET" and _OF_TAG in it[1]] == [call]


def shares_of(*names: str) -> Shares:
    numbers = {
        sort: tuple(int(it.partition(":")[2]) for it in names if it.startswith(sort))
        for sort in ("user", "group")
    }
    return Shares(numbers["user"], numbers["group"])


@pytest.mark.parametrize("body", ["{}", '{"users": [], "userGroups": []}'])
def test_an_expert_is_removed_without_a_word(body: str) -> None:
    """204, as documented: whoever says something talks of another thing."""
    scene = a_scene()
    (tag,) = scene.world.tags("acme")
    scene.world.set_experts(scene.world.users("acme")[2], tag.id, shares_of("user:1002"))
    write = Write(
        "w", Verb.SET, Kind.TAG, fields={Field.EXPERTS: ()}, name="a",
        before={Field.EXPERTS: ("user:1002",)},
    )  # fmt: skip
    outcome, _ = written(Dialect("3"), scene, write, on_write(answers(200, body, after=True)))
    assert isinstance(outcome, Done if body == "{}" else Unknown)


@pytest.mark.parametrize("api", ["3", "auto"])
def test_experts_of_a_team_that_has_none_are_refused_in_its_words(api: str) -> None:
    """422, as documented."""
    scene = a_scene(experts=False)
    write = write_of(scene, Kind.TAG, Verb.SET, Field.EXPERTS)
    outcome, _ = written(Dialect(api), scene, write)
    assert isinstance(outcome, Rejected)
    assert not outcome.stops_run


# Echoes that don't confirm


def echo(change: Callable[[dict[str, Any]], object]) -> Act:
    """Let the write happen and change the object that confirms it, whichever API says it."""

    async def act(_: httpx.Request, deliver: Deliver) -> httpx.Response:
        def changed(body: dict[str, Any]) -> None:
            change(body["items"][0] if "items" in body else body)

        return await _changed(deliver, changed)

    return act


def another_id(body: dict[str, Any]) -> None:
    for name in ("id", "question_id", "answer_id", "article_id"):
        if name in body:
            body[name] = 99_999


def another_title(body: dict[str, Any]) -> None:
    body["title"] = "Another question altogether?"


def no_markdown(body: dict[str, Any]) -> None:
    for name in ("bodyMarkdown", "body_markdown", "description"):
        body.pop(name, None)
    body.pop("content", None)


def no_id(body: dict[str, Any]) -> None:
    for name in ("id", "question_id", "answer_id", "article_id", "title"):
        body.pop(name, None)


def another_question(body: dict[str, Any]) -> None:
    for name in ("questionId", "question_id"):
        if name in body:
            body[name] = 99_999


ECHOES = [
    pytest.param(CREATES, no_id, id="no id"),
    pytest.param([it for it in WITH_TEXT if it[2] is None], no_markdown, id="no text"),
    pytest.param([it for it in ROWS if it[1] is Verb.UPDATE], another_id, id="another post"),
    pytest.param(
        [it for it in CREATES if it[0] not in (Kind.ANSWER, Kind.IMAGE)],
        another_title,
        id="another title",
    ),
    pytest.param(
        [it for it in NOT_DELETES if it[0] is Kind.ANSWER and it[2] is None],
        another_question,
        id="another question",
    ),
    pytest.param(
        [it for it in ROWS if it[2] is Field.ACCEPTED],
        lambda body: body.update(isAccepted=False, is_accepted=False),
        id="not accepted",
    ),
    pytest.param([it for it in ROWS if it[2] is Field.ACCEPTED], another_id, id="another's mark"),
]


@pytest.mark.parametrize(("which", "change"), ECHOES)
def test_an_echo_that_does_not_confirm_is_unknown_and_nothing_is_sent_again(
    dialect: Dialect, which: list[Row], change: Callable[[dict[str, Any]], object]
) -> None:
    for row in which:
        if dialect.name == "2.3" and row not in V2_CALLS:
            continue
        scene = a_scene()
        outcome, sent = written(dialect, scene, write_of(scene, *row), on_write(echo(change)))
        assert isinstance(outcome, Unknown), named(row)
        assert len(sent) == 1, named(row)


@rows
@pytest.mark.parametrize(
    "act",
    [
        pytest.param(answers(200, b"", after=True), id="an empty page"),
        pytest.param(answers(200, "<html>login</html>", after=True), id="a login page"),
        pytest.param(answers(200, b'{"items": [', after=True), id="half a body"),
        pytest.param(answers(200, b"\x1f\x8b\x08\x00cut", after=True), id="cut off"),
        pytest.param(answers(200, '{"status": "ok"}', after=True), id="another's JSON"),
        pytest.param(answers(302, b"", after=True, location="https://sso/"), id="sent elsewhere"),
        pytest.param(answers(502, "<html>", after=True), id="502"),
        pytest.param(answers(503, "<html>", after=True), id="503"),
        pytest.param(answers(504, "", after=True), id="504"),
        pytest.param(answers(500, '{"title": "Internal error", "status": 500}', after=True),
                     id="500 as a problem"),
        pytest.param(fails(httpx.ReadError("reset"), after=True), id="reset"),
        pytest.param(fails(httpx.ReadTimeout("slow"), after=True), id="timeout"),
    ],
)  # fmt: skip
def test_an_answer_that_says_nothing_leaves_the_outcome_unknown_and_is_not_repeated(
    dialect: Dialect, row: Row, act: Act
) -> None:
    if dialect.name == "2.3" and row not in V2_CALLS:
        return
    scene = a_scene()
    outcome, sent = written(dialect, scene, write_of(scene, *row), on_write(act, act, act))
    assert isinstance(outcome, Unknown)
    assert len(sent) == 1


@rows
def test_what_never_left_is_not_applied(dialect: Dialect, row: Row) -> None:
    if dialect.name == "2.3" and row not in V2_CALLS:
        return
    scene = a_scene()
    unreachable = fails(httpx.ConnectError("no way"))
    at = on_write(*[unreachable] * 9)
    outcome, _ = written(dialect, scene, write_of(scene, *row), at)
    assert isinstance(outcome, NotApplied)


# Refusals, in both families of problems and in v2.3's form


def v23(number: int, name: str, message: str, **more: Any) -> bytes:
    error = {"error_id": number, "error_name": name, "error_message": message, **more}
    return json.dumps(error).encode()


REFUSALS = {
    "a rule of the site": (
        answers(400, v23(407, "write_failed", "Title is too long.")),
        answers(400, problem(400, "Title is too long.")),
        Rejected("write_failed", "Title is too long."),
        Rejected("ValidationErrors", "Title is too long."),
    ),
    "a shape": (
        answers(400, v23(400, "bad_parameter", "title")),
        answers(400, invalid(Title="The Title field is required.", Body="Too short.")),
        Rejected("bad_parameter", "title"),
        Rejected("rfc7231#section-6.5.1", "The Title field is required. Too short."),
    ),
    "the token": (
        answers(402, v23(402, "invalid_access_token", "expired")),
        answers(401, "Invalid access token", content_type="text/plain"),
        Rejected("invalid_access_token", "expired", stops_run=True),
        Rejected("status 401", "Invalid access token", stops_run=True),
    ),
    "the right": (
        answers(400, v23(403, "access_denied", "not yours")),
        answers(403, bare_problem(403)),
        Rejected("access_denied", "not yours", stops_run=True),
        Rejected("forbidden", "Not done", stops_run=True),
    ),
    "what isn't there": (
        answers(400, v23(400, "bad_parameter", "ids")),
        answers(404, problem(404, "Question ID 7 not found", "questions/not-found")),
        Rejected("bad_parameter", "ids"),
        Rejected("not-found", "Question ID 7 not found"),
    ),
    "what can't be done": (
        answers(400, v23(407, "write_failed", "off")),
        answers(422, problem(422, "off", "experts/disabled")),
        Rejected("write_failed", "off"),
        Rejected("disabled", "off"),
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
@pytest.mark.parametrize("kind", [Kind.QUESTION, Kind.ARTICLE])
def test_a_refusal_is_shown_in_the_servers_words(dialect: Dialect, kind: Kind, name: str) -> None:
    scene = a_scene()
    old, new, over_v23, over_v3 = REFUSALS[name]
    is_old = dialect.over(kind) == "2.3"
    write = write_of(scene, kind, Verb.CREATE, None)
    outcome, sent = written(dialect, scene, write, on_write(old if is_old else new))
    assert outcome == (over_v23 if is_old else over_v3)
    assert len(sent) == 1


THROTTLES: Mapping[str, tuple[dict[str, Any], float]] = {
    "seconds": ({"retry_after": "7"}, 7.0),
    "a date": ({"retry_after": "Mon, 05 Jan 2026 09:00:09 GMT",
                "date": "Mon, 05 Jan 2026 09:00:00 GMT"}, 9.0),
    "nothing": ({}, 2.0),
    "the bucket": ({"x_token_bucket_calls_left": "0",
                    "x_token_bucket_seconds_until_next_refill": "41"}, 41.0),
    "the burst": ({"x_burst_throttle_calls_left": "0",
                   "x_burst_throttle_seconds_until_full": "2"}, 2.0),
}  # fmt: skip


@pytest.mark.parametrize("name", THROTTLES)
@pytest.mark.parametrize("body", [problem(429, "slow down"), b"Too many requests", b""])
@pytest.mark.parametrize("api", ["3", "auto"])
def test_a_429_is_waited_for_as_asked_and_the_write_goes_once(
    api: str, body: bytes, name: str
) -> None:
    """F33."""
    scene = a_scene()
    headers, wait_s = THROTTLES[name]
    kind = Kind.ARTICLE if api == "auto" else Kind.QUESTION
    before = len(scene.world.questions("acme")) + len(scene.world.articles("acme"))
    stage = staged(scene.world, on_write(answers(429, body, **headers)))
    write = write_of(scene, kind, Verb.CREATE, None)
    outcome = scene.act(Dialect(api), lambda team: team.write(write), stage=stage)
    assert isinstance(outcome, Done)
    times = [at for at, it in zip(stage.times, stage.requests, strict=True) if is_write(it)]
    assert len(times) == 2
    assert wait_s <= times[1] - times[0] <= wait_s + 2.0
    after = len(scene.world.questions("acme")) + len(scene.world.articles("acme"))
    assert after == before + 1


@pytest.mark.parametrize("api", ["3", "auto"])
def test_a_429_that_asks_for_longer_than_we_wait_leaves_it_for_later(api: str) -> None:
    scene = a_scene()
    kind = Kind.ARTICLE if api == "auto" else Kind.QUESTION
    at = on_write(answers(429, b"", retry_after="4000"))
    write = write_of(scene, kind, Verb.CREATE, None)
    outcome, sent = written(Dialect(api), scene, write, at)
    assert isinstance(outcome, NotApplied)
    assert outcome.resume_after_s == pytest.approx(4000, abs=2)
    assert len(sent) == 1
