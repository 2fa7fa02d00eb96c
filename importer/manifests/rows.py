"""Edits of lists: rows that go are cut, rows that come are put where they belong.

In brackets or in lines; a row that stays keeps its quotes and what is said beside it.
"""

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from importer.manifests.entries import CannotEdit, Entry, bare_end, line_end, require_own
from importer.manifests.nodes import ListNode, MapNode
from importer.manifests.outline import Stretch
from importer.manifests.spelling import scalar, spelled
from importer.manifests.splicing import Splice

__all__ = ["list_splices"]


def list_splices(
    entry: Entry, node: MapNode, name: str, wanted: Sequence[str | int]
) -> Iterator[Splice]:
    """Yield what makes the list under *name* hold what is *wanted*. Raises CannotEdit."""
    rows: ListNode = node[name]
    stretch = entry.outline.collections[rows.at]
    had = [str(it) for it in rows]
    for at in rows.values_at:
        require_own(entry, at)
    if not had or not wanted:
        yield Splice(stretch.start, bare_end(entry.source.text, stretch), spelled(tuple(wanted)))
        return
    places = [entry.outline.value(at) for at in rows.values_at]
    put = _put_in_brackets if stretch.flow else _put_in_block
    said = [str(it) for it in wanted]
    for tag, a, b, c, d in SequenceMatcher(None, had, said, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        both = min(b - a, d - c)
        for place, value in zip(places[a:b], wanted[c:d], strict=False):
            written = _one(value, place.style, flow=stretch.flow)
            yield Splice(place.start, place.end, written)
        for index in range(a + both, b):
            yield _cut(entry, places, index, flow=stretch.flow, behind=not a and not both)
        if c + both < d:
            yield put(entry, places, a + both - 1, wanted[c + both : d])


def _one(value: str | int, style: str = "", *, flow: bool = False) -> str:
    """Return one row of a list: a number bare, a text in *style* where it can be."""
    return spelled(value) if isinstance(value, int) else scalar(value, style, flow=flow)


def _cut(
    entry: Entry, places: Sequence[Stretch], index: int, *, flow: bool, behind: bool
) -> Splice:
    """Cut a row: with the comma before it, or the one *behind*; or with its line."""
    if flow and behind:
        return Splice(places[index].start, places[index + 1].start, "")
    if flow:
        return Splice(places[index - 1].end, places[index].end, "")
    begin, _ = _row(entry, places[index])
    # With the line end before it, so that a last line without one stays so.
    return Splice(begin - 1, line_end(entry.source.text, places[index].end), "")


def _row(entry: Entry, place: Stretch) -> tuple[int, str]:
    """Return where the line of a list's row begins, and what stands before the row in it."""
    text = entry.source.text
    begin = text.rfind("\n", 0, place.start) + 1
    lead = text[begin : place.start]
    if lead.strip(" ") != "-":
        why = "the row of the list doesn't stand in a line of its own"
        raise CannotEdit(entry.source.span(place.start), why)
    return begin, lead


def _put_in_brackets(
    entry: Entry, places: Sequence[Stretch], after: int, values: Sequence[str | int]
) -> Splice:
    del entry
    written = [_one(it, flow=True) for it in values]
    if after < 0:
        start = places[0].start
        return Splice(start, start, "".join(f"{it}, " for it in written))
    end = places[after].end
    return Splice(end, end, "".join(f", {it}" for it in written))


def _put_in_block(
    entry: Entry, places: Sequence[Stretch], after: int, values: Sequence[str | int]
) -> Splice:
    begin, lead = _row(entry, places[max(after, 0)])
    written = [f"{lead}{_one(it)}" for it in values]
    if after < 0:
        return Splice(begin, begin, "".join(f"{it}\n" for it in written))
    end = line_end(entry.source.text, places[after].end)
    return Splice(end, end, "".join(f"\n{it}" for it in written))
