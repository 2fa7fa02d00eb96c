from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.text.visible import visible


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "plain, naïve, 回滚, ❤️, a\xa0b", "plain, naïve, 回滚, ❤️, a\xa0b", id="as it is"
        ),
        pytest.param("\x1b[31m", r"\x1b[31m", id="CSI"),
        pytest.param("\x9b31m", r"\x9b31m", id="CSI as C1"),
        pytest.param("\x1b]8;;u\x07", r"\x1b]8;;u\x07", id="OSC 8"),
        pytest.param("a\r\n\tb\b", r"a\r\n\tb\x08", id="line ends, tab, backspace"),
        pytest.param("\u202eevil\u2066", r"\u202eevil\u2066", id="bidirectional overrides"),
        pytest.param("a\u200bb\ufeff\xad", r"a\u200bb\ufeff\xad", id="zero width"),
        pytest.param("\U000e0041", r"\U000e0041", id="tag character"),
        pytest.param("\ud800", r"\ud800", id="lone surrogate"),
        pytest.param(r"\x1b", r"\x1b", id="an escape stays what it is"),
    ],
)
def test_hidden_characters_show_as_escapes(text: str, expected: str) -> None:
    assert visible(text) == expected


@given(st.text())
def test_nothing_hidden_is_left_and_twice_is_once(text: str) -> None:
    shown = visible(text)
    assert not [char for char in shown if unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"}]
    assert visible(shown) == shown
