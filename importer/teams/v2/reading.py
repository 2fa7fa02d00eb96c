"""Reads a team over API v2.3: in bulk, in canonical form, and completely or not at all.

No address is asked for twice within a minute, as the service caches equal requests for that long
and calls repeating them abusive (documented). So every list is asked for with a `fromdate` of its
own, long before the first post of any team. The content comes along with every listing, hence no
stamp spares anything here, and nothing is ever `Same`.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import UTC, datetime
from typing import assert_never

from importer.errors import ServiceError
from importer.model.ids import Kind, Ref
from importer.model.live import (
    Covered,
    Everything,
    LiveItem,
    Newest,
    People,
    Refs,
    Revisions,
    Scope,
    Since,
    Synonym,
    Tags,
    Under,
)
from importer.model.site import Site
from importer.ports import Clock, Read
from importer.teams.exchange import Reply, Request
from importer.teams.objects import Raw, drift_named, items_of
from importer.teams.outcome import Misshapen
from importer.teams.transport import Transport
from importer.teams.v2.calls import scope_of
from importer.teams.v2.errors import NO_METHOD, demand
from importer.teams.v2.shapes import (
    FILTER,
    Question,
    answer_item,
    article_item,
    question_of,
    revision_of,
    synonym_of,
    tag_item,
    tag_name,
)
from importer.teams.walking import PAGE, Listing, walk

__all__ = ["Reader"]

_LONG_AGO = 900_000_000
"""1998, in Unix seconds: a `fromdate` below it leaves nothing out."""

_TAGS_METHODS = frozenset({"tags", "tags/synonyms"})
_ROUNDS = 5


class Reader:
    """Reads through one transport. The filter and the synonyms are fetched once, when first needed.

    `masters` maps each tag synonym known so far to its master.
    """

    def __init__(self, transport: Transport, *, team: str, site: Site, clock: Clock) -> None:
        self.masters: Mapping[str, str] = {}
        self._transport = transport
        self._team = team
        self._site = site
        self._clock = clock
        self._filter = ""
        self._synonyms: tuple[Synonym, ...] | None = None
        self._tick = 0
        self._once = asyncio.Lock()

    async def filter_id(self) -> str:
        """Return the id of the filter that holds just what we read, unencoded.

        *Unsafe* filters give the original text; safe ones encode it, at times twice (observed).
        """
        async with self._once:
            if not self._filter:
                async with drift_named():
                    self._filter = await self._make_filter()
            return self._filter

    async def _make_filter(self) -> str:
        # Without a team: the one client seen doing this on the vendor's host sends none (observed).
        query = (("include", ";".join(FILTER)), ("base", "none"), ("unsafe", "true"))
        asked = Request("GET", "filters/create", "filters/create", query)
        made = items_of(demand(asked, await self._transport.send(asked), self._team))
        name = made[0].get("filter") if made else None
        if not isinstance(name, str) or not name:
            text = f"{asked}: the answer names no filter"
            raise ServiceError(text, remedy="Report it: the API may have changed.")
        return name

    async def read(self, scope: Scope) -> AsyncGenerator[Read, None]:
        """Yield what *scope* names. Raises ServiceError, BudgetExhausted or AccessError."""
        async with drift_named():
            await self.filter_id()
            match scope:
                case Everything(kinds):
                    found = self._everything(frozenset(kinds))
                case Since(watermark):
                    found = self._since(watermark)
                case Refs(refs):
                    found = self._refs(refs)
                case Newest():
                    found = self._newest(scope)
                case Under(parents):
                    found = self._under([ref.id for ref in parents])
                case Revisions(refs):
                    found = self._revisions([ref.id for ref in refs])
                case Tags() | People():
                    return  # Neither descriptions, experts nor mail addresses are told.
                case _:
                    assert_never(scope)
            seen: set[Ref] = set()
            async for item in found:
                if isinstance(item, LiveItem):
                    if item.ref in seen:
                        continue
                    seen.add(item.ref)
                yield item

    async def _everything(self, kinds: frozenset[Kind]) -> AsyncGenerator[Read, None]:
        until = self._now()
        if Kind.TAG in kinds:
            for synonym in await self._know_synonyms():
                yield synonym
            names = sorted([tag_name(raw) async for raw in walk(self._ask, self._tags())])
            for number, name in enumerate(dict.fromkeys(names), start=1):
                yield tag_item(name, number, self._site)
            yield Covered(Kind.TAG, until)
        if Kind.ARTICLE in kinds:
            await self._know_synonyms()
            async for raw in walk(self._ask, self._articles(frozen_at=int(until.timestamp()))):
                yield article_item(raw, self._site, self.masters)
            yield Covered(Kind.ARTICLE, until)
        wanted = kinds & {Kind.QUESTION, Kind.ANSWER}
        if not wanted:
            return
        listing = self._listing(
            "questions", "question_id", sort="creation", frozen_at=int(until.timestamp())
        )
        async for item in self._questions(listing):
            if item.ref.kind in wanted:
                yield item
        for kind in sorted(wanted):
            yield Covered(kind, until)

    async def _since(self, watermark: datetime) -> AsyncGenerator[Read, None]:
        """Yield what moved; again and again until a round finds nothing that moved meanwhile.

        An answer's edits and births move its question (observed on the public sites).
        """
        least = int(watermark.timestamp())
        for _ in range(_ROUNDS):
            began = int(self._now().timestamp())
            listing = self._listing("questions", "question_id", sort="activity", least=least)
            found = [item async for item in self._questions(listing)]
            for item in found:
                yield item
            if not found or least >= began:
                return
            least = began

    async def _refs(self, refs: Sequence[Ref]) -> AsyncGenerator[Read, None]:
        wanted = set(refs)
        for vector in _vectors(refs, Kind.QUESTION):
            listing = self._listing(
                "questions/{ids}", "question_id", sort="creation", vector=vector
            )
            async for item in self._questions(listing):
                if item.ref in wanted:
                    yield item
        for vector in _vectors(refs, Kind.ANSWER):
            listing = self._listing("answers/{ids}", "answer_id", sort="creation", vector=vector)
            async for raw in walk(self._ask, listing):
                yield answer_item(raw, self._site)
        for vector in _vectors(refs, Kind.ARTICLE):
            await self._know_synonyms()
            async for raw in walk(self._ask, self._articles("articles/{ids}", vector=vector)):
                yield article_item(raw, self._site, self.masters)

    async def _newest(self, scope: Newest) -> AsyncGenerator[Read, None]:
        """Yield by listing, as an index of the author's posts may lag behind (inferred)."""
        least = int(scope.since.timestamp())
        found: list[LiveItem] = []
        if Kind.QUESTION in scope.kinds:
            listing = self._listing("questions", "question_id", sort="creation", least=least)
            found += [item async for item in self._questions(listing) if _is_question(item)]
        if Kind.ANSWER in scope.kinds:
            listing = self._listing("answers", "answer_id", sort="creation", least=least)
            found += [answer_item(raw, self._site) async for raw in walk(self._ask, listing)]
        if Kind.ARTICLE in scope.kinds:
            await self._know_synonyms()
            raws = [raw async for raw in walk(self._ask, self._articles(least=least))]
            found += [article_item(raw, self._site, self.masters) for raw in raws]
        for item in sorted(found, key=_age, reverse=True):
            if item.facts.author == scope.author:
                yield item

    async def _under(self, ids: Sequence[int]) -> AsyncGenerator[LiveItem, None]:
        for vector in _hundreds(ids):
            method = "questions/{ids}/answers"
            listing = self._listing(method, "answer_id", sort="creation", vector=vector)
            async for raw in walk(self._ask, listing):
                yield answer_item(raw, self._site)

    async def _revisions(self, ids: Sequence[int]) -> AsyncGenerator[Read, None]:
        for vector in _hundreds(sorted(ids)):

            def page_of(number: int, _: int | None, vector: Sequence[int] = vector) -> Request:
                query = (("page", str(number)), ("pagesize", str(PAGE)), ("filter", self._filter))
                unheard = ("fromdate", str(self._unheard()))
                method = "posts/{ids}/revisions"
                return self._request(method, vector=vector, query=(*query, unheard))

            def identify(raw: Raw) -> str:
                return f"{raw.get('post_id')}:{raw.get('revision_number')}"

            async for raw in walk(self._ask, Listing(page_of, identify)):
                if revision := revision_of(raw):
                    yield revision

    async def _questions(self, listing: Listing) -> AsyncGenerator[LiveItem, None]:
        """Yield the questions of *listing*, each followed by its answers.

        How many answers come along with a question is not documented; the rest is asked for.
        """
        await self._know_synonyms()
        short: list[Raw] = []
        async for raw in walk(self._ask, listing):
            question = question_of(raw, self._site, self.masters)
            if question.is_whole:
                for item in _flat(question):
                    yield item
            else:
                short.append(raw)
        for some in (short[at : at + PAGE] for at in range(0, len(short), PAGE)):
            for question in await self._completed(some):
                for item in _flat(question):
                    yield item

    async def _completed(self, short: Sequence[Raw]) -> list[Question]:
        """Return questions whose answers did not all come along, with all of them."""
        ids = [question_of(raw, self._site, self.masters).item.ref.id for raw in short]
        method = "questions/{ids}/answers"
        listing = self._listing(method, "answer_id", sort="creation", vector=ids)
        answers: dict[object, list[Raw]] = {}
        async for raw in walk(self._ask, listing):
            answers.setdefault(raw.get("question_id"), []).append(raw)
        whole = (
            {**raw, "answers": found, "answer_count": len(found)}
            for raw in short
            for found in [answers.get(raw.get("question_id"), [])]
        )
        return [question_of(raw, self._site, self.masters) for raw in whole]

    async def _know_synonyms(self) -> tuple[Synonym, ...]:
        """Return the tag synonyms; none where the service has no method for them."""
        async with self._once:
            if self._synonyms is None:
                listing = self._listing("tags/synonyms", "from_tag", sort="creation")
                found = [synonym_of(raw) async for raw in walk(self._ask, listing)]
                self._synonyms = tuple(sorted(found, key=lambda it: it.name))
                self.masters = {it.name: it.master for it in self._synonyms}
            return self._synonyms

    def _articles(
        self,
        method: str = "articles",
        *,
        vector: Sequence[int] = (),
        least: int | None = None,
        frozen_at: int | None = None,
    ) -> Listing:
        return self._listing(
            method, "article_id", sort="creation", vector=vector, least=least, frozen_at=frozen_at
        )

    def _tags(self) -> Listing:
        return self._listing("tags", "name", sort="name")

    def _listing(
        self,
        method: str,
        identity: str,
        *,
        sort: str,
        vector: Sequence[int] = (),
        least: int | None = None,
        frozen_at: int | None = None,
    ) -> Listing:
        """Return a list in ascending order, from *least* of its sort on."""

        def page_of(number: int, todate: int | None) -> Request:
            bounds = (("min", least), ("todate", todate))
            query = (
                ("page", str(number)),
                ("pagesize", str(PAGE)),
                ("order", "asc"),
                ("sort", sort),
                *((name, str(value)) for name, value in bounds if value is not None),
                ("fromdate", str(self._unheard())),
                ("filter", self._filter),
            )
            return self._request(method, vector=vector, query=query)

        return Listing(page_of, lambda raw: _identity(raw, identity), frozen_at)

    def _request(
        self, method: str, *, vector: Sequence[int] = (), query: tuple[tuple[str, str], ...] = ()
    ) -> Request:
        path = method.format(ids=";".join(map(str, vector))) if vector else method
        return Request("GET", method, path, (*scope_of(self._team), *query))

    async def _ask(self, request: Request) -> Raw:
        ended = await self._transport.send(request)
        if request.method in _TAGS_METHODS and isinstance(ended, Reply):
            error = ended.heard.error
            if error and error.id == NO_METHOD:
                return {"items": [], "has_more": False, "total": 0}
        return demand(request, ended, self._team)

    def _unheard(self) -> int:
        """Return a `fromdate` that hardly any request of the last minutes had."""
        tick = int(self._clock.now().timestamp() * 1_000)
        self._tick = max(self._tick + 1, tick)
        return 1 + self._tick % _LONG_AGO

    def _now(self) -> datetime:
        """Return the server's time where its answers tell it."""
        server_s = self._transport.server_time_s()
        return self._clock.now() if server_s is None else datetime.fromtimestamp(server_s, UTC)


def _flat(question: Question) -> tuple[LiveItem, ...]:
    return (question.item, *question.answers)


def _is_question(item: LiveItem) -> bool:
    return item.ref.kind is Kind.QUESTION


def _age(item: LiveItem) -> tuple[datetime, int]:
    return item.facts.created_at or datetime.min.replace(tzinfo=UTC), item.ref.id


def _vectors(refs: Sequence[Ref], kind: Kind) -> list[list[int]]:
    return _hundreds(sorted({ref.id for ref in refs if ref.kind is kind}))


def _hundreds(ids: Sequence[int]) -> list[list[int]]:
    """Cut *ids* into the longest vectors the service takes (100, documented)."""
    return [list(ids[at : at + PAGE]) for at in range(0, len(ids), PAGE)]


def _identity(raw: Raw, name: str) -> str | int:
    value = raw.get(name)
    if not isinstance(value, (str, int)):
        text = f"an entry's {name} is missing"
        raise Misshapen(text)
    return value
