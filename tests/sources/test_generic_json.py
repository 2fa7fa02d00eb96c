"""The generic JSON format: every member has its effect, and every fault its line."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from importer.errors import UsageError
from importer.model.ids import Kind
from importer.sources import READERS, Account, Loss, LossKind, Options, Page
from importer.sources.generic_document import AnswerRecord, PageRecord, TextRecord, pages_schema
from importer.sources.reader import Likeness
from tests.conftest import ROOT
from tests.sources.factories import LONG, converted, parted


def written(path: Path, *pages: dict[str, Any]) -> Path:
    path.write_text("\n".join(map(json.dumps, pages)), encoding="utf-8")
    return path


def page_of(folder: Path, **members: Any) -> Page:
    path = written(folder / "a.json", {"title": "How does it go?", **members})
    (page,) = (it for it in READERS["json"].read(path, Options()) if isinstance(it, Page))
    return page


def test_the_example_of_the_documentation_is_three_pages(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "generic-json.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```json\n(.*?)```", text, re.DOTALL)
    (tmp_path / "pages.json").write_text(example, encoding="utf-8")
    results = converted("json", tmp_path)
    drafts, losses = parted(results)
    assert READERS["json"].guess(tmp_path) is Likeness.SURE
    assert [(it.key, it.kind, it.type) for it in drafts] == [
        ("vpn/reset", Kind.QUESTION, ""),
        ("vpn/policy", Kind.ARTICLE, "policy"),
    ]
    (answer,) = drafts[0].answers
    assert (answer.body, answer.accepted) == (
        "In the portal; see [the policy](key:vpn/policy).",
        True,
    )
    assert drafts[1].origin == ("pages.json#vpn/policy", "https://wiki.example.com/x/9")
    assert [it.fate for it in results if isinstance(it, Account)] == [
        "migrated", "migrated", "merged",
    ]  # fmt: skip
    assert not [it for it in losses if it.kind is LossKind.SKIPPED]


def test_the_documentation_names_every_member() -> None:
    text = (ROOT / "docs" / "generic-json.md").read_text(encoding="utf-8")
    fields = {*PageRecord.model_fields, *AnswerRecord.model_fields, *TextRecord.model_fields}
    assert {name for name in fields if f"`{name}`" not in text} == set()
    assert json.loads(pages_schema())["required"] == ["pages"]


@pytest.mark.parametrize("name", ["a.json", "a.jsonl"])
def test_json_lines_are_read_line_by_line_and_a_bad_one_stops_nothing(
    tmp_path: Path, name: str
) -> None:
    good = json.dumps({"title": "How does it go?", "body": LONG})
    bad = ["{", '{"titel": "x"}', "[" * 100_000, "7", '{"title": ""}']
    (tmp_path / name).write_text("\n".join([good, *bad, good.replace("How", "Where"), ""]))
    drafts, losses = parted(converted("json", tmp_path / name))
    assert [it.title for it in drafts] == ["How does it go?", "Where does it go?"]
    skipped = [it for it in losses if it.kind is LossKind.SKIPPED]
    assert [it.where.line for it in skipped] == [2, 3, 4, 5, 6]
    whys = [it.why for it in skipped]
    assert whys[0].startswith("no JSON")
    assert whys[1] == "`title` is missing; no member is called `titel`"
    assert whys[2:4] == ["nested beyond all reason", "no object"]
    assert whys[4].startswith("`title`: string should have at least 1")


def test_a_wrong_item_of_a_document_has_its_line(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    good = {"title": "How does it go?", "body": LONG}
    wrong = {"title": "x", "answers": [{"body": LONG}, {"accepted": "perhaps"}]}
    path.write_text(json.dumps({"version": 1, "pages": [good, wrong]}, indent=1))
    drafts, losses = parted(converted("json", path))
    assert len(drafts) == 1
    (skipped,) = [it for it in losses if it.kind is LossKind.SKIPPED]
    assert (skipped.where.line, skipped.what) == (8, "x")
    assert skipped.why.startswith("`answers.2.accepted`: input should be a valid boolean")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param('{"pages": [\n{"title": "a"},\n{"t', r"a\.json:3: damaged or no", id="cut"),
        pytest.param("[1, 2", r"a\.json:1: damaged or no JSON: it breaks off", id="cut list"),
        pytest.param('{"version": 2, "pages": []}', "version 2 of the format", id="newer"),
        pytest.param('{"pages": [], "page": 1}', "no member `page`", id="unknown"),
        pytest.param("[" * 100_000, "beyond all reason", id="deep"),
        pytest.param("[" + "9" * 10_000 + "]", "damaged or no JSON", id="a number too long"),
        pytest.param('[{"titel": 1}]', r"a\.json:1: `title` is missing", id="no page at all"),
        pytest.param("", "there is no page in", id="empty"),
        pytest.param("\x00", "damaged or no JSON", id="no JSON"),
    ],
)  # fmt: skip
def test_a_file_that_is_wrong_as_a_whole_is_an_error(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(UsageError, match=said):
        list(READERS["json"].read(tmp_path / "a.json", Options()))


def test_members_have_their_effect(tmp_path: Path) -> None:
    (tmp_path / "cat.png").write_text("png")
    page = page_of(
        tmp_path, body="b", author="Ada", edited="2025-03-01", licence="CC BY-SA 4.0",
        addresses=["https://x.example/1"], aliases=["/x/1"], tags=["a", 7], parent="Up",
        revision=12, attachments=["cat.png"], key="a/b",
    )  # fmt: skip
    assert (page.body.credit.author, page.body.credit.address) == ("Ada", "https://x.example/1")
    assert f"{page.body.credit.when:%Y-%m-%d %Z}" == "2025-03-01 UTC"
    assert (page.tags, page.parent, page.revision, page.name) == (("a", "7"), "Up", "12", "a/b")
    assert [it.path for it in page.files] == ["cat.png"]
    assert {"key:a/b", "/x/1"} <= set(page.names)


def test_an_attachment_that_is_not_there_is_told(tmp_path: Path) -> None:
    (tmp_path / "cat.png").write_text("png")
    path = written(
        tmp_path / "a.json",
        {"title": "One page", "body": LONG, "attachments": ["cat.png", "gone.docx"]},
    )
    _, losses = parted(converted("json", path))
    told = [it for it in losses if it.what == "gone.docx"]
    assert [(it.kind, str(it.where)) for it in told] == [(LossKind.FILE, "a.json:1")]
    assert "isn't there" in told[0].why


@pytest.mark.parametrize(
    ("members", "why"),
    [
        ({"draft": True}, "a draft"),
        ({"restricted": True}, "a restricted page"),
        ({"restricted": "for the board only"}, "for the board only"),
        ({"restricted": False}, ""),
    ],
)
def test_drafts_and_restricted_pages_are_withheld(
    tmp_path: Path, members: dict[str, Any], why: str
) -> None:
    assert page_of(tmp_path, **members).withheld == why


@pytest.mark.parametrize(
    ("language", "body", "expected"),
    [
        ("markdown", "see [[Other page]]", "see [Other page](key:other-page)"),
        ("html", "see <a href='/x/2'>it</a>", "see [it](key:other-page)"),
        ("mediawiki", "see [[other page]]", "see [other page](key:other-page)"),
        (
            "confluence",
            '<p>see <ac:link><ri:page ri:content-title="Other page"/></ac:link></p>',
            "see [Other page](key:other-page)",
        ),
    ],
)
def test_every_language_finds_other_pages(
    tmp_path: Path, language: str, body: str, expected: str
) -> None:
    path = written(
        tmp_path / "a.json",
        {"title": "One page", "body": body, "format": language},
        {"title": "Other page", "body": LONG, "aliases": ["/x/2"]},
    )
    drafts, _ = parted(converted("json", path))
    assert drafts[0].body == expected


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ([{"body": "a", "accepted": True}, {"body": "b", "accepted": True}], "more than one"),
        ([{"body": "a", "key": "x"}, {"body": "b", "key": "x"}], "the same key"),
    ],
)
def test_answers_that_contradict_one_another_are_told(
    tmp_path: Path, answers: list[dict[str, Any]], said: str
) -> None:
    path = written(tmp_path / "a.json", {"title": "x", "answers": answers}, {"title": "y"})
    found = list(READERS["json"].read(path, Options()))
    assert said in getattr(found[0], "why", "")


def test_a_bad_address_is_left_out_and_the_page_stays(tmp_path: Path) -> None:
    good, bad = "https://wiki.example/1", ["javascript:alert(1)", "wiki/1", "https://a b"]
    answer = {"body": LONG, "addresses": ["ftp://x", f"{good}#a"]}
    page = {"title": "How does it go?", "addresses": [bad[0], good, *bad[1:]], "answers": [answer]}
    path = written(tmp_path / "a.json", page, {"title": "Wrong in itself", "addresses": [7.5, []]})
    found = list(READERS["json"].read(path, Options()))
    (made,) = (it for it in found if isinstance(it, Page))
    assert (made.addresses, made.answers[0].names) == ((good,), (f"{good}#a",))
    losses = [(it.kind, it.what) for it in found if isinstance(it, Loss)]
    assert losses[:-1] == [(LossKind.LINK, it) for it in (*bad, "ftp://x")]
    assert losses[-1] == (LossKind.SKIPPED, "Wrong in itself")
