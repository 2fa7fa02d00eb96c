"""Reads sources of one file per page: Markdown folders, and the wikis of GitHub and GitLab.

Such a wiki is a git repository whose file names are the pages' names, with `-` for blanks.
"""

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import quote

from importer.errors import UsageError
from importer.model.draft import Place
from importer.model.ids import Kind
from importer.sources.extras import need
from importer.sources.files import Beside, Inventory, candidates, inventory_of
from importer.sources.front_matter import split_front_matter
from importer.sources.git_history import Edit, last_edits
from importer.sources.lines import Numbered, heading, joined, numbered, trimmed, visible
from importer.sources.losses import Loss, Losses, LossKind
from importer.sources.mediawiki import WIKITEXT_FILES, wikitext_page
from importer.sources.page import Credit, Page, Passage
from importer.sources.reader import Likeness, Options
from importer.sources.shapes import heading_anchors
from importer.sources.spaced_links import with_spaced_links
from importer.sources.titles import plain_title
from importer.sources.tree import Tree, Unreadable, decoded, open_tree, whole
from importer.sources.uploads import Uploads
from importer.sources.wiki_markdown import WIKI_MARKDOWN, wiki_name

__all__ = ["MarkdownReader"]

_SUFFIXES = (".md", ".markdown", ".mdown", ".mkd")
_OTHER = (".rst", ".adoc", ".asciidoc", ".org", ".textile", ".rdoc", ".pod", ".creole")
# What a wiki shows beside every page.
_BESIDE = ("_sidebar", "_footer", "_header")
_HOME = ("home", "_sidebar", "_footer")


class MarkdownReader:
    """The reader `markdown`."""

    name = "markdown"
    summary = "Markdown folders, GitHub and GitLab wikis: a folder, a git repository or a zip"

    def guess(self, path: Path) -> Likeness:
        """Tell a wiki by its home page or sidebar, and else whether there is any Markdown."""
        if path.is_file():
            return _guess_file(path)
        stems = [it.stem.lower() for it in path.iterdir() if it.suffix.lower() in _SUFFIXES]
        if any(stem in _HOME for stem in stems):
            return Likeness.SURE
        found = next((it for it in path.rglob("*.md") if it.is_file()), None)
        return Likeness.POSSIBLE if stems or found else Likeness.NONE

    def read(self, path: Path, options: Options) -> Iterator[Page | Loss]:
        """Yield each file as an article; navigation and files of other formats as losses."""
        tree = open_tree(path)
        inventory = inventory_of(path, tree, _is_page, options.address)
        files = _Files(tree, inventory, last_edits(path) if path.is_dir() else {}, options)
        yield from tree.refused
        for name in tree.names:
            yield from files.read(name)
        yield from files.unused()


@dataclass(slots=True)
class _Files:
    tree: Tree
    inventory: Inventory | Beside
    edits: Mapping[str, Edit]
    options: Options
    uploads: Uploads = field(init=False)

    def __post_init__(self) -> None:
        # Pages of wikitext call files by other names.
        self.uploads = Uploads(self.tree, {it for it in self.tree.names if _is_page(it)})

    def read(self, name: str) -> Iterator[Page | Loss]:
        """Yield a file as a page with its losses, or the loss that says why not."""
        stem, suffix = posixpath.splitext(posixpath.basename(name))
        if not _is_page(name):
            return
        if stem.lower() in _BESIDE:
            yield _skipped(name, "what the wiki shows beside every page; a way around it")
            return
        if suffix.lower() in _OTHER:
            yield _skipped(name, f"pages in {suffix} are not read; make Markdown of it first")
            return
        if suffix.lower() in WIKITEXT_FILES:
            yield self._wikitext(name, posixpath.splitext(name)[0])
            return
        losses = Losses(name)
        try:
            text, encoding = decoded(whole(self.tree, name), self.options.encoding)
        except Unreadable as error:
            yield _skipped(name, f"it can't be read: {error}")
            return
        if encoding:
            losses.add(LossKind.ENCODING, 1, name, f"not UTF-8; read as {encoding}")
        page = self._page(name, text, losses)
        yield from losses.found
        yield page

    def _wikitext(self, name: str, stem: str) -> Page | Loss:
        """Return a page that is wikitext, as a wiki of Markdown may have some."""
        need("markdown", "mwparserfromhell", "markdownify", "lxml")
        page = wikitext_page(self.tree, name, self.options, self.uploads)
        if isinstance(page, Loss):
            return page
        names = (*page.names, wiki_name(stem), wiki_name(page.title))
        return replace(page, title=page.title.replace("-", " "), names=names)

    def _page(self, name: str, text: str, losses: Losses) -> Page:
        stem = posixpath.splitext(name)[0]
        folder = posixpath.dirname(name)
        written = with_spaced_links(numbered(text), lambda it: self._is_there(it, folder), losses)
        text = joined(written)
        front, part = split_front_matter(written, losses)
        generic = posixpath.basename(stem).lower() in ("index", "readme") and posixpath.dirname(
            stem
        )
        own = posixpath.basename(posixpath.dirname(stem) if generic else stem)
        title, body = _titled(part)
        edit = self.edits.get(name)
        credit = Credit(edit.author, when=edit.when) if edit else Credit()
        address = self.options.address.rstrip("/")
        places = (f"{address}/{quote(stem)}", f"{address}/{quote(name)}") if address else ()
        chosen = front.question or title
        return Page(
            place=Place(name, 1),
            title=chosen or re.sub(r"[-_]+", " ", own),
            title_is_plain=not chosen,
            body=Passage(joined(body), WIKI_MARKDOWN, credit),
            kind=Kind.ARTICLE,
            tags=front.tags or ((posixpath.basename(folder),) if folder else ()),
            name=folder if generic else stem,
            parts=tuple(heading_anchors(part)),
            alone=True,
            addresses=(*front.addresses, *places[:1]),
            names=(wiki_name(stem), wiki_name(own), *places[1:]),
            home=_site(address),
            parent=folder,
            revision=edit.commit if edit else "",
            files=self.inventory.named(text, folder),
        )

    def _is_there(self, destination: str, folder: str) -> bool:
        """Tell whether a destination on a page in *folder* means a page or a file."""
        pages = candidates(destination, folder)
        found = any(f"{path}{end}" in self.tree.names for path in pages for end in ("", *_SUFFIXES))
        return found or bool(self.inventory.named(f"[](<{destination}>)", folder))

    def unused(self) -> Iterator[Loss]:
        """Yield what no page shows and is none."""
        for name in self.uploads.unused():
            if name not in self.inventory.used:
                yield Loss(LossKind.FILE, Place(name, 1), name, "no page, and none shows it")


def _guess_file(path: Path) -> Likeness:
    if path.suffix.lower() in _SUFFIXES:
        return Likeness.POSSIBLE
    if path.suffix.lower() != ".zip":
        return Likeness.NONE
    try:
        names = open_tree(path).names
    except UsageError:
        return Likeness.NONE
    found = any(name.lower().endswith(_SUFFIXES) for name in names)
    return Likeness.POSSIBLE if found else Likeness.NONE


def _is_page(name: str) -> bool:
    return name.lower().endswith((*_SUFFIXES, *_OTHER, *WIKITEXT_FILES))


def _titled(part: list[Numbered]) -> tuple[str, list[Numbered]]:
    """Return the heading of level 1 that a page begins with, and the rest."""
    kept = trimmed(part)
    first = heading(kept[0].text) if kept else None
    if first is None or first[0] != 1 or not plain_title(first[1]):
        return "", list(part)
    others = [at for at in visible(kept)[1:] if (found := heading(kept[at].text)) and found[0] == 1]
    # With several of them, they are chapters and no title.
    return ("", list(part)) if others else (first[1], kept[1:])


def _site(address: str) -> str:
    return "/".join(address.split("/")[:3])


def _skipped(name: str, why: str) -> Loss:
    return Loss(LossKind.SKIPPED, Place(name, 1), name, why)
