"""Link destinations: what CommonMark makes a link is found once, with its place; code never is."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.common.utils import unescapeAll
from markdown_it.token import Token

from importer.text.scanning import Form, destinations

LONG = 100_000


def found(markdown: str) -> list[str]:
    return [markdown[it.start : it.end] for it in destinations(markdown)]


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        pytest.param("[a](b)", ["b"], id="link"),
        pytest.param("![a](b)", ["b"], id="image"),
        pytest.param("[a](b) [c](d)", ["b", "d"], id="two"),
        pytest.param("[a]( b )", ["b"], id="blanks around"),
        pytest.param("[a](\nb\n)", ["b"], id="line ends around"),
        pytest.param("[a](b c)", [], id="blank inside"),
        pytest.param("[a](<b c>)", ["b c"], id="angle brackets"),
        pytest.param("[a](<b\nc>)", [], id="line end in angle brackets"),
        pytest.param("[a](<b>c)", [], id="text behind angle brackets"),
        pytest.param(r"[a](<b\>c>)", [r"b\>c"], id="escaped angle bracket"),
        pytest.param("[a]()", [""], id="empty"),
        pytest.param("[a](<>)", [""], id="empty in angle brackets"),
        pytest.param("[](b)", ["b"], id="no text"),
        pytest.param("[a](b", [], id="unclosed"),
        pytest.param("[a] (b)", [], id="blank between"),
        pytest.param("[a](b(c)d)", ["b(c)d"], id="parentheses"),
        pytest.param("[a](b(c(d)e)f)", ["b(c(d)e)f"], id="nested parentheses"),
        pytest.param("[a](b(c)", [], id="unbalanced parentheses"),
        pytest.param(r"[a](b\(c)", [r"b\(c"], id="escaped parenthesis"),
        pytest.param("[a](b))", ["b"], id="one parenthesis too many"),
        pytest.param('[a](b "t")', ["b"], id="title"),
        pytest.param("[a](b 't')", ["b"], id="title in single quotes"),
        pytest.param("[a](b (t))", ["b"], id="title in parentheses"),
        pytest.param('[a](b "t(1) [x](y)")', ["b"], id="link in a title"),
        pytest.param(r'[a](b "t\"u")', ["b"], id="escaped quote in a title"),
        pytest.param('[a](b "t" c)', [], id="text behind a title"),
        pytest.param('[a](<b>"t")', [], id="no blank before a title"),
        pytest.param('[a]("b")', ['"b"'], id="a title is no title without a destination"),
        pytest.param("[a[b]c](d)", ["d"], id="brackets in the text"),
        pytest.param("[a]b](c)", [], id="closing bracket in the text"),
        pytest.param("[a[b](c)", ["c"], id="opening bracket in the text"),
        pytest.param(r"[a\]b](c)", ["c"], id="escaped bracket in the text"),
        pytest.param(r"\[a](b)", [], id="escaped"),
        pytest.param(r"\\[a](b)", ["b"], id="escaped backslash"),
        pytest.param(r"[a\](b)", [], id="escaped at its end"),
        pytest.param(r"!\[a](b)", [], id="escaped behind an exclamation mark"),
        pytest.param(r"\![a](b)", ["b"], id="escaped exclamation mark"),
        pytest.param("[![a](b)](c)", ["b", "c"], id="image in a link"),
        pytest.param("[a [b](c) d](e)", ["c"], id="of links in links the inner one"),
        pytest.param("![a [b](c) d](e)", ["c", "e"], id="link in an image's text"),
        pytest.param("[a [b][x] d](e)\n\n[x]: y", ["y"], id="link by reference in a link"),
        pytest.param("[a [x] d](e)\n\n[x]: y", ["y"], id="shortcut reference in a link"),
        pytest.param("[a [x][] d](e)\n\n[x]: y", ["y"], id="collapsed reference in a link"),
        pytest.param("[a [b [c]][x] d](e)\n\n[x]: y", ["y"], id="brackets in a reference's text"),
        pytest.param("[a [z] d](e)\n\n[x]: y", ["e", "y"], id="label that means nothing"),
        pytest.param("[a [ X\n Y ] d](e)\n\n[x y]: z", ["z"], id="labels by case and blanks"),
        pytest.param("`[a](b)`", [], id="code span"),
        pytest.param("``[a](b)` ``", [], id="code span of two"),
        pytest.param("`a\n[b](c)\nd`", [], id="code span over lines"),
        pytest.param("`a\n\n[b](c)`", ["c"], id="no code span over paragraphs"),
        pytest.param("`a\n- [b](c)`", ["c"], id="no code span over list items"),
        pytest.param("`a [b](c)", ["c"], id="lone backtick"),
        pytest.param(r"\`[a](b)`", ["b"], id="escaped backtick"),
        pytest.param(r"`\`[a](b)`", ["b"], id="no escapes in a code span"),
        pytest.param("[a`](b)`", [], id="code span over a bracket"),
        pytest.param("[a](`b) c`", ["`b"], id="a link's end goes before a code span's"),
        pytest.param("<http://x/[a](b)>", [], id="address"),
        pytest.param("<me@example.org[a](b)>", ["b"], id="no address"),
        pytest.param('<a title="[a](b)">', [], id="tag"),
        pytest.param("<a title=[a](b)>", [], id="unquoted attribute"),
        pytest.param('<a title="[a](b)', ["b"], id="unclosed tag"),
        pytest.param("x <!-- [a](b) --> [c](d)", ["d"], id="comment in a line"),
        pytest.param("x <!-- [a](b)", ["b"], id="unclosed comment in a line"),
        pytest.param("x <!--> [a](b) -->", ["b"], id="shortest comment"),
        pytest.param("x <? [a](b) ?> <!X [c](d)> <![CDATA[ [e](f) ]]>", [], id="other raw text"),
        pytest.param("<!-- [a](b)\n\n[c](d) --> [e](f)\n[g](h)", ["h"], id="comment block"),
        pytest.param("<pre>\n[a](b)\n\n[c](d)\n</pre>\n[e](f)", ["f"], id="pre"),
        pytest.param("<PRE>[a](b)</pre>\n[c](d)", ["d"], id="pre on one line"),
        pytest.param("<div>\n[a](b)\n\n[c](d)", ["d"], id="raw HTML ends at a blank line"),
        pytest.param("<x-y>\n[a](b)\n\n[c](d)", ["d"], id="a tag alone"),
        pytest.param("a\n<x-y>\n[a](b)", ["b"], id="a tag alone interrupts no paragraph"),
        pytest.param("<?php\n[a](b)\n\n?>\n[c](d)", ["d"], id="instruction"),
        pytest.param("```\n[a](b)\n```\n[c](d)", ["d"], id="fence"),
        pytest.param("~~~ x\n[a](b)\n```\n[c](d)\n~~~~\n[e](f)", ["f"], id="tilde fence"),
        pytest.param("````\n```\n[a](b)\n````\n[c](d)", ["d"], id="longer fence"),
        pytest.param("``` `\n[a](b)", ["b"], id="no fence with a backtick behind it"),
        pytest.param("    ```\n[a](b)", ["b"], id="no fence in indented code"),
        pytest.param("- ```\n  [a](b)\n  ```\n- [c](d)", ["d"], id="fence in a list"),
        pytest.param("- ```\n  [a](b)\n\n[c](d)", ["d"], id="a fence ends with its list item"),
        pytest.param(
            "1. x\n\n   ```\n   [a](b)\n   ```\n   [c](d)", ["d"], id="fence under a number"
        ),
        pytest.param("> ```\n> [a](b)\n> ```\n> [c](d)", ["d"], id="fence in a quote"),
        pytest.param("> ```\n> [a](b)\n[c](d)", ["d"], id="a fence ends with its quote"),
        pytest.param("> - ```\n>   [a](b)\n> - [c](d)", ["d"], id="fence in a list in a quote"),
        pytest.param("x\n\n    [a](b)", [], id="indented code"),
        pytest.param("x\n\n\t[a](b)", [], id="code indented by a tab"),
        pytest.param("x\n    [a](b)", ["b"], id="a paragraph goes on, indented"),
        pytest.param("- x\n\n    [a](b)", ["b"], id="a list item's paragraph, indented"),
        pytest.param("- x\n\n      [a](b)", [], id="indented code in a list item"),
        pytest.param("-     [a](b)", [], id="indented code as a list item"),
        pytest.param("-\n  [a](b)", ["b"], id="list item without a first line"),
        pytest.param("-\n\n  [a](b)", ["b"], id="empty list item, then a paragraph"),
        pytest.param(">     [a](b)", [], id="indented code in a quote"),
        pytest.param(">\t[a](b)", ["b"], id="quote and tab"),
        pytest.param("> [a](\nb)", ["b"], id="lazy line"),
        pytest.param("> [a\n> b](c\n> 'd')", ["c"], id="link over lines of a quote"),
        pytest.param("# [a](b)", ["b"], id="heading"),
        pytest.param("# [a\n](b)", [], id="no link over a heading's end"),
        pytest.param("[a\n===\n](b)", [], id="no link over an underline"),
        pytest.param("[a\n---\n](b)", [], id="no link over a rule"),
        pytest.param("| [a](b) | [c](d) |", ["b", "d"], id="table"),
        pytest.param("[a]: b", ["b"], id="definition"),
        pytest.param("[a]: <b c>", ["b c"], id="definition in angle brackets"),
        pytest.param("[a]: <>", [""], id="empty definition"),
        pytest.param("[a]:\n  b\n  'c\n  d'", ["b"], id="definition over lines"),
        pytest.param('[a]: b "t"\n[c]: d', ["b", "d"], id="definitions"),
        pytest.param("[a]: b c", [], id="definition with text behind"),
        pytest.param('[a]: b "t" c', [], id="definition with text behind its title"),
        pytest.param('[a]: b\n"t" c', ["b"], id="text under a definition"),
        pytest.param("[a]: b\n===", ["b"], id="an underline makes no heading of a definition"),
        pytest.param("x\n[a]: b", [], id="a definition interrupts no paragraph"),
        pytest.param("# x\n[a]: b", ["b"], id="definition under a heading"),
        pytest.param("> [a]: b", ["b"], id="definition in a quote"),
        pytest.param("    [a]: b", [], id="definition in code"),
        pytest.param("[ ]: b", [], id="blank label"),
        pytest.param(r"[a\]]: b", ["b"], id="escaped bracket in a label"),
        pytest.param("[a[b]]: c", [], id="bracket in a label"),
        pytest.param(f"[{'x' * 1000}]: b", [], id="endless label"),
        pytest.param("[a]: b\n[c](d)", ["b", "d"], id="link under a definition"),
        pytest.param("[^1]: b", ["b"], id="a footnote of one word looks like a definition"),
        pytest.param("- " * 60 + "[a](b)", ["b"], id="nested beyond the bound"),
        pytest.param("[a](b)\r\n\r\n    [c](d)\r\n", ["b"], id="line ends of Windows"),
        pytest.param("[a](\0)", ["\0"], id="a hole"),
        pytest.param("[a](b\x07c)", [], id="control character"),
        pytest.param(f"[a]({'(' * 40}b{')' * 40})", [], id="parentheses beyond the bound"),
        pytest.param("![[[", [], id="nothing"),
        pytest.param("", [], id="empty text"),
    ],
)
def test_a_destination_is_what_commonmark_makes_a_link(markdown: str, expected: list[str]) -> None:
    assert found(markdown) == expected


@pytest.mark.parametrize(
    ("markdown", "form", "link", "text"),
    [
        pytest.param("x [a](b 't') y", Form.LINK, "[a](b 't')", "a", id="link"),
        pytest.param("x ![a](<b>) y", Form.IMAGE, "![a](<b>)", "a", id="image"),
        pytest.param("x ![](b)", Form.IMAGE, "![](b)", "", id="empty text"),
        pytest.param(
            "> [a\n> b](b)", Form.LINK, "[a\n> b](b)", "a\n> b", id="over a quote's lines"
        ),
        pytest.param("  [a]: <b> 't'", Form.DEFINITION, "[a]: <b", "[a]: <b", id="definition"),
        pytest.param("[a]: b", Form.DEFINITION, "[a]: b", "[a]: b", id="bare definition"),
    ],
)
def test_a_destination_says_where_its_link_and_text_are(
    markdown: str, form: Form, link: str, text: str
) -> None:
    (it,) = destinations(markdown)
    assert it.form is form
    assert markdown[it.start : it.end] == "b"
    assert markdown[it.link_start : it.link_end] == link
    assert markdown[it.text_start : it.text_end] == text


# Where markdown-it differs from CommonMark, and we don't follow it: it takes `    >` under a quote
# for a quote, ends no comment at `--->`, and lets a destination hold an escaped line end. A
# definition is a block of its own to it, so that what stands right below one can be another kind
# of block; the texts below put a blank line there. It renders only the first of equal labels.
_QUIRKS = re.compile(r"^(?: {4}|\t| {1,3}\t) *\t*>|[ \t]{2,}>|--->|\\\n", re.MULTILINE)

_PIECES = (
    *("[", "]", "(", ")", "![", "](", "[a]", "[b](/u)", "![i](/v)", "[a][b]", "[]", "()", "(t)"),
    *("\n\n[a]: /d\n\n", '\n\n[b]: </e f> "t"\n\n', "\n\n> [a]: /q\n\n", "<a b>", '"t"', "/z"),
    *("<", ">", "<b>", "</b>", "<div>", "<pre>", "</pre>", "<!--", "-->", "<!-- x -->", "<?", "?>"),
    *("<http://e.x>", "`", "``", "```", "~~~", "\\", '"', "'", "*", "_", "&amp;", "x", "yz", " "),
    *(
        "\n",
        "\n\n",
        "\n  ",
        "\n    ",
        "\n\t",
        "\n- ",
        "\n> ",
        "\n1. ",
        "\n2) ",
        "\n```\n",
        "\n[",
        "+ ",
    ),
    *("- ", "> ", "# ", "---", "===", "    "),
)


def _renderer() -> MarkdownIt:
    renderer = MarkdownIt("commonmark", {"store_labels": True, "maxNesting": 100})
    renderer.validateLink = lambda url: True  # type: ignore[method-assign] # noqa: ARG005 - theirs
    renderer.normalizeLink = lambda url: url  # type: ignore[method-assign] # as written
    return renderer


RENDERER = _renderer()


def _rendered(tokens: list[Token]) -> list[str]:
    urls = []
    for token in tokens:
        written = "label" not in token.meta and token.markup != "autolink"
        if written and token.type in ("link_open", "image"):
            urls.append(str(token.attrs["href" if token.type == "link_open" else "src"]))
        urls += _rendered(token.children or [])
    return urls


@settings(max_examples=400)
@given(st.lists(st.sampled_from(_PIECES), max_size=25).map("".join))
@example("[a [b][a] c](d)\n\n[a]: e\n\n`[x](y)`")
def test_what_a_renderer_links_is_found_once_and_nothing_else(markdown: str) -> None:
    assume(not _QUIRKS.search(markdown))
    env: dict[str, dict[str, dict[str, str]]] = {}
    rendered = _rendered(RENDERER.parse(markdown, env))
    defined = [*env.get("references", {}).values(), *env.get("duplicate_refs", [])]
    ours = destinations(markdown)
    urls = [(unescapeAll(markdown[it.start : it.end]), it.form) for it in ours]
    assert sorted(url for url, form in urls if form is not Form.DEFINITION) == sorted(rendered)
    assert sorted(url for url, form in urls if form is Form.DEFINITION) == sorted(
        it["href"] for it in defined
    )
    assert len({it.start for it in ours}) == len(ours)
    assert ours == sorted(ours, key=lambda it: it.start)


@given(st.text(alphabet="[]()!`<>\\\n \t-#:x\0\"'", max_size=60))
def test_places_lie_within_the_text_and_their_link(markdown: str) -> None:
    for it in destinations(markdown):
        assert 0 <= it.link_start <= it.text_start <= it.text_end <= it.link_end <= len(markdown)
        assert it.link_start <= it.start <= it.end <= it.link_end
        assert "\n" not in markdown[it.start : it.end]


PAGE = (
    "Some words about [deploys](https://stackoverflowteams.com/c/acme/questions/12) and `code`.\n"
    "A second line of the paragraph with more words in it, and no link at all.\n\n"
    "- a list item\n- another [one](key:b)\n\n```sh\ncode here\n```\n\n"
)


def test_a_megabyte_is_scanned_in_about_a_second() -> None:
    text = PAGE * (1_000_000 // len(PAGE))
    assert _seconds(text) < 2.5  # 0.6 s on a quiet machine.


@pytest.mark.parametrize(
    "piece",
    [
        *("[", "](", "[](", "![", "`", "` ``", "<!--[](", '<a b="](', "[a](<b", '[a](b "'),
        *("[a](b 'x \"", "[a](((", "[[]](x)", ">", "> [a](b)\n", "- ", "\\[](", "<?[]("),
        *("<xx:[](", "[a]: b\n", '[a]: b "\n', "](a)", "\n \n", "* * * * * x\n", "1. "),
        *("[a][b](c)", "<aaaaaaaa@](", "[x][](", "- x\n\n\n\n\n", "[a]: b\n===\n", "[a\n]("),
        *("<![CDATA[](", "<!A[](", "\t", "[a](b("),
    ],
)
def test_no_text_makes_the_scanner_slow(piece: str) -> None:
    text = piece * (LONG // len(piece))
    ending = "\n\n[a]: b\n\n[a](b)"
    assert _seconds("- - > " + text + "](x)" + ending) < 3.0


def test_backticks_of_many_lengths_do_not_make_the_scanner_slow() -> None:
    assert _seconds("".join("`" * width + " ](" for width in range(1, 440))) < 3.0


def test_lists_in_lists_do_not_make_blank_lines_slow() -> None:
    assert _seconds("- " * 39 + "[a](b)" + "\n" * LONG) < 3.0


def _seconds(markdown: str) -> float:
    begin = time.process_time()
    destinations(markdown)
    return time.process_time() - begin
