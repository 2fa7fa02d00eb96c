"""`journal show KEY` and `journal export`: what the idempotency log remembers."""

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import click

from importer.cli.candidates import complete_keys
from importer.cli.commands import make_command, make_group
from importer.cli.connecting import ConnectionOptions, connection_options, journal_option
from importer.cli.console import Console
from importer.cli.documents import ItemIncident, ItemInJournal
from importer.cli.history import look_into, require_content
from importer.cli.incidents import line_of
from importer.cli.options import OutputOptions, output_options
from importer.cli.suggesting import did_you_mean
from importer.cli.tables import table
from importer.errors import ExitCode, UsageError
from importer.journal import Place, export_lines
from importer.model.ids import Key
from importer.model.ledger import Operation
from importer.ports import Journal

command = make_group("Look into the idempotency log.")


@make_command(
    command,
    examples={
        "teams-importer journal show rollback --team acme": "a question",
        "teams-importer journal show 'rollback#cli' --team acme": "one of its answers",
    },
    json="key; binding (ref, url, base digests; null when there is none); operations: change, "
    "attempt, request_id, state, opened_at, ended_at, evidence, ref and more; incidents: run, "
    "incident (what, refs, url).",
    prints=("journal-show",),
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

    async def look(journal: Journal) -> tuple[ItemInJournal, Sequence[Key]]:
        await require_content(journal)
        bindings = (await journal.ledger()).bindings
        operations = await journal.history(key=Key(key))
        incidents = [
            ItemIncident(run.id, it)
            for run in await journal.runs()
            for it in run.incidents
            if it.key == key
        ]
        known = ItemInJournal(Key(key), bindings.get(Key(key)), operations, incidents)
        return known, sorted(bindings)

    known, others = look_into(path, connection, journal, console, look)
    if not (known.binding or known.operations or known.incidents):
        message = f"the journal knows nothing of {key!r}"
        remedy = "Give a key as in the manifest, an answer as KEY#ANSWER."
        raise UsageError(message, remedy=f"{did_you_mean(key, others)} {remedy}".strip())
    if output.format == "json":
        console.document(known)
    else:
        console.result(_text(known))
    return ExitCode.DONE


@make_command(
    command,
    examples={
        "teams-importer journal export --team acme --output journal.jsonl": "for an audit",
        "teams-importer journal export --team acme | grep '\"operation\"'": "every write",
    },
    json="One object per line, with its `type`: journal (format_version, lineage), run, operation, "
    "binding, text (digest, value).",
    prints=("journal-export",),
)
@click.argument("path", type=click.Path(path_type=Path), default=".")
@connection_options
@journal_option
@output_options("jsonl", "json")
@click.pass_obj
def export(
    console: Console,
    path: Path,
    connection: ConnectionOptions,
    journal: Place | None,
    output: OutputOptions,
) -> ExitCode:
    """Print the whole journal as JSON lines, or with json as one list of them.

    Needs no token and no connection. It holds texts of the live team: a file named by --output can
    be read by you alone.
    """

    async def look(journal: Journal) -> list[str]:
        await require_content(journal)
        return [line async for line in export_lines(journal)]

    lines = look_into(path, connection, journal, console, look)
    if output.format == "json":
        console.document([json.loads(it) for it in lines])
    else:
        console.result("".join(f"{it}\n" for it in lines))
    return ExitCode.DONE


def _text(known: ItemInJournal) -> str:
    post = f"{known.binding.ref} {known.binding.url}" if known.binding else "no post"
    shown = table([(known.key, post)]) + "\n" + table([_HEADING, *map(_row, known.operations)])
    if known.incidents:
        rows = [("RUN", "INCIDENT"), *((it.run, line_of(it.incident)) for it in known.incidents)]
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
