"""A changed text in its author's spelling: what didn't change is as it was, to the last blank."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from importer.text.canonical import canonical_text
from importer.text.links import HOLE, Text, dig
from importer.text.respelling import lines_of, respelled, spellings, text_of

LINE = st.sampled_from(
    ["", "", " ", "one", "two  ", "three   ", "four\t", "cafe\u0301", "    code ", "# head", "---",
     "[a](key:a)", "[a](a.md) and [b](<b.md>)", "[c]: c.md", "`[a](key:a)`", "```", "> [b](key:b)"]
)  # fmt: skip
TEXTS = st.lists(LINE, max_size=9).map("\n".join)
TARGETS = {
    "key:a": "key:a",
    "a.md": "key:a",
    "b.md": "key:b",
    "key:b": "key:b",
    "c.md": "key:c",
} | {"key:c": "key:c"}


def canonical(markdown: str) -> Text:
    return dig(canonical_text(markdown), TARGETS.get)


@pytest.mark.parametrize(
    ("source", "wanted", "expected"),
    [
        pytest.param("1  x \n\ntwo\t\n", "1  x\n\n2\n", "1  x \n\n2\n", id="other lines stay"),
        pytest.param("\n \n1\n\n\n", "1\n\n2\n", "\n \n1\n\n2\n\n\n", id="blank lines around"),
        pytest.param("one", "one\ntwo\n", "one\ntwo", id="no line end at the end"),
        pytest.param("e\u0301\nb\n", "\u00e9\nc\n", "e\u0301\nc\n", id="letters as composed"),
        pytest.param("[a](a.md)\n", "x [a](key:a)\n", "x [a](a.md)\n", id="a link as written"),
        pytest.param("a\n", "a [b](key:b)\n", "a [b](new:key:b)\n", id="a link that is new"),
        pytest.param("", "a\n", "a\n", id="from nothing"),
    ],
)  # fmt: skip
def test_lines_that_did_not_change_stay(source: str, wanted: str, expected: str) -> None:
    made = respelled(source, canonical(source), canonical(wanted), lambda it: f"new:{it}")
    assert made == expected


@given(source=TEXTS, wanted=TEXTS)
@example(source="[c]: c.md", wanted="[a](key:a)\n\n[c]: c.md")
def test_what_is_written_reads_as_what_was_wanted(source: str, wanted: str) -> None:
    made = respelled(source, canonical(source), canonical(wanted), str)
    assert canonical(made) == canonical(wanted)


@given(source=TEXTS)
def test_what_is_wanted_already_changes_nothing(source: str) -> None:
    assert respelled(source, canonical(source), canonical(source), str) == source


@given(source=TEXTS)
def test_lines_are_the_text(source: str) -> None:
    assert text_of(lines_of(canonical(source))) == canonical(source)


def test_each_target_has_the_spelling_that_comes_first() -> None:
    source = "[x](a.md) [y](b.md) [z](https://else.where) [x](key:a)\n"
    assert spellings(source, canonical(source)) == {"key:a": "a.md", "key:b": "b.md"}
    assert HOLE in canonical(source).holed
