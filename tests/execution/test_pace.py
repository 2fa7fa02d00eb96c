"""How fast an apply is beside what the server allows, and that it allows all of it.

Virtual time, the sandbox's own limiter (30 requests in any second, or a ban), and a line with
latency. The bound for N writes is N/30 s (API v2.3, documented: 30 requests a second and address).
"""

from __future__ import annotations

import pytest

from importer.execution import RunOptions
from importer.model.manifest import Manifest
from importer.model.report import Report
from importer.sandbox import Behaviour
from tests.pacing import LineStage, most_within
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
