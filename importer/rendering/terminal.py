"""Colours and line widths. Only here are escape sequences made, around text that holds none."""

import re
import unicodedata
from collections.abc import Iterator

__all__ = ["paint", "wrap"]

_CODES = {
    "create": "32",
    "added": "32",
    "update": "33",
    "changed": "33",
    "delete": "31",
    "removed": "31",
    "blocked": "1;31",
    "drift": "36",
    "orphan": "34",
    "manual": "35",
    "note": "2",
    "fold": "2",
    "strong": "1",
}
_RESET = "\x1b[0m"
_SEQUENCE = re.compile(r"\x1b\[[\d;]*m")
_PIECE = re.compile(r"(\x1b\[[\d;]*m)|(.)", re.DOTALL)
# What every line of a block starts with: a wrapped line goes on behind it.
_MARGIN = re.compile(r" *(?:[|:] {0,3}[-+~]? ?)?")
_LEAST = 40
_HANG = "  "


def paint(text: object, tone: str, *, color: bool) -> str:
    """Return *text* in the colour of *tone*; as it is when there is none for it."""
    content = str(text)
    number = _CODES.get(tone) if color and content else None
    return f"\x1b[{number}m{content}{_RESET}" if number else content


def wrap(text: str, width: int) -> str:
    """Return *text* with no line wider than *width* columns (never less than 40).

    A line goes on with its own margin, so that no content begins a line.
    """
    columns = max(width, _LEAST)
    return "\n".join(
        part
        for line in text.split("\n")
        for part in ([line] if _fits(line, columns) else _wrapped(line, columns))
    )


def _fits(line: str, width: int) -> bool:
    bare = line if len(line) <= width else _SEQUENCE.sub("", line)
    return len(bare) <= width and (bare.isascii() or _width(bare) <= width)


def _wrapped(line: str, width: int) -> Iterator[str]:
    margin, style = _margin(line, width), ""
    current, used = "", 0
    blank, blank_style = 0, ""  # where the current part can be broken
    for match in _PIECE.finditer(line):
        sequence, char = match.groups()
        if sequence:
            style = "" if sequence == _RESET else sequence
            current += sequence
            continue
        if used + _columns(char) > width:
            end, end_style = (blank, blank_style) if blank > width // 2 else (len(current), style)
            yield current[:end] + (_RESET if end_style else "")
            rest = current[end:].lstrip(" ")
            current, used, blank = margin + end_style + rest, len(margin) + _width(rest), 0
        if char == " ":
            blank, blank_style = len(current), style
        current += char
        used += _columns(char)
    yield current


def _width(text: str) -> int:
    return sum(map(_columns, _SEQUENCE.sub("", text)))


def _margin(line: str, width: int) -> str:
    found = _MARGIN.match(_SEQUENCE.sub("", line))
    text = found.group() if found else ""
    blank = re.sub(r"[-+~]", " ", text) + ("" if "|" in text or ":" in text else _HANG)
    return blank[: width // 2]


def _columns(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
