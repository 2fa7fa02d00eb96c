"""Which addresses lead to which post, and how posts, keys and changes are named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.model.fields import LIMITS, Shape, canonical, digest_value, fields_of, rule
from importer.model.ids import (
    Field,
    Key,
    Kind,
    Ref,
    Verb,
    change_id,
    full_key,
    is_key,
    key_of_target,
    parent_key,
    split_full_key,
    target_of_key,
)
from importer.model.site import Site
from importer.text.links import Text

TEAM = "https://stackoverflowteams.com/c/acme"
SITE = Site(TEAM)
LOCAL = Site("http://127.0.0.1:8080/c/acme", local=True)
QUESTION, ANSWER, ARTICLE = Kind.QUESTION, Kind.ANSWER, Kind.ARTICLE


@pytest.mark.parametrize(
    ("path", "ref"),
    [
        pytest.param("/questions/5", Ref(QUESTION, 5), id="a question"),
        pytest.param("/questions/5/", Ref(QUESTION, 5), id="a slash at the end"),
        pytest.param("/questions/5/a-slug", Ref(QUESTION, 5), id="with a slug"),
        pytest.param("/questions/5/a-slug/7", Ref(ANSWER, 7), id="an answer below it"),
        pytest.param("/questions/5/a-slug/7#7", Ref(ANSWER, 7), id="and its fragment"),
        pytest.param("/questions/5/7", Ref(ANSWER, 7), id="an answer without slug"),
        pytest.param("/questions/5#7", Ref(ANSWER, 7), id="an answer by its fragment"),
        pytest.param("/questions/5/a-slug/7#8", None, id="two answers"),
        pytest.param("/questions/5#heading", None, id="a detail"),
        pytest.param("/q/5", Ref(QUESTION, 5), id="short"),
        pytest.param("/q/5/4711", Ref(QUESTION, 5), id="short, shared by somebody"),
        pytest.param("/a/7", Ref(ANSWER, 7), id="an answer, short"),
        pytest.param("/a/7/4711", Ref(ANSWER, 7), id="an answer, shared by somebody"),
        pytest.param("/articles/9/a-slug", Ref(ARTICLE, 9), id="an article"),
        pytest.param("/articles/9#part", None, id="a part of an article"),
        pytest.param("/tags/git/info", None, id="no post"),
        pytest.param("/questions/tagged/git", None, id="a list"),
        pytest.param("/questions/5?tab=votes", None, id="a query"),
        pytest.param("/questions/٥", None, id="another script's digits"),
        pytest.param("", None, id="the team itself"),
    ],
)
def test_an_address_leads_to_a_post_or_elsewhere(path: str, ref: Ref | None) -> None:
    assert SITE.find(TEAM + path) == ref
    assert Site("https://other.example/c/acme").find(TEAM + path) is None
    assert Site(f"{TEAM}x").find(TEAM + path) is None


@given(st.sampled_from([QUESTION, ANSWER, ARTICLE, Kind.COLLECTION]), st.integers(0, 10**18 - 1))
def test_the_address_of_a_post_leads_to_it(kind: Kind, number: int) -> None:
    for site in (SITE, LOCAL):
        assert site.find(site.address(Ref(kind, number))) == Ref(kind, number)
        assert site.is_named_in(f"See {site.address(Ref(kind, number))}.")


@pytest.mark.parametrize(
    ("url", "ref"),
    [
        pytest.param("http://localhost:9999/c/acme/q/5", Ref(QUESTION, 5), id="another port"),
        pytest.param("http://sandbox.localhost/c/acme/a/7", Ref(ANSWER, 7), id="in process"),
        pytest.param("http://[::1]:1/c/acme/questions/5#7", Ref(ANSWER, 7), id="IPv6"),
        pytest.param("http://localhost/c/other/q/5", None, id="another team"),
        pytest.param("http://example.com/c/acme/q/5", None, id="another host"),
        pytest.param("http://localhost/c/acme/q/5?a=b", None, id="a query"),
        pytest.param("http://[broken/c/acme/q/5", None, id="no address at all"),
        pytest.param("mailto:a@localhost", None, id="another scheme"),
    ],
)
def test_a_team_on_this_machine_is_known_by_every_port(url: str, ref: Ref | None) -> None:
    assert LOCAL.find(url) == ref


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("rollback", True, id="a word"),
        pytest.param("oncall/freeze-2.0_b", True, id="a path"),
        pytest.param("a" * 100, True, id="100 characters"),
        pytest.param("a" * 101, False, id="101 characters"),
        pytest.param("", False, id="nothing"),
        pytest.param("Rollback", False, id="a capital"),
        pytest.param("a//b", False, id="an empty segment"),
        pytest.param("-a", False, id="a hyphen first"),
        pytest.param("a--b", False, id="two hyphens"),
        pytest.param("a#b", False, id="an answer's"),
        pytest.param("a\n", False, id="a line end"),
    ],
)
def test_what_is_a_key(text: str, expected: bool) -> None:
    assert is_key(text) is expected


def test_names_lead_back_to_what_they_name() -> None:
    key = Key("oncall/freeze#cli")
    assert split_full_key(full_key("handbook", key)) == ("handbook", key)
    assert key_of_target(target_of_key(key)) == key
    assert key_of_target("question/5") is None
    assert (parent_key(key), parent_key(Key("a"))) == (Key("oncall/freeze"), None)
    assert Ref.parse(str(Ref(ANSWER, 7))) == Ref(ANSWER, 7)
    with pytest.raises(ValueError, match="nothing"):
        Ref.parse("nothing/7")
    for number in ("", "\u0661", "\u00b2", "+1", " 1", "1_0", "-1", "9" * 20):
        with pytest.raises(ValueError, match="question"):
            Ref.parse(f"question/{number}")
    assert change_id(key, Verb.CREATE) == "oncall/freeze#cli!create"
    assert change_id(key, Verb.SET, Field.ACCEPTED) == "oncall/freeze#cli!set!accepted"
    assert change_id(key, Verb.UPDATE, links=True) == "oncall/freeze#cli!links"


def test_every_limit_is_of_a_field_that_there_is_but_a_tags_name() -> None:
    known = {(row.kind, row.field) for kind in Kind for row in fields_of(kind)}
    assert set(LIMITS) - known == {(Kind.TAG, Field.TITLE)}
    assert all(0 < it.low <= it.high and it.source for it in LIMITS.values())
    with pytest.raises(KeyError):
        rule(Kind.ANSWER, Field.TITLE)


def test_a_markers_letters_are_told_apart_and_ride_with_the_post() -> None:
    for kind in Kind:
        letters = [row.letter for row in fields_of(kind) if row.letter]
        assert len(set(letters)) == len(letters)
        assert not any(row.letter for row in fields_of(kind) if row.own_call)


def test_values_of_other_shapes_have_other_digests() -> None:
    digests = [
        digest_value(Shape.LINE, "true"),
        digest_value(Shape.FLAG, True),
        digest_value(Shape.FLAG, False),
        digest_value(Shape.TEXT, Text("true")),
        digest_value(Shape.NAMES, ("true",)),
        digest_value(Shape.ORDERED, ("true",)),
        digest_value(Shape.NAMES, ("tr", "ue")),
        digest_value(Shape.TEXT, Text("[a](\0)", ("key:a",))),
        digest_value(Shape.TEXT, Text("[a](\0)", ("key:b",))),
    ]
    assert len(set(digests)) == len(digests)


@pytest.mark.parametrize(
    ("shape", "value", "expected"),
    [
        pytest.param(Shape.LINE, "  e\u0301 ", "\u00e9", id="a line"),
        pytest.param(Shape.NAMES, ("B", "k8s", "b"), ("b", "kubernetes"), id="names"),
        pytest.param(Shape.ORDERED, ("b", "a", "b"), ("b", "a", "b"), id="ordered names"),
        pytest.param(Shape.FLAG, True, True, id="a flag"),
        pytest.param(Shape.TEXT, Text(" x "), Text(" x "), id="a text: canonical already"),
    ],
)
def test_the_canonical_form_of_a_value(shape: Shape, value: object, expected: object) -> None:
    assert canonical(shape, value, {"k8s": "kubernetes"}) == expected  # type: ignore[arg-type]  # a row
