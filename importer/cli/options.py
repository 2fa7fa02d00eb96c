"""Options of what is decided, how a run behaves, and how its result looks."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from importer.cli.candidates import complete_keys, complete_list
from importer.cli.commands import FILE, Function, OneOf, gathered
from importer.cli.console import Console
from importer.cli.events import line_of_version
from importer.cli.suggesting import suggested
from importer.errors import UsageError
from importer.model.manifest import OnDrift
from importer.model.plan import Decisions
from importer.text.lengths import LEAST_CHARACTERS, MOST_CHARACTERS

__all__ = [
    "DecisionOptions",
    "OutputOptions",
    "RunOptions",
    "decision_options",
    "fail_on_option",
    "only_option",
    "output_options",
    "progress_option",
    "run_options",
]

_FAIL_ON = frozenset({"drift", "manual"})
_ALL = 100
# More than a manifest can hold.
_MOST_ITEMS = 1_000_000


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
    max_chars: int | None = None


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How an apply behaves."""

    parallelism: int
    fail_fast: bool
    wait: bool
    settle: float | None
    on_unknown: str
    max_wait: float | None


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


only_option = click.option(
    "--only",
    multiple=True,
    metavar="GLOB",
    shell_complete=complete_keys,
    help="Only items whose key fits, a question with its answers; repeatable.",
)

decision_options = gathered(
    "decisions",
    DecisionOptions,
    [
        only_option,
        click.option(
            "--on-drift",
            type=OneOf(["keep", "overwrite"]),
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

run_options = gathered(
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
            type=OneOf(["resolve", "park"]),
            default="resolve",
            show_default=True,
            help="Look up a write whose outcome is unknown and repeat it if absent, or leave it "
            "to the next run, which needs this one's journal for it.",
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
        hint = suggested(unknown, sorted(_FAIL_ON))
        raise click.BadParameter(f"{message} {hint}".strip(), param=param)
    return frozenset(names)


fail_on_option = click.option(
    "--fail-on",
    multiple=True,
    callback=_reasons,
    metavar="drift,manual",
    shell_complete=complete_list(sorted(_FAIL_ON)),
    help="Exit with 11 also for drift that is kept, or for manual steps.",
)


def _set_progress(ctx: click.Context, _param: click.Parameter, value: str) -> None:
    console = _console(ctx)
    console.progress = value
    if value == "json" and not ctx.resilient_parsing:
        console.event(line_of_version())


progress_option = click.option(
    "--progress",
    type=OneOf(["auto", "json", "off"]),
    default="auto",
    show_default=True,
    expose_value=False,
    is_eager=True,
    callback=_set_progress,
    help="A bar on a terminal; lines of JSON on standard error, for programs (docs/shell.md); or "
    "none. With json nobody is asked anything.",
)


def output_options(*formats: str, with_template: bool = False) -> Callable[[Function], Function]:
    """Add `--format` (one of *formats*, the first by default), `--output`, `-v` and `--debug`."""
    options = [
        click.option(
            "--format",
            type=OneOf(formats),
            default=formats[0],
            show_default=True,
            is_eager=True,
            callback=_set_format,
            help="How the result is printed. With json, an error that leaves no result is a "
            'document too: {"error": {"exit_code", "kind", "message", "remedy", "problems"}}.',
        ),
        click.option(
            "--output",
            type=FILE,
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
    if "markdown" in formats:
        options.append(
            click.option(
                "--max-chars",
                type=click.IntRange(min=LEAST_CHARACTERS),
                metavar="N",
                help="The longest Markdown: the largest entries are shown shorter, then counted. "
                f"{MOST_CHARACTERS} by default, which a pull request's comment takes; with "
                "--verbose no limit.",
            )
        )
    if with_template:
        options.append(
            click.option(
                "--template",
                type=FILE,
                metavar="FILE",
                callback=_protect_template,
                help="Your own Jinja2 template for the result.",
            )
        )
    return gathered("output", OutputOptions, options)


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
