"""Tells what each line of Markdown lies in: the block structure of CommonMark, in one pass.

A line goes to the containers (quotes, list items) that it continues, opens new ones, and ends in a
leaf: a paragraph, a heading, a fence, indented code or raw HTML. Nesting beyond a bound is text.
Tables are read as paragraphs: a link's place is the same in both.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from importer.text.cursor import TAB, Cursor
from importer.text.grammar import TAG, definitions

__all__ = ["Blocks", "Line", "Open", "Prose", "left_open", "lines", "prose"]

_MOST_CONTAINERS = 40

_HEADING = re.compile(r"#{1,6}(?:[ \t]|$)")
_UNDERLINE = re.compile(r"(?:=+|-+)[ \t]*$")
_RULE = re.compile(r"(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$")
_FENCE = re.compile(r"`{3,}(?=[^`]*$)|~{3,}")
_BULLET = re.compile(r"(?:[-+*]|(\d{1,9})[.)])(?=[ \t]|$)", re.ASCII)

_BLOCK_TAGS = (
    "address|article|aside|base|basefont|blockquote|body|caption|center|col|colgroup|dd|details"
    "|dialog|dir|div|dl|dt|fieldset|figcaption|figure|footer|form|frame|frameset|h[1-6]|head"
    "|header|hr|html|iframe|legend|li|link|main|menu|menuitem|nav|noframes|ol|optgroup|option|p"
    "|param|search|section|summary|table|tbody|td|tfoot|th|thead|title|tr|track|ul"
)
_RAW = re.compile(r"<(script|pre|style|textarea)(?=[ \t>]|$)", re.IGNORECASE)
_BLANK_LINE = re.compile(r"(?!)")
# How a block of raw HTML begins, and what ends it; the last one can't interrupt a paragraph.
_RAW_BLOCKS = (
    (_RAW, re.compile(r"</(?:script|pre|style|textarea)>", re.IGNORECASE)),
    (re.compile(r"<!--"), re.compile(r"-->")),
    (re.compile(r"<\?"), re.compile(r"\?>")),
    (re.compile(r"<![A-Za-z]"), re.compile(r">")),
    (re.compile(r"<!\[CDATA\["), re.compile(r"\]\]>")),
    (re.compile(rf"</?(?:{_BLOCK_TAGS})(?=[ \t]|/?>|$)", re.IGNORECASE), _BLANK_LINE),
)
_ALONE = re.compile(rf"(?!(?i:<(?:script|pre|style|textarea))\b)(?:{TAG})[ \t]*$", re.ASCII)


class Open(StrEnum):
    """What a text can leave open at its end, so that it would swallow a line put after it."""

    FENCE = "fence"
    COMMENT = "comment"
    PRE = "pre"
    SCRIPT = "script"
    STYLE = "style"
    TEXTAREA = "textarea"


class _Leaf(StrEnum):
    NONE = "none"
    PARAGRAPH = "paragraph"
    FENCE = "fence"
    CODE = "code"
    RAW = "raw"


_VERBATIM = frozenset({_Leaf.FENCE, _Leaf.CODE, _Leaf.RAW})


@dataclass(frozen=True, slots=True)
class Line:
    """One line without its end; `code` is true inside a fence (its own lines included).

    `comment` is true where the line goes on with a comment that an earlier line began.
    """

    start: int
    text: str
    code: bool
    comment: bool


@dataclass(frozen=True, slots=True)
class Prose:
    """The lines of one paragraph or heading: (start, end) without indentation and quote marks."""

    segments: tuple[tuple[int, int], ...]
    is_paragraph: bool


@dataclass(slots=True)
class _Container:
    """A quote (`width` 0), or a list item: how far its lines are indented, in columns."""

    width: int
    filled: bool = True


class Blocks:
    """The state between two lines."""

    def __init__(self) -> None:
        self.prose: list[Prose] = []
        self._containers: list[_Container] = []
        self._kept = 0
        self._leaf = _Leaf.NONE
        self._segments: list[tuple[int, int]] = []
        self._fence = ""
        self._raw = ""
        self._raw_end = _BLANK_LINE
        self._after_blank = False
        self._markdown = ""

    def walk(self, markdown: str) -> Iterator[Line]:
        """Yield the lines of *markdown*; afterwards `prose` holds its paragraphs and headings."""
        self._markdown = markdown
        start = 0
        for whole in markdown.split("\n"):
            text = whole.removesuffix("\r")
            before = self._leaf
            comment = before is _Leaf.RAW and self._raw == Open.COMMENT
            if self._is_plain(text):
                if before is _Leaf.PARAGRAPH:
                    self._segments.append((start, start + len(text)))
                stays = True
            else:
                stays = self._feed(start, text)
            after = self._leaf
            code = (before if stays else after) is _Leaf.FENCE
            yield Line(start, text, code, comment and stays)
            start += len(whole) + 1
        self._end_leaf()

    def left_open(self) -> Open | None:
        """Return what would swallow a line put below, after a blank one and at the left edge."""
        if self._containers:
            return None
        if self._leaf is _Leaf.FENCE:
            return Open.FENCE
        return Open(self._raw) if self._leaf is _Leaf.RAW and self._raw else None

    def in_markup(self) -> bool:
        """Tell whether the line given last is raw HTML whose tags the site reads."""
        return self._leaf is _Leaf.RAW and self._raw_end is _BLANK_LINE

    def in_verbatim(self) -> bool:
        """Tell whether code or raw HTML goes on behind the line given last."""
        return self._leaf in _VERBATIM

    def _is_plain(self, text: str) -> bool:
        """Tell, fast, whether a line surely changes nothing but the length of its paragraph."""
        if not text:
            return self._after_blank
        if self._containers:
            return False
        if self._leaf is _Leaf.FENCE:
            return self._fence[0] not in text
        return self._leaf is _Leaf.PARAGRAPH and text[0].isalpha()

    def _feed(self, start: int, text: str) -> bool:
        """Take in one line; True when it goes on with (or ends) the fence or raw HTML before it."""
        cursor = Cursor(text)
        self._after_blank = cursor.is_blank
        self._kept = self._continued(cursor)
        whole = self._kept == len(self._containers)
        if whole and self._goes_on(cursor):
            return True
        if self._leaf is not _Leaf.PARAGRAPH:
            self._leaf = _Leaf.NONE
        if cursor.is_blank:
            self._close()
        elif not self._opens(cursor, start, interrupts=whole):
            if self._leaf is not _Leaf.PARAGRAPH:
                self._start(_Leaf.PARAGRAPH)
            self._segments.append((start + cursor.next, start + len(text)))
        return False

    def _continued(self, cursor: Cursor) -> int:
        """Return how many containers *cursor*'s line goes on with, taking off their prefixes."""
        for count, container in enumerate(self._containers):
            if not container.width:
                if not _quotes(cursor):
                    return count
                _take_quote(cursor)
            elif cursor.is_blank:
                if not container.filled:
                    return count
            elif cursor.indent < container.width:
                return count
            else:
                cursor.skip(container.width)
        return len(self._containers)

    def _goes_on(self, cursor: Cursor) -> bool:
        """Tell whether the line goes on with verbatim content (or ends it)."""
        match self._leaf:
            case _Leaf.FENCE:
                if cursor.indent < TAB and _closes(cursor.text[cursor.next :], self._fence):
                    self._leaf = _Leaf.NONE
                return True
            case _Leaf.RAW:
                if self._raw_end is _BLANK_LINE:
                    return not cursor.is_blank
                if self._raw_end.search(cursor.text, cursor.at):
                    self._leaf = _Leaf.NONE
                return True
            case _Leaf.CODE:
                return cursor.is_blank or cursor.indent >= TAB
            case _:
                return False

    def _opens(self, cursor: Cursor, start: int, *, interrupts: bool) -> bool:
        """Open what the line opens; False when what is left of it is text.

        *interrupts* says that it stands where the paragraph before it could go on.
        """
        while not cursor.is_blank:
            in_paragraph = self._leaf is _Leaf.PARAGRAPH
            if cursor.indent >= TAB:
                if in_paragraph:
                    return False
                self._start(_Leaf.CODE)
                return True
            if self._is_leaf(cursor, start, interrupts=interrupts and in_paragraph):
                return True
            if len(self._containers) >= _MOST_CONTAINERS:
                return False
            container = self._container(cursor, interrupts=interrupts and in_paragraph)
            if container is None:
                return False
            self._close()
            self._fill()
            self._containers.append(container)
            self._kept, interrupts = len(self._containers), False
        return True

    def _is_leaf(self, cursor: Cursor, start: int, *, interrupts: bool) -> bool:
        """Open a leaf other than a paragraph or indented code, if one begins here."""
        sign, rest = cursor.text[cursor.next], cursor.text[cursor.next :]
        if sign == "#" and _HEADING.match(rest):
            self._start(_Leaf.NONE)
            segment = (start + cursor.next, start + len(cursor.text))
            self.prose.append(Prose((segment,), is_paragraph=False))
            return True
        if sign in "`~" and (fence := _FENCE.match(rest)):
            self._start(_Leaf.FENCE)
            self._fence = fence.group()
            return True
        if sign == "<":
            return self._is_raw(rest)
        if sign in "=-" and interrupts and _UNDERLINE.match(rest) and not self._only_defines():
            self._close()
            return True
        if sign in "*-_" and _RULE.match(rest):
            self._start(_Leaf.NONE)
            return True
        return False

    def _is_raw(self, rest: str) -> bool:
        for opening, ending in _RAW_BLOCKS:
            if match := opening.match(rest):
                self._start(_Leaf.NONE if ending.search(rest) else _Leaf.RAW)
                self._raw_end = ending
                name = match[1].lower() if opening is _RAW else ""
                self._raw = Open.COMMENT if match.group() == "<!--" else name
                return True
        if self._leaf is _Leaf.PARAGRAPH or not _ALONE.match(rest):
            return False
        self._start(_Leaf.RAW)
        self._raw_end, self._raw = _BLANK_LINE, ""
        return True

    def _container(self, cursor: Cursor, *, interrupts: bool) -> _Container | None:
        """Return the container that begins at *cursor*, its mark taken off."""
        if _quotes(cursor):
            _take_quote(cursor)
            return _Container(0)
        bullet = _BULLET.match(cursor.text, cursor.next)
        if bullet is None:
            return None
        empty = not cursor.text[bullet.end() :].strip(" \t")
        if interrupts and (empty or (bullet[1] is not None and int(bullet[1]) != 1)):
            return None
        indent, width = cursor.indent, bullet.end() - bullet.start()
        cursor.take(width)
        space = cursor.indent if not empty and 1 <= cursor.indent <= TAB else 1
        cursor.skip(space)
        return _Container(indent + width + space, filled=not empty)

    def _only_defines(self) -> bool:
        """Tell whether the open paragraph is nothing but reference definitions."""
        text = "\n".join(self._markdown[begin:end] for begin, end in self._segments)
        end = 0
        for definition in definitions(text):
            end = definition.target.whole_end
        return end >= len(text)

    def _start(self, leaf: _Leaf) -> None:
        self._close()
        self._fill()
        self._leaf = leaf

    def _fill(self) -> None:
        if self._containers:
            self._containers[-1].filled = True

    def _close(self) -> None:
        """End the open leaf, and the containers that the line doesn't go on with."""
        self._end_leaf()
        del self._containers[self._kept :]

    def _end_leaf(self) -> None:
        if self._leaf is _Leaf.PARAGRAPH:
            self.prose.append(Prose(tuple(self._segments), is_paragraph=True))
            self._segments = []
            self._leaf = _Leaf.NONE


def lines(markdown: str) -> Iterator[Line]:
    """Yield the lines of *markdown* with what each of them lies in."""
    return Blocks().walk(markdown)


def left_open(markdown: str) -> Open | None:
    """Return what *markdown* leaves open at its end, or None."""
    blocks = Blocks()
    for _ in blocks.walk(markdown):
        pass
    return blocks.left_open()


def prose(markdown: str) -> list[Prose]:
    """Return the paragraphs and headings of *markdown*, in order of their ends."""
    blocks = Blocks()
    for _ in blocks.walk(markdown):
        pass
    return blocks.prose


def _quotes(cursor: Cursor) -> bool:
    return cursor.indent < TAB and cursor.text.startswith(">", cursor.next)


def _take_quote(cursor: Cursor) -> None:
    cursor.take(1)
    cursor.skip(1)


def _closes(line: str, fence: str) -> bool:
    bare = line.rstrip(" \t")
    return len(bare) >= len(fence) and not bare.strip(fence[0])
