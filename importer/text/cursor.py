"""A place in a line of Markdown, in characters and in columns: a tab reaches to the next stop."""

import re

__all__ = ["TAB", "Cursor"]

TAB = 4
"""The width of a tab stop, and of the indentation that makes code."""

_BLANKS = re.compile(r"[ \t]*")


class Cursor:
    """A place in a line, in characters and columns; `next` is the first that is not blank."""

    __slots__ = ("at", "column", "next", "next_column", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = self.column = 0
        self._look()

    def _look(self) -> None:
        match = _BLANKS.match(self.text, self.at)
        self.next = match.end() if match else self.at
        column = self.column
        for char in self.text[self.at : self.next]:
            column += TAB - column % TAB if char == "\t" else 1
        self.next_column = column

    @property
    def indent(self) -> int:
        """How many columns of blanks come next."""
        return self.next_column - self.column

    @property
    def is_blank(self) -> bool:
        """Whether nothing but blanks is left."""
        return self.next == len(self.text)

    def skip(self, columns: int) -> None:
        """Take off indentation; a tab can be taken off in part."""
        while columns > 0 and self.at < self.next:
            is_tab = self.text[self.at] == "\t"
            step = min(TAB - self.column % TAB if is_tab else 1, columns)
            self.column += step
            columns -= step
            self.at += not is_tab or self.column % TAB == 0

    def take(self, width: int) -> None:
        """Take off the indentation and *width* characters after it."""
        self.column = self.next_column + width
        self.at = self.next + width
        self._look()
