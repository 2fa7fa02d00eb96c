"""The v2.3 methods that search. Words are looked for as they are, in any case; no stemming."""

import re
from collections.abc import Iterable, Sequence

from importer.sandbox.reading import BY_ID, Where
from importer.sandbox.v2.calls import Call, Found, Method
from importer.sandbox.v2.errors import ApiError, ErrorId
from importer.sandbox.v2.params import Params, Sorts
from importer.sandbox.v2.reads import POSTS
from importer.sandbox.values import Kind, Post

__all__ = ["METHODS"]

_SORTS = Sorts({**POSTS.columns, "relevance": "score"}, boundless=frozenset({"relevance"}))
_TAGGED_MAX = 5
_NEAR_MAX = 10_000
_WORD = re.compile(r"\w+")


def _search(call: Call) -> Found:
    params = call.params
    if not params.text("tagged") and not params.text("intitle"):
        text = "one of tagged or intitle must be set"
        raise ApiError(ErrorId.BAD_PARAMETER, text)
    if params.text("nottagged") and not params.text("tagged"):
        raise ApiError.bad(parameter="nottagged")
    where = _tags(call, call.live("question"))
    return _found(call, "question", _holding(where, ("title",), [params.text("intitle")]))


def _advanced(call: Call) -> Found:
    return _found(call, "question", _conditions(call, "question"))


def _excerpts(call: Call) -> Found:
    return _found(call, "search_excerpt", _conditions(call, "question", "answer"))


def _similar(call: Call) -> Found:
    """Find questions that share words with a title; `tagged` ones come first among equals."""
    title = call.params.need("title")
    where = _without(call, call.live("question"))
    wanted, preferred = _words(title), set(call.params.words("tagged"))
    near = [
        post for post in call.world.select_posts(where, BY_ID) if _words(post.title or "") & wanted
    ]
    near.sort(key=lambda p: (-_closeness(p, wanted), -len(preferred & set(p.tags)), p.id))
    if call.params.text("sort") not in (None, "relevance"):
        return _found(call, "question", where.among("id", [post.id for post in near[:_NEAR_MAX]]))
    return call.paged("question", near)


def _conditions(call: Call, *kinds: Kind) -> Where:
    """Read the parameters of an advanced search."""
    params = call.params
    where = _tags(call, call.live(*kinds))
    _holding(where, ("title", "body"), (params.text("q") or "").split())
    _holding(where, ("title",), [params.text("title")])
    _holding(where, ("body",), [params.text("body"), params.text("url")])
    if params.number("user") is not None:
        where.also("owner_id = ?", params.number("user"))
    if params.number("views") is not None:
        where.also("views >= ?", params.number("views"))
    if params.number("answers") is not None:
        sql = (
            "(SELECT count(*) FROM posts AS a WHERE a.parent_id = posts.id"
            " AND a.deleted IS NULL) >= ?"
        )
        where.also(sql, params.number("answers"))
    return _facts(params, where)


def _facts(params: Params, where: Where) -> Where:
    """Read the yes-or-no parameters; what no team has, such as migrations, finds nothing."""
    for name, column in (("accepted", "accepted_id"), ("closed", "closed")):
        wanted = params.flag(name)
        if wanted is not None:
            where.also(f"{column} IS {'NOT ' if wanted else ''}NULL")
    for name in ("migrated", "notice", "wiki"):
        if params.flag(name):
            where.never()
    return where


def _holding(where: Where, columns: Sequence[str], needles: Iterable[str | None]) -> Where:
    """Ask for each of these texts in one of these columns."""
    for needle in needles:
        if needle:
            either = " OR ".join(f"instr(folded({column}), ?) > 0" for column in columns)
            where.also(f"({either})", *[needle.casefold()] * len(columns))
    return where


def _tags(call: Call, where: Where) -> Where:
    """Ask for any of `tagged` and none of `nottagged`; for nothing with more than five tags."""
    names = call.params.words("tagged")
    if len(names) > _TAGGED_MAX:
        return where.never()
    if names:
        _with_tags(where, call.world.tag_ids(call.team.id, names), "IN")
    return _without(call, where)


def _without(call: Call, where: Where) -> Where:
    ids = call.world.tag_ids(call.team.id, call.params.words("nottagged"))
    return _with_tags(where, ids, "NOT IN") if ids else where


def _with_tags(where: Where, tag_ids: Sequence[int], sign: str) -> Where:
    marks = ", ".join("?" * len(tag_ids))
    tagged = f"SELECT post_id FROM post_tags WHERE tag_id IN ({marks})"  # noqa: S608 - question marks
    return where.also(f"coalesce(posts.parent_id, posts.id) {sign} ({tagged})", *tag_ids)


def _found(call: Call, kind: str, where: Where) -> Found:
    if call.params.text("sort") == "relevance":
        words = _words(" ".join(call.params.text(n) or "" for n in ("q", "intitle", "title")))
        posts = call.world.select_posts(where, BY_ID)
        posts.sort(key=lambda p: (-_closeness(p, words), p.id))
        return call.paged(kind, posts)
    return call.listed(kind, call.world.select_posts, call.world.count_posts, where, _SORTS)


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text.casefold()))


def _closeness(post: Post, words: set[str]) -> float:
    """Weigh the words a post shares: those of its title more than those of its text."""
    title = _words(post.title or "")
    shared = 2 * len(title & words) / (len(title | words) or 1)
    return shared + len(_words(post.body) & words) / (len(words) or 1)


METHODS = (
    Method("search", _search),
    Method("search/advanced", _advanced),
    Method("search/excerpts", _excerpts),
    Method("similar", _similar),
)
