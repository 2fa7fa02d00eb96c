"""Lines of wikitext as a wiki reads them: those with the markers of lists, and their items."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypeGuard

from mwparserfromhell.nodes import Node, Tag, Text
from mwparserfromhell.wikicode import Wikicode

__all__ = ["Piece", "Row", "grouped", "is_item", "lines_of", "row_of"]

_MARKS = "*#:;"
_ITEMS = "*#"
_DEEPEST = 30

Piece = Node | str


class Row(NamedTuple):
    """A line of a list: its markers, and what stands behind them."""

    marks: str
    pieces: Sequence[Piece]


def lines_of(code: Wikicode | None) -> Iterator[list[Piece]]:
    """Yield the lines of wikitext; a tag or a template that has several is in one."""
    line: list[Piece] = []
    for node in code.nodes if code is not None else ():
        if not isinstance(node, Text):
            line.append(node)
            continue
        first, *others = str(node).split("\n")
        line += [first] if first else []
        for other in others:
            yield line
            line = [other] if other else []
    if line:
        yield line


def row_of(line: Sequence[Piece]) -> Row | None:
    """Return a line as one of a list, if it is; `: ` within it shows a definition's other part."""
    marks = ""
    for piece in line:
        if not _is_mark(piece):
            break
        marks += str(piece.wiki_markup)
    return Row(marks[:_DEEPEST], [it for it in line if not _is_mark(it)]) if marks else None


def grouped(rows: Sequence[Row], depth: int) -> Iterator[Sequence[Row]]:
    """Yield the rows of each item, or of each indented line, at *depth*."""
    start = 0
    for end in range(1, len(rows) + 1):
        if end == len(rows) or not _goes_on(rows[start], rows[end], depth):
            yield rows[start:end]
            start = end


def _goes_on(first: Row, row: Row, depth: int) -> bool:
    return len(row.marks) > depth + 1 and _kind(row, depth) == _kind(first, depth)


def _kind(row: Row, depth: int) -> str:
    return row.marks[depth].replace(";", ":")


def is_item(group: Sequence[Row], depth: int) -> bool:
    """Tell whether rows are one item that has words itself, and not only items below it."""
    if group[0].marks[depth] not in _ITEMS:
        return False
    return any(not set(it.marks[depth + 1 :]) & set(_ITEMS) for it in group)


def _is_mark(piece: Piece) -> TypeGuard[Tag]:
    marks = str(piece.wiki_markup or "") if isinstance(piece, Tag) else ""
    return bool(marks) and all(it in _MARKS for it in marks)
