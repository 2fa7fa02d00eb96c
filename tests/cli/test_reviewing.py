"""What ties an apply to its review: the digest of the intent, and no run for a pull request."""

from __future__ import annotations

import json
import re
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from importer.cli.reviewing import refuse_review
from importer.cli.triggers import review_in
from importer.errors import PlanRefused
from tests.cli.stage import Program, posts_in, question, serving, write_manifest

HERE = ("--url", "sandbox:team.db")
YES = (*HERE, "--yes")


def _manifest(*numbers: int, body: str = "") -> None:
    """Write as many questions, each with an answer."""
    answer = "It was told by somebody who had been there, and written down."
    items = [question(f"page-{it}", body=body, answer=answer) for it in numbers]
    write_manifest(Path(), *items)


def _digest(cli: Program) -> str:
    digest = cli("plan", *HERE, "--format", "json").document["intent"]["digest"]
    assert isinstance(digest, str)
    return digest


@pytest.fixture
def three(home: Path) -> None:  # noqa: ARG001 - its folder
    _manifest(1, 2, 3)


@pytest.mark.usefixtures("three")
def test_every_rendering_and_the_saved_plan_bear_one_digest(cli: Program) -> None:
    digest = _digest(cli)
    assert f"Intent   {digest}\n" in cli("plan", *HERE).out
    assert f"* intent: `{digest}`" in cli("plan", *HERE, "--format", "markdown").out
    assert cli("plan", *HERE, "--out", "plan.json").code == 0
    saved = json.loads(Path("plan.json").read_text())
    assert saved["intent"]["digest"] == digest
    assert digest != saved["digest"]
    shown = cli("show", "plan.json", "--format", "json").document
    assert shown["intent"]["digest"] == digest


@pytest.mark.usefixtures("three")
def test_the_reviewed_plan_is_applied(cli: Program) -> None:
    digest = _digest(cli)
    done = cli("apply", *YES, "--expect-digest", digest)
    assert done.code == 0
    assert len(posts_in(Path("team.db"))) == 6
    # Nothing left to do is a part of it too.
    assert cli("apply", *YES, "--expect-digest", digest).code == 0


@pytest.mark.usefixtures("three")
def test_more_than_was_reviewed_is_refused_and_named(cli: Program) -> None:
    assert cli("plan", *HERE, "--out", "reviewed.json").code == 0
    digest = _digest(cli)
    _manifest(1, 2, 3, 4)
    alone = cli("apply", *YES, "--expect-digest", digest)
    done = cli("apply", *YES, "--expect-digest", digest, "--reviewed", "reviewed.json")
    for it in (alone, done):
        assert (it.code, it.out) == (4, "")
        assert "create page-4 " in it.err
        assert f"--expect-digest {_digest(cli)}" in it.err
    assert posts_in(Path("team.db")) == []
    assert "2 changes go beyond the reviewed plan" in done.err
    assert "create page-1 " not in done.err


@pytest.mark.usefixtures("three")
def test_another_text_of_a_reviewed_item_is_refused(cli: Program) -> None:
    assert cli("plan", *HERE, "--out", "reviewed.json").code == 0
    digest = _digest(cli)
    _manifest(1, 2, 3, body="Something that nobody has looked at, and it is long enough to post.")
    done = cli("apply", *YES, "--expect-digest", digest, "--reviewed", "reviewed.json")
    assert done.code == 4
    assert "create page-1 " in done.err
    assert posts_in(Path("team.db")) == []


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize("form", ["saved", "json", "comment"])
def test_a_part_of_the_reviewed_plan_is_applied_where_the_rest_is_done(
    cli: Program, form: str
) -> None:
    digest = _digest(cli)
    match form:
        case "saved":
            cli("plan", *HERE, "--out", "reviewed")
        case "json":
            cli("plan", *HERE, "--format", "json", "--output", "reviewed")
        case _:
            comment = cli("plan", *HERE, "--format", "markdown").out
            Path("reviewed").write_text(json.dumps({"comments": [{"body": f"Hello\n{comment}"}]}))
    assert cli("apply", *YES, "--limit", "1").code == 0
    alone = cli("apply", *YES, "--expect-digest", digest)
    assert alone.code == 4
    assert "only the reviewed plan can tell (--reviewed FILE)" in alone.err
    done = cli("apply", *YES, "--expect-digest", digest, "--reviewed", "reviewed")
    assert done.code == 0
    assert "4 changes of the 6 reviewed are left to do" in done.err
    assert len(posts_in(Path("team.db"))) == 6


@pytest.mark.usefixtures("three")
def test_a_list_that_the_digest_does_not_name_proves_nothing(cli: Program) -> None:
    digest = _digest(cli)
    _manifest(1, 2, 3, 4)
    assert cli("plan", *HERE, "--out", "forged.json").code == 0
    done = cli("apply", *YES, "--expect-digest", digest, "--reviewed", "forged.json")
    assert done.code == 4
    assert "forged.json holds no list of that digest" in done.err
    assert posts_in(Path("team.db")) == []


@pytest.mark.usefixtures("three")
def test_a_digest_for_one_team_says_nothing_of_another(cli: Program) -> None:
    other = cli("plan", "--url", "sandbox:other.db", "--format", "json").document
    assert cli("apply", *YES, "--expect-digest", other["intent"]["digest"]).code == 4


@pytest.mark.usefixtures("three")
def test_a_saved_plan_is_held_to_the_digest_too(cli: Program) -> None:
    digest = _digest(cli)
    assert cli("plan", *HERE, "--out", "plan.json").code == 0
    other = "a" * len(digest)
    assert cli("apply", "plan.json", *YES, "--expect-digest", other).code == 4
    assert posts_in(Path("team.db")) == []
    assert cli("apply", "plan.json", *YES, "--expect-digest", digest).code == 0


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["--expect-digest", "123"], "a plan's digest has 26 characters"),
        (["--reviewed", "x"], "says nothing without the digest"),
        (["--expect-digest", "a" * 26, "--reviewed", "x"], "can't be read"),
        (["--expect-digest", "a" * 26, "--reviewed", "teams-importer.yaml"], "holds no plan"),
    ],
)
def test_wrong_use_is_told(cli: Program, given: list[str], message: str) -> None:
    done = cli("apply", *YES, *given)
    assert done.code == 64
    assert message in done.err
    assert not Path("team.db").exists()


@pytest.mark.usefixtures("three")
def test_the_digest_is_that_of_the_wish_alone(cli: Program) -> None:
    """Neither a post of somebody else's nor what a token may do moves it."""
    first = _digest(cli)
    plans = [cli("plan", *HERE, "--api", api, "--format", "json").document for api in ("2.3", "3")]
    assert {it["intent"]["digest"] for it in plans} == {first}
    assert plans[0]["cost"] != plans[1]["cost"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GITHUB_EVENT_NAME", "pull_request"),
        ("GITHUB_EVENT_NAME", "pull_request_target"),
        ("GITHUB_EVENT_NAME", "pull_request_review"),
        ("GITHUB_EVENT_NAME", "merge_group"),
        ("CI_PIPELINE_SOURCE", "merge_request_event"),
        ("CI_PIPELINE_SOURCE", "external_pull_request_event"),
        ("CI_MERGE_REQUEST_IID", "7"),
        ("BUILD_REASON", "PullRequest"),
        ("BUILDKITE_PULL_REQUEST", "12"),
    ],
)
@pytest.mark.parametrize("command", [["apply"], ["undo", "last"]])
@pytest.mark.usefixtures("three")
def test_neither_apply_nor_undo_runs_for_a_pull_request(
    cli: Program, monkeypatch: pytest.MonkeyPatch, name: str, value: str, command: list[str]
) -> None:
    monkeypatch.setenv("TEAMS_IMPORTER_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("TEAMS_IMPORTER_TEAM", "acme")
    monkeypatch.setenv("TEAMS_IMPORTER_TOKEN", "sandbox_rw_0123456789abcdef")
    monkeypatch.setenv(name, value)
    done = cli(*command, "--yes")
    assert (done.code, done.out) == (4, "")
    assert f"{command[0]} does not run for a pull request ({name}={value})" in done.err
    assert not Path(".teams-importer").exists()


_ISSUE = {"number": 3, "pull_request": {"url": "https://example.org"}}


@pytest.mark.parametrize(
    ("name", "event", "told"),
    [
        ("workflow_run", {"workflow_run": {"event": "pull_request"}}, "of a run for pull_request"),
        (
            "workflow_run",
            {"workflow_run": {"event": "pull_request_target"}},
            "of a run for pull_request_target",
        ),
        ("workflow_run", {"workflow_run": {"event": "merge_group"}}, "of a run for merge_group"),
        ("workflow_run", {"workflow_run": {"event": "workflow_run"}}, "isn't told"),
        ("workflow_run", {"workflow_run": {"event": "push", "pull_requests": [{"id": 1}]}}, ""),
        ("workflow_run", {"workflow_run": {"event": "schedule"}}, ""),
        ("workflow_run", {"workflow_run": ["push"]}, "doesn't tell what started that run"),
        ("workflow_run", "not JSON", "doesn't tell what started that run"),
        ("workflow_run", None, "doesn't tell what started that run"),
        ("issue_comment", {"issue": _ISSUE}, "issue_comment on a pull request"),
        ("issue_comment", {"issue": {"number": 3}}, ""),
        ("issue_comment", None, "doesn't tell on what"),
        ("push", {"pull_request": {}}, ""),
        ("workflow_dispatch", None, ""),
    ],
)
def test_what_started_a_run_tells_whether_it_is_a_pull_requests(
    tmp_path: Path, name: str, event: Any, told: str
) -> None:
    file = tmp_path / "event.json"
    if event is not None:
        file.write_text(event if isinstance(event, str) else json.dumps(event))
    environ = {"GITHUB_EVENT_NAME": name, "GITHUB_EVENT_PATH": str(file)}
    found = review_in(environ)
    assert (bool(found), told in found) == (bool(told), True)
    with pytest.raises(PlanRefused, match="does not run") if told else nullcontext():
        refuse_review("apply", None, environ)


def test_a_child_pipeline_knows_its_merge_request() -> None:
    child = {"CI_PIPELINE_SOURCE": "parent_pipeline"}
    assert review_in(child) == ""
    assert review_in({**child, "CI_MERGE_REQUEST_IID": "7"}) == "CI_MERGE_REQUEST_IID=7"


@pytest.mark.usefixtures("three")
def test_for_a_push_and_on_a_sandbox_it_runs(
    cli: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BUILDKITE_PULL_REQUEST", "false")
    monkeypatch.setenv("GITHUB_EVENT_NAME", "push")
    with serving(tmp_path) as served:
        for name, value in served.env().items():
            monkeypatch.setenv(name, value)
        assert cli("apply", "--yes", "--settle", "0").code == 0
        monkeypatch.setenv("GITHUB_EVENT_NAME", "pull_request")
        sent = len(served.requests())
        assert cli("apply", "--yes", "--settle", "0").code == 4
        assert cli("undo", "last", "--yes", "--settle", "0").code == 4
        assert len(served.requests()) == sent
        assert cli("undo", "last", "--dry-run").code == 0
        assert cli("apply", "--url", "sandbox:", "--yes").code == 0


@pytest.mark.usefixtures("three")
def test_a_comment_is_as_long_as_it_is_asked_for(cli: Program) -> None:
    _manifest(*range(30))
    assert len(cli("plan", *HERE, "--format", "markdown").out) > 10_000
    done = cli("plan", *HERE, "--format", "markdown", "--max-chars", "4000")
    assert (done.code, len(done.out) <= 4_000) == (0, True)
    assert re.search(r"\d+ more entries, shown with --verbose", done.out)
    assert cli("plan", *HERE, "--max-chars", "10").code == 64
