"""`runs`: what was applied and undone from here."""

from collections.abc import Sequence
from pathlib import Path

import click

from importer.cli.console import Console
from importer.cli.history import changed_something, look_into
from importer.cli.options import (
    ConnectionOptions,
    OutputOptions,
    connection_options,
    journal_option,
    make_command,
    output_options,
)
from importer.cli.tables import table
from importer.errors import ExitCode
from importer.journal import Place
from importer.model.ledger import Run
from importer.ports import Journal


@make_command(
    examples={
        "teams-importer runs --team acme": "the runs of the manifest here",
        "teams-importer runs --format json": "for a script",
    },
    json="runs: id, command, undoes (the run that an undo takes back), started_at, ended_at, "
    "outcome, exit_code, counts (of changes by how they ended). A run without ended_at is under "
    "way or was killed.",
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
    known = look_into(path, connection, journal, console, _runs)
    runs = [run for run in known if changed_something(run)]
    if output.format == "json":
        console.document({"runs": runs})
    elif runs:
        rows = [("RUN", "COMMAND", "STARTED", "ENDED", "EXIT", "CHANGES"), *map(_row, runs)]
        console.result(table(rows))
    else:
        console.result("No runs.\n")
    return ExitCode.DONE


async def _runs(journal: Journal) -> Sequence[Run]:
    return await journal.runs()


def _row(run: Run) -> tuple[str, ...]:
    ended = f"{run.ended_at:%Y-%m-%d %H:%M:%S}" if run.ended_at else "not ended"
    counts = ", ".join(f"{number} {state}" for state, number in sorted(run.counts.items()))
    code = "" if run.exit_code is None else str(run.exit_code)
    command = f"{run.command} {run.undoes}" if run.undoes else run.command
    return (run.id, command, f"{run.started_at:%Y-%m-%d %H:%M:%S}", ended, code, counts)
