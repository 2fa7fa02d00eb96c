"""Brings a file's content to the disk in a thread of its own, while the event loop goes on."""

import asyncio
import contextlib
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter

__all__ = ["Syncing"]

# As SQLite does it.
_sync = os.fsync if sys.platform == "darwin" else os.fdatasync
# To wait for a thread takes longer (measured: 0.15 ms, and some ms on a busy machine).
_QUICK_S = 0.0001


class Syncing:
    """The syncs of one open file, one at a time: who comes during one shares the next with others.

    After a sync that took next to no time (a RAM disk, or a cache that outlives a power cut) the
    next one happens on the loop; after one that took longer, in the thread again.

    After a failure nothing is synced any more: the system may have thrown away what it couldn't
    write, and the next sync would succeed without it.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._thread = ThreadPoolExecutor(1, "journal")
        self._written = self._synced = 0
        self._under_way: asyncio.Future[None] | None = None
        self._failure: OSError | None = None
        self._is_quick = False

    async def sync(self) -> None:
        """Return when all that was written before is on the disk. OSError, now and ever after.

        A cancellation is put off until then: nothing is under way any more when this has ended.
        """
        self._written += 1
        await self._wait_for(self._written)

    async def close(self) -> None:
        """Wait for what is under way, and let the thread go. The file stays open."""
        try:
            # Of a failure those were told who wait for it.
            with contextlib.suppress(OSError):
                await self._wait_for(self._written)
        finally:
            self._thread.shutdown()

    async def _wait_for(self, written: int) -> None:
        cancelled: asyncio.CancelledError | None = None
        while self._synced < written:
            if self._failure is not None:
                raise self._failure
            try:
                await self._next()
            except asyncio.CancelledError as error:
                cancelled = error
        if cancelled is not None:
            raise cancelled

    async def _next(self) -> None:
        """Wait for the sync under way, or for one of all that was written by now."""
        if self._under_way is None or self._under_way.done():
            if self._is_quick:
                self._carry_out(self._written)
                return
            loop = asyncio.get_running_loop()
            self._under_way = loop.run_in_executor(self._thread, self._carry_out, self._written)
        await asyncio.shield(self._under_way)

    def _carry_out(self, written: int) -> None:
        began = perf_counter()
        try:
            _sync(self._descriptor)
        except OSError as error:
            self._failure = error
        else:
            self._is_quick = perf_counter() - began < _QUICK_S
            self._synced = written
