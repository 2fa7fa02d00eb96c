"""Keys and tags: names of a strict grammar, made of whatever a source calls things."""

import re
from collections.abc import Container

from importer.model.fields import LIMITS, TAG_ALPHABET
from importer.model.ids import Field, Kind
from importer.sources.letters import plain_letters
from importer.text.digests import SHORT, digest_text

__all__ = ["key_of", "tag_of", "unique"]

_LONGEST_KEY = 80
_TAG = LIMITS[Kind.TAG, Field.TITLE]


def key_of(name: str) -> str:
    """Return a key made of *name*: folders stay, letters lose their marks.

    At most 80 of the 100 characters a key may have: a number may have to follow. A name without any
    letter that keys know is named by its digest.
    """
    segments = [_slug(part) for part in name.split("/")]
    segments = [part for part in segments if part]
    if not _slug(name.rsplit("/", 1)[-1]):
        segments.append(f"q-{digest_text(name)[:SHORT]}")
    key = "/".join(segments)
    if len(key) <= _LONGEST_KEY:
        return key
    short = re.sub(r"[-._/]?[^-._/]*\Z", "", key[:_LONGEST_KEY])
    return short or key[:_LONGEST_KEY]


def _slug(text: str) -> str:
    ascii_only = plain_letters(text).encode("ascii", "ignore").decode("ascii")
    return re.sub(r"[^a-z0-9]+", "-", ascii_only).strip("-")


def tag_of(name: str) -> str:
    """Return the tag that *name* becomes, cut at a word; empty when nothing of it is left.

    Lower case, `-` for blanks, the alphabet of tags, at most 35 characters.
    """
    plain = plain_letters(name)
    allowed = "".join(char if char in TAG_ALPHABET else "-" for char in plain)
    tag = re.sub(r"-{2,}", "-", allowed).strip("-.")
    if len(tag) > _TAG.high:
        kept = tag[: _TAG.high + 1]
        tag = kept[: kept.rfind("-")] if "-" in kept else kept[: _TAG.high]
    return tag.strip("-.")


def unique(name: str, taken: Container[str]) -> str:
    """Return *name*, or with the lowest number from 2 on that makes it new."""
    candidate, number = name, 1
    while candidate in taken:
        number += 1
        candidate = f"{name}-{number}"
    return candidate
