"""Public wikis, converted and imported: nothing lost unseen, and nothing left to do."""

from __future__ import annotations

import json
import math
from collections import Counter
from pathlib import Path

import pytest

from tests.acceptance.running import run, served_sandbox


def tree(folder: Path) -> dict[str, bytes]:
    """Return what is in a manifest's folder, but for what says how it came about."""
    found = (path for path in folder.rglob("*") if path.is_file() and path.name[0] != ".")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


@pytest.mark.parametrize(
    ("reader", "source", "address", "pages", "images"),
    [
        pytest.param("confluence", "confluence-storage-md2conf/data/target", "", 33,
                     {"found": 13, "remote": 5, "missing": 8}, id="storage format"),
        pytest.param("faq", "faq-30seconds/data/questions", "", 109,
                     {"found": 2, "remote": 2}, id="faq of many files"),
        pytest.param("faq", "faq-reactjs-onefile/data", "", 416,
                     {"found": 8, "missing": 8}, id="faq of one file"),
        pytest.param("auto", "githubwiki-typescript/data",
                     "https://github.com/microsoft/TypeScript/wiki", 78,
                     {"found": 17, "remote": 15, "missing": 2}, id="GitHub wiki"),
        pytest.param("mediawiki", "mediawiki-bips/data", "", 64,
                     {"found": 11, "missing": 11}, id="wikitext"),
        pytest.param("auto", "notion-html-testspace/data/notion-testspace.zip", "", 5,
                     {"found": 6, "copied": 5, "remote": 1}, id="Notion"),
        pytest.param("notion", "notion-html-testspace/data/database-row.html", "", 1,
                     {}, id="a row of Notion's"),
        pytest.param("so4t-csv", "so4t-csv-templates/data", "", 8, {}, id="CSV"),
        pytest.param("stackexchange", "stackexchange-french-meta/data",
                     "https://french.meta.stackexchange.com", 294,
                     {"found": 57, "remote": 57}, id="data dump"),
    ],
)  # fmt: skip
def test_every_corpus_moves_whole_and_comes_to_rest(
    corpora: Path,
    tmp_path: Path,
    reader: str,
    source: str,
    address: str,
    pages: int,
    images: dict[str, int],
) -> None:
    """Converted, converted again, by way of its own map file; applied, and planned."""
    asked = ("convert", reader, corpora / source, "--address", address, "--namespace", "wiki")
    made = run(*asked, "--out", "out", "--report", "pages.csv", "--format", "json",
               cwd=tmp_path)  # fmt: skip
    assert made.returncode == 0, made.stderr
    document = json.loads(made.stdout)
    assert document["tally"]["pages"] == len(document["pages"]) == pages
    counted = sum((Counter(it["images"]) for it in document["pages"]), Counter[str]())
    assert counted == images
    assert run("validate", "out", cwd=tmp_path).returncode == 0
    again = run("convert", reader, corpora / source, "--out", "out", "--check", cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    mapped = run(*asked, "--out", "mapped", "--map", "pages.csv", "--report", "mapped.csv",
                 cwd=tmp_path)  # fmt: skip
    assert mapped.returncode == 0, mapped.stderr
    assert tree(tmp_path / "mapped") == tree(tmp_path / "out")
    assert (tmp_path / "mapped.csv").read_bytes() == (tmp_path / "pages.csv").read_bytes()
    with served_sandbox(tmp_path) as sandbox:
        plan = run("plan", "--format", "json", "out", cwd=tmp_path, env=sandbox.env("read_only"))
        changes = json.loads(plan.stdout)["changes"]
        applied = run("apply", "--yes", "out", cwd=tmp_path, env=sandbox.env())
        assert applied.returncode == 0, applied.stdout + applied.stderr
        asked_for = sandbox.requests()
        assert len([it for it in asked_for if it["method"] != "GET" and it["status"] < 300]) == len(
            changes
        )
        created = Counter(it["kind"] for it in changes if it["verb"] == "create")
        assert len(sandbox.posts()) == created["question"] + created["answer"]
        again = run(
            "plan", "out", "--detailed-exitcode", cwd=tmp_path, env=sandbox.env("read_only")
        )
        assert again.returncode == 0, again.stdout
        assert "No changes" in again.stdout
        reads = sandbox.requests()[len(asked_for) :]
    assert {it["method"] for it in reads} == {"GET"}
    assert len(reads) <= 2 * math.ceil(created.total() / 100) + 7, len(reads)
