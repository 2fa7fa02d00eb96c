"""Markdown folders and wikis: names and titles, links by name, what only a wiki understands."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from importer.model.ids import Kind
from importer.sources import READERS, Account, LossKind, Options, Tally, tally
from importer.sources.reader import Likeness
from tests.pictures import png
from tests.sources.factories import LONG, converted, named, parted, wiki

ADDRESS = "https://git.example/team/project/wiki"


@pytest.mark.parametrize(
    ("name", "text", "title", "key"),
    [
        pytest.param("The-way_to-it.md", "x", "Wiki article: The way to it", "the-way-to-it"),
        pytest.param(
            "a.md", "\n# The `way` home\n\nIt.", "Wiki article: The way home", "a", id="heading"
        ),
        pytest.param(
            "a.md", "---\ntitle: The way to the sea\ntags: [x]\n---\n# Other\n\nText.",
            "The way to the sea", "a", id="front matter",
        ),
        pytest.param(
            "Release-notes-of-all.md", "# 1.0\n\nText.\n\n# 2.0\n\nText.", "Release notes of all",
            "release-notes-of-all", id="chapters",
        ),
        pytest.param(
            "ways-to-the-sea/README.md", "Text.", "ways to the sea", "ways-to-the-sea", id="folder"
        ),
    ],
)  # fmt: skip
def test_a_page_is_named_by_what_it_says_and_else_by_its_file(
    tmp_path: Path, name: str, text: str, title: str, key: str
) -> None:
    options = Options(tags=("wiki",))
    (draft,), _ = parted(converted("markdown", wiki(tmp_path, {name: text}), options))
    assert (draft.title, draft.key, draft.kind) == (title, key, Kind.ARTICLE)


LINKS = {
    "Home.md": "# Our pages here\n\nSee {}.\n",
    "Long-Way.md": "## Left\n\nThen right.\n",
    "sub/Deep Page.md": "It is deep.\n",
}


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        pytest.param("[[Long Way]]", "[Long Way](key:long-way)", id="by title"),
        pytest.param("[[long-way]]", "[long-way](key:long-way)", id="by name"),
        pytest.param("[[The way|Long Way]]", "[The way](key:long-way)", id="with a text"),
        pytest.param("[[The way|Long Way#Left]]", "[The way](key:long-way)", id="a part"),
        pytest.param("[[Deep Page]]", "[Deep Page](key:sub/deep-page)", id="in a folder"),
        pytest.param("[x](Long-Way)", "[x](key:long-way)", id="relative"),
        pytest.param("[x](Long-Way.md#left)", "[x](key:long-way)", id="file and part"),
        pytest.param(f"[x]({ADDRESS}/Long-Way)", "[x](key:long-way)", id="whole address"),
        pytest.param("[x](/team/other)", "[x](https://git.example/team/other)", id="the host's"),
        pytest.param("[[No Page]]", "No Page (link not moved: `wiki:no-page`)", id="no page"),
        pytest.param("[[x|https://a.example]]", "[x](<https://a.example>)", id="elsewhere"),
        pytest.param("`[[Long Way]]`", "`[[Long Way]]`", id="code"),
        pytest.param("[x](#our-pages-here)", "x", id="in the page"),
        pytest.param("[[a.png]]", "(image not moved: `a.png`)", id="image"),
    ],
)
def test_a_link_of_a_wiki_leads_to_the_page(tmp_path: Path, link: str, expected: str) -> None:
    files = {**LINKS, "Home.md": LINKS["Home.md"].format(link)}
    drafts, _ = parted(converted("markdown", wiki(tmp_path, files), Options(address=ADDRESS)))
    (home,) = [it for it in drafts if it.key == "home"]
    assert home.body == f"See {expected}."
    assert home.origin == ("Home.md", f"{ADDRESS}/Home")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("> [!NOTE]\n> Mind the gap.", "> **Note**\n>\n> Mind the gap.", id="an alert"),
        pytest.param(
            "A[^a], b[^b], `[^a]`.\n\n[^a]: One\n    and more\n[^b]: Two\n\nEnd.",
            "A<sup>1</sup>, b<sup>2</sup>, `[^a]`.\n\n\nEnd.\n\n---\n\n1. One and more\n2. Two",
            id="footnotes",
        ),
        pytest.param("- [x] done\n- [ ] not", "- [x] done\n- [ ] not", id="tasks"),
        pytest.param(
            "<details><summary>More</summary>\n\nText.\n\n</details>",
            "**More**\n\nText.",
            id="a fold",
        ),
        pytest.param(
            "```\n[[x]] [^1]\n\n[^1]: y\n```", "```\n[[x]] [^1]\n\n[^1]: y\n```", id="code"
        ),
    ],
)
def test_what_only_a_wiki_understands_is_said_otherwise(
    tmp_path: Path, text: str, expected: str
) -> None:
    (draft,), _ = parted(converted("markdown", wiki(tmp_path, {"a.md": text})))
    assert draft.body == expected


def test_every_file_is_accounted_for(tmp_path: Path) -> None:
    files = {
        "Home.md": "![plan](img/plan.png) is here.",
        "_Sidebar.md": "* [[Home]]",
        "Old.rst": "Old\n===",
        "Empty.md": "# Empty page, this is one\n",
        "img/plan.png": "png",
        "img/other.png": "png",
    }
    wiki(tmp_path, files)
    (tmp_path / "Bad.md").write_bytes(b"a\xe9")
    results = converted("markdown", tmp_path)
    drafts, losses = parted(results)
    assert [it.key for it in drafts] == ["home"]
    assert named(losses, LossKind.SKIPPED) == [
        "Bad.md:1 Bad.md",
        "Empty.md:1 Empty page, this is one",
        "Old.rst:1 Old.rst",
        "_Sidebar.md:1 _Sidebar.md",
    ]
    assert sorted(named(losses, LossKind.FILE)) == [
        "Home.md:1 img/plan.png",
        "img/other.png:1 img/other.png",
    ]
    assert tally(results) == Tally(5, migrated=1, split=0, merged=0, skipped=4)


def test_the_last_edit_is_taken_from_the_repository(tmp_path: Path) -> None:
    wiki(tmp_path, {"Home.md": "Text.", "Way home.md": "Text, other."})
    person = ("-c", "user.name=Ann Lee", "-c", "user.email=ann@example.org")
    for command in (("init", "-q"), ("add", "."), (*person, "commit", "-qm", "first")):
        subprocess.run(["git", "-C", tmp_path, *command], check=True)
    accounts = [it for it in converted("markdown", tmp_path) if isinstance(it, Account)]
    assert [it.owner for it in accounts] == ["Ann Lee", "Ann Lee"]
    assert all(it.edited and it.edited.tzinfo and len(it.revision) == 40 for it in accounts)


def test_a_wiki_is_told_from_a_folder_and_from_a_faq(tmp_path: Path) -> None:
    wiki(
        tmp_path, {"w/Home.md": "x", "f/a.md": "x", "q/a.md": "# How is it?\n\nSo.", "n/a.txt": ""}
    )
    guesses = {
        name: {folder: READERS[name].guess(tmp_path / folder) for folder in "wfqn"}
        for name in ("markdown", "faq")
    }
    none, possible, likely, sure = Likeness
    assert guesses == {
        "markdown": {"w": sure, "f": possible, "q": possible, "n": none},
        "faq": {"w": none, "f": none, "q": likely, "n": none},
    }


def test_pages_of_wikitext_among_markdown_are_read_as_such(tmp_path: Path) -> None:
    (tmp_path / "Home.md").write_text("# The way home\n\nSee [[The old page]].\n")
    (tmp_path / "The-old-page.mediawiki").write_text("It is '''old''', and says so itself.")
    drafts, losses = parted(converted("markdown", tmp_path))
    assert [it.body for it in drafts] == [
        "See [The old page](key:the-old-page).",
        "It is **old**, and says so itself.",
    ]
    assert not [it for it in losses if it.kind is LossKind.FILE]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("![My pic](img/My pic.png)", "![My pic](asset)", id="an image"),
        pytest.param('![a](img/My pic.png "It is")', '![a](asset "It is")', id="with a title"),
        pytest.param("![a](img/My pic.png =30x9)", "![a](asset)", id="with a size"),
        pytest.param("![a](img/Copy (1).png)", "![a](asset)", id="with brackets"),
        pytest.param("[it](sub/The other.md)", "[it](key:sub/the-other)", id="a page"),
        pytest.param("[it](sub/The other)", "[it](key:sub/the-other)", id="a page's name"),
        pytest.param("`![a](img/My pic.png)`", "`![a](img/My pic.png)`", id="code"),
        pytest.param("[so](we say it)", "[so](we say it)", id="no file"),
    ],
)
def test_a_destination_with_blanks_leads_to_what_is_there(
    tmp_path: Path, text: str, expected: str
) -> None:
    files = {"Home.md": f"See {text}.", "sub/The other.md": LONG}
    wiki(tmp_path, files)
    for name in ("My pic.png", "Copy (1).png"):
        (tmp_path / "img").mkdir(exist_ok=True)
        (tmp_path / "img" / name).write_bytes(png())
    drafts, losses = parted(converted("markdown", tmp_path))
    home = next(it for it in drafts if it.key == "home")
    assert re.sub(r"<?(?:asset:|assets/)[^\s>)]*>?", "asset", home.body) == f"See {expected}."
    assert not [it for it in losses if it.kind in (LossKind.IMAGE, LossKind.LINK)]


def test_a_destination_with_blanks_that_is_not_there_is_listed(tmp_path: Path) -> None:
    files = {"Home.md": f"{LONG} ![a](img/No pic.png) and [b](docs/No plan.pdf)."}
    drafts, losses = parted(converted("markdown", wiki(tmp_path, files)))
    assert "![a](img/No pic.png) and" in drafts[0].body
    assert named(losses, LossKind.IMAGE) == ["Home.md:1 img/No pic.png"]
    assert named(losses, LossKind.LINK) == ["Home.md:1 docs/No plan.pdf"]
