"""Reads the live team for what people edited there. Writes nothing, and takes no lock."""

from collections.abc import Mapping
from dataclasses import dataclass

from importer.execution.preflight import check_pin
from importer.execution.reading import reach_of_manifest, take_snapshot
from importer.model.fields import Value
from importer.model.ids import Key
from importer.model.ledger import Ledger
from importer.model.live import Access, Snapshot
from importer.model.manifest import Manifest
from importer.model.plan import Comparison, Decisions
from importer.planning.compare import compare
from importer.planning.merging import digests_for_sides
from importer.planning.quiet import quiet_items, with_unseen
from importer.ports import Journal, TeamReader
from importer.text.digests import Digest

__all__ = ["Sighting", "look_at_team"]


@dataclass(frozen=True, slots=True)
class Sighting:
    """How manifest and live team differ, and what that was seen from.

    `texts` are the values that both sides of a field started from, by their digests.
    """

    snapshot: Snapshot
    ledger: Ledger
    comparison: Comparison
    texts: Mapping[Digest, Value]

    def compared(self, manifest: Manifest) -> Comparison:
        """Return how another version of the manifest differs from the same team."""
        return compare(manifest, self.snapshot, self.ledger)

    @property
    def unresolved(self) -> frozenset[Key]:
        """The items whose last write has no known outcome: what is live may be our own."""
        return frozenset(it.key for it in self.ledger.open)


async def look_at_team(
    manifest: Manifest, reader: TeamReader, journal: Journal, access: Access, *, team: str
) -> Sighting:
    """Return what is to be known of the live team and the journal. Raises TeamForeign."""
    check_pin(manifest, team, access.site)
    ledger = await journal.ledger()
    quiet = quiet_items(manifest, ledger)
    reach = reach_of_manifest(manifest, ledger, Decisions(), quiet)
    seen = await take_snapshot(reader, access, ledger, reach)
    snapshot = with_unseen(seen, quiet, ledger, manifest.namespace)
    comparison = compare(manifest, snapshot, ledger)
    texts = await journal.texts(digests_for_sides(comparison))
    return Sighting(snapshot, ledger, comparison, texts)
