"""Links by key: what leads to an item's post leads to the item, whatever address that has."""

from collections.abc import Mapping
from dataclasses import replace

from importer.model.fields import Value
from importer.model.ids import Field
from importer.model.live import LiveItem
from importer.text.links import Text, retarget
from importer.text.sealed import Sealed, retarget_sealed

__all__ = ["keyed", "keyed_item", "keyed_value"]


def keyed(text: Text, targets: Mapping[str, str]) -> Text:
    """Return *text* with each link to an item's post leading to the item by its key."""
    return retarget(text, lambda target: targets.get(target, target)) if text.targets else text


def keyed_item(live: LiveItem, targets: Mapping[str, str]) -> LiveItem:
    """Return *live* with its texts, and a collection's items, keyed."""
    fields = {field: keyed_value(field, value, targets) for field, value in live.fields.items()}
    return replace(live, fields=fields)


def keyed_value(field: Field, value: Value, targets: Mapping[str, str]) -> Value:
    """Return a value of *field*, keyed."""
    if isinstance(value, Text):
        return keyed(value, targets)
    if isinstance(value, Sealed):
        return retarget_sealed(value, lambda target: targets.get(target, target))
    if field is Field.ITEMS and isinstance(value, tuple):
        return tuple(targets.get(target, target) for target in value)
    return value
