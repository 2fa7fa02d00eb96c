"""Reads Markdown FAQs: a folder with one file per question, or one big file of many."""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from importer.errors import UsageError
from importer.model.draft import Place
from importer.sources.cleaning import clean, dedented, is_navigation
from importer.sources.front_matter import FrontMatter, split_front_matter
from importer.sources.lines import Numbered, heading, joined, numbered, trimmed, visible
from importer.sources.losses import Loss, Losses, LossKind
from importer.sources.page import Page, Passage
from importer.sources.reader import Likeness, Options
from importer.sources.references import definitions, with_definitions
from importer.sources.shapes import Entry, find_questions, is_answer_heading
from importer.sources.titles import plain_title, without_number
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
        if path.is_file():
            yield from _read_file(path, path.name, options, only=True)
            return
        if not path.is_dir():
            message = f"there is no file or folder {path}"
            raise UsageError(message, remedy="Name a Markdown file or a folder of such files.")
        files = list(_files_in(path))
        only = sum(_is_markdown(name) for name in files) == 1
        for name in files:
            if _is_markdown(name):
                yield from _read_file(path / name, name, options, only=only)
            else:
                yield Loss(LossKind.FILE, Place(name, 1), name, "not a Markdown file; left out")


def _files_in(folder: Path) -> Iterator[str]:
    """Yield the files below *folder*, sorted; a name with a dot before it is no page's."""
    for base, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if not name.startswith("."):
                yield Path(base, name).relative_to(folder).as_posix()


def _markdown_in(folder: Path) -> Iterator[Path]:
    return (folder / name for name in _files_in(folder) if _is_markdown(name))


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
    if not path.is_file():
        message = "not a regular file"
        raise OSError(message)
    if path.stat().st_size > _MAX_BYTES:
        message = "larger than 64 MB"
        raise OSError(message)
    return path.read_bytes()


def _read_file(path: Path, name: str, options: Options, *, only: bool) -> Iterator[Page | Loss]:
    losses = Losses(name)
    text = _text_of(path, options, losses)
    pages = list(_pages(text, name, losses, only=only)) if text is not None else []
    yield from losses.found
    yield from pages


def _text_of(path: Path, options: Options, losses: Losses) -> str | None:
    try:
        data = _bytes_of(path)
    except OSError as error:
        losses.add(LossKind.SKIPPED, 1, path.name, f"it can't be read: {error.strerror or error}")
        return None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        try:
            text = data.decode(options.encoding or "utf-8")
        except UnicodeError:
            tried = f" nor {options.encoding}" if options.encoding else ""
            losses.add(LossKind.SKIPPED, line, path.name, f"it is not UTF-8{tried}")
            return None
        losses.add(LossKind.ENCODING, line, path.name, f"not UTF-8; read as {options.encoding}")
    return text.replace("\r\n", "\n").replace("\r", "\n")


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
