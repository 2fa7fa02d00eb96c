"""A shelf for what grows with a source: names, losses, accounts. What is small stays in memory.

It is a database of SQLite's without a name: its pages go to a file of the system's temporary
folder only when there are too many of them, and nobody else can see that file. What ends the
process, a SIGKILL too, ends the file.
"""

import pickle
import sqlite3
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from types import TracebackType
from typing import Any, Generic, Self, TypeVar, overload

__all__ = ["Lists", "Mapped", "Shelf", "Spool", "Table"]

_V = TypeVar("_V")
_W = TypeVar("_W")
_CACHE_KIB = 8_192
_ROWS = 100


class Shelf:
    """Gives tables and spools, which end with it."""

    def __init__(self) -> None:
        self._db = sqlite3.connect("", isolation_level=None)
        for setting in (f"cache_size = -{_CACHE_KIB}", "journal_mode = OFF", "synchronous = OFF"):
            self._db.execute(f"PRAGMA {setting}")
        self._db.execute("BEGIN")
        self._made = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _: BaseException | None, _at: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of everything."""
        self._db.close()

    def table(self) -> "Table[Any]":
        """Return an empty mapping of texts to anything that can be pickled."""
        return Table(self._db, self._make("k BLOB PRIMARY KEY, v BLOB) WITHOUT ROWID"))

    def spool(self) -> "Spool[Any]":
        """Return an empty sequence that can be added to."""
        return Spool(self._db, self._make("n INTEGER PRIMARY KEY, v BLOB)"))

    def lists(self) -> "Lists[Any]":
        """Return what holds a growing list for each of many names."""
        return Lists(self.table(), self.table())

    def _make(self, columns: str) -> str:
        self._made += 1
        name = f"t{self._made}"
        self._db.execute(f"CREATE TABLE {name} ({columns}")
        return name


class Table(MutableMapping[str, _V], Generic[_V]):
    """A mapping of texts; iterated in no order that means anything, and not while it changes."""

    def __init__(self, db: sqlite3.Connection, name: str) -> None:
        self._db = db
        self._get = f"SELECT v FROM {name} WHERE k = ?"  # noqa: S608 - our own name, a number
        self._set = f"INSERT OR REPLACE INTO {name} VALUES (?, ?)"  # noqa: S608 - as above
        self._add = f"INSERT OR IGNORE INTO {name} VALUES (?, ?)"  # noqa: S608 - as above
        self._delete = f"DELETE FROM {name} WHERE k = ?"  # noqa: S608 - as above
        self._keys = f"SELECT k FROM {name} ORDER BY k"  # noqa: S608 - as above
        self._count = f"SELECT count(*) FROM {name}"  # noqa: S608 - as above

    def __getitem__(self, key: str) -> _V:
        row = self._db.execute(self._get, (_bytes(key),)).fetchone()
        if row is None:
            raise KeyError(key)
        value: _V = _loaded(row[0])
        return value

    def __setitem__(self, key: str, value: _V) -> None:
        self._db.execute(self._set, (_bytes(key), pickle.dumps(value)))

    def __delitem__(self, key: str) -> None:
        if not self._db.execute(self._delete, (_bytes(key),)).rowcount:
            raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        for (key,) in self._db.execute(self._keys):
            yield key.decode("utf-8", "surrogatepass")

    def __len__(self) -> int:
        (count,) = self._db.execute(self._count).fetchone()
        return int(count)

    def __bool__(self) -> bool:
        return self._db.execute(self._keys).fetchone() is not None

    def __contains__(self, key: object) -> bool:
        found = isinstance(key, str) and self._db.execute(self._get, (_bytes(key),)).fetchone()
        return bool(found)


class Lists(Generic[_V]):
    """A growing list for each of many names: what is added is written, and nothing else."""

    def __init__(self, counts: MutableMapping[str, int], values: MutableMapping[str, _V]) -> None:
        self._counts = counts
        self._values = values

    def add(self, name: str, *values: _V) -> None:
        """Put *values* at the end of a name's list."""
        count = self._counts.get(name, 0)
        for value in values:
            self._values[f"{count} {name}"] = value
            count += 1
        self._counts[name] = count

    def first(self, name: str) -> _V:
        """Return what was added first to a name's list."""
        return self._values[f"0 {name}"]

    def all(self, name: str) -> Iterator[_V]:
        """Yield a name's list."""
        for number in range(self._counts.get(name, 0)):
            yield self._values[f"{number} {name}"]


class Spool(Sequence[_V], Generic[_V]):
    """A sequence that is written once, at its end, and read as often as one likes."""

    def __init__(self, db: sqlite3.Connection, name: str) -> None:
        self._db = db
        self._size = 0
        self._put = f"INSERT INTO {name} VALUES (?, ?)"  # noqa: S608 - our own name, a number
        self._get = f"SELECT v FROM {name} WHERE n = ?"  # noqa: S608 - as above
        self._rows = f"SELECT v FROM {name} WHERE n >= ? ORDER BY n LIMIT {_ROWS}"  # noqa: S608 - as above

    def append(self, value: _V) -> None:
        """Put *value* at the end."""
        self._db.execute(self._put, (self._size, pickle.dumps(value)))
        self._size += 1

    def __len__(self) -> int:
        return self._size

    @overload
    def __getitem__(self, index: int) -> _V: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[_V]: ...
    def __getitem__(self, index: int | slice) -> _V | Sequence[_V]:
        if isinstance(index, slice):
            return [self[at] for at in range(*index.indices(self._size))]
        row = self._db.execute(self._get, (index if index >= 0 else index + self._size,)).fetchone()
        if row is None:
            raise IndexError(index)
        value: _V = _loaded(row[0])
        return value

    def __iter__(self) -> Iterator[_V]:
        at = 0
        while rows := self._db.execute(self._rows, (at,)).fetchall():
            for (value,) in rows:
                yield _loaded(value)
            at += len(rows)


class Mapped(Sequence[_W], Generic[_V, _W]):
    """A spool's values, each as *shown* makes it when it is asked for."""

    def __init__(self, values: Sequence[_V], shown: Callable[[_V], _W]) -> None:
        self._values = values
        self._shown = shown

    def __len__(self) -> int:
        return len(self._values)

    @overload
    def __getitem__(self, index: int) -> _W: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[_W]: ...
    def __getitem__(self, index: int | slice) -> _W | Sequence[_W]:
        if isinstance(index, slice):
            return [self._shown(it) for it in self._values[index]]
        return self._shown(self._values[index])

    def __iter__(self) -> Iterator[_W]:
        return map(self._shown, self._values)


def _bytes(key: str) -> bytes:
    # A name may hold half a character, which is no text to SQLite.
    return key.encode("utf-8", "surrogatepass")


def _loaded(value: bytes) -> Any:
    return pickle.loads(value)  # noqa: S301 - written a moment ago, where nobody else writes
