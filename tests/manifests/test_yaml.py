"""What YAML offers beyond plain data is refused, and what it would interpret stays text."""

from __future__ import annotations

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from importer.errors import Problem
from importer.manifests import loading
from importer.manifests.nodes import ListNode, MapNode, parse
from importer.manifests.rules import Findings
from importer.manifests.source import Source
from importer.model.ids import Field
from importer.text.digests import digest_text
from tests.manifests.pages import (
    BODY,
    HEAD,
    MANIFEST,
    PAGES,
    TAGGED,
    assert_told,
    assert_told_of,
    fields_of,
    findings,
    load_one,
    page,
    question,
    questions,
)


def parsed(text: str, *, pure: bool = False) -> tuple[object, list[Problem]]:
    reports = Findings()
    source = Source("x.yaml", "x.yaml", text, digest_text(text))
    return parse(source, reports, pure=pure), reports.problems


def laughs(levels: int = 9) -> str:
    """Ten aliases of ten aliases of ..."""
    rows = ["a0: &a0 [" + ", ".join(["lol"] * 10) + "]"]
    rows += [
        f"a{level}: &a{level} [" + ", ".join([f"*a{level - 1}"] * 10) + "]"
        for level in range(1, levels)
    ]
    return "\n".join(rows) + "\n"


def test_a_billion_laughs_are_refused_before_anything_walks_them(folder: Path) -> None:
    """F60."""
    problems = findings(folder, {MANIFEST: HEAD + laughs()})
    assert [it.rule for it in problems] == ["yaml-expanded"]
    # The first eight levels are already too many: nothing behind them is looked at.
    assert problems[0].span.line < 2 + 9


def test_laughs_in_bodies_count_by_their_length(folder: Path) -> None:
    """F60: a long text, and lists of aliases of it: few values, and much too much text."""
    rows = [f"a: &a [{'x' * 100_000}]", f"b: &b [{'*a, ' * 50}*a]", f"c: [{'*b, ' * 50}*b]"]
    problems = findings(folder, {MANIFEST: HEAD + "\n".join(rows)})
    assert [it.rule for it in problems] == ["yaml-expanded"]


def test_an_honest_alias_stands_for_its_value(folder: Path) -> None:
    text = questions(question("a", "tags: &t [x, y]"), question("b", "tags: *t"))
    made = load_one(folder, text)
    assert fields_of(made, "a")[Field.TAGS] == fields_of(made, "b")[Field.TAGS] == ("x", "y")


@pytest.mark.parametrize(
    ("text", "key", "first"),
    [
        pytest.param(f"{HEAD}^^version: 1\n", "version", "1:1", id="at the top"),
        pytest.param(f"{HEAD}^^'version': 1\n", "version", "1:1", id="in quotes"),
        pytest.param(questions(question(more="^^title: x")), "title", "6:3", id="in an entry"),
        pytest.param(f"{HEAD}policy: {{prune: false, ^^prune: true}}", "prune", "3:10", id="flow"),
        pytest.param(
            questions(question(more="seen: {body: aaaabbbb, ^^body: bbbbaaaa}")),
            "body",
            "8:10",
            id="of digests",
        ),
    ],
)
def test_a_duplicate_key_is_refused_with_both_places(
    folder: Path, text: str, key: str, first: str
) -> None:
    """F61."""
    (problem,) = assert_told_of(folder, text, "duplicate-key")
    assert f"`{key}`" in problem.message
    assert problem.message.endswith(f"teams-importer.yaml:{first}")


def test_a_third_key_of_one_name_is_told_of_as_well(folder: Path) -> None:
    text = f"{HEAD}policy: {{prune: true, ^^prune: true, ^^prune: true}}\n"
    assert_told_of(folder, text, "duplicate-key", "duplicate-key")


def test_a_duplicate_key_in_front_matter_is_refused_with_both_places(folder: Path) -> None:
    files = {MANIFEST: PAGES, "a.md": page(more="^^title: x\n")}
    (problem,) = assert_told(folder, files, "duplicate-key")
    assert problem.message.endswith("a.md:3:1")


def test_a_key_in_another_case_is_no_second_one(folder: Path) -> None:
    (problem,) = assert_told_of(folder, questions(question(more="^^Title: x")), "unknown-key")
    assert problem.remedy == "Did you mean `title`?"


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        pytest.param(f"{HEAD}questions: &a [^^*a]\n", "yaml-cycle", id="a list in itself"),
        pytest.param(f"{HEAD}policy: &a {{b: ^^*a}}\n", "yaml-cycle", id="a mapping in itself"),
        pytest.param(f"{HEAD}a: &a [&b [^^*a]]\n", "yaml-cycle", id="two steps"),
        pytest.param(f"{HEAD}a: ^^*nothing\n", "yaml-alias", id="no anchor"),
        pytest.param(f"{HEAD}a: ^^*b\nb: &b x\n", "yaml-alias", id="an anchor further down"),
        pytest.param(f"{HEAD}team: a\n^^---\nversion: 1\n", "yaml-documents", id="two documents"),
        pytest.param(f"{HEAD}...\n^^---\n", "yaml-documents", id="an empty second one"),
        pytest.param(f"^^%TAG ! x:\n---\n{HEAD}", "yaml-directive", id="a directive"),
        pytest.param(f"^^%YAML 1.1\n---\n{HEAD}", "yaml-directive", id="YAML 1.1"),
    ],
)
def test_what_is_no_plain_data_is_refused(folder: Path, text: str, rule: str) -> None:
    """F62."""
    assert_told_of(folder, text, rule)


def test_a_merge_key_is_refused_and_merges_nothing(folder: Path) -> None:
    """F62."""
    text = questions(question().replace("- key", "- &a\n  key"), "- ^^^^<<: *a\n  key: b\n")
    _, missing = assert_told_of(folder, text, "missing-key", "yaml-merge")
    assert "defaults" in missing.remedy


def test_an_anchor_of_another_file_is_none(folder: Path) -> None:
    """F62."""
    files = {
        MANIFEST: f"{HEAD}include: [x.yaml]\ntags: [&a {{name: x}}]\n",
        "x.yaml": "tags: [^^*a]\n",
    }
    assert_told(folder, files, "yaml-alias")


def test_the_directive_of_yaml_1_2_is_welcome(folder: Path) -> None:
    assert load_one(folder, f"%YAML 1.2\n---\n{HEAD}").items == ()


@pytest.mark.parametrize("pure", [False, True])
@pytest.mark.parametrize(
    ("opening", "closing", "depth"),
    [("[", "]", 2_000), ("{a: ", "}", 2_000), ("[", "", 100_000), ("- ", "x", 2_000)],
)
def test_deep_nesting_is_refused_at_a_bound(
    opening: str, closing: str, depth: int, *, pure: bool
) -> None:
    """F63."""
    if pure and depth > 2_000:
        pytest.skip("the slow parser is slow")
    _, problems = parsed(f"{opening * depth}{closing * depth}\n", pure=pure)
    assert [it.rule for it in problems] == ["yaml-depth"]
    assert problems[0].span.column <= 50 * len(opening) + 1


@pytest.mark.parametrize(("depth", "rules"), [(50, []), (51, ["yaml-depth"])])
def test_fifty_levels_are_enough(depth: int, rules: list[str]) -> None:
    _, problems = parsed("[" * depth + "x" + "]" * depth)
    assert [it.rule for it in problems] == rules


LITERAL = (
    "no", "on", "off", "yes", "y", "n", "True", "FALSE", "012", "0o14", "0x1F", "0b11", "1_000",
    "12:30:45", "1.10", "1e3", ".5", ".inf", ".NaN", "+1", "-0", "2026-03-01", "007", "=", "0",
    "2026-03-01T09:00:00Z",
)  # fmt: skip


@pytest.mark.parametrize("text", LITERAL)
@pytest.mark.parametrize("pure", [False, True])
def test_a_scalar_is_its_literal_text(text: str, *, pure: bool) -> None:
    """F64."""
    data, problems = parsed(f"a: {text}\nb:\n- {text}\n{text}: c\n", pure=pure)
    assert problems == []
    assert data == {"a": text, "b": [text], text: "c"}


@pytest.mark.parametrize("text", LITERAL)
def test_a_title_and_a_text_stay_what_was_written(folder: Path, text: str) -> None:
    """F64."""
    limits = "limits: {question: {title: {min: 1}, body: {min: 1}}}\n"
    rows = f"questions:\n{question(title=text, body=text)}"
    made = load_one(folder, TAGGED + limits + rows)
    assert fields_of(made, "a")[Field.TITLE] == text
    body = fields_of(made, "a")[Field.BODY]
    assert getattr(body, "holed", "") == f"{text}\n"


@pytest.mark.parametrize("text", ["no", "on", "012", "1.10", "2026-03-01", "007", "1e3", "0x1f"])
def test_a_tag_stays_what_was_written(folder: Path, text: str) -> None:
    """F64."""
    made = load_one(
        folder, questions(question(more=f"tags: [{text}]")) + f"tags:\n- name: {text}\n"
    )
    assert fields_of(made, "a")[Field.TAGS] == (text,)
    assert made.items[0].key == f"tag:{text}"


def test_a_key_and_a_namespace_stay_what_was_written(folder: Path) -> None:
    text = questions(question("1.10", title="How do I do this?")).replace("handbook\n", "007\n", 1)
    made = load_one(folder, text)
    assert (made.namespace, made.items[0].key) == ("007", "1.10")


@pytest.mark.parametrize("text", ["", " ~", " null", " Null", " NULL"])
def test_nothing_is_no_text(folder: Path, text: str) -> None:
    assert_told_of(folder, questions(question(more=f"^^tags:{text}")), "empty-value")
    assert_told_of(folder, f"{HEAD}team: [a, ^^{text.strip() or '&a'}]\n", "empty-value")


@pytest.mark.parametrize("text", ["null", "~"])
def test_the_word_for_nothing_is_text_in_quotes(folder: Path, text: str) -> None:
    made = load_one(
        folder,
        questions(question(title=f"'{text}'")).replace(
            "questions:", "limits: {question: {title: {min: 1}}}\nquestions:"
        ),
    )
    assert fields_of(made, "a")[Field.TITLE] == text


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(questions(question(title="^^How do I write in C # and why?")), id="a title"),
        pytest.param(questions(question(body=f"^^{BODY}   # and more")), id="a body"),
        pytest.param(questions(question(more=f"answer: ^^{BODY} #and")), id="an answer"),
        pytest.param(questions(question(more="tags:\n- ^^c #")), id="a tag"),
        pytest.param(f"{HEAD}tags:\n- name: ^^c # sharp\n", id="a tag's name"),
        pytest.param(f"{HEAD}tags:\n- name: c\n  description: ^^C # sharp\n", id="description"),
    ],
)
def test_a_text_cut_by_a_comment_is_refused(folder: Path, text: str) -> None:
    assert_told_of(folder, text, "cut-by-comment")


@pytest.mark.parametrize("name", ["a.md", "a.yaml"])
def test_a_title_cut_by_a_comment_is_refused_in_every_kind_of_file(folder: Path, name: str) -> None:
    title = "^^How do I write in C # and why?"
    text = page(title=title) if name == "a.md" else f"questions:\n{question(title=title)}"
    files = {MANIFEST: PAGES.replace("*.md", "a.*"), name: text}
    assert_told(folder, files, "cut-by-comment")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(questions(question(title="'How do I write in C # and why?'")), id="quoted"),
        pytest.param(questions(question(title="'How do I write in C?' # why")), id="behind quotes"),
        pytest.param(questions(question(title="How do I write in C#, and why?")), id="no blank"),
        pytest.param(questions(question(more="protect: true # yes")), id="a flag"),
        pytest.param(questions(question(more="tags: [a]  # all of them")), id="behind a list"),
        pytest.param(questions("# first\n", question(), "  # last\n"), id="a line of its own"),
        pytest.param(questions(question(body=f"|  # comment\n    {BODY} # text")), id="a block"),
    ],
)
def test_a_comment_that_cuts_nothing_is_welcome(folder: Path, text: str) -> None:
    load_one(folder, text)


@pytest.mark.parametrize(
    "value",
    [
        "!!python/object/apply:os.system ['touch executed']",
        "!!python/name:os.system x",
        "!unknown x",
        "!!str x",
        "! x",
        "!!set {a, b}",
        "!!binary aGVsbG8=",
        "!<tag:example.org,2026:x> x",
    ],
)
@pytest.mark.parametrize("pure", [False, True])
def test_a_tag_is_refused_and_nothing_is_executed(folder: Path, value: str, *, pure: bool) -> None:
    """F65."""
    _, problems = parsed(f"a: {value}\n", pure=pure)
    rules = {it.rule for it in problems}
    assert "yaml-tag" in rules
    assert rules <= {"yaml-tag", "empty-value"}
    assert [*folder.iterdir()] == []


def test_every_tag_of_a_file_is_told_of(folder: Path) -> None:
    text = f"{HEAD}team: ^^!a x\ntags: ^^!b\n- {{name: ^^!!str y}}\n"
    assert_told_of(folder, text, "yaml-tag", "yaml-tag", "yaml-tag")


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        pytest.param(f"{HEAD}team: a^^: b\n", "Quote the value", id="a colon"),
        pytest.param(f"{HEAD}team: ^^@a\n", "Quote the value", id="a reserved sign"),
        pytest.param(f"{HEAD}team: ^^`a\n", "Quote the value", id="a backtick"),
        pytest.param(f"{HEAD}team: 'a\n^^", "Close the quotes", id="open quotes"),
        pytest.param(f'{HEAD}team: "^^\\d"\n', "single quotes", id="an unknown escape"),
        pytest.param(f"{HEAD}team: [a, b\n^^", "bracket", id="an open bracket"),
        pytest.param(f"{HEAD}tags: [{{name: a^^?, was: b}}]\n", "`?`", id="a question mark"),
        pytest.param(f"{HEAD}team: [12^^:30]\n", "bracket", id="a colon in brackets"),
        pytest.param(f"{HEAD} ^^team: a\n", "indentation", id="a blank too many"),
    ],
)
def test_a_mistake_of_syntax_has_a_place_and_a_remedy(folder: Path, text: str, hint: str) -> None:
    problems = findings(folder, {MANIFEST: text.replace("^^", "")})
    assert [it.rule for it in problems] == ["yaml-syntax"]
    before = text.partition("^^")[0]
    assert problems[0].span.line == before.count("\n") + 1
    assert hint in problems[0].remedy


def test_a_mistake_of_syntax_in_front_matter_is_told_once(folder: Path) -> None:
    files = {MANIFEST: PAGES, "a.md": "---\nkey: a\ntitle: @x\n---\nBody.\n"}
    (problem,) = findings(folder, files)
    assert (str(problem.span), problem.rule) == ("a.md:3:8", "yaml-syntax")


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        pytest.param(f"{HEAD}^^? [a, b]\n: c\n", "key-not-text", id="a list"),
        pytest.param(f"{HEAD}^^? {{a: b}}\n: c\n", "key-not-text", id="a mapping"),
        pytest.param(f"{HEAD}a: &a x\n^^*a : c\n", "key-not-text", id="an alias"),
    ],
)
def test_a_key_is_a_plain_word(folder: Path, text: str, rule: str) -> None:
    problems = findings(folder, {MANIFEST: text.replace("^^", "")})
    line = text.partition("^^")[0].count("\n") + 1
    assert rule in {it.rule for it in problems if it.span.line == line}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"{HEAD}team:^^\ta\n", id="behind a colon"),
        pytest.param(f"{HEAD}policy:\n^^\tprune: true\n", id="as indentation"),
        pytest.param(f"{HEAD}team: acme^^\t# comment\n", id="before a comment"),
        pytest.param(f"{HEAD}# a^^\tcomment\n", id="in a comment"),
        pytest.param(questions(question(body=f'"{BODY}^^\tx"')), id="raw in quotes"),
    ],
)
def test_a_tab_is_refused_outside_blocks_of_text(folder: Path, text: str) -> None:
    assert_told_of(folder, text, "tab")


def test_a_tab_in_a_block_or_as_an_escape_is_text(folder: Path) -> None:
    rows = (
        question("a", body=f"|\n    {BODY}\n    \ta\tb"),
        question("b", body=f'"{BODY}\\tb"'),
        question("c", body=f">\n    {BODY}\n    a\tb"),
    )
    made = load_one(folder, questions(*rows))
    holed = [getattr(it.fields[Field.BODY], "holed", "") for it in made.items]
    assert holed == [f"{BODY}\n\ta\tb\n", f"{BODY}\tb\n", f"{BODY} a\tb\n"]


@pytest.mark.parametrize(
    "text",
    [
        questions(question(), question("b", "tags: [x, 'y', \"z\"]")),
        questions(question(body=f"|\n    {BODY}\n\n    \u00e9\u00e8 \U0001f98a\n")),
        "a: &a [1, {b: c}]\nd: *a\n",
        "\U0001f98a: 'x'  # \u00e9\nb: >-\n  c\n  d\n",
        "a:\n- b\n-   c: d\n    e: |2-\n        f\n",
    ],
)
def test_both_parsers_read_the_same_data_at_the_same_places(text: str) -> None:
    fast, problems = parsed(text)
    slow, others = parsed(text, pure=True)
    assert problems == others == []
    assert _placed(fast) == _placed(slow)


def _placed(node: object) -> object:
    if isinstance(node, MapNode):
        rows = [(k, node.keys_at[k], node.values_at[k], _placed(v)) for k, v in node.items()]
        return node.at, rows
    if isinstance(node, ListNode):
        return node.at, node.values_at, [_placed(it) for it in node]
    return node


def test_the_fast_parser_is_the_one_in_use() -> None:
    """Without it 10,000 questions take ten times as long, and nobody would notice why."""
    assert YAML(typ="safe", pure=False).Parser.__name__ == "CParser"


@pytest.mark.parametrize(
    "text",
    ["", "\n\n", "# only\n# comments\n", "---\n", "~\n", "\ufeff", "\ufeff# comment"],
)
def test_a_manifest_that_says_nothing_is_refused(folder: Path, text: str) -> None:
    """F67."""
    (problem,) = findings(folder, {MANIFEST: text})
    assert (str(problem.span), problem.rule) == (f"{MANIFEST}:1:1", "yaml-empty")
    assert "namespace:" in problem.remedy


@pytest.mark.parametrize("text", ["", "# only a comment\n"])
def test_an_included_file_that_says_nothing_is_refused(folder: Path, text: str) -> None:
    files = {MANIFEST: f"{HEAD}include: [x.yaml]\n", "x.yaml": text}
    (problem,) = findings(folder, files)
    assert (str(problem.span), problem.rule) == ("x.yaml:1:1", "yaml-empty")
    assert "namespace" not in problem.remedy


def test_a_line_of_a_megabyte_is_read_and_measured(folder: Path) -> None:
    """F67."""
    text = questions(question(title=f"^^{'x' * 2**20}", body=f"^^{'y' * 2**20}"))
    title, body = assert_told_of(folder, text, "title-length", "body-length")
    assert "length is 1048576" in title.message
    assert len(str(title)) + len(str(body)) < 1_000


def test_a_key_of_a_megabyte_is_shown_short(folder: Path) -> None:
    text = f"{HEAD}^^? {'x' * 2**20}\n: 1\n".replace("^^? ", "? ")
    (problem,) = findings(folder, {MANIFEST: text})
    assert problem.rule == "unknown-key"
    assert len(str(problem)) < 1_000


@pytest.mark.parametrize(("most", "rules"), [(6, []), (5, ["too-many-items"])])
def test_a_manifest_holds_so_many_items_and_no_more(
    folder: Path, monkeypatch: pytest.MonkeyPatch, most: int, rules: list[str]
) -> None:
    """F67: every kind counts, and an answer in its short form."""
    monkeypatch.setattr(loading, "MAX_ITEMS", most)
    more = f"articles:\n{question('b')}tags: [{{name: x}}]\n"
    more += "collections:\n- {key: c, title: Start here, items: [a]}\ninclude: [x.yaml]\n"
    files = {
        MANIFEST: questions(question("a", f"answer: {BODY}")) + more,
        "x.yaml": f"questions:\n{question('d')}",
    }
    problems = findings(folder, files)
    assert [(str(it.span), it.rule) for it in problems] == [(f"{MANIFEST}:1:1", it) for it in rules]


def test_of_one_fault_a_file_tells_so_many_and_no_more(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hostile file can't fill the memory with findings, and hides nothing of another rule."""
    monkeypatch.setattr("importer.manifests.rules._MANY", 10)
    text = f"{HEAD}tags:\n" + "- {name: a_b}\n" * 30 + "tokne: 1\n"
    rules = [it.rule for it in findings(folder, {MANIFEST: text})]
    assert rules.count("tag-alphabet") == 10
    assert rules.count("unknown-key") == 1
