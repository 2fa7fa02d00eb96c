"""The v3 routes of votes and bookmarks."""

from collections.abc import Callable

from importer.sandbox.rules import Rule, RuleBroken
from importer.sandbox.v3.calls import Call, Route
from importer.sandbox.v3.lens import Json
from importer.sandbox.v3.problems import Problem
from importer.sandbox.values import Ballot, Kind

__all__ = ["ROUTES"]

_PATHS: dict[Kind, str] = {
    "question": "questions/{questionId}",
    "answer": "questions/{questionId}/answers/{answerId}",
    "article": "articles/{articleId}",
}
_MODELS: dict[Kind, str] = {
    "question": "Question",
    "answer": "AnswerSummary",
    "article": "Article",
}
_BALLOTS: tuple[tuple[Kind, str, Ballot], ...] = (
    ("question", "upvote", "up"),
    ("question", "downvote", "down"),
    ("question", "bookmark", "favorite"),
    ("answer", "upvote", "up"),
    ("answer", "downvote", "down"),
    ("article", "upvote", "up"),
)


def _vote(kind: Kind, ballot: Ballot, *, undo: bool) -> Callable[[Call], Json]:
    def run(call: Call) -> Json:
        try:
            post = call.post(kind, deleted=False)
        except Problem as problem:
            raise _unknown(kind, call.id(f"{kind}Id")) from problem
        try:
            voted = call.world.vote(call.user, post.id, ballot, undo=undo)
        except RuleBroken as broken:
            if broken.rule == Rule.NOT_ALLOWED and call.world.behaviour.v3_own_vote == 400:
                title = "Vote not cast."
                raise Problem.of(400, "vote/OwnPost", title, broken.message) from broken
            raise
        return call.lens().show(_MODELS[kind], voted)

    return run


def _unknown(kind: Kind, number: int) -> Problem:
    """Say that there is no such post, in the words that votes have for it. Observed."""
    name = kind.capitalize()
    text = f"{name} with id {number} not found"
    return Problem.of(404, f"vote/{name}NotFound", f"{name} not found.", text)


def _route(kind: Kind, word: str, ballot: Ballot, *, undo: bool) -> Route:
    return Route(
        "DELETE" if undo else "POST",
        f"{_PATHS[kind]}/{word}",
        _vote(kind, ballot, undo=undo),
        _MODELS[kind],
        201 if word == "bookmark" and not undo else 200,
        "write",
        noun=kind,
    )


ROUTES = tuple(
    _route(kind, word, ballot, undo=undo)
    for kind, word, ballot in _BALLOTS
    for undo in (False, True)
)
