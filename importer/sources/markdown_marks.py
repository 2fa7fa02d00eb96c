"""Marks within a line that only some dialects of Markdown know, such as `{+ added +}`."""

import re
from collections.abc import Sequence

from importer.sources.lines import Numbered, code_flags, code_spans, outside_code
from importer.sources.losses import Losses, LossKind

__all__ = ["plain_marks"]

_ADDED = re.compile(
    r"(?<!\{)\{\+ ?([^{}\n]{1,1000}?) ?\+\}(?!\})|\[\+ ?([^\[\]\n]{1,1000}?) ?\+\](?!\()"
)
_DELETED = re.compile(
    r"(?<!\{)\{- ?([^{}\n]{1,1000}?) ?-\}(?!\})|\[- ?([^\[\]\n]{1,1000}?) ?-\](?!\()"
)
_MARKED = re.compile(r"(?<![=\w\\])==(?=[^\s=])([^=\n]{1,1000}?)(?<=[^\s=])==(?![=\w])")
_FORMLESS = re.compile(r"<(u|mark|ins)\b[^<>\n]{0,200}>|</(?:u|mark|ins)\s*>", re.IGNORECASE)
_INAPPLICABLE = re.compile(r"\s*(?:>\s?)*(?:[-*+]|\d{1,9}[.)])[ \t]+\[~\](?=\s)")
_FORMULA = re.compile(r"\$\$(?=\S)[^$\n]{1,1000}\$\$|(?<!\S)\$\$(?!\S)")
_STAYS = "the site has no such form; its text stays"


def plain_marks(part: Sequence[Numbered], losses: Losses) -> list[Numbered]:
    """Return *part* with the marks of dialects said in Markdown or HTML, or gone from their text.

    Code stays as it is.
    """
    flags = code_flags([line.text for line in part])
    in_formula = False
    kept = []
    for line, code in zip(part, flags, strict=True):
        if code:
            kept.append(line)
            continue
        marks = _Marks(line.number, losses, in_formula)
        text = outside_code(marks.without_dollars(line.text), marks.plain)
        in_formula = marks.in_formula
        if _INAPPLICABLE.match(text):
            why = "a task that doesn't apply any more; its sign stays as text"
            losses.add(LossKind.MARKUP, line.number, "[~]", why)
        kept.append(Numbered(line.number, text))
    return kept


class _Marks:
    """The marks of one line; `in_formula` says whether one of several lines is open."""

    def __init__(self, number: int, losses: Losses, in_formula: bool) -> None:  # noqa: FBT001 - a state
        self.in_formula = in_formula
        self._number = number
        self._losses = losses

    def without_dollars(self, text: str) -> str:
        """Return a line without the dollars around code spans that are GitLab's formulas."""
        if "$`" not in text or "`$" not in text:
            return text
        for begin, end in reversed(code_spans(text)):
            if text[begin - 1 : begin] == "$" and text[end : end + 1] == "$":
                self._lose(text[begin - 1 : end + 1], "a formula; its source is code now")
                text = f"{text[: begin - 1]}{text[begin:end]}{text[end + 1 :]}"
        return text

    def plain(self, text: str) -> str:
        """Return a piece of a line outside code spans without marks."""
        if "+" in text:
            text = _ADDED.sub(self._bare, text)
        if "-" in text:
            text = _DELETED.sub(lambda it: f"<del>{it[1] or it[2]}</del>", text)
        if "==" in text:
            text = _MARKED.sub(self._bare, text)
        if "<" in text:
            text = _FORMLESS.sub(self._tag, text)
        if "$$" in text:
            self._tell_formulas(text)
        return text

    def _bare(self, match: re.Match[str]) -> str:
        self._lose(match[0], _STAYS)
        return next(it for it in match.groups() if it is not None)

    def _tag(self, match: re.Match[str]) -> str:
        if match[1]:
            self._lose(match[0], _STAYS)
        return ""

    def _tell_formulas(self, text: str) -> None:
        for match in _FORMULA.finditer(text):
            ends = match[0] == "$$" and self.in_formula
            if match[0] == "$$":
                self.in_formula = not self.in_formula
            if not ends:
                self._lose(match[0], "a formula; the site may show its source")

    def _lose(self, what: str, why: str) -> None:
        self._losses.add(LossKind.MARKUP, self._number, what, why)
