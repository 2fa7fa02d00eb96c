"""What waits for a person before it is posted: it may be there, or its post was deleted."""

from collections.abc import Iterable

from importer.model.ids import Kind, Verb, split_full_key
from importer.model.live import LiveItem, Snapshot
from importer.model.manifest import Manifest
from importer.model.plan import Blocked, BlockedCode, Change, Comparison, Gone

__all__ = ["equal_titles", "gone_posts", "unread_kinds"]


def unread_kinds(wishes: Iterable[Change], snapshot: Snapshot) -> list[Blocked]:
    """Return what to say of new posts of a kind that wasn't read: it may be there already."""
    return [
        Blocked(
            BlockedCode.UNREAD,
            change.key,
            change.kind,
            f"the team's {change.kind}s were not read completely: it may be there already",
            "Plan again later.",
            span=change.span,
        )
        for change in wishes
        if change.verb is Verb.CREATE
        and change.kind is not Kind.IMAGE
        and change.kind not in snapshot.covered
    ]


def equal_titles(
    wishes: Iterable[Change], comparison: Comparison, manifest: Manifest
) -> list[Blocked]:
    """Return what to say of new posts whose title the team has already."""
    blocked = []
    for change in wishes:
        same = comparison.equal_titles.get(change.key, ())
        if change.verb is Verb.CREATE and same:
            live = same[0]
            who = "its question has this answer" if live.parent else "the team has this title"
            blocked.append(
                Blocked(
                    BlockedCode.EQUAL_TITLE,
                    change.key,
                    change.kind,
                    f"{who} already ({live.ref})",
                    _how_to_bind(live, manifest),
                    url=live.url,
                    span=change.span,
                )
            )
    return blocked


def _how_to_bind(live: LiveItem, manifest: Manifest) -> str:
    other = "write another answer" if live.parent else "choose another title"
    if live.marker is None:
        return (
            "`teams-importer adopt` finds such posts and binds what you accept. Or bind it with "
            f"`id: {live.ref.id}`, or {other}."
        )
    if split_full_key(live.marker.key)[0] == manifest.namespace:
        return f"Bind it with `was: {live.marker.key}`, or {other}."
    return f"It belongs to {live.marker.key}: leave the item out, or {other}."


def gone_posts(gone: Iterable[Gone]) -> list[Blocked]:
    """Return what to say of items whose posts were deleted on the site."""
    return [_blocked(it) for it in gone]


def _blocked(gone: Gone) -> Blocked:
    return Blocked(
        BlockedCode.GONE,
        gone.item.key,
        gone.item.kind,
        f"its post was deleted on the site ({gone.binding.ref})",
        "Remove the item (`removed:` with `live: keep`), or undelete the post on the site; "
        "give it a new key to post it again.",
        url=gone.binding.url,
        span=gone.item.span,
    )
