"""Characters that no body may hold: controls, and marks that reorder what a reviewer sees."""

import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import quote

__all__ = ["hidden", "one_line", "without_hidden"]

_PLANES = "".join(f"{chr(at + 0xFFFE)}{chr(at + 0xFFFF)}" for at in range(0, 0x110000, 0x10000))
# Controls but TAB and LF; line and paragraph separators; embeddings, overrides and isolates; a byte
# order mark inside; surrogates; noncharacters. Joiners and single marks stay: scripts need them.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff"
    f"\ud800-\udfff\ufdd0-\ufdef{_PLANES}]"
)
_NOT_IN_LINES = re.compile(rf"{_HIDDEN.pattern}|[\t\n]")


def one_line(address: str) -> str:
    """Return an address or a file's name as it can stand in a line: what can't is `%0A` and such.

    Most file systems take any character in a name.
    """
    return _NOT_IN_LINES.sub(_percent, address)


def _percent(match: re.Match[str]) -> str:
    # A byte that is no UTF-8 comes as half a character; any other half is none of a name's.
    try:
        data = match[0].encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        data = match[0].encode("utf-8", "replace")
    return quote(data)


def without_hidden(text: str) -> str:
    """Return *text* without such characters."""
    return _HIDDEN.sub("", text)


def hidden(text: str) -> Iterator[str]:
    """Yield the code point and name of each such character in *text*."""
    for match in _HIDDEN.finditer(text):
        code = f"U+{ord(match[0]):04X}"
        name = unicodedata.name(match[0], "")
        yield f"{code} {name}" if name else code
