"""What a comparison alone gives to remember: posts found, and bases where both sides agree."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from importer.model.fields import Value, fields_of
from importer.model.ids import Field, Key
from importer.model.ledger import Base, Binding, Ledger
from importer.model.live import LiveItem
from importer.model.plan import Comparison, Moved, Pair
from importer.planning.baseline import UNSET, base_of, digest_of_ours, known_mark, stamp_of
from importer.planning.matching import marked_fields
from importer.text.digests import Digest, agree

__all__ = ["binding_of", "bindings_to_keep", "keys_renamed", "values_of_bases"]


def binding_of(pair: Pair, live: LiveItem) -> Binding:
    """Return what is to be remembered of a pair: where both sides agree, that is the base.

    A mark that the item doesn't ask for and the post doesn't bear is as good as written; bases of
    other fields left out of `manage:` are kept for the day they come back.
    """
    item, old = pair.item, pair.binding
    bases = dict(old.base) if old else {}
    marked = marked_fields(live)
    for row in fields_of(item.kind):
        field = row.field
        if field not in item.fields:
            if row.own_call and live.fields.get(field) is False:
                bases[field] = Base(UNSET, UNSET)
            continue
        ours = digest_of_ours(item, field)
        base = base_of(row, live, old, ours)
        if pair.moved.get(field) is Moved.EQUAL:
            kept = base is not None and agree(base.ours, ours) and len(base.ours) == len(ours)
            base = base if kept else Base(ours, ours)
        elif base is not None and len(base.ours) < len(ours) and agree(base.ours, ours):
            base = Base(ours, ours)  # A marker's, and what it stands for is known.
        elif base != base_of(row, live, old):
            # Not heeded: once ours moves too, it is to count as the newer word.
            marked = _unheeded(marked, field, known_mark(old, field))
        if base is not None:
            bases[field] = base
    return Binding(
        item.key,
        live.ref,
        live.url,
        bases,
        parent=live.parent,
        marked=marked,
        stamp=stamp_of(live, bases),
        protected=item.protected,
        author=live.facts.author,
    )


def bindings_to_keep(
    chosen: Sequence[Pair], comparison: Comparison, ledger: Ledger
) -> tuple[Binding, ...]:
    """Return the bindings that differ from what the journal remembers.

    A post that is gone, or differs and isn't chosen, is not as it was: without its stamp, nobody
    takes it for unchanged unread.
    """
    found = [
        *(binding_of(pair, pair.live) for pair in chosen if pair.live),
        *(replace(it.binding, stamp="") for it in comparison.gone),
    ]
    known = {it.item.key for it in chosen}
    for pair in comparison.pairs:
        kept = ledger.bindings.get(pair.item.key)
        if kept and pair.live and pair.item.key not in known:
            found.append(kept if stamp_of(pair.live, kept.base) else replace(kept, stamp=""))
    return tuple(it for it in found if ledger.bindings.get(it.key) != it)


def keys_renamed(chosen: Iterable[Pair]) -> set[Key]:
    """Return the keys under which the posts of *chosen* are remembered no more."""
    return {
        pair.binding.key
        for pair in chosen
        if pair.live and pair.binding and pair.binding.key != pair.item.key
    }


def values_of_bases(
    bindings: Iterable[Binding], comparison: Comparison
) -> Iterator[tuple[Digest, Value]]:
    """Yield what the bases of *bindings* are digests of, where the manifest says it.

    A merge starts from it, once both sides have moved.
    """
    items = {pair.item.key: pair.item for pair in comparison.pairs}
    for binding in bindings:
        item = items.get(binding.key)
        if item is None:
            continue
        for field, value in item.fields.items():
            base = binding.base.get(field)
            if base is not None and base.ours == digest_of_ours(item, field):
                yield base.ours, value


def _unheeded(
    marked: Mapping[Field, Digest], field: Field, known: Digest | None
) -> dict[Field, Digest]:
    others = {it: digest for it, digest in marked.items() if it is not field}
    return others if known is None else {**others, field: known}
