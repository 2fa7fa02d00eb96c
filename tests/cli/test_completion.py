"""Real shells complete our command lines by the scripts that `completion` prints."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from importer.cli.main import COMMANDS
from tests.acceptance.running import environment
from tests.cli.stage import Program, question, write_manifest

SHELLS = ("bash", "zsh", "fish")
# How each is started, and what is typed before the first key: no prompt in the way, and the script.
STARTED = {
    "bash": ["bash", "--norc", "--noprofile", "-i"],
    "zsh": ["zsh", "-f", "-i"],
}
READY = {
    "bash": 'PS1= ; eval "$(teams-importer completion bash)"',
    "zsh": (
        "PS1= ; unsetopt zle_bracketed_paste prompt_cr; bindkey -e; autoload -U compinit; "
        'compinit -D; eval "$(teams-importer completion zsh)"'
    ),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a manifest, and a program on the PATH."""
    tmp_path = tmp_path_factory.mktemp("shell")
    tool = tmp_path / "bin" / "teams-importer"
    tool.parent.mkdir()
    tool.write_text(f'#!/bin/sh\nexec {sys.executable} -P -m importer "$@"\n')
    tool.chmod(0o755)
    home = tmp_path / "home"
    home.mkdir()
    write_manifest(home, question("oncall/freeze"), question("rollback"))
    (home / "saved.json").touch()
    return home


def in_shell(folder: Path) -> dict[str, str]:
    env = environment(HOME=str(folder), TERM="dumb", LC_ALL="C.UTF-8")
    return {**env, "PATH": f"{folder.parent / 'bin'}:{env['PATH']}"}


@pytest.fixture(scope="module")
def bash(folder: Path) -> Iterator[Terminal]:
    with Terminal(folder, "bash") as it:
        yield it


@pytest.fixture(scope="module")
def zsh(folder: Path) -> Iterator[Terminal]:
    with Terminal(folder, "zsh") as it:
        yield it


class Terminal:
    """A shell at a terminal, and somebody who types."""

    def __init__(self, folder: Path, shell: str) -> None:
        self._screen, inside = pty.openpty()
        self._shell = subprocess.Popen(
            STARTED[shell],
            cwd=folder,
            env=in_shell(folder),
            stdin=inside,
            stdout=inside,
            stderr=inside,
            start_new_session=True,
        )
        os.close(inside)
        self._type(f"{READY[shell]}; echo rea''dy\n")
        self._until("ready")

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        self._shell.kill()
        self._shell.wait(5)
        os.close(self._screen)

    def completed(self, line: str) -> str:
        """Return the line after a press of TAB."""
        # Home, quote, end, quote, return: the shell says what it has in its line.
        self._type(f"{line}\t")
        time.sleep(0.1)
        self._type("\x01echo 'it is <\x05>'\n")
        return self._until(r"\nit is <(.*?)>")

    def _type(self, text: str) -> None:
        os.write(self._screen, text.encode())

    def _until(self, pattern: str) -> str:
        seen, last = "", time.monotonic() + 20
        while time.monotonic() < last:
            if select.select([self._screen], [], [], 0.1)[0]:
                seen += os.read(self._screen, 4096).decode(errors="replace").replace("\r", "")
            if found := re.search(pattern, seen):
                return found[found.lastindex or 0]
        raise AssertionError(seen)


@pytest.fixture
def candidates(
    cli: Program, home: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., list[str]]:
    """Return what is offered for the last of some words, each with its type."""
    write_manifest(home, question("oncall/freeze"), question("rollback"))

    def offered(*words: str) -> list[str]:
        monkeypatch.setenv("_TEAMS_IMPORTER_COMPLETE", "bash_complete")
        monkeypatch.setenv("COMP_WORDS", "\n".join(["teams-importer", *words]))
        monkeypatch.setenv("COMP_CWORD", str(len(words)))
        done = cli()
        assert (done.code, done.err) == (0, "")
        return done.out.split()

    return offered


COMPLETED = (
    pytest.param("teams-importer valid", "teams-importer validate ", id="a command"),
    pytest.param("teams-importer journal sh", "teams-importer journal show ", id="its command"),
    pytest.param("teams-importer plan --format mark", "teams-importer plan --format markdown "),
    pytest.param("teams-importer show sav", "teams-importer show saved.json ", id="a file"),
    pytest.param("teams-importer plan --only onc", "teams-importer plan --only oncall/freeze "),
)


@pytest.mark.parametrize(("typed", "line"), COMPLETED)
def test_bash_completes(bash: Terminal, typed: str, line: str) -> None:
    assert bash.completed(typed) == line


@pytest.mark.skipif(not shutil.which("zsh"), reason="zsh is not installed")
@pytest.mark.parametrize(("typed", "line"), COMPLETED)
def test_zsh_completes(zsh: Terminal, typed: str, line: str) -> None:
    # The space behind it goes away with the next key.
    assert zsh.completed(typed) == line.rstrip()


@pytest.mark.skipif(not shutil.which("fish"), reason="fish is not installed")
def test_fish_completes(folder: Path) -> None:
    asked = ("plan --detai", "plan --format mark", "journal sh")
    lines = "; ".join(f"complete -C 'teams-importer {it}'" for it in asked)
    told = subprocess.run(
        ["fish", "--no-config", "-c", f"teams-importer completion fish | source; {lines}"],
        cwd=folder,
        env=in_shell(folder),
        capture_output=True,
        text=True,
        check=True,
    )
    offered = [line.split("\t")[0] for line in told.stdout.splitlines()]
    assert offered == ["--detailed-exitcode", "markdown", "show"]


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        pytest.param([""], [f"plain,{name}" for name in COMMANDS], id="commands"),
        pytest.param(["sandbox", ""], ["plain,serve"], id="commands of a command"),
        pytest.param(["--v"], ["plain,--version"], id="options before a command"),
        pytest.param(["init", "--ci", "git"], ["plain,github", "plain,gitlab"], id="choices"),
        pytest.param(["plan", "--api", "=", ""], ["plain,auto", "plain,2.3", "plain,3"]),
        pytest.param(["doctor", "--token-file", "to"], ["file,to"], id="a file by its name alone"),
        pytest.param(["export", "--out", ""], ["dir,"], id="a folder"),
        pytest.param(["export", "--kinds", "tags,q"], ["plain,tags,questions"], id="a list"),
        pytest.param(["convert", "conf"], ["plain,confluence"], id="readers"),
        pytest.param(["journal", "show", ""], ["plain,oncall/freeze", "plain,rollback"], id="keys"),
        pytest.param(["nonsense", ""], [], id="no command of ours"),
        pytest.param(["journal", "nonsense", ""], [], id="nor of its own"),
    ],
)
def test_what_is_offered(
    candidates: Callable[..., list[str]], words: Sequence[str], offered: list[str]
) -> None:
    assert candidates(*words) == offered


def test_a_broken_manifest_offers_no_keys_and_says_nothing(
    candidates: Callable[..., list[str]], home: Path
) -> None:
    assert candidates("plan", "--only", "r") == ["plain,rollback"]
    (home / "teams-importer.yaml").write_text("version: [")
    assert candidates("plan", "--only", "r") == []


@pytest.mark.parametrize("shell", SHELLS)
def test_a_script_is_printed_for_each_shell(cli: Program, shell: str) -> None:
    script = cli("completion", shell).out
    assert f"_TEAMS_IMPORTER_COMPLETE={shell}_complete" in script
    assert cli("completion", shell, "--format", "json").document == {
        "shell": shell,
        "script": script,
    }


def test_another_shell_is_wrong_use(cli: Program) -> None:
    done = cli("completion", "bsah")
    assert done.code == 64
    assert "Did you mean `bash`?" in done.err


def test_the_variable_of_the_scripts_asks_for_nothing_else(
    cli: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("_TEAMS_IMPORTER_COMPLETE", "bash_source")
    done = cli("apply", "--yes")
    assert (done.code, done.out) == (64, "")
