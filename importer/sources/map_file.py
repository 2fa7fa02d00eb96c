"""The map file: a table of the pages, written as a report and read back as decisions.

A cell that is as it was sent says nothing, nor does an empty one: so a table may come back in parts
from several people, and be read again after the wiki moved on. What was sent is told by a digest of
each cell in the last column; without that column, every cell counts that isn't what the page has.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from importer.errors import ManifestError, Problem, Span, UsageError
from importer.sources.losses import Account, Fate
from importer.sources.naming import tag_of
from importer.text.canonical import canonical_line
from importer.text.cells import plain_cell, safe_cell
from importer.text.digests import digest_text

__all__ = ["COLUMNS", "DECIDED", "Cell", "Row", "map_lines", "read_map"]

DECIDED = ("keep", "kind", "title", "tags", "key")
"""The columns that are read back; the others are for people."""
_SENT = "as sent"
_DIGESTED = ("page", *DECIDED)
COLUMNS = (
    "page", *DECIDED, "owner", "last edited", "size", "fate", "why", "effort", _SENT
)  # fmt: skip
_DIGEST = 5
_SIGN = "s1"
_LONGEST_CELL = 2**24
_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


def map_lines(accounts: Iterable[Account]) -> Iterator[str]:
    """Yield the table line by line, the header first: CSV, to be written as UTF-8.

    It begins with a byte order mark, or Excel takes it for another encoding.
    """
    yield f"\ufeff{_line(COLUMNS)}"
    for it in accounts:
        yield _line(safe_cell(cell) for cell in _cells(it))


def _line(cells: Iterable[str]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerow(cells)
    return text.getvalue()


def _cells(it: Account) -> Iterator[str]:
    # What rules made of its headings has no kind or key of its own.
    whole = it.fate in (Fate.MIGRATED, Fate.SPLIT) and not it.section
    decided = (
        "skip" if it.fate is Fate.SKIPPED else "keep",
        str(it.kind or "") if whole else "",
        " ".join(it.title.split()),
        ", ".join(dict.fromkeys(tag for tag in map(tag_of, it.tags) if tag)),
        it.keys[0] if whole else "",
    )
    yield it.page
    yield from decided
    yield it.owner
    yield it.edited.date().isoformat() if it.edited else ""
    yield str(it.size)
    yield str(it.fate)
    yield it.why
    yield str(it.effort)
    # A cell that somebody filled in says so again when this table is read.
    digests = zip(DECIDED, map(_digest, decided), strict=True)
    said = ("x" if name in it.chosen else sent for name, sent in digests)
    yield "-".join([_SIGN, _digest(it.page), *said])


def _digest(cell: str) -> str:
    return digest_text(_same(cell))[:_DIGEST]


def _same(cell: str) -> str:
    """Return the form of a cell in which a program may have changed what means nothing."""
    return canonical_line(" ".join(cell.split())).casefold()


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in a cell, without quoting; `is_sent` says that we wrote it so."""

    text: str
    span: Span
    name: str
    is_sent: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A page's row. `cells` are those of DECIDED that say something. `why` is said of a skip."""

    page: str
    span: Span
    cells: Mapping[str, Cell]
    why: str = ""


def read_map(data: bytes, path: str, encoding: str | None = None) -> list[Row]:
    """Return the rows of a map file, whatever program wrote it.

    Delimiters are `,`, `;` or TAB; columns come in any order, unknown ones are passed over. Raises
    UsageError when it is no table, ManifestError for damaged rows.
    """
    text = _decoded(data, path, encoding)
    first, _, rest = text.partition("\n")
    skipped = first.strip().lower().startswith("sep=")
    table = rest if skipped else text
    delimiter = _delimiter(table.partition("\n")[0], path)
    csv.field_size_limit(_LONGEST_CELL)
    reader = csv.reader(io.StringIO(table, newline=""), delimiter=delimiter, strict=True)
    columns: dict[str, int] = {}
    rows: list[Row] = []
    problems: list[Problem] = []
    while True:
        line = reader.line_num + (2 if skipped else 1)
        try:
            cells = next(reader, None)
        except csv.Error as error:
            why = f"the table is damaged here: {error}"
            remedy = "Look for a quotation mark that is missing, or save it as CSV again."
            problems.append(Problem("map-damaged", why, Span(path, line, 1), remedy))
            break
        if cells is None:
            break
        if not columns:
            columns = _columns(cells, path, line)
        elif any(cell.strip() for cell in cells):
            rows += _row(cells, columns, path, line, problems)
    if problems:
        raise ManifestError(problems, of="the map has", remedy=_AGAIN)
    return rows


_AGAIN = "Mend the cells named above and convert again."


def _decoded(data: bytes, path: str, encoding: str | None) -> str:
    named = next((name for bom, name in _BOMS if data.startswith(bom)), "utf-8")
    try:
        return data.decode(named)
    except UnicodeDecodeError as error:
        if encoding is not None and named == "utf-8":
            try:
                return data.decode(encoding)
            except (UnicodeDecodeError, LookupError):
                pass
        line = data.count(b"\n", 0, error.start) + 1
        message = f"{path}:{line}: the map is not in UTF-8"
        remedy = "Save it as `CSV UTF-8`, or name its encoding: --encoding cp1252."
        raise UsageError(message, remedy=remedy) from error


def _delimiter(head: str, path: str) -> str:
    for delimiter in ",;\t":
        names = next(csv.reader([head], delimiter=delimiter), [])
        if "page" in map(_name, names):
            return delimiter
    message = f"{path}:1: the map's first line names no column `page`"
    remedy = f"Its columns are {', '.join(COLUMNS)}; only `page` has to be there."
    raise UsageError(message, remedy=remedy)


def _name(cell: str) -> str:
    return " ".join(cell.split()).lower()


def _columns(head: list[str], path: str, line: int) -> dict[str, int]:
    columns: dict[str, int] = {}
    for at, cell in enumerate(head):
        name = _name(cell)
        if name in COLUMNS and name in columns:
            message = f"{path}:{line}:{at + 1}: the map has two columns `{name}`"
            raise UsageError(message, remedy="Rename or delete one of them.")
        columns[name] = at
    return columns


def _row(
    cells: list[str], columns: Mapping[str, int], path: str, line: int, problems: list[Problem]
) -> list[Row]:
    def text(name: str) -> str:
        at = columns.get(name, len(cells))
        return plain_cell(cells[at]).strip() if at < len(cells) else ""

    span = Span(path, line, columns["page"] + 1)
    sent = text(_SENT).split("-")
    known = dict(zip(_DIGESTED, sent[1:], strict=False)) if sent[0] == _SIGN else {}
    page = _restored(text("page"), known.get("page"))
    if not page:
        why = "a row that names no page"
        remedy = "Write the page's name as the report has it, or delete the row."
        problems.append(Problem("map-page", why, span, remedy))
        return []
    decided = {
        name: Cell(
            text(name),
            Span(path, line, columns[name] + 1),
            name,
            is_sent=known.get(name) == _digest(_restored(text(name), known.get(name))),
        )
        for name in DECIDED
        if text(name)
    }
    return [Row(page, span, decided, text("why") if text("fate") == Fate.SKIPPED else "")]


def _restored(cell: str, digest: str | None) -> str:
    """Return a cell with the apostrophe that a program took for its own mark of a text."""
    return f"'{cell}" if digest and digest == _digest(f"'{cell}") else cell
