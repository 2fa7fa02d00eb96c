"""What of an edit on the site is taken in, what is merged, and what waits for a person."""

from __future__ import annotations

from typing import Any

import pytest

from importer.model.fields import Value
from importer.model.ids import Field, Key, Kind, Ref
from importer.model.ledger import Base, Binding
from importer.model.manifest import Item, OnDrift, Policy
from importer.model.pulling import Taken
from importer.planning.baseline import digest_field, digest_of_ours
from importer.planning.pulling import Choice, Intake, Pulled, pull, stale_seen
from importer.text.digests import shorten
from tests.planning.stage import Known, Scene, answer, having, question, tag, text

BASE = text("The first paragraph is here.\n\nThe second one.\n\nThe third one is the last.")
OURS = text("The first paragraph is ours.\n\nThe second one.\n\nThe third one is the last.")
LIVE = text("The first paragraph is here.\n\nThe second one.\n\nThe third one was edited.")
BOTH = text("The first paragraph is ours.\n\nThe second one.\n\nThe third one was edited.")
SAME = text("The first paragraph is theirs.\n\nThe second one.\n\nThe third one is the last.")


def pulled(
    scene: Scene,
    *items: Item,
    texts: tuple[Value, ...] = (BASE,),
    policy: Policy = Policy(),  # noqa: B008 - frozen
    unresolved: frozenset[Key] = frozenset(),
    **choice: Any,
) -> Pulled:
    known = {digest_field(Kind.QUESTION, Field.BODY, it): it for it in texts}
    return pull(scene.compare(*items), known, Choice(**choice), policy, unresolved)


def edited(
    ours: Value = BASE, live: Value = LIVE, known: Known = Known.BOTH, **more: Any
) -> tuple[Scene, Item]:
    """A question that was published with BASE, and what both sides made of it."""
    scene = Scene()
    item = having(question("one"), Field.BODY, BASE)
    scene.publish(item, known=known)
    scene.edit("one", Field.BODY, live)
    fields = {**item.fields, Field.BODY: ours}
    return scene, Item(item.key, item.kind, item.span, fields, **more)


def one(found: Pulled) -> Intake:
    (intake,) = found.intakes
    return intake


def seen(value: Value) -> str:
    return shorten(digest_field(Kind.QUESTION, Field.BODY, value))


@pytest.mark.parametrize(
    ("ours", "live", "known", "how", "wanted"),
    [
        pytest.param(BASE, LIVE, Known.BOTH, Taken.TAKEN, LIVE, id="the site alone moved"),
        pytest.param(BASE, LIVE, Known.MARKER, Taken.TAKEN, LIVE, id="told by the marker"),
        pytest.param(OURS, LIVE, Known.BOTH, Taken.MERGED, BOTH, id="both, apart"),
        pytest.param(OURS, SAME, Known.BOTH, Taken.CONFLICT, None, id="both, in one place"),
        pytest.param(BASE, LIVE, Known.NOTHING, Taken.CONFLICT, None, id="nobody knows"),
    ],
)
def test_what_becomes_of_a_field(
    ours: Value, live: Value, known: Known, how: Taken, wanted: Value | None
) -> None:
    found = one(pulled(*edited(ours, live, known)))
    assert (found.how, found.wanted) == (how, wanted)
    assert found.seen == (seen(live) if wanted else None)


@pytest.mark.parametrize(
    ("ours", "live"),
    [
        pytest.param(OURS, BASE, id="ours alone moved"),
        pytest.param(BASE, BASE, id="nobody moved"),
        pytest.param(LIVE, LIVE, id="they are equal"),
    ],
)
def test_there_is_nothing_to_take_in_where_the_site_did_not_move(ours: Value, live: Value) -> None:
    assert pulled(*edited(ours, live)).intakes == ()


def test_a_text_that_is_not_known_cannot_be_merged() -> None:
    found = one(pulled(*edited(OURS, LIVE), texts=()))
    assert found.how is Taken.CONFLICT
    assert "isn't known" in found.why


def test_a_person_decides_by_key() -> None:
    taken = one(pulled(*edited(OURS, SAME), take_site=("o*",)))
    assert (taken.how, taken.wanted, taken.seen) == (Taken.TAKEN, SAME, seen(SAME))
    kept = one(pulled(*edited(OURS, SAME), keep_ours=("one",)))
    assert (kept.how, kept.wanted, kept.seen) == (Taken.KEPT, None, seen(SAME))
    other = one(pulled(*edited(OURS, SAME), keep_ours=("two",), take_site=("two",)))
    assert other.how is Taken.CONFLICT
    assert pulled(*edited(), only=("two",)).intakes == ()


@pytest.mark.parametrize("where", ["item", "policy"])
def test_where_the_manifest_goes_over_edits_they_are_left(where: str) -> None:
    own: dict[str, Any] = {"on_drift": OnDrift.OVERWRITE} if where == "item" else {}
    policy = Policy(on_drift=OnDrift.OVERWRITE) if where == "policy" else Policy()
    assert one(pulled(*edited(**own), policy=policy)).how is Taken.LEFT
    asked = one(pulled(*edited(**own), policy=policy, take_site=("one",)))
    assert asked.how is Taken.TAKEN


def test_an_item_that_says_keep_goes_before_the_policy() -> None:
    policy = Policy(on_drift=OnDrift.OVERWRITE)
    assert one(pulled(*edited(on_drift=OnDrift.KEEP), policy=policy)).how is Taken.TAKEN


def test_a_conflict_holds_back_the_whole_item_and_no_other() -> None:
    scene, item = edited(OURS, SAME)
    scene.edit("one", Field.TITLE, "What is the tale of one?")
    other = question("two")
    scene.publish(other)
    scene.edit("two", Field.TITLE, "What is the tale of two?")
    found = {(it.item.key, it.field): it.how for it in pulled(scene, item, other).intakes}
    assert found == {
        ("one", Field.TITLE): Taken.LEFT,
        ("one", Field.BODY): Taken.CONFLICT,
        ("two", Field.TITLE): Taken.TAKEN,
    }


def test_what_may_be_our_own_write_is_left() -> None:
    found = one(pulled(*edited(), unresolved=frozenset({Key("one")})))
    assert (found.how, found.wanted) == (Taken.LEFT, None)
    assert "apply" in found.why


def test_markers_hold_both_versions() -> None:
    found = one(pulled(*edited(OURS, SAME), marks=True))
    assert found.how is Taken.MARKED
    assert found.wanted == text(
        "<<<<<<< manifest\nThe first paragraph is ours.\n||||||| last published\n"
        "The first paragraph is here.\n=======\nThe first paragraph is theirs.\n>>>>>>> site\n\n"
        "The second one.\n\nThe third one is the last."
    )
    blind = one(pulled(*edited(OURS, SAME), marks=True, texts=()))
    assert blind.wanted == text(
        "<<<<<<< manifest\nThe first paragraph is ours.\n=======\n"
        "The first paragraph is theirs.\n>>>>>>> site\n\n"
        "The second one.\n\nThe third one is the last."
    )


def test_a_title_in_conflict_has_no_room_for_markers() -> None:
    scene = Scene()
    scene.publish(question("one"))
    scene.edit("one", Field.TITLE, "What is the tale of one?")
    ours = having(question("one"), Field.TITLE, "What is the legend of one?")
    assert one(pulled(scene, ours, marks=True)).how is Taken.CONFLICT


def test_a_mark_goes_from_one_answer_to_another() -> None:
    scene = Scene()
    first = having(answer("one#a"), Field.ACCEPTED, True)
    items = (question("one"), first, answer("one#b"))
    scene.publish(*items)
    scene.edit("one#a", Field.ACCEPTED, False)
    scene.edit("one#b", Field.ACCEPTED, True)
    found = {it.item.key: (it.how, it.wanted, it.seen) for it in pulled(scene, *items).intakes}
    assert found == {"one#a": (Taken.TAKEN, False, None), "one#b": (Taken.TAKEN, True, None)}


def test_an_expert_that_somebody_took_away_goes_and_no_other_comes() -> None:
    scene = Scene()
    item = tag("testing", experts=("user:7", "user:8"), adds=(Field.EXPERTS,))
    written = digest_of_ours(item, Field.EXPERTS)
    base = {Field.EXPERTS: Base(written, written)}
    scene.bindings[item.key] = Binding(item.key, Ref(Kind.TAG, 500), "", base)
    scene.known_tag("testing", experts=("user:8", "user:9"))
    found = one(pulled(scene, item))
    assert (found.how, found.wanted, found.seen) == (Taken.TAKEN, ("user:8",), None)


@pytest.mark.parametrize("description", ["", "Another one."])
def test_a_description_that_no_api_writes_is_left(description: str) -> None:
    scene = Scene()
    scene.known_tag("testing", description=description)
    found = pulled(scene, tag("testing", description="What is tested."))
    assert [it.how for it in found.intakes] == ([Taken.LEFT] if description else [])


@pytest.mark.parametrize(("live", "stale"), [(BASE, True), (LIVE, False)])
def test_what_the_marker_says_needs_no_note(live: Value, stale: bool) -> None:
    scene, item = edited(OURS, live, seen={Field.BODY: seen(live)})
    (pair,) = scene.compare(item).pairs
    assert stale_seen(pair) == ((Field.BODY,) if stale else ())
