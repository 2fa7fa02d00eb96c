"""Calls a command and turns whatever comes back into an exit code; the last floor boundary."""

import shlex
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib import import_module
from itertools import pairwise
from typing import Any

import click

from importer.cli.console import Console, Stopped, quitting_on_interrupt, stopping_on_sigterm
from importer.cli.secrets import known_secrets
from importer.cli.suggesting import did_you_mean
from importer.errors import (
    BudgetExhausted,
    ExitCode,
    ImporterError,
    ServiceError,
    UsageError,
    worst,
)

__all__ = ["Commands", "dispatch"]

Commands = Mapping[str, tuple[str, str]]
"""Name to (module that holds it as `command`, one line of help)."""

# Refused before anything looks at them: arguments are visible to every process of the machine.
_SECRETS = ("--token", "--pat", "--api-token", "--access-token", "--api-key", "--password")


def dispatch(
    program: str, commands: Commands, arguments: Sequence[str], console: Console
) -> ExitCode:
    """Run the command that *arguments* name and return the exit code; raises nothing.

    An ImporterError is printed with its remedy, wrong use ends with 64, Ctrl-C with 130. Anything
    else is a bug of ours: it leaves a report and exit code 1, never a traceback.
    """
    console.as_json = _wants_json(arguments)
    try:
        _require_platform(sys.platform)
        _refuse_secrets(arguments)
        _refuse_known(arguments, console)
        return _run(program, commands, arguments, console)
    except Stopped as stopped:
        console.stopped(stopped.exit_code)
        return ExitCode(stopped.exit_code)
    except KeyboardInterrupt:
        console.say("interrupted")
        console.stopped(ExitCode.INTERRUPTED)
        return ExitCode.INTERRUPTED
    except ServiceError as error:
        # Where a run had begun to write, this would be in its report.
        remedy = f"Nothing was written. {error.remedy}".strip()
        console.fail(ServiceError(error.message, remedy=remedy))
        return error.exit_code
    except BudgetExhausted as error:
        console.fail(error.told_at(datetime.now(UTC)))
        return error.exit_code
    except ImporterError as error:
        console.fail(error)
        return error.exit_code
    except BaseExceptionGroup as group:
        return _fail_all(group, console)
    except Exception as error:
        return _report_bug(error, console)


def _wants_json(arguments: Sequence[str]) -> bool:
    """Tell whether *arguments* ask for JSON, which holds for what is wrong with them too."""
    return "--format=json" in arguments or ("--format", "json") in pairwise(arguments)


def _run(program: str, commands: Commands, arguments: Sequence[str], console: Console) -> ExitCode:
    name, *rest = arguments or [""]
    if name not in commands:
        raise _unknown(name, program, commands)
    console.command_line = shlex.join([program, *arguments])
    with quitting_on_interrupt():
        command: click.Command = import_module(commands[name][0]).command
    path = f"{program} {name}"
    try:
        with stopping_on_sigterm():
            code = command.main(rest, path, standalone_mode=False, obj=console)
    except click.Abort as abort:
        # click raises it in the place of any KeyboardInterrupt, ours that knows its signal too.
        raise abort.__cause__ or KeyboardInterrupt from None
    except click.ClickException as error:
        context: click.Context | None = getattr(error, "ctx", None)
        remedy = f"See `{context.command_path if context else path} --help`."
        raise UsageError(error.format_message(), remedy=remedy) from error
    return ExitCode(code or 0)


def _unknown(name: str, program: str, commands: Commands) -> UsageError:
    if not name:
        return UsageError("no command was given", remedy=f"See `{program} --help`.")
    if name.startswith("-"):
        message = f"there is no option {name.partition('=')[0]!r} before the command"
        return UsageError(message, remedy=f"As in `{program} plan --url sandbox:`.")
    hint = did_you_mean(name, commands)
    return UsageError(
        f"there is no command {name!r}", remedy=f"{hint} See `{program} --help`.".strip()
    )


def _require_platform(platform: str) -> None:
    if platform not in ("linux", "darwin"):
        message = f"teams-importer runs on Linux and macOS; this is {platform}"
        raise UsageError(message, remedy="On Windows, use WSL: it is a Linux.")


def _refuse_secrets(arguments: Sequence[str]) -> None:
    for argument in arguments:
        name = argument.partition("=")[0]
        if argument == "--":
            return
        if name in _SECRETS:
            kind = "api-key" if "key" in name else "token"
            variable = f"TEAMS_IMPORTER_{kind.upper().replace('-', '_')}"
            message = f"{name} is not taken: other processes see a command line, shells keep it"
            raise UsageError(
                message,
                remedy=f"Use --{kind}-file FILE (`-` reads standard input) or the variable "
                f"{variable}. What was typed is in your shell's history: make a new one.",
            )


def _refuse_known(arguments: Sequence[str], console: Console) -> None:
    """Mask the secrets that are at hand in all that is printed, and refuse one as an argument.

    It may have been typed in the place of anything: a path, a glob that a plan would keep, a file
    that would bear its name.
    """
    known = known_secrets(arguments)
    for secret in known:
        console.mask(secret.redact)
    if any(secret.redact(argument) != argument for argument in arguments for secret in known):
        message = "an argument holds the access token or the API key itself"
        raise UsageError(
            message,
            remedy="Other processes see a command line, and it is in your shell's history now: "
            "make a new one, and give it in a file or a variable.",
        )


def _fail_all(group: BaseExceptionGroup[Any], console: Console) -> ExitCode:
    """Handle what a task group collected: our own errors one by one, anything else as a bug."""
    ours, others = group.split(ImporterError)
    if others is not None:
        return _report_bug(others, console)
    errors = _leaves(ours)
    code = worst(error.exit_code for error in errors) or errors[0].exit_code
    # A document tells of one of them: of the one that the command ends with.
    for error in sorted(errors, key=lambda it: it.exit_code != code):
        console.fail(error, exit_code=code)
    return code


def _leaves(group: BaseException | None) -> list[ImporterError]:
    if isinstance(group, BaseExceptionGroup):
        return [leaf for inner in group.exceptions for leaf in _leaves(inner)]
    return [group] if isinstance(group, ImporterError) else []


def _report_bug(error: BaseException, console: Console) -> ExitCode:
    from importer.cli.bugs import write_bug_report

    console.log_exception(error)
    path = write_bug_report(error, console.journal_folder, console.redacted)
    remedy = (
        f"A report without tokens and content is in {path}: please paste it into a new issue of "
        "the project."
        if path
        else "A report could not be written: please tell the project what you did."
    )
    message = f"this is a bug of teams-importer ({type(error).__name__})"
    console.fail(ImporterError(message, remedy=f"{remedy} `--debug` shows more."))
    return ExitCode.BUG
