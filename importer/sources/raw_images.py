"""Images that Markdown holds as raw HTML, or within it: made Markdown where they have to be moved.

The importer and the team's site know an image of the manifest by its Markdown only.
"""

import html
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator

from importer.sources.lines import code_flags, code_spans
from importer.text.blocks import prose
from importer.text.scanning import Form, destinations, lines

__all__ = ["freed", "in_prose"]

_TAG = re.compile(r"<img\s(?:[^<>\"']|\"[^\"<]*+\"|'[^'<]*+')*+>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([a-zA-Z-]+)\s*=\s*("[^"]*"|'[^']*'|[^\s"'>]+)""")
_WRITTEN = re.compile(
    r"(?<!\\)!\[[^\[\]\n]{0,1000}\]\((?:<[^<>\n]*+>|[^\s()<>]++)(?:[ \t]+\"[^\"\n]*+\")?\)"
)
_DATA = re.compile(r"data:[^\s\"'()<>]{200,}+")
_STAYS = re.compile(r"(?:https?:)?//", re.IGNORECASE)


def freed(markdown: str, stays: Callable[[str], None]) -> str:
    """Return *markdown* with raw `<img>` of local images as Markdown, and none within raw HTML.

    *stays* is called for each image that is left raw, with its address: those elsewhere are.
    """
    if "<img" in markdown.lower():
        markdown = _Prose(markdown).replaced(_TAG, lambda it: _image(it[0], stays))
    if not re.search(r"^[ \t>*+-]*<\w", markdown, re.MULTILINE) or "![" not in markdown:
        return markdown
    known = {it.link_start for it in destinations(markdown) if it.form is Form.IMAGE}
    # In a block of raw HTML it would be text; blank lines end that.
    return _Prose(markdown).replaced(
        _WRITTEN, lambda it: it[0] if it.start() in known else f"\n\n{it[0]}\n\n"
    )


def in_prose(markdown: str, pattern: re.Pattern[str]) -> Iterator[re.Match[str]]:
    """Yield what matches within a line of a paragraph or heading, outside code."""
    for block in prose(markdown):
        for start, end in block.segments:
            text = markdown[start:end]
            spans = code_spans(text) if "`" in text else ()
            for match in pattern.finditer(text):
                if not any(begin <= match.start() < after for begin, after in spans):
                    yield match


def _image(tag: str, stays: Callable[[str], None]) -> str:
    pairs = ((name.lower(), raw.strip("\"'")) for name, raw in _ATTRIBUTE.findall(tag))
    said = {name: html.unescape(value) for name, value in pairs}
    source = "".join(said.get("src", "").split("\n")).strip()
    if not source or _STAYS.match(source):
        if source:
            stays(source)
        return tag
    alt = re.sub(r"[\[\]\\]", r"\\\g<0>", " ".join(said.get("alt", "").split()))
    bare = re.sub(r"[<>\s]", lambda it: f"%{ord(it[0]):02X}", source)
    return f"![{alt}](<{bare}>)" if re.search(r"[()]", bare) else f"![{alt}]({bare})"


class _Prose:
    """A text, and which places of it are neither code nor a comment."""

    def __init__(self, markdown: str) -> None:
        self._markdown = markdown
        self._lines = list(lines(markdown))
        self._starts = [line.start for line in self._lines]
        # A line is taken for code when nobody could have written it; images within it are long.
        self._code = code_flags([_DATA.sub("data:", line.text) for line in self._lines])

    def replaced(self, pattern: re.Pattern[str], change: Callable[[re.Match[str]], str]) -> str:
        """Return the text with *change* made of what matches outside code."""
        return pattern.sub(
            lambda it: change(it) if self._is_prose(it.start()) else it[0], self._markdown
        )

    def _is_prose(self, at: int) -> bool:
        index = bisect_right(self._starts, at) - 1
        line = self._lines[index]
        if line.code or line.comment or self._code[index]:
            return False
        return not any(start <= at - line.start < end for start, end in code_spans(line.text))
