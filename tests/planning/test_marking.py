"""Updates of a marker alone: which posts get one, when it is fresh, and how it is taken back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from importer.execution.deciding import Looked, Sightings, Verdict, decide
from importer.model.ids import ChangeId, Field, FullKey, Key, Kind, Mark, Ref, RunId, Verb, mark_id
from importer.model.ledger import FieldDigests, Operation, State
from importer.model.live import Facts, LiveItem
from importer.model.manifest import Item
from importer.model.plan import BlockedCode, Decisions, Plan
from importer.planning.abilities import Abilities
from importer.planning.freshness import Freshness, judge_freshness
from importer.planning.inverse import make_inverse
from importer.planning.marking import make_marks
from importer.text.marker import VERSION, Marker
from tests.factories import an_update
from tests.planning.stage import (
    ANN,
    BOT,
    RATES,
    Known,
    Scene,
    all_able,
    answer,
    codes,
    ids,
    manifest,
    question,
    unable,
)

ONE, REPLY = question("one"), answer("one#a")
OURS, THEIRS = Marker(VERSION, "handbook:one", {}), Marker(VERSION, "ops:one", {})


def marks(
    scene: Scene,
    *items: Item,
    only: tuple[str, ...] = (),
    ability: Abilities = all_able,
    **more: Any,
) -> Plan:
    wanted = manifest(*items, **more)
    return make_marks(
        wanted,
        scene.compare(*items, **more),
        scene.snapshot(),
        scene.ledger(),
        team="acme",
        decisions=Decisions(only=only),
        ability=ability,
        rates=RATES,
    )


def test_posts_without_a_marker_get_one_and_nothing_else() -> None:
    scene = Scene()
    scene.publish(ONE, known=Known.JOURNAL)
    scene.publish(question("two"))
    scene.publish(REPLY, known=Known.JOURNAL)
    plan = marks(scene, ONE, question("two"), REPLY, question("new"))
    assert ids(plan) == ["one!mark", "one#a!mark"]
    assert all(it.fields == () for it in plan.changes)
    assert {*plan.changes[0].marker_base} == {Field.TITLE, Field.TAGS, Field.BODY}
    assert plan.unchanged == 1
    assert plan.cost.writes == 2
    assert ids(marks(scene, ONE, REPLY, only=("one#*",))) == ["one#a!mark"]


def test_the_marker_says_what_the_base_is_not_what_the_manifest_says() -> None:
    """Else the item's own edit would look written on a runner without a journal."""
    scene = Scene()
    scene.publish(ONE, known=Known.JOURNAL)
    edited = replace(ONE, fields={**ONE.fields, Field.TITLE: "What is another story of one?"})
    (change,) = marks(scene, edited).changes
    base = scene.bindings[Key("one")].base[Field.TITLE]
    assert change.marker_base[Field.TITLE] == base.ours


def waiting(key: str = "one") -> Operation:
    change = ChangeId(f"{key}!update")
    open_ = State.OPEN
    return Operation(
        RunId("r"),
        change,
        1,
        "q",
        Key(key),
        Kind.QUESTION,
        Verb.UPDATE,
        open_,
        ref=Ref(Kind.QUESTION, 1),
    )


@pytest.mark.parametrize(
    ("facts", "more", "held"),
    [
        pytest.param(Facts(BOT, locked=True), {}, BlockedCode.LOCKED, id="locked"),
        pytest.param(
            Facts(ANN), {"publishers": (BOT,)}, BlockedCode.MISFIT, id="a marker that doesn't count"
        ),
        pytest.param(
            Facts(BOT),
            {"ability": unable(Kind.QUESTION, "not here")},
            BlockedCode.UNSUPPORTED,
            id="beyond the API",
        ),
    ],
)
def test_what_keeps_a_post_from_its_marker_is_told(
    facts: Facts, more: dict[str, Any], held: BlockedCode
) -> None:
    scene = Scene()
    scene.publish(ONE, known=Known.JOURNAL, facts=facts)
    plan = marks(scene, ONE, **more)
    assert (codes(plan), plan.changes) == ({"one": held}, ())


def test_an_item_whose_write_has_no_known_outcome_is_not_marked() -> None:
    scene = Scene(open=(waiting(),))
    scene.publish(ONE, known=Known.JOURNAL)
    assert codes(marks(scene, ONE)) == {"one": BlockedCode.OPEN}


def marked_so(marker: Marker | None) -> LiveItem:
    scene = Scene()
    scene.publish(ONE)
    scene.alter("one", marker=marker)
    return scene.live("one")


@pytest.mark.parametrize(
    ("mark", "marker", "expected"),
    [
        pytest.param(Mark.ON, None, Freshness.FRESH, id="on: nobody's"),
        pytest.param(Mark.ON, OURS, Freshness.ALREADY, id="on: ours"),
        pytest.param(Mark.ON, THEIRS, Freshness.STALE, id="on: somebody's"),
        pytest.param(Mark.OFF, None, Freshness.ALREADY, id="off: nobody's"),
        pytest.param(Mark.OFF, OURS, Freshness.FRESH, id="off: ours"),
        pytest.param(Mark.OFF, THEIRS, Freshness.STALE, id="off: somebody's"),
    ],
)
def test_a_mark_is_fresh_by_the_marker_alone(
    mark: Mark, marker: Marker | None, expected: Freshness
) -> None:
    change = replace(an_update(key="one"), id=mark_id(Key("one"), mark), fields=())
    judged = judge_freshness(change, marked_so(marker), full=FullKey("handbook:one"))
    assert judged.freshness is expected


NOW = datetime(2026, 1, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("mark", "marker", "minutes", "expected"),
    [
        pytest.param(Mark.ON, OURS, 0, Verdict.FOUND, id="on: it is there"),
        pytest.param(Mark.ON, None, 0, Verdict.WAIT, id="on: it may come"),
        pytest.param(Mark.ON, None, 60, Verdict.ABSENT, id="on: it never came"),
        pytest.param(Mark.OFF, None, 0, Verdict.FOUND, id="off: it is gone"),
        pytest.param(Mark.OFF, OURS, 60, Verdict.ABSENT, id="off: it stayed"),
    ],
)
def test_a_mark_whose_outcome_is_unknown_is_found_out_by_the_marker(
    mark: Mark, marker: Marker | None, minutes: int, expected: Verdict
) -> None:
    live = marked_so(marker)
    sent = replace(waiting(), change=mark_id(Key("one"), mark), ref=live.ref, quiet_at=NOW)
    looked = Looked(NOW, NOW + timedelta(minutes=minutes))
    seen = Sightings((), {live.ref: live})
    assert decide(sent, "handbook:one", seen, looked, 90.0).verdict is expected


def undone(scene: Scene, mark: Mark, *later: Operation) -> Plan:
    ref = scene.refs[Key("one")]
    done = replace(
        waiting(), run=RunId("run-1"), change=mark_id(Key("one"), mark), state=State.DONE, ref=ref
    )
    return make_inverse(
        RunId("run-1"),
        [done, *later],
        {},
        scene.snapshot(),
        scene.ledger(),
        namespace="handbook",
        team="acme",
        ability=all_able,
        rates=RATES,
    )


def test_an_undo_takes_the_marker_off_and_its_undo_puts_it_on_again() -> None:
    scene = Scene()
    scene.publish(ONE)
    assert ids(undone(scene, Mark.ON)) == ["one!unmark"]
    scene.alter("one", marker=None)
    assert (ids(undone(scene, Mark.ON)), undone(scene, Mark.ON).unchanged) == ([], 1)
    (again,) = undone(scene, Mark.OFF).changes
    assert again.id == "one!mark"
    assert {*again.marker_base} == {Field.TITLE, Field.TAGS, Field.BODY}


def test_a_marker_that_a_later_run_wrote_stays() -> None:
    scene = Scene()
    scene.publish(ONE)
    base = scene.bindings[Key("one")].base[Field.TITLE].ours
    title = FieldDigests(Field.TITLE, base, base, base)
    later = replace(
        waiting(),
        run=RunId("run-2"),
        state=State.DONE,
        ref=scene.refs[Key("one")],
        fields=(title,),
    )
    plan = undone(scene, Mark.ON, later)
    assert ids(plan) == []
    assert "run-2" in plan.blocked[0].why
