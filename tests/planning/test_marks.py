"""The accepted mark: a question has one, so setting it on an answer takes it off another."""

from __future__ import annotations

from dataclasses import replace

import pytest

from importer.model.ids import Field, Kind, Ref
from importer.model.live import Facts, Same
from importer.model.manifest import OnDrift, Policy
from importer.model.plan import BlockedCode
from tests.planning.stage import (
    ANN,
    BOT,
    SITE,
    Known,
    Scene,
    answer,
    codes,
    having,
    ids,
    question,
    removed,
    text,
)

ONE, A, B = question("one"), answer("one#a"), answer("one#b")
WANTED = having(B, Field.ACCEPTED, True)


def _strangers_answer(scene: Scene, number: int = 50, *, deleted: bool = False) -> None:
    fields = {Field.BODY: text("What somebody answered."), Field.ACCEPTED: True}
    parent = scene.live("one").ref
    scene.stranger(
        number,
        "",
        Kind.ANSWER,
        parent=parent,
        fields=fields,
        facts=Facts(author=ANN, deleted=deleted),
    )


def test_the_mark_is_set_where_none_stands() -> None:
    scene = Scene()
    scene.publish(ONE, A, B)
    assert ids(scene.plan(ONE, A, WANTED)) == ["one#b!set!accepted"]


def test_the_manifest_moves_its_own_mark() -> None:
    scene = Scene()
    scene.publish(ONE, having(A, Field.ACCEPTED, True), B)
    plan = scene.plan(ONE, A, WANTED)
    assert (ids(plan), plan.blocked) == (["one#b!set!accepted"], ())


def test_it_moves_its_own_mark_to_a_new_answer_too() -> None:
    scene = Scene()
    scene.publish(ONE, having(A, Field.ACCEPTED, True))
    plan = scene.plan(ONE, A, WANTED)
    assert ids(plan) == ["one#b!create", "one#b!set!accepted"]


def test_an_orphans_mark_of_ours_is_ours_to_move() -> None:
    scene = Scene()
    scene.publish(ONE, having(A, Field.ACCEPTED, True), B)
    plan = scene.plan(ONE, WANTED, removed=[removed("one#a")])
    assert ids(plan) == ["one#b!set!accepted", "one#a!delete"]


def test_a_mark_that_somebody_set_on_a_strangers_answer_stays() -> None:
    scene = Scene()
    scene.publish(ONE, A, B)
    _strangers_answer(scene)
    plan = scene.plan(ONE, A, WANTED)
    assert plan.changes == ()
    assert codes(plan) == {"one#b": BlockedCode.CONFLICT}
    (blocked,) = plan.blocked
    assert "answer/50" in blocked.why
    assert blocked.url == SITE.address(Ref(Kind.ANSWER, 50))


def test_a_mark_that_somebody_set_on_another_answer_of_ours_stays() -> None:
    scene = Scene()
    scene.publish(ONE, A, B)
    scene.edit("one#a", Field.ACCEPTED, True)
    assert codes(scene.plan(ONE, A, WANTED)) == {"one#b": BlockedCode.CONFLICT}


def test_without_a_journal_a_mark_may_be_anybodys() -> None:
    scene = Scene(journal=False)
    scene.publish(ONE, having(A, Field.ACCEPTED, True), B, known=Known.MARKER)
    plan = scene.plan(ONE, A, having(answer("one#c"), Field.ACCEPTED, True))
    assert ids(plan) == ["one#c!create"]
    assert codes(plan) == {"one#c": BlockedCode.CONFLICT}


def test_the_contested_mark_alone_waits() -> None:
    scene = Scene()
    scene.publish(ONE)
    _strangers_answer(scene)
    plan = scene.plan(ONE, WANTED, answer("one#c"))
    assert ids(plan) == ["one#b!create", "one#c!create"]
    assert codes(plan) == {"one#b": BlockedCode.CONFLICT}


@pytest.mark.parametrize("policy", [True, False], ids=["by policy", "by the item"])
def test_overwriting_takes_the_mark(policy: bool) -> None:
    scene = Scene()
    scene.publish(ONE, A, B)
    _strangers_answer(scene)
    wanted = WANTED if policy else replace(WANTED, on_drift=OnDrift.OVERWRITE)
    on_drift = OnDrift.OVERWRITE if policy else OnDrift.KEEP
    plan = scene.plan(ONE, A, wanted, policy=Policy(on_drift=on_drift))
    assert (ids(plan), plan.blocked) == (["one#b!set!accepted"], ())


def test_a_deleted_answer_bears_no_mark() -> None:
    scene = Scene()
    scene.publish(ONE, A, B)
    _strangers_answer(scene, deleted=True)
    assert ids(scene.plan(ONE, A, WANTED)) == ["one#b!set!accepted"]


def test_the_mark_of_another_question_is_none_of_its_business() -> None:
    scene = Scene()
    scene.publish(ONE, A, B, question("two"), answer("two#x"))
    scene.edit("two#x", Field.ACCEPTED, True)
    items = question("two"), answer("two#x")
    assert ids(scene.plan(ONE, A, WANTED, *items)) == ["one#b!set!accepted"]


def test_what_was_not_read_again_bears_no_mark_that_is_known() -> None:
    scene = Scene()
    scene.publish(ONE, A, B)
    scene.posts[Ref(Kind.ANSWER, 60)] = Same(Ref(Kind.ANSWER, 60))  # type: ignore[assignment]  # spared
    assert ids(scene.plan(ONE, A, WANTED)) == ["one#b!set!accepted"]


def test_taking_the_mark_off_contests_nobody() -> None:
    scene = Scene()
    scene.publish(ONE, having(A, Field.ACCEPTED, True), facts=Facts(author=BOT))
    plan = scene.plan(ONE, having(A, Field.ACCEPTED, False))
    assert ids(plan) == ["one#a!set!accepted"]
