"""The API's description says what is served, all of it, and agrees with what is known of v3."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from importer.sandbox.v3.routing import ROUTES
from tests.conftest import ROOT
from tests.sandbox.driver import BODY, Answer, Town
from tests.sandbox.v3.driver import UNBOUND, Api, article, as_user, question, v3

REFERENCE = ROOT.parent / "shared" / "reference" / "api-v3-openapi.json"
TEAM = "/teams/{team}"

NOT_SERVED = {
    "/communities",
    "/communities/{communityId}",
    "/users/manage",
}
"""What the reference knows of and the sandbox leaves out: communities and deactivated users."""


def described(town: Town, base: str = "/v3") -> dict[str, Any]:
    answer = v3(town, "", base=base).get("/openapi.json")
    assert answer.status == 200
    return answer.json


@pytest.fixture
def busy(found_town: Any) -> Town:
    town: Town = found_town(replace(UNBOUND, title_min=1))
    town.world.add_synonym(town.chidi, "rollouts", "deploys")
    return town


class _Tour:
    """Calls every operation once in a way that succeeds, in an order that lets it."""

    def __init__(self, town: Town) -> None:
        world = town.world
        admin = world.add_user("acme", "Root", role="admin", email="root@acme.example")
        world.change_user(admin, external_id="x-1")
        self.admin, self.ada, self.bjorn = as_user(town, admin), v3(town), as_user(town, town.bjorn)
        ids = {"user": town.bjorn.id, "email": "root@acme.example", "external": "x-1"}
        self.parts: dict[str, Any] = {f"{name}Id": value for name, value in ids.items()}
        self.parts["email"] = self.parts.pop("emailId")

    def answers(self) -> Iterator[tuple[str, str, Answer]]:
        """Give each operation's path and method, and the answer."""
        for verb, path, api, body, part in self._stops():
            options = {} if body is None else {"json": body}
            if path == "images/upload":
                options = {"files": {"file": ("x.png", b"\x89PNG\r\n\x1a\n")}}
            answer = api.send(verb, f"/{path}".format(**self.parts), **options)
            if part:
                self.parts[part] = answer.json["id"]
            yield verb, path, answer

    def _stops(self) -> Iterator[tuple[str, str, Api, Any, str]]:
        one, reply = "questions/{questionId}", "questions/{questionId}/answers/{answerId}"
        experts, group = "tags/{tagId}/subject-matter-experts", "user-groups/{userGroupId}"
        paper, pile = "articles/{articleId}", "collections/{collectionId}"
        ada, admin, bjorn = self.ada, self.admin, self.bjorn
        yield "POST", "questions", ada, question(), "questionId"
        yield "POST", "questions", ada, question(title="Another", tags=["deploys"]), ""
        yield "POST", f"{one}/answers", ada, {"body": BODY}, "answerId"
        yield "POST", "articles", ada, article(), "articleId"
        yield "POST", "user-groups", admin, {"name": "G", "userIds": [1001]}, "userGroupId"
        yield "PUT", group, admin, {"name": "G", "userIds": [1001]}, ""
        yield "POST", f"{group}/members", admin, [self.parts["userId"]], ""
        held = [self.parts["questionId"], self.parts["articleId"]]
        shared = {"editorUserIds": [1001], "editorUserGroupIds": [self.parts["userGroupId"]]}
        made = {"title": "C", "contentIds": held, **shared}
        yield "POST", "collections", ada, made, "collectionId"
        yield "PUT", pile, ada, made, ""
        self.parts["tagId"] = ada.get("/tags").items[0]["id"]
        both = {"userIds": [1001], "userGroupIds": [self.parts["userGroupId"]]}
        yield "PUT", experts, admin, both, ""
        yield "POST", f"{experts}/users", admin, [self.parts["userId"]], ""
        yield "POST", f"{experts}/user-groups", admin, [self.parts["userGroupId"]], ""
        yield "POST", "images/upload", ada, None, "imageId"
        yield "PUT", one, ada, question(body=f"{BODY} Edited."), ""
        yield "PUT", reply, ada, {"body": f"{BODY} Edited."}, ""
        yield (
            "PUT",
            paper,
            ada,
            article(permissions={"editableBy": "specificEditors", **shared}),
            "",
        )
        yield "POST", f"{reply}/accept", ada, {}, ""
        for path, words in ((one, "up down"), (reply, "up down"), (paper, "up")):
            for word in words.split():
                yield "POST", f"{path}/{word}vote", bjorn, {}, ""
        yield "POST", f"{one}/bookmark", bjorn, {}, ""
        for route in ROUTES:
            if route.verb == "GET":
                api = admin if route.access == "admin" else ada
                query = "?query=push" if route.path == "search" else ""
                yield "GET", f"{route.path}{query}", api, None, ""
        yield "DELETE", f"{one}/bookmark", bjorn, None, ""
        for path, words in ((one, "up down"), (reply, "up down"), (paper, "up")):
            for word in words.split():
                yield "DELETE", f"{path}/{word}vote", bjorn, None, ""
        yield "DELETE", f"{reply}/accept", ada, None, ""
        yield "DELETE", f"{experts}/users/{{userId}}", admin, None, ""
        yield "DELETE", f"{experts}/user-groups/{{userGroupId}}", admin, None, ""
        yield "DELETE", f"{group}/members/{{userId}}", admin, None, ""
        for path in (pile, paper, reply, one):
            yield "DELETE", path, ada, None, ""


def test_every_operation_answers_as_described(busy: Town) -> None:
    for comment in ("A comment on the question.", "And another one, to it."):
        asked = busy.ask()
        busy.world.comment_on(busy.bjorn, asked, body=comment)
    description = described(busy)
    toured = set()
    for verb, path, answer in _Tour(busy).answers():
        bare = path.partition("?")[0]
        operation = description["paths"][f"{TEAM}/{bare}"][verb.lower()]
        toured.add((verb, bare))
        success = operation["responses"].get(str(answer.status))
        assert success is not None, (verb, path, answer.status, answer.raw.text)
        assert answer.status < 300, (verb, path, answer.raw.text)
        assert set(success["headers"]) <= set(answer.raw.headers)
        _check(description, success, answer, exact=True)
    assert toured == {(route.verb, route.path) for route in ROUTES}


@pytest.mark.parametrize("status", [400, 401, 403, 404, 415, 422, 429])
def test_every_refusal_answers_as_described(busy: Town, status: int) -> None:
    api, ask = v3(busy), "/questions"
    busy.ask()
    if status == 422:
        busy.world.behaviour = replace(busy.world.behaviour, experts=False)
    if status == 429:
        busy.world.behaviour = replace(busy.world.behaviour, v3_burst=1)
        api.get("/users/me")
    refused: dict[int, Callable[[], tuple[str, str, Answer]]] = {
        400: lambda: ("post", ask, api.post(ask, {})),
        401: lambda: ("get", ask, v3(busy, "no").get(ask)),
        403: lambda: ("post", ask, v3(busy, busy.tokens.read_only).post(ask, {})),
        404: lambda: ("get", "/questions/{questionId}", api.get("/questions/77")),
        415: lambda: ("post", "/images/upload", api.post("/images/upload", {})),
        422: lambda: (
            "get",
            "/tags/{tagId}/subject-matter-experts",
            api.get("/tags/1/subject-matter-experts"),
        ),
        429: lambda: ("get", "/search", api.get("/search")),
    }
    verb, path, answer = refused[status]()
    assert answer.status == status
    description = described(busy) if status != 429 else described_quietly(busy)
    refusal = description["paths"][f"{TEAM}{path}"][verb]["responses"][str(status)]
    _check(description, refusal, answer, exact=False)


def described_quietly(town: Town) -> dict[str, Any]:
    town.world.behaviour = replace(town.world.behaviour, v3_burst=0)
    return described(town)


def _check(description: Any, said: Any, answer: Answer, *, exact: bool) -> None:
    if "content" not in said:
        assert answer.raw.content == b""
        return
    ((sort, content),) = said["content"].items()
    assert answer.raw.headers["content-type"].startswith(sort.rstrip("*"))
    if sort != "application/json":
        return
    schema = _json_schema(content["schema"], description, exact=exact)
    jsonschema.Draft202012Validator(schema).validate(answer.raw.json())


def _json_schema(schema: Any, description: Any, *, exact: bool) -> Any:
    """Turn a description's schema into JSON Schema; *exact* ones ask for every member."""
    if isinstance(schema, list):
        return [_json_schema(each, description, exact=exact) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        found = description["components"]["schemas"][name]
        return _json_schema(found, description, exact=exact)
    turned = {
        name: {k: _json_schema(v, description, exact=exact) for k, v in value.items()}
        if name == "properties"
        else _json_schema(value, description, exact=exact)
        for name, value in schema.items()
    }
    if exact and "properties" in turned:
        turned["required"] = list(turned["properties"])
    if turned.pop("nullable", False):
        return {"anyOf": [{"type": "null"}, turned]}
    return turned


def test_an_enterprise_site_s_paths_need_no_team(busy: Town) -> None:
    hosted, site = described(busy)["paths"], described(busy, "/api/v3")["paths"]
    assert all(path.startswith(TEAM) for path in hosted)
    assert set(site) == set(hosted) | {path.removeprefix(TEAM) for path in hosted}


@pytest.fixture
def reference() -> dict[str, Any]:
    if not REFERENCE.is_file():
        pytest.skip("the reference is not beside the repository")
    found: dict[str, Any] = json.loads(Path(REFERENCE).read_text(encoding="utf-8"))
    return found


def test_paths_and_methods_are_those_of_the_reference(
    busy: Town, reference: dict[str, Any]
) -> None:
    def operations(description: Any) -> set[tuple[str, str]]:
        return {
            (path, verb)
            for path, item in description["paths"].items()
            for verb in item
            if verb in ("get", "post", "put", "delete") and path not in NOT_SERVED
        }

    assert operations(described(busy, "/api/v3")) == operations(reference)


def test_what_operations_take_and_give_is_that_of_the_reference(
    busy: Town, reference: dict[str, Any]
) -> None:
    ours = described(busy, "/api/v3")
    for path, item in ours["paths"].items():
        for verb, operation in item.items():
            theirs = reference["paths"][path][verb]
            where = f"{verb} {path}"
            assert _names(operation) == _names(theirs), where
            assert set(theirs["responses"]) <= set(operation["responses"]), where
            assert _successes(operation) == _successes(theirs), where
            for side in ("requestBody", "responses"):
                found = _shape(_body(operation, side), ours)
                if path.endswith("/watched-tags") and side == "responses":
                    # The contract says one, its own text says a list; nobody has seen either.
                    assert found[0] == "array"
                    found = found[1]
                assert found == _shape(_body(theirs, side), reference), f"{where} {side}"


def _names(operation: Any) -> list[tuple[str, str, bool]]:
    return sorted((p["name"], p["in"], p.get("required", False)) for p in operation["parameters"])


def _successes(operation: Any) -> set[str]:
    return {status for status in operation["responses"] if status.startswith("2")}


def _body(operation: Any, side: str) -> Any:
    said = operation.get(side) or {}
    if side == "responses":
        (status,) = _successes(operation)
        said = said[status]
    content: dict[str, Any] = said.get("content", {})
    return next(iter(content.values()))["schema"] if content else None


def _shape(schema: Any, description: Any) -> Any:
    """Reduce a schema to its members, their sorts, what may be null and what must be there."""
    if schema is None:
        return None
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return _shape(description["components"]["schemas"][name], description)
    nullable = ("null",) if schema.get("nullable") else ()
    if "allOf" in schema:
        inner = _shape(schema["allOf"][0], description)
        return (inner, *nullable) if nullable else inner
    if "oneOf" in schema:
        return sorted((_shape(each, description) for each in schema["oneOf"]), key=str)
    if schema.get("type") == "array":
        return ["array", _shape(schema["items"], description)]
    if schema.get("type") == "object":
        members = {k: _shape(v, description) for k, v in schema.get("properties", {}).items()}
        return members, sorted(schema.get("required", ()))
    return (schema.get("type"), tuple(sorted(schema.get("enum", ()))), *nullable)
