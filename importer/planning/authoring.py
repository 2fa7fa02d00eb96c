"""In whose name things are written, where the manifest says: `author:` of an item.

A post is created and edited in its author's name, an accepted mark is set in that of the question's
author: they alone, and moderators, may. Where nobody can write as somebody else, a new post of
another author waits for a person; what is there already is edited by whose token this is.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from importer.model.ids import Key, UserId, Verb
from importer.model.live import WHY_NOT_AUTHOR, Ability
from importer.model.manifest import Manifest
from importer.model.plan import Blocked, Change
from importer.planning.abilities import unsupported

__all__ = ["NO_AUTHORING", "authored", "unauthored"]

NO_AUTHORING = Ability(able=False, reason=WHY_NOT_AUTHOR)


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


def unauthored(
    changes: Iterable[Change], manifest: Manifest, authoring: Ability, me: UserId | None
) -> list[Blocked]:
    """Return what to say of new posts in somebody's name where that can't be done."""
    if authoring.able:
        return []
    items = {it.key: it for it in manifest.items if it.author not in (None, me)}
    creates = (it for it in changes if it.verb is Verb.CREATE and it.key in items)
    return [unsupported(items[it.key], authoring) for it in creates]
