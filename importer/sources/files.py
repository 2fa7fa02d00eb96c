"""Files of a source that are no pages: which of them a text names, and how to open them."""

import html
import posixpath
import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import IO
from urllib.parse import quote, unquote

from importer.model.pictures import is_named_as_image
from importer.sources.page import File
from importer.sources.tree import Tree
from importer.text.scanning import destinations

__all__ = [
    "Beside",
    "Inventory",
    "candidates",
    "file_in",
    "folded",
    "inventory_of",
    "plain_destination",
]

_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
# Bounded: a line of a hundred thousand brackets takes no longer.
_IN_TAG = re.compile(
    r"<(?:img|a|source|embed|object)\b[^<>]{0,2000}?\b(?:src|href|data)\s{0,9}=\s{0,9}"
    r"(?:\"([^\"]{1,2000})\"|'([^']{1,2000})')",
    re.IGNORECASE,
)
_BY_NAME = re.compile(r"\[\[([^\[\]|\n]{1,500})(?:\|([^\[\]|\n]{1,500}))?")
# With a size, which Markdown doesn't know.
_SIZED = re.compile(r"\]\([ \t]{0,9}<?([^\s()<>]{1,2000})>?[ \t]+=\d*x")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:|//", re.IGNORECASE)


def plain_destination(written: str) -> str:
    """Return a destination as Markdown or HTML means it, `%` escapes still in it."""
    return html.unescape(_ESCAPED.sub(r"\1", written)).strip()


def candidates(destination: str, folder: str) -> tuple[str, ...]:
    """Return the paths that a relative destination on a page in *folder* may mean, best first."""
    if _SCHEME.match(destination):
        return ()
    cut = unquote(re.split(r"[?#]", destination, maxsplit=1)[0])
    found: dict[str, None] = {}
    for target in (cut, unquote(destination)):
        # Some write a link from the page's folder, some from the root with or without a slash.
        if target and not target.startswith("/"):
            found[posixpath.normpath(posixpath.join(folder, target))] = None
        found[posixpath.normpath(target.lstrip("/"))] = None
    return tuple(path for path in found if not path.startswith("../") and path not in ("..", "."))


def inventory_of(
    path: Path, tree: Tree, is_page: Callable[[str], bool], address: str = ""
) -> "Inventory | Beside":
    """Return the files of *tree*, which was opened at *path*; those beside it if it is one file."""
    alone = path.is_file() and list(tree.names) == [path.name] and is_page(path.name)
    return Beside(path) if alone else Inventory(tree, is_page, address)


def file_in(
    tree: Tree,
    name: str,
    *,
    names: tuple[str, ...] = (),
    title: str = "",
    address: str = "",
) -> File:
    """Return a file of *tree*, to be opened when it is needed."""
    return File(name, tree.names[name], "", names, title, address, partial(tree.open, name))


class Inventory:
    """The files of *tree* that are no pages; `used` are those that some page names.

    *address* is where the tree's root stood, if known.
    """

    def __init__(self, tree: Tree, is_page: Callable[[str], bool], address: str = "") -> None:
        self.used: set[str] = set()
        self._tree = tree
        self._address = address.rstrip("/")
        self._names = {name: name for name in tree.names if not is_page(name)}
        # Names that differ in case or composition alone, for exports of systems that don't mind.
        self._folded: dict[str, str] = {}
        # Some wikis know a file by its name alone, wherever it lies.
        self._ends: dict[str, str] = {}
        for name in self._names:
            self._folded.setdefault(folded(name), name)
            end = posixpath.basename(name)
            self._ends[end] = "" if end in self._ends else name

    def find(self, path: str) -> str:
        """Return the name of the file that *path* means; "" for none."""
        return self._names.get(path) or self._folded.get(folded(path), "")

    def named(self, text: str, folder: str) -> tuple[File, ...]:
        """Return the files that a text in *folder* shows or links to, in order."""
        if not self._names:
            return ()
        found: dict[str, tuple[str, ...]] = {}
        for destination in _destinations(text):
            inner = destination.removeprefix(f"{self._address}/") if self._address else destination
            paths = candidates(inner, folder)
            if name := next((name for path in paths if (name := self.find(path))), ""):
                found.setdefault(name, ())
        for destination in _by_name(text):
            name = self._ends.get(destination, "")
            if name and name not in found:
                found[name] = (destination,)
        return tuple(self.file(name, names=names) for name, names in found.items())

    def file(self, name: str, *, names: tuple[str, ...] = (), title: str = "") -> File:
        """Return one of the files, which counts as used from now on."""
        self.used.add(name)
        address = f"{self._address}/{quote(name)}" if self._address else ""
        known = (*names, f"{self._address}/{name}") if address else names
        return file_in(self._tree, name, names=known, title=title, address=address)


class Beside:
    """The images beside a single file: looked for one by one, so that no folder is walked.

    Nothing else: who names one page doesn't mean to give away what lies beside it.
    """

    def __init__(self, path: Path) -> None:
        self.used: frozenset[str] = frozenset()
        self._folder = path.parent
        self._root = path.parent.resolve()

    def named(self, text: str, folder: str) -> tuple[File, ...]:
        """Return the images that a text shows or links to, in order; none that leads out."""
        found: dict[str, File] = {}
        for destination in _destinations(text):
            for path in candidates(destination, folder):
                size = self._size(path)
                if size is not None:
                    found.setdefault(path, File(path, size, open=self._opener(path)))
                    break
        return tuple(found.values())

    def _size(self, path: str) -> int | None:
        whole = self._folder / path
        try:
            if not is_named_as_image(path) or not whole.resolve().is_relative_to(self._root):
                return None
            return whole.stat().st_size if whole.is_file() else None
        except (OSError, ValueError):
            return None

    def _opener(self, path: str) -> Callable[[], IO[bytes]]:
        def opened() -> IO[bytes]:
            if self._size(path) is None:
                message = "it is not there any more"
                raise OSError(message)
            return (self._folder / path).open("rb")

        return opened


def _destinations(text: str) -> Iterator[str]:
    """Yield what a text of Markdown, HTML or a wiki leads to; also what is no link at all."""
    for it in destinations(text):
        yield plain_destination(text[it.start : it.end])
    if "<" in text:
        for double, single in _IN_TAG.findall(text):
            yield html.unescape(double or single).strip()
    if " =" in text:
        yield from (plain_destination(it) for it in _SIZED.findall(text))
    yield from _by_name(text)


def _by_name(text: str) -> Iterator[str]:
    """Yield what stands in double brackets, be it text or name."""
    for first, second in _BY_NAME.findall(text) if "[[" in text else ():
        yield first.strip()
        yield second.strip()


def folded(name: str) -> str:
    """Return what names have in common that differ in case or composition alone."""
    return unicodedata.normalize("NFC", name.casefold())
