"""A plan as sections of entries: what waits for a person first, then what would be done."""

from collections.abc import Iterator, Sequence
from typing import TypedDict

from importer.model.ids import Field, Kind, Verb
from importer.model.pictures import Picture
from importer.model.plan import (
    Blocked,
    BlockedCode,
    Change,
    Decisions,
    Double,
    Drift,
    FieldChange,
    ManualStep,
    Orphan,
    Plan,
    Reason,
    Side,
)
from importer.planning.intent import intent_of
from importer.rendering.entries import (
    DetailView,
    EntryView,
    FieldView,
    LegendView,
    SectionView,
    detail,
    entry,
    legend,
    place_of,
    section,
)
from importer.rendering.field_view import Manner, value_view
from importer.rendering.panes import Panes
from importer.rendering.phrasing import edited, joined, size_of, whose
from importer.rendering.plan_totals import PlanCounts, costs_of, count_plan, summary_of
from importer.text.digests import SHORT

__all__ = ["PlanView", "plan_view", "side_views"]

_REASONS = {
    Reason.NEW: "new",
    Reason.EDITED: "edited",
    Reason.MERGED: "merged with an edit made on the site",
    Reason.LINKS: "links: second write of a cycle",
    Reason.OVERWRITE: "overwrites an edit made on the site",
    Reason.REMOVED: "removed",
    Reason.PRUNED: "pruned",
    Reason.MARKED: "its marker alone",
    Reason.UNDO: "undo",
}
_TONES = {
    Verb.CREATE: "create",
    Verb.UPDATE: "update",
    Verb.SET: "update",
    Verb.DELETE: "delete",
}
_MEANINGS = (
    ("blocked", "blocked"),
    ("delete", "delete"),
    ("update", "update"),
    ("create", "create"),
    ("drift", "drift, kept"),
    ("orphan", "orphan, kept"),
    ("manual", "by hand"),
)


class PlanView(TypedDict):
    """What plan templates get. `has_changes` says that there is something to carry out.

    `undoes` is the run that the plan takes back, empty for one that comes from a manifest. `intent`
    is the digest of what it wants, `parts` are the digests of its parts; empty without changes.
    """

    namespace: str
    team: str
    site: str
    manifest: str
    undoes: str
    intent: str
    parts: list[str]
    decisions: list[str]
    legend: list[LegendView]
    sections: list[SectionView]
    costs: list[DetailView]
    counts: PlanCounts
    has_changes: bool
    summary: str


def plan_view(plan: Plan, *, verbose: bool, utf8: bool, panes: Panes | None = None) -> PlanView:
    """Return *plan* as a template gets it; with *panes*, also each post as the site shows it."""
    manner = Manner(plan.site, verbose, utf8, panes)
    sections = [it for part in _sections(plan, manner) for it in part]
    tones = {it["tone"] for it in sections}
    counts = count_plan(plan)
    intent = intent_of(plan)
    return PlanView(
        namespace=plan.namespace,
        team=plan.team,
        site=plan.site,
        manifest=plan.manifest[:SHORT],
        undoes=plan.undoes or "",
        intent="" if plan.is_idle else intent.digest,
        parts=list(intent.parts),
        decisions=_decisions(plan.decisions),
        legend=legend([it for it in _MEANINGS if it[0] in tones], utf8=utf8),
        sections=sections,
        costs=[] if plan.is_idle else costs_of(plan.cost),
        counts=counts,
        has_changes=not plan.is_idle,
        summary=summary_of(counts),
    )


def _sections(plan: Plan, manner: Manner) -> Iterator[list[SectionView]]:
    # The guard is what stops the whole plan: it goes first.
    blocked = sorted(plan.blocked, key=lambda it: it.code is not BlockedCode.GUARD)
    blocks = [_blocked(it, manner) for it in blocked]
    yield section("blocked", "Blocked, waiting for a person", "blocked", blocks, is_open=True)
    sorts = _by_sort(plan.changes)
    for name, title, tone in (
        ("deletes", "To delete", "delete"),
        ("updates", "To update", "update"),
        ("creates", "To create", "create"),
        ("follow_ups", "To update on the posts just created", "update"),
    ):
        entries = [_change(it, manner) for it in sorts.get(name, ())]
        yield section(name, title, tone, entries, is_open=tone == "delete")
    yield section(
        "removals",
        "Doubles to remove, made from here while another post counts",
        "delete",
        [_double(it, "delete", manner) for it in plan.removals],
        advice="`apply` removes them after its writes, unless somebody has engaged by then.",
        is_open=True,
    )
    yield section("tags", "New tags, born with the first post", "create", _new_tags(plan, manner))
    yield section(
        "drift",
        "Drift, edited on the site and kept",
        "drift",
        [_drift(it, manner) for it in plan.drift],
        advice="Shown as the site changed them. `teams-importer pull` takes them into the "
        "manifest; `--on-drift overwrite` would undo them.",
    )
    yield section(
        "orphans",
        "Orphans, ours on the site and in no manifest",
        "orphan",
        [_orphan(it, manner) for it in plan.orphans if it.double_of is None],
        advice="Name them under `removed:` to delete them or to let them go.",
    )
    yield section(
        "doubles",
        "Doubles, further posts with the marker of a key",
        "orphan",
        [
            *(_copy(it, manner) for it in plan.orphans if it.double_of is not None),
            *(_double(it, "orphan", manner) for it in plan.doubles if it.stays),
        ],
        advice="Delete them on the site; what somebody wrote there, take over first.",
        is_open=True,
    )
    steps = [_manual(it, manner) for it in plan.manual]
    yield section("manual", "By hand, no API can do it", "manual", steps)
    notes = [entry("note", utf8=manner.utf8, kind=it) for it in plan.notes]
    yield section("notes", "Notes", "note", notes, is_open=True)


def _by_sort(changes: Sequence[Change]) -> dict[str, list[Change]]:
    """Return changes by section; marks and links of new posts, experts of new tags, apart."""
    born = {it.key for it in changes if it.verb is Verb.CREATE}
    sorts: dict[str, list[Change]] = {}
    for it in changes:
        tone = _TONES[it.verb]
        follows = it.key in born or (it.kind is Kind.TAG and it.reason is Reason.NEW)
        name = "follow_ups" if tone == "update" and follows else f"{tone}s"
        sorts.setdefault(name, []).append(it)
    return sorts


def _blocked(it: Blocked, manner: Manner) -> EntryView:
    sides = [view for side in it.sides for view in side_views(it.kind, side, manner)]
    between = detail("shown", _between(it.sides))
    return entry(
        "blocked",
        utf8=manner.utf8,
        kind=it.kind or ("" if it.key else it.code),
        key=it.key or "",
        what=it.code if it.key else it.why,
        cause=it.code,
        place=place_of(it.span),
        url=it.url,
        fields=sides,
        details=[
            *detail("why", it.why if it.key else ""),
            *detail("edited by", edited(it.edit)),
            *detail("to do", it.remedy),
            *between,
        ],
        panes=manner.panes.of_blocked(it) if manner.panes else [],
    )


def side_views(kind: Kind | None, side: Side, manner: Manner) -> list[FieldView]:
    """Return what each side made of the base; where that isn't known, what they differ in."""
    if side.base is None:
        return [value_view(kind, side.field, side.live, side.ours, manner)]
    return [
        value_view(kind, side.field, side.base, side.ours, manner, " (here)"),
        value_view(kind, side.field, side.base, side.live, manner, " (site)"),
    ]


def _between(sides: Sequence[Side]) -> str:
    known = {side.base is not None for side in sides}
    shown = {
        True: "what the manifest (here) and the site made of what was last written",
        False: "what the manifest would change on the site",
    }
    return "; else ".join(shown[it] for it in sorted(known, reverse=True))


def _change(it: Change, manner: Manner) -> EntryView:
    needs = joined(it.needs) if manner.verbose else ""
    return entry(
        _TONES[it.verb],
        utf8=manner.utf8,
        kind=it.kind,
        key=it.key,
        title=it.title,
        what=_mark(it),
        reason=_REASONS[it.reason] + (f" by {whose(it.edit)}" if it.edit else ""),
        cause=it.reason,
        place=place_of(it.span),
        url=it.url,
        fields=_fields(it, manner),
        details=[
            *detail("file", _file(it.picture)),
            *detail("author", f"user {it.author}" if it.author else ""),
            *detail("after", needs),
        ],
        panes=manner.panes.of_change(it) if manner.panes else [],
    )


def _file(picture: Picture | None) -> str:
    return f"{picture.media_type}, {size_of(picture.size)}" if picture else ""


def _mark(change: Change) -> str:
    """Return what a change of the accepted mark comes to, empty for every other change."""
    if change.verb is not Verb.SET or not change.fields:
        return ""
    field = change.fields[0]
    if field.field is not Field.ACCEPTED:
        return ""
    return "mark as accepted" if field.after is True else "take the accepted mark off"


def _fields(change: Change, manner: Manner) -> list[FieldView]:
    if _mark(change) or (change.reason is Reason.LINKS and not manner.verbose):
        return []
    return [
        view
        for it in change.fields
        if not _is_headline(it, change)
        for view in _field(change.kind, it, manner)
    ]


def _field(kind: Kind, it: FieldChange, manner: Manner) -> list[FieldView]:
    """Return what is written; of a merge also what the site has of its own, and keeps."""
    written = value_view(kind, it.field, it.before, it.after, manner)
    if it.ours is None:
        return [written]
    return [written, value_view(kind, it.field, it.ours, it.after, manner, " (site's, kept)")]


def _is_headline(it: FieldChange, change: Change) -> bool:
    """Tell whether the entry's own title says this already."""
    return (
        it.field is Field.TITLE
        and None in (it.before, it.after)
        and change.title
        in (
            it.before,
            it.after,
        )
    )


def _new_tags(plan: Plan, manner: Manner) -> list[EntryView]:
    bringer = {tag: it for it in reversed(plan.changes) for tag in it.brings_tags}
    return [
        entry(
            "create",
            utf8=manner.utf8,
            kind="new tag:",
            key=tag,
            cause="new-tag",
            reason=f"comes with {bringer[tag].key}" if tag in bringer else "",
        )
        for tag in plan.new_tags
    ]


def _drift(it: Drift, manner: Manner) -> EntryView:
    return entry(
        "drift",
        utf8=manner.utf8,
        kind=it.kind,
        key=it.key,
        title=it.title,
        place=place_of(it.span),
        url=it.url,
        fields=[value_view(it.kind, it.field, it.ours, it.live, manner)],
        details=detail("edited by", edited(it.edit)),
        panes=manner.panes.of_drift(it) if manner.panes else [],
    )


def _orphan(it: Orphan, manner: Manner) -> EntryView:
    return entry(
        "orphan",
        utf8=manner.utf8,
        kind=it.ref.kind,
        key=it.key,
        title=it.title,
        reason="let go by `removed:`" if it.removed else "",
        url=it.url,
    )


def _double(it: Double, tone: str, manner: Manner) -> EntryView:
    details = [*detail("counts", f"{it.counts} {it.counts_url}".strip()), *detail("why", it.stays)]
    return entry(
        tone,
        utf8=manner.utf8,
        kind=it.ref.kind,
        key=it.key,
        title=it.title,
        reason=f"{it.ref}; {it.counts} counts",
        cause="double",
        url=it.url,
        details=details if it.stays else [],
    )


def _copy(it: Orphan, manner: Manner) -> EntryView:
    more = ", which goes; once it is gone, this one is the key's" if it.removed else ""
    return entry(
        "orphan",
        utf8=manner.utf8,
        kind=it.ref.kind,
        key=it.key,
        title=it.title,
        reason=f"{it.ref}; the post of its key is {it.double_of}{more}",
        cause="double",
        url=it.url,
    )


def _manual(it: ManualStep, manner: Manner) -> EntryView:
    return entry(
        "manual",
        utf8=manner.utf8,
        key=it.key,
        what=it.what,
        place=place_of(it.span),
        url=it.page,
    )


def _decisions(it: Decisions) -> list[str]:
    given = (
        ("--only", " ".join(it.only)),
        ("--on-drift", it.on_drift),
        ("--limit", it.limit),
        ("--max-creates", it.max_creates),
        ("--max-updates", it.max_updates),
        ("--max-deletes", it.max_deletes),
    )
    switches = (("--prune", it.prune), ("--delete-engaged", it.delete_engaged))
    return [
        *(f"{name} {value}" for name, value in given if value not in (None, "")),
        *(name for name, is_on in switches if is_on),
    ]
