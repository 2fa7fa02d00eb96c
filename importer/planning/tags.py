"""Which tags a plan would bring into being, and which of them a person should look at first.

Neither API can write a tag by itself: it is born with the first post that uses it, and stays.

    policy     new tag is          then
    review     declared            its own line
               far from all names  its own line
               close to a name     blocked
    declared   declared            its own line
               anything else       blocked
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from importer.model.manifest import NewTags

__all__ = ["TagReview", "review_tags"]

# Shorter names are all close to each other: `css` and `cs` are two subjects.
_SHORTEST = 4


@dataclass(frozen=True, slots=True)
class TagReview:
    """`born` are new tags that may come; `refused` maps the others to the reason."""

    born: frozenset[str]
    refused: Mapping[str, str]


def review_tags(
    wanted: Iterable[str], known: Collection[str], declared: Collection[str], policy: NewTags
) -> TagReview:
    """Return which of the *wanted* tags are new, and which of those wait for a person."""
    new = sorted(set(wanted) - set(known))
    refused = {
        name: why
        for name in new
        if name not in declared and (why := _objection(name, known, policy)) is not None
    }
    return TagReview(frozenset(new) - refused.keys(), refused)


def _objection(name: str, known: Collection[str], policy: NewTags) -> str | None:
    if policy is NewTags.DECLARED:
        return f"the tag `{name}` is new and not declared under `tags:`"
    near = sorted(other for other in known if _close(name, other))
    if not near:
        return None
    names = ", ".join(f"`{other}`" for other in near[:3])
    return f"the tag `{name}` is new and close to {names}"


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
