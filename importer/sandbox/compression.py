"""Compresses every answer, asked for or not, as the service does; always to the same bytes."""

import gzip
import zlib
from collections.abc import Callable
from typing import Literal

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_LEVEL = 1


class AlwaysCompressed:
    """ASGI layer that holds an answer back until it is whole, and sends it compressed."""

    def __init__(self, app: ASGIApp, encoding: Callable[[], Literal["gzip", "deflate"]]) -> None:
        self._app = app
        self._encoding = encoding

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and compress its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start: Message = {}
        body = bytearray()

        async def hold(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
                return
            body.extend(message.get("body", b""))
            if not message.get("more_body", False):
                await self._send(start, bytes(body), send)

        await self._app(scope, receive, hold)

    async def _send(self, start: Message, body: bytes, send: Send) -> None:
        encoding = self._encoding()
        if encoding == "gzip":
            packed = gzip.compress(body, _LEVEL, mtime=0)
        else:
            packed = zlib.compress(body, _LEVEL)
        headers = MutableHeaders(raw=list(start["headers"]))
        headers["content-encoding"] = encoding
        headers["content-length"] = str(len(packed))
        await send({**start, "headers": headers.raw})
        await send({"type": "http.response.body", "body": packed})
