"""The ASGI application: API and pages, behind log, date, faults if any, and compression."""

from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import TextIO

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from importer.sandbox.compression import AlwaysCompressed
from importer.sandbox.dating import Dated
from importer.sandbox.injecting import Faults
from importer.sandbox.pages.site import Pages
from importer.sandbox.request_log import RequestLog, check_writable
from importer.sandbox.v2 import api as v2
from importer.sandbox.v2.entering import EnterpriseDoor, HostedDoor
from importer.sandbox.v3 import api as v3
from importer.sandbox.v3.routing import BASES
from importer.sandbox.world import World


def create_app(
    world: World,
    *,
    log: Path | TextIO | None = None,
    hosts: Iterable[str] = (),
    faults: Faults | None = None,
) -> ASGIApp:
    """Make the application that answers for a world.

    API v2.3 is at `/2.3/`, that of an Enterprise site at `/api/2.3/`, v3 at `/v3/teams/TEAM/`, the
    pages are at `/` and `/c/TEAM/`. With *log*, every request is written there as a line of JSON,
    without headers, bodies and secrets. The pages, which need no token, answer only to the names of
    this machine itself and to *hosts*. *faults* are put before the APIs and let loose upon the
    world. Raises `SandboxError` for a log that can't be written.
    """
    if isinstance(log, Path):
        check_writable(log)
    packed = partial(AlwaysCompressed, encoding=lambda: world.behaviour.encoding)
    apis: dict[str, ASGIApp] = {base.root: v3.Api(world, base) for base in BASES}
    apis |= {door.root: packed(v2.Api(world, door)) for door in (HostedDoor, EnterpriseDoor)}
    app: ASGIApp = _Doors(apis, packed(Pages(world, hosts)))
    if faults is not None:
        faults.let_loose(world)
        app = faults.before(app)
    return RequestLog(
        Dated(app, world.clock),
        records=world.requests,
        clock=world.clock,
        secrets=world.secrets,
        log=log,
    )


class _Doors:
    """Chooses among APIs by the path they live at; other paths are the pages'."""

    def __init__(self, apis: Mapping[str, ASGIApp], pages: ASGIApp) -> None:
        self._apis = apis
        self._pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        path = scope["path"]
        if not path.startswith("/"):
            # As of `OPTIONS *`, which is about the server and none of its pages.
            await PlainTextResponse("Bad Request", 400)(scope, receive, send)
            return
        for root, api in self._apis.items():
            if path == root or path.startswith(f"{root}/"):
                await api(scope, receive, send)
                return
        await self._pages(scope, receive, send)
