"""Chance that can be had again: every draw follows from a seed, a purpose and a number alone.

No draw depends on the draws before it, so that one more fault doesn't reshuffle all others.
"""

import hashlib

__all__ = ["Seed", "draw"]

Seed = int | str

_FRACTION = 53
"""Bits of a float that is evenly spread over [0, 1)."""


def draw(seed: Seed, purpose: str, number: int) -> float:
    """Draw from [0, 1)."""
    digest = hashlib.blake2b(f"{seed} {purpose} {number}".encode(), digest_size=8).digest()
    return (int.from_bytes(digest, "big") >> (64 - _FRACTION)) / (1 << _FRACTION)
