"""What is sent for each write, what the answer must say, and what the dialect can do at all."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

import pytest

from importer.model.fields import fields_of
from importer.model.ids import Field, Key, Kind, Ref, UserId, Verb
from importer.model.live import Newest, Refs
from importer.model.site import Site
from importer.model.writing import Done, NotApplied, Outcome, Rejected, Unknown, Write
from importer.sandbox import World
from importer.teams import Mode
from importer.teams.v2.calls import CALLS, ability, request_of
from importer.text.links import Text
from importer.text.marker import format_marker
from tests.teams.stage import (
    ASKED,
    BODY,
    Act,
    a_world,
    always,
    answers,
    everything,
    new_answer,
    new_question,
    on,
    opened,
    rewrites,
    staged,
    titles,
)
from tests.virtual_time import run

SITE = Site("https://stackoverflowteams.com/c/acme")
MARKER = format_marker("handbook:rollback", {})


def write_all(world: World, *writes: Write, at: Any = None) -> list[Outcome]:
    async def writing() -> list[Outcome]:
        async with opened(world, stage=staged(world, at)) as team:
            return [await team.write(write) for write in writes]

    return run(writing())


def test_a_question_and_its_answer_are_written_accepted_edited_and_deleted() -> None:
    async def writing() -> list[Any]:
        world = a_world()
        async with opened(world) as team:
            asked = await team.write(new_question(1, marker=MARKER))
            assert isinstance(asked, Done)
            assert asked.item is not None
            question = asked.item
            answered = await team.write(new_answer(question.ref, 1))
            assert isinstance(answered, Done)
            assert answered.item is not None
            answer = answered.item
            assert (answer.parent, answer.fields[Field.ACCEPTED]) == (question.ref, False)
            said = []
            for flag in (True, False):
                write = Write(
                    f"s{flag}", Verb.SET, Kind.ANSWER, answer.ref, fields={Field.ACCEPTED: flag}
                )
                outcome = await team.write(write)
                assert isinstance(outcome, Done)
                assert outcome.item is not None
                said.append(outcome.item.fields[Field.ACCEPTED])
            fields = {**question.fields, Field.TAGS: ("gamma",)}
            edited = await team.write(
                Write("e", Verb.UPDATE, Kind.QUESTION, question.ref, fields=fields, marker=MARKER)
            )
            gone = await team.write(Write("d", Verb.DELETE, Kind.ANSWER, answer.ref))
            left = world.questions("acme")[0]
            return [question, said, edited, gone, left, world.answers("acme")]

    question, said, edited, gone, left, answers_left = run(writing())
    assert question.marker is not None
    assert question.marker.key == "handbook:rollback"
    assert said == [True, False]
    assert isinstance(edited, Done)
    assert edited.item is not None
    assert edited.item.fields[Field.TAGS] == ("gamma",)
    assert edited.item.fields[Field.BODY] == question.fields[Field.BODY]
    assert (left.title, left.tags) == (ASKED.format(1), ("gamma",))
    assert gone == Done(None)
    assert answers_left == ()


def test_what_is_written_reads_back_as_its_echo() -> None:
    async def writing() -> tuple[Any, Any]:
        async with opened(a_world()) as team:
            asked = await team.write(new_question(1, marker=MARKER))
            assert isinstance(asked, Done)
            assert asked.item is not None
            (read,) = await everything(team, Refs((asked.item.ref,)))
            return asked.item, read

    echo, read = run(writing())
    assert echo == read


def test_a_link_to_a_post_of_ours_is_sent_as_its_address_and_read_as_its_ref() -> None:
    async def writing() -> tuple[str, Any]:
        world = a_world()
        async with opened(world) as team:
            asked = await team.write(new_question(1))
            assert isinstance(asked, Done)
            assert asked.item is not None
            ref = asked.item.ref
            text = Text("See [the question](\0), which says all of it.\n", ("key:one",))
            write = new_answer(ref, links={Key("one"): ref})
            answered = await team.write(replace(write, fields={Field.BODY: text}))
            assert isinstance(answered, Done)
            assert answered.item is not None
            return world.answers("acme")[0].body, answered.item.fields[Field.BODY]

    kept, read = run(writing())
    assert "(http://sandbox.localhost/c/acme/questions/1)" in kept
    assert read == Text("See [the question](\0), which says all of it.\n", ("question/1",))


def test_a_write_is_a_form_with_the_team_in_the_query_and_no_preview() -> None:
    async def writing() -> list[Any]:
        world = a_world()
        stage = staged(world)
        async with opened(world, stage=stage) as team:
            await team.write(new_question(1, request_id="abc-1"))
        sent = next(it for it in stage.requests if it.method == "POST")
        return [sent, dict(parse_qsl((await sent.aread()).decode("ascii")))]

    sent, form = run(writing())
    assert dict(sent.url.params) == {"team": "acme"}
    assert sent.headers["content-type"].startswith("application/x-www-form-urlencoded")
    assert set(form) == {"title", "body", "tags", "filter", "request_id"}
    assert (form["tags"], form["request_id"]) == ("alpha;beta", "abc-1")


@pytest.mark.parametrize(
    ("write", "path", "names"),
    [
        pytest.param(
            Write("r", Verb.DELETE, Kind.QUESTION, Ref(Kind.QUESTION, 5)),
            "questions/5/delete",
            {"filter", "request_id"},
            id="delete a question",
        ),
        pytest.param(
            Write(
                "r", Verb.SET, Kind.ANSWER, Ref(Kind.ANSWER, 6), fields={Field.ACCEPTED: False}
            ),
            "answers/6/accept/undo",
            {"filter", "request_id"},
            id="take an acceptance back",
        ),
        pytest.param(
            Write(
                "r", Verb.UPDATE, Kind.ANSWER, Ref(Kind.ANSWER, 6), Ref(Kind.QUESTION, 5),
                fields={Field.BODY: Text("New text.\n")},
            ),
            "answers/6/edit",
            {"body", "filter", "request_id"},
            id="edit an answer",
        ),
    ],
)  # fmt: skip
def test_each_write_has_its_route(write: Write, path: str, names: set[str]) -> None:
    request = request_of(write, SITE, "acme", "F")
    assert (request.path, {name for name, _ in request.form}) == (path, names)
    assert not request.repeatable


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(Write("r", Verb.DELETE, Kind.QUESTION), id="a delete of nothing"),
        pytest.param(replace(new_answer(Ref(Kind.QUESTION, 1)), parent=None), id="no question"),
    ],
)
def test_a_write_without_its_post_is_our_bug(write: Write) -> None:
    with pytest.raises(ValueError, match="lacks the post"):
        request_of(write, SITE, "acme", "F")


# What the answer must say


def echoing(**changes: Any) -> Act:
    return rewrites(lambda body: body["items"][0].update(changes))


@pytest.mark.parametrize(
    "act",
    [
        pytest.param(rewrites(lambda body: body.update(items=[])), id="no post"),
        pytest.param(rewrites(lambda body: body.update(items=body["items"] * 2)), id="two posts"),
        pytest.param(echoing(question_id=0), id="the id of a preview"),
        pytest.param(rewrites(lambda body: body["items"][0].pop("question_id")), id="no id"),
        pytest.param(rewrites(lambda body: body["items"][0].pop("body_markdown")), id="no body"),
        pytest.param(echoing(title="Another question altogether?"), id="another title"),
        pytest.param(rewrites(lambda body: body.pop("items")), id="no items"),
        pytest.param(answers(200, b"", after=True), id="nothing at all"),
        pytest.param(answers(200, "<html>login</html>", after=True), id="a page"),
        pytest.param(answers(502, "<html>", after=True), id="a gateway's page"),
    ],
)
def test_a_create_that_is_not_confirmed_is_unknown_and_sent_once(act: Act) -> None:
    world = a_world()
    (outcome,) = write_all(world, new_question(1), at=on("questions/add", act))
    assert isinstance(outcome, Unknown)
    assert titles(world) == [ASKED.format(1)]


@pytest.mark.parametrize("title", ["How is  this question\tnumber 1 ANSWERED?", ASKED.format(1)])
def test_a_title_tidied_up_is_confirmed_all_the_same(title: str) -> None:
    (outcome,) = write_all(a_world(), new_question(1), at=on("add", echoing(title=title)))
    assert isinstance(outcome, Done)


@pytest.mark.parametrize(
    "change", [{"answer_id": 99}, {"question_id": 99}, {"is_accepted": False}], ids=str
)
def test_an_echo_about_something_else_is_unknown(change: dict[str, Any]) -> None:
    """F28."""

    async def writing() -> Outcome:
        world = a_world(questions=1)
        ada = world.users("acme")[0]
        question = world.questions("acme")[0]
        answer = world.answer(ada, question.id, body=BODY.format("x"))
        write = Write(
            "s",
            Verb.SET,
            Kind.ANSWER,
            Ref(Kind.ANSWER, answer.id),
            Ref(Kind.QUESTION, question.id),
            fields={Field.ACCEPTED: True},
        )
        async with opened(world, stage=staged(world, on("accept", echoing(**change)))) as team:
            return await team.write(write)

    assert isinstance(run(writing()), Unknown)


def test_a_repeated_request_id_is_unknown_and_writes_nothing_twice() -> None:
    world = a_world()
    first, second = write_all(world, new_question(1), new_question(1))
    assert isinstance(first, Done)
    assert second == Unknown("duplicate_request")
    assert len(titles(world)) == 1


@pytest.mark.parametrize(
    ("write", "why"),
    [
        pytest.param(
            replace(new_question(1), fields={**new_question(1).fields, Field.TITLE: "Short?"}),
            "15 characters",
            id="a short title",
        ),
        pytest.param(new_answer(Ref(Kind.QUESTION, 77)), "id", id="an answer to nothing"),
    ],
)
def test_what_the_server_refuses_is_rejected_in_its_own_words(write: Write, why: str) -> None:
    world = a_world()
    outcome, after = write_all(world, write, new_question(2))
    assert isinstance(outcome, Rejected)
    assert why in outcome.message
    assert not outcome.stops_run
    assert isinstance(after, Done)


def test_a_write_before_which_the_filter_can_not_be_made_was_not_applied() -> None:
    world = a_world()
    broken = always("filters/create", answers(403, "<html>"))
    (outcome,) = write_all(world, new_question(1), at=broken)
    assert isinstance(outcome, NotApplied)
    assert titles(world) == []


# What the dialect can do


@pytest.mark.parametrize(
    ("kind", "verb", "field"),
    [
        *((*key,) for key in CALLS),
        (Kind.QUESTION, Verb.UPDATE, Field.TITLE),
        (Kind.ANSWER, Verb.CREATE, Field.BODY),
    ],
)
def test_what_the_table_holds_can_be_done(kind: Kind, verb: Verb, field: Field | None) -> None:
    assert ability(kind, verb, field, SITE).able


@pytest.mark.parametrize(
    ("kind", "verb", "field", "reason"),
    [
        (Kind.ARTICLE, Verb.UPDATE, Field.PERMISSIONS, "who may edit"),
        (Kind.TAG, Verb.CREATE, None, "first post that uses it"),
        (Kind.TAG, Verb.SET, Field.DESCRIPTION, "descriptions"),
        (Kind.TAG, Verb.SET, Field.EXPERTS, "experts"),
        (Kind.COLLECTION, Verb.CREATE, None, "collections"),
        (Kind.COLLECTION, Verb.SET, Field.ITEMS, "collections"),
        (Kind.IMAGE, Verb.CREATE, None, "images"),
        (Kind.QUESTION, Verb.SET, Field.TITLE, "title"),
        (Kind.ANSWER, Verb.UPDATE, Field.ACCEPTED, "accepted"),
    ],
)
def test_what_it_does_not_hold_has_a_reason(
    kind: Kind, verb: Verb, field: Field | None, reason: str
) -> None:
    found = ability(kind, verb, field, SITE)
    assert not found.able
    assert reason in found.reason


def test_every_field_is_either_writable_or_has_a_reason() -> None:
    for kind in Kind:
        for row in fields_of(kind):
            verb = Verb.SET if row.own_call else Verb.UPDATE
            found = ability(kind, verb, row.field, SITE)
            assert found.able or found.reason


def test_a_description_of_a_tag_is_a_manual_step_with_a_page() -> None:
    assert ability(Kind.TAG, Verb.SET, Field.DESCRIPTION, SITE).page.startswith(SITE.base)


def test_the_ports_properties_are_there_without_a_request() -> None:
    async def asking() -> None:
        world = a_world()
        async with opened(world, mode=Mode.READ) as team:
            assert team.rates.per_second == 30.0
            assert team.ability(Kind.QUESTION, Verb.CREATE).able
            assert (team.requests, team.team, team.origin) == (
                0,
                "acme",
                "http://sandbox.localhost",
            )
            async for _ in team.read(Newest(UserId(1), world.clock.now())):
                pytest.fail("nobody wrote anything")
            assert team.requests == 4

    run(asking())
