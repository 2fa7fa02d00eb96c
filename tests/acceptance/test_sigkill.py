"""Killed at twenty random moments, and started again each time: one post per key, none missing."""

from __future__ import annotations

import random
import re
import subprocess
import time
from collections import Counter
from pathlib import Path

from tests.acceptance.running import environment, program, run, served_sandbox

KILLS = 20
QUESTIONS = 50
_MARKER = re.compile(r"teams-importer:1 (\S+)")


def write_manifest(folder: Path) -> list[str]:
    """Write a manifest of 100 items and return their full keys."""
    keys = []
    lines = ["version: 1", "namespace: kill", "questions:"]
    for number in range(QUESTIONS):
        linked = (number + 7) % QUESTIONS
        lines += [
            f"  - key: q{number}",
            f"    title: What becomes of question number {number}?",
            "    tags: [testing]",
            f"    body: It leads to [another](key:q{linked}) question of this manifest.",
            f"    answer: The answer to question {number}, which is long enough to be one.",
        ]
        keys += [f"kill:q{number}", f"kill:q{number}#answer"]
    (folder / "teams-importer.yaml").write_text("\n".join(lines) + "\n")
    return keys


def test_twenty_kills_leave_one_post_per_key(tmp_path: Path) -> None:
    keys = write_manifest(tmp_path)
    chance = random.Random(20)
    apply = ("apply", "--yes", "--settle", "0", tmp_path)
    with served_sandbox(tmp_path) as sandbox:
        for _ in range(KILLS):
            process = subprocess.Popen(
                program(*apply),
                cwd=tmp_path,
                env=environment(**sandbox.env()),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                stdin=subprocess.DEVNULL,
            )
            time.sleep(chance.uniform(0.7, 1.7))
            process.kill()
            process.wait()
        last = run(*apply, cwd=tmp_path, env=sandbox.env())
        assert last.returncode == 0, last.stderr
        found = Counter(_MARKER.findall("\n".join(it["body_markdown"] for it in sandbox.posts())))
        assert found == Counter(keys)
        planned = run("plan", tmp_path, cwd=tmp_path, env=sandbox.env("read_only"))
        assert "No changes" in planned.stdout
