"""Wikitext as a markup of pages, and the names of a wiki's pages."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import quote

from importer.model.draft import Place
from importer.sources.losses import Losses, LossKind

__all__ = ["Site", "Wikitext"]

# The names that every MediaWiki knows besides its own language's, by number
# (https://www.mediawiki.org/wiki/Help:Namespaces).
_CANONICAL = {
    -2: "media", -1: "special", 1: "talk", 2: "user", 3: "user talk", 4: "project",
    5: "project talk", 6: "file", 7: "file talk", 8: "mediawiki", 9: "mediawiki talk",
    10: "template", 11: "template talk", 12: "help", 13: "help talk", 14: "category",
    15: "category talk", 828: "module", 829: "module talk",
}  # fmt: skip
_FILE, _MEDIA, _CATEGORY = 6, -2, 14
_MANY = 200
# What a MediaWiki leaves as it is in its addresses.
_UNQUOTED = ";@$!*(),/~:"


@dataclass(frozen=True, slots=True)
class Site:
    """What titles mean on a wiki: names of namespaces by number, and whether a first letter counts.

    `base` is what stands before a title in the address of its page: up to a slash, or to `title=`
    in a wiki without short addresses. It is empty when not known.
    """

    namespaces: Mapping[int, str] = field(default_factory=lambda: MappingProxyType({}))
    first_letter: bool = True
    base: str = ""

    def address(self, title: str) -> str:
        """Return a page's address as the wiki writes it."""
        return f"{self.base}{quote(title.replace(' ', '_'), safe=_UNQUOTED)}"

    def address_of_number(self, number: str) -> str:
        """Return the address of the page that has the number *number*."""
        return f"{self.base.partition('?')[0]}?curid={number}"

    def title(self, text: str) -> str:
        """Return a title as the wiki's own list has it."""
        plain = " ".join(text.replace("_", " ").split()).lstrip(":").strip()
        number, rest = self.parted(plain)
        rest = rest[:1].upper() + rest[1:] if self.first_letter else rest
        prefix = self.namespaces.get(number) or _CANONICAL.get(number, "").capitalize()
        return f"{prefix}:{rest}" if number else rest

    def parted(self, title: str) -> tuple[int, str]:
        """Return a title's namespace, and the rest of it; 0 for none that is known."""
        prefix, colon, rest = title.partition(":")
        wanted = " ".join(prefix.replace("_", " ").split()).lower()
        if colon:
            for names in (self.namespaces, _CANONICAL):
                for number, name in names.items():
                    if name.lower() == wanted and number:
                        return number, rest.strip()
            if wanted in ("image", "img"):
                return _FILE, rest.strip()
        return 0, title.strip()

    def is_file(self, title: str) -> bool:
        """Tell whether a title is that of an image or another file."""
        return self.parted(title)[0] in (_FILE, _MEDIA)

    def is_media(self, title: str) -> bool:
        """Tell whether a title links to a file's bytes, which are not shown."""
        return self.parted(title)[0] == _MEDIA

    def is_category(self, title: str) -> bool:
        """Tell whether a title is that of a category."""
        return self.parted(title)[0] == _CATEGORY

    def categories(self, text: str) -> tuple[str, ...]:
        """Return the categories that a page puts itself into, in their order."""
        links = re.findall(r"\[\[([^\[\]|:\n]+:[^\[\]|\n]+)(?:\|[^\[\]\n]*)?\]\]", text)
        found = (self.parted(link) for link in links)
        return tuple(dict.fromkeys(rest for number, rest in found if number == _CATEGORY))


@dataclass(frozen=True, slots=True)
class Wikitext:
    """Wikitext of the page `title`. Needs the extra `convert`."""

    site: Site
    title: str
    name: str = "wikitext"

    def to_markdown(self, text: str, place: Place, losses: Losses) -> str:
        """Return wikitext as Markdown."""
        # Not imported with this module: the list of readers has to work without the extra.
        from importer.sources.html_converter import html_to_markdown
        from importer.sources.wikitext_converter import wikitext_to_html

        text = _without_endless_openings(text, place, losses)
        html = wikitext_to_html(text, self.site, self.title, place, losses)
        return html_to_markdown(html, place, losses)


def _without_endless_openings(text: str, place: Place, losses: Losses) -> str:
    """Return *text* with hundreds of templates that never end as plain text.

    The parser goes through the rest of the page for each of them.
    """
    if text.count("{{") < _MANY:
        return text
    left: list[int] = []
    for match in re.finditer(r"\{\{|\}\}", text):
        if match[0] == "{{":
            left.append(match.start())
        elif left:
            left.pop()
    if len(left) < _MANY:
        return text
    why = "templates that never end; shown as text"
    losses.add(LossKind.MARKUP, place.line, f"{{{{: {len(left)}", why)
    parts, at = [], 0
    for begin in left:
        parts += [text[at:begin], "&#123;&#123;"]
        at = begin + 2
    return "".join([*parts, text[at:]])
