"""`schema`: the JSON schemas of manifests, Markdown files, saved plans and all that is printed."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from importer.cli.commands import every_command, make_command, schema_file
from importer.cli.console import Console
from importer.cli.documents import SchemaEntry, SchemaList, Schemas
from importer.cli.options import OutputOptions, output_options
from importer.cli.schemas import SCHEMAS
from importer.cli.tables import table
from importer.errors import ExitCode, JournalError, UsageError

_FOLDER = click.Path(path_type=Path, file_okay=False)


@make_command(
    examples={
        "teams-importer schema > schemas.json": "all of them, in one document",
        "teams-importer schema --write schemas": "a file each, for editors",
        "teams-importer schema --check schemas": "in CI: exit 3 when a file is out of date",
        "teams-importer schema --list": "what each describes, and which commands print it",
    },
    json="File name to JSON schema. With --write and --check: written, current or stale, a list of "
    "files. With --list schemas: file, describes, commands (which print it).",
    prints=("schema",),
)
@click.option("--write", type=_FOLDER, metavar="DIR", help="Write a file for each schema.")
@click.option("--check", type=_FOLDER, metavar="DIR", help="Compare the files in DIR.")
@click.option("--list", "listing", is_flag=True, help="Say what each describes.")
@output_options("text", "json")
@click.pass_obj
def command(
    console: Console,
    write: Path | None,
    check: Path | None,
    listing: bool,  # noqa: FBT001 - click names it
    output: OutputOptions,  # noqa: ARG001 - the console knows the format
) -> ExitCode:
    """Print the JSON schemas of everything that people write or review, and commands print."""
    given = {"--write": write is not None, "--check": check is not None, "--list": listing}
    if sum(given.values()) > 1:
        message = (
            f"{' and '.join(it for it, is_given in given.items() if is_given)} don't go together"
        )
        raise UsageError(message, remedy="Leave one of them out.")
    if listing:
        return _list(console)
    if write is not None:
        return _write(write, console)
    if check is not None:
        return _check(check, console)
    console.as_json = True
    schemas: Schemas = {name: json.loads(text) for name, text in _texts()}
    console.document(schemas)
    return ExitCode.DONE


def _texts() -> Iterator[tuple[str, str]]:
    for name, it in SCHEMAS.items():
        yield schema_file(name), it.text()


def _list(console: Console) -> ExitCode:
    printers = [(name, (*it.prints, "error")) for name, it in every_command()]
    entries = [
        SchemaEntry(
            file=schema_file(name),
            describes=it.describes,
            commands=[
                by for by, prints in printers if name in (each.partition("#")[0] for each in prints)
            ],
        )
        for name, it in SCHEMAS.items()
    ]
    if console.as_json:
        console.document(SchemaList(schemas=entries))
    else:
        every = [name for name, _ in printers]
        rows = [
            (
                it["file"],
                it["describes"],
                "every command" if it["commands"] == every else ", ".join(it["commands"]),
            )
            for it in entries
        ]
        console.result(table([("FILE", "DESCRIBES", "PRINTED BY"), *rows]))
    return ExitCode.DONE


def _write(folder: Path, console: Console) -> ExitCode:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in _texts():
            (folder / name).write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        message = f"{error.filename} can't be written: {error.strerror}"
        raise JournalError(message, remedy="Name a folder that is yours.") from error
    return _tell(console, "written", folder, [schema_file(it) for it in SCHEMAS])


def _check(folder: Path, console: Console) -> ExitCode:
    stale = [name for name, text in _texts() if not _is_current(folder / name, text)]
    if not stale:
        return _tell(console, "current", folder, [schema_file(it) for it in SCHEMAS])
    console.say(f"`teams-importer schema --write {folder}` writes them again")
    _tell(console, "stale", folder, stale)
    return ExitCode.MANIFEST


def _is_current(path: Path, text: str) -> bool:
    try:
        return path.read_text(encoding="utf-8") == text
    except (OSError, UnicodeDecodeError):
        return False


def _tell(console: Console, what: str, folder: Path, names: Sequence[str]) -> ExitCode:
    if console.as_json:
        console.document({what: [str(folder / name) for name in names]})
    else:
        console.result(table([(what, str(folder / name)) for name in names]))
    return ExitCode.DONE
