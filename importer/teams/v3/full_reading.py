"""Reads all posts of some kinds: one request a post, but for what is known and didn't move."""

from collections import defaultdict
from collections.abc import AsyncGenerator, Callable
from datetime import datetime
from functools import partial

from importer.model.ids import Kind, Ref
from importer.model.live import Covered, Everything, Known, LiveItem, Same
from importer.model.site import Site
from importer.ports import Read
from importer.teams.v3.client import Client
from importer.teams.v3.economy import Errand, is_same, is_whole
from importer.teams.v3.glimpses import Glimpse, glimpsed_item
from importer.teams.v3.posts import Posts
from importer.teams.v3.tag_index import TagIndex
from importer.teams.v3.tag_shapes import listed_tag
from importer.teams.v3.threads import Threads
from importer.teams.v3.together import together

__all__ = ["FullReading"]

_WORTH_SAYING = 100
_BUCKET, _REFILL, _PER_SECOND = 5_000, 100 / 60, 25.0
"""Documented as defaults: what a full bucket holds, what it gets a second, and the burst's pace."""


class FullReading:
    """Reads by lists. *announce* is told what a long reading costs before it begins."""

    def __init__(
        self,
        client: Client,
        tags: TagIndex,
        posts: Posts,
        threads: Threads,
        *,
        site: Site,
        announce: Callable[[str], None],
    ) -> None:
        self._client = client
        self._tags = tags
        self._posts = posts
        self._threads = threads
        self._site = site
        self._announce = announce

    async def read(self, scope: Everything) -> AsyncGenerator[Read, None]:
        """Yield all posts of the kinds of *scope*, and each kind as covered once it was walked."""
        until = self._client.now()
        kinds = frozenset(scope.kinds)
        if Kind.TAG in kinds:
            raws = await self._tags.listed_anew()
            for synonym in await self._tags.synonyms():
                yield synonym
            for raw in raws:
                yield listed_tag(raw, self._site)
            yield Covered(Kind.TAG, until)
        if kinds & {Kind.QUESTION, Kind.ANSWER}:
            async for item in self._questions(scope, until):
                if item.ref.kind in kinds:
                    yield item
            for kind in sorted(kinds & {Kind.QUESTION, Kind.ANSWER}):
                yield Covered(kind, until)
        for kind in (Kind.ARTICLE, Kind.COLLECTION):
            if kind in kinds:
                async for item in self._posts_of(kind, scope, until):
                    yield item
                yield Covered(kind, until)

    async def _questions(
        self, scope: Everything, until: datetime
    ) -> AsyncGenerator[LiveItem | Same, None]:
        await self._tags.synonyms()
        errands = await self._errands(scope, until)
        whole = [it for it in errands if is_whole(scope, it.seen)]
        self._say_cost(sum(it.requests for it in whole), len(errands))
        for errand in errands:
            if not is_whole(scope, errand.seen):
                yield self._shown(errand.seen)
        async for items in together(partial(self._threads.read, scope=scope), whole):
            for item in items:
                yield item

    async def _errands(self, scope: Everything, until: datetime) -> list[Errand]:
        answers: dict[Ref, dict[Ref, Known]] = defaultdict(dict)
        for ref, known in scope.known.items():
            if known.parent is not None:
                answers[known.parent][ref] = known
        accepted: frozenset[Ref] = frozenset()
        if answers:
            only = (("hasAcceptedAnswer", "true"),)
            marked = self._posts.glimpses(Kind.QUESTION, only, until=until)
            accepted = frozenset([it.ref async for it in marked])
        return [
            Errand(seen, scope.known.get(seen.ref), answers[seen.ref], seen.ref in accepted)
            async for seen in self._posts.glimpses(Kind.QUESTION, until=until)
        ]

    async def _posts_of(
        self, kind: Kind, scope: Everything, until: datetime
    ) -> AsyncGenerator[LiveItem | Same, None]:
        await self._tags.synonyms()
        seen = [it async for it in self._posts.glimpses(kind, until=until)]
        wanted = [it for it in seen if is_whole(scope, it)]
        same = {it.ref for it in wanted if is_same(it, scope.known.get(it.ref))}
        asked = [it for it in wanted if it.ref not in same]
        self._say_cost(len(asked), len(seen))
        for it in seen:
            if it.ref in same:
                yield Same(it.ref)
            elif not is_whole(scope, it):
                yield self._shown(it)

        async def look(it: Glimpse) -> LiveItem | None:
            return await self._posts.one(it.ref, comments=it.comments)

        async for item in together(look, asked):
            if item is not None:
                yield item

    def _shown(self, seen: Glimpse) -> LiveItem:
        return glimpsed_item(seen, self._site, self._tags.masters)

    def _say_cost(self, requests: int, posts: int) -> None:
        if requests < _WORTH_SAYING:
            return
        seconds = requests / _PER_SECOND + max(0, requests - _BUCKET) / _REFILL
        time = f"{seconds / 60:,.0f} minutes" if seconds >= 90 else f"{seconds:,.0f} s"
        self._announce(
            f"reading {posts:,} posts over API v3, whose lists bear no Markdown, takes "
            f"{requests:,} more requests, at least {time} at the documented pace"
        )
