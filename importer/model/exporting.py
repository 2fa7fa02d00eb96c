"""What became of a team's posts when it was written down as a manifest."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from importer.model.ids import Kind

__all__ = ["FORMAT_VERSION", "ExportNote", "ExportReport", "ExportTotals", "ExportedPost", "Fate"]

FORMAT_VERSION = 1


class Fate(StrEnum):
    """What became of a post. KNOWN: the manifest has it already. UNASKED: nobody asked for it."""

    EXPORTED = "exported"
    KNOWN = "known"
    UNASKED = "unasked"
    LEFT_OUT = "left-out"


@dataclass(frozen=True, slots=True)
class ExportTotals:
    """How many posts were `found`: the sum of the others."""

    found: int
    exported: int
    known: int
    unasked: int
    left_out: int


@dataclass(frozen=True, slots=True)
class ExportedPost:
    """A post and its fate. `title` is an answer's question's.

    `key` is empty where the post is no item, `file` where it was not written, and `why` where it
    was not left out.
    """

    kind: Kind
    id: int
    url: str
    title: str
    fate: Fate
    key: str
    file: str
    why: str


@dataclass(frozen=True, slots=True)
class ExportNote:
    """Something that no manifest says, or that could not be read."""

    what: str
    why: str


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What `export` prints; `ids`: posts are bound by their ids.

    `kinds` are the totals by kind, `tags` those declared. `limits` are those that the manifest
    states, by kind, field and end (`min`, `max`).
    """

    team: str
    namespace: str
    folder: str
    ids: bool
    totals: ExportTotals
    kinds: Mapping[Kind, ExportTotals]
    posts: tuple[ExportedPost, ...]
    tags: tuple[str, ...]
    limits: Mapping[str, Mapping[str, Mapping[str, int]]]
    notes: tuple[ExportNote, ...]
    format_version: int = FORMAT_VERSION
