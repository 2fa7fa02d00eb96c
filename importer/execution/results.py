"""Keeps what became of each change, and makes the report of it."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import assert_never

from importer.errors import ExitCode, ImporterError, worst
from importer.execution.recovery import Recovery
from importer.model.fields import word_of
from importer.model.ids import ChangeId, Kind, Ref, Verb, tag_name
from importer.model.ledger import Operation, Run, State
from importer.model.live import LiveItem
from importer.model.plan import BlockedCode, Change, Plan
from importer.model.report import Incident, Report, Result, ResultState

__all__ = ["Results", "report_of_cut"]

_GOOD = frozenset({ResultState.DONE, ResultState.FOUND})
_FAILED = frozenset({ResultState.REJECTED, ResultState.STALE, ResultState.UNKNOWN})


class Results:
    """One result per change, in the order of the plan."""

    def __init__(self, plan: Plan, recovery: Recovery) -> None:
        self._plan = plan
        self._recovered = recovery.results
        self._results: dict[ChangeId, Result] = {}
        self._removed: list[Result] = []
        self._incidents: list[Incident] = list(recovery.incidents)

    def note(
        self,
        change: Change,
        state: ResultState,
        why: str = "",
        live: LiveItem | None = None,
        *,
        goes_again: bool = False,
    ) -> None:
        """Note what became of *change*; of a refusal, whether the next run sends it again."""
        self._results[change.id] = Result(
            change.id,
            change.key,
            change.kind,
            change.verb,
            state,
            title=change.title,
            ref=live.ref if live else change.ref,
            url=live.url if live else change.url,
            why=why,
            goes_again=goes_again,
        )

    def skip(self, change: Change) -> None:
        """Note that *change* was skipped, naming what it needed."""
        lost = next(need for need in change.needs if self._is_lost(need))
        state = self._results[lost].state
        reason = "was skipped" if state is ResultState.SKIPPED else f"is {state}"
        needed = next(it for it in self._plan.changes if it.id == lost)
        self.note(change, ResultState.SKIPPED, f"it needs {_named(needed)}, which {reason}")

    def knows(self, change: ChangeId) -> bool:
        """Tell whether it was noted what became of a change."""
        return change in self._results

    def is_written(self, change: ChangeId) -> bool:
        """Tell whether this run wrote what a change says."""
        return change in self._results and self._results[change].state is ResultState.DONE

    def removed(self, result: Result) -> None:
        """Note what was removed beside the plan's changes."""
        self._removed.append(result)

    def incident(self, incident: Incident) -> None:
        """Note something that should not be, once."""
        known = {(it.key, frozenset(it.refs)) for it in self._incidents if it.severe}
        if not incident.severe or (incident.key, frozenset(incident.refs)) not in known:
            self._incidents.append(incident)

    def all_done(self, needs: Iterable[ChangeId]) -> bool:
        """Tell whether all of *needs* have happened."""
        return all(need in self._results and self._results[need].state in _GOOD for need in needs)

    def lost_need(self, change: Change) -> bool:
        """Tell whether something that *change* needs will not happen in this run."""
        return any(self._is_lost(need) for need in change.needs)

    def _is_lost(self, need: ChangeId) -> bool:
        return need in self._results and self._results[need].state not in _GOOD

    @property
    def has_failures(self) -> bool:
        """Tell whether a change failed so far."""
        return any(result.state in _FAILED for result in self._results.values())

    def report(
        self,
        run: Run,
        *,
        unknown: Iterable[Change],
        halted: ImporterError | None,
        interrupted: bool,
        condition: str = "",
        audited: bool = False,
    ) -> Report:
        """Return the report; what has no result by now was not reached."""
        for change in unknown:
            self.note(change, ResultState.UNKNOWN, "it was sent; what came of it is not known yet")
        for change in self._plan.changes:
            if change.id not in self._results:
                self._not_reached(change)
        planned = (self._results[it.id] for it in self._plan.changes)
        results = (*self._recovered, *planned, *self._removed)
        pages = {it.ref: it.url for it in results if it.ref is not None}
        stopped = halted.message if halted else "interrupted" if interrupted else ""
        return Report(
            run.id,
            tuple(map(self._as_left, results)),
            command=run.command,
            incidents=tuple(_with_page(it, pages) for it in self._incidents),
            stopped_by=stopped,
            exit_code=self._exit_code(halted),
            resume=halted.remedy if halted else "",
            started_at=run.started_at,
            condition=condition,
            audited=audited,
            blocked=tuple(replace(it, sides=()) for it in self._plan.blocked),
            manual=self._plan.manual,
        )

    def _as_left(self, result: Result) -> Result:
        """Return *result*, of the post that counts where its own was a second one, now removed."""
        if result.verb is not Verb.CREATE or result.ref is None:
            return result
        for it in self._incidents:
            if result.ref in it.removed:
                why = f"its post {result.ref} was a second one of this key and is removed"
                state = ResultState.FOUND
                return replace(result, state=state, ref=it.refs[0], url=it.url, why=why)
        return result

    def _not_reached(self, change: Change) -> None:
        if self.lost_need(change):
            self.skip(change)
        else:
            self.note(change, ResultState.NOT_REACHED, "the run stopped before it")

    def _exit_code(self, halted: ImporterError | None) -> ExitCode:
        states = {result.state for result in self._results.values()}
        held = [halted.exit_code] if halted else []
        if ResultState.UNKNOWN in states or any(it.severe for it in self._incidents):
            held.append(ExitCode.UNKNOWN)
        if states and states <= {ResultState.STALE, ResultState.SKIPPED}:
            held.append(ExitCode.REFUSED)
        elif states - _GOOD:
            held.append(ExitCode.PARTLY)
        if any(it.code is not BlockedCode.GUARD for it in self._plan.blocked):
            held.append(ExitCode.DECISION)
        # An apply's steps are beside what it does; those of an undo are what it could not do.
        if self._plan.undoes and self._plan.manual:
            held.append(ExitCode.DECISION)
        return worst(held)


def _with_page(incident: Incident, pages: Mapping[Ref, str]) -> Incident:
    """Return *incident* with the page of the first of its posts, where that is known."""
    known = next((pages[it] for it in incident.refs if pages.get(it)), "")
    return replace(incident, url=incident.url or known)


def _named(change: Change) -> str:
    """Return what a person calls what *change* does."""
    match change.kind:
        case Kind.IMAGE:
            name = change.title
        case Kind.TAG:
            name = tag_name(change.key)
        case _:
            name = change.key
    item = f"the {change.kind} {name}"
    match change.verb:
        case Verb.CREATE:
            return item
        case Verb.UPDATE:
            return f"the edit of {item}"
        case Verb.DELETE:
            return f"the deletion of {item}"
        case Verb.SET:
            return f"`{word_of(change.kind, change.fields[0].field)}` of {item}"
    assert_never(change.verb)


def report_of_cut(
    plan: Plan, recovery: Recovery, run: Run, operations: Iterable[Operation]
) -> Report:
    """Return the report of a run that was cut short, by its *operations* in the journal."""
    results = Results(plan, recovery)
    latest = {it.change: it for it in operations}
    unknown: list[Change] = []
    for change in plan.changes:
        match latest.get(change.id):
            case Operation(state=State.DONE, ref=ref):
                results.note(replace(change, ref=ref or change.ref), ResultState.DONE)
            case Operation(state=State.REJECTED, evidence=why):
                results.note(change, ResultState.REJECTED, why)
            case Operation(state=State.OPEN):
                unknown.append(change)
            case _:
                pass
    return results.report(run, unknown=unknown, halted=None, interrupted=True)
