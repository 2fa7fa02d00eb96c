"""Puts changes in order: what can't be reached is held back, links of a cycle get a second write.

The first write of a cycle carries a stage-one text, with the link's text only, and its base is the
digest of that. The `!links` update is an ordinary one for which ours has moved, also after a crash
in between: no flag is kept anywhere.
"""

from collections import defaultdict, deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import islice

from importer.model.fields import targets_of
from importer.model.ids import (
    ChangeId,
    Field,
    Key,
    Kind,
    Verb,
    change_id,
    image_digest,
    key_of_target,
    parent_key,
    target_of_key,
)
from importer.model.plan import Blocked, BlockedCode, Change, Comparison, FieldChange, Reason
from importer.planning.baseline import digest_field
from importer.planning.ordering import Edges, order
from importer.text.links import Text, without_links

__all__ = ["limited", "reachable", "sequenced", "unlinked_first"]

_NO_POSTS = frozenset({Kind.TAG, Kind.IMAGE})


def reachable(
    wishes: Sequence[Change], held: Collection[Key | None], comparison: Comparison
) -> tuple[list[Change], list[Blocked]]:
    """Return the changes whose needs exist or will, and what the others wait for, by name."""
    exists = {pair.item.key for pair in comparison.pairs if pair.live} | {*comparison.pictures}
    left = {change.id: change for change in wishes if change.key not in held}
    coming = {change.key for change in left.values() if change.verb is Verb.CREATE}
    waiting: dict[Key, list[Change]] = defaultdict(list)
    for change in left.values():
        for key in _keys_needed(change):
            waiting[key].append(change)
    files = {it.item.key: it.item.picture.path for it in comparison.pairs if it.item.picture}
    stranded: dict[ChangeId, Blocked] = {}
    lost = deque(key for key in waiting if key not in exists and key not in coming)
    while lost:
        need = lost.popleft()
        for change in waiting[need]:
            if change.id in stranded:
                continue
            stranded[change.id] = _stranded(change, need, files.get(need))
            if change.verb is Verb.CREATE:
                lost.append(change.key)
    reached = [change for change in left.values() if change.id not in stranded]
    # An answer and its accepted mark wait for the same, and are one thing to see to.
    told = {(it.key, it.why): it for it in (stranded[it] for it in left if it in stranded)}
    return reached, list(told.values())


def _keys_needed(change: Change) -> list[Key]:
    needed = [change.parent] if change.parent else []
    if change.verb is Verb.SET:
        needed.append(change.key)
    return needed + sorted(_linked(change))


def _linked(change: Change) -> set[Key]:
    """Return the items that what *change* writes leads to, itself not counted."""
    return _led_to(change) - {change.key}


def _led_to(change: Change, *, only: Field | None = None) -> set[Key]:
    keys = {
        key_of_target(target)
        for it in change.fields
        if only in (None, it.field)
        for target in targets_of(it.field, it.after)
    }
    return {key for key in keys if key is not None}


def _stranded(change: Change, need: Key, file: str | None) -> Blocked:
    lacks = "is not uploaded, and not by this plan" if file else "has no post"
    return Blocked(
        BlockedCode.NEEDS,
        change.key,
        change.kind,
        f"it needs {file or need}, which {lacks}" + ("" if file else " and gets none in this plan"),
        f"See to {file or need} first, or take it in.",
        url=change.url,
        span=change.span,
    )


def sequenced(wishes: Sequence[Change]) -> list[Change]:
    """Return the changes in the order of their needs, a cycle's second writes added."""
    by_id: dict[str, Change] = {change.id: change for change in wishes}
    creates = {change.key: change.id for change in wishes if change.verb is Verb.CREATE}
    edges: dict[str, Edges] = {change.id: _edges(change, creates) for change in wishes}
    found = order(list(by_id), edges)
    firsts = [
        _placed(by_id[node], edges[node], found.cut.get(node, frozenset()), creates)
        for node in found.sequence
    ]
    seconds = [
        _second_write(by_id[first.id], first, found.cut[first.id])
        for first in firsts
        if first.id in found.cut
    ]
    return _interleaved(firsts, seconds)


def _placed(
    change: Change, edges: Edges, cut: frozenset[str], creates: Mapping[Key, ChangeId]
) -> Change:
    first = _first_write(change, cut, creates) if cut else change
    needs = (edges.firm | edges.soft) - cut
    return replace(first, needs=tuple(sorted(map(ChangeId, needs))))


def _interleaved(firsts: Sequence[Change], seconds: Sequence[Change]) -> list[Change]:
    """Return *firsts* with each second write right after the last that it needs."""
    rank = {change.id: index for index, change in enumerate(firsts)}
    after: dict[int, list[Change]] = defaultdict(list)
    for second in seconds:
        after[max(rank[need] for need in second.needs)].append(second)
    ordered: list[Change] = []
    for index, change in enumerate(firsts):
        ordered += [change, *after[index]]
    return ordered


def _edges(change: Change, creates: Mapping[Key, ChangeId]) -> Edges:
    firm = {creates[key] for key in (change.parent,) if key is not None and key in creates}
    if change.verb is Verb.SET and change.key in creates:
        firm.add(creates[change.key])
    # A collection can't be written without its items, a text can without its links.
    firm |= {creates[key] for key in _led_to(change, only=Field.ITEMS) if key in creates}
    firm |= {creates[key] for key in _linked(change) if image_digest(key) and key in creates}
    soft = {creates[key] for key in _linked(change) if key in creates}
    if change.verb is Verb.CREATE and change.key in _led_to(change):
        soft.add(change.id)
    return Edges(frozenset(firm), frozenset(soft - firm))


def _first_write(change: Change, cut: Collection[str], creates: Mapping[Key, ChangeId]) -> Change:
    """Return the create whose text carries, for the links that wait, their own text only."""
    waiting = frozenset(target_of_key(key) for key, node in creates.items() if node in cut)
    fields = tuple(_staged(change.kind, it, waiting) for it in change.fields)
    marker_base = {
        **change.marker_base,
        **{it.field: it.base for it in fields if it.base is not None},
    }
    return replace(change, fields=fields, marker_base=marker_base)


def _staged(kind: Kind, it: FieldChange, waiting: frozenset[str]) -> FieldChange:
    if not isinstance(it.after, Text):
        return it
    text = without_links(it.after, waiting)
    base = digest_field(kind, it.field, text) if it.base is not None else None
    return replace(it, after=text, base=base)


def _second_write(change: Change, first: Change, cut: Collection[str]) -> Change:
    fields = tuple(
        FieldChange(it.field, before.after, it.after, base=it.base)
        for it, before in zip(change.fields, first.fields, strict=True)
        if isinstance(it.after, Text)
    )
    return replace(
        change,
        id=change_id(change.key, Verb.UPDATE, links=True),
        verb=Verb.UPDATE,
        reason=Reason.LINKS,
        fields=fields,
        needs=tuple(sorted(map(ChangeId, {change.id, *cut}))),
    )


def unlinked_first(deletions: Sequence[Change], wishes: Sequence[Change]) -> list[Change]:
    """Return *deletions*, each after the writes that take away what leads to its post.

    Once the post is gone, a page that still leads there can't be told from one that was edited.
    """
    unlinking: dict[Key, set[ChangeId]] = defaultdict(set)
    for change in wishes:
        for it in change.fields:
            for key in filter(None, map(key_of_target, targets_of(it.field, it.before))):
                unlinking[key].add(change.id)
    return [
        replace(it, needs=tuple(sorted({*it.needs, *unlinking[it.key]} - {it.id})))
        for it in deletions
    ]


def limited(changes: list[Change], limit: int | None) -> list[Change]:
    """Return the changes of the first *limit* questions (with their answers), needs included.

    Tags and images are no posts, and not counted.
    """
    if limit is None:
        return changes
    posts = (change for change in changes if change.kind not in _NO_POSTS)
    first = set(islice(dict.fromkeys(parent_key(it.key) or it.key for it in posts), limit))
    kept: dict[ChangeId, Change] = {}
    for change in changes:
        is_first = change.kind in _NO_POSTS or (parent_key(change.key) or change.key) in first
        if is_first and kept.keys() >= set(change.needs):
            kept[change.id] = change
    return list(kept.values())
