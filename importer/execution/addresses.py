"""Which post each item has, both ways: for filling the holes of what is sent, and for reading."""

from collections.abc import Iterable

from importer.model.ids import Key, Ref, target_of_key
from importer.model.ledger import Binding

__all__ = ["Addresses"]


class Addresses:
    """Grows as posts are created. `targets` is what `keyed` takes, `links` what a Write takes."""

    def __init__(self, bindings: Iterable[Binding]) -> None:
        self.links: dict[Key, Ref] = {}
        self.targets: dict[str, str] = {}
        for binding in bindings:
            self.add(binding.key, binding.ref)

    def add(self, key: Key, ref: Ref) -> None:
        """Remember that *key*'s post is *ref*."""
        self.links[key] = ref
        self.targets[str(ref)] = target_of_key(key)
