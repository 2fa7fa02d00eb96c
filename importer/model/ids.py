"""Names: of kinds, fields, items, posts, changes and runs."""

import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

from importer.text.digests import Digest

__all__ = [
    "ChangeId",
    "Field",
    "FullKey",
    "Key",
    "Kind",
    "Lineage",
    "Mark",
    "Ref",
    "RunId",
    "UserId",
    "Verb",
    "change_id",
    "full_key",
    "image_digest",
    "image_key",
    "image_ref",
    "is_key",
    "key_of_target",
    "mark_id",
    "mark_of",
    "parent_key",
    "split_full_key",
    "tag_key",
    "tag_name",
    "target_of_key",
]

Key = NewType("Key", str)
"""An item's name in its namespace: `path/key`, an answer `path/key#answer`, a tag `tag:name`.

An image's is `image:` and the digest of its bytes: moved or renamed, it stays the same.
"""

FullKey = NewType("FullKey", str)
"""`namespace:path/key`, as in markers."""

ChangeId = NewType("ChangeId", str)
"""`key!verb`, `key!set!field`, `key!links` or `key!mark`: readable, stable, unique in a plan."""

RunId = NewType("RunId", str)
UserId = NewType("UserId", int)

Lineage = NewType("Lineage", str)
"""Names one (API origin, team, namespace): what a plan, a journal and a request id belong to."""

_SEGMENT = r"[a-z0-9]+(?:[._-][a-z0-9]+)*"
_KEY = re.compile(rf"{_SEGMENT}(?:/{_SEGMENT})*")
_NUMBER = re.compile(r"[0-9]{1,19}")
_TARGET = "key:"
_IMAGE = "image:"


class Kind(StrEnum):
    """What an item is."""

    QUESTION = "question"
    ANSWER = "answer"
    ARTICLE = "article"
    TAG = "tag"
    COLLECTION = "collection"
    IMAGE = "image"

    @property
    def one(self) -> str:
        """Its name with the article: `an answer`."""
        return f"{'an' if self[0] in 'aeiou' else 'a'} {self}"


class Verb(StrEnum):
    """SET is a field with a call of its own (accepted, experts)."""

    CREATE = "create"
    UPDATE = "update"
    SET = "set"
    DELETE = "delete"


class Mark(StrEnum):
    """An update of a post's marker alone: put on, or taken off."""

    ON = "mark"
    OFF = "unmark"


class Field(StrEnum):
    """What an item says. Which kind has which: the table in `importer.model.fields`."""

    TITLE = "title"
    TAGS = "tags"
    BODY = "body"
    ACCEPTED = "accepted"
    TYPE = "type"
    PERMISSIONS = "permissions"
    DESCRIPTION = "description"
    EXPERTS = "experts"
    ITEMS = "items"


@dataclass(frozen=True, slots=True, order=True)
class Ref:
    """The server's name of a post."""

    kind: Kind
    id: int

    def __str__(self) -> str:
        return f"{self.kind}/{self.id}"

    @classmethod
    def parse(cls, text: str) -> "Ref":
        """Return the Ref that `str()` gave *text* for; ValueError when it isn't one."""
        kind, _, number = text.partition("/")
        if not _NUMBER.fullmatch(number):
            raise ValueError(text[:100])
        return cls(Kind(kind), int(number))


def is_key(text: str) -> bool:
    """Tell whether *text* is a key of a question, article or collection, or a namespace."""
    return len(text) <= 100 and _KEY.fullmatch(text) is not None


def full_key(namespace: str, key: Key) -> FullKey:
    """Return *key* with its namespace, as in markers."""
    return FullKey(f"{namespace}:{key}")


def split_full_key(full: str) -> tuple[str, Key]:
    """Return the namespace and the key within it."""
    namespace, _, key = full.partition(":")
    return namespace, Key(key)


def parent_key(key: Key) -> Key | None:
    """Return the question's key of an answer's key, else None."""
    question, hash_, _ = key.partition("#")
    return Key(question) if hash_ else None


def tag_key(name: str) -> Key:
    """Return the key of a declared tag; of other keys, only images' have a colon."""
    return Key(f"tag:{name}")


def tag_name(key: Key) -> str:
    """Return the name of the tag whose key `tag_key` gave."""
    return key.removeprefix("tag:")


def image_key(digest: Digest) -> Key:
    """Return the key of the image whose bytes have this (whole) digest."""
    return Key(f"{_IMAGE}{digest}")


def image_digest(key: Key) -> Digest | None:
    """Return the digest of the image that *key* names; None: it names something else."""
    return Digest(key.removeprefix(_IMAGE)) if key.startswith(_IMAGE) else None


def image_ref(url: str) -> Ref:
    """Return the name of the image at *url*.

    The server's own is no number (a GUID), and what counts is the address: this one is made of it
    (52 bits: as many as any reader of JSON keeps of a number).
    """
    return Ref(Kind.IMAGE, int(hashlib.sha256(url.encode()).hexdigest()[:13], 16))


def target_of_key(key: Key) -> str:
    """Return how a text's hole names an item of the manifest."""
    return f"{_TARGET}{key}"


def key_of_target(target: str) -> Key | None:
    """Return the item a hole leads to, or None when it leads to a post by its ref."""
    return Key(target.removeprefix(_TARGET)) if target.startswith(_TARGET) else None


def change_id(key: Key, verb: Verb, field: Field | None = None, *, links: bool = False) -> ChangeId:
    """Return a change's name; `links` marks the second write of a cycle."""
    if links:
        return ChangeId(f"{key}!links")
    return ChangeId(f"{key}!{verb}" + (f"!{field}" if field else ""))


def mark_id(key: Key, mark: Mark) -> ChangeId:
    """Return the name of an update of the marker alone."""
    return ChangeId(f"{key}!{mark}")


def mark_of(change: ChangeId) -> Mark | None:
    """Return what *change* does with the marker alone; None where it does anything else."""
    end = change.rpartition("!")[2]
    return Mark(end) if end in list(Mark) else None
