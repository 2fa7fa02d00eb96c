"""The file of rules by which pages are shaped: YAML, its form, and its faults with their places."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from importer.errors import ManifestError, Problem, Span
from importer.model.fields import LIMITS
from importer.model.ids import Field as PostField
from importer.model.ids import Kind
from importer.sources.article_types import article_type
from importer.sources.naming import tag_of

__all__ = ["PLACEHOLDERS", "PageRule", "Rules", "TagEntry", "TagRules", "When", "read_rule_file"]

PLACEHOLDERS = ("title", "path", "space", "parent", "address", "edited", "author")
"""What a template can name between braces."""

_MOST_TAGS = LIMITS[Kind.QUESTION, PostField.TAGS].high
_DEEPEST = 20
_MOST_NODES = 100_000
_HOLE = re.compile(r"\{([^{}]*)\}")
_GROUP = re.compile(r"\$(\d)")
_AGAIN = "Mend the places named above and convert again."

Place = tuple[int, int]
_Value = TypeVar("_Value")


def _many(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _pattern(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return re.compile(value, re.IGNORECASE)
    except re.error as error:
        message = f"no regular expression: {error}"
        raise ValueError(message) from error


def _patterns(value: object) -> object:
    parts = _many(value)
    return [_pattern(it) for it in parts] if isinstance(parts, list) else parts


def _template(value: object) -> object:
    if not isinstance(value, str):
        return value
    if unknown := [it for it in _HOLE.findall(value) if it not in PLACEHOLDERS]:
        message = f"no such placeholder: {{{unknown[0]}}}; there are {', '.join(PLACEHOLDERS)}"
        raise ValueError(message)
    return value


def _tag(value: object) -> object:
    if isinstance(value, str) and tag_of(value) != value:
        best = tag_of(value)
        message = f"{value!r} is not a tag" + (f"; {best!r} is one" if best else "")
        raise ValueError(message)
    return value


def _type(value: object) -> object:
    if isinstance(value, str) and article_type(value) != value:
        message = f"{value!r} is none of knowledge-article, announcement, how-to-guide, policy"
        raise ValueError(message)
    return value


Names = Annotated[tuple[str, ...], BeforeValidator(_many)]
Patterns = Annotated[tuple[re.Pattern[str], ...], BeforeValidator(_patterns)]
Template = Annotated[str, BeforeValidator(_template), Field(min_length=1)]
TagName = Annotated[str, BeforeValidator(_tag)]
TagNames = Annotated[tuple[TagName, ...], BeforeValidator(_many)]
ArticleType = Annotated[str, BeforeValidator(_type)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class When(_Model):
    """Which pages a rule is for: all that is said here holds for them.

    `title` are regular expressions, `path` globs, the others names; one of each is enough. `asks`:
    the title is a question. `withheld`: the source doesn't let everybody see the page.
    """

    title: Patterns = ()
    path: Names = ()
    label: Names = ()
    space: Names = ()
    parent: Names = ()
    asks: bool | None = None
    withheld: bool | None = None


class PageRule(_Model):
    """What becomes of these pages. `split` is the level of the headings that begin a post.

    `question` is the text of a question made of a page: a template, or `first-paragraph`.
    """

    when: When = When()
    skip: Annotated[str, Field(min_length=1)] | None = None
    include: bool = False
    kind: Literal["question", "article"] | None = None
    type: ArticleType | None = None
    tags: TagNames = ()
    split: Annotated[int, Field(ge=1, le=6)] | None = None
    question: Template | None = None
    title: Template | None = None
    key: Template | None = None


class TagEntry(_Model):
    """A row of the tag map: `from` names or `match` a whole name, then `to` or `drop`."""

    from_: Names = Field(default=(), alias="from")
    match: Annotated[re.Pattern[str] | None, BeforeValidator(_pattern)] = None
    to: str | None = None
    drop: bool = False


class TagRules(_Model):
    """The tag map. `known` are tags that need no row; the rest is what its names say."""

    map: tuple[TagEntry, ...] = ()
    known: TagNames = ()
    from_path: Mapping[str, TagNames] = Field(default_factory=dict)
    from_space: Mapping[str, TagNames] = Field(default_factory=dict)
    default: TagNames = ()
    max: Annotated[int, Field(ge=1, le=_MOST_TAGS)] = _MOST_TAGS
    unknown: Literal["keep", "drop", "error"] = "keep"


class Rules(_Model):
    """All rules of one file. `types` are labels by the type of article they stand for."""

    version: Literal["1"]
    pages: tuple[PageRule, ...] = ()
    types: Mapping[ArticleType, Names] = Field(default_factory=dict)
    short_title: Template | None = None
    tags: TagRules | None = None
    footer: Template = "off"
    people: Literal["keep", "drop"] = "keep"


def read_rule_file(text: str, path: str) -> Rules:
    """Return the rules that *text* says. Raises ManifestError with the place of every fault."""
    try:
        root = YAML(pure=True).compose(text)
    except YAMLError as error:
        raise _failed([_syntax(error, path)]) from error
    places: dict[tuple[str | int, ...], Place] = {}
    try:
        data = _plain(root, (), places, _Budget(), 0) if root is not None else {}
    except _TooMuch as fault:
        why = "too deep or too large for rules, or an alias within itself"
        problem = Problem("rules-size", why, Span(path, *fault.place), "Write it out, flatter.")
        raise _failed([problem]) from fault
    except _Twice as fault:
        why = f"the key {fault.key!r} is here twice"
        problem = Problem("rules-twice", why, Span(path, *fault.place), "Delete one of them.")
        raise _failed([problem]) from fault
    try:
        rules = Rules.model_validate(data)
    except ValidationError as error:
        problems = [_problem(it, path, places) for it in error.errors(include_url=False)]
        raise _failed(problems) from error
    problems = list(_contradictions(rules, path, places))
    if problems:
        raise _failed(problems)
    return rules


def _failed(problems: list[Problem]) -> ManifestError:
    return ManifestError(problems, of="the rules have", remedy=_AGAIN)


def _syntax(error: YAMLError, path: str) -> Problem:
    mark = error.problem_mark if isinstance(error, MarkedYAMLError) else None
    span = Span(path, mark.line + 1, mark.column + 1) if mark else Span(path, 1, 1)
    why = str(getattr(error, "problem", None) or error).strip().split("\n")[0]
    return Problem("rules-syntax", f"no YAML: {why}", span, "Mend the syntax at this place.")


class _TooMuch(Exception):
    def __init__(self, place: Place) -> None:
        super().__init__()
        self.place = place


class _Twice(Exception):
    def __init__(self, key: str, place: Place) -> None:
        super().__init__()
        self.key = key
        self.place = place


@dataclass(slots=True)
class _Budget:
    nodes: int = 0


def _plain(
    node: Node, way: tuple[str | int, ...], places: dict[Any, Place], budget: _Budget, depth: int
) -> Any:
    """Return a node as plain data, every scalar as its text; *places* learns where each stands."""
    place = (node.start_mark.line + 1, node.start_mark.column + 1)
    places.setdefault(way, place)
    budget.nodes += 1
    if depth > _DEEPEST or budget.nodes > _MOST_NODES:
        raise _TooMuch(place)
    match node:
        case MappingNode():
            data: dict[str, Any] = {}
            for key, value in node.value:
                name = str(key.value) if isinstance(key, ScalarNode) else repr(key.tag)
                at = (key.start_mark.line + 1, key.start_mark.column + 1)
                if name in data:
                    raise _Twice(name, at)
                # A fault of the key is told at the key, one of the value at the value.
                places[*way, name, "[key]"] = at
                data[name] = _plain(value, (*way, name), places, budget, depth + 1)
            return data
        case SequenceNode():
            return [
                _plain(each, (*way, at), places, budget, depth + 1)
                for at, each in enumerate(node.value)
            ]
        case _:
            # An empty value is none: null in YAML.
            return node.value if node.value or getattr(node, "style", None) else None


def _problem(
    error: ErrorDetails, path: str, places: Mapping[tuple[str | int, ...], Place]
) -> Problem:
    # A union's branch is a part of the way that no node has.
    way = tuple(it for it in error["loc"] if it != "[key]")
    while way and way not in places and (*way, "[key]") not in places:
        way = way[:-1]
    is_key = error["type"] == "extra_forbidden" or (error["loc"] and error["loc"][-1] == "[key]")
    place = places.get((*way, "[key]")) if is_key else places.get(way)
    name = ".".join(str(it) for it in way) or "the file"
    message = error["msg"].removeprefix("Value error, ")
    if error["type"] == "missing":
        message = f"{error['loc'][-1]} is missing"
    if error["type"] == "extra_forbidden":
        message = "no rule has such a member"
    span = Span(path, *(place or (1, 1)))
    return Problem("rules-shape", f"{name}: {message}", span, _REMEDY)


_REMEDY = "docs/moving-a-wiki.md has all members, and examples/rules.yaml shows them."


def _contradictions(
    rules: Rules, path: str, places: Mapping[tuple[str | int, ...], Place]
) -> Iterator[Problem]:
    for number, rule in enumerate(rules.pages):
        said = {
            "kind": rule.kind,
            "split": rule.split,
            "include": rule.include or None,
            "type": rule.type,
            "question": rule.question,
        }
        for name in [name for name, value in said.items() if value is not None and rule.skip]:
            yield _at(path, places, ("pages", number, name), "a page that is skipped has none")
        if rule.type and rule.kind == "question":
            yield _at(path, places, ("pages", number, "type"), "only articles have a type")
    for number, entry in enumerate(rules.tags.map if rules.tags else ()):
        way = ("tags", "map", number)
        if bool(entry.from_) == bool(entry.match):
            yield _at(path, places, way, "write either `from` or `match`")
        groups = [int(it) for it in _GROUP.findall(entry.to or "")]
        if max(groups, default=0) > (entry.match.groups if entry.match else 0):
            yield _at(path, places, (*way, "to"), "it names a group that `match` doesn't have")
        if (entry.to is None) != entry.drop:
            yield _at(path, places, way, "write either `to` or `drop: true`")


def _at(
    path: str,
    places: Mapping[tuple[str | int, ...], Place],
    way: tuple[str | int, ...],
    why: str,
) -> Problem:
    span = Span(path, *places.get(way, (1, 1)))
    return Problem("rules-shape", f"{'.'.join(map(str, way))}: {why}", span, _REMEDY)
