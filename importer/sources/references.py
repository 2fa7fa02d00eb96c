"""Reference definitions (`[label]: address`) serve a whole file, so each part needs its own."""

import re
from itertools import groupby

from importer.sources.lines import code_flags, code_spans
from importer.text.scanning import Form, destinations

__all__ = ["definitions", "inlined", "with_definitions"]

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


def inlined(markdown: str, label: str, destination: str) -> str:
    """Return *markdown* with the uses of a label as links that name their destination themselves.

    Code stays as it is.
    """
    name = r"\s+".join(re.escape(word) for word in label.split())
    use = re.compile(
        rf"(?<![\]\\])\[((?:`[^`]{{1,999}}`|[^\[\]\\`]|\\.){{1,999}})\]\[{name}\]"
        rf"|(?<![\]\\])\[({name})\](?:\[\])?(?![\[(:])",
        re.IGNORECASE,
    )
    target = f"<{destination}>" if re.search(r"[\s()]", destination) else destination
    lines = markdown.split("\n")
    parts: list[str] = []
    for code, group in groupby(zip(code_flags(lines), lines, strict=True), lambda it: it[0]):
        text = "\n".join(line for _, line in group)
        parts.append(text if code else _linked(text, use, target))
    return "\n".join(parts)


def _linked(text: str, use: re.Pattern[str], target: str) -> str:
    spans = list(code_spans(text))

    def link(match: re.Match[str]) -> str:
        if any(begin <= match.start() < end for begin, end in spans):
            return match[0]
        return f"[{match[1] or match[2]}]({target})"

    return use.sub(link, text)
