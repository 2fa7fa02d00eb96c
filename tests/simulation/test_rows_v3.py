"""Rows of the fault table over API v3, at exact steps of a small world, in virtual time.

Its API has no ids for requests and no histories. What that means for a row is said beside it; the
rest holds as it does over v2.3, and is checked by the same invariants.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from functools import cache
from typing import Any

import pytest

from importer.sandbox import Behaviour
from tests.simulation.life import Life, Script, live
from tests.simulation.test_rows import does, revoke
from tests.simulation.wire import Fault

SEED = 3
_SENT = re.compile(r"\S+ (\d+) (?:POST|PUT|DELETE) (\S+)$")


def script(behaviour: Behaviour = Behaviour(), **what: Any) -> Script:  # noqa: B008 - frozen
    return Script(items=2, rich=True, behaviour=behaviour, **what)


@cache
def calm() -> Life:
    """The world of the seed, in which nothing goes wrong."""
    life = live(SEED, "storm", script(), api="3")
    assert life.wrong == []
    return life


def steps() -> range:
    return range(calm().requests)


@cache
def writes() -> dict[int, str]:
    """Return the requests that write, with their paths; the probes of a run's check don't."""
    intended = False
    found = {}
    for line in calm().trace:
        intended = line.endswith(" open") or (intended and " run " not in line)
        if intended and (sent := _SENT.match(line)):
            found[int(sent[1])] = sent[2]
    return found


def creates() -> list[int]:
    lists = ("/questions", "/answers", "/articles", "/collections")
    return [step for step, path in writes().items() if path.endswith(lists)]


def go(scripts: Iterable[tuple[object, Script]]) -> Counter[str]:
    """Let the world happen once for each script; return in how many of them what was reached."""
    reached: Counter[str] = Counter()
    wrong = {}
    for name, it in scripts:
        life = live(SEED, "storm", it, api="3")
        reached.update(what for what, times in life.reached.items() if times)
        if life.wrong:
            wrong[name] = life.wrong
    assert wrong == {}
    return reached


def test_the_world_of_these_rows_has_every_sort_of_write() -> None:
    paths = {re.sub(r"\d+", "N", path.partition("/acme/")[2]) for path in writes().values()}
    assert paths >= {
        "questions",
        "questions/N",
        "questions/N/answers",
        "questions/N/answers/N/accept",
        "articles",
        "articles/N",
        "collections",
    }


@pytest.mark.parametrize("way", [Fault.TWICE, Fault.TWICE_SECOND])
def test_f31_a_create_that_is_delivered_twice_is_made_twice_and_reported(way: Fault) -> None:
    """F31: no id lets the service take it once. What the journal made is removed, or a person is
    asked to; then there is one post per key."""
    reached = go((step, script(faults={step: way})) for step in creates())
    assert reached["delivered twice, made twice"] == len(creates())
    assert reached["exit 7"] == len(creates())


def test_f48_an_edit_between_any_two_requests_is_kept_or_was_within_the_last_look() -> None:
    """F48: no history shows an edit between the last look and the write; nothing else is lost."""
    reached = go((step, script(happens=does("edit", step))) for step in steps())
    assert reached["a person: edit"] > 20
    assert reached["exit 11"] >= 1, "a conflict is left to a person"
    assert 1 <= reached["edited within the last look"] < 5


@pytest.mark.parametrize("deed", ["delete", "lock", "close"])
def test_f49_a_post_is_deleted_locked_or_closed_before_the_next_write(deed: str) -> None:
    """F49."""
    reached = go((step, script(happens=does(deed, step))) for step in writes())
    assert reached[f"a person: {deed}"] > 2


def test_f50_a_copy_made_while_nobody_knows_what_came_of_ours_is_none_of_ours() -> None:
    """F50."""
    reached = go(
        (step, script(faults={step: Fault.RESET_AFTER}, happens=does("copy", step)))
        for step in writes()
    )
    assert reached["a person: copy"] > 4


def test_f51_a_run_over_v3_that_loses_its_right_stops_and_the_next_one_goes_on() -> None:
    """F51."""
    reached = go((step, script(happens={step: revoke})) for step in range(2, 40, 3))
    assert reached["exit 6"] > 5
    assert reached["exit 11"] == 0


@pytest.mark.parametrize("lag_s", [1, 75, 134])
def test_f46_a_post_that_the_lists_of_v3_show_late_is_found(lag_s: float) -> None:
    """F46."""
    late = Behaviour(listing_lag_s=lag_s)
    go((step, script(late, faults={step: Fault.RESET_AFTER})) for step in creates())


def test_f46_a_post_of_v3_that_is_seen_and_then_not_is_found() -> None:
    """F46."""
    late = Behaviour(replica_lag_s=59)
    go((step, script(late, faults={step: Fault.RESET_AFTER})) for step in writes())


@pytest.mark.parametrize("server_s", [0.0, 3600.0, -3600.0])
def test_f53_wrong_clocks_hide_nothing_over_v3(server_s: float) -> None:
    """F53."""
    faults = {8: Fault.RESET_AFTER, 10: Fault.RESET_BEFORE, 34: Fault.LATE}
    clocks = (
        {"server-offset": server_s, "local-offset": local_s, "jump": -local_s, "jump-at": 92.3}
        for local_s in (3600.0, -3600.0)
    )
    go((tuple(it.values()), script(faults=faults, clocks=it)) for it in clocks)


@pytest.mark.parametrize("lf", [True, False])
def test_f54_what_a_server_makes_of_a_text_is_no_difference_over_v3(lf: bool) -> None:
    """F54."""
    go((trim, script(Behaviour(v3_lf=lf, trim=trim, rewrite=trim))) for trim in (True, False))


@pytest.mark.parametrize("told", ["absent", "seconds", "date"])
def test_f33_the_limits_of_v3_are_kept(told: Any) -> None:
    """F33: whoever shares the token may use them up; what a refusal asks for is waited for (I5)."""
    tight = Behaviour(v3_burst=4, v3_bucket=30, v3_retry_after=told)
    reached = go([(told, script(tight))])
    assert reached["exit 0"]
