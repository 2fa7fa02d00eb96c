"""What makes an edit of an entry: splices of the file it stands in.

Only what is edited is touched: comments, order, quotes, indentation and line ends stay.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from itertools import pairwise

from importer.manifests.entries import (
    CannotEdit,
    Entry,
    bare_end,
    column_of,
    keys_column,
    line_end,
    require_own,
)
from importer.manifests.markdown_file import answer_line
from importer.manifests.nodes import ListNode, MapNode
from importer.manifests.outline import Stretch
from importer.manifests.rows import list_splices
from importer.manifests.source import Source
from importer.manifests.spelling import Plain, as_read, block, scalar, spelled
from importer.manifests.splicing import Splice, line_splices

__all__ = ["Wishes", "splices_of"]

Wishes = Mapping[str, Plain | None]
"""What an entry is to say: a key to its value; None takes the key out."""

_STEP = 2
_HEADER = re.compile(r"[|>]([-+0-9]*)")
_SHORT = "answer"
_BLOCKS = ("|", ">")


def splices_of(entry: Entry, wishes: Wishes) -> list[Splice]:
    """Return what makes *entry* say what *wishes* say. Raises CannotEdit."""
    if entry.is_page and entry.is_answer:
        return list(_answer_of_page(entry, wishes))
    if entry.short and set(wishes) - {"body"}:
        return _lengthened(entry, wishes)
    made = [it for name, value in wishes.items() for it in _edit(entry, entry.node, name, value)]
    for one, other in pairwise(sorted(made, key=lambda it: (it.start, it.end))):
        if other.start < one.end:
            why = "two of its edits can't be told apart; write one value to a line"
            raise CannotEdit(entry.source.span(other.start), why)
    return made


def _edit(entry: Entry, node: MapNode, name: str, value: Plain | None) -> Iterator[Splice]:
    if name not in node:
        if value is not None:
            yield from _added(entry, node, name, value)
        return
    at = node.values_at[name]
    if value is None:
        yield _removed(entry, node, name)
    elif entry.is_page and node is entry.node and name == "body":
        yield from _page_body(entry.source, at, str(value), len(str(node[name])))
    elif isinstance(value, Mapping) and isinstance(node[name], MapNode):
        require_own(entry, at)
        yield from _mapping(entry, node, name, value)
    else:
        require_own(entry, at)
        yield from _replaced(entry, node, name, value)


def _mapping(
    entry: Entry, node: MapNode, name: str, value: Mapping[str, Plain]
) -> Iterator[Splice]:
    """Edit a mapping. In lines, a row that goes becomes one that comes, so comments stay."""
    inner: MapNode = node[name]
    stretch = _stretch(entry, node, name)
    gone = [it for it in inner if it not in value]
    new = [it for it in value if it not in inner]
    texts = [it for it in gone if isinstance(inner[it], str)]
    renamed = dict(zip(texts, [it for it in new if isinstance(value[it], str)], strict=False))
    if gone and (stretch.flow or len(gone) - len(renamed) == len(inner)):
        # What goes may be what the rest would stand beside: in one line, all is written anew.
        end = stretch.end if stretch.flow else bare_end(entry.source.text, stretch)
        yield Splice(stretch.start, end, spelled(value, flow=True))
        return
    for before in inner:
        now = renamed.get(before, before)
        if now != before:
            key = entry.outline.value(inner.keys_at[before])
            yield Splice(key.start, key.end, now)
        if inner[before] != as_read(value.get(now)):
            yield from _edit(entry, inner, before, value.get(now))
    for it in new:
        if it not in renamed.values():
            yield from _added(entry, inner, it, value[it], gone=set(gone) - renamed.keys())


def _stretch(entry: Entry, node: MapNode, name: str) -> Stretch:
    """Return where the value of *name* stands; a mapping in lines starts as its first key does."""
    at = node.values_at[name]
    is_whole = isinstance(node[name], MapNode) and at in entry.outline.collections
    return entry.outline.collections[at] if is_whole else entry.outline.value(at)


def _replaced(entry: Entry, node: MapNode, name: str, value: Plain) -> Iterator[Splice]:
    at = node.values_at[name]
    stretch = entry.outline.value(at)
    if isinstance(value, tuple) and isinstance(node[name], ListNode):
        yield from list_splices(entry, node, name, value)
    elif not isinstance(value, str):
        yield Splice(stretch.start, bare_end(entry.source.text, stretch), spelled(value))
    elif stretch.style in _BLOCKS:
        yield from _block(entry, node, name, value)
    elif "\n" in value.strip("\n") and not stretch.flow:
        yield from _into_block(entry, node, name, value)
    else:
        written = scalar(value.rstrip("\n"), stretch.style, flow=stretch.flow)
        yield Splice(stretch.start, stretch.end, written)


def _block(entry: Entry, node: MapNode, name: str, value: str) -> Iterator[Splice]:
    """Edit a block scalar: its header where it must say more, and the lines that changed."""
    text = entry.source.text
    stretch = entry.outline.value(node.values_at[name])
    header = _HEADER.search(text, stretch.start)
    assert header is not None  # noqa: S101 - a block scalar has one
    begin = line_end(text, header.end()) + 1
    kept = text[begin : stretch.end]
    parent = keys_column(entry, node)
    indent = _indent(kept, parent, header[1])
    if not 1 <= indent - parent <= 9:
        raise CannotEdit(entry.source.span(stretch.start), "the text is indented too far")
    blank = len(kept) - len(kept.lstrip("\n"))
    anew = "\n" * blank + value.lstrip("\n")
    head, lines = block(anew, indent=indent, parent=parent, marks=header[1])
    if head != header[0]:
        yield Splice(header.start(), header.end(), head)
    old = kept[: len(kept.rstrip("\n")) + 1]
    yield from line_splices(old, lines if old.endswith("\n") else lines[:-1], begin)


def _indent(lines: str, parent: int, marks: str) -> int:
    """Return how far a block's *lines* are indented."""
    told = next((int(it) for it in marks if it.isdigit()), None)
    if told is not None:
        return parent + told
    first = next((it for it in lines.split("\n") if it.strip(" ")), " " * (parent + _STEP))
    return len(first) - len(first.lstrip(" "))


def _into_block(entry: Entry, node: MapNode, name: str, value: str) -> Iterator[Splice]:
    """Make a block scalar of a plain or quoted value, whose text has several lines now."""
    text = entry.source.text
    stretch = entry.outline.value(node.values_at[name])
    parent = keys_column(entry, node)
    head, lines = block(value, indent=parent + _STEP, parent=parent)
    colon = entry.outline.value(node.keys_at[name]).end
    if text[colon : stretch.start].strip() == ":":
        yield Splice(colon, stretch.end, f": {head}")
    else:
        yield Splice(stretch.start, stretch.end, head)
    end = line_end(text, stretch.end)
    yield Splice(end, end, f"\n{lines[:-1]}")


def _page_body(source: Source, at: int, value: str, length: int) -> Iterator[Splice]:
    """Edit a Markdown file's text; blank lines around it stay."""
    old = source.text[at : at + length]
    lead = old[: len(old) - len(old.lstrip("\n"))]
    tail = old[len(old.rstrip(" \t\n")) :]
    yield from line_splices(old, f"{lead}{value.strip(chr(10))}{tail}", at)


def _added(
    entry: Entry, node: MapNode, name: str, value: Plain, *, gone: Collection[str] = ()
) -> Iterator[Splice]:
    """State a new key after the entry's own, in a line of its own or within the brackets.

    What is *gone* from the entry by other edits has no place to stand beside.
    """
    text = entry.source.text
    left = [it for it in node if it not in gone]
    before = next((it for it in _AFTER.get(name, ()) if it in left), left[0])
    stretch = _stretch(entry, node, before)
    whole = entry.outline.collections.get(node.at)
    if whole is not None and whole.shared:
        why = f"the entry is used elsewhere, too, by the anchor `&{whole.shared}`"
        raise CannotEdit(entry.source.span(node.at), why)
    if whole is not None and whole.flow:
        end = stretch.end
        yield Splice(end, end, f", {name}: {spelled(value, flow=True)}")
        return
    at = line_end(text, bare_end(text, stretch))
    yield Splice(at, at, f"\n{' ' * keys_column(entry, node)}{name}: {spelled(value, flow=False)}")


_AFTER: Mapping[str, tuple[str, ...]] = {
    "title": ("key",),
    "tags": ("title", "key"),
    "type": ("title", "key"),
    "permissions": ("type", "title", "key"),
    "accepted": ("key",),
    "id": ("key",),
    "seen": ("id", "key"),
    "description": ("title", "name"),
    "items": ("title",),
    "answers": ("tags", "title", "key"),
}


def _removed(entry: Entry, node: MapNode, name: str) -> Splice:
    """Take a key out, with its line or its comma."""
    text = entry.source.text
    start = node.keys_at[name]
    end = _stretch(entry, node, name).end
    whole = entry.outline.collections.get(node.at)
    later = [at for at in node.keys_at.values() if at > start]
    earlier = [it for it, at in node.keys_at.items() if at < start]
    if whole is not None and whole.flow:
        if earlier:
            before = max(_stretch(entry, node, it).end for it in earlier)
            return Splice(before, end, "")
        return Splice(start, min(later, default=end), "")
    begin = text.rfind("\n", 0, start) + 1
    is_alone = not text[begin:start].strip()
    if not earlier and later and not is_alone:
        return Splice(start, min(later), "")
    if not is_alone or not (earlier or later):
        raise CannotEdit(entry.source.span(start), f"`{name}` doesn't stand in lines of its own")
    stop = end if text[:end].endswith("\n") else min(line_end(text, end) + 1, len(text))
    if stop == len(text) and not text.endswith("\n"):
        begin -= 1
    return Splice(begin, stop, "")


def _answer_of_page(entry: Entry, wishes: Wishes) -> Iterator[Splice]:
    """Edit an answer of a Markdown file: its text and its line."""
    node, source = entry.node, entry.source
    if "body" in wishes:
        at = node.values_at["body"]
        yield from _page_body(source, at, str(wishes["body"]), len(str(node["body"])))
    if "accepted" in wishes:
        line = answer_line(str(node["key"]), accepted=bool(wishes["accepted"]))
        yield Splice(node.at, line_end(source.text, node.at), line)


def _lengthened(entry: Entry, wishes: Wishes) -> list[Splice]:
    """Make a list of answers of the short form, which can say nothing but a text."""
    node, text = entry.node, entry.source.text
    at = node.values_at["body"]
    require_own(entry, at)
    stretch = entry.outline.value(at)
    said = {"key": _SHORT, **{name: it for name, it in wishes.items() if it is not None}}
    body = said.pop("body", None)
    rows = [f"{name}: {spelled(it, flow=stretch.flow)}" for name, it in said.items()]
    key_end = node.at + len(text[node.at : line_end(text, node.at)].partition(":")[0])
    if stretch.flow:
        head = Splice(node.at, key_end, f"answers: [{{{', '.join(rows)}, body")
        if body is None:
            return [head, Splice(stretch.end, stretch.end, "}]")]
        written = scalar(str(body), stretch.style, flow=True)
        return [head, Splice(stretch.start, stretch.end, f"{written}}}]")]
    lead = " " * column_of(text, node.at)
    lines = ["answers:", f"{lead}  - {rows[0]}", *(f"{lead}    {it}" for it in rows[1:])]
    head = Splice(node.at, key_end, "\n".join([*lines, f"{lead}    body"]))
    if body is not None:
        return [head, *_body_anew(text, stretch, str(body), len(lead) + 4)]
    deeper = [head]
    line = line_end(text, at) + 1
    while line < bare_end(text, stretch):
        if text[line] != "\n":
            deeper.append(Splice(line, line, "    "))
        line = line_end(text, line) + 1
    return deeper


def _body_anew(text: str, stretch: Stretch, body: str, parent: int) -> list[Splice]:
    """Write a value again whose key goes deeper: its every line changes anyway."""
    end = bare_end(text, stretch)
    if "\n" not in body.strip("\n") and stretch.style not in _BLOCKS:
        return [Splice(stretch.start, end, scalar(body.rstrip("\n"), stretch.style))]
    head, lines = block(body, indent=parent + _STEP, parent=parent)
    if stretch.style in _BLOCKS:
        header = _HEADER.search(text, stretch.start)
        begin = line_end(text, header.end() if header else stretch.start)
        return [Splice(stretch.start, begin, head), Splice(begin, end, f"\n{lines[:-1]}")]
    after = line_end(text, end)
    return [Splice(stretch.start, end, head), Splice(after, after, f"\n{lines[:-1]}")]
