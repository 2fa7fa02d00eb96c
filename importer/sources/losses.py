"""What a page loses or changes on its way, and the count that shows no page went missing."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from importer.model.draft import Place
from importer.model.ids import Kind
from importer.sources.secrets import masked

__all__ = ["Account", "Fate", "Images", "Loss", "LossKind", "Losses", "Tally", "tally"]

_SHOWN = 100


class LossKind(StrEnum):
    """SKIPPED, MERGED and SPLIT concern a whole page; the others a part of one.

    SECRET is nothing lost: something that had better not be moved. MAP is a row of the map file.
    """

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
    SECRET = "secret"  # noqa: S105 - a word for reports
    MAP = "map"


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
        # Before it is cut: half a secret has no shape any more.
        bare = masked(" ".join(what.split()))
        short = bare if len(bare) <= _SHOWN else f"{bare[:_SHOWN]}..."
        self.found.append(Loss(kind, Place(self.path, line), short, why))


class Fate(StrEnum):
    """What became of a page of the source."""

    MIGRATED = "migrated"
    SPLIT = "split"
    MERGED = "merged"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Images:
    """What became of the images that a page shows: `found` is the sum of the others.

    `copied` come along. `remote` ones stay where they are. The rest left their place's name, or a
    link to where they stood: `missing` in the source, `too_large` for the site, or `unfit`, being
    of a type that it doesn't take or damaged.
    """

    found: int = 0
    copied: int = 0
    remote: int = 0
    missing: int = 0
    too_large: int = 0
    unfit: int = 0

    def __add__(self, other: "Images") -> "Images":
        return Images(
            self.found + other.found,
            self.copied + other.copied,
            self.remote + other.remote,
            self.missing + other.missing,
            self.too_large + other.too_large,
            self.unfit + other.unfit,
        )


@dataclass(frozen=True, slots=True)
class Account:
    """What became of one page. `keys` are the items it is now, none when it was skipped.

    `why` says it for all but a migrated page. `size` is the length of its texts in the source.

    `page` names the page for people and for the map file: the same for the same page, each once.
    `losses` are the kinds of what it lost and how often, `effort` is what looking at them costs a
    person. `chosen` are the columns of the map file that somebody filled in. `section` counts the
    parts that rules made of the page, to the one that `is_last`; 0 for all others.
    """

    place: Place
    title: str
    fate: Fate
    why: str = ""
    keys: tuple[str, ...] = ()
    kind: Kind | None = None
    tags: tuple[str, ...] = ()
    owner: str = ""
    edited: datetime | None = None
    revision: str = ""
    parent: str = ""
    size: int = 0
    images: Images = Images()
    page: str = ""
    losses: tuple[tuple[str, int], ...] = ()
    effort: int = 0
    section: int = 0
    is_last: bool = True
    chosen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of the pages: `pages` is the sum of the others. A split page counts as such."""

    pages: int
    migrated: int
    split: int
    merged: int
    skipped: int


def tally(results: Iterable[object]) -> Tally:
    """Count the accounts among what `shape` gave: there is one for each page of the source."""
    fates = Counter(it.fate for it in results if isinstance(it, Account))
    return Tally(fates.total(), *(fates[fate] for fate in Fate))
