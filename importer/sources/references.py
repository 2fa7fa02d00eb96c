"""Reference definitions (`[label]: address`) serve a whole file, so each part needs its own."""

import re

from importer.text.scanning import Form, destinations

__all__ = ["definitions", "with_definitions"]

_LABEL = re.compile(r"\[([^\[\]]+)\]")


def definitions(markdown: str) -> dict[str, str]:
    """Return the defining line of each label, in lower case; the first of a label counts."""
    found: dict[str, str] = {}
    if "]:" not in markdown:
        return found
    for each in destinations(markdown):
        if each.form is Form.DEFINITION:
            line = markdown[each.link_start :].partition("\n")[0]
            label = line[: line.index("]:")].lstrip("[").lower()
            found.setdefault(label, line.strip())
    return found


def with_definitions(part: str, known: dict[str, str]) -> str:
    """Return *part* with those of the definitions *known* that it uses and doesn't have."""
    if not known:
        return part
    used = dict.fromkeys(label.lower() for label in _LABEL.findall(part))
    own = definitions(part)
    wanted = [known[label] for label in used if label in known and label not in own]
    return "\n".join([part.rstrip("\n"), "", *wanted]) if wanted else part
