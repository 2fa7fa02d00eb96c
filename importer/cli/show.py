"""`show`: a saved plan again, in any format."""

from pathlib import Path

import click

from importer.cli.commands import make_command
from importer.cli.console import Console
from importer.cli.looks import looks_of
from importer.cli.options import OutputOptions, output_options
from importer.cli.places import from_here
from importer.cli.reading import read_plan
from importer.errors import ExitCode
from importer.rendering import render_plan


@make_command(
    examples={
        "teams-importer show plan.json": "as `plan` printed it",
        "teams-importer show plan.json --format markdown": "for a pull request",
        "teams-importer show plan.json --format html --output plan.html": "a page, for a reviewer",
        "teams-importer show plan.json --verbose": "whole texts",
    },
    json="The plan, as `plan --format json` prints it.",
)
@click.argument("path", type=click.Path(path_type=Path, dir_okay=False), metavar="PLAN.json")
@output_options("text", "json", "markdown", "html", with_template=True)
@click.pass_obj
def command(console: Console, path: Path, output: OutputOptions) -> ExitCode:
    """Show the plan that `plan --out PLAN.json` saved.

    A file that was changed by a single byte is refused with exit code 4. Opens no connection.
    """
    saved = read_plan(path, console)
    console.say(f"plan {saved.digest}, made {saved.made_at} by {saved.made_by}")
    folder = (path.parent / saved.manifest_at).parent
    is_there = bool(saved.manifest_at) and not console.as_json
    shown = from_here(saved.plan, folder) if is_there else saved.plan
    console.result(render_plan(shown, **looks_of(console, output)))
    return ExitCode.DONE
