"""Markdown becomes HTML that can be put on a page as it is."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from importer.sandbox.markup import render, render_line, slug_of, team_path

VOID = {"br", "hr", "img"}
TAGS = VOID | {
    *("a", "b", "blockquote", "code", "del", "em", "h1", "h2", "h3", "h4", "h5", "h6", "i", "kbd"),
    *("li", "ol", "p", "pre", "s", "strike", "strong", "sub", "sup", "table", "tbody", "td", "th"),
    *("thead", "tr", "ul"),
}
ATTRIBUTES = {"href", "rel", "title", "src", "alt", "start", "class"}


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("one *two* **three**", "<p>one <em>two</em> <strong>three</strong></p>\n"),
        ("#Heading", "<p>#Heading</p>\n"),
        ("one\r\ntwo", "<p>one\ntwo</p>\n"),
        ("```py\n<b>\n```", "<pre><code>&lt;b&gt;\n</code></pre>\n"),
        ("<kbd>X</kbd><sub>2</sub><br>", "<p><kbd>X</kbd><sub>2</sub><br></p>\n"),
        ("<b class='x' onclick='y'>z</b>", "<p><b>z</b></p>\n"),
        ("a <!-- gone --> b", "<p>a  b</p>\n"),
        ("a\n\n<!-- gone -->", "<p>a</p>\n\n"),
        ("`<!-- kept -->`", "<p><code>&lt;!-- kept --&gt;</code></p>\n"),
        ("<b>open", "<p><b>open</b></p>\n"),
        ("</b>closed", "<p>&lt;/b&gt;closed</p>\n"),
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("3. x", '<ol start="3">\n<li>x</li>\n</ol>\n'),
        ("[x](javascript:alert)", "<p><a>x</a></p>\n"),
        ("[x](JaVa&Tab;script:alert)", "<p><a>x</a></p>\n"),
        ("[x](data:text/html,1)", "<p><a>x</a></p>\n"),
        ("![x](data:image/png,1)", "<p>x</p>\n"),
        ('<a href="vbscript:x">y</a>', "<p><a>y</a></p>\n"),
        ("[x](/a:b)", '<p><a href="/a:b" rel="nofollow noreferrer">x</a></p>\n'),
        (
            '[x](https://example.org/?a=1&b="2")',
            '<p><a href="https://example.org/?a=1&amp;b=%222%22" rel="nofollow noreferrer">x</a>'
            "</p>\n",
        ),
        (
            "![a&b](https://x.org/y)",
            '<p><img src="https://x.org/y" alt="a&amp;b"></p>\n',
        ),
    ],
)
def test_rendering(markdown: str, html: str) -> None:
    assert render(markdown).strip() == html.strip()


def test_tables_keep_their_alignment_without_styles() -> None:
    html = render("| a | b |\n|:-:|--:|\n| 1 | 2 |")
    assert '<th class="center">a</th>' in html
    assert '<td class="right">2</td>' in html
    assert "style" not in html


def test_comments_are_rendered_inline() -> None:
    assert render_line("# *a*\n\n- b") == "# <em>a</em>\n\n- b"


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("http://127.0.0.1:8123/c/acme/questions/5", "/c/acme/questions/5"),
        ("http://sandbox.localhost/c/acme/a/7#7", "/c/acme/a/7#7"),
        ("https://LOCALHOST/c/acme/tags?x=1", "/c/acme/tags?x=1"),
        ("http://[::1]:80/c/acme", "/c/acme"),
        ("http://example.org/c/acme", None),
        ("http://127.0.0.1.example.org/c/acme", None),
        ("http://127.0.0.1/other", None),
        ("ftp://localhost/c/acme", None),
        ("http://[bad/c/acme", None),
        ("/c/acme", None),
    ],
)
def test_links_into_a_team_become_relative_on_pages(url: str, path: str | None) -> None:
    assert team_path(url) == path
    if path is not None:
        assert f'href="{path}"' in render(f"[x]({url})", local=True)
        assert f'href="{path}"' not in render(f"[x]({url})")


def test_pages_load_no_remote_image() -> None:
    remote = render("![a](https://example.org/x.png) [![b](//example.org/y)](/z)", local=True)
    assert "<img" not in remote
    assert "image: a" in remote
    own = render("![a](http://127.0.0.1:1/c/acme/users/1/portrait.svg)", local=True)
    assert '<img src="/c/acme/users/1/portrait.svg" alt="a">' in own


class _Audit(HTMLParser):
    """Fails on any tag, attribute or address that a page must not hold."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS
        for name, value in attrs:
            assert name in ATTRIBUTES
            if name in ("href", "src"):
                scheme = re.sub(r"[\x00-\x20]", "", value or "").split(":")[0].lower()
                assert scheme not in ("javascript", "data", "vbscript")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(decl)


_PIECES = [
    *("<b>", "</b>", "<a href='javascript:x'>", "<script>", "</script>", "<!--", "-->", "<style>"),
    *("<![CDATA[", "<svg/onload=x>", "<img src=x onerror=y>", "[a](", "javascript:", ")", "`"),
    *("```\n", "| a | b |\n|--|--|\n", "<?x", "?>", "<!DOCTYPE x>", "&lt;", "&#106;", "<div"),
    *(">", "'", '"', "\n\n", "> ", "* ", "<textarea>", "<title>", "</p>", "<td>", "\x00", "<a"),
    *("![x](data:", "a b"),
]


@given(st.lists(st.sampled_from(_PIECES) | st.text(max_size=5), max_size=25).map("".join))
@example("<a href='x' <b>")
@example("<<script>script>alert(1)<</script>/script>")
@example("<img src='data:x'><a href=\"&#x6A;avascript:x\">")
def test_whatever_comes_in_safe_and_balanced_html_comes_out(markdown: str) -> None:
    for html in (render(markdown), render(markdown, local=True), render_line(markdown)):
        audit = _Audit()
        audit.feed(html)
        audit.close()
        assert audit.open == []


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("How do I roll back?", "how-do-i-roll-back"),
        ("C++ & C#", "c-c"),
        ("日本語", "post"),
        ("x" * 200, "x" * 80),
    ],
)
def test_slugs(title: str, slug: str) -> None:
    assert slug_of(title) == slug
