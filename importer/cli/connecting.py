"""Options that say which team, the way to it, and where its journal is."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from importer.cli.candidates import complete_files
from importer.cli.commands import FILE, OneOf, gathered
from importer.cli.console import Console
from importer.errors import UsageError

if TYPE_CHECKING:
    from importer.journal import Place

__all__ = ["ConnectionOptions", "connection_options", "journal_option"]


@dataclass(frozen=True, slots=True)
class ConnectionOptions:
    """Which team, and how to reach it. There is no option for the token itself."""

    url: str | None
    team: str | None
    api: str
    token_file: str | None
    api_key_file: str | None
    ca_bundle: Path | None
    swagger: Path | None = None
    impersonate: bool = False


connection_options = gathered(
    "connection",
    ConnectionOptions,
    [
        click.option(
            "--url",
            envvar="TEAMS_IMPORTER_URL",
            metavar="URL",
            show_envvar=True,
            help="Address of the API, the vendor's by default; of an Enterprise site that of the "
            "site. `sandbox:` is a team in memory, `sandbox:FILE.db` one that stays; neither needs "
            "a token.",
        ),
        click.option(
            "--team",
            envvar="TEAMS_IMPORTER_TEAM",
            metavar="SLUG",
            show_envvar=True,
            help="The team's slug, as in stackoverflowteams.com/c/SLUG. Without one, an Enterprise "
            "site's main site.",
        ),
        click.option(
            "--api",
            envvar="TEAMS_IMPORTER_API",
            type=OneOf(["auto", "2.3", "3"]),
            default="auto",
            show_envvar=True,
            help="Generation of the API.",
        ),
        click.option(
            "--token-file",
            metavar="FILE",
            shell_complete=complete_files,
            help="File that holds the personal access token, readable by you alone; `-` is "
            "standard input. Otherwise the variable TEAMS_IMPORTER_TOKEN.",
        ),
        click.option(
            "--api-key-file",
            metavar="FILE",
            shell_complete=complete_files,
            help="File that holds the API key (Enterprise). Otherwise the variable "
            "TEAMS_IMPORTER_API_KEY. Alone, without a token, it is enough for a plan.",
        ),
        click.option(
            "--ca-bundle",
            type=FILE,
            envvar="TEAMS_IMPORTER_CA_BUNDLE",
            show_envvar=True,
            metavar="FILE",
            help="Certificates to trust instead of the usual ones (PEM).",
        ),
        click.option(
            "--swagger",
            type=FILE,
            envvar="TEAMS_IMPORTER_SWAGGER",
            show_envvar=True,
            metavar="FILE",
            help="The Swagger file (JSON) of your own instance's API v3: what is not in it is "
            "blocked with that reason, not tried. `doctor` lists it.",
        ),
        click.option(
            "--impersonate",
            is_flag=True,
            envvar="TEAMS_IMPORTER_IMPERSONATE",
            show_envvar=True,
            help="Write items that name an `author:` in that user's name. Enterprise alone, where "
            "the vendor has switched it on, and with a service key (--api-key-file).",
        ),
    ],
)


class _Place(click.Path):
    """A file, the address of a database, or a git ref."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if "://" not in str(value) and not str(value).startswith("git:"):
            return super().convert(value, param, ctx)
        # Not at the top: a command that opens no journal doesn't wait for its room.
        from importer.journal import GitRef, Server

        place = GitRef.spelled(value) or Server(value)
        if ctx is not None:
            ctx.ensure_object(Console).mask(place.redact)
        return place


def _without_password(
    ctx: click.Context, param: click.Parameter, value: "Place | None"
) -> "Place | None":
    typed = ctx.get_parameter_source(param.name or "") is click.core.ParameterSource.COMMANDLINE
    if typed and not isinstance(value, Path | None) and value.has_password:
        message = "a password in --journal is not taken: other processes see a command line"
        raise UsageError(
            message,
            remedy="Leave it out and use PGPASSWORD, ~/.pgpass, a service file, git's own "
            "credentials, or the whole address in TEAMS_IMPORTER_JOURNAL. What was typed is in "
            "your shell's history.",
        )
    return value


journal_option = click.option(
    "--journal",
    envvar="TEAMS_IMPORTER_JOURNAL",
    show_envvar=True,
    type=_Place(path_type=Path, dir_okay=False),
    callback=_without_password,
    metavar="FILE|URL",
    help="The idempotency log; .teams-importer/HOST-TEAM-NAMESPACE.db beside the manifest by "
    "default. postgresql://HOST/DATABASE is one that several runners share; so is git:REMOTE#REF, "
    "on a ref of a git repository (git: alone: a ref of the manifest's own origin).",
)
