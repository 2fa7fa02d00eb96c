"""`plan`: exit codes, decisions, and that it writes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from starlette.responses import Response

from tests.cli.stage import Program, question, write_manifest

TEAM = "sandbox:team.db"


@pytest.fixture
def applied(cli: Program, manifest: Path) -> Path:
    assert cli("apply", "--url", TEAM, "--yes").code == 0
    return manifest


def codes(cli: Program, *options: str) -> tuple[int, int]:
    """Return the exit codes of a plan without and with more detail."""
    plain = cli("plan", "--url", TEAM, *options)
    detailed = cli("plan", "--url", TEAM, "--detailed-exitcode", *options)
    assert plain.out == detailed.out
    return plain.code, detailed.code


def test_a_plan_exits_with_0_or_says_more_when_asked(cli: Program, applied: Path) -> None:
    assert codes(cli) == (0, 0)
    manifest = applied.read_text()
    applied.write_text(manifest.replace("Once upon", "Once more upon", 1))
    assert codes(cli) == (0, 2)
    twin = question("twin", title="What is the story of rollback?")
    write_manifest(applied.parent, twin, namespace="other")
    assert codes(cli) == (0, 11)


def test_blocked_items_go_before_changes(cli: Program, applied: Path) -> None:
    twin = question("twin", title="What is the story of rollback?")
    write_manifest(applied.parent, twin, question("new"), namespace="other")
    assert codes(cli) == (0, 11)
    assert "1 to create" in cli("plan", "--url", TEAM).out


def test_drift_and_manual_steps_count_when_named(cli: Program, home: Path) -> None:
    tags = [{"name": "testing", "description": "What is tested."}]
    write_manifest(home, question("a"), tags=tags)
    assert cli("plan", "--url", TEAM).code == 0
    assert cli("plan", "--url", TEAM, "--fail-on", "drift").code == 0
    assert cli("plan", "--url", TEAM, "--fail-on", "drift,manual").code == 11
    assert cli("apply", "--url", TEAM, "--yes", "--fail-on", "manual").code == 11
    assert cli("apply", "--url", TEAM, "--yes").code == 0


def test_a_plan_leaves_nothing_behind(cli: Program, manifest: Path) -> None:
    before = sorted(manifest.parent.rglob("*"))
    assert cli("plan", "--url", TEAM).code == 0
    assert cli("doctor", "--url", TEAM).code == 0
    assert sorted(manifest.parent.rglob("*")) == before


def test_a_plan_leaves_a_journal_as_it_is(cli: Program, applied: Path) -> None:
    (journal,) = applied.parent.glob(".teams-importer/*.db")
    before = journal.read_bytes(), sorted(applied.parent.rglob("*"))
    assert cli("plan", "--url", TEAM).code == 0
    assert (journal.read_bytes(), sorted(applied.parent.rglob("*"))) == before


def test_only_takes_what_its_glob_fits(cli: Program, manifest: Path) -> None:
    done = cli("plan", "--url", TEAM, "--only", "oncall/*", "--format", "json")
    assert {it["key"] for it in done.document["changes"]} == {"oncall/freeze", "oncall/paged"}
    assert done.document["decisions"]["only"] == ["oncall/*"]
    idle = cli("plan", manifest.parent, "--url", TEAM, "--only", "onkall/*")
    assert "--only 'onkall/*' fits no key of this manifest. Did you mean `oncall/" in idle.err


@pytest.mark.usefixtures("manifest")
@pytest.mark.parametrize("command", ["plan", "plan --drift", "apply --yes", "pull", "adopt"])
def test_a_key_that_no_item_has_is_wrong_use(cli: Program, home: Path, command: str) -> None:
    done = cli(*command.split(), "--url", "sandbox:team.db", "--only", "oncall/freez")
    assert (done.code, done.out) == (64, "")
    assert "--only 'oncall/freez': no item of this manifest has that key" in done.err
    assert "Did you mean `oncall/freeze`?" in done.err
    assert not (home / "team.db").exists()


@pytest.mark.usefixtures("manifest")
@pytest.mark.parametrize("command", ["plan", "apply"])
def test_only_and_prune_do_not_go_together(cli: Program, command: str) -> None:
    done = cli(command, "--url", TEAM, "--only", "a", "--prune")
    assert (done.code, done.out) == (64, "")
    assert "--only and --prune" in done.err


def test_a_plan_names_its_manifest_in_json_mode_too(cli: Program, manifest: Path) -> None:
    done = cli("plan", manifest, "--url", "sandbox:", "--format", "json")
    assert done.document["namespace"] == "handbook"
    assert done.err == f"manifest: {manifest}\n"


@pytest.mark.usefixtures("manifest")
@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        pytest.param(["--team", "nobody"], 6, "the sandbox has no team 'nobody'", id="team"),
        pytest.param(["--api", "4"], 64, "not one of", id="API"),
        pytest.param(["--ca-bundle", "none.pem"], 64, "none.pem", id="certificates"),
        pytest.param(["--journal", "teams-importer.yaml"], 9, "it is not a database", id="journal"),
        pytest.param(["--url", "ftp://team.example"], 64, "https://", id="scheme"),
        pytest.param(["--url", "http://team.example"], 64, "unencrypted", id="no TLS"),
        pytest.param(["--url", "sandbox:teams-importer.yaml"], 64, "sandbox", id="no sandbox"),
    ],
)
def test_what_cannot_be_connected_is_told(
    cli: Program, arguments: list[str], code: int, said: str
) -> None:
    team = [] if "--team" in arguments else ["--team", "acme"]
    url = [] if "--url" in arguments or "--ca-bundle" in arguments else ["--url", TEAM]
    if "--journal" in arguments:
        assert cli("apply", "--url", TEAM, "--yes").code == 0
    done = cli("plan", *url, *team, *arguments)
    assert done.code == code, done.err
    assert said in done.err


def test_a_server_that_is_away_leaves_exit_code_5(
    cli: Program, manifest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importer.teams.retry.jitter_s", lambda *_: 0.0, raising=False)
    monkeypatch.setenv("TEAMS_IMPORTER_TOKEN", "aToken0fNobodyAtAll")
    done = cli("plan", manifest, "--url", "http://127.0.0.1:9", "--team", "acme")
    assert done.code == 5
    assert "error:" in done.err


def test_where_api_v3_is_not_there_what_needs_it_waits_with_the_reason(
    cli: Program, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = Response("<h1>Not found</h1>", 404, media_type="text/html")
    monkeypatch.setattr("importer.sandbox.v3.api.Api._answer", lambda *_: gone)
    more: dict[str, Any] = {
        "tags": [{"name": "testing", "experts": {"users": [1002]}}],
        "articles": [
            {
                "key": "leave",
                "type": "policy",
                "title": "Parental leave, for everybody",
                "tags": ["testing"],
                "body": "It is granted to whoever asks for it in good time.",
            }
        ],
        "collections": [{"key": "start", "title": "Start here", "items": ["rollback"]}],
    }
    write_manifest(home, question("rollback"), **more)
    planned = cli("plan", "--url", TEAM)
    assert planned.code == 0, planned.err
    assert "note: without API v3: " in planned.err
    assert "2 blocked" in planned.out
    assert planned.out.count("API v3 can't be used: GET users/me: status 404") == 2
    done = cli("apply", "--url", TEAM, "--yes")
    assert (done.code, "2 created" in done.out) == (11, True), done.out + done.err
    write_manifest(home, question("rollback"))
    assert "without API v3" not in cli("plan", "--url", TEAM).err
