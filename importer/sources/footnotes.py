"""Footnotes of Markdown, which the team's site has none of: a list at the end instead."""

import re
from collections.abc import Sequence

from importer.sources.lines import Numbered, code_flags, joined, outside_code
from importer.sources.losses import Losses, LossKind

__all__ = ["without_footnotes"]

_NOTE = re.compile(r" {0,3}\[\^([^\]\s]+)\]:[ \t]*(.*)")
_REFERENCE = re.compile(r"\[\^([^\]\s]+)\](?!:)")


def without_footnotes(part: Sequence[Numbered], losses: Losses) -> list[Numbered]:
    """Return *part* with footnotes as a numbered list at its end, and raised numbers for them."""
    flags = code_flags([line.text for line in part])
    notes: dict[str, list[str]] = {}
    kept: list[tuple[Numbered, bool]] = []
    open_note: list[str] | None = None
    for line, code in zip(part, flags, strict=True):
        if (match := None if code else _NOTE.fullmatch(line.text)) is not None:
            open_note = notes.setdefault(match[1], [])
            open_note.append(match[2])
        elif open_note is not None and line.text.startswith(("    ", "\t")):
            open_note.append(line.text.strip())
        else:
            open_note = open_note if open_note is not None and not line.text.strip() else None
            kept.append((line, code))
    if not notes:
        return list(part)
    numbers = {name: number for number, name in enumerate(notes, 1)}

    def raised(match: re.Match[str]) -> str:
        number = numbers.get(match[1])
        return f"<sup>{number}</sup>" if number else match[0]

    first, last = part[0].number, part[-1].number
    what = f"footnotes: {len(notes)}"
    losses.add(LossKind.MARKUP, first, what, "a numbered list at the end, without links to it")
    made = [
        line
        if code
        else Numbered(line.number, outside_code(line.text, lambda it: _REFERENCE.sub(raised, it)))
        for line, code in kept
    ]
    below = [f"{number}. {' '.join(notes[name])}" for name, number in numbers.items()]
    listed = [Numbered(last, text) for text in ("", "---", "", *below)]
    while made and not joined(made[-1:]).strip():
        made.pop()
    return [*made, *listed]
