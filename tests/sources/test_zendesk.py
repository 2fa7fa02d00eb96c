"""Zendesk Guide: articles by number and language, and what only some may see."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from importer.errors import UsageError
from importer.model.ids import Kind
from importer.sources import READERS, LossKind, Options, Page
from importer.sources.reader import Likeness
from tests.sources.factories import LONG, converted, parted

HOST = "https://help.example.com"


def article(number: int, title: str, **members: Any) -> dict[str, Any]:
    locale = members.get("locale", "en-us")
    given = {
        "id": number,
        "title": title,
        "body": f"<p>{LONG}</p>",
        "section_id": 5,
        "locale": locale,
        "source_locale": "en-us",
        "draft": False,
        "user_segment_id": None,
        "label_names": [],
        "author_id": 9,
        "updated_at": "2025-02-03T04:05:06Z",
        "html_url": f"{HOST}/hc/{locale}/articles/{number}-{title.replace(' ', '-')}",
    }
    return given | members


LINKS = f"""<p>{LONG} <a href="{HOST}/hc/en-us/articles/2-An-older-name#h_01">two</a>,
<a href='/hc/de/articles/2'>zwei</a>, <a href="/hc/fr/articles/2-deux">deux</a>,
<a href="/hc/articles/3">three</a>,
<a href="https://other.example/hc/en-us/articles/2">not ours</a>,
<a href="/hc/en-us/community/posts/70-Why">why</a>, <a href="/hc/en-us/requests/new">ask</a></p>"""

EXPORT: dict[str, Any] = {
    "articles.json": {
        "count": 12,
        "next_page": f"{HOST}/api/v2/help_center/articles.json?page=2",
        "articles": [
            article(1, "Getting started", body=LINKS, label_names=["first", "setup"]),
            article(2, "Reset the router"),
            article(3, "Not yet finished", draft=True),
            article(4, "For the staff alone", user_segment_id=8),
            article(5, "Told twice"),
        ],
    },
    "more.json": {
        "articles": [
            article(2, "Router neu starten", locale="de", body=f"<p>Deutsch. {LONG}</p>"),
            article(5, "Told twice, newer", updated_at="2025-03-01T00:00:00Z"),
        ]
    },
    "translations.json": {
        "translations": [
            {
                "id": 900,
                "source_id": 1,
                "source_type": "Article",
                "locale": "de",
                "title": "Erste Schritte",
                "body": f"<p>Deutsch. {LONG}</p>",
                "draft": False,
            },
            {"source_id": 4, "locale": "de", "title": "Nur intern", "body": "<p>x</p>"},
        ]
    },
    "sections.json": {"sections": [{"id": 5, "name": "Basics", "category_id": 6}]},
    "categories.json": {"categories": [{"id": 6, "name": "Product"}]},
    "segments.json": {"user_segments": [{"id": 8, "name": "Agents", "user_type": "staff"}]},
    "users.json": {"users": [{"id": 9, "name": "Ada", "email": "ada@example.com"}]},
    "posts.json": {
        "posts": [
            {
                "id": 70,
                "title": "Why does it blink?",
                "details": "<p>It blinks.</p>",
                "topic_id": 71,
                "author_id": 9,
                "html_url": f"{HOST}/hc/en-us/community/posts/70-Why",
                "created_at": "2025-01-01T00:00:00Z",
            }
        ],
        "topics": [{"id": 71, "name": "Hardware"}],
    },
    "comments.json": {
        "comments": [
            {"id": 73, "post_id": 70, "body": f"<p>{LONG}</p>", "created_at": "2025-01-03"},
            {"id": 72, "post_id": 70, "body": f"<p>No. {LONG}</p>", "created_at": "2025-01-02",
             "official": True},
            {"id": 74, "source_id": 1, "source_type": "Article", "body": "Thanks", "vote_sum": 0},
        ]
    },
    "attachments.json": {
        "article_attachments": [{"id": 80, "article_id": 1, "content_url": f"{HOST}/x.png"}]
    },
    "odd.json": {"weather": "fine", "wind": 3},
}  # fmt: skip


@pytest.fixture
def export(tmp_path: Path) -> Path:
    folder = tmp_path / "help"
    folder.mkdir()
    for name, document in EXPORT.items():
        (folder / name).write_text(json.dumps(document, indent=1))
    return folder


def test_articles_are_told_by_their_members_and_accounted_for(export: Path) -> None:
    results = converted("zendesk", export)
    drafts, losses = parted(results)
    assert READERS["zendesk"].guess(export) is Likeness.SURE
    assert {it.key: it.kind for it in drafts} == {
        "getting-started": Kind.ARTICLE,
        "reset-the-router": Kind.ARTICLE,
        "de/router-neu-starten": Kind.ARTICLE,
        "told-twice-newer": Kind.ARTICLE,
        "why-does-it-blink": Kind.QUESTION,
        "de/erste-schritte": Kind.ARTICLE,
    }
    assert {it.what: it.why for it in losses if it.kind is LossKind.SKIPPED} == {
        "Not yet finished": "a draft",
        "For the staff alone": "only for the user segment Agents",
        "Nur intern": "only for the user segment Agents",
        "Told twice": "another state of article 5 in en-us; newer is read",
    }


def test_links_go_by_number_and_language(export: Path) -> None:
    body = {it.key: it.body for it in parted(converted("zendesk", export))[0]}["getting-started"]
    for said in (
        "[two](key:reset-the-router)",
        "[zwei](key:de/router-neu-starten)",
        "[deux](key:reset-the-router)",
        f"[three]({HOST}/hc/articles/3)",
        "[not ours](https://other.example/hc/en-us/articles/2)",
        "[why](key:why-does-it-blink)",
        f"[ask]({HOST}/hc/en-us/requests/new)",
    ):
        assert said in body


def test_a_page_has_labels_section_author_and_address(export: Path) -> None:
    found = READERS["zendesk"].read(export, Options())
    pages = {it.title: it for it in found if isinstance(it, Page)}
    first = pages["Getting started"]
    assert (first.tags, first.parent) == (("first", "setup"), "Product / Basics")
    assert (first.body.credit.author, first.revision) == ("Ada", "2025-02-03T04:05:06Z")
    assert first.addresses == (f"{HOST}/hc/en-us/articles/1-Getting-started",)
    assert first.place.line > 4
    assert pages["Reset the router"].tags == ("Basics",)
    assert pages["Erste Schritte"].tags == ("de", "first", "setup")


def test_a_post_of_the_community_is_a_question_with_its_official_answer(export: Path) -> None:
    drafts = {it.key: it for it in parted(converted("zendesk", export))[0]}
    post = drafts["why-does-it-blink"]
    assert post.tags == ("hardware",)
    assert [(it.key, it.accepted) for it in post.answers] == [
        ("answer-72", True),
        ("answer-73", False),
    ]


def test_what_is_missing_or_left_out_is_listed(export: Path) -> None:
    _, losses = parted(converted("zendesk", export))
    said = {it.kind: f"{it.what}: {it.why}" for it in losses}
    assert said[LossKind.COMMENT].startswith("comments: 1")
    assert said[LossKind.TEXT].startswith("articles: 7: the list counts 12")
    assert said[LossKind.FILE].startswith("attachments of article 1: 1")
    assert said[LossKind.METADATA].startswith("weather, wind: nothing that is known")


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(article(1, "Getting started"), id="an article"),
        pytest.param({"article": article(1, "Getting started")}, id="an answer for one"),
        pytest.param([article(1, "Getting started")], id="a list"),
        pytest.param({"results": [article(1, "Getting started")]}, id="search results"),
    ],
)
def test_every_form_of_the_answers_is_read(tmp_path: Path, document: Any) -> None:
    (tmp_path / "a.json").write_text(json.dumps(document))
    assert READERS["zendesk"].guess(tmp_path / "a.json") is Likeness.SURE
    drafts, _ = parted(converted("zendesk", tmp_path / "a.json"))
    assert [it.key for it in drafts] == ["getting-started"]


def test_translations_within_an_article_are_read(tmp_path: Path) -> None:
    inner = [
        {"locale": "fr", "title": "Premiers pas", "body": f"<p>F. {LONG}</p>"},
        {"locale": "en-us", "title": "Getting started", "body": "<p>The same.</p>"},
    ]
    (tmp_path / "a.json").write_text(json.dumps([article(1, "Begin", translations=inner)]))
    drafts, _ = parted(converted("zendesk", tmp_path))
    assert [it.key for it in drafts] == ["begin", "fr/premiers-pas"]


def test_a_folder_without_an_article_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"sections": []}')
    with pytest.raises(UsageError, match="no article of Zendesk Guide"):
        list(READERS["zendesk"].read(tmp_path, Options()))
