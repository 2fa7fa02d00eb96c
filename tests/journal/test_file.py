"""The journal's file: how it is made, who may read it, what is refused."""

from __future__ import annotations

import logging
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from importer.errors import ExitCode, JournalError
from importer.model.ids import Key, Lineage
from tests.journal.factories import (
    LABEL,
    binding,
    exported,
    journal_at,
    report_of,
    run_of,
    wait,
    write_one,
)

NOBODY = 65534


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A journal with one run of two writes, closed."""
    path = tmp_path / "team" / "journal.db"

    async def fill() -> None:
        journal = journal_at(path)
        await journal.begin(run_of())
        await write_one(journal, "one", 1)
        await write_one(journal, "two", 2)
        await journal.end(run_of(), report_of(run_of()))
        await journal.close()

    wait(fill())
    return path


def leave_open(path: Path, folder: Path) -> Path:
    """Copy the journal as a killed run leaves it: with rows that are in the -wal alone."""
    left = folder / "left.db"

    async def fill() -> None:
        journal = journal_at(path)
        await journal.begin(run_of("run-2"))
        await write_one(journal, "three", 3, run="run-2")
        shutil.copyfile(path, left)
        shutil.copyfile(f"{path}-wal", f"{left}-wal")
        await journal.close()

    wait(fill())
    return left


def files(folder: Path) -> list[str]:
    return sorted(it.name for it in folder.iterdir())


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_the_journal_and_its_folder_are_for_their_owner_alone(path: Path) -> None:
    assert mode(path.parent) == 0o700
    assert mode(path) == 0o600
    assert mode(path.with_name("journal.db.lock")) == 0o600


def test_what_sqlite_keeps_beside_the_journal_is_as_private(path: Path) -> None:
    journal = journal_at(path)
    wait(journal.bind([binding()]))
    assert mode(path.with_name("journal.db-wal")) == 0o600
    assert mode(path.with_name("journal.db-shm")) == 0o600
    wait(journal.close())


def test_a_folder_that_was_there_keeps_its_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    wait(journal_at(tmp_path / "journal.db").close())
    assert mode(tmp_path) == 0o755


def test_a_journal_open_to_others_is_closed_to_them_with_a_warning(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path.chmod(0o644)
    with caplog.at_level(logging.WARNING):
        wait(journal_at(path).close())
    assert mode(path) == 0o600
    assert "mode 0644" in caplog.text


def test_a_closed_journal_is_one_file(path: Path) -> None:
    assert files(path.parent) == ["journal.db", "journal.db.lock"]


def test_sqlite_syncs_all_but_the_log_and_the_journal_that(path: Path) -> None:
    """F12: NORMAL, and `test_syncing` has the rest."""
    journal = journal_at(path)
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    db = journal._store._db  # type: ignore[attr-defined]  # noqa: SLF001 - the setting has no other face
    assert db.execute("PRAGMA synchronous").fetchone()[0] == 1
    assert db.execute("PRAGMA foreign_keys").fetchone()[0] == 1
    wait(journal.close())


def test_runs_append_and_nothing_is_lost_by_reopening(path: Path) -> None:
    async def again(name: str) -> None:
        journal = journal_at(path)
        await journal.begin(run_of(name))
        await write_one(journal, name, 9, run=name)
        await journal.end(run_of(name), report_of(run_of(name)))
        await journal.close()

    before = wait(exported(journal_at(path)))
    for name in ("run-2", "run-3"):
        wait(again(name))
    after = wait(exported(journal_at(path)))
    assert set(before) < set(after)
    assert wait(journal_at(path).ledger()).serial == 3


def test_reading_makes_neither_file_nor_folder(tmp_path: Path) -> None:
    journal = journal_at(tmp_path / "none" / "journal.db", create=False)
    assert not wait(journal.ledger()).exists
    wait(journal.close())
    assert files(tmp_path) == []


def test_an_empty_file_reads_as_no_journal_and_becomes_one(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    path.touch()
    assert not wait(journal_at(path, create=False).ledger()).exists
    assert path.stat().st_size == 0
    wait(journal_at(path).bind([binding()]))
    assert wait(journal_at(path, create=False).ledger()).exists


def test_reading_shows_everything_and_changes_nothing(path: Path) -> None:
    path.chmod(0o644)
    before = path.read_bytes()
    journal = journal_at(path, create=False)
    ledger = wait(journal.ledger())
    assert list(ledger.bindings) == ["one", "two"]
    with pytest.raises(JournalError, match="reading only"):
        wait(journal.bind([binding()]))
    wait(journal.close())
    assert path.read_bytes() == before
    assert mode(path) == 0o644
    assert files(path.parent) == ["journal.db", "journal.db.lock"]


def test_what_a_killed_run_left_in_its_wal_is_read(path: Path, tmp_path: Path) -> None:
    left = leave_open(path, tmp_path)
    alone = tmp_path / "alone.db"
    shutil.copyfile(left, alone)
    assert list(wait(journal_at(alone, create=False).ledger()).bindings) == ["one", "two"]
    ledger = wait(journal_at(left, create=False).ledger())
    assert list(ledger.bindings) == ["one", "three", "two"]


@contextmanager
def as_nobody() -> Iterator[None]:
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def shut(path: Path) -> Iterator[Path]:
    """A folder that may be read and not written, also by root's tests; with a left-over WAL."""
    folder = Path(tempfile.mkdtemp())
    leave_open(path, folder)
    for file in folder.iterdir():
        file.chmod(0o644)
    folder.chmod(0o555)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


@pytest.mark.parametrize(
    ("left_behind", "seen"),
    [
        pytest.param((), ["one", "two"], id="closed cleanly"),
        pytest.param(("-wal",), ["one", "three", "two"], id="with a WAL"),
        pytest.param(("-wal", "-shm"), ["one", "three", "two"], id="with a WAL and its index"),
    ],
)
def test_a_journal_in_a_folder_that_may_not_be_written_is_read(
    shut: Path, left_behind: tuple[str, ...], seen: list[str]
) -> None:
    shut.chmod(0o755)
    if "-wal" not in left_behind:
        (shut / "left.db-wal").unlink()
    if "-shm" in left_behind:
        (shut / "left.db-shm").write_bytes(bytes(32768))
        (shut / "left.db-shm").chmod(0o644)
    shut.chmod(0o555)
    before = files(shut)
    with as_nobody():
        journal = journal_at(shut / "left.db", create=False)
        assert list(wait(journal.ledger()).bindings) == seen
        wait(journal.close())
    assert files(shut) == before


@pytest.mark.parametrize("name", ["left.db", "new.db"])
def test_writing_in_a_folder_that_may_not_be_written_is_refused(shut: Path, name: str) -> None:
    with as_nobody(), pytest.raises(JournalError) as caught:
        journal_at(shut / name)
    assert caught.value.exit_code is ExitCode.JOURNAL
    assert caught.value.remedy


def test_a_journal_of_another_team_is_refused_for_reading_and_writing(path: Path) -> None:
    for create in (True, False):
        with pytest.raises(JournalError, match="belongs to") as caught:
            journal_at(path, create=create, lineage=Lineage("another"))
        assert LABEL in caught.value.message


def alter(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        for statement in statements:
            db.execute(statement)


@pytest.mark.parametrize("create", [True, False])
@pytest.mark.parametrize(
    ("statement", "said"),
    [
        pytest.param("PRAGMA user_version = 2", "newer importer", id="newer format"),
        pytest.param("PRAGMA user_version = 0", "damaged", id="no format"),
        pytest.param("PRAGMA application_id = 7", "another program", id="another application"),
        pytest.param("DROP INDEX one_open_operation_per_key", "damaged", id="lost constraint"),
        pytest.param("DELETE FROM meta", "damaged", id="lost lineage"),
        pytest.param("UPDATE meta SET value = 'x'", "damaged", id="changed lineage"),
    ],
)
def test_what_is_not_this_format_is_refused_untouched(
    path: Path, statement: str, said: str, *, create: bool
) -> None:
    alter(path, statement)
    before = path.read_bytes()
    with pytest.raises(JournalError, match=said):
        journal_at(path, create=create)
    assert path.read_bytes() == before


def of_another_program(path: Path, *, log: bool) -> None:
    """Make a database as any program does; with *log* its rows are in the -wal, as after a kill."""
    made = path.with_name("made.db")
    with closing(sqlite3.connect(made, isolation_level=None)) as db:
        if log:
            db.execute("PRAGMA journal_mode = WAL")
        db.execute("CREATE TABLE bookmarks (url TEXT)")
        for end in ("", "-wal") if log else ("",):
            shutil.copyfile(f"{made}{end}", f"{path}{end}")
    made.unlink()


@pytest.mark.parametrize("create", [True, False])
@pytest.mark.parametrize("log", [True, False], ids=["in its log", "closed"])
def test_another_programs_database_is_refused_untouched(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, *, log: bool, create: bool
) -> None:
    path = tmp_path / "other.db"
    of_another_program(path, log=log)
    for file in tmp_path.iterdir():
        file.chmod(0o644)
    before = {it.name: (it.read_bytes(), mode(it)) for it in tmp_path.iterdir()}
    with pytest.raises(JournalError, match="another program"):
        journal_at(path, create=create)
    assert {it.name: (it.read_bytes(), mode(it)) for it in tmp_path.iterdir()} == before
    assert len(before) == 1 + log
    assert caplog.text == ""


def test_a_journal_of_another_team_keeps_its_mode(path: Path) -> None:
    path.chmod(0o640)
    with pytest.raises(JournalError, match="belongs to"):
        journal_at(path, lineage=Lineage("another"))
    assert mode(path) == 0o640


def test_a_journal_that_was_killed_in_the_making_is_made_anew(tmp_path: Path) -> None:
    """Its file holds an empty page, and the log all of it: it is ours all the same."""
    path, left = tmp_path / "journal.db", tmp_path / "left.db"
    journal = journal_at(path)
    for end in ("", "-wal"):
        shutil.copyfile(f"{path}{end}", f"{left}{end}")
        Path(f"{left}{end}").chmod(0o644)
    wait(journal.close())
    assert Path(f"{left}-wal").stat().st_size
    again = journal_at(left)
    wait(again.bind([binding()]))
    assert [mode(it) for it in tmp_path.glob("left.db*")] == [0o600] * 4
    wait(again.close())
    assert wait(journal_at(left, create=False).ledger()).exists


@pytest.mark.parametrize(
    "content", [b"not a database, but long enough " * 40, b"x", b"SQLite format 3\0"]
)
def test_what_is_no_database_is_refused_with_the_way_out(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "journal.db"
    path.write_bytes(content)
    with pytest.raises(JournalError, match="damaged") as caught:
        journal_at(path)
    assert "Move it away" in caught.value.remedy
    assert path.read_bytes() == content


def test_a_folder_in_the_journals_place_is_refused(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="not a file"):
        journal_at(tmp_path)


def test_a_path_with_signs_that_a_uri_gives_a_meaning_is_a_path(tmp_path: Path) -> None:
    path = tmp_path / "50% of #1?mode=memory&.db"
    wait(journal_at(path).bind([binding()]))
    assert path.exists()
    assert Key("rollback") in wait(journal_at(path, create=False).ledger()).bindings


def test_a_row_whose_content_was_changed_is_refused(path: Path) -> None:
    alter(path, "UPDATE bindings SET document = replace(document, '\"id\":1', '\"id\":2')")
    with pytest.raises(JournalError, match="changed since it was written"):
        wait(journal_at(path).ledger())


def test_where_there_is_no_wal_a_rollback_journal_serves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "journal.db"
    wait(journal_at(path).close())
    alter(path, "PRAGMA journal_mode = DELETE")
    # A reader keeps the file from being switched: as close as a local disk comes to a network's.
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM runs").fetchone()
        monkeypatch.setattr("importer.journal.opening._BUSY_S", 0.01)
        journal = journal_at(path)
        db = journal._store._db  # type: ignore[attr-defined]  # noqa: SLF001 - the setting has no other face
        assert db.execute("PRAGMA journal_mode").fetchone()[0] == "delete"
        assert db.execute("PRAGMA synchronous").fetchone()[0] == 3
        reader.execute("COMMIT")
    wait(journal.bind([binding()]))
    wait(journal.close())
    assert wait(journal_at(path, create=False).ledger()).exists
