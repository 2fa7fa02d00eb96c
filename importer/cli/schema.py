"""`schema`: the JSON schemas of manifests, Markdown files, saved plans and generic pages."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import click

from importer.cli.commands import make_command
from importer.cli.console import Console
from importer.cli.documents import problems_schema, report_schema
from importer.cli.events import progress_schema
from importer.cli.options import OutputOptions, output_options
from importer.cli.tables import table
from importer.errors import ExitCode, JournalError, UsageError
from importer.manifests import SCHEMAS
from importer.planning.adoption_file import adoption_schema
from importer.planning.drifting import drift_schema
from importer.planning.plan_file import plan_schema
from importer.planning.pulling import pull_schema
from importer.planning.redirecting import redirects_schema
from importer.planning.snapshot_file import snapshot_schema
from importer.sources import pages_schema


def _plan() -> str:
    return json.dumps(plan_schema(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _adoption() -> str:
    return json.dumps(adoption_schema(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _drift() -> str:
    return json.dumps(drift_schema(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _pull() -> str:
    return json.dumps(pull_schema(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _problems() -> str:
    return json.dumps(problems_schema(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _report() -> str:
    return json.dumps(report_schema(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _progress() -> str:
    return json.dumps(progress_schema(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _redirects() -> str:
    return json.dumps(redirects_schema(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _snapshot() -> str:
    return json.dumps(snapshot_schema(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


_ALL: Mapping[str, Callable[[], str]] = {
    **SCHEMAS,
    "adoption.schema.json": _adoption,
    "drift.schema.json": _drift,
    "pages.schema.json": pages_schema,
    "plan.schema.json": _plan,
    "problems.schema.json": _problems,
    "progress.schema.json": _progress,
    "pull.schema.json": _pull,
    "redirects.schema.json": _redirects,
    "report.schema.json": _report,
    "snapshot.schema.json": _snapshot,
}
_FOLDER = click.Path(path_type=Path, file_okay=False)


@make_command(
    examples={
        "teams-importer schema > schemas.json": "all of them, in one document",
        "teams-importer schema --write schemas": "a file each, for editors",
        "teams-importer schema --check schemas": "in CI: exit 3 when a file is out of date",
    },
    json="File name to JSON schema: manifest, include, markdown (front matter), pages (of `convert "
    "json`), adoption, drift (of `plan --drift`), plan, problems (of `validate`), progress (a line "
    "of `--progress json`), pull, redirects, report (of `apply` and `undo`), snapshot. With "
    "--write and --check: written, current or stale, a list of files.",
)
@click.option("--write", type=_FOLDER, metavar="DIR", help="Write a file for each schema.")
@click.option("--check", type=_FOLDER, metavar="DIR", help="Compare the files in DIR.")
@output_options("text", "json")
@click.pass_obj
def command(
    console: Console,
    write: Path | None,
    check: Path | None,
    output: OutputOptions,  # noqa: ARG001 - the console knows the format
) -> ExitCode:
    """Print the JSON schemas of everything that people write or review."""
    if write is not None and check is not None:
        message = "--write and --check don't go together"
        raise UsageError(message, remedy="Leave one of them out.")
    if write is not None:
        return _write(write, console)
    if check is not None:
        return _check(check, console)
    console.as_json = True
    console.document({name: json.loads(text()) for name, text in _ALL.items()})
    return ExitCode.DONE


def _write(folder: Path, console: Console) -> ExitCode:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in _ALL.items():
            (folder / name).write_text(text(), encoding="utf-8", newline="\n")
    except OSError as error:
        message = f"{error.filename} can't be written: {error.strerror}"
        raise JournalError(message, remedy="Name a folder that is yours.") from error
    return _tell(console, "written", folder, list(_ALL))


def _check(folder: Path, console: Console) -> ExitCode:
    stale = [name for name, text in _ALL.items() if not _is_current(folder / name, text())]
    if not stale:
        return _tell(console, "current", folder, list(_ALL))
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
