"""How long and how many: the table's limits, the manifest's own over them, and what breaks them."""

from collections.abc import Mapping
from dataclasses import replace

from importer.errors import Severity, Span
from importer.manifests.document import Bound, LimitsEntry, MarkersEntry
from importer.manifests.rules import Findings
from importer.model.fields import LIMITS, TAG_ALPHABET, Confidence, Limit
from importer.model.ids import Field, FullKey, Key, Kind, image_digest, key_of_target
from importer.text.links import Text

__all__ = ["Limits", "sent_length"]

_OWN = "the manifest's own limits"
# What the tool adds to a body: a blank line, the marker with five digests, and a URL per link.
_MARKER = 132
_URL = 70
# What a footer has beside its address and what a comment says, too.
_FOOTER = 54
# With a GUID, and the digest of its bytes.
_IMAGE_URL = 150


class Limits:
    """Checks values against the limits that hold for this manifest.

    Documented and observed limits (and the manifest's own) are errors, inferred ones warnings.
    Without an entry, when the manifest's own can't be read, nothing is too long or too short.
    """

    def __init__(
        self, entry: LimitsEntry | None, markers: MarkersEntry | None, findings: Findings
    ) -> None:
        self._limits = _effective(entry) if entry else {}
        self._findings = findings
        self._marker = _MARKER + (_FOOTER + len(markers.footer or " " * _URL) if markers else 0)

    def title(self, kind: Kind, title: str, span: Span) -> None:
        """Check the length of a title."""
        self._check("title-length", kind, Field.TITLE, (len(title), len(title)), span)

    def body(self, kind: Kind, body: Text, full: FullKey, span: Span) -> None:
        """Check a body's length: as sent (CRLF, marker, URLs) at most, the bare text at least."""
        bare = len(body.holed.strip())
        if not bare:
            self._findings.add("body-empty", span)
            return
        sent = sent_length(body, full, self._marker)
        self._check("body-length", kind, Field.BODY, (bare, sent), span)

    def tag_count(self, kind: Kind, count: int, span: Span) -> None:
        """Check how many tags an item has."""
        self._check("tag-count", kind, Field.TAGS, (count, count), span)

    def tag_name(self, name: str, span: Span) -> None:
        """Check one tag's name, canonical: its letters and its length."""
        limit = self._limits.get((Kind.TAG, Field.TITLE))
        if not name or any(char not in TAG_ALPHABET for char in name):
            self._findings.add("tag-alphabet", span, name=name)
        elif limit and not limit.low <= len(name) <= limit.high:
            self._add("tag-length", limit, span, name=name, length=len(name))

    def _check(
        self, rule: str, kind: Kind, field: Field, lengths: tuple[int, int], span: Span
    ) -> None:
        limit = self._limits.get((kind, field))
        if limit is None:
            return
        # That a title must not be empty is documented, whatever the rest of its row rests on.
        if field is Field.TITLE and not lengths[0]:
            limit = replace(limit, confidence=Confidence.DOCUMENTED)
        # The manifest has no limits of its own for collections.
        lifted = kind is not Kind.COLLECTION
        least, most = lengths
        if least < limit.low:
            self._add(rule, limit, span, lifted=lifted, length=least)
        elif most > limit.high:
            self._add(rule, limit, span, lifted=lifted, length=most)

    def _add(
        self, rule: str, limit: Limit, span: Span, *, lifted: bool = True, **facts: object
    ) -> None:
        severity = Severity.WARNING if limit.confidence is Confidence.INFERRED else Severity.ERROR
        short = facts["length"] < limit.low  # type: ignore[operator]  # lengths are ints
        hint = f"Write {'more' if short else 'less'}"
        hint += "; `limits` in the manifest says otherwise" if lifted else ""
        hint += f" (source: {limit.source})." if limit.source != _OWN else "."
        bounds = {"low": limit.low, "high": limit.high, "hint": hint}
        self._findings.add(rule, span, {**bounds, **facts}, severity=severity)


def sent_length(body: Text, full: FullKey, marker: int = _MARKER) -> int:
    """Return how long *body* is at most as sent: CRLF, a URL for each link, the *marker*."""
    images = sum(image_digest(key_of_target(it) or Key("")) is not None for it in body.targets)
    links = len(body.targets) * _URL + images * (_IMAGE_URL - _URL)
    return len(body.holed) + body.holed.count("\n") + links + marker + len(full)


def _effective(entry: LimitsEntry) -> Mapping[tuple[Kind, Field], Limit]:
    own = {
        (Kind.QUESTION, Field.TITLE): entry.question.title,
        (Kind.QUESTION, Field.BODY): entry.question.body,
        (Kind.QUESTION, Field.TAGS): entry.question.tags,
        (Kind.ANSWER, Field.BODY): entry.answer.body,
        (Kind.ARTICLE, Field.TITLE): entry.article.title,
        (Kind.ARTICLE, Field.BODY): entry.article.body,
        (Kind.ARTICLE, Field.TAGS): entry.article.tags,
        (Kind.TAG, Field.TITLE): entry.tag.name,
    }
    return {at: _overridden(limit, own.get(at)) for at, limit in LIMITS.items()}


def _overridden(limit: Limit, bound: Bound | None) -> Limit:
    if bound is None:
        return limit
    low = limit.low if bound.min is None else bound.min
    high = limit.high if bound.max is None else bound.max
    return Limit(low, high, Confidence.DOCUMENTED, _OWN)
