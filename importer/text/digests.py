"""Digests of canonical values: what the marker carries and the journal compares.

A digest is base32 of SHA-256, lower case. Whole it has 26 characters (130 bits) and names a stored
text; a marker carries its first 8 (40 bits), enough to tell two versions of one field apart.
"""

import base64
import hashlib
import json
from collections.abc import Sequence
from typing import NewType

__all__ = [
    "SHORT",
    "WHOLE",
    "Digest",
    "agree",
    "digest_bytes",
    "digest_of",
    "digest_text",
    "shorten",
]

Digest = NewType("Digest", str)

SHORT = 8
WHOLE = 26
_BYTES = 20
"""As many as base32 needs for `WHOLE`: it makes eight characters of five."""
_ENCODER = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"))


def digest_text(text: str) -> Digest:
    """Return the whole digest of *text*'s UTF-8 bytes (lone surrogates included)."""
    return digest_bytes(text.encode("utf-8", "surrogatepass"))


def digest_bytes(content: bytes) -> Digest:
    """Return the whole digest of *content*."""
    hashed = hashlib.sha256(content).digest()
    return Digest(base64.b32encode(hashed[:_BYTES]).decode("ascii").lower()[:WHOLE])


def digest_of(shape: str, parts: Sequence[str]) -> Digest:
    """Return the digest of a value of *shape*, given its canonical parts in order."""
    return digest_text(_ENCODER.encode([shape, *parts]))


def shorten(digest: Digest) -> Digest:
    """Return the part of *digest* that a marker carries."""
    return Digest(digest[:SHORT])


def agree(one: Digest, other: Digest) -> bool:
    """Tell whether two digests name the same value; one of them may be short."""
    length = min(len(one), len(other))
    return length >= SHORT and one[:length] == other[:length]
