"""YAML to plain data with a place for every value, from the parser's events.

Every scalar stays its literal text (the schema says what is a number), so `no`, `1.10` and `007`
are what the author wrote. What YAML offers beyond data (tags, merge keys, directives, several
documents) is refused; depth and expanded aliases are counted per event, before anything is walked.
"""

import re
from collections.abc import Iterable
from typing import Any, TypeAlias, cast

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from importer.manifests.guards import hidden_in
from importer.manifests.rules import Findings
from importer.manifests.source import Source

__all__ = ["ListNode", "MapNode", "Node", "parse"]

_MAX_DEPTH = 50
# In characters, each value counting 40 for itself; aliases count what they stand for.
_MAX_EXPANDED = 192 * 2**20
_NODE = 40

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_BLANKS = frozenset(" \t")
_COMMENT = re.compile(r"[ \t]+#")
_DIRECTIVE = re.compile(r"%[^\n]*")
_INDENTATION = "Mend the indentation, or quote the value before."
_BRACKETS = "Within brackets, quote a value that has `?` or `:` in it; else close the bracket."
_HINTS = (
    (
        "mapping values are not allowed",
        "Quote the value if it contains `: `; else mend the indentation.",
    ),
    ("cannot start any token", "Quote the value: it starts with a character that YAML reserves."),
    ("could not find expected ':'", "Write `key: value`, with a blank after the colon."),
    ("unknown escape character", "Use single quotes, or write \\\\ for a backslash."),
    ("expected <block end>", _INDENTATION),
    ("find expected key", _INDENTATION),
    ("expected '-' indicator", _INDENTATION),
    # The C parser takes them for signs of a key wherever they stand within brackets.
    ("expected ',' or", _BRACKETS),
    ("unexpected ':'", _BRACKETS),
    ("unexpected end of stream", "Close the quotes."),
)


class MapNode(dict[str, Any]):
    """A mapping; `at` is its place, `keys_at` and `values_at` those of its keys and values."""

    __slots__ = ("at", "keys_at", "values_at")

    def __init__(self, at: int) -> None:
        super().__init__()
        self.at = at
        self.keys_at: dict[str, int] = {}
        self.values_at: dict[str, int] = {}

    def put(self, key: str, value: "Node", key_at: int, value_at: int) -> None:
        """Set *key* with its places."""
        self[key] = value
        self.keys_at[key] = key_at
        self.values_at[key] = value_at


class ListNode(list[Any]):
    """A list; `at` is its place, `values_at` those of its values."""

    __slots__ = ("at", "values_at")

    def __init__(self, at: int) -> None:
        super().__init__()
        self.at = at
        self.values_at: list[int] = []

    def put(self, value: "Node", at: int) -> None:
        """Append *value* with its place."""
        self.append(value)
        self.values_at.append(at)


Node: TypeAlias = MapNode | ListNode | str | None


def parse(
    source: Source, findings: Findings, *, end: int | None = None, pure: bool = False
) -> Node:
    """Return the data of source.text[:end]; None when it says nothing or can't be read further.

    Every fault is recorded. *pure* takes the slow parser, as does a machine without the C one.
    """
    text = source.text if end is None else source.text[:end]
    _check_directives(source, text, findings)
    builder = _Builder(source, text, findings)
    try:
        builder.build(YAML(typ="safe", pure=pure).parse(text))
    except YAMLError as error:
        _report(error, source, text, findings)
        return None
    except _Refused:
        return None
    builder.check_tabs()
    return builder.root


class _Refused(Exception):
    """The fault recorded last leaves nothing to go on with."""


_NOTHING: Any = object()


class _Frame:
    """A collection being filled. `key` waits for its value; `names` anchor the collection."""

    __slots__ = ("anchor", "key", "key_at", "node", "weight")

    def __init__(self, node: MapNode | ListNode, anchor: str | None, weight: int) -> None:
        self.node = node
        self.anchor = anchor
        self.weight = weight
        self.key: Any = _NOTHING
        self.key_at = 0


class _Builder:
    def __init__(self, source: Source, text: str, findings: Findings) -> None:
        self.root: Node = None
        self._source = source
        self._text = text
        self._findings = findings
        self._frames: list[_Frame] = []
        self._anchors: dict[str, tuple[Node, int]] = {}
        self._weight = 0
        self._documents = 0
        self._has_tabs = "\t" in text
        self._blocks: list[tuple[int, int]] = []

    def build(self, events: Iterable[Event]) -> None:
        for event in events:
            kind = type(event)
            if kind is ScalarEvent:
                self._scalar(cast(ScalarEvent, event))
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                self._start(event, is_map=kind is MappingStartEvent)
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                self._end()
            elif kind is AliasEvent:
                self._alias(cast(AliasEvent, event))
            elif kind is DocumentStartEvent:
                self._document(event)

    def _document(self, event: Event) -> None:
        self._documents += 1
        if self._documents > 1:
            self._add("yaml-documents", event.start_mark.index)
            raise _Refused

    def _scalar(self, event: ScalarEvent) -> None:
        at: int = event.start_mark.index
        text: str = event.value
        self._weigh(len(text), at)
        value: str | None = text
        style = event.style
        if not style:
            if text in _NULLS:
                value = None
            elif self._text[(end := event.end_mark.index) : end + 1] in _BLANKS:
                self._plain_end(at, end)
        elif style == '"':
            for _, character in hidden_in(text):
                self._add("control-character", at, character=f"{character} (as an escape)")
        elif self._has_tabs and style in "|>":
            self._blocks.append((at, event.end_mark.index))
        if event.tag is not None:
            self._add("yaml-tag", at, tag=event.tag)
        if event.anchor is not None:
            self._anchors[event.anchor] = (value, len(text) + _NODE)
        self._put(value, text, at)

    def _plain_end(self, at: int, end: int) -> None:
        if _COMMENT.match(self._text, end):
            self._source.cut.add(at)

    def _start(self, event: Any, *, is_map: bool) -> None:
        at: int = event.start_mark.index
        if len(self._frames) >= _MAX_DEPTH:
            self._add("yaml-depth", at, limit=_MAX_DEPTH)
            raise _Refused
        if event.tag is not None:
            self._add("yaml-tag", at, tag=event.tag)
        node = MapNode(at) if is_map else ListNode(at)
        self._frames.append(_Frame(node, event.anchor, self._weight))
        self._weigh(0, at)
        if event.anchor is not None:
            self._anchors[event.anchor] = (_NOTHING, 0)

    def _end(self) -> None:
        frame = self._frames.pop()
        if frame.anchor is not None:
            self._anchors[frame.anchor] = (frame.node, self._weight - frame.weight)
        self._put(frame.node, None, frame.node.at)

    def _alias(self, event: AliasEvent) -> None:
        at: int = event.start_mark.index
        node, weight = self._anchors.get(event.anchor, (None, -1))
        if weight < 0 or node is _NOTHING:
            self._add("yaml-alias" if weight < 0 else "yaml-cycle", at, name=event.anchor)
            raise _Refused
        self._weigh(weight, at)
        self._put(node, None, at)

    def _weigh(self, weight: int, at: int) -> None:
        self._weight += weight + _NODE
        if self._weight > _MAX_EXPANDED:
            self._add("yaml-expanded", at)
            raise _Refused

    def _put(self, value: Node, key: str | None, at: int) -> None:
        """Hand a finished value to the collection around it; *key* is its text if it can be one."""
        if not self._frames:
            self.root = value
            return
        frame = self._frames[-1]
        node = frame.node
        if type(node) is ListNode:
            if value is None:
                self._add("empty-value", at)
            node.put(value, at)
        elif frame.key is _NOTHING:
            frame.key, frame.key_at = self._check_key(cast(MapNode, node), key, at), at
        else:
            if frame.key is not None:
                if value is None:
                    self._add("empty-value", frame.key_at)
                cast(MapNode, node).put(frame.key, value, frame.key_at, at)
            frame.key = _NOTHING

    def _check_key(self, node: MapNode, key: str | None, at: int) -> str | None:
        """Return the key, or None when its value is to be skipped."""
        if key is None:
            self._add("key-not-text", at)
        elif key == "<<":
            self._add("yaml-merge", at)
        elif key in node:
            first = self._source.span(node.keys_at[key])
            self._add("duplicate-key", at, key=key, first=first)
        else:
            return key
        return None

    def check_tabs(self) -> None:
        if not self._has_tabs:
            return
        inside = iter(self._blocks)
        begin, end = next(inside, (len(self._text), 0))
        for match in re.finditer("\t", self._text):
            while end and match.start() >= end:
                begin, end = next(inside, (len(self._text), 0))
            if match.start() < begin:
                self._add("tab", match.start())

    def _add(self, rule: str, at: int, **facts: object) -> None:
        self._findings.add(rule, self._source.span(at), facts)


def _check_directives(source: Source, text: str, findings: Findings) -> None:
    at = 0
    while at < len(text) and text[at] in "#%\n":
        directive = _DIRECTIVE.match(text, at)
        if directive and directive[0].split() != ["%YAML", "1.2"]:
            findings.add("yaml-directive", source.span(at), directive=directive[0])
        at = text.find("\n", at) + 1 or len(text)


def _report(error: YAMLError, source: Source, text: str, findings: Findings) -> None:
    mark = error.problem_mark if isinstance(error, MarkedYAMLError) else None
    at = min(mark.index, len(text)) if mark else 0
    begin = text.rfind("\n", 0, at) + 1
    if "\t" in text[begin : at + 1]:
        findings.add("tab", source.span(text.index("\t", begin)))
        return
    why = str(getattr(error, "problem", None) or error).strip()
    remedy = next((hint for sign, hint in _HINTS if sign in why), "Mend the syntax at this place.")
    findings.add("yaml-syntax", source.span(at), why=why, remedy=remedy)
