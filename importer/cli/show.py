"""`show`: a saved plan again, in any format."""

from pathlib import Path

import click

from importer.cli.checks import PLAN_FORMATS, show_plan
from importer.cli.commands import make_command
from importer.cli.console import Console
from importer.cli.options import OutputOptions, output_options
from importer.cli.reading import read_plan
from importer.errors import ExitCode


@make_command(
    examples={
        "teams-importer show plan.json": "as `plan` printed it",
        "teams-importer show plan.json --format markdown": "for a pull request",
        "teams-importer show plan.json --format html --output plan.html": "a page, for a reviewer",
        "teams-importer show plan.json --format github": "annotations for drift and conflicts",
        "teams-importer show plan.json --verbose": "whole texts",
    },
    json="The plan, as `plan --format json` prints it.",
    prints=("plan#/$defs/Plan",),
)
@click.argument("path", type=click.Path(path_type=Path, dir_okay=False), metavar="PLAN.json")
@output_options(*PLAN_FORMATS, with_template=True)
@click.pass_obj
def command(console: Console, path: Path, output: OutputOptions) -> ExitCode:
    """Show the plan that `plan --out PLAN.json` saved.

    A file that was changed by a single byte is refused with exit code 4. Opens no connection.
    """
    saved = read_plan(path, console)
    console.say(f"plan {saved.digest}, made {saved.made_at} by {saved.made_by}")
    manifest = path.parent / saved.manifest_at if saved.manifest_at else None
    show_plan(saved.plan, manifest, console, output)
    return ExitCode.DONE
