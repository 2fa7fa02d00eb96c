"""The map file: a table of the pages, written as a report and read back as decisions.

A cell that is as it was sent says nothing, nor does an empty one: so a table may come back in parts
from several people, and be read again after the wiki moved on. What was sent is told by a digest of
each cell in the last column; without that column, every cell counts that isn't what the page has.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from importer.errors import ManifestError, Problem, Span
from importer.sources.losses import Account, Fate
from importer.sources.naming import tag_of
from importer.text.canonical import canonical_line
from importer.text.digests import digest_text
from importer.text.tables import TableRow, Wording, head_line, read_table, row_line

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
_WORDING = Wording("the map", "map-damaged", ", or name its encoding: --encoding cp1252")


def map_lines(accounts: Iterable[Account]) -> Iterator[str]:
    """Yield the table line by line, the header first: CSV, to be written as UTF-8."""
    yield head_line(COLUMNS)
    for it in accounts:
        yield row_line(_cells(it))


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
    problems: list[Problem] = []
    table = read_table(data, path, COLUMNS, ("page",), problems, _WORDING, encoding)
    rows = [row for it in table for row in _row(it, problems)]
    if problems:
        raise ManifestError(problems, of="the map has", remedy=_AGAIN)
    return rows


_AGAIN = "Mend the cells named above and convert again."


def _row(it: TableRow, problems: list[Problem]) -> list[Row]:
    cells = it.cells
    span = it.span("page")
    sent = cells[_SENT].split("-")
    known = dict(zip(_DIGESTED, sent[1:], strict=False)) if sent[0] == _SIGN else {}
    page = _restored(cells["page"], known.get("page"))
    if not page:
        why = "a row that names no page"
        remedy = "Write the page's name as the report has it, or delete the row."
        problems.append(Problem("map-page", why, span, remedy))
        return []
    decided = {
        name: Cell(
            cells[name],
            it.span(name),
            name,
            is_sent=known.get(name) == _digest(_restored(cells[name], known.get(name))),
        )
        for name in DECIDED
        if cells[name]
    }
    return [Row(page, span, decided, cells["why"] if cells["fate"] == Fate.SKIPPED else "")]


def _restored(cell: str, digest: str | None) -> str:
    """Return a cell with the apostrophe that a program took for its own mark of a text."""
    return f"'{cell}" if digest and digest == _digest(f"'{cell}") else cell
