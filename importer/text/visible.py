"""Characters that a terminal obeys or an eye doesn't see, and how to show them.

Control characters, bidirectional overrides and zero-width characters can make a text look like
another one. Shown, each is its escape: `\\x1b`, `\\u202e`, `\\U000e0041`.
"""

import re

__all__ = ["HIDDEN", "visible"]

# Without C0, which JSON escapes by itself: DEL and C1, invisible letters and joiners, line and
# paragraph separators, bidirectional marks, byte order marks, surrogates, tag characters.
HIDDEN = (
    "\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"
)
"""A regular expression's character class, without its brackets."""

_HIDDEN = re.compile(f"[\x00-\x1f{HIDDEN}]")
_SHORT = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}


def visible(text: str) -> str:
    """Return *text* on one line, hidden characters as escapes; twice is the same as once."""
    return _HIDDEN.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    char = match.group()
    code = ord(char)
    if char in _SHORT:
        return _SHORT[char]
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
