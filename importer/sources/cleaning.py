"""Cleans the text of one question: what only made sense on its old page goes, and is listed."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from importer.sources.html import Opened, open_up
from importer.sources.lines import (
    Numbered,
    code_flags,
    comment_at,
    indent_of,
    open_fence,
    trimmed,
)
from importer.sources.losses import Losses, LossKind
from importer.text.marker import PREFIX

__all__ = ["Cleaned", "clean", "dedented", "is_navigation", "tag_names"]

_TAGS = re.compile(
    r"\s*(?:tags?|keywords?|categories|labels?)\s*[:=]\s*(.*?)\s*", re.IGNORECASE | re.DOTALL
)
_MARKUP = re.compile(r"<[^>]*>|\]\([^)]*\)|[^\w\s]|_")
_TO_TOP = re.compile(
    r"(?:(?:go |jump |return )?back (?:to )?|to |go to |return to )(?:the )?"
    r"(?:top|toc|table of contents|contents|index|questions|list)|top"
)
_RULE = re.compile(r" {0,3}(?:-[ \t]*){3,}|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,}")
_LONGEST_BADGES = 2_000
_BADGE = re.compile(
    r"(?:\[\s*)?!\[[^\]]*\]\([^)]*(?:badge|shields\.io|travis-ci|codecov|coveralls)[^)]*\)"
    r"(?:\s*\]\([^)]*\))?",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Cleaned:
    """`anchors` and `tags` are what the text said about itself in HTML."""

    lines: list[Numbered]
    tags: list[str] = field(default_factory=list)
    anchors: list[str] = field(default_factory=list)


def clean(part: Sequence[Numbered], losses: Losses) -> Cleaned:
    """Return the lines of one question in a form that can stand alone, in column 0."""
    result = Cleaned(_mended(_without_tail(dedented(part), losses), losses))
    result.lines = _without_comments(result.lines, result.tags, losses)
    opened: Opened = open_up(result.lines, losses)
    result.lines, result.anchors = opened.lines, opened.anchors
    result.lines = _without_page_parts(result.lines, losses)
    result.lines = _without_tail(result.lines, losses)
    return result


def dedented(part: Sequence[Numbered]) -> list[Numbered]:
    """Return *part* with the first line's indentation taken off every line that has it.

    A line that is indented less loses all it has: in a long list the wrong indentation is common,
    and no line means more by it.
    """
    kept = trimmed(part)
    margin = indent_of(kept[0].text) if kept else 0
    if not margin:
        return kept
    return [Numbered(number, _shifted(text, margin)) for number, text in kept]


def _shifted(text: str, margin: int) -> str:
    bare = text.lstrip(" \t")
    left = max(0, indent_of(text) - margin)
    return " " * left + bare


def _without_tail(part: list[Numbered], losses: Losses) -> list[Numbered]:
    """Return *part* without navigation and rules at its end, also inside an open fence."""
    while part := trimmed(part):
        number, text = part[-1]
        if is_navigation(text):
            losses.add(LossKind.NAVIGATION, number, text, "a way around the old page; dropped")
        elif len(part) == 1 or not _RULE.fullmatch(text) or part[-2].text.strip():
            break
        else:
            losses.add(LossKind.DECORATION, number, text, "a line between questions; dropped")
        part = part[:-1]
    return part


def is_navigation(text: str) -> bool:
    """Tell whether a line does nothing but lead back to the page's top or list."""
    if len(text) > 200 or not text.strip():
        return False
    words = " ".join(_MARKUP.sub(" ", text).lower().split())
    return bool(_TO_TOP.fullmatch(words)) and (" " in words or "#" in text)


def _is_badge(text: str) -> bool:
    """Tell whether a line is nothing but badges."""
    short = bool(text.strip()) and len(text) <= _LONGEST_BADGES
    return short and not _BADGE.sub("", text).strip()


def _mended(part: list[Numbered], losses: Losses) -> list[Numbered]:
    """Return *part* with a fence closed that its end leaves open."""
    at = open_fence(part)
    if at is None:
        return part
    number, text = part[at]
    if not any(line.text.strip() for line in part[at + 1 :]):
        why = "a code fence that opens nothing; dropped"
        losses.add(LossKind.MARKUP, number, text, why)
        return trimmed(part[:at])
    losses.add(LossKind.MARKUP, number, text, "a code fence was never closed; closed at the end")
    fence = re.search(r"`{3,}|~{3,}", text)
    closing = fence[0] if fence else "```"
    return [*part, Numbered(part[-1].number, " " * min(indent_of(text), 3) + closing)]


def _without_comments(part: list[Numbered], tags: list[str], losses: Losses) -> list[Numbered]:
    """Return *part* without HTML comments outside code; those that name tags give the tags."""
    flags = code_flags([text for _, text in part])
    last_end = max((at for at, (_, text) in enumerate(part) if "-->" in text), default=-1)
    kept: list[Numbered] = []
    inside: list[str] = []
    for at, ((number, text), code) in enumerate(zip(part, flags, strict=True)):
        if code and not inside:
            kept.append(Numbered(number, text))
            continue
        left, position = "", 0
        while True:
            if inside:
                end = text.find("-->", position)
                inside.append(text[position:] if end < 0 else text[position:end])
                if end < 0:
                    break
                left += _instead_of("\n".join(inside[1:]), number, tags, losses)
                inside, position = [], end + 3
            begin = comment_at(text, position)
            left += text[position:] if begin < 0 else text[position:begin]
            if begin < 0:
                break
            position = begin + 4
            if at < last_end or "-->" in text[position:]:
                inside = ["<!--"]
            else:
                losses.add(LossKind.COMMENT, number, text, "a comment never closed; its text stays")
        if left.strip() or not text.strip():
            kept.append(Numbered(number, text if left == text else left.rstrip()))
    return kept


def _instead_of(comment: str, number: int, tags: list[str], losses: Losses) -> str:
    """Return what stays of a comment: nothing, or a marker's text where it can be seen."""
    if f"<!--{comment}".startswith(PREFIX):
        why = "it looks like this tool's own marker; shown as text"
        losses.add(LossKind.MARKUP, number, comment, why)
        return f"`` <!--{comment.replace('`', '')}--> ``"
    if match := _TAGS.fullmatch(comment):
        tags += tag_names(match[1])
        return ""
    losses.add(LossKind.COMMENT, number, comment, "a comment that readers never saw; dropped")
    return ""


def tag_names(text: str) -> list[str]:
    """Return the names in `(a, b)`, `[a, b]` or `a, b`."""
    names = text.strip().strip("()[]{}").split(",")
    return [name for name in (name.strip().strip("\"'").strip() for name in names) if name]


def _without_page_parts(part: list[Numbered], losses: Losses) -> list[Numbered]:
    """Return *part* without badges and ways back to the top, and without doubled blank lines."""
    kept: list[Numbered] = []
    flags = code_flags([text for _, text in part])
    for (number, text), code in zip(part, flags, strict=True):
        if not code and is_navigation(text):
            losses.add(LossKind.NAVIGATION, number, text, "a way around the old page; dropped")
        elif not code and _is_badge(text):
            losses.add(LossKind.DECORATION, number, text, "a badge; dropped")
        elif code or text.strip() or (kept and kept[-1].text.strip()):
            kept.append(Numbered(number, text))
    return trimmed(kept)
