"""One page as its source has it: the record that every reader makes.

Nothing is shaped yet: texts in the source's own language, links as the source writes them.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import IO, Protocol

from importer.model.draft import Place
from importer.model.ids import Kind
from importer.sources.losses import Losses

__all__ = [
    "MARKDOWN",
    "Alias",
    "Credit",
    "File",
    "Markdown",
    "Markup",
    "Page",
    "Passage",
    "Section",
]


class Markup(Protocol):
    """A language that texts are written in."""

    @property
    def name(self) -> str:
        """Return its name, for reports."""
        ...

    def to_markdown(self, text: str, place: Place, losses: Losses) -> str:
        """Return *text* in the Markdown of the team's site.

        Links to pages keep their destinations, or get those that pages' `names` have. What can't be
        said leaves something to be seen in its place, and a loss. Must not raise for any text.
        """
        ...


@dataclass(frozen=True, slots=True)
class Markdown:
    """Markdown that is fit for the team's site as it stands."""

    name: str = "Markdown"

    def to_markdown(self, text: str, place: Place, losses: Losses) -> str:  # noqa: ARG002 - a Markup
        """Return *text*."""
        return text


MARKDOWN = Markdown()


@dataclass(frozen=True, slots=True)
class Credit:
    """Who wrote a text, where and when it stood. With a `licence`, it must be said below the text.

    `when` is the last edit. `address` and `author_address` are whole URLs, or empty.
    """

    author: str = ""
    author_address: str = ""
    address: str = ""
    when: datetime | None = None
    licence: str = ""


NOBODY = Credit()


@dataclass(frozen=True, slots=True)
class Passage:
    """One text of a page. `name` makes an answer's key; `names` are what links call the answer."""

    text: str
    markup: Markup = MARKDOWN
    credit: Credit = NOBODY
    name: str = ""
    names: tuple[str, ...] = ()
    accepted: bool = False


@dataclass(frozen=True, slots=True)
class File:
    """An image or another file that belongs to a page.

    `path` is relative to what was read and its own in there. Links find the file by it, as they do
    in a folder, or by any of `names`: destinations without `%` escapes. `title` is what people call
    it; the path's end when empty. `address` is the URL where the file still lives, if known.

    `open` gives the bytes from their beginning, each time it is called, and may raise OSError; a
    file without it can't be had. `digest`, SHA-256 in hex, may be left to whoever copies it.
    """

    path: str
    size: int
    digest: str = ""
    names: tuple[str, ...] = ()
    title: str = ""
    address: str = ""
    open: Callable[[], IO[bytes]] | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Section:
    """Which part of a page of the source a page is that rules made of one of its headings.

    `page` is that page's identity, `title` its title; `number` counts from 1 to the one that
    `is_last`.
    """

    page: str
    title: str
    number: int
    is_last: bool


@dataclass(frozen=True, slots=True)
class Page:
    """What becomes a question with answers, or an article.

    `title` is Markdown unless `title_is_plain`. `body` is an article's text, or what stands between
    a question and its answers, often nothing. `name` is what the key is made of; the title when
    empty.

    `anchors` are the names that links in the file have for the page, `parts` those for parts of it.
    `alone` says that a link to the file means this page. `addresses` are old ones, `names` what
    links call it besides; a name that ends in `/*` stands for everything below it. Both are in the
    form of `linking.normal`, or become it.

    `withheld` says why not everybody may see the page: a draft, a restriction. Such a page is never
    moved. `parent` is the title of the page above it, `space` the part of the wiki it stands in.
    `home` is the site of the source, a URL: what stays of links to it, such as `/help`, leads
    there. `source` is what the source has, in the body's markup, where a reader has cleaned the
    texts: the conversion is verified against it. `identity` is what the source calls the page for
    good, such as `page 4711`: titles and names change.

    `key` is the item's key where a person has chosen one, `chosen` the columns of the map file that
    somebody filled in. `section` is said of a part of a page.
    """

    place: Place
    title: str
    body: Passage
    answers: tuple[Passage, ...] = ()
    kind: Kind = Kind.QUESTION
    type: str = ""
    tags: tuple[str, ...] = ()
    title_is_plain: bool = False
    name: str = ""
    anchors: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    alone: bool = False
    addresses: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    home: str = ""
    parent: str = ""
    revision: str = ""
    withheld: str = ""
    files: tuple[File, ...] = ()
    source: str = ""
    space: str = ""
    key: str = ""
    chosen: tuple[str, ...] = ()
    section: Section | None = None
    identity: str = ""

    @property
    def texts(self) -> tuple[Passage, ...]:
        """Return the body and the answers."""
        return (self.body, *self.answers)


@dataclass(frozen=True, slots=True)
class Alias:
    """A page that only leads to another: no post, but its names and addresses are the other's.

    `target` is one of the other's names, or of another alias's.
    """

    place: Place
    title: str
    names: tuple[str, ...]
    target: str
    addresses: tuple[str, ...] = ()
