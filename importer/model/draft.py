"""A post on its way from a wiki, or a team, into a manifest: what a writer takes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import IO

from importer.model.ids import Kind

__all__ = ["Asset", "Draft", "DraftAnswer", "DraftCollection", "DraftTag", "Place"]


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A line of a source; the path is relative to what was read, with `/`."""

    path: str
    line: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


@dataclass(frozen=True, slots=True)
class DraftAnswer:
    """`key` is local to the question; `id` and `seen` are as a `Draft`'s."""

    key: str
    body: str
    accepted: bool = False
    id: int | None = None
    seen: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Asset:
    """A file that comes along with a post; the post's Markdown calls it `asset:NAME`.

    `name` is one segment of `a-z 0-9 . _ -`. Equal names are equal bytes; `digest` is their SHA-256
    in hex. `open` gives them from the beginning, each time it is called.
    """

    name: str
    size: int
    digest: str
    open: Callable[[], IO[bytes]] = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Draft:
    """A question or article as the manifest will have it: Markdown, links to others `key:KEY`.

    `assets` are the files it shows, and those that only come along. `origin` are old addresses of
    the page, `place` is where it comes from. `type` is an article's; empty, it is left to the site.
    `sources` name the pages it is made of, whatever their titles. `former` is the key that an
    earlier conversion gave it, where a person has chosen another since. `id` binds the post that
    there is, `seen` are the digests of what it says, by the fields' names. `permissions` are an
    article's, as its field holds them; none: left to the site.
    """

    key: str
    title: str
    tags: tuple[str, ...]
    body: str
    answers: tuple[DraftAnswer, ...]
    place: Place
    origin: tuple[str, ...] = ()
    kind: Kind = Kind.QUESTION
    type: str = ""
    assets: tuple[Asset, ...] = ()
    sources: tuple[str, ...] = ()
    former: str = ""
    id: int | None = None
    permissions: tuple[str, ...] = ()
    seen: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DraftCollection:
    """`items` are keys, in order; they are the site's unless `owns_items`."""

    key: str
    title: str
    description: str
    items: tuple[str, ...]
    id: int | None = None
    seen: Mapping[str, str] = field(default_factory=dict)
    owns_items: bool = True


@dataclass(frozen=True, slots=True)
class DraftTag:
    """`experts` are `user:12` and `group:4`, as the field holds them."""

    name: str
    description: str = ""
    experts: tuple[str, ...] = ()
