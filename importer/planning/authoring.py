"""In whose name things are written, where the manifest says: `author:` of an item.

A post is created and edited in its author's name, an accepted mark is set in that of the question's
author: they alone, and moderators, may. So what is deleted, or taken back, is in the name of who
wrote it for us. Where nobody can write as somebody else, a new post of
another author waits for a person; what is there already is edited by whose token this is.
"""

from collections.abc import Iterable, Mapping, Set
from dataclasses import replace

from importer.model.ids import Key, UserId, Verb
from importer.model.live import HOW_TO_AUTHOR, WHY_NOT_AUTHOR, Ability, LiveItem, Snapshot
from importer.model.manifest import Manifest
from importer.model.plan import Blocked, Change
from importer.planning.abilities import unsupported

__all__ = ["NO_AUTHORING", "authored", "in_writers_names", "unauthored"]

NO_AUTHORING = Ability(able=False, reason=WHY_NOT_AUTHOR, remedy=HOW_TO_AUTHOR)


def authored(
    changes: Iterable[Change], manifest: Manifest, authoring: Ability, me: UserId | None
) -> list[Change]:
    """Return *changes*, each with the author that the manifest states, if that can be done."""
    authors = {it.key: it.author for it in manifest.items if it.author not in (None, me)}
    if not authors or not authoring.able:
        return list(changes)
    return [replace(it, author=_author(it, authors)) for it in changes]


def _author(change: Change, authors: Mapping[Key, UserId | None]) -> UserId | None:
    is_mark = change.verb is Verb.SET and change.parent is not None
    return authors.get(change.parent if is_mark and change.parent else change.key)


def in_writers_names(
    changes: Iterable[Change],
    snapshot: Snapshot,
    ours: Set[UserId | None],
    authoring: Ability,
) -> list[Change]:
    """Return *changes*, each with the author of its post where that is one of *ours*.

    Nobody else's name is written in: not to delete their posts either.
    """
    if not authoring.able:
        return list(changes)
    names = ours - {None, snapshot.me}
    return [replace(it, author=_writer(it, snapshot, names)) for it in changes]


def _writer(change: Change, snapshot: Snapshot, names: Set[UserId | None]) -> UserId | None:
    is_mark = change.verb is Verb.SET and change.parent_ref is not None
    ref = change.parent_ref if is_mark else change.ref
    live = snapshot.items.get(ref) if ref else None
    author = live.facts.author if isinstance(live, LiveItem) else None
    return author if author in names else None


def unauthored(
    changes: Iterable[Change], manifest: Manifest, authoring: Ability, me: UserId | None
) -> list[Blocked]:
    """Return what to say of new posts in somebody's name where that can't be done."""
    if authoring.able:
        return []
    items = {it.key: it for it in manifest.items if it.author not in (None, me)}
    creates = (it for it in changes if it.verb is Verb.CREATE and it.key in items)
    # What is done on the site is in whose name one is logged in: no way out here.
    remedy = authoring.remedy
    return [replace(unsupported(items[it.key], authoring), remedy=remedy) for it in creates]
