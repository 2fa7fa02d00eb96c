"""`journal show KEY` and `journal export`: what the idempotency log remembers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import click

from importer.cli.candidates import complete_keys
from importer.cli.commands import make_command, make_group
from importer.cli.connecting import ConnectionOptions, connection_options, journal_option
from importer.cli.console import Console
from importer.cli.history import look_into, require_content
from importer.cli.incidents import line_of
from importer.cli.options import OutputOptions, output_options
from importer.cli.suggesting import did_you_mean
from importer.cli.tables import table
from importer.errors import ExitCode, UsageError
from importer.journal import Place, export_lines
from importer.model.ids import Key, RunId
from importer.model.incident import Incident
from importer.model.ledger import Binding, Operation
from importer.ports import Journal

command = make_group("Look into the idempotency log.")


@dataclass(frozen=True, slots=True)
class _Known:
    """All that the journal knows of one item."""

    binding: Binding | None
    operations: Sequence[Operation]
    incidents: Sequence[tuple[RunId, Incident]]
    others: Sequence[Key]


@make_command(
    command,
    examples={
        "teams-importer journal show rollback --team acme": "a question",
        "teams-importer journal show 'rollback#cli' --team acme": "one of its answers",
    },
    json="key; binding (ref, url, base digests; null when there is none); operations: change, "
    "attempt, request_id, state, opened_at, ended_at, evidence, ref and more; incidents: run, "
    "incident (what, refs, url).",
)
@click.argument("key", shell_complete=complete_keys)
@click.argument("path", type=click.Path(path_type=Path), default=".")
@connection_options
@journal_option
@output_options("text", "json")
@click.pass_obj
def show(
    console: Console,
    key: str,
    path: Path,
    connection: ConnectionOptions,
    journal: Place | None,
    output: OutputOptions,
) -> ExitCode:
    """Show the post, every operation and every grave incident of the item with KEY.

    Needs no token and no connection.
    """

    async def look(journal: Journal) -> _Known:
        await require_content(journal)
        ledger = await journal.ledger()
        operations = await journal.history(key=Key(key))
        incidents = [
            (run.id, it) for run in await journal.runs() for it in run.incidents if it.key == key
        ]
        return _Known(ledger.bindings.get(Key(key)), operations, incidents, sorted(ledger.bindings))

    known = look_into(path, connection, journal, console, look)
    if not (known.binding or known.operations or known.incidents):
        message = f"the journal knows nothing of {key!r}"
        remedy = "Give a key as in the manifest, an answer as KEY#ANSWER."
        raise UsageError(message, remedy=f"{did_you_mean(key, known.others)} {remedy}".strip())
    if output.format == "json":
        incidents = [{"run": run, "incident": it} for run, it in known.incidents]
        console.document(
            {
                "key": key,
                "binding": known.binding,
                "operations": known.operations,
                "incidents": incidents,
            }
        )
    else:
        console.result(_text(key, known))
    return ExitCode.DONE


@make_command(
    command,
    examples={
        "teams-importer journal export --team acme --output journal.jsonl": "for an audit",
        "teams-importer journal export --team acme | grep '\"operation\"'": "every write",
    },
    json="One object per line, with its `type`: journal (format_version, lineage), run, operation, "
    "binding, text (digest, value).",
)
@click.argument("path", type=click.Path(path_type=Path), default=".")
@connection_options
@journal_option
@output_options("jsonl")
@click.pass_obj
def export(
    console: Console,
    path: Path,
    connection: ConnectionOptions,
    journal: Place | None,
    output: OutputOptions,  # noqa: ARG001 - there is one format
) -> ExitCode:
    """Print the whole journal as JSON lines. Needs no token and no connection.

    It holds texts of the live team: a file named by --output can be read by you alone.
    """

    async def look(journal: Journal) -> str:
        await require_content(journal)
        return "".join([f"{line}\n" async for line in export_lines(journal)])

    console.result(look_into(path, connection, journal, console, look))
    return ExitCode.DONE


def _text(key: str, known: _Known) -> str:
    post = f"{known.binding.ref} {known.binding.url}" if known.binding else "no post"
    shown = table([(key, post)]) + "\n" + table([_HEADING, *map(_row, known.operations)])
    if known.incidents:
        rows = [("RUN", "INCIDENT"), *((run, line_of(it)) for run, it in known.incidents)]
        shown += "\n" + table(rows)
    return shown


_HEADING = (
    "OPERATION",
    "ATTEMPT",
    "STATE",
    "OPENED",
    "ENDED",
    "RUN",
    "POST",
    "WROTE",
    "REQUEST",
    "EVIDENCE",
)


def _row(operation: Operation) -> tuple[str, ...]:
    return (
        operation.change.removeprefix(f"{operation.key}!"),
        str(operation.attempt),
        operation.state,
        _moment(operation.opened_at),
        _moment(operation.ended_at),
        operation.run,
        str(operation.ref or ""),
        ", ".join(it.field for it in operation.fields if it.after is not None),
        operation.request_id,
        operation.evidence,
    )


def _moment(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}" if at else ""
