"""Markdown of the pages that are made from the code."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

__all__ = ["CODE", "MADE", "cell", "prose", "table"]

MADE = "<!-- Made from the code by `make reference`; edits here are lost. -->"
CODE = re.compile(r"(`[^`]*`)")
# An underscore within a word is none of Markdown.
_MARKUP = re.compile(r"([<>*\[\]]|(?<!\w)_|_(?!\w))")


def prose(text: str) -> str:
    """Return *text* with what isn't in code shown as it is; blanks are joined."""
    parts = CODE.split(" ".join(text.split()))
    return "".join(it if it.startswith("`") else _MARKUP.sub(r"\\\1", it) for it in parts)


def cell(text: str) -> str:
    """Return Markdown *text* for a cell of a table."""
    return text.replace("|", "\\|")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the lines of a table; cells are Markdown."""
    lines = [list(head), ["---"] * len(head), *([cell(it) for it in row] for row in rows)]
    return [f"| {' | '.join(line)} |" for line in lines]
