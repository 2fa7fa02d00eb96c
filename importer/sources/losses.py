"""What a page loses or changes on its way, and the count that shows no page went missing."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from importer.model.draft import Draft, Place

__all__ = ["Loss", "LossKind", "Losses", "Tally", "tally"]

_SHOWN = 100


class LossKind(StrEnum):
    """SKIPPED, MERGED and SPLIT are the fate of a whole page; the others concern a part of one."""

    SKIPPED = "skipped"
    MERGED = "merged"
    SPLIT = "split"
    NAVIGATION = "navigation"
    DECORATION = "decoration"
    TEXT = "text"
    COMMENT = "comment"
    METADATA = "metadata"
    TITLE = "title"
    TAG = "tag"
    QUESTION = "question"
    ANSWER = "answer"
    LINK = "link"
    IMAGE = "image"
    MARKUP = "markup"
    CHARACTER = "character"
    ENCODING = "encoding"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class Loss:
    """`what` is the thing itself, shortened; `why` says what became of it and for what reason."""

    kind: LossKind
    where: Place
    what: str
    why: str


class Losses:
    """Collects the losses of one file."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.found: list[Loss] = []

    def add(self, kind: LossKind, line: int, what: str, why: str) -> None:
        """Record a loss; *what* is put on one line and shortened."""
        bare = " ".join(what.split())
        short = bare if len(bare) <= _SHOWN else f"{bare[:_SHOWN]}..."
        self.found.append(Loss(kind, Place(self.path, line), short, why))


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of the pages: `pages` is the sum of the others. A split page counts as such."""

    pages: int
    migrated: int
    split: int
    merged: int
    skipped: int


def tally(results: Iterable[Draft | Loss]) -> Tally:
    """Count what `shape` gave: each page is one draft, or one loss that says why it is none."""
    drafts = 0
    fates = dict.fromkeys((LossKind.SPLIT, LossKind.MERGED, LossKind.SKIPPED), 0)
    for result in results:
        if isinstance(result, Draft):
            drafts += 1
        elif result.kind in fates:
            fates[result.kind] += 1
    split, merged, skipped = fates.values()
    return Tally(drafts + merged + skipped, drafts - split, split, merged, skipped)
