"""The journal on a git ref: whose it is when clocks, pushes and refs aren't as they should be."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from importer.errors import JournalError, LockHeld
from importer.journal import GitRef, git_lease, git_store
from importer.journal.git_program import Answer, Git
from importer.journal.schema import VERSION
from importer.ports import Journal
from tests.journal.factories import (
    START,
    binding,
    operation,
    report_of,
    run_of,
    wait,
    write_one,
)
from tests.journal.repositories import REF, Hub, commit_file, git
from tests.journal.runners import ahead, keys, read, writer

LEASE_S = git_lease.LEASE_S + git_lease.APART_S


@dataclass
class Wall:
    """A clock that anybody may set."""

    time: datetime = START

    def now(self) -> datetime:
        return self.time

    def set(self, **by: float) -> Wall:
        self.time += timedelta(**by)
        return self


async def begun(place: GitRef, name: str = "run-1", **how: Any) -> Journal:
    journal = writer(place, **how)
    await journal.begin(run_of(name))
    return journal


def test_a_holder_whose_clock_is_set_back_is_not_taken_for_dead(
    git_ref: GitRef, other: GitRef
) -> None:
    async def act() -> None:
        wall = Wall()
        journal = await begun(git_ref, clock=wall)
        wall.set(hours=-1)
        await journal.foresee(ahead(operation("one")))
        with pytest.raises(LockHeld, match="run run-1"):
            await begun(other, "run-2", clock=Wall())
        await journal.end(run_of(), report_of(run_of()))

    wait(act())


def test_a_clock_that_is_ahead_is_named_and_who_waits_needs_none(
    git_ref: GitRef, other: GitRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A killed run whose clock was an hour ahead: by it, the lock is held for an hour more."""
    monkeypatch.setattr(git_store, "_EVERY_S", 1e6)

    async def act() -> None:
        await begun(git_ref, clock=Wall().set(hours=1))
        second = writer(other, clock=Wall())
        with pytest.raises(LockHeld, match="its clock is 3600 s ahead of this one") as caught:
            await second.begin(run_of("run-2"))
        assert "`--wait`" in caught.value.remedy
        assert f"takes {LEASE_S:.0f} s" in caught.value.remedy
        began = time.monotonic()
        for later_s, is_free in ((LEASE_S - 10, False), (LEASE_S + 1, True)):
            monkeypatch.setattr(time, "monotonic", lambda at=began + later_s: at)
            if is_free:
                await second.begin(run_of("run-2"))
            else:
                with pytest.raises(LockHeld):
                    await second.begin(run_of("run-2"))

    wait(act())


def test_who_waits_begins_anew_to_count_whenever_the_holder_is_heard_of(
    git_ref: GitRef, other: GitRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: one whose clock is ahead, and who is alive."""

    async def act() -> None:
        wall = Wall().set(hours=1)
        journal = await begun(git_ref, clock=wall)
        second = writer(other, clock=Wall())
        began = time.monotonic()
        for turn in range(3):
            later_s = turn * (LEASE_S - 1)
            monkeypatch.setattr(time, "monotonic", lambda at=began + later_s: at)
            await journal.hold()
            with pytest.raises(LockHeld):
                await second.begin(run_of("run-2"))
        await journal.end(run_of(), report_of(run_of()))

    wait(act())


def test_beside_a_holder_whose_clock_is_behind_all_it_foresaw_is_open_and_it_finds_out(
    git_ref: GitRef, other: GitRef
) -> None:
    """The documented condition is broken: what is left is that nothing is sent unlooked for."""

    async def act() -> None:
        journal = await begun(git_ref, clock=Wall().set(hours=-1))
        await journal.foresee(ahead(operation("one"), operation("two")))
        await write_one(journal, "one", 1)
        second = await begun(other, "run-2", clock=Wall())
        assert keys((await second.ledger()).open) == ["one", "two"]
        with pytest.raises(LockHeld, match="somebody else has moved it"):
            await journal.intend(operation("three"))
        with pytest.raises(LockHeld):
            await journal.hold()

    wait(act())


class Scripted:
    """git, to whose commands something happens, in turn: they fail, or they are sent late."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **befalls: list[str]) -> None:
        self.late: list[Any] = []
        ask = Git.ask

        async def scripted(git: Git, *arguments: str, **how: Any) -> Answer:
            what = befalls.get(arguments[0].replace("-", "_"), [])
            match what.pop(0) if what else "":
                case "lost":
                    return Answer(128, b"", "fatal: unable to access it: Connection reset by peer")
                case "late":
                    self.late.append((git, arguments, how))
                    return Answer(128, b"", "fatal: the remote end hung up unexpectedly")
                case _:
                    pass
            while self.late and arguments[0] == "push":
                git_then, then, how_then = self.late.pop()
                await ask(git_then, *then, **how_then)
            return await ask(git, *arguments, **how)

        monkeypatch.setattr(Git, "ask", scripted)


@pytest.mark.usefixtures("hasty")
def test_one_look_that_fails_is_not_the_end(
    git_ref: GitRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait(writer(git_ref).bind([binding()]))
    git("update-ref", "-d", "HEAD", at=git_ref.folder)
    Scripted(monkeypatch, ls_remote=["lost", "lost"], fetch=["lost"])
    assert list(wait(read(git_ref).ledger()).bindings) == ["rollback"]


@pytest.mark.usefixtures("hasty")
def test_a_push_that_arrives_after_everybody_gave_it_up_is_ones_own(
    git_ref: GitRef, other: GitRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def act() -> None:
        journal = await begun(git_ref)
        Scripted(monkeypatch, push=["late", "lost", "lost"])
        with pytest.raises(JournalError, match=r"hung up|reset"):
            await journal.foresee(ahead(operation("one")))
        await journal.end(run_of(), report_of(run_of(), exit_code=9))
        assert [bool(it.ended_at) for it in await read(other).runs()] == [True]

    wait(act())


@pytest.mark.parametrize(
    ("before", "says"),
    [
        pytest.param(0, "somebody has deleted it", id="deleted"),
        pytest.param(1, "somebody else has moved it", id="forced back"),
    ],
)
def test_a_ref_that_is_taken_away_stops_the_run_and_is_not_put_back(
    git_ref: GitRef, hub: Hub, before: int, says: str
) -> None:
    async def act() -> None:
        wait_for = writer(git_ref)
        await wait_for.bind([binding("zero")])
        old = hub.tip()
        journal = await begun(git_ref)
        git("update-ref", *((REF, old) if before else ("-d", REF)), at=hub.path)
        with pytest.raises(LockHeld, match=says):
            await journal.foresee(ahead(operation("one")))
        await journal.end(run_of(), report_of(run_of(), exit_code=8))
        if before:
            assert hub.tip() == old
        else:
            assert git("for-each-ref", REF, at=hub.path) == ""

    wait(act())


@pytest.mark.parametrize(
    ("path", "content", "says"),
    [
        pytest.param("journal.json", '{"format_version":99}', "newer importer", id="newer"),
        pytest.param("journal.json", "[1]", "names no format", id="another format"),
        pytest.param("journal.json", f'{{"format_version":{VERSION}}}', "damaged", id="unsealed"),
        pytest.param("bindings.jsonl", '{"key":"roll', "damaged", id="cut short"),
        pytest.param("runs.jsonl", "\ufeff<<<<<<< ours\n", "damaged", id="a merge's marks"),
        pytest.param("lock.json", "{}", "damaged", id="a lock of nobody"),
        pytest.param("bindings.jsonl", "[" * 5000, "damaged", id="too deep"),
    ],
)
def test_a_file_that_a_hand_has_changed_is_refused(
    git_ref: GitRef, hub: Hub, path: str, content: str, says: str
) -> None:
    wait(writer(git_ref).bind([binding()]))
    commit_file(hub, path, content)
    tip = hub.tip()
    with pytest.raises(JournalError, match=says):
        wait(writer(git_ref).bind([binding("two")]))
    assert hub.tip() == tip
