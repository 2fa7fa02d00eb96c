"""`undo RUN`: takes a run back, as far as nobody has built upon it since."""

import asyncio
import shlex
from collections.abc import Awaitable, Callable, Sequence
from itertools import takewhile
from pathlib import Path

import click

from importer.cli.applying import Manner, apply_wish
from importer.cli.commands import make_command
from importer.cli.connecting import ConnectionOptions, connection_options, journal_option
from importer.cli.console import Console
from importer.cli.delivering import deliver
from importer.cli.drawing import Wish, draw
from importer.cli.history import Past, look_at, past_runs
from importer.cli.looks import looks_of
from importer.cli.options import (
    OutputOptions,
    RunOptions,
    output_options,
    progress_option,
    run_options,
)
from importer.cli.reading import read_manifest
from importer.cli.reviewing import refuse_review
from importer.cli.suggesting import did_you_mean
from importer.cli.wiring import find_journal, reach
from importer.errors import ExitCode, UsageError
from importer.journal import Place
from importer.model.ids import Kind, RunId, Verb
from importer.model.manifest import Item, Manifest
from importer.model.plan import Change, Plan
from importer.planning.baseline import digest_field, digest_of_ours
from importer.ports import Journal
from importer.rendering import render_plan
from importer.rendering.phrasing import counted

_LAST = "last"
_SUGGESTED = 3


@make_command(
    examples={
        "teams-importer undo last --team acme": "take back what was applied last",
        "teams-importer undo 20260105T0912 --dry-run": "what that would do; sends nothing but GET",
        "teams-importer undo last --yes --format json": "for a script",
        "teams-importer runs": "which runs there are",
    },
    json="report, as of apply: results, blocked, manual, incidents, stopped_by, exit_code, resume; "
    "counts. With "
    "--dry-run the plan: changes, blocked (code, key, why, remedy), manual, notes, undoes.",
    prints=("report", "plan#/$defs/Plan"),
)
@click.argument("run")
@click.argument("path", type=click.Path(path_type=Path), default=".")
@connection_options
@journal_option
@run_options
@click.option("--yes", is_flag=True, help="Don't ask.")
@click.option("--dry-run", is_flag=True, help="Show what would be done, and write nothing.")
@progress_option
@output_options("text", "json", "markdown", "html", with_template=True)
@click.pass_obj
def command(
    console: Console,
    run: str,
    path: Path,
    connection: ConnectionOptions,
    journal: Place | None,
    running: RunOptions,
    yes: bool,  # noqa: FBT001 - click names it
    dry_run: bool,  # noqa: FBT001 - click names it
    output: OutputOptions,
) -> ExitCode:
    """Take the run RUN back: an id as in `runs`, the beginning of one, or `last`.

    Posts that the run created are deleted where nobody else has engaged with them, edits restored
    where nobody has edited since, accepted marks set back. A question that stays keeps the answers
    that the run gave it: whoever engaged with it would be left with a bare one; delete them on the
    site if they are to go all the same. The rest is listed with its reason, and the exit code is
    11; with --dry-run, which only shows it, 0. What the run deleted no API brings back: those are
    steps to do by hand.

    The manifest still asks for what it asked for: the next apply makes it so again, until the
    manifest is changed too.

    PATH is the manifest whose journal knows the run. An undo is a run like any other, so `undo
    last` a second time takes the undo back: a redo, as far as there is an API for it.
    """
    if not dry_run:
        refuse_review("undo", connection.url)
    loaded = read_manifest(path, console)

    def show(plan: Plan) -> None:
        console.show(render_plan(plan, **looks_of(console, OutputOptions("text", output.verbose))))
        _note_asked_for(plan, loaded.manifest, console)

    with reach(connection, console, max_wait_s=running.max_wait) as target:
        # An apply says itself where its journal is.
        known = look_at(loaded, target, journal, console, past_runs, tells=dry_run)
        chosen = _choose(run, known)
        if run == _LAST:
            for note in _notes_on_last(chosen, known):
                console.say(note)
        # `last` would be the undo itself the next time.
        console.command_line = _with_id(console.command_line, run, chosen)
        touched = look_at(loaded, target, journal, console, _kinds_in(chosen), tells=False)
        wish = Wish(loaded.manifest, loaded.folder, undoes=chosen, touched=touched)
        if dry_run:
            place = find_journal(journal, target, loaded.folder, wish.namespace)
            plan, _ = asyncio.run(draw(wish, loaded.manifest, target, place, console))
            console.result(render_plan(plan, **looks_of(console, output)))
            _note_asked_for(plan, loaded.manifest, console)
            return ExitCode.DONE
        manner = Manner(running, journal, confirmed=yes, show=show)
        applied = asyncio.run(apply_wish(wish, target, manner, console))
    code = ExitCode(applied.signal_code or applied.report.exit_code)
    return deliver(applied, target, looks_of(console, output), console, code)


def _note_asked_for(plan: Plan, manifest: Manifest, console: Console) -> None:
    """Say that an undo changes the team alone, where the manifest asks for something else."""
    items = {item.key: item for item in manifest.items}
    asked = {it.key for it in plan.changes if it.key in items and _differs(it, items[it.key])}
    number = len(asked)
    if number:
        console.say(
            f"note: the manifest still asks for {number:,} of these items: "
            "change it too, or the next apply makes them so again"
        )


def _differs(change: Change, item: Item) -> bool:
    """Tell whether *change* makes of a post something else than *item* asks for."""
    return change.verb is Verb.DELETE or any(
        it.after is None
        or digest_field(item.kind, it.field, it.after) != digest_of_ours(item, it.field)
        for it in change.fields
        if it.field in item.fields
    )


def _kinds_in(run: RunId) -> Callable[[Journal], Awaitable[frozenset[Kind]]]:
    async def look(journal: Journal) -> frozenset[Kind]:
        return frozenset(it.kind for it in await journal.history(run=run))

    return look


def _choose(name: str, runs: Sequence[Past]) -> RunId:
    """Return the id of the run that *name* means; UsageError when that is none, or several."""
    if not runs:
        message = "there is no journal of this team here, or no run in it: nothing can be undone"
        remedy = "Name the manifest it was applied from, or the journal's file with --journal."
        raise UsageError(message, remedy=remedy)
    if name == _LAST:
        return _last_that_wrote(runs)
    ids = [it.run.id for it in runs]
    found = [it for it in ids if it == name] or [it for it in ids if it.startswith(name)]
    if len(found) == 1:
        return found[0]
    if found:
        message = f"{name!r} is the beginning of {len(found)} runs: {', '.join(found)}"
        raise UsageError(message, remedy="Give one of them whole.")
    ids = [it.run.id for it in runs if it.is_worth_a_line]
    known = (
        f"The last ones are {', '.join(ids[-_SUGGESTED:])}." if ids else "None changed anything."
    )
    hint = f"{did_you_mean(name, ids)} {known} `teams-importer runs` lists them."
    message = f"the journal knows of no run {name!r}"
    raise UsageError(message, remedy=hint.strip())


def _last_that_wrote(runs: Sequence[Past]) -> RunId:
    wrote = [it.run.id for it in runs if it.wrote]
    if wrote:
        return wrote[-1]
    message = "no run in the journal wrote anything: there is nothing to take back"
    raise UsageError(message, remedy="`teams-importer runs` lists what there was.")


def _notes_on_last(chosen: RunId, runs: Sequence[Past]) -> Sequence[str]:
    """Return what somebody who said `last` may not have meant: runs passed over, runs before."""
    at = next(index for index, it in enumerate(runs) if it.run.id == chosen)
    idle = [it.run.id for it in runs[at + 1 :] if it.is_worth_a_line]
    notes = []
    if idle:
        which = f"the run {idle[0]}" if len(idle) == 1 else f"the runs {', '.join(idle)}"
        notes.append(f"note: {which} wrote nothing; the last run that did is {chosen}")
    return [*notes, *(_note_before(it) for it in _gone_on_from(at, runs))]


def _note_before(past: Past) -> str:
    number = counted(len(past.wrote), "item")
    this = past.run.id
    return f"note: the run {this} before it wrote {number}: `undo {this}` takes those back"


def _gone_on_from(at: int, runs: Sequence[Past]) -> Sequence[Past]:
    """Return the runs that the one *at* went on from, the newest first: they stopped halfway."""
    if runs[at].run.undoes:
        return ()
    undone = {it.run.undoes for it in runs if it.is_through}
    earlier = [it for it in reversed(runs[:at]) if it.is_worth_a_line]
    stopped = takewhile(lambda it: not it.is_through and not it.run.undoes, earlier)
    return [it for it in stopped if it.wrote and it.run.id not in undone]


def _with_id(command_line: str, name: str, run: RunId) -> str:
    """Return *command_line* with *run* in the place of *name*; values of options stay."""
    words = shlex.split(command_line)
    params = click.get_current_context().command.params
    valued = {it for param in params if not getattr(param, "is_flag", False) for it in param.opts}
    spots = (at for at, word in enumerate(words) if word == name)
    at = next((it for it in spots if words[it - 1] not in valued), -1)
    return shlex.join([run if index == at else word for index, word in enumerate(words)])
