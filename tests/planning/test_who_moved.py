"""The table of ARCHITECTURE.md section 5, row by row: per field, per source of the base."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from importer.model.fields import Value
from importer.model.ids import Field, Key, Kind
from importer.model.ledger import Base
from importer.model.manifest import Item, OnDrift, Policy
from importer.model.plan import BlockedCode, Moved, Plan, Reason
from importer.planning.baseline import digest_field, known_mark, who_moved
from importer.planning.compare import compare
from importer.planning.merging import digests_for_sides
from importer.text.digests import Digest, agree, digest_text, shorten
from tests.planning.stage import (
    Known,
    Scene,
    answer,
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

BASE: dict[Field, Value] = {
    Field.TITLE: "What is the story of one?",
    Field.TAGS: ("testing",),
    Field.BODY: text("The first version of the body."),
}
OURS: dict[Field, Value] = {
    Field.TITLE: "What is the new story of one?",
    Field.TAGS: ("git", "testing"),
    Field.BODY: text("What the manifest says now."),
}
LIVE: dict[Field, Value] = {
    Field.TITLE: "What was the story of one?",
    Field.TAGS: ("python", "testing"),
    Field.BODY: text("What a person made of it."),
}
OVERWRITE: dict[str, Any] = {"policy": Policy(on_drift=OnDrift.OVERWRITE)}
RIDING = [
    (Kind.QUESTION, Field.TITLE),
    (Kind.QUESTION, Field.TAGS),
    (Kind.QUESTION, Field.BODY),
    (Kind.ANSWER, Field.BODY),
]


def _fields() -> Iterator[Any]:
    for kind, which in RIDING:
        for known in (Known.JOURNAL, Known.MARKER, Known.BOTH):
            yield pytest.param(kind, which, known, id=f"{kind} {which}, {known.value}")


each_field = pytest.mark.parametrize(("kind", "which", "known"), list(_fields()))


class _Post:
    """One post, one field of which is looked at; the other fields stay as they are."""

    def __init__(self, kind: Kind, which: Field, known: Known) -> None:
        self.scene = Scene(tags={"testing", "git", "python"})
        self.which = which
        parent = question("one")
        self.item = parent if kind is Kind.QUESTION else answer("one#a")
        self.around = [] if kind is Kind.QUESTION else [parent]
        self.item = having(self.item, which, BASE[which])
        self.scene.publish(*self.around, self.item, known=known)

    def digest(self, value: Value) -> Digest:
        return digest_field(self.item.kind, self.which, value)

    def plan(self, ours: Value, **more: Any) -> Plan:
        policy = more.pop("policy", Policy())
        item = replace(having(self.item, self.which, ours), **more)
        return self.scene.plan(*self.around, item, policy=policy)

    def edit(self, value: Value) -> None:
        self.scene.edit(self.item.key, self.which, value)


@each_field
def test_nobody_moved_nothing_is_done(kind: Kind, which: Field, known: Known) -> None:
    post = _Post(kind, which, known)
    for policy in (Policy(), OVERWRITE["policy"]):
        assert nothing_to_do(post.plan(BASE[which], policy=policy))


@each_field
def test_ours_moved_is_an_update(kind: Kind, which: Field, known: Known) -> None:
    post = _Post(kind, which, known)
    plan = post.plan(OURS[which])
    (change,) = plan.changes
    assert (change.id, change.reason) == (f"{post.item.key}!update", Reason.EDITED)
    (moved,) = change.fields
    assert (moved.field, moved.before, moved.after) == (which, BASE[which], OURS[which])
    assert moved.base == post.digest(OURS[which])
    assert not moved.live_moved
    assert (plan.drift, plan.blocked) == ((), ())


@each_field
def test_live_moved_is_drift_and_kept(kind: Kind, which: Field, known: Known) -> None:
    post = _Post(kind, which, known)
    post.edit(LIVE[which])
    plan = post.plan(BASE[which])
    assert (plan.changes, plan.blocked) == ((), ())
    (drift,) = plan.drift
    assert (drift.key, drift.kind, drift.field) == (post.item.key, kind, which)
    assert (drift.ours, drift.live) == (BASE[which], LIVE[which])
    assert drift.ref == post.scene.live(post.item.key).ref
    assert plan.unchanged == len(post.around)


@each_field
def test_live_moved_gives_way_where_overwriting_is_asked_for(
    kind: Kind, which: Field, known: Known
) -> None:
    post = _Post(kind, which, known)
    post.edit(LIVE[which])
    plan = post.plan(BASE[which], **OVERWRITE)
    (change,) = plan.changes
    assert change.reason is Reason.OVERWRITE
    (moved,) = change.fields
    assert (moved.before, moved.after, moved.live_moved) == (LIVE[which], BASE[which], True)
    assert (plan.drift, plan.blocked) == ((), ())


@each_field
def test_both_moved_is_a_conflict_with_both_sides(kind: Kind, which: Field, known: Known) -> None:
    post = _Post(kind, which, known)
    post.edit(LIVE[which])
    plan = post.plan(OURS[which])
    blocked = only_blocked(plan)
    assert (blocked.code, blocked.key) == (BlockedCode.CONFLICT, post.item.key)
    (side,) = blocked.sides
    assert (side.field, side.ours, side.live) == (which, OURS[which], LIVE[which])
    assert f"{which}: {shorten(post.digest(LIVE[which]))}" in blocked.remedy
    assert plan.drift == ()


@each_field
def test_a_conflict_shows_where_both_started_from_if_that_is_known(
    kind: Kind, which: Field, known: Known
) -> None:
    """The journal keeps whole digests and texts; a marker's short digest finds none."""
    post = _Post(kind, which, known)
    post.edit(LIVE[which])
    wanted = manifest(*post.around, having(post.item, which, OURS[which]))
    snapshot = post.scene.snapshot()
    ledger = post.scene.ledger()
    (digest,) = digests_for_sides(compare(wanted, snapshot, ledger))
    texts = {post.digest(BASE[which]): BASE[which]}
    plan = draw(wanted, snapshot, ledger, texts=texts)
    if which is Field.TAGS and known is not Known.MARKER:
        assert not plan.blocked  # They are merged.
        return
    (side,) = only_blocked(plan).sides
    assert side.base == (None if known is Known.MARKER else BASE[which])
    assert agree(digest, post.digest(BASE[which]))


@each_field
def test_a_conflict_gives_way_where_overwriting_is_asked_for(
    kind: Kind, which: Field, known: Known
) -> None:
    post = _Post(kind, which, known)
    post.edit(LIVE[which])
    (change,) = post.plan(OURS[which], **OVERWRITE).changes
    assert change.reason is Reason.OVERWRITE
    (moved,) = change.fields
    assert (moved.before, moved.after, moved.live_moved) == (LIVE[which], OURS[which], True)


@each_field
def test_equal_edits_are_nothing_and_the_base_from_now_on(
    kind: Kind, which: Field, known: Known
) -> None:
    post = _Post(kind, which, known)
    post.edit(OURS[which])
    plan = post.plan(OURS[which])
    assert nothing_to_do(plan)
    digest = post.digest(OURS[which])
    remembered = {it.key: it.base for it in plan.bindings}
    assert remembered[post.item.key][which] == Base(digest, digest)


@each_field
def test_an_edit_the_author_decided_against_goes(kind: Kind, which: Field, known: Known) -> None:
    """Nothing would hide that the site says something else: no drift, and no change."""
    post = _Post(kind, which, known)
    post.edit(LIVE[which])
    seen = {which: shorten(post.digest(LIVE[which]))}
    plan = post.plan(BASE[which], seen=seen)
    (change,) = plan.changes
    assert (change.fields[0].before, change.fields[0].after) == (LIVE[which], BASE[which])
    assert plan.drift == ()


@each_field
def test_a_site_that_says_what_was_last_written_needs_no_seen(
    kind: Kind, which: Field, known: Known
) -> None:
    post = _Post(kind, which, known)
    seen = {which: shorten(post.digest(BASE[which]))}
    assert nothing_to_do(post.plan(BASE[which], seen=seen))


@each_field
def test_an_edit_the_author_has_seen_is_no_conflict(kind: Kind, which: Field, known: Known) -> None:
    post = _Post(kind, which, known)
    post.edit(LIVE[which])
    seen = {which: shorten(post.digest(LIVE[which]))}
    (change,) = post.plan(OURS[which], seen=seen).changes
    assert change.reason is Reason.EDITED
    assert change.fields[0].before == LIVE[which]


@each_field
def test_an_edit_after_the_one_seen_is_a_conflict_again(
    kind: Kind, which: Field, known: Known
) -> None:
    post = _Post(kind, which, known)
    seen = {which: shorten(post.digest(OURS[which]))}
    post.edit(LIVE[which])
    blocked = only_blocked(post.plan(OURS[which], seen={which: digest_text("another")}))
    assert blocked.code is BlockedCode.CONFLICT
    (drift,) = post.plan(BASE[which], seen=seen).drift
    assert drift.live == LIVE[which]


@each_field
def test_an_edit_after_the_one_taken_in_is_drift(kind: Kind, which: Field, known: Known) -> None:
    """The manifest is the version that was seen: the journal's base and the marker's are older."""
    post = _Post(kind, which, known)
    post.edit(LIVE[which])
    seen = {which: shorten(post.digest(OURS[which]))}
    plan = post.plan(OURS[which], seen=seen)
    assert (plan.changes, plan.blocked) == ((), ())
    (drift,) = plan.drift
    assert (drift.field, drift.ours, drift.live) == (which, OURS[which], LIVE[which])
    (change,) = post.plan(OURS[which], seen=seen, **OVERWRITE).changes
    assert change.reason is Reason.OVERWRITE
    other = having(post.item, which, LIVE[which]).fields[which]
    assert nothing_to_do(post.plan(other, seen=seen)), "the control: it was taken in"


@each_field
def test_an_author_may_go_back_to_what_was_seen(kind: Kind, which: Field, known: Known) -> None:
    """What is live is what was last written: nobody edited on the site."""
    post = _Post(kind, which, known)
    (change,) = post.plan(OURS[which], seen={which: shorten(post.digest(OURS[which]))}).changes
    assert (change.reason, change.fields[0].after) == (Reason.EDITED, OURS[which])


@pytest.mark.parametrize(
    ("kind", "which"), [pytest.param(*it, id=f"{it[0]} {it[1]}") for it in RIDING]
)
class TestWithoutBase:
    def test_equal_sides_are_bound_and_become_the_base(self, kind: Kind, which: Field) -> None:
        post = _Post(kind, which, Known.NOTHING)
        plan = post.plan(BASE[which])
        assert nothing_to_do(plan)
        digest = post.digest(BASE[which])
        remembered = {it.key: it.base for it in plan.bindings}
        assert remembered[post.item.key][which] == Base(digest, digest)

    def test_other_sides_are_blocked_and_shown(self, kind: Kind, which: Field) -> None:
        post = _Post(kind, which, Known.NOTHING)
        blocked = only_blocked(post.plan(OURS[which]))
        assert (blocked.code, blocked.key) == (BlockedCode.NO_BASE, post.item.key)
        (side,) = blocked.sides
        assert (side.field, side.ours, side.live) == (which, OURS[which], BASE[which])

    def test_the_policy_to_overwrite_is_not_enough(self, kind: Kind, which: Field) -> None:
        post = _Post(kind, which, Known.NOTHING)
        blocked = only_blocked(post.plan(OURS[which], **OVERWRITE))
        assert blocked.code is BlockedCode.NO_BASE

    @pytest.mark.parametrize("how", ["seen", "on_drift"])
    def test_the_item_itself_decides(self, kind: Kind, which: Field, how: str) -> None:
        post = _Post(kind, which, Known.NOTHING)
        decided: dict[str, Any] = {
            "seen": {which: shorten(post.digest(BASE[which]))},
            "on_drift": OnDrift.OVERWRITE,
        }
        (change,) = post.plan(OURS[which], **{how: decided[how]}).changes
        (moved,) = change.fields
        assert (moved.before, moved.after) == (BASE[which], OURS[which])


@pytest.mark.parametrize(
    ("edited", "moved"),
    [
        pytest.param([("one", Field.BODY)], {Moved.LIVE}, id="the title is as it was"),
        pytest.param([("one", Field.TITLE), ("one", Field.TAGS)], {Moved.LIVE}, id="the text is"),
        pytest.param([("one#a", Field.BODY)], {Moved.LIVE}, id="an answer to what is as it was"),
        pytest.param(
            [("one", Field.TITLE), ("one", Field.BODY), ("one#a", Field.BODY)],
            {Moved.NO_BASE},
            id="nothing is as it was: it may be another post",
        ),
    ],
)
def test_what_was_seen_is_a_base_for_a_post_that_is_surely_the_one(
    edited: list[tuple[str, Field]], moved: set[Moved]
) -> None:
    """An `id:` alone proves nothing: in another team it may be a stranger's."""
    scene = Scene(tags={"testing", "git", "python"})
    items = [question("one"), answer("one#a")]
    scene.publish(*items, known=Known.NOTHING)
    seen = {
        it.key: {which: shorten(digest_field(it.kind, which, it.fields[which])) for which in BASE}
        for it in items
        if it.kind is Kind.QUESTION
    }
    seen[Key("one#a")] = {
        Field.BODY: shorten(digest_field(Kind.ANSWER, Field.BODY, items[1].fields[Field.BODY]))
    }
    for key, which in edited:
        scene.edit(key, which, LIVE[which])
    pairs = scene.compare(*(replace(it, seen=seen[it.key]) for it in items)).pairs
    found = {who for pair in pairs for who in pair.moved.values()}
    assert found - {Moved.EQUAL} == moved


# The accepted mark rides in no marker: its base is the journal's alone.


@pytest.mark.parametrize(
    ("base", "ours", "live", "changed", "drifted", "code"),
    [
        pytest.param(True, True, True, False, False, None, id="equal"),
        pytest.param(True, True, False, False, True, None, id="taken off on the site"),
        pytest.param(False, True, False, True, False, None, id="newly wanted"),
        pytest.param(None, True, True, False, False, None, id="no base, equal"),
        pytest.param(None, True, False, True, False, None, id="no base, as made"),
        pytest.param(None, False, True, False, False, BlockedCode.NO_BASE, id="no base, set"),
        pytest.param(False, False, True, False, True, None, id="set on the site"),
        pytest.param(True, False, True, True, False, None, id="wanted off"),
    ],
)
def test_the_accepted_mark_follows_the_table(
    base: bool | None, ours: bool, live: bool, changed: bool, drifted: bool, code: object
) -> None:
    scene = Scene()
    parent, one = question("one"), answer("one#a")
    known = Known.MARKER if base is None else Known.BOTH
    scene.publish(parent, one if base is None else having(one, Field.ACCEPTED, base), known=known)
    scene.edit("one#a", Field.ACCEPTED, live)
    plan = scene.plan(parent, having(one, Field.ACCEPTED, ours))
    assert ids(plan) == (["one#a!set!accepted"] if changed else [])
    assert [it.field for it in plan.drift] == ([Field.ACCEPTED] if drifted else [])
    assert [it.code for it in plan.blocked] == ([code] if code else [])
    for change in plan.changes:
        (moved,) = change.fields
        assert (moved.before, moved.after) == (live, ours)
        assert not change.bumps


def test_a_drifted_mark_is_set_again_where_overwriting_is_asked_for() -> None:
    scene = Scene()
    items = question("one"), answer("one#a", accepted=True)
    scene.publish(*items)
    scene.edit("one#a", Field.ACCEPTED, False)
    assert ids(scene.plan(*items, **OVERWRITE)) == ["one#a!set!accepted"]


# Journal and marker know different bases.


def _digest(word: str) -> Digest:
    return digest_field(Kind.QUESTION, Field.TITLE, word)


@pytest.mark.parametrize(
    ("kept", "known", "marked", "ours", "live", "moved"),
    [
        pytest.param("A", "A", "A", "A", "L", Moved.LIVE, id="they agree"),
        pytest.param("A", "M", "M", "A", "A", Moved.EQUAL, id="equal whatever they say"),
        pytest.param("A", "M", "M", "B", "A", Moved.OURS, id="the marker we knew: the journal's"),
        pytest.param("A", "M", "M", "B", "M", Moved.BOTH, id="the marker we knew says no more"),
        pytest.param("A", "A", "M", "A", "M", Moved.LIVE, id="another wrote, ours is still"),
        pytest.param("A", "A", "M", "B", "M", Moved.OURS, id="another wrote, ours moved too"),
        pytest.param("A", "A", "M", "B", "L", Moved.BOTH, id="another wrote, then a person"),
        pytest.param("A", None, "M", "B", "M", Moved.OURS, id="no mark was known"),
        pytest.param(None, None, "M", "B", "M", Moved.OURS, id="the marker alone"),
        pytest.param("A", None, None, "B", "A", Moved.OURS, id="the journal alone"),
    ],
)
def test_the_newer_word_of_journal_and_marker_is_the_base(
    kept: str | None, known: str | None, marked: str | None, ours: str, live: str, moved: Moved
) -> None:
    scene = Scene()
    one = having(question("one"), Field.TITLE, "A")
    scene.publish(one)
    binding = scene.bindings[one.key]
    bases = without(binding.base, Field.TITLE)
    marks = without(binding.marked, Field.TITLE)
    if kept is not None:
        bases[Field.TITLE] = Base(_digest(kept), _digest(kept))
    if known is not None:
        marks[Field.TITLE] = shorten(_digest(known))
    scene.bindings[one.key] = replace(binding, base=bases, marked=marks)
    marker = scene.live("one").marker
    assert marker is not None
    digests = {letter: it for letter, it in marker.digests.items() if letter != "t"}
    if marked is not None:
        digests["t"] = shorten(_digest(marked))
    scene.alter("one", marker=replace(marker, digests=digests))
    scene.edit("one", Field.TITLE, live)
    (pair,) = scene.compare(having(one, Field.TITLE, ours)).pairs
    assert pair.moved[Field.TITLE] is moved


def test_a_marker_of_another_runner_that_was_not_heeded_stays_the_newer_word() -> None:
    """Ours is still: the other's title is drift, also after it was remembered once."""
    scene = Scene()
    one = question("one")
    scene.publish(one)
    marker = scene.live("one").marker
    assert marker is not None
    theirs = "What does another runner say of one?"
    digests = {**marker.digests, "t": shorten(_digest(theirs))}
    scene.alter("one", marker=replace(marker, digests=digests))
    scene.edit("one", Field.TITLE, theirs)
    before = scene.bindings[one.key].marked[Field.TITLE]
    for _ in range(2):
        plan = scene.plan(one)
        assert [it.live for it in plan.drift] == [theirs]
        scene.bindings.update({it.key: it for it in plan.bindings})
        assert scene.bindings[one.key].marked[Field.TITLE] == before
    ours = having(one, Field.TITLE, "What do we say of one from now on?")
    assert ids(scene.plan(ours)) == ["one!update"]


def test_a_marker_that_was_never_known_and_not_heeded_is_not_remembered() -> None:
    scene = Scene()
    one = question("one")
    scene.publish(one)
    scene.bindings[one.key] = replace(scene.bindings[one.key], marked={})
    marker = scene.live("one").marker
    assert marker is not None
    digests = {**marker.digests, "t": shorten(_digest("another"))}
    scene.alter("one", marker=replace(marker, digests=digests))
    scene.edit("one", Field.TITLE, "another")
    (binding,) = scene.plan(one).bindings
    assert Field.TITLE not in binding.marked
    assert Field.BODY in binding.marked


def test_nothing_was_known_of_a_post_without_binding() -> None:
    assert known_mark(None, Field.TITLE) is None


# What the server makes of a text.


def test_what_the_server_made_of_our_text_is_not_an_edit() -> None:
    """F54."""
    scene = Scene()
    one = question("one")
    scene.publish(one)
    served = text("As the server rewrites it.")
    bases = dict(scene.bindings[one.key].base)
    digest = digest_field(Kind.QUESTION, Field.BODY, served)
    bases[Field.BODY] = Base(bases[Field.BODY].ours, digest)
    scene.bindings[one.key] = replace(scene.bindings[one.key], base=bases)
    scene.edit("one", Field.BODY, served)
    assert nothing_to_do(scene.plan(one))
    ours = having(one, Field.BODY, text("A new version of it."))
    assert ids(scene.plan(ours)) == ["one!update"]


def test_a_field_the_reading_does_not_give_moves_nobody() -> None:
    scene = Scene()
    one = question("one")
    scene.publish(one)
    fields = without(scene.live("one").fields, Field.TAGS)
    scene.alter("one", fields=fields)
    (pair,) = scene.compare(having(one, Field.TAGS, ("git",))).pairs
    assert set(pair.moved) == {Field.TITLE, Field.BODY}
    assert nothing_to_do(scene.plan(having(one, Field.TAGS, ("git",)), **OVERWRITE))


@pytest.mark.parametrize(
    ("ours", "live", "base", "seen", "expected"),
    [
        pytest.param("a", "a", None, None, Moved.EQUAL, id="equal, no base"),
        pytest.param("a", "a", "b", None, Moved.EQUAL, id="equal, another base"),
        pytest.param("a", "b", None, None, Moved.NO_BASE, id="no base"),
        pytest.param("a", "b", None, "b", Moved.OURS, id="no base, seen"),
        pytest.param("a", "b", None, "c", Moved.NO_BASE, id="no base, something else seen"),
        pytest.param("a", "b", "a", None, Moved.LIVE, id="live moved"),
        pytest.param("a", "b", "a", "b", Moved.OURS, id="live moved, seen"),
        pytest.param("a", "b", "b", None, Moved.OURS, id="ours moved"),
        pytest.param("a", "b", "c", None, Moved.BOTH, id="both moved"),
        pytest.param("a", "b", "c", "b", Moved.OURS, id="both moved, seen"),
    ],
)
def test_who_moved(
    ours: str, live: str, base: str | None, seen: str | None, expected: Moved
) -> None:
    """The same with short digests, as from a marker, as with whole ones."""

    def digest(word: str) -> Digest:
        return digest_text(word)

    for size in (len(digest("a")), 8):
        known = Base(Digest(digest(base)[:size]), Digest(digest(base)[:size])) if base else None
        noted = Digest(digest(seen)[:size]) if seen else None
        assert who_moved(digest(ours), digest(live), known, noted) is expected


@pytest.mark.parametrize(
    ("item", "command", "policy", "expected"),
    [
        pytest.param(None, None, OnDrift.KEEP, False, id="policy keeps"),
        pytest.param(None, None, OnDrift.OVERWRITE, True, id="policy overwrites"),
        pytest.param(None, OnDrift.KEEP, OnDrift.OVERWRITE, False, id="command over policy"),
        pytest.param(None, OnDrift.OVERWRITE, OnDrift.KEEP, True, id="command over policy, too"),
        pytest.param(OnDrift.KEEP, OnDrift.OVERWRITE, OnDrift.OVERWRITE, False, id="item first"),
        pytest.param(OnDrift.OVERWRITE, OnDrift.KEEP, OnDrift.KEEP, True, id="item first, too"),
    ],
)
def test_the_nearest_word_on_drift_counts(
    item: OnDrift | None, command: OnDrift | None, policy: OnDrift, expected: bool
) -> None:
    scene = Scene()
    one = question("one")
    scene.publish(one)
    scene.edit("one", Field.TITLE, LIVE[Field.TITLE])
    plan = scene.plan(
        replace(one, on_drift=item),
        decisions={"on_drift": command},
        policy=Policy(on_drift=policy),
    )
    assert ids(plan) == (["one!update"] if expected else [])
    assert bool(plan.drift) is not expected


# One post, several fields.


def _one_bound() -> tuple[Scene, Item]:
    scene, one = Scene(), question("one")
    scene.publish(one)
    return scene, one


def test_a_kept_drift_is_not_in_the_write_and_keeps_its_base() -> None:
    scene, one = _one_bound()
    scene.edit("one", Field.BODY, LIVE[Field.BODY])
    ours = having(one, Field.TITLE, OURS[Field.TITLE])
    plan = scene.plan(ours)
    (change,) = plan.changes
    assert [it.field for it in change.fields] == [Field.TITLE]
    assert [it.field for it in plan.drift] == [Field.BODY]
    base = digest_field(Kind.QUESTION, Field.BODY, one.fields[Field.BODY])
    assert change.marker_base[Field.BODY] == base
    title = digest_field(Kind.QUESTION, Field.TITLE, OURS[Field.TITLE])
    assert change.marker_base[Field.TITLE] == title


def test_one_field_in_conflict_holds_back_the_whole_post() -> None:
    scene, one = _one_bound()
    scene.edit("one", Field.BODY, LIVE[Field.BODY])
    ours = having(having(one, Field.TITLE, OURS[Field.TITLE]), Field.BODY, OURS[Field.BODY])
    blocked = only_blocked(scene.plan(ours))
    assert [it.field for it in blocked.sides] == [Field.BODY]


def test_a_contested_mark_does_not_hold_back_the_text() -> None:
    scene = Scene()
    parent, one = question("one"), answer("one#a")
    scene.publish(parent, one, known=Known.MARKER)
    scene.edit("one#a", Field.ACCEPTED, True)
    wanted = having(having(one, Field.ACCEPTED, False), Field.BODY, OURS[Field.BODY])
    plan = scene.plan(parent, wanted)
    assert ids(plan) == ["one#a!update"]
    (blocked,) = plan.blocked
    assert [it.field for it in blocked.sides] == [Field.ACCEPTED]


def test_conflict_and_drift_of_one_post_are_both_told() -> None:
    scene, one = _one_bound()
    scene.edit("one", Field.BODY, LIVE[Field.BODY])
    scene.edit("one", Field.TITLE, LIVE[Field.TITLE])
    plan = scene.plan(having(one, Field.BODY, OURS[Field.BODY]))
    assert only_blocked(plan).code is BlockedCode.CONFLICT
    assert [it.field for it in plan.drift] == [Field.TITLE]


def test_a_field_left_out_of_manage_belongs_to_the_site() -> None:
    scene, one = _one_bound()
    scene.edit("one", Field.BODY, LIVE[Field.BODY])
    fields = without(one.fields, Field.BODY)
    managed = replace(one, fields=fields, initial={Field.BODY: OURS[Field.BODY]})
    plan = scene.plan(managed, **OVERWRITE)
    assert nothing_to_do(plan)
    title = {**managed.fields, Field.TITLE: OURS[Field.TITLE]}
    (change,) = scene.plan(replace(managed, fields=title)).changes
    assert [it.field for it in change.fields] == [Field.TITLE]
    assert set(change.marker_base) == {Field.TITLE, Field.TAGS}


def test_the_base_of_a_field_left_out_of_manage_is_kept_for_the_day_it_comes_back() -> None:
    scene, one = _one_bound()
    fields = without(one.fields, Field.BODY)
    plan = scene.plan(replace(one, fields=fields))
    scene.bindings.update({it.key: it for it in plan.bindings})
    scene.edit("one", Field.BODY, LIVE[Field.BODY])
    assert [it.field for it in scene.plan(one).drift] == [Field.BODY]


def test_a_marker_that_knows_a_part_leaves_the_rest_without_base() -> None:
    scene, one = Scene(), question("one")
    scene.publish(one, known=Known.MARKER)
    marker = scene.live("one").marker
    assert marker is not None
    scene.alter("one", marker=replace(marker, digests={"t": marker.digests["t"]}))
    scene.edit("one", Field.BODY, LIVE[Field.BODY])
    blocked = only_blocked(scene.plan(having(one, Field.TITLE, OURS[Field.TITLE])))
    assert blocked.code is BlockedCode.NO_BASE
    decided = replace(one, on_drift=OnDrift.OVERWRITE)
    (change,) = scene.plan(decided).changes
    assert [it.field for it in change.fields] == [Field.BODY]


def test_a_missing_marker_is_no_reason_to_write() -> None:
    scene, one = _one_bound()
    scene.alter("one", marker=None)
    assert nothing_to_do(scene.plan(one))


def test_an_edit_below_a_missing_base_leaves_the_field_out_of_the_marker() -> None:
    """Of a field that neither side knows a base of, the marker says nothing."""
    scene, one = _one_bound()
    scene.alter("one", marker=None)
    bases = {Field.TITLE: scene.bindings[one.key].base[Field.TITLE]}
    scene.bindings[one.key] = replace(scene.bindings[one.key], base=bases, marked={})
    fields = without(scene.live("one").fields, Field.TAGS)
    scene.alter("one", fields=fields)
    (change,) = scene.plan(having(one, Field.TITLE, OURS[Field.TITLE])).changes
    assert set(change.marker_base) == {Field.TITLE, Field.BODY}


def test_bindings_are_told_only_where_they_differ_from_the_journal() -> None:
    scene, one = _one_bound()
    assert scene.plan(one).bindings == ()
    scene.bindings.clear()
    (binding,) = scene.plan(one).bindings
    assert (binding.key, binding.ref) == (Key("one"), scene.live("one").ref)
