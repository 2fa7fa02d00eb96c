"""`plan --against`: the same plan as online, without team, token or text."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from importer.planning.plan_file import canonical_json
from importer.planning.snapshot_file import snapshot_schema
from importer.sandbox import open_world
from importer.text.digests import digest_text
from tests.cli.stage import Program, Result, posts_in, question, write_manifest

if TYPE_CHECKING:
    from collections.abc import Callable

    from importer.sandbox import World

TEAM = Path("team.db")
HERE = ("--url", f"sandbox:{TEAM}")
SECRET = "Nobody outside the team is to read this very sentence."


def on_site(act: Callable[[World, Any], object]) -> None:
    world = open_world(TEAM)
    try:
        act(world, world.users("acme")[1])
    finally:
        world.close()


def id_of(key: str) -> int:
    (post,) = [it for it in posts_in(TEAM) if f" handbook:{key} " in it.body]
    return post.id


def plans(cli: Program, *options: str) -> tuple[Any, Any]:
    """Return the plan as it is online, and the offline one from a snapshot of that moment."""
    online = cli("plan", *HERE, *options, "--format", "json").document
    offline = cli("plan", "--against", "snapshot.json", *options, "--format", "json")
    assert offline.code == 0
    return online, offline.document


def wishes(plan: Any) -> Any:
    """Return all that says what would be done, and what waits."""
    return {
        "intent": plan["intent"],
        "changes": [
            [it["id"], it["reason"], it["ref"], [each["after"] for each in it["fields"]]]
            for it in plan["changes"]
        ],
        "blocked": [[it["code"], it["key"]] for it in plan["blocked"]],
        "drift": [[it["key"], it["field"]] for it in plan["drift"]],
        "orphans": [[it["key"], it["ref"]] for it in plan["orphans"]],
        "manual": plan["manual"],
        "new_tags": plan["new_tags"],
        "lineage": plan["lineage"],
        "unchanged": plan["unchanged"],
    }


def items(**changed: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the manifest's questions, some of them changed."""
    made = {
        "start": question("start", body="Begin with [the way](key:way) and [home](key:home#how)."),
        "way": question("way", body=f"{SECRET} It is about the way."),
        "home": question("home", answers=[{"key": "how", "accepted": True, "body": SECRET}]),
        "old": question("old"),
        "edited": question("edited"),
        "both": question("both"),
    }
    return [{**it, **changed.get(key, {})} for key, it in made.items()]


@pytest.fixture
def published(cli: Program, home: Path) -> Path:
    """Publish, let a colleague edit, change the manifest, and take a snapshot before that."""
    write_manifest(home, *items())
    assert cli("apply", *HERE, "--yes").code == 0

    edited, both = id_of("edited"), id_of("both")

    def edit(world: World, by: Any) -> None:
        world.edit(by, edited, title="What did they say on the site?")
        world.edit(by, both, body="A colleague wrote this on the site, and it is new.")
        world.ask(by, title="A question of a colleague's own?", body=SECRET, tags=["other"])

    on_site(edit)
    taken = cli("plan", *HERE, "--snapshot-out", "snapshot.json")
    assert (taken.code, "snapshot taken: snapshot.json" in taken.err) == (0, True)
    return home


def _change(home: Path) -> None:
    write_manifest(
        home,
        *items(
            way={"title": "Which way is it, then?", "body": "Another body, of our own making."},
            both={"body": "We wrote something else here, at the same time."},
            start={"tags": ["testing", "brand-new"]},
        )[:3],
        *items(both={"body": "We wrote something else here, at the same time."})[4:],
        question("new"),
        question("same", title="A question of a colleague's own?"),
        removed=[{"key": "old", "live": "delete"}],
    )


def test_it_is_the_plan_that_it_would_be_online(cli: Program, published: Path) -> None:
    online, offline = plans(cli)
    assert wishes(offline) == wishes(online)
    assert online["changes"] == []
    _change(published)
    online, offline = plans(cli)
    assert {it["verb"] for it in online["changes"]} == {"create", "update", "delete"}
    assert {it["code"] for it in online["blocked"]} >= {"conflict", "equal-title"}
    assert online["drift"]
    assert wishes(offline) == wishes(online)


@pytest.mark.parametrize("api", ["2.3", "3", "auto"])
def test_so_it_is_over_each_api_and_of_each_kind(cli: Program, home: Path, api: str) -> None:
    """Over API v3, what didn't move is not read: the snapshot has it all the same."""
    article = {"key": "leave", "type": "policy", "title": "How long is the leave?", "tags": ["hr"]}
    kinds: dict[str, Any] = {
        "articles": [{**article, "body": "It is as long as the law says, and a little longer."}],
        "collections": [{"key": "first", "title": "Begin here", "items": ["way", "leave"]}],
        "tags": [{"name": "testing", "description": "What tests are about"}],
    }
    write_manifest(home, *items(), **kinds)
    assert cli("apply", *HERE, "--yes").code == 0
    assert cli("plan", *HERE, "--api", api, "--snapshot-out", "snapshot.json").code == 0
    online, offline = plans(cli, "--api", api)
    assert wishes(offline) == wishes(online)
    kinds["articles"] = [{**article, "body": "It is longer by now, and everybody is glad of it."}]
    kinds["collections"] = [{"key": "first", "title": "Begin here", "items": ["leave"]}]
    write_manifest(home, *items(way={"title": "Which way is it, then?"}), **kinds)
    online, offline = plans(cli, "--api", api)
    assert online["changes"]
    assert wishes(offline) == wishes(online)


def test_a_kind_that_the_manifest_is_the_first_to_name_was_read(
    cli: Program, published: Path
) -> None:
    article = {"key": "leave", "type": "policy", "title": "How long is the leave?", "tags": ["hr"]}
    body = "It is as long as the law says, and a little longer."
    write_manifest(published, *items(), articles=[{**article, "body": body}])
    online, offline = plans(cli)
    assert [it["verb"] for it in online["changes"]] == ["create"]
    assert wishes(offline) == wishes(online)


def test_so_it_is_on_a_runner_without_a_journal(cli: Program, published: Path) -> None:
    for file in Path(".teams-importer").iterdir():
        file.unlink()
    assert cli("plan", *HERE, "--snapshot-out", "snapshot.json").code == 0
    _change(published)
    online, offline = plans(cli)
    assert wishes(offline) == wishes(online)


def test_renamed_items_and_their_links_have_not_moved(cli: Program, published: Path) -> None:
    """The snapshot was sealed when links named them by another key."""
    renamed = items(start={"body": "Begin with [the way](key:path) and [home](key:home#how)."})
    renamed[1] |= {"key": "path", "was": ["way"]}
    write_manifest(published, *renamed)
    online, offline = plans(cli)
    assert wishes(offline) == wishes(online)
    assert offline["changes"] == []


def test_a_reviewed_offline_plan_is_what_an_apply_is_held_to(cli: Program, published: Path) -> None:
    write_manifest(published, *items(way={"title": "Which way is it, then?"}))
    _, offline = plans(cli)
    digest = offline["intent"]["digest"]
    assert cli("apply", *HERE, "--yes", "--expect-digest", digest).code == 0


def test_the_file_holds_titles_and_digests_and_no_text(published: Path) -> None:
    file = published / "snapshot.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    text = file.read_text()
    assert "What is the story of way?" in text
    for secret in (SECRET, "Begin with", "A colleague wrote", "Bj", "@"):
        assert secret not in text
    jsonschema.validate(json.loads(text), snapshot_schema())


def test_what_differs_is_told_and_not_shown(cli: Program, published: Path) -> None:
    _change(published)
    for form in ("text", "markdown"):
        shown = cli("plan", "--against", "snapshot.json", "--format", form).out
        assert "differs, not in the snapshot" in shown
        assert "Which way is it, then?" in shown
        assert "Drawn offline, from a snapshot of " in shown
        assert SECRET not in shown


def test_no_connection_is_opened_and_no_token_asked_for(
    cli: Program, published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        pytest.fail("a way to the team was opened")

    for name in (
        "importer.cli.visiting.open_team",
        "importer.cli.plan.reach",
        "socket.create_connection",
    ):
        monkeypatch.setattr(name, refuse)
    monkeypatch.setenv("GITHUB_EVENT_NAME", "pull_request")
    (published / TEAM).unlink()
    done = cli("plan", "--against", "snapshot.json", "--detailed-exitcode")
    assert (done.code, "No changes" in done.out) == (0, True)


def test_tags_and_people_that_it_does_not_know_are_told(cli: Program, published: Path) -> None:
    write_manifest(
        published,
        *items(),
        tags=[{"name": "testing", "experts": {"users": [3], "emails": ["ann@example.org"]}}],
    )
    done = cli("plan", "--against", "snapshot.json", "--format", "json")
    assert done.code == 0
    (blocked,) = [it for it in done.document["blocked"] if it["key"] == "tag:testing"]
    assert "the snapshot was taken before the manifest named it" in blocked["why"]


def _edited(change: Callable[[Any], None]) -> None:
    file = Path("snapshot.json")
    document = json.loads(file.read_text())
    change(document)
    if document.pop("digest", None):
        document["digest"] = digest_text(canonical_json(document))
    file.write_text(json.dumps(document))


def _other_namespace(document: Any) -> None:
    document["namespace"] = "other"


def _newer(document: Any) -> None:
    document["format_version"] = 99


def _broken(document: Any) -> None:
    document["posts"][0]["fields"]["title"] = {"holed": 3}


def _mistyped(document: Any) -> None:
    document["posts"][-1]["fields"]["tags"] = "testing"


def _misplaced(document: Any) -> None:
    document["posts"][-1]["fields"]["accepted"] = True


def _nameless(document: Any) -> None:
    document["declared"] = [{**document["posts"][-1], "fields": {}}]


def _timeless(document: Any) -> None:
    document["taken_at"] = "2026-01-02T03:04:05"


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_other_namespace, "taken for the namespace other"),
        (_newer, "written by a newer importer"),
        (_broken, "the snapshot snapshot.json is no snapshot: posts"),
        (_mistyped, "the snapshot snapshot.json is no snapshot: posts: question/"),
        (_misplaced, "the snapshot snapshot.json is no snapshot: posts: question/"),
        (_nameless, "is no snapshot: declared: question/"),
        (_timeless, "no time zone"),
        (dict.clear, "is no snapshot: it lists no posts of a team"),
    ],
)
def test_a_snapshot_that_does_not_fit_is_refused(
    cli: Program, change: Callable[[Any], None], message: str
) -> None:
    _edited(change)
    done = cli("plan", "--against", "snapshot.json")
    assert (done.code, done.out, message in done.err) == (4, "", True)


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        pytest.param("What did they say", "What did she say", "doesn't fit its digest", id="title"),
        pytest.param('"serial": 1', '"serial": 2', "doesn't fit its digest", id="journal"),
        pytest.param('"digest"', '"note": 1, "digest"', "doesn't fit its digest", id="more"),
        pytest.param('"digest"', '"digest": "", "was"', "doesn't fit its digest", id="no digest"),
        pytest.param("\n}\n", "", "it was cut short, or isn't JSON", id="end"),
    ],
)
def test_a_snapshot_that_was_edited_or_cut_short_is_refused(
    cli: Program, old: str, new: str, message: str
) -> None:
    file = Path("snapshot.json")
    file.write_text(json.dumps(json.loads(file.read_text())))
    assert cli("plan", "--against", "snapshot.json").code == 0, "its layout is nobody's business"
    text = json.dumps(json.loads(file.read_text()), indent=1) + "\n"
    assert old in text
    file.write_text(text.replace(old, new, 1))
    done = cli("plan", "--against", "snapshot.json")
    assert (done.code, done.out) == (4, "")
    assert f"the snapshot {file}" in done.err
    assert message in done.err
    assert "plan --snapshot-out FILE" in done.err


@pytest.mark.usefixtures("published")
def test_a_snapshot_of_another_team_is_refused(cli: Program) -> None:
    done = cli("plan", "--against", "snapshot.json", "--team", "elsewhere")
    assert (done.code, "is of the team acme, not of the team elsewhere" in done.err) == (4, True)
    write_manifest(Path(), *items(), team="elsewhere")
    assert cli("plan", "--against", "snapshot.json").code == 6


@pytest.mark.usefixtures("published")
def test_its_age_is_told(cli: Program) -> None:
    def age(document: Any) -> None:
        document["taken_at"] = "2026-01-02T03:04:05+00:00"

    _edited(age)
    done = cli("plan", "--against", "snapshot.json")
    assert done.code == 0
    assert "(2026-01-02T03:04:05+00:00)" in done.err
    assert "that is long ago" in done.err


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize("given", [("--out", "plan.json"), ("--snapshot-out", "other.json")])
def test_wrong_use_is_told(cli: Program, given: tuple[str, str]) -> None:
    done: Result = cli("plan", "--against", "snapshot.json", *given)
    assert done.code == 64
    assert not Path(given[1]).exists()


@pytest.mark.usefixtures("published")
def test_a_snapshot_is_not_written_over_what_is_read(cli: Program) -> None:
    done = cli("plan", *HERE, "--snapshot-out", "teams-importer.yaml")
    assert (done.code, "would write over the manifest" in done.err) == (64, True)
    assert cli("plan", "--against", "nowhere.json").code == 64
