"""What a reader sees of a text: its words, and the code, links, images and other things in it.

Whoever looks at a text, in whatever language, draws it here; so two texts can be compared. Must not
know the converters: what they forget would be forgotten twice.
"""

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

__all__ = ["Construct", "Seen", "Sketch", "Thing"]


class Construct(StrEnum):
    """The kinds of things that are compared. TEXT is counted by words."""

    TEXT = "text"
    CODE = "code"
    SPAN = "code span"
    LINK = "link"
    IMAGE = "image"
    ITEM = "list item"
    HEADING = "heading"
    CELL = "table cell"


class Thing(NamedTuple):
    """One thing of a text.

    `what` is a block's code, a link's or image's destination, and else the thing's own text; `more`
    is the code's language, the link's text, the image's alternative text, or a heading's level.
    """

    what: str
    more: str = ""


@dataclass(slots=True)
class Seen:
    """`blocks` are the texts of paragraphs and the like, without code blocks, in their order."""

    blocks: list[str] = field(default_factory=list)
    things: dict[Construct, list[Thing]] = field(
        default_factory=lambda: {it: [] for it in Construct if it is not Construct.TEXT}
    )


@dataclass(slots=True)
class _Frame:
    construct: Construct
    parts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return _line("".join(self.parts))


def _line(text: str) -> str:
    # The same letter may be one character or two; canonical texts have one.
    return unicodedata.normalize("NFC", " ".join(text.split()))


class Sketch:
    """Draws what is seen, from the beginning of a text to its end."""

    def __init__(self) -> None:
        self.seen = Seen()
        self._block: list[str] = []
        self._frames: list[_Frame] = []

    def say(self, text: str) -> None:
        """Add words; they belong to the innermost item, cell or heading, and to the link.

        Words of an item in a cell are words of the cell, too.
        """
        self._block.append(text)
        innermost: Construct | None = None
        for frame in reversed(self._frames):
            in_cell = innermost is Construct.ITEM and frame.construct is Construct.CELL
            if innermost is None or in_cell:
                frame.parts.append(text)
            if in_cell or innermost not in (None, Construct.ITEM):
                break
            if frame.construct is not Construct.LINK:
                innermost = innermost or frame.construct

    def cut(self) -> None:
        """End a block: what comes next stands apart from it."""
        if text := _line("".join(self._block)):
            self.seen.blocks.append(text)
        self._block.clear()
        for frame in self._frames:
            frame.parts.append(" ")

    def add(self, construct: Construct, what: str, more: str = "") -> None:
        """Add a thing that has no words in it."""
        self.seen.things[construct].append(Thing(what, more))

    def take(self) -> str:
        """Return the words of the block that has begun, as they stand, and forget them."""
        text = "".join(self._block)
        self._block.clear()
        return text

    def code(self, text: str, language: str = "") -> None:
        """Add a block of code."""
        lines = (line.rstrip() for line in text.replace("\r\n", "\n").split("\n"))
        bare = unicodedata.normalize("NFC", "\n".join(lines).strip("\n"))
        self.cut()
        if bare.strip():
            self.add(Construct.CODE, bare, language.lower())

    def span(self, text: str) -> None:
        """Add code within a line; it counts among the words, too."""
        if bare := _line(text):
            self.add(Construct.SPAN, bare)
        self.say(text)

    @contextmanager
    def within(self, construct: Construct, more: str = "") -> Iterator[None]:
        """Draw what is in an item, a cell or a heading, a block of its own; *more* as in Thing."""
        self.cut()
        frame = _Frame(construct)
        self._frames.append(frame)
        yield
        self.cut()
        self._frames.remove(frame)
        # A cell without words is a gap in the table, a heading without words none.
        if frame.text or construct is Construct.ITEM:
            self.add(construct, frame.text, more)

    @contextmanager
    def linked(self, destination: str) -> Iterator[None]:
        """Draw what is in a link."""
        frame = _Frame(Construct.LINK)
        images = len(self.seen.things[Construct.IMAGE])
        self._frames.append(frame)
        yield
        self._frames.remove(frame)
        # Of a link around nothing nobody sees anything.
        if frame.text or len(self.seen.things[Construct.IMAGE]) > images:
            self.add(Construct.LINK, destination.strip(), frame.text)
