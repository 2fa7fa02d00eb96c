"""The pages of Notion's exports as markups: its own blocks become plain Markdown or HTML."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from importer.model.draft import Place
from importer.sources.cleaning import clean
from importer.sources.lines import Numbered, code_flags, joined, numbered
from importer.sources.losses import Losses, LossKind
from importer.sources.notion_names import id_in_link
from importer.text.scanning import Form, destinations

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

__all__ = ["Ids", "NotionHtml", "NotionMarkdown"]

_DEAD = "notion.soundefined"
_FOLDED = {"1.875em": "h1", "1.5em": "h2", "1.25em": "h3"}
_SIZE = re.compile(r"font-size:\s*([\d.]+em)")
_PAGE_PARTS = (".page-cover-image", "img.icon", "img.bookmark-icon", "img.bookmark-image")


@dataclass(frozen=True, slots=True)
class Ids:
    """The ids of the export's pages, and where it stood: links to them go by id alone."""

    known: frozenset[str] = frozenset()
    address: str = ""

    def target(self, link: str) -> str:
        """Return the name of the page a link leads to, with its anchor; empty for none."""
        number = id_in_link(link, self.address)
        if number not in self.known:
            return ""
        _, sharp, anchor = link.partition("#")
        return f"wiki:{number}{sharp}{anchor}"


@dataclass(frozen=True, slots=True)
class NotionMarkdown:
    """Markdown as Notion exports it."""

    ids: Ids = Ids()
    name: str = "Notion Markdown"

    def to_markdown(self, text: str, place: Place, losses: Losses) -> str:
        """Return the text with callouts as quotations and links by their pages' ids."""
        part = clean(_without_callouts(numbered(self._relinked(text, place, losses))), losses).lines
        return joined(part)

    def _relinked(self, text: str, place: Place, losses: Losses) -> str:
        for found in reversed(destinations(text)):
            link = text[found.start : found.end]
            if target := self.ids.target(link):
                text = f"{text[: found.start]}{target}{text[found.end :]}"
            elif _DEAD in link and found.form is Form.LINK:
                _tell_dead(link, place, losses)
                inner = text[found.text_start : found.text_end]
                text = f"{text[: found.link_start]}{inner}{text[found.link_end :]}"
        return text


def _tell_dead(link: str, place: Place, losses: Losses) -> None:
    why = "a reference that was dead in Notion already; its text stays"
    losses.add(LossKind.LINK, place.line, link, why)


def _without_callouts(part: list[Numbered]) -> list[Numbered]:
    """Return *part* with what stands in `<aside>` as quotations."""
    kept: list[Numbered] = []
    inside = False
    for line, code in zip(part, code_flags([it.text for it in part]), strict=True):
        bare = line.text.strip().lower()
        if not code and bare == "<aside>" and not inside:
            inside = True
            kept.append(Numbered(line.number, ""))
        elif bare == "</aside>" and inside:
            inside = False
            while kept and kept[-1].text in (">", "> "):
                kept.pop()
            kept.append(Numbered(line.number, ""))
        else:
            kept.append(Numbered(line.number, f"> {line.text}".rstrip()) if inside else line)
    return kept


@dataclass(frozen=True, slots=True)
class NotionHtml:
    """The body of a page of an HTML export. Needs the extra `convert`."""

    ids: Ids = Ids()
    name: str = "Notion HTML"

    def to_markdown(self, text: str, place: Place, losses: Losses) -> str:
        """Return the page as Markdown: Notion's blocks are brought into plain HTML first."""
        # Not imported with this module: the list of readers has to work without the extra.
        from importer.sources.html_converter import soup_of, soup_to_markdown

        blocks = _Blocks(soup_of(text), self.ids, place, losses)
        blocks.make_plain()
        return soup_to_markdown(blocks.soup, place, losses)


@dataclass(slots=True)
class _Blocks:
    """Notion's blocks on their way to plain HTML."""

    soup: "BeautifulSoup"
    ids: Ids
    place: Place
    losses: Losses

    def make_plain(self) -> None:
        self._drop()
        self._relink()
        self._say_formulas()
        self._open_toggles()
        self._tick_boxes()
        self._quote_callouts()
        self._say_bookmarks()
        self._join_lists()
        columns = self.soup.select(".column-list")
        self._count(len(columns), "columns beside one another", "one below the other now")
        for tag in self.soup.select("figure, figcaption"):
            tag.name = "div"
        for tag in self.soup.select("code[class*='language-Plain']"):
            del tag["class"]

    def _count(self, number: int, what: str, why: str, kind: LossKind = LossKind.MARKUP) -> None:
        if number:
            self.losses.add(kind, self.place.line, f"{what}: {number}", why)

    def _drop(self) -> None:
        # The export brings its own highlighter along.
        for tag in self.soup.select("script[src*='prism'], link, style"):
            tag.decompose()
        contents = self.soup.select("nav.table_of_contents, .table_of_contents")
        why = "the site makes its own; dropped"
        self._count(len([it for it in contents if it.name == "nav"]), "lists of the headings", why,
                    LossKind.NAVIGATION)  # fmt: skip
        pictures = self.soup.select(", ".join(_PAGE_PARTS))
        why = "they say nothing that the text doesn't; dropped"
        if pictures:
            what = f"{len(pictures)} images: icons and covers"
            self.losses.add(LossKind.DECORATION, self.place.line, what, why)
        for tag in (*contents, *pictures):
            if not tag.decomposed:
                tag.decompose()

    def _relink(self) -> None:
        for tag in self.soup.select("a[href]"):
            link = str(tag["href"])
            if target := self.ids.target(link):
                tag["href"] = target
            elif _DEAD in link:
                _tell_dead(link, self.place, self.losses)
                tag.unwrap()
        for tag in self.soup.select("figure.image > a > img"):
            if tag.parent is not None and tag.parent.get("href") == tag.get("src"):
                tag.parent.unwrap()

    def _say_formulas(self) -> None:
        formulas = self.soup.select("figure.equation, .notion-text-equation-token, .katex")
        said = 0
        for tag in formulas:
            source = None if tag.decomposed else tag.find("annotation")
            if source is None:
                continue
            said += 1
            code = self.soup.new_tag("code")
            code.string = source.get_text().strip()
            if tag.name == "figure":
                block = self.soup.new_tag("pre", attrs={"data-lang": "latex"})
                block.append(code)
                code = block
            tag.replace_with(code)
            tag.decompose()
        self._count(said, "formulas", "their LaTeX is shown as code")

    def _open_toggles(self) -> None:
        for tag in self.soup.select("details > summary"):
            size = _SIZE.search(str(tag.get("style") or ""))
            level = _FOLDED.get(size[1]) if size else None
            if level and tag.parent is not None:
                title = tag.get_text(" ", strip=True)
                why = "a part that could be folded; it is always open now"
                self.losses.add(LossKind.MARKUP, self.place.line, title, why)
                tag.name, tag.parent.name = level, "div"
        for tag in self.soup.select("ul.toggle"):
            for item in tag.find_all("li", recursive=False):
                item.name = "div"
            tag.name = "div"

    def _tick_boxes(self) -> None:
        for tag in self.soup.select("div.checkbox"):
            box = self.soup.new_tag("input", type="checkbox")
            if "checkbox-on" in (tag.get("class") or ()):
                box["checked"] = ""
            tag.replace_with(box)

    def _quote_callouts(self) -> None:
        for tag in self.soup.select("figure.callout, div.callout, aside"):
            tag.name = "blockquote"
            icon = tag.select_one("span.icon")
            emoji = icon.get_text(strip=True) if icon else ""
            if icon is not None:
                icon.decompose()
            if not tag.get_text(strip=True) and tag.find("img") is None:
                why = "an empty callout; dropped"
                self.losses.add(LossKind.DECORATION, self.place.line, emoji or "callout", why)
                tag.decompose()
                continue
            first = tag.find("p") or tag
            if emoji:
                first.insert(0, f"{emoji} ")

    def _say_bookmarks(self) -> None:
        for tag in self.soup.select("a.bookmark"):
            title = tag.select_one(".bookmark-title")
            about = tag.select_one(".bookmark-description")
            words = (it.get_text(" ", strip=True) if it else "" for it in (title, about))
            name, more = words
            tag.clear()
            tag.string = name or str(tag.get("href") or "")
            if more:
                tag.insert_after(f": {more}")

    def _join_lists(self) -> None:
        """Make one list of the lists of one item each that an export consists of."""
        for tag in self.soup.select("ul.bulleted-list, ul.to-do-list, ol.numbered-list"):
            before = tag.find_previous_sibling()
            if before is None or not _continues(before, tag):
                continue
            for item in list(tag.children):
                before.append(item.extract())
            tag.decompose()


def _continues(before: "Tag", tag: "Tag") -> bool:
    between = before.next_sibling
    if between is not tag and (between is None or str(between).strip()):
        return False
    if (before.name, before.get("class")) != (tag.name, tag.get("class")):
        return False
    number = str(tag.get("start") or "")
    first = str(before.get("start") or "1")
    if tag.name == "ul" or not (number.isdecimal() and first.isdecimal()):
        return True
    return int(number) == int(first) + len(before.find_all("li", recursive=False))
