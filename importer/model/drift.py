"""What was edited on the site and the manifest doesn't know."""

from dataclasses import dataclass
from enum import StrEnum

from importer.errors import Span
from importer.model.fields import Value
from importer.model.ids import Field, Key, Kind, Ref
from importer.model.plan import LastEdit
from importer.text.digests import Digest

__all__ = ["FORMAT_VERSION", "DriftReport", "Drifted", "DriftedField", "Fate"]

FORMAT_VERSION = 1


class Fate(StrEnum):
    """What the next `apply` does with an edit made on the site.

    CONFLICT, NO_BASE and GONE wait for a person. NO_BASE: nobody knows which side moved. GONE: the
    post was deleted on the site.
    """

    CONFLICT = "conflict"
    NO_BASE = "no-base"
    GONE = "gone"
    OVERWRITTEN = "overwritten"
    MERGED = "merged"
    KEPT = "kept"


@dataclass(frozen=True, slots=True)
class DriftedField:
    """One field: what the manifest says, what the site says, and what both started from.

    `base` is None where it isn't known, `merged` where nothing is merged.
    """

    field: Field
    ours: Value
    live: Value
    base: Value | None = None
    merged: Value | None = None


@dataclass(frozen=True, slots=True)
class Drifted:
    """An item, and those of its fields that have the same fate; none of a post that is gone.

    `edit` is the post's last one, where that is told: it may have been about another field. `seen`
    is what to state in the manifest to decide for its own version; empty where nothing does.
    """

    key: Key
    kind: Kind
    ref: Ref
    url: str
    title: str
    fate: Fate
    fields: tuple[DriftedField, ...] = ()
    edit: LastEdit | None = None
    seen: str = ""
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class DriftReport:
    """All drift of a manifest's items on a team: what waits for a person first, then by place."""

    namespace: str
    team: str
    site: str
    manifest: Digest
    items: tuple[Drifted, ...] = ()
    only: tuple[str, ...] = ()
    format_version: int = FORMAT_VERSION

    @property
    def waiting(self) -> tuple[Drifted, ...]:
        """What waits for a person."""
        waits = {Fate.CONFLICT, Fate.NO_BASE, Fate.GONE}
        return tuple(it for it in self.items if it.fate in waits)
