"""Signals during an apply: the first one stops it cleanly, the second one at once."""

import asyncio
import signal
from types import TracebackType
from typing import Any

from importer.cli.console import Console, Stopped
from importer.rendering.phrasing import counted

__all__ = ["Interrupts"]

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupts:
    """An async context in which SIGINT and SIGTERM set `stop`, and cancel when they come again.

    Before `begin_writing` nothing is worth finishing: the first one cancels. A cancelled block ends
    in Stopped. `exit_code` is 0, or 128 and the signal's number.
    """

    def __init__(self, console: Console) -> None:
        self.stop = asyncio.Event()
        self.exit_code = 0
        self._console = console
        self._writing = False
        self._unsettled = 0
        self._task: asyncio.Task[object] | None = None
        self._before: dict[int, Any] = {}

    def begin_writing(self) -> None:
        """From now on, finish what is under way when a signal comes."""
        self._writing = True

    def note_unsettled(self, number: int) -> None:
        """Remember that so many writes of earlier runs are still to be looked up."""
        self._unsettled = number

    async def __aenter__(self) -> "Interrupts":
        self._task = asyncio.current_task()
        for number in _SIGNALS:
            self._before[number] = signal.getsignal(number)
            asyncio.get_running_loop().add_signal_handler(number, self._heed, number)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            asyncio.get_running_loop().remove_signal_handler(number)
            signal.signal(number, handler)
        if self.exit_code and isinstance(error, asyncio.CancelledError):
            raise Stopped(self.exit_code - 128) from None

    def _heed(self, number: int) -> None:
        again = self.stop.is_set()
        self.exit_code = 128 + number
        self.stop.set()
        if self._writing and not again:
            self._console.say("stopping: what is under way is finished; once more stops at once")
            return
        self._console.say(f"interrupted, {self._state}")
        if self._task is not None:
            self._task.cancel()

    @property
    def _state(self) -> str:
        """What is left behind, and the command that goes on where something is."""
        again = self._console.command_line
        if self._writing:
            return f"at once; the next run looks up what is open: {again}"
        if not self._unsettled:
            return "nothing written"
        open_writes = counted(self._unsettled, "write")
        have = "has" if self._unsettled == 1 else "have"
        return (
            f"nothing written; {open_writes} of an earlier run still {have} no known outcome, "
            f"this looks up what came of it: {again}"
        )
