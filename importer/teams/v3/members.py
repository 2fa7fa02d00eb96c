"""Typed members of API v3's objects.

One that is needed and missing, or of another type, is Misshapen. Source of names and types: the
vendor's contract (documented). Dates come with and without a zone, with up to seven decimals
(observed).
"""

import re
from datetime import UTC, datetime

from importer.model.ids import Kind, UserId
from importer.teams.objects import Raw, misshapen, text_of
from importer.teams.outcome import Misshapen
from importer.text.canonical import canonical_line

__all__ = [
    "count_of",
    "created_at",
    "date_of",
    "flag_of",
    "id_of",
    "ids_of",
    "number_of",
    "person_name",
    "person_of",
    "tags_of",
    "user_of",
]

_DATE = re.compile(r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:\d{2})?")


def number_of(raw: Raw, kind: Kind, name: str) -> int:
    """Read an id that has to be there."""
    value = raw.get(name)
    if type(value) is not int or value <= 0:
        raise misshapen(kind, name, "is missing or no id")
    return value


def id_of(raw: Raw, kind: Kind) -> int:
    """Read an object's own id."""
    return number_of(raw, kind, "id")


def flag_of(raw: Raw, kind: Kind, name: str) -> bool:
    """Read a flag that has to be there."""
    value = raw.get(name)
    if not isinstance(value, bool):
        raise misshapen(kind, name, "is missing or no boolean")
    return value


def count_of(raw: Raw, name: str) -> int | None:
    """Read how many there are; None: it isn't told."""
    value = raw.get(name)
    return value if type(value) is int else None


def tags_of(raw: Raw, kind: Kind) -> list[str]:
    """Read the names of a post's tags."""
    value = raw.get("tags")
    if not isinstance(value, list) or not all(isinstance(it, dict) for it in value):
        raise misshapen(kind, "tags", "is missing or no list of tags")
    return [text_of(it, Kind.TAG, "name") for it in value]


def ids_of(raw: Raw, kind: Kind, name: str) -> list[int]:
    """Read the ids of people or groups: a list that is missing is not taken for an empty one."""
    value = raw.get(name)
    if not isinstance(value, list) or not all(isinstance(it, dict) for it in value):
        raise misshapen(kind, name, "is missing or no list of objects")
    return [id_of(it, kind) for it in value]


def person_of(raw: Raw, name: str) -> UserId | None:
    """Read a person's id; a removed one is null (observed)."""
    person = raw.get(name)
    number = person.get("id") if isinstance(person, dict) else None
    return UserId(number) if type(number) is int else None


def person_name(raw: Raw, name: str) -> str:
    """Read what the site calls a person; empty where it doesn't say."""
    person = raw.get(name)
    told = person.get("name") if isinstance(person, dict) else None
    return canonical_line(told) if isinstance(told, str) else ""


def user_of(raw: Raw) -> tuple[UserId, str]:
    """Read a user's id and name."""
    name = raw.get("name")
    number = raw.get("id")
    if type(number) is not int:
        text = "user.id is missing or no number"
        raise Misshapen(text)
    return UserId(number), name if isinstance(name, str) else ""


def created_at(raw: Raw, kind: Kind) -> datetime:
    """Read when a post was created."""
    found = date_of(raw, "creationDate")
    if found is None:
        raise misshapen(kind, "creationDate", "is missing or no date")
    return found


def date_of(raw: Raw, name: str) -> datetime | None:
    """Read a moment; one without a zone is UTC (inferred). None: none, or a bad one."""
    value = raw.get(name)
    match = _DATE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return None
    seconds, fraction, zone = match.groups()
    whole = f"{seconds}.{(fraction or '0')[:6]:0<6}{'+00:00' if zone in (None, 'Z') else zone}"
    try:
        return datetime.fromisoformat(whole).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
