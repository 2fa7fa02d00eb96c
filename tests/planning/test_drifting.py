"""What the drift report says of each field that moved on the site, and of nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from importer.model.drift import DriftedField, DriftReport, Fate
from importer.model.ids import Field, UserId
from importer.model.live import Facts
from importer.model.manifest import OnDrift, Policy
from importer.model.plan import Decisions, LastEdit
from importer.planning.baseline import digest_field
from importer.planning.drifting import find_drift
from importer.text.digests import shorten
from tests.planning.stage import (
    BOT,
    SITE,
    Known,
    Scene,
    answer,
    having,
    manifest,
    question,
    tag,
    text,
)

if TYPE_CHECKING:
    from importer.model.manifest import Item

BASE = text("The first paragraph is here.\n\nThe second one.\n\nThe third one.")
OURS = text("The first paragraph is ours.\n\nThe second one.\n\nThe third one.")
LIVE = text("The first paragraph is here.\n\nThe second one.\n\nThe third one, there.")
BOTH = text("The first paragraph is ours.\n\nThe second one.\n\nThe third one, there.")
TOUCHING = text("The first paragraph is theirs.\n\nThe second one.\n\nThe third one.")


def scene_of(known: Known = Known.BOTH) -> tuple[Scene, Item]:
    scene, item = Scene(), having(question("one"), Field.BODY, BASE)
    scene.publish(item, known=known)
    return scene, item


def drift_of(scene: Scene, *items: Item, only: tuple[str, ...] = (), **more: Any) -> DriftReport:
    digest = digest_field(items[0].kind, Field.BODY, BASE)
    return find_drift(
        manifest(*items, **more),
        scene.compare(*items, **more),
        {digest: BASE},
        Decisions(only=only),
        team="acme",
        site=SITE,
    )


@pytest.mark.parametrize(
    ("live", "ours", "fate"),
    [
        pytest.param(BASE, BASE, None, id="neither moved"),
        pytest.param(BASE, OURS, None, id="ours moved"),
        pytest.param(OURS, OURS, None, id="equal"),
        pytest.param(LIVE, BASE, Fate.KEPT, id="live moved"),
        pytest.param(LIVE, OURS, Fate.MERGED, id="both moved, apart"),
        pytest.param(LIVE, BOTH, None, id="ours has all of it"),
        pytest.param(BOTH, OURS, Fate.KEPT, id="the site has all of ours"),
        pytest.param(TOUCHING, OURS, Fate.CONFLICT, id="both moved, in one line"),
    ],
)
def test_each_field_has_the_fate_that_the_next_apply_gives_it(
    live: Any, ours: Any, fate: Fate | None
) -> None:
    scene, item = scene_of()
    scene.edit("one", Field.BODY, live)
    wanted = having(item, Field.BODY, ours)
    assert [it.fate for it in drift_of(scene, wanted).items] == ([fate] if fate else [])
    overwrite = drift_of(scene, wanted, policy=Policy(on_drift=OnDrift.OVERWRITE)).items
    assert [it.fate for it in overwrite] == ([Fate.OVERWRITTEN] if fate else [])


def test_a_conflict_has_all_three_sides_and_the_digest_that_decides_it() -> None:
    scene, item = scene_of()
    scene.edit("one", Field.BODY, TOUCHING)
    (found,) = drift_of(scene, having(item, Field.BODY, OURS)).items
    assert found.fields == (DriftedField(Field.BODY, OURS, TOUCHING, BASE, None),)
    assert found.seen == f"seen: {{body: {shorten(digest_field(item.kind, Field.BODY, TOUCHING))}}}"


def test_without_a_base_a_difference_is_of_unknown_origin() -> None:
    scene, item = scene_of(Known.NOTHING)
    scene.edit("one", Field.BODY, LIVE)
    (found,) = drift_of(scene, having(item, Field.BODY, OURS)).items
    assert (found.fate, found.fields[0].base) == (Fate.NO_BASE, None)
    itself = replace(having(item, Field.BODY, OURS), on_drift=OnDrift.OVERWRITE)
    assert [it.fate for it in drift_of(scene, itself).items] == [Fate.OVERWRITTEN]


def test_what_the_author_has_seen_is_no_drift() -> None:
    scene, item = scene_of()
    scene.edit("one", Field.BODY, LIVE)
    seen = {Field.BODY: digest_field(item.kind, Field.BODY, LIVE)}
    assert drift_of(scene, replace(item, seen=seen)).items == ()


def test_fields_of_one_item_are_told_apart_by_their_fate() -> None:
    scene, item = scene_of()
    scene.edit("one", Field.BODY, LIVE)
    scene.edit("one", Field.TITLE, "What is the whole story of one?")
    found = drift_of(scene, having(item, Field.BODY, OURS)).items
    assert [(it.fate, [field.field for field in it.fields]) for it in found] == [
        (Fate.MERGED, [Field.BODY]),
        (Fate.KEPT, [Field.TITLE]),
    ]


def test_a_post_that_was_deleted_on_the_site_is_told() -> None:
    scene, item = scene_of()
    scene.delete("one")
    (found,) = drift_of(scene, item).items
    assert (found.fate, found.fields, found.title) == (Fate.GONE, (), "What is the story of one?")
    assert drift_of(scene, item).waiting == (found,)


def test_an_answer_bears_the_title_of_its_question_and_only_takes_it_along() -> None:
    scene, asked, item = Scene(), question("one"), answer("one#a")
    scene.publish(asked, item)
    scene.edit("one#a", Field.BODY, LIVE)
    (found,) = drift_of(scene, asked, item, only=("on*",)).items
    assert (found.key, found.title) == ("one#a", "What is the story of one?")
    assert drift_of(scene, asked, item, only=("two",)).items == ()


def test_who_edited_is_told_where_it_is_known() -> None:
    scene, item = scene_of()
    scene.edit("one", Field.BODY, LIVE)
    scene.alter("one", facts=Facts(BOT, editor=UserId(7), editor_name="Ann"))
    assert drift_of(scene, item).items[0].edit == LastEdit(UserId(7), "Ann")


def test_a_tag_has_no_word_to_decide_with() -> None:
    scene = Scene()
    scene.known_tag("git", experts=("user:2",))
    item = tag("git", experts=("user:3",))
    item = replace(item, fields={Field.EXPERTS: ("user:3",)})
    found = find_drift(
        manifest(item), scene.compare(item), {}, Decisions(), team="acme", site=SITE
    ).items
    assert [(it.key, it.seen) for it in found] == [("tag:git", "")]


def test_what_waits_for_a_person_comes_first_and_then_the_manifests_order() -> None:
    scene = Scene()
    items = [having(question(it), Field.BODY, BASE) for it in ("one", "two", "three")]
    scene.publish(*items)
    for key in ("one", "two"):
        scene.edit(key, Field.BODY, LIVE)
    scene.edit("three", Field.BODY, TOUCHING)
    wanted = [items[0], having(items[1], Field.BODY, OURS), having(items[2], Field.BODY, OURS)]
    found = drift_of(scene, *wanted)
    assert [it.key for it in found.items] == ["three", "two", "one"]
    assert [it.key for it in found.waiting] == ["three"]
