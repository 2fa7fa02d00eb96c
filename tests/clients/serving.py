"""Serves a world over a real socket while a blocking client runs in a thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from importer.sandbox import World
from importer.sandbox.serving import serve

__all__ = ["while_served"]

_T = TypeVar("_T")


def while_served(world: World, client: Callable[[str], _T]) -> _T:
    """Serve *world* on a free loopback port, and return what *client* makes of its URL."""

    async def main() -> _T:
        ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        server = asyncio.create_task(serve(world, ready=ready.set_result))
        try:
            url = (await asyncio.wait_for(ready, 15)).rstrip("/")
            return await asyncio.to_thread(client, url)
        finally:
            server.cancel()
            with suppress(asyncio.CancelledError):
                await server

    return asyncio.run(main())
