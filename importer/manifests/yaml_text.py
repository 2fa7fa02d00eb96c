"""Values as YAML: plain where that is safe for readers and tools, else in quotes or as a block."""

import json
import re
from collections.abc import Iterable

__all__ = ["block", "flow_list", "flow_scalar", "scalar"]

# What YAML reads as the very same text, and an editor neither as a number nor as a flag.
_PLAIN = re.compile(r"[A-Za-z](?:[\w .?!/'()+-]*[\w.?!/')+])?")
_WORDS = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"}


def scalar(text: str) -> str:
    """Return *text* as a value on one line."""
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    return _quoted(text)


def flow_list(values: Iterable[str]) -> str:
    """Return *values* as a list on one line."""
    return f"[{', '.join(map(flow_scalar, values))}]"


def flow_scalar(text: str) -> str:
    """Return *text* as a value within brackets."""
    # There, libyaml takes a question mark for the beginning of a key.
    return _quoted(text) if "?" in text else scalar(text)


def block(text: str, indent: str) -> str:
    """Return a canonical text as a value of many lines, each behind *indent*.

    What a block can't hold as it is (it begins with a blank, or has characters of no shape) goes
    into quotes.
    """
    lines = text.removesuffix("\n").split("\n")
    if not text.endswith("\n") or text[0] in " \t\n" or not all(map(_is_plain, lines)):
        return _quoted(text)
    return "\n".join(["|", *(f"{indent}{line}" if line else "" for line in lines)])


def _is_plain(line: str) -> bool:
    return line.isprintable() or line.replace("\t", "").isprintable()


def _quoted(text: str) -> str:
    quoted = json.dumps(text, ensure_ascii=False)
    return quoted if quoted.isprintable() else "".join(map(_escaped, quoted))


def _escaped(char: str) -> str:
    # Not JSON's escape: that is a pair of surrogates beyond the first plane.
    return char if char.isprintable() else f"\\U{ord(char):08x}"
