"""`init`: begins a repository, with a manifest, an example and a pipeline."""

import re
import shlex
from pathlib import Path

import click

from importer.cli.commands import OneOf, make_command
from importer.cli.console import Console
from importer.cli.documents import Started
from importer.cli.main import PROGRAM
from importer.cli.options import OutputOptions, output_options
from importer.cli.starting import (
    CI,
    Keeping,
    Start,
    default_action,
    default_ci,
    default_requirement,
    write_new,
)
from importer.errors import ExitCode, UsageError
from importer.model.ids import is_key

_DATABASE = "team.db"
_GITLAB = ".gitlab-ci.yml"
_TEAM_GOES = {
    CI.GITHUB: "in each workflow below .github/workflows",
    CI.GITLAB: f"as a CI/CD variable of the project or in {_GITLAB}",
}
_TEAM = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_URL = re.compile(r"https?://[A-Za-z0-9.-]+(:\d+)?(/[A-Za-z0-9._~/-]*)?")
_ACTION = re.compile(r"[\w.-]+/[\w.-]+(/[\w.-]+)*@[\w./-]+", re.ASCII)
_BRANCH = re.compile(
    r"(?!refs/)(?!.*(\.\.|//|/\.|\.lock(/|$)|[./]$))[A-Za-z0-9][A-Za-z0-9._/-]{0,199}"
)
_REQUIREMENT = re.compile(r"[!-~]{1,500}")


@make_command(
    examples={
        "teams-importer init handbook": "with workflows for GitHub",
        "teams-importer init handbook --team acme --ci gitlab": "with a pipeline for GitLab",
        "teams-importer init handbook --journal git": "runners that can merge and undo",
        "teams-importer init . --ci none --keep-existing": "here, beside what there is",
    },
    json="folder; written, kept: lists of files; next: the commands that come next.",
    prints=("init",),
)
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), metavar="DIR")
@click.option(
    "--namespace",
    metavar="NAME",
    help="Names the repository's content within the team; the folder's name by default.",
)
@click.option(
    "--team", metavar="SLUG", default="", help="The team, as in stackoverflowteams.com/c/SLUG."
)
@click.option(
    "--url", metavar="URL", default="", help="Address of the API, where it isn't the vendor's."
)
@click.option(
    "--ci",
    type=OneOf([it.value for it in CI]),
    help="Whose pipeline to write: validate and plan before a merge, apply after it, pull every "
    "night, doctor every week.  [default: github; gitlab where DIR has a .gitlab-ci.yml and no "
    ".github folder]",
)
@click.option(
    "--journal",
    type=OneOf([it.value for it in Keeping]),
    default=Keeping.NONE.value,
    show_default=True,
    help="Where runners keep the journal: on a git ref of the repository, whose readers can then "
    "read texts of the team; or nowhere: then they can neither merge nor undo.",
)
@click.option(
    "--branch", default="main", show_default=True, help="Branch whose content is published."
)
@click.option(
    "--action",
    metavar="OWNER/REPOSITORY@REF",
    help="With github: where the importer's action is; a commit as REF pins it.  "
    "[default: teams-importer/teams-importer, by version]",
)
@click.option(
    "--requirement",
    metavar="REQUIREMENT",
    help="With gitlab: what pip installs as the importer.  [default: teams-importer, by version]",
)
@click.option("--keep-existing", is_flag=True, help="Leave files that are there as they are.")
@output_options("text", "json")
@click.pass_obj
def command(
    console: Console,
    folder: Path,
    namespace: str | None,
    team: str,
    url: str,
    ci: str | None,
    journal: str,
    branch: str,
    action: str | None,
    requirement: str | None,
    keep_existing: bool,  # noqa: FBT001 - click names it
    output: OutputOptions,
) -> ExitCode:
    """Begin a repository in DIR: a manifest, an example page, schema, README and pipeline.

    Nothing that is there is written over: then nothing is written, and the exit code is 64. Prints
    the commands that come next; they publish the example to a team on this machine.
    """
    start = Start(
        _namespace(namespace, folder),
        _fitting("--team", team, _TEAM, "acme"),
        _fitting("--url", url, _URL, "https://acme.stackenterprise.co"),
        CI(ci) if ci else default_ci(folder),
        Keeping(journal),
        _fitting("--branch", branch, _BRANCH, "main", needed=True),
        _fitting("--action", action or default_action(), _ACTION, "acme/teams-importer@COMMIT"),
        _fitting("--requirement", requirement or default_requirement(), _REQUIREMENT, "NAME==1.0"),
    )
    written, kept = write_new(folder, start.files(), keep=keep_existing)
    steps = _next_steps(folder)
    if start.is_unnamed:
        console.say(
            "note: the pipeline names no team yet: set TEAMS_IMPORTER_TEAM before its first run, "
            f"{_TEAM_GOES[start.ci]} (--team SLUG writes it)"
        )
    if _GITLAB in kept and not _has_jobs(folder / _GITLAB):
        console.say(
            f"note: {_GITLAB} was there and stays as it is: include ci/gitlab.yml of the importer "
            "in it, or copy its jobs"
        )
    root = _repository_above(folder) if start.ci is not CI.NONE else None
    if root is not None:
        console.say(
            f"note: {folder} is a part of the repository {root}, and its pipeline is read at that "
            "root alone: move it there, and name the folder in it (docs/ci.md)"
        )
    if output.format == "json":
        console.document(Started(str(folder), written, kept, steps))
        return ExitCode.DONE
    lines = [f"Written in {folder}:", *(f"  {it}" for it in written)]
    if kept:
        lines += ["", "Left as they are:", *(f"  {it}" for it in kept)]
    lines += ["", "Next steps:", "", *(f"  {it}" for it in steps), ""]
    lines += [
        f"The last one publishes the example to a team on this machine, in {_DATABASE}; "
        f"`teams-importer sandbox serve --db {_DATABASE}`",
        "shows it in the browser. README.md says how to go on with your own team.",
        "",
    ]
    console.result("\n".join(lines))
    return ExitCode.DONE


def _has_jobs(pipeline: Path) -> bool:
    """Tell whether a pipeline that was there has this program's jobs already, as far as it says."""
    try:
        return PROGRAM in pipeline.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False


def _next_steps(folder: Path) -> list[str]:
    here = folder.resolve() == Path.cwd()
    return [
        *([] if here else [f"cd {shlex.quote(str(folder))}"]),
        "teams-importer validate",
        f"teams-importer plan --url sandbox:{_DATABASE}",
        f"teams-importer apply --url sandbox:{_DATABASE} --yes",
    ]


def _namespace(given: str | None, folder: Path) -> str:
    name = given if given is not None else folder.resolve().name.lower()
    if not is_key(name):
        message = f"the namespace {name!r} is not lower case letters, digits, `.`, `_`, `-`"
        raise UsageError(message, remedy="Give one with --namespace, as in --namespace handbook.")
    return name


def _repository_above(folder: Path) -> Path | None:
    """Return the root of the git repository that *folder* is a part of, where that isn't itself."""
    here = folder.resolve()
    root = next((it for it in (here, *here.parents) if (it / ".git").exists()), here)
    return None if root == here else root


def _fitting(
    option: str, value: str, pattern: re.Pattern[str], example: str, *, needed: bool = False
) -> str:
    """Return *value*, which is to stand in files of others' formats; empty is left out."""
    if (value or needed) and not pattern.fullmatch(value):
        message = f"{option} {value!r} can't be read"
        raise UsageError(message, remedy=f"As in {option} {example}")
    return value
