"""Two runners and one journal in PostgreSQL: one at a time, and one post per key whatever ends."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.acceptance.running import Sandbox, environment, program, run, served_sandbox
from tests.acceptance.test_sigkill import write_manifest
from tests.journal.postgres import Cluster, ask, served_cluster

_MARKER = re.compile(r"teams-importer:1 (\S+)")
_SECONDS = 60
TERMINATE = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE application_name = 'teams-importer' AND datname = current_database()"""


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with served_cluster() as cluster:
        if cluster is None:
            pytest.skip("no PostgreSQL is installed, and TEAMS_IMPORTER_TEST_POSTGRES names none")
        yield cluster


@dataclass(frozen=True)
class Scene:
    """A manifest, a team without a post, and an empty database for the journal."""

    folder: Path
    keys: list[str]
    sandbox: Sandbox
    journal: str

    @property
    def env(self) -> dict[str, str]:
        return {**self.sandbox.env(), "TEAMS_IMPORTER_JOURNAL": self.journal}

    def apply(self, *options: str) -> subprocess.CompletedProcess[str]:
        return run(*self._apply(*options), cwd=self.folder, env=self.env)

    @contextmanager
    def stopped_run(self) -> Iterator[subprocess.Popen[str]]:
        """Start a run, and stop it (SIGSTOP) when it has written a few posts."""
        with subprocess.Popen(
            program(*self._apply()),
            cwd=self.folder,
            env=environment(**self.env),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
        ) as process:
            try:
                wait_until(lambda: self.writes() >= 5)
                os.kill(process.pid, signal.SIGSTOP)
                self._wait_for_what_is_on_its_way()
                yield process
            finally:
                process.kill()

    def _apply(self, *options: str) -> tuple[str | Path, ...]:
        return ("apply", "--yes", "--settle", "0", *options, self.folder)

    def writes(self) -> int:
        """Count the writes that took effect; a run's first check sends one that can't."""
        return sum(it["method"] == "POST" and it["status"] == 200 for it in self.sandbox.requests())

    def _wait_for_what_is_on_its_way(self) -> None:
        before = -1
        while before != self.writes():
            before = self.writes()
            time.sleep(0.5)

    def operations(self) -> int:
        ((count,),) = ask(self.journal, "SELECT count(*) FROM teams_importer.operations")
        assert isinstance(count, int)
        return count

    def holder(self) -> str:
        ((note,),) = ask(self.journal, "SELECT note FROM teams_importer.holders")
        found = re.search(r'"run": "([^"]+)"', str(note))
        assert found is not None
        return found[1]

    def posts(self) -> Counter[str]:
        texts = (it["body_markdown"] for it in self.sandbox.posts())
        return Counter(_MARKER.findall("\n".join(texts)))


def wait_until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _SECONDS
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture
def scene(cluster: Cluster, tmp_path: Path) -> Iterator[Scene]:
    keys = write_manifest(tmp_path)
    with served_sandbox(tmp_path) as sandbox, cluster.database() as journal:
        sandbox.log.touch()
        yield Scene(tmp_path, keys, sandbox, journal)


def test_the_second_run_is_told_of_the_first_and_follows_when_that_is_killed(scene: Scene) -> None:
    """F52."""
    with scene.stopped_run() as first:
        before = scene.writes()
        second = scene.apply()
        assert second.returncode == 8, second.stderr
        assert f"run {scene.holder()} (apply, started 20" in second.stderr
        assert f"process {first.pid} on " in second.stderr
        assert scene.writes() == before
        planned = run("plan", scene.folder, cwd=scene.folder, env=scene.env)
        assert planned.returncode == 0, planned.stderr
        first.kill()
        first.wait()
        third = scene.apply()
        assert third.returncode == 0, third.stderr
    assert scene.posts() == Counter(scene.keys)
    again = scene.apply()
    assert again.returncode == 0, again.stderr
    assert scene.posts() == Counter(scene.keys)


def test_a_run_that_waits_goes_on_when_the_first_is_killed(scene: Scene) -> None:
    with scene.stopped_run() as first, ThreadPoolExecutor(1) as beside:
        waiting = beside.submit(scene.apply, "--wait")
        time.sleep(2.5)
        assert not waiting.done()
        first.kill()
        first.wait()
        second = waiting.result(_SECONDS)
        assert second.returncode == 0, second.stderr
    assert scene.posts() == Counter(scene.keys)


def test_a_run_whose_connection_is_lost_sends_nothing_more_and_the_next_goes_on(
    scene: Scene,
) -> None:
    with scene.stopped_run() as first:
        ask(scene.journal, TERMINATE)
        sent, intended = scene.writes(), scene.operations()
        os.kill(first.pid, signal.SIGCONT)
        said = "".join(first.communicate(timeout=_SECONDS))
        assert first.returncode == 8, said
        assert "another run may hold it now" in said
        assert scene.operations() == intended
        # At most what had passed its last check when it was stopped.
        assert sent <= scene.writes() <= min(intended, sent + 1)
    after = scene.apply()
    assert after.returncode == 0, after.stderr
    assert scene.posts() == Counter(scene.keys)


def test_what_was_done_can_be_looked_up_and_no_password_is_shown(scene: Scene) -> None:
    done = scene.apply("--limit", "2")
    assert done.returncode == 0, done.stderr
    shown = [
        run(*what, cwd=scene.folder, env=scene.env)
        for what in (("runs",), ("journal", "show", "q0"), ("doctor",), ("plan", "--debug"))
    ]
    assert [it.returncode for it in shown] == [0, 0, 0, 0], shown
    assert " apply " in shown[0].stdout
    assert "question/1" in shown[1].stdout
    assert "posts known" in shown[2].stdout
    head = scene.journal.rpartition("@")[0]
    for said in (done, *shown):
        assert head.rpartition(":")[2] not in said.stdout + said.stderr
        assert "a word/with" not in said.stdout + said.stderr


def test_a_password_on_the_command_line_is_refused_and_one_beside_it_taken(scene: Scene) -> None:
    head, _, address = scene.journal.rpartition("@")
    user, _, password = head.partition("//")[2].partition(":")
    refused = run("runs", "--journal", scene.journal, cwd=scene.folder, env=scene.sandbox.env())
    assert refused.returncode == 64
    assert "PGPASSWORD" in refused.stderr
    assert password not in refused.stderr
    wrong = run(
        *("runs", "--journal", f"postgresql://{user}@{address}"),
        cwd=scene.folder,
        env={**scene.sandbox.env(), "PGPASSWORD": "wrong-password"},
    )
    assert wrong.returncode == 9
    assert "wrong-password" not in wrong.stderr
    taken = run(
        *("runs", "--journal", f"postgresql://{user}@{address}"),
        cwd=scene.folder,
        env={**scene.sandbox.env(), "PGPASSWORD": "a word/with @ signs"},
    )
    assert taken.returncode == 0, taken.stderr
