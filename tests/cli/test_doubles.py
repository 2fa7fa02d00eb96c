"""What is said of doubles, and with which exit code, before and after they go."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from importer.sandbox import User, World, open_world
from tests.cli.stage import Program, posts_in, question, write_manifest

TEAM = Path("team.db")
HERE = ("--url", f"sandbox:{TEAM}")


def on_site(act: Callable[[World, User, User], object]) -> None:
    """Let Ada, whose the token is, and Björn act."""
    world = open_world(TEAM)
    try:
        act(world, *world.users("acme")[:2])
    finally:
        world.close()


def there() -> list[int]:
    return sorted(it.id for it in posts_in(TEAM))


def make_doubles(cli: Program, home: Path) -> None:
    """Post 2 is bound; 1, which was undone, is there again."""
    write_manifest(home, question("one"))
    for command in (("apply", *HERE), ("undo", "last", *HERE), ("apply", *HERE)):
        assert cli(*command, "--yes").code == 0
    on_site(lambda world, ada, _: world.undelete(ada, 1))
    assert there() == [1, 2]


def test_a_plan_that_removes_doubles_has_changes_and_is_confirmed(cli: Program, home: Path) -> None:
    make_doubles(cli, home)
    planned = cli("plan", *HERE, "--detailed-exitcode", "--out", "plan.json")
    assert planned.code == 2
    assert "1 to delete (1 as a double)" in planned.out
    assert "question/2; question/1 counts" in planned.out
    refused = cli("apply", "plan.json", *HERE)
    assert (refused.code, there()) == (4, [1, 2])
    assert "1 change waits for a confirmation" in refused.err
    applied = cli("apply", "plan.json", *HERE, "--yes")
    assert (applied.code, there()) == (7, [1])
    assert "1 deleted; 1 incident." in applied.out
    assert "1 done" in cli("runs", *HERE).out
    assert cli("plan", *HERE, "--detailed-exitcode").code == 0


def test_doubles_that_stay_are_no_change(cli: Program, home: Path) -> None:
    make_doubles(cli, home)
    on_site(lambda world, _, bjorn: world.comment_on(bjorn, 2, body="A comment, to the point."))
    planned = cli("plan", *HERE, "--detailed-exitcode")
    assert planned.code == 0
    assert "others have engaged with it" in planned.out
    assert "what somebody wrote there, take over first" in planned.out
    applied = cli("apply", *HERE, "--yes", "--format", "json")
    assert (applied.code, there()) == (7, [1, 2])
    (incident,) = json.loads(applied.out)["report"]["incidents"]
    assert "what somebody wrote there, take over first" in incident["what"]


def test_an_undo_of_a_removal_waits_for_a_person(cli: Program, home: Path) -> None:
    make_doubles(cli, home)
    assert cli("apply", *HERE, "--yes").code == 7
    undone = cli("undo", "last", *HERE, "--yes")
    assert undone.code == 11
    assert "undelete question/2 on the site" in undone.out
    assert "1 step is to do by hand" in undone.out
    assert there() == [1]
