"""Starts git: no prompt, no hook, no pager, nothing of a working tree, and always an end."""

import asyncio
import os
import signal
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TypeVar

from importer.errors import JournalError
from importer.journal.git_address import GitRef

__all__ = ["TIMEOUT_S", "Answer", "Git", "steadily"]

_T = TypeVar("_T")
TIMEOUT_S = 100.0
"""No command takes longer, whatever it waits for."""
_GRACE_S = 5.0
"""What is under way when somebody says stop has as long to end by itself."""
_TAME = (
    *("-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false"),
    *("-c", "gc.auto=0", "-c", "maintenance.auto=false", "-c", "core.logAllRefUpdates=false"),
    *("-c", "push.followTags=false", "-c", "push.gpgSign=false", "-c", "push.recurseSubmodules=no"),
    *("-c", "fetch.recurseSubmodules=no", "-c", "protocol.ext.allow=never"),
    # A connection that says nothing any more is no connection.
    *("-c", "http.lowSpeedLimit=100", "-c", "http.lowSpeedTime=30"),
)
# What says where a repository is: git sets it when it starts us from a hook.
_PLACES = (
    *("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_NAMESPACE"),
    *("GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_PREFIX"),
    *("GIT_GRAFT_FILE", "GIT_SHALLOW_FILE", "GIT_REPLACE_REF_BASE", "GIT_CURL_VERBOSE"),
)
# Our own hold the team's token; a trace could show git's.
_NOT_FOR_GIT = ("TEAMS_IMPORTER_", "GIT_TRACE")
_SETTINGS = {
    "GIT_TERMINAL_PROMPT": "0",
    "GCM_INTERACTIVE": "never",
    "SSH_ASKPASS_REQUIRE": "never",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
    # A clone without all objects would bring each of the journal's files by itself.
    "GIT_NO_LAZY_FETCH": "1",
    "LC_ALL": "C",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """How a command ended: its exit code, what it gave, and the last of what it said."""

    code: int
    out: bytes
    said: str


class Git:
    """git in one repository, with what *place* wants it to know and not to say.

    *settings* are more of its configuration: names and values.
    """

    def __init__(
        self, folder: Path, place: GitRef, settings: Sequence[tuple[str, str]] = ()
    ) -> None:
        self.folder = folder.absolute()
        self._place = place
        self._settings = (*place.settings, *settings)

    async def ask(self, *arguments: str, given: bytes = b"", within_s: float = TIMEOUT_S) -> Answer:
        """Return how git ended; what is under way is awaited, also when this is cancelled.

        JournalError where there is no git. One that doesn't end *within_s* is ended, or soon after
        a cancellation: whoever presses Ctrl-C doesn't wait for a network that hangs.
        """
        started: list[subprocess.Popen[bytes]] = []
        return await steadily(
            lambda: self._run(arguments, given, within_s, started), lambda: _end(started)
        )

    def _run(
        self,
        arguments: tuple[str, ...],
        given: bytes,
        within_s: float,
        started: list[subprocess.Popen[bytes]],
    ) -> Answer:
        try:
            # Into files: what git has started and left behind (ssh's master) may hold a pipe open.
            with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
                process = self._started(arguments, out, err)
                started.append(process)
                with process:
                    try:
                        process.communicate(given, within_s)
                    except subprocess.TimeoutExpired:
                        _end(started)
                        return Answer(-1, b"", f"no end within {within_s:.3g} s")
                out.seek(0)
                err.seek(0)
                gist = _gist(err.read().decode("utf-8", "replace"))
                return Answer(process.returncode, out.read(), self._place.redact(gist))
        except OSError as error:
            message = f"git can't be started: {error.strerror}"
            remedy = "A journal on a git ref needs the program git: install it, and try again."
            raise JournalError(message, remedy=remedy) from error

    def _started(
        self, arguments: tuple[str, ...], out: IO[bytes], err: IO[bytes]
    ) -> subprocess.Popen[bytes]:
        command = ["git", *_TAME, "-C", str(self.folder), *arguments]
        return subprocess.Popen(  # noqa: S603 - a command of ours
            command,
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=err,
            env=_environment(os.environ, self._settings),
            # Ctrl-C is for us: a checkpoint under way is finished.
            start_new_session=True,
        )


def _end(started: Sequence[subprocess.Popen[bytes]]) -> None:
    """End what was started and hasn't ended, and all that it has started: ssh, or another git."""
    for process in started:
        if process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def _environment(environ: Mapping[str, str], settings: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Return git's environment: configuration stands there, for arguments can be seen."""
    kept = {
        name: it
        for name, it in environ.items()
        if name not in _PLACES and not name.startswith(_NOT_FOR_GIT)
    }
    told = kept.get("GIT_CONFIG_COUNT", "")
    # Without a number there git would refuse to start.
    count = int(told) if told.isdecimal() else 0
    for at, (name, value) in enumerate(settings, count):
        kept |= {f"GIT_CONFIG_KEY_{at}": name, f"GIT_CONFIG_VALUE_{at}": value}
    return {**kept, **_SETTINGS, "GIT_CONFIG_COUNT": str(count + len(settings))}


def _gist(said: str) -> str:
    """Return the lines that say what went wrong, on one."""
    lines = [it.strip() for it in said.splitlines() if it.strip()]
    telling = [it for it in lines if it.startswith(("fatal:", "error:", "remote:", "ssh:"))]
    return "; ".join(dict.fromkeys((telling or lines)[:5]))


async def steadily(call: Callable[[], _T], end: Callable[[], None]) -> _T:
    """Return what *call* gives, made in a thread; a cancellation is put off until then.

    *end* is called when that takes long.
    """
    loop = asyncio.get_running_loop()
    future = loop.run_in_executor(None, call)
    cancelled: asyncio.CancelledError | None = None
    while not future.done():
        try:
            await asyncio.shield(future)
        except asyncio.CancelledError as error:
            cancelled = error
            loop.call_later(_GRACE_S, end)
        except Exception:  # noqa: S112 - raised below
            continue
    if cancelled is not None:
        raise cancelled
    return future.result()
