"""Markdown as wikis write it: links in double brackets, alerts, footnotes, HTML among the text."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from importer.model.draft import Place
from importer.sources.cleaning import clean
from importer.sources.footnotes import without_footnotes
from importer.sources.lines import Numbered, code_flags, numbered, outside_code
from importer.sources.losses import Losses, LossKind
from importer.sources.markdown_dialects import plain_blocks
from importer.sources.markdown_marks import plain_marks

__all__ = ["WIKI_MARKDOWN", "WikiMarkdown", "wiki_name"]

_LINK = re.compile(r"(?<![!\\])\[\[([^\[\]\n|]+)(?:\|([^\[\]\n]*))?\]\]")
_EMBEDDED = re.compile(r"!\[\[([^\[\]\n|]+)((?:\|[^\[\]\n|]*)*)\]\]")
_SIZED = re.compile(
    r"(!\[[^\[\]\n]{0,500}\]\((?:<[^<>\n]{1,2000}>|[^\s()<>]{1,2000}))"
    r"(?:[ \t]+(=\d*x\d*)[ \t]*\)|\)(\{[ \t]*(?:width|height)[ \t]*=[^{}\n]{1,200}\}))"
)
_ALERT = re.compile(
    r"(\s{0,3}(?:>\s?)+)\[!(NOTE|TIP|IMPORTANT|WARNING|CAUTION|INFO)\]\s*(.*)", re.IGNORECASE
)
_IMAGES = (".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp", ".bmp")
_ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*://|mailto:|#|/", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class WikiMarkdown:
    """Markdown of a GitHub or GitLab wiki, or of a folder of documents."""

    name: str = "Markdown"

    def to_markdown(self, text: str, place: Place, losses: Losses) -> str:  # noqa: ARG002 - a Markup
        """Return the text without what only the wiki understands."""
        # Before anything else: what an admonition or tab holds is indented, and looks like code.
        blocks = plain_blocks(numbered(text), losses)
        part = plain_marks(clean(_without_sizes(blocks, losses), losses).lines, losses)
        part = without_footnotes(_without_alerts(part), losses)
        flags = code_flags([line.text for line in part])
        shown = (
            line.text if code else outside_code(line.text, _linked)
            for line, code in zip(part, flags, strict=True)
        )
        return "\n".join(shown)


WIKI_MARKDOWN = WikiMarkdown()


def wiki_name(title: str) -> str:
    """Return the name by which links find a page of a wiki, whatever its case, blanks or dashes."""
    return "wiki:" + re.sub(r"[\s_-]+", "-", title.strip()).lower()


def _without_sizes(part: Sequence[Numbered], losses: Losses) -> list[Numbered]:
    """Return *part* without sizes of images, which would keep them from being read as such."""
    flags = code_flags([line.text for line in part])

    def bare(match: re.Match[str]) -> str:
        sizes.append(match[2] or match[3])
        return f"{match[1]})"

    kept: list[Numbered] = []
    for line, code in zip(part, flags, strict=True):
        sizes: list[str] = []
        text = line.text if code else outside_code(line.text, lambda it: _SIZED.sub(bare, it))
        for size in sizes:
            losses.add(LossKind.MARKUP, line.number, size, "an image's size; it has its own now")
        kept.append(Numbered(line.number, text))
    return kept


def _linked(text: str) -> str:
    return _LINK.sub(_link, _EMBEDDED.sub(_embedded, text))


def _embedded(match: re.Match[str]) -> str:
    """Return `![[image.png|300]]` as an image, and any other file or page so embedded as a link."""
    first, words = match[1].strip(), _words(match[2])
    if first.lower().endswith(_IMAGES):
        return f"![{words}](<{first}>)"
    return f"[[{words}|{first}]]" if words else f"[[{first}]]"


def _words(options: str) -> str:
    """Return the alternative text among the options of an image; the others are of its form."""
    parts = [it.strip() for it in options.split("|")]
    said = next((it[4:] for it in parts if it.startswith("alt=")), "")
    forms = ("width=", "height=", "align=", "frame", "float")
    plain = (it for it in parts if it and not it.startswith(forms) and "=" not in it[:8])
    return said or next((it for it in plain if not re.fullmatch(r"\d+(?:x\d+)?", it)), "")


def _link(match: re.Match[str]) -> str:
    """Return `[[text|Page]]`, `[[Page]]` or `[[image.png]]` as Markdown; the text stands first."""
    first, second = match[1].strip(), (match[2] or "").strip()
    if first.lower().endswith(_IMAGES):
        return f"![{_words(second)}](<{first}>)"
    page = second or first
    if _ELSEWHERE.match(page):
        return f"[{first}](<{page}>)"
    title, _, anchor = page.partition("#")
    name = quote(wiki_name(title).removeprefix("wiki:"), safe="/'!~*.,")
    return f"[{first}](wiki:{name}{f'#{anchor}' if anchor else ''})"


def _without_alerts(part: Sequence[Numbered]) -> list[Numbered]:
    """Return *part* with `> [!NOTE]` as a bold word: the site knows quotes only."""
    flags = code_flags([line.text for line in part])
    kept: list[Numbered] = []
    for line, code in zip(part, flags, strict=True):
        match = None if code else _ALERT.fullmatch(line.text)
        if match is None:
            kept.append(line)
            continue
        rest = f" {match[3]}" if match[3] else ""
        kept.append(Numbered(line.number, f"{match[1]}**{match[2].capitalize()}**{rest}"))
        kept.append(Numbered(line.number, match[1].rstrip()))
    return kept
