"""The small grammar of CommonMark's links: destinations, titles, labels, definitions, raw tags.

Every pattern is possessive or bounded, so that no text makes it go back and forth.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = [
    "TAG",
    "Definition",
    "Target",
    "definitions",
    "image_source",
    "label_end",
    "label_key",
    "raw_end",
    "target_at",
]

_PUNCTUATION = r"!-/:-@\[-`{-~"
_MOST_PARENS = 32

_SPACE = re.compile(r"[ \t\n]*")
_ANGLED = re.compile(r"<((?:[^<>\n\\]|\\[^\n])*+)>")
# NUL is no character of a destination, but it stands for one: see `importer.text.links`.
_BARE = re.compile(rf"(?:[^\x01-\x20\x7f()\\]|\\[{_PUNCTUATION}]?)*+")
_TITLE = re.compile(
    r'"(?:[^"\\]|\\.)*+"' r"|'(?:[^'\\]|\\.)*+'" r"|\((?:[^()\\]|\\.)*+\)", re.DOTALL
)
_LABEL = re.compile(r"\[((?:[^\\\[\]]|\\.){1,999}+)\]", re.DOTALL)
_REST_OF_LINE = re.compile(r"[ \t]*(?:\n|\Z)")

_NAME = r"[A-Za-z][A-Za-z0-9-]*+"
_ATTRIBUTE = (
    r"""[ \t\n]++[A-Za-z_:][\w.:-]*+(?:[ \t\n]*+=[ \t\n]*+"""
    r"""(?:[^ \t\n"'=<>`]++|'[^']*+'|"[^"]*+"))?+"""
)
TAG = rf"<(?:{_NAME}(?:{_ATTRIBUTE})*+[ \t\n]*+/?>|/{_NAME}[ \t\n]*+>)"
"""A whole opening or closing tag, as a regular expression."""

_TAG = re.compile(TAG, re.ASCII)
_IMG = re.compile(r"<img(?=[ \t\n])", re.IGNORECASE)
_NAMED = re.compile(
    r"""[ \t\n]++([A-Za-z_:][\w.:-]*+)(?:[ \t\n]*+=[ \t\n]*+"""
    r"""(?:([^ \t\n"'=<>`]++)|'([^']*+)'|"([^"]*+)"))?+"""
)
_ADDRESS = re.compile(
    r"<(?:[A-Za-z][A-Za-z0-9.+-]{1,31}:[^\x00-\x20<>]*+"
    r"|[\w.!#$%&'*+/=?^`{|}~-]++@[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
    r"(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*)>",
    re.ASCII,
)
# What opens a stretch of raw text inside a line, and what ends it.
_STRETCHES = (
    (re.compile(r"<!--(?=-?>)"), ">"),
    (re.compile(r"<!--"), "-->"),
    (re.compile(r"<\?"), "?>"),
    (re.compile(r"<!\[CDATA\["), "]]>"),
    (re.compile(r"<![A-Za-z]"), ">"),
)


@dataclass(frozen=True, slots=True)
class Target:
    """A destination, text[start:end], and where what it belongs to ends."""

    start: int
    end: int
    whole_end: int


@dataclass(frozen=True, slots=True)
class Definition:
    """`[label]: destination`: its label, where its bracket stands, and its target."""

    label: str
    start: int
    target: Target


def target_at(text: str, at: int) -> Target | None:
    """Return what stands between the brackets of an inline link, *at* being behind the `(`."""
    found = _destination(text, _after_space(text, at))
    if found is None:
        return None
    start, end, behind = found
    closing = _after_space(text, behind)
    if closing > behind and (title := _TITLE.match(text, closing)):
        closing = _after_space(text, title.end())
    return Target(start, end, closing + 1) if text.startswith(")", closing) else None


def _destination(text: str, at: int) -> tuple[int, int, int] | None:
    """Return start and end of the destination at *at*, and where its brackets end."""
    if text.startswith("<", at):
        angled = _ANGLED.match(text, at)
        return (*angled.span(1), angled.end()) if angled else None
    start, depth = at, 0
    while True:
        match = _BARE.match(text, at)
        at = match.end() if match else at
        sign = text[at : at + 1]
        if sign == "(" and depth < _MOST_PARENS:
            depth += 1
        elif sign == ")" and depth:
            depth -= 1
        else:
            return None if depth or sign == "(" else (start, at, at)
        at += 1


def _after_space(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def definitions(text: str) -> Iterator[Definition]:
    """Yield the reference definitions that the paragraph *text* begins with."""
    at = 0
    while (found := _definition(text, at)) is not None:
        yield found
        at = found.target.whole_end


def _definition(text: str, at: int) -> Definition | None:
    label = _LABEL.match(text, at)
    if label is None or not label[1].strip() or not text.startswith(":", label.end()):
        return None
    found = _destination(text, _after_space(text, label.end() + 1))
    if found is None:
        return None
    start, end, behind = found
    if start == behind:
        return None
    closing = _after_space(text, behind)
    title = _TITLE.match(text, closing) if closing > behind else None
    rest = _REST_OF_LINE.match(text, title.end()) if title else None
    rest = rest or _REST_OF_LINE.match(text, behind)
    return Definition(label_key(label[1]), at, Target(start, end, rest.end())) if rest else None


def label_end(text: str, at: int) -> int | None:
    """Return where the link label that begins at *at* ends, brackets included."""
    if text.startswith("[]", at):
        return at + 2
    match = _LABEL.match(text, at)
    return match.end() if match else None


def label_key(label: str) -> str:
    """Return what two labels have in common when they mean the same definition."""
    return " ".join(label.split()).casefold()


def raw_end(text: str, at: int, missing: set[str]) -> int | None:
    """Return where the tag, comment or `<address>` at *at* ends, None when it is none of them.

    *missing* remembers, between calls with growing *at*, which ends don't occur any more.
    """
    for opening, ending in _STRETCHES:
        if begin := opening.match(text, at):
            end = -1 if ending in missing else text.find(ending, begin.end())
            if end < 0:
                missing.add(ending)
                return None
            return end + len(ending)
    match = _ADDRESS.match(text, at) or _TAG.match(text, at)
    return match.end() if match else None


def image_source(text: str, at: int) -> tuple[int, int] | None:
    """Return where the address of the `<img>` at *at* stands, None when there is no such tag."""
    image = _IMG.match(text, at)
    tag = _TAG.match(text, at) if image else None
    if image is None or tag is None:
        return None
    for attribute in _NAMED.finditer(text, image.end(), tag.end()):
        if attribute[1].lower() == "src":
            return next((span for span in map(attribute.span, (2, 3, 4)) if span[0] >= 0), None)
    return None
