"""What to do about each field that moved: the only place where a comparison becomes a wish.

    moved     on_drift: keep              on_drift: overwrite
    NEITHER   nothing                     nothing
    EQUAL     nothing; it is the base     nothing; it is the base
    OURS      change                      change
    LIVE      drift, kept                 change
    BOTH      what both merge to, else    change
              blocked: conflict
    NO_BASE   blocked: no-base            change, where the item itself says overwrite

An item's own `on_drift` goes before the command line's, which goes before the manifest's policy.
One field in conflict holds back the whole post: half an edit is nobody's version.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from importer.errors import Span
from importer.model.fields import FieldRule, Value, fields_of, rides_with_post, rule, word_of
from importer.model.ids import ChangeId, Field, Key, Kind, Verb, change_id
from importer.model.ledger import Operation
from importer.model.live import LiveItem
from importer.model.manifest import Item, Manifest, OnDrift
from importer.model.plan import (
    Blocked,
    BlockedCode,
    Change,
    Decisions,
    Drift,
    FieldChange,
    ManualStep,
    Moved,
    Pair,
    Reason,
    Side,
)
from importer.planning.abilities import Abilities, unsupported, within_ability, words_of
from importer.planning.baseline import base_of, digest_field, digest_of_ours
from importer.planning.identity import field_digests, wanted_digest
from importer.planning.merging import NO_TEXTS, base_text
from importer.text.digests import Digest, agree, shorten

__all__ = [
    "Verdict",
    "judge",
    "judge_live",
    "overwrites",
    "unless_rejected",
]

_IMAGE_REFUSED = (
    "Save the image anew, smaller or as another type; or give its URL on a server that the readers "
    "reach."
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of one pair."""

    changes: tuple[Change, ...] = ()
    drift: tuple[Drift, ...] = ()
    blocked: tuple[Blocked, ...] = ()
    manual: tuple[ManualStep, ...] = ()


def judge(
    pair: Pair,
    manifest: Manifest,
    decisions: Decisions,
    ability: Abilities,
    titles: Mapping[Key, str],
    rejected: Mapping[ChangeId, Operation],
    texts: Mapping[Digest, Value] = NO_TEXTS,
) -> Verdict:
    """Return what *pair* asks for. `titles` gives each question's title, for its answers' lines.

    *texts* are the values that fields started from, by their digests, as far as they are known.
    """
    item = pair.item
    verb = Verb.CREATE if pair.live is None else Verb.UPDATE
    able = ability(item.kind, verb, None)
    if not able.able:
        return Verdict(blocked=(unsupported(item, able),))
    pair, beyond = within_ability(pair, ability)
    if pair.live is None and beyond.blocked:
        return Verdict(blocked=beyond.blocked)
    title = titles.get(item.parent or item.key, "")
    overwrite = overwrites(item, decisions, manifest)
    judged = _Judge(pair, overwrite, title, rejected, texts)
    verdict = judged.created() if pair.live is None else judged.compared(pair.live)
    return replace(verdict, blocked=(*beyond.blocked, *verdict.blocked), manual=(*beyond.manual,))


def judge_live(
    pair: Pair,
    live: LiveItem,
    *,
    overwrite: bool,
    title: str,
    rejected: Mapping[ChangeId, Operation],
) -> Verdict:
    """Return what the fields of *pair* that moved ask for."""
    return _Judge(pair, overwrite, title, rejected, NO_TEXTS).compared(live)


def overwrites(item: Item, decisions: Decisions, manifest: Manifest) -> bool:
    """Tell whether edits made on the site give way to *item*."""
    choice = item.on_drift or decisions.on_drift or manifest.policy.on_drift
    return choice is OnDrift.OVERWRITE


class _Judge:
    def __init__(
        self,
        pair: Pair,
        overwrite: bool,  # noqa: FBT001 - private, named at its only call
        title: str,
        rejected: Mapping[ChangeId, Operation],
        texts: Mapping[Digest, Value],
    ) -> None:
        self.texts = texts
        self.pair = pair
        self.item = pair.item
        self.overwrite = overwrite
        self.title = title
        self.rejected = rejected

    def created(self) -> Verdict:
        item = self.item
        riding = rides_with_post(item.kind)
        stated = {**item.initial, **item.fields}
        fields = tuple(
            FieldChange(row.field, None, stated[row.field], base=self._own_base(row.field))
            for row in riding
            if row.field in stated
        )
        missing = [row.field for row in riding if row.field not in stated and not row.optional]
        if missing:
            return Verdict(blocked=(self._incomplete(missing),))
        post = Change(
            id=change_id(item.key, Verb.CREATE),
            key=item.key,
            kind=item.kind,
            verb=Verb.CREATE,
            reason=Reason.NEW,
            title=self.title,
            parent=item.parent,
            fields=fields,
            bumps=True,
            marker_base={it.field: it.base for it in fields if it.base is not None},
            protected=item.protected,
            span=item.span,
        )
        marks = tuple(
            self._set(row, stated[row.field], None)
            for row in self._own_calls()
            if stated.get(row.field, False) is not False
        )
        return self._unless_rejected((post, *marks))

    def compared(self, live: LiveItem) -> Verdict:
        moved = self.pair.moved
        sides = [
            Side(
                field,
                self.item.fields[field],
                live.fields[field],
                base_text(self.pair, field, self.texts),
            )
            for field, who in moved.items()
            if self._objects(field, who)
        ]
        changes: list[Change] = []
        if not any(not rule(self.item.kind, side.field).own_call for side in sides):
            changes += self._update(live)
        changes += [
            self._set(row, self.item.fields[row.field], live)
            for row in self._own_calls()
            if self._changes(row.field)
        ]
        verdict = self._unless_rejected(tuple(changes))
        wishes, blocked = verdict.changes, verdict.blocked
        if wishes and live.facts.locked:
            wishes, blocked = (), (self._locked(live), *blocked)
        if sides:
            blocked = (self._conflict(live, tuple(sides)), *blocked)
        return Verdict(wishes, self._drift(live), blocked)

    def _objects(self, field: Field, who: Moved) -> bool:
        if who is Moved.NO_BASE:
            return self.item.on_drift is not OnDrift.OVERWRITE
        return who is Moved.BOTH and not self.overwrite and field not in self.pair.merged

    def _changes(self, field: Field) -> bool:
        who = self.pair.moved.get(field)
        if who is Moved.OURS or (who is Moved.BOTH and field in self.pair.merged):
            return True
        if who is Moved.NO_BASE:
            return self.item.on_drift is OnDrift.OVERWRITE
        return self.overwrite and who in (Moved.LIVE, Moved.BOTH)

    def _update(self, live: LiveItem) -> list[Change]:
        fields = tuple(
            self._field_change(row.field, live)
            for row in rides_with_post(self.item.kind)
            if self._changes(row.field)
        )
        if not fields:
            return []
        return [
            Change(
                id=change_id(self.item.key, Verb.UPDATE),
                key=self.item.key,
                kind=self.item.kind,
                verb=Verb.UPDATE,
                reason=_reason(fields),
                title=self.title,
                ref=live.ref,
                parent=self.item.parent,
                parent_ref=live.parent,
                fields=fields,
                bumps=True,
                marker_base=self._marker_base(live),
                protected=self.item.protected,
                url=live.url,
                span=self._span(fields[0].field),
                edit=self.pair.edit if any(it.live_moved for it in fields) else None,
            )
        ]

    def _field_change(self, field: Field, live: LiveItem) -> FieldChange:
        ours, merged = self.item.fields[field], self.pair.merged.get(field)
        after = ours if merged is None or self.overwrite else merged
        return FieldChange(
            field,
            live.fields[field],
            after,
            base=self._own_base(field),
            live_moved=self.pair.moved[field] is not Moved.OURS and merged != ours,
            ours=None if after == ours else ours,
        )

    def _set(self, row: FieldRule, wanted: Value, live: LiveItem | None) -> Change:
        before = live.fields[row.field] if live else (False if wanted is True else None)
        if row.field in self.item.adds:
            wanted = tuple(sorted({*words_of(wanted), *(words_of(before) if before else ())}))
        return Change(
            id=change_id(self.item.key, Verb.SET, row.field),
            key=self.item.key,
            kind=self.item.kind,
            verb=Verb.SET,
            reason=Reason.EDITED if live else Reason.NEW,
            title=self.title,
            ref=live.ref if live else None,
            parent=self.item.parent,
            parent_ref=live.parent if live else None,
            fields=(FieldChange(row.field, before, wanted, base=self._own_base(row.field)),),
            url=live.url if live else "",
            span=self._span(row.field),
        )

    def _marker_base(self, live: LiveItem) -> dict[Field, Digest]:
        """Return what the marker says after the write: the base of each field that rides along."""
        bases: dict[Field, Digest] = {}
        for row in rides_with_post(self.item.kind):
            if row.field not in self.item.fields:
                continue
            if self._changes(row.field) or self.pair.moved.get(row.field) is Moved.EQUAL:
                bases[row.field] = self._digest(row.field)
            elif base := base_of(row, live, self.pair.binding, self._digest(row.field)):
                bases[row.field] = base.ours
        return bases

    def _own_calls(self) -> Iterable[FieldRule]:
        return (row for row in fields_of(self.item.kind) if row.own_call)

    def _digest(self, field: Field) -> Digest:
        return digest_of_ours(self.item, field)

    def _own_base(self, field: Field) -> Digest | None:
        return self._digest(field) if field in self.item.fields else None

    def _span(self, field: Field) -> Span:
        return self.item.spans.get(field, self.item.span)

    def _drift(self, live: LiveItem) -> tuple[Drift, ...]:
        return tuple(
            Drift(
                self.item.key,
                self.item.kind,
                live.ref,
                live.url,
                self.title,
                field,
                self.item.fields[field],
                live.fields[field],
                self._span(field),
                self.pair.edit,
            )
            for field, who in self.pair.moved.items()
            if who is Moved.LIVE and not self.overwrite
        )

    def _unless_rejected(self, changes: tuple[Change, ...]) -> Verdict:
        kept, blocked = unless_rejected(changes, self.rejected)
        return Verdict(kept, (), blocked)

    def _conflict(self, live: LiveItem, sides: tuple[Side, ...]) -> Blocked:
        kind = self.item.kind
        seen = ", ".join(
            f"{word_of(kind, side.field)}: {shorten(digest_field(kind, side.field, side.live))}"
            for side in sides
            if side.live is not None
        )
        adopting = any(self.pair.moved[side.field] is Moved.NO_BASE for side in sides)
        keeping = f"`pull --keep-ours {self.item.key}`"
        deciding = f"{keeping} or `seen: {{{seen}}}` in the item"
        if adopting:
            deciding = f"{keeping}, `seen: {{{seen}}}` in the item or a `yes` in `adopt`'s list"
        if self.item.kind is Kind.TAG:
            deciding = "`on_drift: overwrite` for the tag"
        why = "it was edited here and on the site"
        if adopting:
            why = "it differs from the site, and what was last written is not known"
        elif any(side.base is None for side in sides):
            why += "; what both started from is not known here, so nothing can be merged"
        taking = f"`teams-importer pull --take-site {self.item.key}` takes the site's version"
        if adopting and (strangers := _strangers(sides[0])):
            why = f"`exact` would take away whom this manifest never named: {strangers}"
            taking = "Name them here, or leave `exact` out"
        return Blocked(
            BlockedCode.NO_BASE if adopting else BlockedCode.CONFLICT,
            self.item.key,
            self.item.kind,
            why,
            f"{taking}; {deciding} decides for the manifest's.",
            url=live.url,
            sides=sides,
            span=self._span(sides[0].field),
            edit=self.pair.edit,
        )

    def _locked(self, live: LiveItem) -> Blocked:
        return Blocked(
            BlockedCode.LOCKED,
            self.item.key,
            self.item.kind,
            "its post is locked on the site",
            "Unlock it on the site, then apply again.",
            url=live.url,
            span=self.item.span,
        )

    def _incomplete(self, missing: Iterable[Field]) -> Blocked:
        return Blocked(
            BlockedCode.MISFIT,
            self.item.key,
            self.item.kind,
            f"a new {self.item.kind} needs "
            + " and ".join(word_of(self.item.kind, it) for it in missing),
            "State it; with `manage:` it is used only when the post is created.",
            span=self.item.span,
        )


def _reason(fields: Iterable[FieldChange]) -> Reason:
    """Return why fields are written: the first of them in which the site had moved says it."""
    moved = next((it for it in fields if it.live_moved), None)
    if moved is None:
        return Reason.EDITED
    return Reason.OVERWRITE if moved.ours is None else Reason.MERGED


def _strangers(side: Side) -> str:
    """Return the experts that the site has and the manifest doesn't name."""
    if side.field is not Field.EXPERTS:
        return ""
    return ", ".join(sorted({*words_of(side.live or ())} - {*words_of(side.ours or ())}))


def unless_rejected(
    changes: Iterable[Change], rejected: Mapping[ChangeId, Operation]
) -> tuple[tuple[Change, ...], tuple[Blocked, ...]]:
    """Hold back what the server refused already: the same wish is not sent again."""
    kept: list[Change] = []
    blocked: list[Blocked] = []
    for change in changes:
        refused = rejected.get(change.id)
        if refused is None or not _same_wish(change, refused):
            kept.append(change)
            continue
        blocked.append(
            Blocked(
                BlockedCode.REJECTED,
                change.key,
                change.kind,
                f"the server refused this already: {refused.evidence}",
                _IMAGE_REFUSED
                if change.kind is Kind.IMAGE
                else "Change the item, or do it on the site.",
                url=change.url,
                span=change.span,
            )
        )
    return tuple(kept), tuple(blocked)


def _same_wish(change: Change, refused: Operation) -> bool:
    if change.verb is Verb.DELETE:
        # Nothing is wanted but its end: a post that looks otherwise by now is another wish.
        befores = [(it.field, it.before) for it in field_digests(change)]
        return befores == [(it.field, it.before) for it in refused.fields]
    return agree(
        wanted_digest(change.kind, field_digests(change)),
        wanted_digest(refused.kind, refused.fields),
    )
