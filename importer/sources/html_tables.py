"""Tables of HTML in Markdown: of pipes; what a cell can't hold stands below, with a number."""

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import count

from bs4 import BeautifulSoup, Tag
from bs4.element import NavigableString
from markdownify import MarkdownConverter

from importer.sources.html_writing import Raw

__all__ = ["Tables"]

_BLOCKS = ("pre", "table", "x-block")
_LISTS = ("ul", "ol")
_WIDEST = 1_000
_ALIGNED = re.compile(r"\balign:\s*(left|center|right)", re.IGNORECASE)
_SIGNS = {"left": ":---", "center": ":---:", "right": "---:"}


class Tables:
    """Says the tables of a page."""

    def __init__(
        self, soup: BeautifulSoup, writer: MarkdownConverter, lost: Callable[[str, str], None]
    ) -> None:
        self._soup = soup
        self._converter = writer
        self._lost = lost
        self._items = 0
        self._headings = 0

    def table(self, table: Tag) -> str:
        """Return a table: of pipes; what a cell can't hold stands below it, with a number."""
        rows = [it for it in table.find_all("tr") if it.find_parent("table") is table]
        notes: list[str] = []
        sides = _sides(rows)
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
        if self._items:
            self._lost(f"{self._items} list items in cells", "lines with the items' signs now")
        if self._headings:
            self._lost(f"{self._headings} headings in cells", "bold lines now")
        self._items = self._headings = 0
        if any(_spans(cell) for row in rows for cell in _cells(row)):
            self._lost("cells that span others", "what they say is repeated in each")
        head, *body = grid
        if rows and not _is_head(rows[0]) and len(rows) > 1 and not any(head):
            head, *body = body
        lines = [head, [*sides, *["---"] * width][:width], *body]
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
            item.insert(0, Raw(lead))
            self._items += 1
        for part in tag.find_all(("p", "div", "li", "blockquote", *_LISTS)):
            part.insert_before(self._soup.new_tag("br"))
            part.insert_after(self._soup.new_tag("br"))
            part.unwrap()
        for part in tag.find_all(re.compile(r"h[1-6]\Z")):
            part.name = "strong"
            self._headings += 1
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


def _sides(rows: Sequence[Tag]) -> list[str]:
    """Return the signs below a table's head: on which side the words of a column stand."""
    made: list[str] = []
    for cell in _cells(rows[0]) if rows else ():
        match = _ALIGNED.search(f"{cell.get('style') or ''};align:{cell.get('align') or ''}")
        sign = _SIGNS.get(match[1].lower() if match else "", "---")
        made += [sign] * _span(cell, "colspan")
    return made


def _row(cells: list[str], width: int) -> str:
    padded = [*cells, *[""] * (width - len(cells))]
    return f"| {' | '.join(padded)} |"
