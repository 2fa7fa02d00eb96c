"""What the tests of the command line share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.stage import Program, question, write_manifest

CANARY = "c4n4ryT0kenThatMustNeverShow"


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], home: Path) -> Program:  # noqa: ARG001 - its folder
    return Program(capsys)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder; reports of bugs go beside it, not to the machine's."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def manifest(home: Path) -> Path:
    """A manifest of three questions, one of them answered."""
    return write_manifest(
        home,
        question("rollback", answer="Run the command that rolls back, and tell the channel."),
        question("oncall/freeze"),
        question("oncall/paged"),
    )
