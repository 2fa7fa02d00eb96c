"""The front door: finds the command, and turns whatever comes back into an exit code.

Nothing is imported at the top that `--help` and `--version` can do without, not even click: every
command lives in a module of its own, named in one static table and imported when it is called.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from importer import __version__
from importer.cli.console import Console
from importer.errors import ExitCode, ImporterError, UsageError, worst

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["COMMANDS", "PROGRAM", "main"]

PROGRAM = "teams-importer"

COMMANDS = {
    "validate": ("importer.cli.validate", "Check a manifest offline: every problem in one pass."),
    "plan": ("importer.cli.plan", "Show how the live team differs. Writes nothing."),
    "apply": ("importer.cli.apply", "Make the live team what the manifest says."),
    "show": ("importer.cli.show", "Show a saved plan again, in any format."),
    "doctor": ("importer.cli.doctor", "Check token, team, quota, clock and journal."),
    "convert": ("importer.cli.convert", "Turn a wiki or an export into a manifest."),
    "runs": ("importer.cli.runs", "List what was applied from here."),
    "journal": ("importer.cli.journal", "Look into the idempotency log."),
    "sandbox": ("importer.cli.sandbox", "Run a team on this machine."),
    "demo": ("importer.cli.demo", "Plan, apply and plan again, offline, against a sandbox."),
    "schema": ("importer.cli.schema", "Print, write or check the JSON schemas."),
}

_HELP = """\
Usage: {program} COMMAND [OPTIONS] [ARGS]...

  Content as code for Stack Overflow for Teams: plan, review and apply what a team should hold.

Commands:
{commands}

Options:
  --version   Print the version and exit.
  -h, --help  Show this message and exit; after a command, what that command takes.

Examples:
  {program} demo                       see it work, offline
  {program} validate                   check the manifest here
  {program} plan --url sandbox:        what would change in an empty team
  {program} plan --out plan.json       what would change in yours
  {program} apply plan.json            carry out exactly that

Exit codes:
  0 done, 1 our bug, 2 changes (plan --detailed-exitcode), 3 invalid manifest, 4 refused,
  5 partly done, 6 token or team, 7 outcome unknown, 8 locked, 9 journal or disk,
  10 quota used up, 11 blocked items wait for a person, 64 wrong use, 130 and 143 interrupted.
"""

# Refused before anything looks at them: arguments are visible to every process of the machine.
_SECRETS = ("--token", "--pat", "--api-token", "--access-token", "--api-key", "--password")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; `argv` is without the program's name."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    console = Console()
    try:
        return int(_guarded(arguments, console))
    finally:
        console.close()


def _guarded(arguments: list[str], console: Console) -> ExitCode:
    try:
        _require_platform(sys.platform)
        _refuse_secrets(arguments)
        return _dispatch(arguments, console)
    except KeyboardInterrupt:
        console.say("interrupted")
        return ExitCode.INTERRUPTED
    except ImporterError as error:
        console.fail(error)
        return error.exit_code
    except BaseExceptionGroup as group:
        return _fail_all(group, console)
    except Exception as error:
        return _report_bug(error, console)


def _dispatch(arguments: Sequence[str], console: Console) -> ExitCode:
    name, *rest = arguments or [""]
    if name in ("-h", "--help"):
        console.result(_help())
        return ExitCode.DONE
    if name == "--version":
        console.result(f"{PROGRAM} {__version__}\n")
        return ExitCode.DONE
    if name not in COMMANDS:
        raise _unknown(name)
    return _call(name, rest, console)


def _help() -> str:
    rows = (f"  {name:10}{text}" for name, (_, text) in COMMANDS.items())
    return _HELP.format(program=PROGRAM, commands="\n".join(rows))


def _unknown(name: str) -> UsageError:
    from importer.cli.suggesting import did_you_mean

    if not name:
        return UsageError("no command was given", remedy=f"See `{PROGRAM} --help`.")
    if name.startswith("-"):
        message = f"there is no option {name.partition('=')[0]!r} before the command"
        return UsageError(message, remedy=f"As in `{PROGRAM} plan --url sandbox:`.")
    hint = did_you_mean(name, COMMANDS)
    return UsageError(
        f"there is no command {name!r}", remedy=f"{hint} See `{PROGRAM} --help`.".strip()
    )


def _call(name: str, arguments: list[str], console: Console) -> ExitCode:
    from importlib import import_module

    import click

    command: click.Command = import_module(COMMANDS[name][0]).command
    try:
        code = command.main(arguments, f"{PROGRAM} {name}", standalone_mode=False, obj=console)
    except click.Abort:
        raise KeyboardInterrupt from None
    except click.ClickException as error:
        context: click.Context | None = getattr(error, "ctx", None)
        path = context.command_path if context else f"{PROGRAM} {name}"
        raise UsageError(error.format_message(), remedy=f"See `{path} --help`.") from error
    return ExitCode(code or 0)


def _require_platform(platform: str) -> None:
    if platform not in ("linux", "darwin"):
        message = f"{PROGRAM} runs on Linux and macOS; this is {platform}"
        raise UsageError(message, remedy="On Windows, use WSL: it is a Linux.")


def _refuse_secrets(arguments: Sequence[str]) -> None:
    for argument in arguments:
        name = argument.partition("=")[0]
        if argument == "--":
            return
        if name in _SECRETS:
            kind = "api-key" if "key" in name else "token"
            variable = f"TEAMS_IMPORTER_{kind.upper().replace('-', '_')}"
            raise UsageError(
                f"{name} is not taken: other processes see a command line, and shells keep it",
                remedy=f"Use --{kind}-file FILE (`-` reads standard input) or the variable "
                f"{variable}. What was typed is in your shell's history: make a new one.",
            )


def _fail_all(group: BaseExceptionGroup[Any], console: Console) -> ExitCode:
    """Handle what a task group collected: our own errors one by one, anything else as a bug."""
    ours, others = group.split(ImporterError)
    if others is not None:
        return _report_bug(others, console)
    errors = _leaves(ours)
    for error in errors:
        console.fail(error)
    return worst(error.exit_code for error in errors) or errors[0].exit_code


def _leaves(group: BaseException | None) -> list[ImporterError]:
    if isinstance(group, BaseExceptionGroup):
        return [leaf for inner in group.exceptions for leaf in _leaves(inner)]
    return [group] if isinstance(group, ImporterError) else []


def _report_bug(error: BaseException, console: Console) -> ExitCode:
    from importer.cli.bugs import write_bug_report

    console.log_exception(error)
    path = write_bug_report(error, console.journal_folder)
    remedy = (
        f"A report without tokens and content is in {path}: please paste it into a new issue of "
        "the project."
        if path
        else "A report could not be written: please tell the project what you did."
    )
    message = f"this is a bug of {PROGRAM} ({type(error).__name__})"
    console.fail(ImporterError(message, remedy=f"{remedy} `--debug` shows more."))
    return ExitCode.BUG
