"""Options that several commands share, each set gathered into one value.

A decorator adds the options of a set and hands the command one frozen value under the set's name:

    @connection_options
    def command(*, connection: ConnectionOptions) -> ExitCode: ...
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from importer.cli.console import Console
from importer.cli.suggesting import did_you_mean
from importer.errors import ExitCode, UsageError
from importer.model.manifest import OnDrift
from importer.model.plan import Decisions

if TYPE_CHECKING:
    from importer.journal import Place

__all__ = [
    "ConnectionOptions",
    "DecisionOptions",
    "OutputOptions",
    "RunOptions",
    "connection_options",
    "decision_options",
    "fail_on_option",
    "gather_options",
    "journal_option",
    "make_command",
    "make_group",
    "output_options",
    "run_options",
]

Function = Callable[..., ExitCode]
_Set = TypeVar("_Set")
_FAIL_ON = frozenset({"drift", "manual"})
_ALL = 100
# More than a manifest can hold.
_MOST_ITEMS = 1_000_000
_FILE = click.Path(path_type=Path, dir_okay=False)
_SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


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


@dataclass(frozen=True, slots=True)
class DecisionOptions:
    """What the person at the command line decides; it becomes part of the plan."""

    only: tuple[str, ...]
    on_drift: str | None
    prune: bool
    limit: int | None
    max_creates: str | None
    max_updates: str | None
    max_deletes: str | None
    delete_engaged: bool

    def decided(self) -> Decisions:
        """Return the plan's decisions. UsageError for what makes no sense together."""
        if self.only and self.prune:
            message = "--only and --prune don't go together: a part can't say what is superfluous"
            raise UsageError(message, remedy="Leave one of them out.")
        return Decisions(
            only=self.only,
            on_drift=OnDrift(self.on_drift) if self.on_drift else None,
            prune=self.prune,
            limit=self.limit,
            max_creates=self.max_creates,
            max_updates=self.max_updates,
            max_deletes=self.max_deletes,
            delete_engaged=self.delete_engaged,
        )

    @property
    def given(self) -> bool:
        """Tell whether anything was decided on the command line."""
        return self.decided() != Decisions()


@dataclass(frozen=True, slots=True)
class OutputOptions:
    """How a result looks and where it goes."""

    format: str
    verbose: bool
    template: Path | None = None


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How an apply behaves."""

    parallelism: int
    fail_fast: bool
    wait: bool
    settle: float | None
    on_unknown: str
    max_wait: float | None


class _Command(click.Command):
    """A command whose help ends in examples, and whose mistyped options get a suggestion."""

    examples: Mapping[str, str] = {}
    document: str = ""

    def format_epilog(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Examples"):
            formatter.write_dl(list(self.examples.items()), col_max=60)
        if self.document:
            with formatter.section("JSON"):
                formatter.write_text(self.document)

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
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
            it for each in found if isinstance(each, _Command) for it in each.examples.items()
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
    group: click.Group | None = None, *, examples: Mapping[str, str], json: str = ""
) -> Callable[[Function], click.Command]:
    """Make a command. `examples` maps lines to what they do, `json` explains the document."""

    def decorate(function: Function) -> click.Command:
        made = click.command(cls=_Command, context_settings=_SETTINGS)(function)
        made.examples, made.document = examples, json
        if group is not None:
            group.add_command(made)
        return made

    return decorate


def make_group(text: str) -> click.Group:
    """Make a command of commands."""
    return _Group(help=text, context_settings=_SETTINGS, no_args_is_help=False)


def gather_options(
    name: str, kind: type[_Set], options: Sequence[Callable[[Function], Function]]
) -> Callable[[Function], Function]:
    """Return a decorator that adds *options* and passes them on as one value of *kind*."""
    names = [it.name for it in fields(kind)]  # type: ignore[arg-type] # only ours, all dataclasses

    def decorate(function: Function) -> Function:
        @functools.wraps(function)
        def gathered(*args: Any, **given: Any) -> ExitCode:
            given[name] = kind(**{it: given.pop(it) for it in names if it in given})
            return function(*args, **given)

        made: Function = gathered
        for option in reversed(options):
            made = option(made)
        return made

    return decorate


def _share(_ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    number = (value or "0").removesuffix("%")
    if not number.isascii() or not number.isdecimal() or len(number) > len(str(_MOST_ITEMS)):
        message = "give a number or a percentage, like 20 or 5%."
        raise click.BadParameter(message, param=param)
    # New posts may well be more than there are; nothing else can be more than all.
    if number != (value or "0") and int(number) > _ALL and param.name != "max_creates":
        message = f"{value} would be more than all of them; 100% allows every one."
        raise click.BadParameter(message, param=param)
    return value


connection_options = gather_options(
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
            type=click.Choice(["auto", "2.3", "3"]),
            default="auto",
            show_envvar=True,
            help="Generation of the API.",
        ),
        click.option(
            "--token-file",
            metavar="FILE",
            help="File that holds the personal access token, readable by you alone; `-` is "
            "standard input. Otherwise the variable TEAMS_IMPORTER_TOKEN.",
        ),
        click.option(
            "--api-key-file",
            metavar="FILE",
            help="File that holds the API key (Enterprise). Otherwise the variable "
            "TEAMS_IMPORTER_API_KEY. Alone, without a token, it is enough for a plan.",
        ),
        click.option(
            "--ca-bundle",
            type=_FILE,
            metavar="FILE",
            help="Certificates to trust instead of the usual ones (PEM).",
        ),
        click.option(
            "--swagger",
            type=_FILE,
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
    """A file, or the address of a database."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if "://" not in str(value):
            return super().convert(value, param, ctx)
        # Not at the top: a command that opens no journal doesn't wait for its room.
        from importer.journal import Server

        server = Server(value)
        if ctx is not None:
            _console(ctx).mask(server.redact)
        return server


def _without_password(
    ctx: click.Context, param: click.Parameter, value: "Place | None"
) -> "Place | None":
    typed = ctx.get_parameter_source(param.name or "") is click.core.ParameterSource.COMMANDLINE
    if typed and not isinstance(value, Path | None) and value.has_password:
        message = "a password in --journal is not taken: other processes see a command line"
        raise UsageError(
            message,
            remedy="Leave it out and use PGPASSWORD, ~/.pgpass, a service file, or the whole "
            "address in TEAMS_IMPORTER_JOURNAL. What was typed is in your shell's history.",
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
    "default. postgresql://HOST/DATABASE is one that several runners share.",
)

decision_options = gather_options(
    "decisions",
    DecisionOptions,
    [
        click.option(
            "--only", multiple=True, metavar="GLOB", help="Only items whose key fits; repeatable."
        ),
        click.option(
            "--on-drift",
            type=click.Choice(["keep", "overwrite"]),
            help="What becomes of edits made on the site; the manifest's policy by default.",
        ),
        click.option(
            "--prune", is_flag=True, help="Delete posts of ours that the manifest no longer names."
        ),
        click.option(
            "--limit",
            type=click.IntRange(1, _MOST_ITEMS),
            metavar="N",
            help="Only the first N questions or articles that change.",
        ),
        click.option("--max-creates", callback=_share, metavar="N|N%", help="Guard on new posts."),
        click.option(
            "--max-updates",
            callback=_share,
            metavar="N|N%",
            help="Guard on updates; 30% by default, from 10 managed items on.",
        ),
        click.option(
            "--max-deletes",
            callback=_share,
            metavar="N|N%",
            help="Guard on deletions; 5 or 10% by default, from 10 managed items on.",
        ),
        click.option(
            "--delete-engaged",
            is_flag=True,
            help="Delete also what others have answered, commented or voted on.",
        ),
    ],
)

run_options = gather_options(
    "running",
    RunOptions,
    [
        click.option(
            "--parallelism",
            type=click.IntRange(1, 8),
            default=8,
            show_default=True,
            metavar="N",
            help="Writes under way at a time.",
        ),
        click.option("--fail-fast", is_flag=True, help="Stop at the first change that fails."),
        click.option("--wait", is_flag=True, help="Wait while another run holds the lock."),
        click.option(
            "--settle",
            type=click.FloatRange(min=0, max=86_400),
            envvar="TEAMS_IMPORTER_SETTLE",
            show_envvar=True,
            metavar="SECONDS",
            help="How long a write may stay invisible after it was sent. Computed by default.",
        ),
        click.option(
            "--on-unknown",
            type=click.Choice(["resolve", "park"]),
            default="resolve",
            show_default=True,
            help="Look up a write whose outcome is unknown and repeat it if absent, or leave it "
            "to the next run.",
        ),
        click.option(
            "--max-wait",
            type=click.FloatRange(min=0),
            metavar="SECONDS",
            help="The longest pause a server may ask for before the run ends with exit code 10.",
        ),
    ],
)


def _reasons(_ctx: click.Context, param: click.Parameter, value: Sequence[str]) -> frozenset[str]:
    names = {name.strip() for part in value for name in part.split(",")}
    if unknown := sorted(names - _FAIL_ON):
        message = f"{', '.join(unknown)} is none of {', '.join(sorted(_FAIL_ON))}."
        raise click.BadParameter(message, param=param)
    return frozenset(names)


fail_on_option = click.option(
    "--fail-on",
    multiple=True,
    callback=_reasons,
    metavar="drift,manual",
    help="Exit with 11 also for drift that is kept, or for manual steps.",
)


def output_options(*formats: str, with_template: bool = False) -> Callable[[Function], Function]:
    """Add `--format` (one of *formats*, the first by default), `--output`, `-v` and `--debug`."""
    options = [
        click.option(
            "--format",
            type=click.Choice(formats),
            default=formats[0],
            show_default=True,
            is_eager=True,
            callback=_set_format,
            help="How the result is printed. With json, an error that leaves no result is a "
            'document too: {"error": {"exit_code", "kind", "message", "remedy", "problems"}}.',
        ),
        click.option(
            "--output",
            type=_FILE,
            metavar="FILE",
            expose_value=False,
            is_eager=True,
            callback=_set_output,
            help="Write the result to a file that only you can read.",
        ),
        click.option(
            "-v",
            "--verbose",
            is_flag=True,
            callback=_set_verbose,
            help="Print whole texts, and log each step.",
        ),
        click.option(
            "--debug",
            is_flag=True,
            expose_value=False,
            is_eager=True,
            callback=_set_debug,
            help="Log everything but secrets.",
        ),
    ]
    if with_template:
        options.append(
            click.option(
                "--template",
                type=_FILE,
                metavar="FILE",
                callback=_protect_template,
                help="Your own Jinja2 template for the result.",
            )
        )
    return gather_options("output", OutputOptions, options)


def _console(ctx: click.Context) -> Console:
    return ctx.ensure_object(Console)


def _set_format(ctx: click.Context, _param: click.Parameter, value: str) -> str:
    _console(ctx).as_json = value == "json"
    return value


def _set_output(ctx: click.Context, _param: click.Parameter, value: Path | None) -> None:
    _console(ctx).output = value


def _protect_template(
    ctx: click.Context, _param: click.Parameter, value: Path | None
) -> Path | None:
    _console(ctx).protect("the template", value)
    return value


def _set_verbose(ctx: click.Context, _param: click.Parameter, wanted: bool) -> bool:  # noqa: FBT001 - click's callback signature
    _console(ctx).log_at("INFO" if wanted else "WARNING")
    return wanted


def _set_debug(ctx: click.Context, _param: click.Parameter, wanted: bool) -> None:  # noqa: FBT001 - click's callback signature
    if wanted:
        _console(ctx).log_at("DEBUG")
