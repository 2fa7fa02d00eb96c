"""Merges what moved here and on the site, where it is known what both started from.

    the merge is     then
    the live value   nothing to write: the site has all of ours, and more of its own: drift
    our value        an update as any other: ours has all that the site added
    anything else    both edits are apart: the field becomes the merge
    a conflict       BOTH stays, and waits for a person

Texts merge by lines, tags as a set. Titles, lists in order, permissions and experts never do: half
of each is nobody's version. Neither does what would leave the limits of its field.
"""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from importer.model.fields import LIMITS, FieldRule, Value, rule
from importer.model.ids import Field
from importer.model.ledger import Base
from importer.model.plan import Comparison, Moved, Pair
from importer.planning.baseline import base_of, digest_field, digest_of_ours
from importer.text.digests import Digest
from importer.text.links import Text
from importer.text.merging import merge_names, merge_texts

__all__ = ["NO_TEXTS", "base_text", "digests_for_sides", "with_merges"]

NO_TEXTS: Mapping[Digest, Value] = MappingProxyType({})
# What a text as it is sent has besides: the marker's line, and an address for each link.
_MARKER_CHARS = 400
_ADDRESS_CHARS = 120


def digests_for_sides(comparison: Comparison) -> tuple[Digest, ...]:
    """Return the digests of the values that both sides of a field started from."""
    bases = (
        _base_of(pair, field)
        for pair in comparison.pairs
        for field, who in pair.moved.items()
        if who is Moved.BOTH
    )
    return tuple(sorted({it for it in bases if it is not None}))


def base_text(pair: Pair, field: Field, texts: Mapping[Digest, Value]) -> Value | None:
    """Return what *field* was when it was last written; None where that isn't known."""
    base = _base_of(pair, field)
    return texts.get(base) if base else None


def _base_of(pair: Pair, field: Field) -> Digest | None:
    row, live = rule(pair.item.kind, field), pair.live
    ours = digest_field(pair.item.kind, field, pair.item.fields[field])
    base = base_of(row, live, pair.binding, ours) if live else None
    return base.ours if base else None


def with_merges(comparison: Comparison, texts: Mapping[Digest, Value]) -> Comparison:
    """Return *comparison* with what could be merged; *texts* are those under `digests_for_sides`.

    Where the site has all of ours already, only the site counts as moved, from ours.
    """
    if not texts:
        return comparison
    return replace(comparison, pairs=tuple(_merged(it, texts) for it in comparison.pairs))


def _merged(pair: Pair, texts: Mapping[Digest, Value]) -> Pair:
    if pair.live is None:
        return pair
    for field in [it for it, who in pair.moved.items() if who is Moved.BOTH]:
        base = base_text(pair, field, texts)
        live = pair.live.fields[field]
        merged = _merge(pair, field, base, live) if base is not None else None
        if merged is not None and merged == live:
            pair = _contained(pair, field)
        elif merged is not None:
            pair = replace(pair, merged={**pair.merged, field: merged})
    return pair


def _merge(pair: Pair, field: Field, base: Value, live: Value) -> Value | None:
    ours = pair.item.fields[field]
    match base, ours, live:
        case Text(), Text(), Text():
            merged: Text | tuple[str, ...] | None = merge_texts(base, ours, live).text
        case tuple(), tuple(), tuple() if field is Field.TAGS:
            merged = merge_names(base, ours, live)
        case _:
            return None
    if merged is None or merged in (ours, live):
        return merged
    return merged if _fits(rule(pair.item.kind, field), merged) else None


def _fits(row: FieldRule, value: Text | tuple[str, ...]) -> bool:
    """Tell whether *value* is surely within its field's limits."""
    limit = LIMITS.get((row.kind, row.field))
    if limit is None:
        return True
    if not isinstance(value, Text):
        return limit.low <= len(value) <= limit.high
    most = len(value.holed) + value.holed.count("\n") + _ADDRESS_CHARS * len(value.targets)
    return limit.low <= len(value.holed) and most + _MARKER_CHARS <= limit.high


def _contained(pair: Pair, field: Field) -> Pair:
    """Return *pair* as it is after a write of ours: what else is there is the site's alone."""
    ours, known = digest_of_ours(pair.item, field), pair.binding
    base = {field: Base(ours, ours)}
    binding = replace(known, base={**known.base, **base}) if known else None
    return replace(pair, binding=binding, moved={**pair.moved, field: Moved.LIVE})
