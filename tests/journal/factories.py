"""Values the journal's tests are made of; a test states only what matters."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from importer.journal import Place, export_lines, open_journal
from importer.model.ids import ChangeId, Field, Key, Kind, Lineage, Ref, RunId, Verb
from importer.model.ledger import Base, Binding, FieldDigests, Operation, Run, State
from importer.model.report import Report, Result, ResultState
from importer.ports import Clock, Journal
from importer.text.digests import Digest, digest_text

LINEAGE = Lineage("lineage-of-acme")
LABEL = "stackoverflowteams.com/c/acme, namespace handbook"
START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

T = TypeVar("T")


@dataclass
class Ticking:
    """A clock that goes on by a second whenever it is read."""

    time: datetime = field(default=START)

    def now(self) -> datetime:
        self.time += timedelta(seconds=1)
        return self.time


def wait(coroutine: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(coroutine)


def journal_at(
    place: Place | None,
    *,
    create: bool = True,
    lineage: Lineage = LINEAGE,
    clock: Clock | None = None,
) -> Journal:
    clock = clock or Ticking()
    return open_journal(place, lineage=lineage, label=LABEL, clock=clock, create=create)


def digest(name: str) -> Digest:
    return digest_text(name)


def run_of(name: str = "run-1", *, plan: str = "plan-1") -> Run:
    return Run(RunId(name), "apply", digest(plan), START)


def report_of(run: Run, *states: ResultState, stopped_by: str = "", exit_code: int = 0) -> Report:
    results = tuple(
        Result(ChangeId(f"k{n}!create"), Key(f"k{n}"), Kind.QUESTION, Verb.CREATE, state)
        for n, state in enumerate(states)
    )
    return Report(run.id, results, stopped_by=stopped_by, exit_code=exit_code)


def operation(
    key: str = "rollback",
    *,
    run: str = "run-1",
    verb: Verb = Verb.CREATE,
    attempt: int = 1,
    state: State = State.OPEN,
    **more: Any,
) -> Operation:
    return Operation(
        RunId(run),
        ChangeId(f"{key}!{verb}"),
        attempt,
        f"request-{key}-{attempt}",
        Key(key),
        Kind.QUESTION,
        verb,
        state,
        **more,
    )


def binding(key: str = "rollback", number: int = 7, **more: Any) -> Binding:
    base = {Field.BODY: Base(digest("ours"), digest("served"))}
    url = f"https://stackoverflowteams.com/c/acme/questions/{number}"
    return Binding(Key(key), Ref(Kind.QUESTION, number), url, **({"base": base} | more))


def fields(name: str) -> tuple[FieldDigests, ...]:
    after = digest(name)
    return (FieldDigests(Field.BODY, None, after, after),)


async def write_one(journal: Journal, key: str, number: int, *, run: str = "run-1") -> None:
    """Carry out one create: intent, and its outcome with the binding."""
    await journal.keep([(digest(key), f"text of {key}")])
    opened = operation(key, run=run, fields=fields(key))
    await journal.intend(opened)
    done = operation(key, run=run, state=State.DONE, ref=Ref(Kind.QUESTION, number))
    await journal.settle(done, binding(key, number))


async def exported(journal: Journal) -> list[str]:
    return [line async for line in export_lines(journal)]
