"""Where what a plan speaks of is written.

In a plan from the manifest's folder, so that it is the same plan wherever it was made; on the
screen from where the reader is.
"""

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from importer.errors import Span
from importer.manifests import shown_folder
from importer.model.drift import DriftReport
from importer.model.plan import Blocked, Change, Drift, ManualStep, Plan

__all__ = ["drift_from_folder", "from_folder", "from_here", "way_to"]

_Placed = TypeVar("_Placed", Change, Blocked, Drift, ManualStep)


def from_folder(plan: Plan, folder: Path) -> Plan:
    """Return *plan*, drawn of the manifest in *folder*, with places as seen from there."""
    return _moved(plan, f"{shown}/" if (shown := shown_folder(folder)) else "", "")


def from_here(plan: Plan, folder: Path) -> Plan:
    """Return *plan*, whose manifest is in *folder*, with places as the reader sees them."""
    return _moved(plan, "", f"{shown}/" if (shown := shown_folder(folder)) else "")


def drift_from_folder(report: DriftReport, folder: Path) -> DriftReport:
    """Return *report*, with places as seen from *folder*, where the manifest is."""
    old = f"{shown}/" if (shown := shown_folder(folder)) else ""
    items = tuple(replace(it, span=_there(it.span, old, "")) for it in report.items)
    return replace(report, items=items)


def way_to(manifest: Path, plan_file: Path) -> str:
    """Return how *manifest* is reached from *plan_file*; empty where no text can say that."""
    there = manifest.parent.resolve() / manifest.name
    way = Path(os.path.relpath(there, plan_file.parent.resolve())).as_posix()
    return way if way.isprintable() else ""


def _moved(plan: Plan, old: str, new: str) -> Plan:
    if old == new:
        return plan

    def moved(entries: Iterable[_Placed]) -> tuple[_Placed, ...]:
        return tuple(replace(it, span=_there(it.span, old, new)) for it in entries)

    return replace(
        plan,
        changes=moved(plan.changes),
        blocked=moved(plan.blocked),
        drift=moved(plan.drift),
        manual=moved(plan.manual),
    )


def _there(span: Span | None, old: str, new: str) -> Span | None:
    return replace(span, path=new + span.path.removeprefix(old)) if span else None
