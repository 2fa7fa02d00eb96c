"""Dates that are wrong hide no post and end no looking early: one answer's, or all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, timedelta
from email.utils import format_datetime, parsedate_to_datetime

import httpx
import pytest

from importer.ports import Team
from importer.teams import Connection, Mode, Secret, open_team
from importer.teams.told_time import ToldTime
from tests.stage import ORIGIN, Stage, answer, manifest, question


class _Dated(httpx.AsyncBaseTransport):
    """Puts another Date on what the server answers: so many seconds off for the n-th request."""

    def __init__(self, app: object, off_s: Callable[[int], float]) -> None:
        self._inner = httpx.ASGITransport(app=app)  # type: ignore[arg-type]  # an ASGI app
        self._off_s = off_s
        self._count = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._inner.handle_async_request(request)
        told = parsedate_to_datetime(response.headers["date"])
        off = timedelta(seconds=self._off_s(self._count))
        response.headers["date"] = format_datetime(told.astimezone(UTC) + off, usegmt=True)
        self._count += 1
        return response


@dataclass
class _Skewed(Stage):
    off_s: Callable[[int], float] = lambda _: 0.0

    @asynccontextmanager
    async def team(self, mode: Mode) -> AsyncIterator[Team]:
        connection = Connection(url=ORIGIN, team="acme", token=Secret(self.token), api=self.api)
        dated = _Dated(self.app, self.off_s)
        async with open_team(
            connection, mode=mode, client_transport=dated, clock=self.clock
        ) as team:
            yield team


@pytest.mark.parametrize("api", ["2.3", "3", "auto"])
@pytest.mark.parametrize(
    "off_s",
    [
        lambda n: 3600.0 if n == 0 else 0.0,
        lambda n: 3600.0 if n == 12 else 0.0,
        lambda _: 200.0,
        lambda _: -200.0,
        lambda _: 3000.0,
    ],
    ids=["the first is an hour ahead", "one in the middle", "all ahead", "all behind", "far ahead"],
)
def test_f53_dates_that_are_wrong_make_no_post_twice(
    api: str, off_s: Callable[[int], float]
) -> None:
    stage = _Skewed(off_s=off_s, api=api)
    wanted = manifest(question("q"), answer("q#a", accepted=True), question("r"))
    assert stage.apply(wanted).exit_code == 0
    assert Counter(it.title for it in stage.questions()) == {
        "What is the story of q?": 1,
        "What is the story of r?": 1,
    }
    assert stage.apply(wanted).exit_code == 0
    assert stage.plan(wanted).changes == ()


def test_what_most_answers_tell_is_the_time() -> None:
    told = ToldTime()
    assert told.ahead_s is None
    told.add(7200.0)
    assert told.ahead_s == 7200.0
    for ahead_s in (0.4, 0.9, -55.0):
        told.add(ahead_s)
    assert told.ahead_s == 0.9
