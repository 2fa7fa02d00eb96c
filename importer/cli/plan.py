"""`plan`: how the live team differs from the manifest. Gets a transport that cannot write."""

import asyncio
from pathlib import Path

import click

from importer.cli.checks import PLAN_FORMATS, show_plan
from importer.cli.commands import make_command
from importer.cli.connecting import ConnectionOptions, connection_options, journal_option
from importer.cli.console import Console
from importer.cli.drawing import Wish, draw
from importer.cli.files import write_private
from importer.cli.options import (
    DecisionOptions,
    OutputOptions,
    decision_options,
    fail_on_option,
    output_options,
)
from importer.cli.outcome import plan_code
from importer.cli.places import way_to
from importer.cli.reading import note_idle_globs, read_manifest, refuse_secret_in
from importer.cli.wiring import (
    SystemClock,
    find_journal,
    reach,
)
from importer.errors import ExitCode
from importer.journal import Place
from importer.planning.plan_file import save


@make_command(
    examples={
        "teams-importer plan --url sandbox:": "what would change in an empty team",
        "teams-importer plan --team acme --out plan.json": "keep it, for a review and an apply",
        "teams-importer plan --only 'oncall/*' --format markdown": "a part, for a pull request",
        "teams-importer plan --detailed-exitcode": "0 in sync, 2 changes, 11 blocked items",
    },
    json="The plan: changes, drift, orphans, blocked, manual, bindings, cost, notes and more; "
    "schemas/plan.schema.json describes it.",
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
    help="Exit with 2 when there are changes, 11 when items are blocked.",
)
@fail_on_option
@output_options(*PLAN_FORMATS, with_template=True)
@click.pass_obj
def command(
    console: Console,
    path: Path,
    connection: ConnectionOptions,
    journal: Place | None,
    decisions: DecisionOptions,
    out: Path | None,
    detailed_exitcode: bool,  # noqa: FBT001 - click names it
    fail_on: frozenset[str],
    output: OutputOptions,
) -> ExitCode:
    """Show what `apply` would change in the live team, and at what cost.

    PATH is a manifest, or a folder or Markdown file in or below its folder. Nothing is written but
    the files that --out and --output name: no post, no journal, no lock.

    The formats github, gitlab, sarif and junit tell CI services what waits for a person and what
    was edited on the site, each at the line of its field; counts is what GitLab's `terraform`
    report takes.
    """
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
        plan, access = asyncio.run(draw(wish, loaded.manifest, target, place, console))
    if out is not None:
        now = SystemClock().now().isoformat(timespec="seconds")
        data = save(plan, now, access.name, way_to(loaded.path, out))
        write_private(out, data)
        console.say(f"plan saved: {out}")
    show_plan(plan, loaded.path, console, output)
    return plan_code(plan, detailed=detailed_exitcode, fail_on=fail_on)
