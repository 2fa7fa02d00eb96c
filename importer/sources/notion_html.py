"""The parts of a page of Notion's HTML export. Needs the extra `convert`."""

import html
import re
from dataclasses import dataclass
from types import MappingProxyType

from bs4 import Tag

from importer.sources.html_converter import soup_of
from importer.sources.notion_properties import Properties

__all__ = ["HtmlParts", "html_list", "parts_of"]


@dataclass(frozen=True, slots=True)
class HtmlParts:
    """What an exported page says."""

    title: str
    body: str
    properties: Properties


def parts_of(text: str) -> HtmlParts | None:
    """Return the parts of an exported page; None for a file that is none, such as the index."""
    soup = soup_of(text)
    try:
        body = soup.select_one(".page-body")
        if body is None:
            return None
        title = soup.select_one("h1.page-title") or soup.find("title")
        about = soup.select_one("p.page-description")
        described = about.decode_contents() if about and about.get_text(strip=True) else ""
        above = f"<p>{described}</p>" if described else ""
        inner = body.decode_contents()
        shown = bool(body.get_text(strip=True)) or body.find(("img", "a", "table")) is not None
        return HtmlParts(
            title.get_text(" ", strip=True) if title else "",
            f"{above}{inner}" if shown or above else "",
            Properties(MappingProxyType(dict(map(_property, soup.select("table.properties tr"))))),
        )
    finally:
        soup.decompose()


def _property(row: Tag) -> tuple[str, str]:
    name = row.find("th")
    value = row.find("td")
    return (name.get_text(" ", strip=True) if name else ""), (_value(value) if value else "")


def _value(cell: Tag) -> str:
    boxes = cell.select(".checkbox")
    if boxes:
        return "yes" if "checkbox-on" in (boxes[0].get("class") or ()) else "no"
    chosen = [it.get_text(" ", strip=True) for it in cell.select(".selected-value")]
    return ", ".join(chosen) if chosen else cell.get_text(" ", strip=True)


def html_list(properties: Properties) -> str:
    """Return all that is no tag as a list, in HTML."""
    rows = []
    for name, value in properties.shown():
        bare = html.escape(value)
        linked = f'<a href="{bare}">{bare}</a>' if re.fullmatch(r"https?://\S+", value) else bare
        rows.append(f"<li><strong>{html.escape(name)}</strong>: {linked}</li>")
    return f"<ul>{''.join(rows)}</ul>" if rows else ""
