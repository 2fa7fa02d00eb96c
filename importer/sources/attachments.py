"""The files of a source that a page shows or leads to."""

import posixpath
from collections.abc import Iterable, Iterator
from urllib.parse import unquote

from importer.sources.files import file_in
from importer.sources.page import File
from importer.sources.tree import Tree

__all__ = ["file_of", "files_of"]


def file_of(tree: Tree, folder: str, destination: str) -> str:
    """Return the file of *tree* that a link of a page in *folder* leads to; empty without one."""
    bare = destination.partition("#")[0].partition("?")[0]
    near = [posixpath.normpath(posixpath.join(folder, it)) for it in (unquote(bare), bare)]
    return next((it for it in (*near, unquote(bare).lstrip("/")) if it in tree.names), "")


def files_of(
    tree: Tree, folder: str, destinations: Iterable[str], pages: Iterable[str] = ()
) -> Iterator[File]:
    """Yield each file of *tree* among links of a page in *folder*, once, in their order.

    *pages* are files that are none of these.
    """
    seen = set(pages)
    for destination in destinations:
        name = file_of(tree, folder, destination)
        if name and name not in seen:
            seen.add(name)
            yield file_in(tree, name)
