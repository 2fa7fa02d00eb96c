"""Which tags a plan would bring into being or leave without posts, and which a person looks at.

Neither API can write a tag by itself: it is born with the first post that uses it, and stays.

    policy     new tag is          then
    review     declared            its own line
               far from all names  its own line
               close to a name     blocked; of two new ones, both
    declared   declared            its own line
               anything else       blocked
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from importer.model.fields import Value
from importer.model.ids import Field, Kind, Ref
from importer.model.live import LiveItem, Same, Snapshot
from importer.model.manifest import Manifest, NewTags
from importer.model.plan import Blocked, BlockedCode, Change, Comparison

__all__ = [
    "TagReview",
    "bring_tags",
    "refused_tags",
    "review_tags",
    "review_wishes",
    "tags_left",
]

# Shorter names are all close to each other: `css` and `cs` are two subjects.
_SHORTEST = 4


@dataclass(frozen=True, slots=True)
class TagReview:
    """`born` are new tags that may come; `refused` maps the others to the reason."""

    born: frozenset[str]
    refused: Mapping[str, str]


def review_tags(
    wanted: Iterable[str],
    known: Collection[str],
    declared: Collection[str],
    policy: NewTags,
    stated: Iterable[str] = (),
) -> TagReview:
    """Return which of the *wanted* tags are new, and which of those wait for a person.

    *stated* are all tags of the manifest, those included that are not wanted now.
    """
    new = sorted(set(wanted) - set(known))
    # Whichever of two close ones came first would stand in the way of the other.
    names = {*known, *new, *stated}
    refused = {
        name: why
        for name in new
        if name not in declared and (why := _objection(name, names - {name}, policy)) is not None
    }
    return TagReview(frozenset(new) - refused.keys(), refused)


def _objection(name: str, names: Collection[str], policy: NewTags) -> str | None:
    if policy is NewTags.DECLARED:
        return f"the tag `{name}` is new and not declared under `tags:`"
    near = sorted(other for other in names if _close(name, other))
    if not near:
        return None
    named = ", ".join(f"`{other}`" for other in near[:3])
    return f"the tag `{name}` is new and close to {named}"


def review_wishes(
    wishes: Iterable[Change], comparison: Comparison, manifest: Manifest, snapshot: Snapshot
) -> TagReview:
    """Return the review of the tags that *wishes* use, against the team's and the manifest's."""
    wanted = {tag for change in wishes for tag in _tags_of(change)}
    declared = {item.key.removeprefix("tag:") for item in manifest.items if item.kind is Kind.TAG}
    values = (
        value
        for pair in comparison.pairs
        for value in (pair.item.fields.get(Field.TAGS), pair.item.initial.get(Field.TAGS))
    )
    stated = {name for value in values if isinstance(value, tuple) for name in value}
    return review_tags(wanted, set(snapshot.tags), declared, manifest.policy.new_tags, stated)


def refused_tags(wishes: Iterable[Change], review: TagReview) -> list[Blocked]:
    """Return what to say of wishes that use a tag which waits for a person."""
    return [
        Blocked(
            BlockedCode.NEW_TAG,
            change.key,
            change.kind,
            review.refused[tag],
            f"Use the existing tag, or declare `{tag}` under `tags:`: a tag can't be deleted.",
            span=change.span,
        )
        for change in wishes
        for tag in _tags_of(change)
        if tag in review.refused
    ]


def bring_tags(changes: Iterable[Change], review: TagReview) -> list[Change]:
    """Return the changes, the first that uses a new tag saying that it brings it."""
    unborn = set(review.born)
    result = []
    for change in changes:
        brought = unborn.intersection(_tags_of(change))
        unborn -= brought
        result.append(replace(change, brings_tags=tuple(sorted(brought))) if brought else change)
    return result


def _tags_of(change: Change) -> tuple[str, ...]:
    for it in change.fields:
        if it.field is Field.TAGS and isinstance(it.after, tuple):
            return it.after
    return ()


def tags_left(changes: Iterable[Change], snapshot: Snapshot) -> str:
    """Return what to say of tags that the last post loses by *changes*, as far as was read."""
    after: dict[Ref | None, Value | None] = {}
    then: set[str] = set()
    for change in changes:
        for it in change.fields:
            if it.field is Field.TAGS and change.ref is None:
                then |= _names(it.after)
            elif it.field is Field.TAGS:
                after[change.ref] = it.after
    now: set[str] = set()
    for ref, live in snapshot.items.items():
        if isinstance(live, LiveItem) and not live.facts.deleted:
            tags = live.fields.get(Field.TAGS)
            now |= _names(tags)
            then |= _names(after.get(ref, tags))
    left = ", ".join(sorted(now - then))
    if not left or any(isinstance(it, Same) for it in snapshot.items.values()):
        return ""
    post = "post" if Kind.ARTICLE in snapshot.covered else "question"
    return f"No {post} will bear these tags any more, and no API deletes a tag: {left}."


def _names(value: Value | None) -> set[str]:
    return set(value) if isinstance(value, tuple) else set()


def _close(one: str, other: str) -> bool:
    if min(len(one), len(other)) < _SHORTEST or abs(len(one) - len(other)) > 1:
        return _bare(one) == _bare(other)
    return _bare(one) == _bare(other) or _one_edit_apart(one, other)


def _bare(name: str) -> str:
    return name.replace("-", "").replace(".", "").removesuffix("s")


def _one_edit_apart(one: str, other: str) -> bool:
    """Tell whether one insertion, deletion, replacement or swap of neighbours makes them equal."""
    if len(one) > len(other):
        one, other = other, one
    at = next((i for i, char in enumerate(one) if char != other[i]), len(one))
    if len(one) < len(other):
        return one[at:] == other[at + 1 :]
    swapped = one[:at] + one[at + 1 : at + 2] + one[at : at + 1] + one[at + 2 :]
    return one[at + 1 :] == other[at + 1 :] or swapped == other
