"""Wikitext to HTML, so that one converter makes all Markdown. Needs mwparserfromhell.

The library finds templates, links and tags; lists, paragraphs and what each of them means is ours.
A template can't be carried out without its wiki: it leaves its name and arguments to be seen.
"""

import re
from html import escape, unescape
from urllib.parse import quote

import mwparserfromhell
from mwparserfromhell.nodes import (
    Argument,
    Comment,
    ExternalLink,
    Heading,
    HTMLEntity,
    Node,
    Tag,
    Template,
    Text,
    Wikilink,
)
from mwparserfromhell.wikicode import Wikicode

from importer.model.draft import Place
from importer.sources.losses import Losses, LossKind
from importer.sources.wikitext import Site
from importer.sources.wikitext_depth import nested_too_deep
from importer.sources.wikitext_files import Files
from importer.sources.wikitext_lines import assembled
from importer.sources.wikitext_words import (
    HTML_TAGS,
    argument,
    attribute,
    linked_page,
    nodes_of,
    plain,
    sign_of,
)

__all__ = ["wikitext_to_html"]

_LONGEST = 1_000
_DEEPEST = 60
_MAGIC = re.compile(r"__[A-Z]{3,}__")
_BLOCK = re.compile("\x02(\\d+)\x03")
_CODE = ("source", "syntaxhighlight", "pre")
_INLINE_CODE = ("code", "tt", "samp", "var")
_BLOCKS = ("blockquote", "table", "ul", "ol", "dl", "div", "center")
_VOID = ("br", "hr", "img", "wbr")
_KEPT = ("colspan", "rowspan", "href", "src", "alt", "start", "title", "width", "height")
_HIDDEN = ("noinclude", "includeonly", "onlyinclude", "templatestyles", "indicator")
# What many wikis call the same and what needs no wiki to be carried out: the text is the n-th.
_SAYS = {
    "nowrap": "1", "code": "1", "mono": "1", "kbd": "1", "key": "1", "tt": "1", "small": "1",
    "lang": "2", "abbr": "1", "sic": "1", "nobr": "1", "em": "1", "strong": "1",
}  # fmt: skip


def wikitext_to_html(text: str, site: Site, title: str, place: Place, losses: Losses) -> str:
    """Return wikitext as HTML; what can't be said leaves something to be seen, and a loss."""
    page = _Page(site, title, place, losses)
    clean = re.sub("[\x01-\x04]", "", text)
    try:
        if nested_too_deep(clean):
            raise RecursionError
        return page.html(mwparserfromhell.parse(clean))
    except (RecursionError, mwparserfromhell.parser.ParserError) as error:
        why = f"it can't be parsed ({type(error).__name__}); the wikitext itself is shown"
        losses.add(LossKind.MARKUP, place.line, title, why)
        return f"<pre>{escape(clean)}</pre>"


class _Page:
    def __init__(self, site: Site, title: str, place: Place, losses: Losses) -> None:
        self._site = site
        self._title = title
        self._place = place
        self._losses = losses
        self._blocks: list[str] = []
        self._notes: dict[str, list[str]] = {}
        self._listed = False
        self._depth = 0
        self._files = Files(site, self._code, plain, self._lost)

    def html(self, code: Wikicode) -> str:
        made = self._assembled(self._code(code))
        if self._notes and not self._listed:
            made += self._filled(self._references())
        if self._notes:
            what = f"footnotes: {len(self._notes)}"
            self._lost(what, "a numbered list, without links to it")
        return made

    def _assembled(self, text: str, *, within: bool = False) -> str:
        return self._filled(assembled(text, within=within)).replace("\x04", "\n")

    def _lost(self, what: str, why: str, kind: LossKind = LossKind.MARKUP) -> None:
        self._losses.add(kind, self._place.line, what, why)

    def _block(self, html: str) -> str:
        self._blocks.append(html)
        return f"\n\x02{len(self._blocks) - 1}\x03\n"

    def _filled(self, text: str) -> str:
        while _BLOCK.search(text):
            text = _BLOCK.sub(lambda it: self._blocks[int(it[1])], text)
        return text

    def _code(self, code: Wikicode | None) -> str:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise RecursionError
        made = "".join(self._node(node) for node in nodes_of(code))
        self._depth -= 1
        return made

    def _node(self, node: Node) -> str:
        match node:
            case Text():
                return _MAGIC.sub("", escape(str(node), quote=False))
            case HTMLEntity():
                return str(node)
            case Comment():
                self._lost("<!-- -->", "readers never saw it; dropped", LossKind.COMMENT)
                return ""
            case Heading():
                level = node.level
                return self._block(f"<h{level}>{self._code(node.title).strip()}</h{level}>")
            case Wikilink():
                return self._link(node)
            case ExternalLink():
                return self._external(node)
            case Template():
                return self._template(node)
            case Argument():
                return escape(str(node))
            case Tag():
                return self._tag(node)
            case _:
                return escape(str(node))

    def _link(self, node: Wikilink) -> str:
        target = str(node.title).strip()
        linked = target.startswith(":")
        bare = target.lstrip(":").strip()
        if not linked and self._site.is_category(bare):
            return ""
        if not linked and self._site.is_file(bare):
            return self._files.link(bare, node)
        page, shown = linked_page(self._title, bare)
        _, sharp, anchor = bare.partition("#")
        text = self._code(node.text) if node.text is not None else escape(shown)
        if node.text is not None and not text.strip():
            text = escape(re.sub(r"\s*\([^)]*\)\Z|,.*\Z", "", page.rpartition(":")[2]))
        if not page:
            return f'<a href="#{quote(anchor)}">{text}</a>'
        href = f"wiki:{quote(self._site.title(page), safe=_SAFE)}"
        return f'<a href="{escape(href)}{sharp}{quote(anchor)}">{text}</a>'

    def _external(self, node: ExternalLink) -> str:
        # `[URL|text]` is a common slip: no address has that sign.
        url, _, said = str(node.url).strip().partition("|")
        rest = self._code(node.title).strip() if node.title is not None else ""
        text = f"{escape(unescape(said))} {rest}".strip()
        return f'<a href="{escape(url)}">{text or escape(url)}</a>'

    def _template(self, node: Template) -> str:
        name = " ".join(str(node.name).split())
        low = name.lower().removeprefix("template:")
        if (signs := sign_of(node)) is not None:
            return escape(signs)
        if low in ("pagename", "fullpagename", "subpagename"):
            return escape(self._title)
        if low in _SAYS and node.has(_SAYS[low]):
            said = self._code(node.get(_SAYS[low]).value).strip()
            return f"<code>{said}</code>" if low in ("code", "mono", "tt") else said
        said = "; ".join(argument(it) for it in node.params)
        short = said if len(said) <= _LONGEST else f"{said[:_LONGEST]} \u2026"
        what = f"{name}: {short}" if short else name
        for link in (it for part in node.params for it in part.value.ifilter()):
            if isinstance(link, ExternalLink | Wikilink):
                at = str(link.url if isinstance(link, ExternalLink) else link.title).strip()
                self._lost(at, "a link in a template's argument; text now", LossKind.LINK)
        self._lost("{{" + what + "}}", "a template of the wiki; its name and arguments are shown")
        return f"<em>(template: {escape(what)})</em>"

    def _tag(self, node: Tag) -> str:
        name = str(node.tag).strip().lower()
        marker = str(node.wiki_markup or "")
        if marker and marker in "*#:;":
            return f"\x01{marker}"
        if marker.startswith("---"):
            return self._block("<hr>")
        content = node.contents
        if name in _CODE:
            return self._fence(node)
        if name in _INLINE_CODE:
            return f"<code>{escape(plain(content))}</code>"
        if name == "nowiki":
            # Its line ends mean nothing, but show in code.
            return escape(str(content or ""), quote=False).replace("\n", "\x04")
        if name == "ref":
            return self._reference(node)
        if name == "references":
            self._listed = True
            self._code(content)
            return self._references()
        if name == "poem":
            lines = self._code(content).strip().split("\n")
            return self._block(f"<p>{'<br>'.join(lines)}</p>")
        if name in ("math", "ce", "chem"):
            self._lost(str(content or ""), "a formula; its source is shown as code")
            return f"<code>{escape(str(content or ''))}</code>"
        if name == "gallery":
            return self._block(self._filled(self._files.gallery(str(content or ""))))
        if name == "imagemap":
            return self._block(self._filled(self._files.image_map(str(content or ""))))
        if name in _HIDDEN:
            return self._code(content) if name != "includeonly" else ""
        if name == "table":
            return self._table(node)
        if name not in HTML_TAGS:
            return self._shown(node, name)
        return self._html_tag(node, name)

    def _fence(self, node: Tag) -> str:
        text = re.sub(r"</?nowiki\s*/?>", "", str(node.contents or "")).strip("\n")
        language = attribute(node, "lang")
        if node.has("inline"):
            return f"<code>{escape(text)}</code>"
        named = f' class="lang-{escape(language)}"' if language else ""
        shown = escape(unescape(text) if str(node.tag).lower() == "pre" else text)
        return self._block(f"<pre><code{named}>{shown}</code></pre>")

    def _reference(self, node: Tag) -> str:
        inner = self._code(node.contents).strip() if node.contents else ""
        text = self._assembled(inner, within=True)
        name = attribute(node, "name") or f"\0{len(self._notes)}"
        known = self._notes.setdefault(name, [])
        if text:
            known.append(text)
        return f"<sup>{list(self._notes).index(name) + 1}</sup>"

    def _references(self) -> str:
        if not self._notes:
            return ""
        rows = (
            f"<li>{' '.join(it) or '(this footnote has no text)'}</li>"
            for it in self._notes.values()
        )
        return self._block(f"<ol>{''.join(rows)}</ol>")

    def _table(self, node: Tag) -> str:
        """Return a table. The library takes its caption for a cell, and its first row for none."""
        caption, first, rest = "", "", ""
        tags: list[Tag] = [it for it in nodes_of(node.contents) if isinstance(it, Tag)]
        for part in tags:
            name = str(part.tag).lower()
            if name == "td" and not rest and not first and str(part.contents).startswith("+"):
                caption = f"<caption>{self._code(part.contents).strip()[1:]}</caption>"
            elif name in ("td", "th") and not rest:
                first += self._node(part)
            else:
                rest += self._node(part)
        row = f"<tr>{first}</tr>" if first else ""
        return self._block(self._filled(f"<table>{caption}{row}{rest}</table>"))

    def _shown(self, node: Tag, name: str) -> str:
        """Return a tag that is none of the wiki's: it is shown as it stands."""
        if node.self_closing or node.contents is None:
            return escape(str(node))
        return f"&lt;{escape(name)}&gt;{self._code(node.contents)}&lt;/{escape(name)}&gt;"

    def _html_tag(self, node: Tag, name: str) -> str:
        attributes = "".join(
            f' {key}="{escape(value)}"' for key in _KEPT if (value := attribute(node, key))
        )
        if name in _VOID and str(node).startswith("</"):
            return ""
        if name in _VOID or (node.self_closing and name not in ("td", "th")):
            return f"<{name}{attributes}>"
        inner = self._code(node.contents)
        if name in ("td", "th", "caption", "li", "dd"):
            inner = self._assembled(inner.strip("\n"), within=True)
        elif name in _BLOCKS:
            inner = self._filled(inner) if name in ("ul", "ol", "dl") else self._assembled(inner)
            return self._block(f"<{name}{attributes}>{inner}</{name}>")
        return f"<{name}{attributes}>{inner}</{name}>"


_SAFE = "/'!~*.,:"
