"""Looks at wikitext: what the wiki would show of a page. Needs mwparserfromhell.

The library finds links, tags and templates; a text is read line by line here, as wikis do. What a
template shows only its wiki knows: its name and its arguments must be seen.
"""

import re
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from html import unescape

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

from importer.sources.verify_seen import Construct, Sketch
from importer.sources.verify_wikitext_lines import Piece, Row, grouped, is_item, lines_of, row_of
from importer.sources.wikitext import Site
from importer.sources.wikitext_files import name_in_gallery, parts_of
from importer.sources.wikitext_options import is_framed, is_option, value_of
from importer.sources.wikitext_words import linked_page, sign_of

__all__ = ["see_wikitext"]

_WORD = re.compile(r"__[A-Z]{3,}__")
_CODE = ("pre", "source", "syntaxhighlight")
_SPANS = ("code", "tt", "samp", "var", "math", "ce", "chem")
_INVISIBLE = ("includeonly", "templatestyles", "indicator", "section")
_INLINE = (
    "b", "i", "strong", "em", "u", "s", "strike", "del", "ins", "sub", "sup", "small", "big", "kbd",
    "span", "font", "abbr", "cite", "q", "mark", "dfn", "bdi", "a", "noinclude", "onlyinclude",
)  # fmt: skip
_NAMES = ("pagename", "fullpagename", "subpagename")
_DEEPEST = 50


def see_wikitext(site: Site, title: str, text: str, sketch: Sketch) -> None:
    """Draw what is seen of wikitext on the page *title*."""
    try:
        _WikitextEye(site, title, sketch).page(mwparserfromhell.parse(text))
    except (RecursionError, mwparserfromhell.parser.ParserError):
        # What nobody can take apart is compared as it stands.
        sketch.code(text)
    sketch.cut()


class _WikitextEye:
    def __init__(self, site: Site, title: str, sketch: Sketch) -> None:
        self._site = site
        self._title = title
        self._sketch = sketch
        self._notes: dict[str, list[Wikicode]] = {}
        self._listed = 0
        self._depth = 0

    def page(self, code: Wikicode) -> None:
        """Draw a page."""
        self._lines(code)
        self._references()

    def _lines(self, code: Wikicode | None) -> None:
        """Draw what stands in lines: items, headings, paragraphs, and code by indentation."""
        self._depth += 1
        if self._depth > _DEEPEST:
            raise RecursionError
        indented: list[str] = []
        rows: list[Row] = []
        for line in lines_of(code):
            if row := row_of(line):
                self._indented(indented)
                rows.append(row)
                continue
            self._items(rows)
            rows.clear()
            first = line[0] if line else ""
            if isinstance(first, str) and first.startswith(" ") and "".join(map(str, line)).strip():
                indented.append(self._bare(line)[1:])
                continue
            self._indented(indented)
            if not line:
                self._sketch.cut()
            else:
                self.say(line)
                self._sketch.say("\n")
        self._items(rows)
        self._indented(indented)
        self._depth -= 1

    def _indented(self, lines: list[str]) -> None:
        if lines:
            if self._depth == 1:
                self._sketch.code("\n".join(lines))
            else:
                self._sketch.say("\n".join(lines))
            lines.clear()

    def _items(self, rows: Sequence[Row], depth: int = 0) -> None:
        """Draw lines with markers: what goes on in an item, as `#:` does, is of that item."""
        for group in grouped(rows, depth):
            first, *rest = group
            here = len(first.marks) == depth + 1
            with self._sketch.within(Construct.ITEM) if is_item(group, depth) else nullcontext():
                self._sketch.cut()
                self.say(first.pieces if here else ())
                self._sketch.cut()
                self._items(rest if here else group, depth + 1)

    def _bare(self, line: Iterable[Piece]) -> str:
        """Return a line's words as they stand in code."""
        inner = Sketch()
        eye = _WikitextEye(self._site, self._title, inner)
        parts: list[str] = []
        for piece in line:
            if isinstance(piece, str):
                parts.append(piece)
                continue
            eye.say([piece])
            # The links in it are links still.
            self._say_links(piece)
            parts.append(inner.take())
        return "".join(parts)

    def _say_links(self, piece: Node) -> None:
        if isinstance(piece, Wikilink | ExternalLink):
            eye = _WikitextEye(self._site, self._title, inner := Sketch())
            eye.say([piece])
            for construct in (Construct.LINK, Construct.IMAGE):
                for thing in inner.seen.things[construct]:
                    self._sketch.add(construct, *thing)

    def say(self, pieces: Iterable[Piece]) -> None:
        """Draw what stands in a line."""
        for piece in pieces:
            match piece:
                case str():
                    self._sketch.say(_WORD.sub("", piece))
                case HTMLEntity():
                    self._sketch.say(unescape(str(piece)))
                case Comment():
                    pass
                case Heading():
                    with self._sketch.within(Construct.HEADING, str(piece.level)):
                        self.inline(piece.title)
                case Wikilink():
                    self._link(piece)
                case ExternalLink():
                    url, _, said = str(piece.url).strip().partition("|")
                    with self._sketch.linked(url):
                        said = f"{said} " if said else url if piece.title is None else ""
                        self._sketch.say(unescape(said))
                        self.inline(piece.title)
                case Template():
                    self._template(piece)
                case Tag():
                    self._tag(piece, str(piece.tag).strip().lower())
                case Argument():
                    self._sketch.say(str(piece))
                case _:
                    self._sketch.say(str(piece))

    def inline(self, code: Wikicode | None) -> None:
        """Draw wikitext that stands within a line."""
        self._depth += 1
        if self._depth > _DEEPEST:
            raise RecursionError
        if code is not None:
            self.say(str(it) if isinstance(it, Text) else it for it in code.nodes)
        self._depth -= 1

    def _link(self, node: Wikilink) -> None:
        target = str(node.title).strip()
        bare = target.lstrip(":").strip()
        own = not target.startswith(":")
        if own and self._site.is_category(bare):
            return
        if own and self._site.is_file(bare):
            self._image(self._site.parted(bare)[1], list(parts_of(node.text or Wikicode([]))))
            return
        page, shown = linked_page(self._title, bare)
        _, sharp, anchor = bare.partition("#")
        with self._sketch.linked(f"{page}{sharp}{anchor}"):
            if node.text is not None and str(node.text).strip():
                self.inline(node.text)
            elif node.text is None:
                self._sketch.say(shown)

    def _image(self, name: str, options: Sequence[Wikicode], *, framed: bool = False) -> None:
        """Draw an image: the link around it, and the caption below it."""
        around = next((it for option in options if (it := value_of("link", str(option)))), "")
        with self._sketch.linked(around) if around else nullcontext():
            self._sketch.add(Construct.IMAGE, name)
        captions = [it for it in options if str(it).strip() and not is_option(str(it))]
        if captions and (framed or any(is_framed(str(it)) for it in options)):
            self._sketch.say(" ")
            self.inline(captions[-1])
            self._sketch.say(" ")

    def _template(self, node: Template) -> None:
        name = " ".join(str(node.name).split())
        if (signs := sign_of(node)) is not None:
            self._sketch.say(signs)
            return
        if name.lower() in _NAMES:
            return
        self._sketch.say(f"{name} " if len(node.params) != 1 else "")
        for parameter in node.params:
            self._sketch.say(" ")
            self.inline(parameter.value)
        self._sketch.say(" ")

    def _tag(self, node: Tag, name: str) -> None:
        sketch = self._sketch
        content = node.contents
        if name in _CODE:
            text = re.sub(r"</?nowiki\s*/?>", "", str(content or ""))
            if node.has("inline"):
                sketch.span(text)
            else:
                language = str(node.get("lang").value).strip("\"' ") if node.has("lang") else ""
                sketch.code(unescape(text) if name == "pre" else text, language)
        elif name in _SPANS:
            inner = Sketch()
            _WikitextEye(self._site, self._title, inner).inline(content)
            sketch.span(inner.take())
        elif name == "ref":
            sketch.say(f" {self._note(node)} ")
        elif name in ("sup", "sub"):
            sketch.say(" ")
            self.inline(content)
            sketch.say(" ")
        elif name == "references":
            self.inline(content)
            self._references()
        elif name == "nowiki":
            sketch.say(unescape(str(content or "")))
        elif name == "br":
            sketch.say(" ")
        elif name == "img":
            if node.has("src"):
                source = str(node.get("src").value).strip("\"' ")
                sketch.add(Construct.IMAGE, source, "")
        elif name == "gallery":
            self._gallery(str(content or ""))
        elif name in _INVISIBLE:
            pass
        elif name in _INLINE:
            self.inline(content)
        elif name in ("td", "th", "li"):
            construct = Construct.ITEM if name == "li" else Construct.CELL
            if name != "li" and str(content or "").startswith("+"):
                sketch.cut()
                sketch.say(str(content)[1:])
                sketch.cut()
                return
            with sketch.within(construct):
                self._within(content)
        elif re.fullmatch("h[1-6]", name):
            with sketch.within(Construct.HEADING, name[1]):
                self.inline(content)
        else:
            sketch.cut()
            self._within(content)
            sketch.cut()

    def _within(self, content: Wikicode | None) -> None:
        self._depth += 1
        self._lines(content)
        self._depth -= 1

    def _note(self, node: Tag) -> int:
        """Keep a footnote's text for where they are listed; return its number."""
        given = str(node.get("name").value).strip("\"' ") if node.has("name") else ""
        name = given or f"\0{len(self._notes)}"
        known = self._notes.setdefault(name, [])
        if node.contents:
            known.append(node.contents)
        return list(self._notes).index(name) + 1

    def _references(self) -> None:
        waiting = list(self._notes.values())[self._listed :]
        self._listed += len(waiting)
        for texts in waiting:
            with self._sketch.within(Construct.ITEM):
                for text in texts:
                    self._within(text)

    def _gallery(self, content: str) -> None:
        for line in content.strip().split("\n"):
            name, options = name_in_gallery(line)
            if name:
                parts = [mwparserfromhell.parse(it) for it in options]
                with self._sketch.within(Construct.ITEM):
                    self._image(self._site.parted(name)[1], parts, framed=True)
