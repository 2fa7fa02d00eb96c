"""HTML to Markdown, tag by tag: what the library gets wrong or loses is said here."""

import html
import re
from collections.abc import Iterator

from bs4 import Tag
from bs4.element import NavigableString, PageElement
from markdownify import ATX, MarkdownConverter

from importer.sources.html_emphasis import beside, emphasised
from importer.sources.html_lists import item

__all__ = ["Raw", "writer"]

_RUNS = re.compile(r"`+")
_SIGNS = re.compile(
    r"[\\`*\[\]]|<(?=[a-zA-Z/!?]|\Z)|&(?=#?\w+;)|(?<![^\W_])_|_(?![^\W_])|~(?=~)|!\Z"
)
_BEGINNING = re.compile(
    r"^([ \t]*)(?=(?:[>=]|[-+](?:\s|$)|#{1,6}(?:\s|$)|-{2,}[ \t]*$|\|?[ \t]*:?-+:?[ \t]*(?:\||$)))",
    re.MULTILINE,
)
_NUMBER = re.compile(r"^([ \t]*\d{1,9})(?=[.)](?:\s|$))", re.MULTILINE)
_LANGUAGE = re.compile(r"(?:lang|language|brush|highlight-source|highlight)[-:]\s*([\w+#.-]+)")


class Raw(NavigableString):
    """Text that is Markdown already."""


def writer(blocks: list[str]) -> MarkdownConverter:
    """Return what makes Markdown of a parsed page; a tag `x-block` stands for one of *blocks*."""
    return _Writer(blocks)


class _Writer(MarkdownConverter):
    def __init__(self, blocks: list[str]) -> None:
        super().__init__(heading_style=ATX, bullets="-")
        self._blocks = blocks

    def process_text(self, el: NavigableString, parent_tags: set[str] | None = None) -> str:
        if isinstance(el, Raw):
            return str(el)
        text = super().process_text(el, parent_tags=parent_tags)  # type: ignore[misc]  # no stub
        return str(text)

    def escape(self, text: str, parent_tags: set[str]) -> str:  # noqa: ARG002 - the library's
        text = _SIGNS.sub(r"\\\g<0>", text)
        return _NUMBER.sub(r"\1\\", _BEGINNING.sub(r"\1\\", text))

    def convert_x_block(self, el: Tag, text: str, parent_tags: set[str]) -> str:  # noqa: ARG002
        return f"\n\n{self._blocks[int(str(el['n']))]}\n\n"

    def convert_pre(self, el: Tag, text: str, parent_tags: set[str]) -> str:  # noqa: ARG002
        for line_end in el.find_all("br"):
            line_end.replace_with("\n")
        code = el.get_text().replace("\r\n", "\n").strip("\n").rstrip()
        if not code.strip():
            return ""
        fence = "`" * max(3, 1 + max(map(len, _RUNS.findall(code)), default=0))
        return f"\n\n{fence}{_language(el)}\n{code}\n{fence}\n\n"

    def convert_a(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        href = str(el.get("href") or "").strip()
        if not href or "_noformat" in parent_tags:
            return text
        before, inner, after = _chomped(text)
        if not inner:
            return text
        title = str(el.get("title") or "")
        if inner == href and not title and href.startswith(("http://", "https://")):
            return f"{before}<{href}>{after}"
        return f"{before}[{inner}]({_destination(href)}{_title(title)}){after}"

    def convert_img(self, el: Tag, text: str, parent_tags: set[str]) -> str:  # noqa: ARG002
        alt = re.sub(r"[\[\]\\]", r"\\\g<0>", " ".join(str(el.get("alt") or "").split()))
        source = str(el.get("src") or "").strip()
        return (
            f"![{alt}]({_destination(source)}{_title(str(el.get('title') or ''))})"
            if source
            else alt
        )

    def convert_blockquote(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        quoted = super().convert_blockquote(el, text, parent_tags)  # type: ignore[misc]  # no stub
        if "spoiler" not in (el.get("class") or ()):
            return f"\n{quoted}"
        return "\n" + re.sub(r"^>", ">!", quoted, flags=re.MULTILINE)

    def convert_br(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        if "span" in parent_tags or "_inline" in parent_tags:
            return f"<br>{text}"
        # Two of them as line ends would be the end of the paragraph.
        return f"<br>{text}" if _is_br(el.next_sibling) else f"  \n{text}"

    def convert_li(self, el: Tag, text: str, parent_tags: set[str]) -> str:  # noqa: ARG002
        return item(el, text)

    def convert_em(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        return self._emphasised(el, text, parent_tags, "*")

    def convert_i(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        return self._emphasised(el, text, parent_tags, "*")

    def convert_b(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        return self._emphasised(el, text, parent_tags, "**")

    def convert_strong(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        return self._emphasised(el, text, parent_tags, "**")

    def _emphasised(self, el: Tag, text: str, parent_tags: set[str], sign: str) -> str:
        before, inner, after = _chomped(text)
        if "_noformat" in parent_tags or not inner:
            return text
        made = emphasised(el, inner, sign, spaced=(bool(before), bool(after)))
        return f"{before}{made}{after}"

    def convert_code(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        if not text.strip():
            return " " if text else ""
        if "_noformat" not in parent_tags and text.strip() and beside(el, forward=False) == "`":
            before, inner, after = _chomped(text)
            shown = self.escape(html.escape(inner, quote=False), parent_tags)
            return f"{before}<code>{shown}</code>{after}"
        return str(super().convert_code(el, text, parent_tags))  # type: ignore[misc]  # no stub

    def convert_hN(self, n: int, el: Tag, text: str, parent_tags: set[str]) -> str:  # noqa: N802
        # Number signs at the end would be taken for the heading's own.
        text = re.sub(r"(?<!\\)(#+)\s*\Z", r"\\\1", text)
        return str(super().convert_hN(n, el, text, parent_tags))  # type: ignore[misc]  # no stub

    def convert_hr(self, *_: object, **__: object) -> str:
        # Not of dashes: in an item they would be more signs of items.
        return "\n\n***\n\n"

    def convert_x_kbd(self, el: Tag, text: str, parent_tags: set[str]) -> str:  # noqa: ARG002
        return text if "_noformat" in parent_tags or not text.strip() else f"<kbd>{text}</kbd>"

    def convert_sub(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        return self._kept(el, text, parent_tags)

    def convert_sup(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        return self._kept(el, text, parent_tags)

    def convert_del(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        return self._kept(el, text, parent_tags)

    def convert_s(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        return self._kept(el, text, parent_tags)

    def convert_strike(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        return self._kept(el, text, parent_tags)

    def _kept(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        if not text.strip() or {"pre", "code"} & parent_tags:
            return text
        return f"<{el.name}>{text}</{el.name}>"


def _is_br(following: PageElement | None) -> bool:
    while isinstance(following, NavigableString) and not following.strip():
        following = following.next_sibling
    return isinstance(following, Tag) and following.name == "br"


def _chomped(text: str) -> tuple[str, str, str]:
    before = " " if text.startswith((" ", "\n")) else ""
    after = " " if text.endswith((" ", "\n")) else ""
    return before, text.strip(), after


def _destination(url: str) -> str:
    bare = url.replace("\n", "%0A").replace("<", "%3C").replace(">", "%3E").replace("\\", "\\\\")
    bare = re.sub(r"&(?=#?\w+;)", r"\&", bare)
    return f"<{bare}>" if re.search(r"[\s()]", bare) else bare


def _title(title: str) -> str:
    escaped = " ".join(title.split()).replace("\\", "\\\\").replace('"', '\\"')
    return f' "{escaped}"' if escaped else ""


def _language(el: Tag) -> str:
    """Return the language of a block of code, as its classes or attributes say."""
    for tag in _with_code(el):
        said = str(tag.get("data-lang") or tag.get("data-language") or "")
        match = _LANGUAGE.search(" ".join(tag.get("class") or ()))
        if name := said or (match[1] if match else ""):
            return re.sub(r"[^\w+#.-]", "", name).lower()
    return ""


def _with_code(el: Tag) -> Iterator[Tag]:
    yield el
    if code := el.find("code"):
        yield code
    if el.parent is not None:
        yield el.parent
