"""Opens a journal to look into it: for `runs`, `undo` and `journal`."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from importer.cli.console import Console
from importer.cli.options import ConnectionOptions
from importer.cli.reading import Loaded, read_manifest
from importer.cli.wiring import Target, find_journal, journal_of, reach
from importer.errors import UsageError
from importer.journal import Place
from importer.model.ledger import Run
from importer.ports import Journal

__all__ = ["changed_something", "look_at", "look_into"]

_T = TypeVar("_T")


def look_into(
    path: Path,
    connection: ConnectionOptions,
    chosen: Place | None,
    console: Console,
    look: Callable[[Journal], Awaitable[_T]],
) -> _T:
    """Return what *look* makes of the journal of the manifest at *path*. Writes nothing.

    No token is needed: the journal's place follows from the team's address, slug and namespace.
    """
    loaded = read_manifest(path, console)
    with reach(connection, console) as target:
        return look_at(loaded, target, chosen, console, look)


def look_at(
    loaded: Loaded,
    target: Target,
    chosen: Place | None,
    console: Console,
    look: Callable[[Journal], Awaitable[_T]],
) -> _T:
    """Return what *look* makes of the journal of a manifest that was read already."""
    namespace = loaded.manifest.namespace
    place = find_journal(chosen, target, loaded.folder, namespace)
    if place is None:
        message = "a team in memory has no journal to look into"
        raise UsageError(message, remedy="Name the team, or the sandbox's file, with --url.")
    missing = isinstance(place, Path) and not place.exists()
    console.say(f"there is no journal {place} yet" if missing else f"journal: {place}")
    journal = journal_of(place, target, namespace, console, create=False)

    async def looked() -> _T:
        try:
            return await look(journal)
        finally:
            await journal.close()

    return asyncio.run(looked())


def changed_something(run: Run) -> bool:
    """Tell whether a run is worth a line: it changed something, or nobody knows."""
    return bool(run.counts) or run.ended_at is None
