"""What `init` writes for CI services: by their schemas and linters, and run."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from importer.cli.main import main
from tests.acceptance.running import environment
from tests.ci.runner import load_yaml
from tests.cli.stage import Program, posts_in, question, serving, write_manifest
from tests.conftest import ROOT

_PINNED = re.compile(r"[\w.-]+/[\w.-]+@[0-9a-f]{40}")
_PROGRAM = """\
#!/usr/bin/env bash
exec {python} -P -c 'import sys; from importer.cli.main import main; sys.exit(main())' "$@"
"""
# Stands in for `pull`: edits a file as an edit made on the site would, and reports.
_PULL = """\
#!/usr/bin/env bash
printf '%s\\n' "$PULLED" >> content/first-steps.md
while (( $# )); do if [[ "$1" == --output ]]; then echo "1 field taken over" > "$2"; fi; shift; done
exit "${PULL_CODE:-0}"
"""
_GH = """\
#!/usr/bin/env bash
echo "$@" >> "$GH_LOG"
if [[ "$1 $2" == "pr list" ]]; then cat "$GH_OPEN"; fi
if [[ "$1 $2" == "pr create" ]]; then echo 1 > "$GH_OPEN"; fi
"""


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Repositories as `init` writes them; `pinned` has the action's commit, and a journal."""
    folder = tmp_path_factory.mktemp("started")
    for ci in ("github", "gitlab"):
        assert main(["init", str(folder / ci), "--ci", ci, "--team", "acme"]) == 0
    action = f"acme/teams-importer@{'0a' * 20}"
    given = ["--branch", "trunk", "--url", "https://acme.example", "--action", action]
    given += ["--journal", "git"]
    assert main(["init", str(folder / "pinned"), *given]) == 0
    for name in ("github", "pinned"):
        subprocess.run(["git", "init", "-q", folder / name], check=True)
    return folder


@pytest.fixture(params=["github", "pinned"])
def workflows(started: Path, request: pytest.FixtureRequest) -> dict[str, Any]:
    folder = started / request.param / ".github" / "workflows"
    return {it.stem: load_yaml(it) for it in sorted(folder.iterdir())}


def tool(name: str) -> str:
    """Return the command *name*, from beside this interpreter or the PATH; skips without it."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    found = shutil.which(name, path=path)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def passes(*command: str | Path, cwd: Path) -> None:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", ["github", "pinned"])
def test_zizmor_finds_nothing_in_the_workflows(started: Path, name: str) -> None:
    zizmor = tool("zizmor")
    passes(zizmor, "--offline", "--no-progress", "--persona=pedantic", ".", cwd=started / name)


def test_zizmor_finds_nothing_in_the_action() -> None:
    zizmor = tool("zizmor")
    passes(zizmor, "--offline", "--no-progress", "--persona=pedantic", "action.yml", cwd=ROOT)


@pytest.mark.parametrize("name", ["github", "pinned"])
def test_the_workflows_fit_githubs_schema(started: Path, name: str) -> None:
    files = sorted((started / name / ".github" / "workflows").iterdir())
    assert len(files) == 3
    schema = "--builtin-schema=vendor.github-workflows"
    passes(tool("check-jsonschema"), schema, *files, cwd=started)


def test_the_action_fits_githubs_schema() -> None:
    schema = "--builtin-schema=vendor.github-actions"
    passes(tool("check-jsonschema"), schema, "action.yml", cwd=ROOT)


def test_the_pipeline_fits_gitlabs_schema(started: Path) -> None:
    schema = "--builtin-schema=vendor.gitlab-ci"
    command = tool("check-jsonschema")
    passes(command, schema, ROOT / "ci" / "gitlab.yml", cwd=started)
    passes(command, schema, started / "gitlab" / ".gitlab-ci.yml", cwd=started)


@pytest.mark.parametrize("name", ["github", "pinned"])
def test_actionlint_finds_nothing_in_the_workflows(started: Path, name: str) -> None:
    passes(tool("actionlint"), cwd=started / name)


def test_every_job_asks_for_its_rights_and_names_what_it_uses_by_commit(
    workflows: dict[str, Any],
) -> None:
    for workflow in workflows.values():
        assert workflow["permissions"] == {}
        assert "pull_request_target" not in workflow["on"]
        for job in workflow["jobs"].values():
            assert "permissions" in job
            for step in job["steps"]:
                uses = step.get("uses", "")
                ours = uses.startswith("teams-importer/")
                assert not uses or ours or _PINNED.fullmatch(uses)
                assert "${{" not in step.get("run", "")


def test_only_the_job_that_applies_and_doctor_get_the_token_that_writes(
    workflows: dict[str, Any],
) -> None:
    writing = {
        (name, job)
        for name, workflow in workflows.items()
        for job, what in workflow["jobs"].items()
        if "WRITE_TOKEN }" in str(what)
    }
    assert writing == {("teams-importer", "apply"), ("teams-importer-doctor", "writing")}
    for name, job in writing:
        assert workflows[name]["jobs"][job]["environment"] == "teams"


def test_the_options_are_in_the_files(started: Path) -> None:
    folder = started / "pinned" / ".github" / "workflows"
    text = (folder / "teams-importer.yml").read_text()
    assert "branches: [trunk]" in text
    assert "github.ref == 'refs/heads/trunk'" in text
    assert 'TEAMS_IMPORTER_URL: "https://acme.example"' in text
    assert "zizmor: ignore" not in text
    assert "@@" not in text


def test_only_who_asks_keeps_a_journal_in_the_repository(started: Path) -> None:
    """Whoever may read the repository could read texts of the team."""
    for name, keeps in (("github", False), ("pinned", True)):
        folder = started / name / ".github" / "workflows"
        text = "".join(it.read_text() for it in sorted(folder.iterdir()))
        assert text.count("TEAMS_IMPORTER_JOURNAL: git:https://x-access-token:") == 3 * keeps
        assert "#@" not in text
        apply = load_yaml(folder / "teams-importer.yml")["jobs"]["apply"]
        assert apply["permissions"] == {"contents": "write" if keeps else "read"}


def script_of(job: Mapping[str, Any]) -> str:
    return "\n".join([*job["script"], ""])


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A folder for the PATH, with the program and what stands in for others."""
    folder = tmp_path / "tools"
    folder.mkdir()
    put(folder / "teams-importer", _PROGRAM.format(python=sys.executable))
    put(folder / "gh", _GH)
    return folder


def put(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


def bash(script: str, cwd: Path, tools: Path, **env: str) -> str:
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        cwd=cwd,
        env=environment(
            **{
                "PATH": os.pathsep.join([str(tools), os.environ["PATH"]]),
                "HOME": str(tools),
                "CI": "true",
                "GIT_CONFIG_NOSYSTEM": "1",
                **env,
            }
        ),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def in_process(cli: Program, script: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a job's lines as its shell would; starting a process for each takes too long."""
    for line in script:
        command, may_fail, _ = line.partition(" || true")
        words = shlex.split(re.sub(r"\$\{\w+:-(.+?)\}", r"\1", command))
        if words[0] == "export":
            name, _, variable = words[1].partition("=$")
            monkeypatch.setenv(name, os.environ[variable])
            continue
        assert words[0] == "teams-importer"
        done = cli(*words[1:])
        assert may_fail or done.code == 0, done.err


def test_gitlab_gets_the_reports_of_a_broken_manifest_too(
    cli: Program, home: Path, started: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = load_yaml(started / "gitlab" / ".gitlab-ci.yml")["teams-importer-validate"]
    write_manifest(home, question("a", title="Short"))
    in_process(cli, job["after_script"], monkeypatch)
    for file in job["artifacts"]["reports"].values():
        assert "title-length" in Path(file).read_text()


def test_gitlabs_jobs_plan_and_apply(
    cli: Program, home: Path, started: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = load_yaml(started / "gitlab" / ".gitlab-ci.yml")
    write_manifest(home, question("rollback"))
    for name, value in jobs["variables"].items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("CI_PROJECT_DIR", str(home))
    validate = jobs["teams-importer-validate"]
    in_process(cli, [*validate["script"], *validate["after_script"]], monkeypatch)
    with serving(tmp_path) as served:
        monkeypatch.setenv("TEAMS_IMPORTER_URL", served.url)
        monkeypatch.setenv("TEAMS_IMPORTER_READ_TOKEN", served.tokens.read_only)
        monkeypatch.setenv("TEAMS_IMPORTER_WRITE_TOKEN", served.tokens.read_write)
        in_process(cli, jobs["teams-importer-plan"]["script"], monkeypatch)
        assert Path("plan-counts.json").read_text() == '{"create":1,"delete":0,"update":0}\n'
        for job in ("teams-importer-validate", "teams-importer-plan"):
            for file in jobs[job]["artifacts"]["reports"].values():
                assert Path(file).stat().st_size
        in_process(cli, jobs["teams-importer-apply"]["script"], monkeypatch)
    assert len(posts_in(tmp_path / "team.db")) == 1


def test_gitlabs_forks_plan_offline(
    cli: Program, home: Path, started: Path, tmp_path: Path, tools: Path
) -> None:
    """Their pipelines have no variable of the project: neither token nor team."""
    jobs = load_yaml(started / "gitlab" / ".gitlab-ci.yml")
    job = jobs["teams-importer-plan-offline"]
    with_token, without = job["rules"]
    assert with_token == {"if": "$TEAMS_IMPORTER_READ_TOKEN", "when": "never"}
    assert jobs["teams-importer-plan"]["rules"] == [
        {"if": f"{without['if']} && {with_token['if']}"}
    ]
    assert "not compared with the team" in bash(script_of(job), home, tools)
    assert not list(home.glob("plan*"))

    write_manifest(home, question("rollback"))
    team = f"sandbox:{tmp_path / 'team.db'}"
    assert cli("plan", "--url", team, "--snapshot-out", "snapshot.json").code == 0
    is_there, *lines = job["script"]
    assert bash(f"{is_there}\necho planned", home, tools) == "planned\n"
    in_process(cli, lines, pytest.MonkeyPatch())
    assert Path("plan-counts.json").read_text() == '{"create":1,"delete":0,"update":0}\n'
    assert "Drawn offline" in Path("plan.md").read_text()
    for file in job["artifacts"]["reports"].values():
        assert Path(file).stat().st_size


@pytest.fixture
def cloned(tmp_path: Path, started: Path) -> Path:
    """A clone of the repository `github`, with a remote that takes push options."""
    remote, clone = tmp_path / "remote.git", tmp_path / "clone"
    shutil.copytree(started / "github", clone)
    subprocess.run(["git", "init", "-q", "--bare", remote], check=True)
    subprocess.run(
        ["git", "-C", remote, "config", "receive.advertisePushOptions", "true"], check=True
    )
    for command in (
        ["add", "--all"],
        ["-c", "user.name=a", "-c", "user.email=a@b.example", "commit", "-qm", "first"],
        ["remote", "add", "origin", str(remote)],
    ):
        subprocess.run(["git", "-C", clone, *command], check=True)
    return clone


def pushed(clone: Path) -> str:
    """Return the page as it is on the branch of the pull request; empty without one."""
    page = "teams-importer/pull:content/first-steps.md"
    shown = subprocess.run(
        ["git", "-C", str(clone.parent / "remote.git"), "show", page],
        capture_output=True,
        text=True,
        check=False,
    )
    return shown.stdout


def test_edits_on_the_site_open_a_pull_request_and_later_ones_renew_it(
    tmp_path: Path, cloned: Path, tools: Path
) -> None:
    put(tools / "teams-importer", _PULL)
    (tmp_path / "open").write_text("0\n")
    workflow = load_yaml(cloned / ".github" / "workflows" / "teams-importer-pull.yml")
    _, _, taking, opening = workflow["jobs"]["pull"]["steps"]
    first = subprocess.check_output(["git", "-C", cloned, "rev-parse", "HEAD"], text=True).strip()
    env = {
        "RUNNER_TEMP": str(tmp_path),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
        "GH_LOG": str(tmp_path / "gh.log"),
        "GH_OPEN": str(tmp_path / "open"),
        "BRANCH": opening["env"]["BRANCH"],
        "PULL_CODE": "11",
    }
    for edit in ("Somebody's own words.", "Other words, a night later."):
        subprocess.run(["git", "-C", cloned, "checkout", "-q", first], check=True)
        bash(taking["run"], cloned, tools, PULLED=edit, **env)
        bash(opening["run"], cloned, tools, **env)
        assert pushed(cloned).endswith(f"{edit}\n")
    verbs = [line.split()[:2] for line in (tmp_path / "gh.log").read_text().splitlines()]
    assert [it for it in verbs if it[0] == "pr" and it[1] != "list"] == [
        ["pr", "create"],
        ["pr", "edit"],
    ]
    assert "1 field taken over" in (tmp_path / "summary.md").read_text()


def test_without_edits_no_branch_is_pushed(tmp_path: Path, cloned: Path, tools: Path) -> None:
    workflow = load_yaml(cloned / ".github" / "workflows" / "teams-importer-pull.yml")
    opening = workflow["jobs"]["pull"]["steps"][-1]
    env = {"RUNNER_TEMP": str(tmp_path), "GH_LOG": str(tmp_path / "gh.log")}
    bash(opening["run"], cloned, tools, BRANCH=opening["env"]["BRANCH"], **env)
    assert pushed(cloned) == ""
    assert not (tmp_path / "gh.log").exists()


def test_gitlabs_pull_pushes_a_branch_with_the_merge_requests_options(
    tmp_path: Path, started: Path, cloned: Path, tools: Path
) -> None:
    put(tools / "teams-importer", _PULL)
    jobs = load_yaml(started / "gitlab" / ".gitlab-ci.yml")
    bash(
        script_of(jobs["teams-importer-pull"]),
        cloned,
        tools,
        PULLED="Somebody's own words.",
        CI_DEFAULT_BRANCH="main",
        CI_SERVER_HOST="gitlab.example.org",
        CI_PROJECT_URL=str(tmp_path / "remote"),
        TEAMS_IMPORTER_READ_TOKEN="a-token-of-no-team",
        TEAMS_IMPORTER_GIT_TOKEN="a-token-of-no-project",
    )
    assert pushed(cloned).endswith("Somebody's own words.\n")
