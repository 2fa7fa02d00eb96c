"""Answers a shell that asks how a half-typed command line may go on.

The scripts that `completion` prints call the program with the line in the environment. No manifest
is trusted to be whole, no team is asked, and nothing is said on standard error: somebody is typing.
"""

from collections.abc import Mapping
from contextlib import redirect_stderr, suppress
from importlib import import_module
from io import StringIO

import click
from click.shell_completion import CompletionItem, ShellComplete, get_completion_class

from importer.cli.console import Console

__all__ = ["SHELLS", "answer", "script_of"]

SHELLS = ("bash", "zsh", "fish")


class _Program(click.Group):
    """All commands by name and help; a command's module is imported when its name is typed."""

    def __init__(self, table: Mapping[str, tuple[str, str]]) -> None:
        super().__init__(params=[click.Option(["--version"], is_flag=True, help="Print it.")])
        self.context_settings = {"help_option_names": ["-h", "--help"]}
        self._table = table

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(self._table)

    def get_command(self, _ctx: click.Context, name: str) -> click.Command | None:
        if name not in self._table:
            return None
        command: click.Command = import_module(self._table[name][0]).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in self._table:
            # Else all commands would be offered after a mistyped one.
            raise click.NoSuchCommand(args[0], ctx=ctx)
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem[str]]:
        names = [
            CompletionItem(name, help=text)
            for name, (_, text) in self._table.items()
            if name.startswith(incomplete)
        ]
        # Not click.Group's: it would import each command for its help.
        return [*names, *click.Command.shell_complete(self, ctx, incomplete)]


def script_of(shell: str, program: str, variable: str) -> str:
    """Return what *shell* is to read, so that it asks *program* through *variable*."""
    shells = _class_of(shell)
    asking = shells(click.Command(program), {}, program, variable)
    # Not `source()`, which starts a bash to see how old it is.
    return asking.source_template % asking.source_vars()


def answer(
    instruction: str, program: str, variable: str, commands: Mapping[str, tuple[str, str]]
) -> str | None:
    """Return the lines that a script expects; None when *instruction* is none of a script's.

    It reads `COMP_WORDS` and `COMP_CWORD`, as the scripts set them. An error gives no candidates.
    """
    shell, _, what = instruction.partition("_")
    if shell not in SHELLS or what != "complete":
        return None
    with suppress(Exception), redirect_stderr(StringIO()):
        asked = _class_of(shell)(_Program(commands), {"obj": Console()}, program, variable)
        words, incomplete = asked.get_completion_args()
        # Bash makes three words of `--format=json`; click would take the middle one for a value.
        found = asked.get_completions([it for it in words if it != "="], incomplete)
        return "".join(f"{asked.format_completion(it)}\n" for it in found)
    return ""


def _class_of(shell: str) -> type[ShellComplete]:
    found = get_completion_class(shell)
    assert found is not None  # noqa: S101 - click has all of SHELLS
    return found
