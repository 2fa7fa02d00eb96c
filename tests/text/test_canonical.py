"""The canonical form: once is enough, and only what nobody sees is taken off."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.text.canonical import canonical_line, canonical_names, canonical_text


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        pytest.param("", "", id="empty"),
        pytest.param(" \n\t\n", "", id="blank"),
        pytest.param("a", "a\n", id="a final line end"),
        pytest.param("a\n\n\n", "a\n", id="one final line end"),
        pytest.param("\n\na", "a\n", id="no blank lines before"),
        pytest.param("   a", "   a\n", id="indentation stays"),
        pytest.param("    a", "    a\n", id="indentation of code stays"),
        pytest.param(" \n    a", "    a\n", id="blank line before indented code"),
        pytest.param("a\r\nb\rc", "a\nb\nc\n", id="line ends"),
        pytest.param("a\r\n\r\nb\r\n", "a\n\nb\n", id="blank line of Windows"),
        pytest.param("a \nb\t\nc", "a\nb\nc\n", id="trailing blanks"),
        pytest.param("a  \nb", "a  \nb\n", id="hard break"),
        pytest.param("a    \nb", "a  \nb\n", id="wide hard break"),
        pytest.param("a \t  \nb", "a  \nb\n", id="hard break behind a tab"),
        pytest.param("a  \t\nb", "a\nb\n", id="no hard break before a tab"),
        pytest.param("a  \r\nb", "a  \nb\n", id="hard break of Windows"),
        pytest.param("a\\\nb", "a\\\nb\n", id="hard break by a backslash"),
        pytest.param("a  ", "a\n", id="no hard break at the end"),
        pytest.param("a\n  \nb", "a\n\nb\n", id="blank line with blanks"),
        pytest.param("```\na  \n  b \n```", "```\na\n  b\n```\n", id="trailing blanks in code"),
        pytest.param("- ```\n  a  \n  ```", "- ```\n  a\n  ```\n", id="code in a list item"),
        pytest.param("```\n\n\n\na\n```", "```\n\n\n\na\n```\n", id="blank lines in code"),
        pytest.param("```\na  \n```\nb  \nc", "```\na\n```\nb  \nc\n", id="hard break under code"),
        pytest.param("u\u0308", "\u00fc\n", id="NFC"),
        pytest.param("\u1fef\u1fef\u1fef\na  \nb", "```\na\nb\n", id="a fence made by NFC"),
        pytest.param("a\u00a0\nb", "a\u00a0\nb\n", id="a hard space is no blank"),
        pytest.param("a\x0b\nb\u2028c", "a\x0b\nb\u2028c\n", id="other line ends are none"),
    ],
)
def test_a_text_keeps_what_shows(markdown: str, expected: str) -> None:
    assert canonical_text(markdown) == expected


_ALPHABET = st.characters() | st.sampled_from(" \t\n\r`~->u\u0308\u1fef<!#*")
_anything = st.text(_ALPHABET, max_size=60)


@given(_anything)
def test_a_canonical_text_is_canonical(markdown: str) -> None:
    once = canonical_text(markdown)
    assert canonical_text(once) == once


@given(_anything)
def test_line_ends_make_no_difference(markdown: str) -> None:
    lf = markdown.replace("\r", "")
    assert canonical_text(lf.replace("\n", "\r\n")) == canonical_text(lf)
    assert canonical_text(lf.replace("\n", "\r")) == canonical_text(lf)


@given(_anything)
def test_a_canonical_text_ends_its_last_line(markdown: str) -> None:
    text = canonical_text(markdown)
    assert not text or (text.endswith("\n") and not text.endswith("\n\n"))
    assert "\r" not in text


@given(_anything)
def test_a_canonical_line_is_canonical(value: str) -> None:
    once = canonical_line(value)
    assert canonical_line(once) == once == once.strip()


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        pytest.param(["b", "a"], ("a", "b"), id="sorted"),
        pytest.param(["a", " A "], ("a",), id="each once, in lower case"),
        pytest.param(["js", "x"], ("javascript", "x"), id="a synonym by its master"),
        pytest.param(["js", "javascript"], ("javascript",), id="a synonym and its master"),
        pytest.param(["ecma"], ("javascript",), id="a synonym of a synonym"),
        pytest.param(["ping", "pong"], ("ping", "pong"), id="synonyms in a circle"),
        pytest.param([], (), id="none"),
    ],
)
def test_names_are_compared_by_their_masters(names: list[str], expected: tuple[str, ...]) -> None:
    masters = {"js": "javascript", "ecma": "js", "ping": "pong", "pong": "ping"}
    assert canonical_names(names, masters) == expected


_names = st.sampled_from("abcdef")


@given(st.lists(_names), st.dictionaries(_names, _names))
def test_canonical_names_are_canonical(names: list[str], masters: dict[str, str]) -> None:
    once = canonical_names(names, masters)
    assert canonical_names(once, masters) == once
