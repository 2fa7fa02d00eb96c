"""A grave incident is heard of, also where the report that tells of it is lost."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from importer.execution import Recovery
from importer.model.ids import Key, Kind, Ref, Verb
from importer.model.incident import Incident
from importer.sandbox import World
from importer.teams import LiveTeam
from tests.acceptance.running import environment, program
from tests.cli.stage import Program, Served, question, serving, write_manifest

_EDITED = "somebody edited question/1 while it was being written"
_APPLY = ("apply", "--yes", "--settle", "0")


@pytest.fixture
def served(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """A team with one post of ours, of which the manifest now says something else."""
    with serving(tmp_path) as served:
        for name, value in served.env().items():
            monkeypatch.setenv(name, value)
        write_manifest(home, question("rollback"))
        yield served


@pytest.fixture
def slipped(served: Served, cli: Program, home: Path, monkeypatch: pytest.MonkeyPatch) -> Served:
    """The same, where a colleague edits the post in the moment before the next write."""
    assert cli(*_APPLY).code == 0
    body = "Run the command that takes it back, and tell the channel."
    write_manifest(home, question("rollback", body=body))
    writing = LiveTeam.write
    done: list[bool] = []

    async def write(self: LiveTeam, *given: Any) -> Any:
        if not done and given[0].verb is Verb.UPDATE:
            done.append(True)
            served.ask(_edit)
        return await writing(self, *given)

    monkeypatch.setattr(LiveTeam, "write", write)
    return served


def _edit(world: World) -> None:
    (post,) = world.questions("acme")
    colleague = world.users("acme")[2]
    body = "A colleague's own words, just before it."
    world.edit(colleague, post.id, title=post.title, body=body, tags=post.tags)


@pytest.mark.usefixtures("slipped")
def test_a_report_that_was_read_needs_no_telling_again(cli: Program) -> None:
    done = cli(*_APPLY)
    assert done.code == 7
    assert _EDITED in done.out
    assert "the report tells of 1 grave incident" in done.err
    for again in (cli("plan"), cli(*_APPLY)):
        assert again.code == 0
        assert "incident" not in again.err
    shown = cli("runs").out
    assert "1 done, 1 grave incident" in shown
    assert _EDITED in shown
    assert "not seen" not in shown


@pytest.mark.usefixtures("slipped")
def test_an_incident_whose_report_found_no_room_is_told_until_it_was_heard(
    cli: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F48: what an edit of ours went over."""
    with Path("/dev/full").open("w") as full, monkeypatch.context() as patched:
        patched.setattr("sys.stdout", full)
        done = cli(*_APPLY)
    assert done.code == 7
    assert "No space left on device; the run 2" in done.err
    assert "was carried out all the same" in done.err
    assert "`teams-importer runs` shows it." in done.err
    assert f"incident: rollback: {_EDITED}" in done.err

    (_, run) = cli("runs", "--format", "json").document["runs"]
    assert run["untold"] is True
    assert run["incidents"][0]["what"].startswith(_EDITED)
    assert run["incidents"][0]["url"].endswith("/1")
    assert "its report was not seen written out" in cli("runs").out
    shown = cli("journal", "show", "rollback")
    assert _EDITED in shown.out
    assert cli("journal", "show", "rollback", "--format", "json").document["incidents"]
    assert _EDITED in cli("journal", "export").out

    for _ in range(2):
        planned = cli("plan")
        assert f"the run {run['id']} ended with 1 grave incident (exit code 7)" in planned.err
        assert f"incident: rollback: {_EDITED}" in planned.err
    assert _EDITED in cli(*_APPLY).err
    assert "incident" not in cli(*_APPLY).err
    assert cli("runs", "--format", "json").document["runs"][1]["untold"] is False


@pytest.mark.usefixtures("slipped")
def test_a_reader_that_went_away_saw_no_report(
    cli: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as gone, monkeypatch.context() as patched:
        patched.setattr("sys.stdout", gone)
        done = cli(*_APPLY)
    assert done.code == 7
    assert f"incident: rollback: {_EDITED}" in done.err
    assert _EDITED in cli("plan").err


@pytest.mark.usefixtures("slipped")
def test_a_closed_standard_output_is_no_report(
    cli: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("sys.stdout", None)
        done = cli(*_APPLY)
    assert done.code == 7
    assert _EDITED in done.err
    assert _EDITED in cli("plan").err


@pytest.mark.usefixtures("slipped")
def test_a_file_for_the_report_without_room_leaves_the_exit_code(cli: Program) -> None:
    done = cli(*_APPLY, "--output", "/dev/full", "--format", "json")
    assert done.code == 7
    assert done.document["error"]["exit_code"] == 7
    assert "was carried out all the same" in done.document["error"]["message"]
    assert _EDITED in done.err
    assert _EDITED in cli("plan").err


@pytest.mark.usefixtures("served")
def test_a_lost_report_without_incidents_is_9_and_says_what_was_done(
    cli: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Path("/dev/full").open("w") as full, monkeypatch.context() as patched:
        patched.setattr("sys.stdout", full)
        done = cli(*_APPLY)
    assert done.code == 9
    assert "was carried out all the same" in done.err
    # Nothing to do, nothing carried out.
    with Path("/dev/full").open("w") as full, monkeypatch.context() as patched:
        patched.setattr("sys.stdout", full)
        done = cli(*_APPLY)
    assert done.code == 9
    assert "carried out" not in done.err


@pytest.mark.usefixtures("slipped")
def test_an_apply_that_nobody_could_hear_leaves_it_untold(
    cli: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        with (
            Path("/dev/full").open("w") as full,
            Path("/dev/full").open("w") as beside,
            monkeypatch.context() as patched,
        ):
            patched.setattr("sys.stdout", full)
            patched.setattr("sys.stderr", beside)
            cli(*_APPLY)
    # Its own report is heard, of the earlier run it could tell nobody.
    with Path("/dev/full").open("w") as full, monkeypatch.context() as patched:
        patched.setattr("sys.stderr", full)
        assert cli(*_APPLY).code == 0
    assert _EDITED in cli("plan").err


@pytest.mark.usefixtures("served")
def test_what_came_to_light_before_a_refusal_is_kept(
    cli: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    refs = (Ref(Kind.QUESTION, 3), Ref(Kind.QUESTION, 5))
    twins = Incident("2 posts carry this key's marker", Key("rollback"), refs, severe=True)

    async def recover(*_: Any, **__: Any) -> Recovery:
        return Recovery(incidents=(twins,))

    with monkeypatch.context() as patched:
        patched.setattr("importer.cli.applying.recover", recover)
        assert cli("apply").code == 4
    said = cli("plan").err
    assert "ended with 1 grave incident (exit code 4)" in said
    assert "rollback: 2 posts carry this key's marker (question/3, question/5)" in said
    assert "1 grave incident" in cli("runs").out


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_run_whose_reader_reads_nothing(
    served: Served, home: Path, number: signal.Signals
) -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with suppress(BlockingIOError):
        while True:
            os.write(writing, b"x")
    os.set_blocking(writing, True)
    process = subprocess.Popen(
        program(*_APPLY),
        cwd=home,
        env=environment() | served.env(),
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        deadline = time.monotonic() + 30
        while not _is_ended(home) and time.monotonic() < deadline:
            time.sleep(0.2)
        time.sleep(0.5)
        # The first one may still meet the end of the run itself.
        for _ in range(15):
            process.send_signal(number)
            with suppress(subprocess.TimeoutExpired):
                process.wait(1)
                break
        _, said = process.communicate(timeout=5)
    finally:
        process.kill()
        process.communicate()
        os.close(reading)
        os.close(writing)
    assert process.returncode == 128 + number
    assert "was carried out; its report was not written out" in said


def _is_ended(home: Path) -> bool:
    for file in (home / ".teams-importer").glob("*.db"):
        # It may be in the making.
        with (
            suppress(sqlite3.Error),
            closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as db,
        ):
            rows = db.execute("SELECT document FROM runs").fetchall()
            if any(json.loads(row[0])["ended_at"] for row in rows):
                return True
    return False
