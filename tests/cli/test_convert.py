"""`convert` for every reader: guessed, accounted for by page, safe, and clear when it can't."""

from __future__ import annotations

import json
import os
import re
import zipfile
from importlib import util
from pathlib import Path
from typing import Any

import pytest

from importer.sources import READERS
from tests.cli.stage import Program

ROW = '<row Id="1" PostTypeId="1" Title="{}" Body="{}" Tags="&lt;a&gt;" />'
TEXT = "This is a text of more than thirty characters as a post must have."
ITEM = {"question_id": 7, "title": "How do I get in here?", "body_markdown": TEXT, "tags": ["a"]}
ARTICLE = {"id": 1, "section_id": 2, "title": "The way to get in", "body": f"<p>{TEXT}</p>"}
POST = {"id": 1, "post_number": 1, "post_type": 1, "raw": TEXT}
TOPIC = {"id": 1, "title": "The way to get in", "post_stream": {"posts": [POST]}}
MEDIAWIKI = (
    "<mediawiki><page><title>The way home</title><ns>0</ns><revision><text>Left.</text>"
    "</revision></page></mediawiki>"
)

SOURCES = {
    "confluence": ("page.xml", f'<p>{TEXT} <ac:link><ri:user ri:userkey="x"/></ac:link></p>'),
    "discourse": ("t.json", json.dumps(TOPIC)),
    "faq": ("faq.md", f"# How do I get in here?\n\n{TEXT}\n"),
    "json": ("pages.json", json.dumps([{"title": "The way to get in", "body": TEXT}])),
    "markdown": ("Home.md", f"# The way to get in\n\n{TEXT}\n"),
    "mediawiki": ("dump.xml", MEDIAWIKI),
    "notion": (f"In {'a' * 32}.md", f"# The way to get in\n\n{TEXT}\n"),
    "so4t-csv": ("posts.csv", f"title,body,tags,answer\nHow do I get in here?,{TEXT},a,\n"),
    "so4t-json": ("questions_answers_comments.json", json.dumps([ITEM])),
    "zendesk": ("articles.json", json.dumps({"articles": [ARTICLE]})),
    "stackexchange": ("Posts.xml", f"<posts>{ROW.format('How do I get in here?', TEXT)}</posts>"),
}


def test_every_reader_is_tried_here() -> None:
    assert SOURCES.keys() == READERS.keys()


@pytest.mark.parametrize(
    ("reader", "packed"),
    [
        *(pytest.param(name, False, id=name) for name in SOURCES),
        *(pytest.param(name, True, id=f"{name} in a zip") for name in SOURCES if name != "faq"),
    ],
)
def test_a_source_is_guessed_and_becomes_a_manifest(
    cli: Program, home: Path, reader: str, *, packed: bool
) -> None:
    name, text = SOURCES[reader]
    (home / "in").mkdir()
    (home / "in" / name).write_text(text)
    source, asked = Path("in"), "auto"
    if packed:
        source, asked = Path("in.zip"), reader
        with zipfile.ZipFile(home / source, "w") as archive:
            archive.write(home / "in" / name, name)
    done = cli("convert", asked, source, "--out", "out", "--namespace", "x", "--format", "json")
    assert done.code == 0, done.err
    assert f"{reader}: 1 pages in, 1 migrated" in done.err
    (page,) = done.document["pages"]
    assert (page["fate"], page["path"], len(page["keys"])) == ("migrated", name, 1)
    assert cli("validate", "out").code == 0
    assert cli("plan", "out", "--url", "sandbox:").code in (0, 2, 11)


def test_the_accounts_of_the_pages_add_up(cli: Program, home: Path) -> None:
    for name, text in {
        "Home.md": "# The way to get in\n\nLeft.\n",
        "Copy.md": "# The way to get in\n\nLeft.\n",
        "_Sidebar.md": "x",
        "Long.md": "\n\n".join(f"# {n}\n\n{'Words. ' * 9_000}" for n in range(2)),
    }.items():
        (home / name).write_text(text)
    (home / "in").mkdir()
    for path in home.glob("*.md"):
        path.rename(home / "in" / path.name)
    done = cli("convert", "markdown", "in", "--out", "o", "--namespace", "x", "--format", "json")
    pages: list[dict[str, Any]] = done.document["pages"]
    assert [(it["path"], it["fate"]) for it in pages] == [
        ("Copy.md", "migrated"),
        ("Home.md", "merged"),
        ("Long.md", "split"),
        ("_Sidebar.md", "skipped"),
    ]
    assert all(it["why"] for it in pages if it["fate"] != "migrated")
    assert done.document["tally"] == {
        "pages": 4, "migrated": 1, "split": 1, "merged": 1, "skipped": 1,
    }  # fmt: skip
    assert len(list((home / "o" / "content").rglob("*.md"))) == 3


@pytest.mark.parametrize("reader", ["confluence", "mediawiki"])
def test_a_missing_extra_is_named(
    cli: Program, home: Path, monkeypatch: pytest.MonkeyPatch, reader: str
) -> None:
    name, text = SOURCES[reader]
    (home / name).write_text(text)
    monkeypatch.setattr("importer.sources.extras.find_spec", lambda _: None)
    assert util.find_spec("lxml")
    done = cli("convert", reader, name, "--out", "out", "--namespace", "x")
    assert done.code == 64
    assert "the extra `convert`" in done.err
    assert "pip install 'teams-importer[convert]'" in done.err
    assert not (home / "out").exists()


LAUGHS = (
    '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><mediawiki><page>&b;</page></mediawiki>'
)


@pytest.mark.parametrize(
    ("reader", "name", "data", "said"),
    [
        pytest.param("mediawiki", "a.xml", LAUGHS.encode(), "document type", id="laughs"),
        pytest.param("mediawiki", "a.xml", MEDIAWIKI.encode()[:-9], "breaks off", id="truncated"),
        pytest.param("confluence", "a.zip", b"PK\x03\x04", "damaged or not whole", id="damaged"),
        pytest.param("markdown", "a.zip", None, "a zip bomb", id="bomb"),
        pytest.param("so4t-json", "articles.json", b"[{", "damaged or no JSON", id="JSON"),
    ],
)  # fmt: skip
def test_a_dangerous_or_damaged_source_is_an_error_and_nothing_is_written(
    cli: Program, home: Path, reader: str, name: str, data: bytes | None, said: str
) -> None:
    if data is None:
        with zipfile.ZipFile(home / name, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("a.md", bytes(60 * 2**20))
    else:
        (home / name).write_bytes(data)
    before = sorted(home.rglob("*"))
    done = cli("convert", reader, name, "--out", "out", "--namespace", "x")
    assert (done.code, said in done.err) == (64, True), done.err
    assert sorted(home.rglob("*")) == before


def test_nothing_is_written_outside_the_new_folder(cli: Program, home: Path) -> None:
    with zipfile.ZipFile(home / "a.zip", "w") as archive:
        archive.writestr("../../out.md", TEXT)
        archive.writestr("good.md", f"# The way to get in\n\n{TEXT}")
    before = {path for path in home.parent.rglob("*") if not path.is_relative_to(home)}
    done = cli("convert", "markdown", "a.zip", "--out", "out", "--namespace", "x")
    assert done.code == 0, done.err
    assert "climbs out" in done.out
    assert {path for path in home.parent.rglob("*") if not path.is_relative_to(home)} == before


def test_rules_for_macros_are_read_from_a_file(cli: Program, home: Path) -> None:
    (home / "page.xml").write_text(
        '<ac:structured-macro ac:name="decision"><ac:rich-text-body><p>Go.</p>'
        "</ac:rich-text-body></ac:structured-macro>"
    )
    (home / "rules.txt").write_text("decision: quote\n")
    common = ("convert", "confluence", "page.xml", "--namespace", "x")
    assert cli(*common, "--out", "out", "--macros", "rules.txt").code == 0
    assert "> Go." in (home / "out" / "content" / "page.md").read_text()
    (home / "rules.txt").write_text("decision: shout\n")
    done = cli(*common, "--out", "more", "--macros", "rules.txt")
    assert (done.code, "rules.txt:1" in done.err) == (64, True)


def test_an_address_that_is_none_is_refused(cli: Program, home: Path) -> None:
    (home / "faq.md").write_text(SOURCES["faq"][1])
    done = cli("convert", "faq", "faq.md", "--out", "o", "--namespace", "x", "--address", "wiki")
    assert (done.code, "is no URL" in done.err) == (64, True)


def test_a_zip_of_markdown_is_guessed(cli: Program, home: Path) -> None:
    with zipfile.ZipFile(home / "wiki.zip", "w") as archive:
        archive.writestr("wiki/Home.md", SOURCES["markdown"][1])
    done = cli("convert", "auto", "wiki.zip", "--out", "out", "--namespace", "x")
    assert (done.code, "markdown: 1 pages in" in done.err) == (0, True), done.err


def test_verifying_writes_nothing_without_a_place_and_shows_what_survived(
    cli: Program, home: Path
) -> None:
    (home / "Home.md").write_text(f"# The way to get in\n\n{TEXT}\n\n[a](none.md) <u>b</u>\n")
    before = sorted(home.rglob("*"))
    done = cli("convert", "markdown", ".", "--verify", "--show", "Home.md", "--show", "Away*")
    assert done.code == 0, done.err
    assert "--show Away*: no page of that path, title or key differs" in done.err
    assert sorted(home.rglob("*")) == before
    (link,) = [it.split() for it in done.out.splitlines() if it.startswith("link  ")]
    assert link == ["link", "1", "0", "0", "1", "0", "0.00%"]
    assert '* link reported "a -> none.md" Home.md:1' in done.out
    assert done.out.splitlines()[-1].startswith("Verify: 1 page; 0 changed, 1 reported")


def test_what_is_lost_and_not_reported_ends_with_11_and_the_manifest_is_there(
    cli: Program, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def careless(_self: object, text: str, *_more: object) -> str:
        return text.replace("never ", "")

    monkeypatch.setattr("importer.sources.wiki_markdown.WikiMarkdown.to_markdown", careless)
    (home / "in").mkdir()
    (home / "in" / "Home.md").write_text(f"# The way to get in\n\nIt is never open. {TEXT}\n")
    asked = ("convert", "markdown", "in", "--out", "out", "--namespace", "x", "--verify")
    done = cli(*asked)
    assert (done.code, "1 word lost" in done.out) == (11, True)
    assert cli("validate", "out").code == 0
    done = cli(*asked[:4], "again", *asked[5:], "--format", "json")
    assert done.code == 11
    (page,) = done.document["fidelity"]["differing"]
    assert [(it["outcome"], it["what"]) for it in page["differences"]] == [("unreported", "never")]
    (text,) = [it for it in done.document["fidelity"]["constructs"] if it["construct"] == "text"]
    assert text["unreported"] == 1


def test_a_page_is_shown_only_of_what_was_verified(cli: Program, home: Path) -> None:
    (home / "faq.md").write_text(SOURCES["faq"][1])
    done = cli("convert", "faq", "faq.md", "--out", "o", "--namespace", "x", "--show", "a")
    assert done.code == 64
    assert "--verify" in done.err
    assert not (home / "o").exists()


def test_a_dump_is_converted_from_its_html_where_asked(cli: Program, home: Path) -> None:
    (home / "in").mkdir()
    html = f"&lt;p&gt;{TEXT} &lt;b&gt;loud&lt;/b&gt;&lt;/p&gt;"
    (home / "in" / "Posts.xml").write_text(f"<posts>{ROW.format('How do I get in?', html)}</posts>")
    (home / "in" / "PostHistory.xml").write_text(
        f'<h><row Id="1" PostId="1" PostHistoryTypeId="2" Text="{TEXT} quiet" /></h>'
    )
    for out, more, word in (("a", (), "quiet"), ("b", ("--from-html",), "**loud**")):
        done = cli("convert", "stackexchange", "in", "--out", out, "--namespace", "x", *more)
        assert done.code == 0, done.err
        (made,) = (home / out / "content").glob("*.md")
        assert word in made.read_text()


def test_names_of_files_may_hold_any_character_and_the_manifest_is_valid(
    cli: Program, home: Path
) -> None:
    (home / "wiki").mkdir()
    for name in (b"a\nb.md", b"c\t\xc2\x85\xe2\x80\xa8.md", b"d\xff.md", b"\x1b[31me.md"):
        path = Path(os.fsdecode(os.fsencode(home / "wiki") + b"/" + name))
        path.write_text("Some words of text here, and more than thirty of them.\n")
    done = cli("convert", "markdown", "wiki", "--out", "out", "--namespace", "x")
    assert done.code == 0, done.err
    assert cli("validate", "out").code == 0
    texts = "".join(it.read_text() for it in (home / "out/content").iterdir())
    assert sorted(re.findall(r"^origin: (.*)$", texts, re.MULTILINE)) == [
        '["%1B[31me.md"]', '["a%0Ab.md"]', '["c%09%C2%85%E2%80%A8.md"]', '["d%FF.md"]',
    ]  # fmt: skip
