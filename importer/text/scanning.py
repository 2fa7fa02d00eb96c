"""Finds fences, code spans, comments and link destinations in Markdown, in one pass over its lines.

Offsets are into the given string. Only what CommonMark makes a link is found: nothing inside code,
nothing inside a comment. A display library gives no offsets for inline links, hence our own pass.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

__all__ = [
    "Destination",
    "Form",
    "Line",
    "Open",
    "code_spans",
    "destinations",
    "left_open",
    "lines",
]

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})([^\n]*)")
_DEFINITION = re.compile(r" {0,3}\[((?:\\.|[^\[\]\\])+)\]:[ \t]*(<[^<>\n]*>|[^\s<]\S*)")
_LIST_ITEM = re.compile(r" {0,3}(?:[-+*]|\d{1,9}[.)])(?:[ \t]|$)")
# What stands behind `](`: a destination, perhaps a title, the closing bracket.
_TARGET = re.compile(
    r"\s*(?:<([^<>\n]*)>|((?:\\.|\((?:\\.|[^\s()\\])*\)|[^\s()\\<])(?:\\.|\((?:\\.|[^\s()\\])*\)|[^\s()\\])*))"
    r"""(?:\s+(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|\((?:\\.|[^()\\])*\)))?\s*\)"""
)
_RAW_OPEN = re.compile(r" {0,3}<(pre|script|style|textarea)(?=[\s>]|$)", re.IGNORECASE)


class Form(StrEnum):
    """How a destination is written: `[text](dest)`, `![alt](dest)` or `[label]: dest`."""

    LINK = "link"
    IMAGE = "image"
    DEFINITION = "definition"


class Open(StrEnum):
    """What a text can leave open at its end, so that it would swallow a line put after it."""

    FENCE = "fence"
    COMMENT = "comment"
    PRE = "pre"
    SCRIPT = "script"
    STYLE = "style"
    TEXTAREA = "textarea"


@dataclass(frozen=True, slots=True)
class Line:
    """One line without its end; `code` is true inside a fence (its own lines included)."""

    start: int
    text: str
    code: bool
    comment: bool


@dataclass(frozen=True, slots=True)
class Destination:
    """A link destination: markdown[start:end], angle brackets not included.

    markdown[link_start:link_end] is the whole link and markdown[text_start:text_end] its text; for
    a definition, both are the line's own extent up to the destination's end.
    """

    start: int
    end: int
    form: Form
    link_start: int
    link_end: int
    text_start: int
    text_end: int


@dataclass(slots=True)
class _State:
    fence: str = ""
    comment: bool = False
    raw: str = ""


def lines(markdown: str) -> Iterator[Line]:
    """Yield the lines of *markdown* with what each of them lies in."""
    state = _State()
    yield from _walk(markdown, state)


def left_open(markdown: str) -> Open | None:
    """Return what *markdown* leaves open at its end, or None."""
    state = _State()
    for _ in _walk(markdown, state):
        pass
    if state.fence:
        return Open.FENCE
    if state.comment:
        return Open.COMMENT
    return Open(state.raw) if state.raw else None


def _walk(markdown: str, state: _State) -> Iterator[Line]:
    start = 0
    for text in markdown.split("\n"):
        bare = text.removesuffix("\r")
        was_comment = state.comment
        code = bool(state.fence)
        if state.fence:
            if _closes(bare, state.fence):
                state.fence = ""
        elif state.raw:
            if f"</{state.raw}>" in bare.lower():
                state.raw = ""
        elif not state.comment and (match := _opens(bare)):
            state.fence, code = match, True
        else:
            state.comment = _comment_after(bare, open_before=state.comment)
            if not state.comment and not was_comment and (raw := _RAW_OPEN.match(bare)):
                name = raw.group(1).lower()
                state.raw = "" if f"</{name}>" in bare.lower() else name
        yield Line(start, bare, code, was_comment and not code)
        start += len(text) + 1


def _opens(line: str) -> str:
    """Return the fence that *line* opens. Also behind list bullets: `- ```sh` opens one."""
    rest = line.lstrip(" ")
    while marker := _LIST_ITEM.match(rest):
        rest = rest[marker.end() :].lstrip(" ")
    rest = rest.lstrip("> ")
    match = _FENCE.match(rest)
    if not match or (match.group(1)[0] == "`" and "`" in match.group(2)):
        return ""
    return match.group(1)


def _closes(line: str, fence: str) -> bool:
    bare = line.lstrip("> ").rstrip()
    return len(bare) >= len(fence) and set(bare) == {fence[0]}


def _comment_after(line: str, *, open_before: bool) -> bool:
    position, is_open = 0, open_before
    while True:
        if is_open:
            end = line.find("-->", position)
            if end < 0:
                return True
            position, is_open = end + 3, False
        else:
            begin = line.find("<!--", position)
            if begin < 0 or _in_code_span(line, begin):
                return False
            position, is_open = begin + 4, True


def _in_code_span(line: str, offset: int) -> bool:
    return any(begin <= offset < end for begin, end in code_spans(line))


def code_spans(text: str) -> list[tuple[int, int]]:
    """Return (start, end) of each code span in *text*, backticks included."""
    spans = []
    runs = [(match.start(), match.end()) for match in re.finditer(r"`+", text)]
    index = 0
    while index < len(runs):
        begin, begin_end = runs[index]
        if begin and text[begin - 1] == "\\":
            index += 1
            continue
        width = begin_end - begin
        close = next(
            (i for i in range(index + 1, len(runs)) if runs[i][1] - runs[i][0] == width), None
        )
        if close is None:
            index += 1
            continue
        spans.append((begin, runs[close][1]))
        index = close + 1
    return spans


def destinations(markdown: str) -> list[Destination]:
    """Return every link destination of *markdown*, in order of place."""
    found: list[Destination] = []
    for start, block in _paragraphs(markdown):
        found.extend(_in_block(start, block))
    return found


def _paragraphs(markdown: str) -> Iterator[tuple[int, str]]:
    """Yield runs of lines outside fences and comments: a link or code span may cross line ends."""
    begin: int | None = None
    end = 0
    after_blank, in_list = True, False
    for line in lines(markdown):
        bare = line.text.strip()
        if bare and not line.text.startswith((" ", "\t")):
            in_list = bool(_LIST_ITEM.match(line.text)) or (in_list and not after_blank)
        indented = line.text.startswith(("    ", "\t")) and after_blank and not in_list
        outside = bool(bare) and not line.code and not indented
        if outside:
            begin = line.start if begin is None else begin
            end = line.start + len(line.text)
        elif begin is not None:
            yield begin, markdown[begin:end]
            begin = None
        # Indented code interrupts no paragraph, but goes on, and follows whatever isn't one.
        after_blank = not bare or indented or line.code or bare.startswith(("#", "<!--"))
    if begin is not None:
        yield begin, markdown[begin:end]


def _in_block(start: int, block: str) -> list[Destination]:
    if "](" not in block and "]:" not in block:
        return []
    hidden = _hidden(block)
    found = [*_definitions(block), *_inline(block)]
    seen = [it for it in found if not _within(hidden, it[0]) and not _within(hidden, it[3])]
    return [
        Destination(
            start + begin, start + end, form, start + l0, start + l1, start + t0, start + t1
        )
        for begin, end, form, l0, l1, t0, t1 in sorted(seen)
    ]


_Found: TypeAlias = tuple[int, int, Form, int, int, int, int]


def _hidden(block: str) -> list[tuple[int, int]]:
    """Return the extents of code spans and comments of one block, in order."""
    spans = code_spans(block)
    comments = [
        match.span()
        for match in re.finditer(r"<!--.*?(?:-->|\Z)", block, re.DOTALL)
        if not _within(spans, match.start())
    ]
    return sorted([*spans, *comments])


def _within(extents: list[tuple[int, int]], offset: int) -> bool:
    return any(begin <= offset < end for begin, end in extents)


def _definitions(block: str) -> Iterator[_Found]:
    offset = 0
    for line in block.split("\n"):
        if match := _DEFINITION.match(line):
            begin, end = match.span(2)
            if line[begin] == "<":
                begin, end = begin + 1, end - 1
            extent = (offset + match.start(1) - 1, offset + match.end(2))
            yield offset + begin, offset + end, Form.DEFINITION, *extent, *extent
        offset += len(line) + 1


def _inline(block: str) -> Iterator[_Found]:
    for match in re.finditer(r"\]\(", block):
        bracket = match.start()
        if _escaped(block, bracket):
            continue
        opening = _opening_bracket(block, bracket)
        target = _TARGET.match(block, match.end())
        if opening is None or target is None:
            continue
        group = 1 if target.group(1) is not None else 2
        begin, end = target.span(group)
        if group == 2 and not _balanced(target.group(2)):
            continue
        image = opening > 0 and block[opening - 1] == "!" and not _escaped(block, opening - 1)
        form = Form.IMAGE if image else Form.LINK
        yield begin, end, form, opening - image, target.end(), opening + 1, bracket


def _opening_bracket(block: str, closing: int) -> int | None:
    depth = 0
    for position in range(closing - 1, -1, -1):
        char = block[position]
        if char not in "[]" or _escaped(block, position):
            continue
        if char == "]":
            depth += 1
        elif depth == 0:
            return position
        else:
            depth -= 1
    return None


def _escaped(text: str, position: int) -> bool:
    before = position
    while before > 0 and text[before - 1] == "\\":
        before -= 1
    return (position - before) % 2 == 1


def _balanced(destination: str) -> bool:
    bare = re.sub(r"\\[()]", "", destination)
    return bare.count("(") == bare.count(")")
