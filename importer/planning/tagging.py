"""What a declared tag asks for: its experts are set, its description is a person's work.

the tag          its field is                           then
has a post       as stated                              nothing
                 not known, or differs, and no call
                 sets it                                manual step with its page, else blocked
                 not known, and a call would set it     blocked, with the reason it isn't told
                 known                                  by the table of `policy`
is unborn        experts                                set once the post that brings it is there;
                                                        nobody is whom it has by itself
                 description                            manual step

Who a mail address belongs to has to be known before anything is set.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from importer.model.fields import Value
from importer.model.ids import ChangeId, Field, Key, Kind, Verb, change_id, tag_name
from importer.model.ledger import Operation
from importer.model.live import LiveItem, Snapshot
from importer.model.manifest import Item
from importer.model.plan import (
    Blocked,
    BlockedCode,
    Change,
    Comparison,
    FieldChange,
    ManualStep,
    Moved,
    Pair,
    Reason,
)
from importer.planning.abilities import Abilities, unsupported
from importer.planning.baseline import digest_field, digest_of_ours
from importer.planning.policy import Verdict, judge_live, unless_rejected

__all__ = ["after_birth", "in_single_calls", "judge_tag", "retagging_left"]

_EMAIL = "email:"


def judge_tag(
    pair: Pair,
    snapshot: Snapshot,
    ability: Abilities,
    rejected: Mapping[ChangeId, Operation],
    *,
    overwrite: bool,
) -> Verdict:
    """Return what the declared tag of *pair* asks for."""
    return _Judge(pair, snapshot, ability, rejected, overwrite=overwrite).verdict()


class _Judge:
    def __init__(
        self,
        pair: Pair,
        snapshot: Snapshot,
        ability: Abilities,
        rejected: Mapping[ChangeId, Operation],
        *,
        overwrite: bool,
    ) -> None:
        self.pair = pair
        self.item = pair.item
        name = tag_name(pair.item.key)
        self.name = snapshot.synonyms.get(name, name)
        self.snapshot = snapshot
        self.ability = ability
        self.rejected = rejected
        self.overwrite = overwrite
        self.settable: dict[Field, Value] = {}
        self.blocked: list[Blocked] = []
        self.manual: list[ManualStep] = []

    def verdict(self) -> Verdict:
        for field, wanted in self.item.fields.items():
            is_so = self.pair.moved.get(field) is Moved.EQUAL
            if not is_so and (wanted or self._is_born):
                self._sort(field, wanted)
        told = self._told()
        return replace(
            told,
            blocked=(*self.blocked, *told.blocked),
            manual=(*self.manual, *told.manual),
        )

    def _sort(self, field: Field, wanted: Value) -> None:
        """Tell a field that can be set from one that is left to a person."""
        able = self.ability(Kind.TAG, Verb.SET, field)
        if not able.able and self.pair.moved.get(field) is Moved.LIVE and not self.overwrite:
            self.settable[field] = wanted  # Nobody is asked to write: it is drift, and kept.
        elif not able.able and able.page:
            # The report of an apply shows it too: it has to hold before the tag's birth and after.
            what = f"set the {field} of the tag to {_quoted(wanted)} ({self._now(field)})"
            span = self.item.spans.get(field, self.item.span)
            self.manual.append(ManualStep(self.item.key, what, able.page, span))
        elif not able.able:
            self.blocked.append(unsupported(self.item, able, field))
        elif objection := self._objection(field, wanted):
            self.blocked.append(objection)
        else:
            self.settable[field] = wanted

    def _now(self, field: Field) -> str:
        live = self.pair.live
        if live is not None and field in live.fields:
            return f"it is {_quoted(live.fields[field]) if live.fields[field] else 'empty'} now"
        return "what it is now can't be read" if self._is_born else "once a post bears the tag"

    def _objection(self, field: Field, wanted: Value) -> Blocked | None:
        strangers = [it.removeprefix(_EMAIL) for it in _names(wanted) if it.startswith(_EMAIL)]
        if strangers:
            whys = (f"{it}: {self._why_unknown(it)}" for it in strangers)
            remedy = "Correct the address, or name the user by id under `users:`."
            return self._block(BlockedCode.UNSUPPORTED, field, "; ".join(whys), remedy)
        if self._is_born and (self.pair.live is None or field not in self.pair.live.fields):
            why = self.snapshot.denied.get(self.name, f"what {field} it has could not be read")
            remedy = "Leave it out of this manifest for now, or do it on the site."
            return self._block(BlockedCode.UNSUPPORTED, field, why, remedy)
        return None

    def _why_unknown(self, email: str) -> str:
        if email in self.snapshot.denied:
            return self.snapshot.denied[email]
        if email in self.snapshot.people:
            return "nobody in the team has this address"
        return "whose address that is could not be found out"

    @property
    def _is_born(self) -> bool:
        return self.pair.live is not None or self.name in self.snapshot.tags

    def _told(self) -> Verdict:
        live = self.pair.live
        if live is not None:
            item = replace(self.item, fields=self.settable)
            moved = {it: who for it, who in self.pair.moved.items() if it in self.settable}
            pair = replace(self.pair, item=item, moved=moved)
            return judge_live(
                pair, live, overwrite=self.overwrite, title=self.name, rejected=self.rejected
            )
        wishes, blocked = unless_rejected(
            [self._first(field, wanted) for field, wanted in self.settable.items()], self.rejected
        )
        return Verdict(wishes, (), blocked)

    def _first(self, field: Field, wanted: Value) -> Change:
        """Return the change of a tag that is yet to be born: it has nothing of the kind then."""
        base = digest_of_ours(self.item, field)
        nothing: Value = () if isinstance(wanted, tuple) else ""
        return Change(
            id=change_id(self.item.key, Verb.SET, field),
            key=self.item.key,
            kind=Kind.TAG,
            verb=Verb.SET,
            reason=Reason.NEW,
            title=self.name,
            fields=(FieldChange(field, nothing, wanted, base=base),),
            span=self.item.spans.get(field, self.item.span),
        )

    def _block(self, code: BlockedCode, field: Field, why: str, remedy: str) -> Blocked:
        span = self.item.spans.get(field, self.item.span)
        url = self.pair.live.url if self.pair.live else ""
        return Blocked(code, self.item.key, Kind.TAG, why, remedy, url=url, span=span)


def after_birth(
    changes: Sequence[Change], unborn: Sequence[Change]
) -> tuple[list[Change], list[Blocked]]:
    """Return *changes* with each of *unborn* tags' right after the one that brings the tag.

    And what to say of those whose tag nothing brings.
    """
    bringer = {name: it.id for it in changes for name in it.brings_tags}
    waiting: dict[ChangeId, list[Change]] = {}
    blocked = []
    for it in unborn:
        need = bringer.get(tag_name(it.key))
        if need is None:
            blocked.append(_unborn(it))
        else:
            waiting.setdefault(need, []).append(replace(it, needs=(need,)))
    ordered = [it for change in changes for it in (change, *waiting.get(change.id, ()))]
    return ordered, blocked


def in_single_calls(change: Change) -> tuple[Change, ...]:
    """Return *change* as writes that each say one difference, where it names a tag's experts.

    Users and groups are added by a call each, and removed one by one, so that none of them takes
    away whom somebody names meanwhile, as a replacement of the whole set would.
    """
    sets = _successive(change)
    if len(sets) < 2:
        return (change,)
    (field,) = change.fields
    before, steps = field.before, []
    needs = change.needs
    for number, after in enumerate(sets, 1):
        is_last = number == len(sets)
        # What a step leaves is its base: if the next doesn't follow, the plan after goes on there.
        base = field.base if is_last else digest_field(change.kind, field.field, after)
        part = replace(
            change,
            id=change.id if is_last else ChangeId(f"{change.id}!{number}"),
            fields=(replace(field, before=before, after=after, base=base),),
            needs=needs,
        )
        steps.append(part)
        before, needs = after, (*change.needs, part.id)
    return tuple(steps)


def _successive(change: Change) -> list[tuple[str, ...]]:
    """Return the sets of experts that lead to the one wanted, the latter last."""
    if change.kind is not Kind.TAG or len(change.fields) != 1:
        return []
    before, after = _names(change.fields[0].before or ()), _names(change.fields[0].after or ())
    added = [it for it in after if it not in before]
    sorts = dict.fromkeys(it.partition(":")[0] for it in sorted(added, reverse=True))
    parts = [[it for it in added if it.partition(":")[0] == sort] for sort in sorts]
    now, sets = {*before}, []
    for part in parts:
        now |= {*part}
        sets.append(tuple(sorted(now)))
    for name in before:
        if name not in after:
            now -= {name}
            sets.append(tuple(sorted(now)))
    return [*sets[:-1], after] if sets else []


def _unborn(change: Change) -> Blocked:
    return Blocked(
        BlockedCode.NEEDS,
        change.key,
        change.kind,
        "no post bears the tag yet, and none gets it in this plan",
        "Give it to a post: a tag is born with the first one that bears it.",
        span=change.span,
    )


def retagging_left(
    items: Sequence[Item], snapshot: Snapshot, comparison: Comparison
) -> tuple[ManualStep, ...]:
    """Return the old tags that posts of others bear: only a person can take the tags together."""
    mine = {it.live.ref for it in comparison.pairs if it.live}
    steps = []
    for item in items:
        for old in sorted(_old_names(item)):
            bearing = sum(
                ref not in mine
                and isinstance(live, LiveItem)
                and not live.facts.deleted
                and old in _names(live.fields.get(Field.TAGS, ()))
                for ref, live in snapshot.items.items()
            )
            if bearing:
                posts = "1 post" if bearing == 1 else f"{bearing} posts"
                what = f"merge the tag {_quoted(old)} into it: {posts} not of this manifest bear it"
                page = f"{snapshot.site.base}/tags"
                steps.append(ManualStep(item.key, what, page, item.span))
    return tuple(steps)


def _old_names(item: Item) -> set[str]:
    if item.kind is not Kind.TAG:
        return set()
    return {tag_name(Key(old.partition(":")[2])) for old in item.was}


def _names(value: Value) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else ()


def _quoted(value: Value) -> str:
    return ", ".join(value) if isinstance(value, tuple) else f'"{value}"'
