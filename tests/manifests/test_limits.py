"""How long and how many: the table's limits, and the manifest's own over them."""

from __future__ import annotations

from pathlib import Path

import pytest

from importer.errors import Severity
from importer.manifests import limits as limits_module
from importer.manifests import load_manifest
from importer.model.fields import LIMITS, Confidence
from importer.model.ids import Field, Kind
from tests.manifests.pages import (
    BODY,
    HEAD,
    MANIFEST,
    TAGGED,
    assert_told_of,
    findings,
    load_one,
    question,
    questions,
)

# The marker with its blank line, and the key in it.
ADDED = limits_module._MARKER + len("handbook:a")  # noqa: SLF001 - what the room says it adds


def article(more: str = "", **given: str) -> str:
    return f"{TAGGED}articles:\n{question(more=more, **given)}"


def an_answer(body: str) -> str:
    return questions(question(more=f"answers:\n- key: x\n  body: {body}"))


def told(folder: Path, text: str) -> list[str]:
    return [f"{it.severity} {it.rule}" for it in findings(folder, {MANIFEST: text})]


@pytest.mark.parametrize(("length", "fits"), [(14, False), (15, True), (150, True), (151, False)])
@pytest.mark.parametrize("kind", ["question", "article"])
def test_a_title_has_so_many_characters(
    folder: Path, kind: str, length: int, *, fits: bool
) -> None:
    rows = question(title="x" * length)
    text = f"{TAGGED}{kind}s:\n{rows}"
    assert told(folder, text) == ([] if fits else ["error title-length"])


@pytest.mark.parametrize("title", ["''", "'  '"])
def test_a_collection_has_a_title(folder: Path, title: str) -> None:
    text = questions(question("a"))
    text += f"collections:\n- {{key: start, title: ^^{title}, items: [a]}}\n"
    (problem,) = assert_told_of(folder, text, "title-length")
    assert problem.severity is Severity.ERROR
    assert "1 to 150 characters" in problem.message
    assert "`limits`" not in problem.remedy


def test_how_long_a_collections_title_may_be_is_a_guess(folder: Path) -> None:
    """No page tells it; the manifest has no limits of its own for collections either."""
    text = questions(question("a"))
    text += f"collections:\n- {{key: start, title: ^^{'x' * 151}, items: [a]}}\n"
    (problem,) = assert_told_of(folder, text, "title-length")
    assert problem.severity is Severity.WARNING
    assert "`limits`" not in problem.remedy


def test_a_title_is_measured_as_it_will_be_sent(folder: Path) -> None:
    """In NFC and without the blanks around it; a character beyond the first plane is one."""
    assert told(folder, questions(question(title="'  " + "x" * 14 + "  '"))) == [
        "error title-length"
    ]
    assert told(folder, questions(question(title="e\u0301" * 14))) == ["error title-length"]
    assert told(folder, questions(question(title="\U0001f98a" * 150))) == []


@pytest.mark.parametrize(
    ("make", "low", "high"),
    [
        pytest.param(lambda body: questions(question(body=body)), 30, 30_000, id="a question"),
        pytest.param(an_answer, 30, 30_000 - len("#x"), id="an answer"),
        pytest.param(lambda body: article(body=body), 1, 100_000, id="an article"),
    ],
)
def test_a_body_is_measured_as_it_will_be_sent(
    folder: Path, make: object, low: int, high: int
) -> None:
    """At least without what the tool adds, at most with the marker and the final line end."""
    assert callable(make)
    # One final LF, which is sent as CRLF.
    most = high - ADDED - 2
    assert told(folder, make("x" * low)) == []
    assert told(folder, make("x" * most)) == []
    assert told(folder, make("x" * (most + 1))) == ["error body-length"]
    if low > 1:
        assert told(folder, make("x" * (low - 1))) == ["error body-length"]


def test_a_line_end_counts_two_and_a_link_its_url(folder: Path) -> None:
    most = 30_000 - ADDED - 2
    lines = "x\\n" * 100
    fits = f'"{lines}{"x" * (most - 300)}"'
    assert told(folder, questions(question(body=fits))) == []
    assert told(folder, questions(question(body=fits.replace("x\\n", "xx\\n", 1)))) == [
        "error body-length"
    ]
    url = limits_module._URL  # noqa: SLF001 - what the room says a link takes
    link = "'[it](key:a)"
    fits = f"{link}{'x' * (most - len('[it]()') - 1 - url)}'"
    assert told(folder, questions(question(body=fits))) == []
    assert told(folder, questions(question(body=f"{fits[:-1]}x'"))) == ["error body-length"]


@pytest.mark.parametrize("body", ["''", "' '", '"\\n\\n"', '" \\t "'])
def test_an_empty_body_is_refused_whatever_the_limits_say(folder: Path, body: str) -> None:
    text = "limits: {question: {body: {min: 0}}}\n" + questions(question(body=body))
    assert told(folder, text) == ["error body-empty"]


@pytest.mark.parametrize(
    ("count", "rules"), [(0, ["tag-count"]), (1, []), (5, []), (6, ["tag-count"])]
)
def test_a_question_has_one_to_five_tags(folder: Path, count: int, rules: list[str]) -> None:
    tags = ", ".join(f"t{number}" for number in range(count))
    text = questions(question(more=f"tags: [{tags}]"))
    assert told(folder, text) == [f"error {rule}" for rule in rules]


def test_tags_are_counted_once_each(folder: Path) -> None:
    text = questions(question(more="tags: [a, a, b, c, d, e, ' e ']"))
    assert told(folder, text) == []


@pytest.mark.parametrize("tags", ["[]", "[a, b, c, d, e, f]"])
def test_an_inferred_limit_is_a_warning(folder: Path, tags: str) -> None:
    """Nobody has seen the server refuse it, so the author may know better."""
    assert LIMITS[Kind.ARTICLE, Field.TAGS].confidence is Confidence.INFERRED
    (problem,) = assert_told_of(folder, article(more=f"tags: ^^{tags}"), "tag-count")
    assert problem.severity is Severity.WARNING
    assert "the vendor's importer allows only 4" in problem.remedy


def test_without_tags_of_its_own_and_without_default_ones_a_question_has_none(
    folder: Path,
) -> None:
    text = questions("- ^^" + question()[2:]).replace("defaults: {tags: [handbook]}\n", "")
    assert_told_of(folder, text, "tag-count")
    text = text.replace("^^", "")
    assert told(folder, text.replace("  body:", "  manage: [title, body]\n  body:")) == []


def test_wrong_default_tags_are_told_once(folder: Path) -> None:
    text = questions(question("a"), question("b")).replace("[handbook]", "[^^not_one]")
    assert_told_of(folder, text, "tag-alphabet")
    text = questions(question("a"), question("b")).replace("[handbook]", "^^[]")
    assert_told_of(folder, text, "tag-count")


@pytest.mark.parametrize("name", ["c++", "c#", "node.js", "a-b", "007", "x" * 35, ".net"])
def test_a_tag_is_of_these_characters(folder: Path, name: str) -> None:
    made = load_one(folder, questions(question(more=f"tags: ['{name}']")))
    assert made.items[0].fields[Field.TAGS] == (name,)
    assert told(folder, questions(question(more=f"tags: ['{name}']"))) == []


def test_a_tag_with_capitals_is_made_lower_case_and_that_is_said(folder: Path) -> None:
    text = questions(question(more="tags: [a, ^^UPPER, ^^iOS]"))
    problem, _ = assert_told_of(folder, text, "tag-case", "tag-case")
    assert (problem.severity, problem.remedy) == (Severity.WARNING, "Write `upper`.")
    made, _ = load_manifest(Path(MANIFEST))
    assert made.items[0].fields[Field.TAGS] == ("a", "ios", "upper")
    assert_told_of(folder, f"{HEAD}tags:\n- name: ^^iOS\n", "tag-case")
    defaults = questions(question()).replace("[handbook]", "[^^Handbook]")
    assert_told_of(folder, defaults, "tag-case")


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("x" * 36, "tag-length"),
        ("a b", "tag-alphabet"),
        ("a_b", "tag-alphabet"),
        ("\u00fc", "tag-alphabet"),
        ("a/b", "tag-alphabet"),
        ("", "tag-alphabet"),
        (" ", "tag-alphabet"),
        ("\u0130", "tag-alphabet"),
        ("<b>", "tag-alphabet"),
    ],
)
def test_another_tag_is_refused_at_its_own_place(folder: Path, name: str, rule: str) -> None:
    assert_told_of(folder, questions(question(more=f"tags: [a, ^^'{name}']")), rule)
    assert_told_of(folder, f"{HEAD}tags:\n- name: ^^'{name}'\n", rule)


@pytest.mark.parametrize(
    ("own", "text"),
    [
        ("question: {title: {min: 5}}", questions(question(title="Short"))),
        ("question: {title: {max: 200}}", questions(question(title="x" * 200))),
        ("question: {body: {min: 5}}", questions(question(body="Short"))),
        ("question: {body: {max: 60000}}", questions(question(body="x" * 40_000))),
        ("question: {tags: {min: 0}}", questions(question(more="tags: []"))),
        ("question: {tags: {max: 6}}", questions(question(more="tags: [a, b, c, d, e, f]"))),
        ("answer: {body: {min: 5}}", an_answer("Short")),
        ("article: {title: {min: 5}}", article(title="Short")),
        ("article: {body: {max: 200000}}", article(body="x" * 150_000)),
        ("article: {tags: {max: 6}}", article(more="tags: [a, b, c, d, e, f]")),
        ("tag: {name: {max: 40}}", questions(question(more=f"tags: [{'x' * 40}]"))),
    ],
)
def test_the_manifests_own_limits_hold_over_the_tables(folder: Path, own: str, text: str) -> None:
    assert told(folder, text) != []
    assert told(folder, f"limits: {{{own}}}\n{text}") == []


@pytest.mark.parametrize(
    ("own", "text", "rule"),
    [
        ("question: {title: {max: 16}}", questions(question()), "title-length"),
        ("question: {body: {min: 100}}", questions(question()), "body-length"),
        ("question: {tags: {min: 2}}", questions(question(more="tags: [a]")), "tag-count"),
        ("article: {tags: {max: 1}}", article(more="tags: [a, b]"), "tag-count"),
        ("tag: {name: {max: 3}}", f"{HEAD}tags: [{{name: abcd}}]\n", "tag-length"),
    ],
)
def test_the_manifests_own_limits_are_errors(folder: Path, own: str, text: str, rule: str) -> None:
    text = text.replace("tags: [handbook]", "tags: [one, two]") if "min: 2" in own else text
    problems = findings(folder, {MANIFEST: f"limits: {{{own}}}\n{text}"})
    assert [f"{it.severity} {it.rule}" for it in problems] == [f"error {rule}"]
    assert "source" not in problems[0].remedy


def test_an_own_limit_on_one_side_leaves_the_other(folder: Path) -> None:
    text = "limits: {question: {title: {min: 1}}}\n" + questions(question(title="x" * 151))
    assert told(folder, text) == ["error title-length"]


def test_a_limit_says_where_it_comes_from(folder: Path) -> None:
    text = questions(question(title="^^Short", body="^^Short"))
    title, body = assert_told_of(folder, text, "title-length", "body-length")
    assert title.message == "the title's length is 5; 15 to 150 characters are allowed"
    assert title.remedy.endswith(f"(source: {LIMITS[Kind.QUESTION, Field.TITLE].source}).")
    assert body.remedy.endswith(f"(source: {LIMITS[Kind.QUESTION, Field.BODY].source}).")
    assert title.remedy.startswith("Write more; ")


@pytest.mark.parametrize(
    ("more", "rule"),
    [("title: ^^Short", "title-length"), ("tags: [^^a_b]", "tag-alphabet")],
)
def test_a_value_that_belongs_to_the_site_is_checked_too(
    folder: Path, more: str, rule: str
) -> None:
    """A new post gets it."""
    rows = f"- key: a\n  manage: [body]\n  body: {BODY}\n  {more}\n"
    rows += "" if more.startswith("title") else "  title: What is this about?\n"
    assert_told_of(folder, questions(rows), rule)
