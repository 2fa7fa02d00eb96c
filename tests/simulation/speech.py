"""What passes over the wire, in both dialects: what a request would do, and what can answer it.

Both are read off the bytes, as somebody between importer and server could: nothing here knows what
the importer means by them.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from enum import StrEnum
from types import MappingProxyType
from urllib.parse import parse_qs

import httpx

from importer.model.ids import Kind, Ref, Verb
from importer.model.ledger import Operation

__all__ = [
    "AFTER",
    "BEFORE",
    "Aim",
    "Answer",
    "Fault",
    "Intents",
    "aim_of",
    "is_v3",
    "route_of",
    "unpacked",
    "waits_s",
    "writes",
]

_NUMBERS = re.compile(r"\d+(;\d+)*")
_BACKOFF = re.compile(rb'"backoff":(\d+)')
_V2 = re.compile(
    r"/2\.3/(?P<folder>questions|answers|articles)"
    r"(?:/(?P<id>\d+))?/(?P<does>add|edit|delete|accept|accept/undo|answers/add)$"
)
_V3 = re.compile(
    r"/v3(?:/teams/[^/]+)?/(?P<folder>questions|articles|collections)"
    r"(?:/(?P<id>\d+))?(?P<under>/answers(?:/(?P<answer>\d+))?)?(?P<accept>/accept)?$"
)
_KINDS = {
    "questions": Kind.QUESTION,
    "answers": Kind.ANSWER,
    "articles": Kind.ARTICLE,
    "collections": Kind.COLLECTION,
}
_NOBODYS = str(2**31 - 1)


class Fault(StrEnum):
    """What can happen to a request. BEFORE: the server never saw it. AFTER: it was carried out."""

    REFUSED = "connection refused"
    RESET_BEFORE = "reset before commit"
    RESET_AFTER = "reset after commit"
    TRUNCATED = "answer cut off"
    SLOW = "answer after the deadline"
    LATE = "late commit"
    TWICE = "delivered twice"
    TWICE_SECOND = "delivered twice, second answer"
    LOGIN_BEFORE = "login page, status 200, before"
    LOGIN_AFTER = "login page, status 200, after"
    GATEWAY_BEFORE = "502 page, before"
    GATEWAY_AFTER = "502 page, after"
    INTERNAL_BEFORE = "500 of the API, before"
    INTERNAL_AFTER = "500 of the API, after"
    BUSY = "503 of the API"
    THROTTLED = "throttled with backoff"
    TOO_MANY = "429 with Retry-After"
    TOO_MANY_BARE = "429 page without Retry-After"


@dataclass(frozen=True)
class Answer:
    """An answer as it goes over the wire."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...]


_HTML = b"<!DOCTYPE html><title>Bad gateway</title><h1>Something is wrong</h1>"
_LOGIN = b"<!DOCTYPE html><title>Sign in</title><form action=/login></form>"


def _page(status: int, body: bytes = _HTML, **headers: str) -> Answer:
    more = ((name.replace("_", "-"), value) for name, value in headers.items())
    return Answer(status, body, (("content-type", "text/html"), *more))


def _wrapped(number: int, name: str, text: str, **more: int) -> Answer:
    """Return an error of API v2.3."""
    members = {"error_id": number, "error_message": text, "error_name": name, **more}
    body = json.dumps(members, separators=(",", ":")).encode()
    return Answer(400, body, (("content-type", "application/json"),))


def _problem(status: int, kind: str, title: str, **headers: str) -> Answer:
    """Return an error of API v3."""
    members = {"type": f"/v3/errors/{kind}", "title": title, "status": status}
    more = ((name.replace("_", "-"), value) for name, value in headers.items())
    headed = (("content-type", "application/json; charset=utf-8"), *more)
    return Answer(status, json.dumps(members).encode(), headed)


_PAGES: Mapping[Fault, Answer] = MappingProxyType(
    {
        Fault.LOGIN_BEFORE: _page(200, _LOGIN),
        Fault.GATEWAY_BEFORE: _page(502),
        Fault.TOO_MANY_BARE: _page(429),
    }
)
_PAGES_AFTER: Mapping[Fault, Answer] = MappingProxyType(
    {Fault.LOGIN_AFTER: _page(200, _LOGIN), Fault.GATEWAY_AFTER: _page(502)}
)
_FAILED_2 = _wrapped(500, "internal_error", "internal error")
_FAILED_3 = _problem(500, "internal", "Internal error")

BEFORE: Mapping[str, Mapping[Fault, Answer]] = MappingProxyType(
    {
        "2.3": {
            **_PAGES,
            Fault.INTERNAL_BEFORE: _FAILED_2,
            Fault.BUSY: _wrapped(503, "temporarily_unavailable", "down"),
            Fault.THROTTLED: _wrapped(502, "throttle_violation", "too fast", backoff=3),
            Fault.TOO_MANY: _page(429, retry_after="2"),
        },
        "3": {
            **_PAGES,
            Fault.INTERNAL_BEFORE: _FAILED_3,
            Fault.BUSY: _problem(503, "unavailable", "Service unavailable"),
            Fault.THROTTLED: _problem(
                429,
                "throttled",
                "Too many requests",
                x_token_bucket_calls_left="0",
                x_token_bucket_seconds_until_next_refill="3",
            ),
            Fault.TOO_MANY: _problem(429, "throttled", "Too many requests", retry_after="2"),
        },
    }
)
AFTER: Mapping[str, Mapping[Fault, Answer]] = MappingProxyType(
    {
        "2.3": {**_PAGES_AFTER, Fault.INTERNAL_AFTER: _FAILED_2},
        "3": {**_PAGES_AFTER, Fault.INTERNAL_AFTER: _FAILED_3},
    }
)


@dataclass(frozen=True)
class Aim:
    """What a write is to do: a verb, to a kind of post; `id` is the post's, 0 for a new one."""

    verb: Verb
    kind: Kind
    id: int = 0


def is_v3(request: httpx.Request) -> bool:
    """Tell the dialect."""
    return "/v3/" in request.url.path


def route_of(request: httpx.Request) -> str:
    """Return what the server's limits are about: a method of v2.3; over v3, everything."""
    return "v3" if is_v3(request) else _NUMBERS.sub("{}", request.url.path)


def writes(request: httpx.Request) -> bool:
    """Tell whether a request may take effect: probes can't."""
    if not is_v3(request):
        return request.method == "POST" and b"preview" not in request.content
    probes = request.content == b"{}" or f"/{_NOBODYS}/" in request.url.path
    return request.method != "GET" and not probes


def aim_of(request: httpx.Request) -> Aim | None:
    """Return what a request would do; None where it does nothing."""
    if not writes(request):
        return None
    return _aim_of_v3(request) if is_v3(request) else _aim_of_v2(request)


def _aim_of_v2(request: httpx.Request) -> Aim | None:
    found = _V2.search(request.url.path)
    if found is None:
        return None
    kind, number = _KINDS[found["folder"]], int(found["id"] or 0)
    match found["does"]:
        case "add":
            return Aim(Verb.CREATE, kind)
        case "answers/add":
            return Aim(Verb.CREATE, Kind.ANSWER)
        case "edit":
            return Aim(Verb.UPDATE, kind, number)
        case "delete":
            return Aim(Verb.DELETE, kind, number)
        case _:
            return Aim(Verb.SET, kind, number)


def _aim_of_v3(request: httpx.Request) -> Aim | None:
    found = _V3.search(request.url.path)
    if found is None:
        return None
    kind, number = _KINDS[found["folder"]], int(found["id"] or 0)
    if found["under"]:
        kind, number = Kind.ANSWER, int(found["answer"] or 0)
    if found["accept"]:
        return Aim(Verb.SET, kind, number)
    verb = {"POST": Verb.CREATE, "PUT": Verb.UPDATE, "DELETE": Verb.DELETE}[request.method]
    return Aim(verb, kind, number)


@dataclass
class Intents:
    """What is durable of what a process is about to do. A new process has intended nothing.

    API v2.3 is told the id of each write; over v3, a write has to fit an operation that is open.
    """

    ids: set[str] = field(default_factory=set)
    open: dict[str, Operation] = field(default_factory=dict)

    def add(self, operation: Operation) -> None:
        self.ids.add(operation.request_id)
        self.open[operation.request_id] = operation

    def close(self, operation: Operation) -> None:
        self.open.pop(operation.request_id, None)

    def cover(self, request: httpx.Request) -> bool:
        """Tell whether *request* does nothing that wasn't intended."""
        if not is_v3(request):
            form = parse_qs(request.content.decode()) if request.method == "POST" else {}
            return all(number in self.ids for number in form.get("request_id", ()))
        aim = aim_of(request)
        if aim is None:
            return not writes(request)
        return any(_fits(it, aim, request.content) for it in self.open.values())


def _fits(operation: Operation, aim: Aim, content: bytes) -> bool:
    if (operation.verb, operation.kind) != (aim.verb, aim.kind):
        return False
    if aim.verb is Verb.CREATE:
        return f":{operation.key} ".encode() in content
    return operation.ref == Ref(aim.kind, aim.id)


def unpacked(answer: Answer) -> bytes:
    """Return an answer's body as it was before it was compressed."""
    coding = dict(answer.headers).get("content-encoding", "")
    return zlib.decompress(answer.body, 47) if coding else answer.body


def waits_s(request: httpx.Request, answer: Answer) -> float:
    """Return for how long an answer asks to be left alone; what names no time asks for nothing."""
    if not is_v3(request):
        found = _BACKOFF.search(unpacked(answer))
        return float(found[1]) if found else 0.0
    if answer.status != 429:
        return 0.0
    headers = dict(answer.headers)
    asked = [_retry_after_s(headers)]
    if headers.get("x-token-bucket-calls-left") == "0":
        asked.append(float(headers.get("x-token-bucket-seconds-until-next-refill", 0)))
    return max(asked)


def _retry_after_s(headers: Mapping[str, str]) -> float:
    told = headers.get("retry-after", "")
    if not told or told.isdigit():
        return float(told or 0)
    since = parsedate_to_datetime(headers["date"])
    return max(0.0, (parsedate_to_datetime(told) - since).total_seconds())
