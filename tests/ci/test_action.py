"""The steps of action.yml, run one by one against a sandbox and a GitHub on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.running import Sandbox, served_sandbox
from tests.ci.runner import GitHubApi, Runner, github_api
from tests.cli.stage import question, write_manifest
from tests.rendering.test_checks import commands_in

MARK = "<!-- teams-importer: . cdb4ee2aea69 -->\n"

# Says what it was called with, and leaves what a plan with changes would.
_STAND_IN = """\
#!/usr/bin/env bash
( IFS='|'; echo "$*" >&2 )
case "$*" in
  *counts*) echo '{"create":3,"delete":1,"update":2}' ;;
  *markdown*) while [[ "$1" != --output ]]; do shift; done; echo "The plan." > "$2" ;;
esac
if [[ "$*" == *detailed* ]]; then exit 2; fi
"""


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with served_sandbox(tmp_path_factory.mktemp("sandbox")) as served:
        yield served


@pytest.fixture
def api() -> Iterator[GitHubApi]:
    with github_api() as made:
        yield made


@pytest.fixture
def runner(tmp_path: Path, api: GitHubApi) -> Runner:
    return Runner(tmp_path, api)


def connected(sandbox: Sandbox, token: str) -> dict[str, str]:
    """Return the inputs of a job that has a token; nothing else is in its environment."""
    return {"url": sandbox.url, "team": sandbox.team, "token": sandbox.tokens[token]}


def test_from_a_pull_request_to_a_published_page(
    runner: Runner, sandbox: Sandbox, api: GitHubApi
) -> None:
    reading = connected(sandbox, "read_only")
    write_manifest(runner.workspace, question("rollback"), question("oncall/freeze"))
    api.comment("mallory", f"{MARK}A comment of somebody else's")

    opened = runner.run(**reading)
    assert list(opened.codes) == ["install", "validate", "plan", "comment", "verdict"]
    assert not opened.failed, opened.log
    assert {**opened.outputs, "plan-file": ""} == {
        "changes": "2",
        "create": "2",
        "update": "0",
        "delete": "0",
        "plan-file": "",
        "exit-code": "2",
    }
    assert Path(opened.outputs["plan-file"]).is_file()
    assert "2 to create" in opened.summary
    theirs, ours = (it["body"] for it in api.comments)
    assert theirs == f"{MARK}A comment of somebody else's"
    assert ours == MARK + opened.summary

    runner.event = "push"
    merged = runner.run(command="apply", **connected(sandbox, "read_write"))
    assert list(merged.codes) == ["install", "validate", "plan", "apply", "verdict"]
    assert not merged.failed, merged.log
    assert merged.outputs["exit-code"] == "0"
    assert "2 created" in merged.summary, merged.summary
    assert len(sandbox.posts()) == 2

    runner.event = "pull_request"
    in_sync = runner.run(**reading)
    assert (in_sync.outputs["exit-code"], in_sync.outputs["changes"]) == ("0", "0")
    assert "No changes" in api.comments[1]["body"]
    for ran in (opened, merged, in_sync):
        shown = ran.log + ran.summary + "".join(it["body"] for it in api.comments)
        assert not any(token in shown for token in sandbox.tokens.values())
    assert api.tokens == {"Bearer ghs_theTokenOfTheJob"}


def test_an_invalid_manifest_is_annotated_commented_and_fails_the_job(
    runner: Runner, sandbox: Sandbox, api: GitHubApi
) -> None:
    write_manifest(runner.workspace, question("a", title="Short"))
    ran = runner.run(**connected(sandbox, "read_only"))
    assert list(ran.codes) == ["install", "validate", "comment", "verdict"]
    assert ran.codes["verdict"] == 1
    assert ran.outputs["exit-code"] == "3"
    (found, verdict) = commands_in(ran.log)
    assert (found[0], found[1]["file"]) == ("error", "teams-importer.yaml")
    assert "Exit code 3" in verdict[2]
    assert "title" in ran.summary
    assert api.comments[0]["body"] == MARK + ran.summary


@pytest.mark.parametrize("manifest", ["nowhere", "--help"])
def test_a_manifest_that_is_not_there_is_not_called_one_with_errors(
    runner: Runner, api: GitHubApi, manifest: str
) -> None:
    """Nor is its name taken for an option, which would end with 0, as if all were in sync."""
    write_manifest(runner.workspace, question("a"))
    ran = runner.run(manifest=manifest, team="acme")
    assert list(ran.codes) == ["install", "validate", "comment", "verdict"]
    assert ran.codes["verdict"] == 1
    assert ran.outputs["exit-code"] == "64"
    assert f"no file or folder '{manifest}'" in ran.log
    assert "`teams-importer validate` ended with exit code 64" in ran.summary
    assert "errors" not in ran.summary
    assert api.comments[0]["body"].endswith(f"-->\n{ran.summary}")


def test_no_input_is_read_as_an_option(runner: Runner) -> None:
    runner.program.write_text(_STAND_IN)
    ran = runner.run(manifest="--help", token="t", comment="false")
    calls = [it.split("|") for it in ran.log.splitlines() if "|" in it]
    assert [it[0] for it in calls] == ["validate", "plan", "show", "show"]
    assert all(it[-2:] == ["--", "--help"] for it in calls[:2])


def test_a_summary_that_can_not_be_written_costs_no_output(runner: Runner, api: GitHubApi) -> None:
    runner.program.write_text(_STAND_IN)
    runner.has_summary = False
    ran = runner.run(token="t")
    assert not ran.failed, ran.log
    assert (ran.outputs["create"], ran.outputs["changes"]) == ("3", "6")
    assert ran.outputs["plan-file"]
    assert "::warning title=teams-importer::The job's summary can't be written." in ran.log
    assert api.comments[0]["body"] == f"{MARK}The plan.\n"
    runner.event = "push"
    assert not runner.run(command="apply", token="t").failed
    runner.event = "pull_request"
    assert not runner.run().failed


def test_an_invalid_manifest_is_told_without_a_summary_too(runner: Runner, api: GitHubApi) -> None:
    runner.has_summary = False
    write_manifest(runner.workspace, question("a", title="Short"))
    ran = runner.run(team="acme")
    assert (ran.codes["validate"], ran.codes["verdict"]) == (0, 1)
    assert ran.outputs["exit-code"] == "3"
    assert "### The manifest has errors" in api.comments[0]["body"]


def test_outputs_come_before_what_may_fail(runner: Runner) -> None:
    runner.program.write_text(_STAND_IN.replace("*markdown*) ", "*markdown*) exit 1;"))
    ran = runner.run(token="t")
    assert ran.codes["plan"] == 1
    assert (ran.outputs["changes"], ran.outputs["exit-code"]) == ("6", "2")


def test_a_pull_request_from_a_fork_is_validated_and_touches_nothing(
    runner: Runner, api: GitHubApi
) -> None:
    runner.fork = True
    write_manifest(runner.workspace, question("a"))
    ran = runner.run(team="acme")
    assert not ran.failed, ran.log
    assert ran.outputs["exit-code"] == "0"
    assert ran.outputs["changes"] == ""
    assert "was validated, and not compared with the team" in ran.summary
    assert api.requests == []


def test_a_plan_that_can_not_be_made_says_so_in_comment_and_summary(
    runner: Runner, sandbox: Sandbox, api: GitHubApi
) -> None:
    write_manifest(runner.workspace, question("a"))
    ran = runner.run(**connected(sandbox, "expired"))
    assert ran.codes["verdict"] == 1
    assert ran.outputs["exit-code"] == "6"
    assert "ended with exit code 6" in ran.summary
    assert api.comments[0]["body"] == MARK + ran.summary


def test_an_apply_without_a_token_fails(runner: Runner, sandbox: Sandbox) -> None:
    runner.event = "push"
    write_manifest(runner.workspace, question("a"))
    ran = runner.run(command="apply", url=sandbox.url, team=sandbox.team)
    assert ran.codes["verdict"] == 1
    assert ran.outputs["exit-code"] == "6"


def test_a_comment_that_can_not_be_written_fails_the_step_after_the_summary(
    runner: Runner, sandbox: Sandbox, api: GitHubApi
) -> None:
    write_manifest(runner.workspace, question("another"))
    api.refuses = 403
    ran = runner.run(**connected(sandbox, "read_only"))
    assert ran.codes["comment"] == 1
    assert "1 to create" in ran.summary
    assert "pull-requests: write" in ran.log


def test_a_fork_is_planned_against_the_snapshot_that_is_named(runner: Runner) -> None:
    runner.fork = True
    runner.program.write_text(_STAND_IN)
    ran = runner.run(snapshot="a team's snapshot.json")
    assert not ran.failed, ran.log
    drawn = [it for it in ran.log.splitlines() if it.startswith("plan|")]
    offline = "|--against|a team's snapshot.json|--|."
    assert drawn[0] == f"plan|--format|github|--detailed-exitcode{offline}"
    assert all(it.endswith(offline) for it in drawn)
    assert (ran.outputs["create"], ran.outputs["changes"]) == ("3", "6")
    assert "The plan." in ran.summary


def test_an_apply_is_held_to_what_was_reviewed(runner: Runner) -> None:
    runner.event = "push"
    runner.program.write_text(_STAND_IN)
    ran = runner.run(command="apply", token="t", expect_digest="abc", reviewed="the comment.md")
    (applied,) = [it for it in ran.log.splitlines() if it.startswith("apply|")]
    assert "|--yes|--expect-digest|abc|--reviewed|the comment.md|--format|markdown|" in applied
    ran = runner.run(command="apply", token="t")
    (applied,) = [it for it in ran.log.splitlines() if it.startswith("apply|")]
    assert "|--yes|--format|markdown|" in applied


def test_installing_takes_nothing_without_a_hash(runner: Runner) -> None:
    ran = runner.run(command="install")
    assert list(ran.codes) == ["install"]
    first, second = runner.pip_log.read_text().splitlines()
    assert "--require-hashes -r" in first
    assert "--no-deps" in second
    runner.run(command="install")
    assert len(runner.pip_log.read_text().splitlines()) == 2


def test_an_unknown_command_is_wrong_use(runner: Runner) -> None:
    ran = runner.run(command="destroy; echo pwned")
    assert ran.codes == {"install": 64}
    assert "pwned" not in ran.log
