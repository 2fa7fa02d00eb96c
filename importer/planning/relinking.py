"""Tells a link that died with its post from one that somebody made lead elsewhere.

A post that was deleted and is made anew has another address: what leads to the old one can no
longer be led back to the item by its key, and so looks edited. What was last written tells: where
the live text becomes exactly that once the dead posts are taken for the items, nobody edited it.

A collection that lost an item with its post is not told so: somebody may have taken it out before,
and no API says who edited a collection, or when.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

from importer.model.fields import Value
from importer.model.ids import key_of_target
from importer.text.links import Text, retarget

__all__ = ["as_written"]


def as_written(theirs: Value, ours: Value, is_gone: Callable[[str], bool]) -> Iterator[Value]:
    """Yield what *theirs* may have been while what it leads to was there.

    Posts that are gone stood for items that *ours* names. Which it was, if any, only the digest of
    what was last written tells.
    """
    if isinstance(theirs, Text) and isinstance(ours, Text):
        yield from _texts(theirs, ours, is_gone)


def _texts(theirs: Text, ours: Text, is_gone: Callable[[str], bool]) -> Iterator[Text]:
    gone = {it for it in theirs.targets if is_gone(it)}
    if not gone:
        return
    if theirs.holed == ours.holed:
        both = zip(theirs.targets, ours.targets, strict=True)
        meant = (o if t in gone and key_of_target(o) else t for t, o in both)
        yield replace(theirs, targets=tuple(meant))
    elif len(gone) == 1:
        for key in dict.fromkeys(filter(key_of_target, ours.targets)):
            yield retarget(theirs, lambda it, key=key: key if it in gone else it)  # type: ignore[misc]  # mypy can't infer a default's type
