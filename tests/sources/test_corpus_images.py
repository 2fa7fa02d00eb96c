"""Images in, images out or reported: counted in the sources of every corpus by other means.

A parser of Markdown, patterns for the marks of a wiki, the HTML that a site made itself: none of
them is what the readers use.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from xml.etree.ElementTree import iterparse

import pytest
from markdown_it import MarkdownIt

from importer.model.draft import Draft
from importer.sources import READERS, Account, Fate, Images, LossKind, Options
from importer.text.scanning import Form, destinations
from tests.sources.factories import converted, parted

_TAG = re.compile(r"<img\s", re.IGNORECASE)
_WHOLE = re.compile(r"<img\s[^>]*>", re.IGNORECASE)
_SOURCE = re.compile(r'src="([^"]*)"')
_ICON = re.compile(r'class="[^"]*(?:icon|bookmark)')
_NAMED = re.compile(r"\(image not moved: `")


def in_markdown(text: str) -> int:
    """Count the images of Markdown, those written as raw HTML included."""
    tokens = [it for token in MarkdownIt().parse(text) for it in (token, *(token.children or ()))]
    raw = (it.content for it in tokens if it.type in ("html_block", "html_inline"))
    shown = len([it for it in tokens if it.type == "image"])
    return shown + sum(len(_TAG.findall(it)) for it in raw)


def in_wikitext(text: str) -> int:
    unseen = r"<!--.*?-->|<(nowiki|pre|source|syntaxhighlight)\b.*?</\1>"
    seen = re.sub(unseen, "", text, flags=re.DOTALL | re.IGNORECASE)
    return len(re.findall(r"\[\[\s*(?:File|Image)\s*:|<img\s", seen, re.IGNORECASE))


def in_storage(text: str) -> int:
    seen = re.sub(r"<!\[CDATA\[.*?\]\]>", "", text, flags=re.DOTALL)
    return len(re.findall(r"<ac:image[\s>]|<img\s", seen))


Count = Callable[[Path, dict[str, Account]], dict[str, int]]


def by_file(count: Callable[[str], int]) -> Count:
    def counted(folder: Path, pages: dict[str, Account]) -> dict[str, int]:
        return {path: count((folder / path).read_text(encoding="utf-8")) for path in pages}

    return counted


def from_first_question(folder: Path, pages: dict[str, Account]) -> dict[str, int]:
    """Count in a file of many questions from the first one on; what is before is advertising."""
    (path,) = pages
    lines = (folder / path).read_text(encoding="utf-8").split("\n")
    first = next(at for at, line in enumerate(lines) if re.match(r"\s*\d+\.\s+#{2,6}\s", line))
    # The questions are items of a list, and all that is deep in it would be code.
    text = "\n".join(line.strip() for line in lines[first:])
    return {path: in_markdown(text)}


def as_shown_by_the_site(folder: Path, pages: dict[str, Account]) -> dict[str, int]:
    """Count in the HTML that the old site made of its posts, those of each page together."""
    found: dict[str, int] = {}
    for _, row in iterparse(folder / "Posts.xml"):  # noqa: S314 - a file of the corpora
        if row.tag == "row" and row.get("PostTypeId") in ("1", "2"):
            question = row.get("ParentId") or row.get("Id") or ""
            found[question] = found.get(question, 0) + len(_TAG.findall(row.get("Body", "")))
    moved = {it.keys[0].partition("-")[0].removeprefix("q") for it in pages.values()}
    return {"": sum(count for question, count in found.items() if question in moved)}


CORPORA = [
    ("faq", "faq-30seconds/data/questions", by_file(in_markdown), 2),
    ("faq", "faq-reactjs-onefile/data", from_first_question, 8),
    ("markdown", "faq-30seconds/data/questions", by_file(in_markdown), 2),
    ("markdown", "githubwiki-typescript/data", by_file(in_markdown), 17),
    ("markdown", "confluence-storage-md2conf/data/source", by_file(in_markdown), None),
    ("mediawiki", "mediawiki-bips/data", by_file(in_wikitext), 11),
    ("confluence", "confluence-storage-md2conf/data/target", by_file(in_storage), 13),
    ("stackexchange", "stackexchange-french-meta/data", as_shown_by_the_site, 57),
]


@pytest.mark.parametrize(
    ("reader", "name", "count", "known"),
    [pytest.param(*it, id=f"{it[0]}: {it[1]}") for it in CORPORA],
)
def test_every_image_is_kept_or_reported(
    corpora: Path, reader: str, name: str, count: Count, known: int | None
) -> None:
    if not (corpora / name).is_dir():
        pytest.skip(f"{name} is not among the corpora")
    results = converted(reader, corpora / name)
    drafts, losses = parted(results)
    moved = [it for it in results if isinstance(it, Account) and it.fate is not Fate.SKIPPED]
    found: dict[str, int] = {}
    for account in moved:
        found[account.place.path] = found.get(account.place.path, 0) + account.images.found
        require_sum(account.images)
    pages = {it.place.path if reader != "stackexchange" else it.title: it for it in moved}
    expected = count(corpora / name, pages)
    if "" in expected:
        found = {"": sum(found.values())}
    assert found == expected
    assert known is None or sum(found.values()) == known
    # What an account counts is there to be seen, and what didn't come along is listed.
    assert sum(map(seen, drafts)) == sum(found.values())
    listed = {it.where.path for it in losses if it.kind is LossKind.IMAGE}
    assert listed == {it.place.path for it in moved if it.images.found > it.images.copied}


def require_sum(images: Images) -> None:
    parts = (images.copied, images.remote, images.missing, images.too_large, images.unfit)
    assert images.found == sum(parts)


def seen(draft: Draft) -> int:
    """Count the images of a draft, and the notes that stand for one, in its Markdown."""
    texts = (draft.body, *(it.body for it in draft.answers))
    return sum(in_markdown(it) + len(_NAMED.findall(it)) for it in texts)


def test_every_image_of_a_notion_export_is_kept_or_reported(corpora: Path) -> None:
    if "notion" not in READERS:
        pytest.skip("there is no reader for it yet")
    (path,) = (corpora / "notion-html-testspace").rglob("*.zip")
    results = converted("notion", path, Options())
    drafts, losses = parted(results)
    for account in (it for it in results if isinstance(it, Account)):
        require_sum(account.images)
    # Icons of the service and of bookmarks are its own decoration, and no content.
    tags = (tag for text in pages_in(path.read_bytes()) for tag in _WHOLE.findall(text))
    sources = {_SOURCE.findall(tag)[0] for tag in tags if not _ICON.search(tag)}
    shown = "\n".join(text for it in drafts for text in (it.body, *(a.body for a in it.answers)))
    listed = {it.what.removesuffix("...") for it in losses}
    assert sources
    missed = [it for it in sources if it not in shown and it[:100] not in listed]
    assert missed == []


def pages_in(packed: bytes) -> Iterator[str]:
    with zipfile.ZipFile(BytesIO(packed)) as archive:
        for name in archive.namelist():
            if name.endswith(".zip"):
                yield from pages_in(archive.read(name))
            elif name.endswith((".html", ".htm")):
                yield archive.read(name).decode("utf-8")


def test_the_counters_see_what_they_should() -> None:
    assert in_markdown('![a](b) `![a](b)` [![a][c]](d)\n\n[c]: e\n\n<p><img src="x"></p>') == 3
    assert in_wikitext("[[File:a.png]] [[image:b|c]] <nowiki>[[File:x]]</nowiki> [[Media:c]]") == 2
    assert in_storage('<ac:image ac:x="1"/><![CDATA[<ac:image>]]><img src="x"/>') == 2
    assert destinations("![a](b)")[0].form is Form.IMAGE
