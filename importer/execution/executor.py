"""Drives a plan through the ports: intent, write, outcome; skips what depends on a failure.

    ready (all needs done) -> fresh? -> intend -> write -> settle
                              stale: refused, item by item
    Unknown outcomes are parked, and resolved in bulk when nothing else can go on.

The executor repeats nothing; what was proved absent gets a new attempt.
"""

import asyncio
from collections.abc import Callable

from importer.errors import ImporterError, JournalError
from importer.execution.addresses import Addresses
from importer.execution.agenda import Agenda
from importer.execution.auditing import Auditor
from importer.execution.echoes import Echoes
from importer.execution.judging import Judge
from importer.execution.last_look import Finality
from importer.execution.options import OnUnknown, RunOptions
from importer.execution.recording import Recorder
from importer.execution.recovery import Recovery
from importer.execution.resolving import Resolver
from importer.execution.results import Results
from importer.execution.sending import Sender
from importer.execution.sights import Sights
from importer.execution.unknowns import Unknowns
from importer.execution.window import Window
from importer.model.ids import Key, image_ref
from importer.model.ledger import Ledger, Operation, Run
from importer.model.live import Access, LiveItem, Snapshot
from importer.model.pictures import Picture
from importer.model.plan import Change, Plan
from importer.model.report import Incident, Report, ResultState
from importer.planning.freshness import Freshness
from importer.ports import Clock, Journal, LoadPicture, Team
from importer.text.digests import digest_bytes

__all__ = ["Executor"]


class Executor:
    """One run of one plan. Whatever stops it ends up in the report, a failing journal too."""

    def __init__(
        self,
        plan: Plan,
        ledger: Ledger,
        *,
        team: Team,
        journal: Journal,
        access: Access,
        clock: Clock,
        run: Run,
        options: RunOptions,
        stop: asyncio.Event,
        observe: Callable[[Operation], None],
        recovery: Recovery,
        window: Window,
        load: LoadPicture,
    ) -> None:
        self._plan = plan
        self._journal = journal
        self._run = run
        self._options = options
        self._stop = stop
        self._load = load
        self._running: dict[asyncio.Task[None], Key] = {}
        self._audited = False
        bindings = {**ledger.bindings, **{binding.key: binding for binding in plan.bindings}}
        self._addresses = addresses = Addresses(bindings.values())
        known_before = {it.key: it.ref for it in bindings.values()}
        self._finality = Finality(team.keeps_history, known_before)
        authors = {*(plan.publishers or ledger.authors), access.me}
        self._sights = sights = Sights(team, addresses, plan.namespace, authors)
        self._agenda = Agenda(plan.changes)
        self._results = results = Results(plan, recovery)
        self._echoes = Echoes(plan.changes, plan.namespace, access, results)
        self._recorder = Recorder(
            plan,
            run=run,
            team=team,
            journal=journal,
            access=access,
            clock=clock,
            addresses=addresses,
            observe=observe,
        )
        self._judge = Judge(
            plan,
            bound=ledger.bindings,
            addresses=addresses,
            sights=sights,
            finality=self._finality,
            results=results,
        )
        self._auditor = Auditor(
            plan,
            authors=ledger.authors,
            unaudited=ledger.unaudited,
            rejected=ledger.rejected,
            team=team,
            journal=journal,
            access=access,
            clock=clock,
            recorder=self._recorder,
            bindings=addresses.bindings,
            sights=sights,
            results=results,
            window=window,
        )
        self._sender = Sender(
            plan.namespace,
            team=team,
            journal=journal,
            clock=clock,
            recorder=self._recorder,
            finality=self._finality,
            addresses=addresses,
            sights=sights,
            window=window,
            auditor=self._auditor,
            echoes=self._echoes,
            agenda=self._agenda,
            results=results,
        )
        self._unknowns = Unknowns(
            Resolver(team, access, clock, options, window, plan.namespace),
            recovery,
            journal=journal,
            clock=clock,
            window=window,
            addresses=addresses,
            sights=sights,
            auditor=self._auditor,
            echoes=self._echoes,
            agenda=self._agenda,
            results=results,
            observe=observe,
        )

    def take(self, snapshot: Snapshot, at: float, *, planned_on: bool) -> None:
        """Take in a whole reading; *planned_on*: it is the one that the plan was made of."""
        self._sights.take(snapshot, at)
        if planned_on:
            self._judge.take_marks(snapshot)

    async def run(self) -> Report:
        """Carry out the plan as far as it goes, and return what became of each change."""
        try:
            await self._foresee()
            await self._go()
            await self._audit()
        finally:
            for task in self._running:
                task.cancel()
        written = [it for it in self._plan.changes if self._results.is_written(it.id)]
        said = (self._unknowns.said, self._finality.said(written))
        return self._results.report(
            self._run,
            unknown=self._agenda.left_unknown(self._results.knows),
            halted=self._agenda.halt,
            interrupted=self._stop.is_set(),
            condition="; ".join(filter(None, said)),
            audited=self._audited,
        )

    async def _foresee(self) -> None:
        if not self._agenda.waiting or self._is_stopped:
            return
        ahead = self._recorder.foresee(self._plan.changes, self._seen)
        try:
            await self._journal.foresee(ahead)
        except ImporterError as error:
            self._agenda.heed(error)
        finally:
            await ahead.aclose()

    def _seen(self, change: Change) -> LiveItem | None:
        return self._sights.of(change.ref) if change.ref else None

    async def _go(self) -> None:
        while True:
            self._start_what_is_ready()
            if self._running:
                await self._wait_for_one()
            elif not await self._resolve_unknown():
                return

    @property
    def _is_stopped(self) -> bool:
        failed = self._options.fail_fast and self._results.has_failures
        return self._stop.is_set() or self._agenda.halt is not None or failed

    def _start_what_is_ready(self) -> None:
        if self._is_stopped:
            return
        allowed = 1 if self._echoes.canary_due else self._options.parallelism
        free = allowed - len(self._running)
        busy = self._running.values()
        for change in self._agenda.take(free, busy, lambda it: self._results.all_done(it.needs)):
            task = asyncio.create_task(self._carry_out(change), name=change.id)
            self._running[task] = change.key

    async def _wait_for_one(self) -> None:
        stopping = asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait({*self._running, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if self._stop.is_set() and self._running:
                await asyncio.wait(self._running)
        finally:
            stopping.cancel()
        for task in [task for task in self._running if task.done()]:
            del self._running[task]
            self._agenda.heed(task.exception())

    async def _resolve_unknown(self) -> bool:
        """Resolve what is parked. True when something may go on."""
        if self._options.on_unknown is OnUnknown.PARK:
            return False
        return await self._unknowns.resolve(self._stop) and not self._is_stopped

    async def _carry_out(self, change: Change) -> None:
        if change.picture is not None:
            await self._upload(change, change.picture)
            return
        judgement, live = await self._judge.judge(change, self._agenda.waiting)
        match judgement.freshness:
            case Freshness.ALREADY:
                await self._sender.take_over(change, live)
            case Freshness.STALE if self._judge.is_behind(change, live):
                why = "the site does not show yet what this run wrote before it"
                self._results.note(change, ResultState.NOT_REACHED, why, live)
            case Freshness.STALE:
                self._results.note(change, ResultState.STALE, judgement.why, live)
            case Freshness.FRESH:
                await self._sender.attempt(change, live)

    async def _upload(self, change: Change, picture: Picture) -> None:
        """Upload an image, unless it is there: its address is all that looking can find."""
        url = self._addresses.images.get(change.key)
        if url is not None:
            await self._sender.take_over(change, LiveItem(image_ref(url), None, url, {}))
            return
        content = self._load(picture.path)
        if content is None:
            why = f"{picture.path} can't be read any more"
            self._results.note(change, ResultState.STALE, why)
        elif digest_bytes(content) != picture.digest:
            why = f"{picture.path} was changed since the plan was made"
            self._results.note(change, ResultState.STALE, why)
        else:
            await self._sender.attempt(change, None, content)

    async def _audit(self) -> None:
        """Look for posts that share a key, and for edits that ours went over."""
        if self._agenda.halt is not None or self._stop.is_set():
            return
        waiting = {it.key for it in self._agenda.unknown}
        try:
            await self._auditor.look_for_doubles(waiting)
            looked = await self._auditor.look_at_edits(self._stop)
            self._audited = looked and not self._agenda.unknown
        except JournalError as error:
            self._agenda.heed(error)
        except ImporterError as error:
            what = f"the run could not look for posts that share a key: {error.message}"
            keys = [change.key for change in self._plan.changes] or [Key("")]
            self._results.incident(Incident(what, keys[0]))
