"""Splits a text that is too long for one post: at headings, never inside a fence, list or table."""

import re
from collections.abc import Iterator

from importer.model.fields import LIMITS
from importer.model.ids import Field, Kind
from importer.sources.lines import code_flags, heading
from importer.sources.references import definitions, with_definitions

__all__ = ["sent_length", "split"]

_HIGH = LIMITS[Kind.ANSWER, Field.BODY].high
# What is sent besides the text: the marker with a long key, the line that says which part this is,
# and a whole URL for each `key:`.
_MARKER = 360
_URL = 70
_LIST_ITEM = re.compile(r"\s*(?:[-+*]|\d{1,9}[.)])\s")


def sent_length(markdown: str) -> int:
    """Return at most how long *markdown* is as sent: line ends as two, links as URLs, marked.

    Characters beyond the first plane count twice: no page of the vendor says what is counted.
    """
    wide = len(markdown.encode("utf-16-le", "surrogatepass")) // 2
    return wide + markdown.count("\n") + markdown.count("](key:") * _URL + _MARKER


def split(markdown: str, high: int = _HIGH) -> tuple[str, ...] | None:
    """Return *markdown* in parts of at most *high* characters as sent; None when it can't be split.

    Headings are tried first, then the blank lines between blocks.
    """
    if sent_length(markdown) <= high:
        return (markdown,)
    parts: list[str] = []
    for section in _sections(markdown):
        pieces = [section] if sent_length(section) <= high else list(_blocks(section))
        for piece in pieces:
            longer = f"{parts[-1]}\n\n{piece}" if parts else piece
            if parts and sent_length(longer) <= high:
                parts[-1] = longer
            else:
                parts.append(piece)
    parts = [with_definitions(part, definitions(markdown)) for part in parts]
    return tuple(parts) if all(sent_length(part) <= high for part in parts) else None


def _sections(markdown: str) -> Iterator[str]:
    """Yield the parts of *markdown* that begin at its headings."""
    lines = markdown.split("\n")
    flags = code_flags(lines)
    section: list[str] = []
    for line, code in zip(lines, flags, strict=True):
        if section and not code and heading(line):
            yield "\n".join(section).strip("\n")
            section = []
        section.append(line)
    yield "\n".join(section).strip("\n")


def _blocks(section: str) -> Iterator[str]:
    """Yield the blocks of a section; a list and what is indented below it are one, as is a table.

    A heading stays with the block below it.
    """
    lines = section.split("\n")
    flags = code_flags(lines)
    block: list[str] = []
    in_list = was_code = False
    for at, (line, code) in enumerate(zip(lines, flags, strict=True)):
        after_blank = at > 0 and not lines[at - 1].strip() and not flags[at - 1]
        goes_on = (code and was_code) or (in_list and _belongs_to_list(line))
        begins = bool(line.strip()) and after_blank and not goes_on
        if begins and not heading("".join(block).strip()):
            yield "\n".join(block).strip("\n")
            block, in_list = [], False
        in_list = in_list or (not code and _LIST_ITEM.match(line) is not None)
        was_code = code if line.strip() else was_code
        block.append(line)
    yield "\n".join(block).strip("\n")


def _belongs_to_list(line: str) -> bool:
    return line.startswith((" ", "\t")) or _LIST_ITEM.match(line) is not None
