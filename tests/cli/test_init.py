"""`init`: what it writes works as it is, and nothing that was there is touched."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from importer.cli import starting
from tests.cli.stage import Program, posts_in
from tests.conftest import ROOT
from tests.journal.repositories import git


def steps_in(printed: str) -> list[list[str]]:
    """Return the commands below `Next steps:`, as a shell would read them."""
    lines = printed.partition("\nNext steps:\n\n")[2].partition("\n\n")[0].splitlines()
    return [shlex.split(line) for line in lines]


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(it.relative_to(folder)): it.read_bytes() for it in folder.rglob("*") if it.is_file()
    }


@pytest.mark.parametrize(
    ("folder", "ci"),
    [
        pytest.param("handbook", "github", id="plain"),
        pytest.param("My Team's pages", "gitlab", id="in need of quotes"),
        pytest.param(".", "none", id="here"),
    ],
)
def test_the_next_steps_word_for_word_end_in_a_published_example(
    cli: Program, home: Path, monkeypatch: pytest.MonkeyPatch, folder: str, ci: str
) -> None:
    name = () if folder == "handbook" else ("--namespace", "pages")
    begun = cli("init", folder, "--team", "platform", "--ci", ci, *name)
    assert begun.code == 0, begun.err
    steps = steps_in(begun.out)
    assert len(steps) == (3 if folder == "." else 4)
    for program, *arguments in steps:
        if program == "cd":
            (to,) = arguments
            monkeypatch.chdir(to)
            continue
        assert program == "teams-importer"
        done = cli(*arguments)
        assert done.code == 0, done.err
    assert Path.cwd() == (home / folder).resolve()
    question, answer = posts_in(Path("team.db"))
    assert question.title == "How do I change what this team's pages say?"
    assert answer.parent_id == question.id
    assert "No changes" in cli("plan", "--url", "sandbox:team.db").out


@pytest.mark.parametrize("ci", ["github", "gitlab"])
def test_runners_reach_the_journal_as_its_page_says(cli: Program, home: Path, ci: str) -> None:
    """The same token in the pipeline, in the readme's steps, and in docs/journals.md."""
    assert cli("init", "a", "--team", "acme", "--ci", ci, "--journal", "git").code == 0
    page = (ROOT / "docs" / "journals.md").read_text(encoding="utf-8")
    pipeline = {
        "github": home / "a" / ".github" / "workflows" / "teams-importer.yml",
        "gitlab": home / "a" / ".gitlab-ci.yml",
    }[ci].read_text(encoding="utf-8")
    addresses = set(re.findall(r"TEAMS_IMPORTER_JOURNAL: \"?(git:\S.*?)\"?\n", pipeline))
    assert len(addresses) == 1
    assert f"`TEAMS_IMPORTER_JOURNAL: {addresses.pop()}`" in page
    readme = (home / "a" / "README.md").read_text(encoding="utf-8")
    (step,) = (it for it in readme.splitlines() if "journal" in it)
    settings = re.findall(r"\*(Settings > [^*]+)\*", step)
    assert len(settings) == (ci == "gitlab")
    assert all(f"*{it}*" in page for it in settings)
    if ci == "github":
        (allowed,) = set(re.findall(r"(contents: write) # for the journal", pipeline))
        assert f"{{{allowed}}}" in page


def test_nothing_is_written_over(cli: Program, home: Path) -> None:
    (home / "docs").mkdir()
    (home / "docs" / "README.md").write_text("mine")
    done = cli("init", "docs")
    assert (done.code, done.out) == (64, "")
    assert "docs has these already: README.md" in done.err
    assert contents(home / "docs") == {"README.md": b"mine"}
    done = cli("init", "docs", "--keep-existing", "--format", "json")
    assert done.code == 0
    assert done.document["kept"] == ["README.md"]
    assert (home / "docs" / "README.md").read_text() == "mine"
    before = contents(home / "docs")
    assert set(done.document["written"]) == set(before) - {"README.md"}
    assert cli("init", "docs").code == 64
    assert contents(home / "docs") == before


def test_a_link_that_leads_nowhere_is_something_that_is_there(cli: Program, home: Path) -> None:
    (home / "docs").mkdir()
    (home / "docs" / "README.md").symlink_to(home / "elsewhere")
    assert cli("init", "docs").code == 64
    assert not (home / "elsewhere").exists()


def test_a_full_disk_leaves_nothing_behind(
    cli: Program, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(dict[str, str]):
        def __getitem__(self, name: str) -> str:
            if name == "README.md":
                raise OSError(28, "No space left on device", name)
            return super().__getitem__(name)

    files = starting.Start.files
    monkeypatch.setattr(starting.Start, "files", lambda self: Full(files(self)))
    done = cli("init", "new/docs")
    assert done.code == 9
    assert "README.md can't be written: No space left on device" in done.err
    assert sorted(home.iterdir()) == []


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_leaves_all_of_the_files_or_none(
    cli: Program, home: Path, monkeypatch: pytest.MonkeyPatch, number: int, code: int
) -> None:
    class Signalling(dict[str, str]):
        def __getitem__(self, name: str) -> str:
            if name == "README.md":
                os.kill(os.getpid(), number)
            return super().__getitem__(name)

    assert cli("init", "docs").code == 0
    whole = contents(home / "docs")
    files = starting.Start.files
    monkeypatch.setattr(starting.Start, "files", lambda self: Signalling(files(self)))
    assert cli("init", "other/docs").code == code
    assert contents(home / "other" / "docs").keys() == whole.keys()


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        pytest.param(["Some Folder"], "--namespace", id="a folder that is no namespace"),
        pytest.param(["a", "--namespace", "A B"], "--namespace", id="a namespace"),
        pytest.param(["a", "--team", 'x"y'], "--team acme", id="a team"),
        pytest.param(["a", "--url", "ftp://x"], "--url https://", id="a URL"),
        pytest.param(["a", "--url", "https://u:p@x"], "--url https://", id="a URL with a password"),
        pytest.param(["a", "--branch", "[x"], "--branch main", id="a branch"),
        pytest.param(["a", "--branch", ""], "--branch main", id="no branch"),
        pytest.param(["a", "--branch", "x..y"], "--branch main", id="a range"),
        pytest.param(["a", "--branch", "refs/heads/x"], "--branch main", id="a ref"),
        pytest.param(["a", "--action", "x@y"], "--action acme", id="an action"),
        pytest.param(["a", "--requirement", "a b"], "--requirement", id="a requirement"),
        pytest.param(["a", "--ci", "jenkins"], "init --help", id="a service"),
    ],
)
def test_what_would_not_fit_into_the_files_is_wrong_use(
    cli: Program, home: Path, arguments: list[str], hint: str
) -> None:
    done = cli("init", *arguments)
    assert (done.code, done.out) == (64, "")
    assert hint in done.err
    assert sorted(home.iterdir()) == []


@pytest.mark.parametrize(
    "name", ["1.10", "010", "1e3", "true", "null", "2026-01-01", "release/1.0"]
)
def test_names_stay_text_in_yaml(cli: Program, home: Path, name: str) -> None:
    assert cli("init", "a", "--branch", name, "--namespace", "null").code == 0
    workflow = YAML(typ="safe").load(home / "a" / ".github" / "workflows" / "teams-importer.yml")
    assert workflow["on"]["push"]["branches"] == [name]
    assert cli("validate", "a").code == 0
    assert (home / "a" / "README.md").read_text().startswith("# null\n")


@pytest.mark.parametrize(("root", "told"), [("repo", True), ("repo/docs", False)])
def test_a_folder_within_a_repository_is_told_where_pipelines_are_read(
    cli: Program, home: Path, root: str, told: bool
) -> None:
    (home / root / ".git").mkdir(parents=True)
    done = cli("init", "repo/docs")
    assert (done.code, "is read at that root alone" in done.err) == (0, told)
    assert "root alone" not in cli("init", "repo/docs/b", "--ci", "none").err


def test_the_schema_line_leads_to_the_schema(cli: Program, home: Path) -> None:
    cli("init", "docs")
    first = (home / "docs" / "teams-importer.yaml").read_text().splitlines()[0]
    schema = home / "docs" / first.rpartition("$schema=")[2]
    assert json.loads(schema.read_text())["title"] == "ManifestDocument"


def test_files_are_for_everybody_to_read(cli: Program, home: Path) -> None:
    """They go into git: no mode of a secret."""
    before = os.umask(0o022)
    try:
        cli("init", "docs")
    finally:
        os.umask(before)
    assert (home / "docs" / "README.md").stat().st_mode & 0o777 == 0o644


def test_a_pipeline_that_names_no_team_says_what_is_missing_and_where(
    cli: Program, home: Path
) -> None:
    """On standard error, and as the first of the steps that stay in the README."""

    def begun(folder: str, *options: str) -> tuple[str, str]:
        err = cli("init", folder, *options).err
        readme = (home / folder / "README.md").read_text(encoding="utf-8")
        return err, " ".join(re.findall(r"^1\. .*\n(?:   .*\n)*", readme, re.MULTILINE)[:1])

    err, step = begun("a")
    assert "TEAMS_IMPORTER_TEAM" in err
    workflows = home / "a" / ".github" / "workflows"
    lacking = [it.name for it in workflows.iterdir() if 'TEAM: ""' in it.read_text()]
    assert len(lacking) == 3
    assert all(f"`{it}`" in step for it in ("TEAMS_IMPORTER_TEAM", *lacking))
    assert ".github/workflows" in step
    err, step = begun("b", "--ci", "gitlab")
    assert "CI/CD variable" in err
    assert "CI/CD variable `TEAMS_IMPORTER_TEAM`" in step
    for folder, *options in (
        ("c", "--team", "acme"),
        ("d", "--team", "acme", "--ci", "gitlab"),
        ("e", "--url", "https://acme.stackenterprise.co"),
        ("f", "--ci", "none"),
    ):
        err, step = begun(folder, *options)
        assert "TEAMS_IMPORTER_TEAM" not in err + step


@pytest.mark.parametrize("ci", ["github", "gitlab"])
@pytest.mark.parametrize("team", [[], ["--team", "acme"]], ids=["no team", "a team"])
@pytest.mark.parametrize("journal", ["git", "none"])
@pytest.mark.usefixtures("home")
def test_the_steps_of_the_readme_are_numbered_and_whole(
    cli: Program, ci: str, team: list[str], journal: str
) -> None:
    assert cli("init", "a", "--ci", ci, *team, "--journal", journal).code == 0
    readme = Path("a/README.md").read_text(encoding="utf-8")
    numbers = [int(it) for it in re.findall(r"^(\d+)\. ", readme, re.MULTILINE)]
    assert numbers == [*range(1, 6 + (not team) + (journal == "git"))]
    assert "#@" not in readme
    assert "@@" not in readme
    assert ("can read texts of the team" in readme) is (journal == "git")


def test_the_pipeline_is_of_the_service_that_the_folder_is_of(cli: Program, home: Path) -> None:
    assert cli("init", "a", "--team", "acme", "--ci", "gitlab").code == 0
    before = contents(home / "a")
    again = cli("init", "a", "--team", "acme", "--keep-existing")
    assert (again.code, again.err) == (0, "")
    assert contents(home / "a") == before
    (home / "b").mkdir()
    (home / "b" / ".gitlab-ci.yml").write_text("stages: [test]\n")
    assert cli("init", "b", "--team", "acme").code == 64
    other = cli("init", "b", "--team", "acme", "--keep-existing")
    assert "include ci/gitlab.yml" in other.err
    assert "## What GitLab does" in (home / "b" / "README.md").read_text()
    assert not (home / "b" / ".github").exists()
    (home / "c" / ".github").mkdir(parents=True)
    (home / "c" / ".gitlab-ci.yml").write_text("stages: [test]\n")
    assert cli("init", "c", "--team", "acme").code == 0
    assert (home / "c" / ".github" / "workflows" / "teams-importer.yml").exists()


def test_files_that_hold_texts_of_the_team_are_left_out_of_git(cli: Program, home: Path) -> None:
    assert cli("init", "a", "--ci", "none").code == 0
    git("init", "--quiet", at=home / "a")
    names = ["plan.json", "plan-2.json", "plan.html", "plan.md", "adopt.csv", "team.db"]
    for name in [*names, "content/plan.md"]:
        (home / "a" / name).write_text("a text of the team")
    seen = git("status", "--porcelain", "--untracked-files=all", at=home / "a")
    assert "content/plan.md" in seen
    assert not [it for it in names if f"?? {it}" in seen]
