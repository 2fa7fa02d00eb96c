"""Takes back accepted marks: they go back where they were before the run."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from importer.model.ids import ChangeId, Field, Key, Ref, Verb
from importer.model.ledger import Operation
from importer.model.live import LiveItem
from importer.model.plan import BlockedCode, Change, FieldChange, ManualStep
from importer.planning.baseline import digest_field
from importer.planning.objections import Objection
from importer.planning.traces import Trace
from importer.planning.undo_draft import UndoDraft, ours_of
from importer.text.digests import Digest, agree

__all__ = ["Marks", "in_turn"]


class Marks:
    """The marks that the run set. *earlier* are the operations before it, oldest first."""

    def __init__(
        self, draft: UndoDraft, traces: Sequence[Trace], earlier: Sequence[Operation]
    ) -> None:
        self._draft = draft
        self._now = draft.now
        self._earlier = earlier
        self._marked = {it.ref for it in traces if Field.ACCEPTED in it.fields}

    def restore(self, trace: Trace, key: Key, live: LiveItem) -> None:
        """Take the mark off an answer, or give it back its own."""
        it = trace.fields[Field.ACCEPTED]
        objection = self._now.against_writing(
            live, Verb.SET, Field.ACCEPTED
        ) or self._now.changed_since(trace, live, {Field.ACCEPTED: it})
        if objection is not None:
            self._draft.block(trace, key, live, objection)
        elif live.fields[Field.ACCEPTED] is True:
            self.take_off(trace, key, live)
        elif (other := self._marked_by_others(live)) is not None:
            why = f"another answer is accepted on the site ({other.ref})"
            remedy = "Keep that, or accept this one on the site."
            objection = Objection(BlockedCode.CONFLICT, why, remedy)
            self._draft.block(trace, key, live, objection)
        else:
            self._set(key, live, ours_of(it.former), accepted=True)

    def take_off(self, trace: Trace, key: Key, live: LiveItem) -> None:
        """Take the mark off an answer, and give it back to the one that had it before."""
        it = trace.fields[Field.ACCEPTED]
        self._set(key, live, ours_of(it.former), accepted=False)
        before = self._marked_before(live)
        if before is None:
            return
        binding = self._now.by_ref.get(before.ref)
        base = binding.base.get(Field.ACCEPTED) if binding else None
        if binding and base and it.after is not None and agree(base.ours, it.after):
            # No plan has looked since: the post bore our mark when the run took it away.
            self._set(binding.key, before, base.ours, accepted=True)
        else:
            what = f"accept {before.ref} again, if it was accepted before this run"
            self._draft.manual.append(ManualStep(key, what, before.url))

    def _set(self, key: Key, live: LiveItem, base: Digest | None, *, accepted: bool) -> None:
        change = self._draft.change(key, live, Verb.SET, Field.ACCEPTED)
        fields = (FieldChange(Field.ACCEPTED, not accepted, accepted, base=base),)
        self._draft.changes.append(replace(change, fields=fields))

    def _marked_by_others(self, live: LiveItem) -> LiveItem | None:
        """Return the answer that bears the mark now, unless the run that is undone gave it that."""
        others = (it for it in self._now.under[live.parent] if it.ref not in self._marked)
        return next((it for it in others if it.fields.get(Field.ACCEPTED) is True), None)

    def _marked_before(self, live: LiveItem) -> LiveItem | None:
        """Return the answer of the same question that a run before this one had marked last."""
        for operation in reversed(self._earlier):
            if operation.verb is not Verb.SET or operation.parent != live.parent:
                continue
            marked = digest_field(live.ref.kind, Field.ACCEPTED, value=True)
            is_mark = any(it.after == marked for it in operation.fields)
            ref = operation.ref
            return self._now.live(ref) if is_mark and ref and ref not in self._marked else None
        return None


def in_turn(changes: Sequence[Change]) -> tuple[Change, ...]:
    """Return *changes*, those that set a mark needing those that take one off the same question."""
    off: dict[Ref | None, set[ChangeId]] = defaultdict(set)
    for it in changes:
        if it.verb is Verb.SET and it.fields[0].after is False:
            off[it.parent_ref].add(it.id)
    return tuple(
        replace(it, needs=tuple(sorted(off[it.parent_ref])))
        if it.verb is Verb.SET and it.fields[0].after is True
        else it
        for it in changes
    )
