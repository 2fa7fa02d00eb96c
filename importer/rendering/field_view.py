"""Shows what becomes of a field: changed words, names that come and go, the hunks of a body."""

from collections.abc import Sequence
from dataclasses import dataclass

from importer.model.fields import Value, word_of
from importer.model.ids import Field, Kind, Ref
from importer.model.site import Site
from importer.rendering.entries import FieldView, LineView, SpanView, span
from importer.rendering.panes import Panes
from importer.rendering.phrasing import counted
from importer.text.links import HOLE, Text
from importer.text.sealed import Sealed
from importer.text.words import Difference, Mark, WordLine, WordSpan, compare_texts, compare_words

__all__ = ["Manner", "field_view", "value_view"]

_FIRST_LINES = 3
_MOST_LINES = 200
_MOST_CHANGED = 6
_MOST_CHARS = 20_000
_LONG_SPAN = 400
_LONG_KEPT = 80
_SIGNS = {"kept": " ", "removed": "-", "added": "+", "changed": "~", "fold": " "}
_BRACKETS = {Mark.REMOVED: ("[-", "-]"), Mark.ADDED: ("{+", "+}")}


@dataclass(frozen=True, slots=True)
class Manner:
    """How values are shown; `site` is the team's base address, which may be unknown (empty).

    With `panes` it is for a page: posts are shown as on the site, too, and marks are elements.
    """

    site: str
    verbose: bool
    utf8: bool
    panes: Panes | None = None

    @property
    def dots(self) -> str:
        """What stands for what is left out."""
        return "…" if self.utf8 else "..."

    def words(self, value: Value | None) -> str:
        """Return *value* as one text; a body with its links as addresses or keys."""
        match value:
            case None:
                return ""
            case Text():
                return _filled(value, self.site)
            case Sealed():
                return ""
            case bool():
                return "yes" if value else "no"
            case str():
                return value
            case tuple():
                return ", ".join(value)


def value_view(
    kind: Kind | None,
    field: Field,
    before: Value | None,
    after: Value | None,
    manner: Manner,
    whose: str = "",
) -> FieldView:
    """Return how a *field* of a *kind* became *after*; *whose* is put behind its name."""
    name = (word_of(kind, field) if kind else str(field)) + whose
    if field is not Field.ITEMS:
        return field_view(name, before, after, manner)
    old, new = _as_lines(before), _as_lines(after)
    if old is not None and new is not None:
        return _body(name, old, new, manner)
    text = manner.words(old or new)
    size = span("kept", counted(_lines_in(text), "item"))
    return _plain(name, [size], _listing(text, manner))


def _as_lines(value: Value | None) -> Text | None:
    """Return a list in order as a text with a line for each, to be compared line by line."""
    if not isinstance(value, tuple):
        return None
    return Text(f"{HOLE}\n" * len(value), value)


def field_view(name: str, before: Value | None, after: Value | None, manner: Manner) -> FieldView:
    """Return how *before* became *after*; None on either side: it wasn't there, or won't be."""
    if isinstance(before, Sealed) or isinstance(after, Sealed):
        what = "not in the snapshot" if None in (before, after) else "differs, not in the snapshot"
        return _plain(name, [span("kept", what)])
    if isinstance(before, Text) or isinstance(after, Text):
        return _body(name, before, after, manner)
    if isinstance(before, tuple) or isinstance(after, tuple):
        return _names(name, before, after, manner)
    old, new = manner.words(before), manner.words(after)
    if before is None or after is None:
        return _plain(name, [span("kept", _cut(old or new, _LONG_SPAN, manner))])
    return FieldView(
        name=name,
        spans=[_bracketed(it, manner) for it in _shortened(compare_words(old, new), manner)],
        is_change=True,
        before=_cut(old, _LONG_SPAN, manner),
        after=_cut(new, _LONG_SPAN, manner),
        lines=[],
        hunks=[],
    )


def _listing(text: str, manner: Manner) -> list[LineView]:
    """Return the first lines of *text*, all of them when verbose."""
    lines = text.removesuffix("\n").split("\n") if text else []
    shown = lines if manner.verbose else lines[:_FIRST_LINES]
    views = [_line((Mark.KEPT, line), manner) for line in shown]
    left = len(lines) - len(shown)
    return [*views, *([_fold(counted(left, "more line"), manner)] if left else [])]


def _plain(
    name: str,
    spans: list[SpanView],
    lines: Sequence[LineView] = (),
    hunks: Sequence[LineView] = (),
) -> FieldView:
    return FieldView(
        name=name,
        spans=spans,
        is_change=False,
        before="",
        after="",
        lines=list(lines),
        hunks=list(hunks),
    )


def _changed_only(lines: Sequence[LineView], manner: Manner) -> list[LineView]:
    """Return the first lines that changed, without those around them."""
    changed = [it for it in lines if it["mark"] not in ("kept", "fold")]
    left = len(changed) - _MOST_CHANGED
    more = [_fold(counted(left, "more changed line"), manner)] if left > 0 else []
    return [*changed[:_MOST_CHANGED], *more]


def _names(name: str, before: Value | None, after: Value | None, manner: Manner) -> FieldView:
    old, new = (_as_names(it, manner) for it in (before, after))
    gone = [span("removed", f"-{it}") for it in old if it not in new]
    come = [span("added", f"+{it}") for it in new if it not in old]
    spans = [*come, *gone]
    if not spans and old != new:
        spans = [span("kept", f"new order: {', '.join(new)}")]
    return _plain(name, _spaced(spans))


def _as_names(value: Value | None, manner: Manner) -> tuple[str, ...]:
    if isinstance(value, tuple):
        return value
    return () if value is None else (manner.words(value),)


def _spaced(spans: list[SpanView]) -> list[SpanView]:
    return [it for each in spans for it in (span("kept", " "), each)][1:]


def _body(name: str, before: Value | None, after: Value | None, manner: Manner) -> FieldView:
    old, new = manner.words(before), manner.words(after)
    if before is None or after is None:
        size = f"{counted(_lines_in(old or new), 'line')}, {counted(len(old or new), 'character')}"
        return _plain(name, [span("kept", size)], _listing(old or new, manner))
    difference = compare_texts(old, new, most_lines=None if manner.verbose else _MOST_LINES)
    counts = [
        span(mark, f"{sign}{number}")
        for mark, sign, number in (
            ("added", "+", difference.added),
            ("removed", "-", difference.removed),
        )
        if number
    ]
    unit = span("kept", " lines" if difference.added + difference.removed != 1 else " line")
    spans = [*_spaced(counts), unit] if counts else [span("kept", "only the end of the text")]
    lines = _hunks(difference, manner)
    return _plain(name, spans, lines, _changed_only(lines, manner))


def _hunks(difference: Difference, manner: Manner) -> list[LineView]:
    lines: list[LineView] = []
    for hunk in difference.hunks:
        fold = counted(hunk.skipped, "unchanged line") if hunk.skipped else ""
        if fold:
            below = f", below {hunk.heading}" if hunk.heading else ""
            lines.append(_fold(fold + below, manner))
        lines += [_changed_line(line, manner) for line in hunk.lines]
    lines, cut = (lines, 0) if manner.verbose else _within_budget(lines)
    if cut or difference.left_out:
        lines.append(_fold(f"{counted(cut + difference.left_out, 'more line')}", manner))
    elif difference.skipped:
        lines.append(_fold(counted(difference.skipped, "unchanged line"), manner))
    return lines


def _within_budget(lines: list[LineView]) -> tuple[list[LineView], int]:
    """Return the lines that fit, and how many don't."""
    spent = 0
    for index, line in enumerate(lines):
        spent += len(line["before"]) + len(line["after"])
        if spent > _MOST_CHARS:
            return lines[:index], len(lines) - index
    return lines, 0


def _changed_line(line: WordLine, manner: Manner) -> LineView:
    if len(line) == 1:
        return _line((line[0].mark, line[0].text), manner)
    shown = _shortened(line, manner)
    before = "".join(it.text for it in shown if it.mark is not Mark.ADDED)
    after = "".join(it.text for it in shown if it.mark is not Mark.REMOVED)
    return _line_view("changed", [_bracketed(it, manner) for it in shown], before, after)


def _line(marked: tuple[Mark, str], manner: Manner) -> LineView:
    mark, text = marked
    shown = _untabbed(_cut(text, _LONG_SPAN, manner))
    before = "" if mark is Mark.ADDED else shown
    after = "" if mark is Mark.REMOVED else shown
    return _line_view(str(mark), [span(str(mark), shown)], before, after)


def _fold(text: str, manner: Manner) -> LineView:
    shown = _cut(text, _LONG_SPAN, manner)
    return _line_view("fold", [span("fold", f"{manner.dots} {shown}")], "", shown)


def _line_view(mark: str, spans: list[SpanView], before: str, after: str) -> LineView:
    return LineView(
        mark=mark,
        gutter=":" if mark == "fold" else "|",
        sign=_SIGNS[mark],
        spans=spans,
        before=before,
        after=after,
    )


def _shortened(line: WordLine, manner: Manner) -> list[WordSpan]:
    """Return the spans of a changed line, long kept ones folded, tabs shown where they changed."""
    last = len(line) - 1
    return [
        WordSpan(
            it.mark, _untabbed(_folded(it.text, manner, at_start=index == 0, at_end=index == last))
        )
        if it.mark is Mark.KEPT
        else WordSpan(it.mark, _cut(it.text, _LONG_SPAN, manner))
        for index, it in enumerate(line)
    ]


def _bracketed(it: WordSpan, manner: Manner) -> SpanView:
    opening, closing = _BRACKETS.get(it.mark, ("", "")) if manner.panes is None else ("", "")
    return span(str(it.mark), f"{opening}{it.text}{closing}")


def _folded(text: str, manner: Manner, *, at_start: bool, at_end: bool) -> str:
    """Return a kept stretch without its middle; at an end of the line, without that end."""
    half = _LONG_KEPT // 2
    if manner.verbose or len(text) <= _LONG_KEPT:
        return text
    head = "" if at_start else text[:half]
    tail = "" if at_end else text[-half:]
    return f"{head}{manner.dots}{tail}"


def _cut(text: str, most: int, manner: Manner) -> str:
    if manner.verbose or len(text) <= most:
        return text
    left = counted(len(text) - most, "more character")
    return f"{text[:most]}{manner.dots} ({left})"


def _untabbed(text: str) -> str:
    """Return *text* with blanks for tabs, where no change of them is to be seen."""
    return text.replace("\t", "    ")


def _lines_in(text: str) -> int:
    return text.removesuffix("\n").count("\n") + 1 if text else 0


def _filled(text: Text, site: str) -> str:
    pieces = text.holed.split(HOLE)
    names = [_address(target, site) for target in text.targets]
    names += [HOLE] * (len(pieces) - 1 - len(names))
    filled = [pieces[0]]
    for name, piece in zip(names, pieces[1:], strict=False):
        filled += [name, piece]
    return "".join(filled)


def _address(target: str, site: str) -> str:
    """Return where a hole leads: an item by `key:...`, a post by its address."""
    try:
        return Site(site).address(Ref.parse(target)) if site else target
    except ValueError:
        return target
