"""The shape of what authors write: a mistyped key, a wrong kind of value, a bad key."""

from __future__ import annotations

from pathlib import Path

import pytest

from importer.errors import Severity
from tests.manifests.pages import (
    BODY,
    HEAD,
    MANIFEST,
    PAGES,
    TAGGED,
    assert_told,
    assert_told_of,
    findings,
    load_one,
    page,
    question,
    questions,
)

ANSWER = f"answers:\n- key: x\n  body: {BODY}\n  "


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        pytest.param(f"{HEAD}^^qestions: []\n", "questions", id="a section"),
        pytest.param(f"{HEAD}^^Questions: []\n", "questions", id="upper case"),
        pytest.param(f"{HEAD}policy: {{^^on-drift: keep}}\n", "on_drift", id="a dash"),
        pytest.param(f"{HEAD}defaults: {{^^tag: [a]}}\n", "tags", id="defaults"),
        pytest.param(f"{HEAD}limits: {{^^questions: {{}}}}\n", "question", id="limits"),
        pytest.param(
            f"{HEAD}limits: {{question: {{title: {{^^maximum: 9}}}}}}\n", "max", id="a bound"
        ),
        pytest.param(f"{HEAD}tags:\n- {{name: a, ^^descr: b}}\n", "description", id="a tag"),
        pytest.param(
            f"{HEAD}tags:\n- {{name: a, experts: {{^^user: [1]}}}}\n", "users", id="experts"
        ),
        pytest.param(questions(question(more="^^titel: x")), "title", id="a question"),
        pytest.param(questions(question(more=f"{ANSWER}^^acepted: true")), "accepted", id="answer"),
        pytest.param(f"{HEAD}removed:\n- {{key: a, live: keep, ^^lives: x}}\n", "live", id="gone"),
        pytest.param(f"{HEAD}^^tag:\n  - name: a\n", "tags", id="a section of tags"),
    ],
)
def test_a_mistyped_key_is_refused_and_the_right_one_named(
    folder: Path, text: str, meant: str
) -> None:
    (problem,) = assert_told_of(folder, text, "unknown-key")
    assert problem.remedy == f"Did you mean `{meant}`?"


def test_a_key_that_is_like_no_other_gets_the_whole_list(folder: Path) -> None:
    (problem,) = assert_told_of(folder, questions(question(more="^^zzz: 1")), "unknown-key")
    assert problem.remedy == (
        "Known are key, on_drift, protect, id, was, author, origin, title, tags, body, body_file,"
        " answers, answer, manage, seen."
    )


def test_a_missing_choice_names_its_values(folder: Path) -> None:
    (problem,) = assert_told_of(folder, f"{HEAD}removed:\n- ^^{{key: a}}\n", "missing-key")
    assert problem.remedy == "Add `live:` with `delete` or `keep`."


def test_an_unknown_key_without_a_value_is_unknown_all_the_same(folder: Path) -> None:
    assert_told_of(folder, f"{HEAD}^^^^qestions:\n", "empty-value", "unknown-key")


@pytest.mark.parametrize("key", ["version", "namespace", "team", "include", "policy", "limits"])
def test_what_holds_for_all_files_stands_in_the_manifest_alone(folder: Path, key: str) -> None:
    files = {MANIFEST: f"{HEAD}include: [x.yaml]\n", "x.yaml": f"^^{key}: 1\n"}
    (problem,) = assert_told(folder, files, "unknown-key")
    assert problem.remedy == "It stands in the manifest `teams-importer.yaml` alone."


@pytest.mark.parametrize(
    "key", ["url", "base_url", "api", "proxy", "https_proxy", "verify", "headers", "journal"]
)
def test_a_manifest_can_not_say_how_the_team_is_reached(folder: Path, key: str) -> None:
    """F70."""
    (problem,) = assert_told_of(folder, f"{HEAD}^^{key}: x\n", "connection-key")
    assert "--url" in problem.remedy


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"{HEAD}^^token: verysecret\n", id="at the top"),
        pytest.param(f"{HEAD}^^API_KEY: verysecret\n", id="upper case"),
        pytest.param(f"{HEAD}policy: {{^^access_token: verysecret}}\n", id="in the policy"),
        pytest.param(questions(question(more="^^pat: verysecret")), id="in a question"),
        pytest.param(
            questions(question(more=f"{ANSWER}^^password: verysecret")), id="in an answer"
        ),
    ],
)
def test_a_secret_is_refused_everywhere_and_never_shown(folder: Path, text: str) -> None:
    """F70."""
    (problem,) = assert_told_of(folder, text, "connection-key")
    assert "verysecret" not in str(problem)
    assert "revoke it" in problem.remedy
    assert problem.remedy.endswith("use --token-file or TEAMS_IMPORTER_TOKEN.")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"{HEAD}publishers: [^^verysecret]\n", id="a number"),
        pytest.param(f"{HEAD}policy: {{prune: ^^verysecret}}\n", id="a flag"),
        pytest.param(f"{HEAD}markers: ^^verysecret\n", id="a choice"),
        pytest.param(questions(question(more="seen: {body: ^^verysecret}")), id="a digest"),
    ],
)
def test_a_value_in_the_wrong_place_is_not_shown(folder: Path, text: str) -> None:
    for problem in findings(folder, {MANIFEST: text.replace("^^", "")}):
        assert "verysecret" not in str(problem)


WRONG = [
    (f"{HEAD}questions: ^^x\n", "not-a-list"),
    (f"{HEAD}questions: ^^{{a: b}}\n", "not-a-list"),
    (f"{HEAD}questions: [^^x]\n", "not-a-mapping"),
    (f"{HEAD}include: ^^'*.md'\n", "not-a-list"),
    (f"{HEAD}defaults: ^^x\n", "not-a-mapping"),
    (f"{HEAD}policy: ^^[x]\n", "not-a-mapping"),
    (f"{HEAD}policy: {{prune: ^^yes}}\n", "not-a-flag"),
    (f"{HEAD}policy: {{prune: ^^True}}\n", "not-a-flag"),
    (f"{HEAD}policy: {{on_drift: ^^ignore}}\n", "not-one-of"),
    (f"{HEAD}policy: {{new_tags: ^^all}}\n", "not-one-of"),
    (f"{HEAD}markers: ^^hidden\n", "not-one-of"),
    (f"{HEAD}publishers: [^^x]\n", "not-a-number"),
    (f"{HEAD}publishers: [^^0]\n", "not-a-number"),
    (f"{HEAD}publishers: [^^-1]\n", "not-a-number"),
    (f"{HEAD}publishers: [^^012]\n", "not-a-number"),
    (f"{HEAD}publishers: [^^1_000]\n", "not-a-number"),
    (f"{HEAD}publishers: [^^1.0]\n", "not-a-number"),
    (f"{HEAD}publishers: [^^{'9' * 19}]\n", "not-a-number"),
    (f"{HEAD}publishers: [^^\u0661]\n", "not-a-number"),
    (f"{HEAD}team: ^^acme staging\n", "team-grammar"),
    (f"{HEAD}team: [acme, ^^../x]\n", "team-grammar"),
    (f"{HEAD}removed:\n- {{key: a, live: ^^gone}}\n", "not-one-of"),
    (f"{HEAD}removed:\n- ^^{{key: a}}\n", "missing-key"),
    (f"{HEAD}tags:\n- ^^{{description: a}}\n", "missing-key"),
    (questions(question(more="on_drift: ^^never")), "not-one-of"),
    (questions(question(more="protect: ^^1")), "not-a-flag"),
    (questions(question(more="id: ^^x")), "not-a-number"),
    (questions(question(more="tags: ^^x")), "not-a-list"),
    (questions(question(more="tags: [^^{a: b}]")), "not-text"),
    (questions(question(more="tags: [^^[a]]")), "not-text"),
    (questions(question(more="manage: [title, ^^score]")), "not-one-of"),
    (questions(question(more="manage: [^^accepted]")), "not-one-of"),
    (questions(question(more="seen: {^^score: aaaabbbb}")), "not-one-of"),
    (questions(question(more="seen: {body: ^^aaaabbb1}")), "digest-grammar"),
    (questions(question(more="seen: {body: ^^aaaabbb}")), "digest-grammar"),
    (questions(question(more="was: ^^Old")), "old-key-grammar"),
    (questions(question(more="was: [a.b, ^^'x:y:z']")), "old-key-grammar"),
    (questions("- ^^title: What has no key at all?\n  body: x\n"), "missing-key"),
    (questions(f"- ^^key: a\n  body: {BODY}\n"), "missing-key"),
    (questions(question(more="answers: ^^x")), "not-a-list"),
    (questions(question(more=f"answers:\n- ^^body: {BODY}")), "missing-key"),
    (questions(question(more=f"{ANSWER}accepted: ^^yes")), "not-a-flag"),
    (questions(question(more=f"{ANSWER}seen: {{^^title: aaaabbbb}}")), "not-one-of"),
    (f"{HEAD}articles:\n{question(more='type: ^^blog')}", "not-one-of"),
    (f"{HEAD}articles:\n{question(more='permissions: ^^{users: [1]}')}", "missing-key"),
    (f"{HEAD}articles:\n{question(more='permissions: {editable_by: ^^me}')}", "not-one-of"),
    (f"{HEAD}articles:\n{question(more='^^answer: x')}", "unknown-key"),
    (f"{HEAD}collections:\n- ^^{{key: a, title: b}}\n", "missing-key"),
    (f"{HEAD}limits: {{question: {{title: {{min: ^^-1}}}}}}\n", "not-a-number"),
]


@pytest.mark.parametrize(("text", "rule"), WRONG)
def test_a_value_of_the_wrong_kind_is_refused_at_its_place(
    folder: Path, text: str, rule: str
) -> None:
    assert_told_of(folder, text, rule)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("^^namespace: a\n", "missing-key"),
        ("^^version: 1\n", "missing-key"),
        ("version: ^^2\nnamespace: a\n", "newer-version"),
        ("version: ^^1.0\nnamespace: a\n", "newer-version"),
        ("version: ^^[1]\nnamespace: a\n", "not-one-of"),
        ("version: 1\nnamespace: ^^My Handbook\n", "key-grammar"),
        ("version: 1\nnamespace: ^^a:b\n", "key-grammar"),
        ("^^- version: 1\n", "not-a-mapping"),
        ("^^version 1\n", "not-a-mapping"),
    ],
)
def test_a_manifest_says_its_version_and_its_namespace(folder: Path, text: str, rule: str) -> None:
    assert_told_of(folder, text, rule)


@pytest.mark.parametrize(
    "key",
    ["a", "7", "a/b", "a.b-c_d/e0", "oncall/freeze.2026", "x" * 100, "/".join("a" * 50)],
)
def test_a_key_of_small_letters_is_one(folder: Path, key: str) -> None:
    (item,) = load_one(folder, questions(question(key, title="How do I do this thing?"))).items
    assert item.key == key


@pytest.mark.parametrize(
    "key",
    [
        "A", "a b", "a//b", "/a", "a/", "a..b", "a--b", "-a", "a-", ".a", "a/.b", "../a", "_a",
        "a#b", "a:b", "a\\b", "\u00e9", "e\u0301", "\u0430", "\uff41", "x" * 101, "%41", "\u0131",
    ],
)  # fmt: skip
def test_a_key_outside_the_grammar_is_refused(folder: Path, key: str) -> None:
    text = questions(question(f"^^'{key}'", title="How do I do this thing?"))
    (problem,) = assert_told_of(folder, text, "key-grammar")
    assert ("Upper case" in problem.remedy) is (key == "A")


@pytest.mark.parametrize("key", ["a#b", "a/b#c/d"])
def test_an_answer_that_is_removed_is_named_by_its_question(folder: Path, key: str) -> None:
    (removed,) = load_one(folder, f"{HEAD}removed:\n- {{key: {key}, live: keep}}\n").removed
    assert removed.key == key


@pytest.mark.parametrize("key", ["a#", "#b", "a#b#c", "a#B"])
def test_a_removed_key_outside_the_grammar_is_refused(folder: Path, key: str) -> None:
    assert_told_of(folder, f"{HEAD}removed:\n- {{key: ^^'{key}', live: keep}}\n", "key-grammar")


@pytest.mark.parametrize("field", ["title", "tags", "name", "description"])
@pytest.mark.parametrize("text", ['"a\\tb of fifteen"', '"a line\\nand another"'])
def test_a_line_is_one_line(folder: Path, field: str, text: str) -> None:
    manifest = {
        "title": questions(f"- key: a\n  body: {BODY}\n  title: ^^{text}\n"),
        "tags": questions(question(more=f"tags: [^^{text}]")),
        "name": f"{HEAD}tags:\n- name: ^^{text}\n",
        "description": f"{HEAD}tags:\n- name: a\n  description: ^^{text}\n",
    }[field]
    assert_told_of(folder, manifest, "not-one-line")


def test_a_folded_title_is_one_line(folder: Path) -> None:
    text = questions(f"- key: a\n  body: {BODY}\n  title: >\n    How do I\n    do this?\n")
    (item,) = load_one(folder, text).items
    assert item.fields["title"] == "How do I do this?"  # type: ignore[index]  # Field is a str


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        pytest.param(questions("- ^^key: a\n  title: What has no body at all?\n"), "body-missing"),
        pytest.param(questions(question(more="answers:\n- ^^key: x")), "body-missing"),
        pytest.param(questions(question(more="body_file: ^^x.md")), "body-twice"),
        pytest.param(questions(question(more=f"{ANSWER}\n^^answer: {BODY}")), "answers-twice"),
        pytest.param(questions(question(more="^^answers:")), "empty-value"),
        pytest.param(questions(question(body="^^''")), "body-empty"),
        pytest.param(questions(question(body='^^" \\n \\n"')), "body-empty"),
    ],
)
def test_an_entry_has_exactly_one_text(folder: Path, text: str, rule: str) -> None:
    assert_told_of(folder, text, rule)


def test_a_body_that_belongs_to_the_site_may_be_missing(folder: Path) -> None:
    (item,) = load_one(folder, questions(question(body="", more="manage: [title]"))).items
    assert set(item.fields) == {"title"}


def test_a_mistake_is_told_once_and_not_again_where_others_name_the_item(folder: Path) -> None:
    text = (
        questions(
            question("a", "^^titel: x\nanswers:\n- {key: x, body_file: x.md}"),
            question(
                "b", body=f"{BODY} [a](key:a) [x](key:a#x) [short](key:a#answer) [file](x.md)"
            ),
        )
        + "collections:\n- {key: c, title: Start here, items: [a]}\n"
    )
    assert_told_of(folder, text, "unknown-key")


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        pytest.param(
            questions(question()).replace("{tags:", "{^^tgas:"), "unknown-key", id="default tags"
        ),
        pytest.param(
            "limits: {question: {title: {min: ^^few}}}\n" + questions(question(title="Short")),
            "not-a-number",
            id="limits",
        ),
    ],
)
def test_a_mistake_that_holds_for_all_items_is_told_once(
    folder: Path, text: str, rule: str
) -> None:
    assert_told_of(folder, text, rule)


@pytest.mark.parametrize(
    ("name", "content", "rule"),
    [
        pytest.param("a.md", b"---\nkey: a\ntitle: \xff\n---\n", "encoding", id="no UTF-8"),
        pytest.param("a.md", "---\nkey: a\n^^", "front-matter-open", id="no end"),
        pytest.param("a.yaml", "questions: [^^&a]\n", "empty-value", id="no value"),
        pytest.param("a.yaml", "questions:\n- ^^title: x\n", "missing-key", id="no key"),
        pytest.param(
            "a.yaml",
            "questions: [{key: a, title: x, answers: [{}]}]",
            "missing-key",
            id="no answer",
        ),
    ],
)
def test_a_file_that_can_not_be_read_makes_no_link_into_it_an_error(
    folder: Path, name: str, content: str | bytes, rule: str
) -> None:
    link = question("b", body=f"{BODY} [a](key:a) [a](a.md)")
    files = {MANIFEST: f"{PAGES}questions:\n{link}".replace("*.md", name), name: content}
    plain = {k: v.replace("^^", "") if isinstance(v, str) else v for k, v in files.items()}
    assert [it.rule for it in findings(folder, plain)] == [rule]


def test_a_pattern_that_is_wrong_makes_no_link_an_error(folder: Path) -> None:
    link = question("b", body=f"{BODY} [a](key:a)")
    files = {MANIFEST: f"{TAGGED}include: [^^'x/*.md']\nquestions:\n{link}", "a.md": page()}
    assert_told(folder, files, "include-nothing")
    text = f"{TAGGED}include: ^^'*.md'\nquestions:\n{link}"
    assert_told(folder, {MANIFEST: text, "a.md": page()}, "not-a-list")


def test_a_title_that_stands_twice_is_a_warning(folder: Path) -> None:
    rows = question("a", title="Why Is It So Slow?"), question("b", title="^^why is it so slow?")
    (problem,) = assert_told_of(folder, questions(*rows), "equal-title")
    assert problem.severity is Severity.WARNING
    assert "teams-importer.yaml:6:10" in problem.message


def test_a_collection_may_be_called_like_a_question(folder: Path) -> None:
    more = "collections:\n- {key: c, title: 'How do I do thing a?', items: [a]}\n"
    assert len(load_one(folder, questions(question()) + more).items) == 2
