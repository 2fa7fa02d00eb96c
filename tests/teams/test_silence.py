"""A server that accepts and never answers: what is waited for is told, and for how long yet."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from importer.errors import ServiceError
from importer.model.live import Need
from importer.model.writing import Unknown
from importer.sandbox import create_app, open_world
from importer.teams import Connection, Mode, Secret, open_team
from tests.teams.stage import new_question
from tests.virtual_time import LoopClock, run


class Mute(httpx.AsyncBaseTransport):
    """Takes every request and answers after so many seconds: never, if not said.

    With an *app*, that answers what isn't a POST.
    """

    def __init__(self, answers_after_s: float = 1e6, app: Any = None) -> None:
        self.answers_after_s = answers_after_s
        self.inner = httpx.ASGITransport(app=app) if app else None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.inner and request.method != "POST":
            return await self.inner.handle_async_request(request)
        await asyncio.sleep(self.answers_after_s)
        return httpx.Response(404, request=request, stream=httpx.ByteStream(b"{}"))


def waits_of(act: Any, transport: httpx.AsyncBaseTransport) -> list[tuple[float, str, float]]:
    """Return what was told while *act* was under way: when, why, and for how long yet."""
    told: list[tuple[float, str, float]] = []

    async def go() -> None:
        def note(why: str, seconds: float) -> None:
            told.append((asyncio.get_running_loop().time(), why, seconds))

        connection = Connection("https://api.test", "acme", Secret("s3cret" * 4), api="2.3")
        async with open_team(
            connection,
            mode=Mode.WRITE,
            clock=LoopClock(),
            client_transport=transport,
            on_wait=note,
        ) as team:
            await act(team)

    run(go())
    return told


async def check(team: Any) -> None:
    with pytest.raises(ServiceError):
        await team.check(Need(write=True))


def test_each_attempt_that_hangs_is_told_with_the_time_it_may_take_yet() -> None:
    told = waits_of(check, Mute())
    words = [(round(at), why, round(left)) for at, why, left in told if why]
    first = [it for it in words if "attempt 1 of 4" in it[1]]
    request = first[0][1].removeprefix("no answer yet to ").partition(" (")[0]
    assert request.startswith("GET ")
    assert first == [(5, first[0][1], 55), (25, first[0][1], 35), (45, first[0][1], 15)]
    for number in range(2, 5):
        assert [left for _, why, left in words if f"attempt {number} of 4" in why] == [55, 35, 15]
    assert not any("s3cret" in why or "acme" in why or "?" in why for _, why, _ in told)


def test_a_write_that_hangs_is_told_as_sent_once() -> None:
    async def write(team: Any) -> None:
        outcomes = await asyncio.gather(*(team.write(new_question(it)) for it in range(3)))
        assert [type(it) for it in outcomes] == [Unknown] * 3, outcomes

    mute = Mute(app=create_app(open_world(clock=LoopClock())))
    told = [(why, round(left)) for _, why, left in waits_of(write, mute) if "POST" in why]
    what = "no answer yet to POST questions/add (sent once; then it is looked up)"
    assert told[:3] == [(what, 55), (what, 35), (what, 15)], "one speaks for all that hang"


def test_that_an_answer_came_is_told_where_it_was_waited_for() -> None:
    told = waits_of(check, Mute(answers_after_s=7.0))
    assert [(round(at), bool(why)) for at, why, _ in told][:2] == [(5, True), (7, False)]


def test_what_is_answered_in_time_is_not_told() -> None:
    assert waits_of(check, Mute(answers_after_s=4.0)) == []
