"""`demo`: the main job, offline: plan, apply and plan again against a sandbox."""

import asyncio
import shlex
import shutil
import sys
import tempfile
import time
from pathlib import Path

import click

from importer.cli.applying import Applied, Manner, apply_wish
from importer.cli.commands import make_command
from importer.cli.connecting import ConnectionOptions
from importer.cli.console import Console
from importer.cli.documents import Demonstration
from importer.cli.drawing import Wish, draw
from importer.cli.looks import looks_of
from importer.cli.main import PROGRAM
from importer.cli.options import OutputOptions, RunOptions, output_options
from importer.cli.reading import Loaded, read_manifest
from importer.cli.resources import resource
from importer.cli.wiring import Target, find_journal, reach
from importer.errors import ExitCode, JournalError
from importer.model.plan import Plan
from importer.rendering import render_plan, render_report

_SHOWN = 6
_WHY_UPDATES = (
    "The team is empty; what is updated follows the creates: accepted marks, links between pages."
)
_RUNNING = RunOptions(
    parallelism=4, fail_fast=False, wait=False, settle=None, on_unknown="resolve", max_wait=None
)


@make_command(
    examples={"teams-importer demo": "about half a minute; nothing leaves this machine"},
    json="folder, sandbox (for `sandbox serve --db`), planned, done, left: numbers of changes; "
    "seconds.",
    prints=("demo",),
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
            console.result(_excerpt(render_plan(first, **looks_of(console, output))))
        applied = _apply(loaded, target, console)
        if prints:
            console.result(_last_line(render_report(applied.report, **looks_of(console, output))))
        if prints:
            console.result(_hints(folder, database))
        second = _plan(loaded, target, console)
    is_done = not applied.report.exit_code and not second.changes and not second.blocked
    if prints:
        console.result(_last_line(render_plan(second, **looks_of(console, output))))
    else:
        console.document(
            Demonstration(
                folder=str(folder),
                sandbox=str(database),
                planned=len(first.changes),
                done=len(applied.report.results),
                left=len(second.changes),
                seconds=round(time.monotonic() - started, 1),
            )
        )
    return ExitCode.DONE if is_done else ExitCode.BUG


def _folder() -> Path:
    """Make a new temporary folder with a copy of the example."""
    try:
        folder = Path(tempfile.mkdtemp(prefix="teams-importer-demo-"))
        shutil.copytree(
            resource("examples") / "handbook",
            folder / "handbook",
            ignore=shutil.ignore_patterns(".teams-importer"),
        )
    except OSError as error:
        message = f"the example can't be copied: {error.strerror or error}"
        raise JournalError(message, remedy="Make room in the temporary folder (TMPDIR).") from error
    return folder


def _plan(loaded: Loaded, target: Target, console: Console) -> Plan:
    console.say("plan: what would change in the team?")
    place = find_journal(None, target, loaded.folder, loaded.manifest.namespace)
    wish = Wish(loaded.manifest, loaded.folder)
    plan, _ = asyncio.run(draw(wish, loaded.manifest, target, place, console))
    return plan


def _apply(loaded: Loaded, target: Target, console: Console) -> Applied:
    console.say("apply: make it so")
    wish = Wish(loaded.manifest, loaded.folder)
    manner = Manner(_RUNNING, journal=None, confirmed=True, show=lambda _: None)
    return asyncio.run(apply_wish(wish, target, manner, console))


def _excerpt(text: str) -> str:
    """Return a plan's heading, its first few entries, and what it says at its end."""
    lines = text.rstrip("\n").split("\n")
    start = next(at for at, line in enumerate(lines) if line.startswith("To create"))
    end = next(at for at, line in enumerate(lines) if line.startswith("cost"))
    entries = [line for line in lines[start:end] if line.startswith("  + ") and " (new)" in line]
    shown = [line.partition(" (new)")[0] for line in entries[:_SHOWN]]
    more = f"  ... and {len(entries) - len(shown)} more to create"
    whole = [*lines[:1], "", *shown, more, "", *lines[end:], "", _WHY_UPDATES]
    return "\n".join(whole) + "\n\n"


def _last_line(text: str) -> str:
    return text.rstrip("\n").rpartition("\n")[2] + "\n"


def _program() -> str:
    """Return how the program is called from here: by its name only where that finds it."""
    typed = Path(sys.argv[0])
    if typed.name != PROGRAM or shutil.which(PROGRAM):
        return PROGRAM
    here = Path.cwd()
    return shlex.quote(str(typed.relative_to(here) if typed.is_relative_to(here) else typed))


def _hints(folder: Path, database: Path) -> str:
    program = _program()
    serve = f"{program} sandbox serve --db {shlex.quote(str(database))}"
    place = f"{shlex.quote(str(folder / 'handbook'))} --url sandbox:{shlex.quote(str(database))}"
    return (
        f"\nLook at the team in a browser:\n  {serve}\n"
        f"Change a page below {folder / 'handbook'}, then see what would change:\n"
        f"  {program} plan {place}\n"
        f"Take it all back:\n  {program} undo last {place}\n\n"
        "The second plan is what it is about: applied once, nothing is left to do.\n"
    )
