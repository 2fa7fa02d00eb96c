"""Real FAQs, converted and imported: one write per change, and nothing left to do."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from tests.acceptance.running import run, served_sandbox


@pytest.mark.parametrize(
    ("source", "questions"),
    [
        pytest.param("faq-30seconds/data/questions", 109, id="one file per question"),
        pytest.param("faq-reactjs-onefile/data/README.md", None, id="one big file"),
    ],
)
def test_a_faq_is_converted_and_imported_once(
    corpora: Path, tmp_path: Path, source: str, questions: int | None
) -> None:
    out = tmp_path / "faq"
    converted = run(
        "convert", "faq", corpora / source, "--out", out, "--namespace", "faq",
        "--tag", "faq", cwd=tmp_path,
    )  # fmt: skip
    assert converted.returncode == 0, converted.stderr
    assert run("validate", out, cwd=tmp_path).returncode == 0
    with served_sandbox(tmp_path) as sandbox:
        plan = run("plan", "--format", "json", out, cwd=tmp_path, env=sandbox.env("read_only"))
        changes = json.loads(plan.stdout)["changes"]
        created = [it for it in changes if it["verb"] == "create" and it["kind"] == "question"]
        assert questions is None or len(created) == questions
        applied = run("apply", "--yes", out, cwd=tmp_path, env=sandbox.env())
        assert applied.returncode == 0, applied.stderr
        writes = [it for it in sandbox.requests() if it["method"] == "POST" and not it["error_id"]]
        assert len([it for it in writes if it["status"] == 200]) == len(changes)
        before = len(sandbox.requests())
        again = run("plan", out, cwd=tmp_path, env=sandbox.env("read_only"))
        assert "No changes" in again.stdout
        reads = sandbox.requests()[before:]
        assert {it["method"] for it in reads} == {"GET"}
        assert len(reads) <= math.ceil(len(created) / 100) + 5
        assert len(sandbox.posts()) == sum(it["verb"] == "create" for it in changes)
