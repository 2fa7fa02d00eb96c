"""What only a journal in a database has: its session, its lock, its neighbours, its rights."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from importer.errors import ExitCode, JournalError, LockHeld, UsageError
from importer.journal import Server
from importer.model.ids import Key, Lineage
from importer.model.ledger import State
from importer.ports import Journal
from tests.conftest import ROOT
from tests.journal.factories import (
    LINEAGE,
    binding,
    digest,
    exported,
    fields,
    journal_at,
    operation,
    report_of,
    run_of,
    wait,
    write_one,
)
from tests.journal.postgres import Cluster, ask

HOLDER = """
import sys
from importer.journal import Server
from tests.journal.factories import journal_at, run_of, wait
journal = journal_at(Server(sys.stdin.readline().strip()))
wait(journal.begin(run_of("run-of-another")))
print("held", flush=True)
sys.stdin.read()
"""
CUT_OFF = """
import sys
from importer.errors import LockHeld
from importer.journal import Server
from tests.journal.factories import journal_at, operation, run_of
from tests.journal.postgres import ask
import asyncio
server = Server(sys.argv[1])
async def cut_off():
    journal = journal_at(server)
    await journal.begin(run_of())
    await asyncio.to_thread(ask, server.url, sys.argv[2])
    try:
        await journal.intend(operation())
    except LockHeld:
        print("told")
    await journal.close()
asyncio.run(cut_off())
"""
TERMINATE = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE application_name = 'teams-importer' AND datname = current_database()"""
LOCKS = """SELECT 1 FROM pg_locks WHERE locktype = 'advisory'
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""


@contextmanager
def opened(server: Server, **how: Any) -> Iterator[Journal]:
    journal = journal_at(server, **how)
    yield journal
    wait(journal.close())


@contextmanager
def holder(server: Server) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{server.url}\n")
        process.stdin.flush()
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def fill(server: Server, run: str = "run-1", **how: Any) -> list[str]:
    """Carry out a run of two writes, and return the journal's export."""

    async def act() -> list[str]:
        journal = journal_at(server, **how)
        await journal.begin(run_of(run))
        for number, key in enumerate(("one", "two")):
            await write_one(journal, key, number, run=run)
        await journal.end(run_of(run), report_of(run_of(run)))
        lines = await exported(journal)
        await journal.close()
        return lines

    return wait(act())


def test_another_process_is_kept_out_and_told_who_holds_the_lock(server: Server) -> None:
    with holder(server) as process, opened(server) as journal:
        with pytest.raises(LockHeld, match="run-of-another") as caught:
            wait(journal.begin(run_of()))
        assert f"process {process.pid} on " in caught.value.message
        assert caught.value.exit_code is ExitCode.LOCKED
        with pytest.raises(LockHeld):
            wait(journal.bind([binding()]))
        assert [it.id for it in wait(journal.runs())] == ["run-of-another"]
        with opened(server, create=False) as reader:
            assert wait(reader.ledger()).exists


def test_a_killed_runs_lock_is_free_at_once(server: Server) -> None:
    with holder(server) as process, opened(server) as journal:
        process.kill()
        process.wait()

        async def begin() -> None:
            async with asyncio.timeout(10):
                while True:
                    try:
                        return await journal.begin(run_of())
                    except LockHeld:
                        await asyncio.sleep(0.02)

        wait(begin())
        killed, ours = wait(journal.runs())
        assert (killed.id, killed.outcome, killed.ended_at) == ("run-of-another", "", None)
        assert ours.id == "run-1"


def test_a_note_of_a_dead_run_names_nobody(server: Server) -> None:
    with opened(server) as first, opened(server) as second:
        wait(first.begin(run_of()))
        ask(server.url, "UPDATE teams_importer.holders SET backend = 0")
        with pytest.raises(LockHeld, match="another process"):
            wait(second.begin(run_of("run-2")))


@pytest.mark.parametrize("by", ["end", "close", "failed begin", "bind"])
def test_the_lock_is_let_go_of(server: Server, by: str) -> None:
    fill(server, "run-0")
    with opened(server) as first, opened(server) as second:
        match by:
            case "end":
                wait(first.begin(run_of()))
                with pytest.raises(LockHeld):
                    wait(second.begin(run_of("run-2")))
                wait(first.end(run_of(), report_of(run_of())))
            case "close":
                wait(first.begin(run_of()))
                wait(first.close())
            case "failed begin":
                with pytest.raises(JournalError, match="already"):
                    wait(first.begin(run_of("run-0")))
            case _:
                wait(first.bind([binding()]))
        if by == "close":
            while ask(server.url, LOCKS):
                pass
        wait(second.begin(run_of("run-2")))
        assert ask(server.url, "SELECT count(*) FROM teams_importer.holders") == [(1,)]


async def carry_out_until_lost(journal: Journal, server: Server, loss: str) -> None:
    await journal.begin(run_of())
    await write_one(journal, "before", 1)
    await journal.intend(operation("sent"))
    await asyncio.to_thread(ask, server.url, loss)
    for _ in range(2):
        with pytest.raises(LockHeld, match="another run may hold it now") as caught:
            await journal.intend(operation("after"))
        assert "The same command goes on" in caught.value.remedy
        with pytest.raises(LockHeld):
            await journal.hold()
    with pytest.raises(LockHeld):
        await journal.settle(operation("sent", state=State.DONE), binding("sent"))


def test_with_its_connection_a_run_loses_its_lock_and_the_right_to_write(server: Server) -> None:
    with opened(server) as journal, opened(server) as second:
        wait(carry_out_until_lost(journal, server, TERMINATE))
        wait(second.begin(run_of("run-2")))
        ledger = wait(second.ledger())
        assert [it.key for it in ledger.open] == ["sent"]
        assert list(ledger.bindings) == ["before"]
        # The first run was told; that it can't say how it ended must not hide its report.
        wait(journal.end(run_of(), report_of(run_of())))
        wait(second.end(run_of("run-2"), report_of(run_of("run-2"))))
        wait(journal.begin(run_of("run-3")))
        assert [it.outcome for it in wait(journal.runs())] == ["", "done", ""]


def test_what_psycopg_has_to_say_of_a_lost_connection_is_said_by_us_alone(server: Server) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CUT_OFF, server.url, TERMINATE],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("told\n", "")


def test_a_loss_that_the_run_does_not_know_yet_is_told_at_its_end(server: Server) -> None:
    with opened(server) as journal:
        wait(journal.begin(run_of()))
        ask(server.url, TERMINATE)
        with pytest.raises(LockHeld):
            wait(journal.end(run_of(), report_of(run_of())))


def test_a_lost_connection_without_a_lock_is_no_lost_lock(server: Server) -> None:
    fill(server)
    with opened(server, create=False) as journal:
        assert wait(journal.runs())
        ask(server.url, TERMINATE)
        with pytest.raises(JournalError, match="was lost"):
            wait(journal.runs())
        assert wait(journal.runs())


@pytest.mark.parametrize("use", ["intend", "hold"])
def test_a_session_that_holds_the_lock_no_more_commits_nothing(server: Server, use: str) -> None:
    """As behind a pooler that gives each transaction another session."""
    with opened(server) as journal:
        wait(journal.begin(run_of()))
        session = journal._store  # type: ignore[attr-defined]  # noqa: SLF001 - the pooler's place
        wait(session.fetch("SELECT pg_advisory_unlock_all()", []))
        with pytest.raises(LockHeld, match="no longer ours"):
            wait(journal.intend(operation()) if use == "intend" else journal.hold())
        assert ask(server.url, "SELECT * FROM teams_importer.operations") == []


def test_a_running_run_may_hold_and_one_that_ended_may_not(server: Server) -> None:
    with opened(server) as journal:
        wait(journal.begin(run_of()))
        wait(journal.hold())
        wait(journal.end(run_of(), report_of(run_of())))
        with pytest.raises(JournalError, match="no run is open"):
            wait(journal.hold())


def test_teams_in_one_database_neither_see_nor_stop_each_other(server: Server) -> None:
    ours = fill(server)
    with opened(server, lineage=Lineage("another")) as other, opened(server) as journal:
        assert not wait(other.ledger()).exists
        assert wait(other.history()) == ()
        assert wait(other.texts([digest("one")])) == {}
        wait(other.begin(run_of()))
        wait(journal.begin(run_of("run-2")))
        wait(write_one(other, "one", 77))
        wait(other.unbind([Key("two")]))
        wait(journal.end(run_of("run-2"), report_of(run_of("run-2"))))
        assert set(ours) < set(wait(exported(journal)))


def test_many_processes_may_make_the_tables_at_once(server: Server) -> None:
    async def act() -> None:
        journals = [journal_at(server, lineage=Lineage(f"team {n}")) for n in range(8)]
        await asyncio.gather(*(it.bind([binding()]) for it in journals))
        for journal in journals:
            assert (await journal.ledger()).exists
            await journal.close()

    wait(act())


def test_writes_under_way_together_lose_nothing_of_each_other(server: Server) -> None:
    keys = [f"key{number}" for number in range(40)]

    async def act() -> None:
        journal = journal_at(server)
        await journal.begin(run_of())
        await asyncio.gather(*(write_one(journal, key, 1) for key in keys))
        ledger = await journal.ledger()
        assert (sorted(ledger.bindings), ledger.open) == (sorted(keys), ())
        assert len(await journal.texts([digest(key) for key in keys])) == len(keys)
        await journal.close()

    wait(act())


def test_an_intent_given_up_on_its_way_leaves_the_journal_usable(server: Server) -> None:
    async def act() -> None:
        journal = journal_at(server)
        await journal.begin(run_of())
        for number in range(30):
            intent = asyncio.create_task(journal.intend(operation(f"given-up-{number}")))
            await asyncio.sleep(number / 10_000)
            intent.cancel()
            await asyncio.wait([intent])
        await write_one(journal, "kept", 1)
        await journal.end(run_of(), report_of(run_of()))
        assert Key("kept") in (await journal.ledger()).bindings
        await journal.close()

    wait(act())


def test_a_session_is_durable_and_does_not_wait_for_ever(server: Server) -> None:
    expected = {
        "synchronous_commit": "on",
        "statement_timeout": "30000",
        "tcp_keepalives_idle": "20",
        "tcp_user_timeout": "50000",
        "idle_session_timeout": "0",
    }
    with opened(server) as journal:
        wait(journal.begin(run_of()))
        store = journal._store  # type: ignore[attr-defined]  # noqa: SLF001 - its session's settings
        sql = "SELECT name, setting FROM pg_settings WHERE name = ANY(%s)"
        rows = wait(store.fetch(sql, [list(expected)]))
        assert {row["name"]: row["setting"] for row in rows} == expected


def test_a_server_that_does_not_answer_counts_as_a_lost_connection(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(server) as journal:
        wait(journal.begin(run_of()))
        monkeypatch.setattr("importer.journal.postgres._ANSWER_S", 0.2)
        locked, done = threading.Event(), threading.Event()

        def lock_the_table() -> None:
            import psycopg

            with psycopg.connect(server.url) as db:
                db.execute("LOCK TABLE teams_importer.operations")
                locked.set()
                done.wait(20)

        thread = threading.Thread(target=lock_the_table)
        thread.start()
        locked.wait(20)
        with pytest.raises(LockHeld, match="no answer within"):
            wait(journal.intend(operation()))
        done.set()
        thread.join()


@pytest.mark.parametrize(
    ("what", "value", "said"),
    [("_OLDEST", 999_999, "older than 14"), ("_SETTINGS", {"no_such": "1"}, "no_such")],
)
def test_a_server_that_does_not_fit_is_refused(
    server: Server, monkeypatch: pytest.MonkeyPatch, what: str, value: object, said: str
) -> None:
    monkeypatch.setattr(f"importer.journal.postgres.{what}", value)
    with opened(server) as journal:
        for _ in range(2):
            with pytest.raises(JournalError, match=said):
                wait(journal.ledger())


def test_a_database_that_cannot_hold_every_text_is_refused(
    cluster: Cluster, server: Server
) -> None:
    name = f"{server.url.rpartition('/')[2]}_latin"
    options = "ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0"
    ask(server.url, f"CREATE DATABASE {name} {options}")
    try:
        refused = pytest.raises(JournalError, match="LATIN1; a journal needs UTF8")
        with opened(Server(cluster.at(name))) as journal, refused:
            wait(journal.ledger())
    finally:
        ask(server.url, f"DROP DATABASE {name} WITH (FORCE)")


def tables(server: Server) -> list[tuple[object, ...]]:
    return ask(server.url, "SELECT tablename FROM pg_tables WHERE schemaname = 'teams_importer'")


def test_reading_makes_no_tables_and_needs_no_right_but_to_read(
    cluster: Cluster, server: Server
) -> None:
    with cluster.reader(server.url) as url, opened(Server(url), create=False) as journal:
        assert not wait(journal.ledger()).exists
        assert tables(server) == []
    lines = fill(server)
    grants = (
        "GRANT USAGE ON SCHEMA teams_importer TO {0}",
        "GRANT SELECT ON ALL TABLES IN SCHEMA teams_importer TO {0}",
    )
    with cluster.reader(server.url) as url:
        role = url.partition("//")[2].partition(":")[0]
        with opened(Server(url), create=False) as journal:
            with pytest.raises(JournalError, match="permission denied") as caught:
                wait(journal.ledger())
            assert "SELECT on its tables" in caught.value.remedy
        ask(server.url, *(it.format(role) for it in grants))
        with opened(Server(url), create=False) as journal:
            assert wait(exported(journal)) == lines
            with pytest.raises(JournalError, match="reading only"):
                wait(journal.bind([binding()]))
        with opened(Server(url)) as journal, opened(server) as other:
            with pytest.raises(JournalError, match="permission denied") as caught:
                wait(journal.begin(run_of("run-2")))
            assert "SELECT on its tables" in caught.value.remedy
            wait(other.begin(run_of("run-2")))


def test_a_schema_made_for_us_is_enough(cluster: Cluster, server: Server) -> None:
    with cluster.reader(server.url) as url:
        role = url.partition("//")[2].partition(":")[0]
        with opened(Server(url)) as journal, pytest.raises(JournalError, match="permission denied"):
            wait(journal.begin(run_of()))
        ask(server.url, f"CREATE SCHEMA teams_importer AUTHORIZATION {role}")
        assert fill(Server(url))


@pytest.mark.parametrize("create", [True, False])
@pytest.mark.parametrize(
    ("statement", "said"),
    [
        pytest.param("UPDATE teams_importer.meta SET value = 'x'", "damaged", id="changed format"),
        pytest.param("DELETE FROM teams_importer.meta", "damaged", id="no format"),
        pytest.param("DROP TABLE teams_importer.texts", "lacks texts", id="lost table"),
        pytest.param(
            "DROP INDEX teams_importer.one_open_operation_per_key",
            "lacks one_open_operation_per_key",
            id="lost constraint",
        ),
        pytest.param(
            """UPDATE teams_importer.bindings SET document = replace(document, ':1', ':2')""",
            "changed since it was written",
            id="changed row",
        ),
    ],
)
def test_what_is_not_this_format_is_refused(
    server: Server, statement: str, said: str, *, create: bool
) -> None:
    fill(server)
    ask(server.url, statement)
    with opened(server, create=create) as journal, pytest.raises(JournalError, match=said) as it:
        wait(journal.ledger())
    assert "ALTER SCHEMA" in it.value.remedy


def test_a_row_that_was_moved_to_another_team_is_refused(server: Server) -> None:
    fill(server)
    ask(server.url, "UPDATE teams_importer.bindings SET lineage = 'another'")
    changed = pytest.raises(JournalError, match="changed since it was written")
    with opened(server, lineage=Lineage("another"), create=False) as other, changed:
        wait(other.ledger())


@pytest.mark.parametrize("create", [True, False])
def test_a_newer_format_is_refused(
    server: Server, monkeypatch: pytest.MonkeyPatch, *, create: bool
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("importer.journal.postgres.VERSION", 2)
        fill(server)
    with opened(server, create=create) as journal:
        for _ in range(2):
            with pytest.raises(JournalError, match="written by a newer importer"):
                wait(journal.ledger())


def test_a_row_that_was_read_whole_can_be_exported_like_any_other(server: Server) -> None:
    assert fill(server) == fill_in_memory()


def fill_in_memory() -> list[str]:
    async def act() -> list[str]:
        journal = journal_at(None)
        await journal.begin(run_of())
        for number, key in enumerate(("one", "two")):
            await write_one(journal, key, number)
        await journal.end(run_of(), report_of(run_of()))
        return await exported(journal)

    return wait(act())


def test_a_journal_of_2_000_bindings_is_read_and_written_whole(server: Server) -> None:
    many = [binding(f"key{number}", number) for number in range(2_000)]
    with opened(server) as journal:
        wait(journal.bind(many))
        assert len(wait(journal.ledger()).bindings) == len(many)


@pytest.mark.parametrize("loss", ["wrong password", "nobody listens", "no such database"])
def test_a_database_out_of_reach_ends_in_9_and_shows_no_password(
    server: Server, loss: str, caplog: pytest.LogCaptureFixture
) -> None:
    head, _, address = server.url.rpartition("@")
    user = head.partition("//")[2].partition(":")[0]
    host, _, database = address.partition("/")
    secret = "swordfish%2Fx"
    url = {
        "wrong password": f"postgresql://{user}:{secret}@{host}/{database}",
        "nobody listens": f"postgresql://{user}:{secret}@127.0.0.1:9/{database}",
        "no such database": f"{server.url}-{'x' * 8}",
    }[loss]
    with opened(Server(url)) as journal, pytest.raises(JournalError) as caught:
        wait(journal.ledger())
    shown = f"{caught.value.message} {caught.value.remedy} {caplog.text} {Server(url)!r}"
    assert caught.value.exit_code is ExitCode.JOURNAL
    assert "swordfish" not in shown
    assert head.rpartition(":")[2] not in shown
    assert "PGPASSWORD" in caught.value.remedy


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://host/db", "postgresql://host/db"),
        ("postgres://u@host:5433/db", "postgres://u@host:5433/db"),
        (
            "postgresql://u:s3cr%40t@a,b:2/db?sslmode=require",
            "postgresql://u@a,b:2/db?sslmode=require",
        ),
        ("postgresql:///db?host=/run/pg&password=s3cr%40t", "postgresql:///db?host=/run/pg"),
        ("postgresql://u@[::1]/db?sslpassword=s3cr%40t", "postgresql://u@[::1]/db"),
    ],
)
def test_an_address_is_shown_without_its_password(url: str, shown: str) -> None:
    server = Server(url)
    assert str(server) == f"{server}" == shown
    assert "s3cr" not in repr(server)
    assert server.has_password is ("s3cr" in url)
    said = server.redact(f"no route to {url}: s3cr@t and s3cr%40t")
    assert "s3cr" not in said or not server.has_password


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("postgresql://u:a@s3cret@host/db", id="an @ in the password"),
        pytest.param("postgresql://u:a/s3cret@host/db", id="a slash in the password"),
        pytest.param("postgresql://u:a?s3cret@host/db", id="a question mark in the password"),
        pytest.param("postgresql://u:a#s3cret@host/db", id="a hash in the password"),
        pytest.param("postgresql://u:a[s3cret@host/db", id="a bracket in the password"),
        pytest.param("mysql://u:s3cret@host/db", id="another kind of database"),
        pytest.param("postgresql:/u:s3cret@host/db", id="a slash is missing"),
    ],
)
def test_an_address_that_can_be_misread_is_refused_unseen(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        Server(url)
    assert "s3cret" not in f"{caught.value.message} {caught.value.remedy}"
    assert caught.value.remedy


def test_without_its_driver_the_way_to_get_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    monkeypatch.delitem(sys.modules, "importer.journal.postgres", raising=False)
    with pytest.raises(UsageError, match="needs psycopg") as caught:
        journal_at(Server("postgresql://host/db"))
    assert caught.value.remedy == "pip install 'teams-importer[postgres]'"


def test_an_operation_of_a_row_keeps_its_fields(server: Server) -> None:
    with opened(server) as journal:
        wait(journal.begin(run_of()))
        wait(journal.intend(operation("one", fields=fields("one"))))
        (kept,) = wait(journal.history(key=Key("one")))
        assert kept.fields == fields("one")
        assert wait(journal.ledger()).lineage == LINEAGE
