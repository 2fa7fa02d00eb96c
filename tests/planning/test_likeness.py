"""How alike two posts are: symmetric, in any order the same, fast enough for a whole team."""

from __future__ import annotations

import random

import pytest

from importer.planning.likeness import Said, open_gauge


def said(title: str | None, body: str | None = None, *tags: str) -> Said:
    return Said(title, body, frozenset(tags))


ROLL = said(
    "How do I roll back a deploy?", "Run the rollback command, then tell the channel.", "ops"
)


@pytest.mark.parametrize(
    ("other", "low", "high"),
    [
        pytest.param(ROLL, 100, 100, id="the same"),
        pytest.param(
            said("How do I role back a deploy?", ROLL.body, "ops"), 90, 99, id="a slip in the title"
        ),
        pytest.param(
            said("Roll back a deploy: how do I?", ROLL.body, "ops"), 95, 100, id="in other order"
        ),
        pytest.param(
            said(ROLL.title, f"<p>{ROLL.body}</p>", "ops"), 100, 100, id="marked up as HTML"
        ),
        pytest.param(said(ROLL.title, "Nobody knows.", "x"), 50, 70, id="the title alone"),
        pytest.param(
            said("Why is the coffee cold?", "It was made at six.", "food"), 0, 40, id="no"
        ),
        pytest.param(said("", "", ""), 0, 0, id="nothing"),
    ],
)
def test_a_score_says_how_alike_two_are(other: Said, low: int, high: int) -> None:
    gauge = open_gauge()
    assert low <= gauge.score(ROLL, other) <= high
    assert gauge.score(ROLL, other) == gauge.score(other, ROLL)


def test_what_one_side_does_not_tell_does_not_count() -> None:
    assert open_gauge().score(ROLL, Said(ROLL.title, None, None)) == 100
    assert open_gauge().score(Said(None, None, None), Said(None, None, None)) == 0


def words(dice: random.Random, count: int) -> list[str]:
    return [f"word{int(dice.paretovariate(0.6)) % 5_000}" for _ in range(count)]


def test_each_has_one_whatever_order_they_come_in() -> None:
    dice = random.Random(7)
    texts = [(words(dice, 8), words(dice, 60)) for _ in range(200)]
    wanted = [said(" ".join(title), " ".join(body)) for title, body in texts]
    slipped = [[*title[1:], "slip"] for title, _ in texts]
    offered = [said(" ".join(it), body.body) for it, body in zip(slipped, wanted, strict=True)]
    order = list(range(200))
    dice.shuffle(order)
    found = open_gauge().assign(wanted, [offered[at] for at in order], 60)
    assert {at: order[place] for at, place, _ in found} == {at: at for at in range(200)}
    assert found == sorted(found, key=lambda it: (-it[2], it[0]))


def test_two_that_want_one_get_it_once_and_the_closer_first() -> None:
    near = said("How do I roll back the deploy?", ROLL.body, "ops")
    assert open_gauge().assign([near, ROLL], [ROLL], 60) == [(1, 0, 100)]
