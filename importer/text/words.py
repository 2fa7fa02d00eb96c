"""Differences between two texts, for people: changed lines with changed words, the rest folded.

`difflib` finds them, kept from its traps: what both sides begin and end with is taken off first, a
line or word that occurs often is no anchor, and beyond a size the middle counts as replaced whole.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from importer.text.scanning import lines

__all__ = ["Difference", "Hunk", "Mark", "WordLine", "WordSpan", "compare_texts", "compare_words"]

# Comparing costs about the product of the two lengths, times how often a line or word repeats.
_MOST_PLACES = 8
_MOST_PAIRS = 2_000_000
_LOOK_AHEAD = 8
_ALIKE = 0.5

# A word, a blank run, a sign, or one character of a script that puts no blanks between words.
_EAST = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_SIGNS = r"!-/:-@\[-^`{-~"
_TOKEN = re.compile(rf"\s+|[{_EAST}]|[{_SIGNS}]|[^\s{_SIGNS}{_EAST}]+")
_HEADING = re.compile(r" {0,3}#{1,6}(?:[ \t]|$)")
_UNDERLINE = re.compile(r" {0,3}(?:=+|-{2,})[ \t]*")


class Mark(StrEnum):
    """What became of a stretch of text."""

    KEPT = "kept"
    REMOVED = "removed"
    ADDED = "added"


@dataclass(frozen=True, slots=True)
class WordSpan:
    """A stretch of one line, without line end."""

    mark: Mark
    text: str


WordLine = tuple[WordSpan, ...]
"""One line. Spans of several marks are a line of either side in one: its changed words show."""


@dataclass(frozen=True, slots=True)
class Hunk:
    """Changed lines with their neighbours, after `skipped` unchanged lines that are not shown.

    `heading` is the nearest Markdown heading above the hunk, empty when the hunk shows it itself.
    """

    skipped: int
    heading: str
    lines: tuple[WordLine, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """`skipped` unchanged lines follow the last hunk; `left_out` changed lines were too many.

    `removed` and `added` count lines; a line whose words changed is in both.
    """

    hunks: tuple[Hunk, ...]
    skipped: int
    left_out: int
    removed: int
    added: int


@dataclass(frozen=True, slots=True)
class _Row:
    """A line of the before side, of the after side, or of both."""

    old: str | None
    new: str | None

    @property
    def kept(self) -> bool:
        return self.old == self.new

    def spans(self) -> WordLine:
        if self.old is None or self.new is None:
            mark = Mark.ADDED if self.old is None else Mark.REMOVED
            return (WordSpan(mark, self.old or self.new or ""),)
        return compare_words(self.old, self.new) or (WordSpan(Mark.KEPT, ""),)


def compare_texts(
    before: str, after: str, *, context: int = 2, most_lines: int | None = 200
) -> Difference:
    """Return how *before* became *after*, with *context* unchanged lines around each change.

    At most *most_lines* lines are shown; None shows all.
    """
    old, new = _split(before), _split(after)
    rows = list(_rows(old, new))
    shown = _shown(rows, context)
    cut = len(shown) if most_lines is None else most_lines
    last = shown[-1] if shown else -1
    return Difference(
        hunks=tuple(_hunks(rows, shown[:cut], _headings(new))),
        skipped=len(rows) - 1 - last if cut >= len(shown) else 0,
        left_out=sum(not rows[index].kept for index in shown[cut:]),
        removed=sum(not row.kept and row.old is not None for row in rows),
        added=sum(not row.kept and row.new is not None for row in rows),
    )


def compare_words(before: str, after: str) -> WordLine:
    """Return the words of *before* and *after* as spans, in order; empty for two empty texts.

    Kept and removed spans together are *before*, kept and added ones *after*.
    """
    old, new = _TOKEN.findall(before), _TOKEN.findall(after)
    spans: list[WordSpan] = []
    for kept, gone, come in _joined(old, new):
        texts = ((Mark.KEPT, kept), (Mark.REMOVED, gone), (Mark.ADDED, come))
        spans += [WordSpan(mark, text) for mark, text in texts if text]
    return tuple(spans)


def _joined(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """Yield (kept, removed, added); blanks and signs between two changes belong to the change."""
    steps = _opcodes(old, new)
    gone = come = ""
    for place, (same, i1, i2, j1, j2) in enumerate(steps):
        text = "".join(old[i1:i2])
        between = 0 < place < len(steps) - 1
        if same and not (between and not any(map(str.isalnum, text))):
            if gone or come:
                yield "", gone, come
                gone = come = ""
            yield text, "", ""
        else:
            gone += text
            come += "".join(new[j1:j2])
    if gone or come:
        yield "", gone, come


def _split(text: str) -> list[str]:
    return text.removesuffix("\n").split("\n") if text else []


def _rows(old: Sequence[str], new: Sequence[str]) -> Iterator[_Row]:
    for same, i1, i2, j1, j2 in _opcodes(old, new):
        if same:
            yield from (_Row(line, line) for line in old[i1:i2])
        else:
            yield from _replaced(old[i1:i2], new[j1:j2])


def _replaced(old: Sequence[str], new: Sequence[str]) -> Iterator[_Row]:
    """Yield the lines of a replaced block; a line that is much alike a new one goes with it."""
    done = 0
    bags = [_bag(line) for line in new]
    for line in old:
        bag = _bag(line)
        ahead = range(done, min(done + _LOOK_AHEAD, len(new)))
        partner = next((index for index in ahead if _alike(bag, bags[index])), None)
        if partner is None:
            yield _Row(line, None)
        else:
            yield from (_Row(None, between) for between in new[done:partner])
            yield _Row(line, new[partner])
            done = partner + 1
    yield from (_Row(None, line) for line in new[done:])


def _bag(line: str) -> frozenset[str]:
    return frozenset(token for token in _TOKEN.findall(line) if not token.isspace())


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    return len(one & other) >= _ALIKE * max(len(one), len(other), 1)


_Step = tuple[bool, int, int, int, int]


def _opcodes(old: Sequence[str], new: Sequence[str]) -> list[_Step]:
    """Return (same, i1, i2, j1, j2): old[i1:i2] stayed, or became new[j1:j2]."""
    shorter = min(len(old), len(new))
    head = next((i for i in range(shorter) if old[i] != new[i]), shorter)
    room = shorter - head
    tail = next((i for i in range(room) if old[-1 - i] != new[-1 - i]), room)
    old_end, new_end = len(old) - tail, len(new) - tail
    steps = [
        (same, head + i1, head + i2, head + j1, head + j2)
        for same, i1, i2, j1, j2 in _middle(old[head:old_end], new[head:new_end])
    ]
    ends = [(True, 0, head, 0, head), *steps, (True, old_end, len(old), new_end, len(new))]
    return [step for step in ends if step[2] > step[1] or step[4] > step[3]]


def _middle(old: Sequence[str], new: Sequence[str]) -> list[_Step]:
    if not old or not new or len(old) * len(new) > _MOST_PAIRS:
        return [(False, 0, len(old), 0, len(new))]
    often = {token for token, places in Counter(new).items() if places > _MOST_PLACES}
    matcher = SequenceMatcher(often.__contains__, old, new, autojunk=False)
    return [(tag == "equal", i1, i2, j1, j2) for tag, i1, i2, j1, j2 in matcher.get_opcodes()]


def _shown(rows: Sequence[_Row], context: int) -> list[int]:
    """Return the indexes of changed rows and their neighbours, in order."""
    shown: list[int] = []
    for index, row in enumerate(rows):
        if not row.kept:
            first = max(shown[-1] + 1 if shown else 0, index - context)
            shown.extend(range(first, min(index + context + 1, len(rows))))
    return shown


def _hunks(
    rows: Sequence[_Row], shown: Sequence[int], headings: Sequence[str | None]
) -> Iterator[Hunk]:
    """Yield runs of consecutive *shown* rows."""
    above, new_line, position, start = "", 0, 0, 0
    while start < len(shown):
        end = start + 1
        while end < len(shown) and shown[end] == shown[end - 1] + 1:
            end += 1
        skipped = rows[position : shown[start]]
        passed = headings[new_line : new_line + len(skipped)]
        above = next((heading for heading in reversed(passed) if heading), above)
        new_line += len(skipped)
        part = [rows[index] for index in shown[start:end]]
        lead = next((index for index, row in enumerate(part) if not row.kept), len(part))
        shows_it = any(headings[new_line : new_line + lead])
        spans = tuple(
            (WordSpan(Mark.KEPT, row.old or ""),) if row.kept else row.spans() for row in part
        )
        yield Hunk(len(skipped), "" if shows_it else above, spans)
        for row in part:
            if row.new is not None:
                above = headings[new_line] or above
                new_line += 1
        position, start = shown[end - 1] + 1, end


def _headings(new: Sequence[str]) -> list[str | None]:
    """Return for each line the heading it is, or None."""
    found: list[str | None] = [None] * len(new)
    previous = ""
    for index, line in enumerate(lines("\n".join(new)) if new else ()):
        if line.code or line.comment:
            previous = ""
            continue
        if _HEADING.match(line.text):
            found[index] = line.text.strip()
        elif previous and _UNDERLINE.fullmatch(line.text):
            found[index - 1] = previous
        previous = "" if found[index] or found[index - 1] else line.text.strip()
    return found
