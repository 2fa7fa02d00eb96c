"""Looks at Notion's HTML: as a browser shows it, but for what is there twice or for programs."""

from lxml import etree  # type: ignore[import-untyped]  # it brings no types

from importer.sources.verify_html import HtmlEye, parsed
from importer.sources.verify_seen import Construct, Sketch

__all__ = ["see_notion"]

_FORMULAS = {"equation", "notion-text-equation-token", "katex", "katex-display"}


def see_notion(text: str, sketch: Sketch) -> None:
    """Draw what is seen of a page or of a block of one."""
    _NotionEye(sketch).inside(parsed(text))
    sketch.cut()


class _NotionEye(HtmlEye):
    def look(self, element: etree._Element, tag: str) -> None:
        """Draw an element."""
        classes = set((element.get("class") or "").split())
        if "table_of_contents" in classes:
            # It says the page's headings once more.
            return
        if classes & _FORMULAS and (source := _latex(element)):
            # In HTML a formula stands three times: for the eye, for programs, and as LaTeX.
            if tag == "figure":
                self.sketch.code(source, "latex")
            else:
                self.sketch.span(source)
        elif "checkbox" in classes:
            self.sketch.say("[x] " if "checkbox-on" in classes else "[ ] ")
        elif tag == "a" and "bookmark" in classes:
            self._bookmark(element)
        else:
            super().look(element, tag)

    def _bookmark(self, element: etree._Element) -> None:
        title, about = _said(element, "bookmark-title"), _said(element, "bookmark-description")
        href = element.get("href") or ""
        with self.sketch.linked(href):
            self.sketch.say(title or href)
        self.sketch.say(f" {about} ")
        for image in element.iter("img"):
            self.sketch.add(Construct.IMAGE, image.get("src") or "")


def _latex(element: etree._Element) -> str:
    found = next((it for it in element.iter() if str(it.tag).endswith("annotation")), None)
    return "" if found is None else "".join(str(it) for it in found.itertext()).strip()


def _said(element: etree._Element, name: str) -> str:
    parts = (it for it in element.iter() if name in (it.get("class") or "").split())
    found = next(parts, None)
    text = "" if found is None else "".join(str(it) for it in found.itertext())
    return " ".join(text.split())
