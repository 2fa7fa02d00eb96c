"""One apply or undo, from the first check to the report.

check the token -> lock -> recover -> draw -> show -> ask -> carry out
"""

import asyncio
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace

from importer.cli.console import Console, Stopped
from importer.cli.drawing import Wish, draw_wish
from importer.cli.incidents import say_untold
from importer.cli.interrupts import Interrupts
from importer.cli.options import RunOptions
from importer.cli.progress import Meter
from importer.cli.visiting import visiting
from importer.cli.wiring import SystemClock, Target, find_journal, journal_of, running
from importer.errors import (
    ExitCode,
    ImporterError,
    JournalError,
    LockHeld,
    NotConfirmed,
    PlanConsumed,
    PlanForeign,
    PlanRefused,
)
from importer.execution import (
    Drawn,
    Recovery,
    carry_out,
    check_pin,
    recover,
    refuse_if_guarded,
    report_of_cut,
)
from importer.journal import Place
from importer.manifests import picture_loader
from importer.model.ids import Field, RunId, parent_key
from importer.model.incident import Incident
from importer.model.ledger import Run
from importer.model.live import Access
from importer.model.manifest import Manifest
from importer.model.plan import Plan, SavedPlan
from importer.model.report import Report, Result, ResultState
from importer.planning.identity import lineage_of
from importer.planning.plan_file import plan_digest
from importer.ports import Journal
from importer.rendering import Format, render_plan, render_report
from importer.rendering.look import Looks
from importer.teams import LiveTeam, Mode
from importer.text.digests import Digest

__all__ = ["Applied", "Manner", "apply_wish", "document_of"]

_POLL_S = 1.0
_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Manner:
    """How. `show` prints a plan for the person who is to confirm it.

    `plan_again` is the command that makes a saved plan anew. `refuse_beyond` raises for a plan with
    more in it than was reviewed.
    """

    options: RunOptions
    journal: Place | None
    confirmed: bool
    show: Callable[[Plan], None]
    plan_again: str = ""
    refuse_beyond: Callable[[Plan], None] = lambda _: None


@dataclass(frozen=True, slots=True)
class Applied:
    """What was applied, and how it ended; `signal_code` is 0 unless a signal stopped it.

    `place` is where the journal is, None: in memory. `told` are earlier runs whose incidents were
    said on the way.
    """

    plan: Plan
    report: Report
    signal_code: int
    place: Place | None = None
    told: tuple[RunId, ...] = ()


def document_of(applied: Applied, looks: Looks) -> str:
    """Return the report; where there was nothing to do, the plan says more than an empty one."""
    report = applied.report
    if report.results or report.incidents or looks["format"] is Format.JSON:
        return render_report(report, **looks)
    return render_plan(applied.plan, **looks)


async def apply_wish(wish: Wish, target: Target, manner: Manner, console: Console) -> Applied:
    """Apply *wish* to the team at *target*.

    Raises an AccessError before anything else happens, LockHeld, JournalError, and PlanRefused
    when nothing was written: a guard, a foreign or used plan, no confirmation.
    """
    async with Interrupts(console) as interrupts:
        with Meter(console) as meter:
            way = visiting(target, Mode.WRITE, wish.kinds, console, meter)
            async with way as (team, access):
                _require_fit(wish, target)
                _require_authors(wish, access)
                place = find_journal(manner.journal, target, wish.folder, wish.namespace)
                console.say(f"journal: {place or 'in memory'}")
                journal = journal_of(place, target, wish.namespace, console, create=True)
                try:
                    run = _Run(
                        wish, target, manner, console, interrupts, meter, team, access, journal
                    )
                    plan, report = await run.locked()
                finally:
                    await journal.close()
    return Applied(plan, report, interrupts.exit_code, place, tuple(run.told))


def _require_fit(wish: Wish, target: Target) -> None:
    if isinstance(wish.what, Manifest):
        check_pin(wish.what, target.team, target.site)
        return
    plan = wish.what.plan
    if plan.lineage != lineage_of(target.origin, target.team, plan.namespace):
        there = f"the team {plan.team} ({plan.site})" if plan.team else plan.site
        message = f"the plan was made for {there}; this is {target.name}"
        remedy = "Name that team with --url and --team, or make a plan for this one."
        raise PlanForeign(message, remedy=remedy)


def _require_authors(wish: Wish, access: Access) -> None:
    """Raise PlanRefused for a saved plan that writes in others' names, where nobody can."""
    if access.can_author or not isinstance(wish.what, SavedPlan):
        return
    authors = {it.author for it in wish.what.plan.changes} - {None, access.me}
    if authors:
        named = ", ".join(str(it) for it in sorted(filter(None, authors))[:_MOST_NAMED])
        message = f"the plan writes in the names of others (users {named}): {access.why_not_author}"
        raise PlanRefused(message, remedy=f"{access.how_to_author} Then make a new plan.")


def _titled(recovery: Recovery, manifest: Manifest) -> Recovery:
    """Give what was found the titles of the manifest: an answer's is its question's."""
    titles = {it.key: it.fields.get(Field.TITLE) for it in manifest.items}

    def title_of(result: Result) -> str:
        title = titles.get(parent_key(result.key) or result.key)
        return result.title or (title if isinstance(title, str) else "")

    return replace(
        recovery, results=tuple(replace(it, title=title_of(it)) for it in recovery.results)
    )


@dataclass(frozen=True, slots=True)
class _Run:
    wish: Wish
    target: Target
    manner: Manner
    console: Console
    interrupts: Interrupts
    meter: Meter
    team: LiveTeam
    access: Access
    journal: Journal
    told: list[RunId] = field(default_factory=list)
    met: list[Incident] = field(default_factory=list)

    async def locked(self) -> tuple[Plan, Report]:
        """Take the lock, go through with the run, and let go of the lock whatever happens."""
        what = self.wish.what
        run = await self._begin(what.digest if isinstance(what, SavedPlan) else Digest(""))
        try:
            self.told.extend(await say_untold(self.journal, self.console))
            plan, report = await self._carried(run)
        except BaseException as error:
            why, code = self._why_ended(error)
            # What went wrong is worth more than that the journal can't be closed after it.
            with suppress(JournalError, LockHeld):
                met = tuple(self.met)
                cut = Report(run.id, (), incidents=met, stopped_by=why, exit_code=code)
                await self.journal.end(run, cut)
            raise
        report = self._finished(report)
        try:
            also = {it.author for it in plan.changes if it.author not in (None, run.author)}
            named = tuple(sorted(filter(None, also)))
            ended = replace(run, plan_digest=plan_digest(plan), also_as=named)
            await self.journal.end(ended, report)
        except (JournalError, LockHeld) as error:
            # What was done is worth more than the line that says so in the journal.
            return plan, self._unrecorded(report, error)
        return plan, report

    def _unrecorded(self, report: Report, error: ImporterError) -> Report:
        if report.exit_code == error.exit_code:
            return report
        self.console.say(f"error: {error.message}", f"note: {error.remedy}")
        return replace(
            report,
            stopped_by=report.stopped_by or error.message,
            exit_code=error.exit_code,
            resume=report.resume or self.console.command_line,
        )

    def _why_ended(self, error: BaseException) -> tuple[str, int]:
        match error:
            case ImporterError():
                return error.message, error.exit_code
            case Stopped():
                return "interrupted", error.exit_code
            case KeyboardInterrupt() | asyncio.CancelledError():
                return "interrupted", self.interrupts.exit_code or ExitCode.INTERRUPTED
            case _:
                return "a bug of teams-importer", ExitCode.BUG

    async def _begin(self, digest: Digest) -> Run:
        clock = SystemClock()
        while True:
            name = f"{clock.now():%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
            run = Run(
                RunId(name),
                self.wish.command,
                digest,
                clock.now(),
                undoes=self.wish.undoes,
                author=self.access.me,
            )
            try:
                await self.journal.begin(run)
            except LockHeld:
                if not self.manner.options.wait:
                    raise
                self.meter.phase("waiting for the run that holds the lock")
                await asyncio.sleep(_POLL_S)
            else:
                return run

    async def _carried(self, run: Run) -> tuple[Plan, Report]:
        what = self.wish.what
        if isinstance(what, SavedPlan):
            await self._refuse_used(what)
        recovery = await self._recovered()
        drawn: Drawn | None = None
        if isinstance(what, SavedPlan):
            plan = what.plan
        else:
            self.meter.phase("reading the team")
            drawn = await draw_wish(
                self.wish, what, self.team, self.journal, self.access, self.target
            )
            plan = drawn.plan
        # As JSON the report comes alone: what is blocked or to do by hand is said here.
        if not plan.is_idle or self.console.as_json:
            self.meter.hide()
            self.manner.show(plan)
        refuse_if_guarded(plan)
        self.manner.refuse_beyond(plan)
        if not plan.is_idle:
            self._confirm(plan)
            self.interrupts.begin_writing()
            doing = "undoing in" if plan.undoes else "applying to"
            self.meter.phase(f"{doing} {self.target.team or self.target.host}", len(plan.changes))
        try:
            report = await carry_out(
                plan,
                drawn=drawn,
                team=self.team,
                journal=self.journal,
                access=self.access,
                clock=SystemClock(),
                run=run,
                options=running(self.manner.options, self.target, self.meter.wait),
                stop=self.interrupts.stop,
                observe=self.meter.observe,
                recovery=recovery,
                load=picture_loader(self.wish.folder),
            )
        except asyncio.CancelledError:
            if plan.is_idle or not self.interrupts.exit_code:
                raise
            # What was done is worth a report, also when nobody waits for what is under way.
            with suppress(JournalError, LockHeld):
                return plan, await self._cut_short(plan, recovery, run)
            raise
        return plan, report

    async def _cut_short(self, plan: Plan, recovery: Recovery, run: Run) -> Report:
        # The writes were cancelled: let them end before the journal is asked about them.
        await asyncio.sleep(0)
        report = report_of_cut(plan, recovery, run, await self.journal.history(run=run.id))
        if (task := asyncio.current_task()) is not None:
            task.uncancel()
        return replace(report, ended_at=SystemClock().now())

    async def _refuse_used(self, saved: SavedPlan) -> None:
        ledger = await self.journal.ledger()
        if saved.digest in ledger.consumed:
            message = "this plan was applied already; a plan is good for one time"
            raise PlanConsumed(message, remedy=f"Make a new one: {self.manner.plan_again}")

    async def _recovered(self) -> Recovery:
        self.meter.phase("looking up what an earlier run left open")
        self.interrupts.note_unsettled(len((await self.journal.ledger()).open))
        recovery = await recover(
            self.team,
            self.journal,
            self.access,
            SystemClock(),
            running(self.manner.options, self.target, self.meter.wait),
            self.wish.namespace,
            self.meter.observe,
            self.interrupts.stop,
            undoes=self.wish.undoes,
        )
        self.interrupts.note_unsettled(0)
        self.met.extend(recovery.incidents)
        what = self.wish.what
        return _titled(recovery, what) if isinstance(what, Manifest) else recovery

    def _confirm(self, plan: Plan) -> None:
        if self.manner.confirmed:
            return
        number = len(plan.changes) + len(plan.removals)
        if not self.console.can_ask:
            waits = "1 change waits" if number == 1 else f"{number:,} changes wait"
            message = f"{waits} for a confirmation"
            remedy = "Look at the plan, then say --yes; without a terminal nobody can be asked."
            raise NotConfirmed(message, remedy=remedy)
        these = "this change" if number == 1 else f"these {number:,} changes"
        where = self.target.name
        question = f"Apply {these} to {where}?"
        if plan.undoes:
            question = f"Undo the run {plan.undoes} with {these} in {where}?"
        if self.console.ask(f"{question} Only 'yes' goes on:") != "yes":
            message = "not confirmed; nothing was written"
            raise NotConfirmed(message, remedy="Answer yes, or say --yes.")

    def _finished(self, report: Report) -> Report:
        """Add what only the command line knows: the requests sent, the command that goes on."""
        report = replace(report, requests=self.team.requests)
        if self.interrupts.exit_code:
            report = replace(report, exit_code=self.interrupts.exit_code)
        if report.exit_code in (ExitCode.DONE, ExitCode.DECISION) and not report.stopped_by:
            return report
        if report.exit_code == ExitCode.JOURNAL:
            self.console.say(f"error: {report.stopped_by}")
        if report.resume:
            self.console.say(f"note: {report.resume}")
        return replace(report, resume=self._going_on(report))

    def _going_on(self, report: Report) -> str:
        """Return the command that goes on; "" where nothing is left to do."""
        states = {it.state for it in report.results}
        if not report.stopped_by and states <= {ResultState.DONE, ResultState.FOUND}:
            return ""
        if isinstance(self.wish.what, SavedPlan) and ResultState.STALE in states:
            return self.manner.plan_again
        return self.console.command_line
