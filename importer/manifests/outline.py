"""Where the values of a YAML text begin and end, and what of them is shared by an anchor.

It is made of the parser's events, as the data is; a value is found by the place where it starts.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.events import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

__all__ = ["Outline", "Stretch", "outline"]


@dataclass(frozen=True, slots=True)
class Stretch:
    """A value's place: text[start:end]. A block's trailing blank lines count to it.

    `style` is a scalar's (`|`, `>`, `"`, `'`, empty for plain), `*` an alias's. `flow` tells that
    the collection is in brackets, or that the scalar stands within some. `shared` is the anchor by
    which others use it, or what it stands in; empty where nobody does.
    """

    start: int
    end: int
    style: str
    flow: bool
    shared: str


@dataclass(frozen=True, slots=True)
class Outline:
    """The stretches of a text: scalars (and aliases) and collections, each by its start."""

    scalars: Mapping[int, Stretch]
    collections: Mapping[int, Stretch]

    def value(self, at: int) -> Stretch:
        """Return the stretch of the value that starts at *at*; KeyError when there is none."""
        return self.scalars[at] if at in self.scalars else self.collections[at]


@dataclass(slots=True)
class _Open:
    start: int
    flow: bool
    anchor: str | None
    last: int


def outline(text: str) -> Outline:
    """Return the outline of *text*, which is one valid YAML document."""
    events = list(YAML(typ="safe", pure=False).parse(text))
    aliased = {event.anchor for event in events if isinstance(event, AliasEvent)}
    return _outline(events, aliased)


def _outline(events: Iterable[Any], aliased: set[str]) -> Outline:
    scalars: dict[int, Stretch] = {}
    collections: dict[int, Stretch] = {}
    open_: list[_Open] = []

    def shared(own: str | None) -> str:
        anchors = (own, *(it.anchor for it in reversed(open_)))
        return next((it for it in anchors if it in aliased), "") or ""

    for event in events:
        if isinstance(event, ScalarEvent | AliasEvent):
            start, end = event.start_mark.index, event.end_mark.index
            is_alias = isinstance(event, AliasEvent)
            style = "*" if is_alias else (event.style or "")
            flow = bool(open_) and open_[-1].flow
            anchor = None if is_alias else event.anchor
            scalars[start] = Stretch(start, end, style, flow, shared(anchor))
            if open_:
                open_[-1].last = end
        elif isinstance(event, MappingStartEvent | SequenceStartEvent):
            start = event.start_mark.index
            open_.append(_Open(start, bool(event.flow_style), event.anchor, start))
        elif isinstance(event, MappingEndEvent | SequenceEndEvent):
            done = open_[-1]
            end = event.end_mark.index if done.flow else done.last
            collections[done.start] = Stretch(done.start, end, "", done.flow, shared(None))
            open_.pop()
            if open_:
                open_[-1].last = end
    return Outline(scalars, collections)
