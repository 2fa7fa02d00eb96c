"""Nothing from a manifest or a live team drives a terminal, a CI service or a Markdown page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from markdown_it import MarkdownIt

from importer.model.ids import Field
from importer.rendering import Format, render_losses, render_plan, render_problems, render_report
from importer.text.lengths import MOST_CHARACTERS, characters_in
from importer.text.links import plain
from tests.factories import (
    HOSTILE,
    a_conflict,
    a_create,
    a_field,
    a_plan,
    a_problem,
    a_report,
    a_result,
    an_update,
    hostile_texts,
    plans,
    reports,
)
from tests.rendering.cases import PLANS
from tests.rendering.documents import TEMPLATES, markdown_of, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from markdown_it.token import Token

    from importer.model.plan import Plan
    from importer.model.report import Report

_CONTROL = re.compile(
    r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]"
)
# Losses alone are made HTML: tests/rendering/test_html.py.
_PRINTED = (Format.TEXT, Format.MARKDOWN, Format.JSON)
_OUR_COLOURS = re.compile(r"\x1b\[(?:0|1|2|1;31|3[1-6])m")
_CODE = re.compile(r"<code>(?:[^\W_]|[ ]|&#\d+;)*</code>")
_DETAILS = re.compile(
    r"<details(?: open)?>|</details>|<summary>[^<>`@#\[\]|]*</summary>|"
    r"<!-- teams-importer:intent(?: [a-z2-7]{26})+ -->|"
)
_QUIET_TOKENS = {"text", "softbreak", "code_inline", "strong_open", "strong_close"}
_BLOCKS = {
    "heading_open",
    "heading_close",
    "paragraph_open",
    "paragraph_close",
    "bullet_list_open",
    "bullet_list_close",
    "list_item_open",
    "list_item_close",
    "inline",
    "fence",
    "html_block",
    "table_open",
    "table_close",
    "thead_open",
    "thead_close",
    "tbody_open",
    "tbody_close",
    "tr_open",
    "tr_close",
    "th_open",
    "th_close",
    "td_open",
    "td_close",
}


def assert_harmless(document: str) -> None:
    """No control character but line ends, and no command of a CI service."""
    assert not _CONTROL.findall(document)
    assert not [line for line in document.split("\n") if line.strip().startswith("::")]
    assert not re.search(r"##\w*\[", document)


def assert_inert(document: str) -> None:
    """As Markdown: content stands in code only; whatever opens is closed."""
    assert_harmless(document)
    tokens = MarkdownIt("commonmark").enable("table").parse(document)
    assert {token.type for token in tokens} <= _BLOCKS
    elements = "\n".join(token.content for token in tokens if token.type == "html_block")
    assert elements.count("<details") == elements.count("</details>")
    for line in _CODE.sub("", elements).split("\n"):
        assert _DETAILS.fullmatch(line)
    for token in _inline(tokens):
        if token.type == "html_inline":
            assert token.content in ("<code>", "</code>")
        elif token.type in ("link_open", "link_close"):
            assert token.info == "auto"
        else:
            assert token.type in _QUIET_TOKENS
    for text in _prose(tokens):
        assert not re.search(r"[@<>|\[\]*_~`]|#\d|https?:", text)


def _inline(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield from token.children or ()


def _prose(tokens: list[Token]) -> Iterator[str]:
    """Yield texts outside code and links."""
    for token in tokens:
        depth = 0
        for child in token.children or ():
            depth += child.type == "link_open" or child.content == "<code>"
            depth -= child.type == "link_close" or child.content == "</code>"
            if child.type == "text" and not depth:
                yield child.content


@given(plans(hostile_texts()))
@settings(max_examples=60)
def test_whatever_a_plan_holds_its_text_is_harmless(plan: Plan) -> None:
    assert_harmless(text_of(plan))
    assert_harmless(text_of(plan, verbose=True, width=50))
    bare = _OUR_COLOURS.sub("", text_of(plan, color=True))
    assert_harmless(bare)
    assert [line.rstrip(" ") for line in bare.split("\n")] == text_of(plan).split("\n")


@given(plans(hostile_texts()))
@settings(max_examples=60)
def test_whatever_a_plan_holds_its_markdown_is_inert(plan: Plan) -> None:
    assert_inert(markdown_of(plan))
    assert_inert(markdown_of(plan, verbose=True))


@given(plans(hostile_texts()))
@settings(max_examples=30)
def test_no_changes_is_said_exactly_when_there_are_none(plan: Plan) -> None:
    said = [line for line in text_of(plan).split("\n") if line.startswith("No changes")]
    assert bool(said) is not bool(plan.changes)


@given(reports(hostile_texts()))
@settings(max_examples=40)
def test_whatever_a_report_holds_it_is_harmless(report: Report) -> None:
    assert_harmless(render_report(report, format=Format.TEXT, templates=TEMPLATES))
    assert_inert(render_report(report, format=Format.MARKDOWN, templates=TEMPLATES))
    assert_harmless(render_report(report, format=Format.JSON, templates=TEMPLATES))


@given(hostile_texts(), hostile_texts())
@settings(max_examples=40)
def test_whatever_losses_and_problems_hold_they_are_harmless(one: str, other: str) -> None:
    losses: Any = [{"kind": one, "path": other, "line": 1, "what": one, "why": other}]
    problems = [a_problem(one, path=other), a_problem(other, path=one)]
    assert_harmless(render_losses(losses, format=Format.TEXT, templates=TEMPLATES))
    assert_inert(render_losses(losses, format=Format.MARKDOWN, templates=TEMPLATES))
    assert_harmless(render_losses(losses, format=Format.JSON, templates=TEMPLATES))
    assert_harmless(render_problems(problems, Format.TEXT))
    assert_inert(render_problems(problems, Format.MARKDOWN))
    assert_harmless(render_problems(problems, Format.JSON))


@pytest.mark.parametrize("name", PLANS)
def test_every_golden_plan_is_inert_as_markdown(name: str) -> None:
    assert_inert(markdown_of(PLANS[name]))


def test_an_unsafe_document_would_be_noticed() -> None:
    """The control: each of these is what the assertions above are there for."""
    for bad in ("a\x1b[31m", "a\rb", "\u202e", " ::add-mask::x", "x ##[group]", "##vso[a]"):
        with pytest.raises(AssertionError):
            assert_harmless(bad)
    for bad in (
        "![x](https://e.example/i.png)",
        "[x](https://e.example)",
        "<img src=x>",
        "<details>\n\nopen",
        "hello @team",
        "fixes #1",
        "> quote",
        "a <b>bold</b>",
        "see https://e.example",
    ):
        with pytest.raises(AssertionError):
            assert_inert(bad)


def _with_title(text: str) -> Plan:
    return a_plan(
        a_create(title=text),
        an_update(a_field(Field.TITLE, text, "A title of ours"), title=text),
        blocked=(a_conflict(),),
    )


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        pytest.param("\x1b[2J\x1b[1;1H", r"\x1b[2J\x1b[1;1H", id="CSI"),
        pytest.param(
            "\x1b]8;;https://evil.example\x07x", r"\x1b]8;;https://evil.example\x07x", id="OSC 8"
        ),
        pytest.param("\x1b]52;c;eA==\x07", r"\x1b]52;c;eA==\x07", id="OSC 52"),
        pytest.param("\x1b]0;title\x07", r"\x1b]0;title\x07", id="window title"),
        pytest.param("safe\rGONE", r"safe\rGONE", id="carriage return"),
        pytest.param("ab\b\bcd", r"ab\x08\x08cd", id="backspace"),
        pytest.param("\u202etxt.exe", r"\u202etxt.exe", id="bidirectional override"),
        pytest.param("a\u200db\u2060c", r"a\u200db\u2060c", id="zero width"),
        pytest.param("a\nPlan: 0 to create", r"a\nPlan: 0 to create", id="a forged line"),
    ],
)
def test_f80_a_title_that_would_drive_the_terminal_shows_as_escapes(title: str, shown: str) -> None:
    for document in (
        text_of(_with_title(title)),
        text_of(_with_title(title), verbose=True),
        markdown_of(_with_title(title)),
    ):
        assert shown in document
        assert_harmless(document)
    assert shown in text_of(_with_title(title), color=True)


def test_f81_live_content_in_a_comment_is_inert_and_fits() -> None:
    body = "\n".join([*HOSTILE, "````````"]) + "\n" + "x" * 70_000
    document = markdown_of(
        a_plan(
            a_create(body=body),
            *(
                an_update(a_field(Field.BODY, plain("short\n"), plain(body)), key=f"item/{number}")
                for number in range(80)
            ),
        )
    )
    assert_inert(document)
    assert "`````````diff" in document
    assert characters_in(document) <= MOST_CHARACTERS
    for number in range(80):
        assert f"`item/{number}`" in document or f"item&#47;{number}<" in document


@pytest.mark.parametrize(
    "line",
    [
        "::add-mask::a",
        "::set-output name=x::y",
        "::stop-commands::token",
        "   ::error file=a,line=1::b",
        "\u00a0\u3000::debug::c",
        "##[group]",
        "some words ##[add-mask]a",
        "##vso[task.setvariable variable=a]b",
    ],
)
def test_f82_no_line_of_content_is_a_command_of_a_ci_service(line: str) -> None:
    body = f"{line}\nfirst\n{line}\n"
    plan = a_plan(
        a_create(title=line, body=body),
        an_update(a_field(Field.BODY, plain("first\n"), plain(body))),
        namespace=line,
        notes=(line,),
    )
    for form in _PRINTED:
        assert_harmless(render_plan(plan, format=form, templates=TEMPLATES))
    assert_harmless(text_of(plan, width=40))
    report = a_report(a_result(title=line, why=line), stopped_by=line, resume=line)
    for form in _PRINTED:
        assert_harmless(render_report(report, format=form, templates=TEMPLATES))


def test_f87_file_names_of_hostile_shape_are_escaped() -> None:
    name = "a\u202egnp.md\n::error::x"
    document = render_problems([a_problem(path=name)], Format.TEXT)
    assert r"a\u202egnp.md\n::error::x:3:8: error:" in document
    assert_harmless(document)
    assert_harmless(render_problems([a_problem(path="::error::x")], Format.TEXT))


def test_template_syntax_in_content_is_text() -> None:
    """F69."""
    plan = _with_title("{{ 7*7 }} {% for x in y %}")
    assert "{{ 7*7 }} {% for x in y %}" in text_of(plan)
    assert "`{{ 7*7 }} {% for x in y %}`" in markdown_of(plan)
