"""What a pull made of edits on the site, as templates see it.

It is made of the JSON document, which says of each of its lists:

    fields     key, kind, field, how, file, line, url, editor, edited_at, why, ours, live, base,
               conflict
    refused    key, file, line, why
    gone       key, url
    orphans    key, url, title
    files      path, diff (the lines of a unified diff, without its head)
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from importer.rendering.entries import LineView
from importer.rendering.phrasing import counted, joined

__all__ = ["PullView", "pull_view"]

_MOST_LINES = 200
_MOST_ROWS = 200
_MOST_WHOLE = 20
_MOST_IN_CONFLICT = 60
_LONG = 200
_SECTIONS = (
    ("conflicts", "Conflicts: nothing is written for these items", ("conflict",)),
    ("marked", "Conflicts, marked in the text", ("marked",)),
    ("taken", "Taken in", ("taken", "merged")),
    ("kept", "Decided for the manifest's", ("kept",)),
    ("left", "Left as it is", ("left",)),
)
_HOW = {
    "taken": "the site's version",
    "merged": "both versions, merged",
    "kept": "the manifest's version stays",
    "marked": "both versions, between markers",
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


def pull_view(told: Mapping[str, Any], *, verbose: bool) -> PullView:
    """Return the view of what is *told* of a pull; *verbose* shows every line."""
    fields = told["fields"]
    sections = []
    for name, title, hows in _SECTIONS:
        rows = [_field(it) for it in fields if it["how"] in hows]
        for number, row in enumerate([] if verbose else rows):
            del row["lines"][_MOST_IN_CONFLICT if number < _MOST_WHOLE else 0 :]
        sections.append(_section(name, title, rows, verbose=verbose))
    for name, title in (("refused", "Not to be said in the manifest"), ("gone", "Gone")):
        sections.append(_section(name, title, [_row(it) for it in told[name]], verbose=verbose))
    orphans = [_row(it) for it in told["orphans"]]
    sections.append(_section("orphans", "Without an item", orphans, verbose=verbose))
    return PullView(
        namespace=told["namespace"],
        team=told["team"],
        site=told["site"],
        sections=[it for it in sections if it["count"]],
        files=[_file(it, verbose=verbose) for it in told["files"]],
        notes=list(told["notes"]),
        written=told["written"],
        summary=_summary(told),
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


def _field(it: Mapping[str, Any]) -> RowView:
    who = _editor(it)
    why = it["why"] or _HOW.get(it["how"], "")
    lines = _conflict(it["conflict"]) if it["how"] == "conflict" else []
    if it["how"] == "conflict" and not lines:
        sides = [("manifest", it["ours"]), ("site", it["live"]), ("last published", it["base"])]
        lines = [_line("kept", f"{name}: {side[:_LONG]}") for name, side in sides if side]
    return RowView(
        key=it["key"],
        field=it["field"],
        what=joined([why, f"edited by {who}" if who else ""]),
        place=f"{it['file']}:{it['line']}",
        url=it["url"],
        lines=lines,
    )


def _editor(it: Mapping[str, Any]) -> str:
    editor = it["editor"]
    if editor is None:
        return ""
    name = f"{editor['name']} (user {editor['id']})" if editor["name"] else f"user {editor['id']}"
    return f"{name} on {it['edited_at'][:16].replace('T', ' ')} UTC" if it["edited_at"] else name


def _row(it: Mapping[str, Any]) -> RowView:
    return RowView(
        key=it["key"],
        field="",
        what=it.get("why") or it.get("title") or "",
        place=f"{it['file']}:{it['line']}" if "file" in it else "",
        url=it.get("url", ""),
        lines=[],
    )


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


def _file(it: Mapping[str, Any], *, verbose: bool) -> FileView:
    lines = it["diff"]
    shown = lines if verbose else lines[:_MOST_LINES]
    more = len(lines) - len(shown)
    return FileView(
        path=it["path"],
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


def _summary(told: Mapping[str, Any]) -> str:
    hows = [it["how"] for it in told["fields"]]
    taken = sum(it in ("taken", "merged", "kept", "marked") for it in hows)
    waiting = hows.count("conflict") + hows.count("marked")
    would = "" if told["written"] or not taken else " would be"
    parts = [
        f"{counted(taken, 'field')}{would} taken in, {counted(len(told['files']), 'file')}"
        if taken
        else "Nothing to take in",
        counted(waiting, "conflict") if waiting else "",
        f"{len(told['refused'])} refused" if told["refused"] else "",
        f"{hows.count('left')} left" if "left" in hows else "",
    ]
    return f"{joined(parts)}."
