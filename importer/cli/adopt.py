"""`adopt`: posts that are there already become those of items. Writes no post but with --mark."""

import asyncio
import shlex
from dataclasses import fields
from pathlib import Path

import click
from click.core import ParameterSource

from importer.cli.adopting import Accepting, Seeking, accept_file, seek
from importer.cli.applying import Manner, apply_wish
from importer.cli.commands import FILE, make_command, text_encoding
from importer.cli.connecting import ConnectionOptions, connection_options, journal_option
from importer.cli.console import Console
from importer.cli.delivering import deliver
from importer.cli.drawing import Wish
from importer.cli.files import write_private
from importer.cli.looks import looks_of
from importer.cli.naming import require_items
from importer.cli.options import (
    OutputOptions,
    RunOptions,
    only_option,
    output_options,
    progress_option,
    run_options,
)
from importer.cli.places import from_here
from importer.cli.reading import Loaded, read_manifest
from importer.cli.reviewing import refuse_review
from importer.cli.wiring import reach
from importer.errors import ExitCode, UsageError
from importer.journal import Place
from importer.model.adoption import AdoptedReport, AdoptionReport
from importer.model.plan import Decisions, Plan
from importer.planning.adoption_file import adoption_lines
from importer.rendering import render_adopted, render_adoption, render_plan

_LEAST = 60
_WHERE = frozenset({*(it.name for it in fields(ConnectionOptions)), "journal"})
_LARGEST = 2**28


@make_command(
    examples={
        "teams-importer adopt --team acme --out adopt.csv": "look what is there already",
        "teams-importer adopt --accept adopt.csv": "bind the rows that say yes",
        "teams-importer adopt --mark": "write the markers of posts without one; asks first",
        "teams-importer adopt --exact --only 'oncall/*'": "equal titles alone, of a part",
    },
    json="adoption: suggestions, told (marked posts), missing, unclaimed, foreign, notes. With "
    "--accept adopted: what became of each row. With --mark the report, as of apply.",
    prints=("adoption", "report"),
)
@click.argument("path", type=click.Path(path_type=Path), default=".")
@connection_options
@journal_option
@only_option
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE.csv",
    help="Write the suggestions as a table, for a person to go through.",
)
@click.option(
    "--exact", is_flag=True, help="Look for equal titles and texts alone; needs no extra."
)
@click.option(
    "--least",
    type=click.IntRange(1, 100),
    default=_LEAST,
    show_default=True,
    metavar="SCORE",
    help="How alike a post has to be, from 1 to 100.",
)
@click.option(
    "--accept",
    "accepted",
    type=FILE,
    metavar="FILE.csv",
    help="Bind the rows of that table that say `yes`.",
)
@click.option(
    "--write",
    "writes",
    is_flag=True,
    help="With --accept: also put `id:` into the manifest's files, for runners without the "
    "journal, and `seen:` for what the manifest is to change.",
)
@click.option(
    "--mark",
    "marks",
    is_flag=True,
    help="Write the markers of items' posts that bear none: one edit each, and nothing else. "
    "Shows them and their cost, and asks.",
)
@click.option("--yes", is_flag=True, help="With --mark: don't ask.")
@run_options
@click.option(
    "--encoding",
    callback=text_encoding,
    metavar="NAME",
    help="Of that table, where it is not UTF-8.",
)
@progress_option
@output_options("text", "json", "markdown")
@click.pass_obj
def command(
    console: Console,
    path: Path,
    connection: ConnectionOptions,
    journal: Place | None,
    only: tuple[str, ...],
    out: Path | None,
    exact: bool,  # noqa: FBT001 - click names it
    least: int,
    accepted: Path | None,
    writes: bool,  # noqa: FBT001 - click names it
    marks: bool,  # noqa: FBT001 - click names it
    yes: bool,  # noqa: FBT001 - click names it
    running: RunOptions,
    encoding: str | None,
    output: OutputOptions,
) -> ExitCode:
    """Find the posts that items without one may mean, and bind those that a person accepts.

    A team may hold already what the manifest asks for, written by hand or by another importer. By
    equal titles, then by how alike they are, posts are suggested in a table: mark rows with `yes`
    or `no`, and give it back with --accept. Nothing binds by itself, and no post is written: what
    an accepted item asks for beyond its post is an update of the next plan.

    Posts get their markers with their next edit. Only --mark writes them now, so that every runner
    finds the posts; it is a run like an apply, and `undo` takes the markers off again.
    """
    _refuse_together(out, accepted, only, writes=writes, marks=marks)
    if out is not None:
        console.protect("the table that --out writes", out)
        console.saved_to = out
        _refuse_overwriting(out)
    data = _read(accepted, console) if accepted else b""
    loaded = read_manifest(path, console)
    require_items(loaded.manifest, {"--only": only}, console)
    looks = looks_of(console, output)
    if marks:
        return _mark(
            loaded, connection, journal, Decisions(only=only), running, output, console, yes, path
        )
    with reach(connection, console, max_wait_s=running.max_wait) as target:
        if accepted is not None:
            accepting = Accepting(accepted, data, encoding, writes, running.wait)
            rows = asyncio.run(accept_file(loaded, target, journal, accepting, console))
            report = AdoptedReport(loaded.manifest.namespace, target.team, rows)
            console.result(render_adopted(report, **looks))
            return ExitCode.DONE
        seeking = Seeking(exact, least, only)
        adoption = asyncio.run(seek(loaded, target, journal, seeking, console))
    if out is not None:
        table = "".join(adoption_lines(adoption))
        write_private(out, console.redacted(table).encode("utf-8", "replace"))
        console.say(f"suggestions saved: {out}")
    console.result(render_adoption(AdoptionReport(adoption), **looks))
    if out is not None and adoption.suggestions:
        again = shlex.join(["teams-importer", "adopt", str(path), *_typed(), "--accept", str(out)])
        console.say(f"Go through its rows, write `yes` or `no` under `accept`; then: {again}")
    return ExitCode.DONE


def _typed() -> list[str]:
    """Return what says which team and which journal, as it was given on the command line."""
    context = click.get_current_context()
    given = {
        param.opts[0]: context.params[param.name]
        for param in context.command.params
        if param.name in _WHERE
        and context.get_parameter_source(param.name) is ParameterSource.COMMANDLINE
    }
    words = ([name] if value is True else [name, str(value)] for name, value in given.items())
    return [word for each in words for word in each]


def _mark(
    loaded: Loaded,
    connection: ConnectionOptions,
    journal: Place | None,
    decisions: Decisions,
    running: RunOptions,
    output: OutputOptions,
    console: Console,
    confirmed: bool,  # noqa: FBT001 - private, named at its only call
    path: Path,
) -> ExitCode:
    """Write the markers, as an apply writes: shown, confirmed, recorded."""
    refuse_review("adopt --mark", connection.url)
    shown = OutputOptions("text", verbose=output.verbose)

    def show(plan: Plan) -> None:
        console.show(render_plan(from_here(plan, loaded.folder), **looks_of(console, shown)))

    with reach(connection, console, max_wait_s=running.max_wait) as target:
        wish = Wish(loaded.manifest, loaded.folder, decisions, marks=True)
        manner = Manner(running, journal, confirmed=confirmed, show=show)
        applied = asyncio.run(apply_wish(wish, target, manner, console))
    if not applied.plan.managed:
        again = shlex.join(["teams-importer", "adopt", str(path), *_typed()])
        console.say(
            "note: no item looked at has a post yet that could bear a marker. First find and "
            f"accept their posts: {again} --out adopt.csv; then {again} --accept adopt.csv"
        )
    code = ExitCode(applied.signal_code or applied.report.exit_code)
    return deliver(applied, target, looks_of(console, output), console, code)


def _refuse_together(
    out: Path | None, accepted: Path | None, only: tuple[str, ...], *, writes: bool, marks: bool
) -> None:
    if marks and (out is not None or accepted is not None):
        message = "--mark is a step of its own, after --out and --accept"
        raise UsageError(
            message, remedy="Accept the table first, then: teams-importer adopt --mark"
        )
    if accepted is not None and (out is not None or only):
        message = "--accept takes the rows that say yes; --out and --only have no part in it"
        raise UsageError(message, remedy="Leave them out; or empty the cells of other rows.")
    if writes and accepted is None:
        message = "--write says what is done with accepted rows; there are none without --accept"
        raise UsageError(message, remedy="Name the table that a person went through.")


def _refuse_overwriting(out: Path) -> None:
    if out.is_file() and out.stat().st_size:
        message = f"{out} is there already, and somebody may have gone through it"
        raise UsageError(message, remedy="Name another file, or delete that one.")


def _read(path: Path, console: Console) -> bytes:
    console.protect("the table that it reads", path)
    try:
        if path.stat().st_size > _LARGEST:
            message = f"{path} is larger than {_LARGEST:,} bytes"
            raise UsageError(message, remedy="Name the table that `adopt --out` wrote.")
        return path.read_bytes()
    except OSError as error:
        message = f"{path} can't be read: {error.strerror or error}"
        raise UsageError(message, remedy="Name the table that `adopt --out` wrote.") from error
