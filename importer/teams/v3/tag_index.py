"""The team's tags, their ids and their other names: listed once, when first needed."""

import asyncio
from collections.abc import Mapping, Sequence

from importer.model.live import Synonym
from importer.teams.objects import Raw
from importer.teams.v3.client import SYNONYMS, Absent, Client
from importer.teams.v3.tag_shapes import synonyms_of, tag_of

__all__ = ["TagIndex"]


class TagIndex:
    """`masters` maps each tag synonym known so far to its master."""

    def __init__(self, client: Client) -> None:
        self.masters: Mapping[str, str] = {}
        self._client = client
        self._listed: tuple[Raw, ...] | None = None
        self._ids: dict[str, int] = {}
        self._synonyms: tuple[Synonym, ...] | None = None
        self._once = asyncio.Lock()

    async def listed(self) -> tuple[Raw, ...]:
        """Return all tags, as a list shows them."""
        async with self._once:
            if self._listed is None:
                listing = self._client.walk("tags", sort="name")
                self._listed = tuple([raw async for raw in listing])
            return self._listed

    async def listed_anew(self) -> tuple[Raw, ...]:
        """Return all tags of now, where another reading may have been before this one."""
        if self._synonyms is not None:
            self._listed = None
        return await self.listed()

    async def synonyms(self) -> tuple[Synonym, ...]:
        """Return the tag synonyms; none where this build has no method for them (observed)."""
        raws = await self.listed()
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
            listing = self._client.walk_below(SYNONYMS, path, is_ordered=False)
            try:
                found = [it async for it in listing]
            except Absent:
                return synonyms
            synonyms += synonyms_of(found, name)
        return synonyms

    async def id_of(self, name: str) -> int | None:
        """Return the id of the tag of that name, asking for it anew where it wasn't listed."""
        for number, listed in map(tag_of, self._listed or ()):
            if listed == name:
                return number
        if name not in self._ids:
            async for raw in self._client.walk("tags", (("partialName", name),), sort="name"):
                number, found = tag_of(raw)
                self._ids[found] = number
        return self._ids.get(name)
