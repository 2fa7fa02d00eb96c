"""What the pages of docs/ say to run is run, page by page, in a folder as a reader has it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.acceptance.conftest import unhurried
from tests.cli.documented import Shell, blocks_of
from tests.cli.stage import Program, question, write_manifest
from tests.conftest import ROOT

__all__ = ["unhurried"]

# That has a test of its own, of what comes out in the end.
_TUTORIAL = "tutorial.md"
_PAGES = [
    it.name for it in sorted((ROOT / "docs").glob("*.md")) if it.name != _TUTORIAL and blocks_of(it)
]


@pytest.fixture
def shell(cli: Program, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """A shell in a folder with a manifest that is published but for its last item."""
    monkeypatch.setenv("TEAMS_IMPORTER_URL", f"sandbox:{home / 'team.db'}")
    first = question("rollback", answer="Run the command that rolls back, and tell the channel.")
    write_manifest(home, first)
    assert cli("apply", "--yes").code == 0
    write_manifest(home, first, question("oncall/paged"))
    return Shell(cli, tmp_path / "bin", monkeypatch)


@pytest.mark.usefixtures("unhurried")
@pytest.mark.parametrize("page", _PAGES)
def test_what_a_page_says_to_run_runs(shell: Shell, page: str) -> None:
    for lines in blocks_of(ROOT / "docs" / page):
        for line, done in shell.run(lines):
            assert done.code in _expected(line), (line, done.out, done.err)


def _expected(line: str) -> tuple[int, ...]:
    """Return the exit codes that a line may have, with its changes and nothing that waits."""
    asked = "--detailed-exitcode" in line or "--check" in line
    return (0, 2) if asked else (0,)


@pytest.mark.usefixtures("unhurried")
def test_everyday_use_in_the_readme_runs(shell: Shell) -> None:
    (lines,) = (it for it in blocks_of(ROOT / "README.md") if "plan.json" in "".join(it))
    lines = [it.replace("apply plan.json", "apply plan.json --yes") for it in lines]
    for line, done in shell.run(lines):
        assert done.code == 0, (line, done.out, done.err)


@pytest.mark.usefixtures("unhurried")
def test_what_the_examples_say_to_run_runs(shell: Shell, home: Path) -> None:
    shutil.copytree(ROOT / "examples", home / "examples")
    for lines in blocks_of(ROOT / "examples" / "README.md"):
        for line, done in shell.run(lines):
            assert done.code == 0, (line, done.out, done.err)
