"""The marker: whatever is attached comes off again, and nothing else is taken for one."""

from __future__ import annotations

from html import escape

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from importer.model.ids import is_key
from importer.text.canonical import canonical_text
from importer.text.digests import Digest, digest_text, shorten
from importer.text.marker import (
    PREFIX,
    VERSION,
    Marker,
    attach,
    detach,
    format_marker,
    is_encoded_marker,
    is_marker_line,
    parse_marker,
    shows_marker,
)

LINE = "<!-- teams-importer:1 handbook:rollback t=k3v9q2ma -->".replace("9", "7")
FOOTER = (
    "*[maintained in git](https://example.org/w#teams-importer:1;handbook:rollback;t=k3v7q2ma)*"
)
OURS = Marker(1, "handbook:rollback", {"t": Digest("k3v7q2ma")})

_segment = st.from_regex(r"[a-z0-9]+([._-][a-z0-9]+)*", fullmatch=True)
_key = st.lists(_segment, min_size=1, max_size=5).map("/".join).filter(is_key)
_full = st.builds(
    lambda space, key, answer: f"{space}:{key}" + (f"#{answer}" if answer else ""),
    _key,
    _key,
    st.none() | _key,
)
_digests = st.dictionaries(st.sampled_from("tgbz"), st.text().map(digest_text))
_LONGEST = "a" * 100


@given(_full, _digests)
@example(f"{_LONGEST}:{_LONGEST}#{_LONGEST}", {})
@example("h:tag", {"z": digest_text(""), "b": digest_text(""), "t": digest_text("")})
def test_a_marker_says_again_what_it_was_told(full: str, digests: dict[str, Digest]) -> None:
    marker = parse_marker(format_marker(full, digests))
    assert parse_marker(format_marker(full, digests, "https://example.org/w")) == marker
    shortened = {letter: shorten(digest) for letter, digest in digests.items()}
    assert marker == Marker(VERSION, full, shortened)


def test_the_digests_stand_in_the_order_of_the_fields() -> None:
    digests = {letter: digest_text(letter) for letter in "zbgt"}
    words = format_marker("h:x", digests).split()[3:-1]
    assert [word[0] for word in words] == ["t", "g", "b", "z"]


@given(st.text(st.sampled_from("ab \n`~<!->\t-"), max_size=40))
@example("")
@example("```\na")
@example("- ```\n  a")
@example("<!--\na")
@example("<pre>\na")
def test_what_was_attached_comes_off(body: str) -> None:
    text = canonical_text(body)
    for line in (LINE, FOOTER):
        bare, marker = detach(attach(text, line))
        assert canonical_text(bare) == text
        assert marker == OURS


@pytest.mark.parametrize(
    ("markdown", "bare"),
    [
        pytest.param(f"a\n\n{LINE}", "a", id="as written"),
        pytest.param(f"a\r\n\r\n{LINE}\r\n", "a", id="line ends of Windows"),
        pytest.param(f"a\n\n{LINE}  \n\n \n", "a", id="blanks behind it"),
        pytest.param(LINE, "", id="nothing else"),
        pytest.param(f"a\n\n{LINE}\n\nb\n", "a\n\nb", id="text typed below"),
        pytest.param(f"{LINE}\nb", "b", id="all text typed below"),
        pytest.param(f"a\n\n{LINE}\n```\nb\n```", "a\n\n```\nb\n```", id="code typed below"),
        pytest.param(f"a\n{LINE}", "a", id="the blank line was deleted"),
        pytest.param(f"```\na\n\n{LINE}", "```\na", id="somebody left a fence open"),
        pytest.param(f"<!--\n\n{LINE}", "<!--", id="somebody left a comment open"),
    ],
)
def test_the_marker_is_found_where_people_left_it(markdown: str, bare: str) -> None:
    assert detach(markdown) == (bare, OURS)


@pytest.mark.parametrize(
    "markdown",
    [
        pytest.param("a", id="no marker"),
        pytest.param(f"```\n{LINE}\n```", id="in a fence"),
        pytest.param(f"```\n{LINE}\n\nb", id="in an open fence, not last"),
        pytest.param(f"a {LINE}", id="behind text"),
        pytest.param(f" {LINE}", id="indented"),
        pytest.param(f"> {LINE}", id="quoted"),
        pytest.param(f"{LINE} a", id="before text"),
        pytest.param(LINE.replace(":1", ":0"), id="version 0"),
        pytest.param(LINE.replace(":1", ":01"), id="version 01"),
        pytest.param(LINE.replace(":1", ":"), id="no version"),
        pytest.param(LINE.replace(":1", ":\u0661"), id="a digit of another script"),
        pytest.param(LINE.replace("handbook", "Handbook"), id="capitals"),
        pytest.param(LINE.replace("handbook:rollback", ":rollback"), id="no namespace"),
        pytest.param(LINE.replace("handbook:rollback", "h" * 400), id="endless key"),
        pytest.param(LINE.replace(" t=", "  t="), id="two blanks"),
        pytest.param(LINE.replace("t=", "t=<"), id="angle bracket"),
        pytest.param(LINE.replace(" -->", "-->"), id="no blank at its end"),
        pytest.param(LINE.replace("<!-- ", "<!--"), id="no blank at its start"),
        pytest.param(LINE.replace(" -->", ""), id="cut off"),
        pytest.param(LINE.replace("teams-importer", "teams-exporter"), id="another tool's"),
        pytest.param(LINE.replace(" t", "\u00a0t"), id="a hard space"),
    ],
)
def test_what_only_looks_like_a_marker_is_text(markdown: str) -> None:
    assert detach(markdown) == (markdown, None)


def test_of_several_markers_the_last_counts() -> None:
    other = format_marker("handbook:other", {})
    bare, marker = detach(f"a\n\n{other}\n\nb\n\n{LINE}\n")
    assert marker == OURS
    assert other in bare


def test_a_later_version_is_known_by_its_key() -> None:
    line = "<!-- teams-importer:12 handbook:rollback x=1 b=k3v7q2ma sig:9/+= -->"
    assert parse_marker(line) == Marker(12, "handbook:rollback", {"b": Digest("k3v7q2ma")})


@pytest.mark.parametrize("word", ["t=K3V7Q2MA", "t=k3v7q2m", "t=k3v7q2ma0", "tt=k3v7q2ma", "t"])
def test_a_word_that_is_no_digest_is_passed_over(word: str) -> None:
    assert parse_marker(f"{PREFIX}1 h:x {word} -->") == Marker(1, "h:x", {})


# The footer, a marker that readers see.


def test_a_footer_is_one_line_that_renders_as_a_link() -> None:
    line = format_marker(
        "handbook:on_call/a.b#cli", {"t": digest_text("")}, "https://example.org/w"
    )
    assert line.startswith("*[maintained in git](https://example.org/w#teams-importer:1;")
    html = MarkdownIt("commonmark").render(attach("Body_of_this.", line))
    href = html.partition('href="')[2].partition('"')[0]
    assert f"({href} " in line, "nothing of it needs to be quoted"
    assert 'title="published by teams-importer">maintained in git</a></em></p>' in html
    assert shows_marker(html)


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(FOOTER.replace("*", "_"), id="another emphasis"),
        pytest.param(FOOTER.replace("*", ""), id="none"),
        pytest.param(FOOTER.replace("maintained in git", "aus dem Handbuch"), id="other words"),
        pytest.param(FOOTER.replace("https://example.org/w", "https://h/c/acme"), id="elsewhere"),
        pytest.param(f"{FOOTER}  ", id="blanks behind"),
        pytest.param(FOOTER.replace(")*", ' "another title")*'), id="a title"),
    ],
)
def test_a_footer_that_people_touched_is_one_still(line: str) -> None:
    assert detach(f"a\n\n{line}\n") == ("a", OURS)


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(f" {FOOTER}", id="indented"),
        pytest.param(f"See {FOOTER}", id="in a sentence"),
        pytest.param(f"- {FOOTER}", id="in a list"),
        pytest.param(FOOTER.replace("handbook", "Handbook"), id="no key"),
        pytest.param(FOOTER.replace(":1;", ":0;"), id="no version"),
        pytest.param(FOOTER.replace("teams-importer", "teams-exporter"), id="another tool's"),
        pytest.param(f"```\n{FOOTER}\n```", id="in code"),
        pytest.param(FOOTER.replace("](", "]( "), id="no link of ours"),
    ],
)
def test_what_only_looks_like_a_footer_is_text(line: str) -> None:
    assert detach(f"a\n\n{line}\n\nb\n") == (f"a\n\n{line}\n\nb\n", None)


def test_of_both_forms_the_last_counts_and_the_other_stays_text() -> None:
    bare, marker = detach(f"a\n\n{LINE}\n\n{FOOTER.replace('rollback', 'other')}\n")
    assert marker is not None
    assert (bare, marker.key) == (f"a\n\n{LINE}", "handbook:other")


def test_a_later_footer_is_known_by_its_key() -> None:
    later = parse_marker(FOOTER.replace(":1;", ":7;").replace("t=k3v7q2ma", "how=else;t=k3v7q2ma"))
    assert later == Marker(7, "handbook:rollback", {"t": Digest("k3v7q2ma")})


@pytest.mark.parametrize(
    ("line", "is_one"),
    [
        (LINE, True),
        (FOOTER, True),
        (f"  {FOOTER}", True),
        (f"{LINE} x", True),
        (f"x {FOOTER}", False),
    ],
)
def test_a_line_is_told_for_a_marker(line: str, is_one: bool) -> None:
    assert is_marker_line(line) is is_one


@pytest.mark.parametrize("footer", ["", "https://example.org/w"])
def test_a_marker_with_entities_is_told_by_its_line(footer: str) -> None:
    line = format_marker("handbook:rollback", {}, footer)
    assert is_encoded_marker(escape(line))
    assert not is_encoded_marker(line)
    assert parse_marker(escape(line)) is None


@pytest.mark.parametrize(
    ("shown", "may"),
    [
        (f"<p>a</p>\n<p>{FOOTER}</p>", True),
        ('<a href="https://x/#teams-importer%3A1;h:k">', True),
        (LINE, True),
        ("<p>We use the teams-importer: it is nice.</p>", False),
    ],
)
def test_a_list_shows_whether_a_post_may_bear_a_marker(shown: str, may: bool) -> None:
    assert shows_marker(shown) is may
