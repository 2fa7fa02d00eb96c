"""Pages become drafts that a manifest takes; what had to change is listed, and the sum is right."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.model.draft import Place
from importer.model.ids import is_key
from importer.sources import LossKind, Options, Tally, tally
from importer.sources.naming import key_of, tag_of
from importer.sources.splitting import sent_length, split
from importer.sources.titles import asks, completed, cut, plain_title
from importer.text.scanning import left_open
from tests.sources.factories import (
    LONG,
    convert,
    converted,
    named,
    page,
    parted,
    results_of,
    shaped,
    wiki,
)

MOVED = "This question was moved from `faq.md`."


@pytest.mark.parametrize(
    ("raw", "title", "body"),
    [
        pytest.param(
            "How do I reset my password?",
            "How do I reset my password?",
            f"How do I reset my password?\n\n{MOVED}",
            id="as it is",
        ),
        pytest.param(
            "What does `<Router>` do for [us](https://a.example)?",
            "What does <Router> do for us?",
            f"What does `<Router>` do for [us](https://a.example)?\n\n{MOVED}",
            id="markup",
        ),
        pytest.param(
            "What is BEM?", "What is BEM? (css)", f"What is BEM?\n\n{MOVED}", id="too short"
        ),
        pytest.param("", "Untitled question in faq.md", MOVED, id="none"),
        pytest.param("Why?", "Frequently asked: Why?", f"Why?\n\n{MOVED}", id="far too short"),
        pytest.param(
            "Why is it " + "so " * 60 + "long?",
            "Why is it" + " so" * 46 + " …",
            "Why is it " + "so " * 60 + f"long?\n\n{MOVED}",
            id="too long",
        ),
        pytest.param(
            "A &amp; B are <b>not</b> the same?",
            "A & B are not the same?",
            f"A &amp; B are <b>not</b> the same?\n\n{MOVED}",
            id="entities and tags of form",
        ),
    ],
)
def test_a_title_is_plain_and_of_the_right_length(raw: str, title: str, body: str) -> None:
    (draft,), losses = shaped(page(raw, tags=("css",)))
    assert (draft.title, draft.body) == (title, body)
    assert 15 <= len(draft.title) <= 150
    assert bool(named(losses, LossKind.TITLE)) is (title != raw)


def test_equal_titles_are_made_different() -> None:
    titles = [
        "How do I reset it?",
        "How do I reset it?",
        "how do i RESET it?",
        "How do I reset it?",
    ]
    answers = [f"{number} {LONG}" for number in range(4)]
    drafts, losses = shaped(
        *(page(title, answers=(answer,)) for title, answer in zip(titles, answers, strict=True))
    )
    assert [it.title for it in drafts] == [
        "How do I reset it?",
        "How do I reset it? (accounts)",
        "how do i RESET it? (2)",
        "How do I reset it? (3)",
    ]
    assert [it.key for it in drafts] == [
        "how-do-i-reset-it",
        "how-do-i-reset-it-2",
        "how-do-i-reset-it-3",
        "how-do-i-reset-it-4",
    ]
    assert len(named(losses, LossKind.TITLE)) == 3


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(LONG, LONG, id="enough"),
        pytest.param("Hm?", f"Hm?\n\n{MOVED}", id="too short"),
        pytest.param("", f"How do I reset my password?\n\n{MOVED}", id="none"),
    ],
)
def test_a_question_without_text_gets_an_honest_one(body: str, expected: str) -> None:
    (draft,), losses = shaped(page(body=body))
    assert draft.body == expected
    assert bool(named(losses, LossKind.QUESTION)) is (body != LONG)


def test_a_short_answer_says_that_it_is_whole() -> None:
    (draft,), losses = shaped(page(answers=("Yes.",)))
    assert draft.answers[0].body == "Yes.\n\nThat is the whole answer in `faq.md`."
    assert named(losses, LossKind.ANSWER) == ["faq.md:1 Yes."]


def test_the_same_question_twice_is_one() -> None:
    results = results_of(
        page(), page(place=Place("other.md", 9), alone=True), page("How is this another one?")
    )
    drafts, losses = parted(results)
    assert [it.origin for it in drafts] == [("faq.md", "other.md"), ("faq.md",)]
    assert named(losses, LossKind.MERGED) == ["other.md:9 How do I reset my password?"]
    assert tally(results) == Tally(3, migrated=2, split=0, merged=1, skipped=0)


@pytest.mark.parametrize(
    ("tags", "given", "expected", "lost"),
    [
        pytest.param(("css", "c#"), ("x",), ("css", "c#"), [], id="good ones"),
        pytest.param((), ("x", "Y z"), ("x", "y-z"), ["x, y-z"], id="the option's"),
        pytest.param(("日本",), ("x",), ("x",), ["日本", "x"], id="nothing left of it"),
        pytest.param(("Old Q&A",), ("x",), ("old-q-a",), ["Old Q&A"], id="renamed"),
        pytest.param(
            ("a", "b", "c", "d", "e", "f", "A"), ("x",), tuple("abcde"), ["A", "f"], id="too many"
        ),
    ],
)
def test_a_question_has_one_to_five_tags(
    tags: tuple[str, ...], given: tuple[str, ...], expected: tuple[str, ...], lost: list[str]
) -> None:
    (draft,), losses = shaped(page(tags=tags), options=Options(tags=given))
    assert draft.tags == expected
    assert named(losses, LossKind.TAG) == [f"faq.md:1 {name}" for name in lost]


@pytest.mark.parametrize(
    ("name", "tag"),
    [
        ("Core React", "core-react"),
        ("C++", "c++"),
        (".NET", "net"),
        ("node.js", "node.js"),
        ("Café – Größe", "cafe-grosse"),
        ("React supported libraries & Integration", "react-supported-libraries"),
        ("a" * 40, "a" * 35),
        ("???", ""),
    ],
)
def test_a_name_becomes_a_tag(name: str, tag: str) -> None:
    assert tag_of(name) == tag


@pytest.mark.parametrize(
    ("name", "key", "tag"),
    [
        ("Gr\u00f6\u00dfe", "grosse", "grosse"),
        ("STRA\u1e9eE", "strasse", "strasse"),
        ("\u0141\u00f3d\u017a", "lodz", "lodz"),
        ("\u00c6r\u00f8", "aero", "aero"),
        ("\u0152uvre", "oeuvre", "oeuvre"),
        ("\u0110\u00e0 N\u1eb5ng", "da-nang", "da-nang"),
        ("\u00de\u00f3r\u00f0ur", "thordur", "thordur"),
        ("I\u011fd\u0131r \u0126amrun", "igdir-hamrun", "igdir-hamrun"),
        (
            "\u0420\u0430\u0437\u0434\u0435\u043b/\u041e\u0431\u044a\u0435\u043a\u0442",
            "razdel/obekt",
            "razdel-obekt",
        ),
        ("\u0395\u03bb\u03bb\u03ac\u03b4\u03b1", "ellada", "ellada"),
        ("\u65e5\u672c\u8a9e", "q-o5yqv3oh", ""),
    ],
)
def test_letters_that_have_no_marks_to_lose_are_kept(name: str, key: str, tag: str) -> None:
    assert (key_of(name), tag_of(name)) == (key, tag)


@given(st.text(max_size=200))
def test_every_name_becomes_a_key(name: str) -> None:
    assert is_key(f"{key_of(name)}-999")


@given(st.text(max_size=200))
def test_every_text_becomes_a_title(text: str) -> None:
    title = cut(completed(plain_title(text) or "x", ("tag",)))
    assert 15 <= len(title) <= 150
    assert title == title.strip()
    assert not set(title) & set("\n\r\t\0\u202e")


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ({"space": "Dev"}, {"space": "Ops"}, "Runbook for all of us (Ops)"),
        ({"space": "Dev"}, {"space": "Dev", "parent": "Night"}, "Runbook for all of us (Night)"),
        (
            {"place": Place("green/a.md", 1)},
            {"place": Place("red/a.md", 1)},
            "Runbook for all of us (red)",
        ),
        ({"space": "Dev"}, {"space": "Ops", "tags": ("own",)}, "Runbook for all of us (own)"),
        ({}, {}, "Runbook for all of us (migrated)"),
    ],
)
def test_equal_titles_are_told_apart_by_where_the_pages_stand(
    first: dict[str, Any], second: dict[str, Any], expected: str
) -> None:
    one = page("Runbook for all of us", body=f"{LONG} One.", tags=())
    other = page("Runbook for all of us", body=f"{LONG} Two.", tags=())
    drafts, _ = shaped(replace(one, **first), replace(other, **second))
    assert [it.title for it in drafts] == ["Runbook for all of us", expected]


@pytest.mark.parametrize(
    ("title", "asked"),
    [
        ("What is it?", True),
        ("How to reset a password", True),
        ("これは何ですか？", True),
        ("Notes", False),
        ("React Interview Questions & Answers", False),
        ("How", False),
    ],
)
def test_a_question_is_told_from_a_heading(title: str, *, asked: bool) -> None:
    assert asks(title) is asked


LINKS = {
    "a.md": "# How do I get in here?\n\n{}\n",
    "sub/b c.md": "# How do I get out again?\n\n## Inside <b>it</b>\n\nIt is a long way, I say.\n",
    "many.md": "## Where is it now, then?\n\nThere.\n\n## Who is it?\n\n<a name='Q2'></a>\nMe.\n",
}


@pytest.mark.parametrize(
    ("link", "expected", "lost"),
    [
        pytest.param("[x](sub/b%20c.md)", "[x](key:sub/b-c)", [], id="file"),
        pytest.param("[x](<./sub/b c.md>)", "[x](<key:sub/b-c>)", [], id="angles"),
        pytest.param("[x](sub/b%20c)", "[x](key:sub/b-c)", [], id="without suffix"),
        pytest.param(
            "[x](sub/b%20c.md#inside-it)",
            "[x](key:sub/b-c)",
            ["link sub/b%20c.md#inside-it"],
            id="part",
        ),
        pytest.param("[x](many.md#who-is-it)", "[x](key:many/who-is-it)", [], id="anchor"),
        pytest.param("[x](many.md#q2)", "[x](key:many/who-is-it)", [], id="old anchor"),
        pytest.param('[x](many.md#q2 "T")', '[x](key:many/who-is-it "T")', [], id="title"),
        pytest.param("[x]\n\n[x]: /a.md", "[x]\n\n[x]: key:a", [], id="definition"),
        pytest.param("[x](https://a.example/b.md)", "[x](https://a.example/b.md)", [], id="URL"),
        pytest.param("[x](mailto:a@b.example)", "[x](mailto:a@b.example)", [], id="mail"),
        pytest.param("[x](//a.example)", "[x](//a.example)", [], id="no scheme"),
        pytest.param("`[x](none.md)`", "`[x](none.md)`", [], id="code"),
        pytest.param("[x](#none)", "x", ["link #none"], id="anchor to nothing"),
        pytest.param(
            "[x](many.md)", "x (link not moved: `many.md`)", ["link many.md"], id="which of them"
        ),
        pytest.param(
            "[x](none.md) y", "x (link not moved: `none.md`) y", ["link none.md"], id="no file"
        ),
        pytest.param(
            "[x](../../etc/passwd)",
            "x (link not moved: `../../etc/passwd`)",
            ["link ../../etc/passwd"],
            id="outside",
        ),
        pytest.param(
            "[x](key:a)", "x (link not moved: `key:a`)", ["link key:a"], id="our own sign"
        ),
        pytest.param(
            "![x](i.png)", "x (image not moved: `i.png`)", ["image i.png"], id="local image"
        ),
        pytest.param(
            "![](i.png)", "(image not moved: `i.png`)", ["image i.png"], id="without text"
        ),
        pytest.param(
            "![x](https://i.example)",
            "![x](https://i.example)",
            ["image https://i.example"],
            id="image",
        ),
        pytest.param(
            "![x](file:///i.png)",
            "x (image not moved: `file:///i.png`)",
            ["image file:///i.png"],
            id="a file of one machine",
        ),
        pytest.param(
            "[![x](i.png)](a.md)",
            "[x (image not moved: `i.png`)](key:a)",
            ["image i.png"],
            id="image in a link",
        ),
        pytest.param(
            "[x][y]\n\n[y]: none.md",
            "x (link not moved: `none.md`)",
            ["link none.md"],
            id="definition of nothing",
        ),
        pytest.param(
            "[x][y], [`a`][z] and `[x][y]`\n\n[y]: none.md\n[z]: https://z.example\n[z]: too.md",
            "x (link not moved: `none.md`), [`a`][z] and `[x][y]`\n\n[z]: https://z.example",
            ["link none.md"],
            id="definitions after one of nothing",
        ),
    ],
)
def test_a_link_leads_to_a_question_or_says_where_it_led(
    tmp_path: Path, link: str, expected: str, lost: list[str]
) -> None:
    files = {
        **LINKS,
        "a.md": LINKS["a.md"].format(f"This is a long enough text with a link: {link}"),
    }
    drafts, losses = convert(tmp_path, files)
    (draft,) = [it for it in drafts if it.key == "a"]
    assert draft.answers[0].body == f"This is a long enough text with a link: {expected}"
    assert [
        f"{it.kind} {it.what}" for it in losses if it.kind in (LossKind.LINK, LossKind.IMAGE)
    ] == lost


@pytest.mark.parametrize(
    ("text", "expected", "kind"),
    [
        pytest.param("a\x1b[31m\u202eb", "a[31mb", LossKind.CHARACTER, id="hidden characters"),
        pytest.param("a\u200db", "a\u200db", None, id="a joiner"),
        pytest.param("<answer>", "\\<answer>", LossKind.MARKUP, id="like an answer's line"),
        pytest.param("- <!Answer: x", "- \\<!Answer: x", LossKind.MARKUP, id="in a list"),
        pytest.param("`<answer>`", "`<answer>`", None, id="in code"),
        pytest.param("<pre>\na", "<pre>\na\n</pre>", LossKind.MARKUP, id="pre left open"),
        pytest.param("~~~\na", "~~~\na\n~~~", LossKind.MARKUP, id="fence left open"),
        pytest.param("<!-- a", "<!-- a -->", LossKind.MARKUP, id="comment left open"),
        pytest.param(
            "<!-- teams-importer:1 a:b -->",
            "\\<!-- teams-importer:1 a:b -->",
            LossKind.MARKUP,
            id="a marker",
        ),
    ],
)
def test_what_would_harm_a_post_is_made_harmless(
    text: str, expected: str, kind: LossKind | None
) -> None:
    (draft,), losses = shaped(page(body=f"{LONG}\n\n{text}"))
    assert draft.body == f"{LONG}\n\n{expected}"
    assert [it.kind for it in losses] == ([kind] if kind else [])
    assert left_open(draft.body) is None


def section(number: int, size: int = 9_000) -> str:
    sentence = f"This is sentence {number}. "
    return f"## Part {number}\n\n{sentence * (size // len(sentence))}".rstrip()


def test_a_text_that_is_too_long_is_split_at_its_headings() -> None:
    text = "\n\n".join(section(number) for number in range(1, 8))
    results = results_of(page(answers=(text, LONG)))
    (draft,), losses = parted(results)
    bodies = [it.body for it in draft.answers]
    assert [it.key for it in draft.answers] == ["answer", "answer-2", "answer-3", "answer-4"]
    assert [body.split("\n")[0] for body in bodies[:3]] == [
        "*Part 1 of 3.*",
        "*Part 2 of 3.*",
        "*Part 3 of 3.*",
    ]
    assert all(sent_length(body) <= 30_000 for body in bodies)
    assert "\n\n".join(body.partition("\n\n")[2] for body in bodies[:3]) == text
    assert bodies[3] == LONG
    assert named(losses, LossKind.SPLIT) == ["faq.md:1 How do I reset my password?"]
    assert tally(results) == Tally(1, migrated=0, split=1, merged=0, skipped=0)


@pytest.mark.parametrize(
    "block",
    [
        pytest.param("```\n" + "code\n\n## no heading\n\n" * 40 + "```", id="fence"),
        pytest.param("\n".join(f"- item\n\n  goes on {n}" for n in range(40)), id="list"),
        pytest.param("| a | b |\n|---|---|\n" + "| c | d |\n" * 60, id="table"),
    ],
)
def test_no_split_goes_through_a_block(block: str) -> None:
    text = f"{'Some words. ' * 30}\n\n{block.strip()}\n\n{'Other words. ' * 30}"
    parts = split(text, high=1_500)
    assert parts is not None
    assert len(parts) > 1
    assert sum(block.strip() in part for part in parts) == 1
    assert "\n\n".join(part.strip() for part in parts).split() == text.split()


def test_a_definition_follows_its_link_into_each_part() -> None:
    text = f"[a][1]\n\n{section(1, 900)}\n\n[a][1]\n\n{section(2, 900)}\n\n[1]: https://a.example"
    parts = split(text, high=1_600)
    assert parts is not None
    assert len(parts) == 2
    assert all(part.endswith("[1]: https://a.example") for part in parts)


def test_a_block_that_is_too_long_is_skipped_and_links_to_it_say_so(tmp_path: Path) -> None:
    files = {
        "big.md": "# How big is it here?\n\n```\n" + "x" * 31_000 + "\n```\n",
        "small.md": "# How small is it?\n\nSmaller than [the big one](big.md), which is big.\n",
    }
    results = converted("faq", wiki(tmp_path, files))
    drafts, losses = parted(results)
    assert [it.key for it in drafts] == ["small"]
    assert (
        drafts[0].answers[0].body.startswith("Smaller than the big one (link not moved: `big.md`)")
    )
    assert named(losses, LossKind.SKIPPED) == ["big.md:1 How big is it here?"]
    assert tally(results) == Tally(2, migrated=1, split=0, merged=0, skipped=1)


def test_the_same_source_gives_the_same_drafts(tmp_path: Path) -> None:
    assert convert(tmp_path, LINKS) == convert(tmp_path, LINKS)
