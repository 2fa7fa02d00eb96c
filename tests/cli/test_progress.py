"""Progress that programs can follow."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.cli.stage import Program, Result
from tests.conftest import ROOT

TEAM = "sandbox:team.db"
SCHEMA = json.loads((ROOT / "schemas" / "progress.schema.json").read_text(encoding="utf-8"))


def events(done: Result) -> list[dict[str, Any]]:
    """Return what was told, each line checked."""
    told = [json.loads(line) for line in done.err.splitlines()]
    for it in told:
        jsonschema.validate(it, SCHEMA)
        assert it["message"]
    assert told[0]["type"] == "version"
    assert told[-1]["type"] == "end"
    assert told[-1]["exit_code"] == done.code
    return told


@pytest.mark.usefixtures("manifest")
def test_each_write_of_an_apply_and_its_undo_is_told(cli: Program) -> None:
    for command in (["apply", "--yes"], ["undo", "last", "--yes"]):
        told = events(cli(*command, "--url", TEAM, "--progress", "json"))
        moves = [it for it in told if it["type"] == "operation"]
        begun = {it["change"] for it in moves if it["state"] == "open"}
        ended = {it["change"] for it in moves if it["state"] == "done"}
        assert begun == ended
        assert len(begun) == moves[-1]["done"] == moves[-1]["total"] >= 3
        assert moves[-1]["eta_s"] == 0
        assert all(it["ref"] for it in moves if it["state"] == "done")


@pytest.mark.usefixtures("manifest")
@pytest.mark.parametrize("command", ["plan", "pull", "adopt", "doctor", "redirects"])
def test_whatever_takes_a_while_tells_it(cli: Program, command: str) -> None:
    done = cli(command, "--url", TEAM, "--progress", "json", "--format", "json")
    assert any(it["type"] == "phase" for it in events(done))
    assert done.document


def test_a_conversion_and_an_export_tell_it(cli: Program, home: Path) -> None:
    (home / "FAQ.md").write_text("# FAQ\n\n## How do I get help?\n\nAsk in the channel for help.\n")
    into = ("--out", "new", "--namespace", "faq", "--progress", "json")
    assert any(it["type"] == "phase" for it in events(cli("convert", "faq", "FAQ.md", *into)))
    out = ("--out", "team", "--namespace", "team", "--progress", "json", "--url", TEAM)
    assert any(it["type"] == "phase" for it in events(cli("export", *out)))


def test_errors_and_refusals_are_lines_too(cli: Program, manifest: Path) -> None:
    told = events(cli("apply", "--url", TEAM, "--progress", "json"))
    assert any("say --yes" in it["message"] for it in told)
    manifest.write_text("version: [")
    told = events(cli("plan", "--url", TEAM, "--progress", "json"))
    assert told[-1]["exit_code"] == 3
