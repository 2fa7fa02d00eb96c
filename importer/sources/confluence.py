"""Reads Confluence: XML space exports, HTML space exports, and files in storage format."""

import posixpath
from collections.abc import Iterator
from pathlib import Path

from importer.errors import UsageError
from importer.sources.confluence_export import Export
from importer.sources.confluence_pages import FILES, HTML, SinglePages
from importer.sources.extras import need
from importer.sources.losses import Loss
from importer.sources.page import Page
from importer.sources.reader import Likeness, Options
from importer.sources.tree import head_of, open_tree

__all__ = ["ConfluenceReader"]

_ENTITIES = "entities.xml"


class ConfluenceReader:
    """The reader `confluence`."""

    name = "confluence"
    summary = "Confluence: an XML or HTML export of a space (zip or folder), or storage format"

    def guess(self, path: Path) -> Likeness:
        """Tell an export by its files, and storage format by its prefix."""
        try:
            tree = open_tree(path)
        except UsageError:
            return Likeness.NONE
        bases = {posixpath.basename(name) for name in tree.names}
        if _ENTITIES in bases:
            return Likeness.SURE
        sample = [name for name in tree.names if name.lower().endswith((*FILES, *HTML))][:50]
        marks = (b"<ac:", b"<ri:", b'id="main-content"')
        found = any(mark in head_of(tree, name) for name in sample for mark in marks)
        return Likeness.LIKELY if found else Likeness.NONE

    def read(self, path: Path, options: Options) -> Iterator[Page | Loss]:
        """Yield each page as an article; comments, old versions and the index as losses."""
        need("confluence", "markdownify", "lxml")
        tree = open_tree(path)
        yield from tree.refused
        entities = [it for it in tree.names if posixpath.basename(it) == _ENTITIES]
        if entities:
            for name in entities:
                yield from Export(tree, name, options).pages()
            return
        files = SinglePages(tree, options)
        for name in tree.names:
            yield from files.read(name)
        if not files.count:
            message = f"there is no page of Confluence in {path}"
            raise UsageError(message, remedy="Name an exported space: its zip or its folder.")
        yield from files.unused()
