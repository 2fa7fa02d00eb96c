"""One entry of a manifest in its file, and places around its values."""

from dataclasses import dataclass

from importer.errors import Span
from importer.manifests.nodes import MapNode
from importer.manifests.outline import Outline, Stretch
from importer.manifests.source import Source

__all__ = [
    "CannotEdit",
    "Entry",
    "bare_end",
    "column_of",
    "keys_column",
    "line_end",
    "require_own",
]


class CannotEdit(Exception):
    """An edit isn't safe; says where and why."""

    def __init__(self, span: Span, why: str) -> None:
        super().__init__(f"{span}: {why}")
        self.span = span
        self.why = why


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry with its file; `short` is the answer that a question states by `answer:` alone.

    `is_page`: it stands in a Markdown file, whose text is its own. `is_answer`: there, where its
    line says all but its text; what else is said of it is the file's own entry's.
    """

    node: MapNode
    source: Source
    outline: Outline
    is_page: bool = False
    is_answer: bool = False
    short: bool = False


def require_own(entry: Entry, at: int) -> None:
    """Raise CannotEdit when the value at *at* is used elsewhere, too."""
    stretch = entry.outline.value(at)
    if stretch.style == "*":
        raise CannotEdit(entry.source.span(at), "the value is an alias of another")
    if stretch.shared:
        why = f"the value is used elsewhere, too, by the anchor `&{stretch.shared}`"
        raise CannotEdit(entry.source.span(at), why)


def bare_end(text: str, stretch: Stretch) -> int:
    """Return where a value's own characters end: what follows is blank lines."""
    end = stretch.end
    while end > stretch.start and text[end - 1] in " \n":
        end -= 1
    return end


def column_of(text: str, at: int) -> int:
    """Return how far in its line *at* is, from 0."""
    return at - (text.rfind("\n", 0, at) + 1)


def line_end(text: str, at: int) -> int:
    """Return where the line at *at* ends, before its LF."""
    found = text.find("\n", at)
    return len(text) if found < 0 else found


def keys_column(entry: Entry, node: MapNode) -> int:
    """Return how far the keys of *node* are indented."""
    return column_of(entry.source.text, min(node.keys_at.values()))
