"""The whole journal as JSON lines: for people, for audits, and for moving to another store."""

import json
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import Any

from importer.journal.schema import BINDING, OPERATION, RUN, VERSION, value_to_json
from importer.model.ledger import Binding, Operation
from importer.ports import Journal
from importer.text.digests import Digest

__all__ = ["export_lines"]


async def export_lines(journal: Journal) -> AsyncIterator[str]:
    """Yield one JSON object per line: the journal, its runs, operations, bindings and texts.

    Each has a `type`; the first line has the format's version and the lineage. Same journal, same
    bytes. It holds live text: whoever writes it to a file keeps others from reading it.
    """
    ledger = await journal.ledger()
    operations = await journal.history()
    bindings = [ledger.bindings[key] for key in sorted(ledger.bindings)]
    yield _line("journal", {"format_version": VERSION, "lineage": ledger.lineage})
    for run in await journal.runs():
        yield _line("run", RUN.dump_python(run, mode="json"))
    for operation in operations:
        yield _line("operation", OPERATION.dump_python(operation, mode="json"))
    for binding in bindings:
        yield _line("binding", BINDING.dump_python(binding, mode="json"))
    digests = sorted({*_of_operations(operations), *_of_bindings(bindings)})
    for digest, value in sorted((await journal.texts(digests)).items()):
        yield _line("text", {"digest": digest, "value": json.loads(value_to_json(value))})


def _line(kind: str, fields: dict[str, Any]) -> str:
    return json.dumps({"type": kind, **fields})


def _of_operations(operations: Iterable[Operation]) -> Iterator[Digest]:
    for operation in operations:
        for it in operation.fields:
            yield from (digest for digest in (it.before, it.after, it.base) if digest)


def _of_bindings(bindings: Iterable[Binding]) -> Iterator[Digest]:
    for binding in bindings:
        for base in binding.base.values():
            yield from (base.ours, base.served)
