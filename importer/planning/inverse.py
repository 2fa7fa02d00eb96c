"""The plan that takes a run back: the journal's operations and the live team in, a plan out.

the run       the live post                                 then
created it    is gone                                       nothing; its key is forgotten
              is ours, as the run left it, nobody else
              engaged                                       deleted, its accepted mark first
              is an answer to a question that the run
              created, and that stays                       blocked, and keeps its mark
              anything else                                 blocked
edited it     says what it said before                      nothing
              says what the run wrote                       what stood before is restored
              anything else, or is gone                     blocked
accepted it   bears the mark                                the mark goes back where it was
put a marker  bears that, and no later run wrote it         it is taken off; the texts stay
named experts has those                                     those before are set
uploaded it   (an image)                                    nothing: no API deletes it
deleted it    is gone                                       a manual step: no API call undeletes
              was a double of another                       a manual step as well
              is there again                                nothing

A question stays where somebody has built upon it; without the answers that came with it they would
be left with half of what they met. A question and its answer may be by two authors of ours: the
journal tells whose a post is, not its author.

With a field its former base comes back, in the journal and in the marker, so the next plan shows
the manifest's change again. Where the run had written over somebody's edit, that edit comes back
as what it was: drift.

No guard: guards stand against a manifest that isn't what its author believes (files lost, a foreign
namespace). Each write here takes back one that was shown, guarded and confirmed; what others have
built upon it since is blocked post by post.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from importer.model.fields import Value, rides_with_post, rule, targets_of
from importer.model.ids import (
    ChangeId,
    Field,
    Key,
    Kind,
    Mark,
    Ref,
    RunId,
    Verb,
    change_id,
    full_key,
    key_of_target,
    mark_id,
)
from importer.model.ledger import Base, Binding, FieldDigests, Ledger, Operation, State
from importer.model.live import Ability, LiveItem, Rates, Snapshot
from importer.model.manifest import Footer
from importer.model.plan import (
    Blocked,
    BlockedCode,
    Change,
    Decisions,
    FieldChange,
    ManualStep,
    Plan,
    Reason,
)
from importer.planning.abilities import Abilities
from importer.planning.authoring import NO_AUTHORING, in_writers_names
from importer.planning.compare import base_of, digest_field, keyed_item
from importer.planning.cost import cost_of, held_in, singly_read
from importer.planning.objections import (
    ENGAGED,
    GONE,
    LET_GO,
    OPEN,
    PROTECTED,
    QUESTION_STAYS,
    STRANGE,
    UNREAD,
    Objection,
    untold,
)
from importer.planning.standing import Standing, any_agrees
from importer.planning.tags import tags_left
from importer.planning.traces import Trace, last_runs, traces_of
from importer.planning.unreached import told_unreached
from importer.text.digests import Digest, agree

__all__ = ["make_inverse"]

Texts = Mapping[Digest, Value]


def make_inverse(
    run: RunId,
    history: Sequence[Operation],
    texts: Texts,
    snapshot: Snapshot,
    ledger: Ledger,
    *,
    namespace: str,
    team: str,
    ability: Abilities,
    rates: Rates,
    authoring: Ability = NO_AUTHORING,
    footer: Footer | None = None,
) -> Plan:
    """Return the plan that takes *run* back. *history* holds all operations, oldest first.

    *authoring* tells whether posts can be written in somebody else's name. *footer*, with the
    address that it leads to, is what posts bear; None: a comment.
    """
    inverse = _Inverse(run, history, texts, snapshot, ledger, ability, namespace)
    inverse.take_back()
    ours = ledger.authors | {it.author for it in inverse.traces}
    changes = _marks_moved_in_turn(in_writers_names(inverse.changes, snapshot, ours, authoring))
    return Plan(
        lineage=ledger.lineage,
        serial=ledger.serial,
        namespace=namespace,
        team=team,
        site=snapshot.site.base,
        manifest=Digest(""),
        decisions=Decisions(),
        changes=changes,
        blocked=told_unreached(inverse.blocked, ability),
        manual=tuple(inverse.manual),
        released=tuple(sorted(inverse.released)),
        cost=cost_of(changes, rates, held_in(snapshot), singly_read(snapshot)),
        managed=len(ledger.bindings),
        unchanged=inverse.unchanged,
        notes=_notes(inverse.gone, inverse.images, changes, snapshot),
        undoes=run,
        footer=footer,
    )


class _Inverse:
    def __init__(
        self,
        run: RunId,
        history: Sequence[Operation],
        texts: Texts,
        snapshot: Snapshot,
        ledger: Ledger,
        ability: Abilities,
        namespace: str,
    ) -> None:
        self.namespace = namespace
        start = next((at for at, it in enumerate(history) if it.run == run), len(history))
        self.earlier = [it for it in history[:start] if it.state is State.DONE]
        self.traces = traces_of(it for it in history[start:] if it.run == run)
        self.now = Standing(
            snapshot,
            ledger,
            ability,
            later=last_runs(it for it in history[start:] if it.run != run),
            ever=[it for it in history if it.state is State.DONE],
        )
        self.texts = texts
        self.snapshot = snapshot
        self.bindings = ledger.bindings
        self.open = {it.key for it in ledger.open}
        self.made = {
            it.ref: it.author for it in history if it.state is State.DONE and it.verb is Verb.CREATE
        }
        self.going: dict[Ref, ChangeId] = {}
        self.staying: set[Ref] = set()
        self.changes: list[Change] = []
        self.blocked: list[Blocked] = []
        self.manual: list[ManualStep] = []
        self.released: set[Key] = set()
        self.unchanged = 0
        self.gone = 0
        self.images = 0

    def take_back(self) -> None:
        """Go through the run backwards: what was written last is taken back first."""
        for trace in reversed(self.traces):
            if trace.key in self.open or trace.ref is None:
                self._block(trace, trace.key, None, OPEN)
            elif trace.kind is Kind.IMAGE:
                self.images += 1
            elif Verb.CREATE in trace.verbs:
                self._delete(trace, trace.ref)
            elif Verb.DELETE in trace.verbs:
                self._undelete(trace, trace.ref)
            else:
                self._restore(trace, trace.ref)
        for trace in self.traces:
            if trace.ref in self.going:
                self._keep_with_question(trace, trace.ref)

    # Created by the run.

    def _delete(self, trace: Trace, ref: Ref) -> None:
        binding, live = self.now.by_ref.get(ref), self.now.live(ref)
        key = binding.key if binding else trace.key
        if live is None and ref.kind in self.snapshot.covered:
            self.gone += 1
            self.unchanged += 1
            self.released |= {key} if binding else set()
            return
        objection = UNREAD if live is None else self._against_deleting(trace, live, binding)
        if live is None or objection is not None:
            self.staying.add(ref)
            self._block(trace, key, live, objection)
            return
        if live.fields.get(Field.ACCEPTED) is True:
            self._take_mark_off(key, trace, live)
        marks = {change_id(key, Verb.SET, Field.ACCEPTED)} & {it.id for it in self.changes}
        answers = {self.going[it.ref] for it in self.now.under[ref]}
        self.going[ref] = change_id(key, Verb.DELETE)
        shown = keyed_item(live, self.now.bound)
        self.changes.append(
            Change(
                id=self.going[ref],
                key=key,
                kind=ref.kind,
                verb=Verb.DELETE,
                reason=Reason.UNDO,
                title=self.now.title_of(live),
                ref=ref,
                parent_ref=live.parent,
                fields=tuple(
                    FieldChange(row.field, shown.fields[row.field], None)
                    for row in rides_with_post(ref.kind)
                    if row.field in live.fields
                ),
                needs=tuple(sorted(marks | answers)),
                unless_engaged=True,
                url=live.url,
            )
        )

    def _against_deleting(
        self, trace: Trace, live: LiveItem, binding: Binding | None
    ) -> Objection | None:
        taken_along = {Kind.ANSWER} if live.ref.kind is Kind.QUESTION else set()
        if not {live.ref.kind, *taken_along} <= self.snapshot.covered:
            return UNREAD
        if binding is None:
            return LET_GO
        if binding.protected:
            return PROTECTED
        if trace.author not in (None, live.facts.author):
            return STRANGE
        return (
            self.now.against_writing(live, Verb.DELETE)
            or self.now.changed_since(trace, live, trace.fields)
            or self._accepted_since(trace, live)
            or self._answered_by_later_run(live)
            or (ENGAGED if self._is_engaged(live) else None)
            or self._answers_that_stay(live)
        )

    def _is_engaged(self, live: LiveItem) -> bool:
        """Tell whether others have engaged; authors in whose names our runs wrote are none."""
        if not live.facts.engaged_by_others:
            return False
        answers = self.now.under[live.ref] if live.facts.only_answered else ()
        return not answers or not all(self._is_made(it) for it in answers)

    def _is_made(self, live: LiveItem) -> bool:
        """Tell whether a run of this journal made the post, and it is still its author's."""
        return live.ref in self.made and self.made[live.ref] in (None, live.facts.author)

    def _keep_with_question(self, trace: Trace, ref: Ref) -> None:
        """Leave an answer, with its mark, to a question of the run that stays."""
        live = self.now.live(ref)
        if live is None or live.parent not in self.staying:
            return
        deletion = next(it for it in self.changes if it.id == self.going[ref])
        self.changes = [it for it in self.changes if it.ref != ref]
        self._block(trace, deletion.key, live, QUESTION_STAYS)

    def _accepted_since(self, trace: Trace, live: LiveItem) -> Objection | None:
        if Field.ACCEPTED in trace.fields or live.fields.get(Field.ACCEPTED) is not True:
            return None
        return self.now.by_later_run(live.ref, Field.ACCEPTED) or replace(
            ENGAGED, why="it was accepted on the site since"
        )

    def _answered_by_later_run(self, question: LiveItem) -> Objection | None:
        refs = [it.ref for it in self.now.under[question.ref] if it.ref not in self.going]
        found = (self.now.by_later_run(ref, Field.BODY) for ref in refs if ref in self.now.by_ref)
        return next((it for it in found if it is not None), None)

    def _answers_that_stay(self, question: LiveItem) -> Objection | None:
        """Object where an answer would be taken along that isn't deleted itself."""
        for live in self.now.under[question.ref]:
            if live.ref not in self.going:
                name = self.now.by_ref[live.ref].key if live.ref in self.now.by_ref else live.ref
                why = f"its answer {name} stays, and would go with it"
                return Objection(BlockedCode.NEEDS, why, "See to that answer first.")
        return None

    # Deleted by the run.

    def _undelete(self, trace: Trace, ref: Ref) -> None:
        bound = self.bindings.get(trace.key)
        has_another = bound is not None and bound.ref != ref
        # What the audit removed as a double was deleted without a word of what it said.
        is_double = not any(row.field in trace.fields for row in rides_with_post(ref.kind))
        if self.now.live(ref) or (has_another and not is_double):
            self.unchanged += 1
            return
        if is_double:
            counts = f" ({bound.ref})" if bound is not None and has_another else ""
            what = (
                f"undelete {ref} on the site, a double of its key's post{counts}, if it is wanted"
            )
            self.manual.append(ManualStep(trace.key, what, self.snapshot.site.address(ref)))
            return
        before = trace.fields[Field.TITLE].before if Field.TITLE in trace.fields else None
        title = f' "{self.texts[before]}"' if before and before in self.texts else ""
        what = f"undelete the {ref.kind}{title} on the site (apply posts it anew, if it is wanted)"
        self.manual.append(ManualStep(trace.key, what, self.snapshot.site.address(ref)))

    # Edited by the run.

    def _restore(self, trace: Trace, ref: Ref) -> None:
        binding, live = self.now.by_ref.get(ref), self.now.live(ref)
        key = binding.key if binding else trace.key
        if live is None:
            is_read = ref.kind in self.snapshot.covered and ref.kind is not Kind.TAG
            unread = None if is_read else UNREAD
            self._block(trace, key, None, unread or self.now.by_later_run(ref, None) or GONE)
            return
        if trace.mark is not None:
            self._restore_marker(trace, key, live, trace.mark)
            return
        for name, it in trace.fields.items():
            if name not in live.fields and it.before != it.after:
                self._block(trace, key, live, untold(name))
        moved = {
            name: it
            for name, it in trace.fields.items()
            if name in live.fields and not any_agrees(self.now.shown(live, name), it.before)
        }
        if not moved:
            self.unchanged += 1
            return
        riding = {name: it for name, it in moved.items() if not rule(ref.kind, name).own_call}
        if riding:
            self._restore_post(trace, key, live, riding)
        if Field.ACCEPTED in moved:
            self._restore_mark(trace, key, live)
        if Field.EXPERTS in moved:
            self._restore_experts(trace, key, live, moved[Field.EXPERTS])

    def _restore_marker(self, trace: Trace, key: Key, live: LiveItem, mark: Mark) -> None:
        """Take off the marker that the run put on, or put on again what it took off."""
        full = full_key(self.namespace, key)
        owner = live.marker.key if live.marker else None
        if owner != (full if mark is Mark.ON else None):
            self.unchanged += 1
            return
        objection = self.now.against_writing(live, Verb.UPDATE) or self.now.written_later(live.ref)
        if objection is not None:
            self._block(trace, key, live, objection)
            return
        back = Mark.OFF if mark is Mark.ON else Mark.ON
        binding = self.now.by_ref.get(live.ref)
        rows = rides_with_post(live.ref.kind)
        bases = {row.field: _ours(base_of(row, live, binding)) for row in rows}
        self.changes.append(
            Change(
                id=mark_id(key, back),
                key=key,
                kind=live.ref.kind,
                verb=Verb.UPDATE,
                reason=Reason.UNDO,
                title=self.now.title_of(live),
                ref=live.ref,
                parent_ref=live.parent,
                bumps=True,
                marker_base={name: base for name, base in bases.items() if base is not None},
                protected=binding is not None and binding.protected,
                url=live.url,
            )
        )

    def _restore_post(
        self, trace: Trace, key: Key, live: LiveItem, riding: Mapping[Field, FieldDigests]
    ) -> None:
        former = {name: self._former_value(it) for name, it in riding.items()}
        objection = (
            self.now.against_writing(live, Verb.UPDATE)
            or self.now.changed_since(trace, live, riding)
            or self._against_text(former)
        )
        if objection is not None:
            self._block(trace, key, live, objection)
            return
        binding, shown = self.now.by_ref.get(live.ref), keyed_item(live, self.now.bound)
        fields = tuple(
            FieldChange(name, shown.fields[name], former[name], base=_ours(it.former))
            for name, it in riding.items()
        )
        bases = {
            row.field: _ours(base_of(row, live, binding)) for row in rides_with_post(live.ref.kind)
        } | {it.field: it.base for it in fields}
        self.changes.append(
            Change(
                id=change_id(key, Verb.UPDATE),
                key=key,
                kind=live.ref.kind,
                verb=Verb.UPDATE,
                reason=Reason.UNDO,
                title=self.now.title_of(live),
                ref=live.ref,
                parent_ref=live.parent,
                fields=fields,
                bumps=True,
                marker_base={name: base for name, base in bases.items() if base is not None},
                protected=binding is not None and binding.protected,
                url=live.url,
            )
        )

    def _former_value(self, it: FieldDigests) -> Value | None:
        """Return what stood there: as the manifest said it, where the server had rewritten that."""
        if it.former is not None and it.before is not None and agree(it.before, it.former.served):
            return self.texts.get(it.former.ours) or self.texts.get(it.before)
        return self.texts.get(it.before) if it.before is not None else None

    def _against_text(self, former: Mapping[Field, Value | None]) -> Objection | None:
        for name, value in former.items():
            if value is None:
                why = f"its former {name} is not in the journal"
                remedy = "Take it from the post's history on the site."
                return Objection(BlockedCode.NO_BASE, why, remedy)
            for key in filter(None, map(key_of_target, targets_of(name, value))):
                if key not in self.bindings:
                    why = f"its former {name} links to {key}, which has no post any more"
                    remedy = f"Bring {key} back first, or edit this one on the site."
                    return Objection(BlockedCode.NEEDS, why, remedy)
        return None

    def _restore_experts(self, trace: Trace, key: Key, live: LiveItem, it: FieldDigests) -> None:
        former = self._former_value(it)
        objection = (
            self.now.against_writing(live, Verb.SET, it.field)
            or self.now.changed_since(trace, live, {it.field: it})
            or self._against_text({it.field: former})
        )
        if objection is not None:
            self._block(trace, key, live, objection)
            return
        change = FieldChange(it.field, live.fields[it.field], former, base=_ours(it.former))
        self.changes.append(
            Change(
                id=change_id(key, Verb.SET, it.field),
                key=key,
                kind=live.ref.kind,
                verb=Verb.SET,
                reason=Reason.UNDO,
                title=self.now.title_of(live),
                ref=live.ref,
                fields=(change,),
                url=live.url,
            )
        )

    def _restore_mark(self, trace: Trace, key: Key, live: LiveItem) -> None:
        it = trace.fields[Field.ACCEPTED]
        objection = self.now.against_writing(
            live, Verb.SET, Field.ACCEPTED
        ) or self.now.changed_since(trace, live, {Field.ACCEPTED: it})
        if objection is not None:
            self._block(trace, key, live, objection)
        elif live.fields[Field.ACCEPTED] is True:
            self._take_mark_off(key, trace, live)
        elif (other := self._marked_by_others(live)) is not None:
            why = f"another answer is accepted on the site ({other.ref})"
            remedy = "Keep that, or accept this one on the site."
            self._block(trace, key, live, Objection(BlockedCode.CONFLICT, why, remedy))
        else:
            self._set_mark(key, live, _ours(it.former), accepted=True)

    def _take_mark_off(self, key: Key, trace: Trace, live: LiveItem) -> None:
        it = trace.fields[Field.ACCEPTED]
        self._set_mark(key, live, _ours(it.former), accepted=False)
        before = self._marked_before(live)
        if before is None:
            return
        base = (
            self.now.by_ref[before.ref].base.get(Field.ACCEPTED)
            if before.ref in self.now.by_ref
            else None
        )
        if base is not None and it.after is not None and agree(base.ours, it.after):
            # No plan has looked since: the post bore our mark when the run took it away.
            self._set_mark(self.now.by_ref[before.ref].key, before, base.ours, accepted=True)
        else:
            what = f"accept {before.ref} again, if it was accepted before this run"
            self.manual.append(ManualStep(key, what, before.url))

    def _set_mark(self, key: Key, live: LiveItem, base: Digest | None, *, accepted: bool) -> None:
        self.changes.append(
            Change(
                id=change_id(key, Verb.SET, Field.ACCEPTED),
                key=key,
                kind=live.ref.kind,
                verb=Verb.SET,
                reason=Reason.UNDO,
                title=self.now.title_of(live),
                ref=live.ref,
                parent_ref=live.parent,
                fields=(FieldChange(Field.ACCEPTED, not accepted, accepted, base=base),),
                url=live.url,
            )
        )

    def _marked_by_others(self, live: LiveItem) -> LiveItem | None:
        """Return the answer that bears the mark now, unless the run that is undone gave it that."""
        others = (it for it in self.now.under[live.parent] if it.ref not in self._marked)
        return next((it for it in others if it.fields.get(Field.ACCEPTED) is True), None)

    @property
    def _marked(self) -> set[Ref | None]:
        return {it.ref for it in self.traces if Field.ACCEPTED in it.fields}

    def _marked_before(self, live: LiveItem) -> LiveItem | None:
        """Return the answer of the same question that a run before this one had marked last."""
        for operation in reversed(self.earlier):
            if operation.verb is not Verb.SET or operation.parent != live.parent:
                continue
            marked = digest_field(live.ref.kind, Field.ACCEPTED, value=True)
            is_mark = any(it.after == marked for it in operation.fields)
            ref = operation.ref
            return self.now.live(ref) if is_mark and ref and ref not in self._marked else None
        return None

    def _block(
        self, trace: Trace, key: Key, live: LiveItem | None, objection: Objection | None
    ) -> None:
        found = objection or OPEN
        url = live.url if live else ""
        self.blocked.append(Blocked(found.code, key, trace.kind, found.why, found.remedy, url=url))


def _marks_moved_in_turn(changes: Sequence[Change]) -> tuple[Change, ...]:
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


def _ours(base: Base | None) -> Digest | None:
    return base.ours if base else None


def _notes(
    gone: int, images: int, changes: Sequence[Change], snapshot: Snapshot
) -> tuple[str, ...]:
    notes = []
    if gone:
        posts = "1 post" if gone == 1 else f"{gone} posts"
        notes.append(f"{posts} that this run created: gone already, nothing to do.")
    if images:
        stay = "1 image stays" if images == 1 else f"{images} images stay"
        notes.append(
            f"{stay} on the site: no API deletes an image. A later apply uses what is there."
        )
    if left := tags_left(changes, snapshot):
        notes.append(left)
    return tuple(notes)
