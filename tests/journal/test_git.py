"""The journal on a git ref: checkpoints, the lease, what git refuses, and what it must not see."""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from importer.errors import ExitCode, JournalError, LockHeld, UsageError
from importer.journal import GitRef, git_lease, git_store
from importer.journal.git_files import line_of, row_of
from importer.journal.git_program import Answer, Git
from importer.journal.schema import seal
from importer.model.ids import Key, Kind, Lineage, Ref, Verb
from importer.model.ledger import Operation, State
from tests.journal.factories import (
    binding,
    digest,
    exported,
    fields,
    operation,
    report_of,
    run_of,
    wait,
    write_one,
)
from tests.journal.repositories import REF, Hub, commit_file, deny, git
from tests.journal.runners import ahead, keys, read, writer


@pytest.fixture
def leases_are_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(git_lease, "APART_S", -2 * git_lease.LEASE_S)


def test_what_a_run_did_is_what_another_runner_reads(
    git_ref: GitRef, other: GitRef, hub: Hub
) -> None:
    async def act() -> list[str]:
        journal = writer(git_ref)
        await journal.begin(run_of())
        await write_one(journal, "one", 1)
        await journal.end(run_of(), report_of(run_of()))
        try:
            return await exported(journal)
        finally:
            await journal.close()

    said = wait(act())
    assert wait(exported(read(other))) == said
    assert hub.files() == [
        "bindings.jsonl",
        "journal.json",
        "operations/run-1.jsonl",
        "runs.jsonl",
        f"texts/{digest('one')[:2]}/{digest('one')}.json",
    ]
    # A person can read it: a document is no string.
    assert json.loads(hub.show("bindings.jsonl"))["document"]["ref"]["id"] == 1


@pytest.mark.parametrize(
    "held",
    [
        pytest.param('{"a":"ü \u2028 \\u0000 </td>","b":null}', id="as written"),
        pytest.param('{"a": 1}', id="with blanks"),
        pytest.param('{"a":1,"a":2}', id="a name twice"),
        pytest.param('{"a":1e5}', id="a number in another form"),
        pytest.param('"a string"', id="a string"),
        pytest.param("no JSON", id="none"),
    ],
)
def test_a_row_comes_back_from_its_line_as_it_was(held: str) -> None:
    row = seal({"key": "a\nb\ud800", "canonical": 1, "document": held})
    line = line_of({"number": 7, **row})
    assert line.count(b"\n") == 1
    assert row_of(line) == row
    with pytest.raises(JournalError):
        row_of(line.replace(b'"canonical":1', b'"canonical":2'))


def test_a_run_that_foresees_pushes_no_intent_by_itself(git_ref: GitRef, hub: Hub) -> None:
    async def act(*foreseen: Operation) -> int:
        journal = writer(git_ref)
        await journal.begin(run_of())
        await journal.foresee(ahead(*foreseen))
        before = hub.pushes()
        for number in range(5):
            await write_one(journal, f"k{number}", number)
        return hub.pushes() - before

    assert wait(act(*(operation(f"k{number}") for number in range(5)))) == 0


def test_an_intent_that_nobody_foresaw_is_pushed_before_it_returns(
    git_ref: GitRef, other: GitRef
) -> None:
    async def act() -> None:
        journal = writer(git_ref)
        await journal.begin(run_of())
        await journal.foresee(ahead(operation("one")))
        await journal.intend(operation("two"))
        assert keys((await read(other).ledger()).open) == ["one", "two"]
        # A second attempt was foreseen by nobody.
        await journal.intend(operation("one"))
        await journal.settle(operation("one", state=State.ABSENT), None)
        await journal.intend(operation("one", attempt=2))
        attempts = {it.key: it.attempt for it in (await read(other).ledger()).open}
        assert attempts == {"one": 2, "two": 1}

    wait(act())


def test_an_intent_looks_for_nothing_but_its_own_key(
    git_ref: GitRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run of 5,000 writes would read 5,000 rows before each of them."""
    found: list[int] = []
    select = git_store.GitStore.select

    async def counted(self: git_store.GitStore, table: str, **wanted: Any) -> Any:
        rows = await select(self, table, **wanted)
        found.append(len(rows))
        return rows

    async def act() -> None:
        journal = writer(git_ref)
        await journal.begin(run_of())
        foreseen = [operation(f"k{number}") for number in range(20)]
        await journal.foresee(ahead(*foreseen))
        monkeypatch.setattr(git_store.GitStore, "select", counted)
        for it in foreseen:
            await journal.intend(it)
        assert max(found) <= 1

    wait(act())


def test_intents_at_once_share_their_pushes(git_ref: GitRef, hub: Hub) -> None:
    async def act() -> int:
        journal = writer(git_ref)
        await journal.begin(run_of())
        before = hub.pushes()
        await asyncio.gather(*(journal.intend(operation(f"k{number}")) for number in range(20)))
        return hub.pushes() - before

    assert wait(act()) <= 2


@pytest.mark.usefixtures("leases_are_over")
def test_what_a_killed_run_foresaw_is_open_for_the_next_until_it_is_settled(
    git_ref: GitRef, other: GitRef
) -> None:
    several = (
        operation("one", fields=fields("one")),
        operation("one", verb=Verb.SET),
        operation("two"),
        operation("three", verb=Verb.DELETE),
    )

    async def act() -> None:
        killed = writer(git_ref)
        await killed.begin(run_of())
        await killed.bind([binding("three", 3)])
        await killed.foresee(ahead(*several))
        await write_one(killed, "one", 1)

        journal = writer(other)
        assert len((await read(other).ledger()).open) == 4
        await journal.begin(run_of("run-2"))
        ledger = await journal.ledger()
        assert keys(ledger.open) == ["one", "one", "three", "two"]
        assert all(it.quiet_at is None for it in ledger.open)
        assert await journal.texts([digest("one")]) == {digest("one"): "text of one"}
        with pytest.raises(JournalError, match="two is open already"):
            await journal.intend(operation("two", run="run-2"))

        found = operation("one", state=State.DONE, ref=Ref(Kind.QUESTION, 1))
        await journal.settle(found, binding("one", 1))
        await journal.settle(operation("one", verb=Verb.SET, state=State.DONE), None)
        await journal.settle(operation("two", state=State.ABSENT), None)
        await journal.settle(operation("three", verb=Verb.DELETE, state=State.DONE), None)
        with pytest.raises(JournalError, match="is not open"):
            await journal.settle(operation("two", state=State.DONE), None)
        ledger = await journal.ledger()
        assert (ledger.open, list(ledger.bindings)) == ((), [Key("one")])
        await journal.intend(operation("two", run="run-2", attempt=2))
        await journal.settle(operation("two", run="run-2", attempt=2, state=State.DONE), None)
        await journal.end(run_of("run-2"), report_of(run_of("run-2")))

        told = {(it.run, it.key, it.verb): it.state for it in await read(git_ref).history()}
        assert told == {
            ("run-1", "one", Verb.CREATE): State.DONE,
            ("run-1", "one", Verb.SET): State.DONE,
            ("run-1", "two", Verb.CREATE): State.ABSENT,
            ("run-1", "three", Verb.DELETE): State.DONE,
            ("run-2", "two", Verb.CREATE): State.DONE,
        }
        assert [bool(it.ended_at) for it in await read(git_ref).runs()] == [False, True]

    wait(act())


def test_a_run_that_ends_leaves_nothing_open_of_what_it_never_began(
    git_ref: GitRef, other: GitRef, hub: Hub
) -> None:
    async def act() -> None:
        journal = writer(git_ref)
        await journal.begin(run_of())
        await journal.foresee(ahead(operation("one"), operation("two")))
        assert "foreseen.jsonl" in hub.files()
        await journal.intend(operation("one"))
        await journal.end(run_of(), report_of(run_of(), stopped_by="signal", exit_code=130))
        assert keys((await read(other).ledger()).open) == ["one"]
        assert not {"foreseen.jsonl", "lock.json"} & {*hub.files()}

    wait(act())


def test_whenever_a_run_is_killed_the_ref_tells_of_all_it_may_have_sent(
    git_ref: GitRef, other: GitRef
) -> None:
    """F01: random histories, looked at by another runner between any two calls."""
    chance = random.Random(7)

    async def act() -> None:
        journal, looked = writer(git_ref), 0
        for life in range(2):
            run = run_of(f"run-{life}", plan=f"plan-{life}")
            await journal.begin(run)
            planned = [operation(f"{life}.{number}", run=run.id) for number in range(6)]
            await journal.foresee(ahead(*planned))
            sent: dict[str, Operation] = {}
            todo = [*planned, operation(f"{life}.late", run=run.id)]
            chance.shuffle(todo)
            while todo or any(it.state is State.OPEN for it in sent.values()):
                opened = [it for it in sent.values() if it.state is State.OPEN]
                if todo and (not opened or chance.random() < 0.6):
                    it = todo.pop()
                    await journal.intend(it)
                    sent[str(it.key)] = it
                else:
                    it = chance.choice(opened)
                    state = chance.choice([State.DONE, State.DONE, State.ABSENT])
                    ended = operation(str(it.key), run=run.id, attempt=it.attempt, state=state)
                    await journal.settle(ended, None)
                    sent[str(it.key)] = ended
                    if state is State.ABSENT and it.attempt < 3:
                        todo.append(operation(str(it.key), run=run.id, attempt=it.attempt + 1))
                if chance.random() < 0.25:
                    looked += 1
                    history = await read(other).history(run=run.id)
                    told = {it.key: it for it in history}
                    for key, it in sent.items():
                        seen = told[Key(key)]
                        is_same = (seen.attempt, seen.state) == (it.attempt, it.state)
                        assert is_same or seen.state is State.OPEN
            await journal.end(run, report_of(run))
            assert (await read(other).ledger()).open == ()
        assert looked > 4

    wait(act())


def test_a_second_runner_is_told_who_holds_the_lock_and_since_when(
    git_ref: GitRef, other: GitRef
) -> None:
    """F52."""

    async def act() -> None:
        journal, second = writer(git_ref), writer(other)
        await journal.begin(run_of())
        with pytest.raises(LockHeld) as caught:
            await second.begin(run_of("run-2"))
        assert caught.value.exit_code is ExitCode.LOCKED
        assert f"run run-1 (apply, started 2026-03-01T12:00:00+00:00), process {os.getpid()}" in (
            caught.value.message
        )
        assert re.search(r"last heard of \d+ s ago", caught.value.message)
        assert re.search(r"free in 2[67]\d s", caught.value.remedy)
        assert (await second.holder(), (await read(other).ledger()).under_way) == (
            "run-1",
            "run-1",
        )
        with pytest.raises(LockHeld):
            await second.bind([binding()])
        await journal.end(run_of(), report_of(run_of()))

    wait(act())
    second = writer(other)
    wait(second.begin(run_of("run-2")))
    assert [it.id for it in wait(second.runs())] == ["run-1", "run-2"]


def test_of_two_runs_that_begin_at_once_one_is_told_of_the_other(
    git_ref: GitRef, other: GitRef
) -> None:
    async def act() -> None:
        begun = (writer(git_ref).begin(run_of("run-1")), writer(other).begin(run_of("run-2")))
        ends = await asyncio.gather(*begun, return_exceptions=True)
        (held,) = [it for it in ends if it is not None]
        assert isinstance(held, LockHeld)
        holder = await read(git_ref).holder()
        assert f"run {holder} (apply" in held.message
        assert [it.id for it in await read(git_ref).runs()] == [holder]

    wait(act())


def test_a_command_that_never_ends_is_ended_with_all_it_started(
    git_ref: GitRef, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted = tmp_path / "noted"
    script = tmp_path / "git"
    script.write_text(f"#!/bin/sh\nsleep 60 &\necho $! > {noted}\nwait\n")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    answer = wait(Git(tmp_path, git_ref).ask("push", within_s=1.0))
    assert (answer.code, answer.said) == (-1, "no end within 1 s")
    state = Path(f"/proc/{noted.read_text().strip()}/stat")
    assert not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z"


def test_who_waits_does_not_ask_the_server_all_the_time(
    git_ref: GitRef, other: GitRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    ask = Git.ask

    async def counted(self: Git, *arguments: str, **how: Any) -> Answer:
        asked.append(arguments[0])
        return await ask(self, *arguments, **how)

    async def act() -> None:
        await writer(git_ref).begin(run_of())
        monkeypatch.setattr(Git, "ask", counted)
        second = writer(other)
        for _ in range(20):
            with pytest.raises(LockHeld):
                await second.begin(run_of("run-2"))
        assert asked.count("ls-remote") == 1
        monkeypatch.setattr(git_store, "_ASK_S", 0.0)
        with pytest.raises(LockHeld):
            await second.begin(run_of("run-2"))
        assert asked.count("ls-remote") == 2

    wait(act())


@pytest.mark.usefixtures("leases_are_over")
def test_f11_a_run_whose_place_another_took_sends_nothing_more(
    git_ref: GitRef, other: GitRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F11: a zombie, stopped for longer than its lease, is told right before it sends."""

    async def act() -> None:
        zombie, second = writer(git_ref), writer(other)
        await zombie.begin(run_of())
        await zombie.foresee(ahead(operation("one")))
        await second.begin(run_of("run-2"))
        await zombie.intend(operation("one"))
        later_s = time.time() + git_lease.LEASE_S
        monkeypatch.setattr(time, "time", lambda: later_s)
        with pytest.raises(LockHeld, match="somebody else has moved it"):
            await zombie.hold()
        with pytest.raises(LockHeld):
            await zombie.intend(operation("two"))
        await zombie.end(run_of(), report_of(run_of()))
        assert keys((await second.ledger()).open) == ["one"]
        await second.end(run_of("run-2"), report_of(run_of("run-2")))
        assert await read(other).holder() is None

    wait(act())


@pytest.mark.usefixtures("leases_are_over")
def test_a_run_whose_place_was_taken_is_told_at_its_end_and_overwrites_nothing(
    git_ref: GitRef, other: GitRef
) -> None:
    async def act() -> None:
        zombie, second = writer(git_ref), writer(other)
        await zombie.begin(run_of())
        await second.begin(run_of("run-2"))
        await second.end(run_of("run-2"), report_of(run_of("run-2")))
        with pytest.raises(LockHeld, match="another run may hold it now"):
            await zombie.end(run_of(), report_of(run_of()))
        ends = {it.id: bool(it.ended_at) for it in await read(other).runs()}
        assert ends == {"run-1": False, "run-2": True}

    wait(act())


def test_a_lease_is_renewed_before_it_is_used_up_and_not_before_each_write(
    git_ref: GitRef, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def act() -> None:
        journal = writer(git_ref)
        await journal.begin(run_of())
        before = hub.pushes()
        for _ in range(100):
            await journal.hold()
        assert hub.pushes() == before
        later_s = time.time() + git_lease.LEASE_S
        monkeypatch.setattr(time, "time", lambda: later_s)
        await journal.hold()
        await journal.hold()
        assert hub.pushes() == before + 1

    wait(act())


def test_a_run_that_only_waits_is_heard_of(
    git_ref: GitRef, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(git_store, "_EVERY_S", 0.05)
    monkeypatch.setattr(git_store, "_RENEW_S", 0.1)

    async def act() -> None:
        journal = writer(git_ref)
        await journal.begin(run_of())
        before = hub.show("lock.json")
        async with asyncio.timeout(30):
            while hub.show("lock.json") == before:
                await asyncio.sleep(0.05)
        await journal.end(run_of(), report_of(run_of()))
        pushed = hub.pushes()
        await asyncio.sleep(0.2)
        assert hub.pushes() == pushed

    wait(act())


class Failing:
    """git, some of whose commands fail: before they did anything, or when they had."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *commands: str, times: int, after: bool):
        self.left, self.met = times, 0
        ask = Git.ask

        async def failing(git: Git, *arguments: str, **how: Any) -> Answer:
            if arguments[0] not in commands or not self.left:
                return await ask(git, *arguments, **how)
            self.left -= 1
            self.met += 1
            if after:
                await ask(git, *arguments, **how)
            return Answer(128, b"", "fatal: the connection was reset")

        monkeypatch.setattr(Git, "ask", failing)
        monkeypatch.setattr("importer.journal.git_remote._AGAIN_S", (0.0, 0.0))


@pytest.mark.parametrize("after", [False, True])
def test_a_push_that_fails_is_tried_again_and_one_that_arrived_is_not(
    git_ref: GitRef, hub: Hub, monkeypatch: pytest.MonkeyPatch, *, after: bool
) -> None:
    async def act() -> None:
        journal = writer(git_ref)
        await journal.begin(run_of())
        before = hub.pushes()
        failing = Failing(monkeypatch, "push", times=1, after=after)
        await journal.foresee(ahead(operation("one")))
        assert (failing.met, hub.pushes()) == (1, before + 1)
        await journal.end(run_of(), report_of(run_of()))

    wait(act())


def test_a_push_of_which_nobody_knows_whether_it_arrived_is_found_by_the_next(
    git_ref: GitRef, other: GitRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def act() -> None:
        journal = writer(git_ref)
        await journal.begin(run_of())
        Failing(monkeypatch, "push", "ls-remote", times=6, after=True)
        with pytest.raises(JournalError, match="connection was reset"):
            await journal.foresee(ahead(operation("one")))
        await journal.end(run_of(), report_of(run_of(), exit_code=9))
        assert [bool(it.ended_at) for it in await read(other).runs()] == [True]

    wait(act())


def test_a_run_that_cannot_renew_its_lease_stops_before_it_is_over(
    git_ref: GitRef, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def act() -> None:
        journal = writer(git_ref)
        await journal.begin(run_of())
        Failing(monkeypatch, "push", "ls-remote", times=99, after=False)
        await journal.hold()
        later_s = time.time() + git_lease.LEASE_S - git_lease.MARGIN_S + 1
        monkeypatch.setattr(time, "time", lambda: later_s)
        with pytest.raises(LockHeld, match="can't be renewed"):
            await journal.hold()
        await journal.end(run_of(), report_of(run_of()))
        assert "lock.json" in hub.files()

    wait(act())


def test_a_push_that_is_refused_says_what_the_server_said_and_what_to_allow(
    git_ref: GitRef, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    deny(hub)
    monkeypatch.setattr("importer.journal.git_remote._AGAIN_S", ())
    with pytest.raises(JournalError, match=r"can't be written.*you may not push here") as caught:
        wait(writer(git_ref).begin(run_of()))
    assert "contents: write" in caught.value.remedy
    # Who may only read can plan.
    assert not wait(read(git_ref).ledger()).exists


def test_reading_pushes_nothing_and_makes_nothing(git_ref: GitRef, hub: Hub) -> None:
    deny(hub)
    journal = read(git_ref)
    assert not wait(journal.ledger()).exists
    with pytest.raises(JournalError, match="for reading only"):
        wait(journal.bind([binding()]))
    assert git("for-each-ref", at=hub.path) == ""
    assert git("for-each-ref", at=git_ref.folder) == ""


def test_the_working_tree_and_its_index_are_left_alone(git_ref: GitRef, hub: Hub) -> None:
    (git_ref.folder / "edited.md").write_text("not committed")
    git("add", "edited.md", at=git_ref.folder)
    hook = git_ref.folder / ".git" / "hooks" / "pre-push"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    before = git("status", "--porcelain", at=git_ref.folder)
    wait(writer(git_ref).bind([binding()]))
    assert git("status", "--porcelain", at=git_ref.folder) == before
    assert REF in git("for-each-ref", at=hub.path)


def test_git_sees_none_of_our_secrets_and_no_place_of_somebody_elses(
    git_ref: GitRef, hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = tmp_path / "seen"
    hook = hub.path / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\nenv > {seen}\n")
    hook.chmod(0o755)
    monkeypatch.setenv("TEAMS_IMPORTER_TOKEN", "a-token-of-the-team")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_TRACE", "1")
    wait(writer(git_ref).bind([binding()]))
    said = seen.read_text()
    assert "a-token-of-the-team" not in said
    assert "GIT_TERMINAL_PROMPT=0" in said


@pytest.mark.parametrize("spoiled", ["bindings.jsonl", "journal.json", "runs.jsonl"])
def test_f04_a_ref_whose_content_was_changed_is_refused(
    git_ref: GitRef, hub: Hub, spoiled: str
) -> None:
    """F04."""

    async def act() -> None:
        journal = writer(git_ref)
        await journal.begin(run_of())
        await write_one(journal, "one", 1)
        await journal.end(run_of(), report_of(run_of()))

    wait(act())
    content = f"{hub.show(spoiled)}\n".replace("one", "two").replace("run-1", "run-7")
    commit_file(hub, spoiled, content.replace("lineage-of", "lineages"))
    with pytest.raises(JournalError, match="damaged") as caught:
        wait(read(git_ref).ledger())
    assert f"git push origin :{REF}" in caught.value.remedy


def test_f08_a_ref_of_another_team_or_format_or_of_no_journal_is_refused(
    git_ref: GitRef, hub: Hub
) -> None:
    """F08."""
    wait(writer(git_ref).bind([binding()]))
    foreign = writer(git_ref, lineage=Lineage("lineage-of-another"))
    with pytest.raises(JournalError, match=r"belongs to stackoverflowteams\.com/c/acme"):
        wait(foreign.bind([binding()]))
    commit_file(hub, "journal.json", '{"format_version":2,"seal":450215437}\n')
    with pytest.raises(JournalError, match=r"damaged|newer importer \(2\)"):
        wait(read(git_ref).ledger())
    place = GitRef("origin", "refs/heads/main", git_ref.folder)
    blank = git("hash-object", "-w", "-t", "tree", "/dev/null", at=hub.path)
    made = git(
        *("-c", "user.name=a", "-c", "user.email=a@b.invalid"),
        *("commit-tree", "-m", "theirs", blank),
        at=hub.path,
    )
    git("update-ref", "refs/heads/main", made, at=hub.path)
    with pytest.raises(JournalError, match="holds something else than a journal"):
        wait(writer(place).bind([binding()]))
    assert hub.tip("refs/heads/main") == made


def test_an_object_that_is_lost_or_broken_is_an_error(git_ref: GitRef, hub: Hub) -> None:
    wait(writer(git_ref).bind([binding()]))
    blob = git("rev-parse", f"{REF}:bindings.jsonl", at=hub.path)
    for store in (hub.path, git_ref.folder / ".git"):
        loose = store / "objects" / blob[:2] / blob[2:]
        loose.chmod(0o600)
        loose.write_bytes(b"spoiled")
    with pytest.raises(JournalError, match="damaged: an object of its commit can't be read"):
        wait(read(git_ref).ledger())


def test_a_shallow_clone_will_do(git_ref: GitRef, hub: Hub, tmp_path: Path) -> None:
    for key in ("one", "two"):
        wait(writer(git_ref).bind([binding(key)]))
    git("-c", "user.name=a", "-c", "user.email=a@b.invalid", *COMMIT, at=git_ref.folder)
    git("push", "--quiet", "origin", "HEAD:refs/heads/main", at=git_ref.folder)
    shallow = tmp_path / "shallow"
    git("clone", "-q", "--depth=1", "-b", "main", f"file://{hub.path}", shallow, at=tmp_path)
    place = hub.place(shallow)
    wait(writer(place).bind([binding("three")]))
    assert list(wait(read(git_ref).ledger()).bindings) == ["one", "three", "two"]
    assert hub.pushes() == 3


COMMIT = ("commit", "-q", "--allow-empty", "-m", "theirs")


@pytest.mark.parametrize("spelled", ["path", "URL", "its own"])
def test_a_repository_can_be_named_by_its_place(hub: Hub, tmp_path: Path, spelled: str) -> None:
    """Also where the manifest is in no repository."""
    bare = tmp_path / "bare"
    bare.mkdir()
    place = {
        "path": GitRef(str(hub.path), REF, bare),
        "URL": GitRef(f"file://{hub.path}", REF, bare),
        "its own": GitRef(".", REF, hub.path),
    }[spelled]
    wait(writer(place).bind([binding()]))
    assert list(wait(read(place).ledger()).bindings) == ["rollback"]
    assert hub.pushes() == 1
    assert list(bare.iterdir()) == []


def test_what_is_missing_is_said_with_the_way_out(hub: Hub, tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere"
    nowhere.mkdir()
    with pytest.raises(JournalError, match="is in no git repository") as caught:
        wait(read(GitRef("origin", REF, nowhere)).ledger())
    assert "git:https://" in caught.value.remedy
    clone = hub.clone(tmp_path / "clone")
    with pytest.raises(JournalError, match=r"can't be read: .*upstream"):
        wait(read(GitRef("upstream", REF, clone)).ledger())


def test_without_git_there_is_no_journal_on_a_ref(
    git_ref: GitRef, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(JournalError, match="git can't be started") as caught:
        wait(read(git_ref).ledger())
    assert "install" in caught.value.remedy


@pytest.mark.parametrize(
    ("text", "remote", "ref"),
    [
        pytest.param("git:", "origin", "refs/teams-importer/hand_book-acme", id="nothing said"),
        pytest.param("git:upstream", "upstream", "refs/teams-importer/hand_book-acme", id="remote"),
        pytest.param("git:#refs/heads/state", "origin", "refs/heads/state", id="ref alone"),
        pytest.param(
            "git:git@git.example.com:a/b.git#refs/x/y", "git@git.example.com:a/b.git", "refs/x/y"
        ),
        pytest.param("git:.", ".", "refs/teams-importer/hand_book-acme", id="its own"),
    ],
)
def test_a_place_is_spelled_by_remote_and_ref(text: str, remote: str, ref: str) -> None:
    spelled = GitRef.spelled(text)
    assert spelled is not None
    place = spelled.of(Path("content"), "hand/book", "acme")
    assert (place.remote, place.ref, place.folder) == (remote, ref, Path("content"))


@pytest.mark.parametrize(
    "text",
    [
        "git://host/repository",
        "git:--upload-pack=x",
        "git:#main",
        "git:#refs/a/../b",
        "git:#refs/a b",
        "git:#refs/a.lock",
    ],
)
def test_a_place_that_git_could_take_for_something_else_is_wrong_use(text: str) -> None:
    with pytest.raises(UsageError):
        GitRef.spelled(text)


@pytest.mark.parametrize(
    ("text", "shown", "has_password"),
    [
        pytest.param("https://me:secret@h/r", "git:https://***@h/r", True, id="password"),
        pytest.param("https://secret@h/r", "git:https://***@h/r", True, id="token for a user"),
        pytest.param("ssh://git@h/r", "git:ssh://git@h/r", False, id="user of ssh"),
        pytest.param("https://h/r", "git:https://h/r", False, id="none"),
    ],
)
def test_a_password_in_an_address_is_shown_nowhere(
    text: str, shown: str, *, has_password: bool
) -> None:
    place = GitRef(text)
    assert (str(place), place.has_password) == (shown, has_password)
    assert "secret" not in repr(place)
    assert not has_password or "secret" not in place.redact(f"fatal: {text}: secret")


def test_a_password_is_in_no_argument_of_git(tmp_path: Path, monkeypatch: Any) -> None:
    """Other processes see those; git's configuration can come by its environment."""
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "x.y")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "kept")
    place = GitRef("https://me:a%2Fsecret@h:8443/r.git", REF, tmp_path)
    assert place.address == "https://h:8443/r.git"
    ask = Git(tmp_path, place).ask
    told = wait(ask("config", "--get", "http.https://h:8443/.extraheader"))
    assert told.out == b"Authorization: Basic bWU6YS9zZWNyZXQ=\n"
    assert wait(ask("config", "--get", "x.y")).out == b"kept\n"


def test_a_password_is_sent_in_one_header_in_place_of_the_clones_own(
    git_ref: GitRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importer.journal.git_remote._AGAIN_S", ())
    sent: list[list[str] | None] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            sent.append(self.headers.get_all("Authorization"))
            self.send_error(404)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        address = f"127.0.0.1:{server.server_port}"
        header = f"http.http://{address}/.extraheader"
        git("config", header, "AUTHORIZATION: basic Y2xvbmU6b3du", at=git_ref.folder)
        place = GitRef(f"http://me:secret@{address}/r.git", REF, git_ref.folder)
        with pytest.raises(JournalError, match="not found"):
            wait(read(place).ledger())
        server.shutdown()
    assert sent
    assert all(it == ["Basic bWU6c2VjcmV0"] for it in sent)


def test_what_git_says_of_an_address_hides_its_password(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("importer.journal.git_remote._AGAIN_S", ())
    place = GitRef("http://me:secret-word@127.0.0.1:9/r.git", REF, tmp_path)
    with pytest.raises(JournalError, match="can't be read") as caught:
        wait(read(place).ledger())
    assert "secret-word" not in f"{caught.value.message} {caught.value.remedy}"
