"""Reference definitions (`[label]: address`) serve a whole file, so each part needs its own."""

import re
from bisect import bisect_right
from collections.abc import Mapping
from itertools import groupby

from importer.sources.lines import code_flags, code_spans
from importer.text.grammar import label_key
from importer.text.scanning import Form, destinations

__all__ = ["definitions", "inlined", "with_definitions"]

_LABEL = re.compile(r"\[([^\[\]]+)\]")
_USE = re.compile(
    r"(?<![\]\\])\[((?:`[^`]{1,999}`|[^\[\]\\`]|\\.){1,999})\]\[((?:[^\[\]\\]|\\.){1,999})\]"
    r"|(?<![\]\\])\[((?:[^\[\]\\]|\\.){1,999})\](?:\[\])?(?![\[(:])"
)


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


def inlined(markdown: str, targets: Mapping[str, str]) -> tuple[str, set[str]]:
    """Return *markdown* with the uses of labels as links that name their destination themselves.

    *targets* has the destinations by the labels' keys; those that were used are returned as well.
    Code stays as it is.
    """
    used: set[str] = set()
    lines = markdown.split("\n")
    parts: list[str] = []
    for code, group in groupby(zip(code_flags(lines), lines, strict=True), lambda it: it[0]):
        text = "\n".join(line for _, line in group)
        parts.append(text if code else _linked(text, targets, used))
    return "\n".join(parts), used


def _linked(text: str, targets: Mapping[str, str], used: set[str]) -> str:
    spans = code_spans(text)
    begins = [begin for begin, _ in spans]

    def link(match: re.Match[str]) -> str:
        label = label_key(match[2] or match[3])
        at = bisect_right(begins, match.start()) - 1
        if label not in targets or (at >= 0 and match.start() < spans[at][1]):
            return match[0]
        used.add(label)
        destination = targets[label]
        target = f"<{destination}>" if re.search(r"[\s()]", destination) else destination
        return f"[{match[1] or match[3]}]({target})"

    return _USE.sub(link, text)
