"""Guards, --only and --limit: how much of the manifest one plan may touch."""

from __future__ import annotations

from typing import Any

import pytest

from importer.model.ids import Field, Key
from importer.model.manifest import Item
from importer.model.plan import BlockedCode, Decisions, Plan, Reason
from importer.planning.guards import check_guards
from tests.factories import a_create, a_delete, a_field, an_accept, an_update
from tests.planning.stage import Scene, answer, codes, having, ids, question, removed, text


def _updates(count: int) -> list[Any]:
    return [an_update(a_field(Field.TITLE, "a", "b"), key=f"u{n}") for n in range(count)]


def _deletes(count: int) -> list[Any]:
    return [a_delete(f"d{n}") for n in range(count)]


def _creates(count: int) -> list[Any]:
    return [a_create(f"c{n}") for n in range(count)]


@pytest.mark.parametrize(
    ("changes", "managed", "decisions", "option"),
    [
        pytest.param(_updates(9), 9, {}, None, id="updates: not in force below 10"),
        pytest.param(_updates(3), 10, {}, None, id="updates: 30 % of 10"),
        pytest.param(_updates(4), 10, {}, "--max-updates 4", id="updates: more than 30 %"),
        pytest.param(_updates(30), 100, {}, None, id="updates: 30 % of 100"),
        pytest.param(_updates(31), 100, {}, "--max-updates 31", id="updates: 31 of 100"),
        pytest.param(_updates(31), 100, {"max_updates": "31"}, None, id="updates: allowed"),
        pytest.param(_updates(31), 100, {"max_updates": "31%"}, None, id="updates: allowed, %"),
        pytest.param(
            _updates(3), 100, {"max_updates": "2"}, "--max-updates 3", id="updates: fewer"
        ),
        pytest.param(
            _updates(3), 100, {"max_updates": "2%"}, "--max-updates 3", id="updates: fewer, %"
        ),
        pytest.param(
            _updates(1), 2, {"max_updates": "0"}, "--max-updates 1", id="updates: none at all"
        ),
        pytest.param(_updates(2), 4, {"max_updates": "50%"}, None, id="updates: half of few"),
        pytest.param(_deletes(8), 1, {}, None, id="deletions: not in force below 10"),
        pytest.param(_deletes(1), 9, {}, None, id="deletions: 10 % of what was there before"),
        pytest.param(_deletes(2), 9, {}, "--max-deletes 2", id="deletions: more than 10 %"),
        pytest.param(_deletes(5), 45, {}, None, id="deletions: 5, and 10 %"),
        pytest.param(_deletes(5), 500, {}, None, id="deletions: 5 of many"),
        pytest.param(_deletes(6), 500, {}, "--max-deletes 6", id="deletions: more than 5"),
        pytest.param(_deletes(6), 500, {"max_deletes": "6"}, None, id="deletions: allowed"),
        pytest.param(_deletes(9), 81, {"max_deletes": "10%"}, None, id="deletions: allowed, %"),
        pytest.param(
            _deletes(2), 0, {"max_deletes": "1"}, "--max-deletes 2", id="deletions: given, few"
        ),
        pytest.param(_creates(1000), 10, {}, None, id="creates: no limit"),
        pytest.param(_creates(2), 10, {"max_creates": "2"}, None, id="creates: allowed"),
        pytest.param(
            _creates(3), 10, {"max_creates": "2"}, "--max-creates 3", id="creates: too many"
        ),
        pytest.param(
            _creates(3), 10, {"max_creates": "20%"}, "--max-creates 3", id="creates: too many, %"
        ),
        pytest.param(_creates(1), 0, {"max_creates": "0"}, "--max-creates 1", id="creates: none"),
    ],
)
def test_a_guard_trips_beyond_its_limit_and_names_the_option(
    changes: list[Any], managed: int, decisions: dict[str, str], option: str | None
) -> None:
    blocked = check_guards(changes, managed, Decisions(**decisions))  # type: ignore[arg-type]  # a row
    assert [it.code for it in blocked] == ([BlockedCode.GUARD] if option else [])
    for it in blocked:
        assert (it.key, it.kind) == (None, None)
        assert it.remedy.endswith(f"allow it with {option}.")


def test_several_guards_trip_at_once() -> None:
    changes = [*_updates(5), *_deletes(6)]
    blocked = check_guards(changes, 10, Decisions())
    assert [it.why.split(" would be ")[1].split(",")[0] for it in blocked] == [
        "updated",
        "deleted",
    ]
    assert "foreign namespace" in blocked[0].remedy
    assert "6 items would be deleted, the guard allows 1 of 16 managed" in blocked[1].why


def test_an_update_and_a_mark_of_one_item_count_once() -> None:
    changes = [
        *_updates(3),
        an_update(a_field(Field.BODY, text("a"), text("b")), key="rollback#cli"),
        an_accept(),
    ]
    (blocked,) = check_guards(changes, 10, Decisions())
    assert blocked.why.startswith("4 items would be updated")


def test_the_second_write_of_a_new_item_is_no_update() -> None:
    links = an_update(a_field(Field.BODY, text("a"), text("b")), key="c0", reason=Reason.LINKS)
    changes = [*_creates(1), links, *_updates(3)]
    assert check_guards(changes, 10, Decisions()) == ()


def test_the_guard_is_in_the_plan_and_the_changes_stay_to_be_looked_at() -> None:
    scene = Scene()
    items = [question(f"q{n}") for n in range(10)]
    scene.publish(*items)
    moved = [having(it, Field.TITLE, f"A new title for {it.key}") for it in items[:4]]
    plan = scene.plan(*moved, *items[4:])
    assert codes(plan) == {None: BlockedCode.GUARD}
    assert len(plan.changes) == 4
    assert plan.managed == 10
    assert scene.plan(*moved[:3], *items[3:]).blocked == ()


def test_what_is_to_be_deleted_was_managed_until_now() -> None:
    scene = Scene()
    items = [question(f"q{n}") for n in range(10)]
    scene.publish(*items)
    plan = scene.plan(*items[1:], removed=[removed("q0")])
    assert (ids(plan), plan.blocked) == (["q0!delete"], ())
    plan = scene.plan(*items[2:], removed=[removed("q0"), removed("q1")])
    assert codes(plan) == {None: BlockedCode.GUARD}


# --only


def _pages() -> tuple[Item, ...]:
    body = text("Everything is on [the page](key:target), see there.")
    return (
        having(question("a/page"), Field.BODY, body),
        answer("a/page#x", accepted=True),
        question("target"),
        answer("target#y"),
    )


@pytest.mark.parametrize(
    ("only", "expected", "blocked"),
    [
        pytest.param(
            ("target",), ["target!create", "target#y!create"], {}, id="answers come with it"
        ),
        pytest.param(
            ("*",),
            [
                "target!create",
                "a/page!create",
                "a/page#x!create",
                "a/page#x!set!accepted",
                "target#y!create",
            ],
            {},
            id="everything",
        ),
        pytest.param(
            ("a/*",),
            [],
            {"a/page": "target", "a/page#x": "a/page"},
            id="what a kept change needs is named",
        ),
        pytest.param(("target#y",), [], {"target#y": "target"}, id="an answer needs its question"),
        pytest.param(("nothing",), [], {}, id="nothing"),
        pytest.param(
            ("nothing", "tar*t"), ["target!create", "target#y!create"], {}, id="one of several"
        ),
    ],
)
def test_only_takes_a_part_and_names_what_it_needs(
    only: tuple[str, ...], expected: list[str], blocked: dict[str, str]
) -> None:
    plan = Scene().plan(*_pages(), decisions={"only": only})
    assert sorted(ids(plan)) == sorted(expected)
    found = {it.key: it for it in plan.blocked if it.code is BlockedCode.NEEDS}
    assert set(found) == set(map(Key, blocked))
    for key, need in blocked.items():
        assert f"it needs {need}," in found[Key(key)].why
    assert plan.decisions.only == only


def test_what_exists_outside_of_only_is_no_need() -> None:
    scene = Scene()
    page, x, target, y = _pages()
    scene.publish(target)
    plan = scene.plan(page, x, target, y, decisions={"only": ("a/page",)})
    assert ids(plan) == ["a/page!create", "a/page#x!create", "a/page#x!set!accepted"]
    assert plan.blocked == ()


def test_only_leaves_drift_conflicts_and_gone_of_others_untold() -> None:
    scene = Scene()
    items = [question(name) for name in ("drifted", "gone", "both", "chosen", "misfit")]
    scene.publish(*items)
    scene.edit("drifted", Field.TITLE, "A title of a person's making")
    scene.edit("both", Field.TITLE, "A title of a person's making, too")
    scene.delete("gone")
    scene.alter("misfit", marker=None, parent=None)
    items[2] = having(items[2], Field.TITLE, "A new title for both of them")
    plan = scene.plan(*items, decisions={"only": ("chosen",)})
    assert (plan.changes, plan.drift, plan.blocked, plan.bindings) == ((), (), (), ())
    assert plan.unchanged == 1
    everything = scene.plan(*items)
    assert len(everything.drift) == 1
    assert codes(everything) == {"gone": BlockedCode.GONE, "both": BlockedCode.CONFLICT}


def test_only_remembers_and_renames_the_chosen_alone() -> None:
    scene = Scene()
    items = question("a"), question("b")
    scene.publish(*items)
    scene.bindings.clear()
    assert [it.key for it in scene.plan(*items, decisions={"only": ("b",)}).bindings] == ["b"]


# --limit


def _limited(scene: Scene, limit: int, *items: Item) -> Plan:
    return scene.plan(*items, decisions={"limit": limit})


def test_limit_takes_the_first_questions_with_their_answers() -> None:
    items = (
        question("a"),
        answer("a#x", accepted=True),
        question("b"),
        answer("b#y"),
        question("c"),
    )
    whole = ids(Scene().plan(*items))
    assert ids(_limited(Scene(), 1, *items)) == whole[:3]
    plan = _limited(Scene(), 2, *items)
    assert ids(plan) == whole[:5]
    assert any("Limited to 2" in note for note in plan.notes)
    assert ids(_limited(Scene(), 3, *items)) == whole
    assert ids(_limited(Scene(), 9, *items)) == whole


def test_limit_counts_only_what_changes() -> None:
    scene = Scene()
    items = question("a"), question("b"), question("c")
    scene.publish(items[0])
    assert ids(_limited(scene, 1, *items)) == ["b!create"]


def test_limit_leaves_out_what_would_need_more() -> None:
    """The second write of a cycle waits for the next run, and so does what leads further."""
    first = having(question("a"), Field.BODY, text("See [b](key:b), and come back."))
    second = having(question("b"), Field.BODY, text("See [a](key:a), and come back."))
    plan = _limited(Scene(), 1, first, second)
    assert ids(plan) == ["a!create"]
    assert ids(_limited(Scene(), 2, first, second)) == ["a!create", "b!create", "a!links"]
