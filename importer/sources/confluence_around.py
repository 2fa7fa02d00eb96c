"""What stands around the text of a page of Confluence's HTML export: labels, comments, dates.

The export is a frame around `#main-content`. Nothing of it goes unseen: what becomes something is
read, all else is a loss that counts what it held.
"""

import posixpath
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from importer.sources.losses import LossKind

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

__all__ = ["Around", "around_of", "held_in", "is_index", "key_in"]

_FRAME = (
    "#main-content, #main-header, #title-heading, #title-text, #breadcrumb-section, #breadcrumbs, "
    "#footer, script, style, head, .page-metadata"
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DATE = re.compile(r"\b([A-Z][a-z]{2})[a-z]*\.?\s+(\d{1,2}),\s+(\d{4})\b")
_KEY = re.compile(r"~?[A-Za-z0-9._-]{1,255}\Z")
_SHOWN = 80


@dataclass(frozen=True, slots=True)
class Around:
    """`attached` are the addresses of the files listed; `left` is HTML that becomes nothing.

    `losses` report all that is in `left`.
    """

    labels: tuple[str, ...]
    edited: datetime | None
    attached: tuple[tuple[str, str], ...]
    left: str
    losses: tuple[tuple[LossKind, str, str], ...]


def around_of(soup: "BeautifulSoup") -> Around:
    """Take apart what stands around a page's text, which goes from *soup*."""
    root = soup.select_one("#content") or soup.body or soup
    metadata = soup.select_one(".page-metadata")
    edited = _date(metadata.get_text(" ")) if metadata else None
    losses: list[tuple[LossKind, str, str]] = []
    if metadata and edited is None and metadata.get_text(strip=True):
        what = " ".join(metadata.get_text(" ").split())
        losses.append((LossKind.METADATA, what, "its date can't be read; the author's name is"))
    for tag in root.select(_FRAME):
        if not tag.decomposed:
            tag.decompose()
    labels = _labels(root)
    attached = _attached(root)
    left = []
    for section in [it for it in root.select(".pageSection") if not it.decomposed]:
        if not section.get_text(strip=True) or section.find_parent(class_="pageSection"):
            continue
        losses.append(_loss(section))
        left.append(str(section.extract()))
    if root.get_text(strip=True):
        left.append(root.decode_contents())
        losses.append(_loss(root))
    return Around(labels, edited, attached, "".join(left), tuple(losses))


def _date(text: str) -> datetime | None:
    """Return the last day that the line about a page names: it was made, then edited."""
    for month, day, year in reversed(_DATE.findall(text)):
        try:
            number = _MONTHS.index(month.lower()) + 1
            return datetime(int(year), number, int(day), tzinfo=UTC)
        except ValueError:
            continue
    return None


def _labels(root: "Tag") -> tuple[str, ...]:
    """Return a page's labels, and take their section away."""
    found: dict[str, None] = {}
    for listing in root.select("ul.label-list, ul.labels, .labels-content"):
        if listing.decomposed:
            continue
        for item in listing.select("li") or listing.select("a"):
            name = (item.select_one("a") or item).get_text(" ", strip=True)
            if name:
                found[name] = None
        section = listing.find_parent(id="labels-section") or listing.find_parent(
            class_="pageSection"
        )
        # A section that says more than labels says it still.
        alone = section and not section.select_one("#comments, #attachments, .greybox")
        (section if section and alone else listing).decompose()
    return tuple(found)


def _attached(root: "Tag") -> tuple[tuple[str, str], ...]:
    """Return the files that a page lists, and take the list away."""
    found = []
    for box in root.select(".greybox"):
        links = [it for it in box.select("a[href]") if _is_attached(str(it["href"]))]
        if not links:
            continue
        found += [(str(it["href"]), it.get_text(" ", strip=True)) for it in links]
        section = box.find_parent(class_="pageSection")
        alone = section and not section.select_one("#comments")
        (section if section and alone else box).decompose()
    return tuple(found)


def _is_attached(href: str) -> bool:
    return posixpath.normpath(href).startswith("attachments/")


def _loss(tag: "Tag") -> tuple[LossKind, str, str]:
    held = held_in(tag)
    if tag.select_one("#comments, a[name^=comment-]"):
        marks = {str(it["name"]) for it in tag.select("a[name^=comment-]")}
        count = len(marks) or len(tag.select("font.smallfont")) or len(tag.select("tr"))
        why = "no API of the team's site writes them; left out"
        return (LossKind.COMMENT, f"comments: {count:,}; {held}", why)
    said = " ".join(tag.get_text(" ").split())
    shown = said if len(said) <= _SHOWN else f"{said[:_SHOWN]}..."
    return (LossKind.TEXT, f"{held}: {shown}", "it stands around the page's text; left out")


def held_in(tag: "Tag") -> str:
    """Return how much of what there is in a part of a page, as a loss that counts says it."""
    smileys = tag.select("img.emoticon")
    signs = [str(it.get("data-emoji-fallback") or it.get("alt") or "") for it in smileys]
    counts = {
        "links": len(tag.find_all("a", href=True)),
        "images": len(tag.find_all("img", src=True)) - len(tag.select("img.emoticon[src]")),
        "list items": len(tag.find_all("li")),
        "headings": len(tag.find_all(re.compile(r"h[1-6]\Z"))),
        "table cells": len(tag.find_all(("td", "th"))),
        "blocks of code": len(tag.find_all("pre")),
        "code spans": len(tag.find_all(("code", "tt", "samp"))),
        "words": len(" ".join([tag.get_text(" "), *signs]).split()),
    }
    return ", ".join(f"{count} {what}" for what, count in counts.items() if count)


def is_index(soup: "BeautifulSoup") -> bool:
    """Tell whether a file is the index of a space, which looks like a page of its own."""
    main = soup.select_one("#main-content")
    return main is None or "pageSection" in (main.get("class") or ())


def key_in(soup: "BeautifulSoup") -> str:
    """Return the space's key, which its index says first; empty for none."""
    for row in soup.select("#main-content tr"):
        head, cell = row.find("th"), row.find("td")
        if head is None or cell is None:
            continue
        said = cell.get_text(" ", strip=True)
        return said if _KEY.match(said) else ""
    return ""
