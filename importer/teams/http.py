"""Exchanges one request for one answer over HTTP, once, whatever comes of it.

Knows no dialect. What holds here holds for every byte sent: the pinned origin, no redirects, the
token in one header and nowhere else, a deadline over the whole exchange.
"""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TypeAlias

import httpx

from importer import __version__
from importer.teams.body import LIMIT, decode
from importer.teams.exchange import Failure, Reply, Request, Trouble
from importer.teams.headers import form_encoded, multipart_encoded, retry_after, unix_time
from importer.teams.mode import Breach
from importer.teams.origin import Connection, Origin
from importer.teams.secret import Secret
from importer.teams.wire import Wire

__all__ = ["IN_FLIGHT", "ClientTransport", "Http"]

ClientTransport: TypeAlias = httpx.AsyncBaseTransport

IN_FLIGHT = 8
"""More gains nothing: httpx's pool slows down above (measured), and 8 saturate the limiter."""

_KEY_HEADER = "X-API-Key"
# By OpenSSL's codes: not valid yet, or no longer; for another name, or another address.
_DISTRUST: Mapping[int, Trouble] = MappingProxyType(
    {9: Trouble.EXPIRED, 10: Trouble.EXPIRED, 62: Trouble.OTHERS, 64: Trouble.OTHERS}
)


class Http:
    """Speaks one dialect with one origin, by one token."""

    def __init__(
        self,
        inner: ClientTransport,
        *,
        wire: Wire,
        origin: Origin,
        connection: Connection,
        token: Secret | None,
    ) -> None:
        self._inner = inner
        self._wire = wire
        self._origin = origin
        self._connection = connection
        self._token = token

    def acting_by(self, token: Secret) -> "Http":
        """Return the same way with another token."""
        return Http(
            self._inner,
            wire=self._wire,
            origin=self._origin,
            connection=self._connection,
            token=token,
        )

    async def send(self, request: Request) -> Reply | Failure:
        """Send *request* once; raises nothing that the server or the network did.

        Breach for one that would leave the origin.
        """
        deadline_s = self._connection.deadline_s
        try:
            async with asyncio.timeout(deadline_s):
                return await self._exchange(request)
        except TimeoutError:
            return Failure(Trouble.DEADLINE, sent=True, detail=f"{deadline_s:g} s")

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
