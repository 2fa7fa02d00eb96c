"""Numbered lines of a Markdown file, and which of them are seen as text.

A long FAQ is sloppier than CommonMark: a fence may be left open in one question. What belongs to a
list item ends with the item, so a question's own line ends whatever the one before left open.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from importer.text.scanning import code_spans, lines

__all__ = [
    "Numbered",
    "code_flags",
    "heading",
    "indent_of",
    "joined",
    "numbered",
    "outside_code",
    "trimmed",
    "visible",
]

_FENCE = re.compile(r"\s*(?:[-*+][ \t]+|\d{1,9}[.)][ \t]+|>[ \t]?)*(`{3,}|~{3,})([^\n]*)")
_HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*")
_PRE = re.compile(r"<pre\b")
_LIST_ITEM = re.compile(r" {0,3}(?:[-+*]|\d{1,9}[.)])(?:[ \t]|$)")


class Numbered(NamedTuple):
    """A line and its number in the file, from 1."""

    number: int
    text: str


def numbered(text: str) -> list[Numbered]:
    """Return the lines of *text*, their ends off."""
    return [Numbered(number, line) for number, line in enumerate(text.split("\n"), 1)]


def joined(part: Sequence[Numbered]) -> str:
    """Return the lines as one text."""
    return "\n".join(line.text for line in part)


def trimmed(part: Sequence[Numbered]) -> list[Numbered]:
    """Return *part* without blank lines at its ends."""
    begin, end = 0, len(part)
    while begin < end and not part[begin].text.strip():
        begin += 1
    while end > begin and not part[end - 1].text.strip():
        end -= 1
    return list(part[begin:end])


def indent_of(text: str) -> int:
    """Return the columns a line is indented by; a tab reaches the next multiple of four."""
    bare = text.lstrip(" \t")
    return len(text[: len(text) - len(bare)].expandtabs(4))


def heading(text: str) -> tuple[int, str] | None:
    """Return level and Markdown of the ATX heading that a line is, or None."""
    match = _HEADING.fullmatch(text)
    return (len(match[1]), match[2] or "") if match else None


def visible(part: Sequence[Numbered], ends_item: re.Pattern[str] | None = None) -> Iterator[int]:
    """Yield the indexes of lines that are neither code nor inside a comment.

    A line that matches *ends_item* and is indented less than the open fence ends the fence.
    """
    fence, indent, comment = "", 0, False
    for index, (_, text) in enumerate(part):
        if fence:
            if _closes(text, fence):
                fence = ""
                continue
            left = ends_item is not None and ends_item.match(text) and indent_of(text) < indent
            if not left:
                continue
            fence = ""
        if comment:
            comment = "-->" not in text
            continue
        match = _FENCE.match(text)
        if match and not (match[1][0] == "`" and "`" in match[2]):
            fence, indent = match[1], indent_of(text)
            continue
        comment = _opens_comment(text) and any("-->" in line.text for line in part[index + 1 :])
        yield index


def _closes(text: str, fence: str) -> bool:
    bare = text.strip(" \t>")
    return len(bare) >= len(fence) and set(bare) == {fence[0]}


def _opens_comment(text: str) -> bool:
    if "<!--" not in text:
        return False
    at = text.rfind("<!--")
    return "-->" not in text[at:] and not any(a <= at < b for a, b in code_spans(text))


def code_flags(texts: Sequence[str]) -> list[bool]:
    """Tell of each line whether it is code: in a fence or `<pre>`, or indented as code is."""
    flags = []
    after_blank, in_list, in_pre = True, False, False
    for line in lines("\n".join(texts)) if texts else ():
        bare = line.text.strip()
        if bare and not line.text.startswith((" ", "\t")):
            in_list = bool(_LIST_ITEM.match(line.text)) or (in_list and not after_blank)
        indented = bool(bare) and indent_of(line.text) >= 4 and after_blank and not in_list
        low = "" if line.code else line.text.lower()
        flags.append(line.code or indented or in_pre or _PRE.search(low) is not None)
        in_pre = (in_pre or "<pre" in low) and low.rfind("</pre") <= low.rfind("<pre")
        after_blank = not bare or indented or line.code
    return flags


def outside_code(text: str, change: Callable[[str], str]) -> str:
    """Return *text* with *change* applied to what stands outside its code spans."""
    parts, position = [], 0
    for begin, end in code_spans(text):
        parts += [change(text[position:begin]), text[begin:end]]
        position = end
    return "".join([*parts, change(text[position:])])
