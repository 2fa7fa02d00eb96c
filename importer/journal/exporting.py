"""The whole journal as JSON lines: for people, for audits, and for moving to another store."""

import json
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from pydantic import TypeAdapter

from importer.journal.schema import (
    BINDING,
    OPERATION,
    RUN,
    VERSION,
    TaggedValue,
    tagged,
)
from importer.model.ids import Lineage
from importer.model.ledger import Binding, Operation
from importer.ports import Journal
from importer.text.digests import Digest

__all__ = ["export_lines", "line_schema"]


@dataclass(frozen=True, slots=True)
class JournalHead:
    """The first line."""

    format_version: int
    lineage: Lineage


@dataclass(frozen=True, slots=True)
class SavedText:
    """A text that operations or bindings name by its digest."""

    digest: Digest
    value: TaggedValue


_LINES: Mapping[str, TypeAdapter[Any]] = MappingProxyType(
    {
        "journal": TypeAdapter(JournalHead),
        "run": RUN,
        "operation": OPERATION,
        "binding": BINDING,
        "text": TypeAdapter(SavedText),
    }
)
"""Each `type` of a line, and what the rest of it is made of."""


async def export_lines(journal: Journal) -> AsyncIterator[str]:
    """Yield one JSON object per line: the journal, its runs, operations, bindings and texts.

    Each has a `type`; the first line has the format's version and the lineage. Same journal, same
    bytes. It holds live text: whoever writes it to a file keeps others from reading it.
    """
    ledger = await journal.ledger()
    operations = await journal.history()
    bindings = [ledger.bindings[key] for key in sorted(ledger.bindings)]
    yield _line("journal", JournalHead(VERSION, ledger.lineage))
    for run in await journal.runs():
        yield _line("run", run)
    for operation in operations:
        yield _line("operation", operation)
    for binding in bindings:
        yield _line("binding", binding)
    digests = sorted({*_of_operations(operations), *_of_bindings(bindings)})
    for digest, value in sorted((await journal.texts(digests)).items()):
        yield _line("text", SavedText(digest, tagged(value)))


def line_schema() -> dict[str, Any]:
    """Return the JSON schema of what `export_lines` gives: a line, or a list of all of them."""
    made, shared = TypeAdapter.json_schemas(
        [(name, "serialization", it) for name, it in _LINES.items()]
    )
    kinds = [made[name, "serialization"] for name in _LINES]
    for name, kind in zip(_LINES, kinds, strict=True):
        definition = shared["$defs"][kind["$ref"].rpartition("/")[2]]
        definition["properties"]["type"] = {"const": name}
        definition["required"] = ["type", *definition["required"]]
    line = {"$ref": "#/$defs/Line"}
    shared["$defs"]["Line"] = {"oneOf": kinds}
    return {"anyOf": [line, {"type": "array", "items": line}], **shared}


def _line(kind: str, value: object) -> str:
    return json.dumps({"type": kind, **_LINES[kind].dump_python(value, mode="json")})


def _of_operations(operations: Iterable[Operation]) -> Iterator[Digest]:
    for operation in operations:
        for it in operation.fields:
            yield from (digest for digest in (it.before, it.after, it.base) if digest)


def _of_bindings(bindings: Iterable[Binding]) -> Iterator[Digest]:
    for binding in bindings:
        for base in binding.base.values():
            yield from (base.ours, base.served)
