"""Opens the way to a team: the network with its proxies and certificates, or an app in-process."""

import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from random import Random
from typing import Any, TypeAlias

import httpx

from importer.errors import UsageError
from importer.teams.http import IN_FLIGHT, ClientTransport, Http
from importer.teams.mode import Mode
from importer.teams.origin import Connection, Endpoint
from importer.teams.proxies import proxy_for, variable_of
from importer.teams.secret import Secret
from importer.teams.transport import Transport
from importer.teams.turns import OnWait
from importer.teams.wire import Wire

__all__ = ["App", "open_wires"]

App: TypeAlias = Callable[..., Any]

_KEEP_ALIVE_S = 5.0
"""Below usual servers' idle timeout, so that a write rarely meets a connection they closed."""

_PORTS = 65_536


@asynccontextmanager
async def open_wires(
    connection: Connection,
    endpoint: Endpoint,
    wires: Sequence[Wire],
    *,
    token: Secret | None,
    mode: Mode,
    app: App | None = None,
    client_transport: ClientTransport | None = None,
    random: Random | None = None,
    on_wait: OnWait | None = None,
) -> AsyncIterator[tuple[tuple[Transport, ...], str]]:
    """Open the way to *endpoint*: *client_transport*, the in-process *app*, or the network.

    Yields a transport for each of *wires*, and what a person should know of the way (a proxy).
    Raises UsageError for a CA bundle or proxy that can't be used.
    """
    note = ""
    if client_transport is not None:
        inner = client_transport
    elif app is not None:
        inner = httpx.ASGITransport(app=app)
    else:
        proxy = _proxy(endpoint)
        note = f"via proxy {proxy.url.host}:{proxy.url.port or 80}" if proxy else ""
        inner = _network(connection, proxy)
    async with inner:
        spread = random or Random()  # noqa: S311 - spreads retries, keeps no secret
        transports = [
            Transport(
                Http(inner, wire=wire, origin=endpoint.origin, connection=connection, token=token),
                wire=wire,
                connection=connection,
                mode=mode,
                random=spread,
                on_wait=on_wait,
            )
            for wire in wires
        ]
        yield tuple(transports), note


def _network(connection: Connection, proxy: httpx.Proxy | None) -> httpx.AsyncHTTPTransport:
    limits = httpx.Limits(
        max_connections=IN_FLIGHT,
        max_keepalive_connections=IN_FLIGHT,
        keepalive_expiry=_KEEP_ALIVE_S,
    )
    try:
        return httpx.AsyncHTTPTransport(
            verify=_tls(connection), limits=limits, proxy=proxy, trust_env=False
        )
    except ImportError:
        text = "a SOCKS proxy is set, but the package for it is missing"
        raise UsageError(text, remedy="Install httpx[socks], or use an HTTP proxy.") from None


def _tls(connection: Connection) -> ssl.SSLContext:
    if connection.ca_bundle is None:
        return httpx.create_ssl_context()
    try:
        return ssl.create_default_context(cafile=str(connection.ca_bundle))
    except (OSError, ValueError) as error:
        text = f"{connection.ca_bundle} is not a bundle of certificates"
        raise UsageError(text, remedy="Give a PEM file with --ca-bundle.") from error


def _proxy(endpoint: Endpoint) -> httpx.Proxy | None:
    url = proxy_for(endpoint)
    if not url:
        return None
    try:
        proxy = httpx.Proxy(url)
    except (ValueError, httpx.InvalidURL):
        raise _no_proxy(endpoint) from None
    host, port = proxy.url.host, proxy.url.port
    if not host or "%" in host or not (port is None or 0 < port < _PORTS):
        raise _no_proxy(endpoint)
    return proxy


def _no_proxy(endpoint: Endpoint) -> UsageError:
    """Return the error for a proxy's address; it may hold a password, and is not shown."""
    name = variable_of(endpoint)
    text = f"{name} names a proxy that is not an address"
    return UsageError(
        text, remedy=f"As in http://proxy.example.org:3128. Mend {name}, or unset it."
    )
