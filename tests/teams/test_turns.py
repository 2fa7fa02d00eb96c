"""Waiting for a server that asked everybody to wait."""

from __future__ import annotations

import asyncio
from random import Random

import pytest

from importer.teams.exchange import Heard, Reply, Request, Said
from importer.teams.limiter import Limiter
from importer.teams.turns import Patience, Turns
from tests.virtual_time import run

ANSWER = Reply(200, "application/json", Heard(Said.ANSWER))
KNOCK_S = 0.4


def now() -> float:
    return asyncio.get_running_loop().time()


async def knocks_after(*stops: tuple[float, float]) -> list[float]:
    """Return when it was knocked, where at so many seconds a wait of so many seconds is heard."""
    knocks: list[float] = []
    limiter = Limiter()

    async def knock() -> Reply:
        knocks.append(now())
        await asyncio.sleep(KNOCK_S)
        return ANSWER

    turns = Turns(
        max_wait_s=60.0,
        limiter=limiter,
        knock=knock,
        on_wait=lambda _, __: None,
        random=Random(1),
    )
    waiting: asyncio.Task[object] | None = None
    for at_s, wait_s in stops:
        await asyncio.sleep(at_s - now())
        limiter.stop(now(), wait_s)
        request = Request("GET", "questions", "questions")
        waiting = waiting or asyncio.create_task(turns.ready(request, Patience()))
    assert waiting is not None
    assert await waiting is None
    return knocks


@pytest.mark.parametrize(
    ("stops", "knocked"),
    [
        pytest.param([(0, 2)], [3.0], id="one wait, and a second on top"),
        pytest.param([(0, 2), (0.5, 5)], [6.5], id="a longer one heard meanwhile"),
        pytest.param([(0, 5), (0.5, 2)], [6.0], id="a shorter one heard meanwhile"),
        pytest.param([(0, 2), (3.2, 5)], [3.0, 9.2], id="one heard while it is knocked"),
    ],
)
def test_nobody_knocks_before_the_longest_wait_is_over(
    stops: list[tuple[float, float]], knocked: list[float]
) -> None:
    assert run(knocks_after(*stops)) == pytest.approx(knocked, abs=0.01)
