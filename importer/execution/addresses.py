"""Which post each item has, both ways: for filling the holes of what is sent, and for reading."""

from collections.abc import Iterable

from importer.model.ids import Key, Kind, Ref, target_of_key
from importer.model.ledger import Binding

__all__ = ["Addresses"]


class Addresses:
    """Grows as posts are created and images uploaded.

    `targets` is what `keyed` takes, `links` and `images` what a Write takes; `bindings` is what the
    journal remembers.
    """

    def __init__(self, bindings: Iterable[Binding]) -> None:
        self.bindings: dict[Key, Binding] = {}
        self.links: dict[Key, Ref] = {}
        self.targets: dict[str, str] = {}
        self.images: dict[Key, str] = {}
        for binding in bindings:
            self.bind(binding)

    def bind(self, binding: Binding) -> None:
        """Remember a binding as it is by now."""
        self.bindings[binding.key] = binding
        self.add(binding.key, binding.ref, binding.url)

    def add(self, key: Key, ref: Ref, url: str) -> None:
        """Remember that *key*'s post is *ref*, or that its image is at *url*."""
        if ref.kind is Kind.IMAGE:
            self.images[key] = url
            return
        self.links[key] = ref
        self.targets[str(ref)] = target_of_key(key)
