"""A scene: a live team as values, what the journal knows of it, and the plans drawn from both.

`publish` puts a post there as a run of ours would have left it; `edit` is a person on the site.
Not `tests.stage`: no client, journal or sandbox is needed to decide.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, TypeVar

from importer.errors import Span
from importer.model.fields import Value, fields_of, rides_with_post
from importer.model.ids import (
    ChangeId,
    Field,
    Key,
    Kind,
    Lineage,
    Ref,
    RunId,
    UserId,
    Verb,
    key_of_target,
    parent_key,
    tag_key,
    target_of_key,
)
from importer.model.ledger import Base, Binding, FieldDigests, Ledger, Operation, State
from importer.model.live import Ability, Facts, LiveItem, Rates, Snapshot
from importer.model.manifest import Fate, Item, Manifest, Removed
from importer.model.plan import Blocked, BlockedCode, Comparison, Decisions, Plan
from importer.model.site import Site
from importer.planning.abilities import Abilities
from importer.planning.baseline import digest_field
from importer.planning.compare import compare
from importer.planning.merging import NO_TEXTS
from importer.planning.plan import make_plan
from importer.text.canonical import canonical_text
from importer.text.digests import Digest, digest_text, shorten
from importer.text.links import Text, dig, retarget
from importer.text.marker import VERSION, Marker

_T = TypeVar("_T")

BOT, ANN, BOB = UserId(1), UserId(2), UserId(3)
HERE = Span("teams-importer.yaml", 1, 1)
SITE = Site("https://stackoverflowteams.com/c/acme")
RATES = Rates(per_second=30.0, per_day=10_000, page_size=100)
POSTS = frozenset({Kind.QUESTION, Kind.ANSWER, Kind.ARTICLE, Kind.COLLECTION})
NEWER = VERSION + 1


class Known(Enum):
    """What is remembered of a post that a run of ours wrote."""

    JOURNAL = "journal"
    MARKER = "marker"
    BOTH = "both"
    NOTHING = "nothing"


_UNMARKED: Mapping[Field, Value] = {Field.ACCEPTED: False}


def all_able(kind: Kind, verb: Verb, field: Field | None = None) -> Ability:  # noqa: ARG001 - its shape
    return Ability(able=True)


def unable(what: Kind, reason: str, page: str = "") -> Abilities:
    def ability(kind: Kind, verb: Verb, field: Field | None = None) -> Ability:
        return (
            Ability(able=False, reason=reason, page=page)
            if kind is what
            else all_able(kind, verb, field)
        )

    return ability


def text(markdown: str) -> Text:
    """Return *markdown* as an author's text: `(key:...)` and `(question/1)` lead to posts."""

    def target(destination: str) -> str | None:
        named = destination.startswith(("key:", "question/", "answer/"))
        return destination if named else None

    return dig(canonical_text(markdown), target)


def removed(key: str, fate: Fate = Fate.DELETE) -> Removed:
    return Removed(Key(key), fate, HERE)


def question(key: str, **more: Any) -> Item:
    fields: dict[Field, Value] = {
        Field.TITLE: f"What is the story of {key}?",
        Field.TAGS: ("testing",),
        Field.BODY: text(f"Once upon a time there was a question about {key}."),
    }
    return Item(Key(key), Kind.QUESTION, HERE, fields, **more)


def answer(key: str, *, accepted: bool = False, **more: Any) -> Item:
    body = text(f"The answer of {key} is longer than thirty characters.")
    mark: dict[Field, Value] = {Field.ACCEPTED: True} if accepted else {}
    fields: dict[Field, Value] = {Field.BODY: body, **mark}
    return Item(Key(key), Kind.ANSWER, HERE, fields, parent=parent_key(Key(key)), **more)


def manifest(*items: Item, namespace: str = "handbook", **more: Any) -> Manifest:
    digest = digest_text(repr((items, more)))
    return Manifest(namespace, HERE, items, digest, **more)


def article(key: str, **more: Any) -> Item:
    fields: dict[Field, Value] = {
        Field.TITLE: f"The article about {key}",
        Field.TAGS: ("testing",),
        Field.BODY: text(f"All there is to say about {key}."),
        Field.TYPE: "policy",
    }
    return Item(Key(key), Kind.ARTICLE, HERE, {**fields, **more.pop("fields", {})}, **more)


def collection(key: str, *members: str, **more: Any) -> Item:
    """Return a collection of the items with these keys."""
    fields: dict[Field, Value] = {
        Field.TITLE: f"The collection {key}",
        Field.ITEMS: tuple(target_of_key(Key(it)) for it in members),
    }
    return Item(Key(key), Kind.COLLECTION, HERE, {**fields, **more.pop("fields", {})}, **more)


def tag(name: str = "git", **more: Any) -> Item:
    """Return a declared tag; `experts` and `description` are its fields."""
    fields = {it: more.pop(it) for it in (Field.EXPERTS, Field.DESCRIPTION) if it in more}
    return Item(tag_key(name), Kind.TAG, HERE, fields, **more)


def having(item: Item, which: Field, value: Value) -> Item:
    return replace(item, fields={**item.fields, which: value})


def without(fields: Mapping[Field, _T], which: Field) -> dict[Field, _T]:
    return {it: value for it, value in fields.items() if it != which}


@dataclass
class Scene:
    posts: dict[Ref, LiveItem] = field(default_factory=dict)
    bindings: dict[Key, Binding] = field(default_factory=dict)
    refs: dict[Key, Ref] = field(default_factory=dict)
    tags: set[str] = field(default_factory=lambda: {"testing"})
    synonyms: dict[str, str] = field(default_factory=dict)
    covered: frozenset[Kind] = POSTS
    rejected: tuple[Operation, ...] = ()
    open: tuple[Operation, ...] = ()
    journal: bool = True
    authors: tuple[UserId, ...] = ()
    declared: dict[str, LiveItem] = field(default_factory=dict)
    people: dict[str, UserId | None] = field(default_factory=dict)
    denied: dict[str, str] = field(default_factory=dict)

    def known_tag(self, name: str, number: int = 500, **fields: Value) -> None:
        """Let the team have a tag of which this is told: `description`, `experts`."""
        self.tags.add(name)
        told = {Field.TITLE: name, **{Field(it): value for it, value in fields.items()}}
        ref = Ref(Kind.TAG, number)
        self.declared[name] = LiveItem(ref, None, f"{SITE.base}/questions/tagged/{number}", told)

    def publish(
        self,
        *items: Item,
        number: int | None = None,
        known: Known = Known.BOTH,
        namespace: str = "handbook",
        facts: Facts = Facts(author=BOT),  # noqa: B008 - frozen
    ) -> LiveItem:
        """Put each item's post on the site, numbered on from the last; return the last one."""
        for item in items:
            ref = Ref(item.kind, number or self._next())
            self.refs[item.key] = ref
            self.posts[ref] = self._post(item, ref, known, namespace, facts)
            if known in (Known.JOURNAL, Known.BOTH):
                self._remember(item, self.posts[ref])
        return self.live(items[-1].key)

    def _next(self) -> int:
        return max((ref.id for ref in self.posts), default=0) + 1

    def _post(self, item: Item, ref: Ref, known: Known, namespace: str, facts: Facts) -> LiveItem:
        fields = {it: self._served(value) for it, value in item.fields.items()}
        if item.kind is Kind.ANSWER:
            fields.setdefault(Field.ACCEPTED, False)
        marker = None
        if known is not Known.JOURNAL:
            digests = {} if known is Known.NOTHING else _marked(item)
            marker = Marker(VERSION, f"{namespace}:{item.key}", digests)
        self.tags |= set(_names([fields.get(Field.TAGS, ())]))
        parent = self.refs[item.parent] if item.parent else None
        return LiveItem(ref, parent, SITE.address(ref), fields, marker, facts)

    def _served(self, value: Value) -> Value:
        if isinstance(value, tuple):
            return tuple(map(self._ref_of, value))
        return retarget(value, self._ref_of) if isinstance(value, Text) else value

    def _ref_of(self, target: str) -> str:
        key = key_of_target(target)
        return str(self.refs[key]) if key in self.refs else target

    def _remember(self, item: Item, live: LiveItem) -> None:
        written = item.fields if item.kind is not Kind.ANSWER else {**_UNMARKED, **item.fields}
        bases = {it: digest_field(item.kind, it, value) for it, value in written.items()}
        # Without a marker: somebody took off the one that the run had written.
        marked = live.marker.digests if live.marker else _marked(item)
        letters = {row.letter: row.field for row in rides_with_post(item.kind)}
        self.bindings[item.key] = Binding(
            item.key,
            live.ref,
            live.url,
            {it: Base(digest, digest) for it, digest in bases.items()},
            parent=live.parent,
            marked={letters[letter]: digest for letter, digest in marked.items()},
            protected=item.protected,
            author=live.facts.author,
        )

    def live(self, key: str) -> LiveItem:
        return self.posts[self.refs[Key(key)]]

    def edit(self, key: str, which: Field, value: Value) -> None:
        live = self.live(key)
        self.tags |= set(_names([value])) if which is Field.TAGS else set()
        self.alter(key, fields={**live.fields, which: value})

    def alter(self, key: str, **more: Any) -> None:
        live = self.live(key)
        self.posts[live.ref] = replace(live, **more)

    def delete(self, key: str) -> None:
        del self.posts[self.refs[Key(key)]]

    def stranger(self, number: int, title: str, kind: Kind = Kind.QUESTION, **more: Any) -> None:
        """Put a post on the site that is nobody's."""
        ref = Ref(kind, number)
        fields = {Field.TITLE: title, Field.TAGS: ("testing",), Field.BODY: text("As found.")}
        given = {"parent": None, "fields": fields, "facts": Facts(author=ANN), **more}
        self.posts[ref] = LiveItem(ref, url=SITE.address(ref), **given)

    def snapshot(self) -> Snapshot:
        return Snapshot(
            SITE,
            BOT,
            dict(self.posts),
            self.covered,
            tuple(sorted(self.tags)),
            self.synonyms,
            declared=dict(self.declared),
            people=self.people,
            denied=self.denied,
        )

    def ledger(self) -> Ledger:
        return Ledger(
            Lineage("lineage"),
            bindings=dict(self.bindings),
            open=self.open,
            rejected=self.rejected,
            exists=self.journal,
            authors=frozenset(self.authors),
        )

    def compare(self, *items: Item, **more: Any) -> Comparison:
        return compare(manifest(*items, **more), self.snapshot(), self.ledger())

    def plan(
        self, *items: Item, ability: Abilities = all_able, decisions: Any = None, **more: Any
    ) -> Plan:
        """Return the plan; *decisions* are those of the command line, the rest the manifest's."""
        return self.draw(manifest(*items, **more), Decisions(**(decisions or {})), ability)

    def draw(
        self,
        wanted: Manifest,
        decisions: Decisions = Decisions(),  # noqa: B008 - frozen
        ability: Abilities = all_able,
    ) -> Plan:
        return draw(wanted, self.snapshot(), self.ledger(), decisions, ability)


def draw(
    wanted: Manifest,
    snapshot: Snapshot,
    ledger: Ledger,
    decisions: Decisions = Decisions(),  # noqa: B008 - frozen
    ability: Abilities = all_able,
    texts: Mapping[Digest, Value] = NO_TEXTS,
) -> Plan:
    return make_plan(
        wanted,
        compare(wanted, snapshot, ledger),
        snapshot,
        ledger,
        team="acme",
        decisions=decisions,
        ability=ability,
        rates=RATES,
        texts=texts,
    )


def _marked(item: Item) -> Mapping[str, Any]:
    return {
        row.letter: shorten(digest_field(item.kind, row.field, item.fields[row.field]))
        for row in fields_of(item.kind)
        if row.letter and row.field in item.fields
    }


def _names(values: Iterable[Value]) -> Iterable[str]:
    return (name for value in values if isinstance(value, tuple) for name in value)


def ids(plan: Plan) -> list[str]:
    return [change.id for change in plan.changes]


def codes(plan: Plan) -> dict[Key | None, BlockedCode]:
    """Return what each blocked key waits for; no key waits twice."""
    found = {it.key: it.code for it in plan.blocked}
    assert len(found) == len(plan.blocked), plan.blocked
    return found


def only_blocked(plan: Plan) -> Blocked:
    assert plan.changes == ()
    (blocked,) = plan.blocked
    return blocked


def nothing_to_do(plan: Plan) -> bool:
    return not (plan.changes or plan.drift or plan.orphans or plan.blocked or plan.manual)


def an_operation(key: str, change: str, kind: Kind, *fields: FieldDigests) -> Operation:
    return Operation(
        RunId("run"),
        ChangeId(change),
        1,
        "request",
        Key(key),
        kind,
        Verb.UPDATE,
        State.REJECTED,
        fields,
        evidence="too long",
    )


__all__ = [
    "ANN",
    "BOB",
    "BOT",
    "HERE",
    "NEWER",
    "POSTS",
    "SITE",
    "Known",
    "Scene",
    "all_able",
    "an_operation",
    "answer",
    "article",
    "codes",
    "collection",
    "draw",
    "having",
    "ids",
    "manifest",
    "nothing_to_do",
    "only_blocked",
    "question",
    "removed",
    "tag",
    "text",
    "unable",
    "without",
]
