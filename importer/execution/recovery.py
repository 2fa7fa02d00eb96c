"""Settles what earlier runs, or this one, left open: looks, and records what that has shown.

Nothing is ever sent from here.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from importer.execution.addresses import Addresses
from importer.execution.deciding import Decision, Verdict
from importer.execution.options import RunOptions
from importer.execution.resolving import Resolver
from importer.execution.settling import binding_after
from importer.execution.window import ServerClock, Window
from importer.model.ids import Field, Key, Kind, RunId, Verb
from importer.model.ledger import Binding, Operation, State
from importer.model.live import Access, LiveItem
from importer.model.report import Incident, Result, ResultState
from importer.ports import Clock, Journal, TeamReader

__all__ = ["Recovery", "incidents_of", "recover", "settle_decision"]


@dataclass(frozen=True, slots=True)
class Recovery:
    """What the look at earlier operations gave, and the condition under which it is right.

    `results` are those of runs that were about the same; `looked_up` counts all operations whose
    outcome it found out.
    """

    results: tuple[Result, ...] = ()
    incidents: tuple[Incident, ...] = ()
    condition: str = ""
    looked_up: int = 0


async def recover(
    reader: TeamReader,
    journal: Journal,
    access: Access,
    clock: Clock,
    options: RunOptions,
    namespace: str,
    observe: Callable[[Operation], None],
    stop: asyncio.Event,
    *,
    undoes: RunId | None = None,
) -> Recovery:
    """Settle every open operation of earlier runs before anything is sent. Reads only.

    *undoes* is the run that this one takes back. What an apply had done is no result of an undo,
    nor the other way round.
    """
    ledger = await journal.ledger()
    if not ledger.open:
        return Recovery()
    same = {it.id for it in await journal.runs() if it.undoes == undoes}
    clock = ServerClock(reader, clock)
    window = Window(options.settle_s)
    resolver = Resolver(reader, access, clock, options, window, namespace)
    results: list[Result] = []
    incidents: list[Incident] = []
    looked_up = 0
    bindings = dict(ledger.bindings)
    # This run holds the lock: since now, earlier ones send nothing.
    now = clock.now()
    for follows in (False, True):
        some = [_placed(it, bindings) for it in ledger.open if _may_follow(it) is follows]
        operations = [_quiet_by(operation, now) for operation in some]
        targets = Addresses(bindings.values()).targets
        async for operation, decision in resolver.resolve(operations, targets, stop):
            ended, binding = await settle_decision(journal, operation, decision, bindings, clock)
            if binding is not None:
                bindings[operation.key] = binding
            observe(ended)
            looked_up += 1
            incidents += incidents_of(operation, decision)
            if decision.verdict is Verdict.FOUND and operation.run in same:
                results.append(_found(ended, decision))
    return Recovery(tuple(results), tuple(incidents), window.condition, looked_up)


def _quiet_by(operation: Operation, now: datetime) -> Operation:
    """Return *operation*, whose run holds the lock no more: it has sent nothing since *now*."""
    return replace(operation, quiet_at=min(operation.quiet_at or now, now))


def _may_follow(operation: Operation) -> bool:
    """Tell whether it may have followed a create that is open as well: so it was foreseen.

    It is looked at once that is found: it may be of the same post, or its text may lead there.
    """
    return operation.quiet_at is None and operation.verb is not Verb.CREATE


def _placed(operation: Operation, bindings: Mapping[Key, Binding]) -> Operation:
    """Return *operation* with its item's post, if that is known by now."""
    bound = bindings.get(operation.key)
    if bound is None or operation.ref is not None or operation.verb is Verb.CREATE:
        return operation
    return replace(operation, ref=bound.ref, parent=operation.parent or bound.parent)


async def settle_decision(
    journal: Journal,
    operation: Operation,
    decision: Decision,
    bindings: Mapping[Key, Binding],
    clock: Clock,
    *,
    protected: bool = False,
) -> tuple[Operation, Binding | None]:
    """Record what looking has shown; return the operation as it ended, and its item's binding."""
    found = decision.verdict is Verdict.FOUND
    ended = replace(
        operation,
        state=State.DONE if found else State.ABSENT,
        ref=decision.live.ref if decision.live else operation.ref,
        ended_at=clock.now(),
        evidence=decision.evidence,
    )
    binding = None
    if found and decision.live is not None:
        old = bindings.get(operation.key)
        keep = protected or (old is not None and old.protected)
        binding = binding_after(operation, old, decision.live, protected=keep, found=True)
    await journal.settle(ended, binding)
    return ended, binding


def incidents_of(operation: Operation, decision: Decision) -> list[Incident]:
    """Return the incident of several posts with one key, or of an upload sent twice, if any."""
    if operation.kind is Kind.IMAGE and decision.verdict is Verdict.ABSENT:
        what = (
            "its upload is sent again, as nothing shows whether the first arrived; if it did, an "
            "image that no post shows stays on the site"
        )
        return [Incident(what, operation.key)]
    if not decision.others or decision.live is None:
        return []
    count = len(decision.others) + 1
    refs = (decision.live.ref, *decision.others)
    what = f"{count} posts carry this key's marker; the lowest id counts"
    return [Incident(what, operation.key, refs, severe=True)]


def _found(operation: Operation, decision: Decision) -> Result:
    return Result(
        operation.change,
        operation.key,
        operation.kind,
        operation.verb,
        ResultState.FOUND,
        title=_title_of(decision.live),
        ref=operation.ref,
        url=decision.live.url if decision.live else "",
        why="an earlier run had done it",
    )


def _title_of(live: LiveItem | None) -> str:
    title = live.fields.get(Field.TITLE) if live else None
    return title if isinstance(title, str) else ""
