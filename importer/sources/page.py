"""One question as its source has it: the record that every reader makes."""

from dataclasses import dataclass

from importer.model.draft import Place

__all__ = ["Page"]


@dataclass(frozen=True, slots=True)
class Page:
    """Nothing is shaped yet: Markdown as found, links as the source writes them.

    `body` is what stands between the question and its answers, often nothing. `name` is what the
    key is made of; the title when empty. `anchors` are the names that links in the file have for
    it, `parts` those for parts of it. `alone` says that a link to the file means this page.
    `addresses` are old ones beyond those.
    """

    place: Place
    title: str
    body: str
    answers: tuple[str, ...]
    tags: tuple[str, ...] = ()
    name: str = ""
    anchors: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    alone: bool = False
    addresses: tuple[str, ...] = ()
