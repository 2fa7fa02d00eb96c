"""A Markdown file as a question or an article: front matter, body, and where answers start."""

from __future__ import annotations

from pathlib import Path

import pytest

from importer.model.fields import Value
from importer.model.ids import Field, Kind
from importer.text.links import Text
from tests.manifests.pages import (
    BODY,
    MANIFEST,
    PAGES,
    Files,
    assert_told,
    by_key,
    fields_of,
    findings,
    load,
    page,
    question,
)


def of(text: str) -> Files:
    return {MANIFEST: PAGES, "a.md": text}


def holed(value: Value) -> str:
    assert isinstance(value, Text)
    return value.holed


def texts(folder: Path, text: str) -> dict[str, str]:
    """Each item's body, by key."""
    made = load(folder, of(text))
    return {it.key: holed(it.fields[Field.BODY]) for it in made.items}


def test_a_page_is_front_matter_a_body_and_answers(folder: Path) -> None:
    body = (
        f"\n{BODY}\n\n---\n\nStill the question.\n\n"
        f"<!-- answer: one accepted -->\n\n{BODY} One.\n\n"
        f"<!-- answer: two/too.2 -->\n{BODY} Two.\n"
    )
    assert texts(folder, page(body=body)) == {
        "a": f"{BODY}\n\n---\n\nStill the question.\n",
        "a#one": f"{BODY} One.\n",
        "a#two/too.2": f"{BODY} Two.\n",
    }
    items = by_key(load(folder, {}))
    assert items["a#one"].fields[Field.ACCEPTED] is True
    assert Field.ACCEPTED not in items["a#two/too.2"].fields


def test_front_matter_says_more_of_answers_by_their_keys(folder: Path) -> None:
    more = "answers:\n  one: {id: 12, seen: {body: abcdefgh}}\n  two: {protect: true, was: uno}\n"
    body = f"{BODY}\n\n<!-- answer: one -->\n{BODY}\n<!-- answer: two accepted -->\n{BODY}\n"
    items = by_key(load(folder, of(page(body=body, more=more))))
    one, two = items["a#one"], items["a#two"]
    assert (one.remote_id, one.seen, one.protected) == (12, {Field.BODY: "abcdefgh"}, False)
    assert (two.remote_id, two.was, two.protected) == (None, ("handbook:a#uno",), True)
    assert two.fields[Field.ACCEPTED] is True


@pytest.mark.parametrize(
    ("more", "rule"),
    [
        pytest.param("answers: {^^two: {id: 1}}", "answer-unknown", id="another key"),
        pytest.param("answers: {one: {^^body: x}}", "front-matter-body", id="its text"),
        pytest.param("answers: {one: {^^accepted: true}}", "front-matter-body", id="its mark"),
        pytest.param("answers: {one: {^^idd: 1}}", "unknown-key", id="a mistyped word"),
        pytest.param("answers: {one: {id: ^^x}}", "not-a-number", id="no number"),
        pytest.param("answers: {one: ^^x}", "not-a-mapping", id="no mapping"),
        pytest.param("^^answers: x", "front-matter-body", id="no mapping at all"),
    ],
)
def test_what_front_matter_cannot_say_of_answers(folder: Path, more: str, rule: str) -> None:
    body = f"{BODY}\n\n<!-- answer: one -->\n{BODY}\n"
    assert_told(folder, of(page(body=body, more=f"{more}\n")), rule)


@pytest.mark.parametrize(
    "more", ["kind: article\ntype: how-to-guide\n", "type: how-to-guide\nkind: 'article'\n"]
)
def test_a_page_can_be_an_article(folder: Path, more: str) -> None:
    (item,) = load(folder, of(page(more=more))).items
    assert (item.kind, item.fields[Field.TYPE]) == (Kind.ARTICLE, "how-to-guide")


def test_a_page_can_say_what_it_is_by_default(folder: Path) -> None:
    (item,) = load(folder, of(page(more="kind: question\n"))).items
    assert item.kind is Kind.QUESTION


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(page().replace("---\n", "---   \n"), id="blanks behind the lines"),
        pytest.param(page().replace("\n", "\r\n"), id="CRLF"),
        pytest.param("\ufeff" + page(), id="a byte order mark"),
        pytest.param(page().replace("title", "# comment\ntitle"), id="a comment"),
        pytest.param(page().rstrip("\n"), id="no line end at the end"),
    ],
)
def test_front_matter_may_look_like_this(folder: Path, text: str) -> None:
    assert texts(folder, text) == {"a": f"{BODY}\n"}


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        pytest.param("^^", "front-matter-missing", id="empty"),
        pytest.param("^^Just text.\n", "front-matter-missing", id="none"),
        pytest.param(f"^^\n{page()}", "front-matter-missing", id="an empty line first"),
        pytest.param(f"^^ {page()}", "front-matter-missing", id="a blank first"),
        pytest.param(f"^^----\n{page()}", "front-matter-missing", id="four dashes"),
        pytest.param("^^---\nkey: a\ntitle: b\n", "front-matter-open", id="no end"),
        pytest.param("^^---\nkey: a\n --- \nbody\n", "front-matter-open", id="an indented end"),
        pytest.param("^^---\n---\nbody\n", "not-a-mapping", id="empty front matter"),
        pytest.param("^^---\n- a\n---\nbody\n", "not-a-mapping", id="a list"),
        pytest.param("^^---\nwords\n---\nbody\n", "not-a-mapping", id="words"),
        pytest.param(page(more="kind: ^^blog\n"), "not-one-of", id="another kind"),
        pytest.param(page(more="kind: ^^[article]\n"), "not-one-of", id="a list of kinds"),
        pytest.param(page(more="^^body: x\n"), "front-matter-body", id="a body"),
        pytest.param(page(more="^^body_file: x\n"), "front-matter-body", id="a body's file"),
        pytest.param(page(more="^^answer: x\n"), "front-matter-body", id="an answer"),
        pytest.param(page(more="^^answers: []\n"), "front-matter-body", id="answers"),
        pytest.param(page(more="^^tgas: [a]\n"), "unknown-key", id="a mistyped key"),
        pytest.param(page(more="^^url: https\n"), "unknown-key", id="a connection"),
        pytest.param(page(more="^^token: x\n"), "connection-key", id="a secret"),
        pytest.param("---\n^^title: Which key do I have?\n---\nx\n", "missing-key", id="no key"),
        pytest.param(page(body="^^", more=""), "body-empty", id="no body"),
        pytest.param(page("^^A", title="How do I do this?"), "key-grammar", id="a bad key"),
    ],
)
def test_a_page_that_is_none_is_refused(folder: Path, text: str, rule: str) -> None:
    assert_told(folder, of(text), rule)


def test_the_front_matter_of_another_tool_is_named_key_by_key(folder: Path) -> None:
    text = "---\n^^^^layout: post\n^^date: 2026-01-01\ntitle: What does this do?\n---\nText.\n"
    assert_told(folder, of(text), "missing-key", "unknown-key", "unknown-key")


NEAR = [
    "<!-- answer: x --> y", "<!--answer: x-->", "<!-- answer:x -->", "<!-- answer : x -->",
    "<!-- Answer: x -->", "<!-- ANSWER: x -->", "<!-- answer x -->", "<!-- answer -->",
    "<!-- answer: -->", "<!-- answers: x -->", "<!-- anwser: x -->", "<!-- answer: x acepted -->",
    "<!-- answer: x Accepted -->", "<!-- answer: x  accepted -->",
    "<!-- answer: x accepted accepted -->", "<!-- answer: x y -->", "<!-- answer= x -->",
    " <!-- answer: x -->", "   <!-- answer: x -->", "<!-  answer: x -->", "<! answer: x ->",
    "< answer: x >", "<!\u2013 answer: x \u2013>", "> <!-- answer: x -->", "- <!-- answer: x -->",
    "<!-- answer: x --->", "<!--\u00a0answer: x -->", "<!-- answer: x",
]  # fmt: skip


@pytest.mark.parametrize("line", NEAR)
def test_what_is_nearly_the_start_of_an_answer_is_refused(folder: Path, line: str) -> None:
    problems = findings(folder, of(page(body=f"{BODY}\n\n{line}\n\n{BODY}")))
    assert ("a.md:7:1", "answer-line") in [(str(it.span), it.rule) for it in problems]
    assert {it.rule for it in problems} <= {"answer-line", "body-open"}


@pytest.mark.parametrize(
    "line",
    [
        "<!-- The answer is 42. -->", "<!-- TODO: answer this -->", "<!-- markdownlint-disable -->",
        "Write `<!-- answer: x -->` for it.",
        "`<!-- answer: x -->`", "\\<!-- answer: x -->", "answer: x", "<a href='x'>y</a>",
        "<!-- answers that were given before are kept below -->", "&lt;!-- answer: x --&gt;",
        "<https://example.org/answer>", "1 < answer < 3",
    ],
)  # fmt: skip
def test_what_only_speaks_of_answers_is_text(folder: Path, line: str) -> None:
    body = f"{BODY}\n\n{line}\n"
    assert texts(folder, page(body=body)) == {"a": body}


@pytest.mark.parametrize("fence", ["```", "~~~", "````md", "  ```"])
def test_the_start_of_an_answer_in_a_closed_fence_is_text(folder: Path, fence: str) -> None:
    end = fence.strip(" md")
    body = f"{BODY}\n\n{fence}\n<!-- answer: x -->\n<!-- anwser: y -->\n{end}\n"
    assert list(texts(folder, page(body=body))) == ["a"]


@pytest.mark.parametrize("fence", ["```", "~~~~", "```sh"])
def test_the_start_of_an_answer_in_an_open_fence_is_refused(folder: Path, fence: str) -> None:
    text = page(body=f"{BODY}\n\n^^{fence}\nx\n^^<!-- answer: x -->\n\n{BODY}")
    _, swallowed = assert_told(folder, of(text), "body-open", "answer-line-swallowed")
    assert swallowed.remedy == "Close it before; it opens at a.md:7:1."


def test_only_the_fence_that_stays_open_swallows(folder: Path) -> None:
    """Two fences with no line between them: the first is closed, its text is text."""
    closed = "```\n<!-- answer: x -->\n```\n"
    text = page(body=f"{BODY}\n\n{closed}^^```\n^^<!-- answer: y -->\n{BODY}")
    _, swallowed = assert_told(folder, of(text), "body-open", "answer-line-swallowed")
    assert swallowed.remedy == "Close it before; it opens at a.md:10:1."


def test_a_fence_that_an_answer_leaves_open_swallows_the_next(folder: Path) -> None:
    answer = f"<!-- answer: x -->\n{BODY}\n^^```\n"
    text = page(body=f"{BODY}\n{answer}^^<!-- answer: y -->\n{BODY}")
    assert_told(folder, of(text), "body-open", "answer-line-swallowed")


def test_an_answer_starts_right_below_a_list_or_a_quote(folder: Path) -> None:
    body = f"{BODY}\n- a\n<!-- answer: x -->\n{BODY}\n> quote\n<!-- answer: y -->\n{BODY}"
    assert list(texts(folder, page(body=body))) == ["a", "a#x", "a#y"]


@pytest.mark.parametrize(
    ("body", "rules"),
    [
        pytest.param(f"{BODY}\n<!-- answer: ^^X -->\n{BODY}", ["key-grammar"], id="a bad key"),
        pytest.param(
            f"{BODY}\n<!-- answer: x -->\n{BODY}\n<!-- answer: ^^x -->\n{BODY}",
            ["duplicate-item"],
            id="one key twice",
        ),
        pytest.param(
            f"{BODY}\n<!-- answer: x accepted -->\n{BODY}\n<!-- answer: y ^^accepted -->\n{BODY}",
            ["accepted-twice"],
            id="two accepted",
        ),
        pytest.param(f"{BODY}\n<!-- answer: x -->\n^^", ["body-empty"], id="no text"),
        pytest.param(
            f"{BODY}\n<!-- answer: x -->\n^^<!-- answer: y -->\n{BODY}", ["body-empty"], id="none"
        ),
        pytest.param(f"^^<!-- answer: x -->\n{BODY}", ["body-empty"], id="no question"),
        pytest.param(f"{BODY}\n<!-- answer: x -->\n^^short", ["body-length"], id="too short"),
    ],
)
def test_an_answer_of_a_page_obeys_the_rules_of_answers(
    folder: Path, body: str, rules: list[str]
) -> None:
    assert_told(folder, of(page(body=body)), *rules)


def test_an_article_has_no_answers(folder: Path) -> None:
    text = page(more="kind: article\n", body=f"{BODY}\n\n^^<!-- answer: x -->\n{BODY}")
    assert_told(folder, of(text), "answer-line-misplaced")


def test_a_body_file_has_no_answers(folder: Path) -> None:
    row = question("b", body="", more="body_file: x/b.md")
    files = {MANIFEST: f"{PAGES}questions:\n{row}", "x/b.md": f"{BODY}\n\n^^<!-- answer: y -->\n"}
    files["a.md"] = page()
    assert_told(folder, files, "answer-line-misplaced")


def test_a_body_in_yaml_may_show_how_an_answer_starts(folder: Path) -> None:
    """There it starts nothing, so nothing can be lost."""
    body = f"|\n    {BODY}\n\n    <!-- answer: x -->\n"
    files = {MANIFEST: f"{PAGES}questions:\n{question('b', body=body)}", "a.md": page()}
    assert list(by_key(load(folder, files))) == ["b", "a"]
    assert fields_of(load(folder, {}), "b")[Field.BODY] == Text(f"{BODY}\n\n<!-- answer: x -->\n")


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("<" + " " * 2**20 + "1", id="blanks"),
        pytest.param("<!-- answer" + " -" * 2**19 + "1 -->", id="dashes"),
        pytest.param("<!-- answer" + "-" * 2**20 + "1 -->", id="more dashes"),
        pytest.param("<" * 2**20, id="brackets"),
        pytest.param("<!-- " + "a" * 2**20, id="letters"),
        pytest.param("> " * 2**19 + "<", id="quotes"),
    ],
)
def test_a_line_of_a_megabyte_takes_no_longer_than_many_short_ones(folder: Path, line: str) -> None:
    """With a pattern that goes back and forth this would take days, not be slow."""
    problems = findings(folder, of(page(body=f"{BODY}\n\n{line}")))
    assert "body-length" in {it.rule for it in problems}
