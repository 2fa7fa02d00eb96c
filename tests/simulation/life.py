"""One simulated world: the real importer upon the sandbox, in virtual time, from one seed.

a team, a manifest of 4 to 8 items, colleagues on the site
several times: the author changes something, and runs follow each other until one is through,
    each with faults on the wire, crashes around the calls of the ports, torn commits
at the end: faults off, the settle window passes, one more run, and a plan that has to be empty
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

import httpx

from importer.errors import ExitCode, ImporterError
from importer.execution import RunOptions, carry_out, draw_plan, recover
from importer.model.fields import Value
from importer.model.ids import Field, Key, Kind, RunId, target_of_key
from importer.model.ledger import Operation, Run
from importer.model.live import Need
from importer.model.manifest import Fate, Item, Manifest, Removed
from importer.model.plan import Decisions, Plan, Reason
from importer.model.report import Report
from importer.planning.identity import lineage_of
from importer.planning.plan_file import plan_digest
from importer.sandbox import Backoff, Behaviour, create_app, open_world
from importer.sandbox.v3 import params
from importer.teams import Connection, LiveTeam, Mode, Secret, open_team, walking
from importer.teams.v2 import reading as reading_v2
from importer.teams.v3 import client as client_v3
from importer.text.canonical import canonical_text
from importer.text.digests import Digest
from importer.text.links import Text, plain
from tests.planning.stage import article, collection
from tests.simulation.chance import Chance
from tests.simulation.checker import Checker
from tests.simulation.crashing import Crash, CrashingJournal, CrashingTeam, Points
from tests.simulation.disk import Disk
from tests.simulation.people import People
from tests.simulation.speech import Intents, is_v3
from tests.simulation.wire import Fault, Wire
from tests.stage import HERE, ORIGIN, answer, manifest, question
from tests.virtual_time import VirtualLoop

__all__ = ["APIS", "PROFILES", "Life", "Profile", "Script", "api_of", "live"]

APIS = ("2.3", "3", "auto")

# Worlds over API v3, which reads post by post, take longer.
_DRAWN = ("2.3", "2.3", "2.3", "3", "auto")
_START = datetime(2026, 1, 5, 9, tzinfo=UTC)
_RUNS_A_PHASE = 3
_LONGEST_RUN_S = 7_200.0
_SHM = Path("/dev/shm")
_ONE_POST = re.compile(r"/(?:questions|answers|articles|collections)/(?P<id>\d+)$")
# Unlike each other: a new tag close to one that is there waits for a person.
_TYPES = ("policy", "announcement", "how-to-guide", "knowledge-article")
_TAGS = ("harbour", "lighthouse", "amber", "quicksilver", "fjord", "tundra", "marzipan", "wok")


@dataclass(frozen=True)
class Profile:
    """How often things go wrong, and how the team and its people are.

    `swarm`: each seed has a subset of the faults only. `page`: entries of a page, so that small
    teams have several. `meddling`: how likely somebody deletes a post while a list is read.
    `meeting`: how likely somebody edits a post over API v3 right after a look at it. `paragraphs`:
    texts have several, and no links.
    """

    faults: float
    crashes: float
    lose_journal: float
    people: float
    swarm: bool = False
    kinds: tuple[Fault, ...] = tuple(Fault)
    deeds: tuple[str, ...] = ("edit", "edit", "edit", "answer", "vote", "copy", "delete")
    pause_s: tuple[float, float] = (2.0, 150.0)
    lags_s: tuple[float, ...] = (0.0, 0.0, 20.0, 60.0)
    latency_s: tuple[float, float] = (0.01, 0.3)
    page: int = 0
    publishers: float = 0.6
    meddling: float = 0.0
    meeting: float = 0.03
    paragraphs: bool = False


PROFILES = {
    "calm": Profile(faults=0.01, crashes=0.002, lose_journal=0.02, people=0.3),
    "storm": Profile(faults=0.15, crashes=0.02, lose_journal=0.1, people=0.7),
    "swarm": Profile(faults=0.2, crashes=0.02, lose_journal=0.15, people=0.6, swarm=True),
    "laggard": Profile(faults=0.1, crashes=0.03, lose_journal=0.0, people=0.0, lags_s=(30.0, 60.0)),
    "copycats": Profile(
        faults=0.25,
        crashes=0.02,
        lose_journal=0.0,
        people=1.0,
        kinds=(Fault.RESET_AFTER, Fault.GATEWAY_AFTER, Fault.TRUNCATED),
        deeds=("copy",),
        meeting=0.0,
        pause_s=(2.0, 25.0),
        lags_s=(60.0,),
    ),
    "deleters": Profile(
        faults=0.0,
        crashes=0.01,
        lose_journal=1.0,
        people=0.3,
        deeds=("edit", "vote"),
        lags_s=(0.0,),
        page=2,
        publishers=1.0,
        meddling=0.3,
    ),
    "rivals": Profile(
        faults=0.03,
        crashes=0.005,
        lose_journal=0.0,
        people=1.0,
        deeds=("edit",),
        pause_s=(20.0, 200.0),
        meeting=0.15,
    ),
    "neighbours": Profile(
        faults=0.1,
        crashes=0.02,
        lose_journal=0.05,
        people=1.0,
        deeds=("amend", "amend", "amend", "amend", "edit"),
        pause_s=(60.0, 400.0),
        paragraphs=True,
    ),
}


@dataclass
class Script:
    """What happens at which step, in place of chance: for scripted rows and exhaustive loops.

    `happens`: what is done on the site once the server has done the n-th request. `clocks`: how
    wrong they are, by the names of their draws. `items`: how many there are, in place of the
    seed's number; `rich`: articles and a collection besides, over API v3.
    """

    faults: dict[int, Fault] = field(default_factory=dict)
    crashes: set[int] = field(default_factory=set)
    happens: dict[int, Callable[[_World], None]] = field(default_factory=dict)
    clocks: dict[str, float] = field(default_factory=dict)
    behaviour: Behaviour = Behaviour(burst_per_s=30)  # noqa: RUF009 - frozen
    items: int = 0
    rich: bool = False


class _SteppingClock:
    """The importer's wall clock: virtual time, wrong by an offset, and jumping once."""

    def __init__(self, offset_s: float, jumps_at_s: float, jump_s: float) -> None:
        self._start = _START + timedelta(seconds=offset_s)
        self._jumps_at_s, self._jump_s = jumps_at_s, jump_s

    def now(self) -> datetime:
        passed = _now()
        jump = self._jump_s if passed >= self._jumps_at_s else 0.0
        return self._start + timedelta(seconds=passed + jump)


class _ServerClock:
    """The server's clock: virtual time at nearly the right speed."""

    def __init__(self, offset_s: float, drift: float) -> None:
        self._start = _START + timedelta(seconds=offset_s)
        self._drift = drift

    def now(self) -> datetime:
        return self._start + timedelta(seconds=_now() * (1.0 + self._drift))


@dataclass
class Life:
    """The history of one seed: what was wrong, what was reached, and the trace to compare."""

    seed: int
    profile: str
    api: str
    trace: list[str] = field(default_factory=list)
    reached: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    requests: int = 0
    effects: int = 0
    steps: int = 0
    virtual_s: float = 0.0

    @property
    def digest(self) -> str:
        return hashlib.sha256("\n".join(self.trace).encode()).hexdigest()[:16]


def api_of(seed: int) -> str:
    """Return the API of a seed's world when nobody says."""
    return Chance(seed).one_of("api", _DRAWN)


def live(
    seed: int,
    profile: str = "storm",
    script: Script | None = None,
    settle_s: float | None = None,
    api: str = "2.3",
) -> Life:
    """Let the world of *seed* happen, and return its history. With *script*, nothing else fails."""
    life = Life(seed, profile, api)
    folder = Path(tempfile.mkdtemp(dir=_SHM if _SHM.is_dir() else None))
    try:
        with asyncio.Runner(loop_factory=VirtualLoop) as runner:

            async def happen() -> None:
                # A dead process leaves tasks whose end nobody asks for.
                asyncio.get_running_loop().set_exception_handler(lambda _, __: None)
                await _World(life, folder, script, settle_s).unfold()

            with _paged(PROFILES[profile].page):
                runner.run(happen())
            life.virtual_s = runner.get_loop().time()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return life


@contextlib.contextmanager
def _paged(entries: int) -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        for module in (walking, reading_v2, client_v3) if entries else ():
            stack.enter_context(patch.object(module, "PAGE", entries))
        if entries:
            sizes = (*params.PAGE_SIZES, entries)
            stack.enter_context(patch.object(params, "PAGE_SIZES", sizes))
        yield


def _now() -> float:
    return asyncio.get_running_loop().time()


class _World:
    def __init__(
        self, life: Life, folder: Path, script: Script | None, settle_s: float | None
    ) -> None:
        self.life = life
        self.script = script
        self.options = RunOptions(settle_s=settle_s)
        self.chance = chance = Chance(life.seed)
        self.rates = PROFILES[life.profile]
        self.kinds = self._kinds()
        self.behaviour = self._behaviour()
        self.server_clock = _ServerClock(
            self._drawn("server-offset", [0.0, 0.0, 3600.0, -3600.0], 0.0),
            self._drawn("server-drift", [0.0, 1e-4, -1e-4], 0.0),
        )
        self.clock = _SteppingClock(
            self._drawn("local-offset", [0.0, 0.0, 3600.0, -3600.0], 0.0),
            self._jump_at(),
            self._drawn("jump", [0.0, 0.0, 3600.0, -3600.0], 0.0),
        )
        self.world = open_world(behaviour=self.behaviour, clock=self.server_clock, seed=life.seed)
        self.token = self.world.tokens("acme").read_write
        self.people = People(self.world, chance, self.note, self.rates.deeds, self.rates.pause_s)
        stale_s = self.behaviour.replica_lag_s + self.rates.latency_s[1]
        tells = self.behaviour.v3_comment_count
        self.checker = Checker(self.world, self.people, stale_s, tells)
        self.disk = Disk(folder, lineage_of(ORIGIN, "acme", "handbook"), self.clock, chance)
        self.intents = Intents()
        self.wire = Wire(
            create_app(self.world),
            chance,
            self._fault_of,
            lambda request: self.intents.cover(request),
            self.note,
            self.rates.latency_s,
            self._served,
            self.checker.carried,
        )
        # What only API v3 writes well: articles, and a collection.
        is_rich = script.rich if script else chance.happens("rich", 0.5)
        self.rich = life.api != "2.3" and is_rich
        self.points = self._points()
        with_publishers = script is None and chance.happens("publishers", self.rates.publishers)
        self.publishers = [self.people.ada.id] if with_publishers else []
        self.with_people = script is None and chance.happens("people", self.rates.people)
        self.runs = 0
        self.calm = False
        self.edits = 0
        self.output: list[str] = []

    # Chance, and what it may decide.

    def _kinds(self) -> list[Fault]:
        kinds = list(self.rates.kinds)
        if self.rates.swarm:
            kinds = [it for it in kinds if self.chance.happens(f"kind:{it.name}", 0.3)]
        return kinds or [Fault.RESET_AFTER]

    def _drawn(self, name: str, choices: list[float], scripted: float) -> float:
        if self.script is not None:
            return self.script.clocks.get(name, scripted)
        return self.chance.one_of(name, choices)

    def _jump_at(self) -> float:
        drawn = self.chance.between("jump-at", 0.0, 600.0)
        return drawn if self.script is None else self.script.clocks.get("jump-at", drawn)

    def _behaviour(self) -> Behaviour:
        if self.script is not None:
            return self.script.behaviour
        draw = self.chance.one_of
        backoff = Backoff("answers/{id}/edit", 3, 5) if draw("backoff", [0, 1]) else None
        return Behaviour(
            crlf=draw("crlf", [True, False]),
            trim=draw("trim", [True, False]),
            rewrite=draw("rewrite", [False, False, True]),
            tag_order=draw("tags", ["sorted", "reversed", "kept"]),
            check_order=draw("order", ["scope_first", "params_first"]),
            missing_post=draw("missing", [400, 404]),
            denied_action=draw("denied", [407, 403]),
            encoding=draw("encoding", ["gzip", "deflate"]),
            duplicate_title_refused=draw("titles", [False, True]),
            backoff=(backoff,) if backoff else (),
            listing_lag_s=draw("lag", self.rates.lags_s),
            replica_lag_s=draw("replica", [0.0, 0.0, 5.0]),
            cache_s=draw("cache", [0.0, 60.0]),
            double_encoding=draw("encoded", [False, True]),
            **(self._behaviour_of_v3() if self.life.api != "2.3" else {}),
        )

    def _behaviour_of_v3(self) -> dict[str, Any]:
        choices: dict[str, list[Any]] = {
            "v3_check_order": ["scope_first", "body_first"],
            "v3_burst": [50, 50, 20],
            "v3_bucket": [5000, 5000, 300],
            "v3_retry_after": ["absent", "seconds", "date"],
            "v3_throttled_as": ["problem", "text"],
            "v3_problem_type": ["application/json", "application/problem+json"],
            "v3_untyped": [False, True],
            "v3_wrong_method": [405, 404],
            "v3_deleted_shown": ["moderators", "everyone", "nobody"],
            "v3_lists_deleted": [False, True],
            "v3_empty_pages": [0, 1],
            "v3_answered": ["upvoted", "any"],
            "v3_comment_count": [True, True, False],
            "v3_lf": [False, True],
            "v3_dates": ["mixed", "zoned", "zoneless"],
            "v3_dead_content": ["dropped", "unknown"],
            "absent_permissions": ["kept", "reset", "refused"],
            "permissions_by": ["owner", "editors"],
            "unknown_content": ["refused", "dropped"],
        }
        return {name: self.chance.one_of(name, some) for name, some in choices.items()}

    def _fault_of(self, step: int, writes: bool) -> Fault | None:
        if self.script is not None:
            return None if self.calm else self.script.faults.get(step)
        if self.calm or not self.chance.happens(f"fault:{step}", self.rates.faults):
            return None
        fault = self.chance.one_of(f"which:{step}", self.kinds)
        only_writes = {Fault.LATE, Fault.TWICE, Fault.TWICE_SECOND}
        return None if fault in only_writes and not writes else fault

    def _points(self) -> Points:
        return Points(self._crashes, self.note)

    def _crashes(self, number: int, _: str) -> bool:
        if self.calm:
            return False
        if self.script is not None:
            return number in self.script.crashes
        return self.chance.happens(f"crash:{number}", self.rates.crashes)

    def _served(self, step: int, request: httpx.Request) -> None:
        """Let somebody do something in the middle of a run."""
        if self.script is not None and step in self.script.happens and not self.calm:
            self.script.happens[step](self)
        lists = request.method == "GET" and request.url.path.endswith("/questions")
        lists = lists and not self.calm and self.checker.forgot
        if is_v3(request):
            self.life.reached["requests over v3"] += 1
            self._meet(step, request)
        if lists and self.chance.happens(f"meddle:{step}", self.rates.meddling):
            self.people.delete_first(step)

    def _meet(self, step: int, request: httpx.Request) -> None:
        """Let somebody edit a post right after it was looked at, where no history would tell."""
        looks = request.method == "GET" and _ONE_POST.search(request.url.path)
        is_alive = self.with_people and not self.calm
        if looks and is_alive and self.chance.happens(f"meet:{step}", self.rates.meeting):
            self.people.edit_now(step, int(looks["id"]), collection="collections" in looks[0])

    def note(self, what: str) -> None:
        self.life.trace.append(f"{_now():.3f} {what}")

    # What happens.

    async def unfold(self) -> None:
        living = asyncio.create_task(self.people.live()) if self.with_people else None
        wanted = self._first_manifest()
        await asyncio.sleep(90.0)
        for phase in range(2):
            if phase:
                wanted = self._edited(wanted, phase)
            await self._until_through(wanted, phase)
            await asyncio.sleep(self.chance.between(f"between:{phase}", 1.0, 400.0))
        if living is not None:
            living.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await living
        await self._come_to_rest(wanted)
        self._account()

    async def _until_through(self, wanted: Manifest, phase: int) -> None:
        for number in range(_RUNS_A_PHASE):
            name = f"{phase}:{number}"
            report = await self._run(wanted)
            if report is not None and report.exit_code in (ExitCode.DONE, ExitCode.DECISION):
                break
            await asyncio.sleep(self.chance.between(f"rest:{name}", 0.1, 90.0))
        await self._maybe_lose_journal(phase)

    async def _maybe_lose_journal(self, phase: int) -> None:
        # Without a journal and without `publishers:`, a colleague's copy can't be told from ours.
        lost = self.publishers and self.chance.happens(f"lose:{phase}", self.rates.lose_journal)
        if lost:
            self.note("the journal is lost")
            self.checker.forgot = True
            self.life.reached["journal lost"] += 1
            self.disk.lose()
            # The condition that is printed: what nobody remembers has to have come to light.
            await asyncio.sleep(140.0)

    async def _come_to_rest(self, wanted: Manifest) -> None:
        await self.wire.quiet()
        self.calm = True
        await asyncio.sleep(400.0)
        report = await self._run(wanted)
        for _ in range(3):
            if report is not None and ExitCode(report.exit_code) in (
                ExitCode.DONE,
                ExitCode.DECISION,
            ):
                break
            for double in sorted(self.checker.told, key=str):
                self.people.clear_away(double)
            await asyncio.sleep(400.0)
            report = await self._run(wanted)
        await asyncio.sleep(200.0)
        plan = await self._plan(wanted)
        if report is None:
            self.checker.wrong.append("I3 the last run crashed without a crash")
            return
        self.checker.at_end(
            wanted,
            plan,
            report,
            unintended=self.wire.unintended,
            hasty=self.wire.hasty,
            secrets={
                "the journal": self.disk.path.read_bytes(),
                "what was printed": "\n".join(self.output).encode(),
            },
            token=self.token,
        )
        if self.rates.paragraphs and not self.behaviour.rewrite:
            self.checker.check_paragraphs(wanted, plan)

    async def _plan(self, wanted: Manifest) -> Plan:
        journal = self.disk.open()
        try:
            async with self._team(Mode.READ) as team:
                access = await team.check(Need(write=False, kinds=_kinds(wanted)))
                drawn = await draw_plan(wanted, team, journal, access, Decisions(), team="acme")
                return drawn.plan
        finally:
            await journal.close()

    def _team(self, mode: Mode) -> contextlib.AbstractAsyncContextManager[LiveTeam]:
        token = Secret(self.token)
        connection = Connection(url=ORIGIN, team="acme", token=token, api=self.life.api)
        return open_team(
            connection,
            mode=mode,
            clock=self.clock,
            app=self.wire.app,
            client_transport=self.wire,
            random=Random(self.chance.below(f"jitter:{self.runs}", 2**32)),
        )

    async def _run(self, wanted: Manifest) -> Report | None:
        """Run the importer once; None when it crashed or gave up before it had a report."""
        self.runs += 1
        began = _now()
        self.note(f"run {self.runs}")
        points = self.points
        points.dead = False
        # A new process hasn't heard what the old one was told.
        self.wire.closed_until.clear()
        self.intents = Intents()
        kept = self.disk.open()
        journal = CrashingJournal(kept, points, self.intents, self.disk.in_commit)
        report: Report | None = None
        try:
            report = await self._applied(wanted, journal, points)
        except Crash:
            await self._die()
        except ImporterError as error:
            self.note(f"run {self.runs} gave up: {type(error).__name__} {error.message}")
            self.output += [error.message, error.remedy]
            self._count_exit(error.exit_code)
        except Exception as error:
            self.checker.wrong.append(f"I7 a bug: {error!r}")
        else:
            self.note(f"run {self.runs} exit {report.exit_code} {report.stopped_by}")
            self.output.append(repr(report))
            self._count_exit(ExitCode(report.exit_code))
        history = await kept.history() if not points.dead else None
        with contextlib.suppress(ImporterError):
            await kept.close()
        self.life.reached.update(points.reached)
        points.reached.clear()
        if _now() - began > _LONGEST_RUN_S:
            self.checker.wrong.append(f"I8 run {self.runs} took {_now() - began:.0f} s")
        self.checker.after_run(report, history or await self._surviving())
        return report

    async def _surviving(self) -> Sequence[Operation]:
        """Return what a journal that went through a crash remembers."""
        journal = self.disk.open()
        try:
            return await journal.history()
        finally:
            await journal.close()

    def _count_exit(self, code: ExitCode) -> None:
        self.life.reached[f"exit {int(code)}"] += 1
        if code in (ExitCode.BUG, ExitCode.JOURNAL):
            self.checker.wrong.append(f"I7 exit {int(code)}")

    async def _die(self) -> None:
        """Drop the process's memory; what it had sent is still with the server."""
        await asyncio.sleep(0)
        self.disk.crash()

    async def _applied(self, wanted: Manifest, journal: CrashingJournal, points: Points) -> Report:
        async with self._team(Mode.WRITE) as real:
            team = CrashingTeam(real, points)
            access = await team.check(Need(write=True, kinds=_kinds(wanted)))
            run = Run(
                RunId(f"run-{self.runs}"), "apply", Digest(""), self.clock.now(), author=access.me
            )
            await journal.begin(run)
            stop = asyncio.Event()
            report: Report | None = None
            try:
                recovery = await recover(
                    team,
                    journal,
                    access,
                    self.clock,
                    self.options,
                    wanted.namespace,
                    self._observe,
                    stop,
                )
                drawn = await draw_plan(wanted, team, journal, access, Decisions(), team="acme")
                self.life.reached["planned: a merge"] += _merges(drawn.plan)
                run = replace(run, plan_digest=plan_digest(drawn.plan))
                report = await carry_out(
                    drawn.plan,
                    drawn=drawn,
                    team=team,
                    journal=journal,
                    access=access,
                    clock=self.clock,
                    run=run,
                    options=self.options,
                    stop=stop,
                    observe=self._observe,
                    recovery=recovery,
                )
            except ImporterError as error:
                failed = Report(run.id, (), stopped_by=error.message, exit_code=error.exit_code)
                await journal.end(run, failed)
                raise
            await journal.end(run, report)
            return report

    def _observe(self, operation: Operation) -> None:
        self.note(f"{operation.change} #{operation.attempt} {operation.state}")

    # The author.

    def _first_manifest(self) -> Manifest:
        number = 4 + self.chance.below("items", 5)
        if self.script is not None and self.script.items:
            number = self.script.items
        if self.rich:
            # Of ten items and more, a guard doesn't let a third be changed.
            number = min(number, 5)
        items: list[Item] = []
        while len(items) < number:
            at = len(items)
            key = f"q{at}"
            other = f"q{self.chance.below(f'link:{at}', number)}"
            body = f"The question {key} in its first version, with words enough in it."
            if self.script is not None or self.chance.happens(f"links:{at}", 0.4):
                body += f" It leads to [another](key:{other})."
            items.append(question(key, body=body, tags=("testing", _TAGS[at % 2])))
            if len(items) < number and self.chance.happens(f"answered:{at}", 0.6):
                accepted = self.chance.happens(f"accepted:{at}", 0.5)
                items.append(answer(f"{key}#a", accepted=accepted))
        keys = {item.key for item in items}
        items = [_without_dead_links(item, keys) for item in items]
        items = [*items, *self._riches(items)]
        if self.rates.paragraphs:
            items = [_in_paragraphs(item) for item in items]
        return manifest(*items, publishers=self.publishers)

    def _riches(self, items: Sequence[Item]) -> Sequence[Item]:
        """Return one or two articles, and a collection of some of what there is."""
        if not self.rich:
            return ()
        pages = [item.key for item in items if item.kind is Kind.QUESTION]
        articles = [article(f"a{at}") for at in range(1 + self.chance.below("articles", 2))]
        members = [*pages[: 1 + self.chance.below("members", 3)], articles[0].key]
        return *articles, collection("c0", *members)

    def _edited(self, wanted: Manifest, phase: int) -> Manifest:
        """Change one to three items, maybe add one, maybe remove one."""
        items = {item.key: item for item in wanted.items}
        removed = list(wanted.removed)
        for number in range(1 + self.chance.below(f"edits:{phase}", 3)):
            key = self.chance.one_of(f"edit:{phase}:{number}", sorted(items))
            items[key] = self._changed(items[key], f"{phase}:{number}")
        if self.chance.happens(f"add:{phase}", 0.5):
            new = question(f"new{phase}")
            items[new.key] = new
        if self.chance.happens(f"remove:{phase}", 0.3):
            key = self.chance.one_of(f"gone:{phase}", sorted(items))
            for gone in [it for it in items if it == key or it.startswith(f"{key}#")]:
                del items[gone]
            removed.append(Removed(Key(key), Fate.DELETE, HERE))
            keys = set(items)
            items = {it: _without_dead_links(item, keys) for it, item in items.items()}
            items = {it: _without_dead_members(item, keys) for it, item in items.items()}
        return manifest(*items.values(), removed=removed, publishers=self.publishers)

    def _changed(self, item: Item, name: str) -> Item:
        self.edits += 1
        fields: dict[Field, Value] = dict(item.fields)
        which = self.chance.one_of(f"which-field:{name}", sorted(set(fields) - {Field.ACCEPTED}))
        match which:
            case Field.TITLE:
                fields[which] = f"What is version {self.edits} of {item.key}?"
            case Field.TAGS:
                fields[which] = ("testing", _TAGS[1 + self.edits])
            case Field.TYPE:
                others = [it for it in _TYPES if it != fields[which]]
                fields[which] = others[self.edits % len(others)]
            case Field.ITEMS:
                fields[which] = tuple(reversed(_names(fields[which])))
            case _ if self.rates.paragraphs:
                fields[Field.BODY] = self._amended(fields[Field.BODY], name)
            case _:
                text = f"The text of {item.key} in version {self.edits}, with words enough in it."
                fields[Field.BODY] = plain(canonical_text(text))
        return replace(item, fields=fields)

    def _amended(self, body: Value, name: str) -> Value:
        """Return *body* with one paragraph written anew."""
        assert isinstance(body, Text)
        paragraphs = body.holed.split("\n\n")
        at = self.chance.below(f"which-paragraph:{name}", len(paragraphs))
        paragraphs[at] = f"The author wrote this paragraph in version {self.edits}."
        return plain(canonical_text("\n\n".join(paragraphs)))

    def _account(self) -> None:
        life = self.life
        life.wrong = self.checker.wrong
        life.reached.update(self.wire.reached)
        life.reached.update(self.people.deeds)
        life.reached.update(self.checker.excused)
        if self.script is None:
            life.reached[f"API {life.api}"] += 1
            life.reached["articles and a collection"] += self.rich
        life.reached["commit torn"] += self.disk.tears
        b = self.behaviour
        for name, on in (
            ("server: listing lag", b.listing_lag_s),
            ("server: stale replicas", b.replica_lag_s),
            ("server: cached answers", b.cache_s),
            ("server: rewrites texts", b.rewrite),
            ("server: backoff", b.backoff),
            ("clock, server wrong", self.server_clock._start != _START),  # noqa: SLF001 - ours
            ("clock, local jumps", self.clock._jump_s),  # noqa: SLF001 - ours
        ):
            life.reached[name] += bool(on)
        life.requests = self.wire.step
        life.steps = self.points.count
        self.note(f"end {life.wrong}")


def _in_paragraphs(item: Item) -> Item:
    """Return *item* with a text of several paragraphs, if it has one at all."""
    if Field.BODY not in item.fields:
        return item
    said = [f"The author wrote this as paragraph {it} of {item.key}." for it in range(6)]
    return replace(item, fields={**item.fields, Field.BODY: plain("\n\n".join(said) + "\n")})


def _without_dead_links(item: Item, keys: set[Key]) -> Item:
    """Return *item* without a link to what the manifest doesn't have (validation refuses it)."""
    body = item.fields.get(Field.BODY)
    targets = getattr(body, "targets", ())
    if all(target.removeprefix("key:") in keys for target in targets):
        return item
    text = f"The question {item.key} in a version that leads nowhere, with words enough in it."
    return replace(item, fields={**item.fields, Field.BODY: plain(canonical_text(text))})


def _without_dead_members(item: Item, keys: set[Key]) -> Item:
    """Return *item* without what it collects and the manifest doesn't have."""
    if Field.ITEMS not in item.fields:
        return item
    live = {target_of_key(key) for key in keys}
    left = tuple(it for it in _names(item.fields[Field.ITEMS]) if it in live)
    return replace(item, fields={**item.fields, Field.ITEMS: left})


def _names(value: Value) -> tuple[str, ...]:
    assert isinstance(value, tuple)
    return value


def _merges(plan: Plan) -> int:
    return sum(it.reason is Reason.MERGED for it in plan.changes)


def _kinds(wanted: Manifest) -> frozenset[Kind]:
    return frozenset(item.kind for item in wanted.items)
