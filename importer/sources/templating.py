"""Fills the templates of rules with what is known of a page, and says where a post comes from."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from importer.model.draft import Place
from importer.sources.losses import Losses
from importer.sources.page import Credit, Markup, Page, Passage
from importer.sources.titles import escaped, seen_title

__all__ = ["Footed", "filled", "footed", "is_whole", "values_of"]

_HOLE = re.compile(r"\{(\w+)\}")
_URL = re.compile(r"https?://[^\s<>]+")


def values_of(page: Page, credit: Credit | None = None) -> Mapping[str, str]:
    """Return what templates can name of *page*; empty where the source doesn't say it."""
    told = credit or page.body.credit
    addresses = (told.address, *page.addresses)
    return {
        "title": seen_title(page),
        "path": page.place.path,
        "space": page.space,
        "parent": page.parent,
        "address": next((it for it in addresses if _URL.fullmatch(it)), ""),
        "edited": f"{told.when:%Y-%m-%d}" if told.when else "",
        "author": told.author,
    }


def filled(template: str, values: Mapping[str, str], *, markdown: bool = False) -> str:
    """Return *template* with the values in it, as text or as Markdown that shows this text."""

    def value_of(match: re.Match[str]) -> str:
        value = values[match[1]]
        return escaped(value) if markdown and match[1] != "address" else value

    return _HOLE.sub(value_of, template)


def is_whole(template: str, values: Mapping[str, str]) -> bool:
    """Tell whether the source says all that *template* names."""
    return all(values[name] for name in _HOLE.findall(template))


@dataclass(frozen=True, slots=True)
class Footed:
    """A text with a line below it, in Markdown."""

    markup: Markup
    footer: str
    name: str = "text with a footer"

    def to_markdown(self, text: str, place: Place, losses: Losses) -> str:
        """Return the text in Markdown, and the footer below a rule."""
        markdown = self.markup.to_markdown(text, place, losses).rstrip()
        return f"{markdown}\n\n---\n\n{self.footer}" if markdown else markdown


def footed(passage: Passage, page: Page, footer: str) -> Passage:
    """Return *passage* of *page* with the footer of the rules: off, short, full, or a template.

    Where a licence asks for a credit, that stands there, whatever the rules say.
    """
    if footer == "off" or passage.credit.licence or not passage.text.strip():
        return passage
    values = values_of(page, passage.credit)
    line = _line(values, full=footer == "full")
    if footer not in ("short", "full"):
        line = filled(footer, values, markdown=True)
    return Passage(
        passage.text, Footed(passage.markup, line), passage.credit, passage.name, passage.names,
        passage.accepted,
    )  # fmt: skip


def _line(values: Mapping[str, str], *, full: bool) -> str:
    title = escaped(values["title"])
    page = f"[{title}](<{values['address']}>)" if values["address"] else f"\u201c{title}\u201d"
    edited = f", last edited on {values['edited']}" if values["edited"] else ""
    author = f"{'' if edited else ', written'} by {escaped(values['author'])}"
    return f"*Moved from {page}{edited}{author if full and values['author'] else ''}.*"
