"""`doctor`: one line per check, and the exit code of the worst."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from importer.sandbox import open_world
from tests.cli.stage import Program, posts_in, serving


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
