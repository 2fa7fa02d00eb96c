"""What commands print as JSON is what their schemas say."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from tests.cli.stage import Program
from tests.conftest import ROOT


def check(document: object, name: str) -> None:
    schema = json.loads((ROOT / "schemas" / f"{name}.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(document, schema)


@pytest.mark.usefixtures("manifest")
def test_the_reports_of_apply_and_undo_fit_their_schema(cli: Program) -> None:
    for command in (["apply"], ["undo", "last"]):
        done = cli(*command, "--yes", "--url", "sandbox:team.db", "--format", "json")
        assert done.document["report"]["results"]
        check(done.document, "report")


def test_problems_fit_their_schema(cli: Program, manifest: Path) -> None:
    manifest.write_text("version: 1\nnamespace: NO\n")
    found = cli("validate", "--format", "json").document
    assert found
    check(found, "problems")
