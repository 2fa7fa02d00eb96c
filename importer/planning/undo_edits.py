"""Takes back what a run edited: texts, tags, markers and experts as they were before it.

With a field its former base comes back, in the journal and in the marker, so the next plan shows
the manifest's change again. Where the run had written over somebody's edit, that edit comes back
as what it was: drift.
"""

from collections.abc import Mapping
from dataclasses import replace

from importer.model.fields import Value, rides_with_post, rule, targets_of
from importer.model.ids import (
    Field,
    Key,
    Kind,
    Mark,
    Ref,
    Verb,
    full_key,
    key_of_target,
    mark_id,
)
from importer.model.ledger import FieldDigests
from importer.model.live import LiveItem
from importer.model.plan import BlockedCode, Change, FieldChange
from importer.planning.baseline import base_of
from importer.planning.keying import keyed_item
from importer.planning.objections import GONE, UNREAD, Objection, untold
from importer.planning.standing import any_agrees
from importer.planning.traces import Trace
from importer.planning.undo_draft import UndoDraft, ours_of
from importer.planning.undo_marks import Marks
from importer.text.digests import Digest, agree

__all__ = ["Edits"]


class Edits:
    """Edits of the run. *texts* are the journal's, under `digests_for_undo`."""

    def __init__(
        self, draft: UndoDraft, marks: Marks, texts: Mapping[Digest, Value], namespace: str
    ) -> None:
        self._draft = draft
        self._now = draft.now
        self._marks = marks
        self._texts = texts
        self._namespace = namespace

    def restore(self, trace: Trace, ref: Ref) -> None:
        """Set back each field that isn't already as it was before the run."""
        binding, live = self._now.by_ref.get(ref), self._now.live(ref)
        key = binding.key if binding else trace.key
        if live is None:
            is_read = ref.kind in self._now.snapshot.covered and ref.kind is not Kind.TAG
            unread = None if is_read else UNREAD
            objection = unread or self._now.by_later_run(ref, None) or GONE
            self._draft.block(trace, key, None, objection)
            return
        if trace.mark is not None:
            self._restore_marker(trace, key, live, trace.mark)
            return
        for name, it in trace.fields.items():
            if name not in live.fields and it.before != it.after:
                self._draft.block(trace, key, live, untold(name))
        moved = {
            name: it
            for name, it in trace.fields.items()
            if name in live.fields and not any_agrees(self._now.shown(live, name), it.before)
        }
        if not moved:
            self._draft.unchanged += 1
            return
        riding = {name: it for name, it in moved.items() if not rule(ref.kind, name).own_call}
        if riding:
            self._restore_post(trace, key, live, riding)
        if Field.ACCEPTED in moved:
            self._marks.restore(trace, key, live)
        if Field.EXPERTS in moved:
            self._restore_experts(trace, key, live, moved[Field.EXPERTS])

    def _restore_marker(self, trace: Trace, key: Key, live: LiveItem, mark: Mark) -> None:
        """Take off the marker that the run put on, or put on again what it took off."""
        full = full_key(self._namespace, key)
        owner = live.marker.key if live.marker else None
        if owner != (full if mark is Mark.ON else None):
            self._draft.unchanged += 1
            return
        objection = self._now.against_writing(live, Verb.UPDATE) or self._now.written_later(
            live.ref
        )
        if objection is not None:
            self._draft.block(trace, key, live, objection)
            return
        back = Mark.OFF if mark is Mark.ON else Mark.ON
        change = self._rewritten(key, live, ())
        self._draft.changes.append(replace(change, id=mark_id(key, back)))

    def _restore_post(
        self, trace: Trace, key: Key, live: LiveItem, riding: Mapping[Field, FieldDigests]
    ) -> None:
        former = {name: self._former_value(it) for name, it in riding.items()}
        objection = (
            self._now.against_writing(live, Verb.UPDATE)
            or self._now.changed_since(trace, live, riding)
            or self._against_text(former)
        )
        if objection is not None:
            self._draft.block(trace, key, live, objection)
            return
        shown = keyed_item(live, self._now.bound)
        fields = tuple(
            FieldChange(name, shown.fields[name], former[name], base=ours_of(it.former))
            for name, it in riding.items()
        )
        self._draft.changes.append(self._rewritten(key, live, fields))

    def _rewritten(self, key: Key, live: LiveItem, fields: tuple[FieldChange, ...]) -> Change:
        """Return the write that sets *fields* back, its marker saying what the bases are then."""
        binding = self._now.by_ref.get(live.ref)
        rows = rides_with_post(live.ref.kind)
        bases = {row.field: ours_of(base_of(row, live, binding)) for row in rows} | {
            it.field: it.base for it in fields
        }
        return replace(
            self._draft.change(key, live, Verb.UPDATE),
            fields=fields,
            bumps=True,
            marker_base={name: base for name, base in bases.items() if base is not None},
            protected=binding is not None and binding.protected,
        )

    def _restore_experts(self, trace: Trace, key: Key, live: LiveItem, it: FieldDigests) -> None:
        former = self._former_value(it)
        objection = (
            self._now.against_writing(live, Verb.SET, it.field)
            or self._now.changed_since(trace, live, {it.field: it})
            or self._against_text({it.field: former})
        )
        if objection is not None:
            self._draft.block(trace, key, live, objection)
            return
        fields = (FieldChange(it.field, live.fields[it.field], former, base=ours_of(it.former)),)
        change = self._draft.change(key, live, Verb.SET, it.field)
        self._draft.changes.append(replace(change, fields=fields))

    def _former_value(self, it: FieldDigests) -> Value | None:
        """Return what stood there: as the manifest said it, where the server had rewritten that."""
        if it.former is not None and it.before is not None and agree(it.before, it.former.served):
            return self._texts.get(it.former.ours) or self._texts.get(it.before)
        return self._texts.get(it.before) if it.before is not None else None

    def _against_text(self, former: Mapping[Field, Value | None]) -> Objection | None:
        for name, value in former.items():
            if value is None:
                why = f"its former {name} is not in the journal"
                remedy = "Take it from the post's history on the site."
                return Objection(BlockedCode.NO_BASE, why, remedy)
            for key in filter(None, map(key_of_target, targets_of(name, value))):
                if key not in self._now.by_key:
                    why = f"its former {name} links to {key}, which has no post any more"
                    remedy = f"Bring {key} back first, or edit this one on the site."
                    return Objection(BlockedCode.NEEDS, why, remedy)
        return None
