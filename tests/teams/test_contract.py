"""What the ports promise, whatever dialect is spoken. Knows no route, status or spelling.

Where the dialects differ by right, a test says so by name, at the end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from importer.errors import AccessError, BudgetExhausted, ImporterError, ServiceError
from importer.model.fields import Fields, fields_of
from importer.model.ids import Field, Key, Kind, Ref, UserId, Verb
from importer.model.live import (
    Covered,
    Denied,
    Everything,
    Facts,
    LiveItem,
    Need,
    Newest,
    People,
    Person,
    Refs,
    Revisions,
    Same,
    Scope,
    Since,
    Synonym,
    Tags,
    Under,
)
from importer.model.writing import Done, NotApplied, Rejected, Unknown, Write
from importer.sandbox import World
from importer.sandbox.values import Permissions, Shares
from importer.teams import LiveTeam as Team
from importer.teams import Mode
from importer.text.links import Text
from importer.text.marker import Marker, format_marker
from tests.teams.contract import (
    APIS,
    Dialect,
    a_full_world,
    covered,
    created,
    posts,
    read,
    set_flag,
    synonyms,
)
from tests.teams.stage import (
    ASKED,
    BODY,
    a_world,
    answers,
    delete,
    fill,
    live,
    meanwhile,
    new_answer,
    new_question,
    staged,
)
from tests.virtual_time import LoopClock

KINDS = (Kind.QUESTION, Kind.ANSWER, Kind.ARTICLE, Kind.TAG)


def both(question: LiveItem, answer: LiveItem) -> Refs:
    return Refs((question.ref, answer.ref), {answer.ref: question.ref})


def test_what_is_created_is_echoed_and_read_back_the_same(dialect: Dialect) -> None:
    marker = format_marker("handbook:one", {})

    async def act(team: Team) -> tuple[list[LiveItem], dict[Ref, LiveItem]]:
        question = await created(team, new_question(1, marker=marker))
        answer = await created(team, new_answer(question.ref))
        return [question, answer], posts(await read(team, both(question, answer)))

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
            await created(team, set_flag(answer.ref, question.ref, flag=flag))
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


@pytest.mark.parametrize("calls", range(7))
def test_a_reading_cut_short_raises_and_covers_nothing_it_did_not_see(
    dialect: Dialect, calls: int
) -> None:
    """After so many calls only a gateway's page comes; a control with enough of them follows."""
    world = a_world(questions=250)
    page = answers(502, "<html>Bad gateway</html>", content_type="text/html")
    stage = staged(world, lambda number, _: page if number > calls else None)
    heard: list[Any] = []

    async def act(team: Team) -> None:
        async for item in team.read(Everything((Kind.TAG, Kind.QUESTION))):
            heard.append(item)  # noqa: PERF401 - what came before the error is the point

    whole = {"2.3": 6, "auto": 6, "3": 4 + 250}[dialect.name]
    if calls >= whole:
        dialect.act(world, act, stage=stage, mode=Mode.READ)
        assert covered(heard) == {Kind.TAG, Kind.QUESTION}
        return
    with pytest.raises((ServiceError, BudgetExhausted)):
        dialect.act(world, act, stage=stage, mode=Mode.READ)
    assert Kind.QUESTION not in covered(heard)


@pytest.mark.parametrize("api", ["2.3", "auto"])
@pytest.mark.parametrize("calls", range(1, 7))
def test_a_reading_that_the_days_calls_cut_short_covers_nothing_it_did_not_see(
    api: str, calls: int
) -> None:
    """API v3 has no such number; a control with enough of them follows."""
    dialect = Dialect(api)
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

    async def act(team: Team) -> tuple[list[LiveItem], list[Any], list[Any]]:
        since = clock.now()
        question = await created(team, new_question(7))
        answer = await created(team, new_answer(question.ref))
        newest = await read(team, Newest(UserId(1001), since))
        return [question, answer], newest, await read(team, Since(since))

    ours, newest, moved = dialect.act(world, act)
    assert set(posts(newest)) == {it.ref for it in ours}
    assert set(posts(moved)) == {it.ref for it in ours}


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


@pytest.mark.parametrize(
    ("happens", "outcome", "error"),
    [
        pytest.param(revoke, Rejected, AccessError, id="the token is revoked"),
        pytest.param(downgrade, Rejected, None, id="the plan is downgraded"),
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


# Everything, whole and covered


def readable(dialect: Dialect) -> tuple[Kind, ...]:
    return KINDS if dialect.name == "2.3" else (*KINDS, Kind.COLLECTION)


def test_everything_is_read_whole_and_covered(dialect: Dialect) -> None:
    world = a_full_world()
    kinds = readable(dialect)
    items = dialect.act(world, lambda team: read(team, Everything(kinds)), mode=Mode.READ)
    assert covered(items) == set(kinds)
    alive = {
        *((Kind.QUESTION, it.id) for it in world.questions("acme")),
        *((Kind.ANSWER, it.id) for it in world.answers("acme")),
        *((Kind.ARTICLE, it.id) for it in world.articles("acme")),
    }
    found = {(it.kind, it.id) for it in posts(items) if it.kind in KINDS}
    assert {it for it in found if it[0] is not Kind.TAG} == alive
    assert names_of(items) == {it.name for it in world.tags("acme")}
    assert synonyms(items) == {"kube": "k8s"}
    for it in posts(items).values():
        if it.ref.kind in {Kind.QUESTION, Kind.ANSWER, Kind.ARTICLE}:
            assert Field.BODY in it.fields


def names_of(items: list[Any]) -> set[str]:
    tags = (it for it in posts(items).values() if it.ref.kind is Kind.TAG)
    return {str(it.fields[Field.TITLE]) for it in tags}


def test_without_posts_there_is_nothing_and_that_is_all(dialect: Dialect) -> None:
    kinds = readable(dialect)
    items = dialect.act(a_world(), lambda team: read(team, Everything(kinds)), mode=Mode.READ)
    assert (posts(items), covered(items)) == ({}, set(kinds))


@pytest.mark.parametrize("posts_", [99, 100, 101, 200, 301])
def test_every_size_of_a_list_is_read_to_its_end(dialect: Dialect, posts_: int) -> None:
    world = a_world(questions=posts_)
    items = dialect.act(world, lambda team: read(team, Everything((Kind.QUESTION,))))
    assert set(posts(items)) == live(world)


def is_list(path: str) -> bool:
    return path.endswith("/questions")


def on_page(page: int, happening: Callable[[], object]) -> Any:
    """Let it happen right before that page of the questions is answered, once."""
    left = [happening]

    def at(_: int, request: Any) -> Any:
        asked = is_list(request.url.path) and request.url.params.get("page") == str(page)
        return meanwhile(left.pop()) if asked and left else None

    return at


@pytest.mark.parametrize("page", [1, 2, 3])
@pytest.mark.parametrize(
    "happening",
    [
        pytest.param((3, 0), id="deleted on a page already read"),
        pytest.param((99, 0), id="deleted at a page's edge"),
        pytest.param((0, 1), id="asked"),
        pytest.param((0, 250), id="asked many times"),
        pytest.param((3, 1), id="one for another"),
    ],
)
@pytest.mark.parametrize("fraction_s", [0.0, 0.75])
def test_what_moves_during_a_walk_hides_nothing(
    dialect: Dialect, page: int, happening: tuple[int, int], fraction_s: float
) -> None:
    world = a_world(questions=250)
    clock = world.clock
    assert isinstance(clock, LoopClock)
    clock.advance(500 + fraction_s)
    before = live(world)
    place, new = happening

    def move() -> None:
        clock.advance(1)
        if place:
            delete(world, world.questions("acme")[place])
        fill(world, new)

    stage = staged(world, on_page(page, move))
    items = dialect.act(
        world, lambda team: read(team, Everything((Kind.QUESTION,))), stage=stage, mode=Mode.READ
    )
    assert set(posts(items)) >= before & live(world)
    assert covered(items) == {Kind.QUESTION}


def test_a_second_reading_sees_the_tags_that_were_born_since(dialect: Dialect) -> None:
    world = a_world(questions=1)

    async def act(team: Team) -> list[set[str]]:
        seen = [names_of(await read(team, Everything((Kind.TAG,))))]
        await created(team, new_question(1))
        return [*seen, names_of(await read(team, Everything((Kind.TAG,))))]

    assert dialect.act(world, act) == [{"t0"}, {"t0", "alpha", "beta"}]


# Parts


def test_refs_give_what_is_there_and_leave_out_what_is_not(dialect: Dialect) -> None:
    world = a_full_world()
    question = world.questions("acme")[0]
    answer = world.answers("acme")[0]
    article = world.articles("acme")[0]
    gone = next(it for it in world.questions("acme", deleted=True) if it.deleted)
    refs = (
        Ref(Kind.QUESTION, question.id),
        Ref(Kind.ANSWER, answer.id),
        Ref(Kind.ARTICLE, article.id),
    )
    absent = (Ref(Kind.QUESTION, gone.id), Ref(Kind.QUESTION, 999_999), Ref(Kind.ANSWER, 999_998))
    parents = {it: Ref(Kind.QUESTION, question.id) for it in (refs[1], absent[2])}
    found = posts(
        dialect.act(world, lambda team: read(team, Refs((*refs, *absent, refs[0]), parents)))
    )
    assert set(found) == set(refs)
    assert found[refs[1]].parent == refs[0]


def test_what_stands_under_questions_is_read(dialect: Dialect) -> None:
    world = a_full_world()
    parents = tuple(Ref(Kind.QUESTION, it.id) for it in world.questions("acme"))
    found = posts(dialect.act(world, lambda team: read(team, Under(parents))))
    assert set(found) == {Ref(Kind.ANSWER, it.id) for it in world.answers("acme")}
    assert {str(it.parent) for it in found.values()} <= {str(it) for it in parents}


def test_the_newest_are_the_authors_own_newest_first_of_the_kinds_asked_for(
    dialect: Dialect,
) -> None:
    world = a_world(questions=5)
    clock = world.clock
    assert isinstance(clock, LoopClock)
    ada, bjorn, _ = world.users("acme")
    old = world.questions("acme")[0]
    clock.advance(1_000)
    since = clock.now()
    expected = []
    for number in range(3):
        clock.advance(10)
        expected.append(Ref(Kind.QUESTION, world.ask(
            ada, title=ASKED.format(f"new {number}"), body=BODY.format(number), tags=["a"]
        ).id))  # fmt: skip
        clock.advance(10)
        ref = Ref(Kind.ANSWER, world.answer(ada, old.id, body=BODY.format(number)).id)
        expected.append(ref)
        world.answer(bjorn, old.id, body=BODY.format(f"{number} of another"))
    article = world.publish(ada, title="An article that is new", body=BODY.format(8), tags=["a"])
    items = dialect.act(world, lambda team: read(team, Newest(UserId(ada.id), since)))
    assert [it.ref for it in items] == expected[::-1]
    kinds = frozenset({Kind.ARTICLE})
    items = dialect.act(world, lambda team: read(team, Newest(UserId(ada.id), since, kinds)))
    assert [it.ref for it in items] == [Ref(Kind.ARTICLE, article.id)]


@pytest.mark.parametrize("page", [2, 3])
def test_an_answer_that_comes_while_the_newest_are_looked_for_hides_none(
    dialect: Dialect, page: int
) -> None:
    """It moves its question to a page that was read already, or all behind it by one place."""
    world = a_world(questions=250)
    clock = world.clock
    assert isinstance(clock, LoopClock)
    ada, bjorn, chidi = world.users("acme")
    questions = world.questions("acme")
    ours = Ref(Kind.ANSWER, world.answer(ada, questions[0].id, body=BODY.format("ours")).id)
    clock.advance(10)
    since = clock.now() - timedelta(seconds=5_000)
    for post in questions[1:]:
        world.edit(chidi, post.id, title=f"{post.title} edited", comment="")

    def move() -> None:
        clock.advance(1)
        world.answer(bjorn, questions[0].id, body=BODY.format("another's"))
        delete(world, questions[200])

    stage = staged(world, on_page(page, move))
    items = dialect.act(world, lambda team: read(team, Newest(UserId(ada.id), since)), stage=stage)
    assert ours in posts(items)


def test_tags_are_looked_at_by_name(dialect: Dialect) -> None:
    world = a_full_world()

    async def act(team: Team) -> list[Any]:
        return await read(team, Tags(("hr", "nobody-has-this", "alpha")))

    items = dialect.act(world, act)
    if dialect.name == "2.3":
        assert items == [], "API v2.3 tells nothing of single tags"
        return
    assert {str(it.fields[Field.TITLE]) for it in items} == {"alpha", "hr"}
    assert all(it.fields[Field.EXPERTS] == () for it in items)


def test_people_are_found_by_their_mail_addresses_where_an_admin_asks(dialect: Dialect) -> None:
    world = a_world()
    boss = world.add_user("acme", "Dora Dach", role="admin", email="dora@acme.example")
    scope = People(("dora@acme.example", "nobody@acme.example"))
    token = world.issue_token(boss)
    items = dialect.act(world, lambda team: read(team, scope), token=token)
    denied = dialect.act(world, lambda team: read(team, scope))
    if dialect.name == "2.3":
        assert items == denied == [], "API v2.3 knows no mail addresses"
        return
    assert items == [
        Person("dora@acme.example", UserId(boss.id)),
        Person("nobody@acme.example", None),
    ]
    assert [it.what for it in denied if isinstance(it, Denied)] == list(scope.emails)


@pytest.mark.parametrize("scope", [People(("a@b.example",)), Tags(("a",))], ids=str)
def test_a_revoked_token_is_no_denial_of_a_mail_address(scope: Scope) -> None:
    world = a_world(questions=1)
    token = world.issue_token(world.users("acme")[0])
    world.revoke_token(token)
    with pytest.raises(AccessError, match="does not take the access token"):
        Dialect("3").act(world, lambda team: read(team, scope), token=token)


# The same team


def canonical(dialect: Dialect, world: World) -> dict[str, LiveItem]:
    items = dialect.act(world, lambda team: read(team, Everything(KINDS)), mode=Mode.READ)
    return {_name(it): _bare(it) for it in posts(items).values()}


def _name(it: LiveItem) -> str:
    # API v2.3 has no ids for tags: it numbers them by name.
    return f"tag {it.fields[Field.TITLE]}" if it.ref.kind is Kind.TAG else str(it.ref)


def _bare(it: LiveItem) -> LiveItem:
    """Return what dialects have in common. API v3 tells no lock and no edit of a question."""
    fields: Fields = {
        field: value for field, value in it.fields.items() if field is not Field.PERMISSIONS
    }
    facts = Facts(it.facts.author, created_at=it.facts.created_at,
                  engaged_by_others=it.facts.engaged_by_others)  # fmt: skip
    ref = Ref(Kind.TAG, 1) if it.ref.kind is Kind.TAG else it.ref
    return replace(it, ref=ref, fields=fields, facts=facts, stamp="")


@pytest.mark.parametrize("api", ["3", "auto"])
@pytest.mark.parametrize(
    "behaviour",
    [
        pytest.param({}, id="as it is"),
        pytest.param({"v3_dates": "zoneless"}, id="dates without a zone"),
        pytest.param({"v3_dates": "zoned"}, id="dates with a zone"),
        pytest.param({"v3_lf": True}, id="LF"),
        pytest.param({"v3_untyped": True}, id="answers without a content type"),
        pytest.param({"v3_lists_deleted": True, "v3_deleted_shown": "everyone"}, id="deleted ones"),
        pytest.param({"v3_empty_pages": 1}, id="empty lists of one page"),
        pytest.param({"tag_order": "reversed"}, id="tags in another order"),
        pytest.param({"crlf": False, "trim": False}, id="texts as they come"),
    ],
)
def test_the_same_team_is_the_same_through_each(api: str, behaviour: dict[str, Any]) -> None:
    world = a_full_world(**behaviour)
    one, other = canonical(Dialect("2.3"), world), canonical(Dialect(api), world)
    assert one.keys() == other.keys()
    assert [it for it in one if one[it] != other[it]] == []


def test_who_may_edit_an_article_is_told_by_v3_alone() -> None:
    world = a_full_world()
    seen = {}
    for api in APIS:
        everything = Everything((Kind.ARTICLE,), permissions=True)

        async def act(team: Team, scope: Scope = everything) -> list[Any]:
            return await read(team, scope)

        (item,) = posts(Dialect(api).act(world, act)).values()
        seen[api] = item.fields.get(Field.PERMISSIONS)
    assert seen == {"2.3": None, "3": ("everyone",), "auto": ("everyone",)}


@pytest.mark.parametrize("editors", [Shares(), Shares((1001, 1002)), Shares((1001,), (1001,))])
def test_an_articles_editors_are_read(editors: Shares) -> None:
    world = a_world()
    ada, bjorn, chidi = world.users("acme")
    world.make_group(chidi, name="Editors", member_ids=[bjorn.id])
    world.publish(
        ada, title="An article with its editors", body=BODY.format(1), tags=["a"],
        permissions=Permissions("specificEditors", editors),
    )  # fmt: skip
    items = Dialect("3").act(world, lambda team: read(team, Everything((Kind.ARTICLE,))))
    (item,) = posts(items).values()
    users = {f"user:{it}" for it in editors.user_ids}
    groups = {f"group:{it}" for it in editors.group_ids}
    assert item.fields[Field.PERMISSIONS] == tuple(sorted({"specific-editors", *users, *groups}))


def test_a_collections_order_is_kept(dialect: Dialect) -> None:
    world = a_full_world()
    items = dialect.act(world, lambda team: read(team, Everything((Kind.COLLECTION,))))
    if dialect.name == "2.3":
        assert items == [], "API v2.3 has no collections, and doesn't say that there are none"
        return
    (item,) = posts(items).values()
    article, question = world.articles("acme")[0], world.questions("acme")[0]
    assert item.fields[Field.ITEMS] == (f"article/{article.id}", f"question/{question.id}")


# Where dialects differ


def test_a_request_id_seen_before_writes_nothing_twice_over_v23_alone(dialect: Dialect) -> None:
    """API v3 knows no request ids: there, a look at the team is all that keeps a post single."""
    world = a_world()

    async def act(team: Team) -> list[Any]:
        return [await team.write(new_question(1)) for _ in range(2)]

    first, second = dialect.act(world, act)
    assert isinstance(first, Done)
    has_ids = dialect.over(Kind.QUESTION) == "2.3"
    assert isinstance(second, Unknown if has_ids else Done)
    assert len(world.questions("acme")) == (1 if has_ids else 2)


def test_histories_are_read_over_v23_alone(dialect: Dialect) -> None:
    world = a_full_world()
    ref = Ref(Kind.QUESTION, world.questions("acme")[1].id)

    async def act(team: Team) -> tuple[bool, list[Any]]:
        return team.keeps_history(Kind.QUESTION), await read(team, Revisions((ref,)))

    keeps, revisions = dialect.act(world, act)
    assert keeps is (dialect.name != "3")
    assert len(revisions) == (0 if dialect.name == "3" else 2)


def test_an_answer_is_found_by_its_id_alone_over_v23_alone(dialect: Dialect) -> None:
    world = a_full_world()
    ref = Ref(Kind.ANSWER, world.answers("acme")[0].id)

    async def act(team: Team) -> list[Any]:
        return await read(team, Refs((ref,)))

    if dialect.name == "3":
        with pytest.raises(ServiceError, match="below its question only"):
            dialect.act(world, act)
        return
    assert set(posts(dialect.act(world, act))) == {ref}


@pytest.mark.parametrize("api", ["2.3", "auto"])
def test_at_the_end_of_the_days_calls_a_write_waits_for_another_day(api: str) -> None:
    """With both, what goes over v2.3 goes over v3 once the number is known to be low."""
    world = a_world()

    async def act(team: Team) -> tuple[Any, Any, Any]:
        await created(team, new_question(1))
        world.behaviour = replace(world.behaviour, quota_max=1)
        said = await team.write(new_question(2))
        try:
            return said, await read(team, Everything((Kind.QUESTION,))), None
        except ImporterError as raised:
            return said, raised, None

    said, then, _ = Dialect(api).act(world, act)
    assert isinstance(said, NotApplied)
    assert len(world.questions("acme")) == 1
    assert isinstance(then, BudgetExhausted)


# Whether others have engaged


def remark(world: World, post: int) -> None:
    world.comment_on(world.users("acme")[1], post, body="A remark that is long enough.")


def vote(world: World, post: int) -> None:
    world.vote(world.users("acme")[1], post, "up")


def answered(world: World, post: int) -> None:
    world.answer(world.users("acme")[1], post, body=BODY.format("of another"))


def own_answer(world: World, post: int) -> None:
    world.answer(world.users("acme")[0], post, body=BODY.format("of the author"))


def nothing(_: World, __: int) -> None:
    return


@pytest.mark.parametrize("counts", [True, False], ids=["counted", "not counted"])
@pytest.mark.parametrize(
    ("happens", "engaged"),
    [(remark, True), (vote, True), (answered, True), (own_answer, False), (nothing, False)],
)
def test_engagement_of_others_is_told_where_it_is_asked_for(
    dialect: Dialect, happens: Callable[[World, int], None], engaged: bool, counts: bool
) -> None:
    """Older builds of v3 count no comments in their lists; a look at one post asks for them."""
    world = a_world(questions=1, v3_comment_count=counts)
    post = world.questions("acme")[0].id
    happens(world, post)
    ref = Ref(Kind.QUESTION, post)

    async def act(team: Team) -> tuple[LiveItem, LiveItem]:
        everything = posts(await read(team, Everything((Kind.QUESTION,))))
        return everything[ref], posts(await read(team, Refs((ref,), engagement=True)))[ref]

    listed, single = dialect.act(world, act)
    assert single.facts.engaged_by_others is engaged
    # What isn't told counts as engaged.
    untold = dialect.name == "3" and not counts
    assert listed.facts.engaged_by_others is (engaged or untold)


def test_votes_that_cancel_each_other_are_seen_over_v23_alone(dialect: Dialect) -> None:
    world = a_world(questions=1)
    post = world.questions("acme")[0].id
    world.vote(world.users("acme")[1], post, "up")
    world.vote(world.users("acme")[2], post, "down")
    items = dialect.act(world, lambda team: read(team, Everything((Kind.QUESTION,))))
    (item,) = posts(items).values()
    assert item.facts.engaged_by_others is (dialect.name != "3")


@pytest.mark.parametrize("edited", [True, False])
def test_who_edited_a_post_last_is_told_with_a_name(dialect: Dialect, edited: bool) -> None:
    world = a_world(questions=1)
    post = world.questions("acme")[0].id
    colleague = world.users("acme")[1]
    if edited:
        world.edit(colleague, post, body=BODY.format("edited by a colleague"))
    items = dialect.act(world, lambda team: read(team, Everything((Kind.QUESTION,))))
    facts = posts(items)[Ref(Kind.QUESTION, post)].facts
    told = (colleague.id, colleague.name) if edited else (None, "")
    assert (facts.editor, facts.editor_name) == told
    # v3 says of no question when it was edited.
    assert (facts.edited_at is not None) is (edited and dialect.name != "3")
