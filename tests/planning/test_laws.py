"""Laws: the same inputs give the same bytes, needs go first, and only closures matter."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from hypothesis import given, settings
from hypothesis import strategies as st

from importer.model.fields import Value, targets_of
from importer.model.ids import (
    Field,
    FullKey,
    Key,
    Kind,
    Verb,
    key_of_target,
    parent_key,
    target_of_key,
)
from importer.model.ledger import Ledger
from importer.model.live import Facts, LiveItem, Snapshot
from importer.model.manifest import Fate, Item, Manifest, OnDrift, Policy
from importer.model.plan import Change, Decisions, Plan, Reason
from importer.planning.plan_file import plan_bytes
from importer.text.links import Text
from tests.planning.stage import (
    ANN,
    BOT,
    Known,
    Scene,
    answer,
    article,
    collection,
    draw,
    having,
    manifest,
    question,
    removed,
    text,
)

KEYS = ("a", "a#x", "a#y", "b", "c", "c#x", "d", "d#x", "e", "p", "s")
ARTICLES, COLLECTIONS = ("p",), ("s",)
MEMBERS = ("a", "e", "p")
TAGS = ("testing", "git", "gits", "python", "k8s")
_K = TypeVar("_K")
_V = TypeVar("_V")


@st.composite
def _values(draw_: st.DrawFn, item: Item) -> Item:
    """Return *item* with one field said otherwise."""
    if item.kind is Kind.ANSWER and draw_(st.booleans()):
        return having(item, Field.ACCEPTED, True)
    which = draw_(st.sampled_from(_FIELDS[item.kind]))
    return having(item, which, draw_(_value(which, item.key)))


_FIELDS = {
    Kind.QUESTION: (Field.TITLE, Field.TAGS, Field.BODY),
    Kind.ANSWER: (Field.BODY,),
    Kind.ARTICLE: (Field.TITLE, Field.TAGS, Field.BODY, Field.TYPE, Field.PERMISSIONS),
    Kind.COLLECTION: (Field.TITLE, Field.BODY, Field.ITEMS),
}


def _new(key: str) -> Item:
    if key in ARTICLES:
        return article(key)
    if key in COLLECTIONS:
        return collection(key, *MEMBERS)
    return answer(key) if "#" in key else question(key)


def _value(which: Field, key: str) -> st.SearchStrategy[Value]:
    match which:
        case Field.TITLE:
            return st.sampled_from([f"What is new with {key}?", "What do they all ask for?"])
        case Field.TAGS:
            names = st.frozensets(st.sampled_from(TAGS), min_size=1, max_size=2)
            return names.map(lambda it: tuple(sorted(it)))
        case Field.TYPE:
            return st.sampled_from(["policy", "announcement"])
        case Field.PERMISSIONS:
            return st.sampled_from([("everyone",), ("specific-editors", "user:7")])
        case Field.ITEMS:
            some = st.lists(st.sampled_from(MEMBERS), unique=True, min_size=1)
            return some.map(lambda it: tuple(target_of_key(Key(to)) for to in it))
        case _:
            links = st.frozensets(st.sampled_from(KEYS), max_size=2)
            return links.map(
                lambda it: text(
                    "\n".join(["It is so.", *(f"[{to}](key:{to})" for to in sorted(it))])
                )
            )


@st.composite
def worlds(draw_: st.DrawFn) -> tuple[Scene, Manifest, Decisions]:
    """A team, partly written by us and edited by people, and what an author wants of it now."""
    scene = Scene(synonyms={"k8s": "kubernetes"})
    items = {key: _new(key) for key in KEYS}
    there = [key for key in KEYS if draw_(st.integers(0, 3)) and _has_parent(scene, key)]
    for key in there:
        items[key] = draw_(_values(items[key]))
        if _has_parent(scene, key):
            number = draw_(st.integers(1, 9)) * 20 + KEYS.index(key)
            known = draw_(st.sampled_from([*Known, Known.BOTH, Known.BOTH]))
            facts = Facts(BOT, engaged_by_others=draw_(st.booleans()))
            scene.publish(items[key], number=number, known=known, facts=facts)
    for key in draw_(st.frozensets(st.sampled_from(KEYS), max_size=3)):
        _act(draw_, scene, items[key])
    for number in draw_(st.frozensets(st.integers(900, 903), max_size=2)):
        scene.stranger(number, "What do they all ask for?")
    wanted = [draw_(_author(item)) for item in items.values()]
    return scene, draw_(_manifest(wanted)), draw_(_decisions())


def _has_parent(scene: Scene, key: str) -> bool:
    parent = parent_key(Key(key))
    return parent is None or parent in scene.refs


def _act(draw_: st.DrawFn, scene: Scene, item: Item) -> None:
    """Let a person edit, delete or copy what is there."""
    ref = scene.refs.get(item.key)
    if ref not in scene.posts:
        return
    match draw_(st.sampled_from(["edit", "edit", "delete", "copy", "strip"])):
        case "edit":
            theirs = draw_(_values(item))
            for which, value in theirs.fields.items():
                if not isinstance(value, Text) and which is not Field.ITEMS:
                    scene.edit(item.key, which, value)
        case "delete":
            scene.delete(item.key)
        case "copy":
            copy = replace(ref, id=ref.id + 500)
            scene.posts[copy] = replace(scene.live(item.key), ref=copy, facts=Facts(ANN))
        case _:
            scene.alter(item.key, marker=None)


@st.composite
def _author(draw_: st.DrawFn, item: Item) -> Item | None:
    match draw_(st.sampled_from(["same", "same", "edit", "edit", "drop", "overwrite", "was"])):
        case "edit":
            return draw_(_values(item))
        case "drop":
            return None
        case "overwrite":
            return replace(item, on_drift=OnDrift.OVERWRITE)
        case "was":
            return replace(item, was=(FullKey("handbook:old"),))
        case _:
            return item


@st.composite
def _manifest(draw_: st.DrawFn, wanted: list[Item | None]) -> Manifest:
    items = [item for item in wanted if item is not None]
    named = {item.key for item in items}
    items = [item for item in items if item.parent is None or item.parent in named]
    dropped = [key for key in KEYS if Key(key) not in {item.key for item in items}]
    fates = st.dictionaries(st.sampled_from(dropped), st.sampled_from(Fate), max_size=2)
    gone = draw_(fates) if dropped else {}
    policy = Policy(
        on_drift=draw_(st.sampled_from([OnDrift.KEEP, OnDrift.KEEP, OnDrift.OVERWRITE])),
        prune=draw_(st.booleans()),
    )
    publishers = draw_(st.sampled_from([(), (BOT,)]))
    return manifest(
        *items,
        removed=tuple(removed(key, fate) for key, fate in gone.items()),
        policy=policy,
        publishers=publishers,
    )


def _decisions() -> st.SearchStrategy[Decisions]:
    return st.builds(
        Decisions,
        limit=st.none() | st.integers(1, 4),
        max_updates=st.none() | st.just("1"),
        delete_engaged=st.booleans(),
    )


# The same inputs, the same bytes.


def _shuffled(chance: random.Random, pairs: Mapping[_K, _V]) -> dict[_K, _V]:
    found = list(pairs.items())
    chance.shuffle(found)
    return dict(found)


def _reread(chance: random.Random, snapshot: Snapshot) -> Snapshot:
    """The same team, answered for in another order."""
    items = {
        ref: _retold(chance, it) if isinstance(it, LiveItem) else it
        for ref, it in _shuffled(chance, snapshot.items).items()
    }
    tags = list(snapshot.tags)
    chance.shuffle(tags)
    return replace(
        snapshot,
        items=items,
        tags=tuple(tags),
        synonyms=_shuffled(chance, snapshot.synonyms),
        covered=frozenset(sorted(snapshot.covered, reverse=chance.random() < 0.5)),
    )


def _retold(chance: random.Random, live: LiveItem) -> LiveItem:
    marker = live.marker
    if marker is not None:
        marker = replace(marker, digests=_shuffled(chance, marker.digests))
    return replace(live, fields=_shuffled(chance, live.fields), marker=marker)


def _remembered(chance: random.Random, ledger: Ledger) -> Ledger:
    bindings = {
        key: replace(it, base=_shuffled(chance, it.base), marked=_shuffled(chance, it.marked))
        for key, it in _shuffled(chance, ledger.bindings).items()
    }
    return replace(ledger, bindings=bindings)


def _reworded(chance: random.Random, wanted: Manifest) -> Manifest:
    items = tuple(replace(it, fields=_shuffled(chance, it.fields)) for it in wanted.items)
    gone = list(wanted.removed)
    chance.shuffle(gone)
    return replace(wanted, items=items, removed=tuple(gone))


@given(worlds(), st.randoms(use_true_random=False))
@settings(max_examples=40)
def test_shuffled_input_gives_the_same_plan_bytes(
    world: tuple[Scene, Manifest, Decisions], chance: random.Random
) -> None:
    scene, wanted, decisions = world
    snapshot, ledger = scene.snapshot(), scene.ledger()
    expected = draw(wanted, snapshot, ledger, decisions)
    again = draw(
        _reworded(chance, wanted),
        _reread(chance, snapshot),
        _remembered(chance, ledger),
        decisions,
    )
    assert plan_bytes(again) == plan_bytes(expected)
    assert again == expected


def test_the_fields_of_an_item_come_in_the_tables_order() -> None:
    """An example for the law above: two drifted fields, said the other way round."""
    scene = Scene()
    one = question("one")
    scene.publish(one)
    scene.edit("one", Field.TITLE, "A title of a person's making")
    scene.edit("one", Field.BODY, text("A body of a person's making."))
    turned = replace(one, fields=dict(reversed(list(one.fields.items()))))
    edited = [having(it, Field.BODY, text("Our body.")) for it in (one, turned)]
    for first, second in ((one, turned), edited):
        plans = [scene.draw(replace(manifest(one), items=(it,))) for it in (first, second)]
        assert plan_bytes(plans[0]) == plan_bytes(plans[1])
        assert next(it.field for it in plans[1].drift) is Field.TITLE


# Needs go first.


@given(worlds())
@settings(max_examples=50)
def test_every_change_comes_once_after_what_it_needs(
    world: tuple[Scene, Manifest, Decisions],
) -> None:
    scene, wanted, decisions = world
    plan = scene.draw(wanted, decisions)
    names = [change.id for change in plan.changes]
    assert len(set(names)) == len(names)
    come: set[str] = set()
    pairs = scene.compare(*wanted.items, **_rest(wanted)).pairs
    there = {it.item.key for it in pairs if it.live}
    there |= {it.key for it in plan.changes if it.ref is not None}
    for change in plan.changes:
        assert come >= set(change.needs)
        assert all(key in there for key in _leads_to(change) if key != change.key)
        assert change.parent is None or change.parent in there
        come.add(change.id)
        there.add(change.key)
    kinds = [change.verb == "delete" for change in plan.changes]
    assert kinds == sorted(kinds)


def _rest(wanted: Manifest) -> dict[str, Any]:
    return {
        "removed": wanted.removed,
        "policy": wanted.policy,
        "publishers": wanted.publishers,
    }


def _leads_to(change: Change) -> Iterable[Key]:
    for it in change.fields:
        yield from filter(None, map(key_of_target, targets_of(it.field, it.after)))


@given(worlds())
@settings(max_examples=50)
def test_nothing_is_both_changed_and_waiting_and_no_human_edit_is_written_over_unasked(
    world: tuple[Scene, Manifest, Decisions],
) -> None:
    scene, wanted, decisions = world
    plan = scene.draw(wanted, decisions)
    kept = {(it.key, it.field) for it in plan.drift}
    sides = {(it.key, side.field) for it in plan.blocked for side in it.sides}
    written = {(it.key, field.field) for it in plan.changes for field in it.fields}
    assert not written & (kept | sides)
    own = {item.key for item in wanted.items if item.on_drift is OnDrift.OVERWRITE}
    for change in plan.changes:
        if change.reason is Reason.OVERWRITE:
            assert wanted.policy.on_drift is OnDrift.OVERWRITE or change.key in own


# Locality: only titles, tag names and link targets cross items.


def _closure(start: Key, wanted: Manifest) -> frozenset[Key]:
    """Return the whole question of *start*, and of all that its texts lead to."""
    by_question: dict[Key, list[Item]] = {}
    for item in wanted.items:
        by_question.setdefault(parent_key(item.key) or item.key, []).append(item)
    found: set[Key] = set()
    todo = [parent_key(start) or start]
    while todo:
        question_ = todo.pop()
        if question_ in found:
            continue
        found.add(question_)
        for item in by_question.get(question_, ()):
            for which, stated in item.fields.items():
                keys = filter(None, map(key_of_target, targets_of(which, stated)))
                todo += [parent_key(key) or key for key in keys]
    return frozenset(found)


def _sets(plan: Plan) -> dict[str, frozenset[str]]:
    """Return what a plan says of its items, order and brought tags aside.

    A deletion also waits for what takes links to it away, as far as that is in the same plan.
    """

    def alone(change: Change) -> Change:
        needs = () if change.verb is Verb.DELETE else change.needs
        return replace(change, brings_tags=(), needs=needs)

    return {
        "changes": frozenset(repr(alone(it)) for it in plan.changes),
        "drift": frozenset(map(repr, plan.drift)),
        "orphans": frozenset(map(repr, plan.orphans)),
        "blocked": frozenset(repr(it) for it in plan.blocked if it.key is not None),
        "bindings": frozenset(map(repr, plan.bindings)),
        "released": frozenset(plan.released),
        "new_tags": frozenset(plan.new_tags),
    }


@given(worlds())
@settings(max_examples=40)
def test_a_plan_over_everything_is_the_union_over_closures(
    world: tuple[Scene, Manifest, Decisions],
) -> None:
    """Guards and --limit look at the whole by their nature, and are left out."""
    scene, wanted, decisions = world
    decisions = replace(decisions, limit=None, max_updates="100%")
    whole = _sets(scene.draw(wanted, decisions))
    union: dict[str, frozenset[str]] = dict.fromkeys(whole, frozenset())
    keys = [item.key for item in wanted.items] + [Key(key) for key in KEYS]
    for closure in {_closure(key, wanted) for key in keys}:
        part = _sets(scene.draw(wanted, replace(decisions, only=tuple(sorted(closure)))))
        union = {name: found | part[name] for name, found in union.items()}
    assert union == whole
