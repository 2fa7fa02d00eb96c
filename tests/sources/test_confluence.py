"""Confluence: storage format by rules for its macros, and exports with an account of every page."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.errors import UsageError
from importer.model.draft import Place
from importer.sources import READERS, Account, LossKind, Options, Tally, read_rules, tally
from importer.sources.confluence_links import short_name
from importer.sources.losses import Loss, Losses
from importer.sources.reader import Likeness
from importer.sources.storage import Storage
from tests.pictures import SVG, png
from tests.sources.factories import content_of, converted, named, parted, wiki


def markdown(text: str, storage: Storage | None = None) -> tuple[str, list[Loss]]:
    losses = Losses("entities.xml")
    given = storage or Storage("OPS", {"u1": "Ann Lee"})
    return given.to_markdown(text, Place("entities.xml", 1), losses), losses.found


def macro(name: str, body: str = "", **parameters: str) -> str:
    said = "".join(f'<ac:parameter ac:name="{k}">{v}</ac:parameter>' for k, v in parameters.items())
    return f'<ac:structured-macro ac:name="{name}">{said}{body}</ac:structured-macro>'


def rich(text: str) -> str:
    return f"<ac:rich-text-body>{text}</ac:rich-text-body>"


def plain(text: str) -> str:
    return f"<ac:plain-text-body><![CDATA[{text}]]></ac:plain-text-body>"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("<p>a&nbsp;&amp;&eacute;&lt;b&gt;</p>", "a\u00a0&é\\<b>", id="entities"),
        pytest.param(
            macro("code", plain('x = "&nbsp;"\n```\n<b>'), language="py"),
            '````python\nx = "&nbsp;"\n```\n<b>\n````',
            id="code",
        ),
        pytest.param(
            macro("code", plain("a]]]]><![CDATA[>b"), title="T"),
            "**T**\n\n```\na]]>b\n```",
            id="code in two sections, with a title",
        ),
        pytest.param(macro("info", rich("<p>a</p>")), "> **Info**\n>\n> a", id="info"),
        pytest.param(
            macro("panel", rich("<p>a</p>"), title="T"), "> **T**\n>\n> a", id="panel"
        ),
        pytest.param(macro("expand", rich("<p>a</p>"), title="T"), "**T**\n\na", id="expand"),
        pytest.param(f"<p>{macro('status', title='A', colour='Green')}</p>", "**A**", id="status"),
        pytest.param(f"<p>a{macro('anchor')}</p>", "a", id="anchor"),
        pytest.param(f"<p>{macro('jira', key='OPS-1')}</p>", "OPS-1", id="jira"),
        pytest.param(
            '<p><ac:link><ri:page ri:content-title="A &amp; b" /></ac:link></p>',
            "[A & b](wiki:OPS%3AA%20%26%20b)",
            id="link by title",
        ),
        pytest.param(
            '<ac:link ac:anchor="x"><ri:page ri:content-title="A" ri:space-key="DEV" />'
            "<ac:link-body><strong>b</strong></ac:link-body></ac:link>",
            "[**b**](wiki:DEV%3AA#x)",
            id="link with a rich body",
        ),
        pytest.param(
            '<ac:link><ri:attachment ri:filename="a b.pdf" /><ac:plain-text-link-body>'
            "<![CDATA[c]]></ac:plain-text-link-body></ac:link>",
            "[c](attachments/a%20b.pdf)",
            id="attachment",
        ),
        pytest.param('<ac:link><ri:user ri:userkey="u1" /></ac:link>', "@Ann Lee", id="user"),
        pytest.param('<ac:link><ri:user ri:userkey="u2" /></ac:link>', "@u2", id="unknown user"),
        pytest.param(
            '<ac:image ac:alt="b"><ri:attachment ri:filename="a.png" /></ac:image>',
            "![b](attachments/a.png)",
            id="image",
        ),
        pytest.param(
            "<ac:task-list><ac:task><ac:task-status>complete</ac:task-status><ac:task-body>a"
            "</ac:task-body></ac:task><ac:task><ac:task-status>incomplete</ac:task-status>"
            "<ac:task-body>b</ac:task-body></ac:task></ac:task-list>",
            "- [x] a\n- [ ] b",
            id="tasks",
        ),
        pytest.param(
            "<ac:layout><ac:layout-section><ac:layout-cell><p>a</p></ac:layout-cell>"
            "<ac:layout-cell><p>b</p></ac:layout-cell></ac:layout-section></ac:layout>",
            "a\n\nb",
            id="layout",
        ),
        pytest.param(
            f"<table><tr><th>A</th></tr><tr><td>{macro('code', plain('x' + chr(10) + 'y'))}"
            "</td></tr></table>",
            "| A |\n| --- |\n| (see 1 below) |\n\n(1):\n\n```\nx\ny\n```",
            id="code in a cell",
        ),
        pytest.param('<p>a<ac:emoticon ac:name="tick" /></p>', "a✔", id="emoticon"),
        pytest.param('<p><time datetime="2024-05-02" /></p>', "2024-05-02", id="date"),
        pytest.param(
            "<ul><li><p>a</p></li><li><p>b</p><ul><li><p>c</p></li></ul></li></ul>",
            "- a\n- b\n  - c",
            id="items that are paragraphs",
        ),
    ],
)  # fmt: skip
def test_storage_format_becomes_markdown(text: str, expected: str) -> None:
    made, losses = markdown(text)
    assert made == expected
    assert {it.what for it in losses} <= {"T", "blocks in cells of a table: 1"}


@pytest.mark.parametrize(
    ("text", "expected", "kind", "what"),
    [
        pytest.param(
            macro("roadmap", rich("<p>a</p>"), x="1"),
            "*(macro: roadmap: x=1)*\n\na",
            LossKind.MARKUP,
            "macro roadmap: x=1",
            id="unknown",
        ),
        pytest.param(macro("toc"), "", LossKind.NAVIGATION, "toc", id="navigation"),
        pytest.param(
            macro("excerpt-include", '<ac:parameter ac:name="page"><ac:link><ri:page '
                  'ri:content-title="Other" /></ac:link></ac:parameter>'),
            "*(macro: excerpt-include: page=Other)*",
            LossKind.MARKUP,
            "macro excerpt-include: page=Other",
            id="what another page says",
        ),
        pytest.param(
            '<ac:adf-extension><ac:adf-node type="panel"><ac:adf-content><p>a</p></ac:adf-content>'
            "</ac:adf-node></ac:adf-extension>",
            "a",
            LossKind.MARKUP,
            "macro panel",
            id="the new editor's own",
        ),
        pytest.param(
            macro("plantumlcloud", compressed="true",
                  data="UzUxKC5JLCopzc1RNXB0VDUy0FU1dgVSTkCuqolBal4KUAoA"),
            "```plantuml\n@startuml\nA -> B\n@enduml\n```",
            LossKind.MARKUP,
            "macro plantumlcloud",
            id="packed drawing",
        ),
        pytest.param(
            macro("plantuml", plain("a -> b")),
            "```plantuml\na -> b\n```",
            LossKind.MARKUP,
            "macro plantuml",
            id="drawing",
        ),
        pytest.param(
            macro("view-file", '<ac:parameter ac:name="name"><ri:attachment ri:filename="a.pdf" />'
                  "</ac:parameter>"),
            "[a.pdf](attachments/a.pdf)",
            LossKind.MARKUP,
            "macro view-file",
            id="file",
        ),
        pytest.param("<p>a</b>", "a", LossKind.MARKUP, "storage format", id="broken"),
    ],
)  # fmt: skip
def test_what_has_no_form_leaves_something_and_a_loss(
    text: str, expected: str, kind: LossKind, what: str
) -> None:
    made, losses = markdown(text)
    assert made == expected
    assert [(it.kind, it.what) for it in losses] == [(kind, what)]


def test_a_person_can_say_what_becomes_of_a_macro() -> None:
    rules = read_rules("# ours\ndecision: quote\n\ninfo: keep # only its text\n", "rules.txt")
    storage = Storage(rules=rules)
    assert markdown(macro("decision", rich("<p>a</p>")), storage)[0] == "> a"
    assert markdown(macro("info", rich("<p>a</p>")), storage)[0] == "a"
    with pytest.raises(UsageError, match=r"rules\.txt:1: no rule for a macro"):
        read_rules("info: bold", "rules.txt")


PIECES = (
    "<p>", "</p>", "<ac:link>", "</ac:link>", '<ri:page ri:content-title="a"/>', "<ri:user/>",
    "<ac:structured-macro>", "</ac:structured-macro>", "<![CDATA[", "]]>", "&nbsp;", "&x;", "&",
    "<ac:image>", "</ac:image>", "<ac:task>", "</ac:task>", "<!--", "-->", "<?x?>", "a", "\0",
    "<!DOCTYPE a [<!ENTITY b 'c'>]>", "&b;", "<table>", "<tr>", "<td>", "</td>", "\ud800",
)  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=20).map("".join))
def test_no_storage_format_is_too_broken(text: str) -> None:
    markdown(text)


def test_words_of_a_page_that_is_cut_are_counted_and_the_page_says_so() -> None:
    begin = "<ac:task-list><ac:task><ac:task-body>a "
    end = "</ac:task-body></ac:task></ac:task-list>"
    found, losses = markdown(f"<p>Begin</p>{begin * 1_000}LAST{end * 1_000}")
    (loss,) = (it for it in losses if it.kind is LossKind.TEXT)
    assert 900 < int(loss.what.removesuffix(" words")) <= 1_001
    assert found.endswith(f"({loss.what} of this page can't be read, and are not moved.)")
    assert found.startswith("Begin")


@pytest.mark.parametrize(
    "text", ["<p>One <b>two</p> &lt;three&gt; &uuml;ber", "<p a='x > y'>z<br>"]
)
def test_storage_format_that_is_read_whole_but_not_proper_loses_no_words(text: str) -> None:
    _, losses = markdown(text)
    assert {it.kind for it in losses} == {LossKind.MARKUP}


def thing(kind: str, number: str, *parts: str) -> str:
    return f'<object class="{kind}"><id name="id">{number}</id>{"".join(parts)}</object>'


def text(name: str, value: str) -> str:
    return f'<property name="{name}"><![CDATA[{value}]]></property>'


def to(name: str, kind: str, number: str) -> str:
    return f'<property name="{name}" class="{kind}"><id name="id">{number}</id></property>'


def a_page(number: str, title: str, *parts: str) -> str:
    return thing("Page", number, text("title", title), to("space", "Space", "1"), *parts)


def body(page: str, content: str, kind: str = "2") -> str:
    return thing("BodyContent", f"9{page}", text("body", content), text("bodyType", kind),
                 to("content", "Page", page))  # fmt: skip


LINK = '<p>See <ac:link><ri:page ri:content-title="Release steps" /></ac:link>.</p>'
EXPORT = (
    body("10", LINK), body("11", "<p>Push it.</p>"), body("12", "<p>x</p>"), body("13", "<p>x</p>"),
    body("14", "<p>x</p>"), body("15", "<p>x</p>"), body("16", "h1. x", kind="0"),
    thing("Space", "1", text("key", "OPS")),
    a_page("10", "Runbook of the team", to("lastModifier", "ConfluenceUserImpl", "u1"),
           text("lastModificationDate", "2024-05-02 10:00:00.000"), text("version", "4")),
    a_page("11", "Release steps", to("parent", "Page", "10"), text("contentStatus", "current")),
    a_page("12", "Not yet done", text("contentStatus", "draft")),
    a_page("13", "Salaries"), a_page("14", "Salaries of all", to("parent", "Page", "13")),
    a_page("15", "Release steps", to("originalVersion", "Page", "11")),
    a_page("16", "A very old page"), a_page("17", "A page without text"),
    thing("ContentPermissionSet", "30", text("type", "View"), to("owningContent", "Page", "13")),
    thing("ContentPermissionSet", "31", text("type", "Edit"), to("owningContent", "Page", "11")),
    thing("ConfluenceUserImpl", "u1", text("name", "Ann Lee")),
    thing("Label", "40", text("name", "how-to")),
    thing("Labelling", "41", to("label", "Label", "40"), to("content", "Page", "10")),
    thing("Attachment", "50", text("title", "plan.png"), text("version", "2"),
          to("containerContent", "Page", "10")),
    thing("Comment", "60"), thing("Notification", "61"),
)  # fmt: skip


def test_an_xml_export_becomes_articles_with_an_account_of_every_page(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            "entities.xml", f"<hibernate-generic>{''.join(EXPORT)}</hibernate-generic>"
        )
        archive.writestr("attachments/10/50/2", b"png")
    assert READERS["confluence"].guess(path) is Likeness.SURE
    results = converted("confluence", path, Options(address="https://wiki.example/"))
    drafts, losses = parted(results)
    assert [(it.key, it.title, it.tags) for it in drafts] == [
        ("runbook-of-the-team", "Runbook of the team", ("how-to",)),
        ("release-steps", "Release steps (ops)", ("ops",)),
    ]
    assert drafts[0].body == "See [Release steps](key:release-steps)."
    assert drafts[0].origin == (
        "https://wiki.example/pages/viewpage.action?pageId=10",
        "https://wiki.example/display/OPS/Runbook+of+the+team",
        "https://wiki.example/x/Cg",
    )
    assert [f"{it.what}: {it.why}"[:52] for it in losses if it.kind is LossKind.SKIPPED] == [
        "Not yet done: a page that is draft",
        "Salaries: a restricted page",
        "Salaries of all: it stands below a restricted page",
        "A very old page: its text is of an old form (body ty",
        "A page without text: the export holds no text of it",
    ]
    assert named(losses, LossKind.FILE) == ["entities.xml:1 plan.png"]
    assert named(losses, LossKind.COMMENT) == ["entities.xml:1 comments: 1"]
    assert tally(results) == Tally(7, migrated=2, split=0, merged=0, skipped=5)
    first, second, *_ = (it for it in results if isinstance(it, Account))
    assert (first.owner, first.revision, first.edited and first.edited.year) == (
        "Ann Lee",
        "4",
        2024,
    )
    assert second.parent == "Runbook of the team"


HTML = """<html><head><title>Ops : Runbook of it all</title></head><body><div id="breadcrumbs"><ol>
<li><span><a href="index.html">Ops</a></span></li></ol></div>
<h1 id="title-text"><span>Ops : Runbook of it all</span></h1>
<div class="page-metadata">Created by <span class="author">Bo</span>,
last modified by <span class="editor">Ann Lee</span> on May 02, 2024</div>
<div id="main-content"><div class="toc-macro"><ul><li>x</li></ul></div>
<p>See <a href="Steps_11.html">it</a> and <img src="attachments/10/50.png" class="image">.</p>
<div class="confluence-information-macro confluence-information-macro-note">
<div class="confluence-information-macro-body"><p>Mind.</p></div></div>
<pre class="syntaxhighlighter-pre" data-syntaxhighlighter-params="brush: java; gutter: false">int x;
</pre><ul class="inline-task-list"><li class="checked">a</li><li>b</li></ul></div></body></html>"""


def test_an_html_export_becomes_articles(tmp_path: Path) -> None:
    steps = HTML.replace("Runbook of it all", "The steps to do it").replace(
        "Steps_11", "Runbook_10"
    )
    files = {
        "index.html": "<html><body><ul><li>Ops</li></ul></body></html>",
        "Runbook_10.html": HTML,
        "Steps_11.html": steps.replace("Steps_11", "Runbook_10"),
        "attachments/10/50.png": "png",
        "styles/site.css": "x",
    }
    assert READERS["confluence"].guess(wiki(tmp_path, files)) is Likeness.LIKELY
    results = converted("confluence", tmp_path)
    drafts, losses = parted(results)
    assert [it.title for it in drafts] == ["Runbook of it all", "The steps to do it"]
    assert drafts[0].body == (
        "See [it](key:the-steps-to-do-it) and (image not moved: `attachments/10/50.png`).\n\n"
        "> **Note**\n>\n> Mind.\n\n```java\nint x;\n```\n\n- [x] a\n- [ ] b"
    )
    assert named(losses, LossKind.SKIPPED) == ["index.html:1 index.html"]
    assert sorted(named(losses, LossKind.FILE)) == [
        "Runbook_10.html:1 attachments/10/50.png",
        "Steps_11.html:1 attachments/10/50.png",
        "styles/site.css:1 styles/site.css",
    ]
    owners = [it.owner for it in results if isinstance(it, Account)]
    assert sorted(owners) == ["", "Ann Lee", "Ann Lee"]


@pytest.mark.parametrize(
    ("number", "short"),
    [("201819180", "LIQHD"), ("1", "AQ"), ("0", ""), ("16515072", "AAD8"), ("x", "")],
)
def test_a_short_link_is_the_id_in_base_64(number: str, short: str) -> None:
    assert short_name(number) == short


def test_short_links_lead_to_the_pages_and_are_old_addresses(tmp_path: Path) -> None:
    wiki_at, one, two = "https://wiki.example.com/confluence", "201819180", "3105071"
    links = "".join(
        f'<a href="{it}">a</a>, '
        for it in (f"{wiki_at}/x/LIQHD", "/x/LIQHD#part", "https://other.example/x/LIQHD")
    )
    pages = (
        thing("Space", "1", text("key", "OPS")),
        a_page(one, "Release & steps"), a_page(two, "Runbook of the team"),
        body(one, "<p>Push it.</p>"), body(two, f"<p>{links}</p>"),
    )  # fmt: skip
    (tmp_path / "entities.xml").write_text(
        f"<hibernate-generic>{''.join(pages)}</hibernate-generic>"
    )
    drafts, _ = parted(converted("confluence", tmp_path, Options(address=wiki_at)))
    found = {it.key: it for it in drafts}
    led = "[a](key:release-steps), [a](key:release-steps), [a](https://other.example/x/LIQHD),"
    assert found["runbook-of-the-team"].body == led
    assert found["release-steps"].origin == (
        f"{wiki_at}/pages/viewpage.action?pageId={one}",
        f"{wiki_at}/display/OPS/Release+%26+steps",
        f"{wiki_at}/x/LIQHD",
    )


def test_a_folder_without_a_page_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no page of Confluence"):
        converted("confluence", wiki(tmp_path, {"a.txt": "x"}))


def attached(number: str, page: str, title: str) -> str:
    return thing("Attachment", number, text("title", title), text("version", "1"),
                 to("containerContent", "Page", page))  # fmt: skip


def picture(name: str, inner: str = "") -> str:
    return f'<ac:image><ri:attachment ri:filename="{name}">{inner}</ri:attachment></ac:image>'


def test_images_of_an_xml_export_come_along_also_those_of_other_pages(tmp_path: Path) -> None:
    other = '<ri:page ri:content-title="Release &amp; steps" />'
    secret = '<ri:page ri:content-title="Secret" />'
    pdf = '<ac:link><ri:attachment ri:filename="a &amp; b.pdf" /></ac:link>'
    shown = (
        f"{picture('My flow.png')} {picture('flow.png', other)} {picture('none.png')}"
        f' {picture("s.png", secret)} <ac:image><ri:url ri:value="https://i.example/x.png" />'
        f"</ac:image> {pdf}"
    )
    objects = (
        body("10", f"<p>{shown}</p>"), body("11", "<p>Push it.</p>"), body("12", "<p>x</p>"),
        thing("Space", "1", text("key", "OPS")), a_page("10", "Runbook of the team"),
        a_page("11", "Release & steps"), a_page("12", "Secret"),
        attached("50", "10", "My flow.png"), attached("51", "11", "flow.png"),
        attached("52", "12", "s.png"), attached("53", "10", "a & b.pdf"),
        thing("ContentPermissionSet", "70", text("type", "View"),
              to("owningContent", "Page", "12")),
    )  # fmt: skip
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            "entities.xml", f"<hibernate-generic>{''.join(objects)}</hibernate-generic>"
        )
        for at, name in enumerate(("10/50", "11/51", "12/52", "10/53")):
            archive.writestr(f"attachments/{name}/1", png(at))
    drafts, losses = parted(converted("confluence", path, Options(address="https://w.example")))
    first = drafts[0]
    assert first.body == (
        "![My flow.png](asset:my-flow.png) ![flow.png](asset:flow.png) none.png (image not moved: "
        "`attachments/none.png`) s.png (image not moved: `wiki:OPS%3ASecret/attachments/s.png`) "
        "![](https://i.example/x.png) "
        "[a & b.pdf](https://w.example/download/attachments/10/a%20%26%20b.pdf)"
    )
    assert [it.name for it in first.assets] == ["flow.png", "my-flow.png"]
    assert [content_of(it) for it in first.assets] == [png(1), png(0)]
    assert [it.assets for it in drafts[1:]] == [()]
    assert len(named(losses, LossKind.IMAGE)) == 3


def test_images_of_an_html_export_come_along_thumbnails_whole(tmp_path: Path) -> None:
    tags = (
        '<img class="confluence-embedded-image confluence-thumbnail" src="attachments/thumbnails/'
        '10/50" data-image-src="attachments/10/50.png" data-linked-resource-default-alias="My.png">'
        '<img src="images/icons/x.png"><img src="attachments/10/51.svg">'
    )
    html = HTML.replace("</body>", '<div class="greybox"><a href="attachments/10/51.svg">d.svg</a>'
                        "</div></body>")  # fmt: skip
    html = html.replace('<img src="attachments/10/50.png"', f'{tags}<img src=""')
    wiki(tmp_path, {"Runbook_10.html": html})
    for name, content in {"attachments/10/50.png": png(1), "images/icons/x.png": png(2),
                          "attachments/10/51.svg": SVG}.items():  # fmt: skip
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    results = converted("confluence", tmp_path, Options(address="https://w.example"))
    (draft,), losses = parted(results)
    assert "![](asset:my.png)![](asset:x.png)" in draft.body
    assert "](https://w.example/download/attachments/10/d.svg)" in draft.body
    assert not [it for it in named(losses, LossKind.FILE) if "png" in it]


def test_pages_in_storage_format_find_the_files_near_them(tmp_path: Path) -> None:
    page = f"<p>A page that shows something. {picture('a.png')}{picture('b c.png')}</p>"
    wiki(tmp_path, {"ops/Runbook.xml": page})
    for at, name in enumerate(("ops/attachments/a.png", "ops/Runbook/b c.png")):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(png(at))
    (draft,), losses = parted(converted("confluence", tmp_path))
    assert [it.name for it in draft.assets] == ["a.png", "b-c.png"]
    assert draft.body.count("](asset:") == 2
    assert not named(losses, LossKind.FILE)


@pytest.mark.parametrize(
    ("given", "expected", "what"),
    [
        pytest.param(
            macro("drawio", diagramName="My flow"), "![My flow](attachments/My%20flow.png)",
            "macro drawio: My flow", id="drawing",
        ),
        pytest.param(
            macro("gliffy", displayName="net"), "![net](attachments/net.png)", "macro gliffy: net",
            id="another drawing",
        ),
        pytest.param(
            '<ac:image ac:width="300"><ri:attachment ri:filename="a.png"/><ac:caption><p>The '
            "<em>map</em></p></ac:caption></ac:image>",
            "![a.png](attachments/a.png)\n\nThe *map*", "images with a size: 1",
            id="size and caption",
        ),
        pytest.param(
            '<ac:image ac:thumbnail="true" ac:alt="A"><ri:url ri:value="https://i.example/a.png"/>'
            "<ac:caption>Seen</ac:caption></ac:image>",
            "![A](https://i.example/a.png)\n\n*Seen*", "images with a size: 1", id="thumbnail",
        ),
    ],
)  # fmt: skip
def test_a_picture_keeps_its_words_and_its_size_is_listed(
    given: str, expected: str, what: str
) -> None:
    made, losses = markdown(given)
    assert made == expected
    assert [it.what for it in losses] == [what]


def test_a_drawing_shows_the_picture_that_the_wiki_keeps_of_it(tmp_path: Path) -> None:
    objects = (
        body("10", f"<p>{'Words. ' * 9}</p>{macro('drawio', diagramName='flow')}"),
        thing("Space", "1", text("key", "OPS")), a_page("10", "Runbook of the team"),
        attached("50", "10", "flow"), attached("51", "10", "flow.png"),
    )  # fmt: skip
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        entities = f"<hibernate-generic>{''.join(objects)}</hibernate-generic>"
        archive.writestr("entities.xml", entities)
        archive.writestr("attachments/10/50/1", "<mxfile/>")
        archive.writestr("attachments/10/51/1", png(1))
    (draft,), losses = parted(converted("confluence", path))
    assert draft.body.endswith("![flow](asset:flow.png)")
    assert named(losses, LossKind.FILE) == ["entities.xml:1 flow"]
