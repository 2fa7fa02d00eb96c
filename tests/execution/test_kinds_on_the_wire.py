"""Articles, collections and experts against the sandbox's API v3, from an empty team to undo."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import pytest

from importer.errors import ExitCode
from importer.manifests import find_manifest, load_manifest
from importer.model.ids import Field, Key, Kind
from importer.model.manifest import Fate, Item, Removed
from importer.model.plan import Plan
from importer.model.writing import Outcome, Write
from importer.ports import Hold, Team
from importer.sandbox import Behaviour
from importer.sandbox.values import Shares
from tests.planning.stage import article, collection, having, tag, text
from tests.stage import HERE, Stage, Wrap, answer, manifest, question

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


# Experts: nobody tells who named them when.


@dataclass
class Busy:
    """A team in which a colleague does something between the last look and the write."""

    team: Team
    colleague: Callable[[], object]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.team, name)

    async def write(self, write: Write, hold: Hold | None = None) -> Outcome:
        if write.kind is Kind.TAG:
            self.colleague()
        return await self.team.write(write, hold)


def busy(colleague: Callable[[], object]) -> Wrap:
    return lambda team: cast(Team, Busy(team, colleague))


def experts_of(stage: Stage) -> tuple[int, ...]:
    (it,) = stage.world.tags("acme")
    return stage.world.experts(it.id).user_ids


def naming(stage: Stage, *users: int) -> Callable[[], object]:
    (it,) = stage.world.tags("acme")
    by = stage.world.user("acme", "Chidi Okafor")
    return lambda: stage.world.add_experts(by, it.id, Shares(user_ids=users))


def calls_of_experts(stage: Stage) -> list[str]:
    found = [it for it in stage.world.requests if "/subject-matter-experts" in it.path]
    return [f"{it.method} {it.path.rpartition('experts')[2]}" for it in found if it.method != "GET"]


def test_an_expert_whom_a_colleague_names_right_before_ours_stays(stage: Stage) -> None:
    applied(stage, question("one"))
    wanted = manifest(question("one"), EXPERTS)
    report = stage.apply(wanted, wrap=busy(naming(stage, 1001)))
    assert (report.exit_code, experts_of(stage)) == (ExitCode.DONE, (1001, 1002))
    assert calls_of_experts(stage) == ["POST /users"]
    # It took nobody away, so it rests on no look.
    assert "experts" not in report.condition
    assert "rests on a look" not in report.condition
    assert is_settled(stage.plan(wanted))


def test_exact_takes_away_the_one_it_showed_and_nobody_who_came_meanwhile(stage: Stage) -> None:
    both = replace(EXPERTS, fields={Field.EXPERTS: ("user:1001", "user:1002")}, adds=())
    applied(stage, question("one"), both)
    wanted = manifest(question("one"), replace(EXPERTS, adds=()))
    report = stage.apply(wanted, wrap=busy(naming(stage, 1003)))
    assert (report.exit_code, experts_of(stage)) == (ExitCode.DONE, (1002, 1003))
    assert calls_of_experts(stage)[-1] == "DELETE /users/1001"
    assert "1 edit rests on a look at most 2 s old" in report.condition
    plan = stage.plan(wanted)
    assert (plan.changes, [it.field for it in plan.drift]) == ((), [Field.EXPERTS])


def test_undone_an_added_expert_goes_and_nobody_who_came_meanwhile(stage: Stage) -> None:
    applied(stage, question("one"))
    naming(stage, 1001)()
    applied(stage, question("one"), EXPERTS)
    plan, report = stage.undo(wrap=busy(naming(stage, 1003)))
    assert (plan.blocked, report.exit_code) == ((), ExitCode.DONE)
    assert (experts_of(stage), calls_of_experts(stage)[-1]) == ((1001, 1003), "DELETE /users/1002")


def test_undone_several_experts_rest_on_a_look(stage: Stage) -> None:
    """No call removes two: the set is replaced, by a look that is not old when the bytes go."""
    applied(stage, question("one"))
    applied(stage, question("one"), EDITED[0])
    _, report = stage.undo()
    assert (experts_of(stage), calls_of_experts(stage)[-1]) == ((), "PUT ")
    assert "1 edit rests on a look at most 2 s old" in report.condition


def test_users_and_groups_of_experts_are_added_one_after_the_other(stage: Stage) -> None:
    by = stage.world.user("acme", "Chidi Okafor")
    group = stage.world.make_group(by, name="Operations", member_ids=[by.id])
    both = replace(EXPERTS, fields={Field.EXPERTS: (f"group:{group.id}", "user:1002")})
    applied(stage, question("one"), both)
    assert calls_of_experts(stage) == ["POST /users", "POST /user-groups"]
    assert is_settled(stage.plan(manifest(question("one"), both)))
    plan, report = stage.undo()
    assert (plan.blocked, report.exit_code, experts_of(stage)) == ((), ExitCode.DONE, ())


@pytest.mark.parametrize("twice", ["harmless", "refused"])
def test_an_expert_whom_a_colleague_names_too_is_one(twice: Any) -> None:
    stage = Stage(api="3", behaviour=Behaviour(burst_per_s=0, v3_expert_added_twice=twice))
    stage.token = stage.world.issue_token(stage.world.user("acme", "Chidi Okafor"))
    applied(stage, question("one"))
    wanted = manifest(question("one"), EXPERTS)
    report = stage.apply(wanted, wrap=busy(naming(stage, 1002)))
    assert report.exit_code == (ExitCode.DONE if twice == "harmless" else ExitCode.PARTLY)
    assert experts_of(stage) == (1002,)
    assert is_settled(stage.plan(wanted))


@pytest.mark.parametrize("missing", ["harmless", "refused"])
def test_an_expert_whom_a_colleague_takes_away_too_is_none(missing: Any) -> None:
    stage = Stage(api="3", behaviour=Behaviour(burst_per_s=0, v3_expert_not_there=missing))
    by = stage.world.user("acme", "Chidi Okafor")
    stage.token = stage.world.issue_token(by)
    both = replace(EXPERTS, fields={Field.EXPERTS: ("user:1001", "user:1002")}, adds=())
    applied(stage, question("one"), both)
    (it,) = stage.world.tags("acme")

    def take_away() -> None:
        stage.world.set_experts(by, it.id, Shares(user_ids=(1002,)))

    wanted = manifest(question("one"), replace(EXPERTS, adds=()))
    report = stage.apply(wanted, wrap=busy(take_away))
    assert report.exit_code == (ExitCode.DONE if missing == "harmless" else ExitCode.PARTLY)
    assert experts_of(stage) == (1002,)
    assert is_settled(stage.plan(wanted))


# What it costs.

OTHERS = tag("others", experts=("user:1001",), adds=(Field.EXPERTS,))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param((), HANDBOOK, id="new"),
        pytest.param(HANDBOOK, EDITED, id="edited"),
        pytest.param((), HANDBOOK[:2], id="a question and experts"),
        pytest.param(HANDBOOK[1:2], HANDBOOK[:2], id="experts of a tag that is there"),
        pytest.param(HANDBOOK[:2], (OTHERS, question("two", tags=("others",)), *HANDBOOK[:2]),
                     id="experts of a new tag"),
        pytest.param((), (EXPERTS, LEAVE), id="an article with permissions"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("synonyms", [False, True])
def test_the_plan_says_how_many_requests_it_takes(
    stage: Stage, before: tuple[Item, ...], after: tuple[Item, ...], *, synonyms: bool
) -> None:
    stage.kinds = frozenset(it.kind for it in (*before, *after))
    if synonyms:
        by = stage.world.user("acme", "Chidi Okafor")
        stage.world.add_synonym(by, "proving", "testing")
    if before:
        applied(stage, *before)
    plan = stage.plan(manifest(*after))
    sent = len(stage.world.requests)
    assert stage.apply(manifest(*after)).exit_code == ExitCode.DONE
    assert plan.cost.requests == len(stage.world.requests) - sent


def test_the_example_of_all_kinds_takes_as_many_requests_as_its_plan_says(stage: Stage) -> None:
    stage.folder = Path(__file__).parents[2] / "examples/people"
    wanted, _ = load_manifest(find_manifest(stage.folder))
    stage.kinds = frozenset(it.kind for it in wanted.items)
    plan = stage.plan(wanted)
    sent = len(stage.world.requests)
    assert stage.apply(wanted).exit_code == ExitCode.DONE
    assert plan.cost.requests == len(stage.world.requests) - sent
