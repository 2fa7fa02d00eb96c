from __future__ import annotations

from urllib.parse import parse_qsl

import pytest

from importer.teams.headers import form_encoded, retry_after, unix_time

DATE = "Mon, 05 Jan 2026 09:00:00 GMT"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        pytest.param("7", 7.0, id="seconds"),
        pytest.param(" 0 ", 0.0, id="none"),
        pytest.param("Mon, 05 Jan 2026 09:01:30 GMT", 90.0, id="a date"),
        pytest.param("Mon, 05 Jan 2026 08:00:00 GMT", 0.0, id="a date gone by"),
        pytest.param("1000000000", 1e9, id="thirty years"),
        pytest.param("", None, id="absent"),
        pytest.param("-5", None, id="negative"),
        pytest.param("abc", None, id="a word"),
        pytest.param("1.5", None, id="a fraction"),
        pytest.param("9" * 400, None, id="no number a computer could keep"),
        pytest.param("٣", None, id="digits of another script"),
    ],
)
def test_a_retry_after_is_read(value: str, seconds: float | None) -> None:
    assert retry_after(value, DATE) == seconds


def test_a_retry_after_date_means_nothing_without_the_servers_own_date() -> None:
    assert retry_after("Mon, 05 Jan 2026 09:01:30 GMT", "") is None


@pytest.mark.parametrize(
    ("date", "seconds"),
    [
        pytest.param(DATE, 1_767_603_600.0, id="as HTTP says it"),
        pytest.param("Mon, 05 Jan 2026 10:00:00 +0100", 1_767_603_600.0, id="in a zone"),
        pytest.param("", None, id="absent"),
        pytest.param("yesterday", None, id="a word"),
        pytest.param("Thu, 01 Jan 1970 00:00:00 GMT", None, id="a clock that was never set"),
    ],
)
def test_a_date_is_read(date: str, seconds: float | None) -> None:
    assert unix_time(date) == seconds


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("a=b&c d+e%f;g#h", id="everything that means something"),
        pytest.param("Grüße \U0001f600 \r\n\t", id="beyond ASCII"),
        pytest.param("", id="empty"),
    ],
)
def test_what_is_encoded_is_decoded_to_the_same(value: str) -> None:
    pairs = (("title", value), ("tags", "c++;c#"))
    encoded = form_encoded(pairs).decode("ascii")
    assert tuple(parse_qsl(encoded, keep_blank_values=True)) == pairs


def test_half_a_character_does_not_break_the_encoding() -> None:
    assert form_encoded((("title", "a\ud83db"),)) == b"title=a%ED%A0%BDb"
