"""Finds out, in bulk, what came of this run's writes whose outcome is unknown."""

import asyncio
from collections.abc import Callable

from importer.errors import BudgetExhausted, ImporterError
from importer.execution.addresses import Addresses
from importer.execution.agenda import Agenda
from importer.execution.auditing import Auditor
from importer.execution.deciding import Decision, Verdict
from importer.execution.echoes import Echoes
from importer.execution.recovery import Recovery, incidents_of, settle_decision
from importer.execution.resolving import Resolver
from importer.execution.results import Results
from importer.execution.sights import Sights
from importer.execution.window import Window
from importer.model.ledger import Operation
from importer.model.plan import Change
from importer.model.report import ResultState
from importer.ports import Clock, Journal

__all__ = ["Unknowns"]

# A change whose outcome stayed unknown this often is left to a person.
_ATTEMPTS = 3


class Unknowns:
    """Resolves what an agenda has parked. *recovery* is what was found out before the run."""

    def __init__(
        self,
        resolver: Resolver,
        recovery: Recovery,
        *,
        journal: Journal,
        clock: Clock,
        window: Window,
        addresses: Addresses,
        sights: Sights,
        auditor: Auditor,
        echoes: Echoes,
        agenda: Agenda,
        results: Results,
        observe: Callable[[Operation], None],
    ) -> None:
        self._resolver = resolver
        self._journal = journal
        self._clock = clock
        self._window = window
        self._addresses = addresses
        self._sights = sights
        self._auditor = auditor
        self._echoes = echoes
        self._agenda = agenda
        self._results = results
        self._observe = observe
        self._condition = recovery.condition
        self._looked_up = recovery.looked_up

    @property
    def said(self) -> str:
        """What to say of outcomes that were found out by looking, if any."""
        if not self._looked_up:
            return ""
        what = "1 outcome was" if self._looked_up == 1 else f"{self._looked_up:,} outcomes were"
        return f"{what} found out by looking; {self._condition}"

    async def resolve(self, stop: asyncio.Event) -> bool:
        """Resolve what is parked. False where nothing is, or nothing may be looked at any more.

        Looking goes on after the end of the quota: calls are kept back for it.
        """
        halted = self._agenda.halt is not None and not isinstance(
            self._agenda.halt, BudgetExhausted
        )
        if halted or stop.is_set() or not self._agenda.unknown:
            return False
        parked = self._agenda.take_unknown()
        self._condition = self._window.condition
        operations = [operation for _, operation in parked.values()]
        try:
            async for operation, decision in self._resolver.resolve(
                operations, self._addresses.targets, stop
            ):
                change, _ = parked.pop(operation.change)
                await self._resolved(change, operation, decision)
        except ImporterError as error:
            self._agenda.heed(error)
        self._agenda.park_again(parked)
        self._condition = self._window.condition
        return True

    async def _resolved(self, change: Change, operation: Operation, decision: Decision) -> None:
        ended, binding = await settle_decision(
            self._journal,
            operation,
            decision,
            self._addresses.bindings,
            self._clock,
            protected=change.protected,
        )
        self._observe(ended)
        self._agenda.disown(change)
        self._looked_up += 1
        for incident in incidents_of(operation, decision):
            self._results.incident(incident)
        if decision.verdict is Verdict.FOUND:
            if decision.live is not None:
                self._addresses.add(change.key, decision.live.ref, decision.live.url)
                self._sights.keep(decision.live)
            if binding is not None:
                self._addresses.bind(binding)
            self._auditor.note_done(ended, decision.live)
            self._results.note(change, ResultState.DONE, "", decision.live)
            self._echoes.canary_due = False
        elif operation.attempt < _ATTEMPTS:
            self._agenda.put_back(change)
        else:
            why = f"sent {operation.attempt} times, and never found: {operation.evidence}"
            self._results.note(change, ResultState.NOT_REACHED, why)
