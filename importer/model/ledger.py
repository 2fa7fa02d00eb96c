"""What the journal remembers: bindings, bases, operations."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from importer.model.ids import ChangeId, Field, Key, Kind, Lineage, Ref, RunId, UserId, Verb
from importer.model.incident import Incident
from importer.text.digests import Digest

__all__ = ["Base", "Binding", "FieldDigests", "Ledger", "Operation", "Run", "State"]


class State(StrEnum):
    """Of an operation. OPEN: sent or about to be, outcome unknown. ABSENT: proved not there."""

    OPEN = "open"
    DONE = "done"
    REJECTED = "rejected"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Base:
    """What the manifest said when we last wrote a field, and the server's echo of exactly that."""

    ours: Digest
    served: Digest


@dataclass(frozen=True, slots=True)
class Binding:
    """An item's post. `protected` outlives the item's place in the manifest.

    `marked` holds the digests of the post's marker as last seen or written: a marker that says
    something else was written by another runner since, and is the newer word. `stamp` is the post's
    when it last agreed with every base; empty while it doesn't.
    """

    key: Key
    ref: Ref
    url: str
    base: Mapping[Field, Base] = field(default_factory=dict)
    parent: Ref | None = None
    marked: Mapping[Field, Digest] = field(default_factory=dict)
    stamp: str = ""
    protected: bool = False
    author: UserId | None = None


@dataclass(frozen=True, slots=True)
class FieldDigests:
    """One field of an operation: digests of the value before, after, and of what becomes the base.

    `before` is None for a create, `after` None for a delete. `base` is the digest of the
    manifest's value that `after` carries (the stage-one text's own where links wait). `former` is
    the base before the write, which an undo brings back.
    """

    field: Field
    before: Digest | None
    after: Digest | None
    base: Digest | None
    former: Base | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """One write and its life: the journal's row, the progress event, the report's line.

    `quiet_at`: nothing of it is sent after that moment, so the settle window begins there at the
    latest. `read_as_of` and `read_by` name the revision of the post that the write rests on: when
    it was made, and by whom. All moments are the server's time, as far as it tells.
    """

    run: RunId
    change: ChangeId
    attempt: int
    request_id: str
    key: Key
    kind: Kind
    verb: Verb
    state: State
    fields: tuple[FieldDigests, ...] = ()
    ref: Ref | None = None
    parent: Ref | None = None
    author: UserId | None = None
    opened_at: datetime | None = None
    ended_at: datetime | None = None
    evidence: str = ""
    quiet_at: datetime | None = None
    read_as_of: datetime | None = None
    read_by: UserId | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """One apply or undo in the journal, in the name of `author`.

    `also_as` are those in whose names it wrote besides, known at its end. `audited`: what it wrote
    was looked at afterwards. `undoes` is the run that an undo takes back. `outcome` is empty while
    it runs, and when it was killed. `incidents` are the grave ones; `untold`: its report, which
    tells of them, was not seen written out.
    """

    id: RunId
    command: str
    plan_digest: Digest
    started_at: datetime
    ended_at: datetime | None = None
    outcome: str = ""
    exit_code: int | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    undoes: RunId | None = None
    author: UserId | None = None
    audited: bool = False
    also_as: tuple[UserId, ...] = ()
    incidents: tuple[Incident, ...] = ()
    untold: bool = False


@dataclass(frozen=True, slots=True)
class Ledger:
    """The journal as planning sees it. `serial` counts runs; `consumed` are digests of used plans.

    `rejected` are the latest operations of changes that the server refused. `authors` are those in
    whose name runs of this journal wrote. `exists` is false where there is no journal yet.
    `under_way` is another run, which holds the lock.
    """

    lineage: Lineage
    serial: int = 0
    bindings: Mapping[Key, Binding] = field(default_factory=dict)
    open: tuple[Operation, ...] = ()
    rejected: tuple[Operation, ...] = ()
    consumed: frozenset[Digest] = frozenset()
    watermark: datetime | None = None
    canonical_version: int | None = None
    exists: bool = False
    authors: frozenset[UserId] = frozenset()
    unaudited: tuple[Operation, ...] = ()
    under_way: RunId | None = None
