"""What moved here and on the site becomes one, where it is known what both started from."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from importer.execution.recording import values_of
from importer.execution.settling import binding_after
from importer.model.fields import Value
from importer.model.ids import Field, Key, Kind, RunId, UserId
from importer.model.ledger import Base, Operation, State
from importer.model.live import Facts
from importer.model.manifest import OnDrift, Policy
from importer.model.plan import BlockedCode, Decisions, LastEdit, Plan, Reason
from importer.planning.baseline import digest_field
from importer.planning.identity import field_digests
from importer.planning.plan_file import load, save
from tests.planning.stage import (
    ANN,
    BOT,
    Known,
    Scene,
    answer,
    article,
    codes,
    collection,
    draw,
    having,
    ids,
    manifest,
    nothing_to_do,
    only_blocked,
    question,
    text,
    without,
)

if TYPE_CHECKING:
    from importer.model.manifest import Item

BASE = text("The first paragraph is here.\n\nThe second one.\n\nThe third one, with a link.")
OURS = text("The first paragraph is ours.\n\nThe second one.\n\nThe third one, with a link.")
LIVE = text("The first paragraph is here.\n\nThe second one.\n\nThe third one was edited there.")
BOTH = text("The first paragraph is ours.\n\nThe second one.\n\nThe third one was edited there.")
SAME_LINE = text("The first paragraph is theirs.\n\nThe second one.\n\nThe third one, with a link.")


def published(known: Known = Known.BOTH, **fields: Value) -> tuple[Scene, Item]:
    """Return a scene with one question on the site, and the question."""
    scene = Scene(tags={"testing", "git", "python", "java"})
    given = {Field(name): value for name, value in {"body": BASE, **fields}.items()}
    item = question("one")
    item = replace(item, fields={**item.fields, **given})
    scene.publish(item, known=known)
    return scene, item


def plan_of(scene: Scene, *items: Item, was: tuple[Item, ...], **more: Any) -> Plan:
    """Return the plan for *items* where the journal has the texts of those that *was* there."""
    texts = {digest_field(it.kind, name, value): value
             for it in was for name, value in it.fields.items()}  # fmt: skip
    decisions = Decisions(**more.pop("decisions", {}))
    wanted = manifest(*items, **more)
    return draw(wanted, scene.snapshot(), scene.ledger(), decisions, texts=texts)


def applied(scene: Scene, plan: Plan) -> None:
    """Carry out the one change of *plan*, as the executor would."""
    (change,) = plan.changes
    live = scene.live(change.key)
    after = {it.field: it.after for it in change.fields if it.after is not None}
    live = replace(live, fields={**live.fields, **after})
    scene.posts[live.ref] = live
    digests = field_digests(change, scene.bindings.get(change.key))
    operation = Operation(
        RunId("run"), change.id, 1, "request", change.key, change.kind, change.verb,
        State.DONE, digests,
    )  # fmt: skip
    scene.bindings[change.key] = binding_after(
        operation, scene.bindings.get(change.key), live, protected=False, found=False
    )


@pytest.mark.parametrize("make", [question, article], ids=["question", "article"])
def test_edits_of_different_paragraphs_are_merged(make: Any) -> None:
    scene, item = Scene(), having(make("one"), Field.BODY, BASE)
    scene.publish(item)
    scene.edit("one", Field.BODY, LIVE)
    plan = plan_of(scene, having(item, Field.BODY, OURS), was=(item,))
    (change,) = plan.changes
    assert (change.id, change.reason) == ("one!update", Reason.MERGED)
    (field,) = change.fields
    assert (field.before, field.after, field.ours) == (LIVE, BOTH, OURS)
    assert field.base == digest_field(item.kind, Field.BODY, OURS)
    assert field.live_moved
    assert change.marker_base[Field.BODY] == field.base
    assert (plan.blocked, plan.drift) == ((), ())


def test_an_answer_is_merged_as_a_question_is() -> None:
    scene, asked, item = Scene(), question("one"), having(answer("one#a"), Field.BODY, BASE)
    scene.publish(asked, item)
    scene.edit("one#a", Field.BODY, LIVE)
    plan = plan_of(scene, asked, having(item, Field.BODY, OURS), was=(asked, item))
    assert [(it.id, it.reason) for it in plan.changes] == [("one#a!update", Reason.MERGED)]


def test_a_collections_description_is_merged_beside_what_is_new() -> None:
    scene, member = Scene(), question("one")
    item = collection("start", "one", fields={Field.BODY: BASE})
    scene.publish(member, item)
    scene.edit("start", Field.BODY, LIVE)
    plan = plan_of(
        scene, member, having(item, Field.BODY, OURS), question("two"), was=(member, item)
    )
    assert {it.id: it.reason for it in plan.changes} == {
        "start!update": Reason.MERGED,
        "two!create": Reason.NEW,
    }


def test_once_merged_the_other_edit_is_drift_and_kept() -> None:
    scene, item = published()
    ours = having(item, Field.BODY, OURS)
    scene.edit("one", Field.BODY, LIVE)
    applied(scene, plan_of(scene, ours, was=(item,)))
    digest = digest_field(item.kind, Field.BODY, OURS)
    assert scene.bindings[Key("one")].base[Field.BODY] == Base(digest, digest)
    plan = plan_of(scene, ours, was=(item, ours))
    assert (plan.changes, plan.blocked) == ((), ())
    (drift,) = plan.drift
    assert (drift.ours, drift.live) == (OURS, BOTH)


def test_what_was_merged_is_where_the_next_merge_starts() -> None:
    """The journal keeps what the manifest said, not only what was sent."""
    scene, item = published()
    ours = having(item, Field.BODY, OURS)
    scene.edit("one", Field.BODY, LIVE)
    first = plan_of(scene, ours, was=(item,))
    kept = dict(values_of(first.changes[0]))
    assert kept[digest_field(item.kind, Field.BODY, OURS)] == OURS
    applied(scene, first)
    again = having(item, Field.BODY, text(OURS.holed.replace("The second one.", "Two.")))
    wanted = manifest(again)
    (change,) = draw(wanted, scene.snapshot(), scene.ledger(), texts=kept).changes
    assert change.reason is Reason.MERGED
    assert change.fields[0].after == text(BOTH.holed.replace("The second one.", "Two."))


def test_the_same_line_is_a_conflict_with_three_sides() -> None:
    scene, item = published()
    scene.edit("one", Field.BODY, SAME_LINE)
    blocked = only_blocked(plan_of(scene, having(item, Field.BODY, OURS), was=(item,)))
    assert blocked.code is BlockedCode.CONFLICT
    (side,) = blocked.sides
    assert (side.ours, side.live, side.base) == (OURS, SAME_LINE, BASE)


def test_nothing_is_merged_where_it_is_not_known_what_both_started_from() -> None:
    scene, item = published(Known.MARKER)
    scene.edit("one", Field.BODY, LIVE)
    blocked = only_blocked(plan_of(scene, having(item, Field.BODY, OURS), was=(item,)))
    assert blocked.code is BlockedCode.CONFLICT
    assert blocked.sides[0].base is None
    assert "not known here" in blocked.why
    assert "pull" in blocked.remedy


def test_tags_are_merged_as_a_set() -> None:
    scene, item = published(tags=("git", "testing"))
    scene.edit("one", Field.TAGS, ("java", "testing"))
    ours = having(item, Field.TAGS, ("git", "python", "testing"))
    (change,) = plan_of(scene, ours, was=(item,)).changes
    assert change.reason is Reason.MERGED
    assert change.fields[0].after == ("java", "python", "testing")


@pytest.mark.parametrize(
    ("base", "ours", "live"),
    [
        pytest.param(("git",), ("git", "python", "testing"), ("git", "java", "x", "y"), id="many"),
        pytest.param(("git", "java"), ("git",), ("java",), id="none"),
    ],
)
def test_tags_that_a_post_cannot_have_are_a_conflict(base: Value, ours: Value, live: Value) -> None:
    scene, item = published(tags=base)
    scene.edit("one", Field.TAGS, live)
    plan = plan_of(scene, having(item, Field.TAGS, ours), was=(item,))
    assert codes(plan) == {"one": BlockedCode.CONFLICT}


def test_a_text_that_would_be_too_long_is_a_conflict() -> None:
    long = ["word " * 2700 + str(it) for it in range(2)]
    base, ours, live = (
        text("\n\n".join(it)) for it in (["Head.", "Tail."], [long[0], "Tail."], ["Head.", long[1]])
    )
    scene, item = published(body=base)
    scene.edit("one", Field.BODY, text("Head.\n\n" + "word " * 2900))
    plan = plan_of(scene, having(item, Field.BODY, ours), was=(item,))
    assert [it.reason for it in plan.changes] == [Reason.MERGED]
    scene.edit("one", Field.BODY, text("Head.\n\n" + "word " * 3300))
    plan = plan_of(scene, having(item, Field.BODY, ours), was=(item,))
    assert codes(plan) == {"one": BlockedCode.CONFLICT}
    assert live != base


def test_titles_and_lists_in_order_are_never_merged() -> None:
    scene, item = published()
    scene.edit("one", Field.TITLE, "What is the whole story of one?")
    ours = having(item, Field.TITLE, "What is the story of one again?")
    assert codes(plan_of(scene, ours, was=(item,))) == {"one": BlockedCode.CONFLICT}
    scene, members = Scene(), [question(it) for it in ("one", "two", "three")]
    group = collection("start", "one")
    scene.publish(*members, group)
    scene.edit("start", Field.ITEMS, ("question/1", "question/2"))
    plan = plan_of(scene, *members, collection("start", "three", "one"), was=(group,))
    assert codes(plan) == {"start": BlockedCode.CONFLICT}


def test_one_field_in_conflict_holds_back_a_merge_of_another() -> None:
    scene, item = published()
    scene.edit("one", Field.TITLE, "What is the whole story of one?")
    scene.edit("one", Field.BODY, LIVE)
    ours = having(having(item, Field.BODY, OURS), Field.TITLE, "What is the story of one again?")
    blocked = only_blocked(plan_of(scene, ours, was=(item,)))
    assert [it.field for it in blocked.sides] == [Field.TITLE]


def test_an_edit_of_a_field_that_only_the_site_moved_stays_beside_a_merge() -> None:
    scene, item = published()
    scene.edit("one", Field.TITLE, "What is the whole story of one?")
    scene.edit("one", Field.BODY, LIVE)
    plan = plan_of(scene, having(item, Field.BODY, OURS), was=(item,))
    assert [it.field for it in plan.changes[0].fields] == [Field.BODY]
    assert [it.field for it in plan.drift] == [Field.TITLE]


@pytest.mark.parametrize("how", ["item", "command line", "policy"])
def test_where_overwriting_is_asked_for_nothing_is_merged(how: str) -> None:
    scene, item = published()
    scene.edit("one", Field.BODY, LIVE)
    ours = having(item, Field.BODY, OURS)
    more: dict[str, Any] = {}
    if how == "item":
        ours = replace(ours, on_drift=OnDrift.OVERWRITE)
    elif how == "policy":
        more = {"policy": Policy(on_drift=OnDrift.OVERWRITE)}
    else:
        more = {"decisions": {"on_drift": OnDrift.OVERWRITE}}
    (change,) = plan_of(scene, ours, was=(item,), **more).changes
    assert change.reason is Reason.OVERWRITE
    assert (change.fields[0].after, change.fields[0].ours) == (OURS, None)
    assert change.fields[0].live_moved


def test_an_item_that_keeps_is_merged_where_the_others_overwrite() -> None:
    scene, item = published()
    scene.edit("one", Field.BODY, LIVE)
    ours = replace(having(item, Field.BODY, OURS), on_drift=OnDrift.KEEP)
    plan = plan_of(scene, ours, was=(item,), decisions={"on_drift": OnDrift.OVERWRITE})
    assert [it.reason for it in plan.changes] == [Reason.MERGED]


def test_a_field_left_out_of_manage_is_not_merged() -> None:
    scene, item = published()
    scene.edit("one", Field.BODY, LIVE)
    left_out = replace(item, fields=without(item.fields, Field.BODY), initial={Field.BODY: OURS})
    assert nothing_to_do(plan_of(scene, left_out, was=(item,)))


def test_where_the_site_has_all_of_ours_nothing_is_written() -> None:
    """A colleague did on the site what the author did here, and more."""
    scene, item = published()
    scene.edit("one", Field.BODY, BOTH)
    ours = having(item, Field.BODY, OURS)
    plan = plan_of(scene, ours, was=(item,))
    assert (plan.changes, plan.blocked) == ((), ())
    assert [(it.ours, it.live) for it in plan.drift] == [(OURS, BOTH)]
    digest = digest_field(item.kind, Field.BODY, OURS)
    (binding,) = plan.bindings
    assert binding.base[Field.BODY] == Base(digest, digest)
    scene.bindings[binding.key] = binding
    again = plan_of(scene, ours, was=(item, ours))
    assert (again.changes, again.blocked, len(again.drift)) == ((), (), 1)


def test_where_ours_has_all_of_the_site_it_is_a_plain_edit() -> None:
    """The site's edit was brought home, and the text edited on."""
    scene, item = published()
    scene.edit("one", Field.BODY, LIVE)
    (change,) = plan_of(scene, having(item, Field.BODY, BOTH), was=(item,)).changes
    assert change.reason is Reason.EDITED
    (field,) = change.fields
    assert (field.after, field.ours, field.live_moved) == (BOTH, None, False)


def test_links_of_both_sides_lead_where_they_led() -> None:
    other = question("two")
    base = text("See [one](key:two) here.\n\nMiddle of it.\n\nEnd of it.")
    ours = text("See [one](key:two) here, too.\n\nMiddle of it.\n\nEnd of it.")
    scene, item = Scene(), having(question("one"), Field.BODY, base)
    scene.publish(other, item)
    live = text("See [one](question/1) here.\n\nMiddle of it.\n\nEnd [of](question/1) it.")
    scene.edit("one", Field.BODY, live)
    plan = plan_of(scene, other, having(item, Field.BODY, ours), was=(item,))
    (change,) = plan.changes
    merged = text("See [one](key:two) here, too.\n\nMiddle of it.\n\nEnd [of](key:two) it.")
    assert change.fields[0].after == merged
    assert ids(plan) == ["one!update"]


def test_a_saved_plan_holds_a_merge() -> None:
    scene, item = published()
    scene.edit("one", Field.BODY, LIVE)
    plan = plan_of(scene, having(item, Field.BODY, OURS), was=(item,))
    assert load(save(plan, "2026-01-01T00:00:00+00:00", "ann", "")).plan == plan
    assert plan.changes[0].kind is Kind.QUESTION


@pytest.mark.parametrize("editor", [ANN, BOT])
def test_whose_edit_it_is_is_told_unless_it_may_be_a_write_from_here(editor: UserId) -> None:
    scene, item = published()
    at = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
    scene.edit("one", Field.BODY, LIVE)
    scene.alter("one", facts=Facts(BOT, editor=editor, editor_name="Ann Lee", edited_at=at))
    told = LastEdit(ANN, "Ann Lee", at) if editor == ANN else None
    assert plan_of(scene, having(item, Field.BODY, OURS), was=(item,)).changes[0].edit == told
    assert plan_of(scene, item, was=(item,)).drift[0].edit == told
    scene.edit("one", Field.BODY, SAME_LINE)
    assert plan_of(scene, having(item, Field.BODY, OURS), was=(item,)).blocked[0].edit == told
    seen = {Field.BODY: digest_field(item.kind, Field.BODY, SAME_LINE)}
    plain = plan_of(scene, replace(having(item, Field.BODY, OURS), seen=seen), was=(item,))
    assert plain.changes[0].edit is None
