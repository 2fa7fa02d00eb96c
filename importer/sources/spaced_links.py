"""Links whose destinations have blanks: many tools write them, and CommonMark knows none."""

import re
from collections.abc import Callable, Sequence

from importer.sources.lines import Numbered, code_flags, outside_code
from importer.sources.losses import Losses, LossKind

__all__ = ["with_spaced_links"]

_LINK = re.compile(
    r"(!?\[[^\[\]\n]{0,500}\])"
    r"\([ \t]{0,9}([^()<>\n\"]{0,500}(?:\([^()<>\n\"]{0,200}\)[^()<>\n\"]{0,500})?)"
    r"(\"[^\"\n]{0,300}\"[ \t]{0,9})?\)"
)
_SIZE = re.compile(r"[ \t]=\d{0,5}x\d{0,5}\Z")
_FILE = re.compile(r"\.\w{1,5}\Z")


def with_spaced_links(
    part: Sequence[Numbered], is_there: Callable[[str], bool], losses: Losses
) -> list[Numbered]:
    """Return *part* with such destinations escaped where *is_there* knows them.

    One that it doesn't know stays text, as it was, and is listed if it was meant for a file.
    """
    kept = []
    for line, code in zip(part, code_flags([it.text for it in part]), strict=True):
        if code or "](" not in line.text:
            kept.append(line)
            continue

        def said(match: re.Match[str], number: int = line.number) -> str:
            plain = match[2].strip(" \t")
            size = _SIZE.search(plain)
            bare = plain[: size.start()].rstrip() if size else plain
            if " " not in bare:
                return match[0]
            if is_there(bare):
                more = f" {match[3]}" if match[3] else (size[0] if size else "")
                return f"{match[1]}({_escaped(bare)}{more})"
            if _FILE.search(bare):
                is_image = match[1].startswith("!")
                why = "its address has blanks, and there is no such file; it stays as text"
                losses.add(LossKind.IMAGE if is_image else LossKind.LINK, number, bare, why)
            return match[0]

        text = outside_code(line.text, lambda it, said=said: _LINK.sub(said, it))  # type: ignore[misc]
        kept.append(Numbered(line.number, text))
    return kept


def _escaped(destination: str) -> str:
    return re.sub(r"%(?![0-9A-Fa-f]{2})", "%25", destination).replace(" ", "%20")
