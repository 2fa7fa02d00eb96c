"""Worlds in which everything goes wrong, and the proof that the checker would notice."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter

import pytest

from tests.conftest import ROOT
from tests.simulation.__main__ import Tally, again, profile_of, simulate
from tests.simulation.broken import VARIANTS
from tests.simulation.life import Life, Script, live
from tests.simulation.wire import Fault

CHUNK = 25
EXHAUSTED = 3
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


def test_every_fault_is_reached() -> None:
    """F12."""
    reached: Counter[str] = Counter()
    for seed in range(150):
        reached.update(live(seed, "storm").reached)
        if all(reached[fault] for fault in Fault):
            break
    assert [fault for fault in Fault if not reached[fault]] == []
    assert reached["commit torn"]
    assert any(name.startswith("crash journal.intend") for name in reached)


@pytest.mark.parametrize("name", VARIANTS)
def test_a_broken_importer_is_caught_within_200_worlds(name: str) -> None:
    for seed in range(200):
        if simulate([seed], VARIANTS[name].profile, name).wrong:
            return
    pytest.fail(f"{name} went unnoticed")


def clean() -> Life:
    life = live(EXHAUSTED, "storm", Script())
    assert life.wrong == []
    return life


@pytest.mark.parametrize("way", WAYS)
def test_every_single_request_may_fail(way: Fault) -> None:
    """F01, F21: the i-th request fails, for every i."""
    wrong = {}
    for step in range(clean().requests):
        life = live(EXHAUSTED, "storm", Script(faults={step: way}))
        if life.wrong:
            wrong[step] = life.wrong
    assert wrong == {}


@pytest.mark.parametrize("part", range(4))
def test_the_process_may_die_before_and_after_every_single_call(part: int) -> None:
    """F01: a crash at the i-th point around the calls of the ports, for every i."""
    wrong = {}
    for point in range(part, clean().steps, 4):
        life = live(EXHAUSTED, "storm", Script(crashes={point}))
        if life.wrong:
            wrong[point] = life.wrong
    assert wrong == {}


@pytest.mark.parametrize("first", [5, 17, 29, 41])
def test_the_process_may_die_again_while_it_recovers(first: int) -> None:
    """F02: a second crash at points of the run that follows the first."""
    wrong = {}
    for second in range(first + 1, first + 40, 5):
        life = live(EXHAUSTED, "storm", Script(crashes={first, second}))
        if life.wrong:
            wrong[second] = life.wrong
    assert wrong == {}


def test_a_world_happens_the_same_way_twice() -> None:
    for seed in range(12):
        assert live(seed, profile_of(seed)).trace == live(seed, profile_of(seed)).trace


def test_a_world_happens_the_same_way_in_another_process() -> None:
    """The trace depends on the seed alone: not on hashes, and not on what was simulated before."""
    digests = set()
    for salt in ("0", "1"):
        command = [sys.executable, "-m", "tests.simulation", "--seed", "7", "--profile", "storm"]
        env = {"PATH": os.environ["PATH"], "PYTHONHASHSEED": salt, "PYTHONPATH": str(ROOT)}
        ran = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=True)
        digests.add(ran.stdout.strip())
    assert digests == {live(7, "storm").digest}
