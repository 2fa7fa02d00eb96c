"""HTML to the Markdown of the team's site. The rooms `html_...` need markdownify and its soup.

The library does plain HTML; what it gets wrong or loses is done here: code that holds fences,
destinations with blanks, keys and raised letters, tables with anything in their cells, and all that
the site has no form for, which leaves something to be seen and a loss.
"""

import re
from collections import Counter

from bs4 import BeautifulSoup, Comment, Tag
from bs4.element import NavigableString

from importer.model.draft import Place
from importer.sources.html_images import settle_images
from importer.sources.html_tables import Tables
from importer.sources.html_writing import Raw, writer
from importer.sources.losses import Losses, LossKind

__all__ = ["html_to_markdown", "soup_of", "soup_to_markdown"]

_UNUSABLE = re.compile("[\0\ud800-\udfff]")
# Not on the team's site, and nothing to be said in their place but where they led.
_EMBEDDED = ("iframe", "video", "audio", "object", "embed", "svg", "math", "canvas", "applet")
_UNSEEN = ("script", "style", "template", "noscript", "head", "link", "meta", "colgroup")
_STYLES = {
    "u": "underlined", "mark": "marked", "font": "coloured", "center": "centred", "big": "large",
    "small": "small", "ins": "inserted",
}  # fmt: skip
_FORMS = ("form", "button", "select", "textarea", "input")


def html_to_markdown(html: str, place: Place, losses: Losses) -> str:
    """Return HTML as Markdown; what can't be said is listed and leaves something to be seen."""
    return soup_to_markdown(soup_of(html), place, losses)


def soup_of(html: str) -> BeautifulSoup:
    """Return HTML parsed as browsers do, in a block of its own."""
    # Within a block, a text that looks like an address is not taken for one.
    return BeautifulSoup(f"<div>{_UNUSABLE.sub(chr(0xFFFD), html)}</div>", "lxml")


def soup_to_markdown(soup: BeautifulSoup, place: Place, losses: Losses) -> str:
    """Return a parsed page as Markdown; *soup* is used up."""
    try:
        return _Page(soup, place, losses).markdown()
    except RecursionError:
        why = "nested too deeply; its text stays, its form is gone"
        losses.add(LossKind.MARKUP, place.line, "HTML", why)
        return soup.get_text("\n")
    finally:
        # Its parts hold each other: left to itself, a page would stay for thousands of pages.
        soup.decompose()


class _Page:
    """One page on its way: first what has no form is replaced, then tables, then the rest."""

    def __init__(self, soup: BeautifulSoup, place: Place, losses: Losses) -> None:
        self._soup = soup
        self._place = place
        self._losses = losses
        self._blocks: list[str] = []
        self._converter = writer(self._blocks)
        self._tables = Tables(soup, self._converter, self._lost)

    def markdown(self) -> str:
        self._drop_comments()
        settle_images(self._soup, self._place, self._losses)
        # One look at all names, for most pages have few of them.
        there = {tag.name for tag in self._soup.find_all(name=True)}
        for names, step in (
            (_UNSEEN, self._drop_unseen),
            ((*_EMBEDDED, *_FORMS), self._replace_embedded),
            (("kbd",), self._name_keys),
            (("code", "samp", "tt"), self._part_code),
            (("pre",), self._list_links_in_code),
            (("details",), self._open_folds),
            (("dl",), self._say_definitions),
            ((*_STYLES, "img"), self._tell_styles),
            (("table",), self._say_tables),
        ):
            if there.intersection(names):
                step()
        return self._converter.convert_soup(self._soup)

    def _say_tables(self) -> None:
        # The innermost first: what is in a cell is said before its table.
        for table in reversed(self._soup.find_all("table")):
            self._put(table, self._tables.table(table))

    def _lost(self, what: str, why: str, kind: LossKind = LossKind.MARKUP) -> None:
        self._losses.add(kind, self._place.line, what, why)

    def _put(self, tag: Tag, markdown: str) -> None:
        block = self._soup.new_tag("x-block")
        block["n"] = str(len(self._blocks))
        self._blocks.append(markdown)
        tag.replace_with(block)

    def _drop_comments(self) -> None:
        comments = self._soup.find_all(string=lambda it: isinstance(it, Comment))
        for comment in comments:
            comment.extract()
        if comments:
            what = f"HTML comments: {len(comments)}"
            self._lost(what, "readers never saw them; dropped", LossKind.COMMENT)

    def _drop_unseen(self) -> None:
        for tag in self._soup.find_all(_UNSEEN):
            if tag.name in ("script", "noscript"):
                self._lost(f"<{tag.name}>", "it can't run on the team's site; dropped")
            tag.decompose()

    def _replace_embedded(self) -> None:
        for tag in self._soup.find_all(_EMBEDDED):
            if tag.decomposed:
                continue
            source = tag.find("source")
            found = tag.get("src") or tag.get("data") or (source and source.get("src")) or ""
            self._lost(f"<{tag.name}> {found}", "not known on the team's site; its place is named")
            self._say(tag, f"({tag.name} not moved", str(found), tag.get_text(" ", strip=True))
        for tag in self._soup.find_all(_FORMS):
            if tag.decomposed:
                continue
            if tag.get("type") == "checkbox":
                box = "[x]" if tag.has_attr("checked") else "[ ]"
                apart = str(tag.next_sibling or " ").startswith((" ", "\n"))
                tag.replace_with(Raw(box if apart else f"{box} "))
            elif tag.name == "form":
                tag.unwrap()
            else:
                self._lost(f"<{tag.name}>", "a part of a form; its text stays")
                tag.replace_with(str(tag.get("value") or tag.get_text(" ", strip=True)))

    def _say(self, tag: Tag, words: str, where: str, text: str) -> None:
        parts: list[Tag | NavigableString] = [NavigableString(f"{words}: " if where else words)]
        if where:
            code = self._soup.new_tag("code")
            code.string = where
            parts.append(code)
        parts.append(NavigableString(f"; {text}) " if text else ") "))
        tag.insert_after(*parts)
        tag.decompose()

    def _name_keys(self) -> None:
        """Give keys a name of our own: the library takes what is in them for code."""
        for tag in self._soup.find_all("kbd"):
            tag.name = "x-kbd"

    def _part_code(self) -> None:
        """Part code within lines at links, images and line ends: in Markdown it holds none."""
        for code in self._soup.find_all(("code", "samp", "tt")):
            code.name = "code"
            if code.find(("a", "img", "br")) and code.find_parent(("pre", "code")) is None:
                self._part(code)

    def _part(self, code: Tag) -> None:
        for child in list(code.contents):
            whole = isinstance(child, Tag) and child.name in ("img", "br")
            if whole or (isinstance(child, Tag) and child.find(("img", "br"))):
                code.insert_before(child.extract())
                continue
            piece = self._soup.new_tag("code")
            if isinstance(child, Tag) and child.name == "a":
                link = child.extract()
                piece.extend(list(link.contents))
                link.append(piece)
                code.insert_before(link)
            elif isinstance(child, Tag) and child.find("a"):
                code.insert_before(child.extract())
            else:
                piece.append(child.extract())
                code.insert_before(piece)
        code.decompose()

    def _list_links_in_code(self) -> None:
        for code in self._soup.find_all("pre"):
            for link in code.find_all("a", href=True):
                why = "a block of code holds no links; the text stays"
                self._lost(str(link["href"]), why, LossKind.LINK)
            for image in code.find_all("img", src=True):
                why = "a block of code holds no images; its address is shown"
                self._lost(str(image["src"]), why, LossKind.IMAGE)
                image.replace_with(f"({image['src']})")

    def _open_folds(self) -> None:
        for tag in self._soup.find_all("details"):
            summary = tag.find("summary")
            title = summary.get_text(" ", strip=True) if summary else ""
            self._lost(title or "<details>", "a part that could be folded; it is always open now")
            if summary:
                summary.name = "p"
                bold = self._soup.new_tag("strong")
                bold.extend(list(summary.contents))
                summary.append(bold)
            tag.name = "div"

    def _say_definitions(self) -> None:
        """Make lists of definitions lists of bold terms, each with what is said of it."""
        for listing in self._soup.find_all("dl"):
            self._lost("<dl>", "a list of definitions; a list with bold terms now")
            items = self._soup.new_tag("ul")
            item = None
            for part in [
                it for it in listing.find_all(("dt", "dd")) if it.find_parent("dl") is listing
            ]:
                if part.name == "dt" or item is None:
                    item = self._soup.new_tag("li")
                    items.append(item)
                part.name = "strong" if part.name == "dt" else "p"
                item.append(part.extract())
            listing.replace_with(items)

    def _tell_styles(self) -> None:
        found = Counter(tag.name for tag in self._soup.find_all(list(_STYLES)))
        for name, times in sorted(found.items()):
            self._lost(f"<{name}>: {times}", f"{_STYLES[name]} text; the text stays")
        sized = [it for it in self._soup.find_all("img") if it.get("width") or it.get("height")]
        if sized:
            self._lost(f"images with a size: {len(sized)}", "shown in their own size now")
