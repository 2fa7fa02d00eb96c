"""Looks at the team once a run is through, and takes back what was made twice from here."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from importer.execution.audit import Double, find_doubles, lost_edits, made_here, read_new_posts
from importer.execution.last_look import LookTooOld, hold_after_look
from importer.execution.recording import Recorder, refused
from importer.execution.results import Results
from importer.execution.sights import Sights
from importer.execution.window import Window
from importer.model.fields import Value, rides_with_post
from importer.model.ids import Field, Key, Kind, Ref, UserId, Verb, change_id, split_full_key
from importer.model.ledger import Binding, Operation, State
from importer.model.live import Access, LiveItem
from importer.model.plan import Change, FieldChange, Reason
from importer.model.writing import Done, NotApplied, Rejected, Unknown
from importer.planning.compare import digest_field
from importer.planning.deleting import says_nothing
from importer.ports import Clock, Journal, Team
from importer.text.digests import Digest, agree

__all__ = ["Auditor"]

# When to look again for an edit of ours that a stale copy of the team doesn't show, in seconds.
_LOOKS_AGAIN_S = (5.0, 20.0)
_SHOWN_WITHIN = timedelta(seconds=60)


class Auditor:
    """One run's audit. What it sends is in no plan, and follows the same protocol.

    *unaudited* are edits of earlier runs after which nobody looked.
    """

    def __init__(
        self,
        namespace: str,
        *,
        unaudited: Sequence[Operation],
        rejected: Sequence[Operation],
        team: Team,
        journal: Journal,
        access: Access,
        clock: Clock,
        recorder: Recorder,
        bindings: Mapping[Key, Binding],
        sights: Sights,
        results: Results,
        window: Window,
    ) -> None:
        self._namespace = namespace
        self._rejected = {it.change: it for it in rejected}
        self._team = team
        self._journal = journal
        self._clock = clock
        self._recorder = recorder
        self._bindings = bindings
        self._sights = sights
        self._results = results
        self._window = window
        self._first_sent: datetime | None = None
        self._access = access
        self._authors = {access.me}
        self._created = {Kind.QUESTION, Kind.ANSWER}
        self._written: dict[Ref, LiveItem] = {}
        self._edits: list[Operation] = list(unaudited)

    def note_sending(self, operation: Operation) -> None:
        """Remember when the first create went: new posts are looked at from then on."""
        if operation.verb is Verb.CREATE and operation.kind is not Kind.IMAGE:
            self._authors.add(operation.author)
            self._first_sent = self._first_sent or operation.opened_at
            self._created.add(operation.kind)

    def note_done(self, operation: Operation, live: LiveItem | None) -> None:
        """Remember what happened: an edit's history is looked at, a new post need not be read."""
        if operation.verb is Verb.UPDATE:
            self._edits.append(operation)
        if operation.verb is Verb.CREATE and live is not None and live.ref.kind is not Kind.IMAGE:
            self._written[live.ref] = live

    async def look_at_edits(self, stop: asyncio.Event) -> bool:
        """Report edits that ours went over; tell whether all the recent ones were there to see.

        Where the way to the team shows no histories, what rests on one waits for a later run.
        """
        told = [it for it in self._edits if self._team.keeps_history(it.kind)]
        untold = any(it.read_as_of is not None for it in self._edits if it not in told)
        edits: Sequence[Operation] = told
        for pause_s in (*_LOOKS_AGAIN_S, 0.0):
            looked = await lost_edits(self._team, edits)
            for incident in looked.incidents:
                self._results.incident(incident)
            # Older ones had time enough to show: they made no revision of their own.
            oldest = self._clock.now() - _SHOWN_WITHIN
            edits = [it for it in looked.hidden if it.opened_at and it.opened_at > oldest]
            if not edits or stop.is_set():
                break
            await asyncio.sleep(pause_s)
        return not edits and not untold

    async def look_for_doubles(self, waiting: Collection[Key]) -> None:
        """Report posts that share a key, and remove what was made from here and lost.

        The outcome of a write on the keys *waiting* isn't known yet: theirs are left alone.
        """
        posts = self._sights.marked_posts()
        if self._first_sent is not None:
            kinds = frozenset(self._created)
            apart = self._window.apart or timedelta()
            since = self._first_sent - 2 * apart
            posts += await read_new_posts(self._team, self._authors, since, kinds, self._written)
            self._window.looked({it.ref for it in posts}, self._clock.now())
        doubles = find_doubles(posts, self._namespace, self._authors)
        # Answers before their question: nobody can delete a question with several of them.
        for double in reversed(doubles):
            made = made_here(await self._journal.history(key=double.key))
            left: dict[Ref, str] = {}
            for loser in double.losers:
                ours = loser.ref in made and double.key not in waiting
                if not ours:
                    left[loser.ref] = "this journal didn't make it"
                elif why := await self._remove(double, loser.ref):
                    left[loser.ref] = why
            self._results.incident(double.incident(left))

    async def _remove(self, double: Double, ref: Ref) -> str:
        """Delete a post that was made from here and lost; return why that was not done.

        The service lets nobody delete an accepted answer: its mark is taken off first.
        """
        loser = await self._sights.look(ref, engagement=True)
        if loser is None:
            await self._forget(double, ref)
            return ""
        if why := await self._objection(double.key, loser):
            return why
        if loser.fields.get(Field.ACCEPTED) is True:
            mark = FieldChange(Field.ACCEPTED, True, False)  # noqa: FBT003 - the values
            why = await self._carry_out(double, loser, Verb.SET, (mark,))
            if why or (loser := await self._sights.look(ref, engagement=True)) is None:
                return why
            if why := await self._objection(double.key, loser):
                return why
        why = await self._carry_out(double, loser, Verb.DELETE, ())
        if not why:
            await self._forget(double, loser.ref)
        return why

    async def _objection(self, key: Key, loser: LiveItem) -> str:
        """Return what speaks against removing a post that was made twice; empty: nothing does."""
        if loser.facts.engaged_by_others:
            return "others have engaged with it"
        if not await self._is_as_written(key, loser):
            return "it is not what was written from here any more"
        if loser.ref.kind is Kind.QUESTION:
            for answer in await self._sights.under(loser.ref):
                full = answer.marker.key if answer.marker else ""
                if not await self._is_as_written(split_full_key(full)[1], answer):
                    return f"its answer {answer.ref} is not what was written from here any more"
        return ""

    async def _is_as_written(self, key: Key, live: LiveItem) -> bool:
        """Tell whether nobody else edited *live* (keyed), and it says what this journal wrote.

        Of a collection nobody tells who edited it, and an edit before our last one shows in no
        editor.
        """
        if live.facts.editor not in (None, live.facts.author):
            return False
        history = await self._journal.history(key=key)
        done = [it for it in history if it.state is State.DONE and it.ref == live.ref]
        written = {it.field: it.after for operation in done for it in operation.fields if it.after}
        return not written or all(
            _agrees(live.ref.kind, row.field, live.fields[row.field], written.get(row.field))
            for row in rides_with_post(live.ref.kind)
            if row.field in live.fields
        )

    async def _carry_out(
        self, double: Double, loser: LiveItem, verb: Verb, fields: tuple[FieldChange, ...]
    ) -> str:
        """Do what no plan holds; an unknown outcome waits as ever. Return why it wasn't done."""
        change = Change(
            id=change_id(double.key, verb, *(it.field for it in fields)),
            key=double.key,
            kind=loser.ref.kind,
            verb=verb,
            reason=Reason.REMOVED,
            ref=loser.ref,
            parent_ref=loser.parent,
            fields=fields,
            url=loser.url,
            author=self._writer_of(loser, verb),
        )
        earlier = self._rejected.get(change.id)
        if earlier is not None and earlier.ref == loser.ref:
            return earlier.evidence
        operation = await self._recorder.operation(change, loser)
        await self._journal.intend(operation)
        write = self._recorder.write(change, operation, loser)
        try:
            outcome = await self._team.write(write, hold_after_look(self._journal))
        except LookTooOld:
            outcome = NotApplied("its turn never came soon enough after a look at the post")
        if isinstance(outcome, Unknown):
            return f"what came of its removal is not known yet: {outcome.evidence}"
        state, evidence = _end_of(outcome)
        await self._recorder.close(operation, state, evidence)
        return "" if state is State.DONE else evidence

    def _writer_of(self, loser: LiveItem, verb: Verb) -> UserId | None:
        """Return in whose name it is taken back: who wrote it here; a mark is the asker's."""
        question = self._sights.of(loser.parent) if loser.parent else None
        owner = question if verb is Verb.SET else loser
        author = owner.facts.author if owner else None
        others = self._authors - {self._access.me}
        return author if self._access.can_author and author in others else None

    async def _forget(self, double: Double, lost: Ref) -> None:
        """Unbind what was deleted; the next plan binds its key to the post that counts."""
        kept = self._bindings.get(double.key)
        if kept is not None and kept.ref != lost:
            await self._journal.bind([kept])
        under = [it.key for it in self._bindings.values() if it.parent == lost]
        await self._journal.unbind(under)


def _agrees(kind: Kind, field: Field, value: Value, written: Digest | None) -> bool:
    if written is None:
        return says_nothing(field, value)
    return agree(digest_field(kind, field, value), written)


def _end_of(outcome: Done | Rejected | NotApplied) -> tuple[State, str]:
    match outcome:
        case Done():
            return State.DONE, "it carried the key of another post"
        case Rejected(code, message, stops_run):
            return refused(stops_run=stops_run), message or code
        case NotApplied(proof):
            return State.ABSENT, proof
