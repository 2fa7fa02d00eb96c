"""What a snapshot's file holds: enough to plan without the team, and no text of a post."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from importer.model.ids import Field, Key, Kind, Lineage, UserId, Verb
from importer.model.ledger import Binding, Operation
from importer.model.live import Ability, LiveItem, Rates
from importer.model.site import Site
from importer.text.digests import Digest

__all__ = ["SNAPSHOT_VERSION", "KnownAbility", "SavedSnapshot"]

SNAPSHOT_VERSION = 1


@dataclass(frozen=True, slots=True)
class KnownAbility:
    """Whether one kind of write could be done when the snapshot was taken."""

    kind: Kind
    verb: Verb
    field: Field | None
    ability: Ability


@dataclass(frozen=True, slots=True)
class SavedSnapshot:
    """One reading of a team, of its posts the titles, tags, markers and digests.

    `posts` have their texts sealed. Mail addresses are there as digests, in `people` and `denied`;
    authors as ids. `bindings` to `histories` are what the journal said at `taken_at`, in the
    server's time where that is told.
    """

    format_version: int
    taken_at: datetime
    namespace: str
    team: str
    lineage: Lineage
    site: Site
    me: UserId | None
    authoring: Ability
    abilities: tuple[KnownAbility, ...]
    rates: Rates
    posts: tuple[LiveItem, ...]
    covered: tuple[Kind, ...]
    until: datetime | None
    tags: tuple[str, ...]
    synonyms: Mapping[str, str]
    declared: tuple[LiveItem, ...]
    people: Mapping[Digest, UserId | None]
    denied: Mapping[Digest, str]
    has_journal: bool
    serial: int
    bindings: tuple[Binding, ...] = ()
    open: tuple[Operation, ...] = ()
    rejected: tuple[Operation, ...] = ()
    authors: tuple[UserId, ...] = ()
    histories: Mapping[Key, tuple[Operation, ...]] = field(default_factory=dict)
