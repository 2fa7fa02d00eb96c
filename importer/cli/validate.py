"""`validate`: every problem of a manifest's files, offline."""

from pathlib import Path

import click

from importer.cli.checks import PROBLEM_FORMATS, show_problems
from importer.cli.commands import make_command
from importer.cli.console import Console
from importer.cli.options import OutputOptions, output_options
from importer.errors import ExitCode, ManifestError
from importer.manifests import find_manifest, load_manifest


@make_command(
    examples={
        "teams-importer validate": "the manifest in this folder or above it",
        "teams-importer validate docs/teams-importer.yaml": "this one",
        "teams-importer validate --format json": "for an editor or a script",
        "teams-importer validate --format github": "annotations in a workflow of GitHub Actions",
        "teams-importer validate --format junit --output junit.xml": "a test case for each file",
    },
    json="A list of problems: rule, severity (error or warning), message, remedy, path, line, "
    "column. Exit code 3 when one is an error.",
    prints=("problems",),
)
@click.argument("path", type=click.Path(path_type=Path), default=".")
@output_options(*PROBLEM_FORMATS)
@click.pass_obj
def command(console: Console, path: Path, output: OutputOptions) -> ExitCode:
    """Check the manifest at PATH: a file, or a folder in or below the manifest's.

    Opens no connection and needs no token. The formats github (workflow annotations), gitlab (code
    quality), sarif and junit name files by their path in the repository.
    """
    found = find_manifest(path)
    console.say(f"manifest: {found}")
    console.protect("the manifest", found)
    try:
        manifest, problems = load_manifest(found)
        files, code = [found.parent / it for it in manifest.files], ExitCode.DONE
    except ManifestError as error:
        problems, code = error.problems, error.exit_code
        files = [found, *(Path(it.span.path) for it in problems)]
    console.protect("a file of the manifest", *files)
    show_problems(problems, files, found, console, output)
    return code
