"""The items of JSON exports, one at a time, with their lines: of lists, objects and JSON lines.

Of JSON lines only a line is held at a time, and a bad one stops nothing. Of a document its text is
held, and a fault in its grammar ends it: nobody knows what was meant behind it.
"""

import json
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from importer.errors import UsageError
from importer.sources.tree import Tree, Unreadable, decoded, head_of, required, whole

__all__ = ["Item", "first_items", "items", "text_of"]

_LARGEST = 2**30
_LONGEST_LINE = 64 * 2**20
_LINES = (".jsonl", ".ndjson", ".jsonlines")
_BLANKS = " \t\r\n\ufeff"
_GUESSED = 64 * 2**20
_ENOUGH = 20
_DEEP = "nested beyond all reason"

Raw = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Item:
    """One value, and the list it stood in: "" for one of a file's own.

    With a `fault` there is no value. `rest` tells what an object holds beside its lists.
    """

    line: int
    raw: Any
    list: str = ""
    fault: str = ""
    rest: bool = False


def items(tree: Tree, name: str, lists: Container[str] = ()) -> Iterator[Item]:
    """Yield the items of a file; an object's members in *lists* are such lists.

    Raises UsageError, with the line, for a document that is damaged or no JSON.
    """
    if _is_lines(tree, name):
        yield from _lines(tree, name, lists)
        return
    try:
        text, _ = decoded(whole(tree, name, _LARGEST), None)
    except Unreadable as error:
        message = f"{name} can't be read: {error}"
        raise UsageError(message, remedy="Export or copy it again.") from error
    yield from _Document(text, name, lists).items()


def first_items(tree: Tree, name: str, lists: Container[str] = ()) -> list[Item]:
    """Return the first items of a file that is not too large to be looked at; none if it is bad."""
    if tree.names[name] > _GUESSED and not _is_lines(tree, name):
        return []
    found: list[Item] = []
    try:
        for item in items(tree, name, lists):
            found.append(item)
            if len(found) >= _ENOUGH:
                break
    except UsageError:
        pass
    return found


def text_of(raw: Raw, *names: str) -> str:
    """Return the first of the members that says something, as text; numbers are text too."""
    for name in names:
        value = raw.get(name)
        if isinstance(value, str) and value:
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
    return ""


def _is_lines(tree: Tree, name: str) -> bool:
    if name.lower().endswith(_LINES):
        return True
    first, end, rest = head_of(tree, name, 2**20).partition(b"\n")
    if not end or not rest.strip():
        return False
    try:
        return isinstance(json.loads(first), dict)
    except (ValueError, RecursionError):
        return False


def _lines(tree: Tree, name: str, lists: Container[str]) -> Iterator[Item]:
    with required(tree, name) as stream:
        number = 0
        while line := stream.readline(_LONGEST_LINE):
            number += 1
            if not line.endswith(b"\n") and len(line) >= _LONGEST_LINE:
                yield Item(number, None, fault="a line of more than 64 MB")
                while line and not line.endswith(b"\n"):
                    line = stream.readline(_LONGEST_LINE)
                continue
            if line.strip():
                yield from _line(line, number, lists)


def _line(line: bytes, number: int, lists: Container[str]) -> Iterator[Item]:
    try:
        found = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError:
        yield Item(number, None, fault="it is not UTF-8")
    except RecursionError:
        yield Item(number, None, fault=_DEEP)
    except ValueError as error:
        yield Item(number, None, fault=f"no JSON: {error}")
    else:
        inner = [key for key in found if key in lists] if isinstance(found, dict) else []
        for key in inner:
            for each in found[key] if isinstance(found[key], list) else ():
                yield Item(number, each, key)
        if not inner:
            yield Item(number, found)


class _Document:
    """One JSON text, read value by value."""

    def __init__(self, text: str, name: str, lists: Container[str]) -> None:
        self._text = text
        self._name = name
        self._lists = lists
        self._decoder = json.JSONDecoder()
        self._at = 0
        self._line, self._counted = 1, 0

    def items(self) -> Iterator[Item]:
        self._skip()
        while self._at < len(self._text):
            line = self._here()
            match self._text[self._at]:
                case "[":
                    yield from self._list("")
                case "{":
                    yield from self._object()
                case _:
                    yield Item(line, self._value())
            self._skip()

    def _object(self) -> Iterator[Item]:
        line, rest, has_lists = self._here(), {}, False
        self._at += 1
        self._skip()
        while self._peek() != "}":
            key = self._value()
            if not isinstance(key, str):
                self._fail("a member's name is missing")
            self._expect(":")
            if key in self._lists and self._peek() == "[":
                has_lists = True
                yield from self._list(key)
            else:
                rest[key] = self._value()
            self._skip()
            if self._peek() == ",":
                self._expect(",")
            elif self._peek() != "}":
                self._fail("a `,` or `}` is missing")
        self._at += 1
        yield Item(line, rest, rest=has_lists)

    def _list(self, key: str) -> Iterator[Item]:
        self._at += 1
        self._skip()
        while self._peek() != "]":
            line = self._here()
            yield Item(line, self._value(), key)
            self._skip()
            if self._peek() == ",":
                self._expect(",")
            elif self._peek() != "]":
                self._fail("a `,` or `]` is missing")
        self._at += 1

    def _value(self) -> Any:
        try:
            found, self._at = self._decoder.raw_decode(self._text, self._at)
        except json.JSONDecodeError as error:
            self._at = error.pos
            self._fail(error.msg)
        except (RecursionError, ValueError) as error:
            # A ValueError: a number of thousands of digits.
            self._fail(_DEEP if isinstance(error, RecursionError) else str(error))
        return found

    def _expect(self, sign: str) -> None:
        self._skip()
        if self._peek() != sign:
            self._fail(f"a `{sign}` is missing")
        self._at += 1
        self._skip()

    def _peek(self) -> str:
        if self._at >= len(self._text):
            self._fail("it breaks off")
        return self._text[self._at]

    def _skip(self) -> None:
        while self._at < len(self._text) and self._text[self._at] in _BLANKS:
            self._at += 1

    def _here(self) -> int:
        self._line += self._text.count("\n", self._counted, self._at)
        self._counted = max(self._counted, self._at)
        return self._line

    def _fail(self, what: str) -> NoReturn:
        self._at = min(self._at, len(self._text))
        message = f"{self._name}:{self._here()}: damaged or no JSON: {what}"
        raise UsageError(message, remedy="Export or copy it again.")
