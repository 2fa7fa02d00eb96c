"""Looks at HTML: what a browser would show of it. Needs lxml, and not the converter's parser."""

import re

from lxml import etree, html  # type: ignore[import-untyped]  # it brings no types

from importer.sources.verify_seen import Construct, Sketch

__all__ = ["HtmlEye", "parsed", "see_html"]

_UNUSABLE = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_UNSEEN = (
    "script", "style", "template", "noscript", "head", "title", "link", "meta", "col", "colgroup",
)  # fmt: skip
_BLOCKS = (
    "address", "article", "aside", "blockquote", "caption", "center", "dd", "details", "dialog",
    "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "header", "hr", "main",
    "nav", "ol", "p", "section", "summary", "table", "tbody", "tfoot", "thead", "tr", "ul",
)  # fmt: skip
_FRAMES = {"li": Construct.ITEM, "td": Construct.CELL, "th": Construct.CELL}
_EMBEDDED = (
    "iframe", "video", "audio", "object", "embed", "source", "applet", "svg", "math", "canvas",
)  # fmt: skip
_LANGUAGE = re.compile(r"(?:^|\s)(?:lang|language|brush|highlight-source|highlight)[-:]\s*(\S+)")
_DEEPEST = 120


def parsed(text: str) -> etree._Element:
    """Return HTML as a tree, read as browsers do, whole pages and fragments alike."""
    return html.document_fromstring(f"<div>{_UNUSABLE.sub('', text)}</div>")


def see_html(text: str, sketch: Sketch) -> None:
    """Draw what is seen of HTML."""
    HtmlEye(sketch).inside(parsed(text))
    sketch.cut()


class HtmlEye:
    """Looks at elements of HTML; for languages built on it there are eyes that see more."""

    def __init__(self, sketch: Sketch) -> None:
        self.sketch = sketch
        self._depth = 0

    def inside(self, element: etree._Element) -> None:
        """Draw what is in an element."""
        if self._depth > _DEEPEST:
            self.sketch.say("".join(str(it) for it in element.itertext()))
            return
        self._depth += 1
        self.sketch.say(element.text or "")
        for child in element:
            if isinstance(child.tag, str):
                self.look(child, child.tag.lower())
            self.sketch.say(child.tail or "")
        self._depth -= 1

    def look(self, element: etree._Element, tag: str) -> None:
        """Draw an element."""
        if tag in _UNSEEN:
            return
        if tag in _FRAMES or re.fullmatch("h[1-6]", tag):
            level = tag[1] if tag not in _FRAMES else ""
            with self.sketch.within(_FRAMES.get(tag, Construct.HEADING), level):
                self.inside(element)
        elif tag == "a" and element.get("href"):
            with self.sketch.linked(element.get("href")):
                self.inside(element)
        elif tag in ("pre", "code", "tt", "samp", "img", "input", "br", "q") or tag in _EMBEDDED:
            self._leaf(element, tag)
        elif tag in _BLOCKS:
            self.sketch.cut()
            self.inside(element)
            self.sketch.cut()
        elif tag in ("sup", "sub"):
            # A word of its own: `BIP-16` with a footnote is still the same word.
            self.sketch.say(" ")
            self.inside(element)
            self.sketch.say(" ")
        else:
            self.inside(element)

    def _leaf(self, element: etree._Element, tag: str) -> None:
        sketch = self.sketch
        match tag:
            case "pre":
                sketch.code(_code(element), _language(element))
                self._within_code(element)
            case "code" | "tt" | "samp":
                sketch.span(_code(element))
                self._within_code(element)
            case "img" if "emoticon" in (element.get("class") or ""):
                sketch.say(element.get("data-emoji-fallback") or element.get("alt") or "")
            case "img":
                _image(element, sketch)
            case "q":
                sketch.say('"')
                self.inside(element)
                sketch.say('"')
            case "input":
                if element.get("type") == "checkbox":
                    sketch.say("[x] " if element.get("checked") is not None else "[ ] ")
            case "br":
                sketch.say(" ")
            case _:
                sketch.say(f" {element.get('src') or element.get('data') or ''} ")
                self.inside(element)
                sketch.say(" ")

    def _within_code(self, element: etree._Element) -> None:
        """Draw the images and links that code within a line can hold."""
        for child in element.iter("img", "a"):
            if child.tag == "img":
                _image(child, self.sketch)
            elif child.get("href"):
                text = " ".join(_code(child).split())
                self.sketch.add(Construct.LINK, child.get("href").strip(), text)


def _image(element: etree._Element, sketch: Sketch) -> None:
    if source := (element.get("src") or "").strip():
        sketch.add(Construct.IMAGE, source, " ".join((element.get("alt") or "").split()))


def _code(element: etree._Element) -> str:
    parts = [element.text or ""]
    for child in element:
        if child.tag == "br":
            parts.append("\n")
        elif isinstance(child.tag, str):
            parts.append(_code(child))
        parts.append(child.tail or "")
    return "".join(parts)


def _language(element: etree._Element) -> str:
    around = [element, *element.iter("code")]
    if element.getparent() is not None:
        around.append(element.getparent())
    for each in around:
        if said := each.get("data-lang") or each.get("data-language"):
            return str(said)
        if match := _LANGUAGE.search(each.get("class") or ""):
            return match[1].rstrip(";")
    return ""
