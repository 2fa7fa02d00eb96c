"""What an export wrote down, post by post, and what it left to the site."""

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from importer.rendering.entries import EntryView, SectionView, entry, section
from importer.rendering.phrasing import counted

__all__ = ["ExportView", "export_view"]

_MOST = 10
_WORDS = ("exported", "known", "unasked", "left_out")


class ExportView(TypedDict):
    """What export templates get: who is exported where, sections, and the numbers by kind."""

    namespace: str
    team: str
    folder: str
    sections: list[SectionView]
    kinds: list[str]
    summary: str


def export_view(account: Mapping[str, Any], *, verbose: bool, utf8: bool) -> ExportView:
    """Return the account of an export as a template gets it; the first few, unless *verbose*.

    *account* has `namespace`, `team`, `folder`, `totals` (found, exported, known, unasked,
    left_out), the same under `kinds` by kind, `posts` (kind, id, url, title, fate, key, file, why),
    and `notes` (what, why).
    """
    most = None if verbose else _MOST
    posts: Sequence[Mapping[str, Any]] = account["posts"]
    exported = [_post(it, "create", utf8=utf8) for it in posts if it["fate"] == "exported"]
    left = [_post(it, "blocked", utf8=utf8) for it in posts if it["fate"] == "left-out"]
    notes = [entry("note", utf8=utf8, kind=it["what"], what=it["why"]) for it in account["notes"]]
    return ExportView(
        namespace=account["namespace"],
        team=account["team"],
        folder=account["folder"],
        sections=[
            *section("exported", "Exported", "create", exported, most=most),
            *section("notes", "Left to the site", "note", notes),
            *section("left-out", "Left out", "blocked", left, most=most, is_open=True),
        ],
        kinds=[
            f"{kind}: {_told(numbers)}"
            for kind, numbers in account["kinds"].items()
            if numbers["found"]
        ],
        summary=f"{counted(account['totals']['found'], 'post')}: {_told(account['totals'])}",
    )


def _post(it: Mapping[str, Any], tone: str, *, utf8: bool) -> EntryView:
    return entry(
        tone,
        utf8=utf8,
        kind=it["kind"],
        key=it["key"],
        title=it["title"],
        what=it["why"],
        place=it["file"],
        url=it["url"] if it["why"] else "",
    )


def _told(numbers: Mapping[str, int]) -> str:
    words = {"known": "there already", "unasked": "not asked for", "left_out": "left out"}
    shown = [it for it in _WORDS if numbers[it] or it in ("exported", "left_out")]
    return ", ".join(f"{numbers[it]} {words.get(it, it)}" for it in shown)
