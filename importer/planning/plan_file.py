"""The plan as a file: canonical JSON and back, and the digest that ties an apply to its review.

Canonical: sorted keys, UTF-8, one final LF. Equal plans give equal bytes, and only the bytes that
`save` gave are a saved plan: any edit, even of a blank, is refused. What a terminal or a log reader
would obey is written as a JSON escape, so a plan can be printed as it is.

Beside the plan stands its intent (`importer.planning.intent`): the digest that an apply can be held
to, and the digests of the parts that it is made of.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from functools import cache
from math import isfinite
from typing import TYPE_CHECKING, NoReturn

from pydantic import TypeAdapter, ValidationError

from importer.errors import PlanAltered
from importer.model.fields import Value
from importer.model.plan import FORMAT_VERSION, FieldChange, Plan, SavedPlan
from importer.planning.intent import Intent, intent_of
from importer.text.digests import Digest, digest_of, digest_text
from importer.text.sealed import Sealed
from importer.text.visible import HIDDEN

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

__all__ = [
    "MOST_BYTES",
    "canonical_json",
    "load",
    "plan_bytes",
    "plan_digest",
    "plan_schema",
    "save",
]

MOST_BYTES = 512 * 1024 * 1024

_INDENT = 2
# `##[` and `##vso[` are commands to the log readers of GitHub Actions and Azure Pipelines, wherever
# they stand in a line (observed in the public source of the Actions runner).
_UNSAFE = re.compile(rf"[{HIDDEN}]|(?<=##)\[|(?<=##vso)\[")
_AGAIN = "Make the plan again: teams-importer plan --out FILE"


def plan_bytes(plan: Plan) -> bytes:
    """Return *plan*, with its intent, as canonical JSON for people and tools."""
    return _bytes({**_members(plan), "intent": intent_of(plan)})


def plan_digest(plan: Plan) -> Digest:
    """Return the digest that names *plan*: equal plans, equal digests, on every machine."""
    return digest_text(canonical_json(plan))


def save(plan: Plan, made_at: str, made_by: str, manifest_at: str = "") -> bytes:
    """Return the file that `--out` writes."""
    return _file(SavedPlan(plan, plan_digest(plan), made_at, made_by, manifest_at))


def load(data: bytes) -> SavedPlan:
    """Return what `save` made *data* of; PlanAltered for anything else."""
    if len(data) > MOST_BYTES:
        _refuse(f"the plan file is larger than {MOST_BYTES // 1024**2} MB")
    document = _parsed(data)
    _check_version(document)
    saved = _validated(document)
    if plan_digest(saved.plan) != saved.digest or _file(saved) != data:
        _refuse("the plan file was edited after it was made: its bytes don't fit its digest")
    values = (it for change in saved.plan.changes for each in change.fields for it in _ends(each))
    if any(isinstance(it, Sealed) for it in values):
        _refuse("the plan was drawn offline, from a snapshot: nobody can apply it")
    return saved


def plan_schema() -> dict[str, object]:
    """Return the JSON schema of the file that `--out` writes."""
    schema = _adapter().json_schema()
    schema["properties"]["seal"] = {"title": "Seal", "type": "string"}
    schema["properties"]["intent"] = {"$ref": "#/$defs/Intent"}
    schema["required"] += ["seal", "intent"]
    schema["$defs"]["Intent"] = TypeAdapter(Intent).json_schema()
    # Only where a plan is printed by itself.
    schema["$defs"]["Plan"]["properties"]["intent"] = {"$ref": "#/$defs/Intent"}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def canonical_json(value: object, *, indent: int | None = None) -> str:
    """Return *value* as canonical JSON: sorted keys, nothing that a terminal or log would obey.

    It may hold dataclasses, mappings, lists, tuples, enums of strings, datetimes and plain values.
    """
    text = json.dumps(
        value,
        default=_plain,
        sort_keys=True,
        ensure_ascii=False,
        allow_nan=False,
        indent=indent,
        separators=(",", ": ") if indent else (",", ":"),
    )
    return _UNSAFE.sub(_escape, text)


def _ends(it: FieldChange) -> tuple[Value | None, ...]:
    return (it.before, it.after)


def _escape(match: re.Match[str]) -> str:
    units = match.group().encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i : i + 2].hex()}" for i in range(0, len(units), 2))


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return _members(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, datetime):
        return value.isoformat()
    message = f"{type(value).__name__} has no place in a plan or report"
    raise TypeError(message)


def _members(value: "DataclassInstance") -> dict[str, object]:
    return {member.name: _whole(getattr(value, member.name)) for member in fields(value)}


def _whole(value: object) -> object:
    """Return a whole float as an int: 60 and 60.0 are equal, so their bytes have to be."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _bytes(value: object) -> bytes:
    return f"{canonical_json(value, indent=_INDENT)}\n".encode()


def _file(saved: SavedPlan) -> bytes:
    """Return the file's bytes; the seal covers what the plan's digest leaves out."""
    parts = (saved.digest, saved.made_at, saved.made_by, saved.manifest_at)
    seal = digest_of("saved-plan", parts)
    return _bytes({**_members(saved), "intent": intent_of(saved.plan), "seal": seal})


@cache
def _adapter() -> TypeAdapter[SavedPlan]:
    return TypeAdapter(SavedPlan)


def _validated(document: Mapping[str, object]) -> SavedPlan:
    # Lax, because JSON knows neither tuples nor enums; what it coerced doesn't survive the
    # comparison of bytes.
    try:
        return _adapter().validate_python(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(step) for step in first["loc"])
        _refuse(f"the file is no saved plan: {place}: {first['msg']}", error)


def _parsed(data: bytes) -> dict[str, object]:
    try:
        document = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_unique,
            parse_constant=_finite,
            parse_float=_finite,
        )
    except UnicodeDecodeError as error:
        _refuse("the file is no saved plan: it isn't UTF-8", error)
    except RecursionError as error:
        _refuse("the file is no saved plan: it is nested too deep", error)
    except ValueError as error:
        _refuse(f"the file is no saved plan: it isn't the JSON of one: {error}", error)
    if not isinstance(document, dict):
        _refuse("the file is no saved plan: it holds no JSON object")
    return document


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        message = f"the member {json.dumps(twice)} stands twice in one object"
        raise ValueError(message)
    return members


def _finite(number: str) -> float:
    value = float(number)
    if not isfinite(value):
        message = f"{number} is no JSON number"
        raise ValueError(message)
    return value


def _check_version(document: Mapping[str, object]) -> None:
    plan = document.get("plan")
    version = plan.get("format_version") if isinstance(plan, dict) else None
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        _refuse("the file is no saved plan: it has no plan with a format version")
    if version > FORMAT_VERSION:
        _refuse(
            f"the plan file was written by a newer importer: its format is {version}, "
            f"this one reads {FORMAT_VERSION}",
            remedy="Apply it with the version that made it, or make the plan again with this one.",
        )


def _refuse(message: str, cause: Exception | None = None, *, remedy: str = _AGAIN) -> NoReturn:
    raise PlanAltered(message, remedy=remedy) from cause
