"""Emphasis in Markdown: stars where they are read as such, and HTML's own tags where not."""

import re
import unicodedata

from bs4 import Tag
from bs4.element import NavigableString, PageElement

__all__ = ["beside", "emphasised"]

_STARS = ("em", "i", "strong", "b")
_TAGS = ("sub", "sup", "x-kbd", "kbd", "del", "s", "strike")
# A tag of mere form: what stands beside it stands beside what is in it.
_CLEAR = (
    "span", "u", "font", "small", "big", "mark", "ins", "abbr", "cite", "dfn", "var", "bdi", "wbr",
    "time", "label", "tt",
)  # fmt: skip
_WHOLE = re.compile(r"(\*\*|\*)((?:[^*\\]|\\.)*)\1")
_STAR = re.compile(r"(?<!\\)\*")


def emphasised(el: Tag, inner: str, sign: str, *, spaced: tuple[bool, bool]) -> str:
    """Return text within stars, or in a tag; *spaced* says on which sides blanks stand."""
    left = " " if spaced[0] else beside(el, forward=False)
    right = " " if spaced[1] else beside(el, forward=True)
    flanked = (not _is_sign(inner[0]) or _ends(left)) and (not _is_sign(inner[-1]) or _ends(right))
    whole = _WHOLE.fullmatch(inner)
    clear = not _STAR.search(inner) or (whole is not None and whole[1] != sign)
    alone = left != "*" and right != "*"
    if flanked and clear and (alone or _is_all_of_other(el)):
        return f"{sign}{inner}{sign}"
    tag = "strong" if sign == "**" else "em"
    return f"<{tag}>{inner}</{tag}>"


def _is_all_of_other(el: Tag) -> bool:
    """Tell whether a tag is all that the emphasis around it holds, which is of the other sort."""
    parent = el.parent
    if parent is None or parent.name not in _STARS:
        return False
    strong = ("strong", "b")
    return len(parent.contents) == 1 and (parent.name in strong) is not (el.name in strong)


def beside(el: Tag, *, forward: bool) -> str:
    """Return the sign that stands right beside a tag in Markdown; a line's end at a block's."""
    at: Tag = el
    while True:
        node = at.next_sibling if forward else at.previous_sibling
        while node is not None:
            if (edge := _edge(node, first=forward)) is not None:
                return edge
            node = node.next_sibling if forward else node.previous_sibling
        parent = at.parent
        if parent is None or parent.name not in (*_STARS, *_TAGS, *_CLEAR, "a"):
            return "\n"
        if parent.name in _STARS:
            return "*"
        if parent.name not in _CLEAR:
            return "]" if parent.name == "a" else "<"
        at = parent


def _edge(node: PageElement, *, first: bool) -> str | None:
    """Return the first or last sign of what is made of a node; None when that is nothing."""
    if isinstance(node, NavigableString):
        return (str(node)[0] if first else str(node)[-1]) if str(node) else None
    if not isinstance(node, Tag):
        return None
    if node.name in _CLEAR:
        found = (_edge(it, first=first) for it in (node.contents if first else node.contents[::-1]))
        return next((it for it in found if it is not None), None)
    if node.name in _STARS:
        return "*"
    if node.name in ("code", "samp"):
        return "`"
    if node.name in (*_TAGS, "a", "img"):
        return "<" if node.name in _TAGS else "["
    return "\n"


def _ends(char: str) -> bool:
    return char.isspace() or _is_sign(char)


def _is_sign(char: str) -> bool:
    return unicodedata.category(char)[0] in "PS"
