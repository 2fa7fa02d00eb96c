"""Tells whether a CI service runs for a change that nobody has taken in yet.

What isn't told counts as no review, but for a run that another run started: there, the event says
what the first run was for, and without it nobody knows.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["review_in"]

# Variable and pattern. Observed in the services' public documentation; child pipelines of GitLab
# have the source `parent_pipeline`, and the merge request's variables all the same.
_REVIEWS = {
    "GITHUB_EVENT_NAME": "pull_request.*|merge_group",
    "CI_PIPELINE_SOURCE": "(external_)?(pull|merge)_request_event",
    "CI_MERGE_REQUEST_IID": ".+",
    "CI_EXTERNAL_PULL_REQUEST_IID": ".+",
    "BUILD_REASON": "PullRequest",
    "BITBUCKET_PR_ID": ".+",
    "CHANGE_ID": ".+",
    "CIRCLE_PULL_REQUEST": ".+",
    "BUILDKITE_PULL_REQUEST": r"\d+",
    "TRAVIS_EVENT_TYPE": "pull_request",
    "DRONE_BUILD_EVENT": "pull_request",
    "CI_PIPELINE_EVENT": "pull_request.*",
}
_CHAINED = "workflow_run"
_COMMENTED = "issue_comment"
_MOST_BYTES = 32 * 1024 * 1024


def review_in(environ: Mapping[str, str]) -> str:
    """Return what says that this run is a pull request's, or may be one's; empty: nothing does."""
    for name, value in _REVIEWS.items():
        if re.fullmatch(value, environ.get(name, "")):
            return f"{name}={environ[name]}"
    match environ.get("GITHUB_EVENT_NAME"):
        case "workflow_run":
            return _chained(_event(environ))
        case "issue_comment":
            return _commented(_event(environ))
        case _:
            return ""


def _chained(event: Mapping[str, Any] | None) -> str:
    run = (event or {}).get(_CHAINED)
    first = run.get("event") if isinstance(run, dict) else None
    if not isinstance(first, str) or not first:
        return f"{_CHAINED}, and GITHUB_EVENT_PATH doesn't tell what started that run"
    if re.fullmatch(_REVIEWS["GITHUB_EVENT_NAME"], first):
        return f"{_CHAINED} of a run for {first}"
    if first in (_CHAINED, _COMMENTED):
        return f"{_CHAINED} of a run for {first}: what that was for isn't told"
    return ""


def _commented(event: Mapping[str, Any] | None) -> str:
    issue = (event or {}).get("issue")
    if not isinstance(issue, dict):
        return f"{_COMMENTED}, and GITHUB_EVENT_PATH doesn't tell on what"
    return f"{_COMMENTED} on a pull request" if issue.get("pull_request") else ""


def _event(environ: Mapping[str, str]) -> Mapping[str, Any] | None:
    try:
        with Path(environ.get("GITHUB_EVENT_PATH", "")).open("rb") as file:
            event = json.loads(file.read(_MOST_BYTES))
    except (OSError, ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) else None
