"""MediaWiki: wikitext becomes Markdown, dumps of any version and language become articles."""

from __future__ import annotations

import bz2
import gzip
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.errors import UsageError
from importer.model.draft import Place
from importer.sources import READERS, Account, Images, LossKind, Options, Tally, shape, tally
from importer.sources.losses import Loss, Losses
from importer.sources.reader import Likeness
from importer.sources.wikitext import Site, Wikitext
from importer.sources.wikitext_depth import nested_too_deep
from tests.pictures import GIF, png
from tests.sources.factories import content_of, converted, named, parted, wiki

GERMAN = Site({6: "Datei", 14: "Kategorie", 12: "Hilfe"})


def markdown(text: str, site: Site = GERMAN) -> tuple[str, list[Loss]]:
    losses = Losses("dump.xml")
    made = Wikitext(site, "A page").to_markdown(text, Place("dump.xml", 1), losses)
    return made, losses.found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("'''a''' ''b'' '''''c'''''", "**a** *b* ***c***", id="emphasis"),
        pytest.param("== A ==\ntext\n=== ''B'' ===", "## A\n\ntext\n\n### *B*", id="headings"),
        pytest.param("* a\n** b\n* c\n# d\n#* e", "- a\n  - b\n- c\n\n1. d\n   - e", id="lists"),
        pytest.param("; a : b\n: c\n:: d", "> **a**\n>\n> b\n>\n> c\n>\n> > d", id="indented"),
        pytest.param("a\n b  c\n d\ne", "a\n\n```\nb  c\nd\n```\n\ne", id="code by a blank"),
        pytest.param("[[foo bar]]s", "[foo bar](wiki:Foo%20bar)s", id="link"),
        pytest.param("[[foo_bar#x|''t'']]", "[*t*](wiki:Foo%20bar#x)", id="link with a text"),
        pytest.param("[[/Sub]]", "[/Sub](wiki:A%20page/Sub)", id="link below"),
        pytest.param("[[/Sub/]]", "[Sub](wiki:A%20page/Sub)", id="link below without a slash"),
        pytest.param("[[../x]]", "[../x](wiki:../x)", id="nothing is above"),
        pytest.param(
            "a<ref>b:\n* c\n* d\n\ne</ref>", "a<sup>1</sup>\n\n1. b:\n   - c\n   - d\n\n   e",
            id="a list in a footnote",
        ),
        pytest.param("[[Foo (x)|]]", "[Foo](wiki:Foo%20%28x%29)", id="pipe trick"),
        pytest.param("[[help:x]]", "[help:x](wiki:Hilfe:X)", id="namespace"),
        pytest.param("a[[Kategorie:B]][[category:C|d]]", "a", id="categories"),
        pytest.param("[[:Category:C]]", "[Category:C](wiki:Kategorie:C)", id="link to a category"),
        pytest.param(
            "[[Datei:a b.png|mini|20px|A ''map'']]", "![A map](<a b.png>)  \nA *map*", id="file"
        ),
        pytest.param("[https://a.b|c d]", "[c d](https://a.b)", id="URL with a pipe"),
        pytest.param(" <nowiki>a\nb</nowiki>\nc", "```\na\nb\n```\n\nc", id="nowiki in code"),
        pytest.param("[http://a.b c] http://d.e", "[c](http://a.b) <http://d.e>", id="URLs"),
        pytest.param("<nowiki>[[a]] ''b''</nowiki>", "\\[\\[a\\]\\] ''b''", id="nowiki"),
        pytest.param("a < b &amp; <c>d</c>", "a < b & \\<c>d\\</c>", id="signs and no tags"),
        pytest.param("<code>a<nowiki>|</nowiki>b</code>", "`a|b`", id="code"),
        pytest.param("<code>a {{!}} {{((}}b{{=}}</code>", "`a | {{b=`", id="signs in code"),
        pytest.param(
            '<syntaxhighlight lang="python">\nif a < b:\n\n    c = "```"\n</syntaxhighlight>',
            '````python\nif a < b:\n\n    c = "```"\n````',
            id="source",
        ),
        pytest.param("<pre>\na &lt; [[b]]\n</pre>", "```\na < [[b]]\n```", id="pre"),
        pytest.param("x<sub>2</sub>__NOTOC__", "x<sub>2</sub>", id="sub and magic words"),
        pytest.param(
            '{| class="wikitable"\n|+ Cap\n! A !! B\n|-\n| 1 || <code>x|y</code>\n|-\n'
            '| colspan="2" | z\n* l\n|}',
            "**Cap**\n\n| A | B |\n| --- | --- |\n| 1 | `x\\|y` |\n| z<br>- l | z<br>- l |",
            id="table",
        ),
        pytest.param(
            'a<ref>[[B]]</ref> c<ref name="n">D</ref><ref name="n" />\n<references />\ne',
            "a<sup>1</sup> c<sup>2</sup><sup>2</sup>\n\n1. [B](wiki:B)\n2. D\n\ne",
            id="footnotes",
        ),
        pytest.param("{{nowrap|a b}} {{!}} {{PAGENAME}}", "a b | A page", id="what templates say"),
        pytest.param("<poem>\na\nb\n</poem>", "a  \nb", id="poem"),
        pytest.param(
            "<gallery>\nDatei:a.png|B\n</gallery>", "- ![B](a.png)  \n  *B*", id="gallery"
        ),
        pytest.param("<blockquote>a\n\nb</blockquote>", "> a\n>\n> b", id="quote"),
    ],
)  # fmt: skip
def test_wikitext_becomes_markdown(text: str, expected: str) -> None:
    assert markdown(text)[0] == expected


@pytest.mark.parametrize(
    ("text", "expected", "kind", "what"),
    [
        pytest.param(
            "{{Box|a=''b''|c}}",
            "*(template: Box: a=b; c)*",
            LossKind.MARKUP,
            "{{Box: a=b; c}}",
            id="template",
        ),
        pytest.param("<math>a_b</math>", "`a_b`", LossKind.MARKUP, "a_b", id="formula"),
        pytest.param("a<!-- b -->", "a", LossKind.COMMENT, "<!-- -->", id="comment"),
    ],
)
def test_what_needs_the_wiki_leaves_something_and_a_loss(
    text: str, expected: str, kind: LossKind, what: str
) -> None:
    made, losses = markdown(text)
    assert made == expected
    assert [(it.kind, it.what) for it in losses] == [(kind, what)]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("verweis=Hauptseite|rechts|Das Bild", "[![Das Bild](a.png)](wiki:Hauptseite)"),
        ("mini|hochkant=1.2|Das Bild", "![Das Bild](a.png)  \n*Das Bild*"),
        ("rahmenlos|120px|alternativtext=Was da ist|links", "![Was da ist](a.png)"),
        ("vignette|redresse|gauche|lien=Accueil|Voil\u00e0",
         "[![Voil\u00e0](a.png)](wiki:Accueil)  \n*Voil\u00e0*"),
        ("sans cadre|centr\u00e9|alt=Ici", "![Ici](a.png)"),
        ("miniaturadeimagen|izquierda|v\u00ednculo=https://a.example/|Aqu\u00ed",
         "[![Aqu\u00ed](a.png)](https://a.example/)  \n*Aqu\u00ed*"),
        ("miniatuur|gecentreerd|koppeling=Start|Hier",
         "[![Hier](a.png)](wiki:Start)  \n*Hier*"),
        ("\u043c\u0438\u043d\u0438|\u0441\u043f\u0440\u0430\u0432\u0430|200\u043f\u043a\u0441|A",
         "![A](a.png)  \n*A*"),
        ("Thumb|Left|Marco", "![Marco](a.png)  \n*Marco*"),
        ("links|Verweise = gut", "![Verweise = gut](a.png)"),
        ("upright is what it is", "![upright is what it is](a.png)"),
    ],
)  # fmt: skip
def test_options_of_images_are_known_in_the_wikis_languages(options: str, expected: str) -> None:
    made, losses = markdown(f"[[Datei:a.png|{options}]]")
    assert made == expected
    assert {it.what for it in losses} <= {"images with a size: 1"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[[../]]", "[Top/Mid](wiki:Top/Mid)"),
        ("[[../../]]", "[Top](wiki:Top)"),
        ("[[../../|up]]", "[up](wiki:Top)"),
        ("[[../Sister]]", "[Top/Mid/Sister](wiki:Top/Mid/Sister)"),
        ("[[../Sister/]]", "[Sister](wiki:Top/Mid/Sister)"),
        ("[[../../Aunt#part]]", "[Top/Aunt#part](wiki:Top/Aunt#part)"),
        ("[[../#part|a part]]", "[a part](wiki:Top/Mid#part)"),
        ("[[../../../x]]", "[../../../x](wiki:../../../x)"),
    ],
)
def test_links_from_below_lead_to_pages_above_and_beside(text: str, expected: str) -> None:
    below = Wikitext(GERMAN, "Top/Mid/Low")
    assert below.to_markdown(text, Place("d", 1), Losses("d")) == expected


def test_pages_of_a_dump_are_linked_from_below(tmp_path: Path) -> None:
    text = "Up to [[../]], on to [[../Schwester]] and to [[../Nichts|nothing]]."
    pages = (page("Ober", "All of it."), page("Ober/Kind", text), page("Ober/Schwester", "She."))
    (tmp_path / "a.xml").write_text(dump(*pages), encoding="utf-8")
    drafts, losses = parted(converted("mediawiki", tmp_path / "a.xml"))
    assert drafts[1].body.startswith(
        "Up to [Ober](key:ober), on to [Ober/Schwester](key:ober/schwester) and to nothing (link"
    )
    assert len(named(losses, LossKind.LINK)) == 1


def test_a_title_with_a_question_mark_is_not_the_one_without(tmp_path: Path) -> None:
    text = "See [[Warum?]], [[Warum]], [[C++]] and [[100% sicher?]], which is there."
    pages = (page("Start", text), page("Warum", "So."), page("C++", "Plus."), page("C", "No plus."))
    there = page("100% sicher?", "Ja.")
    (tmp_path / "a.xml").write_text(dump(*pages, there), encoding="utf-8")
    drafts, losses = parted(converted("mediawiki", tmp_path / "a.xml"))
    keys = {it.origin[0].rpartition("/")[2]: it.key for it in drafts}
    assert drafts[0].body == (
        f"See Warum? (link not moved: `wiki:Warum%3F`), [Warum](key:{keys['Warum']}), "
        f"[C++](key:{keys['C%2B%2B']}) and [100% sicher?](key:{keys['100%25_sicher%3F']}), "
        "which is there."
    )
    assert len(named(losses, LossKind.LINK)) == 1


PIECES = (
    "'''", "''", "==", "== a ==", "\n", "*", "#", ":", ";", " ", "{|", "|}", "|-", "|", "||", "!",
    "|+", "{{", "}}", "[[", "]]", "[", "]", "http://a", "<ref>", "</ref>", "<references/>", "<pre>",
    "</pre>", "<nowiki>", "</nowiki>", "<code>", "</code>", "<table>", "<td>", "<!--", "-->", "a",
    "<gallery>", "</gallery>", "<poem>", "----", "\x01", "\x022\x03", "&lt;", "<math>", "{{{a|b}}}",
)  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join))
def test_no_wikitext_is_too_broken(text: str) -> None:
    markdown(text)


def test_wikitext_nested_without_end_is_shown_as_it_stands() -> None:
    made, losses = markdown("<b>" * 90 + "x" + "</b>" * 90)
    assert "x" in made
    assert losses


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("{{a|" * 5_000 + "WORD" + "}}" * 5_000, id="templates"),
        pytest.param("[[File:a|" * 500 + "WORD" + "]]" * 500, id="links"),
        pytest.param("{|\n|\n" * 60 + "WORD" + "\n|}" * 60, id="tables"),
        pytest.param("{|\n|\n" * 20_000 + "WORD", id="tables without end"),
        pytest.param("\n".join("*" * it + " WORD" for it in range(500)), id="lists"),
    ],
)
def test_wikitext_nested_as_nobody_writes_it_is_shown_at_once(text: str) -> None:
    found, losses = markdown(text)
    assert found == f"```\n{text}\n```"
    assert [it.kind for it in losses] == [LossKind.MARKUP]


def test_braces_in_formulas_code_and_comments_are_no_nesting() -> None:
    text = (
        "<math>{{a</math> <nowiki>[[</nowiki> <!-- {{ --> {{!}} " * 600
        + "{|\n|\n" * 3
        + "WORD"
        + "\n|}" * 3
        + "\n{{x|}} <pre> never ends {{"
    )
    assert not nested_too_deep(text)


def page(title: str, text: str, **more: str) -> str:
    given = {"ns": "0", "id": "1", "model": "wikitext", "redirect": "", "extra": ""}
    it = given | more
    redirect = f'<redirect title="{it["redirect"]}" />' if it["redirect"] else ""
    return (
        f"<page><title>{escape(title)}</title><ns>{it['ns']}</ns><id>{it['id']}</id>{redirect}"
        "<revision><id>7</id><timestamp>2020-01-02T03:04:05Z</timestamp><contributor><username>Ann"
        f"</username></contributor><model>{it['model']}</model>"
        f'<text xml:space="preserve">{escape(text)}</text></revision>{it["extra"]}</page>'
    )


def dump(*pages: str, version: str = "0.11") -> str:
    return (
        f'<mediawiki xmlns="http://www.mediawiki.org/xml/export-{version}/" version="{version}" '
        'xml:lang="de"><siteinfo><base>https://wiki.example/wiki/Hauptseite</base>'
        '<case>first-letter</case><namespaces><namespace key="0" /><namespace key="1">Diskussion'
        '</namespace><namespace key="10">Vorlage</namespace><namespace key="12">Hilfe</namespace>'
        '<namespace key="14">Kategorie</namespace></namespaces></siteinfo>'
        f"{''.join(pages)}</mediawiki>"
    )


PAGES = (
    page("Der Weg ins Büro", "Links. [[Kategorie:Wege]] Siehe [[heimweg]] und [[Hilfe:Suche]]."),
    page("Heimweg", "", redirect="Der Weg nach Hause"),
    page("Der Weg nach Hause", "Rechts, wie [[Der Weg ins Büro#Links|hier]]; [[Vorlage:X]]."),
    page("Nachhauseweg", "#WEITERLEITUNG [[Heimweg]]"),
    page("Alt", "", redirect="Nichts"),
    page("Diskussion:Heimweg", "Hm.", ns="1"),
    page("Vorlage:X", "x", ns="10"),
    page("Hilfe:Suche", "So sucht man.", ns="12"),
    page("Skript", "x = 1", model="Scribunto"),
    page("Eine leere Seite", " "),
    "<page><title>Ohne alles</title><ns>0</ns></page>",
)


@pytest.mark.parametrize("version", ["0.3", "0.10", "0.11"])
@pytest.mark.parametrize(
    ("suffix", "pack"),
    [(".xml", bytes), (".xml.bz2", bz2.compress), (".xml.gz", gzip.compress)],
)
def test_a_dump_becomes_articles_with_an_account_of_every_page(
    tmp_path: Path, version: str, suffix: str, pack: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / f"dump{suffix}"
    path.write_bytes(pack(dump(*PAGES, version=version).encode()))
    assert READERS["mediawiki"].guess(path) is Likeness.SURE
    results = converted("mediawiki", path)
    drafts, losses = parted(results)
    assert [(it.key, it.title, it.tags) for it in drafts] == [
        ("der-weg-ins-buro", "Der Weg ins Büro", ("wege",)),
        ("der-weg-nach-hause", "Der Weg nach Hause", ("migrated",)),
        ("hilfe-suche", "Wiki article: Hilfe:Suche", ("migrated",)),
    ]
    assert drafts[0].body == (
        "Links. Siehe [heimweg](key:der-weg-nach-hause) und [Hilfe:Suche](key:hilfe-suche)."
    )
    assert drafts[1].body.startswith("Rechts, wie [hier](key:der-weg-ins-buro); Vorlage:X (link")
    assert drafts[1].origin == (
        "https://wiki.example/wiki/Der_Weg_nach_Hause",
        "https://wiki.example/wiki/Heimweg",
        "https://wiki.example/wiki/Nachhauseweg",
    )
    assert [it.why for it in losses if it.kind is LossKind.SKIPPED] == [
        "it leads to `Nichts`, which is not moved",
        "a talk page",
        "of the namespace Vorlage, which is no content",
        "its content is Scribunto, not wikitext",
        "there is no text on it",
        "it has no title or no revision",
    ]
    assert len(named(losses, LossKind.MERGED)) == 2
    assert tally(results) == Tally(11, migrated=3, split=0, merged=2, skipped=6)
    first = next(it for it in results if isinstance(it, Account))
    assert (first.owner, first.revision, first.edited and first.edited.year) == ("Ann", "7", 2020)


def test_files_with_wikitext_are_pages_too(tmp_path: Path) -> None:
    files = {"Way-home.mediawiki": "See [[way-out.mediawiki|it]].", "way-out.mediawiki": "Left."}
    results = converted("mediawiki", wiki(tmp_path, {**files, "a.png": ""}))
    drafts, losses = parted(results)
    assert [(it.key, it.body) for it in drafts] == [
        ("way-home", "See [it](key:way-out)."),
        ("way-out", "Left."),
    ]
    assert named(losses, LossKind.FILE) == ["a.png:1 a.png"]
    assert READERS["mediawiki"].guess(tmp_path) is Likeness.LIKELY


def test_a_file_with_wikitext_stood_where_its_title_says(tmp_path: Path) -> None:
    folder = wiki(tmp_path, {"C++ or not?.wiki": "Left of the door, and on to the next one."})
    results = converted("mediawiki", folder, Options(address="https://w.example/wiki/"))
    address = "https://w.example/wiki/C%2B%2B_or_not%3F"
    assert parted(results)[0][0].origin == ("C++ or not?.wiki", address)


def test_a_cut_dump_is_an_error(tmp_path: Path) -> None:
    whole = dump(*PAGES).encode()
    (tmp_path / "a.xml").write_bytes(whole[:-200])
    with pytest.raises(UsageError, match=r"a\.xml:1: it breaks off"):
        converted("mediawiki", tmp_path / "a.xml")
    (tmp_path / "b.xml.bz2").write_bytes(bz2.compress(whole)[:-50])
    with pytest.raises(UsageError, match="damaged or not whole"):
        converted("mediawiki", tmp_path / "b.xml.bz2")
    with pytest.raises(UsageError, match="neither a dump nor"):
        converted("mediawiki", wiki(tmp_path / "c", {"a.txt": "x"}))


def test_texts_are_not_held_beyond_their_page(tmp_path: Path) -> None:
    """Names are: some hundred bytes a page. What is in hand at once varies with the chunks read."""
    markdown("What is needed is imported now.")
    small, large = (memory_for(tmp_path, pages) for pages in (150, 900))
    assert large - small < 750 * 2_000


def memory_for(folder: Path, count: int) -> int:
    """Return how many bytes the conversion of pages of 4,000 characters needs at most."""
    text = "text " * 800
    pages = (page(f"Page number {n}", f"[[Page number {n + 1}]] {text}") for n in range(count))
    path = folder / f"{count}.xml"
    path.write_text(dump(*pages), encoding="utf-8")
    options = Options()
    tracemalloc.start()
    results = shape(lambda: READERS["mediawiki"].read(path, options), options)
    assert sum(isinstance(it, Account) for it in results) == count
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def revision(when: str, text: str) -> str:
    return f"<revision><timestamp>{when}</timestamp><text>{text}</text></revision>"


def test_a_history_of_a_page_takes_no_more_memory_than_its_largest_text(tmp_path: Path) -> None:
    kept = revision("2025-03-01T00:00:00Z", "The newest text, in the middle of the history.")
    older = revision("2024-01-01T00:00:00Z", "x" * 1_000_000)
    with (tmp_path / "a.xml").open("w") as file:
        file.write("<mediawiki><page><title>The way home</title><ns>0</ns>")
        for number in range(60):
            file.write(kept if number == 30 else older)
        file.write("</page></mediawiki>")
    tracemalloc.start()
    (draft,) = parted(converted("mediawiki", tmp_path / "a.xml"))[0]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert draft.body == "The newest text, in the middle of the history."
    assert peak < 20 * 2**20


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('<text deleted="deleted" />', "its text is deleted in the wiki"),
        ('<text bytes="70" />', "the dump holds no texts (a stub)"),
        ('<text bytes="0" />', "there is no text on it"),
    ],
)
def test_a_page_without_its_text_says_why(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "a.xml").write_text(
        f"<mediawiki><page><title>The way home</title><ns>0</ns><revision>{text}</revision></page>"
        "</mediawiki>"
    )
    _, losses = parted(converted("mediawiki", tmp_path / "a.xml"))
    assert next(it.why for it in losses).startswith(why)


def test_content_in_slots_and_other_elements_of_newer_schemas_do_no_harm(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(
        '<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.11/" version="0.11">'
        "<page><title>The way home</title><ns>0</ns><id>7</id><discussionthreadinginfo/>"
        "<revision><id>1</id><timestamp>2025-01-01T00:00:00Z</timestamp><origin>1</origin>"
        "<model>wikitext</model><format>text/x-wiki</format><text>Left of the door.</text>"
        "<content><role>data</role><model>json</model><text>{}</text></content></revision>"
        "<upload><filename>x.png</filename></upload></page><logitem/></mediawiki>"
    )
    (draft,) = parted(converted("mediawiki", tmp_path / "a.xml"))[0]
    assert draft.body == "Left of the door."


PICTURES = """\
[[File:My flow.png|thumb|200px|alt=The flow|See [[Other|the ''other'' page]]]] Then.

* one [[Image:my_flow.png|link=Other]] two
* [[Media:Spec v1.pdf|the spec]] and [[File:spec v1.pdf]]

<gallery mode="packed">
My flow.png|A [[Other]] caption|alt=Seen
File:None.png
</gallery>

<imagemap>
File:map.gif|Where it is
# a comment
rect 0 0 9 9 [[Other|a room]]
default [https://a.example outside]
desc none
</imagemap>
"""


def test_files_beside_a_dump_come_along_with_captions_and_areas(tmp_path: Path) -> None:
    folder = pictured(tmp_path, "")
    results = converted("mediawiki", folder)
    drafts, losses = parted(results)
    (draft,) = (it for it in drafts if it.assets)
    assert draft.body == (
        "![The flow](<asset:my-flow.png>)  \nSee [the *other* page](key:other)  \n Then.\n\n"
        "- one [![](asset:my-flow.png)](key:other) two\n"
        "- the spec (link not moved: `Spec%20v1.pdf`) and "
        "spec v1.pdf (link not moved: `spec%20v1.pdf`)\n\n"
        "* ![Seen](<asset:my-flow.png>)  \n  A [Other](key:other) caption\n"
        "* (image not moved: `None.png`)\n\n"
        "![Where it is](asset:map.gif)\n\n- [a room](key:other)\n- [outside](https://a.example)"
    )
    assert [it.name for it in draft.assets] == ["map.gif", "my-flow.png"]
    assert [content_of(it) for it in draft.assets] == [GIF, png(1)]
    (images,) = (it.images for it in results if isinstance(it, Account) and it.images.found)
    assert images == Images(5, copied=4, missing=1)
    told = {(it.kind, it.what) for it in losses}
    assert (LossKind.FILE, "images/thumb/a/ab/My_flow.png/120px-My_flow.png") in told
    assert (LossKind.FILE, "Spec_v1.pdf") in told
    assert (LossKind.MARKUP, "images with a size: 1") in told


def test_files_that_are_not_beside_a_dump_are_shown_from_the_wiki(tmp_path: Path) -> None:
    base = "<siteinfo><base>https://w.example/wiki/Main</base></siteinfo>"
    drafts, losses = parted(converted("mediawiki", pictured(tmp_path, base)))
    (draft,) = (it for it in drafts if it.assets)
    assert "![](https://w.example/wiki/Special:FilePath/None.png)" in draft.body
    assert "[the spec](https://w.example/wiki/Special:FilePath/Spec_v1.pdf)" in draft.body
    assert [it.what for it in losses if it.kind is LossKind.IMAGE] == ["None.png"]


def pictured(folder: Path, info: str) -> Path:
    pages = "".join(
        f"<page><title>{title}</title><ns>0</ns><revision><text>{escape(text)}</text></revision>"
        "</page>"
        for title, text in {"The page": PICTURES, "Other": "Another one."}.items()
    )
    wiki(folder, {"dump.xml": f"<mediawiki>{info}{pages}</mediawiki>"})
    for name, content in {
        "images/a/ab/My_flow.png": png(1),
        "images/thumb/a/ab/My_flow.png/120px-My_flow.png": png(2),
        "images/archive/a/ab/20200101!My_flow.png": png(3),
        "Map.gif": GIF,
        "files/Spec_v1.pdf": b"%PDF",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def test_links_in_a_templates_arguments_are_shown_as_text_and_listed() -> None:
    made, losses = markdown("{{Box|see=[https://a.example b] [[C]]}} text")
    assert made == "*(template: Box: see=b https://a.example C)* text"
    links = [it.what for it in losses if it.kind is LossKind.LINK]
    assert links == ["https://a.example", "C"]
