"""Reads what happened since a moment: by the questions' last activity, and by dates of birth."""

from collections import defaultdict
from collections.abc import AsyncGenerator
from datetime import UTC, datetime

from importer.errors import ServiceError
from importer.model.ids import Kind, Ref, UserId
from importer.model.live import LiveItem, Newest, Same
from importer.teams.exchange import Request
from importer.teams.objects import items_of
from importer.teams.outcome import Misshapen
from importer.teams.v3.client import Client, iso, paged
from importer.teams.v3.economy import Errand
from importer.teams.v3.glimpses import Glimpse, glimpse_of
from importer.teams.v3.members import created_at
from importer.teams.v3.posts import Posts
from importer.teams.v3.tag_index import TagIndex
from importer.teams.v3.threads import Threads

__all__ = ["Activity"]

_ROUNDS = 10


class Activity:
    """Reads through one client."""

    def __init__(self, client: Client, tags: TagIndex, posts: Posts, threads: Threads) -> None:
        self._client = client
        self._tags = tags
        self._posts = posts
        self._threads = threads

    async def since(self, watermark: datetime) -> AsyncGenerator[LiveItem | Same, None]:
        """Yield questions to which something happened since then, and all their answers."""
        for seen in await self._active_since(watermark):
            for item in await self._threads.read(Errand(seen, None, {}, accepted=False)):
                yield item

    async def newest(self, scope: Newest) -> AsyncGenerator[LiveItem | Same, None]:
        """Yield by listing: what was born moved its question's activity, or is in a list."""
        await self._tags.synonyms()
        found: list[LiveItem | Same] = []
        if Kind.ANSWER in scope.kinds:
            found += await self._new_answers(scope)
        for kind in (Kind.QUESTION, Kind.ARTICLE, Kind.COLLECTION):
            if kind in scope.kinds:
                found += [it async for it in self._new_posts(kind, scope)]
        for item in found:
            if isinstance(item, Same):
                yield item
        items = [it for it in found if isinstance(it, LiveItem)]
        ours = [it for it in items if (it.facts.created_at or scope.since) >= scope.since]
        for item in sorted(ours, key=_age, reverse=True):
            yield item

    async def _new_answers(self, scope: Newest) -> list[LiveItem | Same]:
        told: dict[Ref, list[Ref]] = defaultdict(list)
        for ref, parent in scope.known.items():
            if parent is not None:
                told[parent].append(ref)
        found: list[LiveItem | Same] = []
        for seen in await self._active_since(scope.since):
            if seen.answers == len(told[seen.ref]):
                found += [Same(ref) for ref in told[seen.ref]]
            elif seen.answers:
                found += await self._answers_by(scope.author, seen.ref, scope.since)
        return found

    async def _answers_by(self, author: UserId, question: Ref, since: datetime) -> list[LiveItem]:
        found = []
        for raw in await self._posts.answers_to(question):
            seen = glimpse_of(raw, Kind.ANSWER)
            is_new = seen.author == author and created_at(raw, Kind.ANSWER) >= since
            if is_new and (item := await self._posts.one(seen.ref)) is not None:
                found.append(item)
        return found

    async def _new_posts(self, kind: Kind, scope: Newest) -> AsyncGenerator[LiveItem | Same, None]:
        name = "authorIds" if kind is Kind.COLLECTION else "authorId"
        only = ((name, str(scope.author)), ("from", iso(scope.since.timestamp())))
        async for seen in self._posts.glimpses(kind, only):
            if seen.ref in scope.known:
                yield Same(seen.ref)
            elif (item := await self._posts.one(seen.ref)) is not None:
                yield item

    async def _active_since(self, since: datetime) -> list[Glimpse]:
        """Return questions to which something happened since then, the latest first."""
        await self._tags.synonyms()
        found: dict[Ref, Glimpse] = {}
        for _ in range(_ROUNDS):
            walked = await self._walk_back(since, found)
            if walked is None:
                return [it for it in found.values() if not it.deleted]
            since = walked
        text = "the list of questions keeps changing while it is read"
        raise ServiceError(text, remedy="Run the same command again when the team is calmer.")

    async def _walk_back(self, since: datetime, found: dict[Ref, Glimpse]) -> datetime | None:
        """Read what was active since then, the latest first; None: nothing can have slipped by.

        Else what moved meanwhile, to a page already read, was active since the moment returned;
        after a deletion, which moves what comes behind it there, all has to be read again.
        """
        began, last_total, number = since, 0, 1
        while True:
            query = (("sort", "activity"), ("order", "desc"), *paged(number))
            wrapper = await self._client.ask(Request("GET", "questions", "questions", query))
            page = [glimpse_of(raw, Kind.QUESTION) for raw in items_of(wrapper)]
            found.update({it.ref: it for it in page if it.active_at >= since})
            total = wrapper.get("total")
            if type(total) is not int:
                text = ".totalCount is missing or no number"
                raise Misshapen(text)
            if total < last_total:
                return since
            is_more = wrapper.get("has_more") is True
            if is_more and not page:
                text = ".items are missing in the midst of a list"
                raise Misshapen(text)
            if number == 1 and page:
                began = max(since, page[0].active_at)
            if not is_more or page[-1].active_at < since:
                return began if number > 1 else None
            last_total, number = total, number + 1


def _age(item: LiveItem) -> tuple[datetime, int]:
    return item.facts.created_at or datetime.min.replace(tzinfo=UTC), item.ref.id
