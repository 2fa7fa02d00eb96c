"""What a scalar of a manifest may stand for; it arrives as its literal text.

An error's type is the id of a rule.
"""

import re
from collections.abc import Callable
from typing import Annotated, Any, TypeAlias

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from importer.model import ids

__all__ = [
    "Address",
    "Count",
    "Flag",
    "Id",
    "Key",
    "Line",
    "OldKeys",
    "OldNames",
    "PostKey",
    "ShortDigest",
    "Team",
    "Teams",
    "Text",
    "wrong",
]

_NUMBER = re.compile(r"0|[1-9][0-9]{0,17}")
_TEAM = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9])?")
_ADDRESS = re.compile(r"https?://[^\s<>()\[\]{}\"'`\\&@#*]{1,300}")
_DIGEST = re.compile(r"[a-z2-7]{8}")
_SEGMENT = "[a-z0-9]+(?:[._-][a-z0-9]+)*"
_KEY = f"{_SEGMENT}(?:/{_SEGMENT})*"


def wrong(*, rule: str, **facts: object) -> PydanticCustomError:
    """Return the error of *rule*; *facts* fill its message."""
    return PydanticCustomError(rule, "{why}", {"why": rule, **facts})


def _flag(value: object) -> object:
    if value in ("true", "false"):
        return value == "true"
    raise wrong(rule="not-a-flag")


def _number(low: int) -> Callable[[object], int]:
    def read(value: object) -> int:
        if isinstance(value, str) and _NUMBER.fullmatch(value) and int(value) >= low:
            return int(value)
        raise wrong(rule="not-a-number", bounds=f" of at least {low}")

    return read


def _one_or_many(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _line(value: str) -> str:
    if "\n" in value.strip() or "\t" in value:
        raise wrong(rule="not-one-line")
    return value


def _key(value: str) -> str:
    if not ids.is_key(value):
        raise wrong(rule="key-grammar", key=value)
    return value


def _post_key(value: str) -> str:
    """Check a key of a question, article or collection, or an answer's `question#answer`."""
    if not all(ids.is_key(part) for part in value.split("#", 1)):
        raise wrong(rule="key-grammar", key=value)
    return value


def _old_key(value: str) -> str:
    namespace, colon, key = value.rpartition(":")
    if (colon and not ids.is_key(namespace)) or not all(
        ids.is_key(part) for part in key.split("#", 1)
    ):
        raise wrong(rule="old-key-grammar", key=value)
    return value


def _team(value: str) -> str:
    if not _TEAM.fullmatch(value):
        raise wrong(rule="team-grammar", team=value)
    return value


def _address(value: str) -> str:
    if not _ADDRESS.fullmatch(value):
        raise wrong(rule="footer-address", address=value)
    return value


def _digest(value: str) -> str:
    if not _DIGEST.fullmatch(value):
        raise wrong(rule="digest-grammar")
    return value


# Editors read `title: 007` as a number; it is the text that stands there.
_LITERAL: dict[str, Any] = {"type": ["string", "number", "boolean"]}
_OLD = {"type": "string", "examples": ["old/key", "other-namespace:old/key"]}

Text: TypeAlias = Annotated[str, WithJsonSchema(_LITERAL)]
Line: TypeAlias = Annotated[str, AfterValidator(_line), WithJsonSchema(_LITERAL)]
Flag: TypeAlias = Annotated[bool, BeforeValidator(_flag), WithJsonSchema({"type": "boolean"})]
Id: TypeAlias = Annotated[
    int, BeforeValidator(_number(1)), WithJsonSchema({"type": "integer", "minimum": 1})
]
Count: TypeAlias = Annotated[
    int, BeforeValidator(_number(0)), WithJsonSchema({"type": "integer", "minimum": 0})
]
Key: TypeAlias = Annotated[
    str,
    AfterValidator(_key),
    WithJsonSchema({"type": ["string", "number"], "pattern": f"^{_KEY}$", "maxLength": 100}),
]
PostKey: TypeAlias = Annotated[
    str,
    AfterValidator(_post_key),
    WithJsonSchema({"type": ["string", "number"], "pattern": f"^{_KEY}(?:#{_KEY})?$"}),
]
Address: TypeAlias = Annotated[
    str, AfterValidator(_address), WithJsonSchema({"type": "string", "pattern": "^https?://"})
]
Team: TypeAlias = Annotated[
    str, AfterValidator(_team), WithJsonSchema({"type": ["string", "number"]})
]
ShortDigest: TypeAlias = Annotated[
    str,
    AfterValidator(_digest),
    WithJsonSchema({"type": ["string", "number"], "pattern": "^[a-z2-7]{8}$"}),
]
OldKeys: TypeAlias = Annotated[
    tuple[Annotated[str, AfterValidator(_old_key)], ...],
    BeforeValidator(_one_or_many),
    WithJsonSchema({"anyOf": [_OLD, {"type": "array", "items": _OLD}]}),
]
OldNames: TypeAlias = Annotated[
    tuple[Line, ...],
    BeforeValidator(_one_or_many),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]
Teams: TypeAlias = Annotated[
    tuple[Team, ...],
    BeforeValidator(_one_or_many),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]
