"""The canonical form: what must be equal for two versions of a field to count as equal.

`VERSION` is kept in the journal. A change of the form means reading again, never writing.
"""

import unicodedata
from collections.abc import Iterable, Mapping

from importer.text.scanning import lines

__all__ = ["VERSION", "canonical_line", "canonical_names", "canonical_text"]

VERSION = 1

_BLANKS = " \t"


def canonical_line(value: str) -> str:
    """Return *value* in NFC with the blanks around it taken off."""
    return unicodedata.normalize("NFC", value).strip()


def canonical_names(values: Iterable[str], masters: Mapping[str, str]) -> tuple[str, ...]:
    """Return names in lower case, each synonym by its master, sorted, each once.

    *masters* maps a synonym to its master name, both in lower case.
    """
    lowered = (unicodedata.normalize("NFC", value).strip().lower() for value in values)
    return tuple(sorted({_master(name, masters) for name in lowered}))


def _master(name: str, masters: Mapping[str, str]) -> str:
    seen = {name}
    while (name := masters.get(name, name)) not in seen:
        seen.add(name)
    return name


def canonical_text(markdown: str) -> str:
    """Return *markdown* in NFC with LF ends, no trailing blanks or lines, and one final LF.

    Two or more blanks before a line end outside code are a hard break and become exactly two. An
    empty text stays empty.
    """
    text = unicodedata.normalize("NFC", markdown).replace("\r\n", "\n").replace("\r", "\n")
    if " \n" in text or "\t\n" in text or text.endswith((" ", "\t")):
        text = "\n".join(_trimmed(line.text, code=line.code) for line in lines(text))
    text = text.rstrip("\n \t").lstrip("\n")
    return text + "\n" if text else ""


def _trimmed(line: str, *, code: bool) -> str:
    bare = line.rstrip(_BLANKS)
    if code or not bare or not line.endswith("  "):
        return bare
    return bare + "  "
