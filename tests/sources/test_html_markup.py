"""HTML becomes Markdown that reads the same; what has no form leaves something to be seen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.model.draft import Place
from importer.sources.html_markup import HTML
from importer.sources.losses import Loss, Losses, LossKind


def converted(html: str) -> tuple[str, list[Loss]]:
    losses = Losses("page.html")
    return HTML.to_markdown(html, Place("page.html", 1), losses), losses.found


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        pytest.param("<p>a</p><p>b</p>", "a\n\nb", id="paragraphs"),
        pytest.param("<h2>A <code>b</code></h2>", "## A `b`", id="heading"),
        pytest.param("a_b *c* __d__ [e]", r"a_b \*c\* \_\_d\_\_ \[e\]", id="signs"),
        pytest.param("&lt;f> &amp;lt; a < b & c", r"\<f> \&lt; a < b & c", id="brackets"),
        pytest.param("<p>1. a</p><p>- b<p># c", "1\\. a\n\n\\- b\n\n\\# c", id="beginnings"),
        pytest.param("a<br>\n-- <b>b</b>", "a  \n\\-- **b**", id="a dash after a line end"),
        pytest.param(
            "<ul><li>a<ol><li>b</li></ol></li><li><p>c</p><p>d</p></li></ul>",
            "- a\n  1. b\n\n- c\n\n  d",
            id="nested lists",
        ),
        pytest.param("<ul><li><p>a</p></li><li><p>b</p></li></ul>", "- a\n\n- b", id="items apart"),
        pytest.param("<ul><li><hr></li><li></li></ul>", "- ***\n-", id="line, nothing"),
        pytest.param("<ul><li>a</li></ul><ul><li>b</li></ul>", "- a\n\n* b", id="lists"),
        pytest.param(
            "<ul><li><ol><li><pre>a\n\n  # b</pre></li></ol></li></ul>",
            "- 1. ```\n     a\n\n       # b\n     ```",
            id="an empty line in code in lists",
        ),
        pytest.param("<ul><li>a<pre>b</pre></li></ul>", "- a\n  ```\n  b\n  ```", id="tight code"),
        pytest.param('<code>a <a href="b">c</a><br>d</code>', "`a` [`c`](b)  \n`d`", id="code"),
        pytest.param(
            '<table><tr><th style="text-align: right">A</th><th align=center>B</th></tr></table>',
            "| A | B |\n| ---: | :---: |",
            id="columns on a side",
        ),
        pytest.param(
            "<details><summary>a <code>b</code></summary>c</details>", "**a `b`**\n\nc", id="fold"
        ),
        pytest.param("<kbd>*</kbd><kbd><b>a</b></kbd>", "<kbd>\\*</kbd><kbd>**a**</kbd>", id="key"),
        pytest.param("<i>(a)</i>b <b>c</b><b>d</b>", "<em>(a)</em>b <strong>c</strong><strong>d"
                     "</strong>", id="stars that would be none"),
        pytest.param("<code>a</code><code>b*</code>", "`a`<code>b\\*</code>", id="codes"),
        pytest.param("<h2>C#</h2>!<a href='b'>c</a>", "## C\\#\n\n\\![c](b)", id="number signs"),
        pytest.param("a<br><br>b<br>c", "a<br>  \nb  \nc", id="an empty line is no paragraph"),
        pytest.param('<ol start="3"><li>a</li><li>b</li></ol>', "3. a\n4. b", id="a list from 3"),
        pytest.param(
            '<pre><code class="lang-py">x = "```"\n\n# y</code></pre>',
            '````py\nx = "```"\n\n# y\n````',
            id="code with a fence in it",
        ),
        pytest.param("<pre>a<br>b &lt;c></pre>", "```\na\nb <c>\n```", id="code without code"),
        pytest.param("<code>a`b</code>", "`` a`b ``", id="code span"),
        pytest.param(
            '<a href="http://a/b (c)" title="t &quot;q&quot;">x [y]</a>',
            '[x \\[y\\]](<http://a/b (c)> "t \\"q\\"")',
            id="link",
        ),
        pytest.param('<a href="https://a/">https://a/</a>', "<https://a/>", id="autolink"),
        pytest.param('<a name="x">y</a>', "y", id="anchor"),
        pytest.param('<img src="a b.png" alt="q]">', "![q\\]](<a b.png>)", id="image"),
        pytest.param("x<sub>2</sub><kbd>E</kbd>", "x<sub>2</sub><kbd>E</kbd>", id="kept tags"),
        pytest.param("<blockquote><p>a</p><p>b</p></blockquote>", "> a\n>\n> b", id="quote"),
        pytest.param('<blockquote class="spoiler"><p>a</p></blockquote>', ">! a", id="spoiler"),
        pytest.param(
            "<table><tr><th>A</th><th>B|C</th></tr><tr><td>x<br>y</td><td><ul><li>1</li>"
            "<li><code>a|b</code></li></ul></td></tr></table>",
            "| A | B\\|C |\n| --- | --- |\n| x<br>y | - 1<br>- `a\\|b` |",
            id="table",
        ),
        pytest.param(
            "<table><tr><td colspan=2>a</td><td rowspan=2>b</td></tr>"
            "<tr><td>c</td><td>d</td></tr></table>",
            "| a | a | b |\n| --- | --- | --- |\n| c | d | b |",
            id="spans",
        ),
        pytest.param(
            "<table><tr><th>A</th></tr><tr><td><pre>x\ny</pre></td></tr>"
            "<tr><td><table><tr><td>z</td></tr></table></td></tr></table>",
            "| A |\n| --- |\n| (see 1 below) |\n| (see 2 below) |\n\n(1):\n\n```\nx\ny\n```"
            "\n\n(2):\n\n| z |\n| --- |",
            id="blocks in cells",
        ),
        pytest.param("<ul><li><input type=checkbox checked> a</li></ul>", "- [x] a", id="task"),
        pytest.param("<dl><dt>a</dt><dd>b</dd></dl>", "- **a**\n\n  b", id="definitions"),
        pytest.param("https://a.example/b.html", "https://a.example/b.html", id="no HTML"),
    ],
)  # fmt: skip
def test_html_becomes_markdown(html: str, markdown: str) -> None:
    assert converted(html)[0] == markdown


@pytest.mark.parametrize(
    ("html", "markdown", "kind", "what"),
    [
        pytest.param(
            '<iframe src="https://v/1"></iframe>',
            "(iframe not moved: `https://v/1`)",
            LossKind.MARKUP,
            "<iframe> https://v/1",
            id="embedded",
        ),
        pytest.param(
            "<video><source src='a.mp4'>no video</video>",
            "(video not moved: `a.mp4`; no video)",
            LossKind.MARKUP,
            "<video> a.mp4",
            id="video",
        ),
        pytest.param("a<!-- b -->", "a", LossKind.COMMENT, "HTML comments: 1", id="comment"),
        pytest.param("a<script>b</script>", "a", LossKind.MARKUP, "<script>", id="script"),
        pytest.param("<u>a</u>", "a", LossKind.MARKUP, "<u>: 1", id="style"),
        pytest.param(
            "<details><summary>A</summary>b</details>",
            "**A**\n\nb",
            LossKind.MARKUP,
            "A",
            id="fold",
        ),
        pytest.param("<button>Go</button>", "Go", LossKind.MARKUP, "<button>", id="form"),
    ],
)
def test_what_has_no_form_leaves_something_and_a_loss(
    html: str, markdown: str, kind: LossKind, what: str
) -> None:
    made, losses = converted(html)
    assert made == markdown
    assert [(it.kind, it.what) for it in losses] == [(kind, what)]


PIECES = (
    "<p>", "</p>", "<table>", "</table>", "<tr>", "<td>", "<td rowspan=3 colspan=2>", "</td>",
    "<ul>", "<li>", "</li>", "</ul>", "<pre>", "</pre>", "<code>", "a|b", "```", "<dl>", "<dt>",
    "<dd>", "</dl>", "<details>", "<summary>", "<br>", "<a href='x y'>", "</a>", "<img src=a>",
    "<video>", "<source src=b>", "<form>", "<input>", "<!--", "-->", "&amp;", "\0", "\ud800", "te",
    "<iframe>", "<h1>", "<b>", "</b>", "<td", "<?x", "<![CDATA[x]]>", "<svg>", "<math>", "<object>",
)  # fmt: skip


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=25).map("".join))
def test_no_html_is_too_sloppy(html: str) -> None:
    converted(html)


def test_html_nested_without_end_keeps_its_text() -> None:
    made, _ = converted("<div>" * 5_000 + "text")
    assert "text" in made


def test_what_a_cell_or_code_cannot_hold_is_counted() -> None:
    html = "<table><tr><td><h3>a</h3><ol><li>b</li><li>c</li></ol></td></tr></table>"
    markdown, losses = converted(f'{html}<pre>d <a href="e">f</a><img src="g"></pre>')
    assert markdown == "| **a**<br>1. b<br>2. c |\n| --- |\n\n```\nd f\n```\n\n![](g)"
    assert sorted((it.kind.value, it.what) for it in losses) == [
        ("link", "e"),
        ("markup", "1 headings in cells"),
        ("markup", "2 list items in cells"),
        ("markup", "images in code: 1"),
    ]
