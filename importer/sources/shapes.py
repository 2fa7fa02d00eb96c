"""Finds the questions in the lines of one Markdown file, whatever form they have there.

The forms: a file that is one question, numbered headings (`12. ### Q?`), headings of one level,
pairs of `**Q:**` and `**A:**`, and `<details>` with the question as its summary. The one with most
questions counts.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

from importer.sources.lines import Numbered, heading, joined, visible
from importer.sources.titles import asks, plain_title, without_number

__all__ = ["Entry", "Found", "find_questions", "heading_anchors", "is_answer_heading"]

_LONGEST_TITLE = 2_000
_NUMBERED = re.compile(r"\s*(?:[-*+][ \t]+)?\d{1,4}[.)]\s+(#{1,6})\s+(\S.*?)[ \t]*#*[ \t]*")
_ANY_HEADING = re.compile(r"\s*#{1,6}\s+(\S.*?)[ \t]*#*[ \t]*")
_LABELLED = re.compile(
    r" {0,3}(?:[-*+]\s+)?(?:(\*\*|__)Q(?:uestion)?\s*\d{0,4}\s*[:.](?:\1\s*(?P<after>\S.*?)|"
    r"\s*(?P<inside>\S.*?)\1)|Q(?:uestion)?\s*\d{0,4}\s*:\s+(?P<bare>\S.*?))\s*"
)
_ANSWER = re.compile(
    r"(?:the |an? |short |long |accepted |best |possible |sample )*answers?(?: \d+)?:?"
)
_SUMMARY = re.compile(
    r"<details\b[^>]*>\s*<summary\b[^>]*>(.*?)</summary\s*>", re.IGNORECASE | re.DOTALL
)
_DETAILS = re.compile(r"<(/?)details\b[^>]*>", re.IGNORECASE)
_ANCHOR = re.compile(
    r"""\s*<a\s+(?:name|id)\s*=\s*["']?[^"'\s>]+["']?\s*(?:/>|>\s*</a\s*>)\s*""", re.IGNORECASE
)
_NOISE = re.compile(
    r"(?:table of )?contents|toc|index|disclaimer|licen[cs]e|legal(?: notice)?|copyright|"
    r"contribut(?:e|ing|ors?|ions?|ion guidelines)|(?:our )?(?:sponsors?|backers?|supporters?)|"
    r"credits?|acknowledge?ments?|thanks|thank you|change ?log|star history|support(?: us)?|"
    r"about(?: (?:us|me|this (?:repository|repo|project|list)))?|how to contribute"
)


class _Part(Enum):
    ENTRY = auto()
    SECTION = auto()
    NOISE = auto()


@dataclass(frozen=True, slots=True)
class _Head:
    index: int
    part: _Part
    text: str


@dataclass(slots=True)
class Entry:
    """One question: its line, its title's Markdown, its text, and the heading it stands under.

    `anchors` are the names that links give to its headings, its own first.
    """

    line: int
    title: str
    body: list[Numbered]
    section: str = ""
    anchors: tuple[str, ...] = ()


@dataclass(slots=True)
class Found:
    """`rest` are the parts that belong to no question, each with the heading above it."""

    entries: list[Entry] = field(default_factory=list)
    rest: list[tuple[str, list[Numbered]]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Heading:
    index: int
    level: int
    text: str


def find_questions(part: Sequence[Numbered]) -> Found:
    """Return the questions of a file in its order, and what belongs to none."""
    seen = visible(part, _NUMBERED)
    headings = [_Heading(at, *it) for at in seen if (it := heading(part[at].text))]
    anchors = _anchors(part, seen)
    if alone := _alone(headings):
        return _cut(part, alone, anchors)
    shapes = (
        _cut(part, _numbered(part, seen, headings), anchors),
        _cut(part, _by_level(headings), anchors),
        _cut(part, _labelled(part, seen, headings), anchors),
        _folded(part, seen, headings),
    )
    return max(shapes, key=lambda found: len(found.entries))


def heading_anchors(part: Sequence[Numbered]) -> list[str]:
    """Return the names that links give to the headings of a file, in their order."""
    return [name for _, name in _anchors(part, visible(part))]


def is_answer_heading(text: str) -> bool:
    """Tell whether a heading's text says that the answer follows."""
    return _ANSWER.fullmatch(plain_title(text).lower()) is not None


def _alone(headings: Sequence[_Heading]) -> list[_Head]:
    """Return the one question of a file whose first heading asks and has none beside it."""
    if not headings:
        return []
    first, *others = headings
    beside = [it for it in others if it.level <= first.level and not is_answer_heading(it.text)]
    answered = [it for it in others if is_answer_heading(it.text)]
    if beside or len(answered) > 1 or is_answer_heading(first.text):
        return []
    if not answered and not plain_title(first.text).endswith("?"):
        return []
    return [_Head(first.index, _Part.ENTRY, first.text)]


def _numbered(
    part: Sequence[Numbered], seen: Iterable[int], headings: Sequence[_Heading]
) -> list[_Head]:
    matches = [(at, it) for at in seen if (it := _NUMBERED.fullmatch(part[at].text))]
    level = min((len(match[1]) for _, match in matches), default=0)
    heads = [_Head(at, _Part.ENTRY, match[2]) for at, match in matches]
    return sorted([*heads, *_sections(headings, level)], key=lambda head: head.index)


def _by_level(headings: Sequence[_Heading]) -> list[_Head]:
    level = _question_level(headings)
    heads = [
        _Head(it.index, _Part.ENTRY, it.text)
        for it in headings
        if it.level == level and not _is_noise(it.text)
    ]
    return sorted([*heads, *_sections(headings, level)], key=lambda head: head.index)


def _question_level(headings: Sequence[_Heading]) -> int:
    """Return the level with most questions: parents of answer headings, else headings that ask."""
    parents: Counter[int] = Counter()
    asking: Counter[int] = Counter()
    above: list[_Heading] = []
    for it in headings:
        above = [parent for parent in above if parent.level < it.level]
        if is_answer_heading(it.text):
            parents.update(parent.level for parent in above[-1:])
        elif asks(without_number(plain_title(it.text))):
            asking[it.level] += 1
        above.append(it)
    counts = parents or asking
    return min(counts, key=lambda level: (-counts[level], level), default=0)


def _sections(headings: Sequence[_Heading], level: int) -> list[_Head]:
    """Return the headings above *level*, and at it those that are never questions."""
    return [
        _Head(it.index, _Part.NOISE if _is_noise(it.text) else _Part.SECTION, it.text)
        for it in headings
        if it.level < level or (it.level == level and _is_noise(it.text))
    ]


def _is_noise(text: str) -> bool:
    return _NOISE.fullmatch(" ".join(re.findall(r"\w+", plain_title(text).lower()))) is not None


def _labelled(
    part: Sequence[Numbered], seen: Iterable[int], headings: Sequence[_Heading]
) -> list[_Head]:
    heads = [
        _Head(at, _Part.ENTRY, next(text for text in match.groups()[1:] if text))
        for at in seen
        if (match := _LABELLED.fullmatch(part[at].text))
    ]
    return sorted([*heads, *_sections(headings, 7)], key=lambda head: head.index)


def _cut(
    part: Sequence[Numbered], heads: Sequence[_Head], anchors: Sequence[tuple[int, str]]
) -> Found:
    found = Found()
    if not any(head.part is _Part.ENTRY for head in heads):
        return found
    starts = [_start(part, head.index) for head in heads]
    found.rest.append(("", list(part[: starts[0]])))
    ends = [*starts[1:], len(part)]
    titles = _only_title(part, heads)
    section = ""
    for head, start, end in zip(heads, starts, ends, strict=True):
        body = [*part[start : head.index], *part[head.index + 1 : end]]
        if head.part is _Part.ENTRY:
            names = tuple(name for at, name in anchors if head.index <= at < end)
            line = part[head.index].number
            found.entries.append(Entry(line, head.text, body, section, names))
            continue
        section = head.text if head.part is _Part.SECTION and head.index not in titles else ""
        found.rest.append((head.text, body))
    return found


def _start(part: Sequence[Numbered], index: int) -> int:
    """Return where a head begins, with the anchors that stand before it."""
    start = at = index
    while at > 0 and (not part[at - 1].text.strip() or _ANCHOR.fullmatch(part[at - 1].text)):
        at -= 1
        start = at if part[at].text.strip() else start
    return start


def _only_title(part: Sequence[Numbered], heads: Sequence[_Head]) -> set[int]:
    """Return the index of the file's own title: its only heading of level 1."""
    top = [it.index for it in heads if part[it.index].text.lstrip().startswith("# ")]
    return set(top) if len(top) == 1 else set()


def _folded(part: Sequence[Numbered], seen: Sequence[int], headings: Sequence[_Heading]) -> Found:
    """Cut a file into `<details>` blocks whose summary asks."""
    found = Found()
    shown = set(seen)
    section, title = "", _only_title(part, _sections(headings, 7))
    at_heading = {it.index: it.text for it in headings}
    rest: list[Numbered] = []
    index = 0
    while index < len(part):
        block = _block(part, index) if index in shown else None
        if block is not None:
            entry, index = block
            entry.section = section
            found.entries.append(entry)
            continue
        if index in at_heading:
            found.rest.append((section, rest))
            section, rest = "" if index in title else at_heading[index], []
        else:
            rest.append(part[index])
        index += 1
    found.rest.append((section, rest))
    return found


def _block(part: Sequence[Numbered], index: int) -> tuple[Entry, int] | None:
    """Return the question folded up at *index*, and the index after it."""
    if "<details" not in part[index].text.lower():
        return None
    match = _SUMMARY.match(joined(part[index : index + 12]).lstrip())
    title = " ".join(match[1].split()) if match else ""
    if match is None or len(title) > _LONGEST_TITLE or not asks(plain_title(title)):
        return None
    depth, end = 0, index
    for end in range(index, len(part)):
        for tag in _DETAILS.finditer(part[end].text):
            depth += -1 if tag[1] else 1
        if depth <= 0:
            break
    inside = joined(part[index : end + 1]).lstrip()[match.end() :]
    inside = inside[: inside.lower().rfind("</details")] if depth <= 0 else inside
    last = part[end].number
    texts = inside.split("\n")
    body = [Numbered(last - len(texts) + 1 + at, text) for at, text in enumerate(texts)]
    return Entry(part[index].number, title, body), end + 1


def _anchors(part: Sequence[Numbered], seen: Iterable[int]) -> list[tuple[int, str]]:
    """Return index and name of every heading, as the big hosts of Markdown name them."""
    counts: Counter[str] = Counter()
    anchors = []
    for at in seen:
        match = _NUMBERED.fullmatch(part[at].text) or _ANY_HEADING.fullmatch(part[at].text)
        if match is None:
            continue
        text = plain_title(match[match.lastindex or 1]).lower()
        name = re.sub(r"[^\w\- ]", "", text).replace(" ", "-")
        anchors.append((at, f"{name}-{counts[name]}" if counts[name] else name))
        counts[name] += 1
    return anchors
