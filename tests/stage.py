"""A stage: a sandbox team, a clock in virtual time, and runs of the real importer upon it.

Everything below the command line is the real thing: manifest items, planning, execution, the
HTTP client, the sandbox. `act` runs one plan or apply to its end in virtual time.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from importer.errors import Span
from importer.execution import (
    Drawn,
    RunOptions,
    carry_out,
    draw_plan,
    draw_undo,
    recover,
)
from importer.journal import open_journal
from importer.manifests import picture_loader
from importer.model.fields import Value
from importer.model.ids import Field, FullKey, Key, Kind, RunId, target_of_key
from importer.model.ledger import Operation, Run
from importer.model.live import Need
from importer.model.manifest import Footer, Item, Manifest, OnDrift, Policy, Removed
from importer.model.plan import Decisions, Plan
from importer.model.report import Report
from importer.planning.identity import lineage_of
from importer.planning.plan_file import plan_digest
from importer.ports import Journal, Team
from importer.sandbox import Behaviour, Post, World, create_app, open_world
from importer.teams import Connection, Mode, Secret, open_team
from importer.text.canonical import canonical_line, canonical_names, canonical_text
from importer.text.digests import Digest, digest_text
from importer.text.links import dig
from tests.virtual_time import VirtualLoop

__all__ = ["HERE", "Stage", "answer", "manifest", "question"]

HERE = Span("teams-importer.yaml", 1, 1)
ORIGIN = "http://sandbox.localhost"
START = datetime(2026, 1, 5, 9, tzinfo=UTC)
_T = TypeVar("_T")


def question(
    key: str,
    title: str | None = None,
    body: str | None = None,
    tags: Sequence[str] = ("testing",),
    **more: Any,
) -> Item:
    """Return a question; what isn't said is made up from the key."""
    fields: dict[Field, Value] = {
        Field.TITLE: canonical_line(title or f"What is the story of {key}?"),
        Field.TAGS: canonical_names(tags, {}),
        Field.BODY: _text(body or f"Once upon a time there was a question about {key}."),
    }
    return Item(key=Key(key), kind=Kind.QUESTION, span=HERE, fields=fields, **more)


def answer(key: str, body: str | None = None, *, accepted: bool = False, **more: Any) -> Item:
    """Return an answer; the key is `question#answer`."""
    fields: dict[Field, Value] = {
        Field.BODY: _text(body or f"The answer of {key} is longer than thirty characters.")
    }
    if accepted:
        fields[Field.ACCEPTED] = True
    parent = Key(key.partition("#")[0])
    return Item(Key(key), Kind.ANSWER, HERE, fields, parent=parent, **more)


def _text(markdown: str) -> Value:
    def target(destination: str) -> str | None:
        if destination.startswith("key:"):
            return target_of_key(Key(destination.removeprefix("key:")))
        return None

    return dig(canonical_text(markdown), target)


def manifest(
    *items: Item,
    namespace: str = "handbook",
    removed: Iterable[Removed] = (),
    policy: Policy = Policy(),  # noqa: B008 - frozen
    publishers: Sequence[int] = (),
    footer: Footer | None = None,
) -> Manifest:
    """Return a manifest of *items*."""
    content = repr((items, tuple(removed), policy))
    return Manifest(
        namespace=namespace,
        span=HERE,
        items=items,
        digest=digest_text(content),
        publishers=tuple(publishers),  # type: ignore[arg-type]  # plain numbers read better in tests
        policy=policy,
        footer=footer,
        removed=tuple(removed),
    )


class _StageClock:
    """Wall time of importer and sandbox: moves with the loop's virtual time, and never back."""

    def __init__(self) -> None:
        self.base = START

    def now(self) -> datetime:
        try:
            elapsed = asyncio.get_running_loop().time()
        except RuntimeError:
            elapsed = 0.0
        return self.base + timedelta(seconds=elapsed)


Wrap = Callable[[Team], Team]
WrapJournal = Callable[[Journal], Journal]


@dataclass
class Stage:
    """One team and one journal. `journal` is kept between runs; `lose_journal` drops it.

    `api` is what a person would say with --api, `folder` where the manifest's images are, `kinds`
    those whose way in is checked.
    """

    behaviour: Behaviour = field(default_factory=lambda: Behaviour(burst_per_s=0))
    seed: int = 7
    options: RunOptions = field(default_factory=lambda: RunOptions(settle_s=0.0))
    clock: _StageClock = field(default_factory=_StageClock)
    runs: int = 0
    api: str = "auto"
    folder: Path | None = None
    kinds: frozenset[Kind] = frozenset()

    def __post_init__(self) -> None:
        self.world: World = open_world(behaviour=self.behaviour, clock=self.clock, seed=self.seed)
        self.app = create_app(self.world)
        self.token = self.world.tokens("acme").read_write
        self.ada = self.world.user("acme", "Ada Berg")
        self.bo = self.world.user("acme", "Björn Öst")
        self._journals: dict[str, Journal] = {}

    def lose_journal(self) -> None:
        """Forget all journals, as a fresh runner has."""
        self._journals.clear()

    def plan(self, wanted: Manifest, **decisions: Any) -> Plan:
        """Plan, and return the plan."""
        return self.act(self._plan(wanted, Decisions(**decisions)))

    def apply(
        self,
        wanted: Manifest | Plan,
        *,
        wrap: Wrap = lambda team: team,
        wrap_journal: WrapJournal = lambda journal: journal,
        observe: Callable[[Operation], None] = lambda _: None,
        stop: asyncio.Event | None = None,
        **decisions: Any,
    ) -> Report:
        """Plan and apply (or apply the given plan), and return the report."""
        return self.act(
            self._apply(wanted, Decisions(**decisions), wrap, wrap_journal, observe, stop)
        )

    def undo(
        self, run: str = "", *, wrap: Wrap = lambda team: team, footer: Footer | None = None
    ) -> tuple[Plan, Report]:
        """Take back *run*, or the last one, and return the plan and the report."""
        drawn: list[Plan] = []
        report = self.act(
            self._apply(
                RunId(run or f"run-{self.runs}"),
                Decisions(),
                wrap,
                lambda journal: journal,
                lambda _: None,
                None,
                drawn.append,
                footer,
            )
        )
        return drawn[0], report

    def act(self, coroutine: Coroutine[Any, Any, _T]) -> _T:
        """Run *coroutine* in virtual time; the clock goes on from where it stood."""
        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            result = runner.run(coroutine)
            self.clock.base += timedelta(seconds=runner.get_loop().time() + 60)
            return result

    def journal(self, namespace: str = "handbook") -> Journal:
        """Return the namespace's journal, in memory."""
        if namespace not in self._journals:
            lineage = lineage_of(ORIGIN, "acme", namespace)
            self._journals[namespace] = open_journal(
                None, lineage=lineage, label="acme", clock=self.clock, create=True
            )
        return self._journals[namespace]

    @asynccontextmanager
    async def team(self, mode: Mode) -> AsyncIterator[Team]:
        """Open the team as the importer does."""
        connection = Connection(url=ORIGIN, team="acme", token=Secret(self.token), api=self.api)
        async with open_team(connection, mode=mode, app=self.app, clock=self.clock) as team:
            yield team

    async def _plan(self, wanted: Manifest, decisions: Decisions) -> Plan:
        async with self.team(Mode.READ) as team:
            access = await team.check(Need(write=False, kinds=self.kinds))
            journal = self.journal(wanted.namespace)
            drawn = await draw_plan(wanted, team, journal, access, decisions, team="acme")
            return drawn.plan

    async def _apply(
        self,
        wanted: Manifest | Plan | RunId,
        decisions: Decisions,
        wrap: Wrap,
        wrap_journal: WrapJournal,
        observe: Callable[[Operation], None],
        stop: asyncio.Event | None,
        show: Callable[[Plan], None] = lambda _: None,
        footer: Footer | None = None,
    ) -> Report:
        stop = stop or asyncio.Event()
        undone = RunId(wanted) if isinstance(wanted, str) else None
        namespace = "handbook" if isinstance(wanted, str) else wanted.namespace
        journal = wrap_journal(self.journal(namespace))
        self.runs += 1
        async with self.team(Mode.WRITE) as real:
            team = wrap(real)
            access = await team.check(Need(write=True, kinds=self.kinds))
            command = "undo" if undone else "apply"
            name = RunId(f"run-{self.runs}")
            run = Run(name, command, Digest(""), self.clock.now(), undoes=undone, author=access.me)
            await journal.begin(run)
            report: Report | None = None
            try:
                recovery = await recover(
                    team,
                    journal,
                    access,
                    self.clock,
                    self.options,
                    namespace,
                    observe,
                    stop,
                    undoes=undone,
                )
                drawn: Drawn | None = None
                if isinstance(wanted, Manifest):
                    drawn = await draw_plan(wanted, team, journal, access, decisions, team="acme")
                if undone is not None:
                    drawn = await draw_undo(
                        undone,
                        team,
                        journal,
                        access,
                        namespace=namespace,
                        team="acme",
                        footer=footer,
                    )
                plan = drawn.plan if drawn else wanted
                assert isinstance(plan, Plan)
                show(plan)
                run = replace(run, plan_digest=plan_digest(plan))
                report = await carry_out(
                    plan,
                    drawn=drawn,
                    team=team,
                    journal=journal,
                    access=access,
                    clock=self.clock,
                    run=run,
                    options=self.options,
                    stop=stop,
                    observe=observe,
                    recovery=recovery,
                    load=picture_loader(self.folder or Path()),
                )
                return report
            finally:
                ended = report or Report(run.id, (), stopped_by="killed", exit_code=1)
                await self.journal(namespace).end(run, ended)

    # What is in the team, for assertions.

    def questions(self) -> list[Post]:
        return list(self.world.questions("acme"))

    def answers(self) -> list[Post]:
        return list(self.world.answers("acme"))

    def by_title(self) -> Mapping[str, Post]:
        return {post.title or "": post for post in self.questions()}

    def writes(self) -> int:
        """Return how many writing requests the sandbox has answered, the probes not counted."""
        return sum(
            record.method == "POST" and record.status == 200 for record in self.world.requests
        )


def former(name: str) -> tuple[FullKey, ...]:
    return (FullKey(name),)


OVERWRITE = Policy(on_drift=OnDrift.OVERWRITE)
