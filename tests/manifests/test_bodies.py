"""Bodies: links become holes, ends stay closed, markers are the tool's, and all else is text."""

from __future__ import annotations

from pathlib import Path

import pytest

from importer.errors import Severity
from importer.manifests import drafts
from importer.model.fields import Value
from importer.model.ids import Field
from importer.text.links import Text
from tests.manifests.pages import (
    BODY,
    HERE,
    MANIFEST,
    PAGES,
    TAGGED,
    assert_told,
    assert_told_of,
    by_key,
    fields_of,
    findings,
    load,
    load_one,
    page,
    put,
    question,
    questions,
)

TREE = {
    MANIFEST: (
        f'{TAGGED}include: ["**/*.md"]\nquestions:\n'
        f"{question('top', body='', more='body_file: bodies/top.txt')}"
        f"  answers:\n  - {{key: cli, body_file: bodies/cli.txt}}\n"
        f"articles:\n{question('leave')}"
        "collections:\n- {key: start, title: Start here, items: [top]}\n"
    ),
    "bodies/top.txt": BODY,
    "bodies/cli.txt": BODY,
    "x/b.md": page("x/b", f"{BODY}\n\n<!-- answer: one -->\n{BODY}"),
    "x/with blank.md": page("blank"),
    "x/\u00e9.md": page("accent"),
    "x/(1).md": page("paren"),
    "x/a&b.md": page("amp"),
}


def text_of(folder: Path, body: str, where: str = "x/a.md") -> Text:
    made = load(folder, {**TREE, where: page("it", f"{BODY}\n\n{body}", title="What is linked?")})
    value: Value = fields_of(made, "it")[Field.BODY]
    assert isinstance(value, Text)
    return value


@pytest.mark.parametrize(
    ("destination", "target"),
    [
        ("key:top", "key:top"),
        ("key:top#cli", "key:top#cli"),
        ("key:leave", "key:leave"),
        ("key:start", "key:start"),
        ("key:x/b#one", "key:x/b#one"),
        ("key:it", "key:it"),
        ("b.md", "key:x/b"),
        ("./b.md", "key:x/b"),
        ("../x/b.md", "key:x/b"),
        ("b.md#one", "key:x/b#one"),
        ("a.md", "key:it"),
        ("../bodies/top.txt", "key:top"),
        ("../bodies/cli.txt", "key:top#cli"),
        ("with%20blank.md", "key:blank"),
        ("<with blank.md>", "key:blank"),
        ("%C3%A9.md", "key:accent"),
        ("\u00e9.md", "key:accent"),
        ("e\u0301.md", "key:accent"),
        ("(1).md", "key:paren"),
        ("\\(1\\).md", "key:paren"),
        ("a&b.md", "key:amp"),
        ("a&amp;b.md", "key:amp"),
    ],
)
def test_a_link_to_an_item_becomes_a_hole(folder: Path, destination: str, target: str) -> None:
    found = text_of(folder, f"See [it]({destination}) there.")
    hole = "<\0>" if destination.startswith("<") else "\0"
    assert found == Text(f"{BODY}\n\nSee [it]({hole}) there.\n", (target,))


@pytest.mark.parametrize(
    ("body", "holed"),
    [
        ('[it](key:top "A title")', '[it](\0 "A title")'),
        ("[it][1]\n\n[1]: key:top", "[it][1]\n\n[1]: \0"),
        ("![it](key:top)", "![it](\0)"),
        ("# [it](key:top)", "# [it](\0)"),
        ("- [it](key:top)", "- [it](\0)"),
        ("> [it](key:top)", "> [it](\0)"),
        ("| [it](key:top) |\n|---|", "| [it](\0) |\n|---|"),
    ],
)
def test_a_link_counts_wherever_markdown_has_one(folder: Path, body: str, holed: str) -> None:
    assert text_of(folder, body) == Text(f"{BODY}\n\n{holed}\n", ("key:top",))


def test_links_are_kept_in_their_order(folder: Path) -> None:
    found = text_of(folder, "[a](key:top) [b](b.md) [c](https://x.org) [d](key:top)")
    assert found.targets == ("key:top", "key:x/b", "key:top")
    assert found.holed.endswith("[a](\0) [b](\0) [c](https://x.org) [d](\0)\n")


@pytest.mark.parametrize(
    "body",
    [
        "`[it](key:none)`",
        "```\n[it](key:none)\n```",
        "    [it](key:none)",
        "<!-- [it](key:none) -->",
        "\\[it](key:none)",
        "<div>\n[it](key:none)\n</div>",
        "[it](https://example.org/key:none)",
        "[it](mailto:a@example.org)",
        "[it](#heading)",
        "[it](/questions/12)",
        "[it](//example.org/x)",
        "[it](?page=2)",
        "[it]()",
        "key:none",
        "<key:none>",
        "![it](https://example.org/x.png)",
        "[^1]\n\n[^1]: note",
    ],
)
def test_what_leads_to_no_item_stays_text(folder: Path, body: str) -> None:
    assert text_of(folder, body) == Text(f"{BODY}\n\n{body}\n")


@pytest.mark.parametrize(
    ("destination", "rule"),
    [
        ("key:none", "link-key"),
        ("key:top#none", "link-key"),
        ("key:top#cli#x", "link-key"),
        ("key:", "link-key"),
        ("KEY:top", "link-key"),
        ("key:Top", "link-key"),
        ("key:handbook:top", "link-key"),
        ("key:tag:x", "link-key"),
        ("b.md#none", "link-key"),
        ("none.md", "link-file"),
        ("../none.markdown", "link-file"),
        ("../../x.md", "link-leaves"),
        ("../../../etc/passwd", "link-leaves"),
        ("%2e%2e/%2e%2e/x.md", "link-leaves"),
        ("%2Fetc/passwd", "link-leaves"),
        ("none.html", "link-relative"),
        ("b.md?x=1", "link-relative"),
        ("../x/", "link-relative"),
        ("b.md%00", "link-relative"),
    ],
)
def test_a_link_that_leads_nowhere_is_told_where_it_stands(
    folder: Path, destination: str, rule: str
) -> None:
    text = page("it", f"{BODY}\n\nSee [it]({HERE}{destination}).", title="What is linked here?")
    (problem,) = assert_told(folder, {**TREE, "x/a.md": text}, rule)
    expected = Severity.WARNING if rule == "link-relative" else Severity.ERROR
    assert problem.severity is expected


@pytest.mark.parametrize(
    ("destination", "hint"),
    [
        ("key:topp", ", e.g. to `top`"),
        ("key:TOP", ", e.g. to `top`"),
        ("key:top#cil", ", e.g. to `top#cli`"),
        ("b.md#won", ", e.g. to `x/b#one`"),
        ("key:something/quite/different", ""),
    ],
)
def test_a_mistyped_key_in_a_link_is_corrected(folder: Path, destination: str, hint: str) -> None:
    text = page("it", f"{BODY}\n\n[it]({HERE}{destination})", title="What is linked here?")
    (problem,) = assert_told(folder, {**TREE, "x/a.md": text}, "link-key")
    assert problem.remedy == f"Correct it{hint}."


def test_suggestions_come_to_an_end_when_they_get_dear(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each compares with every key: 2,000 broken links among 1,000 items took 25 s."""
    monkeypatch.setattr(drafts, "_MAX_COMPARISONS", 30)
    rows = [question(f"x{number}", body=f"{BODY} [it](key:x-{number})") for number in range(10)]
    problems = findings(folder, {MANIFEST: questions(*rows)})
    assert [it.rule for it in problems] == ["link-key"] * 10
    assert ["e.g." in it.remedy for it in problems] == [True] * 3 + [False] * 7


def test_a_file_with_several_items_can_not_be_meant(folder: Path) -> None:
    rows = [question(key, body="", more="body_file: b.txt") for key in "ab"]
    rows += [question("c", body=f"{BODY} [it]({HERE}b.txt)")]
    assert_told(folder, {MANIFEST: questions(*rows), "b.txt": BODY}, "link-ambiguous")


def test_a_link_from_a_body_file_is_relative_to_it(folder: Path) -> None:
    files = {**TREE, "bodies/top.txt": f"{BODY} [it](../x/b.md) [it](cli.txt)"}
    body = fields_of(load(folder, files), "top")[Field.BODY]
    assert isinstance(body, Text)
    assert body.targets == ("key:x/b", "key:top#cli")


@pytest.mark.parametrize("self_link", [False, True])
def test_a_cycle_of_links_is_accepted(folder: Path, *, self_link: bool) -> None:
    rows = [
        question("a", f"answer: {BODY} [a](key:a)", body=f"{BODY} [b](key:b)"),
        question("b", body=f"{BODY} [a](key:{'b' if self_link else 'a#answer'})"),
    ]
    made = load_one(folder, questions(*rows))
    targets = {it.key: getattr(it.fields[Field.BODY], "targets", ()) for it in made.items}
    assert targets == {
        "a": ("key:b",),
        "a#answer": ("key:a",),
        "b": ("key:b",) if self_link else ("key:a#answer",),
    }


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(f"|\n    {BODY}\n    [it](^^key:none)\n", id="a block"),
        pytest.param(f"|-  # why\n    {BODY}\n\n     x [it](^^key:none)\n", id="an indented line"),
        pytest.param(f"|2\n    {BODY}\n      [it](^^key:none)\n", id="a stated indentation"),
        pytest.param(f"&b |\n    {BODY}\n    [it](^^key:none)\n", id="an anchored block"),
        pytest.param(f">\n    {BODY}\n    [it](^^key:none)\n", id="a folded block"),
        pytest.param(f"{BODY} [it](^^key:none)", id="plain"),
        pytest.param(f"{BODY}\n    [it](^^key:none)", id="plain, on two lines"),
        pytest.param(f"'{BODY} it''s [it](^^key:none)'", id="single quotes"),
        pytest.param(f'"{BODY}\\n[it](^^key:none)"', id="double quotes"),
        pytest.param(f"|\n    \U0001f98a{BODY} \u00e9 [it](^^key:none)\n", id="wide characters"),
        pytest.param(f"|\n    {BODY} key:none [it](^^key:none)\n", id="the words before"),
        pytest.param(f'^^"{BODY} [it](key:n\\u006fne)"', id="an escape in it"),
    ],
)
def test_a_fault_in_a_body_is_placed_in_every_style_of_yaml(folder: Path, body: str) -> None:
    later = question("z", body=f"{BODY} `key:none`")
    assert_told_of(folder, questions(question(body=body), later), "link-key")


def test_a_fault_in_an_aliased_body_is_placed_at_the_alias(folder: Path) -> None:
    rows = [
        question("a", body=f"&b '{BODY} [it](^^key:none)'"),
        question("b", body="^^*b"),
        question("c", body=f"{BODY} [it](^^key:none)"),
    ]
    assert_told_of(folder, questions(*rows), "link-key", "link-key", "link-key")


def test_the_same_fault_twice_in_a_body_has_two_places(folder: Path) -> None:
    body = f"'{BODY} [a](^^key:none) [b](^^key:none)'"
    assert_told_of(folder, questions(question(body=body)), "link-key", "link-key")


OPEN = [
    ("```\nx", "a code fence"),
    ("~~~~ sh\nx\n~~~", "a code fence"),
    ("```\nx\n```\n\n````\n```", "a code fence"),
    ("<!-- x", "a comment"),
    ("<!-- x\n\nfoo <!-- x", "a comment"),
    ("<pre>", "<pre>"),
    ("<PRE class='x'>\nfoo <pre>", "<pre>"),
    ("  <script>\n\nx", "<script>"),
    ("<style>\nx { }", "<style>"),
    ("<textarea>\n\nx", "<textarea>"),
]


@pytest.mark.parametrize(("end", "what"), OPEN)
@pytest.mark.parametrize("where", ["question", "answer", "article", "body file", "page"])
def test_a_body_that_ends_inside_something_is_refused_where_that_opens(
    folder: Path, end: str, what: str, where: str
) -> None:
    # The last that opens: what stands before it in these texts is closed.
    lines = end.split("\n")
    at = 4 if end.startswith("```\nx\n```\n\n") else 0
    bare = lines[at].lstrip()
    lines[at] = f"{lines[at][: len(lines[at]) - len(bare)]}{HERE}{bare}"
    text = f"\u0130 {BODY}\n\n" + "\n".join(lines) + "\n"
    block = "|\n" + "".join(f"    {line}\n" if line else "\n" for line in text.split("\n"))
    files = {
        "question": {MANIFEST: questions(question(body=block))},
        "answer": {MANIFEST: f"{questions(question())}  answer: {block}"},
        "article": {MANIFEST: f"{TAGGED}articles:\n{question(body=block)}"},
        "body file": {
            MANIFEST: questions(question(body="", more="body_file: b.txt")),
            "b.txt": text,
        },
        "page": {MANIFEST: PAGES, "a.md": page(body=text)},
    }[where]
    (problem,) = assert_told(folder, files, "body-open")
    assert f"ends inside {what} that" in problem.message


@pytest.mark.parametrize(
    "end",
    [
        "```\nx\n```",
        "```\nx\n````",
        "<!-- x -->",
        "<!-- x\n\n-->",
        "<pre>x</pre>",
        "<script>\n\n</script>",
        "Write <!-- for a comment",
        "Write ``` for a fence",
        "    ```",
        "- ```\n  x",
        "> ```\n> x",
        "`<pre>`",
        "text <pre>",
        "<preview>",
        "<div>",
    ],
)
def test_a_body_that_is_closed_at_its_end_is_fine(folder: Path, end: str) -> None:
    text = f"{BODY}\n\n{end}\n"
    made = load(folder, {MANIFEST: PAGES, "a.md": page(body=text)})
    assert fields_of(made, "a")[Field.BODY] == Text(text)


@pytest.mark.parametrize(
    "line",
    [
        "<!-- teams-importer:1 handbook:a t=aaaabbbb -->",
        "<!-- teams-importer:99 x -->",
        "<!-- teams-importer: -->",
        "  <!-- teams-importer:1 handbook:a -->",
    ],
)
@pytest.mark.parametrize("after", ["", "\n\nAnd more."])
def test_a_line_that_starts_a_marker_is_refused(folder: Path, line: str, after: str) -> None:
    (problem,) = assert_told(
        folder,
        {MANIFEST: PAGES, "a.md": page(body=f"{BODY}\n\n{HERE}{line}{after}")},
        "marker-line",
    )
    assert "fenced code block" in problem.remedy


def test_a_line_that_starts_a_marker_is_placed_in_yaml_as_well(folder: Path) -> None:
    line = "<!-- teams-importer:1 handbook:a -->"
    rows = [
        question("a", body=f"|\n    {BODY}\n\n    ^^{line}\n"),
        question("b", body=f"'{BODY}\n\n    ^^{line}'"),
    ]
    assert_told_of(folder, questions(*rows), "marker-line", "marker-line")


@pytest.mark.parametrize(
    "text",
    [
        "```\n<!-- teams-importer:1 handbook:a -->\n```",
        "Write <!-- teams-importer:1 x --> there.",
        "<!-- another-importer:1 x -->",
        "`<!-- teams-importer:1 x -->`",
    ],
)
def test_a_marker_that_is_shown_is_text(folder: Path, text: str) -> None:
    body = f"{BODY}\n\n{text}\n"
    made = load(folder, {MANIFEST: PAGES, "a.md": page(body=body)})
    assert fields_of(made, "a")[Field.BODY] == Text(body)


TEMPLATES = (
    "{{ env.TOKEN }}", "{% include '/etc/passwd' %}", "{# x #}", "${HOME} $HOME $(id) `id`",
    "{0} {key} {0.__class__.__mro__} %s %(x)s", "{{ 7*7 }} ${{ secrets.TOKEN }}", "<%= x %>",
    "#{x}", "!include x.md", "{{'{'}}", "\\u0041 \\x41 &#65;",
)  # fmt: skip


@pytest.mark.parametrize("text", TEMPLATES)
def test_a_template_is_text(folder: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """F69."""
    monkeypatch.setenv("TOKEN", "verysecret")
    body = f"{BODY} {text}"
    rows = question(
        "a", body=f"|\n    {body}\n", title=f"'How do I do it: {text.replace(chr(39), '')}'"
    )
    more = f"  answers:\n  - key: x\n    body: |\n      {body}\n"
    files = {MANIFEST: f"{PAGES}questions:\n{rows}{more}", "b.md": page("b", body)}
    made = load(folder, files)
    for key in ("a", "a#x", "b"):
        assert fields_of(made, key)[Field.BODY] == Text(f"{body}\n")
    assert text.replace("'", "") in str(fields_of(made, "a")[Field.TITLE])


@pytest.mark.parametrize("text", ["{{ x }}", "{key}", "{0.__class__}"])
def test_a_template_in_a_message_is_text(folder: Path, text: str) -> None:
    manifest = f"{TAGGED}^^'{text}': 1\ninclude: [^^'{text}.md']\n"
    problems = assert_told_of(folder, manifest, "unknown-key", "include-nothing")
    assert all(text in it.message for it in problems)


def test_a_body_is_canonical(folder: Path) -> None:
    body = "\n\nCafe\u0301, and a text that is long enough.   \nA hard break.\t\n\n\n"
    put(folder, {MANIFEST: PAGES, "a.md": page(body=body)})
    made = load(folder, {})
    expected = "Caf\u00e9, and a text that is long enough.  \nA hard break.\n"
    assert by_key(made)["a"].fields[Field.BODY] == Text(expected)


@pytest.mark.parametrize(
    ("lines", "rules"),
    [
        pytest.param("^^<<<<<<< HEAD\na\n=======\nb\n>>>>>>> it", ["conflict-marker"], id="git's"),
        pytest.param("```\n<<<<<<< HEAD\na\n=======\nb\n>>>>>>> topic\n```", [], id="told in code"),
        pytest.param(
            "```\n^^<<<<<<< manifest\na\n=======\nb\n>>>>>>> site, edited by Ann\n```",
            ["conflict-marker"], id="our own within code",
        ),
        pytest.param("a\n=======\nb", [], id="a heading"),
        pytest.param("<<<<<<< nothing follows", [], id="no end"),
    ],
)  # fmt: skip
def test_a_conflict_that_is_not_settled_is_refused(
    folder: Path, lines: str, rules: list[str]
) -> None:
    assert_told(folder, {MANIFEST: PAGES, "a.md": page(body=f"{BODY}\n\n{lines}\n")}, *rules)
