"""A team as values, behind the ports: what it holds needs no server, and all kinds can be written.

For what is decided above the wire. `KindStage` is a stage (journal, plans, runs) upon it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from importer.model.fields import Fields, Value, rides_with_post
from importer.model.ids import Field, Key, Kind, Ref, UserId, Verb, key_of_target
from importer.model.live import (
    Ability,
    Access,
    Covered,
    Denied,
    Everything,
    Facts,
    LiveItem,
    Need,
    Newest,
    People,
    Person,
    Rates,
    Refs,
    Revision,
    Revisions,
    Scope,
    Synonym,
    Tags,
    Under,
)
from importer.model.site import Site
from importer.model.writing import Done, NotApplied, Outcome, Rejected, Unknown, Write
from importer.ports import Clock, Hold, Read, Team
from importer.teams import Mode
from importer.text.links import Text, retarget
from importer.text.marker import parse_marker
from tests.stage import Stage

__all__ = ["ME", "SITE", "FakeTeam", "KindStage"]

ME, ANN = UserId(1), UserId(2)
SITE = Site("https://stackoverflowteams.com/c/acme")


@dataclass
class Tag:
    number: int
    description: str = ""
    experts: tuple[str, ...] = ()


@dataclass
class FakeTeam:
    """Holds posts and tags. `mishaps` are what becomes of the next writes, None for nothing.

    `hides` are fields that its readings don't tell, `unable` what it can't write.
    """

    clock: Clock
    posts: dict[Ref, LiveItem] = field(default_factory=dict)
    tags: dict[str, Tag] = field(default_factory=dict)
    people: dict[str, UserId] = field(default_factory=dict)
    scopes: list[Scope] = field(default_factory=list)
    writes: list[Write] = field(default_factory=list)
    mishaps: list[str | None] = field(default_factory=list)
    hides: frozenset[Field] = frozenset()
    denied: dict[str, str] = field(default_factory=dict)
    synonyms: dict[str, str] = field(default_factory=dict)
    unable: Mapping[tuple[Kind, Field | None], Ability] = field(default_factory=dict)
    can_author: bool = False
    has_histories: bool = True
    revisions: list[Revision] = field(default_factory=list)

    # The ports.

    async def check(self, need: Need) -> Access:
        return Access(ME, "Importer", SITE, need.write or None, can_author=self.can_author)

    def ability(self, kind: Kind, verb: Verb, field: Field | None = None) -> Ability:  # noqa: ARG002 - the port's
        return self.unable.get((kind, field), Ability(able=True))

    def keeps_history(self, kind: Kind) -> bool:  # noqa: ARG002 - the port's
        return True

    def server_time(self) -> datetime | None:
        return self.clock.now()

    @property
    def rates(self) -> Rates:
        return Rates(per_second=30.0, per_day=10_000, page_size=100)

    @property
    def write_within_s(self) -> float:
        return 0.0

    async def read(self, scope: Scope) -> AsyncGenerator[Read, None]:
        self.scopes.append(scope)
        for got in self._found(scope):
            yield got

    async def write(self, write: Write, hold: Hold | None = None) -> Outcome:
        if hold is not None:
            await hold()
        mishap = self.mishaps.pop(0) if self.mishaps else None
        match mishap:
            case "rejected":
                return Rejected("rule", "the server says no")
            case "absent":
                return NotApplied("never sent")
            case "lost before":
                return Unknown("no answer")
            case _:
                pass
        self.writes.append(write)
        item = self._take(write)
        return Unknown("no answer") if mishap == "lost after" else Done(item)

    # What it holds.

    def _found(self, scope: Scope) -> list[Read]:
        match scope:
            case Everything(kinds):
                names = sorted(self.tags) if Kind.TAG in kinds else []
                return [
                    *(Synonym(name, master) for name, master in self.synonyms.items()),
                    *(self._tag(it, told=False) for it in names),
                    *(self._told(it) for it in self._alive() if it.ref.kind in kinds),
                    *(Covered(kind, self.clock.now()) for kind in kinds),
                ]
            case Refs(refs):
                return [self._told(it) for it in self._alive() if it.ref in refs]
            case Newest(author, since):
                return [
                    self._told(it)
                    for it in self._alive()
                    if it.facts.author == author and (it.facts.created_at or since) >= since
                ]
            case Under(parents):
                return [self._told(it) for it in self._alive() if it.parent in parents]
            case Revisions(refs):
                if not self.has_histories:
                    return [Denied("revisions", "no call tells of them")]
                return [it for it in self.revisions if it.post_id in {ref.id for ref in refs}]
            case Tags(names_asked):
                told: list[Read] = [self._tag(it) for it in names_asked if it in self.tags]
                return told + self._denials(names_asked)
            case People(emails):
                known = [it for it in emails if it not in self.denied]
                return [*(Person(it, self.people.get(it)) for it in known), *self._denials(emails)]
            case _:
                return []

    def _denials(self, asked: tuple[str, ...]) -> list[Read]:
        return [Denied(it, self.denied[it]) for it in asked if it in self.denied]

    def _alive(self) -> list[LiveItem]:
        return [it for _, it in sorted(self.posts.items()) if not it.facts.deleted]

    def _told(self, live: LiveItem) -> LiveItem:
        return replace(live, fields={k: v for k, v in live.fields.items() if k not in self.hides})

    def _tag(self, name: str, *, told: bool = True) -> LiveItem:
        tag = self.tags[name]
        more: Fields = {Field.DESCRIPTION: tag.description, Field.EXPERTS: tag.experts}
        fields: Fields = {Field.TITLE: name, **(more if told else {})}
        address = f"{SITE.base}/questions/tagged/{tag.number}"
        return self._told(LiveItem(Ref(Kind.TAG, tag.number), None, address, fields))

    def _take(self, write: Write) -> LiveItem | None:
        if write.kind is Kind.TAG:
            experts = write.fields[Field.EXPERTS]
            assert isinstance(experts, tuple)
            seen = write.before[Field.EXPERTS]
            assert isinstance(seen, tuple)
            # The difference is what is sent: whom somebody else named meanwhile stays.
            left = {*self.tags[write.name].experts, *experts} - ({*seen} - {*experts})
            self.tags[write.name].experts = tuple(sorted(left))
            return self._tag(write.name)
        if write.verb is Verb.DELETE:
            assert write.ref is not None
            del self.posts[write.ref]
            return None
        ref = write.ref or Ref(write.kind, 1 + max((it.id for it in self.posts), default=100))
        fields = {it: self._resolved(it, value, write.links) for it, value in write.fields.items()}
        old = self.posts.get(ref)
        now = self.clock.now()
        if old is None:
            facts = Facts(write.author or ME, created_at=now)
            kept: Fields = {Field.PERMISSIONS: ("owner-only",)} if ref.kind is Kind.ARTICLE else {}
            kept = {Field.ACCEPTED: False} if ref.kind is Kind.ANSWER else kept
        else:
            facts = replace(old.facts, edited_at=now, editor=write.author or ME)
            kept = self._outliving(old) if write.verb is Verb.UPDATE else old.fields
            self.revisions.append(Revision(ref.id, len(self.revisions) + 2, ME, now))
        marker = parse_marker(write.marker) if write.marker else (old.marker if old else None)
        names = fields.get(Field.TAGS)
        for name in names if isinstance(names, tuple) else ():
            self.tags.setdefault(name, Tag(900 + len(self.tags)))
        parent = write.parent if old is None else old.parent
        self.posts[ref] = LiveItem(
            ref, parent, SITE.address(ref), {**kept, **fields}, marker, facts
        )
        return self._told(self.posts[ref])

    def _outliving(self, old: LiveItem) -> Fields:
        """Return what of a post outlives an edit that says nothing of it: it replaces the rest."""
        riding = {row.field for row in rides_with_post(old.ref.kind)} - self.hides
        kept = {it: value for it, value in old.fields.items() if it not in riding}
        if Field.PERMISSIONS in riding:
            kept[Field.PERMISSIONS] = ("owner-only",)
        return kept

    def _resolved(self, name: Field, value: Value, links: Mapping[Key, Ref]) -> Value:
        def ref_of(target: str) -> str:
            key = key_of_target(target)
            return str(links[key]) if key is not None else target

        if isinstance(value, Text):
            return retarget(value, ref_of)
        return (
            tuple(map(ref_of, value)) if name is Field.ITEMS and isinstance(value, tuple) else value
        )

    # For tests.

    def post(self, key: str) -> LiveItem:
        """Return the post whose marker names *key*."""
        full = f"handbook:{key}"
        (found,) = [it for it in self._alive() if it.marker and it.marker.key == full]
        return found

    def edit(self, key: str, which: Field, value: Value, editor: UserId = ANN) -> None:
        """Let a person edit the post of *key*."""
        live = self.post(key)
        facts = replace(live.facts, edited_at=self.clock.now(), editor=editor)
        self.posts[live.ref] = replace(live, fields={**live.fields, which: value}, facts=facts)

    def experts(self, name: str) -> tuple[str, ...]:
        """Return the experts of a tag."""
        return self.tags[name].experts

    def kinds_read(self) -> set[Kind]:
        """Return the kinds of which everything was read so far."""
        return {kind for it in self.scopes if isinstance(it, Everything) for kind in it.kinds}

    def sent(self) -> Counter[str]:
        """Return how many writes of each sort were sent."""
        return Counter(f"{it.verb} {it.kind}" for it in self.writes)

    def is_whole(self) -> bool:
        """Tell whether each post has all that its kind asks for."""
        return all(
            row.field in live.fields
            for live in self.posts.values()
            for row in rides_with_post(live.ref.kind)
            if not row.optional
        )


class KindStage(Stage):
    """A stage upon a fake team."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.fake = FakeTeam(self.clock)

    @asynccontextmanager
    async def team(self, mode: Mode) -> AsyncIterator[Team]:  # noqa: ARG002 - the stage's
        yield self.fake


Setting = Callable[[FakeTeam], Any]
