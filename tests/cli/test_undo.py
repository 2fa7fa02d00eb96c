"""`undo`, `runs` and `journal` on the command line: exit codes, what is sent, what is kept."""

from __future__ import annotations

import json
import shlex
import shutil
import stat
from pathlib import Path
from typing import Any

import pytest

from importer.cli.resources import resource
from importer.sandbox import open_world
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


def last_run(cli: Program) -> str:
    runs = cli("runs", *HERE, "--format", "json").document["runs"]
    return str(runs[-1]["id"])


def a_colleague_answers(title: str, database: Path = Path("team.db")) -> None:
    world = open_world(database)
    try:
        (post,) = [it for it in world.questions("acme") if it.title == title]
        bo = world.user("acme", "Björn Öst")
        world.answer(bo, post.id, body="A colleague knows better, and says so at some length.")
    finally:
        world.close()


@pytest.mark.usefixtures("manifest")
def test_an_applied_run_is_taken_back_by_its_id_its_beginning_or_as_the_last(cli: Program) -> None:
    for name in ("id", "beginning", "last"):
        assert cli("apply", *HERE, "--yes").code == 0
        run = last_run(cli)
        said = {"id": run, "beginning": run[:-2], "last": "last"}[name]
        done = cli("undo", said, *HERE, "--yes")
        assert done.code == 0
        assert f"Takes back the run {run}" in done.err
        assert done.out.rstrip().endswith("Undo: 0 created, 0 updated, 4 deleted.")
        assert posts_in(Path("team.db")) == []
    rows = [line.split() for line in cli("runs", *HERE).out.splitlines()[1:]]
    assert [row[1] for row in rows] == ["apply", "undo"] * 3
    assert [row[2] for row in rows if row[1] == "undo"] == [
        row[0] for row in rows if row[1] == "apply"
    ]


def test_the_demos_handbook_is_applied_and_taken_back(cli: Program, home: Path) -> None:
    shutil.copytree(
        resource("examples") / "handbook",
        home / "handbook",
        ignore=shutil.ignore_patterns(".teams-importer"),
    )
    assert cli("apply", "handbook", *HERE, "--yes").code == 0
    applied = len(posts_in(Path("team.db")))
    assert applied > 10
    done = cli("undo", "last", "handbook", *HERE, "--yes", "--format", "json")
    assert done.code == 0
    assert done.document["counts"]["deleted"] == applied
    assert posts_in(Path("team.db")) == []
    assert cli("apply", "handbook", *HERE, "--yes").code == 0
    kept = next(it for it in posts_in(Path("team.db")) if it.title)
    question = str(kept.title)
    a_colleague_answers(question)
    thread = [it for it in posts_in(Path("team.db")) if kept.id in (it.id, it.parent_id)]
    assert len(thread) > 2, "the question, our answer, and the colleague's"
    done = cli("undo", "last", "handbook", *HERE, "--yes")
    assert done.code == 11
    assert "others have answered, commented or voted on it" in done.err
    assert "its question stays, and would be left without it" in done.err
    assert posts_in(Path("team.db")) == thread


@pytest.mark.usefixtures("manifest")
def test_nobody_to_ask_and_no_yes_takes_nothing_back(cli: Program) -> None:
    cli("apply", *HERE, "--yes")
    done = cli("undo", "last", *HERE)
    assert (done.code, done.out) == (4, "")
    assert "4 changes wait for a confirmation" in done.err
    assert len(posts_in(Path("team.db"))) == 4


@pytest.mark.usefixtures("manifest")
def test_a_dry_run_sends_only_get_and_a_read_only_token_will_do(
    cli: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(tmp_path) as served:
        for name, value in served.env().items():
            monkeypatch.setenv(name, value)
        assert cli("apply", "--yes", "--settle", "0").code == 0
        monkeypatch.setenv("TEAMS_IMPORTER_TOKEN", served.tokens.read_only)
        sent = len(served.requests())
        done = cli("undo", "last", "--dry-run")
        assert (done.code, "Plan: 0 to create, 0 to update, 4 to delete" in done.out) == (0, True)
        methods = {it["method"] for it in served.requests()[sent:]}
        assert methods == {"GET"}
        refused = cli("undo", "last", "--yes", "--settle", "0")
        assert refused.code == 6
    assert len(posts_in(tmp_path / "team.db")) == 4


@pytest.mark.usefixtures("manifest")
def test_a_dry_run_in_json_is_the_plan(cli: Program) -> None:
    cli("apply", *HERE, "--yes")
    run = last_run(cli)
    plan = cli("undo", run, *HERE, "--dry-run", "--format", "json").document
    assert plan["undoes"] == run
    assert {it["reason"] for it in plan["changes"]} == {"undo"}
    assert last_run(cli) == run
    assert len(posts_in(Path("team.db"))) == 4


@pytest.mark.usefixtures("manifest")
def test_without_a_journal_nothing_can_be_undone_and_nothing_is_made(cli: Program) -> None:
    for url in (TEAM, "sandbox:"):
        done = cli("undo", "last", "--url", url, "--yes")
        assert (done.code, done.out) == (64, "")
        assert "journal" in done.err
    assert not Path("team.db").exists()
    assert not Path(".teams-importer").exists()


@pytest.mark.usefixtures("manifest")
def test_an_unknown_run_is_wrong_use_and_the_known_ones_are_named(cli: Program) -> None:
    cli("apply", *HERE, "--yes")
    run = last_run(cli)
    done = cli("undo", "20010101T000000Z-abc", *HERE, "--yes")
    assert (done.code, done.out) == (64, "")
    assert run in done.err
    assert len(posts_in(Path("team.db"))) == 4


@pytest.mark.usefixtures("manifest")
def test_a_beginning_that_fits_several_runs_is_refused(cli: Program, home: Path) -> None:
    cli("apply", *HERE, "--yes")
    write_manifest(home, question("rollback", title="What is another title of it?"))
    cli("apply", *HERE, "--yes")
    done = cli("undo", "2", *HERE, "--yes")
    assert done.code == 64
    assert "is the beginning of 2 runs" in done.err
    assert len(posts_in(Path("team.db"))) == 4


@pytest.mark.usefixtures("manifest")
def test_an_undone_undo_leaves_steps_by_hand_and_says_them_beside_json(cli: Program) -> None:
    cli("apply", *HERE, "--yes")
    cli("undo", "last", *HERE, "--yes")
    done = cli("undo", "last", *HERE, "--yes")
    assert done.code == 11
    assert done.out.count("undelete the") == 4
    again = cli("undo", "last", *HERE, "--yes", "--format", "json")
    report = again.document["report"]
    assert (again.code, report["exit_code"], report["results"]) == (11, 11, [])
    assert [it["what"].startswith("undelete the") for it in report["manual"]] == [True] * 4
    assert again.err.count("undelete the") == 4


def test_what_an_undo_leaves_to_a_person_is_in_its_report(cli: Program, home: Path) -> None:
    write_manifest(home, question("alone"), question("answered"))
    cli("apply", *HERE, "--yes")
    a_colleague_answers("What is the story of answered?")
    done = cli("undo", "last", *HERE, "--yes", "--format", "json")
    (blocked,) = done.document["report"]["blocked"]
    assert (done.code, done.document["counts"]["blocked"]) == (11, 1)
    assert (blocked["key"], blocked["code"]) == ("answered", "engaged")
    assert blocked["why"]
    assert blocked["remedy"]
    write_manifest(home, question("alone"), question("answered"))
    run = cli("runs", *HERE, "--format", "json").document["runs"][0]["id"]
    cli("apply", *HERE, "--yes")
    cli("undo", "last", *HERE, "--yes")
    again = cli("undo", run, *HERE, "--yes")
    assert again.code == 11
    assert blocked["why"] in " ".join(again.out.split())


@pytest.mark.usefixtures("manifest")
def test_the_command_that_goes_on_names_the_run_not_the_last_one(
    cli: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = open_world(tmp_path / "team.db")
    others = world.issue_token(world.user("acme", "Björn Öst"))
    world.close()
    with serving(tmp_path) as served:
        for name, value in served.env().items():
            monkeypatch.setenv(name, value)
        cli("apply", "--yes", "--settle", "0")
        run = cli("runs", "--format", "json").document["runs"][-1]["id"]
        monkeypatch.setenv("TEAMS_IMPORTER_TOKEN", others)
        done = cli("undo", "last", "--yes", "--settle", "0")
    assert done.code == 5
    assert f"undo {run} --yes" in done.out
    assert "undo last" not in done.out


@pytest.mark.usefixtures("manifest")
def test_the_life_of_an_item_is_shown_whole(cli: Program, home: Path) -> None:
    cli("apply", *HERE, "--yes")
    write_manifest(home, question("rollback", title="What is another title of it?"))
    cli("apply", *HERE, "--yes")
    cli("undo", "last", *HERE, "--yes")
    shown = cli("journal", "show", "rollback", *HERE)
    operations = cli("journal", "show", "rollback", *HERE, "--format", "json").document[
        "operations"
    ]
    assert [it["change"] for it in operations] == [
        "rollback!create",
        "rollback!update",
        "rollback!update",
    ]
    assert [it["attempt"] for it in operations] == [1, 1, 2]
    for it in operations:
        (line,) = [line for line in shown.out.splitlines() if it["request_id"] in line]
        post = f"{it['ref']['kind']}/{it['ref']['id']}"
        assert it["run"] in line
        assert post in line
        assert ", ".join(field["field"] for field in it["fields"]) in line
    assert "title, tags, body" in shown.out


@pytest.mark.usefixtures("manifest")
def test_the_journal_is_exported_as_lines_that_only_their_owner_can_read(cli: Program) -> None:
    cli("apply", *HERE, "--yes")
    cli("undo", "last", *HERE, "--yes")
    printed = cli("journal", "export", *HERE)
    assert printed.code == 0
    lines = [json.loads(line) for line in printed.out.splitlines()]
    kinds = [it["type"] for it in lines]
    assert (kinds[0], kinds.count("run"), kinds.count("operation")) == ("journal", 2, 8)
    assert any("Once upon a time" in json.dumps(it) for it in lines if it["type"] == "text")
    written = cli("journal", "export", *HERE, "--output", "journal.jsonl")
    assert (written.code, written.out) == (0, "")
    path = Path("journal.jsonl")
    assert path.read_text() == printed.out
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.usefixtures("manifest")
def test_an_undo_says_that_the_manifest_still_asks_for_it(cli: Program) -> None:
    cli("apply", *HERE, "--yes")
    for more in (["--dry-run"], ["--yes"]):
        done = cli("undo", "last", *HERE, *more)
        assert "the manifest still asks for 4 of these items" in done.err
        assert done.err.count("journal: ") == 1
    assert "a second time takes the undo back" in " ".join(cli("undo", "--help").out.split())


def test_a_redo_that_makes_what_the_manifest_asks_for_says_nothing_of_it(
    cli: Program, home: Path
) -> None:
    other = question("other")
    link = "See [the other one](key:other), which says a good deal more about it than this."
    write_manifest(home, question("one", answer="The answer is long enough as it is."), other)
    cli("apply", *HERE, "--yes")
    changed = question("one", body=link, answer="Another answer, which is long enough, too.")
    write_manifest(home, changed, other)
    cli("apply", *HERE, "--yes")
    said = "the manifest still asks for 2 of these items"
    assert said in cli("undo", "last", *HERE, "--yes").err
    for more in (["--dry-run"], ["--yes"]):
        done = cli("undo", "last", *HERE, *more)
        assert done.code == 0
        assert "still asks" not in done.err
    assert cli("plan", *HERE, "--detailed-exitcode").code == 0


@pytest.mark.usefixtures("manifest")
def test_the_only_journal_of_a_manifest_needs_no_team(
    cli: Program, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = (["runs"], ["journal", "show", "rollback"], ["journal", "export"])
    for look in looks:
        done = cli(*look)
        assert (done.code, done.out) == (6, "")
        assert "no team was named" in done.err
    cli("apply", *HERE, "--yes")
    write_manifest(home / "..", question("another"), namespace="other")
    cli("apply", "..", *HERE, "--yes")
    for look in looks:
        done = cli(*look)
        assert done.code == 0
        assert done.out == cli(*look, *HERE).out != ""
        assert ", of handbook in acme at sandbox-team" in done.err
    (journal,) = home.glob(".teams-importer/*-handbook.db")
    monkeypatch.chdir(home.parent)
    assert "4 done" in cli("runs", "home", "--journal", journal).out
    monkeypatch.chdir(home)
    cli("apply", "--url", "sandbox:else.db", "--yes")
    for look in looks:
        done = cli(*look)
        assert (done.code, done.out) == (6, "")
        assert "there are 2 journals of handbook here" in done.err


def a_handbook_and_then_a_stopped_run(cli: Program, home: Path, monkeypatch: Any) -> list[str]:
    """Apply one question, then three more in a run that two signals stop; return the runs' ids."""
    first = question("first")
    write_manifest(home, first)
    assert cli("apply", *HERE, "--yes").code == 0
    with monkeypatch.context() as stopping:
        stop_at_once(stopping, after=1)
        write_manifest(home, first, *(question(f"q{number}") for number in range(3)))
        assert cli("apply", *HERE, "--yes", "--parallelism", "1").code == 130
    runs = cli("runs", *HERE, "--format", "json").document["runs"]
    return [it["id"] for it in runs]


def test_a_run_that_a_second_signal_stopped_is_listed_and_is_the_last_one(
    cli: Program, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, stopped = a_handbook_and_then_a_stopped_run(cli, home, monkeypatch)
    listed = cli("runs", *HERE, "--format", "json").document["runs"][-1]
    assert (listed["exit_code"], listed["counts"]) == (
        130,
        {"done": 1, "not-reached": 1, "unknown": 1},
    )
    assert "1 done, 1 not-reached, 1 unknown" in cli("runs", *HERE).out
    done = cli("undo", "last", *HERE, "--yes")
    assert done.code == 0
    assert f"Takes back the run {stopped}" in done.err
    assert first not in done.err
    assert [it.title for it in posts_in(Path("team.db"))] == ["What is the story of first?"]
    # What the stopped run had made is found by looking, and is nothing that the undo did.
    assert "earlier attempt" not in done.out
    assert "Created" not in done.out
    assert "1 outcome was found out by looking" in done.out
    assert done.out.rstrip().endswith("Undo: 0 created, 0 updated, 2 deleted.")


def test_what_an_undo_had_deleted_before_it_was_stopped_is_gone_already_to_the_next(
    cli: Program, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_manifest(home, *(question(f"q{number}") for number in range(3)))
    assert cli("apply", *HERE, "--yes").code == 0
    run = last_run(cli)
    with monkeypatch.context() as stopping:
        stop_at_once(stopping, after=1)
        assert cli("undo", run, *HERE, "--yes", "--parallelism", "1").code == 130
    done = cli("undo", run, *HERE, "--yes")
    assert (done.code, posts_in(Path("team.db"))) == (0, [])
    assert done.out.count("(gone already)") == 1
    assert done.out.rstrip().endswith("Undo: 0 created, 0 updated, 2 deleted.")


def test_the_command_that_goes_on_with_an_undo_names_the_run_and_leaves_options_alone(
    cli: Program, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_manifest(home, question("one"), question("two"))
    there = (*HERE, "--journal", "last")
    assert cli("apply", *there, "--yes").code == 0
    with monkeypatch.context() as stopping:
        stop_at_once(stopping, after=0)
        done = cli("undo", *there, "last", "--yes", "--parallelism", "1")
    assert done.code == 130
    (line,) = [it for it in done.out.splitlines() if it.startswith("go on")]
    words = shlex.split(line.removeprefix("go on"))
    assert words[4:6] == ["--journal", "last"]
    assert cli(*words[1:]).code == 0
    assert posts_in(Path("team.db")) == []


def test_an_apply_does_not_count_what_a_stopped_undo_had_deleted(
    cli: Program, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_manifest(home, question("one"), question("two"))
    assert cli("apply", *HERE, "--yes").code == 0
    with monkeypatch.context() as stopping:
        stop_at_once(stopping, after=0)
        assert cli("undo", "last", *HERE, "--yes", "--parallelism", "1").code == 130
    done = cli("apply", *HERE, "--yes")
    assert done.code == 0
    assert done.out.rstrip().endswith("Apply: 1 created, 0 updated, 0 deleted.")
    assert len(posts_in(Path("team.db"))) == 2


def test_the_last_run_passes_over_those_that_wrote_nothing_and_names_those_it_went_on_from(
    cli: Program, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, stopped = a_handbook_and_then_a_stopped_run(cli, home, monkeypatch)
    assert cli("apply", *HERE, "--yes").code == 0
    continued = last_run(cli)
    done = cli("undo", "last", *HERE, "--dry-run")
    assert f"the run {stopped} before it wrote 2 items: `undo {stopped}` takes those" in done.err
    assert first not in done.err
    manifest = write_manifest(home, question("first", body="Another body of enough letters."))
    assert cli("plan", *HERE, "--out", "plan.json").code == 0
    monkeypatch.setattr("importer.cli.applying._Run._refuse_used", nothing)
    assert cli("apply", "plan.json", *HERE, "--yes").code == 0
    edited = last_run(cli)
    assert cli("apply", "plan.json", *HERE, "--yes").code == 0
    idle = last_run(cli)
    assert len({continued, edited, idle}) == 3
    done = cli("undo", "last", manifest, *HERE, "--dry-run")
    assert f"the run {idle} wrote nothing; the last run that did is {edited}" in done.err
    assert f"Takes back the run {edited}" in done.out
    assert stopped not in done.err


async def nothing(*_: Any) -> None:
    """Refuse no plan that was used."""


def test_that_no_run_wrote_anything_is_said_as_it_is(cli: Program, home: Path) -> None:
    write_manifest(home)
    assert cli("apply", *HERE, "--yes").code == 0
    done = cli("undo", "last", *HERE, "--yes")
    assert (done.code, done.out) == (64, "")
    assert "no run in the journal wrote anything" in done.err


@pytest.mark.usefixtures("manifest")
@pytest.mark.parametrize(
    "look", [["runs"], ["journal", "show", "rollback"], ["journal", "export"]], ids=" ".join
)
def test_a_journal_that_is_not_there_is_told_and_not_made_up(
    cli: Program, home: Path, look: list[str]
) -> None:
    open_world(home / "team.db").close()
    for named in (HERE, ()):
        done = cli(*look, *named, "--journal", "no.db")
        assert (done.code, done.out) == (64, "")
        assert "there is no journal no.db" in done.err
    done = cli(*look, *HERE)
    assert "there is no journal" in done.err
    assert (done.code, done.out) == ((0, "No runs.\n") if look == ["runs"] else (64, ""))
    (home / "empty.db").touch()
    done = cli(*look, *HERE, "--journal", "empty.db")
    assert done.code == (0 if look == ["runs"] else 64)
    assert "lineage" not in done.out
    assert not (home / "no.db").exists()
