"""Digests: equal for equal values only, whole or short."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.text.digests import Digest, agree, digest_of, digest_text, shorten

WHOLE = digest_text("a")


def test_a_digest_is_the_same_on_every_machine() -> None:
    assert digest_text("") == "4oymiquy7qobjgx36tejs35zeq"
    assert digest_of("line", ["a"]) == digest_text('["line","a"]')


@given(st.lists(st.text()), st.lists(st.text()))
def test_parts_are_not_mistaken_for_each_other(one: list[str], other: list[str]) -> None:
    assert (digest_of("x", one) == digest_of("x", other)) is (one == other)


def test_equal_parts_of_another_shape_are_another_value() -> None:
    assert digest_of("line", ["a"]) != digest_of("names", ["a"])


def test_half_a_character_has_a_digest() -> None:
    assert digest_text("\ud800") != digest_text("?")


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        pytest.param(WHOLE, WHOLE, True, id="equal"),
        pytest.param(WHOLE, shorten(WHOLE), True, id="short"),
        pytest.param(shorten(WHOLE), shorten(WHOLE), True, id="both short"),
        pytest.param(WHOLE, digest_text("b"), False, id="other"),
        pytest.param(WHOLE, shorten(digest_text("b")), False, id="other, short"),
        pytest.param(WHOLE, Digest(WHOLE[:7]), False, id="too short to tell"),
        pytest.param(WHOLE, Digest(""), False, id="empty"),
        pytest.param(Digest(""), Digest(""), False, id="both empty"),
    ],
)
def test_digests_agree_when_they_name_the_same_value(
    one: Digest, other: Digest, expected: bool
) -> None:
    assert agree(one, other) is expected
    assert agree(other, one) is expected
