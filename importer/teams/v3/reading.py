"""Reads a team over API v3: one request a post, but for what is known and didn't move.

Lists bear no Markdown (documented). A post that a list shows as it was when its Markdown was read
is `Same`. A question's last activity tells of edits of it that its HTML doesn't show, and of edits
and births of its answers (observed on the public sites), their number of deletions, and a second
list, of questions with an accepted answer, of marks that were set or taken off. What moved costs
the list of the answers. Not seen before the next activity: a mark that moved from one answer to
another by itself, and an edit of an answer in the very moment of the activity known.
"""

import asyncio
import math
import re
from collections import defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TypeVar, assert_never
from urllib.parse import quote

from importer.errors import AccessError, ServiceError, TokenInvalid
from importer.model.fields import Fields
from importer.model.ids import Field, Kind, Ref, UserId
from importer.model.live import (
    Covered,
    Denied,
    Everything,
    Facts,
    Known,
    LiveItem,
    Newest,
    People,
    Person,
    Refs,
    Revisions,
    Same,
    Scope,
    Since,
    Synonym,
    Tags,
    Under,
)
from importer.model.site import Site
from importer.ports import Clock, Read
from importer.teams.exchange import Ended, Reply, Request, Said
from importer.teams.objects import Raw, drift_named, items_of
from importer.teams.outcome import Misshapen
from importer.teams.transport import Transport
from importer.teams.v3.errors import NOT_FOUND, demand
from importer.teams.v3.shapes import (
    Glimpse,
    answer_item,
    article_item,
    collection_item,
    created_at,
    glimpse_of,
    question_item,
    synonyms_of,
    tag_item,
    tag_of,
    user_of,
)
from importer.teams.walking import PAGE, Listing, walk
from importer.text.canonical import canonical_names

__all__ = ["Reader"]

_T = TypeVar("_T")
_U = TypeVar("_U")

_AT_ONCE = 8
_WORTH_SAYING = 100
_BUCKET, _REFILL, _PER_SECOND = 5_000, 100 / 60, 25.0
"""Documented as defaults: what a full bucket holds, what it gets a second, and the burst's pace."""

_BLUR = timedelta(milliseconds=10)
"""What two tellings of one moment may be apart: a database keeps it in ticks of some milliseconds,
the echo of the write that made it more exactly (inferred). More would hide what somebody did then.
"""

_ROUNDS = 10

_ALL = Everything(())
_ROUTES = {Kind.QUESTION: "questions", Kind.ARTICLE: "articles", Kind.COLLECTION: "collections"}
_MOMENT = re.compile(r"@(\d{1,11}(?:\.\d{1,6})?)(?:\+(\d{1,6}))?$")
_SYNONYMS = "tags/{id}/synonyms"
_NO_METHOD = frozenset({404, 405})


@dataclass(frozen=True, slots=True)
class _Errand:
    """A question of a list: what it shows, and what was known of it and its answers."""

    seen: Glimpse
    known: Known | None
    answers: Mapping[Ref, Known]
    accepted: bool

    @property
    def same(self) -> bool:
        """Whether the question itself is as it was known."""
        looks = self.known is not None and _looks(self.known.stamp) == self.seen.stamp
        return looks and self._is_calm

    @property
    def quiet(self) -> bool:
        """Whether nothing happened to its answers either."""
        return (
            self._is_calm
            and (self.is_ours or not self.seen.answers)
            and self.seen.answers == len(self.answers)
            and any(it.accepted for it in self.answers.values()) == self.accepted
        )

    @property
    def is_ours(self) -> bool:
        """Whether all its answers were ours when it was read.

        Else ours may be gone, which leaves no trace but their number, beside a stranger's.
        """
        return self.known is not None and _strangers(self.known.stamp) == 0

    @property
    def _is_calm(self) -> bool:
        """Whether nothing happened since what is known of it and its answers."""
        if self.known is None:
            return False
        told = [_active_at(it.stamp) for it in (self.known, *self.answers.values())]
        known = [it for it in told if it is not None]
        return len(known) == len(told) and self.seen.active_at <= max(known) + _BLUR


class Reader:
    """Reads through one transport.

    `masters` maps each tag synonym known so far to its master, `strangers` each question that was
    read to how many of its answers are none of ours. *announce* is told what a long
    reading costs before it begins.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        team: str,
        site: Site,
        clock: Clock,
        announce: Callable[[str], None],
    ) -> None:
        self.masters: Mapping[str, str] = {}
        self._transport = transport
        self._team = team
        self._site = site
        self._clock = clock
        self._announce = announce
        self.strangers: dict[Ref, int | None] = {}
        self._parents: dict[Ref, Ref] = {}
        self._listed: tuple[Raw, ...] | None = None
        self._tag_ids: dict[str, int] = {}
        self._synonyms: tuple[Synonym, ...] | None = None
        self._once = asyncio.Lock()

    async def read(self, scope: Scope) -> AsyncGenerator[Read, None]:
        """Yield what *scope* names. Raises ServiceError, BudgetExhausted or AccessError."""
        async with drift_named():
            match scope:
                case Everything():
                    found = self._everything(scope)
                case Since(watermark):
                    found = self._since(watermark)
                case Refs():
                    found = self._refs(scope)
                case Newest():
                    found = self._newest(scope)
                case Under(parents_):
                    found = self._under(parents_)
                case Revisions():
                    # No method tells a post's history.
                    return
                case Tags(names):
                    found = self._tags_named(names)
                case People(emails):
                    found = self._people(emails)
                case _:
                    assert_never(scope)
            seen: set[Ref] = set()
            async for item in found:
                if isinstance(item, (LiveItem, Same)):
                    if item.ref in seen:
                        continue
                    seen.add(item.ref)
                yield item

    async def _everything(self, scope: Everything) -> AsyncGenerator[Read, None]:
        until = self._now()
        kinds = frozenset(scope.kinds)
        if Kind.TAG in kinds:
            if self._synonyms is not None:
                # Another reading before this one: tags may have been born since.
                self._listed = None
            for synonym in await self._know_synonyms():
                yield synonym
            for raw in await self._all_tags():
                yield _bare(tag_item(raw, self._site))
            yield Covered(Kind.TAG, until)
        if kinds & {Kind.QUESTION, Kind.ANSWER}:
            async for item in self._questions(scope, until):
                if isinstance(item, (LiveItem, Same)) and item.ref.kind in kinds:
                    yield item
            for kind in sorted(kinds & {Kind.QUESTION, Kind.ANSWER}):
                yield Covered(kind, until)
        for kind in (Kind.ARTICLE, Kind.COLLECTION):
            if kind in kinds:
                async for item in self._listed_posts(kind, scope, until):
                    yield item
                yield Covered(kind, until)

    async def _questions(self, scope: Everything, until: datetime) -> AsyncGenerator[Read, None]:
        await self._know_synonyms()
        answers: dict[Ref, dict[Ref, Known]] = defaultdict(dict)
        for ref, known in scope.known.items():
            if known.parent is not None:
                answers[known.parent][ref] = known
        marked: frozenset[int] = frozenset()
        if answers:
            only = (("hasAcceptedAnswer", "true"),)
            listing = self._listing("questions", until, only)
            found = [raw async for raw in walk(self._ask, listing)]
            marked = frozenset(glimpse_of(raw, Kind.QUESTION).ref.id for raw in found)
        errands = [
            _Errand(seen, scope.known.get(seen.ref), answers[seen.ref], seen.ref.id in marked)
            async for seen in self._glimpses(Kind.QUESTION, until)
        ]
        whole = [it for it in errands if _is_whole(scope, it.seen)]
        self._say_cost(sum(map(_requests, whole)), len(errands))
        for errand in errands:
            if not _is_whole(scope, errand.seen):
                yield self._glimpsed(errand.seen)
        for some in _some(whole):
            for items in await _together(partial(self._question_of, scope=scope), some):
                for item in items:
                    yield item

    async def _question_of(self, errand: _Errand, scope: Everything = _ALL) -> list[Read]:
        ref = errand.seen.ref
        raw = None if errand.same else await self._raw(ref)
        if raw is None and not errand.same:
            return []
        answers: list[LiveItem | Same] = [Same(it) for it in errand.answers]
        authors: list[UserId | None] | None = None
        strangers = _strangers(errand.known.stamp) if errand.known else None
        if not errand.quiet:
            authors = []
            if errand.seen.answers or errand.answers:
                answers, authors = await self._answers_of(ref, errand.answers, scope)
            strangers = _count_strangers(answers, scope.bound)
            if errand.same and strangers == 0 and not errand.is_ours:
                # So that its stamp says it from now on.
                raw = await self._raw(ref)
        self.strangers[ref] = strangers
        if raw is None:
            return [Same(ref), *answers]
        question = question_item(
            raw,
            self._site,
            self.masters,
            comments=errand.seen.comments,
            answerers=authors,
            strangers=strangers,
        )
        return [question, *answers]

    async def _answers_of(
        self, question: Ref, known: Mapping[Ref, Known], scope: Everything = _ALL
    ) -> tuple[list[LiveItem | Same], list[UserId | None]]:
        """Return the answers of *question*, and who wrote them."""
        items: list[LiveItem | Same] = []
        authors: list[UserId | None] = []
        for raw in await self._listed_under(question):
            seen = glimpse_of(raw, Kind.ANSWER)
            before = known.get(seen.ref)
            accepted = raw.get("isAccepted") is True
            authors.append(seen.author)
            if before is not None and before.accepted == accepted and _is_same(seen, before):
                items.append(Same(seen.ref))
            elif _is_surely_others(scope, seen):
                items.append(self._glimpsed(seen, question, accepted=accepted))
            elif (answer := await self.one(seen.ref)) is not None:
                items.append(answer)
        return items, authors

    async def _listed_under(self, question: Ref) -> list[Raw]:
        """Return the answers of *question* as a list shows them; none where it isn't there."""
        route = f"questions/{question.id}/answers"
        listing = self._listing("questions/{id}/answers", None, path=route)
        try:
            found = [raw async for raw in walk(self._seek, listing)]
        except _Absent:
            return []
        for raw in found:
            self._parents[Ref(Kind.ANSWER, _identity(raw))] = question
        return [raw for raw in found if raw.get("isDeleted") is not True]

    async def _listed_posts(
        self, kind: Kind, scope: Everything, until: datetime
    ) -> AsyncGenerator[Read, None]:
        await self._know_synonyms()
        seen = [it async for it in self._glimpses(kind, until)]
        wanted = [it for it in seen if _is_whole(scope, it)]
        same = {it.ref for it in wanted if _is_same(it, scope.known.get(it.ref))}
        asked = [it for it in wanted if it.ref not in same]
        self._say_cost(len(asked), len(seen))
        for it in seen:
            if it.ref in same:
                yield Same(it.ref)
            elif not _is_whole(scope, it):
                yield self._glimpsed(it)

        async def look(it: Glimpse) -> LiveItem | None:
            return await self.one(it.ref, comments=it.comments)

        for some in _some(asked):
            for item in await _together(look, some):
                if item is not None:
                    yield item

    async def _glimpses(self, kind: Kind, until: datetime | None) -> AsyncGenerator[Glimpse, None]:
        async for raw in walk(self._ask, self._listing(_ROUTES[kind], until)):
            seen = glimpse_of(raw, kind)
            if not seen.deleted:
                yield seen

    def _glimpsed(
        self, seen: Glimpse, parent: Ref | None = None, *, accepted: bool = False
    ) -> LiveItem:
        fields: Fields = {Field.TITLE: seen.title}
        if seen.ref.kind is Kind.ANSWER:
            facts = Facts(author=seen.author, engaged_by_others=True, sure_of_engagement=False)
            fields = {Field.ACCEPTED: accepted}
            return LiveItem(seen.ref, parent, self._site.address(seen.ref), fields, facts=facts)
        if seen.ref.kind is not Kind.COLLECTION:
            fields = {**fields, Field.TAGS: canonical_names(seen.tags, self.masters)}
        facts = Facts(author=seen.author, engaged_by_others=True, sure_of_engagement=False)
        return LiveItem(seen.ref, None, self._site.address(seen.ref), fields, facts=facts)

    def _say_cost(self, requests: int, posts: int) -> None:
        if requests < _WORTH_SAYING:
            return
        seconds = requests / _PER_SECOND + max(0, requests - _BUCKET) / _REFILL
        time = f"{seconds / 60:,.0f} minutes" if seconds >= 90 else f"{seconds:,.0f} s"
        self._announce(
            f"reading {posts:,} posts over API v3, whose lists bear no Markdown, takes "
            f"{requests:,} more requests, at least {time} at the documented pace"
        )

    async def _since(self, watermark: datetime) -> AsyncGenerator[Read, None]:
        for seen in await self._active_since(watermark):
            errand = _Errand(seen, None, {}, accepted=False)
            for item in await self._question_of(errand):
                yield item

    async def _active_since(self, since: datetime) -> list[Glimpse]:
        """Return questions to which something happened since then, the latest first."""
        await self._know_synonyms()
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
            query = (("sort", "activity"), ("order", "desc"), *_paged(number))
            wrapper = await self._ask(Request("GET", "questions", "questions", query))
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

    async def _refs(self, scope: Refs) -> AsyncGenerator[Read, None]:
        self._parents |= scope.parents
        await self._know_synonyms()

        look = self._with_engagement if scope.engagement else self.one
        for some in _some(sorted(set(scope.refs))):
            for item in await _together(look, some):
                if item is not None:
                    yield item

    def know(self, item: LiveItem) -> None:
        """Take note of a post that was written: under which question it stands."""
        if item.parent is not None:
            self._parents[item.ref] = item.parent

    async def _with_engagement(self, ref: Ref) -> LiveItem | None:
        """Return a post, and of one that doesn't tell who answered or commented, ask that too."""
        comments = await self._comments_on(ref)
        if ref.kind is not Kind.QUESTION:
            return await self.one(ref, comments=comments)
        answers = [glimpse_of(raw, Kind.ANSWER) for raw in await self._listed_under(ref)]
        raw = await self._raw(ref)
        if raw is None:
            return None
        return question_item(
            raw,
            self._site,
            self.masters,
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
            return len(items_of(await self._seek(request)))
        except _Absent:
            return None

    async def _newest(self, scope: Newest) -> AsyncGenerator[Read, None]:
        """Yield by listing: what was born moved its question's activity, or is in a list."""
        author, since = scope.author, scope.since
        await self._know_synonyms()
        found: list[LiveItem] = []
        if Kind.ANSWER in scope.kinds:
            told: dict[Ref, list[Ref]] = defaultdict(list)
            for ref, parent in scope.known.items():
                if parent is not None:
                    told[parent].append(ref)
            for seen in await self._active_since(since):
                if seen.answers == len(told[seen.ref]):
                    for ref in told[seen.ref]:
                        yield Same(ref)
                elif seen.answers:
                    found += await self._answers_by(seen.ref, author, since)
        for kind in (Kind.QUESTION, Kind.ARTICLE, Kind.COLLECTION):
            if kind in scope.kinds:
                async for item in self._newest_of(kind, scope):
                    if isinstance(item, LiveItem):
                        found.append(item)
                    else:
                        yield item
        ours = [it for it in found if (it.facts.created_at or since) >= since]
        for item in sorted(ours, key=_age, reverse=True):
            yield item

    async def _answers_by(self, question: Ref, author: UserId, since: datetime) -> list[LiveItem]:
        found = []
        for raw in await self._listed_under(question):
            seen = glimpse_of(raw, Kind.ANSWER)
            is_new = seen.author == author and created_at(raw, Kind.ANSWER) >= since
            if is_new and (item := await self.one(seen.ref)) is not None:
                found.append(item)
        return found

    async def _newest_of(self, kind: Kind, scope: Newest) -> AsyncGenerator[LiveItem | Same, None]:
        name = "authorIds" if kind is Kind.COLLECTION else "authorId"
        only = ((name, str(scope.author)), ("from", _iso(scope.since.timestamp())))
        async for raw in walk(self._ask, self._listing(_ROUTES[kind], None, only)):
            seen = glimpse_of(raw, kind)
            if seen.deleted:
                continue
            if seen.ref in scope.known:
                yield Same(seen.ref)
            elif (item := await self.one(seen.ref)) is not None:
                yield item

    async def _under(self, parents: Sequence[Ref]) -> AsyncGenerator[Read, None]:
        for parent in parents:
            for item in (await self._answers_of(parent, {}))[0]:
                yield item

    async def one(
        self, ref: Ref, parent: Ref | None = None, *, comments: int | None = None
    ) -> LiveItem | None:
        """Return a post with its Markdown; None where it isn't there, or deleted.

        Questions and articles don't tell how many *comments* they have.
        """
        if parent is not None:
            self._parents[ref] = parent
        raw = await self._raw(ref)
        if raw is None:
            return None
        match ref.kind:
            case Kind.QUESTION:
                return question_item(raw, self._site, self.masters, comments=comments)
            case Kind.ANSWER:
                return answer_item(raw, self._site)
            case Kind.ARTICLE:
                return article_item(raw, self._site, self.masters, comments=comments)
            case Kind.COLLECTION:
                return collection_item(raw, self._site)
            case Kind.TAG:
                return tag_item(raw, self._site)
            case Kind.IMAGE:
                return None
        assert_never(ref.kind)

    async def _raw(self, ref: Ref) -> Raw | None:
        """Return a single post as the API tells it; None where it isn't there, or deleted."""
        raw = await self.raw_of(ref)
        return None if raw is None or raw.get("isDeleted") is True else raw

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
            name = "tags" if ref.kind is Kind.TAG else _ROUTES[ref.kind]
            method, path = f"{name}/{{id}}", f"{name}/{ref.id}"
        try:
            return await self._seek(Request("GET", method, path))
        except _Absent:
            return None

    async def _tags_named(self, names: Sequence[str]) -> AsyncGenerator[Read, None]:
        for name in names:
            number = await self.tag_id(name)
            raw = await self.raw_of(Ref(Kind.TAG, number)) if number else None
            if raw is not None:
                yield tag_item(raw, self._site)

    async def tag_id(self, name: str) -> int | None:
        """Return the id of the tag of that name, asking for it anew where it wasn't listed."""
        for raw in self._listed or ():
            if tag_of(raw)[1] == name:
                return tag_of(raw)[0]
        if name not in self._tag_ids:
            only = (("partialName", name),)
            async for raw in walk(self._ask, self._listing("tags", None, only, sort="name")):
                number, found = tag_of(raw)
                self._tag_ids[found] = number
        return self._tag_ids.get(name)

    async def _people(self, emails: Sequence[str]) -> AsyncGenerator[Read, None]:
        for email in emails:
            path = f"users/by-email/{quote(email, safe='')}"
            try:
                raw = await self._seek(Request("GET", "users/by-email/{email}", path))
            except _Absent:
                yield Person(email, None)
            except TokenInvalid:
                raise
            except AccessError as error:
                yield Denied(email, f"only an admin's token may look up mail addresses ({error})")
            else:
                yield Person(email, user_of(raw)[0])

    async def _know_synonyms(self) -> tuple[Synonym, ...]:
        """Return the tag synonyms; none where this build has no method for them (observed)."""
        raws = await self._all_tags()
        async with self._once:
            if self._synonyms is None:
                found = await self._synonyms_of([it for it in raws if it.get("hasSynonyms")])
                self._synonyms = tuple(sorted(found, key=lambda it: it.name))
                self.masters = {it.name: it.master for it in self._synonyms}
            return self._synonyms

    async def _synonyms_of(self, tags: Sequence[Raw]) -> list[Synonym]:
        synonyms: list[Synonym] = []
        for raw in tags:
            number, name = tag_of(raw)
            path = f"tags/{number}/synonyms"
            listing = self._listing(_SYNONYMS, None, path=path, ordered=False)
            try:
                found = [it async for it in walk(self._seek, listing)]
            except _Absent:
                return synonyms
            synonyms += synonyms_of(found, name)
        return synonyms

    async def _all_tags(self) -> tuple[Raw, ...]:
        async with self._once:
            if self._listed is None:
                listing = self._listing("tags", None, sort="name")
                self._listed = tuple([raw async for raw in walk(self._ask, listing)])
            return self._listed

    def _listing(
        self,
        method: str,
        until: datetime | None,
        only: tuple[tuple[str, str], ...] = (),
        *,
        path: str = "",
        sort: str = "creation",
        ordered: bool = True,
    ) -> Listing:
        """Return a list in ascending order of *sort*; *until* freezes it."""

        def page_of(number: int, frozen_at: int | None) -> Request:
            order = (("sort", sort), ("order", "asc")) if ordered else ()
            to = () if frozen_at is None else (("to", _iso(frozen_at)),)
            return Request("GET", method, path or method, (*_paged(number), *order, *to, *only))

        frozen_at = None if until is None else int(until.timestamp())
        return Listing(page_of, _identity, frozen_at, _born)

    async def _seek(self, request: Request) -> Raw:
        """Return the answer about something that may not be there; raises _Absent."""
        ended = await self._transport.send(request)
        if _is_absent(request, ended):
            raise _Absent
        return self._told(request, ended)

    async def _ask(self, request: Request) -> Raw:
        """Return the answer, a list's with `items`, `total` and `has_more`."""
        return self._told(request, await self._transport.send(request))

    def _told(self, request: Request, ended: Ended) -> Raw:
        found = demand(request, ended, self._team)
        if "totalCount" not in found:
            return found
        page, pages = found.get("page"), found.get("totalPages")
        is_more = isinstance(page, int) and isinstance(pages, int) and page < pages
        return {**found, "total": found["totalCount"], "has_more": is_more}

    def _now(self) -> datetime:
        """Return the server's time where its answers tell it."""
        server_s = self._transport.server_time_s()
        return self._clock.now() if server_s is None else datetime.fromtimestamp(server_s, UTC)


class _Absent(Exception):
    """The server knows no such post, or no such method."""


def _is_absent(request: Request, ended: Ended) -> bool:
    """Tell whether the API says so itself: a page with status 404 is none of its words.

    But for a method that some builds lack: what they answer is not in its form (observed).
    """
    if not isinstance(ended, Reply):
        return False
    if request.method == _SYNONYMS and ended.status in _NO_METHOD:
        return True
    return ended.heard.said is Said.REFUSAL and ended.status == NOT_FOUND


async def _together(do: Callable[[_T], Awaitable[_U]], some: Sequence[_T]) -> list[_U]:
    """Do *some* at once; the first error in their order is raised once all have ended."""
    ended = await asyncio.gather(*map(do, some), return_exceptions=True)
    for it in ended:
        if isinstance(it, BaseException):
            raise it
    return [it for it in ended if not isinstance(it, BaseException)]


def _some(things: Sequence[_T]) -> list[Sequence[_T]]:
    size = 8 * _AT_ONCE
    return [things[at : at + size] for at in range(0, len(things), size)]


def _requests(errand: _Errand) -> int:
    """Return how many requests an errand takes at most."""
    own = 0 if errand.same else 1
    if errand.quiet or not (errand.seen.answers or errand.answers):
        return own
    return own + 1 + errand.seen.answers


def _is_whole(scope: Everything, seen: Glimpse) -> bool:
    """Tell whether the Markdown of what is listed is asked for."""
    if seen.ref in scope.bound:
        return True
    if scope.authors and seen.author not in scope.authors:
        return False
    return not _is_surely_others(scope, seen)


def _is_surely_others(scope: Everything, seen: Glimpse) -> bool:
    """Tell whether no marker can be in a post that shows none, as hidden ones are only in ours.

    A post changes the form of its marker with its next edit alone.
    """
    if not scope.footers or seen.is_marked or seen.ref in scope.bound or seen.author is None:
        return False
    return not {seen.author, seen.editor} & (scope.own | scope.authors)


def _is_same(seen: Glimpse, known: Known | None) -> bool:
    """Tell whether a post is as it was known; an answer's activity may be anybody's comment."""
    if known is None or _looks(known.stamp) != seen.stamp:
        return False
    before = _active_at(known.stamp)
    is_calm = before is not None and seen.active_at <= before + _BLUR
    return is_calm or seen.ref.kind is Kind.ANSWER


def _looks(stamp: str) -> str:
    return stamp.partition("@")[0]


def _count_strangers(answers: Sequence[LiveItem | Same], bound: Collection[Ref]) -> int | None:
    """Return how many of *answers* are none of ours; None: one bears a marker, and isn't bound.

    A copy of ours, or one that was made twice, is to be seen by every reading.
    """
    strangers = [it for it in answers if isinstance(it, LiveItem) and it.ref not in bound]
    return None if any(it.marker is not None for it in strangers) else len(strangers)


def _strangers(stamp: str) -> int | None:
    told = _MOMENT.search(stamp)
    return int(told[2]) if told and told[2] else None


def _active_at(stamp: str) -> datetime | None:
    told = _MOMENT.search(stamp)
    return datetime.fromtimestamp(float(told[1]), UTC) if told else None


def _bare(tag: LiveItem) -> LiveItem:
    """Return a listed tag by its name alone, as everything's reading knows it."""
    fields = {Field.TITLE: tag.fields[Field.TITLE]}
    return LiveItem(tag.ref, None, tag.url, fields, stamp=f"v3:{fields[Field.TITLE]}")


def _paged(number: int) -> tuple[tuple[str, str], ...]:
    return ("page", str(number)), ("pageSize", str(PAGE))


def _identity(raw: Raw) -> int:
    value = raw.get("id")
    if type(value) is not int:
        text = "an entry's id is missing"
        raise Misshapen(text)
    return value


def _born(raw: Raw) -> int | None:
    """Return the second by which a list that ends there shows it: `to` is asked in whole ones."""
    try:
        return math.ceil(created_at(raw, Kind.QUESTION).timestamp())
    except Misshapen:
        return None


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _age(item: LiveItem) -> tuple[datetime, int]:
    return item.facts.created_at or datetime.min.replace(tzinfo=UTC), item.ref.id
