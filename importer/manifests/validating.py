"""Data to documents: pydantic's errors become findings with a place; good entries are kept.

Entries that fail are left out and remembered by key, so that one mistake isn't reported again as a
link that leads nowhere.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import Enum
from typing import Any

from pydantic import BaseModel, ValidationError

from importer.manifests import document, posts
from importer.manifests.nodes import ListNode, MapNode, Node
from importer.manifests.rules import RULES, Findings
from importer.manifests.source import Source

__all__ = ["Checked", "suggestion", "validate"]

SECTIONS = ("tags", "questions", "articles", "collections", "removed")

# Where keys come from: what is wrong there leaves open which there are.
_KEYED = ("questions", "articles", "collections", "include")

_RULE_OF_TYPE: Mapping[str, str] = {
    "missing": "missing-key",
    "extra_forbidden": "unknown-key",
    "string_type": "not-text",
    "tuple_type": "not-a-list",
    "model_type": "not-a-mapping",
    "dict_type": "not-a-mapping",
    "enum": "not-one-of",
    "literal_error": "not-one-of",
}
_LIMITS: Mapping[str, type[BaseModel]] = {
    "question": document.QuestionLimits,
    "answer": document.AnswerLimits,
    "article": document.ArticleLimits,
    "tag": document.TagLimits,
}
_MODELS: Mapping[tuple[str, ...], type[BaseModel]] = {
    ("defaults",): document.DefaultsEntry,
    ("policy",): document.PolicyEntry,
    ("limits",): document.LimitsEntry,
    ("markers",): document.MarkersEntry,
    **{("limits", kind): model for kind, model in _LIMITS.items()},
    **{
        ("limits", kind, field): document.Bound
        for kind, model in _LIMITS.items()
        for field in model.model_fields
    },
    ("tags",): posts.TagEntry,
    ("tags", "experts"): posts.ExpertsEntry,
    ("questions",): posts.QuestionEntry,
    ("questions", "answers"): posts.AnswerEntry,
    ("articles",): posts.ArticleEntry,
    ("articles", "permissions"): posts.PermissionsEntry,
    ("collections",): posts.CollectionEntry,
    ("removed",): document.RemovedEntry,
}
_SECRETS = ("token", "pat", "secret", "password", "api_key", "apikey")
_CONNECTION = (
    *("url", "base_url", "base-url", "host", "api", "proxy", "http_proxy", "https_proxy"),
    *("ca_bundle", "ca-bundle", "verify", "tls", "headers", "journal", "settle"),
)
_TOP_ONLY = frozenset(document.ManifestDocument.model_fields) - set(SECTIONS)


@dataclass(slots=True)
class Checked:
    """A file's document with the data it was made of (places!), less the entries that failed.

    `broken` are keys of failed entries, `broken_files` the body files they name, `left_out` the
    top-level keys that failed as a whole; `whole` is false when even those are unknown.
    """

    source: Source
    document: document.IncludeDocument
    data: MapNode
    broken: set[str] = field(default_factory=set)
    broken_files: set[str] = field(default_factory=set)
    left_out: set[str] = field(default_factory=set)
    whole: bool = True


def validate(
    model: type[document.IncludeDocument], source: Source, data: Node, findings: Findings
) -> Checked:
    """Return the file's document; every error is recorded and what is in error left out."""
    if not isinstance(data, MapNode):
        findings.add("not-a-mapping", source.span(data.at if isinstance(data, ListNode) else 0))
        return Checked(source, _salvage(model, MapNode(0)), MapNode(0), whole=False)
    try:
        return Checked(source, model.model_validate(data), data)
    except ValidationError as error:
        errors = error.errors(include_url=False)
    for each in errors:
        _Report(source, data, findings, model).add(each)
    bad = {_entry_of(each["loc"], data) for each in errors}
    kept = _without(data, bad)
    keys = [_keys_in(place, data) for place in bad if place[0] in _KEYED]
    broken = {key for some in keys if some is not None for key in some}
    files = {path for place in bad for path in _body_files_in(place, data)}
    left_out = {str(place[0]) for place in bad if len(place) == 1}
    whole = None not in keys
    return Checked(source, _salvage(model, kept), kept, broken, files, left_out, whole=whole)


def _salvage(model: type[document.IncludeDocument], kept: MapNode) -> document.IncludeDocument:
    """Validate what is left, with a placeholder for what a manifest can't be without."""
    needed = {"version": "1", "namespace": "unknown"}
    missing = {key: needed[key] for key in needed if key in model.model_fields and key not in kept}
    return model.model_validate({**kept, **missing})


def _entry_of(loc: Sequence[int | str], data: MapNode) -> tuple[str | int, ...]:
    """Return what of a document an error spoils: one entry of a section, or a whole key."""
    rows = data.get(str(loc[0]))
    if loc[0] in SECTIONS and len(loc) > 1 and isinstance(rows, ListNode):
        return (loc[0], int(loc[1]))
    return (loc[0],)


def _without(data: MapNode, bad: set[tuple[str | int, ...]]) -> MapNode:
    kept = MapNode(data.at)
    for key, value in data.items():
        if (key,) in bad:
            continue
        if key in SECTIONS and isinstance(value, ListNode):
            value = _rows_without(value, {int(place[1]) for place in bad if place[0] == key})
        kept.put(key, value, data.keys_at[key], data.values_at[key])
    return kept


def _rows_without(rows: ListNode, bad: set[int]) -> ListNode:
    kept = ListNode(rows.at)
    for index, (row, at) in enumerate(zip(rows, rows.values_at, strict=True)):
        if index not in bad:
            kept.put(row, at)
    return kept


def _keys_in(place: tuple[str | int, ...], data: MapNode) -> list[str] | None:
    """Return the keys that a failed entry would have given; None when they can't be read."""
    entry, *answers = _mappings_in(place, data)
    key = entry.get("key")
    local = [answer.get("key") for answer in answers]
    if not isinstance(key, str) or not all(isinstance(it, str) for it in local):
        return None
    return [key, f"{key}#answer", *(f"{key}#{answer}" for answer in local)]


def _body_files_in(place: tuple[str | int, ...], data: MapNode) -> list[str]:
    paths = [entry.get("body_file") for entry in _mappings_in(place, data)]
    return [path for path in paths if isinstance(path, str)]


def _mappings_in(place: tuple[str | int, ...], data: MapNode) -> list[MapNode]:
    """Return a failed entry and its answers, as far as they are mappings at all."""
    entry = data[str(place[0])][place[1]] if len(place) > 1 else None
    if not isinstance(entry, MapNode):
        return [MapNode(0)]
    answers = entry.get("answers")
    rows = answers if isinstance(answers, ListNode) else []
    return [entry, *(row for row in rows if isinstance(row, MapNode))]


class _Report:
    """Turns one file's pydantic errors into findings."""

    def __init__(
        self, source: Source, data: MapNode, findings: Findings, model: type[BaseModel]
    ) -> None:
        self._source = source
        self._data = data
        self._findings = findings
        self._model = model

    def add(self, error: Any) -> None:
        kind, loc = error["type"], error["loc"]
        # An empty value is a finding of the reader already; not so that its key is unknown.
        if error.get("input", "") is None and kind != "extra_forbidden":
            return
        rule = kind if kind in RULES else _RULE_OF_TYPE.get(kind, "invalid-value")
        if rule == "unknown-key":
            self._unknown(loc)
            return
        facts = {**error.get("ctx", {}), "why": error["msg"]}
        if rule == "not-one-of":
            facts["expected"] = facts["expected"].replace("'", "`")
        if rule == "key-grammar":
            facts["hint"] = _key_hint(str(facts["key"]))
        if rule == "missing-key":
            facts["key"] = loc[-1]
            facts["hint"] = self._values(loc)
        self._findings.add(rule, self._source.span(self._place_of(loc)), facts)

    def _values(self, loc: Sequence[int | str]) -> str:
        """Say what the missing key may hold, where that is one of a few words."""
        expected = self._model_at(loc).model_fields[str(loc[-1])].annotation
        if not (isinstance(expected, type) and issubclass(expected, Enum)):
            return ""
        return " with " + " or ".join(f"`{it.value}`" for it in expected)

    def _model_at(self, loc: Sequence[int | str]) -> type[BaseModel]:
        """Return the model of the mapping that holds the key an error is about."""
        return _MODELS.get(tuple(it for it in loc[:-1] if isinstance(it, str)), self._model)

    def _unknown(self, loc: Sequence[int | str]) -> None:
        key = str(loc[-1])
        at = self._parent(loc).keys_at.get(key, 0)
        words = tuple(it for it in loc[:-1] if isinstance(it, str))
        model = self._model_at(loc)
        bare = key.lower()
        rule, hint = "unknown-key", ""
        if any(secret in bare.split("_") or bare == secret for secret in _SECRETS):
            rule = "connection-key"
            hint = (
                "A secret never stands in a manifest. Take it out, revoke it if it was committed,"
                " and use --token-file or TEAMS_IMPORTER_TOKEN."
            )
        elif not words and bare in _CONNECTION:
            rule = "connection-key"
            hint = "How the team is reached is said by options, e.g. --url, or the environment."
        elif not words and key in _TOP_ONLY:
            hint = "It stands in the manifest `teams-importer.yaml` alone."
        else:
            known = list(model.model_fields)
            hint = suggestion(key, known) or f"Known are {', '.join(known)}."
        self._findings.add(rule, self._source.span(at), key=key, hint=hint)

    def _parent(self, loc: Sequence[int | str]) -> MapNode:
        node: Any = self._data
        for step in loc[:-1]:
            node = node[step]
        assert isinstance(node, MapNode)  # noqa: S101 - only a mapping has unknown keys
        return node

    def _value_at(self, loc: Sequence[int | str]) -> int:
        """Walk to the value an error names; a missing one counts as where its parent stands."""
        node: Any = self._data
        at: int = node.at
        for step in loc:
            if isinstance(node, MapNode) and step in node:
                at = node.values_at[str(step)]
                node = node[str(step)]
            elif isinstance(node, ListNode) and isinstance(step, int) and step < len(node):
                at = node.values_at[step]
                node = node[step]
            else:
                break
        return at

    def _place_of(self, loc: Sequence[int | str]) -> int:
        """Return where what an error names stands: a value, or a key of a free mapping."""
        if loc[-1] == "[key]":
            return self._parent(loc[:-1]).keys_at[str(loc[-2])]
        return self._value_at(loc)


def suggestion(word: str, known: Sequence[str]) -> str:
    """Return "Did you mean `x`?" when *known* holds something close to *word*, else nothing."""
    close = get_close_matches(word.lower().replace("-", "_"), known, n=1, cutoff=0.6)
    return f"Did you mean `{close[0]}`?" if close else ""


def _key_hint(key: str) -> str:
    return " Upper case is not allowed." if key != key.lower() else ""
