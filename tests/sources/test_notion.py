"""Notion exports: pages by their ids, databases with their rows, and blocks of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from importer.model.draft import Draft, Place
from importer.sources import READERS, Account, Alias, Loss, LossKind, Options, Page
from importer.sources.notion_names import Names, id_in_link, split_id
from importer.sources.reader import Likeness
from importer.sources.verify_reports import Reports
from importer.sources.verify_seen import Construct, Thing
from tests.sources.factories import converted, named, parted, wiki
from tests.sources.test_parts import packed
from tests.sources.watched import unreported, verified

A, B, C, D, E = ("".join(f"{digit}" * 32) for digit in "abcde")
WRAPPER = "Export-12345678-1234-1234-1234-123456789abc"
HOME = f"{WRAPPER}/Handbook {A}"
ROWS = (
    "\ufeffName,Tags,Status,Last edited time,Related\n"
    'Reset the router,"net, how-to",Done,"January 5, 2024 3:04 PM",'
    f"Handbook (Handbook%20{A}.md)\n"
    "Order a chair,,Open,,\n"
    "Order a chair,,Open,,\n"
)
EXPORT = {
    f"{HOME}.md": f"""# Handbook

See [the 100% guide](Handbook%20{A}/The%20100%%20guide%20{B}.md#steps), on
[the web](https://www.notion.so/acme/The-100-guide-{B}?pvs=4) too, and
[Things](Handbook%20{A}/Things%20{C}.csv); not [elsewhere](https://example.com/x-{B}).

<aside>
\U0001f4a1 Mind the gap.

- really

</aside>

Ask [somebody](https://www.notion.soundefined/).

```
<aside>
```
""",
    f"{HOME}/The 100% guide {B}.md": "# The 100% guide: how to do *all* of it\n\n"
    "![a cat](Handbook/cat%20%26%20dog.png)\n\nStatus: this is no property.\n",
    f"{HOME}/Handbook/cat & dog.png": "png",
    f"{HOME}/Things {C}.csv": "\ufeffName\nOrder a chair\n",
    f"{HOME}/Things {C}_all.csv": ROWS,
    f"{HOME}/Things/Reset the router {D}.md": "# Reset the router\n\nTags: net, how-to\n"
    "Status: Done\nLast edited time: January 5, 2024 3:04 PM\n\nPull the plug.\n",
    f"{HOME}/Things/Order a chair {E}.md": "# Order a chair\n\nStatus: Open\n",
    f"{HOME}/Things/Order a chair {'f' * 32}.md": "# Order a chair\n\nStatus: Open\n",
}


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """A Markdown export of two parts in a zip."""
    files = list(EXPORT.items())
    parts = {
        f"{WRAPPER}-Part-{number}.zip": packed({name: text.encode() for name, text in part})
        for number, part in enumerate((files[:3], files[3:]), 1)
    }
    (tmp_path / "in.zip").write_bytes(packed(parts))
    return tmp_path / "in.zip"


def drafts_of(path: Path) -> dict[str, Draft]:
    return {it.key: it for it in parted(converted("notion", path))[0]}


def test_every_file_of_the_export_is_accounted_for(export: Path) -> None:
    results = converted("notion", export)
    drafts, losses = parted(results)
    assert READERS["notion"].guess(export) is Likeness.SURE
    assert [it.key for it in drafts] == [
        "handbook",
        "handbook/the-100-guide",
        "handbook/things",
        "handbook/things/reset-the-router",
    ]
    merged = [it for it in results if isinstance(it, Account) and it.fate == "merged"]
    assert [(it.title, it.keys) for it in merged] == [("Order a chair", ("handbook/things",))] * 2
    (view,) = [it for it in losses if "one view" in it.why]
    assert view.what.endswith(f"Things {C}.csv")


def test_an_export_by_another_name_beside_a_page_is_read_too(export: Path, tmp_path: Path) -> None:
    folder = tmp_path / "ours"
    (folder / "old").mkdir(parents=True)
    export.rename(folder / "old" / "our notes.zip")
    (folder / f"Read me {A[:-1]}0.md").write_text("# Read me\n\nAll about the export.\n")
    (folder / "photos.zip").write_bytes(packed({"cat.png": b"png"}))
    titles = {it.title for it in drafts_of(folder).values()}
    assert {"Wiki article: Read me", "Reset the router"} <= titles


def test_links_go_by_id_whatever_their_encoding(export: Path) -> None:
    body = drafts_of(export)["handbook"].body
    assert "[the 100% guide](key:handbook/the-100-guide)" in body
    assert "[the web](key:handbook/the-100-guide)" in body
    assert "[Things](key:handbook/things)" in body
    assert f"[elsewhere](https://example.com/x-{B})" in body


def test_a_dead_reference_leaves_its_text_and_a_loss(export: Path) -> None:
    drafts, losses = parted(converted("notion", export))
    assert "Ask somebody." in drafts[0].body
    assert [it for it in losses if "dead in Notion" in it.why]


def test_a_callout_is_a_quotation_and_code_is_none(export: Path) -> None:
    body = drafts_of(export)["handbook"].body
    assert "\n> \U0001f4a1 Mind the gap.\n>\n> - really\n" in body
    assert "```\n<aside>\n```" in body


def test_a_database_is_a_table_that_leads_to_its_rows(export: Path) -> None:
    body = drafts_of(export)["handbook/things"].body
    assert body.splitlines()[0] == "| Name | Tags | Status | Last edited time | Related |"
    assert (
        "| [Reset the router](key:handbook/things/reset-the-router) | net, how-to | Done |" in body
    )
    assert body.count("[Order a chair](key:handbook/things)") == 2
    assert body.splitlines()[2].endswith("| Handbook |")


def test_a_row_keeps_its_properties_and_only_those_of_the_database(export: Path) -> None:
    drafts = drafts_of(export)
    row = drafts["handbook/things/reset-the-router"]
    assert row.tags == ("net", "how-to")
    assert row.body.startswith("- **Status**: Done\n")
    assert row.body.endswith("Pull the plug.")
    assert "Status: this is no property." in drafts["handbook/the-100-guide"].body
    pages = [it for it in READERS["notion"].read(export, Options()) if isinstance(it, Page)]
    (page,) = [it for it in pages if it.title == "Reset the router"]
    assert f"{page.body.credit.when:%Y-%m-%d %H:%M}" == "2024-01-05 15:04"


def test_parents_titles_addresses_and_files_are_known(export: Path) -> None:
    found = list(READERS["notion"].read(export, Options()))
    pages = {it.title: it for it in found if isinstance(it, Page)}
    guide = pages["The 100% guide: how to do all of it"]
    assert guide.parent == "Handbook"
    assert guide.addresses == (f"https://www.notion.so/{B}",)
    assert [it.path for it in guide.files] == [f"{HOME}/Handbook/cat & dog.png"]
    assert pages["Reset the router"].parent == "Things"
    assert all(isinstance(it, Page | Alias | Loss) for it in found)


HTML = f"""<html><body><article id="x" class="page sans"><header>
<h1 class="page-title">Formats</h1><p class="page-description">In short.</p>
<table class="properties"><tbody>
<tr><th>Tags</th><td><span class="selected-value">a b</span><span class="selected-value">c</span>
</td></tr><tr><th>Done</th><td><div class="checkbox checkbox-on"></div></td></tr>
<tr><th>Empty</th><td></td></tr></tbody></table></header><div class="page-body">
<nav class="table_of_contents"><a href="#1">One</a></nav>
<ul class="bulleted-list"><li>one</li></ul><ul class="bulleted-list"><li>two</li></ul>
<ol class="numbered-list" start="1"><li>first</li></ol><ol class="numbered-list" start="2">
<li>second</li></ol><ol class="numbered-list" start="7"><li>seventh</li></ol>
<ul class="to-do-list"><li><div class="checkbox checkbox-on"></div> <span>did</span></li></ul>
<ul class="toggle"><li><details open=""><summary>More</summary><p>Hidden.</p></details></li></ul>
<details open=""><summary style="font-weight:600;font-size:1.5em">Part</summary>In it.</details>
<figure class="callout"><div><span class="icon">!</span></div><div><p>Mind.</p></div></figure>
<figure class="equation"><span class="katex"><math><annotation>x^2</annotation></math>
<span class="katex-html">x2</span></span></figure>
<p>If <span class="notion-text-equation-token"><span class="katex"><math><annotation>y</annotation>
</math><span class="katex-html">y</span></span></span>.</p>
<figure class="link-to-page"><a href="Other%20{B}.html">Other</a></figure>
<pre class="code"><code class="language-Plain Text">code</code></pre>
<figure class="image"><a href="cat.png"><img src="cat.png"/></a><figcaption>A cat</figcaption>
</figure>
</div></article></body></html>"""


def test_the_blocks_of_an_html_export_have_a_form(tmp_path: Path) -> None:
    (tmp_path / f"Formats {A}.html").write_text(HTML)
    (tmp_path / f"Other {B}.html").write_text(HTML.replace("Formats", "Other"))
    (tmp_path / "index.html").write_text("<ul></ul>")
    (tmp_path / "cat.png").write_text("png")
    drafts, losses = parted(converted("notion", tmp_path))
    draft = drafts[0]
    assert (draft.key, draft.tags) == ("formats", ("a-b", "c"))
    assert draft.body.startswith("- **Done**: yes\n\nIn short.\n\n")
    for said in (
        "- one\n- two\n",
        "1. first\n2. second\n",
        "7) seventh",
        "- [x] did",
        "**More**\n\nHidden.",
        "## Part\n\nIn it.",
        "> ! Mind.",
        "```latex\nx^2\n```",
        "If `y`.",
        "[Other](key:other)",
        "```\ncode\n```",
        "A cat",
    ):
        assert said in draft.body
    assert "One" not in draft.body
    assert [it.what for it in losses if it.kind is LossKind.SKIPPED] == ["index.html"]
    assert "Formats" in named(losses, LossKind.MARKUP)[0]


def test_a_file_that_is_no_text_or_no_table_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / f"Bad {A}.md").write_bytes(b"\xff\xfe\xfd")
    (tmp_path / f"Empty {B}.csv").write_text("")
    (tmp_path / f"Good {C}.md").write_text("# Good\n\nText.\n")
    drafts, losses = parted(converted("notion", tmp_path))
    assert [it.title for it in drafts] == ["Wiki article: Good"]
    whys = [it.why for it in losses if it.kind is LossKind.SKIPPED]
    assert len(whys) == 2
    assert all(why.startswith("it can't be read") for why in whys)


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        (f"A%20b%20{A}.md", A),
        (f"A%%20{A}.html#{B}", A),
        (f"https://www.notion.so/acme/T-{A}?v={B}", A),
        (f"https://acme.notion.site/{A}", A),
        ("https://notion.so/aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa", A),
        (f"Page%20{A}/image.png", ""),
        (f"https://example.com/{A}", ""),
        (f"https://wiki.example.com/{A}", A),
        ("", ""),
    ],
)
def test_an_id_is_found_in_links_to_the_export_only(link: str, expected: str) -> None:
    assert id_in_link(link, "https://wiki.example.com") == expected


def test_twins_have_names_that_stay() -> None:
    names = Names([f"w/Same {A}.md", f"w/Same {B}.md", f"w/Other {C}.md"])
    assert [names.name(path) for path in names.entries] == [
        f"Same {A[:8]}",
        f"Same {B[:8]}",
        "Other",
    ]
    assert split_id(f"Name {A}_all") == ("Name", A)


def test_a_link_to_a_page_without_a_text_is_listed_and_found_so(tmp_path: Path) -> None:
    files = {
        f"{HOME}.md": f"# Handbook\n\nNothing is on [it](Handbook%20{A}/Empty%20{B}.md) so far.\n",
        f"{HOME}/Empty {B}.md": "# Empty\n",
    }
    fidelity, losses = verified("notion", wiki(tmp_path, files))
    assert [it.split()[-1] for it in named(losses, LossKind.LINK)] == [f"wiki:{B}"]
    assert unreported(fidelity) == []


@pytest.mark.parametrize("listed", [A, "wiki:other"])
def test_a_listed_link_covers_no_link_to_another_page(listed: str) -> None:
    lost = Loss(LossKind.LINK, Place("a", 1), listed, "no page of this name is moved")
    thing = Thing(f"Handbook/Empty%20{B}.md", "it")
    assert Reports([lost]).cover(Construct.LINK, thing) is None
