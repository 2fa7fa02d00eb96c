"""The journal on a git ref: each run on a fresh runner, in a clone of its own, as in CI."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest

from tests.acceptance.forking import Child, Deed, Ended, Forks, Ways
from tests.acceptance.running import run
from tests.acceptance.scene import TEAM, Grounds, Scene, points_of, spread
from tests.journal.repositories import Hub, git, made_hub
from tests.pictures import png

EVERYWHERE = bool(os.environ.get("KILL_EVERYWHERE"))
ITEMS = 4
KILLS = 4
REF = "refs/teams-importer/kill-acme"
LEASE_S = 1.5


@dataclass
class Runners(Scene):
    """Runs that share nothing but a repository: each begins in a folder of its own."""

    hub: Hub | None = None
    count: int = 0
    with_image: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        (self.folder / "a.png").write_bytes(png(1, 3000))

    def _question(self, number: int) -> dict[str, Any]:
        made = super()._question(number)
        if self.with_image and number == 0:
            made["body"] += " ![what it looks like](a.png)"
        return made

    def uploads(self) -> int:
        return sum(it.path.endswith("images/upload") for it in self.team.requests())

    @property
    def env(self) -> dict[str, str]:
        return {
            **self.team.env,
            "TEAMS_IMPORTER_JOURNAL": "git:",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_SYSTEM": os.devnull,
        }

    def fresh(self) -> Path:
        assert self.hub is not None
        self.count += 1
        self.folder = self.hub.clone(self.folder.parent / f"runner-{self.count}")
        self.__post_init__()
        return self.folder

    def start(self, *options: str, ways: Ways = Ways()) -> Child:  # noqa: B008 - frozen
        folder = self.fresh()
        command: list[str | Path] = ["apply", "--yes", "--settle", "0", *options, folder]
        return self.forks.start(command, folder, self.env, ways)

    def run(self, *command: str | Path) -> Ended:
        ended = self.forks.start(command, self.fresh(), self.env, Ways()).wait()
        self.said.append(ended.said)
        return ended

    @property
    def count_at(self) -> Path:
        assert self.hub is not None
        return self.hub.path / "count"

    def hook(self, name: str, script: str) -> None:
        """Have the hub call *script* at a push."""
        assert self.hub is not None
        path = self.hub.path / "hooks" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(script)
        path.chmod(0o755)

    def tip(self) -> str:
        assert self.hub is not None
        return self.hub.tip(REF)

    def lock(self) -> dict[str, str] | None:
        assert self.hub is not None
        if "lock.json" not in self.hub.files(REF):
            return None
        note: dict[str, str] = json.loads(self.hub.show("lock.json", REF))["document"]
        return note


Stages = Callable[[int], AbstractContextManager[Runners]]


@pytest.fixture
def stages(
    warm: Forks,
    ground: Grounds,
    tmp_path: Path,
    unhurried: None,  # noqa: ARG001 - the teams in this process don't mind how fast it goes
) -> Stages:
    @contextmanager
    def scene(items: int) -> Iterator[Runners]:
        with ground.team() as team:
            folder = Path(mkdtemp(dir=tmp_path))
            yield Runners(folder / "runner-0", team, warm, items, hub=made_hub(folder / "hub.git"))

    return scene


@pytest.fixture
def runners(stages: Stages) -> Iterator[Runners]:
    with stages(ITEMS) as scene:
        yield scene


def test_f01_fresh_runners_in_turn_the_first_killed_anywhere_leave_one_post_per_key(
    stages: Stages, tmp_path: Path
) -> None:
    """F01: with the second runner knowing nothing but the ref."""
    with stages(ITEMS) as scene:
        told = tmp_path / "told"
        assert scene.apply(ways=Ways(told=told)).code == 0, scene.said
        scene.is_whole()
        points = points_of(told)
    begun = points.index(("journal.begin.after", 1))
    chosen = points if EVERYWHERE else spread(points[begun:], KILLS)
    for at, nth in chosen:
        with stages(ITEMS) as scene:
            killed = scene.apply_with(Deed("kill", at, nth))
            assert killed.code == -9, f"{at} {nth}: {killed.said}"
            scene.goes_on()


HOOK = """#!/bin/sh
echo x >> {count}
[ $(wc -l < {count}) -eq {nth} ] || exit 0
read old new ref
lock=$(git show $new:lock.json 2>/dev/null || git show $old:lock.json)
kill -9 $(echo "$lock" | sed 's/.*"process":\\([0-9]*\\).*/\\1/')
exit 1
"""


@pytest.mark.parametrize(
    ("hook", "nth"),
    [
        pytest.param("pre-receive", 2, id="before what it announces arrived"),
        pytest.param("post-receive", 1, id="when it had opened the run"),
        pytest.param("post-receive", 2, id="when it had announced its writes"),
        pytest.param("post-receive", 3, id="when it had closed the run"),
    ],
)
def test_f01_a_kill_in_the_middle_of_a_push(runners: Runners, hook: str, nth: int) -> None:
    """F01: what arrived counts, though nobody was left to be told of it."""
    runners.hook(hook, HOOK.format(count=runners.count_at, nth=nth))
    killed = runners.apply()
    assert killed.code == -9, killed.said
    assert (runners.lock() is None) is (nth == 3)
    runners.goes_on()


def test_what_a_killed_runner_wrote_can_be_shown_and_taken_back_on_another(
    runners: Runners,
) -> None:
    """Seven of twelve writes were sent, and only what was foreseen had been pushed."""
    way = Ways((Deed("kill", "team.write.after", 7),))
    killed = runners.apply("--parallelism", "1", ways=way)
    assert killed.code == -9
    note = runners.lock()
    assert note is not None
    assert runners.team.writes() == 7
    seen = runners.run("runs")
    foreseen = len(runners.keys) + ITEMS + 1
    assert re.search(rf"{note['run']} .* killed .* {foreseen} unknown", seen.out), seen.said
    taken = runners.run("undo", note["run"], "--yes", "--settle", "0")
    assert taken.code == 0, taken.said
    assert runners.lock() is None
    assert runners.team.posts() == []
    shown = runners.run("journal", "show", "q1#a")
    assert re.search(r"create +1 +done .* found as answer/", shown.out), shown.said
    assert re.search(r"set accepted|accepted", shown.out), shown.said


def test_a_fresh_runner_knows_images_bases_and_what_was_deleted_on_the_site(
    runners: Runners,
) -> None:
    runners.with_image = True
    assert runners.apply().code == 0, runners.said
    assert runners.uploads() == 1
    runners.changes_nothing()
    assert runners.uploads() == 1

    told = runners.run("journal", "export")
    lines = [json.loads(line) for line in told.out.splitlines()]
    texts = {it["digest"] for it in lines if it["type"] == "text"}
    bodies = {it["base"]["body"]["ours"] for it in lines if "body" in it.get("base", {})}
    assert bodies
    assert bodies <= texts

    world = runners.team.world
    last = max(it.id for it in runners.team.posts() if it.accepted_id is not None)
    runners.team.ask(lambda: world.delete(world.user(TEAM, "Ada Berg"), last))
    writes = runners.team.writes()
    ended = runners.apply()
    assert ended.code == 11, ended.said
    assert "gone" in ended.out
    assert runners.team.writes() == writes


def test_a_second_runner_is_kept_out_until_the_lease_of_a_killed_one_is_over(
    runners: Runners,
) -> None:
    """F52: nobody can tell a killed run from one that is slow."""
    assert runners.apply_with(Deed("kill", "team.write.before", 3)).code == -9
    note = runners.lock()
    assert note is not None
    writes = runners.team.writes()
    second = run("apply", "--yes", runners.fresh(), cwd=runners.folder, env=runners.env)
    assert second.returncode == 8, second.stderr
    assert f"run {note['run']} (apply, started 20" in second.stderr
    assert f"process {note['process']} on {note['host']}" in second.stderr
    assert re.search(r"its lock is free in 2\d\d s", second.stderr)
    assert runners.team.writes() == writes
    planned = run("plan", runners.fresh(), cwd=runners.folder, env=runners.env)
    assert planned.returncode == 0, planned.stderr
    assert f"{note['run']}" in planned.stdout + planned.stderr
    runners.goes_on()


def test_what_a_killed_run_had_announced_is_looked_for_until_the_window_is_over(
    runners: Runners,
) -> None:
    assert runners.apply_with(Deed("kill", "journal.foresee.after", 1)).code == -9
    assert runners.team.writes() == 0
    began = time.monotonic()
    ended = runners.apply("--settle", "2")
    assert ended.code == 0, ended.said
    assert time.monotonic() - began >= 2.0
    runners.is_whole()
    shown = runners.run("journal", "show", "q0")
    assert re.search(r"create +1 +absent", shown.out), shown.said
    assert re.search(r"create +2 +done", shown.out), shown.said


def test_a_runner_that_is_stopped_by_a_signal_leaves_the_ref_closed(runners: Runners) -> None:
    stopped = runners.apply_with(Deed("term", "team.write.after", 4))
    assert stopped.code == 143, stopped.said
    assert runners.lock() is None
    seen = runners.run("runs")
    assert " 143 " in seen.out, seen.said
    runners.goes_on()


def test_f11_a_runner_asleep_for_longer_than_its_lease_wakes_up_and_sends_nothing(
    runners: Runners,
) -> None:
    """F11, with a real lease: another has begun and ended meanwhile."""
    way = Ways((Deed("stop", "team.write.before", 3),), lease_s=LEASE_S)
    asleep = runners.start("--parallelism", "1", ways=way)
    asleep.wait_for_stop()
    time.sleep(LEASE_S * 1.1)
    second = runners.apply(ways=Ways(lease_s=LEASE_S))
    assert second.code == 0, second.said
    runners.is_whole()
    writes, tip = runners.team.writes(), runners.tip()
    asleep.signal(signal.SIGCONT)
    woken = asleep.wait()
    assert woken.code == 8, woken.said
    assert "is no longer ours" in woken.said
    assert (runners.team.writes(), runners.tip()) == (writes, tip)
    runners.changes_nothing()


SIGNALLED = """#!/bin/sh
echo x >> {count}
[ $(wc -l < {count}) -eq {nth} ] || exit 0
read old new ref
lock=$(git show $new:lock.json 2>/dev/null || git show $old:lock.json)
process=$(echo "$lock" | sed 's/.*"process":\\([0-9]*\\).*/\\1/')
for again in {times}; do kill -INT $process; sleep 0.05; done
"""


@pytest.mark.parametrize(
    ("nth", "times"),
    [
        pytest.param(1, "1", id="opening"),
        pytest.param(1, "1 2", id="opening, twice"),
        pytest.param(2, "1 2", id="announcing, twice"),
        pytest.param(3, "1", id="closing"),
    ],
)
def test_a_signal_in_the_middle_of_a_push_leaves_the_ref_closed(
    runners: Runners, nth: int, times: str
) -> None:
    """The push is finished, and so is the run; only the writes are fewer."""
    runners.hook("pre-receive", SIGNALLED.format(count=runners.count_at, nth=nth, times=times))
    stopped = runners.apply()
    assert stopped.code in ((130,) if nth < 3 else (0, 130)), stopped.said
    assert "Traceback" not in stopped.said
    assert runners.lock() is None
    runners.goes_on()


def test_a_server_that_refuses_from_some_push_on_loses_nothing(runners: Runners) -> None:
    script = "#!/bin/sh\necho x >> {count}\n[ $(wc -l < {count}) -lt 3 ] && exit 0\n"
    refusal = "echo this ref is protected now >&2\nexit 1\n"
    runners.hook("pre-receive", (script + refusal).format(count=runners.count_at))
    refused = runners.apply()
    assert refused.code == 9, refused.said
    assert "this ref is protected now" in refused.err
    assert runners.lock() is not None
    runners.is_whole()
    runners.hook("pre-receive", "#!/bin/sh\n")
    runners.goes_on()


def test_a_ref_that_was_set_back_to_an_older_state_duplicates_nothing(runners: Runners) -> None:
    """F09: to what the first run had announced, and to nothing at all."""
    assert runners.apply().code == 0, runners.said
    assert runners.hub is not None
    commits = git("rev-list", "--reverse", REF, at=runners.hub.path).splitlines()
    assert len(commits) == 3
    git("update-ref", REF, commits[1], at=runners.hub.path)
    runners.goes_on()
    git("update-ref", "-d", REF, at=runners.hub.path)
    runners.goes_on()


def test_the_teams_token_is_in_no_object_and_no_setting(runners: Runners) -> None:
    assert runners.apply().code == 0, runners.said
    assert runners.hub is not None
    for place in (runners.hub.path, runners.folder / ".git"):
        listed = git("cat-file", "--batch-all-objects", "--batch-check", at=place).splitlines()
        names = "\n".join(it.split()[0] for it in listed if " tree " not in it)
        objects = git("cat-file", "--batch", at=place, given=names.encode())
        assert "is under way" in objects
        assert runners.team.tokens.read_write not in objects
        for file in (it for it in place.rglob("*") if it.is_file()):
            assert runners.team.tokens.read_write.encode() not in file.read_bytes()
