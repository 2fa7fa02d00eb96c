"""Serves a world over HTTP until it is told to stop."""

import asyncio
import contextlib
import signal
import socket
import threading
from collections.abc import Callable, Generator
from pathlib import Path
from typing import TextIO

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from importer.sandbox.app import create_app
from importer.sandbox.errors import SandboxError
from importer.sandbox.injecting import ABORT, Faults
from importer.sandbox.world import World

__all__ = ["listen", "serve"]

_BACKLOG = 512
_KEEP_ALIVE_S = 60
_FAREWELL_S = 3


async def serve(
    world: World,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    log: Path | TextIO | None = None,
    ready: Callable[[str], None],
    certificate: Path | None = None,
    key: Path | None = None,
    faults: Faults | None = None,
) -> None:
    """Listen until SIGINT, SIGTERM or cancellation; the caller closes the world afterwards.

    Calls *ready* with the address once connections are accepted; port 0 takes a free one. With
    *certificate* and *key* (PEM files) it speaks TLS. A write is durable before it is answered.
    Raises `SandboxError` when it can't listen.
    """
    app = create_app(world, log=log, hosts=(host,), faults=faults)
    try:
        await listen(app, host=host, port=port, ready=ready, certificate=certificate, key=key)
    finally:
        if faults is not None:
            await faults.close()


async def listen(
    app: ASGIApp,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    ready: Callable[[str], None],
    certificate: Path | None = None,
    key: Path | None = None,
) -> None:
    """Let *app* answer at an address, as `serve` does for a world."""
    listener = _listen(host, port)
    config = uvicorn.Config(
        app,
        http=_Connection,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=_FAREWELL_S,
        ssl_certfile=certificate,
        ssl_keyfile=key,
    )
    _load(config, listener)
    scheme = "https" if certificate else "http"
    server = _Server(config, lambda: ready(f"{scheme}://{_address(listener)}"))
    try:
        await server.serve(sockets=[listener])
    finally:
        listener.close()


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except (OSError, OverflowError) as error:
        text = f"can't listen on {host}, port {port}: {getattr(error, 'strerror', None) or error}"
        raise SandboxError(text) from error
    # An answer in two pieces would else wait 40 ms until the client says that it has the first.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listener.setblocking(False)  # noqa: FBT003 - the signature is not ours
    return listener


def _load(config: uvicorn.Config, listener: socket.socket) -> None:
    try:
        config.load()
    except OSError as error:  # an ssl.SSLError is one too
        listener.close()
        text = f"the certificate or its key can't be used: {error}"
        raise SandboxError(text) from error


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared only
    return f"[{reachable}]:{port}" if ":" in reachable else f"{reachable}:{port}"


class _Connection(H11Protocol):
    """Lets the application end its connection, which ASGI has no word for."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as the parent has it
        app = self.app

        async def abortable(scope: Scope, receive: Receive, send: Send) -> None:
            scope.setdefault("extensions", {})[ABORT] = {"abort": transport.abort}
            await app(scope, receive, send)

        self.app = abortable
        super().connection_made(transport)


class _Server(uvicorn.Server):
    """Says when it is ready, and ends on a signal without raising it again."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready
        self._sockets: list[socket.socket] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._sockets = sockets
        self._ready()

    async def main_loop(self) -> None:
        try:
            await super().main_loop()
        except asyncio.CancelledError:
            await self.shutdown(self._sockets)
            raise

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        signals = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, self.handle_exit) for number in signals}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
