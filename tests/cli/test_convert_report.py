"""Reports of a conversion in every form, and rules from a file."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.stage import Program, Result

TEXT = "This is a text of more than thirty characters as a post must have."
SECRET = "glpat-" + "Zx8" * 7
TITLE = "<script>alert(1)</script> =1+1 | `x`"
PAGES = {
    "Plain.md": f"# The way to get in\n\n{TEXT}\n",
    "Copy.md": f"# The way to get in\n\n{TEXT}\n",
    "Secret.md": f"# Where the keys are\n\n{TEXT}\n\n![a](no.png)\n\npassword: "
    f"Sommer2026!\n\n{SECRET}\n",
    "Hostile.md": f"# {TITLE}\n\n{TEXT} Hostile.\n",
    "FAQ.md": f"# FAQ about everything\n\n## How do I start?\n\n{TEXT} 1\n\n"
    f"## And end?\n\n{TEXT} 2",
    "_Sidebar.md": "x",
}
FORMS = ("csv", "html", "json", "md", "txt")

Convert = Callable[..., Result]


@pytest.fixture
def convert(cli: Program, home: Path) -> Convert:
    (home / "in").mkdir()
    for name, text in PAGES.items():
        (home / "in" / name).write_text(text)

    def run(out: str, *more: str) -> Result:
        return cli("convert", "markdown", "in", "--out", out, "--namespace", "x", *more)

    return run


@pytest.fixture
def reports(convert: Convert, home: Path) -> dict[str, str]:
    (home / "rules.yaml").write_text(
        "version: 1\npages: [{when: {path: FAQ.md}, split: 2, kind: question}]\n"
    )
    wanted = [it for form in FORMS for it in ("--report", f"report.{form}")]
    done = convert("out", "--rules", "rules.yaml", *wanted)
    assert done.code == 0, done.err
    assert "among them 2 likely secrets." in done.out
    read = {form: (home / f"report.{form}").read_text("utf-8-sig") for form in FORMS}
    read["screen"] = done.out
    read["kept"] = (home / "out" / "conversion-report.md").read_text()
    return read


def test_every_form_has_every_page_and_the_numbers_add_up(reports: dict[str, str]) -> None:
    document: dict[str, Any] = json.loads(reports["json"])
    fates = {it["page"]: it["fate"] for it in document["pages"]}
    assert fates == {
        "Copy.md": "migrated",
        "FAQ.md": "split",
        "Hostile.md": "migrated",
        "Plain.md": "merged",
        "Secret.md": "migrated",
        "_Sidebar.md": "skipped",
    }
    assert document["tally"] == {
        "pages": 6, "migrated": 3, "split": 1, "merged": 1, "skipped": 1,
    }  # fmt: skip
    rows = list(csv.DictReader(io.StringIO(reports["csv"], newline="")))
    assert {row["page"]: row["fate"] for row in rows} == fates
    assert all(row["why"] for row in rows if row["fate"] != "migrated")
    for page in fates:
        assert f"<bdi>{page}</bdi>" in reports["html"]
    for form in ("txt", "html", "screen"):
        assert "6 pages, 3 migrated, 1 split, 1 merged, 1 skipped" in reports[form]


def test_no_report_shows_a_secret_and_all_point_to_it(reports: dict[str, str], home: Path) -> None:
    assert SECRET in (home / "out/content/secret.md").read_text()
    for form, text in reports.items():
        assert SECRET not in text, form
        assert "Sommer2026" not in text, form
    losses = [it for it in json.loads(reports["json"])["losses"] if it["kind"] == "secret"]
    assert [(it["path"], it["what"]) for it in losses] == [
        ("Secret.md", "likely a password or key"),
        ("Secret.md", "likely a GitLab token"),
    ]
    assert "in line 5 of the article `secret`;" in losses[0]["why"]


def test_a_hostile_title_is_text_in_every_form(reports: dict[str, str]) -> None:
    assert reports["html"].count("<script>") == 1
    assert "&lt;script&gt;alert(1)" in reports["html"]
    rows = list(csv.DictReader(io.StringIO(reports["csv"], newline="")))
    assert TITLE.replace("`", "") in [row["title"] for row in rows]


def test_what_needs_a_person_is_sorted_by_effort(reports: dict[str, str]) -> None:
    pages = json.loads(reports["json"])["pages"]
    effort = {it["page"]: it["effort"] for it in pages}
    assert effort["Secret.md"] == 23
    assert effort["Secret.md"] > effort["Plain.md"] == 0
    assert reports["txt"].index("needs a person") < reports["txt"].index("Secret.md")


@pytest.mark.parametrize(
    ("report", "said"),
    [
        pytest.param("report.xlsx", "no report has the suffix", id="a suffix"),
        pytest.param("none/report.csv", "there is no folder", id="a folder"),
    ],
)
def test_a_report_that_cannot_be_is_refused_before_anything_is_written(
    convert: Convert, home: Path, report: str, said: str
) -> None:
    done = convert("out", "--report", report)
    assert (done.code, said in done.err) == (64, True)
    assert not (home / "out").exists()


def test_html_goes_to_the_screen_too(convert: Convert) -> None:
    done = convert("out", "--format", "html")
    assert done.out.startswith("<!DOCTYPE html>")


def test_a_fault_in_the_rules_is_told_with_its_place(convert: Convert, home: Path) -> None:
    (home / "rules.yaml").write_text("version: 1\npages:\n  - skip: x\n    kinds: article\n")
    done = convert("out", "--rules", "rules.yaml")
    assert done.code == 3
    assert "rules.yaml:4:5: error: pages.0.kinds: no rule has such a member" in done.err
    assert "the rules have 1 error" in done.err
    assert not (home / "out").exists()


def test_a_split_page_can_be_one_again_by_the_map(convert: Convert, home: Path) -> None:
    (home / "rules.yaml").write_text("version: 1\npages: [{split: 2, kind: question}]\n")
    rules = ("--rules", "rules.yaml")
    convert("a", *rules, "--report", "map.csv")
    assert convert("b", *rules, "--map", "map.csv").code == 0
    names = [it.relative_to(home / "a") for it in (home / "a").rglob("content/**/*.md")]
    assert len(names) == 5
    for name in names:
        assert (home / "a" / name).read_bytes() == (home / "b" / name).read_bytes()
    (home / "map.csv").write_text("page,kind\nFAQ.md,article\n")
    assert convert("c", *rules, "--map", "map.csv").code == 0
    assert "kind: article" in (home / "c/content/faq.md").read_text()
