"""Characters that no body may hold: controls, and marks that reorder what a reviewer sees."""

import re
import unicodedata
from collections.abc import Iterator

__all__ = ["hidden", "without_hidden"]

_PLANES = "".join(f"{chr(at + 0xFFFE)}{chr(at + 0xFFFF)}" for at in range(0, 0x110000, 0x10000))
# Controls but TAB and LF; line and paragraph separators; embeddings, overrides and isolates; a byte
# order mark inside; surrogates; noncharacters. Joiners and single marks stay: scripts need them.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff"
    f"\ud800-\udfff\ufdd0-\ufdef{_PLANES}]"
)


def without_hidden(text: str) -> str:
    """Return *text* without such characters."""
    return _HIDDEN.sub("", text)


def hidden(text: str) -> Iterator[str]:
    """Yield the code point and name of each such character in *text*."""
    for match in _HIDDEN.finditer(text):
        code = f"U+{ord(match[0]):04X}"
        name = unicodedata.name(match[0], "")
        yield f"{code} {name}" if name else code
