"""Tags are born with the first post that uses them, and stay: each new one is looked at."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from importer.model.ids import Field, Kind, tag_key
from importer.model.manifest import Item, NewTags, Policy
from importer.model.plan import BlockedCode
from importer.planning.tags import review_tags
from tests.planning.stage import (
    HERE,
    Scene,
    answer,
    codes,
    having,
    ids,
    nothing_to_do,
    question,
    removed,
    without,
)

DECLARED: dict[str, Any] = {"policy": Policy(new_tags=NewTags.DECLARED)}


def _tagged(key: str, *names: str) -> Item:
    return having(question(key), Field.TAGS, names)


def _declared(name: str) -> Item:
    return Item(tag_key(name), Kind.TAG, HERE, {})


@pytest.mark.parametrize(
    ("name", "known", "close"),
    [
        pytest.param("deploys", "deploy", True, id="a plural"),
        pytest.param("deploy", "deploys", True, id="a singular"),
        pytest.param("git-hub", "github", True, id="a hyphen"),
        pytest.param("node.js", "nodejs", True, id="a dot"),
        pytest.param("kuberentes", "kubernetes", True, id="two letters swapped"),
        pytest.param("kubernets", "kubernetes", True, id="one letter missing"),
        pytest.param("kubernettes", "kubernetes", True, id="one letter more"),
        pytest.param("kubarnetes", "kubernetes", True, id="one letter replaced"),
        pytest.param("kubernetesx", "kubernetes", True, id="one more at the end"),
        pytest.param("xkubernetes", "kubernetes", True, id="one more at the start"),
        pytest.param("kbuenretes", "kubernetes", False, id="two swaps"),
        pytest.param("kubernetesxy", "kubernetes", False, id="two more"),
        pytest.param("deployment", "deploy", False, id="another word"),
        pytest.param("postgres", "mysql", False, id="far"),
        pytest.param("vms", "vm", True, id="a plural of few letters"),
        pytest.param("cs", "css", False, id="no plural"),
        pytest.param("c#", "c", False, id="short ones are all close"),
        pytest.param("sql", "sqs", False, id="short, one letter replaced"),
        pytest.param("java", "lava", True, id="four letters are enough"),
    ],
)
def test_a_new_tag_close_to_an_existing_one_is_refused(name: str, known: str, close: bool) -> None:
    review = review_tags([name], [known], [], NewTags.REVIEW)
    assert (name in review.refused) is close
    assert (name in review.born) is not close
    if close:
        assert f"`{known}`" in review.refused[name]
    assert review_tags([name], [known], [name], NewTags.REVIEW).born == {name}


@pytest.mark.parametrize(
    ("policy", "declared", "born"),
    [
        pytest.param(NewTags.REVIEW, (), {"far"}, id="review: close names wait"),
        pytest.param(NewTags.REVIEW, ("deploys",), {"far", "deploys"}, id="review: declared"),
        pytest.param(NewTags.DECLARED, (), set(), id="declared: all wait"),
        pytest.param(NewTags.DECLARED, ("far",), {"far"}, id="declared: this one"),
        pytest.param(NewTags.DECLARED, ("far", "deploys"), {"far", "deploys"}, id="declared: both"),
    ],
)
def test_the_policy_says_which_new_tags_may_come(
    policy: NewTags, declared: tuple[str, ...], born: set[str]
) -> None:
    review = review_tags(["far", "deploys", "deploy"], ["deploy"], declared, policy)
    assert review.born == born
    assert set(review.refused) == {"far", "deploys"} - born


def test_the_nearest_three_are_named_in_order() -> None:
    known = ["tests", "test-s", "te-st", "t.est"]
    why = review_tags(["test"], known, [], NewTags.REVIEW).refused["test"]
    assert why.endswith("close to `t.est`, `te-st`, `test-s`")


def test_a_new_tag_is_a_line_of_its_own_brought_by_the_first_that_uses_it() -> None:
    plan = Scene().plan(
        _tagged("a", "testing"), _tagged("b", "git", "python"), _tagged("c", "git", "kafka")
    )
    assert plan.new_tags == ("git", "kafka", "python")
    assert {it.key: it.brings_tags for it in plan.changes} == {
        "a": (),
        "b": ("git", "python"),
        "c": ("kafka",),
    }


def test_a_refused_tag_holds_back_its_post_and_what_needs_that() -> None:
    scene = Scene(tags={"testing", "deploy"})
    plan = scene.plan(_tagged("a", "deploys"), answer("a#x"), _tagged("b", "testing", "far"))
    assert ids(plan) == ["b!create"]
    assert codes(plan) == {"a": BlockedCode.NEW_TAG, "a#x": BlockedCode.NEEDS}
    assert "declare `deploys`" in plan.blocked[0].remedy
    assert plan.new_tags == ("far",)


def test_a_declared_tag_may_come() -> None:
    scene = Scene(tags={"testing", "deploy"})
    plan = scene.plan(_declared("deploys"), _tagged("a", "deploys"))
    assert plan.new_tags == ("deploys",)
    assert plan.blocked == ()
    assert ids(scene.plan(_declared("far"), _tagged("a", "far"), **DECLARED)) == ["a!create"]
    assert codes(scene.plan(_tagged("a", "far"), **DECLARED)) == {"a": BlockedCode.NEW_TAG}


def test_each_refused_tag_of_a_post_is_told() -> None:
    plan = Scene().plan(_tagged("a", "far", "wide"), **DECLARED)
    assert [(it.key, it.code) for it in plan.blocked] == [("a", BlockedCode.NEW_TAG)] * 2


def test_an_update_can_bring_a_tag_and_a_deletion_brings_none() -> None:
    scene = Scene()
    scene.publish(_tagged("a", "testing"), _tagged("old", "testing"))
    del scene.tags
    scene.tags = {"testing"}
    plan = scene.plan(_tagged("a", "git", "testing"), removed=[removed("old")])
    assert {it.id: it.brings_tags for it in plan.changes} == {
        "a!update": ("git",),
        "old!delete": (),
    }


def test_a_tag_that_nothing_in_the_plan_uses_is_not_announced() -> None:
    plan = Scene().plan(_tagged("a", "git"), _tagged("b", "kafka"), decisions={"limit": 1})
    assert plan.new_tags == ("git",)


def test_a_synonym_is_its_master_and_no_new_tag() -> None:
    scene = Scene(tags={"testing", "kubernetes"}, synonyms={"k8s": "kubernetes"})
    scene.publish(_tagged("a", "kubernetes"))
    assert nothing_to_do(scene.plan(_tagged("a", "k8s")))
    (change,) = scene.plan(_tagged("a", "kubernetes"), _tagged("b", "k8s", "testing")).changes
    (tags,) = (it for it in change.fields if it.field is Field.TAGS)
    assert tags.after == ("kubernetes", "testing")
    assert change.brings_tags == ()


def test_a_synonym_beside_manage_is_its_master_too() -> None:
    scene = Scene(tags={"kubernetes"}, synonyms={"k8s": "kubernetes"})
    item = question("a")
    stated = replace(item, fields=without(item.fields, Field.TAGS), initial={Field.TAGS: ("k8s",)})
    (change,) = scene.plan(stated).changes
    assert {it.after for it in change.fields if it.field is Field.TAGS} == {("kubernetes",)}
