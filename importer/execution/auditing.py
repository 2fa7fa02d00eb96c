"""Looks at the team once a run is through, and takes back what was made twice from here."""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from importer.execution.audit import lost_edits, read_new_posts
from importer.execution.last_look import LookTooOld, hold_after_look
from importer.execution.recording import Recorder, refused
from importer.execution.results import Results
from importer.execution.sights import Sights
from importer.execution.window import Window
from importer.model.fields import rides_with_post
from importer.model.ids import Field, Key, Kind, Ref, UserId, Verb, change_id
from importer.model.ledger import Binding, Operation, State
from importer.model.live import Access, LiveItem
from importer.model.plan import Change, Doubled, FieldChange, Plan, Reason
from importer.model.report import Incident, Result, ResultState
from importer.model.writing import Done, NotApplied, Rejected, Unknown
from importer.planning.baseline import base_of
from importer.planning.choosing import is_chosen
from importer.planning.doubling import (
    NO_HISTORIES,
    UNCHOSEN,
    UNDOING,
    WAITING,
    find_doubles,
    keys_told,
    objection_to_removal,
    whose_posts,
    why_they_stay,
)
from importer.planning.matching import marked_fields
from importer.ports import Clock, Journal, Team

__all__ = ["Auditor"]

# When to look again for an edit of ours that a stale copy of the team doesn't show, in seconds.
_LOOKS_AGAIN_S = (5.0, 20.0)
_SHOWN_WITHIN = timedelta(seconds=60)
_COUNTS_NO_MORE = "the post that counted is gone, or its marker is: this one is the key's now"
# What no person need see to.
_FOR_ANOTHER_RUN = frozenset({UNCHOSEN, UNDOING, WAITING, _COUNTS_NO_MORE})


class Auditor:
    """One run's audit. What it sends is in no plan, and follows the same protocol.

    *unaudited* are edits of earlier runs after which nobody looked, *authors* those in whose names
    they wrote.
    """

    def __init__(
        self,
        plan: Plan,
        *,
        authors: Collection[UserId],
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
        self._plan = plan
        self._known_authors = frozenset(authors)
        self._histories = NO_HISTORIES
        self._rebound: dict[Key, Binding] = {}
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
        self._authors: set[UserId | None] = {access.me}
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
        """Report posts that share a key, and remove what was made from here and doesn't count.

        The outcome of a write on the keys *waiting* isn't known yet: theirs are left alone. What
        the plan left to a person stays, and so does what it didn't choose.
        """
        posts = self._sights.marked_posts()
        if self._first_sent is not None:
            kinds = frozenset(self._created)
            apart = self._window.apart or timedelta()
            since = self._first_sent - 2 * apart
            posts += await read_new_posts(self._team, self._authors, since, kinds, self._written)
            self._window.looked({it.ref for it in posts}, self._clock.now())
        posts += await self._unread(posts)
        seen = find_doubles(posts, self._plan.namespace, self._ours())
        if not seen:
            return
        doubles = await self._look_anew(seen, posts)
        self._histories = {key: await self._journal.history(key=key) for key in keys_told(doubles)}
        whys = why_they_stay(doubles, self._histories, self._held(doubles, waiting))
        for double, loser in _in_turn(doubles):
            if not whys[loser.ref]:
                whys[loser.ref] = await self._remove(double, loser, doubles)
        await self._mend_pairs(doubles, whys)
        for double in reversed(doubles):
            self._results.incident(_incident(double, whys))

    async def _unread(self, posts: Iterable[LiveItem]) -> list[LiveItem]:
        """Read what the plan says is double or counts, and this run didn't read again.

        Over API v3 what looks as it did isn't read, so that its marker is not seen.
        """
        read = {it.ref for it in posts}
        shown = {ref for it in self._plan.doubles for ref in (it.ref, it.counts)} - read
        known = (self._known(it.key) for it in self._plan.doubles)
        return await self._sights.look_at_bound(it for it in known if it and it.ref in shown)

    def _ours(self) -> frozenset[UserId | None]:
        """Return whose posts are ours: the plan's, and those in whose names this run wrote."""
        ours = whose_posts(self._plan.publishers, self._known_authors, self._access.me)
        return ours | self._authors if self._first_sent is not None else ours

    def _held(self, doubles: Iterable[Doubled], waiting: Collection[Key]) -> Mapping[Ref, str]:
        shown = {it.ref: it.stays for it in self._plan.doubles}
        going = {it.key for it in self._plan.changes if it.verb is Verb.DELETE}

        def why(key: Key, ref: Ref) -> str:
            if key in waiting:
                return WAITING
            if self._plan.undoes:
                return UNDOING
            if not is_chosen(key, self._plan.decisions):
                return UNCHOSEN
            return shown.get(ref) or ("the plan deletes its key's post" if key in going else "")

        return {it.ref: why(double.key, it.ref) for double in doubles for it in double.losers}

    async def _look_anew(
        self, doubles: Sequence[Doubled], seen: Iterable[LiveItem]
    ) -> tuple[Doubled, ...]:
        """Return what there is of *doubles* now among the posts that were *seen*.

        Where one is left of several, its key is bound to it: somebody was here before us.
        """
        marks = {post.ref: post.marker for it in doubles for post in (it.winner, *it.losers)}
        looked = await self._sights.look_at(sorted(marks))
        # Whose marker somebody took off a moment ago is told of as well.
        posts = {it.ref: replace(it, marker=it.marker or marks[it.ref]) for it in looked}
        for double in doubles:
            for loser in double.losers:
                if loser.ref.kind is Kind.QUESTION and loser.ref in posts:
                    under = await self._sights.under(loser.ref)
                    posts = {it.ref: it for it in under} | posts
        rest = {it.ref: it for it in seen if it.ref not in marks}
        left = find_doubles((rest | posts).values(), self._plan.namespace, self._ours())
        still = {it.key for it in left}
        for double in doubles:
            known = self._known(double.key)
            there = [it for it in (double.winner, *double.losers) if it.ref in posts]
            if double.key not in still and there and known and known.ref not in posts:
                await self._bind(double.key, posts[there[0].ref])
        return left

    async def _remove(self, double: Doubled, post: LiveItem, doubles: Sequence[Doubled]) -> str:
        """Delete a post that was made from here and doesn't count; return why that was not done.

        The service lets nobody delete an accepted answer: its mark is taken off first. An answer
        goes only where its question, when it doesn't count either, can go as well.
        """
        for other in doubles:
            for question in other.losers:
                if question.ref != post.parent:
                    continue
                why = await self._against(other, question)
                if why == _COUNTS_NO_MORE:
                    await self._bind(double.key, post)
                    return why
                if why:
                    return f"its question {question.ref} stays"
        if why := await self._against(double, post):
            return why
        loser = self._sights.of(post.ref)
        if loser is not None and loser.fields.get(Field.ACCEPTED) is True:
            mark = FieldChange(Field.ACCEPTED, True, False)  # noqa: FBT003 - the values
            if why := await self._carry_out(double, loser, Verb.SET, (mark,)):
                return why
            if why := await self._against(double, post):
                return why
            loser = self._sights.of(post.ref)
        if loser is not None:
            if why := await self._carry_out(double, loser, Verb.DELETE, ()):
                return why
            self._results.removed(_result(double, loser))
        await self._forget(double, post.ref)
        return ""

    async def _against(self, double: Doubled, post: LiveItem) -> str:
        """Look once more; return what speaks against removing a post; empty: nothing does.

        Somebody may have deleted the post that counts meanwhile: then the other is the key's.
        """
        winner = await self._sights.look(double.winner.ref, engagement=False)
        is_there = winner is not None and _owner(winner) == _owner(double.winner)
        under = await self._sights.under(post.ref) if post.ref.kind is Kind.QUESTION else ()
        loser = await self._sights.look(post.ref, engagement=True)
        if loser is None:
            return ""
        if not is_there:
            await self._bind(double.key, loser)
            return _COUNTS_NO_MORE
        return objection_to_removal(double.key, loser, under, self._histories)

    async def _mend_pairs(self, doubles: Iterable[Doubled], whys: Mapping[Ref, str]) -> None:
        """Bind keys to the posts that count where a question stayed and an answer of it went.

        Somebody came between the two: the pair that is whole is the one to go on with.
        """
        gone = {ref for ref, why in whys.items() if not why}
        losers = [(it, post) for it in doubles for post in it.losers]
        torn = {post.parent for _, post in losers if post.ref in gone} - gone - {None}
        for double, post in losers:
            stays = whys[post.ref]
            known = self._known(double.key)
            is_torn = post.ref in torn or post.parent in torn
            if stays and stays != _COUNTS_NO_MORE and is_torn and known and known.ref == post.ref:
                await self._bind(double.key, double.winner)

    async def _carry_out(
        self, double: Doubled, loser: LiveItem, verb: Verb, fields: tuple[FieldChange, ...]
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

    async def _forget(self, double: Doubled, lost: Ref) -> None:
        """Bind the key of what was deleted to the post that counts; forget what went along."""
        known = self._known(double.key)
        if known is not None and known.ref != lost:
            await self._journal.bind([known])
        elif known is not None:
            await self._bind(double.key, double.winner)
        under = {it.key for it in self._bindings.values() if it.parent == lost}
        await self._journal.unbind(sorted(under - self._rebound.keys()))

    def _known(self, key: Key) -> Binding | None:
        return self._rebound.get(key) or self._bindings.get(key)

    async def _bind(self, key: Key, live: LiveItem) -> None:
        """Bind *key* to another post; what was last written there, its marker says."""
        rows = rides_with_post(live.ref.kind)
        bases = {row.field: base_of(row, live, None) for row in rows}
        known = self._known(key)
        binding = Binding(
            key,
            live.ref,
            live.url,
            {field: base for field, base in bases.items() if base is not None},
            parent=live.parent,
            marked=marked_fields(live),
            protected=known is not None and known.protected,
            author=live.facts.author,
        )
        await self._journal.bind([binding])
        self._rebound[key] = binding


def _in_turn(doubles: Sequence[Doubled]) -> list[tuple[Doubled, LiveItem]]:
    """Return what doesn't count, the answers of a question right before it.

    Nobody can delete a question with several of them.
    """
    losers = [(it, post) for it in reversed(doubles) for post in it.losers]
    places = {post.ref: place for place, (_, post) in enumerate(losers)}

    def place_of(found: tuple[Doubled, LiveItem]) -> tuple[int, bool]:
        post = found[1]
        is_answer = post.ref.kind is Kind.ANSWER
        home = post.parent if post.parent in places and post.parent is not None else post.ref
        return places[home], not is_answer

    return sorted(losers, key=place_of)


def _incident(double: Doubled, whys: Mapping[Ref, str]) -> Incident:
    """Return what is reported of a double; *whys* say why which of its posts is still there."""
    refs = (double.winner.ref, *(it.ref for it in double.losers))
    what = f"{len(refs)} posts carry this key's marker; {double.winner.ref} counts"
    removed = tuple(it.ref for it in double.losers if not whys[it.ref])
    if removed:
        what += f"; {', '.join(map(str, removed))} was made from here and is removed"
    for ref in (it.ref for it in double.losers if whys[it.ref]):
        what += f"; {ref} is still there ({whys[ref]})"
        if whys[ref] not in _FOR_ANOTHER_RUN:
            what += ": what somebody wrote there, take over first, then delete it on the site"
    url = double.winner.url
    return Incident(what, double.key, refs, severe=True, url=url, removed=removed)


def _owner(live: LiveItem) -> str:
    return live.marker.key if live.marker else ""


def _result(double: Doubled, loser: LiveItem) -> Result:
    return Result(
        change_id(double.key, Verb.DELETE),
        double.key,
        loser.ref.kind,
        Verb.DELETE,
        ResultState.DONE,
        title=str(loser.fields.get(Field.TITLE, "")),
        ref=loser.ref,
        url=loser.url,
    )


def _end_of(outcome: Done | Rejected | NotApplied) -> tuple[State, str]:
    match outcome:
        case Done():
            return State.DONE, "it carried the key of another post"
        case Rejected(code, message):
            return refused(lasts=outcome.lasting and not outcome.stops_run), message or code
        case NotApplied(proof):
            return State.ABSENT, proof
