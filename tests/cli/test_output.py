"""What is printed, and where: results, messages, encodings, colours, hostile text."""

from __future__ import annotations

import json
import os
import stat
import subprocess
from pathlib import Path

import click
import pytest

from importer.cli.commands import every_command
from importer.cli.console import Console
from importer.sandbox import open_world
from tests.acceptance.running import environment, program
from tests.cli.stage import Program, question, write_manifest

HOSTILE = [
    "::set-output name=x::y",
    "::add-mask::hide me",
    "##[group]Fold everything",
    "##vso[task.setvariable]x",
]
SEQUENCES = "\x1b]52;c;ZXZpbA==\x07 \x1b[2J \x1b]8;;https://evil.example\x07 \r \x08 \u202e"


@pytest.mark.usefixtures("manifest")
def test_results_go_to_standard_output_and_messages_beside_it(cli: Program) -> None:
    done = cli("plan", "--url", "sandbox:")
    assert done.out.startswith("Plan for handbook in team acme")
    assert done.err == "manifest: teams-importer.yaml\n"


@pytest.mark.usefixtures("manifest")
def test_an_output_file_takes_the_results_place_and_is_private(
    cli: Program, tmp_path: Path
) -> None:
    file = tmp_path / "plan.md"
    file.write_text("older")
    file.chmod(0o644)
    done = cli("plan", "--url", "sandbox:", "--format", "markdown", "--output", file)
    assert done.out == ""
    assert f"written: {file}" in done.err
    assert "rollback" in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.usefixtures("manifest")
def test_a_plan_is_a_page_now_and_when_it_is_shown_again(cli: Program, home: Path) -> None:
    made = cli("plan", "--url", "sandbox:", "--out", "plan.json", "--format", "html")
    assert made.code == 0
    assert made.out.startswith("<!DOCTYPE html>")
    assert 'id="at-rollback%23answer"' in made.out
    assert ">teams-importer.yaml:" in made.out
    shown = cli("show", "plan.json", "--format", "html", "--output", "plan.html")
    assert (shown.code, shown.out) == (0, "")
    assert (home / "plan.html").read_text() == made.out
    assert stat.S_IMODE((home / "plan.html").stat().st_mode) == 0o600
    applied = cli("apply", "--url", "sandbox:", "--yes", "--format", "html")
    assert applied.out.startswith("<!DOCTYPE html>")
    assert "Apply: 4 created, 0 updated, 0 deleted." in applied.out


@pytest.mark.usefixtures("manifest")
@pytest.mark.parametrize("option", ["--output", "--out"])
def test_a_file_that_cannot_be_written_is_told(cli: Program, option: str) -> None:
    assert cli("plan", "--url", "sandbox:", option, "none/plan").code == 64
    done = cli("plan", "--url", "sandbox:", option, "/proc/plan")
    assert done.code == 9
    assert "/proc/plan can't be written" in done.err


@pytest.mark.usefixtures("manifest")
@pytest.mark.parametrize("file", ["/nowhere/x", "/dev/full"])
def test_what_was_not_written_is_not_called_written(cli: Program, file: str) -> None:
    done = cli("validate", "--output", file)
    assert done.code == {"/nowhere/x": 64, "/dev/full": 9}[file]
    assert "\nwritten:" not in done.err
    assert "written: there" in cli("validate", "--output", "there").err


@pytest.mark.usefixtures("manifest")
@pytest.mark.parametrize("option", ["--out", "--output"])
@pytest.mark.parametrize(
    "file",
    [
        "teams-importer.yaml",
        "./page.md",
        "linked.yaml",
        "team.db",
        "team.db-wal",
        "journal.db",
        "journal.db.lock",
        "token",
    ],
)
def test_a_file_that_the_command_needs_is_not_written_over(
    cli: Program, home: Path, option: str, file: str
) -> None:
    (home / "page.md").write_text("The body of a question that has a file of its own.\n")
    write_manifest(home, {**question("a"), "body_file": "page.md"} | {"body": None})
    text = json.loads((home / "teams-importer.yaml").read_text())
    del text["questions"][0]["body"]
    (home / "teams-importer.yaml").write_text(json.dumps(text))
    (home / "linked.yaml").symlink_to("teams-importer.yaml")
    here: tuple[str, ...] = ("--url", "sandbox:team.db", "--journal", "journal.db")
    assert cli("apply", *here, "--yes").code == 0
    token = home / "token"
    token.touch(mode=0o600)
    token.write_text("c4n4ryT0kenThatMustNeverShow")
    if file == "token":
        here = ("--url", "http://localhost:1", "--team", "acme", "--token-file", "token")
    before = {it: it.read_bytes() for it in home.iterdir() if it.is_file()}
    done = cli("plan", *here, option, file)
    assert (done.code, done.out) == (64, "")
    assert f"{option} {file.removeprefix('./')} would write over" in done.err
    assert {it: it.read_bytes() for it in home.iterdir() if it.is_file()} == before


@pytest.mark.usefixtures("manifest")
def test_one_file_takes_one_thing(cli: Program, home: Path) -> None:
    template = home / "mine.j2"
    template.write_text("{{ plan.namespace }}")
    here = ("--url", "sandbox:team.db")
    for given in (["--out", "x", "--output", "x"], ["--template", template, "--output", template]):
        assert cli("plan", *here, *given).code == 64
    assert template.read_text() == "{{ plan.namespace }}"
    assert cli("plan", *here, "--out", "plan.json").code == 0
    for command in (["show", "plan.json"], ["apply", "plan.json", *here, "--yes"]):
        done = cli(*command, "--output", "plan.json")
        assert (done.code, "would write over the plan" in done.err) == (64, True)
    assert not (home / "team.db").exists()
    assert cli("validate", "--output", "teams-importer.yaml").code == 64


def test_a_closed_standard_output_is_no_bug(manifest: Path) -> None:
    for command in (["plan"], ["plan", "--output", "plan.txt"], ["doctor"]):
        done = subprocess.run(
            ["/bin/sh", "-c", 'exec "$@" >&-', "sh", *program(*command, "--url", "sandbox:")],
            cwd=manifest.parent,
            env=environment(),
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert "bug" not in done.stderr
    assert (manifest.parent / "plan.txt").read_text().startswith("Plan for handbook")


def test_a_full_disk_under_standard_output_is_told(manifest: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            program("plan", "--url", "sandbox:"),
            cwd=manifest.parent,
            env=environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 9
    assert "standard output can't be written: No space left" in done.stderr


def test_an_apply_goes_on_when_its_reader_goes_away(manifest: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        program("apply", "--url", "sandbox:team.db", "--yes"),
        cwd=manifest.parent,
        env=environment(),
        stdout=writing,
        stderr=writing,
        check=False,
    )
    os.close(writing)
    assert done.returncode == 0
    again = subprocess.run(
        program("plan", "--url", "sandbox:team.db"),
        cwd=manifest.parent,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert "No changes." in again.stdout


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_any_terminal_can_show_any_text(manifest: Path, encoding: str) -> None:
    write_manifest(manifest.parent, question("a", title="Grüße für 世界 und 🎉, wie geht das?"))
    env = environment(PYTHONIOENCODING=encoding)
    done = subprocess.run(
        program("plan", "--url", "sandbox:", "--format", "json"),
        cwd=manifest.parent,
        env=env,
        capture_output=True,
        check=True,
    )
    (change,) = json.loads(done.stdout.decode(encoding))["changes"]
    assert change["title"] == "Grüße für 世界 und 🎉, wie geht das?"
    text = subprocess.run(
        program("plan", "--url", "sandbox:"),
        cwd=manifest.parent,
        env=env,
        capture_output=True,
        check=True,
    ).stdout.decode(encoding)
    assert ("🎉" if encoding == "utf-8" else "\\ud83c\\udf89") in text


@pytest.mark.usefixtures("manifest")
@pytest.mark.parametrize(
    ("environ", "coloured"),
    [
        pytest.param({}, False, id="a pipe"),
        pytest.param({"FORCE_COLOR": "1"}, True, id="forced"),
        pytest.param({"FORCE_COLOR": ""}, False, id="forced by an empty value"),
        pytest.param({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, id="both"),
    ],
)
def test_colours_are_asked_for(
    cli: Program,
    monkeypatch: pytest.MonkeyPatch,
    environ: dict[str, str],
    coloured: bool,
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert ("\x1b[" in cli("plan", "--url", "sandbox:").out) is coloured
    assert "\x1b" not in cli("plan", "--url", "sandbox:", "--format", "markdown").out


@pytest.mark.usefixtures("manifest")
@pytest.mark.parametrize(
    "command",
    [
        pytest.param(["pull", "--url", "sandbox:"], id="pull"),
        pytest.param(["adopt", "--exact", "--url", "sandbox:"], id="adopt"),
        pytest.param(
            ["export", "--out", "new", "--namespace", "new", "--url", "sandbox:"], id="export"
        ),
        pytest.param(["init", "new"], id="init"),
        pytest.param(["completion", "bash"], id="completion"),
    ],
)
def test_no_color_is_honoured_before_all_else(
    cli: Program, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("FORCE_COLOR", "1")
    done = cli(*command)
    assert done.code == 0
    assert "\x1b" not in done.out + done.err


@pytest.mark.parametrize("line", HOSTILE)
def test_a_log_reader_takes_no_content_for_a_command(cli: Program, home: Path, line: str) -> None:
    body = f"{line}\n\nThis is a body of some length.\n\n{line}"
    write_manifest(home, question("a", title=f"What does {line} do here?", body=body))
    for form in ("text", "markdown", "json"):
        done = cli("plan", "--url", "sandbox:", "--format", form, "--verbose")
        _require_quiet(done.out + done.err)
    done = cli("apply", "--url", "sandbox:", "--yes")
    assert done.code == 0
    _require_quiet(done.out + done.err)


def _require_quiet(text: str) -> None:
    lines = [line.lstrip() for line in text.split("\n")]
    assert not [line for line in lines if line.startswith("::")]
    assert "##[" not in text
    assert "##vso[" not in text


def test_a_hostile_file_name_is_shown_as_what_it_is(cli: Program, home: Path) -> None:
    folder = home / "::error::\x1b[2J\n::stop-commands::x"
    folder.mkdir()
    write_manifest(folder, question("a"))
    done = cli("plan", folder, "--url", "sandbox:")
    assert done.code == 0
    assert "\x1b" not in done.err + done.out
    _require_quiet(done.err + done.out)
    assert cli("validate", folder / "nothing").code == 64


def test_messages_are_one_harmless_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console()
    console.say(f"a title: {SEQUENCES}", "::warning::second\nline ##[error]x")
    err = capsys.readouterr().err
    assert not {"\x1b", "\x07", "\x08", "\r", "\u202e"} & set(err)
    assert err.count("\n") == 2
    _require_quiet(err)


@pytest.mark.usefixtures("manifest")
@pytest.mark.parametrize(
    ("arguments", "code", "kind"),
    [
        pytest.param(["plan", "nowhere"], 64, "UsageError", id="wrong use"),
        pytest.param(["plan", "--team", "acme"], 6, "TokenMissing", id="no token"),
        pytest.param(["apply", "--url", "sandbox:"], 4, "NotConfirmed", id="not confirmed"),
    ],
)
def test_an_error_is_a_document_where_one_is_expected(
    cli: Program, arguments: list[str], code: int, kind: str
) -> None:
    done = cli(*arguments, "--format", "json")
    assert done.code == code
    error = done.document["error"]
    assert set(error) == {"exit_code", "kind", "message", "remedy", "problems"}
    assert (error["exit_code"], error["kind"]) == (code, kind)
    assert error["message"] in done.err


def test_the_problems_of_a_manifest_are_in_the_document(cli: Program, home: Path) -> None:
    write_manifest(home, question("a", title="Short"))
    done = cli("plan", "--url", "sandbox:", "--format", "json")
    assert done.code == 3
    (problem,) = done.document["error"]["problems"]
    assert problem["path"] == "teams-importer.yaml"


def test_bodies_are_no_templates(cli: Program, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANARY", "from the environment")
    body = "Braces: {{ env.CANARY }} {{ 7 * 6 }} {% raw %} %(x)s {0.__class__} ${CANARY} $CANARY"
    write_manifest(home, question("a", body=body))
    done = cli("plan", "--url", "sandbox:", "--format", "json", "--verbose")
    (change,) = done.document["changes"]
    (stated,) = [it for it in change["fields"] if it["field"] == "body"]
    assert stated["after"]["holed"].strip() == body
    assert "from the environment" not in cli("plan", "--url", "sandbox:", "--verbose").out


@pytest.mark.parametrize("name", [it for it, _ in every_command()])
def test_whatever_makes_markdown_can_be_told_how_long_it_may_be(name: str) -> None:
    options = {it.name: it for it in dict(every_command())[name].params}
    form = options["format"].type
    assert isinstance(form, click.Choice)
    assert ("max_chars" in options) is ("markdown" in form.choices)


def test_markdown_is_no_longer_than_it_may_be(cli: Program, home: Path) -> None:
    titles = [f"What is the story of number {it}, and who tells it?" for it in range(60)]
    world = open_world(home / "team.db")
    for title in titles:
        body = "Once upon a time somebody told it here."
        world.ask(world.user("acme", "Ada Berg"), title=title, body=body, tags=["testing"])
    world.close()
    write_manifest(home, *(question(f"q{at}", title=it) for at, it in enumerate(titles)))
    here = ("--url", "sandbox:team.db", "--format", "markdown", "--verbose")
    wrong = write_manifest(home / "..", *(question(f"No {it}") for it in range(60)))
    for command in (
        ("adopt", "--exact", *here),
        ("export", "--out", "copy", "--namespace", "copy", "--dry-run", *here),
        ("validate", wrong, *here[2:]),
    ):
        assert len(cli(*command).out) > 4_000
        short = cli(*command, "--max-chars", "4000").out
        assert 2_000 < len(short) <= 4_000
        assert "more" in short


def test_a_full_disk_under_an_error_leaves_its_exit_code(tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            program("validate", "--format", "json"),
            cwd=tmp_path,
            env=environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 64
    assert "there is no teams-importer.yaml" in done.stderr
    assert "standard output can't be written" in done.stderr
    assert "Traceback" not in done.stderr
