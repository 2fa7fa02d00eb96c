"""What became of the edits made on the site: the document that `pull` prints."""

from dataclasses import dataclass
from enum import StrEnum

from importer.model.ids import Key, Kind
from importer.model.plan import LastEdit

__all__ = ["FORMAT_VERSION", "PullReport", "PulledField", "PulledFile", "PulledPost", "Taken"]

FORMAT_VERSION = 1


class Taken(StrEnum):
    """What becomes of a field that moved on the site.

    CONFLICT and MARKED wait for a person: nothing is written of an item in CONFLICT, MARKED has
    both versions in the text. KEPT: a person decided for the manifest's. LEFT: it stays as it is.
    """

    TAKEN = "taken"
    MERGED = "merged"
    KEPT = "kept"
    MARKED = "marked"
    CONFLICT = "conflict"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class PulledField:
    """One field, by the author's word for it, and where it stands.

    `ours`, `live` and `base` are its versions where it is in conflict, as text; empty where there
    is none, or none is known. `conflict` is a text with markers around what differs.
    """

    key: Key
    kind: Kind
    field: str
    how: Taken
    file: str
    line: int
    url: str
    edit: LastEdit | None = None
    why: str = ""
    ours: str = ""
    live: str = ""
    base: str = ""
    conflict: str = ""


@dataclass(frozen=True, slots=True)
class PulledPost:
    """An item of which nothing is taken in, or a post without one: a place, or an address."""

    key: Key
    why: str = ""
    file: str = ""
    line: int = 0
    url: str = ""


@dataclass(frozen=True, slots=True)
class PulledFile:
    """A file that changes; `diff` has the lines of a unified diff, without its head."""

    path: str
    diff: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PullReport:
    """All that was pulled, or would be; `written` tells whether files were.

    `refused` are items that can't be said so in the manifest. `gone` are items whose posts were
    deleted on the site, `orphans` posts of the namespace that no item names.
    """

    namespace: str
    team: str
    site: str
    manifest: str
    written: bool
    fields: tuple[PulledField, ...] = ()
    refused: tuple[PulledPost, ...] = ()
    gone: tuple[PulledPost, ...] = ()
    orphans: tuple[PulledPost, ...] = ()
    files: tuple[PulledFile, ...] = ()
    notes: tuple[str, ...] = ()
    format_version: int = FORMAT_VERSION
