"""What the API in use can't do waits under a remedy that fits it, and nothing of it gets lost."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest

from importer.sandbox import open_world
from importer.sandbox.v3.describing import describe
from importer.sandbox.v3.routing import BASES
from tests.cli.stage import Program, question, write_manifest
from tests.pictures import png

TEAM = ("--url", "sandbox:team.db")
USE_V3 = "Use --api auto or --api 3, where the team has API v3."
START = {"key": "start", "title": "Start here", "items": ["rollback"]}
IMAGE = "A text that is long enough for a post, and shows something: ![a](a.png)"


def swagger_without(home: Path, *parts: str) -> None:
    described = describe(BASES[0])
    paths = {
        path: calls
        for path, calls in described["paths"].items()
        if not any(part in path for part in parts)
    }
    (home / "site.json").write_text(json.dumps({**described, "paths": paths}))


@pytest.mark.parametrize("api", ["3", "auto"])
def test_an_image_that_the_instance_takes_none_of_is_not_sent_to_the_api_in_use(
    cli: Program, home: Path, api: str
) -> None:
    (home / "a.png").write_bytes(png())
    swagger_without(home, "images")
    write_manifest(home, question("shown", body=IMAGE))
    planned = cli("plan", *TEAM, "--api", api, "--swagger", "site.json", "--detailed-exitcode")
    assert planned.code == 11
    assert "API v3 of this site has no POST /images/upload, says site.json" in planned.out
    assert "If the site has it by now, fetch site.json anew. Or put the image" in planned.out
    assert "Use --api" not in planned.out


def test_an_image_over_the_older_api_alone_is_led_to_the_other(cli: Program, home: Path) -> None:
    (home / "a.png").write_bytes(png())
    write_manifest(home, question("shown", body=IMAGE))
    planned = cli("plan", *TEAM, "--api", "2.3")
    assert f"{USE_V3} Or put the image on a server" in planned.out


def test_a_question_that_the_newer_api_lacks_is_led_to_the_older(cli: Program, home: Path) -> None:
    swagger_without(home, "questions")
    write_manifest(home, question("rollback"))
    planned = cli("plan", *TEAM, "--api", "3", "--swagger", "site.json")
    assert "fetch site.json anew. Or use --api auto: API v2.3 can do it. Otherwise" in planned.out
    assert cli("plan", *TEAM, "--swagger", "site.json", "--detailed-exitcode").code == 2


@pytest.fixture
def collected(cli: Program, home: Path) -> Path:
    """A team with a collection that was made from here."""
    write_manifest(home, question("rollback"), collections=[START])
    assert cli("apply", *TEAM, "--yes").code == 0
    return home


def collections(home: Path) -> list[str]:
    world = open_world(home / "team.db")
    try:
        return [it.title for it in world.collections("acme")]
    finally:
        world.close()


@pytest.mark.parametrize("title", ["Start here", "Start over there"], ids=["equal", "edited"])
def test_a_known_collection_waits_over_the_older_api_and_is_neither_gone_nor_orphan(
    cli: Program, collected: Path, title: str
) -> None:
    collection = {**START, "title": title}
    write_manifest(collected, question("rollback"), collections=[collection])
    done = cli("apply", *TEAM, "--api", "2.3", "--yes")
    assert done.code == 11
    shown = done.out + done.err
    assert "! collection start: unsupported" in shown
    assert f"{USE_V3} Until then it stays as it is." in shown
    assert not [word for word in ("gone", "orphan", "unread") if word in shown]
    again = cli("apply", *TEAM, "--yes")
    assert (again.code, "1 updated" in again.out) == (0, title != "Start here")
    assert collections(collected) == [title]


@pytest.mark.parametrize("how", ["removed", "prune"])
def test_a_collection_that_is_to_go_waits_over_the_older_api_and_is_not_forgotten(
    cli: Program, collected: Path, how: str
) -> None:
    removed = [{"key": "start", "live": "delete"}] if how == "removed" else []
    write_manifest(collected, question("rollback"), removed=removed)
    flags = ("--prune",) if how == "prune" else ()
    waits = cli("apply", *TEAM, "--api", "2.3", "--yes", *flags)
    assert waits.code == 11
    assert "! collection start: unsupported" in waits.out
    assert f"{USE_V3} Until then it stays as it is." in waits.out
    assert collections(collected) == ["Start here"]
    gone = cli("apply", *TEAM, "--yes", *flags)
    assert (gone.code, "1 deleted" in gone.out) == (0, True), gone.out
    assert collections(collected) == []


def test_a_collection_without_wish_is_left_alone_over_the_older_api(
    cli: Program, collected: Path
) -> None:
    write_manifest(collected, question("rollback"))
    assert cli("plan", *TEAM, "--api", "2.3", "--detailed-exitcode").code == 0
    assert cli("apply", *TEAM, "--api", "2.3", "--yes").code == 0
    assert "start" in cli("plan", *TEAM).out, "it is an orphan as ever"


@pytest.mark.usefixtures("collected")
def test_undo_over_the_older_api_says_which_api_takes_a_collection_back(cli: Program) -> None:
    undone = cli("undo", "last", *TEAM, "--api", "2.3", "--yes")
    assert undone.code == 11
    assert "! collection start: unsupported" in undone.out
    assert USE_V3 in undone.out


def test_a_field_that_the_older_api_lacks_is_what_is_to_be_left_out(
    cli: Program, home: Path
) -> None:
    article = {
        **question("leave"),
        "permissions": {"editable_by": "specific-editors", "users": [1003]},
    }
    tag = {"name": "testing", "experts": {"users": [1003]}}
    write_manifest(home, question("rollback"), articles=[article], tags=[tag])
    planned = cli("plan", *TEAM, "--api", "2.3")
    for field in ("permissions", "experts"):
        assert f"{USE_V3} Otherwise leave its `{field}:` out of this manifest" in planned.out


def make(home: Path, role: str) -> None:
    """Give everybody of the team in `team.db` that role."""
    with closing(open_world(home / "team.db")) as world:
        world.store.run("UPDATE users SET role = ?", (role,))


def test_a_member_who_may_not_name_experts_is_told_who_may(cli: Program, home: Path) -> None:
    tag = {"name": "testing", "experts": {"users": [1003]}}
    write_manifest(home, question("rollback"), tags=[tag])
    done = cli("apply", *TEAM, "--yes")
    assert done.code == 11
    assert "Plan and apply with the token of one who may." in done.out


def test_a_moderator_who_is_none_any_more_is_told_who_may(cli: Program, home: Path) -> None:
    tag = {"name": "testing", "experts": {"users": [1003]}}
    write_manifest(home, question("rollback"))
    assert cli("apply", *TEAM, "--yes").code == 0
    make(home, "moderator")
    write_manifest(home, question("rollback"), tags=[tag])
    assert cli("plan", *TEAM, "--out", "plan.json").code == 0
    make(home, "member")
    done = cli("apply", "plan.json", *TEAM, "--yes")
    assert done.code == 5
    assert "(the token's user may not name experts: let a moderator or an admin" in done.out


def experts_of(home: Path, name: str) -> tuple[int, ...]:
    with closing(open_world(home / "team.db")) as world:
        (tag,) = [it for it in world.tags("acme") if it.name == name]
        return world.experts(tag.id).user_ids


@pytest.mark.parametrize("born", ["already", "with this apply"])
@pytest.mark.parametrize("experts", [{}, {"users": []}, {"exact": "true"}])
def test_nobody_to_name_is_nothing_to_do(
    cli: Program, home: Path, experts: dict[str, object], born: str
) -> None:
    write_manifest(home, question("rollback"))
    if born == "already":
        assert cli("apply", *TEAM, "--yes").code == 0
    make(home, "moderator")
    write_manifest(home, question("rollback"), tags=[{"name": "testing", "experts": experts}])
    planned = cli("plan", *TEAM)
    assert "experts" not in planned.out
    done = cli("apply", *TEAM, "--yes")
    assert done.code == 0
    assert "earlier attempt" not in done.out
    assert "No changes" in cli("plan", *TEAM, "--detailed-exitcode").out


def test_nobody_exactly_takes_away_whom_this_manifest_named_exactly(
    cli: Program, home: Path
) -> None:
    """What was only added says nothing of who else is there: that waits for a person."""

    def wish(**experts: object) -> None:
        write_manifest(home, question("rollback"), tags=[{"name": "testing", "experts": experts}])

    make(home, "moderator")
    wish(users=[1003], exact="true")
    assert cli("apply", *TEAM, "--yes").code == 0
    assert experts_of(home, "testing") == (1003,)
    wish(exact="true")
    assert cli("apply", *TEAM, "--yes").code == 0
    assert experts_of(home, "testing") == ()
    assert "No changes" in cli("plan", *TEAM).out
    wish(users=[1003])
    assert cli("apply", *TEAM, "--yes").code == 0
    wish()
    assert "No changes" in cli("plan", *TEAM).out
    wish(exact="true")
    done = cli("apply", *TEAM, "--yes")
    assert (done.code, experts_of(home, "testing")) == (11, (1003,))
    assert cli("apply", *TEAM, "--yes", "--on-drift", "overwrite").code == 0
    assert experts_of(home, "testing") == ()
