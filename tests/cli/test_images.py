"""Images at the command line: validated, planned, applied, and held against a saved plan."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.stage import Program, posts_in, serving
from tests.conftest import ROOT
from tests.pictures import HTML, JPEG, png

TEXT = "A text that is long enough for a post, and shows something:"
ANSWER = "An answer that is just as long as that, and shows something:"


@pytest.fixture
def book(home: Path) -> Path:
    (home / "img").mkdir()
    (home / "img/a.png").write_bytes(png(1, 3000))
    (home / "img/b.jpg").write_bytes(JPEG)
    (home / "teams-importer.yaml").write_text(
        "version: 1\nnamespace: handbook\ndefaults: {tags: [testing]}\nquestions:\n"
        "- key: one\n  title: How is one to be shown here?\n"
        f"  body: |\n    {TEXT} ![a](img/a.png)\n"
        f"  answer: |\n    {ANSWER} ![b](img/b.jpg)\n"
        "- key: two\n  title: How is two to be shown here?\n"
        f"  body: |\n    {TEXT} nothing.\n"
    )
    return home


def test_validate_says_where_a_faulty_image_is_named(cli: Program, book: Path) -> None:
    assert cli("validate").code == 0
    (book / "img/a.png").write_bytes(HTML)
    (book / "img/b.jpg").unlink()
    told = cli("validate")
    assert told.code == 3
    shown = told.out + told.err
    assert "teams-importer.yaml:8:70: error: `img/a.png` is no image that can be uploaded" in shown
    assert "teams-importer.yaml:10:71: error: there is no file `img/b.jpg`" in shown
    (book / "img/a.png").write_bytes(b"GIF89a")
    told = cli("validate")
    assert told.code == 3
    shown = told.out + told.err
    assert "teams-importer.yaml:8:70: error: `img/a.png` begins as a gif does" in shown


def test_an_image_that_no_reader_would_see_is_never_sent(cli: Program, book: Path) -> None:
    page = book / "teams-importer.yaml"
    whole = page.read_text()
    told = {
        "![b](/etc/hostname)": (71, "the image is at `/etc/hostname`, where no reader"),
        "![b](file:///etc/passwd)": (71, "the image is at `file:///etc/passwd`, where no reader"),
        '<img src="img/b.jpg">': (76, "the tag <img> shows `img/b.jpg`"),
    }
    for written, (column, what) in told.items():
        page.write_text(whole.replace("![b](img/b.jpg)", written))
        done = cli("apply", "--url", "sandbox:team.db", "--yes")
        assert (done.code, (book / "team.db").exists()) == (3, False)
        assert f"teams-importer.yaml:10:{column}: error: {what}" in done.err
        assert "![...](img/" in done.err


@pytest.mark.usefixtures("book")
def test_the_plan_shows_each_upload_and_what_it_costs(cli: Program) -> None:
    shown = cli("plan", "--url", "sandbox:").out
    assert '"img/a.png" (new) teams-importer.yaml:8' in shown
    assert "image/png, 2.9 KiB" in shown
    assert "upload   3 KiB of images" in shown
    assert "Plan: 5 to create" in shown
    blocked = cli("plan", "--url", "sandbox:", "--api", "2.3", "--detailed-exitcode")
    assert blocked.code == 11
    assert "API v2.3 cannot upload images; img/a.png is shown in one" in blocked.out


def test_two_runs_over_the_wire_upload_once(cli: Program, book: Path, tmp_path: Path) -> None:
    with serving(tmp_path) as served, pytest.MonkeyPatch.context() as patch:
        for name, value in served.env().items():
            patch.setenv(name, value)
        assert cli("apply", "--yes", "--settle", "0").code == 0
        (book / "img/a.png").rename(book / "img/c.png")
        text = (book / "teams-importer.yaml").read_text()
        (book / "teams-importer.yaml").write_text(text.replace("img/a.png", "img/c.png"))
        for journal in (".teams-importer", "elsewhere"):
            again = cli("plan", "--journal", f"{journal}/j.db", "--detailed-exitcode")
            assert (again.code, "No changes." in again.out) == (0, True), again.out
        sent = [it["path"] for it in served.requests() if it["path"].endswith("images/upload")]
    assert len(sent) == 2


@pytest.mark.parametrize("content", [JPEG, None], ids=["changed", "missing"])
def test_f71_a_saved_plan_goes_without_the_image_that_is_not_what_it_was(
    cli: Program, book: Path, content: bytes | None
) -> None:
    team = "sandbox:team.db"
    assert cli("plan", "--url", team, "--out", "plan.json").code == 0
    (book / "img/a.png").unlink()
    if content is not None:
        (book / "img/a.png").write_bytes(content)
    done = cli("apply", "plan.json", "--url", team, "--yes", "--format", "json")
    assert done.code == 5
    results = {it["key"]: (it["state"], it["why"]) for it in done.document["report"]["results"]}
    (stale,) = (why for state, why in results.values() if state == "stale")
    assert stale.startswith("img/a.png ")
    assert {key: results[key][0] for key in ("one", "one#answer", "two")} == {
        "one": "skipped",
        "one#answer": "skipped",
        "two": "done",
    }
    assert [it.title for it in posts_in(book / "team.db")] == ["How is two to be shown here?"]


def test_a_saved_plan_of_another_folder_finds_its_images(
    cli: Program, book: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (book / "plans").mkdir()
    team = f"sandbox:{book / 'team.db'}"
    assert cli("plan", "--url", team, "--out", "plans/plan.json").code == 0
    monkeypatch.chdir(book / "plans")
    assert cli("apply", "plan.json", "--url", team, "--yes").code == 0
    assert len(posts_in(book / "team.db")) == 3


def test_the_example_of_all_kinds_shows_its_image(cli: Program, home: Path) -> None:
    shutil.copytree(ROOT / "examples/people", home / "people")
    assert cli("validate", "people").code == 0
    team = ("people", "--url", "sandbox:team.db")
    # Who a tag's experts are is for moderators to say, and that is known before anything is sent.
    first = cli("plan", *team)
    assert (first.code, "1 blocked" in first.out) == (0, True)
    assert "only moderators and administrators may name experts" in first.out
    assert cli("apply", *team, "--yes").code == 11
    again = cli("plan", *team, "--format", "json").document
    assert again["changes"] == []
    assert [(it["key"], it["code"]) for it in again["blocked"]] == [("tag:people", "unsupported")]
    assert cli("plan", *team, "--detailed-exitcode").code == 11
    undone = cli("undo", "last", *team, "--yes")
    assert "1 image stays on the site" in undone.err


def test_no_output_goes_over_an_image(cli: Program, book: Path) -> None:
    before = (book / "img/a.png").read_bytes()
    refused = cli("plan", "--url", "sandbox:", "--output", "img/a.png")
    assert refused.code == 64
    assert (book / "img/a.png").read_bytes() == before
