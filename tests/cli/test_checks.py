"""`--format github|gitlab|sarif|junit|counts`: places in the repository, from wherever it runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from importer.sandbox import open_world
from tests.cli.stage import Program, question, write_manifest
from tests.rendering.test_checks import commands_in

SANDBOX = ("--url", "sandbox:team.db")


@pytest.fixture
def docs(home: Path) -> Path:
    """A manifest in a folder of a repository."""
    (home / ".git").mkdir()
    folder = home / "docs"
    folder.mkdir()
    return folder


def edit_on_the_site(database: Path, title: str, changed: str) -> None:
    world = open_world(database)
    try:
        (post,) = (it for it in world.questions("acme") if it.title == title)
        world.edit(world.user("acme", "Björn Öst"), post.id, title=changed)
    finally:
        world.close()


def test_a_broken_manifest_is_told_with_its_path_in_the_repository(
    cli: Program, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_manifest(docs, question("a", title="Short"))
    for place in (docs.parent, docs, Path("/")):
        monkeypatch.chdir(place)
        done = cli("validate", docs, "--format", "gitlab")
        assert done.code == 3
        assert [it["location"]["path"] for it in done.document] == ["docs/teams-importer.yaml"]
        done = cli("validate", docs, "--format", "github")
        ((kind, facts, message),) = commands_in(done.out)
        assert (kind, facts["file"]) == ("error", "docs/teams-importer.yaml")
        assert "title" in message


def test_a_ci_service_says_where_the_repository_is(
    cli: Program, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_manifest(docs, question("a", title="Short"))
    monkeypatch.setenv("GITHUB_WORKSPACE", str(docs))
    done = cli("validate", docs, "--format", "gitlab")
    assert [it["location"]["path"] for it in done.document] == ["teams-importer.yaml"]
    monkeypatch.setenv("GITHUB_WORKSPACE", str(docs / "elsewhere"))
    done = cli("validate", docs, "--format", "gitlab")
    assert [it["location"]["path"] for it in done.document] == ["docs/teams-importer.yaml"]


def test_a_whole_manifest_is_a_passed_case_for_each_file(cli: Program, docs: Path) -> None:
    (docs / "a.md").write_text("The body of the first question, long enough to be one.\n")
    write_manifest(docs, {**question("a"), "body": None, "body_file": "a.md"})
    path = docs / "teams-importer.yaml"
    path.write_text(path.read_text().replace('   "body": null,\n', ""))
    done = cli("validate", docs, "--format", "junit", "--output", "junit.xml")
    assert done.code == 0, done.err
    text = Path("junit.xml").read_text()
    assert 'name="docs/a.md"' in text
    assert 'name="docs/teams-importer.yaml"' in text
    assert 'failures="0"' in text


def test_drift_points_at_the_line_of_its_field_in_plan_and_show(cli: Program, docs: Path) -> None:
    manifest = write_manifest(docs, question("a"), question("b"))
    assert cli("apply", docs, *SANDBOX, "--yes").code == 0
    edit_on_the_site(Path("team.db"), "What is the story of b?", "What did they make of b there?")
    done = cli("plan", docs, *SANDBOX, "--format", "github", "--out", "plan.json")
    assert done.code == 0, done.err
    ((kind, facts, message),) = commands_in(done.out)
    line = manifest.read_text().split("\n")[int(facts["line"]) - 1]
    assert (kind, facts["file"]) == ("warning", "docs/teams-importer.yaml")
    assert "What is the story of b?" in line
    assert message.startswith(f"docs/teams-importer.yaml:{facts['line']}:")
    plan = "No changes to make; 1 drifted field is kept. 1 item matches the team."
    assert done.out.endswith(f"\nplan: 1 warning\n{plan}\n")
    assert cli("show", "plan.json", "--format", "github").out == done.out
    assert cli("show", "plan.json", "--format", "counts").document == {
        "create": 0,
        "update": 0,
        "delete": 0,
    }


def test_a_drift_report_says_what_becomes_of_each_edit(cli: Program, docs: Path) -> None:
    write_manifest(docs, question("a"), question("b"))
    assert cli("apply", docs, *SANDBOX, "--yes").code == 0
    edit_on_the_site(Path("team.db"), "What is the story of a?", "What did they make of a there?")
    edit_on_the_site(Path("team.db"), "What is the story of b?", "What did they make of b there?")
    write_manifest(docs, question("a"), question("b", title="What did we make of b over here?"))
    done = cli("plan", docs, *SANDBOX, "--drift", "--format", "github")
    assert done.code == 0, done.err
    conflict, kept = commands_in(done.out)
    assert (conflict[0], conflict[1]["title"]) == ("error", "teams-importer: drift/conflict")
    assert (kept[0], kept[1]["title"]) == ("warning", "teams-importer: drift/kept")
    assert kept[1]["file"] == "docs/teams-importer.yaml"
    found = cli("plan", docs, *SANDBOX, "--drift", "--format", "junit").out
    assert 'tests="2" failures="2"' in found
    counted = cli("plan", docs, *SANDBOX, "--drift", "--format", "counts")
    assert (counted.code, counted.out) == (64, "")


@pytest.mark.usefixtures("manifest")
@pytest.mark.parametrize("form", ["github", "counts"])
def test_a_template_has_no_part_in_a_form_for_ci(cli: Program, form: str) -> None:
    Path("own.j2").write_text("{{ plan.summary }}")
    done = cli("plan", "--url", "sandbox:", "--template", "own.j2", "--format", form)
    assert (done.code, done.out) == (64, "")
    assert "a template has no part" in done.err


def test_a_hostile_title_can_not_give_a_command_to_the_runner(cli: Program, docs: Path) -> None:
    title = "::error::x ##[add-mask]y and more of it"
    write_manifest(docs, question("a", title=title, body="::stop-commands::x\n" * 3 + "and more."))
    for form in ("text", "markdown", "json"):
        done = cli("plan", docs, *SANDBOX, "--format", form, "--verbose")
        assert done.code == 0
        for line in (done.out + done.err).split("\n"):
            assert not line.lstrip().startswith("::")


def test_a_table_of_many_problems_fits_one_comment(cli: Program, docs: Path) -> None:
    write_manifest(docs, *(question(f"a{it}", title="Short") for it in range(500)))
    short = cli("validate", docs, "--format", "markdown")
    whole = cli("validate", docs, "--format", "markdown", "--verbose")
    assert len(short.out) < 65_536 < len(whole.out)
    assert "more problems, shown with --verbose" in short.out
    assert short.out.rstrip().endswith("500 errors, 499 warnings in 1 file.")
    assert len(json.loads(cli("validate", docs, "--format", "json").out)) == 999
