"""Opens the team for a command: the way there, what is to be known of it, the token's check."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from importer.cli.console import Console
from importer.cli.incidents import say_untold
from importer.cli.progress import Meter
from importer.cli.wiring import SystemClock, Target, journal_of
from importer.journal import Place
from importer.model.ids import Kind
from importer.model.live import Access, Need
from importer.ports import Journal
from importer.teams import LiveTeam, Mode, open_team

__all__ = ["looking", "visiting"]


@asynccontextmanager
async def visiting(
    target: Target, mode: Mode, kinds: frozenset[Kind], console: Console, meter: Meter
) -> AsyncGenerator[tuple[LiveTeam, Access], None]:
    """Open the team for posts of *kinds*, and check the token. Raises an AccessError."""
    async with open_team(
        target.connection,
        mode=mode,
        app=target.app,
        clock=SystemClock(),
        on_wait=meter.wait,
        announce=lambda text: console.say(f"note: {text}"),
    ) as team:
        if team.note:
            console.say(f"note: {team.note}")
        meter.phase("checking the token")
        access = await team.check(Need(write=mode is Mode.WRITE, kinds=kinds))
        if access.note:
            console.say(f"note: {access.note}")
        yield team, access


@asynccontextmanager
async def looking(
    target: Target, place: Place | None, namespace: str, kinds: frozenset[Kind], console: Console
) -> AsyncGenerator[tuple[LiveTeam, Access, Journal], None]:
    """Open the team by a transport that cannot write, and the journal at *place*, if it is there.

    Grave incidents of earlier runs that nobody was told of are said.
    """
    with Meter(console) as meter:
        async with visiting(target, Mode.READ, kinds, console, meter) as (team, access):
            meter.phase("reading the team")
            journal = journal_of(place, target, namespace, console, create=False)
            try:
                await say_untold(journal, console)
                yield team, access, journal
            finally:
                await journal.close()
