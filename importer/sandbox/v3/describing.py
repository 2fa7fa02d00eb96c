"""The API's own description (OpenAPI 3.0), written from the tables that it is served by."""

from collections.abc import Mapping
from typing import Any

from importer.sandbox.v3.calls import Route
from importer.sandbox.v3.forms import PERMISSIONS, Field, Form
from importer.sandbox.v3.models import MODELS
from importer.sandbox.v3.params import ID_MAX, PAGE_SIZES, Filter, Listing
from importer.sandbox.v3.routing import PART, ROUTES, WORDS, Base

__all__ = ["describe"]

Json = dict[str, Any]

_INT: Json = {"type": "integer", "format": "int32"}
_TEXT: Json = {"type": "string"}
_PRIMITIVES: Mapping[str, Json] = {
    "int": _INT,
    "text": _TEXT,
    "flag": {"type": "boolean"},
    "date": {"type": "string", "format": "date-time"},
    "bytes": {"type": "string", "format": "binary"},
}
_FIELDS: Mapping[str, Json] = {
    "text": _TEXT,
    "texts": {"type": "array", "items": _TEXT},
    "id?": {**_INT, "nullable": True},
    "ids": {"type": "array", "items": _INT},
}
_MOMENT = {"type": "string", "format": "date-time"}
_FILTERS: Mapping[str, Json] = {
    "flag": {"type": "boolean"},
    "id": _INT,
    "ids": {"type": "array", "items": _INT},
    "moment": _MOMENT,
    "text": _TEXT,
}
_HEADERS = (
    "x-burst-throttle-calls-left",
    "x-burst-throttle-seconds-until-full",
    "x-token-bucket-calls-left",
    "x-token-bucket-seconds-until-full",
    "x-token-bucket-seconds-until-next-refill",
)
_PROBLEMS = {
    400: "What was sent can't be read, or breaks a rule",
    401: "No token, or one that opens nothing here",
    403: "The token may not, or its user may not",
    404: "There is no such thing",
    415: "Not an image of the five types, or not a form",
    422: "The site has no subject matter experts",
    429: "Too many calls",
    500: "Something went wrong",
    503: "Not available now",
}
_PROBLEM: Json = {
    "type": "object",
    "properties": {
        **{name: {**_TEXT, "nullable": True} for name in ("type", "title", "detail", "instance")},
        "status": {**_INT, "nullable": True},
        "errors": {
            "type": "object",
            "additionalProperties": {"type": "array", "items": _TEXT},
        },
        "traceId": _TEXT,
    },
    "additionalProperties": {},
}


def describe(base: Base) -> Json:
    """Describe the API below one root."""
    paths: Json = {}
    for route in ROUTES:
        operation = _operation(route)
        if base.is_enterprise:
            paths.setdefault(f"/{route.path}", {})[route.verb.lower()] = operation
        team = {"name": "team", "in": "path", "required": True, "schema": _TEXT}
        within = {**operation, "parameters": [team, *operation["parameters"]]}
        paths.setdefault(f"/teams/{{team}}/{route.path}", {})[route.verb.lower()] = within
    return {
        "openapi": "3.0.1",
        "info": {"title": "Sandbox of API v3", "version": "v3"},
        "servers": [{"url": base.root}],
        "security": [{"bearer": []}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": {"Problem": _PROBLEM, **_models(), **_forms()},
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def _models() -> Json:
    return {
        name: _object({member: _sort(sort) for member, (sort, _) in model.items()})
        for name, model in MODELS.items()
    }


def _forms() -> Json:
    forms = [route.takes for route in ROUTES if isinstance(route.takes, Form)]
    return {form.name: _form(form) for form in (*forms, PERMISSIONS) if not form.bare}


def _form(form: Form) -> Json:
    described = _object({name: _field(field) for name, field in form.fields.items()})
    if required := [name for name, field in form.fields.items() if field.required]:
        described["required"] = required
    return described


def _field(field: Field) -> Json:
    match field.sort:
        case Form() as form:
            return _ref(form.name)
        case tuple() as names:
            return {"type": "string", "enum": list(names)}
        case "text" if field.required:
            return {**_TEXT, "minLength": 1}
        case sort:
            return _FIELDS[sort]


def _object(properties: Json) -> Json:
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _sort(sort: str) -> Json:
    """Describe a sort as the models name it."""
    if sort.endswith("?"):
        inner = _sort(sort[:-1])
        return {**({"allOf": [inner]} if "$ref" in inner else inner), "nullable": True}
    if sort.startswith("["):
        return {"type": "array", "items": _sort(sort[1:-1])}
    if sort in _PRIMITIVES:
        return _PRIMITIVES[sort]
    if sort in MODELS:
        return _ref(sort)
    if all(part in MODELS for part in sort.split("|")):
        return {"oneOf": [_ref(part) for part in sort.split("|")]}
    return {"type": "string", "enum": sort.split("|")}


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _operation(route: Route) -> Json:
    found: Json = {
        "parameters": [*_parts(route), *(_query(route.listing) if route.listing else ())],
        "responses": {str(route.status): _success(route)},
        "x-policy": route.access,
    }
    for status in sorted({400, 401, 403, 429, *route.refuses}):
        found["responses"][str(status)] = _refusal(status)
    if isinstance(route.takes, Form):
        schema = _FIELDS["ids"] if route.takes.bare else _ref(route.takes.name)
        found["requestBody"] = _content("application/json", schema) | {"required": True}
    if route.takes == "image":
        part = {"type": "object", "properties": {"file": _PRIMITIVES["bytes"]}}
        found["requestBody"] = _content("multipart/form-data", part) | {"required": True}
    return found


def _parts(route: Route) -> list[Json]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": _TEXT if name in WORDS else {**_INT, "minimum": 1},
        }
        for name in PART.findall(route.path)
    ]


def _query(listing: Listing) -> list[Json]:
    found = [
        _parameter("page", {**_INT, "minimum": 1, "maximum": ID_MAX}),
        _parameter("pageSize", {**_INT, "enum": list(PAGE_SIZES)}),
    ]
    if listing.sorts:
        found.append(_parameter("sort", {"type": "string", "enum": list(listing.sorts)}))
    if listing.sorts and listing.ordered:
        found.append(_parameter("order", {"type": "string", "enum": ["asc", "desc"]}))
    return [*found, *(_parameter(each.name, _filter(each)) for each in listing.filters)]


def _filter(each: Filter) -> Json:
    if each.choices:
        return {"type": "string", "enum": list(each.choices)}
    return _FILTERS[each.sort]


def _parameter(name: str, schema: Json) -> Json:
    return {"name": name, "in": "query", "required": False, "schema": schema}


def _success(route: Route) -> Json:
    answer: Json = {"description": "Success", "headers": _headers()}
    if not route.gives:
        return answer
    if route.gives == "bytes":
        return answer | _content("image/*", _PRIMITIVES["bytes"])
    if not route.listing:
        return answer | _content("application/json", _sort(route.gives))
    return answer | _content("application/json", _envelope(route.listing, route.gives))


def _envelope(listing: Listing, gives: str) -> Json:
    properties: Json = dict.fromkeys(("totalCount", "pageSize", "page", "totalPages"), _INT)
    if listing.sorts:
        properties["sort"] = {"type": "string", "enum": list(listing.sorts)}
    if listing.sorts and listing.ordered:
        properties["order"] = {"type": "string", "enum": ["asc", "desc"]}
    return _object({**properties, "items": {"type": "array", "items": _sort(gives)}})


def _refusal(status: int) -> Json:
    sort = "text/plain" if status == 401 else "application/json"
    schema = _TEXT if sort == "text/plain" else _ref("Problem")
    return {"description": _PROBLEMS[status], "headers": _headers()} | _content(sort, schema)


def _headers() -> Json:
    return {name: {"schema": _INT} for name in _HEADERS}


def _content(sort: str, schema: Json) -> Json:
    return {"content": {sort: {"schema": schema}}}
