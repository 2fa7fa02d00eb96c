"""Killed (SIGKILL) before and after every call of a port: one post per key, whatever the point.

`make test` takes a sample of the points, each port and call among them; `make kill-everywhere`
takes all of them.
"""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

import pytest

from tests.acceptance.forking import Deed, Forks, Ways
from tests.acceptance.scene import Grounds, Scene, Stage, points_of, spread

EVERYWHERE = bool(os.environ.get("KILL_EVERYWHERE"))
SHARES = 16 if EVERYWHERE else 2
QUESTIONS = 20
KILLS = 24
PAIRS = 400 if EVERYWHERE else 10
LOSSES = 120 if EVERYWHERE else 8
FEW = 5
CALLS = (
    *("team.check", "team.read", "team.write"),
    *("journal.begin", "journal.ledger", "journal.intend", "journal.settle"),
    *("journal.bind", "journal.unbind", "journal.end"),
)
Points = tuple[list[tuple[str, int]], list[tuple[str, int]]]


def points_in(scene: Scene) -> list[tuple[str, int]]:
    """Return the points of a run that nothing befalls."""
    told = scene.folder / "told"
    assert scene.apply(ways=Ways(told=told)).code == 0
    scene.is_whole()
    points = points_of(told)
    assert {it.rpartition(".")[0] for it, _ in points} >= set(CALLS)
    return points


def sample(points: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """Return some of *points*: each name once, early here and late there, then those between."""
    names = sorted({name for name, _ in points})
    by_name = {name: [it for it in points if it[0] == name] for name in names}
    each = [
        by_name[name][at * (len(by_name[name]) - 1) // (len(names) - 1)]
        for at, name in enumerate(names)
    ]
    return list(dict.fromkeys([*each, *spread(points, KILLS - len(each))]))


@pytest.fixture(scope="module")
def points(warm: Forks, ground: Grounds, tmp_path_factory: pytest.TempPathFactory) -> Points:
    """The points of a run of 20 questions, and of one of 5."""
    found = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("importer.sandbox.limits.Limits.admit", lambda *_: None)
        for items in (QUESTIONS, FEW):
            with ground.team() as team:
                scene = Scene(tmp_path_factory.mktemp("points"), team, warm, items)
                found.append(points_in(scene))
    return found[0], found[1]


@pytest.mark.parametrize("share", range(SHARES))
def test_f01_a_kill_at_any_call_leaves_one_post_per_key(
    stage: Stage, points: Points, share: int
) -> None:
    """F01: and the run after the one that goes on writes nothing."""
    chosen = points[0] if EVERYWHERE else sample(points[0])
    for at, nth in chosen[share::SHARES]:
        with stage(QUESTIONS) as scene:
            killed = scene.apply_with(Deed("kill", at, nth))
            assert killed.code == -9, f"{at} {nth}: {killed.said}"
            scene.goes_on()


@pytest.mark.parametrize("share", range(SHARES))
def test_f02_a_kill_and_another_one_of_the_run_that_goes_on(
    stage: Stage, points: Points, share: int
) -> None:
    """F02: pairs of points, of five questions with answers."""
    chance = random.Random(2)
    few = points[1]
    firsts = [chance.randrange(len(few)) for _ in range(PAIRS)]
    opening = few.index(("journal.intend.before", 1))
    reached = 0
    pairs = [(it, chance.randrange(1, opening + len(few) - it)) for it in firsts]
    for first, second in pairs[share::SHARES]:
        with stage(FEW) as scene:
            killed = scene.apply_with(Deed("kill", *few[first]))
            assert killed.code == -9, killed.said
            again = scene.apply_with(Deed("kill", "*", second))
            assert again.code in (-9, 0), again.said
            reached += again.code == -9
            scene.goes_on()
    assert reached > len(pairs[share::SHARES]) / 2


@pytest.mark.parametrize("share", range(SHARES))
def test_f09_a_kill_and_a_lost_journal_leave_one_post_per_key(
    stage: Stage, points: Points, share: int
) -> None:
    """F09: the journal is deleted at each point; the posts' markers say enough."""
    few = points[1]
    for at, nth in spread(few, LOSSES)[share::SHARES]:
        with stage(FEW) as scene:
            assert scene.apply_with(Deed("kill", at, nth)).code == -9
            shutil.rmtree(scene.folder / ".teams-importer", ignore_errors=True)
            scene.goes_on()


def test_f09_a_journal_rolled_back_to_any_earlier_state_is_put_right(
    stage: Stage, points: Points, tmp_path: Path
) -> None:
    """F09: as from a backup, or a CI cache; what it holds as open was done long ago."""
    commits = [it for it in points[1] if it[0] in ("journal.intend.after", "journal.settle.after")]
    chosen = commits if EVERYWHERE else spread(commits, 5)
    with stage(FEW) as scene:
        deeds = [Deed("keep", at, nth, str(tmp_path / f"{at}{nth}")) for at, nth in chosen]
        assert scene.apply_with(*deeds).code == 0
        before = scene.team.writes()
        for at, nth in chosen:
            put_back(tmp_path / f"{at}{nth}", scene.journal)
            scene.goes_on()
            assert scene.team.writes() == before


def put_back(kept: Path, journal: Path) -> None:
    """Replace the journal by what was kept of it."""
    for file in journal.parent.glob(f"{journal.name}*"):
        file.unlink()
    for file in kept.iterdir():
        shutil.copyfile(file, journal.parent / file.name)
        (journal.parent / file.name).chmod(0o600)


def test_f03_a_log_torn_in_its_last_commit_is_read_up_to_there(
    stage: Stage, points: Points, tmp_path: Path
) -> None:
    """F03: the rest of what happened is found on the team."""
    settles = [it for it in points[1] if it[0] == "journal.settle.after"]
    for cut in range(8 if EVERYWHERE else 2):
        at, nth = settles[cut % len(settles)]
        before, after = tmp_path / f"{cut}-before", tmp_path / f"{cut}-after"
        with stage(FEW) as scene:
            killed = scene.apply_with(
                Deed("keep", "journal.settle.before", nth, str(before)),
                Deed("keep", at, nth, str(after)),
                Deed("kill", at, nth),
            )
            assert killed.code == -9
            log = f"{scene.journal.name}-wal"
            size, longer = ((it / log).stat().st_size for it in (before, after))
            assert size < longer
            put_back(after, scene.journal)
            os.truncate(scene.journal.with_name(log), size + (longer - size) * (cut + 1) // 9)
            scene.goes_on()
