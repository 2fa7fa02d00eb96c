"""Words of wikitext without their markup, and the tags that it shares with HTML."""

import re
from html import unescape

import mwparserfromhell
from mwparserfromhell.nodes import (
    Comment,
    ExternalLink,
    HTMLEntity,
    Node,
    Tag,
    Template,
    Wikilink,
)
from mwparserfromhell.wikicode import Wikicode

__all__ = ["HTML_TAGS", "argument", "attribute", "linked_page", "nodes_of", "plain", "sign_of"]

# Written as HTML, and read as such. Any other tag is shown as it stands, as the wiki does.
HTML_TAGS = (
    "b", "i", "strong", "em", "u", "s", "strike", "del", "ins", "sub", "sup", "small", "big", "kbd",
    "span", "font", "br", "hr", "a", "img", "abbr", "cite", "q", "mark", "dfn", "bdi", "wbr",
    "p", "div", "center", "blockquote", "ul", "ol", "li", "dl", "dt", "dd", "table", "caption",
    "tr", "td", "th", "thead", "tbody", "tfoot", "h1", "h2", "h3", "h4", "h5", "h6",
)  # fmt: skip
"""What a wiki reads as HTML."""
_SIGNS = {"!": "|", "=": "=", "(": "{", ")": "}", "((": "{{", "))": "}}", "-": "", "clear": ""}


def plain(code: Wikicode | None) -> str:
    """Return what is left of wikitext without its markup."""
    parts: list[str] = []
    for node in nodes_of(code):
        match node:
            case Wikilink():
                parts.append(plain(node.text) if node.text is not None else str(node.title))
            case ExternalLink():
                parts.append(plain(node.title) if node.title is not None else str(node.url))
            case Tag() if str(node.wiki_markup or "-") in "*#:;":
                parts.append(str(node.wiki_markup))
            case Tag() if str(node.tag) in (*HTML_TAGS, "nowiki"):
                parts.append(plain(node.contents))
            case HTMLEntity():
                parts.append(unescape(str(node)))
            case Comment():
                pass
            case Template() if (signs := sign_of(node)) is not None:
                parts.append(signs)
            case _:
                parts.append(str(node))
    return "".join(parts)


def linked_page(title: str, target: str) -> tuple[str, str]:
    """Return the page that a link on *title* leads to, and what is shown of it without a text.

    `/below` is a page below this one, `../beside` one beside it, as wikis have it.
    """
    page, sharp, anchor = target.partition("#")
    page, part = page.strip(), f"{sharp}{anchor}"
    bare = page.rstrip("/")
    if page.startswith("/"):
        shown = bare[1:] if page.endswith("/") else page
        return f"{title}/{bare[1:].strip()}".rstrip("/"), f"{shown}{part}"
    match = re.match(r"(?:\.\./)+", page)
    above = title.split("/")[: -len(match[0]) // 3] if match else []
    if match is None or not above:
        return page, target
    rest = page[match.end() :].rstrip("/").strip()
    whole = "/".join([*above, rest] if rest else above)
    return whole, (rest if rest and page.endswith("/") else whole) + part


def sign_of(node: Template) -> str | None:
    """Return the signs that a template stands for in any wiki, if it does."""
    name = " ".join(str(node.name).split()).lower().removeprefix("template:")
    return None if node.params else _SIGNS.get(name)


def attribute(node: Tag, name: str) -> str:
    """Return the value of a tag's attribute without quotes; empty when it has none."""
    if not node.has(name):
        return ""
    value = node.get(name).value
    return plain(value).strip().strip("\"'") if value is not None else ""


def argument(parameter: object) -> str:
    """Return a template's argument as words on one line."""
    code = mwparserfromhell.parse(str(parameter))
    for link in code.filter_external_links():
        # What it is called says nothing of where it led.
        if link.title is not None:
            code.replace(link, f"{plain(link.title)} {link.url}")
    return " ".join(plain(code).split())


def nodes_of(code: Wikicode | None) -> list[Node]:
    """Return the nodes of wikitext; none for None."""
    return [] if code is None else list(code.nodes)
