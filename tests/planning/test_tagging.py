"""Declared tags: experts are set, descriptions are a person's work, old names are read as new."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from importer.model.fields import Value
from importer.model.ids import Field, FullKey, Key, Kind, UserId, Verb, tag_key
from importer.model.ledger import Base, Binding
from importer.model.live import Ability
from importer.model.manifest import Item, NewTags, OnDrift, Policy
from importer.model.plan import BlockedCode, Plan
from importer.planning.baseline import digest_field, digest_of_ours
from tests.planning.stage import (
    SITE,
    Known,
    Scene,
    all_able,
    codes,
    having,
    ids,
    nothing_to_do,
    only_blocked,
    question,
    tag,
    unable,
)

PAGE = "https://acme.example/tags/git/info"
ONE = question("one")


def _tagged(key: str, *names: str) -> Item:
    return having(question(key), Field.TAGS, names)


def experts(*names: str, exact: bool = True, **more: Any) -> Item:
    return tag(experts=names, adds=() if exact else (Field.EXPERTS,), **more)


def _scene(*live: str) -> Scene:
    scene = Scene()
    scene.known_tag("git", experts=live)
    return scene


def _written(scene: Scene, *names: str) -> None:
    """Let the journal remember that a run of ours set these experts."""
    digest = digest_field(Kind.TAG, Field.EXPERTS, names)
    key, live = tag_key("git"), scene.declared["git"]
    scene.bindings[key] = Binding(key, live.ref, live.url, {Field.EXPERTS: Base(digest, digest)})


def _set(plan: Plan) -> Value | None:
    """Return what the writes of the plan lead to, one after the other."""
    *earlier, last = plan.changes
    assert last.id == "tag:git!set!experts"
    assert ids(plan)[:-1] == [f"{last.id}!{number}" for number in range(1, len(plan.changes))]
    for one, other in pairwise(plan.changes):
        assert (other.verb, other.needs) == (Verb.SET, (*earlier[0].needs, one.id))
        assert other.fields[0].before == one.fields[0].after
    return last.fields[0].after


# Descriptions.


@pytest.mark.parametrize(
    ("live", "now"),
    [
        pytest.param({"description": "Versions"}, 'it is "Versions" now', id="differs"),
        pytest.param({"description": ""}, "it is empty now", id="there is none"),
        pytest.param({}, "what it is now can't be read", id="is not told"),
        pytest.param(None, "once a post bears the tag", id="there is no such tag"),
    ],
)
def test_a_description_is_a_manual_step_with_its_page(live: Any, now: str) -> None:
    scene = Scene()
    if live is not None:
        scene.known_tag("git", **live)
    plan = scene.plan(
        tag(description="Version control"), ability=unable(Kind.TAG, "no call for it", PAGE)
    )
    assert (plan.changes, plan.blocked) == ((), ())
    (step,) = plan.manual
    assert step.what == f'set the description of the tag to "Version control" ({now})'
    assert (step.key, step.page) == ("tag:git", PAGE)


def test_a_description_that_stands_there_is_nothing_to_do() -> None:
    scene = Scene()
    scene.known_tag("git", description="Version control")
    item = tag(description="Version control")
    assert nothing_to_do(scene.plan(item, ability=unable(Kind.TAG, "no call for it", PAGE)))


# Experts.


def test_experts_without_call_and_page_are_unsupported() -> None:
    plan = _scene().plan(experts("user:1"), ability=unable(Kind.TAG, "only v3 can"))
    assert codes(plan) == {"tag:git": BlockedCode.UNSUPPORTED}


def test_drift_that_is_kept_asks_for_no_right_to_write() -> None:
    scene = _scene("user:1", "user:2")
    _written(scene, "user:1")
    forbidden = unable(Kind.TAG, "the token may not")
    plan = scene.plan(experts("user:1"), ability=forbidden)
    assert (plan.changes, plan.blocked, len(plan.drift)) == ((), (), 1)
    overwriting = experts("user:1", on_drift=OnDrift.OVERWRITE)
    assert only_blocked(scene.plan(overwriting, ability=forbidden)).why == "the token may not"


def test_what_to_do_instead_is_the_apis_to_say() -> None:
    lacking = Ability(able=False, reason="the token may not", remedy="Take another token.")
    plan = _scene().plan(experts("user:1"), ability=lambda *_: lacking)
    assert only_blocked(plan).remedy.startswith(
        "Take another token. Otherwise leave its `experts:`"
    )


@pytest.mark.parametrize("exact", [True, False])
def test_experts_as_stated_are_nothing_to_do(exact: bool) -> None:
    plan = _scene("group:4", "user:1").plan(experts("group:4", "user:1", exact=exact))
    assert nothing_to_do(plan)
    (binding,) = plan.bindings
    digest = digest_of_ours(experts("group:4", "user:1", exact=exact), Field.EXPERTS)
    assert (binding.key, binding.base[Field.EXPERTS].ours) == ("tag:git", digest)


@pytest.mark.parametrize(
    ("live", "stated", "after"),
    [
        pytest.param((), ("user:1",), ("user:1",), id="none yet"),
        pytest.param(("user:2",), ("user:1",), ("user:1", "user:2"), id="somebody else"),
        pytest.param(("user:1", "user:2"), ("user:1",), None, id="more than stated"),
        pytest.param(("user:2",), ("user:1", "user:2"), ("user:1", "user:2"), id="one is missing"),
    ],
)
def test_experts_are_added_and_none_taken_away(
    live: tuple[str, ...], stated: tuple[str, ...], after: tuple[str, ...] | None
) -> None:
    plan = _scene(*live).plan(experts(*stated, exact=False))
    assert (_set(plan) if after else plan.changes) == (after or ())
    assert not plan.blocked


def test_an_expert_whom_a_person_took_away_stays_away() -> None:
    scene = _scene("user:2")
    _written(scene, "user:1")
    plan = scene.plan(experts("user:1", exact=False))
    assert (plan.changes, [it.field for it in plan.drift]) == ((), [Field.EXPERTS])
    overwriting = experts("user:1", exact=False, on_drift=OnDrift.OVERWRITE)
    assert _set(scene.plan(overwriting)) == ("user:1", "user:2")


def test_an_expert_added_here_comes_although_the_site_added_others() -> None:
    scene = _scene("user:1", "user:9")
    _written(scene, "user:1")
    plan = scene.plan(experts("user:1", "user:2", exact=False))
    assert _set(plan) == ("user:1", "user:2", "user:9")


@pytest.mark.parametrize(
    ("base", "live", "stated", "code"),
    [
        pytest.param(None, ("user:2",), ("user:1",), BlockedCode.NO_BASE, id="more, no base"),
        pytest.param(None, (), ("user:1",), None, id="fewer, no base"),
        pytest.param(("user:2",), ("user:2",), ("user:1",), None, id="as we set them"),
        pytest.param(("user:1",), ("user:2",), ("user:3",), BlockedCode.CONFLICT, id="both moved"),
    ],
)
def test_exact_experts_follow_the_table(
    base: tuple[str, ...] | None,
    live: tuple[str, ...],
    stated: tuple[str, ...],
    code: BlockedCode | None,
) -> None:
    scene = _scene(*live)
    if base is not None:
        _written(scene, *base)
    plan = scene.plan(experts(*stated))
    if code is None:
        assert _set(plan) == stated
        return
    blocked = only_blocked(plan)
    assert (blocked.code, "on_drift: overwrite" in blocked.remedy) == (code, True)
    assert _set(scene.plan(experts(*stated, on_drift=OnDrift.OVERWRITE))) == stated


def test_exact_experts_that_the_site_added_to_are_drift() -> None:
    scene = _scene("user:1", "user:2")
    _written(scene, "user:1")
    plan = scene.plan(experts("user:1"))
    assert (plan.changes, plan.blocked, len(plan.drift)) == ((), (), 1)


@pytest.mark.parametrize(
    ("live", "stated", "steps"),
    [
        pytest.param((), ("user:1", "user:2"), [("user:1", "user:2")], id="users in one"),
        pytest.param(
            ("user:9",),
            ("group:4", "user:1", "user:9"),
            [("user:1", "user:9"), ("group:4", "user:1", "user:9")],
            id="users and groups apart",
        ),
        pytest.param(
            ("group:4", "user:8", "user:9"),
            ("user:1",),
            [
                ("group:4", "user:1", "user:8", "user:9"),
                ("user:1", "user:8", "user:9"),
                ("user:1", "user:9"),
                ("user:1",),
            ],
            id="removed one by one, last of all",
        ),
    ],
)
def test_each_write_says_one_difference(
    live: tuple[str, ...], stated: tuple[str, ...], steps: list[tuple[str, ...]]
) -> None:
    plan = _scene(*live).plan(experts(*stated, on_drift=OnDrift.OVERWRITE))
    assert _set(plan) == stated
    assert [it.fields[0].after for it in plan.changes] == steps
    assert plan.cost.writes == len(steps)


@pytest.mark.parametrize("exact", [True, False])
def test_after_the_first_of_several_writes_the_next_plan_goes_on(exact: bool) -> None:
    item = experts("group:4", "user:1", exact=exact)
    scene = _scene()
    first = scene.plan(item).changes[0].fields[0]
    assert (first.after, first.base) == (
        ("user:1",),
        digest_field(Kind.TAG, Field.EXPERTS, ("user:1",)),
    )
    scene = _scene("user:1")
    _written(scene, "user:1")
    assert _set(scene.plan(item)) == ("group:4", "user:1")


def test_a_new_tags_users_and_groups_come_one_after_the_other() -> None:
    plan = Scene().plan(experts("group:4", "user:1"), _tagged("one", "git"))
    assert ids(plan) == ["one!create", "tag:git!set!experts!1", "tag:git!set!experts"]
    assert plan.changes[-1].needs == ("one!create", "tag:git!set!experts!1")


def test_exact_takes_nobody_away_who_was_there_beside_what_was_added() -> None:
    """The names of the last write were added to others': they are no base for being all."""
    scene = _scene("user:1", "user:9")
    (binding,) = scene.plan(experts("user:1", exact=False)).bindings
    scene.bindings[binding.key] = binding
    blocked = only_blocked(scene.plan(experts("user:1")))
    assert blocked.code is BlockedCode.NO_BASE
    assert blocked.why == "`exact` would take away whom this manifest never named: user:9"
    assert blocked.remedy.startswith("Name them here, or leave `exact` out; ")
    assert "`on_drift: overwrite` for the tag" in blocked.remedy
    assert _set(scene.plan(experts("user:1", on_drift=OnDrift.OVERWRITE))) == ("user:1",)


def test_what_was_added_and_taken_away_since_stays_away() -> None:
    scene = _scene("user:1", "user:9")
    (binding,) = scene.plan(experts("user:1", exact=False)).bindings
    away = _scene("user:9")
    away.bindings[binding.key] = binding
    plan = away.plan(experts("user:1", exact=False))
    assert (plan.changes, [it.field for it in plan.drift]) == ((), [Field.EXPERTS])


def test_mail_addresses_become_users() -> None:
    scene = _scene()
    scene.people = {"ada@acme.example": UserId(12)}
    plan = scene.plan(experts("email:ada@acme.example", "group:4"))
    assert _set(plan) == ("group:4", "user:12")


@pytest.mark.parametrize(
    ("people", "denied", "why"),
    [
        pytest.param({"a@b.c": None}, {}, "nobody in the team has this address", id="unknown"),
        pytest.param({}, {"a@b.c": "only admins may look"}, "only admins may look", id="denied"),
        pytest.param({}, {}, "could not be found out", id="not told"),
    ],
)
def test_an_address_of_nobody_waits_for_a_person(
    people: dict[str, UserId | None], denied: dict[str, str], why: str
) -> None:
    scene = _scene()
    scene.people, scene.denied = people, denied
    blocked = only_blocked(scene.plan(experts("email:a@b.c", "user:1")))
    assert blocked.code is BlockedCode.UNSUPPORTED
    assert "a@b.c" in blocked.why
    assert why in blocked.why


@pytest.mark.parametrize("denied", [{}, {"git": "the site has no experts"}])
def test_experts_that_are_not_told_wait_for_a_person(denied: dict[str, str]) -> None:
    scene = Scene(denied=denied)
    scene.known_tag("git", description="Version control")
    blocked = only_blocked(scene.plan(experts("user:1")))
    assert blocked.why == denied.get("git", "what experts it has could not be read")


def test_a_new_tag_gets_its_experts_after_the_post_that_brings_it() -> None:
    plan = Scene().plan(experts("user:1"), question("zero"), _tagged("one", "git"))
    assert ids(plan) == ["zero!create", "one!create", "tag:git!set!experts"]
    change = plan.changes[-1]
    assert (change.needs, change.fields[0].before) == (("one!create",), ())


def test_a_tag_that_nothing_brings_gets_no_experts() -> None:
    plan = Scene().plan(experts("user:1"), question("zero"))
    assert codes(plan) == {"tag:git": BlockedCode.NEEDS}
    limited = Scene().plan(
        experts("user:1"),
        question("zero"),
        _tagged("one", "git"),
        decisions={"limit": 1},
    )
    assert (ids(limited), limited.blocked) == (["zero!create"], ())


# Old names.


def _renaming(**more: Any) -> Item:
    return tag("deploys", was=(FullKey("handbook:tag:deployment"),), **more)


def test_a_renamed_tag_is_an_ordinary_update_of_our_posts() -> None:
    scene = Scene()
    scene.publish(_tagged("one", "deployment"), _tagged("two", "deployment", "testing"))
    scene.publish(_tagged("three", "deployment"), known=Known.NOTHING)
    items = [_tagged("one", "deployment"), _tagged("two", "deploys", "testing")]
    plan = scene.plan(_renaming(), *items, _tagged("three", "deploys"))
    assert ids(plan) == ["one!update", "two!update", "three!update"]
    assert [it.fields[0].after for it in plan.changes] == [
        ("deploys",),
        ("deploys", "testing"),
        ("deploys",),
    ]
    assert plan.new_tags == ("deploys",)
    assert any("deployment" in note for note in plan.notes)


def test_a_renamed_tag_hides_no_other_edit_of_the_tags() -> None:
    scene = Scene()
    scene.publish(_tagged("one", "deployment"))
    scene.edit("one", Field.TAGS, ("deployment", "theirs"))
    assert codes(scene.plan(_renaming(), _tagged("one", "deployment"))) == {
        "one": BlockedCode.CONFLICT
    }


def test_a_tag_that_was_merged_on_the_site_is_where_it_should_be() -> None:
    scene = Scene(synonyms={"deployment": "deploys"})
    scene.publish(_tagged("one", "deploys"))
    assert nothing_to_do(scene.plan(_renaming(), _tagged("one", "deployment")))


def test_posts_of_others_with_the_old_name_are_a_persons_work() -> None:
    scene = Scene()
    scene.publish(_tagged("one", "deploys"))
    scene.stranger(7, "How do they deploy?", fields={Field.TAGS: ("deployment",)})
    scene.tags.add("deployment")
    (step,) = scene.plan(_renaming(), _tagged("one", "deploys")).manual
    assert step.what == 'merge the tag "deployment" into it: 1 post not of this manifest bear it'
    assert step.page == f"{SITE.base}/tags"


# What becomes of tags.


def test_a_tag_that_its_last_post_loses_is_mentioned() -> None:
    scene = Scene()
    scene.publish(_tagged("one", "old", "testing"), _tagged("two", "testing"))
    plan = scene.plan(_tagged("one", "testing"), _tagged("two", "testing"))
    assert [it for it in plan.notes if ": old." in it]
    kept = scene.plan(_tagged("one", "testing"), _tagged("two", "old", "testing"))
    assert not [it for it in kept.notes if "old" in it]


def test_two_new_tags_close_to_each_other_wait_from_the_first_plan_on() -> None:
    one, two = _tagged("one", "kubernetes"), _tagged("two", "kubernets")
    waiting = {"one": BlockedCode.NEW_TAG, "two": BlockedCode.NEW_TAG}
    assert codes(Scene().plan(one, two)) == waiting
    plan = Scene().plan(tag("kubernetes"), one, two)
    assert (codes(plan), ids(plan)) == ({"two": BlockedCode.NEW_TAG}, ["one!create"])
    assert nothing_blocked(Scene().plan(tag("kubernetes"), tag("kubernets"), one, two))
    strict: dict[str, Any] = {"policy": Policy(new_tags=NewTags.DECLARED)}
    assert nothing_blocked(Scene().plan(tag("kubernetes"), tag("kubernets"), one, two, **strict))


def nothing_blocked(plan: Plan) -> bool:
    return not plan.blocked


def test_what_a_tag_can_do_is_asked_field_by_field() -> None:
    def ability(kind: Kind, verb: Verb, field: Field | None = None) -> Ability:
        if field is Field.DESCRIPTION:
            return Ability(able=False, reason="no call", page=PAGE)
        return all_able(kind, verb, field)

    item = tag(description="Version control", experts=("user:1",))
    plan = _scene().plan(item, ability=ability)
    assert (ids(plan), len(plan.manual)) == (["tag:git!set!experts"], 1)


def test_a_tag_leaves_matching_and_orphans_alone() -> None:
    scene = _scene("user:1")
    _written(scene, "user:1")
    scene.publish(ONE)
    scene.covered |= {Kind.TAG}
    plan = scene.plan(ONE)
    assert nothing_to_do(plan)
    assert plan.released == (Key("tag:git"),)
