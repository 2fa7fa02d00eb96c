"""HTML in a normal form: two texts that look the same in a browser are the same string."""

import re

from lxml import etree  # type: ignore[import-untyped]  # it brings no types

from importer.sources.verify_html import parsed

__all__ = ["normal_html"]

_NAMES = {"b": "strong", "i": "em", "strike": "del", "s": "del", "tt": "code"}
_MERE_FORM = ("div", "span", "tbody", "thead", "font", "section", "article", "body", "html")
_INLINE_FORM = ("span", "font", "thead", "tbody")
_RUNNING = ("span", "font", "br")
_BLOCKS = (
    "p", "ul", "ol", "li", "blockquote", "pre", "hr", "table", "tr", "td", "th", "h1", "h2", "h3",
    "h4", "h5", "h6", "div", "br", "tbody", "thead", "section", "article", "body", "html", "dl",
    "dt", "dd",
)  # fmt: skip
_SHOWN = {"a": ("href", "title"), "img": ("src", "alt", "title"), "ol": ("start",)}
_UNSEEN = ("script", "style", "head", "template")


def normal_html(text: str) -> str:
    """Return HTML without what doesn't show: blanks, classes, tags of mere form, second names."""
    parts: list[str] = []
    _write(parsed(text), parts)
    made = re.sub(r"[ \t\r\n]+", " ", "".join(parts))
    before = ""
    while made != before:
        before = made
        for pattern, instead in _UNSEEN_FORMS:
            made = pattern.sub(instead, made)
    for sign, shown in zip("\x01\x02\x03\x04\x05\x06", "<><> \n", strict=True):
        made = made.replace(sign, shown)
    return made.strip()


# Blocks are written between \x01 and \x02, other tags between \x03 and \x04.
_UNSEEN_FORMS = (
    # Blanks beside a block, and those at the edge within a tag: they stand outside it as well.
    (re.compile(r" ?(\x01[^\x02]*\x02) ?"), r"\1"),
    (re.compile(r"(\x03(?!/)[^\x04]*\x04) "), r" \1"),
    (re.compile(r" (\x03/[^\x04]*\x04)"), r"\1 "),
    (re.compile(r"  +"), " "),
    # A line's end at the end of a block, and paragraphs without words.
    (re.compile(r"\x01br\x02(?=\x01/)"), ""),
    (re.compile(r"\x01(p|pre|blockquote)\x02\x01/\1\x02"), ""),
    # Tags around nothing.
    (re.compile(r"\x03(?!img|/)([a-z]+)[^\x04]*\x04\x03/\1\x04"), ""),
    # Which of two tags around the same words is the outer one.
    (
        re.compile(
            r"\x03strong\x04\x03em\x04((?:(?!\x03/?(?:strong|em)\x04).)*)\x03/em\x04\x03/strong\x04"
        ),
        "\x03em\x04\x03strong\x04\\1\x03/strong\x04\x03/em\x04",
    ),
)


def _write(element: etree._Element, parts: list[str]) -> None:
    tag = element.tag.lower() if isinstance(element.tag, str) else ""
    if not tag or tag in _UNSEEN:
        return
    if tag == "a" and not element.get("href"):
        _content(element, parts)
        return
    if tag in _MERE_FORM:
        _flow(element, parts) if tag not in _INLINE_FORM else _content(element, parts)
        return
    name = _NAMES.get(tag, tag)
    first, last = ("\x01", "\x02") if tag in _BLOCKS else ("\x03", "\x04")
    parts.append(f"{first}{name}{''.join(_attributes(element, tag))}{last}")
    if tag == "pre":
        code = "".join(element.itertext()).replace("\r\n", "\n")
        lines = [line.rstrip() for line in code.strip("\n").split("\n")]
        parts.append("\n".join(lines).rstrip().replace(" ", "\x05").replace("\n", "\x06"))
    elif tag == "blockquote" or (tag == "li" and _is_loose(element.getparent())):
        _flow(element, parts)
    elif tag == "li":
        _content(element, parts, unwrapped="p")
    else:
        _content(element, parts)
    if tag != "br":
        parts.append(f"{first}/{name}{last}")


def _content(element: etree._Element, parts: list[str], unwrapped: str = "") -> None:
    parts.append(element.text or "")
    for child in element:
        _content(child, parts) if child.tag == unwrapped else _write(child, parts)
        parts.append(child.tail or "")


def _flow(element: etree._Element, parts: list[str]) -> None:
    """Write what is in a block, its words that stand in no paragraph as one."""
    is_open = False
    for piece in (element.text, *(it for child in element for it in (child, child.tail))):
        bare = piece if isinstance(piece, str) else ""
        if piece is None or (isinstance(piece, str) and not bare.strip() and not is_open):
            continue
        is_block = not bare and piece.tag in (*_BLOCKS, *_MERE_FORM) and piece.tag not in _RUNNING
        if is_block is is_open:
            parts.append("\x01/p\x02" if is_open else "\x01p\x02")
            is_open = not is_open
        if bare:
            parts.append(bare)
        else:
            _write(piece, parts)
    if is_open:
        parts.append("\x01/p\x02")


def _is_loose(listing: etree._Element) -> bool:
    """Tell whether a list has paragraphs in its items: in Markdown all of them have, or none.

    A list of one item with one paragraph is the same as one without: Markdown knows no other.
    """
    items = [it for it in listing if it.tag == "li"]
    blocks = [child for item in items for child in item if child.tag in _BLOCKS]
    return any(it.tag == "p" for it in blocks) and (len(items) > 1 or len(blocks) > 1)


def _attributes(element: etree._Element, tag: str) -> list[str]:
    found = ((name, element.get(name)) for name in _SHOWN.get(tag, ()))
    shown = ((name, " ".join(it.split())) for name, it in found if it)
    return [f" {name}={it}" for name, it in shown if (name, it) != ("start", "1")]
