from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from importer.model.live import LiveItem
from importer.model.writing import Done, NotApplied, Outcome, Rejected, Unknown
from importer.teams.exchange import Ended, Failure, Held, Reply, Trouble
from importer.teams.outcome import Misshapen, classify
from importer.teams.v2.errors import listen


def reply(status: int, content: object) -> Reply:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return Reply(status, "application/json", listen(status, raw, {}))


def error(number: int, status: int = 400, **more: object) -> Reply:
    return reply(status, {"error_id": number, "error_name": "name", "error_message": "why", **more})


def echo(wrapper: Mapping[str, object]) -> LiveItem | None:
    if wrapper["items"] == ["another post"]:
        text = "it is about another post"
        raise Misshapen(text)
    return None


DONE: dict[str, object] = {"items": []}


@pytest.mark.parametrize(
    ("ended", "outcome"),
    [
        pytest.param(reply(200, DONE), Done(None), id="a success in its shape"),
        pytest.param(error(400), Rejected("name", "why"), id="bad parameter"),
        pytest.param(error(404), Rejected("name", "why"), id="no method"),
        pytest.param(error(407), Rejected("name", "why"), id="write failed"),
        pytest.param(error(407, backoff=5), Rejected("name", "why"), id="failed after every pause"),
        pytest.param(error(407, 500), Rejected("name", "why"), id="refused with a status of noise"),
        pytest.param(error(401), Rejected("name", "why", stops_run=True), id="no token"),
        pytest.param(error(402), Rejected("name", "why", stops_run=True), id="a wrong token"),
        pytest.param(error(403), Rejected("name", "why", stops_run=True), id="access denied"),
        pytest.param(error(405), Rejected("name", "why", stops_run=True), id="a key required"),
        pytest.param(error(406), Rejected("name", "why", stops_run=True), id="a leaked token"),
        pytest.param(Held("quota", 60.0), NotApplied("quota", 60.0), id="held"),
        pytest.param(
            Failure(Trouble.CONNECT, sent=False, detail="refused"),
            NotApplied("no connection: refused"),
            id="no connection",
        ),
    ],
)
def test_what_is_proved_has_its_outcome(ended: Ended, outcome: Outcome) -> None:
    assert classify(ended, echo) == outcome


def test_a_throttle_beyond_patience_was_not_applied_and_tells_when_to_resume() -> None:
    outcome = classify(error(502), echo)
    assert isinstance(outcome, NotApplied)
    assert outcome.resume_after_s == 30.0


@pytest.mark.parametrize(
    "ended",
    [
        pytest.param(error(409), id="the request id was seen before"),
        pytest.param(error(500), id="the API's own failure"),
        pytest.param(error(499), id="an error nobody knows"),
        pytest.param(Failure(Trouble.BROKEN, sent=True), id="a reset"),
        pytest.param(Failure(Trouble.DEADLINE, sent=True), id="a deadline"),
        pytest.param(Failure(Trouble.TRUNCATED, sent=True), id="a truncated body"),
        pytest.param(Failure(Trouble.TOO_LARGE, sent=True), id="a bomb"),
        pytest.param(reply(200, b""), id="an empty body"),
        pytest.param(reply(204, b""), id="no content"),
        pytest.param(reply(200, b"<html>login</html>"), id="a login page"),
        pytest.param(reply(200, []), id="an array"),
        pytest.param(reply(200, {"items": ["another post"]}), id="about another post"),
        pytest.param(reply(302, b""), id="a redirect"),
        pytest.param(reply(302, DONE), id="a redirect with a success"),
        pytest.param(reply(500, DONE), id="a failure with a success"),
        pytest.param(reply(500, b""), id="a failure"),
        pytest.param(reply(502, {"message": "Bad gateway"}), id="a gateway's JSON"),
        pytest.param(reply(429, b"<html>"), id="a ban's page"),
        pytest.param(reply(403, b"<html>"), id="a challenge"),
        pytest.param(reply(400, {"message": "bad"}), id="a refusal in a proxy's shape"),
    ],
)
def test_everything_else_is_unknown(ended: Ended) -> None:
    outcome = classify(ended, echo)
    assert isinstance(outcome, Unknown)
    assert outcome.evidence


def test_a_repeated_request_id_is_named() -> None:
    duplicate = {"error_id": 409, "error_name": "duplicate_request", "error_message": "x"}
    assert classify(reply(400, duplicate), echo) == Unknown("duplicate_request")
