"""Reads XML one element at a time, in constant memory; knows no entities and no DTD.

The bytes are made decodable first: one character that XML forbids would end an export of years.
"""

import codecs
import re
from collections.abc import Container, Iterator
from typing import Protocol
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from importer.errors import UsageError

__all__ = ["Bytes", "elements", "local_name"]

_CHUNK = 2**18
_DEEPEST = 200
_LARGEST = 256 * 2**20
_BAD = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_REFERENCE = re.compile(r"&#(?:x([0-9a-fA-F]{1,6})|([0-9]{1,7}));")
_DECLARED = re.compile(rb"<\?xml[^>]*encoding\s*=\s*[\"']([A-Za-z0-9._-]+)")


class Bytes(Protocol):
    """What is read from."""

    def read(self, most: int, /) -> bytes:
        """Return at most *most* bytes; none at the end."""
        ...


def local_name(name: str) -> str:
    """Return an element's name without its namespace."""
    return name.rpartition("}")[2]


def elements(
    stream: Bytes, path: str, wanted: Container[str], newest: tuple[str, str] = ("", "")
) -> Iterator[tuple[int, Element]]:
    """Yield line and element for each outermost element whose name is *wanted*, with its content.

    Of the elements in it that are called as *newest* says first, only the one is kept whose child,
    called as it says next, is the greatest: a page's history may be larger than memory. Names come
    without namespaces. Raises UsageError where the file breaks off, is no XML, has a DTD, or nests
    beyond all reason.
    """
    sieve = _Sieve(path, wanted, newest)
    for text in _texts(stream):
        yield from sieve.feed(text, final=False)
    yield from sieve.feed("", final=True)


class _Sieve:
    def __init__(self, path: str, wanted: Container[str], newest: tuple[str, str]) -> None:
        self._path = path
        self._newest, self._when = newest
        self._root: Element | None = None
        self._wanted = wanted
        self._found: list[tuple[int, Element]] = []
        self._builder: TreeBuilder | None = None
        self._begun = self._depth = self._inside = self._size = 0
        parser = expat.ParserCreate(namespace_separator="}")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._data
        parser.StartDoctypeDeclHandler = self._refuse
        parser.EntityDeclHandler = self._refuse
        self._parser = parser

    def feed(self, text: str, *, final: bool) -> Iterator[tuple[int, Element]]:
        try:
            self._parser.Parse(text, final)
        except expat.ExpatError as error:
            message = f"{self._path}:{error.lineno}: it breaks off or is no XML here: {error}"
            raise UsageError(message, remedy="Export or copy it again.") from error
        found, self._found = self._found, []
        yield from found

    def _refuse(self, *_: object) -> None:
        message = f"{self._path} declares a document type or entities; no wiki's export does"
        raise UsageError(message, remedy="Remove the declaration, if you trust the file.")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        local = local_name(name)
        self._depth += 1
        if self._depth > _DEEPEST:
            message = f"{self._path}:{self._parser.CurrentLineNumber}: nested too deeply"
            raise UsageError(message, remedy="No wiki's export is; look at the file.")
        if self._builder is None and local in self._wanted:
            self._builder, self._inside, self._size = TreeBuilder(), 0, 0
            self._begun = self._parser.CurrentLineNumber
        if self._builder is not None:
            self._inside += 1
            given = {local_name(key): it for key, it in attributes.items()}
            element = self._builder.start(local, given)
            self._root = element if self._inside == 1 else self._root

    def _end(self, name: str) -> None:
        self._depth -= 1
        if self._builder is None:
            return
        local = local_name(name)
        ended = self._builder.end(local)
        self._inside -= 1
        if local == self._newest and self._inside == 1 and self._root is not None:
            self._keep_newest(self._root, ended)
        if not self._inside:
            self._found.append((self._begun, self._builder.close()))
            self._builder = None

    def _keep_newest(self, root: Element, ended: Element) -> None:
        """Drop the older of two, and what was counted of it."""
        self._size = 0
        before = root.find(self._newest)
        if before is None or before is ended:
            return
        is_older = (ended.findtext(self._when) or "") < (before.findtext(self._when) or "")
        root.remove(ended if is_older else before)

    def _data(self, text: str) -> None:
        if self._builder is None:
            return
        self._size += len(text)
        if self._size > _LARGEST:
            message = f"{self._path}:{self._begun}: one element of more than 256 MB"
            raise UsageError(message, remedy="No page is so long; look at the file.")
        self._builder.data(text)


def _texts(stream: Bytes) -> Iterator[str]:
    """Yield the stream's text without what XML forbids; bytes that are no text are U+FFFD."""
    head = stream.read(_CHUNK)
    decoder = codecs.getincrementaldecoder(_encoding(head))("replace")
    rest = ""
    while head:
        text = rest + decoder.decode(head)
        head = stream.read(_CHUNK)
        # A reference may be cut by the end of a chunk.
        cut = text.rfind("&", max(0, len(text) - 12)) if head else -1
        rest = text[cut:] if cut >= 0 else ""
        yield _clean(text[:cut] if cut >= 0 else text)
    yield _clean(decoder.decode(b"", final=True))


def _encoding(head: bytes) -> str:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    declared = _DECLARED.search(head[:200])
    try:
        name = codecs.lookup(declared[1].decode() if declared else "utf-8").name
    except LookupError:
        name = "utf-8"
    return "utf-8-sig" if name == "utf-8" else name


def _clean(text: str) -> str:
    text = _BAD.sub("\ufffd", text)
    return _REFERENCE.sub(_allowed, text) if "&#" in text else text


def _allowed(match: re.Match[str]) -> str:
    number = int(match[1], 16) if match[1] else int(match[2])
    fine = number in (9, 10, 13) or (0x20 <= number < 0xD800) or (0xE000 <= number < 0xFFFE)
    return match[0] if fine or 0x10000 <= number < 0x110000 else "\ufffd"
