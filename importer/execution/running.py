"""Carries out a plan: the way in for the command line."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from importer.errors import GuardTripped
from importer.execution.executor import Executor
from importer.execution.options import RunOptions
from importer.execution.preflight import Drawn
from importer.execution.reading import reach_of_plan, take_snapshot
from importer.execution.recovery import Recovery
from importer.execution.window import ServerClock, Window
from importer.model.ids import Kind, Verb, split_full_key
from importer.model.ledger import Ledger, Operation, Run
from importer.model.live import Access, LiveItem, Snapshot
from importer.model.plan import BlockedCode, Plan
from importer.model.report import Report
from importer.ports import Clock, Journal, LoadPicture, Team

__all__ = ["carry_out", "refuse_if_guarded"]

# A plan drawn longer ago than this (a person read it) is held against a new reading, in seconds.
_STILL_NEW = 30.0


def _no_files(path: str) -> None:
    """Read nothing: for plans without images."""


def refuse_if_guarded(plan: Plan) -> None:
    """Raise GuardTripped when a guard of *plan* tripped."""
    guards = [it for it in plan.blocked if it.code is BlockedCode.GUARD]
    if guards:
        raise GuardTripped(
            "; ".join(it.why for it in guards), remedy=" ".join(it.remedy for it in guards)
        )


async def carry_out(
    plan: Plan,
    *,
    drawn: Drawn | None,
    team: Team,
    journal: Journal,
    access: Access,
    clock: Clock,
    run: Run,
    options: RunOptions,
    stop: asyncio.Event,
    observe: Callable[[Operation], None],
    recovery: Recovery,
    load: LoadPicture = _no_files,
) -> Report:
    """Make the team what *plan* says, and return what became of each change.

    Needs a journal in which *run* has begun. *drawn* is the drawing the plan comes from; None for
    a saved plan, which is held against a new reading, change by change. *load* reads images at the
    moment they are sent. Raises GuardTripped before anything is sent, JournalError when nothing can
    be recorded any more.
    """
    refuse_if_guarded(plan)
    ledger = await journal.ledger()
    wall, clock = clock, ServerClock(team, clock)
    window = Window(options.settle_s)
    executor = Executor(
        plan,
        ledger,
        team=team,
        journal=journal,
        access=access,
        clock=clock,
        run=run,
        options=options,
        stop=stop,
        observe=observe,
        recovery=recovery,
        window=window,
        load=load,
    )
    reach = reach_of_plan(plan, ledger)
    read_at = asyncio.get_running_loop().time()
    if drawn is not None and read_at - drawn.read_at <= _STILL_NEW:
        snapshot, read_at = drawn.snapshot, drawn.read_at
    else:
        snapshot = await take_snapshot(team, access, ledger, reach)
    wait_s = _still_settling_s(plan, snapshot, ledger, clock, window)
    if wait_s > 0.0:
        options.on_wait("another run, or a lost journal's, wrote here a moment ago", wait_s)
        await _wait(wait_s, stop)
        read_at = asyncio.get_running_loop().time()
        snapshot = await take_snapshot(team, access, ledger, reach)
    planned_on = drawn is not None and snapshot is drawn.snapshot
    executor.take(snapshot, read_at, planned_on=planned_on)
    await journal.unbind(plan.released)
    await journal.keep(drawn.values if drawn else ())
    await journal.bind(plan.bindings)
    return replace(await executor.run(), ended_at=wall.now())


def _still_settling_s(
    plan: Plan, snapshot: Snapshot, ledger: Ledger, clock: Clock, window: Window
) -> float:
    """Return for how long posts that this journal knows nothing of may still be coming to light.

    A journal that was lost, or put back from a backup, says nothing of what was sent since. Posts
    of ours that it doesn't know tell of it; what was sent with them may not be visible yet.
    """
    creates = (it for it in plan.changes if it.verb is Verb.CREATE)
    if all(it.kind is Kind.IMAGE for it in creates):
        return 0.0
    known = {binding.ref for binding in ledger.bindings.values()}
    born = [
        live.facts.created_at
        for live in snapshot.items.values()
        if isinstance(live, LiveItem)
        and live.ref not in known
        and live.marker is not None
        and split_full_key(live.marker.key)[0] == plan.namespace
        and (not plan.publishers or live.facts.author in plan.publishers)
        and live.facts.created_at is not None
    ]
    if not born:
        return 0.0
    return (max(born) - clock.now()).total_seconds() + window.seconds


async def _wait(seconds: float, stop: asyncio.Event) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()
