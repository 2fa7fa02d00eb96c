"""What a v3 route is, what a call of one knows, and how it answers with objects and lists."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from importer.sandbox.reading import Slice, Where, live
from importer.sandbox.v3.forms import Form
from importer.sandbox.v3.lens import Json, Lens
from importer.sandbox.v3.params import Listing, Query
from importer.sandbox.v3.problems import missing
from importer.sandbox.values import Kind, Post, Team, Token, User
from importer.sandbox.world import World

__all__ = ["Call", "Route", "Verb"]

Verb = Literal["GET", "POST", "PUT", "DELETE"]
_Noun = TypeVar("_Noun")


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a route, past the door.

    `unlisted` are new posts that no list shows yet. `form` holds the request's known members.
    """

    world: World
    team: Team
    user: User
    token: Token
    path: Mapping[str, str]
    query: Query
    origin: str
    form: Any = None
    content: bytes = b""
    content_type: str = ""
    unlisted: Sequence[int] = ()

    def id(self, name: str) -> int:
        """Read an id in the path; which ones there are, the router knows."""
        return int(self.path[name])

    def lens(self) -> Lens:
        """Look at the team as the call's user."""
        return Lens(
            self.world,
            team=self.team,
            viewer=self.user,
            origin=self.origin,
            unlisted=self.unlisted,
        )

    @property
    def sees_deleted(self) -> bool:
        """Whether the user gets to see deleted posts."""
        shown = self.world.behaviour.v3_deleted_shown
        return shown == "everyone" or (shown == "moderators" and self.user.moderates)

    def post(self, kind: Kind, *, deleted: bool | None = None) -> Post:
        """Find the post that the path names; raises `Problem`.

        An answer stands under the question that the path names, or isn't found. Whether *deleted*
        posts are found depends on the user unless told.
        """
        number = self.id(f"{kind}Id")
        post = self.world.post(number)
        if post is None or post.team_id != self.team.id or post.kind != kind:
            raise missing(kind, number)
        if kind == "answer" and post.parent_id != self.id("questionId"):
            raise missing(kind, number)
        if post.deleted is not None and not (self.sees_deleted if deleted is None else deleted):
            raise missing(kind, number)
        if self.world.behaviour.lag_by_id and post.id in self.unlisted:
            raise missing(kind, number)
        return post

    def listable(self, *kinds: Kind) -> Where:
        """Name the team's posts of these kinds that its lists show to the user."""
        if self.world.behaviour.v3_lists_deleted and self.sees_deleted:
            where = Where(["team_id = ?"], [self.team.id]).among("kind", kinds)
        else:
            where = live(self.team, *kinds)
        return where.apart_from("posts.id", self.unlisted)

    def listed(
        self,
        model: str,
        select: Callable[[Where, Slice], Sequence[_Noun]],
        count: Callable[[Where], int],
        where: Where,
        listing: Listing,
    ) -> Json:
        """Answer with the page of a list that the query names."""
        part = self.query.slice(listing)
        items = self.lens().show_all(model, select(where, part))
        return self.enveloped(items, count(where), listing)

    def paged(self, model: str, nouns: Sequence[object], listing: Listing) -> Json:
        """Answer with a page of these, in their order."""
        page, size = self.query.page()
        items = self.lens().show_all(model, nouns[(page - 1) * size : page * size])
        return self.enveloped(items, len(nouns), listing)

    def enveloped(self, items: Sequence[Json], total: int, listing: Listing) -> Json:
        """Put a page's items into the envelope."""
        page, size = self.query.page()
        pages = -(-total // size) or self.world.behaviour.v3_empty_pages
        found: Json = {"totalCount": total, "pageSize": size, "page": page, "totalPages": pages}
        if listing.sorts:
            found["sort"] = self.query.sort(listing)
        if listing.sorts and listing.ordered:
            found["order"] = self.query.order(listing)
        return {**found, "items": list(items)}


@dataclass(frozen=True, slots=True)
class Route:
    """One operation: its path below the team, who may call it, what it takes and gives.

    `gives` is the sort of its answer, as in `importer.sandbox.v3.models`; a listing makes it the
    sort of an item. `noun` is what its problems speak of; `refuses` are statuses of its own.
    """

    verb: Verb
    path: str
    run: Callable[[Call], Any]
    gives: str = ""
    status: int = 200
    access: Literal["read", "write", "admin"] = "read"
    takes: Form | Literal["image"] | None = None
    listing: Listing | None = None
    noun: str = "question"
    refuses: tuple[int, ...] = (404,)
