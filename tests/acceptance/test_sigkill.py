"""Killed at twenty random moments, and started again each time: one post per key, none missing."""

from __future__ import annotations

import random
import re
import subprocess
import time
from collections import Counter
from pathlib import Path

from tests.acceptance.running import Sandbox, environment, program, run, served_sandbox

KILLS = 20
QUESTIONS = 50
REQUESTS = (2, 16)
"""How many requests a run may make before its end is drawn near: check, reading, writing."""
REQUEST_S = 0.05
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


def kill_on_the_way(
    command: tuple[str | Path, ...], sandbox: Sandbox, cwd: Path, chance: random.Random
) -> None:
    """Start *command*, and kill it a random moment after a random number of its requests."""
    seen = len(sandbox.requests())
    with subprocess.Popen(
        program(*command),
        cwd=cwd,
        env=environment(**sandbox.env()),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
    ) as process:
        try:
            wanted = seen + chance.randint(*REQUESTS)
            deadline = time.monotonic() + 60
            while len(sandbox.requests()) < wanted and time.monotonic() < deadline:
                time.sleep(0.003)
            time.sleep(chance.uniform(0, REQUEST_S))
            assert process.poll() is None, "a run that has ended can't be killed any more"
        finally:
            process.kill()


def test_twenty_kills_leave_one_post_per_key(tmp_path: Path) -> None:
    keys = write_manifest(tmp_path)
    chance = random.Random(20)
    apply = ("apply", "--yes", "--settle", "0", tmp_path)
    with served_sandbox(tmp_path) as sandbox:
        for _ in range(KILLS):
            kill_on_the_way(apply, sandbox, tmp_path, chance)
        found = len(keys_in(sandbox))
        assert len(keys) / 5 < found < len(keys), "killed while they wrote, and before the end"
        last = run(*apply, cwd=tmp_path, env=sandbox.env())
        assert last.returncode == 0, last.stderr
        assert Counter(keys_in(sandbox)) == Counter(keys)
        planned = run("plan", tmp_path, cwd=tmp_path, env=sandbox.env("read_only"))
        assert "No changes" in planned.stdout


def keys_in(sandbox: Sandbox) -> list[str]:
    return _MARKER.findall("\n".join(it["body_markdown"] for it in sandbox.posts()))
