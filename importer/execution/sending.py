"""Carries out one change: intent, write, outcome; takes over what is done already.

Repeats nothing: an outcome that stays unknown is parked, and found out by looking.
"""

from dataclasses import replace
from datetime import timedelta

from importer.errors import AccessError, BudgetExhausted, ImporterError
from importer.execution.addresses import Addresses
from importer.execution.agenda import Agenda
from importer.execution.auditing import Auditor
from importer.execution.echoes import Echoes
from importer.execution.last_look import Finality, LookTooOld, hold_after_look
from importer.execution.recording import Recorder, refused, values_of
from importer.execution.results import Results
from importer.execution.settling import binding_after
from importer.execution.sights import Sights
from importer.execution.window import Window
from importer.model.ids import Field, Kind, Verb, full_key
from importer.model.ledger import Operation, State
from importer.model.live import LiveItem
from importer.model.plan import Change
from importer.model.report import ResultState
from importer.model.writing import Done, NotApplied, Outcome, Rejected, Unknown
from importer.ports import Clock, Hold, Journal, Team

__all__ = ["Sender"]

# The server's clock is known to a few seconds.
_CLOCKS_AGREE = timedelta(seconds=120)
_LOOKS_AT_MOST = 20


class Sender:
    """Sends the changes of one run, and records each before and after."""

    def __init__(
        self,
        namespace: str,
        *,
        team: Team,
        journal: Journal,
        clock: Clock,
        recorder: Recorder,
        finality: Finality,
        addresses: Addresses,
        sights: Sights,
        window: Window,
        auditor: Auditor,
        echoes: Echoes,
        agenda: Agenda,
        results: Results,
    ) -> None:
        self._namespace = namespace
        self._team = team
        self._journal = journal
        self._clock = clock
        self._recorder = recorder
        self._finality = finality
        self._addresses = addresses
        self._sights = sights
        self._window = window
        self._auditor = auditor
        self._echoes = echoes
        self._agenda = agenda
        self._results = results

    async def take_over(self, change: Change, live: LiveItem | None) -> None:
        """Note a change that is done already, and remember its post."""
        if live is not None:
            operation = await self._recorder.operation(change, live)
            old = self._addresses.bindings.get(change.key)
            protected = change.protected
            binding = binding_after(operation, old, live, protected=protected, found=True)
            await self._journal.bind([binding])
            self._addresses.bind(binding)
        elif change.verb is Verb.DELETE:
            await self._journal.unbind([change.key])
        self._results.note(change, ResultState.FOUND, "it was so already", live)

    async def attempt(self, change: Change, live: LiveItem | None, content: bytes = b"") -> None:
        """Send *change*, which rests on *live*; *content* is an upload's."""
        operation = await self._recorder.operation(change, live)
        write = self._recorder.write(change, operation, live, content)
        await self._journal.keep(values_of(change))
        await self._recorder.intend(operation)
        self._agenda.intend(change)
        self._auditor.note_sending(operation)
        try:
            outcome = await self._team.write(write, self._hold_of(change))
        except LookTooOld:
            why = "nothing was sent: its look was too old"
            await self._recorder.close(operation, State.ABSENT, why)
            self._look_again(change, operation)
        except ImporterError:
            # The journal's hold on the run is gone: nothing of this one was sent.
            self._agenda.disown(change)
            raise
        else:
            await self._settle(change, operation, outcome)

    def _hold_of(self, change: Change) -> Hold:
        """Return what is awaited right before the bytes go: the lock, and a final write's look."""
        is_final = self._finality.is_final(change)
        return hold_after_look(self._journal) if is_final else self._journal.hold

    def _look_again(self, change: Change, operation: Operation) -> None:
        if operation.attempt < _LOOKS_AT_MOST:
            self._agenda.put_back(change)
        else:
            why = "its turn never came soon enough after a look at the post"
            self._results.note(change, ResultState.NOT_REACHED, why)

    async def _settle(self, change: Change, operation: Operation, outcome: Outcome) -> None:
        match outcome:
            case Done(item) if item is not None and self._is_another(operation, item):
                await self._settle(change, operation, Unknown(f"the answer names {item.ref}"))
            case Done(item):
                await self._done(change, operation, item)
            case Rejected():
                await self._rejected(change, operation, outcome)
            case NotApplied(proof, resume_after_s):
                await self._recorder.close(operation, State.ABSENT, proof)
                self._results.note(change, ResultState.NOT_REACHED, proof)
                if resume_after_s is not None:
                    spent = BudgetExhausted(proof, resume_after_s=resume_after_s)
                    self._agenda.stop(spent.told_at(self._clock.now()))
            case Unknown(evidence):
                quiet = replace(operation, evidence=evidence, quiet_at=self._clock.now())
                self._agenda.park(change, quiet)

    def _is_another(self, operation: Operation, item: LiveItem) -> bool:
        """Tell whether the answer to a create names a post that was there before.

        One with this item's marker that no reading has seen is its post, whatever its date says.
        """
        if operation.verb is not Verb.CREATE:
            return False
        known = self._sights.of(item.ref) is not None
        if item.marker and item.marker.key == full_key(self._namespace, operation.key):
            return known
        born, sent = item.facts.created_at, operation.opened_at
        told = self._team.server_time() is not None
        is_old = told and born is not None and sent is not None and born < sent - _CLOCKS_AGREE
        return is_old or known

    async def _rejected(self, change: Change, operation: Operation, refusal: Rejected) -> None:
        why = refusal.message or refusal.code
        # Another token may name experts, and who is unknown today may join tomorrow.
        lasts = refusal.lasting and not refusal.stops_run and not _names_people(change)
        await self._recorder.close(operation, refused(lasts=lasts), why)
        self._results.note(change, ResultState.REJECTED, why, goes_again=not lasts)
        if refusal.stops_run:
            remedy = "Give a PAT that may write; the same command goes on."
            self._agenda.stop(AccessError(f"the server refused to write: {why}", remedy=remedy))

    async def _done(self, change: Change, operation: Operation, item: LiveItem | None) -> None:
        binding = None
        live = None
        if item is not None:
            self._addresses.add(change.key, item.ref, item.url)
            live = self._sights.note(item)
            if change.verb is Verb.CREATE and change.kind is not Kind.IMAGE:
                self._window.confirmed(item.ref, self._clock.now(), item.facts.created_at)
            old = self._addresses.bindings.get(change.key)
            # A call of its own, for one field, says nothing of the item's protection.
            protected = old.protected if old and change.verb is Verb.SET else change.protected
            binding = binding_after(operation, old, live, protected=protected, found=False)
        elif operation.ref is not None:
            self._sights.forget(operation.ref)
        ref = item.ref if item else operation.ref
        ended = replace(operation, state=State.DONE, ref=ref, ended_at=self._clock.now())
        await self._recorder.settle(ended, binding)
        if binding is not None:
            self._addresses.bind(binding)
        self._auditor.note_done(ended, live)
        self._results.note(change, ResultState.DONE, "", live)
        if live is not None and (failed := self._echoes.inspect(change, ended, live)) is not None:
            self._agenda.stop(failed)


def _names_people(change: Change) -> bool:
    """Tell whether *change* says who may edit something, or is an expert of it."""
    return any(it.field in {Field.PERMISSIONS, Field.EXPERTS} for it in change.fields)
