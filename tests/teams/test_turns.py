"""Waiting for a server that asked everybody to wait."""

from __future__ import annotations

import asyncio
from random import Random

import pytest

from importer.teams.exchange import Failure, Heard, Reply, Request, Said, Trouble
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


async def said_after(*ends: Reply | Failure) -> str:
    """Return what is said to be waited for, once these requests ended so."""
    said: list[str] = []
    limiter = Limiter()

    async def knock() -> Reply:
        return ANSWER

    turns = Turns(
        max_wait_s=600.0,
        limiter=limiter,
        knock=knock,
        on_wait=lambda why, _: said.append(why),
        random=Random(1),
    )
    request = Request("GET", "questions", "questions")
    for ended in (ANSWER, *ends):
        slot = limiter.take(request, now())
        turns.note(request, slot, now(), ended)
    assert await turns.ready(request, Patience()) is None
    (why,) = said
    return why


BROKEN = Failure(Trouble.BROKEN, sent=True)


@pytest.mark.parametrize(
    ("ends", "why"),
    [
        pytest.param([BROKEN] * 3, "the server broke off or failed several times", id="broken"),
        pytest.param([Reply(429, "text/html", Heard(Said.NOTHING))], "the server asked", id="429"),
        pytest.param(
            [*[BROKEN] * 2, Reply(503, "text/html", Heard(Said.NOTHING), retry_after_s=9.0)],
            "the server asked",
            id="an error that names a time",
        ),
    ],
)
def test_only_a_wait_that_was_asked_for_is_called_so(ends: list[Reply | Failure], why: str) -> None:
    assert run(said_after(*ends)).startswith(why)


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
