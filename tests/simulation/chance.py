"""Chance as a pure function of a seed and a name, so that one more draw reshuffles no other."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeVar

__all__ = ["Chance"]

_T = TypeVar("_T")


class Chance:
    """Draws for one seed. The same name gives the same draw."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._prefix = f"{seed}:".encode()

    def number(self, name: str) -> float:
        """Return a number in [0, 1)."""
        digest = hashlib.blake2b(self._prefix + name.encode(), digest_size=7).digest()
        return int.from_bytes(digest, "big") / 2.0**56

    def happens(self, name: str, probability: float) -> bool:
        return self.number(name) < probability

    def between(self, name: str, low: float, high: float) -> float:
        return low + self.number(name) * (high - low)

    def below(self, name: str, bound: int) -> int:
        return int(self.number(name) * bound)

    def one_of(self, name: str, choices: Sequence[_T]) -> _T:
        return choices[self.below(name, len(choices))]
