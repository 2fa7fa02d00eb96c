"""The same inputs give the same bytes, whatever the order of files, the locale or the hash seed."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

from tests.acceptance.running import run
from tests.conftest import ROOT

HANDBOOK = ROOT / "examples" / "handbook"


def test_two_plans_are_the_same_bytes(tmp_path: Path) -> None:
    settings = [
        {"PYTHONHASHSEED": "1", "LC_ALL": "C", "TZ": "UTC"},
        {"PYTHONHASHSEED": "2", "LC_ALL": "C.UTF-8", "TZ": "Asia/Tokyo"},
        {"PYTHONHASHSEED": "3", "LANG": "de_DE.UTF-8", "TZ": "America/Lima"},
    ]
    plans = []
    for seed, env in enumerate(settings):
        folder = tmp_path / str(seed) / "handbook"
        _copy_in_another_order(folder, seed)
        command = ("plan", "--url", "sandbox:", "--format", "json", ".")
        planned = run(*command, cwd=folder, env=env)
        assert planned.returncode == 0, planned.stderr
        plans.append(planned.stdout)
    assert plans[0] == plans[1] == plans[2]


def _copy_in_another_order(folder: Path, seed: int) -> None:
    files = sorted(path for path in HANDBOOK.rglob("*") if path.is_file())
    random.Random(seed).shuffle(files)
    for path in files:
        target = folder / path.relative_to(HANDBOOK)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
