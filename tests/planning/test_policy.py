"""What becomes of a pair besides who moved: creates, refusals, locks, kinds that can't be done."""

from __future__ import annotations

from dataclasses import replace

from importer.model.ids import Field, Key, Kind, Verb
from importer.model.ledger import Base
from importer.model.live import Ability, Facts
from importer.model.manifest import Item, OnDrift
from importer.model.plan import BlockedCode, Plan, Reason
from importer.planning.baseline import digest_field
from importer.planning.identity import field_digests
from tests.planning.stage import (
    BOT,
    Known,
    Scene,
    all_able,
    an_operation,
    answer,
    article,
    codes,
    having,
    ids,
    nothing_to_do,
    only_blocked,
    question,
    text,
    unable,
    without,
)

ONE = question("one")


def _moved(item: Item = ONE) -> Item:
    return having(item, Field.TITLE, "What is the new story of one?")


# Creates.


def test_a_create_carries_all_that_rides_with_the_post_and_the_rest_by_calls_of_its_own() -> None:
    item = replace(ONE, protected=True)
    plan = Scene().plan(item, answer("one#a", accepted=True))
    post, reply, mark = plan.changes
    assert [it.field for it in post.fields] == [Field.TITLE, Field.TAGS, Field.BODY]
    assert {it.field: (it.before, it.after) for it in post.fields} == {
        it: (None, value) for it, value in ONE.fields.items()
    }
    assert post.marker_base == {it.field: it.base for it in post.fields}
    assert (post.reason, post.protected, post.bumps, post.ref) == (Reason.NEW, True, True, None)
    assert [it.field for it in reply.fields] == [Field.BODY]
    assert (reply.parent, reply.title) == (Key("one"), ONE.fields[Field.TITLE])
    (accepted,) = mark.fields
    assert (accepted.before, accepted.after) == (False, True)
    assert (mark.reason, mark.bumps) == (Reason.NEW, False)


def test_a_new_answer_that_is_not_to_be_accepted_needs_no_mark() -> None:
    scene = Scene()
    assert ids(scene.plan(ONE, having(answer("one#a"), Field.ACCEPTED, False))) == [
        "one!create",
        "one#a!create",
    ]


def test_what_is_stated_beside_manage_is_used_for_the_create_alone_and_has_no_base() -> None:
    item = replace(ONE, fields=without(ONE.fields, Field.BODY), initial=ONE.fields)
    (change,) = Scene().plan(item).changes
    assert {it.field for it in change.fields} == set(ONE.fields)
    assert set(change.marker_base) == {Field.TITLE, Field.TAGS}
    assert change.title == ONE.fields[Field.TITLE]


def test_a_title_beside_manage_still_names_the_change() -> None:
    item = replace(ONE, fields=without(ONE.fields, Field.TITLE), initial=ONE.fields)
    assert Scene().plan(item).changes[0].title == ONE.fields[Field.TITLE]


def test_an_accepted_mark_beside_manage_is_set_at_first() -> None:
    item = replace(answer("one#a"), initial={Field.ACCEPTED: True})
    plan = Scene().plan(ONE, item)
    assert ids(plan) == ["one!create", "one#a!create", "one#a!set!accepted"]
    assert plan.changes[-1].fields[0].base is None


def test_a_create_that_lacks_a_field_waits_and_names_it() -> None:
    item = replace(ONE, fields=without(without(ONE.fields, Field.BODY), Field.TAGS))
    blocked = only_blocked(Scene().plan(item))
    assert blocked.code is BlockedCode.MISFIT
    assert "needs tags and body" in blocked.why


# What the server refused, what is locked.


def _refused(scene: Scene, plan: Plan) -> None:
    (change,) = plan.changes
    scene.rejected = (an_operation(change.key, change.id, change.kind, *field_digests(change)),)


def test_what_the_server_refused_is_not_sent_again() -> None:
    scene = Scene()
    scene.publish(ONE)
    _refused(scene, scene.plan(_moved()))
    blocked = only_blocked(scene.plan(_moved()))
    assert blocked.code is BlockedCode.REJECTED
    assert "too long" in blocked.why
    assert blocked.url == scene.live("one").url


def test_another_wish_than_the_refused_one_is_sent() -> None:
    scene = Scene()
    scene.publish(ONE)
    _refused(scene, scene.plan(_moved()))
    assert ids(scene.plan(having(ONE, Field.TITLE, "Another title for it"))) == ["one!update"]
    assert nothing_to_do(scene.plan(ONE))


def test_a_refused_create_holds_back_what_needs_it() -> None:
    scene = Scene()
    _refused(scene, scene.plan(ONE))
    plan = scene.plan(ONE, answer("one#a", accepted=True))
    assert plan.changes == ()
    assert [(it.key, it.code) for it in plan.blocked] == [
        ("one", BlockedCode.REJECTED),
        ("one#a", BlockedCode.NEEDS),
    ]


def test_a_locked_post_waits_for_a_person_only_where_something_is_to_change() -> None:
    scene = Scene()
    scene.publish(ONE, facts=Facts(author=BOT, locked=True))
    assert nothing_to_do(scene.plan(ONE))
    blocked = only_blocked(scene.plan(_moved()))
    assert blocked.code is BlockedCode.LOCKED
    scene.edit("one", Field.BODY, text("What a person made of it."))
    assert len(scene.plan(ONE).drift) == 1


# Kinds and dialects.


def test_a_kind_the_dialect_cannot_do_is_blocked_by_name() -> None:
    plan = Scene().plan(article("leave"), ONE, ability=unable(Kind.ARTICLE, "v2.3 has no articles"))
    assert ids(plan) == ["one!create"]
    assert codes(plan) == {"leave": BlockedCode.UNSUPPORTED}
    assert plan.blocked[0].why == "v2.3 has no articles"


def test_a_create_that_is_possible_says_nothing_of_the_edit() -> None:
    def ability(kind: Kind, verb: Verb, field: Field | None = None) -> Ability:
        if verb is Verb.UPDATE:
            return Ability(able=False, reason="no edits")
        return all_able(kind, verb, field)

    scene = Scene()
    scene.publish(ONE)
    plan = scene.plan(_moved(), question("two"), ability=ability)
    assert ids(plan) == ["two!create"]
    assert codes(plan) == {"one": BlockedCode.UNSUPPORTED}


def test_an_article_is_one_write_with_type_and_permissions() -> None:
    item = article("leave", fields={Field.PERMISSIONS: ("everyone",)})
    (post,) = Scene().plan(item).changes
    assert [it.field for it in post.fields] == [
        Field.TITLE,
        Field.TAGS,
        Field.BODY,
        Field.TYPE,
        Field.PERMISSIONS,
    ]
    scene = Scene()
    scene.publish(item)
    assert nothing_to_do(scene.plan(item))
    assert ids(scene.plan(having(item, Field.TYPE, "how-to"))) == ["leave!update"]


# What is remembered.


def test_a_mark_nobody_asks_for_and_nobody_set_is_as_good_as_written() -> None:
    """So the author can ask for it later, and a person's mark is told from ours."""
    scene = Scene()
    items = ONE, answer("one#a")
    scene.publish(*items, known=Known.MARKER)
    scene.bindings.update({it.key: it for it in scene.plan(*items).bindings})
    unset = digest_field(Kind.ANSWER, Field.ACCEPTED, value=False)
    assert scene.bindings[Key("one#a")].base[Field.ACCEPTED] == Base(unset, unset)
    plan = scene.plan(ONE, answer("one#a", accepted=True))
    assert ids(plan) == ["one#a!set!accepted"]


def test_a_mark_somebody_set_has_no_base() -> None:
    scene = Scene()
    items = ONE, answer("one#a")
    scene.publish(*items, known=Known.MARKER)
    scene.edit("one#a", Field.ACCEPTED, True)
    bindings = {it.key: it for it in scene.plan(*items).bindings}
    assert Field.ACCEPTED not in bindings[Key("one#a")].base


def test_protection_is_remembered() -> None:
    scene = Scene()
    scene.publish(ONE)
    (binding,) = scene.plan(replace(ONE, protected=True)).bindings
    assert binding.protected


def test_a_whole_base_takes_the_place_of_a_markers_short_one() -> None:
    scene = Scene()
    scene.publish(ONE, known=Known.MARKER)
    (binding,) = scene.plan(ONE).bindings
    whole = {it: digest_field(Kind.QUESTION, it, value) for it, value in ONE.fields.items()}
    assert binding.base == {it: Base(digest, digest) for it, digest in whole.items()}


def test_what_was_served_is_kept_while_both_sides_agree() -> None:
    scene = Scene()
    scene.publish(ONE)
    base = dict(scene.bindings[ONE.key].base)
    base[Field.BODY] = Base(base[Field.BODY].ours, digest_field(Kind.QUESTION, Field.TITLE, "x"))
    scene.bindings[ONE.key] = replace(scene.bindings[ONE.key], base=base)
    assert scene.plan(ONE).bindings == ()


# Figures and notes.


def test_a_plan_counts_what_is_managed_and_what_stays_as_it_is() -> None:
    scene = Scene()
    items = [question(name) for name in ("same", "edited", "drifted", "new")]
    scene.publish(*items[:3])
    scene.edit("drifted", Field.TITLE, "A title of a person's making")
    items[1] = having(items[1], Field.TITLE, "A new title for the edited one")
    plan = scene.plan(*items)
    assert (plan.managed, plan.unchanged) == (3, 1)
    assert plan.notes == ()


def test_open_writes_of_an_earlier_run_are_told() -> None:
    scene = Scene(open=(an_operation("one", "one!create", Kind.QUESTION),))
    assert any("1 write of an earlier run has" in note for note in scene.plan(ONE).notes)


def test_a_plan_knows_where_it_belongs_and_what_was_decided() -> None:
    plan = Scene().plan(ONE, decisions={"on_drift": OnDrift.KEEP, "max_updates": "10%"})
    assert (plan.lineage, plan.serial, plan.namespace, plan.team) == (
        "lineage",
        0,
        "handbook",
        "acme",
    )
    assert (plan.decisions.on_drift, plan.decisions.max_updates) == (OnDrift.KEEP, "10%")
    assert plan.site == "https://stackoverflowteams.com/c/acme"
