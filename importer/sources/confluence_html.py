"""The pages of Confluence's HTML export as a markup: its macros are frozen in classes of HTML."""

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING

from importer.model.draft import Place
from importer.sources.confluence_around import around_of, held_in, is_index, key_in
from importer.sources.losses import Losses, LossKind

if TYPE_CHECKING:
    from bs4 import BeautifulSoup

__all__ = ["EXPORTED", "Exported", "PageParts", "parts_of", "space_key"]

_LABELS = {"information": "Info", "note": "Note", "tip": "Tip", "warning": "Warning"}
_BRUSH = re.compile(r"brush:\s*([\w#+-]+)")
_DROPPED = (
    ".toc-macro",
    ".plugin_pagetree",
    ".recently-updated",
    ".plugin-tabmeta-details",
    "#footer",
)


@dataclass(frozen=True, slots=True)
class Exported:
    """The main part of a page of an HTML export. Needs the extra `convert`."""

    name: str = "Confluence HTML"

    def to_markdown(self, text: str, place: Place, losses: Losses) -> str:
        """Return the page as Markdown: what macros became is brought into plain HTML first."""
        # Not imported with this module: the list of readers has to work without the extra.
        from importer.sources.html_converter import soup_of, soup_to_markdown

        soup = soup_of(text)
        for tag in soup.select(", ".join(_DROPPED)):
            why = "a way around the wiki; dropped"
            name = " ".join(tag.get("class") or ()) or str(tag.get("id") or "")
            losses.add(LossKind.NAVIGATION, place.line, f"{name}: {held_in(tag)}", why)
            tag.decompose()
        for tag in soup.select("img.emoticon"):
            tag.replace_with(str(tag.get("data-emoji-fallback") or tag.get("alt") or ""))
        for tag in soup.select("img[data-image-src]"):
            # A thumbnail's address ends without a suffix; this is what it is one of.
            source = str(tag["data-image-src"])
            if source.startswith("attachments/") and "/thumbnails/" in str(tag.get("src") or ""):
                tag["src"] = source
        for tag in soup.select("pre[data-syntaxhighlighter-params]"):
            match = _BRUSH.search(str(tag["data-syntaxhighlighter-params"]))
            if match and match[1] not in ("none", "text"):
                tag["data-lang"] = match[1]
        for tag in soup.select(".code .codeHeader, .panel .panelHeader, .expand-control-text"):
            tag.name = "strong"
            for inner in tag.find_all(("b", "strong")):
                inner.unwrap()
        for tag in soup.select(".confluence-information-macro"):
            kinds = " ".join(tag.get("class") or ())
            label = next((it for kind, it in _LABELS.items() if f"macro-{kind}" in kinds), "")
            tag.name = "blockquote"
            title = tag.select_one(".title")
            if title is not None:
                title.name = "strong"
            elif label:
                bold = soup.new_tag("p")
                inner = soup.new_tag("strong")
                inner.string = label
                bold.append(inner)
                tag.insert(0, bold)
        for tag in soup.select("ul.inline-task-list > li"):
            box = soup.new_tag("input", type="checkbox")
            if "checked" in (tag.get("class") or ()):
                box["checked"] = ""
            tag.insert(0, box)
        return soup_to_markdown(soup, place, losses)


EXPORTED = Exported()


@dataclass(frozen=True, slots=True)
class PageParts:
    """What an exported page says: `body` is None for a page that is none, such as the index.

    `attached` are the names of its files, by what the export calls them, `listed` those addresses
    that the page lists. `left` is HTML around the text that becomes nothing, as `losses` say.
    """

    title: str
    body: str | None
    parents: tuple[str, ...] = ()
    author: str = ""
    attached: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    edited: datetime | None = None
    labels: tuple[str, ...] = ()
    listed: tuple[str, ...] = ()
    left: str = ""
    losses: tuple[tuple[LossKind, str, str], ...] = ()


def parts_of(text: str) -> PageParts:
    """Return the parts of an exported page."""
    from importer.sources.html_converter import soup_of

    soup = soup_of(text)
    heading = soup.select_one("#title-text")
    title = soup.find("title")
    named = heading or title
    said = named.get_text(" ", strip=True) if named else ""
    main = soup.select_one("#main-content")
    crumbs = tuple(it.get_text(" ", strip=True) for it in soup.select("#breadcrumbs li a"))
    editor = soup.select_one(".page-metadata .editor") or soup.select_one(".page-metadata .author")
    body = None if main is None or is_index(soup) else main.decode_contents()
    attached = _attached(soup)
    by = editor.get_text(" ", strip=True) if editor else ""
    around = around_of(soup)
    return PageParts(
        # The export puts the space's name before the title.
        said.partition(" : ")[2] or said,
        body,
        crumbs,
        by,
        attached,
        around.edited,
        around.labels,
        tuple(href for href, _ in around.attached),
        around.left,
        around.losses,
    )


def space_key(text: str) -> str:
    """Return the key that the index of a space names; empty for a file that is none."""
    from importer.sources.html_converter import soup_of

    soup = soup_of(text)
    return key_in(soup) if is_index(soup) else ""


def _attached(soup: "BeautifulSoup") -> Mapping[str, str]:
    """Return the names of a page's files by those that the export gave them."""
    found: dict[str, str] = {}
    for tag in soup.select("img[data-linked-resource-default-alias]"):
        source = str(tag.get("data-image-src") or tag.get("src") or "").partition("?")[0]
        title = str(tag["data-linked-resource-default-alias"])
        found.setdefault(posixpath.basename(source), title)
    for tag in soup.select('.greybox a[href^="attachments/"]'):
        end = posixpath.basename(str(tag["href"]))
        found.setdefault(end, tag.get_text(" ", strip=True))
    return found
