"""What was asked of the sandbox: one record per request, without headers, bodies and secrets."""

import json
import os
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TextIO
from urllib.parse import parse_qsl, quote, urlencode

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from importer.sandbox.clock import Clock
from importer.sandbox.errors import SandboxError

MASK = "***"
_SECRET_NAMES = frozenset({"access_token", "key", "token", "access_tokens", "api_key"})
_KEPT = 100_000


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """One request and how it was answered; `time` is ISO 8601, UTC.

    `fault` names the fault it met, if any; the status is 0 when that left it without an answer.
    """

    time: str
    method: str
    path: str
    query: str
    status: int
    error_id: int | None
    user_id: int | None
    fault: str | None = None

    def as_json(self) -> str:
        """Give the record as one line."""
        return json.dumps(asdict(self), ensure_ascii=False)


@dataclass(slots=True)
class Note:
    """What a handler adds to the record of its request."""

    error_id: int | None = None
    user_id: int | None = None
    fault: str | None = None


class RequestLog:
    """ASGI layer that records every request in a list and, if wished, in a file or stream."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        records: list[RequestRecord],
        clock: Clock,
        secrets: Callable[[], Iterable[str]],
        log: Path | TextIO | None,
    ) -> None:
        self._app = app
        self._records = records
        self._clock = clock
        self._secrets = secrets
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and record it when its answer begins."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        time = self._clock.now().isoformat(timespec="milliseconds")
        note = scope["sandbox.note"] = Note()

        answered = False

        async def watch(message: Message) -> None:
            nonlocal answered
            if message["type"] == "http.response.start":
                answered = True
                self._write(self._record(scope, time, message["status"], note))
            await send(message)

        await self._app(scope, receive, watch)
        if note.fault and not answered:
            self._write(self._record(scope, time, 0, note))

    def _record(self, scope: Scope, time: str, status: int, note: Note) -> RequestRecord:
        secrets = tuple(self._secrets())

        def masked(text: str) -> str:
            for secret in secrets:
                text = text.replace(secret, MASK)
            return text

        parts = scope["path"].split("/")
        if "access-tokens" in parts:
            place = parts.index("access-tokens") + 1
            parts[place:] = [MASK] * len(parts[place:])
        path = quote(masked("/".join(parts)), safe="/;:#*+.-")
        given = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        pairs = [
            (masked(name), MASK if name.lower() in _SECRET_NAMES else masked(value))
            for name, value in given
        ]
        query = urlencode(pairs, safe="*;:/")
        method, error_id = scope["method"], note.error_id
        who = note.user_id
        return RequestRecord(time, method, path, query, status, error_id, who, note.fault)

    def _write(self, record: RequestRecord) -> None:
        self._records.append(record)
        if len(self._records) > _KEPT:
            del self._records[: _KEPT // 10]
        if self._log is None:
            return
        line = record.as_json() + "\n"
        if isinstance(self._log, Path):
            _append(self._log, line)
        else:
            self._log.write(line)
            self._log.flush()


def check_writable(log: Path) -> None:
    """Make the log file if need be; raises `SandboxError`."""
    try:
        _append(log, "")
    except OSError as error:
        text = f"{log}: can't be written: {error.strerror}"
        raise SandboxError(text) from error


def _append(log: Path, line: str) -> None:
    # Opened for each line: nothing is left open, and the file may be rotated.
    handle = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(handle, line.encode())
    finally:
        os.close(handle)
