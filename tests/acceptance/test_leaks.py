"""F84: wherever the importer breaks, its token shows nowhere."""

from __future__ import annotations

import base64
import signal
import subprocess
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FrameType
from urllib.parse import quote

import pytest

from importer.cli.console import Console
from importer.sandbox import open_world
from tests.acceptance.running import environment, program, served_sandbox
from tests.cli.stage import Program, question, write_manifest

POINTS = 200
_HOLDERS = "/teams/secret.py"
_ATTACHES = "_outgoing"
"""The transport's function that writes the header; nothing else may hold the token."""


class Bomb:
    """Counts the calls of the importer's functions, and breaks the one with the number *at*."""

    def __init__(self, at: int = 0) -> None:
        self.calls = 0
        self._at = at
        self._ours: dict[CodeType, bool] = {}

    def __enter__(self) -> Bomb:
        self._before = sys.gettrace()
        # Not setprofile: it is told of every call of a C function, and of every return.
        sys.settrace(self._heed)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(self._before)

    def _heed(self, frame: FrameType, _event: str, _: object) -> None:
        code = frame.f_code
        if code not in self._ours:
            name = code.co_filename
            self._ours[code] = "/importer/" in name and "/importer/sandbox/" not in name
        self.calls += self._ours[code]
        if self._ours[code] and self.calls == self._at:
            message = "the bomb went off"
            raise RuntimeError(message)


def told_with_locals(error: BaseException) -> str:
    """Return the traceback of *error* with the locals of all frames that need no token."""
    try:
        shown = traceback.TracebackException.from_exception(error, capture_locals=True)
    except AttributeError:  # The bomb went off while an object was made: it can't be shown yet.
        shown = traceback.TracebackException.from_exception(error)
    pending = [shown]
    while pending:
        here = pending.pop()
        for frame in here.stack:
            if frame.filename.endswith(_HOLDERS) or frame.name == _ATTACHES:
                frame.locals = None
        inner = (here.__cause__, here.__context__, *(here.exceptions or ()))
        pending.extend(it for it in inner if it is not None)
    return "".join(shown.format())


@pytest.fixture
def tracebacks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every exception that was taken for a bug, told with the locals of all frames."""
    told: list[str] = []
    log = Console.log_exception

    def tell(console: Console, error: BaseException) -> None:
        told.append(told_with_locals(error))
        log(console, error)

    monkeypatch.setattr(Console, "log_exception", tell)
    return told


def spellings(token: str) -> tuple[str, ...]:
    return token, token[:12], base64.b64encode(token.encode()).decode(), quote(token, safe="")


def files_in(folder: Path) -> Iterator[bytes]:
    return (path.read_bytes() for path in folder.rglob("*") if path.is_file())


# A bomb may go off in a generator that is being closed, where nobody can catch it.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.usefixtures("unhurried")
def test_f84_an_exception_at_any_of_200_points_shows_no_token(
    cli: Program,
    home: Path,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    tracebacks: list[str],
) -> None:
    team = tmp_path / "team.db"
    world = open_world(team)
    token = world.tokens("acme").read_write
    world.close()
    codes: list[int] = []
    said: list[str] = []

    def apply(run: int, at: int = 0) -> Bomb:
        title = f"What becomes of the run with the number {run}?"
        write_manifest(home, question("a", title=title), namespace=f"n{run}")
        bomb = Bomb(at)
        try:
            with bomb:
                done = cli("apply", "--yes", "--debug", "--url", f"sandbox:{team}")
        except RuntimeError as error:
            tracebacks.append(told_with_locals(error))
        else:
            codes.append(done.code)
            said.extend((done.out, done.err))
        return bomb

    apply(0)
    calls = apply(1).calls
    assert codes == [0, 0]
    for point in range(POINTS):
        apply(2 + point, 1 + point * calls // POINTS)
    assert len(tracebacks) > POINTS / 2
    assert codes.count(1) > POINTS / 2
    shown = "\n".join([*said, *tracebacks, caplog.text])
    assert not [it for it in spellings(token) if it in shown]
    assert not [it for it in spellings(token) for file in files_in(home) if it.encode() in file]


def test_f84_a_crash_of_the_interpreter_shows_no_token(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    write_manifest(tmp_path / "home", *(question(f"q{number}") for number in range(40)))
    with served_sandbox(tmp_path) as sandbox:
        process = subprocess.Popen(
            program("apply", "--yes", "--debug"),
            cwd=tmp_path / "home",
            env=environment(
                PYTHONFAULTHANDLER="1", PYTHONDEVMODE="1", PYTHONWARNINGS="always", **sandbox.env()
            ),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert process.stdout is not None
        for line in process.stdout:
            if b"questions/add: 200" in line:
                process.send_signal(signal.SIGABRT)
                break
        said = process.stdout.read()
        process.stdout.close()
        assert process.wait(15) == -signal.SIGABRT
    assert b"Fatal Python error: Aborted" in said
    token = sandbox.tokens["read_write"].encode()
    assert token not in said
    assert not [file for file in files_in(tmp_path / "home") if token in file]
