"""Keeps one comment of a GitHub pull request up to date; `action.yml` calls it.

    comment.py FILE NAME always|update

FILE holds Markdown. A hidden first line with NAME, and its author, tell which comment it is:
anybody may write a comment with such a line, and a token that may write comments could edit any.
With `update` no new comment is made. Where the run is for no pull request, or for one from a fork,
whose token may not write, it says so and does nothing.

It runs on the runner's own Python and imports nothing but the standard library.
"""

import json
import os
import re
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

MOST_CHARACTERS = 65_536
"""What GitHub takes for a comment (observed)."""

_PER_PAGE = 100
_MOST_PAGES = 30
_TIMEOUT_S = 30
_ACTIONS = "github-actions[bot]"


class Unposted(Exception):
    """The comment could not be written; the message says why."""


class _Straight(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: it would carry the token along."""

    def redirect_request(self, *_: object) -> None:
        return None


class GitHub:
    """The few calls of GitHub's REST API that a comment takes."""

    def __init__(self, base: str, token: str) -> None:
        self._base = base.rstrip("/")
        self._token = token
        self._opener = urllib.request.build_opener(_Straight)

    def call(self, method: str, path: str, body: Mapping[str, str] | None = None) -> Any:
        """Return the answer's JSON; None where it has none. Raises Unposted."""
        request = urllib.request.Request(  # noqa: S310 - the base is the runner's own
            f"{self._base}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Accept": "application/vnd.github+json",
                "Authorization": f"Bearer {self._token}",
                "Content-Type": "application/json",
                "User-Agent": "teams-importer",
                "X-GitHub-Api-Version": "2022-11-28",
            },
        )
        try:
            with self._opener.open(request, timeout=_TIMEOUT_S) as answer:
                text = answer.read()
                return json.loads(text) if text else None
        except urllib.error.HTTPError as error:
            message = f"{method} {path}: GitHub answered {error.code}"
            if error.code in (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND):
                message += "; the job's token needs `permissions: pull-requests: write`"
            raise Unposted(message) from error
        except (OSError, ValueError) as error:
            message = f"{method} {path}: {type(error).__name__}"
            raise Unposted(message) from error

    def login(self) -> str:
        """Return whose token it is; an installation's, which can't ask, is GitHub Actions' own."""
        try:
            return str(self.call("GET", "/user")["login"])
        except Unposted as error:
            status = getattr(error.__cause__, "code", None)
            if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
                return _ACTIONS
            raise

    def comments(self, path: str) -> Iterator[Mapping[str, Any]]:
        """Yield the comments of a pull request, oldest first."""
        for page in range(1, _MOST_PAGES + 1):
            found = self.call("GET", f"{path}?per_page={_PER_PAGE}&page={page}")
            yield from found
            if len(found) < _PER_PAGE:
                return


def post(github: GitHub, repository: str, number: int, text: str, name: str, when: str) -> str:
    """Write the comment, and return what was done. Raises Unposted."""
    mark = f"<!-- teams-importer: {re.sub(r'[^A-Za-z0-9._/]+', '-', name)} -->"
    body = f"{mark}\n{text}"
    if len(body.encode("utf-16-le")) // 2 > MOST_CHARACTERS:
        message = f"it has more than {MOST_CHARACTERS:,} characters"
        raise Unposted(message)
    path = f"/repos/{repository}/issues/{number}/comments"
    author = os.environ.get("COMMENT_AUTHOR") or github.login()
    ours = [it for it in github.comments(path) if _is_ours(it, mark, author)]
    if not ours and when == "update":
        return "nothing to tell: no comment"
    if not ours:
        github.call("POST", path, {"body": body})
        return "comment written"
    first, *others = (f"/repos/{repository}/issues/comments/{int(it['id'])}" for it in ours)
    github.call("PATCH", first, {"body": body})
    # Two runs at once may have made two.
    for other in others:
        github.call("DELETE", other)
    return "comment edited"


def _is_ours(comment: Mapping[str, Any], mark: str, author: str) -> bool:
    first = str(comment.get("body") or "").split("\n", 1)[0].rstrip()
    return first == mark and (comment.get("user") or {}).get("login") == author


def pull_request(event: Mapping[str, Any]) -> int | None:
    """Return the pull request's number; None where there is none that can be commented on."""
    found = event.get("pull_request")
    if not found:
        return None
    head, base = (((found.get(it) or {}).get("repo") or {}).get("id") for it in ("head", "base"))
    return int(found["number"]) if head is not None and head == base else None


def main(arguments: list[str]) -> int:
    """Post the comment that *arguments* name, and return the exit code."""
    file, name, when = arguments
    event = json.loads(Path(os.environ["GITHUB_EVENT_PATH"]).read_text(encoding="utf-8"))
    number = pull_request(event)
    if number is None:
        say("no comment: this run is for no pull request of this repository's own")
        return 0
    github = GitHub(os.environ["GITHUB_API_URL"], os.environ["GITHUB_TOKEN"])
    text = Path(file).read_text(encoding="utf-8")
    try:
        say(post(github, os.environ["GITHUB_REPOSITORY"], number, text, name, when))
    except Unposted as error:
        say(f"::error title=teams-importer::The comment could not be written: {error}")
        return 1
    return 0


def say(line: str) -> None:
    """Print *line* to the log; it holds nothing that a pull request's author wrote."""
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
