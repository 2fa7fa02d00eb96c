"""Dates every answer by the sandbox's clock, so that clients can learn how far theirs is off."""

from email.utils import formatdate
from functools import lru_cache

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from importer.sandbox.clock import Clock

__all__ = ["Dated"]


class Dated:
    """ASGI layer that adds a `Date` header, in whole seconds as HTTP has it."""

    def __init__(self, app: ASGIApp, clock: Clock) -> None:
        self._app = app
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and date its answer."""

        async def dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                date = _date(int(self._clock.now().timestamp()))
                message = {**message, "headers": [*message["headers"], (b"date", date)]}
            await send(message)

        await self._app(scope, receive, dated)


@lru_cache(maxsize=64)
def _date(seconds: int) -> bytes:
    return formatdate(seconds, usegmt=True).encode()
