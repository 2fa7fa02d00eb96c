"""Reads Markdown FAQs: a folder with one file per question, or one big file of many."""

import os
import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from importer.model.draft import Place
from importer.sources.cleaning import clean, dedented, is_navigation
from importer.sources.files import Beside, Inventory, inventory_of
from importer.sources.front_matter import FrontMatter, split_front_matter
from importer.sources.lines import Numbered, heading, joined, numbered, trimmed, visible
from importer.sources.losses import Loss, Losses, LossKind
from importer.sources.page import Page, Passage
from importer.sources.reader import Likeness, Options
from importer.sources.references import definitions, with_definitions
from importer.sources.shapes import Entry, find_questions, is_answer_heading
from importer.sources.titles import plain_title, without_number
from importer.sources.tree import Tree, Unreadable, decoded, is_converted, open_tree, whole
from importer.text.scanning import destinations

__all__ = ["FaqReader"]

_SUFFIXES = (".md", ".markdown", ".mdown", ".mkd")
_MAX_BYTES = 64 * 2**20
_SAMPLE = 50
_LABEL = re.compile(
    r"\s*(?:[-*+]\s+)?(?:(\*\*|__)A(?:nswer)?\s*\d{0,4}\s*(?::\s*\1|\1\s*:)|A(?:nswer)?:(?=\s))\s*"
)
_BOLD_LABEL = re.compile(r"\s*(?:[-*+]\s+)?(\*\*|__)A(?:nswer)?\s*\d{0,4}\s*:\s*(\S.*)")
_ADVERTISING = re.compile(r"<img\b|!\[|utm_|sponsor|affiliate", re.IGNORECASE)
_CONTENTS = re.compile(r"(?:table of )?contents|toc|index", re.IGNORECASE)
_RULE = re.compile(r"\s*(?:-{3,}|\*{3,}|_{3,})\s*")


class FaqReader:
    """The reader `faq`."""

    name = "faq"
    summary = "Markdown FAQs: one file per question, or one file of many"

    def guess(self, path: Path) -> Likeness:
        """Tell whether a Markdown file, or half of a folder's first 50, holds a question."""
        files = [path] if path.is_file() else [*_markdown_in(path)][:_SAMPLE]
        asking = sum(_is_markdown(file.name) and _has_question(file) for file in files)
        return Likeness.LIKELY if asking and asking * 2 >= len(files) else Likeness.NONE

    def read(self, path: Path, options: Options) -> Iterator[Page | Loss]:
        """Yield each question as a page, and everything that belongs to none as a loss."""
        tree = open_tree(path)
        inventory = inventory_of(path, tree, _is_markdown, options.address)
        yield from tree.refused
        # A file that is named counts as Markdown, whatever it is called.
        named = path.is_file() and list(tree.names) == [path.name]
        pages = [name for name in tree.names if named or _is_markdown(name)]
        for name in pages:
            yield from _read_file(tree, inventory, name, options, only=len(pages) == 1)
        for name in tree.names:
            if name not in pages and name not in inventory.used:
                yield Loss(LossKind.FILE, Place(name, 1), name, "no page, and none shows it")


def _markdown_in(folder: Path) -> Iterator[Path]:
    for base, folders, files in os.walk(folder):
        inner = (name for name in folders if not name.startswith("."))
        folders[:] = sorted(it for it in inner if not is_converted(Path(base, it)))
        for name in sorted(files):
            if not name.startswith(".") and _is_markdown(name):
                yield Path(base, name)


def _is_markdown(name: str) -> bool:
    return name.lower().endswith(_SUFFIXES)


def _has_question(path: Path) -> bool:
    try:
        text = _bytes_of(path).decode("utf-8", "replace")
    except OSError:
        return False
    front, part = split_front_matter(numbered(text), Losses(path.name))
    return bool(front.question or find_questions(part).entries)


def _bytes_of(path: Path) -> bytes:
    """Return the bytes of a regular file of at most 64 MB; OSError otherwise."""
    if not path.is_file() or path.stat().st_size > _MAX_BYTES:
        message = "not a regular file, or larger than 64 MB"
        raise OSError(message)
    return path.read_bytes()


def _read_file(
    tree: Tree, inventory: Inventory | Beside, name: str, options: Options, *, only: bool
) -> Iterator[Page | Loss]:
    losses = Losses(name)
    try:
        text, encoding = decoded(whole(tree, name, _MAX_BYTES), options.encoding)
    except Unreadable as error:
        yield Loss(LossKind.SKIPPED, Place(name, 1), name, f"it can't be read: {error}")
        return
    if encoding:
        losses.add(LossKind.ENCODING, 1, name, f"not UTF-8; read as {encoding}")
    pages = list(_pages(text, name, losses, only=only))
    yield from losses.found
    for page in pages:
        texts = "\n\n".join((page.title, *(it.text for it in page.texts)))
        yield replace(page, files=inventory.named(texts, posixpath.dirname(name)))


def _pages(text: str, name: str, losses: Losses, *, only: bool) -> Iterator[Page]:
    front, part = split_front_matter(numbered(text), losses)
    found = find_questions(part)
    if front.question and len(found.entries) < 2:
        found.entries, found.rest = [_whole(front, part)], []
    if not found.entries:
        why = "no question in it: no heading that asks, no answer heading, no `question:`"
        losses.add(LossKind.SKIPPED, 1, name, why)
        return
    naming = _Naming(name, alone=len(found.entries) == 1, only=only)
    known = {} if naming.alone else definitions(text)
    pages = [_page(entry, front, naming, known, losses) for entry in found.entries]
    anchors = {anchor.lower() for page in pages for anchor in (*page.anchors, *page.parts)}
    for title, rest in found.rest:
        _list_rest(title, rest, anchors, losses)
    yield from pages


@dataclass(frozen=True, slots=True)
class _Naming:
    """`alone`: the file is one question. `only`: it is the only file."""

    path: str
    alone: bool
    only: bool

    @property
    def key(self) -> str:
        """Return what the key is made of besides the title: the path, without its suffix."""
        stem = Path(self.path).with_suffix("")
        generic = stem.name.lower() in ("index", "readme") and stem.parent.name
        return (stem.parent if generic else stem).as_posix()


def _whole(front: FrontMatter, part: Sequence[Numbered]) -> Entry:
    """Return a file as the one question that its front matter asks."""
    kept = trimmed(part)
    if (
        kept
        and (first := heading(kept[0].text))
        and plain_title(first[1]) == plain_title(front.question)
    ):
        kept = kept[1:]
    return Entry(front.line, front.question, list(kept))


def _page(
    entry: Entry, front: FrontMatter, naming: _Naming, known: dict[str, str], losses: Losses
) -> Page:
    cleaned = clean(entry.body, losses)
    body, *answers = (with_definitions(part, known) for part in _parts(cleaned.lines))
    source = (with_definitions(part, known) for part in _parts(dedented(entry.body)))
    if not answers:
        losses.add(LossKind.ANSWER, entry.line, entry.title, "the source has no answer to it")
    section = (plain_title(entry.section),) if entry.section else ()
    title = without_number(entry.title)
    folder = "" if naming.only else f"{naming.key}/"
    return Page(
        place=Place(naming.path, entry.line),
        title=title,
        body=Passage(body),
        answers=tuple(Passage(answer) for answer in answers),
        tags=tuple(cleaned.tags) or front.tags or section,
        name=naming.key if naming.alone else f"{folder}{plain_title(title).replace('/', ' ')}",
        anchors=(*entry.anchors[:1], *cleaned.anchors),
        parts=entry.anchors[1:],
        alone=naming.alone,
        addresses=front.addresses,
        source="\n\n".join(source),
    )


def _parts(part: Sequence[Numbered]) -> list[str]:
    """Return the question's own text and its answers; without a mark all is the answer."""
    starts: list[tuple[int, int]] = []
    texts = list(part)
    for at in visible(part):
        text = part[at].text
        found = heading(text)
        if found and is_answer_heading(found[1]):
            if not starts or starts[-1][1] >= found[0]:
                starts.append((at, found[0]))
                texts[at] = Numbered(part[at].number, "")
        elif label := _LABEL.match(text):
            starts.append((at, 0))
            texts[at] = Numbered(part[at].number, text[label.end() :])
        elif bold := _BOLD_LABEL.match(text):
            starts.append((at, 0))
            texts[at] = Numbered(part[at].number, f"{bold[1]}{bold[2]}")
    if not starts:
        answer = joined(trimmed(texts))
        return ["", answer] if answer else [""]
    begins = [at for at, _ in starts]
    ends = [*begins[1:], len(part)]
    answers = (joined(trimmed(texts[at:end])) for at, end in zip(begins, ends, strict=True))
    return [joined(trimmed(texts[: begins[0]])), *(answer for answer in answers if answer)]


def _list_rest(title: str, rest: list[Numbered], known: set[str], losses: Losses) -> None:
    """List what stood in no question: tables of contents, advertisements, and text."""
    for chunk in _chunks(rest):
        text = joined(chunk)
        number = chunk[0].number
        links = sum("](#" in it.text for it in chunk)
        if is_navigation(text) or (_CONTENTS.fullmatch(plain_title(title)) and not links):
            losses.add(LossKind.NAVIGATION, number, text, "a way around the old page; dropped")
        elif links * 2 > len(chunk):
            what = f"table of contents, {links} links"
            losses.add(LossKind.NAVIGATION, number, what, "a way around the old page; dropped")
            _list_dead_ends(chunk, known, losses)
        elif _ADVERTISING.search(text):
            losses.add(LossKind.DECORATION, number, text, "a badge or an advertisement; dropped")
        else:
            under = f"it stands under `{title}`, in no question; dropped"
            losses.add(LossKind.TEXT, number, text, under if title else "in no question; dropped")


def _chunks(rest: Sequence[Numbered]) -> Iterator[list[Numbered]]:
    """Yield what stands between headings, rules and blank lines."""
    chunk: list[Numbered] = []
    for line in [*rest, Numbered(0, "")]:
        between = not line.text.strip() or _RULE.fullmatch(line.text)
        if chunk and (between or heading(line.text)):
            yield chunk
            chunk = []
        if not between:
            chunk.append(line)


def _list_dead_ends(chunk: Sequence[Numbered], known: set[str], losses: Losses) -> None:
    for number, text in chunk:
        for found in destinations(text):
            target = text[found.start : found.end]
            if target.startswith("#") and target[1:].lower() not in known:
                what = text[found.text_start : found.text_end]
                why = f"the table of contents names it, and there is no question `{target}`"
                losses.add(LossKind.LINK, number, what, why)
