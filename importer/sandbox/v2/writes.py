"""The v2.3 methods that write. Each is one action of the service, done as the token's user."""

import re
from collections.abc import Callable

from importer.sandbox.v2.calls import Call, Found, Method
from importer.sandbox.values import Ballot, Kind

__all__ = ["METHODS", "veiled"]

_SEPARATORS = re.compile(r"[ ,;]+")
_POST = ("POST",)
_VEILED = frozenset({"question_id", "article_id", "comment_id", "link", "share_link"}) | frozenset(
    f"{what}_count" for what in ("answer", "view", "comment", "up_vote", "down_vote", "favorite")
)
_ANY: tuple[Kind, ...] = ("question", "answer", "article")


def _tags(call: Call) -> list[str] | None:
    """Split at blanks, commas and semicolons: known clients use all three."""
    given = call.params.text("tags")
    return None if given is None else [name for name in _SEPARATORS.split(given) if name]


def _ask(call: Call) -> Found:
    params = call.params
    asked = call.world.ask(
        call.user, title=params.need("title"), body=params.need("body"), tags=_tags(call) or ()
    )
    return call.found("question", [asked])


def _answer(call: Call) -> Found:
    answer = call.world.answer(call.user, call.id(), body=call.params.need("body"))
    return call.found("answer", [answer])


def _publish(call: Call) -> Found:
    params = call.params
    article = call.world.publish(
        call.user,
        title=params.need("title"),
        body=params.need("body"),
        tags=_tags(call) or (),
        article_type=params.text("article_type") or "knowledge-article",
    )
    return call.found("article", [article])


def _edit(call: Call) -> Found:
    params = call.params
    edited = call.world.edit(
        call.user,
        call.id(),
        title=params.text("title"),
        body=params.text("body"),
        tags=_tags(call),
        article_type=params.text("article_type"),
        comment=params.text("comment") or "",
    )
    return call.found(edited.kind, [edited])


def _delete(call: Call) -> Found:
    call.world.delete(call.user, call.id())
    return call.found("question", [])


def _accept(call: Call) -> Found:
    return call.found("answer", [call.world.accept(call.user, call.id())])


def _unaccept(call: Call) -> Found:
    return call.found("answer", [call.world.unaccept(call.user, call.id())])


def _vote(ballot: Ballot, *, undo: bool) -> Callable[[Call], Found]:
    def run(call: Call) -> Found:
        post = call.world.vote(call.user, call.id(), ballot, undo=undo)
        return call.found(post.kind, [post])

    return run


def _comment(call: Call) -> Found:
    comment = call.world.comment_on(call.user, call.id(), body=call.params.need("body"))
    return call.found("comment", [comment])


def _edit_comment(call: Call) -> Found:
    comment = call.world.edit_comment(call.user, call.id(), body=call.params.need("body"))
    return call.found("comment", [comment])


def _delete_comment(call: Call) -> Found:
    call.world.delete_comment(call.user, call.id())
    return call.found("comment", [])


def _vote_comment(*, undo: bool) -> Callable[[Call], Found]:
    def run(call: Call) -> Found:
        comment = call.world.upvote_comment(call.user, call.id(), undo=undo)
        return call.found("comment", [comment])

    return run


def veiled(found: Found) -> Found:
    """Hide from a preview what doesn't exist yet, as recorded from the service."""
    items = [{k: v for k, v in item.items() if k not in _VEILED} for item in found.items]
    for item in items:
        if "answer_id" in item:
            item["answer_id"] = 0
    return Found(found.kind, items, found.total)


def _rendered(run: Callable[[Call], Found]) -> Callable[[Call], Found]:
    """Make the method that shows what an add method would make, and makes nothing."""

    def render(call: Call) -> Found:
        with call.world.store.transaction(keep=False):
            return veiled(run(call))

    return render


def _write(
    name: str,
    run: Callable[[Call], Found],
    *target: Kind,
    needs: tuple[str, ...] = (),
    makes: str | None = None,
) -> Method:
    return Method(name, run, "write", _POST, needs=needs, target=target, makes=makes)


def _edit_method(name: str, kind: Kind, *fields: str) -> Method:
    return Method(name, _edit, "write", _POST, needs_on_edit=fields, target=(kind,))


def _comment_method(name: str, run: Callable[[Call], Found], *needs: str) -> Method:
    return Method(name, run, "write", _POST, needs=needs, target=("comment",))


_BALLOTS: tuple[tuple[Kind, str, Ballot], ...] = (
    ("question", "upvote", "up"),
    ("question", "downvote", "down"),
    ("question", "favorite", "favorite"),
    ("answer", "upvote", "up"),
    ("answer", "downvote", "down"),
)

METHODS = (
    _write("questions/add", _ask, needs=("title", "body", "tags"), makes="question"),
    _edit_method("questions/{id}/edit", "question", "title", "body", "tags"),
    _write("questions/{id}/delete", _delete, "question"),
    _write("questions/{id}/answers/add", _answer, "question", needs=("body",), makes="answer"),
    _edit_method("answers/{id}/edit", "answer", "body"),
    _write("answers/{id}/delete", _delete, "answer"),
    _write("answers/{id}/accept", _accept, "answer"),
    _write("answers/{id}/accept/undo", _unaccept, "answer"),
    _write(
        "articles/add", _publish, needs=("title", "body", "tags", "article_type"), makes="article"
    ),
    _edit_method("articles/{id}/edit", "article", "title", "body", "tags"),
    _write("articles/{id}/delete", _delete, "article"),
    _write("posts/{id}/comments/add", _comment, *_ANY, needs=("body",), makes="comment"),
    _comment_method("comments/{id}/edit", _edit_comment, "body"),
    _comment_method("comments/{id}/delete", _delete_comment),
    _comment_method("comments/{id}/upvote", _vote_comment(undo=False)),
    _comment_method("comments/{id}/upvote/undo", _vote_comment(undo=True)),
    Method("questions/render", _rendered(_ask), "read", _POST),
    Method("questions/{id}/answers/render", _rendered(_answer), "read", _POST),
    Method("posts/{id}/comments/render", _rendered(_comment), "read", _POST),
    *(
        _write(f"{kind}s/{{id}}/{word}{end}", _vote(ballot, undo=bool(end)), kind)
        for kind, word, ballot in _BALLOTS
        for end in ("", "/undo")
    ),
)
