"""Markdown as the site would show it, in a page that must load nothing and run nothing.

Whatever the Markdown renderer makes, raw HTML included, passes one sanitiser that writes every tag
anew from the site's short list, closes what is open and shows the rest as text. An image is a link
that says what it shows and from where: nothing is fetched before somebody follows it.
"""

import re
from collections.abc import Callable, Sequence
from functools import cache
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from markupsafe import Markup, escape

from importer.text.visible import HIDDEN, visible

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

__all__ = ["AddressOf", "site_blocks"]

AddressOf = Callable[[str], str]
"""From a destination to the address that a link to it gets; empty where it can't be one."""

# The tags that the site takes, by the vendor's list (https://meta.stackexchange.com/questions/1777);
# tables come of Markdown alone.
_VOID = frozenset({"br", "hr", "img"})
_TAGS = _VOID | {
    *("a", "b", "code", "del", "em", "i", "kbd", "s", "strike", "strong", "sub", "sup"),
    *("blockquote", "dd", "dl", "dt", "li", "ol", "p", "pre", "ul"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "table", "tbody", "td", "th", "thead", "tr"),
}
_RAW_TABLE = re.compile(r"<(?=/?(?:table|tbody|td|th|thead|tr)\b)", re.IGNORECASE)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_WEB = ("http://", "https://", "ftp://", "mailto:")
_ALIGNED = re.compile(r"text-align:(left|right|center)")
# All but line ends, which are the block's own.
_ODD = re.compile(f"[\x00-\x09\x0b-\x1f{HIDDEN}]")
_LANGUAGE = re.compile(r"language-([\w+#.-]{1,30})", re.ASCII)


def _raw(_renderer: object, tokens: "Sequence[Token]", at: int, *_: object) -> str:
    """Leave raw HTML to the sanitiser, but for tables."""
    return _RAW_TABLE.sub("&lt;", tokens[at].content)


def _not_dangerous(url: str) -> bool:
    """Let the sanitiser judge addresses; the renderer would turn refused ones into text."""
    del url
    return True


@cache
def _renderer() -> "MarkdownIt":
    # Imported for the one format that needs it.
    from markdown_it import MarkdownIt

    made = MarkdownIt("commonmark", {"html": True}).enable("table")
    made.add_render_rule("html_block", _raw)
    made.add_render_rule("html_inline", _raw)
    made.validateLink = _not_dangerous  # type: ignore[method-assign]  # the documented hook
    return made


def site_blocks(markdown: str, address_of: AddressOf, site: str = "") -> list[Markup]:
    """Return *markdown* as HTML without scripts, styles and anything that is loaded by itself.

    It comes in its paragraphs, lists and other parts, each whole in itself. With raw HTML it is
    one: what a tag opens may go on through the others.

    *address_of* is asked for destinations with a scheme that isn't the web's. Relative ones are
    below *site*; without it they are no links.
    """
    env: dict[str, object] = {}
    markdown_it = _renderer()
    tokens = markdown_it.parse(markdown.replace("\r\n", "\n"), env)
    parts = [tokens] if any(map(_is_raw, tokens)) else _parts(tokens)
    made: list[Markup] = []
    for part in parts:
        cleaner = _Cleaner(address_of, site)
        cleaner.feed(markdown_it.renderer.render(part, markdown_it.options, env))
        cleaner.close()
        made.append(Markup(cleaner.result()))  # noqa: S704 - each tag is written anew
    return made


def _is_raw(token: "Token") -> bool:
    return token.type in ("html_block", "html_inline") or any(map(_is_raw, token.children or ()))


def _parts(tokens: "Sequence[Token]") -> "list[list[Token]]":
    """Return the tokens of each block that is in no other one."""
    parts: list[list[Token]] = [[]]
    for token in tokens:
        parts[-1].append(token)
        if not token.level and token.nesting <= 0:
            parts.append([])
    return [part for part in parts if part]


class _Cleaner(HTMLParser):
    """Writes listed tags anew, drops comments and escapes everything else."""

    def __init__(self, address_of: AddressOf, site: str) -> None:
        super().__init__(convert_charrefs=True)
        self._address_of = address_of
        self._site = site
        self._out: list[str] = []
        self._open: list[str] = []

    def result(self) -> str:
        """Close what is still open and give the whole."""
        while self._open:
            self._out.append(f"</{self._open.pop()}>")
        return "".join(self._out)

    def set_cdata_mode(self, *_: object, **__: object) -> None:
        """Stay in markup: no tag, not even a script, hides what follows it."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag not in _TAGS:
            self.handle_data(self.get_starttag_text() or "")
        elif tag == "img":
            self._image(given)
        else:
            self._out.append(f"<{tag}{self._attributes(tag, given)}>")
            if tag not in _VOID:
                self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID:
            return
        if tag not in self._open:
            self.handle_data(f"</{tag}>")
            return
        last = ""
        while last != tag:
            last = self._open.pop()
            self._out.append(f"</{last}>")

    def handle_data(self, data: str) -> None:
        self._out.append(escape(_ODD.sub(_shown, data)))

    def handle_decl(self, decl: str) -> None:
        self.handle_data(f"<!{decl}>")

    def unknown_decl(self, data: str) -> None:
        self.handle_data(f"<![{data}]>")

    def handle_pi(self, data: str) -> None:
        self.handle_data(f"<?{data}>")

    def _attributes(self, tag: str, given: dict[str, str]) -> str:
        match tag:
            case "a":
                return self._link(given.get("href", ""), given.get("title", ""))
            case "ol" if given.get("start", "").isdecimal():
                return f' start="{int(given["start"][:9])}"'
            case "td" | "th" if aligned := _ALIGNED.fullmatch(given.get("style", "")):
                return f' class="{aligned[1]}"'
            case "code" if language := _LANGUAGE.fullmatch(given.get("class", "")):
                return f' data-language="{escape(language[1])}"'
            case _:
                return ""

    def _link(self, href: str, title: str = "") -> str:
        address = self._address(href)
        said = f' title="{escape(visible(title))}"' if title else ""
        if not address:
            return f' class="dead" title="{escape(visible(href))}"'
        here = "" if address.startswith("#") else ' target="_blank" rel="noopener noreferrer"'
        return f' href="{escape(address)}"{said}{here}'

    def _image(self, given: dict[str, str]) -> None:
        source, alt = given.get("src", ""), given.get("alt", "")
        label = Markup("<b>{}</b> <i>{}</i>").format(visible(alt) or "image", visible(source))
        is_inside = "a" in self._open
        tag = "span" if is_inside else "a"
        link = "" if is_inside else self._link(source).replace(' class="dead"', "")
        self._out.append(f'<{tag} class="image"{link}>{label}</{tag}>')

    def _address(self, href: str) -> str:
        """Return where a link may lead: to the web, or to a place in the page."""
        if visible(href) != href:
            return ""
        if not _SCHEME.match(href):
            joined = _joined(self._site, href) if self._site and href[:1] not in ("", "#") else ""
            return joined if joined.startswith(_WEB) else ""
        return href if href.lower().startswith(_WEB) else self._address_of(href)


def _shown(odd: re.Match[str]) -> str:
    return "    " if odd.group() == "\t" else visible(odd.group())


def _joined(site: str, href: str) -> str:
    try:
        return urljoin(f"{site}/", href)
    except ValueError:
        return ""
