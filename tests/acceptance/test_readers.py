"""Exports of every kind, from file to site: one write per change, and nothing left to do."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.acceptance.running import run, served_sandbox
from tests.conftest import ROOT
from tests.sources.test_discourse import EXPORT as DISCOURSE
from tests.sources.test_zendesk import EXPORT as ZENDESK


def imported_once(folder: Path, reader: str, source: Path, *, pages: int) -> dict[str, str]:
    """Convert, validate, plan, apply and plan again; return the fates of the pages by title."""
    out = folder / "out"
    converted = run(
        "convert", reader, source, "--out", out, "--namespace", "wiki", "--format", "json",
        cwd=folder,
    )  # fmt: skip
    assert converted.returncode == 0, converted.stderr
    document = json.loads(converted.stdout)
    assert document["tally"]["pages"] == len(document["pages"]) == pages
    checked = run("validate", out, cwd=folder)
    assert checked.returncode == 0, checked.stderr
    with served_sandbox(folder) as sandbox:
        env = sandbox.env()
        plan = run("plan", "--format", "json", out, cwd=folder, env=sandbox.env("read_only"))
        assert json.loads(plan.stdout)["changes"], plan.stderr
        applied = run("apply", "--yes", out, cwd=folder, env=env)
        assert applied.returncode == 0, applied.stdout + applied.stderr
        before = len(sandbox.requests())
        again = run("plan", out, cwd=folder, env=sandbox.env("read_only"))
        assert "No changes" in again.stdout, again.stdout
        assert {it["method"] for it in sandbox.requests()[before:]} == {"GET"}
    return {it["title"]: it["fate"] for it in document["pages"]}


@pytest.mark.parametrize(
    ("reader", "source", "pages"),
    [
        pytest.param("auto", "notion-html-testspace/data/notion-testspace.zip", 5, id="notion"),
        pytest.param("notion", "notion-html-testspace/data/database-row.html", 1, id="notion row"),
    ],
)
def test_a_corpus_is_imported_once(
    corpora: Path, tmp_path: Path, reader: str, source: str, pages: int
) -> None:
    imported_once(tmp_path, reader, corpora / source, pages=pages)


def test_the_generic_format_is_imported_once(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "generic-json.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```json\n(.*?)```", text, re.DOTALL)
    (tmp_path / "pages.json").write_text(example, encoding="utf-8")
    fates = imported_once(tmp_path, "auto", tmp_path / "pages.json", pages=3)
    assert list(fates.values()) == ["migrated", "migrated", "merged"]


def test_a_help_centre_is_imported_once(tmp_path: Path) -> None:
    (tmp_path / "help").mkdir()
    for name, document in ZENDESK.items():
        (tmp_path / "help" / name).write_text(json.dumps(document))
    fates = imported_once(tmp_path, "auto", tmp_path / "help", pages=10)
    assert list(fates.values()).count("migrated") == 6


def test_a_forum_is_imported_once(tmp_path: Path) -> None:
    (tmp_path / "forum" / "t").mkdir(parents=True)
    for name, document in DISCOURSE.items():
        (tmp_path / "forum" / name).write_text(json.dumps(document))
    fates = imported_once(tmp_path, "auto", tmp_path / "forum", pages=6)
    assert list(fates.values()).count("migrated") == 3
