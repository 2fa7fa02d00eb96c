from __future__ import annotations

import base64
import copy
import pickle
import traceback
from urllib.parse import quote

import pytest

from importer.errors import AccessError, TokenInvalid, TokenMissing
from importer.teams import Connection, Secret

CANARY = "canary(7)*~token\\%"


@pytest.mark.parametrize(
    "show",
    [
        pytest.param(repr, id="repr"),
        pytest.param(str, id="str"),
        pytest.param("{}".format, id="format"),
        pytest.param("{:>40}".format, id="format with a width"),
        pytest.param(lambda it: f"{it!r}", id="f-string"),
        pytest.param(lambda it: "%s" % (it,), id="percent"),  # noqa: UP031 - the way under test
        pytest.param(lambda it: repr([it]), id="within a list"),
        pytest.param(lambda it: repr(Connection("u", "t", it)), id="within a connection"),
    ],
)
def test_a_secret_shows_nothing_of_itself(show: object) -> None:
    assert callable(show)
    shown = show(Secret(CANARY))
    assert CANARY not in shown
    assert "***" in shown


def test_a_secret_reveals_itself_when_asked() -> None:
    assert Secret(CANARY).reveal() == CANARY


def test_a_secret_is_never_pickled_and_copies_stay_secret() -> None:
    secret = Secret(CANARY)
    with pytest.raises(TypeError) as caught:
        pickle.dumps(secret)
    assert CANARY not in str(caught.value)
    assert copy.copy(secret) is secret
    assert copy.deepcopy(secret) is secret


def test_secrets_are_equal_by_what_they_hide() -> None:
    assert Secret("one-token") == Secret("one-token\n")
    assert Secret("one-token") != Secret("another-token")
    assert Secret("one-token") != "one-token"
    assert len({Secret("one-token"), Secret("one-token")}) == 1


@pytest.mark.parametrize(
    ("value", "error"),
    [
        pytest.param("", TokenMissing, id="empty"),
        pytest.param(" \n", TokenMissing, id="blank"),
        pytest.param("can ary", TokenInvalid, id="a blank inside"),
        pytest.param("Bearer canary", TokenInvalid, id="with its scheme"),
        pytest.param("can\u00a0ary", TokenInvalid, id="a no-break space"),
        pytest.param("canary\r\nX-Evil: 1", TokenInvalid, id="a header of its own"),
        pytest.param("canäry", TokenInvalid, id="not ASCII"),
        pytest.param("can\x00ary", TokenInvalid, id="NUL"),
        pytest.param("can\x7fary", TokenInvalid, id="DEL"),
        pytest.param('"canary"', TokenInvalid, id="quoted"),
        pytest.param("canary" * 200, TokenInvalid, id="too long"),
    ],
)
def test_a_token_no_header_could_carry_is_refused_without_an_echo(
    value: str, error: type[AccessError]
) -> None:
    with pytest.raises(error) as caught:
        Secret(value)
    found = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    frames = [frame for frame in found.stack if frame.name in {"__init__", "_refuse"}]
    texts = [str(caught.value), caught.value.remedy, *(str(frame.locals) for frame in frames)]
    assert len(frames) == 2
    assert not [text for text in texts if "ary" in text]
    assert caught.value.remedy


@pytest.mark.parametrize(
    "spelled",
    [
        pytest.param(CANARY, id="as it is"),
        pytest.param(quote(CANARY, safe=""), id="in a URL"),
        pytest.param(base64.b64encode(CANARY.encode()).decode(), id="in base64"),
        pytest.param(CANARY.replace("\\", "\\\\"), id="in JSON"),
    ],
)
def test_a_text_is_redacted_however_the_token_is_spelled(spelled: str) -> None:
    assert Secret(CANARY).redact(f"before {spelled} after") == "before *** after"


def test_a_text_without_the_token_stays_as_it_is() -> None:
    assert Secret(CANARY).redact("a canary sang") == "a canary sang"
