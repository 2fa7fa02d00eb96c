"""A post on its way from a wiki into a manifest: what a reader makes and a writer takes."""

from dataclasses import dataclass

from importer.model.ids import Kind

__all__ = ["Draft", "DraftAnswer", "Place"]


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A line of a source; the path is relative to what was read, with `/`."""

    path: str
    line: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


@dataclass(frozen=True, slots=True)
class DraftAnswer:
    """`key` is local to the question."""

    key: str
    body: str
    accepted: bool = False


@dataclass(frozen=True, slots=True)
class Draft:
    """A question or article as the manifest will have it: Markdown, links to others `key:KEY`.

    `origin` are old addresses of the page, `place` is where it comes from. `type` is an article's;
    empty, it is left to the site. `sources` name the pages it is made of, whatever their titles.
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
    sources: tuple[str, ...] = ()
