"""What items may mean which posts, and what became of a person's word on it, as people read it."""

from collections.abc import Sequence
from typing import TypedDict

from importer.model.adoption import (
    Adopted,
    AdoptedReport,
    Adoption,
    Became,
    Likeness,
    Suggestion,
    Told,
)
from importer.model.fields import word_of
from importer.model.ids import Field, Kind
from importer.rendering.entries import (
    EntryView,
    SectionView,
    detail,
    entry,
    place_of,
    section,
)
from importer.rendering.phrasing import counted, joined

__all__ = ["AdoptionView", "adopted_view", "adoption_view"]

_MOST = 25


class AdoptionView(TypedDict):
    """What the templates of `adopt` get: a heading, sections, and one line that says it all."""

    namespace: str
    team: str
    sections: list[SectionView]
    summary: str


def adoption_view(adoption: Adoption, *, verbose: bool, utf8: bool) -> AdoptionView:
    """Return suggestions as a template gets them, those that are sure first."""
    most = None if verbose else _MOST
    plain = [it for it in adoption.suggestions if it.is_plain]
    others = [it for it in adoption.suggestions if not it.is_plain]
    groups = (
        ("equal", "equal, `yes` in the file", plain, ""),
        ("several", "several are possible", [it for it in others if it.rivals], _CHOOSE),
        ("titled", "equal title or text", [it for it in others if _is_titled(it)], _COMPARE),
        ("similar", "similar", [it for it in others if _is_similar(it)], _COMPARE),
        ("known", "bound already, with no base", [it for it in others if _is_known(it)], _DECIDE),
    )
    sections = [
        it
        for name, title, found, advice in groups
        for it in section(
            name,
            title,
            "update",
            [_suggestion(row, utf8=utf8) for row in found],
            advice=advice,
            most=most,
        )
    ]
    told = [_told(it, utf8=utf8) for it in adoption.told]
    notes = [entry("note", utf8=utf8, kind=it) for it in (*adoption.notes, *_foreign(adoption))]
    return AdoptionView(
        namespace=adoption.namespace,
        team=adoption.team,
        sections=[
            *sections,
            *section("told", "marked, not suggested", "blocked", told, most=most),
            *section("notes", "notes", "note", notes),
        ],
        summary=_summary(adoption, len(plain)),
    )


_CHOOSE = "One post has one item: say `yes` to one row, `no` to the others."
_DECIDE = "Say `yes` where the manifest is to go before what stands there."
_COMPARE = "Look at both. What differs is updated by the next plan and apply."


def _is_titled(it: Suggestion) -> bool:
    return not it.rivals and it.how in (Likeness.TITLE, Likeness.TEXT)


def _is_similar(it: Suggestion) -> bool:
    return not it.rivals and it.how in (Likeness.SIMILAR, Likeness.ONLY)


def _is_known(it: Suggestion) -> bool:
    return not it.rivals and it.how is Likeness.KNOWN


def _suggestion(it: Suggestion, *, utf8: bool) -> EntryView:
    said = it.how if it.score is None else f"{it.how}, {it.score}"
    other = it.there if it.there != it.title else ""
    return entry(
        "update",
        utf8=utf8,
        kind=it.kind,
        key=it.key,
        title=it.title,
        reason=f"{said}: {it.post}",
        place=place_of(it.span),
        url=it.url,
        details=[*detail("there", other), *detail("differs", _differs(it.kind, it.differs))],
    )


def _differs(kind: Kind, fields: Sequence[Field]) -> str:
    return joined(word_of(kind, field) for field in fields)


def _told(it: Told, *, utf8: bool) -> EntryView:
    how = (
        f"take it over with `was: {it.owner}`, or choose another title"
        if it.is_ours
        else f"leave the item out, or take it over with `was: {it.owner}` once they let it go"
    )
    return entry(
        "blocked",
        utf8=utf8,
        kind=it.kind,
        key=it.key,
        title=it.title,
        reason=f"{it.ref} belongs to {it.owner}",
        place=place_of(it.span),
        url=it.url,
        details=detail("then", how),
    )


def _foreign(adoption: Adoption) -> list[str]:
    foreign = adoption.foreign
    if not foreign:
        return []
    namespaces = joined(f"{name} ({number:,})" for name, number in foreign.items())
    posts = counted(sum(foreign.values()), "post")
    return [f"{posts} bear the markers of other namespaces and are not suggested: {namespaces}."]


def _summary(adoption: Adoption, plain: int) -> str:
    known = {it.key for it in adoption.suggestions if it.how is Likeness.KNOWN}
    found = {it.key for it in adoption.suggestions} - known
    wanting = found | {*adoption.missing} | {it.key for it in adoption.told}
    if not wanting and not known:
        return "Adopt: every item has its post; nothing to suggest."
    none = len(adoption.missing)
    parts = [
        f"posts for {len(found):,} of them ({plain:,} equal)" if found else "no post fits",
        f"{counted(none, 'item')} with none" if none else "",
    ]
    said = [
        f"{counted(len(wanting), 'item')} without a post: {joined(parts)}" if wanting else "",
        f"{counted(len(known), 'item')} with a post and no base" if known else "",
        f"{counted(adoption.unclaimed, 'post')} of the team left over",
    ]
    return f"Adopt: {'; '.join(it for it in said if it)}."


def adopted_view(report: AdoptedReport, *, verbose: bool, utf8: bool) -> AdoptionView:
    """Return the rows that were followed as a template gets them."""
    rows = report.adopted
    bound = [it for it in rows if it.state is Became.BOUND]
    already = [it for it in rows if it.state is Became.ALREADY]
    let_go = [it for it in rows if it.state is Became.LET_GO]
    most = None if verbose else _MOST
    unwritten = [it for it in rows if it.unwritten]
    sections = [
        *section("bound", "adopted", "create", [_row(it, utf8) for it in bound], most=most),
        *section(
            "already", "adopted before", "note", [_row(it, utf8) for it in already], most=most
        ),
        *section("let-go", "let go", "delete", [_row(it, utf8) for it in let_go], most=most),
        *section(
            "unwritten",
            "without `id:` in the manifest",
            "manual",
            [_row(it, utf8, why=it.unwritten) for it in unwritten],
            advice="Only this journal knows them until `adopt --mark` or an edit writes a marker.",
        ),
    ]
    written = sum(it.written for it in rows)
    differing = sum(bool(it.differs) for it in bound)
    parts = [
        f"{len(bound):,} adopted",
        f"{len(already):,} before" if already else "",
        f"{len(let_go):,} let go" if let_go else "",
        f"{differing:,} of them to be updated" if differing else "",
        f"`id:` written for {written:,}" if written else "",
    ]
    summary = f"Adopt: {joined(parts)}." if rows else "Adopt: no row says `yes`; nothing to do."
    return AdoptionView(
        namespace=report.namespace, team=report.team, sections=sections, summary=summary
    )


_TONES = {Became.BOUND: "create", Became.ALREADY: "note", Became.LET_GO: "delete"}


def _row(it: Adopted, utf8: bool, *, why: str = "") -> EntryView:  # noqa: FBT001 - the terminal's
    return entry(
        _TONES[it.state],
        utf8=utf8,
        kind=it.kind,
        key=it.key,
        title=it.title,
        reason=why or str(it.ref),
        place=place_of(it.span),
        url=it.url,
        details=detail("differs", _differs(it.kind, it.differs)),
    )
