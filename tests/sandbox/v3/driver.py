"""Calls API v3 of a town in-process: as one token's user, answers as JSON."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import httpx

from tests.sandbox.driver import BODY, TITLE, UNHURRIED, Answer

if TYPE_CHECKING:
    from importer.sandbox import User
    from tests.sandbox.driver import Town

__all__ = ["UNBOUND", "Api", "article", "as_user", "question", "v3"]

UNBOUND = replace(UNHURRIED, v3_burst=0, v3_bucket=0)
"""Without limits, for tests that make many calls while the clock stands."""


class Api:
    """Calls of one token, below one base."""

    def __init__(self, town: Town, token: str | None, base: str) -> None:
        self._runner = town.runner
        self._client = httpx.AsyncClient(
            transport=httpx.ASGITransport(town.app, raise_app_exceptions=True),
            base_url=f"http://sandbox.localhost{base}",
            headers={"Authorization": f"Bearer {token}"} if token is not None else {},
        )

    def send(self, method: str, path: str, **options: Any) -> Answer:
        return Answer(self._runner.run(self._client.request(method, path, **options)))

    def get(self, path: str, **params: Any) -> Answer:
        named = {name.rstrip("_"): value for name, value in params.items()}
        return self.send("GET", path, params=named)

    def post(self, path: str, whole: Any = None, /, **members: Any) -> Answer:
        return self.send("POST", path, json=members if whole is None else whole)

    def put(self, path: str, whole: Any = None, /, **members: Any) -> Answer:
        return self.send("PUT", path, json=members if whole is None else whole)

    def delete(self, path: str) -> Answer:
        return self.send("DELETE", path)

    def ask(self, title: str = TITLE, body: str = BODY, tags: str = "deploys") -> int:
        asked = self.post("/questions", title=title, body=body, tags=tags.split())
        assert asked.status == 201, asked.raw.text
        found: int = asked.json["id"]
        return found

    def answer(self, question_id: int, body: str = BODY) -> int:
        answered = self.post(f"/questions/{question_id}/answers", body=body)
        assert answered.status == 201, answered.raw.text
        found: int = answered.json["id"]
        return found


def v3(town: Town, token: str | None = None, *, base: str = "/v3/teams/acme") -> Api:
    """Call as the first member unless another token is given; "" sends none."""
    return Api(town, (token or None) if token is not None else town.tokens.read_write, base)


def as_user(town: Town, user: User) -> Api:
    return v3(town, town.world.issue_token(user))


def question(**changes: Any) -> dict[str, Any]:
    return {"title": TITLE, "body": BODY, "tags": ["deploys"], **changes}


def article(**changes: Any) -> dict[str, Any]:
    permissions = {"editableBy": "everyone", "editorUserIds": [], "editorUserGroupIds": []}
    written = {"title": "The rules of the house", "body": BODY, "tags": ["deploys"]}
    return {**written, "type": "knowledgeArticle", "permissions": permissions, **changes}
