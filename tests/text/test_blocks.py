"""What lies in a fence or a comment, and what a text leaves open at its end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.text.blocks import Open, left_open, lines


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        pytest.param("a|```|b|```|c", ".###.", id="fence"),
        pytest.param("a|```|b|", ".###", id="open fence"),
        pytest.param("~~~|```|~~~|b", "###.", id="another fence inside"),
        pytest.param("````|```|````  |b", "###.", id="shorter fence inside"),
        pytest.param("```|``` x|```|b", "###.", id="no text behind a closing fence"),
        pytest.param("```|    ```|```|b", "###.", id="no closing fence in code"),
        pytest.param("   ```|b|  ```|c", "###.", id="indented fence"),
        pytest.param("    ```|b", "..", id="indented code is no fence"),
        pytest.param("- ```|  b||  c|- d", "####.", id="in a list item"),
        pytest.param("- ```|b", "#.", id="ends with its list item"),
        pytest.param("> ```|> b|c", "##.", id="ends with its quote"),
        pytest.param("> ```|> b||c", "##..", id="a blank line ends a quote"),
        pytest.param("1. - > ```|     > b|x", "##.", id="nested"),
        pytest.param("``` a`b|c", "..", id="code span of three"),
        pytest.param("<pre>|```|</pre>|b", "....", id="in raw HTML"),
        pytest.param("<!--|a|b -->|c", ".--.", id="comment"),
        pytest.param("<!-- a -->|b", "..", id="comment on one line"),
        pytest.param("<!--||```|-->|b", ".---.", id="comment with a blank line and a fence"),
        pytest.param("a|<!--|b|-->", "..--", id="a comment interrupts a paragraph"),
        pytest.param("a <!--|b", "..", id="no comment block within a line"),
        pytest.param("```|<!--|```|b", "###.", id="comment in a fence"),
        pytest.param("- <!--|- b", "..", id="a comment ends with its list item"),
        pytest.param("- <!--|  b", ".-", id="comment in a list item"),
    ],
)
def test_each_line_says_what_it_lies_in(markdown: str, expected: str) -> None:
    found = lines(markdown.replace("|", "\n"))
    assert "".join("#" if it.code else "-" if it.comment else "." for it in found) == expected


@given(st.text(alphabet="`~>- \t\n\r<!-x"))
def test_the_lines_are_the_text(markdown: str) -> None:
    found = list(lines(markdown))
    assert [it.text for it in found] == [it.removesuffix("\r") for it in markdown.split("\n")]
    assert all(markdown.startswith(it.text, it.start) for it in found)


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        pytest.param("a", None, id="text"),
        pytest.param("", None, id="empty"),
        pytest.param("```\na", Open.FENCE, id="fence"),
        pytest.param("```\na\n", Open.FENCE, id="fence and line end"),
        pytest.param("```\na\n```", None, id="closed fence"),
        pytest.param("```\na\n``", Open.FENCE, id="fence closed too short"),
        pytest.param("```\na\n~~~", Open.FENCE, id="fence closed by another"),
        pytest.param("~~~~\na\n~~~", Open.FENCE, id="tilde fence closed too short"),
        pytest.param("- ```\n  a", None, id="a fence in a list item ends with it"),
        pytest.param("> ```\n> a", None, id="a fence in a quote ends with it"),
        pytest.param("    ```", None, id="fence in indented code"),
        pytest.param("<!-- a", Open.COMMENT, id="comment"),
        pytest.param("<!-- a\n\n-->", None, id="closed comment"),
        pytest.param("a\n<!--", Open.COMMENT, id="comment under text"),
        pytest.param("a <!-- b", None, id="a comment within a line ends with its paragraph"),
        pytest.param("`<!--`", None, id="comment in a code span"),
        pytest.param("<pre>\na", Open.PRE, id="pre"),
        pytest.param("<PRE class=x>\n\na", Open.PRE, id="pre with an attribute"),
        pytest.param("<pre>\na</pre>", None, id="closed pre"),
        pytest.param("<pre>a</script>", None, id="any of the four ends a block"),
        pytest.param("a <pre>", None, id="pre within a line"),
        pytest.param("<prefix>\na", None, id="another tag"),
        pytest.param("<script>\na", Open.SCRIPT, id="script"),
        pytest.param("<style>\na", Open.STYLE, id="style"),
        pytest.param("<textarea>\na", Open.TEXTAREA, id="textarea"),
        pytest.param("<div>\na", None, id="a blank line ends other tags"),
        pytest.param("<?php\na", None, id="an instruction hides what comes, too"),
        pytest.param("<pre>\n```\n</pre>", None, id="fence in pre"),
        pytest.param("```\n<pre>\n```", None, id="pre in a fence"),
    ],
)
def test_what_would_swallow_a_line_put_below_is_told(markdown: str, expected: Open | None) -> None:
    assert left_open(markdown) is expected


@given(st.text(alphabet="`~>- \n<!-prex/`", max_size=40), st.sampled_from(["```\n", "<!--\n", ""]))
def test_a_comment_put_below_what_leaves_nothing_open_is_a_line_of_its_own(
    body: str, tail: str
) -> None:
    markdown = body + tail
    *_, last = lines(f"{markdown}\n\n<!-- mark -->")
    if left_open(markdown) is None:
        assert (last.code, last.comment) == (False, False)
    if left_open(markdown) in (Open.FENCE, Open.COMMENT):
        assert (last.code, last.comment) != (False, False)
