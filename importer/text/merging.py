"""Merges two versions of a text by the one that both were made of, line by line.

Two edits are apart where a line stands between them that both versions surely keep (`aligning`):
edits of neighbouring lines touch, and are a conflict unless they say the same. Code, raw HTML and a
table each count as one line in this: two edits in one of them always touch. The same edit made
twice is one. A merge that would turn code into text or back, break a link, or leave a fence open at
its end is a conflict too: each line means what it meant to whoever wrote it.

A link into the team is merged by what it leads to: another target is an edit of its line.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import groupby

from importer.text.aligning import kept_lines
from importer.text.blocks import Blocks, left_open
from importer.text.links import HOLE, Text, fill
from importer.text.scanning import destinations

__all__ = ["Conflict", "Merge", "merge_names", "merge_texts", "with_markers"]

# A hole with its target, as part of a line: no target has a NUL or a line end in it.
_FILLED = re.compile(f"{HOLE}([^{HOLE}]*){HOLE}")
_DELIMITERS = re.compile(r"[ \t>]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*")
_BLANKS = " \t>"
_SIGN = 7


@dataclass(frozen=True, slots=True)
class Conflict:
    """A stretch of whole lines that both sides changed; a side that took it out has none."""

    ours: Text
    base: Text
    theirs: Text


@dataclass(frozen=True, slots=True)
class Merge:
    """A merged text in stretches of whole lines, those in conflict with all three sides."""

    pieces: tuple[Text | Conflict, ...]

    @property
    def conflicts(self) -> tuple[Conflict, ...]:
        """The stretches that a person has to settle."""
        return tuple(it for it in self.pieces if isinstance(it, Conflict))

    @property
    def text(self) -> Text | None:
        """The merged text; None where there is a conflict."""
        clean = [it for it in self.pieces if isinstance(it, Text)]
        return _joined(clean) if len(clean) == len(self.pieces) else None


def merge_texts(base: Text, ours: Text, theirs: Text) -> Merge:
    """Return *ours* with the edits that led from *base* to *theirs*; all three are canonical."""
    if theirs in (base, ours):
        return Merge((ours,))
    if ours == base:
        return Merge((theirs,))
    sides = (_Side.of(base), _Side.of(ours), _Side.of(theirs))
    stretches = list(_stretches(*sides))
    merge = Merge(_pieces(stretches))
    if merge.text is not None and not _is_sound(merge.text, stretches):
        merge = Merge(_pieces(_as_one(stretches)))
    return merge


def merge_names(base: Iterable[str], ours: Iterable[str], theirs: Iterable[str]) -> tuple[str, ...]:
    """Return the names that both have, and those that one has added; what one took out is out."""
    before, here, there = set(base), set(ours), set(theirs)
    return tuple(sorted((here & there) | ((here | there) - before)))


def with_markers(merge: Merge, *, ours: str, base: str, theirs: str) -> Text:
    """Return the merged text with each conflict between markers, in the style of diff3.

    The three names, of one line each, stand behind the markers.
    """

    def marked(it: Text | Conflict) -> Iterator[Text]:
        if isinstance(it, Text):
            yield it
            return
        yield Text(f"{'<' * _SIGN} {ours}\n")
        yield it.ours
        yield Text(f"{'|' * _SIGN} {base}\n")
        yield it.base
        yield Text(f"{'=' * _SIGN}\n")
        yield it.theirs
        yield Text(f"{'>' * _SIGN} {theirs}\n")

    return _joined(part for it in merge.pieces for part in marked(it))


def _pieces(stretches: Iterable["_Stretch"]) -> tuple[Text | Conflict, ...]:
    """Return what becomes of *stretches*, those without a conflict between them as one text."""
    pieces: list[Text | Conflict] = []
    for is_clean, group in groupby(stretches, lambda it: it.taken is not None):
        found = [it.piece for it in group]
        if is_clean:
            pieces.append(_joined(it for it in found if isinstance(it, Text)))
        else:
            pieces += found
    return tuple(pieces)


def _joined(parts: Iterable[Text]) -> Text:
    texts = list(parts)
    targets = tuple(target for it in texts for target in it.targets)
    return Text("".join(it.holed for it in texts), targets)


@dataclass(frozen=True, slots=True)
class _Side:
    """Lines of one version with targets written out, and whether each lies in code or raw HTML."""

    lines: tuple[str, ...]
    lies_in: tuple[tuple[bool, bool], ...]

    @classmethod
    def of(cls, text: Text) -> "_Side":
        if not text.holed:
            return cls((), ())
        blocks = Blocks()
        walk = blocks.walk(text.holed.removesuffix("\n"))
        lies_in = tuple((it.code or it.comment, blocks.in_verbatim()) for it in walk)
        written = fill(text, lambda target: f"{HOLE}{target}{HOLE}").removesuffix("\n")
        return cls(tuple(written.split("\n")), lies_in)

    def part(self, start: int, end: int) -> "_Side":
        return _Side(self.lines[start:end], self.lies_in[start:end])

    def joined(self, other: "_Side") -> "_Side":
        return _Side(self.lines + other.lines, self.lies_in + other.lies_in)

    @property
    def text(self) -> Text:
        written = "".join(f"{line}\n" for line in self.lines)
        return Text(_FILLED.sub(HOLE, written), tuple(_FILLED.findall(written)))

    @property
    def units(self) -> Iterator[range]:
        """What nothing is merged inside of, as places of lines: code, raw HTML, tables."""
        is_filled = [bool(line.strip(_BLANKS)) for line in self.lines]
        for run in _runs([any(it) for it in self.lies_in]):
            filled = [it for it in run if is_filled[it]]
            yield range(filled[0], filled[-1] + 1)
        for run in _runs(is_filled):
            if any("|" in self.lines[it] and _DELIMITERS.fullmatch(self.lines[it]) for it in run):
                yield run


def _runs(holds: Sequence[bool]) -> Iterator[range]:
    start = 0
    for place, it in enumerate([*holds, False]):
        if not it:
            if place > start:
                yield range(start, place)
            start = place + 1


@dataclass(frozen=True, slots=True)
class _Stretch:
    """The same stretch of all three versions."""

    base: _Side
    ours: _Side
    theirs: _Side

    @property
    def taken(self) -> _Side | None:
        """The version that goes into the merged text; None where both sides changed it."""
        if self.ours.lines == self.base.lines:
            return self.theirs
        return self.ours if self.theirs.lines in (self.base.lines, self.ours.lines) else None

    @property
    def piece(self) -> Text | Conflict:
        if self.taken is not None:
            return self.taken.text
        return Conflict(self.ours.text, self.base.text, self.theirs.text)

    @property
    def is_kept(self) -> bool:
        return self.base.lines == self.ours.lines == self.theirs.lines

    def joined(self, other: "_Stretch") -> "_Stretch":
        return _Stretch(
            self.base.joined(other.base),
            self.ours.joined(other.ours),
            self.theirs.joined(other.theirs),
        )


def _stretches(base: _Side, ours: _Side, theirs: _Side) -> Iterator[_Stretch]:
    """Yield the lines that both keep, each for itself, and what lies between them, in order."""
    here, there = _kept(base, ours), _kept(base, theirs)
    kept = [(it, here[it], there[it]) for it in here if it in there]
    ends = (len(base.lines), len(ours.lines), len(theirs.lines))
    one = two = three = 0
    for in_base, in_ours, in_theirs in [*kept, ends]:
        if (one, two, three) != (in_base, in_ours, in_theirs):
            yield _Stretch(
                base.part(one, in_base), ours.part(two, in_ours), theirs.part(three, in_theirs)
            )
        one, two, three = in_base + 1, in_ours + 1, in_theirs + 1
        if in_base < ends[0]:
            yield _Stretch(
                base.part(in_base, one), ours.part(in_ours, two), theirs.part(in_theirs, three)
            )


def _kept(base: _Side, side: _Side) -> dict[int, int]:
    """Return where the lines of *base* that are surely kept stand in *side*: units whole, or not.

    What falls out of a unit may be part of one on the other side, hence again until nothing does.
    """
    kept = kept_lines(base.lines, side.lines)
    units_of_base, units = list(base.units), list(side.units)
    while True:
        back = {there: here for here, there in kept.items()}
        touched = {here for unit in units_of_base if _is_touched(unit, kept) for here in unit}
        touched |= {back.get(it, -1) for unit in units if _is_touched(unit, back) for it in unit}
        if touched.isdisjoint(kept):
            return kept
        kept = {here: there for here, there in kept.items() if here not in touched}


def _is_touched(unit: range, places: dict[int, int]) -> bool:
    """Tell whether a unit's lines don't all stand on the other side, one behind the other."""
    there = [places.get(it) for it in unit]
    first = there[0]
    return first is None or there != list(range(first, first + len(unit)))


def _is_sound(merged: Text, stretches: Iterable[_Stretch]) -> bool:
    """Tell whether each line of *merged* lies in what it lay in, and each link is one still."""
    lies_in = tuple(it for stretch in stretches if stretch.taken for it in stretch.taken.lies_in)
    return (
        _Side.of(merged).lies_in == lies_in
        and all(it.ours.lies_in == it.theirs.lies_in for it in stretches if it.is_kept)
        and left_open(merged.holed) is None
        and _links(merged) == len(merged.targets)
    )


def _links(text: Text) -> int:
    found = destinations(text.holed) if text.targets else []
    return sum(text.holed[it.start : it.end] == HOLE for it in found)


def _as_one(stretches: Sequence[_Stretch]) -> list[_Stretch]:
    """Return *stretches* with everything from the first edit to the last as one conflict."""
    changed = [place for place, it in enumerate(stretches) if not it.is_kept]
    first, last = changed[0], changed[-1] + 1
    whole = reduce(_Stretch.joined, stretches[first:last])
    return [*stretches[:first], whole, *stretches[last:]]
