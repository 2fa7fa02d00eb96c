"""A plan: what would change and why, what waits, and what it costs. No time, identity or code."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from importer.errors import Span
from importer.model.fields import Value
from importer.model.ids import ChangeId, Field, Key, Kind, Lineage, Ref, RunId, UserId, Verb
from importer.model.ledger import Binding
from importer.model.live import LiveItem
from importer.model.manifest import Footer, Item, OnDrift
from importer.model.pictures import Picture
from importer.text.digests import Digest

__all__ = [
    "FORMAT_VERSION",
    "Blocked",
    "BlockedCode",
    "Change",
    "Comparison",
    "Cost",
    "Decisions",
    "Double",
    "Doubled",
    "Drift",
    "FieldChange",
    "Gone",
    "How",
    "LastEdit",
    "ManualStep",
    "Moved",
    "Orphan",
    "Pair",
    "Plan",
    "Reason",
    "SavedPlan",
    "Side",
]

FORMAT_VERSION = 1


class Moved(StrEnum):
    """Who moved a field since its base.

    EQUAL: ours and live agree, whatever the base says. NO_BASE: they differ and no base is known.
    """

    NEITHER = "neither"
    OURS = "ours"
    LIVE = "live"
    BOTH = "both"
    EQUAL = "equal"
    NO_BASE = "no-base"


class How(StrEnum):
    """How an item found its post."""

    BINDING = "binding"
    MARKER = "marker"
    ID = "id"
    NAME = "name"
    NONE = "none"


class Reason(StrEnum):
    """Why a change is in the plan."""

    NEW = "new"
    EDITED = "edited"
    MERGED = "merged"
    LINKS = "links"
    OVERWRITE = "overwrite"
    REMOVED = "removed"
    PRUNED = "pruned"
    MARKED = "marked"
    UNDO = "undo"


class BlockedCode(StrEnum):
    """What a blocked item waits for."""

    CONFLICT = "conflict"
    NO_BASE = "no-base"
    EQUAL_TITLE = "equal-title"
    AMBIGUOUS = "ambiguous"
    MISFIT = "misfit"
    GONE = "gone"
    NEW_TAG = "new-tag"
    UNSUPPORTED = "unsupported"
    NEEDS = "needs"
    PROTECTED = "protected"
    ENGAGED = "engaged"
    UNREAD = "unread"
    REJECTED = "rejected"
    OPEN = "open"
    NEWER_MARKER = "newer-marker"
    LOCKED = "locked"
    GUARD = "guard"
    LATER_RUN = "later-run"


@dataclass(frozen=True, slots=True)
class LastEdit:
    """Who edited a post last on the site, and when, as far as the site tells."""

    by: UserId
    name: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """An item, the post it found, what we remember of it, and per managed field who moved.

    `merged` are the values that fields merge to which moved on both sides, where they do. `edit` is
    the post's last one; None where there is none, or where who writes from here made it.
    """

    item: Item
    live: LiveItem | None
    binding: Binding | None
    how: How
    moved: Mapping[Field, Moved] = field(default_factory=dict)
    merged: Mapping[Field, Value] = field(default_factory=dict)
    edit: LastEdit | None = None


@dataclass(frozen=True, slots=True)
class Gone:
    """A bound item whose post is missing from a complete read, and by its id too."""

    item: Item
    binding: Binding


@dataclass(frozen=True, slots=True)
class Orphan:
    """A live post of ours that no item names.

    `double_of` is the post of its key, where that is another one: two bear the same marker.
    """

    key: Key
    ref: Ref
    url: str
    title: str
    removed: bool = False
    double_of: Ref | None = None


@dataclass(frozen=True, slots=True)
class Doubled:
    """The live posts of one key: the one that counts, and the others; `under` are those' answers.

    All of them are keyed.
    """

    key: Key
    winner: LiveItem
    losers: tuple[LiveItem, ...]
    under: tuple[LiveItem, ...] = ()


@dataclass(frozen=True, slots=True)
class Double:
    """A live post of ours whose key has another one, which `counts`.

    `apply` removes it after its writes, unless it `stays`: that is why it is left to a person.
    """

    key: Key
    ref: Ref
    url: str
    title: str
    counts: Ref
    counts_url: str = ""
    stays: str = ""


@dataclass(frozen=True, slots=True)
class Side:
    """One field of a blocked item: what the manifest says, what the site says.

    `base` is what was last written, which both started from; None where its text is not known.
    """

    field: Field
    ours: Value | None
    live: Value | None
    base: Value | None = None


@dataclass(frozen=True, slots=True)
class Blocked:
    """A wish that waits for a person. `edit` is whom it is in conflict with, where that is told."""

    code: BlockedCode
    key: Key | None
    kind: Kind | None
    why: str
    remedy: str
    url: str = ""
    sides: tuple[Side, ...] = ()
    span: Span | None = None
    edit: LastEdit | None = None


@dataclass(frozen=True, slots=True)
class ManualStep:
    """A wish no API call can carry out, with the page to do it on."""

    key: Key
    what: str
    page: str
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """The one value that plan, drift, pull, adopt and export read.

    `equal_titles` maps a new question's key to the live posts that bear its title already, a new
    answer's to those of its question that say the same.
    `blocked` are items whose post could not be told (ambiguous, misfit). `pictures` are images that
    are on the site, with their addresses. `targets` is how links name the items of our posts.
    """

    pairs: tuple[Pair, ...]
    orphans: tuple[tuple[Orphan, LiveItem, Binding | None], ...] = ()
    gone: tuple[Gone, ...] = ()
    equal_titles: Mapping[Key, tuple[LiveItem, ...]] = field(default_factory=dict)
    blocked: tuple[Blocked, ...] = ()
    pictures: Mapping[Key, str] = field(default_factory=dict)
    targets: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FieldChange:
    """`before` is the precondition, there is no other; None for a create.

    `base` is the digest of the manifest's own value, which the marker and the journal remember;
    `ours` is that value where `after` is what it merged to with the site's, else None;
    `live_moved` says that the site had moved too (an overwrite, or a merge).
    """

    field: Field
    before: Value | None
    after: Value | None
    base: Digest | None = None
    live_moved: bool = False
    ours: Value | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """Exactly one write. `parent` is the question's key of an answer, `needs` what goes before.

    `ref` is None for a create. `brings_tags` are tags born with this write. `bumps` is the key of
    the question that this write brings to the top of everybody's page, if it does. `marker_base`
    holds the digests the marker gets for fields that ride along unchanged. `unless_engaged` holds
    a delete to posts in which nobody else has engaged by the time it is carried out. `author` is
    in whose name it is written; None: in the token's user's. `picture` is what an upload takes.
    `edit` is the one on the site that it is merged with, or goes over, where that is told.
    """

    id: ChangeId
    key: Key
    kind: Kind
    verb: Verb
    reason: Reason
    title: str = ""
    ref: Ref | None = None
    parent: Key | None = None
    parent_ref: Ref | None = None
    fields: tuple[FieldChange, ...] = ()
    needs: tuple[ChangeId, ...] = ()
    brings_tags: tuple[str, ...] = ()
    bumps: bool = False
    marker_base: Mapping[Field, Digest] = field(default_factory=dict)
    protected: bool = False
    unless_engaged: bool = False
    author: UserId | None = None
    url: str = ""
    span: Span | None = None
    picture: Picture | None = None
    edit: LastEdit | None = None


@dataclass(frozen=True, slots=True)
class Drift:
    """A live edit of one field that the manifest doesn't know; kept.

    `edit` is the post's last one, where that is told: it may have been about another field.
    """

    key: Key
    kind: Kind
    ref: Ref
    url: str
    title: str
    field: Field
    ours: Value
    live: Value
    span: Span | None = None
    edit: LastEdit | None = None


@dataclass(frozen=True, slots=True)
class Cost:
    """What carrying out the plan costs: requests, seconds at the documented pace, share of a day.

    `bumped` counts the questions it brings to the top of everybody's page, `uploaded` the bytes of
    images.
    """

    writes: int = 0
    reads: int = 0
    seconds: float = 0.0
    per_day: int = 0
    bumped: int = 0
    uploaded: int = 0

    @property
    def requests(self) -> int:
        """All requests, reads included."""
        return self.writes + self.reads

    @property
    def days(self) -> int:
        """On how many days the daily quota is drawn."""
        return -(-self.requests // self.per_day) if self.per_day else 0


@dataclass(frozen=True, slots=True)
class Decisions:
    """What the person at the command line decided; part of the plan.

    `only` are globs over keys. The `max_*` are `N` or `N%`, as given. `limit` takes the first N
    questions or articles that have changes, with their answers.
    """

    only: tuple[str, ...] = ()
    on_drift: OnDrift | None = None
    prune: bool = False
    limit: int | None = None
    max_creates: str | None = None
    max_updates: str | None = None
    max_deletes: str | None = None
    delete_engaged: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything an apply needs, and nothing that differs between two equal readings.

    `bindings` are to be remembered: posts found by marker or id, and bases where both sides agree;
    `released` are keys to forget (renamed, or let go). `undoes` is the run that the plan takes
    back; it comes from the journal then, and from no manifest.
    `notes` say what this plan could not know (no journal: no telling deleted from never created).
    `publishers` are the authors whose marked posts are ours; none: everybody's. `footer`, with the
    address that it leads to, is what posts bear; None: a comment. `doubles` are further posts of a
    key, those that `apply` removes among them.
    """

    lineage: Lineage
    serial: int
    namespace: str
    team: str
    site: str
    manifest: Digest
    decisions: Decisions
    changes: tuple[Change, ...] = ()
    drift: tuple[Drift, ...] = ()
    orphans: tuple[Orphan, ...] = ()
    doubles: tuple[Double, ...] = ()
    blocked: tuple[Blocked, ...] = ()
    manual: tuple[ManualStep, ...] = ()
    bindings: tuple[Binding, ...] = ()
    released: tuple[Key, ...] = ()
    new_tags: tuple[str, ...] = ()
    cost: Cost = Cost()
    managed: int = 0
    unchanged: int = 0
    notes: tuple[str, ...] = ()
    undoes: RunId | None = None
    publishers: tuple[UserId, ...] = ()
    footer: Footer | None = None
    format_version: int = FORMAT_VERSION

    @property
    def removals(self) -> tuple[Double, ...]:
        """The doubles that `apply` removes after its writes."""
        return tuple(it for it in self.doubles if not it.stays)

    @property
    def is_idle(self) -> bool:
        """Whether there is nothing to write."""
        return not self.changes and not self.removals


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """What `--out` writes: a plan, its digest, and who made it when.

    `manifest_at` is the way from the file to the manifest; empty where it isn't known.
    """

    plan: Plan
    digest: Digest
    made_at: str
    made_by: str
    manifest_at: str = ""
