"""One run at a time: the lock, who holds it, and what becomes of a dead holder's."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from importer.errors import ExitCode, JournalError, LockHeld
from tests.conftest import ROOT
from tests.journal.factories import binding, journal_at, operation, report_of, run_of, wait

HOLDER = """
import sys
from pathlib import Path
from tests.journal.factories import journal_at, run_of, wait
journal = journal_at(Path(sys.argv[1]))
wait(journal.begin(run_of("run-of-another")))
print("held", flush=True)
sys.stdin.read()
"""


def holder(path: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_another_process_is_kept_out_and_told_who_holds_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with holder(path) as process:
        journal = journal_at(path)
        with pytest.raises(LockHeld, match="run-of-another") as caught:
            wait(journal.begin(run_of()))
        assert f"process {process.pid} on " in caught.value.message
        assert caught.value.exit_code is ExitCode.LOCKED
        with pytest.raises(LockHeld):
            wait(journal.bind([binding()]))
        assert wait(journal_at(path, create=False).ledger()).exists
        looked = wait(journal_at(path, create=False).ledger())
        assert (looked.under_way, wait(journal.holder())) == ("run-of-another", "run-of-another")
        process.kill()
        process.wait()
        assert wait(journal_at(path, create=False).ledger()).under_way is None
        assert wait(journal.holder()) is None
        wait(journal.begin(run_of()))
        killed, ours = wait(journal.runs())
        assert (killed.id, killed.outcome, killed.ended_at) == ("run-of-another", "", None)
        assert ours.id == "run-1"


def test_a_note_without_a_lock_keeps_nobody_out(tmp_path: Path) -> None:
    (tmp_path / "journal.db.lock").write_text(json.dumps({"process": os.getpid(), "run": "dead"}))
    wait(journal_at(tmp_path / "journal.db").begin(run_of()))


def test_a_lock_without_a_note_still_keeps_others_out(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    wait(journal_at(path).begin(run_of()))
    (tmp_path / "journal.db.lock").write_text("")
    with pytest.raises(LockHeld, match="another process"):
        wait(journal_at(path).begin(run_of("run-2")))


@pytest.mark.parametrize("by", ["end", "close"])
def test_the_lock_is_let_go_of(tmp_path: Path, by: str) -> None:
    path = tmp_path / "journal.db"
    first, second = journal_at(path), journal_at(path)
    wait(first.begin(run_of()))
    with pytest.raises(LockHeld):
        wait(second.begin(run_of("run-2")))
    wait(first.end(run_of(), report_of(run_of())) if by == "end" else first.close())
    wait(second.begin(run_of("run-2")))


def test_a_lock_that_was_removed_under_its_holder_guards_the_new_file(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    wait(journal_at(path).begin(run_of()))
    (tmp_path / "journal.db.lock").unlink()
    second = journal_at(path)
    wait(second.begin(run_of("run-2")))
    with pytest.raises(LockHeld, match="run-2"):
        wait(journal_at(path).begin(run_of("run-3")))


@pytest.mark.parametrize("replaced", [True, False])
def test_f11_a_holder_whose_lock_was_taken_away_is_told_before_it_sends(
    tmp_path: Path, *, replaced: bool
) -> None:
    path = tmp_path / "journal.db"
    journal = journal_at(path)
    wait(journal.begin(run_of()))
    wait(journal.hold())
    lock = path.with_name("journal.db.lock")
    lock.unlink()
    if replaced:
        lock.touch()
    with pytest.raises(LockHeld, match="another run may hold it now"):
        wait(journal.hold())
    wait(journal.end(run_of(), report_of(run_of())))
    assert [it.ended_at for it in wait(journal.runs())] == [None]
    wait(journal.close())


@pytest.mark.parametrize("end", ["", "-wal"])
@pytest.mark.parametrize("way", ["moved", "deleted", "replaced"])
def test_f11_a_holder_whose_journal_was_taken_away_is_told_before_it_sends(
    tmp_path: Path, way: str, end: str
) -> None:
    path = tmp_path / "journal.db"
    journal = journal_at(path)
    wait(journal.begin(run_of()))
    wait(journal.hold())
    file = path.with_name(f"{path.name}{end}")
    kept = file.rename(tmp_path / "kept")
    if way == "deleted":
        kept.unlink()
    if way == "replaced":
        shutil.copyfile(kept, file)
    with pytest.raises(JournalError, match="moved or deleted while the run was") as caught:
        wait(journal.hold())
    assert str(file) in caught.value.message
    assert "the same command goes on" in caught.value.remedy
    wait(journal.end(run_of(), report_of(run_of())))
    assert [it.ended_at for it in wait(journal.runs())] == [None]
    wait(journal.close())


def test_a_run_whose_journal_was_taken_away_after_its_last_write_is_told_at_its_end(
    tmp_path: Path,
) -> None:
    path = tmp_path / "journal.db"
    journal = journal_at(path)
    wait(journal.begin(run_of()))
    path.unlink()
    with pytest.raises(JournalError, match="moved or deleted"):
        wait(journal.end(run_of(), report_of(run_of())))
    wait(journal.close())


def test_a_journal_behind_a_link_is_where_it_was(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "journal.db").symlink_to(tmp_path / "there" / "real.db")
    (tmp_path / "there" / "real.db").touch()
    journal = journal_at(tmp_path / "journal.db")
    wait(journal.begin(run_of()))
    wait(journal.intend(operation()))
    wait(journal.hold())
    wait(journal.end(run_of(), report_of(run_of())))
    wait(journal.close())


def test_a_run_that_could_not_begin_lets_go_of_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    first = journal_at(path)
    wait(first.begin(run_of()))
    wait(first.end(run_of(), report_of(run_of())))
    with pytest.raises(JournalError, match="already"):
        wait(first.begin(run_of()))
    wait(journal_at(path).begin(run_of("run-2")))


def test_bindings_outside_a_run_hold_the_lock_no_longer_than_it_takes(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    first = journal_at(path)
    wait(first.bind([binding()]))
    second = journal_at(path)
    wait(second.begin(run_of()))
    wait(second.bind([binding("other", 8)]))
    wait(second.intend(operation()))
    with pytest.raises(LockHeld):
        wait(first.unbind([binding().key]))
