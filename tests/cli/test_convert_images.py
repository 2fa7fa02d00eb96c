"""Images of a wiki, from its export to the site: copied, uploaded once, and at rest after it."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from tests.cli.stage import Program, serving
from tests.pictures import GIF, JPEG, SVG, png

TEXT = "This is a text of more than thirty characters as a post must have."
PAGES = {
    "Home.md": f"# The way to get in\n\n{TEXT}\n\n![flow](img/flow.png) ![gone](img/gone.png)"
    " [![out](img/flow.png)](ops/Out.md)\n",
    "ops/Out.md": f"# The way to get out\n\n{TEXT}\n\n[![flow](img/flow.png)](img/flow.png)\n",
    "ops/deep/Up.md": f"# The way to get up\n\n{TEXT}\n\n![same](../../img/flow.png) [s](s.svg)\n",
    "ops/deep/Far.md": f"# The way to get far\n\n{TEXT}\n\n![x](https://i.example/x.png)\n",
}
FILES = {
    "img/flow.png": png(1),
    "ops/img/flow.png": JPEG,
    "ops/deep/s.svg": SVG,
    "unused.gif": GIF,
}


@pytest.fixture
def wiki(home: Path) -> Path:
    for name, content in {**{k: v.encode() for k, v in PAGES.items()}, **FILES}.items():
        path = home / "wiki" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return home / "wiki"


def test_images_of_a_wiki_are_copied_uploaded_and_at_rest(
    cli: Program, wiki: Path, home: Path, tmp_path: Path
) -> None:
    done = cli("convert", "markdown", wiki, "--out", "o", "--namespace", "w", "--format", "json")
    assert done.code == 0, done.err
    assert "images: 6 shown, 4 copied, 1 elsewhere, 1 missing" in done.err
    assert {it["path"]: it["images"]["copied"] for it in done.document["pages"]} == {
        "Home.md": 2, "ops/Out.md": 1, "ops/deep/Far.md": 0, "ops/deep/Up.md": 1,
    }  # fmt: skip
    found = sorted(path.relative_to(home / "o").as_posix() for path in (home / "o").rglob("*.*g"))
    assert found == ["assets/flow.jpg", "assets/flow.png"]
    assert (home / "o/assets/flow.png").read_bytes() == png(1)
    assert cli("validate", "o").code == 0
    with serving(tmp_path) as served, pytest.MonkeyPatch.context() as patch:
        for name, value in served.env().items():
            patch.setenv(name, value)
        applied = cli("apply", "o", "--yes", "--settle", "0", "--api", "3")
        assert applied.code == 0, applied.out + applied.err
        sent = [it for it in served.requests() if it["path"].endswith("images/upload")]
        assert len(sent) == 2
        for journal in ("o/.teams-importer/j.db", "elsewhere/j.db"):
            (home / journal).parent.mkdir(exist_ok=True)
            again = cli("plan", "o", "--journal", journal, "--detailed-exitcode", "--api", "3")
            assert (again.code, "No changes." in again.out) == (0, True), again.out


def test_files_that_are_no_images_are_listed_or_copied(
    cli: Program, wiki: Path, home: Path
) -> None:
    listed = cli("convert", "markdown", wiki, "--out", "a", "--namespace", "w")
    assert listed.code == 0
    report = (home / "a/conversion-report.md").read_text()
    assert "ops/deep/s.svg" in report
    assert "unused.gif" in report
    assert not (home / "a/assets/s.svg").exists()
    copied = cli(
        "convert", "markdown", wiki, "--out", "b", "--namespace", "w", "--attachments", "copy"
    )
    assert copied.code == 0
    assert (home / "b/assets/s.svg").read_bytes() == SVG
    assert cli("validate", "b").code == 0
    wrong = cli("convert", "markdown", wiki, "--out", "c", "--namespace", "w", "--attachments", "x")
    assert wrong.code == 64


def test_a_damaged_image_in_a_zip_stops_nothing(cli: Program, home: Path) -> None:
    with zipfile.ZipFile(home / "wiki.zip", "w") as archive:
        archive.writestr("Home.md", f"# The way to get in\n\n{TEXT}\n\n![a](a.png) ![b](b.png)\n")
        archive.writestr("a.png", png(1, 2_000))
        archive.writestr("b.png", png(2))
    whole = bytearray((home / "wiki.zip").read_bytes())
    at = whole.index(png(1)[:30]) + 60
    whole[at] ^= 0xFF
    (home / "wiki.zip").write_bytes(whole)
    done = cli(
        "convert", "markdown", "wiki.zip", "--out", "o", "--namespace", "w", "--format", "json"
    )
    assert done.code == 0, done.err
    (page,) = done.document["pages"]
    assert page["images"] == {
        "found": 2, "copied": 1, "remote": 0, "missing": 0, "too_large": 0, "unfit": 1,
    }  # fmt: skip
    (why,) = (it["why"] for it in done.document["losses"] if it["kind"] == "image")
    assert why.startswith("it can't be read: ")
    assert [path.name for path in (home / "o/assets").iterdir()] == ["b.png"]


def test_converting_twice_gives_the_same_bytes(cli: Program, wiki: Path, home: Path) -> None:
    made = []
    for out in ("one", "two"):
        assert cli("convert", "markdown", wiki, "--out", out, "--namespace", "w").code == 0
        files = sorted(path for path in (home / out).rglob("*") if path.is_file())
        made.append({path.relative_to(home / out): path.read_bytes() for path in files})
    assert made[0] == made[1]
    assert json.dumps(sorted(map(str, made[0]))).count("assets/") == 2


XHTML = f'<p>{TEXT} <ac:image><ri:attachment ri:filename="a b.png"/></ac:image></p>'
HTML = (
    '<html><title>S : The way to get in</title><body><div id="main-content">'
    f'<p>{TEXT} <img src="attachments/10/50.png"></p></div></body></html>'
)
DUMP = (
    "<mediawiki><page><title>The way to get in</title><ns>0</ns><revision><text>"
    f"{TEXT} [[File:a b.png|thumb|A caption]]</text></revision></page></mediawiki>"
)


@pytest.mark.parametrize(
    ("reader", "files", "image"),
    [
        pytest.param("confluence", {"In.xml": XHTML}, "attachments/a b.png", id="storage"),
        pytest.param("confluence", {"In_10.html": HTML}, "attachments/10/50.png", id="HTML export"),
        pytest.param("mediawiki", {"dump.xml": DUMP}, "images/a/ab/A_b.png", id="dump"),
        pytest.param(
            "faq", {"faq.md": f"# How to get in?\n\n{TEXT} ![x](<img/a b.png>)\n"}, "img/a b.png",
            id="FAQ",
        ),
    ],
)  # fmt: skip
@pytest.mark.parametrize("packed", [False, True], ids=["folder", "zip"])
def test_every_source_with_files_brings_its_images_along(
    cli: Program, home: Path, reader: str, files: dict[str, str], image: str, *, packed: bool
) -> None:
    source = home / "in"
    for name, content in {**{k: v.encode() for k, v in files.items()}, image: png(1)}.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes(content)
    if packed:
        with zipfile.ZipFile(home / "in.zip", "w") as archive:
            for path in sorted(source.rglob("*.*")):
                archive.write(path, path.relative_to(source))
        source = home / "in.zip"
    done = cli("convert", reader, source, "--out", "o", "--namespace", "w", "--format", "json")
    assert done.code == 0, done.err
    assert "images: 1 shown, 1 copied" in done.err
    assert not [it for it in done.document["losses"] if it["kind"] in ("image", "file")]
    (copy,) = (home / "o/assets").iterdir()
    assert copy.read_bytes() == png(1)
    plan = cli("plan", "o", "--url", "sandbox:", "--format", "json").document
    (upload,) = (it for it in plan["changes"] if it["kind"] == "image")
    assert upload["verb"] == "create"
