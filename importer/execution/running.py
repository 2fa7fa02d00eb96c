"""Carries out a plan: the way in for the command line."""

import asyncio
from collections.abc import Callable

from importer.errors import GuardTripped
from importer.execution.executor import Executor
from importer.execution.options import RunOptions
from importer.execution.preflight import Drawn
from importer.execution.reading import take_snapshot
from importer.execution.recovery import Recovery
from importer.model.ledger import Operation, Run
from importer.model.live import Access
from importer.model.plan import BlockedCode, Plan
from importer.model.report import Report
from importer.ports import Clock, Journal, Team

__all__ = ["carry_out", "refuse_if_guarded"]

# A plan drawn longer ago than this (a person read it) is held against a new reading, in seconds.
_STILL_NEW = 30.0


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
) -> Report:
    """Make the team what *plan* says, and return what became of each change.

    Needs a journal in which *run* has begun. *drawn* is the drawing the plan comes from; None for
    a saved plan, which is held against a new reading, change by change. Raises GuardTripped
    before anything is sent, JournalError when nothing can be recorded any more.
    """
    refuse_if_guarded(plan)
    ledger = await journal.ledger()
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
    )
    now = asyncio.get_running_loop().time()
    if drawn is not None and now - drawn.read_at <= _STILL_NEW:
        executor.sights.take(drawn.snapshot, drawn.read_at)
    elif plan.changes:
        executor.sights.take(await take_snapshot(team, access, ledger), now)
    await journal.unbind(plan.released)
    await journal.bind(plan.bindings)
    return await executor.run()
