"""What a reading over API v3 costs is said before it begins, on standard error."""

from __future__ import annotations

from pathlib import Path

import pytest

from importer.sandbox import Behaviour, SystemClock, open_world
from importer.teams.v3 import full_reading
from tests.cli.stage import Program, question, write_manifest


def a_team(folder: Path, questions: int = 6) -> str:
    file = folder / "team.db"
    world = open_world(file, behaviour=Behaviour(), clock=SystemClock())
    ada = world.users("acme")[0]
    for number in range(questions):
        body = f"A body that is long enough for the rules, number {number}."
        post = world.ask(ada, title=f"What is question number {number}?", body=body, tags=["a"])
        world.answer(ada, post.id, body=body)
    world.close()
    return f"sandbox:{file}"


@pytest.mark.parametrize("command", ["plan", "apply"])
def test_a_long_reading_says_its_requests_and_its_time_before_it_starts(
    cli: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setattr(full_reading, "_WORTH_SAYING", 10)
    url = a_team(tmp_path)
    manifest = write_manifest(tmp_path, question("one"))
    yes = ["--yes"] if command == "apply" else []
    long = cli(command, manifest, "--url", url, "--api", "3", *yes)
    assert "note: reading 6 posts over API v3, whose lists bear no Markdown" in long.err
    assert "takes 18 more requests, at least 1 s" in long.err
    assert "reading 6 posts" not in long.out


@pytest.mark.parametrize("api", ["auto", "2.3"])
def test_a_reading_in_bulk_says_nothing(
    cli: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, api: str
) -> None:
    monkeypatch.setattr(full_reading, "_WORTH_SAYING", 10)
    url = a_team(tmp_path)
    manifest = write_manifest(tmp_path, question("one"))
    assert "more requests" not in cli("plan", manifest, "--url", url, "--api", api).err
