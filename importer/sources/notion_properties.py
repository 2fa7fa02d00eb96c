"""What a row of a Notion database says of itself: tags, who and when, and a list of the rest."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType

from importer.sources.page import Credit
from importer.sources.titles import escaped

__all__ = ["Properties", "properties_above", "rows_of", "table_of"]

_TAGS = ("tags", "tag", "labels", "label", "categories", "category", "topics", "topic")
_AUTHORS = ("last edited by", "author", "created by", "owner")
_TIMES = ("last edited time", "last edited", "updated", "last updated", "created time", "created")
_FORMS = ("%B %d, %Y %I:%M %p", "%B %d, %Y %H:%M", "%B %d, %Y", "%Y/%m/%d %H:%M", "%Y/%m/%d")
_PAIR = re.compile(r"([^:\n]{1,200}): ?(.*)")
_LONGEST_CELL = 2**24
# A table of more rows has headings, for a text that is too long is parted there.
_ROWS = 200
_LINKED = re.compile(r"\s*\((?:https?://[^()\s]*|[^()]*%20[^()]*|[^()]*\.(?:md|csv|html))\)")


@dataclass(frozen=True, slots=True)
class Properties:
    """The values by their names, in the source's order."""

    values: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def tags(self) -> tuple[str, ...]:
        """Return what the properties that are called so say, in parts."""
        found = (it for name, it in self.values.items() if name.strip().lower() in _TAGS)
        return tuple(tag.strip() for it in found for tag in it.split(",") if tag.strip())

    @property
    def credit(self) -> Credit:
        """Return who wrote the page and when, as far as the properties say."""
        low = {name.strip().lower(): it for name, it in self.values.items()}
        author = next((low[name] for name in _AUTHORS if low.get(name)), "")
        times = (_time(low[name]) for name in _TIMES if low.get(name))
        return Credit(author, when=next((it for it in times if it), None))

    def shown(self) -> Iterator[tuple[str, str]]:
        """Yield name and value of all that says something and is no tag."""
        for name, value in self.values.items():
            bare = " ".join(value.split())
            if bare and name.strip().lower() not in _TAGS:
                yield name.strip(), bare

    def listed(self) -> str:
        """Return all that is no tag as a list, in Markdown."""
        return "\n".join(f"- **{escaped(name)}**: {_shown(it)}" for name, it in self.shown())


def _shown(value: str) -> str:
    return f"<{value}>" if re.fullmatch(r"https?://[^\s<>]+", value) else escaped(value)


def _time(text: str) -> datetime | None:
    bare = text.strip().lstrip("@")
    for form in _FORMS:
        try:
            return datetime.strptime(bare, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    try:
        found = datetime.fromisoformat(bare)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def properties_above(text: str, columns: Iterable[str]) -> tuple[Properties, str]:
    """Return the `Name: value` lines that a row's page begins with, and the rest.

    Only *columns* of its database are names: a page may begin with a line that only looks so.
    """
    known = {name.strip() for name in columns}
    values: dict[str, str] = {}
    lines = text.lstrip("\n").split("\n")
    at, last = 0, ""
    for at, line in enumerate(lines):  # noqa: B007 - where they end
        pair = _PAIR.fullmatch(line)
        if pair and pair[1].strip() in known:
            last = pair[1].strip()
            values[last] = pair[2].strip()
        elif line.strip() and last:
            values[last] = f"{values[last]} {line.strip()}"
        else:
            break
    else:
        at = len(lines)
    return Properties(MappingProxyType(values)), "\n".join(lines[at:]) if values else text


def rows_of(text: str) -> list[list[str]]:
    """Return a table's rows, the names of its columns first. Raises ValueError for a bad one."""
    before = csv.field_size_limit(_LONGEST_CELL)
    try:
        return [row for row in csv.reader(io.StringIO(text)) if any(it.strip() for it in row)]
    except csv.Error as error:
        message = str(error)
        raise ValueError(message) from error
    finally:
        csv.field_size_limit(before)


def table_of(rows: Sequence[Sequence[str]], targets: Sequence[str]) -> str:
    """Return a database as a table; each row's first cell leads to the page in *targets*, if any.

    A long one is parted by headings.
    """
    head, *body = rows
    top = [_line(map(_cell, head)), _line(["---"] * len(head))]
    parts = [list(range(at, min(at + _ROWS, len(body)))) for at in range(0, len(body), _ROWS)]
    written = []
    for part in parts:
        lines = [_line(_cells(body[at], targets[at], len(head))) for at in part]
        named = [f"## Rows {part[0] + 1} to {part[-1] + 1}", ""] if len(parts) > 1 else []
        written.append("\n".join([*named, *top, *lines]))
    return "\n\n".join(written or ["\n".join(top)])


def _cells(row: Sequence[str], target: str, width: int) -> Iterator[str]:
    for at in range(width):
        text = _cell(row[at] if at < len(row) else "")
        yield f"[{text or target}](wiki:{target})" if target and at == 0 else text


def _cell(text: str) -> str:
    # A relation says the other page's name and, in brackets, its file.
    plain = _LINKED.sub("", text) if "%20" in text or ".md)" in text else text
    lines = (escaped(" ".join(line.split())) for line in plain.strip().split("\n"))
    return "<br>".join(lines)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
