"""A wire with nothing but latency, and what the server sees of a run's pace.

`Line` takes a drawn time there and another one back, in virtual time. It keeps when each request
was sent, when it arrived, and which were sent although the client had been told to wait.
"""

from __future__ import annotations

import asyncio
import re
import zlib
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random

import httpx

from importer.ports import Team
from importer.teams import Connection, Mode, Secret, open_team
from tests.stage import ORIGIN, Stage

__all__ = ["Breaks", "Line", "LineStage", "most_within"]

_BACKOFF = re.compile(rb'"backoff":(\d+)')
_THROTTLE = re.compile(rb'"error_name":"throttle_violation"')
_NUMBERS = re.compile(r"\d+(;\d+)*")

Breaks = Callable[[httpx.Request], bool]
"""Tells whether the answer to this request, which the server carried out, is lost."""


def most_within(moments: list[float], span_s: float = 1.0) -> int:
    """Return the most of *moments* that any half-open span of that length holds."""
    ordered, most, first = sorted(moments), 0, 0
    for number, moment in enumerate(ordered):
        while ordered[first] <= moment - span_s:
            first += 1
        most = max(most, number - first + 1)
    return most


@dataclass
class Line(httpx.AsyncBaseTransport):
    """Carries requests to *app*; a request takes *latency_s* (least, most) in all."""

    app: httpx.ASGITransport
    latency_s: tuple[float, float]
    random: Random
    breaks: Breaks = lambda _: False
    sent: list[float] = field(default_factory=list)
    arrived: list[float] = field(default_factory=list)
    verbs: Counter[str] = field(default_factory=Counter)
    routes: Counter[str] = field(default_factory=Counter)
    throttled: list[str] = field(default_factory=list)
    hasty: list[str] = field(default_factory=list)
    excused: int = 0
    backoffs: int = 0
    closed_until: dict[str, float] = field(default_factory=dict)
    in_flight: int = 0
    most_in_flight: int = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        method = f"{request.method} {_NUMBERS.sub('{}', request.url.path)}"
        sent = self._note_sending(request, method)
        await self._half()
        self.arrived.append(_now())
        response = await self.app.handle_async_request(request)
        body = b"".join([chunk async for chunk in response.aiter_raw()])
        await self._half()
        self.in_flight -= 1
        if self.breaks(request):
            raise httpx.RemoteProtocolError("server disconnected", request=request)
        self._note_answer(response, body, method, sent)
        return httpx.Response(
            response.status_code, headers=response.headers, stream=httpx.ByteStream(body)
        )

    def _note_sending(self, request: httpx.Request, method: str) -> float:
        now = _now()
        self.sent.append(now)
        self.verbs[request.method] += 1
        self.routes[method] += 1
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        if now < self.closed_until.get(method, 0.0):
            self.hasty.append(f"{method} at {now:.3f}")
        return now

    def _note_answer(self, response: httpx.Response, body: bytes, method: str, sent: float) -> None:
        headers = response.headers
        plain = zlib.decompress(body, 47) if headers.get("content-encoding") else body
        found = _BACKOFF.search(plain)
        is_page = headers.get("content-type", "") == "text/html"
        refused = _THROTTLE.search(plain) is not None or is_page or response.status_code == 429
        if refused:
            self.throttled.append(f"{method} sent at {sent:.3f}")
        elif found:
            self.backoffs += 1
            until = _now() + int(found[1])
            self.closed_until[method] = max(until, self.closed_until.get(method, 0.0))

    async def _half(self) -> None:
        least, most = self.latency_s
        await asyncio.sleep(self.random.uniform(least / 2, most / 2))


@dataclass
class LineStage(Stage):
    """A stage whose team is at the end of a line. Every run gets a line of its own."""

    latency_s: tuple[float, float] = (0.0, 0.0)
    breaks: Breaks = lambda _: False
    lines: list[Line] = field(default_factory=list)
    waits: list[tuple[str, float]] = field(default_factory=list)
    announced: list[str] = field(default_factory=list)

    @property
    def line(self) -> Line:
        """Return the line of the last run."""
        return self.lines[-1]

    @asynccontextmanager
    async def team(self, mode: Mode) -> AsyncIterator[Team]:
        connection = Connection(url=ORIGIN, team="acme", token=Secret(self.token), api=self.api)
        random = Random(self.seed)
        line = Line(httpx.ASGITransport(app=self.app), self.latency_s, random, self.breaks)
        self.lines.append(line)
        async with open_team(
            connection,
            mode=mode,
            client_transport=line,
            clock=self.clock,
            random=random,
            on_wait=lambda why, wait_s: self.waits.append((why, wait_s)),
            announce=self.announced.append,
        ) as team:
            yield team


def _now() -> float:
    return asyncio.get_running_loop().time()
