"""`export`: what a team holds becomes a manifest of which the next plan says "No changes"."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from importer.manifests import load_manifest
from importer.model.ids import Field
from importer.model.manifest import Manifest
from importer.sandbox import User, World, open_world
from importer.sandbox.values import Permissions, Shares
from tests.cli.stage import Program, Result

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
    items = {it.key: it for it in manifest_in("out").items}
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
    assert "specific-editors" in leave.fields[Field.PERMISSIONS]
    assert items["start-here"].fields[Field.ITEMS] == (f"key:{leave.key}", f"key:{roll.key}")
    deploys = items["tag:deploys"]
    assert deploys.fields[Field.DESCRIPTION] == "Shipping: what, when & how?"
    assert len(deploys.fields[Field.EXPERTS]) == 1
