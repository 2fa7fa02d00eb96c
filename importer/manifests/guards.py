"""Bytes to text: what no file of a manifest may contain, refused before anything reads it."""

import re
import unicodedata
from collections.abc import Iterator

from importer.manifests.rules import Findings
from importer.manifests.source import Source
from importer.text.digests import digest_text

__all__ = ["MAX_BYTES", "decode", "hidden_in"]

MAX_BYTES = 64 * 2**20
"""The largest file that is read: four times 10,000 questions."""

_BOM = "\ufeff"
_STAND_IN = "\ufffd"
# Controls but TAB and LF; line and paragraph separators (YAML 1.1 takes them for line ends);
# embeddings, overrides and isolates, which reorder what a reviewer sees (the marks LRM, RLM and ALM
# can't, and Hebrew and Arabic need them); a BOM inside; surrogates; noncharacters.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")


def decode(path: str, name: str, data: bytes, findings: Findings) -> Source | None:
    """Return the file's Source, or None when its bytes are not UTF-8.

    Characters that must not stand in a file are recorded and replaced, so that reading goes on.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        readable = data[: error.start].decode("utf-8").replace("\r\n", "\n")
        broken = Source(path, name, readable, digest_text(""))
        findings.add("encoding", broken.span(len(readable)), byte=error.start)
        return None
    digest = digest_text(text)
    source = Source(path, name, text.removeprefix(_BOM).replace("\r\n", "\n"), digest)
    places = []
    for at, character in hidden_in(source.text):
        findings.add("control-character", source.span(at), character=character)
        places.append(at)
    if places:
        source.text = _replaced(source.text, places)
    return source


def hidden_in(text: str) -> Iterator[tuple[int, str]]:
    """Yield place and name of every character that must not stand in *text*."""
    for match in _HIDDEN.finditer(text):
        yield match.start(), _name(match[0])
    if not text.isascii():
        for match in _ASTRAL.finditer(text):
            if ord(match[0]) & 0xFFFE == 0xFFFE:
                yield match.start(), _name(match[0])


def _replaced(text: str, places: list[int]) -> str:
    characters = list(text)
    for at in places:
        characters[at] = _STAND_IN
    return "".join(characters)


def _name(char: str) -> str:
    return f"U+{ord(char):04X} {unicodedata.name(char, '')}".rstrip()
