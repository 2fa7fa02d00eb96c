"""The token is in one header of each request and nowhere else, whatever fails."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from importer.errors import ImporterError
from importer.model.ids import Kind
from importer.model.live import Everything, Need
from importer.teams import LiveTeam
from tests.teams.stage import (
    Act,
    Deliver,
    a_world,
    always,
    answers,
    everything,
    fails,
    new_question,
    opened,
    staged,
)
from tests.virtual_time import run

CANARY = "cAnArY0123456789(x)*~"


async def echo_headers(request: httpx.Request, _: Deliver) -> httpx.Response:
    """An error page that repeats the request's headers, as debug pages do."""
    return httpx.Response(500, stream=httpx.ByteStream(repr(request.headers.raw).encode()))


def repeats(number: int, status: int = 400) -> Act:
    message = f"the token {CANARY} is not to our liking"
    error = {"error_id": number, "error_name": "invalid_access_token", "error_message": message}
    return answers(status, error)


def says(status: int, **members: str) -> Act:
    """A problem of API v3's that repeats the token wherever it can."""
    return answers(status, {"title": "Not done", "status": status, **members})


FAULTS = [
    pytest.param(lambda: answers(401, f"Invalid access token {CANARY}"), id="a 401 in words"),
    pytest.param(lambda: says(403, title=f"Not with {CANARY}"), id="a problem's title"),
    pytest.param(lambda: says(400, detail=CANARY, type=f"/v3/{CANARY}"), id="a problem's type"),
    pytest.param(lambda: says(404, detail=f"no {CANARY}"), id="a problem's detail"),
    pytest.param(lambda: answers(429, f"{CANARY} is too fast"), id="too many, in words"),
    pytest.param(
        lambda: answers(400, {"title": "x", "status": 400, "errors": {"A": [CANARY]}}),
        id="a problem's errors",
    ),
    pytest.param(lambda: repeats(402), id="a refusal that repeats it"),
    pytest.param(lambda: repeats(402, 200), id="such a refusal with status 200"),
    pytest.param(lambda: repeats(403), id="a denial that repeats it"),
    pytest.param(lambda: repeats(407), id="a failed write that repeats it"),
    pytest.param(lambda: repeats(502), id="a throttle that repeats it"),
    pytest.param(lambda: repeats(500), id="a failure that repeats it"),
    pytest.param(lambda: echo_headers, id="a debug page"),
    pytest.param(lambda: answers(200, f"<html>{CANARY}"), id="a page that shows it"),
    pytest.param(lambda: answers(200, b"", content_type=f"text/{CANARY}"), id="a content type"),
    pytest.param(lambda: answers(302, b"", location=f"https://evil/{CANARY}"), id="a redirect"),
    pytest.param(lambda: fails(httpx.ConnectError(f"no way with {CANARY}")), id="no connection"),
    pytest.param(lambda: fails(httpx.LocalProtocolError(f"Illegal {CANARY!r}")), id="protocol"),
    pytest.param(lambda: fails(httpx.ReadError(CANARY), after=True), id="reset"),
    pytest.param(lambda: fails(httpx.ProxyError(CANARY)), id="proxy"),
    pytest.param(lambda: fails(httpx.ReadTimeout(CANARY)), id="timeout"),
    pytest.param(
        lambda: answers(200, b"\x1f\x8bgarbage", content_encoding="gzip"), id="corrupt gzip"
    ),
]


def shown(error: BaseException) -> str:
    found = traceback.TracebackException.from_exception(error, capture_locals=True)
    mine = [it for it in found.stack if "/tests/" not in it.filename]
    locals_ = " ".join(str(it.locals) for it in mine)
    notes = " ".join(getattr(error, "__notes__", []))
    chained = [error.__cause__, error.__context__]
    rest = " ".join(shown(it) for it in chained if it is not None)
    return f"{error} {error!r} {getattr(error, 'remedy', '')} {notes} {locals_} {rest}"


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("api", ["2.3", "3", "auto"])
def test_the_token_is_in_no_message_chain_local_log_or_address(
    fault: Callable[[], Act], caplog: pytest.LogCaptureFixture, api: str
) -> None:
    caplog.set_level(logging.DEBUG)
    told: list[str] = []

    async def acting() -> list[httpx.Request]:
        world = a_world(questions=1)
        stage = staged(world, always("", fault()))
        waits: list[tuple[str, float]] = []
        async with opened(
            world, api=api, stage=stage, token=CANARY, waits=waits, max_wait_s=100
        ) as team:
            for act in (check, check_writing, read, write):
                try:
                    told.append(repr(await act(team)))
                except ImporterError as error:
                    told.append(shown(error))
            told.extend([repr(waits), repr(team.note), repr(team.counts), repr(team.site)])
        return stage.requests

    requests = run(acting())
    assert len(told) == 8
    texts = [*told, caplog.text, *(str(it.url) for it in requests)]
    assert not [text for text in texts if CANARY in text or "cAnArY" in text]
    assert requests
    for it in requests:
        names = {"/2.3/": "x-api-access-token", "/v3/": "authorization"}
        (name,) = (name for part, name in names.items() if part in it.url.path)
        assert it.headers[name] == (CANARY if name.startswith("x") else f"Bearer {CANARY}")
        assert not any(other in it.headers for other in names.values() if other != name)


async def check(team: LiveTeam) -> Any:
    return await team.check(Need(write=False))


async def check_writing(team: LiveTeam) -> Any:
    return await team.check(Need(write=True))


async def read(team: LiveTeam) -> Any:
    return await everything(team, Everything((Kind.QUESTION, Kind.TAG)))


async def write(team: LiveTeam) -> Any:
    return await team.write(new_question(1))


def test_the_token_goes_in_one_header_with_a_name_of_the_sender() -> None:
    async def acting() -> list[httpx.Request]:
        world = a_world(questions=1)
        stage = staged(world)
        async with opened(world, stage=stage) as team:
            await check_writing(team)
            await read(team)
            await write(team)
        return stage.requests

    token = a_world().tokens("acme").read_write
    for request in run(acting()):
        holders = [name for name, value in request.headers.items() if token in value]
        assert holders == ["x-api-access-token"]
        assert token not in str(request.url)
        assert token.encode() not in request.content
        assert request.headers["user-agent"].startswith("teams-importer/")
        assert "cookie" not in request.headers
