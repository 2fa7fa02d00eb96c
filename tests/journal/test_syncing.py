"""A call returns when its rows are on the disk; while the disk works, the event loop goes on."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from importer.errors import JournalError
from importer.journal import syncing
from importer.model.ids import Ref
from importer.model.ledger import State
from importer.ports import Journal
from tests.journal.factories import binding, journal_at, operation, report_of, run_of, wait
from tests.virtual_time import run


class SlowDisk:
    """Stands in for the sync. While `held` it waits; `seen` are the keys intended at each begin."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.seen: list[set[str]] = []
        self.error: OSError | None = None
        self._free = threading.Event()
        self._free.set()

    def __call__(self, descriptor: int) -> None:
        assert os.path.samestat(os.fstat(descriptor), Path(f"{self.path}-wal").stat())
        self.seen.append(self._written())
        assert self._free.wait(30)
        if self.error is not None:
            raise self.error

    def _written(self) -> set[str]:
        copy = self.path.parent / "copy.db"
        for end in ("", "-wal"):
            shutil.copyfile(f"{self.path}{end}", f"{copy}{end}")
        with closing(sqlite3.connect(copy)) as db:
            return {key for (key,) in db.execute("SELECT key FROM operations")}

    def hold(self) -> None:
        self._free.clear()

    def let_go(self) -> None:
        self._free.set()

    async def begun(self, number: int) -> None:
        """Wait until that many syncs have begun."""
        async with asyncio.timeout(30):
            while len(self.seen) < number:
                await asyncio.sleep(0.001)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture
def disk(path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SlowDisk]:
    disk = SlowDisk(path)
    monkeypatch.setattr(syncing, "_sync", disk)
    yield disk
    disk.let_go()


async def opened(path: Path) -> Journal:
    journal = journal_at(path)
    await journal.begin(run_of())
    return journal


def intending(journal: Journal, key: str) -> asyncio.Task[None]:
    return asyncio.create_task(journal.intend(operation(key)))


def test_f12_every_call_returns_after_a_sync_of_what_it_wrote(path: Path, disk: SlowDisk) -> None:
    async def act() -> None:
        journal = await opened(path)
        for number in range(3):
            await journal.intend(operation(f"key{number}"))
            assert disk.seen[-1] == {f"key{it}" for it in range(number + 1)}
            before = len(disk.seen)
            await journal.settle(operation(f"key{number}", state=State.DONE), binding())
            assert len(disk.seen) == before + 1
        before = len(disk.seen)
        await journal.bind([binding("other", 8)])
        await journal.unbind([binding("other", 8).key])
        await journal.end(run_of(), report_of(run_of()))
        assert len(disk.seen) == before + 3
        await journal.close()

    wait(act())


def test_while_the_disk_works_others_go_on_and_the_call_waits(path: Path, disk: SlowDisk) -> None:
    async def act() -> None:
        journal = await opened(path)
        disk.hold()
        intent = intending(journal, "one")
        await disk.begun(2)
        for _ in range(20):
            await asyncio.sleep(0.001)
        assert not intent.done()
        assert await journal.history(key=operation("else").key) == ()
        assert not intent.done()
        disk.let_go()
        await intent
        await journal.close()

    wait(act())


def test_those_who_come_during_a_sync_share_the_next(path: Path, disk: SlowDisk) -> None:
    async def act() -> None:
        journal = await opened(path)
        disk.hold()
        first = intending(journal, "first")
        await disk.begun(2)
        others = [intending(journal, f"other{number}") for number in range(5)]
        await asyncio.sleep(0)
        disk.let_go()
        await first
        assert not any(it.done() for it in others)
        await asyncio.gather(*others)
        assert disk.seen[1:] == [{"first"}, {"first", *(f"other{it}" for it in range(5))}]
        assert [it.key for it in await journal.history()] == [
            "first",
            *(f"other{number}" for number in range(5)),
        ]
        await journal.close()

    wait(act())


def test_a_refused_row_fails_alone(path: Path, disk: SlowDisk) -> None:
    async def act() -> None:
        journal = await opened(path)
        disk.hold()
        first = intending(journal, "first")
        await disk.begun(2)
        again, other = intending(journal, "first"), intending(journal, "other")
        await asyncio.sleep(0)
        disk.let_go()
        results = await asyncio.gather(first, again, other, return_exceptions=True)
        assert [type(it) for it in results] == [type(None), JournalError, type(None)]
        assert [it.key for it in await journal.history()] == ["first", "other"]
        await journal.close()

    wait(act())


def test_of_two_ends_of_one_operation_the_second_is_refused(path: Path, disk: SlowDisk) -> None:
    async def act() -> None:
        journal = await opened(path)
        await journal.intend(operation())
        disk.hold()
        ends = [
            asyncio.create_task(journal.settle(operation(state=state), None))
            for state in (State.ABSENT, State.REJECTED)
        ]
        await disk.begun(3)
        disk.let_go()
        first, second = await asyncio.gather(*ends, return_exceptions=True)
        assert first is None
        assert "is not open" in str(second)
        assert [it.state for it in await journal.history()] == [State.ABSENT]
        await journal.close()

    wait(act())


@pytest.mark.parametrize("comes_first", [True, False], ids=["its own sync", "another's sync"])
def test_a_cancelled_call_ends_when_its_rows_are_on_the_disk(
    path: Path, disk: SlowDisk, *, comes_first: bool
) -> None:
    async def act() -> None:
        journal = await opened(path)
        disk.hold()
        before = [] if comes_first else [intending(journal, "first")]
        cancelled = intending(journal, "cancelled")
        await disk.begun(2)
        for _ in range(3):
            cancelled.cancel()
            await asyncio.sleep(0.001)
        assert not cancelled.done()
        disk.let_go()
        with pytest.raises(asyncio.CancelledError):
            await cancelled
        await asyncio.gather(*before)
        assert "cancelled" in disk.seen[-1]
        done = operation("cancelled", state=State.DONE, ref=Ref(operation().kind, 7))
        await journal.settle(done, binding("cancelled", 7))
        await journal.close()

    wait(act())


def test_f05_a_sync_that_fails_fails_all_who_wait_and_is_not_tried_again(
    path: Path, disk: SlowDisk
) -> None:
    async def act() -> None:
        journal = await opened(path)
        disk.hold()
        waiting = [intending(journal, "first")]
        await disk.begun(2)
        waiting += [intending(journal, f"other{number}") for number in range(3)]
        cancelled = intending(journal, "cancelled")
        await asyncio.sleep(0)
        cancelled.cancel()
        disk.error = OSError(errno.EIO, "Input/output error")
        disk.let_go()
        for error in await asyncio.gather(*waiting, cancelled, return_exceptions=True):
            assert isinstance(error, JournalError)
            assert "the disk reports an error" in error.message
            assert error.remedy
        disk.error = None
        with pytest.raises(JournalError, match="failed before"):
            await journal.intend(operation("after"))
        with pytest.raises(JournalError, match="failed before"):
            await journal.end(run_of(), report_of(run_of()))
        await journal.close()
        assert len(disk.seen) == 2

    wait(act())


def test_closing_waits_for_the_disk(path: Path, disk: SlowDisk) -> None:
    async def act() -> None:
        journal = await opened(path)
        disk.hold()
        intent = intending(journal, "one")
        await disk.begun(2)
        closing_it = asyncio.create_task(journal.close())
        await asyncio.sleep(0.01)
        assert not closing_it.done()
        disk.let_go()
        await asyncio.gather(intent, closing_it)

    wait(act())


def test_one_journal_serves_several_event_loops_in_turn(path: Path, disk: SlowDisk) -> None:
    journal = wait(opened(path))

    async def intend_many(name: str) -> None:
        await asyncio.gather(*(journal.intend(operation(f"{name}{it}")) for it in range(5)))

    for name in ("a", "b", "c"):
        wait(intend_many(name))
    assert len(disk.seen[-1]) == 15
    wait(journal.close())


def test_in_virtual_time_it_syncs_at_once_and_in_no_other_thread(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[int] = []
    monkeypatch.setattr(syncing, "_sync", lambda _: threads.append(threading.get_ident()))

    async def act() -> None:
        journal = await opened(path)
        await asyncio.gather(*(journal.intend(operation(f"key{it}")) for it in range(3)))
        await journal.close()

    run(act())
    assert threads == [threading.get_ident()] * 4


def test_a_disk_that_takes_no_time_is_not_waited_for_in_a_thread(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each sync that takes long sends the next one into the thread, and only the next."""
    here: list[bool] = []
    now_s = 0.0
    takes_s = iter((0.00001, 0.00001, 0.004, 0.004, 0.00001, 0.00001))
    loop_thread = threading.get_ident()

    def sync(_: int) -> None:
        nonlocal now_s
        here.append(threading.get_ident() == loop_thread)
        now_s += next(takes_s)

    monkeypatch.setattr(syncing, "_sync", sync)
    monkeypatch.setattr(syncing, "perf_counter", lambda: now_s)

    async def act() -> None:
        journal = await opened(path)
        for number in range(5):
            await journal.intend(operation(f"key{number}"))
        await journal.close()

    wait(act())
    assert here == [False, True, True, False, False, True]
