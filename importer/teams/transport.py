"""Sends one request and brings back how it ended: the only place that speaks HTTP and repeats.

Knows no dialect. What holds here holds for every byte sent: the mode (a dry run cannot write), the
pinned origin, no redirects, the token in one header and nowhere else, a deadline over the whole
exchange, and the limiter's turn.
"""

import asyncio
import logging
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from copy import copy
from dataclasses import dataclass, replace
from enum import StrEnum
from random import Random
from types import MappingProxyType
from typing import Any, TypeAlias

import httpx
from tenacity import AsyncRetrying, retry_if_result, stop_never

from importer import __version__
from importer.errors import UsageError
from importer.ports import Hold
from importer.teams.body import LIMIT, decode
from importer.teams.exchange import (
    Ended,
    Failure,
    Held,
    Listener,
    Quota,
    Reply,
    Request,
    Trouble,
)
from importer.teams.headers import form_encoded, multipart_encoded, retry_after, unix_time
from importer.teams.limiter import Limiter, Slot
from importer.teams.origin import Connection, Endpoint, Origin
from importer.teams.proxies import proxy_for, variable_of
from importer.teams.retry import Budget, Course, sign_of
from importer.teams.secret import Secret
from importer.teams.silence import Silence
from importer.teams.told_time import ToldTime
from importer.teams.turns import OnWait, Patience, Turns

__all__ = [
    "App",
    "Breach",
    "ClientTransport",
    "Mode",
    "OnWait",
    "Transport",
    "Wire",
    "open_wires",
]

App: TypeAlias = Callable[..., Any]
ClientTransport: TypeAlias = httpx.AsyncBaseTransport

_log = logging.getLogger(__name__)

_IN_FLIGHT = 8
"""More gains nothing: httpx's pool slows down above (measured), and 8 saturate the limiter."""

_KEEP_ALIVE_S = 5.0
"""Below usual servers' idle timeout, so that a write rarely meets a connection they closed."""

_PORTS = 65_536
_SAFE = frozenset({"GET", "HEAD"})
_KEY_HEADER = "X-API-Key"
# By OpenSSL's codes: not valid yet, or no longer; for another name, or another address.
_DISTRUST: Mapping[int, Trouble] = MappingProxyType(
    {9: Trouble.EXPIRED, 10: Trouble.EXPIRED, 62: Trouble.OTHERS, 64: Trouble.OTHERS}
)


class Mode(StrEnum):
    """What may be sent: GET and HEAD; the named probes too, which can't take effect; writes."""

    READ = "read"
    PROBE = "probe"
    WRITE = "write"


class Breach(RuntimeError):
    """Our own bug: something asked to send what its mode or its origin forbids."""


@dataclass(frozen=True, slots=True)
class Wire:
    """How a dialect is spoken: what stands before its paths, and around its requests.

    `token_header` names the header that the token goes into, behind `token_prefix`. `listen` is the
    dialect's ear, `knock` a cheap GET that tells whether a stopped server answers again, `probes`
    the writes that Mode.PROBE lets through, `limiter` makes the mirror of its limits, which with
    `each_token` count for every token by itself.
    """

    prefix: str
    token_header: str
    token_prefix: str
    listen: Listener
    knock: Request
    probes: frozenset[Request]
    limiter: Callable[[], Limiter]
    each_token: bool = False


class Transport:
    """Sends requests of one dialect to one origin, each in its turn, and counts them."""

    def __init__(
        self,
        inner: httpx.AsyncBaseTransport,
        *,
        wire: Wire,
        origin: Origin,
        connection: Connection,
        token: Secret | None,
        mode: Mode,
        random: Random,
        on_wait: OnWait | None,
    ) -> None:
        self.counts: Counter[str] = Counter()
        self._inner = inner
        self._wire = wire
        self._origin = origin
        self._connection = connection
        self._token = token
        self._mode = mode
        self._random = random
        self._on_wait = on_wait or _say_nothing
        self._silence = Silence(self._on_wait)
        self._budget = Budget()
        self._places = asyncio.Semaphore(_IN_FLIGHT)
        self._turns = self._new_turns()
        self._told_time = ToldTime()

    def _new_turns(self) -> Turns:
        return Turns(
            max_wait_s=self._connection.max_wait_s,
            limiter=self._wire.limiter(),
            knock=lambda: self._knock(self._wire.knock),
            on_wait=self._on_wait,
            random=self._random,
        )

    def acting_by(self, token: Secret) -> "Transport":
        """Return the same way with another token: limits of the address and counts are shared."""
        other = copy(self)
        other._token = token  # noqa: SLF001 - its own class's
        if self._wire.each_token:
            other._turns = other._new_turns()  # noqa: SLF001 - its own class's
        return other

    @property
    def quota(self) -> Quota | None:
        """Calls a day and what is left of them, as the last answer told."""
        return self._turns.limiter.quota

    @property
    def calls_left(self) -> int | None:
        """What the bucket holds, as the last answer told; None where there is none."""
        bucket = self._turns.limiter.bucket
        return bucket.left if bucket else None

    @property
    def is_spent(self) -> bool:
        """Whether the day's quota is too low for one more write."""
        return self._turns.limiter.is_low(_now())

    def server_time_s(self) -> float | None:
        """Return the server's present time (Unix), as far as its Date headers told."""
        ahead_s = self._told_time.ahead_s
        return None if ahead_s is None else _now() + ahead_s

    @property
    def write_within_s(self) -> float:
        """Seconds after the call of `send` by which a write's last byte is sent, or it never is."""
        return self._begins_within_s + self._connection.deadline_s

    @property
    def _begins_within_s(self) -> float:
        return self._connection.max_wait_s + self._connection.deadline_s

    async def send(self, request: Request, hold: Hold | None = None) -> Ended:
        """Send *request*, waiting and repeating as far as that can't do anything twice.

        Raises nothing that the server or the network did; Breach when the mode forbids it, and
        what *hold*, awaited before a write's bytes go, raises.
        """
        course = Course(request.repeatable, self._budget, self._random)
        patience = Patience(_now())
        retrying = AsyncRetrying(
            retry=retry_if_result(course.goes_on),
            wait=lambda _: course.wait_s,
            stop=stop_never,
            sleep=asyncio.sleep,
        )
        return await retrying(self._attempt, request, course, patience, hold)

    def _admit(self, request: Request) -> None:
        if request.verb in _SAFE or self._mode is Mode.WRITE:
            return
        if self._mode is Mode.PROBE and request in self._wire.probes:
            return
        text = f"{request} in mode {self._mode}; nothing was sent"
        raise Breach(text)

    async def _attempt(
        self, request: Request, course: Course, patience: Patience, hold: Hold | None
    ) -> Ended:
        while True:
            held = await self._turns.ready(request, patience)
            if held:
                return held
            async with self._places:
                # Somebody else's answer may have changed the limits while this one queued.
                if not self._turns.is_ready(request):
                    continue
                slot = await self._turns.space(request, patience)
                if isinstance(slot, Held):
                    return slot
                if not request.repeatable:
                    # A bucket that fills up slowly may have kept it waiting for long.
                    if _now() - patience.began > self._begins_within_s:
                        self._turns.give_back(request, slot)
                        return Held("its turn did not come in time", 0.0)
                    await self._held(hold, request, slot)
                # Nothing is awaited from here on until the bytes go.
                if self._turns.may_go(request, slot):
                    return await self._noted(request, slot, course.place)

    async def _held(self, hold: Hold | None, request: Request, slot: Slot) -> None:
        """Await *hold*; where it raises, nothing is sent in *slot*."""
        if hold is None:
            return
        try:
            await hold()
        except BaseException:
            self._turns.give_back(request, slot)
            raise

    async def _knock(self, request: Request) -> Ended:
        slot = await self._turns.space(request, Patience(_now()))
        if isinstance(slot, Held):
            return slot
        return await self._noted(request, slot, "to see whether it answers again")

    async def _noted(self, request: Request, slot: Slot, place: str) -> Reply | Failure:
        sent_at = _now()
        # Path and method alone: what stands in a query or a body is told to nobody.
        with self._silence.around(f"{request} ({place})", self._connection.deadline_s):
            ended = await self._once(request)
        self._turns.note(request, slot, sent_at, ended)
        self.counts[str(sign_of(ended))] += 1
        if isinstance(ended, Reply) and ended.server_time_s is not None:
            self._told_time.add(ended.server_time_s - _now())
        return ended

    async def _once(self, request: Request) -> Reply | Failure:
        self._admit(request)
        self._budget.requests += 1
        self.counts["requests"] += 1
        self.counts["reads" if request.verb in _SAFE else "writes"] += 1
        began = _now()
        ended: Reply | Failure
        try:
            async with asyncio.timeout(self._connection.deadline_s):
                ended = await self._exchange(request)
        except TimeoutError:
            ended = Failure(Trouble.DEADLINE, True, f"{self._connection.deadline_s:g} s")  # noqa: FBT003 - mypy can't see it by name
        shown = ended.status if isinstance(ended, Reply) else ended.trouble
        _log.debug("%s: %s after %.3f s", request, shown, _now() - began)
        return ended

    async def _exchange(self, request: Request) -> Reply | Failure:
        """Return the answer or the failure, as values: the exception's frames hold the header."""
        try:
            response = await self._inner.handle_async_request(self._outgoing(request))
            try:
                raw = await _read(response)
            finally:
                await response.aclose()
        except (httpx.HTTPError, httpx.StreamError, OSError) as error:
            if isinstance(error, TimeoutError):
                return Failure(Trouble.DEADLINE, sent=True)
            return self._failure(error)
        headers = response.headers
        coding, date = headers.get("content-encoding", ""), headers.get("date", "")
        body = Trouble.TOO_LARGE if raw is None else decode(raw, coding)
        if isinstance(body, Trouble):
            return Failure(body, sent=True, detail=f"status {response.status_code}")
        heard = self._wire.listen(response.status_code, body, headers)
        if heard.error:
            said = heard.error
            name, message = self._redact(said.name), self._redact(said.message)
            heard = replace(heard, error=replace(said, name=name, message=message))
        return Reply(
            status=response.status_code,
            content_type=self._redact(headers.get("content-type", "").partition(";")[0]),
            heard=heard,
            retry_after_s=retry_after(headers.get("retry-after", ""), date),
            server_time_s=unix_time(date),
        )

    def _outgoing(self, request: Request) -> httpx.Request:
        origin, connection = self._origin, self._connection
        query = f"?{form_encoded(request.query).decode()}" if request.query else ""
        url = httpx.URL(f"{origin}{self._wire.prefix}/{request.path}{query}")
        port = url.port or {"https": 443, "http": 80}[url.scheme]
        if (url.scheme, url.host, port) != (origin.scheme, origin.host, origin.port):
            text = f"{request} would leave {origin}; nothing was sent"
            raise Breach(text)
        headers = {
            "Accept": "application/json",
            "Accept-Encoding": "gzip, deflate",
            "User-Agent": f"teams-importer/{__version__}",
            **_content_type_of(request),
        }
        whole_s, connect_s = connection.deadline_s, connection.connect_s
        # No name here ever stands for a secret: a traceback may show the values of names.
        return httpx.Request(
            request.verb,
            url,
            headers={**headers, **self._secrets()},
            content=self._content_of(request),
            extensions={
                "timeout": {
                    "connect": connect_s,
                    "pool": connect_s,
                    "read": whole_s,
                    "write": whole_s,
                }
            },
        )

    def _secrets(self) -> dict[str, str]:
        wire = self._wire
        secrets = (
            (_KEY_HEADER, "", self._connection.api_key),
            (wire.token_header, wire.token_prefix, self._token),
        )
        return {
            name: f"{prefix}{secret.reveal()}"
            for name, prefix, secret in secrets
            if secret is not None
        }

    def _content_of(self, request: Request) -> bytes | None:
        if request.json is not None:
            # A lone surrogate of somebody's text goes through as it came; the server may refuse it.
            return request.json.encode("utf-8", "surrogatepass")
        if request.form and request.token_field and self._token is not None:
            return form_encoded((*request.form, (request.token_field, self._token.reveal())))
        if request.form:
            return form_encoded(request.form)
        return None if request.file is None else multipart_encoded(request.file)

    def _redact(self, text: str) -> str:
        for secret in (self._connection.api_key, self._token):
            text = secret.redact(text) if secret is not None else text
        return text

    def _failure(self, error: Exception) -> Failure:
        detail = self._redact(str(error))[:300]
        match error:
            case httpx.ConnectTimeout():
                text = f"not within {self._connection.connect_s:g} s"
                return Failure(Trouble.CONNECT, sent=False, detail=text)
            case httpx.ConnectError() if (distrust := _distrust(error)) is not None:
                return Failure(distrust, sent=False, detail=detail)
            case httpx.ConnectError() | httpx.UnsupportedProtocol():
                return Failure(Trouble.CONNECT, sent=False, detail=detail)
            case httpx.PoolTimeout():
                return Failure(Trouble.POOL, sent=False)
            case httpx.ProxyError():
                return Failure(Trouble.PROXY, sent=False, detail=detail)
            case httpx.TimeoutException():
                return Failure(Trouble.DEADLINE, sent=True)
            case _:
                return Failure(Trouble.BROKEN, sent=True, detail=detail)


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
                inner,
                wire=wire,
                origin=endpoint.origin,
                connection=connection,
                token=token,
                mode=mode,
                random=spread,
                on_wait=on_wait,
            )
            for wire in wires
        ]
        yield tuple(transports), note


def _network(connection: Connection, proxy: httpx.Proxy | None) -> httpx.AsyncHTTPTransport:
    limits = httpx.Limits(
        max_connections=_IN_FLIGHT,
        max_keepalive_connections=_IN_FLIGHT,
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


def _distrust(error: BaseException | None) -> Trouble | None:
    """Return what is wrong with the server's certificate; None: it is something else."""
    while error is not None and not isinstance(error, ssl.SSLCertVerificationError):
        error = error.__cause__ or error.__context__
    if error is None:
        return None
    code: int = error.verify_code
    return _DISTRUST.get(code, Trouble.CERTIFICATE)


def _content_type_of(request: Request) -> dict[str, str]:
    if request.json is not None:
        return {"Content-Type": "application/json"}
    if request.form:
        return {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    if request.file is not None:
        return {"Content-Type": f"multipart/form-data; boundary={request.file.boundary}"}
    return {}


async def _read(response: httpx.Response) -> bytes | None:
    """Return the body as it came, or None when it is too large even so."""
    raw = bytearray()
    stream = response.stream
    if not isinstance(stream, httpx.AsyncByteStream):
        text = "the client transport is not asynchronous"
        raise TypeError(text)
    async for chunk in stream:
        raw += chunk
        if len(raw) > LIMIT:
            return None
    return bytes(raw)


def _now() -> float:
    return asyncio.get_running_loop().time()


def _say_nothing(_: str, __: float) -> None:
    return
