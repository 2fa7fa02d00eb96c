"""What `adopt` does: looks for posts that items may mean, and takes a person's word on them.

The team is read with a transport that cannot write; what is written is the journal, and files.
"""

import asyncio
import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from importer.cli.console import Console
from importer.cli.noting import Noting
from importer.cli.reading import Loaded
from importer.cli.visiting import looking
from importer.cli.wiring import SystemClock, Target, find_journal, journal_of
from importer.errors import ExitCode, ImporterError, JournalError, LockHeld, UsageError
from importer.execution import Look, look_for_adoption
from importer.journal import Place
from importer.model.adoption import Adopted, Adoption, Answered, Became
from importer.model.ids import Kind, RunId, Verb, change_id
from importer.model.ledger import Run
from importer.model.live import Access
from importer.model.report import Report, Result, ResultState
from importer.planning.accepting import accept
from importer.planning.adopting import suggest
from importer.planning.adoption_file import read_answered
from importer.planning.likeness import open_gauge
from importer.ports import Journal
from importer.text.digests import Digest

__all__ = ["Accepting", "Seeking", "accept_file", "seek"]

_POLL_S = 1.0


@dataclass(frozen=True, slots=True)
class Seeking:
    """What is looked for: only equal titles, or from which score on; of which keys."""

    exact: bool
    least: int
    only: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Accepting:
    """A file that a person went through; whether `id:` is written, and the lock waited for."""

    path: Path
    data: bytes
    encoding: str | None
    writes: bool
    waits: bool


async def seek(
    loaded: Loaded, target: Target, chosen: Place | None, seeking: Seeking, console: Console
) -> Adoption:
    """Return the posts that items without one may mean. Nothing is written, no lock is taken."""
    gauge = None if seeking.exact else open_gauge()
    place = find_journal(chosen, target, loaded.folder, loaded.manifest.namespace)
    look, _ = await _look(loaded, target, place, console)
    return suggest(
        loaded.manifest,
        look.comparison,
        look.snapshot,
        look.ledger,
        team=target.team,
        gauge=gauge,
        least=seeking.least,
        only=seeking.only,
    )


async def accept_file(
    loaded: Loaded, target: Target, chosen: Place | None, accepting: Accepting, console: Console
) -> tuple[Adopted, ...]:
    """Bind what a person accepted, and return what became of each row.

    With `writes`, `id:` goes into the manifest's files too. Raises ManifestError for rows that
    can't be followed, before anything is written; LockHeld, JournalError, and PlanStale for a file
    that changed meanwhile.
    """
    manifest = loaded.manifest
    place = find_journal(chosen, target, loaded.folder, manifest.namespace)
    _require_lasting(place, accepting)
    look, access = await _look(loaded, target, place, console)
    rows = read_answered(accepting.data, str(accepting.path), access.site, accepting.encoding)
    accepted = accept(rows, manifest, look.snapshot, look.ledger)
    noting = Noting(loaded, accepted.adopted) if accepting.writes else None
    if not accepted.is_idle:
        await _bind(rows, loaded, target, place, look, access, console, waits=accepting.waits)
    if noting is not None:
        return noting.write()
    if accepted.adopted and isinstance(place, Path):
        console.say(
            f"note: only {place} knows of it. For runners without that journal, --write puts `id:` "
            "into the manifest's files, and --mark writes markers."
        )
    return accepted.adopted


def _require_lasting(place: Place | None, accepting: Accepting) -> None:
    """Raise UsageError where nothing would be left of it: the journal would end with a CI job."""
    is_runner = os.environ.get("CI", "").lower() not in ("", "0", "false")
    if is_runner and not accepting.writes and isinstance(place, Path) and not place.exists():
        message = f"there is no journal {place}, and a new one would end with this CI job"
        remedy = "Say --write, and commit the files; or name a journal that stays with --journal."
        raise UsageError(message, remedy=remedy)


async def _bind(
    rows: Sequence[Answered],
    loaded: Loaded,
    target: Target,
    place: Place | None,
    look: Look,
    access: Access,
    console: Console,
    *,
    waits: bool,
) -> None:
    manifest = loaded.manifest
    console.say(f"journal: {place or 'in memory'}")
    journal = journal_of(place, target, manifest.namespace, console, create=True)
    try:
        run = await _begin(journal, access, waits=waits)
        report = Report(
            run.id,
            (),
            command=run.command,
            stopped_by="interrupted",
            exit_code=ExitCode.INTERRUPTED,
        )
        try:
            # Another run may have come in between the reading and the lock.
            ledger = await journal.ledger()
            accepted = accept(rows, manifest, look.snapshot, ledger)
            await journal.unbind(accepted.released)
            await journal.keep(accepted.texts)
            await journal.bind(accepted.bindings)
            done = (it for it in accepted.adopted if it.state is not Became.ALREADY)
            report = Report(run.id, tuple(map(_result, done)), command=run.command)
        except ImporterError as error:
            report = replace(report, stopped_by=error.message, exit_code=error.exit_code)
            raise
        finally:
            with suppress(JournalError, LockHeld):
                await journal.end(run, report)
    finally:
        await journal.close()


def _result(row: Adopted) -> Result:
    """Return what `runs` counts: no post was written, one item has its post now."""
    return Result(
        change_id(row.key, Verb.SET),
        row.key,
        row.kind,
        Verb.SET,
        ResultState.DONE,
        title=row.title,
        ref=row.ref,
        url=row.url,
    )


async def _begin(journal: Journal, access: Access, *, waits: bool) -> Run:
    clock = SystemClock()
    name = f"{clock.now():%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
    run = Run(RunId(name), "adopt", Digest(""), clock.now(), author=access.me)
    while True:
        try:
            await journal.begin(run)
        except LockHeld:
            if not waits:
                raise
            await asyncio.sleep(_POLL_S)
        else:
            return run


async def _look(
    loaded: Loaded, target: Target, place: Place | None, console: Console
) -> tuple[Look, Access]:
    manifest = loaded.manifest
    kinds = frozenset(it.kind for it in manifest.items if it.kind is not Kind.TAG)
    async with looking(target, place, manifest.namespace, kinds, console) as (
        team,
        access,
        journal,
    ):
        look = await look_for_adoption(manifest, team, journal, access, team=target.team)
    return look, access
