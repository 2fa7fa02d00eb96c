"""Reads MediaWiki: XML dumps of any schema version and language, and folders of wikitext files.

A dump's elements go by their local names, its namespaces by number: both hold for every version and
language. The schema is the vendor's, https://www.mediawiki.org/xml/export-0.11.xsd.
"""

import bz2
import gzip
import posixpath
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import IO, cast
from xml.etree.ElementTree import Element

from importer.errors import UsageError
from importer.model.draft import Place
from importer.model.ids import Kind
from importer.sources.extras import need
from importer.sources.losses import Loss, LossKind
from importer.sources.page import Alias, Credit, Page, Passage
from importer.sources.reader import Likeness, Options
from importer.sources.tree import Tree, Unreadable, decoded, open_tree, required, whole
from importer.sources.uploads import Uploads
from importer.sources.wikitext import Site, Wikitext
from importer.sources.xml_stream import Bytes, elements
from importer.sources.zips import Bounded

__all__ = ["WIKITEXT_FILES", "MediaWikiReader", "wikitext_page"]

_DUMPS = (".xml", ".xml.bz2", ".xml.gz")
WIKITEXT_FILES = (".mediawiki", ".wiki", ".wikitext", ".mw")
# Articles, the project's own pages, and help; the rest is talk, users, files and machinery.
_CONTENT = (0, 4, 12)
_REDIRECT = re.compile(
    r"\s*#(?:redirect|weiterleitung|redirection|redirecci[o\u00f3]n|rinvia|doorverwijzing|"
    r"omdirigering|przekieruj|redirecionamento|\u043f\u0435\u0440\u0435\u043d\u0430\u043f\u0440"
    r"\u0430\u0432\u043b\u0435\u043d\u0438\u0435|\u8ee2\u9001|\u91cd\u5b9a\u5411)"
    r"\s*:?\s*\[\[([^\]|#]+)",
    re.IGNORECASE,
)


class MediaWikiReader:
    """The reader `mediawiki`."""

    name = "mediawiki"
    summary = "MediaWiki: an XML dump (also .bz2 or .gz), or files with wikitext"

    def guess(self, path: Path) -> Likeness:
        """Tell a dump by its first element, and files by their suffixes."""
        try:
            tree = open_tree(path)
        except UsageError:
            return Likeness.NONE
        dumps = [name for name in tree.names if name.lower().endswith(_DUMPS)]
        if any(_begins(tree, name) for name in dumps):
            return Likeness.SURE
        files = any(name.lower().endswith(WIKITEXT_FILES) for name in tree.names)
        return Likeness.LIKELY if files else Likeness.NONE

    def read(self, path: Path, options: Options) -> Iterator[Page | Alias | Loss]:
        """Yield each page of content as an article; redirects as aliases, the rest as losses."""
        need("mediawiki", "mwparserfromhell", "markdownify", "lxml")
        tree = open_tree(path)
        yield from tree.refused
        dumps = [name for name in tree.names if name.lower().endswith(_DUMPS)]
        files = [name for name in tree.names if name.lower().endswith(WIKITEXT_FILES)]
        if not dumps and not files:
            message = f"there is neither a dump nor a file with wikitext in {path}"
            suffixes = ", ".join((*_DUMPS, *WIKITEXT_FILES))
            raise UsageError(message, remedy=f"Name {suffixes}; unpack a .7z first.")
        uploads = Uploads(tree, {*dumps, *files})
        for name in tree.names:
            if name in dumps:
                yield from _Dump(tree, name, options, uploads).pages()
            elif name in files:
                yield wikitext_page(tree, name, options, uploads)
        for name in uploads.unused():
            yield Loss(LossKind.FILE, Place(name, 1), name, "no page of the wiki; left out")


def _begins(tree: Tree, name: str) -> bool:
    try:
        with _unpacked(tree, name) as stream:
            return b"<mediawiki" in stream.read(2_000)
    except UsageError:
        return False


@contextmanager
def _unpacked(tree: Tree, name: str) -> Iterator[Bytes]:
    size = tree.names[name]
    with required(tree, name) as stream:
        match posixpath.splitext(name)[1].lower():
            case ".bz2":
                with bz2.open(stream) as unpacked:
                    yield Bounded(unpacked, size, name)
            case ".gz":
                with gzip.open(stream) as unpacked:
                    # Its type says less than it can do.
                    yield Bounded(cast("IO[bytes]", unpacked), size, name)
            case _:
                yield stream


class _Dump:
    def __init__(self, tree: Tree, name: str, options: Options, uploads: Uploads) -> None:
        self._tree = tree
        self._uploads = uploads
        self._name = name
        self._address = options.address.rstrip("/")
        self._site = Site(base=_before_titles(self._address))

    def pages(self) -> Iterator[Page | Alias | Loss]:
        """Yield every page. Raises UsageError where the dump breaks off."""
        with _unpacked(self._tree, self._name) as stream:
            wanted = {"siteinfo", "page"}
            for line, element in elements(stream, self._name, wanted, ("revision", "timestamp")):
                if element.tag == "siteinfo":
                    self._site = _site(element, self._address)
                else:
                    yield self._page(element, Place(self._name, line))

    def _page(self, element: Element, place: Place) -> Page | Alias | Loss:
        title = (element.findtext("title") or "").strip()
        number = _number(element.findtext("ns") or "", self._site, title)
        revisions = element.findall("revision")
        if not title or not revisions:
            return Loss(LossKind.SKIPPED, place, title, "it has no title or no revision")
        if number not in _CONTENT:
            return Loss(LossKind.SKIPPED, place, title, self._reason(number))
        # The last one counts; a dump that has them in another order says so by their times.
        revision = max(revisions, key=lambda it: it.findtext("timestamp") or "")
        model = revision.findtext("model") or "wikitext"
        text = revision.findtext("text") or ""
        if model != "wikitext":
            return Loss(LossKind.SKIPPED, place, title, f"its content is {model}, not wikitext")
        if why := _lacking(revision.find("text")):
            return Loss(LossKind.SKIPPED, place, title, why)
        if target := _redirect(element, text):
            names = (f"wiki:{self._site.title(title)}",)
            leads = f"wiki:{self._site.title(target)}"
            return Alias(place, title, names, leads, self._addresses(title))
        return self._article(title, text, revision, place, element.findtext("id") or "")

    def _article(self, title: str, text: str, revision: Element, place: Place, number: str) -> Page:
        site = self._site
        author = revision.find("contributor")
        name = "" if author is None else author.findtext("username") or author.findtext("ip") or ""
        names = [f"wiki:{site.title(title)}"]
        if number and site.base:
            names.append(site.address_of_number(number))
        return Page(
            place=place,
            title=title,
            title_is_plain=True,
            body=Passage(text, Wikitext(site, title), Credit(name, when=_date(revision))),
            kind=Kind.ARTICLE,
            tags=site.categories(text),
            name=title,
            addresses=self._addresses(title),
            names=tuple(names),
            parent=title.rpartition("/")[0],
            files=self._uploads.named(text, site, ""),
            revision=revision.findtext("id") or "",
            identity=f"page {number}" if number else f"page {title}",
        )

    def _addresses(self, title: str) -> tuple[str, ...]:
        return (self._site.address(title),) if self._site.base else ()

    def _reason(self, number: int) -> str:
        if number % 2:
            return "a talk page"
        named = self._site.namespaces.get(number) or f"number {number}"
        return f"of the namespace {named}, which is no content"


def _site(element: Element, address: str) -> Site:
    names: dict[int, str] = {}
    for it in element.iter("namespace"):
        key = it.get("key", "")
        if key.lstrip("-").isdecimal():
            names[int(key)] = it.text or ""
    main = (element.findtext("base") or "").strip()
    before, titled, _ = main.partition("title=")
    shown = address or (f"{before}{titled}" if titled else main.rpartition("/")[0])
    first = (element.findtext("case") or "first-letter") == "first-letter"
    return Site(MappingProxyType(names), first, _before_titles(shown))


def _before_titles(address: str) -> str:
    """Return what stands before a title; a wiki without short addresses has titles in a query."""
    return address if not address or address.endswith("title=") else f"{address}/"


def _redirect(element: Element, text: str) -> str:
    """Return where a page leads that does nothing else; old versions say it in the text alone."""
    said = element.find("redirect")
    if said is not None and said.get("title"):
        return said.get("title", "")
    match = _REDIRECT.match(text)
    return match[1].strip() if match else ""


def _lacking(text: Element | None) -> str:
    """Return why a revision has no text although the page has one; empty for any other."""
    if text is None or text.text:
        return ""
    if text.get("deleted"):
        return "its text is deleted in the wiki"
    size = text.get("bytes", "0")
    if size.isdecimal() and int(size):
        return "the dump holds no texts (a stub); take one that is called pages-articles"
    return ""


def _number(text: str, site: Site, title: str) -> int:
    """Return a page's namespace. Versions before 0.6 of the schema don't say it."""
    return int(text) if text.lstrip("-").isdecimal() else site.parted(title)[0]


def _date(revision: Element) -> datetime | None:
    try:
        return datetime.fromisoformat(revision.findtext("timestamp") or "")
    except ValueError:
        return None


def wikitext_page(tree: Tree, name: str, options: Options, uploads: Uploads) -> Page | Loss:
    """Return a file with wikitext as a page; its name is its title."""
    try:
        text, _ = decoded(whole(tree, name), options.encoding)
    except Unreadable as error:
        return Loss(LossKind.SKIPPED, Place(name, 1), name, f"it can't be read: {error}")
    address = options.address.rstrip("/")
    # Such a folder may be of another wiki, which has its files elsewhere.
    site, placed = Site(), Site(base=_before_titles(address))
    stem = posixpath.splitext(name)[0]
    title = posixpath.basename(stem).replace("_", " ")
    return Page(
        place=Place(name, 1),
        title=title,
        title_is_plain=True,
        body=Passage(text, Wikitext(site, title)),
        kind=Kind.ARTICLE,
        tags=site.categories(text),
        name=stem,
        alone=True,
        addresses=(placed.address(stem),) if address else (),
        names=(
            *(f"wiki:{site.title(it)}" for it in (name, stem, posixpath.basename(stem))),
            *((placed.address(name),) if address else ()),
        ),
        parent=posixpath.dirname(name),
        files=uploads.named(text, site, posixpath.dirname(name)),
    )
