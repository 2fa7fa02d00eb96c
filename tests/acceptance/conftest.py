"""The command line in this process, and a folder of its own for each test."""

from __future__ import annotations

import pytest

from importer.teams.limiter import Limiter
from tests.cli.conftest import cli, home, manifest

__all__ = ["cli", "home", "manifest"]


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let importer and sandbox in this process not mind how many requests a second there are.

    Only for time's sake: the pace itself is another test's claim.
    """
    monkeypatch.setattr("importer.teams.turns.Limiter", lambda: Limiter(per_second=1e6))
    monkeypatch.setattr("importer.sandbox.limits.Limits.admit", lambda *_: None)
