"""Absence is not deletion: what is asked for, and what speaks against it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from importer.model.ids import Field, FullKey, Key, Kind, Ref, UserId
from importer.model.live import Facts, Same
from importer.model.manifest import Fate, Item, Policy
from importer.model.plan import BlockedCode, Reason
from importer.text.marker import VERSION, Marker
from tests.planning.stage import (
    ANN,
    BOB,
    BOT,
    NEWER,
    SITE,
    Known,
    Scene,
    answer,
    codes,
    collection,
    having,
    ids,
    nothing_to_do,
    only_blocked,
    question,
    removed,
    text,
    without,
)

KEPT, OLD, TIP = question("kept"), question("old"), answer("old#tip")
PRUNE: dict[str, Any] = {"policy": Policy(prune=True)}
ENGAGED = Facts(author=BOT, engaged_by_others=True)


def _removed(*keys: str, fate: Fate = Fate.DELETE) -> dict[str, Any]:
    return {"removed": [removed(key, fate) for key in keys]}


def _scene(*items: Item, known: Known = Known.BOTH, **more: Any) -> Scene:
    scene = Scene(**more)
    scene.publish(KEPT, *(items or (OLD, TIP)), known=known)
    return scene


# Asked for, or not.


@pytest.mark.parametrize("known", [Known.BOTH, Known.JOURNAL, Known.MARKER])
def test_an_orphan_is_listed_and_kept(known: Known) -> None:
    plan = _scene(known=known).plan(KEPT)
    assert plan.changes == ()
    assert [(it.key, it.removed) for it in plan.orphans] == [("old#tip", False), ("old", False)]
    assert (plan.blocked, plan.released) == ((), ())


def test_a_strangers_post_is_no_orphan() -> None:
    scene = Scene()
    scene.publish(KEPT)
    scene.stranger(9, "Somebody's question")
    assert nothing_to_do(scene.plan(KEPT, **PRUNE))


@pytest.mark.parametrize("known", [Known.BOTH, Known.JOURNAL, Known.MARKER])
def test_removed_deletes_the_live_post_and_its_answers_with_it(known: Known) -> None:
    scene = _scene(known=known)
    plan = scene.plan(KEPT, **_removed("old"))
    (change,) = plan.changes
    assert (change.id, change.reason) == ("old!delete", Reason.REMOVED)
    assert (change.ref, change.parent_ref) == (scene.live("old").ref, None)
    assert change.title == OLD.fields[Field.TITLE]
    before = {it.field: (it.before, it.after) for it in change.fields}
    assert before == {it: (value, None) for it, value in OLD.fields.items()}
    assert (plan.orphans, plan.blocked) == ((), ())
    journal = known is not Known.MARKER
    assert plan.released == ((Key("old#tip"),) if journal else ())


def test_removed_keep_lets_the_post_go_its_own_way() -> None:
    plan = _scene().plan(KEPT, **_removed("old", "old#tip", fate=Fate.KEEP))
    assert nothing_to_do(plan)
    assert plan.released == (Key("old"), Key("old#tip"))


def test_what_was_let_go_is_no_reason_to_prune() -> None:
    removed = _removed("old", "old#tip", fate=Fate.KEEP)
    plan = _scene().plan(KEPT, policy=Policy(prune=True), **removed)
    assert nothing_to_do(plan)


def test_an_answer_is_removed_alone() -> None:
    scene = _scene()
    plan = scene.plan(KEPT, OLD, **_removed("old#tip"))
    (change,) = plan.changes
    assert (change.id, change.parent_ref) == ("old#tip!delete", scene.live("old").ref)
    assert change.title == "The answer of old#tip is longer than thirty characters."
    assert [it.field for it in change.fields] == [Field.BODY, Field.ACCEPTED]


def test_removed_without_a_post_is_done() -> None:
    assert nothing_to_do(Scene().plan(KEPT, **_removed("old"), decisions={"only": ("old",)}))


@pytest.mark.parametrize(
    "asked", [pytest.param(PRUNE, id="policy"), pytest.param({"decisions": {"prune": True}})]
)
def test_prune_deletes_what_no_item_names(asked: dict[str, Any]) -> None:
    plan = _scene().plan(KEPT, **asked)
    (change,) = plan.changes
    assert (change.id, change.reason) == ("old!delete", Reason.PRUNED)
    assert change.span is None


def test_prune_says_of_removed_ones_that_they_were() -> None:
    (change,) = _scene().plan(KEPT, **PRUNE, **_removed("old")).changes
    assert change.reason is Reason.REMOVED
    assert change.span is not None


def test_answers_go_before_the_questions_and_all_after_what_is_written() -> None:
    items = question("b"), question("a"), answer("kept#x"), answer("kept#y")
    scene = _scene(*items)
    new = question("new"), having(KEPT, Field.TITLE, "A title that is new to kept")
    plan = scene.plan(*new, **PRUNE)
    assert ids(plan) == [
        "new!create",
        "kept!update",
        "kept#x!delete",
        "kept#y!delete",
        "a!delete",
        "b!delete",
    ]


# What speaks against it.


def _protected(scene: Scene, key: str) -> None:
    scene.bindings[Key(key)] = replace(scene.bindings[Key(key)], protected=True)


def _engaged(scene: Scene, key: str) -> None:
    scene.alter(key, facts=ENGAGED)


def _edited(scene: Scene, key: str) -> None:
    scene.edit(key, Field.BODY, text("What a person made of it."))


def _unread(scene: Scene, key: str) -> None:
    scene.covered -= {scene.live(key).ref.kind}


def _newer(scene: Scene, key: str) -> None:
    scene.alter(key, marker=Marker(NEWER, f"handbook:{key}", {}))


objections = pytest.mark.parametrize(
    ("spoil", "code"),
    [
        pytest.param(_protected, BlockedCode.PROTECTED, id="protected"),
        pytest.param(_engaged, BlockedCode.ENGAGED, id="engaged"),
        pytest.param(_edited, BlockedCode.ENGAGED, id="edited"),
        pytest.param(_unread, BlockedCode.UNREAD, id="unread"),
        pytest.param(_newer, BlockedCode.NEWER_MARKER, id="a newer importer's"),
    ],
)
asked_for = pytest.mark.parametrize(
    "asked", [pytest.param(_removed("old"), id="removed"), pytest.param(PRUNE, id="prune")]
)


@objections
@asked_for
def test_what_speaks_against_a_deletion_blocks_it(
    spoil: Callable[[Scene, str], None], code: BlockedCode, asked: dict[str, Any]
) -> None:
    scene = _scene(OLD)
    spoil(scene, "old")
    plan = scene.plan(KEPT, **asked)
    assert plan.changes == ()
    assert codes(plan) == {"old": code}
    assert plan.blocked[0].url == scene.live("old").url
    assert (plan.orphans, plan.released) == ((), ())


@objections
@asked_for
def test_what_speaks_against_an_answer_speaks_for_its_question(
    spoil: Callable[[Scene, str], None], code: BlockedCode, asked: dict[str, Any]
) -> None:
    scene = _scene()
    spoil(scene, "old#tip")
    plan = scene.plan(KEPT, **asked)
    assert plan.changes == ()
    assert {it.key: it.code for it in plan.blocked}[Key("old")] is code
    assert "old" not in {it.key for it in plan.orphans}


@pytest.mark.parametrize("spoil", [_engaged, _edited])
def test_delete_engaged_deletes_what_others_took_part_in(
    spoil: Callable[[Scene, str], None],
) -> None:
    scene = _scene(OLD)
    spoil(scene, "old")
    asked = {"decisions": {"delete_engaged": True}, **_removed("old")}
    assert ids(scene.plan(KEPT, **asked)) == ["old!delete"]


@pytest.mark.parametrize("spoil", [_protected, _unread, _newer])
def test_delete_engaged_allows_nothing_else(spoil: Callable[[Scene, str], None]) -> None:
    scene = _scene(OLD)
    spoil(scene, "old")
    asked = {"decisions": {"delete_engaged": True}, **_removed("old")}
    assert scene.plan(KEPT, **asked).changes == ()


def test_a_protected_post_is_remembered_when_it_is_let_go() -> None:
    """Nothing else knows that it is protected."""
    scene = _scene(OLD)
    _protected(scene, "old")
    plan = scene.plan(KEPT, **_removed("old", fate=Fate.KEEP))
    assert nothing_to_do(plan)
    assert plan.released == ()


@pytest.mark.parametrize("missing", [Kind.QUESTION, Kind.ANSWER])
def test_an_incomplete_read_forbids_to_delete_a_question(missing: Kind) -> None:
    """Its answers go with it: those that were not read may be anybody's."""
    scene = _scene(OLD, covered=frozenset({Kind.QUESTION, Kind.ANSWER}) - {missing})
    plan = scene.plan(KEPT, **_removed("old"))
    assert plan.changes == ()
    assert codes(plan) == {"old": BlockedCode.UNREAD}
    assert any("not read completely" in note for note in plan.notes)


def test_an_edit_that_the_server_made_is_nobodys() -> None:
    scene = _scene(OLD)
    fields = {it: value for it, value in scene.live("old").fields.items() if it != Field.TAGS}
    scene.alter("old", fields=fields)
    assert ids(scene.plan(KEPT, **_removed("old"))) == ["old!delete"]


def test_a_post_without_any_base_may_have_been_edited() -> None:
    scene = _scene(OLD, known=Known.NOTHING)
    blocked = only_blocked(scene.plan(KEPT, **_removed("old")))
    assert blocked.code is BlockedCode.ENGAGED
    assert "what was last written as its title is not known" in blocked.why
    allowed = scene.plan(KEPT, decisions={"delete_engaged": True}, **_removed("old"))
    assert ids(allowed) == ["old!delete"]


# Whose it is.


def _by(author: UserId | None) -> Facts:
    return Facts(author=author)


@asked_for
@pytest.mark.parametrize(
    ("known", "authors"),
    [
        pytest.param(Known.MARKER, (), id="no journal, the token is another's"),
        pytest.param(Known.MARKER, (BOT,), id="the journal's runs were in another name"),
        pytest.param(Known.BOTH, (BOT,), id="bound by its marker, written by nobody of ours"),
    ],
)
def test_what_a_colleague_wrote_is_not_deleted(
    asked: dict[str, Any], known: Known, authors: tuple[UserId, ...]
) -> None:
    """It bears our marker: a text that shows one, or a copy of what we posted."""
    scene = _scene(OLD, known=known, authors=authors)
    scene.alter("old", facts=_by(BOB))
    _bound_as(scene, "old", BOB)
    plan = scene.plan(KEPT, **asked)
    blocked = only_blocked(plan)
    assert (blocked.code, blocked.key) == (BlockedCode.ENGAGED, "old")
    assert f"(user {BOB})" in blocked.why
    assert "`publishers:`" in blocked.remedy
    allowed = {"delete_engaged": True, **asked.get("decisions", {})}
    assert ids(scene.plan(KEPT, **{**asked, "decisions": allowed})) == ["old!delete"]


def _bound_as(scene: Scene, key: str, author: UserId | None) -> None:
    if Key(key) in scene.bindings:
        scene.bindings[Key(key)] = replace(scene.bindings[Key(key)], author=author)


@pytest.mark.parametrize(
    ("authors", "publishers", "deleted"),
    [
        pytest.param((), (), False, id="neither known"),
        pytest.param((BOT, ANN), (), True, id="a run of this journal was in its name"),
        pytest.param((), (ANN,), True, id="named as a publisher"),
        pytest.param((ANN,), (BOT,), False, id="publishers are the last word"),
    ],
)
@pytest.mark.parametrize("known", [Known.BOTH, Known.MARKER])
def test_ours_is_what_publishers_or_runs_of_the_journal_wrote(
    authors: tuple[UserId, ...], publishers: tuple[UserId, ...], deleted: bool, known: Known
) -> None:
    scene = _scene(OLD, known=known, authors=authors)
    scene.alter("old", facts=_by(ANN))
    _bound_as(scene, "old", ANN)
    plan = scene.plan(KEPT, publishers=publishers, **_removed("old"))
    assert ids(plan) == (["old!delete"] if deleted else [])


def test_a_post_of_nobody_known_is_not_deleted() -> None:
    scene = _scene(OLD)
    scene.alter("old", facts=_by(None))
    _bound_as(scene, "old", None)
    assert codes(scene.plan(KEPT, **_removed("old"))) == {"old": BlockedCode.ENGAGED}


def test_a_post_that_was_handed_over_since_is_not_deleted() -> None:
    scene = _scene(OLD, authors=(BOT, ANN))
    scene.alter("old", facts=_by(ANN))
    assert codes(scene.plan(KEPT, **_removed("old"))) == {"old": BlockedCode.ENGAGED}


@pytest.mark.parametrize("publishers", [(), (BOT,)])
@asked_for
def test_what_was_only_bound_by_its_id_is_not_deleted(
    asked: dict[str, Any], publishers: tuple[UserId, ...]
) -> None:
    """Written by hand, if by the very person whose token this is: no run of ours made it."""
    scene = _scene(OLD, known=Known.JOURNAL)
    scene.bindings[Key("old")] = replace(scene.bindings[Key("old")], marked={})
    blocked = only_blocked(scene.plan(KEPT, publishers=publishers, **asked))
    assert blocked.code is BlockedCode.ENGAGED
    assert "`id:`" in blocked.why


def test_a_colleagues_marked_answer_keeps_its_question() -> None:
    scene = _scene()
    scene.alter("old#tip", facts=_by(BOB))
    plan = scene.plan(KEPT, **_removed("old"))
    assert plan.changes == ()
    assert "its answer old#tip" in plan.blocked[0].why


def test_a_colleagues_copy_outlives_ours() -> None:
    """Its own run deletes ours; the next one finds the copy alone, and leaves it."""
    scene = _scene(OLD, authors=(BOT,))
    copy = _copy(scene, 9, author=BOB)
    assert [it.ref for it in scene.plan(KEPT, **_removed("old")).changes] == [scene.live("old").ref]
    scene.delete("old")
    del scene.bindings[Key("old")]
    blocked = only_blocked(scene.plan(KEPT, **_removed("old")))
    assert (blocked.code, blocked.url) == (BlockedCode.ENGAGED, SITE.address(copy))


def test_an_answer_that_is_to_be_kept_keeps_its_question() -> None:
    plan = _scene().plan(KEPT, policy=Policy(prune=True), **_removed("old#tip", fate=Fate.KEEP))
    assert plan.changes == ()
    assert codes(plan) == {"old": BlockedCode.NEEDS}
    assert "old#tip is to be kept" in plan.blocked[0].why


def test_an_answer_that_an_item_means_keeps_its_question() -> None:
    """The manifest moved it to another question: it is a misfit there, and not to be lost."""
    scene = _scene(OLD, answer("kept#tip"))
    scene.alter("kept#tip", parent=scene.live("old").ref)
    plan = scene.plan(KEPT, answer("kept#tip"), **_removed("old"))
    assert plan.changes == ()
    assert codes(plan) == {"kept#tip": BlockedCode.MISFIT, "old": BlockedCode.NEEDS}
    assert "handbook:kept#tip" in plan.blocked[1].why


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({"marker": Marker(VERSION, "wiki:a#b", {})}, id="another namespace's"),
        pytest.param({"facts": Facts(author=BOT, deleted=True)}, id="deleted already"),
    ],
)
def test_other_answers_under_a_question_are_no_items(more: dict[str, Any]) -> None:
    """Whether somebody took part in it is said by the question's own facts."""
    scene = _scene()
    scene.alter("old#tip", **more)
    del scene.bindings[Key("old#tip")]
    assert ids(scene.plan(KEPT, **_removed("old"))) == ["old!delete"]


# Copies: several posts with one marker.


def _copy(scene: Scene, number: int, author: UserId = BOT) -> Ref:
    ref = Ref(Kind.QUESTION, number)
    facts = Facts(author=author)
    scene.posts[ref] = replace(scene.live("old"), ref=ref, url=SITE.address(ref), facts=facts)
    return ref


def test_of_copies_without_any_rule_none_is_deleted() -> None:
    scene = _scene(OLD, known=Known.MARKER)
    _copy(scene, 9)
    plan = scene.plan(KEPT, **_removed("old"))
    assert plan.changes == ()
    assert [it.code for it in plan.blocked] == [BlockedCode.AMBIGUOUS] * 2


def test_of_copies_the_bound_one_is_deleted() -> None:
    scene = _scene(OLD)
    copy = _copy(scene, 9)
    plan = scene.plan(KEPT, **_removed("old"))
    original = scene.live("old").ref
    assert [it.ref for it in plan.changes] == [original]
    assert [(it.ref, it.double_of, it.removed) for it in plan.orphans] == [(copy, original, True)]


def test_of_the_publishers_copies_the_lowest_is_deleted() -> None:
    scene = _scene(OLD, known=Known.MARKER)
    copy = _copy(scene, 9)
    plan = scene.plan(KEPT, publishers=(BOT,), **_removed("old"))
    original = scene.live("old").ref
    assert [it.ref for it in plan.changes] == [original]
    assert [(it.ref, it.double_of, it.removed) for it in plan.orphans] == [(copy, original, True)]


def test_a_copy_of_a_live_item_is_never_pruned() -> None:
    scene = _scene(OLD)
    copy = _copy(scene, 9)
    plan = scene.plan(KEPT, OLD, **PRUNE)
    assert plan.changes == ()
    original = scene.live("old").ref
    assert [(it.ref, it.counts) for it in plan.doubles] == [(copy, original)]
    assert plan.orphans == ()


# What is forgotten.


def test_a_deleted_orphan_is_forgotten_once_it_is_gone() -> None:
    scene = _scene(OLD)
    scene.delete("old")
    plan = scene.plan(KEPT, **_removed("old"))
    assert nothing_to_do(plan)
    assert plan.released == (Key("old"),)


def test_what_an_incomplete_read_misses_is_not_forgotten() -> None:
    scene = _scene(OLD, covered=frozenset())
    scene.delete("old")
    assert scene.plan(KEPT).released == ()


def test_what_is_unchanged_since_it_was_read_is_not_forgotten() -> None:
    scene = _scene(OLD)
    ref = scene.live("old").ref
    scene.posts[ref] = Same(ref)  # type: ignore[assignment]  # a reading that spares the content
    assert scene.plan(KEPT, **_removed("old")).released == ()


def test_a_gone_items_former_binding_is_remembered() -> None:
    scene = _scene()
    for key in ("old#tip", "old"):
        scene.delete(key)
    new = replace(question("new"), was=(FullKey("handbook:old"),))
    plan = scene.plan(KEPT, new, answer("new#tip"))
    assert codes(plan) == {"new": BlockedCode.GONE, "new#tip": BlockedCode.GONE}
    assert plan.released == ()


# The command line.


def test_only_chosen_orphans_are_told_and_deleted() -> None:
    scene = _scene(OLD, question("older"))
    asked = _removed("old", "older")
    assert ids(scene.plan(KEPT, decisions={"only": ("old",)}, **asked)) == ["old!delete"]
    plan = scene.plan(KEPT, decisions={"only": ("kept",)})
    assert (plan.changes, plan.orphans) == ((), ())


def test_only_lets_go_of_nothing_else() -> None:
    scene = _scene(OLD, question("older"))
    asked = _removed("old", "older", fate=Fate.KEEP)
    plan = scene.plan(KEPT, decisions={"only": ("old*r",)}, **asked)
    assert plan.released == (Key("older"),)


def test_deletions_count_for_the_limit_and_come_last() -> None:
    scene = _scene(OLD, question("older"))
    edited = having(KEPT, Field.TITLE, "A title that is new to kept")
    asked = _removed("old", "older")
    drawn = [ids(scene.plan(edited, decisions={"limit": limit}, **asked)) for limit in (1, 2, 3)]
    assert drawn == [
        ["kept!update"],
        ["kept!update", "old!delete"],
        ["kept!update", "old!delete", "older!delete"],
    ]


@pytest.mark.parametrize(
    "decisions",
    [pytest.param({"only": ("old#tip",)}, id="only"), pytest.param({"limit": 1}, id="limit")],
)
def test_an_answer_is_not_forgotten_before_its_question_goes(decisions: dict[str, Any]) -> None:
    edited = having(KEPT, Field.TITLE, "A title that is new to kept")
    plan = _scene().plan(edited, decisions=decisions, **_removed("old"))
    assert "old!delete" not in ids(plan)
    assert plan.released == ()


# What a collection lists is taken out of it first, or stays.


LISTING, EMPTIER = collection("start", "kept", "old"), collection("start", "kept")
SITES_OWN = replace(LISTING, fields=without(LISTING.fields, Field.ITEMS))


@pytest.mark.parametrize(
    ("now", "held"),
    [
        pytest.param([EMPTIER], True, id="it is to go from the list"),
        pytest.param([], True, id="the collection goes as well"),
        pytest.param([SITES_OWN], False, id="the list is the site's"),
    ],
)
def test_what_a_collection_may_list_stays_while_nobody_can_look(
    now: list[Item], held: bool
) -> None:
    scene = _scene(OLD, TIP, LISTING)
    read = scene.plan(KEPT, *now, **_removed("old"))
    assert "old!delete" in ids(read)
    scene.covered -= {Kind.COLLECTION}
    del scene.posts[scene.refs[Key("start")]]
    unread = scene.plan(KEPT, *now, **_removed("old"))
    assert ("old!delete" in ids(unread)) is not held
    for it in (it for it in unread.blocked if it.key == "old"):
        assert it.code is BlockedCode.UNREAD
        assert "the collection start may list it" in it.why
        assert "API v3" in it.remedy


def test_a_post_that_no_collection_of_ours_lists_goes_all_the_same() -> None:
    scene = _scene(OLD, EMPTIER)
    scene.covered -= {Kind.COLLECTION}
    assert "old!delete" in ids(scene.plan(KEPT, EMPTIER, **_removed("old")))
