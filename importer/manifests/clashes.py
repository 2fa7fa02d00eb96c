"""What no single item shows: names, posts and titles that several items claim."""

from collections.abc import Sequence

from importer.errors import Span
from importer.manifests.drafts import Draft
from importer.manifests.rules import Findings
from importer.model.ids import Field, FullKey, Key, Kind, full_key
from importer.model.manifest import Item, Removed

__all__ = ["check_clashes"]


def check_clashes(
    items: Sequence[Item],
    drafts: Sequence[Draft],
    removed: Sequence[Removed],
    namespace: str,
    findings: Findings,
) -> None:
    """Record tags described twice, posts bound twice, equal titles, and keys gone but claimed.

    Two are told apart by identity: through an alias, both can stand at one place.
    """
    _check_tags(items, findings)
    _check_ids(drafts, findings)
    _check_titles(items, findings)
    _check_accepted(drafts, findings)
    _check_removed(items, removed, findings)
    _check_old_keys(items, removed, namespace, findings)


def _check_tags(items: Sequence[Item], findings: Findings) -> None:
    first: dict[Key, Item] = {}
    for item in items:
        if item.kind is Kind.TAG and first.setdefault(item.key, item) is not item:
            name = item.key.partition(":")[2]
            findings.add("duplicate-tag", item.span, name=name, first=first[item.key].span)


def _check_ids(drafts: Sequence[Draft], findings: Findings) -> None:
    first: dict[tuple[Kind, int], Draft] = {}
    for draft in drafts:
        if draft.entry.id is None:
            continue
        earlier = first.setdefault((draft.kind, draft.entry.id), draft)
        if earlier is not draft:
            place, other = draft.place("id"), earlier.place("id")
            findings.add("duplicate-id", place, id=draft.entry.id, first=other)


def _check_titles(items: Sequence[Item], findings: Findings) -> None:
    first: dict[tuple[Kind, str], Span] = {}
    for item in items:
        title = item.fields.get(Field.TITLE)
        if not isinstance(title, str):
            continue
        at, span = (item.kind, title.casefold()), item.spans[Field.TITLE]
        if first.setdefault(at, span) != span:
            findings.add("equal-title", span, first=first[at])


def _check_accepted(drafts: Sequence[Draft], findings: Findings) -> None:
    first: dict[Key, Span] = {}
    for draft in drafts:
        if draft.parent is None or not getattr(draft.entry, "accepted", False):
            continue
        span = draft.place("accepted")
        if first.setdefault(draft.parent.key, span) != span:
            findings.add("accepted-twice", span, first=first[draft.parent.key])


def _check_removed(items: Sequence[Item], removed: Sequence[Removed], findings: Findings) -> None:
    present = {item.key: item.span for item in items}
    first: dict[Key, Removed] = {}
    for each in removed:
        if each.key in present:
            findings.add("removed-item", each.span, key=each.key, first=present[each.key])
        if first.setdefault(each.key, each) is not each:
            findings.add("duplicate-item", each.span, key=each.key, first=first[each.key].span)


def _check_old_keys(
    items: Sequence[Item], removed: Sequence[Removed], namespace: str, findings: Findings
) -> None:
    taken: dict[FullKey, tuple[str, Item | Removed]] = {}
    for item in items:
        taken.setdefault(full_key(namespace, item.key), ("the key of an item", item))
    for each in removed:
        taken.setdefault(full_key(namespace, each.key), ("listed under `removed`", each))
    for item in items:
        for old in item.was:
            what, first = taken.setdefault(old, ("an old key", item))
            if first is not item or what != "an old key":
                findings.add("old-key-clash", item.span, key=old, what=what, first=first.span)
