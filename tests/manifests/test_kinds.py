"""Articles, collections and experts in the manifest: what is stated, what is the site's."""

from __future__ import annotations

from pathlib import Path

import pytest

from importer.model.fields import Value
from importer.model.ids import Field
from importer.text.digests import Digest
from importer.text.links import Text
from tests.manifests.pages import (
    HEAD,
    MANIFEST,
    TAGGED,
    assert_told_of,
    by_key,
    fields_of,
    load_one,
    question,
)


def articles(*more: str) -> str:
    return f"{TAGGED}articles:\n{''.join(question(f'a{at}', it) for at, it in enumerate(more))}"


def collections(more: str = "") -> str:
    row = f"- key: start\n  title: Start here\n  items: [a0]\n{more}"
    return articles("") + f"collections:\n{row}"


# Articles.


def test_an_article_without_type_leaves_it_to_the_site_and_a_new_one_is_a_usual_one(
    folder: Path,
) -> None:
    item = by_key(load_one(folder, articles("")))["a0"]
    assert Field.TYPE not in item.fields
    assert item.initial == {Field.TYPE: "knowledge-article"}


def test_a_type_that_is_not_managed_is_a_new_articles_own(folder: Path) -> None:
    text = articles("type: policy\nmanage: [title, body]")
    item = by_key(load_one(folder, text))["a0"]
    assert item.initial[Field.TYPE] == "policy"
    assert item.fields.keys() == {Field.TITLE, Field.BODY}


@pytest.mark.parametrize(
    ("written", "held"),
    [
        ("{editable_by: everyone}", ("everyone",)),
        ("{editable_by: owner-only}", ("owner-only",)),
        (
            "{editable_by: specific-editors, users: [7], groups: [1002]}",
            ("group:1002", "specific-editors", "user:7"),
        ),
    ],
)
def test_permissions_are_names(folder: Path, written: str, held: Value) -> None:
    manifest = load_one(folder, articles(f"permissions: {written}"))
    assert fields_of(manifest, "a0")[Field.PERMISSIONS] == held


@pytest.mark.parametrize(
    ("written", "rule"),
    [
        ("^^{editable_by: specific-editors}", "editors-missing"),
        ("^^{editable_by: everyone, users: [7]}", "editors-unheard"),
        ("^^{editable_by: owner-only, groups: [7]}", "editors-unheard"),
    ],
)
def test_editors_are_named_where_they_are_asked_for(folder: Path, written: str, rule: str) -> None:
    assert_told_of(folder, articles(f"permissions: {written}"), rule)


# Collections.


def test_a_description_is_markdown_with_links(folder: Path) -> None:
    more = "  description: Begin with [this](key:a0).\n"
    fields = fields_of(load_one(folder, collections(more)), "start")
    assert fields[Field.BODY] == Text("Begin with [this](\0).\n", ("key:a0",))
    assert Field.BODY not in fields_of(load_one(folder, collections()), "start")


def test_a_description_goes_by_its_own_name(folder: Path) -> None:
    more = "  description: Begin.\n  manage: [title, items]\n  seen: {description: aaaabbbb}\n"
    item = by_key(load_one(folder, collections(more)))["start"]
    assert item.initial == {Field.BODY: Text("Begin.\n")}
    assert item.seen == {Field.BODY: Digest("aaaabbbb")}


@pytest.mark.parametrize(
    ("more", "rule"),
    [
        ("  description: |\n    ^^```\n    open\n", "body-open"),
        ("  description: See [this](^^key:b0).\n", "link-key"),
        ("  manage: [^^body]\n", "not-one-of"),
    ],
)
def test_a_description_is_checked_as_every_text(folder: Path, more: str, rule: str) -> None:
    assert_told_of(folder, collections(more), rule)


@pytest.mark.parametrize(
    "rows",
    [
        "  items: [a0, a1, ^^a0]\n",
        "  items:\n  - a0\n  - ^^a0\n  - a1\n",
        "  items: [a0, ^^a0, a1, ^^a0]\n",
    ],
)
def test_an_item_stands_in_a_collection_once(folder: Path, rows: str) -> None:
    made = collections().replace("  items: [a0]\n", rows)
    made = made.replace("collections:", f"{question('a1')}collections:")
    told = assert_told_of(folder, made, *["item-twice"] * rows.count("^^"))
    assert {it.message for it in told} == {
        f"`a0` is in this collection already, at {MANIFEST}:{first_of(made)}"
    }
    load_one(folder, made.replace(", ^^a0", "").replace("  - ^^a0\n", ""))


def first_of(text: str) -> str:
    """Where the first `a0` of a collection is, as line:column."""
    before = text[: text.index("a0", text.index("items:"))]
    return f"{before.count(chr(10)) + 1}:{len(before.rpartition(chr(10))[2]) + 1}"


def test_equal_titles_are_told_within_a_kind(folder: Path) -> None:
    both = f"{TAGGED}questions:\n{question('q', title='The same title twice')}"
    both += f"articles:\n{question('a', title='The same title twice')}"
    load_one(folder, both)
    same = articles("", "").replace("thing a1", "thing a0")
    head, _, last = same.rpartition("title: ")
    assert_told_of(folder, f"{head}title: ^^{last}", "equal-title")


# Experts.


@pytest.mark.parametrize(
    ("experts", "adds"),
    [
        ("{users: [12], groups: [4]}", (Field.EXPERTS,)),
        ("{users: [12], groups: [4], exact: false}", (Field.EXPERTS,)),
        ("{users: [12], groups: [4], exact: true}", ()),
    ],
)
def test_experts_are_added_to_unless_they_are_exact(
    folder: Path, experts: str, adds: tuple[Field, ...]
) -> None:
    text = f"{HEAD}tags:\n- {{name: deploys, experts: {experts}}}\n"
    item = by_key(load_one(folder, text))["tag:deploys"]
    assert (item.fields[Field.EXPERTS], item.adds) == (("group:4", "user:12"), adds)


@pytest.mark.parametrize("experts", ["{}", "{users: []}", "{groups: [], exact: false}"])
def test_to_add_nobody_states_nothing(folder: Path, experts: str) -> None:
    text = f"{HEAD}tags:\n- {{name: deploys, experts: {experts}}}\n"
    item = by_key(load_one(folder, text))["tag:deploys"]
    assert (item.fields, item.adds) == ({}, ())


def test_that_there_be_no_expert_is_stated(folder: Path) -> None:
    text = f"{HEAD}tags:\n- {{name: deploys, experts: {{exact: true}}}}\n"
    item = by_key(load_one(folder, text))["tag:deploys"]
    assert (item.fields, item.adds) == ({Field.EXPERTS: ()}, ())
