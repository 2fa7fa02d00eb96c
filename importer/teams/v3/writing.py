"""Writes over API v3: what a full replacement needs besides, and what the answers confirm."""

from collections.abc import Mapping
from functools import partial

from importer.errors import ServiceError
from importer.model.fields import Fields
from importer.model.ids import Field, Kind, Ref, Verb
from importer.model.live import LiveItem
from importer.model.site import Site
from importer.model.writing import Write
from importer.teams.exchange import Request
from importer.teams.objects import Raw, drift_named
from importer.teams.outcome import Echo, Misshapen
from importer.teams.v3.calls import Aside, is_removal, request_of
from importer.teams.v3.members import ids_of
from importer.teams.v3.posts import Posts
from importer.teams.v3.shapes import (
    answer_item,
    article_item,
    collection_item,
    image_item,
    question_item,
    with_accepted,
)
from importer.teams.v3.tag_index import TagIndex
from importer.teams.v3.tag_shapes import experts_of
from importer.teams.v3.threads import Threads

__all__ = ["Writer"]


class Writer:
    """Makes requests of writes, and items of their answers."""

    def __init__(self, tags: TagIndex, posts: Posts, threads: Threads, site: Site) -> None:
        self._tags = tags
        self._posts = posts
        self._threads = threads
        self._site = site
        self._written: dict[Ref, LiveItem] = {}

    async def prepare(self, write: Write) -> tuple[Request, Echo]:
        """Return the request for *write*, and how to read its answer.

        Reads what a full replacement would otherwise take away. Raises ImporterError: nothing of
        the write was sent then.
        """
        async with drift_named():
            return await self._prepare(write)

    async def _prepare(self, write: Write) -> tuple[Request, Echo]:
        aside = await self._aside(write)
        before = None
        if write.verb is Verb.SET and write.kind is Kind.ANSWER and write.ref is not None:
            if write.parent is not None:
                self._posts.know({write.ref: write.parent})
            before = self._written.get(write.ref) or await self._posts.one(write.ref)
        request = request_of(write, self._site, aside)
        return request, partial(self._echo, write, aside=aside, before=before)

    async def _aside(self, write: Write) -> Aside:
        if write.kind is Kind.TAG:
            number = await self._tags.id_of(write.name)
            if number is None:
                text = f"the team has no tag {write.name!r}"
                raise ServiceError(text, remedy="A tag is born with the first post that uses it.")
            return Aside(tag_id=number)
        if write.kind is Kind.COLLECTION and write.verb is Verb.UPDATE and write.ref is not None:
            raw = await self._posts.raw_of(write.ref)
            if raw is None:
                raise _gone(write.ref)
            names = ("editorUsers", "editorUserGroups")
            users, groups = (tuple(ids_of(raw, write.kind, it)) for it in names)
            return Aside(editor_users=users, editor_groups=groups)
        if write.kind is Kind.ARTICLE and write.verb is Verb.UPDATE and write.ref is not None:
            return Aside(permissions=await self._permissions(write, write.ref))
        return Aside()

    async def _permissions(self, write: Write, ref: Ref) -> tuple[str, ...]:
        """Return who may edit an article now, where the write doesn't say."""
        if Field.PERMISSIONS in write.fields:
            return ()
        live = await self._posts.one(ref)
        if live is None:
            raise _gone(ref)
        found = live.fields.get(Field.PERMISSIONS)
        return found if isinstance(found, tuple) else ()

    def _echo(
        self, write: Write, wrapper: Raw, *, aside: Aside, before: LiveItem | None
    ) -> LiveItem | None:
        """Return the post as the server now keeps it; None after a delete."""
        if wrapper and (write.verb is Verb.DELETE or is_removal(write)):
            # The contract has no content for a deletion: whoever sends some talks of another thing.
            text = "a deletion is confirmed without content"
            raise Misshapen(text)
        if write.verb is Verb.DELETE:
            return None
        item = self._item(write, wrapper, aside, before)
        _check(write, item)
        self._written[item.ref] = item
        if item.parent is not None:
            self._posts.know({item.ref: item.parent})
        return item

    def _item(self, write: Write, wrapper: Raw, aside: Aside, before: LiveItem | None) -> LiveItem:
        masters: Mapping[str, str] = self._tags.masters
        match write.kind:
            case Kind.QUESTION:
                strangers = self._threads.strangers.get(write.ref) if write.ref else 0
                return question_item(wrapper, self._site, masters, strangers=strangers)
            case Kind.ANSWER if before is not None:
                return _marked(wrapper, before)
            case Kind.ANSWER:
                return answer_item(wrapper, self._site)
            case Kind.ARTICLE:
                return article_item(wrapper, self._site, masters)
            case Kind.COLLECTION:
                return collection_item(wrapper, self._site)
            case Kind.IMAGE:
                return image_item(wrapper)
            case Kind.TAG:
                told = write.fields[Field.EXPERTS] if is_removal(write) else experts_of(wrapper)
                fields: Fields = {Field.TITLE: write.name, Field.EXPERTS: told}
                url = f"{self._site.base}/questions/tagged/{write.name}"
                return LiveItem(Ref(Kind.TAG, aside.tag_id), None, url, fields)


def _marked(wrapper: Raw, before: LiveItem) -> LiveItem:
    """Return the answer whose mark was set; what answers that is a summary, without Markdown."""
    accepted = wrapper.get("isAccepted")
    if wrapper.get("id") != before.ref.id or not isinstance(accepted, bool):
        text = f"it is not about {before.ref}"
        raise Misshapen(text)
    return with_accepted(before, accepted=accepted)


def _check(write: Write, echo: LiveItem) -> None:
    wanted = write.ref or echo.ref
    if echo.ref != wanted:
        text = f"it is about {echo.ref}, not {wanted}"
        raise Misshapen(text)
    if write.parent is not None and echo.parent != write.parent:
        text = f"it stands under {echo.parent}, not {write.parent}"
        raise Misshapen(text)
    for field in (Field.TITLE, Field.ACCEPTED):
        if field in write.fields and _bare(write.fields, field) != _bare(echo.fields, field):
            text = f"its {field} is not what was sent"
            raise Misshapen(text)


def _bare(fields: Fields, field: Field) -> str:
    """Return a value in a form that survives a server tidying up blanks and case."""
    return "".join(str(fields[field]).split()).casefold()


def _gone(ref: Ref) -> ServiceError:
    text = f"{ref} is not there any more: what its replacement has to keep can't be read"
    return ServiceError(text, remedy="Plan again: what was deleted on the site is shown there.")
