"""Commands that need no team: validate, schema, show, convert."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from importer.cli.resources import resource
from importer.manifests import load_manifest
from tests.cli.stage import Program, question, write_manifest
from tests.conftest import ROOT

FAQ = """\
# Questions

## How do I get access to the build machines?

Ask in the channel. The answer is long enough to be posted.

## How do I get access to the build machines?

Ask in the channel. The answer is long enough to be posted.

## Where is the calendar of everybody's holidays?

It is in the intranet, below the menu of the people's team.
"""


def test_an_item_named_twice_in_a_collection_is_told_at_its_place(cli: Program, home: Path) -> None:
    start = {"key": "start", "title": "Start here", "items": ["rollback", "rollback"]}
    lines = write_manifest(home, question("rollback"), collections=[start]).read_text().splitlines()
    first, second = (at for at, it in enumerate(lines, 1) if it.strip(" ,") == '"rollback"')
    column = lines[second - 1].index('"') + 1
    for command in (["validate"], ["plan", "--url", "sandbox:"]):
        told = cli(*command)
        assert told.code == 3
        assert (
            f"teams-importer.yaml:{second}:{column}: error: `rollback` is in this collection "
            f"already, at teams-importer.yaml:{first}:{column}"
        ) in told.out + told.err


@pytest.mark.usefixtures("manifest")
def test_a_sound_manifest_is_valid(cli: Program) -> None:
    done = cli("validate")
    assert (done.code, done.out) == (0, "No problems.\n")
    assert done.err == "manifest: teams-importer.yaml\n"


def test_the_manifest_is_found_upwards(cli: Program, manifest: Path) -> None:
    deep = manifest.parent / "content" / "deep"
    deep.mkdir(parents=True)
    assert cli("validate", deep).err == f"manifest: {manifest}\n"


def test_every_problem_is_told_in_one_pass(cli: Program, home: Path) -> None:
    write_manifest(home, question("a", title="Short"), question("Not A Key"))
    done = cli("validate")
    assert done.code == 3
    assert done.out.count("teams-importer.yaml:") >= 2
    listed = cli("validate", "--format", "json").document
    assert {"rule", "severity", "message", "remedy", "path", "line", "column"} == set(listed[0])
    assert "| where | what |" in cli("validate", "--format", "markdown").out


def test_no_manifest_is_wrong_use_and_not_a_guess(cli: Program) -> None:
    done = cli("validate")
    assert done.code == 64
    assert "there is no teams-importer.yaml" in done.err
    assert "begin one with `teams-importer init DIR`" in done.err


@pytest.mark.parametrize("field", ["url", "token", "proxy", "api", "base_url"])
def test_a_manifest_can_name_neither_host_nor_token(cli: Program, home: Path, field: str) -> None:
    write_manifest(home, question("a"), **{field: "c4n4ryT0kenThatMustNeverShow"})
    done = cli("validate")
    assert done.code == 3
    assert field in done.out
    assert "c4n4ry" not in done.out + done.err
    assert "c4n4ry" not in cli("plan", "--url", "sandbox:").err


def test_schemas_are_printed_written_and_checked(cli: Program, tmp_path: Path) -> None:
    printed = cli("schema").document
    assert set(printed) == {it.name for it in (ROOT / "schemas").iterdir()}
    folder = tmp_path / "new" / "schemas"
    assert cli("schema", "--write", folder).code == 0
    assert cli("schema", "--check", folder).code == 0
    (folder / "plan.schema.json").write_text("{}")
    stale = cli("schema", "--check", folder, "--format", "json")
    assert (stale.code, stale.document) == (3, {"stale": [str(folder / "plan.schema.json")]})
    assert cli("schema", "--check", folder, "--write", folder).code == 64


def test_the_schemas_in_the_repository_are_current(cli: Program) -> None:
    assert cli("schema", "--check", ROOT / "schemas").code == 0


@pytest.mark.parametrize("name", ["plan-templates", "schemas", "examples"])
def test_what_comes_with_the_importer_is_found(name: str) -> None:
    assert any(resource(name).iterdir())


def test_what_does_not_come_with_it_is_an_error() -> None:
    with pytest.raises(FileNotFoundError, match="lacks its folder nothing"):
        resource("nothing")


@pytest.fixture
def plan(cli: Program, manifest: Path) -> Path:
    path = manifest.parent / "plan.json"
    assert cli("plan", "--url", "sandbox:", "--out", path).code == 0
    return path


def test_a_saved_plan_is_private_and_shown_in_any_format(cli: Program, plan: Path) -> None:
    assert stat.S_IMODE(plan.stat().st_mode) == 0o600
    planned = cli("plan", "--url", "sandbox:")
    assert cli("show", plan).out == planned.out
    saved = json.loads(plan.read_text())
    shown = cli("show", plan, "--format", "json").document
    assert shown == {**saved["plan"], "intent": saved["intent"]}
    assert "<details" in cli("show", plan, "--format", "markdown").out
    assert "by Ada Berg" in cli("show", plan).err


def test_a_plan_of_one_other_byte_is_refused(cli: Program, plan: Path) -> None:
    data = plan.read_bytes()
    for at in range(0, len(data), len(data) // 20):
        plan.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        done = cli("show", plan)
        assert (done.code, done.out) == (4, "")
        assert cli("apply", plan, "--url", "sandbox:", "--yes").code == 4
    plan.write_bytes(data)
    assert cli("show", plan).code == 0


def test_a_plan_of_a_newer_importer_is_refused_by_name(cli: Program, plan: Path) -> None:
    plan.write_text(plan.read_text().replace('"format_version": 1', '"format_version": 9'))
    done = cli("show", plan)
    assert done.code == 4
    assert "written by a newer importer" in done.err


def test_a_plan_file_that_is_missing_is_wrong_use(cli: Program) -> None:
    assert cli("show", "plan.json").code == 64
    assert cli("apply", "plan.json").code == 64


def test_a_users_template_takes_ours_place_and_its_faults_are_told(
    cli: Program, plan: Path, tmp_path: Path
) -> None:
    template = tmp_path / "short.j2"
    template.write_text("{{ plan.namespace }} in {{ plan.team }}")
    assert cli("show", plan, "--template", template).out == "handbook in acme\n"
    template.write_text("{{ plan.nothing }}")
    done = cli("show", plan, "--template", template)
    assert (done.code, done.out) == (64, "")
    assert "short.j2:1" in done.err


def test_a_faq_becomes_a_manifest_with_an_account(cli: Program, home: Path) -> None:
    (home / "FAQ.md").write_text(FAQ)
    done = cli("convert", "auto", "FAQ.md", "--out", "docs", "--namespace", "faq", "--tag", "help")
    assert done.code == 0, done.err
    assert "faq: 3 pages in, 2 migrated, 0 split, 1 merged, 0 skipped" in done.err
    assert "merged" in done.out
    made, _ = load_manifest(home / "docs" / "teams-importer.yaml")
    assert made.namespace == "faq"
    assert (home / "docs" / "conversion-report.md").read_text().count("merged") >= 1
    assert cli("validate", "docs").code == 0
    assert cli("plan", "docs", "--url", "sandbox:").code == 0
    assert "$schema" not in (home / "docs" / "teams-importer.yaml").read_text()
    assert "`teams-importer schema --write schemas`" in done.err
    assert cli("schema", "--write", "schemas").code == 0
    done = cli("convert", "auto", "FAQ.md", "--out", "more", "--namespace", "faq")
    assert "schema --write" not in done.err
    first, _, _ = (home / "more" / "teams-importer.yaml").read_text().partition("\n")
    assert first == "# yaml-language-server: $schema=../schemas/manifest.schema.json"


def test_a_conversion_is_accounted_for_as_json(cli: Program, home: Path) -> None:
    (home / "FAQ.md").write_text(FAQ)
    done = cli("convert", "faq", "FAQ.md", "--out", "d", "--namespace", "faq", "--format", "json")
    assert done.document["tally"] == {
        "pages": 3,
        "migrated": 2,
        "merged": 1,
        "split": 0,
        "skipped": 0,
    }
    assert "faq" in cli("convert", "--list", "--format", "json").document
    assert "faq" in cli("convert", "--list").out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param([], "needs SOURCE, PATH", id="nothing given"),
        pytest.param(
            ["faq", "FAQ.md", "--out", "d"], "needs --namespace NS as well", id="no namespace"
        ),
        pytest.param(
            ["wiki", "FAQ.md", "--out", "d", "--namespace", "x"], "no reader 'wiki'", id="reader"
        ),
        pytest.param(
            ["faq", "none.md", "--out", "d", "--namespace", "x"], "nothing at none.md", id="path"
        ),
        pytest.param(
            ["faq", "FAQ.md", "--out", "d", "--namespace", "X y"], "the namespace", id="namespace"
        ),
        pytest.param(
            ["faq", "FAQ.md", "--out", "full", "--namespace", "x"], "full", id="a folder in use"
        ),
    ],
)
def test_a_conversion_asked_for_wrongly_writes_nothing(
    cli: Program, home: Path, arguments: list[str], said: str
) -> None:
    (home / "FAQ.md").write_text(FAQ)
    (home / "full").mkdir()
    (home / "full" / "mine.txt").write_text("mine")
    before = sorted(home.rglob("*"))
    done = cli("convert", *arguments)
    assert done.code == 64
    assert said in done.err
    assert sorted(home.rglob("*")) == before


def test_a_plan_made_by_hand_is_refused(cli: Program, plan: Path) -> None:
    """Also where its digest fits: only `save` writes a plan."""
    document = json.loads(plan.read_text())
    plan.write_text(json.dumps(document))
    assert cli("show", plan).code == 4
