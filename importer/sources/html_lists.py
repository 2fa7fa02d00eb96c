"""Items of HTML's lists in Markdown: their signs, and whether they stand apart."""

import re

from bs4 import Tag

__all__ = ["item"]

_LISTS = ("ul", "ol")
_FENCE = re.compile(r"(?:\s|>|[-*] |\d+[.)] )*(`{3,})")
# What begins a block of its own right below a line of text.
_INTERRUPTS = re.compile(r"\s*(?:`{3}|#{1,6} |\*\*\*$)")
_NESTS = re.compile(r"\s*(?:>|[-*] |1[.)] )")
_MOST = 999_999_999


def item(el: Tag, text: str) -> str:
    """Return an item whose content is *text*; in a list with paragraphs all items stand apart."""
    sign = _sign(el)
    bare = text.strip()
    if not bare:
        return f"{sign}\n"
    loose = el.parent is not None and _is_loose(el.parent)
    lines = (bare if loose else _tight(bare)).split("\n")
    indent = " " * (len(sign) + 1)
    rest = [f"{indent}{line}" if line else "" for line in lines[1:]]
    return "\n".join([f"{sign} {lines[0]}", *rest, *([""] if loose else []), ""])


def _sign(el: Tag) -> str:
    """Return an item's sign; a list right below another one has other signs, or is its end."""
    listing = el.parent
    if listing is None:
        return "-"
    before, other = listing.find_previous_sibling(), False
    while before is not None and before.name == listing.name and _follows(before):
        other = not other
        before = before.find_previous_sibling()
    if listing.name != "ol":
        return "*" if other else "-"
    start = str(listing.get("start") or "1")
    first = int(start) if start.isascii() and start.isdigit() else 1
    number = min(_MOST, first + len(el.find_previous_siblings("li")))
    return f"{number}{')' if other else '.'}"


def _follows(before: Tag) -> bool:
    """Tell whether nothing stands between a list and the next tag."""
    between = before.next_sibling
    while between is not None and not isinstance(between, Tag):
        if str(between).strip():
            return False
        between = between.next_sibling
    return True


def _is_loose(listing: Tag) -> bool:
    items = listing.find_all("li", recursive=False)
    return any(item.find("p", recursive=False) for item in items)


def _tight(text: str) -> str:
    """Return an item's text without the empty lines that would set all items apart."""
    kept: list[str] = []
    fence = ""
    lines = text.split("\n")
    for at, line in enumerate(lines):
        if fence:
            fence = "" if line.lstrip(" >") == fence else fence
        elif match := _FENCE.match(line):
            fence = match[1]
        elif not line and kept and at + 1 < len(lines) and _joins(kept[-1], lines[at + 1]):
            continue
        kept.append(line)
    return "\n".join(kept)


def _joins(before: str, after: str) -> bool:
    nested = bool(re.match(r"\s|[-*] |\d+[.)] |>|\|", before))
    return bool(_INTERRUPTS.match(after)) or (not nested and bool(_NESTS.match(after)))
