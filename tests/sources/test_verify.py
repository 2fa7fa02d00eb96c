"""What a page shows is compared with what is made of it; what is missing unseen is found."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.model.draft import Draft, Place
from importer.sources import Account, Fate, Loss, LossKind, Options, Page, shape
from importer.sources.html_markup import HTML
from importer.sources.page import MARKDOWN, Markup, Passage
from importer.sources.storage import Storage
from importer.sources.verify import Fidelity, Watch, eye_of, seen_of_drafts
from importer.sources.verify_comparing import Comparison, Outcome, compared
from importer.sources.verify_same import normal_html
from importer.sources.verify_seen import Construct, Seen, Sketch, Thing
from importer.sources.wiki_markdown import WIKI_MARKDOWN
from importer.sources.wikitext import Site, Wikitext
from tests.sources.factories import LONG, page

WIKITEXT = Wikitext(Site(), "A page")


def seen(text: str, markup: Markup = HTML) -> Seen:
    sketch = Sketch()
    eye_of(markup)(text, sketch)
    return sketch.seen


def shown(markdown: str) -> Seen:
    return seen_of_drafts([Draft("a", "A", (), markdown, (), Place("a", 1))])


EVERYTHING = Seen(["Head", "one two", "a", "b", "pic x()", "c", "d"])
EVERYTHING.things |= {
    Construct.HEADING: [Thing("Head", "2")],
    Construct.CODE: [Thing("x = 1", "python")],
    Construct.SPAN: [Thing("x()")],
    Construct.LINK: [Thing("https://a.example", "two")],
    Construct.IMAGE: [Thing("i.png", "pic")],
    Construct.ITEM: [Thing("a"), Thing("b")],
    Construct.CELL: [Thing("c"), Thing("d")],
}


@pytest.mark.parametrize(
    ("text", "markup"),
    [
        pytest.param(
            '<h2>Head</h2><p>one <a href="https://a.example">two</a></p><ul><li>a</li>'
            "<li>b</li></ul>"
            '<p>pic <img src="i.png" alt="pic"><code>x()</code></p>'
            '<pre><code class="lang-python">x = 1</code></pre>'
            "<table><tr><td>c</td><td>d</td></table>",
            HTML,
            id="HTML",
        ),
        pytest.param(
            "## Head\n\none [two](https://a.example)\n\n- a\n- b\n\npic ![pic](i.png)`x()`\n\n"
            "```python\nx = 1\n```\n\n| c | d |\n| --- | --- |",
            MARKDOWN,
            id="Markdown",
        ),
        pytest.param(
            "## Head\n\none [[two|https://a.example]]\n\n- a\n- b\n\npic [[i.png|alt=pic]]`x()`\n\n"
            "```python\nx = 1\n```\n\n| c | d |\n| --- | --- |",
            WIKI_MARKDOWN,
            id="a wiki's Markdown",
        ),
        pytest.param(
            "<h2>Head</h2><p>one <ac:link><ri:url ri:value='https://a.example'/><ac:link-body>two"
            "</ac:link-body></ac:link></p><ul><li>a</li><li><p>b</p></li></ul><p>pic <ac:image "
            'ac:alt="pic"><ri:attachment ri:filename="i.png"/></ac:image><code>x()</code></p>'
            '<ac:structured-macro ac:name="code"><ac:parameter ac:name="language">py'
            "</ac:parameter><ac:plain-text-body><![CDATA[x = 1]]></ac:plain-text-body>"
            "</ac:structured-macro><table><tbody><tr><td><p>c</p></td><td>d</td></tr></tbody></table>",
            Storage(),
            id="storage format",
        ),
        pytest.param(
            "== Head ==\none [https://a.example two]\n* a\n* b\n\npic [[File:i.png|pic]]"
            '<code>x()</code>\n<syntaxhighlight lang="python">\nx = 1\n</syntaxhighlight>\n'
            "{|\n|-\n| c || d\n|}",
            WIKITEXT,
            id="wikitext",
        ),
    ],
)
def test_every_source_shows_the_same_things(text: str, markup: Markup) -> None:
    found = seen(text, markup)
    images = [it.what for it in found.things[Construct.IMAGE]]
    assert images == ["i.png"]
    made = compared(found, EVERYTHING, ())
    missing = [(it.construct, it.what) for it in made.differences if it.construct != "image"]
    assert missing == []
    assert made.counts[Construct.TEXT, Outcome.KEPT] == 9
    for construct, things in EVERYTHING.things.items():
        assert len(found.things[construct]) == len(things), construct


@pytest.mark.parametrize(
    ("text", "markup", "words"),
    [
        pytest.param(
            "<p>a<script>b</script><style>c</style><!-- d --></p>", HTML, "a", id="unseen"
        ),
        pytest.param("<input type=checkbox checked> a", HTML, "[x] a", id="a task"),
        pytest.param("<details><summary>a</summary>b</details>", HTML, "a b", id="a fold"),
        pytest.param("a[^1] b\n\n[^1]: c d", WIKI_MARKDOWN, "a b c d", id="a footnote"),
        pytest.param("a <b>c</b>", MARKDOWN, "a c", id="HTML in Markdown"),
        pytest.param("{{note|a b}}{{toc}}", WIKITEXT, "a b toc", id="templates"),
        pytest.param("a<ref>b</ref>[[Category:X]]", WIKITEXT, "a 1 b", id="a footnote of a wiki"),
        pytest.param(
            '<ac:structured-macro ac:name="toc"/><ac:structured-macro ac:name="status">'
            '<ac:parameter ac:name="title">ok</ac:parameter></ac:structured-macro>&nbsp;a',
            Storage(),
            "toc ok a",
            id="macros",
        ),
        pytest.param("<p>&nosuch; &auml;<b>", Storage(), "&nosuch; ä", id="no proper XML"),
    ],
)
def test_what_is_seen_of_a_text_is_what_a_reader_saw(text: str, markup: Markup, words: str) -> None:
    assert " ".join(" ".join(seen(text, markup).blocks).split()) == words


def test_the_site_shows_no_tag_that_it_does_not_know() -> None:
    found = shown("<details>\n\na <kbd>b</kbd>\n\n</details>\n\n<table><tr><td>c</td></tr></table>")
    assert found.blocks == ["a b", "c"]
    assert found.things[Construct.CELL] == []


def loss(what: str, kind: LossKind = LossKind.MARKUP, why: str = "dropped") -> Loss:
    return Loss(kind, Place("a", 1), what, why)


def judged(source: str, result: str, *losses: Loss) -> Comparison:
    return compared(seen(source), shown(result), losses)


def outcomes(made: Comparison) -> dict[str, str]:
    return {it.construct: it.outcome for it in made.differences}


@pytest.mark.parametrize(
    ("source", "result", "losses", "expected"),
    [
        pytest.param("<p>a b</p>", "a b", [], {}, id="nothing differs"),
        pytest.param("<p>a b c</p>", "a c", [], {"text": "unreported"}, id="a word is gone"),
        pytest.param(
            "<p>a b c</p>", "a c", [loss("b")], {"text": "reported"}, id="a word is reported"
        ),
        pytest.param("<p>a</p><p>b c</p>", "b c\n\na", [], {"text": "changed"}, id="moved"),
        pytest.param("<p>(a) b</p>", "*a* b", [], {"text": "changed"}, id="other signs"),
        pytest.param("<pre>x = 1</pre>", "", [], {"code": "unreported"}, id="code is gone"),
        pytest.param("<pre>x  = 1</pre>", "    x = 1", [], {"code": "changed"}, id="other blanks"),
        pytest.param(
            '<pre class="lang-py">x</pre>', "```python\nx\n```", [], {}, id="another name"
        ),
        pytest.param(
            '<pre class="lang-py">x</pre>', "```\nx\n```", [], {"code": "changed"}, id="language"
        ),
        pytest.param(
            '<a href="/x">a</a>', "a (link not moved: `/x`)", [], {"link": "unreported"}, id="link"
        ),
        pytest.param(
            '<a href="/x">a</a>',
            "a (link not moved: `/x`)",
            [loss("/x", LossKind.LINK)],
            {"link": "reported"},
            id="a link is reported",
        ),
        pytest.param('<a href="/x">a</a>', "[a](key:x)", [], {}, id="led to a page"),
        pytest.param(
            '<a href="/x">a</a>', "[a b](key:x)", [], {"link": "unreported"}, id="another link"
        ),
        pytest.param(
            '<img src="i.png" alt="x"><p>b</p>', "b", [], {"image": "unreported"}, id="image"
        ),
        pytest.param(
            "<ul><li>a</li><li>b</li><li>c</li></ul>",
            "a, b, c",
            [loss("2 list items in cells")],
            {"list item": "unreported", "text": "changed"},
            id="a loss that counts covers as many",
        ),
        pytest.param("<h2>A b</h2>", "### A b", [], {"heading": "changed"}, id="level"),
        pytest.param(
            "<table><tr><td>a<ul><li>b</li></ul></td></tr></table>",
            "| a<br>- b |\n| --- |",
            [loss("1 list items in cells")],
            {"list item": "reported", "table cell": "changed"},
            id="a list in a cell",
        ),
        pytest.param(
            "<h2>A b</h2>", "A b", [loss("A b", why="its form is gone")], {"heading": "reported"},
            id="formless",
        ),
        pytest.param(
            "<h2>A b</h2>", "A b", [loss("A b", LossKind.TITLE)], {"heading": "unreported"},
            id="a title's loss says nothing of a heading",
        ),
    ],
)  # fmt: skip
def test_each_difference_is_judged(
    source: str, result: str, losses: list[Loss], expected: dict[str, str]
) -> None:
    assert outcomes(judged(source, result, *losses)) == expected


def watched(*pages: Page) -> Fidelity:
    watch = Watch(lambda: pages)
    results = list(watch.over(shape(lambda: pages, Options())))
    assert sum(isinstance(it, Account) for it in results) == len(pages)
    return watch.fidelity


def test_pages_are_compared_as_they_come_and_only_those_that_differ_are_held() -> None:
    good = page("The first of them all?", answers=(Passage(f"<p>{LONG} <i>b</i></p>", HTML),))
    other = page("The second of them all?", answers=(Passage(f"<dl><dt>{LONG}</dt></dl>", HTML),))
    found = watched(good, other, good)
    assert (found.pages, found.lost, found.texts, found.identical) == (2, 0, 2, 1)
    assert found.counts[Construct.TEXT, Outcome.KEPT] == 2 * len(LONG.split()) + 1
    assert found.differing == []


def test_a_converter_that_drops_something_is_found_out() -> None:
    class Careless:
        name = "HTML"

        def to_markdown(self, text: str, _place: Place, _losses: object) -> str:
            return text.replace("<b>never</b> ", "").replace("<p>", "").replace("</p>", "")

    text = f"<p>It is <b>never</b> safe. {LONG}</p>"
    found = watched(page(answers=(Passage(text, Careless()),)))
    (differing,) = found.differing
    assert [(it.outcome, it.what) for it in differing.differences] == [("unreported", "never")]
    assert found.lost == 1


def test_losses_of_a_later_page_of_the_same_file_report_nothing_of_an_earlier_one() -> None:
    first = page(place=Place("faq.md", 1), source=f"{LONG} gone")
    second = page("Another question of them?", place=Place("faq.md", 9), source=f"{LONG} gone")

    def pages() -> Iterator[Page | Loss]:
        yield Loss(LossKind.TEXT, Place("faq.md", 10), "gone", "dropped")
        yield first
        yield second

    watch = Watch(pages)
    fates = [it.fate for it in watch.over(shape(pages, Options())) if isinstance(it, Account)]
    assert fates == [Fate.MIGRATED, Fate.MIGRATED]
    texts = [(it.place.line, it.differences[0].outcome) for it in watch.fidelity.differing]
    assert texts == [(1, "unreported"), (9, "reported")]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        pytest.param("<p>a  b</p>\n", "<p>a\nb</p>", True, id="blanks"),
        pytest.param(
            "<p><b>a</b> <i>c</i></p>", "<p><strong>a</strong> <em>c</em></p>", True, id="b"
        ),
        pytest.param(
            "<p><b><i>a</i></b></p>", "<p><em><strong>a</strong></em></p>", True, id="order"
        ),
        pytest.param("<p><b>a </b>b</p>", "<p><b>a</b> b</p>", True, id="a blank within a tag"),
        pytest.param("<p>a<br></p>", "<p>a</p>", True, id="a line's end at the end"),
        pytest.param(
            "<div>a<p>b</p></div>", "<p>a</p><p>b</p>", True, id="words without a paragraph"
        ),
        pytest.param("<ul><li><p>a</p></li></ul>", "<ul><li>a</li></ul>", True, id="one item"),
        pytest.param(
            "<ul><li><p>a</p></li><li>b</li></ul>",
            "<ul><li>a</li><li>b</li></ul>",
            False,
            id="apart",
        ),
        pytest.param("<pre>a  b</pre>", "<pre>a b</pre>", False, id="blanks in code"),
        pytest.param("<p>a b</p>", "<p>a</p><p>b</p>", False, id="paragraphs"),
        pytest.param('<a href="x">a</a>', '<a href="y">a</a>', False, id="address"),
        pytest.param("<p>a<sub>1</sub></p>", "<p>a1</p>", False, id="sub"),
    ],
)
def test_what_does_not_show_makes_no_difference(one: str, other: str, *, same: bool) -> None:
    assert (normal_html(one) == normal_html(other)) is same


SIGNS = st.one_of(
    st.sampled_from(["<", ">", "/", "[[", "]]", "{{", "}}", "{|", "|", "|}", "=", "\n", " ", "*"]),
    st.sampled_from(["<ref>", "<li>", "<pre>", "<td>", "</", "<ac:link>", "&", ";", "\0", "[^"]),
    st.characters(),
)


@pytest.mark.parametrize(
    "markup", [HTML, MARKDOWN, WIKI_MARKDOWN, Storage(), WIKITEXT], ids=lambda it: it.name
)
@given(pieces=st.lists(SIGNS, max_size=40))
def test_no_text_stops_the_verifier(markup: Markup, pieces: list[str]) -> None:
    assert isinstance(seen("".join(pieces), markup), Seen)


@pytest.mark.parametrize(
    ("text", "markup"),
    [
        pytest.param("<div><b>" * 2_000 + "deep", HTML, id="HTML"),
        pytest.param("<ul><li>" * 500 + "deep", HTML, id="lists"),
        pytest.param("> " * 300 + "deep", MARKDOWN, id="Markdown"),
        pytest.param("<ac:x>" * 2_000 + "deep", Storage(), id="storage format"),
        pytest.param("<div>" * 300 + "deep" + "</div>" * 300, WIKITEXT, id="wikitext"),
        pytest.param("{{a|" * 300 + "deep" + "}}" * 300, WIKITEXT, id="templates"),
    ],
)
def test_what_is_nested_deeply_is_seen_or_ends_without_an_error(text: str, markup: Markup) -> None:
    found = seen(text, markup)
    assert isinstance(" ".join(found.blocks), str)
