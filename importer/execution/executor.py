"""Drives a plan through the ports: intent, write, outcome; skips what depends on a failure.

    ready (all needs done) -> fresh? -> intend -> write -> settle
                              stale: refused, item by item
    Unknown outcomes are parked, and resolved in bulk when nothing else can go on.

The first create, or mark, goes alone: a marker that doesn't come back stops the run after one post.
The executor repeats nothing; what was proved absent gets a new attempt.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta

from importer.errors import AccessError, BudgetExhausted, ImporterError, JournalError, PartlyApplied
from importer.execution.addresses import Addresses
from importer.execution.auditing import Auditor
from importer.execution.deciding import Decision, Verdict
from importer.execution.last_look import FRESH_FOR_S, LookTooOld, hold_after_look
from importer.execution.options import OnUnknown, RunOptions
from importer.execution.recording import Recorder, refused, values_of
from importer.execution.recovery import Recovery, incidents_of, settle_decision
from importer.execution.resolving import Resolver
from importer.execution.results import Results
from importer.execution.settling import binding_after, rewritten_fields
from importer.execution.sights import Sights
from importer.execution.window import Window
from importer.model.fields import Value
from importer.model.ids import (
    ChangeId,
    Field,
    Key,
    Kind,
    Mark,
    Ref,
    Verb,
    full_key,
    image_ref,
    mark_of,
)
from importer.model.ledger import Binding, Ledger, Operation, Run, State
from importer.model.live import Access, LiveItem, Snapshot
from importer.model.pictures import Picture
from importer.model.plan import Change, Plan
from importer.model.report import Incident, Report, ResultState
from importer.model.writing import Done, NotApplied, Outcome, Rejected, Unknown
from importer.planning.compare import UNSET
from importer.planning.deleting import edited_since
from importer.planning.freshness import Freshness, Judgement, judge_freshness
from importer.ports import Clock, Hold, Journal, LoadPicture, Team
from importer.text.digests import digest_bytes

__all__ = ["Executor"]

# A change whose outcome stayed unknown this often is left to a person.
_ATTEMPTS = 3
# The server's clock is known to a few seconds.
_CLOCKS_AGREE = timedelta(seconds=120)
# When to look again for an edit of ours that a stale copy of the team doesn't show, in seconds.
_LOOKS_AGAIN_S = (5.0, 20.0)
_SHOWN_WITHIN = timedelta(seconds=60)
# A post is read again when it was seen longer ago than this, in seconds.
_FRESH_FOR_S = 30.0
_LOOKS_AT_MOST = 20


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
        self._ledger = ledger
        self._team = team
        self._journal = journal
        self._access = access
        self._clock = clock
        self._run = run
        self._options = options
        self._stop = stop
        self._observe = observe
        self._bindings: dict[Key, Binding] = {
            **ledger.bindings,
            **{binding.key: binding for binding in plan.bindings},
        }
        self._known_before = {it.key: it.ref for it in self._bindings.values()}
        self._marks_seen: frozenset[Ref] = frozenset()
        self._addresses = Addresses(self._bindings.values())
        authors = {*(plan.publishers or ledger.authors), access.me}
        self.sights = Sights(team, self._addresses, plan.namespace, authors)
        self._results = Results(plan, recovery)
        self._window = window
        self._load = load
        self._recorder = Recorder(
            plan,
            run=run,
            team=team,
            journal=journal,
            access=access,
            clock=clock,
            bindings=self._bindings,
            addresses=self._addresses,
            observe=observe,
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
            bindings=self._bindings,
            sights=self.sights,
            results=self._results,
            window=window,
        )
        self._audited = False
        self._waiting: dict[ChangeId, Change] = {change.id: change for change in plan.changes}
        self._goes_before = _going_first(plan)
        self._seconds = {it.key: it for it in plan.changes if it.id.endswith("!links")}
        self._unknown: dict[ChangeId, tuple[Change, Operation]] = {}
        self._intended: dict[ChangeId, Change] = {}
        self._running: dict[asyncio.Task[None], Key] = {}
        self._canary_due = any(map(_brings_marker, plan.changes))
        self._halt: ImporterError | None = None
        self._condition = recovery.condition
        self._looked_up = recovery.looked_up

    def take(self, snapshot: Snapshot, at: float, *, planned_on: bool) -> None:
        """Take in a whole reading; *planned_on*: it is the one that the plan was made of."""
        self.sights.take(snapshot, at)
        if planned_on:
            posts = (it for it in snapshot.items.values() if isinstance(it, LiveItem))
            marked = (it.ref for it in posts if it.fields.get(Field.ACCEPTED) is True)
            self._marks_seen = frozenset(marked)

    async def run(self) -> Report:
        """Carry out the plan as far as it goes, and return what became of each change."""
        try:
            await self._foresee()
            await self._go()
            await self._audit()
        finally:
            for task in self._running:
                task.cancel()
        return self._results.report(
            self._run,
            unknown=[*self._unrecorded(), *(change for change, _ in self._unknown.values())],
            halted=self._halt,
            interrupted=self._stop.is_set(),
            condition="; ".join(filter(None, (self._found_out, self._gone_over))),
            audited=self._audited,
        )

    async def _foresee(self) -> None:
        if not self._waiting or self._is_stopped:
            return
        ahead = self._recorder.foresee(self._plan.changes, self._seen)
        try:
            await self._journal.foresee(ahead)
        except ImporterError as error:
            self._heed(error)
        finally:
            await ahead.aclose()

    def _seen(self, change: Change) -> LiveItem | None:
        return self.sights.of(change.ref) if change.ref else None

    def _unrecorded(self) -> list[Change]:
        """Return what may have been sent, and then the journal failed: the next run looks it up."""
        if not isinstance(self._halt, JournalError):
            return []
        return [it for it in self._intended.values() if not self._results.knows(it.id)]

    @property
    def _found_out(self) -> str:
        if not self._looked_up:
            return ""
        what = "1 outcome was" if self._looked_up == 1 else f"{self._looked_up:,} outcomes were"
        return f"{what} found out by looking; {self._condition}"

    @property
    def _gone_over(self) -> str:
        """What the edits rest on that went where no history tells what they went over."""
        edits = [it for it in self._plan.changes if self._goes_over_unseen(it)]
        count = sum(self._results.is_written(it.id) for it in edits)
        if not count:
            return ""
        what = "1 edit rests" if count == 1 else f"{count:,} edits rest"
        return (
            f"{what} on a look at most {FRESH_FOR_S:g} s old: no history tells what somebody "
            "wrote after it"
        )

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
        return self._stop.is_set() or self._halt is not None or failed

    def _start_what_is_ready(self) -> None:
        if self._is_stopped:
            return
        allowed = 1 if self._canary_due else self._options.parallelism
        starting: list[Change] = []
        # One at a time of each item: the journal holds one open operation per key.
        busy = {*self._running.values(), *(change.key for change, _ in self._unknown.values())}
        for change in self._waiting.values():
            if len(self._running) + len(starting) >= allowed:
                break
            if change.key not in busy and self._results.all_done(change.needs):
                starting.append(change)
                busy.add(change.key)
        for change in starting:
            del self._waiting[change.id]
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
            self._heed(task.exception())

    def _heed(self, error: BaseException | None) -> None:
        if error is None:
            return
        if not isinstance(error, ImporterError):
            raise error
        # Nothing that can't be recorded is sent: the journal's failure goes before any other.
        if self._halt is None or isinstance(error, JournalError):
            self._halt = error

    async def _carry_out(self, change: Change) -> None:
        if change.picture is not None:
            await self._upload(change, change.picture)
            return
        judgement, live = await self._look_at(change)
        match judgement.freshness:
            case Freshness.ALREADY:
                await self._take_over(change, live)
            case Freshness.STALE if self._is_behind(change, live):
                why = "the site does not show yet what this run wrote before it"
                self._results.note(change, ResultState.NOT_REACHED, why, live)
            case Freshness.STALE:
                self._results.note(change, ResultState.STALE, judgement.why, live)
            case Freshness.FRESH:
                await self._attempt(change, live)

    async def _upload(self, change: Change, picture: Picture) -> None:
        """Upload an image, unless it is there: its address is all that looking can find."""
        url = self._addresses.images.get(change.key)
        if url is not None:
            live = LiveItem(image_ref(url), None, url, {})
            await self._take_over(change, live)
            return
        content = self._load(picture.path)
        if content is None:
            why = f"{picture.path} can't be read any more"
            self._results.note(change, ResultState.STALE, why)
        elif digest_bytes(content) != picture.digest:
            why = f"{picture.path} was changed since the plan was made"
            self._results.note(change, ResultState.STALE, why)
        else:
            await self._attempt(change, None, content)

    def _is_behind(self, change: Change, live: LiveItem | None) -> bool:
        """Tell whether a tag is shown as it was before what this run did: unborn, or one write ago.

        Lists and replicas lag; that nobody shows up as the one who edited it would be no wonder.
        """
        if change.kind is not Kind.TAG:
            return False
        before = [it for it in self._plan.changes if it.id in change.needs]
        written = [it for it in before if self._results.is_written(it.id)]
        if live is None:
            return bool(written)
        earlier = (it for it in written if it.key == change.key)
        return any(judge_freshness(it, live).freshness is Freshness.FRESH for it in earlier)

    async def _look_at(self, change: Change) -> tuple[Judgement, LiveItem | None]:
        if change.kind is Kind.TAG:
            # Its title is its name: the key may be a synonym of it.
            tag = await self.sights.tag(change.title)
            return judge_freshness(change, tag), tag
        ref = change.ref or (
            None if change.verb is Verb.CREATE else self._addresses.links.get(change.key)
        )
        if ref is not None:
            if why := self._why_question_stays(change):
                return Judgement(Freshness.STALE, why), self.sights.of(ref)
            if self._moves_mark(change):
                await self.sights.look(ref, engagement=False)
                if (other := await self._other_mark(change, ref)) is not None:
                    why = f"another answer was accepted on the site since then ({other.ref})"
                    return Judgement(Freshness.STALE, why), self.sights.of(ref)
            elif self._is_final(change):
                if why := await self._going_along(change, ref):
                    return Judgement(Freshness.STALE, why), self.sights.of(ref)
                await self.sights.look(ref, engagement=change.verb is Verb.DELETE)
            else:
                ahead = self._waiting.values()
                await self.sights.refresh(ref, ahead, self._addresses.links, _FRESH_FOR_S)
            live = self.sights.of(ref)
        else:
            live = self._existing(change)
        full = full_key(self._plan.namespace, change.key)
        return judge_freshness(change, live, self._seconds.get(change.key), full), live

    async def _going_along(self, change: Change, ref: Ref) -> str:
        """Return what speaks for the answers that would go along with a question."""
        asked = change.verb is Verb.DELETE and change.unless_engaged
        if not asked or ref.kind is not Kind.QUESTION:
            return ""
        bound = {it.ref: it for it in self._bindings.values()}
        for answer in await self.sights.under(ref):
            if answer.ref in bound and (why := edited_since(answer, bound[answer.ref])):
                return f"its answer {answer.ref}: {why}"
        return ""

    def _why_question_stays(self, change: Change) -> str:
        """Return what has come of the question since, of an answer that is to go before it.

        The reading that the run begins with shows it: a question that can't go any more is not to
        be left without its answers.
        """
        question = self._goes_before.get(change.id)
        live = self.sights.of(question) if question else None
        if live is None or not live.facts.engaged_by_others:
            return ""
        ours = {it.ref for it in self._bindings.values()}
        strangers = any(it.ref not in ours for it in self.sights.seen_under(live.ref))
        if live.facts.only_answered and not strangers:
            return ""
        return "others have answered, commented or voted on its question since the plan was made"

    def _moves_mark(self, change: Change) -> bool:
        """Tell whether *change* accepts an answer of a question that others know already."""
        wanted = {it.field: it.after for it in change.fields}
        parent = self._known_before.get(change.parent) if change.parent else change.parent_ref
        return change.verb is Verb.SET and wanted.get(Field.ACCEPTED) is True and parent is not None

    async def _other_mark(self, change: Change, ref: Ref) -> LiveItem | None:
        """Return another answer that bears the mark, that we didn't set and the plan didn't see."""
        parent = self._known_before.get(change.parent) if change.parent else change.parent_ref
        if parent is None:
            return None
        ours = {it.ref for it in self._bindings.values() if _is_marked(it)}
        for other in await self.sights.look_under(parent):
            accepted = other.fields.get(Field.ACCEPTED) is True and other.ref != ref
            if accepted and other.ref not in ours and other.ref not in self._marks_seen:
                return other
        return None

    def _existing(self, change: Change) -> LiveItem | None:
        """Return the post that a create would double, as far as was read."""
        binding = self._ledger.bindings.get(change.key)
        bound = self.sights.of(binding.ref) if binding else None
        full = full_key(self._plan.namespace, change.key)
        return bound or self.sights.marked(full, self._plan.publishers)

    async def _take_over(self, change: Change, live: LiveItem | None) -> None:
        """Note a change that is done already, and remember its post."""
        if live is not None:
            operation = await self._recorder.operation(change, live)
            binding = binding_after(
                operation,
                self._bindings.get(change.key),
                live,
                protected=change.protected,
                found=True,
            )
            await self._journal.bind([binding])
            self._remember(binding)
        elif change.verb is Verb.DELETE:
            await self._journal.unbind([change.key])
        self._results.note(change, ResultState.FOUND, "it was so already", live)

    async def _attempt(self, change: Change, live: LiveItem | None, content: bytes = b"") -> None:
        operation = await self._recorder.operation(change, live)
        write = self._recorder.write(change, operation, live, content)
        await self._journal.keep(values_of(change))
        await self._journal.intend(operation)
        self._intended[change.id] = change
        self._observe(operation)
        self._auditor.note_sending(operation)
        try:
            outcome = await self._team.write(write, self._hold_of(change))
        except LookTooOld:
            await self._recorder.close(
                operation, State.ABSENT, "nothing was sent: its look was too old"
            )
            self._look_again(change, operation)
        except ImporterError:
            # The journal's hold on the run is gone: nothing of this one was sent.
            self._intended.pop(change.id, None)
            raise
        else:
            await self._settle(change, operation, outcome)

    def _hold_of(self, change: Change) -> Hold:
        """Return what is awaited right before the bytes go: the lock, and a final write's look."""
        return hold_after_look(self._journal) if self._is_final(change) else self._journal.hold

    def _is_final(self, change: Change) -> bool:
        """Tell whether nothing shows afterwards what *change* went over."""
        if change.verb is Verb.UPDATE:
            return not self._team.keeps_history(change.kind)
        is_end = change.verb is Verb.DELETE or change.kind is Kind.TAG
        return is_end or self._moves_mark(change)

    def _goes_over_unseen(self, change: Change) -> bool:
        """Tell whether *change* may take somebody's words away, and no history tells which.

        Who names further experts takes nobody away.
        """
        if change.kind is Kind.TAG:
            return any(set(_names(it.before)) - set(_names(it.after)) for it in change.fields)
        return change.verb is Verb.UPDATE and self._is_final(change)

    def _look_again(self, change: Change, operation: Operation) -> None:
        if operation.attempt < _LOOKS_AT_MOST:
            self._waiting = {change.id: change, **self._waiting}
        else:
            why = "its turn never came soon enough after a look at the post"
            self._results.note(change, ResultState.NOT_REACHED, why)

    async def _settle(self, change: Change, operation: Operation, outcome: Outcome) -> None:
        match outcome:
            case Done(item) if item is not None and self._is_another(operation, item):
                await self._settle(change, operation, Unknown(f"the answer names {item.ref}"))
            case Done(item):
                await self._done(change, operation, item)
            case Rejected(code, message, stops_run, lasting):
                # Another token may name experts, and who is unknown today may join tomorrow.
                lasts = lasting and not stops_run and not _names_people(change)
                await self._recorder.close(operation, refused(lasts=lasts), message or code)
                self._results.note(
                    change, ResultState.REJECTED, message or code, goes_again=not lasts
                )
                if stops_run:
                    self._halt = self._halt or AccessError(
                        f"the server refused to write: {message or code}",
                        remedy="Give a PAT that may write; the same command goes on.",
                    )
            case NotApplied(proof, resume_after_s):
                await self._recorder.close(operation, State.ABSENT, proof)
                self._results.note(change, ResultState.NOT_REACHED, proof)
                if resume_after_s is not None:
                    spent = BudgetExhausted(proof, resume_after_s=resume_after_s)
                    self._halt = self._halt or spent.told_at(self._clock.now())
            case Unknown(evidence):
                quiet = replace(operation, evidence=evidence, quiet_at=self._clock.now())
                self._unknown[change.id] = (change, quiet)

    def _is_another(self, operation: Operation, item: LiveItem) -> bool:
        """Tell whether the answer to a create names a post that was there before.

        One with this item's marker that no reading has seen is its post, whatever its date says.
        """
        if operation.verb is not Verb.CREATE:
            return False
        known = self.sights.of(item.ref) is not None
        if item.marker and item.marker.key == full_key(self._plan.namespace, operation.key):
            return known
        born, sent = item.facts.created_at, operation.opened_at
        told = self._team.server_time() is not None
        is_old = told and born is not None and sent is not None and born < sent - _CLOCKS_AGREE
        return is_old or known

    async def _done(self, change: Change, operation: Operation, item: LiveItem | None) -> None:
        binding = None
        live = None
        if item is not None:
            self._addresses.add(change.key, item.ref, item.url)
            live = self.sights.note(item)
            if change.verb is Verb.CREATE and change.kind is not Kind.IMAGE:
                now = self._clock.now()
                self._window.confirmed(item.ref, now, item.facts.created_at)
            binding = binding_after(
                operation,
                self._bindings.get(change.key),
                live,
                protected=self._is_protected(change),
                found=False,
            )
        elif operation.ref is not None:
            self.sights.forget(operation.ref)
        ended = replace(
            operation,
            state=State.DONE,
            ref=item.ref if item else operation.ref,
            ended_at=self._clock.now(),
        )
        await self._journal.settle(ended, binding)
        self._observe(ended)
        if binding is not None:
            self._remember(binding)
        self._auditor.note_done(ended, live)
        self._results.note(change, ResultState.DONE, "", live)
        if live is not None:
            self._inspect(change, ended, live)

    def _is_protected(self, change: Change) -> bool:
        known = self._bindings.get(change.key)
        own_call = change.verb is Verb.SET and known is not None
        return known.protected if own_call and known else change.protected

    def _inspect(self, change: Change, operation: Operation, live: LiveItem) -> None:
        """Look at the echo: the canary's marker must come back, rewritten texts are reported."""
        if change.picture is not None:
            self._inspect_image(change, change.picture, live)
        if change.verb is Verb.SET or change.kind is Kind.IMAGE:
            return
        rewritten = rewritten_fields(operation, live)
        if rewritten:
            what = f"the server keeps another {' and '.join(rewritten)} than was sent"
            self._results.incident(Incident(what, change.key, (live.ref,)))
        if self._canary_due and _brings_marker(change):
            self._canary_due = False
            expected = full_key(self._plan.namespace, change.key)
            if live.marker is None or live.marker.key != expected:
                self._halt = self._halt or PartlyApplied(
                    f"the server drops the marker: it did not come back with {live.url}",
                    remedy="Without markers an import can't be repeated safely. Keep the journal, "
                    "look at that post, and ask for help before you go on.",
                )

    def _inspect_image(self, change: Change, picture: Picture, live: LiveItem) -> None:
        """Say so where the image can't be told again by its address in a post."""
        site = self._access.site
        if site.find_picture(site.picture(live.url, picture.digest)) is None:
            what = (
                f"the team keeps images elsewhere than on its own host ({live.url}): keep the "
                "journal, or the next run uploads them again"
            )
            self._results.incident(Incident(what, change.key, (live.ref,)))

    def _remember(self, binding: Binding) -> None:
        self._bindings[binding.key] = binding
        self._addresses.add(binding.key, binding.ref, binding.url)

    async def _resolve_unknown(self) -> bool:
        """Resolve what is parked. True when something may go on.

        Looking goes on after the end of the quota: calls are kept back for it.
        """
        halted = self._halt is not None and not isinstance(self._halt, BudgetExhausted)
        if not self._unknown or self._stop.is_set() or halted:
            return False
        if self._options.on_unknown is OnUnknown.PARK:
            return False
        parked, self._unknown = self._unknown, {}
        resolver = Resolver(
            self._team,
            self._access,
            self._clock,
            self._options,
            self._window,
            self._plan.namespace,
        )
        self._condition = self._window.condition
        operations = [operation for _, operation in parked.values()]
        try:
            async for operation, decision in resolver.resolve(
                operations, self._addresses.targets, self._stop
            ):
                change, _ = parked.pop(operation.change)
                await self._resolved(change, operation, decision)
        except ImporterError as error:
            self._halt = self._halt or error
        self._unknown.update(parked)
        self._condition = self._window.condition
        return not self._is_stopped

    async def _resolved(self, change: Change, operation: Operation, decision: Decision) -> None:
        ended, binding = await settle_decision(
            self._journal,
            operation,
            decision,
            self._bindings,
            self._clock,
            protected=change.protected,
        )
        self._observe(ended)
        self._intended.pop(change.id, None)
        self._looked_up += 1
        for incident in incidents_of(operation, decision):
            self._results.incident(incident)
        if decision.verdict is Verdict.FOUND:
            if decision.live is not None:
                self._addresses.add(change.key, decision.live.ref, decision.live.url)
                self.sights.keep(decision.live)
            if binding is not None:
                self._remember(binding)
            self._auditor.note_done(ended, decision.live)
            self._results.note(change, ResultState.DONE, "", decision.live)
            self._canary_due = False
        elif operation.attempt < _ATTEMPTS:
            self._waiting = {change.id: change, **self._waiting}
        else:
            why = f"sent {operation.attempt} times, and never found: {operation.evidence}"
            self._results.note(change, ResultState.NOT_REACHED, why)

    async def _audit(self) -> None:
        """Look for posts that share a key, and for edits that ours went over."""
        if self._halt is not None or self._stop.is_set():
            return
        waiting = {change.key for change, _ in self._unknown.values()}
        try:
            await self._auditor.look_for_doubles(waiting)
            self._audited = await self._auditor.look_at_edits(self._stop) and not self._unknown
        except JournalError as error:
            self._halt = error
        except ImporterError as error:
            what = f"the run could not look for posts that share a key: {error.message}"
            keys = [change.key for change in self._plan.changes] or [Key("")]
            self._results.incident(Incident(what, keys[0]))


def _brings_marker(change: Change) -> bool:
    """Tell whether *change* puts a marker where none was before."""
    is_create = change.verb is Verb.CREATE and change.kind is not Kind.IMAGE
    return is_create or mark_of(change.id) is Mark.ON


def _is_marked(binding: Binding) -> bool:
    base = binding.base.get(Field.ACCEPTED)
    return base is not None and base.ours != UNSET


def _names(value: Value | None) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else ()


def _names_people(change: Change) -> bool:
    """Tell whether *change* says who may edit something, or is an expert of it."""
    return any(it.field in {Field.PERMISSIONS, Field.EXPERTS} for it in change.fields)


def _going_first(plan: Plan) -> Mapping[ChangeId, Ref]:
    """Return the changes that take back answers, with the questions that are to go after them."""
    if not plan.undoes:
        return {}
    going = {it.ref for it in plan.changes if it.verb is Verb.DELETE}
    return {it.id: it.parent_ref for it in plan.changes if it.parent_ref and it.parent_ref in going}
