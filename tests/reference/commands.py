"""docs/commands.md: every command with its options, as click knows them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Any

import click

from importer.cli.commands import every_command, schema_file
from importer.cli.main import COMMANDS
from tests.reference.writing import MADE, prose

__all__ = ["commands", "commands_page"]

_HEAD = """\
# Commands

What `teams-importer COMMAND --help` says, on one page. `-h` and `--help` show it for each command;
`teams-importer --version` prints the version. What the exit codes mean:
[errors.md](errors.md#exit-codes).
"""
_SHARED = """\
## Options of many commands

Where a command lists one of these, it means this.
"""
_PRINTED = """\
## What `--format json` prints

A command that leaves no result prints an [error](../schemas/error.schema.json) instead; more in
[shell.md](shell.md#json-for-programs). `plan.schema.json` describes the file that `plan --out`
saves; what is printed is its part `Plan`.
"""
# Said once for all, where so many commands or more say the same of an option.
_MANY = 3
_HELP = "--help"


def commands() -> Iterator[tuple[str, click.Command]]:
    """Yield each command with its name; a command of commands before its own."""
    for name, (module, _) in COMMANDS.items():
        command: click.Command = import_module(module).command
        yield name, command
        if isinstance(command, click.Group):
            for each in sorted(command.commands):
                yield f"{name} {each}", command.commands[each]


def commands_page() -> str:
    """Return the page's text."""
    found = [(name, it, _records(name, it)) for name, it in commands()]
    counts = Counter(record for _, _, records in found for record in records)
    shared = {record for record, count in counts.items() if count >= _MANY}
    lines = [MADE, "", *_HEAD.splitlines()]
    for name, command, records in found:
        lines += ["", *_chapter(name, command, records, shared)]
    lines += ["", *_PRINTED.splitlines(), "", *_printed()]
    ordered = dict.fromkeys(it for _, _, records in found for it in records if it in shared)
    lines += ["", *_SHARED.splitlines(), "", *(_item(it) for it in ordered)]
    return "\n".join(lines) + "\n"


def _records(name: str, command: click.Command) -> list[tuple[str, str]]:
    """Return each option as help shows it, and what it is."""
    context = _context(command, name)
    options = [it for it in command.get_params(context) if isinstance(it, click.Option)]
    records = [it.get_help_record(context) for it in options]
    return [it for it in records if it is not None and _HELP not in it[0]]


def _chapter(
    name: str,
    command: click.Command,
    records: list[tuple[str, str]],
    shared: set[tuple[str, str]],
) -> Iterator[str]:
    context = _context(command, name)
    yield f"## `{name}`"
    yield ""
    yield f"`{' '.join(command.get_usage(context).removeprefix('Usage: ').split())}`"
    for paragraph in (command.help or "").split("\n\n"):
        yield ""
        yield prose(paragraph)
    own = [it for it in records if it not in shared]
    if own:
        yield ""
        yield from (_item(it) for it in own)
    if said := ", ".join(f"`{_names(it[0])}`" for it in records if it in shared):
        yield ""
        yield f"And [of many commands](#options-of-many-commands): {said}."
    yield from _more(command)


def _printed() -> Iterator[str]:
    yield "| command | its schemas |"
    yield "|---|---|"
    for name, command in every_command():
        yield f"| `{name}` | {_links(command.prints)} |"


def _links(schemas: Sequence[str]) -> str:
    names = [schema_file(it).partition("#")[0] for it in schemas]
    return ", ".join(f"[{it}](../schemas/{it})" for it in names)


def _more(command: Any) -> Iterator[str]:
    if examples := getattr(command, "examples", None):
        yield from ("", "Examples:", "")
        yield from (f"* `{line}`: {prose(what)}" for line, what in examples.items())
    if document := getattr(command, "document", ""):
        yield from ("", f"`--format json` ({_links(command.prints)}): {prose(document)}")


def _item(record: tuple[str, str]) -> str:
    declared, what = record
    return f"* `{declared}`: {prose(what)}"


def _names(declared: str) -> str:
    """Return an option's names without what it takes: `-v, --verbose`, `--url`."""
    return ", ".join(it.split(" ")[0] for it in declared.split(", ") if it.startswith("-"))


def _context(command: click.Command, name: str) -> click.Context:
    """Return the context that *command* runs in; it keeps the first one's help option."""
    return click.Context(command, info_name=f"teams-importer {name}", **command.context_settings)
