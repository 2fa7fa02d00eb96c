"""What commands print as JSON, where that is no value of another room already.

Commands print these very values, and `schemas` makes the JSON schemas of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NotRequired

from typing_extensions import TypedDict  # pydantic takes no other before Python 3.12

from importer.model.ids import Key, RunId
from importer.model.incident import Incident
from importer.model.ledger import Binding, Operation, Run

__all__ = [
    "Completion",
    "Demonstration",
    "ItemInJournal",
    "ItemIncident",
    "PreviewLine",
    "ReaderList",
    "RunDocument",
    "RunState",
    "RunsDocument",
    "SandboxKeys",
    "SandboxLine",
    "SandboxTokens",
    "SchemaDocument",
    "SchemaEntry",
    "SchemaList",
    "Schemas",
    "Started",
]

RunState = Literal["ended", "under-way", "killed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDocument(Run):
    """A run; `killed` is one that neither ended nor holds the lock."""

    state: RunState


@dataclass(frozen=True, slots=True)
class RunsDocument:
    """What `runs` prints: those that changed something, oldest first."""

    runs: Sequence[RunDocument]


@dataclass(frozen=True, slots=True)
class ItemIncident:
    """A grave incident of an item, and the run that met it."""

    run: RunId
    incident: Incident


@dataclass(frozen=True, slots=True)
class ItemInJournal:
    """What `journal show` prints; `binding` is null where the item has no post."""

    key: Key
    binding: Binding | None
    operations: Sequence[Operation]
    incidents: Sequence[ItemIncident]


@dataclass(frozen=True, slots=True)
class Started:
    """What `init` prints: files by their names in `folder`, and the commands that come next."""

    folder: str
    written: Sequence[str]
    kept: Sequence[str]
    next: Sequence[str]


@dataclass(frozen=True, slots=True)
class Demonstration:
    """What `demo` prints; `planned`, `done` and `left` are numbers of changes.

    `sandbox` is the team's file, for `sandbox serve --db`.
    """

    folder: str
    sandbox: str
    planned: int
    done: int
    left: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Completion:
    """What `completion` prints."""

    shell: str
    script: str


@dataclass(frozen=True, slots=True)
class PreviewLine:
    """The line that `preview` prints once it serves; `page` is where its path is shown."""

    url: str
    page: str


class SandboxTokens(TypedDict):
    """One token of each sort; they open nothing but this sandbox."""

    read_write: str
    read_only: str
    expired: str
    foreign: str


class SandboxKeys(TypedDict):
    """The API keys of an Enterprise site in the sandbox."""

    read: str
    service: str


class SandboxLine(TypedDict):
    """The line that `sandbox serve` prints before it serves.

    `keys` are there for an Enterprise site, `ca_bundle` (a file) with --tls.
    """

    url: str
    team: str
    tokens: SandboxTokens
    keys: NotRequired[SandboxKeys]
    ca_bundle: NotRequired[str]


class SchemasWritten(TypedDict):
    """What `schema --write` prints: files."""

    written: list[str]


class SchemasCurrent(TypedDict):
    """What `schema --check` prints where all files are up to date."""

    current: list[str]


class SchemasStale(TypedDict):
    """What `schema --check` prints where some files are not; only these."""

    stale: list[str]


class SchemaEntry(TypedDict):
    """A schema's file, what it describes, and the commands that print that."""

    file: str
    describes: str
    commands: list[str]


class SchemaList(TypedDict):
    """What `schema --list` prints."""

    schemas: list[SchemaEntry]


Schemas = dict[str, dict[str, object]]
"""What `schema` prints: file name to JSON schema."""
SchemaDocument = Schemas | SchemasWritten | SchemasCurrent | SchemasStale | SchemaList
ReaderList = dict[str, str]
"""What `convert --list` prints: reader name to what it reads."""
