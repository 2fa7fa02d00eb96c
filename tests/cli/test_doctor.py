"""`doctor`: one line per check, and the exit code of the worst."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import sqlite3
import tomllib
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from importer.sandbox import Tier, open_world
from importer.sandbox.v3.describing import describe
from importer.sandbox.v3.routing import BASES
from tests.cli.stage import Program, posts_in, question, serving, write_manifest
from tests.conftest import ROOT
from tests.journal.repositories import git, made_hub


def checks(cli: Program, *arguments: str) -> tuple[int, dict[str, Any]]:
    done = cli("doctor", *arguments, "--format", "json")
    document = done.document
    assert document["exit_code"] == done.code
    return done.code, {it["name"]: it for it in document["checks"]}


@pytest.mark.usefixtures("manifest")
def test_a_healthy_place_is_all_ok(cli: Program) -> None:
    code, found = checks(cli, "--url", "sandbox:")
    assert code == 0
    assert {it["sign"] for it in found.values()} == {"ok"}
    assert {
        "importer",
        "python",
        "manifest",
        "team",
        "token",
        "reading",
        "writing",
        "quota",
    } <= set(found)
    text = cli("doctor", "--url", "sandbox:").out
    assert "ok  writing" in text


@pytest.mark.usefixtures("manifest")
def test_every_extra_is_listed_and_one_that_is_not_there_is_no_failure(
    cli: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = {f"extra {it}" for it in project["optional-dependencies"]}
    code, found = checks(cli, "--url", "sandbox:")
    assert code == 0
    assert {it for it in found if it.startswith("extra ")} == extras
    there = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "rapidfuzz" else there(name)
    )
    code, found = checks(cli, "--url", "sandbox:")
    assert (code, found["extra adopt"]["sign"]) == (0, "ok")
    assert found["extra adopt"]["found"].startswith("not installed")
    assert "'teams-importer[adopt]', or '.[adopt]'" in found["extra adopt"]["remedy"]


@pytest.mark.usefixtures("manifest")
@pytest.mark.parametrize(
    ("token", "name"),
    [("expired", "reading"), ("foreign", "reading")],
)
def test_a_token_that_will_not_do_is_a_failure_with_a_remedy(
    cli: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, token: str, name: str
) -> None:
    with serving(tmp_path) as served:
        for variable, value in served.env(token).items():
            monkeypatch.setenv(variable, value)
        code, found = checks(cli)
        assert code == 6
        assert found[name]["sign"] == "fail"
        assert found[name]["remedy"]
        assert getattr(served.tokens, token) not in str(found)
        assert found["token"]["found"] == "from TEAMS_IMPORTER_TOKEN"
    assert posts_in(tmp_path / "team.db") == []


def test_what_can_be_checked_without_a_token_or_team_is(cli: Program) -> None:
    code, found = checks(cli)
    assert code == 6
    assert found["manifest"]["sign"] == "warn"
    assert found["team"]["sign"] == "fail"
    code, found = checks(cli, "--team", "acme")
    assert (code, found["token"]["sign"]) == (6, "fail")


def test_a_broken_manifest_and_a_foreign_journal_are_found(
    cli: Program, manifest: Path, tmp_path: Path
) -> None:
    team = f"sandbox:{tmp_path / 'team.db'}"
    assert cli("apply", "--url", team, "--yes").code == 0
    code, found = checks(cli, "--url", team)
    assert (code, found["journal"]["sign"]) == (0, "ok")
    assert "4 posts known" in found["journal"]["found"]
    (manifest.parent / "journal.db").write_text("no journal at all, by any means" * 100)
    code, found = checks(cli, "--url", team, "--journal", "journal.db")
    assert (code, found["journal"]["sign"]) == (9, "fail")
    manifest.write_text("version: 1")
    code, found = checks(cli, "--url", team)
    assert found["manifest"]["sign"] == "fail"
    assert code == 3
    code, found = checks(cli, "--url", team, "--team", "nobody")
    assert (code, found["manifest"]["sign"]) == (6, "fail")


@pytest.mark.usefixtures("manifest")
def test_a_token_that_only_reads_is_enough_unless_writing_is_asked_for(
    cli: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(tmp_path) as served:
        for variable, value in served.env("read_only").items():
            monkeypatch.setenv(variable, value)
        code, found = checks(cli)
        assert (code, found["writing"]["sign"]) == (0, "warn")
        assert found["writing"]["remedy"]
        assert "note: can plan, not apply" in cli("doctor").err
        code, found = checks(cli, "--write")
        assert (code, found["writing"]["sign"]) == (6, "fail")
        assert served.tokens.read_only not in str(found)


def test_a_journal_that_could_not_be_written_is_not_ok(
    cli: Program, manifest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a file system that is mounted for reading alone."""
    team = ("--url", f"sandbox:{manifest.parent / 'team.db'}")
    for applied in (False, True):
        if applied:
            assert cli("apply", *team, "--yes").code == 0
        with monkeypatch.context() as patch:
            patch.setattr("os.access", lambda _, mode: mode != os.W_OK)
            open_world(manifest.parent / "team.db").close()
            code, found = checks(cli, *team)
            assert (code, found["journal's folder"]["sign"]) == (0, "warn")
            assert "may not be written" in found["journal's folder"]["found"]
            assert checks(cli, *team, "--write")[0] == 9
        assert "journal's folder" not in checks(cli, *team)[1]


@pytest.mark.usefixtures("manifest")
@pytest.mark.parametrize(
    ("what", "said", "remedy"),
    [
        pytest.param("link", "is a link to", "Bring that folder back", id="a link to nowhere"),
        pytest.param("lock", "is a folder; it has", "Remove the folder", id="a folder for a lock"),
    ],
)
def test_what_stands_in_a_journals_way_is_found_before_an_apply(
    cli: Program, home: Path, what: str, said: str, remedy: str
) -> None:
    journal = home / "journal.db"
    if what == "link":
        journal.symlink_to(home / "unmounted" / "journal.db")
    else:
        (home / "journal.db.lock").mkdir()
    team = ("--url", f"sandbox:{home / 'team.db'}", "--journal", str(journal))
    done = cli("apply", *team, "--yes")
    assert done.code == 9
    assert said in done.err
    assert remedy in done.err
    code, found = checks(cli, *team)
    assert code == 9
    assert found["journal"]["sign"] == "fail"
    assert said in found["journal"]["found"]
    # A link into a folder that is there is as good as a name.
    if what == "link":
        (home / "unmounted").mkdir()
    else:
        (home / "journal.db.lock").rmdir()
    assert cli("apply", *team, "--yes").code == 0
    assert checks(cli, *team)[1]["journal"]["sign"] == "ok"


@pytest.mark.usefixtures("manifest")
def test_it_lists_what_can_be_written_by_which_api_and_where_that_is_known_from(
    cli: Program,
) -> None:
    rows = abilities(cli)
    assert rows["create", "question", None] == ("API v2.3", "", "table")
    assert rows["create", "collection", None] == ("API v3", "", "table")
    by, why_not, source = rows["set", "tag", "description"]
    assert (by, source) == ("", "table")
    assert "no API can write descriptions" in why_not
    alone = abilities(cli, "--api", "2.3")
    assert "API v2.3 cannot write collections" in alone["create", "collection", None][1]
    text = cli("doctor", "--url", "sandbox:").out
    assert "known from" in text
    assert re.search(r"^ok +create collection +table of calls +API v3$", text, re.MULTILINE)
    assert re.search(r"^ok +API v3 +open; 4,9\d\d calls left", text, re.MULTILINE)


@pytest.mark.usefixtures("manifest")
@pytest.mark.parametrize("api", ["2.3", "3", "auto"])
@pytest.mark.parametrize(
    ("tier", "token", "why"),
    [
        pytest.param("basic", "read_write", "this token may not write", id="a Basic team"),
        pytest.param("business", "read_only", "this token may not write", id="reading only"),
        pytest.param("business", "expired", "the team does not open", id="an expired token"),
        pytest.param("free", "read_write", "the team does not open", id="a plan without API"),
    ],
)
def test_the_list_of_what_can_be_written_is_about_this_token(
    cli: Program,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    api: str,
    tier: Tier,
    token: str,
    why: str,
) -> None:
    with serving(tmp_path, tier=tier) as served:
        for variable, value in served.env(token).items():
            monkeypatch.setenv(variable, value)
        rows = cli("doctor", "--api", api, "--format", "json").document["abilities"]
        (row,) = (it for it in rows if (it["verb"], it["kind"]) == ("create", "question"))
        by = "API v3" if api == "3" else "API v2.3"
        assert (row["by"], row["why_not"]) == ("", f"{why}; {by} could")
        assert row["source"] == "probe"
        assert [it["by"] for it in rows if it["by"]] == []
        text = cli("doctor", "--api", api).out
        assert re.search(rf"^no +create question +asked at the door +{why}; ", text, re.MULTILINE)
        assert not re.search(r"^ok +(create|update|delete|set) ", text, re.MULTILINE)
        for variable, value in served.env("read_write").items():
            monkeypatch.setenv(variable, value)
        if tier == "business":
            healthy = cli("doctor", "--api", api).out
            assert re.search(r"^ok +create question ", healthy, re.MULTILINE)


def abilities(
    cli: Program, *arguments: str | Path
) -> dict[tuple[str, str, str | None], tuple[str, str, str]]:
    document = cli("doctor", "--url", "sandbox:", "--format", "json", *arguments).document
    assert set(document) == {"checks", "abilities", "exit_code"}
    return {
        (it["verb"], it["kind"], it["field"]): (it["by"], it["why_not"], it["source"])
        for it in document["abilities"]
    }


@pytest.mark.usefixtures("manifest")
def test_the_instances_own_swagger_file_takes_rows_away(cli: Program, home: Path) -> None:
    described = describe(BASES[0])
    paths = {path: it for path, it in described["paths"].items() if "collections" not in path}
    (home / "site.json").write_text(json.dumps({**described, "paths": paths}))
    rows = abilities(cli, "--swagger", "site.json")
    by, why_not, source = rows["create", "collection", None]
    assert (by, source) == ("", "swagger")
    assert "no POST /collections, says site.json" in why_not
    assert rows["create", "article", None] == ("API v3", "", "swagger")
    write_manifest(
        home,
        question("rollback"),
        collections=[{"key": "start", "title": "Start here", "items": ["rollback"]}],
    )
    planned = cli("plan", "--url", "sandbox:", "--swagger", "site.json")
    assert "API v3 of this site has no POST /collections, says site.json" in planned.out
    assert "1 blocked" in planned.out
    (home / "other.json").write_text("{}")
    refused = cli("plan", "--url", "sandbox:", "--swagger", "other.json")
    assert (refused.code, "describes no API v3" in refused.err) == (64, True)


@pytest.mark.usefixtures("manifest")
@pytest.mark.parametrize(
    ("damage", "plans"),
    [
        pytest.param('UPDATE texts SET value = \'["line","x"]\'', True, id="a text"),
        pytest.param("UPDATE operations SET seal = seal + 1", True, id="an operation"),
        pytest.param("UPDATE bindings SET seal = seal + 1", False, id="a binding"),
    ],
)
def test_f04_a_damaged_row_that_no_plan_reads_is_found(
    cli: Program, home: Path, damage: str, *, plans: bool
) -> None:
    team = ("--url", "sandbox:team.db")
    assert cli("apply", *team, "--yes").code == 0
    code, found = checks(cli, *team)
    assert (code, found["journal"]["sign"]) == (0, "ok")
    assert "rows read, all whole" in found["journal"]["found"]
    (path,) = home.glob(".teams-importer/*.db")
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute(damage)
    assert (cli("plan", *team).code == 0) is plans
    code, found = checks(cli, *team)
    assert (code, found["journal"]["sign"]) == (9, "fail")
    assert "changed since it was written" in found["journal"]["found"]
    assert "Move it away" in found["journal"]["remedy"]


def test_a_journal_on_a_ref_that_cannot_be_pushed_to_is_not_ok(
    cli: Program, manifest: Path, tmp_path: Path
) -> None:
    hub = made_hub(tmp_path / "hub.git")
    clone = hub.clone(manifest.parent)
    open_world(tmp_path / "team.db").close()
    team = ("--url", f"sandbox:{tmp_path / 'team.db'}", "--journal", "git:")
    code, found = checks(cli, *team, "--write")
    assert (code, found["journal's ref"]["sign"]) == (0, "ok"), found
    assert git("for-each-ref", at=hub.path) == ""
    git("config", "remote.origin.receivepack", tmp_path / "nowhere", at=clone)
    code, found = checks(cli, *team)
    assert (code, found["journal"]["sign"], found["journal's ref"]["sign"]) == (0, "ok", "warn")
    assert "can't be pushed to: fatal: " in found["journal's ref"]["found"]
    assert "contents: write" in found["journal's ref"]["remedy"]
    assert checks(cli, *team, "--write")[0] == 9
