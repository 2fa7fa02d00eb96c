"""Holes: dug where a target is known, filled by it, taken out for a first write."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.text.links import (
    HOLE,
    Text,
    dig,
    dig_deeper,
    fill,
    plain,
    retarget,
    without_links,
)
from importer.text.scanning import destinations

URL = "https://acme.example/questions/"


def by_key(destination: str) -> str | None:
    return destination if destination.startswith("key:") else None


def by_url(destination: str) -> str | None:
    return f"question/{destination.removeprefix(URL)}" if destination.startswith(URL) else None


def test_a_hole_stands_for_each_destination_whose_target_is_known() -> None:
    text = dig("[a](key:x) [b](c) ![d](key:y)\n\n[e]: <key:x> 't'\n", by_key)
    assert text.holed == f"[a]({HOLE}) [b](c) ![d]({HOLE})\n\n[e]: <{HOLE}> 't'\n"
    assert text.targets == ("key:x", "key:y", "key:x")


def test_nothing_is_dug_in_code() -> None:
    assert dig("`[a](key:x)`\n", by_key) == Text("`[a](key:x)`\n")


def test_a_hole_typed_by_somebody_is_dropped() -> None:
    assert dig(f"a{HOLE}b [c](key:{HOLE}x)", by_key) == Text(f"ab [c]({HOLE})", ("key:x",))
    assert plain(f"a{HOLE}b") == Text("ab")


def test_digging_deeper_keeps_the_holes_there_are() -> None:
    text = dig(f"[a](key:x) [b]({URL}7) ![c](key:y)", by_key)
    assert dig_deeper(text, by_url) == Text(
        f"[a]({HOLE}) [b]({HOLE}) ![c]({HOLE})", ("key:x", "question/7", "key:y")
    )
    bare = Text("no link")
    assert dig_deeper(bare, by_url) is bare


def test_targets_are_renamed_in_place() -> None:
    text = Text(f"[a]({HOLE}) [b]({HOLE})", ("x", "y"))
    assert retarget(text, str.upper) == Text(text.holed, ("X", "Y"))


def test_a_hole_too_many_is_refused() -> None:
    with pytest.raises(ValueError, match="zip"):
        fill(Text(HOLE, ()), str)


_PIECES = (
    *("[", "]", "(", ")", "![", "](key:a)", "[b](key:b)", "![c](key:c)", "[d](<key:d>)"),
    *("\n\n[e]: key:e\n\n", "\n\n[e]:\nkey:e 't'\n\n", "](e)", "](<key:f>)", "(key:g"),
    *("`", "``", "\n```\n", "\n", "\n\n", "> ", "- ", "    ", "# ", "<", ">", "<b c='"),
    *("'", '"', "<!--", "-->", "\\", "x", " "),
)
_markdown = st.lists(st.sampled_from(_PIECES), max_size=25).map("".join)


@given(_markdown)
def test_filling_what_was_dug_gives_the_text_again(markdown: str) -> None:
    text = dig(markdown, by_key)
    assert fill(text, str) == markdown
    assert text.holed.count(HOLE) == len(text.targets)


@given(_markdown)
def test_a_dug_text_is_dug_already(markdown: str) -> None:
    text = dig(markdown, by_key)
    assert dig_deeper(text, by_key) == text
    address = retarget(text, lambda key: f"{URL}{ord(key[-1])}")
    assert dig(fill(address, str), lambda url: url if url.startswith(URL) else None) == address


KEY = frozenset({"key:x"})


@pytest.mark.parametrize(
    ("markdown", "expected", "left"),
    [
        pytest.param("a [b](key:x) c", "a b c", (), id="link"),
        pytest.param("a [b](<key:x> 't') c", "a b c", (), id="link with a title"),
        pytest.param("a ![b](key:x) c", "a b c", (), id="image"),
        pytest.param("[b](key:y)", f"[b]({HOLE})", ("key:y",), id="another target"),
        pytest.param("[a](key:x) [b](key:y)", f"a [b]({HOLE})", ("key:y",), id="one of two"),
        pytest.param("[a](key:x) [b](key:x)", "a b", (), id="the same twice"),
        pytest.param("[a][b]\n\n[b]: key:x\n", "[a][b]\n\n[b]: #\n", (), id="definition"),
        pytest.param("[![a](key:x)](key:y)", f"[a]({HOLE})", ("key:y",), id="the inner one"),
        pytest.param("[![a](key:y)](key:x)", f"![a]({HOLE})", ("key:y",), id="the outer one"),
        pytest.param("[![a](key:x) b](key:x)!", "a b!", (), id="both of two"),
        pytest.param("> [a\n> b](key:x)", "> a\n> b", (), id="over the lines of a quote"),
        pytest.param("[a](b)", "[a](b)", (), id="no hole"),
        pytest.param("`[a](key:x)` [b](key:x)", "`[a](key:x)` b", (), id="code stays"),
    ],
)
def test_links_to_what_does_not_exist_yet_become_their_own_text(
    markdown: str, expected: str, left: tuple[str, ...]
) -> None:
    assert without_links(dig(markdown, by_key), KEY) == Text(expected, left)


@given(_markdown, st.frozensets(st.sampled_from([f"key:{it}" for it in "abcdef"])))
def test_only_the_named_targets_are_taken_out(markdown: str, gone: frozenset[str]) -> None:
    text = dig(markdown, by_key)
    less = without_links(text, gone)
    assert less.targets == tuple(it for it in text.targets if it not in gone)
    assert less.holed.count(HOLE) == len(less.targets)
    assert without_links(text, frozenset()) == text


@given(_markdown)
def test_no_hole_is_left_where_all_targets_are_taken_out(markdown: str) -> None:
    text = dig(markdown, by_key)
    less = without_links(text, frozenset(text.targets))
    assert HOLE not in less.holed
    assert not less.targets
    if not text.targets:
        assert destinations(less.holed) == destinations(markdown)
