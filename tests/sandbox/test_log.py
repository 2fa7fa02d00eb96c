"""What was asked is recorded, and no secret with it."""

from __future__ import annotations

import io
import json
import stat
from pathlib import Path

import pytest

from importer.sandbox import SandboxError, create_app
from tests.sandbox.driver import BODY, TITLE, Caller, Town


def test_every_request_is_recorded_with_its_outcome(town: Town) -> None:
    town.api.get("/questions", page=2, tagged="a;b")
    town.caller("nonsense").get("/me")
    town.api.page("/")
    read, refused, page = town.world.requests
    assert (read.method, read.path, read.query) == (
        "GET",
        "/2.3/questions",
        "team=acme&page=2&tagged=a;b",
    )
    assert (read.status, read.error_id, read.user_id) == (200, None, town.ada.id)
    assert (refused.status, refused.error_id, refused.user_id) == (400, 402, None)
    assert (page.path, page.status) == ("/", 200)
    assert read.time == "2026-01-05T09:00:00.000+00:00"


def test_the_log_is_a_line_of_json_per_request(town: Town, tmp_path: Path) -> None:
    stream, path = io.StringIO(), tmp_path / "log.jsonl"
    for log in (stream, path):
        api = Caller(create_app(town.world, log=log), town.runner, town.tokens.read_write)
        api.get("/questions%0Aforged")
        api.post("/questions/add", title=TITLE, body=BODY, tags="a")
    for text in (stream.getvalue(), path.read_text()):
        first, second = (json.loads(line) for line in text.splitlines())
        keys = {"time", "method", "path", "query", "status", "error_id", "user_id", "fault"}
        assert set(first) == keys
        assert (first["error_id"], second["status"]) == (404, 200)
        assert "\n" not in first["path"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_no_secret_is_ever_written(town: Town) -> None:
    stream = io.StringIO()
    secret = town.tokens.read_write
    api = Caller(create_app(town.world, log=stream), town.runner, secret)
    for query in (
        {"access_token": secret},
        {"key": "hush"},
        {"x": secret},
        {secret: "1"},
        {"y": f"Bearer {secret}"},
    ):
        api.send("GET", "/questions", query=query)
    api.get(f"/access-tokens/{secret}")
    api.get(f"/questions/{secret}")
    api.get("/access-tokens/hush;hush")
    api.post("/questions/add", title=secret + TITLE, body=BODY + secret, tags="a")
    assert secret not in stream.getvalue()
    assert "hush" not in stream.getvalue()
    assert stream.getvalue().count("***") >= 6


def test_a_token_in_the_query_is_not_accepted(town: Town) -> None:
    bare = town.caller(None)
    assert bare.get("/questions", access_token=town.tokens.read_write).error == 401


def test_a_log_that_cannot_be_written_is_refused_at_once(town: Town, tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="can't be written"):
        create_app(town.world, log=tmp_path / "no" / "folder.jsonl")


def test_a_client_that_leaves_before_its_form_is_whole_has_written_nothing(
    town: Town, caplog: pytest.LogCaptureFixture
) -> None:
    form = [b"title=How+do+I+roll+back%3F&tags=a&body=" + b"x" * 40]

    async def receive() -> dict[str, object]:
        if form:
            return {"type": "http.request", "body": form.pop(), "more_body": True}
        return {"type": "http.disconnect"}

    async def send(message: object) -> None:
        raise AssertionError(message)

    async def call() -> None:
        headers = [(b"host", b"localhost")]
        headers.append((b"x-api-access-token", town.tokens.read_write.encode()))
        scope = {"type": "http", "method": "POST", "path": "/2.3/questions/add", "scheme": "http"}
        scope |= {"headers": headers, "client": ("127.0.0.1", 1), "query_string": b"team=acme"}  # type: ignore[dict-item]  # a scope holds anything
        await town.app(scope, receive, send)

    town.runner.run(call())
    assert town.world.questions("acme") == ()
    assert caplog.records == []
