"""An event loop whose time is a variable: waiting costs nothing, and equal runs are equal.

`run(coroutine)` is the face. Sleeps, deadlines and backoffs jump; what is meant for another thread
happens at once in this one; sockets and subprocesses do nothing, and a loop that waits for them is
reported as stuck.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar, TypeVarTuple, Unpack

__all__ = ["LoopClock", "StuckError", "VirtualLoop", "run"]

_T = TypeVar("_T")
_Ts = TypeVarTuple("_Ts")
_FOREVER_S = 10 * 365 * 86_400.0


class StuckError(RuntimeError):
    """Nothing is ready and no timer runs, or virtual years have passed."""


class _JumpingSelector(selectors.SelectSelector):
    """Answers at once that nothing happened, and moves the time on by what was to be waited."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise StuckError("everybody waits for somebody else")
        self.now += max(0.0, timeout)
        if self.now > _FOREVER_S:
            raise StuckError("ten virtual years have passed")
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """`time()` starts at zero and moves only when there is nothing left to do."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now

    def run_in_executor(
        self,
        executor: Executor | None,  # noqa: ARG002 - no thread is asked
        func: Callable[[Unpack[_Ts]], _T],
        *args: *_Ts,
    ) -> asyncio.Future[_T]:
        future: asyncio.Future[_T] = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:
            future.set_exception(error)
        return future


class LoopClock:
    """A wall clock that follows the running loop's time; fits every port called Clock.

    Outside a loop it stands still; `advance` moves it in both.
    """

    def __init__(self, start: datetime = datetime(2026, 1, 5, 9, tzinfo=UTC)) -> None:
        self._start = start

    def now(self) -> datetime:
        try:
            passed = asyncio.get_running_loop().time()
        except RuntimeError:
            passed = 0.0
        return self._start + timedelta(seconds=passed)

    def advance(self, seconds: float) -> None:
        self._start += timedelta(seconds=seconds)


def run(coroutine: Coroutine[Any, Any, _T]) -> _T:
    """Run *coroutine* to its end in virtual time and return its result."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(coroutine)
