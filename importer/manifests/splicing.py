"""Splices: pieces of a text put in place of others, and the bytes of a file that come of it.

Texts have LF line ends and no byte order mark, as `Source` has them; a file keeps its own.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

__all__ = ["Splice", "line_splices", "spliced", "spliced_bytes"]

_BOM = b"\xef\xbb\xbf"
_MANY_LINES = 5_000


@dataclass(frozen=True, slots=True, order=True)
class Splice:
    """text[start:end] becomes `text`. At one place, insertions stay in the order they came in."""

    start: int
    end: int
    text: str


def spliced(text: str, splices: Iterable[Splice]) -> str:
    """Return *text* with all *splices*, which don't overlap: ValueError."""
    parts: list[str] = []
    position = 0
    for it in _in_order(splices):
        if it.start < position:
            message = f"two edits overlap at {it.start}"
            raise ValueError(message)
        parts += [text[position : it.start], it.text]
        position = it.end
    return "".join([*parts, text[position:]])


def spliced_bytes(data: bytes, splices: Sequence[Splice]) -> bytes:
    """Return a file's bytes with *splices* over its text; new lines end as those around them do."""
    bom = _BOM if data.startswith(_BOM) else b""
    raw = data.removeprefix(_BOM).decode("utf-8")
    # Offsets into the text count a line end as one.
    ends = [match.start() - index for index, match in enumerate(re.finditer("\r\n", raw))]
    moved = []
    for it in _in_order(splices):
        shift = bisect_left(ends, it.start)
        start = it.start + shift
        within = bisect_left(ends, it.end) - shift
        text = it.text.replace("\n", _line_end(raw, start)) if "\n" in it.text else it.text
        moved.append(Splice(start, it.end + shift + within, text))
    return bom + spliced(raw, moved).encode("utf-8")


def _line_end(raw: str, at: int) -> str:
    """Return how the line at *at* ends; the one before it where it is the last."""
    found = raw.find("\n", at)
    found = raw.rfind("\n", 0, at) if found < 0 else found
    return "\r\n" if found > 0 and raw[found - 1] == "\r" else "\n"


def _in_order(splices: Iterable[Splice]) -> list[Splice]:
    return sorted(splices, key=lambda it: (it.start, it.end))


def line_splices(old: str, new: str, at: int = 0) -> list[Splice]:
    """Return what makes *new* of *old*, line by line; *at* is where *old* starts."""
    before, after = _lines(old), _lines(new)
    head = 0
    while head < min(len(before), len(after)) and before[head] == after[head]:
        head += 1
    tail = 0
    most = min(len(before), len(after)) - head
    while tail < most and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    olds, news = before[head : len(before) - tail], after[head : len(after) - tail]
    starts = [at + sum(map(len, before[:head]))]
    for line in olds:
        starts.append(starts[-1] + len(line))
    if max(len(olds), len(news)) > _MANY_LINES:
        codes = [("replace", 0, len(olds), 0, len(news))]
    else:
        codes = list(SequenceMatcher(None, olds, news, autojunk=False).get_opcodes())
    return [
        Splice(starts[a], starts[b], "".join(news[c:d]))
        for tag, a, b, c, d in codes
        if tag != "equal"
    ]


def _lines(text: str) -> list[str]:
    """Return the lines of *text*, with their ends: LF alone ends one."""
    pieces = text.split("\n")
    return [*(f"{it}\n" for it in pieces[:-1]), *([pieces[-1]] if pieces[-1] else [])]
