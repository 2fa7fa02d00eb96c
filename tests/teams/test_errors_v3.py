"""How API v3's answers are heard: problems of both families, plain text, and what is none of it."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from importer.errors import (
    AccessError,
    ApiMissing,
    BudgetExhausted,
    ImporterError,
    ServiceError,
    TokenInvalid,
)
from importer.teams.exchange import Ended, Failure, Held, Left, Reply, Request, Said, Trouble
from importer.teams.v3.errors import demand, listen
from tests.teams.contract import bare_problem, invalid, problem

ASKED = Request("GET", "questions", "questions")


@pytest.mark.parametrize(
    ("status", "content", "said"),
    [
        (400, problem(400, "Title is too long."), Said.REFUSAL),
        (400, invalid(Title="required"), Said.REFUSAL),
        (401, b"Invalid access token", Said.DENIAL),
        (401, b"", Said.DENIAL),
        (401, b"<html>", Said.DENIAL),
        (403, bare_problem(403), Said.DENIAL),
        (404, problem(404, "not found"), Said.REFUSAL),
        (415, problem(415), Said.REFUSAL),
        (422, problem(422), Said.REFUSAL),
        (429, problem(429), Said.THROTTLE),
        (429, b"Too many requests", Said.THROTTLE),
        (429, b"", Said.THROTTLE),
        (500, problem(500), Said.FAILURE),
        (503, problem(503), Said.FAILURE),
        (403, b"<html>Just a moment...</html>", Said.NOTHING),
        (404, b"<html>Page not found</html>", Said.NOTHING),
        (405, b"", Said.NOTHING),
        (500, b"<html>", Said.NOTHING),
        (502, b"Bad gateway", Said.NOTHING),
        (302, b"", Said.NOTHING),
        (302, problem(302), Said.NOTHING),
        (200, b'{"id": 1}', Said.ANSWER),
        (201, b'{"id": 1}', Said.ANSWER),
        (200, b"[]", Said.ANSWER),
        (204, b"", Said.ANSWER),
        (200, b"", Said.NOTHING),
        (204, b"<html>", Said.NOTHING),
        (200, b"<html>", Said.NOTHING),
        (200, b'{"id": ', Said.NOTHING),
        (200, b'"text"', Said.NOTHING),
        (200, b"\xff\xfe", Said.NOTHING),
        (400, b"[" * 100_000, Said.NOTHING),
    ],
)
def test_status_and_form_decide_and_nothing_else(status: int, content: bytes, said: Said) -> None:
    assert listen(status, content, {}).said is said


def test_listening_to_hostile_bytes_is_quick() -> None:
    began = time.process_time()
    listen(200, b'{"items":' + b"[" * 1_000_000, {})
    assert time.process_time() - began < 2


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (problem(400, "what happened"), "what happened"),
        (invalid(Title="no title", Body="no body"), "no title no body"),
        (bare_problem(400), "Not done"),
        (b'{"title": "T", "detail": null, "errors": {"A": "bare"}}', "bare"),
        (b'{"type": 7, "status": 400}', "status 400"),
        (b'{"title": "esc\\u001b[31m\\n aped"}', "esc[31m aped"),
    ],
)
def test_the_first_of_detail_errors_and_title_is_shown(content: bytes, message: str) -> None:
    error = listen(400, content, {}).error
    assert error is not None
    assert error.message == message


def test_a_long_text_is_cut() -> None:
    error = listen(400, problem(400, "long " * 999), {}).error
    assert error is not None
    assert len(error.message) <= 500


def headers(**given: str) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in given.items()}


BUCKET, REFILL = "x_token_bucket_calls_left", "x_token_bucket_seconds_until_next_refill"
BURST, FULL = "x_burst_throttle_calls_left", "x_burst_throttle_seconds_until_full"


@pytest.mark.parametrize(
    ("given", "left", "burst"),
    [
        ({BUCKET: "17", REFILL: "42", BURST: "3"}, Left(17, 42.0), 3),
        ({BUCKET: "17"}, Left(17), None),
        ({REFILL: "42"}, None, None),
        ({BUCKET: "soon", BURST: "-1"}, None, None),
        ({BUCKET: "nan", BURST: "1e99"}, None, None),
        ({}, None, None),
    ],
)
def test_what_is_left_is_read_from_the_headers_with_care(
    given: dict[str, str], left: Left | None, burst: int | None
) -> None:
    heard = listen(200, b"{}", headers(**given))
    assert (heard.left, heard.burst_left) == (left, burst)


@pytest.mark.parametrize(
    ("given", "wait_s", "guessed"),
    [
        ({"retry_after": "7"}, 7.0, False),
        ({"retry_after": "7", BUCKET: "0", REFILL: "30"}, 30.0, False),
        ({"retry_after": "40", BUCKET: "0", REFILL: "30"}, 40.0, False),
        ({BUCKET: "9", REFILL: "30", BURST: "0", FULL: "2"}, 2.0, False),
        ({BUCKET: "0", REFILL: "30", BURST: "9", FULL: "2"}, 30.0, False),
        ({"retry_after": "soon"}, 2.0, True),
        ({}, 2.0, True),
    ],
)
def test_a_429_says_how_long_or_it_is_guessed(
    given: dict[str, str], wait_s: float, guessed: bool
) -> None:
    heard = listen(429, b"", headers(**given))
    assert (heard.wait_s, heard.guessed) == (wait_s, guessed)


def reply(status: int, content: bytes, kind: str = "application/json") -> Reply:
    return Reply(status, kind, listen(status, content, {}))


def page(status: int) -> Reply:
    return reply(status, b"<html>", "text/html")


@pytest.mark.parametrize(
    ("ended", "at_door", "kind"),
    [
        (reply(401, b"Invalid access token", "text/plain"), True, TokenInvalid),
        (reply(401, b"Invalid access token", "text/plain"), False, TokenInvalid),
        (reply(403, bare_problem(403)), True, AccessError),
        (reply(404, problem(404, "no user")), True, ServiceError),
        (reply(400, invalid(PageSize="no")), False, ServiceError),
        (reply(429, b""), False, BudgetExhausted),
        (reply(500, problem(500)), False, ServiceError),
        (page(404), True, ApiMissing),
        (page(410), True, ApiMissing),
        (page(500), True, ApiMissing),
        (page(404), False, ServiceError),
        (page(403), True, ServiceError),
        (page(302), True, ServiceError),
        (page(200), False, ServiceError),
        (Failure(Trouble.BROKEN, sent=True), False, ServiceError),
        (Held("the calls are used up", 60.0), False, BudgetExhausted),
    ],
)
def test_what_stands_in_the_way_of_a_reading_is_named_with_a_remedy(
    ended: Ended, at_door: bool, kind: type[ImporterError]
) -> None:
    with pytest.raises(ImporterError) as caught:
        demand(ASKED, ended, "acme", at_door=at_door)
    assert type(caught.value) is kind
    assert caught.value.remedy
    assert "questions" in str(caught.value)


def test_a_success_gives_its_object_and_a_bare_list_its_items() -> None:
    def told(content: Any) -> Any:
        return demand(ASKED, reply(200, json.dumps(content).encode()), "acme")

    assert told({"id": 1}) == {"id": 1}
    assert told([{"id": 1}]) == {"items": [{"id": 1}]}
    assert demand(ASKED, reply(204, b""), "acme") == {}
