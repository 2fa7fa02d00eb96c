"""`apply`: confirmation, refusals, saved plans, guards, the lock, exit codes."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import re
import shlex
import signal
import socket
import sqlite3
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from importer.errors import JournalError
from importer.journal.stored import StoredJournal
from importer.planning.plan_file import load
from importer.sandbox import Behaviour, open_world
from importer.teams import LiveTeam
from tests.cli.stage import (
    Program,
    posts_in,
    question,
    serving,
    stop_at_once,
    write_manifest,
)

TEAM = "sandbox:team.db"
HERE = ("--url", TEAM)


def journal_of(home: Path) -> Path:
    (path,) = home.glob(".teams-importer/*.db")
    return path


def test_the_loop_closes(cli: Program, manifest: Path) -> None:
    done = cli("apply", *HERE, "--yes")
    assert done.code == 0
    assert done.out.rstrip().endswith("Apply: 4 created, 0 updated, 0 deleted.")
    assert "Plan: 4 to create" in done.err
    assert len(posts_in(Path("team.db"))) == 4
    again = cli("apply", *HERE, "--yes")
    assert (again.code, again.out.rstrip().rpartition("\n")[2]) == (
        0,
        "No changes. 4 items match the team.",
    )
    assert journal_of(manifest.parent).name.endswith("-acme-handbook.db")
    assert len(cli("runs", *HERE, "--format", "json").document["runs"]) == 1


@pytest.mark.usefixtures("manifest")
def test_an_apply_is_one_document_in_json(cli: Program) -> None:
    done = cli("apply", *HERE, "--yes", "--format", "json")
    assert done.document["counts"]["created"] == 4
    report = done.document["report"]
    assert {it["state"] for it in report["results"]} == {"done"}
    assert report["requests"] > 4
    nothing = cli("apply", *HERE, "--yes", "--format", "json").document
    assert nothing["report"]["results"] == []


@pytest.mark.usefixtures("manifest")
def test_nobody_to_ask_and_no_yes_writes_nothing(cli: Program) -> None:
    done = cli("apply", *HERE)
    assert (done.code, done.out) == (4, "")
    assert "4 changes wait for a confirmation" in done.err
    assert posts_in(Path("team.db")) == []
    assert cli("runs", *HERE).out == "No runs.\n"


def test_a_saved_plan_is_applied_once(cli: Program, manifest: Path) -> None:
    assert cli("plan", *HERE, "--out", "plan.json").code == 0
    manifest.unlink()
    done = cli("apply", "plan.json", *HERE, "--yes")
    assert done.code == 0
    assert "note: its manifest isn't here" in done.err
    assert len(posts_in(Path("team.db"))) == 4
    again = cli("apply", "plan.json", *HERE, "--yes")
    assert (again.code, again.out) == (4, "")
    assert "applied already" in again.err
    assert len(posts_in(Path("team.db"))) == 4


def test_a_saved_plan_whose_journal_was_lost_creates_nothing_twice(
    cli: Program, manifest: Path
) -> None:
    """That it was used is only in the journal; what it wrote bears its markers."""
    assert cli("plan", *HERE, "--out", "plan.json").code == 0
    assert cli("apply", "plan.json", *HERE, "--yes").code == 0
    before = posts_in(Path("team.db"))
    journal_of(manifest.parent).unlink()
    again = cli("apply", "plan.json", *HERE, "--yes", "--format", "json")
    assert again.code == 0
    assert {it["state"] for it in again.document["report"]["results"]} == {"found"}
    assert posts_in(Path("team.db")) == before
    assert cli("plan", *HERE, "--detailed-exitcode").code == 0


def _body_changed(home: Path) -> None:
    (home / "docs" / "a.md").write_text("Another body, which nobody has looked at yet.")


def _broken(home: Path) -> None:
    (home / "docs" / "teams-importer.yaml").write_text("broken: [")


def _renamed(home: Path) -> None:
    write_manifest(home / "docs", _by_file(), namespace="other")


def _by_file() -> dict[str, object]:
    asked = question("a")
    del asked["body"]
    return {**asked, "body_file": "a.md"}


@pytest.mark.parametrize("change", [_body_changed, _broken, _renamed])
@pytest.mark.parametrize("whence", [".", "docs", "other"])
def test_f86_a_plan_whose_manifest_was_changed_since_is_refused(
    cli: Program,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[Path], None],
    whence: str,
) -> None:
    """Wherever it is applied from; the control is the same manifest, touched."""
    for name in ("docs", "other"):
        (home / name).mkdir()
    body = home / "docs" / "a.md"
    body.write_text("What was looked at when the plan was reviewed.")
    write_manifest(home / "docs", _by_file())
    team = f"sandbox:{home / 'team.db'}"
    assert cli("plan", "docs", "--url", team, "--out", "plan.json").code == 0
    reviewed = body.read_text()
    change(home)
    monkeypatch.chdir(home / whence)
    done = cli("apply", home / "plan.json", "--url", team, "--yes")
    assert (done.code, done.out) == (4, "")
    assert "was changed since the plan" in done.err
    assert "teams-importer plan " in done.err
    assert not (home / "team.db").exists()
    body.write_text(reviewed)
    write_manifest(home / "docs", _by_file())
    assert cli("apply", home / "plan.json", "--url", team, "--yes").code == 0


def test_a_plan_from_elsewhere_is_held_against_the_manifest_of_its_namespace(
    cli: Program, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where a later job of a pipeline checks out anew and gets the plan as a file."""
    write_manifest(home, question("a"))
    team = f"sandbox:{tmp_path / 'team.db'}"
    assert cli("plan", "--url", team, "--out", "plan.json").code == 0
    plan = tmp_path / "artifacts" / "plan.json"
    plan.parent.mkdir()
    Path("plan.json").rename(plan)
    for name, namespace, body in (
        ("changed", "handbook", "Another body, which nobody has looked at yet."),
        ("another", "wiki", ""),
        ("same", "handbook", ""),
    ):
        monkeypatch.chdir(home)
        Path(name).mkdir()
        monkeypatch.chdir(name)
        write_manifest(Path(), question("a", body=body), namespace=namespace)
        done = cli("apply", plan, "--url", team, "--yes")
        assert done.code == {"changed": 4, "another": 0, "same": 0}[name], name
        assert ("its manifest isn't here" in done.err) is (name == "another")
        assert ("was changed since the plan" in done.err) is (name == "changed")
    assert len(posts_in(tmp_path / "team.db")) == 1


def test_one_manifest_gives_one_plan_wherever_it_is_made(
    cli: Program, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    docs = home / "docs"
    docs.mkdir()
    write_manifest(docs, question("a"), question("a2", title="What is the story of a?"))
    team = ("--url", f"sandbox:{home / 'team.db'}")
    plans, places = set(), []
    for whence in (home, docs, home.parent):
        monkeypatch.chdir(whence)
        plans.add(cli("plan", docs, *team, "--format", "json").out)
        assert cli("plan", docs, *team, "--out", home / "plan.json").code == 0
        plans.add(cli("show", home / "plan.json", "--format", "json").out)
        told = cli("plan", docs, *team).out
        assert cli("show", home / "plan.json").out == told
        places += [line.split()[-1] for line in told.splitlines() if ".yaml:" in line][:1]
    assert len(plans) == 1
    assert [it.partition(":")[0] for it in places] == [
        "docs/teams-importer.yaml",
        "teams-importer.yaml",
        "home/docs/teams-importer.yaml",
    ]


def test_a_saved_plan_finds_its_manifests_journal_from_elsewhere(
    cli: Program, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = home / "docs"
    deep.mkdir()
    write_manifest(deep, question("a"))
    team = f"sandbox:{tmp_path / 'team.db'}"
    assert cli("plan", "docs", "--url", team, "--out", tmp_path / "plan.json").code == 0
    assert cli("apply", tmp_path / "plan.json", "--url", team, "--yes").code == 0
    assert journal_of(deep).is_file()
    monkeypatch.chdir(deep)
    assert cli("apply", tmp_path / "plan.json", "--url", team, "--yes").code == 4


@pytest.mark.usefixtures("manifest")
@pytest.mark.parametrize(
    "decision",
    [
        ["--only", "a"],
        ["--prune"],
        ["--limit", "1"],
        ["--on-drift", "keep"],
        ["--max-creates", "1"],
    ],
    ids=" ".join,
)
def test_decisions_beside_a_saved_plan_are_refused(cli: Program, decision: list[str]) -> None:
    assert cli("plan", *HERE, "--out", "plan.json").code == 0
    done = cli("apply", "plan.json", *HERE, "--yes", *decision)
    assert (done.code, done.out) == (64, "")
    assert "holds its own decisions" in done.err
    assert not Path("team.db").exists()


@pytest.mark.usefixtures("manifest")
def test_a_plan_for_another_team_is_refused(cli: Program) -> None:
    assert cli("plan", *HERE, "--team", "umbrella", "--out", "plan.json").code == 0
    done = cli("apply", "plan.json", *HERE, "--yes")
    assert (done.code, done.out) == (4, "")
    assert "was made for the team umbrella" in done.err
    assert posts_in(Path("team.db")) == []


@pytest.mark.usefixtures("manifest")
def test_a_plan_that_went_stale_is_refused(cli: Program) -> None:
    """The other runner was quicker: nothing is left of this plan to do."""
    assert cli("apply", *HERE, "--yes").code == 0
    text = Path("teams-importer.yaml").read_text()
    planned = text.replace("Once upon", "Once more upon")
    Path("teams-importer.yaml").write_text(planned)
    assert cli("plan", *HERE, "--out", "plan.json").code == 0
    Path("teams-importer.yaml").write_text(text.replace("Once upon", "Quite another time upon"))
    assert cli("apply", *HERE, "--yes").code == 0
    Path("teams-importer.yaml").write_text(planned)
    done = cli("apply", "plan.json", *HERE, "--yes")
    assert done.code == 4
    assert "Stale" in done.out


def test_a_guard_stops_the_whole_plan(cli: Program, home: Path) -> None:
    many = [question(f"q{number}") for number in range(12)]
    write_manifest(home, *many)
    assert cli("apply", *HERE, "--yes").code == 0
    changed = [{**it, "body": f"{it['body']} And then?"} for it in many]
    write_manifest(home, *changed)
    done = cli("apply", *HERE, "--yes")
    assert (done.code, done.out) == (4, "")
    assert "12 items would be updated" in done.err
    assert "--max-updates 12" in done.err
    assert not [it for it in posts_in(Path("team.db")) if "And then?" in it.body]
    assert cli("apply", *HERE, "--yes", "--max-updates", "100%").code == 0


def test_blocked_items_leave_exit_code_11(cli: Program, manifest: Path) -> None:
    assert cli("apply", *HERE, "--yes").code == 0
    twin = question("twin", title="What is the story of rollback?")
    write_manifest(manifest.parent, twin, question("new"), namespace="other")
    done = cli("apply", *HERE, "--yes")
    assert done.code == 11
    assert done.out.rstrip().endswith("Apply: 1 created, 0 updated, 0 deleted; 1 blocked.")
    assert "equal-title" in done.out
    nothing = cli("apply", *HERE, "--yes")
    assert nothing.code == 11
    assert "No changes to make; 1 is blocked" in nothing.out or "blocked" in nothing.out


def test_what_the_server_refuses_leaves_exit_code_5(
    cli: Program, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_manifest(home, question("short"), question("long", body="Much too long. " * 30))
    with serving(tmp_path, behaviour=Behaviour(body_max=200)) as served:
        for name, value in served.env().items():
            monkeypatch.setenv(name, value)
        done = cli("apply", "--yes", "--format", "json")
        assert done.code == 5
        states = {it["key"]: it["state"] for it in done.document["report"]["results"]}
        assert states == {"short": "done", "long": "rejected"}
        assert done.document["report"]["resume"].startswith("teams-importer apply --yes")


def test_a_used_up_quota_leaves_exit_code_10_and_the_command_goes_on(
    cli: Program, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No reserve is kept of so small a quota: the server's own words say when to go on."""
    write_manifest(home, *(question(f"q{number}") for number in range(12)))
    with serving(tmp_path, behaviour=Behaviour(quota_max=15)) as served:
        for name, value in served.env().items():
            monkeypatch.setenv(name, value)
        done = cli("apply", "--yes", "--max-wait", "1")
        assert done.code == 10
        found = re.search(r"goes on by (\S+ \S+) UTC, in (\d+) s", done.err)
        assert found
        assert 86_000 < int(found[2]) <= 86_401
        told = datetime.fromisoformat(f"{found[1]}+00:00") - datetime.now(UTC)
        assert abs(told.total_seconds() - int(found[2])) < 60
        assert "teams-importer apply --yes --max-wait 1" in done.out
        assert cli("apply", "--yes", "--max-wait", "1").code == 10
    assert 0 < len(posts_in(tmp_path / "team.db")) < 12
    with serving(tmp_path) as served:
        for name, value in served.env().items():
            monkeypatch.setenv(name, value)
        assert cli("apply", home, "--yes", "--settle", "0").code == 0
    assert sorted(it.title or "" for it in posts_in(tmp_path / "team.db")) == sorted(
        f"What is the story of q{number}?" for number in range(12)
    )


@pytest.mark.usefixtures("manifest")
def test_a_run_that_holds_the_lock_is_named_and_waited_for(cli: Program, home: Path) -> None:
    assert cli("apply", *HERE, "--yes", "--limit", "1").code == 0
    lock = journal_of(home).with_name(f"{journal_of(home).name}.lock")
    with lock.open("r+b") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        done = cli("apply", *HERE, "--yes")
        assert done.code == 8
        assert "holds the journal's lock" in done.err
        assert "`--wait` waits" in done.err
        assert cli("plan", *HERE).code == 0
        threading.Timer(1.2, lambda: fcntl.flock(held, fcntl.LOCK_UN)).start()
        assert cli("apply", *HERE, "--yes", "--wait").code == 0
    assert len(posts_in(Path("team.db"))) == 4


@pytest.mark.usefixtures("manifest")
def test_a_damaged_journal_leaves_exit_code_9(cli: Program, home: Path) -> None:
    assert cli("apply", *HERE, "--yes", "--limit", "1").code == 0
    before = len(posts_in(Path("team.db")))
    with sqlite3.connect(journal_of(home)) as db:
        db.execute("UPDATE bindings SET document = '{}'")
    db.close()
    done = cli("apply", *HERE, "--yes")
    assert (done.code, done.out) == (9, "")
    assert "is damaged" in done.err
    assert len(posts_in(Path("team.db"))) == before


@pytest.mark.usefixtures("manifest")
def test_a_journal_can_be_put_anywhere(
    cli: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "kept" / "here\n.db"
    monkeypatch.setenv("TEAMS_IMPORTER_JOURNAL", str(place))
    done = cli("apply", *HERE, "--yes")
    assert done.code == 0
    assert f"journal: {tmp_path}/kept/here\\n.db" in done.err
    assert place.is_file()
    assert not Path(".teams-importer").exists()
    assert len(cli("runs", *HERE, "--format", "json").document["runs"]) == 1


@pytest.mark.usefixtures("manifest")
def test_a_team_in_memory_leaves_nothing_behind(cli: Program, home: Path) -> None:
    before = sorted(home.rglob("*"))
    done = cli("apply", "--url", "sandbox:", "--yes")
    assert done.code == 0
    assert "journal: in memory" in done.err
    assert sorted(home.rglob("*")) == before


@pytest.mark.usefixtures("manifest")
def test_the_journal_tells_what_happened_to_an_item(cli: Program) -> None:
    assert cli("apply", *HERE, "--yes").code == 0
    told = cli("journal", "show", "rollback#answer", *HERE, "--format", "json").document
    assert told["binding"]["ref"]["kind"] == "answer"
    assert [it["state"] for it in told["operations"]] == ["done"]
    assert "create" in cli("journal", "show", "rollback", *HERE).out
    assert cli("journal", "show", "nothing", *HERE).code == 64
    listed = cli("runs", *HERE).out
    assert "4 done" in listed
    assert json.loads(cli("runs", *HERE, "--format", "json").out)["runs"][0]["exit_code"] == 0


@pytest.mark.skipif(sys.platform == "darwin", reason="its file names are UTF-8")
def test_a_folder_whose_name_is_not_utf8_is_as_good_as_any(cli: Program, home: Path) -> None:
    folder = home / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    write_manifest(folder, question("a"))
    here = (folder, "--url", f"sandbox:{folder}/team.db")
    assert cli("plan", *here, "--format", "json").code == 0
    assert cli("plan", *here, "--out", folder / "plan.json").code == 0
    assert cli("apply", folder / "plan.json", *here[1:], "--yes").code == 0
    assert cli("doctor", *here).code == 0
    assert "1 done" in cli("runs", *here).out
    assert cli("journal", "export", *here).out
    assert cli("undo", "last", *here, "--yes").code == 0


@pytest.mark.usefixtures("manifest")
def test_a_stale_plan_goes_on_with_a_new_one(cli: Program, home: Path) -> None:
    here = ("--url", TEAM, "--only", "oncall/*", "--limit", "5")
    assert cli("plan", *here, "--out", "my plan.json").code == 0
    world = open_world(Path("team.db"))
    world.close()
    assert cli("apply", *HERE, "--yes").code == 0
    page = write_manifest(home, question("oncall/freeze", body="Another body of enough letters."))
    planned = page.read_text()
    assert cli("plan", *here, "--out", "my plan.json").code == 0
    write_manifest(home, question("oncall/freeze", body="A third body, and it is long enough."))
    assert cli("apply", *HERE, "--yes").code == 0
    page.write_text(planned)
    done = cli("apply", "my plan.json", *HERE, "--yes")
    assert done.code == 4
    (line,) = [it for it in done.out.splitlines() if it.startswith("go on")]
    assert "--yes" not in line
    words = shlex.split(line.removeprefix("go on"))
    assert words[:2] == ["teams-importer", "plan"]
    page.write_text(planned.replace("Another", "A fourth"))
    assert cli(*words[1:]).code == 0
    made = load(Path("my plan.json").read_bytes()).plan
    assert (made.decisions.only, made.decisions.limit) == (("oncall/*",), 5)
    assert cli("apply", "my plan.json", *HERE, "--yes").code == 0


@pytest.mark.parametrize("name", ["m.yaml", "teams-importer.yaml", "it's mine.yaml"])
@pytest.mark.parametrize("manifest_is", ["as it was", "changed"])
def test_the_command_that_goes_on_names_the_manifest_that_the_plan_was_made_of(
    cli: Program, home: Path, name: str, manifest_is: str
) -> None:
    (home / "my col").mkdir()
    page = write_manifest(home / "my col", question("a")).rename(home / "my col" / name)
    assert cli("apply", page, *HERE, "--yes").code == 0
    text = page.read_text()
    page.write_text(text.replace("Once upon", "Twice upon"))
    assert cli("plan", page, *HERE, "--out", "plan.json").code == 0
    if manifest_is == "changed":
        page.write_text(text.replace("Once upon", "Thrice upon"))
    world = open_world(Path("team.db"))
    (post,) = world.questions("acme")
    bo = world.user("acme", "Björn Öst")
    world.edit(bo, post.id, body=post.body.replace("Once upon", "Never upon"))
    world.close()
    done = cli("apply", "plan.json", *HERE, "--yes")
    assert done.code == 4
    where = done.out if manifest_is == "as it was" else done.err
    (line,) = [it for it in where.splitlines() if "teams-importer plan" in it]
    words = shlex.split(line[line.index("teams-importer plan") :])
    usual = name == "teams-importer.yaml"
    assert words[2] == ("my col" if usual else f"my col/{name}")
    assert cli(*words[1:]).code == 0
    assert cli("apply", "plan.json", *HERE, "--yes").code == 11


def test_a_used_plan_is_made_anew_by_the_command_that_is_named(cli: Program, home: Path) -> None:
    page = write_manifest(home, question("a")).rename(home / "m.yaml")
    assert cli("plan", page, *HERE, "--out", "plan.json").code == 0
    assert cli("apply", "plan.json", *HERE, "--yes").code == 0
    used = cli("apply", "plan.json", *HERE, "--yes")
    assert used.code == 4
    (line,) = [it for it in used.err.splitlines() if "teams-importer plan" in it]
    words = shlex.split(line[line.index("teams-importer plan") :])
    assert words[2] == "m.yaml"
    assert cli(*words[1:]).code == 0
    assert cli("apply", "plan.json", *HERE, "--yes").code == 0


@pytest.mark.usefixtures("manifest")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_a_signal_ended_is_listed_with_its_exit_code(
    cli: Program, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    sent: list[object] = []

    async def write(self: LiveTeam, *given: Any) -> Any:
        if not sent:
            sent.append(given)
            os.kill(os.getpid(), number)
        return await writing(self, *given)

    writing = LiveTeam.write
    monkeypatch.setattr(LiveTeam, "write", write)
    done = cli("apply", *HERE, "--yes", "--format", "json")
    assert done.code == 128 + number
    assert done.document["report"]["exit_code"] == done.code
    (run,) = cli("runs", *HERE, "--format", "json").document["runs"]
    assert run["exit_code"] == done.code
    assert "1 done" in cli("runs", *HERE).out
    assert cli("apply", *HERE, "--yes").code == 0


@pytest.mark.usefixtures("manifest")
def test_a_second_signal_leaves_a_report_and_the_command_that_goes_on(
    cli: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    again = f"teams-importer apply --url {TEAM} --yes --parallelism 1"
    with monkeypatch.context() as stopping:
        stop_at_once(stopping, after=1)
        done = cli("apply", *HERE, "--yes", "--parallelism", "1", "--format", "json")
    report = done.document["report"]
    assert (done.code, report["exit_code"], report["stopped_by"]) == (130, 130, "interrupted")
    assert [it["state"] for it in report["results"]][:3] == ["done", "unknown", "not-reached"]
    assert report["results"][0]["ref"]
    assert report["resume"] == f"{again} --format json"
    assert f"the next run looks up what is open: {again}" in done.err
    document = cli("apply", *HERE, "--yes", "--format", "json").document
    (found,) = [it for it in document["report"]["results"] if it["state"] == "found"]
    assert found["title"] == report["results"][1]["title"] != ""


@pytest.mark.usefixtures("manifest")
def test_a_run_without_an_end_is_under_way_while_its_lock_is_held_and_killed_afterwards(
    cli: Program, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def die(*_: Any) -> None:
        message = "the disk is gone"
        raise JournalError(message)

    with monkeypatch.context() as dying:
        stop_at_once(dying, after=1)
        dying.setattr("importer.journal.stored.StoredJournal.end", die)
        cli("apply", *HERE, "--yes", "--parallelism", "1")
    lock = journal_of(home).with_name(f"{journal_of(home).name}.lock")
    (run,) = cli("runs", *HERE, "--format", "json").document["runs"]
    assert (run["state"], run["counts"]) == ("killed", {"done": 1, "unknown": 1})
    (line,) = cli("runs", *HERE).out.splitlines()[1:]
    assert re.search(r"  killed +1 done, 1 unknown$", line)
    planned = " ".join(cli("plan", *HERE).out.split())
    assert "before it sends anything, which takes up to about 2 min 15 s (--settle)" in planned
    lock.write_text(json.dumps({"run": run["id"]}))
    with lock.open("r+b") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert "  under way  " in cli("runs", *HERE).out
        assert cli("runs", *HERE, "--format", "json").document["runs"][0]["state"] == "under-way"
        planned = " ".join(cli("plan", *HERE).out.split())
        assert f"The run {run['id']} is under way: 1 write has no known outcome yet." in planned
        assert f"the run {run['id']} is under way" in cli("doctor", *HERE).out


@pytest.mark.usefixtures("manifest")
def test_an_interrupted_look_says_what_still_waits(
    cli: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as stopping:
        stop_at_once(stopping, after=1)
        done = cli("apply", *HERE, "--yes", "--parallelism", "1")
    assert "go on    teams-importer apply" in done.out

    async def look(*_: Any, **__: Any) -> Any:
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.sleep(5)

    with monkeypatch.context() as stopping:
        stopping.setattr("importer.cli.applying.recover", look)
        done = cli("apply", *HERE, "--yes", "--format", "json")
    assert done.code == 130
    assert (done.document["error"]["exit_code"], done.document["error"]["kind"]) == (130, "Stopped")
    assert "nothing written; 1 write of an earlier run still has no known outcome" in done.err
    assert f"teams-importer apply --url {TEAM} --yes" in done.err
    assert cli("apply", *HERE, "--yes").code == 0


@pytest.mark.parametrize(
    ("spoil", "code", "said"),
    [
        pytest.param("busy", 8, "another process plays the sandbox", id="in use"),
        pytest.param("foreign", 64, "not a sandbox file", id="another program's"),
        pytest.param("folder", 9, "can't be", id="a folder that isn't there"),
    ],
)
@pytest.mark.usefixtures("manifest")
def test_a_sandbox_that_can_not_be_had_is_no_half_done_run(
    cli: Program, home: Path, spoil: str, code: int, said: str
) -> None:
    file = home / ("no/team.db" if spoil == "folder" else "team.db")
    world = open_world(file) if spoil == "busy" else None
    if spoil == "foreign":
        file.write_text("no sandbox at all, by any means" * 100)
    done = cli("apply", "--url", f"sandbox:{file}", "--yes")
    if world is not None:
        world.close()
    assert (done.code, done.out) == (code, "")
    assert said in done.err
    assert "--url" in done.err or "name" in done.err.lower()


def test_a_port_that_is_taken_is_wrong_use(cli: Program) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = cli("sandbox", "serve", "--port", str(taken.getsockname()[1]))
    assert (done.code, done.out) == (64, "")
    assert "Choose another --port" in done.err


@pytest.mark.usefixtures("manifest")
@pytest.mark.parametrize("command", [["plan"], ["apply", "--yes"]])
def test_a_team_that_can_not_be_read_says_that_nothing_was_written(
    cli: Program, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.setenv("TEAMS_IMPORTER_TOKEN", "an-access-token-of-somebody")
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    done = cli(*command, "--url", f"http://127.0.0.1:{port}", "--team", "acme")
    assert (done.code, done.out) == (5, "")
    assert "Nothing was written." in done.err


@pytest.mark.usefixtures("manifest")
@pytest.mark.parametrize(("taken", "code"), [("*.db", 9), ("*.lock", 8)])
def test_a_journal_that_is_gone_at_the_end_leaves_a_report_and_nothing_twice(
    cli: Program, home: Path, monkeypatch: pytest.MonkeyPatch, taken: str, code: int
) -> None:
    ending = StoredJournal.end

    async def end(self: StoredJournal, *given: Any) -> None:
        for file in (home / ".teams-importer").glob(taken):
            file.unlink()
        await ending(self, *given)

    with monkeypatch.context() as taking:
        taking.setattr(StoredJournal, "end", end)
        done = cli("apply", *HERE, "--yes", "--format", "json")
    assert done.code == code, done.err
    report = done.document["report"]
    assert report["exit_code"] == code
    assert {it["state"] for it in report["results"]} == {"done"}
    assert report["resume"].startswith("teams-importer apply")
    again = cli("apply", *HERE, "--yes")
    assert (again.code, "No changes" in again.out) == (0, True)
    assert len(posts_in(Path("team.db"))) == 4
