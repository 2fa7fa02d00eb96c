"""What a wiki lost on its way, page by page, and which pages a person had better look at."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import nlargest
from typing import TypedDict

from importer.rendering.entries import EntryView, SectionView, detail, entry, section
from importer.rendering.phrasing import counted, joined

__all__ = ["MOST_LISTED", "LossCount", "LossView", "PageView", "loss_view"]

# The fate of a whole page; everything else concerns a part of one.
_FATES = ("skipped", "merged", "split")
# What must not be overlooked and what readers miss comes first, then what reads otherwise; last
# what is expected of any import.
_GRAVE = (
    "secret", "skipped", "map", "file", "text", "answer", "image", "link", "encoding", "character",
)  # fmt: skip
_MINOR = ("title", "tag", "metadata", "comment", "question", "decoration", "navigation")
_ADVICE = {
    "secret": "Take each out of the manifest, and replace it where it is used: who can read the "
    "wiki or the team has it.",
}
MOST_LISTED = 1_000
"""Of a kind in a verbose document; whoever has more has them in a file of their own."""

_OF_IMAGES = (
    ("copied", "copied"), ("remote", "elsewhere"), ("missing", "missing"),
    ("too_large", "too large"), ("unfit", "of no type that can be uploaded"),
)  # fmt: skip
_MOST = 10
_MOST_MINOR = 2
# More rows than that, a browser shows to nobody's pleasure; the CSV has them all.
_MOST_ROWS = 20_000
_MORE = "shown with --verbose"


class LossCount(TypedDict):
    """How many losses there are of one kind."""

    kind: str
    count: int


class PageView(TypedDict):
    """A page of the source and what became of it; all as people read it."""

    page: str
    title: str
    fate: str
    why: str
    kind: str
    keys: str
    tags: str
    owner: str
    edited: str
    size: int
    effort: int
    losses: str


class LossView(TypedDict):
    """What losses templates get: a section for each kind, the gravest first, and their numbers.

    Before them comes what needs a person, by effort. `pages` are the rows of a table, in HTML only,
    `pages_left_out` says how many more there are. `totals` are the pages by what became of them.
    """

    sections: list[SectionView]
    kinds: list[LossCount]
    summary: str
    totals: list[LossCount]
    pages: list[PageView]
    pages_left_out: str


def loss_view(
    losses: Iterable[Mapping[str, object]],
    tally: Mapping[str, int],
    pages: Sequence[Mapping[str, object]] = (),
    *,
    verbose: bool,
    utf8: bool,
    table: bool = False,
) -> LossView:
    """Return losses as a template gets them: the first of each kind, a few unless *verbose*.

    A loss has `kind`, `path`, `line`, `what` and `why`; unknown members are ignored, missing ones
    empty. *tally* says what became of the pages: `pages`, `migrated`, `split`, `merged`, `skipped`.
    A page has `page`, `title`, `fate`, `effort`, `losses` (kind to number) and what a `PageView`
    has; *table* gives them all.
    """
    counts: Counter[str] = Counter()
    by_kind: dict[str, list[Mapping[str, object]]] = {}
    for loss in losses:
        kind = _member(loss, "kind")
        counts[kind] += 1
        # No more than are shown: there may be a million.
        if counts[kind] <= (MOST_LISTED if verbose else _most(kind)):
            by_kind.setdefault(kind, []).append(loss)
    ordered = sorted(by_kind.items(), key=lambda it: _rank(it[0]))
    shown = nlargest(_MOST_ROWS, pages, key=_effort) if table else []
    more = len(pages) - len(shown) if table else 0
    return LossView(
        sections=[
            *_work(pages, verbose=verbose or table, utf8=utf8),
            *(
                it
                for kind, its in ordered
                for it in section(
                    kind,
                    kind,
                    "blocked" if kind == "secret" else "note",
                    [_loss(loss, utf8=utf8) for loss in its],
                    advice=_ADVICE.get(kind, ""),
                    count=counts[kind],
                    elsewhere="in conversion-losses.jsonl" if verbose else _MORE,
                    is_open=kind == "secret",
                )
            ),
        ],
        kinds=[LossCount(kind=kind, count=counts[kind]) for kind, _ in ordered],
        summary=_summary(counts, pages, tally),
        totals=[
            LossCount(kind=fate, count=tally[fate])
            for fate in ("pages", "migrated", *reversed(_FATES))
            if fate in tally
        ],
        pages=[_page(it) for it in shown],
        pages_left_out=f"{counted(more, 'more page')}, in the CSV" if more else "",
    )


def _work(pages: Iterable[Mapping[str, object]], *, verbose: bool, utf8: bool) -> list[SectionView]:
    """Return the pages that need a person, the greatest effort first."""
    waiting = 0

    def each() -> Iterator[Mapping[str, object]]:
        nonlocal waiting
        for it in pages:
            if _effort(it):
                waiting += 1
                yield it

    first = nlargest(MOST_LISTED if verbose else _MOST, each(), _effort)
    entries = [
        entry(
            "manual",
            utf8=utf8,
            kind=_member(it, "page"),
            title=_member(it, "title"),
            what=f"effort {_effort(it)}",
            details=detail("losses", _kinds(it)),
        )
        for it in first
    ]
    return section(
        "work",
        "needs a person",
        "manual",
        entries,
        advice=_WORK,
        count=waiting,
        elsewhere="in the report as CSV" if verbose else _MORE,
        is_open=True,
    )


_WORK = "By effort: about a minute for each point."


def _page(page: Mapping[str, object]) -> PageView:
    return PageView(
        page=_member(page, "page"),
        title=_member(page, "title"),
        fate=_member(page, "fate"),
        why=_member(page, "why"),
        kind=_member(page, "kind"),
        keys=_listed(page, "keys"),
        tags=_listed(page, "tags"),
        owner=_member(page, "owner"),
        edited=_member(page, "edited")[:10],
        size=_number(page, "size"),
        effort=_effort(page),
        losses=_kinds(page),
    )


def _effort(page: Mapping[str, object]) -> int:
    return _number(page, "effort")


def _number(page: Mapping[str, object], name: str) -> int:
    value = page.get(name)
    return value if isinstance(value, int) else 0


def _listed(page: Mapping[str, object], name: str) -> str:
    value = page.get(name)
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else ""


def _kinds(page: Mapping[str, object]) -> str:
    """Return the kinds of a page's losses that matter, the gravest first."""
    found = page.get("losses")
    counts = found if isinstance(found, Mapping) else {}
    kinds = sorted((it for it in counts if it not in _FATES), key=lambda it: _rank(str(it)))
    return joined(f"{counts[kind]} {kind}" for kind in kinds)


def _rank(kind: str) -> int:
    if kind in _GRAVE:
        return _GRAVE.index(kind)
    return len(_GRAVE) + (1 + _MINOR.index(kind) if kind in _MINOR else 0)


def _most(kind: str) -> int:
    return _MOST_MINOR if kind in _MINOR else _MOST


def _loss(loss: Mapping[str, object], *, utf8: bool) -> EntryView:
    kind, line = _member(loss, "kind"), _member(loss, "line")
    return entry(
        "delete" if kind == "skipped" else "update" if kind in _FATES else "note",
        utf8=utf8,
        kind=kind,
        title=_member(loss, "what"),
        place=_member(loss, "path") + (f":{line}" if line not in ("", "0") else ""),
        reason=_member(loss, "why"),
    )


def _member(loss: Mapping[str, object], name: str) -> str:
    value = loss.get(name, "")
    return "" if value is None else str(value)


def _summary(
    counts: Counter[str], pages: Iterable[Mapping[str, object]], tally: Mapping[str, int]
) -> str:
    told = joined(
        [
            counted(tally.get("pages", 0), "page"),
            *(
                f"{tally[fate]:,} {fate}"
                for fate in ("migrated", *reversed(_FATES))
                if tally.get(fate)
            ),
        ]
    )
    count = counts.total()
    losses = counted(count, "loss", "losses") if count else "nothing lost"
    if secrets := counts["secret"]:
        losses = f"{losses}, among them {counted(secrets, 'likely secret')}"
    parts = [told, _images(pages), losses] if tally else [losses]
    return f"Convert: {'; '.join(it for it in parts if it)}."


def _images(pages: Iterable[Mapping[str, object]]) -> str:
    """Return what became of the images of all pages; empty when none shows any."""
    total: Counter[str] = Counter()
    for page in pages:
        found = page.get("images")
        total.update(found if isinstance(found, Mapping) else {})
    known = (f"{total[name]:,} {said}" for name, said in _OF_IMAGES if total[name])
    return f"{counted(total['found'], 'image')}: {', '.join(known)}" if total["found"] else ""
