"""The digest of what a plan wants: the same whatever moves by itself, another for another wish."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from importer.model.ids import Field, Key, Kind, Lineage, Mark, Ref, UserId, mark_id
from importer.model.plan import Cost, Double, Plan
from importer.planning.intent import comment_of, intent_of, lists_in, parts_of, proved
from importer.planning.plan_file import plan_digest
from importer.text.links import Text, plain
from tests.factories import (
    a_conflict,
    a_create,
    a_delete,
    a_drift,
    a_field,
    a_plan,
    an_accept,
    an_update,
    hostile_texts,
    plans,
)

if TYPE_CHECKING:
    from collections.abc import Callable

BOTH = an_update(a_field(Field.TITLE, "A", "B"), a_field(Field.BODY, plain("a\n"), plain("b\n")))
MARKED = {it: replace(an_update(), id=mark_id(BOTH.key, it)) for it in Mark}
DOUBLE = Double(Key("twice"), Ref(Kind.QUESTION, 95), "", "Twice", Ref(Kind.QUESTION, 7))
PLAN = a_plan(a_create(), BOTH, an_accept(), a_delete(), doubles=(DOUBLE,))


@pytest.mark.parametrize(
    "moved",
    [
        pytest.param(lambda it: replace(it, cost=Cost(9, 9, 99.0)), id="costs"),
        pytest.param(lambda it: replace(it, serial=99), id="runs"),
        pytest.param(lambda it: replace(it, notes=("Hello",), unchanged=7), id="notes"),
        pytest.param(lambda it: replace(it, blocked=(a_conflict(),)), id="what waits"),
        pytest.param(
            lambda it: replace(it, drift=(a_drift(Field.TAGS, ("a",), ("b",)),)), id="drift"
        ),
        pytest.param(lambda it: replace(it, changes=it.changes[::-1]), id="order"),
        pytest.param(
            lambda it: replace(
                it,
                changes=(
                    it.changes[0],
                    an_update(
                        a_field(Field.TITLE, "Another", "B"),
                        a_field(Field.BODY, Text("x\n"), plain("b\n")),
                        ref=Ref(Kind.QUESTION, 4242),
                    ),
                    *it.changes[2:],
                ),
            ),
            id="what was there before",
        ),
    ],
)
def test_what_moves_by_itself_moves_no_digest(moved: Callable[[Plan], Plan]) -> None:
    other = moved(PLAN)
    assert plan_digest(other) != plan_digest(PLAN)
    assert intent_of(other) == intent_of(PLAN)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(replace(PLAN, changes=PLAN.changes[1:]), id="one less"),
        pytest.param(replace(PLAN, doubles=()), id="a double that stays"),
        pytest.param(
            replace(PLAN, doubles=(replace(DOUBLE, ref=Ref(Kind.QUESTION, 96)),)), id="which goes"
        ),
        pytest.param(replace(PLAN, lineage=Lineage("another team")), id="another team"),
        pytest.param(
            replace(PLAN, changes=(replace(PLAN.changes[0], author=UserId(9)), *PLAN.changes[1:])),
            id="in whose name",
        ),
        pytest.param(
            replace(
                PLAN,
                changes=(*PLAN.changes[:3], replace(PLAN.changes[3], ref=Ref(Kind.QUESTION, 8))),
            ),
            id="which post is deleted",
        ),
        pytest.param(
            replace(PLAN, changes=(a_create(body="Another.\n"), *PLAN.changes[1:])), id="a text"
        ),
        pytest.param(replace(PLAN, changes=(*PLAN.changes, MARKED[Mark.ON])), id="a marker"),
    ],
)
def test_another_wish_is_another_digest(other: Plan) -> None:
    assert intent_of(other).digest != intent_of(PLAN).digest


def test_a_marker_put_on_is_another_wish_than_one_taken_off() -> None:
    on, off = (intent_of(a_plan(it)) for it in MARKED.values())
    assert len(on.parts) == len(off.parts) == 1
    assert on.digest != off.digest


def test_a_field_that_is_right_by_now_leaves_a_part() -> None:
    left = replace(BOTH, fields=BOTH.fields[1:])
    assert set(parts_of(a_plan(left))) < set(parts_of(a_plan(BOTH)))


@given(plans(hostile_texts()), st.data())
@settings(max_examples=40)
def test_any_part_of_a_plan_is_one_and_nothing_else_is(plan: Plan, data: st.DataObject) -> None:
    chosen = [it for it in plan.changes if data.draw(st.booleans())]
    part = replace(plan, changes=tuple(chosen), doubles=())
    assert set(parts_of(part)) <= set(parts_of(plan))
    beyond = replace(plan, changes=(*plan.changes, a_create("brand/new", body="Never seen.\n")))
    assert not set(parts_of(beyond)) <= set(parts_of(plan))


def test_a_digest_proves_its_own_list_alone() -> None:
    intent = intent_of(PLAN)
    text = f"Hello\n{comment_of(intent.parts)}\\n{comment_of(intent.parts[1:])}"
    lists = lists_in(text)
    assert lists == (intent.parts, intent.parts[1:])
    assert proved(intent.digest, lists, PLAN.lineage) == frozenset(intent.parts)
    assert proved(intent.digest, lists[1:], PLAN.lineage) is None
    assert proved(intent.digest, lists, Lineage("another team")) is None


@pytest.mark.parametrize("parts", [[], ["--> <b>"], ["a" * 25], ["a" * 26, "<img>"]])
def test_nothing_but_digests_gets_into_the_comment(parts: list[str]) -> None:
    assert comment_of(parts) == ""
