"""A write and its outcome."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from importer.model.fields import Fields
from importer.model.ids import Key, Kind, Ref, UserId, Verb
from importer.model.live import LiveItem
from importer.model.pictures import Picture

__all__ = ["LATE_S", "LISTING_S", "Done", "NotApplied", "Outcome", "Rejected", "Unknown", "Write"]

LISTING_S = 75.0
"""How long a write may be invisible in lists: answers may be cached for a minute (documented)."""
LATE_S = 60.0
"""How long after the end of a connection a server may still commit (inferred)."""


@dataclass(frozen=True, slots=True)
class Write:
    """One call. `fields` is the whole payload: live fields overlaid with what changes.

    `marker` is the marker's line, put last in the body; "" for kinds without one. `links` maps the
    keys that a body's holes and a collection's items lead to, to their posts. `name` is a tag's
    name: which post a tag has isn't known when it is planned. An article's PERMISSIONS are there
    where the manifest states them or the live ones were read. `images` maps the images that a body
    shows to their addresses. An upload's `content` are the bytes of its `picture`. `before` is what
    a field with a call of its own was seen to hold: a dialect that can sends the difference alone,
    so what somebody else adds meanwhile stays.
    """

    request_id: str
    verb: Verb
    kind: Kind
    ref: Ref | None = None
    parent: Ref | None = None
    fields: Fields = field(default_factory=dict)
    links: Mapping[Key, Ref] = field(default_factory=dict)
    marker: str = ""
    author: UserId | None = None
    name: str = ""
    images: Mapping[Key, str] = field(default_factory=dict)
    picture: Picture | None = None
    content: bytes = field(default=b"", repr=False)
    before: Fields = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Done:
    """The server did it; `item` is its echo (None after a delete)."""

    item: LiveItem | None


@dataclass(frozen=True, slots=True)
class Rejected:
    """The server refused. `stops_run`: the next write would be refused as well.

    Not `lasting`: why it did may be gone tomorrow, with nothing changed in the item.
    """

    code: str
    message: str
    stops_run: bool = False
    lasting: bool = True


@dataclass(frozen=True, slots=True)
class NotApplied:
    """It surely did not happen; `proof` says why that is known."""

    proof: str
    resume_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """It may or may not have happened."""

    evidence: str


Outcome = Done | Rejected | NotApplied | Unknown
