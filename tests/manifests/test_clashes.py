"""What several items claim: one key, one tag, one post, one successor; with both places."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.manifests.pages import (
    BODY,
    HEAD,
    MANIFEST,
    PAGES,
    TAGGED,
    assert_told,
    assert_told_of,
    load_one,
    page,
    question,
    questions,
)

TITLED = {"title": "Another title of this"}
ANSWERS = f"answers:\n- key: x\n  body: {BODY}\n"


@pytest.mark.parametrize(
    ("text", "first"),
    [
        pytest.param(questions(question(), question("^^a", **TITLED)), "5:8", id="questions"),
        pytest.param(
            questions(question()) + f"articles:\n{question('^^a', **TITLED)}", "5:8", id="article"
        ),
        pytest.param(
            questions(question()) + "collections:\n- {key: ^^a, title: b, items: []}\n",
            "5:8",
            id="collection",
        ),
        pytest.param(
            questions(question(more=f"{ANSWERS}- key: ^^x\n  body: {BODY}")), "9:10", id="answers"
        ),
    ],
)
def test_a_duplicate_item_is_refused_with_both_places(folder: Path, text: str, first: str) -> None:
    (problem,) = assert_told_of(folder, text, "duplicate-item")
    assert problem.message.endswith(f"is already taken at teams-importer.yaml:{first}")


def test_a_duplicate_item_in_another_file_is_refused_with_both_places(folder: Path) -> None:
    """F61."""
    files = {
        MANIFEST: f'{TAGGED}include: ["*.md", x.yaml]\nquestions:\n{question("a")}',
        "b.md": page("^^a", title="How do I do thing b?"),
        "c.md": page("c"),
        "x.yaml": f"articles:\n{question('^^c', title='How do I do that?')}",
    }
    one, other = assert_told(folder, files, "duplicate-item", "duplicate-item")
    assert one.message.endswith("teams-importer.yaml:6:8")
    assert other.message.endswith("c.md:2:6")


def test_the_same_local_key_in_two_questions_is_none(folder: Path) -> None:
    made = load_one(folder, questions(question("a", ANSWERS), question("b", ANSWERS)))
    assert [it.key for it in made.items] == ["a", "a#x", "b", "b#x"]


@pytest.mark.parametrize(
    ("rows", "first"),
    [
        pytest.param("- {name: a}\n- ^^{name: a}\n", "4:3", id="the same"),
        pytest.param("- {name: a}\n- ^^{name: ' a '}\n", "4:3", id="with blanks"),
    ],
)
def test_a_tag_is_described_once(folder: Path, rows: str, first: str) -> None:
    (problem,) = assert_told_of(folder, f"{HEAD}tags:\n{rows}", "duplicate-tag")
    assert problem.message == f"the tag `a` is already described at teams-importer.yaml:{first}"


def test_a_tag_in_another_case_is_the_same(folder: Path) -> None:
    rows = "- {name: a}\n- {name: b}\n- ^^{name: ^^A}\n"
    assert_told_of(folder, f"{HEAD}tags:\n{rows}", "duplicate-tag", "tag-case")


def test_a_tag_is_described_once_in_all_files(folder: Path) -> None:
    files = {
        MANIFEST: f"{HEAD}include: [x.yaml]\ntags: [{{name: a}}]\n",
        "x.yaml": "tags: [^^{name: a}]\n",
    }
    (problem,) = assert_told(folder, files, "duplicate-tag")
    assert problem.message.endswith("teams-importer.yaml:4:8")


def test_a_post_is_bound_once(folder: Path) -> None:
    rows = question("a", "id: 5"), question("b", "id: ^^5"), question("c", "id: 6")
    (problem,) = assert_told_of(folder, questions(*rows), "duplicate-id")
    assert problem.message == "the post 5 is already bound at teams-importer.yaml:8:7"


def test_a_question_and_an_article_may_have_one_number(folder: Path) -> None:
    text = questions(question("a", "id: 5")) + f"articles:\n{question('b', 'id: 5')}"
    assert [it.remote_id for it in load_one(folder, text).items] == [5, 5]


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        pytest.param(f"{HEAD}tags: [^^&t {{name: x}}, *t]\n", ["duplicate-tag"], id="a tag"),
        pytest.param(
            f"{HEAD}removed: [&r {{key: ^^x, live: keep}}, *r]\n", ["duplicate-item"], id="removed"
        ),
        pytest.param(
            f"{TAGGED}questions:\n- &q\n  {question('^^a', title='What is it for?')[2:]}- *q\n",
            ["duplicate-item"],
            id="item",
        ),
        pytest.param(
            questions(
                question("a", f"answers: &a\n- key: x\n  id: ^^5\n  body: {BODY}"),
                question("b", "answers: *a"),
            ),
            ["duplicate-id"],
            id="a post",
        ),
        pytest.param(
            questions(
                question("a", f"answers: &a\n- ^^key: x\n  was: o:b#x\n  body: {BODY}"),
                question("b", "answers: *a"),
            ),
            ["old-key-clash"],
            id="an old key",
        ),
    ],
)
def test_what_an_alias_says_twice_is_said_twice(folder: Path, text: str, rules: list[str]) -> None:
    """Both stand at one place, and are two all the same."""
    assert_told_of(folder, text, *rules)


def test_one_answer_is_accepted(folder: Path) -> None:
    more = f"{ANSWERS}  accepted: true\n- key: y\n  body: {BODY}\n  accepted: ^^true"
    (problem,) = assert_told_of(folder, questions(question(more=more)), "accepted-twice")
    assert problem.message.endswith("teams-importer.yaml:11:15")


@pytest.mark.parametrize(
    ("key", "first"), [("a", "5:3"), ("a#x", "9:5")], ids=["a question", "an answer"]
)
def test_what_is_removed_is_no_longer_there(folder: Path, key: str, first: str) -> None:
    text = questions(question(more=ANSWERS)) + f"removed:\n- {{key: ^^{key}, live: delete}}\n"
    (problem,) = assert_told_of(folder, text, "removed-item")
    assert problem.message.endswith(f"teams-importer.yaml:{first}")


def test_an_item_is_removed_once_in_all_files(folder: Path) -> None:
    files = {
        MANIFEST: f"{HEAD}include: [x.yaml]\nremoved: [{{key: a, live: keep}}]\n",
        "x.yaml": "removed: [{key: ^^a, live: delete}]\n",
    }
    (problem,) = assert_told(folder, files, "duplicate-item")
    assert problem.message.endswith("teams-importer.yaml:4:17")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param(
            questions(question("b"), "- ^^" + question("a", "was: b")[2:]),
            "`handbook:b` is also the key of an item, at teams-importer.yaml:5:3",
            id="of an item",
        ),
        pytest.param(
            questions("- ^^" + question("a", "was: a")[2:]),
            "`handbook:a` is also the key of an item, at teams-importer.yaml:5:3",
            id="its own",
        ),
        pytest.param(
            questions(question("b", "was: old"), "- ^^" + question("a", "was: old")[2:]),
            "`handbook:old` is also an old key, at teams-importer.yaml:5:3",
            id="of another's",
        ),
        pytest.param(
            questions("- ^^" + question("a", "was: old")[2:])
            + "removed:\n- {key: old, live: delete}\n",
            "`handbook:old` is also listed under `removed`, at teams-importer.yaml:10:9",
            id="removed",
        ),
        pytest.param(
            questions(question("b", "was: o:x"), "- ^^" + question("a", "was: ['o:x']")[2:]),
            "`o:x` is also an old key, at teams-importer.yaml:5:3",
            id="of another namespace",
        ),
        pytest.param(
            f"{HEAD}tags:\n- {{name: b}}\n- ^^{{name: a, was: B}}\n",
            "`handbook:tag:b` is also the key of an item, at teams-importer.yaml:4:3",
            id="a tag's old name",
        ),
    ],
)
def test_an_old_key_has_one_successor(folder: Path, text: str, said: str) -> None:
    (problem,) = assert_told_of(folder, text, "old-key-clash")
    assert said in problem.message


def test_an_old_key_of_another_namespace_is_no_key_of_ours(folder: Path) -> None:
    made = load_one(folder, questions(question("b"), question("a", "was: other:b")))
    assert made.items[1].was == ("other:b",)


@pytest.mark.parametrize(
    ("members", "hint"),
    [
        pytest.param("[a, ^^none]", "", id="nothing like it"),
        pytest.param("[^^oncal]", ", e.g. to `oncall`", id="mistyped"),
        pytest.param("[^^starts]", "", id="like a collection alone"),
    ],
)
def test_a_collection_holds_questions_and_articles(folder: Path, members: str, hint: str) -> None:
    text = questions(question("a"), question("oncall"))
    text += f"collections:\n- {{key: start, title: Start here, items: {members}}}\n"
    (problem,) = assert_told_of(folder, text, "unknown-item")
    assert problem.remedy == f"Correct the key{hint}."


@pytest.mark.parametrize(
    "members",
    [
        pytest.param("[a, ^^start]", id="itself"),
        pytest.param("[^^other, a]", id="another"),
        pytest.param("[^^other, a, ^^start]", id="both"),
    ],
)
def test_a_collection_holds_no_collection(folder: Path, members: str) -> None:
    text = questions(question("a"))
    text += f"collections:\n- {{key: start, title: Start here, items: {members}}}\n"
    text += "- {key: other, title: Go on there, items: [a]}\n"
    problems = assert_told_of(folder, text, *["item-collection"] * members.count("^^"))
    for it in problems:
        assert "is a collection, and a collection can't hold one, nor itself" in it.message
        assert "questions and articles" in it.remedy


def test_a_collection_may_come_before_its_members(folder: Path) -> None:
    more = "collections:\n- {key: start, title: Start here, items: [b]}\n"
    files = {MANIFEST: f"{PAGES}{more}", "b.md": page("b")}
    assert_told(folder, files)
