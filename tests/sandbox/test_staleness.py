"""Row 36: what was written isn't always what is read next; and chance can be had again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from importer.sandbox.chance import draw
from tests.sandbox.driver import BODY, TITLE, UNHURRIED, Town

Found = Callable[..., Town]


def test_row_36_nothing_is_stale_unless_asked_for(town: Town) -> None:
    for number in range(10):
        question = town.api.ask(f"{TITLE} Number {number}")
        assert question in town.api.get("/questions").column("question_id")


def test_row_36_an_identical_read_gets_the_items_of_the_one_before(found_town: Found) -> None:
    town = found_town(replace(UNHURRIED, cache_s=60))
    total = town.api.filter(".total")
    asked: dict[str, Any] = {"sort": "creation", "filter": total}
    first = town.api.get("/questions", **asked).json
    question = town.ask()

    again = town.api.get("/questions", filter=total, sort="creation").json
    assert (again["items"], again["total"], again["has_more"]) == ([], 0, False)
    assert again["quota_remaining"] == first["quota_remaining"] - 1

    others = town.caller(town.world.issue_token(town.bjorn))
    for fresh in (
        town.api.get("/questions", **asked, min=0),
        others.get("/questions", **asked),
        town.api.get("/questions/unanswered", **asked),
    ):
        assert fresh.column("question_id") == [question]
    town.clock.advance(59)
    assert town.api.get("/questions", **asked).items == []
    town.clock.advance(1)
    assert town.api.get("/questions", **asked).column("question_id") == [question]


def test_row_36_a_cache_never_hides_a_refusal(found_town: Found) -> None:
    town = found_town(replace(UNHURRIED, cache_s=60))
    assert town.api.get("/questions").items == []
    town.world.revoke_token(town.tokens.read_write)
    assert town.api.get("/questions").error == 402


LISTS: tuple[tuple[str, dict[str, object], str], ...] = (
    ("/questions", {}, "question_id"),
    ("/questions/unanswered", {}, "question_id"),
    ("/me/questions", {}, "question_id"),
    ("/posts", {}, "post_id"),
    ("/search", {"tagged": "deploys"}, "question_id"),
    ("/search/advanced", {"q": "deploy"}, "question_id"),
    ("/similar", {"title": TITLE}, "question_id"),
)


@pytest.mark.parametrize(("path", "query", "column"), LISTS)
def test_row_36_a_new_post_is_listed_late(
    found_town: Found, path: str, query: dict[str, object], column: str
) -> None:
    town = found_town(replace(UNHURRIED, listing_lag_s=60), seed=1)
    question = town.ask()
    assert town.api.get(path, **query).items == []
    assert town.api.get(f"/questions/{question}").column("question_id") == [question]
    town.clock.advance(60)
    assert town.api.get(path, **query).column(column) == [question]


def test_row_36_each_post_has_a_delay_of_its_own(found_town: Found) -> None:
    town = found_town(replace(UNHURRIED, listing_lag_s=60), seed=1)
    asked = [town.ask(f"{TITLE} Number {number}") for number in range(20)]
    seen = []
    for _ in range(61):
        seen.append(frozenset(town.api.get("/questions").column("question_id")))
        town.clock.advance(1)
    assert all(earlier <= later for earlier, later in pairwise(seen))
    assert len(set(seen)) > 10
    assert seen[-1] == set(asked)
    assert max(seen[30]) > min(set(asked) - seen[30])


def test_row_36_an_answer_is_late_under_its_question_too(found_town: Found) -> None:
    town = found_town(replace(UNHURRIED, listing_lag_s=60), seed=1)
    question = town.ask()
    town.clock.advance(60)
    answer = town.api.answer(question)
    chosen = town.api.filter("question.answers")

    def under() -> tuple[list[int], int, list[int]]:
        item = town.api.get(f"/questions/{question}", filter=chosen).item
        embedded = [a["answer_id"] for a in item.get("answers", ())]
        listed = town.api.get(f"/questions/{question}/answers").column("answer_id")
        return embedded, item["answer_count"], listed

    assert under() == ([], 0, [])
    assert town.api.get(f"/answers/{answer}").column("answer_id") == [answer]
    town.clock.advance(60)
    assert under() == ([answer], 1, [answer])


def test_row_36_reads_by_id_can_be_late_too(found_town: Found) -> None:
    town = found_town(replace(UNHURRIED, listing_lag_s=60, lag_by_id=True), seed=1)
    question = town.ask()
    assert town.api.get(f"/questions/{question}").items == []
    form = {"title": f"{TITLE} Really", "body": BODY, "tags": "a"}
    assert town.api.post(f"/questions/{question}/edit", **form).item["title"] == form["title"]
    town.clock.advance(60)
    assert len(town.api.get(f"/questions/{question}").items) == 1


def _titles(town: Town, path: str) -> list[str]:
    """Read twenty times, a second apart."""
    found = []
    for _ in range(20):
        found.append(" ".join(town.api.get(path).column("title")) or "nothing")
        town.clock.advance(1)
    return found


def test_row_36_a_replica_shows_what_was_and_then_what_is_and_then_what_was(
    found_town: Found,
) -> None:
    town = found_town(replace(UNHURRIED, replica_lag_s=60), seed=1)
    question = town.ask("What was asked first?")
    path = f"/questions/{question}"
    new = _titles(town, path)
    assert set(new) == {"nothing", "What was asked first?"}
    assert new.index("What was asked first?") < 19 - new[::-1].index("nothing")
    town.clock.advance(60)
    assert set(_titles(town, path)) == {"What was asked first?"}

    town.world.edit(town.ada, question, title="What was asked instead?")
    assert set(_titles(town, path)) == {"What was asked first?", "What was asked instead?"}
    town.clock.advance(60)
    town.world.delete(town.ada, question)
    assert set(_titles(town, path)) == {"What was asked instead?", "nothing"}
    town.clock.advance(60)
    assert set(_titles(town, path)) == {"nothing"}


def test_row_36_a_team_in_a_file_has_replicas_too(found_town: Found, tmp_path: Path) -> None:
    town = found_town(replace(UNHURRIED, replica_lag_s=60), seed=1, path=tmp_path / "team.db")
    path = f"/questions/{town.ask()}"
    assert set(_titles(town, path)) == {"nothing", TITLE}


def test_row_36_writes_and_their_checks_never_meet_a_replica(found_town: Found) -> None:
    town = found_town(replace(UNHURRIED, replica_lag_s=600), seed=1)
    for number in range(20):
        question = town.api.ask(f"{TITLE} Number {number}")
        answer = town.api.answer(question)
        assert town.api.post(f"/answers/{answer}/accept").item["is_accepted"] is True
        assert town.api.get("/questions", filter=town.api.filter(".total")).error is None


def _trace(found_town: Found, seed: int) -> list[object]:
    lag = {"listing_lag_s": 40, "replica_lag_s": 40, "cache_s": 5}
    town = found_town(replace(UNHURRIED, **lag), seed=seed)  # type: ignore[arg-type]  # numbers all
    seen: list[object] = []
    for number in range(10):
        town.ask(f"{TITLE} Number {number}")
        paths = ("/questions", "/posts", "/questions/1;2;3")
        seen.extend(town.api.get(path).items for path in paths)
        town.clock.advance(3)
    return seen


def test_equal_seeds_have_equal_traces(found_town: Found) -> None:
    assert _trace(found_town, 7) == _trace(found_town, 7)
    assert _trace(found_town, 7) != _trace(found_town, 8)


def test_a_draw_depends_on_nothing_but_its_arguments() -> None:
    drawn = [draw(7, "listing", number) for number in range(1000)]
    assert drawn[::-1] == [draw(7, "listing", number) for number in range(999, -1, -1)]
    assert 0 <= min(drawn) < 0.01
    assert 0.99 < max(drawn) < 1
    assert 0.45 < sum(drawn) / 1000 < 0.55
    assert draw(7, "replica", 1) != drawn[1] != draw(8, "listing", 1)
