"""The journal on a git ref: each run on a fresh runner, in a clone of its own, as in CI."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

import pytest

from tests.acceptance.forking import Child, Deed, Ended, Forks, Ways
from tests.acceptance.scene import Grounds, Scene, points_of, spread
from tests.journal.repositories import Hub, made_hub

EVERYWHERE = bool(os.environ.get("KILL_EVERYWHERE"))
ITEMS = 4
KILLS = 6
REF = "refs/teams-importer/kill-acme"


@dataclass
class Runners(Scene):
    """Runs that share nothing but a repository: each begins in a folder of its own."""

    hub: Hub | None = None
    count: int = 0

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
