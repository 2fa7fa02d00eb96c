"""Reads the CSV files that so4t_api_import takes: questions or articles, one a row.

The columns are those of the vendor's own templates (read in November 2026): `title, body, tags,
answer` for questions and `title, body, type, tags` for articles, with `asker_account_id`,
`answerer_account_id` or `author_account_id` where somebody is to be impersonated.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from importer.errors import UsageError
from importer.model.draft import Place
from importer.model.ids import Kind
from importer.sources.article_types import article_type
from importer.sources.losses import Loss, LossKind
from importer.sources.page import Credit, Page, Passage
from importer.sources.reader import Likeness, Options
from importer.sources.tree import Tree, Unreadable, decoded, open_tree, whole

__all__ = ["So4tCsvReader"]

_NEEDED = {"title", "body", "tags"}
_KNOWN = _NEEDED | {"answer", "type"}
_ACCOUNTS = ("asker_account_id", "answerer_account_id", "author_account_id")
_LARGEST = 2**30
_LONGEST_CELL = 2**24
# The templates' first row explains the columns in these words, and is imported by mistake.
_INSTRUCTION = "that is less than 150 characters"


class So4tCsvReader:
    """The reader `so4t-csv`."""

    name = "so4t-csv"
    summary = "CSV files for so4t_api_import: questions or articles, with or without impersonation"

    def guess(self, path: Path) -> Likeness:
        """Tell whether a CSV file's first line has the columns."""
        files = [path] if path.is_file() else sorted(path.glob("*.csv"))
        return Likeness.SURE if any(_has_columns(file) for file in files) else Likeness.NONE

    def read(self, path: Path, options: Options) -> Iterator[Page | Loss]:
        """Yield each row; a row without what it needs is a loss, and so is an explaining one."""
        tree = open_tree(path)
        yield from tree.refused
        files = [name for name in tree.names if name.lower().endswith(".csv")]
        if not files:
            message = f"there is no CSV file in {path}"
            raise UsageError(message, remedy="Save the table as CSV (UTF-8), and name the file.")
        for name in tree.names:
            if name in files:
                yield from _rows(tree, name, options)
            else:
                yield Loss(LossKind.FILE, Place(name, 1), name, "not a CSV file; left out")


def _has_columns(path: Path) -> bool:
    if path.suffix.lower() != ".csv":
        return False
    try:
        with path.open("rb") as stream:
            head = stream.readline(2**14).decode("utf-8-sig", "replace")
    except OSError:
        return False
    cells = re.split(r"[,;\t]", head)
    return {cell.strip().strip('"').lower() for cell in cells} >= _NEEDED


def _rows(tree: Tree, name: str, options: Options) -> Iterator[Page | Loss]:
    try:
        # Excel writes the encoding of its country, unless told otherwise.
        text, other = decoded(whole(tree, name, _LARGEST), options.encoding or "cp1252")
    except Unreadable as error:
        yield Loss(LossKind.SKIPPED, Place(name, 1), name, f"it can't be read: {error}")
        return
    if other:
        yield Loss(LossKind.ENCODING, Place(name, 1), name, f"not UTF-8; read as {other}")
    head = text.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    csv.field_size_limit(_LONGEST_CELL)
    table = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    columns = [(column or "").strip().lower() for column in table.fieldnames or ()]
    table.fieldnames = columns
    if not set(columns) >= _NEEDED:
        missing = ", ".join(sorted(_NEEDED - set(columns)))
        yield Loss(LossKind.SKIPPED, Place(name, 1), name, f"it has no column {missing}")
        return
    for column in columns:
        what = f"column {column}"
        if column in _ACCOUNTS:
            why = "an account's id is no user's; the pages' accounts name it, the manifest doesn't"
            yield Loss(LossKind.METADATA, Place(name, 1), what, why)
        elif column and column not in _KNOWN:
            yield Loss(LossKind.METADATA, Place(name, 1), what, "nothing of a post; dropped")
    yield from _pages(table, name, Kind.ARTICLE if "type" in columns else Kind.QUESTION)


def _pages(table: "csv.DictReader[str]", name: str, kind: Kind) -> Iterator[Page | Loss]:
    while True:
        line = table.line_num + 1
        place = Place(name, line)
        try:
            row = next(table, None)
        except csv.Error as error:
            why = f"the table breaks off or is damaged here: {error}; what follows is not read"
            yield Loss(LossKind.SKIPPED, place, f"line {line}", why)
            return
        if row is None:
            return
        # Cells beyond the last column come under None.
        if None in row:
            why = "more cells than columns: a quotation mark is missing"
            yield Loss(LossKind.SKIPPED, place, str(row.get("title")), why)
        else:
            yield _page({key: value or "" for key, value in row.items()}, place, kind)


def _page(row: Mapping[str, str], place: Place, kind: Kind) -> Page | Loss:
    title = row["title"].strip()
    if not title or not row["body"].strip():
        missing = "body" if title else "title"
        return Loss(LossKind.SKIPPED, place, title or row["body"], f"it has no {missing}")
    if _INSTRUCTION in title:
        return Loss(LossKind.SKIPPED, place, title, "the template's explanation, not a post")
    author = row.get("author_account_id") or row.get("asker_account_id", "")
    answer = row.get("answer", "").strip()
    credit = _credit(row.get("answerer_account_id", ""))
    return Page(
        place=place,
        title=title,
        title_is_plain=True,
        body=Passage(row["body"].strip("\n"), credit=_credit(author)),
        answers=(Passage(answer, credit=credit),) if answer and kind is Kind.QUESTION else (),
        kind=kind,
        type=article_type(row.get("type", "")),
        tags=tuple(row["tags"].split()),
    )


def _credit(account: str) -> Credit:
    """Return whom a row names: an account's id, which is another number than a user's."""
    return Credit(f"account {account.strip()}" if account.strip() else "")
