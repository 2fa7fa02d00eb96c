"""The v3 routes of articles."""

from importer.sandbox.v3.calls import Call, Route
from importer.sandbox.v3.forms import ARTICLE
from importer.sandbox.v3.lens import Json
from importer.sandbox.v3.models import ARTICLE_TYPES
from importer.sandbox.v3.params import Listing
from importer.sandbox.v3.posts import AUTHORED, authored, comments, deletion
from importer.sandbox.v3.search import LINKED, linked
from importer.sandbox.values import Permissions, Shares

__all__ = ["ROUTES"]

_ARTICLES = Listing({"activity": "activity", "creation": "created", "score": "score"}, AUTHORED)
_TYPES = {ours: kept for kept, ours in ARTICLE_TYPES.items()}
_ONE = "articles/{articleId}"


def _list(call: Call) -> Json:
    world, where = call.world, authored(call, call.listable("article"))
    return call.listed("ArticleSummary", world.select_posts, world.count_posts, where, _ARTICLES)


def _article(call: Call) -> Json:
    return call.lens().show("Article", call.post("article"))


def _publish(call: Call) -> Json:
    form = call.form
    article = call.world.publish(
        call.user,
        title=form["title"],
        body=form["body"],
        tags=form["tags"],
        article_type=_TYPES[form["type"]],
        permissions=_permissions(call),
    )
    return call.lens().show("Article", article)


def _edit(call: Call) -> Json:
    post, form = call.post("article", deleted=False), call.form
    edited = call.world.edit(
        call.user,
        post.id,
        title=form["title"],
        body=form["body"],
        tags=form["tags"],
        article_type=_TYPES[form["type"]],
        permissions=_permissions(call),
    )
    return call.lens().show("Article", edited)


def _permissions(call: Call) -> Permissions | None:
    """Read who may edit; ids here, objects in answers. Documented."""
    given, found = call.form["permissions"], None
    if given is not None:
        users, groups = (given[name] or () for name in ("editorUserIds", "editorUserGroupIds"))
        editors = Shares(tuple(users), tuple(groups))
        found = Permissions(given["editableBy"] or "ownerOnly", editors)
    return call.world.given_permissions(found)


ROUTES = (
    Route(
        "GET", "articles", _list, "ArticleSummary", listing=_ARTICLES, noun="article", refuses=()
    ),
    Route(
        "POST", "articles", _publish, "Article", 201, "write", ARTICLE, noun="article", refuses=()
    ),
    Route("GET", _ONE, _article, "Article", noun="article"),
    Route("PUT", _ONE, _edit, "Article", 200, "write", ARTICLE, noun="article"),
    Route("DELETE", _ONE, deletion("article"), status=204, access="write", noun="article"),
    Route("GET", f"{_ONE}/comments", comments("article"), "[Comment]", noun="article"),
    Route(
        "GET",
        f"{_ONE}/linked-questions",
        linked("article"),
        "QuestionSummary",
        listing=LINKED,
        noun="article",
    ),
)
