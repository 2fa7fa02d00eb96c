"""What a v2.3 method is, what a call of one knows, and what it answers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from importer.sandbox.reading import Slice, Where, live
from importer.sandbox.v2.errors import ApiError, ErrorId
from importer.sandbox.v2.filters import Filter
from importer.sandbox.v2.lens import Json, Lens
from importer.sandbox.v2.params import Params, Sorts, narrowed, page_of, slice_of, vector
from importer.sandbox.values import Key, Kind, Team, Token, User
from importer.sandbox.world import World

__all__ = ["Call", "Found", "Method", "no_method"]

_Noun = TypeVar("_Noun")


@dataclass(frozen=True, slots=True)
class Found:
    """A method's answer: objects of one type, a page of a longer list perhaps."""

    kind: str
    items: Sequence[Json]
    total: Callable[[], int]
    has_more: bool = False
    page: int = 1
    page_size: int = 30


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a method, past the door; `caller` is whom its limits count for.

    `unlisted` are new posts that no list shows yet.
    """

    world: World
    params: Params
    path: Mapping[str, str]
    chosen: Filter
    origin: str
    caller: str
    token: Token | None = None
    member: User | None = None
    site: Team | None = None
    key: Key | None = None
    unlisted: Sequence[int] = ()

    @property
    def user(self) -> User:
        """The token's user; only where a token is needed."""
        if self.member is None:
            raise ApiError(ErrorId.ACCESS_TOKEN_REQUIRED, "access_token is required")
        return self.member

    @property
    def team(self) -> Team:
        """The team asked about; only where one is needed."""
        if self.site is None:
            raise ApiError.bad(parameter="team")
        return self.site

    def ids(self) -> list[int]:
        """Read the ids in the path; `/me` stands for the token's user."""
        if "ids" not in self.path:
            return [self.user.id]
        found = vector(self.path["ids"])
        if found is None:
            raise no_method()
        return found

    def id(self) -> int:
        """Read the one id in the path."""
        found = vector(self.path["id"])
        if found is None or len(found) != 1:
            raise no_method()
        return found[0]

    def live(self, *kinds: Kind) -> Where:
        """Name the team's posts of these kinds that its lists show."""
        return live(self.team, *kinds).apart_from("posts.id", self.unlisted)

    def live_by_id(self, *kinds: Kind) -> Where:
        """Name the team's posts of these kinds with the ids in the path."""
        lag = self.world.behaviour.lag_by_id
        where = self.live(*kinds) if lag else live(self.team, *kinds)
        return where.among("id", self.ids())

    def lens(self) -> Lens:
        """Look at the team through the call's filter."""
        return Lens(
            self.world,
            self.chosen,
            team=self.team,
            viewer=self.member,
            origin=self.origin,
            unlisted=self.unlisted,
            twice=self.world.behaviour.double_encoding,
        )

    def found(self, kind: str, nouns: Sequence[object]) -> Found:
        """Answer with these, whole."""
        return Found(kind, self.lens().show(kind, nouns), total=lambda: len(nouns))

    def listed(
        self,
        kind: str,
        select: Callable[[Where, Slice], Sequence[_Noun]],
        count: Callable[[Where], int],
        where: Where,
        sorts: Sorts,
    ) -> Found:
        """Answer with the page of a list that the call's parameters name."""
        where = narrowed(where, self.params, sorts)
        (page, size), part = page_of(self.params), slice_of(self.params, sorts)
        more: Sequence[_Noun] = ()
        if self.chosen.of("") & {"items", "has_more"}:
            one_more = Slice(part.order, part.tie, part.direction, size + 1, part.offset)
            more = select(where, one_more)
        items = self.lens().show(kind, more[:size]) if "items" in self.chosen.of("") else []
        return Found(kind, items, lambda: count(where), len(more) > size, page, size)

    def paged(self, kind: str, nouns: Sequence[object]) -> Found:
        """Answer with a page of these, in their order."""
        page, size = page_of(self.params)
        start = (page - 1) * size
        items = self.lens().show(kind, nouns[start : start + size])
        return Found(kind, items, lambda: len(nouns), len(nouns) > start + size, page, size)


def no_method() -> ApiError:
    """Say that there is no such method."""
    return ApiError(ErrorId.NO_METHOD, "no method found with this name")


@dataclass(frozen=True, slots=True)
class Method:
    """One method: its path below the version, who may call it, and what it checks first.

    `open` methods need neither token nor team, a `key` method a key alone. `target` names what
    `{id}` must be: kinds of posts, or a comment. `makes` is the type an add method creates, for the
    sake of previews and pauses.
    """

    name: str
    run: Callable[[Call], Found]
    access: Literal["open", "read", "write", "key"] = "read"
    verbs: tuple[str, ...] = ("GET",)
    needs: tuple[str, ...] = ()
    needs_on_edit: tuple[str, ...] = ()
    target: tuple[Kind | Literal["comment"], ...] = field(default=())
    makes: str | None = None

    @property
    def bucket(self) -> str:
        """The name under which backoff counts it: `/me` is `/users/{ids}`."""
        head, slash, tail = self.name.partition("/")
        return f"users/{{ids}}{slash}{tail}" if head == "me" else self.name
