"""Draws a plan: reads the live team with a transport that cannot write, and so the journal."""

from pathlib import Path

from importer.cli.console import Console
from importer.cli.progress import Meter
from importer.cli.reading import Loaded
from importer.cli.wiring import SystemClock, Target, journal_of
from importer.execution import draw_plan
from importer.model.live import Access, Need
from importer.model.plan import Decisions, Plan
from importer.teams import Mode, open_team

__all__ = ["draw"]


async def draw(
    loaded: Loaded, target: Target, place: Path | None, decisions: Decisions, console: Console
) -> tuple[Plan, Access]:
    """Return the plan that makes the team what the manifest says, and whose token drew it.

    The journal at *place* is read, not made; no lock is taken.
    """
    with Meter(console) as meter:
        async with open_team(
            target.connection,
            mode=Mode.READ,
            app=target.app,
            clock=SystemClock(),
            on_wait=meter.wait,
        ) as team:
            if team.note:
                console.say(f"note: {team.note}")
            access = await team.check(Need(write=False))
            meter.phase("reading the team")
            journal = journal_of(place, target, loaded.manifest.namespace, console, create=False)
            try:
                drawn = await draw_plan(
                    loaded.manifest, team, journal, access, decisions, team=target.team
                )
            finally:
                await journal.close()
    return drawn.plan, access
