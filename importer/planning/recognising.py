"""Which posts are surely those that authors have seen: they still say some of it.

An `id:` alone proves nothing. In another team, or in this one after it was wiped, a stranger's post
may have that number.
"""

from collections.abc import Sequence

from importer.model.fields import digest_value, rule
from importer.model.ids import Field, Ref
from importer.model.live import LiveItem
from importer.model.manifest import Item
from importer.text.digests import agree

__all__ = ["recognised"]

_TELLING = (Field.TITLE, Field.BODY)


def recognised(posts: Sequence[tuple[Item, LiveItem]]) -> frozenset[Ref]:
    """Return the posts whose title or text is the item's, or as seen, and the answers to these.

    Items and posts are settled: what is equal says the same.
    """
    own = {live.ref for item, live in posts if any(_says(item, live, it) for it in _TELLING)}
    return frozenset(own | {live.ref for _, live in posts if live.parent in own})


def _says(item: Item, live: LiveItem, field: Field) -> bool:
    if field not in live.fields:
        return False
    theirs, seen = live.fields[field], item.seen.get(field)
    if seen is None or item.fields.get(field) == theirs:
        return item.fields.get(field) == theirs
    return agree(digest_value(rule(item.kind, field).shape, theirs), seen)
