"""An edit made on the site meets one made in the manifest: merged, or left to a person."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from importer.sandbox import open_world
from tests.cli.stage import Program, posts_in, question, write_manifest

DATABASE = Path("team.db")
HOW = "First find out why it fails."
WHOM = "Then tell the channel about it."
BODY = f"{HOW}\n\nThe command is in the handbook.\n\n{WHOM}\n"
LINE = "One line is all that there is to say about it."
OURS, THEIRS = "First find the cause.", "Then tell everybody who is on call."


@pytest.fixture(params=["2.3", "3"])
def here(request: pytest.FixtureRequest) -> list[str]:
    return ["--url", f"sandbox:{DATABASE}", "--api", request.param]


def published(home: Path, cli: Program, here: list[str], **more: Any) -> Path:
    """Publish two questions and an answer, and return the manifest."""
    answer = {"key": "cli", "body": BODY.replace("the handbook", "an answer")}
    path = write_manifest(
        home,
        question("rollback", body=BODY, answers=[answer]),
        question("freeze", body=LINE),
        **more,
    )
    assert cli("apply", *here, "--yes").code == 0
    return path


def edit_on_site(old: str, new: str) -> None:
    """Let a colleague edit whatever post has *old* in it."""
    world = open_world(DATABASE)
    colleague = world.user("acme", "Björn Öst")
    for post in [*world.questions("acme"), *world.answers("acme")]:
        if old in post.body:
            world.edit(colleague, post.id, body=post.body.replace(old, new))
    world.close()


def edit_here(path: Path, old: str, new: str) -> None:
    before = path.read_text()
    assert old in before
    path.write_text(before.replace(old, new))


def bodies() -> list[str]:
    """Return the texts of all posts, without markers."""
    return [it.body.replace("\r\n", "\n").split("<!--")[0].strip() for it in posts_in(DATABASE)]


def wipe_journal(home: Path) -> None:
    shutil.rmtree(home / ".teams-importer")


def test_edits_of_different_paragraphs_are_merged_and_both_are_in_the_post(
    home: Path, cli: Program, here: list[str]
) -> None:
    path = published(home, cli, here)
    edit_on_site(WHOM, THEIRS)
    edit_here(path, HOW, OURS)
    plan = cli("plan", *here, "--detailed-exitcode", "--format", "json")
    assert plan.code == 2
    changes = plan.document["changes"]
    assert {it["key"]: it["reason"] for it in changes} == {
        "rollback": "merged",
        "rollback#cli": "merged",
    }
    assert changes[0]["edit"]["name"] == "Björn Öst"
    shown = cli("plan", *here).out
    assert "merged with an edit made on the site by Björn Öst (user 1002)" in shown
    assert "0 to create, 2 to update, 0 to delete; 1 unchanged" in shown

    applied = cli("apply", *here, "--yes")
    assert applied.code == 0, applied.out
    asked, other, answered = bodies()
    assert (OURS in asked, THEIRS in asked, other) == (True, True, LINE)
    assert (OURS in answered, THEIRS in answered) == (True, True)

    again = cli("plan", *here, "--detailed-exitcode")
    assert again.code == 0
    assert "No changes to make; 2 drifted fields are kept" in again.out
    assert cli("plan", *here, "--fail-on", "drift").code == 11
    assert cli("apply", *here, "--yes").code == 0
    assert bodies() == [asked, other, answered]


def test_a_merge_is_merged_again_and_taken_back(home: Path, cli: Program, here: list[str]) -> None:
    path = published(home, cli, here)
    edit_on_site(WHOM, THEIRS)
    edit_here(path, HOW, OURS)
    assert cli("apply", *here, "--yes").code == 0
    merged = bodies()
    edit_here(path, "The command is in", "It is told in")
    assert cli("apply", *here, "--yes").code == 0
    asked = bodies()[0]
    assert all(it in asked for it in (OURS, THEIRS, "It is told in"))
    assert cli("undo", "last", *here, "--yes").code == 0
    assert bodies() == merged


def test_edits_of_the_same_line_are_a_conflict_and_the_rest_is_done(
    home: Path, cli: Program, here: list[str]
) -> None:
    path = published(home, cli, here)
    edit_on_site(LINE, "One line is all that anybody has to say about it.")
    edit_here(path, LINE, "One line is everything that there is to say about it.")
    edit_here(path, HOW, OURS)
    plan = cli("plan", *here, "--detailed-exitcode")
    assert plan.code == 11
    before = bodies()
    assert cli("apply", *here, "--yes").code == 11
    after = bodies()
    assert after[1] == before[1] == "One line is all that anybody has to say about it."
    assert OURS in after[0]

    (blocked,) = cli("plan", *here, "--format", "json").document["blocked"]
    (side,) = blocked["sides"]
    assert [side[it]["holed"].strip() for it in ("base", "ours", "live")] == [
        LINE,
        "One line is everything that there is to say about it.",
        "One line is all that anybody has to say about it.",
    ]
    assert blocked["edit"]["name"] == "Björn Öst"
    shown = [it.strip() for it in plan.out.splitlines()]
    assert "body (here) +1 -1 lines" in shown
    assert "| ~ One line is [-all-]{+everything+} that there is to say about it." in shown
    assert "body (site) +1 -1 lines" in shown
    assert "| ~ One line is all that [-there is-]{+anybody has+} to say about it." in shown


def test_another_edit_after_the_plan_refuses_a_merge(
    home: Path, cli: Program, here: list[str]
) -> None:
    path = published(home, cli, here)
    edit_on_site(WHOM, THEIRS)
    edit_here(path, HOW, OURS)
    assert cli("plan", *here, "--out", "plan.json").code == 0
    edit_on_site("is in an answer", "is in this answer")
    before = bodies()
    done = cli("apply", "plan.json", *here, "--yes")
    assert done.code == 5
    asked, _, answered = bodies()
    assert (OURS in asked, THEIRS in asked) == (True, True)
    assert answered == before[2]


def test_overwriting_goes_before_merging(home: Path, cli: Program, here: list[str]) -> None:
    path = published(home, cli, here)
    edit_on_site(WHOM, THEIRS)
    edit_here(path, HOW, OURS)
    assert cli("apply", *here, "--yes", "--on-drift", "overwrite").code == 0
    assert THEIRS not in bodies()[0]
    assert OURS in bodies()[0]


def test_without_a_journal_nothing_is_merged_and_the_way_on_is_named(
    home: Path, cli: Program, here: list[str]
) -> None:
    path = published(home, cli, here)
    edit_on_site(WHOM, THEIRS)
    edit_here(path, HOW, OURS)
    wipe_journal(home)
    plan = cli("plan", *here, "--detailed-exitcode")
    assert plan.code == 11
    assert "what both started from is not known here, so nothing can be merged" in plan.out
    assert "`teams-importer pull --take-site rollback` takes the site's version" in plan.out
    assert "`pull --keep-ours rollback` or `seen: {body: " in plan.out
    before = bodies()
    assert cli("apply", *here, "--yes").code == 11
    assert bodies() == before


@pytest.mark.parametrize("written_as", ["yaml", "front matter"])
def test_a_conflict_settled_by_seen_is_one_clean_update_without_a_journal(
    home: Path, cli: Program, here: list[str], written_as: str
) -> None:
    if written_as == "yaml":
        path = published(home, cli, here)
    else:
        write_manifest(home, include=["*.md"])
        path = home / "rollback.md"
        path.write_text(
            f"---\nkey: rollback\ntitle: How to roll back?\ntags: [testing]\n---\n{BODY}"
        )
        assert cli("apply", *here, "--yes").code == 0
    edit_on_site("The command is in the handbook.", "Björn knows the command.")
    edit_here(path, "The command is in the handbook.", "The command is in chapter two.")
    wipe_journal(home)
    (blocked,) = cli("plan", *here, "--format", "json").document["blocked"]
    stated = blocked["remedy"].split("`")[-2]
    assert stated.startswith("seen: {body: ")
    digest = stated.removeprefix("seen: {body: ").removesuffix("}")
    if written_as == "yaml":
        edit_here(path, '"key": "rollback",', f'"key": "rollback", "seen": {{"body": "{digest}"}},')
    else:
        edit_here(path, "tags: [testing]\n", f"tags: [testing]\n{stated}\n")

    plan = cli("plan", *here, "--detailed-exitcode", "--format", "json")
    assert plan.code == 2, plan.err
    assert [it["id"] for it in plan.document["changes"]] == ["rollback!update"]
    assert cli("apply", *here, "--yes").code == 0
    assert "The command is in chapter two." in bodies()[0]
    assert "Björn" not in bodies()[0]
    wipe_journal(home)
    again = cli("plan", *here, "--detailed-exitcode")
    assert (again.code, "No changes" in again.out) == (0, True)


def test_a_journal_made_anew_knows_what_merges_start_from(
    home: Path, cli: Program, here: list[str]
) -> None:
    path = published(home, cli, here)
    wipe_journal(home)
    assert cli("apply", *here, "--yes").code == 0
    edit_on_site(WHOM, THEIRS)
    edit_here(path, HOW, OURS)
    assert cli("apply", *here, "--yes").code == 0
    assert all(it in bodies()[0] for it in (OURS, THEIRS))


def test_posts_that_were_taken_over_are_merged_as_if_they_had_been_written(
    home: Path, cli: Program, here: list[str]
) -> None:
    world = open_world(DATABASE)
    title = "What is the story of the post that was there?"
    post = world.ask(world.users("acme")[0], title=title, body=BODY, tags=["testing"])
    world.close()
    path = write_manifest(home, {**question("mine", title=title, body=BODY), "id": post.id})
    assert cli("apply", *here, "--yes").code == 0
    edit_on_site(WHOM, THEIRS)
    edit_here(path, HOW, OURS)
    assert cli("apply", *here, "--yes").code == 0
    assert all(it in bodies()[0] for it in (OURS, THEIRS))
