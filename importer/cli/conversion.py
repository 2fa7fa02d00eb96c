"""What `convert` prints as JSON, in the parts that it is made of.

These are plain dicts, as rendering takes them, and there may be a million.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NotRequired

from typing_extensions import TypedDict  # pydantic takes no other before Python 3.12

from importer.manifests.renewing import Change
from importer.model.ids import Kind
from importer.sources import LossKind, Tally
from importer.sources.losses import Fate
from importer.sources.verify_comparing import Outcome
from importer.sources.verify_seen import Construct

__all__ = [
    "ConversionDocument",
    "DifferenceRow",
    "DifferingRow",
    "FidelityRow",
    "ImagesRow",
    "LossRow",
    "PageRow",
    "RenewalRow",
    "RenewedRow",
    "SurvivalRow",
]


class LossRow(TypedDict):
    """What a page lost or changed on its way; `why` says what became of `what`, and why."""

    kind: LossKind
    path: str
    line: int
    what: str
    why: str


class ImagesRow(TypedDict):
    """What became of the images that a page shows: `found` is the sum of the others."""

    found: int
    copied: int
    remote: int
    missing: int
    too_large: int
    unfit: int


class PageRow(TypedDict):
    """What became of a page of the source.

    `keys` are the items it is now, `losses` the kinds of what it lost and how often. `size` counts
    the characters of its texts, `effort` is what it costs a person, in points of about a minute.
    """

    page: str
    path: str
    line: int
    title: str
    fate: Fate
    why: str
    keys: Sequence[str]
    kind: Kind | None
    tags: Sequence[str]
    owner: str
    edited: str | None
    revision: str
    parent: str
    size: int
    losses: Mapping[str, int]
    effort: int
    images: ImagesRow


class SurvivalRow(TypedDict):
    """How many things of one construct came through; `unreported` ones are lost silently."""

    construct: Construct
    kept: int
    changed: int
    reported: int
    unreported: int


class DifferenceRow(TypedDict):
    """A thing that differs: `what` in the source, `instead` now; `why` is the loss that says so."""

    construct: Construct
    outcome: Outcome
    what: str
    instead: str
    why: str
    count: int


class DifferingRow(TypedDict):
    """A page on which something differs."""

    path: str
    line: int
    title: str
    keys: Sequence[str]
    differences: Sequence[DifferenceRow]


class FidelityRow(TypedDict):
    """What --verify found. `identical` of `texts` give the very same HTML again.

    `left_out` counts differences that are not listed.
    """

    pages: int
    texts: int
    identical: int
    left_out: int
    constructs: Sequence[SurvivalRow]
    differing: Sequence[DifferingRow]


class RenewedRow(TypedDict):
    """What became of a file of an earlier conversion."""

    change: Change
    file: str
    key: str
    why: str


class RenewalRow(TypedDict):
    """What became of an earlier conversion; `files` are those worth a line."""

    counts: Mapping[Change, int]
    files: Sequence[RenewedRow]


class ConversionDocument(TypedDict):
    """What `convert` prints; `fidelity` with --verify, `renewal` where one was there before."""

    format_version: Literal[1]
    losses: Sequence[LossRow]
    tally: Tally
    pages: Sequence[PageRow]
    fidelity: NotRequired[FidelityRow]
    renewal: NotRequired[RenewalRow]
