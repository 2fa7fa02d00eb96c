"""Markdown to HTML as the site shows it: CommonMark, tables, a few inline tags, nothing else.

Whatever the Markdown renderer makes, raw HTML included, passes one sanitiser that writes every
tag anew from a short list, closes what is open and escapes the rest; so the result is safe however
odd the input.
"""

import re
from functools import lru_cache
from html.parser import HTMLParser
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markupsafe import escape

__all__ = ["LOOPBACK", "render", "render_line", "slug_of", "team_path"]

_VOID = frozenset({"br", "hr", "img"})
_INLINE = frozenset(
    {"a", "b", "code", "del", "em", "i", "kbd", "s", "strike", "strong", "sub", "sup"}
)
_BLOCK = frozenset({"blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "li", "ol", "p", "pre", "ul"})
_TABLE = frozenset({"table", "tbody", "td", "th", "thead", "tr"})
_TAGS = _VOID | _INLINE | _BLOCK | _TABLE
_KEPT_SCHEMES = frozenset({"", "http", "https", "ftp", "mailto"})
_ALIGNED = re.compile(r"text-align:(left|right|center)")
_CONTROLS = re.compile(r"[\x00-\x20\x7f]")
LOOPBACK = re.compile(r"localhost|[a-z0-9.-]+\.localhost|127(\.[0-9]{1,3}){3}|::1", re.IGNORECASE)
_WORD = re.compile(r"[a-z0-9]+")

_MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable("table")


def _not_dangerous(url: str) -> bool:
    """Let the sanitiser judge addresses; the renderer would turn refused ones into text."""
    del url
    return True


_MARKDOWN.validateLink = _not_dangerous  # type: ignore[method-assign]  # the documented hook


@lru_cache(maxsize=2048)
def render(markdown: str, *, local: bool = False) -> str:
    """Render a post.

    With *local*, links to a team's pages on any loopback host become relative and images that no
    page may load become links.
    """
    return _clean(_MARKDOWN.render(markdown.replace("\r\n", "\n")), local=local)


@lru_cache(maxsize=2048)
def render_line(markdown: str, *, local: bool = False) -> str:
    """Render a comment: inline Markdown only."""
    return _clean(_MARKDOWN.renderInline(markdown.replace("\r\n", "\n")), local=local)


def slug_of(title: str) -> str:
    """Give the readable end of a post's address."""
    return "-".join(_WORD.findall(title.lower()))[:80].strip("-") or "post"


def team_path(url: str) -> str | None:
    """Give the path of an address on a team's pages, whatever loopback host it names.

    Of an Enterprise main site, whose pages need no team's name, images alone are known.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not LOOPBACK.fullmatch(host):
        return None
    if not parts.path.startswith(("/c/", "/images/a/")):
        return None
    query = f"?{parts.query}" if parts.query else ""
    fragment = f"#{parts.fragment}" if parts.fragment else ""
    return parts.path + query + fragment


def _clean(html: str, *, local: bool) -> str:
    cleaner = _Cleaner(local=local)
    cleaner.feed(html)
    cleaner.close()
    return cleaner.result()


class _Cleaner(HTMLParser):
    """Writes listed tags anew, drops comments and escapes everything else."""

    def __init__(self, *, local: bool) -> None:
        super().__init__(convert_charrefs=True)
        self._local = local
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
        if tag not in _TAGS:
            self._text(self.get_starttag_text() or "")
        elif tag == "img":
            self._image(dict(attrs))
        else:
            self._out.append(f"<{tag}{self._attributes(tag, dict(attrs))}>")
            if tag not in _VOID:
                self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID:
            return
        if tag not in self._open:
            self._text(f"</{tag}>")
            return
        while True:
            last = self._open.pop()
            self._out.append(f"</{last}>")
            if last == tag:
                return

    def handle_data(self, data: str) -> None:
        self._text(data)

    def handle_decl(self, decl: str) -> None:
        self._text(f"<!{decl}>")

    def unknown_decl(self, data: str) -> None:
        self._text(f"<![{data}]>")

    def handle_pi(self, data: str) -> None:
        self._text(f"<?{data}>")

    def _text(self, text: str) -> None:
        self._out.append(str(escape(text)))

    def _attributes(self, tag: str, given: dict[str, str | None]) -> str:
        if tag == "a":
            return self._link(given)
        if tag == "ol" and (given.get("start") or "").isdecimal():
            return f' start="{given["start"]}"'
        aligned = _ALIGNED.fullmatch(given.get("style") or "")
        if tag in ("td", "th") and aligned:
            return f' class="{aligned[1]}"'
        return ""

    def _link(self, given: dict[str, str | None]) -> str:
        href = given.get("href")
        if href is None or not _allowed(href):
            return ""
        if self._local:
            href = team_path(href) or href
        title = f' title="{escape(given["title"])}"' if given.get("title") else ""
        return f' href="{escape(href)}"{title} rel="nofollow noreferrer"'

    def _image(self, given: dict[str, str | None]) -> None:
        src, alt = given.get("src") or "", escape(given.get("alt") or "")
        if not _allowed(src):
            self._out.append(str(alt))
            return
        path = team_path(src) or src
        if not self._local:
            self._out.append(f'<img src="{escape(src)}" alt="{alt}">')
        elif path.startswith("/") and not path.startswith("//"):
            self._out.append(f'<img src="{escape(path)}" alt="{alt}">')
        else:
            label = alt or escape(src)
            link = f'<a href="{escape(src)}" rel="nofollow noreferrer">image: {label}</a>'
            self._out.append(link if "a" not in self._open else f"image: {label}")


def _allowed(url: str) -> bool:
    """Refuse addresses that run or carry content; browsers skip blanks and controls in a scheme."""
    scheme, colon, _ = _CONTROLS.sub("", url).partition(":")
    if not colon or re.search(r"[/?#]", scheme):
        return True
    return scheme.lower() in _KEPT_SCHEMES
