"""No acknowledged row is lost, no wrong one appears: kills, torn files, flipped bits, full disk."""

from __future__ import annotations

import json
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from itertools import chain
from pathlib import Path

import pytest

from importer.errors import JournalError
from importer.model.ids import Key
from importer.model.ledger import State
from importer.ports import Journal
from tests.conftest import ROOT
from tests.journal.factories import (
    binding,
    exported,
    journal_at,
    operation,
    report_of,
    run_of,
    wait,
    write_one,
)

LAST = """SELECT state, (SELECT count(*) FROM bindings)
FROM operations ORDER BY number DESC LIMIT 1"""
WRITER = """
import asyncio, sys
from pathlib import Path
from tests.journal.factories import journal_at, run_of, write_one

async def main(path, run):
    journal = journal_at(path)
    await journal.begin(run_of(run))
    for number in range(100_000):
        await write_one(journal, f"{run}.{number}", number, run=run)
        print(f"{run}.{number}", flush=True)

asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
"""


def writer(path: Path, run: str, limit: Callable[[], None] | None = None) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), run],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=limit,
    )


def test_a_killed_writer_loses_nothing_it_had_acknowledged(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    chance = random.Random(7)
    acknowledged: set[str] = set()
    for life in range(6):
        with writer(path, f"run-{life}") as process:
            assert process.stdout is not None
            acknowledged |= {process.stdout.readline().strip()}
            for _ in range(chance.randrange(200)):
                acknowledged |= {process.stdout.readline().strip()}
            process.kill()
            acknowledged |= set(process.stdout.read().split("\n")[:-1])
        ledger = wait(journal_at(path, create=False).ledger())
        assert acknowledged <= set(ledger.bindings)
        assert len(ledger.bindings) - len(acknowledged) <= life + 1
        texts = wait(exported(journal_at(path, create=False)))
        assert sum(json.loads(line)["type"] == "text" for line in texts) >= len(acknowledged)
    assert len(acknowledged) > 100


async def history(path: Path) -> list[list[str]]:
    """Return what the journal said after each commit of a run, and leave its WAL behind."""
    journal = journal_at(path)
    states = [await exported(journal)]
    await journal.begin(run_of())
    states.append(await exported(journal))
    for number in range(6):
        key = f"key{number}"
        await journal.intend(operation(key))
        states.append(await exported(journal))
        await journal.settle(operation(key, state=State.DONE), binding(key, number))
        states.append(await exported(journal))
    for end in ("", "-wal"):
        shutil.copyfile(f"{path}{end}", f"{path.parent / 'left.db'}{end}")
    await journal.close()
    return states


def test_a_wal_torn_anywhere_gives_back_a_state_that_was(tmp_path: Path) -> None:
    """F03."""
    states = wait(history(tmp_path / "journal.db"))
    whole, wal = (tmp_path / "left.db").read_bytes(), (tmp_path / "left.db-wal").read_bytes()
    cuts = sorted({*random.Random(7).sample(range(len(wal)), 150), *range(60), len(wal)})
    torn = tmp_path / "torn.db"
    reached = []
    for cut in cuts:
        torn.write_bytes(whole)
        Path(f"{torn}-wal").write_bytes(wal[:cut])
        journal = journal_at(torn)
        reached.append(states.index(wait(exported(journal))))
        wait(journal.close())
    assert reached == sorted(reached)
    assert (reached[0], reached[-1]) == (0, len(states) - 1)


def test_f03_the_last_commit_is_whole_or_not_there_wherever_it_was_torn(tmp_path: Path) -> None:
    """F03: at every byte of the frames' headers and of the end, and some of the pages between."""
    wait(history(tmp_path / "journal.db"))
    whole, wal = (tmp_path / "left.db").read_bytes(), (tmp_path / "left.db-wal").read_bytes()
    torn = tmp_path / "torn.db"
    found: list[tuple[str, int]] = []
    page = int.from_bytes(wal[8:12], "big")
    frames = range(32, len(wal), page + 24)
    commits = [at for at in frames if int.from_bytes(wal[at + 4 : at + 8], "big")]
    start = commits[-2] + page + 24
    headers = (range(at, at + 24) for at in range(start, len(wal), page + 24))
    cuts = {*chain(*headers), *range(start, len(wal), 251), *range(len(wal) - 24, len(wal) + 1)}
    for cut in sorted(cuts):
        torn.write_bytes(whole)
        Path(f"{torn}-wal").write_bytes(wal[:cut])
        with closing(sqlite3.connect(torn)) as db:
            found.append(db.execute(LAST).fetchone())
    assert len(found) > 100
    assert found == [("open", 5)] * (len(found) - 1) + [("done", 6)]


def test_a_flipped_bit_is_refused_or_does_no_harm(tmp_path: Path) -> None:
    """F04."""
    path = tmp_path / "journal.db"
    expected = wait(history(path))[-1]
    whole = path.read_bytes()
    chance = random.Random(7)
    refused = 0
    for _ in range(600):
        flipped = bytearray(whole)
        offset = chance.randrange(len(whole))
        flipped[offset] ^= 1 << chance.randrange(8)
        path.write_bytes(flipped)
        try:
            journal = journal_at(path)
            assert wait(exported(journal)) == expected, f"byte {offset}"
            wait(journal.close())
        except JournalError:
            refused += 1
    assert refused > 50


def test_a_full_disk_stops_the_run_and_loses_nothing_acknowledged(tmp_path: Path) -> None:
    """A limit on the file's size stands in for the disk: SQLite sees a write that fails."""
    path = tmp_path / "journal.db"

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))

    with writer(path, "run-1", limit) as process:
        said, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "JournalError" in errors
    acknowledged = said.split("\n")[:-1]
    assert len(acknowledged) > 3
    assert set(acknowledged) <= set(wait(journal_at(path, create=False).ledger()).bindings)


async def intend_many(journal: Journal) -> None:
    for number in range(200):
        await journal.intend(operation(f"key{number}"))


def test_after_a_failed_commit_nothing_more_is_written(tmp_path: Path) -> None:
    """F05: the limit is lifted again, and still nobody believes the disk a second time."""
    path = tmp_path / "journal.db"
    journal = journal_at(path)
    wait(journal.begin(run_of()))
    wait(write_one(journal, "before", 1))
    before = wait(exported(journal))
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (Path(f"{path}-wal").stat().st_size, limits[1]))
    try:
        with pytest.raises(JournalError) as caught:
            wait(intend_many(journal))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert caught.value.remedy
    with pytest.raises(JournalError, match="failed before"):
        wait(journal.intend(operation("after")))
    with pytest.raises(JournalError, match="failed before"):
        wait(journal.end(run_of(), report_of(run_of())))
    wait(journal.close())

    again = journal_at(path)
    wait(again.begin(run_of("run-2")))
    ledger = wait(again.ledger())
    assert set(before[:-1]) <= set(wait(exported(again)))
    assert Key("after") not in {it.key for it in ledger.open}
    assert Key("before") in ledger.bindings
