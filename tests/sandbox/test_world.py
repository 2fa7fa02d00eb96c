"""What people can do on the site, and what a world keeps."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from importer.sandbox import (
    Behaviour,
    Permissions,
    Rule,
    RuleBroken,
    SandboxError,
    SteppedClock,
    open_world,
)
from importer.sandbox.schema import STEPS
from tests.sandbox.driver import BODY, TITLE, UNHURRIED, Town

Found = Callable[..., Town]


def test_a_fresh_world_has_two_teams_with_people(town: Town) -> None:
    assert [team.slug for team in town.world.teams()] == ["acme", "umbrella"]
    assert len(town.world.users("acme")) == 3
    assert town.tokens.foreign == town.world.tokens("umbrella").read_write
    assert len({*vars_of(town.tokens)}) == 4


def vars_of(tokens: Any) -> list[str]:
    return [tokens.read_write, tokens.read_only, tokens.expired, tokens.foreign]


def test_a_file_keeps_everything(tmp_path: Path) -> None:
    path = tmp_path / "team.db"
    world = open_world(path, tier="basic")
    tokens, ada = world.tokens(), world.users("acme")[0]
    question = world.ask(ada, title=TITLE, body=BODY, tags=["a"])
    extra = world.issue_token(ada)
    world.close()
    world.close()

    again = open_world(path, tier="business")
    assert again.tokens() == tokens
    assert again.team("acme").tier == "basic"
    assert again.users("acme")[0] == ada
    assert again.questions("acme") == (question,)
    assert again.find_token(extra) is not None
    again.close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_tokens_are_random_unless_a_seed_is_given() -> None:
    worlds = [open_world(), open_world(), open_world(seed=7), open_world(seed=7)]
    tokens = [vars_of(world.tokens()) for world in worlds]
    issued = [world.issue_token(world.users("acme")[1]) for world in worlds]
    for world in worlds:
        world.close()
    assert not set(tokens[0]) & set(tokens[1])
    assert tokens[2] == tokens[3]
    assert issued[2] == issued[3]
    assert issued[2] not in tokens[2]


def test_tokens_stay_out_of_representations(town: Town) -> None:
    token = town.world.find_token(town.tokens.read_write)
    assert town.tokens.read_write not in repr(token) + repr(town.tokens) + repr(town.world)


def _text(path: Path) -> None:
    path.write_text("Dear diary, " * 1000)


def _other_database(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE other (id)")
    connection.close()


def _newer(path: Path) -> None:
    open_world(path).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()


def _folder(path: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (_text, "not a sandbox file"),
        (_other_database, "not a sandbox's"),
        (_newer, "newer version"),
        (_folder, "can't be opened"),
    ],
)
def test_foreign_files_are_refused_and_left_alone(
    tmp_path: Path, spoil: Callable[[Path], None], says: str
) -> None:
    path = tmp_path / "file"
    spoil(path)
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(SandboxError, match=says):
        open_world(path)
    assert before is None or path.read_bytes() == before


_OLD_CONTENT = """
INSERT INTO teams VALUES (1, 'acme', 'Acme', 'business'), (2, 'other', 'Other', 'basic');
INSERT INTO users VALUES (1001, 1, 901001, 'Ada', 'member', 101, '', 1700000000),
    (1002, 2, 901002, 'Uma', 'moderator', 101, '', 1700000000);
INSERT INTO tokens (secret, user_id, write, sort) VALUES ('s3cret', 1001, 1, 'read_write');
INSERT INTO posts (id, team_id, kind, title, body, tags, owner_id, created, activity, article_type)
    VALUES (7, 1, 'article', 'Old', 'Old.', 'a', 1001, 5, 5, 'policy');
INSERT INTO tags (id, team_id, name, created) VALUES (3, 1, 'a', 5);
INSERT INTO post_tags VALUES (3, 7);
"""


def _old_file(path: Path, version: int) -> None:
    marks = f"PRAGMA application_id = {0x534F5442}; PRAGMA user_version = {version};"
    connection = sqlite3.connect(path)
    connection.executescript("".join((*STEPS[:version], marks, _OLD_CONTENT)))
    connection.close()


@pytest.mark.parametrize("version", [1, 2])
def test_a_file_of_an_older_version_is_taken_over(tmp_path: Path, version: int) -> None:
    _old_file(tmp_path / "team.db", version)
    for _ in range(2):
        world = open_world(tmp_path / "team.db")
        (ada,) = world.users("acme")
        assert (ada.name, ada.email, world.tokens().read_write) == ("Ada", None, "s3cret")
        assert [post.title for post in world.articles("acme")] == ["Old"]
        assert world.permissions(7) == Permissions("ownerOnly")
        world.make_collection(ada, title="Reading list", content_ids=[7])
        assert world.collections("acme")[-1].tags == ("a",)
        world.void_token("s3cret")
        token = world.find_token("s3cret")
        assert token is not None
        assert token.compromised
        world.close()
    assert _version(tmp_path / "team.db") == len(STEPS)


def _version(path: Path) -> int:
    connection = sqlite3.connect(path)
    found: int = connection.execute("PRAGMA user_version").fetchone()[0]
    connection.close()
    return found


def test_a_file_serves_one_world_at_a_time(tmp_path: Path) -> None:
    world = open_world(tmp_path / "team.db")
    with pytest.raises(SandboxError, match="another sandbox"):
        open_world(tmp_path / "team.db")
    world.close()
    open_world(tmp_path / "team.db").close()
    with pytest.raises(SandboxError, match="can't be written"):
        open_world(tmp_path / "no" / "such" / "folder.db")


def test_teams_and_people_can_be_added(town: Town) -> None:
    town.world.add_team("hooli", tier="free")
    gavin = town.world.add_user("hooli", "Gavin", role="admin")
    assert town.world.tokens("hooli").read_write != town.tokens.read_write
    assert town.world.ask(gavin, title=TITLE, body=BODY, tags=["a"]).team_id == gavin.team_id
    assert town.world.questions("acme") == ()
    with pytest.raises(SandboxError):
        town.world.add_team("hooli")
    with pytest.raises(SandboxError, match="nowhere"):
        town.world.users("nowhere")
    with pytest.raises(SandboxError, match="Nobody"):
        town.world.user("acme", "Nobody")
    assert town.world.set_tier("hooli", "basic").tier == "basic"


def _refused(action: Callable[[], object]) -> Rule:
    with pytest.raises(RuleBroken) as caught:
        action()
    return caught.value.rule


def test_who_may_do_what(town: Town) -> None:
    world, ada, bjorn, chidi = town.world, town.ada, town.bjorn, town.chidi
    question = town.ask()
    answer = world.answer(bjorn, question, body=BODY).id
    article = world.publish(ada, title=TITLE, body=BODY, tags=["a"]).id

    assert world.edit(bjorn, question, title="Edited by somebody else").editor_id == bjorn.id
    assert _refused(lambda: world.edit(bjorn, article, body=BODY * 2)) == Rule.NOT_ALLOWED
    assert world.edit(chidi, article, body=BODY * 2).editor_id == chidi.id
    assert _refused(lambda: world.delete(bjorn, question)) == Rule.NOT_ALLOWED
    assert _refused(lambda: world.accept(bjorn, answer)) == Rule.NOT_ALLOWED
    assert _refused(lambda: world.lock(bjorn, question)) == Rule.NOT_ALLOWED
    world.lock(chidi, question)
    assert _refused(lambda: world.edit(ada, question, title=TITLE)) == Rule.LOCKED
    assert world.edit(chidi, question, title=TITLE).title == TITLE
    world.unlock(chidi, question)
    stranger = world.users("umbrella")[0]
    assert _refused(lambda: world.answer(stranger, question, body=BODY)) == Rule.NO_SUCH_POST
    assert _refused(lambda: world.answer(ada, answer, body=BODY)) == Rule.NO_SUCH_POST
    world.close_question(chidi, question)
    assert _refused(lambda: world.answer(ada, question, body=BODY)) == Rule.CLOSED
    world.reopen_question(chidi, question)
    assert world.answer(ada, question, body=BODY).parent_id == question


def test_authors_do_not_delete_what_others_profit_from(found_town: Found) -> None:
    town = found_town()
    world, question = town.world, town.ask()
    own = world.answer(town.ada, question, body=BODY).id
    world.accept(town.ada, own)
    assert _refused(lambda: world.delete(town.ada, own)) == Rule.NOT_ALLOWED
    world.vote(town.bjorn, own)
    assert _refused(lambda: world.delete(town.ada, question)) == Rule.NOT_ALLOWED
    world.behaviour = replace(UNHURRIED, public_deletion_rules=False)
    world.delete(town.ada, own)
    assert world.questions("acme")[0].accepted_id is None


def test_a_question_takes_its_answers_along_and_brings_them_back(town: Town) -> None:
    question = town.ask()
    kept, gone = (town.world.answer(town.bjorn, question, body=BODY).id for _ in range(2))
    town.world.delete(town.bjorn, gone)
    town.world.delete(town.chidi, question)
    assert town.world.answers("acme") == ()
    assert _refused(lambda: town.world.undelete(town.bjorn, question)) == Rule.NOT_ALLOWED
    town.world.undelete(town.ada, question)
    assert [answer.id for answer in town.world.answers("acme", question)] == [kept]
    assert [answer.id for answer in town.world.answers("acme", deleted=True)] == [gone]


def test_activity_moves_with_answers_and_edits_alone(town: Town) -> None:
    question = town.ask()

    def activity_after(action: Callable[[], object]) -> bool:
        town.clock.advance(60)
        action()
        return town.world.questions("acme")[0].activity == town.world.seconds

    answers: list[int] = []
    world, bjorn = town.world, town.bjorn
    assert activity_after(lambda: answers.append(world.answer(bjorn, question, body=BODY).id))
    assert activity_after(lambda: world.edit(bjorn, answers[0], body=BODY * 2))
    assert activity_after(lambda: world.edit(bjorn, question, tags=["b"]))
    for silent in (
        lambda: world.accept(town.ada, answers[0]),
        lambda: world.vote(bjorn, question),
        lambda: world.comment_on(bjorn, question, body="Which version is that?"),
        lambda: world.unaccept(town.ada, answers[0]),
        lambda: world.delete(bjorn, answers[0]),
    ):
        assert not activity_after(silent)


@pytest.mark.parametrize(
    ("behaviour", "rule", "revisions"),
    [("ignored", None, 1), ("accepted", None, 2), ("refused", Rule.UNCHANGED, 1)],
)
def test_an_edit_without_a_change(
    found_town: Found, behaviour: Any, rule: Rule | None, revisions: int
) -> None:
    town = found_town(replace(UNHURRIED, noop_edit=behaviour))
    question = town.ask()

    def edit() -> object:
        return town.world.edit(town.ada, question, title=TITLE, body=BODY, tags=["deploys"])

    if rule is None:
        edit()
    else:
        assert _refused(edit) == rule
    assert len(town.world.revisions(question)) == revisions
    assert (town.world.questions("acme")[0].edited is None) == (revisions == 1)


def test_quick_edits_join_the_last_revision_in_the_grace_period(found_town: Found) -> None:
    town = found_town(replace(UNHURRIED, grace_s=300))
    question = town.ask()
    town.clock.advance(299)
    town.world.edit(town.ada, question, body=BODY * 2)
    (only,) = town.world.revisions(question)
    assert (only.body, town.world.questions("acme")[0].edited) == (BODY * 2, None)
    town.world.edit(town.bjorn, question, body=BODY * 3)
    town.clock.advance(300)
    town.world.edit(town.bjorn, question, body=BODY * 4)
    assert [r.number for r in town.world.revisions(question)] == [1, 2, 3]


class Restless(SteppedClock):
    """A clock that is a second on whenever somebody looks."""

    def now(self) -> datetime:
        self.advance(1)
        return super().now()


def test_a_post_and_its_history_tell_of_one_moment() -> None:
    """Also where the second ends in between: a client takes two moments for two edits."""
    world = open_world(clock=Restless())
    ada = world.user("acme", "Ada Berg")
    asked = world.ask(ada, title=TITLE, body=BODY, tags=["a"])
    edited = world.edit(ada, asked.id, body=BODY * 2)
    first, second = world.revisions(asked.id)
    assert (asked.created, edited.edited) == (first.created, second.created)
    world.close()


def test_a_title_can_be_kept_unique(found_town: Found) -> None:
    town = found_town(replace(UNHURRIED, duplicate_title_refused=True))
    question = town.api.ask()
    form = {"title": TITLE.upper(), "body": BODY, "tags": "a"}
    assert town.api.post("/questions/add", **form).error == 407
    assert town.api.post(f"/questions/{question}/edit", **form).error is None
    town.api.post(f"/questions/{question}/delete")
    assert town.api.post("/questions/add", **form).error is None


def test_comments_in_markdown_can_be_stripped(found_town: Found) -> None:
    text = BODY + "\n\n<!-- marker:1 a\nb -->"
    kept, stripped = found_town(), found_town(replace(UNHURRIED, strip_comments=True))
    for town, stored in ((kept, text.replace("\n", "\r\n")), (stripped, BODY)):
        town.api.ask(body=text)
        assert town.world.questions("acme")[0].body == stored


def test_a_server_can_rewrite_what_it_stores(found_town: Found) -> None:
    town = found_town(replace(UNHURRIED, rewrite=True))
    town.world.add_synonym(town.chidi, "deployment", "deploys")
    text = "* one\n+ two\n- three\n**bold** 2 * 3, and some more words"
    town.api.ask(title="  How   do I\tdo it? ", body=text, tags="deployment")
    (stored,) = town.world.questions("acme")
    assert stored.title == "How do I do it?"
    assert stored.body == text.replace("* one", "- one").replace("+ two", "- two").replace(
        "\n", "\r\n"
    )
    assert stored.tags == ("deploys",)


def test_synonyms_can_be_left_alone(found_town: Found) -> None:
    town = found_town(replace(UNHURRIED, synonyms_applied=False))
    town.world.add_synonym(town.chidi, "deployment", "deploys")
    town.api.ask(tags="deployment")
    assert town.world.questions("acme")[0].tags == ("deployment",)
    with pytest.raises(SandboxError):
        town.world.add_synonym(town.chidi, "x", "deployment")


def test_an_edit_may_be_partial_where_that_is_allowed(found_town: Found) -> None:
    town = found_town()
    question = town.api.ask()
    assert town.api.post(f"/questions/{question}/edit", body=BODY * 2).error == 400
    town.world.behaviour = replace(UNHURRIED, partial_edit=True)
    edited = town.api.post(f"/questions/{question}/edit", body=BODY * 2).item
    assert (edited["title"], edited["tags"]) == (TITLE, ["deploys"])
    assert town.world.questions("acme")[0].body == BODY * 2


@pytest.mark.parametrize(("behaviour", "error"), [({}, 400), ({"missing_post": 404}, 404)])
def test_writes_to_what_is_not_there(found_town: Found, behaviour: Any, error: int) -> None:
    town = found_town(replace(UNHURRIED, **behaviour))
    question = town.ask()
    for path in (
        "/questions/999/edit",
        "/questions/999/delete",
        f"/answers/{question}/accept",
        "/comments/9/edit",
    ):
        form = {"title": TITLE, "body": BODY, "tags": "a"}
        assert town.api.post(path, **form).error == error


def test_a_refused_write_leaves_nothing_behind(town: Town) -> None:
    question = town.ask()
    path = f"/questions/{question}/edit"
    assert town.api.post(path, title=TITLE, body="short", tags="fresh").error == 407
    assert town.api.post("/questions/add", title=TITLE, body=BODY, tags="new bad_").error == 407
    assert [tag.name for tag in town.world.tags("acme")] == ["deploys"]
    assert len(town.world.revisions(question)) == 1


def test_pauses_between_other_writes_can_be_asked_for(found_town: Found) -> None:
    town = found_town(replace(UNHURRIED, write_gap_s=1.5, gap_error=407))
    question = town.api.ask()
    early = town.api.post(f"/questions/{question}/answers/add", body=BODY)
    assert (early.error, early.json["backoff"]) == (407, 2)
    town.clock.advance(1.5)
    assert town.api.answer(question) > question


def test_behaviour_cannot_be_changed_by_accident() -> None:
    with pytest.raises(AttributeError):
        Behaviour().crlf = False  # type: ignore[misc]  # that it is refused is the point
