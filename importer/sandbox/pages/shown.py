"""What pages show: nouns with their names, addresses, dates and HTML worked out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from markupsafe import Markup

__all__ = [
    "CollectionView",
    "CommentView",
    "GroupView",
    "Moment",
    "News",
    "Pager",
    "Person",
    "PostView",
    "RevisionView",
    "Row",
    "Sharers",
    "TagView",
    "counted",
]


@dataclass(frozen=True, slots=True)
class News:
    """What pages of a preview know of it: which state they show, and why it isn't the newest."""

    version: int = 0
    lines: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Moment:
    """A date for people and for machines."""

    text: str
    iso: str

    @classmethod
    def at(cls, seconds: int) -> "Moment":
        """Read Unix seconds."""
        moment = datetime.fromtimestamp(seconds, UTC)
        text = f"{moment:%b} {moment.day}, {moment.year} at {moment:%H:%M}"
        return cls(text, moment.isoformat())


@dataclass(frozen=True, slots=True)
class Person:
    """A member, to be named and linked."""

    name: str
    url: str
    portrait: str
    role: str
    reputation: int


@dataclass(frozen=True, slots=True)
class Row:
    """A question or article in a list."""

    title: str
    url: str
    excerpt: str
    tags: Sequence[tuple[str, str]]
    votes: int
    answers: str
    state: str
    label: str
    when: Moment
    verb: str
    owner: Person


@dataclass(frozen=True, slots=True)
class Sharers:
    """Who may edit something, or knows a lot of it: a word first, then members and groups."""

    text: str
    people: Sequence[Person] = ()
    groups: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class CommentView:
    """A comment under a post."""

    anchor: str
    html: Markup
    owner: Person
    when: Moment
    edited: bool
    score: int


@dataclass(frozen=True, slots=True)
class PostView:
    """A post with everything that stands around it."""

    id: int
    title: str
    url: str
    html: Markup
    tags: Sequence[tuple[str, str]]
    votes: int
    accepted: bool
    owner: Person
    when: Moment
    active: Moment
    editor: Person | None
    edited: Moment | None
    history: str
    notices: Sequence[str]
    comments: Sequence[CommentView]
    label: str
    editors: Sharers | None


@dataclass(frozen=True, slots=True)
class RevisionView:
    """One state of a post."""

    number: int
    who: Person
    when: Moment
    comment: str
    title: str | None
    source: str
    tags: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class TagView:
    """A tag in the list of tags."""

    name: str
    url: str
    count: str
    excerpt: Markup | None
    others: str
    experts: Sharers | None


@dataclass(frozen=True, slots=True)
class GroupView:
    """A user group with its members."""

    name: str
    description: str
    people: Sequence[Person]


@dataclass(frozen=True, slots=True)
class CollectionView:
    """A collection; its rows stand in the order that somebody gave them."""

    title: str
    url: str
    html: Markup
    count: str
    tags: Sequence[tuple[str, str]]
    owner: Person
    when: Moment
    editors: Sharers
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Pager:
    """Where a page of a list stands among the others."""

    page: int
    pages: int
    base: str

    @property
    def newer(self) -> str | None:
        """The address of the page before."""
        return f"{self.base}page={self.page - 1}" if self.page > 1 else None

    @property
    def older(self) -> str | None:
        """The address of the page after."""
        return f"{self.base}page={self.page + 1}" if self.page < self.pages else None


def counted(count: int, noun: str) -> str:
    """Say how many there are."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
