"""The door of API v3: from request to route, through the service's checks, to the answer."""

import hashlib
import json
import logging
from dataclasses import replace
from email.utils import formatdate

from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from importer.sandbox.request_log import Note
from importer.sandbox.rules import RuleBroken
from importer.sandbox.throttling import Standing
from importer.sandbox.v3.calls import Call, Route
from importer.sandbox.v3.describing import describe
from importer.sandbox.v3.forms import Form, read_form
from importer.sandbox.v3.params import ID_MAX, Query, read_query
from importer.sandbox.v3.problems import Problem, refusal_of
from importer.sandbox.v3.routing import WORDS, Base, Place, find_place, match
from importer.sandbox.values import Team, Token, User
from importer.sandbox.world import World

__all__ = ["Api"]

_log = logging.getLogger(__name__)

_KEY = "x-api-key"
_BODY_MAX = 8_000_000
_JSON = ("application/json", "text/json", "application/json-patch+json")
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_LOST = "<!DOCTYPE html><title>Page not found</title><h1>Page not found</h1>"


class _Refused(Exception):
    """A call that gets another answer than a problem."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status_code)
        self.response = response


class Api:
    """ASGI application that answers below one root."""

    def __init__(self, world: World, base: Base) -> None:
        self._world = world
        self._base = base
        self._traced = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; its answer says what the caller has left."""
        request = Request(scope, receive)
        note: Note = scope.get("sandbox.note") or Note()
        standing = self._world.throttle.take(self._caller(request), self._world.behaviour)
        try:
            response = await self._respond(request, standing, note)
        except ClientDisconnect:
            return
        response.headers.update(standing.headers)
        await response(scope, receive, send)

    async def _respond(self, request: Request, standing: Standing, note: Note) -> Response:
        content = await _content(request)
        if standing.wait_s:
            return self._throttled(standing)
        try:
            return self._answer(request, content, note)
        except Problem as problem:
            return self._refuse(problem)
        except _Refused as refused:
            return refused.response
        except Exception:
            _log.exception("the sandbox failed to answer %s", request.url.path)
            return self._refuse(Problem(500, "/v3/errors/internal", "Internal error"))

    def _answer(self, request: Request, content: bytes, note: Note) -> Response:
        if request.scope["path"] == f"{self._base.root}/openapi.json":
            return _json(describe(self._base), 200)
        place = find_place(self._base, request.scope["path"])
        routes, parts = match(place.path) if place else ({}, {})
        if place is None or not routes:
            raise _Refused(Response(_LOST, 404, media_type="text/html; charset=utf-8"))
        route = routes.get(request.method)
        token, user, team = self._admitted(request, place, route)
        note.user_id = user.id
        if route is None:
            raise _Refused(self._no_method(list(routes)))
        call = Call(
            self._world,
            team,
            user,
            token,
            parts,
            Query(),
            _origin(request),
            content=content,
            content_type=request.headers.get("content-type", ""),
        )
        call = _checked(call, route, request.scope["query_string"])
        return self._shown(self._found(call, route), route)

    def _caller(self, request: Request) -> str:
        secret = _secret(request)
        if secret and self._world.find_token(secret) is not None:
            return f"token {secret}"
        if self._base.is_enterprise and request.headers.get(_KEY):
            return f"key {request.headers[_KEY]}"
        return f"address {request.client.host if request.client else 'unknown'}"

    def _admitted(
        self, request: Request, place: Place, route: Route | None
    ) -> tuple[Token, User, Team]:
        """Find who calls; a token of another team is no better than none. Observed."""
        team = self._base.find_team(self._world, place.team)
        found = None
        if team is not None:
            found = self._by_token(request, team) or self._by_key(request, team, route)
        if team is None or found is None:
            raise _Refused(PlainTextResponse("Invalid access token", 401))
        if team.tier == "free":
            raise Problem.forbidden()
        return *found, team

    def _by_token(self, request: Request, team: Team) -> tuple[Token, User] | None:
        world = self._world
        token = world.find_token(_secret(request))
        user = world.find_user(token.user_id) if token else None
        member = world.acting_in(user, team) if user else None
        if token is None or member is None or token.compromised:
            return None
        expired = token.expires is not None and world.seconds >= token.expires
        return None if expired else (token, member)

    def _by_key(
        self, request: Request, team: Team, route: Route | None
    ) -> tuple[Token, User] | None:
        """Let a key alone read an Enterprise site, but for its images. Observed."""
        needs_token = route is not None and route.noun == "image"
        secret = request.headers.get(_KEY)
        if not self._base.is_enterprise or _secret(request) or needs_token or not secret:
            return None
        key = self._world.find_key(secret)
        return self._world.reading_as(key, team) if key else None

    def _found(self, call: Call, route: Route) -> object:
        try:
            if route.verb != "GET":
                with call.world.store.transaction():
                    return route.run(call)
            world = self._world.replica()
            unlisted = world.unlisted(call.team)
            return route.run(replace(call, world=world, unlisted=unlisted))
        except RuleBroken as broken:
            raise refusal_of(broken, route.noun, route.verb) from broken

    def _shown(self, found: object, route: Route) -> Response:
        if isinstance(found, Response):
            return found
        if route.status == 204:
            return Response(status_code=204)
        response = _json(found, route.status)
        if self._world.behaviour.v3_untyped:
            del response.headers["content-type"]
        return response

    def _refuse(self, problem: Problem) -> Response:
        body = problem.members
        if problem.errors is not None:
            body["traceId"] = self._trace()
        return _json(body, problem.status, self._world.behaviour.v3_problem_type)

    def _trace(self) -> str:
        """Make up an id for a refusal, in the form of W3C's traces."""
        self._traced += 1
        text = f"{self._world.seed} trace {self._traced}"
        digest = hashlib.blake2b(text.encode(), digest_size=24).hexdigest()
        return f"00-{digest[:32]}-{digest[32:]}-01"

    def _no_method(self, verbs: list[str]) -> Response:
        if self._world.behaviour.v3_wrong_method == 404:
            return Response(_LOST, 404, media_type="text/html; charset=utf-8")
        return Response(status_code=405, headers={"allow": ", ".join(verbs)})

    def _throttled(self, standing: Standing) -> Response:
        behaviour = self._world.behaviour
        response: Response = PlainTextResponse("Too many requests", 429)
        if behaviour.v3_throttled_as == "problem":
            text = f"Too many requests; try again in {standing.wait_s} seconds"
            response = self._refuse(Problem.of(429, "throttled", "Too many requests", text))
        match behaviour.v3_retry_after:
            case "seconds":
                response.headers["retry-after"] = str(standing.wait_s)
            case "date":
                then = self._world.clock.now().timestamp() + standing.wait_s
                response.headers["retry-after"] = formatdate(then, usegmt=True)
            case "absent":
                pass
        return response


def _checked(call: Call, route: Route, query: bytes) -> Call:
    """Check the token's rights and the request's shape, in the service's order."""
    if call.world.behaviour.v3_check_order == "scope_first":
        _check_rights(call, route)
        return _read(call, route, query)
    read = _read(call, route, query)
    _check_rights(call, route)
    return read


def _read(call: Call, route: Route, query: bytes) -> Call:
    for name, text in call.path.items():
        if name not in WORDS and not _is_id(text):
            raise Problem.invalid({name: [f"The value '{text}' is not valid."]})
    call = replace(call, query=read_query(query))
    if route.listing:
        call.query.check(route.listing)
    if isinstance(route.takes, Form):
        _check_media_type(call)
        call = replace(call, form=read_form(route.takes, call.content))
    return call


def _is_id(digits: str) -> bool:
    return len(digits) <= len(str(ID_MAX)) and 1 <= int(digits) <= ID_MAX


def _check_rights(call: Call, route: Route) -> None:
    writes = call.token.write and call.team.writes
    if route.access == "write" and not writes:
        raise Problem.forbidden()
    if route.access == "admin" and not call.user.administers:
        raise Problem.forbidden()


def _check_media_type(call: Call) -> None:
    """Refuse what isn't JSON; nothing said is taken for it."""
    named = call.content_type.partition(";")[0].strip().lower()
    if named and named not in _JSON and not named.endswith("+json"):
        raise Problem(415, "https://tools.ietf.org/html/rfc7231#section-6.5.13", "Unsupported")


def _secret(request: Request) -> str:
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else ""


def _origin(request: Request) -> str:
    return f"{request.url.scheme}://{request.headers.get('host') or 'sandbox.localhost'}"


async def _content(request: Request) -> bytes:
    found = bytearray()
    async for chunk in request.stream():
        if len(found) <= _BODY_MAX:
            found += chunk
    return bytes(found)


def _json(body: object, status: int, sort: str = "application/json") -> Response:
    return Response(_ENCODER.encode(body).encode(), status, media_type=f"{sort}; charset=utf-8")
