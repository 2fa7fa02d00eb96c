"""What v3 writes take: the members of each request, which of them must be there, and their sorts.

Only shapes are judged here, as the vendor's framework judges them before any rule is asked.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from importer.sandbox.v3.models import ARTICLE_TYPES
from importer.sandbox.v3.params import ID_MAX
from importer.sandbox.v3.problems import Problem

__all__ = [
    "ANSWER",
    "ARTICLE",
    "COLLECTION",
    "EDITED_COLLECTION",
    "EXPERTS",
    "GROUP",
    "IDS",
    "PERMISSIONS",
    "QUESTION",
    "Field",
    "Form",
    "read_form",
]

_SURROGATE = re.compile("[\ud800-\udfff]")
"""Half of a character: JSON can say it, no text can hold it."""

Sort = Literal["text", "texts", "id?", "ids"]


@dataclass(frozen=True, slots=True)
class Field:
    """A member of a request: its sort, one of a few names, or a form of its own.

    A `tolerated` one is documented as required, but a rule decides what its absence means.
    """

    sort: "Sort | tuple[str, ...] | Form"
    required: bool = False
    tolerated: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """The members of a request; with `bare`, it is an array of ids instead."""

    name: str
    fields: Mapping[str, Field]
    bare: bool = False


QUESTION = Form(
    "QuestionRequest",
    {
        "title": Field("text", required=True),
        "body": Field("text", required=True),
        "tags": Field("texts", required=True),
    },
)
ANSWER = Form("AnswerRequest", {"body": Field("text", required=True)})


PERMISSIONS = Form(
    "ArticlePermissionsRequest",
    {
        "editableBy": Field(("ownerOnly", "specificEditors", "everyone")),
        "editorUserIds": Field("ids"),
        "editorUserGroupIds": Field("ids"),
    },
)
ARTICLE = Form(
    "ArticleRequest",
    {
        **QUESTION.fields,
        "type": Field(tuple(ARTICLE_TYPES.values()), required=True),
        "permissions": Field(PERMISSIONS, required=True, tolerated=True),
    },
)

GROUP = Form(
    "UserGroupRequest",
    {
        "name": Field("text", required=True),
        "description": Field("text"),
        "userIds": Field("ids"),
    },
)
EXPERTS = Form(
    "SubjectMatterExpertsRequest", {"userIds": Field("ids"), "userGroupIds": Field("ids")}
)
COLLECTION = Form(
    "CollectionRequest",
    {
        "title": Field("text"),
        "description": Field("text"),
        "editorUserIds": Field("ids"),
        "editorUserGroupIds": Field("ids"),
        "contentIds": Field("ids"),
    },
)
EDITED_COLLECTION = Form("EditCollectionRequest", {"ownerId": Field("id?"), **COLLECTION.fields})
IDS = Form("Ids", {}, bare=True)


def read_form(form: Form, content: bytes) -> Any:
    """Read a request's body; missing members are None, unknown ones ignored. Raises `Problem`."""
    try:
        given = json.loads(content) if content.strip() else None
    except (ValueError, RecursionError) as error:
        text = "The JSON value could not be converted. Path: $ | LineNumber: 0."
        raise Problem.invalid({"$": [text]}) from error
    if given is None:
        raise Problem.invalid({"": ["A non-empty request body is required."]})
    errors: dict[str, Sequence[str]] = {}
    found = _ids(given, "$", errors) if form.bare else _members(form, given, "$", errors)
    if errors:
        raise Problem.invalid(errors)
    return found


def _members(
    form: Form, given: object, place: str, errors: dict[str, Sequence[str]]
) -> dict[str, Any]:
    if not isinstance(given, dict):
        errors[place] = [_unconverted(place)]
        return {}
    # The framework binds names in any case; the last one wins.
    named = {str(name).lower(): value for name, value in given.items()}
    found: dict[str, Any] = {}
    for name, field in form.fields.items():
        value = named.get(name.lower())
        where = f"{place}.{name}"
        found[name] = None if value is None else _value(field, value, where, errors)
        empty = isinstance(value, str) and not value.strip()
        if field.required and not field.tolerated and (value is None or empty):
            pascal = name[0].upper() + name[1:]
            errors[pascal] = [f"The {pascal} field is required."]
    return found


def _value(field: Field, value: object, place: str, errors: dict[str, Sequence[str]]) -> Any:
    match field.sort:
        case Form() as form:
            return _members(form, value, place, errors)
        case tuple() as names:
            return _choice(names, value, place, errors)
        case sort:
            return _READERS[sort](value, place, errors)


def _choice(
    names: tuple[str, ...], value: object, place: str, errors: dict[str, Sequence[str]]
) -> str | None:
    known = {name.lower(): name for name in names}
    if not isinstance(value, str) or value.lower() not in known:
        errors[place] = [_unconverted(place)]
        return None
    return known[value.lower()]


def _text(value: object, place: str, errors: dict[str, Sequence[str]]) -> str:
    if not isinstance(value, str) or _SURROGATE.search(value):
        errors[place] = [_unconverted(place)]
        return ""
    return value


def _texts(value: object, place: str, errors: dict[str, Sequence[str]]) -> list[str]:
    if not isinstance(value, list):
        errors[place] = [_unconverted(place)]
        return []
    return [_text(each, f"{place}[{number}]", errors) for number, each in enumerate(value)]


def _id(value: object, place: str, errors: dict[str, Sequence[str]]) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > ID_MAX:
        errors[place] = [_unconverted(place)]
        return 0
    return value


def _ids(value: object, place: str, errors: dict[str, Sequence[str]]) -> list[int]:
    if not isinstance(value, list):
        errors[place] = [_unconverted(place)]
        return []
    return [_id(each, f"{place}[{number}]", errors) for number, each in enumerate(value)]


def _unconverted(place: str) -> str:
    return f"The JSON value could not be converted. Path: {place} | LineNumber: 0."


_READERS: Mapping[Sort, Callable[[object, str, dict[str, Sequence[str]]], Any]] = {
    "text": _text,
    "texts": _texts,
    "id?": _id,
    "ids": _ids,
}
