"""The journal's tables in SQLite, and how a value becomes a row that shows its damage.

A row holds what SQL has to find as columns, the whole value as one JSON document, and a seal: the
CRC-32 of both. SQLite checks its pages' structure, not their content; the seal checks the content.
"""

import json
import zlib
from collections.abc import Iterable, Mapping
from typing import Any, Literal, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from importer.errors import JournalError
from importer.model.fields import Value
from importer.model.ledger import Binding, Operation, Run
from importer.text.links import Text
from importer.text.sealed import Sealed

__all__ = [
    "APPLICATION_ID",
    "BINDING",
    "DDL",
    "OPERATION",
    "REBUILD",
    "RUN",
    "VERSION",
    "Cell",
    "DamagedRow",
    "TaggedValue",
    "document",
    "from_document",
    "seal",
    "sealed",
    "tagged",
    "value_from_json",
    "value_to_json",
]

VERSION = 1
REBUILD = (
    "Move it away (keep it for a look) and run the same command again: the next plan finds every "
    "post by its marker and binds it again."
)
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

TaggedValue = (
    tuple[Literal["text"], str, tuple[str, ...]]
    | tuple[Literal["line"], str]
    | tuple[Literal["flag"], bool]
    | tuple[Literal["names"], tuple[str, ...]]
)
_T = TypeVar("_T")
_UNSEALED = ("number", "seal")
# Made once: json.dumps makes one for each call with settings.
_compact = json.JSONEncoder(separators=(",", ":")).encode


class DamagedRow(JournalError):
    """A row's content doesn't fit its seal, or can't be read."""

    def __init__(self, found: str) -> None:
        super().__init__(f"a row of the journal is damaged: {found}", remedy=REBUILD)
        self.found = found


def document(adapter: TypeAdapter[_T], value: _T) -> str:
    """Return *value* as JSON. A lone surrogate, which UTF-8 can't hold, becomes `?`."""
    try:
        return adapter.dump_json(value).decode()
    except PydanticSerializationError:  # a lone surrogate
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
    return _compact(tagged(value))


def tagged(value: Value) -> TaggedValue:
    """Return a field's value with the name of its sort, as JSON can hold it."""
    match value:
        case Text(holed, targets):
            return "text", holed, targets
        case Sealed():
            message = "a text without its words has no place in a journal"
            raise TypeError(message)
        case bool():
            return "flag", value
        case str():
            return "line", value
        case tuple():
            return "names", value


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


def seal(cells: Mapping[str, Cell]) -> dict[str, Cell]:
    """Return *cells* with their seal."""
    return {**cells, "seal": _crc(cells.values())}


def sealed(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return *row*, selected with all its columns; DamagedRow when its seal doesn't fit."""
    cells = [cell for name, cell in row.items() if name not in _UNSEALED]
    if _crc(cells) != row["seal"]:
        message = f"the row {cells[0]!r} has changed since it was written"
        raise DamagedRow(message)
    return row


def _crc(cells: Iterable[Cell]) -> int:
    return zlib.crc32(json.dumps(list(cells)).encode("ascii"))
