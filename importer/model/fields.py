"""THE table: which fields a kind has, their shape, the call that writes them, their limits.

kind       field       shape   written by     marker  limits (v2.3)
question   title       line    the post       t       15 to 150 characters
           tags        names   the post       g       1 to 5 tags
           body        text    the post       b       30 to 30,000 characters
answer     body        text    the post       b       30 to 30,000 characters
           accepted    flag    own call
article    title       line    the post       t       15 to 150 characters
           tags        names   the post       g       1 to 5 tags
           body        text    the post       b       at most 100,000 characters
           type        line    the post       y
           permissions names   the post       p
tag        description line    nobody (by hand)
           experts     names   own call
collection title       line    the post       t       1 to 150 characters
           body        text    the post       b
           items       ordered the post       m

Permissions are `everyone`, `owner-only`, or `specific-editors` with `user:7` and `group:1002`;
experts are such users and groups. Items are targets, as a text's holes are: `key:rollback`, or
`question/12` where no item has the post. A collection's body is its description.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from importer.model.ids import Field, Kind
from importer.text.canonical import canonical_line, canonical_names
from importer.text.digests import Digest, digest_of
from importer.text.links import Text
from importer.text.sealed import Sealed, digest_of_sealed

__all__ = [
    "LIMITS",
    "TAG_ALPHABET",
    "Confidence",
    "FieldRule",
    "Fields",
    "Limit",
    "Shape",
    "Value",
    "canonical",
    "digest_value",
    "fields_of",
    "rides_with_post",
    "rule",
    "targets_of",
    "word_of",
]

Value = Text | Sealed | str | bool | tuple[str, ...]
Fields = Mapping[Field, Value]


class Shape(StrEnum):
    """What a value looks like, and so how it becomes canonical."""

    LINE = "line"
    TEXT = "text"
    FLAG = "flag"
    NAMES = "names"
    ORDERED = "ordered"


class Confidence(StrEnum):
    """What a claim about the service rests on."""

    DOCUMENTED = "documented"
    OBSERVED = "observed"
    INFERRED = "inferred"


@dataclass(frozen=True, slots=True)
class Limit:
    """How long (in characters) or how many a field may be, and what that rests on."""

    low: int
    high: int
    confidence: Confidence
    source: str


@dataclass(frozen=True, slots=True)
class FieldRule:
    """`own_call`: written by a call of its own. `letter`: the field's name in the marker.

    `optional`: a new post can do without.
    """

    kind: Kind
    field: Field
    shape: Shape
    own_call: bool = False
    letter: str | None = None
    optional: bool = False


_RULES = (
    FieldRule(Kind.QUESTION, Field.TITLE, Shape.LINE, letter="t"),
    FieldRule(Kind.QUESTION, Field.TAGS, Shape.NAMES, letter="g"),
    FieldRule(Kind.QUESTION, Field.BODY, Shape.TEXT, letter="b"),
    FieldRule(Kind.ANSWER, Field.BODY, Shape.TEXT, letter="b"),
    FieldRule(Kind.ANSWER, Field.ACCEPTED, Shape.FLAG, own_call=True),
    FieldRule(Kind.ARTICLE, Field.TITLE, Shape.LINE, letter="t"),
    FieldRule(Kind.ARTICLE, Field.TAGS, Shape.NAMES, letter="g"),
    FieldRule(Kind.ARTICLE, Field.BODY, Shape.TEXT, letter="b"),
    FieldRule(Kind.ARTICLE, Field.TYPE, Shape.LINE, letter="y"),
    FieldRule(Kind.ARTICLE, Field.PERMISSIONS, Shape.NAMES, letter="p", optional=True),
    FieldRule(Kind.TAG, Field.DESCRIPTION, Shape.LINE, own_call=True),
    FieldRule(Kind.TAG, Field.EXPERTS, Shape.NAMES, own_call=True),
    FieldRule(Kind.COLLECTION, Field.TITLE, Shape.LINE, letter="t"),
    FieldRule(Kind.COLLECTION, Field.BODY, Shape.TEXT, letter="b", optional=True),
    FieldRule(Kind.COLLECTION, Field.ITEMS, Shape.ORDERED, letter="m"),
)
_BY_NAME = {(it.kind, it.field): it for it in _RULES}

_APP = "constants of a third-party Android client of API v2.3; the vendor's importer checks 150"
_IMPORTER = "checks of the vendor's own importer (so4t_api_import)"
_SITE = "the site's own validation text, quoted in many clones"

LIMITS: Mapping[tuple[Kind, Field], Limit] = MappingProxyType(
    {
        (Kind.QUESTION, Field.TITLE): Limit(15, 150, Confidence.OBSERVED, _APP),
        (Kind.QUESTION, Field.BODY): Limit(30, 30_000, Confidence.OBSERVED, _SITE),
        (Kind.QUESTION, Field.TAGS): Limit(1, 5, Confidence.OBSERVED, _IMPORTER),
        (Kind.ANSWER, Field.BODY): Limit(30, 30_000, Confidence.OBSERVED, _SITE),
        (Kind.ARTICLE, Field.TITLE): Limit(15, 150, Confidence.OBSERVED, _IMPORTER),
        (Kind.ARTICLE, Field.BODY): Limit(1, 100_000, Confidence.OBSERVED, _IMPORTER),
        (Kind.ARTICLE, Field.TAGS): Limit(
            1, 5, Confidence.INFERRED, "the site's form; the vendor's importer allows only 4"
        ),
        (Kind.COLLECTION, Field.TITLE): Limit(
            1,
            150,
            Confidence.INFERRED,
            "only that it must not be empty is told; other titles' most",
        ),
        # The length of one tag's name.
        (Kind.TAG, Field.TITLE): Limit(1, 35, Confidence.OBSERVED, _IMPORTER),
    }
)
"""Limits of API v2.3. They bind what we write, in characters of the text as sent."""

TAG_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789+#-."


def rule(kind: Kind, field: Field) -> FieldRule:
    """Return the table's row; KeyError when *kind* has no such field."""
    return _BY_NAME[kind, field]


def fields_of(kind: Kind) -> tuple[FieldRule, ...]:
    """Return the rows of *kind*, in the table's order."""
    return tuple(row for row in _RULES if row.kind is kind)


def rides_with_post(kind: Kind) -> tuple[FieldRule, ...]:
    """Return the rows that the post's own create or update writes."""
    return tuple(row for row in fields_of(kind) if not row.own_call)


def word_of(kind: Kind, field: Field) -> str:
    """Return what authors call *field*: a collection's body is its description."""
    return "description" if (kind, field) == (Kind.COLLECTION, Field.BODY) else str(field)


def targets_of(field: Field, value: Value | None) -> tuple[str, ...]:
    """Return what *value* leads to: a text's targets, or a collection's items."""
    if isinstance(value, Text | Sealed):
        return value.targets
    return value if field is Field.ITEMS and isinstance(value, tuple) else ()


def canonical(shape: Shape, value: Value, masters: Mapping[str, str]) -> Value:
    """Return *value* in canonical form. A Text is expected to be dug and canonical already."""
    match value:
        case Text() | Sealed() | bool():
            return value
        case str():
            return canonical_line(value)
        case tuple():
            return canonical_names(value, masters) if shape is Shape.NAMES else value


def digest_value(shape: Shape, value: Value) -> Digest:
    """Return the digest of a canonical value; it needs nothing from the server."""
    match value:
        case Text(holed, targets):
            return digest_of(shape, [holed, *targets])
        case Sealed():
            return digest_of_sealed(value)
        case bool():
            return digest_of(shape, ["true" if value else "false"])
        case str():
            return digest_of(shape, [value])
        case tuple():
            return digest_of(shape, sorted(value) if shape is Shape.NAMES else value)
