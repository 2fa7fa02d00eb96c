"""Values as YAML: plain where that is safe for readers and tools, else in quotes or as a block."""

import json
import re
from collections.abc import Iterable

__all__ = ["block", "flow_list", "flow_scalar", "quoted", "scalar"]

# What YAML reads as the very same text, and an editor neither as a number nor as a flag.
_PLAIN = re.compile(r"[A-Za-z](?:[\w .?!/'()+-]*[\w.?!/')+])?")
_WORDS = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"}


def scalar(text: str) -> str:
    """Return *text* as a value on one line."""
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    return quoted(text)


def flow_list(values: Iterable[str]) -> str:
    """Return *values* as a list on one line."""
    return f"[{', '.join(map(flow_scalar, values))}]"


def flow_scalar(text: str) -> str:
    """Return *text* as a value within brackets."""
    # There, libyaml takes a question mark for the beginning of a key.
    return quoted(text) if "?" in text else scalar(text)


def block(text: str, indent: str) -> str:
    """Return a canonical text as a value of many lines, each behind *indent*.

    What a block can't hold as it is (it begins with a blank, or has characters of no shape) goes
    into quotes.
    """
    lines = text.removesuffix("\n").split("\n")
    if not text.endswith("\n") or text[0] in " \t\n" or not all(map(_is_plain, lines)):
        return quoted(text)
    return "\n".join(["|", *(f"{indent}{line}" if line else "" for line in lines)])


def _is_plain(line: str) -> bool:
    return line.isprintable() or line.replace("\t", "").isprintable()


def quoted(text: str) -> str:
    """Return *text* in double quotes; what can't be printed is escaped."""
    whole = json.dumps(text, ensure_ascii=False)
    # Not JSON's escape: that is a pair of surrogates beyond the first plane.
    return "".join(it if it.isprintable() else f"\\U{ord(it):08x}" for it in whole)
