"""Makes another page of a page: a question of an article, an article of a question, parts of it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from posixpath import basename
from urllib.parse import unquote

from importer.model.draft import Place
from importer.model.ids import Kind
from importer.sources.crediting import credited
from importer.sources.lines import code_flags, heading, numbered
from importer.sources.losses import Losses, LossKind
from importer.sources.page import MARKDOWN, File, Markup, Page, Passage, Section
from importer.sources.references import definitions, with_definitions
from importer.sources.shapes import heading_anchors
from importer.sources.titles import plain_title, seen_title

__all__ = ["FIRST_PARAGRAPH", "as_article", "as_question", "sections"]

FIRST_PARAGRAPH = "first-paragraph"
"""In place of a question's text: the first paragraph of the page, which stays in the answer too."""

_UNDERLINE = re.compile(r" {0,3}(=+|-{2,})[ \t]*")
# What begins a block that is no paragraph.
_NO_PROSE = re.compile(r"\s*(?:[-+*#>|<]|\d{1,9}[.)]|`{3}|~{3}|!\[|\[\^?[^\]]*\]:| {4}|\*\*\*|___)")


@dataclass(frozen=True, slots=True)
class _FirstParagraph:
    """The first paragraph of a text in another markup."""

    markup: Markup
    name: str = "first paragraph"

    def to_markdown(self, text: str, place: Place, losses: Losses) -> str:  # noqa: ARG002 - a Markup
        """Return it; its losses are told with the whole text's."""
        markdown = self.markup.to_markdown(text, place, Losses(place.path))
        return with_definitions(_first_paragraph(markdown), definitions(markdown))


@dataclass(frozen=True, slots=True)
class _Joined:
    """Several texts as one, each with the credit that its licence asks for."""

    passages: tuple[Passage, ...]
    name: str = "several texts"

    def to_markdown(self, text: str, place: Place, losses: Losses) -> str:  # noqa: ARG002 - a Markup
        """Return them one below the other."""
        texts = (
            credited(it.markup.to_markdown(it.text, place, losses).strip("\n"), it.credit)
            for it in self.passages
        )
        return "\n\n".join(texts)


def as_question(page: Page, wording: str = "") -> Page:
    """Return *page* as a question: an article's text is its answer, *wording* (Markdown) asks.

    An article without text stays what it is, for it is not moved. A question keeps its own text.
    """
    if page.kind is Kind.QUESTION:
        says = bool(page.body.text.strip()) or wording in ("", FIRST_PARAGRAPH)
        return page if says else replace(page, body=_asked(wording, page.body))
    if not page.body.text.strip():
        return page
    answers = (page.body, *page.answers)
    return replace(
        page, kind=Kind.QUESTION, type="", body=_asked(wording, page.body), answers=answers
    )


def _asked(wording: str, text: Passage) -> Passage:
    # Who wrote the page is said below the answer, but the account names the author still.
    credit = replace(text.credit, licence="")
    if wording == FIRST_PARAGRAPH:
        return Passage(text.text, _FirstParagraph(text.markup), credit)
    return Passage(wording, MARKDOWN, credit)


def as_article(page: Page) -> Page:
    """Return *page* as an article; a question's answers follow its text."""
    if page.kind is Kind.ARTICLE:
        return page
    texts = tuple(it for it in page.texts if it.text.strip())
    names = (*page.names, *(name for it in page.answers for name in it.names))
    if len(texts) == 1:
        return replace(page, kind=Kind.ARTICLE, body=texts[0], answers=(), names=names)
    credit = replace(page.body.credit, licence="")
    body = Passage("\n\n".join(it.text for it in texts), _Joined(texts), credit)
    return replace(page, kind=Kind.ARTICLE, body=body, answers=(), names=names)


@dataclass(frozen=True, slots=True)
class _Part:
    """`title` is the heading's Markdown; empty for what stands before all headings."""

    title: str
    line: int
    text: str


def sections(
    page: Page, level: int, name: str, losses: Losses, *, kind: Kind, wording: str = ""
) -> list[Page]:
    """Return a page for each heading of *page* down to *level*; only itself without any.

    What stands before the first heading is an article that has the page's title. *name* is the
    page's identity. Old addresses lead to the first of the pages, links to a heading to its own.
    """
    markdown = page.body.markup.to_markdown(page.body.text, page.place, losses)
    intro, *parts = _parts(markdown, level)
    told = [it for it in parts if it.text]
    if not told:
        return [page]
    for it in parts:
        if not it.text:
            why = "a heading without text of its own; no post is made of it"
            losses.add(LossKind.DECORATION, page.place.line, it.title, why)
    known = definitions(markdown)
    made: list[Page] = []
    every = [*([intro] if intro.text else []), *told]
    for number, it in enumerate(every, 1):
        text = with_definitions(it.text, known)
        of = Section(name, seen_title(page), number, number == len(every))
        part = _section(page, it, text, of)
        made.append(as_question(part, wording) if it.title and kind is Kind.QUESTION else part)
    return list(_with_files(made, page.files))


def _section(page: Page, part: _Part, text: str, section: Section) -> Page:
    first = section.number == 1
    head = f"# {part.title}\n" if part.title else ""
    anchors = heading_anchors(numbered(f"{head}{text}"))
    plain = plain_title(part.title)
    own = dict.fromkeys([*anchors, plain, plain.replace(" ", "_"), plain.replace(" ", "")])
    within = tuple(f"{it}#{anchor}" for it in (*page.names, *page.addresses) for anchor in own)
    stem = page.key or page.name or seen_title(page).replace("/", " ")
    return replace(
        page,
        title=part.title or page.title,
        title_is_plain=page.title_is_plain and not part.title,
        body=replace(page.body, text=text, markup=MARKDOWN),
        name=f"{stem}/{plain.replace('/', ' ')}" if part.title else stem,
        key="",
        anchors=tuple(dict.fromkeys([*anchors[:1], *(page.anchors if first else ())])),
        parts=tuple(anchors[1:]),
        alone=page.alone and first,
        addresses=page.addresses if first else (),
        names=(*(page.names if first else ()), *(within if part.title else ())),
        files=(),
        source="",
        identity=f"{page.identity or section.page}{f'#{plain}' if part.title else ''}",
        section=section,
    )


def _parts(markdown: str, level: int) -> list[_Part]:
    """Return what stands before the headings down to *level*, and below each of them."""
    lines = markdown.split("\n")
    parts, title, begin = [], "", 0
    for at, after, text in _headings(lines, level):
        parts.append(_Part(title, begin, "\n".join(lines[begin:at]).strip("\n")))
        title, begin = text, after
    return [*parts, _Part(title, begin, "\n".join(lines[begin:]).strip("\n"))]


def _headings(lines: Sequence[str], level: int) -> Iterator[tuple[int, int, str]]:
    """Yield (first line, first line below, Markdown) of each heading down to *level*."""
    flags = code_flags(lines)
    for at, (line, code) in enumerate(zip(lines, flags, strict=True)):
        if code:
            continue
        if found := heading(line):
            if found[0] <= level and found[1]:
                yield at, at + 1, found[1]
            continue
        under = _UNDERLINE.fullmatch(lines[at + 1]) if at + 1 < len(lines) else None
        alone = not at or not lines[at - 1].strip()
        prose = alone and bool(line.strip()) and not _NO_PROSE.match(line)
        if prose and under and (1 if under[1].startswith("=") else 2) <= level:
            yield at, at + 2, line.strip()


def _first_paragraph(markdown: str) -> str:
    lines = markdown.split("\n")
    flags = code_flags(lines)
    found: list[str] = []
    after_blank = True
    for line, code in zip(lines, flags, strict=True):
        prose = bool(line.strip()) and not code
        if found and not prose:
            break
        if prose and (found or (after_blank and not _NO_PROSE.match(line))):
            found.append(line)
        after_blank = not line.strip()
    # A line above a rule is a heading.
    if len(found) == 2 and _UNDERLINE.fullmatch(found[1]):
        return ""
    return "\n".join(found)


def _with_files(pages: Sequence[Page], files: Sequence[File]) -> Iterator[Page]:
    """Yield the pages, each with the files it names; the first has those that none names."""
    texts = [unquote("\n".join(it.text for it in page.texts)) for page in pages]
    unnamed = [it for it in files if not any(_is_named(it, text) for text in texts)]
    for number, (page, text) in enumerate(zip(pages, texts, strict=True)):
        own = [it for it in files if _is_named(it, text)]
        yield replace(page, files=(*own, *([] if number else unnamed)))


def _is_named(file: File, text: str) -> bool:
    """Tell whether a text names a file by any of its names."""
    return any(basename(it) in text for it in (file.path, *file.names))
