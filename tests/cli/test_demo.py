"""`demo`: what it ends with, and what it tells to type."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.cli.stage import Program


def test_the_demo_ends_with_no_changes_and_hints_that_work(
    cli: Program, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = home / ".venv" / "bin" / "teams-importer"
    monkeypatch.setattr(sys, "argv", [str(program), "demo"])
    monkeypatch.setenv("PATH", str(home))
    done = cli("demo")
    assert done.code == 0
    assert done.out.rstrip("\n").rpartition("\n")[2].startswith("No changes")
    assert "\n  .venv/bin/teams-importer sandbox serve --db " in done.out
    assert "accepted marks" in done.out
    (undo,) = [it for it in done.out.splitlines() if " undo last " in it]
    assert cli(*undo.split()[1:], "--yes").code == 0
