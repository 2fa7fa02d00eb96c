"""Reads a team over API v3, in canonical form, and completely or not at all.

Lists bear no Markdown (documented): what is asked for whole costs a request a post.
"""

from collections.abc import AsyncGenerator, Sequence
from typing import assert_never
from urllib.parse import quote

from importer.errors import AccessError, TokenInvalid
from importer.model.ids import Kind, Ref
from importer.model.live import (
    Denied,
    Everything,
    LiveItem,
    Newest,
    People,
    Person,
    Refs,
    Revisions,
    Same,
    Scope,
    Since,
    Tags,
    Under,
)
from importer.ports import Read
from importer.teams.exchange import Request
from importer.teams.objects import drift_named
from importer.teams.v3.activity import Activity
from importer.teams.v3.client import Absent, Client
from importer.teams.v3.full_reading import FullReading
from importer.teams.v3.members import user_of
from importer.teams.v3.posts import Posts
from importer.teams.v3.tag_index import TagIndex
from importer.teams.v3.threads import Threads
from importer.teams.v3.together import together

__all__ = ["Reader"]


class Reader:
    """Reads what a scope names, each sort of it by the room that knows how."""

    def __init__(
        self,
        client: Client,
        tags: TagIndex,
        posts: Posts,
        threads: Threads,
        full: FullReading,
        activity: Activity,
    ) -> None:
        self._client = client
        self._tags = tags
        self._posts = posts
        self._threads = threads
        self._full = full
        self._activity = activity

    async def read(self, scope: Scope) -> AsyncGenerator[Read, None]:
        """Yield what *scope* names. Raises ServiceError, BudgetExhausted or AccessError."""
        async with drift_named():
            seen: set[Ref] = set()
            async for item in self._found(scope):
                if isinstance(item, (LiveItem, Same)):
                    if item.ref in seen:
                        continue
                    seen.add(item.ref)
                yield item

    def _found(self, scope: Scope) -> AsyncGenerator[Read, None]:
        match scope:
            case Everything():
                return self._full.read(scope)
            case Since(watermark):
                return self._activity.since(watermark)
            case Newest():
                return self._activity.newest(scope)
            case Refs():
                return self._refs(scope)
            case Under(parents):
                return self._under(parents)
            case Revisions():
                return _nothing()  # No method tells a post's history.
            case Tags(names):
                return self._tags_named(names)
            case People(emails):
                return self._people(emails)
        assert_never(scope)

    async def _refs(self, scope: Refs) -> AsyncGenerator[Read, None]:
        self._posts.know(scope.parents)
        await self._tags.synonyms()
        look = self._posts.one_with_engagement if scope.engagement else self._posts.one
        async for item in together(look, sorted(set(scope.refs))):
            if item is not None:
                yield item

    async def _under(self, parents: Sequence[Ref]) -> AsyncGenerator[Read, None]:
        for parent in parents:
            for item in await self._threads.answers_to(parent):
                yield item

    async def _tags_named(self, names: Sequence[str]) -> AsyncGenerator[Read, None]:
        for name in names:
            number = await self._tags.id_of(name)
            tag = await self._posts.one(Ref(Kind.TAG, number)) if number else None
            if tag is not None:
                yield tag

    async def _people(self, emails: Sequence[str]) -> AsyncGenerator[Read, None]:
        for email in emails:
            path = f"users/by-email/{quote(email, safe='')}"
            try:
                raw = await self._client.seek(Request("GET", "users/by-email/{email}", path))
            except Absent:
                yield Person(email, None)
            except TokenInvalid:
                raise
            except AccessError as error:
                yield Denied(email, f"only an admin's token may look up mail addresses ({error})")
            else:
                yield Person(email, user_of(raw)[0])


async def _nothing() -> AsyncGenerator[Read, None]:
    return
    yield
