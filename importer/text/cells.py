"""Cells of a table that a spreadsheet opens: none of them is taken for a formula.

A cell that begins with a sign of a formula gets an apostrophe before it, which reading takes off
again: F83, CSV injection. Only where such a sign follows is an apostrophe ours, so that no text is
changed by writing and reading it.
"""

import re

__all__ = ["plain_cell", "safe_cell"]

# TAB, CR and LF: some programs take them off and look again. The last four are full-width forms.
_RISKY = re.compile("'*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_QUOTED = re.compile("'+[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")


def safe_cell(text: str) -> str:
    """Return *text* as a cell that no spreadsheet computes."""
    return f"'{text}" if _RISKY.match(text) else text


def plain_cell(cell: str) -> str:
    """Return the text that `safe_cell` made *cell* of; other cells stay as they are."""
    return cell[1:] if _QUOTED.match(cell) else cell
