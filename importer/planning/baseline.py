"""Who moved a field since its base, and which base that is. Pure: digests in, a verdict out.

    ours moved = digest(ours) != base.ours
    live moved = digest(live) not in {base.served, base.ours}

                  live still     live moved    live moved, but seen
    ours still    NEITHER        LIVE          OURS
    ours moved    OURS           BOTH          OURS
    ours is seen  OURS           LIVE
    no base                      NO_BASE       OURS
    equal         EQUAL in any row

What the author has seen, and says otherwise, is decided: the manifest's counts. It never hides.
What was seen and is the manifest's own (`pull` took it in) is the base where live has moved: the
journal's or the marker's is older. Where live is what was last written, that is the newer word: an
author took back an edit. Where there is no other base, the post has to be surely the one that was
seen (`recognising`).

Journal and marker may know different bases of one field:

    they agree, or the marker is the one we knew    the journal's: it knows what was served, too
    ours is what the journal's base says            the journal's: a later word is not ours to undo
    else                                            the marker's: another runner wrote since
"""

from collections.abc import Mapping

from importer.model.fields import FieldRule, Shape, Value, digest_value, rule
from importer.model.ids import Field, Kind
from importer.model.ledger import Base, Binding
from importer.model.live import LiveItem
from importer.model.manifest import Item
from importer.model.plan import Moved
from importer.text.digests import Digest, agree, digest_of

__all__ = [
    "UNSET",
    "base_of",
    "digest_field",
    "digest_of_added",
    "digest_of_ours",
    "known_mark",
    "names_of",
    "or_seen",
    "stamp_of",
    "who_moved",
]

UNSET = digest_value(Shape.FLAG, False)  # noqa: FBT003 - the value itself


def digest_field(kind: Kind, field: Field, value: Value) -> Digest:
    """Return the digest of a settled value of *field*."""
    return digest_value(rule(kind, field).shape, value)


def digest_of_ours(item: Item, field: Field) -> Digest:
    """Return the digest of what *item* says of *field*: what is only added is another word."""
    value = item.fields[field]
    return digest_of_added(value) if field in item.adds else digest_field(item.kind, field, value)


def digest_of_added(value: Value) -> Digest:
    """Return the digest of names that are only added."""
    return digest_of("added", sorted(names_of(value)))


def names_of(value: Value) -> set[str]:
    """Return the names of a list; nothing else has any."""
    return set(value) if isinstance(value, tuple) else set()


def who_moved(ours: Digest, live: Digest, base: Base | None, seen: Digest | None) -> Moved:
    """Decide by the table in this module's docstring."""
    if agree(ours, live):
        return Moved.EQUAL
    live_still = _is_still(live, base)
    if not live_still and seen is not None and agree(live, seen):
        return Moved.OURS
    if base is None:
        return Moved.NO_BASE
    match not agree(ours, base.ours), live_still:
        case False, True:
            return Moved.NEITHER
        case False, False:
            return Moved.LIVE
        case True, True:
            return Moved.OURS
        case _:
            return Moved.BOTH


def _is_still(live: Digest, base: Base | None) -> bool:
    return base is not None and (agree(live, base.served) or agree(live, base.ours))


def base_of(
    row: FieldRule, live: LiveItem, binding: Binding | None, ours: Digest | None = None
) -> Base | None:
    """Return the base of one field, from journal and marker by this module's second table.

    The marker keeps the same value, a poorer copy: `served` counts as equal to `ours`. A mark that
    the post doesn't bear is as the server made it: nobody else than its author could take it off.
    """
    kept = binding.base.get(row.field) if binding else None
    if kept is None and row.own_call and live.fields.get(row.field) is False:
        return Base(UNSET, UNSET)
    marked = live.marker.digests.get(row.letter) if live.marker and row.letter else None
    if marked is None or (kept and _is_kept(kept, marked, known_mark(binding, row.field), ours)):
        return kept
    return Base(marked, marked)


def _is_kept(kept: Base, marked: Digest, known: Digest | None, ours: Digest | None) -> bool:
    return (
        agree(kept.ours, marked)
        or (known is not None and agree(known, marked))
        or (ours is not None and agree(ours, kept.ours))
    )


def or_seen(base: Base | None, ours: Digest, live: Digest, seen: Digest | None) -> Base | None:
    """Return *base*, or what was seen where that is the manifest's own and live has moved."""
    if seen is None or not agree(ours, seen) or _is_still(live, base):
        return base
    return Base(seen, seen)


def known_mark(binding: Binding | None, field: Field) -> Digest | None:
    """Return what the post's marker said of *field* when it was last heeded."""
    return binding.marked.get(field) if binding else None


def stamp_of(live: LiveItem, bases: Mapping[Field, Base]) -> str:
    """Return the stamp to remember of *live* (keyed): none while it differs from a base.

    What looks as it did then is known to agree, without reading it again.
    """
    agrees = all(
        field not in live.fields
        or any(
            agree(digest_field(live.ref.kind, field, live.fields[field]), known)
            for known in (base.ours, base.served)
        )
        for field, base in bases.items()
    )
    return live.stamp if agrees else ""
