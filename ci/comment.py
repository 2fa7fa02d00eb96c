"""Keeps one comment of a GitHub pull request up to date; `action.yml` calls it.

    comment.py FILE NAME always|update

FILE holds Markdown. A hidden first line with NAME, and its author, tell which comment it is:
anybody may write a comment with such a line, and a token that may write comments could edit any.
With `update` no new comment is made. Where the run is for no pull request, or for one from a fork,
whose token may not write, it says so and does nothing. Whatever else prevents it is told in one
`::error` line, with exit code 1.

It runs on the runner's own Python and imports nothing but the standard library.
"""

import hashlib
import json
import os
import re
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

MOST_CHARACTERS = 65_536
"""What GitHub takes for a comment (observed)."""

_PER_PAGE = 100
_MOST_PAGES = 30
_TIMEOUT_S = 30
_ACTIONS = "github-actions[bot]"
_DIGEST_LENGTH = 12

_NO_ACCESS = (
    "the job's token needs `permissions: pull-requests: write`, "
    "and the conversation has to be unlocked"
)
_NEXT_STEPS: Mapping[int, str] = {
    HTTPStatus.UNAUTHORIZED: "give the input github-token a token that is valid",
    HTTPStatus.FORBIDDEN: _NO_ACCESS,
    HTTPStatus.NOT_FOUND: _NO_ACCESS,
    HTTPStatus.UNPROCESSABLE_ENTITY: "it takes no such comment here, and won't the next time; "
    "read it in the job's summary, and turn it off with the input `comment: false`",
    HTTPStatus.TOO_MANY_REQUESTS: "the token has made too many requests; "
    "run the job again in some minutes, or give the input github-token a token of its own",
}
_GITHUBS_TROUBLE = (
    "the trouble is GitHub's (https://www.githubstatus.com has more); "
    "run the job again: a comment that was written after all is edited then"
)
_CHECK_URL = "check GITHUB_API_URL and what is between the runner and it, and run the job again"
_SET_BY_RUNNER = "run this in a step of GitHub Actions, where the runner sets it"


class Unposted(Exception):
    """The comment could not be written; the message says why, and the next step."""


class Refused(Unposted):
    """GitHub answered with *status*; a 403 that tells of a rate limit counts as 429."""

    def __init__(self, method: str, path: str, error: urllib.error.HTTPError) -> None:
        self.status = HTTPStatus.TOO_MANY_REQUESTS if _is_throttling(error) else error.code
        server = error.code >= HTTPStatus.INTERNAL_SERVER_ERROR
        next_step = _NEXT_STEPS.get(self.status, _GITHUBS_TROUBLE if server else _CHECK_URL)
        super().__init__(f"{method} {path}: GitHub answered {error.code}; {next_step}")


def _is_throttling(error: urllib.error.HTTPError) -> bool:
    left = error.headers.get("X-RateLimit-Remaining")
    return error.code == HTTPStatus.FORBIDDEN and ("Retry-After" in error.headers or left == "0")


class _Unlike(Unposted):
    """What answered isn't GitHub, or no version of it that is known."""

    def __init__(self, path: str) -> None:
        super().__init__(f"GET {path}: the answer isn't in the form of GitHub's API; {_CHECK_URL}")


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
        """Return the answer's JSON; None where it has none. Raises Unposted, Refused."""
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
                return _parsed(text) if text else None
        except urllib.error.HTTPError as error:
            raise Refused(method, path, error) from error
        except (OSError, HTTPException, ValueError) as error:
            message = f"{method} {path}: no whole answer ({type(error).__name__}); {_CHECK_URL}"
            raise Unposted(message) from error

    def reaches(self, method: str, path: str, body: Mapping[str, str] | None = None) -> bool:
        """Call, and return whether there still was what *path* names. Raises Unposted."""
        try:
            self.call(method, path, body)
        except Refused as error:
            if error.status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
                return False
            raise
        return True

    def login(self) -> str:
        """Return whose token it is; an installation's, which can't ask, is GitHub Actions' own."""
        path = "/user"
        try:
            found = _object(self.call("GET", path)).get("login")
        except Refused as error:
            if error.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
                return _ACTIONS
            if error.status != HTTPStatus.NOT_FOUND:
                raise
            message = (
                "GET /user: GitHub answered 404, and so doesn't tell whose the token is; "
                "name its login with the input comment-author, or check GITHUB_API_URL"
            )
            raise Unposted(message) from error
        if found and isinstance(found, str):
            return found
        raise _Unlike(path)

    def comments(self, path: str) -> Iterator[Mapping[str, Any]]:
        """Yield the comments of a pull request, oldest first. Raises Unposted."""
        for page in range(1, _MOST_PAGES + 1):
            place = f"{path}?per_page={_PER_PAGE}&page={page}"
            found = self.call("GET", place)
            if not isinstance(found, list) or not all(_is_comment(it) for it in found):
                raise _Unlike(place)
            yield from found
            if len(found) < _PER_PAGE:
                return


def _is_comment(value: Any) -> bool:
    return type(_object(value).get("id")) is int


def _parsed(text: bytes) -> Any:
    """Return the JSON that *text* holds. Raises ValueError."""
    try:
        return json.loads(text)
    except RecursionError as error:
        message = "the JSON is nested too deep"
        raise ValueError(message) from error


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def marks(name: str) -> tuple[str, str]:
    """Return the hidden line of *name*, which no other name has, and that of earlier versions."""
    readable = re.sub(r"[^A-Za-z0-9._/]+", "-", name)
    digest = hashlib.sha256(os.fsencode(name)).hexdigest()[:_DIGEST_LENGTH]
    return f"<!-- teams-importer: {readable} {digest} -->", f"<!-- teams-importer: {readable} -->"


def post(github: GitHub, repository: str, number: int, text: str, name: str, when: str) -> str:
    """Write the comment, and return what was done. Raises Unposted."""
    mark, former = marks(name)
    body = f"{mark}\n{text}"
    if len(body.encode("utf-16-le")) // 2 > MOST_CHARACTERS:
        message = f"it has more than {MOST_CHARACTERS:,} characters; read it in the job's summary"
        raise Unposted(message)
    path = f"/repos/{repository}/issues/{number}/comments"
    author = os.environ.get("COMMENT_AUTHOR") or github.login()
    theirs = [it for it in github.comments(path) if _object(it.get("user")).get("login") == author]
    ours = [it for it in theirs if _first_line(it) == mark]
    # A former mark may be another name's as well: it counts until a comment has been made its own.
    ours = ours or [it for it in theirs if _first_line(it) == former]
    is_edited = False
    for place in (f"/repos/{repository}/issues/comments/{it['id']}" for it in ours):
        if is_edited:
            # Two runs at once may have made two.
            github.reaches("DELETE", place)
        else:
            is_edited = github.reaches("PATCH", place, {"body": body})
    if is_edited:
        return "comment edited"
    if when == "update":
        return "nothing to tell: no comment"
    github.call("POST", path, {"body": body})
    return "comment written"


def _first_line(comment: Mapping[str, Any]) -> str:
    return str(comment.get("body") or "").split("\n", 1)[0].rstrip()


def pull_request(event: Mapping[str, Any]) -> int | None:
    """Return the pull request's number; None where there is none that can be commented on.

    Raises Unposted where the event isn't one of GitHub's.
    """
    if event.get("pull_request") is None:
        return None
    found = _object(event["pull_request"])
    number = found.get("number")
    if type(number) is not int:
        message = f"the file of GITHUB_EVENT_PATH names no pull request; {_SET_BY_RUNNER}"
        raise Unposted(message)
    head, base = (_object(_object(found.get(it)).get("repo")).get("id") for it in ("head", "base"))
    return number if head is not None and head == base else None


def _event() -> Mapping[str, Any]:
    path = _set("GITHUB_EVENT_PATH")
    try:
        event = _parsed(Path(path).read_bytes())
    except (OSError, ValueError) as error:
        reason = type(error).__name__
        message = f"the file of GITHUB_EVENT_PATH can't be read ({reason}); {_SET_BY_RUNNER}"
        raise Unposted(message) from error
    if not isinstance(event, dict):
        message = f"the file of GITHUB_EVENT_PATH holds no event; {_SET_BY_RUNNER}"
        raise Unposted(message)
    return event


def _github() -> GitHub:
    base, token = _set("GITHUB_API_URL"), _set("GITHUB_TOKEN", "set the input github-token")
    try:
        address = urlsplit(base)
        is_address = address.scheme in ("http", "https") and bool(address.hostname)
        # Reading the port checks it.
        is_address = is_address and address.port != 0 and _is_plain(base)
    except ValueError:
        is_address = False
    if not is_address:
        message = f"GITHUB_API_URL is no address of an API; {_SET_BY_RUNNER}"
        raise Unposted(message)
    if not _is_plain(token):
        message = "GITHUB_TOKEN has characters that no token has; set the input github-token anew"
        raise Unposted(message)
    return GitHub(base, token)


def _repository() -> str:
    name = _set("GITHUB_REPOSITORY")
    if not re.fullmatch(r"[A-Za-z0-9._-]+/[A-Za-z0-9._-]+", name):
        message = f"GITHUB_REPOSITORY is no OWNER/NAME; {_SET_BY_RUNNER}"
        raise Unposted(message)
    return name


def _set(variable: str, next_step: str = _SET_BY_RUNNER) -> str:
    """Return what the environment's *variable* is set to. Raises Unposted."""
    if found := os.environ.get(variable):
        return found
    message = f"{variable} is not set; {next_step}"
    raise Unposted(message)


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable() and " " not in text


def _text(file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        message = (
            f"its file can't be read ({type(error).__name__}); "
            "the log of the step before, which writes it, says more"
        )
        raise Unposted(message) from error


def run(arguments: list[str]) -> str:
    """Post the comment that *arguments* name, and return what was done. Raises Unposted."""
    match arguments:
        case [file, name, ("always" | "update") as when]:
            pass
        case _:
            message = "wrong use; call it as comment.py FILE NAME always|update"
            raise Unposted(message)
    number = pull_request(_event())
    if number is None:
        return "no comment: this run is for no pull request of this repository's own"
    return post(_github(), _repository(), number, _text(file), name, when)


def main(arguments: list[str]) -> int:
    """Say what was done, or in one line of GitHub's why nothing was; return the exit code."""
    try:
        say(run(arguments))
    except Unposted as error:
        say(f"::error title=teams-importer::The comment could not be written: {error}")
        return 1
    return 0


def say(line: str) -> None:
    """Print *line* to the log; it holds nothing that a pull request's author wrote."""
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
