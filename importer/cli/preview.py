"""`preview PATH`: the manifest as the team would show it, in the browser, anew after each save."""

import asyncio
from pathlib import Path

import click

from importer.cli.commands import make_command
from importer.cli.console import Console
from importer.cli.options import OutputOptions, output_options
from importer.cli.previewing import Previewing
from importer.errors import ExitCode, UsageError
from importer.manifests import find_manifest


@make_command(
    examples={
        "teams-importer preview": "the manifest here, in the browser",
        "teams-importer preview content/oncall.md": "the same, opened at that post",
        "teams-importer preview --no-open --port 8080": "the address only",
    },
    json='One line, once it can be looked at: {"url", "page"}; page is where PATH is shown.',
    prints=("preview",),
)
@click.argument("path", type=click.Path(path_type=Path), default=".")
@click.option("--no-open", is_flag=True, help="Don't open the browser.")
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=0,
    metavar="N",
    help="Port to listen on; a free one by default.",
)
@output_options("text", "json")
@click.pass_obj
def command(
    console: Console,
    path: Path,
    no_open: bool,  # noqa: FBT001 - click names it
    port: int,
    output: OutputOptions,
) -> ExitCode:
    """Show the manifest at PATH as a team would, until Ctrl-C.

    It is applied to a team in this process, and again after each save of one of its files; the page
    in the browser follows. What is wrong with a file is said in the page and here, and goes when it
    is mended. Needs no token and no network, and leaves nothing behind. Only this machine can open
    the page.
    """
    manifest = find_manifest(path)
    console.say(f"manifest: {manifest}")
    try:
        from importer.sandbox import SandboxError
    except ModuleNotFoundError as error:
        message = f"the sandbox is not installed ({error.name} is missing)"
        raise UsageError(message, remedy="pip install 'teams-importer[sandbox]'") from error
    opens = not no_open and not console.is_runner
    previewing = Previewing(manifest, path, console, opens=opens, as_json=output.format == "json")
    try:
        asyncio.run(previewing.run(port))
    except SandboxError as error:
        message = f"the preview can't be served: {error}"
        remedy = "Choose another --port, or end what is there."
        raise UsageError(message, remedy=remedy) from error
    return ExitCode.DONE
