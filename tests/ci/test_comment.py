"""The comment of a pull request: one, ours, edited in place."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ci.runner import GitHubApi, github_api
from tests.conftest import ROOT

MARK = "<!-- teams-importer: docs 46b42b4229cd -->\n"
FORMER = "<!-- teams-importer: docs -->\n"
BOT = "github-actions[bot]"
LIST = ("GET", "/repos/acme/handbook/issues/7/comments")
EVENT = {"number": 7, "head": {"repo": {"id": 1}}, "base": {"repo": {"id": 1}}}


@pytest.fixture
def api() -> Iterator[GitHubApi]:
    with github_api() as made:
        yield made


def run(folder: Path, api: GitHubApi, *arguments: str, **env: str) -> tuple[int, str]:
    """Run the script as the action does, and return its exit code and what it printed.

    What *env* leaves empty is unset.
    """
    given = {
        "GITHUB_API_URL": api.url,
        "GITHUB_EVENT_PATH": str(folder / "event.json"),
        "GITHUB_REPOSITORY": "acme/handbook",
        "GITHUB_TOKEN": "ghs_theTokenOfTheJob",
        **env,
    }
    done = subprocess.run(
        [sys.executable, ROOT / "ci" / "comment.py", *arguments],
        env={name: value for name, value in given.items() if value},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    assert "ghs_" not in done.stdout
    assert "Traceback" not in done.stdout
    return done.returncode, done.stdout


def post(
    folder: Path,
    api: GitHubApi,
    text: str,
    *,
    name: str = "docs",
    when: str = "always",
    head: int | None = 1,
    **env: str,
) -> tuple[int, str]:
    """Post *text* for a pull request, and return the exit code and what was printed."""
    file = folder / "comment.md"
    file.write_text(text)
    event = {**EVENT, "head": {"repo": {"id": head} if head else None}}
    (folder / "event.json").write_text(json.dumps({"pull_request": event}))
    return run(folder, api, str(file), name, when, **env)


def is_told(done: tuple[int, str], *parts: str) -> bool:
    """Return whether *done* is a failure in one line that has all of *parts*."""
    code, printed = done
    opening = "::error title=teams-importer::The comment could not be written: "
    return (
        code == 1
        and printed.startswith(opening)
        and printed.count("\n") == 1
        and "; " in printed
        and all(it in printed for it in parts)
    )


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


@pytest.mark.parametrize(
    ("status", "next_step"),
    [
        (302, "check GITHUB_API_URL"),
        (401, "valid"),
        (403, "pull-requests: write"),
        (404, "pull-requests: write"),
        (422, "summary"),
        (429, "in some minutes"),
        (500, "githubstatus"),
        (502, "githubstatus"),
    ],
)
def test_a_refusal_is_told_with_its_next_step(
    tmp_path: Path, api: GitHubApi, status: int, next_step: str
) -> None:
    api.refuses = status
    done = post(tmp_path, api, "text")
    assert is_told(done, f"GitHub answered {status}; ", next_step)
    assert ("pull-requests: write" in done[1]) is (status in (403, 404))


@pytest.mark.parametrize("header", [("Retry-After", "60"), ("X-RateLimit-Remaining", "0")])
def test_a_403_for_too_many_requests_is_no_lack_of_a_permission(
    tmp_path: Path, api: GitHubApi, header: tuple[str, str]
) -> None:
    api.refuses = 403
    api.headers = dict([header])
    done = post(tmp_path, api, "text", COMMENT_AUTHOR=BOT)
    assert is_told(done, "answered 403", "in some minutes")
    assert not is_told(done, "pull-requests: write")
    # Whose token it is stays unknown too, and isn't guessed.
    assert is_told(post(tmp_path, api, "text"), "GET /user", "in some minutes")


def test_a_server_that_knows_no_user_is_told_apart_from_a_missing_permission(
    tmp_path: Path, api: GitHubApi
) -> None:
    api.instead["GET", "/user"] = (404, {"message": "no"})
    done = post(tmp_path, api, "text")
    assert is_told(done, "GET /user", "comment-author")
    assert not is_told(done, "pull-requests: write")


def test_a_comment_that_another_run_deleted_first_is_gone_as_wished(
    tmp_path: Path, api: GitHubApi
) -> None:
    kept, other = (api.comment(BOT, f"{MARK}old {number}") for number in range(2))
    api.instead["DELETE", f"/repos/acme/handbook/issues/comments/{other['id']}"] = (404, {})
    assert post(tmp_path, api, "new") == (0, "comment edited\n")
    assert kept["body"] == f"{MARK}new"


def test_a_comment_that_was_deleted_meanwhile_is_written_anew(
    tmp_path: Path, api: GitHubApi
) -> None:
    gone = api.comment(BOT, f"{MARK}old")
    api.instead["PATCH", f"/repos/acme/handbook/issues/comments/{gone['id']}"] = (404, {})
    assert post(tmp_path, api, "No changes", when="update")[0] == 0
    assert len(api.comments) == 1
    assert post(tmp_path, api, "new") == (0, "comment written\n")
    assert [it["body"] for it in api.comments[1:]] == [f"{MARK}new"]


def test_where_the_first_was_deleted_meanwhile_the_second_is_edited(
    tmp_path: Path, api: GitHubApi
) -> None:
    gone, other = (api.comment(BOT, f"{MARK}old {number}") for number in range(2))
    api.instead["PATCH", f"/repos/acme/handbook/issues/comments/{gone['id']}"] = (404, {})
    assert post(tmp_path, api, "new") == (0, "comment edited\n")
    assert other["body"] == f"{MARK}new"
    assert len(api.comments) == 2


@pytest.mark.parametrize(
    "names", [("docs/日本", "docs/中国"), ("a b", "a-b"), ("a--b", "a-b"), ("é", "e")], ids=ascii
)
def test_manifests_with_similar_names_have_a_comment_each(
    tmp_path: Path, api: GitHubApi, names: tuple[str, str]
) -> None:
    for text in ("first", "second"):
        for name in names:
            post(tmp_path, api, f"{text} of {name}", name=name)
    assert [it["body"].split("\n")[1] for it in api.comments] == [
        f"second of {name}" for name in names
    ]
    for comment in api.comments:
        assert re.fullmatch(r"<!-- [^<>]+ -->", comment["body"].split("\n")[0])


def test_a_comment_of_an_earlier_version_is_taken_over_by_one_name(
    tmp_path: Path, api: GitHubApi
) -> None:
    former = api.comment(BOT, "<!-- teams-importer: a-b -->\nold")
    foreign = api.comment("mallory", "<!-- teams-importer: a-b -->\nforged")
    assert post(tmp_path, api, "of a b", name="a b") == (0, "comment edited\n")
    assert post(tmp_path, api, "of a-b", name="a-b") == (0, "comment written\n")
    assert former["body"].endswith("\nof a b")
    assert foreign["body"].endswith("\nforged")
    assert len(api.comments) == 3


def test_one_with_todays_mark_goes_before_one_of_an_earlier_version(
    tmp_path: Path, api: GitHubApi
) -> None:
    former, ours = api.comment(BOT, f"{FORMER}old"), api.comment(BOT, f"{MARK}old")
    post(tmp_path, api, "new")
    assert (former["body"], ours["body"]) == (f"{FORMER}old", f"{MARK}new")


def test_a_name_that_is_no_text_has_a_mark_too(tmp_path: Path, api: GitHubApi) -> None:
    name = os.fsdecode(b"docs-\xff")
    for _ in range(2):
        assert post(tmp_path, api, "text", name=name)[0] == 0
    assert len(api.comments) == 1


@pytest.mark.parametrize("path", ["/user", LIST[1]])
@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"null",
        b"{}",
        b'{"login": ""}',
        b'{"login": 7}',
        b'[{"body": "x", "user": {"login": "somebody"}}]',
        b'["text", null]',
        b'[{"id": "1/../../x", "body": "x"}]',
        b"7",
        b"<html>",
        b"[\xff\xfe]",
        b"[" * 100_000,
        b'[{"id": ' + b"1" * 5000 + b"}]",
    ],
    ids=lambda it: it[:16].decode("ascii", "replace"),
)
def test_an_answer_in_another_form_is_told(
    tmp_path: Path, api: GitHubApi, path: str, answer: bytes
) -> None:
    api.login = "release-bot"
    api.instead["GET", path] = (200, answer)
    assert is_told(post(tmp_path, api, "text"), f"GET {path}", "check GITHUB_API_URL")


def test_comments_of_nobody_and_without_text_are_passed_over(
    tmp_path: Path, api: GitHubApi
) -> None:
    api.comments += [{"id": 1, "body": MARK, "user": None}, {"id": 2, "body": None, "user": {}}]
    api.comments.append({"id": 3, "body": 7, "user": "text"})
    assert post(tmp_path, api, "text") == (0, "comment written\n")


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"garbage\r\n\r\n",
        b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"login":',
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc",
    ],
    ids=["closed", "no HTTP", "cut", "cut in a chunk"],
)
def test_an_answer_that_breaks_off_is_told(tmp_path: Path, api: GitHubApi, answer: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer_once() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(65_536)
                connection.sendall(answer)

        thread = threading.Thread(target=answer_once, daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        done = post(tmp_path, api, "text", GITHUB_API_URL=url)
        thread.join(15)
    assert is_told(done, "GET /user: no whole answer", "check GITHUB_API_URL")


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        *((it, "") for it in ("GITHUB_API_URL", "GITHUB_REPOSITORY", "GITHUB_TOKEN")),
        ("GITHUB_EVENT_PATH", ""),
        ("GITHUB_EVENT_PATH", "/nowhere/event.json"),
        ("GITHUB_API_URL", "nonsense"),
        ("GITHUB_API_URL", "http://[::1"),
        ("GITHUB_API_URL", "http://127.0.0.1:99999"),
        ("GITHUB_API_URL", "http://"),
        ("GITHUB_API_URL", "http://127.0.0.1/a b"),
        ("GITHUB_API_URL", "file:///etc/hostname"),
        ("GITHUB_REPOSITORY", "acme/hand\nbook"),
        ("GITHUB_REPOSITORY", "acme/handbook/../other"),
        ("GITHUB_REPOSITORY", "handbook"),
        ("GITHUB_TOKEN", "ghs_the\nToken: x"),
        ("GITHUB_TOKEN", "ghs_thé"),
    ],
)
def test_what_the_runner_should_have_set_is_named(
    tmp_path: Path, api: GitHubApi, variable: str, value: str
) -> None:
    post(tmp_path, api, "text")
    asked = len(api.requests)
    file = str(tmp_path / "comment.md")
    assert is_told(run(tmp_path, api, file, "docs", "always", **{variable: value}), variable)
    assert len(api.requests) == asked


@pytest.mark.parametrize(
    "event",
    [
        b"",
        b"\xff\xfe{",
        b"[]",
        b"null",
        b"[" * 100_000,
        b'{"pull_request": true}',
        b'{"pull_request": []}',
        json.dumps({"pull_request": {**EVENT, "number": None}}).encode(),
        json.dumps({"pull_request": {**EVENT, "number": "7/../8"}}).encode(),
    ],
    ids=lambda it: it[:24].decode("ascii", "replace"),
)
def test_an_event_that_is_none_is_told(tmp_path: Path, api: GitHubApi, event: bytes) -> None:
    post(tmp_path, api, "text")
    asked = len(api.requests)
    (tmp_path / "event.json").write_bytes(event)
    assert is_told(run(tmp_path, api, str(tmp_path / "comment.md"), "docs", "always"), "EVENT_PATH")
    assert len(api.requests) == asked


def test_a_run_for_no_pull_request_needs_no_token(tmp_path: Path, api: GitHubApi) -> None:
    (tmp_path / "event.json").write_text("{}")
    code, printed = run(tmp_path, api, "nowhere.md", "docs", "always", GITHUB_TOKEN="")
    assert (code, api.requests) == (0, [])
    assert "no comment" in printed


def test_a_text_that_can_not_be_read_is_told(tmp_path: Path, api: GitHubApi) -> None:
    post(tmp_path, api, "text", when="update")
    api.requests.clear()
    file = tmp_path / "other.md"
    assert is_told(run(tmp_path, api, str(file), "docs", "always"), "its file", "NotFound")
    file.write_bytes(b"\xff\xfe")
    assert is_told(run(tmp_path, api, str(file), "docs", "always"), "its file", "Unicode")
    assert api.requests == []


@pytest.mark.parametrize("arguments", [[], ["a.md", "docs"], ["a.md", "docs", "never"]], ids=str)
def test_another_use_is_told(tmp_path: Path, api: GitHubApi, arguments: list[str]) -> None:
    assert is_told(run(tmp_path, api, *arguments), "comment.py FILE NAME always|update")


def test_what_is_too_long_is_refused_before_anything_is_sent(
    tmp_path: Path, api: GitHubApi
) -> None:
    assert is_told(post(tmp_path, api, "x" * 65_536), "65,536", "summary")
    assert api.requests == []


def test_a_server_that_is_not_there_is_told(tmp_path: Path, api: GitHubApi) -> None:
    done = post(tmp_path, api, "text", GITHUB_API_URL="http://127.0.0.1:1")
    assert is_told(done, "URLError", "check GITHUB_API_URL")
