"""Worlds in which everything goes wrong, and the proof that the checker would notice."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from tests.conftest import ROOT
from tests.simulation.__main__ import Tally, again, profile_of, simulate
from tests.simulation.broken import VARIANTS
from tests.simulation.life import APIS, Life, Script, api_of, live
from tests.simulation.wire import Fault

CHUNK = 25
EXHAUSTED = 3
SMALL = Script(items=2, rich=True)
"""A question, its answer, two articles and a collection: over API v3, which reads post by post."""
WAYS = (Fault.RESET_BEFORE, Fault.RESET_AFTER, Fault.LATE, Fault.TRUNCATED, Fault.GATEWAY_AFTER)


def said(tally: Tally) -> str:
    """Return what was wrong, and how to see it again."""
    return "\n".join(
        f"{again(seed, profile, api)}: {wrong}" for seed, profile, api, wrong in tally.wrong
    )


@pytest.mark.parametrize("first", range(0, 500, CHUNK))
def test_nothing_is_duplicated_lost_or_overwritten_unseen(first: int) -> None:
    tally = simulate(range(first, first + CHUNK))
    assert not tally.wrong, said(tally)


def test_every_fifth_of_these_worlds_goes_over_api_v3_and_another_one_over_both() -> None:
    drawn = Counter(api_of(seed) for seed in range(500))
    assert min(drawn["3"], drawn["auto"]) > 80


@pytest.mark.parametrize(("api", "first"), [("2.3", 38), ("3", 20)])
def test_every_fault_is_reached(api: str, first: int) -> None:
    """F12."""
    reached: Counter[str] = Counter()
    for seed in range(first, first + 150):
        reached.update(live(seed, "storm", api=api).reached)
        if all(reached[fault] for fault in Fault):
            break
    assert [fault for fault in Fault if not reached[fault]] == []
    assert reached["commit torn"]
    assert any(name.startswith("crash journal.intend") for name in reached)


@pytest.mark.parametrize("api", ["2.3", "3"])
def test_merges_with_what_colleagues_wrote_in_other_paragraphs_are_reached(api: str) -> None:
    tally = Tally()
    for seed in range(40):
        tally.add(simulate([seed], "neighbours", api=api))
        if tally.reached["planned: a merge"] >= 3:
            break
    assert not tally.wrong, said(tally)
    assert tally.reached["planned: a merge"] >= 3


@pytest.mark.parametrize(
    ("name", "api"), [(name, api) for name, it in VARIANTS.items() for api in it.apis]
)
def test_a_broken_importer_is_caught_within_200_worlds(name: str, api: str) -> None:
    for seed in range(200):
        if simulate([seed], VARIANTS[name].profile, name, api).wrong:
            return
    pytest.fail(f"{name} went unnoticed")


def clean(script: Script, api: str = "2.3") -> Life:
    life = live(EXHAUSTED, "storm", script, api=api)
    assert life.wrong == []
    return life


def steps_for(way: Fault, life: Life) -> Sequence[int]:
    """Return the requests that may fail in that way: some can only befall a write."""
    sent = [it.split()[1:3] for it in life.trace if re.search(r"\d (GET|POST|PUT|DELETE) /", it)]
    only_writes = way in (Fault.LATE, Fault.TWICE_SECOND)
    return [int(step) for step, verb in sent if verb != "GET" or not only_writes]


def each(scripts: Mapping[int, Script], api: str = "2.3") -> dict[int, list[str]]:
    """Let the world happen once for each script; return what was wrong, by its number."""
    lives = ((number, live(EXHAUSTED, "storm", it, api=api)) for number, it in scripts.items())
    return {number: life.wrong for number, life in lives if life.wrong}


@pytest.mark.parametrize("way", WAYS)
def test_every_single_request_may_fail(way: Fault) -> None:
    """F01, F21: the i-th request fails, for every i."""
    steps = steps_for(way, clean(Script()))
    assert each({step: Script(faults={step: way}) for step in steps}) == {}


@pytest.mark.parametrize("way", [Fault.RESET_AFTER, Fault.LATE, Fault.TWICE_SECOND])
def test_every_single_request_may_fail_over_v3(way: Fault) -> None:
    """F01, F21."""
    steps = steps_for(way, clean(SMALL, "3"))
    assert each({step: replace(SMALL, faults={step: way}) for step in steps}, "3") == {}


@pytest.mark.parametrize("part", range(4))
def test_the_process_may_die_before_and_after_every_single_call(part: int) -> None:
    """F01: a crash at the i-th point around the calls of the ports, for every i."""
    points = range(part, clean(Script()).steps, 4)
    assert each({point: Script(crashes={point}) for point in points}) == {}


@pytest.mark.parametrize("part", range(2))
def test_the_process_may_die_at_every_single_call_over_v3(part: int) -> None:
    """F01."""
    points = range(part, clean(SMALL, "3").steps, 2)
    assert each({point: replace(SMALL, crashes={point}) for point in points}, "3") == {}


@pytest.mark.parametrize("first", [5, 17, 29, 41])
def test_the_process_may_die_again_while_it_recovers(first: int) -> None:
    """F02: a second crash at points of the run that follows the first."""
    seconds = range(first + 1, first + 40, 5)
    assert each({second: Script(crashes={first, second}) for second in seconds}) == {}


def test_a_world_happens_the_same_way_twice() -> None:
    for seed in range(12):
        api = APIS[seed % len(APIS)]
        first, second = (live(seed, profile_of(seed), api=api) for _ in range(2))
        assert first.trace == second.trace


@pytest.mark.parametrize("api", ["2.3", "3"])
def test_a_world_happens_the_same_way_in_another_process(api: str) -> None:
    """The trace depends on the seed alone: not on hashes, and not on what was simulated before."""
    digests = set()
    for salt in ("0", "1"):
        module = [sys.executable, "-m", "tests.simulation", "--api", api]
        command = [*module, "--seed", "7", "--profile", "storm"]
        env = {"PATH": os.environ["PATH"], "PYTHONHASHSEED": salt, "PYTHONPATH": str(ROOT)}
        ran = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=True)
        digests.add(ran.stdout.strip())
    assert digests == {live(7, "storm", api=api).digest}
