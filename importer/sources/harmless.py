"""Takes from a text what would harm a post, its marker or the manifest's file, and lists it."""

import re
from collections import Counter
from difflib import SequenceMatcher

from importer.model.draft import Place
from importer.sources.characters import hidden, without_hidden
from importer.sources.losses import Losses, LossKind
from importer.text.canonical import canonical_text
from importer.text.marker import PREFIX
from importer.text.scanning import Open, left_open, lines

__all__ = ["harmless"]

# A line that a manifest's reader would take for a mistyped start of an answer.
_NEAR_ANSWER = re.compile(r"([\s>*+-]*)<(?=[!\-\u2013\u2014\s]*([^\W\d_]+))")


def harmless(markdown: str, place: Place, losses: Losses) -> str:
    """Return *markdown* canonical, without hidden characters, and closed at its end.

    Doing it twice is doing it once.
    """
    clean = without_hidden(markdown)
    if clean != markdown:
        counted = Counter(hidden(markdown)).items()
        what = ", ".join(name if times == 1 else f"{name} ({times})" for name, times in counted)
        losses.add(LossKind.CHARACTER, place.line, what, "it can't be seen; dropped")
    clean = canonical_text(clean)
    if "<" in clean:
        clean = "\n".join(_shown(it.text, place, losses, code=it.code) for it in lines(clean))
    return _closed(clean, place, losses).rstrip("\n")


def _shown(text: str, place: Place, losses: Losses, *, code: bool) -> str:
    if code or "<" not in text:
        return text
    if text.lstrip().startswith(PREFIX):
        losses.add(LossKind.MARKUP, place.line, text, "a line like this tool's own; shown as text")
        return text.replace("<!--", r"\<!--", 1)
    match = _NEAR_ANSWER.match(text)
    if match and SequenceMatcher(None, match[2].lower(), "answer").ratio() >= 0.8:
        losses.add(LossKind.MARKUP, place.line, text, "a line like an answer's; shown as text")
        return f"{match[1]}\\{text[match.end(1) :]}"
    return text


def _closed(text: str, place: Place, losses: Losses) -> str:
    while left := left_open(text):
        bare = text.rstrip("\n")
        match left:
            case Open.FENCE:
                closing = f"\n{_open_fence(bare)}"
            case Open.COMMENT:
                closing = " -->"
            case _:
                closing = f"\n</{left}>"
        losses.add(LossKind.MARKUP, place.line, f"<{left}>", "left open at the end; closed there")
        text = bare + closing
    return text


def _open_fence(text: str) -> str:
    fences = [it.text for it in lines(text) if it.code and re.search(r"`{3,}|~{3,}", it.text)]
    for line in reversed(fences):
        match = re.search(r"`{3,}|~{3,}", line)
        if match and left_open(f"{text}\n{match[0]}") is None:
            return match[0]
    return "```"
