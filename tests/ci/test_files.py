"""The hook, the container's file and the guide say what there is."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from importer.cli.main import COMMANDS
from tests.ci.runner import load_yaml
from tests.cli.stage import Program, question, write_manifest
from tests.conftest import ROOT

GUIDE = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks(language: str) -> list[str]:
    return [it[2] for it in _BLOCK.finditer(GUIDE) if it[1] == language]


def test_the_hook_checks_a_manifest_and_fails_for_a_broken_one(cli: Program, home: Path) -> None:
    (hook,) = load_yaml(ROOT / ".pre-commit-hooks.yaml")
    program, *arguments = shlex.split(hook["entry"])
    assert program in tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    assert hook["language"] == "python"
    assert hook["pass_filenames"] is False
    write_manifest(home, question("a"))
    assert cli(*arguments).code == 0
    write_manifest(home, question("a", title="Short"))
    assert cli(*arguments).code == 3


@pytest.mark.parametrize(
    ("path", "looks"),
    [
        ("teams-importer.yaml", True),
        ("docs/content/a.md", True),
        ("faq/access.yml", True),
        ("content/img/flow.png", True),
        ("src/main.py", False),
        ("content/a.md.orig", False),
    ],
)
def test_the_hook_runs_for_what_a_manifest_can_hold(path: str, looks: bool) -> None:
    (hook,) = load_yaml(ROOT / ".pre-commit-hooks.yaml")
    assert bool(re.search(hook["files"], path)) is looks


def test_the_container_gets_what_the_package_is_built_of() -> None:
    """As git's files say it: one that is left out would only be missed where images are built."""
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in ignored
    kept = {line[1:] for line in ignored if line.startswith("!")}
    assert all((ROOT / it).exists() for it in kept)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"]
    assert set(wheel) <= kept
    assert {"pyproject.toml", "README.md", "LICENSE", "requirements/runtime.txt"} <= kept


def test_the_container_is_nobodys_root_and_starts_the_program() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    assert 'ENTRYPOINT ["teams-importer"]' in lines
    last = [line for line in lines if line.startswith("USER ")][-1]
    assert last != "USER root"
    assert lines.index(last) < lines.index('ENTRYPOINT ["teams-importer"]')


def test_hadolint_finds_nothing_in_the_containers_file() -> None:
    hadolint = shutil.which("hadolint")
    if hadolint is None:
        pytest.skip("hadolint is not installed")
    done = subprocess.run(
        [hadolint, "--no-color", "Dockerfile"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_every_option_in_the_guide_is_one(cli: Program) -> None:
    lines = [it for text in blocks("sh") for it in text.splitlines()]
    commands = [shlex.split(it)[1:] for it in lines if it.startswith("teams-importer ")]
    assert len(commands) > 5
    for name, *arguments in commands:
        assert name in COMMANDS
        told = cli(name, "--help").out
        for option in (it for it in arguments if it.startswith("--")):
            assert option in told, f"{name} {option}"


def test_every_input_in_the_guide_is_one_of_the_action() -> None:
    inputs = load_yaml(ROOT / "action.yml")["inputs"]
    block = next(it for it in blocks("yaml") if "command: plan" in it)
    given = block.rpartition("with:\n")[2].split("\n")
    names = {line.partition(":")[0].strip() for line in given if line.strip()}
    assert names <= set(inputs)
    told = set(re.findall(r"`([a-z-]+): ", GUIDE))
    assert "command" in told
    assert told <= {*inputs, "pull-requests", "entrypoint"}


def test_every_variable_of_the_pipeline_is_in_the_guide() -> None:
    used = set(re.findall(r"TEAMS_IMPORTER_\w+", (ROOT / "ci" / "gitlab.yml").read_text()))
    own = {"TEAMS_IMPORTER_TOKEN", "TEAMS_IMPORTER_TOKEN_EXPIRES"}
    assert used - own == {it for it in used - own if f"`{it}`" in GUIDE}


def test_every_format_for_ci_is_in_the_guide(cli: Program) -> None:
    told = re.search(r"--format \[([\w|]+)\]", cli("plan", "--help").out)
    assert told is not None
    rows = set(re.findall(r"^\| `([a-z]+)` \|", GUIDE, re.MULTILINE))
    assert set(told[1].split("|")) - rows <= {"text", "html"}
    assert rows <= set(told[1].split("|"))
