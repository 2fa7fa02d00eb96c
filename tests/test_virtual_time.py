from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime, timedelta

import pytest

from tests.virtual_time import LoopClock, StuckError, run


def test_waiting_costs_no_time_and_is_exact() -> None:
    async def wait() -> tuple[float, float]:
        loop = asyncio.get_running_loop()
        began = loop.time()
        await asyncio.sleep(86_400)
        return began, loop.time()

    assert run(wait()) == (0.0, 86_400.0)


def test_a_deadline_fires_at_its_virtual_moment() -> None:
    async def wait() -> float:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(60):
                await asyncio.sleep(61)
        return asyncio.get_running_loop().time()

    assert run(wait()) == pytest.approx(60)


def test_sleepers_wake_in_the_order_of_their_moments() -> None:
    woken: list[int] = []

    async def sleeper(seconds: int) -> None:
        await asyncio.sleep(seconds)
        woken.append(seconds)

    async def all_of_them() -> None:
        await asyncio.gather(*(sleeper(seconds) for seconds in (5, 1, 3)))

    run(all_of_them())
    assert woken == [1, 3, 5]


def test_a_loop_in_which_nothing_can_happen_any_more_is_reported() -> None:
    async def wait() -> None:
        await asyncio.get_running_loop().create_future()

    with pytest.raises(StuckError):
        run(wait())


def test_what_is_meant_for_another_thread_happens_at_once_in_this_one() -> None:
    def fail() -> None:
        raise ValueError("no")

    async def ask() -> int:
        loop = asyncio.get_running_loop()
        asked = loop.run_in_executor(None, threading.get_ident)
        assert asked.done()
        with pytest.raises(ValueError, match="no"):
            await loop.run_in_executor(None, fail)
        return await asked

    assert run(ask()) == threading.get_ident()


def test_a_clock_follows_the_loop() -> None:
    start = datetime(2026, 3, 1, tzinfo=UTC)

    async def wait() -> datetime:
        clock = LoopClock(start)
        await asyncio.sleep(90)
        return clock.now()

    assert run(wait()) == start + timedelta(seconds=90)
