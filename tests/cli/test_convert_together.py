"""What the parts of `convert` have to say of each other: rules, maps, images, verifying, again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.stage import Program
from tests.pictures import png

TEXT = "This is a text of more than thirty characters as a post must have."
RULES = """\
version: "1"
pages:
  - when: {path: "Guide.md"}
    split: 2
footer: short
"""


@pytest.fixture
def wiki(home: Path) -> Path:
    folder = home / "wiki"
    (folder / "img").mkdir(parents=True)
    (folder / "img" / "flow.png").write_bytes(png(1))
    (folder / "img" / "plan.pdf").write_bytes(b"%PDF a plan")
    (folder / "Home.md").write_text(f"# The way to get in\n\n{TEXT}\n\n![flow](img/flow.png)\n")
    (folder / "Guide.md").write_text(
        f"# The guide to it all\n\n{TEXT} [plan](img/plan.pdf)\n\n## How to begin with it\n\n{TEXT}"
        f" ![flow](img/flow.png)\n\n## How to come to an end\n\n{TEXT} `code`\n"
    )
    (home / "rules.yaml").write_text(RULES)
    return folder


def convert(cli: Program, *more: str) -> dict[str, Any]:
    done = cli("convert", "markdown", "wiki", "--out", "out", "--format", "json", *more)
    assert done.code == 0, done.err
    document: dict[str, Any] = done.document
    return document


def keys(home: Path) -> list[str]:
    folder = home / "out" / "content"
    return sorted(it.relative_to(folder).as_posix() for it in folder.rglob("*.md"))


@pytest.mark.usefixtures("wiki")
def test_a_page_that_rules_part_is_verified_whole_with_its_images(cli: Program) -> None:
    document = convert(cli, "--namespace", "w", "--rules", "rules.yaml", "--verify")
    fidelity = document["fidelity"]
    assert isinstance(fidelity, dict)
    counts = {it["construct"]: it for it in fidelity["constructs"]}
    assert fidelity["pages"] == 2
    assert (counts["image"]["kept"], counts["code span"]["kept"]) == (2, 1)
    assert not any(it["unreported"] for it in counts.values())


@pytest.mark.usefixtures("wiki")
def test_converting_again_remembers_rules_attachments_and_map(cli: Program, home: Path) -> None:
    more = ("--rules", "rules.yaml", "--attachments", "copy", "--report", "pages.csv")
    convert(cli, "--namespace", "w", *more)
    assert keys(home) == [
        "guide.md", "guide/how-to-begin-with-it.md", "guide/how-to-come-to-an-end.md", "home.md",
    ]  # fmt: skip
    assert sorted(it.name for it in (home / "out" / "assets").iterdir()) == ["flow.png", "plan.pdf"]
    again = convert(cli)
    assert again["renewal"] == {"counts": {"unchanged": 7}, "files": []}
    table = (home / "pages.csv").read_text(encoding="utf-8-sig")
    (home / "pages.csv").write_text(
        table.replace("The way to get in", "The way in by the main door")
    )
    mapped = convert(cli, "--map", "pages.csv")
    assert "The way in by the main door" in (home / "out/content/home.md").read_text()
    assert json.dumps(mapped["renewal"]).count('"updated"') == 2
    assert convert(cli)["renewal"] == {"counts": {"unchanged": 7}, "files": []}
    (home / "pages.csv").unlink()
    done = cli("convert", "markdown", "wiki", "--out", "out")
    assert (done.code, "which --map named the last time, is not there" in done.err) == (64, True)


def test_an_image_that_changed_is_renewed_and_one_of_ours_stays(
    cli: Program, home: Path, wiki: Path
) -> None:
    convert(cli, "--namespace", "w")
    (wiki / "img" / "flow.png").write_bytes(png(2))
    renewal = convert(cli)["renewal"]
    assert isinstance(renewal, dict)
    assert renewal["counts"] == {"updated": 1, "unchanged": 3}
    copied = home / "out" / "assets" / "flow.png"
    assert copied.read_bytes() == png(2)
    copied.write_bytes(png(3))
    assert convert(cli)["renewal"]["counts"] == {"kept": 1, "unchanged": 3}
    assert copied.read_bytes() == png(3)


def test_a_page_with_a_number_of_its_own_keeps_its_key_under_another_title(
    cli: Program, home: Path
) -> None:
    for title in ("How do I get in?", "How does one get in?"):
        page = {"key": "door", "title": title, "body": TEXT, "space": "House"}
        (home / "pages.json").write_text(json.dumps({"version": 1, "pages": [page]}))
        done = cli("convert", "json", "pages.json", "--out", "out", "--namespace", "w")
        assert done.code == 0, done.err
    assert keys(home) == ["door.md"]
    assert "How does one get in?" in (home / "out/content/door.md").read_text()


@pytest.mark.usefixtures("wiki")
def test_no_secret_stands_in_what_verifying_shows(
    cli: Program, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = f"AKIA{'Q' * 16}"
    (home / "wiki" / "Home.md").write_text(f"# The way to get in\n\n{TEXT}\n\nkey {secret} lost\n")
    monkeypatch.setattr(
        "importer.sources.wiki_markdown.WikiMarkdown.to_markdown",
        lambda _self, text, *_more: text.replace(secret, ""),
    )
    done = cli("convert", "markdown", "wiki", "--verify", "--show", "*")
    assert done.code == 11
    assert secret not in done.out + done.err
