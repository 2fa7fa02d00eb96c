"""A manifest, a served team and runs of the program against it: what these tests claim about."""

from __future__ import annotations

import asyncio
import re
import threading
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from importer.sandbox import Post, RequestRecord, Tokens, World, open_world
from importer.sandbox.serving import serve
from tests.acceptance.forking import Child, Deed, Ended, Forks, Ways
from tests.cli.stage import question, write_manifest

__all__ = ["TEAM", "Grounds", "Scene", "Stage", "Team", "grounds", "points_of", "spread"]

_T = TypeVar("_T")
_MARKER = re.compile(r"teams-importer:1 (\S+)")
TEAM = "acme"
NAMESPACE = "kill"


@dataclass
class Team:
    """A team in memory, served from the thread of its grounds."""

    url: str
    tokens: Tokens
    world: World
    ask: Callable[[Callable[[], Any]], Any]

    @property
    def env(self) -> dict[str, str]:
        return {
            "TEAMS_IMPORTER_URL": self.url,
            "TEAMS_IMPORTER_TEAM": TEAM,
            "TEAMS_IMPORTER_TOKEN": self.tokens.read_write,
        }

    def requests(self) -> list[RequestRecord]:
        """Return what was asked of the API so far."""
        return list(self.world.requests)

    def writes(self) -> int:
        """Count the writes that took effect; a run's first check sends some that can't."""
        return sum(it.method == "POST" and it.status == 200 for it in self.requests())

    def posts(self, *, deleted: bool = False) -> list[Post]:
        found: list[Post] = self.ask(
            lambda: [
                *self.world.questions(TEAM, deleted=deleted),
                *self.world.answers(TEAM, deleted=deleted),
            ]
        )
        return found

    def keys(self) -> Counter[str]:
        return Counter(_MARKER.findall("\n".join(it.body for it in self.posts())))

    def accepted(self) -> set[str]:
        """Return the keys of the accepted answers."""
        posts = self.posts()
        chosen = {it.accepted_id for it in posts if it.accepted_id is not None}
        return {_MARKER.findall(it.body)[0] for it in posts if it.id in chosen}


class Grounds:
    """A thread in which teams are served, one after the other or at once."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def submit(self, coroutine: Any) -> Future[Any]:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    def ask(self, what: Callable[[], _T]) -> _T:
        """Call *what* in the thread: a world belongs to it."""

        async def call() -> _T:
            return what()

        answer: _T = self.submit(call()).result(30)
        return answer

    @contextmanager
    def running(self, coroutine: Coroutine[Any, Any, None]) -> Iterator[None]:
        """Run *coroutine* in the thread until the block ends."""
        task = self.ask(lambda: self._loop.create_task(coroutine))
        try:
            yield
        finally:
            self.submit(_end(task)).result(30)

    @contextmanager
    def team(self, **how: Any) -> Iterator[Team]:
        """Serve a new team, and *how*: as `serve` takes it."""
        world = self.ask(lambda: open_world(seed=1))
        ready: Future[str] = Future()
        try:
            with self.running(serve(world, ready=ready.set_result, **how)):
                url = ready.result(30).rstrip("/")
                yield Team(url, self.ask(lambda: world.tokens(TEAM)), world, self.ask)
        finally:
            self.ask(world.close)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(15)
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


@contextmanager
def grounds() -> Iterator[Grounds]:
    here = Grounds()
    try:
        yield here
    finally:
        here.close()


@dataclass
class Scene:
    """A manifest of `items` questions, each with an accepted answer, in a folder of its own."""

    folder: Path
    team: Team
    forks: Forks
    items: int
    url: str = ""
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        write_manifest(self.folder, *map(self._question, range(self.items)), namespace=NAMESPACE)

    def _question(self, number: int) -> dict[str, Any]:
        # The first two lead to each other, so that one of them takes a second write.
        linked = 1 if number == 0 else number - 1
        body = f"The answer to question {number}, which is long enough to be one."
        return question(
            f"q{number}",
            title=f"What becomes of question number {number}?",
            body=f"It leads to [another](key:q{linked}) question of this manifest.",
            answers=[{"key": "a", "accepted": True, "body": body}],
        )

    @property
    def keys(self) -> set[str]:
        questions = {f"{NAMESPACE}:q{number}" for number in range(self.items)}
        return questions | {f"{it}#a" for it in questions}

    @property
    def journal(self) -> Path:
        (path,) = (self.folder / ".teams-importer").glob("*.db")
        return path

    def start(self, *options: str, ways: Ways = Ways()) -> Child:  # noqa: B008 - frozen
        """Start an apply; *options* come later than those it has anyway, and win."""
        return self._start(["apply", "--yes", "--settle", "0", *options, self.folder], ways)

    def _start(self, command: Sequence[str | Path], ways: Ways) -> Child:
        env = {**self.team.env, **({"TEAMS_IMPORTER_URL": self.url} if self.url else {})}
        return self.forks.start(command, self.folder, env, ways)

    def run(self, *command: str | Path) -> Ended:
        """Run another command to its end."""
        ended = self._start(command, Ways()).wait()
        self.said.append(ended.said)
        return ended

    def apply(self, *options: str, ways: Ways = Ways()) -> Ended:  # noqa: B008 - frozen
        ended = self.start(*options, ways=ways).wait()
        self.said.append(ended.said)
        return ended

    def apply_with(self, *deeds: Deed) -> Ended:
        return self.apply(ways=Ways(deeds))

    def is_whole(self) -> None:
        """Claim one post per key, none missing, none ever made too many, all answers accepted."""
        assert self.team.keys() == Counter(self.keys)
        assert self.team.accepted() == {it for it in self.keys if it.endswith("#a")}
        assert not self.team.posts(deleted=True), "a post had to be taken away again"

    def goes_on(self) -> None:
        """Claim that the same command goes on to the end, and that one more writes nothing."""
        ended = self.apply()
        assert ended.code == 0, ended.said
        self.is_whole()
        self.changes_nothing()

    def changes_nothing(self) -> None:
        before, posts = self.team.writes(), self.team.posts()
        ended = self.apply()
        assert ended.code == 0, ended.said
        assert "No changes" in ended.out
        assert self.team.writes() == before
        assert self.team.posts() == posts


Stage = Callable[[int], AbstractContextManager[Scene]]
"""Sets a scene of so many questions, with an empty team of its own."""


def points_of(told: Path) -> list[tuple[str, int]]:
    """Return the points that a run passed, each with its occurrence."""
    seen: Counter[str] = Counter()
    points = []
    for name in told.read_text().splitlines():
        seen[name] += 1
        points.append((name, seen[name]))
    return points


def spread(points: Sequence[_T], count: int) -> list[_T]:
    """Return *count* of *points*, evenly spread, the first and the last among them."""
    if len(points) <= count:
        return list(points)
    return [points[at * (len(points) - 1) // (count - 1)] for at in range(count)]
