from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from importer.rendering.escaping import code, fence, html, link, prose, quiet
from importer.text.visible import visible
from tests.factories import hostile_texts


def _spans(markdown: str) -> list[str]:
    tokens = MarkdownIt("commonmark").parseInline(markdown)[0].children or []
    return [token.content for token in tokens if token.type == "code_inline"]


@given(hostile_texts().filter(lambda text: bool(text.strip(" "))))
def test_a_code_span_holds_its_text_whole(text: str) -> None:
    assert _spans(f"before {code(text)} after") == [visible(text)]


def test_nothing_makes_no_code_span() -> None:
    assert code("") == html("") == prose("") == ""


@given(hostile_texts().filter(lambda text: bool(text.strip(" "))))
def test_a_code_element_holds_its_text_without_a_sign(text: str) -> None:
    element = html(text)
    assert not set(element.removeprefix("<code>").removesuffix("</code>")) & set("<>`@[]|*_\\")
    tokens = MarkdownIt("commonmark").parseInline(element)[0].children or []
    assert "".join(it.content for it in tokens if it.type != "html_inline") == visible(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "Plan: 3 to create, 0.5% of it.", "Plan: 3 to create, 0.5% of it.", id="words"
        ),
        pytest.param(
            "Run `teams-importer pull a#b`, then.",
            "Run `teams-importer pull a#b`, then.",
            id="code",
        ),
        pytest.param("see @team now", "see `@team` now", id="a mention"),
        pytest.param("fixes #12.", "fixes `#12`.", id="a reference"),
        pytest.param("GH-12 and 1234567", "`GH-12` and `1234567`", id="more references"),
        pytest.param("at https://e.example/a, ok", "at `https://e.example/a`, ok", id="an address"),
        pytest.param("a_b *c* <d>", "`a_b` `*c*` `<d>`", id="markup"),
        pytest.param("lone ` tick", "lone `` ` `` tick", id="a lone backtick"),
        pytest.param("`a``b`", "`a` `b`", id="two spans that touch"),
        pytest.param("it's über-fine (see me)!", "it's über-fine (see me)!", id="punctuation"),
    ],
)
def test_prose_keeps_harmless_words_and_puts_the_rest_in_code(text: str, expected: str) -> None:
    assert prose(text) == expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (
            "https://stackoverflowteams.com/c/acme/a/12",
            "<https://stackoverflowteams.com/c/acme/a/12>",
        ),
        ("http://127.0.0.1:8080/c/t/questions/1#2", "<http://127.0.0.1:8080/c/t/questions/1#2>"),
        ("https://e.example/?q=1", "`https://e.example/?q=1`"),
        ("javascript:alert(1)", "`javascript:alert(1)`"),
        ("https://a@e.example/", "`https://a@e.example/`"),
        ("https://e.example/> <b>", "`https://e.example/> <b>`"),
    ],
)
def test_only_a_plain_address_becomes_a_link(address: str, expected: str) -> None:
    assert link(address) == expected


@given(st.lists(st.text() | st.sampled_from(["```", "~~~", "`" * 12, "", "    x"]), min_size=1))
def test_a_fence_is_longer_than_any_run_inside(texts: list[str]) -> None:
    lines = [{"mark": "added", "before": "", "after": text} for text in texts]
    tokens = MarkdownIt("commonmark").parse(f"{fence(lines)}\n\nafter\n")
    assert [token.type for token in tokens][:2] == ["fence", "paragraph_open"]
    assert tokens[0].content == "".join(f"+{visible(text)}\n" for text in texts)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("::error::x", r"\::error::x"),
        ("a\n  ::add-mask::b", "a\n" + r"  \::add-mask::b"),
        ("a ::error::", "a ::error::"),
        ("x ##[group]", r"x ##\[group]"),
        ("##vso[a]##[b]", r"##vso\[a]##\[b]"),
        ("## heading [a]", "## heading [a]"),
    ],
)
def test_commands_of_ci_services_are_broken_and_nothing_else(text: str, expected: str) -> None:
    assert quiet(text) == expected
    assert quiet(expected) == expected
