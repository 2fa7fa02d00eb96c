"""Puts faults between a client and the API: answers changed, lost or invented, writes doubled."""

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from importer.sandbox.chance import Seed, draw
from importer.sandbox.faults import Canned, Fault, Profile
from importer.sandbox.v3.routing import BASES
from importer.sandbox.world import World

__all__ = ["ABORT", "Faults"]

ABORT = "sandbox.abort"
"""The scope's extension that ends the connection at once: `{"abort": callable}`."""

_V2 = ("/2.3/", "/api/2.3/")
_ROOTS = (*_V2, *(f"{base.root}/" for base in BASES))
_PIECES = 8
_PAGES = {
    200: "<!DOCTYPE html><title>Sign in</title><form><input name=user></form>",
    429: "<!DOCTYPE html><title>Just a moment...</title><h1>Checking your browser</h1>",
}
_GATEWAY = "<html><head><title>{0}</title></head><body><h1>{0}</h1>proxy</body></html>"
_UNAVAILABLE = 503
_NAMES = {500: "internal_error", 502: "throttle_violation", 503: "temporarily_unavailable"}
_TEXTS = {
    500: "an error occurred",
    502: "too many requests from this IP, more requests available in 1 seconds",
    503: "the service is being worked on",
}


class Faults:
    """Faults for one world, one after the other; `close` forgets the commits still to come."""

    def __init__(self, profile: Profile, seed: Seed) -> None:
        self.profile = profile
        self.seed = seed
        self._step = 0
        self._late: set[asyncio.Task[Sequence[Message]]] = set()

    def let_loose(self, world: World) -> None:
        """Make a world as stale as the profile says, by the same seed."""
        world.seed = self.seed
        world.behaviour = replace(
            world.behaviour,
            listing_lag_s=self.profile.listing_lag_s,
            replica_lag_s=self.profile.replica_lag_s,
        )

    def before(self, app: ASGIApp) -> ASGIApp:
        """Give the application with faults before it; only calls of the API meet them."""

        async def faulty(scope: Scope, receive: Receive, send: Send) -> None:
            if not scope["path"].startswith(_ROOTS):
                await app(scope, receive, send)
                return
            self._step += 1
            step = self._step
            fault = self.profile.fault(self.seed, step, writes=scope["method"] != "GET")
            if fault is None:
                await app(scope, receive, send)
                return
            scope["sandbox.note"].fault = fault.name
            form = await _whole(receive)
            if form is None:
                return
            call = _Call(app, scope, form)
            await self._answer(fault, await self._effect(fault, call, step), call, receive, send)

        return faulty

    async def _effect(self, fault: Fault, call: "_Call", step: int) -> Sequence[Message]:
        """Let the request take effect as often as the fault says; give the API's last answer."""
        match fault.takes_effect:
            case "never":
                return ()
            case "once":
                return await call.deliver()
            case "twice":
                await call.deliver()
                return await call.deliver(again=True)
            case "late":
                delay_s = self.profile.late_s * draw(self.seed, "late", step)
                task = asyncio.create_task(call.deliver(again=True, after_s=delay_s))
                self._late.add(task)
                task.add_done_callback(self._late.discard)
                return ()

    async def _answer(
        self, fault: Fault, own: Sequence[Message], call: "_Call", receive: Receive, send: Send
    ) -> None:
        match fault.answer:
            case Canned() as canned:
                problems = not call.scope["path"].startswith(_V2)
                await _send_all(_problem(canned) if problems else _canned(canned), send)
            case "own":
                await _send_all(own, send)
            case "torn":
                await _send_all(_torn(own), send)
            case "slow":
                await _send_slowly(own, self.profile.slow_s, send)
            case "cut":
                start, body = own
                half = body["body"][: len(body["body"]) // 2]
                await _send_all((start, {**body, "body": half, "more_body": True}), send)
                await _abort(call.scope, receive)
            case "drop":
                await _abort(call.scope, receive)

    async def close(self) -> None:
        """Forget the commits that are still to come; they never take effect."""
        for task in tuple(self._late):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


class _Call:
    """A request that can be delivered more than once."""

    def __init__(self, app: ASGIApp, scope: Scope, form: bytes) -> None:
        self.scope = scope
        self._app = app
        self._form = form

    async def deliver(self, *, again: bool = False, after_s: float = 0) -> Sequence[Message]:
        """Let the API answer. What is delivered *again* counts for no address: it's not its."""
        await asyncio.sleep(after_s)
        answer: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": self._form, "more_body": False}

        async def send(message: Message) -> None:
            answer.append(message)

        scope = {**self.scope, "client": None} if again else self.scope
        await self._app(scope, receive, send)
        return answer


async def _whole(receive: Receive) -> bytes | None:
    """Read a request's body; None when its sender has left."""
    form = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        form += message.get("body", b"")
        if not message.get("more_body", False):
            return bytes(form)


async def _send_all(messages: Sequence[Message], send: Send) -> None:
    for message in messages:
        await send(message)


async def _send_slowly(messages: Sequence[Message], seconds: float, send: Send) -> None:
    start, body = messages
    await send(start)
    content = body["body"]
    size = len(content) // _PIECES + 1
    for place in range(0, len(content), size):
        await asyncio.sleep(seconds / _PIECES)
        await send({**body, "body": content[place : place + size], "more_body": True})
    await send({**body, "body": b""})


def _torn(messages: Sequence[Message]) -> Sequence[Message]:
    """Cut a body in half and call that its whole length, as a proxy does that lost the rest."""
    start, body = messages
    half = body["body"][: len(body["body"]) // 2]
    headers = [(k, v) for k, v in start["headers"] if k != b"content-length"]
    headers.append((b"content-length", str(len(half)).encode()))
    return {**start, "headers": headers}, {**body, "body": half}


def _canned(canned: Canned) -> Sequence[Message]:
    """Give an answer in the shape of API v2.3."""
    if canned.error_id is None:
        return _page(canned)
    error: dict[str, object] = {
        "error_id": canned.error_id,
        "error_name": _NAMES[canned.error_id],
        "error_message": _TEXTS[canned.error_id],
    }
    if canned.backoff_s is not None:
        error["backoff"] = canned.backoff_s
    return _messages(canned, b"application/json; charset=utf-8", json.dumps(error).encode())


def _problem(canned: Canned) -> Sequence[Message]:
    """Give an answer in the shape of API v3, which says by status and header when to come back."""
    error_id = canned.error_id
    if error_id is None:
        return _page(canned)
    if canned.backoff_s is not None:
        status = 503 if error_id == _UNAVAILABLE else 429
        canned = replace(canned, status=status, retry_after_s=canned.backoff_s)
    error = {
        "type": f"/v3/errors/{_NAMES[error_id]}",
        "title": "The request failed.",
        "status": canned.status,
        "detail": _TEXTS[error_id],
    }
    return _messages(canned, b"application/json; charset=utf-8", json.dumps(error).encode())


def _page(canned: Canned) -> Sequence[Message]:
    page = _PAGES.get(canned.status) or _GATEWAY.format(canned.status)
    return _messages(canned, b"text/html; charset=utf-8", page.encode())


def _messages(canned: Canned, sort: bytes, content: bytes) -> Sequence[Message]:
    headers = [(b"content-type", sort), (b"content-length", str(len(content)).encode())]
    if canned.retry_after_s is not None:
        headers.append((b"retry-after", str(canned.retry_after_s).encode()))
    start = {"type": "http.response.start", "status": canned.status, "headers": headers}
    return start, {"type": "http.response.body", "body": content}


async def _abort(scope: Scope, receive: Callable[[], Awaitable[Message]]) -> None:
    """End the connection without another byte; in-process, where there is none, raise."""
    extension = scope.get("extensions", {}).get(ABORT)
    if extension is None:
        raise ConnectionAbortedError
    extension["abort"]()
    # Whoever returns before the server knows would have it answer after all.
    while (await receive())["type"] != "http.disconnect":
        pass
