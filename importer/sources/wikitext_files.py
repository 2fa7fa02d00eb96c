"""Images and other files in wikitext: links to files, galleries, image maps. Needs the parser.

A file is called by its bare name, as it is written; whose bytes these are is said elsewhere.
"""

import re
from collections.abc import Callable, Iterator
from html import escape
from urllib.parse import quote

import mwparserfromhell
from mwparserfromhell.nodes import ExternalLink, Node, Text, Wikilink
from mwparserfromhell.wikicode import Wikicode

from importer.model.pictures import is_named_as_image
from importer.sources.wikitext import Site
from importer.sources.wikitext_options import is_framed, is_option, is_sized, value_of

__all__ = ["Files", "name_in_gallery", "parts_of"]

# Shown by a wiki as images, though the team's site takes none of them.
_SHOWN = (".tif", ".tiff", ".ico", ".xcf", ".djvu", ".apng", ".avif")
_EXTERNAL = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?//", re.IGNORECASE)
_SAFE = "/'!~*.,:"
_AREA = re.compile(r"(?:poly|rect|circle|default)\b[\d\s.]*(\[.+\])", re.IGNORECASE)

Render = Callable[[Wikicode], str]


def name_in_gallery(line: str) -> tuple[str, list[str]]:
    """Return the title and the options of a gallery's line."""
    title, *options = _split(line.strip())
    return title.strip(), options


class Files:
    """Says files of one page; *render* makes HTML of wikitext and *plain* bare text of it.

    *lost* takes a thing and what became of it.
    """

    def __init__(
        self, site: Site, render: Render, plain: Render, lost: Callable[[str, str], None]
    ) -> None:
        self._site = site
        self._render = render
        self._plain = plain
        self._lost = lost

    def link(self, title: str, node: Wikilink) -> str:
        """Return a link to a file: the image with its caption, or a link to what is no image."""
        parts = list(parts_of(node.text)) if node.text is not None else []
        name = self._site.parted(title)[1]
        if self._site.is_media(title) or not _is_image(name):
            words = [it for it in parts if not is_option(str(it))]
            said = self._render(words[-1]).strip() if words else ""
            return f'<a href="{escape(quote(name))}">{said or escape(name)}</a>'
        return self._image(name, parts)

    def _image(self, name: str, parts: list[Wikicode], *, framed: bool = False) -> str:
        options = [str(it) for it in parts]
        words = [it for it in parts if not is_option(str(it))]
        caption = next((it for it in reversed(words) if str(it).strip()), None)
        shown = framed or any(is_framed(it) for it in options)
        alt = self._said("alt", parts)
        if not alt and caption is not None:
            alt = self._plain(caption).strip()
        size = ' width="1"' if any(is_sized(it) for it in options) else ""
        image = f'<img src="{escape(name)}" alt="{escape(alt)}"{size}>'
        target = self._said("link", parts)
        if target:
            href = target
            if not _EXTERNAL.match(target):
                href = f"wiki:{quote(self._site.title(target), safe=_SAFE)}"
            image = f'<a href="{escape(href)}">{image}</a>'
        said = self._render(caption).strip() if shown and caption is not None else ""
        # Within other emphasis this one would end it.
        slanted = f"<em>{said}</em>" if said and "<" not in said else said
        return f"{image}<br>{slanted}<br>" if said else image

    def _said(self, name: str, parts: list[Wikicode]) -> str:
        found = (value_of(name, self._plain(it)) for it in parts)
        return next((it for it in found if it is not None), "")

    def gallery(self, content: str) -> str:
        """Return a gallery as a list of images with their captions; "" for an empty one."""
        rows = []
        for line in content.strip().split("\n"):
            title, options = name_in_gallery(line)
            if title:
                parts = [mwparserfromhell.parse(it) for it in options]
                name = self._site.parted(title)[1] if self._site.is_file(title) else title
                said = self._image(name, parts, framed=True)
                rows.append(f"<li>{said.removesuffix('<br>')}</li>")
        if not rows:
            return ""
        self._lost(f"a gallery of {len(rows)}", "a list of images now")
        return f"<ul>{''.join(rows)}</ul>"

    def image_map(self, content: str) -> str:
        """Return an image map as its image and a list of the links in it."""
        lines = [line.strip() for line in content.strip().split("\n") if line.strip()]
        lines = [line for line in lines if not line.startswith("#")]
        if not lines:
            return ""
        links = [match[1] for line in lines[1:] if (match := _AREA.match(line))]
        rows = "".join(f"<li>{self._render(mwparserfromhell.parse(it))}</li>" for it in links)
        self._lost(lines[0], "an image with areas to click on; a list of links below it now")
        image = self._render(mwparserfromhell.parse(f"[[{lines[0]}]]"))
        return f"<p>{image}</p>" + (f"<ul>{rows}</ul>" if rows else "")


def _is_image(name: str) -> bool:
    return is_named_as_image(name) or name.lower().endswith(_SHOWN)


def parts_of(code: Wikicode) -> Iterator[Wikicode]:
    """Yield what stands between bars, those within other links aside."""
    nodes: list[Node] = []
    for node in code.nodes:
        bare = isinstance(node, ExternalLink) and not node.brackets
        # The library takes a bar for a part of an address, which no wiki does.
        pieces = str(node).split("|") if bare or isinstance(node, Text) else []
        if len(pieces) < 2:
            nodes.append(node)
            continue
        first, *rest = (mwparserfromhell.parse(it).nodes if bare else [Text(it)] for it in pieces)
        nodes += first
        for piece in rest:
            yield Wikicode(nodes)
            nodes = [*piece]
    yield Wikicode(nodes)


def _split(line: str) -> list[str]:
    """Return what stands between bars in a line of text, those within brackets aside."""
    parts, depth = [""], 0
    for piece in re.split(r"(\[\[|\]\]|\{\{|\}\}|\|)", line):
        if piece == "|" and depth <= 0:
            parts.append("")
            continue
        depth += (piece in ("[[", "{{")) - (piece in ("]]", "}}"))
        parts[-1] += piece
    return parts
