"""Signals to a real apply, at the boundaries between its calls and while an answer is due."""

from __future__ import annotations

import re
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.acceptance.forking import Child, Deed, Ways
from tests.acceptance.hostile import Call, nth_create, proxied
from tests.acceptance.scene import Grounds, Scene, Stage, points_of, spread
from tests.journal.postgres import Cluster, ask, served_cluster

CODES = {"int": 130, "term": 143}
FEW = 5
TERMINATE = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE application_name = 'teams-importer' AND datname = current_database()"""


def open_in(journal: Path) -> int:
    """Count the operations whose outcome the journal doesn't know."""
    with closing(sqlite3.connect(f"file:{journal}?mode=ro", uri=True)) as db:
        count: int = db.execute("SELECT count(*) FROM operations WHERE state='open'").fetchone()[0]
        return count


@pytest.fixture
def points(stage: Stage) -> list[tuple[str, int]]:
    with stage(FEW) as scene:
        told = scene.folder / "told"
        assert scene.apply(ways=Ways(told=told)).code == 0
        return points_of(told)


@pytest.mark.parametrize("sort", ["int", "term"])
def test_f10_a_signal_at_any_boundary_ends_cleanly_and_says_how_to_go_on(
    stage: Stage, points: list[tuple[str, int]], sort: str
) -> None:
    """F10: what is in flight is finished, so nothing is left to look up."""
    writing = points.index(("journal.unbind.before", 1))
    early, late = points[: writing - 2 : 4], spread(points[writing:-4], 5)
    for at, nth in early:
        with stage(FEW) as scene:
            ended = scene.apply_with(Deed(sort, at, nth))
            assert ended.code == CODES[sort], ended.said
            assert scene.team.writes() == 0
            scene.goes_on()
    for at, nth in late:
        with stage(FEW) as scene:
            ended = scene.apply_with(Deed(sort, at, nth))
            assert ended.code == CODES[sort], f"{at} {nth}: {ended.said}"
            assert open_in(scene.journal) == 0
            assert "stopping: what is under way is finished" in ended.err
            assert re.search(r"teams-importer apply --yes --settle 0 \S+", ended.out)
            scene.goes_on()


@pytest.mark.parametrize("sort", ["int", "term"])
def test_f10_a_second_signal_at_any_boundary_can_be_gone_on_from(
    stage: Stage, points: list[tuple[str, int]], sort: str
) -> None:
    """F10: it stops at once; what was open is looked up."""
    writing = points.index(("journal.intend.before", 1))
    for number in spread(range(writing, len(points) - 6), 4):
        with stage(FEW) as scene:
            twice = (Deed(sort, "*", number), Deed(sort, "*", number + 1))
            ended = scene.apply_with(*twice)
            assert ended.code == CODES[sort], ended.said
            scene.goes_on()


class Held:
    """A fault: the write takes effect, and its answer is held back."""

    def __init__(self) -> None:
        self.calls = 0

    async def __call__(self, call: Call) -> None:
        await call.deliver()
        self.calls += 1
        await call.writer.wait_closed()


@contextmanager
def run_that_waits(stage: Stage, ground: Grounds) -> Iterator[tuple[Scene, Child]]:
    """Start a run; go on when the answer to its fourth create is due."""
    held = Held()
    with (
        stage(FEW) as scene,
        proxied(ground, scene.team, nth_create(4), held) as proxy,
    ):
        scene.url = proxy.url
        child = scene.start()
        deadline = time.monotonic() + 30
        while not held.calls:
            assert child.is_running(0.01), child.said()
            assert time.monotonic() < deadline
        yield scene, child


@pytest.mark.parametrize("sort", ["int", "term"])
def test_f10_the_second_signal_does_not_wait_for_an_answer(
    stage: Stage, ground: Grounds, sort: str
) -> None:
    """F10: the first one does."""
    number = {"int": signal.SIGINT, "term": signal.SIGTERM}[sort]
    with run_that_waits(stage, ground) as (scene, child):
        child.signal(number)
        assert child.is_running(0.5)
        child.signal(number)
        began = time.monotonic()
        ended = child.wait()
        # The answer itself would be waited for a minute.
        assert time.monotonic() - began < 20
        assert ended.code == CODES[sort], ended.said
        assert "interrupted, at once; the next run looks up what is open" in ended.err
        assert open_in(scene.journal) == 1
        scene.goes_on()


def test_f10_a_kill_after_a_termination_that_took_too_long(stage: Stage, ground: Grounds) -> None:
    """F10: as a CI service does that has waited long enough."""
    with run_that_waits(stage, ground) as (scene, child):
        child.signal(signal.SIGTERM)
        assert child.is_running(0.5)
        child.signal(signal.SIGKILL)
        assert child.wait().code == -signal.SIGKILL
        assert open_in(scene.journal) == 1
        scene.goes_on()


@pytest.mark.parametrize("at", ["journal.intend.after", "team.write.before", "team.write.after"])
def test_f11_a_run_that_is_stopped_keeps_its_lock_and_goes_on(stage: Stage, at: str) -> None:
    """F11, F52: the lock of a file ends with its process, not with its patience."""
    with stage(FEW) as scene:
        child = scene.start(ways=Ways((Deed("stop", at, 5),)))
        child.wait_for_stop()
        second = scene.apply()
        assert second.code == 8, second.said
        assert f"process {child.pid} on " in second.err
        child.signal(signal.SIGCONT)
        ended = child.wait()
        assert ended.code == 0, ended.said
        scene.is_whole()
        scene.changes_nothing()


def test_f11_a_run_whose_lock_was_taken_away_while_it_was_stopped_sends_nothing(
    stage: Stage,
) -> None:
    """F11: as when a CI job empties the folder that another one still works in."""
    with stage(FEW) as scene:
        child = scene.start(
            "--parallelism", "1", ways=Ways((Deed("stop", "team.write.before", 2),))
        )
        child.wait_for_stop()
        for file in scene.journal.parent.iterdir():
            file.unlink()
        ended = scene.apply()
        assert ended.code == 0, ended.said
        scene.is_whole()
        posts = scene.team.posts()
        child.signal(signal.SIGCONT)
        ended = child.wait()
        assert ended.code == 8, ended.said
        assert "another run may hold it now" in ended.out
        assert scene.team.posts() == posts


@pytest.mark.parametrize("way", ["moved", "deleted"])
def test_f11_a_run_whose_journal_was_taken_away_while_it_was_stopped_sends_nothing(
    stage: Stage, way: str
) -> None:
    """F11: the lock is still in its place, and what the run records would be found by nobody."""
    with stage(FEW) as scene:
        child = scene.start(
            "--parallelism", "1", ways=Ways((Deed("stop", "team.write.before", 2),))
        )
        child.wait_for_stop()
        if way == "moved":
            scene.journal.rename(scene.folder / "elsewhere.db")
        else:
            scene.journal.unlink()
        posts = scene.team.posts()
        child.signal(signal.SIGCONT)
        ended = child.wait()
        assert ended.code == 9, ended.said
        assert "was moved or deleted while the run was under way" in ended.err
        assert "Put it back with the files beside it, or leave it" in ended.err
        assert "go on    teams-importer apply" in ended.out
        assert "Outcome unknown" not in ended.out
        assert scene.team.posts() == posts
        scene.goes_on()


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with served_cluster() as cluster:
        if cluster is None:
            pytest.skip("no PostgreSQL is installed, and TEAMS_IMPORTER_TEST_POSTGRES names none")
        yield cluster


def test_f11_a_run_whose_lease_was_lost_between_intent_and_send_sends_nothing(
    stage: Stage, cluster: Cluster
) -> None:
    """F11: another run has done all of it in the meantime; one more post would be a double."""
    with stage(FEW) as scene, cluster.database() as journal:
        env = {"TEAMS_IMPORTER_JOURNAL": journal}
        stop = Deed("stop", "journal.intend.after", 5)
        child = scene.start("--parallelism", "1", ways=Ways((stop,), env=env))
        child.wait_for_stop()
        ask(journal, TERMINATE)
        assert scene.apply(ways=Ways(env=env)).code == 0
        scene.is_whole()
        child.signal(signal.SIGCONT)
        ended = child.wait()
        assert ended.code == 8, ended.said
        assert "another run may hold it now" in ended.out
        scene.is_whole()
