"""How fast an apply is beside what the server allows, and what it is worth beside a naive loop.

Counts, virtual time and ratios within one run, so that a slow machine changes nothing; only the
journal's cost is measured in real time. Prints; judges nothing.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Generator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from statistics import median
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

import httpx

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from importer.execution import RunOptions
from importer.journal import open_journal
from importer.model.manifest import Manifest
from importer.planning.identity import lineage_of
from importer.ports import Journal, Team
from importer.sandbox import Behaviour, Faults, create_app, profile_of
from importer.teams import Connection, Mode, Secret, open_team
from tests.pacing import LineStage, most_within
from tests.stage import ORIGIN, Stage, answer, manifest, question

_T = TypeVar("_T")

PER_SECOND = 30
LATENCY_S = 0.04
PAIRS = 100
IN_FLIGHT = 8
REPEATS = 5
SEEDS = range(1, 6)
BODY = "Once upon a time there was a question about {}."
ANSWER = "The answer of {} is longer than thirty characters."


def main() -> None:
    """Print all three sections."""
    print("An apply of 1,000 writes, eight in flight; the bound is N/30 s; virtual time")
    for latency_s in ((0.0, 0.0), (0.04, 0.04), (0.04, 0.12)):
        print(f"  {latency_s[0] * 1000:3.0f} to {latency_s[1] * 1000:3.0f} ms: {_pace(latency_s)}")
    print(f"What the journal's file costs an apply of {2 * PAIRS} writes at 40 ms; real time")
    print(f"  {IN_FLIGHT} in flight, {REPEATS} times beside one in memory: {_cost(Path.cwd())}")
    for folder in filter(Path.is_dir, (Path.cwd(), Path("/dev/shm"))):  # noqa: S108 - named, not used up
        print(f"  1 in flight, {folder}: {_share(folder)}")
    print(f"The importer, and a loop that posts and repeats; {2 * PAIRS} posts, faults of `storm`")
    for seed in SEEDS:
        print(f"  seed {seed}, importer: {_importer(seed)}")
        print(f"  seed {seed}, loop:     {_loop(seed)}")


def _pairs(count: int) -> Manifest:
    items = (it for n in range(count) for it in (question(f"q{n}"), answer(f"q{n}#a")))
    return manifest(*items)


def _pace(latency_s: tuple[float, float]) -> str:
    options = RunOptions(settle_s=0.0, parallelism=8)
    stage = LineStage(behaviour=Behaviour(), options=options, latency_s=latency_s)
    report = stage.apply(_pairs(500))
    line, writes = stage.line, stage.writes()
    began, ended = report.started_at, report.ended_at
    run_s = (ended - began).total_seconds() if began and ended else math.nan
    whole_s = line.sent[-1] + latency_s[1]
    return (
        f"requests/writes {len(line.sent) / writes:.3f}, "
        f"time/bound {run_s * PER_SECOND / writes:.3f} "
        f"(with the token's check {whole_s * PER_SECOND / writes:.3f}; of all requests' bound "
        f"{whole_s * PER_SECOND / len(line.sent):.3f}), at most {most_within(line.arrived)} in a "
        f"second, {len(line.throttled)} throttled, {len(line.hasty)} too early"
    )


class _Slow(httpx.AsyncBaseTransport):
    """A team that takes its time for each request."""

    def __init__(self, app: Any) -> None:
        self._inner = httpx.ASGITransport(app=app)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(LATENCY_S)
        return await self._inner.handle_async_request(request)


@dataclass
class _Timed(Generic[_T]):
    """An awaitable that adds to *spent* what another takes, and for how long it stops the loop."""

    inner: Coroutine[Any, Any, _T]
    spent: _Spent

    def __await__(self) -> Generator[Any, Any, _T]:
        began = time.perf_counter()
        steps = self.inner.__await__()
        resume: Callable[[], Any] = lambda: next(steps)  # noqa: E731 - replaced after each step
        try:
            while True:
                step, used = time.perf_counter(), time.thread_time()
                try:
                    waiting = resume()
                except StopIteration as end:
                    result: _T = end.value
                    return result
                finally:
                    self.spent.held_s += time.perf_counter() - step
                    self.spent.used_s += time.thread_time() - used
                try:
                    yield waiting
                except BaseException as error:
                    resume = partial(steps.throw, error)
                else:
                    resume = partial(next, steps)
        finally:
            self.spent.awaited_s += time.perf_counter() - began


@dataclass
class _Spent:
    """Seconds: of an apply, awaited in the journal, in which that stopped the loop; of processor.

    Where other programs use the machine too, the loop also stops while those have the processor:
    what `held_s` has more than `used_s` is theirs, or the disk's.
    """

    wall_s: float = 0.0
    awaited_s: float = 0.0
    held_s: float = 0.0
    used_s: float = 0.0

    def __str__(self) -> str:
        held, used = self.held_s / self.wall_s, self.used_s / self.wall_s
        return f"the event loop held up for {held:.1%} (processor: {used:.1%})"


class _TimedJournal:
    """A journal whose calls are timed."""

    def __init__(self, journal: Journal, spent: _Spent) -> None:
        self._journal = journal
        self._spent = spent

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        method = getattr(self._journal, name)

        async def timed(*args: Any, **more: Any) -> Any:
            return await _Timed(method(*args, **more), self._spent)

        return timed


@dataclass
class _RealStage(Stage):
    """A stage in real time, with a journal in a file; in memory where no folder is given."""

    folder: Path | None = None
    spent: _Spent = field(default_factory=_Spent)

    def act(self, coroutine: Coroutine[Any, Any, _T]) -> _T:
        return asyncio.run(coroutine)

    def journal(self, namespace: str = "handbook") -> Journal:
        if namespace not in self._journals:
            journal = open_journal(
                self.folder / "journal.db" if self.folder else None,
                lineage=lineage_of(ORIGIN, "acme", namespace),
                label="acme",
                clock=self.clock,
                create=True,
            )
            timed: Any = _TimedJournal(journal, self.spent)
            self._journals[namespace] = timed
        return self._journals[namespace]

    @asynccontextmanager
    async def team(self, mode: Mode) -> AsyncIterator[Team]:
        connection = Connection(url=ORIGIN, team="acme", token=Secret(self.token))
        slow = _Slow(self.app)
        async with open_team(connection, mode=mode, client_transport=slow, clock=self.clock) as it:
            yield it


def _sync_s(folder: Path) -> float:
    times = []
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(50):
            file.write(bytes(4096))
            file.flush()
            began = time.perf_counter()
            os.fsync(file.fileno())
            times.append(time.perf_counter() - began)
    return median(times)


def _apply(folder: Path | None, parallelism: int) -> _Spent:
    options = RunOptions(settle_s=0.0, parallelism=parallelism)
    stage = _RealStage(behaviour=Behaviour(), options=options, folder=folder)
    began = time.perf_counter()
    stage.apply(_pairs(PAIRS))
    stage.spent.wall_s = time.perf_counter() - began
    return stage.spent


def _apply_on(place: Path, parallelism: int) -> _Spent:
    with tempfile.TemporaryDirectory(dir=place) as folder:
        return _apply(Path(folder), parallelism)


def _cost(place: Path) -> str:
    """Tell by how much a file makes an apply longer, and how long nothing else could happen."""
    both = [(_apply(None, IN_FLIGHT), _apply_on(place, IN_FLIGHT)) for _ in range(REPEATS)]
    longer = [file.wall_s / memory.wall_s - 1 for memory, file in both]
    _, typical = sorted(both, key=lambda it: it[1].held_s / it[1].wall_s)[REPEATS // 2]
    return f"{median(longer):.1%} longer ({min(longer):.1%} to {max(longer):.1%}), {typical}"


def _share(place: Path) -> str:
    """Tell how long a run that does one thing after the other waits, and how long for the disk."""
    spent, sync_s = _apply_on(place, 1), _sync_s(place)
    disk = 2 * 2 * PAIRS * sync_s / spent.wall_s
    return (
        f"{spent.awaited_s / spent.wall_s:.1%} awaited, of the whole {disk:.1%} in two syncs per "
        f"write of {sync_s * 1000:.2f} ms; {spent}"
    )


@dataclass
class _Stormy(Stage):
    """A stage with 40 ms of latency whose server has the faults of one seed."""

    requests: int = 0
    ends_s: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        faults = Faults(profile_of("storm", self.seed), self.seed)
        self.app = create_app(self.world, faults=faults)

    @asynccontextmanager
    async def team(self, mode: Mode) -> AsyncIterator[Team]:
        connection = Connection(url=ORIGIN, team="acme", token=Secret(self.token))
        random = Random(self.seed)  # noqa: S311 - spreads retries, and equal runs are equal
        async with open_team(
            connection, mode=mode, client_transport=_Slow(self.app), clock=self.clock, random=random
        ) as it:
            yield it
        self.requests += it.requests
        self.ends_s += asyncio.get_running_loop().time()

    def outcome(self) -> str:
        """Count what is there too often, and what is not."""
        asked = Counter(it.title or "" for it in self.questions() if it.deleted is None)
        told = Counter(it.body.split("<!--")[0].strip() for it in self.answers())
        keys = [f"q{number}" for number in range(PAIRS)]
        wanted = [asked[f"What is the story of {key}?"] for key in keys]
        wanted += [told[ANSWER.format(f"{key}#a")] for key in keys]
        doubles = sum(max(0, count - 1) for count in wanted)
        return f"{doubles:3} duplicates, {wanted.count(0):3} lost, {self.requests:4} requests"


def _importer(seed: int) -> str:
    stage = _Stormy(seed=seed, behaviour=Behaviour(), options=RunOptions(parallelism=8))
    codes = []
    for _ in range(5):
        report = stage.apply(_pairs(PAIRS))
        codes.append(int(report.exit_code))
        if not report.exit_code:
            break
    runs = ", ".join(map(str, codes))
    return f"{stage.outcome()}, {stage.ends_s:4.0f} s, exit codes of the runs: {runs}"


def _loop(seed: int) -> str:
    stage = _Stormy(seed=seed, behaviour=Behaviour())
    took_s = stage.act(_post_all(stage))
    return f"{stage.outcome()}, {took_s:4.0f} s"


async def _post_all(stage: _Stormy) -> float:
    """Post each question, then its answer; after an error wait a second and post again."""
    wire = _Slow(stage.app)
    for number in range(PAIRS):
        key = f"q{number}"
        title = f"What is the story of {key}?"
        form = {"title": title, "body": BODY.format(key), "tags": "testing"}
        found = await _post(stage, wire, "questions/add", form)
        if found is None:
            continue
        path = f"questions/{found['question_id']}/answers/add"
        await _post(stage, wire, path, {"body": ANSWER.format(f"{key}#a")})
    return asyncio.get_running_loop().time()


async def _post(
    stage: _Stormy, wire: _Slow, path: str, form: Mapping[str, str]
) -> Mapping[str, Any] | None:
    for _ in range(4):
        stage.requests += 1
        request = httpx.Request(
            "POST",
            f"{ORIGIN}/2.3/{path}",
            headers={
                "X-API-Access-Token": stage.token,
                "Content-Type": "application/x-www-form-urlencoded",
            },
            content=urlencode({**form, "team": "acme"}),
        )
        try:
            response = await wire.handle_async_request(request)
            await response.aread()
            item: Mapping[str, Any] = json.loads(response.content)["items"][0]
        except (httpx.HTTPError, OSError, ValueError, LookupError):
            await asyncio.sleep(1.0)
        else:
            return item
    return None


if __name__ == "__main__":
    main()
