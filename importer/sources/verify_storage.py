"""Looks at Confluence's storage format: what the wiki would show of a page. Needs lxml."""

import re
from html import unescape

from lxml import etree  # type: ignore[import-untyped]  # it brings no types

from importer.sources.verify_html import HtmlEye
from importer.sources.verify_seen import Construct, Sketch

__all__ = ["see_storage"]

_CDATA = re.compile(r"(<!\[CDATA\[.*?\]\]>)", re.DOTALL)
_ENTITY = re.compile(r"&(?!amp;|lt;|gt;|quot;|apos;|#)\w+;")
_UNUSABLE = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_BODIES = ("{ac}rich-text-body", "{ac}plain-text-body")
# What such a macro shows is a file, its own parameter, or nothing at all.
_FILES = ("view-file", "viewpdf", "viewxls", "viewdoc", "viewppt", "multimedia")
_UNSEEN = (
    "ac:placeholder",
    "ac:parameter",
    "ac:task-id",
    "ac:task-uuid",
    "ac:task-status",
    "ri:user",
)


def see_storage(text: str, sketch: Sketch) -> None:
    """Draw what is seen of storage format."""
    parts = _CDATA.split(_UNUSABLE.sub("", text))
    named = (it if at % 2 else _ENTITY.sub(_character, it) for at, it in enumerate(parts))
    whole = f'<page xmlns:ac="ac" xmlns:ri="ri" xmlns:at="at">{"".join(named)}</page>'
    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True, load_dtd=False)
    root = etree.fromstring(whole.encode(), parser)
    if root is not None:
        _StorageEye(sketch).inside(root)
    sketch.cut()


def _character(match: re.Match[str]) -> str:
    found = unescape(match[0])
    return found if found != match[0] else f"&amp;{match[0][1:]}"


def _get(element: etree._Element, name: str) -> str:
    return next((str(it) for key, it in element.items() if key.rpartition("}")[2] == name), "")


def _text(element: etree._Element | None) -> str:
    return "" if element is None else "".join(str(it) for it in element.itertext())


class _StorageEye(HtmlEye):
    def look(self, element: etree._Element, tag: str) -> None:
        space, brace, name = tag.rpartition("}")
        known = f"{space[1:]}:{name}" if brace else tag
        match known:
            case _ if known in _UNSEEN:
                pass
            case "ac:structured-macro" | "ac:macro":
                self._macro(element, _get(element, "name"))
            case "ac:link":
                self._link(element)
            case "ac:image":
                what = self._target(element)
                self.sketch.add(Construct.IMAGE, what, " ".join(_get(element, "alt").split()))
                self._apart(element.find("{ac}caption"))
            case "ac:task":
                with self.sketch.within(Construct.ITEM):
                    done = (element.findtext("{ac}task-status") or "").strip() == "complete"
                    self.sketch.say("[x] " if done else "[ ] ")
                    self.inside(element)
            case "ac:emoticon":
                self.sketch.say(_get(element, "emoji-fallback"))
            case "ac:adf-extension":
                fallback = element.find("{ac}adf-fallback")
                content = element.find(".//{ac}adf-content")
                self._apart(fallback if fallback is not None else content)
            case "ac:inline-comment-marker":
                self.inside(element)
            case "time":
                self.sketch.say(_get(element, "datetime"))
            case _ if brace:
                self._apart(element)
            case _:
                super().look(element, tag)

    def _apart(self, element: etree._Element | None) -> None:
        self.sketch.cut()
        if element is not None:
            self.inside(element)
        self.sketch.cut()

    def _target(self, element: etree._Element) -> str:
        """Return what a link or an image names: a title, a file or a URL."""
        for child in element:
            if isinstance(child.tag, str) and child.tag.startswith("{ri}"):
                names = ("content-title", "filename", "value", "content-id", "space-key")
                return next((it for name in names if (it := _get(child, name))), "")
        return ""

    def _link(self, element: etree._Element) -> None:
        target, anchor = self._target(element), _get(element, "anchor")
        body = element.find("{ac}link-body")
        body = element.find("{ac}plain-text-link-body") if body is None else body
        if not (target or anchor):
            # Of a person only the wiki knows the name.
            if body is not None:
                self.inside(body)
            return
        with self.sketch.linked(target or f"#{anchor}"):
            if body is not None and _text(body).strip():
                self.inside(body)
            else:
                self.sketch.say(target or anchor)

    def _macro(self, macro: etree._Element, name: str) -> None:
        said = {_get(it, "name"): _text(it) for it in macro.findall("{ac}parameter")}
        rich, plain = (macro.find(it) for it in _BODIES)
        if name == "anchor":
            return
        if name in _FILES:
            found = macro.find(".//{ri}attachment")
            file = _get(found, "filename") if found is not None else said.get("", "")
            with self.sketch.linked(file):
                self.sketch.say(file)
            return
        shown = plain if plain is not None else None
        if name == "status":
            self.sketch.say(said.get("title") or said.get("colour", ""))
        elif name.endswith("inline") and (said.get("body") or shown is not None):
            self.sketch.span(said.get("body") or _text(shown))
        elif name == "jira" and said.get("key"):
            self.sketch.say(said["key"])
        else:
            self._block(name, said, rich, shown)

    def _block(
        self,
        name: str,
        said: dict[str, str],
        rich: etree._Element | None,
        plain: etree._Element | None,
    ) -> None:
        self.sketch.cut()
        self.sketch.say(said.get("title", ""))
        self.sketch.cut()
        if plain is not None:
            self.sketch.code(_text(plain), said.get("language", ""))
        elif rich is not None:
            self._apart(rich)
        elif "body" in said:
            self.sketch.code(said["body"])
        else:
            # Nobody but the wiki knows what it shows; that there was something must be seen.
            self.sketch.say(name)
        self.sketch.cut()
