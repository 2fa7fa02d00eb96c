"""Confluence's storage format to HTML, so that one converter makes all Markdown. Needs lxml.

Storage format is XHTML with two undeclared prefixes and with HTML's entities, so it is no XML until
it is wrapped. What becomes of a macro is said by the table of rules beside the markup.
"""

import re
from collections.abc import Mapping
from html import escape
from urllib.parse import quote

from lxml import etree  # type: ignore[import-untyped]  # it brings no types

from importer.model.draft import Place
from importer.sources.losses import Losses, LossKind
from importer.sources.storage import RULES, Storage, page_name
from importer.sources.storage_xml import (
    get,
    inflated,
    is_all_of_item,
    parsed,
    tag_of,
    text_of,
    words_of,
)

__all__ = ["storage_to_html"]

_NAVIGATION = "a way around the wiki; dropped"
_LABELS = {"info": "Info", "note": "Note", "tip": "Tip", "warning": "Warning"}
_LANGUAGES = {"py": "python", "js": "javascript", "none": "", "text": "", "c#": "csharp"}
_DIAGRAMS = {
    "mermaid": "mermaid",
    "mermaid-cloud": "mermaid",
    "plantuml": "plantuml",
    "plantumlcloud": "plantuml",
}
# The wiki keeps a picture of each drawing beside it.
_DRAWN = {
    "drawio": ("diagramName",), "inc-drawio": ("diagramName",), "drawio-sketch": ("diagramName",),
    "gliffy": ("name", "displayName"), "lucidchart": ("title",),
}  # fmt: skip
_EMOTICONS = {
    "smile": "\U0001f642", "sad": "\U0001f641", "tick": "\u2714", "cross": "\u2716",
    "warning": "\u26a0", "information": "\u2139", "thumbs-up": "\U0001f44d", "laugh": "\U0001f600",
    "thumbs-down": "\U0001f44e", "wink": "\U0001f609", "light-on": "\U0001f4a1", "plus": "+",
    "minus": "-", "question": "?",
}  # fmt: skip
_VOID = ("br", "hr", "img", "col", "wbr")
_KEPT = ("href", "src", "alt", "title", "colspan", "rowspan", "start", "width", "height")
_DEEPEST = 150


def storage_to_html(text: str, storage: Storage, place: Place, losses: Losses) -> str:
    """Return storage format as HTML; what can't be said leaves something to be seen, and a loss."""
    root = parsed(text, place, losses)
    return _Page(storage, place, losses).inside(root) if root is not None else ""


class _Page:
    def __init__(self, storage: Storage, place: Place, losses: Losses) -> None:
        self._storage = storage
        self._place = place
        self._losses = losses
        self._depth = 0

    def _lost(self, what: str, why: str, kind: LossKind = LossKind.MARKUP) -> None:
        self._losses.add(kind, self._place.line, what, why)

    def inside(self, element: etree._Element) -> str:
        """Return what is in an element."""
        self._depth += 1
        if self._depth > _DEEPEST:
            made = escape("".join(str(it) for it in element.itertext()))
        else:
            parts = [escape(element.text or "", quote=False)]
            for child in element:
                parts += [self._element(child), escape(child.tail or "", quote=False)]
            made = "".join(parts)
        self._depth -= 1
        return made

    def _element(self, element: etree._Element) -> str:
        tag = tag_of(element)
        match tag:
            case "ac:structured-macro" | "ac:macro":
                return self._macro(element)
            case "ac:link":
                return self._link(element)
            case "ac:image":
                return self._image(element)
            case "ac:task-list":
                return f"<ul>{self.inside(element)}</ul>"
            case "ac:task":
                return self._task(element)
            case "ac:emoticon":
                name = get(element, "name")
                return escape(get(element, "emoji-fallback") or _EMOTICONS.get(name, f":{name}:"))
            case "ac:placeholder" | "ac:parameter" | "":
                return ""
            case "ac:adf-extension":
                return self._extension(element)
            case "ac:layout" | "ac:layout-section" | "ac:layout-cell" | "ac:rich-text-body":
                return f"<div>{self.inside(element)}</div>"
            case "time":
                return escape(get(element, "datetime"))
            case "ri:user":
                return self._user(element)
            case _ if ":" in tag:
                return self.inside(element)
            case _:
                return self._plain(element, tag)

    def _extension(self, element: etree._Element) -> str:
        """Return what the new editor alone knows: what it shows elsewhere, or its own content."""
        fallback = element.find("{ac}adf-fallback")
        shown = fallback if fallback is not None else element.find(".//{ac}adf-content")
        node = element.find("{ac}adf-node")
        kind = get(node, "type") if node is not None else "extension"
        self._lost(f"macro {kind}", "a part of the new editor; its text stays")
        return f"<div>{self.inside(shown)}</div>" if shown is not None else self._note(kind)

    def _note(self, what: str) -> str:
        return f" <em>(macro: {escape(what)})</em>"

    def _plain(self, element: etree._Element, tag: str) -> str:
        found = ((key, get(element, key)) for key in _KEPT)
        attributes = "".join(f' {key}="{escape(value)}"' for key, value in found if value)
        if tag == "p" and is_all_of_item(element):
            return self.inside(element)
        if tag in _VOID:
            return f"<{tag}{attributes}>"
        return f"<{tag}{attributes}>{self.inside(element)}</{tag}>"

    def _task(self, element: etree._Element) -> str:
        body = element.find("{ac}task-body")
        done = (element.findtext("{ac}task-status") or "").strip() == "complete"
        text = self.inside(body) if body is not None else ""
        return f'<li><input type="checkbox"{" checked" if done else ""}> {text.strip()}</li>'

    def _user(self, element: etree._Element) -> str:
        key = get(element, "userkey") or get(element, "account-id") or get(element, "username")
        return escape(f"@{self._storage.users.get(key, key or 'somebody')}")

    def _link(self, element: etree._Element) -> str:
        target = next((it for it in element if tag_of(it).startswith("ri:")), None)
        bodies = ("{ac}link-body", "{ac}plain-text-link-body")
        body = next((it for name in bodies if (it := element.find(name)) is not None), None)
        text = self.inside(body).strip() if body is not None else ""
        anchor = get(element, "anchor")
        href, name = self._target(target)
        if target is not None and tag_of(target) == "ri:user":
            return text or self._user(target)
        if anchor:
            href += f"#{quote(anchor)}"
        return f'<a href="{escape(href)}">{text or escape(name or anchor)}</a>' if href else text

    def _target(self, target: etree._Element | None) -> tuple[str, str]:
        """Return where a link leads, and the name of it."""
        match tag_of(target) if target is not None else "":
            case "ri:page" | "ri:blog-post" if target is not None:
                title = get(target, "content-title")
                return page_name(get(target, "space-key") or self._storage.space, title), title
            case "ri:attachment" if target is not None:
                name = get(target, "filename")
                page = next((it for it in target if tag_of(it) == "ri:page"), None)
                of = f"{self._target(page)[0]}/" if page is not None else ""
                return f"{of}attachments/{quote(name)}", name
            case "ri:url" if target is not None:
                return get(target, "value"), get(target, "value")
            case "ri:content-entity" if target is not None:
                return f"wiki:{get(target, 'content-id')}", "a page"
            case "ri:space" if target is not None:
                key = get(target, "space-key")
                return page_name(key, ""), key
            case _:
                return "", ""

    def _image(self, element: etree._Element) -> str:
        target = next((it for it in element if tag_of(it).startswith("ri:")), None)
        href, name = self._target(target)
        caption = element.find("{ac}caption")
        # An address says nothing to those who can't see what is there.
        alt = get(element, "alt") or (name if name != href else "")
        sized = any(get(element, it) for it in ("width", "height", "thumbnail"))
        image = f'<img src="{escape(href)}" alt="{escape(alt)}"{" width=1" if sized else ""}>'
        said = self.inside(caption) if caption is not None else ""
        # Within other emphasis this one would end it.
        slanted = said if re.search(r"<(?:em|i|strong|b)\b", said) else f"<em>{said}</em>"
        return f"{image}<p>{slanted}</p>" if said.strip() else image

    def _macro(self, macro: etree._Element) -> str:
        name = get(macro, "name")
        rule = self._storage.rules.get(name) or RULES.get(name, "show")
        parameters = {get(it, "name"): words_of(it) for it in macro.findall("{ac}parameter")}
        body = macro.find("{ac}rich-text-body")
        inside = self.inside(body) if body is not None else ""
        plain = text_of(macro.find("{ac}plain-text-body"))
        if name == "status":
            said = parameters.get("title") or parameters.get("colour", "")
            return f"<strong>{escape(said)}</strong>"
        if name == "jira" and parameters.get("key"):
            return escape(parameters["key"])
        if name in ("view-file", "viewpdf", "viewxls", "viewdoc", "viewppt", "multimedia"):
            return self._attached(macro, name)
        if name in _DRAWN and (
            drawing := next((parameters[it] for it in _DRAWN[name] if parameters.get(it)), "")
        ):
            self._lost(f"macro {name}: {drawing}", "a drawing; the picture of it is shown")
            file = quote(f"{drawing}.png")
            return f'<p><img src="attachments/{file}" alt="{escape(drawing)}"></p>'
        match rule:
            case "quote":
                title = parameters.get("title") or _LABELS.get(name, "")
                label = f"<p><strong>{escape(title)}</strong></p>" if title else ""
                return f"<blockquote>{label}{inside or escape(plain)}</blockquote>"
            case "code":
                return self._code(name, parameters, plain or text_of(body))
            case "title":
                title = parameters.get("title", "")
                if title:
                    self._lost(title, "a part that could be folded; it is always open now")
                return f"<p><strong>{escape(title)}</strong></p><div>{inside}</div>"
            case "keep":
                return f"<div>{inside or escape(plain)}</div>"
            case "drop":
                # An anchor is seen by nobody; everything else is.
                if name != "anchor":
                    self._lost(name, _NAVIGATION, LossKind.NAVIGATION)
                return inside
            case _:
                return self._shown(name, parameters, inside, plain)

    def _shown(self, name: str, parameters: Mapping[str, str], inside: str, plain: str) -> str:
        """Return a macro that no rule is known for: its name, its parameters and its text."""
        said = "; ".join(f"{key}={value}" if key else value for key, value in parameters.items())
        what = f"{name}: {said}" if said else name
        self._lost(f"macro {what}", "no rule says what becomes of it; its name and text are shown")
        text = inside or (f"<pre>{escape(plain)}</pre>" if plain else "")
        note = self._note(what)
        return f"<p>{note}</p>{text}" if text else note

    def _code(self, name: str, parameters: Mapping[str, str], text: str) -> str:
        said = parameters.get("language", "").lower()
        language = _DIAGRAMS.get(name) or _LANGUAGES.get(said, said)
        # Some keep their source in a parameter, others in an attachment.
        shown = text or parameters.get("data") or parameters.get("body") or ""
        if parameters.get("compressed") == "true" and not text:
            shown = inflated(shown)
        if shown and (name in _DIAGRAMS or "uml" in name):
            self._lost(f"macro {name}", "a drawing; its source is shown as code")
        if name.endswith("inline"):
            return f"<code>{escape(shown)}</code>"
        title = parameters.get("title")
        above = f"<p><strong>{escape(title)}</strong></p>" if title else ""
        if not shown.strip():
            return above + self._shown(name, parameters, "", "")
        named = f' class="lang-{escape(language)}"' if language else ""
        return f"{above}<pre><code{named}>{escape(shown)}</code></pre>"

    def _attached(self, macro: etree._Element, name: str) -> str:
        file = macro.find(".//{ri}attachment")
        href, shown = self._target(file)
        self._lost(f"macro {name}", "it showed an attachment; a link to it now")
        return f'<p><a href="{escape(href)}">{escape(shown or name)}</a></p>' if href else ""
