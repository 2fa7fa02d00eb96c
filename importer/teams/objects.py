"""What both dialects' answers are made of, and what is said when something is missing there."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from importer.errors import ServiceError
from importer.teams.outcome import Misshapen

__all__ = ["Raw", "drift_named", "items_of", "misshapen", "text_of"]

Raw = Mapping[str, object]


def items_of(wrapper: Raw) -> list[Raw]:
    """Return the objects of an answer."""
    found = wrapper.get("items")
    if not isinstance(found, list) or not all(isinstance(it, dict) for it in found):
        text = ".items is no list of objects"
        raise Misshapen(text)
    return found


def misshapen(kind: str, name: str, defect: str) -> Misshapen:
    """Return the error that a member of an object of *kind* has this *defect*."""
    return Misshapen(f"{kind}.{name} {defect}")


def text_of(raw: Raw, kind: str, name: str) -> str:
    """Read a text that has to be there."""
    value = raw.get(name)
    if not isinstance(value, str):
        raise misshapen(kind, name, "is missing or no text")
    return value


@asynccontextmanager
async def drift_named() -> AsyncIterator[None]:
    """Turn Misshapen into the ServiceError that a reading raises."""
    try:
        yield
    except Misshapen as defect:
        text = f"an answer of the API lacks something that is needed: {defect}"
        remedy = "Nothing was decided. The API may have changed; report it."
        raise ServiceError(text, remedy=remedy) from None
