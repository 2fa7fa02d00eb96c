"""How fast an apply over API v3 is beside what its two limiters allow, and what a plan costs.

Virtual time, the sandbox's own limiters (50 calls in any two seconds, a bucket of calls that gets
100 a minute), and a line with latency. The bound for N calls is N/25 s while the bucket lasts, and
the minutes of the refills once it is empty.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from importer.execution import RunOptions
from importer.model.ids import Field
from importer.model.manifest import Manifest
from importer.sandbox import Behaviour
from tests.execution.test_pace import pairs, seconds_of
from tests.pacing import LineStage, most_within
from tests.planning.stage import having, text
from tests.stage import answer, manifest, question

BURST, BURST_S = 50, 2.0
PER_SECOND = BURST / BURST_S
EIGHT = RunOptions(settle_s=0.0, parallelism=8)
LATENCIES = [pytest.param((0.0, 0.0), id="0 ms"), pytest.param((0.04, 0.04), id="40 ms")]


def a_stage(latency_s: tuple[float, float] = (0.0, 0.0), api: str = "3", **how: int) -> LineStage:
    return LineStage(behaviour=Behaviour(**how), options=EIGHT, latency_s=latency_s, api=api)  # type: ignore[arg-type]  # numbers


def handbook(questions: int, answers: int) -> Manifest:
    items = [
        it
        for n in range(questions)
        for it in (question(f"q{n}"), *(answer(f"q{n}#a{m}") for m in range(answers)))
    ]
    return manifest(*items)


def rewritten(wanted: Manifest) -> Manifest:
    items = (
        having(it, Field.BODY, text(f"Now {it.key} says another thing.")) for it in wanted.items
    )
    return manifest(*items)


@pytest.mark.parametrize("latency_s", LATENCIES)
def test_a_thousand_writes_take_what_both_limiters_allow_and_meet_none(
    latency_s: tuple[float, float],
) -> None:
    stage = a_stage(latency_s)
    report = stage.apply(pairs(500))
    line = stage.line
    assert report.exit_code == 0
    assert len(stage.questions()) == len(stage.answers()) == 500
    assert seconds_of(report) <= 1.02 * 1_000 / PER_SECOND
    assert len(line.sent) <= 1.02 * 1_000
    assert line.throttled == []
    assert most_within(line.arrived, BURST_S) <= BURST


def test_latency_that_varies_costs_what_nobody_can_know() -> None:
    """As over v2.3: who sends earlier can't be sure that the server counts no 51st call."""
    stage = a_stage((0.04, 0.12))
    report = stage.apply(pairs(500))
    assert seconds_of(report) <= 1.06 * 1_000 / PER_SECOND
    assert stage.line.throttled == []
    assert most_within(stage.line.arrived, BURST_S) <= BURST


@pytest.mark.parametrize("latency_s", [(0.0, 0.0), (0.04, 0.12)])
def test_once_the_bucket_is_empty_an_apply_goes_at_the_pace_of_its_refills(
    latency_s: tuple[float, float],
) -> None:
    """F33: 300 calls, then 100 a minute: with the 17 that aren't writes, eight refills."""
    stage = a_stage(latency_s, v3_bucket=300)
    report = stage.apply(pairs(500))
    refills = -(-(len(stage.line.sent) - 300) // 100)
    assert report.exit_code == 0
    assert len(stage.questions()) == len(stage.answers()) == 500
    assert refills == 8
    assert refills * 60 <= seconds_of(report) <= refills * 60 + 10
    assert len(stage.line.sent) <= 1.02 * 1_000
    assert stage.line.throttled == []
    assert len(stage.waits) <= 2 * refills


@pytest.mark.parametrize("latency_s", [(0.0, 0.0), (0.2, 0.2)])
def test_edits_which_rest_on_a_look_each_go_as_fast_as_calls_do(
    latency_s: tuple[float, float],
) -> None:
    stage = a_stage(latency_s)
    wanted = pairs(100)
    stage.apply(wanted)
    stage.clock.base += timedelta(hours=2)
    report = stage.apply(rewritten(wanted), max_updates="100%")
    line = stage.line
    assert report.exit_code == 0
    assert line.verbs["PUT"] == 200
    # Reading what the manifest changed: a question, its list of answers, the answer; a look for
    # each edit, and some in vain, whose edit would have had to wait for the next burst.
    assert len(line.sent) <= 1.05 * (3 * 100 + 2 * 200)
    assert seconds_of(report) <= len(line.sent) / PER_SECOND + 2
    assert line.throttled == []


def test_edits_go_on_at_the_end_of_the_bucket_though_their_looks_get_old() -> None:
    stage = a_stage((0.04, 0.12), v3_bucket=420)
    wanted = pairs(100)
    stage.apply(wanted)
    stage.clock.base += timedelta(hours=20)
    report = stage.apply(rewritten(wanted), max_updates="100%")
    assert report.exit_code == 0
    assert stage.line.verbs["PUT"] == 200
    assert stage.line.throttled == []
    # At each refill eight looks at most were made in vain.
    assert len(stage.line.sent) <= 720 + 8 * 5


# What a plan costs: 1,000 questions with two answers each


@pytest.fixture(scope="module")
def grown() -> LineStage:
    """A team of that size, made over API v3 with a bucket that doesn't matter here."""
    stage = a_stage(v3_bucket=0, v3_burst=0)
    assert stage.apply(handbook(1_000, 2)).exit_code == 0
    return stage


def planned(stage: LineStage, api: str) -> tuple[int, int]:
    """Return the changes of a plan through *api*, and the requests it took."""
    stage.api = api
    plan = stage.plan(handbook(1_000, 2))
    assert (plan.drift, plan.blocked, plan.orphans) == ((), (), ())
    return len(plan.changes), len(stage.line.sent)


def test_a_plan_through_both_takes_fifteen_requests_at_most(grown: LineStage) -> None:
    assert planned(grown, "auto") <= (0, 15)
    assert planned(grown, "2.3") <= (0, 15)


def test_a_plan_over_v3_that_finds_nothing_changed_takes_thirty_at_most(grown: LineStage) -> None:
    assert planned(grown, "3") <= (0, 30)


def test_a_cold_plan_over_v3_takes_what_it_says_before(grown: LineStage) -> None:
    kept = dict(grown._journals)  # noqa: SLF001 - put back below
    grown.lose_journal()
    grown.announced.clear()
    changes, requests = planned(grown, "3")
    grown._journals.update(kept)  # noqa: SLF001 - the next test's
    (said,) = grown.announced
    assert changes == 0
    assert "reading 1,000 posts over API v3" in said
    assert "takes 4,000 more requests, at least 3 minutes" in said
    assert 4_000 <= requests <= 4_000 + 15


def test_one_edit_on_the_site_costs_its_question_and_answers_alone(grown: LineStage) -> None:
    answer = grown.answers()[11]
    grown.world.edit(grown.bo, answer.id, body="Somebody else said something here, at length.")
    grown.api = "3"
    plan = grown.plan(handbook(1_000, 2))
    assert [it.ref.id for it in plan.drift] == [answer.id]
    assert len(grown.line.sent) <= 30 + 3
