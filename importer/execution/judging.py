"""Holds a change against its post as it is right now: fresh, done already, or overtaken.

The verdict on one post is planning's; here is what has to be read for it, and what speaks against
a write beside the post itself: other answers' marks, answers that would go along, a question that
stays.
"""

from collections.abc import Iterable, Mapping

from importer.execution.addresses import Addresses
from importer.execution.last_look import Finality
from importer.execution.results import Results
from importer.execution.sights import Sights
from importer.model.ids import ChangeId, Field, Key, Kind, Ref, Verb, full_key
from importer.model.ledger import Binding
from importer.model.live import LiveItem, Snapshot
from importer.model.plan import Change, Plan
from importer.planning.baseline import UNSET
from importer.planning.deleting import edited_since
from importer.planning.freshness import Freshness, Judgement, judge_freshness

__all__ = ["Judge"]

# A post is read again when it was seen longer ago than this, in seconds.
_FRESH_FOR_S = 30.0


class Judge:
    """Judges the changes of one run. *bound* is what the journal remembered before it."""

    def __init__(
        self,
        plan: Plan,
        *,
        bound: Mapping[Key, Binding],
        addresses: Addresses,
        sights: Sights,
        finality: Finality,
        results: Results,
    ) -> None:
        self._plan = plan
        self._bound = bound
        self._addresses = addresses
        self._sights = sights
        self._finality = finality
        self._results = results
        self._marks_seen: frozenset[Ref] = frozenset()
        self._goes_before = _going_first(plan)
        self._seconds = {it.key: it for it in plan.changes if it.id.endswith("!links")}

    def take_marks(self, snapshot: Snapshot) -> None:
        """Take in which answers are accepted in the reading that the plan was made of."""
        posts = (it for it in snapshot.items.values() if isinstance(it, LiveItem))
        marked = (it.ref for it in posts if it.fields.get(Field.ACCEPTED) is True)
        self._marks_seen = frozenset(marked)

    async def judge(
        self, change: Change, ahead: Iterable[Change]
    ) -> tuple[Judgement, LiveItem | None]:
        """Return the verdict on *change*, and its post; *ahead* are read along if need be."""
        if change.kind is Kind.TAG:
            # Its title is its name: the key may be a synonym of it.
            tag = await self._sights.tag(change.title)
            return judge_freshness(change, tag), tag
        ref = change.ref or (
            None if change.verb is Verb.CREATE else self._addresses.links.get(change.key)
        )
        if ref is None:
            live = self._existing(change)
        elif why := await self._look(change, ref, ahead):
            return Judgement(Freshness.STALE, why), self._sights.of(ref)
        else:
            live = self._sights.of(ref)
        full = full_key(self._plan.namespace, change.key)
        return judge_freshness(change, live, self._seconds.get(change.key), full), live

    async def _look(self, change: Change, ref: Ref, ahead: Iterable[Change]) -> str:
        """Look at the post as newly as *change* needs; return what speaks against it beside."""
        if why := self._why_question_stays(change):
            return why
        if (question := self._finality.question_of_mark(change)) is not None:
            await self._sights.look(ref, engagement=False)
            return await self._marked_since(question, ref)
        if self._finality.is_final(change):
            if why := await self._going_along(change, ref):
                return why
            await self._sights.look(ref, engagement=change.verb is Verb.DELETE)
        else:
            await self._sights.refresh(ref, ahead, self._addresses.links, _FRESH_FOR_S)
        return ""

    def is_behind(self, change: Change, live: LiveItem | None) -> bool:
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

    def _why_question_stays(self, change: Change) -> str:
        """Return what has come of the question since, of an answer that is to go before it.

        The reading that the run begins with shows it: a question that can't go any more is not to
        be left without its answers.
        """
        question = self._goes_before.get(change.id)
        live = self._sights.of(question) if question else None
        if live is None or not live.facts.engaged_by_others:
            return ""
        ours = {it.ref for it in self._addresses.bindings.values()}
        strangers = any(it.ref not in ours for it in self._sights.seen_under(live.ref))
        if live.facts.only_answered and not strangers:
            return ""
        return "others have answered, commented or voted on its question since the plan was made"

    async def _marked_since(self, question: Ref, ref: Ref) -> str:
        """Return which other answer bears the mark, that we didn't set and the plan didn't see."""
        ours = {it.ref for it in self._addresses.bindings.values() if _is_marked(it)}
        for other in await self._sights.look_under(question):
            accepted = other.fields.get(Field.ACCEPTED) is True and other.ref != ref
            if accepted and other.ref not in ours and other.ref not in self._marks_seen:
                return f"another answer was accepted on the site since then ({other.ref})"
        return ""

    async def _going_along(self, change: Change, ref: Ref) -> str:
        """Return what speaks for the answers that would go along with a question."""
        asked = change.verb is Verb.DELETE and change.unless_engaged
        if not asked or ref.kind is not Kind.QUESTION:
            return ""
        bound = {it.ref: it for it in self._addresses.bindings.values()}
        for answer in await self._sights.under(ref):
            if answer.ref in bound and (why := edited_since(answer, bound[answer.ref])):
                return f"its answer {answer.ref}: {why}"
        return ""

    def _existing(self, change: Change) -> LiveItem | None:
        """Return the post that a create would double, as far as was read."""
        binding = self._bound.get(change.key)
        bound = self._sights.of(binding.ref) if binding else None
        full = full_key(self._plan.namespace, change.key)
        return bound or self._sights.marked(full, self._plan.publishers)


def _is_marked(binding: Binding) -> bool:
    base = binding.base.get(Field.ACCEPTED)
    return base is not None and base.ours != UNSET


def _going_first(plan: Plan) -> Mapping[ChangeId, Ref]:
    """Return the changes that take back answers, with the questions that are to go after them."""
    if not plan.undoes:
        return {}
    going = {it.ref for it in plan.changes if it.verb is Verb.DELETE}
    return {it.id: it.parent_ref for it in plan.changes if it.parent_ref and it.parent_ref in going}
