"""One file as it was read, and the places in it."""

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property

from importer.errors import Span
from importer.text.digests import Digest

__all__ = ["Passage", "Source"]

_LITERAL = re.compile(r"(?:&\S+\s+)?\|[^\n]*\n")
_QUOTED = re.compile(r"""(?:&\S+\s+)?(?:"(?:[^"\\]|\\.)*"|'[^']*(?:''[^']*)*')""", re.DOTALL)


class Source:
    """A file's text (line ends LF) with its names.

    `path` is relative to the manifest's folder, with `/`; `name` is how the author sees it. Places
    are offsets into `text`. From `verbatim_from` on, values are the very characters of the file;
    before it they are YAML scalars. `cut` holds the places of plain scalars that a comment follows.
    """

    def __init__(self, path: str, name: str, text: str, digest: Digest) -> None:
        self.path = path
        self.name = name
        self.text = text
        self.digest = digest
        self.verbatim_from = len(text) + 1
        self.cut: set[int] = set()

    @cached_property
    def _line_starts(self) -> list[int]:
        return [0, *(match.end() for match in re.finditer("\n", self.text))]

    def span(self, at: int) -> Span:
        """Return line and column (from 1) of the offset *at*."""
        starts = self._line_starts
        line = bisect_right(starts, at)
        return Span(self.name, line, at - starts[line - 1] + 1)


@dataclass(frozen=True, slots=True)
class Passage:
    """A value's text and the place it stands at, so that a fault inside it has a place too."""

    source: Source
    at: int
    text: str

    def span(self, offset: int = 0, length: int = 0) -> Span:
        """Return the place of text[offset:offset + length]; of the whole value without *length*."""
        source = self.source
        if self.at >= source.verbatim_from:
            return source.span(self.at + offset)
        if not length:
            return source.span(self.at)
        literal = _LITERAL.match(source.text, self.at)
        at = self._in_literal(literal.end(), offset) if literal else self._by_search(offset, length)
        return source.span(at)

    def _in_literal(self, start: int, offset: int) -> int:
        """Lines of a literal block are the file's lines less their indentation."""
        file, value = self.source.text, self.text
        for _ in range(value.count("\n", 0, offset)):
            start = file.index("\n", start) + 1
        begin = value.rfind("\n", 0, offset) + 1
        width = (value + "\n").index("\n", offset) - begin
        return (file + "\n").index("\n", start) - width + offset - begin

    def _by_search(self, offset: int, length: int) -> int:
        """Folded and quoted values are searched for the same words, counted from their start."""
        file, fragment = self.source.text, self.text[offset : offset + length]
        # An alias: the words stand elsewhere, and whatever follows is another value's.
        if file.startswith("*", self.at):
            return self.at
        quoted = _QUOTED.match(file, self.at)
        end = quoted.end() if quoted else len(file)
        at = self.at - 1
        for _ in range(self.text.count(fragment, 0, offset) + 1):
            at = file.find(fragment, at + 1, end)
            if at < 0:
                return self.at
        return at
