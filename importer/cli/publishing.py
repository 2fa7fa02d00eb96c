"""A team in this process that is kept like a manifest, through the importer itself.

Each state of the manifest is applied on top of the one before: posts keep their addresses. What an
apply would leave to a person, and a run that failed, is got over by starting with an empty team.
"""

import asyncio
import secrets
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from importer.cli.connecting import ConnectionOptions
from importer.cli.console import Console
from importer.cli.wiring import SystemClock, Target, journal_of, open_world_at, target_in
from importer.execution import Recovery, RunOptions, carry_out, draw_plan
from importer.manifests import picture_loader
from importer.model.ids import Key, RunId
from importer.model.ledger import Operation, Run
from importer.model.live import Need
from importer.model.manifest import Manifest, OnDrift
from importer.model.plan import Decisions, Plan
from importer.model.report import Report, ResultState
from importer.ports import Journal
from importer.teams import Mode, open_team
from importer.text.digests import Digest

if TYPE_CHECKING:
    from importer.sandbox import World

__all__ = ["Published", "Publisher"]

_SANDBOX = ConnectionOptions("sandbox:", None, "auto", None, None, None)
# Whatever the manifest no longer says goes, and nothing is a surprise in a team of one's own.
_MUCH = 1_000_000_000
_DECISIONS = Decisions(
    on_drift=OnDrift.OVERWRITE,
    prune=True,
    max_updates=str(_MUCH),
    max_deletes=str(_MUCH),
    delete_engaged=True,
)
_OPTIONS = RunOptions(parallelism=8, settle_s=0.0)
_DONE = (ResultState.DONE, ResultState.FOUND)


@dataclass(frozen=True, slots=True)
class Published:
    """What became of a manifest. `paths` are the addresses of its posts, without host and slug.

    `moved` maps addresses of the state before to those of the same items now, where they differ.
    `problems` are the items that aren't there as the manifest says, by key.
    """

    world: "World"
    report: Report
    paths: Mapping[Key, str]
    moved: Mapping[str, str]
    problems: Mapping[str, str]


@dataclass(slots=True)
class _Team:
    """A team, and the journal of a namespace in it; `is_new` until something is published."""

    world: "World"
    target: Target
    namespace: str
    journal: Journal
    is_new: bool = True


class Publisher:
    """Publishes one state after the other of the manifest in *folder*; an async context."""

    def __init__(self, folder: Path, console: Console) -> None:
        self._folder = folder
        self._console = console
        self._open = AsyncExitStack()
        self._left: list[AsyncExitStack] = []
        self._team: _Team | None = None
        self._paths: Mapping[Key, str] = {}
        self._unavoidable: frozenset[str] = frozenset()

    async def __aenter__(self) -> "Publisher":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._close_left()
        await self._open.aclose()

    def empty_world(self) -> "World":
        """Return what is to be seen before anything is published."""
        return self._open.enter_context(open_world_at(None))

    async def publish(self, manifest: Manifest) -> Published:
        """Make the team what *manifest* says, and return what became of it.

        The world of the last time is to be seen until then. Raises an ImporterError where it can't
        even be tried; the next time begins anew then.
        """
        if self._team is not None:
            await self._close_left()
        # They are about the real team: here it is another one, and all posts are ours.
        manifest = replace(manifest, teams=(), publishers=())
        team = self._team
        if team is None or team.namespace != manifest.namespace:
            team = self._new_team(manifest.namespace)
        self._team = None
        published = await self._try(manifest, team)
        if not team.is_new and published.problems.keys() - self._unavoidable:
            team = self._new_team(manifest.namespace)
            published = await self._try(manifest, team)
        if team.is_new:
            self._unavoidable = frozenset(published.problems)
        team.is_new = False
        self._team, self._paths = team, published.paths
        return published

    async def _close_left(self) -> None:
        for each in self._left:
            await each.aclose()
        self._left.clear()

    def _new_team(self, namespace: str) -> _Team:
        self._left.append(self._open)
        self._open = AsyncExitStack()
        world = self._open.enter_context(open_world_at(None))
        # Nobody waits here for a limit that only guards others.
        world.behaviour = replace(world.behaviour, burst_per_s=0, quota_max=_MUCH, article_gap_s=0)
        target = target_in(world, _SANDBOX, self._console, name="preview")
        world.change_user(world.users(target.team)[0], role="admin")
        journal = journal_of(None, target, namespace, self._console, create=True)
        self._open.push_async_callback(journal.close)
        return _Team(world, target, namespace, journal)

    async def _try(self, manifest: Manifest, team: _Team) -> Published:
        plan, report = await self._run(manifest, team)
        ledger = await team.journal.ledger()
        paths = {key: urlsplit(it.url).path for key, it in ledger.bindings.items()}
        moved = {old: paths[key] for key, old in self._paths.items() if paths.get(key, old) != old}
        return Published(team.world, report, paths, moved, _problems(plan, report))

    async def _run(self, manifest: Manifest, team: _Team) -> tuple[Plan, Report]:
        clock, target = SystemClock(), team.target
        async with open_team(
            target.connection, mode=Mode.WRITE, app=target.app, clock=clock
        ) as live:
            kinds = frozenset(it.kind for it in manifest.items)
            access = await live.check(Need(write=True, kinds=kinds))
            name = RunId(f"preview-{secrets.token_hex(6)}")
            run = Run(name, "apply", Digest(""), clock.now(), author=access.me)
            await team.journal.begin(run)
            report = Report(name, (), stopped_by="interrupted")
            try:
                drawn = await draw_plan(
                    manifest, live, team.journal, access, _DECISIONS, team=target.team
                )
                report = await carry_out(
                    drawn.plan,
                    drawn=drawn,
                    team=live,
                    journal=team.journal,
                    access=access,
                    clock=clock,
                    run=run,
                    options=_OPTIONS,
                    stop=asyncio.Event(),
                    observe=_unseen,
                    recovery=Recovery(),
                    load=picture_loader(self._folder),
                )
            finally:
                await team.journal.end(run, report)
        return drawn.plan, report


def _unseen(_operation: Operation) -> None:
    """Let an operation pass without showing it."""


def _problems(plan: Plan, report: Report) -> dict[str, str]:
    """Return why items aren't in the team as the manifest says, by key, in the plan's order."""
    blocked = [(it.key or it.code, f"{it.why} {it.remedy}".strip()) for it in plan.blocked]
    return dict([*blocked, *((it.key, it.why) for it in report.results if it.state not in _DONE)])
