"""`pull`: what people edit on the site comes back as edits of the right lines of the right file."""

from __future__ import annotations

import difflib
import json
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from importer.sandbox import Post, User, World, open_world
from importer.sandbox.values import Permissions, Shares
from tests.cli.stage import Program, Result, posts_in, question, write_manifest
from tests.conftest import ROOT

TEAM = Path("team.db")
DIALECTS = ("2.3", "3")

MANIFEST = """\
version: 1
namespace: handbook
include: ["content/*.md"]
questions:
  # Ask in #ops before you change this one.
  - key: rollback
    title: 'How do I roll back a deploy?'
    tags: [deploys,  production]      # the two that people follow
    body: |
      Look at the release first, then see [the freeze](content/freeze.md).

      Run the tool that rolls back.

      Tell the channel that it is done.
    answers:
      - key: cli
        accepted: true
        body: Run the command that rolls back, and tell the channel.
      - key: ui
        body: Press the button that rolls back, and tell the channel.
"""
PAGE = """\
---
key: freeze
title: When is the release frozen?
tags: [deploys]
---

Over the weekend, and   
before holidays: see [rolling back](key:rollback).

Ask the person on call.

<!-- answer: short -->

On Fridays from noon on, until Monday in the morning.
"""  # noqa: W291 - a hard break
once = pytest.mark.parametrize("here", ["2.3"], indirect=True)
FILE, PAGE_FILE = Path("teams-importer.yaml"), Path("content/freeze.md")


@contextmanager
def on_the_site() -> Iterator[tuple[World, User]]:
    """Act as a person of the team."""
    world = open_world(TEAM)
    try:
        yield world, world.user("acme", "Björn Öst")
    finally:
        world.close()


def post(text: str) -> Post:
    (found,) = (it for it in posts_in(TEAM) if text in (it.title or "") or text in it.body)
    return found


def edit(text: str, old: str, new: str, **more: Any) -> None:
    """Let somebody put *new* in place of *old* in the post that has *text*."""
    found = post(text)
    body = found.body.replace(old, new)
    assert body != found.body or more
    with on_the_site() as (world, person):
        world.edit(person, found.id, body=body, **more)


@pytest.fixture(params=DIALECTS)
def here(request: pytest.FixtureRequest) -> tuple[str, ...]:
    return ("--url", f"sandbox:{TEAM}", "--api", request.param)


@pytest.fixture
def published(cli: Program, home: Path, here: tuple[str, ...]) -> Callable[..., Result]:
    """The manifest, published; call it for a command against the team."""
    (home / "content").mkdir()
    FILE.write_text(MANIFEST)
    PAGE_FILE.write_text(PAGE)

    def run(*arguments: str) -> Result:
        return cli(*arguments, *here)

    done = run("apply", "--yes")
    assert done.code == 0, done.err
    return run


def forget(home: Path) -> None:
    shutil.rmtree(home / ".teams-importer")


def changes(done: Result) -> list[tuple[str, list[str]]]:
    return [(it["key"], [f["field"] for f in it["fields"]]) for it in done.document["changes"]]


def assert_clean(done: Result) -> None:
    document = done.document
    assert (document["changes"], document["drift"], document["blocked"]) == ([], [], [])


@once
def test_nothing_edited_is_nothing_to_take_in(published: Callable[..., Result]) -> None:
    done = published("pull")
    assert (done.code, done.out.splitlines()[-1]) == (0, "Nothing to take in.")
    assert published("pull", "--check").code == 0
    assert (FILE.read_text(), PAGE_FILE.read_text()) == (MANIFEST, PAGE)


def test_an_edit_changes_its_own_lines_and_names_its_author(
    published: Callable[..., Result],
) -> None:
    edit("Look at the release", "Run the tool", "Run the newer tool")
    done = published("pull", "--format", "json")
    assert done.code == 0, done.err
    schema = json.loads((ROOT / "schemas" / "pull.schema.json").read_text())
    jsonschema.validate(done.document, schema)
    (field,) = done.document["fields"]
    assert (field["key"], field["field"], field["how"]) == ("rollback", "body", "taken")
    assert field["edit"]["name"] == "Björn Öst"
    assert (field["file"], field["line"]) == ("teams-importer.yaml", 9)
    text = FILE.read_text()
    seen = next(line for line in text.splitlines() if "seen:" in line)
    assert text.replace(f"{seen}\n", "") == MANIFEST.replace("Run the tool", "Run the newer tool")
    assert PAGE_FILE.read_text() == PAGE
    assert published("pull").out.splitlines()[-1] == "Nothing to take in."
    assert_clean(published("plan", "--format", "json"))


def test_site_edit_pull_journal_wiped_edit_in_git_is_one_clean_update(
    published: Callable[..., Result], home: Path
) -> None:
    edit("Over the weekend", "Ask the person", "Ask Zoë, the person")
    assert published("pull").code == 0
    forget(home)
    assert_clean(published("plan", "--format", "json"))
    PAGE_FILE.write_text(PAGE_FILE.read_text().replace("on call.", "on call, by phone."))
    plan = published("plan", "--format", "json")
    assert changes(plan) == [("freeze", ["body"])]
    assert (plan.document["blocked"], plan.document["drift"]) == ([], [])
    assert published("apply", "--yes").code == 0
    assert "Ask Zoë, the person on call, by phone." in post("Over the weekend").body
    assert_clean(published("plan", "--format", "json"))


def test_a_conflict_settled_by_seen_is_one_clean_update_without_a_journal(
    published: Callable[..., Result], home: Path
) -> None:
    edit("Look at the release", "Run the tool", "Run the newer tool")
    FILE.write_text(FILE.read_text().replace("Run the tool", "Run the best tool"))
    ours = FILE.read_text()
    assert published("pull").code == 11
    assert FILE.read_text() == ours
    assert published("pull", "--keep-ours", "rollback").code == 0
    text = FILE.read_text()
    assert "    seen: {body: " in text
    assert "Run the best tool" in text
    forget(home)
    plan = published("plan", "--format", "json")
    assert (changes(plan), plan.document["blocked"]) == ([("rollback", ["body"])], [])
    assert published("apply", "--yes").code == 0
    assert "Run the best tool" in post("Look at the release").body
    assert_clean(published("plan", "--format", "json"))


@pytest.mark.parametrize("journal", ["kept", "lost"])
def test_what_was_kept_goes_over_an_edit_made_on_the_site_alone(
    published: Callable[..., Result], home: Path, journal: str
) -> None:
    edit("Look at the release", "Run the tool", "Run the newer tool")
    assert published("pull", "--keep-ours", "rollback").code == 0
    if journal == "lost":
        forget(home)
    plan = published("plan", "--format", "json")
    assert (changes(plan), plan.document["drift"]) == ([("rollback", ["body"])], [])
    assert published("apply", "--yes").code == 0
    assert "Run the tool" in post("Look at the release").body
    assert_clean(published("plan", "--format", "json"))


@once
def test_what_was_seen_of_one_field_gives_way_to_what_is_seen_of_another(
    published: Callable[..., Result],
) -> None:
    title = "How do I roll back one deploy?"
    edit("Look at the release", "", "", title=title)
    assert published("pull").code == 0
    assert "    seen: {title: " in FILE.read_text()
    FILE.write_text(FILE.read_text().replace("Tell the channel", "Tell everybody"))
    assert published("apply", "--yes").code == 0
    edit("Look at the release", "Run the tool", "Run the newer tool")
    done = published("pull", "--format", "json")
    assert (done.code, done.document["refused"]) == (0, [])
    assert "    seen: {body: " in FILE.read_text()
    assert "seen: {title: " not in FILE.read_text()
    assert_clean(published("plan", "--format", "json"))


def test_different_paragraphs_are_merged_by_plan_and_by_pull(
    published: Callable[..., Result],
) -> None:
    edit("Look at the release", "Tell the channel that", "Tell everybody that")
    FILE.write_text(FILE.read_text().replace("Look at the release", "Look at the last release"))
    plan = published("plan", "--format", "json")
    assert (changes(plan), plan.document["blocked"]) == ([("rollback", ["body"])], [])
    done = published("pull", "--format", "json")
    assert (done.code, [it["how"] for it in done.document["fields"]]) == (0, ["merged"])
    text = FILE.read_text()
    assert "Look at the last release first, then see [the freeze](content/freeze.md)." in text
    assert "Tell everybody that it is done." in text
    assert published("apply", "--yes").code == 0
    body = post("Look at the last release").body
    assert "Tell everybody that" in body
    assert_clean(published("plan", "--format", "json"))


def test_the_same_line_is_a_conflict_and_nothing_is_written_for_that_item(
    published: Callable[..., Result],
) -> None:
    edit("Look at the release", "Run the tool", "Run the newer tool", title="How to roll it back?")
    edit("Over the weekend", "Ask the person", "Ask Zoë, the person")
    FILE.write_text(FILE.read_text().replace("Run the tool", "Run the best tool"))
    ours = FILE.read_text()
    done = published("pull")
    assert done.code == 11
    assert FILE.read_text() == ours
    assert "Zoë" in PAGE_FILE.read_text()
    for line in ("<<<<<<< manifest", "Run the best tool", "Run the newer tool", "Björn Öst"):
        assert line in done.out
    assert published("plan", "--detailed-exitcode").code == 11


@once
def test_a_conflict_may_be_marked_in_the_text_which_nobody_can_publish(
    published: Callable[..., Result], home: Path
) -> None:
    edit("Look at the release", "Run the tool", "Run the newer tool")
    FILE.write_text(FILE.read_text().replace("Run the tool", "Run the best tool"))
    done = published("pull", "--conflicts", "markers")
    assert done.code == 11
    marked = FILE.read_text()
    user = post("Look at the release").editor_id
    assert (
        "      <<<<<<< manifest\n      Run the best tool that rolls back.\n"
        "      ||||||| last published\n      Run the tool that rolls back.\n      =======\n"
        "      Run the newer tool that rolls back.\n"
        f"      >>>>>>> site, edited by Björn Öst (user {user})\n"
    ) in marked
    refused = published("plan")
    assert refused.code == 3
    assert "conflict-marker" in refused.err
    assert published("apply", "--yes").code == 3
    kept = [it for it in marked.split("\n") if it[6:9] not in ("<<<", "|||", "===", ">>>")]
    settled = "\n".join(kept).replace("      Run the tool that rolls back.\n", "")
    FILE.write_text(settled.replace("      Run the newer tool that rolls back.\n", ""))
    forget(home)
    plan = published("plan", "--format", "json")
    assert (changes(plan), plan.document["blocked"]) == ([("rollback", ["body"])], [])


@once
def test_without_a_journal_both_edited_is_a_conflict_of_two_sides(
    published: Callable[..., Result], home: Path
) -> None:
    edit("Look at the release", "Tell the channel that", "Tell everybody that")
    FILE.write_text(FILE.read_text().replace("Look at the release", "Look at the last release"))
    forget(home)
    done = published("pull", "--conflicts", "markers")
    assert done.code == 11
    text = FILE.read_text()
    assert ("|||||||" in text, text.count("<<<<<<< manifest")) == (False, 2)
    FILE.write_text(MANIFEST.replace("Look at the release", "Look at the last release"))
    assert published("pull", "--take-site", "rollback").code == 0
    assert "Tell everybody that" in FILE.read_text()


@pytest.mark.parametrize("journal", ["kept", "lost"])
def test_what_is_edited_again_after_a_pull_comes_in_again(
    published: Callable[..., Result], home: Path, journal: str
) -> None:
    """The manifest is the version that `seen:` names: the site alone moved, whatever is older."""
    edit("Look at the release", "Run the tool", "Run the newer tool")
    edit("Over the weekend", "Ask the person", "Ask Zoë, the person")
    assert published("pull").code == 0
    seen = re.findall("seen: .*", FILE.read_text() + PAGE_FILE.read_text())
    if journal == "lost":
        forget(home)
    edit("Look at the release", "Run the newer tool", "Run the newest tool")
    edit("Over the weekend", "Ask Zoë", "Ask Zoë Ash")
    plan = published("plan", "--format", "json").document
    assert (plan["changes"], plan["blocked"]) == ([], [])
    assert {(it["key"], it["field"]) for it in plan["drift"]} == {
        ("rollback", "body"),
        ("freeze", "body"),
    }
    assert published("apply", "--yes").code == 0
    assert "newest" in post("Look at the release").body, "drift is kept"
    done = published("pull", "--format", "json")
    assert (done.code, {it["how"] for it in done.document["fields"]}) == (0, {"taken"})
    now = FILE.read_text() + PAGE_FILE.read_text()
    assert "Run the newest tool" in now
    assert "Zoë Ash" in now
    assert not set(seen) & set(re.findall("seen: .*", now))
    assert_clean(published("plan", "--format", "json"))


@once
def test_an_edit_in_the_repository_after_a_pull_and_one_on_the_site_are_two_sides(
    published: Callable[..., Result], home: Path
) -> None:
    edit("Look at the release", "Run the tool", "Run the newer tool")
    assert published("pull").code == 0
    forget(home)
    FILE.write_text(FILE.read_text().replace("Run the newer tool", "Run the best tool"))
    edit("Look at the release", "Run the newer tool", "Run the newest tool")
    (blocked,) = published("plan", "--format", "json").document["blocked"]
    assert blocked["code"] == "conflict"
    done = published("pull", "--format", "json")
    (field,) = done.document["fields"]
    assert (done.code, field["how"], field["base"]) == (11, "conflict", "")
    assert "Run the best tool" in field["ours"]
    assert "Run the newest tool" in field["live"]


@once
def test_a_commit_that_is_taken_back_to_what_was_pulled_is_an_update(
    published: Callable[..., Result], home: Path
) -> None:
    edit("Look at the release", "Run the tool", "Run the newer tool")
    assert published("pull").code == 0
    pulled = FILE.read_text()
    FILE.write_text(pulled.replace("Run the newer tool", "Run the best tool"))
    assert published("apply", "--yes").code == 0
    forget(home)
    FILE.write_text(pulled)
    plan = published("plan", "--format", "json")
    assert (changes(plan), plan.document["drift"]) == ([("rollback", ["body"])], [])


DIGESTS = {
    "flow": "answers: {short: {seen: {body: {0}}}}\n",
    "block": "answers:\n  short:\n    seen:\n      body: {0}\n",
    "flow in a block": "answers:\n  short:\n    seen: {body: {0}}\n",
}


@once
@pytest.mark.parametrize("quote", ["", "'", '"'], ids=["plain", "single", "double"])
@pytest.mark.parametrize("form", DIGESTS)
def test_a_digest_of_an_answer_is_renewed_in_the_front_matter_however_it_is_written(
    published: Callable[..., Result], form: str, quote: str
) -> None:
    said = DIGESTS[form].replace("{0}", f"{quote}77ydhtzx{quote}")
    PAGE_FILE.write_text(PAGE.replace("tags: [deploys]\n", f"tags: [deploys]\n{said}"))
    edit("On Fridays", "noon on", "ten on")
    done = published("pull", "--format", "json")
    assert (done.code, done.document["refused"]) == (0, [])
    text = PAGE_FILE.read_text()
    assert "On Fridays from ten on" in text
    assert ("77ydhtzx" in text, text.count("seen:")) == (False, 1)
    assert_clean(published("plan", "--format", "json"))
    edit("On Fridays", "ten on", "nine on")
    assert published("pull").code == 0
    assert "On Fridays from nine on" in PAGE_FILE.read_text()


def test_titles_tags_answers_and_marks_come_in(published: Callable[..., Result]) -> None:
    edit("Look at the release", "", "", title="What is a 'rollback', and how?",
         tags=("production", "rollback"))  # fmt: skip
    edit("Press the button", "Press the button", "Press the red button")
    question, answer = post("Look at the release"), post("Press the red button")
    with on_the_site() as (world, _):
        owner = next(it for it in world.users("acme") if it.id == question.owner_id)
        world.accept(owner, answer.id)
    done = published("pull", "--format", "json")
    assert done.code == 0, done.out
    text = FILE.read_text()
    assert "    title: 'What is a ''rollback'', and how?'\n" in text
    assert "    tags: [production, rollback]      # the two that people follow\n" in text
    assert "        body: Press the red button that rolls back, and tell the channel.\n" in text
    assert text.index("accepted: true") > text.index("key: ui")
    assert_clean(published("plan", "--format", "json"))


def test_links_come_in_as_their_author_wrote_them(published: Callable[..., Result]) -> None:
    freeze, rollback = post("Over the weekend"), post("Look at the release")
    site = "http://sandbox.localhost/c/acme"
    edit(
        "Look at the release",
        "Look at the release first",
        f"Look at [the answer]({site}/a/{post('On Fridays').id}), [this]({site}/questions/"
        f"{rollback.id}/slug), [none]({site}/questions/99999) first",
    )
    done = published("pull", "--format", "json")
    assert (done.code, done.document["refused"]) == (0, [])
    assert (
        f"Look at [the answer](key:freeze#short), [this](key:rollback), [none]({site}/questions/"
        "99999) first, then see [the freeze](content/freeze.md)."
    ) in FILE.read_text()
    assert freeze.id
    assert_clean(published("plan", "--format", "json"))


HOSTILE = {
    "an answer's line": ("<!-- answer: evil -->", False),
    "a control character": ("a \x1b[2J b", False),
    "a marker's copy": ("<!-- teams-importer:1 handbook:other b=abcdefgh -->\n\ntext", False),
    "conflict markers": ("<<<<<<< HEAD\na\n=======\nb\n>>>>>>> topic", False),
    "a fence left open": ("```\nnever closed", False),
    "a key that nobody has": ("[x](key:nowhere)", False),
    "a file that isn't there": ("[x](../../etc/passwd.md)", False),
    "front matter": ("---\nkey: evil\n---", True),
    "tabs": ("\ta\tb\n\n- c\n\t- d", True),
    "YAML": ('questions: [{key: "x"}]\n# no comment\n  - &a *b %YAML', True),
    "indentation": ("        deep\n\n    less", True),
    "entities": ("&lt;b&gt; &amp;amp; \\# \\*", True),
    "more than the limit": ("words " * 300, False),
}
HOSTILE_TITLES = {
    "quotes and YAML": ("@a: 'b' \"c\" #d \\ - [e] {f} & *g | > !h %i `j`?", True),
    "reordered letters": ("What is \u202eesrever in here?", False),
    "longer than the limit": ("What is it that is so very long? " * 4, False),
}


def test_what_would_break_a_manifest_is_refused_item_by_item(
    cli: Program, home: Path, here: tuple[str, ...]
) -> None:
    (home / "content").mkdir()
    limits = "limits: {question: {body: {max: 1500}, title: {max: 100}}}\n"
    FILE.write_text(MANIFEST.partition("questions:")[0] + limits)
    names = {f"case-{number}": it for number, it in enumerate(HOSTILE.values())}
    titles = {f"title-{number}": it for number, it in enumerate(HOSTILE_TITLES.values())}
    cases = {**names, **titles}
    pages = {Path(f"content/{name}.md"): _page(name) for name in cases}
    for path, text in pages.items():
        path.write_text(text)
    assert cli("apply", "--yes", *here).code == 0
    with on_the_site() as (world, person):
        for name, (text, _) in names.items():
            (found,) = (
                it for it in world.questions("acme") if f"thing {name}?" in (it.title or "")
            )
            new = found.body.replace("Ask us.", f"Before.\n\n{text}\n\nAfter.")
            world.edit(person, found.id, body=new)
        for name, (text, _) in titles.items():
            (found,) = (
                it for it in world.questions("acme") if f"thing {name}?" in (it.title or "")
            )
            world.edit(person, found.id, title=text)
    done = cli("pull", *here, "--format", "json")
    assert done.code == 11, done.err
    refused = {it["key"] for it in done.document["refused"]}
    assert refused == {name for name, (_, fits) in cases.items() if not fits}
    kept = {path.stem for path, text in pages.items() if path.read_text() == text}
    assert kept == refused
    assert cli("validate").code == 0
    plan = cli("plan", *here, "--format", "json")
    assert {it["key"] for it in plan.document["drift"]} == refused
    assert (plan.document["changes"], plan.document["blocked"]) == ([], [])


def _page(name: str) -> str:
    title = f"How do I do thing {name}?"
    words = "Thirty characters are what a text must have.\n\nAsk us.\n"
    return f"---\nkey: {name}\ntitle: {title}\ntags: [deploys]\n---\n\n{words}"


@once
def test_a_check_shows_the_differences_and_writes_nothing(
    published: Callable[..., Result], home: Path
) -> None:
    edit("Look at the release", "Run the tool", "Run the newer `@all` tool")
    before = {it: it.read_bytes() for it in home.rglob("*") if it.is_file() and it.suffix != ".db"}
    done = published("pull", "--check", "--format", "markdown")
    assert done.code == 2
    assert "-      Run the tool that rolls back." in done.out
    assert "+      Run the newer `@all` tool that rolls back." in done.out
    assert "Björn" in done.out
    assert published("pull", "--dry-run").code == 2
    after = {it: it.read_bytes() for it in home.rglob("*") if it.is_file() and it.suffix != ".db"}
    assert before == after


@once
def test_only_takes_what_its_glob_fits(published: Callable[..., Result]) -> None:
    edit("Over the weekend", "Ask the person", "Ask Zoë, the person")
    edit("Look at the release", "Run the tool", "Run the newer tool")
    assert published("pull", "--only", "freeze*").code == 0
    assert FILE.read_text() == MANIFEST
    assert "Zoë" in PAGE_FILE.read_text()


@once
def test_only_takes_a_question_with_its_answers_as_a_plan_does(
    published: Callable[..., Result],
) -> None:
    edit("On Fridays", "noon on", "ten on")
    edit("Press the button", "Press the button", "Press the red button")
    assert published("pull", "--only", "rollback#cli").out.splitlines()[-1] == "Nothing to take in."
    assert published("pull", "--only", "freeze").code == 0
    assert "ten on" in PAGE_FILE.read_text()
    assert "red button" not in FILE.read_text()
    plan = published("plan", "--only", "rollback", "--format", "json").document
    assert [it["key"] for it in plan["drift"]] == ["rollback#ui"]


@once
@pytest.mark.parametrize("option", ["--keep-ours", "--take-site"])
def test_a_key_that_decides_nothing_is_refused_where_something_near_is_to_be_decided(
    published: Callable[..., Result], option: str
) -> None:
    edit("Press the button", "Press the button", "Press the red button")
    edit("Over the weekend", "Ask the person", "Ask Zoë, the person")
    files = FILE.read_text(), PAGE_FILE.read_text()
    for typed, why, hint in (
        ("freez", "no item of this manifest has that key", "Did you mean `freeze`?"),
        ("rollback", "but in rollback#ui", f"`{option} 'rollback#ui'`"),
        ("freeze#short", "but in freeze", f"`{option} 'freeze'`"),
    ):
        refused = published("pull", option, typed)
        assert (refused.code, refused.out) == (64, "")
        assert why in refused.err
        assert hint in refused.err
        assert (FILE.read_text(), PAGE_FILE.read_text()) == files
    for typed in ("rollback#ui", "freez*", "rollback*"):
        assert published("pull", option, typed, "--check").code == 2


@once
@pytest.mark.parametrize("option", ["--keep-ours", "--take-site"])
def test_a_decision_may_be_made_again(published: Callable[..., Result], option: str) -> None:
    edit("Look at the release", "Run the tool", "Run the newer tool")
    assert published("pull", option, "rollback").code == 0
    files = FILE.read_text(), PAGE_FILE.read_text()
    for typed in ("rollback", "rollback#cli"):
        done = published("pull", option, typed)
        assert done.code == 0
        assert f"note: {option} {typed!r}: nothing to decide there" in done.err
    idle = published("pull", option, "onkall/*")
    assert (idle.code, f"{option} 'onkall/*' fits no key" in idle.err) == (0, True)
    assert (FILE.read_text(), PAGE_FILE.read_text()) == files


@once
def test_a_key_goes_before_a_glob_and_two_decisions_of_one_kind_are_refused(
    published: Callable[..., Result],
) -> None:
    edit("Press the button", "Press the button", "Press the red button")
    edit("Over the weekend", "Ask the person", "Ask Zoë, the person")
    files = FILE.read_text(), PAGE_FILE.read_text()
    for ours, theirs in (("freeze", "freeze"), ("freez*", "*"), ("*", "*")):
        torn = published("pull", "--keep-ours", ours, "--take-site", theirs)
        assert (torn.code, torn.out) == (64, "")
        assert "both fit freeze" in torn.err
        assert (FILE.read_text(), PAGE_FILE.read_text()) == files
    for options in (
        ("--take-site", "*", "--keep-ours", "rollback#ui"),
        ("--keep-ours", "*", "--take-site", "freeze"),
    ):
        done = published("pull", *options, "--check", "--format", "json").document
        how = {it["key"]: it["how"] for it in done["fields"]}
        assert how == {"rollback#ui": "kept", "freeze": "taken"}


@once
def test_what_is_gone_or_without_an_item_is_mentioned(published: Callable[..., Result]) -> None:
    answer = post("Press the button")
    with on_the_site() as (world, _):
        owner = next(it for it in world.users("acme") if it.id == answer.owner_id)
        world.delete(owner, answer.id)
    PAGE_FILE.unlink()
    FILE.write_text(
        MANIFEST.replace("[the freeze](content/freeze.md)", "the freeze").replace("include", "# i")
    )
    done = published("pull", "--format", "json")
    assert [it["key"] for it in done.document["gone"]] == ["rollback#ui"]
    assert {it["key"] for it in done.document["orphans"]} == {"freeze", "freeze#short"}


@once
def test_a_pull_reads_only_and_leaves_the_journal(
    published: Callable[..., Result], home: Path
) -> None:
    edit("Look at the release", "Run the tool", "Run the newer tool")
    (journal,) = home.glob(".teams-importer/*.db")
    before = journal.read_bytes(), posts_in(TEAM)
    assert published("pull").code == 0
    assert (journal.read_bytes(), posts_in(TEAM)) == before


def test_articles_collections_and_images_come_in_too(cli: Program, home: Path) -> None:
    shutil.copytree(ROOT / "examples/people", home, dirs_exist_ok=True)
    here = ("--url", f"sandbox:{TEAM}", "--api", "3")
    # Experts are for administrators to name.
    assert cli("apply", *here, "--yes").code == 11
    before = FILE.read_text()
    with on_the_site() as (world, _):
        leave, first = (
            next(it for it in world.articles("acme") if words in str(it.title))
            for words in ("Annual leave", "What happens")
        )
        owner = next(it for it in world.users("acme") if it.id == leave.owner_id)
        image = re.search(r"!\[[^]]*]\([^)]*\)", first.body)
        assert image
        world.edit(
            owner,
            leave.id,
            body=leave.body.replace("28", "30").replace("## Asking", f"{image[0]}\n\n## Asking"),
            article_type="how-to-guide",
            permissions=Permissions("everyone"),
        )
        (start,) = world.collections("acme")
        world.replace_collection(
            owner,
            start.id,
            title="Start here, please",
            description=start.description.replace("Three pages", "Some pages"),
            content_ids=[*reversed(start.content_ids)],
        )
    done = cli("pull", *here, "--format", "json")
    assert (done.code, done.document["refused"]) == (0, []), done.err
    text = FILE.read_text()
    kept = [line for line in text.split("\n") if "seen:" not in line]
    days = "days of leave a year, and the public holidays of the place they live in."
    changed = [it for it in difflib.ndiff(before.split("\n"), kept) if it[:1] in "+-"]
    assert changed == [
        "-     type: policy",
        "+     type: how-to-guide",
        "-     permissions: {editable_by: specific-editors, users: [1003]}",
        "+     permissions: {editable_by: everyone}",
        f"-       Everybody has 28 {days}",
        f"+       Everybody has 30 {days}",
        "+ ",
        "+       ![From the door straight on, then right](img/way-to-your-desk.png)",
        "-     title: Start here",
        "+     title: Start here, please",
        "-       Three pages for your first week. Begin with [the first day](key:first-day).",
        "+       Some pages for your first week. Begin with [the first day](key:first-day).",
        "-     items: [first-day, payday, policy/leave]",
        "+     items: [policy/leave, payday, first-day]",
    ]
    plan = cli("plan", *here, "--format", "json").document
    assert (plan["changes"], plan["drift"]) == ([], [])


@once
def test_what_was_noted_is_taken_out_once_the_post_says_it_itself(
    published: Callable[..., Result],
) -> None:
    edit("Look at the release", "Run the tool", "Run the newer tool")
    assert published("pull").code == 0
    FILE.write_text(FILE.read_text().replace("Tell the channel that", "Tell everybody that"))
    assert published("apply", "--yes").code == 0
    assert "    seen: {body:" in FILE.read_text()
    edit("Over the weekend", "Ask the person", "Ask Zoë, the person")
    assert published("pull").code == 0
    assert "    seen: {body:" not in FILE.read_text()
    assert "seen: {body:" in PAGE_FILE.read_text()
    assert_clean(published("plan", "--format", "json"))


@once
def test_tags_keep_the_names_that_the_manifest_calls_them_by(
    published: Callable[..., Result],
) -> None:
    FILE.write_text(MANIFEST.replace("[deploys,  production]", "[k8s, deployment]"))
    assert published("apply", "--yes").code == 0
    with on_the_site() as (world, _):
        moderator = next(it for it in world.users("acme") if it.moderates)
        world.add_synonym(moderator, "k8s", "kubernetes")
    edit("Look at the release", "", "", tags=("kubernetes", "deployment", "oncall"))
    declared = "tags:\n  - {name: deploys, was: [deployment]}\nquestions:"
    FILE.write_text(FILE.read_text().replace("questions:", declared))
    done = published("pull", "--format", "json")
    assert (done.code, done.document["refused"]) == (0, []), done.out
    assert "    tags: [k8s, deployment, oncall]      # the two" in FILE.read_text()
    plan = published("plan", "--format", "json")
    assert changes(plan) == [("rollback", ["tags"])]
    assert (plan.document["drift"], plan.document["blocked"]) == ([], [])


def test_experts_of_a_tag_are_taken_when_asked_for(cli: Program, home: Path) -> None:
    here = ("--url", f"sandbox:{TEAM}", "--api", "3")
    declared = "tags:\n  - name: deploys\n    experts: {users: [1003], exact: true}   # who knows\n"
    (home / "content").mkdir()
    FILE.write_text(MANIFEST.replace("questions:", f"{declared}questions:"))
    PAGE_FILE.write_text(PAGE)
    cli("apply", *here, "--yes")
    with on_the_site() as (world, _):
        admin = world.add_user("acme", "Ada Admin", role="admin")
        (tag,) = (it for it in world.tags("acme") if it.name == "deploys")
        world.set_experts(admin, tag.id, Shares((1002, admin.id)))
    assert cli("pull", *here).code == 11
    done = cli("pull", *here, "--take-site", "tag:*", "--format", "json")
    assert (done.code, done.document["refused"]) == (0, []), done.out
    expected = f"    experts: {{users: [1002, {admin.id}], exact: true}}   # who knows\n"
    assert expected in FILE.read_text()


@pytest.mark.parametrize(
    ("way", "after"),
    [
        pytest.param(["pull", "--take-site", "rollback"], [], id="the site's"),
        pytest.param(["pull", "--keep-ours", "rollback"], ["rollback!update"], id="the manifest's"),
        pytest.param(["adopt", "--accept", "a.csv"], ["rollback!update"], id="by adopt"),
    ],
)
def test_each_way_that_a_plan_names_settles_what_has_no_base(
    cli: Program, home: Path, way: list[str], after: list[str]
) -> None:
    here = ("--url", f"sandbox:{TEAM}")
    cli("plan", *here)
    with on_the_site() as (world, by):
        body = "Somebody wrote this on the site, with care and by hand."
        number = world.ask(by, title="How do we roll back?", body=body, tags=["deploys"]).id
    write_manifest(home, {**question("rollback"), "id": number, "tags": ["deploys"]})
    (blocked,) = cli("plan", *here, "--format", "json").document["blocked"]
    assert blocked["code"] == "no-base"
    assert "`teams-importer pull --take-site rollback`" in blocked["remedy"]
    assert "`pull --keep-ours rollback`" in blocked["remedy"]
    assert "`adopt`" in blocked["remedy"]
    assert cli("pull", *here).code == 11, "by itself, pull takes nothing that it can't tell apart"
    if way[0] == "adopt":
        assert cli("adopt", *here, "--out", "a.csv").code == 0
        rows = Path("a.csv").read_text(encoding="utf-8-sig")
        assert ',,"its post, without a base"' in rows
        Path("a.csv").write_text(rows.replace(',,"its post', 'yes,,"its post'))
    assert cli(*way, *here).code == 0
    plan = cli("plan", *here, "--format", "json").document
    assert ([it["id"] for it in plan["changes"]], plan["blocked"]) == (after, [])
