"""What a wiki lost on its way, page by page."""

from collections.abc import Mapping, Sequence
from typing import TypedDict

from importer.rendering.entries import EntryView, SectionView, entry, section
from importer.rendering.phrasing import counted, joined

__all__ = ["LossCount", "LossView", "loss_view"]

# The fate of a whole page; everything else concerns a part of one.
_FATES = ("skipped", "merged", "split")


class LossCount(TypedDict):
    """How many losses there are of one kind."""

    kind: str
    count: int


class LossView(TypedDict):
    """What losses templates get: a section for each file, and how many losses of each kind."""

    sections: list[SectionView]
    kinds: list[LossCount]
    summary: str


def loss_view(
    losses: Sequence[Mapping[str, object]], tally: Mapping[str, int], *, utf8: bool
) -> LossView:
    """Return losses as a template gets them.

    A loss has `kind`, `path`, `line`, `what` and `why`; unknown members are ignored, missing ones
    empty. *tally* says what became of the pages: `pages`, `migrated`, `split`, `merged`, `skipped`.
    """
    by_path: dict[str, list[Mapping[str, object]]] = {}
    for loss in losses:
        by_path.setdefault(_member(loss, "path"), []).append(loss)
    kinds = [_member(loss, "kind") for loss in losses]
    return LossView(
        sections=[
            it
            for path, its in by_path.items()
            for it in section(path, path, "note", [_loss(loss, utf8=utf8) for loss in its])
        ],
        kinds=[LossCount(kind=kind, count=kinds.count(kind)) for kind in dict.fromkeys(kinds)],
        summary=_summary(len(losses), tally),
    )


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
