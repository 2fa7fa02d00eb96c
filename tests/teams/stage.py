"""A stage for the live team's tests: a sandbox in virtual time, and a transport that misbehaves."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from random import Random
from typing import Any

import httpx

from importer.model.ids import Field, Key, Kind, Ref, Verb
from importer.model.live import Covered, LiveItem, Scope, Synonym
from importer.model.writing import Write
from importer.sandbox import Behaviour, Post, User, World, create_app, open_world
from importer.teams import Connection, LiveTeam, Mode, Secret, open_team
from importer.text.links import Text
from tests.virtual_time import LoopClock, run

Deliver = Callable[[], Awaitable[httpx.Response]]
Act = Callable[[httpx.Request, Deliver], Awaitable[httpx.Response]]

ASKED = "How is this question number {} answered?"
BODY = "A body that is long enough for every rule of the site, number {}."


class Stage(httpx.AsyncBaseTransport):
    """Hands requests to an app, each by way of what `at` has to say about it.

    `at(number, request)` returns an act, or None for an ordinary delivery; numbers count from 1.
    """

    def __init__(
        self, app: Any, at: Callable[[int, httpx.Request], Act | None] | None = None
    ) -> None:
        self.requests: list[httpx.Request] = []
        self.times: list[float] = []
        self._inner = httpx.ASGITransport(app=app)
        self._at = at or (lambda _, __: None)

    @property
    def paths(self) -> list[str]:
        return [f"{it.method} {it.url.path.removeprefix('/2.3/')}" for it in self.requests]

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        self.times.append(asyncio.get_running_loop().time())
        act = self._at(len(self.requests), request)

        async def deliver() -> httpx.Response:
            return await self._inner.handle_async_request(request)

        return await (act(request, deliver) if act else deliver())


def on(path: str, *acts: Act | None) -> Callable[[int, httpx.Request], Act | None]:
    """Play *acts*, in order, on the requests whose path ends so; None plays nothing."""
    left = list(acts)

    def at(_: int, request: httpx.Request) -> Act | None:
        return left.pop(0) if left and request.url.path.endswith(path) else None

    return at


def always(path: str, act: Act) -> Callable[[int, httpx.Request], Act | None]:
    return lambda _, request: act if request.url.path.endswith(path) else None


def fails(error: httpx.HTTPError, *, after: bool = False) -> Act:
    """Raise *error*, before the server sees the request or after it answered."""

    async def act(_: httpx.Request, deliver: Deliver) -> httpx.Response:
        if after:
            await deliver()
        raise error

    return act


def answers(
    status: int,
    content: bytes | str | dict[str, Any] | list[Any] = b"",
    *,
    after: bool = False,
    **headers: str,
) -> Act:
    """Answer so, in the server's place; with *after*, once the server did its work."""
    if isinstance(content, (dict, list)):
        content = json.dumps(content)
    raw = content.encode() if isinstance(content, str) else content

    async def act(_: httpx.Request, deliver: Deliver) -> httpx.Response:
        if after:
            await deliver()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return httpx.Response(status, headers=named, stream=httpx.ByteStream(raw))

    return act


def rewrites(change: Callable[[dict[str, Any]], object], status: int | None = None) -> Act:
    """Let the server answer and change the JSON of it."""

    async def act(_: httpx.Request, deliver: Deliver) -> httpx.Response:
        response = await deliver()
        raw = b"".join([chunk async for chunk in response.stream])  # type: ignore[union-attr]  # an asynchronous one
        body = json.loads(unpacked(raw))
        change(body)
        content = json.dumps(body).encode()
        return httpx.Response(status or response.status_code, stream=httpx.ByteStream(content))

    return act


def unpacked(raw: bytes) -> bytes:
    """Return a body decompressed; API v3's come as they are."""
    return gzip.decompress(raw) if raw.startswith(b"\x1f\x8b") else raw


def meanwhile(happening: Callable[[], object]) -> Act:
    """Let something happen on the site just before the server answers."""

    async def act(_: httpx.Request, deliver: Deliver) -> httpx.Response:
        happening()
        return await deliver()

    return act


def a_world(*, questions: int = 0, seed: int = 1, **behaviour: Any) -> World:
    """A sandbox on the loop's time, burst limits included; questions have one tag and no answer."""
    world = open_world(behaviour=Behaviour(**behaviour), clock=LoopClock(), seed=seed)
    fill(world, questions)
    return world


def fill(world: World, questions: int) -> None:
    author = world.users("acme")[0]
    with world.store.transaction():
        for number in range(questions):
            world.ask(
                author,
                title=ASKED.format(number),
                body=BODY.format(number),
                tags=[f"t{number % 7}"],
            )


@asynccontextmanager
async def opened(
    world: World,
    *,
    mode: Mode = Mode.WRITE,
    stage: Stage | None = None,
    token: str | None = None,
    team: str = "acme",
    waits: list[tuple[str, float]] | None = None,
    seed: int = 7,
    **options: Any,
) -> AsyncIterator[LiveTeam]:
    secret = Secret(world.tokens("acme").read_write if token is None else token)
    options.setdefault("api", "2.3")
    async with open_team(
        Connection("sandbox:", team, secret, **options),
        mode=mode,
        clock=world.clock,
        app=create_app(world),
        client_transport=stage,
        on_wait=None if waits is None else lambda why, s: waits.append((why, s)),
        random=Random(seed),
    ) as live:
        yield live


def staged(world: World, at: Callable[[int, httpx.Request], Act | None] | None = None) -> Stage:
    return Stage(create_app(world), at)


async def everything(team: LiveTeam, scope: Scope) -> list[LiveItem]:
    return [item async for item in team.read(scope) if isinstance(item, LiveItem)]


async def told(team: LiveTeam, scope: Scope) -> tuple[set[Kind], dict[str, str]]:
    """Return the kinds covered and the synonyms said."""
    read = [item async for item in team.read(scope)]
    covered = {item.kind for item in read if isinstance(item, Covered)}
    return covered, {item.name: item.master for item in read if isinstance(item, Synonym)}


def new_question(number: int = 1, *, request_id: str = "", marker: str = "") -> Write:
    return Write(
        request_id=request_id or f"q{number}",
        verb=Verb.CREATE,
        kind=Kind.QUESTION,
        fields={
            Field.TITLE: ASKED.format(number),
            Field.TAGS: ("alpha", "beta"),
            Field.BODY: Text(BODY.format(number) + "\n"),
        },
        marker=marker,
    )


def new_answer(parent: Ref, number: int = 1, links: dict[Key, Ref] | None = None) -> Write:
    return Write(
        request_id=f"a{number}",
        verb=Verb.CREATE,
        kind=Kind.ANSWER,
        parent=parent,
        fields={Field.BODY: Text(BODY.format(f"{number} (an answer)") + "\n")},
        links=links or {},
    )


def titles(world: World) -> list[str]:
    return [it.title or "" for it in world.questions("acme")]


def distinct(items: Iterable[LiveItem]) -> set[Ref]:
    refs = [item.ref for item in items]
    assert len(refs) == len(set(refs)), "a ref came twice"
    return set(refs)


def moderator(world: World) -> User:
    return world.users("acme")[2]


def delete(world: World, post: Post) -> None:
    world.delete(moderator(world), post.id)


def live(world: World) -> set[Ref]:
    return {Ref(Kind.QUESTION, it.id) for it in world.questions("acme")}


def read_all(stage: Stage, world: World, scope: Scope) -> list[LiveItem]:
    async def reading() -> list[LiveItem]:
        async with opened(world, mode=Mode.READ, stage=stage) as team:
            return await everything(team, scope)

    return run(reading())
