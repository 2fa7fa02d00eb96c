"""What a pull made of edits on the site, as templates see it."""

from collections.abc import Sequence
from typing import TypedDict

from importer.model.pulling import PulledField, PulledFile, PulledPost, PullReport, Taken
from importer.rendering.entries import LineView
from importer.rendering.phrasing import counted, edited, joined

__all__ = ["PullView", "pull_view"]

_MOST_LINES = 200
_MOST_ROWS = 200
_MOST_WHOLE = 20
_MOST_IN_CONFLICT = 60
_LONG = 200
_SECTIONS = (
    ("conflicts", "Conflicts: nothing is written for these items", (Taken.CONFLICT,)),
    ("marked", "Conflicts, marked in the text", (Taken.MARKED,)),
    ("taken", "Taken in", (Taken.TAKEN, Taken.MERGED)),
    ("kept", "Decided for the manifest's", (Taken.KEPT,)),
    ("left", "Left as it is", (Taken.LEFT,)),
)
_HOW = {
    Taken.TAKEN: "the site's version",
    Taken.MERGED: "both versions, merged",
    Taken.KEPT: "the manifest's version stays",
    Taken.MARKED: "both versions, between markers",
}
_ADVICE = {
    "conflicts": "Decide by key: `--take-site KEY` takes the site's version, `--keep-ours KEY` "
    "notes that the manifest's goes over it, `--conflicts markers` writes both into the text.",
    "marked": "Settle them in the files: until then `validate`, `plan` and `apply` refuse them.",
    "refused": "What can't be said in a manifest is for a person to carry over, or to change on "
    "the site.",
    "gone": "Their posts were deleted on the site: name them under `removed:`, or leave it.",
    "orphans": "Posts of this namespace that no item names; `plan` says more of them.",
}


class RowView(TypedDict):
    """One line of a section; `lines` show a conflict."""

    key: str
    field: str
    what: str
    place: str
    url: str
    lines: list[LineView]


class SectionView(TypedDict):
    """Rows of a sort; `left_out` says how many more there are."""

    name: str
    title: str
    advice: str
    count: int
    rows: list[RowView]
    left_out: str


class FileView(TypedDict):
    """A file's differences."""

    path: str
    lines: list[LineView]
    left_out: str


class PullView(TypedDict):
    """The document; `summary` is its last line."""

    namespace: str
    team: str
    site: str
    sections: list[SectionView]
    files: list[FileView]
    notes: list[str]
    written: bool
    summary: str


def pull_view(report: PullReport, *, verbose: bool) -> PullView:
    """Return the view of *report*; *verbose* shows every line."""
    sections = []
    for name, title, hows in _SECTIONS:
        rows = [_field(it) for it in report.fields if it.how in hows]
        for number, row in enumerate([] if verbose else rows):
            del row["lines"][_MOST_IN_CONFLICT if number < _MOST_WHOLE else 0 :]
        sections.append(_section(name, title, rows, verbose=verbose))
    others = (
        ("refused", "Not to be said in the manifest", report.refused),
        ("gone", "Gone", report.gone),
        ("orphans", "Without an item", report.orphans),
    )
    for name, title, posts in others:
        sections.append(_section(name, title, [_row(it) for it in posts], verbose=verbose))
    return PullView(
        namespace=report.namespace,
        team=report.team,
        site=report.site,
        sections=[it for it in sections if it["count"]],
        files=[_file(it, verbose=verbose) for it in report.files],
        notes=list(report.notes),
        written=report.written,
        summary=_summary(report),
    )


def _section(name: str, title: str, rows: Sequence[RowView], *, verbose: bool) -> SectionView:
    shown = list(rows if verbose else rows[:_MOST_ROWS])
    more = len(rows) - len(shown)
    return SectionView(
        name=name,
        title=title,
        advice=_ADVICE.get(name, ""),
        count=len(rows),
        rows=shown,
        left_out=counted(more, "more") if more else "",
    )


def _field(it: PulledField) -> RowView:
    who = edited(it.edit)
    lines = _conflict(it.conflict) if it.how is Taken.CONFLICT else []
    if it.how is Taken.CONFLICT and not lines:
        sides = (("manifest", it.ours), ("site", it.live), ("last published", it.base))
        lines = [_line("kept", f"{name}: {side[:_LONG]}") for name, side in sides if side]
    return RowView(
        key=it.key,
        field=it.field,
        what=joined([it.why or _HOW.get(it.how, ""), f"last edited there by {who}" if who else ""]),
        place=f"{it.file}:{it.line}",
        url=it.url,
        lines=lines,
    )


def _row(it: PulledPost) -> RowView:
    place = f"{it.file}:{it.line}" if it.file else ""
    return RowView(key=it.key, field="", what=it.why, place=place, url=it.url, lines=[])


def _conflict(marked: str) -> list[LineView]:
    """Return the lines of a marked text that are in conflict."""
    shown: list[LineView] = []
    inside = False
    for line in marked.split("\n"):
        inside = inside or line.startswith("<<<<<<< ")
        if inside:
            shown.append(_line("kept", line))
        if line.startswith(">>>>>>> "):
            inside = False
    return shown


def _file(it: PulledFile, *, verbose: bool) -> FileView:
    shown = it.diff if verbose else it.diff[:_MOST_LINES]
    more = len(it.diff) - len(shown)
    return FileView(
        path=it.path,
        lines=[_diff_line(line) for line in shown],
        left_out=counted(more, "more line") if more else "",
    )


def _diff_line(line: str) -> LineView:
    if line.startswith("@@"):
        return _line("fold", line.strip("@ "))
    marks = {"-": "removed", "+": "added"}
    return _line(marks.get(line[:1], "kept"), line[1:])


def _line(mark: str, text: str) -> LineView:
    sign = {"removed": "-", "added": "+"}.get(mark, " ")
    return LineView(
        mark=mark,
        sign=sign,
        gutter="|",
        before=text,
        after=text,
        spans=[{"mark": mark if mark != "kept" else "", "text": text}],
    )


def _summary(report: PullReport) -> str:
    hows = [it.how for it in report.fields]
    taken = hows.count(Taken.TAKEN) + hows.count(Taken.MERGED)
    kept, marked, waiting = (hows.count(it) for it in (Taken.KEPT, Taken.MARKED, Taken.CONFLICT))
    would = "" if report.written or not report.files else " would be"
    parts = [
        f"{counted(taken, 'field')}{would} taken in" if taken else "Nothing to take in",
        f"{counted(kept, 'field')}{would} decided for the manifest's" if kept else "",
        f"{counted(marked, 'conflict')}{would} marked" if marked else "",
        counted(len(report.files), "file") if report.files else "",
        counted(waiting, "conflict") if waiting else "",
        f"{len(report.refused)} refused" if report.refused else "",
        f"{hows.count(Taken.LEFT)} left" if Taken.LEFT in hows else "",
    ]
    return f"{joined(parts)}."
