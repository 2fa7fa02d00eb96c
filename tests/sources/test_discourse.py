"""Discourse: topics as questions, and what of them is nobody's business."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from importer.errors import UsageError
from importer.model.draft import Draft, Place
from importer.model.ids import Kind
from importer.sources import READERS, LossKind, Options, Page
from importer.sources.discourse_links import Topics
from importer.sources.discourse_markup import DiscourseMarkdown
from importer.sources.reader import Likeness
from importer.sources.verify import eye_of, seen_of_drafts
from importer.sources.verify_comparing import compared
from importer.sources.verify_seen import Sketch
from tests.sources.factories import LONG, converted, named, parted
from tests.sources.watched import unreported, verified

HOME = "https://forum.example.com"


def post(number: int, raw: str = LONG, **members: Any) -> dict[str, Any]:
    given = {
        "id": 1000 + number,
        "post_number": number,
        "username": "ada",
        "name": "Ada L.",
        "post_type": 1,
        "raw": raw,
        "cooked": f"<p>{raw}</p>",
        "created_at": "2025-01-01T00:00:00.000Z",
        "updated_at": "2025-01-02T00:00:00.000Z",
        "version": 2,
    }
    return given | members


def topic(number: int, title: str, *posts: dict[str, Any], **members: Any) -> dict[str, Any]:
    given = {
        "id": number,
        "title": title,
        "slug": title.lower().replace(" ", "-"),
        "category_id": 3,
        "tags": ["vpn", {"name": "network"}],
        "archetype": "regular",
        "visible": True,
        "post_stream": {"posts": list(posts), "stream": [it["id"] for it in posts]},
    }
    return given | members


ASKED = f"""It fails
since Monday.

See /t/policy/20/1 and [the policy]({HOME}/t/20), [a reply](/t/how-do-i/10/3?u=x), [it](/p/1003).

![shot|690x388](upload://abc.png) and [log|attachment](upload://def.txt) (1 KB)

[quote="bob, post:1, topic:20"]
first
- a
[/quote]
On [date=2025-01-02 time=10:00 timezone="Europe/Paris"] it was [spoiler]fine[/spoiler].

[details="More"]
`[quote]` stays
[/details]

```
[quote]
code
code
```
"""

EXPORT: dict[str, Any] = {
    "t/10.json": topic(
        10, "How do I get in?",
        post(1, ASKED),
        post(2, f"No. {LONG}"),
        post(3, f"Yes. {LONG}", accepted_answer=True, username="bob", name=""),
        post(4, "Thanks!"),
        post(5, f"Secret. {LONG}", post_type=4),
        post(6, "", post_type=3, action_code="closed.enabled"),
        post(7, f"Rude. {LONG}", hidden=True),
    ),
    "t/20.json": topic(20, "The policy", post(1, f"Policy. {LONG}", id=2001), tags=[]),
    "t/30.json": topic(30, "A letter", post(1, id=3001), archetype="private_message"),
    "t/40.json": topic(40, "The board", post(1, id=4001), category_id=4),
    "t/50.json": topic(
        50, "Where is the rest?", post(1, id=5001),
        post_stream={"posts": [post(1, id=5001)], "stream": [5001, 5002, 5003]},
    ),
    "t/50-2.json": {
        "id": 50, "post_stream": {"posts": [post(2, f"Here. {LONG}", id=5002)]},
    },
    "latest.json": {
        "topic_list": {"topics": [{"id": 10, "title": "How do I get in?"},
                                  {"id": 60, "title": "Never fetched"}]},
    },
    "categories.json": {
        "category_list": {"categories": [
            {"id": 3, "name": "Help", "read_restricted": False,
             "subcategory_list": [{"id": 4, "name": "Board", "read_restricted": True}]},
        ]},
    },
}  # fmt: skip


@pytest.fixture
def export(tmp_path: Path) -> Path:
    folder = tmp_path / "forum"
    (folder / "t").mkdir(parents=True)
    for name, document in EXPORT.items():
        (folder / name).write_text(json.dumps(document))
    return folder


def pages_of(path: Path, **options: Any) -> dict[str, Page]:
    found = READERS["discourse"].read(path, Options(**options))
    return {it.title: it for it in found if isinstance(it, Page)}


def test_topics_are_questions_or_articles_and_accounted_for(export: Path) -> None:
    results = converted("discourse", export)
    drafts, losses = parted(results)
    assert READERS["discourse"].guess(export) is Likeness.SURE
    assert {it.key: (it.kind, it.tags) for it in drafts} == {
        "how-do-i-get-in": (Kind.QUESTION, ("vpn", "network", "help")),
        "the-policy": (Kind.ARTICLE, ("help",)),
        "where-is-the-rest": (Kind.QUESTION, ("vpn", "network", "help")),
    }
    assert {it.what: it.why for it in losses if it.kind is LossKind.SKIPPED} == {
        "A letter": "a private message",
        "The board": "its category is for some groups only",
        "Never fetched": "the list names it, and its posts are not here: keep /t/60.json too",
    }


def test_replies_are_answers_and_the_solution_is_the_accepted_one(export: Path) -> None:
    drafts = {it.key: it for it in parted(converted("discourse", export))[0]}
    answers = drafts["how-do-i-get-in"].answers
    assert [(it.key, it.body[:3], it.accepted) for it in answers] == [
        ("answer-2", "No.", False),
        ("answer-3", "Yes", True),
    ]


def test_what_is_nobodys_business_and_what_is_no_answer_is_listed(export: Path) -> None:
    drafts, losses = parted(converted("discourse", export))
    text = "\n".join(it.body for draft in drafts for it in (draft, *draft.answers))  # type: ignore[attr-defined]  # both have one
    assert "Secret" not in text
    assert "Rude" not in text
    said = {it.what[:2]: it.why for it in losses if it.what.startswith("#")}
    assert said == {
        "#4": "too short for an answer, and comments can't be written; left out",
        "#5": "a whisper among the staff; never moved",
        "#6": "a notice of what was done with the topic; left out",
        "#7": "hidden in the source",
    }


def test_the_parts_of_a_topic_are_joined_and_what_lacks_is_counted(export: Path) -> None:
    drafts, losses = parted(converted("discourse", export))
    (answer,) = next(it.answers for it in drafts if it.key == "where-is-the-rest")
    assert answer.body.startswith("Here.")
    assert [it.what for it in losses if "further pages" in it.why] == ["posts that are not here: 1"]


def test_the_forums_markdown_has_a_form(export: Path) -> None:
    results = converted("discourse", export, Options(address=HOME))
    body = next(it.body for it in parted(results)[0] if it.key == "how-do-i-get-in")
    for said in (
        "It fails  \nsince Monday.",
        "[the policy](key:the-policy)",
        "[a reply](key:how-do-i-get-in#answer-3), [it](key:how-do-i-get-in#answer-3)",
        f"![shot]({HOME}/uploads/short-url/abc.png)",
        f"[log]({HOME}/uploads/short-url/def.txt)",
        "> [bob](key:the-policy):\n>\n> first\n> - a\n",
        "On 2025-01-02 10:00 (Europe/Paris) it was fine.",
        "**More**\n\n`[quote]` stays",
        "```\n[quote]\ncode\ncode\n```",
    ):
        assert said in body


def test_an_upload_whose_place_is_not_known_is_told(export: Path) -> None:
    drafts, losses = parted(converted("discourse", export))
    body = next(it.body for it in drafts if it.key == "how-do-i-get-in")
    assert "(image not moved: `/uploads/short-url/abc.png`)" in body
    assert [it for it in losses if it.kind is LossKind.IMAGE]


COOKED = f"""<aside class="quote"><div class="title"><div class="quote-controls"></div>
<img class="avatar" src="/a.png"> bob:</div><blockquote><p>first</p></blockquote></aside>
<p>{LONG} <img class="emoji" alt=":smile:" src="/e.png"> <a class="mention" href="/u/x">@x</a>
<a href="/t/policy/20">policy</a></p>
<div class="lightbox-wrapper"><a class="lightbox" href="https://cdn.example/full.png"><img
src="https://cdn.example/small.png" width="10"><div class="meta">690x388 1 KB</div></a></div>
<aside class="onebox" data-onebox-src="https://x.example"><header><a href="https://x.example">x
</a></header><article><img src="/p.png"><p>About x</p></article></aside>
<pre><code class="lang-auto">code</code></pre><pre><code class="lang-python">x = 1</code></pre>"""


def test_cooked_posts_are_read_where_raw_is_missing(tmp_path: Path) -> None:
    asked = post(1, "", cooked=COOKED)
    rows = [topic(10, "How do I get in?", asked), topic(20, "The policy", post(1, id=2001))]
    (tmp_path / "topics.jsonl").write_text("\n".join(map(json.dumps, rows)))
    drafts, _ = parted(converted("discourse", tmp_path / "topics.jsonl"))
    for said in (
        "> bob:\n>\n> > first",
        ":smile: @x\n[policy](key:the-policy)",
        "![](https://cdn.example/full.png)",
        "> [x](https://x.example)\n>\n> About x",
        "```\ncode\n```",
        "```python\nx = 1\n```",
    ):
        assert said in drafts[0].body
    assert "690x388" not in drafts[0].body


def test_names_addresses_and_times_are_known(export: Path) -> None:
    page = pages_of(export, address=HOME)["How do I get in?"]
    assert page.addresses == (f"{HOME}/t/how-do-i-get-in?/10",)
    assert (page.body.credit.author, page.parent, page.revision) == ("Ada L.", "Help", "2")
    assert page.answers[1].credit.author == "bob"
    assert page.body.credit.author_address == f"{HOME}/u/ada"
    assert f"{page.body.credit.when:%Y-%m-%d}" == "2025-01-02"


@pytest.mark.parametrize(
    ("members", "why"),
    [
        ({"deleted_at": "2025-01-01"}, "deleted in the source"),
        ({"visible": False}, "an unlisted topic"),
    ],
)
def test_topics_that_not_everybody_sees_are_withheld(
    tmp_path: Path, members: dict[str, Any], why: str
) -> None:
    (tmp_path / "a.json").write_text(json.dumps(topic(1, "Is it?", post(1), **members)))
    assert pages_of(tmp_path)["Is it?"].withheld == why


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(topic(1, "Is it?", post(2)), id="no first post"),
        pytest.param(topic(1, "", post(1)), id="no title"),
        pytest.param(topic(1, "Is it?", post(1, post_number="x")), id="no number"),
    ],
)
def test_a_topic_that_lacks_something_is_skipped(tmp_path: Path, document: Any) -> None:
    (tmp_path / "a.json").write_text(json.dumps([document, topic(2, "Or not?", post(1, id=7))]))
    drafts, losses = parted(converted("discourse", tmp_path))
    assert len(drafts) == 1
    (why,) = (it.why for it in losses if it.kind is LossKind.SKIPPED)
    assert why.endswith("in the export")


def test_files_without_a_topic_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"category_list": {"categories": []}}')
    with pytest.raises(UsageError, match="no topic of Discourse"):
        list(READERS["discourse"].read(tmp_path, Options()))


def test_footnotes_are_a_list_at_the_end(tmp_path: Path) -> None:
    raw = f"{LONG}[^1] And `x[^1]`.\n\n[^1]: The note."
    (tmp_path / "10.json").write_text(json.dumps(topic(10, "How do I get in?", post(1, raw))))
    drafts, losses = parted(converted("discourse", tmp_path))
    assert drafts[0].body == f"{LONG}<sup>1</sup> And `x[^1]`.\n\n---\n\n1. The note."
    assert named(losses, LossKind.MARKUP) == ["10.json:1 footnotes: 1"]


@pytest.mark.parametrize("address", ["", HOME])
def test_what_became_something_of_a_raw_post_is_not_lost(export: Path, address: str) -> None:
    fidelity, _ = verified("discourse", export, Options(address=address))
    assert fidelity.pages > 1
    assert unreported(fidelity) == []


def test_what_became_something_of_a_cooked_post_is_not_lost(tmp_path: Path) -> None:
    asked = post(1, "", cooked=COOKED)
    (tmp_path / "10.json").write_text(json.dumps(topic(10, "How do I get in?", asked)))
    fidelity, _ = verified("discourse", tmp_path)
    assert fidelity.pages == 1
    assert unreported(fidelity) == []


def test_what_is_lost_of_a_post_is_still_seen() -> None:
    sketch = Sketch()
    text = '[quote="bob"]\nquoted\n[/quote]\n\n![a|9x9](upload://a.png) gone'
    eye_of(DiscourseMarkdown(Topics("")))(text, sketch)
    made = seen_of_drafts([Draft("a", "A", (), "> bob:\n", (), Place("a", 1))])
    lost = compared(sketch.seen, made, []).differences
    assert [it.what for it in lost] == ["quoted gone", "/uploads/short-url/a.png (a)"]
