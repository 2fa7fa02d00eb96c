"""The access token: shown nowhere, revealed once, where the header is attached."""

import base64
import hmac
import json
from typing import NoReturn
from urllib.parse import quote

from importer.errors import TokenInvalid, TokenMissing

__all__ = ["Secret"]

_LONGEST = 1_000
_MASK = "***"
_REMEDY = (
    "Make or copy a personal access token in the team's account settings and give it whole: one "
    "word without blanks or quotes."
)


class Secret:
    """A personal access token. Blanks around it (a file's final line end) are taken off.

    Raises TokenMissing when nothing is left and TokenInvalid when it can't be a token; neither
    message repeats it. The form of a real token is not documented, so only what no HTTP header
    could carry is refused.
    """

    __slots__ = ("_spellings", "_value")

    def __init__(self, value: str) -> None:
        self._value = value.strip()
        value = ""
        if not self._value:
            self._refuse(TokenMissing("the access token is empty", remedy=_REMEDY))
        if defect := _defect(self._value):
            self._refuse(TokenInvalid(f"the access token is malformed: {defect}", remedy=_REMEDY))
        self._spellings = _spellings(self._value)

    def _refuse(self, error: TokenMissing | TokenInvalid) -> NoReturn:
        self._value = ""
        raise error

    def reveal(self) -> str:
        """Return the token itself, for the request's header and nothing else."""
        return self._value

    def redact(self, text: str) -> str:
        """Return *text* without the token, in whatever way it is spelled there."""
        for spelled in self._spellings:
            text = text.replace(spelled, _MASK)
        return text

    def __repr__(self) -> str:
        return f"Secret({_MASK})"

    def __str__(self) -> str:
        return _MASK

    def __format__(self, spec: str) -> str:
        return _MASK

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._value.encode(), other._value.encode())

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __copy__(self) -> "Secret":
        return self

    def __deepcopy__(self, memo: object) -> "Secret":
        return self

    def __reduce__(self) -> NoReturn:
        text = "a Secret is never written anywhere"
        raise TypeError(text)


def _defect(value: str) -> str:
    if any(char.isspace() for char in value):
        return "it holds a blank"
    if not value.isascii():
        return "it holds a character outside ASCII"
    if not value.isprintable():
        return "it holds a control character"
    if value[0] in "\"'":
        return "it begins with a quotation mark"
    if len(value) > _LONGEST:
        return f"it is longer than {_LONGEST} characters"
    return ""


def _spellings(value: str) -> tuple[str, ...]:
    encoded = base64.b64encode(value.encode()).decode()
    ways = {value, quote(value, safe=""), quote(value), json.dumps(value)[1:-1], encoded}
    return tuple(sorted(ways, key=lambda way: (-len(way), way)))
