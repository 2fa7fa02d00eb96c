"""Tables that people fill in with whatever program they have: CSV out, and back in.

What comes back may be in UTF-8, or UTF-16 or UTF-32 with a byte order mark, delimited by `,`, `;`
or TAB, its lines ended by LF, CRLF or CR alone (Excel's `CSV (Macintosh)`), with its columns in
another order and cells quoted or not. Nothing but text is read: no cell is computed.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from importer.errors import Problem, Span, UsageError
from importer.text.cells import plain_cell, safe_cell

__all__ = ["TableRow", "Wording", "head_line", "read_table", "row_line"]

_LONGEST_CELL = 2**24
# That of UTF-32 begins as that of UTF-16 does.
_BOMS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\0\0", "utf-32"),
    (b"\0\0\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_LINE_END = re.compile(r"\r\n?|\n")
# Excel's own line, which names the delimiter.
_SEP = re.compile(r"\s*sep=[^\r\n]*(?:\r\n?|\n|\Z)", re.IGNORECASE)


def head_line(columns: Iterable[str]) -> str:
    """Return the first line of a table, to be written as UTF-8.

    It begins with a byte order mark, or Excel takes it for another encoding.
    """
    return f"\ufeff{_line(columns)}"


def row_line(cells: Iterable[str]) -> str:
    """Return the line of a row; no spreadsheet computes one of its cells."""
    return _line(safe_cell(cell) for cell in cells)


def _line(cells: Iterable[str]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerow(cells)
    return text.getvalue()


@dataclass(frozen=True, slots=True)
class Wording:
    """What messages call a table (`the map`), its rule for damage, and how to name an encoding."""

    what: str
    damaged: str
    encoding: str = ""


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row that isn't empty. `cells` are those of known columns, by name, as text."""

    path: str
    line: int
    cells: Mapping[str, str]
    columns: Mapping[str, int]

    def span(self, column: str) -> Span:
        """Return the place of a cell."""
        return Span(self.path, self.line, self.columns.get(column, 0) + 1)


def read_table(
    data: bytes,
    path: str,
    columns: Sequence[str],
    needed: Sequence[str],
    problems: list[Problem],
    wording: Wording,
    encoding: str | None = None,
) -> Iterator[TableRow]:
    """Yield the rows that aren't empty; a damaged one ends the table, and is in *problems*.

    Unknown columns are passed over, missing ones read as empty. Raises UsageError when it is no
    table, or lacks one of the *needed* columns.
    """
    text = _decoded(data, path, wording, encoding)
    skipped = _SEP.match(text)
    table = text[skipped.end() :] if skipped else text
    csv.field_size_limit(_LONGEST_CELL)
    delimiter = _delimiter(table, path, columns, needed, wording)
    reader = csv.reader(io.StringIO(table, newline=""), delimiter=delimiter, strict=True)
    places: dict[str, int] = {}
    while True:
        line = reader.line_num + (2 if skipped else 1)
        try:
            cells = next(reader, None)
        except csv.Error as error:
            why = f"the table is damaged here: {error}"
            remedy = "Look for a quotation mark that is missing, or save it as CSV again."
            problems.append(Problem(wording.damaged, why, Span(path, line, 1), remedy))
            return
        if cells is None:
            return
        if not places:
            places = _places(cells, path, line, columns, wording)
        elif any(cell.strip() for cell in cells):
            yield TableRow(path, line, _named(cells, places, columns), places)


def _named(
    cells: Sequence[str], places: Mapping[str, int], columns: Sequence[str]
) -> dict[str, str]:
    def text(name: str) -> str:
        at = places.get(name, len(cells))
        return plain_cell(cells[at]).strip() if at < len(cells) else ""

    return {name: text(name) for name in columns}


def _decoded(data: bytes, path: str, wording: Wording, encoding: str | None) -> str:
    named = next((name for bom, name in _BOMS if data.startswith(bom)), "utf-8")
    tried = [named, encoding] if encoding is not None and named == "utf-8" else [named]
    for name in tried:
        with suppress(UnicodeError, LookupError):
            text = data.decode(name)
            # What UTF-16 and UTF-32 without a byte order mark are full of.
            if "\0" not in _LINE_END.split(text, maxsplit=1)[0]:
                return text
    message = f"{path}:{_damaged_line(data, named)}: {wording.what} is not in UTF-8"
    raise UsageError(message, remedy=f"Save it as `CSV UTF-8`{wording.encoding}.")


def _damaged_line(data: bytes, encoding: str) -> int:
    try:
        data.decode(encoding)
    except UnicodeDecodeError as error:
        return len(_LINE_END.split(data[: error.start].decode(encoding, "ignore")))
    return 1


def _delimiter(
    table: str, path: str, columns: Sequence[str], needed: Sequence[str], wording: Wording
) -> str:
    for delimiter in ",;\t":
        lines = io.StringIO(table, newline="")
        with suppress(csv.Error):
            head = next(csv.reader(lines, delimiter=delimiter, strict=True), [])
            names = [_name(it) for it in head]
            if set(needed) <= set(names):
                return delimiter
    missing = " and ".join(f"`{it}`" for it in needed)
    message = f"{path}:1: {wording.what}'s first line names no column {missing}"
    only = f"only {missing} {'has' if len(needed) == 1 else 'have'} to be there"
    raise UsageError(message, remedy=f"Its columns are {', '.join(columns)}; {only}.")


def _name(cell: str) -> str:
    return " ".join(cell.split()).lower()


def _places(
    head: Sequence[str], path: str, line: int, columns: Sequence[str], wording: Wording
) -> dict[str, int]:
    places: dict[str, int] = {}
    for at, cell in enumerate(head):
        name = _name(cell)
        if name in columns and name in places:
            message = f"{path}:{line}:{at + 1}: {wording.what} has two columns `{name}`"
            raise UsageError(message, remedy="Rename or delete one of them.")
        places[name] = at
    return places
