"""What the run knows of live posts, how old that is, and reading again in bulk what is too old."""

import asyncio
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from importer.execution.addresses import Addresses
from importer.model.ids import Field, Key, Ref, UserId, split_full_key, target_of_key
from importer.model.ledger import Binding
from importer.model.live import LiveItem, Refs, Same, Snapshot, Tags, Under
from importer.model.plan import Change
from importer.planning.keying import keyed_item
from importer.ports import TeamReader

__all__ = ["Sights"]

_VECTOR = 100


@dataclass(frozen=True, slots=True)
class _Sight:
    live: LiveItem | None
    at: float


class Sights:
    """Keyed live posts by ref, each with the time it was seen (seconds of the loop's clock)."""

    def __init__(
        self,
        reader: TeamReader,
        addresses: Addresses,
        namespace: str,
        authors: Collection[UserId | None],
    ) -> None:
        self._reader = reader
        self._namespace = namespace
        self._authors = authors
        self._addresses = addresses
        self._seen: dict[Ref, _Sight] = {}
        self._by_marker: dict[str, list[Ref]] = {}
        self._parents: dict[Ref, Ref] = {}
        self._reading = asyncio.Lock()

    def take(self, snapshot: Snapshot, at: float) -> None:
        """Take in a whole reading; a post that it didn't see is not there."""
        self._note_parents(snapshot.items.values())
        posts = [live for live in snapshot.items.values() if isinstance(live, LiveItem)]
        for live in posts:
            if live.marker is not None:
                self._by_marker.setdefault(live.marker.key, []).append(live.ref)
                namespace, key = split_full_key(live.marker.key)
                if namespace == self._namespace:
                    # As in planning: what leads to a post of ours leads to its key, bound or not.
                    self._addresses.targets.setdefault(str(live.ref), target_of_key(key))
                    self._addresses.links.setdefault(key, live.ref)
                    self._note_pictures(live)
        for live in posts:
            self._note(live.ref, live, at)

    def _note_pictures(self, live: LiveItem) -> None:
        """Take in where the images of a marked post are: another's may show something else."""
        if live.facts.author in self._authors:
            for image, url in live.pictures.items():
                self._addresses.images.setdefault(image, url)

    def _note_parents(self, posts: Iterable[LiveItem | Same]) -> None:
        for post in posts:
            if isinstance(post, LiveItem) and post.parent is not None:
                self._parents[post.ref] = post.parent

    def note(self, live: LiveItem) -> LiveItem:
        """Take in the echo of a write, and return it keyed."""
        keyed = keyed_item(live, self._addresses.targets)
        self._note_parents([live])
        self._seen[live.ref] = _Sight(keyed, asyncio.get_running_loop().time())
        return keyed

    def keep(self, live: LiveItem) -> None:
        """Take in a post that was looked up, keyed."""
        self._seen[live.ref] = _Sight(live, asyncio.get_running_loop().time())

    def forget(self, ref: Ref) -> None:
        """Take in that a post was deleted."""
        self._seen[ref] = _Sight(None, asyncio.get_running_loop().time())

    def marked(self, full: str, publishers: Collection[UserId]) -> LiveItem | None:
        """Return the *publishers'* first post with the marker of *full*; none: anybody's."""
        found = (self._seen[ref].live for ref in sorted(self._by_marker.get(full, ())))
        ours = (it for it in found if it and (not publishers or it.facts.author in publishers))
        return next(ours, None)

    def of(self, ref: Ref) -> LiveItem | None:
        """Return the post as last seen."""
        sight = self._seen.get(ref)
        return sight.live if sight else None

    def seen_under(self, question: Ref) -> list[LiveItem]:
        """Return the answers of *question* that are there, as last seen."""
        seen = (self.of(ref) for ref, parent in self._parents.items() if parent == question)
        return [live for live in seen if live is not None]

    def marked_posts(self) -> list[LiveItem]:
        """Return the posts of the whole reading that carry a marker, as last seen."""
        seen = (self._seen[ref].live for refs in self._by_marker.values() for ref in refs)
        return [live for live in seen if live is not None]

    async def tag(self, name: str) -> LiveItem | None:
        """Look at a tag: whoever else may have named experts meanwhile is seen by no audit."""
        found = [it async for it in self._reader.read(Tags((name,))) if isinstance(it, LiveItem)]
        return next((it for it in found if it.fields.get(Field.TITLE) == name), None)

    async def refresh(
        self, ref: Ref, ahead: Iterable[Change], ref_of: dict[Key, Ref], age_s: float
    ) -> None:
        """Read *ref* again if it was seen longer ago than *age_s*, and with it what comes soon."""
        async with self._reading:
            if self._is_fresh(ref, age_s):
                return
            wanted = [ref]
            for change in ahead:
                other = change.ref or ref_of.get(change.key)
                if len(wanted) < _VECTOR and other and not self._is_fresh(other, age_s):
                    wanted.append(other)
            await self._read(tuple(sorted(set(wanted))))

    async def look(self, ref: Ref, *, engagement: bool) -> LiveItem | None:
        """Read *ref* anew, however lately it was seen; with *engagement* that too."""
        await self._read((ref,), engagement=engagement)
        return self.of(ref)

    async def look_at(self, refs: Sequence[Ref]) -> list[LiveItem]:
        """Return which of *refs* are there, read anew, with whether others have engaged."""
        for some in (refs[at : at + _VECTOR] for at in range(0, len(refs), _VECTOR)):
            await self._read(tuple(some), engagement=True)
        return [live for live in map(self.of, refs) if live is not None]

    async def look_at_bound(self, bindings: Iterable[Binding]) -> list[LiveItem]:
        """Return which posts of *bindings* are there, as `look_at` does."""
        parents = {it.ref: it.parent for it in bindings}
        self._parents |= {ref: it for ref, it in parents.items() if it is not None}
        return await self.look_at(sorted(parents))

    async def look_under(self, question: Ref) -> list[LiveItem]:
        """Return the answers of *question*, read anew."""
        found = self._reader.read(Under((question,)))
        return [it async for it in found if isinstance(it, LiveItem)]

    async def under(self, question: Ref) -> list[LiveItem]:
        """Read the answers of *question*: they go along with it."""
        at = asyncio.get_running_loop().time()
        found = []
        async for got in self._reader.read(Under((question,))):
            if isinstance(got, LiveItem):
                self._note(got.ref, got, at)
                found.append(self._seen[got.ref].live or got)
        return found

    async def _read(self, refs: tuple[Ref, ...], *, engagement: bool = False) -> None:
        at = asyncio.get_running_loop().time()
        found = {}
        async for got in self._reader.read(Refs(refs, self._parents, engagement)):
            if isinstance(got, LiveItem):
                found[got.ref] = got
        for ref in refs:
            self._note(ref, found.get(ref), at)

    def _note(self, ref: Ref, live: LiveItem | None, at: float) -> None:
        keyed = keyed_item(live, self._addresses.targets) if live else None
        self._seen[ref] = _Sight(keyed, at)

    def _is_fresh(self, ref: Ref, age_s: float) -> bool:
        sight = self._seen.get(ref)
        return sight is not None and asyncio.get_running_loop().time() - sight.at <= age_s
