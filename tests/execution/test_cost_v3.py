"""What a plan over API v3 says that its apply costs is what the apply takes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from importer.execution import RunOptions
from importer.model.ids import Field
from importer.model.manifest import Item
from importer.model.plan import Cost
from importer.rendering.plan_totals import costs_of
from importer.sandbox import Behaviour
from tests.pacing import LineStage
from tests.planning.stage import article, collection, having, removed, text
from tests.stage import answer, manifest, question

MANY = tuple(
    it for n in range(30) for it in (question(f"q{n}"), answer(f"q{n}#a"), answer(f"q{n}#b"))
)
SOME: tuple[Item, ...] = (
    *MANY,
    article("leave"),
    article("trips"),
    collection("start", "q1", "leave"),
)


def edited(items: tuple[Item, ...], *keys: str) -> list[Item]:
    def body(it: Item) -> Item:
        return having(it, Field.BODY, text(f"Now {it.key} says quite another thing."))

    return [body(it) if it.key in keys else it for it in items]


CASES: dict[str, Any] = {
    "creates": [*SOME, question("new"), answer("new#a", accepted=True), article("another")],
    "edits": edited(SOME, *(f"q{n}" for n in range(9)), "q3#a", "q12#b", "leave"),
    "a mark": [it for it in SOME if it.key != "q5#a"] + [answer("q5#a", accepted=True)],
    "a collection": [*SOME[:-1], collection("start", "q1", "leave", "trips", "q2")],
}
GONE = [removed(it) for it in ("q7", "q8#a", "leave")]


@pytest.mark.parametrize("name", [*CASES, "deletions"])
@pytest.mark.parametrize("warm", [True, False], ids=["warm", "cold"])
def test_the_requests_that_a_plan_over_v3_tells_are_those_of_its_apply(
    name: str, warm: bool
) -> None:
    stage = LineStage(
        behaviour=Behaviour(), options=RunOptions(settle_s=0.0, parallelism=8), api="3"
    )
    stage.token = stage.world.issue_token(stage.world.users("acme")[2])
    stage.apply(manifest(*SOME))
    stage.clock.base += timedelta(hours=1)
    if not warm:
        stage.lose_journal()
    if name == "deletions":
        kept = [it for it in SOME if it.key not in {"q7", "q7#a", "q7#b", "q8#a", "leave", "start"}]
        gone = [*GONE, removed("start")]
        wanted = manifest(*kept, removed=gone)
    else:
        wanted = manifest(*CASES[name])
    plan = stage.plan(wanted, max_deletes="100%", delete_engaged=True)
    assert plan.changes
    report = stage.apply(wanted, max_deletes="100%", delete_engaged=True)
    assert report.exit_code == 0, report.results
    sent = len(stage.line.sent)
    assert plan.cost.writes == len(plan.changes)
    # Looks are spared where the reading was a moment ago, as in this apply that nobody confirms;
    # some are made in vain, where the next write has to wait for its burst.
    spared = plan.cost.requests - sent
    looks = 3 * sum(it.ref is not None for it in plan.changes)
    assert -8 <= spared <= looks, (plan.cost, sent)


def test_a_long_apply_takes_what_its_plan_says() -> None:
    stage = LineStage(
        behaviour=Behaviour(), options=RunOptions(settle_s=0.0, parallelism=8), api="3"
    )
    wanted = manifest(*(it for n in range(150) for it in (question(f"q{n}"), answer(f"q{n}#a"))))
    stage.apply(wanted)
    stage.clock.base += timedelta(hours=1)
    other = manifest(*edited(wanted.items, *(it.key for it in wanted.items)))
    plan = stage.plan(other, max_updates="100%")
    stage.apply(other, max_updates="100%")
    assert len(stage.line.sent) == pytest.approx(plan.cost.requests, rel=0.05)
    assert plan.cost.requests == 300 + 300 + 3 * 150 + 4 + 2 + 1


def test_without_a_daily_number_none_is_shown() -> None:
    shown = {it["label"]: it["text"] for it in costs_of(Cost(writes=10, reads=5, seconds=1.0))}
    assert shown["cost"] == "about 15 requests (10 writes, 5 reads)"
    daily = {it["label"]: it["text"] for it in costs_of(Cost(10, 5, 1.0, per_day=10_000))}
    assert "of the day's 10,000" in daily["cost"]
