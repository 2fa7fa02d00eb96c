"""F80, F82: what somebody wrote on the site drives neither a terminal nor a CI service."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from importer.sandbox import open_world
from tests.cli.stage import Program, question, write_manifest

pytestmark = pytest.mark.usefixtures("unhurried")

TEAM = Path("team.db")
HERE = ("--url", f"sandbox:{TEAM}")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")
SEQUENCES = [
    pytest.param("\x1b[2J\x1b[1;31mNo changes.", id="CSI"),
    pytest.param("\x1b]8;;https://evil.example\x07click\x1b]8;;\x07", id="OSC 8"),
    pytest.param("\x1b]52;c;ZXZpbA==\x07", id="OSC 52"),
    pytest.param("\x1b]0;a title of a window\x07", id="window title"),
    pytest.param("rollback\rPlan: 0 to create", id="carriage return"),
    pytest.param("rollback\x08\x08\x08\x08", id="backspace"),
    pytest.param("\u202ekcabllor\u2066", id="bidi"),
    pytest.param("\x9b2J", id="C1"),
]
COMMANDS = [
    "::add-mask::a secret",
    "::set-output name=x::y",
    "::stop-commands::a token",
    "##[group]Fold everything",
    "##vso[task.setvariable variable=x]y",
]


def planned(cli: Program, home: Path, hostile: str) -> dict[str, str]:
    """Write *hostile* on the site, and return what each command says of it."""
    write_manifest(home, question("rollback"), question("both"))
    assert cli("apply", *HERE, "--yes").code == 0
    world = open_world(TEAM)
    bo = world.user("acme", "Björn Öst")
    for post in world.questions("acme"):
        # As it is: a real site may keep what ours would refuse.
        sql = "UPDATE posts SET title = ?, body = ? WHERE id = ?"
        body = f"{hostile}\n\n{hostile}\n\n{post.body}"
        with world.store.transaction():
            world.store.run(sql, (f"What does {hostile} do?", body, post.id))
    world.ask(
        bo,
        title="Another one, of nobody's manifest?",
        body=f"Nobody knows. {hostile} " * 3,
        tags=["x"],
    )
    world.close()
    write_manifest(
        home,
        question("rollback", tags=["testing", "more"]),
        question("both", title="What is the tale of both?"),
    )
    commands = {
        "plan": ["plan", *HERE, "--out", "plan.json"],
        "overwrite": ["plan", *HERE, "--verbose", "--on-drift", "overwrite"],
        "markdown": ["plan", *HERE, "--format", "markdown"],
        "json": ["plan", *HERE, "--format", "json"],
        "show": ["show", "plan.json"],
        "show markdown": ["show", "plan.json", "--format", "markdown"],
        "apply": ["apply", *HERE, "--yes", "--debug"],
        "journal": ["journal", "show", "rollback", *HERE],
    }
    done = {name: cli(*command) for name, command in commands.items()}
    said = {name: it.out + it.err for name, it in done.items()}
    return {**said, "plan.json": Path("plan.json").read_text()}


@pytest.mark.parametrize("hostile", SEQUENCES)
def test_f80_no_text_of_the_site_drives_a_terminal(cli: Program, home: Path, hostile: str) -> None:
    said = planned(cli, home, hostile)
    assert not [(name, found) for name, text in said.items() if (found := _CONTROL.findall(text))]
    assert re.search(r"\\(x|u|r)", said["overwrite"]), "it is shown as what it is"


@pytest.mark.parametrize("hostile", COMMANDS)
def test_f82_no_text_of_the_site_is_a_command_of_a_ci_service(
    cli: Program, home: Path, hostile: str
) -> None:
    said = planned(cli, home, hostile)
    for name, text in said.items():
        assert not re.search(r"^\s*::", text, re.MULTILINE), name
        assert not re.search(r"##(vso)?\[", text), name
    assert re.split(r"[:\]]", hostile)[-1] in said["overwrite"], "it is shown"
