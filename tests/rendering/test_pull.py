"""A pull as a document: everything named, nothing of the team's texts read as markup or command."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from importer.model.ids import Key, Kind, UserId
from importer.model.plan import LastEdit
from importer.model.pulling import PulledField, PulledFile, PulledPost, PullReport, Taken
from importer.rendering import Format, render_pull
from tests.rendering.documents import TEMPLATES

HOSTILE = "a|b `x` </details> ``` \x1b[2J \u202e ::error:: @all #1 [x](http://evil.example)\nnext"


ANN = LastEdit(UserId(12), "Ann Lee", datetime(2026, 11, 20, 10, 11, tzinfo=UTC))


def field(how: str, number: int = 0, edit: LastEdit | None = ANN, **more: Any) -> PulledField:
    key = Key(f"item-{number}")
    url = "https://team.example/questions/1"
    return PulledField(key, Kind.QUESTION, "body", Taken(how), "content/a.md", 7, url, edit, **more)


def told(*fields: PulledField, written: bool = True, **more: Any) -> PullReport:
    site, manifest = "https://team.example", "teams-importer.yaml"
    return PullReport("handbook", "acme", site, manifest, written, fields, **more)


def render(document: PullReport, form: Format, *, verbose: bool = False) -> str:
    return render_pull(document, format=form, templates=TEMPLATES, verbose=verbose)


@pytest.mark.parametrize("form", [Format.TEXT, Format.MARKDOWN])
def test_hostile_texts_show_as_text(form: Format) -> None:
    marked = f"<<<<<<< manifest\n{HOSTILE}\n=======\n```\n>>>>>>> site\n"
    shown = render(
        told(
            field("conflict", why=HOSTILE, conflict=marked),
            field("taken", 1, LastEdit(UserId(3), HOSTILE)),
            refused=(PulledPost(Key("bad"), HOSTILE, HOSTILE, 3),),
            gone=(PulledPost(Key("gone"), url=HOSTILE),),
            orphans=(PulledPost(Key("left"), HOSTILE, url=HOSTILE),),
            files=(PulledFile(HOSTILE, ("@@ -1 +1 @@", f"-{HOSTILE}", "+```")),),
            notes=(HOSTILE,),
        ),
        form,
    )
    assert not re.search("[\x00-\x08\x0b-\x1f\u202e]", shown)
    assert not re.search(r"^\s*::", shown, re.MULTILINE)
    if form is Format.MARKDOWN:
        outside = re.sub(r"^(`{3,})diff\n.*?^\1$", "", shown, flags=re.DOTALL | re.MULTILINE)
        bare = re.sub(r"(`+).*?\1", "", outside)
        assert "@all" not in bare
        assert bare.count("<details>") == bare.count("</details>")


def test_each_field_says_who_edited_it_and_where() -> None:
    text = render(told(field("taken")), Format.TEXT)
    assert (
        "the site's version, last edited there by Ann Lee (user 12), 2026-11-20 10:11 UTC" in text
    )
    assert "content/a.md:7" in text
    unnamed = field("merged", 0, LastEdit(UserId(12)))
    assert "merged, last edited there by user 12 content" in render(told(unnamed), Format.TEXT)
    assert "edited there" not in render(told(field("merged", 0, None)), Format.TEXT)


@pytest.mark.parametrize("hows", [("taken",), ("conflict", "taken", "kept", "left", "marked")])
def test_a_pull_of_any_size_fits_one_comment(hows: tuple[str, ...]) -> None:
    marked = "<<<<<<< manifest\n" + "words\n" * 500 + ">>>>>>> site\n"
    fields = [field(hows[it % len(hows)], it, conflict=marked) for it in range(200)]
    files = tuple(PulledFile(f"{it}.md", ("+words",) * 900) for it in range(100))
    shown = render(told(*fields, files=files), Format.MARKDOWN)
    assert len(shown) <= 65_536
    bare = re.sub(r"(`+).*?\1", "", shown)
    assert bare.count("<details>") == bare.count("</details>")
    for it in fields:
        assert it.how is not Taken.CONFLICT or f"`{it.key}`" in shown


@pytest.mark.parametrize(
    ("document", "summary"),
    [
        pytest.param(told(), "Nothing to take in.", id="nothing"),
        pytest.param(
            told(field("taken"), files=(PulledFile("a", ()),), written=False),
            "1 field would be taken in, 1 file.",
            id="only shown",
        ),
        pytest.param(told(field("conflict")), "Nothing to take in, 1 conflict.", id="a conflict"),
        pytest.param(told(field("left")), "Nothing to take in, 1 left.", id="left"),
        pytest.param(
            told(field("kept"), field("marked", 1), files=(PulledFile("a", ()),)),
            "Nothing to take in, 1 field decided for the manifest's, 1 conflict marked, 1 file.",
            id="settled without the site's version",
        ),
    ],
)
def test_the_last_line_sums_up(document: PullReport, summary: str) -> None:
    assert render(document, Format.TEXT).splitlines()[-1] == summary
