"""`plan`: how the live team differs from the manifest. Gets a transport that cannot write."""

import asyncio
from pathlib import Path

import click

from importer.cli.checks import PLAN_FORMATS, show_drift, show_plan
from importer.cli.commands import make_command
from importer.cli.connecting import ConnectionOptions, connection_options, journal_option
from importer.cli.console import Console
from importer.cli.drawing import Wish, draw, draw_drift_of
from importer.cli.files import write_private
from importer.cli.naming import require_items
from importer.cli.offline import SnapshotOptions, plan_against, snapshot_options
from importer.cli.options import (
    DecisionOptions,
    OutputOptions,
    decision_options,
    fail_on_option,
    output_options,
    progress_option,
)
from importer.cli.outcome import drift_code, plan_code
from importer.cli.places import way_to
from importer.cli.reading import Loaded, read_manifest, refuse_secret_in
from importer.cli.wiring import (
    SystemClock,
    find_journal,
    reach,
)
from importer.errors import ExitCode, UsageError
from importer.journal import Place
from importer.model.drift import DriftReport
from importer.model.plan import Plan
from importer.model.saved_snapshot import SavedSnapshot
from importer.planning.plan_file import save
from importer.planning.snapshot_file import save_snapshot


@make_command(
    examples={
        "teams-importer plan --url sandbox:": "what would change in an empty team",
        "teams-importer plan --team acme --out plan.json": "keep it, for a review and an apply",
        "teams-importer plan --only 'oncall/*' --format markdown": "a part, for a pull request",
        "teams-importer plan --format html --output plan.html": "a page: both sides as on the site",
        "teams-importer plan --against snapshot.json": "offline, from what --snapshot-out took",
        "teams-importer plan --detailed-exitcode": "0 in sync, 2 changes, 11 blocked items",
        "teams-importer plan --drift --fail-on drift": "only what was edited on the site",
    },
    json="The plan: changes, drift, orphans, blocked, manual, bindings, cost, notes and more. "
    "With --drift: items, each with its fate and fields.",
    prints=("plan#/$defs/Plan", "drift"),
)
@click.argument("path", type=click.Path(path_type=Path), default=".")
@connection_options
@journal_option
@decision_options
@snapshot_options
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
@progress_option
@output_options(*PLAN_FORMATS, with_template=True)
@click.pass_obj
def command(
    console: Console,
    path: Path,
    connection: ConnectionOptions,
    journal: Place | None,
    decisions: DecisionOptions,
    snapshots: SnapshotOptions,
    out: Path | None,
    detailed_exitcode: bool,  # noqa: FBT001 - click names it
    drift: bool,  # noqa: FBT001 - click names it
    fail_on: frozenset[str],
    output: OutputOptions,
) -> ExitCode:
    """Show what `apply` would change in the live team, and at what cost.

    PATH is a manifest, or a folder or Markdown file in or below its folder. With --drift only the
    edits made on the site are shown, and what `apply` would do with each. Nothing is written but
    the files that --out, --output and --snapshot-out name: no post, no journal, no lock.

    The formats github, gitlab, sarif and junit tell CI services what waits for a person and what
    was edited on the site, each at the line of its field; counts is what GitLab's `terraform`
    report takes.
    """
    snapshots.require_sense(out)
    if drift:
        _require_sense_of_drift(out, snapshots)
    if out is not None:
        console.protect("the plan that --out saves", out)
        console.saved_to = out
    if snapshots.snapshot_out is not None:
        console.protect("the snapshot that --snapshot-out takes", snapshots.snapshot_out)
        console.snapshot_to = snapshots.snapshot_out
    decided = decisions.decided()
    loaded = read_manifest(path, console)
    require_items(loaded.manifest, {"--only": decided.only}, console)
    wish = Wish(loaded.manifest, loaded.folder, decided)
    if drift:
        report = _drift(wish, loaded, connection, journal, console)
        show_drift(report, loaded.path, console, output)
        return drift_code(report, detailed=detailed_exitcode, fail_on=fail_on)
    if snapshots.against is not None:
        console.protect("the snapshot that it reads", snapshots.against)
        plan = plan_against(wish, snapshots.against, connection, console)
    else:
        plan, by = _online(wish, loaded, connection, journal, snapshots.snapshot_out, console)
        if out is not None:
            now = SystemClock().now().isoformat(timespec="seconds")
            write_private(out, save(plan, now, by, way_to(loaded.path, out)))
            console.say(f"plan saved: {out}")
    show_plan(plan, loaded.path, console, output)
    return plan_code(plan, detailed=detailed_exitcode, fail_on=fail_on)


def _online(
    wish: Wish,
    loaded: Loaded,
    connection: ConnectionOptions,
    journal: Place | None,
    snapshot_out: Path | None,
    console: Console,
) -> tuple[Plan, str]:
    """Return the plan for the team as it is, and the name of whose token read it."""
    manifest = loaded.manifest

    def take(saved: SavedSnapshot) -> None:
        if snapshot_out is not None:
            write_private(snapshot_out, save_snapshot(saved))
            console.say(f"snapshot taken: {snapshot_out}")

    with reach(connection, console) as target:
        refuse_secret_in(manifest, target.connection)
        place = find_journal(journal, target, loaded.folder, manifest.namespace)
        taking = take if snapshot_out is not None else None
        plan, access = asyncio.run(draw(wish, manifest, target, place, console, taking))
    return plan, access.name


def _drift(
    wish: Wish,
    loaded: Loaded,
    connection: ConnectionOptions,
    journal: Place | None,
    console: Console,
) -> DriftReport:
    """Return what was edited on the site and the manifest doesn't know."""
    manifest = loaded.manifest
    with reach(connection, console) as target:
        refuse_secret_in(manifest, target.connection)
        place = find_journal(journal, target, loaded.folder, manifest.namespace)
        return asyncio.run(draw_drift_of(wish, manifest, target, place, console))


def _require_sense_of_drift(out: Path | None, snapshots: SnapshotOptions) -> None:
    if out is not None:
        message = "--drift makes no plan, and --out saves one"
        raise UsageError(message, remedy="Leave one of them out; --output FILE saves the report.")
    if snapshots.against or snapshots.snapshot_out:
        message = "--drift looks at the team itself: it goes with no snapshot"
        raise UsageError(message, remedy="Leave out --against and --snapshot-out, or --drift.")
