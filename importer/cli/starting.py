"""The files of a new repository: what they hold, and writing them without touching any other."""

import json
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from itertools import count
from pathlib import Path

from importer import __version__
from importer.cli.resources import resource
from importer.errors import JournalError, UsageError
from importer.manifests import MANIFEST_NAME, SCHEMAS, uninterrupted
from importer.manifests.yaml_text import flow_list, scalar

__all__ = [
    "CI",
    "Keeping",
    "Start",
    "default_action",
    "default_ci",
    "default_requirement",
    "write_new",
]

_SCHEMA = "manifest.schema.json"
_WORKFLOWS = ("teams-importer", "teams-importer-pull", "teams-importer-doctor")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_ONLY = re.compile(r"^(.*?) #@(\w+)\n", re.MULTILINE)
_STEP = re.compile(r"^\d+\. ", re.MULTILINE)
_BLANK = re.compile(r"@@([a-z]+)@@")
# actions/checkout, release 5.0.0.
_CHECKOUT = "@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0"
_BY_VERSION = "# zizmor: ignore[unpinned-uses] the importer's own; put its commit here"


# Git alone takes an address's secret, and not as an argument.
_GITHUB_JOURNAL = (
    "git:https://x-access-token:${{ github.token }}@github.com/${{ github.repository }}"
)
_GITLAB_JOURNAL = "git:https://gitlab-ci-token:$CI_JOB_TOKEN@$CI_SERVER_FQDN/$CI_PROJECT_PATH.git"


class CI(StrEnum):
    """Whose pipeline a repository begins with."""

    GITHUB = "github"
    GITLAB = "gitlab"
    NONE = "none"


class Keeping(StrEnum):
    """Where runners keep the journal: on a ref of the repository, or nowhere."""

    GIT = "git"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Start:
    """What a new repository is about; `action` is OWNER/REPOSITORY@REF, `requirement` pip's."""

    namespace: str
    team: str
    url: str
    ci: CI
    journal: Keeping
    branch: str
    action: str
    requirement: str

    def files(self) -> Mapping[str, str]:
        """Return each file's text by its path in the repository."""
        readme = {"ci": "" if self.ci is CI.NONE else self._steps()}
        return {
            MANIFEST_NAME: self._filled("teams-importer.yaml"),
            "content/first-steps.md": self._filled("content/first-steps.md"),
            "README.md": self._filled("README.md", readme).rstrip("\n") + "\n",
            ".gitignore": self._filled("gitignore"),
            f"schemas/{_SCHEMA}": SCHEMAS[_SCHEMA](),
            **self._pipeline(),
        }

    @property
    def is_unnamed(self) -> bool:
        """Whether the pipeline says neither the team nor the site, which may be all of it."""
        return self.ci is not CI.NONE and not self.team and not self.url

    def _steps(self) -> str:
        """Return what the service does and how it is set up, the steps numbered."""
        numbers = count(1)
        return _STEP.sub(lambda _: f"{next(numbers)}. ", self._filled(f"readme-{self.ci}.md"))

    def _pipeline(self) -> dict[str, str]:
        match self.ci:
            case CI.GITHUB:
                quoted = {"team": json.dumps(self.team), "url": json.dumps(self.url)}
                return {
                    f".github/workflows/{name}.yml": self._filled(f"github/{name}.yml", quoted)
                    for name in _WORKFLOWS
                }
            case CI.GITLAB:
                return {".gitlab-ci.yml": self._gitlab()}
            case CI.NONE:
                return {}

    def _gitlab(self) -> str:
        variables = {
            "TEAMS_IMPORTER_JOURNAL": _GITLAB_JOURNAL if self.journal is Keeping.GIT else "",
            "TEAMS_IMPORTER_REQUIREMENT": self.requirement,
            "TEAMS_IMPORTER_TEAM": self.team,
            "TEAMS_IMPORTER_URL": self.url,
        }
        rows = [f"  {name}: {json.dumps(value)}" for name, value in variables.items() if value]
        template = (resource("ci") / "gitlab.yml").read_text(encoding="utf-8")
        jobs = template.partition("\n\n")[2]
        return "\n".join(["variables:", *rows, "", jobs])

    def _filled(self, name: str, more: Mapping[str, str] | None = None) -> str:
        pinned = _COMMIT.fullmatch(self.action.rpartition("@")[2])
        blanks = {
            "action": self.action,
            "branch": self.branch,
            "branches": flow_list([self.branch]),
            "checkout": _CHECKOUT,
            "journal": _GITHUB_JOURNAL,
            "name": self.namespace,
            "namespace": scalar(self.namespace),
            "team": self.team or "TEAM",
            "uses": self.action if pinned else f"{self.action} {_BY_VERSION}",
            **(more or {}),
        }
        text = (resource("ci") / "start" / name).read_text(encoding="utf-8")
        holds = {str(self.journal), *(["unnamed"] if self.is_unnamed else [])}
        held = _ONLY.sub(lambda it: f"{it[1]}\n" if it[2] in holds else "", text)
        return _BLANK.sub(lambda match: blanks[match[1]], held)


def write_new(folder: Path, files: Mapping[str, str], *, keep: bool) -> tuple[list[str], list[str]]:
    """Write *files* below *folder*, and return those written and those that were there already.

    None that is there is written over: with *keep* it stays as it is, else it raises UsageError and
    nothing is written. What was written goes again when the disk gives out (JournalError).
    """
    there = [it for it in files if _exists(folder / it)]
    if there and not keep:
        message = f"{folder} has these already: {', '.join(there)}"
        raise UsageError(message, remedy="Name another folder, or leave them with --keep-existing.")
    made: list[Path] = []
    try:
        with uninterrupted():
            for name in (it for it in files if it not in there):
                _write(folder, name, files[name], made)
    except OSError as error:
        _take_back(made)
        message = f"{error.filename or folder} can't be written: {error.strerror or error}"
        raise JournalError(message, remedy="Make room, or name a folder that is yours.") from error
    return [it for it in files if it not in there], there


def _exists(path: Path) -> bool:
    return path.exists() or path.is_symlink()


def _write(folder: Path, name: str, text: str, made: list[Path]) -> None:
    path = folder / name
    missing = [it for it in path.parents if not it.exists()]
    for parent in reversed(missing):
        if not parent.exists():
            parent.mkdir()
            made.append(parent)
    with path.open("x", encoding="utf-8", newline="\n") as file:
        made.append(path)
        file.write(text)


def _take_back(made: Iterable[Path]) -> None:
    for path in reversed([*made]):
        with suppress(OSError):
            path.rmdir() if path.is_dir() else path.unlink()


def default_ci(folder: Path) -> CI:
    """Return the service that *folder* is a repository of, as its files tell; else GitHub."""
    is_gitlab = _exists(folder / ".gitlab-ci.yml") and not _exists(folder / ".github")
    return CI.GITLAB if is_gitlab else CI.GITHUB


def default_requirement() -> str:
    """Return what pip installs for this very version."""
    return f"teams-importer=={__version__}"


def default_action() -> str:
    """Return the action of this very version."""
    return f"teams-importer/teams-importer@v{__version__}"
