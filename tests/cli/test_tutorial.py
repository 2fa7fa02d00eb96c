"""docs/tutorial.md, followed word for word."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.conftest import unhurried
from tests.cli.documented import Shell, blocks_of
from tests.cli.stage import Program, posts_in
from tests.conftest import ROOT

__all__ = ["unhurried"]


@pytest.mark.usefixtures("unhurried")
def test_the_tutorial_ends_in_a_published_and_pulled_change(
    cli: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell = Shell(cli, tmp_path / "bin", monkeypatch)
    blocks = blocks_of(ROOT / "docs" / "tutorial.md")
    done = [it for lines in blocks for it in shell.run(lines)]
    for line, result in done:
        assert result.code == 0, (line, result)
    page = Path("content/first-steps.md").read_text()
    assert "it is published within minutes." in page
    assert page.endswith("\nSomebody looks at it within a day.\n")
    assert "seen:" in page
    _, answer = posts_in(Path("team.db"))
    assert "within minutes" in answer.body
    assert "Somebody looks at it" in answer.body
    told = "".join(result.out for _, result in done)
    assert "No problems." in told
    assert told.count("No changes. 2 items") == 2
    assert "1 item edited on the site; 1 kept" in told
    assert "its body was changed on the site since" in done[-1][1].out
