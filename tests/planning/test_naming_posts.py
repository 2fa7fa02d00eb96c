"""Keys of live posts: unique, the same again, and what they were when posts have come since."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.model.ids import Field, Key, Kind, Ref, is_key
from importer.model.live import LiveItem
from importer.planning.naming_posts import name_posts
from importer.sources.naming import key_of
from importer.text.marker import Marker


def post(
    kind: Kind, id_: int, title: str = "", *, parent: int | None = None, marked: str = ""
) -> LiveItem:
    above = Ref(Kind.QUESTION, parent) if parent else None
    marker = Marker(1, marked, {}) if marked else None
    return LiveItem(Ref(kind, id_), above, "", {Field.TITLE: title}, marker)


def question(id_: int, title: str = "What is it?", marked: str = "") -> LiveItem:
    return post(Kind.QUESTION, id_, title, marked=marked)


def answer(id_: int, parent: int, marked: str = "") -> LiveItem:
    return post(Kind.ANSWER, id_, parent=parent, marked=marked)


def names(*posts: LiveItem, taken: Iterable[str] = (), **given: Any) -> dict[str, str]:
    known = {Ref.parse(ref.replace("_", "/")): Key(key) for ref, key in given.items()}
    found = name_posts(posts, "ns", known, key_of, set(taken).__contains__)
    return {str(ref): key for ref, key in sorted(found.items())}


def test_the_oldest_has_the_title_and_later_ones_their_ids() -> None:
    posts = [question(9), question(4), post(Kind.ARTICLE, 6, "What is it?!")]
    assert names(*posts) == {
        "article/6": "what-is-it-6",
        "question/4": "what-is-it",
        "question/9": "what-is-it-9",
    }


def test_a_slash_in_a_title_is_no_folder() -> None:
    assert names(question(1, "CI/CD: how?")) == {"question/1": "ci-cd-how"}


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        pytest.param("ns:deploys/undo", "deploys/undo", id="ours"),
        pytest.param("other:deploys/undo", "what-is-it", id="another manifest's"),
        pytest.param("ns:a#b", "what-is-it", id="an answer's"),
        pytest.param("ns:not//a-key", "what-is-it", id="no key"),
    ],
)
def test_what_a_marker_says_counts_where_it_is_ours(marked: str, expected: str) -> None:
    assert names(question(1, marked=marked)) == {"question/1": expected}


def test_a_marked_post_keeps_its_key_from_one_that_is_called_so() -> None:
    posts = [question(1), question(2, "Another thing", marked="ns:what-is-it")]
    assert names(*posts) == {"question/1": "what-is-it-1", "question/2": "what-is-it"}


def test_a_copy_of_a_marked_post_does_not_share_its_key() -> None:
    posts = [question(1, "One", marked="ns:it"), question(2, "Two", marked="ns:it")]
    assert names(*posts) == {"question/1": "it", "question/2": "two"}


def test_answers_are_named_below_their_questions() -> None:
    posts = [
        question(1),
        answer(7, 1),
        answer(3, 1),
        answer(5, 1, marked="ns:what-is-it#cli"),
        answer(6, 1, marked="ns:elsewhere#cli"),
        answer(8, 2),
    ]
    assert names(*posts, question_2="known") == {
        "answer/3": "what-is-it#answer",
        "answer/5": "what-is-it#cli",
        "answer/6": "what-is-it#answer-6",
        "answer/7": "what-is-it#answer-7",
        "answer/8": "known#answer",
        "question/1": "what-is-it",
    }


def test_what_is_given_or_taken_is_nobody_elses() -> None:
    posts = [question(1), question(2, "Old"), question(3, "Taken"), question(4, "Taken too")]
    assert names(*posts, taken=["taken", "taken-3"], question_2="what-is-it") == {
        "question/1": "what-is-it-1",
        "question/2": "what-is-it",
        "question/3": "taken-question-3",
        "question/4": "taken-too",
    }


kinds = st.sampled_from([Kind.QUESTION, Kind.ARTICLE, Kind.COLLECTION])
titles = st.sampled_from(
    ["it", "it 1", "it 2", "it-question-2", "", "\U0001f98a", "IT!"]
) | st.text(max_size=8)
drawn = st.lists(st.tuples(kinds, titles, st.integers(0, 2)), max_size=12)


@given(drawn, st.integers(0, 12))
def test_no_two_share_a_key_and_later_posts_change_none(
    rows: list[tuple[Kind, str, int]], cut: int
) -> None:
    posts: list[LiveItem] = []
    for number, (kind, title, answers) in enumerate(rows):
        id_ = 10 * number + 1
        posts.append(post(kind, id_, title))
        if kind is Kind.QUESTION:
            posts += [answer(id_ + 1 + it, id_) for it in range(answers)]
    found = names(*posts)
    assert len(found) == len(set(found.values())) == len(posts)
    assert all(is_key(part) for it in found.values() for part in it.split("#"))
    assert names(*reversed(posts)) == found
    earlier = [it for it in posts if it.ref.id <= 10 * cut]
    assert names(*earlier).items() <= found.items()
