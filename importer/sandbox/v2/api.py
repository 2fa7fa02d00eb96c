"""The door of API v2.3: from request to method, through the service's checks, to the answer."""

import json
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache

from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response
from starlette.types import Receive, Scope, Send

from importer.sandbox.limits import Banned, Throttled
from importer.sandbox.request_log import Note
from importer.sandbox.rules import RuleBroken
from importer.sandbox.v2 import exchanging, meta, reads, search, writes
from importer.sandbox.v2.caching import Answers
from importer.sandbox.v2.calls import Call, Found, Method, no_method
from importer.sandbox.v2.carrying import carry_out
from importer.sandbox.v2.entering import Door, HostedDoor
from importer.sandbox.v2.errors import ApiError, ErrorId, refusal_of
from importer.sandbox.v2.filters import Filter, find_filter
from importer.sandbox.v2.lens import Json
from importer.sandbox.v2.params import Params, read_params
from importer.sandbox.world import World

__all__ = ["Api"]

_log = logging.getLogger(__name__)

_FORM_MAX = 2_000_000
_CHALLENGE = "<!DOCTYPE html><title>Just a moment...</title><h1>Checking your browser</h1>"

_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(name)))


# Methods with fixed words come first: `questions/add` is not `questions/{ids}`.
_ROUTES = tuple(
    (_pattern(method.name), method)
    for method in sorted(
        (*reads.METHODS, *search.METHODS, *writes.METHODS, *meta.METHODS, *exchanging.METHODS),
        key=lambda m: m.name.count("{"),
    )
)


class Api:
    """ASGI application that answers below a door's root."""

    def __init__(self, world: World, door: type[Door] = HostedDoor) -> None:
        self._world = world
        self._door = door(world)
        self._answers = Answers()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        note: Note = scope.get("sandbox.note") or Note()
        try:
            response = await self._respond(request, note)
        except ClientDisconnect:
            return
        except Exception:
            _log.exception("the sandbox failed to answer %s", request.url.path)
            response = self._refuse(ApiError(ErrorId.INTERNAL_ERROR, "internal error"), note)
        await response(scope, receive, send)

    async def _respond(self, request: Request, note: Note) -> Response:
        try:
            return _json(self._answer(request, await _form(request), note))
        except Banned:
            note.error_id = ErrorId.THROTTLE_VIOLATION
            return self._banned()
        except ApiError as error:
            return self._refuse(error, note)

    def _answer(self, request: Request, form: bytes, note: Note) -> Json:
        world, behaviour = self._world, self._world.behaviour
        address = request.client.host if request.client else "unknown"
        world.limits.admit(address, behaviour)
        query = request.scope["query_string"]
        params = read_params(query, form)
        if behaviour.token_in_query == "voided":  # noqa: S105 - a mode
            for value in read_params(query, b"").values.values():
                world.void_token(value)
        place = request.scope["path"].removeprefix(self._door.root)
        method, path = _match(place, request.method)
        caller = self._door.enter(request.headers, params, method)
        note.user_id = caller.user.id if caller.user else None
        name = self._door.name(caller, address)
        quota, backoff = self._charge(name, method)
        try:
            chosen = self._filter(params)
            who = (name, caller.token, caller.user, caller.team, caller.key)
            call = Call(world, params, path, chosen, _origin(request), *who)
            found = self._found(request, call, method)
            return _wrapped(found, chosen, (behaviour.quota_max, quota), backoff)
        except RuleBroken as broken:
            refusal = refusal_of(broken, behaviour)
            refusal.backoff = backoff
            raise refusal from broken
        except ApiError as error:
            error.backoff = error.backoff or backoff
            raise

    def _found(self, request: Request, call: Call, method: Method) -> Found:
        if method.access == "write":
            return carry_out(call, method)
        if method.access in ("open", "key") or request.method != "GET":
            return method.run(call)
        cache_s = call.world.behaviour.cache_s
        if not cache_s:
            return self._looked_up(call, method)
        now = self._world.clock.now().timestamp()
        key = (call.caller, request.scope["path"], frozenset(call.params.values.items()))
        kept = self._answers.find(key, since=now - cache_s)
        return kept or self._answers.keep(key, self._looked_up(call, method), now=now)

    def _looked_up(self, call: Call, method: Method) -> Found:
        """Answer a read from the replica it reaches, without what lists don't show yet."""
        world = self._world.replica()
        unlisted = world.unlisted(call.team)
        if world is not self._world or unlisted:
            call = replace(call, world=world, unlisted=unlisted)
        return method.run(call)

    def _charge(self, caller: str, method: Method) -> tuple[int, int | None]:
        limits, behaviour = self._world.limits, self._world.behaviour
        try:
            quota = limits.charge(caller, behaviour)
            return quota, limits.enter(caller, method.bucket, behaviour)
        except Throttled as throttled:
            raise ApiError(ErrorId.THROTTLE_VIOLATION, throttled.message) from throttled

    def _filter(self, params: Params) -> Filter:
        name = params.text("filter") or "default"
        found = find_filter(self._world.store, name)
        if found is None:
            raise ApiError(ErrorId.BAD_PARAMETER, "Invalid filter specified")
        return found

    def _refuse(self, error: ApiError, note: Note) -> Response:
        note.error_id = int(error.error_id)
        body: Json = {
            "error_id": int(error.error_id),
            "error_message": error.message,
            "error_name": error.error_id.name.lower(),
        }
        if error.backoff is not None:
            body["backoff"] = error.backoff
        style = self._world.behaviour.throttle_as
        if error.error_id != ErrorId.THROTTLE_VIOLATION or style == "json400":
            return _json(body, 400)
        if style == "html":
            return HTMLResponse(_CHALLENGE, 429)
        return _json(body, 502 if style == "json502" else 429)

    def _banned(self) -> Response:
        if self._world.behaviour.banned_as == "html":
            return HTMLResponse(_CHALLENGE, 429)
        wait_s = round(self._world.behaviour.ban_s)
        text = f"too many requests from this IP, more requests available in {wait_s} seconds"
        name = ErrorId.THROTTLE_VIOLATION.name.lower()
        return _json({"error_id": 502, "error_message": text, "error_name": name}, 502)


@lru_cache(maxsize=1024)
def _match(path: str, verb: str) -> tuple[Method, Mapping[str, str]]:
    name = path.strip("/")
    for pattern, method in _ROUTES:
        found = pattern.fullmatch(name)
        if found and verb in method.verbs:
            return method, found.groupdict()
    raise no_method()


def _origin(request: Request) -> str:
    return f"{request.scope['scheme']}://{request.headers.get('host') or 'sandbox.localhost'}"


async def _form(request: Request) -> bytes:
    """Read the body, whatever its content type says: a working client sends none."""
    found = bytearray()
    async for chunk in request.stream():
        found += chunk
        if len(found) > _FORM_MAX:
            raise ApiError.bad(parameter="body")
    return bytes(found)


def _wrapped(found: Found, chosen: Filter, quota: tuple[int, int], backoff: int | None) -> Json:
    whole: dict[str, Callable[[], object]] = {
        "items": lambda: found.items,
        "has_more": lambda: found.has_more,
        "backoff": lambda: backoff,
        "quota_max": lambda: quota[0],
        "quota_remaining": lambda: quota[1],
        "page": lambda: found.page,
        "page_size": lambda: found.page_size,
        "total": found.total,
        "type": lambda: found.kind,
    }
    wanted = chosen.of("")
    return {n: value for n, get in whole.items() if n in wanted and (value := get()) is not None}


def _json(body: Json, status: int = 200) -> Response:
    content = _ENCODER.encode(body).encode()
    return Response(content, status, media_type="application/json; charset=utf-8")
