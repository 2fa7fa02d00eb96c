from __future__ import annotations

import json
import time
from typing import Any

import pytest

from importer.errors import (
    ApiMissing,
    BudgetExhausted,
    ImporterError,
    KeyMissing,
    ServiceError,
    TeamForeign,
    TeamUnknown,
    TokenInvalid,
)
from importer.teams.exchange import (
    ApiError,
    Ended,
    Failure,
    Held,
    Quota,
    Reply,
    Request,
    Said,
    Trouble,
)
from importer.teams.v2.errors import demand, listen

ASKED = Request("GET", "questions", "questions")


def body(**fields: Any) -> bytes:
    return json.dumps(fields).encode()


def error(number: int, name: str = "some_name", **more: Any) -> bytes:
    return body(error_id=number, error_name=name, error_message="what the server says", **more)


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (400, Said.REFUSAL),
        (401, Said.DENIAL),
        (402, Said.DENIAL),
        (403, Said.DENIAL),
        (404, Said.REFUSAL),
        (405, Said.DENIAL),
        (406, Said.DENIAL),
        (407, Said.REFUSAL),
        (409, Said.REPEATED),
        (500, Said.FAILURE),
        (502, Said.THROTTLE),
        (503, Said.THROTTLE),
    ],
)
@pytest.mark.parametrize("status", [400, 200, 502, 429])
def test_the_body_decides_whatever_the_status(number: int, said: Said, status: int) -> None:
    heard = listen(status, error(number), {})
    assert heard.said is said
    assert heard.error == ApiError(number, "some_name", "what the server says")


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"<!DOCTYPE html><title>Just a moment...</title>", id="a web page"),
        pytest.param(b'{"items": [', id="half a body"),
        pytest.param(b"[]", id="an array"),
        pytest.param(b"null", id="null"),
        pytest.param(b"{}", id="an object without items"),
        pytest.param(b'{"items": null}', id="no items"),
        pytest.param(b'{"message": "Bad gateway"}', id="a gateway's JSON"),
        pytest.param(b"\xff\xfe{\x00}\x00", id="UTF-16"),
        pytest.param(b"[" * 200_000, id="nested beyond reason"),
        pytest.param(b'{"items": [], "x": ' + b"9" * 10_000 + b"}", id="a number beyond reason"),
        pytest.param(error(499), id="an error nobody knows"),
        pytest.param(body(error_id="400", error_name="bad_parameter"), id="an id of another type"),
        pytest.param(body(error_id=400), id="an error without a name"),
    ],
)
def test_what_is_not_in_the_apis_shape_says_nothing(content: bytes) -> None:
    assert listen(200, content, {}).said is Said.NOTHING


def test_a_success_is_heard_with_quota_and_backoff() -> None:
    heard = listen(200, body(items=[], quota_max=100, quota_remaining=7, backoff=3), {})
    assert (heard.said, heard.quota, heard.backoff_s) == (Said.ANSWER, Quota(100, 7), 3.0)


def test_a_byte_order_mark_does_no_harm() -> None:
    assert listen(200, b"\xef\xbb\xbf" + body(items=[]), {}).said is Said.ANSWER


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        pytest.param(10, 10.0, id="seconds"),
        pytest.param(0, None, id="none"),
        pytest.param(-5, None, id="negative"),
        pytest.param("12", 12.0, id="a string"),
        pytest.param("soon", 10.0, id="a word asks for patience all the same"),
        pytest.param([], 10.0, id="a list"),
        pytest.param(True, 10.0, id="a boolean"),
        pytest.param(10**400, 10.0, id="no number a computer could keep"),
        pytest.param(10**9, 10.0**7, id="thirty years"),
        pytest.param(None, None, id="null"),
    ],
)
def test_a_backoff_is_taken_with_care(value: object, seconds: float | None) -> None:
    assert listen(200, body(items=[], backoff=value), {}).backoff_s == seconds


@pytest.mark.parametrize(
    ("highest", "remaining"), [("100", 7), (None, 7), (100, None), (0, 0), (100, 7.5), (True, True)]
)
def test_quota_numbers_that_are_none_are_no_quota(highest: object, remaining: object) -> None:
    assert (
        listen(200, body(items=[], quota_max=highest, quota_remaining=remaining), {}).quota is None
    )


@pytest.mark.parametrize(
    ("message", "more", "wait_s", "backoff_s"),
    [
        pytest.param(
            "too many requests from this IP, more requests available in 4000 seconds",
            {},
            4000.0,
            None,
            id="with the seconds in words",
        ),
        pytest.param("Violation of backoff parameter", {}, 30.0, None, id="without any"),
        pytest.param("available in -3 seconds", {}, 30.0, None, id="with seconds that can't be"),
        pytest.param("slow down", {"backoff": 7}, None, 7.0, id="with a backoff of its method"),
    ],
)
def test_a_throttle_tells_how_long(
    message: str, more: dict[str, int], wait_s: float | None, backoff_s: float | None
) -> None:
    content = body(error_id=502, error_name="throttle_violation", error_message=message, **more)
    heard = listen(400, content, {})
    assert (heard.wait_s, heard.backoff_s) == (wait_s, backoff_s)


@pytest.mark.parametrize(
    ("number", "said"), [(407, Said.PAUSE), (400, Said.REFUSAL), (403, Said.DENIAL)]
)
def test_only_a_failed_write_with_a_backoff_is_a_pause(number: int, said: Said) -> None:
    assert listen(400, error(number, backoff=5), {}).said is said


def test_a_servers_text_is_cut_and_cleaned_but_shown() -> None:
    content = body(
        error_id=407, error_name="write_failed", error_message="Too\x1b[31m\n short " * 99
    )
    heard = listen(400, content, {})
    assert heard.error is not None
    assert heard.error.message.startswith("Too[31m short Too[31m short")
    assert len(heard.error.message) <= 500


def test_listening_to_hostile_bytes_is_quick() -> None:
    began = time.process_time()
    listen(200, b'{"items":' + b"[" * 1_000_000, {})
    assert time.process_time() - began < 2


def heard(number: int, *, status: int = 400) -> Reply:
    return Reply(status, "application/json", listen(status, error(number), {}))


def page(status: int) -> Reply:
    return Reply(status, "text/html", listen(status, b"<html>", {}))


@pytest.mark.parametrize(
    ("ended", "at_door", "kind"),
    [
        pytest.param(heard(400), True, TeamUnknown, id="a bad parameter at the door is the team"),
        pytest.param(heard(400), False, ServiceError, id="a bad parameter later is not"),
        pytest.param(heard(401), True, TokenInvalid, id="no token"),
        pytest.param(heard(402), False, TokenInvalid, id="a wrong or expired token"),
        pytest.param(heard(403), True, TeamForeign, id="another team's token"),
        pytest.param(heard(404), True, ApiMissing, id="no method at the door"),
        pytest.param(heard(405), True, KeyMissing, id="an app key"),
        pytest.param(heard(406), False, TokenInvalid, id="a leaked token"),
        pytest.param(heard(407), False, ServiceError, id="a failed write"),
        pytest.param(heard(409), False, ServiceError, id="seen before"),
        pytest.param(heard(500), False, ServiceError, id="the API's own failure"),
        pytest.param(heard(502), False, BudgetExhausted, id="a throttle beyond patience"),
        pytest.param(heard(503), False, BudgetExhausted, id="unavailable beyond patience"),
        pytest.param(page(200), False, ServiceError, id="a web page"),
        pytest.param(page(302), False, ServiceError, id="a redirect"),
        pytest.param(page(403), False, ServiceError, id="a challenge"),
        pytest.param(Failure(Trouble.BROKEN, sent=True), False, ServiceError, id="a reset"),
        pytest.param(Held("quota", 60.0), False, BudgetExhausted, id="held"),
    ],
)
def test_what_stands_in_the_way_of_a_reading_is_named_with_a_remedy(
    ended: Ended,
    at_door: bool,
    kind: type[ImporterError],
) -> None:
    with pytest.raises(ImporterError) as caught:
        demand(ASKED, ended, "acme", at_door=at_door)
    assert type(caught.value) is kind
    assert caught.value.remedy
    assert "questions" in str(caught.value)
    if isinstance(ended, Reply) and ended.heard.error:
        assert "what the server says" in str(caught.value)


def test_a_success_gives_its_wrapper() -> None:
    reply = Reply(200, "application/json", listen(200, body(items=[1], total=1), {}))
    assert demand(ASKED, reply, "acme") == {"items": [1], "total": 1}


def test_a_budget_says_when_it_is_there_again() -> None:
    with pytest.raises(BudgetExhausted) as caught:
        demand(ASKED, Held("the server asked every request to wait", 4_000.0), "acme")
    assert caught.value.resume_after_s == 4_000.0
