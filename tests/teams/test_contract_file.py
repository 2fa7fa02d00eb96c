"""An instance's own Swagger file: what it lacks is not tried."""

from __future__ import annotations

import json
from typing import Any

import pytest

from importer.errors import UsageError
from importer.model.ids import Field, Kind, Verb
from importer.model.live import Source
from importer.sandbox.v3.describing import describe
from importer.sandbox.v3.routing import BASES
from importer.teams import Contract, LiveTeam, read_contract
from tests.teams.stage import a_world, opened
from tests.virtual_time import run


def served() -> dict[str, Any]:
    """The description that the sandbox of an Enterprise site serves."""
    described: dict[str, Any] = json.loads(json.dumps(describe(BASES[1])))
    return described


def contract(document: object) -> Contract:
    return read_contract("swagger.json", json.dumps(document).encode())


def without(*endings: str) -> Contract:
    document = served()
    kept = {path: it for path, it in document["paths"].items() if not path.endswith(endings)}
    return contract({**document, "paths": kept})


def asked(found: Contract | None, api: str = "auto") -> LiveTeam:
    async def opening() -> LiveTeam:
        async with opened(a_world(), api=api, contract=found) as team:
            return team

    return run(opening())


def test_a_whole_description_takes_nothing_away() -> None:
    bare, told = asked(None), asked(contract(served()))
    assert [(it.kind, it.verb, it.field, it.by) for it in told.routes()] == [
        (it.kind, it.verb, it.field, it.by) for it in bare.routes()
    ]
    by_v3 = {it.source for it in told.routes() if it.by == "API v3"}
    assert by_v3 == {Source.SWAGGER}
    assert {it.source for it in bare.routes()} == {Source.TABLE}


def test_what_an_instance_lacks_is_said_with_the_call_and_the_file() -> None:
    team = asked(without("/collections", "/subject-matter-experts"))
    for kind, verb, field in (
        (Kind.COLLECTION, Verb.CREATE, None),
        (Kind.TAG, Verb.SET, Field.EXPERTS),
    ):
        found = team.ability(kind, verb, field)
        assert (found.able, found.source) == (False, Source.SWAGGER)
        assert "swagger.json" in found.reason
        assert "this site has no" in found.reason
    assert team.ability(Kind.COLLECTION, Verb.UPDATE).able
    assert team.ability(Kind.QUESTION, Verb.CREATE).able


def test_where_the_other_api_can_it_does() -> None:
    lacking = without("/articles", "/articles/{articleId}")
    (row,) = (
        it for it in asked(lacking).routes() if (it.kind, it.verb) == (Kind.ARTICLE, Verb.CREATE)
    )
    assert (row.by, row.source) == ("API v2.3", Source.TABLE)
    assert not asked(lacking, "3").ability(Kind.ARTICLE, Verb.CREATE).able


@pytest.mark.parametrize("above", ["", "/api/v3", "/v3", "/v3/teams/{team}", "/teams/{teamSlug}"])
def test_a_route_is_found_below_whatever_stands_before_it(above: str) -> None:
    paths: dict[str, Any] = {
        f"{above}/questions": {"get": {}},
        f"{above}/Questions/{{questionId}}": {"put": {}},
    }
    found = contract({"paths": paths})
    assert found.has("PUT", "questions/{id}")
    assert not found.has("DELETE", "questions/{id}")
    assert not found.has("PUT", "questions")


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"openapi: 3.0.0", id="YAML"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b'{"paths": []}', id="no paths"),
        pytest.param(b'{"paths": {"/pets": {"get": {}}}}', id="another API"),
        pytest.param(b'{"paths": {"/questions": []}}', id="no verbs"),
        pytest.param(b"[" * 100_000, id="deeply nested"),
        pytest.param(b"\xff\xfe", id="no text"),
    ],
)
def test_what_is_no_description_of_the_api_is_refused(content: bytes) -> None:
    with pytest.raises(UsageError) as caught:
        read_contract("swagger.json", content)
    assert "swagger.json" in caught.value.message
    assert caught.value.remedy
