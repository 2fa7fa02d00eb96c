"""The marker: one last line in a post's Markdown that says whose post it is, in one of two forms.

    <!-- teams-importer:1 handbook:rollback t=k3v9q2ma g=p0z4w1ra b=77c0dexp -->
    *[maintained in git](https://example.org#teams-importer:1;h:rollback;t=k3v9q2ma "published...")*

The comment is hidden. The footer is a small link whose fragment says the same, for readers, and for
lists that show a post as HTML, where no comment is: there it stands in an `href`. An answer's key
has `~` for `#`, of which an address can have one. The title is for readers, and its quotation marks
show, as the comment's brackets do, where a server gives a text with HTML entities. Both forms are
always known, whichever is written.

It carries the item's full key and, per field that rides with the post's own write, the digest of
the base (title `t`, tags `g`, body `b`, type `y`, permissions `p`, items `m`). One codec reads and
writes it; a letter it doesn't know says nothing. A marker of a later version is recognised by its
key and never taken for ours to rewrite.
"""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass

from importer.text.digests import SHORT, Digest, shorten
from importer.text.scanning import lines

__all__ = [
    "MAY_BE_MARKED",
    "PREFIX",
    "VERSION",
    "Marker",
    "attach",
    "detach",
    "format_marker",
    "is_encoded_marker",
    "is_marker_line",
    "parse_marker",
    "shows_marker",
]

VERSION = 1
PREFIX = "<!-- teams-importer:"
MAY_BE_MARKED = "teams-importer:"
"""Stands in whatever holds a marker."""

_FOOTER = "#teams-importer:"
# A namespace, a question's key and an answer's have 100 characters each at most.
_LINE = re.compile(
    r"<!-- teams-importer:(?P<version>[1-9][0-9]{0,3}) (?P<key>[a-z0-9][a-z0-9._/#:-]{0,301})"
    r"(?P<rest>(?: [^\s<>]{1,80})*) -->"
)
# People and editors may write another text, and emphasis their own way.
_FOOTER_LINE = re.compile(
    r"[*_]{0,2}\[[^\[\]]{1,100}\]\([^\s()<>#]{1,500}#teams-importer:"
    r"(?P<version>[1-9][0-9]{0,3});(?P<key>[a-z0-9][a-z0-9._/~:-]{0,301})"
    r"(?P<rest>(?:;[^\s()<>;]{1,80})*)(?: \"[^\"]{0,200}\")?\)[*_]{0,2}"
)
_ORDER = "tgbypm"
_DIGEST = re.compile(rf"([a-z])=([a-z2-7]{{{SHORT}}})")


@dataclass(frozen=True, slots=True)
class Marker:
    """`key` is the full key, `digests` maps a field's letter to the short digest of its base."""

    version: int
    key: str
    digests: Mapping[str, Digest]


def format_marker(key: str, digests: Mapping[str, Digest], footer: str = "") -> str:
    """Return the marker line for *key*; the digests are shortened and sorted by letter.

    With the address of a *footer* it is a link to there, else a comment.
    """
    order = sorted(digests, key=lambda letter: (_ORDER.find(letter) % 99, letter))
    fields = [f"{letter}={shorten(digests[letter])}" for letter in order]
    if not footer:
        return f"{PREFIX}{' '.join([str(VERSION), key, *fields])} -->"
    words = ";".join([str(VERSION), key.replace("#", "~"), *fields])
    return f'*[maintained in git]({footer}{_FOOTER}{words} "published by teams-importer")*'


def parse_marker(line: str) -> Marker | None:
    """Return the marker that *line* is, or None when it isn't one."""
    bare = line.strip()
    match = _LINE.fullmatch(bare)
    if match is not None:
        return _marker(match, match["key"], match["rest"].split())
    match = _FOOTER_LINE.fullmatch(bare)
    if match is not None:
        return _marker(match, match["key"].replace("~", "#"), match["rest"].split(";"))
    return None


def is_marker_line(line: str) -> bool:
    """Tell whether *line* is a marker, or begins as one and would be taken for it by a person."""
    return line.lstrip().startswith(PREFIX) or parse_marker(line) is not None


def _marker(match: re.Match[str], key: str, words: list[str]) -> Marker:
    pairs = (_DIGEST.fullmatch(word) for word in words)
    digests = {pair[1]: Digest(pair[2]) for pair in pairs if pair}
    return Marker(int(match["version"]), key, digests)


def is_encoded_marker(line: str) -> bool:
    """Tell whether *line* is a marker with HTML entities for what it holds of brackets or marks."""
    return line.startswith(html.escape(PREFIX)) or (_FOOTER in line and "&quot;" in line)


def shows_marker(shown: str) -> bool:
    """Tell whether a post that is *shown* so, as HTML or as Markdown, may bear a marker.

    Where it doesn't, it bears no footer; a comment may be hidden all the same.
    """
    return _FOOTER[:-1] in shown or PREFIX[:-1] in shown


def attach(markdown: str, marker: str) -> str:
    """Return *markdown* with the *marker* line joined by a blank line as its last."""
    body = markdown.rstrip("\n")
    return f"{body}\n\n{marker}" if body else marker


def detach(markdown: str) -> tuple[str, Marker | None]:
    """Return *markdown* without its marker line, and the marker.

    The last marker line outside fences counts, wherever it stands: people type below it. As the
    text's last line it counts in a fence too: somebody left that open, and it is ours all the same.
    """
    if MAY_BE_MARKED not in markdown:
        return markdown, None
    found: tuple[int, int, Marker] | None = None
    last = len(markdown.rstrip("\r\n \t"))
    for line in lines(markdown):
        if line.code and line.start + len(line.text) < last:
            continue
        if MAY_BE_MARKED not in line.text or line.text[0].isspace():
            continue
        if (marker := parse_marker(line.text)) is not None:
            found = (line.start, line.start + len(line.text), marker)
    if found is None:
        return markdown, None
    start, end, marker = found
    before = markdown[:start].rstrip("\r\n \t")
    after = markdown[end:].strip("\r\n \t")
    return (f"{before}\n\n{after}" if before and after else before or after), marker
