"""Articles and collections: what they need, what they cost, and what belongs to the site."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from importer.model.ids import Field, FullKey, Key, Kind, Ref, Verb
from importer.model.live import Ability, Facts, LiveItem, Rates
from importer.model.manifest import Item
from importer.model.plan import BlockedCode, Reason
from importer.planning.cost import cost_of
from importer.rendering.phrasing import duration
from importer.text.links import Text
from importer.text.marker import format_marker, parse_marker
from tests.planning.stage import (
    ANN,
    RATES,
    SITE,
    Known,
    Scene,
    all_able,
    article,
    codes,
    collection,
    having,
    ids,
    nothing_to_do,
    only_blocked,
    question,
    removed,
    text,
)

LEAVE = article("leave", fields={Field.PERMISSIONS: ("everyone",)})
ONE, TWO = question("one"), question("two")
START = collection("start", "one", "leave")


# Markers.


def test_a_markers_letters_come_in_order_and_an_unknown_one_says_nothing() -> None:
    digests: Any = {letter: letter * 8 for letter in "mpybgt"}
    line = format_marker("handbook:leave", digests)
    assert [word[0] for word in line.split()[3:-1]] == list("tgbypm")
    marker = parse_marker(line.replace(" p=", " z="))
    assert marker is not None
    assert set(marker.digests) == set("tgbyzm")


@pytest.mark.parametrize("which", [Field.TYPE, Field.PERMISSIONS])
def test_a_marker_without_a_fields_digest_is_no_reason_to_write(which: Field) -> None:
    scene = Scene(journal=False)
    live = scene.publish(LEAVE, known=Known.MARKER)
    assert live.marker is not None
    letter = {Field.TYPE: "y", Field.PERMISSIONS: "p"}[which]
    kept = {it: digest for it, digest in live.marker.digests.items() if it != letter}
    scene.alter("leave", marker=replace(live.marker, digests=kept))
    assert nothing_to_do(scene.plan(LEAVE))
    other = having(LEAVE, which, "announcement" if which is Field.TYPE else ("owner-only",))
    assert only_blocked(scene.plan(other)).code is BlockedCode.NO_BASE


# Articles.


def test_what_an_api_can_not_write_of_an_article_waits_alone_and_says_so() -> None:
    def without_permissions(kind: Kind, verb: Verb, field: Field | None = None) -> Ability:
        if field is Field.PERMISSIONS:
            return Ability(able=False, reason="API v2.3 cannot write who may edit an article")
        return all_able(kind, verb, field)

    scene = Scene()
    stated = having(LEAVE, Field.PERMISSIONS, ("everyone",))
    scene.publish(LEAVE)
    live = scene.live("leave").fields
    scene.alter("leave", fields={k: it for k, it in live.items() if k is not Field.PERMISSIONS})
    alone = only_blocked(scene.plan(stated, ability=without_permissions))
    assert alone.why == "API v2.3 cannot write who may edit an article"
    retitled = having(having(stated, Field.TITLE, "Another title"), Field.TYPE, "announcement")
    plan = scene.plan(retitled, ability=without_permissions)
    assert ids(plan) == ["leave!update"]
    assert [it.why for it in plan.blocked] == [
        f"{alone.why}; only this waits, the rest (title, type) is written"
    ]


def test_names_of_permissions_are_no_tags() -> None:
    """Whoever makes `everyone` a synonym changes no article's permissions."""
    scene = Scene(synonyms={"everyone": "all"})
    scene.publish(LEAVE)
    assert nothing_to_do(scene.plan(LEAVE))


def test_the_order_of_a_dialects_names_says_nothing() -> None:
    editors = having(LEAVE, Field.PERMISSIONS, ("group:4", "specific-editors", "user:7"))
    scene = Scene()
    scene.publish(editors)
    told = ("specific-editors", "user:7", "group:4")
    scene.edit("leave", Field.PERMISSIONS, told)
    assert nothing_to_do(scene.plan(editors))


def test_an_article_and_a_question_link_each_other_by_key() -> None:
    ours = having(ONE, Field.BODY, text("See [leave](key:leave), at length."))
    back = having(LEAVE, Field.BODY, text("See [one](key:one)."))
    scene = Scene()
    scene.publish(TWO)
    plan = scene.plan(ours, back, TWO)
    assert ids(plan) == ["one!create", "leave!create", "one!links"]
    assert plan.changes[-1].reason is Reason.LINKS
    scene.publish(ours, back)
    body = Text("See [leave](\0), at length.\n", (str(scene.live("leave").ref),))
    scene.alter("one", fields={**scene.live("one").fields, Field.BODY: body})
    body = Text("See [one](\0).\n", (str(scene.live("one").ref),))
    scene.alter("leave", fields={**scene.live("leave").fields, Field.BODY: body})
    assert nothing_to_do(scene.plan(ours, back, TWO))


@pytest.mark.parametrize(
    ("kind", "waits"), [(Kind.ARTICLE, True), (Kind.QUESTION, False), (Kind.COLLECTION, False)]
)
def test_an_equal_title_stands_in_the_way_of_its_own_kind(kind: Kind, waits: bool) -> None:
    scene = Scene()
    scene.stranger(7, str(LEAVE.fields[Field.TITLE]), kind)
    assert (codes(scene.plan(LEAVE)) == {"leave": BlockedCode.EQUAL_TITLE}) is waits


@pytest.mark.parametrize("item", [LEAVE, collection("start", "one")])
def test_a_deletion_is_asked_for_and_guarded_as_a_questions(item: Item) -> None:
    scene = Scene()
    scene.publish(ONE, item)
    assert ids(scene.plan(ONE, removed=(removed(item.key),))) == [f"{item.key}!delete"]
    assert [it.key for it in scene.plan(ONE).orphans] == [item.key]
    scene.alter(item.key, facts=Facts(author=ANN))
    engaged = scene.plan(ONE, removed=(removed(item.key),))
    assert codes(engaged) == {item.key: BlockedCode.ENGAGED}


@pytest.mark.parametrize(
    ("fields", "goes"),
    [
        pytest.param({Field.PERMISSIONS: ("owner-only",)}, True, id="permissions nobody stated"),
        pytest.param({Field.TITLE: "Another title on the site"}, False, id="a title"),
    ],
)
def test_a_setting_of_the_sites_own_is_no_edit_that_a_deletion_waits_for(
    fields: Mapping[Field, Any], goes: bool
) -> None:
    plain = article("leave")
    scene = Scene()
    live = scene.publish(plain)
    scene.alter("leave", fields={**live.fields, **fields})
    plan = scene.plan(removed=(removed("leave"),))
    assert (ids(plan) == ["leave!delete"]) is goes


# Collections.


def test_a_collection_comes_after_its_items_in_whatever_order_they_are_stated() -> None:
    plan = Scene().plan(START, LEAVE, ONE)
    assert ids(plan)[-1] == "start!create"
    assert plan.changes[-1].needs == ("leave!create", "one!create")


def test_a_page_that_links_the_collection_it_is_in_is_written_twice() -> None:
    page = having(ONE, Field.BODY, text("Begin at [the start](key:start) of it all."))
    plan = Scene().plan(page, LEAVE, START)
    assert ids(plan) == ["leave!create", "one!create", "start!create", "one!links"]


def test_a_collection_whose_item_is_left_out_waits_by_name() -> None:
    plan = Scene().plan(ONE, LEAVE, START, decisions={"only": ("one", "start")})
    (waiting,) = plan.blocked
    assert (waiting.key, waiting.code) == ("start", BlockedCode.NEEDS)
    assert "leave" in waiting.why
    assert ids(plan) == ["one!create"]


def test_a_collection_whose_item_is_in_conflict_is_none_the_worse() -> None:
    scene = Scene()
    scene.publish(ONE, LEAVE)
    scene.edit("one", Field.TITLE, "What somebody else made of it?")
    edited = having(ONE, Field.TITLE, "What we made of it since then?")
    plan = scene.plan(edited, LEAVE, START)
    assert (ids(plan), codes(plan)) == (["start!create"], {"one": BlockedCode.CONFLICT})


def test_a_renamed_item_moves_no_collection() -> None:
    scene = Scene()
    scene.publish(ONE, LEAVE, START)
    renamed: Any = replace(ONE, key=Key("uno"), was=(FullKey("handbook:one"),))
    plan = scene.plan(renamed, LEAVE, collection("start", "uno", "leave", fields=_title(START)))
    assert (plan.changes, plan.drift, plan.blocked) == ((), (), ())


def _title(item: Item) -> dict[Field, Any]:
    return {Field.TITLE: item.fields[Field.TITLE]}


def test_what_people_call_the_description_is_asked_for_by_that_name() -> None:
    described = having(START, Field.BODY, text("Begin with these."))
    scene = Scene()
    scene.publish(ONE, LEAVE, described)
    scene.edit("start", Field.BODY, text("Theirs."))
    blocked = only_blocked(scene.plan(ONE, LEAVE, having(described, Field.BODY, text("Ours."))))
    assert "seen: {description: " in blocked.remedy


def test_an_item_that_is_no_post_of_ours_is_compared_by_its_post() -> None:
    scene = Scene()
    scene.publish(ONE, LEAVE, START)
    ref = Ref(Kind.QUESTION, 99)
    scene.posts[ref] = LiveItem(ref, None, SITE.address(ref), {Field.TITLE: "Whose is it?"})
    theirs = (*scene.live("start").fields[Field.ITEMS], str(ref))  # type: ignore[misc]  # a tuple
    scene.edit("start", Field.ITEMS, theirs)
    (drift,) = scene.plan(ONE, LEAVE, START).drift
    assert drift.live == ("key:one", "key:leave", "question/99")


# Cost.


def _costly(rates: Rates, number: int) -> float:
    items = [article(f"page-{it}", fields=_apart(it)) for it in range(number)]
    return cost_of(Scene().plan(*items).changes, rates).seconds


def _apart(number: int) -> dict[Field, Any]:
    return {Field.TITLE: f"The article about page {number}"}


def test_creates_that_wait_for_each_other_are_in_the_time() -> None:
    slow = replace(RATES, between_creates={Kind.ARTICLE: 60.0})
    assert _costly(slow, 1) == _costly(RATES, 1)
    assert _costly(slow, 3) == 120.0
    changes = Scene().plan(article("page")).changes * 5_000
    assert duration(cost_of(changes, slow).seconds) == "3 d 11 h"
    assert cost_of(changes, slow).seconds // 3_600 == 83
    assert cost_of(changes, RATES).seconds < 200


def test_kinds_that_are_read_by_themselves_cost_requests() -> None:
    changes = Scene().plan(ONE).changes
    held = {Kind.QUESTION: 150, Kind.TAG: 10}
    few = cost_of(changes, RATES, held).reads
    assert cost_of(changes, RATES, {**held, Kind.ARTICLE: 250}).reads == few + 3
    assert cost_of(changes, RATES, {**held, Kind.ARTICLE: 0, Kind.COLLECTION: 1}).reads == few + 2
