"""Reads posts one by one, with their Markdown, and lists them without it.

Knows under which question an answer stands: API v3 finds it there only.
"""

from collections.abc import AsyncGenerator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import assert_never

from importer.errors import ServiceError
from importer.model.ids import Kind, Ref
from importer.model.live import LiveItem
from importer.model.site import Site
from importer.teams.exchange import Request
from importer.teams.objects import Raw, items_of
from importer.teams.v3.client import Absent, Client, Pairs
from importer.teams.v3.glimpses import Glimpse, glimpse_of
from importer.teams.v3.members import id_of
from importer.teams.v3.shapes import answer_item, article_item, collection_item, question_item
from importer.teams.v3.tag_index import TagIndex
from importer.teams.v3.tag_shapes import tag_item

__all__ = ["Posts"]

_ROUTES: Mapping[Kind, str] = MappingProxyType(
    {
        Kind.QUESTION: "questions",
        Kind.ARTICLE: "articles",
        Kind.COLLECTION: "collections",
        Kind.TAG: "tags",
    }
)


class Posts:
    """Reads through one client; *tags* says which names are whose synonyms."""

    def __init__(self, client: Client, tags: TagIndex, site: Site) -> None:
        self._client = client
        self._tags = tags
        self._site = site
        self._parents: dict[Ref, Ref] = {}

    def know(self, parents: Mapping[Ref, Ref]) -> None:
        """Take note under which questions answers stand."""
        self._parents |= parents

    async def glimpses(
        self, kind: Kind, only: Pairs = (), *, until: datetime | None = None
    ) -> AsyncGenerator[Glimpse, None]:
        """Yield what a list shows of posts of *kind*, the oldest first; *until* freezes it."""
        async for raw in self._client.walk(_ROUTES[kind], only, until=until):
            seen = glimpse_of(raw, kind)
            if not seen.deleted:
                yield seen

    async def answers_to(self, question: Ref) -> list[Raw]:
        """Return the answers of *question* as a list shows them; none where it isn't there."""
        path = f"questions/{question.id}/answers"
        listing = self._client.walk_below("questions/{id}/answers", path)
        try:
            found = [raw async for raw in listing]
        except Absent:
            return []
        self.know({Ref(Kind.ANSWER, id_of(raw, Kind.ANSWER)): question for raw in found})
        return [raw for raw in found if raw.get("isDeleted") is not True]

    async def raw_of(self, ref: Ref) -> Raw | None:
        """Return a single post as the API tells it, deleted or not; None where it isn't there."""
        if ref.kind is Kind.ANSWER:
            parent = self._parents.get(ref)
            if parent is None:
                text = f"API v3 finds {ref} below its question only, and nothing is known of that"
                remedy = "Use --api auto, or 2.3: it finds an answer by itself."
                raise ServiceError(text, remedy=remedy)
            method, path = "questions/{id}/answers/{id}", f"questions/{parent.id}/answers/{ref.id}"
        else:
            name = _ROUTES[ref.kind]
            method, path = f"{name}/{{id}}", f"{name}/{ref.id}"
        try:
            return await self._client.seek(Request("GET", method, path))
        except Absent:
            return None

    async def present(self, ref: Ref) -> Raw | None:
        """Return a single post as the API tells it; None where it isn't there, or deleted."""
        raw = await self.raw_of(ref)
        return None if raw is None or raw.get("isDeleted") is True else raw

    async def one(self, ref: Ref, *, comments: int | None = None) -> LiveItem | None:
        """Return a post with its Markdown; None where it isn't there, or deleted.

        Questions and articles don't tell how many *comments* they have.
        """
        raw = await self.present(ref)
        if raw is None:
            return None
        masters = self._tags.masters
        match ref.kind:
            case Kind.QUESTION:
                return question_item(raw, self._site, masters, comments=comments)
            case Kind.ANSWER:
                return answer_item(raw, self._site)
            case Kind.ARTICLE:
                return article_item(raw, self._site, masters, comments=comments)
            case Kind.COLLECTION:
                return collection_item(raw, self._site)
            case Kind.TAG:
                return tag_item(raw, self._site)
            case Kind.IMAGE:
                return None
        assert_never(ref.kind)

    async def one_with_engagement(self, ref: Ref) -> LiveItem | None:
        """Return a post, and of one that doesn't tell who answered or commented, ask that too."""
        comments = await self._comments_on(ref)
        if ref.kind is not Kind.QUESTION:
            return await self.one(ref, comments=comments)
        answers = [glimpse_of(raw, Kind.ANSWER) for raw in await self.answers_to(ref)]
        raw = await self.present(ref)
        if raw is None:
            return None
        return question_item(
            raw,
            self._site,
            self._tags.masters,
            comments=comments,
            answerers=[it.author for it in answers],
        )

    async def _comments_on(self, ref: Ref) -> int | None:
        """Return how many comments there are on a post that doesn't tell by itself."""
        if ref.kind not in {Kind.QUESTION, Kind.ARTICLE}:
            return None
        name = _ROUTES[ref.kind]
        request = Request("GET", f"{name}/{{id}}/comments", f"{name}/{ref.id}/comments")
        try:
            return len(items_of(await self._client.seek(request)))
        except Absent:
            return None
