"""What the look after the writes finds: posts that share a key, edits that ours went over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from importer.errors import ExitCode
from importer.execution.audit import foreign_edits
from importer.model.ids import ChangeId, Key, Kind, Ref, RunId, UserId, Verb
from importer.model.ledger import Operation, State
from importer.model.live import Facts, LiveItem, Revision, Revisions, Scope
from importer.model.manifest import Manifest
from importer.model.report import ResultState
from importer.model.writing import Done, Outcome, Write
from importer.planning.doubling import find_doubles
from importer.ports import Hold, Read, Team
from importer.rendering import Format, render_report
from importer.text.marker import Marker
from tests.faults import Faulty
from tests.rendering.documents import TEMPLATES
from tests.stage import Stage, answer, manifest, question

NOW = datetime(2026, 1, 5, tzinfo=UTC)
ME, BO = UserId(1), UserId(2)
ONE, TWO = Ref(Kind.QUESTION, 1), Ref(Kind.QUESTION, 2)


def post(ref: Ref, key: str, *, author: UserId = ME, parent: Ref | None = None) -> LiveItem:
    marker = Marker(1, f"handbook:{key}", {})
    return LiveItem(ref, parent, f"/{ref}", {}, marker, Facts(author))


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def edit(read_s: float = 0, by: UserId = ME, opened_s: float = 100) -> Operation:
    return Operation(
        run=RunId("run"),
        change=ChangeId("q!update"),
        attempt=1,
        request_id="x",
        key=Key("q"),
        kind=Kind.QUESTION,
        verb=Verb.UPDATE,
        state=State.DONE,
        ref=ONE,
        author=ME,
        opened_at=at(opened_s),
        read_as_of=at(read_s),
        read_by=by,
    )


def revisions(*made: tuple[float, UserId]) -> list[Revision]:
    return [Revision(1, number, by, at(s)) for number, (s, by) in enumerate(made, start=1)]


def test_the_lowest_id_wins_and_an_answer_of_a_lost_question_loses_with_it() -> None:
    posts = [
        post(TWO, "q"),
        post(ONE, "q"),
        post(Ref(Kind.ANSWER, 3), "q#a", parent=TWO),
        post(Ref(Kind.ANSWER, 4), "q#a", parent=ONE),
        post(Ref(Kind.QUESTION, 9), "alone"),
    ]
    found = {str(it.key): it for it in find_doubles(posts, "handbook", {ME})}
    assert set(found) == {"q", "q#a"}
    assert found["q"].winner.ref == ONE
    assert found["q#a"].winner.ref == Ref(Kind.ANSWER, 4)


def test_a_colleagues_copy_and_another_namespace_are_no_doubles() -> None:
    """F50."""
    posts = [post(ONE, "q"), post(TWO, "q", author=BO)]
    assert find_doubles(posts, "handbook", {ME}) == ()
    assert find_doubles([post(ONE, "q"), post(TWO, "q")], "other", {ME}) == ()


@pytest.mark.parametrize(
    ("ours", "made", "foreign"),
    [
        pytest.param(edit(), [(0, ME), (100, ME)], [], id="nobody"),
        pytest.param(edit(), [(0, ME), (50, BO), (100, ME)], [2], id="between"),
        pytest.param(edit(50, BO), [(0, ME), (50, BO), (100, ME)], [], id="was read"),
        pytest.param(edit(0, BO), [(0, ME), (0, BO), (100, ME)], [], id="read, same second"),
        pytest.param(edit(), [(0, ME), (0, BO), (100, ME)], [2], id="not read, same second"),
        pytest.param(
            edit(opened_s=0), [(0, ME), (0, BO), (0, ME)], [2], id="all in the second of the read"
        ),
        pytest.param(edit(opened_s=1), [(0, ME), (0, BO), (1, ME)], [2], id="ours a second later"),
        pytest.param(
            edit(opened_s=0), [(0, ME), (0, ME), (0, BO)], [], id="ours before it, in one second"
        ),
        pytest.param(edit(), [(0, ME), (100, ME), (101, BO)], [], id="after ours"),
        pytest.param(edit(), [(0, ME), (20, BO)], None, id="ours doesn't show"),
    ],
)
def test_an_edit_between_reading_and_writing_is_seen(
    ours: Operation, made: list[tuple[float, UserId]], foreign: list[int] | None
) -> None:
    """F48."""
    found = foreign_edits(revisions(*made), ours)
    assert (None if found is None else [it.number for it in found]) == foreign


class Racing(Faulty):
    """Somebody edits the post after it was read and before ours arrives."""

    stage: Stage

    async def write(self, write: Write, hold: Hold | None = None) -> Outcome:
        if write.verb is Verb.UPDATE and write.ref is not None:
            body = "A person wrote this in the very moment, and knows better."
            self.stage.world.edit(self.stage.bo, write.ref.id, body=body)
        return await self.team.write(write, hold)


def test_an_edit_that_ours_went_over_is_reported_and_the_run_exits_with_7() -> None:
    """F48."""
    stage = Stage()
    stage.apply(manifest(question("one")))

    def wrap(team: Team) -> Team:
        racing = Racing(team)
        racing.stage = stage
        return racing

    report = stage.apply(manifest(question("one", "What is the newer story of one?")), wrap=wrap)
    assert report.exit_code == ExitCode.UNKNOWN
    (incident,) = report.incidents
    assert "revision 2" in incident.what
    (kept,) = [it for it in stage.world.revisions(1) if it.user_id == stage.bo.id]
    assert "knows better" in kept.body


class Stale(Racing):
    """The first looks at a post's history meet a copy that doesn't have our edit yet."""

    looks = 0

    async def read(self, scope: Scope) -> AsyncGenerator[Read, None]:
        stale = isinstance(scope, Revisions) and self.looks < 2
        self.looks += isinstance(scope, Revisions)
        async for got in self.team.read(scope):
            if not (stale and isinstance(got, Revision) and got.number == 3):
                yield got


def test_a_history_that_does_not_show_our_edit_yet_is_looked_at_again() -> None:
    stage = Stage()
    stage.apply(manifest(question("one")))

    def wrap(team: Team) -> Team:
        stale = Stale(team)
        stale.stage = stage
        return stale

    report = stage.apply(manifest(question("one", "What is the newer story of one?")), wrap=wrap)
    assert report.exit_code == ExitCode.UNKNOWN
    assert "revision 2" in report.incidents[0].what


@pytest.mark.parametrize("ended", ["stopped", "killed"])
def test_an_edit_that_a_run_cut_short_went_over_is_reported_by_the_next_one(ended: str) -> None:
    stage = Stage()
    stage.apply(manifest(question("one")))
    stop = asyncio.Event()

    def wrap(team: Team) -> Team:
        racing = Racing(team)
        racing.stage = stage
        return racing

    def cut(operation: Operation) -> None:
        if operation.state is State.DONE and ended == "killed":
            raise KeyboardInterrupt
        stop.set()

    wanted = manifest(question("one", "What is the newer story of one?"))
    with suppress(KeyboardInterrupt):
        report = stage.apply(wanted, wrap=wrap, stop=stop, observe=cut)
        assert report.incidents == ()
    report = stage.apply(wanted)
    assert report.exit_code == ExitCode.UNKNOWN
    assert "revision 2" in report.incidents[0].what
    assert stage.apply(wanted).exit_code == ExitCode.DONE


class Lying(Faulty):
    """The server answers a create with another post's id."""

    async def write(self, write: Write, hold: Hold | None = None) -> Outcome:
        outcome = await self.team.write(write, hold)
        if write.verb is Verb.CREATE and isinstance(outcome, Done) and outcome.item:
            return Done(replace(outcome.item, ref=ONE))
        return outcome


def test_f28_an_answer_that_names_an_older_post_is_not_believed() -> None:
    stage = Stage()
    stage.world.ask(stage.bo, title="What did Bo want to know?", body="x" * 40, tags=["testing"])
    stage.act(asyncio.sleep(1000))
    report = stage.apply(manifest(question("one"), answer("one#a")), wrap=Lying)
    assert report.exit_code == ExitCode.DONE
    assert {it.ref for it in report.results if it.kind is Kind.QUESTION} == {TWO}
    assert [it.parent_id for it in stage.answers()] == [2]


class Doubling(Faulty):
    """The service, or something before it, does each create twice; the second answer comes."""

    async def write(self, write: Write, hold: Hold | None = None) -> Outcome:
        if write.verb is Verb.CREATE and write.kind is Kind.QUESTION:
            await self.team.write(write, hold)
            write = replace(write, request_id=f"{write.request_id}x")
        return await self.team.write(write, hold)

    def read(self, scope: Scope) -> AsyncGenerator[Read, None]:
        return self.team.read(scope)


def test_f31_a_post_made_twice_is_found_and_the_one_that_the_journal_knows_is_removed() -> None:
    stage = Stage()
    report = stage.apply(manifest(question("one"), answer("one#a")), wrap=Doubling)
    assert report.exit_code == ExitCode.UNKNOWN
    assert any(incident.severe for incident in report.incidents)
    assert [it.id for it in stage.questions()] == [1]
    # What the report calls created is what is there.
    made, *_, removed = report.results
    assert (removed.verb, removed.ref) == (Verb.DELETE, Ref(Kind.QUESTION, 2))
    assert (made.state, made.ref) == (ResultState.FOUND, Ref(Kind.QUESTION, 1))
    assert made.url == report.incidents[-1].url != ""
    shown = render_report(report, format=Format.TEXT, templates=TEMPLATES)
    assert "made a second time; the second post is removed" in shown
    again = stage.apply(manifest(question("one"), answer("one#a")))
    assert again.exit_code == ExitCode.DONE
    assert len(stage.questions()) == len(stage.answers()) == 1
    assert {it.state for it in again.results} <= {ResultState.DONE}


def test_a_doubled_accepted_answer_is_removed_as_well() -> None:
    """The service lets nobody delete an accepted answer: its mark goes first."""
    wanted = manifest(question("one"), answer("one#a", accepted=True))
    stage = Stage()
    stage.apply(wanted)
    (first,) = stage.answers()
    stage.lose_journal()
    stage.world.unaccept(stage.ada, first.id)
    stage.world.delete(stage.ada, first.id)
    stage.apply(wanted)
    stage.world.undelete(stage.ada, first.id)
    report = stage.apply(wanted)
    assert report.exit_code == ExitCode.UNKNOWN
    assert "is removed" in report.incidents[0].what
    assert [it.id for it in stage.answers()] == [first.id]
    stage.apply(wanted)
    assert stage.apply(wanted).exit_code == ExitCode.DONE
    assert stage.questions()[0].accepted_id == first.id


def doubled(wanted: Manifest) -> Stage:
    """Return a stage on which the post that the journal knows is the second with its key."""
    stage = Stage()
    stage.apply(wanted)
    (first,) = stage.questions()
    stage.lose_journal()
    stage.world.delete(stage.ada, first.id)
    stage.apply(wanted)
    stage.world.undelete(stage.ada, first.id)
    return stage


def test_a_double_that_somebody_has_edited_is_left_to_a_person() -> None:
    wanted = manifest(question("one"))
    stage = doubled(wanted)
    first, second = stage.questions()
    stage.world.edit(stage.bo, second.id, body=f"Bo knows better, and says so here. {second.body}")
    report = stage.apply(wanted)
    assert report.exit_code == ExitCode.UNKNOWN
    assert "is not what was written" in report.incidents[0].what
    assert [it.id for it in stage.questions()] == [first.id, second.id]


class Slow(Faulty):
    """A team on whose way a deletion waits for its turn."""

    async def write(self, write: Write, hold: Hold | None = None) -> Outcome:
        if write.verb is Verb.DELETE:
            await asyncio.sleep(2.1)
        return await super().write(write, hold)


def test_a_double_is_not_removed_on_an_old_look() -> None:
    wanted = manifest(question("one"))
    stage = doubled(wanted)
    report = stage.apply(wanted, wrap=Slow)
    assert report.exit_code == ExitCode.UNKNOWN
    assert "its turn never came soon enough" in report.incidents[0].what
    assert len(stage.questions()) == 2
    assert "is removed" in stage.apply(wanted).incidents[0].what
    assert len(stage.questions()) == 1
