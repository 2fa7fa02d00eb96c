"""HTML in Markdown: opens up what the team's site has no form for, and makes Markdown of links."""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from importer.sources.lines import Numbered, code_flags, outside_code
from importer.sources.losses import Losses, LossKind

__all__ = ["Opened", "open_up"]

_SUMMARY = re.compile(r"<summary\b[^>]*>(.*?)</summary\s*>", re.IGNORECASE)
_DETAILS = re.compile(r"</?(details|summary)\b[^>]*>", re.IGNORECASE)
# Blocks of mere form. Each would keep the Markdown that follows it from being read as such.
_WRAPPER = re.compile(
    r"</?(p|div|center|section|article|figure|figcaption|span|font|nav|header|footer)\b[^>]*>",
    re.IGNORECASE,
)
_EMPHASIS = re.compile(r"</?(?:b|strong|i|em|h[1-6]|p|u)\b[^>]*>", re.IGNORECASE)
_ANCHOR = re.compile(
    r"""<a\s+(?:name|id)\s*=\s*["']?([^"'\s>]+)["']?\s*(?:/>|>\s*</a\s*>)""", re.IGNORECASE
)
_IMAGE = re.compile(r"<img\b([^>]*)>", re.IGNORECASE)
_LINK = re.compile(r"<a\b([^>]*\bhref\b[^>]*)>(.*?)</a\s*>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([a-zA-Z-]+)\s*=\s*("[^"]*"|'[^']*'|[^\s"'>]+)""")
_KEPT = {"href", "src", "alt", "title", "target", "rel", "loading", "border"}


@dataclass(slots=True)
class Opened:
    """The lines without such HTML, and the names of the anchors that stood in them."""

    lines: list[Numbered] = field(default_factory=list)
    anchors: list[str] = field(default_factory=list)


def open_up(part: Sequence[Numbered], losses: Losses) -> Opened:
    """Return *part* with collapsible sections opened, wrappers gone, HTML links as Markdown.

    Code stays as it is, by lines and by code spans.
    """
    result = Opened()
    texts = _with_whole_summaries(part)
    in_block = False
    for (number, text), code in zip(texts, code_flags([it.text for it in texts]), strict=True):
        # In a block of HTML indentation means nothing; outside it makes code.
        in_block = in_block and bool(text.strip()) and not code
        text = text.lstrip() if in_block else text
        if code or "<" not in text:
            result.lines.append(Numbered(number, text))
            continue
        result.anchors += _ANCHOR.findall(text)
        line = _Line(number, losses)
        changed = outside_code(line.whole(text), line.opened)
        if not line.was_block:
            result.lines.append(Numbered(number, changed if changed != text else text))
            continue
        in_block = True
        bare = changed.strip()
        result.lines += [Numbered(number, it) for it in (("", bare, "") if bare else ("",))]
    return result


def _with_whole_summaries(part: Sequence[Numbered]) -> list[Numbered]:
    """Return *part* with each summary that crosses line ends on one line."""
    kept: list[Numbered] = []
    waiting = False
    for (number, text), code in zip(part, code_flags([it.text for it in part]), strict=True):
        if waiting:
            before = kept.pop()
            kept.append(Numbered(before.number, f"{before.text} {text.strip()}"))
        else:
            kept.append(Numbered(number, text))
        if not code or waiting:
            low = text.lower()
            opens = low.rfind("<summary") > low.rfind("</summary") and not code
            waiting = (waiting or opens) and "</summary" not in low[max(0, low.rfind("<summary")) :]
    return kept


class _Line:
    """Opens up one line; `was_block` says that a block's tag stood in it."""

    def __init__(self, number: int, losses: Losses) -> None:
        self.was_block = False
        self._number = number
        self._losses = losses

    def whole(self, text: str) -> str:
        """Return the line with its summary in bold, which may hold code spans."""
        return _SUMMARY.sub(self._summary, text)

    def _summary(self, match: re.Match[str]) -> str:
        self.was_block = True
        why = "a part that could be folded; it is always open now"
        self._losses.add(LossKind.MARKUP, self._number, match[1], why)
        inner = outside_code(match[1], lambda it: _EMPHASIS.sub("", it)).strip().strip("*").strip()
        return f"**{inner}**" if inner else ""

    def opened(self, text: str) -> str:
        """Return a piece of the line outside code spans, opened up."""
        text = _ANCHOR.sub("", text)
        text = _IMAGE.sub(self._image, text)
        text = _LINK.sub(self._link, text)
        if _DETAILS.search(text):
            self.was_block = True
            text = _DETAILS.sub("", text)
        return _WRAPPER.sub(self._wrapper, text)

    def _wrapper(self, match: re.Match[str]) -> str:
        if match[1].lower() not in ("span", "font"):
            self.was_block = True
        if not match[0].startswith("</"):
            why = "a tag of mere form; its content stays"
            self._losses.add(LossKind.MARKUP, self._number, match[0], why)
        return ""

    def _image(self, match: re.Match[str]) -> str:
        attributes = self._attributes(match)
        if not attributes.get("src"):
            return match[0]
        alt = attributes.get("alt", "").replace("[", "(").replace("]", ")")
        return f"![{alt}]({_destination(attributes['src'])})"

    def _link(self, match: re.Match[str]) -> str:
        attributes = self._attributes(match)
        inner = match[2].strip()
        return f"[{inner or attributes['href']}]({_destination(attributes['href'])})"

    def _attributes(self, match: re.Match[str]) -> dict[str, str]:
        pairs = ((name.lower(), raw.strip("\"'")) for name, raw in _ATTRIBUTE.findall(match[1]))
        found = {name: html.unescape(value) for name, value in pairs}
        lost = sorted(found.keys() - _KEPT)
        if lost:
            why = f"its {', '.join(lost)} can't be said in Markdown; dropped"
            self._losses.add(LossKind.MARKUP, self._number, match[0], why)
        return found


def _destination(url: str) -> str:
    bare = url.strip()
    return f"<{bare}>" if any(char in bare for char in " ()") else bare
