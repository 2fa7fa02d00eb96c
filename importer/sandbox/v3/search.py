"""The v3 routes that look for posts: the search, linked and related questions.

The search looks for words as they are, in any case; what the service's own index does is unknown.
"""

import re
from collections.abc import Callable
from itertools import chain

from importer.sandbox.reading import BY_ID, Slice, Where
from importer.sandbox.v3.calls import Call, Route
from importer.sandbox.v3.lens import Json
from importer.sandbox.v3.params import Filter, Listing
from importer.sandbox.v3.posts import tagged
from importer.sandbox.values import Kind, Post

__all__ = ["LINKED", "ROUTES", "linked"]

LINKED = Listing({"hot": "score", "creation": "created", "activity": "activity", "score": "score"})
_SEARCH = Listing(
    {"relevance": "score", "newest": "created", "active": "activity", "score": "score"},
    (Filter("query", "text"),),
    ordered=False,
)
_MODELS: dict[Kind, str] = {
    "question": "QuestionFound",
    "answer": "AnswerFound",
    "article": "ArticleFound",
}
_WHOLE = 100
_WORD = re.compile(r"\w+")


def _search(call: Call) -> Json:
    where = _indexed(call)
    needles = (call.query.text("query") or "").split()
    for needle in needles:
        where.also("instr(folded(coalesce(title, '') || ' ' || body), ?) > 0", needle.casefold())
    page, size = call.query.page()
    size = _WHOLE if call.world.behaviour.v3_search_whole else size
    found = _sorted(call, where, set(needles))
    shown = found[(page - 1) * size : page * size]
    lens = call.lens()
    items = chain.from_iterable(lens.show_all(_MODELS[post.kind], [post]) for post in shown)
    return call.enveloped(list(items), len(found), _SEARCH)


def _indexed(call: Call) -> Where:
    """Name the posts that the index knows: it may be some seconds behind."""
    lag_s = call.world.behaviour.v3_search_lag_s
    where = Where(["team_id = ?"], [call.team.id])
    where.among("kind", ("question", "answer", "article")).apart_from("id", call.unlisted)
    if not lag_s:
        return where.also("deleted IS NULL")
    known = call.world.clock.now().timestamp() - lag_s
    return where.also("created <= ?", known).also("(deleted IS NULL OR deleted > ?)", known)


def _sorted(call: Call, where: Where, needles: set[str]) -> list[Post]:
    sort = call.query.sort(_SEARCH)
    if sort != "relevance":
        return call.world.select_posts(where, Slice(_SEARCH.sorts[sort]))
    found = call.world.select_posts(where, BY_ID)
    words = {word for needle in needles for word in _WORD.findall(needle.casefold())}
    found.sort(key=lambda post: (-_closeness(post, words), post.id))
    return found


def _closeness(post: Post, words: set[str]) -> int:
    """Weigh the words a post shares: those of its title more than those of its text."""
    title, text = (set(_WORD.findall((it or "").casefold())) for it in (post.title, post.body))
    return 2 * len(title & words) + len(text & words)


def linked(kind: Kind) -> Callable[[Call], Json]:
    """Make what lists the questions that lead to a post or that it leads to."""

    def run(call: Call) -> Json:
        post = call.post(kind)
        ahead = [int(number) for number in _links(call).findall(post.body)]
        folder = "articles" if kind == "article" else "questions"
        pattern = f"{call.team.path}/{folder}/{post.id}"
        where = call.listable("question").also("id <> ?", post.id)
        back = [
            other.id
            for other in call.world.select_posts(where, BY_ID)
            if re.search(rf"{re.escape(pattern)}(?![0-9])", other.body)
        ]
        return _questions(call, call.listable("question").among("id", sorted({*ahead, *back})))

    return run


def _links(call: Call) -> re.Pattern[str]:
    return re.compile(rf"{re.escape(call.team.path)}/(?:questions|q)/([0-9]{{1,10}})")


def _related(call: Call) -> Json:
    """List the questions that share a tag; what the service takes into account is unknown."""
    post = call.post("question")
    where = call.listable("question").also("posts.id <> ?", post.id)
    ids = call.world.tag_ids(call.team.id, post.tags)
    return _questions(call, tagged(where, ids) if ids else where.never())


def _questions(call: Call, where: Where) -> Json:
    world = call.world
    return call.listed("QuestionSummary", world.select_posts, world.count_posts, where, LINKED)


_FOUND = "QuestionFound|AnswerFound|ArticleFound"
_ONE = "questions/{questionId}"

ROUTES = (
    Route("GET", "search", _search, _FOUND, listing=_SEARCH, refuses=(500, 503)),
    Route("GET", f"{_ONE}/linked", linked("question"), "QuestionSummary", listing=LINKED),
    Route("GET", f"{_ONE}/related", _related, "QuestionSummary", listing=LINKED),
)
