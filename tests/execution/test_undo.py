"""Apply, then undo: the team is as it was, and what others built upon the run stays."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from importer.errors import ExitCode
from importer.execution import Drawn, OnUnknown, RunOptions, draw_undo
from importer.model.ids import Field, Key, RunId, Verb
from importer.model.ledger import State
from importer.model.manifest import Fate, Item, OnDrift, Removed
from importer.model.plan import BlockedCode, Plan, Reason
from importer.model.report import Report, ResultState
from importer.model.writing import NotApplied, Outcome
from importer.sandbox import Behaviour, Post
from tests.faults import AFTER, BEFORE, answering
from tests.stage import HERE, Stage, answer, former, manifest, question

CYCLE = (
    question("one", body="The first, which leads to [the third](key:three) of them."),
    question("two", tags=["testing", "python"]),
    answer("two#a", accepted=True),
    answer("two#b"),
    question("three", body="The third, which leads back to [the first](key:one) of them."),
)
EDITED = (
    question("one", "What is the new title of one?", body="Another text, without any link."),
    question("two", tags=["python", "undoing"]),
    answer("two#a", "Another answer, with [a link](key:three) in it.", accepted=True),
    answer("two#b"),
    CYCLE[4],
)


def posts(stage: Stage) -> dict[int, tuple[object, ...]]:
    """Return the posts as the server keeps them, markers included."""
    return {
        post.id: (post.title, post.tags, post.body, post.accepted_id)
        for post in (*stage.questions(), *stage.answers())
    }


def post_of(stage: Stage, key: str) -> Post:
    marker = f"handbook:{key} "
    (found,) = [it for it in (*stage.questions(), *stage.answers()) if marker in it.body]
    return found


def blocked(plan: Plan) -> dict[str | None, BlockedCode]:
    return {it.key: it.code for it in plan.blocked}


def states(report: Report) -> dict[str, ResultState]:
    return {result.change: result.state for result in report.results}


def test_undone_a_first_apply_leaves_the_team_without_posts_and_applies_again() -> None:
    stage = Stage()
    stage.world.ask(stage.bo, title="What did people ask before?", body="x" * 40, tags=["testing"])
    before = posts(stage)
    first = stage.plan(manifest(*CYCLE))
    stage.apply(manifest(*CYCLE))
    plan, report = stage.undo()
    assert (report.exit_code, plan.blocked, plan.manual) == (ExitCode.DONE, (), ())
    assert posts(stage) == before
    assert len(report.results) == len(CYCLE) + 1, "one delete per post, one mark taken off"
    assert stage.act(stage.journal().ledger()).bindings == {}
    again = stage.plan(manifest(*CYCLE))
    assert [it.id for it in again.changes] == [it.id for it in first.changes]
    assert again.drift + again.blocked == ()
    assert stage.apply(manifest(*CYCLE)).exit_code == ExitCode.DONE
    assert stage.plan(manifest(*CYCLE)).changes == ()


def test_marks_go_first_and_answers_before_their_question() -> None:
    stage = Stage(behaviour=Behaviour(burst_per_s=0, public_deletion_rules=True))
    stage.apply(manifest(*CYCLE))
    plan, report = stage.undo()
    order = [it.id for it in plan.changes if it.key.startswith("two")]
    assert order == ["two#b!delete", "two#a!set!accepted", "two#a!delete", "two!delete"]
    assert {it.reason for it in plan.changes} == {Reason.UNDO}
    assert report.exit_code == ExitCode.DONE
    assert stage.questions() == []


@pytest.mark.parametrize(
    "behaviour",
    [
        Behaviour(burst_per_s=0),
        Behaviour(burst_per_s=0, rewrite=True, crlf=True, tag_order="reversed"),
    ],
    ids=["verbatim", "a server that rewrites"],
)
def test_an_undone_edit_is_as_it_was_to_the_byte_and_comes_again_as_an_update(
    behaviour: Behaviour,
) -> None:
    stage = Stage(behaviour=behaviour)
    stage.apply(manifest(*CYCLE))
    before = posts(stage)
    edits = stage.plan(manifest(*EDITED))
    stage.apply(manifest(*EDITED))
    plan, report = stage.undo()
    assert (report.exit_code, plan.blocked) == (ExitCode.DONE, ())
    assert posts(stage) == before
    assert stage.plan(manifest(*CYCLE)).changes == ()
    again = stage.plan(manifest(*EDITED))
    assert [(it.id, it.reason) for it in again.changes] == [
        (it.id, Reason.EDITED) for it in edits.changes
    ]
    assert again.drift + again.blocked == ()
    assert stage.apply(manifest(*EDITED)).exit_code == ExitCode.DONE
    assert stage.plan(manifest(*EDITED)).changes == ()


def test_the_next_plan_after_an_undo_needs_no_journal() -> None:
    stage = Stage()
    stage.apply(manifest(*CYCLE))
    stage.apply(manifest(*EDITED))
    stage.undo()
    stage.lose_journal()
    assert stage.plan(manifest(*CYCLE)).changes == ()
    again = stage.plan(manifest(*EDITED))
    assert {it.reason for it in again.changes} == {Reason.EDITED}
    assert again.drift + again.blocked == ()


def _answers(stage: Stage) -> None:
    stage.world.answer(stage.bo, post_of(stage, "two").id, body="A colleague's answer, at length.")


def _votes(stage: Stage) -> None:
    stage.world.vote(stage.bo, post_of(stage, "two").id)


def _comments(stage: Stage) -> None:
    stage.world.comment_on(stage.bo, post_of(stage, "two").id, body="A comment of a colleague.")


def _edits(stage: Stage) -> None:
    post = post_of(stage, "two")
    stage.world.edit(stage.bo, post.id, title="What is the whole story of two?")


def _locks(stage: Stage) -> None:
    stage.world.lock(stage.world.user("acme", "Chidi Okafor"), post_of(stage, "two").id)


@pytest.mark.parametrize(
    ("act", "code", "word"),
    [
        pytest.param(_answers, BlockedCode.ENGAGED, "others have answered", id="an answer"),
        pytest.param(_votes, BlockedCode.ENGAGED, "voted", id="a vote"),
        pytest.param(_comments, BlockedCode.ENGAGED, "commented", id="a comment"),
        pytest.param(_edits, BlockedCode.CONFLICT, "title was changed", id="an edit"),
        pytest.param(_locks, BlockedCode.LOCKED, "locked", id="a lock"),
    ],
)
def test_what_a_colleague_touched_stays_and_is_named_and_the_rest_goes(
    act: Callable[[Stage], None], code: BlockedCode, word: str
) -> None:
    stage = Stage()
    stage.apply(manifest(*CYCLE))
    act(stage)
    kept = post_of(stage, "two")
    answers = stage.answers()
    assert kept.accepted_id == post_of(stage, "two#a").id
    plan, report = stage.undo()
    needs = BlockedCode.NEEDS
    assert blocked(plan) == {"two": code, "two#a": needs, "two#b": needs}
    assert word in plan.blocked[0].why
    assert plan.blocked[0].url.endswith(f"/{kept.id}")
    assert {it.why for it in plan.blocked[1:]} == {
        "it is not deleted: its question stays, and would be left without it"
    }
    assert report.exit_code == ExitCode.DECISION
    assert stage.questions() == [kept], "its mark included"
    assert stage.answers() == answers
    assert set(stage.act(stage.journal().ledger()).bindings) == {"two", "two#a", "two#b"}
    assert stage.plan(manifest(*CYCLE[1:4])).blocked == ()


def test_an_answer_alone_is_taken_back_from_a_question_that_was_there_before() -> None:
    stage = Stage()
    stage.apply(manifest(CYCLE[1], CYCLE[3]))
    stage.world.vote(stage.bo, post_of(stage, "two").id)
    left = posts(stage)
    stage.apply(manifest(*CYCLE[1:4]))
    plan, report = stage.undo()
    assert (plan.blocked, report.exit_code) == ((), ExitCode.DONE)
    assert posts(stage) == left


@pytest.mark.parametrize("act", [_answers, _votes, _comments])
def test_answers_stay_where_a_question_is_engaged_with_while_the_plan_is_read(
    act: Callable[[Stage], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person read it for longer than a drawing is new: the run begins with another reading."""
    stage = Stage()
    stage.apply(manifest(*CYCLE))
    drawing = draw_undo

    async def draw(*given: Any, **more: Any) -> Drawn:
        drawn = await drawing(*given, **more)
        act(stage)
        await asyncio.sleep(60)
        return drawn

    monkeypatch.setattr("tests.stage.draw_undo", draw)
    before = posts(stage)
    plan, report = stage.undo()
    assert plan.blocked == ()
    stale = {"two#a!set!accepted", "two#b!delete"}
    assert {it for it, state in states(report).items() if state is ResultState.STALE} == stale
    assert all("engaged" not in it.why for it in report.results)
    assert states(report)["two!delete"] is ResultState.SKIPPED
    kept = {post_of(stage, it).id for it in ("two", "two#a", "two#b")}
    assert {it: posts(stage)[it] for it in kept} == {it: before[it] for it in kept}
    assert [it.title for it in stage.questions()] == [post_of(stage, "two").title]


@pytest.mark.parametrize("key", ["two#a", "two#b"])
def test_an_answer_that_stays_keeps_its_question(key: str) -> None:
    stage = Stage()
    stage.apply(manifest(*CYCLE))
    stage.world.comment_on(stage.bo, post_of(stage, key).id, body="A comment of a colleague.")
    answers = stage.answers()
    plan, report = stage.undo()
    other = {"two#a": "two#b", "two#b": "two#a"}[key]
    needs = BlockedCode.NEEDS
    assert blocked(plan) == {key: BlockedCode.ENGAGED, "two": needs, other: needs}
    assert key in next(it.why for it in plan.blocked if it.key == "two")
    assert report.exit_code == ExitCode.DECISION
    assert stage.answers() == answers
    assert stage.questions() == [post_of(stage, "two")]


def test_a_colleague_who_edits_between_two_edits_blocks_just_that_post() -> None:
    stage = Stage()
    stage.apply(manifest(*CYCLE))
    stage.apply(manifest(*EDITED))
    post = post_of(stage, "one")
    stage.world.edit(stage.bo, post.id, title="What is the whole story of one?")
    kept = post_of(stage, "one")
    plan, report = stage.undo()
    assert blocked(plan) == {"one": BlockedCode.CONFLICT}
    assert report.exit_code == ExitCode.DECISION
    assert post_of(stage, "one") == kept
    assert post_of(stage, "two").tags == ("python", "testing")


def test_an_edit_that_the_run_wrote_over_comes_back_as_drift() -> None:
    stage = Stage()
    wanted = manifest(question("one"))
    stage.apply(wanted)
    theirs = "What is the whole story of one?"
    stage.world.edit(stage.bo, post_of(stage, "one").id, title=theirs)
    stage.apply(wanted, on_drift=OnDrift.OVERWRITE)
    assert theirs not in stage.by_title()
    stage.undo()
    assert theirs in stage.by_title()
    plan = stage.plan(wanted)
    assert (plan.changes, [it.field for it in plan.drift]) == ((), [Field.TITLE])
    moved = stage.plan(manifest(question("one", "What is the third title of one?")))
    assert (moved.changes, blocked(moved)) == ((), {"one": BlockedCode.CONFLICT})
    stage.lose_journal()
    assert stage.plan(wanted).changes == ()


def _marked(key: str) -> tuple[Item, ...]:
    return (question("two"), *(answer(it, accepted=it == key) for it in ("two#a", "two#b")))


def test_a_mark_that_was_moved_goes_back() -> None:
    stage = Stage()
    stage.apply(manifest(*_marked("two#a")))
    before = posts(stage)
    stage.apply(manifest(*_marked("two#b")))
    assert posts(stage) != before
    plan, report = stage.undo()
    assert (report.exit_code, plan.manual) == (ExitCode.DONE, ())
    assert posts(stage) == before
    assert stage.plan(manifest(*_marked("two#a"))).changes == ()
    again = stage.plan(manifest(*_marked("two#b")))
    assert ([it.id for it in again.changes], again.blocked) == (["two#b!set!accepted"], ())


def test_where_a_moved_mark_stood_is_a_manual_step_once_that_is_not_known_for_sure() -> None:
    stage = Stage()
    stage.apply(manifest(*_marked("two#a")))
    stage.apply(manifest(*_marked("two#b")))
    stage.apply(manifest(*_marked("two#b")))  # It has seen that the mark is off, not since when.
    plan, report = stage.undo("run-2")
    assert [it.id for it in plan.changes] == ["two#b!set!accepted"]
    (step,) = plan.manual
    assert step.page.endswith(f"/{post_of(stage, 'two#a').id}")
    assert report.exit_code == ExitCode.DECISION
    assert post_of(stage, "two").accepted_id is None


def test_a_mark_set_on_an_older_answer_is_taken_off() -> None:
    stage = Stage()
    stage.apply(manifest(*_marked("")))
    before = posts(stage)
    stage.apply(manifest(*_marked("two#b")))
    plan, _ = stage.undo()
    assert posts(stage) == before
    assert [it.id for it in plan.changes] == ["two#b!set!accepted"]
    assert [it.id for it in stage.plan(manifest(*_marked("two#b"))).changes] == [
        "two#b!set!accepted"
    ]


@pytest.mark.parametrize("run", ["run-1", "run-2"], ids=["created", "edited"])
def test_undone_twice_there_is_nothing_left_to_do(run: str) -> None:
    stage = Stage()
    stage.apply(manifest(*(CYCLE if run == "run-2" else ())))
    stage.apply(manifest(*EDITED))
    stage.undo("run-2")
    before, writes = posts(stage), stage.writes()
    plan, report = stage.undo("run-2")
    assert (plan.changes, plan.blocked, report.exit_code) == ((), (), ExitCode.DONE)
    assert plan.unchanged > 0
    assert (posts(stage), stage.writes()) == (before, writes)


def test_the_undo_of_an_undone_edit_brings_the_edit_back() -> None:
    stage = Stage()
    stage.apply(manifest(*CYCLE))
    stage.apply(manifest(*EDITED))
    after = posts(stage)
    stage.undo("run-2")
    assert posts(stage) != after
    plan, report = stage.undo("run-3")
    assert (plan.blocked, report.exit_code) == ((), ExitCode.DONE)
    assert posts(stage) == after
    assert stage.plan(manifest(*EDITED)).changes == ()
    stage.undo("run-4")
    assert stage.plan(manifest(*CYCLE)).changes == ()


def test_the_undo_of_an_undone_mark_sets_it_again() -> None:
    stage = Stage()
    stage.apply(manifest(*_marked("two#a")))
    stage.apply(manifest(*_marked("two#b")))
    after = posts(stage)
    stage.undo("run-2")
    plan, report = stage.undo("run-3")
    assert (plan.manual, report.exit_code) == ((), ExitCode.DONE)
    assert posts(stage) == after
    assert stage.plan(manifest(*_marked("two#b"))).changes == ()


def test_what_an_undo_deleted_is_a_step_by_hand_for_the_next_undo() -> None:
    stage = Stage()
    stage.apply(manifest(*CYCLE))
    title = {it.id: it.title for it in stage.questions()}
    stage.undo("run-1")
    writes = stage.writes()
    plan, report = stage.undo("run-2")
    assert (plan.changes, plan.blocked, report.exit_code) == ((), (), ExitCode.DECISION)
    assert {it.key for it in plan.manual} == {it.key for it in CYCLE}
    assert stage.writes() == writes
    (step,) = [it for it in plan.manual if it.key == "one"]
    number = int(step.page.rpartition("/")[2])
    assert title[number] == "What is the story of one?"
    assert '"What is the story of one?"' in step.what
    stage.world.undelete(stage.ada, number)
    assert "one" not in {it.key for it in stage.undo("run-2")[0].manual}
    # It is there again, and leads to what is made anew.
    made = {it.id for it in stage.plan(manifest(*CYCLE)).changes if it.key == "one"}
    assert made == {"one!update"}


def test_what_the_run_deleted_is_a_step_by_hand() -> None:
    stage = Stage()
    stage.apply(manifest(question("one"), question("two")))
    going = [Removed(Key("two"), Fate.DELETE, HERE)]
    stage.apply(manifest(question("one"), removed=going))
    plan, report = stage.undo()
    assert [(it.key, '"What is the story of two?"' in it.what) for it in plan.manual] == [
        ("two", True)
    ]
    assert (plan.changes, report.exit_code) == ((), ExitCode.DECISION)


def test_a_later_run_is_undone_first() -> None:
    stage = Stage()
    stage.apply(manifest(question("one"), question("two")))
    stage.apply(manifest(question("one", "What is the new title of one?"), question("two")))
    plan, report = stage.undo("run-1")
    assert blocked(plan) == {"one": BlockedCode.LATER_RUN}
    assert ("run-2" in plan.blocked[0].why, "undo run-2" in plan.blocked[0].remedy) == (True, True)
    assert report.exit_code == ExitCode.DECISION
    assert [it.id for it in plan.changes] == ["two!delete"]
    stage.undo("run-2")
    plan, report = stage.undo("run-1")
    assert (plan.blocked, report.exit_code) == ((), ExitCode.DONE)
    assert posts(stage) == {}


def test_an_answer_or_a_mark_of_a_later_run_holds_the_question() -> None:
    stage = Stage()
    stage.apply(manifest(question("two"), answer("two#a")))
    stage.apply(manifest(question("two"), answer("two#a", accepted=True), answer("two#b")))
    plan, _ = stage.undo("run-1")
    assert (blocked(plan), plan.changes) == (
        {"two": BlockedCode.LATER_RUN, "two#a": BlockedCode.LATER_RUN},
        (),
    )


def test_a_protected_post_stays() -> None:
    stage = Stage()
    stage.apply(manifest(question("one", protected=True), question("two")))
    plan, _ = stage.undo()
    assert blocked(plan) == {"one": BlockedCode.PROTECTED}
    assert [it.title for it in stage.questions()] == ["What is the story of one?"]
    stage.apply(manifest(question("one")))
    assert stage.undo("run-1")[1].exit_code == ExitCode.DONE
    assert stage.questions() == []


def test_an_undo_keeps_what_it_restores_protected() -> None:
    stage = Stage()
    stage.apply(manifest(question("one", protected=True)))
    stage.apply(manifest(question("one", "What is the new title of one?", protected=True)))
    stage.undo()
    assert stage.act(stage.journal().ledger()).bindings[Key("one")].protected


def test_a_post_that_is_gone_already_is_forgotten() -> None:
    stage = Stage()
    stage.apply(manifest(question("one"), question("two")))
    stage.world.delete(stage.ada, post_of(stage, "one").id)
    assert blocked(stage.plan(manifest(question("one")))) == {"one": BlockedCode.GONE}
    plan, report = stage.undo()
    assert [it.id for it in plan.changes] == ["two!delete"]
    assert (report.exit_code, plan.released) == (ExitCode.DONE, ("one",))
    assert [it.verb for it in stage.plan(manifest(question("one"))).changes] == [Verb.CREATE]


def test_an_edited_post_that_is_gone_is_blocked() -> None:
    stage = Stage()
    stage.apply(manifest(*CYCLE))
    stage.apply(manifest(*EDITED))
    stage.world.delete(stage.ada, post_of(stage, "one").id)
    plan, _ = stage.undo()
    assert blocked(plan) == {"one": BlockedCode.GONE}


def test_a_former_text_that_leads_to_a_deleted_post_is_not_restored() -> None:
    stage = Stage()
    stage.apply(manifest(question("one", body="It leads to [two](key:two)."), question("two")))
    unlinked = question("one", body="It leads nowhere any more, which is sad.")
    stage.apply(manifest(unlinked, question("two")))
    stage.apply(manifest(unlinked, removed=[Removed(Key("two"), Fate.DELETE, HERE)]))
    plan, report = stage.undo("run-2")
    assert (plan.changes, blocked(plan)) == ((), {"one": BlockedCode.NEEDS})
    assert "links to two" in plan.blocked[0].why
    assert report.exit_code == ExitCode.DECISION


def test_a_renamed_item_is_undone_by_its_post() -> None:
    stage = Stage()
    two = question("two")
    stage.apply(manifest(question("one", body="It leads to [the other](key:two)."), two))
    renamed = replace(two, key=Key("zwei"), was=former("handbook:two"))
    stage.apply(manifest(question("one", body="It leads to [the other](key:zwei)."), renamed))
    plan, report = stage.undo("run-1")
    assert (plan.blocked, report.exit_code) == ((), ExitCode.DONE)
    assert posts(stage) == {}
    assert stage.act(stage.journal().ledger()).bindings == {}


@pytest.mark.parametrize("number", range(6))
@pytest.mark.parametrize("fault", [BEFORE, AFTER], ids=["before", "after"])
def test_an_unknown_outcome_of_an_undo_is_resolved_by_looking(number: int, fault: Outcome) -> None:
    stage = Stage()
    stage.apply(manifest(*CYCLE))
    _, report = stage.undo(wrap=answering({number: fault}))
    assert report.exit_code == ExitCode.DONE
    assert posts(stage) == {}
    assert stage.act(stage.journal().ledger()).bindings == {}


@pytest.mark.parametrize("number", range(6))
def test_an_interrupted_undo_goes_on(number: int) -> None:
    stage = Stage()
    stage.options = RunOptions(settle_s=0.0, parallelism=1)
    stage.apply(manifest(*CYCLE))
    spent = NotApplied("the quota is used up", resume_after_s=60.0)
    _, report = stage.undo("run-1", wrap=answering({number: spent}))
    assert report.exit_code == ExitCode.BUDGET
    assert len(posts(stage)) > 0
    plan, report = stage.undo("run-1")
    assert (plan.blocked, report.exit_code) == ((), ExitCode.DONE)
    assert posts(stage) == {}


def test_an_interrupted_apply_is_undone_as_far_as_it_went() -> None:
    stage = Stage()
    stage.options = RunOptions(settle_s=0.0, parallelism=1, on_unknown=OnUnknown.PARK)
    report = stage.apply(manifest(*CYCLE), wrap=answering({2: AFTER, 3: NotApplied("no", 60.0)}))
    assert report.exit_code == ExitCode.UNKNOWN
    assert [it.state for it in stage.act(stage.journal().ledger()).open] == [State.OPEN]
    assert len(posts(stage)) > 0
    plan, report = stage.undo("run-1")
    assert (plan.blocked, report.exit_code) == ((), ExitCode.DONE)
    assert posts(stage) == {}


def test_tags_that_stay_behind_are_named() -> None:
    stage = Stage()
    stage.world.ask(stage.bo, title="What did people ask before?", body="x" * 40, tags=["testing"])
    stage.apply(manifest(question("one", tags=["testing", "brandnew"])))
    plan, _ = stage.undo()
    assert any("brandnew" in note and "testing" not in note for note in plan.notes)


def test_a_run_without_writes_has_nothing_to_undo() -> None:
    stage = Stage()
    stage.apply(manifest(question("one")))
    stage.apply(manifest(question("one")))
    plan, report = stage.undo()
    assert (plan.changes, plan.blocked, plan.unchanged, report.exit_code) == ((), (), 0, 0)
    assert len(stage.questions()) == 1


def test_runs_remember_what_they_undid() -> None:
    stage = Stage()
    stage.apply(manifest(question("one")))
    stage.undo()
    runs = stage.act(stage.journal().runs())
    assert [(it.command, it.undoes) for it in runs] == [("apply", None), ("undo", RunId("run-1"))]


def test_a_mark_that_somebody_chose_since_is_not_taken_from_them() -> None:
    stage = Stage()
    stage.apply(manifest(*_marked("two#a")))
    stage.apply(manifest(*_marked("two#b")))
    stage.undo()
    question_id = post_of(stage, "two").id
    theirs = stage.world.answer(stage.bo, question_id, body="A better answer, and longer, too.")
    stage.world.accept(stage.ada, theirs.id)
    plan, report = stage.undo()
    assert blocked(plan) == {"two#b": BlockedCode.CONFLICT}
    assert report.exit_code == ExitCode.DECISION
    assert post_of(stage, "two").accepted_id == theirs.id
