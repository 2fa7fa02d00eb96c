"""Looks at Markdown by having it rendered, as a wiki or as the team's site would."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from importer.sources.verify_html import see_html
from importer.sources.verify_seen import Sketch

__all__ = ["rendered", "see_markdown", "see_source_markdown", "see_wiki_markdown"]

# The tags that a post may hold (https://meta.stackexchange.com/questions/1777).
_ALLOWED = (
    "a", "b", "blockquote", "br", "code", "dd", "del", "dl", "dt", "em", "h1", "h2", "h3", "h4",
    "h5", "h6", "hr", "i", "img", "kbd", "li", "ol", "p", "pre", "s", "strike", "strong", "sub",
    "sup", "ul",
)  # fmt: skip
_TAG = re.compile(r"<!--.*?-->|</?([a-zA-Z][a-zA-Z0-9-]*)\b[^>]*>", re.DOTALL)
_PLACE = re.compile(r"\s?\((?:link|image) not moved: (?:[^`\n]*, )?(?:`[^`\n]*`|`` [^\n]*? ``)\)")
_NOTE = re.compile(r" {0,3}\[\^[^\]\s]+\]:[ \t]*")
_REFERENCE = re.compile(r"\[\^[^\]\s]+\]")
_WIKI_LINK = re.compile(r"\[\[([^\[\]\n|]+)(?:\|([^\[\]\n]*))?\]\]")
_PICTURE = re.compile(r"\.(?:png|jpe?g|gif|svg|webp|bmp)\Z", re.IGNORECASE)


def rendered(markdown: str) -> str:
    """Return the HTML that the team's site shows: CommonMark with tables, and few tags of HTML."""
    return str(_site().render(markdown))


def see_markdown(markdown: str, sketch: Sketch) -> None:
    """Draw what the team's site shows of Markdown, without the places that say where links led."""
    see_html(rendered(_PLACE.sub("", markdown)), sketch)


def see_source_markdown(markdown: str, sketch: Sketch) -> None:
    """Draw what most sites show of Markdown: tables and footnotes besides, and any HTML."""
    see_html(_source().render(markdown), sketch)


def see_wiki_markdown(markdown: str, sketch: Sketch) -> None:
    """Draw what a wiki shows of Markdown: `[[links]]` besides."""
    see_html(_wiki().render(markdown), sketch)


@lru_cache(maxsize=1)
def _site() -> MarkdownIt:
    made = _parser()
    made.add_render_rule("html_inline", _allowed)
    made.add_render_rule("html_block", _allowed)
    return made


def _anything(url: str) -> bool:  # noqa: ARG001 - the library's
    return True


def _parser() -> MarkdownIt:
    made = MarkdownIt("commonmark", {"maxNesting": 200}).enable(["table", "strikethrough"])
    # A destination is compared, never followed: `javascript:` is dropped by the site, not here.
    made.validateLink = _anything  # type: ignore[method-assign]  # made to be replaced
    return made


@lru_cache(maxsize=1)
def _wiki() -> MarkdownIt:
    made = _with_notes()
    made.inline.ruler.before("link", "wiki_link", _wiki_link)
    return made


@lru_cache(maxsize=1)
def _source() -> MarkdownIt:
    return _with_notes()


def _with_notes() -> MarkdownIt:
    made = _parser()
    made.inline.ruler.before("link", "note_mark", _note_mark)
    made.block.ruler.before("reference", "note", _note)
    return made


def _allowed(_: Any, tokens: Sequence[Token], at: int, *__: Any) -> str:
    def kept(match: re.Match[str]) -> str:
        return match[0] if (match[1] or "").lower() in _ALLOWED else ""

    return _TAG.sub(kept, tokens[at].content)


def _wiki_link(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - the library's
    match = _WIKI_LINK.match(state.src, state.pos, state.posMax)
    if match is None or (state.pos and state.src[state.pos - 1] == "!"):
        return False
    if not silent:
        first, second = match[1].strip(), (match[2] or "").strip()
        if first in ("_TOC_", "_TOSP_"):
            # A list made on the spot, no link.
            state.push("text", "", 0).content = match[0]
        elif _PICTURE.search(first):
            alt = second.removeprefix("alt=") if second.startswith("alt=") else ""
            image = state.push("image", "img", 0)
            image.attrs, image.children, image.content = {"src": first, "alt": ""}, [], alt
        else:
            state.push("link_open", "a", 1).attrs = {"href": second or first}
            state.push("text", "", 0).content = first
            state.push("link_close", "a", -1)
    state.pos = match.end()
    return True


def _note_mark(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - the library's
    match = _REFERENCE.match(state.src, state.pos, state.posMax)
    if match is None:
        return False
    # The mark is a number elsewhere; the note's own words are compared.
    if not silent:
        state.push("text", "", 0).content = " "
    state.pos = match.end()
    return True


def _note(state: StateBlock, start: int, end: int, silent: bool) -> bool:  # noqa: FBT001
    begin = state.bMarks[start] + state.tShift[start]
    match = _NOTE.match(state.src, begin, state.eMarks[start])
    if match is None or state.is_code_block(start):
        return False
    if silent:
        return True
    last = start + 1
    while last < end and not state.isEmpty(last) and not _NOTE.match(state.src, state.bMarks[last]):
        last += 1
    state.push("paragraph_open", "p", 1)
    inline = state.push("inline", "", 0)
    inline.content = state.src[match.end() : state.eMarks[last - 1]].strip()
    inline.map, inline.children = [start, last], []
    state.push("paragraph_close", "p", -1)
    state.line = last
    return True
