"""Reads the team for `adopt`: whole, for a post that nobody marked may be anybody's."""

import asyncio
from dataclasses import dataclass, replace

from importer.execution.preflight import Drawn, check_pin
from importer.execution.reading import reach_of_manifest, take_snapshot
from importer.model.ledger import Ledger
from importer.model.live import Access, Snapshot
from importer.model.manifest import Manifest
from importer.model.plan import Comparison, Decisions
from importer.planning.compare import compare
from importer.planning.marking import make_marks
from importer.planning.quiet import quiet_items, with_unseen
from importer.ports import Journal, TeamReader

__all__ = ["Look", "draw_marks", "look_for_adoption"]


@dataclass(frozen=True, slots=True)
class Look:
    """What was read, what the journal knew then, and how the two compare with the manifest."""

    snapshot: Snapshot
    ledger: Ledger
    comparison: Comparison


async def look_for_adoption(
    manifest: Manifest, reader: TeamReader, journal: Journal, access: Access, *, team: str
) -> Look:
    """Read the live team, whoever wrote its posts. Writes nothing."""
    check_pin(manifest, team, access.site)
    ledger = await journal.ledger()
    quiet = quiet_items(manifest, ledger)
    reach = reach_of_manifest(manifest, ledger, Decisions(), quiet)
    reach = replace(reach, authors=frozenset(), footers=False)
    snapshot = await take_snapshot(reader, access, ledger, reach)
    snapshot = with_unseen(snapshot, quiet, ledger, manifest.namespace)
    return Look(snapshot, ledger, compare(manifest, snapshot, ledger))


async def draw_marks(
    manifest: Manifest,
    reader: TeamReader,
    journal: Journal,
    access: Access,
    decisions: Decisions,
    *,
    team: str,
) -> Drawn:
    """Read the live team and return the plan that marks the posts of items. Writes nothing."""
    read_at = asyncio.get_running_loop().time()
    look = await look_for_adoption(manifest, reader, journal, access, team=team)
    plan = make_marks(
        manifest,
        look.comparison,
        look.snapshot,
        look.ledger,
        team=team,
        decisions=decisions,
        ability=reader.ability,
        rates=reader.rates,
        authoring=access.authoring,
    )
    return Drawn(plan, look.snapshot, read_at)
