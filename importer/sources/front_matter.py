"""Front matter of a page, read line by line: what it says of title, tags and old addresses."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from importer.sources.cleaning import tag_names
from importer.sources.lines import Numbered
from importer.sources.losses import Losses, LossKind

__all__ = ["FrontMatter", "split_front_matter"]

_LONGEST = 2_000
_PAIR = re.compile(r"([A-Za-z][\w-]*)\s*:\s*(.*?)\s*")
_ROW = re.compile(r"\s*-\s+(.*?)\s*")
_TITLE = ("question", "title")
_TAGS = ("tags", "tag", "categories", "category", "keywords")
_ADDRESSES = ("permalink", "url", "aliases", "redirect_from", "slug")


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """`line` is where the question stands; empty without front matter."""

    question: str = ""
    line: int = 1
    tags: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()


def split_front_matter(
    part: Sequence[Numbered], losses: Losses
) -> tuple[FrontMatter, list[Numbered]]:
    """Return what the front matter says, and the lines after it. What it says else is listed."""
    if not part or part[0].text.rstrip() != "---":
        return FrontMatter(), list(part)
    end = next((at for at in range(1, len(part)) if part[at].text.rstrip() in ("---", "...")), 0)
    if not end:
        return FrontMatter(), list(part)
    values, places = _values(part[1:end], losses)
    asked = next((name for name in _TITLE if values.get(name)), "")
    for name, rows in values.items():
        if name not in (asked, *_TAGS, *_ADDRESSES):
            what = f"{name}: {', '.join(rows)}"
            losses.add(LossKind.METADATA, places[name], what, "nothing of the team's site; dropped")
    front = FrontMatter(
        question=" ".join(values.get(asked, ())),
        line=places.get(asked, 1),
        tags=tuple(tag for name in _TAGS for row in values.get(name, ()) for tag in tag_names(row)),
        addresses=tuple(
            url for name in _ADDRESSES for row in values.get(name, ()) for url in tag_names(row)
        ),
    )
    return front, list(part[end + 1 :])


def _values(
    part: Sequence[Numbered], losses: Losses
) -> tuple[dict[str, list[str]], dict[str, int]]:
    values: dict[str, list[str]] = {}
    places: dict[str, int] = {}
    name = ""
    for number, text in part:
        if len(text) > _LONGEST:
            losses.add(LossKind.METADATA, number, text, "a line too long to be read; dropped")
        elif pair := _PAIR.fullmatch(text):
            name = pair[1].lower()
            places[name] = number
            values[name] = [_unquoted(pair[2])] if pair[2] else []
        elif name and (row := _ROW.fullmatch(text)):
            values[name].append(_unquoted(row[1]))
        elif text.strip() and not text.lstrip().startswith("#"):
            why = "front matter of a form this reader doesn't know; dropped"
            losses.add(LossKind.METADATA, number, text, why)
    return values, places


def _unquoted(text: str) -> str:
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1]
    return text
