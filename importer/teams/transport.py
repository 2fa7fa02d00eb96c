"""Sends one request and brings back how it ended: the only place that speaks HTTP and repeats.

Knows no dialect. What holds here holds for every byte sent: the mode (a dry run cannot write), the
pinned origin, no redirects, the token in one header and nowhere else, a deadline over the whole
exchange, and the limiter's turn.
"""

import asyncio
import logging
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from random import Random
from typing import Any, TypeAlias, assert_never
from urllib.parse import urlencode
from urllib.request import getproxies, proxy_bypass

import httpx
from tenacity import AsyncRetrying, RetryCallState, retry_if_result, stop_never

from importer import __version__
from importer.errors import UsageError
from importer.teams.body import LIMIT, decode
from importer.teams.exchange import (
    Ended,
    Failure,
    Held,
    Listener,
    Reply,
    Request,
    Trouble,
)
from importer.teams.limiter import Limiter
from importer.teams.origin import Connection, Endpoint
from importer.teams.retry import Budget, Next, Sign, after, jitter_s, sign_of
from importer.teams.secret import Secret

__all__ = [
    "App",
    "Breach",
    "ClientTransport",
    "Mode",
    "OnWait",
    "Transport",
    "open_transport",
]

App: TypeAlias = Callable[..., Any]
ClientTransport: TypeAlias = httpx.AsyncBaseTransport
OnWait: TypeAlias = Callable[[str, float], None]

_log = logging.getLogger(__name__)

_IN_FLIGHT = 8
"""More gains nothing: httpx's pool slows down above (measured), and 8 saturate the limiter."""

_KEEP_ALIVE_S = 5.0
"""Below usual servers' idle timeout, so that a write rarely meets a connection they closed."""

_SAFE = frozenset({"GET", "HEAD"})
_TOKEN_HEADER = "X-API-Access-Token"  # noqa: S105 - the header's name
_BAN_SIGNS = 3
_BAN_PATIENCE_S = 300.0
_RESERVE_S = 86_400.0


class Mode(StrEnum):
    """What may be sent: GET and HEAD; the named probes too, which can't take effect; writes."""

    READ = "read"
    PROBE = "probe"
    WRITE = "write"


class Breach(RuntimeError):
    """Our own bug: something asked to send what its mode or its origin forbids."""


@dataclass(slots=True)
class _Course:
    """One request's way through its attempts."""

    request: Request
    budget: Budget
    random: Random
    failures: int = 0
    pauses: int = 0
    waited_s: float = 0.0
    wait_s: float = 0.0

    def goes_on(self, ended: Ended) -> bool:
        sign = sign_of(ended)
        if sign in {Sign.THROTTLED, Sign.PAUSED}:
            self.pauses += 1
        else:
            self.failures += 1
        then = after(
            sign,
            repeatable=self.request.repeatable,
            attempt=self.failures,
            pauses=self.pauses,
        )
        match then:
            case Next.TAKE:
                return False
            case Next.TURN:
                self.wait_s = 0.0
                return True
            case Next.JITTER:
                asked = ended.retry_after_s if isinstance(ended, Reply) else None
                self.wait_s = jitter_s(self.failures, self.random, asked or 0.0)
                return self.budget.spend()
        assert_never(then)

    def wait(self, _: RetryCallState) -> float:
        return self.wait_s


class Transport:
    """Sends requests to one endpoint, each in its turn, and counts them.

    `listen` is the dialect's ear, `knock` a cheap GET that tells whether a stopped server answers
    again, `probes` the POSTs that Mode.PROBE lets through.
    """

    def __init__(
        self,
        inner: httpx.AsyncBaseTransport,
        *,
        endpoint: Endpoint,
        connection: Connection,
        token: Secret,
        mode: Mode,
        listen: Listener,
        knock: Request,
        probes: frozenset[Request],
        random: Random,
        on_wait: OnWait | None,
        note: str = "",
    ) -> None:
        self.note = note
        self.limiter = Limiter()
        self.counts: Counter[str] = Counter()
        self._inner = inner
        self._endpoint = endpoint
        self._connection = connection
        self._token = token
        self._mode = mode
        self._listen = listen
        self._knock = knock
        self._probes = probes
        self._random = random
        self._on_wait = on_wait or _say_nothing
        self._budget = Budget()
        self._places = asyncio.Semaphore(_IN_FLIGHT)
        self._gate = asyncio.Lock()
        self._noise = 0
        self._was_heard = False
        self._announced: dict[str, float] = {}
        self._server_ahead_s: float | None = None

    def server_time_s(self) -> float | None:
        """Return the server's present time (Unix), as far as its Date headers told."""
        if self._server_ahead_s is None:
            return None
        return _now() + self._server_ahead_s

    async def send(self, request: Request) -> Ended:
        """Send *request*, waiting and repeating as far as that can't do anything twice.

        Raises nothing that the server or the network did; Breach when the mode forbids it.
        """
        self._admit(request)
        course = _Course(request, self._budget, self._random)
        retrying = AsyncRetrying(
            retry=retry_if_result(course.goes_on),
            wait=course.wait,
            stop=stop_never,
            sleep=asyncio.sleep,
        )
        return await retrying(self._attempt, request, course)

    def _admit(self, request: Request) -> None:
        if request.verb in _SAFE or self._mode is Mode.WRITE:
            return
        if self._mode is Mode.PROBE and request in self._probes:
            return
        text = f"{request} in mode {self._mode}; nothing was sent"
        raise Breach(text)

    async def _attempt(self, request: Request, course: _Course) -> Ended:
        while True:
            held = await self._until_ready(request, course)
            if held:
                return held
            async with self._places:
                now = _now()
                if not self._is_ready(request, now):
                    continue
                await asyncio.sleep(self.limiter.take(request, now) - now)
                ended = await self._once(request)
                self._note(request, ended)
            return ended

    def _is_ready(self, request: Request, now: float) -> bool:
        limiter = self.limiter
        ready = max(limiter.held_until(request), limiter.paced_until(request))
        return limiter.stopped_until is None and ready <= now

    async def _until_ready(self, request: Request, course: _Course) -> Held | None:
        """Wait for backoffs, pauses and stops; Held when that takes longer than we wait."""
        limiter = self.limiter
        while True:
            if limiter.is_spent(request):
                why = f"the day's quota is down to its last {limiter.reserve} calls, kept for reads"
                return Held(why, _RESERVE_S)
            if limiter.stopped_until is not None:
                held = await self._reopen(course)
                if held:
                    return held
            now = _now()
            wait_s = limiter.held_until(request) - now
            if wait_s > 0:
                why = f"the server asked to wait before the next {request}"
                if course.waited_s + wait_s > self._connection.max_wait_s:
                    return Held(why, wait_s)
                course.waited_s += wait_s
                await self._pause(why, wait_s)
                continue
            pause_s = limiter.paced_until(request) - now
            if pause_s <= 0:
                return None
            await self._pause(f"keeping the service's distance between two {request}", pause_s)

    async def _reopen(self, course: _Course) -> Held | None:
        """Wait until a stopped server answers again; one request at a time finds out."""
        began = _now()
        async with self._gate:
            while self.limiter.stopped_until is not None:
                now = _now()
                wait_s = max(0.0, self.limiter.stopped_until - now)
                waited_s = course.waited_s + now - began
                if waited_s + wait_s > self._connection.max_wait_s:
                    return Held("the server asked every request to wait", wait_s)
                if self._noise and waited_s >= _BAN_PATIENCE_S:
                    why = "the API has not answered for minutes; it may shut this address out"
                    return Held(why, wait_s)
                await self._pause("the server asked every request to wait", wait_s)
                await self._knock_once()
        course.waited_s += _now() - began
        return None

    async def _knock_once(self) -> None:
        now = _now()
        await asyncio.sleep(self.limiter.take(self._knock, now) - now)
        ended = await self._once(self._knock)
        self._note(self._knock, ended)
        stopped_until = self.limiter.stopped_until
        if sign_of(ended) is Sign.ANSWERED:
            self.limiter.resume()
        elif stopped_until is not None and stopped_until <= _now():
            self.limiter.stop(_now())

    async def _pause(self, why: str, wait_s: float) -> None:
        until = _now() + wait_s
        if wait_s >= 1.0 and until > self._announced.get(why, 0.0) + 0.001:
            self._announced[why] = until
            self._on_wait(why, wait_s)
        await asyncio.sleep(wait_s)

    def _note(self, request: Request, ended: Ended) -> None:
        """Tell limiter and clock what *ended* shows."""
        now = _now()
        sign = sign_of(ended)
        self.counts[str(sign)] += 1
        if isinstance(ended, Reply):
            self.limiter.hear(request, ended.heard, now)
            if ended.server_time_s is not None:
                ahead_s = ended.server_time_s - now
                self._server_ahead_s = max(ahead_s, self._server_ahead_s or ahead_s)
        if sign is not Sign.NOISE:
            self._noise = 0
            self._was_heard = self._was_heard or sign is Sign.ANSWERED
            return
        too_many = isinstance(ended, Reply) and ended.status == 429
        dropped = isinstance(ended, Failure) and ended.trouble is Trouble.BROKEN
        refused = isinstance(ended, Reply) and ended.status >= 500
        if too_many or dropped or refused:
            self._noise += 1
        if too_many or (self._was_heard and self._noise >= _BAN_SIGNS):
            self.limiter.stop(now, ended.retry_after_s if isinstance(ended, Reply) else None)

    async def _once(self, request: Request) -> Reply | Failure:
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
        coding = headers.get("content-encoding", "")
        body = Trouble.TOO_LARGE if raw is None else decode(raw, coding)
        if isinstance(body, Trouble):
            return Failure(body, sent=True, detail=f"status {response.status_code}")
        heard = self._listen(response.status_code, body)
        if heard.error:
            shown = self._token.redact(heard.error.message)
            heard = replace(heard, error=replace(heard.error, message=shown))
        return Reply(
            status=response.status_code,
            content_type=headers.get("content-type", "").partition(";")[0].strip()[:80],
            heard=heard,
            retry_after_s=_retry_after_s(headers.get("retry-after", ""), headers.get("date", "")),
            server_time_s=_unix(headers.get("date", "")),
        )

    def _outgoing(self, request: Request) -> httpx.Request:
        endpoint, connection = self._endpoint, self._connection
        url = httpx.URL(f"{endpoint.origin}{endpoint.prefix}/{request.path}")
        if request.query:
            url = url.copy_with(query=_encoded(request.query))
        port = url.port or {"https": 443, "http": 80}[url.scheme]
        origin = endpoint.origin
        if (url.scheme, url.host, port) != (origin.scheme, origin.host, origin.port):
            text = f"{request} would leave {origin}; nothing was sent"
            raise Breach(text)
        headers = {
            "Accept": "application/json",
            "Accept-Encoding": "gzip, deflate",
            "User-Agent": f"teams-importer/{__version__}",
            _TOKEN_HEADER: self._token.reveal(),
        }
        if request.verb == "POST":
            headers["Content-Type"] = "application/x-www-form-urlencoded; charset=utf-8"
        whole_s, connect_s = connection.deadline_s, connection.connect_s
        return httpx.Request(
            request.verb,
            url,
            headers=headers,
            content=_encoded(request.form) if request.verb == "POST" else None,
            extensions={
                "timeout": {
                    "connect": connect_s,
                    "pool": connect_s,
                    "read": whole_s,
                    "write": whole_s,
                }
            },
        )

    def _failure(self, error: Exception) -> Failure:
        detail = self._token.redact(str(error))[:300]
        match error:
            case httpx.ConnectTimeout():
                text = f"not within {self._connection.connect_s:g} s"
                return Failure(Trouble.CONNECT, sent=False, detail=text)
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
async def open_transport(
    connection: Connection,
    endpoint: Endpoint,
    *,
    token: Secret,
    mode: Mode,
    listen: Listener,
    knock: Request,
    probes: frozenset[Request],
    app: App | None = None,
    client_transport: ClientTransport | None = None,
    random: Random | None = None,
    on_wait: OnWait | None = None,
) -> AsyncIterator[Transport]:
    """Open the way to *endpoint*: *client_transport*, the in-process *app*, or the network.

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
        yield Transport(
            inner,
            endpoint=endpoint,
            connection=connection,
            token=token,
            mode=mode,
            listen=listen,
            knock=knock,
            probes=probes,
            random=random or Random(),  # noqa: S311 - spreads retries, keeps no secret
            on_wait=on_wait,
            note=note,
        )


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
    """Return the environment's proxy for *endpoint*; never one for this machine itself."""
    host = endpoint.origin.host
    if endpoint.local or proxy_bypass(host):
        return None
    proxies = getproxies()
    url = proxies.get(endpoint.origin.scheme) or proxies.get("all")
    if not url:
        return None
    try:
        return httpx.Proxy(url if "://" in url else f"http://{url}")
    except ValueError:
        text = "the environment names a proxy that is not an address"
        raise UsageError(text, remedy="Mend HTTPS_PROXY or ALL_PROXY, or unset it.") from None


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


def _encoded(pairs: tuple[tuple[str, str], ...]) -> bytes:
    # A lone surrogate of somebody's text goes through as it came; the server may refuse it.
    return urlencode(pairs, errors="surrogatepass").encode("ascii")


def _unix(date: str) -> float | None:
    try:
        parsed = parsedate_to_datetime(date)
    except (TypeError, ValueError):
        return None
    aware = parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    return aware.timestamp() if aware > datetime(2000, 1, 1, tzinfo=UTC) else None


def _retry_after_s(value: str, date: str) -> float | None:
    """Return the header's seconds or the time to its date; None for what is neither."""
    value = value.strip()
    if value.isascii() and value.isdigit() and len(value) < 12:
        return float(value)
    until, now = _unix(value), _unix(date)
    return max(0.0, until - now) if until is not None and now is not None else None


def _now() -> float:
    return asyncio.get_running_loop().time()


def _say_nothing(_: str, __: float) -> None:
    return
