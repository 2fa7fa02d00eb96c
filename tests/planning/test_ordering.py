"""What is needed goes first, else the author's order; only links can be cut."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from importer.model.ids import Field, Key, Kind, Verb
from importer.model.manifest import Item
from importer.model.plan import BlockedCode, Change, Plan, Reason
from importer.planning.baseline import digest_field
from importer.planning.ordering import Edges, order
from importer.text.links import Text
from tests.planning.stage import (
    SITE,
    Known,
    Scene,
    answer,
    codes,
    having,
    ids,
    nothing_to_do,
    only_blocked,
    question,
    text,
    without,
)


def _page(key: str, *links: str) -> Item:
    parts = [f"Of {key} there is much to tell.", *(f"See [{it}](key:{it})." for it in links)]
    item = answer(key) if "#" in key else question(key)
    return having(item, Field.BODY, text("\n".join(parts)))


def _find(plan: Plan, change: str) -> Change:
    return next(it for it in plan.changes if it.id == change)


def _body(change: Change) -> Text:
    (after,) = (it.after for it in change.fields if it.field is Field.BODY)
    assert isinstance(after, Text)
    return after


# The order of a plan.


def test_a_question_its_answers_its_mark_then_the_next_question() -> None:
    items = (
        question("a"),
        answer("a#x"),
        answer("a#y", accepted=True),
        question("b"),
        answer("b#z", accepted=True),
    )
    plan = Scene().plan(*items)
    assert ids(plan) == [
        "a!create",
        "a#x!create",
        "a#y!create",
        "a#y!set!accepted",
        "b!create",
        "b#z!create",
        "b#z!set!accepted",
    ]
    assert _find(plan, "a#y!create").needs == ("a!create",)
    assert _find(plan, "a#y!set!accepted").needs == ("a!create", "a#y!create")
    assert _find(plan, "b!create").needs == ()


def test_what_is_there_already_is_no_need() -> None:
    scene = Scene()
    items = question("a"), answer("a#x")
    scene.publish(*items)
    plan = scene.plan(*items[:1], having(items[1], Field.ACCEPTED, True), answer("a#y"))
    assert {it.id: it.needs for it in plan.changes} == {"a#x!set!accepted": (), "a#y!create": ()}


def test_what_a_text_leads_to_goes_first() -> None:
    plan = Scene().plan(_page("a", "c"), _page("b"), _page("c"))
    assert ids(plan) == ["b!create", "c!create", "a!create"]
    assert _find(plan, "a!create").needs == ("c!create",)
    assert _body(_find(plan, "a!create")).targets == ("key:c",)


def test_an_update_waits_for_the_new_item_it_leads_to() -> None:
    scene = Scene()
    scene.publish(_page("a"))
    plan = scene.plan(_page("a", "b"), _page("b", "a"))
    assert ids(plan) == ["b!create", "a!update"]
    assert _find(plan, "a!update").needs == ("b!create",)


# Cycles.


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        pytest.param(
            (_page("a", "b"), _page("b", "a")),
            ["a!create", "b!create", "a!links"],
            id="two questions",
        ),
        pytest.param(
            (_page("a", "a"),),
            ["a!create", "a!links"],
            id="a question and itself",
        ),
        pytest.param(
            (_page("a", "a#x"), _page("a#x")),
            ["a!create", "a#x!create", "a!links"],
            id="a question and its answer",
        ),
        pytest.param(
            (_page("a", "b"), _page("b", "c"), _page("c", "a")),
            ["a!create", "c!create", "b!create", "a!links"],
            id="three questions",
        ),
        pytest.param(
            (_page("a"), _page("a#x", "b#y"), _page("b"), _page("b#y", "a#x")),
            ["a!create", "b!create", "a#x!create", "b#y!create", "a#x!links"],
            id="answers of two questions",
        ),
        pytest.param(
            (_page("a"), _page("a#x", "a#x"), _page("b", "a#x")),
            ["a!create", "a#x!create", "a#x!links", "b!create"],
            id="an answer and itself, and who leads there",
        ),
        pytest.param(
            (_page("a"), _page("a#x", "a")),
            ["a!create", "a#x!create"],
            id="an answer and its question: no cycle",
        ),
    ],
)
def test_a_cycle_of_links_costs_a_second_write(
    items: tuple[Item, ...], expected: list[str]
) -> None:
    plan = Scene().plan(*items)
    assert ids(plan) == expected
    assert plan.cost.writes == len(expected)


def test_the_first_write_of_a_cycle_carries_the_links_text_and_its_digest_is_the_base() -> None:
    plan = Scene().plan(_page("a", "b", "c"), _page("b", "a"), _page("c"))
    first, second = _find(plan, "a!create"), _find(plan, "a!links")
    stage_one = text("Of a there is much to tell.\nSee b.\nSee [c](key:c).")
    assert _body(first) == stage_one
    digest = digest_field(Kind.QUESTION, Field.BODY, stage_one)
    (body,) = (it for it in first.fields if it.field is Field.BODY)
    assert (body.base, first.marker_base[Field.BODY]) == (digest, digest)
    (links,) = second.fields
    assert (links.before, links.after) == (stage_one, _page("a", "b", "c").fields[Field.BODY])
    assert second.marker_base[Field.BODY] == links.base
    assert (second.reason, second.verb) == (Reason.LINKS, Verb.UPDATE)
    assert set(second.needs) == {"a!create", "b!create"}
    assert "a!links" not in {need for it in plan.changes for need in it.needs}


def test_a_create_that_only_uses_a_text_has_a_stage_one_without_base() -> None:
    """`manage: [title, tags]`: the body is the site's once it is written."""
    page = _page("a", "a")
    body = {Field.BODY: page.fields[Field.BODY]}
    fields = without(page.fields, Field.BODY)
    plan = Scene().plan(replace(page, fields=fields, initial=body))
    assert ids(plan) == ["a!create", "a!links"]
    assert set(_find(plan, "a!create").marker_base) == {Field.TITLE, Field.TAGS}
    (links,) = _find(plan, "a!links").fields
    assert links.base is None


@pytest.mark.parametrize("known", [Known.BOTH, Known.MARKER])
def test_a_crash_between_the_two_writes_leaves_an_ordinary_update(known: Known) -> None:
    scene = Scene()
    first = having(_page("a"), Field.BODY, text("Of a there is much to tell.\nSee b."))
    scene.publish(first, _page("b", "a"), known=known)
    plan = scene.plan(_page("a", "b"), _page("b", "a"))
    (change,) = plan.changes
    assert (change.id, change.reason) == ("a!update", Reason.EDITED)
    assert _body(change).targets == ("key:b",)


# Links are compared by the post they lead to.


@pytest.mark.parametrize("known", [Known.BOTH, Known.MARKER])
def test_retitling_a_page_with_40_links_to_it_is_one_write(known: Known) -> None:
    scene = Scene()
    hub = question("hub")
    pages = [_page(f"page/{n}", "hub") for n in range(40)]
    scene.publish(hub, *pages, known=known)
    assert nothing_to_do(scene.plan(hub, *pages))
    new = having(hub, Field.TITLE, "What is the hub called from now on?")
    plan = scene.plan(new, *pages)
    assert ids(plan) == ["hub!update"]
    assert plan.cost.writes == 1


@pytest.mark.parametrize(
    "address",
    [
        pytest.param(f"{SITE.base}/questions/1", id="as we write it"),
        pytest.param(f"{SITE.base}/questions/1/what-is-the-story-of-hub", id="with a slug"),
        pytest.param(f"{SITE.base}/questions/1/any-former-title", id="with an old slug"),
        pytest.param(f"{SITE.base}/q/1", id="the short one"),
        pytest.param(f"{SITE.base}/q/1/4711", id="the short one, shared by somebody"),
    ],
)
def test_an_address_of_the_team_is_the_same_link_as_the_key(address: str) -> None:
    scene = Scene()
    hub, page = question("hub"), _page("page", "hub")
    scene.publish(hub, page)
    written = str(page.fields[Field.BODY].holed).replace("\0", address)  # type: ignore[union-attr]  # a body
    assert nothing_to_do(scene.plan(hub, having(page, Field.BODY, text(written))))


def test_an_address_of_no_item_is_compared_by_its_post() -> None:
    scene = Scene()
    scene.stranger(9, "Somebody's question")
    page = having(question("page"), Field.BODY, text("See [it](question/9) for more of that."))
    scene.publish(page)
    by_url = text(f"See [it]({SITE.base}/questions/9/a-slug) for more of that.")
    assert nothing_to_do(scene.plan(having(page, Field.BODY, by_url)))
    elsewhere = text(f"See [it]({SITE.base}/tags/git/info) for more of that.")
    assert ids(scene.plan(having(page, Field.BODY, elsewhere))) == ["page!update"]


def test_a_link_that_a_person_led_elsewhere_is_drift() -> None:
    scene = Scene()
    items = question("hub"), question("other"), _page("page", "hub")
    scene.publish(*items)
    body = scene.live("page").fields[Field.BODY]
    assert isinstance(body, Text)
    other = Text(body.holed, (str(scene.live("other").ref),))
    scene.edit("page", Field.BODY, other)
    (drift,) = scene.plan(*items).drift
    assert drift.live == Text(body.holed, ("key:other",))


# What can't be reached.


def test_what_leads_to_nothing_waits_and_so_does_all_that_needs_it() -> None:
    scene = Scene()
    scene.publish(_page("z"))
    scene.stranger(9, "What is the story of gone?")
    plan = scene.plan(_page("z", "a"), _page("a", "b"), _page("b", "gone"), question("gone"))
    assert plan.changes == ()
    assert codes(plan) == {
        "gone": BlockedCode.EQUAL_TITLE,
        "b": BlockedCode.NEEDS,
        "a": BlockedCode.NEEDS,
        "z": BlockedCode.NEEDS,
    }
    whys = {it.key: it.why for it in plan.blocked}
    assert "it needs gone," in whys[Key("b")]
    assert "it needs a," in whys[Key("z")]


def test_a_change_that_needs_two_lost_items_is_told_once() -> None:
    plan = Scene().plan(_page("a", "x", "y"))
    blocked = only_blocked(plan)
    assert blocked.code is BlockedCode.NEEDS
    assert "it needs x," in blocked.why


def test_a_cycle_that_leads_out_to_nothing_is_lost_as_a_whole() -> None:
    plan = Scene().plan(_page("a", "b"), _page("b", "a", "x"), _page("c"))
    assert ids(plan) == ["c!create"]
    assert codes(plan) == {"a": BlockedCode.NEEDS, "b": BlockedCode.NEEDS}


# The law of the order.

nodes = st.integers(1, 9).map(lambda size: [f"n{it}" for it in range(size)])


@st.composite
def graphs(draw: st.DrawFn) -> tuple[list[str], dict[str, Edges]]:
    """Any soft edges; firm ones lead to earlier nodes, so alone they form no cycle."""
    names = draw(nodes)
    firm: dict[str, frozenset[str]] = {}
    for index, node in enumerate(names):
        earlier = names[:index]
        firm[node] = draw(st.frozensets(st.sampled_from(earlier or [node]), max_size=2)) - {node}
    soft = st.frozensets(st.sampled_from([*names, "outside"]), max_size=3)
    edges = {node: Edges(firm[node], draw(soft) - firm[node]) for node in names}
    shuffled = draw(st.permutations(names))
    return shuffled, edges


@given(graphs())
@settings(max_examples=100)
def test_every_node_comes_once_and_after_what_it_needs_unless_cut(
    graph: tuple[list[str], dict[str, Edges]],
) -> None:
    names, edges = graph
    found = order(names, edges)
    assert sorted(found.sequence) == sorted(names)
    place = {node: index for index, node in enumerate(found.sequence)}
    for node, needs in edges.items():
        cut = found.cut.get(node, frozenset())
        assert cut <= needs.soft
        assert all(place[need] < place[node] for need in needs.firm)
        assert all(place[need] < place[node] for need in (needs.soft & place.keys()) - cut)


@given(graphs())
@settings(max_examples=50)
def test_nothing_is_cut_where_there_is_no_cycle(graph: tuple[list[str], dict[str, Edges]]) -> None:
    names, edges = graph
    rank = {name: index for index, name in enumerate(sorted(names))}
    forward = {
        node: Edges(it.firm, frozenset(x for x in it.soft if rank.get(x, 99) < rank[node]))
        for node, it in edges.items()
    }
    assert order(names, forward).cut == {}


@given(nodes.flatmap(st.permutations))
def test_without_needs_the_authors_order_stays(names: list[str]) -> None:
    assert order(names, {}).sequence == tuple(names)


@pytest.mark.parametrize(
    ("soft", "expected", "cut"),
    [
        pytest.param({"a": "b", "b": "a"}, "ab", {"a": "b"}, id="the first in the author's order"),
        pytest.param(
            {"a": "h", "b": "h", "c": "h", "h": "abc"},
            "habc",
            {"h": "abc"},
            id="the one that unties most",
        ),
        pytest.param({"a": "ab", "b": "a"}, "ab", {"a": "ab"}, id="one that is cut anyway"),
        pytest.param({"a": "b", "b": "cd", "c": "b"}, "dbac", {"b": "c"}, id="not beyond a cycle"),
        pytest.param({"a": "z"}, "a", {}, id="what isn't there is met"),
    ],
)
def test_few_second_writes_are_worth_more_than_the_authors_order(
    soft: dict[str, str], expected: str, cut: dict[str, str]
) -> None:
    names = sorted(set("".join([*soft, *soft.values()])) - {"z"})
    edges = {node: Edges(soft=frozenset(needs)) for node, needs in soft.items()}
    found = order(names, edges)
    assert {node: "".join(sorted(it)) for node, it in found.cut.items()} == cut
    assert sorted(found.sequence) == sorted(expected)
    assert found.sequence == tuple(expected)


def test_a_long_chain_and_a_large_cycle_are_no_trouble() -> None:
    names = [f"n{it}" for it in range(3000)]
    chain = {one: Edges(soft=frozenset({next_})) for one, next_ in pairwise(names)}
    assert order(names, chain).sequence == tuple(reversed(names))
    ring = {**chain, names[-1]: Edges(soft=frozenset({names[0]}))}
    assert len(order(names, ring).cut) == 1
