"""The wire between importer and sandbox: latency, and what can go wrong on it.

The sandbox answers in a task of its own, as a server does: who hangs up doesn't stop it. The
exceptions are those that real sockets were seen to raise (tests/teams/test_sockets.py).
"""

from __future__ import annotations

import asyncio
import re
import zlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from urllib.parse import parse_qs

import httpx
from starlette.types import ASGIApp, Message

from tests.simulation.chance import Chance

__all__ = ["Fault", "Wire"]

_BACKOFF = re.compile(rb'"backoff":(\d+)')
_NUMBERS = re.compile(r"\d+(;\d+)*")
_LATEST_S = 55.0
"""A late commit comes at most that long after the client was told of a failure."""
_HTML = b"<!DOCTYPE html><title>Bad gateway</title><h1>Something is wrong</h1>"
_LOGIN = b"<!DOCTYPE html><title>Sign in</title><form action=/login></form>"
_INTERNAL = b'{"error_id":500,"error_message":"internal error","error_name":"internal_error"}'
_BUSY = b'{"error_id":503,"error_message":"down","error_name":"temporarily_unavailable"}'
_THROTTLED = (
    b'{"error_id":502,"error_message":"too fast","error_name":"throttle_violation","backoff":3}'
)


class Fault(StrEnum):
    """What can happen to a request. BEFORE: the server never saw it. AFTER: it was carried out."""

    REFUSED = "connection refused"
    RESET_BEFORE = "reset before commit"
    RESET_AFTER = "reset after commit"
    TRUNCATED = "answer cut off"
    SLOW = "answer after the deadline"
    LATE = "late commit"
    TWICE = "delivered twice"
    TWICE_SECOND = "delivered twice, second answer"
    LOGIN_BEFORE = "login page, status 200, before"
    LOGIN_AFTER = "login page, status 200, after"
    GATEWAY_BEFORE = "502 page, before"
    GATEWAY_AFTER = "502 page, after"
    INTERNAL_BEFORE = "500 of the API, before"
    INTERNAL_AFTER = "500 of the API, after"
    BUSY = "503 of the API"
    THROTTLED = "throttled with backoff"
    TOO_MANY = "429 with Retry-After"
    TOO_MANY_BARE = "429 page without Retry-After"


@dataclass(frozen=True)
class Answer:
    """An answer as it goes over the wire."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...]


def _page(status: int, body: bytes = _HTML, **headers: str) -> Answer:
    more = ((name.replace("_", "-"), value) for name, value in headers.items())
    return Answer(status, body, (("content-type", "text/html"), *more))


def _json(status: int, body: bytes) -> Answer:
    return Answer(status, body, (("content-type", "application/json"),))


_BEFORE: dict[Fault | None, Answer] = {
    Fault.LOGIN_BEFORE: _page(200, _LOGIN),
    Fault.GATEWAY_BEFORE: _page(502),
    Fault.INTERNAL_BEFORE: _json(400, _INTERNAL),
    Fault.BUSY: _json(400, _BUSY),
    Fault.THROTTLED: _json(400, _THROTTLED),
    Fault.TOO_MANY: _page(429, retry_after="2"),
    Fault.TOO_MANY_BARE: _page(429),
}
_AFTER: dict[Fault | None, Answer] = {
    Fault.LOGIN_AFTER: _page(200, _LOGIN),
    Fault.GATEWAY_AFTER: _page(502),
    Fault.INTERNAL_AFTER: _json(400, _INTERNAL),
}


@dataclass
class Wire(httpx.AsyncBaseTransport):
    """Carries requests to *app*. `fault_of` gives the n-th request's fault, or None.

    `intended` holds the request ids whose intent is durable; a write that has none is noted in
    `unintended`. A request sent although the client was told to wait is noted in `hasty`.
    """

    app: ASGIApp
    chance: Chance
    fault_of: Callable[[int, bool], Fault | None]
    intended: set[str]
    note: Callable[[str], None]
    latency_s: tuple[float, float]
    served: Callable[[int, str], None]
    reached: Counter[str] = field(default_factory=Counter)
    unintended: list[str] = field(default_factory=list)
    hasty: list[str] = field(default_factory=list)
    closed_until: dict[str, float] = field(default_factory=dict)
    step: int = 0
    late: list[asyncio.Task[Answer]] = field(default_factory=list)
    serving: set[asyncio.Task[Answer]] = field(default_factory=set)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        step, self.step = self.step, self.step + 1
        self._check_intent(request)
        self._check_haste(request)
        writes = request.method == "POST" and b"preview" not in request.content
        fault = self.fault_of(step, writes)
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
                self.late.append(self._serve(request, late_s))
                raise httpx.ReadError("", request=request)
            case Fault.TWICE | Fault.TWICE_SECOND:
                first = await asyncio.shield(self._serve(request))
                second = await asyncio.shield(self._serve(request, 0.05))
                answer = first if fault is Fault.TWICE else second
            case _ if fault in _BEFORE:
                self._hear(request, _BEFORE[fault])
                return _response(_BEFORE[fault])
            case _:
                answer = await asyncio.shield(self._serve(request))
                self.served(step, route)
        if fault is Fault.SLOW:
            await asyncio.sleep(120.0)
        await self._latency(f"{step}:back")
        if fault is Fault.RESET_AFTER:
            raise httpx.RemoteProtocolError("server disconnected", request=request)
        if fault is Fault.TRUNCATED:
            kept = self.chance.below(f"cut:{step}", max(1, len(answer.body)))
            return _response(replace(answer, body=answer.body[:kept]))
        answer = _AFTER.get(fault, answer)
        self._hear(request, answer)
        return _response(answer)

    def _check_haste(self, request: httpx.Request) -> None:
        method = _method(request)
        now = asyncio.get_running_loop().time()
        if now < self.closed_until.get(method, 0.0):
            self.hasty.append(f"{request.method} {method} at {now:.3f}")

    def _hear(self, request: httpx.Request, answer: Answer) -> None:
        """Remember what the client now knows: how long a method wants to be left alone."""
        coding = dict(answer.headers).get("content-encoding", "")
        body = zlib.decompress(answer.body, 47) if coding else answer.body
        found = _BACKOFF.search(body)
        if found:
            until = asyncio.get_running_loop().time() + int(found[1])
            self.closed_until[_method(request)] = until

    async def quiet(self) -> None:
        """Wait until the server has done all that reached it."""
        while self.serving:
            await asyncio.wait(set(self.serving))

    def _serve(self, request: httpx.Request, late_s: float = 0.0) -> asyncio.Task[Answer]:
        task = asyncio.create_task(self._answer(request, late_s))
        self.serving.add(task)
        task.add_done_callback(self.serving.discard)
        return task

    async def _answer(self, request: httpx.Request, late_s: float) -> Answer:
        if late_s:
            await asyncio.sleep(late_s)
        return await call(self.app, request)

    async def _latency(self, name: str) -> None:
        await asyncio.sleep(self.chance.between(name, *self.latency_s))

    def _check_intent(self, request: httpx.Request) -> None:
        if request.method == "POST":
            form = parse_qs(request.content.decode())
            for number in form.get("request_id", ()):
                if number not in self.intended:
                    self.unintended.append(f"{request.url.path} {number}")

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


def _method(request: httpx.Request) -> str:
    return _NUMBERS.sub("{}", request.url.path)


def _response(answer: Answer) -> httpx.Response:
    stream = httpx.ByteStream(answer.body)
    return httpx.Response(answer.status, headers=answer.headers, stream=stream)
