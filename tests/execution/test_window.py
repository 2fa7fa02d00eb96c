"""How long the settle window is, and what it has to have seen for that."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from importer.execution.window import Window
from importer.model.ids import Kind, Ref

NOW = datetime(2026, 1, 5, tzinfo=UTC)
ONE = Ref(Kind.QUESTION, 1)


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def test_it_is_long_enough_for_a_minutes_cache_and_a_minutes_lateness() -> None:
    assert Window().seconds == 135.0


def test_it_grows_with_the_delay_that_was_seen() -> None:
    window = Window()
    window.confirmed(ONE, at(0))
    window.looked((), at(20))
    window.looked({ONE}, at(50))
    assert window.seconds == 4 * 50 + 60
    assert window.condition.startswith("right if the server shows a post within")
    assert "200 s" in window.condition


def test_a_post_seen_at_the_first_look_says_nothing_of_the_delay() -> None:
    window = Window()
    window.confirmed(ONE, at(0))
    window.looked({ONE}, at(500))
    assert window.seconds == 135.0


def test_a_post_that_never_shows_keeps_it_open_for_five_minutes_and_no_longer() -> None:
    window = Window()
    window.confirmed(ONE, at(0))
    window.looked((), at(200))
    assert window.seconds == 260.0
    window.looked((), at(10_000))
    assert window.seconds == 360.0


def test_what_a_person_said_counts() -> None:
    window = Window(3.0)
    window.confirmed(ONE, at(0))
    window.looked((), at(200))
    assert window.seconds == 3.0
    assert "--settle" in window.condition
