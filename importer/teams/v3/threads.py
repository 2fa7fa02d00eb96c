"""Reads questions together with their answers, as far as they moved."""

from collections.abc import Mapping

from importer.model.ids import Kind, Ref, UserId
from importer.model.live import Everything, Known, LiveItem, Same
from importer.model.site import Site
from importer.teams.v3.economy import Errand, count_strangers, is_same, is_surely_others
from importer.teams.v3.glimpses import glimpse_of, glimpsed_item
from importer.teams.v3.posts import Posts
from importer.teams.v3.shapes import question_item
from importer.teams.v3.tag_index import TagIndex

__all__ = ["Threads"]

_ALL = Everything(())


class Threads:
    """`strangers` maps each question that was read to how many of its answers are none of ours."""

    def __init__(self, posts: Posts, tags: TagIndex, site: Site) -> None:
        self.strangers: dict[Ref, int | None] = {}
        self._posts = posts
        self._tags = tags
        self._site = site

    async def read(self, errand: Errand, scope: Everything = _ALL) -> list[LiveItem | Same]:
        """Return a question and its answers; nothing where it isn't there."""
        ref = errand.seen.ref
        raw = None if errand.same else await self._posts.present(ref)
        if raw is None and not errand.same:
            return []
        answers: list[LiveItem | Same] = [Same(it) for it in errand.answers]
        authors: list[UserId | None] | None = None
        strangers = errand.strangers
        if not errand.quiet:
            authors = []
            if errand.seen.answers or errand.answers:
                answers, authors = await self._answers(ref, errand.answers, scope)
            strangers = count_strangers(answers, scope.bound)
            if errand.same and strangers == 0 and not errand.is_ours:
                # So that its stamp says it from now on.
                raw = await self._posts.present(ref)
        self.strangers[ref] = strangers
        if raw is None:
            return [Same(ref), *answers]
        question = question_item(
            raw,
            self._site,
            self._tags.masters,
            comments=errand.seen.comments,
            answerers=authors,
            strangers=strangers,
        )
        return [question, *answers]

    async def answers_to(self, question: Ref) -> list[LiveItem | Same]:
        """Return the answers of *question*, each with its Markdown."""
        return (await self._answers(question, {}, _ALL))[0]

    async def _answers(
        self, question: Ref, known: Mapping[Ref, Known], scope: Everything
    ) -> tuple[list[LiveItem | Same], list[UserId | None]]:
        """Return the answers of *question*, and who wrote them."""
        items: list[LiveItem | Same] = []
        authors: list[UserId | None] = []
        for raw in await self._posts.answers_to(question):
            seen = glimpse_of(raw, Kind.ANSWER)
            before = known.get(seen.ref)
            accepted = raw.get("isAccepted") is True
            authors.append(seen.author)
            if before is not None and before.accepted == accepted and is_same(seen, before):
                items.append(Same(seen.ref))
            elif is_surely_others(scope, seen):
                masters = self._tags.masters
                items.append(glimpsed_item(seen, self._site, masters, question, accepted=accepted))
            elif (answer := await self._posts.one(seen.ref)) is not None:
                items.append(answer)
        return items, authors
