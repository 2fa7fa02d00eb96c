"""`export`: what a team holds becomes a manifest of which the next plan says "No changes"."""

from __future__ import annotations

import errno
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from importer.manifests import load_manifest
from importer.model.ids import Field, Kind
from importer.model.manifest import Item, Manifest
from importer.sandbox import User, World, open_world
from importer.sandbox.values import Permissions, Shares
from importer.text.links import Text
from tests.acceptance.conftest import unhurried
from tests.cli.stage import Program, Result, question, serving, write_manifest
from tests.conftest import ROOT

__all__ = ["unhurried"]

TEAM = "sandbox:team.db"
BASE = "http://sandbox.localhost/c/acme"
NEW = ("--out", "out", "--namespace", "team")
TEXT = "A text of more than thirty characters, as posts have them."


@contextmanager
def on_the_site(database: Path = Path("team.db")) -> Iterator[tuple[World, User, User]]:
    world = open_world(database)
    try:
        yield world, world.user("acme", "Ada Berg"), world.user("acme", "Björn Öst")
    finally:
        world.close()


def fill(world: World) -> dict[str, int]:
    """Let two people fill a team with all that a manifest can speak of; return the posts' ids."""
    ada, bo = world.user("acme", "Ada Berg"), world.user("acme", "Björn Öst")
    world.add_synonym(ada, "k8s", "kubernetes")
    ids: dict[str, int] = {}

    def asked(name: str, by: User, title: str, body: str, *tags: str) -> int:
        ids[name] = world.ask(by, title=title, body=body, tags=tags).id
        return ids[name]

    roll = asked("roll", ada, "How do I roll back a deploy?", f"**Now.** {TEXT}", "deploys", "k8s")
    first = world.answer(bo, roll, body=f"Push the button.\n\n    code\n\n{TEXT}").id
    second = world.answer(ada, roll, body=f"* Or wait.\n* {TEXT}").id
    world.accept(ada, first)
    ids |= {"first": first, "second": second}
    links = [
        f"{BASE}/questions/{roll}",
        f"{BASE}/q/{roll}",
        f"{BASE}/questions/{roll}/how-do-i-roll-back-a-deploy",
        f"{BASE}/a/{first}",
        f"{BASE}/questions/{roll}/how-do-i/{second}#{second}",
        f"{BASE}/questions/{roll}#{first}",
        f"{BASE}/questions/{roll}#comment5_{roll}",
        "https://elsewhere.example/questions/1",
        f"{BASE}/questions/99999",
    ]
    rows = "\n".join(f"* [link {number}]({url})" for number, url in enumerate(links))
    asked("links", bo, "Where does all of this lead to?", f"{rows}\n\n[one]: {links[1]}", "links")
    gone = asked("gone", ada, "What is here no longer at all?", TEXT, "deploys")
    world.delete(ada, gone)
    asked("twin", bo, "How do I roll back a deploy? ", f"Another one. {TEXT}", "deploys")
    ids["leave"] = world.publish(
        bo,
        title="Annual leave and holidays",
        body=f"See [how]({BASE}/q/{roll}). {TEXT}",
        tags=["people"],
        article_type="policy",
        permissions=Permissions("specificEditors", Shares(user_ids=(ada.id,))),
    ).id
    ids["start"] = world.make_collection(
        ada, title="Start here", description="In this order.", content_ids=[ids["leave"], roll]
    ).id
    world.describe_tag(ada, "deploys", excerpt="Shipping: what, when & how?")
    deploys = world.tag(world.team("acme"), "deploys")
    assert deploys is not None
    chidi = world.user("acme", "Chidi Okafor")
    world.set_experts(chidi, deploys.id, Shares(user_ids=(bo.id,)))
    return ids


@pytest.fixture
def ids(home: Path) -> dict[str, int]:  # noqa: ARG001 - the working folder
    with on_the_site() as (world, _, _):
        return fill(world)


def export(cli: Program, *more: str | Path, team: str = TEAM) -> Any:
    done = cli("export", "--url", team, "--format", "json", *more)
    assert done.code == 0, done.err
    return done.document


def plan(cli: Program, folder: str | Path = "out", *more: str, team: str = TEAM) -> Result:
    return cli("plan", folder, "--url", team, "--detailed-exitcode", "--fail-on", "manual", *more)


def assert_in_sync(done: Result) -> None:
    assert done.code == 0, done.out + done.err
    assert "No changes." in done.out


def manifest_in(folder: str | Path) -> Manifest:
    manifest, warnings = load_manifest(Path(folder) / "teams-importer.yaml")
    assert [it for it in warnings if it.rule != "equal-title"] == []
    return manifest


def items_in(folder: str | Path) -> dict[str, Item]:
    return {it.key: it for it in manifest_in(folder).items}


def names_of(item: Item, field: Field) -> tuple[str, ...]:
    value = item.fields[field]
    assert isinstance(value, tuple)
    return value


def said(manifest: Manifest, *, ids: bool = False) -> dict[str, Any]:
    """Return what a manifest says of each item; of ids only when asked."""
    return {
        it.key: (it.kind, it.parent, dict(it.fields), dict(it.initial), it.remote_id if ids else 0)
        for it in manifest.items
    }


def fates(document: Any) -> dict[str, str]:
    return {f"{it['kind']}/{it['id']}": it["fate"] for it in document["posts"]}


@pytest.mark.parametrize("api", ["auto", "3", "2.3"])
def test_what_two_people_wrote_is_exported_and_in_sync(
    cli: Program, ids: dict[str, int], api: str
) -> None:
    document = export(cli, *NEW, "--api", api)
    assert document["totals"]["left_out"] == 0
    assert document["totals"]["found"] == document["totals"]["exported"] == len(document["posts"])
    assert_in_sync(plan(cli, "out", "--api", api))
    items = items_in("out")
    roll = items["how-do-i-roll-back-a-deploy"]
    assert roll.remote_id == ids["roll"]
    assert roll.fields[Field.TAGS] == ("deploys", "kubernetes")
    twin = items[f"how-do-i-roll-back-a-deploy-{ids['twin']}"]
    assert twin.remote_id == ids["twin"]
    first, second = (items[f"{roll.key}#{it}"] for it in ("answer", f"answer-{ids['second']}"))
    assert (first.remote_id, first.fields[Field.ACCEPTED]) == (ids["first"], True)
    assert (second.remote_id, Field.ACCEPTED in second.fields) == (ids["second"], False)
    assert not any("no-longer" in key for key in items), "deleted"
    leave = items["annual-leave-and-holidays"]
    if api == "2.3":
        assert Field.PERMISSIONS not in leave.fields
        assert {it["what"] for it in document["notes"]} >= {
            "collections",
            "who may edit articles",
            "descriptions and experts of tags",
        }
        return
    assert "specific-editors" in names_of(leave, Field.PERMISSIONS)
    assert items["start-here"].fields[Field.ITEMS] == (f"key:{leave.key}", f"key:{roll.key}")
    deploys = items["tag:deploys"]
    assert deploys.fields[Field.DESCRIPTION] == "Shipping: what, when & how?"
    assert len(names_of(deploys, Field.EXPERTS)) == 1


@pytest.mark.usefixtures("unhurried")
def test_what_was_applied_is_exported_as_the_same_items(cli: Program, home: Path) -> None:
    handbook = home / "handbook"
    shutil.copytree(ROOT / "examples" / "handbook", handbook)
    assert cli("apply", handbook, "--url", TEAM, "--yes").code == 0
    document = export(cli, "--out", "out", "--namespace", "handbook")
    assert document["totals"]["left_out"] == 0
    ours, theirs = said(manifest_in(handbook), ids=True), said(manifest_in("out"), ids=True)
    posts = {key: it for key, it in ours.items() if it[0] is not Kind.TAG}
    assert {key: it for key, it in theirs.items() if it[0] is not Kind.TAG} == posts
    assert_in_sync(plan(cli))
    # With a journal that knows another manifest of the namespace, too.
    (journal,) = (handbook / ".teams-importer").glob("*.db")
    assert_in_sync(plan(cli, "out", "--journal", str(journal)))


def test_exported_wiped_applied_and_exported_it_is_the_same_but_for_ids(
    cli: Program,
    ids: dict[str, int],  # noqa: ARG001 - the team's posts
) -> None:
    document = export(cli, "--out", "out", "--namespace", "team", "--no-ids")
    assert "experts and named editors" in {it["what"] for it in document["notes"]}
    assert manifest_in("out").teams == ()
    # In the team that it comes from, nothing is found by a title, and nothing made twice.
    with on_the_site() as (world, _, _):
        before = world.questions("acme"), world.articles("acme"), world.collections("acme")
    assert cli("apply", "out", "--url", TEAM, "--yes").code == 11
    with on_the_site() as (world, _, _):
        after = world.questions("acme"), world.articles("acme"), world.collections("acme")
    assert after == before
    shutil.rmtree("out/.teams-importer")
    new = "sandbox:new.db"
    assert cli("plan", "out", "--url", new, "--detailed-exitcode").code == 2
    applied = cli("apply", "out", "--url", new, "--yes")
    # A tag's description is a person's to write: no API can.
    with on_the_site(Path("new.db")) as (world, ada, _):
        world.describe_tag(ada, "deploys", excerpt="Shipping: what, when & how?")
    assert applied.code == 0, applied.out
    assert_in_sync(plan(cli, "out", team=new))
    export(cli, "--out", "again", "--namespace", "team", "--no-ids", team=new)
    first, second = said(manifest_in("out")), said(manifest_in("again"))
    # Whom the old team let edit, the new one doesn't know: there an article is its owner's.
    leave = second["annual-leave-and-holidays"][2]
    assert leave.pop(Field.PERMISSIONS) == ("owner-only",)
    assert second == first
    assert_in_sync(plan(cli, "again", team=new))


def test_ids_of_one_team_bind_nothing_in_another(
    cli: Program,
    ids: dict[str, int],  # noqa: ARG001 - the team's posts
) -> None:
    export(cli, *NEW)
    other = ("--url", "sandbox:other.db", "--team", "umbrella")
    refused = cli("plan", "out", *other)
    assert (refused.code, "pinned to acme" in refused.err) == (6, True)
    root = Path("out/teams-importer.yaml")
    root.write_text(root.read_text().replace("team: [acme]\n", ""))
    # A question of that team has the id of one of ours.
    with on_the_site(Path("other.db")) as (world, _, _):
        someone = world.users("umbrella")[0]
        theirs = world.ask(someone, title="What is theirs alone?", body=TEXT, tags=["theirs"])
    done = cli("apply", "out", *other, "--yes", "--format", "json")
    assert done.code == 11
    assert done.document["report"]["results"] == []
    blocked = {it["key"]: it for it in done.document["report"]["blocked"]}
    assert blocked["how-do-i-roll-back-a-deploy"]["code"] == "no-base"
    gone = [it for it in blocked.values() if it["code"] == "gone"]
    assert gone
    assert all("--no-ids" in it["remedy"] for it in gone)
    with on_the_site(Path("other.db")) as (world, _, _):
        assert world.questions("umbrella") == (theirs,)


def test_again_into_its_folder_only_what_is_new_is_added(
    cli: Program, home: Path, ids: dict[str, int]
) -> None:
    export(cli, *NEW)
    page = home / "out" / "content" / "how-do-i-roll-back-a-deploy.md"
    moved = home / "out" / "content" / "deploys" / "by-hand.md"
    moved.parent.mkdir()
    page.rename(moved)
    for each in (it for it in (home / "out" / "content").rglob("*") if it.is_file()):
        each.write_text(re.sub(r"how-do-i-roll-back-a-deploy(?!-)", "rollback", each.read_text()))
    assert_in_sync(plan(cli))
    with on_the_site() as (world, ada, bo):
        world.edit(bo, ids["roll"], body=f"Edited by hand. {TEXT}")
        late = world.answer(bo, ids["roll"], body=f"A late answer. {TEXT}")
        body = f"See [this]({BASE}/q/{ids['roll']}), and [that]({BASE}/a/{ids['first']}). {TEXT}"
        new = world.ask(ada, title="How do I roll back a deploy?!", body=body, tags=["deploys"])
        world.answer(bo, new.id, body=f"So. {TEXT}")
    before = contents(home / "out")
    dry = export(cli, "--out", "out", "--dry-run")
    assert contents(home / "out") == before
    document = export(cli, "--out", "out")
    assert document == dry
    after = contents(home / "out")
    (added,) = after.keys() - before.keys()
    assert {name: after[name] for name in before} == before
    # The key of its title names a file that was moved away: it is free again.
    assert added == "content/how-do-i-roll-back-a-deploy.md"
    assert fates(document)[f"question/{new.id}"] == "exported"
    assert fates(document)[f"question/{ids['roll']}"] == "known"
    (left,) = (it for it in document["posts"] if it["fate"] == "left-out")
    assert (left["id"], "add it there by hand" in left["why"]) == (late.id, True)
    item = items_in("out")["how-do-i-roll-back-a-deploy"]
    assert item.remote_id == new.id
    body_of = item.fields[Field.BODY]
    assert isinstance(body_of, Text)
    assert body_of.targets == ("key:rollback", "key:rollback#answer")
    done = cli("plan", "out", "--url", TEAM, "--format", "json").document
    assert (done["changes"], done["blocked"]) == ([], [])
    assert [it["key"] for it in done["drift"]] == ["rollback"], "an edit is for pull"


@pytest.mark.parametrize("marked", [False, True], ids=["others'", "ours, edited on the site"])
def test_what_is_edited_afterwards_is_one_clean_update_on_a_fresh_runner(
    cli: Program, home: Path, marked: bool
) -> None:
    """`seen:` says what the edit starts from; no journal and no marker does."""
    if marked:
        (home / "ours").mkdir()
        one = question("linked")
        other = question("linking", body=f"See [that](key:linked). {TEXT}")
        write_manifest(home / "ours", one, other, namespace="team")
        assert cli("apply", "ours", "--url", TEAM, "--yes").code == 0
    with on_the_site() as (world, ada, bo):
        if marked:
            found = {it.title: it for it in world.questions("acme")}
            linking = found["What is the story of linking?"]
            body = linking.body.replace("See ", "Do see ")
            world.edit(bo, linking.id, body=body)
        else:
            asked = world.ask(ada, title="What is linked?", body=TEXT, tags=["a"])
            body = f"See [that]({BASE}/q/{asked.id}). {TEXT}"
            linking = world.ask(ada, title="What does link?", body=body, tags=["a"])
            world.answer(bo, linking.id, body=f"This. {TEXT}")
            world.publish(ada, title="What is written here", body=body, tags=["a"])
            world.make_collection(ada, title="All", description=TEXT, content_ids=[linking.id])
    export(cli, *NEW)
    assert_in_sync(plan(cli))
    for page in (it for it in (home / "out" / "content").rglob("*") if it.is_file()):
        page.write_text(page.read_text().replace("A text of more", "An edited text of more"))
    done = cli("plan", "out", "--url", TEAM, "--format", "json").document
    edited = 1 if marked else 5
    assert (len(done["changes"]), done["blocked"], done["drift"]) == (edited, [], [])
    with on_the_site() as (world, ada, bo):
        world.edit(bo, linking.id, body=f"{body}\n\nSomebody was here meanwhile.")
    blocked = cli("plan", "out", "--url", TEAM, "--format", "json").document["blocked"]
    assert len(blocked) == 1
    with on_the_site() as (world, ada, bo):
        world.edit(bo, linking.id, body=body)
    assert cli("apply", "out", "--url", TEAM, "--yes").code == 0
    shutil.rmtree(home / "out" / ".teams-importer")
    assert_in_sync(plan(cli))


def contents(folder: Path) -> dict[str, bytes]:
    found = (it for it in folder.rglob("*") if it.is_file())
    return {it.relative_to(folder).as_posix(): it.read_bytes() for it in found}


def test_what_an_old_manifest_would_not_read_is_left_out(cli: Program, home: Path) -> None:
    with on_the_site() as (world, ada, _):
        asked = world.ask(ada, title="What is in Markdown?", body=TEXT, tags=["a"])
    export(cli, *NEW)
    assert not list((home / "out").rglob("content/*.yaml"))
    with on_the_site() as (world, ada, _):
        world.make_collection(ada, title="Start here", content_ids=[asked.id])
    document = export(cli, "--out", "out")
    (left,) = (it for it in document["posts"] if it["fate"] == "left-out")
    assert "add `content/**/*.yaml` to its `include`" in left["why"]
    root = home / "out" / "teams-importer.yaml"
    root.write_text(root.read_text().replace('md"]', 'md", "content/**/*.yaml"]'))
    # No file fits the new pattern before there is one.
    (home / "out" / "content" / "none.yaml").write_text("questions: []\n")
    assert export(cli, "--out", "out")["totals"]["exported"] == 1
    assert_in_sync(plan(cli))


def test_a_post_that_the_manifest_let_go_does_not_come_back(cli: Program, home: Path) -> None:
    (home / "ours").mkdir()
    write_manifest(home / "ours", question("kept"), question("gone"))
    assert cli("apply", "ours", "--url", TEAM, "--yes").code == 0
    write_manifest(home / "ours", question("kept"))
    document = export(cli, "--out", "ours")
    (left,) = (it for it in document["posts"] if it["fate"] == "left-out")
    assert left["why"] == "this manifest had it as `gone` and no longer does"
    assert document["totals"] == {
        "found": 2, "exported": 0, "known": 1, "unasked": 0, "left_out": 1,
    }  # fmt: skip


def test_a_part_can_be_asked_for(cli: Program, ids: dict[str, int]) -> None:
    document = export(cli, *NEW, "--tagged", "k8s", "--tagged", "people")
    roll, leave = f"question/{ids['roll']}", f"article/{ids['leave']}"
    assert {it for it, fate in fates(document).items() if fate == "exported"} == {
        roll, leave, f"answer/{ids['first']}", f"answer/{ids['second']}",
    }  # fmt: skip
    assert document["totals"]["unasked"] == 3
    assert_in_sync(plan(cli))
    document = export(cli, "--out", "two", "--namespace", "team", "--kinds", "collections,articles")
    assert {it for it, fate in fates(document).items() if fate == "exported"} == {
        leave, f"collection/{ids['start']}",
    }  # fmt: skip
    # A list of which not all is exported is the site's own.
    assert "the list of `start-here`" in {it["what"] for it in document["notes"]}
    start = items_in("two")["start-here"]
    assert (Field.ITEMS in start.fields, Field.ITEMS in start.initial) == (False, True)
    assert "links to posts that are not exported" in {it["what"] for it in document["notes"]}
    assert_in_sync(plan(cli, "two"))
    told = "the team has no tag 'deployz'. Did you mean `deploys`?"
    part = ("export", "--url", TEAM, "--namespace", "n", "--tagged", "deployz")
    none = cli(*part, "--out", "no")
    assert (none.code, told in none.err, Path("no").exists()) == (64, True, False)
    some = cli(*part, "--out", "some", "--tagged", "people")
    assert (some.code, f"note: {told}" in some.err) == (0, True)
    wrong = cli("export", "--url", TEAM, *NEW, "--kinds", "answers")
    assert (wrong.code, "answers is not among questions" in wrong.err) == (64, True)


def test_what_others_keep_in_a_manifest_is_theirs(cli: Program, home: Path) -> None:
    (home / "ours").mkdir()
    write_manifest(home / "ours", question("rollback"), namespace="runbooks")
    assert cli("apply", "ours", "--url", TEAM, "--yes").code == 0
    document = export(cli, *NEW)
    (left,) = document["posts"]
    assert left["why"] == (
        "it belongs to another manifest, `runbooks`; export it with --namespace runbooks"
    )
    assert_in_sync(plan(cli))


@pytest.mark.usefixtures("ids")
def test_nothing_is_written_where_anything_else_is(cli: Program, home: Path) -> None:
    (home / "out").mkdir()
    (home / "out" / "notes.md").write_text("mine")
    done = cli("export", "--url", TEAM, *NEW)
    assert (done.code, "out is not empty: notes.md" in done.err) == (64, True)
    assert contents(home / "out") == {"notes.md": b"mine"}
    (home / "out" / "notes.md").rename(home / "out" / "content")
    assert cli("export", "--url", TEAM, *NEW).code == 64
    assert contents(home / "out") == {"content": b"mine"}
    for wrong, why in {
        ("--out", "new"): "needs --namespace NS",
        ("--out", "new", "--namespace", "Not one"): "is not lower case",
        ("--out", "team.db", "--namespace", "team"): "is a file",
    }.items():
        done = cli("export", "--url", TEAM, *wrong)
        assert (done.code, why in done.err) == (64, True), done.err
    export(cli, "--out", "new", "--namespace", "team")
    done = cli("export", "--url", TEAM, "--out", "new", "--namespace", "other")
    assert (done.code, "has the namespace 'team'" in done.err) == (64, True)
    (home / "new" / "content" / "bad.md").write_text("no front matter")
    assert cli("export", "--url", TEAM, "--out", "new").code == 3
    assert sorted(it.name for it in home.iterdir() if "tmp" in it.name) == []


def test_a_read_only_token_is_enough_and_nothing_but_get_is_sent(
    cli: Program, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(home, prepare=fill) as served:
        for name, value in served.env("read_only").items():
            monkeypatch.setenv(name, value)
        done = cli("export", *NEW)
        assert done.code == 0, done.err
        assert {it["method"] for it in served.requests()} == {"GET"}
        assert cli("plan", "out", "--detailed-exitcode").code == 0
        token = served.tokens.read_only
    assert not any(token.encode() in it for it in contents(home / "out").values())
    assert token not in done.out + done.err


@pytest.mark.usefixtures("ids")
def test_the_account_is_for_people_too(cli: Program, home: Path) -> None:
    done = cli("export", "--url", TEAM, *NEW)
    assert done.out.splitlines()[-1] == "7 posts: 7 exported, 0 left out"
    assert "7 posts found, 7 exported, 0 left out; the manifest is in out" in done.err
    shutil.rmtree(home / "out")
    page = cli("export", "--url", TEAM, *NEW, "--format", "markdown", "--dry-run")
    assert page.out.startswith("## Export of team `acme` as `team`\n")
    assert "**7 posts: 7 exported, 0 left out**" in page.out
    assert "nothing was written to out" in page.err
    assert not (home / "out").exists()


@pytest.mark.parametrize("token", ["expired", "foreign"])
def test_a_token_that_will_not_do_leaves_nothing_behind(
    cli: Program, home: Path, monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    with serving(home) as served:
        for name, value in served.env(token).items():
            monkeypatch.setenv(name, value)
        assert cli("export", *NEW).code == 6
    assert not (home / "out").exists()


@pytest.mark.usefixtures("ids")
def test_a_full_disk_leaves_nothing_half_written(
    cli: Program, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("importer.manifests.writing.Writer.finish", full)
        done = cli("export", "--url", TEAM, *NEW)
    assert (done.code, "No space left" in done.err) == (9, True)
    assert not [it for it in home.iterdir() if "out" in it.name]
    export(cli, *NEW)
    assert_in_sync(plan(cli))


def test_an_enterprise_site_is_pinned_by_its_host(
    cli: Program, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask(world: World) -> None:
        ada = world.user("acme", "Ada Berg")
        asked = world.ask(ada, title="What is on the main site?", body=TEXT, tags=["main"])
        world.answer(ada, asked.id, body=f"This. {TEXT}")

    with serving(home, tier="enterprise", prepare=ask) as served:
        assert served.keys is not None
        monkeypatch.setenv("TEAMS_IMPORTER_URL", served.url)
        monkeypatch.setenv("TEAMS_IMPORTER_API_KEY", served.keys.read)
        # The key alone is enough to read.
        done = cli("export", *NEW)
        assert done.code == 0, done.err
        assert manifest_in("out").teams == ("127.0.0.1",)
        assert cli("plan", "out", "--detailed-exitcode").code == 0
