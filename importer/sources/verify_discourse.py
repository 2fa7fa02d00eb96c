"""Looks at posts of Discourse, as the forum shows them: its marks in brackets are seen as none."""

import re

from lxml import etree  # type: ignore[import-untyped]  # it brings no types

from importer.sources.lines import code_flags, outside_code
from importer.sources.verify_html import HtmlEye, parsed
from importer.sources.verify_markdown import see_source_markdown
from importer.sources.verify_seen import Construct, Sketch

__all__ = ["see_discourse_html", "see_discourse_markdown"]

_QUOTE = re.compile(r"\[quote(?:=\"?([^\]\n,\"]{0,300})[^\]\n]{0,300})?\]", re.IGNORECASE)
_FOLD = re.compile(r"\[details(?:=\"?([^\]\n\"]{0,300})\"?)?\]", re.IGNORECASE)
_END = re.compile(r"\[/(?:quote|details)\]", re.IGNORECASE)
_MARK = re.compile(
    r"\[/?(?:spoiler|poll|wrap|center|right|size|color)\b[^\]\n]{0,300}\]", re.IGNORECASE
)
_DATE = re.compile(r"\[date=([^\]\s]{1,40})([^\]\n]{0,200})\]", re.IGNORECASE)
_OPTION = re.compile(r"(?:time|timezone)=\"?([^\"\s]{1,60})")
_NAMED = re.compile(r"(\[[^\]\n|]{0,300})\|(?:\d+x\d+|attachment)[^\]\n]{0,60}(\]\()")


def see_discourse_markdown(text: str, sketch: Sketch) -> None:
    """Draw what is seen of a post that is Markdown."""
    lines = text.split("\n")
    shown = (
        line if code else outside_code(line, _without_marks)
        for line, code in zip(lines, code_flags(lines), strict=True)
    )
    see_source_markdown("\n".join(shown), sketch)


def _without_marks(text: str) -> str:
    text = _QUOTE.sub(lambda it: f"\n\n{it[1].strip()}:\n\n" if it[1] else "\n\n", text)
    text = _FOLD.sub(lambda it: f"\n\n{it[1] or ''}\n\n", text)
    text = _DATE.sub(lambda it: " ".join([it[1], *_OPTION.findall(it[2])]), text)
    # A file's short address; the forum leads it on.
    text = text.replace("](upload://", "](/uploads/short-url/")
    return _NAMED.sub(r"\1\2", _MARK.sub("", _END.sub("\n\n", text)))


def see_discourse_html(text: str, sketch: Sketch) -> None:
    """Draw what is seen of a post as the forum renders it."""
    _PostEye(sketch).inside(parsed(text))
    sketch.cut()


class _PostEye(HtmlEye):
    def look(self, element: etree._Element, tag: str) -> None:
        """Draw an element: emoji are characters, and a thumbnail is the picture it leads to."""
        classes = set((element.get("class") or "").split())
        if "quote-controls" in classes or (tag == "a" and "anchor" in classes):
            # Buttons.
            return
        if tag == "img" and classes & {"emoji", "avatar"}:
            if "emoji" in classes:
                self.sketch.say(element.get("alt") or element.get("title") or "")
        elif tag == "a" and classes & {"mention", "mention-group"}:
            # It opens a card about somebody: the name is all that is read.
            self.inside(element)
        elif tag == "a" and "lightbox" in classes and (images := [*element.iter("img")]):
            image = images[0]
            alt = " ".join((image.get("alt") or "").split())
            source = element.get("href") or image.get("src") or ""
            self.sketch.add(Construct.IMAGE, source, alt)
        else:
            super().look(element, tag)
