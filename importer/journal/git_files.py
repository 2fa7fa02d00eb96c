"""A journal's rows as the files of a commit: JSON, one row a line, sorted, each with its seal.

    journal.json              whose it is, and the format's version
    lock.json                 the run that is open, and until when its lease lasts; else not there
    runs.jsonl                in their order
    operations/RUN.jsonl      of each run, in their order
    foreseen.jsonl            what the open run may do, as far as it isn't among the operations
    bindings.jsonl            by key
    texts/AB/DIGEST.json      base and before texts, each once and for good

Where it can, a document stands as itself, not as a string: a person may read the differences.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from importer.journal.schema import Cell, DamagedRow, seal, sealed

__all__ = [
    "ABOUT",
    "LOCK",
    "about",
    "files_of",
    "line_of",
    "path_of_text",
    "row_of",
    "rows_in",
    "table_at",
    "text_in",
    "version_in",
]

ABOUT = "journal.json"
LOCK = "lock.json"
_TEXTS = "texts/"
# What holds JSON; a value's is ASCII, for it may hold half a character.
_JSON = {"document": False, "value": True}
_ENCODE = json.JSONEncoder(separators=(",", ":")).encode


def files_of(tables: Mapping[str, Iterable[Mapping[str, Any]]]) -> dict[str, bytes]:
    """Return the files, by path, of all rows of these *tables* but the texts."""
    lines: dict[str, list[bytes]] = defaultdict(list)
    for table, rows in tables.items():
        for row in rows:
            lines[_path_of(table, row)].append(line_of(row))
    return {path: b"".join(held) for path, held in lines.items()}


def _path_of(table: str, row: Mapping[str, Any]) -> str:
    if table == "operations":
        return f"operations/{quote(row['run'], safe='')}.jsonl"
    return f"{table}.jsonl"


def path_of_text(digest: str) -> str:
    """Return where the text of *digest* is."""
    return f"{_TEXTS}{digest[:2]}/{digest}.json"


def text_in(path: str) -> str | None:
    """Return the digest of the text that is at *path*; None where something else is."""
    name = path.rpartition("/")[2].removesuffix(".json")
    return name if path.startswith(_TEXTS) else None


def table_at(path: str) -> str | None:
    """Return the table whose rows are at *path*; None where others are."""
    table = path.partition("/")[0].removesuffix(".jsonl")
    return table if path.endswith(".jsonl") else None


def line_of(row: Mapping[str, Any]) -> bytes:
    """Return *row* as a line of a file; where it stands in its table says nothing."""
    cells = (f'"{name}":{_told(name, cell)}' for name, cell in row.items() if name != "number")
    return f"{{{','.join(cells)}}}\n".encode()


def _told(name: str, cell: Any) -> str:
    if name in _JSON and isinstance(cell, str):
        return _as_itself(name, cell)
    return _ENCODE(cell)


@lru_cache(maxsize=1 << 15)
def _as_itself(name: str, cell: str) -> str:
    """Return *cell*, if what it reads as is written like it; otherwise a string that holds it.

    Remembered: most rows are the same at each checkpoint.
    """
    try:
        held = json.loads(cell)
    except ValueError:
        return _ENCODE(cell)
    is_same = not isinstance(held, str) and _dump(name, held) == cell
    return cell if is_same else _ENCODE(cell)


def _dump(name: str, held: Any) -> str:
    return json.dumps(held, ensure_ascii=_JSON[name], separators=(",", ":"))


def row_of(line: bytes) -> dict[str, Cell]:
    """Return the row that `line_of` made a line of. DamagedRow when its seal doesn't fit."""
    try:
        cells = json.loads(line)
        row = {
            name: _dump(name, cell) if name in _JSON and not isinstance(cell, str) else cell
            for name, cell in cells.items()
        }
        return dict(sealed(row))
    except (ValueError, KeyError, AttributeError, RecursionError) as error:
        found = f"{line[:60]!r} is no row ({type(error).__name__})"
        raise DamagedRow(found) from error


def rows_in(content: bytes) -> Iterator[dict[str, Cell]]:
    """Yield the rows of a file. DamagedRow as `row_of`."""
    yield from map(row_of, content.splitlines())


def about(version: int, lineage: str, label: str) -> bytes:
    """Return the file that says whose a journal is."""
    return line_of(seal({"format_version": version, "lineage": lineage, "label": label}))


def version_in(content: bytes) -> object:
    """Return the format that a file `about` names. Its seal isn't looked at: it's the format's."""
    try:
        return dict(json.loads(content)).get("format_version")
    except (ValueError, TypeError, RecursionError):
        return None
