"""A report as sections of entries: what was done, then what wasn't and what to do about it."""

from collections.abc import Collection, Iterator

from typing_extensions import TypedDict  # pydantic takes no other before Python 3.12

from importer.model.ids import Key, Kind, Verb
from importer.model.plan import Blocked, ManualStep
from importer.model.report import Incident, Report, Result, ResultState
from importer.rendering.entries import (
    DetailView,
    EntryView,
    SectionView,
    detail,
    entry,
    place_of,
    section,
)
from importer.rendering.phrasing import counted, duration, joined

__all__ = ["ReportCounts", "ReportView", "report_counts", "report_view"]

_MOST_UNREACHED = 10
_DONE = (ResultState.DONE, ResultState.FOUND)
_VERBS = {"created": (Verb.CREATE,), "updated": (Verb.UPDATE, Verb.SET), "deleted": (Verb.DELETE,)}
_TONES = {"created": "create", "updated": "update", "deleted": "delete"}
_NOT_REACHED = "not_reached"
_STALE_FILES = "stale_files"
_GOES_AGAIN = "goes_again"
_UNDONE = (
    (
        _NOT_REACHED,
        "Not reached",
        "note",
        "The run ended before these; the same command goes on.",
    ),
    (
        "skipped",
        "Skipped",
        "orphan",
        "They follow by themselves once what they need is done: run the same command again.",
    ),
    (
        "stale",
        "Stale, the site moved since the plan",
        "drift",
        "Make the plan again and look at it.",
    ),
    (
        _STALE_FILES,
        "Stale, the local file changed since the plan",
        "drift",
        "Make the plan again and look at it.",
    ),
    (
        "rejected",
        "Failed",
        "blocked",
        "Change the item, or do it on the site; the same text is not sent again.",
    ),
    (
        _GOES_AGAIN,
        "Failed, sent again by the next run",
        "blocked",
        "Mend what it says, in the item or on the site: people, rights and limits change there "
        "without the item, so that it is tried again.",
    ),
    (
        "unknown",
        "Outcome unknown",
        "blocked",
        "Run the same command again, with the journal as it is: it looks on the site before it "
        "sends anything.",
    ),
)


class ReportCounts(TypedDict):
    """How many changes ended how. `created`, `updated` and `deleted` are those that were done."""

    created: int
    updated: int
    deleted: int
    failed: int
    stale: int
    skipped: int
    unknown: int
    not_reached: int
    incidents: int
    blocked: int
    manual: int


class ReportView(TypedDict):
    """What report templates get; the sections come with the gravest last.

    `resume` is the command that goes on, empty when there is nothing left.
    """

    command: str
    run: str
    sections: list[SectionView]
    facts: list[DetailView]
    counts: ReportCounts
    exit_code: int
    stopped_by: str
    resume: str
    summary: str


def report_view(report: Report, *, verbose: bool, utf8: bool) -> ReportView:
    """Return *report* as a template gets it."""
    counts = report_counts(report)
    command = report.command.capitalize()
    return ReportView(
        command=command,
        run=report.run,
        sections=[it for part in _sections(report, verbose=verbose, utf8=utf8) for it in part],
        facts=_facts(report),
        counts=counts,
        exit_code=report.exit_code,
        stopped_by=report.stopped_by,
        resume=report.resume,
        summary=_summary(command, counts),
    )


def report_counts(report: Report) -> ReportCounts:
    """Return how many changes ended how."""
    done = [it.verb for it in report.results if it.state in _DONE]
    states = [it.state for it in report.results]
    return ReportCounts(
        created=sum(verb in _VERBS["created"] for verb in done),
        updated=sum(verb in _VERBS["updated"] for verb in done),
        deleted=sum(verb in _VERBS["deleted"] for verb in done),
        failed=states.count(ResultState.REJECTED),
        stale=states.count(ResultState.STALE),
        skipped=states.count(ResultState.SKIPPED),
        unknown=states.count(ResultState.UNKNOWN),
        not_reached=states.count(ResultState.NOT_REACHED),
        incidents=len(report.incidents),
        blocked=len(report.blocked),
        manual=len(report.manual),
    )


def _sections(report: Report, *, verbose: bool, utf8: bool) -> Iterator[list[SectionView]]:
    done = [it for it in report.results if it.state in _DONE]
    twins = {it.key for it in report.incidents if it.removed}
    for name, verbs in _VERBS.items():
        tone = _TONES[name]
        entries = [_result(it, tone, twins, utf8=utf8) for it in done if it.verb in verbs]
        yield section(name, name.capitalize(), tone, entries)
    steps = [_manual(it, utf8=utf8) for it in report.manual]
    yield section("manual", "By hand, no API can do it", "manual", steps)
    blocks = [_blocked(it, utf8=utf8) for it in report.blocked]
    yield section("blocked", "Blocked, waiting for a person", "blocked", blocks, is_open=True)
    for name, title, tone, advice in _UNDONE:
        entries = [_result(it, tone, utf8=utf8) for it in report.results if _sort(it) == name]
        most = _MOST_UNREACHED if name == _NOT_REACHED and not verbose else None
        yield section(name, title, tone, entries, advice=advice, most=most, is_open=True)
    incidents = [_incident(it, utf8=utf8) for it in report.incidents]
    yield section("incidents", "Incidents", "blocked", incidents, is_open=True)


def _sort(it: Result) -> str:
    """Return the section of what wasn't done: of an image, only its file can have moved."""
    if it.goes_again:
        return _GOES_AGAIN
    if it.state is ResultState.STALE and it.kind is Kind.IMAGE:
        return _STALE_FILES
    return it.state.replace("-", "_")


def _result(it: Result, tone: str, twins: Collection[Key] = (), *, utf8: bool) -> EntryView:
    return entry(
        tone,
        utf8=utf8,
        kind=it.kind,
        key=it.key,
        title=it.title,
        reason=_how(it, twins),
        url=it.url,
        details=detail("why", it.why if it.state not in _DONE else ""),
    )


def _how(it: Result, twins: Collection[Key]) -> str:
    if it.state is not ResultState.FOUND:
        return ""
    if it.key in twins and it.verb is Verb.CREATE:
        return "made a second time; the second post is removed"
    return "gone already" if it.verb is Verb.DELETE else "done by an earlier attempt"


def _blocked(it: Blocked, *, utf8: bool) -> EntryView:
    return entry(
        "blocked",
        utf8=utf8,
        kind=it.kind or ("" if it.key else it.code),
        key=it.key or "",
        what=it.code if it.key else "",
        place=place_of(it.span),
        url=it.url,
        details=[*detail("why", it.why), *detail("to do", it.remedy)],
    )


def _manual(it: ManualStep, *, utf8: bool) -> EntryView:
    return entry(
        "manual", utf8=utf8, key=it.key, what=it.what, place=place_of(it.span), url=it.page
    )


def _incident(it: Incident, *, utf8: bool) -> EntryView:
    return entry(
        "blocked" if it.severe else "note",
        utf8=utf8,
        key=it.key,
        what=it.what,
        reason="grave" if it.severe else "",
        url=it.url,
        details=detail("posts", joined(map(str, it.refs))),
    )


def _facts(report: Report) -> list[DetailView]:
    took = ""
    if report.started_at and report.ended_at:
        took = f", {duration((report.ended_at - report.started_at).total_seconds())}"
    return [
        *detail("cost", counted(report.requests, "request") + took),
        *detail("stopped", report.stopped_by),
        *detail("looked", report.condition),
    ]


def _summary(command: str, counts: ReportCounts) -> str:
    done = joined(f"{counts[name]:,} {name}" for name in ("created", "updated", "deleted"))
    undone = joined(
        f"{number:,} {words}"
        for number, words in (
            (counts["failed"], "failed"),
            (counts["stale"], "stale"),
            (counts["skipped"], "skipped"),
            (counts["unknown"], "unknown"),
            (counts["not_reached"], "not reached"),
            (counts["blocked"], "blocked"),
            (counts["manual"], "by hand"),
        )
        if number
    )
    incidents = counted(counts["incidents"], "incident") if counts["incidents"] else ""
    return f"{command}: {'; '.join(part for part in (done, undone, incidents) if part)}."
