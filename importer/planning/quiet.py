"""Which posts need no reading where nothing moved: those of items that say what they always said.

A dialect whose lists bear no content reads a post's content at the price of a request. It is spared
for a post that looks as it did when journal and team agreed, of an item that the author didn't
touch and that leads to nothing to be made anew: there is nothing to find out. Questions count
together with their answers, as one's mark is the other's business.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from importer.model.fields import canonical, rule, targets_of
from importer.model.ids import Field, Key, Ref, full_key, image_digest, key_of_target, parent_key
from importer.model.ledger import Binding, Ledger
from importer.model.live import Facts, Known, LiveItem, Same, Snapshot
from importer.model.manifest import Item, Manifest
from importer.planning.baseline import UNSET, digest_field
from importer.text.digests import agree
from importer.text.marker import VERSION, Marker

__all__ = ["known_of", "quiet_items", "with_unseen"]


def quiet_items(manifest: Manifest, ledger: Ledger) -> Mapping[Ref, Item]:
    """Return the items that didn't move since they were written or found equal, by their posts."""
    moved = {_group(item.key) for item in manifest.items if not _is_quiet(item, ledger)}
    # What the manifest has lost is looked at: it may be to be deleted.
    named = {item.key for item in manifest.items}
    moved |= {_group(key) for key in ledger.bindings.keys() - named}
    return {
        ledger.bindings[item.key].ref: item
        for item in manifest.items
        if _group(item.key) not in moved
    }


def known_of(bindings: Iterable[Binding]) -> Mapping[Ref, Known]:
    """Return how the posts of *bindings* looked when they were last seen in agreement."""
    return {
        it.ref: Known(it.stamp, it.parent, accepted=_is_accepted(it)) for it in bindings if it.stamp
    }


def with_unseen(
    snapshot: Snapshot, quiet: Mapping[Ref, Item], ledger: Ledger, namespace: str
) -> Snapshot:
    """Return *snapshot* with the posts that look as they did saying what their items say."""
    items = {
        ref: _unseen(quiet[ref], ledger.bindings[quiet[ref].key], namespace, snapshot.synonyms)
        if isinstance(got, Same) and ref in quiet
        else got
        for ref, got in snapshot.items.items()
    }
    unread = frozenset(ref for ref, got in snapshot.items.items() if isinstance(got, Same))
    return replace(snapshot, items=items, unread=unread)


def _unseen(item: Item, binding: Binding, namespace: str, masters: Mapping[str, str]) -> LiveItem:
    """Return the post of a quiet *item*; as if read, its tags go by their masters' names."""
    letters = {
        letter: digest
        for field, digest in binding.marked.items()
        if (letter := rule(item.kind, field).letter) is not None
    }
    marker = Marker(VERSION, full_key(namespace, item.key), letters) if letters else None
    return LiveItem(
        ref=binding.ref,
        parent=binding.parent,
        url=binding.url,
        fields={
            field: canonical(rule(item.kind, field).shape, value, masters)
            for field, value in {**item.initial, **item.fields}.items()
        },
        marker=marker,
        facts=Facts(binding.author, engaged_by_others=True, sure_of_engagement=False),
        stamp=binding.stamp,
    )


def _group(key: Key) -> Key:
    return parent_key(key) or key


def _is_quiet(item: Item, ledger: Ledger) -> bool:
    binding = ledger.bindings.get(item.key)
    if binding is None or not binding.stamp or item.remote_id is not None or item.was:
        return False
    if not all(key in ledger.bindings for key in _led_to(item)):
        # What it leads to is to be made anew: its own post leads to one that is gone.
        return False
    return all(
        field in binding.base
        and agree(binding.base[field].ours, digest_field(item.kind, field, value))
        for field, value in item.fields.items()
    )


def _led_to(item: Item) -> Iterator[Key]:
    for field, value in item.fields.items():
        keys = (key_of_target(it) for it in targets_of(field, value))
        yield from (it for it in keys if it is not None and image_digest(it) is None)


def _is_accepted(binding: Binding) -> bool:
    base = binding.base.get(Field.ACCEPTED)
    return base is not None and base.ours != UNSET
