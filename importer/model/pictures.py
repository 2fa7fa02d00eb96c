"""A picture that bodies show: the file it is in, and what its bytes are."""

from dataclasses import dataclass

from importer.text.digests import Digest

__all__ = ["MOST_BYTES", "Picture"]

MOST_BYTES = 2 * 2**20
"""The largest image that API v3 takes (documented, in the vendor's contract)."""


@dataclass(frozen=True, slots=True)
class Picture:
    """`path` leads from the manifest's folder to the file, `digest` is that of its bytes."""

    path: str
    digest: Digest
    media_type: str
    size: int
