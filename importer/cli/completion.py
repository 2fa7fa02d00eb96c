"""`completion`: the script that lets a shell complete our command lines."""

import click

from importer.cli.commands import OneOf, make_command
from importer.cli.completing import SHELLS, script_of
from importer.cli.console import Console
from importer.cli.documents import Completion
from importer.cli.main import COMPLETION, PROGRAM
from importer.cli.options import OutputOptions, output_options
from importer.errors import ExitCode


@make_command(
    examples={
        "teams-importer completion fish | source": "in ~/.config/fish/config.fish",
        'eval "$(teams-importer completion bash)"': "in ~/.bashrc",
        'eval "$(teams-importer completion zsh)"': "in ~/.zshrc, after compinit",
        "teams-importer completion bash --output FILE": "a file, for a package",
    },
    json="shell, script.",
    prints=("completion",),
)
@click.argument("shell", type=OneOf(SHELLS))
@output_options("text", "json")
@click.pass_obj
def command(console: Console, shell: str, output: OutputOptions) -> ExitCode:
    """Print a script that completes commands, options, their values, files and keys in SHELL.

    Bash has to be 4.4 or newer. Keys (`--only`, `journal show`) are those of the manifest here; no
    team is asked.
    """
    script = script_of(shell, PROGRAM, COMPLETION)
    if output.format == "json":
        console.document(Completion(shell, script))
    else:
        console.result(script.lstrip("\n"))
    return ExitCode.DONE
