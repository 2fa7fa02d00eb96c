"""What the vendor's own exporter writes and its importer reads, in every generation."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from importer.errors import UsageError
from importer.model.ids import Kind
from importer.sources import READERS, Account, LossKind, Options, Tally, tally
from importer.sources.reader import Likeness
from tests.sources.factories import LONG, converted, named, parted

SITE = "https://stackoverflowteams.com/c/acme"

FIRST = {
    "question_id": 7,
    "title": "Why isn&#39;t &quot;it&quot; so?",
    "body_markdown": f"{LONG} &lt;b&gt; See [it]({SITE}/q/8) &amp; [that](/a/9).",
    "tags": ["access", "c#"],
    "link": f"{SITE}/questions/7",
    "share_link": f"{SITE}/q/7",
    "owner": {"display_name": "Ann O&#39;Hara"},
    "creation_date": "2021-01-01T00:00:00",
    "last_edit_date": 1_650_000_000,
    "accepted_answer_id": 9,
    "comments": [{"body": "Hm."}],
    "answers": [
        {"answer_id": 9, "body_markdown": LONG, "creation_date": 1_650_000_000, "comments": [{}]},
        {"answer_id": 10, "body_markdown": "x" * 40, "is_deleted": True},
    ],
}
SECOND = {
    "id": 8,
    "title": 'Why is "it" &amp; so?',
    "bodyMarkdown": f"{LONG} &lt;b> is code.",
    "tags": [{"id": 4, "name": "access"}],
    "webUrl": f"{SITE}/questions/8/why",
    "owner": {"id": 1, "name": "Bo"},
    "creationDate": "2021-01-01T00:00:00.000Z",
    "isDeleted": False,
    "answers": [{"id": 11, "bodyMarkdown": LONG, "isAccepted": True, "shareLink": f"{SITE}/a/11"}],
}
ARTICLES = [
    {"article_id": 3, "title": "How to get in", "body_markdown": "So.", "article_type": "policy",
     "tags": ["access"], "link": f"{SITE}/articles/3"},
    {"id": 4, "title": "How to get out", "body": "<p><b>So.</b></p>", "type": "howToGuide",
     "tags": [], "webUrl": f"{SITE}/articles/4"},
]  # fmt: skip


def export(folder: Path, **files: object) -> Path:
    for name, content in files.items():
        (folder / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    return folder


def test_both_generations_of_the_export_are_read(tmp_path: Path) -> None:
    export(tmp_path, questions_answers_comments=[FIRST, SECOND], articles=ARTICLES, users=[])
    results = converted("so4t-json", tmp_path, Options(tags=("none",)))
    drafts, losses = parted(results)
    first, second, policy, guide = drafts
    assert (first.title, second.title) == ('Why isn\'t "it" so?', 'Why is "it" &amp; so?')
    assert first.body == (
        f"{LONG} <b> See [it](key:{second.key}) & [that](key:{first.key}#answer-9)."
    )
    assert second.body == f"{LONG} &lt;b> is code."
    assert [(it.key, it.accepted) for it in first.answers] == [("answer-9", True)]
    assert [(it.key, it.accepted) for it in second.answers] == [("answer-11", True)]
    assert (first.tags, second.tags) == (("access", "c#"), ("access",))
    assert first.origin == (f"{SITE}/questions/7", f"{SITE}/q/7")
    assert (policy.kind, policy.type, policy.body) == (Kind.ARTICLE, "policy", "So.")
    assert (guide.kind, guide.type, guide.body) == (Kind.ARTICLE, "how-to-guide", "**So.**")
    owners = [(it.owner, it.edited and it.edited.year) for it in results if isinstance(it, Account)]
    assert owners == [("Ann O'Hara", 2022), ("Bo", 2021), ("", None), ("", None)]
    assert named(losses, LossKind.COMMENT) == [
        "questions_answers_comments.json:1 comments: 2",
    ]
    assert named(losses, LossKind.FILE) == ["users.json:1 users"]


def test_an_item_that_is_none_is_skipped_and_the_others_are_read(tmp_path: Path) -> None:
    items: list[object] = [
        {"question_id": "x"},
        [],
        None,
        {**FIRST, "owner": 3},
        {**SECOND, "isDeleted": True},
    ]
    export(tmp_path, questions_answers_comments=[*items, SECOND])
    results = converted("so4t-json", tmp_path)
    assert tally(results) == Tally(6, migrated=1, split=0, merged=0, skipped=5)


@pytest.mark.parametrize(
    ("content", "said"),
    [("[{", "damaged or no JSON"), ("{}", "no list"), ("[" * 100_000, "damaged or no JSON")],
)
def test_an_export_that_is_none_is_an_error(tmp_path: Path, content: str, said: str) -> None:
    with pytest.raises(UsageError, match="neither"):
        converted("so4t-json", tmp_path)
    (tmp_path / "articles.json").write_text(content)
    with pytest.raises(UsageError, match=said):
        converted("so4t-json", tmp_path)


def test_the_zip_that_the_second_exporter_makes_is_known(tmp_path: Path) -> None:
    export(tmp_path, questions_answers_comments=[SECOND])
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        name = "questions_answers_comments.json"
        archive.write(tmp_path / name, f"x/{name}")
    assert READERS["so4t-json"].guess(path) is Likeness.SURE
    assert len(parted(converted("so4t-json", path))[0]) == 1


# A comma would need quotation marks.
TEXT = LONG.replace(",", "")
QUESTIONS = "title,body,tags,answer\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            f'{QUESTIONS}How is it that so?,"{TEXT}\nTwo, ""lines""",access c#,{TEXT}\n',
            [("How is it that so?", f'{TEXT}\nTwo, "lines"', ("access", "c#"), (TEXT,))],
            id="questions",
        ),
        pytest.param(
            f"\ufeffTitle;Body;Tags;Answer;\r\nHow is it that so?;{TEXT};access;;\r\n",
            [("How is it that so?", TEXT, ("access",), ())],
            id="as Excel writes it",
        ),
        pytest.param(
            "title,asker_account_id,body,tags,answer,answerer_account_id\n"
            f"How is it that so?,7,{TEXT},a,{TEXT},8\n",
            [("How is it that so?", TEXT, ("a",), (TEXT,))],
            id="impersonation",
        ),
        pytest.param(
            "title,body,type,tags\nThe way to work,Left.,Knowledge Article,access\n",
            [("The way to work", "Left.", ("access",), ())],
            id="articles",
        ),
    ],
)  # fmt: skip
def test_a_row_becomes_a_post(
    tmp_path: Path, text: str, expected: list[tuple[str, str, tuple[str, ...], tuple[str, ...]]]
) -> None:
    path = tmp_path / "posts.csv"
    path.write_text(text, encoding="utf-8")
    assert READERS["so4t-csv"].guess(path) is Likeness.SURE
    drafts, _ = parted(converted("so4t-csv", path))
    found = [(it.title, it.body, it.tags, tuple(a.body for a in it.answers)) for it in drafts]
    assert found == expected


def test_rows_that_are_no_posts_are_skipped_with_their_reason(tmp_path: Path) -> None:
    rows = (
        "Question title that is less than 150 characters,Body,Tags,Answer",
        f",{TEXT},a,",
        "How is it that so?,,a,",
        f"How is it that so?,{TEXT},a,,b",
        f"How is it then and now?,{TEXT},a",
        f'How is it now?,"{TEXT}',
    )
    (tmp_path / "posts.csv").write_text(QUESTIONS + "\n".join(rows))
    (tmp_path / "other.csv").write_text("name,value\na,b\n")
    (tmp_path / "notes.txt").write_text("x")
    results = converted("so4t-csv", tmp_path)
    drafts, losses = parted(results)
    assert [it.title for it in drafts] == ["How is it then and now?"]
    assert [f"{it.where} {it.why}"[:50] for it in losses if it.kind is LossKind.SKIPPED] == [
        "other.csv:1 it has no column body, tags, title",
        "posts.csv:2 the template's explanation, not a post",
        "posts.csv:3 it has no title",
        "posts.csv:4 it has no body",
        "posts.csv:5 more cells than columns: a quotation m",
        "posts.csv:7 the table breaks off or is damaged her",
    ]
    assert named(losses, LossKind.FILE) == ["notes.txt:1 notes.txt"]


def test_a_table_in_the_encoding_of_a_country_is_read(tmp_path: Path) -> None:
    path = tmp_path / "posts.csv"
    path.write_bytes(f"{QUESTIONS}Où est-il donc maintenant ?,{TEXT},a,\n".encode("cp1252"))
    drafts, losses = parted(converted("so4t-csv", path))
    assert drafts[0].title == "Où est-il donc maintenant ?"
    assert named(losses, LossKind.ENCODING) == ["posts.csv:1 posts.csv"]
