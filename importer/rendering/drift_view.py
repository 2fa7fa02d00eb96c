"""The drift report as sections of entries: what waits for a person first."""

from collections import Counter
from typing import TypedDict

from importer.model.drift import Drifted, DriftedField, DriftReport, Fate
from importer.model.ids import Kind
from importer.rendering.entries import (
    EntryView,
    FieldView,
    SectionView,
    detail,
    entry,
    place_of,
    section,
)
from importer.rendering.field_view import Manner, value_view
from importer.rendering.phrasing import counted, edited, joined
from importer.text.digests import SHORT

__all__ = ["DriftView", "drift_view"]

_DECIDE = "`--keep-ours {}` notes `{}`: the manifest's version goes over this one."
_TAKE = "`pull` takes the site's version into the manifest"
_SETTLE = "`pull --take-site KEY` takes the site's version, `pull --keep-ours KEY` the manifest's."
_SECTIONS = {
    Fate.CONFLICT: (
        "Edited here and on the site, waiting for a person",
        "blocked",
        _SETTLE,
    ),
    Fate.NO_BASE: (
        "Different on the site, and it is not known who edited; waiting for a person",
        "blocked",
        _SETTLE,
    ),
    Fate.GONE: (
        "Deleted on the site, waiting for a person",
        "blocked",
        "Undelete them there, or name them under `removed:` with `live: keep`.",
    ),
    Fate.OVERWRITTEN: (
        "Edited on the site, and overwritten by the next `apply`",
        "delete",
        "Before that, `pull --take-site KEY` takes the site's version into the manifest.",
    ),
    Fate.MERGED: (
        "Edited on the site, and merged by the next `apply`",
        "update",
        f"{_TAKE}, now or later.",
    ),
    Fate.KEPT: ("Edited on the site, and kept", "drift", f"{_TAKE}."),
}
_COUNTED = {
    Fate.CONFLICT: ("conflict", "conflicts"),
    Fate.NO_BASE: ("of unknown origin", "of unknown origin"),
    Fate.GONE: ("deleted", "deleted"),
    Fate.OVERWRITTEN: ("to be overwritten", "to be overwritten"),
    Fate.MERGED: ("to be merged", "to be merged"),
    Fate.KEPT: ("kept", "kept"),
}


class DriftView(TypedDict):
    """What drift templates get. `counts` are items by what becomes of them."""

    namespace: str
    team: str
    site: str
    manifest: str
    only: list[str]
    sections: list[SectionView]
    counts: dict[str, int]
    summary: str


def drift_view(report: DriftReport, *, verbose: bool, utf8: bool) -> DriftView:
    """Return *report* as a template gets it."""
    manner = Manner(report.site, verbose, utf8)
    counts = Counter(it.fate for it in report.items)
    return DriftView(
        namespace=report.namespace,
        team=report.team,
        site=report.site,
        manifest=report.manifest[:SHORT],
        only=list(report.only),
        sections=[it for fate in Fate for it in _section(report, fate, manner)],
        counts={str(fate): counts[fate] for fate in Fate},
        summary=_summary(counts),
    )


def _section(report: DriftReport, fate: Fate, manner: Manner) -> list[SectionView]:
    title, tone, advice = _SECTIONS[fate]
    entries = [_entry(it, tone, manner) for it in report.items if it.fate is fate]
    name = fate.replace("-", "_")
    return section(name, title, tone, entries, advice=advice, is_open=tone == "blocked")


def _entry(it: Drifted, tone: str, manner: Manner) -> EntryView:
    waits = it.fate in (Fate.CONFLICT, Fate.NO_BASE)
    return entry(
        tone,
        utf8=manner.utf8,
        kind=it.kind,
        key=it.key,
        title=it.title,
        place=place_of(it.span),
        url=it.url,
        fields=[view for field in it.fields for view in _field(it.kind, field, it.fate, manner)],
        details=[
            *detail("edited by", edited(it.edit)),
            *detail("to do", _DECIDE.format(it.key, it.seen) if waits and it.seen else ""),
        ],
    )


def _field(kind: Kind, it: DriftedField, fate: Fate, manner: Manner) -> list[FieldView]:
    """Return what each side made of the base; where that isn't known, what they differ in."""
    if it.base is None:
        return [value_view(kind, it.field, it.ours, it.live, manner, " (here, then site)")]
    site = value_view(kind, it.field, it.base, it.live, manner, " (site)")
    if fate is not Fate.CONFLICT:
        return [site]
    return [value_view(kind, it.field, it.base, it.ours, manner, " (here)"), site]


def _summary(counts: Counter[Fate]) -> str:
    number = sum(counts.values())
    if not number:
        return "No drift."
    parts = joined(
        counted(counts[fate], *words) for fate, words in _COUNTED.items() if counts[fate]
    )
    return f"Drift: {counted(number, 'item')} edited on the site; {parts}."
