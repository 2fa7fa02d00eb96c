"""Takes back what a run created: deleted where nobody has built upon it.

A question stays where somebody has built upon it; without the answers that came with it they would
be left with half of what they met. A question and its answer may be by two authors of ours: the
journal tells whose a post is, not its author.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from importer.model.fields import rides_with_post
from importer.model.ids import ChangeId, Field, Key, Kind, Ref, UserId, Verb, change_id
from importer.model.ledger import Binding
from importer.model.live import LiveItem
from importer.model.plan import BlockedCode, FieldChange
from importer.planning.keying import keyed_item
from importer.planning.objections import (
    ENGAGED,
    LET_GO,
    PROTECTED,
    QUESTION_STAYS,
    STRANGE,
    UNREAD,
    Objection,
)
from importer.planning.traces import Trace
from importer.planning.undo_draft import UndoDraft
from importer.planning.undo_marks import Marks

__all__ = ["Creates"]


class Creates:
    """Posts of the run. *made* maps all posts that the journal's runs created to their authors."""

    def __init__(self, draft: UndoDraft, marks: Marks, made: Mapping[Ref, UserId | None]) -> None:
        self._draft = draft
        self._now = draft.now
        self._marks = marks
        self._made = made
        self._going: dict[Ref, ChangeId] = {}
        self._staying: set[Ref] = set()

    def delete(self, trace: Trace, ref: Ref) -> None:
        """Delete a post, its mark first; answers before their question."""
        binding, live = self._now.by_ref.get(ref), self._now.live(ref)
        key = binding.key if binding else trace.key
        if live is None and ref.kind in self._now.snapshot.covered:
            self._draft.gone += 1
            self._draft.unchanged += 1
            self._draft.released |= {key} if binding else set()
            return
        objection = UNREAD if live is None else self._against_deleting(trace, live, binding)
        if live is None or objection is not None:
            self._staying.add(ref)
            self._draft.block(trace, key, live, objection)
            return
        if live.fields.get(Field.ACCEPTED) is True:
            self._marks.take_off(trace, key, live)
        self._delete(key, live)

    def _delete(self, key: Key, live: LiveItem) -> None:
        change = self._draft.change(key, live, Verb.DELETE)
        mark = change_id(key, Verb.SET, Field.ACCEPTED)
        marks = {mark} & {it.id for it in self._draft.changes}
        answers = {self._going[it.ref] for it in self._now.under[live.ref]}
        self._going[live.ref] = change.id
        shown = keyed_item(live, self._now.bound)
        fields = tuple(
            FieldChange(row.field, shown.fields[row.field], None)
            for row in rides_with_post(live.ref.kind)
            if row.field in live.fields
        )
        needs = tuple(sorted(marks | answers))
        self._draft.changes.append(replace(change, fields=fields, needs=needs, unless_engaged=True))

    def keep_with_questions(self, traces: Iterable[Trace]) -> None:
        """Leave answers, with their marks, to questions of the run that stay."""
        for trace in traces:
            if trace.ref in self._going:
                self._keep_with_question(trace, trace.ref)

    def _keep_with_question(self, trace: Trace, ref: Ref) -> None:
        live = self._now.live(ref)
        if live is None or live.parent not in self._staying:
            return
        deletion = next(it for it in self._draft.changes if it.id == self._going[ref])
        self._draft.changes = [it for it in self._draft.changes if it.ref != ref]
        self._draft.block(trace, deletion.key, live, QUESTION_STAYS)

    def _against_deleting(
        self, trace: Trace, live: LiveItem, binding: Binding | None
    ) -> Objection | None:
        taken_along = {Kind.ANSWER} if live.ref.kind is Kind.QUESTION else set()
        if not {live.ref.kind, *taken_along} <= self._now.snapshot.covered:
            return UNREAD
        if binding is None:
            return LET_GO
        if binding.protected:
            return PROTECTED
        if trace.author not in (None, live.facts.author):
            return STRANGE
        return (
            self._now.against_writing(live, Verb.DELETE)
            or self._now.changed_since(trace, live, trace.fields)
            or self._accepted_since(trace, live)
            or self._answered_by_later_run(live)
            or (ENGAGED if self._is_engaged(live) else None)
            or self._answers_that_stay(live)
        )

    def _is_engaged(self, live: LiveItem) -> bool:
        """Tell whether others have engaged; authors in whose names our runs wrote are none."""
        if not live.facts.engaged_by_others:
            return False
        answers = self._now.under[live.ref] if live.facts.only_answered else ()
        return not answers or not all(self._is_made(it) for it in answers)

    def _is_made(self, live: LiveItem) -> bool:
        """Tell whether a run of this journal made the post, and it is still its author's."""
        return live.ref in self._made and self._made[live.ref] in (None, live.facts.author)

    def _accepted_since(self, trace: Trace, live: LiveItem) -> Objection | None:
        if Field.ACCEPTED in trace.fields or live.fields.get(Field.ACCEPTED) is not True:
            return None
        return self._now.by_later_run(live.ref, Field.ACCEPTED) or replace(
            ENGAGED, why="it was accepted on the site since"
        )

    def _answered_by_later_run(self, question: LiveItem) -> Objection | None:
        refs = [it.ref for it in self._now.under[question.ref] if it.ref not in self._going]
        ours = (ref for ref in refs if ref in self._now.by_ref)
        found = (self._now.by_later_run(ref, Field.BODY) for ref in ours)
        return next((it for it in found if it is not None), None)

    def _answers_that_stay(self, question: LiveItem) -> Objection | None:
        """Object where an answer would be taken along that isn't deleted itself."""
        by_ref = self._now.by_ref
        for live in self._now.under[question.ref]:
            if live.ref not in self._going:
                name = by_ref[live.ref].key if live.ref in by_ref else live.ref
                why = f"its answer {name} stays, and would go with it"
                return Objection(BlockedCode.NEEDS, why, "See to that answer first.")
        return None
