"""Public wikis, converted and imported: nothing lost unseen, and nothing left to do."""

from __future__ import annotations

import json
import math
from collections import Counter
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
    """Converted, verified, converted again, by way of its own map file; applied, and planned."""
    asked = ("convert", reader, corpora / source, "--address", address, "--namespace", "wiki")
    made = run(*asked, "--out", "out", "--verify", "--report", "pages.csv", "--format", "json",
               cwd=tmp_path)  # fmt: skip
    assert made.returncode == 0, made.stderr
    document = json.loads(made.stdout)
    assert document["tally"]["pages"] == len(document["pages"]) == pages
    counted = sum((Counter(it["images"]) for it in document["pages"]), Counter[str]())
    assert counted == images
    assert not any(it["unreported"] for it in document["fidelity"]["constructs"])
    assert run("validate", "out", cwd=tmp_path).returncode == 0
    again = run("convert", reader, corpora / source, "--out", "out", "--check", cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    mapped = run(*asked, "--out", "mapped", "--map", "pages.csv", "--report", "mapped.csv",
                 cwd=tmp_path)  # fmt: skip
    assert mapped.returncode == 0, mapped.stderr
    assert tree(tmp_path / "mapped") == tree(tmp_path / "out")
    assert (tmp_path / "mapped.csv").read_bytes() == (tmp_path / "pages.csv").read_bytes()
    site = ("out", "--url", "sandbox:team.db")
    applied = run("apply", *site, "--yes", cwd=tmp_path)
    assert applied.returncode == 0, applied.stdout + applied.stderr
    planned = run("plan", *site, "--detailed-exitcode", cwd=tmp_path)
    assert planned.returncode == 0, planned.stdout
