"""Reads the team for `adopt`: whole, for a post that nobody marked may be anybody's."""

from dataclasses import dataclass, replace

from importer.execution.preflight import check_pin
from importer.execution.reading import reach_of_manifest, take_snapshot
from importer.model.ledger import Ledger
from importer.model.live import Access, Snapshot
from importer.model.manifest import Manifest
from importer.model.plan import Comparison, Decisions
from importer.planning.compare import compare
from importer.planning.quiet import quiet_items, with_unseen
from importer.ports import Journal, TeamReader

__all__ = ["Look", "look_for_adoption"]


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
