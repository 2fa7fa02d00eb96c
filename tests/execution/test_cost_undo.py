"""What the plan of an undo says that it costs is what it takes: requests, and time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from importer.execution import RunOptions
from importer.model.ids import Field
from importer.model.manifest import Item
from importer.sandbox import Behaviour
from tests.pacing import LineStage
from tests.planning.stage import article, having, text
from tests.stage import answer, manifest, question

MANY = tuple(it for n in range(20) for it in (question(f"q{n}"), answer(f"q{n}#a")))
ACCEPTED = (*MANY[:-1], answer("q19#a", accepted=True))
ACCEPTED_TWO = (*MANY[:-1], answer("q19#a", accepted=True), answer("q19#b"))
MOVED = (*MANY, answer("q19#b", accepted=True))
EDITED = tuple(having(it, Field.BODY, text(f"Now {it.key} is another text.")) for it in MANY)
ARTICLES = (article("leave"), article("trips"))


def undone(api: str, before: Sequence[Item], run: Sequence[Item], others: int = 0) -> LineStage:
    """Apply *before*, then *run*, and return the stage with the run to be taken back."""
    stage = LineStage(
        behaviour=Behaviour(),
        options=RunOptions(settle_s=0.0, parallelism=8),
        api=api,
        latency_s=(0.03, 0.09),
    )
    stage.token = stage.world.issue_token(stage.world.users("acme")[2])
    for number in range(others):
        title = f"What did people ask before, number {number}?"
        stage.world.ask(stage.bo, title=title, body="x" * 40, tags=["testing"])
    for items in (before, run):
        if items:
            stage.apply(manifest(*items), max_updates="100%")
            # Of its own accord the server forgets what it has counted.
            stage.clock.base += timedelta(hours=1)
    return stage


@pytest.mark.parametrize("api", ["2.3", "3", "auto"])
@pytest.mark.parametrize(
    ("before", "run", "others"),
    [
        pytest.param((), MANY, 0, id="questions with answers"),
        pytest.param((), ACCEPTED, 150, id="beside those of others, with a mark"),
        pytest.param(MANY, EDITED, 0, id="edits"),
        pytest.param(MANY, ACCEPTED, 0, id="a mark"),
        pytest.param(ACCEPTED_TWO, MOVED, 0, id="a mark that was moved"),
    ],
)
def test_the_requests_and_the_time_that_the_plan_of_an_undo_tells_are_those_it_takes(
    api: str, before: Sequence[Item], run: Sequence[Item], others: int
) -> None:
    stage = undone(api, before, run, others)
    began = stage.clock.base
    plan, report = stage.undo()
    took_s = (stage.clock.base - began).total_seconds() - 60.0
    assert (report.exit_code, plan.blocked) == (0, ())
    sent = len(stage.line.sent)
    assert plan.cost.writes == len(plan.changes) == len(report.results)
    assert plan.cost.requests == pytest.approx(sent, abs=3, rel=0.03), plan.cost
    if sent > 100:
        assert took_s == pytest.approx(plan.cost.seconds, rel=0.15, abs=3.0)


def test_articles_cost_what_they_take_over_both_apis() -> None:
    stage = undone("auto", (), [*MANY, *ARTICLES])
    plan, report = stage.undo()
    assert (report.exit_code, plan.blocked) == (0, ())
    assert plan.cost.requests == pytest.approx(len(stage.line.sent), abs=5)
