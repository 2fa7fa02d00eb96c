"""`validate`: every problem of a manifest's files, offline."""

from pathlib import Path

import click

from importer.cli.commands import make_command
from importer.cli.console import Console
from importer.cli.options import OutputOptions, output_options
from importer.errors import ExitCode, ManifestError
from importer.manifests import find_manifest, load_manifest
from importer.rendering import Format, render_problems


@make_command(
    examples={
        "teams-importer validate": "the manifest in this folder or above it",
        "teams-importer validate docs/teams-importer.yaml": "this one",
        "teams-importer validate --format json": "for an editor or a CI job",
    },
    json="A list of problems: rule, severity (error or warning), message, remedy, path, line, "
    "column. Exit code 3 when one is an error.",
)
@click.argument("path", type=click.Path(path_type=Path), default=".")
@output_options("text", "json", "markdown")
@click.pass_obj
def command(console: Console, path: Path, output: OutputOptions) -> ExitCode:
    """Check the manifest at PATH: a file, or a folder in or below the manifest's.

    Opens no connection and needs no token.
    """
    found = find_manifest(path)
    console.say(f"manifest: {found}")
    console.protect("the manifest", found)
    try:
        manifest, problems = load_manifest(found)
        console.protect("a file of the manifest", *(found.parent / it for it in manifest.files))
        code = ExitCode.DONE
    except ManifestError as error:
        problems, code = error.problems, error.exit_code
        console.protect("a file of the manifest", *(Path(it.span.path) for it in problems))
    form = Format(output.format)
    console.result(render_problems(problems, form, color=console.is_coloured))
    return code
