"""Files that were uploaded to a wiki, lying beside its dump or its pages, by the names it knows.

MediaWiki keeps them in folders by digest (`images/a/ab/Name.png`), copies of other sizes and old
versions in folders of their own; people put them flat into one.
"""

import posixpath
import re
from collections.abc import Container, Iterator
from dataclasses import replace
from urllib.parse import quote

from importer.sources.files import Inventory
from importer.sources.page import File
from importer.sources.tree import Tree
from importer.sources.wikitext import Site

__all__ = ["Uploads"]

_COPIES = ("thumb", "archive", "deleted", "temp", "lockdir")
_LINK = re.compile(r"\[\[\s*([^\[\]|:\n]{1,60}:[^\[\]|\n]{1,300})")
_LISTED = re.compile(r"<(gallery|imagemap)\b[^>]{0,500}>", re.IGNORECASE)


class Uploads:
    """The files of *tree* that are none of *pages*."""

    def __init__(self, tree: Tree, pages: Container[str]) -> None:
        self._tree = tree
        self._inventory = Inventory(tree, lambda name: name in pages)
        self._pages = pages
        self._by_name: dict[str, str] = {}
        for name in sorted(tree.names, key=lambda it: (it.count("/"), it)):
            folders = name.lower().split("/")[:-1]
            if name not in pages and not any(it in _COPIES for it in folders):
                self._by_name.setdefault(_known_as(posixpath.basename(name)), name)

    def named(self, text: str, site: Site, folder: str) -> tuple[File, ...]:
        """Return the files that a page's wikitext names, by the names that it uses.

        Of one that isn't here, the place is known if that of the wiki is.
        """
        found: dict[str, File] = {file.path: file for file in self._inventory.named(text, folder)}
        names: dict[str, dict[str, None]] = {}
        for written in _written(text, site):
            names.setdefault(_known_as(written), {})[written] = None
        for known, calls in names.items():
            path = self._by_name.get(known)
            there = f"{site.base}Special:FilePath/{quote(known)}" if site.base else ""
            if path is not None:
                file = self._inventory.file(path, names=tuple(calls), title=known)
                found[path] = replace(file, address=there)
            elif there:
                found[known] = File(known, 0, names=tuple(calls), title=known, address=there)
        return tuple(found.values())

    def unused(self) -> Iterator[str]:
        """Yield the names of files that no page has named."""
        for name in self._tree.names:
            if name not in self._pages and name not in self._inventory.used:
                yield name


def _written(text: str, site: Site) -> Iterator[str]:
    for title in _LINK.findall(text):
        bare = title.lstrip(":").strip()
        if site.is_file(bare):
            yield site.parted(bare)[1]
    low = text.lower()
    position = 0
    for opening in _LISTED.finditer(text):
        end = low.find(f"</{opening[1].lower()}", opening.end())
        if end < 0:
            break
        if opening.start() < position:
            continue
        position = end
        for line in text[opening.end() : end].split("\n"):
            title = line.partition("|")[0].strip()
            if title:
                yield site.parted(title)[1] if site.is_file(title) else title


def _known_as(name: str) -> str:
    """Return the name a wiki keeps a file under, whatever way a link writes it."""
    plain = re.sub(r"[\s_]+", "_", name.strip())
    return plain[:1].upper() + plain[1:]
