"""Articles, collections and experts against the sandbox's API v3, from an empty team to undo."""

from __future__ import annotations

from dataclasses import replace

import pytest

from importer.errors import ExitCode
from importer.model.ids import Field, Key
from importer.model.manifest import Fate, Item, Removed
from importer.model.plan import Plan
from tests.planning.stage import article, collection, having, tag, text
from tests.stage import HERE, Stage, answer, manifest, question

LEAVE = article("policy/leave", fields={Field.PERMISSIONS: ("everyone",)})
TRIPS = having(article("trips"), Field.BODY, text("See [leave](key:policy/leave) and all that."))
START = having(
    collection("start", "one", "policy/leave", "trips"),
    Field.BODY,
    text("Begin with [one](key:one)."),
)
EXPERTS = tag("testing", experts=("user:1002",), adds=(Field.EXPERTS,))
HANDBOOK = (EXPERTS, question("one"), answer("one#a", accepted=True), LEAVE, TRIPS, START)
EDITED = (
    replace(EXPERTS, fields={Field.EXPERTS: ("user:1001", "user:1002")}),
    *HANDBOOK[1:3],
    having(
        having(LEAVE, Field.PERMISSIONS, ("specific-editors", "user:1002")),
        Field.TYPE,
        "announcement",
    ),
    having(TRIPS, Field.TITLE, "Another title of the article about trips"),
    having(collection("start", "trips", "one"), Field.BODY, text("Begin with [it](key:trips).")),
)


@pytest.fixture(params=["3", "auto"])
def stage(request: pytest.FixtureRequest) -> Stage:
    """A team, and the token of one who may name experts."""
    stage = Stage(api=request.param)
    stage.token = stage.world.issue_token(stage.world.user("acme", "Chidi Okafor"))
    return stage


def applied(stage: Stage, *items: Item) -> None:
    report = stage.apply(manifest(*items))
    assert (report.exit_code, report.incidents, report.stopped_by) == (ExitCode.DONE, (), "")


def is_settled(plan: Plan) -> bool:
    return not (plan.changes or plan.blocked or plan.drift or plan.manual or plan.orphans)


def test_a_handbook_of_all_kinds_is_written_once(stage: Stage) -> None:
    applied(stage, *HANDBOOK)
    writes = stage.writes()
    assert is_settled(stage.plan(manifest(*HANDBOOK)))
    stage.lose_journal()
    assert is_settled(stage.plan(manifest(*HANDBOOK)))
    applied(stage, *HANDBOOK)
    assert stage.writes() == writes


def test_edits_of_all_kinds_are_written_and_taken_back(stage: Stage) -> None:
    applied(stage, *HANDBOOK)
    assert [it.id for it in stage.plan(manifest(*EDITED)).changes] == [
        "tag:testing!set!experts",
        "policy/leave!update",
        "trips!update",
        "start!update",
    ]
    applied(stage, *EDITED)
    assert is_settled(stage.plan(manifest(*EDITED)))
    plan, report = stage.undo()
    assert (plan.blocked, plan.manual, report.exit_code) == ((), (), ExitCode.DONE)
    assert is_settled(stage.plan(manifest(*HANDBOOK)))


def test_what_is_removed_is_deleted(stage: Stage) -> None:
    applied(stage, *HANDBOOK)
    gone = [Removed(Key(it), Fate.DELETE, HERE) for it in ("trips", "start")]
    wanted = manifest(*HANDBOOK[:4], removed=gone)
    # API v3 tells no comments of an article: it may be engaged.
    report = stage.apply(wanted, delete_engaged=True)
    assert (report.exit_code, len(report.results)) == (ExitCode.DONE, 2)
    assert is_settled(stage.plan(wanted))
