"""Taking a run back, by the tables: what is deleted, restored, left, and why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from importer.model.fields import Value
from importer.model.ids import Field, Key, Kind, Ref, RunId, Verb, change_id
from importer.model.ledger import Base, FieldDigests, Operation, State
from importer.model.live import Facts
from importer.model.manifest import Item
from importer.model.plan import BlockedCode, Plan, Reason
from importer.planning.abilities import Abilities
from importer.planning.baseline import digest_field
from importer.planning.freshness import Freshness, judge_freshness
from importer.planning.inverse import make_inverse
from importer.planning.plan_file import plan_bytes
from importer.planning.traces import digests_for_undo
from importer.text.digests import Digest
from tests.planning.stage import (
    ANN,
    BOT,
    NEWER,
    RATES,
    Scene,
    all_able,
    answer,
    codes,
    having,
    ids,
    question,
    text,
    unable,
)

RUN, LATER = RunId("run-1"), RunId("run-2")
OLD, NEW = "What is the old title of it?", "What is the new title of it?"


@dataclass
class Past:
    """A scene, and what the journal knows of how it came about."""

    scene: Scene = field(default_factory=Scene)
    history: list[Operation] = field(default_factory=list)
    texts: dict[Digest, Value] = field(default_factory=dict)

    def created(self, *items: Item, run: RunId = RUN, **more: Any) -> None:
        for item in items:
            self.scene.publish(item, **more)
            riding = {it: value for it, value in item.fields.items() if it is not Field.ACCEPTED}
            self.wrote(item.key, Verb.CREATE, {it: (None, new) for it, new in riding.items()}, run)
            if item.fields.get(Field.ACCEPTED):
                self.wrote(item.key, Verb.SET, {Field.ACCEPTED: (False, True)}, run)

    def edited(self, item: Item, name: Field, before: Value, run: RunId = RUN) -> None:
        """Publish *item* as an edit of one field left it."""
        if item.key not in self.scene.refs:
            self.scene.publish(item)
        self.wrote(item.key, Verb.UPDATE, {name: (before, item.fields[name])}, run)

    def wrote(
        self,
        key: str,
        verb: Verb,
        fields: dict[Field, tuple[Value | None, Value | None]],
        run: RunId = RUN,
        **more: Any,
    ) -> None:
        ref = self.scene.refs[Key(key)]
        live = self.scene.posts.get(ref)
        which = next(iter(fields)) if verb is Verb.SET else None
        self.history.append(
            Operation(
                run,
                change_id(Key(key), verb, which),
                1,
                "request",
                Key(key),
                ref.kind,
                verb,
                more.pop("state", State.DONE),
                tuple(self._digests(ref.kind, it, *values) for it, values in fields.items()),
                ref=more.pop("ref", ref),
                parent=live.parent if live else None,
                author=BOT,
            )
        )

    def _digests(
        self, kind: Kind, name: Field, before: Value | None, after: Value | None
    ) -> FieldDigests:
        old = None if before is None else digest_field(kind, name, before)
        new = None if after is None else digest_field(kind, name, after)
        if old is not None and before is not None:
            self.texts[old] = before
        return FieldDigests(name, old, new, new, Base(old, old) if old else None)

    def undo(self, run: RunId = RUN, ability: Abilities = all_able) -> Plan:
        wanted = digests_for_undo(run, self.history)
        return make_inverse(
            run,
            self.history,
            {it: self.texts[it] for it in wanted if it in self.texts},
            self.scene.snapshot(),
            self.scene.ledger(),
            namespace="handbook",
            team="acme",
            ability=ability,
            rates=RATES,
        )


def titled(key: str, title: str) -> Item:
    return having(question(key), Field.TITLE, title)


def test_what_was_created_is_deleted_last_first_each_after_what_it_needs() -> None:
    past = Past()
    past.created(question("two"), answer("two#a", accepted=True), answer("two#b"), question("one"))
    plan = past.undo()
    assert [(it.id, it.needs) for it in plan.changes] == [
        ("one!delete", ()),
        ("two#b!delete", ()),
        ("two#a!set!accepted", ()),
        ("two#a!delete", ("two#a!set!accepted",)),
        ("two!delete", ("two#a!delete", "two#b!delete")),
    ]
    assert {it.reason for it in plan.changes} == {Reason.UNDO}
    assert all(it.unless_engaged for it in plan.changes if it.verb is Verb.DELETE)
    assert (plan.blocked, plan.manual, plan.undoes) == ((), (), RUN)


ENGAGED = Facts(author=BOT, engaged_by_others=True)
HANDED_OVER = Facts(author=ANN)
LOCKED = Facts(author=BOT, locked=True)


def _covering(*kinds: Kind) -> Callable[[Past], None]:
    def act(past: Past) -> None:
        past.scene.covered = frozenset(kinds)

    return act


def _altered(**more: Any) -> Callable[[Past], None]:
    return lambda past: past.scene.alter("one", **more)


def _newer(past: Past) -> None:
    marker = past.scene.live("one").marker
    assert marker is not None
    past.scene.alter("one", marker=replace(marker, version=NEWER))


def _protected(past: Past) -> None:
    binding = past.scene.bindings[Key("one")]
    past.scene.bindings[Key("one")] = replace(binding, protected=True)


def _let_go(past: Past) -> None:
    del past.scene.bindings[Key("one")]


def _titled(past: Past) -> None:
    past.scene.edit("one", Field.TITLE, NEW)


def _titled_by_a_run(past: Past) -> None:
    past.scene.edit("one", Field.TITLE, NEW)
    past.edited(titled("one", NEW), Field.TITLE, OLD, run=LATER)


def _answered_by_a_run(past: Past) -> None:
    past.created(answer("one#late"), run=LATER)


def _answered_by_hand(past: Past) -> None:
    past.scene.stranger(90, "", Kind.ANSWER, parent=past.scene.refs[Key("one")])


def _open(past: Past) -> None:
    past.wrote("one", Verb.UPDATE, {Field.TITLE: (OLD, NEW)}, LATER, state=State.OPEN)
    past.scene.open = (past.history[-1],)


@pytest.mark.parametrize(
    ("act", "code", "word"),
    [
        pytest.param(_covering(), BlockedCode.UNREAD, "completely", id="not read"),
        pytest.param(
            _covering(Kind.QUESTION), BlockedCode.UNREAD, "completely", id="answers not read"
        ),
        pytest.param(_altered(facts=ENGAGED), BlockedCode.ENGAGED, "others", id="engaged"),
        pytest.param(_altered(facts=HANDED_OVER), BlockedCode.ENGAGED, "author", id="handed over"),
        pytest.param(_altered(facts=LOCKED), BlockedCode.LOCKED, "locked", id="locked"),
        pytest.param(_newer, BlockedCode.NEWER_MARKER, "newer", id="a newer importer's"),
        pytest.param(_protected, BlockedCode.PROTECTED, "protect", id="protected"),
        pytest.param(_let_go, BlockedCode.CONFLICT, "let go", id="let go"),
        pytest.param(_titled, BlockedCode.CONFLICT, "title", id="edited by hand"),
        pytest.param(_titled_by_a_run, BlockedCode.LATER_RUN, LATER, id="edited by a run"),
        pytest.param(_answered_by_a_run, BlockedCode.LATER_RUN, LATER, id="answered by a run"),
        pytest.param(_answered_by_hand, BlockedCode.NEEDS, "answer/90", id="answered by hand"),
        pytest.param(_open, BlockedCode.OPEN, "not known", id="an open write"),
    ],
)
def test_what_speaks_against_deleting_is_named_and_holds_just_that_post(
    act: Callable[[Past], None], code: BlockedCode, word: str
) -> None:
    past = Past()
    past.created(question("one"))
    assert ids(past.undo()) == ["one!delete"]
    act(past)
    plan = past.undo()
    assert codes(plan) == {"one": code}
    assert word in plan.blocked[0].why
    assert plan.blocked[0].remedy
    assert plan.changes == ()


def test_an_accepted_answer_that_the_run_did_not_accept_stays() -> None:
    past = Past()
    past.created(question("two"), answer("two#a"))
    past.scene.edit("two#a", Field.ACCEPTED, value=True)
    assert codes(past.undo()) == {"two#a": BlockedCode.ENGAGED, "two": BlockedCode.NEEDS}


def test_a_mark_that_is_off_already_is_not_taken_off_again() -> None:
    past = Past()
    past.created(question("two"), answer("two#a", accepted=True))
    past.scene.edit("two#a", Field.ACCEPTED, value=False)
    assert ids(past.undo()) == ["two#a!delete", "two!delete"]


def test_an_edit_is_restored_with_its_former_base_in_the_marker() -> None:
    past = Past()
    past.edited(titled("one", NEW), Field.TITLE, OLD)
    (change,) = past.undo().changes
    (it,) = change.fields
    old = digest_field(Kind.QUESTION, Field.TITLE, OLD)
    assert (it.field, it.before, it.after, it.base) == (Field.TITLE, NEW, OLD, old)
    assert change.marker_base[Field.TITLE] == old
    assert set(change.marker_base) == {Field.TITLE, Field.TAGS, Field.BODY}


def test_two_writes_of_one_field_are_taken_back_as_one() -> None:
    past = Past()
    past.edited(titled("one", NEW), Field.TITLE, OLD)
    past.history.clear()
    past.wrote("one", Verb.UPDATE, {Field.TITLE: (OLD, "What is half of a title?")})
    past.wrote("one", Verb.UPDATE, {Field.TITLE: ("What is half of a title?", NEW)})
    (change,) = past.undo().changes
    assert [(it.before, it.after) for it in change.fields] == [(NEW, OLD)]


def _gone(past: Past) -> None:
    past.scene.delete("one")


def _gone_by_a_run(past: Past) -> None:
    past.wrote("one", Verb.DELETE, {Field.TITLE: (NEW, None)}, LATER)
    past.scene.delete("one")


def _textless(past: Past) -> None:
    past.texts.clear()


def _third(past: Past) -> None:
    past.scene.edit("one", Field.TITLE, "What is a third title of it?")


@pytest.mark.parametrize(
    ("act", "code"),
    [
        pytest.param(_gone, BlockedCode.GONE, id="gone"),
        pytest.param(_gone_by_a_run, BlockedCode.LATER_RUN, id="deleted by a run"),
        pytest.param(_textless, BlockedCode.NO_BASE, id="its text is not in the journal"),
        pytest.param(_third, BlockedCode.CONFLICT, id="edited by hand"),
        pytest.param(_altered(facts=LOCKED), BlockedCode.LOCKED, id="locked"),
        pytest.param(_newer, BlockedCode.NEWER_MARKER, id="a newer importer's"),
        pytest.param(_open, BlockedCode.OPEN, id="an open write"),
    ],
)
def test_what_speaks_against_restoring_is_named(
    act: Callable[[Past], None], code: BlockedCode
) -> None:
    past = Past()
    past.edited(titled("one", NEW), Field.TITLE, OLD)
    act(past)
    plan = past.undo()
    assert (codes(plan), plan.changes) == ({"one": code}, ())


def test_what_others_engaged_with_is_still_restored() -> None:
    past = Past()
    past.edited(titled("one", NEW), Field.TITLE, OLD)
    past.scene.alter("one", facts=replace(ENGAGED, author=ANN))
    assert ids(past.undo()) == ["one!update"]


def test_one_field_in_conflict_holds_back_the_post_but_not_its_mark() -> None:
    past = Past()
    body = text("The body that the run wrote, long enough.")
    item = having(answer("two#a", accepted=True), Field.BODY, body)
    past.scene.publish(question("two"))
    past.edited(item, Field.BODY, text("The body before it, long enough."))
    past.wrote("two#a", Verb.SET, {Field.ACCEPTED: (False, True)})
    past.scene.edit("two#a", Field.BODY, text("The body of a colleague, long enough."))
    plan = past.undo()
    assert codes(plan) == {"two#a": BlockedCode.CONFLICT}
    assert ids(plan) == ["two#a!set!accepted"]


def test_what_reads_as_before_is_left_alone() -> None:
    past = Past()
    past.edited(titled("one", NEW), Field.TITLE, OLD)
    past.scene.edit("one", Field.TITLE, OLD)
    plan = past.undo()
    assert (plan.changes, plan.blocked, plan.unchanged) == ((), (), 1)


def test_what_no_call_can_do_is_blocked_by_name() -> None:
    past = Past()
    past.edited(titled("one", NEW), Field.TITLE, OLD)
    plan = past.undo(ability=unable(Kind.QUESTION, "no such call"))
    assert (codes(plan), plan.blocked[0].why) == ({"one": BlockedCode.UNSUPPORTED}, "no such call")


def test_writes_that_did_not_happen_have_nothing_to_take_back() -> None:
    past = Past()
    past.scene.publish(titled("one", OLD))
    for state in (State.REJECTED, State.ABSENT):
        past.wrote("one", Verb.UPDATE, {Field.TITLE: (OLD, NEW)}, state=state)
    plan = past.undo()
    assert (plan.changes, plan.blocked, plan.unchanged) == ((), (), 0)


def test_a_double_that_the_audit_removed_is_a_step_by_hand() -> None:
    past = Past()
    past.created(question("one"))
    double = Ref(Kind.QUESTION, 99)
    past.wrote("one", Verb.DELETE, {}, ref=double)
    plan = past.undo()
    assert ids(plan) == ["one!delete"]
    (step,) = plan.manual
    assert (step.key, step.page.rpartition("/")[2]) == ("one", "99")
    assert "undelete question/99" in step.what
    assert f"({past.scene.live('one').ref})" in step.what, "it names the post that counts"


@pytest.mark.parametrize("again", [False, True], ids=["not posted again", "posted again"])
def test_a_deleted_post_is_a_step_by_hand_unless_its_item_has_a_post_again(*, again: bool) -> None:
    past = Past()
    past.scene.publish(titled("one", OLD))
    past.wrote("one", Verb.DELETE, {Field.TITLE: (OLD, None)})
    past.scene.delete("one")
    del past.scene.bindings[Key("one")]
    url = "https://stackoverflowteams.com/c/acme/questions/1"
    if again:
        past.scene.publish(titled("one", OLD), number=7)
    plan = past.undo()
    assert [(it.key, it.page) for it in plan.manual] == ([] if again else [("one", url)])
    assert all(OLD in it.what for it in plan.manual)


def test_the_same_facts_in_another_order_give_the_same_bytes() -> None:
    past = Past()
    past.created(question("two"), answer("two#a", accepted=True), answer("two#b"))
    past.edited(titled("one", NEW), Field.TITLE, OLD)
    first = plan_bytes(past.undo())
    past.scene.posts = dict(reversed(past.scene.posts.items()))
    past.scene.bindings = dict(reversed(past.scene.bindings.items()))
    assert plan_bytes(past.undo()) == first


def test_a_deletion_is_stale_once_others_have_engaged() -> None:
    past = Past()
    past.created(question("one"))
    (change,) = past.undo().changes
    live = past.scene.live("one")
    assert judge_freshness(change, live).freshness is Freshness.FRESH
    engaged = replace(live, facts=ENGAGED)
    assert judge_freshness(change, engaged).freshness is Freshness.STALE
    allowed = replace(change, unless_engaged=False)
    assert judge_freshness(allowed, engaged).freshness is Freshness.FRESH


def test_an_unknown_run_has_nothing_to_undo() -> None:
    past = Past()
    past.created(question("one"))
    plan = past.undo(RunId("another"))
    assert (plan.changes, plan.blocked, plan.manual) == ((), (), ())
