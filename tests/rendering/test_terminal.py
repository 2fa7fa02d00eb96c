from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.rendering.terminal import paint, wrap

WIDTH = 40


def test_only_a_known_tone_is_painted_and_only_in_colour() -> None:
    assert paint("a", "create", color=True) == "\x1b[32ma\x1b[0m"
    assert paint("a", "create", color=False) == "a"
    assert paint("a", "kept", color=True) == "a"
    assert paint("", "create", color=True) == ""


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param("short", ["short"], id="short"),
        pytest.param(
            "why the reason is long and has to go on below",
            ["why the reason is long and has to go on", "  below"],
            id="broken at a blank",
        ),
        pytest.param(
            "      | ~ " + "x" * 35,
            ["      | ~ " + "x" * 30, "      |   " + "x" * 5],
            id="content keeps its margin",
        ),
        pytest.param("x" * 45, ["x" * 40, "  " + "x" * 5], id="a word too long"),
        pytest.param("漢" * 21, ["漢" * 20, "  漢"], id="wide characters"),
        pytest.param(
            f"a \x1b[32m{'x' * 30} {'y' * 20}\x1b[0m b",
            [f"a \x1b[32m{'x' * 30}\x1b[0m", f"  \x1b[32m{'y' * 20}\x1b[0m b"],
            id="colour goes on",
        ),
        pytest.param(f"\x1b[32m{'x' * 40}\x1b[0m", [f"\x1b[32m{'x' * 40}\x1b[0m"], id="it fits"),
    ],
)
def test_a_line_goes_on_below_with_its_margin(line: str, expected: list[str]) -> None:
    assert wrap(line, WIDTH).split("\n") == expected


def test_a_tiny_terminal_gets_forty_columns() -> None:
    assert wrap("x" * 40, 3) == "x" * 40


@given(st.text(alphabet=st.sampled_from("ab 漢|:~\u0301\n"), max_size=300), st.integers(40, 60))
def test_no_line_is_too_wide_and_no_character_but_blanks_is_lost(text: str, width: int) -> None:
    lines = wrap(text, width).split("\n")
    assert all(len(line) - line.count("\u0301") + line.count("漢") <= width for line in lines)
    assert re.sub(r"[ \n|:~]", "", "".join(lines)) == re.sub(r"[ \n|:~]", "", text)
