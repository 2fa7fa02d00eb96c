"""The journal's disk: full, broken, shut, open to others; a journal damaged or another's."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from tempfile import mkdtemp

import pytest

from tests.acceptance.forking import Deed, Ended, Forks, Ways
from tests.acceptance.scene import Grounds, Scene, Stage, points_of, spread

FEW = 3
NOBODY = 65534
IS_ROOT = os.geteuid() == 0
ALONE = ("--parallelism", "1")
"""With one write in flight, the point at which nothing more is sent is exact."""


@pytest.fixture
def points(stage: Stage) -> list[tuple[str, int]]:
    with stage(FEW) as scene:
        told = scene.folder / "told"
        assert scene.apply(*ALONE, ways=Ways(told=told)).code == 0
        return points_of(told)


def is_refused(ended: Ended, *words: str) -> None:
    assert ended.code == 9, ended.said
    for word in words:
        assert word in ended.err, ended.err


def sent_after(told: Path, what: str) -> int:
    """Count the writes that were begun after *what* befell the run."""
    lines = told.read_text().splitlines()
    return lines[lines.index(what) :].count("team.write.before")


# Full


@pytest.mark.parametrize("room", [2_048, 8_192, 40_000])
def test_f06_a_disk_that_is_full_before_the_start_stops_the_run_before_it_sends(
    stage: Stage, room: int
) -> None:
    """F06: no file grows beyond so many bytes. Then there is room, and the same command goes on."""
    with stage(FEW) as scene:
        is_refused(scene.apply(ways=Ways(room=room)), "the journal", "run the same command again")
        assert scene.team.writes() == 0
        scene.goes_on()


def test_f06_a_disk_that_runs_full_on_the_way_stops_the_run_at_the_next_commit(
    stage: Stage, points: list[tuple[str, int]]
) -> None:
    """F06: nothing is sent whose intent can't be recorded; what was sent is found."""
    commits = [it for it in points if it[0] in ("journal.intend.before", "journal.settle.before")]
    for at, nth in spread(commits, 4):
        with stage(FEW) as scene:
            told = scene.folder / "told"
            ended = scene.apply(*ALONE, ways=Ways((Deed("full", at, nth),), told))
            is_refused(ended, "disk", "run the same command again")
            assert "go on    teams-importer apply" in ended.out
            assert ("Outcome unknown" in ended.out) == (at == "journal.settle.before")
            assert "Not reached" in ended.out or nth >= len(commits) // 2
            assert sent_after(told, "full") == 0
            scene.goes_on()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of four megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)]
    if not IS_ROOT or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only who may mount can make a small disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize(
    "deed",
    [
        pytest.param(Deed("fill", "journal.open.before"), id="before the start"),
        pytest.param(Deed("fill", "journal.begin.before"), id="before the run"),
        pytest.param(Deed("fill", "journal.intend.before", 4), id="before an intent"),
        pytest.param(Deed("fill", "team.write.after", 4), id="while an answer is due"),
    ],
)
def test_f06_a_real_disk_without_a_byte_left(stage: Stage, small_disk: Path, deed: Deed) -> None:
    """F06: ENOSPC from the kernel."""
    with stage(FEW) as scene:
        journal = ("--journal", str(small_disk / "journal.db"))
        told = scene.folder / "told"
        deed = Deed(deed.do, deed.at, deed.nth, str(small_disk))
        ended = scene.apply(*ALONE, *journal, ways=Ways((deed,), told))
        is_refused(ended, "journal.db")
        # A log that has been used before may have room for some commits more.
        assert sent_after(told, "fill") == 0
        (small_disk / "filler").unlink()
        again = scene.apply(*journal)
        assert again.code == 0, again.said
        scene.is_whole()


# Broken


@pytest.mark.parametrize("afterwards", [False, True], ids=["undone", "done"])
def test_f05_a_commit_that_fails_is_believed_neither_way(stage: Stage, *, afterwards: bool) -> None:
    """F05: EIO; whether the commit reached the disk is not known."""
    with stage(FEW) as scene:
        for nth in (1, 2, 3, 5, 6, 8, 9):
            told = scene.folder / f"told{nth}"
            ended = scene.apply(*ALONE, ways=Ways(told=told, disk=("COMMIT", nth, afterwards)))
            is_refused(ended, "the disk reports an error", "run the same command again")
            assert sent_after(told, "disk") == 0
        scene.goes_on()


def test_f05_a_read_that_fails_stops_the_run(stage: Stage) -> None:
    """F05: EIO at reading."""
    with stage(FEW) as scene:
        codes = []
        for nth in range(1, 26, 4):
            told = scene.folder / f"told{nth}"
            ended = scene.apply(*ALONE, ways=Ways(told=told, disk=("SELECT", nth, False)))
            codes.append(ended.code)
            if ended.code:
                is_refused(ended, "the disk reports an error", "run the same command again")
                assert sent_after(told, "disk") == 0
        assert codes.count(9) >= 5, "the run has ended before the last of them"
        scene.goes_on()


# Shut


@pytest.fixture
def in_the_open(warm: Forks, ground: Grounds, unhurried: None) -> Iterator[Scene]:  # noqa: ARG001 - as in `stage`
    """A scene in a folder that others can reach, with two posts written by the first run."""
    folder = Path(mkdtemp(prefix="shut-", dir="/tmp"))
    folder.chmod(0o755)
    with ground.team() as team:
        scene = Scene(folder, team, warm, FEW)
        (folder / "teams-importer.yaml").chmod(0o644)
        assert scene.apply("--limit", "1").code == 0
        yield scene
    for path in (folder, folder / ".teams-importer"):
        path.chmod(0o755)
    shutil.rmtree(folder)


def chown_all(folder: Path, user: int) -> None:
    if IS_ROOT:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, user, user)


@pytest.mark.parametrize(
    ("folder_mode", "file_mode"),
    [
        pytest.param(0o755, 0o444, id="file"),
        pytest.param(0o555, 0o644, id="folder"),
        pytest.param(0o555, 0o444, id="both"),
    ],
)
def test_f07_a_journal_that_may_not_be_written_stops_the_run_before_it_sends(
    in_the_open: Scene, folder_mode: int, file_mode: int
) -> None:
    """F07: read-only; made writable, as the message says, the run goes on."""
    scene = in_the_open
    before = scene.team.writes()
    user = NOBODY if IS_ROOT else None
    chown_all(scene.folder, NOBODY)
    journal = scene.journal
    journal.chmod(file_mode)
    journal.parent.chmod(folder_mode)
    is_refused(
        scene.apply(ways=Ways(user=user)), "may not be written", "its folder writable for you"
    )
    assert scene.team.writes() == before
    journal.parent.chmod(0o755)
    journal.chmod(0o600)
    ended = scene.apply(ways=Ways(user=user))
    assert ended.code == 0, ended.said
    scene.is_whole()


def test_f07_a_log_that_may_not_be_written_is_named(in_the_open: Scene) -> None:
    """F07: what SQLite keeps beside the journal counts as well."""
    scene = in_the_open
    user = NOBODY if IS_ROOT else None
    chown_all(scene.folder, NOBODY)
    log = scene.journal.with_name(f"{scene.journal.name}-wal")
    log.touch(0o400)
    chown_all(scene.folder, NOBODY)
    is_refused(scene.apply(ways=Ways(user=user)), f"Make {log} and its folder writable for you")
    log.chmod(0o600)
    ended = scene.apply(ways=Ways(user=user))
    assert ended.code == 0, ended.said
    scene.is_whole()


@pytest.mark.skipif(not IS_ROOT, reason="only root can give a file away")
@pytest.mark.parametrize("mode", [0o600, 0o644])
def test_f07_a_journal_of_another_owner_stops_the_run_before_it_sends(
    in_the_open: Scene, mode: int
) -> None:
    """F07: wrong owner."""
    scene = in_the_open
    before = scene.team.writes()
    journal = scene.journal
    chown_all(scene.folder, NOBODY)
    for path in journal.parent.iterdir():
        os.chown(path, 0, 0)
        path.chmod(mode)
    is_refused(scene.apply(ways=Ways(user=NOBODY)), str(journal.name), "for you")
    assert scene.team.writes() == before
    chown_all(scene.folder, NOBODY)
    ended = scene.apply(ways=Ways(user=NOBODY))
    assert ended.code == 0, ended.said
    scene.is_whole()


def test_f07_a_journal_open_to_others_is_closed_to_them_with_a_warning(stage: Stage) -> None:
    """F07: mode 0644."""
    with stage(FEW) as scene:
        assert scene.apply("--limit", "1").code == 0
        scene.journal.chmod(0o644)
        ended = scene.apply()
        assert ended.code == 0, ended.said
        assert "was open to others (mode 0644); now it isn't" in ended.err
        assert scene.journal.stat().st_mode & 0o777 == 0o600
        scene.is_whole()


# Damaged


def flip(file: Path) -> None:
    """Flip a bit in all rows of an item that has others before and after it."""
    whole = re.sub(rb'("key": ?)"q1"', rb'\1"q0"', file.read_bytes())
    assert whole != file.read_bytes()
    file.write_bytes(whole)


def cut(journal: Path) -> None:
    os.truncate(journal, journal.stat().st_size // 2)


def wipe(journal: Path) -> None:
    journal.write_bytes(b"\0" * journal.stat().st_size)


def lose_lineage(journal: Path) -> None:
    alter(journal, "DELETE FROM meta")


def alter(journal: Path, *statements: str) -> None:
    with closing(sqlite3.connect(journal, isolation_level=None)) as db:
        for statement in statements:
            db.execute(statement)


DAMAGES = [flip, cut, wipe, lose_lineage]


@pytest.mark.parametrize("damage", DAMAGES)
def test_f04_a_damaged_journal_is_refused_and_moved_away_everything_is_found_again(
    stage: Stage, damage: Callable[[Path], None]
) -> None:
    """F04: nothing is sent; then what the message says is done, and nothing is written."""
    with stage(FEW) as scene:
        assert scene.apply().code == 0
        journal = scene.journal
        damage(journal)
        before = scene.team.writes()
        ended = scene.apply()
        is_refused(ended, "is damaged", "Move it away (keep it for a look) and run the same")
        assert str(journal) in ended.err, "which file is meant"
        journal.rename(scene.folder / "kept.db")
        scene.changes_nothing()
        scene.changes_nothing()
        assert scene.team.writes() == before
        scene.is_whole()


@pytest.mark.parametrize("damage", [flip, wipe])
def test_f04_the_log_of_a_killed_run_does_not_come_back_into_the_fresh_journal(
    stage: Stage, damage: Callable[[Path], None]
) -> None:
    """F04: who moves the journal alone leaves its -wal behind, which SQLite would play again."""
    with stage(FEW) as scene:
        assert scene.apply("--limit", "1").code == 0
        journal = scene.journal
        killed = scene.apply_with(Deed("kill", "journal.settle.after", 4))
        assert killed.code == -9
        assert journal.with_name(f"{journal.name}-wal").exists()
        # What SQLite reads is the log where it has a page: both are damaged.
        damage(journal)
        damage(journal.with_name(f"{journal.name}-wal"))
        refused = scene.apply()
        assert refused.code in (0, 9), refused.said
        if refused.code == 9:
            journal.rename(scene.folder / "kept.db")
        ended = scene.apply()
        assert ended.code == 0, ended.said
        scene.is_whole()


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        pytest.param(
            "PRAGMA user_version = 99",
            ("was written by a newer importer (format 99)", "Use that release, or a later one."),
            id="newer format",
        ),
        pytest.param(
            "PRAGMA application_id = 7",
            ("is a database of another program", "Name another file with --journal."),
            id="another program's",
        ),
    ],
)
def test_f08_a_journal_that_is_not_this_releases_is_refused(
    stage: Stage, statement: str, words: tuple[str, ...]
) -> None:
    """F08: and another one, named with --journal, finds everything again."""
    with stage(FEW) as scene:
        assert scene.apply().code == 0
        before = scene.team.writes()
        alter(scene.journal, statement)
        is_refused(scene.apply(), *words)
        for _ in range(2):
            ended = scene.apply("--journal", "another.db")
            assert ended.code == 0, ended.said
        assert scene.team.writes() == before


def test_f08_a_journal_of_another_team_or_site_is_refused(stage: Stage) -> None:
    """F08: the same address with another port is another site."""
    with stage(FEW) as scene, stage(FEW) as other:
        assert scene.apply().code == 0
        is_refused(
            other.apply("--journal", str(scene.journal)),
            f"belongs to kill in acme at {scene.journal.name.split('-')[0].replace('_', ':')}",
            "Name this team's own journal with --journal.",
        )
        assert other.team.writes() == 0
        other.goes_on()
