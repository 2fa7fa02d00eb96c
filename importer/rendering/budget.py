"""Fits a Markdown document into a number of characters, without cutting anything in two.

A template says what may give way. Its marks stand between whole pieces of Markdown, each with its
fences and elements closed, so what is left is well-formed whatever goes:

    part    begins a section: its heading comes next
    cut     begins an entry of it, in its fullest form
    less    begins a shorter form of the same entry
    name    (a filter) the name of an entry that is never left out: its key
    done    ends the entries; what follows stays
    spare   begins what is shown only where there is room, at the end of the document

Room is made in this order, each step only as far as it is needed:

    1. the largest entry takes its next shorter form, again and again
    2. of the sections with most of them, the last entries without a name are left out and counted
    3. entries with a name join a list of bare names, the last ones first
    4. names beyond what any document holds are counted

Entries with a name have at least half of the room before the others get any.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heapify, heappop, heapreplace
from textwrap import wrap
from typing import Any, Final

from markupsafe import Markup

from importer.rendering.escaping import quiet
from importer.rendering.phrasing import counted
from importer.text.lengths import characters_in
from importer.text.visible import visible

__all__ = ["MARKS", "fit", "name", "without_hopeless"]

MARKS: Final = {
    "cut": Markup("\0"),
    "less": Markup("\1"),
    "part": Markup("\3"),
    "done": Markup("\4"),
    "spare": Markup("\5"),
}
"""No text of a view holds a control character, so nothing of it is taken for a mark."""

_NAME = "\2"

_MARK = re.compile("([\0-\5])")
# For what a section says of the entries that it leaves out.
_NOTES = 160
# No line of an entry is shorter.
_SHORTEST = 20
# One part in so many is held back for what is shown only where there is room.
_SPARE_SHARE = 5
_COLUMNS = 100


@dataclass(slots=True)
class _Entry:
    forms: list[str]
    name: str = ""
    shown: int = 0

    @property
    def is_short(self) -> bool:
        """Whether there is no shorter form."""
        return self.shown + 1 >= len(self.forms)

    @property
    def size(self) -> int:
        """How much room its present form takes."""
        return characters_in(self.forms[self.shown]) if self.shown < len(self.forms) else 0

    @property
    def least(self) -> int:
        """How much room it takes in a list of names, without its folder."""
        return characters_in(_split(self.name)[1]) + 1 if self.name else 0

    def leave_out(self) -> None:
        self.shown = len(self.forms)


@dataclass(slots=True)
class _Section:
    heading: str = ""
    entries: list[_Entry] = field(default_factory=list)

    @property
    def plain(self) -> list[_Entry]:
        """Those that may be left out."""
        return [it for it in self.entries if not it.name]


@dataclass(slots=True)
class _Spare:
    text: str


_Block = str | _Section | _Spare


def name(text: object) -> Markup:
    """Mark *text* as the name of the entry that began last. It is shown in a fence only."""
    shown = visible(str(text))
    return Markup(f"{_NAME}{shown}") if shown else Markup()  # noqa: S704 - a fence holds it


def fit(text: str, most: int | None) -> str:
    """Return what a template made, without its marks, in at most *most* characters; None: whole."""
    blocks = _blocks_of(text)
    if most is None:
        return "".join(_whole(it) for it in blocks)
    sections = [it for it in blocks if isinstance(it, _Section)]
    kept = sum(characters_in(it) for it in blocks if isinstance(it, str))
    heads = sum(characters_in(it.heading) + _NOTES for it in sections)
    spare = sum(characters_in(it.text) for it in blocks if isinstance(it, _Spare))
    held_back = spare if spare <= most // _SPARE_SHARE else 0
    room = most - kept - heads - held_back
    _make_room(sections, room)
    left = room - sum(it.size or it.least for each in sections for it in each.entries)
    shown: list[str] = []
    for block in blocks:
        match block:
            case str():
                shown.append(block)
            case _Section():
                names_room = left + sum(it.least for it in block.entries if not it.size)
                told, taken = _told(block, max(0, names_room))
                left = names_room - taken
                shown.append(told)
            case _Spare(extra):
                shown.append(extra if spare <= held_back + max(0, left) else "")
    return "".join(shown)


def without_hopeless(view: Mapping[str, Any], most: int) -> Mapping[str, Any]:
    """Return *view* without what none of its entries can show in *most* characters.

    Filling a template with it takes time, and of thousands of entries all end up as lines.
    """
    entries = [it for each in view.get("sections", ()) for it in each.get("entries", ())]
    is_many = {
        has_name: _SHORTEST * sum(bool(it["name"]) is has_name for it in entries) > most
        for has_name in (True, False)
    }
    if not any(is_many.values()):
        return view

    def shortened(entry: Mapping[str, Any]) -> Mapping[str, Any]:
        return {**entry, "has_more": False} if is_many[bool(entry["name"])] else entry

    sections = [
        {**each, "entries": [shortened(it) for it in each["entries"]]} for each in view["sections"]
    ]
    return {**view, "sections": sections}


def _blocks_of(text: str) -> list[_Block]:
    """Return the pieces between marks. The last `cut`, if nothing ends it, begins the foot."""
    first, *rest = _MARK.split(text)
    blocks: list[_Block] = [first]
    section: _Section | None = None
    for mark, piece in zip(rest[::2], rest[1::2], strict=True):
        match mark:
            case "\3":
                section = _Section(piece)
                blocks.append(section)
            case "\0":
                if section is None:
                    section = _Section()
                    blocks.append(section)
                section.entries.append(_Entry([piece]))
            case "\1" if section is not None and section.entries:
                section.entries[-1].forms.append(piece)
            case "\2":
                if section is not None and section.entries:
                    section.entries[-1].name = piece.strip()
            case "\5":
                blocks.append(_Spare(piece))
            case _:
                section = None
                blocks.append(piece)
    if section is not None and section.entries and len(section.entries[-1].forms) == 1:
        blocks.append(section.entries.pop().forms[0])
    return blocks


def _whole(block: _Block) -> str:
    match block:
        case str():
            return block
        case _Section(heading, entries):
            return heading + "".join(it.forms[0] for it in entries)
        case _Spare(text):
            return text


def _make_room(sections: Sequence[_Section], room: int) -> None:
    """Choose the form of each entry."""
    named = [it for each in sections for it in each.entries if it.name]
    plain = [it for each in sections for it in each.plain]
    half = room // 2
    taken = _shorten(named, max(half, room - sum(it.size for it in plain)))
    lines = sum(characters_in(it.forms[-1]) for it in plain)
    if taken > (share := max(half, room - lines)):
        folders = sum(_folders_of(it) for it in sections)
        taken = folders + _name_last(named, share - folders)
    if taken + _shorten(plain, room - taken) > room:
        _count_last(sections, max(0, room - taken))


def _shorten(entries: Sequence[_Entry], room: int) -> int:
    """Give the largest entries shorter forms until all fit; return what they take."""
    taken = sum(it.size for it in entries)
    heap = [(-it.size, index) for index, it in enumerate(entries) if not it.is_short]
    heapify(heap)
    while taken > room and heap:
        size, index = heap[0]
        entry = entries[index]
        entry.shown += 1
        taken += size + entry.size
        if entry.is_short:
            heappop(heap)
        else:
            heapreplace(heap, (-entry.size, index))
    return taken


def _count_last(sections: Sequence[_Section], room: int) -> None:
    """Leave the last entries without a name out, of the sections that have most of them."""
    sizes = [(sum(it.size for it in each.plain), each.plain) for each in sections if each.plain]
    for index, (size, entries) in enumerate(sorted(sizes, key=lambda it: it[0])):
        share = room // (len(sizes) - index)
        room -= min(size, share)
        for entry in entries:
            share -= entry.size
            if share < 0:
                entry.leave_out()


def _folders_of(section: _Section) -> int:
    """Return how much room a list of all names takes beside the names: folders, line ends."""
    named = [it for it in section.entries if it.name]
    folders = {_split(it.name)[0] for it in named}
    wrapped = sum(it.least for it in named) // (_COLUMNS // 2)
    return sum(characters_in(it) + 2 for it in folders) + wrapped


def _name_last(named: Sequence[_Entry], room: int) -> int:
    """Keep the lines of the first entries, as far as there is room beside the others' names."""
    taken = sum(it.least for it in named)
    for entry in named:
        more = entry.size - entry.least
        if taken + more > room:
            entry.leave_out()
        else:
            taken += more
    return taken


def _told(section: _Section, room: int) -> tuple[str, int]:
    """Return the section, and how much of *room* its names take."""
    shown = [it.forms[it.shown] for it in section.entries if it.shown < len(it.forms)]
    out = [it for it in section.entries if it.shown >= len(it.forms)]
    names, unnamed = _listed([it.name for it in out if it.name], room)
    more = sum(not it.name for it in out)
    notes = []
    if names:
        fence = "`" * max(3, 1 + max(map(len, re.findall("`+", names)), default=0))
        notes.append(f"\n\n{fence}text\n{names}\n{fence}\n\n")
    if more or unnamed:
        number = counted(more + unnamed, "more entry", "more entries")
        notes.append(f"\n\n* {number}, shown with --verbose\n\n")
    return section.heading + "".join([*shown, *notes]), characters_in(names)


def _listed(names: Sequence[str], room: int) -> tuple[str, int]:
    """Return *names* by folder as far as there is room, and how many are left."""
    lines: list[str] = []
    told = 0
    for folder, members in _by_folder(names):
        for line in wrap(
            " ".join([folder, *members]).strip(),
            _COLUMNS,
            subsequent_indent=" ",
            break_long_words=False,
            break_on_hyphens=False,
        ):
            room -= characters_in(quiet(line)) + 1
            if room < 0:
                return "\n".join(lines), len(names) - told
            lines.append(quiet(line))
            told += len(line.split()) - (bool(folder) and line.startswith(folder))
    return "\n".join(lines), len(names) - told


def _by_folder(names: Iterable[str]) -> Iterator[tuple[str, list[str]]]:
    folders: dict[str, list[str]] = {}
    for folder, member in map(_split, names):
        folders.setdefault(folder, []).append(member)
    yield from folders.items()


def _split(name: str) -> tuple[str, str]:
    """Return the folder of a key, as a list of names has it, and its name there."""
    path, hash_, answer = "_".join(name.split()).partition("#")
    folder, slash, last = path.rpartition("/")
    return (f"{folder}{slash}:" if slash else "", f"{last}{hash_}{answer}" or "_")
