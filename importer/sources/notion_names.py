"""The names of a Notion export: a title, often cut, and an id of 32 hex digits, the only sure part.

Links are percent-encoded, sometimes wrongly, and file names lose letters; so pages are found by id.
"""

import posixpath
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from importer.sources.naming import key_of

__all__ = ["SUFFIXES", "Entry", "Names", "id_in_link", "split_id"]

SUFFIXES = (".md", ".html", ".csv")
_ENDS = re.compile(r"[ _-]?([0-9a-f]{32})(_all)?\Z", re.IGNORECASE)
# At the end only: the digits of a `%20` before it are hex digits too.
_ID = re.compile(
    r"([0-9a-f]{32}|[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})(?:_all)?(?:\.\w{1,5})?\Z"
)
_MOST_KEY = 80
_HOST = re.compile(r"https?://(?:[\w-]+\.)*notion\.(?:so|site|com)(?:/|\Z)", re.IGNORECASE)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:|//", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Entry:
    """A page's file: `folder` is where the pages below it lie, without its own name's id."""

    path: str
    title: str
    id: str
    is_table: bool


def split_id(stem: str) -> tuple[str, str]:
    """Return the title and the id in a file's name without its suffix; the id may be empty."""
    match = _ENDS.search(stem)
    return (stem[: match.start()], match[1].lower()) if match else (stem, "")


def id_in_link(link: str, address: str = "") -> str:
    """Return the id of the page that a link leads to; empty for none.

    A link to another site has none, whatever it looks like; *address* is where this one stood.
    """
    path = link.partition("#")[0].partition("?")[0]
    ours = bool(_HOST.match(path)) or (bool(address) and path.startswith(address))
    if _SCHEME.match(path) and not ours:
        return ""
    found = _ID.search(path.rstrip("/").rpartition("/")[2].lower())
    return found[1].replace("-", "") if found else ""


class Names:
    """What the files of an export are called, and which lies below which."""

    def __init__(self, paths: Iterable[str]) -> None:
        self.entries: dict[str, Entry] = {}
        self._below: dict[str, Entry] = {}
        for path in paths:
            stem, suffix = posixpath.splitext(path)
            if suffix.lower() not in SUFFIXES:
                continue
            title, number = split_id(posixpath.basename(stem))
            entry = Entry(path, title.strip() or number, number, suffix.lower() == ".csv")
            self.entries[path] = entry
            plain = stem.removesuffix("_all")
            # The folder of a page is called as the page, in newer exports without the id.
            for folder in (plain, posixpath.join(posixpath.dirname(stem), entry.title)):
                if folder not in self._below or self._below[folder].is_table:
                    self._below[folder] = entry
        self._tables = {split_id(it.removesuffix(".csv"))[0] for it in self._csv()}
        self._wrapper = self._common()
        self._called: dict[str, set[str]] = {}
        for path, entry in self.entries.items():
            self._called.setdefault(key_of(self._plain(path)), set()).add(entry.id)

    def _csv(self) -> list[str]:
        return [path for path, entry in self.entries.items() if entry.is_table]

    def _common(self) -> str:
        """Return the folders around everything that are no page's, with a slash; or nothing."""
        common = ""
        while True:
            heads = {it.removeprefix(common).partition("/") for it in self.entries}
            firsts = {head for head, slash, _ in heads if slash}
            if len(firsts) != 1 or any(not slash for _, slash, _ in heads):
                return common
            common += f"{firsts.pop()}/"

    @property
    def ids(self) -> Mapping[str, str]:
        """Return the file of each id. A page comes before the table of the same id."""
        pages = sorted(self.entries.values(), key=lambda it: not it.is_table)
        return {it.id: it.path for it in pages if it.id}

    def parent(self, path: str) -> Entry | None:
        """Return the page in whose folder a file lies."""
        return self._below.get(posixpath.dirname(path))

    def in_table(self, path: str) -> bool:
        """Tell whether a page is a row of a database."""
        folder = posixpath.dirname(path)
        parted = split_id(posixpath.basename(folder))[0]
        return posixpath.join(posixpath.dirname(folder), parted) in self._tables

    def rows(self, table: Entry) -> list[Entry]:
        """Return the pages that are a table's rows."""
        own = [it for it in self.entries.values() if not it.is_table]
        return [it for it in own if self.parent(it.path) == table]

    def name(self, path: str) -> str:
        """Return what a page's key is made of: its title, its parent's, and an id to tell twins."""
        plain = self._plain(path)
        number = self.entries[path].id
        twin = len(self._called[key_of(plain)]) > 1 and number
        return f"{plain} {number[:8]}" if twin else plain

    def _plain(self, path: str) -> str:
        parts = path.removeprefix(self._wrapper).split("/")
        parts[-1] = posixpath.splitext(parts[-1])[0]
        names = [split_id(part)[0] or part for part in parts]
        # As many of the folders as a key has room for: a row's key begins with its database's.
        while len(names) > 2 and len("/".join(map(key_of, names))) > _MOST_KEY:
            del names[0]
        return "/".join(names)
