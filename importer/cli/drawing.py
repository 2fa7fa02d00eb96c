"""Draws plans: what a manifest wants, or what takes a run back; and drift reports.

`draw` and `draw_drift_of` give the drawing a transport that cannot write, and so the journal.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from importer.cli.console import Console
from importer.cli.places import from_folder
from importer.cli.visiting import looking
from importer.cli.wiring import SystemClock, Target
from importer.execution import (
    Drawn,
    check_pin,
    draw_drift,
    draw_marks,
    draw_plan,
    draw_undo,
    seal_drawing,
)
from importer.journal import Place
from importer.model.drift import DriftReport
from importer.model.ids import Kind, RunId
from importer.model.live import Access
from importer.model.manifest import Fate, Manifest, footer_of
from importer.model.plan import Decisions, Plan, SavedPlan
from importer.model.saved_snapshot import SavedSnapshot
from importer.ports import Journal, TeamReader

__all__ = ["Wish", "draw", "draw_drift_of", "draw_wish"]

_NOTHING_DECIDED = Decisions()


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be carried out: a manifest with decisions, or a saved plan, which holds its own.

    `folder` is where the journal has its place by default. With `undoes` it is that run which is
    to be taken back, and the manifest only says whose journal knows it; `touched` are the kinds
    that it wrote. With `marks`, posts get their markers and nothing else.
    """

    what: Manifest | SavedPlan
    folder: Path
    decisions: Decisions = _NOTHING_DECIDED
    undoes: RunId | None = None
    touched: frozenset[Kind] = frozenset()
    marks: bool = False

    @property
    def namespace(self) -> str:
        """The namespace whose items it is about."""
        return self.what.plan.namespace if isinstance(self.what, SavedPlan) else self.what.namespace

    @property
    def kinds(self) -> frozenset[Kind]:
        """The kinds whose way in is to be checked.

        Nothing tells the kind of an item that is gone from the manifest before the team is read:
        then it may be any.
        """
        if isinstance(self.what, SavedPlan):
            plan = self.what.plan
            return frozenset(
                [*(it.kind for it in plan.changes), *(it.ref.kind for it in plan.removals)]
            )
        if self.undoes:
            return self.touched
        deletes = any(it.fate is Fate.DELETE for it in self.what.removed)
        if deletes or self.what.policy.prune or self.decisions.prune:
            return frozenset(Kind)
        items = self.what.items
        return frozenset(it.kind for it in items if it.kind is not Kind.TAG or it.fields)

    @property
    def command(self) -> str:
        """What runs of this kind are called."""
        if self.marks:
            return "adopt"
        return "undo" if self.undoes else "apply"


async def draw_wish(
    wish: Wish,
    manifest: Manifest,
    reader: TeamReader,
    journal: Journal,
    access: Access,
    target: Target,
    kinds: frozenset[Kind] = frozenset(),
) -> Drawn:
    """Read the live team and return the plan for *wish*, given its manifest. Writes nothing.

    Posts of *kinds* are read, whether the manifest names one or not.
    """
    if wish.undoes is None:
        if wish.marks:
            drawn = await draw_marks(
                manifest, reader, journal, access, wish.decisions, team=target.team
            )
        else:
            drawn = await draw_plan(
                manifest, reader, journal, access, wish.decisions, team=target.team, kinds=kinds
            )
        return replace(drawn, plan=from_folder(drawn.plan, wish.folder))
    check_pin(manifest, target.team, target.site)
    return await draw_undo(
        wish.undoes,
        reader,
        journal,
        access,
        namespace=manifest.namespace,
        team=target.team,
        footer=footer_of(manifest, access.site),
    )


async def draw(
    wish: Wish,
    manifest: Manifest,
    target: Target,
    place: Place | None,
    console: Console,
    take: Callable[[SavedSnapshot], None] | None = None,
) -> tuple[Plan, Access]:
    """Return the plan for *wish*, given its manifest, and whose token drew it.

    The journal at *place* is read, not made; no lock is taken. *take* is given what the plan was
    drawn from, without texts: then every kind of post is read.
    """
    async with looking(target, place, wish.namespace, wish.kinds, console) as (
        team,
        access,
        journal,
    ):
        kinds = frozenset(Kind) if take else frozenset[Kind]()
        drawn = await draw_wish(wish, manifest, team, journal, access, target, kinds)
        if take is not None:
            now = (team.server_time() or SystemClock().now()).replace(microsecond=0)
            take(await seal_drawing(drawn, manifest, team, journal, access, now))
    return drawn.plan, access


async def draw_drift_of(
    wish: Wish, manifest: Manifest, target: Target, place: Place | None, console: Console
) -> DriftReport:
    """Return what was edited on the site that *manifest* doesn't know; reads as `draw` does."""
    async with looking(target, place, wish.namespace, wish.kinds, console) as (
        team,
        access,
        journal,
    ):
        return await draw_drift(manifest, team, journal, access, wish.decisions, team=target.team)
