"""What an apply leaves in the team, the journal and the report, also when things go wrong."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from importer.errors import ExitCode, GuardTripped, JournalError
from importer.execution import OnUnknown, RunOptions
from importer.model.ids import Field, Key, Verb
from importer.model.ledger import Binding, Operation, State
from importer.model.manifest import Fate, Item, Removed
from importer.model.plan import BlockedCode, Reason
from importer.model.report import Report, ResultState
from importer.model.writing import NotApplied, Outcome, Rejected, Write
from importer.ports import Hold, Journal, Team
from importer.sandbox import Behaviour
from tests.faults import AFTER, BEFORE, Faulty, answering
from tests.stage import HERE, Stage, answer, former, manifest, question

THREE = (
    question("one", body="The first, which leads to [the third](key:three) of them."),
    question("two", tags=["testing", "python"]),
    answer("two#a", accepted=True),
    answer("two#b"),
    question("three", body="The third, which leads back to [the first](key:one) of them."),
)


def states(report: Report) -> dict[str, ResultState]:
    return {result.change: result.state for result in report.results}


def test_plan_apply_plan_ends_without_changes_and_one_write_per_change() -> None:
    stage = Stage()
    wanted = manifest(*THREE)
    plan = stage.plan(wanted)
    report = stage.apply(wanted)
    assert report.exit_code == ExitCode.DONE
    assert stage.writes() == len(plan.changes) == len(report.results)
    again = stage.plan(wanted)
    assert again.changes + again.drift + again.blocked == ()
    assert again.unchanged == len(THREE)


def test_a_cycle_of_links_costs_one_extra_write_and_leads_both_ways() -> None:
    stage = Stage()
    plan = stage.plan(manifest(*THREE))
    assert [it.id for it in plan.changes if it.reason is Reason.LINKS] == ["one!links"]
    stage.apply(manifest(*THREE))
    posts = stage.by_title()
    one, three = posts["What is the story of one?"], posts["What is the story of three?"]
    assert f"(http://sandbox.localhost/c/acme/questions/{three.id})" in one.body
    assert f"(http://sandbox.localhost/c/acme/questions/{one.id})" in three.body


def test_the_accepted_answer_is_accepted() -> None:
    stage = Stage()
    stage.apply(manifest(*THREE))
    (accepted,) = [post for post in stage.questions() if post.accepted_id]
    assert accepted.title == "What is the story of two?"


@pytest.mark.parametrize("number", range(7))
@pytest.mark.parametrize("fault", [BEFORE, AFTER], ids=["before", "after"])
def test_an_unknown_outcome_is_resolved_by_looking(number: int, fault: Outcome) -> None:
    stage = Stage()
    report = stage.apply(manifest(*THREE), wrap=answering({number: fault}))
    assert report.exit_code == ExitCode.DONE, report
    assert len(stage.questions()) == 3
    assert len(stage.answers()) == 2
    assert stage.plan(manifest(*THREE)).changes == ()


@pytest.mark.parametrize("fault", [BEFORE, AFTER], ids=["before", "after"])
def test_a_parked_outcome_is_left_to_the_next_run(fault: Outcome) -> None:
    stage = Stage()
    stage.options = RunOptions(settle_s=0.0, on_unknown=OnUnknown.PARK)
    report = stage.apply(manifest(*THREE), wrap=answering({1: fault}))
    assert report.exit_code == ExitCode.UNKNOWN
    assert ResultState.UNKNOWN in states(report).values()
    (left,) = stage.act(stage.journal().ledger()).open
    assert left.state is State.OPEN
    assert stage.apply(manifest(*THREE)).exit_code == ExitCode.DONE
    assert len(stage.questions()) == 3
    assert len(stage.answers()) == 2


def test_what_depends_on_a_failure_is_skipped_and_named_and_the_rest_goes_on() -> None:
    """F49."""
    stage = Stage()
    stage.options = RunOptions(settle_s=0.0, parallelism=1)
    refusal = Rejected("write_failed", "Titles must not be about two.")
    report = stage.apply(manifest(*THREE[1:4], question("four")), wrap=answering({0: refusal}))
    found = states(report)
    assert report.exit_code == ExitCode.PARTLY
    assert found["two!create"] is ResultState.REJECTED
    assert found["two#a!create"] is found["two#a!set!accepted"] is ResultState.SKIPPED
    assert found["four!create"] is ResultState.DONE
    skipped = next(it for it in report.results if it.change == "two#a!create")
    assert skipped.why == "it needs the question two, which is rejected"


def test_what_the_server_refused_is_not_sent_again_until_it_changes() -> None:
    stage = Stage()
    refusal = Rejected("write_failed", "No.")
    stage.apply(manifest(question("one")), wrap=answering({0: refusal}))
    (blocked,) = stage.plan(manifest(question("one"))).blocked
    assert blocked.code is BlockedCode.REJECTED
    changed = manifest(question("one", body="Another text than the one that was refused."))
    assert [it.verb for it in stage.plan(changed).changes] == [Verb.CREATE]


def test_a_write_that_surely_did_not_happen_is_sent_by_the_next_run() -> None:
    stage = Stage()
    report = stage.apply(
        manifest(question("one")), wrap=answering({0: NotApplied("no connection")})
    )
    assert report.exit_code == ExitCode.PARTLY
    assert stage.apply(manifest(question("one"))).exit_code == ExitCode.DONE
    assert len(stage.questions()) == 1


def test_the_end_of_the_quota_stops_the_run_with_its_own_code() -> None:
    stage = Stage()
    spent = NotApplied("the quota is used up", resume_after_s=3600.0)
    report = stage.apply(manifest(*THREE), wrap=answering({1: spent}))
    assert report.exit_code == ExitCode.BUDGET
    assert stage.apply(manifest(*THREE)).exit_code == ExitCode.DONE
    assert len(stage.questions()) == 3


class FullDisk:
    """A journal that can't record what looking found out."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def __getattr__(self, name: str) -> Any:
        return getattr(self._journal, name)

    async def settle(self, ended: Operation, binding: Binding | None = None) -> None:
        if ended.evidence.startswith("found as"):
            raise JournalError("the disk is full")
        await self._journal.settle(ended, binding)


def test_a_journal_that_fails_goes_before_the_end_of_the_quota() -> None:
    """What was sent is unknown then, and the next run finds it out."""
    stage = Stage()
    spent = NotApplied("the quota is used up", resume_after_s=3600.0)
    report = stage.apply(
        manifest(*THREE),
        wrap=answering({0: AFTER, 1: spent}),
        wrap_journal=lambda journal: cast("Journal", FullDisk(journal)),
    )
    assert report.exit_code == ExitCode.JOURNAL
    assert states(report)["two!create"] is ResultState.UNKNOWN
    assert stage.apply(manifest(*THREE)).exit_code == ExitCode.DONE
    assert len(stage.questions()) == 3


def test_a_refused_token_stops_the_run() -> None:
    stage = Stage()
    denied = Rejected("access_denied", "no", stops_run=True)
    report = stage.apply(manifest(*THREE), wrap=answering({0: denied}))
    assert report.exit_code == ExitCode.ACCESS
    assert stage.questions() == []


def test_f51_what_a_refused_token_could_not_write_is_written_with_the_next_one() -> None:
    """F51: the refusal says nothing about the item, so it is not held against it."""
    stage = Stage()
    denied = Rejected("invalid_access_token", "no", stops_run=True)
    stage.apply(manifest(*THREE), wrap=answering({0: denied}))
    assert stage.plan(manifest(*THREE)).blocked == ()
    assert stage.apply(manifest(*THREE)).exit_code == ExitCode.DONE
    assert len(stage.questions()) == 3


def test_a_server_that_drops_the_marker_stops_the_run_after_one_post() -> None:
    stage = Stage(behaviour=Behaviour(burst_per_s=0, strip_comments=True))
    report = stage.apply(manifest(*THREE))
    assert report.exit_code == ExitCode.PARTLY
    assert "marker" in report.stopped_by
    assert len(stage.questions()) == 1


def test_a_stop_finishes_what_is_in_flight_and_the_next_run_goes_on() -> None:
    stage = Stage()
    stop = asyncio.Event()

    def interrupt(operation: Operation) -> None:
        if operation.key == "two":
            stop.set()

    report = stage.apply(manifest(*THREE), stop=stop, observe=interrupt)
    assert report.stopped_by == "interrupted"
    assert stage.act(stage.journal().ledger()).open == ()
    assert stage.apply(manifest(*THREE)).exit_code == ExitCode.DONE
    assert len(stage.questions()) == 3


def test_an_edit_on_the_site_is_drift_and_kept_also_without_a_journal() -> None:
    """F48."""
    stage = Stage()
    wanted = manifest(question("one"), question("two"))
    stage.apply(wanted)
    post = stage.by_title()["What is the story of one?"]
    stage.world.edit(stage.bo, post.id, title="What is the whole story of one?")
    for _ in range(2):
        plan = stage.plan(wanted)
        assert plan.changes == ()
        assert [(it.key, it.field) for it in plan.drift] == [("one", Field.TITLE)]
        assert stage.apply(wanted).exit_code == ExitCode.DONE
        assert "What is the whole story of one?" in stage.by_title()
        stage.lose_journal()


def test_a_lost_journal_is_bound_again_through_markers_without_a_change() -> None:
    stage = Stage()
    stage.apply(manifest(*THREE))
    stage.lose_journal()
    plan = stage.plan(manifest(*THREE))
    assert plan.changes + plan.blocked == ()
    assert {it.key for it in plan.bindings} == {it.key for it in THREE}


def test_a_new_title_with_forty_links_to_it_is_one_write() -> None:
    linking = [question(f"q{n}", body=f"Number {n} leads to [it](key:hub).") for n in range(40)]
    stage = Stage()
    stage.apply(manifest(question("hub"), *linking))
    before = stage.writes()
    stage.apply(manifest(question("hub", "What is the new title of the hub?"), *linking))
    assert stage.writes() == before + 1


def test_another_namespace_touches_nothing_of_the_first() -> None:
    stage = Stage()
    stage.apply(manifest(question("one")))
    before = [(post.id, post.body, post.title) for post in stage.questions()]
    stage.apply(manifest(question("one", "What is it to the other?"), namespace="other"))
    plan = stage.plan(manifest(question("one", "What is it to the other?"), namespace="other"))
    assert plan.orphans + plan.changes == ()
    assert [(p.id, p.body, p.title) for p in stage.questions() if p.id == before[0][0]] == before
    assert len(stage.questions()) == 2


def test_was_renames_without_a_new_post() -> None:
    stage = Stage()
    stage.apply(manifest(question("old"), answer("old#a")))
    before = stage.writes()
    title, body = "What is the story of old?", "Once upon a time there was a question about old."
    text = "The answer of old#a is longer than thirty characters."
    renamed: tuple[Item, ...] = (
        question("new", title, body, was=former("handbook:old")),
        answer("new#a", text),
    )
    assert stage.plan(manifest(*renamed)).changes == ()
    stage.apply(manifest(*renamed))
    stage.lose_journal()
    assert stage.plan(manifest(*renamed)).changes == ()
    assert stage.writes() == before


def test_removed_deletes_and_an_absent_item_is_an_orphan() -> None:
    stage = Stage()
    stage.apply(manifest(question("one"), question("two")))
    orphaned = stage.plan(manifest(question("one")))
    assert [it.key for it in orphaned.orphans] == ["two"]
    assert orphaned.changes == ()
    report = stage.apply(
        manifest(question("one"), removed=[Removed(Key("two"), Fate.DELETE, HERE)])
    )
    assert states(report) == {"two!delete": ResultState.DONE}
    assert len(stage.questions()) == 1


def test_a_post_deleted_on_the_site_is_gone_and_not_made_again() -> None:
    stage = Stage()
    stage.apply(manifest(question("one"), question("two")))
    stage.world.delete(stage.ada, stage.by_title()["What is the story of two?"].id)
    plan = stage.plan(manifest(question("one"), question("two")))
    assert plan.changes == ()
    assert [it.code for it in plan.blocked] == [BlockedCode.GONE]


def test_a_guard_refuses_before_anything_is_sent() -> None:
    items = [question(f"q{n}") for n in range(10)]
    stage = Stage()
    stage.apply(manifest(*items))
    before = stage.writes()
    edited = [question(f"q{n}", f"What is the newer story of {n}?") for n in range(10)]
    with pytest.raises(GuardTripped):
        stage.apply(manifest(*edited))
    assert stage.writes() == before
    assert stage.apply(manifest(*edited), max_updates="10").exit_code == ExitCode.DONE


def test_a_saved_plan_is_checked_per_change() -> None:
    """F48."""
    stage = Stage()
    stage.apply(manifest(question("one"), question("two")))
    edited = manifest(
        question("one", "What is the new story of one?"),
        question("two", "What is the new story of two?"),
    )
    plan = stage.plan(edited)
    post = stage.by_title()["What is the story of one?"]
    stage.world.edit(stage.bo, post.id, title="What did a person write here?")
    report = stage.apply(plan)
    assert states(report) == {
        "one!update": ResultState.STALE,
        "two!update": ResultState.DONE,
    }
    assert report.exit_code == ExitCode.PARTLY
    assert "What did a person write here?" in stage.by_title()


def test_a_plan_applied_by_another_user_gives_the_same() -> None:
    stage = Stage()
    writing = stage.token
    stage.token = stage.world.issue_token(stage.bo, write=False)
    plan = stage.plan(manifest(*THREE))
    stage.token = writing
    stage.lose_journal()
    assert stage.apply(plan).exit_code == ExitCode.DONE
    stage.token = stage.world.issue_token(stage.bo, write=False)
    stage.lose_journal()
    assert stage.plan(manifest(*THREE)).changes == ()


def test_a_colleagues_copy_does_not_take_the_place_of_a_deleted_post() -> None:
    """F50."""
    stage = Stage()
    stage.apply(manifest(question("one")))
    post = stage.by_title()["What is the story of one?"]
    stage.world.ask(stage.bo, title="What did Bo copy from it?", body=post.body, tags=["testing"])
    stage.world.delete(stage.ada, post.id)
    edited = manifest(question("one", "What is the newer story of one?"))
    assert [it.code for it in stage.plan(edited).blocked] == [BlockedCode.GONE]
    stage.apply(edited)
    assert list(stage.by_title()) == ["What did Bo copy from it?"]


def test_a_page_that_led_to_a_removed_post_is_no_conflict() -> None:
    stage = Stage()
    stage.apply(manifest(question("one", body="It leads to [the other](key:two) one."), OTHER))
    report = stage.apply(
        manifest(
            question("one", body="It leads nowhere any more, as it should."),
            removed=[Removed(Key("two"), Fate.DELETE, HERE)],
        )
    )
    assert states(report) == {"one!update": ResultState.DONE, "two!delete": ResultState.DONE}


def test_a_refused_deletion_is_not_sent_again_until_the_post_changes() -> None:
    stage = Stage()
    stage.apply(manifest(OTHER, answer("two#a", accepted=True)))
    wanted = manifest(OTHER, removed=[Removed(Key("two#a"), Fate.DELETE, HERE)])
    assert states(stage.apply(wanted)) == {"two#a!delete": ResultState.REJECTED}
    assert [it.code for it in stage.plan(wanted).blocked] == [BlockedCode.REJECTED]
    stage.world.unaccept(stage.ada, stage.answers()[0].id)
    assert states(stage.apply(wanted)) == {"two#a!delete": ResultState.DONE}
    assert stage.answers() == []


def test_a_refusal_of_one_post_does_not_stop_the_run() -> None:
    stage = Stage(behaviour=Behaviour(burst_per_s=0, denied_action=403))
    stage.apply(manifest(OTHER, answer("two#a", accepted=True)))
    removed = [Removed(Key("two#a"), Fate.DELETE, HERE)]
    report = stage.apply(manifest(OTHER, removed=removed))
    assert report.exit_code == ExitCode.PARTLY
    assert report.stopped_by == ""


OTHER = question("two")


def test_two_changes_of_one_item_go_one_after_the_other() -> None:
    stage = Stage()
    stage.apply(manifest(OTHER, answer("two#a")))
    edited = manifest(
        OTHER, answer("two#a", "Another text, and it is accepted now.", accepted=True)
    )
    assert {it.id for it in stage.plan(edited).changes} == {"two#a!update", "two#a!set!accepted"}
    assert stage.apply(edited).exit_code == ExitCode.DONE
    assert stage.plan(edited).changes == ()


def test_a_colleagues_copy_does_not_keep_a_post_from_being_made_again() -> None:
    stage = Stage()
    wanted = manifest(question("one"), publishers=[stage.ada.id])
    stage.apply(wanted)
    post = stage.by_title()["What is the story of one?"]
    stage.world.ask(stage.bo, title="What did Bo copy from it?", body=post.body, tags=["testing"])
    stage.world.delete(stage.ada, post.id)
    stage.lose_journal()
    assert states(stage.apply(wanted)) == {"one!create": ResultState.DONE}


def test_a_page_that_leads_to_an_unbound_orphan_is_not_stale() -> None:
    stage = Stage()
    stage.apply(manifest(question("one", body="It leads to [the other](key:two) one."), OTHER))
    stage.lose_journal()
    wanted = manifest(question("one", body="It leads nowhere any more, as it should."))
    assert states(stage.apply(wanted)) == {"one!update": ResultState.DONE}


def test_a_missing_mark_is_set_also_without_a_journal() -> None:
    stage = Stage()
    stage.apply(manifest(OTHER, answer("two#a")))
    stage.lose_journal()
    marked = manifest(OTHER, answer("two#a", accepted=True))
    assert states(stage.apply(marked)) == {"two#a!set!accepted": ResultState.DONE}


def test_a_post_is_deleted_only_after_what_led_to_it_was_written() -> None:
    stage = Stage()
    stage.apply(manifest(question("one", body="It leads to [the other](key:two) one."), OTHER))
    wanted = manifest(
        question("one", body="It leads nowhere any more, as it should."),
        removed=[Removed(Key("two"), Fate.DELETE, HERE)],
    )
    refusal = Rejected("write_failed", "No.")
    report = stage.apply(wanted, wrap=answering({0: refusal}))
    assert states(report) == {
        "one!update": ResultState.REJECTED,
        "two!delete": ResultState.SKIPPED,
    }


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        pytest.param((), "", id="none"),
        pytest.param((1,), "1 outcome was found out by looking; right if", id="one"),
        pytest.param((1, 2), "2 outcomes were found out by looking; right if", id="two"),
    ],
)
def test_a_report_counts_the_outcomes_that_were_found_out(
    numbers: tuple[int, ...], said: str
) -> None:
    stage = Stage()
    report = stage.apply(manifest(*THREE), wrap=answering(dict.fromkeys(numbers, AFTER)))
    assert report.condition.startswith(said)
    assert bool(report.condition) == bool(said)


class Dawdling(Faulty):
    """A deletion waits for its turn, and a colleague edits the post meanwhile."""

    stage: Stage
    waited = 0

    async def write(self, write: Write, hold: Hold | None = None) -> Outcome:
        if write.verb is Verb.DELETE and write.ref is not None:
            self.waited += 1
            if self.waited == 1:
                await asyncio.sleep(30.0)
                self.stage.world.edit(self.stage.bo, write.ref.id, title="What did Bo add to it?")
            if hold is not None:
                await hold()
        return await self.team.write(write)


def test_a_deletion_that_had_to_wait_looks_at_the_post_again() -> None:
    stage = Stage()
    stage.apply(manifest(question("one"), OTHER))

    def wrap(team: Team) -> Team:
        dawdling = Dawdling(team)
        dawdling.stage = stage
        return dawdling

    removed = [Removed(Key("two"), Fate.DELETE, HERE)]
    report = stage.apply(manifest(question("one"), removed=removed), wrap=wrap)
    assert states(report) == {"two!delete": ResultState.STALE}
    assert "What did Bo add to it?" in stage.by_title()


def test_a_mark_that_somebody_sets_between_plan_and_apply_is_not_taken_away() -> None:
    stage = Stage()
    stage.apply(manifest(question("q"), answer("q#a")))
    asked = stage.questions()[0]
    other = stage.world.answer(
        stage.bo, asked.id, body="My answer is longer than thirty characters."
    )
    plan = stage.plan(manifest(question("q"), answer("q#a", accepted=True)))
    assert [it.verb for it in plan.changes] == [Verb.SET]
    stage.world.accept(stage.ada, other.id)
    report = stage.apply(plan)
    assert report.exit_code == 4
    assert "another answer was accepted" in report.results[-1].why
    assert stage.questions()[0].accepted_id == other.id
