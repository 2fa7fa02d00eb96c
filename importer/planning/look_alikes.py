"""Live posts that read like one that is to be created: a person may mean them."""

import unicodedata
from collections import defaultdict
from collections.abc import Mapping

from importer.model.fields import Value
from importer.model.ids import Field, Key, Kind, Ref
from importer.model.live import LiveItem, Snapshot
from importer.model.plan import Pair
from importer.planning.keying import keyed_value

__all__ = ["equal_titles", "reading_of"]


def reading_of(title: str) -> str:
    """Return what two titles have in common when they read the same."""
    return " ".join(unicodedata.normalize("NFKC", title).casefold().split())


def equal_titles(
    pairs: tuple[Pair, ...], snapshot: Snapshot, targets: Mapping[str, str]
) -> Mapping[Key, tuple[LiveItem, ...]]:
    """Return, for each post to be created, the live ones of its kind that bear its title.

    Of an answer, the ones to its question that say the same and are nobody's.
    """
    taken = {pair.live.ref for pair in pairs if pair.live}
    by_title: dict[tuple[Kind, str], list[LiveItem]] = defaultdict(list)
    by_text: dict[tuple[Ref, Value], list[LiveItem]] = defaultdict(list)
    for ref, live in sorted(snapshot.items.items()):
        if not isinstance(live, LiveItem) or live.facts.deleted or ref in taken:
            continue
        if Field.TITLE in live.fields:
            by_title[ref.kind, reading_of(str(live.fields[Field.TITLE]))].append(live)
        elif live.parent is not None and live.marker is None and Field.BODY in live.fields:
            said = keyed_value(Field.BODY, live.fields[Field.BODY], targets)
            by_text[live.parent, said].append(live)
    posts = {pair.item.key: pair.live.ref for pair in pairs if pair.live}
    found = {}
    for item in (pair.item for pair in pairs if pair.live is None):
        stated = {**item.initial, **item.fields}
        title, body = stated.get(Field.TITLE), stated.get(Field.BODY)
        same: list[LiveItem] = []
        if title is not None:
            same = by_title.get((item.kind, reading_of(str(title))), [])
        elif body is not None and item.parent in posts:
            same = by_text.get((posts[item.parent], body), [])
        if same:
            found[item.key] = tuple(same)
    return found
