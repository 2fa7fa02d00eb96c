"""Finds link destinations in Markdown, with their places, in one pass.

Only what CommonMark makes a link is found: nothing inside code, raw HTML or a comment, and of links
in links the inner one. A display library gives no offsets for inline links, hence our own pass.
"""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from importer.text.blocks import Blocks, Line, Open, Prose, left_open, lines, prose
from importer.text.grammar import (
    Target,
    definitions,
    image_source,
    label_end,
    label_key,
    raw_end,
    target_at,
)

__all__ = [
    "Destination",
    "Form",
    "Line",
    "Open",
    "destinations",
    "image_tags",
    "left_open",
    "lines",
]

_SIGN = re.compile(r"\\[\s\S]|`+|<|!\[|\[|\]")
_TICKS = re.compile(r"`+")
_IMAGE_TAG = re.compile(r"<img[ \t\r\n]", re.IGNORECASE)


class Form(StrEnum):
    """How a destination is written: `[text](dest)`, `![alt](dest)` or `[label]: dest`."""

    LINK = "link"
    IMAGE = "image"
    DEFINITION = "definition"


@dataclass(frozen=True, slots=True)
class Destination:
    """A link destination: markdown[start:end], angle brackets not included.

    markdown[link_start:link_end] is the whole link and markdown[text_start:text_end] its text; for
    a definition, both reach from its bracket to the destination's end.
    """

    start: int
    end: int
    form: Form
    link_start: int
    link_end: int
    text_start: int
    text_end: int


def destinations(markdown: str) -> list[Destination]:
    """Return every link destination of *markdown*, in order of place."""
    if "](" not in markdown and "]:" not in markdown:
        return []
    blocks = [_Block(markdown, it) for it in prose(markdown)]
    defined = {found.label for block in blocks for found in block.definitions}
    found = [it for block in blocks for it in block.destinations(defined)]
    return sorted(found, key=lambda it: it.start)


def image_tags(markdown: str) -> list[tuple[int, int]]:
    """Return where the address of each `<img>` stands, in order: (start, end), quotes not included.

    Like a link, a tag inside code or a comment is none.
    """
    if not _IMAGE_TAG.search(markdown):
        return []
    blocks = Blocks()
    raw: list[tuple[int, int]] = []
    for line in blocks.walk(markdown):
        if blocks.in_markup():
            goes_on = raw and raw[-1][1] + 1 >= line.start
            start = raw.pop()[0] if goes_on else line.start
            raw.append((start, line.start + len(line.text)))
    inline = [it for prose in blocks.prose for it in _Block(markdown, prose).image_tags()]
    return sorted([*inline, *(it for block in raw for it in _tags_in(markdown, *block))])


def _tags_in(markdown: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the addresses of the images in a stretch of raw HTML: backticks mean nothing there."""
    html, missing, at = markdown[start:end], set[str](), 0
    while (at := html.find("<", at)) >= 0:
        if source := image_source(html, at):
            yield start + source[0], start + source[1]
        at = raw_end(html, at, missing) or at + 1


class _Block:
    """One paragraph or heading: its lines joined, and the way back to their places."""

    def __init__(self, markdown: str, found: Prose) -> None:
        self._segments = found.segments
        self.text = "\n".join(markdown[begin:end] for begin, end in found.segments)
        defines = found.is_paragraph and self.text.startswith("[") and "]:" in self.text
        self.definitions = list(definitions(self.text)) if defines else []
        self._joined: list[int] = []

    def destinations(self, defined: set[str]) -> Iterator[Destination]:
        """Yield the block's destinations; *defined* are the labels that mean something."""
        begin = 0
        for it in self.definitions:
            extent = (it.start, it.target.end)
            yield self._placed(Form.DEFINITION, it.target, extent, extent)
            begin = it.target.whole_end
        if "](" in self.text:
            for link in _Links(self.text, defined).found(begin):
                whole = (link.opening - (link.form is Form.IMAGE), link.target.whole_end)
                inner = (link.opening + 1, link.closing)
                yield self._placed(link.form, link.target, whole, inner)

    def image_tags(self) -> Iterator[tuple[int, int]]:
        """Yield where the addresses of the block's `<img>` tags stand."""
        if _IMAGE_TAG.search(self.text):
            links = _Links(self.text, set())
            for _ in links.found(0):
                pass
            for start, end in links.images:
                yield self._place(start), self._place(end)

    def _placed(
        self, form: Form, target: Target, whole: tuple[int, int], inner: tuple[int, int]
    ) -> Destination:
        start, end, *extents = map(self._place, (target.start, target.end, *whole, *inner))
        return Destination(start, end, form, *extents)

    def _place(self, offset: int) -> int:
        if not self._joined:
            length = 0
            for begin, end in self._segments:
                self._joined.append(length)
                length += end - begin + 1
        index = bisect_right(self._joined, offset) - 1
        return self._segments[index][0] + offset - self._joined[index]


@dataclass(frozen=True, slots=True)
class _Link:
    """An inline link: where its brackets stand, and its target."""

    form: Form
    opening: int
    closing: int
    target: Target


@dataclass(frozen=True, slots=True)
class _Bracket:
    at: int
    is_image: bool


class _Links:
    """CommonMark's way through the brackets of one block: a stack of those that are open."""

    def __init__(self, text: str, defined: set[str]) -> None:
        self._text = text
        self._defined = defined
        self._ticks = _ticks_by_length(text)
        self._missing: set[str] = set()
        self._open: list[_Bracket] = []
        # Of the open brackets, how many stand around a link and so can't begin one.
        self._spent = 0
        self._last_bracket = -1
        self.images: list[tuple[int, int]] = []

    def found(self, begin: int) -> Iterator[_Link]:
        at = begin
        while sign := _SIGN.search(self._text, at):
            at = sign.end()
            match sign.group()[0]:
                case "`":
                    at = self._behind_code(sign)
                case "<":
                    if image := image_source(self._text, sign.start()):
                        self.images.append(image)
                    at = raw_end(self._text, sign.start(), self._missing) or at
                case "[" | "!":
                    self._last_bracket = at - 1
                    self._open.append(_Bracket(at - 1, len(sign.group()) == 2))
                case "]":
                    link, at = self._closed(sign.start())
                    if link is not None:
                        yield link
                case _:
                    pass  # An escaped character.

    def _behind_code(self, sign: re.Match[str]) -> int:
        ends = self._ticks.get(len(sign.group()), ())
        index = bisect_right(ends, sign.end())
        return ends[index] if index < len(ends) else sign.end()

    def _closed(self, closing: int) -> tuple[_Link | None, int]:
        """Return the link whose text ends at *closing*, if it is one, and where to go on."""
        behind = closing + 1
        if not self._open:
            return None, behind
        opening = self._open.pop()
        spent, self._spent = self._spent > len(self._open), min(self._spent, len(self._open))
        if spent and not opening.is_image:
            return None, behind
        target = target_at(self._text, behind + 1) if self._text.startswith("(", behind) else None
        end = target.whole_end if target else self._behind_reference(opening, closing)
        if end is None:
            return None, behind
        if not opening.is_image:
            self._spent = len(self._open)
        form = Form.IMAGE if opening.is_image else Form.LINK
        return _Link(form, opening.at, closing, target) if target else None, end

    def _behind_reference(self, opening: _Bracket, closing: int) -> int | None:
        """Return where the link by reference ends whose text stands between two brackets."""
        if not self._defined:
            return None
        behind = closing + 1
        end = label_end(self._text, behind) or behind
        label = self._text[behind + 1 : end - 1]
        if not label and self._last_bracket == opening.at:
            label = self._text[opening.at + 1 : closing]
        return end if label_key(label) in self._defined else None


def _ticks_by_length(text: str) -> dict[int, list[int]]:
    """Return where the runs of backticks end, by their length."""
    ends: dict[int, list[int]] = defaultdict(list)
    for run in _TICKS.finditer(text):
        ends[len(run.group())].append(run.end())
    return ends
