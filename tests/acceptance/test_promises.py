"""What people are promised, on the command line: their edits stay, and a key is one post.

The team is a file that a sandbox serves while a command needs it. A *fresh* runner has no journal.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from importer.sandbox import Post, User, World, open_world
from tests.cli.stage import Program, Served, posts_in, question, serving, write_manifest

pytestmark = pytest.mark.usefixtures("unhurried")

TEAM = Path("team.db")
HERE = ("--url", f"sandbox:{TEAM}")
STORY = "What is the story of rollback?"
TALE = "What is the tale of rollback?"


@contextmanager
def on_the_site() -> Iterator[tuple[World, User]]:
    """Act as a person of the team, an hour after the command before."""
    world = open_world(TEAM)
    try:
        with world.store.transaction():
            world.store.run(
                "UPDATE posts SET created = created - 3600, activity = activity - 3600,"
                " edited = edited - 3600"
            )
            world.store.run("UPDATE revisions SET created = created - 3600")
        yield world, world.user("acme", "Björn Öst")
    finally:
        world.close()


def posts() -> dict[int, Post]:
    return {it.id: it for it in posts_in(TEAM)}


def post(title: str) -> Post:
    (found,) = (it for it in posts().values() if it.title == title)
    return found


def text_of(body: str) -> str:
    return body.partition("<!-- teams-importer")[0].strip()


def marker_of(body: str) -> str:
    return body.rstrip().splitlines()[-1]


def forget(home: Path) -> None:
    shutil.rmtree(home / ".teams-importer")


def plan(cli: Program, *more: str) -> Any:
    return cli("plan", *HERE, "--format", "json", *more).document


def apply(cli: Program) -> list[tuple[str, str]]:
    """Apply, and return key and state of every change."""
    done = cli("apply", *HERE, "--yes", "--format", "json")
    assert done.code == 0, done.err
    return [(it["key"], it["state"]) for it in done.document["report"]["results"]]


def drift(document: Any) -> list[tuple[str, str]]:
    return [(it["key"], it["field"]) for it in document["drift"]]


def use(monkeypatch: pytest.MonkeyPatch, served: Served, **more: str) -> None:
    for name, value in {**served.env(), **more}.items():
        monkeypatch.setenv(name, value)


def writes(served: Served) -> list[str]:
    """Return the paths of the writes that took effect; a probe never does."""
    return [
        it["path"] for it in served.requests() if it["method"] == "POST" and it["status"] == 200
    ]


@pytest.mark.parametrize("fresh", [False, True], ids=["with its journal", "on a fresh runner"])
@pytest.mark.parametrize(
    ("field", "edit", "ours"),
    [
        pytest.param("title", {"title": TALE}, {"tags": ["more"]}, id="title"),
        pytest.param("tags", {"tags": ("history", "testing")}, {"title": TALE}, id="tags"),
        pytest.param(
            "body", {"body": "A dark and stormy night: rollback."}, {"title": TALE}, id="body"
        ),
    ],
)
def test_an_edit_on_the_site_is_drift_of_that_field_and_kept(
    cli: Program, home: Path, field: str, edit: dict[str, Any], ours: dict[str, Any], fresh: bool
) -> None:
    write_manifest(home, question("rollback"), question("freeze"))
    apply(cli)
    with on_the_site() as (world, bo):
        before = next(it for it in world.questions("acme") if it.title == STORY)
        body = f"{edit.get('body', text_of(before.body))}\n\n{marker_of(before.body)}"
        world.edit(bo, before.id, **{**edit, "body": body})
    edited = posts()
    if fresh:
        forget(home)
    document = plan(cli)
    assert drift(document) == [("rollback", field)]
    assert (document["changes"], document["blocked"]) == ([], [])
    assert apply(cli) == []
    assert posts() == edited

    write_manifest(home, question("rollback") | ours, question("freeze"))
    if fresh:
        forget(home)
    assert apply(cli) == [("rollback", "done")]
    was, now = edited[before.id], posts()[before.id]
    assert now != was
    kept = [text_of(now.body) == text_of(was.body), now.title == was.title, now.tags == was.tags]
    assert kept == [True, "title" not in ours, "tags" not in ours]
    if fresh:
        forget(home)
    document = plan(cli)
    assert drift(document) == [("rollback", field)]
    assert (document["changes"], document["blocked"]) == ([], [])


@pytest.mark.parametrize("fresh", [False, True], ids=["with its journal", "on a fresh runner"])
def test_where_both_sides_moved_nothing_is_written(cli: Program, home: Path, fresh: bool) -> None:
    write_manifest(home, question("rollback"))
    apply(cli)
    with on_the_site() as (world, bo):
        (before,) = world.questions("acme")
        world.edit(bo, before.id, title="What is the true story of rollback?")
    write_manifest(home, question("rollback", title=TALE))
    edited = posts()
    if fresh:
        forget(home)
    done = cli("apply", *HERE, "--yes")
    assert done.code == 11
    assert "true" in done.out
    assert posts() == edited
    ((side,),) = [it["sides"] for it in plan(cli)["blocked"]]
    assert (side["ours"], side["live"]) == (TALE, "What is the true story of rollback?")
    assert side["base"] == (None if fresh else before.title)
    assert ("title (here)" in done.out) is not fresh


@pytest.mark.parametrize("fresh", [False, True], ids=["with its journal", "on a fresh runner"])
def test_a_retitled_question_with_40_links_to_it_is_exactly_one_write(
    cli: Program, home: Path, monkeypatch: pytest.MonkeyPatch, fresh: bool
) -> None:
    linking = [
        question(f"q{number}", body=f"Told in [the story](key:rollback), as its part {number}.")
        for number in range(40)
    ]
    write_manifest(home, question("rollback"), *linking)
    with serving(home) as served:
        use(monkeypatch, served)
        assert cli("apply", "--yes").code == 0
        assert len(writes(served)) == 41
        if fresh:
            forget(home)
        write_manifest(home, question("rollback", title=TALE), *linking)
        assert cli("apply", "--yes").code == 0
        assert len(writes(served)) == 42
        assert "No changes. 41 items match" in cli("plan").out
    retitled = post(TALE)
    assert [it.id for it in posts().values() if it.edited] == [retitled.id]
    others = [it for it in posts().values() if it != retitled]
    assert all(f"/questions/{retitled.id})" in it.body for it in others)


def test_a_second_manifest_touches_nothing_of_the_first(cli: Program, home: Path) -> None:
    first, second = home / "first", home / "second"
    for folder in (first, second):
        folder.mkdir()
    write_manifest(first, question("rollback", answer="It is told by the fire, at great length."))
    assert cli("apply", "first", *HERE, "--yes").code == 0
    before = posts()
    write_manifest(second, question("rollback", title=TALE), namespace="runbook")
    done = cli("plan", "second", *HERE, "--format", "json", "--prune").document
    assert [(it["key"], it["verb"]) for it in done["changes"]] == [("rollback", "create")]
    assert (done["orphans"], done["drift"], done["blocked"]) == ([], [], [])
    assert cli("apply", "second", *HERE, "--yes", "--prune").code == 0
    after = posts()
    assert {key: after[key] for key in before} == before
    assert len(after) == len(before) + 1
    for name in ("first", "second"):
        assert "No changes." in cli("plan", name, *HERE).out
    write_manifest(second, namespace="runbook")
    done = cli("apply", "second", *HERE, "--yes", "--prune")
    assert done.code == 0, done.err
    assert posts() == before


@pytest.mark.parametrize("fresh", [False, True], ids=["with its journal", "on a fresh runner"])
def test_was_renames_without_a_new_post(cli: Program, home: Path, fresh: bool) -> None:
    answered = {"answer": "It is told by the fire, at great length."}
    write_manifest(home, question("rollback", **answered), question("freeze"))
    apply(cli)
    before = posts()
    renamed = question("deploys/undo", title=STORY, body=text_of(post(STORY).body), **answered)
    write_manifest(home, {**renamed, "was": ["rollback"]}, question("freeze"))
    if fresh:
        forget(home)
    document = plan(cli)
    assert [it for it in document["changes"] if it["verb"] == "create"] == []
    assert (document["orphans"], document["blocked"]) == ([], [])
    apply(cli)
    assert posts().keys() == before.keys()
    assert cli("plan", *HERE, "--detailed-exitcode").code == 0

    write_manifest(home, {**renamed, "was": ["rollback"], "title": TALE}, question("freeze"))
    assert apply(cli) == [("deploys/undo", "done")]
    assert "handbook:deploys/undo " in marker_of(post(TALE).body)
    forget(home)
    assert cli("plan", *HERE, "--detailed-exitcode").code == 0
    assert posts().keys() == before.keys()


@pytest.mark.usefixtures("manifest")
def test_a_deleted_journal_is_bound_again_through_markers(cli: Program, home: Path) -> None:
    apply(cli)
    before = posts()
    forget(home)
    again = cli("plan", *HERE, "--detailed-exitcode")
    assert (again.code, again.out.rstrip().splitlines()[-1]) == (
        0,
        "No changes. 4 items match the team.",
    )
    assert len(plan(cli)["bindings"]) == 4
    assert apply(cli) == []
    assert posts() == before
    assert plan(cli)["bindings"] == [], "now they are in a journal"


@pytest.mark.usefixtures("manifest")
def test_one_users_plan_is_anothers_apply(
    cli: Program, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with on_the_site() as (world, bo):
        reading, writing = world.tokens("acme").read_only, world.issue_token(bo)
    with serving(home) as served:
        use(monkeypatch, served, TEAMS_IMPORTER_TOKEN=reading)
        assert cli("plan", "--out", "plan.json").code == 0
        use(monkeypatch, served, TEAMS_IMPORTER_TOKEN=writing)
        assert cli("apply", "plan.json", "--yes").code == 0
        for fresh in (False, True):
            if fresh:
                forget(home)
            for token in (reading, writing):
                use(monkeypatch, served, TEAMS_IMPORTER_TOKEN=token)
                done = cli("plan", "--detailed-exitcode")
                assert (done.code, "No changes. 4 items match" in done.out) == (0, True)
    assert {it.owner_id for it in posts().values()} == {bo.id}


def test_one_users_posts_are_changed_with_anothers_token(
    cli: Program, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with on_the_site() as (world, bo):
        token = world.issue_token(bo)
    write_manifest(home, question("rollback"))
    with serving(home) as served:
        use(monkeypatch, served)
        assert cli("apply", "--yes").code == 0
        write_manifest(home, question("rollback", title=TALE))
        forget(home)
        assert cli("plan", "--out", "plan.json").code == 0
        use(monkeypatch, served, TEAMS_IMPORTER_TOKEN=token)
        assert cli("apply", "plan.json", "--yes").code == 0
        assert "No changes. 1 item matches" in cli("plan").out
    assert post(TALE).editor_id == bo.id
    assert len(posts()) == 1
