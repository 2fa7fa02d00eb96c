"""Opens a journal to look into it: for `runs`, `undo` and `journal`."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from importer.cli.connecting import ConnectionOptions
from importer.cli.console import Console
from importer.cli.documents import RunState
from importer.cli.reading import Loaded, read_manifest
from importer.cli.wiring import (
    FOLDER,
    SystemClock,
    Target,
    beside,
    find_journal,
    journal_of,
    reach,
)
from importer.errors import ExitCode, TeamMissing, UsageError
from importer.journal import Place, open_journal, owner_of
from importer.model.ids import ChangeId, Key, Lineage, RunId
from importer.model.ledger import Operation, Run, State
from importer.model.report import ResultState
from importer.ports import Journal

__all__ = ["Past", "look_at", "look_into", "look_of", "past_runs", "require_content"]

_T = TypeVar("_T")
_HAPPENED = (State.DONE, State.OPEN)
_ENDS = {
    State.DONE: ResultState.DONE,
    State.OPEN: ResultState.UNKNOWN,
    State.REJECTED: ResultState.REJECTED,
}


def look_into(
    path: Path,
    connection: ConnectionOptions,
    chosen: Place | None,
    console: Console,
    look: Callable[[Journal], Awaitable[_T]],
) -> _T:
    """Return what *look* makes of the journal of the manifest at *path*. Writes nothing.

    No token is needed: the journal's place follows from the team's address, slug and namespace.
    Where no team is named, it is the only journal of the manifest. Raises TeamMissing for several,
    UsageError where *chosen* is a file that isn't there.
    """
    if isinstance(chosen, Path) and not chosen.exists():
        message = f"there is no journal {chosen}"
        raise UsageError(
            message, remedy="Name the file that an apply made, or leave --journal out."
        )
    return look_of(read_manifest(path, console), connection, chosen, console, look)


def look_of(
    loaded: Loaded,
    connection: ConnectionOptions,
    chosen: Place | None,
    console: Console,
    look: Callable[[Journal], Awaitable[_T]],
) -> _T:
    """Return what *look* makes of the journal of a manifest that was read already."""
    try:
        with reach(connection, console) as target:
            return look_at(loaded, target, chosen, console, look)
    except TeamMissing as error:
        place, lineage, label = _only_journal(loaded, chosen, error)
    console.say(f"journal: {place}, of {label}")
    console.protect("the journal", *beside(place))
    journal = open_journal(place, lineage=lineage, label=label, clock=SystemClock(), create=False)
    return _looked(journal, look)


def _only_journal(
    loaded: Loaded, chosen: Place | None, error: TeamMissing
) -> tuple[Path, Lineage, str]:
    """Return the one journal of a manifest, and whose it is."""
    namespace = loaded.manifest.namespace
    places = [chosen] if chosen else sorted((loaded.folder / FOLDER).glob("*.db"))
    owners = [
        (place, *owner)
        for place in places
        if isinstance(place, Path) and (owner := owner_of(place)) is not None
    ]
    found = [it for it in owners if it[2].startswith(f"{namespace} in ")]
    if len(found) == 1:
        return found[0]
    if not found:
        raise error
    teams = "; ".join(label.removeprefix(f"{namespace} in ") for _, _, label in found)
    message = f"there are {len(found)} journals of {namespace} here: {teams}"
    names = " or ".join(str(place) for place, _, _ in found)
    raise TeamMissing(message, remedy=f"Name the team with --team and --url, or --journal {names}.")


def look_at(
    loaded: Loaded,
    target: Target,
    chosen: Place | None,
    console: Console,
    look: Callable[[Journal], Awaitable[_T]],
    *,
    tells: bool = True,
) -> _T:
    """Return what *look* makes of the journal of a manifest that was read already.

    With *tells*, where it is is said; that there is none always is.
    """
    namespace = loaded.manifest.namespace
    place = find_journal(chosen, target, loaded.folder, namespace)
    if place is None:
        message = "a team in memory has no journal to look into"
        raise UsageError(message, remedy="Name the team, or the sandbox's file, with --url.")
    missing = isinstance(place, Path) and not place.exists()
    if missing or tells:
        console.say(f"there is no journal {place} yet" if missing else f"journal: {place}")
    journal = journal_of(place, target, namespace, console, create=False)
    return _looked(journal, look)


def _looked(journal: Journal, look: Callable[[Journal], Awaitable[_T]]) -> _T:
    async def looked() -> _T:
        try:
            return await look(journal)
        finally:
            await journal.close()

    return asyncio.run(looked())


@dataclass(frozen=True, slots=True)
class Past:
    """A run, and what became of its changes.

    `counts` are the run's own; where its end counted nothing (a second signal, a kill), those of
    its operations. `state` is `ended`, `killed` or `under-way`. `wrote` are the keys of the items
    that it wrote, or may have written.
    """

    run: Run
    state: RunState
    counts: Mapping[str, int]
    wrote: frozenset[Key]

    @property
    def is_worth_a_line(self) -> bool:
        """Tell whether it changed something, or nobody knows."""
        did = self.counts or self.wrote or self.run.incidents
        return bool(did) or self.run.ended_at is None

    @property
    def is_through(self) -> bool:
        """Tell whether nothing was left for another run to go on with."""
        return self.run.exit_code in (ExitCode.DONE, ExitCode.DECISION)


async def require_content(journal: Journal) -> None:
    """Raise UsageError for a journal in which there is nothing: not there yet, or empty."""
    if not (await journal.ledger()).exists:
        message = "there is nothing in the journal: nothing was applied from here yet"
        remedy = "Name the manifest it was applied from, or the journal itself with --journal."
        raise UsageError(message, remedy=remedy)


async def past_runs(journal: Journal) -> Sequence[Past]:
    """Return all runs with what they did, oldest first."""
    # A run may begin or end in between: it holds the lock before, or after.
    holders = {await journal.holder()}
    operations: dict[RunId, dict[ChangeId, Operation]] = defaultdict(dict)
    for it in await journal.history():
        operations[it.run][it.change] = it
    runs = await journal.runs()
    holders.add(await journal.holder())
    return tuple(_past(run, operations[run.id].values(), holders) for run in runs)


def _past(run: Run, operations: Iterable[Operation], holders: Collection[RunId | None]) -> Past:
    """Return what *run* did, by the last *operations* of its changes."""
    latest = tuple(operations)
    states = Counter(str(_ENDS[it.state]) for it in latest if it.state in _ENDS)
    wrote = frozenset(it.key for it in latest if it.state in _HAPPENED)
    unended: RunState = "under-way" if run.id in holders else "killed"
    state: RunState = "ended" if run.ended_at else unended
    return Past(run, state, run.counts or dict(sorted(states.items())), wrote)
