"""What a wiki lost on its way, page by page."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TypedDict

from importer.rendering.entries import EntryView, SectionView, entry, section
from importer.rendering.phrasing import counted, joined

__all__ = ["MOST_LISTED", "LossCount", "LossView", "loss_view"]

# The fate of a whole page; everything else concerns a part of one.
_FATES = ("skipped", "merged", "split")
# What readers miss comes first, then what reads otherwise; last what is expected of any import.
_GRAVE = ("skipped", "file", "text", "answer", "image", "link", "encoding", "character")
_MINOR = ("title", "tag", "metadata", "comment", "question", "decoration", "navigation")
MOST_LISTED = 1_000
"""Of a kind in a verbose document; whoever has more has them in a file of their own."""

_MOST = 10
_MOST_MINOR = 2


class LossCount(TypedDict):
    """How many losses there are of one kind."""

    kind: str
    count: int


class LossView(TypedDict):
    """What losses templates get: a section for each kind, the gravest first, and their numbers."""

    sections: list[SectionView]
    kinds: list[LossCount]
    summary: str


def loss_view(
    losses: Iterable[Mapping[str, object]], tally: Mapping[str, int], *, verbose: bool, utf8: bool
) -> LossView:
    """Return losses as a template gets them: the first of each kind, a few unless *verbose*.

    A loss has `kind`, `path`, `line`, `what` and `why`; unknown members are ignored, missing ones
    empty. *tally* says what became of the pages: `pages`, `migrated`, `split`, `merged`, `skipped`.
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
    return LossView(
        sections=[
            it
            for kind, its in ordered
            for it in section(
                kind,
                kind,
                "note",
                [_loss(loss, utf8=utf8) for loss in its],
                count=counts[kind],
                elsewhere="in conversion-losses.jsonl" if verbose else "shown with --verbose",
            )
        ],
        kinds=[LossCount(kind=kind, count=counts[kind]) for kind, _ in ordered],
        summary=_summary(counts.total(), tally),
    )


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


def _summary(count: int, tally: Mapping[str, int]) -> str:
    pages = joined(
        [
            counted(tally.get("pages", 0), "page"),
            *(
                f"{tally[fate]:,} {fate}"
                for fate in ("migrated", *reversed(_FATES))
                if tally.get(fate)
            ),
        ]
    )
    losses = counted(count, "loss", "losses") if count else "nothing lost"
    return f"Convert: {pages}; {losses}." if tally else f"Convert: {losses}."
