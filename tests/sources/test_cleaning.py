"""A question's text without its old page: what goes, what stays, and that each loss is listed."""

from __future__ import annotations

import time

import pytest

from importer.sources.cleaning import clean, is_navigation
from importer.sources.lines import code_flags, code_spans, joined, numbered
from importer.sources.losses import Losses


def cleaned(text: str) -> tuple[str, list[str]]:
    losses = Losses("faq.md")
    result = clean(numbered(text), losses)
    return joined(result.lines), [f"{it.kind} {it.where.line} {it.what}" for it in losses.found]


@pytest.mark.parametrize(
    ("text", "expected", "lost"),
    [
        pytest.param("    a\n\n    - b\n      c\n", "a\n\n- b\n  c", [], id="indentation"),
        pytest.param("    a\n\nb\n  c\n", "a\n\nb\nc", [], id="too little indentation"),
        pytest.param("\ta\n\t\tb\n", "a\n    b", [], id="tabs"),
        pytest.param(
            "   ```py\n   if a:\n       b\n\n  c\n   ```\n",
            "```py\nif a:\n    b\n\nc\n```",
            [],
            id="code keeps its own indentation",
        ),
        pytest.param("a\n\n---\n\n", "a", ["decoration 3 ---"], id="a rule at the end"),
        pytest.param("a\n---\n", "a\n---", [], id="an underlined heading"),
        pytest.param("a\n\n---\n\nb\n", "a\n\n---\n\nb", [], id="a rule inside"),
        pytest.param("a\n\n\n\nb\n", "a\n\nb", [], id="blank lines"),
        pytest.param("```\na\n\n\nb\n```\n", "```\na\n\n\nb\n```", [], id="blank lines in code"),
        pytest.param(
            "a\n```\nb\n", "a\n```\nb\n```", ["markup 2 ```"], id="a fence that is never closed"
        ),
        pytest.param("a\n\n```\n\n", "a", ["markup 3 ```"], id="a fence that opens nothing"),
        pytest.param(
            "a <!-- why --> b\n<!--\nc\n-->\nd\n",
            "a  b\nd",
            ["comment 1 why", "comment 4 c"],
            id="comments",
        ),
        pytest.param(
            "`<!-- a -->`\n\n```\n<!-- b -->\n```\n",
            "`<!-- a -->`\n\n```\n<!-- b -->\n```",
            [],
            id="comments in code",
        ),
        pytest.param(
            "a <!-- b\n\nc\n", "a  b\n\nc", ["comment 1 a <!-- b"], id="a comment never closed"
        ),
        pytest.param(
            "<!-- teams-importer:1 a:b -->\nc",
            "`` <!-- teams-importer:1 a:b --> ``\nc",
            ["markup 1 teams-importer:1 a:b"],
            id="a marker",
        ),
        pytest.param(
            "[![Build](https://img.shields.io/x.svg)](https://ci.example)\n\na\n",
            "a",
            ["decoration 1 [![Build](https://img.shields.io/x.svg)](https://ci.example)"],
            id="a badge",
        ),
        pytest.param(
            "a\n\n[Back to top](#top)\n\nb\n",
            "a\n\nb",
            ["navigation 3 [Back to top](#top)"],
            id="a way back inside",
        ),
        pytest.param(
            "<details><summary><b>More `<b>`</b></summary>\n<p>\n```js\n<p>\n```\n</p>\n"
            "</details>\n\na",
            "**More `<b>`**\n\n```js\n<p>\n```\n\na",
            [
                "markup 1 <b>More `<b>`</b>",
                "markup 2 <p>",
            ],
            id="a folded part",
        ),
        pytest.param(
            "<div>\n       text that is no code\n</div>\n",
            "text that is no code",
            ["markup 1 <div>"],
            id="indentation in HTML",
        ),
        pytest.param(
            'a <img src="x y.png" alt="b" width="3"> <a href="https://c.example">d</a>\n',
            "a ![b](<x y.png>) [d](https://c.example)",
            ['markup 1 <img src="x y.png" alt="b" width="3">'],
            id="HTML links and images",
        ),
        pytest.param(
            "Use `<div>` and\n\n    <div>\n\n<pre>\n<p>\n</pre>\n",
            "Use `<div>` and\n\n    <div>\n\n<pre>\n<p>\n</pre>",
            [],
            id="HTML in code",
        ),
        pytest.param("a <Router> b\n", "a <Router> b", [], id="a tag that is no form"),
        pytest.param("", "", [], id="nothing"),
    ],
)
def test_a_text_loses_what_only_its_page_needed(text: str, expected: str, lost: list[str]) -> None:
    assert cleaned(text) == (expected, lost)


def test_tags_and_anchors_are_taken_from_the_text() -> None:
    text = '<a name="old"></a>\na\n<!-- tags: (one, two) -->\n<a id=new></a>b\n'
    result = clean(numbered(text), Losses("faq.md"))
    assert (joined(result.lines), result.tags, result.anchors) == (
        "a\nb",
        ["one", "two"],
        ["old", "new"],
    )


@pytest.mark.parametrize(
    "line",
    [
        "**[⬆ Back to Top](#table-of-contents)**",
        "[back to top](#top)",
        "<sup>[↑ Top](#)</sup>",
        "[[↑] Back to top](#contents)",
        '<a href="#top">Back to the top</a>',
        "Back to top",
        "  [Return to contents](#toc)",
    ],
)
def test_a_way_around_the_page_is_recognised(line: str) -> None:
    assert is_navigation(line)


@pytest.mark.parametrize(
    "line", ["Top", "Back to top of the class", "The top", "[Topology](#t)", "index", "", "> back"]
)
def test_a_sentence_about_the_top_is_text(line: str) -> None:
    assert not is_navigation(line)


@pytest.mark.parametrize(
    ("line", "spans"),
    [
        pytest.param("a `b` c", ["`b`"], id="one"),
        pytest.param("``a ` b`` `c`", ["``a ` b``", "`c`"], id="longer"),
        pytest.param(r"\`a` b`", ["` b`"], id="escaped"),
        pytest.param("`a ``b", [], id="never closed"),
    ],
)
def test_code_spans_are_found(line: str, spans: list[str]) -> None:
    assert [line[begin:end] for begin, end in code_spans(line)] == spans


@pytest.mark.parametrize(
    ("text", "code"),
    [
        pytest.param("a\n\n    b\n\n    c\nd", "..#.#.", id="indented"),
        pytest.param("a\n    b", "..", id="a paragraph goes on"),
        pytest.param("- a\n\n      b\nc", "....", id="in a list"),
        pytest.param("<pre>\na\n</pre>\nb", "###.", id="pre"),
        pytest.param("  ~~~\na\n     ~~~\nb", "###.", id="a fence closed further in"),
        pytest.param("```a`b\nc", "..", id="no fence"),
        pytest.param("- ```\n  a\n  ```\nb", "###.", id="behind a bullet"),
    ],
)
def test_code_is_told_from_text(text: str, code: str) -> None:
    assert code_flags(text.split("\n")) == [sign == "#" for sign in code]


def test_lists_in_lists_without_end_take_no_more_time_than_their_blanks() -> None:
    lines = ["  " * it + "- item" for it in range(1_500)]
    begin = time.monotonic()
    assert code_flags(lines) == [False] * len(lines)
    assert time.monotonic() - begin < 120
