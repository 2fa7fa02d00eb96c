"""What an export wrote down, post by post, and what it left to the site."""

from typing import TypedDict

from importer.model.exporting import ExportedPost, ExportReport, ExportTotals, Fate
from importer.rendering.entries import EntryView, SectionView, entry, section
from importer.rendering.phrasing import counted

__all__ = ["ExportView", "export_view"]

_MOST = 10
_ALWAYS = ("exported", "left out")


class ExportView(TypedDict):
    """What export templates get: who is exported where, sections, and the numbers by kind."""

    namespace: str
    team: str
    folder: str
    sections: list[SectionView]
    kinds: list[str]
    summary: str


def export_view(report: ExportReport, *, verbose: bool, utf8: bool) -> ExportView:
    """Return the account of an export as a template gets it; the first few, unless *verbose*."""
    most = None if verbose else _MOST
    posts, totals = report.posts, report.totals
    exported = [_post(it, "create", utf8=utf8) for it in posts if it.fate is Fate.EXPORTED]
    left = [_post(it, "blocked", utf8=utf8) for it in posts if it.fate is Fate.LEFT_OUT]
    notes = [entry("note", utf8=utf8, kind=it.what, what=it.why) for it in report.notes]
    return ExportView(
        namespace=report.namespace,
        team=report.team,
        folder=report.folder,
        sections=[
            *section("exported", "Exported", "create", exported, most=most),
            *section("notes", "Left to the site", "note", notes),
            *section("left-out", "Left out", "blocked", left, most=most, is_open=True),
        ],
        kinds=[
            f"{kind}: {_told(numbers)}" for kind, numbers in report.kinds.items() if numbers.found
        ],
        summary=f"{counted(totals.found, 'post')}: {_told(totals)}",
    )


def _post(it: ExportedPost, tone: str, *, utf8: bool) -> EntryView:
    return entry(
        tone,
        utf8=utf8,
        kind=it.kind,
        key=it.key,
        title=it.title,
        what=it.why,
        place=it.file,
        url=it.url if it.why else "",
    )


def _told(totals: ExportTotals) -> str:
    numbers = {
        "exported": totals.exported,
        "there already": totals.known,
        "not asked for": totals.unasked,
        "left out": totals.left_out,
    }
    shown = {it: number for it, number in numbers.items() if number or it in _ALWAYS}
    return ", ".join(f"{number} {it}" for it, number in shown.items())
