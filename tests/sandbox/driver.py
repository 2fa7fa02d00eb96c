"""Drives a sandbox in-process: a caller with one token, answers as JSON."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx

from importer.sandbox import Behaviour, SteppedClock, World, create_app, open_world

if TYPE_CHECKING:
    from starlette.types import ASGIApp

TITLE = "How do I roll back a deploy?"
BODY = "Push the button that says so, and then wait for it."
UNHURRIED = Behaviour(burst_per_s=0)


@dataclass(frozen=True)
class Answer:
    raw: httpx.Response

    @property
    def status(self) -> int:
        return self.raw.status_code

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = self.raw.json()
        return found

    @property
    def items(self) -> list[dict[str, Any]]:
        assert self.status == 200, self.raw.text
        found: list[dict[str, Any]] = self.json["items"]
        return found

    @property
    def item(self) -> dict[str, Any]:
        (found,) = self.items
        return found

    @property
    def error(self) -> int | None:
        found: int | None = self.json.get("error_id")
        return found

    def column(self, name: str) -> list[Any]:
        return [item[name] for item in self.items]


class Caller:
    """Calls the API of a world as one token's user."""

    def __init__(
        self,
        app: ASGIApp,
        runner: asyncio.Runner,
        token: str | None,
        *,
        team: str | None = "acme",
        root: str = "/2.3",
        key: str | None = None,
    ) -> None:
        self._runner = runner
        self._root = root
        headers = {"X-API-Access-Token": token, "X-API-Key": key}
        self._client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app, raise_app_exceptions=True),
            base_url="http://sandbox.localhost",
            headers={name: value for name, value in headers.items() if value is not None},
        )
        self._team = {"team": team} if team is not None else {}

    def get(self, path: str, **params: object) -> Answer:
        return self.send("GET", path, query=params)

    def post(self, path: str, **form: object) -> Answer:
        return self.send("POST", path, data=form)

    def send(
        self,
        method: str,
        path: str,
        *,
        query: dict[str, Any] | None = None,
        **options: Any,
    ) -> Answer:
        params = {**self._team, **(query or {})}
        request = self._client.request(method, f"{self._root}{path}", params=params, **options)
        return Answer(self._runner.run(request))

    def page(self, path: str, **headers: str) -> httpx.Response:
        return self._runner.run(self._client.get(path, headers=headers))

    def ask(self, title: str = TITLE, body: str = BODY, tags: str = "deploys") -> int:
        asked = self.post("/questions/add", title=title, body=body, tags=tags)
        found: int = asked.item["question_id"]
        return found

    def answer(self, question_id: int, body: str = BODY) -> int:
        found: int = self.post(f"/questions/{question_id}/answers/add", body=body).item["answer_id"]
        return found

    def filter(self, *include: str, unsafe: bool = True, base: str = "default") -> str:
        fields = ";".join(include)
        made = self.get("/filters/create", include=fields, base=base, unsafe=str(unsafe).lower())
        found: str = made.item["filter"]
        return found


class Town:
    """A world with callers for its tokens; the clock stands until it is advanced."""

    def __init__(
        self, runner: asyncio.Runner, behaviour: Behaviour = UNHURRIED, **options: Any
    ) -> None:
        self.clock = SteppedClock()
        self.world: World = open_world(behaviour=behaviour, clock=self.clock, **options)
        self.app = create_app(self.world)
        self.runner = runner
        self.tokens = self.world.tokens("acme")
        self.ada, self.bjorn, self.chidi = self.world.users("acme")[:3]
        self.api = self.caller(self.tokens.read_write)

    def caller(self, token: str | None, *, team: str | None = "acme") -> Caller:
        return Caller(self.app, self.runner, token, team=team)

    def enterprise(
        self, token: str | None, key: str | None = None, *, team: str | None = None
    ) -> Caller:
        return Caller(self.app, self.runner, token, team=team, root="/api/2.3", key=key)

    def ask(self, title: str = TITLE, body: str = BODY, tags: str = "deploys") -> int:
        return self.world.ask(self.ada, title=title, body=body, tags=tags.split()).id
