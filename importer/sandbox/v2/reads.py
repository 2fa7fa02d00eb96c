"""The v2.3 methods that read posts, comments, revisions, tags and users."""

import re
from collections.abc import Callable

from importer.sandbox.reading import BY_ID, Where, live
from importer.sandbox.v2.calls import Call, Found, Method
from importer.sandbox.v2.errors import ApiError
from importer.sandbox.v2.params import Sorts, text_vector
from importer.sandbox.values import Kind

__all__ = ["METHODS", "POSTS", "QUESTIONS", "tagged"]

_TAGGED_MAX = 5
_FEW = 20
_GUID = re.compile(r"[0-9A-Fa-f-]{32,36}")

POSTS = Sorts({"activity": "activity", "creation": "created", "votes": "score"})
QUESTIONS = Sorts(
    {**POSTS.columns, "hot": "score", "week": "score", "month": "score"},
    boundless=frozenset({"hot", "week", "month"}),
)
_COMMENTS = Sorts({"creation": "created", "votes": "score"})
_REVISIONS = Sorts({"creation": "created"}, tie="number")
_TAGS = Sorts(
    {"popular": "count", "activity": "activity", "name": "name"},
    tie="name",
    names=frozenset({"name"}),
)
_SYNONYMS = Sorts(
    {"creation": "created", "applied": "applied", "activity": "last_applied"}, tie="source"
)
_USERS = Sorts(
    {"reputation": "reputation", "creation": "created", "name": "name", "modified": "created"},
    names=frozenset({"name"}),
)


def _posts(kind: str, *kinds: Kind) -> Callable[[Call], Found]:
    """Make the method that lists a team's posts of these kinds as a v2.3 type."""
    sorts = QUESTIONS if kind == "question" else POSTS

    def run(call: Call) -> Found:
        where = call.live_by_id(*kinds) if "ids" in call.path else call.live(*kinds)
        if kind == "question":
            where = tagged(call, where, call.params.words("tagged"))
        return _listed(call, kind, where, sorts)

    return run


def _listed(call: Call, kind: str, where: Where, sorts: Sorts) -> Found:
    return call.listed(kind, call.world.select_posts, call.world.count_posts, where, sorts)


def tagged(call: Call, where: Where, names: list[str], *, every: bool = True) -> Where:
    """Ask for posts with every one of these tags, or any; with more than five, for none."""
    if len(names) > _TAGGED_MAX:
        return where.never()
    world, team = call.world, call.team
    if every:
        for name in names:
            where = with_tags(where, world.tag_ids(team.id, [name]))
    elif names:
        where = with_tags(where, world.tag_ids(team.id, names))
    return where


def with_tags(where: Where, tag_ids: list[int]) -> Where:
    """Ask for posts with any of these tags."""
    if not tag_ids:
        return where.never()
    marks = ", ".join("?" * len(tag_ids))
    sql = f"posts.id IN (SELECT post_id FROM post_tags WHERE tag_id IN ({marks}))"  # noqa: S608 - question marks
    return where.also(sql, *tag_ids)


def _unanswered(call: Call) -> Found:
    sql = (
        "accepted_id IS NULL AND NOT EXISTS (SELECT 1 FROM posts AS a WHERE a.parent_id = posts.id"
        " AND a.deleted IS NULL AND a.score > 0)"
    )
    return _listed(call, "question", call.live("question").also(sql), POSTS)


def _no_answers(call: Call) -> Found:
    sql = "NOT EXISTS (SELECT 1 FROM posts AS a WHERE a.parent_id = posts.id AND a.deleted IS NULL)"
    return _listed(call, "question", call.live("question").also(sql), POSTS)


def _answers_of_questions(call: Call) -> Found:
    return _listed(call, "answer", call.live("answer").among("parent_id", call.ids()), POSTS)


def _questions_of_answers(call: Call) -> Found:
    marks = ", ".join("?" * len(call.ids()))
    sql = f"id IN (SELECT parent_id FROM posts WHERE id IN ({marks}) AND deleted IS NULL)"  # noqa: S608 - question marks
    where = call.live("question").also(sql, *call.ids())
    return _listed(call, "question", where, POSTS)


def _posts_of_users(kind: str, *kinds: Kind) -> Callable[[Call], Found]:
    def run(call: Call) -> Found:
        where = call.live(*kinds).among("owner_id", call.ids())
        return _listed(call, kind, where, QUESTIONS if kind == "question" else POSTS)

    return run


def _comments_where(call: Call, *kinds: Kind) -> Where:
    sql = "post_id IN (SELECT id FROM posts WHERE team_id = ? AND deleted IS NULL"
    marks = ", ".join("?" * len(kinds))
    return Where(["deleted IS NULL"]).also(f"{sql} AND kind IN ({marks}))", call.team.id, *kinds)


def _comments(column: str, *kinds: Kind) -> Callable[[Call], Found]:
    """Make the method that lists comments by their own ids, their posts' or their authors'."""

    def run(call: Call) -> Found:
        where = _comments_where(call, *kinds)
        if "ids" in call.path or column == "owner_id":
            where.among(column, call.ids())
        world = call.world
        return call.listed("comment", world.select_comments, world.count_comments, where, _COMMENTS)

    return run


def _revisions(call: Call) -> Found:
    where = live(call.team, "question", "answer", "article").among("id", call.ids())
    ids = [post.id for post in call.world.select_posts(where, BY_ID)]
    return _listed_revisions(call, Where().among("post_id", ids))


def _revisions_by_guid(call: Call) -> Found:
    guids = text_vector(call.path["guids"], most=_FEW, name="revisionIds")
    if not all(_GUID.fullmatch(guid) for guid in guids):
        raise ApiError.bad(parameter="revisionIds")
    where = Where().among("guid", [guid.upper() for guid in guids])
    sql = "post_id IN (SELECT id FROM posts WHERE team_id = ? AND deleted IS NULL)"
    return _listed_revisions(call, where.also(sql, call.team.id))


def _listed_revisions(call: Call, where: Where) -> Found:
    world = call.world
    return call.listed("revision", world.select_revisions, world.count_revisions, where, _REVISIONS)


def _tags(call: Call) -> Found:
    where = Where(["team_id = ?"], [call.team.id])
    if inname := call.params.text("inname"):
        where.also("instr(folded(name), ?) > 0", inname.casefold())
    return _listed_tags(call, where)


def _tags_info(call: Call) -> Found:
    names = text_vector(call.path["tags"], most=100, name="tags")
    ids = call.world.tag_ids(call.team.id, names)
    return _listed_tags(call, Where(["team_id = ?"], [call.team.id]).among("id", ids))


def _listed_tags(call: Call, where: Where) -> Found:
    return call.listed("tag", call.world.select_tags, call.world.count_tags, where, _TAGS)


def _tag_wikis(call: Call) -> Found:
    names = text_vector(call.path["tags"], most=_FEW, name="tags")
    ids = call.world.tag_ids(call.team.id, names)
    found = [tag for tag in call.world.tags(call.team.slug) if tag.id in ids]
    return call.paged("tag_wiki", [t for t in found if t.wiki is not None or t.excerpt is not None])


def _synonyms(call: Call) -> Found:
    where = Where(["team_id = ?"], [call.team.id])
    if "tags" in call.path:
        where.among("target", text_vector(call.path["tags"], most=_FEW, name="tags"))
    world = call.world
    return call.listed("tag_synonym", world.select_synonyms, world.count_synonyms, where, _SYNONYMS)


def _users(call: Call) -> Found:
    where = Where(["team_id = ?"], [call.team.id])
    if inname := call.params.text("inname"):
        where.also("instr(folded(name), ?) > 0", inname.casefold())
    return _listed_users(call, where)


def _users_by_id(call: Call) -> Found:
    return _listed_users(call, Where(["team_id = ?"], [call.team.id]).among("id", call.ids()))


def _listed_users(call: Call, where: Where) -> Found:
    return call.listed("user", call.world.select_users, call.world.count_users, where, _USERS)


METHODS = (
    Method("questions", _posts("question", "question")),
    Method("questions/unanswered", _unanswered),
    Method("questions/no-answers", _no_answers),
    Method("questions/{ids}", _posts("question", "question")),
    Method("questions/{ids}/answers", _answers_of_questions),
    Method("questions/{ids}/comments", _comments("post_id", "question")),
    Method("answers", _posts("answer", "answer")),
    Method("answers/{ids}", _posts("answer", "answer")),
    Method("answers/{ids}/questions", _questions_of_answers),
    Method("answers/{ids}/comments", _comments("post_id", "answer")),
    Method("posts", _posts("post", "question", "answer")),
    Method("posts/{ids}", _posts("post", "question", "answer", "article")),
    Method("posts/{ids}/comments", _comments("post_id", "question", "answer", "article")),
    Method("posts/{ids}/revisions", _revisions),
    Method("revisions/{guids}", _revisions_by_guid),
    Method("articles", _posts("article", "article")),
    Method("articles/{ids}", _posts("article", "article")),
    Method("articles/{ids}/comments", _comments("post_id", "article")),
    Method("comments", _comments("id", "question", "answer", "article")),
    Method("comments/{ids}", _comments("id", "question", "answer", "article")),
    Method("tags", _tags),
    Method("tags/synonyms", _synonyms),
    Method("tags/{tags}/info", _tags_info),
    Method("tags/{tags}/wikis", _tag_wikis),
    Method("tags/{tags}/synonyms", _synonyms),
    Method("users", _users),
    Method("users/{ids}", _users_by_id),
    Method("me", _users_by_id),
    *(
        Method(f"{whose}/{what}", run)
        for whose in ("users/{ids}", "me")
        for what, run in (
            ("questions", _posts_of_users("question", "question")),
            ("answers", _posts_of_users("answer", "answer")),
            ("posts", _posts_of_users("post", "question", "answer")),
            ("articles", _posts_of_users("article", "article")),
            ("comments", _comments("owner_id", "question", "answer", "article")),
        )
    ),
)
