"""A server that accepts and never answers: the command says so, and its result stays clean."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from importer.teams import Connection
from tests.cli.stage import Program


@pytest.fixture
def mute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    """The environment of a server of that sort; seconds are hundredths."""
    monkeypatch.setattr("importer.teams.silence._AFTER_S", 0.05)
    monkeypatch.setattr("importer.teams.silence._AGAIN_S", 0.2)
    monkeypatch.setattr("importer.teams.silence._APART_S", 0.1)
    monkeypatch.setattr("importer.teams.retry._BASE_S", 0.01)
    monkeypatch.setattr("importer.cli.progress._LONG_S", 0.1)
    monkeypatch.setattr("importer.cli.progress._WORTH_SAYING_S", 0.02)
    monkeypatch.setattr("importer.cli.wiring.Connection", partial(Connection, deadline_s=0.6))
    token = tmp_path / "token"
    token.write_text("a-token-of-nobody-at-all")
    token.chmod(0o600)
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("TEAMS_IMPORTER_URL", f"http://127.0.0.1:{server.getsockname()[1]}")
        monkeypatch.setenv("TEAMS_IMPORTER_TEAM", "acme")
        monkeypatch.setenv("TEAMS_IMPORTER_API", "2.3")
        yield str(token)


@pytest.mark.usefixtures("manifest")
@pytest.mark.parametrize("command", [["plan"], ["apply", "--yes"], ["doctor"]], ids=" ".join)
def test_what_is_waited_for_is_told_on_standard_error_alone(
    cli: Program, mute: str, command: list[str]
) -> None:
    done = cli(*command, "--token-file", mute, "--format", "json")
    assert done.code == 5, done.err
    waited = [it for it in done.err.splitlines() if it.startswith("waiting ")]
    assert len(waited) >= 4
    for number in range(1, 5):
        (first, *_) = [it for it in waited if f"(attempt {number} of 4)" in it]
        assert ": no answer yet to GET " in first
    assert "nobody-at-all" not in done.err + done.out
    assert "no answer yet" not in done.out
    json.loads(done.out)
