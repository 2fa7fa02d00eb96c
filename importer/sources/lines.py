"""Numbered lines of a Markdown file, and which of them a person would take for code or comment.

A long FAQ is sloppier than CommonMark, and was written by people who looked at the result: fences
stand in HTML, close at another indentation, or never. So this reads with their eyes: a fence is a
fence wherever it stands. What finally becomes a post is read strictly, by `importer.text`.
"""

import re
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import NamedTuple

__all__ = [
    "Numbered",
    "code_flags",
    "code_spans",
    "comment_at",
    "heading",
    "indent_of",
    "joined",
    "numbered",
    "open_fence",
    "outside_code",
    "trimmed",
    "visible",
]

_LONGEST_HEADING = 2_000
_LONGEST_PROSE = 20_000
_FENCE = re.compile(r"\s*+(?:[-*+][ \t]+|\d{1,9}[.)][ \t]+|>[ \t]?)*(`{3,}(?=[^`]*$)|~{3,})")
_HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*")
_LIST_ITEM = re.compile(r" {0,3}(?:[-+*]|\d{1,9}[.)])(?:[ \t]|$)")
_PRE = re.compile(r"<(/?)pre\b", re.IGNORECASE)


class Numbered(NamedTuple):
    """A line and its number in the file, from 1."""

    number: int
    text: str


class _State(Enum):
    TEXT = auto()
    CODE = auto()
    COMMENT = auto()


@dataclass(slots=True)
class _Scan:
    """What each line lies in, and the index of the fence that is open at the end."""

    states: list[_State] = field(default_factory=list)
    fence_at: int | None = None


def numbered(text: str) -> list[Numbered]:
    """Return the lines of *text*, their ends off."""
    return [Numbered(number, line) for number, line in enumerate(text.split("\n"), 1)]


def joined(part: Sequence[Numbered]) -> str:
    """Return the lines as one text."""
    return "\n".join(line.text for line in part)


def trimmed(part: Sequence[Numbered]) -> list[Numbered]:
    """Return *part* without blank lines at its ends."""
    begin, end = 0, len(part)
    while begin < end and not part[begin].text.strip():
        begin += 1
    while end > begin and not part[end - 1].text.strip():
        end -= 1
    return list(part[begin:end])


def indent_of(text: str) -> int:
    """Return the columns a line is indented by; a tab reaches the next multiple of four."""
    bare = text.lstrip(" \t")
    return len(text[: len(text) - len(bare)].expandtabs(4))


def heading(text: str) -> tuple[int, str] | None:
    """Return level and Markdown of the ATX heading that a line is, or None. A long line is none."""
    match = _HEADING.fullmatch(text) if len(text) <= _LONGEST_HEADING else None
    return (len(match[1]), match[2] or "") if match else None


def visible(part: Sequence[Numbered], ends_item: re.Pattern[str] | None = None) -> list[int]:
    """Return the indexes of lines that can head something: short ones, no code, no comment.

    A line that matches *ends_item* and is indented less than the open fence ends the fence: what
    belongs to a list item ends with the item.
    """
    texts = [line.text for line in part]
    states = _scan(texts, ends_item).states
    seen = (at for at, state in enumerate(states) if state is _State.TEXT)
    return [at for at in seen if len(texts[at]) <= _LONGEST_HEADING]


def open_fence(part: Sequence[Numbered]) -> int | None:
    """Return the index of the line whose fence is open at the end of *part*."""
    return _scan([line.text for line in part]).fence_at


def code_flags(texts: Sequence[str]) -> list[bool]:
    """Tell of each line whether it is code: in a fence or `<pre>`, or indented as code is.

    A line longer than any person writes counts as code: it is left as it is.
    """
    flags = []
    after_blank, in_list, in_pre = True, False, False
    for text, state in zip(texts, _scan(texts).states, strict=True):
        code = state is _State.CODE or len(text) > _LONGEST_PROSE
        bare = text.strip()
        if bare and not text.startswith((" ", "\t")):
            in_list = bool(_LIST_ITEM.match(text)) or (in_list and not after_blank)
        indented = bool(bare) and indent_of(text) >= 4 and after_blank and not in_list
        tags = [] if code or indented else [match[1] for match in _PRE.finditer(text)]
        flags.append(code or indented or in_pre or bool(tags))
        in_pre = not tags[-1] if tags else in_pre
        after_blank = not bare or indented or code
    return flags


def _scan(texts: Sequence[str], ends_item: re.Pattern[str] | None = None) -> _Scan:
    scan = _Scan()
    last_close = max((at for at, text in enumerate(texts) if "-->" in text), default=-1)
    fence, indent, in_comment = "", 0, False
    for at, text in enumerate(texts):
        if fence and ends_item and indent_of(text) < indent and len(text) <= _LONGEST_HEADING:
            fence = "" if ends_item.match(text) else fence
        if fence:
            fence = "" if _closes(text, fence) else fence
            scan.states.append(_State.CODE)
        elif in_comment:
            in_comment = "-->" not in text
            scan.states.append(_State.COMMENT)
        elif match := _FENCE.match(text):
            fence, indent, scan.fence_at = match[1], indent_of(text), at
            scan.states.append(_State.CODE)
        else:
            begin = comment_at(text, max(0, text.rfind("-->")))
            in_comment = begin >= 0 and at < last_close
            scan.states.append(_State.TEXT)
    scan.fence_at = scan.fence_at if fence else None
    return scan


def _closes(text: str, fence: str) -> bool:
    bare = text.strip(" \t>")
    return len(bare) >= len(fence) and not bare.strip(fence[0])


def comment_at(text: str, position: int = 0) -> int:
    """Return where the next comment of a line begins, code spans aside; -1 without one."""
    if "<!--" not in text:
        return -1
    spans = code_spans(text)
    while (begin := text.find("<!--", position)) >= 0:
        if not any(start <= begin < end for start, end in spans):
            return begin
        position = begin + 4
    return -1


def code_spans(text: str) -> list[tuple[int, int]]:
    """Return (start, end) of each code span of a line, backticks included."""
    runs = [match.span() for match in re.finditer(r"`+", text)]
    ahead: dict[int, deque[int]] = defaultdict(deque)
    for at, (begin, end) in enumerate(runs):
        ahead[end - begin].append(at)
    spans, at = [], 0
    while at < len(runs):
        begin, end = runs[at]
        same = ahead[end - begin]
        while same and same[0] <= at:
            same.popleft()
        escaped = begin > 0 and text[begin - 1] == "\\"
        if same and not escaped:
            at = same[0]
            spans.append((begin, runs[at][1]))
        at += 1
    return spans


def outside_code(text: str, change: Callable[[str], str]) -> str:
    """Return *text* with *change* applied to what stands outside its code spans."""
    parts, position = [], 0
    for begin, end in code_spans(text):
        parts += [change(text[position:begin]), text[begin:end]]
        position = end
    return "".join([*parts, change(text[position:])])
