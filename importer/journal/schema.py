"""The journal's tables, and how a value becomes a row that shows its damage.

A row holds what SQL has to find as columns, the whole value as one JSON document, and a seal: the
CRC-32 of both. SQLite checks its pages' structure, not their content; the seal checks the content.
"""

import json
import sqlite3
import zlib
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from importer.model.fields import Value
from importer.model.ledger import Binding, Operation, Run
from importer.text.links import Text

__all__ = [
    "APPLICATION_ID",
    "BINDING",
    "DDL",
    "OPERATION",
    "RUN",
    "VERSION",
    "Cell",
    "DamagedRow",
    "document",
    "from_document",
    "insert",
    "sealed",
    "update",
    "value_from_json",
    "value_to_json",
]

VERSION = 1
APPLICATION_ID = 0x544D494A  # "TMIJ"

Cell = str | int

DDL = (
    """CREATE TABLE meta (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL,
  seal INTEGER NOT NULL
) STRICT, WITHOUT ROWID""",
    """CREATE TABLE runs (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  document TEXT NOT NULL,
  seal INTEGER NOT NULL
) STRICT""",
    """CREATE TABLE operations (
  number INTEGER PRIMARY KEY,
  run TEXT NOT NULL REFERENCES runs (id),
  change TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  key TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('open', 'done', 'rejected', 'absent')),
  document TEXT NOT NULL,
  seal INTEGER NOT NULL,
  UNIQUE (run, change, attempt)
) STRICT""",
    "CREATE UNIQUE INDEX one_open_operation_per_key ON operations (key) WHERE state = 'open'",
    "CREATE INDEX operations_by_key ON operations (key)",
    "CREATE INDEX operations_by_change ON operations (change)",
    """CREATE TABLE bindings (
  key TEXT PRIMARY KEY,
  canonical INTEGER NOT NULL,
  document TEXT NOT NULL,
  seal INTEGER NOT NULL
) STRICT, WITHOUT ROWID""",
    """CREATE TABLE texts (
  digest TEXT PRIMARY KEY,
  value TEXT NOT NULL,
  seal INTEGER NOT NULL
) STRICT""",
)
"""`bindings.canonical` is the version of the canonical form that the bases were digested in."""

RUN: TypeAdapter[Run] = TypeAdapter(Run)
OPERATION: TypeAdapter[Operation] = TypeAdapter(Operation)
BINDING: TypeAdapter[Binding] = TypeAdapter(Binding)

_T = TypeVar("_T")
_UNSEALED = ("number", "seal")


class DamagedRow(Exception):
    """A row's content doesn't fit its seal."""


def document(adapter: TypeAdapter[_T], value: _T) -> str:
    """Return *value* as JSON. A lone surrogate, which UTF-8 can't hold, becomes `?`."""
    text = json.dumps(adapter.dump_python(value, mode="json"), ensure_ascii=False)
    return text.encode("utf-8", "replace").decode("utf-8")


def from_document(adapter: TypeAdapter[_T], text: str) -> _T:
    """Return the value that `document` wrote. Fields of a later release are ignored."""
    try:
        return adapter.validate_json(text)
    except ValidationError as error:
        raise DamagedRow(str(error)) from error


def value_to_json(value: Value) -> str:
    """Return a field's value as ASCII JSON: NUL and surrogates survive."""
    return json.dumps(_tagged(value), separators=(",", ":"))


def _tagged(value: Value) -> list[Any]:
    match value:
        case Text(holed, targets):
            return ["text", holed, list(targets)]
        case bool():
            return ["flag", value]
        case str():
            return ["line", value]
        case tuple():
            return ["names", list(value)]


def value_from_json(text: str) -> Value:
    """Return the value that `value_to_json` wrote."""
    match json.loads(text):
        case ["text", str(holed), list(targets)]:
            return Text(holed, tuple(targets))
        case ["line", str(line)]:
            return line
        case ["flag", bool(flag)]:
            return flag
        case ["names", list(names)]:
            return tuple(names)
        case _:
            raise DamagedRow(text[:80])


def insert(db: sqlite3.Connection, table: str, cells: Mapping[str, Cell], verb: str) -> None:
    """Write one sealed row; *verb* is `INSERT` or `INSERT OR ...`."""
    row = {**cells, "seal": _seal(cells.values())}
    marks = ", ".join("?" for _ in row)
    db.execute(f"{verb} INTO {table} ({', '.join(row)}) VALUES ({marks})", tuple(row.values()))


def update(db: sqlite3.Connection, table: str, number: int, cells: Mapping[str, Cell]) -> None:
    """Replace the content of the row *number*, sealed anew."""
    row = {**cells, "seal": _seal(cells.values())}
    assignments = ", ".join(f"{name} = ?" for name in row)
    # Names are this room's own constants, never data.
    sql = f"UPDATE {table} SET {assignments} WHERE number = ?"  # noqa: S608 - as said above
    db.execute(sql, (*row.values(), number))


def sealed(row: sqlite3.Row) -> sqlite3.Row:
    """Return *row*, selected with all its columns; DamagedRow when its seal doesn't fit."""
    cells = [row[name] for name in row.keys() if name not in _UNSEALED]  # noqa: SIM118 - a Row iterates values
    if _seal(cells) != row["seal"]:
        message = f"the row {cells[0]!r} has changed since it was written"
        raise DamagedRow(message)
    return row


def _seal(cells: Iterable[Cell]) -> int:
    return zlib.crc32(json.dumps(list(cells)).encode("ascii"))
