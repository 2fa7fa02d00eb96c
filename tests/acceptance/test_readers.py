"""Exports of every kind, from file to site: one write per change, and nothing left to do."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.stage import Program, serving
from tests.conftest import ROOT
from tests.sources.test_discourse import EXPORT as DISCOURSE
from tests.sources.test_zendesk import EXPORT as ZENDESK


@dataclass(frozen=True)
class Import:
    """What all of these do: from an export to a team that has nothing left to do."""

    cli: Program
    folder: Path
    monkeypatch: pytest.MonkeyPatch

    def once(self, source: Path, *, pages: int) -> dict[str, str]:
        """Convert, validate, plan, apply and plan again; return the fates of the pages by title."""
        converted = self.cli(
            "convert", "auto", source, "--out", "out", "--namespace", "wiki", "--format", "json"
        )
        assert converted.code == 0, converted.err
        document = converted.document
        assert document["tally"]["pages"] == len(document["pages"]) == pages
        checked = self.cli("validate", "out")
        assert checked.code == 0, checked.err
        with serving(self.folder) as served:
            self._use(served.env("read_only"))
            plan = self.cli("plan", "--format", "json", "out")
            assert plan.document["changes"], plan.err
            self._use(served.env())
            applied = self.cli("apply", "--yes", "out")
            assert applied.code == 0, applied.out + applied.err
            before = len(served.requests())
            self._use(served.env("read_only"))
            again = self.cli("plan", "out")
            assert "No changes" in again.out, again.out
            assert {it["method"] for it in served.requests()[before:]} == {"GET"}
        return {it["title"]: it["fate"] for it in document["pages"]}

    def _use(self, environment: Mapping[str, str]) -> None:
        for name, value in environment.items():
            self.monkeypatch.setenv(name, value)


@pytest.fixture
def imported(
    cli: Program,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    unhurried: None,  # noqa: ARG001 - the pace is another test's claim
) -> Import:
    return Import(cli, tmp_path, monkeypatch)


def test_the_generic_format_is_imported_once(imported: Import, tmp_path: Path) -> None:
    text = (ROOT / "docs" / "generic-json.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```json\n(.*?)```", text, re.DOTALL)
    (tmp_path / "pages.json").write_text(example, encoding="utf-8")
    fates = imported.once(tmp_path / "pages.json", pages=3)
    assert list(fates.values()) == ["migrated", "migrated", "merged"]


def test_a_help_centre_is_imported_once(imported: Import, tmp_path: Path) -> None:
    (tmp_path / "help").mkdir()
    for name, document in ZENDESK.items():
        (tmp_path / "help" / name).write_text(json.dumps(document))
    fates = imported.once(tmp_path / "help", pages=10)
    assert list(fates.values()).count("migrated") == 6


def test_a_forum_is_imported_once(imported: Import, tmp_path: Path) -> None:
    (tmp_path / "forum" / "t").mkdir(parents=True)
    for name, document in DISCOURSE.items():
        (tmp_path / "forum" / name).write_text(json.dumps(document))
    fates = imported.once(tmp_path / "forum", pages=6)
    assert list(fates.values()).count("migrated") == 3
