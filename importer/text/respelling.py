"""Writes a changed text in its author's own spelling: lines that didn't change stay as they are.

Canonical texts have no blanks at their lines' ends, and holes for links. What an author wrote has
line for line the same words, so a change of the canonical text is a change of the author's lines.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from difflib import SequenceMatcher

from importer.text.canonical import canonical_text
from importer.text.links import HOLE, Text, fill
from importer.text.scanning import destinations

__all__ = ["lines_of", "respelled", "spellings", "text_of"]

# A hole with its target, as part of a line: no target has a NUL or a line end in it.
_FILLED = re.compile(f"{HOLE}([^{HOLE}]*){HOLE}")
_MANY = 5_000


def lines_of(text: Text) -> list[str]:
    """Return the lines of a canonical text, with the targets of its links written out."""
    if not text.holed:
        return []
    return fill(text, lambda it: f"{HOLE}{it}{HOLE}").removesuffix("\n").split("\n")


def text_of(lines: list[str]) -> Text:
    """Return the text that `lines_of` gave *lines* for."""
    written = "".join(f"{line}\n" for line in lines)
    return Text(_FILLED.sub(HOLE, written), tuple(_FILLED.findall(written)))


def spellings(source: str, text: Text) -> dict[str, str]:
    """Return how *source* writes the destination of each target of *text*, its canonical form."""
    return dict(reversed(list(_spelled(canonical_text(source), text))))


def _spelled(written: str, text: Text) -> Iterator[tuple[str, str]]:
    """Yield each target with its destination: the texts are the same but for the holes."""
    targets = iter(text.targets)
    shift = 0
    for found in destinations(written):
        at = found.start - shift
        if text.holed[at : at + 1] == HOLE:
            shift += found.end - found.start - 1
            yield next(targets, ""), written[found.start : found.end]


def respelled(source: str, ours: Text, wanted: Text, destination_of: Callable[[str], str]) -> str:
    """Return *source*, whose canonical form is *ours*, so changed that its form is *wanted*.

    *destination_of* gives the destination for a target that *source* doesn't lead to yet.
    """
    if wanted == ours:
        return source
    known = spellings(source, ours)

    def spelled(line: str) -> str:
        return _FILLED.sub(lambda it: known.get(it[1]) or destination_of(it[1]), line)

    before, after = lines_of(ours), lines_of(wanted)
    lines = source.split("\n")
    lead = _blank_lead(lines)
    own = lines[lead : lead + len(before)]
    if (
        not before
        or len(own) < len(before)
        or canonical_text("\n".join(own)) != canonical_text(source)
    ):
        return "".join(f"{spelled(it)}\n" for it in after)
    made = lines[:lead]
    for tag, a, b, c, d in _codes(before, after):
        made += own[a:b] if tag == "equal" else [spelled(it) for it in after[c:d]]
    return "\n".join([*made, *lines[lead + len(before) :]])


def _blank_lead(lines: list[str]) -> int:
    """Return how many lines a text has before the first with any words."""
    lead = 0
    while lead < len(lines) and not unicodedata.normalize("NFC", lines[lead]).strip(" \t"):
        lead += 1
    return lead


def _codes(before: list[str], after: list[str]) -> list[tuple[str, int, int, int, int]]:
    if max(len(before), len(after)) <= _MANY:
        return list(SequenceMatcher(None, before, after, autojunk=False).get_opcodes())
    head = 0
    most = min(len(before), len(after))
    while head < most and before[head] == after[head]:
        head += 1
    tail = 0
    while tail < most - head and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    old, new = len(before) - tail, len(after) - tail
    return [
        ("equal", 0, head, 0, head),
        ("replace", head, old, head, new),
        ("equal", old, len(before), new, len(after)),
    ]
