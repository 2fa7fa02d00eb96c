"""What is different where API v3 is the only way to the team."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import pytest

from importer.errors import ExitCode
from importer.model.ids import Field, Key, Kind, Verb
from importer.model.ledger import Operation, State
from importer.model.live import Scope, Tags
from importer.model.manifest import Fate, Item, Removed
from importer.model.plan import BlockedCode
from importer.model.report import ResultState
from importer.model.writing import Outcome, Write
from importer.ports import Hold, Read, Team
from importer.rendering import Format, render_report
from importer.sandbox import Behaviour
from tests.faults import Faulty
from tests.planning.stage import article, collection, having, tag
from tests.rendering.documents import TEMPLATES
from tests.stage import HERE, Stage, answer, manifest, question

KEPT = question("kept")
GOING = (question("one"), answer("one#a", accepted=True), article("trips"))
GONE = manifest(KEPT, removed=[Removed(Key(it), Fate.DELETE, HERE) for it in ("one", "trips")])


def applied(**behaviour: object) -> Stage:
    stage = Stage(Behaviour(burst_per_s=0, **behaviour), api="3")  # type: ignore[arg-type]
    assert stage.apply(manifest(KEPT, *GOING)).exit_code == ExitCode.DONE
    return stage


def is_of_plan(path: str, status: int | None) -> bool:
    """Tell the one that was refused from the door's probes, of a post that nobody has."""
    return status == 404 and "2147483647" not in path


def left(stage: Stage) -> tuple[int, int, int]:
    return len(stage.questions()), len(stage.answers()), len(stage.world.articles("acme"))


def test_what_nobody_else_cared_about_is_deleted() -> None:
    """A single post tells neither of comments nor whose its answers are; a list does."""
    stage = applied()
    assert stage.apply(GONE).exit_code == ExitCode.DONE
    assert left(stage) == (1, 0, 0)
    assert stage.plan(GONE).changes == ()


@pytest.mark.parametrize("does", ["comment_on", "answer"])
def test_what_others_care_about_is_left_to_a_person(does: str) -> None:
    stage = applied()
    (going,) = (it for it in stage.questions() if it.title == "What is the story of one?")
    getattr(stage.world, does)(stage.bo, going.id, body="What about Mondays? " * 3)
    (blocked,) = stage.plan(GONE).blocked
    assert (blocked.key, blocked.code) == ("one", BlockedCode.ENGAGED)


def test_a_comment_after_the_plan_is_seen_before_the_deletion() -> None:
    stage = applied()
    plan = stage.plan(GONE)
    assert [it.id for it in plan.changes] == ["one!delete", "trips!delete"]
    (going,) = stage.world.articles("acme")
    stage.world.comment_on(stage.bo, going.id, body="Is that so on Mondays as well?")
    states = {it.key: it.state for it in stage.apply(plan).results}
    assert states == {"one": ResultState.DONE, "trips": ResultState.STALE}
    assert left(stage) == (1, 0, 1)


def test_where_lists_do_not_tell_of_comments_a_look_before_the_deletion_does() -> None:
    """Both APIs: the plan rests on v2.3, the look at the article on v3."""
    stage = applied(v3_comment_count=False)
    stage.api = "auto"
    assert stage.apply(GONE).exit_code == ExitCode.DONE
    assert left(stage) == (1, 0, 0)


@pytest.mark.parametrize(
    ("api", "said"),
    [
        pytest.param("2.3", "", id="a history tells"),
        pytest.param("3", "2 edits rest on a look at most 2 s old: no history", id="none does"),
    ],
)
def test_what_an_edit_without_a_history_rests_on_is_printed(api: str, said: str) -> None:
    stage = Stage(api=api)
    stage.apply(manifest(question("one"), question("two")))
    edited = (question(it, body=f"A new text about {it}, long enough.") for it in ("one", "two"))
    report = stage.apply(manifest(*edited))
    assert report.exit_code == ExitCode.DONE
    assert report.condition.startswith(said)
    assert bool(report.condition) == bool(said)


def test_an_answer_that_is_gone_stays_gone_although_another_one_took_its_place() -> None:
    """Lists tell how many answers there are; what was seen to be gone is not known any more."""
    wanted = manifest(question("one"), answer("one#a"))
    stage = Stage(api="3")
    stage.apply(wanted)
    (ours,) = stage.answers()
    stage.world.answer(stage.bo, ours.question_id, body="Another answer, of Bo's, long enough.")
    stage.world.delete(stage.world.user("acme", "Chidi Okafor"), ours.id)
    for _ in range(2):
        report = stage.apply(wanted)
        assert report.exit_code == ExitCode.DECISION
        (blocked,) = stage.plan(wanted).blocked
        assert (blocked.key, blocked.code) == ("one#a", BlockedCode.GONE)


def test_an_answer_that_is_deleted_beside_a_strangers_is_missed() -> None:
    """There are as many answers left as there are of ours; but one of them is a stranger's."""
    wanted = manifest(question("one"), answer("one#a"))
    stage = Stage(api="3")
    stage.apply(wanted)
    (ours,) = stage.answers()
    stage.world.answer(stage.bo, ours.question_id, body="Another answer, of Bo's, long enough.")
    assert stage.apply(wanted).exit_code == ExitCode.DONE
    stage.world.delete(stage.world.user("acme", "Chidi Okafor"), ours.id)
    (blocked,) = stage.plan(wanted).blocked
    assert (blocked.key, blocked.code) == ("one#a", BlockedCode.GONE)


class Twice(Faulty):
    """A team that makes collections twice, and answers with the second."""

    async def write(self, write: Write, hold: Hold | None = None) -> Outcome:
        if (write.kind, write.verb) == (Kind.COLLECTION, Verb.CREATE):
            await super().write(write, hold)
        return await super().write(write, hold)


@pytest.mark.parametrize("edits", ["", "title", "description"])
def test_a_doubled_collection_is_removed_unless_somebody_has_edited_it(edits: str) -> None:
    """Nobody tells who edited one."""
    wanted = manifest(question("one"), collection("start", "one"))
    stage = Stage(api="3")

    def edit(operation: Operation) -> None:
        if operation.kind is Kind.COLLECTION and operation.state is State.DONE and edits:
            second = stage.world.collections("acme")[-1]
            kept: dict[str, Any] = {"title": second.title, "description": second.description}
            kept[edits] = f"Chidi knows better. {kept[edits]}"
            stage.world.replace_collection(
                stage.world.user("acme", "Chidi Okafor"),
                second.id,
                **kept,
                content_ids=second.content_ids,
            )

    report = stage.apply(wanted, wrap=Twice, observe=edit)
    assert report.exit_code == ExitCode.UNKNOWN
    assert ("is not what was written" in report.incidents[0].what) == bool(edits)
    assert len(stage.world.collections("acme")) == (2 if edits else 1)


@pytest.mark.parametrize("api", ["2.3", "3"])
def test_an_edit_of_an_answer_that_would_go_along_keeps_its_question(api: str) -> None:
    stage = Stage(api=api)
    stage.apply(manifest(KEPT, question("one"), answer("one#a")))
    gone = manifest(KEPT, removed=[Removed(Key("one"), Fate.DELETE, HERE)])
    plan = stage.plan(gone)
    assert [it.id for it in plan.changes] == ["one!delete"]
    (ours,) = stage.answers()
    stage.world.edit(stage.bo, ours.id, body=f"Bo knows better, and says so. {ours.body}")
    (result,) = stage.apply(plan).results
    assert (result.state, result.why) == (
        ResultState.STALE,
        f"its answer answer/{ours.id}: it was edited on the site since it was written",
    )
    assert len(stage.answers()) == 1


@pytest.mark.parametrize(
    "item",
    [
        article("leave", fields={Field.PERMISSIONS: ("user:4040",)}),
        tag("testing", experts=("user:4040",), adds=(Field.EXPERTS,)),
    ],
    ids=["permissions", "experts"],
)
def test_a_refusal_of_whom_the_site_does_not_know_is_said_to_be_tried_again(item: Item) -> None:
    """They may join the site tomorrow, and the manifest says the same: it isn't remembered."""
    stage = Stage(api="3")
    stage.token = stage.world.issue_token(stage.world.user("acme", "Chidi Okafor"))
    assert stage.apply(manifest(KEPT)).exit_code == ExitCode.DONE
    wanted = manifest(KEPT, item)
    for _ in range(2):
        before = len(stage.world.requests)
        report = stage.apply(wanted)
        (result,) = report.results
        assert (report.exit_code, result.state) == (ExitCode.PARTLY, ResultState.REJECTED)
        sent = [it for it in stage.world.requests[before:] if it.method in {"POST", "PUT"}]
        assert len([it for it in sent if is_of_plan(it.path, it.status)]) == 1
        told = render_report(report, format=Format.TEXT, templates=TEMPLATES)
        assert "sent again by the next run" in told
        assert "is not sent again" not in told
        plan = stage.plan(wanted)
        assert ([it.key for it in plan.changes], plan.blocked) == ([item.key], ())


def test_a_refusal_of_a_text_is_said_to_be_remembered_and_is() -> None:
    """The control of the test before."""
    stage = Stage(api="3")
    refused = manifest(KEPT, having(article("leave"), Field.TITLE, "x" * 500))
    report = stage.apply(refused)
    assert [it.state for it in report.results] == [ResultState.DONE, ResultState.REJECTED]
    assert "is not sent again" in render_report(report, format=Format.TEXT, templates=TEMPLATES)
    plan = stage.plan(refused)
    assert ([it.code for it in plan.blocked], plan.changes) == ([BlockedCode.REJECTED], ())


class Lagging(Faulty):
    """A team that shows tags as they were when it was first asked for each."""

    def __init__(self, team: Team) -> None:
        super().__init__(team)
        self._shown: dict[tuple[str, ...], list[Read]] = {}

    async def read(self, scope: Scope) -> AsyncGenerator[Read, None]:
        if not isinstance(scope, Tags):
            async for got in self.team.read(scope):
                yield got
            return
        if scope.names not in self._shown:
            self._shown[scope.names] = [it async for it in self.team.read(scope)]
        for got in self._shown[scope.names]:
            yield got


@pytest.mark.parametrize(
    ("name", "experts", "left"),
    [
        ("born", ("user:1002",), {"tag:born!set!experts"}),
        ("testing", ("group:1001", "user:1002"), {"tag:testing!set!experts"}),
    ],
    ids=["a tag just born", "the write before"],
)
def test_experts_of_a_tag_that_is_shown_late_are_not_called_edited(
    name: str, experts: tuple[str, ...], left: set[str]
) -> None:
    stage = Stage(api="3")
    chidi = stage.world.user("acme", "Chidi Okafor")
    stage.token = stage.world.issue_token(chidi)
    stage.world.make_group(chidi, name="Docs", member_ids=(stage.bo.id,))
    assert stage.apply(manifest(KEPT)).exit_code == ExitCode.DONE
    wanted = manifest(
        KEPT, question("one", tags=(name,)), tag(name, experts=experts, adds=(Field.EXPERTS,))
    )
    report = stage.apply(wanted, wrap=Lagging)
    undone = {it.change: it for it in report.results if it.state is not ResultState.DONE}
    assert set(undone) == left
    assert {it.state for it in undone.values()} == {ResultState.NOT_REACHED}
    assert {it.why for it in undone.values()} == {
        "the site does not show yet what this run wrote before it"
    }
    assert report.exit_code == ExitCode.PARTLY
    assert stage.apply(wanted).exit_code == ExitCode.DONE
    assert stage.plan(wanted).changes == ()
