"""Titles: plain text of 15 to 150 characters, each once."""

import posixpath
import re
from collections.abc import Iterator, MutableMapping
from itertools import chain, count

from markdown_it import MarkdownIt
from markdown_it.token import Token

from importer.model.fields import LIMITS
from importer.model.ids import Field, Kind
from importer.sources.characters import without_hidden
from importer.sources.losses import Losses, LossKind
from importer.sources.page import Page
from importer.text.canonical import canonical_line

__all__ = [
    "Titles",
    "asks",
    "completed",
    "cut",
    "escaped",
    "plain_title",
    "seen_title",
    "without_number",
]

# Questions and articles have the same.
_LIMIT = LIMITS[Kind.QUESTION, Field.TITLE]
_NONE = "\0"
_MOST_TRAIT = 60
_QUESTION = "Frequently asked: {}"
_ARTICLE = "Wiki article: {}"
_MARKDOWN = MarkdownIt("commonmark")
_NUMBER = re.compile(r"(?:\(?\d{1,4}[.):]\s+|(?:Q|Question)\s*\d{0,4}\s*[.:)]\s*)+", re.IGNORECASE)
_SIGNS = re.compile(r"[\\`*_\[\]<>&#~!|]")
# Tags of mere form; any other is taken for a word of the title, such as `<Router>`.
_FORM = re.compile(
    r"</?(?:a|b|br|code|em|font|h[1-6]|i|img|kbd|p|s|small|span|strong|sub|sup|u)\b[^>]*>",
    re.IGNORECASE,
)
_WORDS = (
    "are", "can", "could", "describe", "did", "do", "does", "explain", "has", "have", "how", "is",
    "may", "must", "should", "was", "what", "what's", "when", "where", "which", "who", "whom",
    "whose", "why", "will", "would",
)  # fmt: skip


def asks(title: str) -> bool:
    """Tell whether a plain title is a question by its end or its first word."""
    words = title.lower().replace("\u2019", "'").split()
    return title.endswith(("?", "\uff1f", "\u061f")) or (len(words) > 2 and words[0] in _WORDS)


def without_number(markdown: str) -> str:
    """Return a title without `12. ` or `Q12: ` before it."""
    return _NUMBER.sub("", markdown.strip(), count=1).strip()


def plain_title(markdown: str) -> str:
    """Return what a reader sees of a line of Markdown."""
    (inline,) = _MARKDOWN.parseInline(markdown)
    seen = "".join(_seen(token) for token in inline.children or [])
    return canonical_line(" ".join(without_hidden(seen).split()))


def seen_title(page: Page) -> str:
    """Return what a reader sees of a page's title."""
    if not page.title_is_plain:
        return plain_title(page.title)
    return canonical_line(" ".join(without_hidden(page.title).split()))


def escaped(text: str) -> str:
    """Return a line of plain text as Markdown."""
    return _SIGNS.sub(r"\\\g<0>", text)


def _seen(token: Token) -> str:
    match token.type:
        case "softbreak" | "hardbreak":
            return " "
        case "image":
            return "".join(_seen(child) for child in token.children or [])
        case "html_inline":
            return _FORM.sub("", token.content)
        case _:
            return token.content


def completed(title: str, tags: tuple[str, ...], template: str = _QUESTION) -> str:
    """Return a title that is long enough: `What is BEM?` becomes `What is BEM? (css)`."""
    if len(title) >= _LIMIT.low:
        return title
    for number in range(1, len(tags) + 1):
        longer = f"{title} ({', '.join(tags[:number])})"
        if len(longer) >= _LIMIT.low:
            return longer
    return template.format(title)


def cut(title: str, room: int = 0) -> str:
    """Return *title* short enough, cut at a word; *room* characters stay free behind it."""
    high = _LIMIT.high - room
    if len(title) <= high:
        return title
    kept = title[: high - 2]
    word = kept.rsplit(" ", 1)[0] if " " in kept else kept
    return f"{word.rstrip(' ,;:-')} \u2026"


def _traits(page: Page) -> Iterator[str]:
    """Yield what tells a page from others of its title: its space, parent and folder, if any."""
    for text in (page.space, page.parent, posixpath.basename(posixpath.dirname(page.place.path))):
        line = canonical_line(" ".join(without_hidden(text).split())).replace(_NONE, "")
        yield line if len(line) <= _MOST_TRAIT else f"{line[: _MOST_TRAIT - 2]} \u2026"


class Titles:
    """The titles given so far; no two are equal, whatever their case."""

    def __init__(self, taken: MutableMapping[str, str] | None = None) -> None:
        self._taken: MutableMapping[str, str] = {} if taken is None else taken

    def take(self, page: Page, tags: tuple[str, ...], losses: Losses) -> str:
        """Return the title of a page; what was changed is listed."""
        line, plain = page.place.line, seen_title(page)
        article = page.kind is Kind.ARTICLE
        if plain != canonical_line(" ".join(page.title.split())):
            losses.add(LossKind.TITLE, line, page.title, "a title is plain text")
        nameless = f"Untitled {page.kind} in {page.place.path}"
        # Tags of the source say something of the page; ours say nothing.
        own = tags if page.tags or not article else ()
        whole = completed(plain or nameless, own, _ARTICLE if article else _QUESTION)
        if whole != plain:
            losses.add(LossKind.TITLE, line, plain, f"too short; it is `{whole}`")
        title = cut(whole)
        if title != whole:
            why = "too long; cut, and the text begins with all of it"
            losses.add(LossKind.TITLE, line, plain, why)
        traits = tuple(_traits(page))
        different = self._different(title, tags if page.tags else (), traits, tags)
        if different != title:
            why = f"another post has this title; it is `{different}`"
            losses.add(LossKind.TITLE, line, title, why)
        self._taken[different.casefold()] = _NONE.join(traits)
        return different

    def _different(
        self, title: str, own: tuple[str, ...], traits: tuple[str, ...], tags: tuple[str, ...]
    ) -> str:
        """Return a title that is nobody's: with a tag of the page, its place, or a tag of ours."""
        first = self._taken.get(title.casefold(), "").split(_NONE)
        places = (it for it, other in zip(traits, first, strict=False) if it and it != other)
        marks = dict.fromkeys((*own, *places, *tags))
        candidates = [title, *(f"{cut(title, len(mark) + 3)} ({mark})" for mark in marks)]
        short = cut(title, 8)
        numbered = (f"{short} ({number})" for number in count(2))
        return next(it for it in chain(candidates, numbered) if it.casefold() not in self._taken)
