"""A Stack Exchange data dump: Markdown from the history, links to posts, credits, and the rest."""

from __future__ import annotations

from pathlib import Path
from xml.sax.saxutils import quoteattr

import pytest

from importer.errors import UsageError
from importer.sources import READERS, LossKind, Options, Tally, tally
from tests.sources.factories import LONG, converted, named, parted

SITE = "https://qa.example"


def dump(folder: Path, **tables: list[dict[str, str]]) -> Path:
    for table, rows in tables.items():
        lines = (
            f"<row {' '.join(f'{k}={quoteattr(v)}' for k, v in row.items())} />" for row in rows
        )
        text = (
            '\ufeff<?xml version="1.0" encoding="utf-8"?>\n<rows>\n'
            + "\n".join(lines)
            + "\n</rows>"
        )
        (folder / f"{table}.xml").write_text(text, encoding="utf-8")
    return folder


def question(number: str, title: str = "How do I get in here?", **more: str) -> dict[str, str]:
    given = {"PostTypeId": "1", "Title": title, "Body": f"<p>{LONG}</p>", "Tags": "<access><c#>"}
    return {"Id": number, "CreationDate": "2020-01-02T03:04:05.678", **given, **more}


def answer(number: str, parent: str, text: str = LONG, **more: str) -> dict[str, str]:
    given = {"PostTypeId": "2", "ParentId": parent, "Body": f"<p>{text}</p>"}
    return {"Id": number, "CreationDate": "2020-01-02T03:04:05.678", **given, **more}


def history(post: str, kind: str, text: str, when: str = "2020-01-01T00:00:00") -> dict[str, str]:
    return {"PostId": post, "PostHistoryTypeId": kind, "Text": text, "CreationDate": when}


def test_a_question_comes_with_its_answers_in_the_authors_markdown(tmp_path: Path) -> None:
    dump(
        tmp_path,
        Posts=[
            question("1", AcceptedAnswerId="3"),
            answer("2", "1"),
            answer("3", "1", "Rendered <b>HTML</b>, as there is no history of it here."),
        ],
        PostHistory=[
            history("1", "2", "The first text of the question, *old*."),
            history("1", "8", "The *newest* text of it all.\r\n\r\nYes.", "2021-01-01T00:00:00"),
            history("1", "5", "A text in between, which is long enough.", "2020-06-01T00:00:00"),
            history("1", "1", "A title"),
            history("2", "2", "See [it](/q/1) and [this](//qa.example/a/3) and [x](/help)."),
        ],
    )  # fmt: skip
    (draft,), losses = parted(converted("stackexchange", tmp_path, Options(address=SITE)))
    assert (draft.key, draft.title) == ("q1-how-do-i-get-in-here", "How do I get in here?")
    assert draft.tags == ("access", "c#")
    assert draft.body == "The *newest* text of it all.\n\nYes."
    assert [(it.key, it.accepted) for it in draft.answers] == [
        ("answer-2", False),
        ("answer-3", True),
    ]
    assert draft.answers[0].body == (
        f"See [it](key:{draft.key}) and [this](key:{draft.key}#answer-3) and [x]({SITE}/help)."
    )
    assert draft.answers[1].body.startswith("Rendered **HTML**")
    assert draft.origin == (f"{SITE}/questions/1",)
    assert losses == []


def test_a_licence_is_kept_with_author_and_address(tmp_path: Path) -> None:
    licence = {"ContentLicense": "CC BY-SA 4.0"}
    dump(
        tmp_path,
        Posts=[
            question("1", OwnerUserId="7", **licence),
            answer("2", "1", OwnerDisplayName="Bo", **licence),
        ],
        Users=[{"Id": "7", "DisplayName": "Ann"}],
    )  # fmt: skip
    (draft,), _ = parted(converted("stackexchange", tmp_path, Options(address=f"{SITE}/")))
    assert draft.body.endswith(
        f"*[Moved here](<{SITE}/questions/1>); by [Ann](<{SITE}/users/7>), "
        "last edited on 2020-01-02; [CC BY-SA 4.0](https://creativecommons.org/licenses/by-sa/4.0/).*"
    )
    assert "by Bo, last" in draft.answers[0].body


def test_what_is_no_question_or_answer_is_accounted_for(tmp_path: Path) -> None:
    dump(
        tmp_path,
        Posts=[
            question("1", Tags="|access|"),
            question("4", DeletionDate="2020-01-01T00:00:00"),
            answer("2", "99"),
            {"Id": "3", "PostTypeId": "5", "Body": "<p>x</p>"},
            {"Id": "5", "PostTypeId": "6"},
            {},
        ],
        Comments=[{"PostId": "1", "Text": "Hm."}],
        Badges=[],
    )
    (tmp_path / "notes.txt").write_text("x")
    results = converted("stackexchange", tmp_path)
    drafts, losses = parted(results)
    assert [it.tags for it in drafts] == [("access",)]
    assert [it.why for it in losses if it.kind is LossKind.SKIPPED] == [
        "deleted in the source",
        "its question, 99, is not in the dump",
        "a tag's description; tags are not written",
        "no Q&A",
        "no Q&A",
    ]
    assert named(losses, LossKind.COMMENT) == ["Comments.xml:1 comments: 1"]
    assert named(losses, LossKind.FILE) == ["notes.txt:1 notes.txt"]
    assert tally(results) == Tally(6, migrated=1, split=0, merged=0, skipped=5)


def test_a_cut_dump_is_an_error_and_so_is_none(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no Posts\.xml"):
        converted("stackexchange", tmp_path)
    dump(tmp_path, Posts=[question("1")])
    path = tmp_path / "Posts.xml"
    path.write_text(path.read_text().removesuffix("</rows>"))
    with pytest.raises(UsageError, match=r"Posts\.xml:4: it breaks off"):
        converted("stackexchange", path)


def test_it_is_known_by_its_posts(tmp_path: Path) -> None:
    guess = READERS["stackexchange"].guess
    assert not guess(tmp_path)
    dump(tmp_path, Posts=[])
    assert guess(tmp_path)
    assert guess(tmp_path / "Posts.xml")
