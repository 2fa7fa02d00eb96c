"""Rows of the fault table, each at exact steps of a world, in virtual time.

What ends in `live` is checked by all invariants, I1 to I8: `wrong` holds what is not as it should
be. docs/faults.md says which row is proved where.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache, partial
from itertools import count, product
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx
import pytest

from importer.errors import ExitCode, JournalError
from importer.execution import RunOptions
from importer.journal import open_journal
from importer.model.ledger import Operation
from importer.model.writing import Outcome, Write
from importer.planning.identity import lineage_of
from importer.ports import Hold, Journal, Team
from importer.sandbox import Backoff, Behaviour
from importer.teams import Connection, Mode, Secret, open_team
from importer.text.marker import detach
from tests.faults import AFTER, Faulty
from tests.simulation.life import Life, Script, live
from tests.simulation.wire import Fault
from tests.stage import ORIGIN, Stage, answer, manifest, question
from tests.teams.stage import Act, Deliver, on
from tests.teams.stage import Stage as Wire

SEED = 3
_SENT = re.compile(r"\S+ (\d+) POST \S+$")


@cache
def calm() -> Life:
    """The world of the seed, in which nothing goes wrong."""
    life = live(SEED, "storm", Script())
    assert life.wrong == []
    return life


def steps() -> range:
    return range(calm().requests)


@cache
def writes() -> tuple[int, ...]:
    """Return the requests that write, by their number; the probes of a run's check don't."""
    intended = False
    found = []
    for line in calm().trace:
        intended = line.endswith(" open") or (intended and " run " not in line)
        if intended and (sent := _SENT.match(line)):
            found.append(int(sent[1]))
    return tuple(found)


def go(scripts: Iterable[tuple[object, Script]], settle_s: float | None = None) -> Counter[str]:
    """Let the world happen once for each script; return in how many of them what was reached."""
    reached: Counter[str] = Counter()
    wrong = {}
    for name, script in scripts:
        life = live(SEED, "storm", script, settle_s)
        reached.update(it for it, times in life.reached.items() if times)
        if life.wrong:
            wrong[name] = life.wrong
    assert wrong == {}
    return reached


def test_the_world_of_these_rows_has_every_sort_of_write() -> None:
    paths = {re.sub(r"\d+", "N", line.split()[3]) for line in calm().trace if _SENT.match(line)}
    assert len(writes()) > 10
    assert paths >= {
        "/N.N/questions/add",
        "/N.N/questions/N/edit",
        "/N.N/questions/N/answers/add",
        "/N.N/answers/N/accept",
        "/N.N/answers/N/edit",
    }


# People


def does(deed: str, step: int) -> dict[int, Callable[[Any], None]]:
    return {step: lambda it: it.people.do(deed, step)}


def test_f48_somebody_edits_a_post_between_any_two_requests() -> None:
    """F48: before the plan, between reading and writing, between reading again and writing."""
    reached = go((step, Script(happens=does("edit", step))) for step in steps())
    assert reached["a person: edit"] > 20
    assert reached["exit 7"] >= 1, "an edit that ours went over is reported"
    assert reached["exit 11"] >= 1, "a conflict is left to a person"


@pytest.mark.parametrize("deed", ["delete", "lock", "close"])
def test_f49_somebody_deletes_locks_or_closes_a_post_before_the_next_write(deed: str) -> None:
    """F49: what the server refuses then holds back what needs it, and nothing else."""
    reached = go((step, Script(happens=does(deed, step))) for step in writes())
    assert reached[f"a person: {deed}"] > 8
    assert reached["exit 5"] >= 1


def test_f50_somebody_copies_a_marked_text_while_nobody_knows_what_came_of_ours() -> None:
    """F50: a copy is another author's."""
    reached = go(
        (step, Script(faults={step: Fault.RESET_AFTER}, happens=does("copy", step)))
        for step in writes()
    )
    assert reached["a person: copy"] > 8


def test_f50_a_copy_is_not_taken_for_the_post_that_was_deleted_meanwhile() -> None:
    """F50: and where the copy alone is left, it isn't ours."""
    stage = Stage()

    class Copying(Faulty):
        async def write(self, write: Write, hold: Hold | None = None) -> Outcome:
            outcome = await super().write(write, hold)
            for post in stage.questions() if len(self.writes) == 1 else ():
                title = "What did Bo copy from it?"
                stage.world.ask(stage.bo, title=title, body=post.body, tags=["testing"])
                stage.world.delete(stage.ada, post.id)
            return outcome

    report = stage.apply(manifest(question("one")), wrap=lambda team: Copying(team, {0: AFTER}))
    assert report.exit_code == ExitCode.DONE
    assert {post.owner_id for post in stage.questions()} == {stage.ada.id, stage.bo.id}
    assert len(stage.questions()) == 2


def revoke(it: Any) -> None:
    """Take the token away; whoever starts the next run has a new one."""
    it.world.revoke_token(it.token)
    it.token = it.world.issue_token(it.people.ada)


def suspend(it: Any) -> None:
    """Make it a team that takes no writes, for half a minute."""
    it.world.set_tier("acme", "basic")
    asyncio.get_running_loop().call_later(30, it.world.set_tier, "acme", "business")


@pytest.mark.parametrize("loses", [revoke, suspend])
def test_f51_a_run_that_loses_its_right_stops_and_the_next_one_goes_on(
    loses: Callable[[Any], None],
) -> None:
    """F51: nothing is held against what could not be written."""
    reached = go((step, Script(happens={step: loses})) for step in range(2, 32, 2))
    assert reached["exit 6"] > 8
    assert reached["exit 11"] == 0


# What the server shows, and when


@pytest.mark.parametrize("lag_s", [1, 60, 75, 134])
def test_f46_a_post_that_the_lists_show_late_is_found(lag_s: float) -> None:
    """F46: up to a second before the window of 135 s is over."""
    script = partial(Script, behaviour=Behaviour(listing_lag_s=lag_s))
    go((step, script(faults={step: Fault.RESET_AFTER})) for step in writes()[:8:2])


@pytest.mark.parametrize("lag_s", [5, 59])
def test_f46_a_post_that_is_seen_and_then_not_is_found(lag_s: float) -> None:
    """F46: half the reads are answered by a copy that lags."""
    script = partial(Script, behaviour=Behaviour(replica_lag_s=lag_s))
    go((step, script(faults={step: Fault.RESET_AFTER})) for step in writes()[::2])


@pytest.mark.parametrize("way", [Fault.RESET_AFTER, Fault.LATE])
def test_f47_an_answer_from_a_cache_is_no_proof_of_absence(way: Fault) -> None:
    """F47: for a minute an equal request gets the answer of the one before it."""
    script = partial(Script, behaviour=Behaviour(cache_s=60))
    go((step, script(faults={step: way})) for step in writes()[::2])


@pytest.mark.parametrize("server_s", [0.0, 3600.0, -3600.0])
def test_f53_clocks_that_are_wrong_and_jump_hide_nothing(server_s: float) -> None:
    """F53: an hour off on either side, and an hour's jump while writes are open."""
    faults = {10: Fault.RESET_AFTER, 13: Fault.RESET_BEFORE, 30: Fault.LATE}
    clocks = (
        {"server-offset": server_s, "local-offset": local_s, "jump": jump_s, "jump-at": at_s}
        for local_s, jump_s, at_s in (
            (3600.0, -3600.0, 92.3),
            (-3600.0, 3600.0, 92.3),
            (0.0, 3600.0, 150.0),
            (0.0, -3600.0, 150.0),
        )
    )
    go((tuple(it.values()), Script(faults=faults, clocks=it)) for it in clocks)


@pytest.mark.parametrize("order", ["sorted", "reversed", "kept"])
def test_f54_what_the_server_makes_of_a_text_is_no_difference(order: Any) -> None:
    """F54: line ends, blanks, bullets, entities, tags; the plan at the end is empty."""
    shapes = product((True, False), (True, False))
    go(
        ((trim, rewrite), Script(behaviour=canonicalising(trim, rewrite, order)))
        for trim, rewrite in shapes
    )


def canonicalising(trim: bool, rewrite: bool, order: Any) -> Behaviour:
    return Behaviour(
        crlf=trim, trim=trim, rewrite=rewrite, tag_order=order, double_encoding=not trim
    )


def test_f54_a_tag_that_becomes_its_master_is_no_difference() -> None:
    """F54: tag synonyms."""
    stage = Stage()
    stage.world.ask(stage.bo, title="What is it about?", body="x" * 40, tags=["python", "py"])
    stage.world.add_synonym(stage.world.user("acme", "Chidi Okafor"), "py", "python")
    wanted = manifest(question("one", tags=["testing", "py"]))
    assert stage.apply(wanted).exit_code == ExitCode.DONE
    assert stage.plan(wanted).changes == ()
    assert [post.tags for post in stage.questions() if post.id != 1] == [("python", "testing")]


@pytest.mark.parametrize("error", [407, 502])
def test_f55_the_time_that_the_service_wants_between_writes_is_kept(error: Any) -> None:
    """F55: nothing fails for being too fast."""
    behaviours = (Behaviour(write_gap_s=gap, gap_error=error) for gap in (1, 5, 20))
    reached = go((it.write_gap_s, Script(behaviour=it)) for it in behaviours)
    assert set(reached) <= {"exit 0"}


@pytest.mark.parametrize(
    "method", ["questions", "questions/add", "answers/{id}/edit", "me", "tags", "filters/create"]
)
def test_f40_a_backoff_of_any_method_is_kept(method: str) -> None:
    """F40: no request of it goes before its time (I5), and nothing is read twice or not at all."""
    rule = Backoff(method, every=2, seconds=7)
    reached = go([(method, Script(behaviour=Behaviour(backoff=(rule,))))])
    assert set(reached) == {"exit 0", "server: backoff"}


# The wire


@dataclass
class Wired(Stage):
    """A stage whose requests go through what `at` has to say, each run's from 1 on."""

    at: Callable[[int, httpx.Request], Act | None] | None = None
    paths: list[str] = field(default_factory=list)

    @asynccontextmanager
    async def team(self, mode: Mode) -> AsyncIterator[Team]:
        wire = Wire(self.app, self.at)
        connection = Connection(url=ORIGIN, team="acme", token=Secret(self.token))
        async with open_team(
            connection, mode=mode, app=self.app, clock=self.clock, client_transport=wire
        ) as team:
            yield team
        self.paths += wire.paths

    def keys(self) -> Counter[str]:
        """Return how many live posts carry each key."""
        bodies = (it.body.replace("\r\n", "\n") for it in (*self.questions(), *self.answers()))
        return Counter(marker.key for body in bodies if (marker := detach(body)[1]))


WANTED = manifest(question("one"), answer("one#a", accepted=True), question("two"), answer("two#a"))
KEYS = Counter(f"handbook:{it.key}" for it in WANTED.items)
COMPUTED = RunOptions()


def late(seconds: float, tasks: list[asyncio.Task[httpx.Response]]) -> Act:
    """Break the connection, and let the server do it so much later."""

    async def act(_: httpx.Request, deliver: Deliver) -> httpx.Response:
        async def carry_out() -> httpx.Response:
            await asyncio.sleep(seconds)
            return await deliver()

        tasks.append(asyncio.create_task(carry_out()))
        raise httpx.ReadTimeout("slow")

    return act


@pytest.mark.parametrize("path", ["questions/add", "answers/add"])
@pytest.mark.parametrize("seconds", [0, 1, 30, 59, 60, 61, 75, 100, 134])
def test_f23_what_takes_effect_within_the_window_is_found(path: str, seconds: float) -> None:
    """F23: up to a second before the window of 135 s is over; then nothing was sent twice."""
    # The first request of a question is the run's check.
    stage = Wired(options=COMPUTED, at=on(path, None, late(seconds, [])))
    assert stage.apply(WANTED).exit_code == ExitCode.DONE
    assert stage.keys() == KEYS
    assert stage.plan(WANTED).changes == ()


async def done(deliver: Deliver) -> None:
    await deliver()


@pytest.mark.parametrize("path", ["questions/add", "answers/add"])
def test_f24_what_takes_effect_after_the_window_is_never_passed_over(path: str) -> None:
    """F24: the next run reports it, and so does each one after it until somebody acts."""
    held: list[Deliver] = []

    async def hold(_: httpx.Request, deliver: Deliver) -> httpx.Response:
        held.append(deliver)
        raise httpx.ReadTimeout("slow")

    stage = Wired(options=COMPUTED, at=on(path, None, hold))
    assert stage.apply(WANTED).exit_code == ExitCode.DONE
    stage.at = None
    stage.act(done(held[0]))
    ((key, count_),) = (stage.keys() - KEYS).items()
    assert count_ == 1
    for _ in range(2):
        report = stage.apply(WANTED)
        assert report.exit_code == ExitCode.UNKNOWN
        assert {f"handbook:{it.key}" for it in report.incidents if it.severe} == {key}
    doubled = [it for it in (*stage.questions(), *stage.answers()) if f"{key} " in it.body]
    stage.world.delete(stage.ada, max(it.id for it in doubled))
    assert stage.apply(WANTED).exit_code == ExitCode.DONE


# The journal's disk


@dataclass
class Filed(Wired):
    """A stage whose journal is a file, opened again for every run, as a process does."""

    folder: Path = Path()

    @property
    def path(self) -> Path:
        return self.folder / "journal.db"

    def journal(self, namespace: str = "handbook") -> Journal:
        if namespace not in self._journals:
            lineage = lineage_of(ORIGIN, "acme", namespace)
            self._journals[namespace] = open_journal(
                self.path, lineage=lineage, label="acme", clock=self.clock, create=True
            )
        return self._journals[namespace]

    def restart(self) -> None:
        """Let the next run open the file again."""
        for journal in self._journals.values():
            with suppress(JournalError):
                self.act(journal.close())
        self._journals.clear()

    def files(self) -> Iterator[Path]:
        return self.folder.glob("journal.db*")

    def copy_to(self, folder: Path) -> Path:
        folder.mkdir()
        for file in self.files():
            shutil.copy(file, folder / file.name)
        return folder

    def put_back(self, folder: Path) -> None:
        self.restart()
        for file in self.files():
            file.unlink()
        for file in folder.iterdir():
            shutil.copy(file, self.folder / file.name)


class Killed(BaseException):
    """The process is gone."""


def test_f09_a_journal_put_back_to_any_earlier_state_doubles_nothing(tmp_path: Path) -> None:
    """F09: after every commit the file is copied; each copy is put back, and the run repeated."""
    stage = Filed(options=COMPUTED, folder=tmp_path)
    numbers = count()
    kept = [stage.copy_to(tmp_path / "nothing")]

    def keep(_: Operation) -> None:
        kept.append(stage.copy_to(tmp_path / f"copy{next(numbers)}"))

    assert stage.apply(WANTED, observe=keep).exit_code == ExitCode.DONE
    before = stage.writes()
    assert len(kept) > 10
    for copy in kept:
        stage.put_back(copy)
        report = stage.apply(WANTED)
        assert report.exit_code == ExitCode.DONE, copy.name
        assert stage.plan(WANTED).changes == ()
        assert stage.keys() == KEYS
    assert stage.writes() == before, "nothing was left to write"


@pytest.mark.parametrize("back", [1, 3, 99])
def test_f09_a_journal_put_back_after_a_kill_doubles_nothing(tmp_path: Path, back: int) -> None:
    """F09: killed after every commit, and given a journal so many commits older."""
    for number in count():
        folder = tmp_path / str(number)
        folder.mkdir()
        stage = Filed(options=COMPUTED, folder=folder)
        kept = [stage.copy_to(folder / "nothing")]

        def keep(
            _: Operation, kept: list[Path] = kept, stage: Filed = stage, number: int = number
        ) -> None:
            kept.append(stage.copy_to(stage.folder / f"copy{len(kept)}"))
            if len(kept) > number:
                raise Killed

        try:
            stage.apply(WANTED, observe=keep)
        except Killed:
            stage.put_back(kept[max(0, len(kept) - 1 - back)])
            report = stage.apply(WANTED)
            assert report.exit_code == ExitCode.DONE, number
            assert stage.keys() == KEYS
            assert stage.plan(WANTED).changes == ()
        else:
            assert number > 10
            return


class FailingDisk(sqlite3.Connection):
    """A connection whose n-th commit meets an error of the disk, before or after it happened."""

    left = 0
    afterwards = False
    error = ""

    def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
        if sql == "COMMIT":
            FailingDisk.left -= 1
            if FailingDisk.left == 0:
                if self.afterwards:
                    super().execute(sql, *values)
                raise sqlite3.OperationalError(self.error)
        return super().execute(sql, *values)


@contextmanager
def failing(nth: int, error: str, *, afterwards: bool) -> Iterator[None]:
    FailingDisk.left, FailingDisk.error, FailingDisk.afterwards = nth, error, afterwards
    with patch.object(sqlite3, "connect", partial(sqlite3.connect, factory=FailingDisk)):
        yield


@pytest.mark.parametrize(
    ("error", "afterwards"),
    [
        pytest.param("disk I/O error", False, id="F05 EIO, undone"),
        pytest.param("disk I/O error", True, id="F05 EIO, done"),
        pytest.param("database or disk is full", False, id="F06 ENOSPC"),
    ],
)
def test_f05_f06_the_disk_may_fail_at_every_single_commit(
    tmp_path: Path, error: str, afterwards: bool
) -> None:
    """F05, F06: exit 9, nothing is sent afterwards, and the next run goes on."""
    for nth in count(1):
        folder = tmp_path / str(nth)
        folder.mkdir()
        stage = Filed(options=COMPUTED, folder=folder)
        sent_before: list[int] = []
        with failing(nth, error, afterwards=afterwards), suppress(JournalError):
            report = stage.apply(WANTED, wrap=partial(Listening, sent=sent_before))
            assert report.exit_code == ExitCode.DONE
            assert nth > 10
            return
        assert sent_before[-1:] != [0], "nothing is sent after the failure"
        stage.restart()
        assert stage.apply(WANTED).exit_code == ExitCode.DONE
        assert stage.keys() == KEYS
        assert stage.plan(WANTED).changes == ()


class Listening(Faulty):
    """Notes for each write how many commits were left until the disk failed."""

    def __init__(self, team: Team, sent: list[int]) -> None:
        super().__init__(team)
        self._sent = sent

    async def write(self, write: Write, hold: Hold | None = None) -> Outcome:
        self._sent.append(max(0, FailingDisk.left))
        return await super().write(write, hold)
