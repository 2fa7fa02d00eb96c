"""The ASGI application: the API of each dialect and the pages, behind log and compression."""

from pathlib import Path
from typing import TextIO

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from importer.sandbox.compression import AlwaysCompressed
from importer.sandbox.request_log import RequestLog
from importer.sandbox.v2.api import Api
from importer.sandbox.world import World


def create_app(world: World, *, log: Path | TextIO | None = None) -> ASGIApp:
    """Make the application that answers for a world.

    The API is at `/2.3/`, the pages at `/` and `/c/TEAM/`. With *log*, every request is written
    there as a line of JSON, without headers, bodies and secrets.
    """
    recorded = RequestLog(
        _Doors(world),
        records=world.requests,
        clock=world.clock,
        is_secret=lambda text: world.find_token(text) is not None,
        log=log,
    )
    return AlwaysCompressed(recorded, lambda: world.behaviour.encoding)


class _Doors:
    """Chooses the API or the pages by path."""

    def __init__(self, world: World) -> None:
        self._api = Api(world)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        if scope["path"] == "/2.3" or scope["path"].startswith("/2.3/"):
            await self._api(scope, receive, send)
        else:
            await PlainTextResponse("not found", 404)(scope, receive, send)
