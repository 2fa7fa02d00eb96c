"""Starts real runs of the program in a few milliseconds each: forks of one warm process.

A start of Python and of all that an apply imports takes a second of processor time; a fork of a
process that has done so takes none. The runs are told by `deeds` what befalls them, and where:
before or after which call of which port. See `forked` for what happens there.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.acceptance.running import environment
from tests.conftest import ROOT

__all__ = ["Child", "Deed", "Ended", "Forks", "Ways", "forks"]

_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Deed:
    """What befalls a run at the *nth* time it passes the point *at*: `team.write.before`, ...

    The point `*` is any.
    `do` is kill, stop, int, term (signals); full (no file grows any more); fill (the disk of the
    folder *where*); or keep (a copy of the journal into the folder *where*).
    """

    do: str
    at: str
    nth: int = 1
    where: str = ""


@dataclass(frozen=True, slots=True)
class Ways:
    """How a run runs. `told` is the file that gets the points it passed and the deeds done.

    `disk` (start of a statement, which one, before it or afterwards) is an error of the journal's
    disk; `room` how large a file can become; `user` who runs it; `deadline_s` a request's deadline,
    `lease_s` how long the lease of a journal on a git ref lasts; without it, everybody's is over.
    """

    deeds: Sequence[Deed] = ()
    told: Path | None = None
    disk: tuple[str, int, bool] | None = None
    room: int | None = None
    user: int | None = None
    deadline_s: float | None = None
    lease_s: float | None = None
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended: its exit code, or minus the signal; and all that it said."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        return self.out + self.err


class Child:
    """A run under way."""

    def __init__(self, forks: Forks, pid: int, out: Path, err: Path) -> None:
        self.pid = pid
        self._forks = forks
        self._files = (out, err)

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def wait_for_stop(self) -> None:
        """Wait until it has stopped (SIGSTOP)."""
        status = self._forks.wait(self.pid, _SECONDS)
        assert status is not None
        assert os.WIFSTOPPED(status), self.said()

    def is_running(self, seconds: float) -> bool:
        """Tell whether it is still there *seconds* from now; after a no, it is gone for good."""
        return self._forks.wait(self.pid, seconds) is None

    def wait(self, seconds: float = _SECONDS) -> Ended:
        """Wait until it has ended; one that doesn't is killed, and the test fails."""
        status = self._forks.wait(self.pid, seconds)
        if status is None:
            self.signal(signal.SIGKILL)
            self._forks.wait(self.pid, _SECONDS)
            message = f"still running after {seconds} s\n{self.said()}"
            raise AssertionError(message)
        return Ended(os.waitstatus_to_exitcode(status), *self.read())

    def read(self) -> tuple[str, str]:
        out, err = (it.read_text(encoding="utf-8") for it in self._files)
        return out, err

    def said(self) -> str:
        return "".join(self.read())


class Forks:
    """The warm process, asked over its standard input."""

    def __init__(self, process: subprocess.Popen[str], folder: Path) -> None:
        self._process = process
        self._folder = folder
        self._count = 0

    def start(
        self, arguments: Sequence[str | Path], cwd: Path, env: Mapping[str, str], ways: Ways
    ) -> Child:
        self._count += 1
        out, err = (self._folder / f"{self._count}.{it}" for it in ("out", "err"))
        for file in (out, err):
            file.touch(0o600)
        spec = {
            "arguments": [str(it) for it in arguments],
            "cwd": str(cwd),
            "env": {**environment(), **env, **ways.env},
            "out": str(out),
            "err": str(err),
            "deeds": [asdict(it) for it in ways.deeds],
            "told": str(ways.told) if ways.told else None,
            "disk": ways.disk,
            "room": ways.room,
            "user": ways.user,
            "deadline_s": ways.deadline_s,
            "lease_s": ways.lease_s,
        }
        pid = self._ask({"ask": "start", "spec": spec})
        assert pid is not None
        return Child(self, pid, out, err)

    def wait(self, child: int, seconds: float) -> int | None:
        return self._ask({"ask": "wait", "child": child, "seconds": seconds})

    def _ask(self, question: Mapping[str, Any]) -> int | None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{json.dumps(question)}\n")
        self._process.stdin.flush()
        answer: int | None = json.loads(self._process.stdout.readline())
        return answer


@contextmanager
def forks() -> Iterator[Forks]:
    """Keep the warm process until the block ends."""
    manifest = ROOT / "examples" / "minimal.yaml"
    command = [sys.executable, "-P", "-m", "tests.acceptance.forked", str(manifest)]
    with (
        TemporaryDirectory(prefix="forks-") as folder,
        subprocess.Popen(
            command,
            cwd=folder,
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        try:
            yield Forks(process, Path(folder))
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait(15)
