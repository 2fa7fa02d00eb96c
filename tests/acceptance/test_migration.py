"""README's chapter on moving a wiki, followed word for word."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest

from tests.cli.stage import Program
from tests.conftest import ROOT

_CHAPTER = re.compile(r"^## Moving a wiki$.*?^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def commands() -> list[list[str]]:
    """Return the chapter's commands, without the program's name."""
    chapter = _CHAPTER.search((ROOT / "README.md").read_text())
    assert chapter
    lines = [shlex.split(line, comments=True) for line in chapter[1].splitlines()]
    assert all(program == "teams-importer" for program, *_ in lines)
    return [words for _, *words in lines]


def follow(cli: Program, home: Path, wiki: Path) -> None:
    shutil.copytree(wiki, home / "examples" / "wiki")
    for words in commands():
        done = cli(*words)
        assert done.code == 0, (words, done.err)
    pages = list((home / "moved" / "content").rglob("*.md"))
    redirects = (home / "redirects.conf").read_text()
    assert redirects.count("/articles/") >= 0.9 * len(pages)
    done = cli("plan", "moved", "--url", "sandbox:moved.db", "--detailed-exitcode")
    assert done.code == 0, done.out
    done = cli("convert", "auto", "examples/wiki", "--out", "moved", "--check")
    assert done.code == 0, done.err


@pytest.mark.usefixtures("unhurried")
def test_the_chapter_works_on_the_example(cli: Program, home: Path) -> None:
    follow(cli, home, ROOT / "examples" / "wiki")


@pytest.mark.usefixtures("unhurried")
def test_the_chapter_works_on_a_public_wiki(cli: Program, home: Path, corpora: Path) -> None:
    follow(cli, home, corpora / "githubwiki-typescript" / "data")
