"""`runs`: what was applied and undone from here."""

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path

import click

from importer.cli.commands import make_command
from importer.cli.connecting import ConnectionOptions, connection_options, journal_option
from importer.cli.console import Console
from importer.cli.documents import RunDocument, RunsDocument, RunState
from importer.cli.history import Past, look_into, past_runs
from importer.cli.incidents import line_of
from importer.cli.options import OutputOptions, output_options
from importer.cli.tables import table
from importer.errors import ExitCode
from importer.journal import Place
from importer.model.ledger import Run
from importer.rendering.escaping import quiet
from importer.rendering.phrasing import counted, joined
from importer.text.visible import visible

_UNENDED: Mapping[RunState, str] = {"killed": "killed", "under-way": "under way"}


@make_command(
    examples={
        "teams-importer runs --team acme": "the runs of the manifest here",
        "teams-importer runs --format json": "for a script",
    },
    json="runs: id, command, undoes (the run that an undo takes back), started_at, ended_at, "
    "outcome, exit_code, counts (of changes by how they ended), state (ended, under-way, killed), "
    "incidents (grave ones: key, what, refs, url), untold (the report that tells of them was not "
    "seen written out).",
    prints=("runs",),
)
@click.argument("path", type=click.Path(path_type=Path), default=".")
@connection_options
@journal_option
@output_options("text", "json")
@click.pass_obj
def command(
    console: Console,
    path: Path,
    connection: ConnectionOptions,
    journal: Place | None,
    output: OutputOptions,
) -> ExitCode:
    """List the runs that changed something, oldest first. Needs no token and no connection."""
    known = look_into(path, connection, journal, console, past_runs)
    runs = [it for it in known if it.is_worth_a_line]
    if output.format == "json":
        console.document(RunsDocument([_document(it) for it in runs]))
    elif runs:
        rows = [("RUN", "COMMAND", "STARTED", "ENDED", "EXIT", "CHANGES"), *map(_row, runs)]
        console.result(table(rows) + "".join(map(_incidents, runs)))
    else:
        console.result("No runs.\n")
    return ExitCode.DONE


def _incidents(past: Past) -> str:
    """Return the grave incidents of a run, below the table."""
    run = past.run
    if not run.incidents:
        return ""
    number = counted(len(run.incidents), "grave incident")
    untold = ", its report was not seen written out" if run.untold else ""
    heading = visible(f"{run.id} ended with {number}{untold}:")
    lines = (f"  {visible(line_of(it))}" for it in run.incidents)
    return quiet("\n".join(("", heading, *lines, "")))


def _document(past: Past) -> RunDocument:
    run = {it.name: getattr(past.run, it.name) for it in fields(Run)}
    return RunDocument(**{**run, "counts": past.counts}, state=past.state)


def _row(past: Past) -> tuple[str, ...]:
    run = past.run
    ended = f"{run.ended_at:%Y-%m-%d %H:%M:%S}" if run.ended_at else _UNENDED[past.state]
    known = past.counts or ({} if run.ended_at else {"done": 0})
    counts = ", ".join(f"{number} {state}" for state, number in sorted(known.items()))
    if run.incidents:
        counts = joined((counts, counted(len(run.incidents), "grave incident")))
    code = "" if run.exit_code is None else str(run.exit_code)
    command = f"{run.command} {run.undoes}" if run.undoes else run.command
    return (run.id, command, f"{run.started_at:%Y-%m-%d %H:%M:%S}", ended, code, counts)
