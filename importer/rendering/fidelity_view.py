"""How much of a wiki survived: a table by construct, and the differences that are asked for."""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, TypedDict

from importer.rendering.entries import EntryView, SectionView, detail, entry, section
from importer.rendering.phrasing import counted

__all__ = ["FidelityRow", "FidelityView", "fidelity_view"]

_MOST = 10
_TONES = {"unreported": "delete", "reported": "note", "changed": "update"}
_ADVICE = (
    "no loss says so. Add it to the new page by hand; if the converter should have kept it, "
    "report a bug"
)


class FidelityRow(TypedDict):
    """One construct: how many there were, and what became of them. All are text, to be aligned."""

    construct: str
    total: str
    kept: str
    changed: str
    reported: str
    unreported: str
    share: str


class FidelityView(TypedDict):
    """What fidelity templates get."""

    head: FidelityRow
    rows: list[FidelityRow]
    sections: list[SectionView]
    identical: str
    summary: str


def fidelity_view(
    fidelity: Mapping[str, Any], *, show: Sequence[str] = (), verbose: bool, utf8: bool
) -> FidelityView:
    """Return a verified conversion as a template gets it.

    *fidelity* has `pages`, `texts`, `identical`, `left_out`, `constructs` (each with `construct`,
    `kept`, `changed`, `reported`, `unreported`) and `differing`: pages with `path`, `line`,
    `title`, `keys` and `differences` of `construct`, `outcome`, `what`, `instead`, `why`, `count`.
    *show* are paths, titles or keys of pages whose every difference is shown, `*` for any letters.
    """
    pages = fidelity["differing"]
    lost = [
        _entry(page, it, utf8=utf8)
        for page in pages
        for it in page["differences"]
        if it["outcome"] == "unreported"
    ]
    shown = [page for page in pages if any(_is_called(page, name) for name in show)]
    most = None if verbose else _MOST
    sections = section("unreported", "lost", "delete", lost, advice=_ADVICE, most=most)
    for page in shown:
        entries = [_entry(page, it, utf8=utf8) for it in page["differences"]]
        sections += section("page", page["path"], "note", entries)
    return FidelityView(
        head=FidelityRow(
            construct="",
            total="in all",
            kept="kept",
            changed="changed",
            reported="reported",
            unreported="lost",
            share="survived",
        ),
        rows=[_row(it) for it in fidelity["constructs"]],
        sections=sections,
        identical=_identical(fidelity),
        summary=_summary(fidelity),
    )


def _is_called(page: Mapping[str, Any], name: str) -> bool:
    return any(fnmatchcase(it, name) for it in (page["path"], page["title"], *page["keys"]))


def _entry(page: Mapping[str, Any], difference: Mapping[str, Any], *, utf8: bool) -> EntryView:
    outcome, count = difference["outcome"], difference["count"]
    construct = difference["construct"]
    if construct == "text":
        construct = counted(count, "word")
    return entry(
        _TONES.get(outcome, "note"),
        utf8=utf8,
        kind=f"{construct} {'lost' if outcome == 'unreported' else outcome}",
        title=difference["what"],
        place=f"{page['path']}:{page['line']}",
        details=detail("now", difference["instead"]) + detail("loss", difference["why"]),
    )


def _row(found: Mapping[str, Any]) -> FidelityRow:
    numbers = {name: found[name] for name in ("kept", "changed", "reported", "unreported")}
    total = sum(numbers.values())
    return FidelityRow(
        construct=found["construct"],
        total=f"{total:,}",
        kept=f"{numbers['kept']:,}",
        changed=f"{numbers['changed']:,}",
        reported=f"{numbers['reported']:,}",
        unreported=f"{numbers['unreported']:,}",
        share=_share(numbers["kept"] + numbers["changed"], total),
    )


def _share(part: int, whole: int) -> str:
    """Return a percentage that says 100 only when nothing is missing."""
    hundredths = 10_000 * part // whole if whole else 10_000
    return f"{hundredths // 100}.{hundredths % 100:02}%"


def _identical(fidelity: Mapping[str, Any]) -> str:
    texts, same = fidelity["texts"], fidelity["identical"]
    if not texts:
        return ""
    return (
        f"{same:,} of {counted(texts, 'text')} in HTML ({_share(same, texts)}) give the same HTML "
        "when rendered again"
    )


def _summary(fidelity: Mapping[str, Any]) -> str:
    pages = counted(fidelity["pages"], "page")
    found = {
        name: sum(it[name] for it in fidelity["constructs"])
        for name in ("changed", "reported", "unreported")
    }
    lost = f"{found['unreported']:,} lost unreported" if found["unreported"] else "nothing unseen"
    return (
        f"Verify: {pages}; {found['changed']:,} changed, {found['reported']:,} reported as a loss, "
        f"{lost}."
    )
