"""The wire between importer and sandbox: latency, and what can go wrong on it.

The sandbox answers in a task of its own, as a server does: who hangs up doesn't stop it. The
exceptions are those that real sockets were seen to raise (tests/teams/test_sockets.py).
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import httpx
from starlette.types import ASGIApp, Message

from tests.simulation.chance import Chance
from tests.simulation.speech import (
    AFTER,
    BEFORE,
    Aim,
    Answer,
    Fault,
    aim_of,
    is_v3,
    route_of,
    waits_s,
    writes,
)

__all__ = ["Carried", "Fault", "Wire"]

_LATEST_S = 55.0
"""A late commit comes at most that long after the client was told of a failure."""


@dataclass(frozen=True)
class Carried:
    """A write that the server took: when it was sent, and when it was done.

    `id` is the post's; of a new one it is known over v3 only. `again`: the wire delivered it a
    second time.
    """

    aim: Aim
    id: int
    over_v3: bool
    sent_s: float
    done_s: float
    again: bool


@dataclass
class Wire(httpx.AsyncBaseTransport):
    """Carries requests to *app*. `fault_of` gives the n-th request's fault, or None.

    A write that nobody intends, as `covers` says, is noted in `unintended`; a request sent although
    the client was told to wait in `hasty`. `served` is told of each request that was answered,
    `carried` of each write in the moment in which the server has done it.
    """

    app: ASGIApp
    chance: Chance
    fault_of: Callable[[int, bool], Fault | None]
    covers: Callable[[httpx.Request], bool]
    note: Callable[[str], None]
    latency_s: tuple[float, float]
    served: Callable[[int, httpx.Request], None]
    carried: Callable[[Carried], None] = lambda _: None
    reached: Counter[str] = field(default_factory=Counter)
    unintended: list[str] = field(default_factory=list)
    hasty: list[str] = field(default_factory=list)
    closed_until: dict[str, float] = field(default_factory=dict)
    step: int = 0
    late: list[asyncio.Task[Answer]] = field(default_factory=list)
    serving: set[asyncio.Task[Answer]] = field(default_factory=set)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        step, self.step = self.step, self.step + 1
        sent_s = _now()
        if not self.covers(request):
            self.unintended.append(f"{request.method} {request.url.path}")
        self._check_haste(request)
        fault = self.fault_of(step, writes(request))
        dialect = "3" if is_v3(request) else "2.3"
        route = request.url.path
        self.note(f"{step} {request.method} {route}{f' ({fault})' if fault else ''}")
        if fault is not None:
            self.reached[fault] += 1
        await self._latency(f"{step}:there")
        match fault:
            case Fault.REFUSED:
                raise httpx.ConnectError("connection refused", request=request)
            case Fault.RESET_BEFORE:
                raise httpx.ReadError("", request=request)
            case Fault.LATE:
                late_s = self.chance.between(f"late:{step}", 1.0, _LATEST_S)
                self.late.append(self._serve(request, sent_s, late_s))
                raise httpx.ReadError("", request=request)
            case Fault.TWICE | Fault.TWICE_SECOND:
                first = await asyncio.shield(self._serve(request, sent_s))
                second = await asyncio.shield(self._serve(request, sent_s, 0.05, again=True))
                answer = first if fault is Fault.TWICE else second
            case _ if fault is not None and fault in BEFORE[dialect]:
                answer = BEFORE[dialect][fault]
                self._hear(request, answer)
                return _response(answer)
            case _:
                answer = await asyncio.shield(self._serve(request, sent_s))
                self.served(step, request)
        if fault is Fault.SLOW:
            await asyncio.sleep(120.0)
        await self._latency(f"{step}:back")
        if fault is Fault.RESET_AFTER:
            raise httpx.RemoteProtocolError("server disconnected", request=request)
        if fault is Fault.TRUNCATED:
            kept = self.chance.below(f"cut:{step}", max(1, len(answer.body)))
            return _response(replace(answer, body=answer.body[:kept]))
        answer = AFTER[dialect].get(fault, answer) if fault else answer
        self._hear(request, answer)
        return _response(answer)

    def _check_haste(self, request: httpx.Request) -> None:
        route = route_of(request)
        now = _now()
        if now < self.closed_until.get(route, 0.0):
            self.hasty.append(f"{request.method} {route} at {now:.3f}")

    def _hear(self, request: httpx.Request, answer: Answer) -> None:
        """Remember what the client now knows: how long a method wants to be left alone."""
        if wait_s := waits_s(request, answer):
            self.closed_until[route_of(request)] = _now() + wait_s
        if is_v3(request) and answer.status == 429:
            self.reached["429 over v3"] += 1

    async def quiet(self) -> None:
        """Wait until the server has done all that reached it."""
        while self.serving:
            await asyncio.wait(set(self.serving))

    def _serve(
        self, request: httpx.Request, sent_s: float, late_s: float = 0.0, *, again: bool = False
    ) -> asyncio.Task[Answer]:
        task = asyncio.create_task(self._answer(request, sent_s, late_s, again=again))
        self.serving.add(task)
        task.add_done_callback(self.serving.discard)
        return task

    async def _answer(
        self, request: httpx.Request, sent_s: float, late_s: float, *, again: bool
    ) -> Answer:
        if late_s:
            await asyncio.sleep(late_s)
        answer = await call(self.app, request)
        aim = aim_of(request)
        if aim is not None and 200 <= answer.status < 300:
            number = aim.id or (json.loads(answer.body)["id"] if is_v3(request) else 0)
            self.carried(Carried(aim, number, is_v3(request), sent_s, _now(), again))
        return answer

    async def _latency(self, name: str) -> None:
        await asyncio.sleep(self.chance.between(name, *self.latency_s))

    async def aclose(self) -> None:
        """Leave the sandbox running: it outlives the client."""


async def call(app: ASGIApp, request: httpx.Request) -> Answer:
    """Let *app* answer; a third of the time that httpx's own transport takes."""
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": request.method,
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "scheme": request.url.scheme,
        "path": request.url.path,
        "raw_path": request.url.raw_path.partition(b"?")[0],
        "query_string": request.url.query,
        "server": (request.url.host, request.url.port),
        "client": ("127.0.0.1", 123),
        "root_path": "",
    }
    content = request.content
    messages: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": content, "more_body": False}

    async def send(message: Message) -> None:
        messages.append(message)

    await app(scope, receive, send)
    start, *parts = messages
    headers = tuple((name.decode(), value.decode()) for name, value in start["headers"])
    return Answer(start["status"], b"".join(it.get("body", b"") for it in parts), headers)


def _response(answer: Answer) -> httpx.Response:
    stream = httpx.ByteStream(answer.body)
    return httpx.Response(answer.status, headers=answer.headers, stream=stream)


def _now() -> float:
    return asyncio.get_running_loop().time()
