"""Which posts need no reading, and what stands in for them where they were not read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from importer.model.fields import Value
from importer.model.ids import Field, FullKey, Key, Kind, Ref
from importer.model.ledger import Base, Ledger
from importer.model.live import Known, LiveItem, Same
from importer.model.manifest import Item
from importer.model.plan import Moved
from importer.planning.baseline import UNSET, digest_field, stamp_of
from importer.planning.compare import compare
from importer.planning.quiet import known_of, quiet_items, with_unseen
from tests.planning.stage import BOT, Scene, article, draw, having, ids, text
from tests.stage import answer, manifest, question

ONE, A, B, TWO = question("one"), answer("one#a", accepted=True), answer("one#b"), question("two")
ITEMS = (ONE, A, B, TWO)


def a_scene(*items: Item) -> Scene:
    """A team as a run over v3 left it: each binding remembers how its post looked."""
    scene = Scene()
    scene.publish(*(items or ITEMS))
    for key, binding in scene.bindings.items():
        scene.bindings[key] = replace(binding, stamp=f"v3:{key}@1")
    return scene


def quiet(scene: Scene, *items: Item, **more: Any) -> set[str]:
    found = quiet_items(manifest(*items, **more), scene.ledger())
    assert all(scene.bindings[item.key].ref == ref for ref, item in found.items())
    return {item.key for item in found.values()}


def all_of(*items: Item) -> set[str]:
    return {it.key for it in items}


def test_what_neither_side_touched_is_quiet() -> None:
    assert quiet(a_scene(), *ITEMS) == all_of(*ITEMS)


@pytest.mark.parametrize(
    ("moved", "left"),
    [
        pytest.param(having(A, Field.BODY, text("Another text.")), {"two"}, id="an answer's text"),
        pytest.param(having(ONE, Field.TITLE, "Another title"), {"two"}, id="its question's title"),
        pytest.param(having(B, Field.ACCEPTED, True), {"two"}, id="a mark"),
        pytest.param(having(TWO, Field.TAGS, ("other",)), {"one", "one#a", "one#b"}, id="tags"),
        pytest.param(replace(TWO, remote_id=7), {"one", "one#a", "one#b"}, id="bound by id"),
        pytest.param(
            replace(TWO, was=(FullKey("handbook:old"),)), {"one", "one#a", "one#b"}, id="renamed"
        ),
    ],
)
def test_a_question_and_its_answers_are_quiet_together_or_not_at_all(
    moved: Item, left: set[str]
) -> None:
    items = [moved if it.key == moved.key else it for it in ITEMS]
    assert quiet(a_scene(), *items) == left


def test_what_is_new_stirs_its_question() -> None:
    assert quiet(a_scene(), *ITEMS, answer("one#c")) == {"two"}


def test_what_the_manifest_lost_stirs_its_question() -> None:
    """It may be to be deleted; so may the answers of a question that is gone."""
    assert quiet(a_scene(), ONE, A, TWO) == {"two"}
    assert quiet(a_scene(), TWO) == {"two"}


def test_without_a_stamp_nothing_is_quiet() -> None:
    """A kept drift leaves none: what differed from a base is read every time."""
    scene = a_scene()
    scene.bindings[Key("one#b")] = replace(scene.bindings[Key("one#b")], stamp="")
    assert quiet(scene, *ITEMS) == {"two"}
    assert Ref(Kind.ANSWER, 3) not in known_of(scene.bindings.values())


def test_without_a_journal_nothing_is_quiet() -> None:
    assert quiet_items(manifest(*ITEMS), Ledger(a_scene().ledger().lineage)) == {}


def test_a_field_that_was_never_agreed_on_is_not_quiet() -> None:
    scene = a_scene()
    binding = scene.bindings[Key("two")]
    bases: dict[Field, Base] = {
        field: base for field, base in binding.base.items() if field is not Field.TAGS
    }
    scene.bindings[Key("two")] = replace(binding, base=bases)
    assert "two" not in quiet(scene, *ITEMS)
    less = replace(TWO, fields={it: TWO.fields[it] for it in (Field.TITLE, Field.BODY)})
    assert "two" in quiet(scene, ONE, A, B, less), "the control: a field left to the site"


# What is known of them


def test_a_mark_is_known_as_it_was_agreed_on() -> None:
    known = known_of(a_scene().bindings.values())
    page = Ref(Kind.QUESTION, 1)
    assert known[page] == Known("v3:one@1")
    assert known[Ref(Kind.ANSWER, 2)] == Known("v3:one#a@1", page, accepted=True)
    assert known[Ref(Kind.ANSWER, 3)] == Known("v3:one#b@1", page, accepted=False)


# What a stamp may say


def changed(live: LiveItem, which: Field, value: Value) -> LiveItem:
    return replace(live, fields={**live.fields, which: value})


@pytest.mark.parametrize(
    ("which", "value"),
    [
        (Field.BODY, text("Somebody's own words.")),
        (Field.TITLE, "Somebody's own title"),
        (Field.TAGS, ("other",)),
    ],
)
def test_no_stamp_is_kept_of_a_post_that_differs_from_a_base(which: Field, value: Value) -> None:
    scene = a_scene()
    bases = scene.bindings[Key("two")].base
    live = replace(scene.live("two"), stamp="v3:now")
    assert stamp_of(live, bases) == "v3:now"
    assert stamp_of(changed(live, which, value), bases) == ""


def test_no_stamp_is_kept_of_a_mark_that_differs_from_its_base() -> None:
    scene = a_scene()
    live = replace(scene.live("one#a"), stamp="v3:now")
    moved = changed(live, Field.ACCEPTED, False)
    assert stamp_of(moved, scene.bindings[Key("one#a")].base) == ""


def test_a_stamp_is_kept_of_what_the_server_rewrote() -> None:
    scene = a_scene()
    served = text("As the server keeps it.")
    base = scene.bindings[Key("two")].base
    kept = Base(base[Field.BODY].ours, digest_field(Kind.QUESTION, Field.BODY, served))
    live = replace(changed(scene.live("two"), Field.BODY, served), stamp="v3:now")
    assert stamp_of(live, {**base, Field.BODY: kept}) == "v3:now"


# What stands in for them


def unread(scene: Scene, *keys: str) -> Any:
    """The snapshot of a reading in which these posts looked as they did."""
    snapshot = scene.snapshot()
    same = {scene.refs[Key(key)]: Same(scene.refs[Key(key)]) for key in keys}
    return replace(snapshot, items={**snapshot.items, **same})


def filled(scene: Scene, *items: Item, keys: tuple[str, ...]) -> Any:
    ledger = scene.ledger()
    wanted = manifest(*items)
    return with_unseen(unread(scene, *keys), quiet_items(wanted, ledger), ledger, wanted.namespace)


def test_what_was_not_read_says_what_its_item_says() -> None:
    scene = a_scene()
    keys = tuple(it.key for it in ITEMS)
    snapshot = filled(scene, *ITEMS, keys=keys)
    assert snapshot.unread == frozenset(scene.refs.values())
    comparison = compare(manifest(*ITEMS), snapshot, scene.ledger())
    assert {it.item.key for it in comparison.pairs if it.live is not None} == set(keys)
    moved = {who for pair in comparison.pairs for who in pair.moved.values()}
    assert moved == {Moved.EQUAL}
    for pair in comparison.pairs:
        assert pair.live is not None
        live = scene.live(pair.item.key)
        assert (pair.live.ref, pair.live.parent, pair.live.url) == (live.ref, live.parent, live.url)
        assert pair.live.marker == live.marker
        assert pair.live.facts.author == BOT
        assert pair.live.facts.engaged_by_others, "nobody looked: what is to be deleted is read"


def test_what_was_not_read_stays_bound_as_it_was() -> None:
    scene = a_scene()
    snapshot = filled(scene, *ITEMS, keys=tuple(it.key for it in ITEMS))
    plan = draw(manifest(*ITEMS), snapshot, scene.ledger())
    assert (ids(plan), plan.drift, plan.blocked) == ([], (), ())
    assert plan.bindings == (), "nothing new is to be remembered"


def test_what_looks_as_it_did_but_is_not_quiet_stays_unknown() -> None:
    """The reader is told of quiet posts alone; another's word for Same is not made up."""
    scene = a_scene()
    moved = having(TWO, Field.TITLE, "Another title than before")
    snapshot = filled(scene, ONE, A, B, moved, keys=("two",))
    assert isinstance(snapshot.items[scene.refs[Key("two")]], Same)


def test_an_answer_that_is_gone_is_not_made_up() -> None:
    scene = a_scene()
    scene.delete("one#b")
    snapshot = filled(scene, *ITEMS, keys=("one", "one#a", "two"))
    assert Ref(Kind.ANSWER, 3) not in snapshot.items


def test_the_tags_of_what_was_not_read_go_by_their_masters() -> None:
    item = having(TWO, Field.TAGS, ("k8s",))
    scene = a_scene(item)
    scene.synonyms["k8s"] = "kubernetes"
    snapshot = filled(scene, item, keys=("two",))
    pair = compare(manifest(item), snapshot, scene.ledger()).pairs[0]
    assert pair.moved[Field.TAGS] is Moved.EQUAL


def test_a_mark_that_nobody_asks_for_is_no_mark() -> None:
    scene = a_scene()
    snapshot = filled(scene, *ITEMS, keys=("one", "one#a", "one#b"))
    live = snapshot.items[scene.refs[Key("one#b")]]
    assert live.fields.get(Field.ACCEPTED, False) is False
    assert scene.bindings[Key("one#b")].base[Field.ACCEPTED].ours == UNSET


def test_an_article_is_quiet_by_itself() -> None:
    leave, trips = article("leave"), article("trips")
    scene = a_scene(leave, trips)
    assert quiet(scene, leave, having(trips, Field.TYPE, "announcement")) == {"leave"}
