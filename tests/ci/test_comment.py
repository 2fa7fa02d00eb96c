"""The comment of a pull request: one, ours, edited in place."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ci.runner import GitHubApi, github_api
from tests.conftest import ROOT

MARK = "<!-- teams-importer: docs -->\n"
BOT = "github-actions[bot]"


@pytest.fixture
def api() -> Iterator[GitHubApi]:
    with github_api() as made:
        yield made


def post(
    folder: Path,
    api: GitHubApi,
    text: str,
    *,
    when: str = "always",
    head: int | None = 1,
    **env: str,
) -> tuple[int, str]:
    """Run the script as the action does, and return its exit code and what it printed."""
    file, event = folder / "comment.md", folder / "event.json"
    file.write_text(text)
    repo = {"id": head} if head else None
    pull_request = {"number": 7, "head": {"repo": repo}, "base": {"repo": {"id": 1}}}
    event.write_text(json.dumps({"pull_request": pull_request}))
    done = subprocess.run(
        [sys.executable, ROOT / "ci" / "comment.py", file, "docs", when],
        env={
            "GITHUB_API_URL": api.url,
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_REPOSITORY": "acme/handbook",
            "GITHUB_TOKEN": "ghs_theTokenOfTheJob",
            **env,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    assert "ghs_" not in done.stdout
    assert "Traceback" not in done.stdout
    return done.returncode, done.stdout


def test_the_second_text_takes_the_place_of_the_first(tmp_path: Path, api: GitHubApi) -> None:
    assert post(tmp_path, api, "one") == (0, "comment written\n")
    assert post(tmp_path, api, "two") == (0, "comment edited\n")
    assert [it["body"] for it in api.comments] == [f"{MARK}two"]


def test_only_a_comment_of_ours_is_edited(tmp_path: Path, api: GitHubApi) -> None:
    """The mark alone proves nothing: whoever comments can write it, also in the middle."""
    api.comment("mallory", f"{MARK}forged")
    api.comment(BOT, f"some other bot's words\n{MARK}")
    api.comment(BOT, "<!-- teams-importer: other -->\nanother manifest's")
    assert post(tmp_path, api, "ours")[0] == 0
    assert [it["body"] for it in api.comments].count(f"{MARK}ours") == 1
    assert len(api.comments) == 4
    assert api.comments[0]["body"] == f"{MARK}forged"


def test_a_comment_is_found_among_many_and_leftovers_go(tmp_path: Path, api: GitHubApi) -> None:
    for number in range(230):
        api.comment("somebody", f"comment {number}")
    for number in range(2):
        api.comment(BOT, f"{MARK}old {number}")
    assert post(tmp_path, api, "new")[0] == 0
    ours = [it["body"] for it in api.comments if it["body"].startswith(MARK)]
    assert ours == [f"{MARK}new"]


def test_nothing_to_tell_makes_no_comment_but_mends_one(tmp_path: Path, api: GitHubApi) -> None:
    assert post(tmp_path, api, "No changes", when="update")[0] == 0
    assert api.comments == []
    post(tmp_path, api, "one to create")
    post(tmp_path, api, "No changes", when="update")
    assert [it["body"] for it in api.comments] == [f"{MARK}No changes"]


@pytest.mark.parametrize("head", [2, None], ids=["a fork", "a fork that is gone"])
def test_a_fork_gets_no_comment(tmp_path: Path, api: GitHubApi, head: int | None) -> None:
    code, printed = post(tmp_path, api, "text", head=head)
    assert (code, api.requests) == (0, [])
    assert "no comment" in printed


def test_whose_token_it_is_is_asked_or_told(tmp_path: Path, api: GitHubApi) -> None:
    api.login = "release-bot"
    api.comment(BOT, f"{MARK}of the job's token")
    api.comment("release-bot", f"{MARK}of the other token")
    post(tmp_path, api, "new")
    assert [it["body"] for it in api.comments] == [f"{MARK}of the job's token", f"{MARK}new"]
    post(tmp_path, api, "told", COMMENT_AUTHOR=BOT)
    assert [it["body"] for it in api.comments] == [f"{MARK}told", f"{MARK}new"]


@pytest.mark.parametrize("status", [302, 403, 404, 422, 500])
def test_a_refusal_is_told_and_fails(tmp_path: Path, api: GitHubApi, status: int) -> None:
    api.refuses = status
    code, printed = post(tmp_path, api, "text")
    assert code == 1
    assert printed.startswith("::error title=teams-importer::The comment could not be written: ")
    assert str(status) in printed
    assert ("pull-requests: write" in printed) is (status in (403, 404))


def test_what_is_too_long_is_refused_before_anything_is_sent(
    tmp_path: Path, api: GitHubApi
) -> None:
    code, printed = post(tmp_path, api, "x" * 65_536)
    assert (code, api.requests) == (1, [])
    assert "65,536" in printed


def test_a_server_that_is_not_there_is_told(tmp_path: Path, api: GitHubApi) -> None:
    code, printed = post(tmp_path, api, "text", GITHUB_API_URL="http://127.0.0.1:1")
    assert code == 1
    assert "URLError" in printed
