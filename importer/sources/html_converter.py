"""HTML to the Markdown of the team's site. The only room that needs markdownify and its soup.

The library does plain HTML; what it gets wrong or loses is done here: code that holds fences,
destinations with blanks, keys and raised letters, tables with anything in their cells, and all that
the site has no form for, which leaves something to be seen and a loss.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import count

from bs4 import BeautifulSoup, Comment, Tag
from bs4.element import NavigableString, PageElement
from markdownify import ATX, MarkdownConverter

from importer.model.draft import Place
from importer.sources.losses import Losses, LossKind

__all__ = ["html_to_markdown", "soup_of", "soup_to_markdown"]

_UNUSABLE = re.compile("[\0\ud800-\udfff]")
_RUNS = re.compile(r"`+")
_SIGNS = re.compile(r"[\\`*\[\]]|<(?=[a-zA-Z/!?])|&(?=#?\w+;)|(?<![^\W_])_|_(?![^\W_])|~(?=~)")
_BEGINNING = re.compile(
    r"^([ \t]*)(?=(?:[>=]|[-+](?:\s|$)|#{1,6}(?:\s|$)|-{2,}\s*$|:?-+:?\s*\|))", re.MULTILINE
)
_NUMBER = re.compile(r"^([ \t]*\d{1,9})(?=[.)](?:\s|$))", re.MULTILINE)
_LANGUAGE = re.compile(r"(?:lang|language|brush|highlight-source|highlight)[-:]\s*([\w+#.-]+)")
# Not on the team's site, and nothing to be said in their place but where they led.
_EMBEDDED = ("iframe", "video", "audio", "object", "embed", "svg", "math", "canvas", "applet")
_UNSEEN = ("script", "style", "template", "noscript", "head", "link", "meta", "colgroup")
_STYLES = {
    "u": "underlined", "mark": "marked", "font": "coloured", "center": "centred", "big": "large",
    "small": "small", "ins": "inserted",
}  # fmt: skip
_FORMS = ("form", "button", "select", "textarea", "input")
_KEPT_INLINE = ("sub", "sup", "kbd")
_BLOCKS = ("pre", "table", "x-block")
_LISTS = ("ul", "ol")
_WIDEST = 1_000


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
        self._converter = _Converter(self._blocks)

    def markdown(self) -> str:
        self._drop_comments()
        # One look at all names, for most pages have few of them.
        there = {tag.name for tag in self._soup.find_all(name=True)}
        for names, step in (
            (_UNSEEN, self._drop_unseen),
            ((*_EMBEDDED, *_FORMS), self._replace_embedded),
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
            self._put(table, self._table(table))

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
                tag.replace_with(_Raw(box if apart else f"{box} "))
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
        parts.append(NavigableString(f"; {text})" if text else ")"))
        tag.insert_after(*parts)
        tag.decompose()

    def _open_folds(self) -> None:
        for tag in self._soup.find_all("details"):
            summary = tag.find("summary")
            title = summary.get_text(" ", strip=True) if summary else ""
            self._lost(title or "<details>", "a part that could be folded; it is always open now")
            if summary:
                summary.name = "p"
                bold = self._soup.new_tag("strong")
                bold.string = title
                summary.clear()
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

    def _table(self, table: Tag) -> str:
        """Return a table: of pipes; what a cell can't hold stands below it, with a number."""
        rows = [it for it in table.find_all("tr") if it.find_parent("table") is table]
        notes: list[str] = []
        grid = _grid([[(cell, self._cell(cell, notes)) for cell in _cells(row)] for row in rows])
        width = max(map(len, grid), default=0)
        caption = table.find("caption")
        above = (
            f"**{self._inline(caption)}**\n\n" if caption and caption.get_text(strip=True) else ""
        )
        if not width:
            return above.rstrip()
        if notes:
            what = f"blocks in cells of a table: {len(notes)}"
            self._lost(what, "they stand below the table, and their cells say where")
        if any(_spans(cell) for row in rows for cell in _cells(row)):
            self._lost("cells that span others", "what they say is repeated in each")
        head, *body = grid
        if rows and not _is_head(rows[0]) and len(rows) > 1 and not any(head):
            head, *body = body
        lines = [head, ["---"] * width, *body]
        made = "\n".join(_row(line, width) for line in lines)
        below = "".join(f"\n\n({number}):\n\n{note}" for number, note in enumerate(notes, 1))
        return f"{above}{made}{below}"

    def _cell(self, cell: Tag, notes: list[str]) -> str:
        for block in cell.find_all(_BLOCKS):
            if block.decomposed or _is_within_another(block, cell):
                continue
            if block.name == "pre" and "\n" not in block.get_text().strip():
                block.name = "code"
                continue
            notes.append(self._converter.convert_soup(block).strip("\n"))
            block.replace_with(NavigableString(f" (see {len(notes)} below) "))
        return self._inline(cell)

    def _inline(self, tag: Tag) -> str:
        """Return what is in a tag in one line; its lines and items are parted by breaks."""
        for item in tag.find_all("li"):
            lead = "- "
            if item.parent is not None and item.parent.name == "ol":
                lead = f"{len(item.find_previous_siblings('li')) + 1}. "
            item.insert(0, _Raw(lead))
        for part in tag.find_all(("p", "div", "li", "blockquote", *_LISTS)):
            if part.name in _LISTS:
                part.insert_before(self._soup.new_tag("br"))
            part.insert_after(self._soup.new_tag("br"))
            part.unwrap()
        for part in tag.find_all(re.compile(r"h[1-6]\Z")):
            part.name = "strong"
            part.insert_after(self._soup.new_tag("br"))
        text = self._converter.convert_soup(_as_span(tag))
        lines = (" ".join(line.split()) for line in text.replace("  \n", "<br>").split("<br>"))
        return (
            "<br>".join(line for line in lines if line).replace("|", "\\|").replace("\\\\|", "\\|")
        )


def _is_within_another(block: Tag, cell: Tag) -> bool:
    parent = block.parent
    while parent is not None and parent is not cell:
        if parent.name in _BLOCKS:
            return True
        parent = parent.parent
    return False


class _Raw(NavigableString):
    """Text that is Markdown already."""


def _as_span(tag: Tag) -> Tag:
    tag.name = "span"
    return tag


def _cells(row: Tag) -> list[Tag]:
    return row.find_all(("td", "th"), recursive=False)


def _span(cell: Tag, name: str) -> int:
    value = str(cell.get(name) or "1").strip()
    return max(1, min(_WIDEST, int(value))) if value.isascii() and value.isdigit() else 1


def _spans(cell: Tag) -> bool:
    return _span(cell, "colspan") > 1 or _span(cell, "rowspan") > 1


def _is_head(row: Tag) -> bool:
    cells = _cells(row)
    in_head = row.parent is not None and row.parent.name == "thead"
    return in_head or (bool(cells) and all(cell.name == "th" for cell in cells))


def _grid(rows: Iterable[Iterable[tuple[Tag, str]]]) -> list[list[str]]:
    """Return the cells' texts by row and column; a cell that spans others is repeated."""
    grid: list[list[str]] = []
    hanging: dict[int, tuple[int, str]] = {}
    for row in rows:
        line: list[str] = []
        following: dict[int, tuple[int, str]] = {}
        cells = iter(row)
        for column in count():
            if column in hanging:
                left, text = hanging[column]
                line.append(text)
                if left > 1:
                    following[column] = (left - 1, text)
                continue
            found = next(cells, None)
            if found is None:
                if not any(at > column for at in hanging):
                    break
                line.append("")
                continue
            cell, text = found
            for at in range(column, column + _span(cell, "colspan")):
                if _span(cell, "rowspan") > 1:
                    following[at] = (_span(cell, "rowspan") - 1, text)
                if at > column:
                    hanging[at] = (0, text)
            line.append(text)
        hanging = following
        grid.append(line)
    return grid


def _row(cells: list[str], width: int) -> str:
    padded = [*cells, *[""] * (width - len(cells))]
    return f"| {' | '.join(padded)} |"


class _Converter(MarkdownConverter):
    def __init__(self, blocks: list[str]) -> None:
        super().__init__(heading_style=ATX, bullets="-")
        self._blocks = blocks

    def process_text(self, el: NavigableString, parent_tags: set[str] | None = None) -> str:
        if isinstance(el, _Raw):
            return str(el)
        text = super().process_text(el, parent_tags=parent_tags)  # type: ignore[misc]  # no stub
        return str(text)

    def escape(self, text: str, parent_tags: set[str]) -> str:  # noqa: ARG002 - the library's
        text = _SIGNS.sub(r"\\\g<0>", text)
        return _NUMBER.sub(r"\1\\", _BEGINNING.sub(r"\1\\", text))

    def convert_x_block(self, el: Tag, text: str, parent_tags: set[str]) -> str:  # noqa: ARG002
        return f"\n\n{self._blocks[int(str(el['n']))]}\n\n"

    def convert_pre(self, el: Tag, text: str, parent_tags: set[str]) -> str:  # noqa: ARG002
        for line_end in el.find_all("br"):
            line_end.replace_with("\n")
        code = el.get_text().replace("\r\n", "\n").strip("\n").rstrip()
        if not code.strip():
            return ""
        fence = "`" * max(3, 1 + max(map(len, _RUNS.findall(code)), default=0))
        return f"\n\n{fence}{_language(el)}\n{code}\n{fence}\n\n"

    def convert_a(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        href = str(el.get("href") or "").strip()
        if not href or "_noformat" in parent_tags:
            return text
        before, inner, after = _chomped(text)
        if not inner:
            return text
        title = str(el.get("title") or "")
        if inner == href and not title and href.startswith(("http://", "https://")):
            return f"{before}<{href}>{after}"
        return f"{before}[{inner}]({_destination(href)}{_title(title)}){after}"

    def convert_img(self, el: Tag, text: str, parent_tags: set[str]) -> str:  # noqa: ARG002
        alt = re.sub(r"[\[\]\\]", r"\\\g<0>", " ".join(str(el.get("alt") or "").split()))
        source = str(el.get("src") or "").strip()
        return (
            f"![{alt}]({_destination(source)}{_title(str(el.get('title') or ''))})"
            if source
            else alt
        )

    def convert_blockquote(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        quoted = super().convert_blockquote(el, text, parent_tags)  # type: ignore[misc]  # no stub
        if "spoiler" not in (el.get("class") or ()):
            return f"\n{quoted}"
        return "\n" + re.sub(r"^>", ">!", quoted, flags=re.MULTILINE)

    def convert_br(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        if "span" in parent_tags or "_inline" in parent_tags:
            return f"<br>{text}"
        # Two of them as line ends would be the end of the paragraph.
        return f"<br>{text}" if _is_br(el.next_sibling) else f"  \n{text}"

    def convert_li(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        made = str(super().convert_li(el, text, parent_tags))  # type: ignore[misc]  # no stub
        # Paragraphs in one item: the items stand apart, all of them.
        return f"{made}\n" if el.parent is not None and _is_loose(el.parent) else made

    def convert_kbd(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        return self._kept(el, text, parent_tags)

    def convert_sub(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        return self._kept(el, text, parent_tags)

    def convert_sup(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        return self._kept(el, text, parent_tags)

    def convert_del(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        return self._kept(el, text, parent_tags)

    def convert_s(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        return self._kept(el, text, parent_tags)

    def convert_strike(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        return self._kept(el, text, parent_tags)

    def _kept(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        if not text.strip() or {"pre", "code"} & parent_tags:
            return text
        return f"<{el.name}>{text}</{el.name}>"


def _is_br(following: PageElement | None) -> bool:
    while isinstance(following, NavigableString) and not following.strip():
        following = following.next_sibling
    return isinstance(following, Tag) and following.name == "br"


def _is_loose(listing: Tag) -> bool:
    items = listing.find_all("li", recursive=False)
    return any(item.find("p", recursive=False) for item in items)


def _chomped(text: str) -> tuple[str, str, str]:
    before = " " if text.startswith((" ", "\n")) else ""
    after = " " if text.endswith((" ", "\n")) else ""
    return before, text.strip(), after


def _destination(url: str) -> str:
    bare = url.replace("\n", "%0A").replace("<", "%3C").replace(">", "%3E")
    return f"<{bare}>" if re.search(r"[\s()]", bare) else bare


def _title(title: str) -> str:
    escaped = " ".join(title.split()).replace("\\", "\\\\").replace('"', '\\"')
    return f' "{escaped}"' if escaped else ""


def _language(el: Tag) -> str:
    """Return the language of a block of code, as its classes or attributes say."""
    for tag in _with_code(el):
        said = str(tag.get("data-lang") or tag.get("data-language") or "")
        match = _LANGUAGE.search(" ".join(tag.get("class") or ()))
        if name := said or (match[1] if match else ""):
            return re.sub(r"[^\w+#.-]", "", name).lower()
    return ""


def _with_code(el: Tag) -> Iterator[Tag]:
    yield el
    if code := el.find("code"):
        yield code
    if el.parent is not None:
        yield el.parent
