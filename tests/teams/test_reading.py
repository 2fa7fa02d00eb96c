from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from importer.errors import ServiceError
from importer.model.ids import Field, Kind, Ref, UserId
from importer.model.live import Everything, LiveItem, Newest, Refs, Scope, Since, Under
from importer.sandbox import Post, World
from importer.teams import LiveTeam, Mode
from tests.teams.stage import (
    ASKED,
    BODY,
    a_world,
    always,
    answers,
    delete,
    distinct,
    everything,
    live,
    moderator,
    on,
    opened,
    read_all,
    rewrites,
    staged,
    told,
)
from tests.virtual_time import LoopClock, run

ALL = Everything((Kind.QUESTION, Kind.ANSWER, Kind.TAG))
QUESTIONS = Everything((Kind.QUESTION,))


# How many requests


@pytest.mark.parametrize(
    ("questions", "requests"),
    [
        pytest.param(0, 1, id="none"),
        pytest.param(1, 1, id="one"),
        pytest.param(100, 1, id="a whole page"),
        pytest.param(101, 2, id="one more"),
        pytest.param(250, 3, id="two pages and a half"),
        pytest.param(400, 4, id="four whole pages"),
    ],
)
def test_a_full_read_asks_once_per_hundred_questions(questions: int, requests: int) -> None:
    async def reading() -> tuple[int, list[LiveItem], list[str]]:
        world = a_world(questions=questions)
        stage = staged(world)
        async with opened(world, mode=Mode.READ, stage=stage) as team:
            return team.requests, await everything(team, ALL), stage.paths

    before, items, paths = run(reading())
    assert before == 0
    assert sum(it.ref.kind is Kind.QUESTION for it in items) == questions
    assert paths == [
        "GET filters/create",
        "GET tags/synonyms",
        "GET tags",
        *["GET questions"] * requests,
    ]


def test_the_filter_and_the_synonyms_are_fetched_once() -> None:
    async def reading() -> list[str]:
        world = a_world(questions=3)
        stage = staged(world)
        async with opened(world, mode=Mode.READ, stage=stage) as team:
            await everything(team, ALL)
            await everything(team, ALL)
            return stage.paths

    paths = run(reading())
    assert paths.count("GET filters/create") == 1
    assert paths.count("GET tags/synonyms") == 1
    assert paths.count("GET questions") == 2


# What is said


def a_talking_world() -> World:
    world = a_world()
    ada, bjorn, chidi = world.users("acme")
    question = world.ask(ada, title=ASKED.format(1), body=BODY.format(1), tags=["deploy", "Alpha"])
    world.answer(ada, question.id, body=BODY.format("of Ada"))
    other = world.answer(bjorn, question.id, body=BODY.format("of Björn"))
    world.accept(ada, other.id)
    world.ask(bjorn, title=ASKED.format(2), body=BODY.format(2), tags=["zeta"])
    world.describe_tag(chidi, "deploy", excerpt="About deploying things.")
    return world


def test_a_full_read_gives_questions_answers_and_tags_and_says_so() -> None:
    async def reading() -> tuple[list[LiveItem], set[Kind]]:
        world = a_talking_world()
        async with opened(world, mode=Mode.READ) as team:
            return await everything(team, ALL), (await told(team, ALL))[0]

    items, covered = run(reading())
    assert covered == {Kind.QUESTION, Kind.ANSWER, Kind.TAG}
    assert [str(it.ref) for it in items] == [
        *("tag/1", "tag/2", "tag/3"),
        *("question/1", "answer/2", "answer/3", "question/4"),
    ]
    first, second = items[3], items[6]
    assert first.fields[Field.TITLE] == ASKED.format(1)
    assert first.fields[Field.TAGS] == ("alpha", "deploy")
    assert first.facts.author == 1001
    assert [it.fields[Field.ACCEPTED] for it in items[4:6]] == [False, True]
    assert [it.parent for it in items[4:6]] == [first.ref, first.ref]
    assert first.facts.engaged_by_others
    assert not second.facts.engaged_by_others


@pytest.mark.parametrize(
    ("kinds", "given"),
    [
        pytest.param((Kind.QUESTION,), {Kind.QUESTION}, id="questions"),
        pytest.param((Kind.ANSWER,), {Kind.ANSWER}, id="answers"),
        pytest.param((Kind.TAG,), {Kind.TAG}, id="tags"),
        pytest.param(
            (Kind.COLLECTION, Kind.TAG), {Kind.TAG}, id="what can't be read is not covered"
        ),
        pytest.param((), set(), id="nothing"),
    ],
)
def test_only_the_kinds_asked_for_are_given_and_covered(
    kinds: tuple[Kind, ...], given: set[Kind]
) -> None:
    async def reading() -> tuple[set[Kind], set[Kind]]:
        async with opened(a_talking_world(), mode=Mode.READ) as team:
            items = await everything(team, Everything(kinds))
            covered, _ = await told(team, Everything(kinds))
            return {it.ref.kind for it in items}, covered

    assert run(reading()) == (given, given)


def engagements() -> list[Any]:
    def comment(world: World, post: Post) -> None:
        world.comment_on(world.users("acme")[1], post.id, body="A remark that is long enough.")

    def vote(world: World, post: Post) -> None:
        world.vote(world.users("acme")[1], post.id, "up")

    def balanced(world: World, post: Post) -> None:
        world.vote(world.users("acme")[1], post.id, "up")
        world.vote(world.users("acme")[2], post.id, "down")

    def answer(world: World, post: Post) -> None:
        world.answer(world.users("acme")[1], post.id, body=BODY.format("of another"))

    def own_answer(world: World, post: Post) -> None:
        world.answer(world.users("acme")[0], post.id, body=BODY.format("of the author"))

    return [
        pytest.param(comment, True, id="a comment"),
        pytest.param(vote, True, id="a vote"),
        pytest.param(balanced, True, id="votes that cancel each other"),
        pytest.param(answer, True, id="an answer of another"),
        pytest.param(own_answer, False, id="an answer of the author"),
        pytest.param(lambda _, __: None, False, id="nobody"),
    ]


@pytest.mark.parametrize(("happens", "engaged"), engagements())
def test_engagement_of_others_is_a_fact(
    happens: Callable[[World, Post], None], engaged: bool
) -> None:
    async def reading() -> LiveItem:
        world = a_world(questions=1)
        happens(world, world.questions("acme")[0])
        async with opened(world, mode=Mode.READ) as team:
            return (await everything(team, QUESTIONS))[0]

    assert run(reading()).facts.engaged_by_others is engaged


def test_a_locked_post_is_a_fact() -> None:
    async def reading() -> list[bool]:
        world = a_world(questions=2)
        world.lock(moderator(world), world.questions("acme")[0].id)
        async with opened(world, mode=Mode.READ) as team:
            return [it.facts.locked for it in await everything(team, QUESTIONS)]

    assert run(reading()) == [True, False]


def test_synonyms_are_said_and_replaced_by_their_masters() -> None:
    async def reading() -> tuple[dict[str, str], object, object]:
        world = a_world(synonyms_applied=False)
        ada, _, chidi = world.users("acme")
        world.ask(ada, title=ASKED.format(1), body=BODY.format(1), tags=["k8s", "kubernetes"])
        world.add_synonym(chidi, "k8s", "kubernetes")
        question = world.ask(ada, title=ASKED.format(2), body=BODY.format(2), tags=["k8s"])
        stage = staged(
            world, on("questions/2", rewrites(lambda it: it["items"][0].update(tags=["K8S"])))
        )
        async with opened(world, mode=Mode.READ, stage=stage) as team:
            synonyms = (await told(team, ALL))[1]
            (again,) = await everything(team, Refs((Ref(Kind.QUESTION, question.id),)))
        async with opened(world, mode=Mode.READ) as fresh:
            (alone,) = await everything(fresh, Refs((Ref(Kind.QUESTION, question.id),)))
        return synonyms, again.fields[Field.TAGS], alone.fields[Field.TAGS]

    assert run(reading()) == ({"k8s": "kubernetes"}, ("kubernetes",), ("kubernetes",))


@pytest.mark.parametrize("path", ["tags", "tags/synonyms"])
def test_a_service_without_methods_for_tags_is_read_all_the_same(path: str) -> None:
    missing = answers(400, {"error_id": 404, "error_name": "no_method", "error_message": ""})

    async def reading() -> set[Kind]:
        world = a_world(questions=2)
        async with opened(
            world, mode=Mode.READ, stage=staged(world, always(path, missing))
        ) as team:
            return {it.ref.kind for it in await everything(team, ALL)}

    assert Kind.QUESTION in run(reading())


def test_a_stamp_is_equal_while_nothing_changed_and_differs_after_an_edit() -> None:
    async def reading() -> list[str]:
        world = a_world(questions=1, grace_s=300)
        post = world.questions("acme")[0]
        stamps = []
        async with opened(world, mode=Mode.READ) as team:
            for text in ("", "", "A new body, quickly edited within the grace."):
                if text:
                    world.edit(world.users("acme")[0], post.id, body=text, comment="")
                stamps += [it.stamp for it in await everything(team, QUESTIONS)]
        return stamps

    first, second, third = run(reading())
    assert first == second != third
    assert first.startswith("v2:")


# Answers that don't come along


@pytest.mark.parametrize("embedded", [0, 1, 2])
def test_answers_that_do_not_come_along_are_asked_for(embedded: int) -> None:
    world = a_world(questions=150)
    ada, bjorn, _ = world.users("acme")
    many = world.questions("acme")[::2]
    for post in many:
        for by in (ada, ada, bjorn):
            world.answer(by, post.id, body=BODY.format("answered"))

    def cut(body: dict[str, Any]) -> None:
        for item in body["items"]:
            if item["answer_count"]:
                item["answers"] = item["answers"][:embedded]
                if not embedded:
                    del item["answers"]

    stage = staged(world, always("/questions", rewrites(cut)))
    items = read_all(stage, world, ALL)
    answers_seen = [it for it in items if it.ref.kind is Kind.ANSWER]
    assert distinct(answers_seen) == {Ref(Kind.ANSWER, it.id) for it in world.answers("acme")}
    asked = [path for path in stage.paths if path.endswith("/answers")]
    assert len(asked) == 3
    engaged = {it.ref.id for it in items if it.facts.engaged_by_others}
    assert engaged == {post.id for post in many}
    order = [it.ref for it in items if it.ref.kind is not Kind.TAG]
    parents = {it.ref: it.parent for it in answers_seen}
    assert all(order.index(parent) < order.index(ref) for ref, parent in parents.items() if parent)


# The other scopes


def test_posts_are_read_by_their_ids_a_hundred_at_a_time() -> None:
    world = a_world(questions=230)
    refs = tuple(sorted(live(world)))
    stage = staged(world)
    items = read_all(stage, world, Refs((*refs, Ref(Kind.QUESTION, 9_999_999), refs[0])))
    assert distinct(items) == set(refs)
    vectors = [it for it in stage.paths if it.startswith("GET questions/")]
    assert [vector.count(";") + 1 for vector in vectors] == [100, 100, 31]


def test_answers_read_by_id_come_alone() -> None:
    async def reading() -> list[str]:
        async with opened(a_talking_world(), mode=Mode.READ) as team:
            refs = (Ref(Kind.ANSWER, 3), Ref(Kind.QUESTION, 4), Ref(Kind.ANSWER, 77))
            return [str(it.ref) for it in await everything(team, Refs(refs))]

    assert run(reading()) == ["question/4", "answer/3"]


def test_a_deleted_post_is_left_out() -> None:
    world = a_world(questions=2)
    one, other = sorted(live(world))
    delete(world, world.questions("acme")[0])
    assert distinct(read_all(staged(world), world, Refs((one, other)))) == {other}


def test_no_refs_cost_no_list() -> None:
    world = a_world(questions=2)
    stage = staged(world)
    assert read_all(stage, world, Refs(())) == []
    assert stage.paths == []


def test_the_answers_under_questions_are_read_in_vectors() -> None:
    async def reading() -> list[str]:
        async with opened(a_talking_world(), mode=Mode.READ) as team:
            scope = Under((Ref(Kind.QUESTION, 1), Ref(Kind.QUESTION, 4)))
            return [str(it.ref) for it in await everything(team, scope)]

    assert run(reading()) == ["answer/2", "answer/3"]


def test_the_newest_posts_of_an_author_come_newest_first_and_nobody_elses() -> None:
    world = a_world()
    clock = world.clock
    assert isinstance(clock, LoopClock)
    ada, bjorn, _ = world.users("acme")
    old = world.ask(ada, title=ASKED.format(0), body=BODY.format(0), tags=["a"])
    clock.advance(100)
    since = clock.now()
    question = world.ask(ada, title=ASKED.format(1), body=BODY.format(1), tags=["a"])
    clock.advance(10)
    answer = world.answer(ada, old.id, body=BODY.format(2))
    world.answer(bjorn, old.id, body=BODY.format(3))
    clock.advance(10)
    last = world.ask(ada, title=ASKED.format(4), body=BODY.format(4), tags=["a"])
    stage = staged(world)
    items = read_all(stage, world, Newest(UserId(ada.id), since))
    assert [it.ref.id for it in items] == [last.id, answer.id, question.id]


def test_what_moved_since_the_watermark_is_read_with_its_answers() -> None:
    world = a_world(questions=30)
    clock = world.clock
    assert isinstance(clock, LoopClock)
    ada = world.users("acme")[0]
    edited, answered, *_ = world.questions("acme")
    clock.advance(500)
    watermark = clock.now() - timedelta(seconds=120)
    world.edit(ada, edited.id, body=BODY.format("edited"), comment="")
    answer = world.answer(ada, answered.id, body=BODY.format("new"))
    clock.advance(10)
    items = read_all(staged(world), world, Since(watermark))
    assert {it.ref.id for it in items} == {edited.id, answered.id, answer.id}


def test_no_address_is_asked_for_twice() -> None:
    """F47."""

    async def reading() -> list[str]:
        world = a_talking_world()
        stage = staged(world)
        since = world.clock.now()
        scopes: list[Scope] = [ALL, Refs((Ref(Kind.QUESTION, 1), Ref(Kind.ANSWER, 2)))]
        scopes += [Newest(UserId(1001), since), Under((Ref(Kind.QUESTION, 1),)), Since(since)]
        for _ in range(2):
            async with opened(world, mode=Mode.READ, stage=stage) as team:
                for scope in scopes * 3:
                    await everything(team, scope)
            await asyncio.sleep(0.2)  # No process starts faster, and its limiter knows nothing.
        return [str(it.url) for it in stage.requests if "filters" not in it.url.path]

    urls = run(reading())
    assert len(urls) > 50
    assert len(set(urls)) == len(urls)


# Shapes that drift


def drop(*path: str) -> Callable[[dict[str, Any]], object]:
    def change(body: dict[str, Any]) -> None:
        for item in body["items"]:
            holders = item.get("answers", []) if path[0] == "answer" else [item]
            for holder in holders:
                holder.pop(path[1], None)

    return change


@pytest.mark.parametrize(
    "field",
    [
        *("question.question_id", "question.title", "question.tags", "question.body_markdown"),
        *("question.creation_date", "question.answer_count"),
        *("answer.answer_id", "answer.question_id", "answer.body_markdown", "answer.is_accepted"),
        "answer.creation_date",
    ],
)
def test_a_needed_field_that_is_missing_is_named_and_nothing_is_taken_for_empty(field: str) -> None:
    """F56."""
    world = a_talking_world()
    stage = staged(world, always("/questions", rewrites(drop(*field.split(".")))))
    with pytest.raises(ServiceError, match=field.split(".")[1]):
        read_all(stage, world, ALL)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"title": None}, id="null"),
        pytest.param({"question_id": "1"}, id="a number as a string"),
        pytest.param({"question_id": 0}, id="an id that is none"),
        pytest.param({"question_id": True}, id="a boolean for a number"),
        pytest.param({"tags": "a;b"}, id="tags as one string"),
        pytest.param({"answers": {}}, id="answers as an object"),
        pytest.param({"answer_count": "0"}, id="a count as a string"),
        pytest.param({"creation_date": 10**15}, id="a date beyond all calendars"),
    ],
)
def test_a_needed_field_of_another_type_is_an_error(change: dict[str, Any]) -> None:
    """F56."""
    world = a_world(questions=1)
    act = rewrites(lambda body: body["items"][0].update(change))
    with pytest.raises(ServiceError, match=next(iter(change))):
        read_all(staged(world, always("/questions", act)), world, QUESTIONS)


def test_fields_nobody_knows_are_ignored() -> None:
    """F56."""
    world = a_world(questions=1)
    act = rewrites(lambda body: body["items"][0].update(novelty={"deep": [1]}, bounty_amount=50))
    assert distinct(read_all(staged(world, always("/questions", act)), world, QUESTIONS)) == live(
        world
    )


@pytest.mark.parametrize("field", ["score", "up_vote_count", "down_vote_count", "comment_count"])
def test_a_count_that_is_missing_does_not_pass_for_nobody(field: str) -> None:
    world = a_world(questions=1)
    act = rewrites(drop("question", field))
    (item,) = read_all(staged(world, always("/questions", act)), world, QUESTIONS)
    assert item.facts.engaged_by_others


@pytest.mark.parametrize("owner", [None, {}, {"user_type": "does_not_exist"}, {"user_id": "7"}])
def test_a_removed_author_is_no_author(owner: object) -> None:
    world = a_world(questions=1)
    act = rewrites(lambda body: body["items"][0].update(owner=owner))
    (item,) = read_all(staged(world, always("/questions", act)), world, QUESTIONS)
    assert item.facts.author is None


@pytest.mark.parametrize("made", [{"items": []}, {"items": [{}]}, {"items": [{"filter": 7}]}])
def test_a_filter_that_was_not_made_is_an_error(made: dict[str, Any]) -> None:
    world = a_world(questions=1)
    with pytest.raises(ServiceError, match="filter"):
        read_all(staged(world, always("filters/create", answers(200, made))), world, QUESTIONS)


def test_every_field_read_is_asked_for_unencoded_and_nothing_else() -> None:
    world = a_world()
    ada = world.users("acme")[0]
    world.ask(ada, title='R&D "é" <x> it\'s here', body=BODY.format("<b>&amp; é"), tags=["a"])
    stage = staged(world)
    (item,) = read_all(stage, world, QUESTIONS)
    assert item.fields[Field.TITLE] == 'R&D "é" <x> it\'s here'
    made = next(it for it in stage.requests if it.url.path.endswith("filters/create"))
    assert made.url.params["unsafe"] == "true"
    assert made.url.params["base"] == "none"


def test_a_reading_that_is_left_early_says_nothing_of_coverage() -> None:
    async def reading() -> None:
        async with opened(a_world(questions=5), mode=Mode.READ) as team:
            await leave(team)
            assert len(await everything(team, QUESTIONS)) == 5

    async def leave(team: LiveTeam) -> None:
        found = team.read(QUESTIONS)
        assert isinstance(await anext(found), LiveItem)
        await found.aclose()

    run(reading())
