"""The command line in this process, and a folder of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

import pytest

from importer.teams.limiter import Limiter
from tests.acceptance.forking import Forks, forks
from tests.acceptance.scene import Grounds, Scene, Stage, grounds
from tests.cli.conftest import cli, home, manifest

__all__ = ["cli", "home", "manifest"]


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let importer and sandbox in this process not mind how many requests a second there are.

    Only for time's sake: the pace itself is another test's claim.
    """
    monkeypatch.setattr("importer.teams.v2.dialect.Limiter", lambda: Limiter(places=1_000_000))
    monkeypatch.setattr("importer.sandbox.limits.Limits.admit", lambda *_: None)


@pytest.fixture(scope="session")
def warm() -> Iterator[Forks]:
    """The process whose forks are the runs."""
    with forks() as warm:
        yield warm


@pytest.fixture(scope="session")
def ground() -> Iterator[Grounds]:
    """The thread that serves the teams."""
    with grounds() as ground:
        yield ground


@pytest.fixture
def stage(
    warm: Forks,
    ground: Grounds,
    tmp_path: Path,
    unhurried: None,  # noqa: ARG001 - the teams in this process don't mind how fast it goes
) -> Stage:
    """Set a scene: a manifest of so many questions, and an empty team of its own."""

    @contextmanager
    def scene(items: int) -> Iterator[Scene]:
        with ground.team() as team:
            yield Scene(Path(mkdtemp(dir=tmp_path)), team, warm, items)

    return scene
