"""The same inputs give the same bytes, whatever the order of files, the locale or the hash seed."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import pytest

from importer.sandbox import open_world
from tests.acceptance.running import run
from tests.conftest import ROOT

HANDBOOK = ROOT / "examples" / "handbook"
SETTINGS = [
    {"PYTHONHASHSEED": "1", "LC_ALL": "C", "TZ": "UTC"},
    {"PYTHONHASHSEED": "2", "LC_ALL": "C.UTF-8", "TZ": "Asia/Tokyo"},
    {"PYTHONHASHSEED": "3", "LANG": "de_DE.UTF-8", "TZ": "America/Lima"},
]


@pytest.fixture(scope="module")
def lived_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A team that holds the handbook, edited on the site since."""
    folder = tmp_path_factory.mktemp("team")
    shutil.copytree(HANDBOOK, folder / "handbook")
    team = folder / "team.db"
    done = run("apply", "handbook", "--yes", "--url", f"sandbox:{team}", cwd=folder)
    assert done.returncode == 0, done.stderr
    world = open_world(team)
    bo = world.user("acme", "Björn Öst")
    for post in (*world.questions("acme")[::3], *world.answers("acme")[::3]):
        world.edit(
            bo, post.id, body=f"Seen by Björn.\n\n{post.body}", tags=["seen", *post.tags[:4]]
        )
    for question in world.questions("acme")[1::8]:
        world.delete(world.user("acme", "Chidi Okafor"), question.id)
    world.close()
    return team


@pytest.mark.parametrize("team", ["empty", "lived in"])
def test_plans_are_the_same_bytes(
    tmp_path: Path, request: pytest.FixtureRequest, team: str
) -> None:
    url = f"sandbox:{request.getfixturevalue('lived_in')}" if team == "lived in" else "sandbox:"
    plans = []
    for seed, env in enumerate(SETTINGS):
        folder = tmp_path / str(seed) / "handbook"
        _copy_in_another_order(folder, seed)
        planned = run("plan", "--url", url, "--format", "json", ".", cwd=folder, env=env)
        assert planned.returncode == 0, planned.stderr
        plans.append(planned.stdout)
    assert plans[0] == plans[1] == plans[2]
    assert bool(json.loads(plans[0])["drift"]) is (team == "lived in")


def _copy_in_another_order(folder: Path, seed: int) -> None:
    files = sorted(path for path in HANDBOOK.rglob("*") if path.is_file())
    random.Random(seed).shuffle(files)
    for path in files:
        target = folder / path.relative_to(HANDBOOK)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
