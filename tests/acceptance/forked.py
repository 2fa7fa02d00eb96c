"""Runs inside processes: a parent that has imported everything, and a fork of it for each run.

A fork is the real program, called with real arguments; what befalls it is real as well: signals it
sends to itself at a point between two calls of the ports, limits of its files, an error of a disk.
Reads one JSON document a line, and answers with one. See `forking`, the other end.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import resource
import shutil
import signal
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from importer.cli import applying, visiting
from importer.cli.main import main
from importer.cli.wiring import SystemClock
from importer.errors import ImporterError
from importer.journal import git_lease, git_remote
from importer.model.live import Need
from importer.ports import Journal
from importer.teams import Connection, Mode, Secret, limiter, open_team
from importer.teams.v2 import dialect, errors
from tests.simulation.crashing import CrashingJournal, CrashingTeam, Points
from tests.simulation.speech import Intents

_SIGNALS = {
    "kill": signal.SIGKILL,
    "stop": signal.SIGSTOP,
    "int": signal.SIGINT,
    "term": signal.SIGTERM,
}


class Hasty(Random):
    """Lets retries follow at once."""

    def uniform(self, a: float, b: float) -> float:
        return min(a, b)


@dataclass
class KillableTeam(CrashingTeam):
    """A live team whose calls are points, and which has the rest of its face."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self.team, name)


class Befalls:
    """What befalls this process at the points it passes, each told by name and occurrence."""

    def __init__(self, deeds: list[dict[str, Any]], told: str | None) -> None:
        self._deeds = deeds
        self._told = told
        self._passed: Counter[str] = Counter()
        self.journal: Path | None = None

    def __call__(self, _number: int, name: str) -> bool:
        if name.endswith(".torn"):
            return False  # The same moment as the one after the call.
        self._passed.update((name, "*"))
        self.tell(name)
        for deed in self._deeds:
            if deed["at"] in (name, "*") and self._passed[deed["at"]] == deed["nth"]:
                self._do(deed)
        return False

    def tell(self, what: str) -> None:
        if self._told is not None:
            with Path(self._told).open("a", encoding="utf-8") as told:
                told.write(f"{what}\n")

    def _do(self, deed: dict[str, Any]) -> None:
        self.tell(deed["do"])
        match deed["do"]:
            case "full":
                limit_files(self._journal_files()[-1].stat().st_size)
            case "fill":
                fill(Path(deed["where"]))
            case "keep":
                kept = Path(deed["where"])
                kept.mkdir()
                for file in self._journal_files():
                    shutil.copyfile(file, kept / file.name)
            case sort:
                os.kill(os.getpid(), _SIGNALS[sort])

    def _journal_files(self) -> list[Path]:
        """Return the journal's files; the last one is that which grows."""
        assert self.journal is not None
        files = (self.journal, self.journal.with_name(f"{self.journal.name}-wal"))
        return [it for it in files if it.exists()]


def fill(folder: Path) -> None:
    """Leave no byte of the disk that *folder* is on."""
    with suppress(OSError), (folder / "filler").open("ab", buffering=0) as filler:
        while True:
            filler.write(bytes(512))


def limit_files(size: int) -> None:
    """Let no file of this process grow beyond *size*: to a program, that is a full disk."""
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, most))


class FailingDisk(sqlite3.Connection):
    """A connection one of whose statements meets an error of the disk."""

    start = ""
    nth = 0
    afterwards = False
    met = 0
    tell: Callable[[str], None]

    def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
        if not sql.startswith(self.start):
            return super().execute(sql, *values)
        FailingDisk.met += 1
        if FailingDisk.met != self.nth:
            return super().execute(sql, *values)
        FailingDisk.tell("disk")
        if self.afterwards:
            super().execute(sql, *values)
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorname = "SQLITE_IOERR_FSYNC"
        raise error


def hurry(lease_s: float | None) -> None:
    """Wait for nothing: neither pace nor bans nor leases are what most runs are about."""
    vars(git_lease)["APART_S"] = -git_lease.LEASE_S
    if lease_s is not None:
        vars(git_lease).update(LEASE_S=lease_s, MARGIN_S=lease_s / 2, APART_S=lease_s / 10)
    vars(git_remote)["_AGAIN_S"] = (0.0, 0.0)
    quick = {"_SAFETY_S": 0.0, "_BAN_S": 0.2, "_BAN_MOST_S": 0.4}
    vars(limiter).update(quick)
    vars(errors)["_DEFAULT_WAIT_S"] = 0.2
    vars(dialect)["Limiter"] = partial(limiter.Limiter, places=1_000_000)


def wrap_ports(befalls: Befalls, deadline_s: float | None) -> None:
    """Put points before and after every call of the ports, and of the journal's opening."""
    points = Points(befalls, lambda _: None)
    journal_of = vars(applying)["journal_of"]

    @asynccontextmanager
    async def opened(connection: Connection, **how: Any) -> AsyncIterator[KillableTeam]:
        if deadline_s is not None:
            object.__setattr__(connection, "deadline_s", deadline_s)
        async with open_team(connection, random=Hasty(), **how) as team:
            yield KillableTeam(team, points)

    def journal(place: Any, *arguments: Any, **how: Any) -> Journal:
        befalls.journal = place if isinstance(place, Path) else None
        points("journal.open.before")
        inner = journal_of(place, *arguments, **how)
        points("journal.open.after")
        return CrashingJournal(inner, points, Intents(), lambda _: None)

    vars(visiting).update(open_team=opened)
    vars(applying).update(journal_of=journal)


def become(spec: dict[str, Any]) -> int:
    """Be the program, as *spec* says; never to return is one of the ways to end."""
    for number, path in ((0, os.devnull), (1, spec["out"]), (2, spec["err"])):
        how = os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT | os.O_APPEND
        descriptor = os.open(path, how, 0o600)
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.chdir(spec["cwd"])
    os.environ.clear()
    os.environ.update(spec["env"])
    hurry(spec["lease_s"])
    befalls = Befalls(spec["deeds"], spec["told"])
    wrap_ports(befalls, spec["deadline_s"])
    if spec["disk"]:
        FailingDisk.tell = befalls.tell
        FailingDisk.start, FailingDisk.nth, FailingDisk.afterwards = spec["disk"]
        sqlite3.connect = partial(sqlite3.connect, factory=FailingDisk)  # type: ignore[assignment]
    if spec["room"] is not None:
        limit_files(spec["room"])
    if spec["user"] is not None:
        os.setuid(spec["user"])
    return main(spec["arguments"])


def start(spec: dict[str, Any]) -> int:
    child = os.fork()
    if child:
        return child
    code = 70
    try:
        code = become(spec)
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


def wait(child: int, seconds: float) -> int | None:
    """Return the status of *child* when it ends or stops; None when it does neither in time."""
    deadline = time.monotonic() + seconds
    while True:
        ended, status = os.waitpid(child, os.WNOHANG | os.WUNTRACED)
        if ended:
            return status
        if time.monotonic() > deadline:
            return None
        time.sleep(0.002)


def warm_up(manifest: str) -> None:
    """Import and compile whatever a run needs, once for all of them."""
    silence = os.open(os.devnull, os.O_WRONLY)
    kept = os.dup(1), os.dup(2)
    for number in (1, 2):
        os.dup2(silence, number)
    for command in ("plan", "apply"):
        more = ["--yes"] if command == "apply" else []
        main([command, "--url", "sandbox:", *more, manifest])
    asyncio.run(knock())
    sys.stdout.flush()
    sys.stderr.flush()
    for number, descriptor in zip((1, 2), kept, strict=True):
        os.dup2(descriptor, number)
    gc.collect()
    gc.freeze()


async def knock() -> None:
    """Ask where nobody answers: what speaks HTTP is imported when it first speaks."""
    nowhere = Connection("http://127.0.0.1:1", "acme", Secret("a-token-that-is-none"))
    async with open_team(nowhere, mode=Mode.READ, clock=SystemClock(), random=Hasty()) as team:
        with suppress(ImporterError):
            await team.check(Need(write=False))


def serve() -> None:
    asked: dict[str, Callable[[dict[str, Any]], int | None]] = {
        "start": lambda it: start(it["spec"]),
        "wait": lambda it: wait(it["child"], it["seconds"]),
    }
    warm_up(sys.argv[1])
    answers = os.fdopen(os.dup(1), "w")
    for line in sys.stdin:
        question = json.loads(line)
        answers.write(f"{json.dumps(asked[question['ask']](question))}\n")
        answers.flush()


if __name__ == "__main__":
    serve()
