"""What `convert` remembers between two conversions of a wiki into one folder.

A small file of JSON lines beside the manifest: a head, then a line for each file that was written,
sorted, so that a difference in git shows one line per file. It holds digests and no text. While a
conversion runs, the lines lie in a nameless database that goes to disk by itself when it is large.
"""

import hashlib
import json
import posixpath
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from importer.errors import JournalError

__all__ = ["STATE_NAME", "Entry", "Memory", "blob_in", "blob_of"]

STATE_NAME = ".teams-importer-convert.jsonl"
_FORMAT_VERSION = 1
_PIECE = 2**18
_TABLE = (
    "CREATE TABLE {} (file TEXT PRIMARY KEY, blob TEXT, key TEXT, pages TEXT, offered TEXT,"
    " olds TEXT) WITHOUT ROWID"
)
_REMEDY = "Bring it back from your version control, or convert into a new folder."


@dataclass(frozen=True, slots=True)
class Entry:
    """A file that a conversion wrote: `blob` names its content as it was written.

    `key` is the item's, none for a file that is no item; `pages` are what it is made of. `offered`
    is the content that was laid beside the file, for a person to look at. `was` are the keys that
    the item had before a map gave it another; the file says them too.
    """

    file: str
    blob: str
    key: str = ""
    pages: tuple[str, ...] = ()
    offered: str = ""
    was: tuple[str, ...] = ()


def blob_of(data: bytes) -> str:
    """Return git's name for a file's content, whichever line ends a checkout gave it.

    Git's, because a version that was ever committed is found by it again.
    """
    text = data if b"\0" in data else data.replace(b"\r\n", b"\n")
    head = f"blob {len(text)}\0".encode()
    return hashlib.sha1(head + text, usedforsecurity=False).hexdigest()


def blob_in(path: Path) -> str:
    """Return git's name for the content of a file, as `blob_of` does, and never hold all of it."""
    is_text, size = True, 0
    with path.open("rb") as file:
        for piece in _pieces(file):
            is_text = is_text and b"\0" not in piece
            size += len(piece) - piece.count(b"\r\n")
    digest = hashlib.sha1(usedforsecurity=False)
    digest.update(f"blob {size if is_text else path.stat().st_size}\0".encode())
    with path.open("rb") as file:
        for piece in _pieces(file):
            digest.update(piece.replace(b"\r\n", b"\n") if is_text else piece)
    return digest.hexdigest()


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    """Yield what is in a file; no line end is parted."""
    while piece := file.read(_PIECE):
        while piece.endswith(b"\r") and (more := file.read(1)):
            piece += more
        yield piece


class Memory:
    """The lines of the last conversion, `was`, and of this one, `now`."""

    def __init__(self) -> None:
        self.head: Mapping[str, Any] = {}
        self.exists = False
        self._db = sqlite3.connect("", isolation_level=None)
        for setting in ("cache_size = -4096", "journal_mode = OFF", "synchronous = OFF"):
            self._db.execute(f"PRAGMA {setting}")
        self._db.execute("BEGIN")
        for name in ("was", "now"):
            self._db.execute(_TABLE.format(name))
            self._db.execute(f"CREATE INDEX {name}_key ON {name} (key)")
        self._db.execute("CREATE TABLE pages (page TEXT PRIMARY KEY, key TEXT) WITHOUT ROWID")
        self._db.execute("CREATE TABLE dropped (page TEXT PRIMARY KEY) WITHOUT ROWID")
        self._db.execute("CREATE TABLE renamed (key TEXT PRIMARY KEY, old TEXT) WITHOUT ROWID")
        self._db.execute("CREATE TABLE taken (key TEXT PRIMARY KEY) WITHOUT ROWID")
        self._db.execute("CREATE TABLE noted (file TEXT PRIMARY KEY, digest TEXT) WITHOUT ROWID")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _: BaseException | None, _at: TracebackType | None
    ) -> None:
        self._db.close()

    def learn(self, entry: Entry) -> None:
        """Take down a file of this conversion."""
        self._put("now", entry)

    def remember(self, entry: Entry) -> None:
        """Take down a file of the last conversion, as it is to be seen from now on."""
        self._put("was", entry)

    def note(self, file: str, digest: str) -> None:
        """Take down what a file is a copy of."""
        self._db.execute("INSERT INTO noted VALUES (?, ?)", (file, digest))

    def digest_of(self, file: str) -> str:
        """Return the digest that was noted of a file; empty where there is none."""
        row = self._db.execute("SELECT digest FROM noted WHERE file = ?", (file,)).fetchone()
        return str(row[0]) if row else ""

    def names(self) -> list[str]:
        """Return the names of this conversion's files, sorted."""
        return [name for (name,) in self._db.execute("SELECT file FROM now ORDER BY file")]

    def now(self) -> Iterator[Entry]:
        """Yield this conversion's files, sorted by name."""
        return self._all("now")

    def was(self) -> Iterator[Entry]:
        """Yield the last conversion's files, sorted by name."""
        return self._all("was")

    def before(self, entry: Entry) -> Entry | None:
        """Return what the last conversion made of the same item or file, also by an old key."""
        if not entry.key:
            return self._one("SELECT * FROM was WHERE file = ?", entry.file)
        return next(filter(None, map(self.item, (entry.key, *entry.was))), None)

    def item(self, key: str) -> Entry | None:
        """Return what the last conversion made of the item *key*."""
        return self._one("SELECT * FROM was WHERE key = ?", key)

    def remains(self, entry: Entry) -> bool:
        """Tell whether this conversion has made the item or file of *entry* too."""
        column, value = ("key", entry.key) if entry.key else ("file", entry.file)
        return self._one(f"SELECT * FROM now WHERE {column} = ?", value) is not None  # noqa: S608 - ours

    def is_known(self, file: str) -> bool:
        """Tell whether this conversion took *file* down."""
        return self._one("SELECT * FROM now WHERE file = ?", file) is not None

    def is_ours(self, file: str) -> bool:
        """Tell whether the last conversion wrote *file*."""
        return self._one("SELECT * FROM was WHERE file = ?", file) is not None

    def forget(self, file: str) -> None:
        """Let the last conversion's *file* be gone."""
        self._db.execute("DELETE FROM was WHERE file = ?", (file,))

    def bind(self, entry: Entry) -> None:
        """Let pages keep the key of *entry*."""
        rows = [(_text(page), entry.key) for page in entry.pages]
        self._db.executemany("INSERT OR REPLACE INTO pages VALUES (?, ?)", rows)

    def drop(self, entry: Entry) -> None:
        """Let the pages of *entry* stay out."""
        rows = [(_text(page),) for page in entry.pages]
        self._db.executemany("INSERT OR REPLACE INTO dropped VALUES (?)", rows)

    def rename(self, old: str, key: str) -> None:
        """Take down that an item was given another key by hand."""
        self._db.execute("INSERT OR REPLACE INTO renamed VALUES (?, ?)", (key, old))

    def former(self, key: str) -> str:
        """Return the key that an item had before somebody gave it this one; empty for most."""
        row = self._db.execute("SELECT old FROM renamed WHERE key = ?", (key,)).fetchone()
        return str(row[0]) if row else ""

    def take(self, key: str) -> None:
        """Let no new page get *key*."""
        self._db.execute("INSERT OR REPLACE INTO taken VALUES (?)", (key,))

    def key_of(self, page: str) -> str:
        """Return the key that a page has had; empty for a new one."""
        row = self._db.execute("SELECT key FROM pages WHERE page = ?", (_text(page),)).fetchone()
        return str(row[0]) if row else ""

    def is_dropped(self, page: str) -> bool:
        """Tell whether a page was taken out by hand."""
        query = "SELECT 1 FROM dropped WHERE page = ?"
        return self._db.execute(query, (_text(page),)).fetchone() is not None

    def is_taken(self, key: str) -> bool:
        """Tell whether a key is no new page's to have."""
        query = "SELECT 1 FROM taken WHERE key = ?"
        return self._db.execute(query, (key,)).fetchone() is not None

    def _put(self, table: str, entry: Entry) -> None:
        pages, olds = json.dumps(entry.pages), json.dumps(entry.was)
        row = (entry.file, entry.blob, entry.key, pages, entry.offered, olds)
        self._db.execute(f"INSERT OR REPLACE INTO {table} VALUES (?, ?, ?, ?, ?, ?)", row)  # noqa: S608 - ours

    def _all(self, table: str) -> Iterator[Entry]:
        last = ""
        query = f"SELECT * FROM {table} WHERE file > ? ORDER BY file LIMIT 500"  # noqa: S608 - ours
        while rows := self._db.execute(query, (last,)).fetchall():
            yield from map(_entry, rows)
            last = rows[-1][0]

    def _one(self, query: str, value: str) -> Entry | None:
        row = self._db.execute(query, (value,)).fetchone()
        return _entry(row) if row else None

    def read(self, path: Path) -> None:
        """Read the last conversion's lines, if there are any. JournalError for what isn't ours."""
        try:
            with path.open(encoding="utf-8") as lines:
                for number, line in enumerate(lines, 1):
                    if line.strip():
                        self._read(line, f"{path}:{number}")
        except FileNotFoundError:
            return
        except (OSError, UnicodeDecodeError) as error:
            message = f"{path} can't be read: {error}"
            raise JournalError(message, remedy=_REMEDY) from error
        self.exists = True
        if not self.head:
            message = f"{path} has no first line"
            raise JournalError(message, remedy=_REMEDY)

    def _read(self, line: str, where: str) -> None:
        try:
            row = json.loads(line)
            if not self.head:
                self.head = _head(row, where)
                return
            entry = Entry(
                _safe(row["file"]),
                str(row["wrote"]),
                str(row.get("key", "")),
                tuple(str(page) for page in row.get("pages", ())),
                str(row.get("offered", "")),
                tuple(str(key) for key in row.get("was", ())),
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            message = f"{where}: this is no line of a conversion: {error}"
            raise JournalError(message, remedy=_REMEDY) from error
        self.remember(entry)

    def write(self, path: Path, head: Mapping[str, object]) -> None:
        """Write the lines of `was`, which are what the next conversion is to know."""
        with path.open("w", encoding="utf-8", newline="\n") as file:
            file.write(_line({"format_version": _FORMAT_VERSION, **head}))
            for entry in self.was():
                row: dict[str, object] = {"file": entry.file, "wrote": entry.blob}
                if entry.key:
                    row["key"] = entry.key
                if entry.was:
                    row["was"] = entry.was
                if entry.pages:
                    row["pages"] = entry.pages
                if entry.offered:
                    row["offered"] = entry.offered
                file.write(_line(row))


def _head(row: Any, where: str) -> Mapping[str, Any]:
    version = row["format_version"]
    if not isinstance(version, int) or version > _FORMAT_VERSION:
        message = f"{where}: written by a newer importer (format {version})"
        raise JournalError(message, remedy="Use that one, or convert into a new folder.")
    return {name: it for name, it in row.items() if name != "format_version"}


def _entry(row: tuple[str, ...]) -> Entry:
    file, blob, key, pages, offered, olds = row
    return Entry(file, blob, key, tuple(json.loads(pages)), offered, tuple(json.loads(olds)))


def _safe(name: object) -> str:
    """Return a file's name. ValueError for one that could lead out of the folder."""
    text = str(name)
    if text != posixpath.normpath(text) or text.startswith(("/", "..")) or "\0" in text:
        message = f"{text!r} is no file below this folder"
        raise ValueError(message)
    return text


def _line(row: Mapping[str, object]) -> str:
    return json.dumps(row, ensure_ascii=False).encode("utf-8", "backslashreplace").decode() + "\n"


def _text(page: str) -> str:
    # A name may hold half a character, which is no text to SQLite.
    return page.encode("utf-8", "backslashreplace").decode()
