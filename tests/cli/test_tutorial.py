"""docs/tutorial.md, followed word for word."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.acceptance.conftest import unhurried
from tests.cli.documented import Shell, blocks_of
from tests.cli.stage import Program, posts_in
from tests.conftest import ROOT

__all__ = ["unhurried"]


@pytest.mark.usefixtures("unhurried")
def test_each_step_of_the_tutorial_does_what_the_page_promises(
    cli: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell = Shell(cli, tmp_path / "bin", monkeypatch)
    init, publish, change, edit, drift, pull, undo = blocks_of(ROOT / "docs" / "tutorial.md")
    page = Path("content/first-steps.md")

    assert "No problems." in _told_by(shell, init)[-1]
    planned, _, planned_again = _told_by(shell, publish)
    assert "Plan: 2 to create" in planned
    assert "No changes. 2 items" in planned_again

    added = "Somebody looks at it within a day."
    assert added in "".join(_told_by(shell, change)[2:])
    assert added in _answer()

    text = page.read_text()
    (read_back,) = _told_by(shell, edit)
    assert "it is published within minutes." in json.loads(read_back)["bodyMarkdown"]
    assert "it is published within minutes." in _answer()
    (drifted,) = _told_by(shell, drift)
    assert "1 item edited on the site; 1 kept" in drifted
    assert page.read_text() == text

    pulled, in_sync = _told_by(shell, pull)
    assert "+ " in pulled
    assert "it is published within minutes." in pulled
    assert "it is published within minutes." in page.read_text()
    assert page.read_text().endswith(f"\n{added}\n")
    assert "seen:" in page.read_text()
    assert "No changes. 2 items" in in_sync

    _, undone = _told_by(shell, undo)
    assert "1 item is blocked" in undone
    assert "its body was changed on the site since" in undone
    assert "it is published within minutes." in _answer()


def _told_by(shell: Shell, lines: list[str]) -> list[str]:
    """Run a block, and return what each of its commands printed; none may fail."""
    done = [*shell.run(lines)]
    for line, result in done:
        assert result.code == 0, (line, result)
    return [result.out for _, result in done]


def _answer() -> str:
    """Return the answer as the team has it."""
    _, answer = posts_in(Path("team.db"))
    return answer.body
