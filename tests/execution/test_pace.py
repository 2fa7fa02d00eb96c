"""How fast an apply is beside what the server allows, and that it allows all of it.

Virtual time, the sandbox's own limiter (30 requests in any second, or a ban), and a line with
latency. The bound for N writes is N/30 s (API v2.3, documented: 30 requests a second and address).
"""

from __future__ import annotations

import itertools
import re
from datetime import datetime, timedelta

import httpx
import pytest

from importer.execution import RunOptions
from importer.model.manifest import Manifest
from importer.model.report import Report, ResultState
from importer.sandbox import Backoff, Behaviour
from tests.pacing import Breaks, LineStage, most_within
from tests.stage import answer, manifest, question

PER_SECOND = 30
EIGHT = RunOptions(settle_s=0.0, parallelism=8)


def pairs(count: int) -> Manifest:
    """Return *count* questions, each with its answer."""
    items = [it for n in range(count) for it in (question(f"q{n}"), answer(f"q{n}#a"))]
    return manifest(*items)


def seconds_of(report: Report) -> float:
    """Return how long a run took, from taking the lock to the report."""
    assert report.started_at is not None
    assert report.ended_at is not None
    return (report.ended_at - report.started_at).total_seconds()


@pytest.mark.parametrize(
    ("latency_s", "bound"),
    [
        pytest.param((0.04, 0.04), 1.02, id="40 ms"),
        # 30 requests take a second and the mean excess over the fastest trip, 40 ms: whoever sends
        # earlier can't be sure that the server counts no 31st. And the first 16 trips tell nothing.
        pytest.param((0.04, 0.12), 1.10, id="40 to 120 ms"),
    ],
)
def test_a_thousand_writes_take_what_the_server_allows_and_meet_no_limit(
    latency_s: tuple[float, float], bound: float
) -> None:
    stage = LineStage(behaviour=Behaviour(), options=EIGHT, latency_s=latency_s)
    report = stage.apply(pairs(500))
    line = stage.line
    ratio = seconds_of(report) / (1_000 / PER_SECOND)
    assert report.exit_code == 0
    assert stage.writes() == 1_000
    assert len(line.sent) <= 1.02 * 1_000
    assert ratio <= bound
    assert (line.throttled, line.hasty) == ([], [])
    assert most_within(line.arrived) <= PER_SECOND


@pytest.mark.parametrize("latency_s", [(0.04, 0.12), (0.2, 0.6)])
def test_nothing_is_sent_before_its_backoff_is_over(latency_s: tuple[float, float]) -> None:
    """What was sent before the answer with the backoff came could not know; the rest waits.

    The server refuses what was in flight then, seven at most each time: it is sent again later.
    """
    rules = (
        Backoff("questions/add", every=7, seconds=5),
        Backoff("questions/{id}/answers/add", every=5, seconds=9),
        Backoff("questions", every=1, seconds=2),
    )
    stage = LineStage(behaviour=Behaviour(backoff=rules), options=EIGHT, latency_s=latency_s)
    report = stage.apply(pairs(40))
    line = stage.line
    assert report.exit_code == 0
    assert stage.writes() == 80
    assert line.backoffs >= 15
    assert line.most_in_flight >= 4
    assert line.hasty == []
    assert len(line.throttled) <= 7 * line.backoffs
    assert len(stage.questions()) == len(stage.answers()) == 40


def count_of(report: Report, state: ResultState) -> int:
    return sum(it.state is state for it in report.results)


def lost_at(*numbers: int) -> Breaks:
    """Lose the answers of these creates (from 0), which the server carries out."""
    count = itertools.count()

    def breaks(request: httpx.Request) -> bool:
        is_create = request.url.path.endswith("/add") and b"request_id" in request.content
        return is_create and next(count) in numbers

    return breaks


def test_at_the_end_of_the_quota_a_run_looks_up_its_own_writes_and_goes_on_a_day_later() -> None:
    """F42: 400 calls a day, 20 kept for looking; three answers are lost, two at the very end."""
    behaviour = Behaviour(quota_max=400)
    stage = LineStage(behaviour=behaviour, options=EIGHT, latency_s=(0.04, 0.12), api="2.3")
    stage.breaks = lost_at(100, 369, 370)
    wanted = pairs(300)
    first = stage.apply(wanted)
    assert first.exit_code == 10
    assert "kept for reads" in first.stopped_by
    assert first.resume.startswith("The same command goes on by 2026-01-06 09:")
    assert first.resume.endswith("UTC, in 86400 s.")
    assert count_of(first, ResultState.UNKNOWN) == 0
    written = len(stage.questions()) + len(stage.answers())
    assert count_of(first, ResultState.DONE) == written > 360
    assert len(stage.line.sent) <= 400
    assert stage.line.throttled == []
    stage.breaks = lambda _: False
    stage.clock.base += timedelta(days=1)
    assert stage.apply(wanted).exit_code == 0
    assert len(stage.questions()) == len(stage.answers()) == 300
    assert len(stage.by_title()) == 300


def test_a_day_that_ends_without_a_reserve_says_when_to_go_on_in_the_servers_words() -> None:
    """Nothing is kept of nine calls a day; the tenth is refused with the time that is left."""
    behaviour = Behaviour(quota_max=9)
    stage = LineStage(behaviour=behaviour, options=EIGHT, latency_s=(0.04, 0.12), api="2.3")
    wanted = pairs(5)
    first = stage.apply(wanted)
    assert first.exit_code == 10
    found = re.search(r"goes on by (.+) UTC, in (\d+) s", first.resume)
    assert found
    assert first.ended_at is not None
    told = datetime.fromisoformat(f"{found[1]}+00:00") - first.ended_at
    assert told.total_seconds() == pytest.approx(int(found[2]), abs=5)
    assert 86_390 <= int(found[2]) <= 86_401
    assert 0 < count_of(first, ResultState.DONE) < 10
    stage.behaviour = stage.world.behaviour = Behaviour()
    stage.clock.base += timedelta(days=1)
    assert stage.apply(wanted).exit_code == 0
    assert len(stage.questions()) == len(stage.answers()) == 5
