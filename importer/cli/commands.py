"""How a command is made: its help, its examples, and sets of options gathered into one value.

A decorator adds the options of a set and hands the command one frozen value under the set's name:

    @connection_options
    def command(*, connection: ConnectionOptions) -> ExitCode: ...
"""

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

import click

from importer.cli.main import COMMANDS
from importer.cli.suggesting import did_you_mean
from importer.errors import ExitCode

__all__ = [
    "FILE",
    "Command",
    "Function",
    "OneOf",
    "every_command",
    "gathered",
    "make_command",
    "make_group",
    "schema_file",
    "text_encoding",
]

Function = Callable[..., ExitCode]
_Set = TypeVar("_Set")
FILE = click.Path(path_type=Path, dir_okay=False)
_SCHEMAS = "Described by {}, which `teams-importer schema --write` gives."
_SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class OneOf(click.Choice[str]):
    """One of some words; a mistyped one gets a suggestion."""

    def get_invalid_choice_message(self, value: object, ctx: click.Context | None) -> str:
        """Return click's message, with what was probably meant."""
        hint = did_you_mean(str(value), self.choices)
        return f"{super().get_invalid_choice_message(value, ctx)} {hint}".strip()


def text_encoding(_: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """Return the name of an encoding as it was given: an option's callback.

    Raises BadParameter, which is wrong use, when nothing of that name encodes text.
    """
    try:
        "a".encode("utf-8" if value is None else value)
    except (LookupError, ValueError) as error:
        # `hex` and `rot13` are no encodings of text; `undefined` raises UnicodeError.
        message = f"{value!r} is no encoding of text; cp1252 is one, or utf-16-le."
        raise click.BadParameter(message, param=param) from error
    return value


def schema_file(name: str) -> str:
    """Return the file of the schema *name*, which may lead to a part of it: `plan#/$defs/Plan`."""
    stem, hash_, part = name.partition("#")
    return f"{stem}.schema.json{hash_}{part}"


class Command(click.Command):
    """A command whose help ends in examples, and whose mistyped options get a suggestion."""

    examples: Mapping[str, str] = {}
    document: str = ""
    prints: Sequence[str] = ()

    def format_epilog(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples, and what is printed as JSON."""
        with formatter.section("Examples"):
            formatter.write_dl(list(self.examples.items()), col_max=60)
        with formatter.section("JSON"):
            formatter.write_text(self.document)
            formatter.write_text(_SCHEMAS.format(", ".join(map(schema_file, self.prints))))

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        """Return click's context; a mistyped option gets a suggestion."""
        try:
            return super().make_context(*args, **kwargs)
        except click.NoSuchOption as error:
            known = [name for param in self.params for name in param.opts]
            hint = did_you_mean(error.option_name, known)
            message = f"there is no option {error.option_name!r}. {hint}".strip()
            raise click.UsageError(message, error.ctx) from error


class _Group(click.Group):
    """A command of commands; its help shows the examples of each, and no more of them."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        found = (self.get_command(ctx, name) for name in self.list_commands(ctx))
        examples = [
            it for each in found if isinstance(each, Command) for it in each.examples.items()
        ]
        with formatter.section("Examples"):
            formatter.write_dl(examples, col_max=60)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        known = self.list_commands(ctx)
        if args[0] not in known and not args[0].startswith("-"):
            hint = did_you_mean(args[0], known)
            message = f"there is no command {args[0]!r}. {hint}".strip()
            raise click.UsageError(message, ctx)
        return super().resolve_command(ctx, args)


def make_command(
    group: click.Group | None = None,
    *,
    examples: Mapping[str, str],
    json: str,
    prints: Sequence[str],
) -> Callable[[Function], click.Command]:
    """Make a command. `examples` maps lines to what they do, `json` explains the document.

    `prints` are the names of its documents' schemas.
    """

    def decorate(function: Function) -> click.Command:
        made = click.command(cls=Command, context_settings=_SETTINGS)(function)
        made.examples, made.document, made.prints = examples, json, prints
        if group is not None:
            group.add_command(made)
        return made

    return decorate


def make_group(text: str) -> click.Group:
    """Make a command of commands."""
    return _Group(help=text, context_settings=_SETTINGS, no_args_is_help=False)


def every_command() -> Iterator[tuple[str, Command]]:
    """Yield each command that does something, with its name: `plan`, `journal show`."""
    for name, (module, _) in COMMANDS.items():
        command: click.Command = import_module(module).command
        if isinstance(command, click.Group):
            for each in sorted(command.commands):
                yield f"{name} {each}", _ours(command.commands[each])
        else:
            yield name, _ours(command)


def _ours(command: click.Command) -> Command:
    assert isinstance(command, Command)  # noqa: S101 - for mypy; make_command makes no other
    return command


def gathered(
    name: str, kind: type[_Set], options: Sequence[Callable[[Function], Function]]
) -> Callable[[Function], Function]:
    """Return a decorator that adds *options* and passes them on as one value of *kind*."""
    names = [it.name for it in fields(kind)]  # type: ignore[arg-type] # only ours, all dataclasses

    def decorate(function: Function) -> Function:
        @functools.wraps(function)
        def call(*args: Any, **given: Any) -> ExitCode:
            given[name] = kind(**{it: given.pop(it) for it in names if it in given})
            return function(*args, **given)

        made: Function = call
        for option in reversed(options):
            made = option(made)
        return made

    return decorate
