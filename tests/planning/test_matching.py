"""How an item finds its post: binding, then marker, then `id:`; a title never binds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from importer.model.ids import Field, FullKey, Key, Kind, Ref
from importer.model.live import Facts, Same
from importer.model.manifest import Item, OnDrift
from importer.model.plan import BlockedCode, How
from importer.planning.compare import compare
from importer.planning.look_alikes import reading_of
from importer.text.digests import Digest
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
    article,
    codes,
    collection,
    having,
    ids,
    manifest,
    nothing_to_do,
    only_blocked,
    question,
    text,
)

ONE = question("one")


def _how(scene: Scene, key: str = "one") -> tuple[How, Ref | None]:
    (pair,) = (it for it in scene.compare(ONE).pairs if it.item.key == key)
    return pair.how, pair.live.ref if pair.live else None


def _copy(scene: Scene, number: int, *, author: int = ANN, of: str = "one") -> Ref:
    """Put a copy of a post there, marker and all."""
    ref = Ref(scene.live(of).ref.kind, number)
    facts = Facts(author=author)  # type: ignore[arg-type]  # plain numbers read better
    scene.posts[ref] = replace(scene.live(of), ref=ref, url=SITE.address(ref), facts=facts)
    return ref


# Who goes first.


def test_the_binding_goes_before_the_marker() -> None:
    scene = Scene()
    scene.publish(ONE, number=5)
    _copy(scene, 2)
    assert _how(scene) == (How.BINDING, Ref(Kind.QUESTION, 5))


def test_the_marker_goes_before_the_id() -> None:
    scene = Scene()
    scene.publish(ONE, number=5, known=Known.MARKER)
    scene.stranger(2, "Something else altogether")
    (pair,) = scene.compare(replace(ONE, remote_id=2)).pairs
    assert (pair.how, pair.live and pair.live.ref) == (How.MARKER, Ref(Kind.QUESTION, 5))


def test_the_id_binds_a_post_that_is_nobodys() -> None:
    scene = Scene()
    scene.stranger(2, str(ONE.fields[Field.TITLE]))
    item = replace(ONE, remote_id=2)
    (pair,) = scene.compare(item).pairs
    assert (pair.how, pair.live and pair.live.ref) == (How.ID, Ref(Kind.QUESTION, 2))
    assert only_blocked(scene.plan(item)).code is BlockedCode.NO_BASE


def test_a_bound_post_is_ours_without_its_marker() -> None:
    scene = Scene()
    scene.publish(ONE, known=Known.JOURNAL)
    assert nothing_to_do(scene.plan(ONE))


def test_a_marker_elsewhere_is_followed_when_the_bound_post_is_missing() -> None:
    """An old journal: the bound post was deleted and the item posted again by another runner."""
    scene = Scene()
    scene.publish(ONE, number=5)
    moved = _copy(scene, 9, author=BOT)
    scene.delete("one")
    assert _how(scene) == (How.MARKER, moved)


def test_an_item_that_nothing_points_to_is_created() -> None:
    plan = Scene().plan(ONE)
    assert ids(plan) == ["one!create"]
    assert plan.blocked == ()


def test_a_post_read_as_deleted_is_not_there() -> None:
    scene = Scene()
    scene.publish(ONE, known=Known.MARKER, facts=Facts(author=BOT, deleted=True))
    plan = scene.plan(ONE)
    assert ids(plan) == ["one!create"]
    assert plan.orphans == ()


# A title never binds.


@pytest.mark.parametrize(
    "title",
    [
        pytest.param("What is the story of one?", id="the same"),
        pytest.param("  what is   THE story of one? ", id="blanks and case"),
        pytest.param("What is the story of ｏｎｅ?", id="another width"),
    ],
)
def test_an_equal_title_is_blocked_and_offers_to_take_the_post_in(title: str) -> None:
    scene = Scene()
    scene.stranger(7, title)
    plan = scene.plan(ONE, answer("one#a"))
    assert plan.changes == ()
    assert codes(plan) == {"one": BlockedCode.EQUAL_TITLE, "one#a": BlockedCode.NEEDS}
    blocked = plan.blocked[0]
    assert "`id: 7`" in blocked.remedy
    assert blocked.url == SITE.address(Ref(Kind.QUESTION, 7))


def test_an_answer_that_waits_with_its_accepted_mark_is_listed_once() -> None:
    scene = Scene()
    scene.stranger(7, "What is the story of one?")
    plan = scene.plan(ONE, answer("one#a", accepted=True), answer("one#b"))
    assert [it.key for it in plan.blocked] == ["one", "one#a", "one#b"]


def test_the_remedy_for_an_equal_title_leads_to_that_post() -> None:
    scene = Scene()
    scene.stranger(7, "What is the story of one?")
    (pair,) = scene.compare(replace(ONE, remote_id=7)).pairs
    assert pair.live is not None


@pytest.mark.parametrize(
    ("key", "remedy"),
    [
        pytest.param("handbook:former", "`was: handbook:former`", id="ours under another key"),
        pytest.param("wiki:one", "It belongs to wiki:one", id="another namespace's"),
    ],
)
def test_an_equal_title_of_a_marked_post_names_its_owner(key: str, remedy: str) -> None:
    scene = Scene()
    scene.stranger(7, "What is the story of one?", marker=Marker(VERSION, key, {}))
    (blocked,) = scene.plan(ONE).blocked
    assert blocked.code is BlockedCode.EQUAL_TITLE
    assert remedy in blocked.remedy


@pytest.mark.parametrize(
    ("put", "why"),
    [
        pytest.param(
            lambda it: it.stranger(7, "What is the story of none?"), "another title", id="title"
        ),
        pytest.param(
            lambda it: it.stranger(7, "What is the story of one?", Kind.ARTICLE),
            "an article is not in the way of a question",
            id="kind",
        ),
        pytest.param(
            lambda it: it.stranger(7, "What is the story of one?", facts=Facts(deleted=True)),
            "a deleted post is not there",
            id="deleted",
        ),
        pytest.param(
            lambda it: it.posts.update({Ref(Kind.QUESTION, 7): Same(Ref(Kind.QUESTION, 7))}),
            "what was not read again has no title to compare",
            id="unchanged",
        ),
        pytest.param(
            lambda it: it.publish(
                having(question("two"), Field.TITLE, "What is the story of one?")
            ),
            "the other item gives its title up in the same plan",
            id="ours",
        ),
    ],
)
def test_other_titles_are_not_in_the_way(put: Callable[[Scene], None], why: str) -> None:
    scene = Scene()
    put(scene)
    assert "one!create" in ids(scene.plan(ONE, question("two"))), why


def test_an_article_has_an_equal_title_too() -> None:
    scene = Scene()
    item = article("leave")
    scene.stranger(7, str(item.fields[Field.TITLE]), Kind.ARTICLE)
    assert only_blocked(scene.plan(item)).code is BlockedCode.EQUAL_TITLE


def test_titles_read_the_same_whatever_their_case_blanks_and_width() -> None:
    assert reading_of(" A  b\tＣ ") == "a b c"
    assert reading_of("straße") == reading_of("STRASSE")


# Two posts, one marker.


@pytest.mark.parametrize(
    ("authors", "publishers", "expected"),
    [
        pytest.param((BOT, BOT), (BOT,), 4, id="both the publishers': the lowest id"),
        pytest.param((ANN, BOT), (BOT,), 6, id="one of them the publishers'"),
        pytest.param((ANN, BOT), (BOT, ANN), 4, id="two publishers: the lowest id"),
        pytest.param((BOT, BOT), (), None, id="no publishers: the author alone decides nothing"),
        pytest.param((ANN, BOT), (), None, id="no publishers, two authors"),
    ],
)
def test_of_two_posts_with_one_marker_the_rule_decides_or_a_person(
    authors: tuple[int, int], publishers: tuple[int, ...], expected: int | None
) -> None:
    scene = Scene()
    scene.publish(ONE, number=6, known=Known.MARKER, facts=Facts(author=authors[1]))  # type: ignore[arg-type]  # plain numbers
    _copy(scene, 4, author=authors[0])
    plan = scene.plan(ONE, publishers=publishers)
    if expected is None:
        blocked = only_blocked(plan)
        assert blocked.code is BlockedCode.AMBIGUOUS
        assert "question/4, question/6" in blocked.why
        assert plan.orphans == ()
    else:
        assert [it.ref.id for it in plan.bindings] == [expected]
        assert plan.blocked == ()


@pytest.mark.parametrize(
    "item", [ONE, article("leave"), collection("start", "one")], ids=lambda it: it.kind
)
def test_of_two_the_lowest_counts_and_the_other_is_a_double_though_it_is_bound(item: Item) -> None:
    scene = Scene()
    scene.publish(item, number=6)
    copy = Ref(item.kind, 4)
    scene.posts[copy] = replace(scene.live(item.key), ref=copy)
    plan = scene.plan(item)
    assert plan.blocked == ()
    assert plan.orphans == ()
    assert [(it.ref, it.counts) for it in plan.doubles] == [(Ref(item.kind, 6), copy)]
    assert [it.stays for it in plan.doubles] == ["this journal didn't make it"]


def test_a_marker_on_a_strangers_post_is_nothing_where_publishers_are_named() -> None:
    scene = Scene()
    scene.publish(ONE, known=Known.MARKER, facts=Facts(author=BOB))
    plan = scene.plan(having(ONE, Field.TITLE, "Another title than the copy's"), publishers=(BOT,))
    assert ids(plan) == ["one!create"]
    assert plan.orphans == ()


def test_answers_wait_for_their_ambiguous_question_and_are_no_orphans() -> None:
    scene = Scene()
    items = ONE, answer("one#a"), answer("one#new")
    scene.publish(*items[:2], known=Known.MARKER)
    _copy(scene, 9)
    plan = scene.plan(*items)
    assert codes(plan) == {
        "one": BlockedCode.AMBIGUOUS,
        "one#a": BlockedCode.NEEDS,
        "one#new": BlockedCode.NEEDS,
    }
    assert (plan.changes, plan.orphans) == ((), ())


def test_a_bound_answer_waits_with_its_question_too() -> None:
    scene = Scene()
    items = ONE, answer("one#a")
    scene.publish(*items, known=Known.JOURNAL)
    scene.alter("one", marker=Marker(NEWER, "handbook:one", {}))
    plan = scene.plan(*items)
    assert codes(plan) == {"one": BlockedCode.NEWER_MARKER, "one#a": BlockedCode.NEEDS}
    assert plan.orphans == ()


# Kind, parent and owner must fit.


def test_a_marker_on_another_kind_is_a_misfit() -> None:
    scene = Scene()
    scene.stranger(3, "A question", marker=Marker(VERSION, "handbook:leave", {}))
    blocked = only_blocked(scene.plan(article("leave")))
    assert (blocked.code, "another kind" in blocked.why) == (BlockedCode.MISFIT, True)


def test_a_marker_under_another_question_is_a_misfit() -> None:
    scene = Scene()
    items = ONE, answer("one#a"), question("two")
    scene.publish(*items, known=Known.MARKER)
    scene.alter("one#a", parent=scene.live("two").ref)
    plan = scene.plan(*items)
    assert codes(plan) == {"one#a": BlockedCode.MISFIT}
    assert "another question" in plan.blocked[0].why
    assert plan.orphans == ()


@pytest.mark.parametrize("number", [1, 9], ids=["older", "newer"])
def test_of_an_answers_marked_posts_the_one_under_its_question_counts(number: int) -> None:
    scene = Scene()
    items = ONE, answer("one#a"), question("two")
    scene.publish(*items, known=Known.MARKER)
    copy = _copy(scene, number, of="one#a", author=BOT)
    scene.posts[copy] = replace(scene.posts[copy], parent=scene.live("two").ref)
    plan = scene.plan(*items)
    assert plan.blocked == ()
    assert [(it.ref, it.counts) for it in plan.doubles] == [(copy, scene.live("one#a").ref)]
    assert plan.orphans == ()


def test_a_colleagues_copy_is_no_double_for_anybody_to_delete() -> None:
    scene = Scene()
    scene.publish(ONE)
    copy = _copy(scene, 9, author=BOT)
    assert [it.ref for it in scene.plan(ONE).doubles] == [copy], "the control: our own"
    scene.posts[copy] = replace(scene.posts[copy], facts=Facts(author=BOB))
    plan = scene.plan(ONE)
    assert (plan.doubles, plan.orphans, plan.blocked) == ((), (), ())


def test_a_bound_answer_under_another_question_is_a_misfit() -> None:
    scene = Scene()
    items = ONE, answer("one#a"), question("two")
    scene.publish(*items, known=Known.JOURNAL)
    scene.alter("one#a", parent=scene.live("two").ref)
    plan = scene.plan(*items)
    assert codes(plan) == {"one#a": BlockedCode.MISFIT}
    assert "stands under another question" in plan.blocked[0].why


@pytest.mark.parametrize(
    "owner",
    [
        pytest.param("wiki:one", id="a foreign namespace"),
        pytest.param("handbook:two", id="another key of ours"),
    ],
)
def test_a_bound_post_whose_marker_names_another_is_a_misfit(owner: str) -> None:
    scene = Scene()
    scene.publish(ONE)
    scene.alter("one", marker=Marker(VERSION, owner, {}))
    plan = scene.plan(ONE)
    blocked = only_blocked(plan)
    assert blocked.code is BlockedCode.MISFIT
    assert owner in blocked.why
    assert "`was:`" in blocked.remedy
    assert plan.orphans == ()


def test_a_post_of_a_foreign_namespace_is_neither_found_nor_an_orphan() -> None:
    scene = Scene()
    scene.publish(question("two"), known=Known.MARKER, namespace="wiki")
    plan = scene.plan(ONE)
    assert ids(plan) == ["one!create"]
    assert plan.orphans == ()


def test_a_namespace_that_begins_alike_is_foreign() -> None:
    scene = Scene()
    scene.publish(question("two"), known=Known.MARKER, namespace="handbook-old")
    assert scene.plan(ONE).orphans == ()


@pytest.mark.parametrize("known", [Known.BOTH, Known.MARKER])
def test_a_newer_importers_post_is_left_to_it(known: Known) -> None:
    scene = Scene()
    scene.publish(ONE, known=known)
    scene.alter("one", marker=Marker(NEWER, "handbook:one", {}))
    plan = scene.plan(having(ONE, Field.TITLE, "Another title for the same"))
    assert only_blocked(plan).code is BlockedCode.NEWER_MARKER


def test_a_post_has_one_item() -> None:
    scene = Scene()
    scene.publish(ONE)
    two = replace(question("two"), was=(FullKey("handbook:one"),))
    assert codes(scene.plan(ONE, two)) == {"two": BlockedCode.MISFIT}


# `id:`


def test_an_id_of_nothing_is_blocked() -> None:
    blocked = only_blocked(Scene().plan(replace(ONE, remote_id=99)))
    assert (blocked.code, "`id: 99`" in blocked.why) == (BlockedCode.GONE, True)


def test_an_id_that_was_not_read_is_blocked_otherwise() -> None:
    scene = Scene(covered=frozenset())
    assert only_blocked(scene.plan(replace(ONE, remote_id=99))).code is BlockedCode.UNREAD


def test_the_id_of_an_answer_of_another_question_is_a_misfit() -> None:
    scene = Scene()
    scene.publish(ONE, question("two"), known=Known.MARKER)
    body = {Field.BODY: text("An answer of somebody."), Field.ACCEPTED: False}
    scene.stranger(9, "", Kind.ANSWER, parent=scene.live("two").ref, fields=body)
    plan = scene.plan(ONE, question("two"), replace(answer("one#a"), remote_id=9))
    assert codes(plan) == {"one#a": BlockedCode.MISFIT}


@pytest.mark.parametrize("owner", ["handbook:two", "wiki:two"])
def test_the_id_of_a_marked_post_is_a_misfit(owner: str) -> None:
    scene = Scene()
    scene.stranger(9, "A post of somebody", marker=Marker(VERSION, owner, {}))
    blocked = only_blocked(scene.plan(replace(ONE, remote_id=9)))
    assert blocked.code is BlockedCode.MISFIT
    assert owner in blocked.why


def test_the_id_of_its_own_former_post_binds() -> None:
    scene = Scene()
    scene.stranger(9, "A post of ours", marker=Marker(VERSION, "wiki:one", {}))
    item = replace(ONE, remote_id=9, was=(FullKey("wiki:one"),))
    (pair,) = scene.compare(item).pairs
    assert pair.how is How.MARKER


@pytest.mark.parametrize("first", ["one", "two"])
def test_an_id_does_not_take_another_items_bound_post(first: str) -> None:
    """Without this, a mistyped id with `on_drift: overwrite` would take the post from its item."""
    scene = Scene()
    two = question("two")
    scene.publish(two, known=Known.JOURNAL)
    number = scene.live("two").ref.id
    thief = replace(ONE, remote_id=number, on_drift=OnDrift.OVERWRITE)
    plan = scene.plan(*((thief, two) if first == "one" else (two, thief)))
    assert plan.changes == ()
    assert codes(plan) == {"one": BlockedCode.MISFIT}


# `was:`


@pytest.mark.parametrize("known", [Known.BOTH, Known.JOURNAL, Known.MARKER])
def test_was_renames_an_item_and_its_answers_without_a_new_post(known: Known) -> None:
    scene = Scene()
    scene.publish(ONE, answer("one#a"), known=known)
    new = replace(question("first"), fields=ONE.fields, was=(FullKey("handbook:one"),))
    answers = having(answer("first#a"), Field.BODY, answer("one#a").fields[Field.BODY])
    plan = scene.plan(new, answers)
    assert nothing_to_do(plan)
    assert {it.key: it.ref for it in plan.bindings} == {
        Key("first"): scene.live("one").ref,
        Key("first#a"): scene.live("one#a").ref,
    }
    journal = known is not Known.MARKER
    assert plan.released == ((Key("one"), Key("one#a")) if journal else ())


def _renamed(scene: Scene) -> tuple[Item, Item]:
    """Rename *one* and its answer, apply that (no write), and return the items without `was:`."""
    scene.publish(ONE, answer("one#a"), known=Known.BOTH if scene.journal else Known.MARKER)
    new = replace(question("first"), fields=ONE.fields)
    tip = having(answer("first#a"), Field.BODY, answer("one#a").fields[Field.BODY])
    plan = scene.plan(replace(new, was=(FullKey("handbook:one"),)), tip)
    assert plan.changes == ()
    if scene.journal:
        scene.bindings = {it.key: it for it in plan.bindings}
    return new, tip


def test_was_can_go_once_the_journal_has_renamed_the_binding() -> None:
    scene = Scene()
    new, tip = _renamed(scene)
    plan = scene.plan(new, tip)
    assert nothing_to_do(plan)
    assert plan.notes == ()
    edited = having(new, Field.TITLE, "What became of the first one?")
    assert ids(scene.plan(edited, tip)) == ["first!update"]


def test_a_marker_that_another_item_goes_by_speaks_against_the_renamed_binding() -> None:
    scene = Scene()
    new, tip = _renamed(scene)
    assert codes(scene.plan(new, tip, ONE))[Key("first")] is BlockedCode.MISFIT


def test_a_marker_that_was_written_since_speaks_against_the_renamed_binding() -> None:
    """Another runner, with its own journal, gave the post back its old key, or yet another."""
    scene = Scene()
    new, tip = _renamed(scene)
    scene.alter("one", marker=Marker(VERSION, "handbook:one", {"t": Digest("aaaaaaaa")}))
    blocked = scene.plan(new, tip).blocked[0]
    assert (blocked.code, blocked.key) == (BlockedCode.MISFIT, "first")
    assert "keep `was: [one]` until its next edit" in blocked.remedy


def test_without_a_journal_was_has_to_stay_until_the_next_edit_and_the_plan_says_so() -> None:
    scene = Scene(journal=False)
    new, tip = _renamed(scene)
    kept = replace(new, was=(FullKey("handbook:one"),))
    assert "Keep `was:` until the next edit of first, first#a:" in scene.plan(kept, tip).notes[-1]
    edited = having(kept, Field.TITLE, "What became of the first one?")
    assert "the next edit of first#a:" in scene.plan(edited, tip).notes[-1]
    gone = scene.plan(new, tip)
    assert codes(gone)[Key("first")] is BlockedCode.EQUAL_TITLE
    assert "`was: handbook:one`" in gone.blocked[0].remedy


def test_many_renamed_items_are_counted() -> None:
    scene = Scene(journal=False)
    items = [question(f"q{at}") for at in range(7)]
    scene.publish(*items, known=Known.MARKER)
    new = [
        replace(it, key=Key(f"new/{it.key}"), was=(FullKey(f"handbook:{it.key}"),)) for it in items
    ]
    assert "new/q4 and 2 more items" in scene.plan(*new).notes[-1]


def test_a_journal_does_not_speak_for_what_was_taken_over() -> None:
    """The other namespace's manifest would find the post by its marker, as before."""
    scene = Scene()
    scene.publish(ONE, known=Known.BOTH, namespace="wiki")
    new = replace(ONE, was=(FullKey("wiki:one"),))
    assert "the next edit of one:" in scene.plan(new).notes[-1]
    blocked = only_blocked(scene.plan(ONE))
    assert (blocked.code, "`was: [wiki:one]`" in blocked.remedy) == (BlockedCode.MISFIT, True)


def test_an_answer_is_renamed_by_its_own_was() -> None:
    scene = Scene()
    old = answer("one#a")
    scene.publish(ONE, old)
    new = replace(answer("one#b"), fields=old.fields, was=(FullKey("handbook:one#a"),))
    plan = scene.plan(ONE, new)
    assert nothing_to_do(plan)
    assert plan.released == (Key("one#a"),)


def test_a_renamed_and_edited_item_is_one_update() -> None:
    scene = Scene()
    scene.publish(ONE)
    new = replace(question("first"), was=(FullKey("handbook:one"),))
    plan = scene.plan(new)
    assert ids(plan) == ["first!update"]
    assert plan.orphans == ()


def test_was_takes_over_from_another_namespace() -> None:
    scene = Scene()
    scene.publish(ONE, answer("one#a"), known=Known.MARKER, namespace="wiki")
    new = replace(ONE, was=(FullKey("wiki:one"),))
    plan = scene.plan(new, answer("one#a"))
    assert nothing_to_do(plan)
    assert [it.key for it in plan.bindings] == ["one", "one#a"]
    edited = having(new, Field.TITLE, "What becomes of one from now on?")
    assert ids(scene.plan(edited, answer("one#a"))) == ["one!update"]


def test_another_namespaces_binding_is_not_ours() -> None:
    """A former key of another namespace is looked for by marker, not in this journal."""
    scene = Scene()
    scene.publish(question("two"))
    new = replace(ONE, was=(FullKey("wiki:two"),))
    assert ids(scene.plan(new, question("two"))) == ["one!create"]


def test_the_present_name_goes_before_the_former() -> None:
    scene = Scene()
    scene.publish(ONE, number=5, known=Known.MARKER)
    scene.publish(question("old"), number=3, known=Known.MARKER)
    plan = scene.plan(replace(ONE, was=(FullKey("handbook:old"),)))
    assert [it.ref.id for it in plan.bindings] == [5]
    assert [it.key for it in plan.orphans] == ["old"]


# Gone.


def test_a_bound_post_missing_from_a_complete_read_is_gone_and_never_recreated() -> None:
    scene = Scene()
    scene.publish(ONE, answer("one#a"))
    scene.delete("one#a")
    scene.delete("one")
    plan = scene.plan(ONE, answer("one#a"), answer("one#new"))
    assert plan.changes == ()
    assert codes(plan) == {
        "one": BlockedCode.GONE,
        "one#a": BlockedCode.GONE,
        "one#new": BlockedCode.NEEDS,
    }
    assert plan.released == ()


def test_without_a_journal_a_deleted_post_looks_like_a_new_item_and_the_plan_says_so() -> None:
    plan = Scene(journal=False).plan(ONE)
    assert ids(plan) == ["one!create"]
    assert any("no journal" in note for note in plan.notes)
    assert not any("no journal" in note for note in Scene().plan(ONE).notes)


def test_a_bound_post_missing_from_an_incomplete_read_is_unread_not_gone() -> None:
    scene = Scene(covered=frozenset({Kind.ANSWER}))
    scene.publish(ONE, answer("one#a"))
    scene.delete("one")
    plan = scene.plan(ONE, answer("one#a"))
    assert plan.changes == ()
    assert codes(plan) == {"one": BlockedCode.UNREAD, "one#a": BlockedCode.NEEDS}
    assert plan.blocked[0].url == scene.bindings[Key("one")].url
    assert any("not read completely" in note for note in plan.notes)


def test_a_binding_that_was_renamed_is_gone_under_its_new_name() -> None:
    scene = Scene()
    scene.publish(ONE)
    scene.delete("one")
    plan = scene.plan(replace(question("first"), was=(FullKey("handbook:one"),)))
    assert only_blocked(plan).code is BlockedCode.GONE
    assert plan.released == ()


@pytest.mark.parametrize("code", [BlockedCode.GONE, BlockedCode.UNREAD, BlockedCode.MISFIT])
def test_a_link_to_an_item_that_waits_has_not_moved(code: BlockedCode) -> None:
    """The page that leads there is as it was: no drift, no conflict, no needless write."""
    scene = Scene()
    page = having(question("page"), Field.BODY, text("See [one](key:one) for all of it."))
    scene.publish(ONE, page)
    match code:
        case BlockedCode.MISFIT:
            scene.alter("one", marker=Marker(VERSION, "wiki:one", {}))
        case BlockedCode.UNREAD:
            scene.delete("one")
            scene.covered = frozenset()
        case _:
            scene.delete("one")
    plan = scene.plan(ONE, page)
    assert codes(plan) == {"one": code}
    assert (plan.changes, plan.drift) == ((), ())


# Other kinds.


def test_kinds_without_posts_are_not_looked_for() -> None:
    scene = Scene()
    tag = replace(ONE, key=Key("tag:git"), kind=Kind.TAG, fields={})
    comparison = compare(manifest(tag), scene.snapshot(), scene.ledger())
    (pair,) = comparison.pairs
    assert (pair.live, pair.how) == (None, How.NONE)


def test_a_binding_of_a_post_is_followed_by_its_number_not_its_url() -> None:
    scene = Scene()
    scene.publish(ONE)
    scene.bindings[ONE.key] = replace(scene.bindings[ONE.key], url="https://moved.example/q/1")
    (binding,) = scene.plan(ONE).bindings
    assert binding.url == scene.live("one").url
