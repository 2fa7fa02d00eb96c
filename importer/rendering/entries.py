"""The shape of every view: sections of entries, entries of fields and details.

Plain dicts, because a user's template gets them as they are. Whatever a template would have to
decide is a member already. plan-templates/README.md documents them for authors of templates.
"""

from collections.abc import Sequence
from typing import TypedDict

from markupsafe import Markup

from importer.errors import Span
from importer.rendering.phrasing import counted

__all__ = [
    "SYMBOLS",
    "DetailView",
    "EntryView",
    "FieldView",
    "LegendView",
    "LineView",
    "PaneView",
    "SectionView",
    "SpanView",
    "detail",
    "entry",
    "legend",
    "place_of",
    "quoted",
    "section",
    "span",
    "symbol",
]

SYMBOLS = {
    "blocked": ("!", "!"),
    "delete": ("-", "-"),
    "update": ("~", "~"),
    "create": ("+", "+"),
    "drift": ("≠", "<>"),
    "orphan": ("?", "?"),
    "manual": ("✎", "@"),
    "note": ("*", "*"),
}
"""A tone's symbol, and the one for terminals without UTF-8."""


_NEVER_LEFT_OUT = frozenset({"blocked", "delete"})


class SpanView(TypedDict):
    """A stretch of a line; `mark` is kept, removed, added or fold. `text` needs no colour."""

    mark: str
    text: str


class LineView(TypedDict):
    """One line of a text. `mark` is kept, removed, added, changed or fold.

    `before` and `after` hold the line of either side, without marks in it.
    """

    mark: str
    gutter: str
    sign: str
    spans: list[SpanView]
    before: str
    after: str


class FieldView(TypedDict):
    """One field of an entry: what fits on its line, and the lines below it.

    `is_change` says that one line became another: `before` and `after` hold the two. `hunks` are
    those of the lines that changed, for a shorter document.
    """

    name: str
    spans: list[SpanView]
    is_change: bool
    before: str
    after: str
    lines: list[LineView]
    hunks: list[LineView]


class DetailView(TypedDict):
    """A labelled sentence."""

    label: str
    text: str


class PaneView(TypedDict):
    """One side of a post, or of some of its fields. `body` is HTML, and safe.

    `tone` is `before`, `after`, `base`, `here` or `site`; `facts` are the fields beside title, tags
    and body. `missing` says why there is nothing.
    """

    label: str
    tone: str
    title: str
    tags: list[str]
    body: Markup
    facts: list[DetailView]
    missing: str


class EntryView(TypedDict):
    """One item of a section. `quoted` is `title` in quotation marks, empty when there is none.

    `kind` is a note's whole sentence. `cause` is the reason in one word, for filters. `has_more`
    says that there are fields, details or panes, `has_lines` that fields have lines. `name` is what
    the entry goes by in the shortest document, of those that are never left out (what waits, what
    is deleted); else it is empty. `panes` are the sides as the site would show them, and `anchor`
    is the entry's id: both in HTML only.
    """

    tone: str
    symbol: str
    kind: str
    key: str
    title: str
    quoted: str
    what: str
    reason: str
    cause: str
    place: str
    url: str
    fields: list[FieldView]
    details: list[DetailView]
    has_more: bool
    panes: list[PaneView]
    anchor: str
    has_lines: bool
    name: str


class SectionView(TypedDict):
    """Entries of one sort. `advice` is the next step for all of them.

    `left_out` says how many more there are, empty when all are here.
    """

    name: str
    title: str
    tone: str
    count: int
    is_open: bool
    advice: str
    entries: list[EntryView]
    left_out: str


class LegendView(TypedDict):
    """What a symbol means."""

    symbol: str
    tone: str
    text: str


def symbol(tone: str, *, utf8: bool) -> str:
    """Return the symbol of *tone*, empty when it has none."""
    pair = SYMBOLS.get(tone, ("", ""))
    return pair[0] if utf8 else pair[1]


def legend(tones: Sequence[tuple[str, str]], *, utf8: bool) -> list[LegendView]:
    """Return the meaning of each (tone, text)."""
    return [
        LegendView(symbol=symbol(tone, utf8=utf8), tone=tone, text=text) for tone, text in tones
    ]


def span(mark: str, text: str) -> SpanView:
    """Return a span."""
    return SpanView(mark=mark, text=text)


def detail(label: str, text: str) -> list[DetailView]:
    """Return a list of one detail, or of none when *text* is empty."""
    return [DetailView(label=label, text=text)] if text else []


def place_of(span: Span | None) -> str:
    """Return `file:line`."""
    return f"{span.path}:{span.line}" if span else ""


def quoted(title: str) -> str:
    """Return *title* in quotation marks that nothing in it can close."""
    escaped = title.replace('"', '\\"')
    return f'"{escaped}"' if title else ""


def entry(
    tone: str,
    *,
    utf8: bool,
    kind: str = "",
    key: str = "",
    title: str = "",
    what: str = "",
    reason: str = "",
    cause: str = "",
    place: str = "",
    url: str = "",
    fields: list[FieldView] | None = None,
    details: list[DetailView] | None = None,
    panes: list[PaneView] | None = None,
) -> EntryView:
    """Return an entry; *tone* chooses its symbol and colour."""
    return EntryView(
        tone=tone,
        symbol=symbol(tone, utf8=utf8),
        kind=kind,
        key=key,
        title=title,
        quoted=quoted(title),
        what=what,
        reason=reason,
        cause=cause,
        place=place,
        url=url,
        fields=fields or [],
        details=details or [],
        has_more=bool(fields or details or panes),
        has_lines=any(it["lines"] for it in fields or ()),
        name=(key or kind) if tone in _NEVER_LEFT_OUT else "",
        panes=panes or [],
        anchor="",
    )


def section(
    name: str,
    title: str,
    tone: str,
    entries: Sequence[EntryView],
    *,
    advice: str = "",
    most: int | None = None,
    count: int = 0,
    elsewhere: str = "shown with --verbose",
    is_open: bool = False,
) -> list[SectionView]:
    """Return a list of one section, or of none without entries; *most* of them are shown.

    There are *count* of them, where not all are given; the others are *elsewhere*.
    """
    if not entries:
        return []
    shown = list(entries if most is None else entries[:most])
    total = max(count, len(entries))
    more = total - len(shown)
    return [
        SectionView(
            name=name,
            title=title,
            tone=tone,
            count=total,
            is_open=is_open,
            advice=advice,
            entries=shown,
            left_out=f"{counted(more, 'more', 'more')}, {elsewhere}" if more else "",
        )
    ]
