"""Posts that a colleague wrote outlive `removed:` and `prune`, whatever they look like."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from importer.sandbox import Post, User, World, open_world
from tests.cli.stage import Program, posts_in, question, write_manifest

TEAM = Path("team.db")
HERE = ("--url", f"sandbox:{TEAM}")
PRUNE: dict[str, Any] = {"policy": {"prune": True}}
REMOVED: dict[str, Any] = {"removed": [{"key": "gone", "live": "delete"}]}
asked_for = pytest.mark.parametrize("asked", [PRUNE, REMOVED], ids=["prune", "removed"])


def on_site(act: Callable[[World, User], object]) -> None:
    """Let Björn act; our token may delete what it likes from then on."""
    world = open_world(TEAM)
    try:
        ours, bjorn = world.users("acme")[:2]
        world.store.run("UPDATE users SET role = 'moderator' WHERE id = ?", (ours.id,))
        act(world, bjorn)
    finally:
        world.close()


def bjorns() -> list[Post]:
    world = open_world(TEAM)
    try:
        bjorn = world.users("acme")[1].id
    finally:
        world.close()
    return [it for it in posts_in(TEAM) if it.owner_id == bjorn]


def post_of(key: str) -> Post:
    (post,) = [it for it in posts_in(TEAM) if f" handbook:{key} " in it.body]
    return post


def applied(cli: Program, *options: str) -> str:
    """Apply until nothing is left to do, and return what is said last."""
    runs = [cli("apply", *HERE, "--yes", *options) for _ in range(3)]
    assert {it.code for it in runs} <= {0, 11}
    return runs[-1].out


@asked_for
def test_a_question_that_shows_a_marker(cli: Program, home: Path, asked: dict[str, Any]) -> None:
    write_manifest(home, question("kept"))
    assert cli("apply", *HERE, "--yes").code == 0
    marker = "How does it look?\nLike this:\n\n<!-- teams-importer:1 handbook:gone -->"
    on_site(lambda world, by: world.ask(by, title="What is a marker?", body=marker, tags=["a"]))
    write_manifest(home, question("kept"), **asked)
    assert "is not known to publish from here" in applied(cli)
    assert len(bjorns()) == 1
    applied(cli, "--delete-engaged")
    assert bjorns() == [], "the control: it is deleted where that is asked for"


@asked_for
def test_a_copy_of_a_question_of_ours(cli: Program, home: Path, asked: dict[str, Any]) -> None:
    write_manifest(home, question("kept"), question("gone"))
    assert cli("apply", *HERE, "--yes").code == 0
    ours = post_of("gone")
    on_site(lambda world, by: world.ask(by, title=ours.title or "", body=ours.body, tags=ours.tags))
    write_manifest(home, question("kept"), **asked)
    applied(cli)
    assert [it.owner_id for it in posts_in(TEAM) if it.title == ours.title] == [
        bjorns()[0].owner_id
    ]


def test_a_copy_of_an_answer_of_ours(cli: Program, home: Path) -> None:
    tips = [{"key": it, "body": f"The tip {it} is longer than thirty characters."} for it in "ab"]
    write_manifest(home, question("kept", answers=tips))
    assert cli("apply", *HERE, "--yes").code == 0

    ours = post_of("kept#b")

    def quote(world: World, by: User) -> None:
        asked = world.ask(by, title="What did they say there?", body="x" * 40, tags=["a"])
        world.answer(by, asked.id, body=ours.body)

    on_site(quote)
    asked: dict[str, Any] = {"removed": [{"key": "kept#b", "live": "delete"}]}
    write_manifest(home, question("kept", answers=tips[:1]), **asked)
    applied(cli)
    assert [it.kind for it in bjorns()] == ["question", "answer"]
    assert len(posts_in(TEAM)) == 4


@asked_for
def test_a_question_that_was_bound_by_its_id(
    cli: Program, home: Path, asked: dict[str, Any]
) -> None:
    write_manifest(home, question("kept"))
    assert cli("apply", *HERE, "--yes").code == 0
    same = question("gone")
    on_site(
        lambda world, by: world.ask(by, title=same["title"], body=same["body"], tags=same["tags"])
    )
    write_manifest(home, question("kept"), {**same, "id": bjorns()[0].id})
    assert cli("apply", *HERE, "--yes").code == 0
    write_manifest(home, question("kept"), **asked)
    assert "is not known to publish from here" in applied(cli)
    assert len(bjorns()) == 1


def test_ours_is_deleted_from_a_fresh_checkout_too(cli: Program, home: Path) -> None:
    """The control of them all."""
    write_manifest(home, question("kept"), question("gone"))
    assert cli("apply", *HERE, "--yes").code == 0
    for journal in home.glob(".teams-importer/*"):
        journal.unlink()
    write_manifest(home, question("kept"), **REMOVED)
    applied(cli)
    assert len(posts_in(TEAM)) == 1
