"""`demo`: the main job, offline: plan, apply and plan again against a sandbox."""

import asyncio
import shlex
import shutil
import tempfile
import time
from contextlib import contextmanager
from collections.abc import Iterator
from pathlib import Path

import click

from importer.cli.applying import Applied, Manner, Wish, apply_wish
from importer.cli.console import Console
from importer.cli.drawing import draw
from importer.cli.looks import looks_of
from importer.cli.options import (
    ConnectionOptions,
    OutputOptions,
    RunOptions,
    make_command,
    output_options,
)
from importer.cli.reading import Loaded, read_manifest
from importer.cli.resources import resource
from importer.cli.wiring import Target, find_journal, reach
from importer.errors import ExitCode, JournalError
from importer.model.plan import Decisions, Plan
from importer.rendering import render_plan, render_report

_SHOWN = 6


@make_command(
    examples={"teams-importer demo": "half a minute at most, nothing leaves this machine"},
    json="folder, sandbox (for `sandbox serve --db`), planned, done, left: numbers of changes; "
    "seconds.",
)
@output_options("text", "json")
@click.pass_obj
def command(console: Console, output: OutputOptions) -> ExitCode:
    """Publish an example handbook to a team in this process, and show that it is in sync.

    Plans, applies and plans again: the second plan has to be empty. The example, its team and its
    journal stay in a temporary folder, for a look at them. Needs no token and no network.
    """
    started = time.monotonic()
    folder = _folder()
    database = folder / "team.db"
    loaded = read_manifest(folder / "handbook", console)
    connection = ConnectionOptions(f"sandbox:{database}", None, "auto", None, None, None)
    prints = output.format == "text"
    with reach(connection, console, create=True) as target:
        first = _plan(loaded, target, console)
        if prints:
            _print(console, _excerpt(render_plan(first, **looks_of(console, output))))
        applied = _apply(loaded, target, console)
        if prints:
            _print(console, _last_line(render_report(applied.report, **looks_of(console, output))))
        second = _plan(loaded, target, console)
    is_done = not applied.report.exit_code and not second.changes and not second.blocked
    if prints:
        _print(console, _last_line(render_plan(second, **looks_of(console, output))))
        _print(console, _farewell(folder, database))
    else:
        console.document(
            {
                "folder": str(folder),
                "sandbox": str(database),
                "planned": len(first.changes),
                "done": len(applied.report.results),
                "left": len(second.changes),
                "seconds": round(time.monotonic() - started, 1),
            }
        )
    return ExitCode.DONE if is_done else ExitCode.BUG
