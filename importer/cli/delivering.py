"""Hands the report of a run over, and saves what must not be lost where that fails."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from importer.cli.applying import Applied, document_of
from importer.cli.console import Console, Stopped, stopping_on_signals
from importer.cli.incidents import HOW_TO_SEE, graves, say_incidents
from importer.cli.wiring import Target, journal_of
from importer.errors import ExitCode, ImporterError, JournalError
from importer.model.ids import RunId
from importer.rendering.look import Looks
from importer.rendering.phrasing import counted

__all__ = ["deliver"]


def deliver(
    applied: Applied, target: Target, looks: Looks, console: Console, code: ExitCode
) -> ExitCode:
    """Print the report and return the exit code, which is *code* where that says anything.

    Where the report can't be written out whole, its grave incidents go to standard error, and the
    next plan says them again. Raises Stopped where a signal ends the writing.
    """
    report = applied.report
    grave = graves(report.incidents)
    try:
        with stopping_on_signals():
            is_taken = console.result(document_of(applied, looks))
    except Stopped:
        _say_what_was_done(applied, console)
        raise
    except ImporterError as error:
        if not report.results and not grave:
            raise
        code = code or ExitCode.JOURNAL
        message = f"{error.message}; the run {report.run} was carried out all the same"
        remedy = f"{error.remedy} {_how_to_see(applied)}".strip()
        console.fail(JournalError(message, remedy=remedy), exit_code=code)
        say_incidents(grave, console)
        return code
    if not is_taken:
        say_incidents(grave, console)
    elif grave and not console.is_watched:
        # A reader that takes the first line only leaves nothing to tell it by.
        number = counted(len(grave), "grave incident")
        console.say(f"note: the report tells of {number}. {_how_to_see(applied)}".strip())
    if is_taken:
        _note_told(applied, target, console, [report.run] if grave else [])
    return code


def _say_what_was_done(applied: Applied, console: Console) -> None:
    report = applied.report
    if report.results or report.incidents:
        said = f"the run {report.run} was carried out; its report was not written out."
        console.say(f"stopped: {said} {_how_to_see(applied)}".strip())
        say_incidents(graves(report.incidents), console)


def _how_to_see(applied: Applied) -> str:
    return HOW_TO_SEE if applied.place is not None else ""


def _note_told(
    applied: Applied, target: Target, console: Console, reported: Sequence[RunId]
) -> None:
    """Note in the journal of whose incidents somebody was told. If not, they are told again."""
    runs = [*applied.told, *reported]
    if not runs or applied.place is None:
        return

    async def note() -> None:
        namespace = applied.plan.namespace
        journal = journal_of(applied.place, target, namespace, console, create=True)
        try:
            await journal.note_told(runs)
        finally:
            await journal.close()

    with suppress(ImporterError):
        asyncio.run(note())
