"""The command line under test: called in this process, and a sandbox to talk to."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from importer.cli.main import main
from importer.sandbox import Behaviour, Keys, Post, Tier, Tokens, World, open_world
from importer.sandbox.certifying import Certified, certified
from importer.sandbox.serving import serve
from importer.teams import LiveTeam

__all__ = [
    "Program",
    "Result",
    "Served",
    "posts_in",
    "question",
    "serving",
    "stop_at_once",
    "write_manifest",
]


@dataclass(frozen=True)
class Result:
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


class Program:
    """Calls the command line in this process."""

    def __init__(self, capsys: Any) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: str | Path) -> Result:
        code = main([str(it) for it in arguments])
        out, err = self._capsys.readouterr()
        return Result(code, out, err)


@dataclass(frozen=True)
class Served:
    """A sandbox that listens on loopback, in a thread of its own, where `ask` calls something."""

    url: str
    tokens: Tokens
    log: Path
    ask: Callable[[Callable[[World], Any]], Any]
    keys: Keys | None = None
    ca_bundle: Path | None = None

    def requests(self) -> list[dict[str, Any]]:
        """Return the log: one record per request; a line that is being written isn't one yet."""
        text = self.log.read_text() if self.log.exists() else ""
        return [json.loads(line) for line in text.rpartition("\n")[0].splitlines()]

    def env(self, token: str = "read_write") -> dict[str, str]:  # noqa: S107 - the sort of token
        return {
            "TEAMS_IMPORTER_URL": self.url,
            "TEAMS_IMPORTER_TEAM": "acme",
            "TEAMS_IMPORTER_TOKEN": getattr(self.tokens, token),
        }


@dataclass
class _Ready:
    event: threading.Event = field(default_factory=threading.Event)
    url: str = ""
    tokens: Tokens | None = None
    keys: Keys | None = None
    world: World | None = None


@contextmanager
def serving(
    folder: Path,
    *,
    behaviour: Behaviour = Behaviour(),  # noqa: B008 - frozen
    tier: Tier = "business",
    tls: bool = False,
    prepare: Callable[[World], object] = lambda _: None,
) -> Iterator[Served]:
    """Serve a sandbox that keeps its team in `folder/team.db` until the block ends."""
    with certified("127.0.0.1") if tls else nullcontext() as made:
        yield from _served(folder, behaviour, tier, made, prepare)


def _served(
    folder: Path,
    behaviour: Behaviour,
    tier: Tier,
    made: Certified | None,
    prepare: Callable[[World], object],
) -> Iterator[Served]:
    said = _Ready()
    loop = asyncio.new_event_loop()
    log = folder / "requests.jsonl"

    def ready(url: str) -> None:
        said.url = url.rstrip("/")
        said.event.set()

    async def listen() -> None:
        world = open_world(folder / "team.db", behaviour=behaviour, tier=tier)
        prepare(world)
        said.world = world
        said.tokens = world.tokens("acme")
        said.keys = world.keys("acme") if tier == "enterprise" else None
        certificate, key = (made.certificate, made.key) if made else (None, None)
        try:
            await serve(world, log=log, ready=ready, certificate=certificate, key=key)
        finally:
            world.close()

    def run() -> None:
        asyncio.set_event_loop(loop)
        tasks.append(loop.create_task(listen()))
        _run_until_cancelled(loop, tasks[0])

    def ask(what: Callable[[World], Any]) -> Any:
        async def call() -> Any:
            assert said.world is not None
            return what(said.world)

        return asyncio.run_coroutine_threadsafe(call(), loop).result(15)

    tasks: list[asyncio.Task[None]] = []
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        assert said.event.wait(15)
        assert said.tokens is not None
        authority = made.authority if made else None
        yield Served(said.url, said.tokens, log, ask, said.keys, authority)
    finally:
        loop.call_soon_threadsafe(tasks[0].cancel)
        thread.join(15)


def _run_until_cancelled(loop: asyncio.AbstractEventLoop, task: asyncio.Task[None]) -> None:
    try:
        loop.run_until_complete(task)
    except asyncio.CancelledError:
        pass
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


def posts_in(database: Path) -> list[Post]:
    """Return every question and answer of the team in a sandbox's file."""
    world = open_world(database)
    try:
        return [*world.questions("acme"), *world.answers("acme")]
    finally:
        world.close()


def question(key: str, *, title: str = "", body: str = "", **more: Any) -> dict[str, Any]:
    return {
        "key": key,
        "title": title or f"What is the story of {key}?",
        "tags": ["testing"],
        "body": body or f"Once upon a time there was a question about {key}.",
        **more,
    }


def write_manifest(
    folder: Path, *questions: Mapping[str, Any], namespace: str = "handbook", **more: Any
) -> Path:
    """Write a manifest (YAML is a superset of JSON) and return its path."""
    document = {"version": 1, "namespace": namespace, **more, "questions": list(questions)}
    path = folder / "teams-importer.yaml"
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False), encoding="utf-8")
    return path


def stop_at_once(monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    """Let two signals come while the write after so many is on its way; the first time only."""
    writing, sent = LiveTeam.write, [0]

    async def write(self: LiveTeam, *given: Any) -> Any:
        sent[0] += 1
        outcome = await writing(self, *given)
        if sent[0] == after + 1:
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)
            await asyncio.sleep(5)
        return outcome

    monkeypatch.setattr(LiveTeam, "write", write)
