"""Public wikis, converted and imported: nothing lost unseen, and nothing left to do."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import pytest

from importer.sandbox import Post, World
from tests.cli.stage import Program, serving


def tree(folder: Path) -> dict[str, bytes]:
    """Return what is in a manifest's folder, but for what says how it came about."""
    found = (path for path in folder.rglob("*") if path.is_file() and path.name[0] != ".")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


@pytest.mark.usefixtures("unhurried")
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
    cli: Program,
    home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    reader: str,
    source: str,
    address: str,
    pages: int,
    images: dict[str, int],
) -> None:
    """Converted, converted again, by way of its own map file; applied, and planned."""
    asked = ("convert", reader, corpora / source, "--address", address, "--namespace", "wiki")
    made = cli(*asked, "--out", "out", "--report", "pages.csv", "--format", "json")
    assert made.code == 0, made.err
    document = made.document
    assert document["tally"]["pages"] == len(document["pages"]) == pages
    counted = sum((Counter(it["images"]) for it in document["pages"]), Counter[str]())
    assert counted == images
    assert cli("validate", "out").code == 0
    again = cli("convert", reader, corpora / source, "--out", "out", "--check")
    assert again.code == 0, again.err
    mapped = cli(*asked, "--out", "mapped", "--map", "pages.csv", "--report", "mapped.csv")
    assert mapped.code == 0, mapped.err
    assert tree(home / "mapped") == tree(home / "out")
    assert (home / "mapped.csv").read_bytes() == (home / "pages.csv").read_bytes()
    with serving(tmp_path) as served:

        def use(token: str) -> None:
            for name, value in served.env(token).items():
                monkeypatch.setenv(name, value)

        use("read_only")
        changes = cli("plan", "--format", "json", "out").document["changes"]
        use("read_write")
        applied = cli("apply", "--yes", "out")
        assert applied.code == 0, applied.out + applied.err
        sent = served.requests()
        written = [it for it in sent if it["method"] != "GET" and it["status"] < 300]
        assert len(written) == len(changes)
        created = Counter(it["kind"] for it in changes if it["verb"] == "create")
        assert len(served.ask(posts)) == created["question"] + created["answer"]
        use("read_only")
        again = cli("plan", "out", "--detailed-exitcode")
        assert again.code == 0, again.out
        assert "No changes" in again.out
        reads = served.requests()[len(sent) :]
    assert {it["method"] for it in reads} == {"GET"}
    assert len(reads) <= 2 * math.ceil(created.total() / 100) + 7, len(reads)


def posts(world: World) -> list[Post]:
    return [*world.questions("acme"), *world.answers("acme")]
