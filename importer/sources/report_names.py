"""What a page of the source is called in the report and in the map file, run after run."""

from collections.abc import MutableMapping

from importer.sources.losses import Loss
from importer.sources.page import Alias, Page
from importer.sources.secrets import masked
from importer.sources.titles import seen_title

__all__ = ["Numbering", "reported_name"]


def reported_name(found: Page | Alias | Loss) -> str:
    """Return the name of a page: its file, or its file and its name in it.

    It holds nothing that moves when other pages change, such as a line, nothing of the options, and
    no secret that a title may hold.
    """
    if isinstance(found, Page):
        if found.section:
            return found.section.page
        if found.alone:
            return found.place.path
        name = found.anchors[0] if found.anchors else found.name
        return _named(found.place.path, name or seen_title(found).replace("/", " "))
    if isinstance(found, Alias):
        return _named(found.place.path, found.title)
    return _named(found.where.path, "" if found.what == found.where.path else found.what)


def _named(path: str, name: str) -> str:
    return f"{path}#{masked(' '.join(name.split()))}" if name else path


class Numbering:
    """Makes names of pages different, in the order of the source: the second `a` is `a (2)`.

    *times* holds how often each was there, wherever there is room for that.
    """

    def __init__(self, times: MutableMapping[str, int] | None = None) -> None:
        self._times: MutableMapping[str, int] = {} if times is None else times

    def number(self, page: str) -> str:
        """Return *page*, numbered unless it is the first of its name."""
        times = self._times[page] = self._times.get(page, 0) + 1
        return page if times == 1 else f"{page} ({times})"
