"""Texts with holes: Markdown whose links into the team are compared by what they lead to.

A hole stands for one destination. Its target is a string that this room never reads: `key:...` for
an item of the manifest, or the server's name of a post. Filling and digging happen once, at the
port.
"""

from collections.abc import Callable
from dataclasses import dataclass

from importer.text.scanning import Destination, Form, destinations

__all__ = [
    "HOLE",
    "Text",
    "dig",
    "dig_by_form",
    "dig_deeper",
    "fill",
    "plain",
    "retarget",
    "without_links",
]

# NUL can stand in no post: the manifest refuses it and `dig` drops it from what was read.
HOLE = "\0"


@dataclass(frozen=True, slots=True)
class Text:
    """Markdown whose n-th hole leads to `targets[n]`."""

    holed: str
    targets: tuple[str, ...] = ()


def plain(markdown: str) -> Text:
    """Return *markdown* as a text without holes."""
    return Text(markdown.replace(HOLE, ""), ())


def dig(markdown: str, target_of: Callable[[str], str | None]) -> Text:
    """Return *markdown* with a hole for each destination that `target_of` knows a target for."""
    return dig_by_form(markdown, lambda found, _: target_of(found))


def dig_by_form(markdown: str, target_of: Callable[[str, Form], str | None]) -> Text:
    """Return what `dig` does, where a target depends on how its destination is written."""
    return _dig(markdown.replace(HOLE, ""), target_of)


def _dig(clean: str, target_of: Callable[[str, Form], str | None]) -> Text:
    parts: list[str] = []
    targets: list[str] = []
    position = 0
    for found in destinations(clean):
        target = target_of(clean[found.start : found.end], found.form)
        if target is not None:
            parts += [clean[position : found.start], HOLE]
            position = found.end
            targets.append(target)
    return Text("".join([*parts, clean[position:]]), tuple(targets))


def dig_deeper(text: Text, target_of: Callable[[str], str | None]) -> Text:
    """Return *text* with more holes: for destinations that `target_of` knows, as in `dig`."""
    if "](" not in text.holed and "]:" not in text.holed:
        return text
    known = iter(text.targets)
    return _dig(text.holed, lambda found, _: next(known) if found == HOLE else target_of(found))


def fill(text: Text, destination_of: Callable[[str], str]) -> str:
    """Return the Markdown of *text* with each hole filled by its target's destination."""
    pieces = text.holed.split(HOLE)
    filled = [pieces[0]]
    for target, piece in zip(text.targets, pieces[1:], strict=True):
        filled += [destination_of(target), piece]
    return "".join(filled)


def retarget(text: Text, name_of: Callable[[str], str]) -> Text:
    """Return *text* with each target renamed."""
    return Text(text.holed, tuple(name_of(target) for target in text.targets))


def without_links(text: Text, targets: frozenset[str]) -> Text:
    """Return *text* with the links to *targets* reduced to their own text.

    A reference definition can't be reduced: its destination becomes `#`. Nested links (an image in
    a link) keep their inner part.
    """
    holes = [it for it in destinations(text.holed) if text.holed[it.start : it.end] == HOLE]
    waiting = [it for it, to in zip(holes, text.targets, strict=True) if to in targets]
    parts: list[str] = []
    position = 0
    for start, end, instead in sorted(cut for it in waiting for cut in _cuts(it)):
        parts += [text.holed[position:start], instead]
        position = end
    kept = tuple(target for target in text.targets if target not in targets)
    return Text("".join([*parts, text.holed[position:]]), kept)


def _cuts(link: Destination) -> list[tuple[int, int, str]]:
    """Return what goes when *link* goes: (start, end, what stands there instead)."""
    if link.form is Form.DEFINITION:
        return [(link.start, link.end, "#")]
    return [(link.link_start, link.text_start, ""), (link.text_end, link.link_end, "")]
