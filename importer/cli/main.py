"""The front door: knows the commands by name and help, and calls one.

Nothing is imported at the top that `--help` and `--version` can do without, not even click or the
error tree; a command's own module is imported when it is called.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from importer import __version__
from importer.cli.console import Console, quitting_on_interrupt

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["COMMANDS", "COMPLETION", "PROGRAM", "main"]

PROGRAM = "teams-importer"
# The variable by which the scripts of `completion` ask.
COMPLETION = "_TEAMS_IMPORTER_COMPLETE"

COMMANDS = {
    "init": ("importer.cli.init", "Begin a repository: manifest, example, CI pipeline."),
    "validate": ("importer.cli.validate", "Check a manifest offline: every problem in one pass."),
    "plan": ("importer.cli.plan", "Show how the live team differs. Writes nothing."),
    "apply": ("importer.cli.apply", "Make the live team what the manifest says."),
    "pull": ("importer.cli.pull", "Bring edits made on the site into the manifest's files."),
    "show": ("importer.cli.show", "Show a saved plan again, in any format."),
    "adopt": ("importer.cli.adopt", "Find the posts that items without one may mean."),
    "doctor": ("importer.cli.doctor", "Check token, team, quota, clock and journal."),
    "convert": ("importer.cli.convert", "Turn a wiki or an export into a manifest."),
    "export": ("importer.cli.export", "Write a live team down as a manifest."),
    "redirects": ("importer.cli.redirects", "Print where old addresses of moved pages lead now."),
    "undo": ("importer.cli.undo", "Take a run back, as far as nobody has built upon it."),
    "runs": ("importer.cli.runs", "List what was applied and undone from here."),
    "journal": ("importer.cli.journal", "Look into the idempotency log."),
    "preview": ("importer.cli.preview", "Show the manifest in the browser, anew at each save."),
    "sandbox": ("importer.cli.sandbox", "Run a team on this machine."),
    "demo": ("importer.cli.demo", "Plan, apply and plan again, offline, against a sandbox."),
    "schema": ("importer.cli.schema", "Print, write or check the JSON schemas."),
    "completion": ("importer.cli.completion", "Print a script that completes in your shell."),
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
  0 done, 1 our bug, 2 changes (plan --detailed-exitcode, pull --check, convert --check),
  3 invalid manifest, 4 refused, 5 partly done, 6 token or team, 7 outcome unknown, 8 locked,
  9 journal or disk, 10 quota used up, 11 blocked items wait for a person, 64 wrong use,
  130 and 143 interrupted.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; `argv` is without the program's name."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    console = Console()
    try:
        if asked := os.environ.get(COMPLETION):
            return _complete(asked, console)
        match arguments:
            case ["-h" | "--help", *_]:
                console.result(_help())
                return 0
            case ["--version", *_]:
                console.result(f"{PROGRAM} {__version__}\n")
                return 0
            case _:
                pass
        with quitting_on_interrupt():
            from importer.cli.dispatching import dispatch

        code = int(dispatch(PROGRAM, COMMANDS, arguments, console))
    finally:
        console.close()
        if argv is None:
            _let_end()
    console.end(code)
    return code


def _complete(asked: str, console: Console) -> int:
    with quitting_on_interrupt():
        from importer.cli.completing import answer
        from importer.errors import ExitCode

    lines = answer(asked, PROGRAM, COMPLETION, COMMANDS)
    console.result(lines or "")
    return ExitCode.USAGE if lines is None else ExitCode.DONE


def _let_end() -> None:
    """Let no signal change anything any more: the work is done, only the interpreter still ends."""
    import signal

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def _help() -> str:
    rows = (f"  {name:11}{text}" for name, (_, text) in COMMANDS.items())
    return _HELP.format(program=PROGRAM, commands="\n".join(rows))
