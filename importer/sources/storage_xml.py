"""The XML of Confluence's storage format: XHTML with undeclared prefixes and HTML's entities."""

import base64
import re
import zlib
from collections import Counter
from html import unescape
from html.entities import html5
from urllib.parse import unquote

from lxml import etree  # type: ignore[import-untyped]  # it brings no types

from importer.model.draft import Place
from importer.sources.losses import Losses, LossKind

__all__ = ["get", "inflated", "is_all_of_item", "parsed", "tag_of", "text_of", "words_of"]

_CDATA = re.compile(r"(<!\[CDATA\[.*?\]\]>)", re.DOTALL)
_TAG = re.compile(r"<[^<>]*>")
_WORD = re.compile(r"\w+")
_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9]*);")
_OF_XML = ("amp", "lt", "gt", "quot", "apos")
_WRAP = '<root xmlns:ac="ac" xmlns:ri="ri" xmlns:at="at">{}</root>'
_MOST_INFLATED = 2**20


def parsed(text: str, place: Place, losses: Losses) -> etree._Element | None:
    """Return storage format as a tree, read as far as it can be; None when there is nothing."""
    parts = _CDATA.split(re.sub("[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]", "", text))
    wrapped = _WRAP.format("".join(it if at % 2 else _named(it) for at, it in enumerate(parts)))
    safe = {"resolve_entities": False, "no_network": True, "load_dtd": False}
    try:
        return etree.fromstring(wrapped.encode(), etree.XMLParser(**safe))
    except etree.XMLSyntaxError as error:
        why = f"it is no proper storage format ({error.msg}); read as far as it can be"
        losses.add(LossKind.MARKUP, place.line, "storage format", why)
        root = etree.fromstring(wrapped.encode(), etree.XMLParser(recover=True, **safe))
        return _with_missing(root, wrapped, place, losses)


def _with_missing(
    root: etree._Element | None, text: str, place: Place, losses: Losses
) -> etree._Element | None:
    """Let a tree say how many of the text's words are not in it, if any: one may be cut."""
    had = Counter(_WORD.findall(unescape(_TAG.sub(" ", text))))
    if root is not None:
        had.subtract(_WORD.findall(" ".join(map(str, root.itertext()))))
        # A tag that was no tag leaves the words of its attributes.
        for element in root.iter():
            for value in element.attrib.values():
                had.subtract(_WORD.findall(str(value)))
    missing = sum((+had).values())
    if missing:
        why = "they are not moved: the storage format can't be read to its end"
        losses.add(LossKind.TEXT, place.line, f"{missing} words", why)
        root = root if root is not None else etree.Element("root")
        said = etree.SubElement(root, "p")
        said.text = f"({missing} words of this page can't be read, and are not moved.)"
    return root


def _named(text: str) -> str:
    """Return text with HTML's entities as characters; those of XML stay."""

    def character(match: re.Match[str]) -> str:
        if match[1] in _OF_XML:
            return match[0]
        return html5.get(f"{match[1]};", f"&amp;{match[1]};")

    return _ENTITY.sub(character, text)


def tag_of(element: etree._Element) -> str:
    """Return `ac:link` or `p`; "" for a comment."""
    if not isinstance(element.tag, str):
        return ""
    space, brace, name = element.tag.rpartition("}")
    return f"{space[1:]}:{name}" if brace else name


def get(element: etree._Element, name: str) -> str:
    """Return an attribute by its name with or without a prefix."""
    for key, value in element.attrib.items():
        if str(key).rpartition("}")[2] == name:
            return str(value)
    return ""


def is_all_of_item(element: etree._Element) -> bool:
    """Tell whether a paragraph is an item's only one: the wiki writes each item as one."""
    parent = element.getparent()
    if parent is None or tag_of(parent) != "li" or (parent.text or "").strip():
        return False
    blocks = [it for it in parent if tag_of(it) not in ("ul", "ol")]
    return blocks == [element] and parent[0] is element


def words_of(parameter: etree._Element) -> str:
    """Return a parameter's words, or what it leads to."""
    target = next((it for it in parameter.iter() if tag_of(it).startswith("ri:")), None)
    names = ("content-title", "filename", "value", "space-key", "username", "userkey")
    named = "" if target is None else next((it for name in names if (it := get(target, name))), "")
    return text_of(parameter) or named


def inflated(data: str) -> str:
    """Return a drawing's source from its packed form; empty when it is none."""
    try:
        packed = base64.b64decode(data, validate=True)
        text = zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, _MOST_INFLATED)
        return unquote(text.decode("utf-8"))
    except (ValueError, zlib.error):
        return ""


def text_of(element: etree._Element | None) -> str:
    """Return all text in an element; none for None."""
    return "" if element is None else "".join(str(it) for it in element.itertext())
