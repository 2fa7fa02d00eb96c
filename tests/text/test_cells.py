"""Cells no spreadsheet computes, and that are the same when they are read back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.text.cells import plain_cell, safe_cell


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        pytest.param("=HYPERLINK(A1)", "'=HYPERLINK(A1)", id="a formula"),
        pytest.param("+1", "'+1", id="a sign"),
        pytest.param("-", "'-", id="a dash"),
        pytest.param("@cmd", "'@cmd", id="an at"),
        pytest.param("\t=1", "'\t=1", id="behind a tab"),
        pytest.param("\r=1", "'\r=1", id="behind a return"),
        pytest.param("\uff1d1", "'\uff1d1", id="full width"),
        pytest.param("'=1", "''=1", id="quoted in the source"),
        pytest.param("'tis", "'tis", id="an apostrophe"),
        pytest.param("a=1", "a=1", id="a sign within"),
        pytest.param("", "", id="empty"),
    ],
)
def test_f83_a_cell_that_begins_like_a_formula_is_quoted(text: str, cell: str) -> None:
    assert safe_cell(text) == cell
    assert plain_cell(cell) == text


@given(st.text(alphabet="'=+-@\t\r\n a\uff1d"))
def test_f83_reading_gives_what_was_written(text: str) -> None:
    assert plain_cell(safe_cell(text)) == text
    assert safe_cell(text)[:1] not in tuple("=+-@\t\r\n\uff1d")


def test_a_cell_that_a_program_unquoted_is_read_as_it_is() -> None:
    assert plain_cell("=1") == "=1"
