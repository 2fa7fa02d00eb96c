"""Which live posts items of a manifest may mean, and what became of a person's word on it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from importer.errors import Span
from importer.model.ids import Field, Key, Kind, Ref, UserId
from importer.text.digests import Digest

__all__ = [
    "FORMAT_VERSION",
    "Adopted",
    "AdoptedReport",
    "Adoption",
    "AdoptionReport",
    "Answered",
    "Became",
    "Likeness",
    "Suggestion",
    "Told",
    "Verdict",
]

FORMAT_VERSION = 1


class Likeness(StrEnum):
    """What speaks for a post. ONLY: the one answer that is free, for the one that has no post.

    KNOWN: the item has it, by `id:` or a marker, and what was last written there is not known.
    """

    TITLE = "equal title"
    TEXT = "equal text"
    SIMILAR = "similar"
    ONLY = "only answer"
    KNOWN = "its post, without a base"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A post that an item may mean. Nothing is bound by it.

    `title` is the item's, of an answer its question's; `there` the post's. `edited_at` is when it
    was made, where nobody edited it since; `edited_by` is what the site calls whoever edited it.
    `listed` is the digest of what it says. `score` goes from 0 to
    100; None where only equality was looked at. `differs` are fields in which the item asks for
    something else than stands there. `rivals` counts the other suggestions for the same item or the
    same post. `is_plain`: nothing differs, and there is no other.
    """

    key: Key
    kind: Kind
    title: str
    post: Ref
    url: str
    there: str
    how: Likeness
    score: int | None
    listed: Digest
    author: UserId | None = None
    edited_at: datetime | None = None
    edited_by: str = ""
    differs: tuple[Field, ...] = ()
    rivals: int = 0
    is_plain: bool = False
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """A post that bears an item's title, and somebody's marker: it is not suggested."""

    key: Key
    kind: Kind
    title: str
    ref: Ref
    url: str
    owner: str
    is_ours: bool
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Adoption:
    """All that was found. `missing` are items without a suggestion: they would be new posts.

    `unclaimed` counts posts of the manifest's kinds that are nobody's and no item's.
    """

    namespace: str
    team: str
    suggestions: tuple[Suggestion, ...] = ()
    told: tuple[Told, ...] = ()
    missing: tuple[Key, ...] = ()
    unclaimed: int = 0
    foreign: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


class Verdict(StrEnum):
    """What a person said of a suggestion; UNDECIDED is an empty cell."""

    YES = "yes"
    NO = "no"
    UNDECIDED = ""


@dataclass(frozen=True, slots=True)
class Answered:
    """A row of the file that a person went through. `listed` is the post's digest as listed."""

    verdict: Verdict
    key: Key
    ref: Ref
    listed: Digest
    span: Span


class Became(StrEnum):
    """What became of a row in the journal. LET_GO: a `no` to what was adopted before."""

    BOUND = "bound"
    ALREADY = "already"
    LET_GO = "let-go"


@dataclass(frozen=True, slots=True)
class Adopted:
    """A row that was followed. `differs` are the fields that the next plan updates.

    `seen` are the digests of what stands there of them, for runners that know no base. `written`:
    `id:` stands in the manifest's files now; `unwritten` says why it could not be written.
    """

    key: Key
    kind: Kind
    title: str
    ref: Ref
    url: str
    state: Became
    differs: tuple[Field, ...] = ()
    seen: Mapping[Field, Digest] = field(default_factory=dict)
    written: bool = False
    unwritten: str = ""
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class AdoptionReport:
    """What `adopt` prints of what it found."""

    adoption: Adoption
    format_version: int = FORMAT_VERSION


@dataclass(frozen=True, slots=True)
class AdoptedReport:
    """What `adopt --accept` prints of the rows that it followed."""

    namespace: str
    team: str
    adopted: tuple[Adopted, ...]
    format_version: int = FORMAT_VERSION
