"""`plan`: how the live team differs from the manifest. Gets a transport that cannot write."""

import asyncio
from pathlib import Path

import click

from importer.cli.commands import make_command
from importer.cli.connecting import ConnectionOptions, connection_options, journal_option
from importer.cli.console import Console
from importer.cli.drawing import Wish, draw, draw_drift_of
from importer.cli.files import write_private
from importer.cli.looks import looks_of
from importer.cli.options import (
    DecisionOptions,
    OutputOptions,
    decision_options,
    fail_on_option,
    output_options,
)
from importer.cli.outcome import drift_code, plan_code
from importer.cli.places import drift_from_folder, from_here, way_to
from importer.cli.reading import note_idle_globs, read_manifest, refuse_secret_in
from importer.cli.wiring import (
    SystemClock,
    find_journal,
    reach,
)
from importer.errors import ExitCode, UsageError
from importer.journal import Place
from importer.planning.plan_file import save
from importer.rendering import render_drift, render_plan


@make_command(
    examples={
        "teams-importer plan --url sandbox:": "what would change in an empty team",
        "teams-importer plan --team acme --out plan.json": "keep it, for a review and an apply",
        "teams-importer plan --only 'oncall/*' --format markdown": "a part, for a pull request",
        "teams-importer plan --detailed-exitcode": "0 in sync, 2 changes, 11 blocked items",
        "teams-importer plan --drift --fail-on drift": "only what was edited on the site",
    },
    json="The plan: changes, drift, orphans, blocked, manual, bindings, cost, notes and more; "
    "schemas/plan.schema.json describes it. With --drift: items, each with its fate and fields; "
    "schemas/drift.schema.json.",
)
@click.argument("path", type=click.Path(path_type=Path), default=".")
@connection_options
@journal_option
@decision_options
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Save the plan for `apply FILE`; only you can read the file.",
)
@click.option(
    "--detailed-exitcode",
    is_flag=True,
    help="Exit with 2 when there are changes (with --drift: edits), 11 when items are blocked.",
)
@click.option(
    "--drift",
    is_flag=True,
    help="Print nothing but what was edited on the site and the manifest doesn't know.",
)
@fail_on_option
@output_options("text", "json", "markdown", with_template=True)
@click.pass_obj
def command(
    console: Console,
    path: Path,
    connection: ConnectionOptions,
    journal: Place | None,
    decisions: DecisionOptions,
    out: Path | None,
    detailed_exitcode: bool,  # noqa: FBT001 - click names it
    drift: bool,  # noqa: FBT001 - click names it
    fail_on: frozenset[str],
    output: OutputOptions,
) -> ExitCode:
    """Show what `apply` would change in the live team, and at what cost.

    PATH is a manifest, or a folder or Markdown file in or below its folder. With --drift only the
    edits made on the site are shown, and what `apply` would do with each. Nothing is written but
    the files that --out and --output name: no post, no journal, no lock.
    """
    if out is not None and drift:
        message = "--drift makes no plan, and --out saves one"
        raise UsageError(message, remedy="Leave one of them out; --output FILE saves the report.")
    if out is not None:
        console.protect("the plan that --out saves", out)
        console.saved_to = out
    decided = decisions.decided()
    loaded = read_manifest(path, console)
    note_idle_globs(loaded.manifest, decided.only, console)
    with reach(connection, console) as target:
        refuse_secret_in(loaded.manifest, target.connection)
        place = find_journal(journal, target, loaded.folder, loaded.manifest.namespace)
        wish = Wish(loaded.manifest, loaded.folder, decided)
        if drift:
            report = asyncio.run(draw_drift_of(wish, loaded.manifest, target, place, console))
            told = drift_from_folder(report, loaded.folder) if console.as_json else report
            console.result(render_drift(told, **looks_of(console, output)))
            return drift_code(report, detailed=detailed_exitcode, fail_on=fail_on)
        plan, access = asyncio.run(draw(wish, loaded.manifest, target, place, console))
    if out is not None:
        now = SystemClock().now().isoformat(timespec="seconds")
        data = save(plan, now, access.name, way_to(loaded.path, out))
        write_private(out, data)
        console.say(f"plan saved: {out}")
    shown = plan if console.as_json else from_here(plan, loaded.folder)
    console.result(render_plan(shown, **looks_of(console, output)))
    return plan_code(plan, detailed=detailed_exitcode, fail_on=fail_on)
