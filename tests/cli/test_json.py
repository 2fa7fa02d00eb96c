"""`--format json` of every command: one document, which its schema describes, also of a failure."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import click
import jsonschema
import pytest

from importer.cli.commands import Command, every_command
from importer.cli.console import Console
from importer.cli.main import main
from importer.cli.schemas import SCHEMAS
from importer.errors import JournalError, LockHeld
from importer.sandbox import open_world
from tests.cli.stage import Program, question, write_manifest
from tests.conftest import ROOT

COMMANDS: dict[str, Command] = dict(every_command())
HERE = "--url sandbox:team.db"
# What people write, what `plan` saves, and what is printed beside results.
FILES = {"manifest", "include", "markdown", "pages", "snapshot", "progress"}


@dataclass(frozen=True)
class Case:
    """What is typed after the command's name, and what comes of it."""

    line: str
    schema: str
    code: int = 0


PRINTED = {
    "init": [Case("new", "init"), Case("told --ci none --keep-existing", "init")],
    "validate": [Case("", "problems"), Case("broken", "problems", 3)],
    "plan": [
        Case(HERE, "plan#/$defs/Plan"),
        Case("other --url sandbox: --detailed-exitcode", "plan#/$defs/Plan", 2),
        Case("--against snapshot.json", "plan#/$defs/Plan"),
        Case(f"--drift {HERE} --fail-on drift", "drift", 11),
    ],
    "apply": [Case(f"{HERE} --yes", "report"), Case(f"plan.json {HERE} --yes", "report")],
    "pull": [Case(HERE, "pull"), Case(f"--check {HERE}", "pull", 2)],
    "show": [Case("plan.json", "plan#/$defs/Plan")],
    "adopt": [
        Case(f"other {HERE}", "adoption"),
        Case(f"other {HERE} --accept adopt.csv --write", "adoption"),
        Case(f"{HERE} --mark --yes", "report"),
    ],
    "doctor": [Case(HERE, "doctor"), Case("--url http://127.0.0.1:1 --team acme", "doctor", 6)],
    "convert": [
        Case("faq FAQ.md --out faq --namespace faq", "convert"),
        Case("auto wiki --out new --namespace wiki --verify", "convert"),
        Case("faq FAQ.md --out known --dry-run", "convert"),
        Case("--list", "readers"),
    ],
    "export": [Case(f"{HERE} --out copy --namespace copy --no-ids", "export")],
    "redirects": [
        Case(HERE, "redirects", 11),
        Case("other --url sandbox: --address https://wiki.example.com", "redirects"),
    ],
    "undo": [
        Case(f"last {HERE} --yes", "report", 11),
        Case(f"last {HERE} --dry-run", "plan#/$defs/Plan"),
    ],
    "runs": [Case(HERE, "runs")],
    "journal show": [Case(f"rollback {HERE}", "journal-show")],
    "journal export": [Case(HERE, "journal-export")],
    "preview": [Case("--no-open", "preview")],
    "sandbox serve": [
        Case("", "sandbox-serve"),
        Case("--tier enterprise --tls", "sandbox-serve"),
    ],
    "demo": [Case("", "demo")],
    "schema": [
        Case("", "schema"),
        Case("--list", "schema"),
        Case("--write schemas", "schema"),
        Case("--check stale", "schema", 3),
    ],
    "completion": [Case("bash", "completion")],
}
FAILED = {
    "init": [Case("here", "error", 64)],
    "validate": [Case("nowhere", "error", 64)],
    "plan": [Case(f"broken {HERE}", "error", 3), Case("--team acme", "error", 6)],
    "apply": [Case(HERE, "error", 4), Case(f"edited.json {HERE} --yes", "error", 4)],
    "pull": [Case("--url http://127.0.0.1:1 --team acme", "error", 6)],
    "show": [Case("edited.json", "error", 4)],
    "adopt": [Case(f"{HERE} --accept wrong.csv", "error", 64)],
    "doctor": [Case("--token-expires tomorrow", "error", 64)],
    "convert": [Case("faq nowhere --out x --namespace x", "error", 64)],
    "export": [Case(f"{HERE} --out copy", "error", 64)],
    "redirects": [Case("--address nonsense", "error", 64)],
    "undo": [Case(f"nothing {HERE}", "error", 64)],
    "runs": [Case("--journal missing.db", "error", 64), Case("--journal wrong.csv", "error", 9)],
    "journal show": [Case(f"unheard-of {HERE}", "error", 64)],
    "journal export": [Case("--journal missing.db", "error", 64)],
    "preview": [Case("nowhere", "error", 64)],
    "sandbox serve": [Case("--seed 3", "error", 64), Case("--db wrong.csv", "error", 64)],
    "demo": [Case("extra", "error", 64)],
    "schema": [Case("--write /dev/null/schemas", "error", 9)],
    "completion": [Case("tcsh", "error", 64)],
}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Path]]:
    """A folder with a published manifest that has moved on since, on both sides; and its copy."""
    base = tmp_path_factory.mktemp("json")
    home = base / "home"
    home.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(base))
        patch.setattr("tempfile.tempdir", None)
        patch.chdir(home)
        _prepare(home)
    shutil.copytree(home, base / "kept")
    yield home, base / "kept"
    shutil.rmtree(base)


def _prepare(home: Path) -> None:
    told = "Run the command that rolls back, and tell the channel."
    first = question("rollback", answer=told, origin=["https://wiki.example.com/rollback"])
    others = (question("oncall"), question("freeze"))
    write_manifest(home, first, *others)
    assert main(["apply", *HERE.split(), "--yes"]) == 0
    _edit_and_ask(home / "team.db")
    first["title"] = "How is a deployment rolled back?"
    write_manifest(home, first, *others, question("later", origin=["later.md"]))
    assert main(["plan", *HERE.split(), "--out", "plan.json"]) == 0
    assert main(["plan", *HERE.split(), "--snapshot-out", "snapshot.json"]) == 0
    saved = (home / "plan.json").read_text()
    (home / "edited.json").write_text(saved.replace("rolled back?", "rolled over?"))
    for folder in ("broken", "here", "other", "stale", "wiki"):
        (home / folder).mkdir()
    write_manifest(home / "broken", question("a", title="Short"), question("Not A Key"))
    write_manifest(home / "other", question("alike"), namespace="other")
    assert main(["adopt", "other", *HERE.split(), "--out", "adopt.csv"]) == 0
    _accept_all(home / "adopt.csv")
    (home / "wrong.csv").write_text("neither,a table,of ours\n")
    (home / "here" / "teams-importer.yaml").write_text("version: 1\n")
    (home / "FAQ.md").write_text("# FAQ\n\n## How do I begin?\n\nAsk around, then write it down.\n")
    (home / "wiki" / "Begin.md").write_text("# Begin\n\nRead [this](missing.md) page first.\n")
    known = ["--out", "known", "--namespace", "known"]
    assert main(["convert", "faq", "FAQ.md", *known]) == 0
    (home / "FAQ.md").write_text("# FAQ\n\n## How do I begin?\n\nAsk around, and take your time.\n")
    shutil.copytree(home / "other", home / "examples" / "handbook")


def _accept_all(table: Path) -> None:
    with table.open(newline="", encoding="utf-8-sig") as file:
        rows = [{**it, "accept": "yes"} for it in csv.DictReader(file)]
    assert rows
    with table.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def _edit_and_ask(database: Path) -> None:
    """Let a person change a post of ours, and write one that an item of another manifest means."""
    world = open_world(database)
    try:
        ada = world.user("acme", "Ada Berg")
        (post,) = (it for it in world.questions("acme") if "freeze" in (it.title or ""))
        world.edit(ada, post.id, body=post.body.replace("Once upon a time", "A long time ago"))
        title, body = "What is the story of alike?", "A person has told it here already, at length."
        world.ask(ada, title=title, body=body, tags=["testing"])
    finally:
        world.close()


@pytest.fixture
def scene(prepared: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The prepared folder as it was: a journal is known by where the sandbox's file is."""
    home, kept = prepared
    shutil.rmtree(home)
    shutil.copytree(kept, home)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.chdir(home)
    # A small one does for `demo`.
    monkeypatch.setattr("importer.cli.demo.resource", lambda name: home / name)
    return home


def typed(name: str, line: str) -> list[str]:
    return [*name.split(), *line.split(), "--format", "json"]


@cache
def schema_of(name: str) -> jsonschema.Draft202012Validator:
    """Return the schema *name*, without room for members that it doesn't name."""
    stem, _, part = name.partition("#")
    text = (ROOT / "schemas" / f"{stem}.schema.json").read_text(encoding="utf-8")
    schema = closed(json.loads(text))
    jsonschema.Draft202012Validator.check_schema(schema)
    if part:
        schema = {"$defs": schema["$defs"], "$ref": f"#{part}"}
    return jsonschema.Draft202012Validator(schema)


def closed(schema: Any) -> Any:
    if isinstance(schema, list):
        return [closed(it) for it in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: closed(it) for name, it in schema.items()}
    if isinstance(made.get("properties"), dict) and made.get("type") == "object":
        made.setdefault("additionalProperties", False)
    return made


@pytest.fixture
def ended_by_a_signal(monkeypatch: pytest.MonkeyPatch) -> None:
    """End what serves as soon as it has said where."""
    line = Console.line

    def told(self: Console, value: object) -> None:
        line(self, value)
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(Console, "line", told)


def cases(table: dict[str, list[Case]]) -> list[Any]:
    return [
        pytest.param(name, case, id=f"{name} {case.line}".strip())
        for name, found in table.items()
        for case in found
    ]


@pytest.mark.usefixtures("scene", "ended_by_a_signal")
@pytest.mark.parametrize(("name", "case"), cases(PRINTED))
def test_a_result_is_one_document_that_fits_its_schema(
    capsys: pytest.CaptureFixture[str], name: str, case: Case
) -> None:
    done = Program(capsys)(*typed(name, case.line))
    assert done.code == case.code, done.err
    schema_of(case.schema).validate(done.document)


@pytest.mark.usefixtures("scene")
@pytest.mark.parametrize(
    ("name", "case"),
    [*cases(FAILED), *cases({it: [Case("--nonsense", "error", 64)] for it in COMMANDS})],
)
def test_a_failure_is_one_document_on_standard_output(
    capsys: pytest.CaptureFixture[str], name: str, case: Case
) -> None:
    done = Program(capsys)(*typed(name, case.line))
    assert done.code == case.code, done.err
    schema_of("error").validate(done.document)
    error = done.document["error"]
    assert (error["exit_code"], error["message"] in done.err) == (case.code, True)
    assert error["remedy"]
    assert bool(error["problems"]) is (case.code == 3)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_prints_json_and_names_its_schemas(name: str) -> None:
    command = COMMANDS[name]
    (form,) = (it for it in command.params if it.name == "format")
    assert isinstance(form.type, click.Choice)
    assert "json" in form.type.choices
    assert {it.partition("#")[0] for it in command.prints} <= set(SCHEMAS)
    assert {it.schema for it in PRINTED[name]} == set(command.prints)
    assert FAILED[name]


def test_every_schema_of_what_is_printed_is_some_commands() -> None:
    printed = {it.partition("#")[0] for each in COMMANDS.values() for it in each.prints}
    assert set(SCHEMAS) - FILES == {*printed, "error"}


@pytest.mark.usefixtures("scene")
def test_each_line_of_the_journal_fits_its_schema(capsys: pytest.CaptureFixture[str]) -> None:
    done = Program(capsys)("journal", "export", *HERE.split())
    lines = [json.loads(it) for it in done.out.splitlines()]
    assert {it["type"] for it in lines} == {"journal", "run", "operation", "binding", "text"}
    for line in lines:
        schema_of("journal-export").validate(line)
    whole = Program(capsys)("journal", "export", *HERE.split(), "--format", "json")
    assert whole.document == lines


@pytest.mark.usefixtures("scene")
def test_lines_that_can_not_be_told_leave_standard_output_empty(
    capsys: pytest.CaptureFixture[str],
) -> None:
    done = Program(capsys)("journal", "export", "--journal", "missing.db")
    assert (done.code, done.out) == (64, "")


@pytest.mark.usefixtures("scene")
def test_what_was_interrupted_is_a_document(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("importer.cli.validate.find_manifest", interrupted)
    done = Program(capsys)("validate", "--format", "json")
    assert done.code == 130
    schema_of("error").validate(done.document)
    assert done.document["error"]["kind"] == "Stopped"


@pytest.mark.usefixtures("scene")
def test_of_several_failures_the_document_has_the_one_that_the_command_ends_with(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> None:
        errors = [LockHeld("held"), JournalError("damaged"), LockHeld("held too")]
        message = "several"
        raise ExceptionGroup(message, errors)

    monkeypatch.setattr("importer.cli.validate.find_manifest", failing)
    done = Program(capsys)("validate", "--format", "json")
    assert done.code == 9
    assert done.err.count("error: ") == 3
    error = done.document["error"]
    assert (error["kind"], error["exit_code"]) == ("JournalError", 9)


@pytest.mark.usefixtures("scene")
def test_the_list_says_which_command_prints_what(capsys: pytest.CaptureFixture[str]) -> None:
    cli = Program(capsys)
    listed = {
        it["file"]: it["commands"]
        for it in cli("schema", "--list", "--format=json").document["schemas"]
    }
    assert set(listed) == {it.name for it in (ROOT / "schemas").iterdir()}
    assert listed["plan.schema.json"] == ["plan", "show", "undo"]
    assert listed["error.schema.json"] == list(COMMANDS)
    assert "every command" in cli("schema", "--list").out
