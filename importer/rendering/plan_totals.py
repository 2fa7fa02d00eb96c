"""What a plan comes to: its counts, what it costs, and its last line."""

from collections.abc import Sequence
from typing import TypedDict

from importer.model.ids import Verb
from importer.model.plan import Cost, Plan
from importer.rendering.entries import DetailView, detail
from importer.rendering.phrasing import counted, duration, joined, share, size_of

__all__ = ["PlanCounts", "costs_of", "count_plan", "summary_of"]


class PlanCounts(TypedDict):
    """How many of each; `drift` counts fields, the others items or writes.

    `removals` are the doubles that go: `changes` and `deletes` count them, too; `doubles` stay.
    """

    changes: int
    creates: int
    updates: int
    deletes: int
    drift: int
    orphans: int
    doubles: int
    removals: int
    blocked: int
    manual: int
    new_tags: int
    unchanged: int
    managed: int


def costs_of(cost: Cost) -> list[DetailView]:
    """Return what carrying out a plan costs, in requests, time and attention."""
    requests = (
        f"about {counted(cost.requests, 'request')} "
        f"({counted(cost.writes, 'write')}, {counted(cost.reads, 'read')})"
    )
    if cost.per_day:
        requests += f", {share(cost.requests, cost.per_day)} of the day's {cost.per_day:,}"
    least = "less than 1 s" if cost.seconds < 1 else f"at least {duration(cost.seconds)}"
    days = f", on {counted(cost.days, 'day')}" if cost.days > 1 else ""
    bumped = counted(cost.bumped, "question")
    verb = "comes" if cost.bumped == 1 else "come"
    return [
        *detail("cost", requests),
        *detail("time", f"{least} at the documented pace{days}"),
        *detail("upload", f"{size_of(cost.uploaded)} of images" if cost.uploaded else ""),
        *detail("notice", f"{bumped} {verb} to the top of everybody's page"),
    ]


def count_plan(plan: Plan) -> PlanCounts:
    """Return how many there are of each; an update is whatever neither creates nor deletes."""
    verbs = [it.verb for it in plan.changes]
    return PlanCounts(
        changes=len(verbs) + len(plan.removals),
        creates=verbs.count(Verb.CREATE),
        updates=verbs.count(Verb.UPDATE) + verbs.count(Verb.SET),
        deletes=verbs.count(Verb.DELETE) + len(plan.removals),
        drift=len(plan.drift),
        orphans=sum(it.double_of is None for it in plan.orphans),
        doubles=sum(it.double_of is not None for it in plan.orphans)
        + sum(bool(it.stays) for it in plan.doubles),
        removals=len(plan.removals),
        blocked=len(plan.blocked),
        manual=len(plan.manual),
        new_tags=len(plan.new_tags),
        unchanged=plan.unchanged,
        managed=plan.managed,
    )


def summary_of(counts: PlanCounts) -> str:
    """Return the last line; it begins with `No changes` when there is nothing to carry out."""
    if counts["changes"]:
        return _to_do(counts)
    matching = f"{counted(counts['unchanged'], 'item')} " + (
        "matches the team." if counts["unchanged"] == 1 else "match the team."
    )
    waiting = joined(_left_as_it_is(counts))
    return f"No changes to make; {waiting}. {matching}" if waiting else f"No changes. {matching}"


def _to_do(counts: PlanCounts) -> str:
    parts = [
        f"{counts['creates']:,} to create, {counts['updates']:,} to update, "
        f"{counts['deletes']:,} to delete"
    ]
    if counts["removals"]:
        parts[0] += f" ({counts['removals']:,} as {_doubles(counts['removals'])})"
    beside = joined(
        f"{number:,} {words}"
        for number, words in (
            (counts["drift"], "drifted (kept)"),
            (counts["blocked"], "blocked"),
            (counts["orphans"], "orphaned (kept)"),
            (counts["doubles"], "doubled"),
            (counts["manual"], "by hand"),
        )
        if number
    )
    parts += [beside] if beside else []
    return f"Plan: {'; '.join(parts)}; {counts['unchanged']:,} unchanged."


def _doubles(number: int) -> str:
    return "a double" if number == 1 else "doubles"


def _left_as_it_is(counts: PlanCounts) -> Sequence[str]:
    sentences = (
        (counts["drift"], "drifted field is kept", "drifted fields are kept"),
        (counts["blocked"], "item is blocked", "items are blocked"),
        (counts["orphans"], "orphan is kept", "orphans are kept"),
        (counts["doubles"], "double is on the site", "doubles are on the site"),
        (counts["manual"], "step is to do by hand", "steps are to do by hand"),
    )
    return [counted(number, one, many) for number, one, many in sentences if number]
