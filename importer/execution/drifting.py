"""Draws the drift report. Writes nothing."""

from importer.execution.preflight import compare_live
from importer.model.drift import DriftReport
from importer.model.live import Access
from importer.model.manifest import Manifest
from importer.model.plan import Decisions
from importer.planning.drifting import find_drift
from importer.ports import Journal, TeamReader

__all__ = ["draw_drift"]


async def draw_drift(
    manifest: Manifest,
    reader: TeamReader,
    journal: Journal,
    access: Access,
    decisions: Decisions,
    *,
    team: str,
) -> DriftReport:
    """Read the live team and return what was edited there that *manifest* doesn't know."""
    found = await compare_live(manifest, reader, journal, access, decisions, team=team)
    return find_drift(
        manifest, found.comparison, found.texts, decisions, team=team, site=access.site
    )
