"""What comes before a write: the manifest's pin, the reading, the plan."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace

from importer.errors import TeamForeign
from importer.execution.reading import reach_of_manifest, take_snapshot
from importer.model.fields import Value
from importer.model.ids import Kind
from importer.model.ledger import Ledger
from importer.model.live import Access, Snapshot
from importer.model.manifest import Manifest
from importer.model.plan import Comparison, Decisions, Plan
from importer.model.site import Site
from importer.planning.compare import compare
from importer.planning.doubling import doubles_in, keys_told
from importer.planning.merging import digests_for_sides
from importer.planning.plan import make_plan
from importer.planning.quiet import quiet_items, with_unseen
from importer.planning.remembering import values_of_bases
from importer.ports import JournalReader, TeamReader
from importer.text.digests import Digest

__all__ = ["Compared", "Drawn", "check_pin", "compare_live", "draw_plan"]


@dataclass(frozen=True, slots=True)
class Compared:
    """How manifest and live team differ, what that was seen from, and when it was read.

    `texts` are the values that both sides of a field started from, by their digests.
    """

    comparison: Comparison
    snapshot: Snapshot
    ledger: Ledger
    texts: Mapping[Digest, Value]
    read_at: float


@dataclass(frozen=True, slots=True)
class Drawn:
    """A plan, what it was drawn from, and when (seconds of the event loop's clock).

    `values` are what the bases of the plan's bindings are digests of, as far as they are known.
    """

    plan: Plan
    snapshot: Snapshot
    read_at: float
    values: tuple[tuple[Digest, Value], ...] = ()


def check_pin(manifest: Manifest, team: str, site: Site) -> None:
    """Raise TeamForeign when the manifest is pinned to other teams than *team*.

    Without a team, an Enterprise's main site is called by its host.
    """
    name = team or site.host
    if manifest.teams and name not in manifest.teams:
        pins = ", ".join(manifest.teams)
        message = f"{manifest.span}: this manifest is pinned to {pins}, not to {name}"
        remedy = "Give --team one of those, or mend `team:` in the manifest."
        if not team:
            remedy = "Name the team with --team, or add the main site's host to `team:`."
        raise TeamForeign(message, remedy=remedy)


async def compare_live(
    manifest: Manifest,
    reader: TeamReader,
    journal: JournalReader,
    access: Access,
    decisions: Decisions,
    *,
    team: str,
    kinds: frozenset[Kind] = frozenset(),
) -> Compared:
    """Read the live team and return how *manifest* differs from it. Writes nothing.

    Posts of *kinds* are read, whether the manifest names one or not.
    """
    check_pin(manifest, team, access.site)
    ledger = await journal.ledger()
    read_at = asyncio.get_running_loop().time()
    quiet = quiet_items(manifest, ledger)
    reach = reach_of_manifest(manifest, ledger, decisions, quiet)
    reach = replace(reach, kinds=reach.kinds | kinds)
    snapshot = await take_snapshot(reader, access, ledger, reach)
    snapshot = with_unseen(snapshot, quiet, ledger, manifest.namespace)
    comparison = compare(manifest, snapshot, ledger)
    texts = await journal.texts(digests_for_sides(comparison))
    return Compared(comparison, snapshot, ledger, texts, read_at)


async def draw_plan(
    manifest: Manifest,
    reader: TeamReader,
    journal: JournalReader,
    access: Access,
    decisions: Decisions,
    *,
    team: str,
    kinds: frozenset[Kind] = frozenset(),
) -> Drawn:
    """Read the live team and return the plan that makes it what *manifest* says. Writes nothing.

    Posts of *kinds* are read, whether the manifest names one or not.
    """
    found = await compare_live(manifest, reader, journal, access, decisions, team=team, kinds=kinds)
    comparison, snapshot, ledger = found.comparison, found.snapshot, found.ledger
    doubled = doubles_in(manifest, comparison, snapshot, ledger)
    plan = make_plan(
        manifest,
        comparison,
        snapshot,
        ledger,
        team=team,
        decisions=decisions,
        ability=reader.ability,
        rates=reader.rates,
        texts=found.texts,
        authoring=access.authoring,
        histories={key: await journal.history(key=key) for key in keys_told(doubled)},
    )
    values = tuple(values_of_bases(plan.bindings, comparison))
    return Drawn(plan, snapshot, found.read_at, values)
