"""A plan as a page: whole in itself, nothing in it is markup but what is meant to be."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings

from importer.model.ids import Field, Key, Kind, Ref
from importer.model.ledger import Binding
from importer.model.plan import Side
from importer.model.report import ResultState
from importer.rendering import Format, render_report
from importer.rendering.site_html import site_blocks
from importer.text.links import Text, plain
from importer.text.visible import visible
from tests.factories import (
    HOSTILE,
    SITE,
    a_conflict,
    a_create,
    a_delete,
    a_drift,
    a_field,
    a_plan,
    a_span,
    an_accept,
    an_update,
    an_upload,
    hostile_texts,
    plans,
    reports,
)
from tests.rendering.cases import PLANS, REPORTS
from tests.rendering.documents import TEMPLATES, html_of
from tests.rendering.test_html import MARKUP

if TYPE_CHECKING:
    from importer.model.plan import Plan
    from importer.model.report import Report

ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<b onclick=alert(1)>x</b>",
    "<a href='java\nscript:alert(1)'>x</a>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](data:text/html,x)",
    "[x](file:///etc/passwd)",
    '<a href="vbscript:x">x</a>',
    "![x](https://evil.example/pixel.png)",
    "<style>*{display:none}</style>",
    "<iframe src=https://evil.example></iframe>",
    "<form action=https://evil.example><input name=a></form>",
    "</noscript><script>alert(1)</script>",
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    "</div></details></main><h1>x",
    "<table><tr><td><script>",
    "<!--><script>alert(1)</script>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?php x ?><script>",
    "<p style=position:fixed id=changes class=live>x",
    '`<script>` and\n\n```"><script>\nx\n```',
]
_INSIDE = {
    *("a", "b", "bdi", "br", "code", "del", "em", "hr", "i", "ins", "kbd", "s", "span", "strike"),
    *("strong", "sub", "sup", "blockquote", "dd", "div", "dl", "dt", "li", "ol", "p", "pre", "ul"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "section", "table", "tbody", "td", "th", "thead", "tr"),
}
_ALLOWED = {
    *("href", "title", "class", "target", "rel", "start", "data-language", "data-sign"),
    "aria-label",
}


class Page(HTMLParser):
    """What a browser without scripts makes of a page: elements, attributes, and text by place."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.inside: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self._depth = 0
        self.feed(document)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.elements.append((tag, given))
        if tag == "div" and given.get("class") == "inside":
            self._depth = 1
        elif self._depth:
            self.inside.append((tag, given))
            self._depth += tag == "div"

    def handle_endtag(self, tag: str) -> None:
        self._depth -= bool(self._depth) and tag == "div"

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def by_class(self, name: str) -> list[dict[str, str]]:
        return [it for _, it in self.elements if name in it.get("class", "").split()]


def assert_harmless_page(document: str, *, scripts: int = 1) -> None:
    page = Page(document)
    assert [tag for tag, _ in page.elements].count("script") == scripts
    assert [tag for tag, _ in page.elements].count("style") == 1
    assert not {"img", "iframe", "link", "object", "svg", "base"} & {it for it, _ in page.elements}
    assert {tag for tag, _ in page.inside} <= _INSIDE
    for _, attributes in page.inside:
        assert set(attributes) <= _ALLOWED
    for _, attributes in page.elements:
        assert not {"src", "srcset", "action", "style", "onclick", "onload"} & set(attributes)
        href = attributes.get("href", "#")
        assert href.startswith(("#", "http://", "https://", "ftp://", "mailto:"))
        if not href.startswith("#"):
            assert "noreferrer" in attributes["rel"]
    lines = [line for line in document.split("\n") if line.strip().startswith("::")]
    assert not lines
    assert not re.search(r"##\w*\[", document)


def in_everything(text: str) -> Plan:
    """Return a plan with *text* wherever somebody else's text can be."""
    body = Text(f"{text}\n\n[x](\0)\n", (f"key:{text}",))
    return a_plan(
        a_create(text, title=text, body=text, tags=(text,), span=a_span(1, text)),
        an_update(a_field(Field.BODY, plain(text), body), a_field(Field.TITLE, text, "b"), key="u"),
        a_delete(text, title=text),
        blocked=(a_conflict(Side(Field.BODY, body, plain(text), plain("x")), key=text),),
        drift=(a_drift(Field.TAGS, (text,), ("x",), key=text),),
        notes=(text,),
        new_tags=(text,),
        namespace=text,
        team=text,
        bindings=(Binding(Key(text), Ref(Kind.QUESTION, 1), text, {}),),
    )


@pytest.mark.parametrize("text", [*ATTACKS, *MARKUP, *HOSTILE])
def test_a_hostile_text_is_text_wherever_it_stands(text: str) -> None:
    assert_harmless_page(html_of(in_everything(text)))


@given(plans(hostile_texts()))
@settings(max_examples=25)
def test_whatever_a_plan_holds_its_page_is_harmless(plan: Plan) -> None:
    assert_harmless_page(html_of(plan))


@pytest.mark.parametrize("name", PLANS)
def test_every_golden_plan_is_a_harmless_page(name: str) -> None:
    assert_harmless_page(html_of(PLANS[name]))


def test_a_hostile_title_shows_as_it_is_written() -> None:
    title = "<script>alert(1)</script> & {{ 7*7 }}"
    page = Page(html_of(a_plan(a_create(title=title))))
    assert page.texts.count(title) == 2  # in the headline and in the post


@pytest.mark.parametrize("name", ["every action", "empty"])
def test_the_page_needs_nothing_from_elsewhere_and_runs_only_its_own_script(name: str) -> None:
    document = html_of(PLANS[name])
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]+)"', document)
    digests = {}
    for tag in ("script", "style"):
        ((text),) = re.findall(rf"<{tag}>(.*?)</{tag}>", document, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        digests[tag] = f"'sha256-{digest}'"
        assert "//" not in re.sub(r"^ *//.*$", "", text, flags=re.MULTILINE)
        assert "@import" not in text
        assert "url(" not in text
    assert policy == (
        f"default-src 'none'; style-src {digests['style']}; script-src {digests['script']}; "
        "base-uri 'none'; form-action 'none'"
    )


def test_both_sides_are_shown_as_the_site_would_show_them() -> None:
    before = plain("Ask **Ann** on the day before, or see.\n")
    after = Text(
        "Ask **Bob** on the day before, or [see](\0).\n\n| a |\n|---|\n| 1 |\n", ("key:start",)
    )
    change = an_update(
        a_field(Field.TITLE, "Whom do I ask?", "Who knows?"),
        a_field(Field.TAGS, ("a",), ("a", "b")),
        a_field(Field.BODY, before, after),
    )
    document = html_of(a_plan(change, a_create("start")))
    assert "Ask <strong>Ann</strong> on the day before, or see." in document
    assert 'Ask <strong>Bob</strong> on the day before, or <a href="#at-start">see</a>.' in document
    assert "<td>1</td>" in document
    assert document.index("On the site now") < document.index("Afterwards")
    assert [it["class"] for it in Page(document).by_class("pane")] == [
        "pane before",
        "pane after",
        "pane after",
    ]
    assert "<del>Ann</del><ins>Bob</ins>" in document


def test_what_differs_is_marked_in_both_and_nothing_else() -> None:
    before = plain("# Same\n\nWas.\n\n- a\n- b\n\n[x]: https://a.example\n\n[x]\n")
    after = plain("# Same\n\nIs.\n\n- a\n- b\n\n[x]: https://b.example\n\n[x]\n\nNew.\n")
    document = html_of(a_plan(an_update(a_field(Field.BODY, before, after))))
    marked = re.findall(r'<div class="differs">(.*?)\s*</div>', document, re.DOTALL)
    link = '<p><a href="https://{}.example" target="_blank" rel="noopener noreferrer">x</a></p>'
    assert marked == [
        *("<p>Was.</p>", link.format("a")),
        *("<p>Is.</p>", link.format("b"), "<p>New.</p>"),
    ]
    raw = html_of(a_plan(an_update(a_field(Field.BODY, before, plain("<b>\n\nWas.\n")))))
    assert "differs" not in raw.split("</style>")[1]


def test_a_conflict_shows_all_three_sides() -> None:
    side = Side(Field.BODY, plain("Ours.\n"), plain("Theirs.\n"), plain("Was.\n"))
    document = html_of(a_plan(blocked=(a_conflict(side),)))
    panes = [it["class"] for it in Page(document).by_class("pane")]
    assert panes == ["pane base", "pane here", "pane site"]
    assert all(f"<p>{it}</p>" in document for it in ("Ours.", "Theirs.", "Was."))
    both = Side(Field.BODY, plain("A.\n\nB!\n"), plain("A!\n\nB.\n"), plain("A.\n\nB.\n"))
    document = html_of(a_plan(blocked=(a_conflict(both),)))
    marked = re.findall(r'<div class="differs"><p>(..)</p>', document)
    assert marked == ["B!", "A!"]


def test_a_conflict_whose_base_is_unknown_says_so() -> None:
    document = html_of(a_plan(blocked=(a_conflict(Side(Field.TITLE, "Ours", "Theirs")),)))
    assert "What both sides started from isn&#39;t known here." in document


def test_an_image_is_a_link_that_says_what_it_shows() -> None:
    (shown,) = site_blocks("![the *flow*](https://img.example/f.png)", lambda _: "")
    assert "<img" not in shown
    assert '<a class="image" href="https://img.example/f.png"' in shown
    assert "<b>the flow</b> <i>https://img.example/f.png</i>" in shown


def test_an_image_that_is_uploaded_goes_by_its_file() -> None:
    upload = an_upload("img/way.png")
    body = Text("![way](\0)\n", (f"key:{upload.key}",))
    shown = a_create(fields=(a_field(Field.BODY, None, body),))
    assert "<b>way</b> <i>file:img/way.png</i>" in html_of(a_plan(upload, shown))


def test_links_lead_to_posts_of_the_team_that_are_not_in_the_plan() -> None:
    url = f"{SITE}/questions/7"
    body = Text("[a](\0) [b](\0) [c](/c/acme/tags) [d](key:x)\n", ("key:vpn", "question/9"))
    plan = a_plan(
        a_create(fields=(a_field(Field.BODY, None, body),)),
        bindings=(Binding(Key("vpn"), Ref(Kind.QUESTION, 7), url, {}),),
    )
    document = html_of(plan)
    assert f'<a href="{url}" target="_blank" rel="noopener noreferrer">a</a>' in document
    assert f'<a href="{SITE}/questions/9"' in document
    assert '<a href="https://stackoverflowteams.com/c/acme/tags"' in document
    assert '<a class="dead" title="key:x">d</a>' in document


def test_raw_html_is_the_sites_subset_and_tables_come_of_markdown_alone() -> None:
    markdown = "<kbd>F1</kbd> <u>x</u>\n\n<table><tr><td>y</td></tr></table>\n"
    (shown,) = site_blocks(markdown, lambda _: "")
    assert "<kbd>F1</kbd> &lt;u&gt;x&lt;/u&gt;" in shown
    assert "&lt;table&gt;&lt;tr&gt;&lt;td&gt;y" in shown


def test_blank_lines_of_code_and_commands_of_ci_services_stay_what_they_are() -> None:
    document = html_of(a_plan(a_create(body="```\na\n\n\n\nb\n::error::c\n```\n")))
    assert "<code>a\n\n\n\nb\n&#58;:error::c\n</code>" in document


def test_the_tree_leads_by_folder_file_and_key_to_every_entry() -> None:
    plan = a_plan(
        a_create("faq/a", span=a_span(3, "content/faq.yaml")),
        a_create("faq/b", span=a_span(9, "content/faq.yaml")),
        a_create("c", span=a_span(1, "content/deep/c.md")),
        an_accept(),
        replace(a_delete(), span=None),
        drift=(a_drift(Field.TITLE, "a", "b", key="c"),),
    )
    document = html_of(plan)
    page = Page(document)
    ids = {it["id"] for it in page.by_class("entry")}
    links = [it["href"] for tag, it in page.elements if tag == "a" and it["href"][0] == "#"]
    assert ids == {it.removeprefix("#") for it in links} - {"changes"}
    assert {"at-faq%2Fa", "at-c", "at-c~2", "at-rollback%23cli"} <= ids
    folders = re.findall(r'<summary>([^<]+) <span class="count">(\d+)<', document)
    assert folders == [
        ("content", "5"),
        ("faq.yaml/faq", "2"),
        ("Not in a file", "1"),
        ("To delete", "1"),
    ]
    leaves = re.findall(r'title="([^"]*)"><span class="sign"[^>]*>.</span><span>([^<]+)<', document)
    assert leaves[0] == ("c When is the release freeze?", "deep/c.md")
    assert [name for _, name in leaves if name in "ab"] == ["a", "b"]
    assert leaves[-1][1] == "old-vpn"


def test_entries_can_be_cut_down_to_a_verb_or_a_reason() -> None:
    page = Page(html_of(PLANS["every action"]))
    chips = page.by_class("chip")
    tones = {it["data-tone"] for it in chips if "data-tone" in it}
    assert tones == {"blocked", "delete", "update", "create", "drift", "orphan", "manual"}
    causes = {it["data-cause"] for it in chips if "data-cause" in it}
    assert {"new", "edited", "merged", "overwrite", "links", "removed", "conflict"} <= causes


def test_a_long_plan_is_folded_and_all_of_it_is_there_without_scripts() -> None:
    many = [a_create(f"item/{at}", body=f"Body number {at}.") for at in range(30)]
    document = html_of(a_plan(*many))
    page = Page(document)
    assert document.count("<noscript>") == 30
    assert not any("open" in it for it in page.by_class("entry"))
    assert all(f"<p>Body number {at}.</p>" in document for at in range(30))
    few = Page(html_of(a_plan(*many[:5])))
    assert all("open" in it for it in few.by_class("entry"))


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_is_a_page_without_scripts(name: str) -> None:
    document = render_report(REPORTS[name], format=Format.HTML, templates=TEMPLATES)
    assert_harmless_page(document, scripts=0)
    assert "<noscript>" not in document
    assert "script-src" not in document
    text = " ".join(Page(document).texts)
    report = REPORTS[name]
    assert report.run in text
    assert all(visible(it.key) in text for it in report.results)
    assert all(visible(it.why) in text for it in report.results if it.state is ResultState.REJECTED)


@given(reports(hostile_texts()))
@settings(max_examples=20)
def test_whatever_a_report_holds_its_page_is_harmless(report: Report) -> None:
    assert_harmless_page(render_report(report, format=Format.HTML, templates=TEMPLATES), scripts=0)
