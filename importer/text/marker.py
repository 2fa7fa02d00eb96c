"""The marker: one hidden last line in a post's Markdown that says whose post it is.

    <!-- teams-importer:1 handbook:rollback t=k3v9q2ma g=p0z4w1ra b=77c0dexp -->

It carries the item's full key and, per field that rides with the post's own write, the digest of
the base (title `t`, tags `g`, body `b`, type `y`, permissions `p`, items `m`). One codec reads and
writes it; a letter it doesn't know says nothing. A marker of a later version is recognised by its
key and never taken for ours to rewrite.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from importer.text.digests import SHORT, Digest, shorten
from importer.text.scanning import lines

__all__ = ["PREFIX", "VERSION", "Marker", "attach", "detach", "format_marker", "parse_marker"]

VERSION = 1
PREFIX = "<!-- teams-importer:"

# A namespace, a question's key and an answer's have 100 characters each at most.
_LINE = re.compile(
    r"<!-- teams-importer:(?P<version>[1-9][0-9]{0,3}) (?P<key>[a-z0-9][a-z0-9._/#:-]{0,301})"
    r"(?P<rest>(?: [^\s<>]{1,80})*) -->"
)
_ORDER = "tgbypm"
_DIGEST = re.compile(rf"([a-z])=([a-z2-7]{{{SHORT}}})")


@dataclass(frozen=True, slots=True)
class Marker:
    """`key` is the full key, `digests` maps a field's letter to the short digest of its base."""

    version: int
    key: str
    digests: Mapping[str, Digest]


def format_marker(key: str, digests: Mapping[str, Digest]) -> str:
    """Return the marker line for *key*; the digests are shortened and sorted by letter."""
    order = sorted(digests, key=lambda letter: (_ORDER.find(letter) % 99, letter))
    fields = "".join(f" {letter}={shorten(digests[letter])}" for letter in order)
    return f"{PREFIX}{VERSION} {key}{fields} -->"


def parse_marker(line: str) -> Marker | None:
    """Return the marker that *line* is, or None when it isn't one."""
    match = _LINE.fullmatch(line.strip())
    if match is None:
        return None
    pairs = (_DIGEST.fullmatch(word) for word in match["rest"].split())
    digests = {pair[1]: Digest(pair[2]) for pair in pairs if pair}
    return Marker(int(match["version"]), match["key"], digests)


def attach(markdown: str, marker: str) -> str:
    """Return *markdown* with the *marker* line joined by a blank line as its last."""
    body = markdown.rstrip("\n")
    return f"{body}\n\n{marker}" if body else marker


def detach(markdown: str) -> tuple[str, Marker | None]:
    """Return *markdown* without its marker line, and the marker.

    The last marker line outside fences counts, wherever it stands: people type below it. As the
    text's last line it counts in a fence too: somebody left that open, and it is ours all the same.
    """
    if PREFIX not in markdown:
        return markdown, None
    found: tuple[int, int, Marker] | None = None
    last = len(markdown.rstrip("\r\n \t"))
    for line in lines(markdown):
        if line.code and line.start + len(line.text) < last:
            continue
        if line.text.startswith(PREFIX) and (marker := parse_marker(line.text)):
            found = (line.start, line.start + len(line.text), marker)
    if found is None:
        return markdown, None
    start, end, marker = found
    before = markdown[:start].rstrip("\r\n \t")
    after = markdown[end:].strip("\r\n \t")
    return (f"{before}\n\n{after}" if before and after else before or after), marker
