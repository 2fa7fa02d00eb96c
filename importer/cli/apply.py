"""`apply`: makes the live team what a manifest or a saved plan says."""

import asyncio
import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click
from click.core import ParameterSource

from importer.cli.applying import Applied, Manner, apply_wish
from importer.cli.commands import make_command
from importer.cli.connecting import ConnectionOptions, connection_options, journal_option
from importer.cli.console import Console
from importer.cli.delivering import deliver
from importer.cli.drawing import Wish
from importer.cli.looks import looks_of
from importer.cli.naming import require_items
from importer.cli.options import (
    DecisionOptions,
    OutputOptions,
    RunOptions,
    decision_options,
    fail_on_option,
    output_options,
    progress_option,
    run_options,
)
from importer.cli.outcome import failed_on
from importer.cli.places import from_here
from importer.cli.reading import (
    find_manifest_of,
    is_plan_file,
    read_manifest,
    read_plan,
    refuse_secret_in,
)
from importer.cli.reviewing import ReviewOptions, refuse_review, review_options
from importer.cli.wiring import reach
from importer.errors import ExitCode, PlanStale, UsageError, worst
from importer.journal import Place
from importer.manifests import MANIFEST_NAME
from importer.model.manifest import Manifest
from importer.model.plan import Decisions, Plan, SavedPlan
from importer.rendering import render_plan

# What says which team and which journal; a plan holds its decisions itself.
_KEPT = (
    "url",
    "team",
    "api",
    "token_file",
    "api_key_file",
    "ca_bundle",
    "swagger",
    "impersonate",
    "journal",
)


@make_command(
    examples={
        "teams-importer apply --team acme": "plan, show, ask, carry out",
        "teams-importer apply plan.json": "carry out what was reviewed, and nothing else",
        "teams-importer apply --yes --wait": "in CI: nobody to ask, wait for another run",
        "teams-importer apply --limit 10": "begin with ten questions",
        "teams-importer apply --yes --expect-digest DIGEST": "only what was reviewed, as `plan` "
        "printed it",
        "teams-importer apply --url sandbox:team.db --yes": "to a team on this machine",
    },
    json="report: results (change, key, kind, verb, state, ref, url, why, goes_again), incidents, "
    "stopped_by, exit_code, resume, requests, blocked (code, key, why, remedy), manual; counts: "
    "how many changes ended how.",
    prints=("report",),
)
@click.argument("path", type=click.Path(path_type=Path), default=".", metavar="[PATH|PLAN.json]")
@connection_options
@journal_option
@decision_options
@run_options
@review_options
@click.option("--yes", is_flag=True, help="Don't ask.")
@fail_on_option
@progress_option
@output_options("text", "json", "markdown", "html", with_template=True)
@click.pass_obj
def command(
    console: Console,
    path: Path,
    connection: ConnectionOptions,
    journal: Place | None,
    decisions: DecisionOptions,
    running: RunOptions,
    review: ReviewOptions,
    yes: bool,  # noqa: FBT001 - click names it
    fail_on: frozenset[str],
    output: OutputOptions,
) -> ExitCode:
    """Make the live team what the manifest at PATH, or a saved plan, says.

    The token is checked first. Then the plan is shown, and nothing is written before it is
    confirmed. Ctrl-C finishes what is under way; the same command goes on later, and nothing is
    posted twice. For a pull request it does not run: nobody has reviewed that yet.
    """
    refuse_review("apply", connection.url)
    refuse_beyond = review.check(console)
    wish, again = _wish(path, decisions, console)
    plan_output = OutputOptions("text", verbose=output.verbose)

    def show(plan: Plan) -> None:
        seen = from_here(plan, wish.folder)
        console.show(render_plan(seen, **looks_of(console, plan_output)))

    with reach(connection, console, create=True, max_wait_s=running.max_wait) as target:
        if isinstance(wish.what, Manifest):
            refuse_secret_in(wish.what, target.connection)
        manner = Manner(
            running,
            journal,
            confirmed=yes,
            show=show,
            plan_again=again,
            refuse_beyond=refuse_beyond,
        )
        applied = asyncio.run(apply_wish(wish, target, manner, console))
    applied = _seen(applied, wish.folder)
    code = worst([ExitCode(applied.report.exit_code), failed_on(applied.plan, fail_on)])
    code = ExitCode(applied.signal_code or code)
    return deliver(applied, target, looks_of(console, output), console, code)


def _seen(applied: Applied, folder: Path) -> Applied:
    """Return *applied* with places as the reader sees them."""
    plan = from_here(applied.plan, folder)
    blocked = tuple(replace(it, sides=()) for it in plan.blocked)
    report = replace(applied.report, blocked=blocked, manual=plan.manual)
    return replace(applied, plan=plan, report=report)


def _plan_again(path: Path, manifest: Path, decisions: Decisions) -> str:
    """Return the command that makes the plan in *path* anew: this team, the same decisions."""
    # Of a manifest with the usual name its folder says enough; any other is found by its own only.
    named = manifest.parent if manifest.name == MANIFEST_NAME else manifest
    words = ["teams-importer", "plan", str(named), *_typed(_KEPT), "--out", str(path)]
    words += [word for glob in decisions.only for word in ("--only", glob)]
    for option, value in (
        ("--on-drift", decisions.on_drift),
        ("--limit", decisions.limit),
        ("--max-creates", decisions.max_creates),
        ("--max-updates", decisions.max_updates),
        ("--max-deletes", decisions.max_deletes),
    ):
        words += [option, str(value)] if value is not None else []
    words += ["--prune"] if decisions.prune else []
    words += ["--delete-engaged"] if decisions.delete_engaged else []
    return shlex.join(words)


def _typed(names: Sequence[str]) -> list[str]:
    """Return the options among *names* as they were given on the command line."""
    context = click.get_current_context()
    return [
        word
        for param in context.command.params
        if param.name in names
        and context.get_parameter_source(param.name) is ParameterSource.COMMANDLINE
        for word in (param.opts[0], *_words(context.params[param.name]))
    ]


def _words(value: object) -> list[str]:
    return [] if value is True else [str(value)]


def _source_of(saved: SavedPlan, path: Path, console: Console) -> tuple[Path, str]:
    """Return the folder of the plan's manifest, where its journal is, and what plans it anew.

    Without a manifest the folder is the plan file's. PlanStale when it was changed since.
    """
    found = find_manifest_of(saved, path)
    if found is None:
        console.say("note: its manifest isn't here: nothing tells whether it was changed since")
        was_at = path.parent / (saved.manifest_at or MANIFEST_NAME)
        return path.parent, _plan_again(path, was_at, saved.plan.decisions)
    manifest, is_same = found
    console.say(f"manifest: {manifest}")
    console.protect("the manifest", manifest)
    again = _plan_again(path, manifest, saved.plan.decisions)
    if is_same:
        return manifest.parent, again
    message = f"the manifest {manifest} was changed since the plan {path} was made of it"
    raise PlanStale(message, remedy=f"Make a new plan and look at it: {again}")


def _wish(path: Path, decisions: DecisionOptions, console: Console) -> tuple[Wish, str]:
    """Return what is to be applied; of a saved plan also the command that makes it anew."""
    if is_plan_file(path):
        if decisions.given:
            message = "a saved plan holds its own decisions; none can be made beside it"
            raise UsageError(message, remedy="Make another plan, with these options.")
        saved = read_plan(path, console)
        folder, again = _source_of(saved, path, console)
        return Wish(saved, folder, saved.plan.decisions), again
    decided = decisions.decided()
    loaded = read_manifest(path, console)
    require_items(loaded.manifest, {"--only": decided.only}, console)
    return Wish(loaded.manifest, loaded.folder, decided), ""
